"""The table of translations that a service made: each text is paid for once."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.types import UtcDateTime


class Translation(SQLModel, table=True):
    """A Japanese text in English, by the digest of the text (``db.translations.key``)."""

    key: str = Field(primary_key=True)
    english: str
    service: str
    """Which made it: deepl, libretranslate."""
    characters: int
    """Of the Japanese text: what services count."""
    at: datetime = Field(sa_type=UtcDateTime, index=True)
