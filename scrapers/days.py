"""What days a page states: in a cell, beside a link, at the head of a notice. What may be another day stays unknown.

``date_format`` is one as of ``strptime``; without it the Japanese and ISO spellings are recognised.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime

from db.vocabulary.japanese import TOKYO, find_dates, parse_time

SOME_DAY = date(2000, 1, 1)
"""Stands in for a day of publication where only the number of days in a text matters."""
_FROM_TO = re.compile("から|より|[～〜~—–−－-]")
"""What stands between the first day of a period and its last."""
_CLOCK = re.compile(r"\d\s?時(?!間)|\d\s?[:：]\s?\d\d|正午")
_OTHER_DAY = re.compile(
    "締め?切|期限|期間|期日|終了|開札|入札日|まで|必着|提出|受付|説明会|納期|[～〜~]|更新|修正|訂正|追加"
)
"""A day that is said to be one of these is not the day of publication."""
_DATELINE = re.compile(r"(?:(?:掲載|公開|公告|公示|公表|発表)(?:年月)?日\s*[:：]?)?\s*(.+?)\s*(?:[（(].{1,3}[)）])?")
_LONGEST_DATELINE = 60
"""Characters."""
_HEAD = 20
"""Lines within which a page has its dateline."""
_LABEL = 20
"""Characters; a longer line is no label of what stands below it."""


def day_in(written: str, date_format: str = "") -> date | None:
    """The first day in a cell."""
    if not date_format:
        return next((day for _, _, day in find_dates(written)), None)
    try:
        return datetime.strptime(written.strip(), date_format).date()  # noqa: DTZ007 (a day, no moment)
    except ValueError:
        return None


def moment_in(written: str, reference: date | None, date_format: str = "") -> tuple[datetime | None, str | None]:
    """The moment in a cell, or at which the period in it ends; where there is none, the day in ISO, or the cell.

    ``reference`` tells the year of days without one. Several days that are no period, and several times of the
    last day (9時から17時まで), leave the moment unknown.
    """
    if date_format:
        try:
            found = datetime.strptime(written.strip(), date_format)  # noqa: DTZ007
        except ValueError:
            return None, written or None
        has_time = "%H" in date_format or "%I" in date_format
        return (found.replace(tzinfo=TOKYO), None) if has_time else (None, found.date().isoformat())
    days = list(find_dates(written, reference=reference))
    if not days or (reference is None and len(days) < len(list(find_dates(written, reference=SOME_DAY)))):
        return None, written or None  # also where nothing tells the year of the last day
    (start, first), (begin, end, last) = days[0][1:], days[-1]
    is_period = len(days) == 2 and first < last and _FROM_TO.search(written[start:begin])
    if (first != last and not is_period) or len(_CLOCK.findall(written[end:])) > 1:
        return None, written
    clock = parse_time(written[end:])
    return (datetime.combine(last, clock, TOKYO), None) if clock else (None, last.isoformat())


def day_beside(pieces: Iterable[tuple[str, str]]) -> date | None:
    """The one day beside an item that may be that of its publication; the pieces as ``scrapers.html.Beside`` has them."""
    texts = [text for label, text in pieces if not _OTHER_DAY.search(label + text)]
    days = {day for text in texts for _, _, day in find_dates(text)}
    return days.pop() if len(days) == 1 else None


def dateline(text: str) -> date | None:
    """The day that heads a notice: the first line near its beginning that holds a date and nothing else.

    None where the line above says what else the day is (締切, 更新履歴 …).
    """
    above = ""
    for line in text.split("\n")[:_HEAD]:
        written = _DATELINE.fullmatch(line) if len(line) <= _LONGEST_DATELINE else None
        days = list(find_dates(written[1])) if written else []
        if written and len(days) == 1 and days[0][:2] == (0, len(written[1])):
            return None if _OTHER_DAY.search(above) else days[0][2]
        above = line if len(line) < _LABEL else ""
    return None
