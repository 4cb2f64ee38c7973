"""Tables of who reads: subscribers, their saved searches and webhooks, and who is never written to."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from db.types import UtcDateTime
from db.vocabulary.delivery import Frequency, SubscriberState


class Subscriber(SQLModel, table=True):
    """Somebody who asked for letters. ``token`` is the secret in the unsubscribe links of their mails."""

    __table_args__ = (Index("ix_subscriber_address", text("lower(email)")),)

    id: UUID = Field(primary_key=True)
    email: str = Field(unique=True)
    language: str = "en"
    state: str = SubscriberState.ACTIVE
    """``SubscriberState``"""
    token: str = Field(unique=True)
    time_zone: str = "Asia/Tokyo"
    """Of the IANA database; ``digest_at`` and ``weekday`` are in it."""
    digest_at: time = time(8)
    """When a day's window ends."""
    weekday: int = 0
    """On which the weekly searches are told; 0 is Monday."""
    alerts: bool = True
    """Whether a moved deadline or a cancellation of a tender they were told of is told at once."""
    reminders: bool = True
    """Whether a tender they were told of is told again shortly before it closes."""
    paused_until: date | None = None
    """In their zone, the first day on which letters go out again; what is found meanwhile is kept for it."""
    consent: str = ""
    """How they agreed, in words: by confirming, or what an operator who imported them states."""
    consent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    unsubscribed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def active(self) -> bool:
        """Whether they get letters at all."""
        return self.state == SubscriberState.ACTIVE


class SavedSearch(SQLModel, table=True):
    """A named query of a subscriber, in the query language. Until it is confirmed it finds nothing."""

    __tablename__ = "saved_search"

    id: UUID = Field(primary_key=True)
    subscriber_id: UUID = Field(foreign_key="subscriber.id", ondelete="CASCADE", index=True)
    name: str
    query: str
    frequency: str = Frequency.DAILY
    """``Frequency``"""
    feed_token: str = Field(unique=True, index=True)
    """The secret in the addresses of its feed and its calendar."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignUp(SQLModel, table=True):
    """A request that makes the house write to an address, kept for a day: what cooldowns are counted by.

    All three are keyed digests: neither addresses nor networks can be read out of them.
    """

    __tablename__ = "sign_up"

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    address: str
    domain: str
    network: str


class Suppression(SQLModel, table=True):
    """An address to which nothing is sent any more."""

    address: str = Field(primary_key=True)
    """In small letters."""
    reason: str
    """``SuppressionReason``"""
    status: str = ""
    """The status of a bounce (RFC 3463), or an operator's remark."""
    at: datetime = Field(sa_type=UtcDateTime)


class Webhook(SQLModel, table=True):
    """An address of a subscriber's own service, called with what one saved search finds."""

    id: UUID = Field(primary_key=True)
    saved_search_id: UUID = Field(foreign_key="saved_search.id", ondelete="CASCADE", index=True)
    url: str
    form: str
    """``WebhookForm``"""
    secret: str
    """The key of its signatures; shown to its owner once."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    failures: int = 0
    """In a row."""
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when it is not called any more, because calling it failed again and again."""
