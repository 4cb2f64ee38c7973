"""Tables of what was done: runs and their raw answers, matches, digests and their deliveries."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.types import Typed, UtcDateTime
from db.vocabulary.delivery import LetterKind
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
    """A saved search that an event of a tender concerns, and why; told in at most one letter.

    The feed of the search has all of them; which ones a letter is still to tell of is ``waiting``.
    """

    __table_args__ = (
        Index("ix_match_digest", "digest_id"),
        Index(
            "ix_match_waiting",
            "saved_search_id",
            "matched_at",
            sqlite_where=text("waiting"),
            postgresql_where=text("waiting"),
        ),
    )

    saved_search_id: UUID = Field(primary_key=True, foreign_key="saved_search.id", ondelete="CASCADE")
    tender_id: UUID = Field(primary_key=True, index=True)
    sequence: int = Field(primary_key=True)
    matched_at: datetime = Field(sa_type=UtcDateTime, index=True)
    why: tuple[str, ...] = Field(sa_type=Typed(tuple[str, ...]))
    at_once: bool = False
    """Whether it is to be told without waiting for the end of a window."""
    waiting: bool = True
    """Whether a letter is still to be made that tells of it."""
    digest_id: UUID | None = Field(default=None, foreign_key="digest.id", ondelete="SET NULL")


class Digest(SQLModel, table=True):
    """One letter to one subscriber; for a digest, the unique key is what keeps a window from being told twice."""

    __table_args__ = (
        UniqueConstraint("subscriber_id", "kind", "window_end"),
        Index("ix_digest_due", "state", "due_at"),
    )

    id: UUID = Field(primary_key=True)
    subscriber_id: UUID = Field(foreign_key="subscriber.id", ondelete="CASCADE")
    kind: str = LetterKind.DIGEST
    """``LetterKind``"""
    window_start: datetime = Field(sa_type=UtcDateTime)
    window_end: datetime = Field(sa_type=UtcDateTime)
    message_id: str
    state: str
    """``DeliveryState``: pending, sending, sent, failed or unknown."""
    due_at: datetime = Field(sa_type=UtcDateTime)
    """When it may be tried next."""
    backlog: bool = False
    """True where it also tells of what earlier windows could not."""
    unread: tuple[str, ...] = Field(default=(), sa_type=Typed(tuple[str, ...]))
    """The sources that it says could not be read, by slug."""
    saved_search_id: UUID | None = Field(default=None, foreign_key="saved_search.id", ondelete="CASCADE", index=True)
    """What a confirmation asks about."""
    note: Saying | None = Field(default=None, sa_type=Typed(Saying))
    """What a note says."""
    bounce: str | None = None
    """The status with which it came back (RFC 3463)."""


class Reminder(SQLModel, table=True):
    """That a tender closes soon, to be told to a subscriber once for each deadline it has."""

    subscriber_id: UUID = Field(primary_key=True, foreign_key="subscriber.id", ondelete="CASCADE")
    tender_id: UUID = Field(primary_key=True, index=True)
    deadline: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    digest_id: UUID = Field(foreign_key="digest.id", ondelete="CASCADE", index=True)


class WebhookCall(SQLModel, table=True):
    """A match that a webhook is told of. Its id is sent along, so that whoever is called knows a repetition."""

    __tablename__ = "webhook_call"
    __table_args__ = (
        UniqueConstraint("webhook_id", "tender_id", "sequence"),
        Index("ix_webhook_call_due", "state", "due_at"),
    )

    id: UUID = Field(primary_key=True)
    webhook_id: UUID = Field(foreign_key="webhook.id", ondelete="CASCADE")
    tender_id: UUID = Field(index=True)
    sequence: int
    why: tuple[str, ...] = Field(sa_type=Typed(tuple[str, ...]))
    state: str
    """``DeliveryState``"""
    attempts: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = None


class Delivery(SQLModel, table=True):
    """One attempt to hand a digest to the mailer."""

    digest_id: UUID = Field(primary_key=True, foreign_key="digest.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: str
    error: str | None = None
