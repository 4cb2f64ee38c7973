"""A Japanese title cut into pieces: words of the tables, numbers, years, Latin words, and what nobody knows.

Japanese has no spaces between its words. All the words that may stand in a title are found at once; of the ways to
cut it the one is taken that leaves the fewest characters unknown, and then has the fewest pieces.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from unicodedata import normalize

from ahocorasick_rs import AhoCorasick

from db.vocabulary.japanese import fiscal_year, numeral, parse_date
from db.vocabulary.labels import MONTHS_EN
from db.vocabulary.text import fold, fold_term, is_latin, term_spellings
from monitor.reading.english.glossary import Entry, Role
from monitor.reading.english.kana import romanise

READ_CHARACTERS = 600
"""Only so much of a title is read: what follows in longer ones are lists of lots."""


class Kind(StrEnum):
    """What a piece of a title is: a word by its role in the tables, or something that is not in any table."""

    __hash__ = str.__hash__  # that of enumerations is slow, and kinds are looked up for every piece

    HEAD = "head"
    NOUN = "noun"
    ADJ = "adj"
    NAME = "name"
    MARK = "mark"
    GLUE = "glue"
    SUFFIX = "suffix"
    DROP = "drop"
    NUMBER = "number"
    AMOUNT = "amount"
    """A number with its unit: 12個."""
    LABEL = "label"
    """A number that tells things apart: 第3号, 2期."""
    PART = "part"
    """その1: goes to the end."""
    OTHERS = "others"
    """外3件: the things that are not named."""
    YEAR = "year"
    """A fiscal year."""
    DATE = "date"
    LATIN = "latin"
    KANA = "kana"
    """A word in kana that no table has, in Latin letters."""
    UNKNOWN = "unknown"
    GAP = "gap"
    COMMA = "comma"
    STOP = "stop"
    DOT = "dot"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a title as it is written (in the normal form) and what it gives in English.

    Of what is unknown the English is the Japanese.
    """

    text: str
    english: str
    kind: Kind

    @property
    def known(self) -> bool:
        """Whether the tables or the rules of writing account for it."""
        return self.kind is not Kind.UNKNOWN


# What a piece costs, in hundredths of a word.
_UNKNOWN_COST = 1000
_KANA_COST = 600
_SINGLE_COST = 950
_SUFFIX_COST = 200
_WORD_COST = 100
_TORN_COST = 300
_FAR_COST = 40
"""What a word from a table of another purpose costs more: it is taken where nothing else is there."""

_OPEN_ENDS = ("etc.", "and others")

_PLACE_OF_NUMBER = "{}"

_CIRCLED = re.compile("([①-⑳])")
_SPACES = re.compile(r"\s+")
_NORMAL = str.maketrans("‐‑‒–—―−─－〜∼˗", "---------~~-") | {ord("･"): "・", ord("·"): "・", ord("•"): "・"}
_KATAKANA_DASH = re.compile("(?<=[ァ-ヺー])-(?=[ァ-ヺー])|(?<=[ァ-ヺー])-(?=[^-ー0-9A-Za-z ]|$)")
_KANJI_DIGITS = "一二三四五六七八九十百千"

