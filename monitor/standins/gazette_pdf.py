"""Draws an issue of the gazette as the printing bureau sets it, so that whoever reads the real ones reads it.

Landscape pages turned by 270°, a frame with four columns (two where awards are listed), a masthead in the
first column of page 1 with a wavy rule beside it, the running head outside the frame, blank pages at the end,
and AES-256 with an empty password. Digits, signs and item markers are private-use characters, gaps are moves
of the pen. It is made to be read by programs: every character is printed as a bar. What is drawn is the same
each time; the bytes are not, for AES takes a key by chance.
"""

import io
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import pikepdf
from pikepdf import Array, Dictionary, Name

WIDTH, HEIGHT = 595.0, 842.0
"""Points of the sheet. It is turned to be read: then HEIGHT runs from left to right."""
TOP, BOTTOM, LEFT, RIGHT = 37.0, 558.0, 57.0, 793.0
"""The frame, from the upper left corner of the page as it is read."""
COLUMNS = 4
COLUMN = (RIGHT - LEFT) / COLUMNS
MARGIN = 4.0
BODY, HEADING, BANNER = 8.0, 9.0, 14.0
PITCH = 11.6
ROWS = 43
SHEET = 4
"""Pages of a printed sheet: an issue is filled up with blank ones."""
PAGES_BEFORE_IT_ENDS = 400
"""More than any issue; a record whose page lies behind it is set where there is room."""


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading, as paragraphs."""

    heading: str
    paragraphs: Sequence[str]
    page: int = 1
    """The page on which it begins, unless that is full already."""
    wide: bool = False
    """Set in two columns of double width, on pages of its own."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The PDF, the number of its pages, and where each section begins."""

    content: bytes
    pages: int
    headings: tuple[tuple[str, int], ...]


def draw(edition: str, day: date, sections: Sequence[Section], *, first: int = 1) -> Drawn:
    """The PDF of an issue; ``edition`` is what its running head calls it, such as 号外政府調達第128号.

    A second volume begins with another ``first`` page, and has no masthead.
    """
    pages, headings = _set(sections)
    pages += [_Page(blank=True) for _ in range(-len(pages) % SHEET)]
    ink = _Ink()
    contents: list[bytes] = []
    for number, page in enumerate(pages, first):
        ink.frame()
        ink.running_head(
            f"令和{day.year - 2018}年{day.month}月{day.day}日\u3000官\u3000報\u3000({edition})\u3000{number}"
        )
        if number == 1:
            ink.masthead(headings)
        for (column, row), line in page.lines.items():
            ink.level(LEFT + column * COLUMN + MARGIN + line.indent * BODY, TOP + 16 + row * PITCH, line)
        for column in () if page.blank else (2,) if page.wide else range(1, COLUMNS):
            if (number, column) == (1, 1):
                ink.wavy_rule()
            else:
                ink.rule(LEFT + column * COLUMN, TOP + 8.6, BOTTOM - 8.6)
        contents.append(ink.content())
    return Drawn(_pdf(contents, pages, ink), len(pages), tuple(headings))


# --- Lines and pages ------------------------------------------------------------------------------

_PRIVATE = {
    **{digit: chr(0xE88A + number) for number, digit in enumerate("0123456789")},
    **{mark: chr(0xE7B2 + number) for number, mark in enumerate("⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽")},
    **{mark: f"\ueac1{chr(0xEACB + number)}" for number, mark in enumerate("⑾⑿⒀⒁⒂⒃⒄⒅⒆")},
    **{mark: chr(0xE7D1 + number) for number, mark in enumerate("①②③④⑤⑥⑦⑧⑨⑩")},
    **{mark: chr(0xE7BC + number) for number, mark in enumerate("⑪⑫")},
    "“": "\ue20a",
    "”": "\ue209",
    "㎥": "\ue690",
    "㎡": "\ue68d",
}
_SIGNS = {",": "\uea75", ".": "\uea74", "-": "\ue61c"}
_SIGN = re.compile(r"(?<=[0-9])[,.-](?=[0-9])")


def private(text: str) -> str:
    """The text as the gazette's fonts encode it."""
    text = _SIGN.sub(lambda sign: _SIGNS[sign[0]], text)
    return "".join(_PRIVATE.get(character, character) for character in text)


def _ems(character: str) -> float:
    narrow = character.isascii() or "\ue88a" <= character <= "\ue893" or "\uea74" <= character <= "\ueae8"
    return 0.5 if narrow or character == "\ue61c" else 1.0


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    indent: float = 0.0
    size: float = BODY
    space: float = 0.5
    """The width of a space between words in ems: lines reach the right edge."""


@dataclass(slots=True)
class _Page:
    wide: bool = False
    blank: bool = False
    lines: dict[tuple[int, int], _Line] = field(default_factory=dict)
    """By column and row."""


