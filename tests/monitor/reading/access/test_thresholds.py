"""The table of amounts: its periods, and that it has no gaps."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from monitor.reading.access.thresholds import Subject, Thresholds
from monitor.reading.entities import Group

TABLE = Thresholds.load()


@pytest.mark.parametrize(
    ("group", "subject", "now", "before"),
    [
        (Group.CENTRAL, Subject.GOODS_SERVICES, 20_000_000, 18_000_000),
        (Group.CENTRAL, Subject.WORKS, 900_000_000, 810_000_000),
        (Group.CENTRAL, Subject.ENGINEERING, 90_000_000, 81_000_000),
        (Group.SUB_CENTRAL, Subject.GOODS_SERVICES, 40_000_000, 36_000_000),
        (Group.SUB_CENTRAL, Subject.WORKS, 3_020_000_000, 2_720_000_000),
        (Group.SUB_CENTRAL, Subject.ENGINEERING, 300_000_000, 270_000_000),
        (Group.OTHER_A, Subject.WORKS, 3_020_000_000, 2_720_000_000),
        (Group.OTHER_B, Subject.WORKS, 900_000_000, 810_000_000),
    ],
)
def test_the_amounts_hold_in_their_period(group: Group, subject: Subject, now: int, before: int) -> None:
    since, until = TABLE.of(group, subject, date(2026, 4, 1)), TABLE.of(group, subject, date(2026, 3, 31))
    assert since is not None
    assert until is not None
    assert (since.yen, until.yen) == (Decimal(now), Decimal(before))


def test_periods_follow_one_another_without_a_gap() -> None:
    for rows in TABLE.rows.values():
        ordered = sorted(rows, key=lambda row: row.valid_from)
        assert all((later.valid_from - earlier.valid_until).days == 1 for earlier, later in pairwise(ordered))
        assert all(row.below <= row.yen for row in rows)


def test_outside_the_periods_and_for_bodies_of_other_kinds_there_is_no_amount() -> None:
    assert TABLE.of(Group.CENTRAL, Subject.WORKS, date(2024, 3, 31)) is None
    assert TABLE.of(Group.CENTRAL, Subject.WORKS, date(2028, 4, 1)) is None
    assert TABLE.of(Group.MUNICIPALITY, Subject.WORKS, date(2026, 4, 1)) is None
