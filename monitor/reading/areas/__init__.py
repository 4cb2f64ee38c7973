"""Which focus areas a notice belongs to, decided by a lexicon of weighted terms and told with its evidence.

A Japanese notice names what is bought in its title and wraps it in pages of clauses, so the title decides and
the text only supports: it never gives an area alone. One automaton looks for the terms of all areas at once; the
rules are in ``Lexicon.read``. The terms are data: one ``<slug>.tsv`` per area beside this file, the areas and
their order in ``areas.toml``. A file's columns are term, english (shown to readers as the reason), weight (strong,
weak, negative), note (for whoever tends the file) and idea: terms of one idea count once, so that two synonyms of
"school" are not mistaken for a school and its computers. Buildings of a kind (a care home, a school) are weak and
works on them negative, because the place of works is not their subject.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick

from db.vocabulary.messages import Told
from db.vocabulary.reading import AreaScore, Evidence, Place
from db.vocabulary.text import fold, fold_term, term_spellings

REVISION = 1
"""To be raised whenever the rules in this file or the folding change, so that notices are read again."""

READ_CHARACTERS = 20_000
"""Only so many characters of a text are read; what follows in longer ones is annexes and forms."""

HEAD_CHARACTERS = 400
"""The beginning of a (folded) text, where a notice says what is bought before its clauses begin."""

# Weights in hundredths, so that sums are exact. On the labelled notices texts settle a few cases only (macro F1
# 0.980 without them, 0.984 with them); letting two terms of a text decide alone won as many notices as it lost.
_TITLE_WEIGHTS = {"strong": 100, "weak": 50, "negative": -50}
_HEAD_WEIGHT = 50
_BODY_WEIGHT = 10
_BUYER_WEIGHT = 50
_GIVEN = 100

_SHORT_LATIN = 4


class LexiconError(Told):
    """A file or definition of areas is wrong; the message is one line: where, what, and what to do."""


class Weight(StrEnum):
    """How far a term decides: alone, with company, or against its area."""

    STRONG = "strong"
    WEAK = "weak"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Area:
    """A focus area; names and descriptions by language (``en``, ``ja``)."""

    slug: str
    names: dict[str, str]
    descriptions: dict[str, str]


def names_of(areas: Iterable[Area], language: str) -> dict[str, str]:
    """Slug → the area's name for readers of a language."""
    return {area.slug: area.names[language] for area in areas}


@dataclass(frozen=True, slots=True)
class AreaDefinition:
    """An area that a user adds in the configuration.

    With the slug of an area that exists it extends that area: its terms are added, and a term that the area
    has already takes the weight given here (so ``negative`` silences a term); the name stays where none is given.
    """

    slug: str
    name: str = ""
    name_ja: str = ""
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()


class _Term(NamedTuple):
    area: int
    written: str
    folded: str
    gloss: str
    weight: Weight
    idea: str  # terms of one idea say the same thing and count once


class _Pattern(NamedTuple):
    bounded: bool  # at least one end is a Latin letter or digit and must not touch another
    bounded_left: bool
    bounded_right: bool
    short: bool  # a short Latin term, which must not be a piece of a reference code either (DX-100)
    areas: frozenset[int]
    terms: tuple[tuple[int, _Term], ...]


class _Hit(NamedTuple):
    start: int
    end: int
    term: _Term


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _is_alone(text: str, start: int, end: int, pattern: _Pattern) -> bool:
    """Whether a Latin term stands as a word: not inside another, and a short one not inside a code."""
    if pattern.bounded_left and start and _is_latin(text[start - 1]):
        return False
    if pattern.bounded_right and end < len(text) and _is_latin(text[end]):
        return False
    if pattern.short:
        if start > 1 and text[start - 1] in "-_" and _is_latin(text[start - 2]):
            return False
        if end + 1 < len(text) and text[end] in "-_" and _is_latin(text[end + 1]):
            return False
    return True


def _resolve(hits: list[_Hit]) -> list[_Hit]:
    """The hits of one area in one text that count.

    Of hits of which one lies inside the other the longer counts, whatever their weights: the more specific
    term wins (水素水 silences 水素; a positive 電子入札システム更新 outlives a negative 電子入札システム). A
    negative that only overlaps a positive cancels it; a negative that touches no positive counts itself.
    """
    if len(hits) == 1:
        return hits
    outer: list[_Hit] = []
    reach = -1
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.end > reach:
            outer.append(hit)
            reach = hit.end
    negatives = [hit for hit in hits if hit.term.weight is Weight.NEGATIVE]
    if not negatives:
        return outer
    positives = [hit for hit in hits if hit.term.weight is not Weight.NEGATIVE]
    acting = [hit for hit in outer if hit.term.weight is Weight.NEGATIVE]
    counted = [hit for hit in outer if hit.term.weight is not Weight.NEGATIVE and not _touches(hit, acting)]
    counted.extend(hit for hit in acting if not _touches(hit, positives))
    return counted


