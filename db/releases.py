"""The history of tenders as publications tell it, in bulk: what standards for exchange are written from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, union_all
from sqlmodel import Session

from db.award import Award, Supplier
from db.bulk import IN_LIMIT, batches, table
from db.card import Card, cards
from db.notice import Notice, NoticeReading, NoticeVersion
from db.notices import ReadNotice
from db.tender import TenderEvent
from db.vocabulary.notice import FieldChange
from db.vocabulary.reading import Reading


@dataclass(frozen=True, slots=True)
class Version:
    """What a notice said from a moment on."""

    notice: ReadNotice
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Won:
    """An award of a tender, and its winner as the record has it. ``notice_id``: it was read out of that notice."""

    id: UUID
    digest: str
    title: str
    decided: date
    amount: Decimal | None
    method: str | None
    notice_id: UUID | None
    changed_at: datetime
    supplier_id: UUID
    supplier: str
    name_en: str | None
    number: str | None
    prefecture: str | None
    city: str | None


@dataclass(frozen=True, slots=True)
class History:
    """A tender as it is, and everything that led there, each in the order in which it was recorded."""

    card: Card
    versions: tuple[Version, ...]
    awards: tuple[Won, ...]
    changes: dict[datetime, tuple[FieldChange, ...]]
    """What changed of the tender, by the moment of its event."""


PAGE = 50_000
"""Ids that are read at once: some 10 MB. Each page passes over all that was recorded since."""


def told_since(session: Session, since: datetime) -> Iterator[UUID]:
    """The tenders whose history grew then or later, in the order in which they last did.

    That is more than what changed of the tenders themselves: also what another notice or an award added.
    """
    event, notice, award = table(TenderEvent), table(Notice), table(Award)
    grew = union_all(
        *(
            select(rows.c.tender_id, moment.label("at")).where(moment >= since, rows.c.tender_id.is_not(None))
            for rows, moment in ((event, event.c.at), (notice, notice.c.changed_at), (award, award.c.changed_at))
        )
    ).subquery()
    last = func.max(grew.c.at)
    page = select(grew.c.tender_id, last).group_by(grew.c.tender_id).order_by(last, grew.c.tender_id).limit(PAGE)
    found = session.connection().execute(page).all()
    while found:
        yield from (row[0] for row in found)
        if len(found) < PAGE:
            return
        id, at = found[-1]
        following = page.having((last > at) | ((last == at) & (grew.c.tender_id > id)))
        found = session.connection().execute(following).all()


def histories(session: Session, ids: Sequence[UUID]) -> list[History]:
    """The histories of tenders in the order of the ids; what is not there is left out. Holds all of them at once."""
    versions, awards, changes = _versions(session, ids), _awards(session, ids), _changes(session, ids)
    return [
        History(
            card,
            tuple(versions.get(card.id, ())),
            tuple(awards.get(card.id, ())),
            changes.get(card.id, {}),
        )
        for card in cards(session, ids)
    ]


def _versions(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Version]]:
    notice, version, reading = table(Notice), table(NoticeVersion), table(NoticeReading)
    found: dict[UUID, list[Version]] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(
                notice.c.id,
                notice.c.tender_id,
                version.c.number,
                version.c.content,
                reading.c.value,
                notice.c.link,
                notice.c.first_seen_at,
                version.c.recorded_at,
            )
            .join(version, version.c.notice_id == notice.c.id)
            .outerjoin(reading, (reading.c.notice_id == notice.c.id) & (reading.c.version == version.c.number))
            .where(notice.c.tender_id.in_(some))
        )
        for row in rows:
            one = ReadNotice(row[0], row[1], row[2], row[3], row[4] or Reading(), row[5], row[6])
            found.setdefault(row[1], []).append(Version(one, row[7]))
    for some_versions in found.values():
        some_versions.sort(key=_recorded)
    return found


def _recorded(version: Version) -> tuple[object, ...]:
    """Of what was recorded together, what was published first comes first."""
    return version.recorded_at, version.notice.notice.published, version.notice.id, version.notice.version


def _awards(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Won]]:
    """The awards of tenders; of twins (``db.twins``) the one that counts, where both are of the tender."""
    award, supplier = table(Award), table(Supplier)
    found: dict[UUID, list[tuple[Won, UUID | None]]] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(
                award.c.tender_id,
                award.c.same_as,
                award.c.id,
                award.c.digest,
                award.c.title,
                award.c.date,
                award.c.amount,
                award.c.method,
                award.c.notice_id,
                award.c.changed_at,
                award.c.supplier_id,
                award.c.supplier,
                supplier.c.name_en,
                supplier.c.number,
                supplier.c.prefecture,
                supplier.c.city,
            )
            .join(supplier, supplier.c.id == award.c.supplier_id)
            .where(award.c.tender_id.in_(some))
            .order_by(award.c.changed_at, award.c.id)
        )
        for tender_id, same_as, *values in rows:
            found.setdefault(tender_id, []).append((Won(*values), same_as))
    answer: dict[UUID, list[Won]] = {}
    for tender_id, pairs in found.items():
        own = {won.id for won, _ in pairs}
        answer[tender_id] = [won for won, same_as in pairs if same_as not in own]
    return answer


def _changes(session: Session, ids: Sequence[UUID]) -> dict[UUID, dict[datetime, tuple[FieldChange, ...]]]:
    event = table(TenderEvent)
    found: dict[UUID, dict[datetime, tuple[FieldChange, ...]]] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(event.c.tender_id, event.c.at, event.c.changes)
            .where(event.c.tender_id.in_(some), event.c.sequence > 1)
            .order_by(event.c.sequence)
        )
        for tender_id, at, changes in rows:
            known = found.setdefault(tender_id, {})
            known[at] = (*known.get(at, ()), *changes)
    return found