def _set(sections: Sequence[Section]) -> tuple[list[_Page], list[tuple[str, int]]]:
    """The pages with their lines, and the headings with their pages. The masthead has the first column."""
    pages = [_Page()]
    headings: list[tuple[str, int]] = []
    column, row, called = 1, 0, ""
    for section in sections:
        if section.wide != pages[-1].wide or section.wide:
            pages.append(_Page(wide=section.wide))
            column, row = 0, 0
        while len(pages) < min(section.page, PAGES_BEFORE_IT_ENDS):
            pages.append(_Page(wide=section.wide))
            column, row = 0, 0
        lines = list(_lines(section, banner=section.heading != called))
        called = section.heading
        for index, line in enumerate(lines):
            # A heading is not left alone at the foot of a column.
            if row + (3 if line.size > BODY else 0) >= ROWS:
                column, row = column + (2 if section.wide else 1), 0
            if column >= COLUMNS:
                pages.append(_Page(wide=section.wide))
                column, row = 0, 0
            pages[-1].lines[column, row] = line
            row += 2 if line.size > BODY else 1
            if line.size == HEADING and lines[index - 1].size != HEADING:
                headings.append((section.heading, len(pages)))
    return pages, headings


def _lines(section: Section, *, banner: bool) -> Iterator[_Line]:
    ems = (2 * COLUMN if section.wide else COLUMN) - 2 * MARGIN
    if banner:
        yield _Line(section.heading[:8], 4.0, BANNER)
    for text, _ in _wrapped(section.heading, ems / HEADING - 4, ems / HEADING - 4):
        yield _Line(text, 4.0, HEADING)
    for paragraph in section.paragraphs:
        first = 0.0 if re.match("[0-9０-９]{1,2}\u3000|[◎〇]", paragraph) else 1.0
        hanging = 2.0 if re.match("[⑴-⒇①-⑳]", paragraph) else 1.0 if first == 0 else 0.0
        wrapped = _wrapped(paragraph, ems / BODY - first, ems / BODY - hanging)
        for number, (text, space) in enumerate(wrapped):
            yield _Line(text, hanging if number else first, space=space)


def _wrapped(paragraph: str, first: float, others: float) -> Iterator[tuple[str, float]]:
    """The paragraph in lines of so many ems, with the width of their spaces; words stay whole that are not too long."""
    longest = int(2 * min(first, others))  # in letters, which are half as wide
    line, room = "", first
    for word in re.findall(rf"[!-~]{{1,{longest}}}|.", paragraph):
        wide = sum(map(_ems, word))
        if wide > room and line:
            room += sum(map(_ems, line)) - sum(map(_ems, line := line.rstrip()))
            yield line, 0.5 + room / max(1, line.count(" "))
            line, room = "", others
            word = word.lstrip()
        line, room = line + word, room - sum(map(_ems, word))
    if line.strip():
        yield line.rstrip(), 0.5


# --- Ink ------------------------------------------------------------------------------------------


class _Ink:
    """What is drawn on a page, in the language of PDF; and the characters that were drawn so far."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self._drawn: list[str] = []

    def content(self) -> bytes:
        """What was drawn since the last time."""
        drawn, self._drawn = self._drawn, []
        return "\n".join(drawn).encode("ascii")

    def level(self, left: float, baseline: float, line: _Line) -> None:
        """A line that is read from left to right on the turned page."""
        for offset, text in _runs(line.text, line.size, line.space):
            self._show(f"0 {-line.size:g} {line.size:g} 0 {WIDTH - baseline:.2f} {HEIGHT - left - offset:.2f}", text)

    def running_head(self, text: str) -> None:
        for offset, run in _runs(text, HEADING):
            self._show(f"{HEADING:g} 0 0 {HEADING:g} {48 + offset:.2f} {HEIGHT - LEFT + 6:.2f}", run)

    def masthead(self, headings: Sequence[tuple[str, int]]) -> None:
        """The first column of page 1: the gazette's name and its contents. Beside it stands a note."""
        left = LEFT + MARGIN
        self.level(left, TOP + 100, _Line("発行\u3000内閣府", size=HEADING))
        self.level(left + 10, TOP + 150, _Line("政\u3000府\u3000調\u3000達\u3000公\u3000告\u3000版", size=HEADING))
        self.level(left + 40, TOP + 190, _Line("目\u3000次", size=BANNER))
        first_pages = dict(reversed(headings))
        for row, (heading, page) in enumerate(sorted(first_pages.items(), key=lambda item: item[1])[:20]):
            self.level(left, TOP + 230 + row * PITCH, _Line(f"{heading[:18]}\u3000{page}"))

    def frame(self) -> None:
        self.rule(LEFT, TOP, BOTTOM)
        self.rule(RIGHT, TOP, BOTTOM)

    def rule(self, x: float, top: float, bottom: float) -> None:
        y = HEIGHT - x
        self._drawn.append(f".4 w {WIDTH - bottom:.2f} {y:.2f} m {WIDTH - top:.2f} {y:.2f} l S")

    def wavy_rule(self) -> None:
        """It is set of a character, which lies on its side."""
        for step in range(int((BOTTOM - TOP) / BODY)):
            where = f"{WIDTH - BOTTOM + step * BODY:.2f} {HEIGHT - LEFT - COLUMN - BODY / 2:.2f}"
            self._show(f"{BODY:g} 0 0 {BODY:g} {where}", "\ue0a8")

    def _show(self, matrix: str, text: str) -> None:
        codes = "".join(f"{self.codes.setdefault(character, len(self.codes) + 1):04X}" for character in text)
        self._drawn.append(f"BT /G1 1 Tf {matrix} Tm <{codes}> Tj ET")