_ERA = "(?:令和|平成|昭和|(?<![a-z])[rhs](?=[0-9元])|令(?=[0-9元]))"
_ORDER = f"第?(?:[0-9]+(?:,[0-9]{{3}})*(?:\\.[0-9]+)?(?:[-~・][0-9]+)*)|第[{_KANJI_DIGITS}]{{1,4}}"
_WEEKDAY = r"(?:\([月火水木金土日]\))?"
_SHAPES = re.compile(
    rf"(?=[0-9a-zα-ωµ.令平昭第そ外ほ他{_KANJI_DIGITS}])(?:"  # most signs begin none of these
    rf"(?P<year>(?:(?P<era>{_ERA})\s?(?P<n>[0-9]{{1,2}}|元)|(?<![0-9])(?P<west>20[0-9]{{2}})"
    r"|(?:(?<=^)|(?<=[(【\s]))(?P<bare>[1-9]|1[0-9]))(?:\(20[0-9]{{2}}\))?"
    r"(?:(?:年度)?[・,~-](?:令和|r)?(?P<n2>[0-9]{1,4}))*\s?(?:会計|事業)?年度分?)"
    rf"|(?P<date>(?:{_ERA}[0-9元]{{1,2}}|20[0-9]{{2}})(?:年[0-9]{{1,2}}月(?:[0-9]{{1,2}}日)?|年(?!度)"
    rf"|[./][0-9]{{1,2}}[./][0-9]{{1,2}})){_WEEKDAY}"
    rf"|(?P<day>(?<![0-9])[0-9]{{1,2}}月[0-9]{{1,2}}日){_WEEKDAY}"
    r"|(?P<months>(?<![0-9.])[0-9]{1,2}(?:月分?)?(?:[~-]|から)翌?[0-9]{1,2}月分?|(?<![0-9.])(?:1[0-2]|[1-9])月分?)"
    r"|(?P<short>(?:(?<=^)|(?<=[(【\s]))(?:r\s?(?P<rn>[0-9]{1,2})(?![0-9a-z.-])|令和?(?P<ln>[0-9]{1,2})(?![0-9.年月~-]))"
    r"|令和(?P<wn>[0-9]{1,2})(?![0-9.年月~・,-]))"
    rf"|(?P<part>その(?:[0-9]+|[{_KANJI_DIGITS}]))"
    r"|(?P<others>(?:外|ほか|他)\s?(?P<on>[0-9]+))"
    rf"|(?P<latin>[0-9.]*[a-zα-ωµμφ][0-9a-zα-ω'’&+_.㎡]*(?:[-/][0-9a-z]+)*)"
    rf"|(?P<number>{_ORDER}|[{_KANJI_DIGITS}]{{1,3}}(?=[式期次号級階丁種世時]))"
    r")"
)
_PUNCTUATION = (
    dict.fromkeys(" ", Kind.GAP)
    | dict.fromkeys("、，,;:／/_|", Kind.COMMA)
    | dict.fromkeys("。", Kind.STOP)
    | dict.fromkeys("・", Kind.DOT)
    | dict.fromkeys("([{【〔「『〈《<＜“", Kind.OPEN)
    | dict.fromkeys(")]}】〕」』〉》>＞”", Kind.CLOSE)
)


_FIRST_KANJI = "\u4e00"


def _is_kanji(sign: str) -> bool:
    return "\u4e00" <= sign <= "\u9fff" or "\u3400" <= sign <= "\u4dbf" or sign in "々〆"


def _is_katakana(sign: str) -> bool:
    return "ァ" <= sign <= "ヺ" or sign == "ー"


def _is_hiragana(sign: str) -> bool:
    return "ぁ" <= sign <= "ゖ"


def normal(title: str) -> str:
    """The form in which titles are cut: full and half width are one, and so are dashes and white space."""
    text = normalize("NFKC", title.translate(_NORMAL)).translate(_NORMAL)
    text = _SPACES.sub(" ", text).strip()
    return _KATAKANA_DASH.sub("ー", text) if "-" in text else text


@dataclass(frozen=True, slots=True)
class _Word:
    """A word with what choosing it costs.

    ``counts`` where it is to stand after a number; ``plain`` where nothing about its neighbours decides.
    """

    english: str
    kind: Kind
    cost: int
    counts: bool
    left_latin: bool
    right_latin: bool
    plain: bool


