"""The Tokyo Convention & Visitors Bureau's table of its contracts: a page for each year."""

from collections.abc import Sequence
from typing import ClassVar

from db.vocabulary.japanese import fiscal_year_of
from scrapers.source import Window
from scrapers.tokyo_tables import ContractTable

YEAR_PAGE = "https://www.tcvb.or.jp/jp/agreement/{year}/"


class TokyoTcvb(ContractTable):
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
    buyer: ClassVar[str | None] = "公益財団法人東京観光財団"
    buyer_en: ClassVar[str | None] = "Tokyo Convention & Visitors Bureau"

    def lists(self, window: Window) -> Sequence[str]:
        first, last = fiscal_year_of(window.since), fiscal_year_of(window.until or window.now.date())
        return [YEAR_PAGE.format(year=year) for year in range(first, max(first, last) + 1)]
