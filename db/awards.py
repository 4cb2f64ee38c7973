"""The store of awards and suppliers: recording what was scraped, and finding it again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, case, exists, func, or_, select, true, union_all
from sqlmodel import Session, col
from sqlmodel import select as select_models

from db import bulk, companies, twins
from db.award import Award, AwardArea, Supplier
from db.bulk import IN_LIMIT, batches, table
from db.notices import digest
from db.tender import TenderArea
from db.types import encode
from db.vocabulary.award import CORPORATE_NUMBERS, ScrapedAward, award_id, fold_supplier, supplier_id
from db.vocabulary.methods import HIGHEST, SALES
from db.vocabulary.reading import AreaScore
from db.vocabulary.series import series


@dataclass(frozen=True, slots=True)
class Counted:
    """What recording awards did: how many were given, and how many of them are new or say something else."""

    found: int
    new: int
    changed: int
    written: tuple[UUID, ...] = field(default=(), compare=False, repr=False)
    """The ids of the latter."""


@dataclass(slots=True)
class _Row:
    """A row of the table, as it is or is to be; ``says`` is what it is to say from now on."""

    id: UUID
    number: int
    amount: Decimal | None
    digest: str
    published: date
    before: str | None
    """The digest of the row as it is stored; None for one that is not."""
    winner: UUID | None = None
    """The supplier, as it is stored."""
    says: ScrapedAward | None = None


def record(session: Session, awards: Sequence[ScrapedAward], *, run_id: UUID, now: datetime) -> Counted:
    """Record a batch of awards, one after the other. Recording the same again changes nothing.

    An award is a row of the table by its key. Another price is a correction where the source gives one price
    under the key, and another award where it gives several. What an older publication says changes nothing.
    """
    known = _known(session, awards)
    for award in awards:
        under = known.setdefault((award.source, _kept(award.key)), [])
        says = digest(_content(award))
        row = _row_for(award, under)
        if row is not None and row.digest != says:
            row.amount, row.digest, row.published, row.says = award.amount, says, award.published, award
    written = [row for rows in known.values() for row in rows if row.says is not None and row.digest != row.before]
    joined = _store_suppliers(session, [row.says for row in written if row.says is not None], now=now)
    bulk.upsert(
        session,
        Award,
        [_columns(row, run_id=run_id, now=now) for row in written],
        keep=("first_seen_at", "tender_id"),
    )
    # What an award was the twin of may be another one now, and so where a correction names another winner.
    lost = {
        row.winner
        for row in written
        if row.winner and row.says and row.winner != supplier_id(row.says.supplier, row.says.corporate_number)
    }
    if joined or lost:
        twins.mark(session, joined | lost)
    new = sum(row.before is None for row in written)
    return Counted(len(awards), new, len(written) - new, tuple(row.id for row in written))


def of_supplier(session: Session, id: UUID, *, limit: int | None = None) -> Sequence[Award]:
    """What a supplier won, newest first."""
    query = select_models(Award).where(Award.supplier_id == id).order_by(col(Award.date).desc(), col(Award.id))
    return session.exec(query.limit(limit)).all()


def of_case(session: Session, case_number: str) -> Sequence[Award]:
    """The awards of a case, by winner; a case may have several."""
    query = select_models(Award).where(Award.case_number == case_number)
    return session.exec(query.order_by(col(Award.key), col(Award.number))).all()


def of_tenders(session: Session, tender_ids: Collection[UUID]) -> dict[UUID, list[Award]]:
    """The awards that are linked to tenders, newest first; a tender without any is not in the answer."""
    found: dict[UUID, list[Award]] = {}
    for some in batches(tender_ids, IN_LIMIT):
        query = select_models(Award).where(col(Award.tender_id).in_(some))
        for award in session.exec(query.order_by(col(Award.date).desc(), col(Award.key), col(Award.number))):
            assert award.tender_id is not None
            found.setdefault(award.tender_id, []).append(award)
    return found


def decided_on(session: Session, tender_ids: Collection[UUID]) -> dict[UUID, date]:
    """The day of the newest decision among the awards of tenders; one without any is not in the answer."""
    award = table(Award)
    found: dict[UUID, date] = {}
    for some in batches(tender_ids, IN_LIMIT):
        rows = session.connection().execute(
            select(award.c.tender_id, func.max(award.c.date))
            .where(award.c.tender_id.in_(some))
            .group_by(award.c.tender_id)
        )
        found.update((tender_id, day) for tender_id, day in rows)
    return found


def link(session: Session, tender_of: Mapping[str, UUID], *, of: Collection[UUID] = ()) -> set[UUID]:
    """Say of cases, by their numbers, of which tenders their awards are results.

    Awards of other cases are no results of the tenders ``of``; those that were read out of a notice go with it
    (``db.results``). Returns the tenders that got or lost an award by it.
    """
    award = table(Award)
    moved: set[UUID] = set()
    for column, values in ((award.c.case_number, tender_of.keys()), (award.c.tender_id, of)):
        for some in batches(values, IN_LIMIT):
            # Those of notices are told apart here: by "notice_id IS NULL" SQLite would look at nearly every award.
            rows = session.connection().execute(
                select(award.c.id, award.c.case_number, award.c.tender_id, award.c.notice_id).where(column.in_(some))
            )
            changes = [
                (id, before, after)
                for id, case, before, notice in rows
                if notice is None and (after := tender_of.get(case or "")) != before
            ]
            if not changes:
                continue
            session.connection().execute(
                award.update().where(award.c.id == bindparam("b_id")).values(tender_id=bindparam("tender_id")),
                [{"b_id": id, "tender_id": after} for id, _, after in changes],
            )
            moved.update(id for _, *both in changes for id in both if id)
    return moved


# What counts ----------------------------------------------------------------------------------------------


def bought() -> ColumnElement[bool]:
    """Whether an award is a purchase, for queries: where the highest price wins, the state sells."""
    award = table(Award)
    return case(
        (award.c.method_code.is_not(None), award.c.method_code.not_in(SALES)),
        (award.c.method.is_not(None), award.c.method.not_like(f"%{HIGHEST}%")),
        else_=true(),
    )


# Focus areas ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Titled:
    """An award, as far as its areas are read from it."""

    id: UUID
    title: str


def areas(area: str | None = None) -> Select[tuple[UUID, str]]:
    """The focus areas of awards, or one of them, for queries: rows of ``award_id`` and ``area``, each once.

    They are those of the award's own title and those of the tender that it is a result of, whose text and buyer say
    more than a title does.
    """
    award, own, tender_area = table(Award), table(AwardArea), table(TenderArea)
    of_title = select(own.c.award_id, own.c.area)
    # Not a UNION, which would put all of them in order to find those that are there twice.
    of_tender = (
        select(award.c.id, tender_area.c.area)
        .join(award, award.c.tender_id == tender_area.c.tender_id)
        .where(~exists().where(own.c.award_id == award.c.id, own.c.area == tender_area.c.area).correlate_except(own))
    )
    if area is not None:
        of_title, of_tender = of_title.where(own.c.area == area), of_tender.where(tender_area.c.area == area)
    both = union_all(of_title, of_tender).subquery("areas")
    return select(both.c.award_id, both.c.area)


def unread(session: Session, revision: str | None, *, after: UUID | None, limit: int) -> list[Titled]:
    """Awards in the order of their ids whose areas were found by another revision of the reader; None: all."""
    award = table(Award)
    query = select(award.c.id, award.c.title).order_by(award.c.id).limit(limit)
    if after is not None:
        query = query.where(award.c.id > after)
    if revision is not None:
        query = query.where(or_(award.c.read_as.is_(None), award.c.read_as != revision))
    return [Titled(*row) for row in session.connection().execute(query)]


def unread_among(
    session: Session, revision: str, *, ids: Collection[UUID] = (), notice_ids: Collection[UUID] = ()
) -> list[Titled]:
    """Those of these awards, and of the awards of these notices, whose areas were found by another revision."""
    award = table(Award)
    found: dict[UUID, Titled] = {}
    for column, values in ((award.c.id, ids), (award.c.notice_id, notice_ids)):
        for some in batches(values, IN_LIMIT):
            rows = session.connection().execute(
                select(award.c.id, award.c.title).where(
                    column.in_(some), or_(award.c.read_as.is_(None), award.c.read_as != revision)
                )
            )
            found.update((row.id, Titled(*row)) for row in rows)
    return list(found.values())


def store_areas(session: Session, found: Mapping[UUID, Sequence[AreaScore]], *, revision: str) -> None:
    """Keep the areas that were found in awards' titles; they take the place of what was found before."""
    award, area = table(Award), table(AwardArea)
    for some in batches(found, IN_LIMIT):
        session.connection().execute(area.delete().where(area.c.award_id.in_(some)))
        bulk.insert(
            session,
            AwardArea,
            [{"area": one.area, "award_id": id, "score": one.score} for id in some for one in found[id]],
        )
        session.connection().execute(award.update().where(award.c.id.in_(some)).values(read_as=revision))


