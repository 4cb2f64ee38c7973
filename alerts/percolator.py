"""Very many queries held against one tender at a time: first which ones may find it, then which do.

    words of all queries ─▶ one automaton ─▶ the words of a tender, and its values ─▶ candidates ─▶ what finds it

A query needs certain words and values: ``水素 (area:renewables OR area:mobility) NOT 中古`` needs 水素, and one of two
areas. It is filed under its rarest need, so that most tenders never come near it. What is filed under something that
the tender has, and has its other needs too, is a candidate. A query that is nothing but its needs is thereby found;
any other is evaluated (``query.matches``). A query without needs (``open:``) is a candidate every time.

Words that come later get a small automaton of their own, until they are many enough to be worth joining the others.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from ahocorasick_rs import AhoCorasick

from db.vocabulary.query import (
    And,
    Compare,
    Facet,
    Is,
    Not,
    Open,
    Or,
    Query,
    Scope,
    Searchable,
    Value,
    Word,
    contains,
    matches,
    reason,
    reasons,
    values_of,
)
from db.vocabulary.text import is_latin

JOIN = 1_000
"""So many later words, or the eighth part of all, join the others."""

MOST_PIECES = 4
"""Of a word whose spellings are all looked for: eight."""

Leaf = Word | Is
Test = Compare | Value | Open
Need = tuple[Leaf, ...]
"""Words and values of which a query needs at least one."""

_ALWAYS = 0
"""The mark of every tender; what needs nothing is filed under it. Marks of words are positive, of values negative."""
_ZONES: Mapping[Scope, int] = {scope: number for number, scope in enumerate(Scope, 1)}

# The share of tenders that have a value, by rule of thumb: what counts is the order.
_SHARES: Mapping[Facet, float] = {
    Facet.KIND: 0.4,
    Facet.CATEGORY: 0.4,
    Facet.ACCESS: 0.3,
    Facet.SOURCE: 0.2,
    Facet.AREA: 0.1,
    Facet.PREFECTURE: 0.04,
    Facet.CPV: 0.03,
    Facet.VENUE: 0.02,
}


@dataclass(frozen=True, slots=True, eq=False)
class _Filed:
    """A query as it is filed. Of a tender that has one of the ``marks`` it is a candidate.

    What the marks of a tender do not decide is left to ``query``: conjunctions within OR, and deeper ones.
    """

    key: str
    marks: tuple[int, ...]
    all_of: tuple[int, ...]
    """Besides the one that it was found by."""
    one_of: tuple[tuple[int, ...], ...]
    none_of: tuple[int, ...]
    tests: tuple[Test, ...]
    leaves: tuple[int, ...] | None
    """The marks of ``reasons``; None where all of them are needed."""
    reasons: tuple[str, ...]
    query: Query | None

    def why(self, present: set[int], tender: Searchable) -> tuple[str, ...] | None:
        """The reasons if the query finds the tender, whose marks are ``present``; else None."""
        if not present.issuperset(self.all_of):
            return None
        for some in self.one_of:
            if present.isdisjoint(some):
                return None
        if self.query is not None:
            return reasons(self.query, tender) if matches(self.query, tender) else None
        if not present.isdisjoint(self.none_of):
            return None
        for test in self.tests:
            if not matches(test, tender):
                return None
        if self.leaves is None:
            return self.reasons
        told = [why for mark, why in zip(self.leaves, self.reasons, strict=True) if mark in present]
        return tuple(dict.fromkeys(told)) if len(told) > 1 else tuple(told)


@dataclass(slots=True)
class _Marks:
    """The numbers of words and values. It only grows, so whoever holds an older percolator is not disturbed."""

    words: dict[tuple[str, ...], int] = field(default_factory=dict)
    """By their pieces."""
    unsure: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Words that are not there wherever the automaton finds them: Latin ones, and those of very many pieces."""
    values: dict[Facet, dict[str, int]] = field(default_factory=lambda: {facet: {} for facet in Facet})
    count: int = 0
    """Of values."""
    leaves: dict[Leaf, int] = field(default_factory=dict)

    def of(self, leaf: Leaf) -> int:
        """The mark of tenders that have the leaf."""
        mark = self.leaves.get(leaf)
        if mark is None:
            mark = self.leaves[leaf] = self._value(leaf) if isinstance(leaf, Is) else self._word(leaf)
        return mark

    def _value(self, leaf: Is) -> int:
        self.count += 1
        self.values[leaf.facet][leaf.value] = -self.count
        return -self.count

    def _word(self, word: Word) -> int:
        number = self.words.setdefault(word.pieces, len(self.words))
        if len(word.pieces) > MOST_PIECES or is_latin(word.term[0]) or is_latin(word.term[-1]):
            self.unsure[number] = word.pieces
        return number * len(_ZONES) + _ZONES[word.scope]


