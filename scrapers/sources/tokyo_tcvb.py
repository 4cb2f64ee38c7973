"""The Tokyo Convention & Visitors Bureau's table of its contracts: a page for each year."""

from typing import ClassVar

from db.vocabulary.japanese import fiscal_year_of
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.errors import ScrapeError
from scrapers.html import Row, open_page
from scrapers.shapes import ListLayout, ListSource
from scrapers.source import Page, Request, Steps, Window
from scrapers.sources.tokyo_kosha import LAYOUT, with_days, without_day
from scrapers.tokyo import PREFECTURE

YEAR_PAGE = "https://www.tcvb.or.jp/jp/agreement/{year}/"


class TokyoTcvb(ListSource):
    """東京観光財団 契約情報: commissions of the Tokyo Convention & Visitors Bureau (promotion, fairs, web sites).

    Owner: Tokyo Convention & Visitors Bureau (公益財団法人東京観光財団).
    Covers: all commissions of the year on one page, the closed ones too.
    Terms: none stated for the table; title, days and link are shown.
    Caveats: the year is in the address and is taken for the fiscal year (it was seen once, in October 2026); the
        pages of all fiscal years in the window are asked for, and one that is missing is told. The table states the
        period in which bidders ask to be invited (希望申出期間), never a deadline for tenders. The page was
        described by others, its markup was never seen.
    """

    slug: ClassVar[str] = "tokyo_tcvb"
    name: ClassVar[str] = "東京観光財団 契約情報"
    name_en: ClassVar[str] = "Tokyo Convention & Visitors Bureau contracts"
    homepage: ClassVar[str] = "https://www.tcvb.or.jp/jp/"
    jurisdiction: ClassVar[str] = "local"
    look_back_days: ClassVar[int] = 30

    addresses: ClassVar[tuple[str, ...]] = ()  # by the years of the window
    layout: ClassVar[ListLayout] = LAYOUT
    buyer: ClassVar[str | None] = "公益財団法人東京観光財団"
    buyer_en: ClassVar[str | None] = "Tokyo Convention & Visitors Bureau"
    prefecture: ClassVar[str | None] = PREFECTURE

    def steps(self, window: Window) -> Steps:
        first, last = fiscal_year_of(window.since), fiscal_year_of(window.until or window.now.date())
        addresses = [YEAR_PAGE.format(year=year) for year in range(first, max(first, last) + 1)]
        errors: list[ScrapeError] = []
        for address in addresses:
            try:
                yield from self._table(address, window)
            except ScrapeError as error:
                errors.append(error)
                yield Problem(address, error.saying)
        if len(errors) == len(addresses):
            raise errors[0]

    def _table(self, address: str, window: Window) -> Steps:
        following: str | None = address
        visited: set[str] = set()
        while following and following not in visited:
            visited.add(following)
            page = yield Request(following)
            document = open_page(page, self.slug, expects="table")
            for found in [self.notice(row, page, window) for row in self.rows(document, page)]:
                later = isinstance(found, ScrapedNotice) and window.until and found.published > window.until
                if found is not None and not later:
                    yield found
            following = self.next_page(document, page)

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        found = super().notice(without_day(row), page, window)
        return with_days(row, page, found) if isinstance(found, ScrapedNotice) else found
