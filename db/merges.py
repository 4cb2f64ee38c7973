"""The store of what makes notices one tender: their keys, people's decisions, and the moves that follow."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update
from sqlmodel import Session

from db import bulk
from db.award import Award
from db.bulk import IN_LIMIT, batches, table
from db.history import Match
from db.notice import MergeDecision, Notice, NoticeKey, NoticeReading
from db.tender import Tender, TenderAlias, TenderEvent
from db.vocabulary.reading import Identity, IdentityKey, Link, MergeVerdict, Reading

MOST_ALIKE = 200
"""Notices that may share a key. What more of them have in common says nothing: 物品の購入 of one ministry."""


@dataclass(frozen=True, slots=True)
class Known:
    """A notice as merging sees it."""

    id: UUID
    tender_id: UUID
    first_seen_at: datetime
    identity: Identity


Decisions = Mapping[frozenset[UUID], MergeVerdict]
"""What people decided of pairs of notices."""


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
    """The notices of tenders as merging sees them; those that no reader has seen yet are left out."""
    notice, reading = table(Notice), table(NoticeReading)
    found: list[Known] = []
    for some in batches(sorted(tender_ids), IN_LIMIT):
        rows = session.connection().execute(
            select(notice.c.id, notice.c.tender_id, notice.c.first_seen_at, reading.c.value)
            .join(reading, (reading.c.notice_id == notice.c.id) & (reading.c.version == notice.c.version))
            .where(notice.c.tender_id.in_(some))
        )
        for id, tender_id, first_seen_at, value in rows:
            assert isinstance(value, Reading)
            if value.identity is not None:
                found.append(Known(id, tender_id, first_seen_at, value.identity))
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

    Their events, and what readers were told of them, move along; links, feeds and calendars that carry an old id
    still lead to the tender. The projection of the tender that stays is not composed anew here.
    """
    connection = session.connection()
    tender, alias, event, match = table(Tender), table(TenderAlias), table(TenderEvent), table(Match)
    for old, kept in sorted(aliases.items()):
        if old == kept or session.get(Tender, old) is None:
            continue
        last = _last_sequence(session, kept)
        if last is None:
            # The tender that stays has not been composed yet: it takes the row over.
            row = session.connection().execute(select(tender).where(tender.c.id == old)).mappings().one()
            connection.execute(tender.insert().values({**row, "id": kept}))
            last = 0
        events = connection.execute(
            select(event.c.sequence).where(event.c.tender_id == old).order_by(event.c.sequence)
        ).scalars()
        for sequence in list(events):
            last += 1
            mine = (event.c.tender_id == old) & (event.c.sequence == sequence)
            connection.execute(update(event).where(mine).values(tender_id=kept, sequence=last))
            told = (match.c.tender_id == old) & (match.c.sequence == sequence)
            connection.execute(update(match).where(told).values(tender_id=kept, sequence=last))
        connection.execute(update(alias).where(alias.c.tender_id == old).values(tender_id=kept))
        connection.execute(update(table(Award)).where(table(Award).c.tender_id == old).values(tender_id=kept))
        connection.execute(delete(tender).where(tender.c.id == old))
        bulk.upsert(session, TenderAlias, [{"alias_id": old, "tender_id": kept}])
        connection.execute(update(tender).where(tender.c.id == kept).values(sequence=max(last, 1)))
        session.expire_all()


def _last_sequence(session: Session, id: UUID) -> int | None:
    """The number of a tender's newest event; None where the tender is not stored."""
    tender = table(Tender)
    return session.connection().execute(select(tender.c.sequence).where(tender.c.id == id)).scalar()


def forget(session: Session, pairs: Iterable[tuple[UUID, UUID]]) -> None:
    """Take back what was decided of pairs of notices."""
    decision = table(MergeDecision)
    for one, other in pairs:
        session.connection().execute(
            decision.delete().where(decision.c.first == min(one, other), decision.c.second == max(one, other))
        )


def tenders_of(session: Session, notice_ids: Collection[UUID]) -> set[UUID]:
    """The tenders of notices; those that are not there are left out."""
    notice = table(Notice)
    found: set[UUID] = set()
    for some in batches(notice_ids, IN_LIMIT):
        found.update(session.connection().execute(select(notice.c.tender_id).where(notice.c.id.in_(some))).scalars())
    return found
