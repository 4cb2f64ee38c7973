"""The one tokeniser of full-text search: what stands in the index of a tender, and what a query looks for there.

Japanese is written without spaces, so an index of words would need a dictionary and would miss what is not in it. Of a
folded text the index has instead

- each run of Latin letters and digits, whole: words of these are only found whole (``query.contains``);
- each two characters in a row of any other run, and the last one of the run alone, so that a single character is found
  as the beginning of what stands there.

A token begins with a letter that says where it comes from: title, text or buyer, so that the pairs of two fields do not
mix. Everything else that is asked for is a token too (areas, kinds, the year of a deadline …), so that a filter and a
word meet in the index.

What the index says of a longer word is only that its pairs are there. So a query becomes an expression that holds for
all that it finds, and the rest of the query that has yet to be looked at (``sought``).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from db.vocabulary.japanese import to_tokyo
from db.vocabulary.notice import NoticeKind
from db.vocabulary.query import (
    EVERYTHING,
    And,
    Compare,
    Facet,
    Is,
    Moment,
    Not,
    Open,
    Or,
    Query,
    Scope,
    Searchable,
    Value,
    Word,
    values_of,
)

REVISION = "1"
"""To be raised when a text or a value gives other tokens than before: every index is then made anew."""
LONGEST = 32
"""Characters of a Latin word that count; PostgreSQL refuses words of more than 2 kB."""
MOST = 20_000
"""Words of one tender. PostgreSQL keeps at most 1 MB of them; of a tender with more the index knows no words."""

ALL = "a"
"""Every tender has it."""
NONE = "n"
"""No tender has it."""
UNCUT = "w"
"""In place of all words, where they are too many."""
_SCOPES: Mapping[Scope, str] = {Scope.TITLE: "t", Scope.TEXT: "x", Scope.BUYER: "b"}
_FACETS: Mapping[Facet, str] = {
    Facet.AREA: "fa",
    Facet.VENUE: "fv",
    Facet.CPV: "fc",
    Facet.PREFECTURE: "fp",
    Facet.CATEGORY: "fg",
    Facet.KIND: "fk",
    Facet.SOURCE: "fs",
    Facet.ACCESS: "fo",
}
_DEADLINE, _VALUE = "d", "v"
_RUNS = re.compile(r"([A-Za-z0-9]+)|([^\W_A-Za-z0-9]+)")
# Only small letters, digits and what is not ASCII is kept by every index as it is.
_NOT_KEPT = re.compile(r"[^a-z0-9\u0080-\U0010ffff]")
_INSTEAD = 0xE000
FIRST_YEAR, LAST_YEAR = 2010, 2040
"""Deadlines before and after these count as theirs."""
_MOST_BITS = 50


# What a tender has --------------------------------------------------------------------------------------


def tokens(tender: Searchable) -> set[str]:
    """Everything by which a tender is found; ``UNCUT`` is among it where its words are too many."""
    words = {
        *_words("t", tender.title),
        *_words("x", tender.text),
        *_words("b", tender.buyer),
    }
    if len(words) > MOST:
        words = {UNCUT}
    words.add(ALL)
    for facet in Facet:
        words.update(_value(facet, value) for value in values_of(facet, tender) if value is not None)
    if tender.deadline is None:
        words.add(_DEADLINE)
    else:
        known = FIRST_YEAR <= tender.deadline.year <= LAST_YEAR  # the calendar's last day has no morning in Tokyo
        day = to_tokyo(tender.deadline) if known else tender.deadline
        words.update((_year(day.year), _month(day.year, day.month)))
    if tender.value is not None:
        words.add(_magnitude(_bits(tender.value)))
    return words


def _words(scope: str, text: str) -> Iterator[str]:
    for latin, other in _RUNS.findall(text):
        if latin:
            yield scope + latin[:LONGEST]
        else:
            yield from [scope + one + next for one, next in pairwise(other)]
            yield scope + other[-1]


def _value(facet: Facet, value: str) -> str:
    return _FACETS[facet] + _NOT_KEPT.sub(lambda found: chr(_INSTEAD + ord(found[0])), value)


def _year(year: int) -> str:
    return f"{_DEADLINE}{min(max(year, FIRST_YEAR), LAST_YEAR)}"


def _month(year: int, month: int) -> str:
    """A month, if its year counts for itself."""
    return f"{_DEADLINE}{year}{month:02}" if FIRST_YEAR < year < LAST_YEAR else _year(year)


def _bits(yen: Decimal) -> int:
    """How large an amount is: it doubles from each number to the next."""
    return min(max(int(yen), 0).bit_length(), _MOST_BITS)


def _magnitude(bits: int) -> str:
    return f"{_VALUE}{bits}"


# What a query looks for -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Has:
    """The tender has the token."""

    token: str


@dataclass(frozen=True, slots=True)
class Begins:
    """The tender has a token that begins so."""

    token: str


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Lacks:
    part: "Expression"


Expression = Has | Begins | Every | Some | Lacks


@dataclass(frozen=True, slots=True)
class Sought:
    """``expression`` holds for all that a query finds; None: the index does not know.

    Of those for which it holds, the query finds the ones that ``rest`` finds. Where a tender has ``UNCUT`` that is not
    so: of it the whole query has to be asked.
    """

    expression: Expression | None
    rest: Query


DEEPEST = 8
"""Ands and ors inside one another that the index is asked for; SQLite's parser takes no more than some thirty."""


