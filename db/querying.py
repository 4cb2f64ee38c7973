"""Answering SQL that people write: it reads the views and nothing else, and not for ever.

Neither database is trusted to understand a statement as we would: each is asked how it reads it.

- SQLite is opened anew, read-only, and asks for leave of every table, column and function that a statement touches.
- PostgreSQL is first told to make a temporary view of the statement, which is never kept: the tree that it stores for
  it names every relation and function of the statement. Then the statement is run in a transaction that may only
  read. Functions that do more than compute are refused, for with them a text can be run as SQL, files be read, and
  the transaction's own limits be lifted.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from secrets import token_hex
from time import monotonic
from typing import LiteralString
from urllib.parse import quote

from psycopg import Connection, Error
from psycopg.errors import QueryCanceled

from db.engine import Database, plain_errors
from db.errors import RecordError
from db.views import READ_BY_VIEWS, VIEWS

Value = str | int | float | None

NAMES = frozenset(view.name for view in VIEWS)
SECONDS = 30.0
"""How long a statement may take unless more is asked for."""
STEPS = 10_000
"""Instructions of SQLite's machine, some tenth of a millisecond, after which it asks whether the time is over."""
PORTION = 1_000
"""Rows that PostgreSQL is asked for at once."""
LONGEST = 10_000_000
"""Bytes of a text in SQLite, some times what a notice can have: without a limit one function could fill the memory, and
within a function SQLite does not ask whether the time is over."""
PATTERN = 1_000
"""Bytes of what LIKE compares a text with, for the same reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows that a statement gives, as they come; flags are 1 and 0, days and moments texts."""

    columns: Sequence[str]
    rows: Iterator[tuple[Value, ...]]


@contextmanager
def asked(database: Database, sql: str, *, seconds: float = SECONDS) -> Iterator[Answer]:
    """Run one statement; its rows can be read until the end of the block.

    Raises RecordError for a statement that is wrong, asks for what may not be read, or takes longer than that.
    """
    sql = sql.strip().removesuffix(";").rstrip()
    if not sql:
        raise RecordError("SQL: nothing is asked; write e.g. SELECT count(*) FROM v_tenders")
    if "\0" in sql:
        raise RecordError("SQL: a NUL character stands in it; take it out")
    try:
        sql.encode()
    except UnicodeEncodeError:  # bytes of the command line that are no UTF-8
        raise RecordError("SQL: is not written in UTF-8; write it anew") from None
    give_up = monotonic() + seconds
    by = _of_sqlite if database.is_sqlite else _of_postgresql
    with by(database, sql, give_up, seconds) as answer:
        yield answer


# SQLite ---------------------------------------------------------------------------------------------------

_HARMFUL = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"})


class _Leave:
    """Grants SQLite what it asks for while it reads a statement, and remembers the first thing that it refused.

    A statement may call a subquery what a view is called, and SQLite then asks as if the view did: that is why what
    views may read is only what anybody might.
    """

    def __init__(self, there: frozenset[str]) -> None:
        self._there = there
        self.refused: str | None = None
        self.written = False

    def __call__(
        self, action: int, first: str | None, second: str | None, _database: str | None, within: str | None
    ) -> int:
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in _HARMFUL:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and self._readable((first or "").lower(), second, (within or "").lower()):
            return sqlite3.SQLITE_OK
        if self.refused is None:
            self.refused = (second if action == sqlite3.SQLITE_FUNCTION else first) or ""
            self.written = action not in (sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_READ)
        return sqlite3.SQLITE_DENY

    def _readable(self, name: str, column: str | None, within: str) -> bool:
        if name in NAMES:
            return True
        if name in READ_BY_VIEWS:
            return within in NAMES or not column  # its rows are counted within a view that was taken apart
        # A subquery with a name of its own, of which no column is read.
        return not column and name not in self._there and not name.startswith(("sqlite_", "pragma_"))


