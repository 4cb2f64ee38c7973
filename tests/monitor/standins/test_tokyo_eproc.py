"""The stand-in of Tokyo's e-procurement keeps the system's contract, over real HTTP on loopback."""

import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from bs4 import BeautifulSoup

from db.archive import Archive
from db.engine import Database
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.reading import Reading
from db.vocabulary.run import Problem, RunState
from monitor.pipeline import Flow, run_source
from monitor.serving import serve
from monitor.standins.server import Switchboard, app
from monitor.standins.tokyo_eproc import EMPTY, PORTAL
from scrapers.errors import Refused
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.registry import sources
from scrapers.source import Fetch, Finding, Window, crawl

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
needs_samples = pytest.mark.skipif(
    not (SAMPLES / "tokyo_eproc" / "rows.jsonl").exists(), reason="the samples lie beside the project"
)
HOST = "/www.e-procurement.metro.tokyo.lg.jp"
REFERER = "https://www.e-procurement.metro.tokyo.lg.jp/SrvPublish"
NOW = datetime(2026, 9, 16, 9, tzinfo=TOKYO)
Record = dict[str, Any]


def record(number: int, published: str = "令和8年9月14日", **more: Any) -> Record:
    return {
        "type": "goods-services",
        "published": published,
        "contract_no": f"08-{number:05}",
        "title": f"【電子】 見本{number}号の清掃委託",
        "item": "101 建物清掃",
        "method": "希望制指名競争入札(総合評価方式）",
        "accepted_ranks": "A,B",
        "application_period": "令和8年9月14日  9時00分から令和8年9月17日  17時00分",
        "status": "受付中",
        "section": "環境局総務部経理課",
        "cont_no": f"99000000{number:08}",
        **more,
    }


RECORDS = [
    record(1, "2026-05-11", title="①号～見本－品川間の㈱﨑 調査 <A&B> 𠮷", method="一般競争入札", item="調査"),
    record(2),
    record(3, "令和8年9月15日", method="随意契約"),
    {"type": "works", "published": "2026-08-17", "title": "見本工事", "cont_no": "9900000000000004"},
]