def _touches(hit: _Hit, others: Iterable[_Hit]) -> bool:
    return any(other.start < hit.end and hit.start < other.end for other in others)


class Lexicon:
    """The terms of all areas as one automaton; made once by ``load_lexicon`` and shared by threads."""

    def __init__(self, areas: Sequence[Area], terms: Iterable[_Term]) -> None:
        self.areas: tuple[Area, ...] = tuple(areas)
        by_spelling: dict[str, list[_Term]] = {}
        digest = hashlib.sha256(repr((REVISION, READ_CHARACTERS, HEAD_CHARACTERS, _TITLE_WEIGHTS)).encode())
        digest.update(repr((_HEAD_WEIGHT, _BODY_WEIGHT, _BUYER_WEIGHT, _GIVEN)).encode())
        digest.update(repr([area.slug for area in self.areas]).encode())
        for term in sorted(terms):
            digest.update(repr(tuple(term)).encode())
            for spelling in term_spellings(term.folded):
                by_spelling.setdefault(spelling, []).append(term)
        self.revision: str = digest.hexdigest()[:12]
        self._patterns = [_pattern(spelling, sharing) for spelling, sharing in by_spelling.items()]
        self.spellings: tuple[str, ...] = tuple(by_spelling)
        self._automaton = AhoCorasick(self.spellings, store_patterns=False)
        self._buyer_hints = lru_cache(maxsize=10_000)(self._hints)

    def read(self, title: str, text: str = "", buyer: str | None = None) -> tuple[AreaScore, ...]:
        """The areas of a notice, best first, then in the order of ``areas``.

        In the title a strong term counts 1.0, a weak one 0.5 and a negative that cancels nothing -0.5; a term
        counts once, and of the terms of one idea only the weightiest. Where the title has said something, a weak
        term in the buyer's name adds 0.5 (a hospital that buys a data platform) and the first strong term of the
        text that says something new adds 0.5 within ``HEAD_CHARACTERS`` and 0.1 further on. An area is given at
        1.0. The buyer's own name in title or text says who buys, not what, and does not count there.
        """
        own_name = _folded_buyer(buyer) if buyer else ""
        elsewhere = (_HEAD_WEIGHT if text else 0) + (_BUYER_WEIGHT if own_name else 0)
        scores: dict[int, list[tuple[int, Place, _Hit]]] = {}
        for area, hits in self._find(fold(title), own_name).items():
            if sum([weight for hit in hits if (weight := _TITLE_WEIGHTS[hit[2].weight]) > 0]) + elsewhere >= _GIVEN:
                scores[area] = _weigh_title(hits)
        if not scores:
            return ()
        if own_name:
            for area, hit in self._buyer_hints(own_name):
                if area in scores and all(hit.term.idea != other.term.idea for _, _, other in scores[area]):
                    scores[area].append((_BUYER_WEIGHT, Place.BUYER, hit))
        within_reach = [area for area, counted in scores.items() if _total(counted) + _HEAD_WEIGHT >= _GIVEN]
        if text and within_reach:
            found = self._find(fold(text[:READ_CHARACTERS]), own_name, frozenset(within_reach))
            for area, hits in found.items():
                scores[area].extend(_weigh_text(hits, {hit.term.idea for _, _, hit in scores[area]}))
        given: list[tuple[int, int, AreaScore]] = []
        for area in within_reach:
            total = _total(scores[area])
            if total >= _GIVEN:
                evidence = tuple(
                    Evidence(hit.term.written, hit.term.gloss, place, weight / 100)
                    for weight, place, hit in scores[area]
                )
                given.append((-total, area, AreaScore(self.areas[area].slug, total / 100, evidence)))
        given.sort(key=lambda item: item[:2])
        return tuple(score for _, _, score in given)

    def _hints(self, buyer: str) -> tuple[tuple[int, _Hit], ...]:
        """At most one weak term per area in a buyer's folded name."""
        return tuple(
            (area, min(weak, key=lambda hit: hit.start))
            for area, hits in self._find(buyer, "").items()
            if (weak := [hit for hit in _resolve(hits) if hit.term.weight is Weight.WEAK])
        )

    def _find(self, folded: str, own_name: str, wanted: frozenset[int] | None = None) -> dict[int, list[_Hit]]:
        """The hits in a folded text that stand as words, by area; of the ``wanted`` areas only, if given."""
        found: dict[int, list[_Hit]] = {}
        matches = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        if not matches:
            return found
        patterns = self._patterns
        own = _occurrences(own_name, folded) if own_name and own_name in folded else ()
        for index, start, end in matches:
            pattern = patterns[index]
            if wanted and wanted.isdisjoint(pattern.areas):
                continue
            if pattern.bounded and not _is_alone(folded, start, end, pattern):
                continue
            if own and any(first <= start and end <= last for first, last in own):
                continue
            for area, term in pattern.terms:
                if wanted and area not in wanted:
                    continue
                if area in found:
                    found[area].append(_Hit(start, end, term))
                else:
                    found[area] = [_Hit(start, end, term)]
        return found


