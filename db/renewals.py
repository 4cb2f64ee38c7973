"""Services that come every year, or every few years: when the next call is likely, and by which evidence.

The calls and awards of one series (``db.vocabulary.series``) are gathered into rounds. Where the rounds are whole
years apart, the next one is expected as many years after the last, within the days of the year on which the earlier
ones came. An award says less than a call: the call has been about ``NOTICE`` earlier. What came once only, what is as
irregular as need is, construction, and titles that many offices of a ministry use alike are left out.

The database gives one row for each series that may come back; only what is shown is looked at closely.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from itertools import pairwise
from math import gcd
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlmodel import Session

from db.award import Award, AwardArea, Supplier
from db.bulk import IN_LIMIT, batches, table
from db.composing import CALLS
from db.derived import Step
from db.engine import Database
from db.partners import is_shown
from db.tender import Tender, TenderArea
from db.vocabulary.messages import N_, Saying
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.series import REVISION, series, service
from db.vocabulary.text import fold

YEAR = 365.25
NOTICE = timedelta(days=50)
"""From call to decision: half of 89 calls of one ministry whose awards are known took at most 48 days, nine of ten
between 30 and 80."""
ONE_ROUND = timedelta(days=120)
"""A call, its repetition and its award come within so many days of each other."""
SLACK = 75
"""Days by which rounds may be more or less than whole years apart: a budget that is late, a call that is repeated."""
AWARD_SLACK = 100
"""The same where the day of a call has to be reckoned from that of an award."""
LONGEST_RHYTHM = 5
"""Years; contracts of the state over several years last five at most (財政法 article 14-2, 国庫債務負担行為)."""
CALL_MARGIN, AWARD_MARGIN = timedelta(days=14), timedelta(days=30)
"""Before the earliest and after the latest day that is expected by calls and by awards."""
OVERDUE = timedelta(days=60)
"""So long after its window a call is still waited for; then the service is taken to have ended."""
CROWDED, COMMON = 2, 3
"""Above so many calls (or awards) a round, they may be of several offices; above the second, they are."""
BYGONE = timedelta(days=round(100 * YEAR))
MOST_EVIDENCE = 12
"""Calls and awards shown of one series, the newest."""


class Sign(StrEnum):
    """What tells of a round."""

    CALL = "call"
    AWARD = "award"


class Confidence(StrEnum):
    """How much speaks for the next call."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


CONFIDENCES = {
    Confidence.HIGH: N_("likely"),
    Confidence.MEDIUM: N_("possible"),
    Confidence.LOW: N_("a guess"),
}
"""How a confidence is put into words."""


class Seen(NamedTuple):
    """A call or an award, as far as the reckoning needs it. ``place`` tells the offices of one ministry apart."""

    day: date
    sign: Sign
    place: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the next call is likely: from ``first`` to ``last``. ``every`` is in years."""

    first: date
    last: date
    every: int
    rounds: int
    confidence: Confidence
    why: tuple[Saying, ...]
    place: str | None
    """Of which calls it was reckoned; None where places were not told apart."""


@dataclass(frozen=True, slots=True)
class Winner:
    """Who won, as the award states it, None: it may be a person; ``company`` is where more of it can be seen."""

    name: str | None
    amount: Decimal | None
    company: UUID | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """An earlier call or award of the series. ``day``: when it was published, or decided."""

    sign: Sign
    day: date
    title: str
    tender_id: UUID | None
    winners: tuple[Winner, ...]


@dataclass(frozen=True, slots=True)
class Renewal:
    """A service whose next call is expected; the evidence newest first."""

    series: str
    title: str
    buyer: str
    prefecture: str | None
    forecast: Forecast
    evidence: tuple[Evidence, ...]
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the service of a tender: who won it before, and when it is called for next."""

    evidence: tuple[Evidence, ...]
    forecast: Forecast | None


# Keeping ------------------------------------------------------------------------------------------------

BATCH = 5_000
"""Rows whose series is written in one transaction."""