# Finding --------------------------------------------------------------------------------------------------


def supplier(session: Session, id: UUID) -> Supplier | None:
    return session.get(Supplier, id)


def count(session: Session, source: str | None = None) -> int:
    """How many awards are in the record, of one source or of all."""
    query = select(func.count()).select_from(table(Award))
    if source is not None:
        query = query.where(table(Award).c.source == source)
    return session.connection().execute(query).scalar() or 0


def _row_for(award: ScrapedAward, under: list[_Row]) -> _Row | None:
    """The row that an award is about; a new one where it is none of those, None where what is known is newer."""
    row = next((row for row in under if row.amount == award.amount), None)
    if row is None and len(under) == 1 and not award.one_of_several:
        row = under[0]
    if row is not None:
        return row if award.published >= row.published else None
    if not award.one_of_several and any(award.published < row.published for row in under):
        return None
    number = max((row.number for row in under), default=0) + 1
    id = award_id(award.source, _kept(award.key), number)
    under.append(_Row(id, number, award.amount, "", award.published, None))
    return under[-1]


def _known(session: Session, awards: Iterable[ScrapedAward]) -> dict[tuple[str, str], list[_Row]]:
    """The rows under the keys of these awards, by source and key."""
    keys: dict[str, set[str]] = {}
    for one in awards:
        keys.setdefault(one.source, set()).add(_kept(one.key))
    award = table(Award)
    found: dict[tuple[str, str], list[_Row]] = {}
    for source, wanted in keys.items():
        for some in batches(sorted(wanted), IN_LIMIT):
            rows = session.connection().execute(
                select(
                    award.c.key,
                    award.c.id,
                    award.c.number,
                    award.c.amount,
                    award.c.digest,
                    award.c.published,
                    award.c.supplier_id,
                )
                .where(award.c.source == source, award.c.key.in_(some))
                .order_by(award.c.key, award.c.number)
            )
            for key, id, number, amount, summed, published, winner in rows:
                row = _Row(id, number, amount, summed, published, summed, winner)
                found.setdefault((source, key), []).append(row)
    return found


