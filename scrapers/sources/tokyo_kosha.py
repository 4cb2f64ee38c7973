"""The Tokyo SME Support Center's table of its contracts, and what its table shares with those of like bodies."""

from dataclasses import replace
from datetime import date
from typing import ClassVar

from bs4 import Tag

from db.vocabulary.japanese import find_dates, fiscal_year, fiscal_year_of
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.html import Row, unreadable, words
from scrapers.shapes import ListLayout, ListSource
from scrapers.source import Page, Window
from scrapers.tokyo import PREFECTURE, period

PERIOD = "希望申出期間"
"""In which bidders say that they would like to be invited: no deadline for tenders."""
LAYOUT = ListLayout(
    columns={"case": "整理番号", "title": "件名", "published": "公表日", "period": PERIOD, "status": "受付"},
    next_page='a[rel="next"]',
)
"""The numbers are those of one body and one fiscal year, so they are no references by which a tender is recognised.
The last column's heading (受付状況) was never seen whole."""


def with_days(row: Row, page: Page, found: ScrapedNotice) -> ScrapedNotice | Problem:
    """The notice with its days, and with its number, which begins anew every fiscal year.

    Days without a year lie in the fiscal year that the heading names, or follow the day of publication.
    """
    written, number = row.text("published"), row.text("case")
    published = day_of(written, heading_above(row.cells["title"]))
    if published is None:
        return Problem(page.url, unreadable(f"{number} {found.title} {written}")) if written else found
    stated = period_in(row)
    return replace(
        found,
        key=f"{fiscal_year_of(published)}-{number}" if number else f"{published} {found.title}",
        published=published,
        undated=False,
        portal_dates=((PERIOD, period(stated, published)),) if stated else (),
    )


def period_in(row: Row) -> str:
    """The period of a row: on one line, on two, or in two cells below one heading."""
    cell = row.cells.get("period")
    if cell is None:
        return ""
    beside = cell.find_next_sibling(["td", "th"])
    if beside is None or any(beside is other for other in row.cells.values()):
        return words(cell)
    return f"{words(cell).rstrip('～〜')}～{words(beside).lstrip('～〜')}"


def without_day(row: Row) -> Row:
    """The row without its day of publication, which needs the heading to be read."""
    return Row({name: cell for name, cell in row.cells.items() if name != "published"})


def day_of(written: str, heading: str) -> date | None:
    """The day in a cell; one without a year (4月1日) lies in the fiscal year that the heading names."""
    if days := [day for _, _, day in find_dates(written)]:
        return days[0]
    year = fiscal_year(heading)
    if year is None:
        return None
    halves = (date(year, 7, 1), date(year + 1, 1, 1))
    days = [
        day for half in halves for _, _, day in find_dates(written, reference=half) if fiscal_year_of(day) == year
    ]
    return days[0] if days else None


def heading_above(cell: Tag) -> str:
    """The nearest heading above a table's cell that names a fiscal year; empty where there is none."""
    headings = (words(tag) for tag in cell.find_all_previous(["h1", "h2", "h3", "h4", "caption"]))
    return next((heading for heading in headings if fiscal_year(heading) is not None), "")


class TokyoKosha(ListSource):
    """東京都中小企業振興公社 契約情報: commissions of the Tokyo SME Support Center (fairs, consulting, systems).

    Owner: Tokyo Metropolitan Small and Medium Enterprise Support Center (公益財団法人東京都中小企業振興公社).
    Covers: all commissions of the fiscal year on one page, the closed ones too; some 60 a year.
    Terms: none stated for the table; title, days and link are shown.
    Caveats: the table states the period in which bidders ask to be invited (希望申出期間), never a deadline for
        tenders; specifications and applications are on another site (ビジネスチャンス・ナビ) behind a login.
        Numbers begin anew in April. The page was described by others, its markup was never seen.
    """

    slug: ClassVar[str] = "tokyo_kosha"
    name: ClassVar[str] = "東京都中小企業振興公社 契約情報"
    name_en: ClassVar[str] = "Tokyo SME Support Center contracts"
    homepage: ClassVar[str] = "https://www.tokyo-kosha.or.jp/kosha/keiyaku/"
    jurisdiction: ClassVar[str] = "local"
    look_back_days: ClassVar[int] = 30

    addresses: ClassVar[tuple[str, ...]] = ("https://www.tokyo-kosha.or.jp/kosha/keiyaku/",)
    layout: ClassVar[ListLayout] = LAYOUT
    buyer: ClassVar[str | None] = "公益財団法人東京都中小企業振興公社"
    buyer_en: ClassVar[str | None] = "Tokyo Metropolitan Small and Medium Enterprise Support Center"
    prefecture: ClassVar[str | None] = PREFECTURE

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        found = super().notice(without_day(row), page, window)
        return with_days(row, page, found) if isinstance(found, ScrapedNotice) else found
