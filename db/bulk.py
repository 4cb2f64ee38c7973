"""Bulk reading and writing through SQLAlchemy Core: no ORM object per row on the hot path."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

T = TypeVar("T")
Rows = Sequence[Mapping[str, Any]]

IN_LIMIT = 500
"""Values in one IN list: well below every engine's limit on parameters."""


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of ``size``; the last may be shorter."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def insert(session: Session, model: type[SQLModel], rows: Rows) -> None:
    """Insert rows that are known to be new."""
    if rows:
        session.connection().execute(table(model).insert(), list(rows))


def upsert(session: Session, model: type[SQLModel], rows: Rows, *, keep: Sequence[str] = ()) -> None:
    """Insert rows; one whose primary key exists takes the new values, except in the columns ``keep``."""
    if not rows:
        return
    target = table(model)
    keys = [column.name for column in target.primary_key]
    dialect = sqlite if session.connection().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(target)
    fresh = {name: statement.excluded[name] for name in rows[0] if name not in keys and name not in keep}
    if fresh:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=fresh)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    session.connection().execute(statement, list(rows))


def insert_missing(session: Session, model: type[SQLModel], rows: Rows) -> None:
    """Insert rows; one whose primary or unique key exists already stays as it is."""
    if rows:
        dialect = sqlite if session.connection().dialect.name == "sqlite" else postgresql
        session.connection().execute(dialect.insert(table(model)).on_conflict_do_nothing(), list(rows))
