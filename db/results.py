"""Awards that were read out of notices: they are kept with their notice, and go where it goes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from db import awards, twins
from db.award import Award
from db.bulk import IN_LIMIT, batches, table
from db.notice import NoticeVersion
from db.notices import ReadNotice
from db.vocabulary.award import ScrapedAward, award_id, supplier_id


def store(session: Session, read: Sequence[ReadNotice]) -> None:
    """Write the results that notices state, and take away what their newest versions no longer say.

    Storing the same again changes nothing.
    """
    before = _kept(session, [one.id for one in read])
    stating = [one for one in read if one.reading.results or one.id in before]
    if not stating:
        return
    stated = {one.id: _stated(one) for one in stating}
    ids = {award_id(award.source, award.key): one for one in stating for award in stated[one.id]}
    _remove(session, [id for some in before.values() for id in some if id not in ids])
    written = _written(session, stating)
    for run_id, at in sorted(set(written.values())):
        of_run = [award for one in stating if written[one.id] == (run_id, at) for award in stated[one.id]]
        awards.record(session, of_run, run_id=run_id, now=at)
    award = table(Award)
    if ids:
        session.connection().execute(
            award.update()
            .where(award.c.id == bindparam("b_id"))
            .values(notice_id=bindparam("b_notice"), tender_id=bindparam("b_tender")),
            [{"b_id": id, "b_notice": one.id, "b_tender": one.tender_id} for id, one in ids.items()],
        )
    winners = {supplier_id(award.supplier, award.corporate_number) for some in stated.values() for award in some}
    twins.mark(session, winners | {winner for some in before.values() for winner in some.values()})


def follow(session: Session, tender_of: Mapping[UUID, UUID]) -> set[UUID]:
    """Put the awards of notices with the tenders that these belong to now. Returns the tenders that got or lost one."""
    award = table(Award)
    moved: set[UUID] = set()
    for some in batches(tender_of, IN_LIMIT):
        rows = session.connection().execute(
            select(award.c.id, award.c.notice_id, award.c.tender_id).where(award.c.notice_id.in_(some))
        )
        changes = [(id, before, now) for id, notice, before in rows if (now := tender_of[notice]) != before]
        if changes:
            session.connection().execute(
                award.update().where(award.c.id == bindparam("b_id")).values(tender_id=bindparam("b_tender")),
                [{"b_id": id, "b_tender": now} for id, _, now in changes],
            )
            moved.update(tender for _, *both in changes for tender in both if tender)
    return moved


def _stated(read: ReadNotice) -> list[ScrapedAward]:
    notice = read.notice
    return [
        ScrapedAward(
            source=notice.source,
            key=f"{notice.key}#{number}",
            title=notice.title,
            date=result.decided,
            published=notice.published,
            supplier=result.supplier,
            amount=result.amount,
            corporate_number=result.corporate_number,
            buyer=notice.buyer,
            method=result.method,
            address=result.address,
            planned=result.planned,
        )
        for number, result in enumerate(read.reading.results, 1)
    ]


def _kept(session: Session, notice_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, UUID]]:
    """The awards of notices as they are in the record, with their suppliers."""
    award = table(Award)
    found: dict[UUID, dict[UUID, UUID]] = {}
    for some in batches(notice_ids, IN_LIMIT):
        rows = session.connection().execute(
            select(award.c.notice_id, award.c.id, award.c.supplier_id).where(award.c.notice_id.in_(some))
        )
        for notice_id, id, supplier in rows:
            found.setdefault(notice_id, {})[id] = supplier
    return found


def _written(session: Session, read: Sequence[ReadNotice]) -> dict[UUID, tuple[UUID, datetime]]:
    """By which run, and when, the newest version of each notice was written."""
    version = table(NoticeVersion)
    newest = {one.id: one.version for one in read}
    found: dict[UUID, tuple[UUID, datetime]] = {}
    for some in batches(newest, IN_LIMIT):
        rows = session.connection().execute(
            select(version.c.notice_id, version.c.number, version.c.run_id, version.c.recorded_at).where(
                version.c.notice_id.in_(some)
            )
        )
        found.update((id, (run_id, at)) for id, number, run_id, at in rows if number == newest[id])
    return found


def _remove(session: Session, ids: Sequence[UUID]) -> None:
    award = table(Award)
    for some in batches(ids, IN_LIMIT):
        session.connection().execute(award.update().where(award.c.same_as.in_(some)).values(same_as=None))
        session.connection().execute(award.delete().where(award.c.id.in_(some)))
