"""The one view of a tender that page, mail, feed and export show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from db.notices import contents
from db.tender import Tender
from db.tenders import areas_of, cpv_of, resolve, rows, venues_of
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.reading import (
    NO_VERDICT,
    Access,
    AreaScore,
    CpvCode,
    DateKind,
    EnglishOrigin,
    FoundDate,
    FoundMoney,
    Requirement,
    RequirementKind,
)
from db.vocabulary.tender import Said, TenderSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A tender as readers are shown it. ``sequence`` counts its events; ``updated_at`` is when the last was."""

    id: UUID
    title: str
    title_en: str | None
    title_en_origin: EnglishOrigin | None = None
    """Where the English title comes from: readers are always told."""
    buyer: str | None
    buyer_en: str | None
    prefecture: str | None
    city: str | None
    category: Category | None
    kind: NoticeKind
    method: str | None
    method_en: str | None = None
    qualification: str | None = None
    """As the source's field states it; ``requirements`` has what the text says."""
    status: str | None
    published: date
    deadline: datetime | None
    deadline_clock: bool = True
    """False where only the day of the deadline is known: ``deadline`` is then its last second."""
    response_deadline: datetime | None
    response_clock: bool = True
    dates: tuple[FoundDate, ...] = ()
    money: tuple[FoundMoney, ...] = ()
    value: Decimal | None = None
    """In yen: the planned price, or the upper limit that is stated."""
    access: Access = NO_VERDICT
    requirements: tuple[Requirement, ...] = ()
    awarded: date | None = None
    said: tuple[Said, ...] = ()
    """What its notices say of a field where they differ, and of every deadline."""
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

    def on(self, kind: DateKind) -> tuple[FoundDate, ...]:
        """The dates of one kind, the one that counts first."""
        return tuple(found for found in self.dates if found.kind is kind)

    @property
    def meetings(self) -> tuple[FoundDate, ...]:
        """The explanatory meetings: the one in which taking part is required, or those that are offered."""
        return self.on(DateKind.MEETING)

    def needs(self, kind: RequirementKind) -> tuple[Requirement, ...]:
        """The requirements of one kind."""
        return tuple(found for found in self.requirements if found.kind is kind)

    def also_said(self, field: str) -> tuple[Said, ...]:
        """What notices say of a field otherwise than the value that counts."""
        return tuple(said for said in self.said if said.field == field and not said.counts)

    def why(self, field: str) -> Said | None:
        """Who says the value of a field that counts; None where every notice says the same of it."""
        return next((said for said in self.said if said.field == field and said.counts), None)


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
        title_en_origin=EnglishOrigin(row.title_en_origin) if row.title_en_origin else None,
        buyer=row.buyer,
        buyer_en=row.buyer_en,
        prefecture=row.prefecture,
        city=row.city,
        category=Category(row.category) if row.category else None,
        kind=NoticeKind(row.kind),
        method=row.method,
        method_en=row.method_en,
        qualification=row.qualification,
        status=row.status,
        published=row.published,
        deadline=row.deadline,
        deadline_clock=row.deadline_clock,
        response_deadline=row.response_deadline,
        response_clock=row.response_clock,
        dates=row.dates,
        money=row.money,
        value=row.value,
        access=row.access,
        requirements=row.requirements,
        awarded=row.awarded,
        said=row.said,
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
