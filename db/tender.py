"""Tables of procurements: the composed projection, its focus areas, its numbered events, and old ids."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from db.award import Yen
from db.types import Typed, UtcDateTime
from db.vocabulary.notice import FieldChange
from db.vocabulary.reading import NO_VERDICT, Access, AccessVerdict, Evidence, FoundDate, FoundMoney, Requirement
from db.vocabulary.tender import Said, TenderSource

BUYER_CHARACTERS = 200
"""By which the tenders of a buyer are looked up."""


class Tender(SQLModel, table=True):
    """A procurement, composed from its notices; it holds nothing that could not be composed again.

    ``id`` is the id of its first notice. ``sequence`` is the number of its newest event, and
    ``updated_at`` the moment of that event.
    """

    __table_args__ = (
        Index("ix_tender_published", "published", "id"),
        Index("ix_tender_deadline", "deadline"),
        # Of a name that never ends, which PostgreSQL refuses to index, its beginning.
        Index("ix_tender_buyer", text(f"substr(buyer, 1, {BUYER_CHARACTERS})")),
    )

    id: UUID = Field(primary_key=True)
    title: str
    title_en: str | None = None
    title_en_origin: str | None = None
    buyer: str | None = None
    buyer_en: str | None = None
    prefecture: str | None = None
    city: str | None = None
    category: str | None = None
    kind: str
    method: str | None = None
    method_en: str | None = None
    qualification: str | None = None
    status: str | None = None
    published: date
    deadline: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deadline_clock: bool = True
    response_deadline: datetime | None = Field(default=None, sa_type=UtcDateTime)
    response_clock: bool = True
    dates: tuple[FoundDate, ...] = Field(default=(), sa_type=Typed(tuple[FoundDate, ...]))
    money: tuple[FoundMoney, ...] = Field(default=(), sa_type=Typed(tuple[FoundMoney, ...]))
    value: Decimal | None = Field(default=None, sa_type=Yen)
    access: Access = Field(default=NO_VERDICT, sa_type=Typed(Access))
    access_gpa: str = AccessVerdict.UNKNOWN
    """The verdict within ``access``, for queries; so is the next."""
    access_epa: str = AccessVerdict.UNKNOWN
    requirements: tuple[Requirement, ...] = Field(default=(), sa_type=Typed(tuple[Requirement, ...]))
    awarded: date | None = None
    said: tuple[Said, ...] = Field(default=(), sa_type=Typed(tuple[Said, ...]))
    sources: tuple[TenderSource, ...] = Field(sa_type=Typed(tuple[TenderSource, ...]))
    series: str | None = Field(default=None, index=True)
    """The same for every year's call for one service (``db.vocabulary.series``)."""
    document: int | None = Field(default=None, sa_type=BigInteger, index=True, unique=True)
    """Its number in the index of full-text search (``db.documents``); None: it is not there yet."""
    digest: int | None = Field(default=None, sa_type=BigInteger)
    """Of what the index has of it; None also where its words are too many for the index."""
    sequence: int
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime, index=True)


class TenderArea(SQLModel, table=True):
    """A focus area of a tender, with the words that decided."""

    __tablename__ = "tender_area"

    area: str = Field(primary_key=True)
    tender_id: UUID = Field(primary_key=True, foreign_key="tender.id", ondelete="CASCADE", index=True)
    score: float
    evidence: tuple[Evidence, ...] = Field(sa_type=Typed(tuple[Evidence, ...]))


class TenderVenue(SQLModel, table=True):
    """An area that a tender only takes place at, with the places that its title names."""

    __tablename__ = "tender_venue"

    area: str = Field(primary_key=True)
    tender_id: UUID = Field(primary_key=True, foreign_key="tender.id", ondelete="CASCADE", index=True)
    score: float
    evidence: tuple[Evidence, ...] = Field(sa_type=Typed(tuple[Evidence, ...]))


class TenderCpv(SQLModel, table=True):
    """A CPV code of a tender, with the terms that it follows from."""

    __tablename__ = "tender_cpv"

    code: str = Field(primary_key=True)
    tender_id: UUID = Field(primary_key=True, foreign_key="tender.id", ondelete="CASCADE", index=True)
    terms: tuple[str, ...] = Field(sa_type=Typed(tuple[str, ...]))


class TenderEvent(SQLModel, table=True):
    """Something that happened to a tender. ``alerts`` is False where nobody is to be told (first crawls …)."""

    __tablename__ = "tender_event"
    # What is news, in its order. SQLite only uses it for a condition in the words that SQLAlchemy writes.
    __table_args__ = (
        Index(
            "ix_tender_event_news",
            "at",
            "tender_id",
            "sequence",
            sqlite_where=text("alerts = 1"),
            postgresql_where=text("alerts"),
        ),
    )

    tender_id: UUID = Field(primary_key=True, foreign_key="tender.id", ondelete="CASCADE")
    sequence: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    kind: str
    changes: tuple[FieldChange, ...] = Field(sa_type=Typed(tuple[FieldChange, ...]))
    run_id: UUID
    alerts: bool


class TenderAlias(SQLModel, table=True):
    """An id that a tender had before a merge: links, feeds and calendars that carry it still lead there."""

    __tablename__ = "tender_alias"

    alias_id: UUID = Field(primary_key=True)
    tender_id: UUID = Field(foreign_key="tender.id", ondelete="CASCADE", index=True)
