"""The copy of the record that is given away."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from db import publishing
from db.engine import Database
from db.errors import RecordError
from db.publishing import MARK, publish
from db.querying import asked
from db.views import VIEWS
from tests.db.small_record import AWARDS, TENDERS, award_id, fill, tender_id


@pytest.fixture
def record(database: Database) -> Database:
    fill(database)
    return database


@pytest.fixture
def copy(record: Database, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    publish(record, tmp_path / "copy.db")
    with closing(sqlite3.connect(f"file:{tmp_path}/copy.db?mode=ro&immutable=1", uri=True)) as connection:
        yield connection


def test_a_copy_has_every_row_of_the_views_in_tables_and_in_views(record: Database, tmp_path: Path) -> None:
    told: list[int] = []
    counts = publish(record, tmp_path / "copy.db", watch=told.append)
    notices = TENDERS + TENDERS // 3
    assert (counts["tenders"], counts["awards"], counts["notices"]) == (TENDERS, AWARDS - 1, notices)
    assert told[-1] == sum(counts.values())
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        for view in VIEWS:
            with asked(record, f"SELECT * FROM {view.name} ORDER BY {', '.join(view.key)}") as answer:
                expected = list(answer.rows)
            for name in (view.table, view.name):
                found = connection.execute(f"SELECT * FROM {name} ORDER BY {', '.join(view.key)}")
                assert [column[0] for column in found.description] == view.names
                assert found.fetchall() == expected


def test_nothing_of_subscribers_is_in_the_file(record: Database, tmp_path: Path) -> None:
    publish(record, tmp_path / "copy.db")
    raw = (tmp_path / "copy.db").read_bytes()
    assert b"anna" not in raw
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        names = {name for (name,) in connection.execute("SELECT tbl_name FROM sqlite_schema")}
    ours = {name for view in VIEWS for name in (view.table, view.name)}
    assert {name for name in names if not name.startswith("sqlite_") and "_fts" not in name} == ours


def test_the_file_is_whole_and_can_be_served_as_one_that_never_changes(copy: sqlite3.Connection) -> None:
    assert copy.execute("PRAGMA journal_mode").fetchone() != ("wal",)
    assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert copy.execute("PRAGMA foreign_key_check").fetchall() == []
    assert copy.execute("PRAGMA application_id").fetchone() == (MARK,)
    assert copy.execute("SELECT count(*) FROM sqlite_stat1").fetchone()[0] > 10


def test_its_tables_say_what_they_hold(copy: sqlite3.Connection) -> None:
    (sql,) = copy.execute("SELECT sql FROM sqlite_schema WHERE name = 'awards'").fetchone()
    assert sql.startswith("CREATE TABLE awards ( -- One row for each contract")
    assert "tender_id TEXT REFERENCES tenders (id), -- The tender that it is a result of" in sql
    assert "PRIMARY KEY (id)" in sql
    assert [row[2:5] for row in copy.execute("PRAGMA foreign_key_list(areas)")] == [("tenders", "tender_id", "id")]
    plan = copy.execute("EXPLAIN QUERY PLAN SELECT * FROM v_awards WHERE fiscal_year = 2025").fetchone()
    assert "awards_fiscal_year" in plan[3]


def test_titles_buyers_and_winners_can_be_searched(copy: sqlite3.Connection) -> None:
    def found(table: str, words: str) -> list[str]:
        sql = f"SELECT id FROM {table} WHERE rowid IN (SELECT rowid FROM {table}_fts WHERE {table}_fts MATCH ?)"
        return [id for (id,) in copy.execute(sql, [f'"{words}"'])]

    assert str(tender_id(0)) in found("tenders", "ステーション整備")
    assert len(found("tenders", "ステーション整備")) == TENDERS
    assert str(tender_id(0)) in found("tenders", "hydrogen")
    assert str(award_id(1)) in found("awards", "株式会社例示")
    assert found("awards", "見つからない") == []


def test_amounts_are_never_divided_as_whole_numbers(copy: sqlite3.Connection) -> None:
    kinds = copy.execute("SELECT DISTINCT typeof(amount_jpy) FROM awards WHERE amount_jpy IS NOT NULL").fetchall()
    assert kinds == [("real",)]


def test_a_reference_that_leads_nowhere_is_left_out(record: Database, tmp_path: Path) -> None:
    missing = "00000000000000000000000000000005"
    record.write(
        lambda session: session.connection().exec_driver_sql(
            f"UPDATE award SET tender_id = '{missing}' WHERE number = 1 AND key = '5'"
        )
    )
    publish(record, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        row = connection.execute("SELECT tender_id FROM awards WHERE id = ?", [str(award_id(5))]).fetchone()
    assert row == (None,)


def test_a_copy_takes_the_place_of_an_older_copy_and_of_nothing_else(record: Database, tmp_path: Path) -> None:
    out = tmp_path / "copy.db"
    publish(record, out)
    record.write(lambda session: session.connection().exec_driver_sql("DELETE FROM award_area"))
    publish(record, out)
    for name, content in (("notes.txt", b"mine"), ("other.db", b"")):
        (tmp_path / name).write_bytes(content)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE mine (a)")
    for name in ("notes.txt", "other.db"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(RecordError, match=rf"{name}: is there, and is no published copy"):
            publish(record, tmp_path / name)
        assert (tmp_path / name).read_bytes() == before


def test_the_record_itself_is_never_overwritten(
    tmp_path: Path, sqlite_template: Path, opened: Callable[[str], Database]
) -> None:
    file = tmp_path / "monitor.db"
    shutil.copy(sqlite_template, file)
    with pytest.raises(RecordError, match="is no published copy"):
        publish(opened(f"sqlite:///{file}"), file)


def test_what_fails_half_way_leaves_the_old_copy_and_no_rest(
    record: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "copy.db"
    publish(record, out)
    before = out.read_bytes()

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(publishing, "_tidy", full)
    with pytest.raises(RecordError, match=r"copy\.db: cannot be written \(database or disk is full\)"):
        publish(record, out)
    assert out.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if "part" in one.name] == []


def test_a_place_that_is_not_there_is_told(record: Database, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"copy\.db: cannot be written"):
        publish(record, tmp_path / "nowhere" / "copy.db")


def test_an_empty_record_gives_an_empty_copy(database: Database, tmp_path: Path) -> None:
    assert publish(database, tmp_path / "copy.db") == {"tenders": 0, "awards": 0, "notices": 0, "areas": 0}
