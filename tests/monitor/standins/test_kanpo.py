"""The stand-in for the gazette's site has its pages and PDFs, and a crawl over the samples finds them all."""

import io
import json
import random
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pikepdf
import pytest
from bs4 import BeautifulSoup

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from monitor.serving import serve
from monitor.standins.demo_data import demo_data
from monitor.standins.kanpo import PORTAL
from monitor.standins.server import Switchboard, app
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.gazette.text import lines_of
from scrapers.source import Finding, Window, crawl
from scrapers.sources.kanpo import Kanpo, kinds_listed, listed_issues

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
HOME_DAY = date(2026, 6, 12)
HOST = "/www.kanpo.go.jp"
FIRST, SECOND = "20260610c00097", "20260612c00099"


def record(issue: str, page: int, title: str, category: str = "入札公告", **more: Any) -> dict[str, Any]:
    url = f"https://www.kanpo.go.jp/{issue[:8]}/{issue}/{issue}{page:04}f.html"
    return {
        "url": url,
        "title": title,
        "category": category,
        "published": f"{issue[:4]}-{issue[4:6]}-{issue[6:8]}",
    } | more


RECORDS = [
    record(FIRST, 1, "庁舎の清掃"),
    record(
        SECOND,
        1,
        "電子カルテの更新",
        title_en="Electronic medical records",
        organization="例示病院長",
        extra={"org_code": "999", "loc_code": "13", "notice_no": "第７号", "classification": "22、31"},
    ),
    record(
        SECOND,
        2,
        "軽油の購入",
        organization="例示省会計課長",
        # As in the samples, lines have run together.
        body="入札公告\n次のとおり一般競争入札に付します。令和８年６月12日支出負担行為担当官例示省会計課長見本　太郎\n"
        "◎調達機関番号　999　◎所在地番号　13〇第８号\n１　調達内容\n⑴　品目分類番号　２\n⑵　購入件名及び数量軽油の購入\n"
        "２ Summary\n⑴ Nature and quantity : Light oil",
    ),
    record(
        SECOND,
        3,
        "仕様書案",
        "意見招請に関する公示",
        body="意見招請に関する公示\n１　調達内容\n⑵　購入件名　仕様書案",
    ),
]


