"""Figures about awards: who buys what from whom, by which procedure, and what is not known of it.

Counted are contracts. An award that tells of one that is counted already (``Award.same_as``, db/twins.py) is left out,
and so is what the state sells: where the highest price wins (最高価格), the price is income and no expense. A focus area
is an award's by its own title or by the tender that it is a result of (``awards.areas``). Companies are counted as
db/companies.py joins them; of a company of which no register was asked it is unknown where it is from, and it is
counted as that.

Values are as the awards state them: a price per unit is counted as such, with or without tax, and an award without a
price has none. Every breakdown is one query that groups by it and by the class of the procedure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    FromClause,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlmodel import Session

from db.award import Award, Supplier
from db.awards import areas, bought
from db.bulk import IN_LIMIT, batches, table
from db.companies import company
from db.partners import is_shown
from db.vocabulary.japanese import fiscal_year_of
from db.vocabulary.methods import CODES, NEGOTIATED, WORDS, Procedure
from db.vocabulary.series import body

LISTED = 50
"""Rows of a breakdown by buyer or supplier: those with most awards."""
MEDIANS_UP_TO = 50_000
"""Awards of which a median is computed for a page: every price has to be put in order."""


class By(StrEnum):
    """What figures are broken down by."""

    AREA = "area"
    YEAR = "year"
    BUYER = "buyer"
    METHOD = "method"
    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which awards are counted; with nothing chosen all are.

    ``buyer`` is a code of the award open data (W1) or a piece of a name, ``since`` and ``until`` are fiscal years,
    ``prefecture`` is that of the company's seat as a register has it, else of the address that the award states.
    """

    area: str | None = None
    buyer: str | None = None
    since: int | None = None
    until: int | None = None
    prefecture: str | None = None


@dataclass(slots=True)
class Tally:
    """Awards, how many of them state a price, and these prices together, in yen."""

    awards: int = 0
    priced: int = 0
    value: Decimal = Decimal(0)

    def add(self, other: "Tally") -> None:
        self.awards += other.awards
        self.priced += other.priced
        self.value += other.value


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole: awards and their values; the whole is only what is known."""

    part: Tally
    known: Tally

    @property
    def by_number(self) -> float | None:
        """From 0 to 1; None where nothing is known."""
        return self.part.awards / self.known.awards if self.known.awards else None

    @property
    def by_value(self) -> float | None:
        return float(self.part.value / self.known.value) if self.known.value > 0 else None


@dataclass(slots=True)
class Figures:
    """What awards come to. ``procedures`` has them by the class of the procedure, None: it is not known.

    ``seats`` has them by whether the company is registered abroad, None: no register was asked for it, or none knows.
    """

    total: Tally = field(default_factory=Tally)
    procedures: dict[Procedure | None, Tally] = field(default_factory=dict)
    seats: dict[bool | None, Tally] = field(default_factory=dict)
    median: Decimal | None = None
    """Of the prices; None where it was not computed."""

    def add(self, procedure: Procedure | None, abroad: bool | None, tally: Tally) -> None:
        self.total.add(tally)
        self.procedures.setdefault(procedure, Tally()).add(tally)
        self.seats.setdefault(abroad, Tally()).add(tally)

    @property
    def negotiated(self) -> Share:
        """Contracts without tendering (随意契約), of those whose procedure is known."""
        return self._share(NEGOTIATED)

    @property
    def direct(self) -> Share:
        """Of these, the contracts with a supplier that was alone from the beginning, as far as it is said.

        The whole has no negotiated contract of which more is not said.
        """
        return self._share((Procedure.DIRECT,), unknown=(None, Procedure.NEGOTIATED))

    @property
    def abroad(self) -> Share:
        """What companies registered abroad won, of what is known of."""
        known = Tally()
        for seat, tally in self.seats.items():
            if seat is not None:
                known.add(tally)
        return Share(self.seats.get(True, Tally()), known)

    @property
    def seat_unknown(self) -> Tally:
        return self.seats.get(None, Tally())

    def _share(self, parts: Sequence[Procedure], unknown: Sequence[Procedure | None] = (None,)) -> Share:
        part, known = Tally(), Tally()
        for procedure, tally in self.procedures.items():
            if procedure not in unknown:
                known.add(tally)
            if procedure in parts:
                part.add(tally)
        return Share(part, known)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a breakdown. ``key`` is the area, the fiscal year, the buyer's name, the class of the procedure or
    the company's id; None for the awards of which it is not known or not to be shown."""

    key: str | None
    name: str | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Planned:
    """Price against planned price (予定価格), of the awards that state both."""

    awards: int
    median: float | None
    """Of the ratios: 0.95 is five per cent below the planned price."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of the awards that were chosen, and of a breakdown the rows; ``unlisted`` are further ones."""

    total: Figures
    by: By
    rows: Sequence[Row]
    unlisted: int
    planned: Planned
    asked: bool
    """Whether any register has answered for any company."""