def _word(spelling: str, entry: Entry, counts: bool, extra: int) -> _Word:
    length = len(spelling)
    single = length == 1 and _is_kanji(spelling)
    cost = _WORD_COST - min(length, 9) ** 2 + extra
    if single and not counts and entry.role is not Role.GLUE:
        cost = _SINGLE_COST
        if entry.role is Role.SUFFIX:
            cost = _WORD_COST if entry.english in _OPEN_ENDS else _SUFFIX_COST
    left, right = is_latin(spelling[0]), is_latin(spelling[-1])
    plain = not (counts or left or right or spelling[0] == _FOUNDED or _is_katakana(spelling[-1]))
    return _Word(entry.english, Kind(entry.role.value), cost, counts, left, right, plain)


_FOUNDED = "立"
_FOUNDERS = "市町村区県都府道"

_Steps = list[list[tuple[int, int, _Word | Piece]]]
"""By where pieces end: where they begin, what they cost, and what they are."""


_IN_COMPOUNDS = frozenset((Kind.NOUN, Kind.HEAD, Kind.ADJ, Kind.SUFFIX, Kind.KANA))


class Cutter:
    """Cuts titles by the words that it was made from; immutable and shared by threads."""

    def __init__(self, entries: Iterable[Entry], last_resort: Iterable[Entry] = ()) -> None:
        """``entries`` in the order in which they count; ``last_resort`` only where these leave something open."""
        words: dict[tuple[str, bool], _Word] = {}  # 校 is a unit after a number, and may be a word elsewhere
        within: dict[str, _Word] = {}
        for extra, source in ((0, entries), (_FAR_COST, last_resort)):
            for entry in source:
                counts = entry.role is Role.SUFFIX and _PLACE_OF_NUMBER in entry.english
                for spelling in _spellings(entry.term):
                    known = words.get((spelling, counts))
                    if known is None:
                        words[spelling, counts] = _word(spelling, entry, counts, extra)
                    elif known.kind is Kind.MARK and entry.role is not Role.MARK:
                        within.setdefault(spelling, _word(spelling, entry, counts, extra))
        self._words = tuple(words.values())
        self._within = within
        self._automaton = AhoCorasick([spelling for spelling, _ in words], store_patterns=False)

    def cut(self, title: str) -> list[Piece]:
        """The pieces of a title, in its order."""
        pieces: list[Piece] = []
        for number, part in enumerate(_CIRCLED.split(title[:READ_CHARACTERS])):
            if number % 2:
                pieces.append(Piece(part, f"({ord(part) - ord('①') + 1})", Kind.STOP))
            elif part:
                pieces += self._cut(normal(part))
        return pieces

    def _cut(self, shown: str) -> list[Piece]:
        key = shown.lower()
        if len(key) != len(shown):  # a few letters grow when they become small ones
            key = shown = key
        by_end: _Steps = [[] for _ in range(len(key) + 1)]
        number_ends = self._shapes(key, shown, by_end)
        words = self._words
        for index, start, end in self._automaton.find_matches_as_indexes(key, overlapping=True):
            word = words[index]
            if word.plain:
                by_end[end].append((start, word.cost, word))
            else:
                self._place(word, key, start, end, number_ends, by_end)
        pieces = _settle(_cheapest(key, shown, by_end))
        for at, piece in enumerate(pieces[:-1]):
            if piece.kind is Kind.MARK and pieces[at + 1].kind in _IN_COMPOUNDS:
                # 入札参加資格 is no mark that something is put out to tender
                inside = self._within.get(piece.text.lower())
                if inside is not None:
                    pieces[at] = Piece(piece.text, inside.english, inside.kind)
        return pieces

    def _place(self, word: _Word, key: str, start: int, end: int, number_ends: set[int], by_end: _Steps) -> None:
        """Adds a word whose neighbours decide whether it stands there."""
        if word.counts:
            if start in number_ends or (start and key[start - 1] == " " and start - 1 in number_ends):
                by_end[end].append((start, word.cost, word))
            return
        if word.left_latin and start and is_latin(key[start - 1]):
            return
        if word.right_latin and end < len(key) and is_latin(key[end]):
            return
        if key[start] == _FOUNDED and start and key[start - 1] in _FOUNDERS and end - start > 1:
            return  # 吹田市立山田小学校 has no 立山
        if end < len(key) and key[end] == "ー" and _is_katakana(key[end - 1]):
            end += 1
        cost = word.cost
        if end - start < 3 and _is_katakana(key[start]) and _cuts_katakana(key, start, end):
            cost += _TORN_COST
        by_end[end].append((start, cost, word))

    def _shapes(self, key: str, shown: str, by_end: _Steps) -> set[int]:
        """Adds what is known by its shape, and tells where numbers end."""
        ends: set[int] = set()
        for match in _SHAPES.finditer(key):
            start, end = match.span()
            text = shown[start:end]
            shape = match.lastgroup or ""
            if shape == "latin":
                while text[-1:] in ".'’&+_" and len(text) > 1:
                    text, end = text[:-1], end - 1
                piece, cost = Piece(text, text, Kind.LATIN), 150
            elif match["number"]:
                piece, cost = Piece(text, _figure(text), Kind.NUMBER), 100
                ends.add(end)
            elif match["others"]:
                piece, cost = Piece(text, match["on"], Kind.OTHERS), 50
                ends.add(end)
            elif match["part"]:
                piece, cost = Piece(text, f"part {_figure(text[2:])}", Kind.PART), 10
            else:
                said = _time(match)
                if not said:
                    piece, cost = Piece(text, text, Kind.NUMBER), 200
                else:
                    kind = Kind.YEAR if match["year"] or match["short"] else Kind.DATE
                    piece, cost = Piece(text, said, kind), 10
            by_end[end].append((start, cost, piece))
        return ends


