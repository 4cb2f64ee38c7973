"""Awards that tell of one contract: of each all but one are marked, and none is counted twice.

A contract of the central government stands in the award open data (by its case number, with the winner's corporate
number) and, above the thresholds of the agreement on government procurement, in the gazette as well; some stand in
the gazette twice. Two awards are one contract where

- the winner is the same company: the same corporate number or, where a number is missing, the same name,
- the price is the same, to the ten-thousandth of a yen, or in the gazette that of the open data with consumption tax
  (``TAX``), whose parts of a yen are dropped: nine contracts of May 2025 stand in both like that, and
- the decision is of the same days (``NEAR``: the gazette may give the day of the contract in its place),

and where they are not told apart by one publication: the open data state what they state once, and of two notices
only those with the same title are one. An award of the open data counts before one of a notice, and of two notices
the one that was published first. Each award is the twin of at most one other of each kind: ten contracts of the same
price on the same day remain ten.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from db.award import Award, Supplier
from db.bulk import IN_LIMIT, batches, table
from db.vocabulary.text import fold

NEAR = timedelta(days=7)
"""Between two decisions of one contract, at most."""
TAX = ((date(2019, 10, 1), 10), (date(2014, 4, 1), 8), (date(1997, 4, 1), 5))
"""The rates of consumption tax in percent, and since when (Consumption Tax Act, article 29, and Local Tax Act)."""
SMALLEST_TAXED = 10_000
"""Yen. Below it, among prices per unit, many an amount is another one with tax by chance."""


@dataclass(slots=True)
class _Told:
    """An award, as far as it decides what it is the twin of."""

    id: UUID
    of_notice: bool
    amount: Decimal | None
    title: str
    decided: date
    published: date
    marked: UUID | None
    same_as: UUID | None = None


def mark(session: Session, supplier_ids: Collection[UUID]) -> None:
    """Find the twins among all awards of the companies that these suppliers are, anew."""
    for some in batches(sorted(_companies(session, supplier_ids)), IN_LIMIT):
        by_company: dict[UUID, list[_Told]] = {}
        for company, told in _awards(session, some):
            by_company.setdefault(company, []).append(told)
        changed: list[_Told] = []
        for of_company in by_company.values():
            _pair([told for told in of_company if told.amount is not None])
            # Also where a correction took the price away, and it is nobody's twin any more.
            changed += [told for told in of_company if told.same_as != told.marked]
        if changed:
            award = table(Award)
            session.connection().execute(
                award.update().where(award.c.id == bindparam("b_id")).values(same_as=bindparam("b_same_as")),
                [{"b_id": told.id, "b_same_as": told.same_as} for told in changed],
            )


def _companies(session: Session, supplier_ids: Collection[UUID]) -> set[UUID]:
    supplier = table(Supplier)
    found: set[UUID] = set()
    for some in batches(sorted(supplier_ids), IN_LIMIT):
        found.update(
            session.connection()
            .execute(select(func.coalesce(supplier.c.company_id, supplier.c.id)).where(supplier.c.id.in_(some)))
            .scalars()
        )
    return found


def _awards(session: Session, companies: Sequence[UUID]) -> list[tuple[UUID, _Told]]:
    """The awards of companies that have any out of notices, with a price or marked: others are nobody's twins."""
    award, supplier = table(Award), table(Supplier)
    company = func.coalesce(supplier.c.company_id, supplier.c.id)
    of_companies = supplier.c.id.in_(companies) | supplier.c.company_id.in_(companies)
    with_notices = set(
        session.connection()
        .execute(
            select(company)
            .join(award, award.c.supplier_id == supplier.c.id)
            .where(of_companies, award.c.notice_id.is_not(None))
            .distinct()
        )
        .scalars()
    )
    if not with_notices:
        return []
    rows = session.connection().execute(
        select(
            company.label("company"),
            award.c.amount,
            award.c.id,
            award.c.notice_id,
            award.c.title,
            award.c.date,
            award.c.published,
            award.c.same_as,
        )
        .join(supplier, supplier.c.id == award.c.supplier_id)
        .where(of_companies, award.c.amount.is_not(None) | award.c.same_as.is_not(None))
    )
    return [
        (
            row.company,
            _Told(
                row.id,
                row.notice_id is not None,
                row.amount,
                fold(row.title),
                row.date,
                row.published,
                row.same_as,
            ),
        )
        for row in rows
        if row.company in with_notices
    ]


def _pair(of_company: list[_Told]) -> None:
    """Say of the awards of one company which of them are the same."""
    notices = sorted((told for told in of_company if told.of_notice), key=lambda told: (told.published, told.id))
    first: dict[tuple[str, Decimal | None], list[_Told]] = {}
    for told in notices:
        known = first.setdefault((told.title, told.amount), [])
        earlier = next((one for one in known if _again(one, told)), None)
        if earlier is None:
            known.append(told)
        else:
            told.same_as = earlier.id
    free = {told.id: told for told in of_company if not told.of_notice}
    by_price: dict[Decimal | None, list[_Told]] = {}
    for one in free.values():
        for price in (one.amount, _taxed(one)):
            if price is not None:
                by_price.setdefault(price, []).append(one)
    pairs = sorted(
        (
            one.amount != told.amount,
            one.title != told.title,
            abs(one.decided - told.decided),
            told.published,
            told.id,
            one.id,
        )
        for told in notices
        if told.same_as is None
        for one in by_price.get(told.amount, ())
        if abs(one.decided - told.decided) <= NEAR
    )
    by_id = {told.id: told for told in notices}
    for *_, notice_id, open_id in pairs:
        if by_id[notice_id].same_as is None and open_id in free:
            by_id[notice_id].same_as = free.pop(open_id).id
    # What was the twin of a notice that is itself one: all name the award that counts.
    for told in notices:
        if told.same_as in by_id and (counts := by_id[told.same_as].same_as) is not None:
            told.same_as = counts


def _taxed(told: _Told) -> Decimal | None:
    """The price with consumption tax, in whole yen; None for a price per unit."""
    rate = next((rate for since, rate in TAX if told.decided >= since), None)
    if rate is None or told.amount is None or told.amount < SMALLEST_TAXED:
        return None
    return (told.amount * (100 + rate) / 100).to_integral_value(ROUND_DOWN)


def _again(earlier: _Told, told: _Told) -> bool:
    """Whether a notice says once more what an earlier one said; two of one day are two contracts."""
    return abs(earlier.decided - told.decided) <= NEAR and earlier.published < told.published