def statistics(
    session: Session,
    chosen: Chosen,
    by: By,
    *,
    listed: int | None = LISTED,
    medians_up_to: int | None = MEDIANS_UP_TO,
) -> Statistics:
    """Figures of awards. ``listed`` None: all rows; ``medians_up_to`` None: medians whatever it costs.

    Medians are of the whole and of areas, years and procedures.
    """
    awards = _Awards(session, _where(chosen), _seats(session))
    unlisted = 0
    match by:
        case By.AREA:
            total, groups = awards.by_area()
        case By.BUYER:
            groups = awards.by_buyer()
            total = _together(groups.values())
        case By.YEAR:
            groups = awards.by(_fiscal_year(session))
            total = _together(groups.values())
        case By.METHOD:
            groups = awards.by(_PROCEDURE)
            total = _together(groups.values())
        case By.SUPPLIER:
            groups, total = {}, awards.all()
    if medians_up_to is None or total.total.priced <= medians_up_to:
        awards.put_medians(by, total, groups)
    if by is By.SUPPLIER:
        rows, unlisted = awards.suppliers(listed)
    else:
        rows = _in_order(by, groups)
    if by is By.BUYER and listed is not None:
        rows, unlisted = rows[:listed], max(0, len(rows) - listed)
    return Statistics(total, by, rows, unlisted, awards.planned(), awards.seats is not None)


# What is asked of the record ----------------------------------------------------------------------------

_AWARD, _SUPPLIER = table(Award), table(Supplier)
Condition = ColumnElement[bool]
Groups = dict[str | None, Figures]


def _class() -> ColumnElement[str]:
    """``methods.procedure`` in SQL."""
    code, method = _AWARD.c.method_code, _AWARD.c.method
    by_code = [
        (code.in_(sorted(one for one, found in CODES.items() if found is procedure)), procedure.value)
        for procedure in Procedure
        if procedure in CODES.values()
    ]
    by_word = [(method.contains(word), procedure.value) for word, procedure in WORDS]
    return case(*by_code, *by_word, else_=None)


_PROCEDURE = _class()


