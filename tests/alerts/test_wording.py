"""Values of the vocabulary in a reader's words."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from alerts.wording import (
    city,
    deadline_text,
    euro_text,
    event_text,
    field_value,
    moment_beside,
    moment_text,
    money_text,
    origin_text,
    qualification_field,
    requirement_text,
    verdict_text,
    working_days_text,
)
from db.vocabulary.japanese import TOKYO
from db.vocabulary.reading import (
    Access,
    AccessVerdict,
    EnglishOrigin,
    FoundMoney,
    MoneyKind,
    Origin,
    Requirement,
    RequirementKind,
    Tax,
)
from monitor.i18n import language

ENGLISH, JAPANESE = language("en"), language("ja")


def money(amount: int, *, tax: Tax | None = None, least: int | None = None) -> FoundMoney:
    lower = None if least is None else Decimal(least)
    return FoundMoney(MoneyKind.LIMIT, Decimal(amount), "上限額", Origin.JAPANESE, tax, lower)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (money(12_000_000), "¥12,000,000"),
        (money(12_000_000, tax=Tax.INCLUDED), "¥12,000,000 (tax included)"),
        (money(12_000_000, tax=Tax.EXCLUDED), "¥12,000,000 (without tax)"),
        (money(12_000_000, least=9_000_000), "¥9,000,000 to ¥12,000,000"),
        (money(12_000_000, least=12_000_000), "¥12,000,000"),
    ],
)
def test_an_amount_is_said_with_its_range_and_its_tax(found: FoundMoney, said: str) -> None:
    assert money_text(found, ENGLISH) == said


def test_euro_are_about_and_say_the_day_of_the_rate_and_nothing_without_a_rate() -> None:
    def in_euro(yen: Decimal) -> Decimal:
        return yen / 160

    assert euro_text(Decimal(12_000_000), in_euro, ENGLISH) == "about €75,000"
    assert euro_text(Decimal(12_000_000), in_euro, ENGLISH, day=date(2026, 11, 20)) == (
        "about €75,000 (rate of Fri 20 Nov 2026)"
    )
    assert euro_text(Decimal(12_000_000), None, ENGLISH) == ""


def test_a_large_amount_in_euro_is_never_written_with_an_exponent() -> None:
    assert euro_text(Decimal(1), lambda yen: Decimal("1.2E+9"), ENGLISH) == "about €1,200,000,000"


def test_a_deadline_without_a_time_of_day_is_its_day_in_tokyo() -> None:
    last_second = datetime(2026, 12, 4, 23, 59, 59, tzinfo=TOKYO)
    assert deadline_text(last_second, False, ENGLISH) == "Fri 4 Dec 2026, time: see the notice"
    assert deadline_text(last_second.replace(hour=17, minute=0, second=0), True, ENGLISH) == (
        "Fri 4 Dec 2026, 17:00 Tokyo time"
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-12-04T17:00:00+09:00", "Fri 4 Dec 2026, 17:00 Tokyo time"),
        ("2026-12-04T23:59:00+09:00", "Fri 4 Dec 2026, 23:59 Tokyo time"),
        ("2026-12-04T23:59:59+09:00", "Fri 4 Dec 2026, time: see the notice"),
        ("2026-12-04", "Fri 4 Dec 2026, time: see the notice"),
        ("soon", "soon"),
        (None, "–"),
    ],
)
def test_a_deadline_that_was_written_out_makes_no_time_up(written: str | None, said: str) -> None:
    assert field_value("deadline", written, ENGLISH) == said


@pytest.mark.parametrize("unknown", ["Asia/Nowhere", "", "../etc/passwd"])
def test_a_time_zone_that_is_no_longer_known_is_tokyos(unknown: str) -> None:
    moment = datetime(2026, 12, 4, 17, 0, tzinfo=TOKYO)
    assert (city(unknown, "en"), city(unknown, "ja")) == ("Tokyo", "東京")
    assert moment_text(moment, unknown, ENGLISH) == "Fri 4 Dec 2026, 17:00 Tokyo time"
    assert moment_beside(moment, unknown, ENGLISH) == ""


def test_working_days_are_those_of_japan() -> None:
    assert [working_days_text(days, ENGLISH) for days in (-1, 0, 1, 9)] == [
        "", "0 working days in Japan", "1 working day in Japan", "9 working days in Japan"
    ]  # fmt: skip


def test_english_says_where_it_is_from() -> None:
    assert [origin_text(origin, ENGLISH) for origin in EnglishOrigin] == [
        "official English", "English by table", "machine translation", "gist, word by word"
    ]  # fmt: skip


def test_verdicts_of_both_agreements_stand_in_one_line_and_unknown_ones_in_none() -> None:
    assert verdict_text(Access(AccessVerdict.NOT_COVERED, AccessVerdict.LIKELY), ENGLISH) == (
        "WTO GPA: not covered · EU–Japan EPA: likely covered"
    )
    assert verdict_text(Access(), ENGLISH) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("役務の提供等", "Services"),
        ("電気", "Electrical works"),
        ("電気工事業", "Electrical works"),
        ("建築一式工事", "Building works"),
        ("石工事", "石工事"),
    ],
)
def test_fields_of_qualifications_are_translated_where_the_table_has_them(name: str, said: str) -> None:
    assert qualification_field(name, ENGLISH) == said
    assert qualification_field(name, JAPANESE) == name


def test_a_requirement_is_one_line() -> None:
    kind = RequirementKind.QUALIFICATION
    assert requirement_text(Requirement(kind, "", Origin.JAPANESE), ENGLISH) == "Registered qualification"
    assert requirement_text(Requirement(kind, "", Origin.JAPANESE, ("物品の販売",), ("B", "C")), ENGLISH) == (
        "Registered qualification: Sale of goods · ranks B, C"
    )


def test_events_have_their_words_and_one_from_a_later_version_its_own() -> None:
    assert event_text("joined", ENGLISH) == "found at another source too"
    assert event_text("paused", ENGLISH) == "paused"