_SPELT_TWO_WAYS = re.compile("[a-z0-9ー・ ]")


def _spellings(term: str) -> list[str]:
    """The spellings under which a term is looked for."""
    written = normal(term).lower()
    if not _SPELT_TWO_WAYS.search(written):
        return [written]
    found = {written: None, fold(term): None} | dict.fromkeys(term_spellings(fold_term(term)))
    return [spelling for spelling in found if spelling]


def _cuts_katakana(key: str, start: int, end: int) -> bool:
    return (start > 0 and _is_katakana(key[start - 1])) or (end < len(key) and _is_katakana(key[end]))


def _cheapest(key: str, shown: str, by_end: _Steps) -> list[Piece]:
    """The cheapest way through the title, from its end back to its beginning.

    Of two that cost the same the one with the shorter last word is taken: 基礎調査 + 委託, not 基礎 + 調査委託.
    """
    size = len(key)
    costs = [0] * (size + 1)
    steps: list[tuple[int, _Word | Piece | None]] = [(0, None)] * (size + 1)
    for end in range(1, size + 1):
        sign = key[end - 1]
        start = end - 1
        if sign >= _FIRST_KANJI:
            best = costs[start] + _UNKNOWN_COST
        elif _is_katakana(sign) or _is_hiragana(sign):
            best = costs[start] + _KANA_COST
        elif sign in _PUNCTUATION or not sign.isalnum():
            best = costs[start]
        else:
            best = costs[start] + _UNKNOWN_COST
        step = None
        for begin, cost, piece in by_end[end]:
            total = costs[begin] + cost
            if total < best or (total == best and begin > start and step):
                best, start, step = total, begin, piece
        costs[end], steps[end] = best, (start, step)
    pieces: list[Piece] = []
    end = size
    while end:
        start, found = steps[end]
        if found is None:
            piece = _sign(shown[start:end])
        elif isinstance(found, Piece):
            piece = found
        else:
            piece = Piece(shown[start:end], found.english, found.kind)
        if pieces and piece.kind is pieces[-1].kind and piece.kind in (Kind.KANA, Kind.UNKNOWN):
            piece = _joined(piece, pieces.pop())
        pieces.append(piece)
        end = start
    pieces.reverse()
    return pieces