@dataclass(frozen=True, slots=True)
class _Awards:
    """The awards that are counted. ``seats`` is 1 for a company registered abroad, 0 for one of Japan; None: no
    register has ever answered, and nothing needs to be looked up."""

    session: Session
    where: Sequence[Condition]
    seats: ColumnElement[int] | None

    def all(self) -> Figures:
        found = Figures()
        for _, procedure, abroad, tally in self._grouped([]):
            found.add(procedure, abroad, tally)
        return found

    def by(self, key: ColumnElement[Any]) -> Groups:
        """The figures by one column."""
        groups: Groups = {}
        for (value,), procedure, abroad, tally in self._grouped([key]):
            groups.setdefault(None if value is None else str(value), Figures()).add(procedure, abroad, tally)
        return groups

    def by_area(self) -> tuple[Figures, Groups]:
        """All figures, and those of each area; under None those of awards without any."""
        given = areas().subquery("given")
        groups: Groups = {}
        for (area,), procedure, abroad, tally in self._grouped(
            [given.c.area], _AWARD.join(given, given.c.award_id == _AWARD.c.id)
        ):
            groups.setdefault(str(area), Figures()).add(procedure, abroad, tally)
        total = self.all()
        without = _together([total])
        for _, procedure, abroad, tally in self._grouped([], _AWARD, _AWARD.c.id.in_(select(given.c.award_id))):
            without.add(procedure, abroad, Tally(-tally.awards, -tally.priced, -tally.value))
        if without.total.awards:
            groups[None] = without
        return total, groups

    def by_buyer(self) -> Groups:
        """By the names of buyers, without their officers; an office goes with the ministry that its name begins with.

        Ministries are those that the open data have codes for.
        """
        # One column is put in order more quickly than two.
        code_and_name = func.coalesce(_AWARD.c.buyer_code, "") + "\n" + func.coalesce(_AWARD.c.buyer, "")
        found = [(*key.split("\n", 1), *rest) for (key,), *rest in self._grouped([code_and_name])]
        ministries = sorted({name or code for code, name, *_ in found if code}, key=len, reverse=True)
        groups: Groups = {}
        for code, name, procedure, abroad, tally in found:
            buyer = name or code or None
            if buyer and not code:
                ministry = next((ministry for ministry in ministries if buyer.startswith(ministry)), None)
                buyer = ministry or body(buyer)
            groups.setdefault(buyer, Figures()).add(procedure, abroad, tally)
        return groups

    def suppliers(self, listed: int | None) -> tuple[list[Row], int]:
        """The companies with most awards, and how many more there are.

        Those that may be persons (``partners.is_shown``) are one row without a name.
        """
        called = self._companies()
        hidden = [id for id, (name, number, _, _) in called.items() if not is_shown(name, number)]
        shown = sorted(
            called.keys() - set(hidden), key=lambda id: (-called[id][2], -called[id][3], called[id][0], id)
        )
        wanted = shown if listed is None else shown[:listed]
        figures = self._of_companies([*wanted, *hidden])
        rows = [Row(str(id), called[id][0], figures[id]) for id in wanted]
        if hidden:
            rows.append(Row(None, None, _together(figures[id] for id in hidden)))
        return rows, len(shown) - len(wanted)

    def _companies(self) -> dict[UUID, tuple[str, str | None, int, int]]:
        """Name, number, awards and their value of each company."""
        # Never null; by the bare column SQLite would go through its index and fetch each row from another page.
        supplier_id = func.coalesce(_AWARD.c.supplier_id, _AWARD.c.id)
        won = (
            select(
                supplier_id.label("supplier_id"),
                func.count().label("awards"),
                func.sum(cast(_AWARD.c.amount, BigInteger)).label("value"),
            )
            .where(*self.where)
            .group_by(supplier_id)
            .subquery("won")
        )
        by_company = (
            select(
                company().label("id"),
                func.sum(won.c.awards).label("awards"),
                func.coalesce(func.sum(won.c.value), 0).label("value"),
            )
            .join(_SUPPLIER, _SUPPLIER.c.id == won.c.supplier_id)
            .group_by(company())
            .subquery("by_company")
        )
        rows = self.session.connection().execute(
            select(
                _SUPPLIER.c.id, _SUPPLIER.c.name, _SUPPLIER.c.number, by_company.c.awards, by_company.c.value
            ).join(by_company, by_company.c.id == _SUPPLIER.c.id)
        )
        return {id: (name, number, int(awards), int(value)) for id, name, number, awards, value in rows}

    def _of_companies(self, companies: Sequence[UUID]) -> dict[UUID, Figures]:
        found: dict[UUID, Figures] = {}
        own = company()
        for some in batches(companies, IN_LIMIT):
            of_these = or_(_SUPPLIER.c.id.in_(some), _SUPPLIER.c.company_id.in_(some))
            for (id,), procedure, abroad, tally in self._grouped(
                [own], _AWARD.join(_SUPPLIER, _SUPPLIER.c.id == _AWARD.c.supplier_id), of_these
            ):
                found.setdefault(id, Figures()).add(procedure, abroad, tally)
        return found

    def _grouped(
        self, keys: Sequence[ColumnElement[Any]], source: FromClause = _AWARD, *more: Condition
    ) -> Iterator[tuple[tuple[Any, ...], Procedure | None, bool | None, Tally]]:
        """The awards by keys, by the class of their procedure and by where their company is from."""
        seats = [] if self.seats is None else [self.seats]
        groups = [key.label(f"key{number}") for number, key in enumerate((*keys, _PROCEDURE, *seats))]
        rows = self.session.connection().execute(
            select(*groups, func.count(), func.count(_AWARD.c.amount), func.sum(_AWARD.c.amount))
            .select_from(source)
            .where(*self.where, *more)
            .group_by(*groups)
        )
        for row in rows:
            *found, count, priced, value = row
            procedure = found[len(keys)]
            seat = found[len(keys) + 1] if seats else None
            yield (
                tuple(found[: len(keys)]),
                None if procedure is None else Procedure(procedure),
                None if seat is None else bool(seat),
                Tally(count, priced, value or Decimal(0)),
            )

    def put_medians(self, by: By, total: Figures, groups: Groups) -> None:
        """Put the medians of the prices into figures: in the middle, or between the two in the middle."""
        price = _AWARD.c.amount
        for low, high, _, _ in self._middle(price, None):
            total.median = (low + high) / 2
        match by:
            case By.AREA:
                given = areas().subquery("given")
                found = self._middle(price, given.c.area, _AWARD.join(given, given.c.award_id == _AWARD.c.id))
            case By.YEAR:
                found = self._middle(price, _fiscal_year(self.session))
            case By.METHOD:
                found = self._middle(price, _PROCEDURE)
            case _:
                return
        for low, high, _, key in found:
            name = None if key is None else str(key)
            if name in groups:
                groups[name].median = (low + high) / 2

    def planned(self) -> Planned:
        ratio = cast(_AWARD.c.amount, Float) / cast(_AWARD.c.planned, Float)
        stated = and_(_AWARD.c.amount.is_not(None), _AWARD.c.planned > Decimal(0))
        for low, high, count, _ in self._middle(ratio, None, _AWARD, stated):
            return Planned(count, (low + high) / 2)
        return Planned(0, None)

    def _middle(
        self,
        value: ColumnElement[Any],
        key: ColumnElement[Any] | None,
        source: FromClause = _AWARD,
        *more: Condition,
    ) -> Sequence[tuple[Any, Any, int, Any]]:
        """The two values in the middle (of an odd number one, twice), how many there are, and the key of the group."""
        groups = [] if key is None else [key]
        placed = (
            select(
                value.label("value"),
                func.row_number().over(partition_by=groups or None, order_by=value).label("place"),
                func.count().over(partition_by=groups or None).label("count"),
                (literal(None, String) if key is None else key).label("key"),
            )
            .select_from(source)
            .where(value.is_not(None), *self.where, *more)
            .subquery("placed")
        )
        twice = placed.c.place * 2
        rows = self.session.connection().execute(
            select(
                func.min(placed.c.value),
                func.max(placed.c.value),
                func.max(placed.c["count"]),
                func.max(placed.c.key),
            )
            .where(twice >= placed.c["count"], twice <= placed.c["count"] + 2)
            .group_by(placed.c.key)
        )
        return [(low, high, count, key) for low, high, count, key in rows]


