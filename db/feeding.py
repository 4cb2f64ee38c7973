"""What feeds tell of: the events that are news, of all tenders or of a part of them, newest first.

An event is news if it alerts. So a first crawl, a back-fill, another source that publishes the same, award data, merging
and reading again move nothing in a feed: of hundreds of tenders that were found today and published long ago, no feed
reader shows one as new. A tender's place in a feed is the moment of its newest such event.

The events that are news only ever become more, in the order of their moments. A page of the archive is a hundred of them
in a row, counted from the beginning of a month; it is there as soon as it is full, or its month over, and from then on
has the same events for ever.

A new installation has no news yet, for its first crawl alerts nobody. Until there is enough, its feeds also have what was
found on its first day (``BEGINNING``): a fixed set, which nothing that is found later adds to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, String, Table, and_, exists, func, literal, literal_column, select
from sqlmodel import Session

from db.bulk import table
from db.card import Card, cards
from db.history import Match, Run
from db.tender import BUYER_CHARACTERS, Tender, TenderArea, TenderEvent
from db.vocabulary.japanese import TOKYO, to_tokyo
from db.vocabulary.notice import FieldChange
from db.vocabulary.tender import EventKind
from db.vocabulary.text import fold

ARCHIVED = 100
"""Events on a page of the archive. A feed must not show fewer: what is on no page yet has to be in it."""
BEGINNING = timedelta(days=1)
"""From the first run of all: what was found until then fills a feed that has little news."""
MOST_OF_THE_BEGINNING = 20
"""Entries up to which a feed is filled; more would bury the first news."""
FEW = 10_000
"""So many members of a part are looked up one by one as quickly as they are met among all the news."""

_BUYER: ColumnElement[str] = literal_column(f"substr(tender.buyer, 1, {BUYER_CHARACTERS})", String())
"""A buyer's name in the very words of its index, or this would not be used."""


@dataclass(frozen=True, slots=True)
class OfArea:
    """The tenders of a focus area."""

    slug: str


@dataclass(frozen=True, slots=True)
class OfBuyer:
    """The tenders of a buyer, whose name is spelled in one or several ways (see ``spellings``)."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfSearch:
    """What a saved search found, told by mail or not."""

    id: UUID


Part = OfArea | OfBuyer | OfSearch
"""Of all tenders."""


@dataclass(frozen=True, slots=True)
class News:
    """A tender as it is now, and what happened to it: ``at`` is the moment, ``changes`` are the fields that differ."""

    card: Card
    at: datetime
    kind: EventKind = EventKind.PUBLISHED
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class ArchivePage:
    """Which page: ``month`` is the month's first day (in Tokyo), ``number`` counts from 1, the oldest."""

    month: date
    number: int


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest of a feed, and the page on which the archive goes on; None where there is nothing older."""

    news: list[News]
    older: ArchivePage | None


@dataclass(frozen=True, slots=True)
class Archived:
    """A page of the archive, newest first, and its neighbours."""

    news: list[News]
    older: ArchivePage | None
    newer: ArchivePage | None


def newest(session: Session, part: Part | None, *, limit: int, now: datetime) -> Newest:
    """The tenders of which there were news last, of a part or of all, each once; at least ARCHIVED of them."""
    log = _log(session, part)
    asked = 2 * limit
    while True:
        rows = session.connection().execute(_latest_first(log).limit(asked)).all()
        latest = _once(rows)
        if len(latest) >= limit or len(rows) < asked:
            break
        asked *= 4  # one tender that changes all the time
    more = len(rows) == asked or len(latest) > limit
    news = _with_cards(session, latest[:limit])
    if len(news) < MOST_OF_THE_BEGINNING and not isinstance(part, OfSearch):
        known = {one.card.id for one in news}
        first = _beginning(session, part)
        news += [one for one in first if one.card.id not in known][: MOST_OF_THE_BEGINNING - len(news)]
    return Newest(news, _last_page(session, log, now=now) if more else None)


def archived(session: Session, part: Part | None, page: ArchivePage, *, now: datetime) -> Archived | None:
    """A page of the archive; None for one that there is not, or not yet.

    Its tenders are shown as they are now, and at the place that they had. One that had several events on the page is
    there once.
    """
    log, event = _log(session, part), table(TenderEvent)
    begin, end = _span(page.month)
    pages = _pages(session, log, page.month, now)
    if not 1 <= page.number <= pages:
        return None
    rows = session.connection().execute(
        log.where(event.c.at >= begin, event.c.at < end)
        .order_by(event.c.at, event.c.tender_id, event.c.sequence)
        .limit(ARCHIVED)
        .offset((page.number - 1) * ARCHIVED)
    )
    news = _with_cards(session, _once([*rows][::-1]))
    if page.number > 1:
        older: ArchivePage | None = ArchivePage(page.month, page.number - 1)
    else:
        older = _last_page(session, log, before=begin, now=now)
    if page.number < pages:
        newer: ArchivePage | None = ArchivePage(page.month, page.number + 1)
    else:
        newer = _first_page(session, log, end, now=now)
    return Archived(news, older, newer)


def buyer_key(name: str) -> str:
    """What all spellings of a buyer's name have in common: sources put spaces between its parts, or none."""
    return fold(name[:BUYER_CHARACTERS]).replace(" ", "")


