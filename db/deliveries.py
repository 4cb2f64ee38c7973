"""The store of matches, digests and deliveries: the outbox."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col
from sqlmodel import select as select_models

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.history import Delivery, Digest, Match, Reminder
from db.subscriber import SavedSearch, Subscriber
from db.tender import TenderEvent
from db.vocabulary.delivery import DeliveryState, LetterKind, SubscriberState
from db.vocabulary.messages import Saying
from db.vocabulary.notice import FieldChange
from db.vocabulary.tender import EventKind

ATTEMPTS = 6
"""After so many failed attempts a letter is given up."""
BACK_OFF = (timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
SENDING_TOO_LONG = timedelta(minutes=10)
"""A letter that is being sent for longer was left behind by a process that ended."""


@dataclass(frozen=True, slots=True)
class NewMatch:
    """A saved search that an event concerns, and the words and values that made it so.

    ``at_once``: it is told without waiting for the end of a window. Not ``waiting``: no letter tells of it, only the
    feed, the calendar and the webhooks of the search.
    """

    saved_search_id: UUID
    tender_id: UUID
    sequence: int
    why: tuple[str, ...]
    at_once: bool = False
    waiting: bool = True


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """A tender that a digest tells of, under one saved search."""

    saved_search_id: UUID
    tender_id: UUID
    kind: EventKind
    changes: tuple[FieldChange, ...]
    why: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """That the owner of a search knows of a tender, or will from a letter that is being made.

    ``told``: a letter told of it, and its owner wants to hear at once of what happens to it now.
    """

    saved_search_id: UUID
    tender_id: UUID
    told: bool


def add_matches(session: Session, matches: Iterable[NewMatch], *, now: datetime) -> None:
    """Keep matches; one that is kept already stays as it is, and one of a search that is gone is left out."""
    matches = list(matches)
    search = table(SavedSearch)
    wanted = {match.saved_search_id for match in matches}
    still: set[UUID] = set()
    for some in batches(sorted(wanted), IN_LIMIT):
        # Held until the end of the transaction: its owner may ask to be forgotten meanwhile.
        there = session.connection().execute(
            select(search.c.id).where(search.c.id.in_(some)).with_for_update(read=True, key_share=True)
        )
        still.update(there.scalars())
    bulk.insert_missing(
        session,
        Match,
        [
            {
                "saved_search_id": match.saved_search_id,
                "tender_id": match.tender_id,
                "sequence": match.sequence,
                "matched_at": now,
                "why": match.why,
                "at_once": match.at_once,
                "waiting": match.waiting,
                "digest_id": None,
            }
            for match in matches
            if match.saved_search_id in still
        ],
    )


def known(session: Session, tender_ids: Iterable[UUID]) -> list[Known]:
    """Who knows of tenders, by a letter or by one that is still to be made; those who unsubscribed are left out."""
    match, search, owner, digest = table(Match), table(SavedSearch), table(Subscriber), table(Digest)
    told = case((digest.c.id.is_not(None) & (digest.c.state != DeliveryState.FAILED) & owner.c.alerts, 1), else_=0)
    found: list[Known] = []
    for some in batches(sorted(set(tender_ids)), IN_LIMIT):
        rows = session.connection().execute(
            select(match.c.saved_search_id, match.c.tender_id, func.max(told))
            .join(search, search.c.id == match.c.saved_search_id)
            .join(owner, owner.c.id == search.c.subscriber_id)
            .outerjoin(digest, digest.c.id == match.c.digest_id)
            .where(
                match.c.tender_id.in_(some),
                match.c.waiting | match.c.digest_id.is_not(None),
                owner.c.state == SubscriberState.ACTIVE,
            )
            .group_by(match.c.saved_search_id, match.c.tender_id)
            .order_by(match.c.saved_search_id, match.c.tender_id)
        )
        found += [Known(search_id, tender_id, bool(was_told)) for search_id, tender_id, was_told in rows]
    return found


def add_letter(
    session: Session,
    subscriber_id: UUID,
    kind: LetterKind,
    *,
    now: datetime,
    domain: str,
    saved_search_id: UUID | None = None,
    note: Saying | None = None,
) -> Digest:
    """A letter that belongs to no window: it is due at once."""
    id, at = uuid4(), now
    while session.exec(
        select_models(Digest.id).where(
            Digest.subscriber_id == subscriber_id, Digest.kind == kind, Digest.window_end == at
        )
    ).first():
        at += timedelta(microseconds=1)
    digest = Digest(
        id=id,
        subscriber_id=subscriber_id,
        kind=kind,
        window_start=at,
        window_end=at,
        message_id=f"<{id}@{domain}>",
        state=DeliveryState.PENDING,
        due_at=now,
        saved_search_id=saved_search_id,
        note=note,
    )
    session.add(digest)
    session.flush()
    return digest


def add_note(session: Session, subscriber_id: UUID, saying: Saying, *, now: datetime, domain: str) -> Digest:
    """A letter with something that the house has to say."""
    return add_letter(session, subscriber_id, LetterKind.NOTE, now=now, domain=domain, note=saying)


def reminders_of(session: Session, digest_id: UUID) -> list[tuple[UUID, datetime]]:
    """The tenders of which a digest says that they close soon, with that deadline; the earliest first."""
    reminder = table(Reminder)
    rows = session.connection().execute(
        select(reminder.c.tender_id, reminder.c.deadline)
        .where(reminder.c.digest_id == digest_id)
        .order_by(reminder.c.deadline, reminder.c.tender_id)
    )
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True)
class TellingOf:
    """That a subscriber was, or is to be, told of an event of a tender. ``letter`` and ``state``: None while it waits."""

    email: str
    search: str
    sequence: int
    event: EventKind
    matched_at: datetime
    letter: LetterKind | None
    state: DeliveryState | None
    sent_at: datetime | None


def tellings_of(session: Session, tender_id: UUID, *, limit: int = 10_000) -> list[TellingOf]:
    """Who was told of a tender and when, newest event first: what an operator is asked for."""
    match, search, owner = table(Match), table(SavedSearch), table(Subscriber)
    event, digest, delivery = table(TenderEvent), table(Digest), table(Delivery)
    sent_at = (
        select(func.max(delivery.c.finished_at, type_=delivery.c.finished_at.type))
        .where(delivery.c.digest_id == digest.c.id, delivery.c.state == DeliveryState.SENT)
        .scalar_subquery()
    )
    rows = session.connection().execute(
        select(
            owner.c.email,
            search.c.name,
            match.c.sequence,
            event.c.kind,
            match.c.matched_at,
            digest.c.kind,
            digest.c.state,
            sent_at,
        )
        .select_from(match)
        .join(event, (event.c.tender_id == match.c.tender_id) & (event.c.sequence == match.c.sequence))
        .join(search, search.c.id == match.c.saved_search_id)
        .join(owner, owner.c.id == search.c.subscriber_id)
        .outerjoin(digest, digest.c.id == match.c.digest_id)
        .where(match.c.tender_id == tender_id)
        .order_by(match.c.sequence.desc(), owner.c.email, search.c.name)
        .limit(limit)
    )
    return [
        TellingOf(
            email,
            name,
            sequence,
            EventKind(kind),
            matched_at,
            LetterKind(letter) if letter else None,
            DeliveryState(state) if state else None,
            at,
        )
        for email, name, sequence, kind, matched_at, letter, state, at in rows
    ]


def entries(session: Session, digest_id: UUID) -> list[DigestEntry]:
    """What a digest tells of: each tender once under each saved search, with all that its events changed.

    A tender that was new in this window is told as new with its newest values, whatever changed later in it; one
    that was cancelled is told as cancelled, unless it was taken up again. What an earlier letter told of as new is
    not told so again: of two notices that turned out to be one tender, the second is nothing new.
    """
    match, event, before = table(Match), table(TenderEvent), aliased(Match)
    earlier_letter = (
        select_models(before.saved_search_id)
        .where(
            before.saved_search_id == match.c.saved_search_id,
            before.tender_id == match.c.tender_id,
            before.sequence < match.c.sequence,
            col(before.digest_id).is_not(None),
            before.digest_id != match.c.digest_id,
        )
        .exists()
    )
    rows = session.connection().execute(
        select(match.c.saved_search_id, match.c.tender_id, event.c.kind, event.c.changes, match.c.why, event.c.at)
        .join(event, (event.c.tender_id == match.c.tender_id) & (event.c.sequence == match.c.sequence))
        .where(match.c.digest_id == digest_id, ~((event.c.kind == EventKind.PUBLISHED) & earlier_letter))
        .order_by(match.c.saved_search_id, match.c.tender_id, match.c.sequence)
    )
    found: dict[tuple[UUID, UUID], DigestEntry] = {}
    for search_id, tender_id, kind, changes, why, at in rows:
        kind = EventKind(kind)
        if (earlier := found.get((search_id, tender_id))) is not None:
            taken_up_again = earlier.kind is EventKind.CANCELLED and any(change.field == "kind" for change in changes)
            if kind is EventKind.CHANGED and not taken_up_again:
                kind = earlier.kind
            changes = () if kind is EventKind.PUBLISHED else _together(earlier.changes, changes)
            why = tuple(dict.fromkeys((*earlier.why, *why)))
        found[search_id, tender_id] = DigestEntry(search_id, tender_id, kind, changes, why, at)
    return list(found.values())


def _together(earlier: Iterable[FieldChange], later: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    """Two changes after another as one; a field that is back where it was did not change."""
    fields = {change.field: change for change in earlier}
    for change in later:
        before = fields[change.field].before if change.field in fields else change.before
        fields[change.field] = FieldChange(change.field, before, change.after, change.source)
    return tuple(change for change in fields.values() if change.before != change.after)


def due(session: Session, *, now: datetime, limit: int = 100) -> Sequence[Digest]:
    """Letters that may be tried now, the oldest window first."""
    return session.exec(
        select_models(Digest)
        .where(
            col(Digest.state).in_((DeliveryState.PENDING, DeliveryState.UNKNOWN)),
            col(Digest.due_at) <= now,
        )
        .order_by(col(Digest.window_end), col(Digest.id))
        .limit(limit)
    ).all()


def waiting(session: Session, *, since_before: datetime | None = None) -> int:
    """Letters that were not sent yet and not given up; those of windows that ended before a moment, if one is given."""
    digest = table(Digest)
    states = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN)
    query = select(func.count()).select_from(digest).where(digest.c.state.in_(states))
    if since_before is not None:
        query = query.where(digest.c.window_end < since_before)
    return session.connection().execute(query).scalar_one()


def given_up(session: Session, *, since: datetime) -> int:
    """Letters of windows that ended since a moment and that were given up."""
    digest = table(Digest)
    query = select(func.count()).select_from(digest)
    return (
        session.connection()
        .execute(query.where(digest.c.state == DeliveryState.FAILED, digest.c.window_end >= since))
        .scalar_one()
    )


def take(session: Session, digest_id: UUID, *, now: datetime) -> Delivery | None:
    """Claim a letter for an attempt; None where another process has it, or had it, already."""
    digest = table(Digest)
    claimed = session.connection().execute(
        digest.update()
        .where(
            digest.c.id == digest_id,
            digest.c.state.in_((DeliveryState.PENDING, DeliveryState.UNKNOWN)),
            digest.c.due_at <= now,
        )
        .values(state=DeliveryState.SENDING, due_at=now + SENDING_TOO_LONG)
    )
    if claimed.rowcount == 0:
        return None
    made = (
        session.connection()
        .execute(select(func.count()).select_from(table(Delivery)).where(table(Delivery).c.digest_id == digest_id))
        .scalar()
    )
    delivery = Delivery(digest_id=digest_id, number=(made or 0) + 1, started_at=now, state=DeliveryState.PENDING)
    session.add(delivery)
    session.flush()
    session.expunge(delivery)
    return delivery


def handing_over(session: Session, delivery: Delivery) -> None:
    """Write down that the doubtful moment begins: a process that ends from here on leaves an unknown letter."""
    delivery.state = DeliveryState.SENDING
    session.merge(delivery)


def settle(
    session: Session,
    delivery: Delivery,
    state: DeliveryState,
    *,
    now: datetime,
    error: str | None = None,
    again: bool = False,
) -> None:
    """Write down how an attempt ended; ``again`` puts the letter back until its next turn.

    An unknown end puts it back once. Otherwise, and after ATTEMPTS, a letter that was not sent is given up; what
    it was to tell of comes in the next one where only the way was blocked.
    """
    digest = session.get(Digest, delivery.digest_id)
    if digest is None:
        return  # the subscriber was forgotten meanwhile, with everything that was sent to them
    delivery.state, delivery.finished_at, delivery.error = state, now, error
    session.merge(delivery)
    session.flush()
    if digest.state == DeliveryState.SENT:
        return  # by another process, which took this one for dead
    if state is DeliveryState.UNKNOWN:
        again = _doubtful(session, digest.id) < 2
    if again and delivery.number < ATTEMPTS:
        digest.state = DeliveryState.UNKNOWN if state is DeliveryState.UNKNOWN else DeliveryState.PENDING
        digest.due_at = now + BACK_OFF[min(delivery.number, len(BACK_OFF)) - 1]
    else:
        digest.state = DeliveryState.SENT if state is DeliveryState.SENT else DeliveryState.FAILED
        if again and state is DeliveryState.FAILED and not _doubtful(session, digest.id):
            match, reminder = table(Match), table(Reminder)
            session.connection().execute(
                match.update().where(match.c.digest_id == digest.id).values(digest_id=None, waiting=True)
            )
            session.connection().execute(reminder.delete().where(reminder.c.digest_id == digest.id))
    session.add(digest)


def _doubtful(session: Session, digest_id: UUID) -> int:
    """How many attempts ended in a way that leaves open whether the letter arrived."""
    delivery = table(Delivery)
    return (
        session.connection()
        .execute(
            select(func.count())
            .select_from(delivery)
            .where(delivery.c.digest_id == digest_id, delivery.c.state == DeliveryState.UNKNOWN)
        )
        .scalar_one()
    )


def find_abandoned(session: Session, *, now: datetime) -> int:
    """Mark letters whose sender ended in the middle as unknown, to be tried once more; returns how many.

    A letter that was unknown before is given up: two mails for one window are worse than a doubtful one.
    """
    count = 0
    for digest in session.exec(
        select_models(Digest).where(Digest.state == DeliveryState.SENDING, col(Digest.due_at) <= now)
    ):
        attempts = session.exec(select_models(Delivery).where(Delivery.digest_id == digest.id)).all()
        doubtful = [one for one in attempts if one.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN)]
        if all(one.state != DeliveryState.SENDING for one in attempts):
            digest.state, count = DeliveryState.PENDING, count + 1  # it ended before the letter was handed over
            session.add(digest)
            continue
        for one in doubtful:
            one.state, one.finished_at = DeliveryState.UNKNOWN, one.finished_at or now
            session.add(one)
        digest.state = DeliveryState.UNKNOWN if len(doubtful) < 2 else DeliveryState.FAILED
        session.add(digest)
        count += 1
    return count
