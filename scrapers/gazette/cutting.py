"""From the printed lines of an issue to its parts: each is one notice, its head and its text apart.

Under a heading stands one buyer with one notice or several numbered ones (〇第３号), or else a list of short
entries (awards, plans) by buyer, whose columns ① … ⑫ are explained above them, after ［掲載順序］. Each number
and each entry is a part of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from scrapers.gazette.text import Line

HEADING_SIZE = 8.5
BANNER_SIZE = 11.0
"""Points. What lies between the two is a heading; the banner of a section is larger, the text smaller."""
LEGEND = "［掲載順序］"
_CODES = "調達機関番号"
_MORE_CODES = "所在地番号"
_CIRCLES = ("〇", "○")


@dataclass(slots=True)
class Piece:
    """All that stands under one heading."""

    heading: str
    order: int
    """Its place in the issue, from 1; 0 for what stands before the first heading."""
    page: int
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Part:
    """One notice."""

    heading: str
    order: int
    page: int
    number: str | None = None
    """第３号, as printed behind its circle."""
    place: int = 0
    """Among the numbered notices or the entries under its heading, from 1; 0 where it stands alone."""
    head: list[str] = field(default_factory=list)
    """The lines down to the codes: what is announced, the day, the buyer."""
    codes: str = ""
    """The line ◎調達機関番号　009　◎所在地番号　13."""
    body: list[str] = field(default_factory=list)
    body_en: list[str] = field(default_factory=list)
    """The paragraphs of the notice, and those of its Summary."""
    entry: Mapping[str, str] = field(default_factory=dict)
    entry_en: Mapping[str, str] = field(default_factory=dict)
    """Of a list: ① → what stands in that column."""
    legend: Mapping[str, str] = field(default_factory=dict)
    """Of a list: ① → the column's name."""


def parts(lines: Iterable[Line]) -> Iterator[Part]:
    """The parts of an issue in their order, heading by heading."""
    for piece in pieces(lines):
        is_list = any(line.text.startswith(LEGEND) for line in piece.lines)
        yield from _entries(piece) if is_list else _notices(piece)


def pieces(lines: Iterable[Line]) -> Iterator[Piece]:
    """What stands under each heading, as soon as it is complete. A note stands before the first, and is left out."""
    piece = Piece("", 0, 1)
    for line in lines:
        if line.size >= BANNER_SIZE:
            continue
        if line.size < HEADING_SIZE:
            piece.lines.append(line)
            continue
        called = "".join(line.text.split())  # 落　札　者　等　の　公　示
        if piece.order and not piece.lines:  # a long heading has several lines
            piece.heading += called
            continue
        if _is_complete(piece):
            yield piece
        piece = Piece(called, piece.order + 1, line.page)
    if _is_complete(piece):
        yield piece


def _is_complete(piece: Piece) -> bool:
    return piece.order > 0 or any(_CODES in line.text for line in piece.lines)


# --- Notices in full ------------------------------------------------------------------------------

_NUMBER = re.compile(r"[〇○]\s*(?:公告番号\s*)?((?=[^0-9０-９]*[0-9０-９])[^、。]{1,40}号[^、。]{0,20})")
_SUMMARY = re.compile(r"(?:[0-9０-９]{1,2}[\u3000 .]+)?Summary\b", re.IGNORECASE)


def _notices(piece: Piece) -> Iterator[Part]:
    head, codes, lines = _divided(piece.lines)
    numbers = {index: found[1] for index, line in enumerate(lines) if (found := _NUMBER.fullmatch(line.text))}
    if not numbers:
        yield _full(Part(piece.heading, piece.order, piece.page, None, 0, head, codes), lines)
    starts = [*numbers, len(lines)]
    for place, (index, number) in enumerate(numbers.items(), 1):
        page = piece.page if place == 1 else lines[index].page
        part = Part(piece.heading, piece.order, page, number, place, head, codes)
        # What stands before the first number holds for all of them.
        yield _full(part, [*lines[: starts[0]], *lines[index : starts[place]]])


def _divided(lines: Sequence[Line]) -> tuple[list[str], str, Sequence[Line]]:
    """What stands above the line of codes, the codes, and what stands below."""
    for index, line in enumerate(lines):
        if _CODES in line.text:
            below = index + 1
            if below < len(lines) and _MORE_CODES in lines[below].text:  # the line had to be broken
                below += 1
            return [one.text for one in lines[:index]], "".join(one.text for one in lines[index:below]), lines[below:]
    return [], "", lines


def _full(part: Part, lines: Sequence[Line]) -> Part:
    """The part with its text: below the heading Summary it is English, until Japanese follows (別表１)."""
    english = False
    for text in paragraphs(lines):
        if _SUMMARY.match(text):
            english = True
        elif english and is_japanese(text):
            english = False
        (part.body_en if english else part.body).append(text)
    return part


# --- Lists ----------------------------------------------------------------------------------------

_COLUMN = re.compile("[①-⑫]")


@dataclass(slots=True)
class _Block:
    """The entries of one buyer."""

    buyer: list[str]
    codes: str = ""
    lines: list[Line] = field(default_factory=list)


