"""The days and times of a Japanese text in their places: single days, and periods as one.

What a day's spelling means is db.vocabulary.japanese's affair; here stands where one begins and ends, which two are
one period, and which time of day belongs to it.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from itertools import pairwise

from db.vocabulary.japanese import parse_date, parse_time

MOST = 400
"""Days that are looked at in one text; real notices have up to 60. It bounds the time that a hostile text can take."""
BETWEEN = 60
"""Characters between the two days of a period at the most."""
BEHIND = 110
"""Characters behind a day in which its time of day and what it is for are looked for."""

# One character for one character, so that offsets stay. Replacing the few common ones is several times as fast as
# translating; the rest (radicals and compatibility kanji, which PDFs are full of) is only done where there are any.
_COMMON = tuple(
    zip("０１２３４５６７８９（）：；，．／～〜－‐‑–—―−\u3000＜＞", "0123456789():;,./~~------- <>", strict=True)
)
_RARE_BLOCKS = (0x2F, 0xF9, 0xFA)
"""The high bytes of the rare ones: to look for a byte is much faster than for a class of characters."""
_RARE = {
    code: plain
    for block in (range(0x2F00, 0x2FD6), range(0xF900, 0xFAFF), range(0xFF01, 0xFF5F))
    for code in block
    if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1
}


def folded(text: str) -> str:
    """Full width and its like as ASCII, character by character; Latin letters stay, for no word here has any."""
    for wide, narrow in _COMMON:
        text = text.replace(wide, narrow)
    blocks = text.encode("utf-16-be", "surrogatepass")[::2]
    return text.translate(_RARE) if any(block in blocks for block in _RARE_BLOCKS) else text


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
    opens: bool = False
    """It is followed by から, and no other day is: something begins then."""


# 7月11日 from its 月 on, for the year before it is spelled in many ways. It begins with one set of characters, for
# only then the search skips the others fast. PDFs tear the two digits of a day apart.
_ANCHOR = re.compile(
    r"[月同2RＲ](?:"
    r"(?<=月)\s{0,3}(?:[0-9]{1,2}|[0-3]\s{1,2}[0-9]|[一二三四五六七八九十]{1,3})\s{0,3}日(?!間)"
    r"|(?<=同)\s?日"
    r"|(?:(?<=2)0[0-9]{2}|(?<=[RＲ])\s?[0-9]{1,2})\s?([./-])\s?[0-9]{1,2}\s?\1\s?[0-9]{1,2}(?![0-9])"
    r")"
)
# What stands before 月, read from there backwards, for only then the expression is tried at one place and not at each.
# Torn apart are only the digits of a month whose year stands before it: 3 1月10日 may be the third item.
_BEFORE_MONTH = re.compile(
    r"\s*(?:[0-2]\s{1,2}1(?=\s{0,3}年)|(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})(?![0-9一二三四五六七八九十]))"
    r"(?P<year>\s*(?:(?:\)[^()]{1,9}\(\s*)?年\s*"
    r"(?:[0-9]\s{1,2}[0-9]\s{1,2}0\s{1,2}2|[0-9]\s{1,2}[1-9](?=\s*和)|[0-9〇一二三四五六七八九十元]{1,4})"
    r"(?:\s*(?:和?\s?令|成\s?平|㋿|㍻|[RHＲＨ](?![A-Za-z])))?|年?\s?同))?"
)
_SAME_MONTH = re.compile(r"同\s?\Z")
_WIDEST = 34
"""Characters before 月: 令和　８年（２０２６年）　１２."""

_WEEKDAY = r"(?:\s*(?:\(\s?[月火水木金土日祝][^()]{0,7}\)|[月火水木金土日]曜日?))?"
_TIME = (
    r"(?:正\s?午(?:\s?0\s?時\s?0{1,2}\s?分)?"
    r"|(?:午\s?[前後]\s?)?(?:[0-9]{1,2}|[0-2]\s[0-9]|[一二三四五六七八九十]{1,3})\s?時(?!間)"
    r"(?:\s{0,3}(?:[0-9]{1,2}|[0-5]\s[0-9]|[〇一二三四五六七八九十]{1,3})\s?分|\s?半)?"
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
_EXCEPT = re.compile(r"(?:ただし|但し)、?\s*\Z")
_HOURS = re.compile(rf"{_WEEKDAY}\s*は、?\s*(?:{_TIME}{_UNTIL})?(?P<last>{_TIME})\s*(?:まで|迄)")
_OPENS = re.compile(r"\s*(?:から|より|~)")
# 6月10日から12日まで; not から10日以内.
_DAY_ALONE = re.compile(
    rf"{_WEEKDAY}[\s、,の:]*(?P<clock>{_TIME})?{_UNTIL}(?P<day>[0-9]{{1,2}})\s?日(?![間以目前後])"
)
_PERIOD = re.compile(
    rf"{_WEEKDAY}[\s、,の:]*(?P<clock>{_TIME})?\s*(?P<next>の翌日)?{_UNTIL}(?:の間)?\s*(?:同\s?月)?\s*"
)


@lru_cache(maxsize=4096)
def _day(spelled: str, reference: date | None) -> date | None:
    """Notices of a week state the same few hundred days; reading one costs more than finding it."""
    return parse_date("".join(spelled.split()), reference=reference)


@lru_cache(maxsize=512)
def clock_of(spelled: str) -> time | None:
    return parse_time("正午" if spelled.startswith("正") else "".join(spelled.split()))


def days_of(text: str, published: date) -> list[Day]:
    """The days and periods of a folded text in their order, times of day with them."""
    singles = list(_singles(text, published))
    found: list[Day] = []
    for index, one in enumerate(singles):
        limit = singles[index + 1].start if index + 1 < len(singles) else len(text)
        one.behind = text[one.end : min(limit, one.end + BEHIND)]
        alone = _DAY_ALONE.match(one.behind)
        if alone and one.day.day < int(alone["day"]) <= monthrange(one.day.year, one.day.month)[1]:
            one.begins, one.day = one.day, one.day.replace(day=int(alone["day"]))
            one.began_at = clock_of(alone["clock"]) if alone["clock"] else None
            one.end += alone.end()
            one.behind = one.behind[alone.end() :]
            found.append(one)
            continue
        before = found[-1] if found else None
        near = before is not None and before.begins is None and len(before.behind) < BETWEEN
        period = _PERIOD.fullmatch(before.behind) if before and near else None
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
    return [one for before, one in pairwise((None, *found)) if one and not (before and _repeats(before, one))]


def _repeats(before: Day, one: Day) -> bool:
    """Whether a day only tells the hours of a period's last day: まで… ただし、７月７日は10時から12時まで."""
    if one.day != before.day or one.begins or not before.begins:
        return False
    hours = _HOURS.match(one.behind) if _EXCEPT.search(before.behind) else None
    if hours:
        before.clock = clock_of(hours["last"])
    return hours is not None


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
        elif head := _BEFORE_MONTH.match(text[max(last.end if last else 0, start - _WIDEST) : start][::-1]):
            start -= head.end()
            spelled = text[start:end]
            year = (head["year"] or "")[::-1]
            if year and year[0] == "同":
                day = _day(f"{last.day.year}年{spelled[len(year) :]}", None) if last else None
            else:
                has_year = bool(year)
                day = _day(spelled, None if year else last.day if last and start - last.end < 30 else published)
        elif last and start - last.end < 150 and (same := _SAME_MONTH.search(text, start - 2, start)):
            day = _day(f"{last.day.year}年{last.day.month}{text[start:end]}", None)
            start, has_year = same.start(), last.has_year
        else:
            continue
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
    elif not (times and times["last"]):
        one.opens = bool(_OPENS.match(one.behind))


def set_daily(one: Day) -> None:
    """The hours of a period's days, and those of its last: まで（休日を除く。）の午前９時から午後５時, 最終日は正午."""
    if one.clock is None and (times := _DAILY.match(one.behind)):
        one.first, one.clock = clock_of(times["first"]), clock_of(times["last"])
    if "最終日" in one.behind and (last := _LAST_DAY.match(one.behind)):
        one.clock = clock_of(last["last"])
