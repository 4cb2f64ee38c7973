"""Working days until a deadline, by the calendar of Japanese offices.

Offices are closed on Saturdays and Sundays, on national holidays with their substitutes (国民の祝日に関する法律), and
from 29 December to 3 January: 行政機関の休日に関する法律, article 1, for the state; local governments have the same
days in their ordinances (地方自治法 article 4-2). The holidays of past and coming years come from the package
``holidays``; those of the years to come are what the law says today, equinoxes included.
"""

from bisect import bisect_right
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from db.vocabulary.japanese import TOKYO, to_tokyo

PAST = -1
"""What is left of a deadline that is over."""

FEW = 10
"""Working days, two weeks, below which a bid from abroad can hardly be made. This is our judgement and no rule.

The agreements give 40 days from the notice to the deadline and let a buyer shorten them, where it is urgent and in a
few other cases down to 10 (GPA, article XI). Within what remains a company abroad must read the documents, mostly in Japanese, ask its questions and
send the bid; the registered qualification alone (全省庁統一資格 and the like) takes weeks for who does not have it.
"""

SOON = 3
"""Working days before a deadline at which whoever was told of the tender is reminded: what is not ready by then will
not be, and what is ready can still be sent. Our judgement as well."""

_MONDAY_TO_FRIDAY = 5
_KNOWN_YEARS = range(1949, 2100)
"""The years whose holidays the package knows; of others only weekends and the turn of the year count."""


def working_days_left(now: datetime, deadline: datetime) -> int:
    """The working days after today up to and including the day of the deadline; days are Japan's.

    0 on the day of the deadline itself (and where only days off lie between), ``PAST`` (-1) once its moment is over.
    Raises ValueError for a datetime without its UTC offset.
    """
    if to_tokyo(deadline) < to_tokyo(now):
        return PAST
    today, last = to_tokyo(now).date(), to_tokyo(deadline).date()
    days_off = sum(_between(_days_off(year), today, last) for year in range(today.year, last.year + 1))
    return _weekdays_up_to(last) - _weekdays_up_to(today) - days_off


def too_few(days: int) -> bool:
    """Whether these working days are too few for a bid from abroad (``FEW`` says why); a deadline that is over is not
    few days away, it is over."""
    return 0 <= days < FEW


def soon(now: datetime) -> datetime:
    """The moment up to which a deadline is ``SOON`` working days away or less: the end of a day in Tokyo."""
    day, left = to_tokyo(now).date(), SOON
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return datetime.combine(day, time.max, TOKYO)


def is_working_day(day: date) -> bool:
    """Whether offices are open on a day."""
    return day.weekday() < _MONDAY_TO_FRIDAY and day.toordinal() not in _days_off(day.year)


def _weekdays_up_to(day: date) -> int:
    weeks, days = divmod(day.toordinal(), 7)  # ordinal 1 is a Monday
    return weeks * _MONDAY_TO_FRIDAY + min(days, _MONDAY_TO_FRIDAY)


def _between(days: tuple[int, ...], after: date, until: date) -> int:
    return bisect_right(days, until.toordinal()) - bisect_right(days, after.toordinal())


@lru_cache(maxsize=256)
def _days_off(year: int) -> tuple[int, ...]:
    """Days from Monday to Friday on which offices are closed in a year, as sorted ordinals."""
    closed = {date(year, 1, day) for day in (1, 2, 3)} | {date(year, 12, day) for day in (29, 30, 31)}
    if year in _KNOWN_YEARS:
        from holidays.countries.japan import Japan  # 70 ms, which a command that counts no days need not wait for

        closed |= set(Japan(years=year))
    return tuple(sorted(day.toordinal() for day in closed if day.weekday() < _MONDAY_TO_FRIDAY))
