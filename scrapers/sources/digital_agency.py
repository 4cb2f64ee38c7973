"""The Digital Agency's list of its own procurements: links to their pages on the procurement portal."""

import re
from dataclasses import replace
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.html import Row
from scrapers.kinds import kind_of
from scrapers.shapes import ListLayout, ListSource
from scrapers.source import Page, Window

CASE_NUMBER = re.compile(r"[0-9]{19}")
CASE_NUMBER_NAME = "調達案件番号"
EMPTY_PARTS = re.compile(r"(?:::)+$")
"""A link here ends in empty parts (the mark that it leads elsewhere). Who gathers such titles by joining the parts
with ``::`` gets a row of colons at the end; they are no part of the title."""


class DigitalAgency(ListSource):
    """デジタル庁 調達情報: what the Digital Agency itself buys, much of it for the whole government.

    Owner: Digital Agency (デジタル庁), Japan.
    Covers: the agency's own calls; each is a link to the case's page on the procurement portal (調達ポータル),
        whose case number tells it from all others and joins it with the portal's own notice.
    Terms: the site's copyright policy (compatible with CC BY 4.0): name デジタル庁 as the source and link the page.
    Caveats: no text and no deadline here; both are on the portal, which is a source of its own and not asked from
        here. The links were seen up to December 2024. Whether the list states days was never seen: a day beside
        the link is read, a link without one is undated. The agency's feed (/rss/news.xml) holds all its news and
        is not needed beside the list.
    """

    slug: ClassVar[str] = "digital_agency"
    name: ClassVar[str] = "デジタル庁 調達情報"
    name_en: ClassVar[str] = "Digital Agency procurement list"
    homepage: ClassVar[str] = "https://www.digital.go.jp/procurement"
    jurisdiction: ClassVar[str] = "national"

    addresses: ClassVar[tuple[str, ...]] = ("https://www.digital.go.jp/procurement",)
    layout: ClassVar[ListLayout] = ListLayout(
        items='a[href*="p-portal.go.jp"][href*="OAA0122"]',
        selectors={"title": ""},
        beside=True,
        next_page='a[rel="next"]',
    )
    buyer: ClassVar[str | None] = "デジタル庁"
    buyer_en: ClassVar[str | None] = "Digital Agency"

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        found = super().notice(row, page, window)
        if not isinstance(found, ScrapedNotice):
            return found
        if title := EMPTY_PARTS.sub("", found.title).strip():
            original = found.title_original or found.title
            found = replace(found, title=title, title_original=original if original != title else None)
        found = replace(found, kind=kind_of(found.title))
        number = parse_qs(urlsplit(found.url).query).get("anken", [""])[0]
        if not CASE_NUMBER.fullmatch(number):
            return found
        return replace(found, key=number, references=((CASE_NUMBER_NAME, number),))
