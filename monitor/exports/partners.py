"""What programs are told of partners and renewals: the same lines from the commands and from the site."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from db import partners, renewals
from db.vocabulary.japanese import tokyo_iso
from monitor.exports.lines import number

Yen = int | float | None


@dataclass(frozen=True, slots=True)
class PointsLine:
    part: str
    points: int
    of: int


@dataclass(frozen=True, slots=True)
class BuyerLine:
    buyer: str
    wins: int


@dataclass(frozen=True, slots=True)
class SimilarLine:
    id: str
    name: str
    likeness: float
    wins: int


@dataclass(frozen=True, slots=True)
class FittingLine:
    """An open tender; ``earlier`` is what the company won that it resembles, on ``won_on``."""

    id: str
    title: str
    title_en: str | None
    buyer: str | None
    deadline: str
    why: list[str]
    earlier: str | None
    won_on: str | None


@dataclass(frozen=True, slots=True)
class PartnerLine:
    """A company. ``prefecture_from`` is ``register`` or ``award``; ``few``: so few wins that the score says little."""

    id: str
    name: str
    name_en: str | None
    corporate_number: str | None
    prefecture: str | None
    prefecture_from: str | None
    abroad: bool | None
    wins: int
    value_jpy: Yen
    priced_wins: int
    buyers: int
    top_buyers: list[BuyerLine]
    last_win: str
    wins_last_two_years: int
    wins_two_years_before: int
    trend: str
    wins_in_all_areas: int
    score: int
    parts: list[PointsLine]
    few: bool
    similar: list[SimilarLine]
    open_tenders: list[FittingLine]


@dataclass(frozen=True, slots=True)
class PartnersLine:
    """``unnamed`` suppliers have no corporate number and may be persons: they are counted and not shown."""

    area: str
    buyer: str | None
    prefecture: str | None
    companies: int
    unnamed: int
    unnamed_wins: int
    record_begins: str | None
    partners: list[PartnerLine]


@dataclass(frozen=True, slots=True)
class WinnerLine:
    """``name`` and ``company`` are null for a supplier that may be a person."""

    name: str | None
    company: str | None
    amount_jpy: Yen


@dataclass(frozen=True, slots=True)
class SeenLine:
    kind: str
    day: str
    title: str
    tender: str | None
    winners: list[WinnerLine]


@dataclass(frozen=True, slots=True)
class RenewalLine:
    """A service whose next call is expected between two days; ``evidence`` newest first."""

    series: str
    title: str
    buyer: str
    prefecture: str | None
    areas: list[str]
    expected_from: str
    expected_to: str
    every_years: int
    rounds: int
    confidence: str
    why: list[str]
    evidence: list[SeenLine]


def as_partners(wanted: partners.Wanted, found: partners.Partners) -> PartnersLine:
    return PartnersLine(
        area=wanted.area,
        buyer=wanted.buyer or None,
        prefecture=wanted.prefecture or None,
        companies=found.companies,
        unnamed=found.unnamed,
        unnamed_wins=found.unnamed_wins,
        record_begins=_day(found.record_begins),
        partners=[_partner(one) for one in found.found],
    )


def _partner(one: partners.Partner) -> PartnerLine:
    return PartnerLine(
        id=str(one.id),
        name=one.name,
        name_en=one.name_en,
        corporate_number=one.number,
        prefecture=one.seat.prefecture,
        prefecture_from=one.seat.said_by,
        abroad=one.seat.abroad,
        wins=one.wins,
        value_jpy=_yen(one.value),
        priced_wins=one.valued,
        buyers=one.buyers,
        top_buyers=[BuyerLine(buyer.name, buyer.wins) for buyer in one.top_buyers],
        last_win=one.last.isoformat(),
        wins_last_two_years=one.recent,
        wins_two_years_before=one.before,
        trend=one.trend,
        wins_in_all_areas=one.all_wins,
        score=one.score,
        parts=[PointsLine(part.part, part.points, part.of) for part in one.parts],
        few=one.few,
        similar=[SimilarLine(str(like.id), like.name, like.likeness, like.wins) for like in one.similar],
        open_tenders=[_fitting(fitting) for fitting in one.fitting],
    )


def _fitting(one: partners.Fitting) -> FittingLine:
    return FittingLine(
        id=str(one.tender_id),
        title=one.title,
        title_en=one.title_en,
        buyer=one.buyer,
        deadline=tokyo_iso(one.deadline),
        why=[*one.why],
        earlier=one.earlier,
        won_on=_day(one.won_on),
    )


def as_renewal(one: renewals.Renewal) -> RenewalLine:
    return RenewalLine(
        series=one.series,
        title=one.title,
        buyer=one.buyer,
        prefecture=one.prefecture,
        areas=[*one.areas],
        expected_from=one.forecast.first.isoformat(),
        expected_to=one.forecast.last.isoformat(),
        every_years=one.forecast.every,
        rounds=one.forecast.rounds,
        confidence=one.forecast.confidence,
        why=[str(why) for why in one.forecast.why],
        evidence=[
            SeenLine(
                kind=seen.sign,
                day=seen.day.isoformat(),
                title=seen.title,
                tender=str(seen.tender_id) if seen.tender_id else None,
                winners=[
                    WinnerLine(won.name, str(won.company) if won.company else None, _yen(won.amount))
                    for won in seen.winners
                ],
            )
            for seen in one.evidence
        ],
    )


def _yen(amount: Decimal | None) -> Yen:
    return None if amount is None else number(amount)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