class _Automaton:
    """All spellings of some words, looked for at once."""

    def __init__(self, words: Iterable[tuple[int, tuple[str, ...]]]) -> None:
        spellings = [(spelling, number) for number, pieces in words for spelling in _spellings(pieces)]
        self._numbers = [number for _, number in spellings]
        self._automaton = AhoCorasick((spelling for spelling, _ in spellings), store_patterns=False)

    def found(self, text: str) -> set[int]:
        """The numbers of the words that stand in a text, within others too."""
        numbers = self._numbers
        return {numbers[place] for place, _, _ in self._automaton.find_matches_as_indexes(text, overlapping=True)}


@dataclass(frozen=True, slots=True)
class _Words:
    """Automata over the first ``count`` words: one over most of them, and one over those that came later."""

    automata: tuple[_Automaton, ...] = ()
    joined: int = 0
    """So many words are in the first."""
    count: int = 0

    def grown(self, words: Collection[tuple[str, ...]]) -> "_Words":
        """Over these words, which begin with those that are known."""
        count = len(words)
        if count == self.count:
            return self
        numbered = enumerate(words)
        if count - self.joined > max(JOIN, self.joined // 8):
            return _Words((_Automaton(numbered),), count, count)
        later = _Automaton(islice(numbered, self.joined, None))
        return _Words((*self.automata[: 1 if self.joined else 0], later), self.joined, count)

    def found(self, text: str) -> set[int]:
        found: set[int] = set()
        for automaton in self.automata:
            found |= automaton.found(text)
        return found


class Percolator:
    """Queries by their keys. It does not change: ``changed`` gives another that shares with it what stays the same."""

    def __init__(self) -> None:
        self._marks = _Marks()
        self._words = _Words()
        self._queries: Mapping[str, _Filed] = {}
        self._filed: Mapping[int, tuple[_Filed, ...]] = {}

    def __len__(self) -> int:
        return len(self._queries)

    def changed(self, added: Mapping[str, Query], gone: Collection[str] = ()) -> "Percolator":
        """The percolator without what is gone and with what is added, keys that are new to it.

        It costs what changes and a copy of two dictionaries. One thread at a time; others may go on with the old one.
        """
        marks, queries, filed = self._marks, dict(self._queries), dict(self._filed)
        out: defaultdict[int, set[_Filed]] = defaultdict(set)
        into: defaultdict[int, list[_Filed]] = defaultdict(list)
        for key in gone:
            one = queries.pop(key)
            for mark in one.marks:
                out[mark].add(one)
        for key, query in added.items():
            one = queries[key] = _file(key, query, marks)
            for mark in one.marks:
                into[mark].append(one)
        for mark in [*out, *into]:
            there = (*(one for one in filed.get(mark, ()) if one not in out[mark]), *into.pop(mark, ()))
            if there:
                filed[mark] = there
            else:
                filed.pop(mark, None)
        other = Percolator()
        other._marks, other._words, other._queries, other._filed = (
            marks,
            self._words.grown(marks.words),
            queries,
            filed,
        )
        return other

    def found(self, tender: Searchable) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The keys of the queries that find a tender, each once and in no particular order, with their reasons."""
        present = self._present(tender)
        filed = self._filed
        several: set[str] = set()
        for mark in [mark for mark in present if mark in filed]:
            for one in filed[mark]:
                why = one.why(present, tender)
                if why is None:
                    continue
                if len(one.marks) > 1:
                    if one.key in several:
                        continue
                    several.add(one.key)
                yield one.key, why

    def _present(self, tender: Searchable) -> set[int]:
        """The marks of a tender."""
        unsure = self._marks.unsure
        present = {_ALWAYS}
        for scope, text in ((Scope.TITLE, tender.title), (Scope.TEXT, tender.text), (Scope.BUYER, tender.buyer)):
            numbers = self._words.found(text)
            for number in [number for number in numbers if number in unsure]:
                if not contains(text, *unsure[number]):
                    numbers.discard(number)
            for zone in (_ZONES[Scope.ANY], _ZONES[scope]):
                present.update([number * len(_ZONES) + zone for number in numbers])
        for facet, marks in self._marks.values.items():
            if marks:
                present.update(
                    [marks[value] for value in values_of(facet, tender) if value is not None and value in marks]
                )
        return present


def _file(key: str, query: Query, marks: _Marks) -> _Filed:
    needs = _needs(query)
    rarest = min(needs, key=_share, default=())
    needed = [tuple(dict.fromkeys(map(marks.of, need))) for need in needs if need is not rarest]
    under = tuple(dict.fromkeys(map(marks.of, rarest))) or (_ALWAYS,)
    all_of = tuple({need[0]: None for need in needed if len(need) == 1})
    one_of = tuple(need for need in needed if len(need) > 1)
    parts = _parts(query)
    if not all(map(_is_decided, parts)):
        return _Filed(key, under, all_of, one_of, (), (), None, (), query)
    told = [leaf for need in needs for leaf in need]
    why = tuple(map(reason, told))
    alone = all(len(need) == 1 for need in needs)
    return _Filed(
        key,
        under,
        all_of,
        one_of,
        none_of=tuple(marks.of(leaf) for part in parts if isinstance(part, Not) for leaf in _leaves(part.part)),
        tests=tuple(part for part in parts if isinstance(part, Test)),
        leaves=None if alone else tuple(map(marks.of, told)),
        reasons=tuple(dict.fromkeys(why)) if alone else why,
        query=None,
    )


def _needs(query: Query) -> list[Need]:
    """What a tender must have for the query to find it; in the query's order."""
    match query:
        case Word() | Is():
            return [(query,)]
        case And(parts):
            return [need for part in parts for need in _needs(part)]
        case Or(parts):
            each = [_needs(part) for part in parts]
            return [tuple(leaf for needs in each for leaf in min(needs, key=_share))] if all(each) else []
        case Not(Not(part)):
            return _needs(part)
        case _:
            return []


def _parts(query: Query) -> list[Query]:
    """What must all be true; a single part where the query is no conjunction."""
    return [inner for part in query.parts for inner in _parts(part)] if isinstance(query, And) else [query]


def _is_decided(part: Query) -> bool:
    """Whether marks and tests decide a part of a query."""
    return isinstance(part, Test) or bool(_leaves(part.part if isinstance(part, Not) else part))


def _leaves(query: Query) -> list[Leaf]:
    """The words and values of which one is asked for; none where the query is anything else."""
    match query:
        case Word() | Is():
            return [query]
        case Or(parts):
            each = [_leaves(part) for part in parts]
            return [leaf for leaves in each for leaf in leaves] if all(each) else []
        case _:
            return []


def _share(need: Need) -> float:
    """The share of tenders that fulfil a need, by rule of thumb."""
    return sum(map(_share_of, need))


def _share_of(leaf: Leaf) -> float:
    if isinstance(leaf, Is):
        return _SHARES[leaf.facet]
    anywhere = 0.5 * 0.35 ** (len(leaf.term) - 1)
    return anywhere / 5 if leaf.scope in (Scope.TITLE, Scope.BUYER) else anywhere


def _spellings(pieces: tuple[str, ...]) -> list[str]:
    """With and without a long mark between pieces; of too many pieces only the longest."""
    if len(pieces) > MOST_PIECES:
        return [max(pieces, key=len)]
    found = [pieces[0]]
    for piece in pieces[1:]:
        found = [f"{one}{mark}{piece}" for one in found for mark in ("", "ー")]
    return found
