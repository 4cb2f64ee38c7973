"""Asking the record in SQL, and giving a copy of it away."""

import csv
import io
import json
import sqlite3
import sys
from contextlib import closing

import pytest

from monitor.questions import EXAMPLES
from tests.db.small_record import AWARDS, TENDERS, fill
from tests.monitor.cli.conftest import Home


@pytest.fixture
def full(home: Home) -> Home:
    fill(home.database)
    return home


def test_a_question_is_answered_as_a_table(full: Home) -> None:
    ended, out, err = full.run("sql", "SELECT kind, count(*) AS title FROM v_tenders GROUP BY kind ORDER BY kind")
    assert (ended, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["kind", "title"]
    assert sum(int(line[1]) for line in lines[1:]) == TENDERS


def test_headings_are_those_of_the_statement_in_every_language(full: Home) -> None:
    ended, out, _ = full.run("sql", "SELECT title FROM v_tenders LIMIT 1", language="ja_JP.UTF-8")
    assert (ended, out.splitlines()[0].strip()) == (0, "title")


def test_figures_stand_in_groups_of_digits_and_years_do_not(full: Home) -> None:
    out = full.shown("sql", "SELECT 12345678 AS yen, 2026 AS fiscal_year, 0.5 AS share, NULL AS blank")
    assert out.splitlines()[1].split() == ["12,345,678", "2026", "0.5"]


def test_a_table_shows_what_a_terminal_can_and_files_have_everything(full: Home) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) SELECT i FROM n"
    ended, out, err = full.run("sql", numbers)
    assert (ended, len(out.splitlines()), err) == (0, 101, "there are more; ask for them with --limit\n")
    ended, out, err = full.run("sql", numbers, "--format", "csv")
    assert (ended, out.splitlines()[-1], err) == (0, "150", "")
    ended, out, err = full.run("sql", numbers, "--format", "jsonl", "--limit", 2)
    assert (out, err) == ('{"i":1}\n{"i":2}\n', "there are more; ask for them with --limit\n")


def test_a_cell_of_a_csv_is_no_formula_and_columns_of_one_name_stay_apart(full: Home) -> None:
    out = full.shown("sql", "SELECT '=1+1' AS a, -5 AS b, NULL AS c", "--format", "csv")
    assert list(csv.reader(io.StringIO(out))) == [["a", "b", "c"], ["'=1+1", "-5", ""]]
    out = full.shown("sql", "SELECT 1 AS a, 2 AS a, 3 AS a_2", "--format", "jsonl")
    assert json.loads(out) == {"a": 1, "a_2": 2, "a_2_2": 3}


def test_a_statement_may_come_from_standard_input(full: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("SELECT '更改' AS 語;\n".encode())))
    assert full.shown("sql", "-", "--format", "jsonl") == '{"語":"更改"}\n'


def test_examples_are_listed_and_asked_by_name(full: Home) -> None:
    listed = full.shown("sql", "--examples")
    assert [line.split()[0] for line in listed.splitlines()[1:]] == [one.name for one in EXAMPLES]
    ended, out, err = full.run("sql", "--example", "hydrogen-winners")
    assert ended == 0
    assert err.startswith("Who wins hydrogen contracts?\n")
    assert "株式会社例示" in out
    ended, _, err = full.run("sql", "--example", "winners")
    assert (ended, err.count("\n")) == (1, 1)
    assert "there is no example winners; there are: hydrogen-winners" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("SELECT email FROM subscriber",), "SQL: subscriber cannot be read or used here; there are: v_areas"),
        (("DELETE FROM tender",), "only questions are answered"),
        (("SELECT no_such FROM v_tenders",), "no such column: no_such"),
        ((), "give a SELECT, or - to read it from standard input"),
        (("SELECT 1", "--example", "new-buyers"), "give a SELECT, or -"),
        (("SELECT 1", "--seconds", "0"), "--seconds"),
    ],
)
def test_what_cannot_be_answered_is_told_in_one_line(full: Home, arguments: tuple[str, ...], said: str) -> None:
    ended, out, err = full.run("sql", *arguments)
    assert (ended, out, err.count("\n")) == (1, "", 1)
    assert said in err


def test_a_question_that_takes_too_long_is_given_up(full: Home) -> None:
    for_ever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    ended, _, err = full.run("sql", for_ever, "--seconds", "0.1")
    assert (ended, err) == (1, "error: SQL: not answered within 0.1 s; ask for less, or give it longer\n")


def test_a_copy_is_published_with_what_datasette_is_told(full: Home) -> None:
    ended, out, err = full.run("db", "publish", "tenders.db", "--metadata", "tenders.json")
    assert (ended, out) == (0, "")
    assert f"tenders.db: {TENDERS} tenders, {AWARDS - 1} awards, 80 notices" in err
    with closing(sqlite3.connect(full.folder / "tenders.db")) as copy:
        assert copy.execute("SELECT count(*) FROM v_tenders").fetchone() == (TENDERS,)
    told = json.loads((full.folder / "tenders.json").read_text("utf-8"))
    queries = told["databases"]["tenders"]["queries"]
    assert queries.keys() == {one.name for one in EXAMPLES}
    assert "2026-11-30" in queries["closing-next-week-tokyo"]["sql"]
    assert told["source_url"] == "https://tenders.example.org/"


def test_what_datasette_is_told_does_not_take_the_place_of_the_copy(full: Home) -> None:
    ended, _, err = full.run("db", "publish", "tenders.db", "--metadata", "./tenders.db")
    assert (ended, err.count("\n")) == (1, 1)
    assert "give two names" in err
    assert not (full.folder / "tenders.db").exists()


def test_the_record_is_not_overwritten_by_its_copy(full: Home) -> None:
    ended, _, err = full.run("db", "publish", "home/monitor.db")
    assert (ended, err.count("\n")) == (1, 1)
    assert "is no published copy" in err
    assert full.shown("sql", "SELECT count(*) AS n FROM v_tenders", "--format", "jsonl") == f'{{"n":{TENDERS}}}\n'
