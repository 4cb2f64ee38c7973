"""Tables of spreadsheets: every dialect is read, and nothing that is written is run."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.spreadsheets import as_meant, harmless, rows

TABLE = [["email", "name"], ["anna@example.org", "水素、太陽光"]]


def written(delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(TABLE)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_excel_writes_in_any_country_is_read(encoding: str, delimiter: str) -> None:
    assert list(rows(written(delimiter).encode(encoding))) == [(1, TABLE[0]), (3 - 1, TABLE[1])]


def test_a_row_is_known_by_the_line_on_which_it_begins_and_empty_ones_are_left_out() -> None:
    data = b'email,name\r\n\r\na,"two\r\nlines"\r\n , \r\nb,c\r\n'
    assert list(rows(data)) == [(1, ["email", "name"]), (3, ["a", "two\r\nlines"]), (6, ["b", "c"])]


def test_a_row_that_cannot_be_read_is_told_and_does_not_hide_those_before_it() -> None:
    first, second, bad = rows(b'email\nanna@example.org\n"never closed\nben@example.org\n')
    assert (first, second) == ((1, ["email"]), (2, ["anna@example.org"]))
    assert (bad[0], isinstance(bad[1], csv.Error)) == (3, True)


@example("=1+1")
@example("'=1+1")
@example("\t=1")
@given(st.text())
def test_no_cell_is_taken_for_a_formula_and_each_comes_back_as_it_was(cell: str) -> None:
    safe = harmless(cell)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    if not cell.startswith("'"):
        assert as_meant(safe) == cell
