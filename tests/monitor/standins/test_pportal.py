"""The stand-in for p-portal keeps its sessions, its caps and its words, and a crawl over the samples finds them all."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from monitor.serving import serve
from monitor.standins.demo_data import demo_data
from monitor.standins.pportal import PORTAL
from monitor.standins.server import Switchboard, app
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import Finding, Window, crawl
from scrapers.sources.pportal import PPortal

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
HOME_DAY = date(2026, 6, 1)
BASE = "/www.p-portal.go.jp/pps-web-biz/UAA01"
BEAN = "searchConditionBean."
ORGANS = f"{BEAN}govementProcurementOraganBean."
KINDS = f"{BEAN}procurementClaBean."


def record(number: int, published: str, **more: Any) -> dict[str, Any]:
    return {
        "procurementItemInfoId": str(number),
        "case_no": f"{number:019}",
        "title": f"見本{number}号",
        "organ": "環境省",
        "location": "東京都",
        "published": published,
        "category": "入札",
        **more,
    }


RECORDS = [
    record(
        1, "2026-06-01", title="庁舎 清掃業務", public_end_date_as_scraped="2026-07-01", detail_text="一\n二 <三>"
    ),
    record(2, "2026-06-02", organ="デジタル庁", category="RFI", title="健診 基盤"),
    record(3, "2026-06-02", organ="国土交通省", location="北海道", case_no="‐", cla="簡易な公共事業"),
    record(4, "2026-06-03", procurement_cla="落札者等の公示（WTO対象）", case_no=f"{1:019}", title="庁舎 清掃業務"),
    record(5, "2026-06-03", procurement_cla="資料提供招請に関する公表", cla="物品・役務", items=["014.事務用機器"]),
    record(
        6, "2026-06-03", attachments=[{"name": "調達資料１ダウンロードURL", "source_url": "https://e.jp/?a=1&b=2"}]
    ),
]
MANY = [record(1000 + number, "2026-01-05", title=f"除雪{number}") for number in range(530)]


class Visitor:
    """A browser at the portal: with its cookie, and with the token of the last page."""

    def __init__(self, base: str, board: Switchboard) -> None:
        self.base = base
        self.board = board
        self.cookie = ""
        self.csrf = ""

    def answer(self, method: str, path: str, **more: Any) -> httpx.Response:
        # The cookie is for https only, which the loopback address is not: it is sent by hand.
        headers = {"cookie": self.cookie} if self.cookie else {}
        answer = httpx.request(method, self.base + BASE + path, headers=headers, trust_env=False, **more)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        if token := re.search(r'name="_csrf" value="([^"]+)"', answer.text):
            self.csrf = token[1]
        return answer

    def begin(self) -> httpx.Response:
        return self.answer("GET", "/OAA0101")

    def post(self, **fields: str | list[str]) -> httpx.Response:
        """A search, without following where it leads to."""
        given = {name if name.startswith("search") else BEAN + name: value for name, value in fields.items()}
        return self.answer("POST", "/OAA0100", data={"_csrf": self.csrf, **given, "OAA0102": "検索"})

    def search(self, **fields: str | list[str]) -> httpx.Response:
        answer = self.post(**fields)
        return self.page(0) if answer.status_code == 302 else answer

    def page(self, number: int, size: int = 50) -> httpx.Response:
        return self.answer("GET", f"/OAA0106?page={number}&size={size}")

    def detail(self, key: str) -> httpx.Response:
        asked = {"_csrf": self.csrf, "procurementItemInfoId": key, "SyFromFlg": "1"}
        return self.answer("POST", "/OAA0104", data=asked)


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Switchboard]]:
    data = tmp_path_factory.mktemp("data")
    (data / "pportal").mkdir()
    with (data / "pportal" / "notices.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in RECORDS + MANY)
    board = Switchboard()
    with serve(app(data, board)) as base:
        yield base, board


@pytest.fixture
def portal(_running: tuple[str, Switchboard]) -> Visitor:
    """A visitor who has just opened the search page."""
    base, board = _running
    board.reset()
    visitor = Visitor(base, board)
    visitor.begin()
    return visitor


def keys(answer: httpx.Response) -> list[str]:
    return re.findall(r"procurementItemInfoId', value:'(\d+)'", unescape(answer.text))


def hits(answer: httpx.Response) -> int:
    stated = re.search(r"検索結果 <span>(\d+)</span><span>件見つかりました。</span>", answer.text)
    return int(stated[1]) if stated else 0


LOST = "不正な操作が行われました。"
NONE = "合致する調達案件情報がありません"


# The session


def test_the_search_page_brings_a_cookie_and_a_token(portal: Visitor) -> None:
    portal.cookie = ""
    answer = portal.begin()
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("JSESSIONID=")
    assert "Path=/pps-web-biz" in cookie
    assert "Secure" in cookie
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", portal.csrf)


def test_a_search_leads_to_the_page_of_its_results(portal: Visitor) -> None:
    answer = portal.post(articleNm="庁舎")
    assert (answer.status_code, answer.headers["location"]) == (302, "/pps-web-biz/UAA01/OAA0106")


def test_without_the_cookie_every_step_is_a_wrong_operation(portal: Visitor) -> None:
    portal.search()
    cookie = portal.cookie
    steps: list[Callable[[], httpx.Response]] = [
        portal.post,
        lambda: portal.page(0),
        lambda: portal.detail("1"),
    ]
    for step in steps:
        portal.cookie = "JSESSIONID=EXPIRED"
        answer = step()
        assert (answer.status_code, LOST in answer.text) == (200, True)
    portal.cookie = cookie
    assert LOST not in portal.page(0).text


def test_with_another_token_a_form_is_a_wrong_operation(portal: Visitor) -> None:
    csrf = portal.csrf
    portal.csrf = "7ff7727a-0000-0000-0000-000000000000"
    assert LOST in portal.post().text
    assert LOST in portal.detail("1").text
    portal.csrf = csrf
    assert LOST not in portal.detail("1").text


def test_results_without_a_search_and_unknown_notices_are_wrong_operations(portal: Visitor) -> None:
    assert LOST in portal.page(0).text
    assert LOST in portal.detail("999999").text


def test_a_notice_can_only_be_posted_for(portal: Visitor) -> None:
    assert portal.answer("GET", "/OAA0104?procurementItemInfoId=1").status_code == 405


def test_each_visitor_has_results_of_his_own(portal: Visitor) -> None:
    other = Visitor(portal.base, portal.board)
    other.begin()
    assert keys(portal.search(articleNm="健診")) == ["2"]
    assert keys(other.search(articleNm="除雪52")) != ["2"]
    assert keys(portal.page(0)) == ["2"]


# What is found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"articleNm": "庁舎"}, ["1", "4"]),
        ({"articleNm": "業務 庁舎"}, ["1", "4"]),
        ({"articleNm": "庁舎 健診"}, []),
        ({"publicStartDateFrom": "2026/06/02", "publicStartDateTo": "2026/06/02"}, ["3", "2"]),
        ({"publicStartDateFrom": "2026/06/03"}, ["6", "5", "1", "4"]),
        ({"publicStartDateTo": "2026/06/01", "articleNm": "庁舎"}, ["1", "4"]),
        ({"publicStartDateFrom": "2026-06-02", "publicStartDateTo": "2026-06-02"}, []),
        ({f"{ORGANS}procurementOrgNm": "020"}, ["3"]),
        ({f"{ORGANS}procurementOrgNm": ["020", "027"]}, ["3", "2"]),
        ({f"{ORGANS}prefecture_1": "01"}, ["3"]),
        ({f"{ORGANS}area": "1"}, ["3"]),
        ({f"{ORGANS}area": "9"}, ["6", "5", "1", "4", "3", "2"]),
        ({"cla": "03"}, ["3"]),
        ({"cla": "02"}, ["5"]),
        ({"procurementItemNo": f"{2:019}"}, ["2"]),
        ({f"{KINDS}requestComment": "04"}, ["2"]),
        ({f"{KINDS}requestSubmissionMaterials": "03"}, ["5"]),
        ({f"{KINDS}successfulBidNotice": "08"}, ["1", "4"]),
        ({f"{KINDS}successfulBidNotice": "15"}, []),
    ],
)
def test_a_search_finds_what_its_fields_ask_for(
    portal: Visitor, fields: dict[str, str | list[str]], found: list[str]
) -> None:
    bounds = (
        {} if {"publicStartDateFrom", "publicStartDateTo"} & set(fields) else {"publicStartDateFrom": "2026/06/01"}
    )
    answer = portal.search(**bounds, **fields)
    assert keys(answer) == found
    assert (NONE in answer.text) is (not found)


def test_the_form_names_the_ministries_with_their_codes_and_new_ones_after_them(portal: Visitor) -> None:
    text = portal.begin().text
    boxes = dict(
        re.findall(r'procurementOrgNm\d+" name="[^"]+" type="checkbox" value="(\d+)"><label [^>]+>([^<]+)', text)
    )
    assert (boxes["001"], boxes["010"], boxes["026"]) == ("衆議院", "防衛省", "カジノ管理委員会")
    assert list(boxes)[26:] == ["027"]
    assert boxes["027"] == "デジタル庁"
    assert len(re.findall(r'prefecture_\d" type="checkbox"', text)) == 47


@pytest.mark.parametrize("fields", [{"publicStartDateFrom": "2026/02/30"}, {"articleNm": "庁" * 255}])
def test_a_search_that_cannot_be_is_answered_with_the_form_and_a_complaint(
    portal: Visitor, fields: dict[str, str]
) -> None:
    answer = portal.post(**fields)
    assert answer.status_code == 200
    assert re.search(r'message-error input-error-list">[^<]+入力してください。', answer.text)


def test_a_page_holds_fifty_cases_whatever_is_asked(portal: Visitor) -> None:
    first = portal.search(articleNm="除雪")
    assert (hits(first), len(keys(first))) == (530, 50)
    assert len(keys(portal.page(1, size=200))) == 50
    assert not set(keys(portal.page(1))) & set(keys(first))


def test_of_more_than_five_hundred_cases_all_are_counted_and_the_rest_is_never_shown(portal: Visitor) -> None:
    portal.search(articleNm="除雪")
    shown = [key for number in range(12) for key in keys(portal.page(number))]
    assert len(set(shown)) == len(shown) == 500


def test_the_cap_can_be_lowered(portal: Visitor) -> None:
    portal.board.turn(cap=3)
    answer = portal.search(articleNm="除雪")
    assert (hits(answer), len(keys(answer)), keys(portal.page(1))) == (530, 3, [])


def test_the_notices_of_a_case_stand_in_one_row_each_in_its_column(portal: Visitor) -> None:
    answer = portal.search(articleNm="庁舎")
    assert hits(answer) == 1
    (row,) = re.findall(r'<tr class="highlight">(.*?)</tr>', answer.text)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
    assert [bool(cell) for cell in cells[4:]] == [False, False, True, True]
    assert "令和08年06月01日公開開始" in cells[6]
    assert "令和08年06月03日公開開始" in cells[7]


def test_a_case_without_a_number_shows_a_dash(portal: Visitor) -> None:
    assert 'procurementItemNo">‐</td>' in portal.search(cla="03").text


# The page of a notice


def cells(answer: httpx.Response) -> dict[str, str]:
    found = re.findall(r"<th[^>]*>([^<]+)</th><td[^>]*>(.*?)</td>", answer.text, re.DOTALL)
    return {label: unescape(value) for label, value in found}


def test_a_page_says_what_the_record_has_and_a_dash_for_what_it_lacks(portal: Visitor) -> None:
    page = cells(portal.detail("1"))
    assert page["公告内容"] == "一<br>二 <三>"
    assert (page["公開開始日"], page["公開終了日"]) == ("令和08年06月01日", "令和08年07月01日")
    assert page["調達種別"] == page["分類"] == page["調達品目分類"] == page["調達資料１ダウンロードURL"] == "-"


def test_a_page_shows_kind_class_items_and_documents_where_the_record_has_them(portal: Visitor) -> None:
    page = cells(portal.detail("5"))
    assert (page["調達種別"], page["分類"]) == ("資料提供招請に関する公表", "物品・役務")
    assert page["調達品目分類"] == "014.事務用機器"
    assert (page["公開終了日"], page["公告内容"]) == ("-", "-")
    assert 'href="https://e.jp/?a=1&b=2"' in cells(portal.detail("6"))["調達資料１ダウンロードURL"]


# Switches and records


def test_it_can_be_empty_and_it_can_count_wrongly(portal: Visitor) -> None:
    portal.board.turn(empty=True)
    assert NONE in portal.search(articleNm="庁舎").text
    portal.board.turn(empty=False, wrong_hits=5, duplicate_rows=True)
    answer = portal.search(articleNm="庁舎")
    assert (hits(answer), keys(answer)) == (7, ["1", "4", "1", "4"])


def test_an_error_has_the_portals_own_form(portal: Visitor) -> None:
    portal.search()
    portal.board.turn(error_body="ただいま混み合っています。")
    for answer in (portal.begin(), portal.post(), portal.page(0), portal.detail("1")):
        assert (answer.status_code, "ただいま混み合っています。" in answer.text) == (200, True)


def test_without_records_it_finds_nothing(tmp_path: Path) -> None:
    assert list(PORTAL.days(tmp_path / "pportal")) == []
    with serve(app(tmp_path)) as base:
        visitor = Visitor(base, Switchboard())
        visitor.begin()
        assert NONE in visitor.search().text


def test_a_record_with_an_impossible_day_is_named(tmp_path: Path) -> None:
    (tmp_path / "notices.jsonl").write_text(json.dumps(record(1, "June 1st")), encoding="utf-8")
    with pytest.raises(ValueError, match=r"notices.jsonl, record 1: June 1st is no day"):
        list(PORTAL.days(tmp_path))


@contextmanager
def visiting(folder: Path, records: list[dict[str, Any]]) -> Iterator[Visitor]:
    """A visitor of a portal with these records."""
    (folder / "pportal").mkdir()
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
    (folder / "pportal" / "notices.jsonl").write_text(lines, encoding="utf-8")
    with serve(app(folder)) as base:
        visitor = Visitor(base, Switchboard())
        visitor.begin()
        yield visitor


ONLY_REQUIRED = {"procurementItemInfoId": "1", "title": "Supply of steel", "published": "2026-06-01"}
OPTIONAL = ("case_no", "organ", "location", "category", "detail_text", "attachments", "public_end_date_as_scraped")


@pytest.mark.parametrize("more", [{}, dict.fromkeys((*OPTIONAL, "procurement_cla", "cla", "items"))])
def test_a_record_needs_no_more_than_key_title_and_day(tmp_path: Path, more: dict[str, Any]) -> None:
    with visiting(tmp_path, [{**ONLY_REQUIRED, **more}]) as visitor:
        assert keys(visitor.search(articleNm="steel")) == ["1"]
        page = cells(visitor.detail("1"))
    assert page.pop("調達案件名称") == "Supply of steel"
    assert page.pop("公開開始日") == "令和08年06月01日"
    assert page.pop("調達案件番号") == "‐"
    assert set(page.values()) == {"-"}


@pytest.mark.parametrize(
    ("day", "written"),
    [
        ("2019-05-01", "令和01年05月01日"),
        ("2019-04-30", "平成31年04月30日"),
        ("2016-06-03", "平成28年06月03日"),
    ],
)
def test_a_day_is_written_in_the_era_it_was_in(tmp_path: Path, day: str, written: str) -> None:
    records = [{**ONLY_REQUIRED, "published": day, "public_end_date_as_scraped": day}]
    with visiting(tmp_path, records) as visitor:
        page = cells(visitor.detail("1"))
    assert (page["公開開始日"], page["公開終了日"]) == (written, written)


def test_an_end_that_is_no_day_is_shown_as_it_is(tmp_path: Path) -> None:
    with visiting(tmp_path, [{**ONLY_REQUIRED, "public_end_date_as_scraped": "未定 <1>"}]) as visitor:
        assert cells(visitor.detail("1"))["公開終了日"] == "未定 <1>"


def test_it_knows_the_days_of_its_records(tmp_path: Path) -> None:
    lines = "".join(json.dumps(one) + "\n" for one in RECORDS)
    (tmp_path / "notices.jsonl").write_text(lines, encoding="utf-8")
    assert Counter(PORTAL.days(tmp_path)) == Counter(date.fromisoformat(one["published"]) for one in RECORDS)


# The whole way


def crawled(base: str, since: date, until: date) -> list[Finding]:
    """What the source finds, asking at nine in the morning of the day after."""
    now = datetime(until.year, until.month, until.day, 9, tzinfo=timezone(timedelta(hours=9))) + timedelta(days=1)
    settings = NetworkSettings("test/1 (+https://example.org/)", stand_in=base)
    sleep = lambda seconds: pytest.fail("a stand-in is asked without pauses")  # noqa: E731
    with HttpFetcher(settings, clock=lambda: now, sleep=sleep, rng=random.Random(1)) as fetcher:
        fetch = fetcher.for_source(PPortal.pause_seconds, PPortal.max_bytes)
        return list(crawl(PPortal(), Window(since, None, now), fetch))


@pytest.mark.skipif(not (SAMPLES / "pportal").is_dir(), reason="the samples lie beside the project")
@pytest.mark.parametrize("cap", [None, 20])
def test_crawling_the_samples_finds_exactly_their_rows_twice_over(cap: int | None) -> None:
    lines = (SAMPLES / "pportal" / "notices.jsonl").read_text(encoding="utf-8").splitlines()
    records = {one["procurementItemInfoId"]: one for one in map(json.loads, lines)}
    days = sorted(PORTAL.days(SAMPLES / "pportal"))
    board = Switchboard()
    board.turn(cap=cap)
    with serve(app(SAMPLES, board)) as base:
        first, second = (crawled(base, days[0], days[-1]) for _ in range(2))
    assert first == second
    found = [one for one in first if isinstance(one, ScrapedNotice)]
    assert sorted(one.key for one in found) == sorted(records)
    coverage = [one for one in first if isinstance(one, Coverage)]
    assert all(one.complete for one in coverage)
    assert sum(one.found for one in coverage) == len(records)
    assert not [one for one in first if isinstance(one, Problem)]
    for notice in found:
        real = records[notice.key]
        assert (notice.title_original or notice.title) == re.sub(" +", " ", real["title"])
        assert (notice.buyer, notice.prefecture) == (real["organ"], real["location"])
        assert notice.published.isoformat() == real["published"]
        assert dict(notice.references)["調達案件番号"] == real["case_no"]
        assert len(notice.attachments) == len(real.get("attachments", ()))
        assert len(notice.text) >= len(real.get("detail_text", "")) * 0.9


def test_the_projects_own_records_are_read_and_recognisably_invented(tmp_path: Path) -> None:
    demo = demo_data(HOME_DAY, tmp_path)
    lines = (demo / "pportal" / "notices.jsonl").read_text(encoding="utf-8").splitlines()
    with serve(app(demo)) as base:
        findings = crawled(base, date(2026, 5, 1), HOME_DAY)
    found = [one for one in findings if isinstance(one, ScrapedNotice)]
    assert 8 <= len(found) == len(lines) <= 12
    assert not [one for one in findings if isinstance(one, Problem)]
    assert len({one.kind for one in found}) >= 6
    for notice in found:
        assert re.search("例示|見本", notice.buyer or "")
        assert notice.text.endswith("これは見本データであり、実在の調達ではありません。")
        assert not re.search(r"@|0\d{1,3}[-(（－]\d{2,4}[-)）－]\d{4}|\{day", notice.text)