def make_series(database: Database) -> None:
    """Give every tender and award its series. What has it already is not written again."""
    for model in (Tender, Award):
        after: UUID | None = None
        while (after := database.write(partial(_fill, model=model, after=after))) is not None:
            pass


def _fill(session: Session, model: type[Tender | Award], after: UUID | None) -> UUID | None:
    """Give a batch of rows their series; returns the last of their ids, None where there was none."""
    owner = table(model)
    query = select(owner.c.id, owner.c.buyer, owner.c.title, owner.c.series).order_by(owner.c.id).limit(BATCH)
    if after is not None:
        query = query.where(owner.c.id > after)
    found = session.connection().execute(query).all()
    changes = [
        {"b_id": row.id, "b_series": now} for row in found if (now := series(row.buyer, row.title)) != row.series
    ]
    if changes:
        session.connection().execute(
            owner.update().where(owner.c.id == bindparam("b_id")).values(series=bindparam("b_series")), changes
        )
    return found[-1].id if found else None


STEP = Step("series", REVISION, make_series)

# Reckoning ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Round:
    day: date
    """Of the first call; reckoned from the first award where no call is known."""
    calls: int = 0
    awards: int = 0

    @property
    def called(self) -> bool:
        return self.calls > 0


def forecasts(seen: Sequence[Seen], *, today: date) -> list[Forecast]:
    """The next calls of a series of which this was seen: one for each place where calls come back.

    There is none for one round only, rounds that are not whole years apart, a title that many use, or a service that
    was not called for again when its time had come.
    """
    return [one for place, some in _by_place(seen) if (one := _forecast(some, place, today)) is not None]


def _by_place(seen: Sequence[Seen]) -> Iterator[tuple[str | None, list[Seen]]]:
    """Calls by their place. Where there is but one, what has no place (awards have none) belongs to it."""
    places = sorted({one.place for one in seen if one.place})
    if len(places) < 2:
        yield None, list(seen)
        return
    for place in ("", *places):
        yield place, [one for one in seen if one.place == place]


def _forecast(seen: Sequence[Seen], place: str | None, today: date) -> Forecast | None:
    # A day that is further ahead, or of another century, is an error in writing.
    rounds = _rounds([one for one in seen if today - BYGONE < one.day < today + ONE_ROUND])
    if len(rounds) < 2:
        return None
    gaps = [
        _whole_years((after.day - before.day).days, exact=before.called and after.called)
        for before, after in pairwise(rounds)
    ]
    if 0 in gaps:
        return None
    every = gcd(*gaps)
    # Gaps of two and three years are no rhythm of one year: nothing ever came after one.
    if every not in gaps or every > LONGEST_RHYTHM:
        return None
    busiest = max(max(one.calls, one.awards) for one in rounds)
    if busiest > COMMON:
        return None
    newest = rounds[-1].day
    expected = [(one, _later(one.day, every + round((newest - one.day).days / YEAR))) for one in rounds]
    first = min(day - _margin(one) for one, day in expected)
    last = max(day + _margin(one) for one, day in expected)
    if last + OVERDUE < today:
        return None
    confidence, why = _confidence(rounds, gaps, every, busiest, spread=last - first)
    if last < today:
        why = (*why, Saying(N_("its usual time has passed")))
    return Forecast(first, last, every, len(rounds), confidence, why, place)


def _rounds(seen: Sequence[Seen]) -> list[_Round]:
    """What was seen, gathered into rounds, oldest first."""
    dated = sorted((one.day if one.sign is Sign.CALL else one.day - NOTICE, one.sign) for one in seen)
    rounds: list[_Round] = []
    began = date.min
    for day, sign in dated:
        if not rounds or day - began > ONE_ROUND:
            rounds.append(_Round(day))
            began = day
        one = rounds[-1]
        if sign is Sign.CALL:
            one.day = day if not one.calls else one.day
            one.calls += 1
        else:
            one.awards += 1
    return rounds


