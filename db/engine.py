"""One face for both databases: SQLite, embedded, and PostgreSQL, the server."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlmodel import Session

from db.errors import Busy, RecordError

T = TypeVar("T")

BUSY_SECONDS = 30
"""How long SQLite waits for another process's writing before it gives up."""
SERIALIZATION_TRIES = 5
SERIALIZATION_FAILURES = ("40001", "40P01")
"""PostgreSQL: serialization_failure, deadlock_detected. The transaction may simply be tried again."""


class Database:
    """The record's database. Reading and writing each have one door: ``reading`` and ``write``."""

    def __init__(self, url: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        try:
            parsed = make_url(url)
            if parsed.drivername in ("postgresql", "postgres"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            # hide_parameters: SQLAlchemy's errors would print whole rows, subscribers' addresses included.
            self.engine: Engine = create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError) as error:
            raise RecordError(
                "[storage] database: {error}; write sqlite:///FILE or postgresql://…", error=error
            ) from None
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._sleep = sleep
        if self.is_sqlite:
            event.listen(self.engine, "connect", _sqlite_on_connect)
            event.listen(self.engine, "begin", _sqlite_on_begin)

    @classmethod
    def at(cls, path: Path) -> "Database":
        """The embedded database in one file."""
        return cls(f"sqlite:///{path}")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for queries; what it sees does not change while it is open."""
        with plain_errors(self._where()), Session(self.engine) as session:
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction: all of it is kept, or nothing. It may be run more than once."""
        for attempt in range(SERIALIZATION_TRIES):
            try:
                with plain_errors(self._where()), Session(self._writing_engine()) as session, session.begin():
                    return work(session)
            except _TryAgain:
                self._sleep(0.05 * 2**attempt)
        raise Busy("{where}: other processes keep writing the same rows; try again in a moment", where=self._where())

    def close(self) -> None:
        self.engine.dispose()

    def _writing_engine(self) -> Engine:
        return self.engine.execution_options(writing=True)

    def _where(self) -> str:
        return str(self.engine.url.database) if self.is_sqlite else f"database {self.engine.url.database!r}"


class _TryAgain(Exception):
    """The database asks that the transaction be tried again."""


def _sqlite_on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # autocommit at the driver: transactions are begun below, so that writers can take the lock at once.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "cache_size = -65536",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_on_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another process wrote in between
    # (SQLITE_BUSY_SNAPSHOT), without waiting; taking the write lock at the beginning waits its turn instead.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def plain_errors(where: str) -> Iterator[None]:
    """Turn the database's own errors into one line that says what to do."""
    try:
        yield
    except DBAPIError as error:
        raise _plain(error, where) from error


def _plain(error: DBAPIError, where: str) -> Exception:
    original = error.orig
    said = " ".join(str(original).split())
    if getattr(original, "sqlstate", None) in SERIALIZATION_FAILURES:
        return _TryAgain()
    if "database is locked" in said:
        return Busy(
            "{where}: another process has been writing for over {seconds} s; try again when it is done",
            where=where,
            seconds=BUSY_SECONDS,
        )
    if "disk is full" in said or "No space left" in said:
        return RecordError(
            "{where}: the disk is full; nothing of this step was kept: make room and run it again", where=where
        )
    if "readonly database" in said:
        return RecordError("{where}: may not be written; check the owner of the file and of its folder", where=where)
    if "unable to open database file" in said:
        return RecordError("{where}: cannot be opened; check that its folder exists and may be written", where=where)
    if "not a database" in said or "malformed" in said:
        return RecordError(
            "{where}: is not a healthy SQLite file ({said}); restore a backup or move it away", where=where, said=said
        )
    if error.connection_invalidated or "connection" in said.lower():
        return RecordError(
            "{where}: the server cannot be reached ({said}); start it or correct [storage] database",
            where=where,
            said=said,
        )
    return RecordError("{where}: the database refused: {said}", where=where, said=said)
