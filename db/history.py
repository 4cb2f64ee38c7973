"""Tables of what was done: runs and their raw answers, matches, digests and their deliveries."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.types import Typed, UtcDateTime
from db.vocabulary.messages import Saying
from db.vocabulary.run import Coverage, Problem


class Run(SQLModel, table=True):
    """One crawl of one source."""

    __table_args__ = (Index("ix_run_source_started", "source", "started_at"),)

    id: UUID = Field(primary_key=True)
    source: str
    mode: str
    state: str
    owner: str
    """``host:pid`` of the process that does it."""
    scope: str = ""
    """The part of the source that the operator's options leave; what another scope finds is not news."""
    since: date
    until: date | None = None
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    requests: int = 0
    found: int = 0
    new: int = 0
    changed: int = 0
    error: Saying | None = Field(default=None, sa_type=Typed(Saying))
    problems: tuple[Problem, ...] = Field(default=(), sa_type=Typed(tuple[Problem, ...]))
    coverage: tuple[Coverage, ...] = Field(default=(), sa_type=Typed(tuple[Coverage, ...]))


class SourceLease(SQLModel, table=True):
    """Who is crawling a source at the moment: at most one process each."""

    __tablename__ = "source_lease"

    source: str = Field(primary_key=True)
    owner: str
    run_id: UUID
    until: datetime = Field(sa_type=UtcDateTime)


class Answer(SQLModel, table=True):
    """A raw answer of a run; its body lies in the archive under its digest."""

    __table_args__ = (Index("ix_answer_request", "request"),)

    run_id: UUID = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    request: str
    """Method, address and form, shortened where long: what conditional requests and replays look answers up by."""
    status: int
    fetched_at: datetime = Field(sa_type=UtcDateTime)
    digest: str
    size: int
    content_type: str
    etag: str | None = None
    last_modified: str | None = None


class Match(SQLModel, table=True):
    """A saved search that an event of a tender concerns, and why; told in at most one digest."""

    __table_args__ = (Index("ix_match_digest", "digest_id"),)

    saved_search_id: UUID = Field(primary_key=True, foreign_key="saved_search.id", ondelete="CASCADE")
    tender_id: UUID = Field(primary_key=True, index=True)
    sequence: int = Field(primary_key=True)
    matched_at: datetime = Field(sa_type=UtcDateTime, index=True)
    why: tuple[str, ...] = Field(sa_type=Typed(tuple[str, ...]))
    digest_id: UUID | None = Field(default=None, foreign_key="digest.id", ondelete="SET NULL")


class Digest(SQLModel, table=True):
    """One letter to one subscriber for one window; the unique key is what keeps it from being sent twice."""

    __table_args__ = (
        UniqueConstraint("subscriber_id", "window_end"),
        Index("ix_digest_due", "state", "due_at"),
    )

    id: UUID = Field(primary_key=True)
    subscriber_id: UUID = Field(foreign_key="subscriber.id", ondelete="CASCADE")
    window_start: datetime = Field(sa_type=UtcDateTime)
    window_end: datetime = Field(sa_type=UtcDateTime)
    message_id: str
    state: str
    """``DeliveryState``: pending, sending, sent, failed or unknown."""
    due_at: datetime = Field(sa_type=UtcDateTime)
    """When it may be tried next."""
    backlog: bool = False
    """True where it also tells of what earlier windows could not."""


class Delivery(SQLModel, table=True):
    """One attempt to hand a digest to the mailer."""

    digest_id: UUID = Field(primary_key=True, foreign_key="digest.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: str
    error: str | None = None
