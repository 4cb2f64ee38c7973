"""Records out of an XML answer of any size, one by one: a broken or endless record costs only itself.

A strict parser over the whole answer would lose every record to one bad byte, and a text of 157 MB would
be held in memory several times over. So the bytes are cut at the records' tags, and each is parsed alone.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lxml import etree

CHUNK = 1 << 20
LONGEST = 2 << 20
"""Bytes of a record above which its longest text is cut."""
KEPT = 1 << 20
"""Bytes that are kept of a text that is cut."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one record, from its opening to its closing tag; ``cut`` where a text was too long."""

    data: bytes
    cut: bool = False


class Records:
    """The records ``<tag>…</tag>`` of an open file; ``head`` stands before the first, ``tail`` after the last."""

    def __init__(self, file: BinaryIO, tag: str) -> None:
        self._file = file
        self._open, self._close = f"<{tag}>".encode(), f"</{tag}>".encode()
        self._buffer = b""
        self._at = 0
        self._ended = False
        while self._find(self._open) < 0 and not self._ended and len(self._buffer) < LONGEST:
            self._more()
        start = self._find(self._open)
        self.head = self._buffer[: start if start >= 0 else None]
        self.tail = b""

    def __iter__(self) -> Iterator[Piece]:
        cut = False
        while True:
            start = self._find(self._open)
            if start >= 0:
                end = self._buffer.find(self._close, start)
                if end >= 0:
                    self._at = end + len(self._close)
                    yield Piece(self._buffer[start : self._at], cut)
                    cut = False
                    continue
                if len(self._buffer) - start > LONGEST:
                    self._at = start
                    self._cut()
                    cut = True
                    continue
            if self._ended:
                self.tail = self._buffer[self._at :]
                return
            self._more()

    def _find(self, what: bytes) -> int:
        return self._buffer.find(what, self._at)

    def _more(self) -> None:
        chunk = self._file.read(CHUNK)
        self._ended = not chunk
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0

    def _cut(self) -> None:
        """Shorten the text in which the buffer ends, dropping the file's bytes up to the tag that closes it."""
        opened = self._buffer.rfind(b"<![CDATA[", self._at)
        if opened > self._buffer.rfind(b"]]>", self._at):
            begin, closing = opened + len(b"<![CDATA["), b"]]>"
        else:
            begin, closing = self._buffer.rfind(b">", self._at) + 1, b"<"
        kept = whole_characters(self._buffer[self._at : begin + KEPT])
        if closing == b"<" and (reference := kept.rfind(b"&", -12)) >= 0 and b";" not in kept[reference:]:
            kept = kept[:reference]
        rest = self._buffer[begin + KEPT :]
        while (found := rest.find(closing)) < 0 and not self._ended:
            chunk = self._file.read(CHUNK)
            self._ended = not chunk
            rest = rest[-2:] + chunk
        self._buffer = kept + (rest[found:] if found >= 0 else b"")
        self._at = 0


def whole_characters(data: bytes) -> bytes:
    """UTF-8 bytes without a character that is broken off at the end."""
    for back in range(1, min(4, len(data)) + 1):
        lead = data[-back]
        if lead & 0xC0 != 0x80:
            length = 1 if lead < 0x80 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return data[:-back] if length > back else data
    return data


_STRICT = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
_LENIENT = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, recover=True)
# What XML 1.0 allows neither as a character nor as a reference.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}));|(?!(?:amp|lt|gt|quot|apos);))")
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)


def element(piece: bytes) -> etree._Element | None:
    """A record's element; bad bytes, characters and references in it are mended. None where it is no element."""
    try:
        return etree.fromstring(piece, _STRICT)
    except etree.XMLSyntaxError:
        text = _FORBIDDEN.sub("", piece.decode("utf-8", "surrogates-joined"))
        parts = _CDATA.split(text)
        parts[::2] = [_REFERENCE.sub(_mended, part) for part in parts[::2]]
        return etree.fromstring("".join(parts).encode("utf-8", "replace"), _LENIENT)


def _mended(found: re.Match[str]) -> str:
    """An escaped ampersand for a bare one, nothing for a reference to a forbidden character."""
    if found[1] is None and found[2] is None:
        return "&amp;"
    code = int(found[1], 16) if found[1] else int(found[2])
    allowed = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return found[0] if allowed else ""


def _join_surrogates(error: UnicodeError) -> tuple[str, int]:
    """CESU-8: a character outside the basic plane written as two surrogates of three bytes each."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 6]
    if len(pair) == 6 and pair[0] == pair[3] == 0xED and 0xA0 <= pair[1] <= 0xAF and 0xB0 <= pair[4] <= 0xBF:
        high = (pair[1] & 0x0F) << 6 | pair[2] & 0x3F
        low = (pair[4] & 0x0F) << 6 | pair[5] & 0x3F
        return chr(0x10000 + (high << 10 | low)), error.start + 6
    if len(pair) >= 3 and pair[0] == 0xED and pair[1] >= 0xA0:
        return "\ufffd", error.start + 3
    return "\ufffd", max(error.end, error.start + 1)


codecs.register_error("surrogates-joined", _join_surrogates)
