"""Learning a second opinion from labelled titles, and measuring by cross-validation whether it earns its place.

scikit-learn is needed here and nowhere else; ``monitor/reading/opinion.py`` reads what is learnt without it.

For each area a logistic regression over the character n-grams (and Latin words) of folded titles: an L1 penalty chooses the n-grams,
an L2 penalty then weighs those that were chosen. The classes are not weighted: with weights the probabilities are
too high for the rare areas, and cross-validation gave more false alarms. The same labels
give the same bytes: the titles are sorted, the solver's seed is fixed, weights are rounded to hundredths.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from db.vocabulary.messages import Told
from db.vocabulary.reading import AreaScore, Evidence, Place, Reading
from db.vocabulary.text import fold
from monitor.evaluation import Classifier, Labelled, Result, evaluate
from monitor.reading.area_reader import LEARNT, AreaReader
from monitor.reading.areas import Lexicon
from monitor.reading.opinion import Learnt, Opinion

SIZES = (2, 3, 4)
"""Characters of the n-grams."""
FOLDS = 5
MOST_GRAMS = 2_000
"""N-grams of all areas together that are kept at most."""
FEWEST_TITLES = 5
"""An area with fewer labelled titles is not learnt."""
STRENGTH = 10.0
"""The inverse of the penalties, as scikit-learn's C."""
SEED = 0
FEWEST_STANDS = 3
"""An n-gram that stands in fewer titles is not learnt."""
_KANJI, _KATAKANA, _HIRAGANA = "々〆\u3400-\u4dbf一-鿿", "ァ-ヺー", "ぁ-ゖ"
_RUNS = re.compile(f"[{_KANJI}{_KATAKANA}]+|[{_HIRAGANA}]+|[a-z]+")
_NUMBERS = re.compile(r"\d+")


class TrainingError(Told):
    """Nothing can be learnt; the message says why and what to do."""


def train(items: Collection[Labelled], areas: Collection[str]) -> Opinion:
    """Learn from the titles of the firm labels, of each area that has enough of them.

    Raises TrainingError where no area has, and where scikit-learn is not installed.
    """
    # Of a series of works (第1工区, 第2工区) one is learnt, or its place names would be taken for what tells.
    series = {(_series(item), tuple(sorted(item.areas))): None for item in items if not item.borderline}
    firm = sorted(series)
    learnable = [
        area
        for area in areas
        if FEWEST_TITLES <= sum(area in labels for _, labels in firm) <= len(firm) - FEWEST_TITLES
    ]
    if not learnable:
        raise TrainingError(
            "no focus area has {count} labelled titles and as many without it; label more notices",
            count=FEWEST_TITLES,
        )
    sklearn = _scikit_learn()
    vectorizer = sklearn.count_vectorizer(analyzer=_grams, binary=True, min_df=FEWEST_STANDS)
    try:
        table = vectorizer.fit_transform([title for title, _ in firm])
    except ValueError:
        raise TrainingError(
            "no word stands in {count} of the labelled titles; label more notices", count=FEWEST_STANDS
        ) from None
    names: list[str] = vectorizer.get_feature_names_out().tolist()
    most = MOST_GRAMS // len(learnable)
    learnt = {}
    for area in learnable:
        labels = [area in given for _, given in firm]
        learnt[area] = _learn(sklearn.logistic_regression, table, labels, names, most)
    if not any(one.grams for one in learnt.values()):
        raise TrainingError("nothing tells the titles of the focus areas from the others; label more notices")
    return Opinion(learnt)


class _ScikitLearn(NamedTuple):
    count_vectorizer: Any
    logistic_regression: Any


def _learn(regression: Any, table: Any, labels: list[bool], names: list[str], most: int) -> Learnt:
    # liblinear: the other solver that knows L1 (saga) neither ends at a fixed point nor is it quick on few titles.
    settings = {"C": STRENGTH, "solver": "liblinear", "random_state": SEED, "max_iter": 1_000}
    weights = regression(l1_ratio=1, **settings).fit(table, labels).coef_[0].tolist()
    ranked = sorted((-abs(round(weight, 6)), number) for number, weight in enumerate(weights) if round(weight, 6))
    chosen = sorted(number for _, number in ranked[:most])
    if not chosen:
        return Learnt(0.0, {})
    model = regression(l1_ratio=0, **settings).fit(table[:, chosen], labels)
    grams = {
        names[number]: kept
        for number, weight in zip(chosen, model.coef_[0].tolist(), strict=True)
        if (kept := round(weight, 2))
    }
    strongest = sorted(grams.items(), key=lambda pair: (-pair[1], pair[0]))
    return Learnt(round(float(model.intercept_[0]), 2), dict(strongest))


