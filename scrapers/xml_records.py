"""Records out of an XML answer of any size, one by one: a broken or endless record costs only itself.

A strict parser over the whole answer would lose every record to one bad byte, and a text of 157 MB would
be held in memory several times over. So the bytes are cut at the records' tags, and each is parsed alone.
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from lxml import etree

CHUNK = 1 << 20
KEPT = 1 << 20
"""Bytes of a text above which it is cut, wherever in the answer it stands: else it would seem to change."""
LONGEST = 2 << 20
"""Bytes of a record above which its texts are cut before its end is known."""
MOST = 8 << 20
"""Bytes above which a record that does not end is given up, though no text of it is long."""


class Piece(NamedTuple):
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
            self._at = start if start >= 0 else max(self._at, len(self._buffer) - LONGEST)
            end = self._end(start) if start >= 0 else -1
            if end >= 0:
                self._at = end + len(self._close)
                data = self._buffer[start : self._at]
                kept, _ = shortened(data)
                yield Piece(kept, cut or len(kept) < len(data))
                cut = False
            elif self._ended:
                self.tail = self._buffer[self._at :]
                return
            elif start < 0 or len(self._buffer) - start <= LONGEST:
                self._more()
            elif len(self._buffer) - start <= MOST:
                cut |= self._cut()
            else:
                yield Piece(self._buffer[start:], cut=True)
                self._at, cut = len(self._buffer), False

    def _end(self, start: int) -> int:
        """Where the record that begins at ``start`` is closed; a closing tag inside CDATA is text."""
        end = self._buffer.find(self._close, start)
        while end >= 0 and self._buffer.rfind(b"<![CDATA[", start, end) > self._buffer.rfind(b"]]>", start, end):
            end = self._buffer.find(self._close, end + 1)
        return end

    def _find(self, what: bytes) -> int:
        return self._buffer.find(what, self._at)

    def _more(self) -> None:
        chunk = self._file.read(CHUNK)
        self._ended = not chunk
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0

    def _cut(self) -> bool:
        """Shorten the record with which the buffer ends, and read on; True where something was dropped.

        Where it ends in a long text, the file's bytes up to what closes that text are dropped as well.
        """
        record = self._buffer[self._at :]
        self._buffer, closing = shortened(record)
        self._at = 0
        dropped = len(self._buffer) < len(record)
        if not closing:
            self._more()
            return dropped
        rest = record[len(record) - len(closing) + 1 :]
        while (found := rest.find(closing)) < 0 and not self._ended:
            chunk = self._file.read(CHUNK)
            self._ended = not chunk
            rest = rest[-2:] + chunk
        self._buffer += rest[found:] if found >= 0 else b""
        return dropped


_TOKEN = re.compile(rb"<!\[CDATA\[(.*?)(\]\]>|\Z)|<[^>]*>?|[^<]+", re.DOTALL)


def shortened(record: bytes) -> tuple[bytes, bytes]:
    """A record, whole or only begun, with its long texts cut; and what closes the one in which it ends, if any."""
    if len(record) <= KEPT:
        return record, b""
    parts: list[bytes] = []
    closing = b""
    for token in _TOKEN.finditer(record):
        cdata, closed = token[1], token[2]
        if cdata is not None and len(cdata) > (KEPT if closed else KEPT + len("]]")):
            parts += b"<![CDATA[", whole_characters(cdata[:KEPT]), closed
            closing = b"" if closed else b"]]>"
        elif cdata is None and len(token[0]) > KEPT and not token[0].startswith(b"<"):
            kept = whole_characters(token[0][:KEPT])
            reference = kept.rfind(b"&", -12)
            parts.append(kept if reference < 0 or b";" in kept[reference:] else kept[:reference])
            closing = b"<" if token.end() == len(record) else b""
        else:
            parts.append(token[0])
    return b"".join(parts), closing


def whole_characters(data: bytes) -> bytes:
    """UTF-8 or CESU-8 bytes without a character that is broken off at the end."""
    for back in range(1, min(4, len(data)) + 1):
        lead = data[-back]
        if lead & 0xC0 != 0x80:
            length = 1 if lead < 0x80 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            data = data[:-back] if length > back else data
            break
    return data[:-3] if data[-3:-2] == b"\xed" and 0xA0 <= data[-2] <= 0xAF else data


def _parser(*, recover: bool) -> etree.XMLParser[etree._Element]:
    return etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        no_network=True,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )


_STRICT, _LENIENT = _parser(recover=False), _parser(recover=True)
# What XML 1.0 allows neither as a character nor as a reference.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}));|(?!(?:amp|lt|gt|quot|apos);))")
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)


def element(piece: bytes) -> etree._Element:
    """A record's element; bad bytes, characters, references and tags in it are mended."""
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