@dataclass
class Desktop:
    """The screens as a browser asks for them."""

    client: httpx.Client
    board: Switchboard

    def ask(self, page: int, act: int, *more: tuple[str, str], **headers: str) -> BeautifulSoup:
        form = [("page", str(page)), ("act", str(act)), *more]
        answer = self.client.post(
            f"{HOST}/SrvPublish",
            content=urlencode(form, encoding="cp932"),
            headers={"referer": REFERER, "content-type": "application/x-www-form-urlencoded", **headers},
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=Windows-31J"
        return BeautifulSoup(answer.content.decode("cp932"), "lxml")

    def search(self, kind: str = "2", /, **changes: str | None) -> BeautifulSoup:
        self.ask(1, 1, ("direct", "1"))
        self.ask(3, 3)
        given: dict[str, str | None] = dict.fromkeys(EMPTY, "")
        given |= {"consgoods": kind, "hConsgoods": kind, "allBureauFlag": "1", "keiyakuNoUnderKoshu": "00"}
        given |= {"Era_StartDate": "5", "Era_EndDate": "5"}
        given |= {f"{name}{box}": "1" for name in ("bidway", "hBidway") for box in ("Ippan", "Kibou", "Zuikei")}
        given |= changes
        return self.ask(4, 1, *((name, value) for name, value in given.items() if value is not None))


def numbers(page: BeautifulSoup) -> list[str]:
    """契約番号 of the rows of a list."""
    return [row.find_all("td")[1].text for row in page.select("table.list-data tr")[1:]]


def total(page: BeautifulSoup) -> str:
    (cell,) = page.select("td.all-page")
    return "".join(cell.text.split())


@dataclass
class Running:
    client: httpx.Client
    board: Switchboard

    def rows(self, kind: str = "2", **changes: str) -> Any:
        self.client.get(f"{HOST}/sp/orderplan/orderPlanSearch.html")
        form = {"draw": "7", "start": "0", "length": "100", "orderValue": "desc", "consgoodsType": kind, **changes}
        return self.client.post(
            f"{HOST}/sp/orderplan/orderPlanSearchAjax.json", data=form, headers={"x-requested-with": "XMLHttpRequest"}
        ).json()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    written(tmp_path, RECORDS)
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def desktop(running: Running) -> Desktop:
    return Desktop(running.client, running.board)


def written(folder: Path, records: list[Record]) -> None:
    (folder / "tokyo_eproc").mkdir()
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
    (folder / "tokyo_eproc" / "rows.jsonl").write_text(lines, encoding="utf-8")


@contextmanager
def serving(folder: Path) -> Iterator[Running]:
    board = Switchboard()
    with serve(app(folder, board)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield Running(client, board)


# For telephones


def test_the_list_for_telephones_has_the_shape_of_the_one_real_row(running: Running) -> None:
    answer = running.rows()
    assert (answer["draw"], answer["recordsTotal"], answer["recordsFiltered"]) == (7, 3, 3)
    assert answer["data"][1] == {
        "pubStDate": "令和8年9月14日",
        "contNo": "9900000000000002",
        "contNoDisp": "8-00002",
        "ankenName": "見本2号の清掃委託",
        "gyosyuNm": "建物清掃",
        "rikouKikan": "",
        "bidWayName": "希望制指名競争入札(総合評価方式）",
        "kakuduke": "A,B",
        "kibouKikan": "9月14日 ～9月17日 ",
        "receiptCnd": "受付中",
        "divisionSectionName": "環境局総務部経理課",
    }


def test_the_list_for_telephones_has_the_keys_of_the_one_real_row(running: Running) -> None:
    real = SAMPLES / "tokyo_eproc" / "orderPlan_row_REAL.json"
    if not real.exists():
        pytest.skip("the samples lie beside the project")
    assert running.rows()["data"][0].keys() == json.loads(real.read_text("utf-8")).keys()


def test_the_list_for_telephones_comes_page_by_page_newest_first(running: Running) -> None:
    assert [row["pubStDate"] for row in running.rows()["data"]] == [
        "令和8年9月15日",
        "令和8年9月14日",
        "令和8年5月11日",
    ]
    second = running.rows(start="1", length="1")
    assert ([row["contNoDisp"] for row in second["data"]], second["recordsFiltered"]) == (["8-00002"], 3)
    assert running.rows(start="3")["data"] == []
    assert [row["ankenName"] for row in running.rows("1")["data"]] == ["見本工事"]


def test_without_session_or_as_no_script_there_is_a_page_instead_of_json(running: Running) -> None:
    path = f"{HOST}/sp/orderplan/orderPlanSearchAjax.json"
    form = {"consgoodsType": "2"}
    assert "セッション" in running.client.post(path, data=form, headers={"x-requested-with": "XMLHttpRequest"}).text
    running.rows()
    assert "<html>" in running.client.post(path, data=form).text


def test_the_cap_lowers_the_rows_for_telephones_and_the_total_stays(running: Running) -> None:
    running.board.turn(cap=2)
    answer = running.rows()
    assert (len(answer["data"]), answer["recordsFiltered"]) == (2, 3)


def test_the_switches_reach_the_list_for_telephones(running: Running) -> None:
    running.board.turn(empty=True)
    assert (running.rows()["recordsFiltered"], running.rows()["data"]) == (0, [])
    running.board.turn(empty=False, error_body="ただいま混み合っています")
    assert running.rows() == {"draw": 7, "error": "ただいま混み合っています"}
    running.board.turn(error_body=None, duplicate_rows=True, wrong_hits=2)
    answer = running.rows()
    assert (answer["data"][0], answer["recordsFiltered"]) == (answer["data"][1], 6)


# For desktops


def test_every_screen_but_the_entrance_needs_the_session(desktop: Desktop) -> None:
    assert "セッションが無効です" in desktop.ask(3, 3).text
    desktop.ask(1, 1)
    assert desktop.ask(3, 3).select_one("form[name=main] input[name=consgoods]")
    assert "セッションが無効です" in desktop.ask(3, 3, referer="https://example.jp/").text


def test_a_list_has_eleven_columns_and_states_its_total(desktop: Desktop) -> None:
    page = desktop.search()
    assert total(page) == "総件数3件"
    table = page.select_one("table.list-data")
    assert table is not None
    head, first, *others = table.find_all("tr")
    assert [cell.text for cell in head.find_all("th")] == [
        *("公表日", "契約番号", "件名", "営業種目", "履行期間", "契約方法", "発注等級", "受付等級"),
        *("希望申請期間", "受付状況", "担当部課"),
    ]
    assert [cell.text for cell in first.find_all("td")] == [
        *("令和8年9月15日", "08-00003", "【電子】 見本3号の清掃委託", "建物清掃", "", "随意契約", "", "A,B"),
        *("9月14日 ～9月17日", "受付中", "環境局総務部経理課"),
    ]
    assert len(others) == 2
    link = first.select_one("a")
    assert link is not None
    assert link["href"] == "javascript:SelectSubmitNo(7,3,0,9900000000000003)"


def test_characters_that_only_windows_has_are_written_as_they_are_and_others_as_references(
    desktop: Desktop, running: Running
) -> None:
    page = desktop.search()
    assert "①号～見本－品川間の㈱﨑 調査 <A&B> 𠮷" in page.text
    answer = running.client.post(f"{HOST}/SrvPublish", data={"page": "7", "act": "1"}, headers={"referer": REFERER})
    assert "①号～見本－品川間の㈱﨑".encode("cp932") in answer.content
    assert b"&#134071;" in answer.content
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode("shift_jis")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"bidwayIppan": None, "bidwayZuikei": None}, ["08-00002"]),
        ({"bidwayKibou": None}, ["08-00003", "08-00001"]),
        ({"StartDateYY": "8", "StartDateMM": "9", "StartDateDD": "1"}, ["08-00003", "08-00002"]),
        ({"EndDateYY": "8", "EndDateMM": "9", "EndDateDD": "14"}, ["08-00002", "08-00001"]),
        ({"ankenName": "号～見本－"}, ["08-00001"]),
    ],
)
def test_a_search_honours_method_days_and_title(desktop: Desktop, changes: dict[str, str], found: list[str]) -> None:
    assert numbers(desktop.search(**changes)) == found


