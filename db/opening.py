"""Letters are made: of what waits to be told at once, and of the windows that have ended."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    String,
    TextClause,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    text,
    type_coerce,
)
from sqlmodel import Session

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.history import Digest, Match, Reminder
from db.subscriber import SavedSearch, Subscriber, Suppression
from db.tender import Tender
from db.vocabulary.delivery import DeliveryState, Frequency, LetterKind, SubscriberState
from db.vocabulary.notice import NoticeKind
from db.vocabulary.window import Schedule, Window, window_before, zone

ALERTS_APART = timedelta(minutes=15)
"""Between two alerts to one subscriber: a crawl finds its news within minutes, and they belong into one letter."""
MOST_AT_ONCE = 2_000
"""Digests made in one transaction: others have to write, too."""
ALERT_TOO_LATE = timedelta(days=1)
"""An alert that tells of older things is marked as a backlog."""
JUST_MISSED = timedelta(minutes=10)
"""What was found just before a window began may be kept when the letters before it are made already: no backlog."""
JUST_ENDED = timedelta(hours=3)
"""For so long after its end a reminder or a source that was not read can open a window's letter, and for as long as
nobody has looked since. Matches do at any time; the others would be looked for every minute of the day in vain."""
SILENT = timedelta(days=1)
"""For so long a source may fail before readers are told, even if there is nothing else to tell."""


@dataclass(frozen=True, slots=True)
class _Person:
    """A subscriber, as far as it decides when letters to them are made."""

    id: UUID
    schedule: Schedule
    paused_until: date | None


@dataclass(slots=True)
class Opening:
    """A digest that is to be made, with the reminders that it brings; ``unread``: sources that could not be read."""

    subscriber_id: UUID
    window: Window
    unread: tuple[str, ...] = ()
    start: datetime = field(init=False)
    backlog: bool = False
    reminders: list[tuple[UUID, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = self.window.start


def open_alerts(session: Session, *, now: datetime, domain: str) -> list[Digest]:
    """Make the letters of what is told at once: one for each subscriber who has any and did not just get one."""
    match, search, owner, digest = table(Match), table(SavedSearch), table(Subscriber), table(Digest)
    waiting = session.connection().execute(
        select(*_person_columns(), func.min(match.c.matched_at))
        .select_from(match)
        .join(search, search.c.id == match.c.saved_search_id)
        .join(owner, owner.c.id == search.c.subscriber_id)
        .where(
            _waits(),
            match.c.at_once,
            _reachable(),
            ~exists().where(
                digest.c.subscriber_id == owner.c.id,
                digest.c.kind == LetterKind.ALERT,
                digest.c.window_end > now - ALERTS_APART,
                digest.c.window_end <= now,  # a clock that was ahead must not keep alerts back until that day
            ),
        )
        .group_by(owner.c.id)
        .order_by(owner.c.id)
    )
    made = [
        _letter(
            person.id,
            LetterKind.ALERT,
            start=row[5],
            end=now,
            due_at=now,
            domain=domain,
            backlog=row[5] < now - ALERT_TOO_LATE,
        )
        for row in waiting.all()
        if not _paused(person := _person(row), now)
    ]
    _insert(session, made)
    _take_matches(session, [{"b_digest": one.id, "b_owner": one.subscriber_id} for one in made], match.c.at_once)
    return made


def open_digests(
    session: Session,
    *,
    now: datetime,
    domain: str,
    remind_until: Callable[[datetime], datetime] = lambda end: end,
    unread: Mapping[str, datetime] = MappingProxyType({}),
    looked_at: datetime | None = None,
    limit: int | None = None,
) -> list[Digest]:
    """Make the digests of the windows that have ended, or so many of them, in one transaction."""
    found = openings(session, now=now, remind_until=remind_until, unread=unread, looked_at=looked_at)
    return make_digests(session, found[:limit], domain=domain)


def openings(
    session: Session,
    *,
    now: datetime,
    remind_until: Callable[[datetime], datetime] = lambda end: end,
    unread: Mapping[str, datetime] = MappingProxyType({}),
    looked_at: datetime | None = None,
) -> list[Opening]:
    """The digests of the windows that have ended: one for each subscriber with something to tell.

    That is: matches that no letter tells of yet, those of weekly searches once their week has ended; tenders that
    close soon (``remind_until`` gives the moment up to which that is so at the end of a window); and that a source
    could not be read for a day (``unread``: since when, by slug), once for each failure, for silence would say that
    there is nothing. Older matches that no window could tell of come along, and the digest is marked as a backlog.
    A window that has its digest has no other one.

    ``looked_at`` is when this was asked last, None where nobody knows: windows that have ended since are looked into
    however late it is. What is found late is what there was to tell when the window ended, and is not over yet.
    """
    windows: dict[Schedule, Window] = {}

    def window_of(person: _Person) -> Window:
        if person.schedule not in windows:
            windows[person.schedule] = window_before(now, person.schedule)
        return windows[person.schedule]

    def silent(window: Window) -> tuple[str, ...]:
        at = min(now, window.end + JUST_ENDED)
        return tuple(source for source, since in unread.items() if since <= at - SILENT)

    def opened(person: _Person) -> Opening:
        window = window_of(person)
        return found.setdefault(person.id, Opening(person.id, window, silent(window)))

    found: dict[UUID, Opening] = {}
    schedules = {one: window_before(now, one) for one in _schedules(session)}
    horizon = max((window.end for window in schedules.values()), default=now)
    for person, weekly, earliest in _with_matches(session, horizon):
        window = window_of(person)
        start, end = (window.week_start, window.week_end) if weekly else (window.start, window.end)
        if earliest < end and not _paused(person, now):
            opening = opened(person)
            opening.start = min(opening.start, start)
            opening.backlog = opening.backlog or earliest < start - JUST_MISSED
    looked = min(now - JUST_ENDED, looked_at) if looked_at else None
    ended = {one for one, window in schedules.items() if looked is None or window.end > looked}
    if ended:
        for person, tender_id, deadline in _closing(session, ended, now=now, remind_until=remind_until):
            window = window_of(person)
            if deadline <= remind_until(window.end) and not _paused(person, now):
                opened(person).reminders.append((tender_id, deadline))
    by_sources: dict[tuple[str, ...], set[Schedule]] = {}
    for one in ended:
        by_sources.setdefault(silent(schedules[one]), set()).add(one)
    for sources, some in by_sources.items():
        for person, weekly, began in _uninformed(session, some, {one: unread[one] for one in sources}):
            window = window_of(person)
            on_its_day = not weekly or window.end == window.week_end
            if began <= window.end and on_its_day and not _paused(person, now):
                opened(person)
    return _without_letter(session, [found[id] for id in sorted(found)])


def make_digests(session: Session, found: Sequence[Opening], *, domain: str) -> list[Digest]:
    """Make digests that were found to be due; those that another process has made meanwhile are left out."""
    found = _without_letter(session, _still_reached(session, found))
    made = [
        _letter(
            one.subscriber_id,
            LetterKind.DIGEST,
            start=one.start,
            end=one.window.end,
            due_at=one.window.end,
            domain=domain,
            backlog=one.backlog,
            unread=one.unread,
        )
        for one in found
    ]
    _insert(session, made)
    match, search = table(Match), table(SavedSearch)
    both = list(zip(made, found, strict=True))
    for weekly in (False, True):
        _take_matches(
            session,
            [
                {
                    "b_digest": digest.id,
                    "b_owner": digest.subscriber_id,
                    "b_until": one.window.week_end if weekly else one.window.end,
                }
                for digest, one in both
            ],
            match.c.matched_at < bindparam("b_until", type_=match.c.matched_at.type),
            searches=search.c.frequency == Frequency.WEEKLY if weekly else search.c.frequency != Frequency.WEEKLY,
        )
    bulk.insert_missing(
        session,
        Reminder,
        [
            {"subscriber_id": one.subscriber_id, "tender_id": tender_id, "deadline": deadline, "digest_id": digest.id}
            for digest, one in both
            for tender_id, deadline in one.reminders
        ],
    )
    return made


def _reachable() -> ColumnElement[bool]:
    """The condition on a subscriber to whom letters go."""
    owner, barred = table(Subscriber), table(Suppression)
    return (owner.c.state == SubscriberState.ACTIVE) & ~exists().where(barred.c.address == func.lower(owner.c.email))


def _paused(person: _Person, now: datetime) -> bool:
    until = person.paused_until
    return until is not None and now.astimezone(zone(person.schedule.time_zone)).date() < until


def _person_columns() -> tuple[ColumnElement[Any], ...]:
    owner = table(Subscriber)
    return (owner.c.id, owner.c.time_zone, owner.c.digest_at, owner.c.weekday, owner.c.paused_until)


def _person(row: Sequence[Any]) -> _Person:
    id, time_zone, digest_at, weekday, paused_until = row[:5]
    return _Person(id, Schedule(time_zone, digest_at, weekday), paused_until)


def _waits() -> TextClause:
    """The condition on a match that it waits, as the index of those that do has it: SQLite takes no other spelling."""
    return text('"match".waiting')


def _with_matches(session: Session, horizon: datetime) -> Iterator[tuple[_Person, bool, datetime]]:
    """Subscribers of whom matches from before a moment wait, apart for weekly searches, with the earliest of them."""
    match, search, owner = table(Match), table(SavedSearch), table(Subscriber)
    # First by search: of very many matches that wait only the index is read, from its beginning to its end.
    waiting = (
        select(match.c.saved_search_id, func.min(match.c.matched_at).label("earliest"))
        .where(_waits(), match.c.matched_at < horizon)
        .group_by(match.c.saved_search_id)
        .subquery("searches_that_wait")
    )
    rows = session.connection().execute(
        select(*_person_columns(), search.c.frequency, waiting.c.earliest)
        .select_from(waiting)
        .join(search, search.c.id == waiting.c.saved_search_id)
        .join(owner, owner.c.id == search.c.subscriber_id)
        .where(_reachable())
    )
    for row in rows.all():
        yield _person(row), row[5] == Frequency.WEEKLY, row[6]


def _schedules(session: Session) -> Iterator[Schedule]:
    """The schedules that anybody has: very many people have few."""
    owner = table(Subscriber)
    rows = session.connection().execute(
        select(owner.c.time_zone, owner.c.digest_at, owner.c.weekday)
        .where(owner.c.state == SubscriberState.ACTIVE)
        .distinct()
    )
    for time_zone, digest_at, weekday in rows.all():
        yield Schedule(time_zone, digest_at, weekday)


def _roughly(schedules: Collection[Schedule]) -> ColumnElement[bool]:
    """A condition on subscribers that holds for all with one of these schedules, and for few others."""
    owner = table(Subscriber)
    return owner.c.time_zone.in_({one.time_zone for one in schedules}) & owner.c.digest_at.in_(
        {one.digest_at for one in schedules}
    )


def _closing(
    session: Session, schedules: Collection[Schedule], *, now: datetime, remind_until: Callable[[datetime], datetime]
) -> Iterator[tuple[_Person, UUID, datetime]]:
    """Tenders that close soon, each with the subscribers who were told of them when there was more time, and not since."""
    tender, match, digest = table(Tender), table(Match), table(Digest)
    search, owner, reminder = table(SavedSearch), table(Subscriber), table(Reminder)
    closing = session.connection().execute(
        select(tender.c.id, tender.c.deadline)
        .where(
            tender.c.deadline > now,
            tender.c.deadline <= remind_until(now),
            tender.c.kind.not_in((NoticeKind.CANCELLATION, NoticeKind.AWARD)),
        )
        .order_by(tender.c.deadline, tender.c.id)
    )
    # What was sent is looked for from the tenders: of all letters nearly every one was.
    last_told = func.max(
        case((digest.c.state == DeliveryState.SENT, digest.c.window_end)), type_=digest.c.window_end.type
    )
    for some in batches(closing.all(), IN_LIMIT):
        deadlines: dict[UUID, datetime] = {row[0]: row[1] for row in some}
        rows = session.connection().execute(
            select(*_person_columns(), match.c.tender_id, last_told)
            .select_from(match)
            .join(digest, digest.c.id == match.c.digest_id)
            .join(search, search.c.id == match.c.saved_search_id)
            .join(owner, owner.c.id == search.c.subscriber_id)
            .where(match.c.tender_id.in_(deadlines), owner.c.reminders, _roughly(schedules), _reachable())
            .group_by(owner.c.id, match.c.tender_id)
        )
        told = [(_person(row), row[5], row[6]) for row in rows.all() if row[6] is not None]
        reminded = {
            (row[0], row[1], row[2])
            for row in session.connection().execute(
                select(reminder.c.subscriber_id, reminder.c.tender_id, reminder.c.deadline).where(
                    reminder.c.tender_id.in_(deadlines)
                )
            )
        }
        for person, tender_id, told_at in sorted(told, key=lambda one: (deadlines[one[1]], one[1])):
            deadline = deadlines[tender_id]
            # Whoever heard of it yesterday with as little time left needs no reminder today.
            if (
                person.schedule in schedules
                and (person.id, tender_id, deadline) not in reminded
                and remind_until(told_at) < deadline
            ):
                yield person, tender_id, deadline


def _uninformed(
    session: Session, schedules: Collection[Schedule], unread: Mapping[str, datetime]
) -> Iterator[tuple[_Person, bool, datetime]]:
    """Subscribers whom no letter has told that a source cannot be read; whether all they get is weekly, since when."""
    if not unread:
        return
    search, owner, digest = table(SavedSearch), table(Subscriber), table(Digest)
    named = type_coerce(digest.c.unread, String)
    untold = [
        ~exists().where(
            digest.c.subscriber_id == owner.c.id,
            digest.c.kind == LetterKind.DIGEST,
            digest.c.window_end >= since,
            digest.c.state != DeliveryState.FAILED,
            named.contains(f'"{source}"', autoescape=True),
        )
        for source, since in unread.items()
    ]
    often = func.max(case((search.c.frequency.in_((Frequency.DAILY, Frequency.AT_ONCE)), 1), else_=0))
    owners = session.connection().execute(
        select(*_person_columns(), often, func.min(search.c.confirmed_at))
        .select_from(owner)
        .join(search, search.c.subscriber_id == owner.c.id)
        .where(
            _roughly(schedules),
            _reachable(),
            search.c.confirmed_at.is_not(None),
            search.c.frequency != Frequency.NEVER,
            or_(*untold),
        )
        .group_by(owner.c.id)
    )
    for row in owners.all():
        if (person := _person(row)).schedule in schedules:
            yield person, not row[5], row[6]


def _without_letter(session: Session, found: Sequence[Opening]) -> list[Opening]:
    """Those whose windows have no letter yet."""
    digest = table(Digest)
    left: list[Opening] = []
    earliest = min((one.window.end for one in found), default=None)
    for some in batches(found, IN_LIMIT):
        rows = session.connection().execute(
            select(digest.c.subscriber_id, digest.c.window_end).where(
                digest.c.subscriber_id.in_([one.subscriber_id for one in some]),
                digest.c.kind == LetterKind.DIGEST,
                digest.c.window_end >= earliest,
            )
        )
        there = {(row[0], row[1]) for row in rows}
        left += [one for one in some if (one.subscriber_id, one.window.end) not in there]
    return left


def _still_reached(session: Session, found: Sequence[Opening]) -> list[Opening]:
    """Those whose readers get letters, held until the end of the transaction: one may ask to be forgotten meanwhile."""
    owner = table(Subscriber)
    reached: set[UUID] = set()
    for some in batches(found, IN_LIMIT):
        ids = [one.subscriber_id for one in some]
        there = select(owner.c.id).where(owner.c.id.in_(ids), _reachable())
        reached.update(session.connection().execute(there.with_for_update(read=True, key_share=True)).scalars())
    return [one for one in found if one.subscriber_id in reached]


def _letter(
    subscriber_id: UUID,
    kind: LetterKind,
    *,
    start: datetime,
    end: datetime,
    due_at: datetime,
    domain: str,
    backlog: bool = False,
    unread: tuple[str, ...] = (),
) -> Digest:
    id = uuid4()
    return Digest(
        id=id,
        subscriber_id=subscriber_id,
        kind=kind,
        window_start=start,
        window_end=end,
        message_id=f"<{id}@{domain}>",
        state=DeliveryState.PENDING,
        due_at=due_at,
        backlog=backlog,
        unread=unread,
    )


def _insert(session: Session, made: Sequence[Digest]) -> None:
    bulk.insert(session, Digest, [one.model_dump() for one in made])


def _take_matches(
    session: Session,
    rows: Sequence[Mapping[str, Any]],
    condition: ColumnElement[bool],
    searches: ColumnElement[bool] | None = None,
) -> None:
    """Let letters tell of their owners' waiting matches; each row has ``b_digest`` and ``b_owner``."""
    match, search = table(Match), table(SavedSearch)
    mine = select(search.c.id).where(search.c.subscriber_id == bindparam("b_owner"))
    if searches is not None:
        mine = mine.where(searches)
    if rows:
        session.connection().execute(
            match.update()
            .where(_waits(), match.c.saved_search_id.in_(mine), condition)
            .values(digest_id=bindparam("b_digest"), waiting=False),
            list(rows),
        )
