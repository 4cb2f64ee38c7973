"""All tables in one place, for the migrations and the test that compares them."""

from sqlmodel import SQLModel

from db import history, notice, subscriber, tender

__all__ = ["history", "metadata", "notice", "subscriber", "tender"]

metadata = SQLModel.metadata
