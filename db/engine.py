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
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from db.errors import Busy, RecordError

T = TypeVar("T")

CONNECTIONS = 20
"""Kept open, and as many again for a rush: the pages are served by at most 40 threads."""
BUSY_SECONDS = 30
"""How long SQLite waits for another process's writing before it gives up."""
TRIES = 5
TRY_AGAIN = ("40001", "40P01", "23505", "42P07")
"""PostgreSQL: serialization_failure, deadlock_detected, and unique_violation and duplicate_table, which is how two
processes meet that add the same row, or upgrade the same database, at once. The transaction may simply be tried again: it then sees what the other one wrote."""


class Database:
    """The record's database. Reading and writing each have one door: ``reading`` and ``write``."""

    def __init__(self, url: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        try:
            parsed = make_url(url)
            if parsed.drivername in ("postgresql", "postgres"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            # Both doors promise one state of the record from beginning to end; PostgreSQL's default does not.
            isolation = {} if parsed.drivername.startswith("sqlite") else {"isolation_level": "REPEATABLE READ"}
            # hide_parameters: SQLAlchemy's errors would print whole rows, subscribers' addresses included.
            self.engine: Engine = create_engine(
                parsed,
                hide_parameters=True,
                pool_pre_ping=True,
                pool_size=CONNECTIONS,
                max_overflow=CONNECTIONS,
                pool_timeout=BUSY_SECONDS / 3,
                **isolation,
            )
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            raise RecordError(
                "[storage] database: {error}; write sqlite:///FILE or postgresql://…", error=error
            ) from None
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._sleep = sleep
        if self.is_sqlite:
            event.listen(self.engine, "connect", self._sqlite_on_connect)
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
        """Run ``work`` in one transaction: all of it is kept, or nothing. It may be run more than once.

        Rows that ``work`` gives back can be read afterwards.
        """
        attempt = 1
        while True:
            try:
                with (
                    plain_errors(self._where()),
                    Session(self._writing_engine(), expire_on_commit=False) as session,
                    session.begin(),
                ):
                    return work(session)
            except TryAgain:
                if attempt == TRIES:
                    raise
                self._sleep(0.05 * 2**attempt)
                attempt += 1

    def check(self) -> None:
        """See that the data are sound. Raises RecordError, which says what is wrong."""
        with self.reading() as session:
            connection = session.connection()
            if not self.is_sqlite:
                connection.exec_driver_sql("SELECT 1")
                return
            said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
            orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if said != "ok" or orphan is not None:
            raise RecordError(
                "{where}: is damaged ({said}); restore a backup",
                where=self._where(),
                said=said if said != "ok" else f"row without its parent in {orphan[0]}" if orphan else "",
            )

    def close(self) -> None:
        self.engine.dispose()

    def _writing_engine(self) -> Engine:
        return self.engine.execution_options(writing=True)

    def _sqlite_on_connect(self, connection: sqlite3.Connection, _record: object) -> None:
        # autocommit at the driver: transactions are begun below, so that writers can take the lock at once.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {BUSY_SECONDS * 1000}",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            "cache_size = -16384",
            "wal_autocheckpoint = 8000",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        # The switch of a new file to WAL heeds no busy_timeout: of two processes that make it at once, one fails.
        for _ in range(10 * BUSY_SECONDS):
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                self._sleep(0.1)
            else:
                return
        raise sqlite3.OperationalError("database is locked")

    def _where(self) -> str:
        return str(self.engine.url.database) if self.is_sqlite else f"database {self.engine.url.database!r}"


class TryAgain(Busy):
    """The database asks that the transaction be tried again."""


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
    except PoolTimeout as error:
        raise Busy("{where}: too many things are done at once; try again in a moment", where=where) from error


def _plain(error: DBAPIError, where: str) -> Exception:
    original = error.orig
    # PostgreSQL's full text has a line of DETAIL with the row's values, subscribers' addresses included.
    diagnosis = getattr(original, "diag", None)
    said = " ".join((getattr(diagnosis, "message_primary", None) or str(original)).split())
    if getattr(original, "sqlstate", None) in TRY_AGAIN:
        return TryAgain(
            "{where}: other processes keep writing the same rows ({said}); try again in a moment",
            where=where,
            said=said,
        )
    if "database is locked" in said:
        return Busy(
            "{where}: another process has been writing for over {seconds} s; try again when it is done",
            where=where,
            seconds=BUSY_SECONDS,
        )
    if "disk is full" in said or "No space left" in said or "disk I/O error" in said:
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