def sought(query: Query, *, now: datetime) -> Sought:
    """What to look for in the index, and what to look at afterwards."""
    return _sought(straight(query), now, 0)


def straight(query: Query, *, negated: bool = False) -> Query:
    """The same query with negations only before words and values, and no and within an and, nor or within an or."""
    match query:
        case Not(part):
            return straight(part, negated=not negated)
        case And(parts) | Or(parts):
            kind = And if isinstance(query, And) is not negated else Or
            flat: list[Query] = []
            for part in parts:
                inner = straight(part, negated=negated)
                flat.extend(inner.parts if isinstance(inner, kind) else (inner,))
            return flat[0] if len(flat) == 1 else kind(tuple(dict.fromkeys(flat)))
        case _:
            return Not(query) if negated else query


def _sought(query: Query, now: datetime, depth: int) -> Sought:
    unknown = Sought(None, query)
    if depth > DEEPEST:
        return unknown
    match query:
        case And(parts):
            each = [_sought(part, now, depth + 1) for part in parts]
            known = tuple(one.expression for one in each if one.expression is not None)
            left = tuple(one.rest for one in each if one.rest != EVERYTHING)
            rest = left[0] if len(left) == 1 else And(left)
            return Sought(known[0] if len(known) == 1 else Every(known) if known else None, rest)
        case Or(parts):
            each = [_sought(part, now, depth + 1) for part in parts]
            known = tuple(one.expression for one in each if one.expression is not None)
            if len(known) < len(each):
                return unknown
            # Of the parts that are certain none has to be looked at again, but which part it was is not known.
            return Sought(Some(known), EVERYTHING if all(one.rest == EVERYTHING for one in each) else query)
        case Not(Word(scope) as word):
            expression, exact = _spelled(scope, word)
            return Sought(Lacks(expression), EVERYTHING) if expression and exact else unknown
        case Not(part):
            inner = _sought(part, now, depth + 1)
            return Sought(Lacks(inner.expression), EVERYTHING) if _certain(inner) and inner.expression else unknown
        case Word(scope):
            expression, exact = _spelled(scope, query)
            if expression is None:
                return unknown
            return Sought(Some((expression, Has(UNCUT))), EVERYTHING if exact else query)
        case Is(facet, value):
            return Sought(Has(_value(facet, value)), EVERYTHING)
        case Compare(Moment.DEADLINE, operator, day):
            return Sought(_some(_months(operator, day)), query)
        case Value(operator, yen):
            bits = _bits(yen)
            first, last = {"<": (0, bits), "<=": (0, bits), "=": (bits, bits)}.get(operator, (bits, _MOST_BITS))
            return Sought(_some(map(_magnitude, range(first, last + 1))), query)
        case Open():
            ended = (NoticeKind.AWARD, NoticeKind.CANCELLATION)
            ahead = _some((_DEADLINE, *_months(">=", to_tokyo(now).date())))
            return Sought(Every((ahead, *(Lacks(Has(_value(Facet.KIND, kind))) for kind in ended))), query)
        case _:
            return unknown


