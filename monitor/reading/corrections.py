"""The text of a correction as it reads once corrected: what it calls wrong is left out.

A correction quotes what was wrong beside what is right, and a reader of dates or amounts that takes the first would
take the wrong one. Known are （誤）… （正）…, 訂正前 … 訂正後 …, 「…」とあるのは「…」 or 「…」を「…」に, and the table whose
columns are headed 変更前 変更後: of two days or amounts side by side in it the second is right.
"""

import re

from db.vocabulary.notice import NoticeKind

READ_CHARACTERS = 100_000
"""Of a text; longer ones are books."""

_SIGNS = ("誤", "訂正前", "変更前", "修正前", "とある", "」を「")
_OPEN, _CLOSE = r"[（(【〔\[＜<]", r"[）)】〕\]＞>]"
# What is wrong, up to the mark of what is right, with that mark.
_PAIRS = re.compile(
    rf"{_OPEN}\s?誤\s?{_CLOSE}(?:(?!{_OPEN}\s?[誤正]\s?{_CLOSE}).){{0,400}}{_OPEN}\s?正\s?{_CLOSE}"
    r"|(?<!\S)誤\s?[:：\s](?!\s*正).{0,400}?\s正\s?[:：\s]"
    rf"|{_OPEN}\s?(?P<word>訂正|変更|修正)前\s?{_CLOSE}.{{0,400}}?{_OPEN}\s?(?P=word)後\s?{_CLOSE}"
    r"|(?<!\S)(?P<bare>訂正|変更|修正)前\s?[:：\s](?!\s*(?P=bare)後).{0,400}?(?<!\S)(?P=bare)後(?=[:：\s])\s?[:：]?",
    re.DOTALL,
)
_COLUMNS = re.compile(r"(?<!\S)(?:(?P<word>訂正|変更|修正)前\s+(?P=word)後|誤\s+正)(?=\s)")
_TABLE = 2_000
"""Characters of a table behind the heads of its columns."""
_N = "[0-9０-９]"
_DAY = (
    rf"(?:(?:令和|20)\s?(?:{_N}{{1,2}}|元)\s?年\s?)?{_N}{{1,2}}\s?月\s?{_N}{{1,2}}\s?日(?:\s?[(（][月火水木金土日祝・]{{1,3}}[)）])?"
    rf"(?:[\s、]?(?:午[前後]\s?)?{_N}{{1,2}}\s?(?:時(?:\s?{_N}{{1,2}}\s?分|半)?|[:：]\s?{_N}{{2}})|\s?正午)?(?:まで|必着)?"
)
_AMOUNT = r"[0-9０-９][0-9０-９,，]{3,20}\s?円(?:[(（][^()（）]{0,20}[)）])?"
_BESIDE = re.compile(rf"(?:{_DAY}\s?(?:から|[~～〜])\s?)?{_DAY}\s+(?={_DAY})|{_AMOUNT}\s+(?={_AMOUNT})")
_ASIDE = r"(\s?[（(][^「」()（）]{0,30}[)）])?"
_QUOTED = re.compile(r"「[^「」]{0,200}」\s?とある(?:もの|の)?(?:は|を)、?\s?「([^「」]{0,400})」" + _ASIDE)
_REPLACED = re.compile(r"「[^「」]{0,200}」\s?を、?\s?「([^「」]{0,400})」" + _ASIDE + r"(?=\s?(?:に|と))")


def as_corrected(text: str, kind: NoticeKind) -> str:
    """The text without what it calls wrong. Only a correction says 「…」を「…」に of its own words."""
    text = text[:READ_CHARACTERS]
    if not any(sign in text for sign in _SIGNS):
        return text
    text = _PAIRS.sub(" ", text)
    if heads := _COLUMNS.search(text):
        begin, end = heads.end(), heads.end() + _TABLE
        text = f"{text[: heads.start()]}{_BESIDE.sub('', text[begin:end])}{text[end:]}"
    # A full stop behind what is right: 「1,000円」に is no threshold, and 「17時」の no part of something else.
    text = _QUOTED.sub(r"\1\2。", text)
    return _REPLACED.sub(r"\1\2。", text) if kind is NoticeKind.AMENDMENT else text
