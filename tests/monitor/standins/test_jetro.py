"""The stand-in for JETRO's database answers with its lists and pages, and a crawl over the samples finds them all."""

import json
import random
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from monitor.serving import serve
from monitor.standins.demo_data import demo_data
from monitor.standins.jetro import PORTAL
from monitor.standins.server import Switchboard, app
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import Finding, Source, Window, crawl
from scrapers.sources.jetro_local import JetroLocal
from scrapers.sources.jetro_national import JetroNational

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
HOME_DAY = date(2026, 6, 1)
HOST = "/www.jetro.go.jp"
NATIONAL, LOCAL, ENGLISH = "33235812", "33686978", "27911119"
XHR = {"X-Requested-With": "XMLHttpRequest"}
LONG = "見本の" * 50


def item(feed: str, number: int, day: str, **more: Any) -> dict[str, Any]:
    place = {"location": "東京都"} if feed == "local" else {"kind": "入札公告（物品・サービス一般）"}
    return {
        "feed": feed,
        "xid": number,
        "aid": f"20260601{number:08}",
        "title": f"見本{number}号",
        "date": day,
        "agency": "例示省",
        **place,
        **more,
    }


ITEMS = [
    item("national", 1, "2026-06-01"),
    item(
        "national",
        2,
        "2026年06月02日",
        title=f"{LONG}終わり",
        title_en="Sample 2 " * 20,
        agency_en="Ministry",
        agreements=["WTOの政府調達に関する協定", "日EU経済連携協定", "日英包括的経済連携協定"],
        classification=["0071 コンピュータ・サービス", "0014 機器"],
        body="一\n二 <三>",
        body_en="1 set",
    ),
    item("national", 3, "2026-06-03", kind="意見招請に関する公示", location="北海道"),
    item("local", 4, "2026-06-02", xid=None, agreements=["WTOの政府調達に関する協定"]),
    item("local", 5, "2026-06-03", title="すでに切れた題...", location="大阪府"),
]
MANY = [item("local", 100 + number, "2026-01-05", title=f"除雪{number}") for number in range(65)]


