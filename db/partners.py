"""Companies that win in a focus area: whom a company from abroad may ask to be its local partner.

Everything is counted from awards, which are public. Spellings of one company are one (``Supplier.company_id``), and an
award that tells of the same contract as another (``Award.same_as``) does not count. Neither does what the state sells.

No persons: corporate numbers are given to companies and other bodies only (番号法 article 39), so a supplier with one
is shown. A supplier without one is shown where its name has a legal form or another word that only bodies bear
(``_BODY``); any other name may be a person's, and is counted among the suppliers without a number and never named.

The score is a sum of parts that are shown beside it. It orders a list; it is no judgement of a company.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from heapq import nsmallest
from itertools import chain
from math import log1p, log10, sqrt
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Text, case, cast, func, select
from sqlmodel import Session

from db import awards
from db.award import Award, Supplier
from db.bulk import IN_LIMIT, batches, table
from db.composing import CALLS
from db.tender import Tender, TenderArea
from db.vocabulary.award import fold_supplier
from db.vocabulary.japanese import fiscal_year_of, to_tokyo
from db.vocabulary.labels import PREFECTURES_EN
from db.vocabulary.messages import N_
from db.vocabulary.series import authority, body, service
from db.vocabulary.text import fold

# The score ----------------------------------------------------------------------------------------------


class Part(StrEnum):
    """What the score is made of."""

    WINS = "wins"
    RECENCY = "recency"
    BUYERS = "buyers"
    VALUE = "value"
    FOCUS = "focus"
    FIT = "fit"


PARTS: Mapping[Part, str] = {
    Part.WINS: N_("wins in the area"),
    Part.RECENCY: N_("how recent the last win is"),
    Part.BUYERS: N_("how many buyers"),
    Part.VALUE: N_("value won"),
    Part.FOCUS: N_("how much of its work is in the area"),
    Part.FIT: N_("fit to the buyer and the prefecture asked for"),
}
WEIGHTS: Mapping[Part, int] = {
    Part.WINS: 30,  # who has won is known to buyers, and knows how bids are written
    Part.RECENCY: 20,  # who won long ago may have left the field
    Part.BUYERS: 20,  # several buyers speak for a name that is known, one for a tie to that one
    Part.VALUE: 10,  # says how large a contract it can carry; least, for unit prices and blanks distort it
    Part.FOCUS: 20,  # a specialist needs a partner in its field more than a general contractor
}
"""Points of 100 for each part, where no buyer and no prefecture is asked for."""
ORDER = tuple(Part)
FIT_WEIGHT = 30
"""Points of the fit where one is asked for, as many as for wins; the other parts share the rest as before."""
MANY_WINS = 30
"""Wins that give all points; the first count most (logarithm), so that one large supplier does not hide all others."""
MANY_BUYERS = 10
MANY_FROM_BUYER = 5
"""The same for wins from the buyer asked for."""
FRESH, STALE = timedelta(days=365), timedelta(days=5 * 365)
"""Until when a last win gives all points, and from when none: contracts run for one to five years."""
SMALL_VALUE, LARGE_VALUE = Decimal(10**6), Decimal(10**9)
"""Yen that give no point and all points, by the logarithm between them: below a million yen no contract is tendered
(予決令 article 99: goods up to 1.6 million, in 2025 up to 3 million), and a billion is large for a service."""
IMAGINED_ELSEWHERE = 3
"""Wins outside the area that are added before the share is taken: one win of one is no specialist yet."""
FEW_WINS = 3
"""Below so many, the score says little, and says so."""
TREND_YEARS = 2
TREND_WINS = 4
"""Wins in both periods together, below which nothing is said of a trend."""
TREND_RATIO = 1.5
SIMILAR_WINS = 3
"""Wins below which a company is like no other: every two that once won from a ministry would be."""
SIMILAR_SHOWN = 3
LIKE_ENOUGH = 0.5
"""Cosine from which companies are called similar."""
FITTING_SHOWN = 3
MOST_OPEN = 1_000
"""Open tenders of an area that are held against what companies won, those that close first."""
TITLES_COMPARED = 20
"""Of a company, its newest."""
TITLE_LIKENESS = 0.5
"""Share of the pairs of characters that two titles have in common (Dice) from which they are called similar."""
TOP_BUYERS = 3

NOTHING = Decimal(0)
"""Yen. A price of nothing, or below it (a correction, a sale), is no value that was won."""

_BODY = re.compile(
    "会社|法人|組合|協会|公社|公庫|金庫|機構|財団|社団|大学|連合|連盟|商工会|企業体|共同体|コンソーシアム|事業団|銀行|"
    "学会|協議会|振興会|互助会|"
    r"(?<![a-z])(?:inc|llc|llp|ltd|limited|corp|corporation|company|gmbh|plc|pte|pty)(?![a-z])"
)


def is_shown(name: str, number: str | None) -> bool:
    """Whether a supplier is surely no person, and may therefore be shown with what it won."""
    return number is not None or _BODY.search(fold_supplier(name)) is not None or bool(_BODY.search(fold(name)))


class Trend(StrEnum):
    """The last TREND_YEARS years against as many before."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    TOO_FEW = "too-few"
    """Wins to say anything."""
    TOO_SHORT = "too-short"
    """The record does not reach back so far."""


