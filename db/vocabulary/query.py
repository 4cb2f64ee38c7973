"""The query language of saved searches, pages, commands and the matcher: one parser, one meaning.

    水素 OR "燃料 電池"            words and phrases; a word is found in title, text and buyer
    area:renewables NOT kind:award  fields; AND may be left out, and binds closer than OR; - is short for NOT
    venue:aging-society             what only takes place at the area's places: works at a care home
    cpv:72                          a division or group of the EU's procurement vocabulary, and what lies below it
    buyer:環境省,経済産業省         a comma means "one of these"
    published>=2026-04-01           comparisons of days (also deadline)
    value>=5000万                   comparisons of the value, in yen
    access:open                     what a trade agreement opens, or does not
    open:                           tenders whose deadline has not passed

Words are compared after folding (``db.vocabulary.text``): case, full and half width and the long mark at a
word's end make no difference. Words in Latin letters match whole words only. English words, also two or three
in a row, find their Japanese terms too (``db.vocabulary.synonyms``), unless they stand in quotation marks or in a field.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from operator import eq, ge, gt, le, lt
from typing import Any, Protocol, Self

from db.vocabulary.japanese import numeral, to_tokyo
from db.vocabulary.labels import prefecture_named
from db.vocabulary.messages import Told
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.reading import Access, AccessVerdict
from db.vocabulary.synonyms import LONGEST, synonyms
from db.vocabulary.tender import TenderSource
from db.vocabulary.text import fold, is_latin


class QueryError(Told):
    """A query that cannot be read. ``position`` is the place of the mistake, counted in characters from 0."""

    def __init__(self, text: str, *, position: int, **values: object) -> None:
        super().__init__(text, **values)
        self.position = position


class Scope(StrEnum):
    """Fields that hold words."""

    ANY = "any"
    TITLE = "title"
    TEXT = "text"
    BUYER = "buyer"


class Facet(StrEnum):
    """Fields that hold one of a set of values."""

    AREA = "area"
    VENUE = "venue"
    CPV = "cpv"
    PREFECTURE = "prefecture"
    CATEGORY = "category"
    KIND = "kind"
    SOURCE = "source"
    ACCESS = "access"


class Opened(StrEnum):
    """What can be asked of market access: what the agreements open, and the verdict in a word."""

    OPEN = "open"
    """Covered or likely covered by one of the agreements."""
    GPA = "gpa"
    """By this one."""
    EPA = "epa"
    COVERED = "covered"
    LIKELY = "likely"
    RESTRICTED = "restricted"
    NOT_COVERED = "not-covered"
    UNKNOWN = "unknown"


OPENING = (AccessVerdict.COVERED, AccessVerdict.LIKELY)
"""The verdicts by which an agreement opens a procurement."""
VERDICTS: Mapping[Opened, AccessVerdict] = {
    Opened.COVERED: AccessVerdict.COVERED,
    Opened.LIKELY: AccessVerdict.LIKELY,
    Opened.RESTRICTED: AccessVerdict.RESTRICTED,
    Opened.NOT_COVERED: AccessVerdict.NOT_COVERED,
    Opened.UNKNOWN: AccessVerdict.UNKNOWN,
}
"""The verdict in a word (``Access.overall``), as queries ask for it."""


class Moment(StrEnum):
    """Fields that hold a day."""

    PUBLISHED = "published"
    DEADLINE = "deadline"


VALUE = "value"
"""The field that holds an amount."""


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word or phrase somewhere in the scope, without the long marks that may be left out (``spelled``).

    ``pieces`` is the term cut where such a mark may stand in a text.
    """

    scope: Scope
    term: str
    pieces: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", tuple(_LONG_MARK_MAY_STAND.split(self.term)))


@dataclass(frozen=True, slots=True)
class Is:
    """The field has this value."""

    facet: Facet
    value: str