def spellings(session: Session, name: str) -> tuple[str, ...]:
    """The ways in which sources spell a buyer's name; empty for a buyer of whom nothing is known.

    Names are compared folded, which the database cannot do: it goes from one name to the next in the index, so that
    this costs as much as there are buyers, however many tenders they have.
    """
    wanted = buyer_key(name)
    if not wanted:
        return ()
    tender = table(Tender)
    names = select(func.min(_BUYER).label("name")).select_from(tender).cte("buyer", recursive=True)
    following = select(func.min(_BUYER)).select_from(tender).where(names.c.name < _BUYER).scalar_subquery()
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    found = session.connection().execute(select(names.c.name).where(names.c.name.is_not(None))).scalars()
    return tuple(sorted(one for one in found if buyer_key(one) == wanted))


def _log(session: Session, part: Part | None) -> Select[Any]:
    """The events that are news, of a part or of all."""
    event = table(TenderEvent)
    log = select(event.c.tender_id, event.c.sequence, event.c.at, event.c.kind, event.c.changes).where(event.c.alerts)
    if part is None:
        return log
    members, condition, same = _membership(part)
    # Many are met soon on the way back through the news; of a few each is looked up, or a million would be passed.
    some = select(literal(1)).select_from(members).where(condition).limit(FEW + 1).subquery()
    if session.connection().execute(select(func.count()).select_from(some)).scalar_one() > FEW:
        return log.where(exists().where(same, condition))
    return log.join(members, same).where(condition)


def _membership(part: Part) -> tuple[Table, ColumnElement[bool], ColumnElement[bool]]:
    """The table that lists a part, the condition on its rows, and what makes a row and an event one."""
    event = table(TenderEvent)
    match part:
        case OfArea(slug):
            given = table(TenderArea)
            return given, given.c.area == slug, given.c.tender_id == event.c.tender_id
        case OfBuyer(names):
            tender = table(Tender)
            return tender, _BUYER.in_(names), tender.c.id == event.c.tender_id
        case OfSearch(id):
            found = table(Match)
            same = and_(found.c.tender_id == event.c.tender_id, found.c.sequence == event.c.sequence)
            return found, found.c.saved_search_id == id, same


def _latest_first(log: Select[Any]) -> Select[Any]:
    event = table(TenderEvent)
    return log.order_by(event.c.at.desc(), event.c.tender_id.desc(), event.c.sequence.desc())


def _once(latest_first: Iterable[Row[Any]]) -> list[Row[Any]]:
    """The newest event of each tender."""
    found: dict[UUID, Row[Any]] = {}
    for row in latest_first:
        found.setdefault(row.tender_id, row)
    return list(found.values())


def _with_cards(session: Session, rows: Sequence[Row[Any]]) -> list[News]:
    shown = {card.id: card for card in cards(session, [row.tender_id for row in rows])}
    return [
        News(shown[row.tender_id], row.at, EventKind(row.kind), row.changes) for row in rows if row.tender_id in shown
    ]


def _beginning(session: Session, part: Part | None) -> list[News]:
    """Of what was found on the first day, that which was published last."""
    tender, run = table(Tender), table(Run)
    started = session.connection().execute(select(func.min(run.c.started_at, type_=run.c.started_at.type))).scalar()
    if started is None:
        return []
    until = started + BEGINNING
    # The first condition is the one that an index can use, where years have gone by since.
    ids = (
        select(tender.c.id)
        .where(tender.c.published <= to_tokyo(until).date(), tender.c.first_seen_at < until)
        .order_by(tender.c.published.desc(), tender.c.id)
        .limit(MOST_OF_THE_BEGINNING)
    )
    match part:
        case OfArea(slug):
            given = table(TenderArea)
            ids = ids.join(given, given.c.tender_id == tender.c.id).where(given.c.area == slug)
        case OfBuyer(names):
            ids = ids.where(_BUYER.in_(names))
        case _:
            pass
    found = cards(session, list(session.connection().execute(ids).scalars()))
    return [News(card, card.first_seen_at) for card in found]


# Pages of the archive -----------------------------------------------------------------------------------


def _span(month: date) -> tuple[datetime, datetime]:
    """When a month begins and ends in Tokyo."""
    after = (month.replace(day=1) + timedelta(days=31)).replace(day=1)
    begin, end = (datetime.combine(day, time(), TOKYO).astimezone(UTC) for day in (month, after))
    return begin, end


def _pages(session: Session, log: Select[Any], month: date, now: datetime) -> int:
    """How many pages of a month are there: those that are full, and when it is over the last one, too."""
    event = table(TenderEvent)
    begin, end = _span(month)
    count = select(func.count()).select_from(
        log.with_only_columns(event.c.tender_id).where(event.c.at >= begin, event.c.at < end).subquery()
    )
    events = session.connection().execute(count).scalar_one()
    return -(-events // ARCHIVED) if end <= now else events // ARCHIVED


def _last_page(
    session: Session, log: Select[Any], *, before: datetime | None = None, now: datetime
) -> ArchivePage | None:
    """The last page, of all or of those whose month is over before a moment."""
    event = table(TenderEvent)
    last = log.with_only_columns(event.c.at).order_by(event.c.at.desc()).limit(1)
    while True:
        earlier = last if before is None else last.where(event.c.at < before)
        at = session.connection().execute(earlier).scalar()
        if at is None:
            return None
        month = to_tokyo(at).date().replace(day=1)
        if pages := _pages(session, log, month, now):
            return ArchivePage(month, pages)
        before, _ = _span(month)


def _first_page(session: Session, log: Select[Any], since: datetime, *, now: datetime) -> ArchivePage | None:
    """The first page of the next month that has any."""
    event = table(TenderEvent)
    later = log.with_only_columns(event.c.at).where(event.c.at >= since).order_by(event.c.at).limit(1)
    at = session.connection().execute(later).scalar()
    if at is None:
        return None
    month = to_tokyo(at).date().replace(day=1)
    return ArchivePage(month, 1) if _pages(session, log, month, now) else None
