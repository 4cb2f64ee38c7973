"""The clock: the record says what is due, and a failing tick does not stop it."""

import threading
import tomllib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from db import runs
from db.errors import RecordError
from db.history import Run
from db.vocabulary.japanese import TOKYO
from db.vocabulary.run import RunMode, RunState
from monitor import household as home_of
from monitor import schedule
from monitor.calling import Called
from monitor.config import Config
from monitor.household import Household, household
from monitor.registers import Register

NOW = datetime(2026, 4, 10, 6, tzinfo=TOKYO)


@pytest.fixture
def config(only_kkj: str) -> Config:
    return Config.model_validate(tomllib.loads(only_kkj))


def after_a_run(house: Household, state: RunState, *, hours: float) -> list[str]:
    """What is due so many hours after a run that began and ended so."""

    def work(session: Session) -> None:
        run = runs.begin(
            session,
            "kkj",
            mode=RunMode.REGULAR,
            since=date(2026, 4, 1),
            until=None,
            now=NOW - timedelta(hours=hours),
            who="here:1",
        )
        runs.end(session, run, state=state, now=NOW - timedelta(hours=hours))

    house.database.write(work)
    return schedule.due_sources(house)


def test_a_source_that_was_never_read_is_due(tmp_path: Path, config: Config) -> None:
    with household(config, home=tmp_path, clock=lambda: NOW) as house:
        assert schedule.due_sources(house) == ["kkj"]


@pytest.mark.parametrize(
    ("state", "hours", "due"),
    [
        (RunState.OK, 11.9, []),
        (RunState.OK, 12, ["kkj"]),
        (RunState.PARTIAL, 11.9, []),
        (RunState.FAILED, 0.9, []),
        (RunState.FAILED, 1, ["kkj"]),
        (RunState.REFUSED, 11.9, []),
    ],
)
def test_a_source_is_due_after_its_interval_and_sooner_when_it_failed(
    tmp_path: Path, config: Config, state: RunState, hours: float, due: list[str]
) -> None:
    with household(config, home=tmp_path, clock=lambda: NOW) as house:
        assert after_a_run(house, state, hours=hours) == due


def test_a_source_that_is_switched_off_is_never_due(tmp_path: Path) -> None:
    config = Config.model_validate({"source": {"kkj": {"enabled": False}}})
    with household(config, home=tmp_path, clock=lambda: NOW) as house:
        assert "kkj" not in schedule.due_sources(house)
        assert "pportal" in schedule.due_sources(house)


def test_the_operators_interval_counts(tmp_path: Path, config: Config) -> None:
    often = Config.model_validate({"source": {**config.model_dump()["source"], "kkj": {"every_hours": 2}}})
    with household(often, home=tmp_path, clock=lambda: NOW) as house:
        assert after_a_run(house, RunState.OK, hours=2) == ["kkj"]


@pytest.mark.parametrize("error", [RecordError("the disk is full"), ZeroDivisionError("a defect")])
def test_a_tick_that_fails_is_logged_and_the_clock_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def failing(house: Household) -> None:
        raise error

    with household(Config(), home=tmp_path, clock=lambda: NOW) as house:
        schedule.tick(house, failing)
    assert [record.levelname for record in caplog.records if record.name == "monitor.schedule"] == ["ERROR"]


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.STOPPED])
def test_a_run_that_was_not_let_finish_is_made_good_at_once(tmp_path: Path, config: Config, state: RunState) -> None:
    with household(config, home=tmp_path, clock=lambda: NOW) as house:
        assert after_a_run(house, state, hours=0.1) == ["kkj"]


def test_a_clock_that_was_ahead_once_does_not_stop_collecting(tmp_path: Path, config: Config) -> None:
    with household(config, home=tmp_path, clock=lambda: NOW) as house:
        assert after_a_run(house, RunState.OK, hours=-9000) == ["kkj"]


def test_letters_do_not_wait_for_a_crawl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collecting, delivered = threading.Event(), threading.Event()

    def collect(house: Household) -> None:
        collecting.set()
        assert delivered.wait(30)

    def deliver(house: Household) -> None:
        assert collecting.wait(30)
        delivered.set()

    monkeypatch.setattr(schedule, "collect_due", collect)
    monkeypatch.setattr(schedule, "deliver_due", deliver)
    with household(Config(), home=tmp_path, clock=lambda: NOW) as house, schedule.clockwork(house):
        assert delivered.wait(30)
    assert house.stop.is_set()


def test_after_a_full_disk_the_program_goes_on_to_collect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **more: object) -> Run:
        raise RecordError("the disk is full")

    monkeypatch.setattr(home_of, "run_source", full)
    with household(Config(), home=tmp_path, clock=lambda: NOW) as house:
        schedule.tick(house, schedule.collect_due)
        assert not house.stop.is_set()


def test_webhooks_wait_neither_for_a_crawl_nor_for_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = threading.Event()

    def collect(house: Household) -> None:
        assert called.wait(30)

    def deliver(house: Household) -> None:
        assert called.wait(30)

    def call(house: Household) -> None:
        called.set()

    monkeypatch.setattr(schedule, "collect_due", collect)
    monkeypatch.setattr(schedule, "deliver_due", deliver)
    monkeypatch.setattr(schedule, "call_due", call)
    with household(Config(), home=tmp_path, clock=lambda: NOW) as house, schedule.clockwork(house):
        assert called.wait(30)


def test_each_minute_the_webhooks_that_are_due_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[bool] = []

    def call(*given: object, stopping: Callable[[], bool], **more: object) -> list[Called]:
        rounds.append(stopping())
        return []

    monkeypatch.setattr(home_of, "call_due", call)
    with household(Config(), home=tmp_path, clock=lambda: NOW) as house:
        schedule.tick(house, schedule.call_due)
        house.stop.set()
        schedule.tick(house, schedule.call_due)
    assert rounds == [False, True], "a round ends before its next call when the program is about to end"


def test_at_night_a_register_is_asked_where_there_is_a_key_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def look_up_due(database: object, register: Register, **more: object) -> None:
        asked.append(register.name)

    monkeypatch.setattr(schedule, "look_up_due", look_up_due)
    keys = {"houjin_bangou_id": "Kmihon0000001"}
    for given in ({}, {"registers": keys}, {"registers": keys, "network": {"stand_in": "http://127.0.0.1:8100"}}):
        with household(Config.model_validate(given), home=tmp_path, clock=lambda: NOW) as house:
            schedule.tick(house, schedule.look_up)
    assert asked == ["houjin_bangou"], "and never for what stand-in portals say"
