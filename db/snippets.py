"""What a search shows of the tenders that it found: the words that were asked for, and what stands around them.

Words are looked for in folded texts, and shown as they were published. Texts are long and have to be loaded: that is
done for the tenders of a page, and only where title and buyer do not account for the find. Of a text at most
``MOST`` characters are shown, for the sources license no more than extracts.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import category
from uuid import UUID

from sqlmodel import Session

from db.card import Card
from db.described import texts_of
from db.vocabulary.query import And, Or, Query, Scope, Word, contains, places
from db.vocabulary.text import fold, fold_with_offsets, is_latin
from db.vocabulary.tokens import straight

AROUND = 80
"""Characters that are shown around a word, the word included."""
MOST = 160
"""Characters of one snippet: two such pieces."""
_STEP, _BESIDE = 100, 30
"""Long texts are looked through in pieces, with so much of what stands on both sides."""
_LONGEST_CLUSTER = 40
"""Characters that fold together and are still taken apart."""
_GAPS = re.compile(r"\s+")
_GAP_CHARACTERS = " \t\r\n\f\v\u3000\u00a0・･"

Span = tuple[int, int]
"""From an index of a text up to another."""


class Piece(NamedTuple):
    """A piece of a text; ``hit``: it is a word that was asked for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """Why a tender was found, in its own words; ``place`` is title, text or buyer."""

    place: Scope
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def hits(self) -> tuple[Span, ...]:
        """Where the words stand in ``text``."""
        found: list[Span] = []
        at = 0
        for piece in self.pieces:
            if piece.hit:
                found.append((at, at + len(piece.text)))
            at += len(piece.text)
        return tuple(found)


def words_of(query: Query) -> tuple[Word, ...]:
    """The words that a query asks for, each once and in its order; not those that it rules out."""
    wanted = _wanted(straight(query))
    return tuple(dict.fromkeys(_words(wanted))) if wanted is not None else ()


def snippets(session: Session, query: Query, cards: Sequence[Card]) -> dict[UUID, Snippet]:
    """Of each tender that has words of the query: a piece of its text where title and buyer do not account for the
    find, with what they lack; else of its title; else of its buyer's name."""
    wanted = _wanted(straight(query))
    if wanted is None:
        return {}
    words, parts = words_of(wanted), wanted.parts if isinstance(wanted, And) else (wanted,)
    lacking: dict[UUID, list[Query]] = {}
    for card in cards:
        known = _folded(card)
        lacking[card.id] = [part for part in parts if not _holds(part, known)]
    sources = {card.id: card.sources for card in cards if lacking[card.id]}
    texts = texts_of(session, sources) if sources else {}
    found = ((card.id, _snippet(card, texts.get(card.id, ""), lacking[card.id], words)) for card in cards)
    return {id: snippet for id, snippet in found if snippet is not None}


def marked(text: str, words: Sequence[Word], scope: Scope) -> tuple[Piece, ...]:
    """A whole title or name, cut at the words that count there."""
    return tuple(_pieces(text, _of(scope, words)))


def _wanted(query: Query) -> Query | None:
    """The words of a straight query without everything else, and no and within an and; None where it has none."""
    match query:
        case Word():
            return query
        case And(parts) | Or(parts):
            kept: list[Query] = []
            for one in map(_wanted, parts):
                if one is not None:
                    kept += one.parts if isinstance(one, And) and isinstance(query, And) else (one,)
            return kept[0] if len(kept) == 1 else type(query)(tuple(kept)) if kept else None
        case _:
            return None


def _words(wanted: Query) -> Iterator[Word]:
    match wanted:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _words(part)
        case Word():
            yield wanted


_Folded = Mapping[Scope, Sequence[str]]
"""The folded texts in which a word of each scope is looked for."""


