"""The text of a gazette PDF, line by line in reading order.

A page is landscape, turned by 270°, and framed; rules divide the frame into four columns, or into two where
awards are listed, and a rule may end in the middle of a page. The running head, which stands outside the frame
or lies on its side, and the masthead of the first page are left out. Where a character stands decides everything:
the order in which a PDF draws is not the order in which it is read.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, BinaryIO

import pypdfium2
from pypdfium2 import raw

from scrapers.errors import FetchError, SourceChanged
from scrapers.gazette.characters import CHARACTERS, RULE, readable

_PDFIUM = threading.Lock()
"""PDFium may be used by one thread at a time."""

_GUESSED = (0x0A, 0x0D, 0x20, 0x3000)
"""Spaces and line ends, which PDFium guesses; here the places of the characters tell."""
_HYPHEN_AT_LINE_END = 0x02
"""What PDFium gives in place of a plain hyphen there."""
_QUARTERS = 4
_MARGIN = 4.0
"""Points between a rule and the text beside it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line. ``indent`` is its distance from the left edge of its column in ems."""

    page: int
    text: str
    size: float
    indent: float
    short: bool
    """True where it ends before the right edge of its column: no word is divided, a paragraph ends here."""
    unknown: tuple[str, ...] = ()
    """Characters that are in no table; in the text each of them is 〓."""


def lines_of(file: BinaryIO, issue: str, *, pages: int, first: int = 1) -> Iterator[Line]:
    """The lines of an issue's PDF, page by page; ``pages`` is how many there have to be, ``first`` the first's number.

    Raises SourceChanged for what is no PDF that can be opened or has another layout, FetchError where it breaks off.
    """
    document = _opened(file, issue)
    try:
        with _PDFIUM:
            found = len(document)
        if found != pages:
            raise FetchError(
                "kanpo: the PDF of {issue} has {found} of {pages} pages; it was broken off, it is asked for again",
                issue=issue,
                found=found,
                pages=pages,
            )
        for number in range(found):
            try:
                with _PDFIUM, closing(document[number]) as page:
                    lines = list(_lines(page, first + number, issue))
            except pypdfium2.PdfiumError as error:
                raise SourceChanged(
                    "kanpo: page {page} of {issue} cannot be read ({why}); look at the PDF in the archive",
                    page=first + number,
                    issue=issue,
                    why=error,
                ) from error
            yield from lines
    finally:
        with _PDFIUM:
            document.close()


def _opened(file: BinaryIO, issue: str) -> Any:
    file.seek(0)
    head = file.read(1024)
    if b"%PDF-" not in head:
        if b"<html" in head.lower():
            raise SourceChanged(
                "kanpo: the PDF of {issue} is HTML (maintenance page?); nothing was kept of it, it is asked for again",
                issue=issue,
            )
        raise SourceChanged(
            "kanpo: the PDF of {issue} is none, it begins “{beginning}”; look at it in the archive",
            issue=issue,
            beginning=head[:40].decode("utf-8", "replace"),
        )
    size = file.seek(0, 2)
    file.seek(max(0, size - 2048))
    if b"%%EOF" not in file.read():
        raise FetchError(
            "kanpo: the PDF of {issue} broke off; nothing was kept of it, it is asked for again", issue=issue
        )
    file.seek(0)
    try:
        with _PDFIUM:
            return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SourceChanged(
                "kanpo: the PDF of {issue} asks for a password; see in a browser whether it is still open to all",
                issue=issue,
            ) from error
        raise SourceChanged(
            "kanpo: the PDF of {issue} cannot be opened ({why}); look at it in the archive", issue=issue, why=error
        ) from error


@dataclass(frozen=True, slots=True)
class _Box:
    """Where something stands on the page as it is read: points from its left and its upper edge."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x < self.right and self.top <= y < self.bottom


@dataclass(frozen=True, slots=True)
class _Character:
    text: str
    box: _Box
    size: float


