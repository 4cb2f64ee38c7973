"""What calendars show: the tenders that a saved search found, and when anything was learnt of a tender last."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session

from db.bulk import IN_LIMIT, batches, table
from db.history import Match
from db.notice import Notice, NoticeReading
from db.tender import Tender
from db.vocabulary.japanese import to_tokyo

MOST_TENDERS = 1_000
"""Of one calendar."""


def dated_finds(session: Session, search_id: UUID, *, since: datetime, limit: int = MOST_TENDERS) -> list[UUID]:
    """The tenders that a saved search found, told of or not, newest find first.

    Left out is what was published before ``since``, did not change after it, and has no deadline after it.
    """
    match, tender = table(Match), table(Tender)
    newest = func.max(match.c.matched_at)
    found = session.connection().execute(
        select(match.c.tender_id)
        .join(tender, tender.c.id == match.c.tender_id)
        .where(
            match.c.saved_search_id == search_id,
            (tender.c.published >= to_tokyo(since).date())
            | (tender.c.updated_at >= since)
            | (tender.c.deadline >= since)
            | (tender.c.response_deadline >= since),
        )
        .group_by(match.c.tender_id)
        .order_by(newest.desc(), match.c.tender_id)
        .limit(limit)
    )
    return list(found.scalars())


def revised(session: Session, tender_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When the notices of tenders changed, or were read again, last; a tender without notices is not in the answer.

    A meeting that a text moves is no event of its tender, and yet a reader's calendar has to follow.
    """
    notice, reading = table(Notice), table(NoticeReading)
    found: dict[UUID, datetime] = {}
    for some in batches(tender_ids, IN_LIMIT):
        rows = session.connection().execute(
            select(
                notice.c.tender_id,
                func.max(notice.c.changed_at, type_=notice.c.changed_at.type),
                func.max(reading.c.read_at, type_=reading.c.read_at.type),
            )
            .outerjoin(reading, (reading.c.notice_id == notice.c.id) & (reading.c.version == notice.c.version))
            .where(notice.c.tender_id.in_(some))
            .group_by(notice.c.tender_id)
        )
        for tender_id, changed_at, read_at in rows:
            found[tender_id] = max(changed_at, read_at or changed_at)
    return found
