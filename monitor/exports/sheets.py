"""Tables as CSV that spreadsheets open with a double click: UTF-8 with a BOM, CRLF (RFC 4180), no cell a formula."""

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Any, BinaryIO

from alerts.site import Site
from db.card import Card
from db.vocabulary.japanese import tokyo_iso
from monitor.exports.dictionary import TENDERS, Column, Table, Type
from monitor.exports.tables import Row
from monitor.exports.tables import row_of as tender_row
from monitor.exports.writing import Watch, unwatched
from monitor.spreadsheets import BEGINS_A_FORMULA, harmless

BOM = "\ufeff"
"""Without it Excel takes UTF-8 for the encoding of the country it is used in."""
_BEGINNINGS = frozenset(BEGINS_A_FORMULA)


def columns(table: Table = TENDERS) -> list[str]:
    """The headings."""
    return [column.name for column in table.flat]


def row_of(card: Card, site: Site) -> list[str]:
    """The cells of a tender, for those who write a CSV of their own."""
    (row,) = _written(TENDERS, [tender_row(card, site)])
    return ["" if cell is None else str(cell) for cell in row]


class Sheet:
    """A CSV that is being written."""

    def __init__(self, out: BinaryIO, table: Table) -> None:
        self._out, self._table = out, table
        self._out.write(BOM.encode())
        self._write([columns(table)])

    def write(self, rows: Iterable[Row]) -> None:
        self._write(_written(self._table, rows))

    def _write(self, rows: Iterable[Iterable[object]]) -> None:
        # Into memory and then into the file: a wrapper around the file would close it with itself.
        text = StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        self._out.write(text.getvalue().encode())


def write_csv(out: BinaryIO, table: Table, rows: Iterator[list[Row]], *, watch: Watch = unwatched) -> int:
    """Write rows with their headings. Returns how many."""
    sheet, count = Sheet(out, table), 0
    for some in rows:
        sheet.write(some)
        count += len(some)
        watch(count)
    return count


def _written(table: Table, rows: Iterable[Row]) -> Iterator[tuple[object, ...]]:
    """Rows as the writer of CSV takes them: of what is left as it is it writes the text, and of None nothing."""
    by_column = zip(*rows, strict=True)
    return zip(
        *(_cells(column, cells) for column, cells in zip(table.columns, by_column, strict=False) if column.flat),
        strict=True,
    )


def _cells(column: Column, cells: Iterable[Any]) -> Iterable[object]:
    # By column and not by cell: what is to be done is decided once for thousands of them.
    match column.type:
        case Type.TEXT | Type.ADDRESS:
            # Looking at the first character here: a call for each of millions of cells would take most of the time.
            return [harmless(cell) if cell and cell[0] in _BEGINNINGS else cell for cell in cells]
        case Type.TEXTS:
            return [harmless(" ".join(cell)) if cell else "" for cell in cells]
        case Type.YEN:
            return [cell if cell is None else plain_number(cell) for cell in cells]
        case Type.MOMENT:
            # What was found together was found at one moment.
            written = {cell: tokyo_iso(cell) for cell in set(cells) if cell is not None}
            return [written.get(cell) for cell in cells]
        case _:
            return cells


def plain_number(amount: Decimal) -> str:
    """An amount in digits: no exponent, and no decimal places that say nothing."""
    return f"{amount:f}".rstrip("0").rstrip(".") if amount % 1 else f"{amount:.0f}"