class _Turned:
    """From the coordinates of a PDF page to those of the page as it is read."""

    def __init__(self, page: Any) -> None:
        self.rotation: int = page.get_rotation()
        _, _, self.width, self.height = page.get_mediabox()

    def box(self, left: float, bottom: float, right: float, top: float) -> _Box:
        match self.rotation:
            case 90:
                return _Box(bottom, left, top, right)
            case 180:
                return _Box(self.width - right, bottom, self.width - left, top)
            case 270:
                return _Box(self.height - top, self.width - right, self.height - bottom, self.width - left)
        return _Box(left, self.height - top, right, self.height - bottom)

    def is_level(self, matrix: Any) -> bool:
        """Whether what is drawn with this matrix reads from left to right."""
        along = {0: matrix.a, 90: matrix.b, 180: -matrix.a, 270: -matrix.b}[self.rotation]
        across = matrix.a if self.rotation in (90, 270) else matrix.b
        return bool(along > 0 and abs(across) < along / 10)


def _lines(page: Any, number: int, issue: str) -> Iterator[Line]:
    turned = _Turned(page)
    level, aside, pieces = _characters(page, turned)
    frame, rules = _frame([*_paths(page, turned)], pieces)
    aside += [one for one in level if not (frame and frame.holds(*_middle(one.box)))]
    _check_running_head("".join(one.text for one in aside), number, issue, framed=bool(frame))
    for column in _columns(frame, rules) if frame else ():
        rows = _rows([one for one in level if column.holds(*_middle(one.box))])
        lines = [_line(row, column, number) for row in rows]
        if not any("".join(line.text.split()) == MASTHEAD for line in lines):
            yield from lines


MASTHEAD = "政府調達公告版"
_RUNNING_HEAD = 60
"""Characters; it has no more of them."""


def _check_running_head(aside: str, number: int, issue: str, *, framed: bool) -> None:
    """What is not in the columns has to be the running head, which has the page's number; nothing else gets lost."""
    text, unknown = readable(aside)
    if len(aside) > _RUNNING_HEAD and not framed:
        raise SourceChanged(
            "kanpo: page {page} of {issue} has no frame; look at it in a browser, its layout may have changed",
            page=number,
            issue=issue,
        )
    if len(aside) > _RUNNING_HEAD:
        raise SourceChanged(
            "kanpo: page {page} of {issue} has text outside its frame, or turned ({beginning}…); "
            "look at it in a browser, its layout may have changed",
            page=number,
            issue=issue,
            beginning=text[:40],
        )
    if not unknown and str(number) not in re.findall("[0-9]+", text):
        raise SourceChanged(
            "kanpo: page {page} of {issue} does not bear its number; it is empty, or the pages are out of order: "
            "look at the PDF in the archive",
            page=number,
            issue=issue,
        )


def _characters(page: Any, turned: _Turned) -> tuple[list[_Character], list[_Character], list[_Box]]:
    """What is read on the page from left to right, what is not, and the pieces of the first page's wavy rule."""
    level: list[_Character] = []
    aside: list[_Character] = []
    pieces: list[_Box] = []
    box, matrix = raw.FS_RECTF(), raw.FS_MATRIX()
    half = 0
    with closing(page.get_textpage()) as text:
        for index in range(text.count_chars()):
            code = raw.FPDFText_GetUnicode(text, index)
            if code in _GUESSED:
                continue
            if code == _HYPHEN_AT_LINE_END:
                code = ord("-")
            if 0xD800 <= code < 0xDC00:  # pdfium gives characters beyond U+FFFF in two halves
                half = code
                continue
            if 0xDC00 <= code < 0xE000 and half:
                code = 0x10000 + ((half - 0xD800) << 10) + code - 0xDC00
            half = 0
            raw.FPDFText_GetLooseCharBox(text, index, box)
            raw.FPDFText_GetMatrix(text, index, matrix)
            where = turned.box(box.left, box.bottom, box.right, box.top)
            if code == RULE:
                pieces.append(where)
            else:
                size = max(abs(matrix.a), abs(matrix.b)) * raw.FPDFText_GetFontSize(text, index)
                one = _Character(CHARACTERS.get(code, chr(code)), where, size)
                (level if turned.is_level(matrix) else aside).append(one)
    return level, aside, pieces


