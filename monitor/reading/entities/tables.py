"""Reading the tables of entities: tabs between the cells, a line of column names, remarks that begin with ``#``."""

from collections.abc import Sequence
from pathlib import Path


class TableError(ValueError):
    """A mistake in a table, with file, line and remedy."""


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table as column → cell; it must have ``columns`` and may have more."""
    lines = path.read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t") if lines else []
    if missing := [column for column in columns if column not in header]:
        raise TableError(f"{path.name}: line 1: add the column {missing[0]!r}")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) > len(header) or not cells[0]:
            raise TableError(
                f"{path.name}: line {number}: {len(header)} cells are expected, with a name in the first"
            )
        rows.append(dict(zip(header, (*cells, *[""] * (len(header) - len(cells))), strict=True)))
    return rows