@dataclass(frozen=True, slots=True)
class Compare:
    """The day of a field, in Tokyo, against a day. What has no such day does not match."""

    moment: Moment
    operator: str
    day: date


@dataclass(frozen=True, slots=True)
class Value:
    """The planned price or stated upper limit against an amount in yen. What states neither does not match."""

    operator: str
    yen: Decimal


@dataclass(frozen=True, slots=True)
class Open:
    """The deadline is unknown or has not passed, and the tender is neither awarded nor cancelled."""


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Query"


Query = Word | Is | Compare | Value | Open | And | Or | Not

EVERYTHING = And(())
DEEPEST = 50
"""Parentheses and negations inside one another: far more than people write, far less than Python's stack holds."""


@dataclass(frozen=True, slots=True)
class Searchable:
    """A tender as queries see it; the texts are folded."""

    title: str
    text: str
    buyer: str
    areas: frozenset[str]
    venues: frozenset[str]
    cpv: frozenset[str]
    """The beginnings of its CPV codes, of two digits and more: what a query for a division finds."""
    sources: frozenset[str]
    access: frozenset[str]
    """Everything of ``Opened`` that is true of it."""
    prefecture: str | None
    category: str | None
    kind: str
    value: Decimal | None
    published: date
    deadline: datetime | None
    now: datetime

    @classmethod
    def of(
        cls,
        tender: "Described",
        *,
        text: str,
        areas: Iterable[str],
        venues: Iterable[str] = (),
        cpv: Iterable[str] = (),
        now: datetime,
    ) -> Self:
        """Anything that has a tender's fields, with its text, its focus areas and venues, and its CPV codes."""
        return cls(
            title=fold(f"{tender.title}\n{tender.title_en or ''}"),
            text=fold(text),
            buyer=fold(f"{tender.buyer or ''}\n{tender.buyer_en or ''}"),
            areas=frozenset(areas),
            venues=frozenset(venues),
            cpv=frozenset(
                short[:length]
                for code in cpv
                if (short := cpv_beginning(code))
                for length in range(SHORTEST_CPV, len(short) + 1)
            ),
            sources=frozenset(source.source for source in tender.sources),
            access=opened(tender.access),
            prefecture=tender.prefecture,
            category=tender.category,
            kind=tender.kind,
            value=tender.value,
            published=tender.published,
            deadline=tender.deadline,
            now=now,
        )


def opened(access: Access) -> frozenset[str]:
    """What queries for ``access:`` find a tender with these verdicts."""
    by = {Opened.GPA: access.gpa in OPENING, Opened.EPA: access.epa in OPENING}
    found = {asked for asked, opens in by.items() if opens}
    overall = access.overall
    return frozenset(
        found
        | ({Opened.OPEN} if found else set())
        | {asked for asked, verdict in VERDICTS.items() if verdict == overall}
    )


SHORTEST_CPV = 2
"""Digits of a division."""
CPV_DIGITS = 8
"""Digits of a code without its check digit."""
_CPV = re.compile(rf"([0-9]{{{SHORTEST_CPV},{CPV_DIGITS}}})(?:-[0-9])?", re.ASCII)


def cpv_beginning(code: str) -> str | None:
    """The digits of a CPV code that say something: 72000000, 72000000-5 and 72 are the division 72. None: no code."""
    found = _CPV.fullmatch(code)
    return found[1][:SHORTEST_CPV] + found[1][SHORTEST_CPV:].rstrip("0") if found else None