@pytest.mark.parametrize(
    "changes", [{"allBureauFlag": ""}, {"EndDateYY": "7", "EndDateMM": "1", "EndDateDD": "1"}, {"ankenName": "催事"}]
)
def test_a_search_that_finds_nothing_says_so(desktop: Desktop, changes: dict[str, str]) -> None:
    page = desktop.search(**changes)
    assert "該当する検索結果は　0　件" in page.text
    assert page.select_one("table.list-data") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"consgoods": ""}, "コード６"),
        ({"hConsgoods": "1"}, "コード６"),
        ({"bidwayIppan": None, "bidwayKibou": None, "bidwayZuikei": None}, "コード６"),
        ({"keiyakuNoUnderKoshu": ""}, "契約番号－年度が不正"),
        ({"keiyakuNoNendo": None}, "契約番号－年度が不正"),
    ],
)
def test_a_search_without_the_hidden_fields_is_refused(
    desktop: Desktop, changes: dict[str, str | None], message: str
) -> None:
    assert message in desktop.search(**changes).text


def test_works_are_listed_apart_and_records_without_a_method_are_in_every_box(desktop: Desktop) -> None:
    page = desktop.search("1", bidwayIppan=None, bidwayKibou=None)
    assert [cell.text for cell in page.select("table.list-data th")][3] == "業種"
    assert total(page) == "総件数1件"