def _paths(page: Any, turned: _Turned) -> Iterator[_Box]:
    for drawn in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]):
        yield turned.box(*drawn.get_bounds())


def _frame(paths: Sequence[_Box], pieces: Sequence[_Box]) -> tuple[_Box | None, list[_Box]]:
    """The frame of the page, from its two upright lines, and the rules that stand where its columns meet."""
    upright = [path for path in paths if path.right - path.left < 2 and path.bottom - path.top > 20]
    longest = max((line.bottom - line.top for line in upright), default=0.0)
    long = [line for line in upright if line.bottom - line.top > longest - 2]
    if len(long) < 2:
        return None, []
    left, right = min(line.left for line in long), max(line.right for line in long)
    frame = _Box(left, min(line.top for line in long), right, max(line.bottom for line in long))
    rules: list[_Box] = []
    for quarter in range(1, _QUARTERS):
        x = left + (right - left) * quarter / _QUARTERS
        rules += [_Box(x, line.top, x, line.bottom) for line in upright if abs(line.left - x) < 3]
        wavy = [piece for piece in pieces if piece.left - 3 < x < piece.right + 3]
        if wavy:
            rules.append(_Box(x, min(piece.top for piece in wavy), x, max(piece.bottom for piece in wavy)))
    return frame, rules


def _columns(frame: _Box, rules: Sequence[_Box]) -> Iterator[_Box]:
    """The parts of the frame in the order in which they are read.

    Rules from top to bottom part the page first. What lies between two of them is read in bands, for a
    shorter rule parts only the lines beside it.
    """
    height = frame.bottom - frame.top
    whole = sorted({rule.left for rule in rules if rule.bottom - rule.top > 0.9 * height})
    for left, right in pairwise([frame.left, *whole, frame.right]):
        partial = [rule for rule in rules if left < rule.left < right]
        ends = sorted(end for rule in partial for end in (rule.top, rule.bottom))
        edges = [frame.top, *(end for end in ends if frame.top + 15 < end < frame.bottom - 15), frame.bottom]
        for top, bottom in pairwise(edges):
            middle = (top + bottom) / 2
            here = sorted({rule.left for rule in partial if rule.top <= middle <= rule.bottom})
            yield from (_Box(a, top, b, bottom) for a, b in pairwise([left, *here, right]))


def _middle(box: _Box) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _rows(characters: Sequence[_Character]) -> Iterator[list[_Character]]:
    """The characters in rows; what stands on one line has the same lower edge."""
    row: list[_Character] = []
    for one in sorted(characters, key=lambda one: one.box.bottom):
        if row and one.box.bottom - row[0].box.bottom > one.size / 2:
            yield sorted(row, key=lambda one: one.box.left)
            row = []
        row.append(one)
    if row:
        yield sorted(row, key=lambda one: one.box.left)


def _line(row: Sequence[_Character], column: _Box, page: int) -> Line:
    em = median(one.size for one in row)
    pieces = [row[0].text]
    for before, one in pairwise(row):
        pieces += [_gap(before.text[-1], one.text[0], (one.box.left - before.box.right) / em), one.text]
    text, unknown = readable("".join(pieces))
    left, right = column.left + _MARGIN, column.right - _MARGIN
    return Line(
        page,
        text,
        round(em, 1),
        round((row[0].box.left - left) / em, 1),
        right - row[-1].box.right > 1.5 * em,
        unknown,
    )


def _gap(before: str, after: str, ems: float) -> str:
    """The space that stands for a gap. Lines are justified: only what is wide enough is one."""
    narrow = (before < "\u2000" or before in "“”‘’") + (after < "\u2000" or after in "“”‘’")
    if narrow == 2:
        return " " if ems > 0.18 else ""
    if ems > 0.75:
        return "\u3000"
    return " " if narrow and ems > 0.35 and after not in "年月日時分号" else ""