TRENDS: Mapping[Trend, str] = {
    Trend.RISING: N_("rising"),
    Trend.STEADY: N_("steady"),
    Trend.FALLING: N_("falling"),
    Trend.TOO_FEW: N_("too few wins to say"),
    Trend.TOO_SHORT: N_("the record is too short to say"),
}


class Why(StrEnum):
    """Why an open tender fits what a company won."""

    SERIES = "series"
    TITLE = "title"
    BUYER = "buyer"


WHYS: Mapping[Why, str] = {
    Why.SERIES: N_("it won the same service before"),
    Why.TITLE: N_("it won something with a similar title"),
    Why.BUYER: N_("it won from this buyer"),
}


class SeatFrom(StrEnum):
    """Who says where a company is."""

    REGISTER = "register"
    AWARD = "award"


@dataclass(frozen=True, slots=True)
class Points:
    """A part of a score: so many points of so many."""

    part: Part
    points: int
    of: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something occurs among awards, and for how much where prices are known."""

    name: str
    wins: int
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Similar:
    """A company that wins from the same buyers in the same areas; ``likeness`` from 0 to 1."""

    id: UUID
    name: str
    likeness: float
    wins: int


@dataclass(frozen=True, slots=True)
class Fitting:
    """An open tender that fits what a company won; ``earlier`` is the title, won on ``won_on``, that it resembles."""

    tender_id: UUID
    title: str
    title_en: str | None
    buyer: str | None
    deadline: datetime
    why: tuple[Why, ...]
    earlier: str | None
    won_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where a company is; ``said_by`` is None where nobody says so. ``abroad``: as the register has it."""

    prefecture: str | None
    said_by: SeatFrom | None
    abroad: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A company that won in an area. ``value`` is the sum of the ``valued`` prices that are known and positive."""

    id: UUID
    name: str
    name_en: str | None
    number: str | None
    seat: Seat
    wins: int
    value: Decimal | None
    valued: int
    buyers: int
    top_buyers: tuple[Counted, ...]
    last: date
    recent: int
    before: int
    trend: Trend
    all_wins: int
    """In all areas and in none."""
    score: int
    parts: tuple[Points, ...]
    similar: tuple[Similar, ...] = ()
    fitting: tuple[Fitting, ...] = ()

    @property
    def few(self) -> bool:
        """Whether there are so few wins that the score says little."""
        return self.wins < FEW_WINS


@dataclass(frozen=True, slots=True)
class Partners:
    """The best ``found`` of all ``companies`` that won in the area; ``unnamed`` suppliers are counted only."""

    found: list[Partner]
    companies: int
    unnamed: int
    unnamed_wins: int
    record_begins: date | None
    """The first decision in the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for. ``buyer`` is a piece of its name; ``prefecture`` the Japanese name of the seat."""

    area: str
    buyer: str = ""
    prefecture: str = ""

    @property
    def fits(self) -> bool:
        """Whether a fit is asked for at all."""
        return bool(self.buyer or self.prefecture)


# Companies of an area -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Company:
    """What a company won in the area, by buyer."""

    wins: int = 0
    value: Decimal = Decimal(0)
    valued: int = 0
    last: date = date.min
    recent: int = 0
    before: int = 0
    dated_address: str = ""
    """The newest address that an award states, behind the day of that award."""
    buyers: Counter[str] = field(default_factory=Counter)

    @property
    def address(self) -> str:
        return self.dated_address[len("2026-04-01") :]


class _Named(NamedTuple):
    """A company as its supplier's row names it."""

    name: str
    name_en: str | None
    number: str | None
    prefecture: str | None
    abroad: bool | None


