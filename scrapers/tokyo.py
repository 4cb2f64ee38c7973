"""What the sources of Tokyo share: what a title says besides the title, periods without years, buyers, categories."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from unicodedata import normalize

from db.vocabulary.japanese import TOKYO, parse_date, parse_time, tokyo_iso
from db.vocabulary.notice import Category
from db.vocabulary.text import LONGEST_TITLE, clean_title

PREFECTURE = "東京都"
E_PROCUREMENT = "https://www.e-procurement.metro.tokyo.lg.jp"

CASE = "contNo"
"""The one number of a case that never repeats, in ``references``: both routes to e-procurement give it."""
CONTRACT_NUMBER = "契約番号"
"""08-00006: every bureau counts for itself, so that it repeats; it does not tell a case from all others."""

HALF_A_YEAR = 183
"""Days; a date without its year that would lie farther ahead is not read."""

# --- Titles ---------------------------------------------------------------------------------------

# For titles with single spaces only: of runs of them these patterns would try every part.
_GAPS = re.compile(r"\s+")
_ELECTRONIC = re.compile(r"^[【\[［]\s?電子\s?[】\]］]\s?")
_CORRECTED = re.compile(r"\s?※?\s?訂正履歴(?:あり|有り?)。?$")
_WITHDRAWN = re.compile(
    r"\s?※\s?本案件は[、，,]?\s?(?P<day>(?:令和\s?(?:\d+|元)年\s?)?\d+月\s?\d+日)\s?(?P<time>\d+時\d+分)?\s?付で\s?"
    r"(?P<what>取り?下げ|取り?消し?|中止|取り?(?:やめ|止め))(?:し?ました)?。?$"
)
_AGAIN = re.compile(r"\s?※?\s?(?P<day>令和\s?(?:\d+|元)年\s?\d+月\s?\d+日)\s?に再公表する予定です。?$")
_OTHER = re.compile(r"\s?※\s?(?P<said>本案件は[^※]+?)。?$")


@dataclass(frozen=True, slots=True)
class CaseTitle:
    """A title as Tokyo writes it, taken apart. Marks and sentences that it carries are no part of the title."""

    text: str
    """Cleaned for readers."""
    status: str | None = None
    """What the sentences behind the title say, in the order in which they stand."""
    withdrawn: str | None = None
    """The day on which the case was withdrawn, as it is stated, without a year: 8月26日."""
    electronic: bool = False
    """True where the title has the mark 【電子】: bids are made in the electronic system."""


def read_title(written: str) -> CaseTitle:
    """Take a title apart: 【電子】, ※訂正履歴あり, ※本案件は、8月26日 15時39分付で取り下げました。 and the like."""
    whole = _GAPS.sub(lambda gap: "\u3000" if "\u3000" in gap[0] else " ", written[:LONGEST_TITLE].strip())
    bare = _ELECTRONIC.sub("", whole)
    electronic = bare != whole
    said: list[str] = []
    withdrawn = None
    while bare:
        if found := _CORRECTED.search(bare):
            said.append("訂正履歴あり")
        elif found := _AGAIN.search(bare):
            said.append(f"再公表予定（{_squeezed(found['day'])}）")
        elif found := _WITHDRAWN.search(bare):
            withdrawn = _squeezed(found["day"])
            moment = " ".join(filter(None, (withdrawn, _squeezed(found["time"] or ""))))
            said.append(f"{found['what']}（{moment}）")
        elif found := _OTHER.search(bare):
            said.append(as_written(found["said"]))
        else:
            break
        bare = bare[: found.start()].rstrip()
    return CaseTitle(clean_title(bare), "、".join(reversed(said)) or None, withdrawn, electronic)


def as_written(text: str) -> str:
    """A value as it is stated, with one width of brackets, letters and digits, and single spaces."""
    return " ".join(normalize("NFKC", text).split())


def _squeezed(text: str) -> str:
    return "".join(normalize("NFKC", text).split())


# --- Dates ----------------------------------------------------------------------------------------

_MONTH_AND_DAY = re.compile(r"(\d{1,2})月\s*(\d{1,2})日")
_UNTIL = re.compile(r"[~〜]|から")


def day_after(written: str, not_before: date) -> date | None:
    """The day that a text states; one without a year is the first such day from ``not_before`` on.

    None for a text without a day, and for a day that would lie more than half a year ahead: it is an older one.
    """
    text = as_written(written)
    if day := parse_date(text):
        return day
    found = _MONTH_AND_DAY.search(text)
    if not found:
        return None
    for year in (not_before.year, not_before.year + 1):
        day = _date(year, int(found[1]), int(found[2]))
        if day and day >= not_before:
            return day if (day - not_before).days <= HALF_A_YEAR else None
    return None


def period(written: str, published: date) -> str:
    """A period as an ISO 8601 interval (2026-09-14/2026-09-17), with the times of day where they are stated.

    Years that are not stated follow from the day of publication: the last day is the first such day from then
    on, and the first day does not lie behind the last. A beginning that is not stated is written as two dots.
    A text in which no such period is found is given back as it is stated.
    """
    text = as_written(written)
    first, *rest = _UNTIL.split(text)
    last = rest[0] if rest else ""
    if len(rest) > 1 or not text:
        return text
    if not last:
        day = day_after(first, published)
        return _moment(first, day) if day else text
    end = day_after(last, published)
    if end is None:
        return text
    if not first.strip(" ()"):
        return f"../{_moment(last, end)}"
    start = parse_date(first) or _last_before(first, end)
    return text if start is None else f"{_moment(first, start)}/{_moment(last, end)}"


def moment(written: str) -> str | None:
    """A day with its time of day, or a day alone, as ISO 8601; None where the text states no whole date."""
    text = as_written(written)
    day = parse_date(text)
    return _moment(text, day) if day else None


def exact(written: str) -> datetime | None:
    """A moment that is stated with its time of day; None for a day alone."""
    text = as_written(written)
    day, clock = parse_date(text), parse_time(text)
    return datetime.combine(day, clock, TOKYO) if day and clock else None


def _last_before(written: str, end: date) -> date | None:
    found = _MONTH_AND_DAY.search(written)
    if not found:
        return None
    days = (_date(year, int(found[1]), int(found[2])) for year in (end.year, end.year - 1))
    return next((day for day in days if day and day <= end), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _moment(written: str, day: date) -> str:
    clock = parse_time(written)
    return tokyo_iso(datetime.combine(day, clock, TOKYO)) if clock else day.isoformat()


# --- Who, what ------------------------------------------------------------------------------------


def buyer(section: str) -> str:
    """The whole name of a bureau's section: 環境局総務部経理課 is one of 東京都."""
    section = as_written(section)
    return section if section.startswith(PREFECTURE) else PREFECTURE + section


def contract_number(written: str) -> str:
    """08-00006, which the pages for telephones shorten to 8-00006."""
    return re.sub(r"^(?=\d-)", "0", as_written(written))


def category_of(title: str, *, works: bool) -> Category | None:
    """The category, as far as list and title leave no doubt.

    The lists of works hold surveys, designs and supervision, too: they are let as 委託. The lists of goods and
    services are told apart by 買入れ and 委託; where neither or both stand in the title (借入れ, 印刷), it is open.
    """
    service = "委託" in title
    if works:
        return Category.SERVICES if service and not title.endswith("工事") else Category.WORKS
    goods = any(word in title for word in ("買入", "購入"))
    if service == goods:
        return None
    return Category.SERVICES if service else Category.GOODS


def as_text(pairs: Iterable[tuple[str, str]]) -> str:
    """A line for each value that is stated, under the source's own label."""
    return "\n".join(f"{label}：{value}" for label, value in pairs if value)