def _whole_years(days: int, *, exact: bool) -> int:
    """How many whole years a gap is; 0 where it is none."""
    years = round(days / YEAR)
    return years if abs(days - years * YEAR) <= (SLACK if exact else AWARD_SLACK) else 0


def _margin(one: _Round) -> timedelta:
    return CALL_MARGIN if one.called else AWARD_MARGIN


def _later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _confidence(
    rounds: Sequence[_Round], gaps: Sequence[int], every: int, busiest: int, *, spread: timedelta
) -> tuple[Confidence, tuple[Saying, ...]]:
    calls = sum(one.called for one in rounds)
    why = [Saying(N_("rounds seen: {rounds}; years between them: {years}"), _values(rounds=len(rounds), years=every))]
    weak = False
    if not calls:
        weak = True
        why.append(
            Saying(N_("only awards are known; calls come about {days} days before"), _values(days=NOTICE.days))
        )
    elif calls < len(rounds):
        why.append(Saying(N_("of some rounds only the award is known")))
    if busiest > CROWDED:
        weak = True
        why.append(Saying(N_("several contracts of this name in one year: they may be of several offices")))
    if any(gap != every for gap in gaps):
        why.append(Saying(N_("a round in between is missing")))
    if every > 1 and len(rounds) < 3:
        weak = True
        why.append(Saying(N_("two rounds are few for a rhythm of several years")))
    if weak:
        return Confidence.LOW, tuple(why)
    regular = len(rounds) > 2 and calls > 1 and set(gaps) == {every} and spread <= ONE_ROUND
    return Confidence.HIGH if regular else Confidence.MEDIUM, tuple(why)


def _values(**numbers: int) -> dict[str, str | Saying]:
    return {name: str(number) for name, number in numbers.items()}


_ASIDE_AT_END = re.compile(r"(?:[(\[【][^)\]】]*[)\]】]|その[0-9]+|第[0-9]+(?:[-の][0-9]+)*[号工区]+)+$")


def is_works(title: str) -> bool:
    """Whether a title is that of construction: built once. Its design, supervision and upkeep are services."""
    return _ASIDE_AT_END.sub("", service(title)).endswith("工事")


# Finding ------------------------------------------------------------------------------------------------


def renewals(
    session: Session,
    *,
    today: date,
    within: int,
    area: str | None = None,
    buyer: str | None = None,
    limit: int,
) -> tuple[list[Renewal], bool]:
    """Services whose next call may be published within so many days, the next first; and whether there are more."""
    horizon = today + timedelta(days=within)
    due = sorted(
        (expected.first, expected.last, name, expected.place or "")
        for name, seen in _candidates(session, area, today=today, horizon=horizon)
        for expected in forecasts(seen, today=today)
        if expected.first <= horizon
    )
    wanted = fold(buyer) if buyer else ""
    found: list[Renewal] = []
    # A few more than are shown: some turn out to be construction or of another buyer.
    for some in batches(due, min(limit + 20, IN_LIMIT)):
        for one in _looked_at(session, [(name, place or None) for *_, name, place in some], today=today):
            if wanted not in fold(one.buyer) or is_works(one.title):
                continue
            found.append(one)
        if len(found) > limit:
            break
    return found[:limit], len(found) > limit


def past(session: Session, tender_id: UUID, *, today: date) -> Past:
    """What is known of the service that a tender is for, without the tender itself."""
    tender = table(Tender)
    row = (
        session.connection()
        .execute(
            select(tender.c.series, tender.c.title, tender.c.prefecture, tender.c.category).where(
                tender.c.id == tender_id
            )
        )
        .first()
    )
    if row is None or row.series is None:
        return Past((), None)
    pieces = _pieces(session, [row.series]).get(row.series, [])
    places = {piece.seen.place for piece in pieces if piece.seen.place}
    own = [piece for piece in pieces if len(places) < 2 or piece.seen.place == (row.prefecture or "")]
    works = row.category == Category.WORKS or is_works(row.title)
    expected = None if works else _forecast([piece.seen for piece in own], None, today)
    earlier = tuple(piece.evidence for piece in own if piece.evidence.tender_id != tender_id)
    return Past(earlier[:MOST_EVIDENCE], expected)


