"""The table of what readers say of the focus areas: a tender belongs to one, or it does not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from db.types import UtcDateTime


class Feedback(SQLModel, table=True):
    """One reader's mark on one area of one tender; marking again replaces it.

    ``reader`` is a keyed digest and names nobody. ``tender_id`` is the id of the day on which the mark was given and
    refers to no row, so that a merge takes no mark away: readers of the table look it up among the aliases.
    """

    __table_args__ = (Index("ix_feedback_reader", "reader", "at"),)

    tender_id: UUID = Field(primary_key=True)
    area: str = Field(primary_key=True)
    reader: str = Field(primary_key=True)
    relevant: bool
    at: datetime = Field(sa_type=UtcDateTime, index=True)
