"""The store of what makes notices one tender: their keys, people's decisions, and the moves that follow."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, type_coerce, update
from sqlmodel import Session

from db import bulk
from db.award import Award
from db.bulk import IN_LIMIT, batches, table
from db.history import Match, Reminder, WebhookCall
from db.notice import MergeDecision, Notice, NoticeKey, NoticeReading
from db.tender import Tender, TenderAlias, TenderEvent
from db.types import Typed
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import Identity, IdentityKey, Link, MergeVerdict

MOST_ALIKE = 200
"""Notices that may share a key. What more of them have in common says nothing: 物品の購入 of one ministry."""


@dataclass(frozen=True, slots=True)
class Known:
    """A notice as merging sees it."""

    id: UUID
    tender_id: UUID
    first_seen_at: datetime
    identity: Identity
    link: Link | None = None


Decisions = Mapping[frozenset[UUID], MergeVerdict]
"""What people decided of pairs of notices."""


@dataclass(frozen=True, slots=True)
class _Recognised:
    """Of a reading what merging looks at; the rest need not be decoded."""

    identity: Identity | None = None


def one_at_a_time(session: Session) -> None:
    """Let no other process merge until the transaction ends. It has to be the first statement of a transaction.

    Two that take in two notices of one procurement at once would not see each other's, and nobody would bring them
    together later. SQLite has one writer at a time anyway. PostgreSQL fixes what a transaction sees at its first
    query, for which ``LOCK TABLE`` alone does not count; a table that is hardly ever vacuumed is in nobody's way.
    """
    if session.connection().dialect.name == "postgresql":
        session.connection().exec_driver_sql("LOCK TABLE merge_decision IN EXCLUSIVE MODE")


def store_keys(session: Session, keys: Mapping[UUID, Iterable[IdentityKey]]) -> None:
    """Keep by what notices are recognised, replacing what an earlier reading found."""
    key = table(NoticeKey)
    for some in batches(keys, IN_LIMIT):
        session.connection().execute(key.delete().where(key.c.notice_id.in_(some)))
    bulk.insert_missing(
        session,
        NoticeKey,
        [
            {"scheme": one.scheme, "value": one.value.replace("\0", ""), "notice_id": id}
            for id, found in keys.items()
            for one in dict.fromkeys(found)
        ],
    )


def tenders_by_key(session: Session, keys: Collection[IdentityKey]) -> dict[IdentityKey, list[UUID]]:
    """The tenders that have a notice with a key, the one that was seen first before others. Common keys are left out.

    A key that no notice has is not in the answer.
    """
    key, notice = table(NoticeKey), table(Notice)
    # One scheme at a time: for a list of pairs SQLite looks through the whole table.
    by_scheme: dict[str, list[str]] = {}
    for one in dict.fromkeys(keys):
        by_scheme.setdefault(one.scheme, []).append(one.value.replace("\0", ""))
    found: dict[IdentityKey, list[UUID]] = {}
    for scheme, values in by_scheme.items():
        for some in batches(values, IN_LIMIT):
            here = (key.c.scheme == scheme) & key.c.value.in_(some)
            counted = session.connection().execute(
                select(key.c.value).where(here).group_by(key.c.value).having(func.count() <= MOST_ALIKE)
            )
            few = list(counted.scalars())
            rows = session.connection().execute(
                select(key.c.value, notice.c.tender_id)
                .join(notice, notice.c.id == key.c.notice_id)
                .where(key.c.scheme == scheme, key.c.value.in_(few))
                .order_by(notice.c.first_seen_at, notice.c.id)
            )
            for value, tender_id in rows:
                tenders = found.setdefault(IdentityKey(scheme, value), [])
                if tender_id not in tenders:
                    tenders.append(tender_id)
    return found


def members(session: Session, tender_ids: Collection[UUID]) -> list[Known]:
    """The notices of tenders as merging sees them.

    Of one that no reader has seen yet there is nothing that a rule could go by: only people decide of it.
    """
    notice, reading = table(Notice), table(NoticeReading)
    found: list[Known] = []
    for some in batches(sorted(tender_ids), IN_LIMIT):
        rows = session.connection().execute(
            select(
                notice.c.id,
                notice.c.tender_id,
                notice.c.first_seen_at,
                notice.c.link,
                notice.c.source,
                notice.c.published,
                type_coerce(reading.c.value, Typed(_Recognised)),
            )
            .outerjoin(reading, (reading.c.notice_id == notice.c.id) & (reading.c.version == notice.c.version))
            .where(notice.c.tender_id.in_(some))
        )
        for id, tender_id, first_seen_at, link, source, published, read in rows:
            identity = (read.identity if read else None) or Identity(source, NoticeKind.OTHER, published)
            found.append(Known(id, tender_id, first_seen_at, identity, link))
    return found


def decisions(session: Session, notice_ids: Collection[UUID]) -> Decisions:
    """What people decided of pairs of which one is among these notices."""
    decision = table(MergeDecision)
    found: dict[frozenset[UUID], MergeVerdict] = {}
    for some in batches(notice_ids, IN_LIMIT):
        rows = session.connection().execute(
            select(decision.c.first, decision.c.second, decision.c.verdict).where(
                decision.c.first.in_(some) | decision.c.second.in_(some)
            )
        )
        found.update((frozenset((first, second)), MergeVerdict(verdict)) for first, second, verdict in rows)
    return found


def decide(session: Session, pairs: Iterable[tuple[UUID, UUID]], verdict: MergeVerdict, *, now: datetime) -> None:
    """Keep a decision of pairs of notices; it replaces an earlier one."""
    bulk.upsert(
        session,
        MergeDecision,
        [
            {"first": min(one, other), "second": max(one, other), "verdict": verdict, "at": now}
            for one, other in pairs
            if one != other
        ],
    )


def move(session: Session, tender_of: Mapping[UUID, UUID], links: Mapping[UUID, Link | None]) -> None:
    """Put notices with the tenders that they belong to, and keep why."""
    notice = table(Notice)
    connection = session.connection()
    by_id = notice.update().where(notice.c.id == bindparam("b_id"))
    if tender_of:
        # An id that was one of several of a tender may be a tender's own again.
        alias = table(TenderAlias)
        for some in batches(set(tender_of.values()), IN_LIMIT):
            connection.execute(alias.delete().where(alias.c.alias_id.in_(some)))
        connection.execute(
            by_id.values(tender_id=bindparam("tender_id")),
            [{"b_id": id, "tender_id": tender} for id, tender in tender_of.items()],
        )
    if links:
        connection.execute(
            by_id.values(link=bindparam("link")), [{"b_id": id, "link": link} for id, link in links.items()]
        )


def absorb(session: Session, aliases: Mapping[UUID, UUID]) -> None:
    """Let tenders go on as parts of others (old id → id that stays).

    Their events, and what readers were told of them, move along and are numbered on; links, feeds and calendars that
    carry an old id still lead to the tender. The projection of the tender that stays is not composed anew here.
    """
    connection = session.connection()
    tender, alias = table(Tender), table(TenderAlias)
    for old, kept in sorted(aliases.items()):
        sequence = _sequence(session, old)
        if old == kept or sequence is None:
            continue
        last = _sequence(session, kept)
        if last is None:
            # The tender that stays has not been composed yet.
            _copy(session, old, kept, sequence=0)
            last = 0
        events = 0
        for numbered in (table(Match), table(WebhookCall), table(TenderEvent)):
            on = {"tender_id": kept, "sequence": numbered.c.sequence + last}
            events = connection.execute(update(numbered).where(numbered.c.tender_id == old).values(on)).rowcount
        newest = last + sequence if events else max(last, 1)
        _move_reminders(session, old, kept)
        for pointing in (alias, table(Award)):
            connection.execute(update(pointing).where(pointing.c.tender_id == old).values(tender_id=kept))
        connection.execute(delete(tender).where(tender.c.id == old))
        connection.execute(alias.insert().values(alias_id=old, tender_id=kept))
        connection.execute(update(tender).where(tender.c.id == kept).values(sequence=newest))
        session.expire_all()


def _move_reminders(session: Session, old: UUID, kept: UUID) -> None:
    """Let what readers were reminded of stand under the tender that stays; who was reminded of both has one."""
    reminder, same = table(Reminder), table(Reminder).alias()
    both = select(same.c.subscriber_id).where(
        same.c.tender_id == kept,
        same.c.subscriber_id == reminder.c.subscriber_id,
        same.c.deadline == reminder.c.deadline,
    )
    session.connection().execute(delete(reminder).where(reminder.c.tender_id == old, both.exists()))
    session.connection().execute(update(reminder).where(reminder.c.tender_id == old).values(tender_id=kept))


def part(session: Session, came_from: Mapping[UUID, UUID]) -> None:
    """Let tenders begin as what they were a part of (new id → tender that goes on without it).

    So what happens to them next is told as a change of what was known, and nothing as new that was known. Their events
    are numbered on: an id that was a part of the other before may be in calendars, where a number must never fall.
    """
    for new, old in sorted(came_from.items()):
        if (sequence := _sequence(session, old)) is not None and _sequence(session, new) is None:
            _copy(session, old, new, sequence=sequence)


def _copy(session: Session, id: UUID, new: UUID, *, sequence: int) -> None:
    tender = table(Tender)
    row = session.connection().execute(select(tender).where(tender.c.id == id)).mappings().one()
    # Into the index of full-text search it comes when it is composed.
    copy = {**row, "id": new, "sequence": sequence, "document": None, "digest": None}
    session.connection().execute(tender.insert().values(copy))


def _sequence(session: Session, id: UUID) -> int | None:
    """The number of a tender's newest event; None where the tender is not stored."""
    tender = table(Tender)
    return session.connection().execute(select(tender.c.sequence).where(tender.c.id == id)).scalar()


def occupied(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are tenders with notices."""
    notice = table(Notice)
    found: set[UUID] = set()
    for some in batches(ids, IN_LIMIT):
        used = select(notice.c.tender_id).where(notice.c.tender_id.in_(some)).distinct()
        found.update(session.connection().execute(used).scalars())
    return found


def tenders_of(session: Session, notice_ids: Collection[UUID]) -> set[UUID]:
    """The tenders of notices; those that are not there are left out."""
    notice = table(Notice)
    found: set[UUID] = set()
    for some in batches(notice_ids, IN_LIMIT):
        found.update(session.connection().execute(select(notice.c.tender_id).where(notice.c.id.in_(some))).scalars())
    return found
