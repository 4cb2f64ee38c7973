"""What the sources of Tokyo share: status, days and periods without years, categories, lists that state a total."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from unicodedata import normalize

from db.vocabulary.japanese import TOKYO, fiscal_year_of, parse_date, parse_time, tokyo_iso
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Category
from db.vocabulary.run import Coverage, Problem

PREFECTURE = "東京都"
HALF_A_YEAR = 183
"""Days; a date without its year that would lie farther ahead is not read."""


def as_written(text: str) -> str:
    """A value as it is stated, with one width of brackets, letters and digits, and single spaces."""
    return " ".join(normalize("NFKC", text).split())


def as_text(pairs: Iterable[tuple[str, str]]) -> str:
    """A line for each value that is stated, under the source's own label."""
    return "\n".join(f"{label}：{value}" for label, value in pairs if value)


def counted(part: str, found: int, total: int | None) -> Iterator[Coverage | Problem]:
    """How much of a list was read, against the total that it states; a difference is told."""
    yield Coverage(part, found, total, complete=found == total)
    if total is not None and found != total:
        yield Problem(
            part,
            Saying(
                "the list states {total} calls and gave {found}; the rest will be asked for again",
                {"total": str(total), "found": str(found)},
            ),
        )


_DONE_BY_THE_BUYER = re.compile("訂正|変更|延期|再公表|取り?下|取り?消|取り?(?:やめ|止め)|中止|不調|不落")


def status_of(written: str) -> str | None:
    """What a column for the status says that the buyer did: 訂正, 取下げ, 再公表.

    None for whether applications are open (受付中, 終了): that follows from their period, and would change every
    notice once and alert its readers for nothing.
    """
    return as_written(written) if _DONE_BY_THE_BUYER.search(written) else None


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


# --- Dates ----------------------------------------------------------------------------------------

_MONTH_AND_DAY = re.compile(r"(\d{1,2})月\s*(\d{1,2})日")
_UNTIL = re.compile(r"(?:から|[~〜])(?:\s*[~〜])*")


def states_day(written: str) -> bool:
    """Whether a text states a day, be it without its year."""
    text = as_written(written)
    return bool(_MONTH_AND_DAY.search(text) or parse_date(text))


def day_after(written: str, not_before: date | None) -> date | None:
    """The day that a text states; one without a year is the first such day from ``not_before`` on.

    None for a text without a day, for one without a year where nothing is known that it follows, and for a day that
    would lie more than half a year ahead: it is an older one.
    """
    text = as_written(written)
    day = parse_date(text)
    if day or not_before is None:
        return day
    days = _without_year(text, (not_before.year, not_before.year + 1))
    day = next((day for day in days if day >= not_before), None)
    return day if day and (day - not_before).days <= HALF_A_YEAR else None


def day_in_fiscal_year(written: str, year: int | None) -> date | None:
    """The day that a text states; one without a year lies in the fiscal year that begins in April of ``year``."""
    text = as_written(written)
    day = parse_date(text)
    if day or year is None:
        return day
    return next((day for day in _without_year(text, (year, year + 1)) if fiscal_year_of(day) == year), None)


def period(written: str, published: date | None) -> str:
    """A period as an ISO 8601 interval (2026-09-14/2026-09-17), with the times of day where they are stated.

    Years that are not stated follow from the day of publication: the last day is the first such day from then
    on (or from the first day on, where that states its year), and the first day does not lie behind the last.
    A beginning that is not stated is written as two dots. A text in which no such period is found is given back as
    it is stated; so is one without years where the day of publication is not known.
    """
    text = as_written(written)
    first, *others = _UNTIL.split(text)
    last = others[0] if others else ""
    if len(others) > 1:
        return text
    if not last:
        day = day_after(first, published)
        return _moment(first, day) if day else text
    start = parse_date(first)
    end = day_after(last, start or published)
    if end is None:
        return text
    if not first.strip(" ()"):
        return f"../{_moment(last, end)}"
    if start is None:
        start = next((day for day in _without_year(first, (end.year, end.year - 1)) if day <= end), None)
    return f"{_moment(first, start)}/{_moment(last, end)}" if start and start <= end else text


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


def _without_year(text: str, years: Iterable[int]) -> Iterator[date]:
    """The first day in a text by its month and day, in each of these years that has such a day."""
    if found := _MONTH_AND_DAY.search(text):
        for year in years:
            with suppress(ValueError):  # 29 February
                yield date(year, int(found[1]), int(found[2]))


def _moment(written: str, day: date) -> str:
    clock = parse_time(written)
    return tokyo_iso(datetime.combine(day, clock, TOKYO)) if clock else day.isoformat()
