"""Finding tenders: queries of the query language by the index of full-text search, plain filters by their tables.

The index has everything that a query may find, and much that it says is certain (``db.vocabulary.tokens.sought``). What
is not certain is looked at row by row, in the order of the results and only as far as anybody reads: a title first, and
the text of a notice only where neither title nor buyer decides. ``scan`` looks at every row; it is what the index must
equal, and what answers while the index is being made.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, func, or_, select, union
from sqlmodel import Session, SQLModel

from db import documents
from db.bulk import IN_LIMIT, table
from db.card import Card, cards
from db.described import columns, described, texts_of
from db.documents import Hits
from db.errors import RecordError
from db.tender import Tender, TenderArea, TenderCpv, TenderVenue
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind
from db.vocabulary.query import (
    CPV_DIGITS,
    EVERYTHING,
    OPENING,
    VERDICTS,
    And,
    Compare,
    Facet,
    Is,
    Moment,
    Not,
    Open,
    Opened,
    Or,
    Query,
    Scope,
    Searchable,
    Value,
    Word,
    matches,
)
from db.vocabulary.text import fold
from db.vocabulary.tokens import Every, Expression, Sought, sought, straight, undenied

BATCH = 500
MOST_CONDITIONS = 100
"""In one statement; of what more than these a query asks, each row is asked. SQLite takes a union of 500 and conditions
that stand 1,000 deep, and a list of values or comparisons may be longer than that."""
_LISTS: dict[Facet, type[SQLModel]] = {Facet.AREA: TenderArea, Facet.VENUE: TenderVenue, Facet.CPV: TenderCpv}
"""The tables that list tenders by the values of a facet."""
Ids = Select[UUID] | CompoundSelect[UUID]


class Order(StrEnum):
    """In which order results come."""

    NEWEST = "newest"
    """Published last first; of one day by their ids."""
    BEST = "best"
    """Tenders whose titles have the words before the others, each published last first."""


class TooSlow(RecordError):
    """A search that was given up."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results. ``total`` is None where counting would mean looking through everything."""

    cards: list[Card]
    total: int | None
    more: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """How many tenders a search would have found; at least so many where it was not ``complete``."""

    found: int
    complete: bool


def newest(session: Session, *, area: str | None = None, limit: int, offset: int = 0) -> Found:
    """The tenders published last, of one focus area or of all."""
    if area is not None:
        given = [_is_listed(Facet.AREA, area)]
        return _newest_listed(session, _listed(Facet.AREA, area), given, limit=limit, offset=offset)
    tender = table(Tender)
    total = session.connection().execute(select(func.count()).select_from(tender)).scalar() or 0
    return _page(session, _in_order().limit(limit + 1).offset(offset), limit=limit, total=total)


def search(
    session: Session,
    query: Query,
    *,
    now: datetime,
    limit: int,
    offset: int = 0,
    going_on: Callable[[], bool] = lambda: True,
    order: Order = Order.NEWEST,
) -> Found:
    """The tenders that a query finds, a page of them. Raises TooSlow (see ``find``)."""
    if query == EVERYTHING:
        return newest(session, limit=limit, offset=offset)
    if (listed := _all_listed(query)) is not None:
        return _newest_listed(session, listed, _conditions(query, now), limit=limit, offset=offset)
    ordered = _best(session, query, now=now, going_on=going_on) if order is Order.BEST else None
    ids = ordered or find(session, query, now=now, going_on=going_on)
    found = list(islice(ids, offset, offset + limit + 1))
    return Found(cards(session, found[:limit]), None, len(found) > limit)


FEW = 20_000
"""So many tenders are sorted as quickly as they are met among all the others."""


