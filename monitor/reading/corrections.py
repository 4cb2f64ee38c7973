"""The text of a correction as it reads once corrected: what it calls wrong is left out.

A correction quotes what was wrong beside what is right, and a reader of dates or amounts that takes the first would
take the wrong one. Three forms are known: （誤）… （正）…, 訂正前 … 訂正後 …, and 「…」とあるのは「…」 or 「…」を「…」に.
"""

import re

from db.vocabulary.notice import NoticeKind

READ_CHARACTERS = 100_000
"""Of a text; longer ones are books."""

_SIGNS = ("誤", "訂正前", "変更前", "修正前", "とある", "」を「")
_OPEN, _CLOSE = r"[（(【〔\[＜<]", r"[）)】〕\]＞>]"
# What is wrong, up to the mark of what is right, with that mark.
_PAIRS = re.compile(
    rf"{_OPEN}\s?誤\s?{_CLOSE}[^（(【]{{0,400}}?{_OPEN}\s?正\s?{_CLOSE}"
    r"|(?:^|(?<=\s))誤\s?[:：].{0,400}?\s正\s?[:：]"
    rf"|{_OPEN}\s?(?P<word>訂正|変更|修正)前\s?{_CLOSE}.{{0,400}}?{_OPEN}\s?(?P=word)後\s?{_CLOSE}",
    re.DOTALL,
)
_QUOTED = re.compile(r"「[^「」]{0,200}」\s?とある(?:もの|の)?(?:は|を)、?\s?「([^「」]{0,400})」")
_REPLACED = re.compile(r"「[^「」]{0,200}」\s?を、?\s?「([^「」]{0,400})」(?=\s?(?:に|と))")


def as_corrected(text: str, kind: NoticeKind) -> str:
    """The text without what it calls wrong. Only a correction says 「…」を「…」に of its own words."""
    text = text[:READ_CHARACTERS]
    if not any(sign in text for sign in _SIGNS):
        return text
    text = _PAIRS.sub(" ", text)
    # A full stop behind what is right: 「1,000円」に is no threshold, and 「17時」の no part of something else.
    text = _QUOTED.sub(r"\1。", text)
    return _REPLACED.sub(r"\1。", text) if kind is NoticeKind.AMENDMENT else text