class Described(Protocol):
    """The fields of a tender that queries look at, as a composed tender and a row of the record both have them."""

    @property
    def title(self) -> str: ...
    @property
    def title_en(self) -> str | None: ...
    @property
    def buyer(self) -> str | None: ...
    @property
    def buyer_en(self) -> str | None: ...
    @property
    def prefecture(self) -> str | None: ...
    @property
    def category(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> Decimal | None: ...
    @property
    def access(self) -> Access: ...
    @property
    def published(self) -> date: ...
    @property
    def deadline(self) -> datetime | None: ...
    @property
    def sources(self) -> tuple[TenderSource, ...]: ...


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": le,
    ">=": ge,
    "<": lt,
    ">": gt,
    "=": eq,
}
_SIGNS = {"≦": "<=", "≤": "<=", "≧": ">=", "≥": ">="}
# Same length for same length, so that places in errors stay right. Full-width ASCII, as a Japanese keyboard gives it.
_WIDTHS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | str.maketrans("”“　", '"" ')
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\))
    | (?P<compare>[A-Za-z]+)(?P<operator><=|>=|[<>=≦≤≧≥])(?P<operand>[^\s()"]*)
    | (?P<field>[A-Za-z]+):(?P<values>(?:"[^"]*"|[^\s()"]+)?)
    | (?P<minus>-)(?=[^\s)])
    | "(?P<phrase>[^"]*)"
    | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)

_KATAKANA = "ァ-ヺー-ヿ"
# At the end of a katakana word of which three characters stay. Half-width texts have a hyphen for it: ﾌﾟﾘﾝﾀ-.
_GOES_ON = f"[{_KATAKANA}\u3099\u309a-]"  # with sound marks that stand by themselves
_LONG_MARK = re.compile(f"(?<=[{_KATAKANA}]{{3}})(?:[ー-]+$|ー+(?!{_GOES_ON}))")
_LONG_MARK_MAY_STAND = re.compile(f"(?<=[{_KATAKANA}]{{3}})(?!{_GOES_ON}|$)")


def spelled(term: str) -> str:
    """A word or phrase in the one form that stands for all its spellings: folded, less the ー at words' ends.

    サーバー更新, ｻｰﾊﾞ更新 and サーバ更新 are one; ヘルスケア, スキー and バス stay as they are. A text keeps its ー (the word
    スキー is looked for in アルペンスキー場): where the term may have one, it may stand there.
    """
    return _LONG_MARK.sub("", fold(term))


@cache
def _meanings() -> Mapping[str, tuple[Word, ...]]:
    """The words that English ones stand for."""
    words = {terms: tuple(Word(Scope.ANY, spelled(term)) for term in terms) for terms in synonyms().values()}
    return {english: words[terms] for english, terms in synonyms().items()}


def _meant(words: str) -> tuple[Word, ...]:
    """What folded words stand for besides themselves; nothing where the list does not have them."""
    return _meanings().get(words.replace("-", " "), ())


def has_synonyms(words: str) -> bool:
    """Whether English words, if they stand bare in a query, find Japanese terms too."""
    return bool(_meant(fold(words)))


Known = Mapping[Facet, Collection[str]]
"""The values that there are, of facets whose values the vocabulary does not know: areas and sources."""


def parse(text: str, known: Known | None = None, *, with_synonyms: bool = True) -> Query:
    """The syntax tree of a query; an empty one matches everything. Raises QueryError, also for a value not ``known``.

    Without ``known`` any area and source is taken: a saved search outlives the area that it names. ``with_synonyms``:
    English words stand for their Japanese terms too; else the tree has what is written and nothing more.
    """
    return _Parser(text, known or {}, with_synonyms=with_synonyms).parse()


def matches(query: Query, tender: Searchable) -> bool:
    """Whether the tender is found by the query: the plain evaluation that every faster one must equal."""
    match query:
        case And(parts):
            return all(matches(part, tender) for part in parts)
        case Or(parts):
            return any(matches(part, tender) for part in parts)
        case Not(part):
            return not matches(part, tender)
        case Word(scope):
            return any(contains(text, *query.pieces) for text in _texts(scope, tender))
        case Is(facet, value):
            return value in values_of(facet, tender)
        case Compare(moment, operator, day):
            known = _day(moment, tender)
            return known is not None and _OPERATORS[operator](known, day)
        case Value(operator, yen):
            return tender.value is not None and _OPERATORS[operator](tender.value, yen)
        case Open():
            ended = tender.kind in (NoticeKind.AWARD, NoticeKind.CANCELLATION)
            return not ended and (tender.deadline is None or tender.deadline >= tender.now)


