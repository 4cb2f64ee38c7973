"""The words of a notice that speak for or against an agreement, each with the rule that they are a case of.

One expression finds the anchors; what stands after an anchor, in the same sentence, tells whether the agreement
applies, does not, or is only mentioned. PDFs break words (Ｗ ＴＯ対象外), so white space may stand anywhere in one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from db.vocabulary.reading import PHRASE, Agreement

LOOKED_AT = 100_000
"""Characters of a text that are looked at: the longest real notice has some 40,000, and the rest are appendices."""
AFTER = 60
"""Characters after an anchor that may still say what becomes of it."""

MOST = 300
"""Anchors in a text that are looked at; real notices have fewer than twenty."""
ENGLISH_BEFORE = 90
BEFORE = 60
"""Characters before an anchor in which its sentence begins, for the phrase."""

HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, ord("〜"): ord("~")}
"""Full-width forms to half-width ones, character for character."""


def spaced(word: str) -> str:
    """An expression for a word that white space may break."""
    return r"\s?".join(re.escape(character) for character in word)


def plain(text: str) -> str:
    """Without white space, in half-width forms: what the expressions of a sentence are written for."""
    return "".join(text.translate(HALF_WIDTH).split())


def phrase(text: str, start: int, end: int) -> str:
    """The words from ``start`` to ``end`` as they are kept with a finding."""
    return " ".join(text[start:end].split())[:PHRASE].rstrip()


@dataclass(frozen=True, slots=True)
class Sign:
    """A rule and the words that it saw; ``agreements`` are those that the words are about."""

    rule: str
    phrase: str
    agreements: tuple[Agreement, ...]


BOTH = (Agreement.GPA, Agreement.EPA)
"""What falls under the WTO agreement falls under that of Japan and the EU, which takes its coverage over (article
10.1); what is true of the one in a notice is told of both."""
EPA_ONLY = (Agreement.EPA,)

# Each alternative begins with a plain character, so that the search skips all others; it also tells them apart.
_ANCHORS = re.compile(
    rf"{spaced('政府調達')}(?:{spaced('に関する')})?{spaced('協定')}|W\s?[TＴ]\s?[OＯ]|Ｗ\s?[TＴ]\s?[OＯ]"
    rf"|日\s?[・･]?(?:EU|ＥＵ)\s?(?:{spaced('経済連携協定')}|EPA|ＥＰＡ)"
    rf"|{spaced('特定調達')}|{spaced('特定役務の調達手続の特例')}"
    rf"|{spaced('オープン')}\s?{spaced('カウンタ')}"
    rf"|見\s?積り?\s?合わ?\s?せ\s?に\s?付|少\s?額の?\s?{spaced('随意契約')}"
    r"|Summary\b"
)
_ENGLISH = re.compile(
    r"(?P<agreement>Agreement\s+on\s+Government\s+Procurement|\bWTO\b)|(?P<epa>Economic\s+Partnership\s+Agreement)"
)

# What follows an anchor in its sentence, without white space.
_TYPE = re.compile(
    r"(?:政府調達(?:に関する)?協定)?(?:の?適用)?対象(?P<not>外|ではな|でな|とならな)?(?P<open>と|案件の場合)?"
)
_EXCLUDED = re.compile(
    r"[^。]{0,30}?(?:(?:適用)?対象外|適用外|適用除外|非適用|非対象"
    r"|適用(?:を|は|が)?(?:受けな|受けません|されな|ありません|な[いし])"
    r"|対象(?:とは?|では?)な[らい]|該当しな"
    # 適用を受ける調達契約ではない
    r"|適用(?:を受け|対象とな|され)[^。、]{1,20}?では(?:な[いく]|ありません))"
)
_CONDITION = re.compile(r"[^。]{0,40}?(?:場合|とき[はに]|か否か|かどうか|有無|除[くき]|以外|未満|苦情)")
_APPLIES = re.compile(
    r"[^。]{0,40}?(?:適用を受け|適用され|適用(?:対象)?(?:案件|工事|調達|契約|業務)|対象(?:案件|工事|調達|契約|業務|です|である)"
    r"|に基づ[きく]|該当(?:する|します))"
)
_GROUND = re.compile(r"」?(?:第[0-9]{1,2}条[^。、]{0,25}?)?の?規[定程]上の理由")
_GREEN = re.compile("(?:品目|物品|基準)")
_COUNTER = re.compile(r"ー?(?:[)）】」]|(?:[(（]少額[)）])?(?:による|方式|案件|への参加|調達|契約|見積))")
_GAP = re.compile(r"[\s、「（]+")
_NOT_IN_ENGLISH = re.compile(r"\b(?:not|except|outside|excluded)\b", re.IGNORECASE)
_IN_ENGLISH = re.compile(
    r"\b(?:covered|subject|applies|applied|applicable|under|pursuant|accordance|based)\b", re.IGNORECASE
)


def signs_of(text: str, *, named: bool = False) -> Iterator[Sign]:
    """What a Japanese text says. ``named``: the text is a name (a title, a procedure), no sentence."""
    for match in islice(_ANCHORS.finditer(text, 0, LOOKED_AT), MOST):
        end = match.end()
        tail = plain(text[end : end + AFTER])
        rule: str | None
        match first := match[0][0]:
            case "オ":
                rule = "open-counter" if named or _COUNTER.match(tail) else None
            case "見" | "少":
                rule = "quotations"
            case "S":
                rule = "english-summary"
            case "特":
                rule = None if _GREEN.match(tail) else _standing(tail, "specific-procurement")
            case _:
                rule = _typed(tail) or _standing(tail, "agreement-mentioned")
        if rule:
            agreements = EPA_ONLY if first == "日" else BOTH
            yield Sign(rule, phrase(text, _beginning(text, match.start()), end + AFTER), agreements)


def _beginning(text: str, at: int) -> int:
    """Where the sentence begins, or else, if that is far, a word before ``at``."""
    first = max(at - BEFORE, 0)
    sentence = max(text.rfind("。", first, at), text.rfind("\n", first, at)) + 1
    if sentence or not first:
        return sentence or first
    gap = _GAP.search(text, at - BEFORE // 2, at)
    return gap.end() if gap else at


def _typed(tail: str) -> str | None:
    """The type of notice that p-portal files it under: WTO対象, WTO対象外."""
    found = _TYPE.match(tail)
    if found is None or found["open"]:
        return None
    return "type-not-wto" if found["not"] else "type-wto"


def _standing(tail: str, mentioned: str) -> str | None:
    if _GROUND.match(tail):
        return "direct-award-ground"
    if _EXCLUDED.match(tail):
        return "agreement-excluded"
    if _CONDITION.match(tail):
        return None
    return "agreement-applies" if _APPLIES.match(tail) else mentioned


def english_signs_of(text: str) -> Iterator[Sign]:
    """What the English text of a notice says of the agreements."""
    for match in islice(_ENGLISH.finditer(text, 0, LOOKED_AT), MOST):
        first = max(match.start() - ENGLISH_BEFORE, 0)
        start = max(text.rfind(".", first, match.start()) + 1, text.rfind("\n", first, match.start()) + 1, first)
        end = text.find(".", match.end(), match.end() + AFTER)
        sentence = text[start : end if end >= 0 else match.end() + AFTER]
        rule = "agreement-mentioned"
        if "single tender" in sentence:
            rule = "direct-award-ground"
        elif _NOT_IN_ENGLISH.search(sentence):
            rule = "agreement-excluded"
        elif _IN_ENGLISH.search(sentence):
            rule = "agreement-applies"
        yield Sign(rule, phrase(sentence, 0, len(sentence)), EPA_ONLY if match.lastgroup == "epa" else BOTH)
