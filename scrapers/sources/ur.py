"""The feeds of UR's head office and branches: one feed of calls for each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.feeds import FeedSource
from scrapers.source import Page, Window

FEED = "https://www.ur-net.go.jp/orders/{office}/order.xml"
OFFICES = ("honsha", "toshin", "east", "chiba", "kanagawa", "saitama", "central", "west", "kyushu")


class Ur(FeedSource):
    """UR都市機構 入札・契約情報: works and services of the agency that owns 700,000 rented homes.

    Owner: Urban Renaissance Agency (独立行政法人都市再生機構), Japan.
    Covers: calls of the head office and of eight branches and regions, a feed for each.
    Terms: none stated for the feeds; title, link and day are shown, and the link leads to UR's own page.
    Caveats: a feed without an entry is normal; all nine failing is an error, one is told. Titles only: text and
        deadline are on UR's pages, which are not read. Announcements of planned works (発注見通し) are among the
        entries. UR also has feeds of reconstruction offices (f-reconstruction, im-reconstruction), not asked here.
    """

    slug: ClassVar[str] = "ur"
    name: ClassVar[str] = "UR都市機構 入札・契約情報"
    name_en: ClassVar[str] = "Urban Renaissance Agency calls"
    homepage: ClassVar[str] = "https://www.ur-net.go.jp/orders/"
    jurisdiction: ClassVar[str] = "national"

    addresses: ClassVar[tuple[str, ...]] = tuple(FEED.format(office=office) for office in OFFICES)
    buyer: ClassVar[str | None] = "独立行政法人都市再生機構"
    buyer_en: ClassVar[str | None] = "Urban Renaissance Agency"

    def notice(self, entry: Mapping[str, Any], page: Page, window: Window) -> ScrapedNotice | Problem | None:
        found = super().notice(entry, page, window)
        if not isinstance(found, ScrapedNotice):
            return found
        # The pages of the branches list several calls each, so a link alone may stand for several entries.
        return replace(found, key=f"{found.key} {found.title}")
