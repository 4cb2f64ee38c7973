"""A second opinion on titles: weighted character n-grams, learnt from labelled titles and read without any judge.

It knows only what stands often in the titles of an area, so it never decides against the lexicon; ``reader.py``
says what part it takes. ``monitor areas train`` (``monitor/training.py``) writes the file that is read here.
"""

import hashlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from ahocorasick_rs import AhoCorasick

from db.vocabulary.messages import Told
from db.vocabulary.text import fold

FORMAT = 1
"""Of the file; to be raised whenever an older program could misread it, and whenever the rules here change."""
LARGEST_FILE = 1_000_000
"""Bytes."""
SHOWN_GRAMS = 3
"""So many n-grams at most are the evidence of a guess."""
LIKELY = 0.5
"""The probability from which a guess on its own says yes."""
_HEAVIEST = 1_000


class OpinionError(Told):
    """The file of a second opinion cannot be used; the message names file and remedy."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt of one area: log-odds, of a title in which no n-gram stands (``bias``) and what each n-gram
    that stands in it adds once. The n-grams are folded, the strongest first; those of Latin letters are whole words."""

    bias: float
    grams: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Guess:
    """How probable an area is for a title, and the n-grams that speak most for it, strongest first, with their
    log-odds. They do not overlap in the title."""

    area: str
    probability: float
    grams: tuple[tuple[str, float], ...]


class _File(msgspec.Struct):
    format: int
    areas: dict[str, Learnt]


class Opinion:
    """The n-grams of all areas as one automaton; shared by threads."""

    def __init__(self, areas: Mapping[str, Learnt]) -> None:
        self.areas: Mapping[str, Learnt] = dict(areas)
        self.revision: str = hashlib.sha256(self.encoded()).hexdigest()[:12]
        self._slugs = tuple(self.areas)
        # In hundredths, as they are rounded in the file, so that sums are exact in whatever order they are made.
        self._biases = [_hundredths(learnt.bias) for learnt in self.areas.values()]
        said: dict[str, list[tuple[int, int]]] = {}
        for number, learnt in enumerate(self.areas.values()):
            for gram, weight in learnt.grams.items():
                said.setdefault(gram, []).append((number, _hundredths(weight)))
        self._grams = tuple(said)
        self._said = tuple(tuple(pairs) for pairs in said.values())
        self._latin = frozenset(number for number, gram in enumerate(self._grams) if gram.isascii())
        self._automaton = AhoCorasick(self._grams, store_patterns=False)

    def encoded(self) -> bytes:
        """The file: JSON, one n-gram a line, the same bytes for the same opinion."""
        return msgspec.json.format(msgspec.json.encode(_File(FORMAT, dict(self.areas))), indent=1) + b"\n"

    def read(self, title: str, at_least: float = LIKELY) -> tuple[Guess, ...]:
        """The areas whose probability is ``at_least`` that (between 0 and 1), in the file's order.

        An area for which no n-gram speaks is never guessed, however frequent it is.
        """
        folded = fold(title)
        matches = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        if not matches:
            return ()
        if not self._latin.isdisjoint(found := {match[0] for match in matches}):
            matches = [match for match in matches if match[0] not in self._latin or _is_word(folded, *match[1:])]
            found = {match[0] for match in matches}
        sums = self._biases.copy()
        said = self._said
        for index in found:
            for area, weight in said[index]:
                sums[area] += weight
        needed = 100 * math.log(at_least / (1 - at_least))
        if max(sums) < needed:  # nearly always
            return ()
        return tuple(
            Guess(self._slugs[area], 1 / (1 + math.exp(-total / 100)), grams)
            for area, total in enumerate(sums)
            if total >= needed and (grams := self._strongest(area, matches))
        )

    def _strongest(self, area: int, matches: list[tuple[int, int, int]]) -> tuple[tuple[str, float], ...]:
        speaking = [
            (weight, start, end, index)
            for index, start, end in matches
            for of, weight in self._said[index]
            if of == area and weight > 0
        ]
        speaking.sort(key=lambda one: (-one[0], one[1] - one[2], one[1]))
        chosen: list[tuple[int, int, int, int]] = []
        for one in speaking:
            if len(chosen) < SHOWN_GRAMS and all(
                one[3] != other[3] and (one[2] <= other[1] or other[2] <= one[1]) for other in chosen
            ):
                chosen.append(one)
        return tuple((self._grams[index], weight / 100) for weight, _, _, index in chosen)


def load_opinion(path: Path, areas: Collection[str]) -> Opinion:
    """The opinion in a file that ``monitor areas train`` wrote, for these areas. Raises OpinionError."""
    try:
        with path.open("rb") as file:
            written = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise OpinionError(
            "{file}: cannot be read ({why}); write it with monitor areas train, or leave [reading] second_opinion empty",
            file=path,
            why=error.strerror,
        ) from None
    if len(written) > LARGEST_FILE:
        raise OpinionError(
            "{file}: is larger than a second opinion can be; name the file that monitor areas train wrote", file=path
        )
    try:
        found = msgspec.json.decode(written, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OpinionError(
            "{file}: is no second opinion ({why}); write it anew with monitor areas train", file=path, why=error
        ) from None
    if found.format != FORMAT:
        raise OpinionError(
            "{file}: was written by another version of this program; write it anew with monitor areas train",
            file=path,
        )
    for slug, learnt in found.areas.items():
        if slug not in areas:
            raise OpinionError(
                "{file}: there is no focus area {slug}; write it anew with monitor areas train", file=path, slug=slug
            )
        if not all(map(_is_sound, (learnt.bias, *learnt.grams.values()))) or "" in learnt.grams:
            raise OpinionError(
                "{file}: an n-gram of {slug} is empty or weighs too much; write it anew with monitor areas train",
                file=path,
                slug=slug,
            )
    if not any(learnt.grams for learnt in found.areas.values()):
        raise OpinionError("{file}: holds no n-grams; write it anew with monitor areas train", file=path)
    return Opinion(found.areas)


def _is_word(folded: str, start: int, end: int) -> bool:
    """Whether Latin letters are a whole word, as they were learnt: co in CO2, not in cost."""
    return not (start and _is_latin(folded[start - 1])) and not (end < len(folded) and _is_latin(folded[end]))


def _is_latin(character: str) -> bool:
    return "a" <= character <= "z"


def _hundredths(weight: float) -> int:
    return round(weight * 100)


def _is_sound(weight: float) -> bool:
    return abs(weight) <= _HEAVIEST