def _sign(sign: str) -> Piece:
    kind = _PUNCTUATION.get(sign)
    if kind is not None:
        return Piece(sign, sign, kind)
    if not sign.isalnum():
        return Piece(sign, "-" if sign == "~" else sign if sign in "-&+%℃°×" else "", Kind.DROP)
    return Piece(sign, sign, Kind.KANA if _is_katakana(sign) or _is_hiragana(sign) else Kind.UNKNOWN)


_LOOSE = frozenset((Kind.UNKNOWN, Kind.KANA))
_UNFINISHED = frozenset((Kind.NUMBER, Kind.SUFFIX, Kind.KANA, Kind.OTHERS))


def _settle(pieces: list[Piece]) -> list[Piece]:
    """What only shows when the pieces stand beside each other: unknown runs, numbers with their units."""
    settled: list[Piece] = []
    for piece in pieces:
        before = settled[-1] if settled else None
        if before is not None:
            if piece.kind is Kind.SUFFIX and _PLACE_OF_NUMBER in piece.english:
                if before.kind is Kind.GAP and len(settled) > 1:
                    settled.pop()  # 16 か所
                    before = settled[-1]
                if before.kind in (Kind.NUMBER, Kind.OTHERS):
                    settled[-1] = _counted(before, piece)
                    continue
            if piece.kind in _LOOSE or before.kind in _LOOSE or len(piece.text) == 1:
                if _run_on(before, piece):
                    settled[-1] = _joined(before, piece)
                    continue
                first = settled[-2] if len(settled) > 1 else None
                if first and (_is_within_kana(first, before, piece) or _ends_name(first, before, piece)):
                    settled[-2:] = [_joined(_joined(first, before), piece)]
                    continue
        settled.append(piece)
    settled = _with_whole_names(settled)
    for number, piece in enumerate(settled):
        if piece.kind not in _UNFINISHED:
            continue
        if piece.kind is Kind.NUMBER and piece.text.startswith("第"):
            settled[number] = Piece(piece.text, f"No. {piece.english}", Kind.LABEL)
        elif _PLACE_OF_NUMBER in piece.english:  # its number became part of something else
            settled[number] = Piece(piece.text, "", Kind.DROP)
        elif piece.kind is Kind.KANA:
            settled[number] = Piece(piece.text, romanise(piece.text), Kind.KANA)
        elif piece.kind is Kind.OTHERS and not piece.english.startswith("and "):
            settled[number] = Piece(piece.text, f"and {piece.english} more", Kind.OTHERS)
    return settled


# Names --------------------------------------------------------------------------------------------

_AFTER_NAMES = frozenset("町村区郡橋線駅港川島湖池湾城署局")
"""What may follow a name that is known: 明石町, 石狩川."""

_AFTER_UNKNOWN = frozenset("橋線駅港湖川")
"""What may follow a name that nobody knows: it is hardly ever a part of the name itself."""

_OFTEN_WITHIN = frozenset("川島池城湖")
"""What is a part of the name where something is called after it: 小松川 in 小松川中学校, 中島 in 中島団地."""

_AFTER_WORDS = frozenset("課部署局庁室館橋線駅港")
"""What follows any word and is no name there: 事業課, 中心線."""

_OF_WATERS = (
    "河",
    "水",
    "流",
    "護岸",
    "堤",
    "樋",
    "排",
    "雨",
    "砂防",
    "上流",
    "下流",
    "左岸",
    "右岸",
    "ダム",
    "公園",
    "緑地",
)
_KINDS_OF_PLACES = "市県都府町村区郡道庁省局国州"
_LONGEST_STEM = 3
_DIRECTIONS = {"北": "Kita", "南": "Minami", "東": "Higashi", "西": "Nishi"}
_CALLED_BY_DIRECTION = ("校", "園", "署", "町", "区")
_FORMER = Piece("旧", "former", Kind.ADJ)
_BOUNDARIES = frozenset(
    (Kind.GAP, Kind.COMMA, Kind.STOP, Kind.DOT, Kind.OPEN, Kind.CLOSE, Kind.GLUE, Kind.YEAR, Kind.DATE, Kind.MARK)
)