def _newest_listed(
    session: Session, listed: Ids, conditions: list[ColumnElement[bool]], *, limit: int, offset: int
) -> Found:
    """A page of the tenders that ``listed`` has, each once, which are those for which ``conditions`` hold."""
    members = listed.subquery()
    total = session.connection().execute(select(func.count()).select_from(members)).scalar() or 0
    ids = _in_order().limit(limit + 1).offset(offset)
    # Many are met soon on the way back through the days; a few have to be looked up, or a million would be passed.
    ids = ids.where(*conditions) if total > FEW else ids.join(members, members.c.tender_id == table(Tender).c.id)
    return _page(session, ids, limit=limit, total=total)


def _page(session: Session, ids: Select[UUID], *, limit: int, total: int) -> Found:
    found = list(session.connection().execute(ids).scalars())
    return Found(cards(session, found[:limit]), total, len(found) > limit)


def _in_order() -> Select[UUID]:
    tender = table(Tender)
    return select(tender.c.id).order_by(tender.c.published.desc(), tender.c.id)


def _all_listed(query: Query) -> Ids | None:
    """The ids of all that a query finds, each once, if the tables of areas, venues and CPV codes know them."""
    match query:
        case Is(facet, value) if facet in _LISTS:
            return _listed(facet, value)
        case Or(parts) if 0 < len(parts) <= MOST_CONDITIONS and all(
            isinstance(part, Is) and part.facet in _LISTS for part in parts
        ):
            return union(*(_listed(part.facet, part.value) for part in parts if isinstance(part, Is)))
        case _:
            return None


def _listed(facet: Facet, value: str) -> Select[UUID]:
    """The ids of the tenders for which a value stands in the table of its facet, each once."""
    ids = select(table(_LISTS[facet]).c.tender_id).where(_holds(facet, value))
    return ids.distinct() if facet is Facet.CPV else ids


def _holds(facet: Facet, value: str) -> ColumnElement[bool]:
    """The condition on a row in the table of a facet; the table's primary key begins with the column."""
    listed = table(_LISTS[facet])
    if facet is Facet.CPV:  # what lies below a division or group; a LIKE would use no index
        return listed.c.code.between(value.ljust(CPV_DIGITS, "0"), value.ljust(CPV_DIGITS, "9"))
    return listed.c.area == value


def count(
    session: Session,
    query: Query,
    *,
    now: datetime,
    since: date,
    going_on: Callable[[], bool] = lambda: True,
) -> Preview:
    """How many tenders published since a day the query finds: the preview of a saved search.

    ``going_on`` is asked between batches; what was counted when it says no is told as not complete.
    """
    found = 0
    try:
        for _ in find(session, query, now=now, since=since, going_on=going_on):
            found += 1
    except TooSlow:
        return Preview(found, complete=False)
    return Preview(found, complete=True)


def find(
    session: Session,
    query: Query,
    *,
    now: datetime,
    since: date | None = None,
    going_on: Callable[[], bool] = lambda: True,
) -> Iterator[UUID]:
    """The ids of tenders that a query finds, published last first, of one day by their ids.

    ``going_on`` is asked again and again; raises TooSlow when it says no.
    """
    if not documents.is_complete(session):
        yield from scan(session, query, now=now, since=since, going_on=going_on)
        return
    asked = _asked(query, now)
    first = asked.first if since is None else max(asked.first, since.toordinal())
    for candidates in _windows(session, asked, first, going_on):
        yield from _found(session, candidates, now, going_on)


def _best(session: Session, query: Query, *, now: datetime, going_on: Callable[[], bool]) -> Iterator[UUID] | None:
    """What a query finds, that which has the words in its title first; None where no word may stand elsewhere."""
    plain = straight(query)
    titled = _in_titles(plain)
    if titled == plain:
        return None

    def ranked() -> Iterator[UUID]:
        first: set[UUID] = set()
        for id in find(session, titled, now=now, going_on=going_on):
            first.add(id)
            yield id
        for id in find(session, plain, now=now, going_on=going_on):
            if id not in first:
                yield id

    return ranked()


