"""The one folding of Japanese text, for everything that is compared: lexicon, titles, texts, queries.

Folding makes spellings equal that readers take for equal; it never translates, cuts words or corrects.
Folding is what limits the speed of the whole pipeline, so the common path looks at each character once:
a text is split at its runs of *special* characters (full-width forms, capitals, white space, dashes),
each distinct run is folded once and remembered, and only what depends on neighbours is looked at again.
Texts with combining marks and other rarities take a slower path with the same result.
"""

import re
from html import unescape
from unicodedata import normalize
from urllib.parse import unquote

# Character classes, as the inside of a regular expression's brackets.
_SPACE = r"\s"
_DOTS = "・･"
_DASHES = "\u2010-\u2015\u2212\u2500\u2796\uff0d\ufe63\ufe58"
_KATAKANA = "ァ-ヺー-ヿ"
# After NFKC: characters that are written without spaces between them.
_CJK = "\u3001-\u3029\u3030-\u303fぁ-ゖゝ-ゟァ-ヺー-ヿ\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

# Plain characters fold to themselves whatever stands beside them.
_PLAIN = r"!-@\[-`a-z{-~" + "\u3001-\u301b\u301d-\u3029ぁ-ゖゝゞァ-ヺー-ヾ\u4e00-\u9fff"
# Special characters fold to something else, or might, but never melt into the character before them.
_SPECIAL = (
    _SPACE
    + "A-Z"
    + "\u00a1-\u00a7\u00a9-\u00ac\u00ae\u00b0-\u00b3\u00b5-\u00b7\u00b9-\u00ff"  # Latin-1 less ¨ soft-hyphen ¯ ´ ¸
    + "\u0391-\u03a1\u03a3-\u03c9\u0410-\u044f"  # Greek, Cyrillic
    + "\u2010-\u2016\u2018-\u2027\u2030-\u203b\u2070-\u2071\u2074-\u208e"  # dashes, quotes, ※, ₂
    + "\u2100-\u214f\u2150-\u2188\u2190-\u21ff\u2200-\u22ff\u2300-\u2328\u2460-\u27bf"  # ℃ № Ⅱ → ∞ ① ■
    + "\u301c\u3030-\u303dヿ・\u3200-\u321e\u3220-\u325f\u3280-\u33ff\u3400-\u4dbf"  # ㈱ ㎡ and rare kanji
    + "\uf900-\ufa6d\uff01-\uff9f\uffe0-\uffe2\uffe4-\uffe6"  # compatibility kanji, full and half width
)

_RUNS = re.compile(f"([^{_PLAIN}]+)")
_RARE = re.compile(f"[^{_PLAIN}{_SPECIAL}]|^[ﾞﾟ]")
_GAPS = re.compile(f"[{_SPACE}{_DOTS}]+")
_DASH = re.compile(f"[{_DASHES}]")
_GAP_IN_CJK = re.compile(f" (?<=[{_CJK}] )(?=[{_CJK}])")
_DASH_IN_KATAKANA = re.compile(f"-(?<=[{_KATAKANA}]-)(?=[{_KATAKANA}])")
# Invisible: controls that are no white space, soft hyphen, zero-width and direction marks, variation selectors.
_INVISIBLE_CLASS = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{_INVISIBLE_CLASS}]+")
_VARIANTS = {"\u301c": "~", "\u00b7": "・", "\u2022": "・", "\u2027": "・", "ς": "σ"}
_VARIANT = re.compile(f"[{''.join(_VARIANTS)}]")

_ASCII = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ASCII_FOLD: dict[int, int | None] = dict(_ASCII) | {code: None for code in range(128) if _INVISIBLE.match(chr(code))}


class _RareCharacterError(Exception):
    """The run holds characters that may melt into their neighbours: take the slow path."""


def _fold_alone(piece: str) -> str:
    """Fold what needs no neighbours: NFKC, lower case, invisible characters, one kind of dash, gap and dot."""
    for _ in range(8):  # lower-casing can undo NFKC and the other way round; two rounds settle nearly all
        before = piece
        piece = normalize("NFKC", _INVISIBLE.sub("", piece)).lower()
        piece = _VARIANT.sub(lambda match: _VARIANTS[match[0]], piece)
        if piece == before:
            break
    return _GAPS.sub(" ", _DASH.sub("-", piece))