def _total(counted: Iterable[tuple[int, Place, _Hit]]) -> int:
    return sum([weight for weight, _, _ in counted])


def _weigh_title(hits: list[_Hit]) -> list[tuple[int, Place, _Hit]]:
    weighed = [(_TITLE_WEIGHTS[hit.term.weight], Place.TITLE, hit) for hit in _one_per_idea(_resolve(hits))]
    weighed.sort(key=lambda item: (-item[0], item[2].start))
    return weighed


def _weigh_text(hits: list[_Hit], said: set[str]) -> list[tuple[int, Place, _Hit]]:
    """The strong hits of a text whose ideas the title has not said yet: the first, or none."""
    strong = [hit for hit in _resolve(hits) if hit.term.weight is Weight.STRONG and hit.term.idea not in said]
    if not strong:
        return []
    first = min(strong, key=lambda hit: hit.start)
    return [(_HEAD_WEIGHT if first.start < HEAD_CHARACTERS else _BODY_WEIGHT, Place.BODY, first)]


def _one_per_idea(hits: list[_Hit]) -> list[_Hit]:
    """Of the hits of one idea only the weightiest, of these the first: synonyms do not add up."""
    if len(hits) == 1:
        return hits
    kept: dict[str, _Hit] = {}
    for hit in sorted(hits, key=lambda hit: (-abs(_TITLE_WEIGHTS[hit.term.weight]), hit.start, hit.end)):
        kept.setdefault(hit.term.idea, hit)
    return list(kept.values())


def _occurrences(needle: str, text: str) -> list[tuple[int, int]]:
    spans = []
    start = text.find(needle)
    while start >= 0:
        spans.append((start, start + len(needle)))
        start = text.find(needle, start + len(needle))
    return spans


@lru_cache(maxsize=10_000)
def _folded_buyer(buyer: str) -> str:
    return fold(buyer)


def _pattern(spelling: str, terms: Sequence[_Term]) -> _Pattern:
    left, right = _is_latin(spelling[0]), _is_latin(spelling[-1])
    short = len(spelling) <= _SHORT_LATIN and spelling.isascii() and spelling.isalnum()
    return _Pattern(
        bounded=left or right,
        bounded_left=left,
        bounded_right=right,
        short=short,
        areas=frozenset(term.area for term in terms),
        terms=tuple((term.area, term) for term in terms),
    )


# Loading ----------------------------------------------------------------------------------------------

_COLUMNS = ("term", "english", "weight", "note")
_OPTIONAL_COLUMNS = ("idea",)  # conditions may join them


def load_lexicon(extra_areas: Iterable[AreaDefinition] = (), directory: Path = Path(__file__).parent) -> Lexicon:
    """Read ``areas.toml`` and its ``<slug>.tsv`` files and add the user's areas; LexiconError if one is wrong."""
    areas = _read_areas(directory / "areas.toml")
    terms: dict[tuple[int, str], _Term] = {}
    for index, area in enumerate(areas):
        for term in _read_terms(directory / f"{area.slug}.tsv", index):
            terms[index, term.folded] = term
    for definition in extra_areas:
        index = _place_area(areas, definition)
        for term in _defined_terms(definition, index):
            terms[index, term.folded] = term
    if not terms:
        raise LexiconError("{directory}: no terms; give at least one area a term", directory=directory)
    return Lexicon(areas, terms.values())


