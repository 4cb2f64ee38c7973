"""The stand-in of e-Tokyo keeps the system's contract, over real HTTP on loopback."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from bs4 import BeautifulSoup

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from monitor.serving import serve
from monitor.standins.server import Switchboard, app
from monitor.standins.tokyo_wards import PORTAL
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import Finding, Window, crawl
from scrapers.sources.tokyo_wards import TokyoWards

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
PUB = "/www.e-tokyo.lg.jp/choutatu_ppij/ppij/pub"
NOW = datetime(2026, 9, 16, 9, tzinfo=TOKYO)
Record = dict[str, Any]


def record(number: int, published: str = "2026-07-23T20:00:00", **more: Any) -> Record:
    return {
        "key": f"2026:13:118:{number:05}",
        "title": f"見本{number}号舗装工事",
        "body_name": "荒川区",
        "published": published,
        "procedure_type": "一般\n総合",
        "application_deadline": "2026-08-07T10:00:00",
        "bid_deadline": "2026-09-14T17:00:00",
        "opening_date": "2026-09-15",
        **more,
    }


RECORDS = [
    record(1, "2026-06-23", title="①号～見本－<A&B>工事"),
    record(2),
    record(3, key="2026:13:856:00379", title="見本清掃工場工事"),
    record(4, type="goods-services", title="見本の購入"),
]


@dataclass
class Wards:
    """The screens as a browser asks for them."""

    client: httpx.Client
    board: Switchboard

    def open(self) -> None:
        for query in ("", "?s=P001&a=1", "?s=P001&a=2"):
            self.read(self.client.get(f"{PUB}{query}"))

    def ask(self, act: str, *more: tuple[str, str]) -> BeautifulSoup:
        form = urlencode([("s", "P002"), ("a", act), *more], encoding="cp932")
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.read(self.client.post(PUB, content=form, headers=headers))

    def search(self, act: str = "3", bodies: tuple[str, ...] = ("118", "856"), **changes: str) -> BeautifulSoup:
        self.open()
        self.ask("1" if act == "3" else "2")
        return self.ask(act, *(("govCode", body) for body in bodies), *changes.items())

    @staticmethod
    def read(answer: httpx.Response) -> BeautifulSoup:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=Windows-31J"
        return BeautifulSoup(answer.content.decode("cp932"), "lxml")


def titles(page: BeautifulSoup) -> list[str]:
    return [link.text for link in page.select("table.list-table tbody tr td.list-data-akname a")]


def counter(page: BeautifulSoup) -> str:
    (cell,) = page.select("td.list-count-disp")
    return "".join(cell.text.split())


@pytest.fixture
def wards(tmp_path: Path) -> Iterator[Wards]:
    board = Switchboard()
    written(tmp_path, RECORDS)
    with serve(app(tmp_path, board)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield Wards(client, board)


def written(folder: Path, records: list[Record]) -> None:
    (folder / "tokyo_wards").mkdir()
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
    (folder / "tokyo_wards" / "rows.jsonl").write_text(lines, encoding="utf-8")


def test_the_entrance_is_a_frameset_that_opens_the_session(wards: Wards) -> None:
    assert "セッションタイムアウト" in wards.ask("1").text
    page = wards.read(wards.client.get(PUB))
    assert [frame["name"] for frame in page.select("frameset frame")] == ["FrmLeft", "FrmMain"]
    assert wards.ask("1").select_one("form[name=main]")


@pytest.mark.parametrize(("act", "search"), [("1", "3"), ("2", "8")])
def test_the_form_has_a_box_for_every_body_and_says_where_it_searches(wards: Wards, act: str, search: str) -> None:
    wards.open()
    page = wards.ask(act)
    bodies = [box["value"] for box in page.select("input[type=checkbox][name=govCode]")]
    assert {"101", "123", "201", "229", "118", "856"} <= set(bodies)
    assert page.select_one('select[name="year"]')
    assert page.select_one('input[name="pubStDate"]')
    assert page.select_one(f"a[onclick=\"searchSubmit('P002','{search}','FrmMain',this)\"]")


def test_a_row_leads_to_its_key_and_has_moments_as_the_lists_write_them(wards: Wards) -> None:
    page = wards.search()
    assert titles(page) == ["見本2号舗装工事", "見本清掃工場工事", "①号～見本－<A&B>工事"]
    row = page.select("table.list-table tbody tr")[0]
    link = row.select_one("td.list-data-akname a")
    assert link is not None
    assert link["href"] == "javascript:listSubmit('P002','7','2026:13:118:00002','0','FrmMain')"
    assert [cell.get_text("|") for cell in row.select("td.list-data")] == [
        *("荒川区", "", "2026/07/23 20:00", "2026/09/14 17:00", "2026/09/15", "一般|総合", "～2026/08/07 10:00"),
    ]
    assert counter(page) == "全3件[1-3](1/1)"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"bodies": ("856",)}, 1),
        ({"pubStDate": "20260701"}, 2),
        ({"pubEndDate": "20260701"}, 1),
        ({"pubStDate": "20260623", "pubEndDate": "20260723"}, 3),
        ({"ankenName": "～見本－"}, 1),
        ({"act": "8"}, 1),
    ],
)
def test_a_search_honours_bodies_days_title_and_list(wards: Wards, changes: Any, found: int) -> None:
    assert len(titles(wards.search(**changes))) == found


def test_a_search_that_finds_nothing_says_so(wards: Wards) -> None:
    page = wards.search(bodies=("101",))
    assert "該当する案件はありませんでした" in page.text
    assert page.select_one("table.list-table") is None


def test_a_search_for_no_body_is_an_error(wards: Wards) -> None:
    assert "団体を選択してください" in wards.search(bodies=()).text


def test_the_lists_are_shown_page_by_page(wards: Wards) -> None:
    wards.board.turn(cap=2)
    first = wards.search(maxDispRowCount="100")
    assert (len(titles(first)), counter(first)) == (2, "全3件[1-2](1/2)")
    assert first.select_one("a[href*=\"Submit('P002','5'\"]")
    second = wards.ask("5")
    assert (len(titles(second)), counter(second)) == (1, "全3件[3-3](2/2)")
    assert second.select_one("a[href*=\"Submit('P002','5'\"]") is None
    assert "画面遷移が不正" in wards.ask("10").text


def test_the_own_screen_of_a_call_is_not_rendered(wards: Wards) -> None:
    wards.search()
    assert "画面遷移が不正" in wards.ask("7", ("key", "2026:13:118:00002")).text


def test_the_switches_reach_the_lists(wards: Wards) -> None:
    wards.board.turn(empty=True)
    assert "該当する案件はありませんでした" in wards.search().text
    wards.board.turn(empty=False, error_body="システムエラー")
    assert "システムエラー" in wards.search().text
    wards.board.turn(error_body=None, duplicate_rows=True, wrong_hits=2)
    page = wards.search()
    assert titles(page)[0] == titles(page)[1]
    assert counter(page) == "全6件[1-4](1/1)"


def test_a_folder_that_is_missing_is_a_portal_without_records(tmp_path: Path) -> None:
    assert list(PORTAL.days(tmp_path / "tokyo_wards")) == []
    board = Switchboard()
    with serve(app(tmp_path, board)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        assert "該当する案件はありませんでした" in Wards(client, board).search().text


def test_what_is_no_moment_stands_as_it_is(tmp_path: Path) -> None:
    written(tmp_path, [record(1, bid_deadline="未定", opening_date="", application_deadline=None)])
    with serve(app(tmp_path)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        row = Wards(client, Switchboard()).search().select("table.list-table tbody tr")[0]
    assert [cell.text for cell in row.select("td.list-data")][3:] == ["未定", "", "一般総合", ""]


def test_the_days_of_the_records_are_told(tmp_path: Path) -> None:
    written(tmp_path, RECORDS)
    assert set(PORTAL.days(tmp_path / "tokyo_wards")) == {date(2026, 6, 23), date(2026, 7, 23)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"published": "近日"}, "record 2: 近日 is no day"), ({"key": "1"}, "record 2: 1 is no key")],
)
def test_a_record_that_cannot_be_shown_is_named_at_the_start(
    tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    written(
        tmp_path, [record(1), record(2, **changes)] if "key" in changes else [record(1), {**record(2), **changes}]
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        app(tmp_path)


def crawled(base: str) -> list[Finding]:
    settings = NetworkSettings("test/1 (+https://example.org/)", stand_in=base)
    with HttpFetcher(settings, clock=lambda: NOW, sleep=lambda _: None, rng=random.Random(1)) as fetcher:
        fetch = fetcher.for_source(TokyoWards.pause_seconds, TokyoWards.max_bytes)
        return list(crawl(TokyoWards(), Window(date(2026, 1, 1), None, NOW), fetch))


@pytest.mark.skipif(
    not (SAMPLES / "tokyo_wards" / "rows.jsonl").exists(), reason="the samples lie beside the project"
)
@pytest.mark.parametrize("cap", [None, 20])
def test_a_crawl_over_the_samples_gives_just_the_samples_twice_over(cap: int | None) -> None:
    lines = (SAMPLES / "tokyo_wards" / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    samples = {one["key"]: one for one in map(json.loads, lines)}
    board = Switchboard()
    board.turn(cap=cap)
    with serve(app(SAMPLES, board)) as base:
        first, second = crawled(base), crawled(base)
    assert first == second
    assert [one for one in first if isinstance(one, Problem)] == []
    assert [one.complete for one in first if isinstance(one, Coverage)] == [True, True]
    notices = {one.key: one for one in first if isinstance(one, ScrapedNotice)}
    assert notices.keys() == samples.keys()
    assert len(notices) == sum(isinstance(one, ScrapedNotice) for one in first) == 38
    for key, notice in notices.items():
        sample = samples[key]
        assert (notice.title, notice.buyer) == (sample["title"], sample["body_name"])
        assert notice.published == date.fromisoformat(sample["published"])
        assert notice.deadline == datetime.fromisoformat(sample["bid_deadline"]).replace(tzinfo=TOKYO)
