"""What pages, feeds and letters are given by the household: the rate of the euro above all, which may be missing."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from alerts.feeds import FeedForm
from monitor.config import Config, CurrencySection
from monitor.currency import RateError
from monitor.household import household
from monitor.reading.access import RULES
from monitor.syndication import feed_bytes, web_app

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
GIVEN = Config(currency=CurrencySection(yen_per_euro=Decimal(160), day="2026-11-20"))


def with_file(file: Path) -> Config:
    return Config(currency=CurrencySection(file=str(file)))


def test_letters_are_given_the_calendar_of_japan_the_rules_of_access_and_the_rate(tmp_path: Path) -> None:
    with household(GIVEN, home=tmp_path, clock=lambda: NOW) as house:
        reckoning = house.writing().reckoning
    assert reckoning.working_days_left(NOW, datetime(2026, 11, 30, 3, 0, tzinfo=UTC)) == 4
    assert reckoning.too_few(4)
    assert reckoning.access_rules == RULES
    assert reckoning.in_euro is not None
    assert (reckoning.in_euro(Decimal(16_000)), reckoning.rate_day) == (Decimal(100), date(2026, 11, 20))


def test_without_a_rate_letters_tell_yen_alone(tmp_path: Path) -> None:
    with household(Config(), home=tmp_path, clock=lambda: NOW) as house:
        assert house.writing().reckoning.in_euro is None


def test_no_letter_waits_for_a_file_of_rates_that_is_not_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with household(with_file(tmp_path / "eurofxref.csv"), home=tmp_path, clock=lambda: NOW) as house:
        assert house.writing().reckoning.in_euro is None
    assert "no euro in letters" in caplog.text


def test_the_pages_are_not_opened_with_a_file_of_rates_that_is_not_there(tmp_path: Path) -> None:
    config = with_file(tmp_path / "eurofxref.csv")
    with (
        household(config, home=tmp_path, clock=lambda: NOW) as house,
        pytest.raises(RateError, match=r"eurofxref\.csv: cannot be read"),
    ):
        web_app(house)


def test_a_feed_that_may_be_published_anywhere_tells_the_whole_address_of_its_sheet(tmp_path: Path) -> None:
    config = Config.model_validate({"site": {"base_url": "https://example.org/monitor"}})
    with household(config, home=tmp_path, clock=lambda: NOW) as house:
        document = feed_bytes(house, "all", FeedForm.RSS, "en")
        assert b'href="https://example.org/monitor/static/feed.css?v=' in document
        with pytest.raises(KeyError):
            feed_bytes(house, "nothing", FeedForm.RSS, "en")
        with pytest.raises(KeyError):
            feed_bytes(house, "buyer:例示県", FeedForm.RSS, "en")


def test_feeds_are_in_yen_alone_and_need_no_rate(tmp_path: Path) -> None:
    with household(with_file(tmp_path / "eurofxref.csv"), home=tmp_path, clock=lambda: NOW) as house:
        assert feed_bytes(house, "all", FeedForm.ATOM, "en").startswith(b"<?xml")
