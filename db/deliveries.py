"""The store of matches, digests and deliveries: the outbox."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, Update, and_, bindparam, case, exists, func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_models

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.history import Delivery, Digest, Match, Reminder
from db.subscriber import SavedSearch, Subscriber, Suppression
from db.tender import TenderEvent
from db.vocabulary.delivery import DeliveryState, Frequency, LetterKind, SubscriberState
from db.vocabulary.messages import Saying
from db.vocabulary.notice import FieldChange
from db.vocabulary.tender import EventKind

ATTEMPTS = 6
"""After so many failed attempts a letter is given up."""
BACK_OFF = (timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
SENDING_TOO_LONG = timedelta(minutes=10)
"""A letter that is being sent for longer was left behind by a process that ended."""
TOO_OLD = timedelta(days=3)
"""A digest that could not be sent for longer is folded into the next one."""
ANSWERS_TOO_OLD = timedelta(days=1)
"""Whoever asked for a link a day ago has asked again, or given up."""
SAME_CORRECTION = timedelta(days=1)
"""For so long after a correction, one of which nothing can be told is taken for another source's copy of it."""
NOTHING_TO_TELL = "nothing to tell, or its reader has gone"
"""How a letter ends of which nothing is left when it is written: nobody has lost anything by that."""
TURNS = (
    (LetterKind.CONFIRMATION, LetterKind.CHOICES, LetterKind.FAREWELL),
    (LetterKind.NOTE, LetterKind.ALERT),
    (LetterKind.DIGEST,),
)
"""Which letters go first: somebody sits there and waits for the first ones."""
REACHED = {
    LetterKind.CONFIRMATION: tuple(SubscriberState),
    LetterKind.CHOICES: (SubscriberState.ACTIVE, SubscriberState.UNSUBSCRIBED),
    LetterKind.FAREWELL: (SubscriberState.ACTIVE, SubscriberState.UNSUBSCRIBED),
    LetterKind.NOTE: (SubscriberState.ACTIVE,),
    LetterKind.ALERT: (SubscriberState.ACTIVE,),
    LetterKind.DIGEST: (SubscriberState.ACTIVE,),
}
"""Who gets which letters. A confirmation asks whether somebody wants any."""


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
class Attempt:
    """An attempt to hand a letter over: a row of ``Delivery``. Whoever made it has the letter while it is pending."""

    digest_id: UUID
    number: int


class Handing(StrEnum):
    """Whether a letter may be handed over."""

    GO = "go"
    LOST = "lost"
    """Another process took this one for dead and has the letter now."""
    GONE = "gone"
    """Its reader has unsubscribed or was forgotten."""
    SUPPRESSED = "suppressed"
    """Nothing is sent to the address any more; what the letter was to tell of waits for the day on which it is."""


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
    """Keep matches; one that is kept already stays as it is, and one of a search that is gone is left out.

    Whoever knows of a correction is not told at once again where a further source publishes it: that waits for the
    next window.
    """
    matches = list(matches)
    repeated = _repeated(session, [match for match in matches if match.at_once], now=now)
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
                "at_once": match.at_once and match not in repeated,
                "waiting": match.waiting,
                "digest_id": None,
            }
            for match in matches
            if match.saved_search_id in still
        ],
    )


def _repeated(session: Session, matches: Sequence[NewMatch], *, now: datetime) -> set[NewMatch]:
    """The matches that say nothing beyond a correction that their search has just found.

    The event is a change of nothing that could be named, for the tender stands where the first source's correction
    has put it. A correction of which only the text differs looks the same, so it is told, too, if later.
    """
    event, match = table(TenderEvent), table(Match)
    corrected: dict[UUID, list[int]] = {}
    without: set[tuple[UUID, int]] = set()
    for some in batches(sorted({one.tender_id for one in matches}), IN_LIMIT):
        rows = session.connection().execute(
            select(event.c.tender_id, event.c.sequence, event.c.changes).where(
                event.c.tender_id.in_(some), event.c.kind == EventKind.CHANGED, event.c.at > now - SAME_CORRECTION
            )
        )
        for tender_id, sequence, changes in rows:
            if changes:
                corrected.setdefault(tender_id, []).append(sequence)
            else:
                without.add((tender_id, sequence))
    asked = [one for one in matches if (one.tender_id, one.sequence) in without and one.tender_id in corrected]
    known: set[tuple[UUID, UUID, int]] = set()
    for some in batches(sorted({one.tender_id for one in asked}), IN_LIMIT):
        told = session.connection().execute(
            select(match.c.saved_search_id, match.c.tender_id, match.c.sequence).where(
                match.c.tender_id.in_(some),
                match.c.matched_at > now - SAME_CORRECTION,
                match.c.waiting | match.c.digest_id.is_not(None),
            )
        )
        known.update((search_id, tender_id, sequence) for search_id, tender_id, sequence in told)
    return {
        one
        for one in asked
        if any(
            (one.saved_search_id, one.tender_id, sequence) in known
            for sequence in corrected[one.tender_id]
            if sequence < one.sequence
        )
    }


