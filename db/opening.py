"""Letters are made: of what waits to be told at once, and of the windows that have ended."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, case, exists, func, select
from sqlmodel import Session

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.history import Digest, Match, Reminder
from db.subscriber import SavedSearch, Subscriber, Suppression
from db.tender import Tender
from db.vocabulary.delivery import DeliveryState, Frequency, LetterKind, SubscriberState
from db.vocabulary.notice import NoticeKind
from db.vocabulary.window import Schedule, Window, window_before

ALERTS_APART = timedelta(minutes=15)
"""Between two alerts to one subscriber: a crawl finds its news within minutes, and they belong into one letter."""
JUST_ENDED = timedelta(hours=1)
"""For so long after its end a window can begin with a reminder, or with a source that was not read. Matches open one
whenever they are there; the others would be looked for every minute of the day in vain."""


def open_alerts(session: Session, *, now: datetime, domain: str) -> list[Digest]:
    """Make the letters of what is told at once: one for each subscriber who has any and did not just get one."""
    match, search, owner, digest = table(Match), table(SavedSearch), table(Subscriber), table(Digest)
    waiting = session.connection().execute(
        select(*_person_columns(), func.min(match.c.matched_at))
        .select_from(match)
        .join(search, search.c.id == match.c.saved_search_id)
        .join(owner, owner.c.id == search.c.subscriber_id)
        .where(
            match.c.waiting,
            match.c.at_once,
            _reachable(),
            ~exists().where(
                digest.c.subscriber_id == owner.c.id,
                digest.c.kind == LetterKind.ALERT,
                digest.c.window_end > now - ALERTS_APART,
            ),
        )
        .group_by(*_person_columns())
        .order_by(owner.c.id)
    )
    made = [
        _letter(person.id, LetterKind.ALERT, start=row[5], end=now, due_at=now, domain=domain)
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
    limit: int = 2_000,
) -> list[Digest]:
    """Make the digests of the windows that have ended: one for each subscriber with something to tell.

    That is: matches that no letter tells of yet, those of weekly searches once their week has ended; tenders that
    close soon (``remind_until`` gives the moment up to which that is so at the end of a window); and that a source
    could not be read (``unread``: since when, by slug), once for each failure, for silence would say that there is
    nothing. Older matches that no window could tell of come along, and the digest is marked as a backlog.
    Doing it again for the same windows makes nothing more; at most ``limit`` are made at once.
    """
    windows: dict[Schedule, Window] = {}

    def window_of(person: _Person) -> Window:
        if person.schedule not in windows:
            windows[person.schedule] = window_before(now, person.schedule)
        return windows[person.schedule]

    found: dict[UUID, _Opening] = {}
    for person, weekly, earliest in _with_matches(session):
        window = window_of(person)
        start, end = (window.week_start, window.week_end) if weekly else (window.start, window.end)
        if earliest < end and not _paused(person, now):
            opening = found.setdefault(person.id, _Opening(person.id, window))
            opening.start = min(opening.start, start)
            opening.backlog = opening.backlog or earliest < start
    just_ended = now - JUST_ENDED
    for person_id, tender_id, deadline, person in _closing(session, now=now, remind_until=remind_until):
        window = window_of(person)
        soon = window.end > just_ended and now < deadline <= remind_until(window.end)
        if soon and not _paused(person, now):
            found.setdefault(person_id, _Opening(person_id, window)).reminders.append((tender_id, deadline))
    if unread:
        for person, weekly in _uninformed(session, unread):
            window = window_of(person)
            ended = window.end > just_ended and (not weekly or window.end == window.week_end)
            if ended and not _paused(person, now):
                found.setdefault(person.id, _Opening(person.id, window))
    digest = table(Digest)
    ends = sorted({opening.window.end.astimezone(UTC) for opening in found.values()})
    there: set[tuple[UUID, datetime]] = set()
    for some in batches(ends, IN_LIMIT):
        rows = session.connection().execute(
            select(digest.c.subscriber_id, digest.c.window_end).where(
                digest.c.kind == LetterKind.DIGEST, digest.c.window_end.in_(some)
            )
        )
        there.update((row[0], row[1]) for row in rows)
    openings = [one for _, one in sorted(found.items()) if (one.subscriber_id, one.window.end) not in there][:limit]
    made = [
        _letter(
            one.subscriber_id,
            LetterKind.DIGEST,
            start=one.start,
            end=one.window.end,
            due_at=one.window.end,
            domain=domain,
            backlog=one.backlog,
            unread=tuple(unread),
        )
        for one in openings
    ]
    _insert(session, made)
    match, search = table(Match), table(SavedSearch)
    both = list(zip(made, openings, strict=True))
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


@dataclass(frozen=True, slots=True)
class _Person:
    id: UUID
    schedule: Schedule
    paused_until: date | None


@dataclass(slots=True)
class _Opening:
    """A digest that is about to be made."""

    subscriber_id: UUID
    window: Window
    start: datetime = field(init=False)
    backlog: bool = False
    reminders: list[tuple[UUID, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = self.window.start


def _reachable() -> ColumnElement[bool]:
    """The condition on a subscriber to whom letters go."""
    owner, barred = table(Subscriber), table(Suppression)
    return (owner.c.state == SubscriberState.ACTIVE) & ~exists().where(barred.c.address == func.lower(owner.c.email))


def _paused(person: _Person, now: datetime) -> bool:
    until = person.paused_until
    return until is not None and now.astimezone(ZoneInfo(person.schedule.time_zone)).date() < until


def _person_columns() -> tuple[ColumnElement[Any], ...]:
    owner = table(Subscriber)
    return (owner.c.id, owner.c.time_zone, owner.c.digest_at, owner.c.weekday, owner.c.paused_until)


def _person(row: Sequence[Any]) -> _Person:
    id, time_zone, digest_at, weekday, paused_until = row[:5]
    return _Person(id, Schedule(time_zone, digest_at, weekday), paused_until)


def _with_matches(session: Session) -> Iterator[tuple[_Person, bool, datetime]]:
    """Subscribers of whom matches wait, apart for their weekly searches and the others, with the earliest of them."""
    match, search, owner = table(Match), table(SavedSearch), table(Subscriber)
    weekly = search.c.frequency == Frequency.WEEKLY
    rows = session.connection().execute(
        select(*_person_columns(), weekly, func.min(match.c.matched_at))
        .select_from(match)
        .join(search, search.c.id == match.c.saved_search_id)
        .join(owner, owner.c.id == search.c.subscriber_id)
        .where(match.c.waiting, _reachable())
        .group_by(*_person_columns(), weekly)
    )
    for row in rows.all():
        yield _person(row), bool(row[5]), row[6]


def _closing(
    session: Session, *, now: datetime, remind_until: Callable[[datetime], datetime]
) -> Iterator[tuple[UUID, UUID, datetime, _Person]]:
    """Tenders that close soon, with the subscribers who were told of them when there was more time, and not since."""
    tender, match, digest = table(Tender), table(Match), table(Digest)
    search, owner, reminder = table(SavedSearch), table(Subscriber), table(Reminder)
    rows = session.connection().execute(
        select(*_person_columns(), tender.c.id, tender.c.deadline, func.max(digest.c.window_end))
        .select_from(tender)
        .join(match, match.c.tender_id == tender.c.id)
        .join(digest, (digest.c.id == match.c.digest_id) & (digest.c.state == DeliveryState.SENT))
        .join(search, search.c.id == match.c.saved_search_id)
        .join(owner, owner.c.id == search.c.subscriber_id)
        .where(
            tender.c.deadline > now,
            tender.c.deadline <= remind_until(now),
            tender.c.kind.not_in((NoticeKind.CANCELLATION, NoticeKind.AWARD)),
            owner.c.reminders,
            _reachable(),
            ~exists().where(
                reminder.c.subscriber_id == owner.c.id,
                reminder.c.tender_id == tender.c.id,
                reminder.c.deadline == tender.c.deadline,
            ),
        )
        .group_by(*_person_columns(), tender.c.id, tender.c.deadline)
        .order_by(tender.c.deadline, tender.c.id)
    )
    for row in rows.all():
        person, tender_id, deadline, last_told = _person(row), row[5], row[6], row[7]
        # Whoever heard of it yesterday with as little time left needs no reminder today.
        if remind_until(last_told) < deadline:
            yield person.id, tender_id, deadline, person


def _uninformed(session: Session, unread: Mapping[str, datetime]) -> Iterator[tuple[_Person, bool]]:
    """Subscribers whom no letter has told that a source cannot be read; and whether all they get is weekly."""
    search, owner, digest = table(SavedSearch), table(Subscriber), table(Digest)
    told: dict[UUID, set[str]] = {}
    rows = session.connection().execute(
        select(digest.c.subscriber_id, digest.c.window_end, digest.c.unread).where(
            digest.c.kind == LetterKind.DIGEST,
            digest.c.window_end >= min(unread.values()),
            digest.c.state != DeliveryState.FAILED,
        )
    )
    for id, end, named in rows:
        told.setdefault(id, set()).update(slug for slug in named if slug in unread and end >= unread[slug])
    often = func.max(case((search.c.frequency.in_((Frequency.DAILY, Frequency.AT_ONCE)), 1), else_=0))
    owners = session.connection().execute(
        select(*_person_columns(), often)
        .select_from(owner)
        .join(search, search.c.subscriber_id == owner.c.id)
        .where(_reachable(), search.c.confirmed_at.is_not(None), search.c.frequency != Frequency.NEVER)
        .group_by(*_person_columns())
    )
    for row in owners.all():
        person = _person(row)
        if unread.keys() - told.get(person.id, set()):
            yield person, not row[5]


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
            .where(match.c.waiting, match.c.saved_search_id.in_(mine), condition)
            .values(digest_id=bindparam("b_digest"), waiting=False),
            list(rows),
        )
