"""NEDO's addresses tell the stage of a call, and its search is read until it is older than the window."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone

import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.errors import FetchError
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.nedo import Nedo

NOW = datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9)))
SITE = "https://www.nedo.go.jp"
NEWEST, SEARCH = Nedo.addresses


def crawled(pages: Mapping[str, str]) -> tuple[list[Finding], list[str]]:
    """What is found, and what was asked for."""
    asked: list[str] = []

    def fetch(request: Request) -> Page:
        asked.append(request.url)
        if request.url not in pages:
            raise FetchError("{url}: answered 404", url=request.url)
        return page_of(f"<html><body>{pages[request.url]}</body></html>".encode(), request)

    return list(crawl(Nedo(), Window(date(2026, 6, 1), None, NOW), fetch)), asked


def item(code: str, title: str = "見本事業の公募について", day: str = "2026年6月9日") -> str:
    return f"<li><time>{day}</time> <a href='/koubo/{code}.html'>{title}</a></li>"


def own(title: str = "見本事業の公募について") -> str:
    return f"<div class=main-container><h1>{title}</h1></div>"


NONE = "<p>現在、公告中の案件はありません。</p><a href='/'>ホーム</a>"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("NA1_100291", NoticeKind.PLANNED),
        ("SE2_100001_00135", NoticeKind.PROPOSAL_CALL),
        ("FF3_100447", NoticeKind.AWARD),
    ],
)
def test_the_digit_of_the_address_is_the_stage(code: str, kind: NoticeKind) -> None:
    address = f"{SITE}/koubo/{code}.html"
    found, _ = crawled({NEWEST: item(code), SEARCH: NONE, address: own()})
    (notice,) = found
    assert isinstance(notice, ScrapedNotice)
    assert (notice.key, notice.kind) == (address, kind)


@pytest.mark.parametrize("code", ["2026_list_05_03", "index", "pastbunya", "FF4_100447"])
def test_other_pages_of_the_folder_are_no_notices(code: str) -> None:
    found, _ = crawled({NEWEST: item(code), SEARCH: NONE})
    assert [str(one.saying) for one in found if isinstance(one, Problem)] == [
        f"nedo: {NEWEST} lists nothing and does not say so; look at it in a browser, its layout may have changed"
    ]
    assert len(found) == 1


def pages(*numbers: int) -> str:
    return "".join(
        f"<a href='?f=koubo.html&amp;o=-date%2Cpagetitle&amp;p={number}'>{number}</a>" for number in numbers
    )


def test_the_search_is_read_page_by_page_until_it_is_older_than_the_window() -> None:
    def at(number: int) -> str:
        return f"{SEARCH[:-1]}{number}"

    first = item("FF2_1", day="2026年 6月 9日") + pages(2, 3, 341)
    second = item("FF2_2", day="2026年 5月30日") + pages(1, 3, 341)
    found, asked = crawled({NEWEST: NONE, at(1): first, at(2): second, f"{SITE}/koubo/FF2_1.html": own()})
    assert len(found) == 1
    assert asked == [NEWEST, at(1), f"{SITE}/koubo/FF2_1.html", at(2)]


def test_a_page_of_the_search_without_days_does_not_end_it() -> None:
    second = f"{SEARCH[:-1]}2"
    first = item("FF2_1", day="") + pages(2, 10**4000 * 9)
    found, asked = crawled(
        {NEWEST: NONE, SEARCH: first, second: item("FF2_2", day="")}
        | {f"{SITE}/koubo/FF2_{number}.html": own() for number in (1, 2)}
    )
    assert len(found) == 2
    assert second in asked


def test_a_notice_on_both_lists_is_read_once() -> None:
    found, asked = crawled({NEWEST: item("FF2_1"), SEARCH: item("FF2_1"), f"{SITE}/koubo/FF2_1.html": own()})
    assert len(found) == 1
    assert asked.count(f"{SITE}/koubo/FF2_1.html") == 1