_MAY_BE_TORN = frozenset((Kind.SUFFIX, Kind.ADJ))


def _with_whole_names(pieces: list[Piece]) -> list[Piece]:
    """Pieces of which none was torn out of a name: rather a whole name in Japanese than "River Island Bridge"."""
    for piece in pieces:
        if piece.kind is Kind.UNKNOWN or (len(piece.text) == 1 and piece.kind in _MAY_BE_TORN):
            break
    else:
        return pieces
    whole: list[Piece] = []
    for at, piece in enumerate(pieces):
        before = whole[-1] if whole else None
        if _is_single_suffix(piece):
            piece = _after(before, piece, pieces[at + 1] if at + 1 < len(pieces) else None)
        if before is not None and (_run_on(before, piece) or _is_one_name(before, piece)):
            whole[-1] = _joined(before, piece)
        else:
            whole.append(piece)
    told: list[Piece] = []
    for at, piece in enumerate(whole):
        if piece.text in _DIRECTIONS and _is_in_a_name(whole[at - 1] if at else None, whole[at + 1 : at + 2]):
            piece = Piece(piece.text, _DIRECTIONS[piece.text], Kind.NAME)
        elif (
            piece.kind is Kind.UNKNOWN
            and piece.text[0] == _FORMER.text
            and len(piece.text) > 2
            and (not told or told[-1].kind in _BOUNDARIES)
        ):
            told.append(_FORMER)
            piece = Piece(piece.text[1:], piece.text[1:], Kind.UNKNOWN)
        told.append(piece)
    return told


def _is_in_a_name(before: Piece | None, after: Sequence[Piece]) -> bool:
    """Whether east and west are read as in names: 西明石, 明石東小学校, 北小学校, but not 東研究棟."""
    if (before is not None and before.kind is Kind.NAME) or not after:
        return before is not None and before.kind is Kind.NAME
    return after[0].kind is Kind.NAME or after[0].text.endswith(_CALLED_BY_DIRECTION)


def _is_single_suffix(piece: Piece) -> bool:
    return piece.kind is Kind.SUFFIX and _is_single(piece) and piece.english not in _OPEN_ENDS


def _after(before: Piece | None, piece: Piece, following: Piece | None) -> Piece:
    """What a word of one kanji is after what stands before it; unknown where it may be a part of a name."""
    kanji = piece.text
    if not piece.english[:1].isupper():
        torn = before is not None and not piece.english and before.kind in (Kind.UNKNOWN, Kind.NAME)
        return _unknown(kanji) if torn and kanji not in "内外分" else piece
    if before is None or (kanji in _OFTEN_WITHIN and _is_called_after_it(following)):
        return _unknown(kanji)
    if before.kind is Kind.NAME:
        stands = kanji in _AFTER_NAMES and (len(before.text) > 1 or kanji == "町")
        return piece if stands else _unknown(kanji)
    if before.kind in (Kind.UNKNOWN, Kind.KANA):
        stands = kanji in _AFTER_UNKNOWN and len(before.text) > 1 and (not following or following.known)
        return piece if stands else _unknown(kanji)
    if before.kind not in _BOUNDARIES and kanji in _AFTER_WORDS:
        return Piece(kanji, piece.english.lower(), Kind.SUFFIX)
    return _unknown(kanji)


def _is_called_after_it(following: Piece | None) -> bool:
    return (
        following is not None
        and following.kind in (Kind.NOUN, Kind.NAME, Kind.KANA, Kind.NUMBER, Kind.LABEL, Kind.UNKNOWN)
        and not following.text.startswith(_OF_WATERS)
    )


