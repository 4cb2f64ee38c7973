"""The lexicon at work: which areas the terms of a notice give, and why."""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from db.vocabulary.notice import Category
from db.vocabulary.reading import AreaScore, CpvCode, Evidence, Place, Reading
from db.vocabulary.text import fold, is_latin, term_spellings
from monitor.reading.areas.cpv import category_in, category_of_cpv

REVISION = 5
"""To be raised whenever the rules of reading (here, in cpv.py and in reader.py) or the folding change, so that notices
are read again."""

READ_CHARACTERS = 20_000
"""Only so many characters of a text are read; what follows in longer ones is annexes and forms."""

HEAD_CHARACTERS = 400
"""The beginning of a (folded) text, where a notice says what is bought before its clauses begin."""

NEAR_CHARACTERS = 40
"""How far from a term in a text the words of its condition may stand; in a title they may stand anywhere."""

MOST_HITS = 1_000
"""Of one area so many places of a title or text are looked at, the first: real notices have a few dozen."""

GIVEN = 1.0
"""The score at which an area is given."""


class Weight(StrEnum):
    """How far a term decides: alone, with company, as the mere place, or against its area."""

    STRONG = "strong"
    WEAK = "weak"
    VENUE = "venue"
    NEGATIVE = "negative"


# In hundredths, so that sums are exact. On the labelled notices texts settle a few cases only, and letting two
# terms of a text decide alone won as many notices as it lost.
_TITLE_WEIGHTS = {Weight.STRONG: 100, Weight.WEAK: 50, Weight.VENUE: 50, Weight.NEGATIVE: -50}
_HEAD_WEIGHT = 50
_BODY_WEIGHT = 10
_BUYER_WEIGHT = 50
_GIVEN = round(GIVEN * 100)

_SHORT_LATIN = 4
_NOTHING = Reading()


class Verdict(StrEnum):
    """Why a term that was found counts, or does not. ``Finding.by`` has the word in question."""

    COUNTED = "counted"
    LONGER = "longer"
    """It is a part of the longer term ``by``, which means something else."""
    CANCELLED = "cancelled"
    """The negative term ``by`` lies across it."""
    CANCELS = "cancels"
    """A negative term that silenced others; it counts nothing itself."""
    REPEATED = "repeated"
    """The term ``by`` has said the same already."""
    LACKS = "lacks"
    """None of the words of its condition, ``by``, stands near."""
    SPOILT = "spoilt"
    """The word ``by`` stands near, beside which it means something else."""
    OWN_NAME = "own-name"
    """It is part of the buyer's name, which says who buys and not what."""
    ELSEWHERE = "elsewhere"
    """It counts only in other places (``by``) of a notice."""
    FURTHER = "further"
    """Of a text only the first strong term that says something new counts, of a buyer's name the first hint."""
    TITLE_SILENT = "title-silent"
    """The title says too little of the area, or something against it: text or buyer's name decide nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A term that stands in a notice. ``start`` and ``end`` are places in the folded text of its ``place``;
    ``counts`` is what it adds to the area's score, 0.0 where it does not count."""

    term: str
    gloss: str
    weight: Weight
    place: Place
    start: int
    end: int
    counts: float
    verdict: Verdict
    by: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that was found of an area, and what came of it. ``given`` and ``venue`` are never both true.

    ``gave_way_to`` is the special area that was given instead, where the score was enough.
    """

    area: str
    score: float
    given: bool
    venue: bool
    findings: tuple[Finding, ...]
    gave_way_to: str | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A focus area; names and descriptions by language (``en``, ``ja``), and the CPV codes it covers.

    A general area gives way to special ones: it is not given beside them, unless the buyer is one that asks for it.
    """

    slug: str
    names: dict[str, str]
    descriptions: dict[str, str]
    cpv: tuple[str, ...] = ()
    gives_way_to: tuple[str, ...] = ()


def names_of(areas: Iterable[Area], language: str) -> dict[str, str]:
    """Slug → the area's name for readers of a language."""
    return {area.slug: area.names[language] for area in areas}


class Term(NamedTuple):
    """A line of a lexicon. ``folded`` and the words of ``near`` and ``unless`` are folded."""

    area: int
    written: str
    folded: str
    gloss: str
    weight: Weight
    idea: str
    """Terms of one idea say the same thing and count once."""
    places: frozenset[Place] = frozenset((Place.TITLE, Place.BODY))
    near: tuple[str, ...] = ()
    """It counts only where one of these stands near."""
    unless: tuple[str, ...] = ()
    """It does not count where one of these stands near."""
    cpv: tuple[str, ...] = ()


