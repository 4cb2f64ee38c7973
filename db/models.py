"""All tables in one place, for the migrations and the test that compares them."""

from sqlmodel import SQLModel

from db import award, derived, feedback, history, notice, subscriber, tender, translation

__all__ = ["award", "derived", "feedback", "history", "metadata", "notice", "subscriber", "tender", "translation"]

metadata = SQLModel.metadata