def _grams(folded: str) -> Iterator[str]:
    """The n-grams of a folded title and its Latin words, whole. Signs and numbers tell nothing of what is bought, and
    hiragana mostly joins words: none of them is in an n-gram with other characters."""
    for run in _RUNS.findall(folded):
        if run.isascii():
            if len(run) >= min(SIZES):
                yield run
            continue
        for size in SIZES:
            for start in range(len(run) - size + 1):
                yield run[start : start + size]


def _series(item: Labelled) -> str:
    """The folded title without its numbers: the same for the titles of a series."""
    return _NUMBERS.sub("0", fold(item.title))


def _scikit_learn() -> _ScikitLearn:
    """What is needed of scikit-learn. Raises TrainingError where it is not installed."""
    try:
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise TrainingError(
            "scikit-learn is not installed, which learning needs; install it: pip install 'japan-tender-monitor[train]'"
        ) from None
    return _ScikitLearn(CountVectorizer, LogisticRegression)


# Measuring ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """How the lexicon, the second opinion and both together did on firm labels that the opinion had not learnt from.

    The lexicon's figure is too good where it was written with these labels in sight, and so is that of both.
    """

    folds: int
    lexicon: Result
    opinion: Result
    both: Result


def cross_validate(
    items: Collection[Labelled], lexicon: Lexicon, areas: Collection[str], *, folds: int = FOLDS
) -> CrossValidation:
    """Learn from all folds but one and read that one, for each fold in turn. Raises TrainingError."""
    firm = [item for item in items if not item.borderline]
    fold_of = dict(zip((item.line for item in firm), folds_of(firm, folds), strict=True))
    slugs = [area.slug for area in lexicon.areas]
    readers = [
        AreaReader(lexicon, train([item for item in firm if fold_of[item.line] != number], slugs))
        for number in range(folds)
    ]

    def measured(classify: Classifier) -> Result:
        return evaluate(firm, classify, areas).firm

    def opinion(item: Labelled) -> Reading:
        learnt = readers[fold_of[item.line]].opinion
        return _alone(learnt, item) if learnt else Reading()

    return CrossValidation(
        folds,
        lexicon=measured(reading_with(AreaReader(lexicon))),
        opinion=measured(opinion),
        both=measured(lambda item: reading_with(readers[fold_of[item.line]])(item)),
    )


def folds_of(items: Sequence[Labelled], folds: int) -> list[int]:
    """The fold of each item, from 0. Raises TrainingError where there are too few items.

    Titles that differ in numbers only are in the same fold, or the opinion would be asked what it has learnt. The
    titles of each set of areas are dealt out one after the other, in an order that only their hashes decide.
    """
    series: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        series.setdefault(_series(item), []).append(number)
    if len(series) < folds:
        raise TrainingError(
            "there are {count} different titles with firm labels, too few for {folds} folds; label more notices",
            count=len(series),
            folds=folds,
        )
    dealt = [0] * len(items)
    ordered = sorted(
        series,
        key=lambda title: (sorted(items[series[title][0]].areas), hashlib.sha256(title.encode()).digest()),
    )
    for position, title in enumerate(ordered):
        for number in series[title]:
            dealt[number] = position % folds
    return dealt


def reading_with(reader: AreaReader) -> Classifier:
    """A reader as the classifier of labelled notices."""
    return lambda item: reader.read_parts(item.title, item.text, item.buyer, category=item.category)


def _alone(opinion: Opinion, item: Labelled) -> Reading:
    """What the opinion would give if it were the judge."""
    return Reading(
        areas=tuple(
            AreaScore(
                guess.area,
                guess.probability,
                tuple(Evidence(gram, LEARNT, Place.TITLE, weight) for gram, weight in guess.grams),
            )
            for guess in opinion.read(item.title)
        )
    )