def _in_titles(query: Query) -> Query:
    """The same query with the words that may stand anywhere in the title; what it finds, the query finds too."""
    match query:
        case And(parts):
            return And(tuple(map(_in_titles, parts)))
        case Or(parts):
            return Or(tuple(map(_in_titles, parts)))
        case Word(Scope.ANY, term):
            return Word(Scope.TITLE, term)
        case _:
            return query


class _Asked(NamedTuple):
    """What is asked of the index, of the columns of tenders and of the days; ``rest`` is asked of each row then.

    Of a tender whose words the index does not know, the ``whole`` query is asked; of one that has none of the words
    that may not be there, only what ``undenied`` leaves of the rest. The days are those of ``date.toordinal``,
    ``last`` included.
    """

    expression: Expression | None
    conditions: Sequence[ColumnElement[bool]]
    first: int
    last: int
    rest: Query
    whole: Query
    undenied: Sought | None


def _asked(query: Query, now: datetime) -> _Asked:
    whole = straight(query)
    looked = sought(query, now=now)
    first, last = date.min.toordinal(), date.max.toordinal()
    conditions: list[ColumnElement[bool]] = []
    rest: list[Query] = []
    for part in looked.rest.parts if isinstance(looked.rest, And) else (looked.rest,):
        match part:
            case Compare(Moment.PUBLISHED, operator, day):
                at = day.toordinal()
                first = max(first, {">": at + 1, ">=": at, "=": at}.get(operator, first))
                last = min(last, {"<": at - 1, "<=": at, "=": at}.get(operator, last))
            case Compare() | Value() | Open() if len(conditions) < MOST_CONDITIONS and (
                exact := _conditions(part, now)
            ):
                conditions += exact
            case _:
                rest.append(part)
    left = rest[0] if len(rest) == 1 else And(tuple(rest))
    return _Asked(looked.expression, conditions, first, last, left, whole, undenied(left))


AT_FIRST, MANY = 64, 1_000
"""So many are taken together: at first what a page has, and more and more the more are read."""


Candidates = Sequence[tuple[UUID, Query]]
"""Tenders in the order of results, and what has yet to be asked of each: everything that it finds is found."""