def _where(chosen: Chosen) -> list[Condition]:
    award = _AWARD
    found: list[Condition] = [
        # "IS NULL" would have SQLite go through the index of twins, which nearly no award is in, row by row.
        func.coalesce(award.c.same_as, award.c.id) == award.c.id,
        bought(),
    ]
    if chosen.area is not None:
        found.append(award.c.id.in_(select(areas(chosen.area).subquery("in_area").c.award_id)))
    if buyer := (chosen.buyer or "").replace("\0", ""):  # PostgreSQL has none in texts
        # Of capital and small letters as SQLite would compare them by itself, on every database.
        found.append(or_(award.c.buyer_code == buyer.upper(), award.c.buyer.icontains(buyer, autoescape=True)))
    if chosen.since is not None:
        found.append(award.c.date >= date(chosen.since, 4, 1))
    if chosen.until is not None:
        found.append(award.c.date < date(chosen.until + 1, 4, 1))
    if chosen.prefecture is not None:
        seat = _registered(_SUPPLIER.c.prefecture)
        stated = and_(
            award.c.address.startswith(chosen.prefecture),
            award.c.supplier_id.not_in(seat[1].where(seat[0].is_not(None))),
        )
        found.append(or_(award.c.supplier_id.in_(seat[1].where(seat[0] == chosen.prefecture)), stated))
    return found


