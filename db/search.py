"""Finding tenders: plain filters by index, and queries of the query language by a scan."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session

from db.bulk import table
from db.card import Card, cards
from db.notice import Notice, NoticeVersion
from db.tender import Tender, TenderArea
from db.vocabulary.query import EVERYTHING, Facet, Is, Query, Searchable, matches

BATCH = 500


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results. ``total`` is None where counting would mean looking through everything."""

    cards: list[Card]
    total: int | None
    more: bool


def changed_last(session: Session, *, area: str | None = None, limit: int) -> list[Card]:
    """The tenders to which something happened last, of one focus area or of all: what feeds tell of."""
    tender, given = table(Tender), table(TenderArea)
    ids = select(tender.c.id).order_by(tender.c.updated_at.desc(), tender.c.id).limit(limit)
    if area is not None:
        ids = ids.join(given, given.c.tender_id == tender.c.id).where(given.c.area == area)
    return cards(session, list(session.connection().execute(ids).scalars()))


def newest(session: Session, *, area: str | None = None, limit: int, offset: int = 0) -> Found:
    """The tenders published last, of one focus area or of all."""
    tender, given = table(Tender), table(TenderArea)
    ids = select(tender.c.id).order_by(tender.c.published.desc(), tender.c.id).limit(limit + 1).offset(offset)
    counted = select(func.count()).select_from(tender)
    if area is not None:
        ids = ids.join(given, given.c.tender_id == tender.c.id).where(given.c.area == area)
        counted = select(func.count()).select_from(given).where(given.c.area == area)
    found = list(session.connection().execute(ids).scalars())
    total = session.connection().execute(counted).scalar()
    return Found(cards(session, found[:limit]), total, len(found) > limit)


def search(session: Session, query: Query, *, now: datetime, limit: int, offset: int = 0) -> Found:
    """The tenders that a query finds, published last first."""
    if query == EVERYTHING:
        return newest(session, limit=limit, offset=offset)
    if isinstance(query, Is) and query.facet is Facet.AREA:
        return newest(session, area=query.value, limit=limit, offset=offset)
    found = list(islice(scan(session, query, now=now), offset, offset + limit + 1))
    return Found(cards(session, found[:limit]), None, len(found) > limit)


def count(session: Session, query: Query, *, now: datetime, since: date) -> int:
    """How many tenders published since a day the query finds: the preview of a saved search."""
    return sum(1 for _ in scan(session, query, now=now, since=since))


def scan(session: Session, query: Query, *, now: datetime, since: date | None = None) -> Iterator[UUID]:
    """The ids of tenders that a query finds, published last first, by looking at every one."""
    tender = table(Tender)
    after: tuple[date, UUID] | None = None
    while True:
        page = select(tender).order_by(tender.c.published.desc(), tender.c.id).limit(BATCH)
        if since is not None:
            page = page.where(tender.c.published >= since)
        if after is not None:
            page = page.where(
                (tender.c.published < after[0]) | ((tender.c.published == after[0]) & (tender.c.id > after[1]))
            )
        rows = [Tender(**row) for row in session.connection().execute(page).mappings()]
        if not rows:
            return
        after = (rows[-1].published, rows[-1].id)
        ids = [row.id for row in rows]
        texts, areas = _texts(session, ids), _areas(session, ids)
        for row in rows:
            if matches(query, Searchable.of(row, text=texts.get(row.id, ""), areas=areas.get(row.id, ()), now=now)):
                yield row.id


def _texts(session: Session, ids: list[UUID]) -> dict[UUID, str]:
    notice, version = table(Notice), table(NoticeVersion)
    rows = session.connection().execute(
        select(notice.c.tender_id, version.c.content)
        .join(version, (version.c.notice_id == notice.c.id) & (version.c.number == notice.c.version))
        .where(notice.c.tender_id.in_(ids))
        .order_by(notice.c.first_seen_at, notice.c.id)
    )
    found: dict[UUID, str] = {}
    for tender_id, content in rows:
        found[tender_id] = f"{found[tender_id]}\n{content.text}" if tender_id in found else content.text
    return found


def _areas(session: Session, ids: list[UUID]) -> dict[UUID, frozenset[str]]:
    area = table(TenderArea)
    rows = session.connection().execute(select(area.c.tender_id, area.c.area).where(area.c.tender_id.in_(ids)))
    found: dict[UUID, frozenset[str]] = {}
    for tender_id, name in rows:
        found[tender_id] = found.get(tender_id, frozenset()) | {name}
    return found
