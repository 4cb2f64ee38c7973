"""Marks the words that decided in the texts of a page, and shows the place of one that stands further on.

A word is looked for as the lexicon looks for it, after folding; what is marked is the text as it was published.
Everything that is not our own ``<mark>`` is escaped: a notice is hostile input.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from markupsafe import Markup, escape

from alerts.language import in_tongues
from db.card import Card, extract
from db.snippets import Published, Span, belong_together, joined
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.reading import EnglishOrigin, Evidence, Place
from db.vocabulary.text import fold, fold_term, is_latin, term_spellings
from monitor.reading.areas.lexicon import READ_CHARACTERS

SNIPPET_CHARACTERS = 80
"""The longest snippet, its dots included."""
SUMMARY = 2000
"""Characters of an official English summary: with the time limit, which stands near its end."""

_STEP, _BESIDE = 400, 200
"""Long texts are looked through in pieces, with what stands on both sides: longer than any term or name with its gaps."""
_SHORT_LATIN = 4


@dataclass(frozen=True, slots=True)
class Terms:
    """Words to be marked, folded, in all their spellings; but not inside the ``names`` (folded)."""

    spellings: tuple[str, ...]
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, evidence: Iterable[Evidence], *, buyers: Iterable[str] = ()) -> Self:
        """``buyers``: whose names say who buys and not what, so that no word in them decided."""
        found = (spelling for one in evidence for spelling in term_spellings(fold_term(one.term)) if spelling)
        names = (fold(name) for name in buyers)
        return cls(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(name for name in names if name)))


@dataclass(frozen=True, slots=True)
class Snippet:
    """A word of the text that stands beyond what the page shows, with a few characters around it."""

    language: str
    html: Markup


@dataclass(frozen=True, slots=True)
class MarkedTexts:
    """The texts of a tender as HTML; in each the words of its areas are marked that counted there."""

    title: Markup
    title_en: Markup
    buyer: Markup
    buyer_en: Markup
    text: Markup
    """The beginning of the text, as much as is shown."""
    text_en: Markup
    snippets: dict[str, Snippet]
    """By the term, where it stands beyond the beginning."""

    @classmethod
    def of(cls, card: Card, notices: Sequence[ScrapedNotice]) -> Self:
        evidence = [one for area in card.areas for one in area.evidence]
        buyers = [name for name in (card.buyer, *(notice.buyer for notice in notices)) if name]
        title, body = (
            Terms.of((one for one in evidence if one.place is place), buyers=buyers)
            for place in (Place.TITLE, Place.BODY)
        )
        buyer = Terms.of(one for one in evidence if one.place is Place.BUYER)
        texts = [("ja", notice.text) for notice in notices] + [("en", notice.text_en) for notice in notices]
        text = extract(notice.text for notice in notices)
        text_en = extract((notice.text_en for notice in notices), characters=SUMMARY)
        snippets: dict[str, Snippet] = {}
        for one in evidence:
            terms = Terms.of([one], buyers=buyers)
            if one.place is not Place.BODY or one.term in snippets or spans(text, terms) or spans(text_en, terms):
                continue
            found = next(((code, html) for code, whole in texts if (html := snippet(whole, terms)) is not None), None)
            if found:
                snippets[one.term] = Snippet(*found)
        return cls(
            title=marked(card.title, title),
            title_en=_english_title(card, title),
            buyer=marked(card.buyer or "", buyer),
            buyer_en=marked(card.buyer_en or "", buyer),
            text=marked(text, body),
            text_en=marked(text_en, body),
            snippets=snippets,
        )


def _english_title(card: Card, terms: Terms) -> Markup:
    """The English title. In one that is ours nothing decided, for the lexicon reads what the source says."""
    if card.title_en_origin in (None, EnglishOrigin.OFFICIAL):
        return marked(card.title_en or "", terms)
    return in_tongues(card.title_en or "", "en")


def marked(text: str, terms: Terms) -> Markup:
    """The text as HTML, with its words in ``<mark>``."""
    pieces: list[Markup] = []
    done = 0
    for start, end in spans(text, terms):
        pieces += [escape(text[done:start]), _mark(text[start:end])]
        done = end
    return Markup("").join([*pieces, escape(text[done:])])


def spans(text: str, terms: Terms) -> list[Span]:
    """Where the words stand in a text, from the first to the last; those that touch are one."""
    return joined(_found(text[:READ_CHARACTERS], terms))


def snippet(text: str, terms: Terms) -> Markup | None:
    """At most ``SNIPPET_CHARACTERS`` around the first of the words that a text has; None where it has none."""
    text = text[:READ_CHARACTERS]
    for piece in range(0, len(text), _STEP):
        begin = max(0, piece - _BESIDE)
        for start, end in _found(text[begin : piece + _STEP + _BESIDE], terms):
            if piece <= begin + start < piece + _STEP:
                return _around(text, begin + start, begin + end)
    return None


def _around(text: str, start: int, end: int) -> Markup:
    end = min(end, start + SNIPPET_CHARACTERS // 2)
    spare = SNIPPET_CHARACTERS - 2 - (end - start)
    first = max(0, start - spare // 2)
    last = min(len(text), end + spare - (start - first))
    while 0 < first < start and belong_together(text[first - 1], text[first]):
        first += 1
    while end < last < len(text) and belong_together(text[last - 1], text[last]):
        last -= 1
    before, after = "…" if first > 0 else "", "…" if last < len(text) else ""
    return Markup("{}{}{}{}{}").format(before, text[first:start], _mark(text[start:end]), text[end:last], after)


def _mark(word: str) -> Markup:
    return Markup("<mark>{}</mark>").format(word)


def _found(text: str, terms: Terms) -> list[Span]:
    """The words in a text, each spelling by itself, in the order of the text."""
    plain = fold(text)
    there = [spelling for spelling in terms.spellings if spelling in plain]
    if not there:
        return []
    published = Published(text)
    names = [(_starts(published.folded, name), len(name)) for name in terms.names]
    return sorted(
        published.span(start, end)
        for spelling in there
        for start, end in _words(published.folded, spelling)
        if not any(_is_within(start, end, *name) for name in names)
    )


def _starts(folded: str, name: str) -> list[int]:
    """Where a name stands in a folded text."""
    starts: list[int] = []
    start = folded.find(name)
    while start >= 0:
        starts.append(start)
        start = folded.find(name, start + len(name))
    return starts


def _is_within(start: int, end: int, starts: Sequence[int], length: int) -> bool:
    """Whether a word lies in one of the names that begin at ``starts``."""
    number = bisect_right(starts, start)
    return number > 0 and end <= starts[number - 1] + length


def _words(folded: str, spelling: str) -> Iterator[Span]:
    """Where a spelling stands in a folded text as a word, with a plural's s and the ー that folding takes off."""
    start = folded.find(spelling)
    while start >= 0:
        end = start + len(spelling)
        if folded[end : end + 1] == ("s" if is_latin(spelling[-1]) else "ー"):
            end += 1
        inside = (is_latin(spelling[0]) and is_latin(folded[start - 1 : start])) or (
            is_latin(spelling[-1]) and is_latin(folded[end : end + 1])
        )
        short = spelling.isascii() and len(spelling) <= _SHORT_LATIN
        if not inside and not (short and _in_code(folded, start, end)):
            yield start, end
        start = folded.find(spelling, start + 1)


def _in_code(folded: str, start: int, end: int) -> bool:
    """Whether a short Latin word is a piece of a reference code (DX-100)."""
    left = folded[max(0, start - 2) : start]
    right = folded[end : end + 2]
    return (len(left) == 2 and left[1] in "-_" and is_latin(left[0])) or (
        len(right) == 2 and right[0] in "-_" and is_latin(right[1])
    )