def partners(session: Session, wanted: Wanted, *, now: datetime, limit: int) -> Partners:
    """The companies that won in an area, the highest score first; of equal ones in the order of their names."""
    today = to_tokyo(now).date()
    begins = session.connection().execute(select(func.min(table(Award).c.date))).scalar()
    companies = _of_area(session, wanted.area, today=today)
    named = _named(session, companies.keys())
    shown = {id: one for id, one in companies.items() if is_shown(named[id].name, named[id].number)}
    # All parts but the focus, whose counting is dear, tell who may be among the first: with the focus that a company
    # has which won nothing elsewhere.
    weights = _weights(wanted)
    known = {id: _parts(one, named[id], wanted, weights, today=today) for id, one in shown.items()}
    sums = {id: sum(part.points for part in parts) for id, parts in known.items()}
    enough = sorted(sums.values(), reverse=True)[:limit][-1:] or [0]
    candidates = [
        id
        for id, points in sums.items()
        if points + _focus(shown[id].wins, shown[id].wins, weights).points >= enough[0]
    ]
    totals = _all_wins(session, candidates)
    scored: list[tuple[int, str, UUID, tuple[Points, ...]]] = []
    for id in candidates:
        one = companies[id]
        parts = [*known[id], _focus(one.wins, totals[id], weights)]
        parts.sort(key=lambda part: ORDER.index(part.part))
        scored.append((-sum(part.points for part in parts), named[id].name, id, tuple(parts)))
    scored.sort()
    first = scored[:limit]
    open_ = _Open(_open_tenders(session, [wanted.area], now=now))
    won = _won(session, [id for *_, id, _ in first], area=wanted.area, newest=TITLES_COMPARED)
    like = _Likeness({id: one.buyers for id, one in shown.items()}, named)
    found = []
    for negative, name, id, points in first:
        one, about = companies[id], named[id]
        found.append(
            Partner(
                id=id,
                name=name,
                name_en=about.name_en,
                number=about.number,
                seat=_seat(about, one.address),
                wins=one.wins,
                value=one.value if one.valued else None,
                valued=one.valued,
                buyers=len(one.buyers),
                top_buyers=_most(one.buyers)[:TOP_BUYERS],
                last=one.last,
                recent=one.recent,
                before=one.before,
                trend=_trend(one.recent, one.before, begins, today),
                all_wins=totals[id],
                score=-negative,
                parts=points,
                similar=like.to(id),
                fitting=open_.fitting(won.get(id, ())),
            )
        )
    unnamed = companies.keys() - shown.keys()
    return Partners(found, len(shown), len(unnamed), sum(companies[id].wins for id in unnamed), begins)


