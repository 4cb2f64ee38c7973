"""Tables as spreadsheets write and read them: CSV in whatever dialect, and cells that no program takes for a formula."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from db.vocabulary.japanese import decode

DELIMITERS = (",", ";", "\t")
"""Excel takes the one of the country it is used in; "Unicode text" has tabs."""
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""OWASP's list, which has the wide forms too: Japanese spreadsheets take what is typed so for the narrow ones."""


def harmless(cell: str) -> str:
    """A spreadsheet takes these beginnings for a formula and would run it: an apostrophe makes it text (OWASP)."""
    return f"'{cell}" if cell.startswith(BEGINS_A_FORMULA) else cell


def as_meant(cell: str) -> str:
    """A cell as it was before ``harmless``."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(BEGINS_A_FORMULA) else cell


def rows(data: bytes) -> Iterator[tuple[int, Sequence[str] | csv.Error]]:
    """The rows of a CSV file with the number of the line on which each begins; empty ones are left out.

    The encoding is found out, and the delimiter from the first line. A row that cannot be read is given as the error.
    """
    text = decode(data)
    head = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, error
        else:
            if any(cell.strip() for cell in row):
                yield number, [as_meant(cell.strip()) for cell in row]