@contextmanager
def _of_sqlite(database: Database, sql: str, give_up: float, seconds: float) -> Iterator[Answer]:
    file = database.engine.url.database
    assert file is not None, "a record in memory is nobody's"
    with closing(_read_only(file)) as connection:
        # Names, and the function for JSON, which SQLite sets up when it is first used.
        rows = connection.execute("SELECT lower(name) FROM sqlite_schema UNION SELECT value FROM json_each('[]')")
        leave = _Leave(frozenset(name for (name,) in rows))
        connection.set_authorizer(leave)
        connection.set_progress_handler(lambda: int(monotonic() > give_up), STEPS)
        cursor = connection.cursor()

        def rows_of() -> Iterator[tuple[Value, ...]]:
            with _sqlite_errors(leave, seconds):
                for row in cursor:
                    yield tuple(map(_plain, row))

        with _sqlite_errors(leave, seconds):
            cursor.execute(sql)
        if cursor.description is None:
            raise RecordError("SQL: nothing is asked; write e.g. SELECT count(*) FROM v_tenders")
        yield Answer([column[0] for column in cursor.description], rows_of())


def _read_only(file: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True, isolation_level=None)
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        raise RecordError("{where}: the database refused: {said}", where=file, said=error) from error
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN)
    return connection


@contextmanager
def _sqlite_errors(leave: _Leave, seconds: float) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
        if leave.refused is not None:
            raise _only_reading() if leave.written else _not_yours(leave.refused) from None
        said = str(error)
        if said == "interrupted":
            raise _too_slow(seconds) from None
        if "one statement at a time" in said:
            raise _only_one() from None
        raise RecordError("SQL: {said}", said=said) from error


# PostgreSQL -----------------------------------------------------------------------------------------------

_COMPUTING = frozenset(
    {
        *(
            "age",
            "array_to_json",
            "array_to_string",
            "concat",
            "concat_ws",
            "date",
            "date_part",
            "date_trunc",
            "format",
        ),
        *(
            "generate_series",
            "json_agg",
            "json_object_agg",
            "jsonb_agg",
            "jsonb_object_agg",
            "now",
            "random",
            "string_agg",
        ),
        *(
            "text",
            "timestamp",
            "timestamptz",
            "timezone",
            "to_char",
            "to_date",
            "to_json",
            "to_jsonb",
            "to_timestamp",
        ),
    }
)
"""Functions that compute, though not always the same: those that do are known as immutable to the server itself."""
_RELATIONS = re.compile(r":relid (\d+)")
_FUNCTIONS = re.compile(r":(?:funcid|aggfnoid|winfnoid) (\d+)")
_OPERATORS = re.compile(r":opfuncid (\d+)")
_BUILT_IN = 16_384
"""Objects with a smaller number are part of the server."""


@contextmanager
def _of_postgresql(database: Database, sql: str, give_up: float, seconds: float) -> Iterator[Answer]:
    with plain_errors(f"database {database.engine.url.database!r}"):
        pooled = database.engine.connect()
    with pooled:
        connection = pooled.connection.driver_connection
        assert isinstance(connection, Connection)
        try:
            with _postgresql_errors(seconds, sql):
                connection.execute(_limit(seconds))
            _check(connection, sql, seconds)
            connection.rollback()
            with _postgresql_errors(seconds, sql):
                connection.execute("SET TRANSACTION READ ONLY")
                connection.execute(_limit(seconds))
            with connection.cursor(name="asked") as cursor:
                with _postgresql_errors(seconds, sql):
                    cursor.execute(sql.encode())
                    first = cursor.fetchmany(PORTION)
                columns = [column.name for column in cursor.description or ()]

                def rows() -> Iterator[tuple[Value, ...]]:
                    some = first
                    while some:
                        yield from (tuple(map(_plain, row)) for row in some)
                        if monotonic() > give_up:
                            raise _too_slow(seconds)
                        with _postgresql_errors(seconds, sql):
                            some = cursor.fetchmany(PORTION)

                yield Answer(columns, rows())
        finally:
            if not connection.closed:
                connection.rollback()


def _limit(seconds: float) -> bytes:
    return f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}".encode()  # 0 would be for ever