def _runs(text: str, size: float, space: float = 0.5) -> Iterator[tuple[float, str]]:
    """The text without its gaps: each run with its distance from the beginning."""
    offset = 0.0
    for is_gap, characters in groupby(private(text), key=str.isspace):
        run = "".join(characters)
        if not is_gap:
            yield offset, run
        offset += size * sum(space if one == " " else _ems(one) for one in run)


# --- PDF ------------------------------------------------------------------------------------------


def _pdf(contents: Sequence[bytes], pages: Sequence[_Page], ink: _Ink) -> bytes:
    pdf = pikepdf.new()
    resources = pdf.make_indirect(Dictionary(Font=Dictionary(G1=_font(pdf, ink.codes))))
    for content, page in zip(contents, pages, strict=True):
        sheet = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, WIDTH, HEIGHT]),
            Rotate=0 if page.blank else 270,
            Resources=resources,
            Contents=pdf.make_stream(content),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(sheet)))
    out = io.BytesIO()
    pdf.save(out, encryption=pikepdf.Encryption(owner="", user="", R=6))
    return out.getvalue()


def _font(pdf: pikepdf.Pdf, codes: dict[str, int]) -> pikepdf.Object:
    """A font whose codes are the characters in the order of their first use; ToUnicode says which they are.

    It has outlines because readers pass over text without any.
    """
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name.Mihon,
        Flags=4,
        FontBBox=Array([0, -120, 1000, 880]),
        ItalicAngle=0,
        Ascent=880,
        Descent=-120,
        CapHeight=700,
        StemV=80,
        FontFile2=pdf.make_stream(_outlines()),
    )
    widths = Array([value for one, code in codes.items() for value in (code, Array([int(1000 * _ems(one))]))])
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name.Mihon,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        CIDToGIDMap=pdf.make_stream(b"".join(struct.pack(">H", _ems(one) < 1) for one in ["\u3000", *codes])),
        DW=1000,
        W=widths,
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name.Mihon,
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(descendant)]),
            ToUnicode=pdf.make_stream(_to_unicode(codes)),
        )
    )


def _to_unicode(codes: dict[str, int]) -> bytes:
    meanings = [f"<{code:04X}> <{one.encode('utf-16-be').hex().upper()}>" for one, code in codes.items()]
    blocks = [meanings[start : start + 100] for start in range(0, len(meanings), 100)]
    return "\n".join(
        (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
            "/CMapName /Mihon def /CMapType 2 def",
            "1 begincodespacerange <0000> <FFFF> endcodespacerange",
            *(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks),
            "endcmap CMapName currentdict /CMap defineresource pop end end",
        )
    ).encode("ascii")


def _outlines() -> bytes:
    """The smallest TrueType font: glyph 0 is a wide bar, glyph 1 a narrow one."""
    wide, narrow = _bar(920), _bar(420)
    loca = struct.pack(">III", 0, len(wide), len(wide) + len(narrow))
    lowest, highest = 80, 920
    tables = {
        b"glyf": wide + narrow,
        b"head": struct.pack(
            *(">IIIIHHQQhhhhHHhhh", 1 << 16, 1 << 16, 0, 0x5F0F3CF5, 0, 1000, 0, 0),
            *(lowest, 0, highest, 700, 0, 8, 2, 1, 0),
        ),
        b"hhea": struct.pack(">IhhhHhhh8hhH", 1 << 16, 880, -120, 0, 1000, 0, 0, highest, *[0] * 8, 0, 2),
        b"hmtx": struct.pack(">HhHh", 1000, lowest, 500, lowest),
        b"loca": loca,
        b"maxp": struct.pack(">I14H", 1 << 16, 2, 4, 1, 0, 0, 1, *[0] * 8),
    }
    directory = struct.pack(">I4H", 1 << 16, len(tables), 64, 2, 32)
    body = b""
    for tag, table in sorted(tables.items()):
        directory += tag + struct.pack(">III", 0, 12 + 16 * len(tables) + len(body), len(table))
        body += table + bytes(-len(table) % 4)
    return directory + body


def _bar(right: int) -> bytes:
    """A glyph: one contour of four points."""
    bounds = struct.pack(">5h", 1, 80, 0, right, 700)
    steps = struct.pack(">8h", 80, 0, right - 80, 0, 0, 700, 0, -700)
    glyph = bounds + struct.pack(">HH", 3, 0) + b"\1\1\1\1" + steps
    return glyph + bytes(-len(glyph) % 4)
