"""The gist of a Japanese title in English, put together word by word: what is done first, then what with, then the rest.

Japanese puts last what decides: 小学校空調設備改修工事 is school, air conditioning, renovation works. The gist turns
that round ("Renovation works: elementary school air-conditioning equipment"), leaves compounds in their order, which
is mostly right in English, and turns clauses round at their particles (AにおけるB is "B in A"). It is a help for
readers who do not know the script, not a translation; what no table knows stays Japanese.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from monitor.reading.english.cutting import Cutter, Kind, Piece
from monitor.reading.english.glossary import read_tables
from monitor.reading.english.numbering import numbered
from monitor.reading.english.sources import organisation_entries, place_entries

LEAST_ACCOUNTED = 0.5
"""Of a title of which less is accounted for nothing is said: a gist that is mostly Japanese helps nobody."""

DEEPEST = 5
"""Brackets within brackets; real titles have two or three."""

_QUOTES = "「『“\"'"
_COORDINATES = ("and", "or")
_ETC = "etc."
_SPACES = re.compile(" {2,}")
_SPACE_BEFORE = re.compile(r" +([,;:)])|(?<=[(])[,;:] *")
_ORPHANS = re.compile(r"\(\s*[,;:]?\s*\)|^[\s,;:)-]+|[\s,;:(-]+$")


@dataclass(frozen=True, slots=True)
class Explained:
    """A gist and what it was made from. ``accounted`` is the share of letters and figures that are known.

    Words in kana that no table has, which are shown in Latin letters, are counted as known.
    """

    english: str
    accounted: float
    pieces: tuple[Piece, ...]


class Gist:
    """Puts titles into English; made once by ``load_gist`` and shared by threads."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter

    def of(self, title: str) -> str:
        """The gist of a title; empty where too little of it is known."""
        return self.explain(title).english

    def explain(self, title: str) -> Explained:
        """The gist with its pieces, in the title's order, and the share of the title that they account for."""
        pieces = numbered(self._cutter.cut(title))
        total = unknown = 0
        for piece in pieces:
            if piece.kind not in _SIGNS:
                total += len(piece.text)
                if piece.kind is Kind.UNKNOWN:
                    unknown += len(piece.text)
        accounted = 1 - unknown / total if total else 0.0
        english = _title(pieces) if total and accounted >= LEAST_ACCOUNTED else ""
        return Explained(english, accounted, tuple(pieces))


_SIGNS = frozenset((Kind.GAP, Kind.COMMA, Kind.STOP, Kind.DOT, Kind.OPEN, Kind.CLOSE))
_JOINTS = frozenset((Kind.GAP, Kind.COMMA, Kind.DOT, Kind.GLUE))
_TO_THE_END = frozenset((Kind.YEAR, Kind.DATE, Kind.PART, Kind.MARK))


def load_gist() -> Gist:
    """The gist with the tables as they are installed; GlossaryError if one is wrong."""
    return Gist(Cutter((*read_tables(), *organisation_entries()), place_entries()))


# The title ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Tail:
    """What goes to the end: years and amounts, then marks and remarks in brackets."""

    times: dict[str, None] = field(default_factory=dict)
    marks: dict[str, None] = field(default_factory=dict)

    def take(self, piece: Piece) -> None:
        if piece.english:
            (self.marks if piece.kind in (Kind.MARK, Kind.PART) else self.times)[piece.english] = None

    def __str__(self) -> str:
        said = "".join(f", {text}" for text in self.times)
        return f"{said} ({'; '.join(self.marks)})" if self.marks else said


def _title(pieces: Sequence[Piece]) -> str:
    tail = _Tail()
    text = _clauses(_flat(_with_modified_software(pieces), tail, 0), tail)
    return _tidy(f"{text}{tail}")


def _without_space(match: re.Match[str]) -> str:
    return match[1] or ""


_SOFTWARE = re.compile(
    "(?:システム|アプリ|アプリケーション|プログラム|サイト|ホームページ|ソフト|ソフトウェア|ソフトウエア|データベース|画面|ポータル|ツール|機能|"
    "帳票|基盤|API|app|web|system)$",
    re.IGNORECASE,
)
_LOOKED_THROUGH = frozenset(
    (Kind.GLUE, Kind.HEAD, Kind.SUFFIX, Kind.GAP, Kind.DROP, Kind.MARK, Kind.YEAR, Kind.CLOSE)
)
_RENOVATION = "renovation"


