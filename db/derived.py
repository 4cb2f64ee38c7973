"""What is computed from the record and kept beside it, and when it has to be computed anew.

An index, a key, a view: nothing of it is lost where it is thrown away. Each has a revision that changes with the rule
by which it is made; a database in which another revision stands gets it anew when its schema is brought up to date.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlmodel import Field, Session, SQLModel

from db import bulk
from db.bulk import table
from db.engine import Database


class Derived(SQLModel, table=True):
    """Which revision of something derived the database has."""

    name: str = Field(primary_key=True)
    revision: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is derived. ``make`` writes all of it anew, in as many transactions as it takes.

    It may be ended in between: what it did not finish it does again.
    """

    name: str
    revision: str
    make: Callable[[Database], None]


def stale(database: Database, steps: Sequence[Step]) -> list[Step]:
    """The steps whose result the database does not have, or has by another rule."""
    derived = table(Derived)
    with database.reading() as session:
        rows = session.connection().execute(select(derived)).all()
    known = {row.name: row.revision for row in rows}
    return [step for step in steps if known.get(step.name) != step.revision]


def catch_up(database: Database, steps: Sequence[Step]) -> None:
    """Make what is stale, one step after the other."""
    for step in stale(database, steps):
        step.make(database)
        database.write(partial(_store, step=step))


def _store(session: Session, step: Step) -> None:
    bulk.upsert(session, Derived, [{"name": step.name, "revision": step.revision}])
