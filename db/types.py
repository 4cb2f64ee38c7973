"""Column types that do not lose meaning on the way: moments in UTC, and typed values as JSON."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. A naive datetime is refused; what comes back is aware and in UTC on every database.

    SQLite keeps no offset and gives naive values back even for ``DateTime(timezone=True)``.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no UTC offset; a moment needs one")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Encoded(str):
    """JSON text that was written already; a column takes it as it is."""

    __slots__ = ()


class Typed(TypeDecorator[Any]):
    """A value of one Python type (dataclasses, tuples, dates), written as JSON text and read back as that type.

    Text and not the databases' own JSON: the same bytes everywhere, and NUL characters stay escaped,
    which PostgreSQL's JSONB refuses.
    """

    impl = Text
    cache_ok = True

    def __init__(self, value_type: Any) -> None:
        super().__init__()
        # Under the parameter's own name: SQLAlchemy's cache of statements tells types apart by it.
        self.value_type = value_type

    @property
    def python_type(self) -> Any:
        return self.value_type

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None or isinstance(value, Encoded):
            return value
        return encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value, type=self.value_type)


_encoder = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """A value as JSON in a fixed order of fields, so that equal values give equal bytes."""
    return _encoder.encode(value)
