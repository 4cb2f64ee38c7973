"""The Convention & Visitors Bureau has a page for each fiscal year: all in the window are asked, a missing one is told."""

from datetime import date, datetime

import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.errors import FetchError
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.tokyo_tcvb import TokyoTcvb

PAGE = """<html><body><h1>契約情報</h1><table>
<tr><th>整理番号</th><th>公表日</th><th>件名</th><th>希望申出期間</th><th>受付状況</th></tr>
<tr><td>1</td><td>{year}年05月11日</td><td>見本{year}</td><td>{year}年05月12日10時～{year}年05月15日12時</td><td>終了</td></tr>
</table></body></html>"""


class Site:
    """Has the pages of some years, and remembers which were asked for."""

    def __init__(self, *years: int) -> None:
        self.years = years
        self.asked: list[int] = []

    def __call__(self, request: Request) -> Page:
        year = int(request.url.rstrip("/").rpartition("/")[2])
        assert request.url == f"https://www.tcvb.or.jp/jp/agreement/{year}/"
        self.asked.append(year)
        if year not in self.years:
            raise FetchError("{host}: answered {status}", host="www.tcvb.or.jp", status=404)
        return page_of(PAGE.format(year=year).encode(), request, headers={"content-type": "text/html; charset=UTF-8"})

    def crawl(self, since: date, now: date, until: date | None = None) -> list[Finding]:
        window = Window(since, until, datetime(now.year, now.month, now.day, 9, tzinfo=TOKYO))
        return list(crawl(TokyoTcvb(), window, self))


@pytest.mark.parametrize(
    ("since", "now", "years"),
    [
        (date(2026, 9, 8), date(2026, 10, 8), [2026]),
        (date(2027, 2, 1), date(2027, 3, 3), [2026]),
        (date(2027, 3, 3), date(2027, 4, 2), [2026, 2027]),
    ],
)
def test_the_pages_of_the_fiscal_years_in_the_window_are_asked_for(since: date, now: date, years: list[int]) -> None:
    site = Site(2026, 2027)
    site.crawl(since, now)
    assert site.asked == years


def test_a_year_whose_page_is_missing_is_told_and_the_other_is_read() -> None:
    notice, problem = Site(2026).crawl(date(2027, 3, 3), date(2027, 4, 2))
    assert isinstance(notice, ScrapedNotice)
    assert (notice.key, notice.deadline) == ("2026-1", None)
    assert isinstance(problem, Problem)
    assert problem.part.endswith("/2027/")


def test_the_one_page_of_the_year_missing_is_an_error() -> None:
    with pytest.raises(FetchError, match="404"):
        Site().crawl(date(2026, 9, 8), date(2026, 10, 8))


def test_a_window_in_the_past_asks_for_its_years_and_gives_nothing_published_after_it() -> None:
    site = Site(2024, 2025, 2026)
    assert site.crawl(date(2024, 4, 1), date(2026, 10, 8), until=date(2024, 5, 10)) == []
    assert site.asked == [2024]