class Site:
    def __init__(self, client: httpx.Client, board: Switchboard) -> None:
        self.client = client
        self.board = board

    def get(self, path: str) -> httpx.Response:
        return self.client.get(f"{HOST}{path}")

    def page(self, path: str) -> BeautifulSoup:
        answer = self.get(path)
        assert answer.status_code == 200
        return BeautifulSoup(answer.text, "lxml")


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("data")
    (data / "kanpo").mkdir()
    with (data / "kanpo" / "notices.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in RECORDS)
    board = Switchboard()
    with serve(app(data, board)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield Site(client, board)


@pytest.fixture
def site(_running: Site) -> Site:
    _running.board.reset()
    return _running


def found(base: str, now: datetime, since: date) -> list[Finding]:
    settings = NetworkSettings("test/1 (+https://example.org/)", stand_in=base)
    with HttpFetcher(settings, clock=lambda: now, sleep=lambda seconds: None, rng=random.Random(1)) as fetcher:
        return list(
            crawl(Kanpo(), Window(since, None, now), fetcher.for_source(Kanpo.pause_seconds, Kanpo.max_bytes))
        )


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=timezone(timedelta(hours=9)))


# Its pages


def test_the_top_page_lists_the_newest_issue_apart_from_the_others(site: Site) -> None:
    top = site.page("/")
    today, archive = top.select_one("#todayProducts"), top.select_one("#archiveBox")
    assert today is not None
    assert archive is not None
    assert [str(link["href"]) for link in today.select("a")] == [
        "./20260612/20260612.fullcontents.html",
        f"./20260612/{SECOND}/{SECOND}0000f.html",
        f"./20260612/{SECOND}/{SECOND}full00010004f.html",
    ]
    assert [link.get_text() for link in archive.select("a.articleTop")] == ["政府調達(第97号)"]
    assert "令和 8年6月12日" in today.get_text()
    assert {one.id: pdfs for one, pdfs in listed_issues(top).items()} == {SECOND: ((1, 4),), FIRST: ((1, 4),)}


def test_the_contents_of_a_day_lead_to_the_pages_of_its_issues(site: Site) -> None:
    day = site.page("/20260612/20260612.fullcontents.html")
    assert [one.id for one in listed_issues(day)] == [SECOND]
    assert "政府調達\u3000第99号" in day.get_text()


def test_a_day_without_an_issue_is_not_found(site: Site) -> None:
    answer = site.get("/20260611/20260611.fullcontents.html")
    assert (answer.status_code, "Not Found" in answer.text) == (404, True)
    assert site.get("/20260611/20260612.fullcontents.html").status_code == 404


def test_the_contents_of_an_issue_list_kinds_with_the_pages_on_which_they_begin(site: Site) -> None:
    contents = site.page(f"/20260612/{SECOND}/{SECOND}0000f.html")
    assert kinds_listed(contents) == [("入札公告", 1), ("意見招請に関する公示", 3)]
    assert [heading.get_text(strip=True) for heading in contents.select("h2.title")] == ["入札公告", "招請"]
    pages = contents.select_one("#pageAll")
    assert pages is not None
    assert pages.get_text() == "4"


def test_the_pages_around_a_pdf_lead_to_it(site: Site) -> None:
    for name in (f"{SECOND}full00010004", f"{SECOND}0002"):
        frame = site.page(f"/20260612/{SECOND}/{name}f.html").select_one("iframe")
        assert frame is not None
        assert frame["src"] == f"./pdf/{name}.pdf"


def test_an_issue_that_is_only_in_the_records_is_drawn_from_them(site: Site) -> None:
    answer = site.get(f"/20260612/{SECOND}/pdf/{SECOND}full00010004.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    lines = [line.text for line in lines_of(io.BytesIO(answer.content), SECOND, pages=4) if line.page < 3]
    assert lines == [
        "入札公告",
        "入札公告",
        "例示病院長",
        "◎調達機関番号　999　◎所在地番号　13",
        "〇第７号",
        "１　調達内容",
        "⑴　品目分類番号　22、31",
        "⑵　件名　電子カルテの更新",
        "２　Summary",
        "⑴　Nature and quantity : Electronic",
        "medical records",
        "入札公告",
        "次のとおり一般競争入札に付します。",
        "令和８年６月12日",
        "例示省会計課長",
        "◎調達機関番号　999　◎所在地番号　13",
        "〇第８号",
        "１　調達内容",
        "⑴　品目分類番号　２",
        "⑵　購入件名及び数量　軽油の購入",
        "２　Summary",
        "⑴　Nature and quantity : Light oil",
    ]


def test_a_page_is_there_alone_too(site: Site) -> None:
    answer = site.get(f"/20260612/{SECOND}/pdf/{SECOND}0003.pdf")
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert len(pdf.pages) == 1
    assert site.get(f"/20260612/{SECOND}/pdf/{SECOND}0009.pdf").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere.html",
        f"/20260612/{SECOND}/nowhere.html",
        f"/20260612/{SECOND}/pdf/{SECOND}full00010080.pdf",
        f"/20260612/{SECOND}/pdf/nowhere.pdf",
        "/20260611/20260611c00098/20260611c000980000f.html",
        "/20260611/20260611c00098/pdf/20260611c00098full00010004.pdf",
    ],
)
def test_what_there_is_not_is_not_found(site: Site, path: str) -> None:
    assert site.get(path).status_code == 404


def test_a_pdf_of_the_folder_is_given_as_it_lies_there(site: Site, tmp_path: Path) -> None:
    content = site.get(f"/20260612/{SECOND}/pdf/{SECOND}full00010004.pdf").content
    (tmp_path / "kanpo").mkdir()
    (tmp_path / "kanpo" / f"{SECOND}full00010004.pdf").write_bytes(content)
    with serve(app(tmp_path)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        assert client.get(f"{HOST}/20260612/{SECOND}/pdf/{SECOND}full00010004.pdf").content == content
        contents = BeautifulSoup(client.get(f"{HOST}/20260612/{SECOND}/{SECOND}0000f.html").text, "lxml")
    assert kinds_listed(contents) == [("入札公告", 1)]
    assert list(PORTAL.days(tmp_path / "kanpo")) == [HOME_DAY]


# Switches


def test_the_top_page_can_list_fewer_days(site: Site) -> None:
    site.board.turn(cap=1)
    assert [one.id for one in listed_issues(site.page("/"))] == [SECOND]


def test_there_can_be_no_issue_and_no_kind(site: Site) -> None:
    site.board.turn(empty=True)
    assert listed_issues(site.page("/")) == {}
    assert kinds_listed(site.page(f"/20260612/{SECOND}/{SECOND}0000f.html")) == []


def test_an_error_is_in_the_form_of_the_server(site: Site) -> None:
    site.board.turn(error_body="Service <busy>")
    answer = site.get("/")
    assert (answer.status_code, "<h1>Service &lt;busy&gt;</h1>" in answer.text) == (500, True)


def test_robots_can_be_as_the_real_site_has_them(site: Site) -> None:
    site.board.turn(robots="as-real")
    assert site.get("/robots.txt").text == "User-agent: *\nDisallow: /20\nDisallow: /old/\n"


# Records


def test_the_days_are_those_of_the_issues(tmp_path: Path) -> None:
    assert list(PORTAL.days(tmp_path)) == []
    (tmp_path / "notices.jsonl").write_text("".join(json.dumps(one) + "\n" for one in RECORDS), "utf-8")
    assert list(PORTAL.days(tmp_path)) == [date(2026, 6, 10), HOME_DAY]


def test_a_portal_without_records_has_an_empty_top_page(tmp_path: Path) -> None:
    with serve(app(tmp_path)) as base:
        answer = httpx.get(f"{base}{HOST}/", trust_env=False)
    assert (answer.status_code, "articleTop" in answer.text) == (200, False)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://www.kanpo.go.jp/", "record 1: https://www.kanpo.go.jp/ is no page of an issue"),
        (record("20261399c00001", 1, "x")["url"], "the issue 20261399c00001 begins with no day"),
    ],
)
def test_a_record_of_no_issue_is_named_at_the_start(tmp_path: Path, url: str, message: str) -> None:
    (tmp_path / "kanpo").mkdir()
    (tmp_path / "kanpo" / "notices.jsonl").write_text(json.dumps({"url": url, "title": "x"}), "utf-8")
    with pytest.raises(ValueError, match=re.escape(message)):
        app(tmp_path)