def _of_area(session: Session, area: str, *, today: date) -> dict[UUID, _Company]:
    """Who won in an area: one row of the database for each company and buyer."""
    award, supplier, given = table(Award), table(Supplier), awards.areas().subquery("given")
    recent, before = _years_before(today, TREND_YEARS), _years_before(today, 2 * TREND_YEARS)
    company = _company_of()
    rows = session.connection().execute(
        select(
            company.label("company"),
            award.c.buyer,
            func.count().label("wins"),
            func.sum(case((award.c.amount > NOTHING, award.c.amount))).label("value"),
            func.count(case((award.c.amount > NOTHING, 1))).label("valued"),
            func.max(award.c.date).label("last"),
            func.count(case((award.c.date > recent, 1))).label("recent"),
            func.count(case(((award.c.date > before) & (award.c.date <= recent), 1))).label("before"),
            func.max(cast(award.c.date, Text).concat(award.c.address)).label("address"),
        )
        .select_from(
            given.join(award, award.c.id == given.c.award_id).join(supplier, supplier.c.id == award.c.supplier_id)
        )
        .where(given.c.area == area, award.c.same_as.is_(None), awards.bought())
        .group_by(company, award.c.buyer)
    )
    bodies: dict[str, str] = {}
    found: dict[UUID, _Company] = defaultdict(_Company)
    for id, buyer, wins, value, valued, last, late, early, dated in rows:
        one = found[id]
        one.wins += wins
        one.valued += valued
        one.value += value or 0
        one.last = max(one.last, min(last, today))  # a decision in the future is an error in writing
        one.recent += late
        one.before += early
        one.dated_address = max(one.dated_address, dated or "")
        if buyer:
            one.buyers[bodies.get(buyer) or bodies.setdefault(buyer, body(buyer))] += wins
    return dict(found)


def _company_of() -> ColumnElement[UUID]:
    """The company that a supplier is."""
    supplier = table(Supplier)
    return func.coalesce(supplier.c.company_id, supplier.c.id)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def _named(session: Session, ids: Iterable[UUID]) -> dict[UUID, _Named]:
    supplier = table(Supplier)
    found: dict[UUID, _Named] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(
                supplier.c.id,
                supplier.c.name,
                supplier.c.name_en,
                supplier.c.number,
                supplier.c.prefecture,
                supplier.c.abroad,
            ).where(supplier.c.id.in_(some))
        )
        found.update((row[0], _Named(*row[1:])) for row in rows)
    return found


def _all_wins(session: Session, companies: Sequence[UUID]) -> dict[UUID, int]:
    """The wins of companies, whatever the area."""
    award = table(Award)
    of = _suppliers(session, companies)
    found = dict.fromkeys(companies, 0)
    for some in batches(of, IN_LIMIT):
        for id, wins in session.connection().execute(
            select(award.c.supplier_id, func.count())
            .where(award.c.supplier_id.in_(some), award.c.same_as.is_(None), awards.bought())
            .group_by(award.c.supplier_id)
        ):
            found[of[id]] += wins
    return found


def _suppliers(session: Session, companies: Iterable[UUID]) -> dict[UUID, UUID]:
    """The suppliers that are these companies, each with the company that it is."""
    supplier = table(Supplier)
    found: dict[UUID, UUID] = {}
    for some in batches(companies, IN_LIMIT):
        found.update((id, id) for id in some)
        rows = session.connection().execute(
            select(supplier.c.id, supplier.c.company_id).where(supplier.c.company_id.in_(some))
        )
        found.update((row.id, row.company_id) for row in rows)
    return found


def _parts(one: _Company, about: _Named, wanted: Wanted, weights: Mapping[Part, int], *, today: date) -> list[Points]:
    """The points of all parts but the focus."""
    age = (today - one.last) - FRESH
    value = log10(one.value / SMALL_VALUE) / log10(LARGE_VALUE / SMALL_VALUE) if one.value > SMALL_VALUE else 0.0
    shares = {
        Part.WINS: log1p(one.wins) / log1p(MANY_WINS),
        Part.RECENCY: 1 - age / (STALE - FRESH),
        Part.BUYERS: log1p(len(one.buyers)) / log1p(MANY_BUYERS),
        Part.VALUE: value,
    }
    if wanted.fits:
        shares[Part.FIT] = _fit(one, about, wanted)
    return [_points(part, share, weights) for part, share in shares.items()]


def _focus(wins: int, all_wins: int, weights: Mapping[Part, int]) -> Points:
    return _points(Part.FOCUS, wins / (all_wins + IMAGINED_ELSEWHERE), weights)