def known(session: Session, tender_ids: Iterable[UUID]) -> list[Known]:
    """Who knows of tenders, by a letter or by one that is still to be made.

    Those who unsubscribed are left out, and searches that are told by no letter any more.
    """
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
                search.c.frequency != Frequency.NEVER,
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
    rows = session.connection().execute(_reminders(), {"digest_id": digest_id})
    return [(row[0], row[1]) for row in rows]


@cache
def _reminders() -> Select[UUID, datetime]:
    reminder = table(Reminder)
    return (
        select(reminder.c.tender_id, reminder.c.deadline)
        .where(reminder.c.digest_id == bindparam("digest_id"))
        .order_by(reminder.c.deadline, reminder.c.tender_id)
    )


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
    not told so again: of two notices that turned out to be one tender, the second is nothing new. And of a tender that
    its reader knows, and that is back where it was, there is nothing to tell.
    """
    rows = session.connection().execute(_entries(), {"digest_id": digest_id})
    found: dict[tuple[UUID, UUID], DigestEntry] = {}
    new: set[tuple[UUID, UUID]] = set()
    for search_id, tender_id, kind, changes, why, at, told in rows:
        kind, key = EventKind(kind), (search_id, tender_id)
        if kind is EventKind.PUBLISHED:
            if told:
                continue
            new.add(key)
        if (earlier := found.get(key)) is not None:
            taken_up_again = earlier.kind is EventKind.CANCELLED and any(change.field == "kind" for change in changes)
            if kind is EventKind.CHANGED and taken_up_again and key in new:
                kind = EventKind.PUBLISHED
            elif kind is EventKind.CHANGED and not taken_up_again:
                kind = earlier.kind
            changes = () if kind is EventKind.PUBLISHED else _together(earlier.changes, changes)
            why = tuple(dict.fromkeys((*earlier.why, *why)))
            if told and kind is EventKind.CHANGED and not changes:
                del found[key]
                continue
        found[key] = DigestEntry(search_id, tender_id, kind, changes, why, at)
    return list(found.values())


@cache
def _entries() -> Select[UUID, UUID, str, tuple[FieldChange, ...], tuple[str, ...], datetime, bool]:
    """The query of ``entries``, put together once: for every letter anew that takes longer than asking it."""
    match, event = table(Match), table(TenderEvent)
    before = match.alias("earlier")
    earlier_letter = exists().where(
        before.c.saved_search_id == match.c.saved_search_id,
        before.c.tender_id == match.c.tender_id,
        before.c.sequence < match.c.sequence,
        before.c.digest_id.is_not(None),
        before.c.digest_id != match.c.digest_id,
    )
    return (
        select(
            match.c.saved_search_id,
            match.c.tender_id,
            event.c.kind,
            event.c.changes,
            match.c.why,
            event.c.at,
            earlier_letter,
        )
        .join(event, (event.c.tender_id == match.c.tender_id) & (event.c.sequence == match.c.sequence))
        .where(match.c.digest_id == bindparam("digest_id"))
        .order_by(match.c.saved_search_id, match.c.tender_id, match.c.sequence)
    )


def _together(earlier: Iterable[FieldChange], later: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    """Two changes after another as one; a field that is back where it was did not change."""
    fields = {change.field: change for change in earlier}
    for change in later:
        before = fields[change.field].before if change.field in fields else change.before
        fields[change.field] = FieldChange(change.field, before, change.after, change.source)
    return tuple(change for change in fields.values() if change.before != change.after)


def due(session: Session, *, now: datetime, limit: int = 100) -> list[UUID]:
    """Letters that may be tried now: first what somebody waits for, then alerts, then digests, each the oldest first."""
    digest = table(Digest)
    rows = session.connection().execute(
        select(digest.c.id).where(_may_be_tried(now)).order_by(_turn(), digest.c.window_end, digest.c.id).limit(limit)
    )
    return list(rows.scalars())


def letters(session: Session, ids: Sequence[UUID]) -> list[tuple[Digest, Subscriber]]:
    """Letters with their readers, in this order; those of a reader who is gone, or must not get them, are left out."""
    rows = session.exec(
        select_models(Digest, Subscriber)
        .join(Subscriber, col(Subscriber.id) == Digest.subscriber_id)
        .where(col(Digest.id).in_(ids), _reached())
    ).all()
    place = {id: number for number, id in enumerate(ids)}
    return sorted(rows, key=lambda row: place[row[0].id])


def last_letter(session: Session, subscriber_id: UUID, *, due_by: datetime | None = None) -> Digest | None:
    """The newest digest or alert to a subscriber; with ``due_by`` the first letter of any kind that may be sent by then."""
    query = select_models(Digest).where(Digest.subscriber_id == subscriber_id)
    if due_by is not None:
        return session.exec(query.where(_may_be_tried(due_by)).order_by(_turn(), col(Digest.window_end))).first()
    told = (LetterKind.DIGEST, LetterKind.ALERT)
    return session.exec(query.where(col(Digest.kind).in_(told)).order_by(col(Digest.window_end).desc())).first()


@dataclass(frozen=True, slots=True)
class Telling:
    """What a letter tells of: how many tenders under which saved search, and how many that close soon."""

    searches: tuple[tuple[str, int], ...] = ()
    reminders: int = 0


def told_by(session: Session, ids: Iterable[UUID]) -> dict[UUID, Telling]:
    """What letters tell of, in figures."""
    match, search, reminder = table(Match), table(SavedSearch), table(Reminder)
    found: dict[UUID, Telling] = {}
    for some in batches(ids, IN_LIMIT):
        searches: dict[UUID, list[tuple[str, int]]] = {id: [] for id in some}
        for id, name, count in session.connection().execute(
            select(match.c.digest_id, search.c.name, func.count(match.c.tender_id.distinct()))
            .join(search, search.c.id == match.c.saved_search_id)
            .where(match.c.digest_id.in_(some))
            .group_by(match.c.digest_id, search.c.id, search.c.name)
            .order_by(search.c.name, search.c.id)
        ):
            searches[id].append((name, count))
        reminders: dict[UUID, int] = {
            row[0]: row[1]
            for row in session.connection().execute(
                select(reminder.c.digest_id, func.count())
                .where(reminder.c.digest_id.in_(some))
                .group_by(reminder.c.digest_id)
            )
        }
        found.update((id, Telling(tuple(searches[id]), reminders.get(id, 0))) for id in some)
    return found


def waiting(session: Session, *, since_before: datetime | None = None) -> int:
    """Letters that were not sent yet and not given up; those of windows that ended before a moment, if one is given."""
    digest = table(Digest)
    states = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN)
    query = select(func.count()).select_from(digest).where(digest.c.state.in_(states))
    if since_before is not None:
        query = query.where(digest.c.window_end < since_before)
    return session.connection().execute(query).scalar_one()


def given_up(session: Session, *, since: datetime) -> int:
    """Letters of windows that ended since a moment and that were given up, though there was something to tell."""
    digest, delivery = table(Digest), table(Delivery)
    empty = exists().where(delivery.c.digest_id == digest.c.id, delivery.c.error == NOTHING_TO_TELL)
    query = select(func.count()).select_from(digest).where(~empty)
    return (
        session.connection()
        .execute(query.where(digest.c.state == DeliveryState.FAILED, digest.c.window_end >= since))
        .scalar_one()
    )


def take(session: Session, ids: Sequence[UUID], *, now: datetime) -> list[Attempt]:
    """Claim letters for an attempt each, in this order; those that another process has, or had, already are left out.

    A letter may have waited for its turn: it reminds of no deadline that has passed meanwhile.
    """
    digest, delivery, reminder = table(Digest), table(Delivery), table(Reminder)
    connection = session.connection()
    # Processes that reach for the same letters at once each take what the other one has not.
    free = select(digest.c.id).where(digest.c.id.in_(ids), _may_be_tried(now)).with_for_update(skip_locked=True)
    mine = set(connection.execute(free).scalars())
    if not mine:
        return []
    connection.execute(
        digest.update()
        .where(digest.c.id.in_(mine))
        .values(state=DeliveryState.SENDING, due_at=now + SENDING_TOO_LONG)
    )
    connection.execute(reminder.delete().where(reminder.c.digest_id.in_(mine), reminder.c.deadline <= now))
    made = connection.execute(
        select(delivery.c.digest_id, func.max(delivery.c.number))
        .where(delivery.c.digest_id.in_(mine))
        .group_by(delivery.c.digest_id)
    )
    before: dict[UUID, int] = {row[0]: row[1] for row in made}
    attempts = [Attempt(id, before.get(id, 0) + 1) for id in ids if id in mine]
    bulk.insert(
        session,
        Delivery,
        [
            {
                "digest_id": one.digest_id,
                "number": one.number,
                "started_at": now,
                "finished_at": None,
                "state": DeliveryState.PENDING,
                "error": None,
            }
            for one in attempts
        ],
    )
    return attempts


def put_back(session: Session, attempts: Iterable[Attempt], *, now: datetime) -> None:
    """Give letters back that were claimed and not tried, as if they had never been claimed."""
    digest, delivery = table(Digest), table(Delivery)
    for one in attempts:
        gone = session.connection().execute(
            delivery.delete().where(_is(one), delivery.c.state == DeliveryState.PENDING)
        )
        if gone.rowcount:
            session.connection().execute(
                digest.update()
                .where(digest.c.id == one.digest_id, digest.c.state == DeliveryState.SENDING)
                .values(
                    state=DeliveryState.UNKNOWN if _doubtful(session, one.digest_id) else DeliveryState.PENDING,
                    due_at=now,
                )
            )


def handing_over(session: Session, attempt: Attempt, *, now: datetime) -> Handing:
    """Write down that the doubtful moment begins: a process that ends from here on leaves an unknown letter.

    That is, if the claim still holds and its reader is still to get it; a letter that is withheld ends here.
    """
    mark, keep = _marking()
    connection = session.connection()
    if connection.execute(mark, {"a_digest": attempt.digest_id, "a_number": attempt.number}).rowcount == 0:
        return _withheld(session, attempt, now=now)
    connection.execute(keep, {"a_digest": attempt.digest_id, "a_due_at": now + SENDING_TOO_LONG})
    return Handing.GO


@cache
def _marking() -> tuple[Update, Update]:
    """What marks an attempt as handing over, and keeps the claim of its letter; put together once."""
    digest, delivery, owner, barred = table(Digest), table(Delivery), table(Subscriber), table(Suppression)
    wanted = exists().where(
        digest.c.id == bindparam("a_digest"),
        digest.c.state == DeliveryState.SENDING,
        owner.c.id == digest.c.subscriber_id,
        _reached(),
        ~exists().where(barred.c.address == func.lower(owner.c.email)),
    )
    mark = (
        delivery.update()
        .where(
            delivery.c.digest_id == bindparam("a_digest"),
            delivery.c.number == bindparam("a_number"),
            delivery.c.state == DeliveryState.PENDING,
            wanted,
        )
        .values(state=DeliveryState.SENDING)
    )
    keep = digest.update().where(digest.c.id == bindparam("a_digest")).values(due_at=bindparam("a_due_at"))
    return mark, keep


def _withheld(session: Session, attempt: Attempt, *, now: datetime) -> Handing:
    """Why a letter is not handed over."""
    digest, delivery, owner, barred = table(Digest), table(Delivery), table(Subscriber), table(Suppression)
    row = (
        session.connection()
        .execute(
            select(delivery.c.state, digest.c.state, barred.c.reason, barred.c.status)
            .select_from(delivery)
            .join(digest, digest.c.id == delivery.c.digest_id)
            .join(owner, owner.c.id == digest.c.subscriber_id)
            .outerjoin(barred, barred.c.address == func.lower(owner.c.email))
            .where(_is(attempt))
        )
        .one_or_none()
    )
    if row is None or (row[0], row[1]) != (DeliveryState.PENDING, DeliveryState.SENDING):
        return Handing.LOST
    if row[2] is not None:
        why = f"nothing is sent to this address any more: {row[2]} {row[3]}".rstrip()
        settle(session, attempt, DeliveryState.FAILED, now=now, error=why, release=True)
        return Handing.SUPPRESSED
    settle(session, attempt, DeliveryState.FAILED, now=now, error="its reader has gone")
    return Handing.GONE


def settle(
    session: Session,
    attempt: Attempt,
    state: DeliveryState,
    *,
    now: datetime,
    error: str | None = None,
    again: bool = False,
    stretch: float = 1.0,
    release: bool = False,
) -> bool:
    """Write down how an attempt ended, and return whether there will be another one.

    ``again`` puts the letter back until its next turn.

    ``stretch`` makes the time until then longer, by chance: a server that was away is not asked for everything at
    once. An unknown end puts the letter back once. Otherwise, and after ATTEMPTS, a letter that was not sent is given
    up; what it was to tell of comes in the next one where only the way was blocked. Where ``release`` says so, it does
    as well, and not at once: whoever refused an alert would be sent the next one within minutes, all day long.
    """
    digest, delivery = table(Digest), table(Delivery)
    connection = session.connection()
    end, state_of, becomes_sent = _ending()
    key = {"a_digest": attempt.digest_id}
    ended = {"a_number": attempt.number, "a_state": state, "a_at": now, "a_error": error}
    connection.execute(end, {**key, **ended})
    letter = connection.execute(state_of, key).scalar_one_or_none()
    if letter is None or letter == DeliveryState.SENT:
        return False  # its reader was forgotten meanwhile; or another process sent it, which took this one for dead
    if state is DeliveryState.SENT:
        connection.execute(becomes_sent, key)
        return False
    newest = connection.execute(
        select(func.max(delivery.c.number)).where(delivery.c.digest_id == attempt.digest_id)
    ).scalar_one()
    if newest != attempt.number:
        return True  # another process is at it, which took this one for dead: the end of its attempt decides
    doubtful = _doubtful(session, attempt.digest_id)
    if state is DeliveryState.UNKNOWN:
        again = doubtful < 2
    later = again and attempt.number < ATTEMPTS
    becomes: dict[str, object] = {"state": DeliveryState.FAILED}
    if later:
        becomes["state"] = DeliveryState.UNKNOWN if doubtful else DeliveryState.PENDING
        becomes["due_at"] = now + BACK_OFF[min(attempt.number, len(BACK_OFF)) - 1] * stretch
    elif (again or release) and not doubtful:
        _release(session, digest.c.id == attempt.digest_id, at_once=not release)
    connection.execute(digest.update().where(digest.c.id == attempt.digest_id).values(becomes))
    return later


@cache
def _ending() -> tuple[Update, Select[str], Update]:
    """What writes down the end of an attempt, asks for the state of its letter, and marks that as sent."""
    digest, delivery = table(Digest), table(Delivery)
    end = (
        delivery.update()
        .where(delivery.c.digest_id == bindparam("a_digest"), delivery.c.number == bindparam("a_number"))
        .values(state=bindparam("a_state"), finished_at=bindparam("a_at"), error=bindparam("a_error"))
    )
    this = digest.c.id == bindparam("a_digest")
    return end, select(digest.c.state).where(this), digest.update().where(this).values(state=DeliveryState.SENT)


def _release(session: Session, letters: ColumnElement[bool], *, at_once: bool = True) -> None:
    """Let what letters were to tell of wait for the next one; not ``at_once``: for the next window in any case.

    What belongs to a search that is told by no letter any more waits for none.
    """
    digest, match, reminder, search = table(Digest), table(Match), table(Reminder), table(SavedSearch)
    ids = select(digest.c.id).where(letters)
    connection = session.connection()
    told = exists().where(search.c.id == match.c.saved_search_id, search.c.frequency != Frequency.NEVER)
    waits: dict[str, object] = {"digest_id": None, "waiting": told}
    if not at_once:
        waits["at_once"] = False
    connection.execute(match.update().where(match.c.digest_id.in_(ids)).values(waits))
    connection.execute(reminder.delete().where(reminder.c.digest_id.in_(ids)))


def _may_be_tried(now: datetime) -> ColumnElement[bool]:
    digest = table(Digest)
    return digest.c.state.in_((DeliveryState.PENDING, DeliveryState.UNKNOWN)) & (digest.c.due_at <= now)


def _turn() -> ColumnElement[int]:
    places = {kind: place for place, kinds in enumerate(TURNS) for kind in kinds}
    return case(places, value=table(Digest).c.kind, else_=0)


def _reached() -> ColumnElement[bool]:
    """The condition on a letter and its reader that they are to get it, suppressed addresses apart."""
    kind, state = table(Digest).c.kind, table(Subscriber).c.state
    return or_(*((kind == letter) & state.in_(states) for letter, states in REACHED.items()))


def _is(attempt: Attempt) -> ColumnElement[bool]:
    delivery = table(Delivery)
    return (delivery.c.digest_id == attempt.digest_id) & (delivery.c.number == attempt.number)


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
        count += 1
        doubtful = 0
        for one in attempts:
            if one.state == DeliveryState.PENDING:  # it ended before the letter was handed over
                one.state, one.finished_at, one.error = (
                    DeliveryState.FAILED,
                    now,
                    "the process ended before it was sent",
                )
            elif one.state == DeliveryState.SENDING:
                one.state, one.finished_at = DeliveryState.UNKNOWN, now
            doubtful += one.state == DeliveryState.UNKNOWN
            session.add(one)
        last = max(attempts, key=lambda one: one.number)
        if doubtful > 1 or last.number >= ATTEMPTS:
            digest.state = DeliveryState.FAILED
            if not doubtful:
                _release(session, table(Digest).c.id == digest.id)
        else:
            digest.state = DeliveryState.UNKNOWN if doubtful else DeliveryState.PENDING
        session.add(digest)
    return count


def fold(session: Session, *, now: datetime) -> int:
    """Give up letters that could not be sent for days; returns how many.

    What digests and alerts were to tell of comes in the next letter, with what has happened since, and is not told
    after it. The links of the small letters have expired, or soon will have.
    """
    digest = table(Digest)
    late = and_(
        digest.c.state == DeliveryState.PENDING,
        or_(
            digest.c.kind.in_((LetterKind.DIGEST, LetterKind.ALERT)) & (digest.c.window_end < now - TOO_OLD),
            digest.c.kind.in_((LetterKind.CHOICES, LetterKind.FAREWELL))
            & (digest.c.window_end < now - ANSWERS_TOO_OLD),
        ),
    )
    _release(session, late)
    return session.connection().execute(digest.update().where(late).values(state=DeliveryState.FAILED)).rowcount


# Letters that come back --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Handed:
    """A letter that was handed over, or refused when it was; ``bounce``: the status with which it came back."""

    at: datetime
    bounce: str | None


def handed_over_at(session: Session, digest_id: UUID) -> datetime | None:
    """When a letter was last handed to a mail server; None where it never was."""
    delivery = table(Delivery)
    handed = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.UNKNOWN)
    return (
        session.connection()
        .execute(
            select(delivery.c.started_at)
            .where(delivery.c.digest_id == digest_id, delivery.c.state.in_(handed))
            .order_by(delivery.c.number.desc())
            .limit(1)
        )
        .scalar_one_or_none()
    )


def came_back(session: Session, digest_id: UUID, status: str) -> None:
    """Write down with which status a letter came back; of several the last that says that it will not arrive."""
    digest = table(Digest)
    session.connection().execute(
        digest.update()
        .where(digest.c.id == digest_id, or_(digest.c.bounce.is_(None), digest.c.bounce.not_like("5.%")))
        .values(bounce=status)
    )


def handed_over(session: Session, subscriber_id: UUID, *, limit: int = 50) -> list[Handed]:
    """The last letters to a subscriber that were sent, or that came back, newest first."""
    digest = table(Digest)
    rows = session.connection().execute(
        select(digest.c.window_end, digest.c.bounce)
        .where(
            digest.c.subscriber_id == subscriber_id,
            or_(digest.c.state == DeliveryState.SENT, digest.c.bounce.is_not(None)),
        )
        .order_by(digest.c.window_end.desc(), digest.c.id)
        .limit(limit)
    )
    return [Handed(at, bounce) for at, bounce in rows]