# From end to end


def test_records_with_nothing_but_what_is_required_are_found(tmp_path: Path) -> None:
    records = [record(SECOND, 1, "トナー"), record(SECOND, 1, "Toner for printers, 1 set")]
    (tmp_path / "kanpo").mkdir()
    lines = [json.dumps({"url": one["url"], "title": one["title"]}) + "\n" for one in records]
    (tmp_path / "kanpo" / "notices.jsonl").write_text("".join(lines), "utf-8")
    with serve(app(tmp_path)) as base:
        findings = found(base, morning(HOME_DAY), HOME_DAY)
    assert [one.title for one in findings if isinstance(one, ScrapedNotice)] == [one["title"] for one in records]
    # They have no ◎調達機関番号, which is told once for the page.
    (problem,) = (str(one.saying) for one in findings if isinstance(one, Problem))
    assert "no title (件名) or no ◎調達機関番号" in problem


def test_an_issue_may_have_very_many_records(tmp_path: Path) -> None:
    extra = {"org_code": "999", "loc_code": "13"}
    records = [record(SECOND, 1 + number // 3, f"見本{number}", extra=extra) for number in range(200)]
    (tmp_path / "kanpo").mkdir()
    (tmp_path / "kanpo" / "notices.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records), "utf-8")
    with serve(app(tmp_path)) as base:
        findings = found(base, morning(HOME_DAY), HOME_DAY)
    assert [one.title for one in findings if isinstance(one, ScrapedNotice)] == [one["title"] for one in records]
    assert [one for one in findings if isinstance(one, Problem)] == []


def test_a_crawl_of_the_demo_finds_its_notices_twice_however_few_days_the_top_page_lists(tmp_path: Path) -> None:
    data = demo_data(HOME_DAY, tmp_path)
    board = Switchboard()
    with serve(app(data, board)) as base:
        first = found(base, morning(HOME_DAY), HOME_DAY - timedelta(7))
        board.turn(cap=1)
        assert found(base, morning(HOME_DAY), HOME_DAY - timedelta(7)) == first
    assert [one for one in first if isinstance(one, Problem)] == []
    notices = {one.title: one for one in first if isinstance(one, ScrapedNotice)}
    records = [json.loads(line) for line in (data / "kanpo" / "notices.jsonl").read_text("utf-8").splitlines()]
    for record in records:
        if record["title"] == record["category"]:  # a list, or a correction
            continue
        notice = notices[record["title"]]
        assert (notice.buyer, notice.title_en) == (record["organization"], record.get("title_en"))
        assert (notice.url, notice.published.isoformat()) == (record["url"], record["published"])
        assert record["body"].startswith(notice.text.partition("\n")[0])
    assert len(notices) == 16
    assert "{" not in "".join(one.text for one in notices.values())


@pytest.mark.skipif(not (SAMPLES / "kanpo" / "notices.jsonl").exists(), reason="the samples lie beside the project")
def test_a_crawl_of_the_samples_finds_their_rows_twice_however_few_days_the_top_page_lists() -> None:
    board = Switchboard()
    with serve(app(SAMPLES, board)) as base:
        first = found(base, morning(date(2025, 7, 12)), date(2025, 7, 1))
        board.turn(cap=1)
        assert found(base, morning(date(2025, 7, 12)), date(2025, 7, 1)) == first
    assert [one for one in first if isinstance(one, Problem)] == []
    assert [(one.part, one.found) for one in first if isinstance(one, Coverage)] == [
        ("20250703c00122", 41),
        ("20250711c00128", 385),
    ]
    pages = {(one.url, dict(one.references)["調達機関番号"]) for one in first if isinstance(one, ScrapedNotice)}
    samples = [json.loads(line) for line in (SAMPLES / "kanpo" / "notices.jsonl").read_text("utf-8").splitlines()]
    assert {(sample["url"], sample["extra"]["org_code"]) for sample in samples} <= pages