class Portal:
    """The portal as a test asks it."""

    def __init__(self, client: httpx.Client, board: Switchboard) -> None:
        self.client = client
        self.board = board

    def list(self, block: str, **params: str | int) -> httpx.Response:
        asked = {"blockId": block, **params}
        return self.client.get(f"{HOST}/view_interface.php", params=asked, headers=XHR)

    def page(self, path: str) -> httpx.Response:
        return self.client.get(HOST + path)


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    data = tmp_path_factory.mktemp("data")
    (data / "jetro").mkdir()
    with (data / "jetro" / "items.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in ITEMS + MANY)
    board = Switchboard()
    with serve(app(data, board)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield Portal(client, board)


@pytest.fixture
def portal(_running: Portal) -> Portal:
    _running.board.reset()
    return _running


def xids(answer: httpx.Response) -> list[int | None]:
    return [row.get("xid") for row in answer.json()["items"]]


# The lists


def test_a_list_states_its_total_its_step_and_its_place(portal: Portal) -> None:
    answer = portal.list(LOCAL, current=30)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json()["pagination"] == {"total": 67, "perPage": 30, "current": 30}
    assert len(answer.json()["items"]) == 30
    assert len(portal.list(LOCAL, current=60).json()["items"]) == 7
    assert portal.list(LOCAL, current=90).json()["items"] == []


def test_a_row_is_as_the_portal_writes_it(portal: Portal) -> None:
    first = portal.list(NATIONAL).json()["items"][-1]
    assert first == {
        "xid": 1,
        "aid": "2026060100000001",
        "title": "見本1号",
        "date": "2026年06月01日",
        "agency": "例示省",
        "paKind": "入札公告<br />\r\n（物品・サービス一般）",
    }
    local = portal.list(LOCAL, local_from="2026/06/02", local_to="2026/06/02").json()["items"]
    assert local == [
        {
            "aid": "2026060100000004",
            "title": "見本4号",
            "date": "2026年06月02日",
            "agency": "例示省",
            "location": "東京都",
        }
    ]


def test_a_long_title_is_cut_after_a_hundred_characters(portal: Portal) -> None:
    title = portal.list(NATIONAL).json()["items"][1]["title"]
    assert title == LONG[:100] + "..."
    assert portal.list(LOCAL).json()["items"][0]["title"] == "すでに切れた題..."


def test_the_english_list_has_what_was_translated_with_english_days_and_kinds(portal: Portal) -> None:
    (row,) = portal.list(ENGLISH).json()["items"]
    assert (row["xid"], row["date"], row["agency"]) == (2, "Jun 02, 2026", "Ministry")
    assert row["paKind"] == "Notice of Procurement (Goods & Services)"


@pytest.mark.parametrize(
    ("block", "params", "found"),
    [
        (NATIONAL, {}, [3, 2, 1]),
        (NATIONAL, {"from": "2026/06/02"}, [3, 2]),
        (NATIONAL, {"from": "2026/06/02", "to": "2026/06/02"}, [2]),
        (NATIONAL, {"to": "2026/06/01", "type": "", "deadline": "1"}, [1]),
        (NATIONAL, {"keyword": "見本1"}, [1]),
        (NATIONAL, {"local_from": "2026/06/03"}, [3, 2, 1]),
        (LOCAL, {"local_from": "2026/06/02"}, [5, None]),
        (ENGLISH, {"from": "2026/06/03"}, []),
    ],
)
def test_a_list_honours_days_and_words_and_no_deadline(
    portal: Portal, block: str, params: dict[str, str], found: list[int | None]
) -> None:
    answer = portal.list(block, **params)
    assert xids(answer) == found
    assert answer.json()["pagination"]["total"] == len(found)


def test_who_does_not_ask_as_the_portals_page_does_gets_a_firewalls_page(portal: Portal) -> None:
    answer = portal.client.get(f"{HOST}/view_interface.php", params={"blockId": NATIONAL})
    assert (answer.status_code, "Request blocked" in answer.text) == (200, True)
    assert answer.headers["content-type"].startswith("text/html")


def test_an_unknown_list_is_not_found(portal: Portal) -> None:
    assert portal.list("1").status_code == 404


# The pages


def test_a_national_page_has_heading_banner_and_table(portal: Portal) -> None:
    text = portal.page("/gov_procurement/national/articles/2/2026060100000002.html").text
    assert f"<h1>例示省 - 入札公告（物品・サービス一般）{LONG}終わり</h1>" in text
    banner = "本調達はWTOの政府調達に関する協定、日EU経済連携協定又は日英包括的経済連携協定の適用を受ける調達です。"
    assert f"<p>{banner}</p>" in text
    assert "<th>公示日/公告日</th><td>2026年06月02日</td>" in text
    assert "<th>分類</th><td>0071 コンピュータ・サービス<br>0014 機器</td>" in text
    assert "<th>本文</th><td>一<br>\n二 &lt;三&gt;</td>" in text


def test_what_the_record_lacks_is_left_out_and_never_invented(portal: Portal) -> None:
    text = portal.page("/gov_procurement/national/articles/1/2026060100000001.html").text
    assert "協定" not in text
    assert "分類" not in text
    assert "<th>調達機関</th><td>例示省</td>" in text
    assert "<th>本文</th><td></td>" in text


def test_a_local_page_is_found_by_its_aid_and_has_no_kind(portal: Portal) -> None:
    text = portal.page("/gov_procurement/local/articles/2026060100000004.html").text
    assert "<h1>例示省見本4号</h1>" in text
    assert "公示の種類" not in text
    assert "<th>調達機関</th><td>例示省(東京都)</td>" in text
    assert "<p>本調達はWTOの政府調達に関する協定の適用を受ける調達です。</p>" in text


def test_an_english_page_is_there_for_what_was_translated(portal: Portal) -> None:
    path = "/en/database/procurement/national/articles/{}/{}.html"
    text = portal.page(path.format(2, "2026060100000002")).text
    assert "<th>Summay of notice</th><td>1 set</td>" in text
    assert portal.page(path.format(1, "2026060100000001")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/gov_procurement/national/articles/9/2026060100000001.html",
        "/gov_procurement/national/articles/1/1.html",
        "/gov_procurement/local/articles/2026060100000001.html",
    ],
)
def test_a_page_without_a_record_is_not_found(portal: Portal, path: str) -> None:
    assert portal.page(path).status_code == 404


# Switches and records


def test_the_step_can_be_lowered_and_the_list_be_empty_or_count_wrongly(portal: Portal) -> None:
    portal.board.turn(cap=2)
    answer = portal.list(NATIONAL, current=2).json()
    assert (answer["pagination"], len(answer["items"])) == ({"total": 3, "perPage": 2, "current": 2}, 1)
    portal.board.turn(cap=None, empty=True)
    assert portal.list(NATIONAL).json() == {"pagination": {"total": 0, "perPage": 30, "current": 0}, "items": []}
    portal.board.turn(empty=False, duplicate_rows=True, wrong_hits=3)
    answer = portal.list(NATIONAL).json()
    assert (answer["pagination"]["total"], len(answer["items"])) == (7, 4)


def test_a_firewall_can_stand_before_everything(portal: Portal) -> None:
    portal.board.turn(error_body="Access denied")
    for answer in (portal.list(NATIONAL), portal.page("/gov_procurement/local/articles/2026060100000004.html")):
        assert (answer.status_code, "<h1>Access denied</h1>" in answer.text) == (200, True)


def test_without_records_it_lists_nothing(tmp_path: Path) -> None:
    assert list(PORTAL.days(tmp_path / "jetro")) == []
    with serve(app(tmp_path)) as base:
        params = {"blockId": NATIONAL}
        answer = httpx.get(f"{base}{HOST}/view_interface.php", params=params, headers=XHR, trust_env=False)
    assert answer.json()["pagination"]["total"] == 0


def test_a_record_with_an_impossible_day_is_named(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text(json.dumps(item("local", 1, "soon")), encoding="utf-8")
    with pytest.raises(ValueError, match=r"items.jsonl, record 1: soon is no day"):
        list(PORTAL.days(tmp_path))


def test_a_record_of_an_unknown_feed_is_named(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text(json.dumps(item("nation", 1, "2026-06-01")), encoding="utf-8")
    with pytest.raises(ValueError, match=r"items.jsonl, record 1: there is no feed nation; write national or local"):
        list(PORTAL.days(tmp_path))


OPTIONAL = ("xid", "agency", "kind", "location", "title_en", "agency_en", "classification", "agreements", "body")


@pytest.mark.parametrize("more", [{}, dict.fromkeys(OPTIONAL)])
def test_a_record_needs_no_more_than_feed_aid_title_and_day(tmp_path: Path, more: dict[str, Any]) -> None:
    (tmp_path / "jetro").mkdir()
    record = {"feed": "local", "aid": "5f85ec7", "title": "Supply of steel", "date": "2026-06-01", **more}
    (tmp_path / "jetro" / "items.jsonl").write_text(json.dumps(record), encoding="utf-8")
    with serve(app(tmp_path)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        portal = Portal(client, Switchboard())
        (row,) = portal.list(LOCAL).json()["items"]
        text = portal.page("/gov_procurement/local/articles/5f85ec7.html").text
    assert row == {"aid": "5f85ec7", "title": "Supply of steel", "date": "2026年06月01日"}
    assert re.findall("<tr><th>(.*?)</th><td>(.*?)</td></tr>", text) == [
        ("公示日/公告日", "2026年06月01日"),
        ("調達機関", ""),
        ("本文", ""),
    ]


# The whole way


def crawled(base: str, source: Source, since: date, until: date) -> list[Finding]:
    """What a source finds, asking at nine in the morning of the day after."""
    now = datetime(until.year, until.month, until.day, 9, tzinfo=timezone(timedelta(hours=9))) + timedelta(days=1)
    settings = NetworkSettings("test/1 (+https://example.org/)", stand_in=base)
    sleep = lambda seconds: pytest.fail("a stand-in is asked without pauses")  # noqa: E731
    with HttpFetcher(settings, clock=lambda: now, sleep=sleep, rng=random.Random(1)) as fetcher:
        fetch = fetcher.for_source(source.pause_seconds, source.max_bytes)
        return list(crawl(source, Window(since, None, now), fetch))


def notices(findings: list[Finding]) -> list[ScrapedNotice]:
    return [one for one in findings if isinstance(one, ScrapedNotice)]


@pytest.mark.skipif(not (SAMPLES / "jetro").is_dir(), reason="the samples lie beside the project")
@pytest.mark.parametrize("cap", [None, 20, 7])
@pytest.mark.parametrize(("feed", "source"), [("national", JetroNational), ("local", JetroLocal)])
def test_crawling_the_samples_finds_exactly_their_rows_twice_over(
    feed: str, source: type[Source], cap: int | None
) -> None:
    lines = (SAMPLES / "jetro" / "items.jsonl").read_text(encoding="utf-8").splitlines()
    records = [one for one in map(json.loads, lines) if one["feed"] == feed]
    keys = [one["aid"] if feed == "local" else f"{one['xid']}/{one['aid']}" for one in records]
    days = sorted(PORTAL.days(SAMPLES / "jetro"))
    board = Switchboard()
    board.turn(cap=cap)
    with serve(app(SAMPLES, board)) as base:
        first, second = (crawled(base, source(), days[0], days[-1]) for _ in range(2))
    assert first == second
    assert sorted(one.key for one in notices(first)) == sorted(keys)
    assert all(one.complete for one in first if isinstance(one, Coverage))
    assert not [one for one in first if isinstance(one, Problem)]
    real = dict(zip(keys, records, strict=True))
    for notice in notices(first):
        assert (notice.title_original or notice.title) == real[notice.key]["title"]
        assert (notice.buyer, notice.prefecture) == (real[notice.key]["agency"], real[notice.key].get("location"))


def test_the_projects_own_records_are_read_and_recognisably_invented(tmp_path: Path) -> None:
    demo = demo_data(HOME_DAY, tmp_path)
    lines = (demo / "jetro" / "items.jsonl").read_text(encoding="utf-8").splitlines()
    sources: list[Source] = [JetroNational(), JetroLocal()]
    with serve(app(demo)) as base:
        findings = [one for source in sources for one in crawled(base, source, date(2026, 5, 1), HOME_DAY)]
    assert len(notices(findings)) == len(lines) == 12
    assert not [one for one in findings if isinstance(one, Problem)]
    assert any(one.text_en for one in notices(findings))
    for notice in notices(findings):
        assert not re.search("\\.\\.\\.$|\\{day", f"{notice.title_en or ''}\n{notice.title}", re.MULTILINE)
        assert notice.text.endswith("これは見本データであり、実在の調達ではありません。")
        assert not re.search(r"@|0\d{1,3}[-(（－]\d{2,4}[-)）－]\d{4}|\{day", notice.text)