def _check(connection: Connection[tuple[object, ...]], sql: str, seconds: float) -> None:
    """Find out what a statement reads. Raises RecordError for what may not be."""
    name = f"asked_{token_hex(8)}"
    # In brackets two columns of one name are no error, and a second statement is one; a comment ends with its line.
    before = f"CREATE TEMP VIEW {name} AS SELECT 1 AS one FROM (\n"
    with _postgresql_errors(seconds, sql, before=len(before)):
        connection.execute(f"{before}{sql}\n) AS asked".encode(), prepare=True)
    with _postgresql_errors(seconds, sql):
        tree = _first(
            connection,
            "SELECT CAST(ev_action AS text) FROM pg_rewrite WHERE ev_class = CAST(%s AS regclass)",
            f"pg_temp.{name}",
        )
        assert tree is not None, "a view has a rule"
        relation = _first(
            connection,
            "SELECT relname FROM pg_class WHERE oid = ANY(%s) AND oid <> ALL("
            "SELECT to_regclass(one) FROM unnest(CAST(%s AS text[])) AS one) ORDER BY relname",
            _numbers(_RELATIONS, tree),
            sorted(NAMES),
        )
        function = _first(
            connection,
            "SELECT proname FROM pg_proc WHERE oid = ANY(%s)"
            " AND (oid >= %s OR NOT (provolatile = 'i' OR proname = ANY(%s)))"
            " UNION SELECT proname FROM pg_proc WHERE oid = ANY(%s) AND oid >= %s ORDER BY 1",
            _numbers(_FUNCTIONS, tree),
            _BUILT_IN,
            sorted(_COMPUTING),
            _numbers(_OPERATORS, tree),
            _BUILT_IN,
        )
    if (refused := relation or function) is not None:
        raise _not_yours(refused)


def _first(connection: Connection[tuple[object, ...]], query: LiteralString, *values: object) -> str | None:
    row = connection.execute(query, values).fetchone()
    return None if row is None else str(row[0])


def _numbers(pattern: re.Pattern[str], tree: str) -> list[int]:
    return sorted({int(found) for found in pattern.findall(tree)} - {0})


@contextmanager
def _postgresql_errors(seconds: float, sql: str, *, before: int = 0) -> Iterator[None]:
    """Errors of a statement in which what was asked begins after so many characters."""
    try:
        yield
    except QueryCanceled:
        raise _too_slow(seconds) from None
    except Error as error:
        said = " ".join((error.diag.message_primary or str(error)).split())
        if "multiple commands" in said:
            raise _only_one() from None
        place = int(error.diag.statement_position or 0) - 1 - before
        if not 0 <= place < len(sql):
            raise RecordError("SQL: {said}", said=said) from error
        line = sql.count("\n", 0, place) + 1
        column = place - (sql.rfind("\n", 0, place) + 1) + 1
        raise RecordError(
            "SQL: {said} (line {line}, column {column})", said=said, line=line, column=column
        ) from error


# Both -----------------------------------------------------------------------------------------------------


def _plain(value: object) -> Value:
    """A value as it is written: whole numbers as such, what has a day or a moment in ISO's form."""
    match value:
        case None | str():
            return value
        case bool() | int():
            return int(value)
        case float() | Decimal():
            if value != value or value in (float("inf"), float("-inf")):
                return str(value)
            return int(value) if value == int(value) else float(value)
        case datetime() | date():
            return value.isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return str(value)


def _not_yours(name: str) -> RecordError:
    return RecordError(
        "SQL: {name} cannot be read or used here; there are: {names}", name=name, names=", ".join(sorted(NAMES))
    )


def _only_reading() -> RecordError:
    return RecordError("SQL: only questions are answered (SELECT); nothing can be changed here")


def _only_one() -> RecordError:
    return RecordError("SQL: one statement at a time")


def _too_slow(seconds: float) -> RecordError:
    return RecordError(
        "SQL: not answered within {seconds} s; ask for less, or give it longer", seconds=f"{seconds:g}"
    )
