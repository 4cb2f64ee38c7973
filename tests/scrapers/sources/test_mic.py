"""The ministry writes in Shift_JIS, and what its publishing system numbers is a notice."""

import re
from datetime import date, datetime, timedelta, timezone

import pytest

from db.vocabulary.notice import ScrapedNotice
from scrapers.source import Page, Request, Window, crawl, page_of
from scrapers.sources.mic import NOTICES, Mic

SITE = "https://www.soumu.go.jp"


@pytest.mark.parametrize(
    ("path", "is_notice"),
    [
        ("main_content/001069763.pdf", True),
        ("main_sosiki/jichi_gyousei/c-gyousei/02gyosei08_03000066.html", True),
        ("menu_sinsei/cyoutatsu/index.html", False),
        ("menu_sinsei/cyoutatsu/koukyouchoutatsu.html", False),
        ("news.rdf", False),
    ],
)
def test_what_the_publishing_system_numbers_is_a_notice(path: str, is_notice: bool) -> None:
    assert bool(re.search(NOTICES, f"{SITE}/{path}")) is is_notice


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/html; charset=Shift_JIS", "text/html; charset=iso-8859-1"]
)
def test_shift_jis_is_read_whatever_the_header_says(content_type: str) -> None:
    page = (
        "<html><head><meta charset=Shift_JIS></head><body><ul><li>令和8年6月9日 "
        "<a href='/main_content/001069763.pdf'>①髙度無線の公募</a></li></ul></body></html>"
    )

    def fetch(request: Request) -> Page:
        return page_of(page.encode("cp932"), request, headers={"content-type": content_type})

    now = datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9)))
    (found,) = crawl(Mic(), Window(date(2026, 6, 1), None, now), fetch)
    assert isinstance(found, ScrapedNotice)
    assert (found.title, found.published) == ("①髙度無線の公募", date(2026, 6, 9))
