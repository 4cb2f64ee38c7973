"""The agency's notices lie in a folder for each fiscal year."""

import re
from datetime import date, datetime, timedelta, timezone

import pytest

from db.vocabulary.notice import ScrapedNotice
from scrapers.source import Page, Request, Window, crawl, page_of
from scrapers.sources.anre import CALLS, Anre


@pytest.mark.parametrize(
    ("path", "is_notice"),
    [
        ("2021/20210423_001.html", True),
        ("2021/20220121_001.html", True),
        ("2024/0529_01.html", True),
        ("2024/index.html", False),
        ("2024/", False),
        ("index.html", False),
    ],
)
def test_a_page_in_the_folder_of_a_year_is_a_notice(path: str, is_notice: bool) -> None:
    assert bool(re.search(Anre.layout.links, f"{CALLS}{path}")) is is_notice


@pytest.mark.parametrize(
    ("since", "years"), [(date(2026, 5, 16), ["2026"]), (date(2026, 3, 31), ["2025", "2026"])], ids=str
)
def test_pages_of_earlier_fiscal_years_than_those_asked_for_are_left_alone(since: date, years: list[str]) -> None:
    asked: list[str] = []

    def fetch(request: Request) -> Page:
        asked.append(request.url.removeprefix(CALLS))
        links = "".join(f"<li><a href='{year}/0401_01.html'>{year}年度の公募</a></li>" for year in range(2020, 2027))
        content = f"<main><h1>{request.url[-17:-13]}年度の公募</h1></main>" if asked[1:] else f"<ul>{links}</ul>"
        return page_of(f"<html><body>{content}</body></html>".encode(), request)

    now = datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9)))
    found = list(crawl(Anre(), Window(since, None, now), fetch))
    assert asked == ["", *(f"{year}/0401_01.html" for year in years)]
    assert len([one for one in found if isinstance(one, ScrapedNotice)]) == len(years)
