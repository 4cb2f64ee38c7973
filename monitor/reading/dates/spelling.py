"""The days and times of a Japanese text in their places: single days, and periods as one.

What a day's spelling means is db.vocabulary.japanese's affair; here stands where one begins and ends, which two are
one period, and which time of day belongs to it.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache

from db.vocabulary.japanese import parse_date, parse_time

MOST = 400
"""Days that are looked at in one text; real notices have up to 60. It bounds the time that a hostile text can take."""
BEHIND = 110
"""Characters behind a day in which its time of day and what it is for are looked for."""

# One character for one character, so that offsets stay. Replacing the few common ones is several times as fast as
# translating; the rest (radicals and compatibility kanji, which PDFs are full of) is only done where there are any.
_COMMON = tuple(
    zip("０１２３４５６７８９（）：；，．／～〜－‐‑–—―−\u3000＜＞", "0123456789():;,./~~------- <>", strict=True)
)
_RARE = {
    code: plain
    for block in (range(0x2F00, 0x2FD6), range(0xF900, 0xFAFF), range(0xFF01, 0xFF5F))
    for code in block
    if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1
}
_ANY_RARE = re.compile("[\u2f00-\u2fd5\uf900-\ufaff]")


def folded(text: str) -> str:
    """Full width and its like as ASCII, character by character; Latin letters stay, for no word here has any."""
    for wide, narrow in _COMMON:
        text = text.replace(wide, narrow)
    return text.translate(_RARE) if _ANY_RARE.search(text) else text


@dataclass(slots=True)
class Day:
    """A day or a period that ends on it: where it stands, and what is behind it (folded)."""

    start: int
    end: int
    day: date
    clock: time | None = None
    """The last time of day; ``first`` is the one that is stated first."""
    first: time | None = None
    begins: date | None = None
    began_at: time | None = None
    behind: str = ""
    has_year: bool = True


# 7月11日 from its 月 on, for the year before it is spelled in many ways. It begins with one set of characters, for
# only then the search skips the others fast.
_ANCHOR = re.compile(
    r"[月同2RＲ](?:"
    r"(?<=月)\s{0,3}[0-9一二三四五六七八九十]{1,3}\s{0,3}日(?!間)"
    r"|(?<=同)\s?日"
    r"|(?:(?<=2)0[0-9]{2}|(?<=[RＲ])\s?[0-9]{1,2})\s?([./-])\s?[0-9]{1,2}\s?\1\s?[0-9]{1,2}(?![0-9])"
    r")"
)
_BEFORE_MONTH = re.compile(
    r"(?:(?P<year>(?:(?:令\s?和?|平\s?成|㋿|㍻|(?<![A-Za-z])[RHＲＨ])\s*)?[0-9〇一二三四五六七八九十元]{1,4}\s*年"
    r"(?:\s*\([^()]{1,9}\))?|同\s?年?)\s*)?(?<![0-9一二三四五六七八九十])(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})\s*\Z"
)
_WIDEST = 34
"""Characters before 月: 令和　８年（２０２６年）　１２."""

_WEEKDAY = r"(?:\s*(?:\(\s?[月火水木金土日祝][^()]{0,7}\)|[月火水木金土日]曜日?))?"
_TIME = (
    r"(?:正\s?午(?:\s?0\s?時\s?0{1,2}\s?分)?"
    r"|(?:午\s?[前後]\s?)?[0-9]{1,2}\s?時(?!間)(?:\s{0,3}[0-9]{1,2}\s?分|\s?半)?"
    r"|(?:午\s?[前後]\s?)?[0-9]{1,2}\s?:\s?[0-5][0-9](?!\s?:|[0-9]))"
)
_NO_TIME = re.compile(_WEEKDAY)
_UNTIL = r"\s*(?:から|より|~|-|至)\s*"
_TIMES = re.compile(rf"{_WEEKDAY}[\s、,の:]*(?P<first>{_TIME})(?:{_UNTIL}(?P<last>{_TIME}))?")
_ASIDE = r"(?:\((?:[^()]|\([^()]{0,40}\)){0,100}\))?"  # （…法律（昭和63年法律第91号）…の休日を除く。）
_DAILY = re.compile(
    rf"{_WEEKDAY}\s*(?:まで|迄)?{_ASIDE}[^0-9。①-⑳⑴-⒇]{{0,45}}?(?P<first>{_TIME}){_UNTIL}"
    rf"(?:{_TIME}\s*(?:及び|並びに|、|,|と)\s*{_TIME}{_UNTIL})?(?P<last>{_TIME})"
)
_LAST_DAY = re.compile(
    r"[^。]{0,85}?(?:。\s*(?:ただし|但し|なお)、?\s*)?最終日は、?\s*(?:[^。()]{0,20}?(?:から|~))?"
    rf"\s*(?P<last>{_TIME})"
)
_PERIOD = re.compile(
    rf"{_WEEKDAY}[\s、,の:]*(?P<clock>{_TIME})?\s*(?P<next>の翌日)?{_UNTIL}(?:の間)?\s*(?:同\s?月)?\s*"
)


@lru_cache(maxsize=4096)
def _day(spelled: str, reference: date | None) -> date | None:
    """Notices of a week state the same few hundred days; reading one costs more than finding it."""
    return parse_date(spelled, reference=reference)


@lru_cache(maxsize=512)
def clock_of(spelled: str) -> time | None:
    return parse_time("正午" if spelled.startswith("正") else spelled)


def days_of(text: str, published: date) -> list[Day]:
    """The days and periods of a folded text in their order, times of day with them."""
    singles = list(_singles(text, published))
    found: list[Day] = []
    for index, one in enumerate(singles):
        limit = singles[index + 1].start if index + 1 < len(singles) else len(text)
        one.behind = text[one.end : min(limit, one.end + BEHIND)]
        before = found[-1] if found else None
        period = _PERIOD.fullmatch(before.behind) if before and before.begins is None else None
        if before and period:
            one.begins = before.day + timedelta(days=bool(period["next"]))
            if not one.has_year and one.day < before.day:
                one.day = _day(text[one.start : one.end], before.day) or one.day
            one.has_year = before.has_year
            one.start = before.start
            one.began_at = clock_of(period["clock"]) if period["clock"] else None
            found.pop()
            if one.begins > one.day:  # 令和８年７月２４日から令和８年２月１０日まで: one of them is a slip
                continue
        found.append(one)
    for one in found:
        _set_clock(one)
    return found


def _singles(text: str, published: date) -> Iterator[Day]:
    last: Day | None = None
    for count, anchor in enumerate(_ANCHOR.finditer(text)):
        if count >= MOST:
            return
        start, end = anchor.span()
        has_year = True
        if text[start] == "同":
            day = last.day if last and start - last.end < 150 else None
        elif text[start] != "月":
            day = _day(anchor[0], None)
        else:
            before = text[max(last.end if last else 0, start - _WIDEST) : start]
            head = _BEFORE_MONTH.search(before)
            if head is None:
                continue
            start -= len(before) - head.start()
            spelled = head[0] + anchor[0]
            year = head["year"]
            if year and year[0] == "同":
                day = _day(f"{last.day.year}年{spelled[len(year) :]}", None) if last else None
            else:
                has_year = year is not None
                day = _day(spelled, None if year else last.day if last and start - last.end < 30 else published)
        if day is not None:
            last = Day(start, end, day, has_year=has_year)
            yield last


def _set_clock(one: Day) -> None:
    """The times behind a day: 17時00分, 10時から11時; of a period those of ``set_daily`` as well."""
    times = _TIMES.match(one.behind)
    if times:
        one.first = clock_of(times["first"])
        one.clock = clock_of(times["last"]) if times["last"] else one.first
    said = times or _NO_TIME.match(one.behind)
    if said:
        one.end += said.end()
        one.behind = one.behind[said.end() :]
    if one.begins:
        set_daily(one)


def set_daily(one: Day) -> None:
    """The hours of a period's days, and those of its last: まで（休日を除く。）の午前９時から午後５時, 最終日は正午."""
    if one.clock is None and (times := _DAILY.match(one.behind)):
        one.first, one.clock = clock_of(times["first"]), clock_of(times["last"])
    if "最終日" in one.behind and (last := _LAST_DAY.match(one.behind)):
        one.clock = clock_of(last["last"])
