"""The Agency for Natural Resources and Energy: its list of calls for commissions and subsidies."""

import re
from collections.abc import Mapping
from typing import ClassVar

from db.vocabulary.japanese import fiscal_year_of
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.html import Row
from scrapers.shapes import READABLE, ListLayout, ListSource, links_to
from scrapers.source import Page, Window

CALLS = "https://www.enecho.meti.go.jp/appli/public_offer/"
NOTICES = re.compile(r"/appli/public_offer/(\d{4})/(?!index\.)[^/?#]+\.html\b")
"""Addresses of notices, with their fiscal year."""


class Anre(ListSource):
    """資源エネルギー庁 公募: calls of the Agency for Natural Resources and Energy (renewables, saving, nuclear).

    Owner: Agency for Natural Resources and Energy (資源エネルギー庁), Japan.
    Covers: calls for those who carry out commissions and subsidies in energy.
    Terms: the site's general terms of use were not read for this project; the agency is named and every notice links
        to its page.
    Caveats: own pages of notices are real (appli/public_offer/2021/20210423_001.html, …/2024/0529_01.html; the folder
        is the fiscal year) and have their day on a line below the title; the number in the address may be a day
        earlier and is not taken for it. The list itself was never seen: its address is the folder of the notices,
        and links into the folder of a year are taken for notices. Where that is wrong, the crawl fails. The pages of
        earlier fiscal years than those asked for are left alone.
    """

    slug: ClassVar[str] = "anre"
    name: ClassVar[str] = "資源エネルギー庁 公募情報"
    name_en: ClassVar[str] = "Agency for Natural Resources and Energy calls"
    homepage: ClassVar[str] = CALLS
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 30
    addresses: ClassVar[tuple[str, ...]] = (CALLS,)
    layout: ClassVar[ListLayout] = links_to(NOTICES.pattern, method="公募")
    kinds: ClassVar[Mapping[str, NoticeKind]] = {"入札可能性調査": NoticeKind.INFORMATION_REQUEST}
    buyer: ClassVar[str | None] = "資源エネルギー庁"
    buyer_en: ClassVar[str | None] = "Agency for Natural Resources and Energy"
    body: ClassVar[str | tuple[str, ...]] = READABLE

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        found = super().notice(row, page, window)
        year = NOTICES.search(found.url) if isinstance(found, ScrapedNotice) and found.undated else None
        return None if year and int(year[1]) < fiscal_year_of(window.since) else found