class _Pattern(NamedTuple):
    bounded: bool  # at least one end is a Latin letter or digit and must not touch another
    bounded_left: bool
    bounded_right: bool
    short: bool  # a short Latin term, which must not be a piece of a reference code either (DX-100)
    areas: frozenset[int]
    terms: tuple[Term, ...]


class _Hit(NamedTuple):
    start: int
    end: int
    term: Term


class _Weighed(NamedTuple):
    weight: int
    place: Place
    hit: _Hit


class _Judged(NamedTuple):
    hit: _Hit
    verdict: Verdict
    by: str


class Lexicon:
    """The terms of all areas as one automaton; made once by ``load_lexicon`` and shared by threads."""

    def __init__(self, areas: Sequence[Area], terms: Iterable[Term]) -> None:
        self.areas: tuple[Area, ...] = tuple(areas)
        by_spelling: dict[str, list[Term]] = {}
        rules = (REVISION, READ_CHARACTERS, HEAD_CHARACTERS, NEAR_CHARACTERS, sorted(_TITLE_WEIGHTS.items()))
        digest = hashlib.sha256(repr((rules, _HEAD_WEIGHT, _BODY_WEIGHT, _BUYER_WEIGHT, _GIVEN)).encode())
        digest.update(repr([(area.slug, area.gives_way_to) for area in self.areas]).encode())
        numbers = {area.slug: number for number, area in enumerate(self.areas)}
        self._special = {
            number: tuple(numbers[slug] for slug in area.gives_way_to)
            for number, area in enumerate(self.areas)
            if area.gives_way_to
        }
        alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        for term in sorted(terms, key=lambda term: (term.area, term.folded)):
            digest.update(repr((*term[:6], sorted(term.places), *term[7:])).encode())
            if term.near or term.unless:  # equal conditions become one object, by which their answers are remembered
                near, unless = (alike.setdefault(words, words) for words in (term.near, term.unless))
                term = term._replace(near=near, unless=unless)
            for spelling in term_spellings(term.folded):
                by_spelling.setdefault(spelling, []).append(term)
        self.revision: str = digest.hexdigest()[:12]
        self._patterns = [_pattern(spelling, sharing) for spelling, sharing in by_spelling.items()]
        self.spellings: tuple[str, ...] = tuple(by_spelling)
        self._automaton = AhoCorasick(self.spellings, store_patterns=False)
        self._made: dict[tuple[int, Place, int], Evidence] = {}
        self._reaches = [_reach(pattern) for pattern in self._patterns]
        self._buyer_hints = lru_cache(maxsize=10_000)(self._hints)

    def read(
        self,
        title: str,
        text: str = "",
        buyer: str | None = None,
        *,
        title_en: str | None = None,
        text_en: str = "",
        category: str | None = None,
    ) -> Reading:
        """The areas of a notice, best first, then in the order of ``areas``; the areas it only takes place at;
        and what it buys as CPV codes, where its category (goods, services, works; else what the title says) and the
        terms are certain.

        In the title a strong term counts 1.0, a weak one and a venue 0.5 and a negative that cancels nothing
        -0.5; a term counts once, and of the terms of one idea only the weightiest. Where the title has said
        something, a term in the buyer's name adds 0.5 if nothing in the title speaks against the area (a hospital
        that buys a data platform), and the first strong term of a text that says something new adds 0.5 within
        ``HEAD_CHARACTERS`` and 0.1 further on. An area is given at 1.0, unless it gives way to a special one; one
        that is not given, but of which the title names a venue, is only the place. The buyer's own name in title or
        text says who buys, not what, and does not count there. An English title or text is read as a part of the
        Japanese.
        """
        own_name = _folded(buyer) if buyer else ""
        whole = _whole_title(title, title_en)
        scores = self._weigh(whole, own_name, (text, text_en))
        return self._decide(scores, category, whole) if scores else _NOTHING

    def _weigh(
        self, title: str, own_name: str, texts: tuple[str, str], *, hopeless: bool = False
    ) -> dict[int, list[_Weighed]]:
        """What counts for each area that can be given or that has a venue in the title; with ``hopeless`` for all."""
        scores: dict[int, list[_Weighed]] = {}
        matches = self._automaton.find_matches_as_indexes(title, overlapping=True)
        if not matches:
            return scores
        hints = self._buyer_hints(own_name) if own_name else {}
        wanted = None if hopeless else self._within_reach(matches, _HEAD_WEIGHT if any(texts) else 0, hints)
        if wanted is not None and not wanted:
            return scores
        for area, hits in self._standing(matches, title, own_name, Place.TITLE, wanted).items():
            scores[area] = said = _weigh_title(hits)
            if area in hints and _is_undisputed(said) and _is_new(hints[area], said):
                said.append(_Weighed(_BUYER_WEIGHT, Place.BUYER, hints[area]))
        if any(texts):
            undecided = frozenset(
                area for area, said in scores.items() if _speaks(said) and _total(said) + _HEAD_WEIGHT >= _GIVEN
            )
            for area, found in self._in_texts(texts, own_name, undecided, scores).items():
                scores[area].append(found)
        return scores

    def _within_reach(
        self, matches: Iterable[tuple[int, int, int]], text: int, hints: Mapping[int, _Hit]
    ) -> frozenset[int]:
        """The areas that what stands in a title may give, all going well, and those of which it names a venue.

        Most titles end here, so this looks at nothing but the terms' weights.
        """
        reach: dict[int, int] = {}
        for index, _, _ in matches:
            for area, weight in self._reaches[index]:
                reach[area] = reach.get(area, 0) + weight
        return frozenset(
            area
            for area, weight in reach.items()
            if weight + text >= _GIVEN or (area in hints and weight + text + _BUYER_WEIGHT >= _GIVEN)
        )

    def _in_texts(
        self, texts: Iterable[str], own_name: str, wanted: frozenset[int], scores: dict[int, list[_Weighed]]
    ) -> dict[int, _Weighed]:
        """The best that the texts add to each of the ``wanted`` areas."""
        best: dict[int, _Weighed] = {}
        if not wanted:
            return best
        for text in texts:
            if not text:
                continue
            for area, hits in self._find(fold(text[:READ_CHARACTERS]), own_name, Place.BODY, wanted).items():
                found = _weigh_text(hits, scores[area])
                if found and (area not in best or found.weight > best[area].weight):
                    best[area] = found
        return best

    def _decide(self, scores: dict[int, list[_Weighed]], category: str | None, title: str) -> Reading:
        given: list[tuple[int, int, AreaScore]] = []
        places: list[AreaScore] = []
        counted: list[_Weighed] = []
        for area, said in scores.items():
            total = _total(said)
            if total >= _GIVEN:
                if self._gives_way(area, scores) is not None:
                    continue
                given.append((-total, area, self._score(area, total, said)))
                counted.extend(said)
            elif at := [one for one in said if _is_place(one)]:
                places.append(self._score(area, total, at))
        given.sort(key=lambda item: item[:2])
        return Reading(
            areas=tuple(score for _, _, score in given),
            venues=tuple(places),
            cpv=_cpv(counted, category or category_in(title)) if counted else (),
        )

    def _gives_way(self, area: int, scores: Mapping[int, Sequence[_Weighed]]) -> int | None:
        """The special area that is given in place of a general one, if any.

        A system that serves one area only is of that area alone. Only where the buyer itself is a reason for the
        general area (the Digital Agency) both are given.
        """
        if area not in self._special or any(one.place is Place.BUYER for one in scores[area]):
            return None
        return next(
            (special for special in self._special[area] if _total(scores.get(special, ())) >= _GIVEN),
            None,
        )

    def _score(self, area: int, total: int, said: Iterable[_Weighed]) -> AreaScore:
        return AreaScore(self.areas[area].slug, total / 100, tuple([self._evidence(one) for one in said]))

    def _evidence(self, weighed: _Weighed) -> Evidence:
        """The same terms decide again and again, so their evidence is made once."""
        term = weighed.hit.term
        key = (id(term), weighed.place, weighed.weight)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = Evidence(term.written, term.gloss, weighed.place, weighed.weight / 100)
        return made

    def _hints(self, buyer: str) -> dict[int, _Hit]:
        """At most one term per area in a buyer's folded name."""
        found: dict[int, _Hit] = {}
        for area, hits in self._find(buyer, "", Place.BUYER).items():
            positive = [
                judged.hit
                for judged in _judge(hits)
                if judged.verdict is Verdict.COUNTED and judged.hit.term.weight is not Weight.NEGATIVE
            ]
            if positive:
                found[area] = min(positive, key=lambda hit: hit.start)
        return found

    def _find(
        self, folded: str, own_name: str, place: Place, wanted: frozenset[int] | None = None
    ) -> dict[int, list[_Hit]]:
        """The hits in a folded text that may count there, by area; of the ``wanted`` areas only, if given."""
        matches = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        return self._standing(matches, folded, own_name, place, wanted) if matches else {}

    def _standing(
        self,
        matches: Iterable[tuple[int, int, int]],
        folded: str,
        own_name: str,
        place: Place,
        wanted: frozenset[int] | None,
    ) -> dict[int, list[_Hit]]:
        """Those of the automaton's matches that stand as words, outside the buyer's name, with their conditions met."""
        found: dict[int, list[_Hit]] = {}
        conditions = _Conditions(folded, place)
        patterns = self._patterns
        own = _occurrences(own_name, folded)
        for index, start, end in matches:
            pattern = patterns[index]
            if wanted and wanted.isdisjoint(pattern.areas):
                continue
            if pattern.bounded and not _is_alone(folded, start, end, pattern):
                continue
            if own and _is_within(start, end, own):
                continue
            for term in pattern.terms:
                area = term.area
                if wanted and area not in wanted:
                    continue
                if place not in term.places:
                    continue
                if (term.near or term.unless) and conditions.unmet(term, start, end) is not None:
                    continue
                hits = found.get(area)
                if hits is None:
                    found[area] = [_Hit(start, end, term)]
                elif len(hits) < MOST_HITS:
                    hits.append(_Hit(start, end, term))
        return found

    def speaking(self) -> Iterator[tuple[str, frozenset[int]]]:
        """Every spelling, with the numbers of the areas of which it is a strong or weak term for titles."""
        for spelling, pattern in zip(self.spellings, self._patterns, strict=True):
            yield (
                spelling,
                frozenset(
                    term.area
                    for term in pattern.terms
                    if term.weight in (Weight.STRONG, Weight.WEAK) and Place.TITLE in term.places
                ),
            )

    # Why ----------------------------------------------------------------------------------------------

    def explain(
        self,
        title: str,
        text: str = "",
        buyer: str | None = None,
        *,
        title_en: str | None = None,
        text_en: str = "",
        category: str | None = None,
    ) -> tuple[Explanation, ...]:
        """Every area of which a term stands in the notice (not only negatives), in the order of ``areas``.

        What is given, and the scores, are those of ``read``; a term of a text is listed once.
        """
        own_name = _folded(buyer) if buyer else ""
        whole = _whole_title(title, title_en)
        scores = self._weigh(whole, own_name, (text, text_en), hopeless=True)
        reading = self._decide(scores, category, whole)
        given = {score.area for score in reading.areas}
        places = {score.area for score in reading.venues}
        found: dict[int, list[tuple[Place, _Judged]]] = {}
        for place, written, own in (
            (Place.TITLE, whole, own_name),
            (Place.BUYER, own_name, ""),
            (Place.BODY, fold(text[:READ_CHARACTERS]), own_name),
            (Place.BODY, fold(text_en[:READ_CHARACTERS]), own_name),
        ):
            for area, judged in self._all(written, own, place).items():
                found.setdefault(area, []).extend((place, one) for one in judged)
        explained = []
        for number, known in enumerate(self.areas):
            said = scores.get(number, [])
            findings = _findings(found.get(number, []), said)
            if all(finding.weight is Weight.NEGATIVE for finding in findings):
                continue
            special = self._gives_way(number, scores) if _total(said) >= _GIVEN else None
            explained.append(
                Explanation(
                    area=known.slug,
                    score=_total(said) / 100,
                    given=known.slug in given,
                    venue=known.slug in places,
                    findings=findings,
                    gave_way_to=None if special is None else self.areas[special].slug,
                )
            )
        return tuple(explained)

    def _all(self, folded: str, own_name: str, place: Place) -> dict[int, list[_Judged]]:
        """Every term that stands in a folded text as a word, by area, with what is to be said of it."""
        possible: dict[int, list[_Hit]] = {}
        out: dict[int, list[_Judged]] = {}
        own = _occurrences(own_name, folded)
        conditions = _Conditions(folded, place)
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            pattern = self._patterns[index]
            if pattern.bounded and not _is_alone(folded, start, end, pattern):
                continue
            for term in pattern.terms:
                hit = _Hit(start, end, term)
                if own and _is_within(start, end, own):
                    out.setdefault(term.area, []).append(_Judged(hit, Verdict.OWN_NAME, ""))
                elif place not in term.places:
                    if place is Place.BUYER or any(
                        other.area == term.area and place in other.places for other in pattern.terms
                    ):
                        continue  # hardly any term is meant for names; and another line may be for this place
                    places = ", ".join(sorted(term.places))
                    out.setdefault(term.area, []).append(_Judged(hit, Verdict.ELSEWHERE, places))
                elif (unmet := conditions.unmet(term, start, end)) is not None:
                    out.setdefault(term.area, []).append(_Judged(hit, *unmet))
                elif len(hits := possible.setdefault(term.area, [])) < MOST_HITS:
                    hits.append(hit)
        for area, hits in possible.items():
            out.setdefault(area, []).extend(_judge(hits))
        for judged in out.values():
            judged.sort(key=lambda one: (one.hit.start, -one.hit.end))
        return out