def _is_one_name(before: Piece, piece: Piece) -> bool:
    """Whether one unknown kanji belongs to the name of a place beside it: 今伊勢, 春日野."""
    if before.kind is Kind.UNKNOWN and piece.kind is Kind.NAME:
        return _is_single(before) and _is_stem(piece)
    if before.kind is Kind.NAME and piece.kind is Kind.UNKNOWN:
        return _is_single(piece) and _is_stem(before)
    return False


def _is_stem(name: Piece) -> bool:
    text = name.text
    return len(text) <= _LONGEST_STEM and text[-1] not in _KINDS_OF_PLACES and all(_is_kanji(sign) for sign in text)


def _unknown(text: str) -> Piece:
    return Piece(text, text, Kind.UNKNOWN)


def _run_on(before: Piece, piece: Piece) -> bool:
    """Whether two pieces are one unknown word: 川 after 古 is no river."""
    if piece.kind is Kind.KANA:
        if before.kind is Kind.KANA:
            return True
        if before.text == "の" and len(piece.text) == 1:  # のり
            return True
        if before.kind is Kind.DROP and before.text in "はもな":  # はりま
            return True
        return _is_torn(before, piece) or _is_in_name(before, piece)
    if before.kind is Kind.KANA:
        return _is_torn(before, piece) or _is_in_name(before, piece)
    if piece.kind is Kind.UNKNOWN:
        return before.kind is Kind.UNKNOWN or (
            _is_single(before) and (before.kind is Kind.SUFFIX or before.kind in _WORDS)
        )
    if before.kind is Kind.UNKNOWN:
        if len(before.text) == 1 and piece.kind is Kind.SUFFIX and _is_single(piece):  # 古川 is a name
            return piece.english not in _OPEN_ENDS
        return _is_single_noun(piece)
    return len(piece.text) == len(before.text) == 1 and _is_single_noun(before) and _is_single_noun(piece)


_JOINS_NAMES = frozenset("がのヶケノツ")
_KANA_IN_NAMES = frozenset("ヶケノツがの")


def _is_torn(before: Piece, piece: Piece) -> bool:
    """Whether a katakana word was found inside another: no フロン is in フロンティア."""
    if not (_is_katakana(before.text[-1]) and _is_katakana(piece.text[0])):
        return False
    rest, found = (before, piece) if before.kind is Kind.KANA else (piece, before)
    return found.kind is not Kind.KANA and _is_katakana(found.text[0]) and min(len(rest.text), len(found.text)) < 4


def _is_in_name(before: Piece, piece: Piece) -> bool:
    """Whether a kana or two belong to a name of kanji: 宮ノ陣, 霞ヶ丘."""
    if before.kind is Kind.KANA:
        return piece.kind is Kind.UNKNOWN and before.text in _KANA_IN_NAMES
    return before.kind is Kind.UNKNOWN and (piece.text in _KANA_IN_NAMES or len(piece.text) == 1)


def _is_single(piece: Piece) -> bool:
    return len(piece.text) == 1 and _is_kanji(piece.text)


_WORDS = frozenset((Kind.NOUN, Kind.ADJ, Kind.HEAD, Kind.NAME, Kind.DROP))


def _is_single_noun(piece: Piece) -> bool:
    return len(piece.text) == 1 and piece.kind in _WORDS and _is_kanji(piece.text)


def _is_within_kana(first: Piece, middle: Piece, last: Piece) -> bool:
    """Whether a particle was seen in the middle of a word in kana: クリーンはりま."""
    return first.kind is last.kind is Kind.KANA and len(middle.text) == 1 and _is_hiragana(middle.text)


def _ends_name(before: Piece, joint: Piece, piece: Piece) -> bool:
    """Whether a name goes on after its が or の: 潮見が丘."""
    known = before.kind is Kind.NAME and joint.text != "の"  # 東京の川 may be said of any river
    return (
        joint.text in _JOINS_NAMES
        and (known or before.kind is Kind.UNKNOWN or _is_single_noun(before))
        and _is_single(piece)
        and piece.kind in (Kind.UNKNOWN, Kind.SUFFIX, Kind.NOUN)
    )


