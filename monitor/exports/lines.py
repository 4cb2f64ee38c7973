"""Lines of JSON, one tender, award or notice a line: ``docs/commands.md`` and ``docs/files.md`` name the fields.

Programs read them: the texts of rules are in English, and nothing depends on the day on which it is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

import msgspec
from sqlmodel import Session

from alerts import wording
from db import search
from db.bulk import batches
from db.card import Card, cards
from db.vocabulary.japanese import to_tokyo, tokyo_iso
from db.vocabulary.reading import Access, AccessReason, AreaScore, FoundDate, FoundMoney, Requirement
from db.vocabulary.tender import Said, TenderSource
from monitor.exports.dictionary import Table
from monitor.exports.tables import Asked, Cell, Row
from monitor.exports.writing import Watch, ids_of, unwatched
from monitor.i18n import language
from monitor.reading.access import RULES


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    term: str
    place: str


@dataclass(frozen=True, slots=True)
class AreaLine:
    area: str
    score: float
    evidence: list[EvidenceLine]


@dataclass(frozen=True, slots=True)
class SourceLine:
    source: str
    key: str
    url: str
    kind: str
    published: str
    why: str | None
    """The rule by which the notice belongs to the tender; null for the one that began it."""


@dataclass(frozen=True, slots=True)
class DateLine:
    kind: str
    day: str
    time: str | None
    begins: str | None
    required: bool
    phrase: str
    origin: str


@dataclass(frozen=True, slots=True)
class MoneyLine:
    kind: str
    amount: int | float
    least: int | float | None
    tax: str | None
    phrase: str


@dataclass(frozen=True, slots=True)
class ReasonLine:
    rule: str
    text: str
    verdict: str
    agreements: list[str]
    phrase: str


@dataclass(frozen=True, slots=True)
class AccessLine:
    verdict: str
    gpa: str
    epa: str
    reasons: list[ReasonLine]


@dataclass(frozen=True, slots=True)
class RequirementLine:
    kind: str
    fields: list[str]
    ranks: list[str]
    phrase: str


@dataclass(frozen=True, slots=True)
class SaidLine:
    field: str
    value: str
    source: str
    origin: str
    phrase: str
    counts: bool


@dataclass(frozen=True, slots=True)
class TenderLine:
    """A line of ``export jsonl``; moments are ISO 8601 in +09:00, days YYYY-MM-DD, amounts yen."""

    id: str
    title: str
    title_en: str | None
    title_en_origin: str | None
    buyer: str | None
    buyer_en: str | None
    prefecture: str | None
    category: str | None
    kind: str
    method: str | None
    method_en: str | None
    published: str
    deadline: str | None
    """A moment, or the day alone where no time of day is known; so is the next."""
    response_deadline: str | None
    value_jpy: int | float | None
    access: AccessLine
    dates: list[DateLine]
    money: list[MoneyLine]
    requirements: list[RequirementLine]
    awarded: str | None
    said: list[SaidLine]
    areas: list[AreaLine]
    venues: list[AreaLine]
    """Areas that it only takes place at."""
    cpv: list[str]
    sources: list[SourceLine]
    first_seen_at: str
    updated_at: str


def as_line(card: Card) -> TenderLine:
    return TenderLine(
        id=str(card.id),
        title=card.title,
        title_en=card.title_en,
        title_en_origin=card.title_en_origin,
        buyer=card.buyer,
        buyer_en=card.buyer_en,
        prefecture=card.prefecture,
        category=card.category,
        kind=card.kind,
        method=card.method,
        method_en=card.method_en,
        published=card.published.isoformat(),
        deadline=until(card.deadline, card.deadline_clock),
        response_deadline=until(card.response_deadline, card.response_clock),
        value_jpy=None if card.value is None else number(card.value),
        access=access_line(card.access),
        dates=[date_line(found) for found in card.dates],
        money=[money_line(found) for found in card.money],
        requirements=[requirement_line(found) for found in card.requirements],
        awarded=card.awarded.isoformat() if card.awarded else None,
        said=[_said_line(said) for said in card.said],
        areas=[area_line(found) for found in card.areas],
        venues=[area_line(found) for found in card.venues],
        cpv=[found.code for found in card.cpv],
        sources=[_source_line(source) for source in card.sources],
        first_seen_at=tokyo_iso(card.first_seen_at),
        updated_at=tokyo_iso(card.updated_at),
    )


def until(moment: datetime | None, clock: bool) -> str | None:
    """A deadline as a moment; without ``clock`` only its day is known, and no time of day is made up."""
    if moment is None:
        return None
    return tokyo_iso(moment) if clock else to_tokyo(moment).date().isoformat()


def number(amount: Decimal) -> int | float:
    """An amount as JSON's number: prices of a unit have decimals (37.2 yen), all others are whole."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def reason_text(reason: AccessReason) -> str:
    """What a rule of market access says, in English."""
    return wording.reason_text(reason, RULES, language("en"))


def area_line(found: AreaScore) -> AreaLine:
    return AreaLine(found.area, found.score, [EvidenceLine(one.term, one.place) for one in found.evidence])


def date_line(found: FoundDate) -> DateLine:
    return DateLine(
        kind=found.kind,
        day=found.day.isoformat(),
        time=found.clock.isoformat("minutes") if found.clock else None,
        begins=found.begins.isoformat() if found.begins else None,
        required=found.required,
        phrase=found.phrase,
        origin=found.origin,
    )


def money_line(found: FoundMoney) -> MoneyLine:
    least = None if found.least is None else number(found.least)
    return MoneyLine(found.kind, number(found.amount), least, found.tax, found.phrase)


def access_line(access: Access) -> AccessLine:
    reasons = [
        ReasonLine(one.rule, reason_text(one), one.verdict, [*one.agreements], one.phrase) for one in access.reasons
    ]
    return AccessLine(access.overall, access.gpa, access.epa, reasons)


def requirement_line(found: Requirement) -> RequirementLine:
    return RequirementLine(found.kind, [*found.fields], [*found.ranks], found.phrase)


def _said_line(said: Said) -> SaidLine:
    return SaidLine(said.field, said.value, said.source, said.origin, said.phrase, said.counts)


def _source_line(source: TenderSource) -> SourceLine:
    why = source.link.rule if source.link else None
    return SourceLine(source.source, source.key, source.url, source.kind, source.published.isoformat(), why)


def write_tenders(session: Session, asked: Asked, out: BinaryIO, *, watch: Watch = unwatched) -> int:
    """Write every tender that is asked for. Returns how many."""
    encoder = msgspec.json.Encoder()
    count = 0
    for ids in batches(ids_of(session, asked.query, asked.now, asked.since), search.BATCH):
        for card in cards(session, ids):
            out.write(encoder.encode(as_line(card)) + b"\n")
            count += 1
        watch(count)
    return count


def write_rows(out: BinaryIO, table: Table, rows: Iterator[list[Row]], *, watch: Watch = unwatched) -> int:
    """Write the rows of a table with the names of its columns. Returns how many."""
    encoder = msgspec.json.Encoder()
    names = [column.name for column in table.columns]
    count = 0
    for some in rows:
        for row in some:
            out.write(encoder.encode(dict(zip(names, map(_value, row), strict=True))) + b"\n")
        count += len(some)
        watch(count)
    return count


def _value(cell: Cell) -> object:
    match cell:
        case Decimal():
            return number(cell)
        case datetime():
            return tokyo_iso(cell)
        case _:
            return cell