def _read_areas(path: Path) -> list[Area]:
    try:
        listed: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("area", [])
    except OSError as error:
        raise LexiconError(
            "{path}: cannot be read ({why}); restore the file", path=path, why=error.strerror
        ) from None
    except ValueError as error:
        raise LexiconError("{path}: is not TOML ({error}); mend the line", path=path, error=error) from None
    areas = []
    for entry in listed:
        try:
            areas.append(
                Area(
                    slug=entry["slug"],
                    names={language: entry["name"][language] for language in ("en", "ja")},
                    descriptions={language: entry["description"][language] for language in ("en", "ja")},
                )
            )
        except (KeyError, TypeError):
            raise LexiconError(
                "{path}: area {slug} lacks slug, or name or description in en and ja; add them",
                path=path,
                slug=repr(entry.get("slug", "?")),
            ) from None
    return areas


def _read_terms(path: Path, area: int) -> list[_Term]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise LexiconError("{path}: cannot be read ({why}); add the file", path=path, why=error.strerror) from None
    except UnicodeDecodeError:
        raise LexiconError("{path}: is not UTF-8; save it as UTF-8", path=path) from None
    columns: list[str] | None = None
    seen: dict[str, int] = {}
    terms = []
    for number, line in enumerate(lines, start=1):
        where = f"{path}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if columns is None:
            if tuple(cells[: len(_COLUMNS)]) != _COLUMNS or set(cells[len(_COLUMNS) :]) - set(_OPTIONAL_COLUMNS):
                raise LexiconError(
                    "{where}: header is {cells}; write {header}, separated by tabs",
                    where=where,
                    cells=cells,
                    header=", ".join(_COLUMNS),
                )
            columns = cells
            continue
        if len(cells) > len(columns):
            raise LexiconError(
                "{where}: {count} cells; only {known} columns are known, remove the rest",
                where=where,
                count=len(cells),
                known=len(columns),
            )
        row = dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=True))
        term = _make_term(where, area, row["term"], row["english"], row["weight"], row.get("idea", ""))
        if term.folded in seen:
            raise LexiconError(
                "{where}: {term} stands in line {other} already; remove one",
                where=where,
                term=repr(row["term"]),
                other=seen[term.folded],
            )
        seen[term.folded] = number
        terms.append(term)
    if columns is None:
        raise LexiconError(
            "{path}: empty; write the header {header}, separated by tabs", path=path, header=", ".join(_COLUMNS)
        )
    return terms


def _make_term(where: str, area: int, term: str, gloss: str, weight: str, idea: str = "") -> _Term:
    folded = fold_term(term)
    if len(folded) < 2:
        raise LexiconError(
            "{where}: term {term} is too short; give at least two characters", where=where, term=repr(term)
        )
    if weight not in tuple(Weight):
        raise LexiconError(
            "{where}: weight is {weight}; write strong, weak or negative", where=where, weight=repr(weight)
        )
    if not gloss:
        raise LexiconError("{where}: {term} has no English gloss; add one for readers", where=where, term=repr(term))
    return _Term(area, term.strip(), folded, gloss, Weight(weight), idea or gloss)


def _place_area(areas: list[Area], definition: AreaDefinition) -> int:
    """The index of the area that ``definition`` extends, or of the new one it adds at the end."""
    where = f"[[areas]] {definition.slug!r}"
    if not definition.slug or not all(part.isalnum() and part.islower() for part in definition.slug.split("-")):
        raise LexiconError("{where}: not a slug; use small letters, digits and single hyphens", where=where)
    for index, area in enumerate(areas):
        if area.slug == definition.slug:
            if definition.name:
                areas[index] = Area(area.slug, _names(definition), area.descriptions)
            return index
    if not definition.strong and not definition.weak:
        raise LexiconError("{where}: has no strong or weak terms; give it some, or it finds nothing", where=where)
    areas.append(Area(definition.slug, _names(definition), {"en": "", "ja": ""}))
    return len(areas) - 1


def _names(definition: AreaDefinition) -> dict[str, str]:
    name = definition.name or definition.slug
    return {"en": name, "ja": definition.name_ja or name}


def _defined_terms(definition: AreaDefinition, area: int) -> Iterable[_Term]:
    seen: dict[str, str] = {}
    for weight, terms in (
        (Weight.STRONG, definition.strong),
        (Weight.WEAK, definition.weak),
        (Weight.NEGATIVE, definition.negative),
    ):
        for written in terms:
            term = _make_term(f"[[areas]] {definition.slug!r}", area, written, written.strip(), weight)
            if seen.setdefault(term.folded, weight) != weight:
                raise LexiconError(
                    "[[areas]] {slug}: {written} is {other} and {weight}; keep one",
                    slug=repr(definition.slug),
                    written=repr(written),
                    other=seen[term.folded],
                    weight=weight,
                )
            yield term