class _FoldedRuns(dict[str, str]):
    """Memory of folded runs: notices repeat the same few thousand (a memo, not a state)."""

    LONGEST = 16
    MOST = 100_000

    def __missing__(self, run: str) -> str:
        if _RARE.search(run):
            raise _RareCharacterError
        folded = _fold_alone(run)
        if len(run) <= self.LONGEST:
            if len(self) >= self.MOST:
                self.clear()
            self[run] = folded
        return folded


_folded_run = _FoldedRuns().__getitem__


def fold(text: str) -> str:
    """Fold ``text`` to the form in which texts are compared; ``fold(fold(x)) == fold(x)``.

    NFKC (full and half width become one); lower case; dash look-alikes become ー between katakana and '-'
    elsewhere (〜 is none: it becomes '~' as ～ does); white space and 中黒 vanish between CJK characters and
    at both ends and become one space elsewhere; invisible characters vanish. ー is never taken out:
    スキー would become スキ and match スキル.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII_FOLD).split())
    pieces = _RUNS.split(text)
    try:
        pieces[1::2] = map(_folded_run, pieces[1::2])
        folded = "".join(pieces)
    except _RareCharacterError:
        folded = _fold_alone(text)
    if " " in folded:
        folded = _GAP_IN_CJK.sub("", folded).strip(" ")
    if "-" in folded:
        folded = _DASH_IN_KATAKANA.sub("ー", folded)
    return folded


_TRAILING_LONG_VOWEL = re.compile(f"(?<=[{_KATAKANA}]{{3}})ー$")


def fold_term(term: str) -> str:
    """Fold a term to look for, less one ー at the end of a katakana word of which three characters stay.

    サーバー becomes サーバ, which is found in both spellings; ヘルスケア, スキー and バス stay as they are.
    """
    return _TRAILING_LONG_VOWEL.sub("", fold(term))


_INNER_LONG_VOWEL = re.compile(f"(?<=[{_KATAKANA}]{{3}})ー(?![{_KATAKANA}])")


_SCRIPTS_MEET = re.compile(f"(?<=[a-z0-9]) ?(?=[{_CJK}])|(?<=[{_CJK}]) ?(?=[a-z0-9])")


def term_spellings(term: str) -> tuple[str, ...]:
    """The spellings of a folded term to look for: サーバー更新 is also written サーバ更新, ICT支援員 also ICT 支援員."""
    found = {term: None, _INNER_LONG_VOWEL.sub("", term): None}
    for spelling in tuple(found):
        found[_SCRIPTS_MEET.sub(" ", spelling)] = None
        found[_SCRIPTS_MEET.sub("", spelling)] = None
    return tuple(found)


_CLUSTER = re.compile(f"[{_PLAIN}{_SPECIAL}]?(?:[^{_PLAIN}{_SPECIAL}]|[ﾞﾟ])*", re.DOTALL)


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Fold ``text`` and tell for each folded character the index in ``text`` it comes from.

    The slow way (a few µs per character), for marking words in a page; the first part is ``fold(text)``.
    """
    characters: list[str] = []
    offsets: list[int] = []
    for match in _CLUSTER.finditer(text):
        for character in _fold_alone(match[0]):
            if character == " " and characters and characters[-1] == " ":
                continue
            characters.append(character)
            offsets.append(match.start())
    joined = "".join(characters)
    dropped = {match.start() for match in _GAP_IN_CJK.finditer(joined)}
    if joined.startswith(" "):
        dropped.add(0)
    if joined.endswith(" "):
        dropped.add(len(joined) - 1)
    kept = [index for index in range(len(joined)) if index not in dropped]
    folded = "".join(characters[index] for index in kept)
    return _DASH_IN_KATAKANA.sub("ー", folded), [offsets[index] for index in kept]


def is_latin(character: str) -> bool:
    """Whether a folded character is a Latin letter or a digit: words of these have ends, those of other letters none."""
    return character.isascii() and character.isalnum()


# Titles -----------------------------------------------------------------------------------------------

