"""The procurement that notices speak of, and what happens to it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from db.vocabulary.notice import Category, FieldChange, NoticeKind
from db.vocabulary.reading import AreaScore, CpvCode


class EventKind(StrEnum):
    """What happened to a tender."""

    PUBLISHED = "published"
    CHANGED = "changed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class TenderSource:
    """A notice that a tender was composed from, as readers are shown it."""

    source: str
    key: str
    url: str
    kind: NoticeKind
    published: date
    notice_id: UUID
    document_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedTender:
    """A tender as its notices and their readings give it; composing again from the same gives the same.

    ``deadline`` is the deadline for tenders or proposals and nothing else. ``text`` is what searches
    look through; it is not part of the projection that is stored.
    """

    id: UUID
    title: str
    kind: NoticeKind
    published: date
    sources: tuple[TenderSource, ...]
    title_en: str | None = None
    buyer: str | None = None
    buyer_en: str | None = None
    prefecture: str | None = None
    city: str | None = None
    category: Category | None = None
    method: str | None = None
    status: str | None = None
    deadline: datetime | None = None
    response_deadline: datetime | None = None
    areas: tuple[AreaScore, ...] = ()
    venues: tuple[AreaScore, ...] = ()
    cpv: tuple[CpvCode, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class TenderChange:
    """An event as it is composed: what happened, and which fields differ."""

    tender: ComposedTender
    kind: EventKind
    changes: tuple[FieldChange, ...] = ()
    sequence: int = 1