def _entries(piece: Piece) -> Iterator[Part]:
    texts = [line.text for line in piece.lines]
    above = next(index for index, text in enumerate(texts) if text.startswith(LEGEND))
    below = next((index for index, text in enumerate(texts) if index > above and _begins_block(text)), len(texts))
    names = reduce(joined, texts[above:below]).split("①")  # first in Japanese, then in English, if at all
    legend, legend_en = (columns(f"①{names[at]}") if at < len(names) else {} for at in (1, 2))
    place = 0
    for block in _blocks(piece.lines[below:], texts[:above]):
        summary = next((at for at, line in enumerate(block.lines) if _SUMMARY.match(line.text)), len(block.lines))
        entries = _from_marks(block.lines[:summary]) or [(piece.page, "")]
        english = [text for _, text in _from_marks(block.lines[summary + 1 :])]
        intro = [text for text in english if not text.startswith("①")]
        entries_en = [columns(text) for text in english if text.startswith("①")]
        for index, (page, text) in enumerate(entries):
            place += 1
            part = Part(piece.heading, piece.order, page, None, place, block.buyer, block.codes)
            part.entry, part.legend = columns(text), legend
            part.body, part.body_en = _named(part.entry, legend, "\u3000") or [text], english
            if len(entries_en) == len(entries):  # the Summary has the same entries in the same order
                part.entry_en = entries_en[index]
                part.body_en = [*intro, *_named(part.entry_en, legend_en, " : ")]
            yield part


def _begins_block(text: str) -> bool:
    return text.startswith(_CIRCLES) or _CODES in text


def _blocks(lines: Iterable[Line], buyer: list[str]) -> Iterator[_Block]:
    """A list is by one buyer, named above it, or by several, each with its circle: 〇支出負担行為担当官　…"""
    block = _Block(buyer)
    for line in lines:
        if _begins_block(line.text) and (block.codes or block.lines):
            yield block
            block = _Block(block.buyer)
        if line.text.startswith(_CIRCLES):
            block.buyer = [line.text[1:]]
        elif _CODES in line.text or _MORE_CODES in line.text:
            block.codes += line.text
        elif block.codes or block.lines or line.text.startswith("①"):
            block.lines.append(line)
        else:
            block.buyer = [joined("".join(block.buyer), line.text)]
    yield block


def _from_marks(lines: Iterable[Line]) -> list[tuple[int, str]]:
    """Texts with their pages; each begins with ①, unless something stands before the first."""
    found: list[tuple[int, str]] = []
    for line in lines:
        if line.text.startswith("①") or not found:
            found.append((line.page, line.text))
        else:
            page, text = found[-1]
            found[-1] = page, joined(text, line.text)
    return found


def _named(entry: Mapping[str, str], legend: Mapping[str, str], between: str) -> list[str]:
    return [f"{legend.get(mark, mark)}{between}{value}" for mark, value in entry.items()]


def columns(text: str) -> dict[str, str]:
    """① → …, ② → …; a mark begins a column only where it comes after the one before."""
    marks: list[re.Match[str]] = []
    for mark in _COLUMN.finditer(text):
        if not marks or mark[0] > marks[-1][0]:
            marks.append(mark)
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {mark[0]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=False)}


# --- Paragraphs -----------------------------------------------------------------------------------

_MARKER = re.compile(
    r"(?:[0-9０-９]{1,2}|[⑴-⒇⒜-⒵①-⑳Ⅰ-Ⅻ]|\([0-9]{1,2}\)|（[ア-ロ]）|\([ivA-E]{1,3}\))(?=[\u3000①-⑳])"
    r"|[ⅰ-ⅻ]）|[◎〇○◆※［]|別[表記]|(?:[0-9０-９]{1,2}[\u3000 ]+)?Summary"
)
# Where a line is broken, a word may begin like one of these; they count where the line is not set like the others.
_PERHAPS_A_MARKER = re.compile(r"[ア-ンＡ-Ｚ](?=\u3000)|[①-⑳・]|（?[0-9０-９]{1,2}）")
_DIVIDED_WORD = re.compile(r"[A-Za-z]-$")
# Place names keep their hyphen at the end of a line: Chiyoda-ku.
_KEEPS_ITS_HYPHEN = re.compile(r"(?:ku|cho|chome|bancho|machi|shi|ken|gun|dori|mura|fu)\b")
_KANA_OR_KANJI = re.compile("[ぁ-ゖァ-ヺ一-鿿]")


def paragraphs(lines: Iterable[Line]) -> Iterator[str]:
    """The lines as paragraphs: one begins at a marker, after a short line, and where a line is set in."""
    text = ""
    before: Line | None = None
    margin = 0.0
    for line in lines:
        shifted = line.indent - margin if before and line.page == before.page else 0.0
        begins = before is None or before.short or bool(_MARKER.match(line.text))
        if not text.endswith("-"):  # behind a hyphen a word goes on, or a number
            begins = begins or shifted > 0.7 or (abs(shifted) > 0.5 and bool(_PERHAPS_A_MARKER.match(line.text)))
        if begins:
            if text:
                yield text
            text, margin = line.text, line.indent + 1
        else:
            text, margin = joined(text, line.text), line.indent
        before = line
    if text:
        yield text


def joined(text: str, more: str) -> str:
    """The text with another line, without the hyphen of a divided word and with the space between words."""
    if text.endswith("-"):
        divided = _DIVIDED_WORD.search(text) and more[:1].islower() and not _KEEPS_ITS_HYPHEN.match(more)
        return (text[:-1] if divided else text) + more
    if not (text[-1:].isascii() and more[:1].isascii()):
        return text + more
    english = not _KANA_OR_KANJI.search(text[-40:])
    return f"{text} {more}" if english or (text[-1].isalpha() and more[0].isalpha()) else text + more


def is_japanese(text: str) -> bool:
    return len(_KANA_OR_KANJI.findall(text)) * 8 > len(text)