def _content(award: ScrapedAward) -> bytes:
    """What an award says, for its digest: 37.2 and 37.20 are the same price, and when it was said is not content."""
    amount = None if award.amount is None else str(award.amount.normalize() or 0)  # -0 is 0
    further = tuple(str(value) for value in (award.address, award.planned) if value is not None)
    return encode(
        (
            award.title,
            award.date,
            amount,
            award.case_number,
            award.buyer_code,
            award.buyer,
            award.method_code,
            award.method,
            award.supplier,
            award.corporate_number,
            # Only where they are stated: what was recorded before they were read stays the same.
            *further,
        )
    )


def _columns(row: _Row, *, run_id: UUID, now: datetime) -> dict[str, Any]:
    award = row.says
    assert award is not None
    columns = {
        "id": row.id,
        "source": award.source,
        "key": award.key,
        "number": row.number,
        "case_number": award.case_number,
        "title": award.title,
        "date": award.date,
        "amount": award.amount,
        "buyer_code": award.buyer_code,
        "buyer": award.buyer,
        "method_code": award.method_code,
        "method": award.method,
        "supplier": award.supplier,
        "supplier_id": supplier_id(award.supplier, award.corporate_number),
        "address": award.address,
        "planned": award.planned,
        "series": series(award.buyer, award.title),
        "read_as": None,  # its areas are those of another title
        "digest": row.digest,
        "published": row.published,
        "run_id": run_id,
        "first_seen_at": now,
        "changed_at": now,
    }
    return {name: _kept(value) if isinstance(value, str) else value for name, value in columns.items()}


def _kept(text: str) -> str:
    """A text as it can be kept: PostgreSQL has no NUL in texts."""
    return text.replace("\0", "")


@dataclass(frozen=True, slots=True)
class _Called:
    """What a supplier is called: by the award that was decided last, and by all awards."""

    name: str
    named_on: date
    names: tuple[str, ...]


def _store_suppliers(session: Session, awards: Iterable[ScrapedAward], *, now: datetime) -> set[UUID]:
    """Make sure that the suppliers of these awards are there, with every name that they were given.

    Returns the suppliers that became a spelling of a company, or are no longer one, by that.
    """
    stated: dict[UUID, list[ScrapedAward]] = {}
    for award in awards:
        stated.setdefault(supplier_id(award.supplier, award.corporate_number), []).append(award)
    known = _called(session, list(stated))
    rows: list[dict[str, Any]] = []
    called_so: set[str] = set()
    for id, group in sorted(stated.items()):  # two processes in different orders would wait for each other
        before = known.get(id)
        # A decision in the future is an error in writing: its name would stay the last one for years.
        dated = [(min(award.date, award.published), _kept(award.supplier)) for award in group]
        names = {name for _, name in dated}
        if before:
            dated.append((before.named_on, before.name))
            names.update(before.names)
        # Of two names of one day always the same is taken, whichever comes first.
        named_on, name = max(dated)
        called = _Called(name, named_on, tuple(sorted(names)))
        if called != before:
            folded = fold_supplier(called.name)
            formerly = {fold_supplier(before.name)} if before else set()
            if formerly != {folded}:
                called_so |= {folded, *formerly}
            number = group[0].corporate_number
            rows.append(
                {
                    "id": id,
                    "scheme": CORPORATE_NUMBERS if number else None,
                    "number": number,
                    "name": called.name,
                    "named_on": called.named_on,
                    "names": called.names,
                    "folded": folded,
                    "first_seen_at": now,
                }
            )
    bulk.upsert(session, Supplier, rows, keep=("first_seen_at",))
    return companies.join(session, called_so)


def _called(session: Session, ids: Sequence[UUID]) -> dict[UUID, _Called]:
    supplier = table(Supplier)
    found: dict[UUID, _Called] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(supplier.c.id, supplier.c.name, supplier.c.named_on, supplier.c.names).where(
                supplier.c.id.in_(some)
            )
        )
        found.update((row[0], _Called(*row[1:])) for row in rows)
    return found
