"""The windows of digests: fixed spans of time, so that nothing is told twice and nothing falls between two letters."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from db.vocabulary.japanese import TOKYO


@dataclass(frozen=True, slots=True)
class Schedule:
    """When somebody's windows end: each day at an hour of their own zone; a week's on one weekday (0 is Monday)."""

    time_zone: str = "Asia/Tokyo"
    digest_at: time = time(8)
    weekday: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """The last whole day, and the last whole week, up to ``end`` and ``week_end``; all moments are in UTC."""

    start: datetime
    end: datetime
    week_start: datetime
    week_end: datetime


def window_before(now: datetime, schedule: Schedule) -> Window:
    """The last window that has ended. By the clock on the wall: where it is put forward, that day's is 23 hours long.

    An hour that a day has twice is its first one, and one that it does not have is that much later, so that every day
    has one end. The moments are in UTC: of two in a zone with such an hour, equal ones need not count as equal (PEP 495).
    """
    local = now.astimezone(zone(schedule.time_zone))
    at = schedule.digest_at
    end = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0, fold=0)
    if end.astimezone(UTC) > now:
        end -= timedelta(days=1)
    week_end = end - timedelta(days=(end.weekday() - schedule.weekday) % 7)
    start, week_start = end - timedelta(days=1), week_end - timedelta(days=7)
    return Window(*(moment.astimezone(UTC) for moment in (start, end, week_start, week_end)))


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of this name; Tokyo's for a name that is no longer known, for its owner still wants letters."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return TOKYO