# Finding ----------------------------------------------------------------------------------------------


def _whole_title(title: str, title_en: str | None) -> str:
    return fold(f"{title} | {title_en}" if title_en else title)


@lru_cache(maxsize=10_000)
def _folded(buyer: str) -> str:
    return fold(buyer)


_COUNTED = re.compile(r"(?<=[a-z])[0-9]{1,6}(?:台|式|件|本|個|組|基|名|人|校|回線|セット|ライセンス|アカウント)")
"""A number of pieces follows a word without a space (PC300台); other digits make it a code (GX100)."""


def _goes_on(text: str, end: int) -> bool:
    """Whether the Latin word whose last letter stands before ``end`` is longer."""
    return end < len(text) and is_latin(text[end]) and not _COUNTED.match(text, end)


def _is_alone(text: str, start: int, end: int, pattern: _Pattern) -> bool:
    """Whether a Latin term stands as a word: not inside another, and a short one not inside a code."""
    if pattern.bounded_left and start and is_latin(text[start - 1]):
        return False
    if pattern.bounded_right and _goes_on(text, end):
        return False
    if pattern.short:
        if start > 1 and text[start - 1] in "-_" and is_latin(text[start - 2]):
            return False
        if end + 1 < len(text) and text[end] in "-_" and is_latin(text[end + 1]):
            return False
    return True


