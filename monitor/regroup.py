"""What people decide of tenders: that two are one, or that a notice is none of its tender's. It alerts nobody.

A decision is kept (``db.notice.MergeDecision``) and stands whatever rules find later.
"""

from datetime import datetime
from uuid import UUID, uuid5

from sqlmodel import Session

from db import merges, notices, tenders
from db.errors import RecordError
from db.notices import ReadNotice
from db.vocabulary.notice import NAMESPACE
from db.vocabulary.reading import Link, MergeVerdict
from monitor.pipeline import composed

BY_HAND = "person"
"""The rule of a link that somebody decided (``monitor.merging.MERGE_RULES`` has its text)."""


def split(session: Session, notice_id: UUID, *, now: datetime) -> tuple[UUID, UUID]:
    """Take a notice out of its tender, so that it is one of its own. Returns the tender it leaves, and its own.

    Raises RecordError where it is alone already.
    """
    tender_id = _tender_of_notice(session, notice_id)
    others = [one.id for one in notices.read_notices(session, [tender_id]) if one.id != notice_id]
    if not others:
        raise RecordError("notice {id} is alone in its tender; there is nothing to split", id=notice_id)
    # A tender keeps its id when the notice that it was named after leaves.
    own = notice_id if notice_id != tender_id else uuid5(NAMESPACE, f"split\n{notice_id}")
    merges.decide(session, [(notice_id, other) for other in others], MergeVerdict.APART, now=now)
    merges.move(session, {notice_id: own}, {notice_id: None})
    _store(session, [tender_id, own], now=now)
    return tender_id, own


def join(session: Session, first: UUID, second: UUID, *, now: datetime) -> UUID:
    """Make two tenders one. Returns the id that stays: that of the tender which was seen first.

    Raises RecordError where they are one already, or where one does not exist.
    """
    groups = [_notices_of(session, tenders.resolve(session, id)) for id in (first, second)]
    # The one that was seen first keeps its id.
    kept, other = sorted(groups, key=lambda group: (min(map(_seen, group)), group[0].tender_id))
    if kept[0].tender_id == other[0].tender_id:
        raise RecordError("{id}: the two are one tender already", id=kept[0].tender_id)
    across = [(one.id, two.id) for one in kept for two in other]
    merges.forget(session, across)
    merges.decide(session, across[:1], MergeVerdict.TOGETHER, now=now)
    link = Link(BY_HAND, kept[0].id)
    merges.move(
        session,
        {one.id: kept[0].tender_id for one in other},
        {one.id: link for one in other if one.link is None},
    )
    merges.absorb(session, {other[0].tender_id: kept[0].tender_id})
    _store(session, [kept[0].tender_id], now=now)
    return kept[0].tender_id


def _store(session: Session, tender_ids: list[UUID], *, now: datetime) -> None:
    tenders.store_quietly(session, composed(session, dict.fromkeys(tender_ids)), now=now)


def _seen(notice: ReadNotice) -> datetime:
    assert notice.first_seen_at is not None
    return notice.first_seen_at


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
