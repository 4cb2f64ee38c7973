"""Tables of who reads: subscribers and their saved searches."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from db.types import UtcDateTime


class Subscriber(SQLModel, table=True):
    """Somebody who asked for letters. ``token`` is the secret in the links of their mails."""

    id: UUID = Field(primary_key=True)
    email: str = Field(unique=True)
    language: str = "en"
    active: bool = True
    token: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    unsubscribed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SavedSearch(SQLModel, table=True):
    """A named query of a subscriber, in the query language."""

    __tablename__ = "saved_search"

    id: UUID = Field(primary_key=True)
    subscriber_id: UUID = Field(foreign_key="subscriber.id", ondelete="CASCADE", index=True)
    name: str
    query: str
    created_at: datetime = Field(sa_type=UtcDateTime)