def _windows(session: Session, asked: _Asked, first: int, going_on: Callable[[], bool]) -> Iterator[Candidates]:
    """What the index has, from the newest day to the oldest, of as many days at once as may have what is wanted next.

    So the first page of a common word is quickly there, and what is rare is found in a few steps.
    """
    if (days := documents.days(session)) is None:
        return
    first, before = max(first, days[0]), min(asked.last, days[1]) + 1
    widths, start = documents.widths(session), before
    wanted, seen = AT_FIRST, 0
    width: int | None = widths[0]
    while before > first:
        if not going_on():
            raise TooSlow("this search takes too long; narrow it by a focus area, a prefecture or a day")
        begin = first if width is None else max(first, (before - 1) // width * width)
        hits = documents.hits(
            session,
            asked.expression,
            asked.conditions,
            first=begin,
            before=before,
            width=width,
            most=2 * wanted if width is None else None,
        )
        yield _candidates(session, asked, hits, before)
        seen += len(hits.found)
        needed = wanted * (start - hits.first) / max(seen, 0.5)
        # Where not even one day was come through, that day has many.
        width = widths[0] if hits.first == before else next((one for one in widths if one >= needed), None)
        wanted, before = min(2 * wanted, MANY), hits.first


def _candidates(session: Session, asked: _Asked, hits: Hits, before: int) -> Candidates:
    sure, denied = asked.rest, set[UUID]()
    if asked.undenied is not None and asked.undenied.expression is not None and hits.found:
        sure = asked.undenied.rest
        known = (asked.expression, asked.undenied.expression)
        either = Every(tuple(one for one in known if one is not None))
        doubtful = documents.hits(session, either, asked.conditions, first=hits.first, before=before)
        denied = {hit.tender_id for hit in doubtful.found}
    return [
        (hit.tender_id, asked.whole if not hit.whole else asked.rest if hit.tender_id in denied else sure)
        for hit in hits.found
    ]


def _found(session: Session, candidates: Candidates, now: datetime, going_on: Callable[[], bool]) -> Iterator[UUID]:
    """Those of the candidates that are found, in their order."""
    if all(query == EVERYTHING for _, query in candidates):
        yield from (id for id, _ in candidates)
        return
    begin, size = 0, AT_FIRST
    while some := candidates[begin : begin + size]:
        if begin and not going_on():
            raise TooSlow("this search takes too long; narrow it by a focus area, a prefecture or a day")
        found = _that_match(session, {id: query for id, query in some if query != EVERYTHING}, now)
        yield from (id for id, query in some if query == EVERYTHING or id in found)
        begin, size = begin + size, min(2 * size, IN_LIMIT)


def _that_match(session: Session, asked: Mapping[UUID, Query], now: datetime) -> set[UUID]:
    """The tenders that are found by what is asked of each; few enough for one statement."""
    if not asked:
        return set()
    tender = table(Tender)
    if all(map(_is_of_words, set(asked.values()))):
        named = select(tender.c.id, tender.c.title, tender.c.title_en, tender.c.buyer, tender.c.buyer_en)
        rows = session.connection().execute(named.where(tender.c.id.in_(asked)))
        tried = {
            row.id: replace(
                _BLANK,
                title=fold(f"{row.title}\n{row.title_en or ''}"),
                buyer=fold(f"{row.buyer or ''}\n{row.buyer_en or ''}"),
            )
            for row in rows
        }
    else:
        full = session.connection().execute(columns().where(tender.c.id.in_(asked))).all()
        tried = described(session, full, texts=False, now=now)
    decided = {id: _without_text(asked[id], one) for id, one in tried.items()}
    found = {id for id, finds in decided.items() if finds}
    if undecided := [id for id, finds in decided.items() if finds is None]:
        sources = session.connection().execute(
            select(tender.c.id, tender.c.sources).where(tender.c.id.in_(undecided))
        )
        for id, text in texts_of(session, {row.id: row.sources for row in sources}).items():
            if matches(asked[id], replace(tried[id], text=fold(text))):
                found.add(id)
    return found


_BLANK = Searchable(
    title="",
    text="",
    buyer="",
    areas=frozenset(),
    venues=frozenset(),
    cpv=frozenset(),
    sources=frozenset(),
    access=frozenset(),
    prefecture=None,
    category=None,
    kind="",
    value=None,
    published=date.min,
    deadline=None,
    now=datetime.min.replace(tzinfo=UTC),
)


def _is_of_words(query: Query) -> bool:
    match query:
        case And(parts) | Or(parts):
            return all(map(_is_of_words, parts))
        case Not(part):
            return _is_of_words(part)
        case _:
            return isinstance(query, Word)


def _without_text(query: Query, tender: Searchable) -> bool | None:
    """Whether a query finds a tender whose text is not known; None where the text decides."""
    match query:
        case And(parts):
            each = {_without_text(part, tender) for part in parts}
            return False if False in each else None if None in each else True
        case Or(parts):
            each = {_without_text(part, tender) for part in parts}
            return True if True in each else None if None in each else False
        case Not(part):
            inner = _without_text(part, tender)
            return None if inner is None else not inner
        case Word(Scope.TEXT):
            return None
        case Word(Scope.ANY):
            return matches(query, tender) or None
        case _:
            return matches(query, tender)


def scan(
    session: Session,
    query: Query,
    *,
    now: datetime,
    since: date | None = None,
    going_on: Callable[[], bool] = lambda: True,
) -> Iterator[UUID]:
    """The ids of tenders that a query finds, published last first, by looking at every one that may be it.

    ``going_on`` is asked between batches; raises TooSlow when it says no.
    """
    tender = table(Tender)
    texts_matter = _looks_into_texts(query)
    conditions = [*_conditions(query, now), *([tender.c.published >= since] if since else [])]
    after: tuple[date, UUID] | None = None
    while True:
        if not going_on():
            raise TooSlow("this search takes too long; narrow it by a focus area, a prefecture or a day")
        page = columns().where(*conditions).order_by(tender.c.published.desc(), tender.c.id).limit(BATCH)
        if after is not None:
            # The first condition says no more than the second; it is the one that an index can use.
            page = page.where(
                tender.c.published <= after[0],
                (tender.c.published < after[0]) | ((tender.c.published == after[0]) & (tender.c.id > after[1])),
            )
        rows = session.connection().execute(page).all()
        if not rows:
            return
        after = (rows[-1].published, rows[-1].id)
        for id, tried in described(session, rows, texts=texts_matter, now=now).items():
            if matches(query, tried):
                yield id


def _conditions(query: Query, now: datetime) -> list[ColumnElement[bool]]:
    """What the database can rule out by itself: conditions that hold for everything the query finds."""
    tender = table(Tender)
    match query:
        case And(parts):
            return [condition for part in parts for condition in _conditions(part, now)][:MOST_CONDITIONS]
        case Or(parts):
            each = [_conditions(part, now) for part in parts]
            # A part of which the database knows nothing may be what finds the tender.
            return [or_(*(and_(*some) for some in each))] if 0 < len(each) <= MOST_CONDITIONS and all(each) else []
        case Is(facet, value) if facet in _LISTS:
            return [_is_listed(facet, value)]
        case Is(Facet.ACCESS, value):
            return [_opened(Opened(value))]
        case Is(Facet.PREFECTURE | Facet.CATEGORY | Facet.KIND as facet, value):
            return [tender.c[facet.value] == value]
        case Compare(Moment.PUBLISHED, operator, day):
            column = tender.c.published
            compared = {"<": column < day, "<=": column <= day, ">": column > day, ">=": column >= day}
            return [compared.get(operator, column == day)]
        case Compare(Moment.DEADLINE, operator, day):
            return _deadline_on(operator, day)
        case Value(operator, yen):
            column = tender.c.value
            compared = {"<": column < yen, "<=": column <= yen, ">": column > yen, ">=": column >= yen}
            return [compared.get(operator, column == yen)]
        case Open():
            ended = tender.c.kind.in_((NoticeKind.AWARD, NoticeKind.CANCELLATION))
            return [~ended, tender.c.deadline.is_(None) | (tender.c.deadline >= now)]
        case _:
            return []


def _is_listed(facet: Facet, value: str) -> ColumnElement[bool]:
    return exists().where(table(_LISTS[facet]).c.tender_id == table(Tender).c.id, _holds(facet, value))


def _opened(asked: Opened) -> ColumnElement[bool]:
    """A condition that every tender fulfils of which this is true; the verdict in a word is one of the two."""
    gpa, epa = table(Tender).c.access_gpa, table(Tender).c.access_epa
    match asked:
        case Opened.GPA:
            return gpa.in_(OPENING)
        case Opened.EPA:
            return epa.in_(OPENING)
        case Opened.OPEN:
            return gpa.in_(OPENING) | epa.in_(OPENING)
        case _:
            return (gpa == VERDICTS[asked]) | (epa == VERDICTS[asked])


def _deadline_on(operator: str, day: date) -> list[ColumnElement[bool]]:
    """The deadline against a day in Tokyo, as moments."""
    column = table(Tender).c.deadline
    try:
        begins = datetime.combine(day, time(), TOKYO).astimezone(UTC)
        ends = begins + timedelta(days=1)
    except OverflowError:  # the first or last day of the calendar
        return []
    compared = {"<": [column < begins], "<=": [column < ends], ">": [column >= ends], ">=": [column >= begins]}
    return compared.get(operator, [column >= begins, column < ends])


def _looks_into_texts(query: Query) -> bool:
    match query:
        case And(parts) | Or(parts):
            return any(_looks_into_texts(part) for part in parts)
        case Not(part):
            return _looks_into_texts(part)
        case Word(scope, _):
            return scope in (Scope.ANY, Scope.TEXT)
        case _:
            return False
