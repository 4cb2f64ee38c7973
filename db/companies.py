"""Suppliers that are one company, and what registers say of companies.

A corporate number is one company, under whatever names its awards state (``supplier_id``). A supplier that is known by
its name only is a spelling of a numbered one where exactly one numbered supplier is called so now (as names are
compared, ``fold_supplier``): two companies of one name are nobody's spelling, and neither is a name that the company
gave up. So is the name of a branch (``head_names``): the company's, followed by 四国支社 or the like. That is decided
anew whenever a supplier comes or is called otherwise, in whichever order they come.

A register is asked by number. What it does not say stays unknown: that a supplier has no number, or that no register
knows it, does not make it a company from abroad.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlmodel import Session

from db import twins
from db.award import Supplier
from db.bulk import IN_LIMIT, batches, table
from db.derived import Step
from db.engine import Database
from db.vocabulary.award import CORPORATE_NUMBERS, fold_supplier, supplier_id

REVISION = "2"
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


_FORM = re.compile("会社|法人|組合|公社|公団|公庫|金庫|機構|協会|連合会|財団|社団")
"""A legal form, or another word that only the names of bodies have."""
_IN_FRONT = re.compile("(?:株式|有限|合同|合資|合名)会社|.{2,7}法人(?:社団|財団)?")
_BRANCH = re.compile(
    "(?:支店|支社|支所|本店|本社|本部|営業所|営業部|事業所|事業部|出張所|工場|(?P<centre>センター))$"
)
_ENDS = ("支店", "支社", "支所", "本店", "本社", "本部", "業所", "業部", "張所", "工場", "ター")
"""The last two characters of each of them."""
_SEPARATOR = re.compile("[、,/&+]")
_RUNS_ON = re.compile("[ァ-ヺー][ァ-ヺー]|[a-z0-9][a-z0-9]")
"""Where two characters are of one word: 株式会社サン is not the head of 株式会社サントレード東京支店."""


def head_names(folded: str) -> list[str]:
    """The names of the companies of which this folded name may be that of a branch, the longest first.

    Such a name has a legal form, and what follows it ends with a word for a branch and has no further legal form.
    """
    ending = _BRANCH.search(folded)
    forms = [form.end() for form in _FORM.finditer(folded, 0, ending.start())] if ending else []
    if ending is None or not forms:
        return []
    shortest = forms[-1]
    if _IN_FRONT.fullmatch(folded, 0, shortest):
        if ending["centre"]:  # the end of the name itself: 株式会社見本計算センター
            return []
        shortest += 2
    return [
        folded[:at]
        for at in range(ending.start(), shortest - 1, -1)
        if not _SEPARATOR.search(folded, at) and not _RUNS_ON.match(folded, at - 1)
    ]


class _So(NamedTuple):
    """A supplier that is called so."""

    id: UUID
    number: str | None
    company_id: UUID | None


def join(session: Session, folded: Collection[str]) -> set[UUID]:
    """Say anew of the suppliers that are called so, and of branches of them, which company they are.

    Returns those of which it changed, and the companies that they left: what counts once among their awards
    (``twins.mark``) may be other awards now.
    """
    return _decide(session, {*folded, *_branches(session, folded)})


def _decide(session: Session, folded: Iterable[str]) -> set[UUID]:
    changed: set[UUID] = set()
    for some in batches(sorted(folded), IN_LIMIT):
        own = _called(session, some)
        heads_of = {
            name: head_names(name)
            for name, group in own.items()
            if all(supplier.number is None for supplier in group)
        }
        known = own | _called(session, {head for heads in heads_of.values() for head in heads} - own.keys())
        updates: list[dict[str, Any]] = []
        for name, group in own.items():
            after = _company(known, [name, *heads_of.get(name, ())])
            for supplier in group:
                company_id = after if supplier.number is None else None
                if company_id != supplier.company_id:
                    updates.append({"b_id": supplier.id, "company_id": company_id})
                    changed |= {supplier.id} | ({supplier.company_id} if supplier.company_id else set())
        _update(session, sorted(updates, key=lambda row: row["b_id"]))
    return changed


def _company(known: Mapping[str, Sequence[_So]], names: Sequence[str]) -> UUID | None:
    """The one numbered supplier that bears the first of these names which is known; None where there is none.

    A name that only suppliers without a number bear hides the shorter ones, unless it is a branch's itself: they are
    another company, whose name begins alike.
    """
    for name in names:
        if group := known.get(name):
            numbered = [supplier.id for supplier in group if supplier.number is not None]
            if numbered or (name != names[0] and not head_names(name)):
                return numbered[0] if len(numbered) == 1 else None
    return None


def _called(session: Session, folded: Iterable[str]) -> dict[str, list[_So]]:
    """The suppliers that are called so, by their folded names."""
    supplier = table(Supplier)
    found: dict[str, list[_So]] = {}
    for some in batches(sorted(folded), IN_LIMIT):
        rows = session.connection().execute(
            select(supplier.c.folded, supplier.c.id, supplier.c.number, supplier.c.company_id).where(
                supplier.c.folded.in_(some)
            )
        )
        for name, *about in rows:
            found.setdefault(name, []).append(_So(*about))
    return found


def _branches(session: Session, folded: Collection[str]) -> set[str]:
    """The names of branches in the record whose company may be called so."""
    heads = {name for name in folded if _FORM.search(name)}
    if not heads:
        return set()
    name = table(Supplier).c.folded
    # Of the index alone: it is gone through as a whole, and nearly nothing of it ends so.
    rows = session.connection().execute(
        select(name).where(func.substr(name, func.length(name) - 1, 2).in_(_ENDS)).distinct()
    )
    return {one for one in rows.scalars() if not heads.isdisjoint(head_names(one))}


def derive(database: Database) -> None:
    """Compute for all suppliers what they are called and which company they are."""
    for portion in _portions(database):
        database.write(partial(_update, rows=portion))
    for names in batches(_names(database), PORTION):
        database.write(partial(_derive, folded=names))


def _derive(session: Session, folded: Collection[str]) -> None:
    if changed := _decide(session, folded):
        twins.mark(session, changed)


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