def _candidates(
    session: Session, area: str | None, *, today: date, horizon: date
) -> Iterator[tuple[str, list[Seen]]]:
    """The series of which several days are known, and which may come back in time; one row of the database each."""
    tender, award = table(Tender), table(Award)
    # As the days stand in the answer: c2025-04-01東京都.
    calls = select(tender.c.series, _day().label("day"), _written(_sign(), _day(), tender.c.prefecture)).where(
        *_counting_tenders(), _in_area(TenderArea, area)
    )
    awards = select(award.c.series, award.c.date.label("day"), _written(literal("a"), award.c.date, None)).where(
        # What is linked to a tender is told of by the tender.
        award.c.series.is_not(None),
        award.c.same_as.is_(None),
        award.c.tender_id.is_(None),
        _in_area(AwardArea, area),
    )
    both = union_all(calls, awards).subquery()
    newest = func.max(both.c.day)
    # The last round is as many years before its next as the rhythm has.
    due = [
        newest.between(
            _earlier(today, years) - OVERDUE - timedelta(days=AWARD_SLACK + AWARD_MARGIN.days),
            _earlier(horizon, years) + NOTICE + timedelta(days=AWARD_SLACK + AWARD_MARGIN.days),
        )
        for years in range(1, LONGEST_RHYTHM + 1)
    ]
    rows = session.connection().execute(
        select(both.c.series, func.aggregate_strings(both.c.seen, ","))
        .group_by(both.c.series)
        .having(and_(func.min(both.c.day) < newest, or_(*due)))
    )
    for name, written in rows:
        yield name, [_seen(one) for one in written.split(",")]


def _earlier(day: date, years: int) -> date:
    return day - timedelta(days=round(years * YEAR))


def _counting_tenders() -> list[ColumnElement[bool]]:
    tender = table(Tender)
    return [
        tender.c.series.is_not(None),
        tender.c.kind.in_([*CALLS, NoticeKind.AWARD]),
        tender.c.category.is_(None) | (tender.c.category != Category.WORKS),
    ]


def _called() -> ColumnElement[bool]:
    """Whether a tender was published as a call: a result may be all that is known of it."""
    tender = table(Tender)
    return (tender.c.kind != NoticeKind.AWARD) | (tender.c.awarded > tender.c.published)


def _sign() -> ColumnElement[str]:
    return case((_called(), literal(Sign.CALL[0])), else_=literal(Sign.AWARD[0]))


def _day() -> ColumnElement[date]:
    """Of a call when it was published, of a result when it was decided: it may be published months later (GPA XVI:2)."""
    tender = table(Tender)
    return case((_called(), tender.c.published), else_=func.coalesce(tender.c.awarded, tender.c.published))


def _written(
    sign: ColumnElement[str], day: ColumnElement[date], place: ColumnElement[str] | None
) -> ColumnElement[str]:
    ends = func.coalesce(place, "") if place is not None else literal("")
    return (sign + cast(day, String) + ends).label("seen")


def _seen(written: str) -> Seen:
    sign = Sign.CALL if written[0] == "c" else Sign.AWARD
    return Seen(date.fromisoformat(written[1:11]), sign, written[11:])


def _in_area(model: type[TenderArea | AwardArea], area: str | None) -> ColumnElement[bool]:
    if area is None:
        return literal(True) == literal(True)
    given = table(model)
    of, owner = (given.c.tender_id, table(Tender)) if model is TenderArea else (given.c.award_id, table(Award))
    return exists().where(given.c.area == area, of == owner.c.id)


# Looking closely ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    seen: Seen
    evidence: Evidence
    buyer: str
    prefecture: str | None


