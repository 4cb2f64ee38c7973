"""The index of full-text search: what of a tender can be looked for, in the form that each database searches best.

The table ``search`` is on SQLite an FTS5 table without content, on PostgreSQL a ``tsvector`` with a GIN index. What
stands in it are the tokens of ``db.vocabulary.tokens``, under the number that is the tender's ``document``. It begins
with the day of publication, so that a search goes through the index from the newest days to the oldest, and ends when
it has enough.

SQLite cannot take out of its index what it does not keep. So a tender that changes gets a new number; the old one stays
behind, leads nowhere, and is never given again. Where such numbers have become many, an upgrade makes the index anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from hashlib import blake2b
from itertools import groupby
from typing import NamedTuple, TypedDict, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy import table as named
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlmodel import Session

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.derived import Derived, Step
from db.described import columns, described
from db.engine import Database
from db.tender import Tender
from db.vocabulary.query import Searchable
from db.vocabulary.tokens import ALL, NONE, REVISION, UNCUT, Begins, Every, Expression, Has, Lacks, Some, tokens

TABLES = ("search", "search_data", "search_idx", "search_config", "search_day")
"""Of the index itself. They are no models: each database has it in a form of its own."""
SQLITE_SLOTS, POSTGRESQL_SLOTS = 20, 40
"""Bits of a number after the day. SQLite counts the documents of each day, for numbers that lie close together take
little room in its index; PostgreSQL counts all, so that no writer waits for another."""
SQLITE_WINDOWS, POSTGRESQL_WINDOWS = (1,), (1, 4, 16, 64, 256)
"""Days that a search looks through at once before it looks through all that is left. A token says in which of them a
document lies: GIN has no order, and FTS5, which has, goes on to the next document with all tokens, however far away,
before it looks at the day."""
PORTION = 500
"""Tenders that are indexed in one transaction when the index is made."""
WORN, FEW = 0.5, 10_000
"""Share of numbers that lead nowhere from which the index is made anew, and how many are not worth it."""

_INDEX = named("search", column("rowid", BigInteger), column("number", BigInteger), column("words", TSVECTOR))
"""With the number as ``rowid`` on SQLite, ``number`` on PostgreSQL."""


# Looking up -----------------------------------------------------------------------------------------------


class Hit(NamedTuple):
    """A tender for which an expression holds. ``whole``: the index knows all of its words."""

    tender_id: UUID
    whole: bool


class Hits(NamedTuple):
    """All hits from a day on (``date.toordinal``), in the order of results."""

    first: int
    found: list[Hit]


def days(session: Session) -> tuple[int, int] | None:
    """The days (``date.toordinal``) of the oldest and of the newest document; None where there are none."""
    document = table(Tender).c.document
    ends = select(select(func.min(document)).scalar_subquery(), select(func.max(document)).scalar_subquery())
    first, last = session.connection().execute(ends).one()
    slots = _slots(session)
    return None if first is None else (first >> slots, last >> slots)


def hits(
    session: Session,
    expression: Expression | None,
    conditions: Sequence[ColumnElement[bool]],
    *,
    first: int,
    before: int,
    width: int | None = None,
    most: int | None = None,
) -> Hits:
    """The tenders published from one day until before another for which an expression holds; None holds for all.

    ``conditions`` are on the table of tenders. ``width``: the days lie in one window of so many. Of more than ``most``
    SQLite, which finds the newest first, gives those of the days that it has come through, which may be none at all.
    """
    tender, slots = table(Tender), _slots(session)
    document, digest = tender.c.document, tender.c.digest
    lowest, end = first << slots, before << slots
    if width is not None and expression is not None:
        window = Has(_window(width, first))
        expression = _within(expression, window) if _is_sqlite(session) else Every((window, expression))
    source: FromClause = tender
    where = list(conditions)
    number: ColumnElement[int] = document
    if expression is None:
        where += [document >= lowest, document < end]
    elif _is_sqlite(session):
        number = _INDEX.c.rowid
        # With the plus it is no condition that the index could be asked by: it is asked once, and before all others.
        source = _INDEX.join(tender, document == literal_column("+search.rowid", BigInteger))
        asked = text("search MATCH :asked").bindparams(asked=as_fts(expression))
        where += [cast(ColumnElement[bool], asked), number >= lowest, number < end]
    else:
        # Found before it is joined: else the planner may go through the tenders and read the words of each.
        found = (
            select(_INDEX.c.number)
            .where(
                _INDEX.c.words.op("@@")(sql_cast(as_tsquery(expression), TSQUERY)),
                _INDEX.c.number >= lowest,
                _INDEX.c.number < end,
            )
            .cte("found")
            .prefix_with("MATERIALIZED")
        )
        source = found.join(tender, document == found.c.number)
    query = select(number, tender.c.id, digest).select_from(source).where(*where)
    if most is not None and _is_sqlite(session):
        query = query.order_by(number.desc()).limit(most)
    rows = session.connection().execute(query).all()
    if most is not None and _is_sqlite(session) and len(rows) == most:
        first = (rows[-1][0] >> slots) + 1  # of the day of the last one there may be more
    in_order = sorted(
        (-day, id.int, Hit(id, known is not None)) for at, id, known in rows if (day := at >> slots) >= first
    )
    return Hits(first, [hit for _, _, hit in in_order])


def widths(session: Session) -> Sequence[int]:
    """The windows of this database, the smallest first; each lies in the next."""
    return SQLITE_WINDOWS if _is_sqlite(session) else POSTGRESQL_WINDOWS


def _window(width: int, day: int) -> str:
    """The token of all documents of the so many days in a row of which this is one."""
    return f"p{width}p{day // width}"


def _windows(day: int, widths: Sequence[int]) -> list[str]:
    """The tokens of all windows that a document of this day lies in."""
    return [_window(width, day) for width in widths]


def _within(expression: Expression, window: Has) -> Expression:
    """The same within a window, for every part that has to be sought in several lists."""
    match expression:
        case Every(parts):
            inner = (part if isinstance(part, Lacks) else _within(part, window) for part in parts)
            return Every((window, *inner))
        case Some(parts):
            return Some(tuple(_within(part, window) for part in parts))
        case Lacks():
            return Every((window, expression))
        case _:
            return expression


def as_fts(expression: Expression) -> str:
    """An expression as FTS5 reads it."""
    match expression:
        case Has(token):
            return f'"{token}"'
        case Begins(token):
            return f'"{token}"*'
        case Lacks(part):
            return f'("{ALL}" NOT {as_fts(part)})'
        case Some(parts):
            return f"({' OR '.join(map(as_fts, parts))})" if parts else f'"{NONE}"'
        case Every(parts):
            wanted = [as_fts(part) for part in parts if not isinstance(part, Lacks)] or [f'"{ALL}"']
            unwanted = [as_fts(part.part) for part in parts if isinstance(part, Lacks)]
            both = f"({' AND '.join(wanted)})"
            return f"({both} NOT ({' OR '.join(unwanted)}))" if unwanted else both


def as_tsquery(expression: Expression) -> str:
    """An expression as a tsquery; tokens have neither quotation marks nor backslashes."""
    match expression:
        case Has(token):
            return f"'{token}'"
        case Begins(token):
            return f"'{token}':*"
        case Lacks(part):
            return f"!{as_tsquery(part)}"
        case Some(parts):
            return f"({' | '.join(map(as_tsquery, parts))})" if parts else f"'{NONE}'"
        case Every(parts):
            return f"({' & '.join(map(as_tsquery, parts))})" if parts else f"'{ALL}'"


# Writing --------------------------------------------------------------------------------------------------


class Indexed(TypedDict):
    """What a row of ``tender`` keeps of its place in the index."""

    document: int | None
    digest: int | None


class _Fresh(NamedTuple):
    day: int
    tender_id: UUID
    tokens: set[str]
    digest: int | None


def index(session: Session, tenders: Mapping[UUID, Searchable], known: Mapping[UUID, Tender]) -> dict[UUID, Indexed]:
    """Put tenders into the index as they are now; gives back what their rows have to keep.

    ``known`` are the rows as they were. What says the same as before stays where it is.
    """
    indexed: dict[UUID, Indexed] = {}
    fresh: list[_Fresh] = []
    slots = _slots(session)
    for id, tender in tenders.items():
        found, day = tokens(tender), tender.published.toordinal()
        digest = None if UNCUT in found else _digest(found)
        old = known.get(id)
        # Of a tender whose words are too many no digest tells whether its areas and kind are the same.
        number = old.document if old is not None and digest is not None and old.digest == digest else None
        if number is not None and number >> slots == day:
            indexed[id] = {"document": number, "digest": digest}
        else:
            fresh.append(_Fresh(day, id, found, digest))
    fresh.sort()  # by day: SQLite begins a new piece of its index at a number that is not above the last
    numbers: Sequence[int | None]
    if _is_sqlite(session):
        numbers = _add_to_fts(session, fresh)
    else:
        old_rows = (known.get(one.tender_id) for one in fresh)
        _take_out(session, [old.document for old in old_rows if old is not None and old.document is not None])
        numbers = _add_to_gin(session, fresh)
    return indexed | {
        one.tender_id: {"document": number, "digest": one.digest} for number, one in zip(numbers, fresh, strict=True)
    }


def _digest(tokens: Iterable[str]) -> int:
    """Equal digests are equal tokens."""
    summed = blake2b(" ".join(sorted(tokens)).encode(), digest_size=8).digest()
    return int.from_bytes(summed, signed=True)


def _add_to_fts(session: Session, fresh: Sequence[_Fresh]) -> list[int | None]:
    """The numbers of the documents, sorted by day; None where a day has none left, and all have to be numbered anew."""
    numbers: list[int | None] = []
    for day, group in groupby(fresh, key=lambda one: one.day):
        count = len(list(group))
        last = session.connection().execute(
            text(
                "INSERT INTO search_day (day, last) VALUES (:day, :count)"
                " ON CONFLICT (day) DO UPDATE SET last = last + :count RETURNING last"
            ),
            {"day": day, "count": count},
        )
        end = last.scalar_one()
        if end > 1 << SQLITE_SLOTS:
            _retire(session)
            numbers += [None] * count
        else:
            numbers += range((day << SQLITE_SLOTS) + end - count, (day << SQLITE_SLOTS) + end)
    rows = [
        {"number": number, "words": " ".join((*one.tokens, *_windows(one.day, SQLITE_WINDOWS)))}
        for number, one in zip(numbers, fresh, strict=True)
        if number is not None
    ]
    if rows:
        session.connection().execute(text("INSERT INTO search (rowid, words) VALUES (:number, :words)"), rows)
    return numbers


def _add_to_gin(session: Session, fresh: Sequence[_Fresh]) -> list[int]:
    if not fresh:
        return []
    counted = session.connection().execute(
        text("SELECT nextval('search_number') FROM generate_series(1, :count)"), {"count": len(fresh)}
    )
    numbers = [(one.day << POSTGRESQL_SLOTS) + slot for slot, one in zip(counted.scalars(), fresh, strict=True)]
    session.connection().execute(
        # Parted by the server: the driver takes longer for an array of hundreds than the server for all the rest.
        text("INSERT INTO search (number, words) VALUES (:number, array_to_tsvector(string_to_array(:words, ' ')))"),
        [
            {"number": number, "words": " ".join((*one.tokens, *_windows(one.day, POSTGRESQL_WINDOWS)))}
            for number, one in zip(numbers, fresh, strict=True)
        ],
    )
    return numbers


def _take_out(session: Session, numbers: Sequence[int]) -> None:
    for some in batches(numbers, IN_LIMIT):
        session.connection().execute(delete(_INDEX).where(_INDEX.c.number.in_(some)))


def _is_sqlite(session: Session) -> bool:
    return session.connection().dialect.name == "sqlite"


def _slots(session: Session) -> int:
    return SQLITE_SLOTS if _is_sqlite(session) else POSTGRESQL_SLOTS


# Making it anew -------------------------------------------------------------------------------------------


_REVISION = f"1.{REVISION}"
"""The first number stands for what is put into the index here."""
_BEGUN = f"{_REVISION} begun"


def is_complete(session: Session) -> bool:
    """Whether the index has all tenders; until then it may not be asked."""
    return _known(session) == STEP.revision


def make(database: Database) -> None:
    """Put all tenders into the index. What another rule put there goes; what was begun by this one goes on."""
    database.write(_begin)
    after: tuple[date, UUID] | None = None
    while True:
        after = database.write(partial(_go_on, after=after))
        if after is None:
            break
    database.write(_finish)


STEP = Step("search", _REVISION, make)


def tidy(database: Database) -> None:
    """Where most of the index leads nowhere, have it made anew by the next who makes what is stale."""

    def work(session: Session) -> None:
        if _is_sqlite(session):
            numbers = text(f"SELECT count(*) FROM search WHERE search MATCH '{ALL}'")
        else:
            numbers = text("SELECT count(*) FROM search")
        there = session.connection().execute(numbers).scalar_one()
        used = session.connection().execute(select(func.count(table(Tender).c.document))).scalar_one()
        if there - used > max(FEW, WORN * there):
            _retire(session)

    database.write(work)


def _known(session: Session) -> str | None:
    derived = table(Derived)
    return session.connection().execute(select(derived.c.revision).where(derived.c.name == STEP.name)).scalar()


def _retire(session: Session) -> None:
    session.connection().execute(delete(table(Derived)).where(table(Derived).c.name == STEP.name))


def _begin(session: Session) -> None:
    if not _is_sqlite(session):
        # Before anything is read: a tender that another process is just adding has its number in the old index, and
        # would keep it if this transaction did not see the tender.
        session.connection().execute(text("LOCK TABLE search IN ACCESS EXCLUSIVE MODE"))
    if _known(session) in (_BEGUN, STEP.revision):
        return
    if _is_sqlite(session):
        session.connection().execute(text("INSERT INTO search (search) VALUES ('delete-all')"))
        session.connection().execute(text("DELETE FROM search_day"))
    else:
        session.connection().execute(text("DROP INDEX IF EXISTS ix_search_words"))
        session.connection().execute(text("TRUNCATE search"))
    document = table(Tender).c.document
    session.connection().execute(update(table(Tender)).where(document.is_not(None)).values(document=None))
    bulk.upsert(session, Derived, [{"name": STEP.name, "revision": _BEGUN}])


def _go_on(session: Session, after: tuple[date, UUID] | None) -> tuple[date, UUID] | None:
    """Index the next tenders that are not yet; gives back the last one that was looked at, None at the end."""
    tender = table(Tender)
    page = columns().add_columns(tender.c.document).order_by(tender.c.published, tender.c.id).limit(PORTION)
    if after is not None:
        page = page.where(tender.c.published >= after[0], (tender.c.published > after[0]) | (tender.c.id > after[1]))
    rows = session.connection().execute(page).all()
    if not rows:
        return None
    missing = described(session, [row for row in rows if row.document is None], texts=True, now=_NEVER)
    indexed = index(session, missing, {})
    if indexed:
        session.connection().execute(
            update(tender)
            .where(tender.c.id == bindparam("b_id"))
            .values(document=bindparam("document"), digest=bindparam("digest")),
            [{"b_id": id, **kept} for id, kept in indexed.items()],
        )
    return rows[-1].published, rows[-1].id


def _finish(session: Session) -> None:
    if _is_sqlite(session):
        session.connection().execute(text("INSERT INTO search (search) VALUES ('optimize')"))
    else:  # made at once it is half as large as made word by word, and in a tenth of the time
        session.connection().execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        session.connection().execute(text("CREATE INDEX IF NOT EXISTS ix_search_words ON search USING gin (words)"))


_NEVER = datetime.min.replace(tzinfo=UTC)
"""What is put into the index does not depend on the hour."""