def _is_within(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether one of the spans, which follow each other, holds the place."""
    at = bisect_right(spans, start, key=itemgetter(0)) - 1
    return at >= 0 and end <= spans[at][1]


def _occurrences(needle: str, text: str) -> list[tuple[int, int]]:
    spans = []
    start = text.find(needle) if needle else -1
    while start >= 0:
        spans.append((start, start + len(needle)))
        start = text.find(needle, start + len(needle))
    return spans


class _Conditions:
    """The conditions of terms, asked of one folded text; each of their words is looked for once, whoever asks."""

    def __init__(self, folded: str, place: Place) -> None:
        self._folded = folded
        self._reach = NEAR_CHARACTERS if place is Place.BODY else len(folded)
        self._present: dict[int, list[tuple[str, list[int]]]] = {}
        self._starts: dict[str, list[int]] = {}

    def unmet(self, term: Term, start: int, end: int) -> tuple[Verdict, str] | None:
        """What keeps a term from counting here: its condition, or None. The term itself fulfils no condition."""
        if term.near and self._beside(term.near, start, end) is None:
            return Verdict.LACKS, ", ".join(term.near)
        spoiler = self._beside(term.unless, start, end) if term.unless else None
        return None if spoiler is None else (Verdict.SPOILT, spoiler)

    def _beside(self, words: tuple[str, ...], start: int, end: int) -> str | None:
        """The first of the words that stands near; not one inside the term, but one may hold it (ソフトボール)."""
        reach = self._reach
        for word, starts in self._in_text(words):
            length = len(word)
            next_one = bisect_left(starts, start - reach)
            while next_one < len(starts) and starts[next_one] + length <= end + reach:
                if starts[next_one] < start or starts[next_one] + length > end:
                    return word
                next_one += 1
        return None

    def _in_text(self, words: tuple[str, ...]) -> list[tuple[str, list[int]]]:
        """Those that stand anywhere in the text, and where each begins."""
        found = self._present.get(id(words))
        if found is None:
            folded = self._folded
            there = [word for word in words if word in folded]
            found = self._present[id(words)] = [(word, at) for word in there if (at := self._starts_of(word))]
        return found

    def _starts_of(self, word: str) -> list[int]:
        starts = self._starts.get(word)
        if starts is None:
            starts = self._starts[word] = _standing_at(word, self._folded)
        return starts


def _standing_at(word: str, text: str) -> list[int]:
    """Where a word begins; a Latin one stands nowhere inside another."""
    starts = []
    left, right = is_latin(word[0]), is_latin(word[-1])
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not (left and start and is_latin(text[start - 1])) and not (right and _goes_on(text, end)):
            starts.append(start)
        start = text.find(word, start + 1)
    return starts


def _pattern(spelling: str, sharing: Sequence[Term]) -> _Pattern:
    left, right = is_latin(spelling[0]), is_latin(spelling[-1])
    short = len(spelling) <= _SHORT_LATIN and spelling.isascii() and spelling.isalnum()
    return _Pattern(
        bounded=left or right,
        bounded_left=left,
        bounded_right=right,
        short=short,
        areas=frozenset(term.area for term in sharing),
        terms=tuple(sharing),
    )


def _reach(pattern: _Pattern) -> tuple[tuple[int, int], ...]:
    """What a pattern can add to areas in a title, in hundredths; a venue is always worth looking at."""
    return tuple(
        (term.area, _GIVEN if term.weight is Weight.VENUE else weight)
        for term in pattern.terms
        if Place.TITLE in term.places and (weight := _TITLE_WEIGHTS[term.weight]) > 0
    )


# Judging ----------------------------------------------------------------------------------------------


def _judge(hits: list[_Hit]) -> list[_Judged]:
    """What is to be said of each hit of one area in one text.

    Of hits of which one lies inside the other the longer counts, whatever their weights: the more specific
    term wins (水素水 silences 水素; a positive 電子入札システム更新 outlives a negative 電子入札システム). A
    negative that only overlaps a positive cancels it; a negative that touches no positive counts itself.
    """
    if len(hits) == 1:
        return [_Judged(hits[0], Verdict.COUNTED, "")]
    judged: list[_Judged] = []
    outer: list[_Hit] = []
    # A term may stand in the file twice, strong with company and weak without: the weightier comes first.
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, -abs(_TITLE_WEIGHTS[hit.term.weight]))):
        if outer and hit.end <= outer[-1].end:
            longer = outer[-1].term
            judged.append(_Judged(hit, _short_of(hit.term, longer), longer.written))
        else:
            outer.append(hit)
    acting = [hit for hit in outer if hit.term.weight is Weight.NEGATIVE]
    if not acting:
        judged.extend(_Judged(hit, Verdict.COUNTED, "") for hit in outer)
        return judged
    positives = sorted(hit[:2] for hit in hits if hit.term.weight is not Weight.NEGATIVE)
    starts, farthest = [start for start, _ in positives], list(accumulate((end for _, end in positives), max))
    ends = [negative.end for negative in acting]
    for hit in outer:
        if hit.term.weight is Weight.NEGATIVE:
            before = bisect_left(starts, hit.end)
            touches = before > 0 and farthest[before - 1] > hit.start
            judged.append(_Judged(hit, Verdict.CANCELS if touches else Verdict.COUNTED, ""))
            continue
        # Of what does not lie inside each other the later begins and ends later.
        across = bisect_right(ends, hit.start)
        if across < len(acting) and acting[across].start < hit.end:
            judged.append(_Judged(hit, Verdict.CANCELLED, acting[across].term.written))
        else:
            judged.append(_Judged(hit, Verdict.COUNTED, ""))
    return judged


def _short_of(term: Term, longer: Term) -> Verdict:
    if longer.weight is Weight.NEGATIVE and term.weight is not Weight.NEGATIVE:
        return Verdict.CANCELLED
    return Verdict.REPEATED if longer.folded == term.folded else Verdict.LONGER


def _counting(hits: list[_Hit]) -> list[_Hit]:
    return hits if len(hits) == 1 else [one.hit for one in _judge(hits) if one.verdict is Verdict.COUNTED]


def _total(said: Iterable[_Weighed]) -> int:
    return sum([weighed.weight for weighed in said])


def _is_place(weighed: _Weighed) -> bool:
    return weighed.place is Place.TITLE and weighed.hit.term.weight is Weight.VENUE


def _weigh_title(hits: list[_Hit]) -> list[_Weighed]:
    said = [_Weighed(_TITLE_WEIGHTS[hit.term.weight], Place.TITLE, hit) for hit in _one_per_idea(_counting(hits))]
    said.sort(key=lambda weighed: (-weighed.weight, weighed.hit.start))
    return said


def _weigh_text(hits: list[_Hit], said: Sequence[_Weighed]) -> _Weighed | None:
    """The first of the strong hits of a text that say something new."""
    strong = [hit for hit in _counting(hits) if hit.term.weight is Weight.STRONG and _is_new(hit, said)]
    if not strong:
        return None
    first = min(strong, key=lambda hit: hit.start)
    return _Weighed(_HEAD_WEIGHT if first.start < HEAD_CHARACTERS else _BODY_WEIGHT, Place.BODY, first)


def _is_new(hit: _Hit, said: Iterable[_Weighed]) -> bool:
    return all(hit.term.idea != one.hit.term.idea for one in said)


def _speaks(said: Iterable[_Weighed]) -> bool:
    return any(one.weight > 0 for one in said)


def _is_undisputed(said: Sequence[_Weighed]) -> bool:
    return bool(said) and all(one.weight > 0 for one in said)


def _by_idea(hits: Iterable[_Hit]) -> dict[str, _Hit]:
    """Of the hits of one idea only the weightiest, of these the first: synonyms do not add up."""
    kept: dict[str, _Hit] = {}
    for hit in sorted(hits, key=lambda hit: (-abs(_TITLE_WEIGHTS[hit.term.weight]), hit.start, hit.end)):
        kept.setdefault(hit.term.idea, hit)
    return kept


def _one_per_idea(hits: list[_Hit]) -> list[_Hit]:
    return hits if len(hits) == 1 else list(_by_idea(hits).values())


def _cpv(counted: Iterable[_Weighed], category: str | None) -> tuple[CpvCode, ...]:
    """The codes of the title's terms that fit the category; without one, only of terms that can be nothing but a service.

    A word for goods (ネットワーク) may stand in the title of a service on them.
    """
    found: dict[str, list[str]] = {}
    for weighed in counted:
        term = weighed.hit.term
        if weighed.place is not Place.TITLE or weighed.weight <= 0 or not term.cpv:
            continue
        kinds = {category_of_cpv(code) for code in term.cpv}
        for code in term.cpv:
            if kinds == {Category.SERVICES} if category is None else category_of_cpv(code) == Category(category):
                found.setdefault(code, []).append(term.written)
    return tuple(CpvCode(code, tuple(dict.fromkeys(terms))) for code, terms in sorted(found.items()))


# Explaining -------------------------------------------------------------------------------------------


def _findings(found: Iterable[tuple[Place, _Judged]], said: Sequence[_Weighed]) -> tuple[Finding, ...]:
    """What was found of an area, with what of it counts; a term that is said again and again is listed once."""
    counts = {(one.place, one.hit.start, one.hit.end, one.hit.term.written): one.weight for one in said}
    findings: dict[tuple[str, Place, Verdict], Finding] = {}
    for place, (hit, verdict, by) in found:
        term = hit.term
        if place is Place.BODY and term.weight is not Weight.STRONG:
            continue
        if place is Place.BUYER and term.weight is Weight.NEGATIVE:  # it only cancels, which the other term tells
            continue
        weight = counts.get((place, hit.start, hit.end, term.written), 0) if verdict is Verdict.COUNTED else 0
        if verdict is Verdict.COUNTED and not weight:
            verdict, by = _why_not(term, place, said)
        if verdict is Verdict.REPEATED and by == term.written:
            continue
        finding = Finding(term.written, term.gloss, term.weight, place, hit.start, hit.end, weight / 100, verdict, by)
        findings.setdefault((term.written, place, verdict), finding)
    return tuple(findings.values())


def _why_not(term: Term, place: Place, said: Sequence[_Weighed]) -> tuple[Verdict, str]:
    """Why a term counts nothing although nothing beside it speaks against it."""
    same = next((one.hit.term.written for one in said if one.hit.term.idea == term.idea), None)
    if same is not None:
        return Verdict.REPEATED, same
    if any(one.place is place for one in said):
        return Verdict.FURTHER, ""
    return Verdict.TITLE_SILENT, ""
