"""What was read out of notices, as letters and feeds tell it: one short line for each thing that decides a bid.

Plain text in one language, like ``alerts.wording``; empty where there is nothing to tell. Only what is given ``now``
depends on the day: feeds leave it out, for the same cards must give the same bytes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from alerts.language import Language
from alerts.sources import SourceNames
from alerts.wording import (
    deadline_text,
    difference_text,
    euro_text,
    field_value,
    money_text,
    reason_text,
    verdict_text,
)
from db.card import Card
from db.composing import REQUESTS
from db.vocabulary.labels import DATES, MONEY, READ_FROM, VERDICTS
from db.vocabulary.messages import N_
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import (
    AccessVerdict,
    DateKind,
    EnglishOrigin,
    FoundDate,
    FoundMoney,
    MoneyKind,
    Origin,
    RequirementKind,
)
from db.vocabulary.tender import Said

MARKS: Mapping[EnglishOrigin, str] = {
    EnglishOrigin.MACHINE: N_("machine translation"),
    EnglishOrigin.GIST: N_("gist"),
}
"""The small mark beside an English title that is not the source's own; ``labels.ORIGINS`` has the full words."""
BEFORE_THE_BID = (DateKind.APPLICATION, DateKind.PROPOSAL)
"""What is due before the bid; whoever misses it need not bid."""
MOST_VALUES = 3
"""Other values of a deadline, and days of a meeting, in one line; the page has them all."""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What letters reckon with beyond the record; the household hands it in."""

    working_days_left: Callable[[datetime, datetime], int]
    """From a moment to a deadline, on the calendar of Japanese offices; negative for one that is over."""
    too_few: Callable[[int], bool]
    """Whether working days are too few for a bid from abroad."""
    access_rules: Mapping[str, str] = field(default_factory=dict)
    """The texts of the rules of market access by the rules' names, with ``{names}`` for a reason's values."""
    in_euro: Callable[[Decimal], Decimal] | None = None
    """An amount of yen in euro; None where no rate is known: amounts are then told in yen alone."""
    rate_day: date | None = None


def title_mark(card: Card, language: Language) -> str:
    """What the English title is, where it is not the source's own."""
    label = MARKS.get(card.title_en_origin) if card.title_en and card.title_en_origin else None
    return language.text(label) if label else ""


def source_name(names: SourceNames, language: Language) -> str:
    """A source as it is named within a sentence."""
    return names.name if language.code == "ja" else names.name_en


def is_result(card: Card) -> bool:
    """Whether the procurement has ended with a result: its deadlines matter no more."""
    return card.kind is NoticeKind.AWARD


def result_text(card: Card, language: Language) -> str:
    """The day of the result."""
    if not is_result(card):
        return ""
    if card.awarded is not None:
        return language.text("Result: {day}", day=language.day(card.awarded))
    published = [source.published for source in card.sources if source.kind is NoticeKind.AWARD]
    return language.text("Result published: {day}", day=language.day(max(published))) if published else ""


# --- Dates ----------------------------------------------------------------------------------------


def unknown_deadline(card: Card, language: Language) -> str:
    """What to say of a deadline that is not known; a request for information or comments asks for answers."""
    if card.kind in REQUESTS:
        return language.text("Answers by: see the notice")
    return language.text("Deadline: see the notice")


def other_deadlines(card: Card, name: str, language: Language, source_names: Mapping[str, str]) -> str:
    """What is said of a deadline otherwise than the value that counts, by whom, and which to believe.

    ``name`` is ``deadline`` or ``response_deadline``.
    """
    others = card.also_said(name)
    if not others:
        return ""
    values = dict.fromkeys(_said_by(said, language, source_names) for said in others)
    told = language.text("Also said: {value}", value=" · ".join([*values][:MOST_VALUES]))
    return f"{told} – {difference_text(card, name, language)}"


def deadline_phrase(card: Card, name: str, language: Language, source_names: Mapping[str, str]) -> str:
    """The words of a notice that a deadline was read from, and whose they are; of a source's own field nothing."""
    said = card.why(name)
    if said is None or said.origin is Origin.FIELD or not said.phrase:
        return ""
    source = source_names.get(said.source, said.source)
    return language.text("Deadline read from “{phrase}” ({source})", phrase=said.phrase, source=source)


