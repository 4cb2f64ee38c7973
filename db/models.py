"""All tables in one place, for the migrations and the test that compares them."""

from sqlmodel import SQLModel

from db import award, history, notice, subscriber, tender

__all__ = ["award", "history", "metadata", "notice", "subscriber", "tender"]

metadata = SQLModel.metadata
