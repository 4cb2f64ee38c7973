"""Windows: every moment belongs to one of them, whatever zone somebody lives in and whatever its clocks do."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.vocabulary.window import Schedule, window_before, zone

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo")
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SCHEDULES = st.builds(
    Schedule,
    st.sampled_from(ZONES),
    st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 59))),
    st.integers(0, 6),
)


@given(MOMENTS, SCHEDULES)
@example(datetime(2026, 10, 25, 0, 45, tzinfo=UTC), Schedule("Europe/Berlin", time(2, 30)))  # 2:45, the first time
@example(datetime(2026, 10, 25, 1, 10, tzinfo=UTC), Schedule("Europe/Berlin", time(2, 30)))  # 2:10, the second time
@example(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), Schedule("Europe/Berlin", time(2, 30)))  # 3:30; there was no 2:30
@example(datetime(2026, 4, 23, 22, 0, tzinfo=UTC), Schedule("Africa/Cairo", time(0)))  # 1:00; there was no midnight
def test_windows_follow_each_other_without_a_gap_and_without_an_overlap(now: datetime, schedule: Schedule) -> None:
    window = window_before(now, schedule)
    assert window.end <= now
    assert window.start < window.end
    assert window_before(window.end, schedule) == window
    assert window_before(window.end - INSTANT, schedule).end == window.start
    assert timedelta(hours=22) <= window.end - window.start <= timedelta(hours=26)


@given(MOMENTS, SCHEDULES)
def test_a_week_ends_with_the_window_of_its_weekday(now: datetime, schedule: Schedule) -> None:
    window = window_before(now, schedule)
    local = window.week_end.astimezone(ZoneInfo(schedule.time_zone))
    assert window.week_end <= window.end
    assert window.end - window.week_end < 7 * DAY + timedelta(hours=2)
    assert window_before(window.week_end, schedule).end == window.week_end
    if local.time() == schedule.digest_at:  # and not in the hour that this day does not have
        assert local.weekday() == schedule.weekday


@pytest.mark.parametrize(
    ("now", "schedule", "end"),
    [
        ("2026-11-24T07:59:59+09:00", Schedule(), "2026-11-23T08:00:00+09:00"),
        ("2026-11-24T08:00:00+09:00", Schedule(), "2026-11-24T08:00:00+09:00"),
        ("2026-11-24T08:00:00+09:00", Schedule("Europe/Paris", time(7, 30)), "2026-11-23T07:30:00+01:00"),
        ("2026-11-24T08:00:00+09:00", Schedule("Asia/Kathmandu", time(4, 45)), "2026-11-24T04:45:00+05:45"),
        ("2026-07-01T07:30:00+02:00", Schedule("Europe/Paris", time(7, 30)), "2026-07-01T07:30:00+02:00"),
    ],
)
def test_a_window_ends_at_its_readers_hour(now: str, schedule: Schedule, end: str) -> None:
    assert window_before(datetime.fromisoformat(now), schedule).end == datetime.fromisoformat(end)


def test_every_zone_that_can_be_chosen_has_windows() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    for name in available_timezones() - {"localtime"}:
        assert now - DAY < window_before(now, Schedule(name)).end <= now


@pytest.mark.parametrize("name", ["Asia/Edo", "", "../etc/passwd", "a\0b"])
def test_a_zone_that_is_no_longer_known_is_tokyo_for_its_reader_still_wants_letters(name: str) -> None:
    assert zone(name).key == "Asia/Tokyo"