def _joined(before: Piece, piece: Piece) -> Piece:
    text = before.text + piece.text
    kind = Kind.UNKNOWN if Kind.UNKNOWN in (before.kind, piece.kind) or _is_kanji(text[0]) else Kind.KANA
    return Piece(text, text, kind)


# Numbers ------------------------------------------------------------------------------------------


def _figure(text: str) -> str:
    """A number as figures: 第二 is 2. What is none stays."""
    bare = text.removeprefix("第")
    if bare[:1] in _KANJI_DIGITS:
        value = numeral(bare)
        return bare if value is None else str(value)
    return bare.replace("・", ", ").replace("~", "-")


def _counted(number: Piece, unit: Piece) -> Piece:
    """A number and its unit: 12個 is 12 pcs, 第2回 the 2nd, 3号 No. 3, 外4か所 and 4 other places."""
    one, _, many = unit.english.partition("|")
    figure = number.english
    form = one if figure == "1" or not many else many
    text = number.text + unit.text
    if number.kind is Kind.OTHERS:
        return Piece(text, "and " + form.replace("{}", f"{figure} other"), Kind.OTHERS)
    if form.startswith("{}"):
        if number.text.startswith("第"):
            return Piece(text, _ordinal(figure), Kind.LABEL)
        return Piece(text, form.replace("{}", figure), Kind.AMOUNT)
    return Piece(text, form.replace("{}", figure), Kind.LABEL)


def _ordinal(figure: str) -> str:
    if not figure.isdecimal():
        return f"No. {figure}"
    ending = "th" if figure[-2:] in ("11", "12", "13") else {"1": "st", "2": "nd", "3": "rd"}.get(figure[-1], "th")
    return figure + ending


# Times --------------------------------------------------------------------------------------------


def _time(match: re.Match[str]) -> str:
    """A fiscal year or a date in English; empty where the calendar has none such."""
    if match["year"]:
        era = "令和" if match["bare"] else _era(match["era"])
        first = int(match["west"]) if match["west"] else fiscal_year(f"{era}{match['n'] or match['bare']}年度")
        if first is None:
            return ""
        last = match["n2"]
        if last:
            year = int(last) if len(last) == 4 else first // 100 * 100 + int(last) if match["west"] else None
            year = year or fiscal_year(f"{era}{last}年度")
            return f"FY{first}-{year}" if year and year > first else f"FY{first}"
        return f"FY{first}"
    if match["short"]:
        year = fiscal_year(f"令和{match['rn'] or match['ln'] or match['wn']}年度")
        return f"FY{year}" if year else ""
    if match["months"]:
        figures = [int(figure) for figure in re.findall("[0-9]+", match["months"])]
        if not all(1 <= figure <= 12 for figure in figures):
            return ""
        return "-".join(MONTHS_EN[figure - 1] for figure in figures)
    if match["day"]:
        month, day = (int(figure) for figure in re.findall("[0-9]+", match["day"]))
        return f"{day} {MONTHS_EN[month - 1]}" if 1 <= month <= 12 and 1 <= day <= 31 else ""
    text = match["date"].partition("(")[0].upper()
    return _date(f"令和{text[1:]}" if text[0] == "令" and text[1] != "和" else text)


def _era(written: str | None) -> str:
    """An era as the calendar knows it: 令 is short for 令和, and letters are capitals."""
    return "令和" if written == "令" else (written or "").upper()


def _date(text: str) -> str:
    day = parse_date(text)
    if day is not None:
        return _said(day)
    first = parse_date(f"{text}1日" if text.endswith("月") else f"{text}1月1日")
    if first is None:
        return ""
    return f"{MONTHS_EN[first.month - 1]} {first.year}" if text.endswith("月") else str(first.year)


def _said(day: date) -> str:
    return f"{day.day} {MONTHS_EN[day.month - 1]} {day.year}"