def test_the_own_screen_of_a_call_shows_what_the_record_has_and_nothing_else(desktop: Desktop) -> None:
    desktop.search()
    page = desktop.ask(7, 3, ("index", "1"), ("cont_no", "9900000000000002"), ("consGoodsType", "2"))
    rows = [[cell.text for cell in row.find_all(["th", "td"])] for row in page.select("table tr")]
    assert rows == [
        ["契約番号", "08-00002"],
        ["件　名", "【電子】 見本2号の清掃委託"],
        ["営業種目１", "101 建物清掃"],
        ["契約方法", "希望制指名競争入札(総合評価方式）"],
        ["受付等級", "A,B"],
        ["希望申請期間", "令和8年9月14日  9時00分から令和8年9月17日  17時00分"],
        ["担当局部課", "環境局総務部経理課"],
    ]
    assert numbers(desktop.ask(7, 1)) == ["08-00003", "08-00002", "08-00001"]
    assert "表示できません" in desktop.ask(7, 3, ("cont_no", "1"), ("consGoodsType", "2")).text


def test_a_screen_that_the_session_cannot_show_is_an_error(desktop: Desktop) -> None:
    desktop.ask(1, 1)
    for page, act in ((4, 3), (5, 6), (7, 1), (7, 3), (9, 3)):
        assert "画面遷移が不正" in desktop.ask(page, act).text


def test_above_two_hundred_hits_the_list_has_to_be_asked_for_and_ends_at_five_hundred(tmp_path: Path) -> None:
    written(tmp_path, [record(number) for number in range(621)])
    with serving(tmp_path) as running:
        desktop = Desktop(running.client, running.board)
        page = desktop.search()
        assert "該当する検索結果は　621　件" in page.text
        assert page.select_one('a[href="javascript:SelectSubmit(4,3)"]')
        page = desktop.ask(4, 3)
        found = numbers(page)
        while page.select_one('td.areaTitle .pagination a[href="javascript:SelectSubmit(5,6)"]'):
            page = desktop.ask(5, 6)
            found += numbers(page)
        assert (len(found), len(set(found)), total(page)) == (500, 500, "総件数621件")


def test_the_cap_lowers_both_limits_and_the_total_stays(desktop: Desktop) -> None:
    desktop.board.turn(cap=2)
    assert desktop.search().select_one("table.list-data") is None
    page = desktop.ask(4, 3)
    assert (len(numbers(page)), total(page)) == (2, "総件数3件")


def test_the_switches_reach_the_screens(desktop: Desktop) -> None:
    desktop.board.turn(empty=True)
    assert "　0　件" in desktop.search().text
    desktop.board.turn(empty=False, error_body="システムエラー")
    assert "システムエラー" in desktop.search().text
    desktop.board.turn(error_body=None, duplicate_rows=True, wrong_hits=2)
    page = desktop.search()
    assert (numbers(page)[:2], total(page)) == (["08-00003"] * 2, "総件数6件")


# The records


def test_a_record_with_only_what_is_required_is_shown_by_both_routes(tmp_path: Path) -> None:
    written(tmp_path, [{"cont_no": "1", "title": "IoT sensors", "published": "2026-09-15"}])
    with serving(tmp_path) as running:
        assert [row["ankenName"] for row in running.rows()["data"]] == ["IoT sensors"]
        desktop = Desktop(running.client, running.board)
        assert total(desktop.search(bidwayIppan=None, bidwayKibou=None)) == "総件数1件"


def test_a_method_without_a_box_of_its_own_is_found_by_every_box(tmp_path: Path) -> None:
    written(tmp_path, [record(1, method="見積競争"), record(2)])
    with serving(tmp_path) as running:
        desktop = Desktop(running.client, running.board)
        assert numbers(desktop.search(bidwayIppan=None, bidwayKibou=None)) == ["08-00001"]
        assert len(numbers(desktop.search())) == 2


def test_a_folder_that_is_missing_is_a_portal_without_records(tmp_path: Path) -> None:
    assert list(PORTAL.days(tmp_path / "tokyo_eproc")) == []
    with serving(tmp_path) as running:
        assert running.rows()["recordsFiltered"] == 0
        assert "　0　件" in Desktop(running.client, running.board).search().text


def test_both_spellings_of_a_day_are_read(tmp_path: Path) -> None:
    written(tmp_path, RECORDS)
    assert sorted(PORTAL.days(tmp_path / "tokyo_eproc")) == [
        date(2026, 5, 11),
        date(2026, 8, 17),
        date(2026, 9, 14),
        date(2026, 9, 15),
    ]