def _folded(card: Card, text: str = "") -> _Folded:
    title, buyer = fold(f"{card.title}\n{card.title_en or ''}"), fold(f"{card.buyer or ''}\n{card.buyer_en or ''}")
    said = fold(text)
    return {Scope.ANY: (title, said, buyer), Scope.TITLE: (title,), Scope.TEXT: (said,), Scope.BUYER: (buyer,)}


def _holds(wanted: Query, texts: _Folded) -> bool:
    match wanted:
        case And(parts):
            return all(_holds(part, texts) for part in parts)
        case Or(parts):
            return any(_holds(part, texts) for part in parts)
        case Word(scope):
            return any(contains(text, *wanted.pieces) for text in texts[scope])
        case _:
            return False


def _fulfilled(wanted: Query, texts: _Folded) -> Iterator[Word]:
    """The words that fulfil what is asked for: of several that may, not those of which the others are missing."""
    match wanted:
        case And(parts) | Or(parts):
            for part in parts:
                if isinstance(wanted, And) or _holds(part, texts):
                    yield from _fulfilled(part, texts)
        case Word():
            yield wanted


def _snippet(card: Card, text: str, lacking: Sequence[Query], words: Sequence[Word]) -> Snippet | None:
    if text:
        texts = _folded(card, text)
        sought = [_of(Scope.TEXT, _fulfilled(part, texts)) for part in lacking]
        if pieces := tuple(_extract(text, sought, _of(Scope.TEXT, words))):
            return Snippet(Scope.TEXT, pieces)
    for place, written in ((Scope.TITLE, (card.title, card.title_en)), (Scope.BUYER, (card.buyer, card.buyer_en))):
        here = _of(place, words)
        for one in written:
            if one and (pieces := tuple(_extract(one, [(word,) for word in here], here))):
                return Snippet(place, pieces)
    return None


def _of(scope: Scope, words: Iterable[Word]) -> tuple[Word, ...]:
    """The words that are looked for there."""
    return tuple(word for word in words if word.scope in (Scope.ANY, scope))


# A piece of a text ----------------------------------------------------------------------------------------


def _extract(text: str, sought: Sequence[Sequence[Word]], words: Sequence[Word]) -> Iterator[Piece]:
    """What stands around one word of each group that is sought, as far as there is room; nothing where none is there.

    All ``words`` are marked in it. White space becomes a single space.
    """
    firsts = dict(_firsts(text, [word for group in sought for word in group]))
    each = [min(there) for group in sought if (there := [firsts[word] for word in group if word in firsts])]
    shown: list[Span] = []
    for start, end in sorted(set(each)):
        if shown and end <= shown[-1][1]:
            continue
        first, last = _around(text, start, end)
        if shown and first <= shown[-1][1]:
            shown[-1] = (shown[-1][0], last)
        else:
            shown.append((first, last))
        if sum(last - first for first, last in shown) > MOST - AROUND:
            break
    for first, last in shown:
        if first:
            yield Piece("…", hit=False)
        pieces = list(_pieces(text[first:last], words))
        if not any(piece.hit for piece in pieces):  # a phrase of which there is room for the beginning only
            pieces = [Piece(text[first:last], hit=True)]
        for piece in pieces:
            yield Piece(_GAPS.sub(" ", piece.text), piece.hit)
    if shown and shown[-1][1] < len(text):
        yield Piece("…", hit=False)


