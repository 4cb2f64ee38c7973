"""The store of readers' marks: whether a focus area fits a tender. Nothing learns from it by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select
from sqlmodel import Session

from db import bulk
from db.bulk import table
from db.feedback import Feedback
from db.tender import Tender, TenderAlias
from db.tenders import resolve


@dataclass(frozen=True, slots=True)
class Tally:
    """What readers say of one area of one tender: how many that it fits, how many that it does not."""

    tender_id: UUID
    """The id that the tender has today."""
    area: str
    fits: int
    against: int
    at: datetime
    """When the newest of these marks was given."""


def mark(session: Session, tender_id: UUID, area: str, reader: str, *, relevant: bool, now: datetime) -> None:
    """Keep a reader's mark; a mark of the same reader on the same area of the tender is replaced."""
    bulk.upsert(
        session,
        Feedback,
        [
            {
                "tender_id": resolve(session, tender_id),
                "area": area,
                "reader": reader,
                "relevant": relevant,
                "at": now,
            }
        ],
    )


def count_since(session: Session, since: datetime, *, reader: str | None = None) -> int:
    """How many marks were given since a moment; one that was replaced counts once.

    ``reader``: only those of the reader, or of all readers whose digits begin so.
    """
    feedback = table(Feedback)
    conditions = [feedback.c.at >= since]
    if reader is not None:  # by the index: "g" comes after every hex digit
        conditions += [feedback.c.reader >= reader, feedback.c.reader < f"{reader}g"]
    return session.connection().execute(select(func.count()).select_from(feedback).where(*conditions)).scalar() or 0


def tallies(session: Session) -> Iterator[Tally]:
    """The marks on tenders that are in the record, newest first.

    Marks under an id from before a merge count for the tender of today; of a reader who marked the same area on
    both sides of the merge, the newest mark counts.
    """
    feedback, alias, tender = table(Feedback), table(TenderAlias), table(Tender)
    today = func.coalesce(alias.c.tender_id, feedback.c.tender_id)
    each = (
        select(
            today.label("tender_id"),
            feedback.c.area,
            feedback.c.relevant,
            feedback.c.at,
            func.row_number()
            .over(partition_by=[today, feedback.c.area, feedback.c.reader], order_by=feedback.c.at.desc())
            .label("number"),
        )
        .select_from(feedback.outerjoin(alias, alias.c.alias_id == feedback.c.tender_id))
        .subquery()
    )
    newest = func.max(each.c.at)
    rows = session.connection().execute(
        select(
            each.c.tender_id,
            each.c.area,
            func.sum(case((each.c.relevant, 1), else_=0)),
            func.sum(case((each.c.relevant, 0), else_=1)),
            newest,
        )
        .join(tender, tender.c.id == each.c.tender_id)
        .where(each.c.number == 1)
        .group_by(each.c.tender_id, each.c.area)
        .order_by(newest.desc(), each.c.tender_id, each.c.area)
    )
    return (Tally(*row) for row in rows)
