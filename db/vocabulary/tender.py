"""The procurement that notices speak of, and what happens to it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from db.vocabulary.notice import Category, FieldChange, NoticeKind
from db.vocabulary.reading import (
    NO_VERDICT,
    Access,
    AreaScore,
    CpvCode,
    EnglishOrigin,
    FoundDate,
    FoundMoney,
    Link,
    Origin,
    Requirement,
)


class EventKind(StrEnum):
    """What happened to a tender."""

    PUBLISHED = "published"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    AWARDED = "awarded"
    """A result of it was published."""
    JOINED = "joined"
    """Another source has published it too: it is the same tender, of which more is known now. Alerts nobody."""


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
    link: Link | None = None
    """Why it belongs to the tender; None for the first, and for a tender of one notice."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one notice says of a field of its tender. ``counts``: it is the value that the tender shows.

    ``value`` is written as in a change; ``phrase`` are the words that it was read from, where it is no field.
    """

    field: str
    value: str
    source: str
    notice_id: UUID
    origin: Origin = Origin.FIELD
    phrase: str = ""
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedTender:
    """A tender as its notices and their readings give it; composing again from the same gives the same.

    ``deadline`` is the deadline for tenders or proposals and nothing else; where no time of day is known it is the
    last second of its day, and ``deadline_clock`` is False. ``said`` is what its notices say of a field where they
    differ, and of every deadline. ``text`` is what searches look through; it is not part of the projection that is
    stored.
    """

    id: UUID
    title: str
    kind: NoticeKind
    published: date
    sources: tuple[TenderSource, ...]
    title_en: str | None = None
    title_en_origin: EnglishOrigin | None = None
    buyer: str | None = None
    buyer_en: str | None = None
    prefecture: str | None = None
    city: str | None = None
    category: Category | None = None
    method: str | None = None
    method_en: str | None = None
    qualification: str | None = None
    status: str | None = None
    deadline: datetime | None = None
    deadline_clock: bool = True
    response_deadline: datetime | None = None
    response_clock: bool = True
    dates: tuple[FoundDate, ...] = ()
    money: tuple[FoundMoney, ...] = ()
    value: Decimal | None = None
    """In yen: the planned price, or the upper limit that is stated."""
    access: Access = NO_VERDICT
    requirements: tuple[Requirement, ...] = ()
    awarded: date | None = None
    """The day of the newest decision that is known."""
    said: tuple[Said, ...] = ()
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