def test_a_record_without_a_day_is_named_at_the_start(tmp_path: Path) -> None:
    written(tmp_path, [record(1), record(2, "近日")])
    with pytest.raises(ValueError, match=re.escape("rows.jsonl, record 2: 近日 is no day")):
        app(tmp_path)


# From end to end


def crawled(slug: str, base: str) -> list[Finding]:
    with fetcher(base) as fetch_for:
        return list(crawl(sources()[slug](), Window(date(2026, 1, 1), None, NOW), fetch_for.for_source(1, 1 << 24)))


def fetcher(base: str) -> HttpFetcher:
    settings = NetworkSettings("test/1 (+https://example.org/)", stand_in=base)
    return HttpFetcher(settings, clock=lambda: NOW, sleep=lambda _: None, rng=random.Random(1))


@needs_samples
@pytest.mark.parametrize("slug", PORTAL.sources)
@pytest.mark.parametrize("cap", [None, 20])
def test_a_crawl_over_the_samples_gives_just_the_samples_twice_over(slug: str, cap: int | None) -> None:
    lines = (SAMPLES / "tokyo_eproc" / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    samples = {one["cont_no"]: one for one in map(json.loads, lines)}
    board = Switchboard()
    board.turn(cap=cap)
    with serve(app(SAMPLES, board)) as base:
        first, second = crawled(slug, base), crawled(slug, base)
    assert first == second
    assert [one for one in first if isinstance(one, Problem)] == []
    notices = {one.key: one for one in first if isinstance(one, ScrapedNotice)}
    assert notices.keys() == samples.keys()
    assert len(notices) == sum(isinstance(one, ScrapedNotice) for one in first) == 62
    for key, notice in notices.items():
        assert notice.title in samples[key]["title"]
        assert (notice.status is None) == ("※" not in samples[key]["title"])
        assert notice.deadline is None


class Unread:
    """A reader that finds nothing."""

    revision = "1"

    def read(self, notice: ScrapedNotice) -> Reading:
        return Reading(())


@dataclass
class Flowing:
    database: Database
    archive: Archive

    def run(self, slug: str, fetch: Fetch) -> RunState:
        flow = Flow(self.database, self.archive, Unread(), lambda: NOW)
        return RunState(run_source(flow, sources()[slug](), fetch).state)


@pytest.mark.parametrize(
    ("slug", "refused"), [("tokyo_eproc", True), ("tokyo_eproc_desktop", False), ("tokyo_wards", True)]
)
def test_the_real_robots_refuse_the_pages_for_telephones_and_the_wards_but_not_the_screens(
    database: Database, tmp_path: Path, slug: str, refused: bool
) -> None:
    ward = {"key": "2026:13:101:00001", "title": "見本工事", "body_name": "見本区", "published": "2026-09-15"}
    (tmp_path / "tokyo_wards").mkdir()
    (tmp_path / "tokyo_wards" / "rows.jsonl").write_text(json.dumps(ward), encoding="utf-8")
    flowing = Flowing(database, Archive(tmp_path / "archive"))
    written(tmp_path, RECORDS)
    with serving(tmp_path) as running:
        base = str(running.client.base_url).rstrip("/")
        running.board.turn(robots="as-real")
        with fetcher(base) as obedient:
            state = flowing.run(slug, obedient.for_source(1, 1 << 24))
            assert state == (RunState.REFUSED if refused else RunState.OK)
            assert flowing.run(slug, obedient.for_source(1, 1 << 24, ignore_robots=True)) == RunState.OK
        if refused:
            with fetcher(base) as obedient, pytest.raises(Refused, match=r"robots.txt forbids .*/"):
                list(crawl(sources()[slug](), Window(NOW.date(), None, NOW), obedient.for_source(1, 1 << 24)))
        running.board.turn(robots="allow")
        with fetcher(base) as allowed:
            assert flowing.run(slug, allowed.for_source(1, 1 << 24)) == RunState.OK