def _together(some: Iterable[Figures]) -> Figures:
    found = Figures()
    for figures in some:
        for procedure, tally in figures.procedures.items():
            found.procedures.setdefault(procedure, Tally()).add(tally)
        for seat, tally in figures.seats.items():
            found.seats.setdefault(seat, Tally()).add(tally)
        found.total.add(figures.total)
    return found


def _in_order(by: By, groups: Groups) -> list[Row]:
    """Years the newest first, procedures as the law has them, the rest by their awards; what is not known last."""

    def place(key: str) -> tuple[Any, ...]:
        match by:
            case By.YEAR:
                return (-int(key),)
            case By.METHOD:
                return (list(Procedure).index(Procedure(key)),)
            case _:
                total = groups[key].total
                return (-total.awards, -total.value, key)

    known = sorted((key for key in groups if key is not None), key=place)
    return [Row(key, key, groups[key]) for key in known] + ([Row(None, None, groups[None])] if None in groups else [])


def _fiscal_year(session: Session) -> ColumnElement[int]:
    """The fiscal year of an award: comparing days is quicker than taking them apart, and the same everywhere."""
    first, last = (
        session.connection()
        .execute(
            select(
                select(func.min(_AWARD.c.date)).scalar_subquery(),
                select(func.max(_AWARD.c.date)).scalar_subquery(),
            )
        )
        .one()
    )
    if first is None:
        return literal(0)
    years = range(fiscal_year_of(last), fiscal_year_of(first), -1)
    begun = [(_AWARD.c.date >= date(year, 4, 1), year) for year in years]
    oldest = literal(fiscal_year_of(first))
    return case(*begun, else_=oldest) if begun else oldest


def _registered(column: ColumnElement[Any]) -> tuple[ColumnElement[Any], Select[tuple[UUID]]]:
    """What registers say of the company of a supplier, and suppliers' ids to choose by it."""
    head = _SUPPLIER.alias("head")
    query = select(_SUPPLIER.c.id).select_from(_SUPPLIER.outerjoin(head, head.c.id == _SUPPLIER.c.company_id))
    return func.coalesce(head.c[column.key or ""], column), query


def _seats(session: Session) -> ColumnElement[int] | None:
    """Where the company of an award is from; None where no register has ever answered."""
    answered = select(_SUPPLIER.c.id).where(_SUPPLIER.c.abroad.is_not(None)).limit(1)
    if session.connection().execute(answered).first() is None:
        return None
    abroad, suppliers = _registered(_SUPPLIER.c.abroad)
    return case(
        (_AWARD.c.supplier_id.in_(suppliers.where(abroad.is_(True))), 1),
        (_AWARD.c.supplier_id.in_(suppliers.where(abroad.is_(False))), 0),
        else_=None,
    )
