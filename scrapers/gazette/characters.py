"""The gazette's own characters: what stands in the private-use area of its fonts, and what it means.

The printing bureau's fonts put digits, punctuation and item markers where Unicode defines nothing, so a
plain extraction loses every number. Each meaning here was read off the printed glyph; between two glyphs
that were seen, the series is taken to go on evenly.
"""

import re

UNREADABLE = "〓"
"""What printers set where a type is missing; it stands for a character that is in no table."""


def _series(first: int, *meanings: str) -> dict[int, str]:
    return {first + offset: meaning for offset, meaning in enumerate(meanings)}


_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロ"
CHARACTERS: dict[int, str] = {
    **_series(0xE88A, *"0123456789"),
    **_series(0xE7B2, *"⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽"),
    **_series(0xE7BC, *"⑪⑫"),
    **_series(0xE7D1, *"①②③④⑤⑥⑦⑧⑨⑩⑪⑫"),
    **_series(0xE839, "(i)", "(ii)", "(iii)", "(iv)"),
    **_series(0xE94F, *(f"({letter})" for letter in "ABCDE")),
    **_series(0xE9E5, *(f"（{kana}）" for kana in _KANA)),
    0xEA75: ",",
    0xEA74: ".",
    0xE61C: "-",
    0xE20A: "“",
    0xE209: "”",
    0xE200: "'",
    0xE690: "㎥",
    0xE68D: "㎡",
    0xE692: "㎘",
    0xE0A8: "─",
    0xE43F: "榊",
    # The hyphen of words that are divided at the end of a line, and of those that always have one.
    0x2011: "-",
}
"""Code point → meaning."""

_TWO_HALVES = re.compile("([\ueac1-\ueac4])([\ueacb-\uead4])|\uead5([\ueadf-\ueae8])")
_UNKNOWN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\uf8ff\ufffd-\uffff\U000f0000-\U0010ffff]")
RULE = 0xE0A8
"""The piece of which the wavy rule on the first page is set."""


def readable(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with the gazette's characters in Unicode, and those in no table: each of them is 〓 in the text."""
    text = _TWO_HALVES.sub(_two_digits, text.translate(CHARACTERS))
    unknown = tuple(_UNKNOWN.findall(text))
    return (_UNKNOWN.sub(UNREADABLE, text) if unknown else text), unknown


def _two_digits(halves: re.Match[str]) -> str:
    """⑾ and ⑪ are printed as two halves: tens and units in parentheses, one half each in a circle."""
    tens, units, circled = halves.groups()
    if circled:
        return chr(ord("⑪") + ord(circled) - 0xEADF)
    number = 10 * (ord(tens) - 0xEAC0) + (ord(units) - 0xEACA) % 10
    return chr(ord("⑴") + number - 1) if number <= 20 else f"({number})"