def reasons(query: Query, tender: Searchable) -> tuple[str, ...]:
    """The words and values of a query that the tender has, in the query's order: why it was found.

    Where one of several is asked for, only those count that are fulfilled: of ``smart city``, which スマートシティ
    fulfils, not a "city" that stands elsewhere.
    A venue, a CPV code and a verdict on access stand there with their field (venue:aging-society): a tender that only
    takes place at an area must not pass for one of the area.
    """
    match query:
        case And(parts):
            return tuple(dict.fromkeys(reason for part in parts for reason in reasons(part, tender)))
        case Or(parts):
            fulfilled = [part for part in parts if matches(part, tender)]
            return tuple(dict.fromkeys(reason for part in fulfilled for reason in reasons(part, tender)))
        case Word() | Is() if matches(query, tender):
            return (reason(query),)
        case _:
            return ()


def reason(leaf: Word | Is) -> str:
    """How a word or value is told of where it was found."""
    if isinstance(leaf, Word):
        return leaf.term
    return f"{leaf.facet}:{leaf.value}" if leaf.facet in (Facet.VENUE, Facet.CPV, Facet.ACCESS) else leaf.value


def contains(text: str, first: str, *more: str) -> bool:
    """Whether a folded text has a folded term; at a Latin letter or digit a word must begin and end.

    Between pieces of a term a text may have a long mark, and nothing else.
    """
    return first in text and next(places(text, first, *more), None) is not None


def places(text: str, first: str, *more: str) -> Iterator[tuple[int, int]]:
    """Where a folded text has a folded term, as ``contains`` looks for it: from an index up to another."""
    start = text.find(first)
    while start >= 0:
        end = start + len(first)
        for piece in more:
            if text.startswith("ー", end):
                end += 1
            if not text.startswith(piece, end):
                break
            end += len(piece)
        else:
            if not (start and is_latin(text[start - 1]) and is_latin(text[start])) and not (
                end < len(text) and is_latin(text[end - 1]) and is_latin(text[end])
            ):
                yield start, end
        start = text.find(first, start + 1)


def _texts(scope: Scope, tender: Searchable) -> tuple[str, ...]:
    match scope:
        case Scope.TITLE:
            return (tender.title,)
        case Scope.TEXT:
            return (tender.text,)
        case Scope.BUYER:
            return (tender.buyer,)
        case Scope.ANY:
            return (tender.title, tender.text, tender.buyer)


def values_of(facet: Facet, tender: Searchable) -> frozenset[str] | tuple[str | None, ...]:
    """What a tender has in a field; None where it is not known."""
    match facet:
        case Facet.AREA:
            return tender.areas
        case Facet.VENUE:
            return tender.venues
        case Facet.CPV:
            return tender.cpv
        case Facet.SOURCE:
            return tender.sources
        case Facet.ACCESS:
            return tender.access
        case Facet.PREFECTURE:
            return (tender.prefecture,)
        case Facet.CATEGORY:
            return (tender.category,)
        case Facet.KIND:
            return (tender.kind,)


def _day(moment: Moment, tender: Searchable) -> date | None:
    if moment is Moment.PUBLISHED:
        return tender.published
    return to_tokyo(tender.deadline).date() if tender.deadline else None


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    position: int
    match: re.Match[str]


