"""What programs are told of statistics: the same line from the command and from the site."""

from dataclasses import dataclass

from db.statistics import Chosen, Figures, Share, Statistics, Tally
from monitor.exports.lines import number

Yen = int | float


@dataclass(frozen=True, slots=True)
class TallyLine:
    """``priced`` of the awards state a price; ``value_jpy`` is the sum of these prices."""

    awards: int
    priced: int
    value_jpy: Yen


@dataclass(frozen=True, slots=True)
class ShareLine:
    """A part of what is known, by number and by value, from 0 to 1; null where nothing is known."""

    awards: int
    of: int
    by_number: float | None
    value_jpy: Yen
    of_value_jpy: Yen
    by_value: float | None


@dataclass(frozen=True, slots=True)
class FiguresLine:
    """``procedures`` by class, ``unknown`` among them; ``seat_unknown``: of these companies no register has said."""

    total: TallyLine
    median_jpy: Yen | None
    procedures: dict[str, TallyLine]
    negotiated: ShareLine
    direct: ShareLine
    abroad: ShareLine
    seat_unknown: TallyLine


@dataclass(frozen=True, slots=True)
class RowLine:
    key: str | None
    name: str | None
    figures: FiguresLine


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """``median_ratio`` of price to planned price, of the awards that state both."""

    awards: int
    median_ratio: float | None


@dataclass(frozen=True, slots=True)
class ChosenLine:
    area: str | None
    buyer: str | None
    since: int | None
    until: int | None
    prefecture: str | None


@dataclass(frozen=True, slots=True)
class StatisticsLine:
    """``registers_answered`` false: no register was ever asked, and where companies are from is not known."""

    chosen: ChosenLine
    by: str
    figures: FiguresLine
    price_to_planned: PlannedLine
    registers_answered: bool
    rows: list[RowLine]
    unlisted: int


def as_statistics(chosen: Chosen, found: Statistics) -> StatisticsLine:
    return StatisticsLine(
        ChosenLine(chosen.area, chosen.buyer, chosen.since, chosen.until, chosen.prefecture),
        found.by.value,
        _figures(found.total),
        PlannedLine(found.planned.awards, found.planned.median),
        found.asked,
        [RowLine(row.key, row.name, _figures(row.figures)) for row in found.rows],
        found.unlisted,
    )


def _figures(figures: Figures) -> FiguresLine:
    return FiguresLine(
        _tally(figures.total),
        None if figures.median is None else number(figures.median),
        {(key.value if key else "unknown"): _tally(tally) for key, tally in figures.procedures.items()},
        _share(figures.negotiated),
        _share(figures.direct),
        _share(figures.abroad),
        _tally(figures.seat_unknown),
    )


def _tally(tally: Tally) -> TallyLine:
    return TallyLine(tally.awards, tally.priced, number(tally.value))


def _share(share: Share) -> ShareLine:
    part, known = share.part, share.known
    return ShareLine(
        part.awards, known.awards, share.by_number, number(part.value), number(known.value), share.by_value
    )