_FILE_WORD = (
    r"(?:PDF|ＰＤＦ|ZIP|ＺＩＰ|EXCEL|Ｅｘｃｅｌ|エクセル|WORD|Ｗｏｒｄ|ワード|CSV|XLSX?|DOCX?|PPTX?|RTF|JPE?G|"
    r"PowerPoint|パワーポイント|一太郎|圧縮|画像|テキスト|その他の|ファイル|形式|文書|版|"
    r"(?:別|新しい|新規)?(?:ウィンドウ|ウインドウ|タブ|窓)(?:で|が|を)?(?:開きます|開く|表示))"
)
_SIZE = r"[0-9０-９]+(?:[.,．，][0-9０-９]+)*\s*{unit}"
_SMALL_UNIT = r"(?:[KMＫＭ][BＢ]|[KM]byte|(?:キロ|メガ)?バイト)"
_UNIT = r"(?:[KMGＫＭＧ]?[BＢ]|[KMG]?bytes?|(?:キロ|メガ|ギガ)?バイト)"
_SEPARATOR = r"[\s:：;／/、,，・]*"
_OPEN, _CLOSE = r"[(（\[［【〔<＜]", r"[)）\]］】〕>＞]"
_FILE_SIZE = _SIZE.format(unit=_UNIT)
_MARK = re.compile(
    # （PDF：152KB） [ 133 KB pdf] (152.1KB) (PDF形式、122KB), anywhere; a bare size only in KB or MB, for
    # （16GB） tells how large a memory is to be bought
    rf"(?:(?:\s+別表)?\s*{_OPEN}\s*(?:"
    rf"{_SIZE.format(unit=_SMALL_UNIT)}|"
    rf"(?:{_FILE_WORD}{_SEPARATOR})+{_FILE_SIZE}(?:{_SEPARATOR}{_FILE_WORD})*|"
    rf"{_FILE_SIZE}(?:{_SEPARATOR}{_FILE_WORD})+"
    rf")\s*{_CLOSE})"
    # （PDF） ［Word］ .pdf, at the end only
    rf"|(?:\s*{_OPEN}\s*(?:{_FILE_WORD}{_SEPARATOR})+{_CLOSE}\s*$)"
    r"|(?:(?<=.)\.(?:pdf|zip|xlsx?|docx?|csv)\s*$)",
    re.IGNORECASE | re.ASCII,
)
LONGEST_TITLE = 2_000
"""Characters; the longest real title has about 700."""

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_PERCENT_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_MULTIBYTE = re.compile(r"%[C-Fc-f][0-9A-Fa-f]%[89ABab][0-9A-Fa-f]")
_TITLE_CONTROLS = re.compile(f"[{_INVISIBLE_CLASS}\ufffe\uffff]+")
_TITLE_GAPS = re.compile(r"\s+")
# One cheap look decides whether there is anything to clean at all.
_SUSPICIOUS = re.compile(
    f"[&%{_INVISIBLE_CLASS}\t-\r\x1c-\x1f\x85\u2028\u2029]"
    r"|\s\s|^\s|\s$"
    r"|[BbＢｂトル式版]\s*[)）\]］】〕>＞]|[FfＦＰpPlLドdDtTくす示書xXvV]\s*[)）\]］】〕>＞]"
    r"|\.[A-Za-z]{3,4}\s*$"
)


def _decode_percent(title: str) -> str:
    if not _MULTIBYTE.search(title):
        return title
    try:
        return _PERCENT_ENCODED.sub(lambda match: unquote(match[0], errors="strict"), title)
    except UnicodeDecodeError:
        return title


def _tidy_gaps(title: str) -> str:
    """Controls go, line breaks and tabs are spaces, one space (the wide one, if any) stays of several."""
    title = _TITLE_CONTROLS.sub("", title)
    return _TITLE_GAPS.sub(lambda match: "\u3000" if "\u3000" in match[0] else " ", title.strip()).strip()


def clean_title(title: str) -> str:
    """Clean a title for readers: no file-size marks, entities, percent codes, controls or doubled spaces.

    Full-width characters stay as published. A title of nothing but marks keeps them. Of what is too long for
    any title, the beginning is taken.
    """
    title = title[:LONGEST_TITLE]
    if not _SUSPICIOUS.search(title):
        return title
    while True:
        before = title
        title = _tidy_gaps(_decode_percent(title))
        if "&" in title:
            title = _tidy_gaps(_ENTITY.sub(lambda match: unescape(match[0]), title))
        title = _tidy_gaps(_MARK.sub("", title)) or title
        if title == before:
            return title