def _fit(one: _Company, about: _Named, wanted: Wanted) -> float:
    """The mean of what is asked for: wins from the buyer, and the seat; of a seat that is not known nothing is said."""
    asked = []
    if wanted.buyer:
        piece = fold(wanted.buyer)
        wins = sum(count for buyer, count in one.buyers.items() if piece in fold(buyer))
        asked.append(min(1.0, log1p(wins) / log1p(MANY_FROM_BUYER)))
    if wanted.prefecture:
        asked.append(float(_seat(about, one.address).prefecture == wanted.prefecture))
    return sum(asked) / len(asked)


def _points(part: Part, share: float, weights: Mapping[Part, int]) -> Points:
    of = weights[part]
    return Points(part, round(of * min(1.0, max(0.0, share))), of)


def _weights(wanted: Wanted) -> Mapping[Part, int]:
    """The points of each part: where a fit is asked for, it takes its share of the others'."""
    if not wanted.fits:
        return WEIGHTS
    return {part: of * (100 - FIT_WEIGHT) // 100 for part, of in WEIGHTS.items()} | {Part.FIT: FIT_WEIGHT}


def _seat(about: _Named, address: str | None) -> Seat:
    if about.prefecture:
        return Seat(prefecture=about.prefecture, said_by=SeatFrom.REGISTER, abroad=about.abroad)
    written = fold(address or "")
    stated = next((name for name in PREFECTURES_EN if name in written[:20]), None)
    return Seat(prefecture=stated, said_by=SeatFrom.AWARD if stated else None, abroad=about.abroad)


def _trend(recent: int, before: int, begins: date | None, today: date) -> Trend:
    if begins is None or begins > _years_before(today, 2 * TREND_YEARS):
        return Trend.TOO_SHORT
    if recent + before < TREND_WINS:
        return Trend.TOO_FEW
    if recent >= before * TREND_RATIO:
        return Trend.RISING
    return Trend.FALLING if before >= recent * TREND_RATIO else Trend.STEADY


def _most(counts: Mapping[str, int]) -> tuple[Counted, ...]:
    return tuple(Counted(name, wins) for name, wins in sorted(counts.items(), key=lambda one: (-one[1], one[0])))


# Similar companies --------------------------------------------------------------------------------------


Cell = TypeVar("Cell")


class _Likeness(Generic[Cell]):
    """How much alike companies are: the cosine between their wins in each cell, a buyer or a buyer in an area."""

    def __init__(self, cells: Mapping[UUID, Mapping[Cell, int]], named: Mapping[UUID, _Named]) -> None:
        self._named = named
        self._ids = [id for id, own in cells.items() if sum(own.values()) >= SIMILAR_WINS]
        self._cells = [cells[id] for id in self._ids]
        self._number = {id: number for number, id in enumerate(self._ids)}
        self._length = [sqrt(sum(wins * wins for wins in own.values())) for own in self._cells]
        self._at: dict[Cell, list[tuple[int, int]]] = defaultdict(list)
        for number, own in enumerate(self._cells):
            for cell, wins in own.items():
                self._at[cell].append((number, wins))

    def to(self, id: UUID) -> tuple[Similar, ...]:
        """The companies that are most like this one, with at least LIKE_ENOUGH."""
        own = self._number.get(id)
        if own is None:
            return ()
        products = [0] * len(self._ids)
        for cell, wins in self._cells[own].items():
            for other, theirs in self._at[cell]:
                products[other] += wins * theirs
        products[own] = 0
        alike = [
            (other, likeness)
            for other, product in enumerate(products)
            if product and (likeness := round(product / (self._length[own] * self._length[other]), 2)) >= LIKE_ENOUGH
        ]
        found = [
            Similar(self._ids[other], self._named[self._ids[other]].name, likeness, sum(self._cells[other].values()))
            for other, likeness in alike
        ]
        return tuple(nsmallest(SIMILAR_SHOWN, found, key=lambda one: (-one.likeness, -one.wins, one.name)))


# Open tenders that fit ----------------------------------------------------------------------------------


class _Won(NamedTuple):
    """What a company won, as far as a tender is held against it."""

    title: str
    buyer: str | None
    series: str | None
    date: date


def _won(
    session: Session, companies: Sequence[UUID], *, area: str | None = None, newest: int
) -> dict[UUID, list[_Won]]:
    """The newest awards of companies, in an area or in all."""
    award = table(Award)
    of = _suppliers(session, companies)
    found: dict[UUID, list[_Won]] = {}
    for some in batches(of, IN_LIMIT):
        place = func.row_number().over(
            partition_by=award.c.supplier_id, order_by=(award.c.date.desc(), award.c.title, award.c.id)
        )
        query = select(
            award.c.supplier_id, award.c.title, award.c.buyer, award.c.series, award.c.date, place.label("place")
        ).where(award.c.supplier_id.in_(some), award.c.same_as.is_(None), awards.bought())
        if area is not None:
            given = awards.areas().subquery("given")
            query = query.join(given, (given.c.award_id == award.c.id) & (given.c.area == area))
        ranked = query.subquery()
        for id, *about in session.connection().execute(
            select(ranked.c.supplier_id, ranked.c.title, ranked.c.buyer, ranked.c.series, ranked.c.date).where(
                ranked.c.place <= newest
            )
        ):
            found.setdefault(of[id], []).append(_Won(*about))
    for won in found.values():
        won.sort(key=lambda one: (-one.date.toordinal(), one.title))
        del won[newest:]
    return found


class _Tender(NamedTuple):
    """An open tender, as far as it is held against what was won."""

    id: UUID
    title: str
    title_en: str | None
    buyer: str | None
    deadline: datetime
    series: str | None


def _open_tenders(session: Session, areas: Sequence[str], *, now: datetime) -> list[_Tender]:
    """Calls of these areas that are open, those that close first."""
    tender, given = table(Tender), table(TenderArea)
    listed = select(given.c.tender_id).where(given.c.area.in_(areas)).distinct().subquery()
    rows = session.connection().execute(
        select(
            tender.c.id,
            tender.c.title,
            tender.c.title_en,
            tender.c.buyer,
            tender.c.deadline,
            tender.c.series,
        )
        .join(listed, listed.c.tender_id == tender.c.id)
        .where(tender.c.deadline >= now, tender.c.kind.in_(CALLS))
        .order_by(tender.c.deadline, tender.c.id)
        .limit(MOST_OPEN)
    )
    return [_Tender(*row) for row in rows]


class _Open:
    """Open tenders, found again by series, by buyer and by pairs of characters of their titles."""

    def __init__(self, tenders: Sequence[_Tender]) -> None:
        self._tenders = tenders
        self._series: dict[str, list[int]] = defaultdict(list)
        self._buyer: dict[str, list[int]] = defaultdict(list)
        self._pairs: dict[str, list[int]] = defaultdict(list)
        self._sizes: list[int] = []
        self._authorities: dict[str, str] = {}
        for number, one in enumerate(tenders):
            if one.series:
                self._series[one.series].append(number)
            if one.buyer:
                self._buyer[self._authority(one.buyer)].append(number)
            pairs = _pairs(one.title)
            self._sizes.append(len(pairs))
            for pair in pairs:
                self._pairs[pair].append(number)

    def fitting(self, won: Sequence[_Won]) -> tuple[Fitting, ...]:
        """The tenders that fit what was won, the strongest reason first, then the deadline."""
        why: dict[int, dict[Why, _Won]] = defaultdict(dict)
        if not self._tenders:
            return ()
        for one in won:
            for number in self._series.get(one.series or "", ()):
                why[number].setdefault(Why.SERIES, one)
            for number in self._like(one.title):
                why[number].setdefault(Why.TITLE, one)
        for name in {self._authority(one.buyer) for one in won if one.buyer}:
            for number in self._buyer.get(name, ()):
                why[number].setdefault(Why.BUYER, won[0])
        ranked = sorted(why, key=lambda number: (min(map([*Why].index, why[number])), number))
        return tuple(self._fitting(self._tenders[number], why[number]) for number in ranked[:FITTING_SHOWN])

    def _fitting(self, tender: _Tender, why: Mapping[Why, _Won]) -> Fitting:
        reasons = tuple(reason for reason in Why if reason in why and not (reason is Why.TITLE and Why.SERIES in why))
        like = why.get(Why.SERIES) or why.get(Why.TITLE)
        return Fitting(
            tender.id,
            tender.title,
            tender.title_en,
            tender.buyer,
            tender.deadline,
            reasons,
            like.title if like else None,
            like.date if like else None,
        )

    def _like(self, title: str) -> Iterable[int]:
        pairs = _pairs(title)
        shared = Counter(chain.from_iterable(self._pairs.get(pair, ()) for pair in pairs))
        return (
            number
            for number, count in shared.items()
            if 2 * count >= TITLE_LIKENESS * (len(pairs) + self._sizes[number])
        )

    def _authority(self, buyer: str) -> str:
        known = self._authorities.get(buyer)
        if known is None:
            known = self._authorities[buyer] = authority(buyer)
        return known


def _pairs(title: str) -> frozenset[str]:
    """The pairs of characters of what a title is about."""
    about = service(title)
    return frozenset(about[at : at + 2] for at in range(len(about) - 1))


# One company --------------------------------------------------------------------------------------------

CELLS = 12
"""Of a company, the buyers in areas by which similar ones are looked for: those where it wins most."""
SIMILAR_TRIED = 40
"""Companies that win most in these cells, whose other wins are then counted, too."""
LAST_AWARDS = 30
MOST_COUNTED = 15


@dataclass(frozen=True, slots=True)
class Won:
    """An award as the page of a company lists it."""

    date: date
    title: str
    buyer: str | None
    method: str | None
    amount: Decimal | None
    source: str
    tender_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company and what it won. ``names`` are all spellings; ``years`` are fiscal years, newest first."""

    id: UUID
    name: str
    name_en: str | None
    number: str | None
    names: tuple[str, ...]
    seat: Seat
    city: str | None
    looked_up_at: datetime | None
    wins: int
    value: Decimal | None
    valued: int
    first: date | None
    last: date | None
    years: tuple[Counted, ...]
    buyers: tuple[Counted, ...]
    methods: tuple[Counted, ...]
    areas: tuple[Counted, ...]
    """By slug."""
    awards: tuple[Won, ...]
    similar: tuple[Similar, ...]
    fitting: tuple[Fitting, ...]


def company_id(session: Session, supplier_id: UUID) -> UUID | None:
    """The company that a supplier is; None where there is none, or it may be a person."""
    row = session.get(Supplier, supplier_id)
    if row is None or (row.company_id is None and not is_shown(row.name, row.number)):
        return None
    return row.company_id or row.id


def company(session: Session, id: UUID, *, now: datetime) -> Company | None:
    """A company by the id that ``company_id`` gives; None where there is none."""
    own = session.get(Supplier, id)
    if own is None or company_id(session, id) != id:
        return None
    supplier, award, given = table(Supplier), table(Award), awards.areas().subquery("given")
    suppliers = list(_suppliers(session, [id]))
    spellings = session.connection().execute(select(supplier.c.names).where(supplier.c.id.in_(suppliers))).scalars()
    names = sorted({name for some in spellings for name in some} | {own.name})
    counts = [award.c.supplier_id.in_(suppliers), award.c.same_as.is_(None), awards.bought()]
    facts = [
        _Fact(*row)
        for row in session.connection().execute(
            select(award.c.date, award.c.amount, award.c.buyer, award.c.method, award.c.address)
            .where(*counts)
            .order_by(award.c.date)
        )
    ]
    newest = session.connection().execute(
        select(
            award.c.date,
            award.c.title,
            award.c.buyer,
            award.c.method,
            award.c.amount,
            award.c.source,
            award.c.tender_id,
        )
        .where(*counts)
        .order_by(award.c.date.desc(), award.c.title, award.c.id)
        .limit(LAST_AWARDS)
    )
    cells = {
        (row.area, row.buyer): row.wins
        for row in session.connection().execute(
            select(given.c.area, award.c.buyer, func.count().label("wins"))
            .join(given, given.c.award_id == award.c.id)
            .where(*counts)
            .group_by(given.c.area, award.c.buyer)
        )
    }
    areas: Counter[str] = Counter()
    for (area, _), wins in cells.items():
        areas[area] += wins
    prices = [fact.amount for fact in facts if fact.amount is not None and fact.amount > 0]
    about = _Named(own.name, own.name_en, own.number, own.prefecture, own.abroad)
    address = next((row.address for row in reversed(facts) if row.address), None)
    won = _won(session, [id], newest=5 * TITLES_COMPARED).get(id, [])
    return Company(
        id=id,
        name=own.name,
        name_en=own.name_en,
        number=own.number,
        names=tuple(names),
        seat=_seat(about, address),
        city=own.city,
        looked_up_at=own.looked_up_at,
        wins=len(facts),
        value=sum(prices, Decimal(0)) if prices else None,
        valued=len(prices),
        first=facts[0].date if facts else None,
        last=facts[-1].date if facts else None,
        years=tuple(
            sorted(_summed(facts, lambda fact: str(fiscal_year_of(fact.date))), key=lambda one: one.name)[::-1]
        ),
        buyers=_summed(facts, lambda fact: fact.buyer and body(fact.buyer))[:MOST_COUNTED],
        methods=_summed(facts, lambda fact: fact.method)[:MOST_COUNTED],
        areas=_most(areas),
        awards=tuple(Won(*row) for row in newest),
        similar=_similar(session, id, cells),
        fitting=_Open(_open_tenders(session, list(areas), now=now)).fitting(won) if areas else (),
    )


class _Fact(NamedTuple):
    """An award of a company, as far as it is counted."""

    date: date
    amount: Decimal | None
    buyer: str | None
    method: str | None
    address: str | None


def _summed(facts: Iterable[_Fact], name: Callable[[_Fact], str | None]) -> tuple[Counted, ...]:
    """Wins and value by a name, most wins first; what has none is left out."""
    wins: Counter[str] = Counter()
    value: dict[str, Decimal] = {}
    for fact in facts:
        if (called := name(fact)) is None:
            continue
        wins[called] += 1
        if fact.amount is not None and fact.amount > 0:
            value[called] = value.get(called, Decimal(0)) + fact.amount
    return tuple(Counted(one.name, one.wins, value.get(one.name)) for one in _most(wins))


_AtBuyer = tuple[str, str | None]
"""An area and a buyer."""


def _similar(session: Session, id: UUID, cells: Mapping[_AtBuyer, int]) -> tuple[Similar, ...]:
    """Companies that win from the same buyers in the same areas as this one."""
    if sum(cells.values()) < SIMILAR_WINS:
        return ()
    award, supplier, given = table(Award), table(Supplier), awards.areas().subquery("given")
    joined = given.join(award, award.c.id == given.c.award_id).join(supplier, supplier.c.id == award.c.supplier_id)
    most = sorted(cells, key=lambda cell: (-cells[cell], cell[0], cell[1] or ""))[:CELLS]
    shared: Counter[UUID] = Counter()
    for area in sorted({area for area, _ in most}):
        buyers = [buyer for at, buyer in most if at == area]
        for company, buyer, wins in session.connection().execute(
            select(_company_of(), award.c.buyer, func.count())
            .select_from(joined)
            .where(given.c.area == area, award.c.buyer.in_(buyers), award.c.same_as.is_(None), awards.bought())
            .group_by(_company_of(), award.c.buyer)
        ):
            shared[company] += wins * cells[area, buyer]
    shared.pop(id, None)
    tried = sorted(shared, key=lambda other: (-shared[other], other))[:SIMILAR_TRIED]
    of = _suppliers(session, tried)
    theirs: dict[UUID, Counter[_AtBuyer]] = {other: Counter() for other in tried} | {id: Counter(cells)}
    for row in session.connection().execute(
        select(award.c.supplier_id, given.c.area, award.c.buyer, func.count().label("wins"))
        .join(given, given.c.award_id == award.c.id)
        .where(award.c.supplier_id.in_(of), award.c.same_as.is_(None), awards.bought())
        .group_by(award.c.supplier_id, given.c.area, award.c.buyer)
    ):
        theirs[of[row.supplier_id]][row.area, row.buyer] += row.wins
    named = _named(session, theirs)
    seen = {other: own for other, own in theirs.items() if is_shown(named[other].name, named[other].number)}
    return _Likeness(seen, named).to(id)
