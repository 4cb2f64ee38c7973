"""The one view of a tender that page, mail, feed and export show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from db.notices import contents
from db.tender import Tender
from db.tenders import areas_of, cpv_of, resolve, rows, venues_of
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.reading import AreaScore, CpvCode
from db.vocabulary.tender import TenderSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A tender as readers are shown it. ``sequence`` counts its events; ``updated_at`` is when the last was."""

    id: UUID
    title: str
    title_en: str | None
    buyer: str | None
    buyer_en: str | None
    prefecture: str | None
    city: str | None
    category: Category | None
    kind: NoticeKind
    method: str | None
    status: str | None
    published: date
    deadline: datetime | None
    response_deadline: datetime | None
    areas: tuple[AreaScore, ...]
    venues: tuple[AreaScore, ...] = ()
    cpv: tuple[CpvCode, ...] = ()
    sources: tuple[TenderSource, ...]
    first_seen_at: datetime
    updated_at: datetime
    sequence: int

    @property
    def cancelled(self) -> bool:
        return self.kind is NoticeKind.CANCELLATION


def cards(session: Session, ids: Sequence[UUID]) -> list[Card]:
    """The cards of tenders, in the order of the ids; what is not there is left out."""
    found = rows(session, ids)
    known = list(found)
    areas, venues, cpv = areas_of(session, known), venues_of(session, known), cpv_of(session, known)
    return [card_of(found[id], areas[id], venues[id], cpv[id]) for id in ids if id in found]


def card(session: Session, id: UUID) -> Card | None:
    """The card of one tender, also under an id it had before a merge."""
    return next(iter(cards(session, [resolve(session, id)])), None)


def card_of(
    row: Tender, areas: Sequence[AreaScore], venues: Sequence[AreaScore] = (), cpv: Sequence[CpvCode] = ()
) -> Card:
    return Card(
        id=row.id,
        title=row.title,
        title_en=row.title_en,
        buyer=row.buyer,
        buyer_en=row.buyer_en,
        prefecture=row.prefecture,
        city=row.city,
        category=Category(row.category) if row.category else None,
        kind=NoticeKind(row.kind),
        method=row.method,
        status=row.status,
        published=row.published,
        deadline=row.deadline,
        response_deadline=row.response_deadline,
        areas=tuple(areas),
        venues=tuple(venues),
        cpv=tuple(cpv),
        sources=row.sources,
        first_seen_at=row.first_seen_at,
        updated_at=row.updated_at,
        sequence=row.sequence,
    )


def notices_of(session: Session, shown: Card) -> list[ScrapedNotice]:
    """What the notices of a tender say now, in the order of its sources."""
    found = contents(session, [source.notice_id for source in shown.sources])
    return [found[source.notice_id] for source in shown.sources if source.notice_id in found]


def extract(texts: Iterable[str], *, characters: int = 600) -> str:
    """The beginning of the first text that says anything: the sources license no more than that."""
    text = next((text for written in texts if (text := written.strip())), "")
    return text if len(text) <= characters else text[:characters].rstrip() + "…"
