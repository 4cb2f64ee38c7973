"""Tables of what was published: notices, their versions, and what was read out of each version."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from db.types import Typed, UtcDateTime
from db.vocabulary.notice import FieldChange, ScrapedNotice
from db.vocabulary.reading import Link, Reading


class Notice(SQLModel, table=True):
    """One publication by one source; its content is that of its newest version."""

    __table_args__ = (UniqueConstraint("source", "key"),)

    id: UUID = Field(primary_key=True)
    source: str
    key: str
    tender_id: UUID = Field(index=True)
    link: Link | None = Field(default=None, sa_type=Typed(Link))
    """Why it belongs to a tender that another notice began; None for the notice that began it."""
    version: int
    digest: str
    """Of the newest version's content: equal digests are equal contents."""
    parser: str
    """Which revision of the source's parser read it last: what another one reads differently is not news."""
    published: date
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class NoticeVersion(SQLModel, table=True):
    """What a notice said from ``recorded_at`` on, and how that differs from the version before."""

    __tablename__ = "notice_version"

    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    run_id: UUID
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    content: ScrapedNotice = Field(sa_type=Typed(ScrapedNotice))
    changes: tuple[FieldChange, ...] = Field(sa_type=Typed(tuple[FieldChange, ...]))


class NoticeKey(SQLModel, table=True):
    """Something by which a notice is recognised: notices that share one may be of the same tender."""

    __tablename__ = "notice_key"

    scheme: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id", ondelete="CASCADE", index=True)


class MergeDecision(SQLModel, table=True):
    """What somebody decided of two notices: that they are one tender, or that they are not. Rules give way to it.

    ``first`` is the smaller of the two ids.
    """

    __tablename__ = "merge_decision"

    first: UUID = Field(primary_key=True, foreign_key="notice.id", ondelete="CASCADE")
    second: UUID = Field(primary_key=True, foreign_key="notice.id", ondelete="CASCADE", index=True)
    verdict: str
    """``MergeVerdict``: together or apart."""
    at: datetime = Field(sa_type=UtcDateTime)


class NoticeReading(SQLModel, table=True):
    """What was read out of one version; ``revision`` names the readers and their data (the lexicon)."""

    __tablename__ = "notice_reading"

    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id", ondelete="CASCADE")
    version: int = Field(primary_key=True)
    revision: str = Field(index=True)
    read_at: datetime = Field(sa_type=UtcDateTime)
    value: Reading = Field(sa_type=Typed(Reading))