def _around(text: str, start: int, end: int) -> Span:
    """A piece of the text with a word in its middle; no Latin word is cut, and no sign taken from its letter."""
    end = min(end, start + MOST)
    spare = max(0, AROUND - (end - start))
    first = max(0, start - spare // 2)
    last = min(len(text), end + spare - (start - first))
    while 0 < first < start and belong_together(text[first - 1], text[first]):
        first += 1
    while end < last < len(text) and belong_together(text[last - 1], text[last]):
        last -= 1
    return first, last


def _firsts(text: str, words: Iterable[Word]) -> Iterator[tuple[Word, Span]]:
    """Where each of the words that a text has stands first."""
    folded = fold(text)
    missing = [word for word in dict.fromkeys(words) if contains(folded, *word.pieces)]
    beside = max([_BESIDE, *(2 * len(word.term) for word in missing)])
    for piece in range(0, len(text), _STEP):
        if not missing:
            return
        begin = max(0, piece - beside)
        window = text[begin : piece + _STEP + beside]
        folded = fold(window)
        for word in [word for word in missing if contains(folded, *word.pieces)]:
            # What begins in what stands on the left was found before; on the right it is whole the next time.
            here = [(begin + start, begin + end) for start, end in spans(window, [word])]
            if inside := [span for span in here if piece <= span[0] < piece + _STEP]:
                missing.remove(word)
                yield word, inside[0]
    for word in missing:  # with so many gaps in it that no piece had it whole
        yield word, spans(text, [word])[0]


def _pieces(text: str, words: Sequence[Word]) -> Iterator[Piece]:
    """A text, cut at its words."""
    done = 0
    for start, end in [*spans(text, words), (len(text), len(text))]:
        for piece, hit in ((text[done:start], False), (text[start:end], True)):
            if piece:
                yield Piece(piece, hit)
        done = end


# Where words stand ----------------------------------------------------------------------------------------


def spans(text: str, words: Sequence[Word]) -> list[Span]:
    """Where the words stand in a text as it was published, from the first to the last; those that touch are one."""
    folded = fold(text)
    there = [word for word in words if contains(folded, *word.pieces)]
    if not there:
        return []
    published = Published(text)
    folded = published.folded
    return joined(
        published.span(start, end + folded.startswith("ー", end))
        for word in there
        for start, end in places(folded, *word.pieces)
    )


def joined(spans: Iterable[Span]) -> list[Span]:
    """Those that touch as one, from the first to the last."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


class Published:
    """A text as it was published beside its folding, which is slow: only where there is something to be found.

    The offsets tell the cluster: a character with the rare ones behind it, which fold together (素𠮷). Within one, the
    place is where the text up to it folds to what stands before; that of the cluster, where a character folds to
    several (㈱).
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.folded, self._offsets = fold_with_offsets(text)

    def span(self, start: int, end: int) -> Span:
        """Where a piece of the folded text stands in the text."""
        return self._begin(start), self._end(end)

    def _begin(self, position: int) -> int:
        """The index at which a folded character begins."""
        cluster = self._offsets[position]
        said = self.folded[bisect_left(self._offsets, cluster) : position]
        if said and len(said) <= _LONGEST_CLUSTER:
            behind = min(self._behind(position), cluster + 4 * _LONGEST_CLUSTER)
            cut = (index for index in range(cluster + 1, behind) if fold(self._text[cluster:index]) == said)
            return next(cut, cluster)
        return cluster

    def _end(self, position: int) -> int:
        """The index behind the folded character before ``position``, with what is written onto it and no gap."""
        last = self._offsets[position - 1]
        index = behind = self._behind(position - 1)
        if position < len(self._offsets) and self._offsets[position] == last:
            index = self._begin(position)
            if index == last:
                return behind
        while index < behind and belong_together(self._text[index - 1], self._text[index]):
            index += 1
        while index - 1 > last and self._text[index - 1] in _GAP_CHARACTERS:
            index -= 1
        return index

    def _behind(self, position: int) -> int:
        """The index behind the cluster of a folded character."""
        following = bisect_right(self._offsets, self._offsets[position])
        return self._offsets[following] if following < len(self._offsets) else len(self._text)


def belong_together(one: str, next_one: str) -> bool:
    """Whether nothing may be cut between two characters: inside a Latin word, and before what is written onto another."""
    if is_latin(one) and is_latin(next_one):
        return True
    return category(next_one) in ("Mn", "Mc", "Me", "Cf") or next_one in "ﾞﾟ"
