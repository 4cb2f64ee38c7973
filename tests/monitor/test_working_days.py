"""Working days until a deadline, by the calendar of Japanese offices."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from db.vocabulary.japanese import TOKYO
from monitor.working_days import FEW, PAST, is_working_day, too_few, working_days_left


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("now", "deadline", "days"),
    [
        ("2026-06-01 09:00", "2026-06-05 17:00", 4),  # Monday to Friday
        ("2026-06-05 09:00", "2026-06-08 17:00", 1),  # over a weekend
        ("2026-06-06 09:00", "2026-06-08 17:00", 1),  # from a Saturday
        ("2026-06-05 09:00", "2026-06-07 17:00", 0),  # a deadline on a Sunday
        ("2026-04-28 09:00", "2026-05-07 17:00", 3),  # Golden Week: 30 April, 1 and 7 May
        ("2026-09-18 09:00", "2026-09-24 12:00", 1),  # 22 September is off between two holidays
        ("2025-12-26 09:00", "2026-01-05 17:00", 1),  # the turn of the year
        ("2026-12-28 09:00", "2027-01-04 17:00", 1),
        ("2026-06-01 09:00", "2026-06-01 17:00", 0),
    ],
)
def test_working_days_leave_out_weekends_holidays_and_the_turn_of_the_year(
    now: str, deadline: str, days: int
) -> None:
    assert working_days_left(at(now), at(deadline)) == days


def test_a_holiday_on_a_sunday_closes_the_offices_on_a_later_day() -> None:
    assert date(2026, 5, 3).weekday() == 6
    assert not is_working_day(date(2026, 5, 6))
    assert is_working_day(date(2026, 5, 7))


@pytest.mark.parametrize("day", [date(2026, 12, 29), date(2026, 12, 30), date(2026, 12, 31), date(2025, 1, 2)])
def test_offices_are_closed_at_the_turn_of_the_year_though_no_holiday_is(day: date) -> None:
    assert not is_working_day(day)


def test_a_deadline_whose_moment_is_over_is_past_also_on_its_own_day() -> None:
    assert working_days_left(at("2026-06-02 09:00"), at("2026-06-01 17:00")) == PAST
    assert working_days_left(at("2026-06-01 17:01"), at("2026-06-01 17:00")) == PAST
    assert not too_few(PAST)


def test_days_are_those_of_japan_wherever_the_moment_was_written() -> None:
    late = datetime(2026, 6, 1, 23, tzinfo=UTC)  # Tuesday morning in Japan
    assert working_days_left(late, at("2026-06-05 17:00")) == 3


def test_a_moment_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no UTC offset"):
        working_days_left(datetime(2026, 6, 1), at("2026-06-05 17:00"))  # noqa: DTZ001


def test_counting_agrees_with_looking_at_every_day() -> None:
    now = at("2025-11-20 09:00")
    for ahead in range(0, 900, 7):
        deadline = now + timedelta(days=ahead)
        days = [now.date() + timedelta(days=day) for day in range(1, ahead + 1)]
        assert working_days_left(now, deadline) == sum(map(is_working_day, days))


def test_a_year_beyond_the_known_holidays_still_has_its_weekends() -> None:
    assert working_days_left(at("2150-06-01 09:00"), at("2150-06-08 09:00")) == 5


def test_less_than_two_weeks_of_work_are_too_few_for_a_bid_from_abroad() -> None:
    assert too_few(0)
    assert too_few(FEW - 1)
    assert not too_few(FEW)


def test_the_calendar_is_loaded_only_when_days_are_counted() -> None:
    code = "import sys, monitor.working_days; sys.exit('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
