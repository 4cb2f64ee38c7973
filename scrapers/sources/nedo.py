"""NEDO's calls for research and development: previews, calls and decisions, a page for each."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from bs4 import BeautifulSoup

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.html import Row, link_of
from scrapers.shapes import READABLE, ListLayout, ListSource, links_to
from scrapers.source import Page, Window

SITE = "https://www.nedo.go.jp"
SEARCH = f"{SITE}/form/event.php"
STAGES = {"1": NoticeKind.PLANNED, "2": NoticeKind.PROPOSAL_CALL, "3": NoticeKind.AWARD}
NOTICES = re.compile(r"/koubo/[A-Z]+([123])_\d+(?:_\d+)?\.html\b")
"""Addresses of notices, with the digit of their stage."""


class Nedo(ListSource):
    """NEDO 公募: calls of the New Energy and Industrial Technology Development Organization, and who won them.

    Owner: New Energy and Industrial Technology Development Organization (新エネルギー・産業技術総合開発機構).
    Covers: research, demonstration and studies in energy, industry and environment: planned calls (予告), calls
        (公募) and decisions (実施体制の決定); one or two a day.
    Terms: the site (/qinf/copyright.html) is said to allow quotation that names it, and to ask permission for
        commercial copies: readers are shown an extract and the link.
    Caveats: the addresses of notices are known from many (FF2_100464.html: the digit is 1 planned, 2 call, 3
        decision). The lists were never seen here; as others read them, /koubo/ shows the newest as list items with
        a day, and the search of all calls (event.php, ten rows a page) a table with a day in each row. A notice's
        own page has its day right below the title. Deadlines stand in the text of the pages only.
    """

    slug: ClassVar[str] = "nedo"
    name: ClassVar[str] = "NEDO 公募"
    name_en: ClassVar[str] = "NEDO calls"
    homepage: ClassVar[str] = f"{SITE}/koubo/"
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 30
    pause_seconds: ClassVar[float] = 2.0
    addresses: ClassVar[tuple[str, ...]] = (
        f"{SITE}/koubo/index.html",
        f"{SEARCH}?f=koubo.html&o=-date%2Cpagetitle&p=1",
    )
    layout: ClassVar[ListLayout] = links_to(NOTICES.pattern, next_page='a[href*="f=koubo.html"]')
    buyer: ClassVar[str | None] = "国立研究開発法人新エネルギー・産業技術総合開発機構"
    buyer_en: ClassVar[str | None] = "New Energy and Industrial Technology Development Organization"
    body: ClassVar[str | tuple[str, ...]] = ("div.main-container", *READABLE)

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        found = super().notice(row, page, window)
        if not isinstance(found, ScrapedNotice):
            return found
        stage = NOTICES.search(found.url)
        return replace(found, kind=STAGES[stage[1]]) if stage else found

    def goes_on(self, notices: Sequence[ScrapedNotice], window: Window) -> bool:
        """The search has the newest first: what follows a page that is older than the window is older still."""
        days = [notice.published for notice in notices if not notice.undated]
        return not days or max(days) >= window.since

    def next_page(self, document: BeautifulSoup, page: Page) -> str | None:
        """The search links to its pages by their numbers."""
        wanted = _number(page.url) + 1
        links = (link_of(anchor, page.url) for anchor in document.select(self.layout.next_page))
        return next((link for link in links if link and link.startswith(SEARCH) and _number(link) == wanted), None)


def _number(address: str) -> int:
    """The number of a page of the search."""
    written = parse_qs(urlsplit(address).query).get("p", ["1"])[0]
    return int(written) if written.isdecimal() and len(written) < 10 else 1