def _with_modified_software(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """改修 of software is modification, of anything else renovation; as works it is always the latter."""
    for piece in pieces:
        if piece.kind is Kind.HEAD and piece.english.startswith(_RENOVATION):
            break
    else:
        return pieces
    told = list(pieces)
    for at, piece in enumerate(pieces):
        if piece.kind is not Kind.HEAD or not piece.english.startswith(_RENOVATION) or "工事" in piece.text:
            continue
        if at + 1 < len(pieces) and "工事" in pieces[at + 1].text:
            continue
        thing = _thing_before(pieces, at)
        if thing is not None and _SOFTWARE.search(thing.text):
            told[at] = Piece(piece.text, "modification" + piece.english.removeprefix(_RENOVATION), Kind.HEAD)
    return told


def _thing_before(pieces: Sequence[Piece], end: int) -> Piece | None:
    """The word for a thing that stands before a place in the title, not counting what is in brackets."""
    depth = 0
    for piece in reversed(pieces[:end]):
        if piece.kind is Kind.CLOSE:
            depth += 1
        elif piece.kind is Kind.OPEN:
            depth -= 1
        elif depth <= 0 and piece.kind not in _LOOKED_THROUGH:
            return piece
    return None


def _tidy(text: str) -> str:
    if "  " in text:
        text = _SPACES.sub(" ", text)
    text = _SPACE_BEFORE.sub(_without_space, text)
    text = _ORPHANS.sub("", text)
    first, _, _ = text.partition(" ")
    return text[:1].upper() + text[1:] if first.islower() else text


def _flat(pieces: Sequence[Piece], tail: _Tail, depth: int) -> list[Piece]:
    """The pieces without brackets: what stands in them becomes one piece, or goes to the end.

    Brackets deeper than ``DEEPEST`` are looked through.
    """
    flat: list[Piece] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        if piece.kind in _TO_THE_END:
            tail.take(piece)
        elif piece.kind is Kind.OPEN and depth < DEEPEST:
            end = _end_of_bracket(pieces, at)
            if end == at + 2 and pieces[at + 1].kind is Kind.UNKNOWN and len(pieces[at + 1].text) == 1:
                at = end + 1  # (補): an abbreviation of the office
                continue
            alone = not flat and not any(_says(one) for one in pieces[end + 1 :])
            inner = _clauses(_flat(pieces[at + 1 : end], tail, depth + 1), tail, turned=alone)
            if inner and (alone or piece.text in _QUOTES):
                flat.append(Piece(piece.text, inner if alone else f'"{inner}"', Kind.NOUN))
            elif inner and flat:
                flat.append(Piece(piece.text, f"({inner})", Kind.OPEN))
            elif inner:
                tail.marks[inner] = None
            at = end
        elif piece.kind is not Kind.CLOSE and piece.kind is not Kind.OPEN:
            flat.append(piece)
        at += 1
    return flat


def _says(piece: Piece) -> bool:
    return piece.kind not in _SIGNS and piece.kind not in _TO_THE_END


def _end_of_bracket(pieces: Sequence[Piece], start: int) -> int:
    """Where the bracket that opens at ``start`` is closed; the end of the title if it never is."""
    depth = 0
    for at in range(start, len(pieces)):
        if pieces[at].kind is Kind.OPEN:
            depth += 1
        elif pieces[at].kind is Kind.CLOSE:
            depth -= 1
            if not depth:
                return at
    return len(pieces)


# Clauses ------------------------------------------------------------------------------------------


def _clauses(pieces: Sequence[Piece], tail: _Tail, *, turned: bool = True) -> str:
    """What stands between full stops and item numbers, each put into English for itself.

    In brackets, where phrases are short, nothing is ``turned``: 機器製作 is "equipment production" there.
    """
    said = []
    label = ""
    for stop, part in _split(pieces, Kind.STOP):
        levels = []
        for level in _levels(part):
            phrases = [phrase for one in _phrases(level) if (phrase := _clause(one, tail, turned))]
            if phrases:
                levels.append("; ".join(phrases))
        if text := " / ".join(levels):
            said.append(f"{label} {text}" if label else text)
        label = stop.english if stop and stop.english.startswith("(") else ""
    return "; ".join(said)


def _split(pieces: Sequence[Piece], kind: Kind) -> Iterator[tuple[Piece | None, list[Piece]]]:
    """The parts between the pieces of a kind, each with the piece that ends it."""
    part: list[Piece] = []
    for piece in pieces:
        if piece.kind is kind:
            yield piece, part
            part = []
        else:
            part.append(piece)
    yield None, part


def _levels(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The parts that slashes divide where each is a phrase: programme ／ project ／ topic; A／B機器 is one part."""
    begun = 0
    for at, piece in enumerate(pieces):
        if piece.kind is Kind.COMMA and piece.text == "/" and _is_level(pieces[begun:at], pieces[at + 1 :]):
            yield pieces[begun:at]
            begun = at + 1
    yield pieces[begun:] if begun else pieces


def _is_level(before: Sequence[Piece], after: Sequence[Piece]) -> bool:
    words = [piece for piece in before if piece.kind not in _ASIDE]
    if not words or not (words[-1].kind is Kind.HEAD or words[-1].text.endswith(_LEVELS)):
        return False
    end = next((at for at, piece in enumerate(after) if piece.kind is Kind.COMMA), len(after))
    level = [piece for piece in after[:end] if piece.kind not in _SIGNS]
    if not level or level[0].kind is Kind.NUMBER:
        return False
    return (
        any(piece.kind is not Kind.HEAD for piece in level) or sum(len(piece.text) for piece in level) > _LONG_LEVEL
    )


_LEVELS = ("事業", "プロジェクト", "プログラム", "基金")
_LONG_LEVEL = 5


def _phrases(pieces: list[Piece]) -> list[list[Piece]]:
    """Whole phrases that commas or "and" divide: each has its object and says what is done with it.

    ○○の購入、△△の保守 are two; 機器の購入、据付及び保守 and 机、椅子の購入 are one.
    """
    starts = [0]
    for at, piece in enumerate(pieces):
        if piece.kind not in _DIVIDES:
            continue
        if piece.kind is Kind.COMMA or (piece.kind is Kind.GLUE and piece.english == "and" and piece.text != "と"):
            before, after = pieces[starts[-1] : at], pieces[at + 1 :]
            if _is_whole(before) and _is_whole(after) and not _is_done_to_both(after):
                starts.append(at + 1)
        elif piece.kind is Kind.DOT and _says_of_what(pieces[starts[-1] : at]) and _says_of_what(pieces[at + 1 :]):
            starts.append(at + 1)
    if len(starts) == 1:
        return [pieces]
    return [pieces[start:end] for start, end in zip(starts, (*starts[1:], len(pieces)), strict=True)]


_DIVIDES = frozenset((Kind.COMMA, Kind.GLUE, Kind.DOT))


def _is_whole(pieces: Sequence[Piece]) -> bool:
    """Whether pieces end with what is done, and have something before it that it is done with."""
    words = [piece for piece in pieces if piece.kind not in _ASIDE and piece.english != _ETC]
    if not words or words[-1].kind is not Kind.HEAD:
        return False
    first = next((at for at, piece in enumerate(words) if piece.kind in _JOINTS), len(words))
    return any(piece.kind not in (Kind.HEAD, Kind.GLUE, Kind.COMMA, Kind.DOT) for piece in words[:first])


def _says_of_what(pieces: Sequence[Piece]) -> bool:
    """Whether pieces are just "done with a thing": 物品の調達, of 物品の調達・役務の提供."""
    words = [piece for piece in pieces if piece.kind not in _ASIDE and piece.english != _ETC]
    of = next((at for at, piece in enumerate(words) if piece.kind is Kind.GLUE), 0)
    if not of or words[of].text != "の" or _are_heads(words[:of]):
        return False
    return len(words) > of + 1 and all(piece.kind is Kind.HEAD for piece in words[of + 1 :])


def _are_heads(words: Sequence[Piece]) -> bool:
    """Whether there are only actions; 役務 by itself is what is provided."""
    return all(piece.kind is Kind.HEAD for piece in words) and [piece.text for piece in words] != ["役務"]


def _is_done_to_both(pieces: Sequence[Piece]) -> bool:
    """Whether what stands at the end is said of both: A研修及びB研修の実施, Aの運営及びBの更新に係る支援, A及びBの実施."""
    words = [piece for piece in pieces if piece.kind not in _ASIDE and piece.english != _ETC]
    links = [at for at, piece in enumerate(words) if piece.kind is Kind.GLUE and piece.english not in _COORDINATES]
    if not links:
        return False
    if all(piece.kind is Kind.HEAD for piece in words[: links[0]]):  # 整備及び利活用を支援する
        return True
    of = links[-1]
    if words[of].english == "of" and words[of - 1].kind is Kind.HEAD:
        return True
    return any(words[at].english in _SAID_OF_ALL and words[at - 1].kind is Kind.HEAD for at in links)


_SAID_OF_ALL = frozenset(("for", "on", "towards", "in connection with", "based on"))
_ASIDE = frozenset((Kind.OPEN, Kind.GAP, Kind.DROP, Kind.AMOUNT))


@dataclass(slots=True)
class _Group:
    """Compounds that "and" or a comma joins, and the preposition by which the next group is tied to it."""

    chunks: list[list[Piece]] = field(default_factory=lambda: [[]])
    joins: list[str] = field(default_factory=list)
    link: str = ""

    @property
    def is_empty(self) -> bool:
        return not any(self.chunks)

    def join(self, word: str) -> None:
        if self.chunks[-1]:
            self.chunks.append([])
            self.joins.append(word)
        elif self.joins:
            self.joins[-1] = word

    def __str__(self) -> str:
        return _listed([_compound(chunk) for chunk in self.chunks], self.joins)


def _clause(pieces: list[Piece], tail: _Tail, turned: bool) -> str:
    pieces, amounts = _without_amounts(pieces)
    for amount in amounts:
        if amount.kind is Kind.AMOUNT:
            tail.take(amount)
    others = "".join(f" {piece.english}" for piece in amounts if piece.kind is not Kind.AMOUNT)
    return _phrase(pieces, turned) + others


def _phrase(pieces: Sequence[Piece], turned: bool) -> str:
    """A clause without what is told last."""
    groups = _groups(pieces)
    place = _place_before_gap(groups) if turned else ""
    said = _said(groups, turned)
    return f"{said}, {place}" if place and said else said or place


def _place_before_gap(groups: list[_Group]) -> str:
    """Takes the office or place that stands before a space at the beginning: ○○高等学校 什器の買入れ."""
    if len(groups) < 2:
        return ""
    chunk = groups[0].chunks[0]
    gap = next((at for at, piece in enumerate(chunk) if piece.kind is Kind.GAP), 0)
    if not gap or chunk[gap - 1].kind is Kind.LATIN or gap + 1 == len(chunk):
        return ""
    if not (chunk[gap - 1].kind is Kind.NAME or chunk[gap - 1].text.endswith(_PLACES)):
        return ""
    groups[0].chunks[0] = chunk[gap + 1 :]
    return _compound(chunk[:gap])


_PLACES = (
    "校",
    "院",
    "所",
    "署",
    "局",
    "館",
    "場",
    "園",
    "大学",
    "センター",
    "課",
    "部",
    "庁",
    "裁判所",
    "庁舎",
    "団地",
    "基地",
)


def _said(groups: list[_Group], turned: bool) -> str:
    """The groups with what is done first."""
    done: list[str] = []
    while groups and turned:
        heads, rest = _heads(groups[-1])
        if not heads:
            break
        done = [text for text in (_compound(head) for head in heads) if text]
        joins = groups[-1].joins[len(groups[-1].joins) - len(heads) + 1 :]
        groups[-1] = rest
        if rest.is_empty and not done:  # 請負 says nothing in English: what it is done with decides
            groups.pop()
            if groups:
                groups[-1].link = ""
            continue
        return _stated(_listed(done, joins), groups)
    return _turned(groups)


def _stated(done: str, groups: list[_Group]) -> str:
    if not done:
        return _turned(groups)
    if done.startswith("and "):  # その他工事 without more: it is the rest of what stands before
        return f"{_turned(groups)} {done}"
    *before, last = groups
    asides = [piece for chunk in last.chunks for piece in chunk]
    if all(piece.kind is Kind.OPEN for piece in asides):
        link = (before[-1].link, _turned(before)) if before else ()
        return " ".join([done, *link, *(piece.english for piece in asides)])
    return done if last.is_empty else f"{done}: {_turned(groups)}"


def _turned(groups: Sequence[_Group]) -> str:
    """The groups from the last to the first: A の B に係る C is C for B of A."""
    if not groups:
        return ""
    *before, last = groups
    first, further = _at_gap(last) if before else (last, "")
    said = str(first)
    for group in reversed(before):
        said = f"{said} {group.link} {group}" if said else str(group)
    return f"{said}, {further}" if further else said


def _at_gap(group: _Group) -> tuple[_Group, str]:
    """What stands before a space in the last group, and the rest: 使用する電気 契約電力591kW."""
    chunk = group.chunks[0]
    gap = next((at for at, piece in enumerate(chunk) if piece.kind is Kind.GAP or _is_remark(piece)), 0)
    if not gap or chunk[gap - 1].kind is Kind.LATIN:
        return group, ""
    further = str(_Group([chunk[gap:], *group.chunks[1:]], group.joins))
    return _Group([chunk[:gap]]), further.removeprefix(", ")


def _is_remark(piece: Piece) -> bool:
    """Whether a word begins a remark (its English begins with a comma): 契約電力 after what is bought."""
    return piece.english.startswith(", ")


def _groups(pieces: Sequence[Piece]) -> list[_Group]:
    groups = [_Group()]
    for at, piece in enumerate(pieces):
        group = groups[-1]
        if piece.kind is Kind.GLUE and piece.english not in _COORDINATES:
            chunk = group.chunks[-1]
            if piece.text == "の" and chunk and all(one.kind is Kind.ADJ for one in chunk):
                continue  # 最新のデータ
            if not group.is_empty:
                does = piece.text == "する" and at and pieces[at - 1].kind is Kind.HEAD
                group.link = "for" if does else piece.english  # 製造する事業者: who does it
                groups.append(_Group())
            elif len(groups) > 1 and piece.english not in ("", "of"):
                groups[-2].link = piece.english
        elif piece.kind is Kind.GLUE:
            group.join(f" {piece.english} ")
        elif piece.kind is Kind.COMMA and piece.text in "/:":
            group.join(f"{piece.text} " if piece.text == ":" else " / ")
        elif piece.kind is Kind.COMMA:
            group.join(", ")
        elif piece.kind is Kind.DOT:
            if 0 < at < len(pieces) - 1 and pieces[at - 1].kind is pieces[at + 1].kind is Kind.KANA:
                continue
            group.join(" and ")
        elif piece.english or piece.kind is Kind.HEAD:
            group.chunks[-1].append(piece)
    if groups[-1].is_empty:
        groups.pop()
    for group in groups:
        while group.chunks and not _trimmed(group.chunks[-1]):
            group.chunks.pop()
            if group.joins:
                group.joins.pop()
    return [group for group in groups if group.chunks]


def _without_amounts(pieces: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The pieces without amounts and "and 3 other items" at their end, which are told last."""
    last = []
    end = len(pieces)
    while end:
        piece = pieces[end - 1]
        if piece.kind is Kind.AMOUNT or (
            piece.english and piece.english.startswith("and ") and piece.kind in _OTHERS
        ):
            last.append(piece)
        elif piece.kind is not Kind.GAP and (piece.english or piece.kind is Kind.HEAD):
            break
        end -= 1
    return (pieces[:end], last[::-1]) if end else (pieces, [])


_OTHERS = frozenset((Kind.OTHERS, Kind.SUFFIX))


def _heads(group: _Group) -> tuple[list[list[Piece]], _Group]:
    """What is done, at the end of the last group, and the group without it."""
    heads: list[list[Piece]] = []
    chunks = list(group.chunks)
    remarks: list[Piece] = []
    while chunks:
        object_, head = _cut_head(chunks[-1])
        if not head:
            # 機器及び保守 is a list of what is bought, not what is done with something.
            return ([], group) if heads else (heads, group)
        heads.insert(0, head)
        if any(piece.kind is not Kind.OPEN for piece in object_) or len(chunks) == 1:
            chunks[-1] = object_ + remarks
            break
        remarks = object_ + remarks
        chunks.pop()
    if chunks == [[]]:
        chunks = []
    return heads, _Group(chunks, group.joins[: max(len(chunks) - 1, 0)])


def _cut_head(chunk: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """A compound as what it is about and what is done with it; brackets between stay with the first."""
    head: list[Piece] = []
    asides: list[Piece] = []
    at = len(chunk)
    while at:
        piece = chunk[at - 1]
        if piece.kind is Kind.HEAD:
            head.insert(0, piece)
        elif piece.kind is Kind.OPEN:
            asides.insert(0, piece)
        elif piece.kind is Kind.SUFFIX and piece.english == _ETC and at > 1 and chunk[at - 2].kind is Kind.HEAD:
            head.insert(0, piece)
        elif piece.kind is not Kind.GAP or not head:
            break
        at -= 1
    if not head:
        return list(chunk), []
    while at and chunk[at - 1].kind is Kind.ADJ and chunk[at - 1].text not in _OF_PLACES:
        at -= 1  # 緊急修繕, 迅速な提供
        head.insert(0, chunk[at])
    return _trimmed([*chunk[:at], *asides]), head


_OF_PLACES = frozenset("旧元新東西南北")


def _trimmed(chunk: list[Piece]) -> list[Piece]:
    while chunk and chunk[-1].kind is Kind.GAP:
        chunk.pop()
    while chunk and chunk[0].kind is Kind.GAP:
        chunk.pop(0)
    return chunk


def _compound(chunk: Sequence[Piece]) -> str:
    """A compound in its own order; where the title has a space the gist has a comma."""
    said = ""
    gap = False
    before = Kind.GAP
    done = ""
    for piece in chunk:
        if piece.kind is Kind.GAP:
            gap = bool(said)
        elif _is_remark(piece) and said:
            said, gap, before = said + piece.english, False, piece.kind
        elif piece.english:
            if not said:
                said = piece.english
            elif not gap and done in _DONE_FIRST and _WORK.sub("", piece.text) in _DONE_THEN:
                said += f" and {piece.english}"
            elif piece.english == _ETC and said.endswith(_ETC):
                continue
            elif gap and before is not Kind.LATIN and piece.kind not in (Kind.LATIN, Kind.NUMBER, Kind.OPEN):
                said += f", {piece.english}"
            else:
                said += f" {_without_repetition(said, piece.english)}"
            gap, before, done = False, piece.kind, piece.text
    return said


_WORK = re.compile("(?:工事|作業|業務)$")
_DONE_FIRST = frozenset(
    (
        "設置",
        "作成",
        "構築",
        "回収",
        "収集",
        "製作",
        "制作",
        "購入",
        "調達",
        "設計",
        "開発",
        "点検",
        "企画",
        "印刷",
        "調査",
        "撮影",
        "運搬",
        "導入",
        "解体",
        "修理",
        "清掃",
        "更新",
        "採取",
        "製造",
        "賃貸借",
        "梱包",
        "集計",
    )
)
_DONE_THEN = frozenset(
    (
        "撤去",
        "発送",
        "運用",
        "保守",
        "運営",
        "処分",
        "処理",
        "配布",
        "配送",
        "据付",
        "調整",
        "分析",
        "診断",
        "回収",
        "運搬",
        "封入",
        "清掃",
        "修理",
        "点検",
        "納品",
        "搬入",
        "搬出",
        "編集",
        "印刷",
        "製本",
        "構築",
        "配信",
        "設置",
        "開発",
    )
)
"""What is done one after the other where both stand side by side: 設置撤去, 作成発送, but not 解体設計, 導入支援."""


def _without_repetition(said: str, english: str) -> str:
    """What is added without the word that stands there already: "maintenance services" + "services"."""
    first, _, rest = english.partition(" ")
    return rest if first in _REPEATED and said.endswith(f" {first}") else english


_REPEATED = frozenset(("services", "works", "work", "equipment", "contract", "project", "housing", "building"))


def _is_pair(text: str) -> bool:
    """Whether a text of a list is itself two things, so that a comma says it better: 点検 + 保守管理."""
    return " and " in text and "(" not in text and text.count(" ") < _LONG_PAIR


_LONG_PAIR = 6


def _listed(texts: Sequence[str], joins: Sequence[str]) -> str:
    """Texts with what joins them: 'a', 'b', 'c' by ", " and " and "; a list of dots has commas but for the last."""
    said = ""
    for at, text in enumerate(texts):
        if not text:
            continue
        if not said:
            said = text
            continue
        word = joins[at - 1] if at - 1 < len(joins) else " and "
        more = at < len(texts) - 1 and at < len(joins) and joins[at] == word
        if word == " and " and (more or _is_pair(text)):
            word = ", "
        said += word + text
    return said
