"""The national part of JETRO's database: two lists joined, and a page for each notice."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.jetro_national import ENGLISH_LIST, LIST, JetroNational

EXAMPLE = Path(__file__).parents[1] / "examples" / "jetro_national" / "ordinary"
NOW = datetime(2026, 10, 10, 9, tzinfo=timezone(timedelta(hours=9)))
WINDOW = Window(date(2026, 10, 8), None, NOW)
NATIONAL = "/gov_procurement/national/articles"
ENGLISH = "/en/database/procurement/national/articles"

Answer = str | ScrapeError


def rows(*files: str) -> list[dict[str, Any]]:
    return [item for file in files for item in json.loads((EXAMPLE / file).read_text("utf-8"))["items"]]


def listing(items: list[dict[str, Any]]) -> str:
    return json.dumps({"pagination": {"total": len(items), "perPage": 30, "current": 0}, "items": items})


def text(name: str) -> str:
    return (EXAMPLE / name).read_text("utf-8")


ITEMS, ENGLISH_ITEMS = rows("list.json", "list2.json"), rows("english.json")
PAGES: Mapping[str, Answer] = {
    LIST.block: listing(ITEMS),
    ENGLISH_LIST.block: listing(ENGLISH_ITEMS),
    f"{NATIONAL}/404873/2026100900160001.html": text("404873.html"),
    f"{NATIONAL}/404959/2026100900390000.html": text("404959.html"),
    f"{NATIONAL}/404892/2026100900440001.html": text("404892.html"),
    f"{NATIONAL}/404600/20261008a0160012.html": text("404600.html"),
    f"{ENGLISH}/404892/2026100900440001.html": text("404892-en.html"),
}
CUT = f"{ENGLISH}/404892/2026100900440001.html"


class Portal:
    """Answers by the number of a list or the path of a page."""

    def __init__(self, changed: Mapping[str, Answer] | None = None) -> None:
        self.pages = {**PAGES, **(changed or {})}
        self.asked: list[str] = []
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Page:
        name = dict(request.params).get("blockId") or urlsplit(request.url).path
        self.asked.append(name)
        self.requests.append(request)
        answer = self.pages[name]
        if isinstance(answer, ScrapeError):
            raise answer
        return page_of(answer.encode(), request, headers={"content-type": "text/html; charset=UTF-8"})

    def visit(self, window: Window = WINDOW) -> list[Finding]:
        return list(crawl(JetroNational(), window, self))


def notices(findings: list[Finding]) -> dict[str, ScrapedNotice]:
    return {finding.key: finding for finding in findings if isinstance(finding, ScrapedNotice)}


def problems(findings: list[Finding]) -> list[str]:
    return [f"{finding.part}: {finding.saying}" for finding in findings if isinstance(finding, Problem)]


def test_a_notice_is_known_by_both_of_its_numbers_and_linked_by_them() -> None:
    found = notices(Portal().visit())
    assert list(found) == [f"{item['xid']}/{item['aid']}" for item in ITEMS]
    assert found["404873/2026100900160001"].url == f"https://www.jetro.go.jp{NATIONAL}/404873/2026100900160001.html"


def test_the_english_list_gives_english_titles_and_buyers_and_what_it_lacks_stays_open() -> None:
    found = notices(Portal().visit())
    first, second = found["404873/2026100900160001"], found["404959/2026100900390000"]
    assert (first.title_en, first.buyer_en) == ("Barrier Materials and 19 Others", "Ministry of Defense")
    assert (second.title_en, second.buyer_en, second.text_en) == (None, None, "")


def test_only_where_the_english_title_is_cut_is_the_english_page_read() -> None:
    portal = Portal()
    found = notices(portal.visit())
    assert [name for name in portal.asked if name.startswith(ENGLISH)] == [CUT]
    title = found["404892/2026100900440001"].title_en
    assert title is not None
    assert len(title) > 103
    assert title.endswith("Inquiry Programs, 1 set")


def test_the_english_list_is_asked_for_days_around_the_window() -> None:
    portal = Portal()
    portal.visit()
    asked = [dict(request.params) for request in portal.requests[:2]]
    assert [(one["from"], one["to"]) for one in asked] == [("2026/10/08", "2026/10/10"), ("2026/10/01", "2026/10/17")]


def test_a_translation_is_known_by_its_aid_and_read_at_its_own_address() -> None:
    items = [{**item, "xid": item["xid"] + 1} for item in ENGLISH_ITEMS]
    address = f"{ENGLISH}/404893/2026100900440001.html"
    portal = Portal({ENGLISH_LIST.block: listing(items), address: text("404892-en.html"), CUT: FetchError("gone")})
    assert notices(portal.visit()) == notices(Portal().visit())
    assert address in portal.asked


def test_a_translation_without_a_day_is_one_all_the_same() -> None:
    items = [{**item, "date": ""} for item in ENGLISH_ITEMS]
    assert notices(Portal({ENGLISH_LIST.block: listing(items)}).visit()) == notices(Portal().visit())


def test_how_many_translations_there_are_is_told() -> None:
    coverage = [one for one in Portal().visit() if isinstance(one, Coverage)]
    assert coverage == [Coverage("Japanese", 4, 4, complete=True), Coverage("English", 2, 2, complete=True)]


def test_a_visit_a_month_later_finds_the_very_same_notices() -> None:
    days = replace(WINDOW, until=date(2026, 10, 10))
    assert Portal().visit(days) == Portal().visit(replace(days, now=NOW + timedelta(days=31)))


@pytest.mark.parametrize("answer", [FetchError("www.jetro.go.jp: answered 503"), "<html>Request blocked</html>"])
def test_without_the_english_list_nothing_is_kept_for_notices_would_lose_their_english_titles(answer: Answer) -> None:
    portal = Portal({ENGLISH_LIST.block: answer})
    with pytest.raises((FetchError, SourceChanged)):
        portal.visit()
    assert portal.asked == [LIST.block, ENGLISH_LIST.block]


def test_the_agreements_under_which_others_may_bid_are_kept_as_the_portal_names_them() -> None:
    found = notices(Portal().visit())
    bound, unbound = found["404873/2026100900160001"], found["404959/2026100900390000"]
    names = "WTOの政府調達に関する協定、日EU経済連携協定又は日英包括的経済連携協定"
    assert dict(bound.references)["適用協定"] == names
    assert bound.text.startswith("本調達はWTOの政府調達に関する協定、")
    assert "適用協定" not in dict(unbound.references)


def test_a_notice_carries_the_numbers_by_which_other_sources_know_it() -> None:
    found = notices(Portal().visit())
    references = dict(found["404873/2026100900160001"].references)
    assert references["aid"] == "2026100900160001"
    assert [references[name] for name in ("官報掲載日", "掲載順", "枝番")] == ["2026-10-09", "16", "1"]
    assert "官報掲載日" not in dict(found["404600/20261008a0160012"].references)


def test_nothing_is_taken_for_a_deadline() -> None:
    assert {notice.deadline for notice in notices(Portal().visit()).values()} == {None}


def test_a_second_visit_finds_the_very_same_notices() -> None:
    assert Portal().visit() == Portal().visit()


def test_of_what_lies_outside_the_window_no_page_is_read() -> None:
    portal = Portal()
    found = notices(portal.visit(Window(date(2026, 10, 8), date(2026, 10, 8), NOW)))
    assert list(found) == ["404600/20261008a0160012"]
    assert [name for name in portal.asked if "articles" in name] == [f"{NATIONAL}/404600/20261008a0160012.html"]


@pytest.mark.parametrize("path", [f"{NATIONAL}/404892/2026100900440001.html", CUT])
@pytest.mark.parametrize("answer", [FetchError("gone"), "<html><body>Request blocked</body></html>"])
def test_a_notice_of_which_a_page_cannot_be_read_is_a_problem_and_left_out(path: str, answer: Answer) -> None:
    findings = Portal({path: answer}).visit()
    assert "404892/2026100900440001" not in notices(findings)
    assert len(notices(findings)) == 3
    assert [problem.split(":")[0] for problem in problems(findings)] == ["404892/2026100900440001"]


def test_when_notice_after_notice_fails_the_rest_is_not_asked() -> None:
    portal = Portal({path: FetchError("gone") for path in PAGES if path.startswith("/")})
    with pytest.raises(FetchError, match="gone"):
        portal.visit()
    assert len(portal.asked) == 2 + 3


def test_a_refusal_ends_the_visit_at_once() -> None:
    portal = Portal({f"{NATIONAL}/404873/2026100900160001.html": Refused("robots.txt forbids it")})
    with pytest.raises(Refused):
        portal.visit()


Change = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    "change",
    [
        lambda item: item.update(title=""),
        lambda item: item.update(date="近日"),
        lambda item: item.pop("aid"),
        lambda item: item.pop("xid"),
    ],
)
def test_a_row_that_is_no_notice_is_a_problem_and_the_others_are_read(change: Change) -> None:
    items = [dict(item) for item in ITEMS]
    change(items[0])
    findings = Portal({LIST.block: listing(items)}).visit()
    assert len(notices(findings)) == 3
    assert len(problems(findings)) == 1


def test_the_buyer_is_the_one_of_the_notices_page_for_the_list_may_only_have_its_class() -> None:
    path = f"{NATIONAL}/404600/20261008a0160012.html"
    page = text("404600.html").replace("<td>独立行政法人例示機構(神奈川県)", "<td>国立大学法人見本大学(京都府)")
    notice = notices(Portal({path: page}).visit())["404600/20261008a0160012"]
    assert (notice.buyer, notice.prefecture) == ("国立大学法人見本大学", "京都府")


def test_a_back_fill_asks_for_its_days_only() -> None:
    portal = Portal()
    portal.visit(replace(WINDOW, until=date(2026, 10, 9)))
    assert dict(portal.requests[0].params)["to"] == "2026/10/09"
