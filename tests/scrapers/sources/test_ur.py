"""UR's nine feeds: some are empty, one may fail, and one page may stand for several calls."""

from datetime import date, datetime

import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.errors import FetchError, ScrapeError
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.ur import OFFICES, Ur

NOW = datetime(2026, 6, 15, 9, tzinfo=TOKYO)
WEST, EAST = (f"https://www.ur-net.go.jp/orders/{office}/order.xml" for office in ("west", "east"))


def rss(*entries: tuple[str, str]) -> str:
    items = "".join(
        f"<item><title>{title}</title><link>https://www.ur-net.go.jp/orders/west/{page}.html</link>"
        "<pubDate>Wed, 10 Jun 2026 10:00:00 +0900</pubDate></item>"
        for title, page in entries
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>UR</title>{items}</channel></rss>'
    )


def crawled(feeds: dict[str, str], *, failing: frozenset[str] = frozenset()) -> list[Finding]:
    """What is found where these feeds have entries, all others have none, and some do not answer."""

    def fetch(request: Request) -> Page:
        if request.url in failing:
            raise FetchError("{host}: answered {status}", host="www.ur-net.go.jp", status=404)
        answer = feeds.get(request.url, rss())
        return page_of(answer.encode(), request, headers={"content-type": "application/xml; charset=UTF-8"})

    return list(crawl(Ur(), Window(date(2026, 6, 5), None, NOW), fetch))


def test_the_head_office_and_eight_branches_are_asked() -> None:
    assert len(Ur.addresses) == len(set(OFFICES)) == 9
    assert crawled({}) == []


def test_one_feed_that_fails_is_told_and_the_others_are_read() -> None:
    problem, notice = crawled({WEST: rss(("見本団地外壁修繕工事", "1"))}, failing=frozenset({EAST}))
    assert isinstance(problem, Problem)
    assert problem.part == EAST
    assert isinstance(notice, ScrapedNotice)
    assert notice.title == "見本団地外壁修繕工事"


def test_all_nine_failing_is_an_error() -> None:
    with pytest.raises(FetchError, match="404"):
        crawled({}, failing=frozenset(Ur.addresses))


def test_a_maintenance_page_at_all_nine_is_an_error() -> None:
    with pytest.raises(ScrapeError, match="no feed"):
        crawled(dict.fromkeys(Ur.addresses, "<html><body>メンテナンス中</body></html>"))


def test_calls_on_one_page_are_told_apart_by_their_titles() -> None:
    found = crawled({WEST: rss(("見本団地外壁修繕工事", "list"), ("見本団地清掃業務", "list"))})
    assert len({one.key for one in found if isinstance(one, ScrapedNotice)}) == 2


def test_planned_works_are_told_from_calls() -> None:
    (found,) = crawled({WEST: rss(("令和８年度工事発注の見通し", "plan"))})
    assert isinstance(found, ScrapedNotice)
    assert found.kind is NoticeKind.PLANNED
