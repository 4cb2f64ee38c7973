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
    """A focus area that a notice was given. ``score`` is the sum of the evidence's weights (1.0 and more)."""

    area: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was read out of one version of a notice; later readers add their fields here."""

    areas: tuple[AreaScore, ...] = ()