class _Parser:
    """Recursive descent: or ▸ and ▸ English words | not ▸ (group | field | word)."""

    def __init__(self, text: str, known: Known, *, with_synonyms: bool) -> None:
        self.known = known
        self.with_synonyms = with_synonyms
        self.text = text.translate(_WIDTHS)
        self.tokens = self._tokens()
        self.at = 0
        self.depth = 0

    def _tokens(self) -> list[_Token]:
        tokens: list[_Token] = []
        position = 0
        while self.text[position:].strip():
            found = _TOKEN.match(self.text, position)
            if not found:
                where = len(self.text) - len(self.text[position:].lstrip())
                raise QueryError("a quotation mark is opened and not closed", position=where)
            name = found.lastgroup or ""
            kind = {"operand": "compare", "operator": "compare", "values": "field"}.get(name, name)
            word = found["word"] or ""
            if kind == "word" and word in ("AND", "OR", "NOT"):
                kind = word
            tokens.append(_Token(kind, found.start() + len(found[0]) - len(found[0].lstrip()), found))
            position = found.end()
        return tokens

    def parse(self) -> Query:
        if not self.tokens:
            return EVERYTHING
        tree = self._or()
        if (left := self._peek()) is not None:
            raise QueryError("a closing parenthesis has no opening one", position=left.position)
        return tree

    def _peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _or(self) -> Query:
        parts = [self._and()]
        while (token := self._peek()) and token.kind == "OR":
            self.at += 1
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Query:
        parts = [self._part()]
        while (token := self._peek()) and token.kind not in ("OR", "close"):
            if token.kind == "AND":
                self.at += 1
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _part(self) -> Query:
        """English words that mean something together, as many as possible; else whatever stands there alone."""
        words = self._english_ahead()
        for count in range(len(words), 1, -1):
            if meant := _meant(" ".join(words[:count])):
                self.at += count
                return Or((And(tuple(Word(Scope.ANY, word) for word in words[:count])), *meant))
        return self._not()

    def _english_ahead(self) -> list[str]:
        """The next bare words, if they may be English ones."""
        words: list[str] = []
        if self.with_synonyms:
            for token in self.tokens[self.at : self.at + LONGEST]:
                if token.kind != "word" or not (word := token.match["word"]).isascii():
                    break
                words.append(fold(word))
        return words

    def _not(self) -> Query:
        token = self._peek()
        if token is None:
            raise QueryError("the query ends where a word or a field is expected", position=len(self.text))
        self.at += 1
        match token.kind:
            case "NOT" | "minus":
                return Not(self._deeper(self._not, token))
            case "open":
                inner = self._deeper(self._or, token)
                if (closing := self._peek()) is None or closing.kind != "close":
                    raise QueryError("a parenthesis is opened and not closed", position=token.position)
                self.at += 1
                return inner
            case "field":
                return self._field(token)
            case "compare":
                return self._compare(token)
            case "phrase":
                return self._word(Scope.ANY, token.match["phrase"], token.position)
            case "word" if not set(token.match["word"]) - {*"<>=", *_SIGNS}:
                raise QueryError(
                    "{sign} stands alone; write a comparison without spaces: published>=2026-04-01",
                    sign=token.match["word"],
                    position=token.position,
                )
            case "word":
                word = self._word(Scope.ANY, token.match["word"], token.position)
                meant = _meant(word.term) if self.with_synonyms else ()
                each = tuple(dict.fromkeys((word, *meant)))
                return Or(each) if len(each) > 1 else word
            case "close":
                raise QueryError("nothing stands before this closing parenthesis", position=token.position)
            case _:
                raise QueryError(
                    "{operator} needs a word or a field on both sides", operator=token.kind, position=token.position
                )

    def _deeper(self, inner: Callable[[], Query], token: _Token) -> Query:
        self.depth += 1
        if self.depth > DEEPEST:
            raise QueryError("the query is nested more than {depth} deep", depth=DEEPEST, position=token.position)
        tree = inner()
        self.depth -= 1
        return tree

    def _word(self, scope: Scope, text: str, position: int) -> Word:
        term = spelled(text)
        if not term:
            raise QueryError("there is no word between the quotation marks", position=position)
        return Word(scope, term)

    def _field(self, token: _Token) -> Query:
        name, raw = token.match["field"].lower(), token.match["values"]
        if name == "open" and not raw:
            return Open()
        if name in (*Moment, VALUE):
            raise QueryError(
                "{name} is compared: write {name}>={example}, or one of <= < = >",
                name=name,
                example="5000000" if name == VALUE else "2026-04-01",
                position=token.position,
            )
        if name not in (*Scope, *Facet) or name == Scope.ANY:
            raise QueryError(
                "there is no field {name}: — there are {fields}",
                name=name,
                fields=", ".join(f"{field}:" for field in [*list(Scope)[1:], *Facet, "open"]),
                position=token.position,
            )
        values = [raw.strip('"')] if raw.startswith('"') else [value for value in re.split("[,、]", raw) if value]
        if not any(values):
            raise QueryError("{name}: needs a value", name=name, position=token.position)
        parts = tuple(self._valued(name, value, token.position) for value in values)
        return parts[0] if len(parts) == 1 else Or(parts)

    def _valued(self, name: str, value: str, position: int) -> Query:
        if name in [*Scope]:
            return self._word(Scope(name), value, position)
        facet = Facet(name)
        if facet is Facet.PREFECTURE:
            return Is(facet, self._prefecture(value, position))
        folded = fold(value).replace(" ", "-")
        if facet is Facet.CPV:
            if (beginning := cpv_beginning(folded)) is None:
                raise QueryError(
                    "{value} is no CPV code — write 2 to 8 digits, as cpv:72 or cpv:72000000",
                    value=value,
                    position=position,
                )
            return Is(facet, beginning)
        fixed = {Facet.KIND: [*NoticeKind], Facet.CATEGORY: [*Category], Facet.ACCESS: [*Opened]}
        allowed = {**fixed, **self.known}.get(facet)
        if allowed and folded not in allowed:
            raise QueryError(
                "{name}:{value} is not known — {name}: is one of {values}",
                name=name,
                value=value,
                values=", ".join(allowed),
                position=position,
            )
        return Is(facet, folded)

    def _prefecture(self, value: str, position: int) -> str:
        if (name := prefecture_named(value)) is None:
            raise QueryError("there is no prefecture {value} — write 東京都 or Tokyo", value=value, position=position)
        return name

    def _compare(self, token: _Token) -> Query:
        name, sign, operand = (token.match[group] for group in ("compare", "operator", "operand"))
        sign = _SIGNS.get(sign, sign)
        if name.lower() == VALUE:
            if (yen := _yen(operand)) is None:
                raise QueryError(
                    "{operand} is no amount in yen — write it as 5000000, 5,000,000, 500万, 1.5億 or 5m",
                    operand=operand or "?",
                    position=token.position,
                )
            return Value(sign, yen)
        if name.lower() not in [*Moment]:
            raise QueryError(
                "{name} cannot be compared — compare {fields}",
                name=name,
                fields=", ".join((*Moment, VALUE)),
                position=token.position,
            )
        try:
            return Compare(Moment(name.lower()), sign, date.fromisoformat(operand))
        except ValueError:
            raise QueryError(
                "{operand} is no day — write it as 2026-04-01", operand=operand or "?", position=token.position
            ) from None


_LARGEST = 10**14
"""In yen: about a year of the state's budget; no procurement is larger, and the record keeps no more."""
_COUNTED = re.compile(r"([0-9]+(?:\.[0-9]+)?)([km])", re.IGNORECASE | re.ASCII)


def _yen(written: str) -> Decimal | None:
    """The amount that somebody wrote; None for what is none. Whole yen only."""
    bare = written.replace("_", "").lstrip("¥￥").removeprefix("\\").removesuffix("円")
    if found := _COUNTED.fullmatch(bare.replace(",", "")):
        amount = Decimal(found[1]) * {"k": 10**3, "m": 10**6}[found[2].lower()]
    elif (whole := numeral(bare)) is not None:
        amount = Decimal(whole)
    else:
        return None
    return amount if amount == amount.to_integral_value() and amount <= _LARGEST else None
