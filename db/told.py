"""What a subscriber was told before."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session

from db.bulk import IN_LIMIT, batches, table
from db.history import Digest, Match
from db.vocabulary.delivery import DeliveryState


def told_before(session: Session, letter: Digest, tender_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Of the tenders, those that earlier letters to the same subscriber told of, and the end of the last one's window."""
    match, digest = table(Match), table(Digest)
    found: dict[UUID, datetime] = {}
    for some in batches(tender_ids, IN_LIMIT):
        rows = session.connection().execute(
            select(match.c.tender_id, func.max(digest.c.window_end, type_=digest.c.window_end.type))
            .join(digest, digest.c.id == match.c.digest_id)
            .where(
                match.c.tender_id.in_(some),
                digest.c.subscriber_id == letter.subscriber_id,
                digest.c.id != letter.id,
                digest.c.state == DeliveryState.SENT,
                digest.c.window_end <= letter.window_end,
            )
            .group_by(match.c.tender_id)
        )
        found.update((row[0], row[1]) for row in rows)
    return found
