"""The tables in which bodies affiliated with Tokyo list their contracts, which are alike but for their addresses."""

import re
from dataclasses import replace
from typing import ClassVar

from bs4 import Tag

from db.vocabulary.japanese import fiscal_year, fiscal_year_of
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.html import Row, unreadable, words
from scrapers.shapes import ListLayout, ListSource
from scrapers.source import Page, Window
from scrapers.tokyo import PREFECTURE, day_in_fiscal_year, period, status_of

PERIOD = "希望申出期間"
"""In which bidders say that they would like to be invited: no deadline for tenders."""


_FROM_TO = re.compile("[~～〜]|から")


class ContractTable(ListSource):
    """整理番号 | 件名 | 公表日 | 希望申出期間 | 受付中 or 終了, below a heading that names the fiscal year.

    The numbers are those of one body and one fiscal year, so they are no references by which a tender is recognised.
    The last column's heading (受付状況) was never seen whole.
    """

    every_hours: ClassVar[int] = 24
    layout: ClassVar[ListLayout] = ListLayout(
        columns={"case": "整理番号", "title": "件名", "published": "公表日", "period": PERIOD, "status": "受付"},
        next_page='a[rel="next"]',
    )
    prefecture: ClassVar[str | None] = PREFECTURE

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        """A row as a notice. Days without a year lie in the fiscal year of the heading, or follow the publication."""
        # The day is read here, for it may need the heading.
        others = Row({name: cell for name, cell in row.cells.items() if name != "published"})
        found = super().notice(others, page, window)
        if not isinstance(found, ScrapedNotice):
            return found
        day, number, stated = row.text("published"), row.text("case"), _period(row)
        year = _year_above(row.cells["title"])
        published = day_in_fiscal_year(day, year)
        if published is None and day:
            return Problem(page.url, unreadable(f"{number} {found.title} {day}"))
        year = fiscal_year_of(published) if published else year
        key = f"{year}-{number}" if year and number else f"{published or ''} {found.title}".strip()
        return replace(
            found,
            key=key,
            published=published or found.published,
            undated=published is None,
            status=status_of(row.text("status")),
            portal_dates=((PERIOD, period(stated, published)),) if stated else (),
        )


def _period(row: Row) -> str:
    """The period of a row: on one line, or its first and its last day on two lines or in two cells."""
    cell = row.cells.get("period")
    if cell is None:
        return ""
    beside = cell.find_next_sibling(["td", "th"])
    parts = row.lines("period").split("\n")
    if beside is not None and not any(beside is other for other in row.cells.values()):
        parts = [words(cell), words(beside)]
    if len(parts) == 2 and not _FROM_TO.search("".join(parts)):
        return "～".join(parts)
    return " ".join(parts)


def _year_above(cell: Tag) -> int | None:
    """The fiscal year that the nearest heading above a cell's table names."""
    table = cell.find_parent("table")
    headings = map(words, table.find_all_previous(["h1", "h2", "h3", "h4"]) if table is not None else ())
    return next((year for heading in headings if (year := fiscal_year(heading)) is not None), None)
