"""A copy of the record to give away: one SQLite file with what the views have, and nothing of subscribers.

The tables hold the rows of the views (``db.views``), with keys, references and indexes, and the views stand over them
under the same names: what is asked of the record can be asked of the copy. It is written beside its place and takes it
when it is whole. It keeps no journal, so that it can be served as a file that never changes.

Titles, buyers and suppliers can be searched for three characters or more anywhere within them (FTS5, ``trigram``):
words of two characters, as 更改, are found by LIKE.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from db.engine import Database
from db.errors import RecordError
from db.views import VIEWS, View

MARK = 0x74656E64
"""By which a file is known to be such a copy (SQLite: application_id)."""
PORTION = 5_000
"""Rows that are held at once."""
SEARCHED = {
    "tenders": ("title", "title_en", "buyer", "buyer_en"),
    "awards": ("title", "buyer", "supplier"),
}
"""The columns that can be searched, by table; the index is called like the table, and ``_fts``."""

Watch = Callable[[int], None]
"""Is told, again and again, how many rows are written."""


def publish(database: Database, out: Path, *, watch: Watch = lambda rows: None) -> dict[str, int]:
    """Write a copy of the record, of one moment. Returns how many rows each table has.

    Raises RecordError where it cannot be written, or where something else lies in its place.
    """
    _look_at(out)
    begun = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with _told(out):
            with suppress(FileNotFoundError):
                begun.unlink()
            with closing(sqlite3.connect(begun, isolation_level=None)) as copy:
                counts = _write(database, copy, watch)
            with begun.open("rb") as file:
                os.fsync(file.fileno())
            begun.replace(out)
    finally:
        with suppress(OSError):
            begun.unlink()
    return counts


def _look_at(out: Path) -> None:
    """See that no record, and nothing else, would be lost."""
    if not out.exists():
        return
    try:
        with closing(sqlite3.connect(f"{out.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as there:
            (mark,) = there.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error:
        mark = None
    if mark != MARK:
        raise RecordError("{file}: is there, and is no published copy; choose another name, or remove it", file=out)


@contextmanager
def _told(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordError(
            "{file}: cannot be written ({why}); choose another place", file=out, why=error.strerror or error
        ) from error
    except sqlite3.Error as error:
        raise RecordError("{file}: cannot be written ({why}); choose another place", file=out, why=error) from error


def _write(database: Database, copy: sqlite3.Connection, watch: Watch) -> dict[str, int]:
    for pragma in (f"application_id = {MARK}", "journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
        copy.execute(f"PRAGMA {pragma}")
    counts: dict[str, int] = {}
    with database.reading() as session:
        for view in VIEWS:
            copy.execute(_table(view))
            counts[view.table] = _fill(session, copy, view, lambda rows: watch(sum(counts.values()) + rows))
    for view in VIEWS:
        _tidy(copy, view)
    copy.execute("VACUUM")  # before the searches, whose entries name rows by their place
    for table, columns in SEARCHED.items():
        copy.execute(
            f'CREATE VIRTUAL TABLE {table}_fts USING fts5({", ".join(columns)}, content="{table}", tokenize="trigram")'
        )
        for command in ("rebuild", "optimize"):
            copy.execute(f"INSERT INTO {table}_fts({table}_fts) VALUES (?)", [command])
    copy.execute("ANALYZE")
    return counts


def _table(view: View) -> str:
    """The statement that makes a table; what it says of its columns can be read in the file."""
    referred = dict(view.refers)
    lines = [f"CREATE TABLE {view.table} ( -- {view.description}"]
    for column in view.columns:
        reference = f" REFERENCES {referred[column.name]} (id)" if column.name in referred else ""
        lines.append(f"  {column.name} {column.type}{reference}, -- {column.description}")
    return "\n".join([*lines, f"  PRIMARY KEY ({', '.join(view.key)})", ")"])


def _fill(session: Session, copy: sqlite3.Connection, view: View, watch: Watch) -> int:
    rows = session.connection().execute(
        text(f"SELECT {', '.join(view.names)} FROM {view.name}"), execution_options={"yield_per": PORTION}
    )
    insert = f"INSERT INTO {view.table} VALUES ({', '.join('?' * len(view.names))})"
    count = 0
    copy.execute("BEGIN")
    for some in rows.partitions():
        copy.executemany(insert, map(_kept, some))
        count += len(some)
        watch(count)
    copy.execute("COMMIT")
    return count


def _kept(row: Sequence[Any]) -> list[Any]:
    return [float(value) if isinstance(value, Decimal) else value for value in row]


def _tidy(copy: sqlite3.Connection, view: View) -> None:
    """References that lead nowhere go, indexes and the view come."""
    for column, table in view.refers:
        lost = f"{column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {table})"
        copy.execute(
            f"DELETE FROM {view.table} WHERE {lost}"
            if column in view.key
            else f"UPDATE {view.table} SET {column} = NULL WHERE {lost}"
        )
    for columns in view.indexed:
        copy.execute(f"CREATE INDEX {view.table}_{'_'.join(columns)} ON {view.table} ({', '.join(columns)})")
    copy.execute(f"CREATE VIEW {view.name} AS SELECT {', '.join(view.names)} FROM {view.table}")