def _looked_at(session: Session, due: Sequence[tuple[str, str | None]], *, today: date) -> Iterator[Renewal]:
    """Series at a place with their evidence and areas, in the order asked for."""
    pieces = _pieces(session, list(dict.fromkeys(name for name, _ in due)))
    areas = _areas(session, [piece.evidence.tender_id for some in pieces.values() for piece in some])
    for name, place in due:
        some = pieces.get(name, [])
        expected = next(
            (one for one in forecasts([piece.seen for piece in some], today=today) if one.place == place), None
        )
        if expected is None:
            continue
        own = [piece for piece in some if place is None or piece.seen.place == place]
        # A notice names its buyer more finely than the open data of awards.
        finest = next((piece for piece in own if piece.evidence.tender_id), own[0])
        yield Renewal(
            series=name,
            title=own[0].evidence.title,
            buyer=finest.buyer,
            prefecture=finest.prefecture,
            forecast=expected,
            evidence=tuple(piece.evidence for piece in own[:MOST_EVIDENCE]),
            areas=tuple(dict.fromkeys(area for piece in own for area in areas.get(piece.evidence.tender_id, ()))),
        )


def _pieces(session: Session, names: Sequence[str]) -> dict[str, list[_Piece]]:
    """The calls and awards of series, newest first."""
    found: dict[str, list[_Piece]] = {}
    tender, award = table(Tender), table(Award)
    for some in batches(names, IN_LIMIT):
        tenders = (
            session.connection()
            .execute(
                select(
                    tender.c.id,
                    tender.c.series,
                    tender.c.title,
                    tender.c.buyer,
                    tender.c.prefecture,
                    _day().label("day"),
                    _sign().label("sign"),
                ).where(tender.c.series.in_(some), *_counting_tenders())
            )
            .all()
        )
        won: dict[UUID, list[Winner]] = {}
        for ids in batches([row.id for row in tenders], IN_LIMIT):
            for row in session.connection().execute(_winners().where(award.c.tender_id.in_(ids))):
                won.setdefault(row.tender_id, []).append(_winner(row))
        for row in tenders:
            sign = Sign.CALL if row.sign == "c" else Sign.AWARD
            evidence = Evidence(sign, row.day, row.title, row.id, tuple(won.get(row.id, ())))
            piece = _Piece(Seen(row.day, sign, row.prefecture or ""), evidence, row.buyer or "", row.prefecture)
            found.setdefault(row.series, []).append(piece)
        for row in session.connection().execute(
            _winners().where(award.c.series.in_(some), award.c.tender_id.is_(None))
        ):
            evidence = Evidence(Sign.AWARD, row.date, row.title, None, (_winner(row),))
            found.setdefault(row.series, []).append(
                _Piece(Seen(row.date, Sign.AWARD), evidence, row.buyer or "", None)
            )
    for pieces in found.values():
        pieces.sort(key=lambda piece: (piece.evidence.day, piece.evidence.sign, piece.evidence.title), reverse=True)
    return found


def _winners() -> Select[Any]:
    award, supplier = table(Award), table(Supplier)
    return (
        select(
            award.c.tender_id,
            award.c.series,
            award.c.title,
            award.c.buyer,
            award.c.date,
            award.c.amount,
            award.c.supplier,
            supplier.c.id.label("supplier_id"),
            supplier.c.company_id,
            supplier.c.number,
        )
        .join(supplier, supplier.c.id == award.c.supplier_id)
        .where(award.c.same_as.is_(None))
        .order_by(award.c.date.desc(), award.c.supplier)
    )


def _winner(row: Row[Any]) -> Winner:
    company = row.company_id or row.supplier_id
    shown = row.company_id is not None or is_shown(row.supplier, row.number)
    return Winner(row.supplier if shown else None, row.amount, company if shown else None)


def _areas(session: Session, ids: Sequence[UUID | None]) -> dict[UUID | None, list[str]]:
    area = table(TenderArea)
    found: dict[UUID | None, list[str]] = {}
    for some in batches([id for id in ids if id], IN_LIMIT):
        for id, slug in session.connection().execute(
            select(area.c.tender_id, area.c.area)
            .where(area.c.tender_id.in_(some))
            .order_by(area.c.score.desc(), area.c.area)
        ):
            found.setdefault(id, []).append(slug)
    return found
