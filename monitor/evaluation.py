"""How well a classifier of focus areas does on labelled notices: figures with intervals, and every mistake.

Pure: what is evaluated is any function from a labelled notice to a Reading. Firm and borderline labels are never
mixed: where two careful people may differ, a mistake of the classifier means little.
"""

import math
import random
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from db.vocabulary.messages import Told
from db.vocabulary.notice import Category
from db.vocabulary.reading import Evidence, Reading

RESAMPLES = 1_000
CONFIDENCE = 0.95
SEED = 1

Interval = tuple[float, float]
"""The lowest and the highest value that are likely."""


class LabelsError(Told):
    """A file of labelled notices cannot be used; the message names file, line and remedy."""


# Labels ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Labelled:
    """A notice with the focus areas that a person gave it. ``line`` is where it stands in its file, from 1."""

    line: int
    title: str
    areas: frozenset[str]
    text: str = ""
    buyer: str | None = None
    category: Category | None = None
    borderline: bool = False
    """True where two careful people could label it differently."""


Classifier = Callable[[Labelled], Reading]
"""Reads a labelled notice without looking at its labels."""


def read_labelled(path: Path, areas: Collection[str]) -> Iterator[Labelled]:
    """The labelled notices of a JSON Lines file, in its order; empty lines are passed over.

    A line is an object with ``title`` and ``areas`` (slugs, each one of ``areas``) and, where known,
    ``organization``, ``category`` (goods, services, works; others say nothing), ``body`` and ``borderline``; other
    keys are not read.
    Raises LabelsError at the first line that is not so, and at the end of a file without any.
    """
    count = 0
    try:
        file = path.open("rb")
    except OSError as error:
        raise LabelsError(
            "{file}: cannot be read ({why}); name a file of labelled notices", file=path, why=error.strerror
        ) from None
    with file as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _labelled(f"{path}:{number}", number, line, areas)
                count += 1
    if not count:
        raise LabelsError(
            "{file}:1: no labelled notice; write one JSON object a line, with title and areas", file=path
        )


def _labelled(where: str, number: int, line: bytes, known: Collection[str]) -> Labelled:
    try:
        found = msgspec.json.decode(line.removeprefix(BOM_UTF8))
    except UnicodeDecodeError:
        raise LabelsError("{where}: is not UTF-8; save the file as UTF-8", where=where) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise LabelsError("{where}: is not JSON ({why}); mend the line", where=where, why=error) from None
    if not isinstance(found, dict):
        raise LabelsError("{where}: is no JSON object; write one with title and areas", where=where)
    title, slugs = found.get("title"), found.get("areas")
    if not isinstance(title, str) or not title.strip():
        raise LabelsError("{where}: has no title; add it, as the notice was published", where=where)
    if not isinstance(slugs, list) or not all(isinstance(slug, str) for slug in slugs):
        raise LabelsError("{where}: has no list of areas; add one, empty where none fits", where=where)
    if unknown := [slug for slug in slugs if slug not in known]:
        raise LabelsError(
            "{where}: there is no focus area {slug}; there are: {slugs}. Mend the label, or add the area to the "
            "configuration",
            where=where,
            slug=repr(unknown[0]),
            slugs=", ".join(known),
        )
    category = _text(where, found, "category")
    borderline = found.get("borderline", False)
    if not isinstance(borderline, bool):
        raise LabelsError("{where}: borderline is neither true nor false; write one of them", where=where)
    return Labelled(
        number,
        title,
        frozenset(slugs),
        _text(where, found, "body") or "",
        _text(where, found, "organization"),
        Category(category) if category in tuple(Category) else None,
        borderline,
    )


