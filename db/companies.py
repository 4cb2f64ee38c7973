"""Suppliers that are one company, and what registers say of companies.

A corporate number is one company, under whatever names its awards state (``supplier_id``). A supplier that is known by
its name only is a spelling of a numbered one where exactly one numbered supplier is called so now (as names are
compared, ``fold_supplier``): two companies of one name are nobody's spelling, and neither is a name that the company
gave up. That is decided anew whenever a supplier comes or is called otherwise, in whichever order they come.

A register is asked by number. What it does not say stays unknown: that a supplier has no number, or that no register
knows it, does not make it a company from abroad.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlmodel import Session

from db.award import Supplier
from db.bulk import IN_LIMIT, batches, table
from db.derived import Step
from db.engine import Database
from db.vocabulary.award import CORPORATE_NUMBERS, fold_supplier, supplier_id

REVISION = "1"
"""To be raised when suppliers are joined by another rule."""
PORTION = 2_000
"""Suppliers in one transaction of the derived step."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a register says of a company; None where it says nothing. Companies are called as their awards call them."""

    abroad: bool | None = None
    prefecture: str | None = None
    """Its Japanese name, 東京都."""
    city: str | None = None
    name_en: str | None = None


# Which suppliers are one company ------------------------------------------------------------------------


def company() -> ColumnElement[UUID]:
    """The company of a row of ``supplier``, for queries: the supplier that it is a spelling of, else itself."""
    supplier = table(Supplier)
    return func.coalesce(supplier.c.company_id, supplier.c.id)


def company_of(supplier: Supplier) -> UUID:
    """The company of a supplier: the one that it is a spelling of, else itself."""
    return supplier.company_id or supplier.id


def spellings(session: Session, company_id: UUID) -> list[UUID]:
    """The suppliers that are a company, itself first."""
    supplier = table(Supplier)
    rows = session.connection().execute(
        select(supplier.c.id).where(supplier.c.company_id == company_id).order_by(supplier.c.id)
    )
    return [company_id, *rows.scalars()]


def join(session: Session, folded: Collection[str]) -> set[UUID]:
    """Say anew of the suppliers that are called so which company they are. Returns those of which it changed."""
    supplier = table(Supplier)
    changes: dict[UUID, UUID | None] = {}
    for some in batches(sorted(set(folded)), IN_LIMIT):
        rows = session.connection().execute(
            select(supplier.c.id, supplier.c.number, supplier.c.folded, supplier.c.company_id).where(
                supplier.c.folded.in_(some)
            )
        )
        called: dict[str, list[tuple[UUID, str | None, UUID | None]]] = {}
        for id, number, name, company_id in rows:
            called.setdefault(name, []).append((id, number, company_id))
        for group in called.values():
            numbered = [id for id, number, _ in group if number is not None]
            only = numbered[0] if len(numbered) == 1 else None
            for id, number, before in group:
                after = only if number is None else None
                if after != before:
                    changes[id] = after
    _update(session, [{"b_id": id, "company_id": after} for id, after in sorted(changes.items())])
    return set(changes)


def derive(database: Database) -> None:
    """Compute for all suppliers what they are called and which company they are."""
    for portion in _portions(database):
        database.write(partial(_update, rows=portion))
    for names in batches(_names(database), PORTION):
        database.write(partial(join, folded=names))


STEP = Step("companies", REVISION, derive)


def _portions(database: Database) -> Iterator[list[dict[str, Any]]]:
    supplier = table(Supplier)
    after: UUID | None = None
    while True:
        query = select(supplier.c.id, supplier.c.name, supplier.c.folded).order_by(supplier.c.id).limit(PORTION)
        with database.reading() as session:
            rows = session.connection().execute(query if after is None else query.where(supplier.c.id > after)).all()
        if not rows:
            return
        after = rows[-1].id
        folded = [(row.id, row.folded, fold_supplier(row.name)) for row in rows]
        yield [{"b_id": id, "folded": now} for id, before, now in folded if now != before]


def _names(database: Database) -> Iterator[str]:
    """The names that suppliers without a number go by, or that are marked as spellings."""
    supplier = table(Supplier)
    after = ""
    while True:
        query = (
            select(supplier.c.folded)
            .where(supplier.c.folded > after, supplier.c.number.is_(None))
            .distinct()
            .order_by(supplier.c.folded)
            .limit(PORTION)
        )
        with database.reading() as session:
            names = session.connection().execute(query).scalars().all()
        if not names:
            return
        after = names[-1]
        yield from names


def _update(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write columns of suppliers; the rows have the same columns, and ``b_id``."""
    if not rows:
        return
    supplier = table(Supplier)
    columns = [name for name in rows[0] if name != "b_id"]
    session.connection().execute(
        supplier.update()
        .where(supplier.c.id == bindparam("b_id"))
        .values({name: bindparam(name) for name in columns}),
        list(rows),
    )


# What registers say ---------------------------------------------------------------------------------------


def due(session: Session, before: datetime, *, limit: int) -> list[str]:
    """The corporate numbers that no register was asked for since a moment: those never asked for first."""
    supplier = table(Supplier)
    rows = session.connection().execute(
        select(supplier.c.number)
        .where(
            supplier.c.scheme == CORPORATE_NUMBERS,
            or_(supplier.c.looked_up_at.is_(None), supplier.c.looked_up_at < before),
        )
        .order_by(supplier.c.looked_up_at.is_not(None), supplier.c.looked_up_at, supplier.c.number)
        .limit(limit)
    )
    return [number for number in rows.scalars() if number is not None]


def store_registered(session: Session, found: Mapping[str, Registered | None], *, now: datetime) -> None:
    """Keep what a register said of companies, by their numbers; None: it does not know the number.

    What it is silent of stays as another answer had it.
    """
    supplier = table(Supplier)
    columns = ("abroad", "prefecture", "city", "name_en")
    for some in batches(sorted(found), IN_LIMIT):
        rows = session.connection().execute(
            select(supplier.c.id, supplier.c.number, *(supplier.c[name] for name in columns)).where(
                supplier.c.id.in_([supplier_id("", number) for number in some])
            )
        )
        updates: list[dict[str, Any]] = []
        for row in rows:
            said = found[row.number] or Registered()
            stated = {name: getattr(said, name) for name in columns}
            kept = {name: getattr(row, name) if stated[name] is None else stated[name] for name in columns}
            if said.abroad is not None:  # a whole answer: a seat that it does not name is no longer there
                kept |= {"prefecture": said.prefecture, "city": said.city}
            updates.append({"b_id": row.id, **kept, "looked_up_at": now})
        _update(session, updates)