def undenied(query: Query) -> Sought | None:
    """For a straight query with words that may not be there: what a tender must have that has any of these words.

    Of a tender for which ``expression`` does not hold, only ``rest`` has to be asked. None where there are no such
    words, or where the index knows nothing of one.
    """
    words = dict.fromkeys(_denied(query))
    expressions = [_spelled(word.scope, word)[0] for word in words]
    known = tuple(expression for expression in expressions if expression is not None)
    return Sought(Some(known), _without_denied(query)) if words and len(known) == len(words) else None


def _denied(query: Query) -> Iterator[Word]:
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _denied(part)
        case Not(Word() as word):
            yield word


def _without_denied(query: Query) -> Query:
    match query:
        case And(parts):
            left = tuple(one for part in parts if (one := _without_denied(part)) != EVERYTHING)
            return left[0] if len(left) == 1 else And(left)
        case Or(parts):
            each = tuple(map(_without_denied, parts))
            return EVERYTHING if EVERYTHING in each else Or(each)
        case Not(Word()):
            return EVERYTHING
        case _:
            return query


def _certain(one: Sought) -> bool:
    return one.rest == EVERYTHING


def _some(tokens: Iterable[str]) -> Expression:
    return Some(tuple(map(Has, dict.fromkeys(tokens))))


def _months(operator: str, day: date) -> Iterator[str]:
    """The years and months in which a day may lie that compares so."""
    year = day.year
    if operator == "=":
        yield _month(year, day.month)
    elif operator in ("<", "<="):
        yield from (_month(year, month) for month in range(1, day.month + 1))
        yield from map(_year, range(FIRST_YEAR, min(year, LAST_YEAR + 1)))
    else:
        yield from (_month(year, month) for month in range(day.month, 13))
        yield from map(_year, range(max(year + 1, FIRST_YEAR), LAST_YEAR + 1))


def _spelled(scope: Scope, word: Word) -> tuple[Expression | None, bool]:
    """What a text has in which a word stands, and whether the word stands in every text that has it."""
    scopes = _SCOPES.values() if scope is Scope.ANY else (_SCOPES[scope],)
    each = [_in_scope(letter, word) for letter in scopes]
    known = tuple(expression for expression in each if expression is not None)
    if not known:
        return None, False
    return known[0] if len(known) == 1 else Some(known), _is_exact(word)


def _is_exact(word: Word) -> bool:
    found = _RUNS.fullmatch(word.term)
    return found is not None and (len(found[1]) < LONGEST if found[1] else len(found[2]) <= 2)


def _in_scope(letter: str, word: Word) -> Expression | None:
    pairs: list[Expression] = []
    alone: list[Expression] = []
    for piece in word.pieces:
        for latin, other in _RUNS.findall(piece):
            if latin:
                pairs.append(Has(letter + latin[:LONGEST]))
            elif len(other) == 1:
                alone.append(Begins(letter + other))
            else:
                pairs.extend(Has(f"{letter}{one}{next}") for one, next in pairwise(other))
    for before, after in pairwise(word.pieces):
        if (found := _RUNS.match(after)) and found[2]:
            # Between the two the text may have a long mark.
            pairs.append(Some(tuple(Has(f"{letter}{one}{after[0]}") for one in (before[-1], "ー"))))
    # What begins with one character is much; where there are pairs it is not worth the asking.
    parts = tuple(dict.fromkeys(pairs or alone))
    return (parts[0] if len(parts) == 1 else Every(parts)) if parts else None
