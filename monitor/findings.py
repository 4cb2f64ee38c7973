"""What was read out of the notices of a tender, put together as its page shows it: each thing once, with its words.

Pure functions of a card; the templates have the texts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import NamedTuple

from alerts import wording
from alerts.language import Language
from db.card import Card
from db.composing import REQUESTS, SIGNALS
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.labels import FIELDS
from db.vocabulary.reading import AccessReason, AccessVerdict, DateKind, EnglishOrigin, FoundDate, FoundMoney, Origin
from db.vocabulary.tender import Said
from monitor.reading.access import RULES

LONGEST_TITLE = 200
"""Characters of an English title in a list: a gist of several works in one is long, and the Japanese stands beside it."""
_IN_GLANCE = (DateKind.DEADLINE, DateKind.RESPONSE)
"""Dates that stand at the top of the page."""
_FIELD = re.compile(r"(?P<name>[^:]{1,60}): (?P<value>[0-9][0-9T:+./-]{3,60})")
"""How the readers write what they found in a field: its name, and a day, a moment or a period."""


class Proof(NamedTuple):
    """Words of a notice that decided. ``source`` is the slug of the source that has them, where that is known."""

    phrase: str
    origin: Origin
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ShownDate:
    """A day or period with everything that says so; ``clock`` is None where no time of day is known."""

    kind: DateKind
    day: date
    clock: time | None
    begins: date | None
    required: bool
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class ShownMoney:
    """An amount with everything that says so."""

    found: FoundMoney
    proofs: tuple[Proof, ...]


def other_dates(card: Card) -> list[ShownDate]:
    """The dates besides the deadlines, in the order of the calendar; what a field and a text say alike is one."""
    shown: list[ShownDate] = []
    for found in card.dates:
        if found.kind in _IN_GLANCE:
            continue
        at = next((at for at, one in enumerate(shown) if _same(one, found)), None)
        proof = Proof(found.phrase, found.origin)
        if at is None:
            shown.append(ShownDate(found.kind, found.day, found.clock, found.begins, found.required, (proof,)))
        else:
            one = shown[at]
            shown[at] = ShownDate(
                one.kind,
                one.day,
                one.clock or found.clock,
                one.begins or found.begins,
                one.required or found.required,
                _each_once((*one.proofs, proof)),
            )
    return sorted(shown, key=lambda one: (one.day, one.clock or time.max))


def _same(shown: ShownDate, found: FoundDate) -> bool:
    """Whether it is the same day of the same kind; a day without a time of day contradicts no time."""
    return (shown.kind, shown.day) == (found.kind, found.day) and (
        shown.clock == found.clock or None in (shown.clock, found.clock)
    )


def amounts(card: Card) -> list[ShownMoney]:
    """The amounts, each once."""
    shown: dict[tuple[object, ...], ShownMoney] = {}
    for found in card.money:
        key = (found.kind, found.amount, found.least)
        proof = Proof(found.phrase, found.origin)
        if key in shown:
            before = shown[key]
            taxed = before.found if before.found.tax else found
            shown[key] = ShownMoney(taxed, _each_once((*before.proofs, proof)))
        else:
            shown[key] = ShownMoney(found, (proof,))
    return list(shown.values())


def deadline_proofs(card: Card, field: str) -> tuple[Proof, ...]:
    """Where the deadline stands: who says so, and the words of the texts that name the same day."""
    counting = card.why(field)
    moment = card.deadline if field == "deadline" else card.response_deadline
    if counting is None or moment is None:
        return ()
    kind = DateKind.DEADLINE if field == "deadline" else DateKind.RESPONSE
    alike = [found for found in card.on(kind) if found.origin is not Origin.FIELD]
    return _each_once(
        (
            Proof(counting.phrase, counting.origin, counting.source),
            *(Proof(one.phrase, one.origin) for one in alike if one.day == to_tokyo(moment).date()),
        )
    )


def _each_once(proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    return tuple({(one.phrase, one.origin): one for one in reversed(tuple(proofs))}.values())[::-1]


def differences(card: Card) -> list[tuple[str, Sequence[Said]]]:
    """The fields of which several notices do not say the same, with what is said; the value that counts first."""
    fields: dict[str, list[Said]] = {}
    for said in card.said:
        fields.setdefault(said.field, []).append(said)
    return [(field, said) for field, said in fields.items() if len({one.notice_id for one in said}) > 1]


def is_request(kind: str) -> bool:
    """Whether a notice of this kind asks for information or comments, and for no bids."""
    return kind in REQUESTS


def is_signal(kind: str) -> bool:
    """Whether a notice of this kind comes before any call."""
    return kind in SIGNALS


def counts_as_chip(verdict: AccessVerdict) -> bool:
    """Whether a list says it: that nothing is known, or that no agreement applies, is the usual case."""
    return verdict in (AccessVerdict.COVERED, AccessVerdict.LIKELY, AccessVerdict.RESTRICTED)


def reason_text(reason: AccessReason, language: Language) -> str:
    """What a rule of market access says here."""
    return wording.reason_text(reason, RULES, language)


def useful_english(title_en: str | None, origin: EnglishOrigin | None, language: Language) -> bool:
    """Whether a list shows the English title: to those who read the Japanese a gist or a translation says nothing."""
    return bool(title_en) and (language.code != "ja" or origin in (None, EnglishOrigin.OFFICIAL))


def cut(text: str, longest: int = LONGEST_TITLE) -> str:
    """The text, shortened where it is longer."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def quotation(proof: Proof) -> tuple[str, str]:
    """The name of a field and what it says of time, as they are to be shown; ("", phrase) for other words.

    Of a field of ours (``deadline``), whose value is shown anyway, both are empty.
    """
    if proof.origin is Origin.FIELD and (match := _FIELD.fullmatch(proof.phrase)):
        return ("", "") if match["name"] in FIELDS else (match["name"], match["value"])
    return "", proof.phrase
