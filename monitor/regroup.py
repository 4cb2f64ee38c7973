"""What people decide of tenders: that two are one, or that a notice is none of its tender's. It alerts nobody.

A decision is kept (``db.notice.MergeDecision``) and stands whatever rules find later.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from sqlmodel import Session

from db import merges, notices, tenders
from db.errors import RecordError
from db.notices import ReadNotice
from db.vocabulary.reading import MergeVerdict
from monitor.merging import own_id, own_ids
from monitor.pipeline import composed, merge


def split(session: Session, notice_id: UUID, *, now: datetime) -> tuple[UUID, UUID]:
    """Take a notice out of its tender, so that it is one of its own. Returns the tender it leaves, and its own.

    The others stay together, also where it was this notice that brought them together: nobody said otherwise of them.

    Raises RecordError where it is alone already.
    """
    merges.one_at_a_time(session)
    tender_id = _tender_of_notice(session, notice_id)
    together = _notices_of(session, tender_id)
    others = [one.id for one in together if one.id != notice_id]
    if not others:
        raise RecordError("notice {id} is alone in its tender; there is nothing to split", id=notice_id)
    # A tender keeps its id when the notice that it was named after leaves.
    own = own_id(notice_id, merges.occupied(session, own_ids(notice_id)))
    merges.decide(session, [(notice_id, other) for other in others], MergeVerdict.APART, now=now)
    merges.decide(session, pairwise(others), MergeVerdict.TOGETHER, now=now)
    merges.move(session, {notice_id: own}, {})
    merges.part(session, {own: tender_id})
    _decide_again(session, together, now=now)
    return tender_id, own


def join(session: Session, first: UUID, second: UUID, *, now: datetime) -> UUID:
    """Make two tenders one. Returns the id that stays: that of the tender which was seen first.

    Raises RecordError where they are one already, or where one does not exist.
    """
    merges.one_at_a_time(session)
    ours, theirs = (_notices_of(session, tenders.resolve(session, id)) for id in (first, second))
    if ours[0].tender_id == theirs[0].tender_id:
        raise RecordError("{id}: the two are one tender already", id=ours[0].tender_id)
    # Of every two: what contradicts one of them must not keep it from the others.
    across = [(one.id, two.id) for one in ours for two in theirs]
    merges.decide(session, across, MergeVerdict.TOGETHER, now=now)
    _decide_again(session, [*ours, *theirs], now=now)
    return _tender_of_notice(session, ours[0].id)


def _decide_again(session: Session, together: Sequence[ReadNotice], *, now: datetime) -> None:
    """Have the rules decide with what people decided, of notices as they were read before."""
    tenders.store_quietly(session, composed(session, dict.fromkeys(merge(session, together))), now=now)


def _notices_of(session: Session, tender_id: UUID) -> list[ReadNotice]:
    found = list(notices.read_notices(session, [tender_id]))
    if not found:
        raise RecordError("there is no tender {id}", id=tender_id)
    return found


def _tender_of_notice(session: Session, notice_id: UUID) -> UUID:
    found = next(iter(merges.tenders_of(session, [notice_id])), None)
    if found is None:
        raise RecordError("there is no notice {id}; `monitor tenders show` has the notices of a tender", id=notice_id)
    return found