def _said_by(said: Said, language: Language, source_names: Mapping[str, str]) -> str:
    told_by = [source_names.get(said.source, said.source)]
    if said.origin is Origin.ENGLISH:
        told_by.append(language.text(READ_FROM[said.origin]))
    return f"{field_value(said.field, said.value, language)} ({language.join(told_by)})"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that must be done before the bid, and whether it is too late for it."""

    text: str
    over: bool = False


def steps(card: Card, language: Language, *, now: datetime | None = None) -> Iterator[Step]:
    """What comes before the bid and cannot be made up for: applications, proposals, a meeting that is compulsory.

    Without ``now`` nothing is over.
    """
    if card.cancelled or is_result(card):
        return
    for kind in BEFORE_THE_BID:
        found = _first_day(card, kind)
        if found is not None and (card.deadline is None or found.moment < card.deadline):
            told = language.text("{what}: {moment}", what=language.text(DATES[kind]), moment=_moment(found, language))
            yield _step(told, now is not None and found.moment < now, language)
    yield from _meetings(card, language, now)


def _step(told: str, over: bool, language: Language) -> Step:
    return Step(language.text("{step} (over)", step=told) if over else told, over)


def _meetings(card: Card, language: Language, now: datetime | None) -> Iterator[Step]:
    """The meeting without which nobody may bid. Of several days one may be chosen, but none that is over."""
    days = {(found.day, found.clock): found for found in card.meetings if found.required}
    meetings = sorted(days.values(), key=lambda found: found.moment)
    if not meetings:
        if card.needs(RequirementKind.MEETING):
            yield Step(language.text("Explanatory meeting, taking part is required: see the notice"))
        return
    ahead = [found for found in meetings if now is None or found.moment >= now]
    told = language.text(
        "Explanatory meeting, taking part is required: {moments}",
        moments=" · ".join(_moment(found, language) for found in (ahead or meetings)[:MOST_VALUES]),
    )
    yield _step(told, not ahead, language)


def _first_day(card: Card, kind: DateKind) -> FoundDate | None:
    """The day of a kind that counts, with a time of day if anything says one."""
    found = card.on(kind)
    return next((one for one in found if one.clock and one.day == found[0].day), found[0]) if found else None


def _moment(found: FoundDate, language: Language) -> str:
    return deadline_text(found.moment, found.clock is not None, language)


# --- Money ----------------------------------------------------------------------------------------


def value_text(card: Card, language: Language, reckoning: Reckoning | None = None) -> str:
    """What may be paid at most, or what was paid: in yen, and in euro where a rate is at hand."""
    kinds = (MoneyKind.AWARDED,) if is_result(card) else (MoneyKind.PLANNED, MoneyKind.LIMIT)
    found = next((one for kind in kinds for one in _amounts(card, kind)), None)
    if found is None or card.cancelled:
        return ""
    told = language.text(
        "{what}: {amount}", what=language.text(MONEY[found.kind]), amount=money_text(found, language)
    )
    euro = euro_text(found.amount, reckoning.in_euro, language, day=reckoning.rate_day) if reckoning else ""
    return f"{told} · {euro}" if euro else told


def _amounts(card: Card, kind: MoneyKind) -> list[FoundMoney]:
    """The amounts of a kind, the one that counts first; where it is said twice, as it is said with the tax."""
    found = [one for one in card.money if one.kind is kind]
    return sorted(found, key=lambda one: (one.amount != found[0].amount, one.tax is None))


# --- Market access --------------------------------------------------------------------------------


def access_text(card: Card, language: Language, rules: Mapping[str, str]) -> str:
    """What trade agreements say of the procurement and why, in one line; empty where nothing is known.

    ``rules`` are ``Reckoning.access_rules``. That of several reasons only the first is told is no loss: the reader
    puts those that decide first, and the page has all.
    """
    access = card.access
    if card.cancelled or is_result(card) or access.overall is AccessVerdict.UNKNOWN:
        return ""
    alike = access.gpa is access.epa
    verdict = language.text(VERDICTS[access.overall]) if alike else verdict_text(access, language)
    told = language.text("Trade agreements: {verdict}", verdict=verdict)
    reason = next((one for one in access.reasons if one.verdict is access.overall), None)
    return f"{told} – {reason_text(reason, rules, language)}" if reason and reason.rule in rules else told
