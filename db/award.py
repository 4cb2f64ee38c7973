"""Tables of who won what: awards, and the suppliers that they went to."""

import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, Index, UniqueConstraint, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from db.types import Typed, UtcDateTime

PLACES = 4
"""Decimal places of an amount: 銭, 厘 and 毛 are hundredths, thousandths and ten-thousandths of a yen."""


class Yen(TypeDecorator[Decimal]):
    """An exact amount in yen, kept as a whole number of its ten-thousandths.

    SQLite has no exact decimals (its NUMERIC is a float), and text would neither sort nor sum. A BIGINT does both
    the same way on every database, up to 922 trillion yen, sums included; what it cannot hold is refused.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        kept = int(value.scaleb(PLACES))
        if Decimal(kept).scaleb(-PLACES) != value or not -(2**63) <= kept < 2**63:
            raise ValueError(f"{value} yen: at most {PLACES} decimal places and 922 trillion can be kept")
        return kept

    def process_result_value(self, value: int | Decimal | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-PLACES)


def _where_known(table: str, column: str) -> Index:
    """An index of the few rows that have a value: of one that all rows are in SQLite would make use where it is none."""
    known = text(f"{column} IS NOT NULL")
    return Index(f"ix_{table}_{column}", column, sqlite_where=known, postgresql_where=known)


class Supplier(SQLModel, table=True):
    """Who won awards: one corporate number, or one name where no number is stated."""

    __table_args__ = (_where_known("supplier", "company_id"),)

    id: UUID = Field(primary_key=True)
    scheme: str | None = None
    """Of ``number``: JP-JCN for corporate numbers; None for a supplier that is known by its name only."""
    number: str | None = None
    name: str
    """As the award that was decided last states it."""
    named_on: datetime.date
    """The day of the decision that ``name`` is from, or of its publication where that is earlier."""
    names: tuple[str, ...] = Field(sa_type=Typed(tuple[str, ...]))
    """Every name that awards have stated, in the order of their characters."""
    folded: str | None = Field(default=None, index=True)
    """``name`` as names are compared (``fold_supplier``)."""
    company_id: UUID | None = None
    """The supplier that this one is a spelling of: one with a corporate number and the same name; None: itself."""
    abroad: bool | None = None
    """Whether it is registered as a company from abroad; None where no register was asked."""
    prefecture: str | None = None
    """Of its seat, as the register has it; so are the next two."""
    city: str | None = None
    name_en: str | None = None
    looked_up_at: datetime.datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When a register was asked for it; None: never."""
    first_seen_at: datetime.datetime = Field(sa_type=UtcDateTime)


class Award(SQLModel, table=True):
    """One winner of one contract, as its source stated it last."""

    __table_args__ = (
        UniqueConstraint("source", "key", "number"),
        Index("ix_award_supplier", "supplier_id", "date"),
        Index("ix_award_buyer", "buyer_code", "date"),
        Index("ix_award_date", "date"),
        Index("ix_award_case", "case_number"),
        _where_known("award", "notice_id"),
        _where_known("award", "same_as"),
    )

    id: UUID = Field(primary_key=True)
    source: str
    key: str
    number: int
    """1, and more where the source has several prices under one key."""
    case_number: str | None = None
    tender_id: UUID | None = Field(default=None, index=True)
    """The tender that it is a result of, where that is known by its case number."""
    title: str
    date: datetime.date
    """Of the decision."""
    amount: Decimal | None = Field(default=None, sa_type=Yen)
    buyer_code: str | None = None
    buyer: str | None = None
    method_code: str | None = None
    method: str | None = None
    supplier: str
    """The winner's name as this award states it."""
    supplier_id: UUID = Field(foreign_key="supplier.id")
    address: str | None = None
    """The winner's, as this award states it."""
    planned: Decimal | None = Field(default=None, sa_type=Yen)
    """The planned price, where the award states it."""
    notice_id: UUID | None = None
    """The notice out of whose text the award was read; None for one of a source of awards."""
    same_as: UUID | None = None
    """The award that tells of the same contract and counts in its place; None for one that counts."""
    series: str | None = Field(default=None, index=True)
    """The same for every year's contract of one service (``db.vocabulary.series``)."""
    read_as: str | None = None
    """The revision of the reader that found its areas; None where none has."""
    digest: str
    """Of what the award says: equal digests are equal contents."""
    published: datetime.date
    """Of the publication that said so first; an older one does not change it back."""
    run_id: UUID
    """The run that wrote it as it is."""
    first_seen_at: datetime.datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime.datetime = Field(sa_type=UtcDateTime)


class AwardArea(SQLModel, table=True):
    """A focus area of an award, read from its title."""

    __tablename__ = "award_area"

    area: str = Field(primary_key=True)
    award_id: UUID = Field(primary_key=True, foreign_key="award.id", ondelete="CASCADE", index=True)
    score: float
