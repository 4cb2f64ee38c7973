"""What a reader finds in a notice: every finding carries the words that decided."""

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """The part of a notice in which a term stands."""

    TITLE = "title"
    BODY = "body"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A term that counted, in the lexicon's (folded) spelling, with its English gloss and its weight."""

    term: str
    gloss: str
    place: Place
    weight: float


@dataclass(frozen=True, slots=True)
class AreaScore:
    """A focus area and how it was found. ``score`` is the sum of the evidence's weights (1.0 gives the area)."""

    area: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class CpvCode:
    """What is bought, in the EU's Common Procurement Vocabulary: a division or group, 8 digits without check digit.

    ``terms`` are the terms of the lexicon that it follows from.
    """

    code: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was read out of one version of a notice; later readers add their fields here."""

    areas: tuple[AreaScore, ...] = ()
    """The focus areas it belongs to, strongest first."""
    venues: tuple[AreaScore, ...] = ()
    """Areas that it only takes place at: works at a care home are at home in the ageing society, not about it."""
    cpv: tuple[CpvCode, ...] = ()
