"""Numbers that count notices and lots, and not what is bought: file numbers, and the items of a list.

Offices put the number of the file into the title, with an abbreviation of their own (契総財第44号): to a reader it
says nothing but the number. Lists are numbered with 1）, Ａ, ア or Ⅰ; what follows each is a phrase of its own.
"""

import re
from collections.abc import Sequence

from monitor.reading.english.cutting import Kind, Piece

_FILE_NUMBER = re.compile("第?[0-9][0-9,~-]*号")
_COUNTED = frozenset(
    ("契約", "番号", "入札番号", "公告番号", "工事番号", "契約番号", "工事", "業務", "委託", "明許", "県単")
)
_CODE_LENGTH = 8
"""Pieces of an abbreviation before a number; longer ones are names."""

_BOUNDARIES = frozenset(
    (Kind.GAP, Kind.COMMA, Kind.STOP, Kind.OPEN, Kind.CLOSE, Kind.YEAR, Kind.DATE, Kind.MARK, Kind.DROP)
)
_ENDS = frozenset((Kind.GAP, Kind.COMMA, Kind.STOP, Kind.CLOSE))
_OF_LISTS = frozenset((Kind.CLOSE, Kind.LATIN, Kind.KANA))
_LISTS = (("A", "B", "C", "D", "E", "F", "G", "H"), tuple("アイウエオカキク"), ("I", "II", "III", "IV", "V", "VI"))


def numbered(pieces: list[Piece]) -> list[Piece]:
    """The pieces with file numbers as marks and the numbers of items as stops."""
    kinds = {piece.kind for piece in pieces}
    if Kind.LABEL in kinds or (Kind.MARK in kinds and Kind.NUMBER in kinds):
        pieces = _with_file_numbers(pieces)
    return pieces if kinds.isdisjoint(_OF_LISTS) else _with_items(pieces)


# File numbers -------------------------------------------------------------------------------------


def _with_file_numbers(pieces: list[Piece]) -> list[Piece]:
    told: list[Piece] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        if piece.kind is Kind.LABEL and _FILE_NUMBER.fullmatch(piece.text):
            end, number = _whole_number(pieces, at)
            start = _start_of_code(told)
            if _counts_the_notice(told[:start], told[start:], pieces[end : end + 1], piece):
                text = "".join(one.text for one in (*told[start:], *pieces[at:end]))
                told[start:] = []
                begin = _start_of_bracket(told) if pieces[end : end + 1] and pieces[end].kind is Kind.CLOSE else start
                text = "".join(one.text for one in told[begin:]) + text
                told[begin:] = [Piece(text, number, Kind.MARK)]
                at = end
                continue
        if (
            piece.kind in (Kind.NUMBER, Kind.LATIN, Kind.LABEL)
            and told
            and told[-1].english.endswith(_NUMBER_FOLLOWS)
        ):
            piece = Piece(told[-1].text + piece.text, f"{told.pop().english} {piece.english}", Kind.MARK)
        told.append(piece)
        at += 1
    return told


_NUMBER_FOLLOWS = " no."


def _whole_number(pieces: Sequence[Piece], at: int) -> tuple[int, str]:
    """Where the number ends, with what is tied to it: 第54号-2, 第54号の2."""
    if at + 2 < len(pieces) and pieces[at + 1].text in ("-", "~", "の") and pieces[at + 2].kind is Kind.NUMBER:
        return at + 3, f"{pieces[at].english}-{pieces[at + 2].english}"
    return at + 1, pieces[at].english


def _start_of_code(told: Sequence[Piece]) -> int:
    """Where the abbreviation before a number begins: 08教総, 道交国防安(交安)."""
    start = len(told)
    while start > 0 and len(told) - start < _CODE_LENGTH:
        piece = told[start - 1]
        if piece.kind is Kind.CLOSE and start > 2 and told[start - 3].kind is Kind.OPEN and _is_code(told[start - 2]):
            start -= 3
        elif _is_code(piece) or (_is_short(piece) and told[-1].kind is Kind.UNKNOWN):
            start -= 1
        else:
            break
    return start


def _start_of_bracket(told: Sequence[Piece]) -> int:
    """Where abbreviations begin that fill the bracket up to the number: (道交国防安(改築)(債) 第602号)."""
    depth = 0
    for at in range(len(told) - 1, -1, -1):
        if told[at].kind is Kind.CLOSE:
            depth += 1
        elif told[at].kind is Kind.OPEN and depth:
            depth -= 1
        elif told[at].kind is Kind.OPEN:
            return at + 1
        elif not depth and told[at].kind is not Kind.GAP and not _is_code(told[at]):
            break
    return len(told)


def _is_short(piece: Piece) -> bool:
    """Whether a word can be a part of an abbreviation: 生涯工第4号."""
    return piece.kind in (Kind.NOUN, Kind.HEAD) and len(piece.text) < 3


def _is_code(piece: Piece) -> bool:
    if piece.kind in (Kind.UNKNOWN, Kind.NUMBER) or piece.text in _COUNTED:
        return True
    return len(piece.text) == 1 and piece.kind in (Kind.NOUN, Kind.ADJ, Kind.SUFFIX, Kind.HEAD, Kind.LATIN)


def _counts_the_notice(before: Sequence[Piece], code: Sequence[Piece], after: Sequence[Piece], number: Piece) -> bool:
    """Whether a number stands for itself, so that it is not a number of what is bought (第2号取水井)."""
    if before and before[-1].kind not in _BOUNDARIES:
        return False
    ends = not after or after[0].kind in _ENDS
    in_brackets = bool(before) and before[-1].kind is Kind.OPEN and bool(after) and after[0].kind is Kind.CLOSE
    if in_brackets or not number.text.startswith("第"):
        return in_brackets
    return ends or (len(code) > 1 and code[0].kind is Kind.NUMBER)


# Items --------------------------------------------------------------------------------------------


def _with_items(pieces: list[Piece]) -> list[Piece]:
    told: list[Piece] = []
    depth = 0
    for piece in pieces:
        if piece.kind is Kind.OPEN:
            depth += 1
        elif piece.kind is Kind.CLOSE:
            if depth:
                depth -= 1
            elif told and told[-1].kind is Kind.NUMBER and told[-1].text.isdecimal() and len(told[-1].text) < 3:
                told[-1] = Piece(told[-1].text + piece.text, f"({told[-1].english})", Kind.STOP)
                continue
        told.append(piece)
    first = told[0].text if told else ""
    for letters in _LISTS:
        if first == letters[0]:
            return _lettered(told, letters)
    return told


def _lettered(pieces: list[Piece], letters: Sequence[str]) -> list[Piece]:
    """The pieces with the letters of a list as stops; a letter that no second one follows is none."""
    places: list[int] = []
    for at, piece in enumerate(pieces[:-1]):
        if (
            len(places) < len(letters)
            and piece.text == letters[len(places)]
            and pieces[at + 1].kind is Kind.GAP
            and (not at or pieces[at - 1].kind in _BOUNDARIES)
        ):
            places.append(at)
    if len(places) < 2:
        return pieces
    told = list(pieces)
    for number, at in enumerate(places):
        letter = letters[number] if letters[number].isascii() else "abcdefgh"[number]
        told[at] = Piece(pieces[at].text, f"({letter})", Kind.STOP)
    return told
