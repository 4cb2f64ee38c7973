"""Finding tenders: plain filters by index, and queries of the query language by a scan."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, func, or_, select, union
from sqlmodel import Session, SQLModel

from db.bulk import table
from db.card import Card, cards
from db.errors import RecordError
from db.notice import Notice, NoticeVersion
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

BATCH = 500
_LISTS: dict[Facet, type[SQLModel]] = {Facet.AREA: TenderArea, Facet.VENUE: TenderVenue, Facet.CPV: TenderCpv}
"""The tables that list tenders by the values of a facet."""
Ids = Select[UUID] | CompoundSelect[UUID]


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
) -> Found:
    """The tenders that a query finds, published last first. Raises TooSlow (see ``scan``)."""
    if query == EVERYTHING:
        return newest(session, limit=limit, offset=offset)
    if (listed := _all_listed(query)) is not None:
        return _newest_listed(session, listed, _conditions(query, now), limit=limit, offset=offset)
    found = list(islice(scan(session, query, now=now, going_on=going_on), offset, offset + limit + 1))
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
        case Or(parts) if parts and all(isinstance(part, Is) and part.facet in _LISTS for part in parts):
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
        for _ in scan(session, query, now=now, since=since, going_on=going_on):
            found += 1
    except TooSlow:
        return Preview(found, complete=False)
    return Preview(found, complete=True)


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
        page = select(tender).where(*conditions).order_by(tender.c.published.desc(), tender.c.id).limit(BATCH)
        if after is not None:
            # The first condition says no more than the second; it is the one that an index can use.
            page = page.where(
                tender.c.published <= after[0],
                (tender.c.published < after[0]) | ((tender.c.published == after[0]) & (tender.c.id > after[1])),
            )
        rows = [Tender(**row) for row in session.connection().execute(page).mappings()]
        if not rows:
            return
        after = (rows[-1].published, rows[-1].id)
        ids = [row.id for row in rows]
        areas, venues = _areas(session, TenderArea, ids), _areas(session, TenderVenue, ids)
        cpv = _cpv(session, ids)
        texts = _texts(session, ids) if texts_matter else {}
        for row in rows:
            tried = Searchable.of(
                row,
                text=texts.get(row.id, ""),
                areas=areas.get(row.id, ()),
                venues=venues.get(row.id, ()),
                cpv=cpv.get(row.id, ()),
                now=now,
            )
            if matches(query, tried):
                yield row.id


def _conditions(query: Query, now: datetime) -> list[ColumnElement[bool]]:
    """What the database can rule out by itself: conditions that hold for everything the query finds."""
    tender = table(Tender)
    match query:
        case And(parts):
            return [condition for part in parts for condition in _conditions(part, now)]
        case Or(parts):
            each = [_conditions(part, now) for part in parts]
            # A part of which the database knows nothing may be what finds the tender.
            return [or_(*(and_(*some) for some in each))] if each and all(each) else []
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


def _texts(session: Session, ids: list[UUID]) -> dict[UUID, str]:
    notice, version = table(Notice), table(NoticeVersion)
    rows = session.connection().execute(
        select(notice.c.tender_id, version.c.content)
        .join(version, (version.c.notice_id == notice.c.id) & (version.c.number == notice.c.version))
        .where(notice.c.tender_id.in_(ids))
        .order_by(notice.c.first_seen_at, notice.c.id)
    )
    found: dict[UUID, str] = {}
    for tender_id, content in rows:
        found[tender_id] = f"{found[tender_id]}\n{content.searched}" if tender_id in found else content.searched
    return found


def _cpv(session: Session, ids: list[UUID]) -> dict[UUID, frozenset[str]]:
    cpv = table(TenderCpv)
    found: dict[UUID, frozenset[str]] = {}
    for tender_id, code in session.connection().execute(
        select(cpv.c.tender_id, cpv.c.code).where(cpv.c.tender_id.in_(ids))
    ):
        found[tender_id] = found.get(tender_id, frozenset()) | {code}
    return found


def _areas(session: Session, model: type[TenderArea | TenderVenue], ids: list[UUID]) -> dict[UUID, frozenset[str]]:
    area = table(model)
    rows = session.connection().execute(select(area.c.tender_id, area.c.area).where(area.c.tender_id.in_(ids)))
    found: dict[UUID, frozenset[str]] = {}
    for tender_id, name in rows:
        found[tender_id] = found.get(tender_id, frozenset()) | {name}
    return found
