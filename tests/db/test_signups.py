"""How often a stranger may make the house write to an address."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from db import signups, subscribers
from db.engine import Database
from db.signups import Limit, Request

NOW = datetime(2026, 11, 23, 0, 3, tzinfo=UTC)
ANNA = Request(address="anna", domain="example.org", network="here")


def ask(database: Database, request: Request, at: datetime = NOW) -> Limit | None:
    return database.write(lambda session: signups.admit(session, request, now=at))


def test_an_address_gets_a_letter_every_ten_minutes_at_most(database: Database) -> None:
    assert ask(database, ANNA) is None
    assert ask(database, ANNA, NOW + timedelta(minutes=9)) is Limit.ADDRESS
    assert ask(database, ANNA, NOW + timedelta(minutes=10)) is None


def test_an_address_gets_five_letters_a_day_at_most(database: Database) -> None:
    for hour in range(5):
        assert ask(database, ANNA, NOW + timedelta(hours=hour)) is None
    assert ask(database, ANNA, NOW + timedelta(hours=23)) is Limit.ADDRESS
    assert ask(database, ANNA, NOW + timedelta(hours=24)) is None


@pytest.mark.parametrize(
    ("same", "limit", "most"),
    [
        ({"network": "here"}, Limit.NETWORK, "OF_A_NETWORK"),
        ({"domain": "example.org"}, Limit.DOMAIN, "OF_A_DOMAIN"),
        ({"domain": "example.org", "provider": True}, Limit.DOMAIN, "OF_A_PROVIDER"),
        ({}, Limit.ALL, "OF_ALL"),
    ],
)
def test_networks_domains_and_all_together_have_limits_for_an_hour(
    database: Database, monkeypatch: pytest.MonkeyPatch, same: dict[str, str], limit: Limit, most: str
) -> None:
    monkeypatch.setattr(signups, most, 3)

    def some(number: int) -> Request:
        different = Request(address=f"a{number}", domain=f"d{number}", network=f"n{number}")
        return replace(different, **same)  # type: ignore[arg-type]

    for number in range(3):
        assert ask(database, some(number), NOW + timedelta(minutes=number)) is None
    assert ask(database, some(4), NOW + timedelta(minutes=59)) is limit
    assert ask(database, some(5), NOW + timedelta(minutes=60)) is None, "the first one no longer counts"


def test_a_limit_that_says_nothing_of_the_address_is_named_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signups, "OF_A_NETWORK", 1)
    ask(database, ANNA)
    assert ask(database, ANNA) is Limit.NETWORK
    assert ask(database, replace(ANNA, network="there")) is Limit.ADDRESS


def test_what_was_refused_does_not_count(database: Database) -> None:
    ask(database, ANNA)
    for second in range(30):
        ask(database, replace(ANNA, network="flood"), NOW + timedelta(seconds=second))
    assert ask(database, replace(ANNA, address="bea", network="flood")) is None


def test_the_traces_are_gone_after_a_day(database: Database) -> None:
    ask(database, ANNA)
    database.write(lambda session: subscribers.expire(session, now=NOW + timedelta(days=1, seconds=1)))
    with database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM sign_up").scalar() == 0


def test_of_requests_at_the_same_moment_one_is_admitted(database_url: str, opened: Callable[[str], Database]) -> None:
    together = Barrier(4)

    def one(database: Database) -> Limit | None:
        together.wait()
        return ask(database, ANNA)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(one, [opened(database_url) for _ in range(4)]))
    assert sorted(map(str, answers)) == sorted(["None", *["address"] * 3])