def _text(where: str, found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise LabelsError("{where}: {field} is no text; put it in quotation marks, or null", where=where, field=name)
    return value or None


# Figures -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Score:
    """How often an area was rightly given, missed, and wrongly given. The figures are from 0 to 1.

    A figure with nothing to divide by is 0: the precision of an area that was never given, the recall of one that
    is in no label. So an area without labels that was given all the same has an F1 of 0.
    """

    hits: int = 0
    misses: int = 0
    false_alarms: int = 0

    @property
    def support(self) -> int:
        """How many labels have the area."""
        return self.hits + self.misses

    @property
    def given(self) -> int:
        """How many notices were given the area."""
        return self.hits + self.false_alarms

    @property
    def precision(self) -> float:
        return self.hits / self.given if self.given else 0.0

    @property
    def recall(self) -> float:
        return self.hits / self.support if self.support else 0.0

    @property
    def f1(self) -> float:
        all_told = self.support + self.given
        return 2 * self.hits / all_told if all_told else 0.0


@dataclass(frozen=True, slots=True)
class Intervals:
    """The bootstrap's intervals of a Score; None where no resample has the figure."""

    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


@dataclass(frozen=True, slots=True)
class AreaResult:
    """How an area did."""

    area: str
    score: Score
    intervals: Intervals


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many notices are labelled with one area and were not given it but another, which no label names."""

    labelled: str
    given: str
    count: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """An area of a label that was missed (no evidence), or that was given against the label."""

    item: Labelled
    area: str
    given: tuple[str, ...]
    """All areas that the notice was given, strongest first."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of the firm labels, or of the borderline ones.

    ``areas`` has every area that a label names or that was given, in the order asked for. ``macro_f1`` is the mean of
    the F1 of the areas that labels name: an area that was only ever given wrongly has no part in it, but lowers
    ``micro`` (all decisions in one pot) and is listed. None where there is nothing to take the mean of.
    """

    items: int
    areas: tuple[AreaResult, ...]
    macro_f1: float | None
    macro_f1_interval: Interval | None
    micro: Score
    micro_intervals: Intervals
    confusion: tuple[Confusion, ...]
    """Most frequent first."""
    misses: tuple[Mistake, ...]
    false_alarms: tuple[Mistake, ...]

    @property
    def micro_f1(self) -> float | None:
        return self.micro.f1 if self.areas else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What evaluating gave, firm and borderline labels apart."""

    firm: Result
    borderline: Result


def evaluate(
    items: Sequence[Labelled], classify: Classifier, areas: Collection[str], *, seed: int = SEED
) -> Evaluation:
    """Compare what a classifier gives with the labels.

    ``areas`` are those that always count, in the order in which they are shown. An area that is not among them (a
    user's own) counts only if a label of either kind names it: that the labels know nothing of it is no false alarm.
    The intervals are the same for the same ``seed``.
    """
    named = sorted({area for item in items for area in item.areas} - set(areas))
    order = (*areas, *named)
    return Evaluation(
        _result([item for item in items if not item.borderline], classify, order, seed),
        _result([item for item in items if item.borderline], classify, order, seed),
    )


_Outcome = tuple[frozenset[str], frozenset[str]]  # the areas of the label, the areas given


def _result(items: Sequence[Labelled], classify: Classifier, order: Sequence[str], seed: int) -> Result:
    outcomes: Counter[_Outcome] = Counter()
    confused: Counter[tuple[str, str]] = Counter()
    misses: list[Mistake] = []
    false_alarms: list[Mistake] = []
    for item in items:
        found = {one.area: one for one in classify(item).areas if one.area in order}
        given = tuple(found)
        outcomes[item.areas, frozenset(given)] += 1
        missed = [area for area in order if area in item.areas and area not in found]
        wrong = [area for area in order if area in found and area not in item.areas]
        misses.extend(Mistake(item, area, given) for area in missed)
        false_alarms.extend(Mistake(item, area, given, found[area].evidence) for area in wrong)
        confused.update((labelled, other) for labelled in missed for other in wrong)
    present = [area for area in order if any(area in label or area in given for label, given in outcomes)]
    tally = _Tally(present, outcomes)
    counts = tally.counts(outcomes[outcome] for outcome in tally.outcomes)
    bands = _Bands(present)
    rng = random.Random(seed)
    for _ in range(RESAMPLES if present else 0):
        bands.add(tally.counts(resampled(tally.weights, rng)))
    return Result(
        items=len(items),
        areas=tuple(
            AreaResult(area, score, bands.intervals(area)) for area, score in zip(present, counts, strict=True)
        ),
        macro_f1=macro_f1(counts),
        macro_f1_interval=interval(bands.macro),
        micro=together(counts),
        micro_intervals=bands.intervals(""),
        confusion=tuple(
            Confusion(labelled, given, count)
            for (labelled, given), count in sorted(confused.items(), key=lambda pair: (-pair[1], pair[0]))
        ),
        misses=tuple(misses),
        false_alarms=tuple(false_alarms),
    )


def macro_f1(scores: Collection[Score]) -> float | None:
    """The mean F1 of the areas that labels name; None where there is none."""
    supported = [score.f1 for score in scores if score.support]
    return sum(supported) / len(supported) if supported else None


def together(scores: Collection[Score]) -> Score:
    """The decisions on all areas as one Score."""
    return Score(
        sum(score.hits for score in scores),
        sum(score.misses for score in scores),
        sum(score.false_alarms for score in scores),
    )


# The bootstrap -----------------------------------------------------------------------------------------


def resampled(weights: Sequence[int], rng: random.Random) -> Iterator[int]:
    """How often each outcome comes up when as many notices as there are are drawn again, with replacement.

    Outcome by outcome and not notice by notice: labelled notices have a few dozen different outcomes, however many
    they are.
    """
    left = weight_left = sum(weights)
    for weight in weights:
        drawn = binomial(rng, left, weight / weight_left)
        yield drawn
        left -= drawn
        weight_left -= weight


def binomial(rng: random.Random, draws: int, chance: float) -> int:
    """How many of so many draws succeed, exactly distributed and quick for many draws.

    Large numbers are halved: the middle one of n uniform numbers is beta distributed, and tells on which side of
    it the chance lies (Devroye, Non-Uniform Random Variate Generation, X.4.3). What is left is counted by the
    gaps between successes, which are geometric.
    """
    successes = 0
    while min(draws * chance, draws * (1 - chance)) > 16:
        middle = (draws + 1) // 2
        split = rng.betavariate(middle, draws + 1 - middle)
        if chance < split:
            draws, chance = middle - 1, chance / split
        else:
            successes, draws, chance = successes + middle, draws - middle, (chance - split) / (1 - split)
    if chance > 0.5:
        return successes + draws - _few(rng, draws, 1 - chance)
    return successes + _few(rng, draws, chance)


def _few(rng: random.Random, draws: int, chance: float) -> int:
    """Successes where few are expected: one step for each of them."""
    if chance <= 0:
        return 0
    scale = math.log1p(-chance)
    successes, position = 0, 0
    while True:
        position += math.floor(math.log(1 - rng.random()) / scale) + 1
        if position > draws:
            return successes
        successes += 1


def interval(values: Collection[float]) -> Interval | None:
    """Between which values 95 of 100 resamples lie (the percentile bootstrap); None without any.

    It says how far a figure might lie from this one if other notices of the same kind had been labelled: the fewer
    the labels, the wider. It knows nothing of wrong labels, nor of notices unlike those in the file (of another
    source, of another season). An area without a single mistake has an interval of no width, which says only that
    the file holds no mistake to draw.
    """
    if not values:
        return None
    ordered = sorted(values)
    outside = int(len(ordered) * (1 - CONFIDENCE) / 2)
    return ordered[outside], ordered[-1 - outside]


class _Tally:
    """Turns counts of outcomes into counts of hits, misses and false alarms."""

    def __init__(self, areas: Sequence[str], outcomes: Mapping[_Outcome, int]) -> None:
        # In an order of their own: a set's order is another in each process, and the seed must decide alone.
        self.outcomes = sorted(outcomes, key=lambda outcome: (-outcomes[outcome], *map(sorted, outcome)))
        self.weights = [outcomes[outcome] for outcome in self.outcomes]
        self._size = 3 * len(areas)
        self._places = [
            [
                3 * index + (0 if area in label and area in given else 1 if area in label else 2)
                for index, area in enumerate(areas)
                if area in label or area in given
            ]
            for label, given in self.outcomes
        ]

    def counts(self, times: Iterator[int]) -> list[Score]:
        """The Score of each area, where each outcome comes so many times."""
        flat = [0] * self._size
        for places, count in zip(self._places, times, strict=True):
            for place in places:
                flat[place] += count
        return [Score(*flat[start : start + 3]) for start in range(0, self._size, 3)]


class _Bands:
    """The figures of all resamples, by area; under the empty name those of all areas together."""

    def __init__(self, areas: Sequence[str]) -> None:
        self._areas = areas
        self._figures: dict[str, tuple[list[float], list[float], list[float]]] = {
            name: ([], [], []) for name in (*areas, "")
        }
        self.macro: list[float] = []

    def add(self, scores: Sequence[Score]) -> None:
        for area, score in (*zip(self._areas, scores, strict=True), ("", together(scores))):
            precisions, recalls, f1s = self._figures[area]
            if score.given:
                precisions.append(score.precision)
            if score.support:
                recalls.append(score.recall)
            if score.given or score.support:
                f1s.append(score.f1)
        if (macro := macro_f1(scores)) is not None:
            self.macro.append(macro)

    def intervals(self, area: str) -> Intervals:
        precisions, recalls, f1s = self._figures[area]
        return Intervals(interval(precisions), interval(recalls), interval(f1s))
