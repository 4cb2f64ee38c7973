"""How a source is doing: fresh, failing, suspicious, refused; and when it is asked next."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from db import runs
from db.engine import Database
from db.vocabulary.japanese import TOKYO
from db.vocabulary.run import RunMode, RunState
from monitor.health import Robots, SourceState, Turn, source_states

NOW = datetime(2026, 4, 10, 6, tzinfo=TOKYO)
TURN = Turn("kkj", timedelta(hours=12))


def ran(database: Database, state: RunState, *, hours_ago: float, found: int = 10) -> None:
    def work(session: Session) -> None:
        at = NOW - timedelta(hours=hours_ago)
        run = runs.begin(
            session, "kkj", mode=RunMode.REGULAR, since=date(2026, 4, 1), until=None, now=at, who="here:1"
        )
        run.found = found
        runs.end(session, run, state=state, now=at)

    database.write(work)


def state_of(database: Database, turn: Turn = TURN) -> SourceState:
    with database.reading() as session:
        return source_states(session, [turn], now=NOW)[0]


def test_a_source_that_was_never_read_is_asked_at_once_and_is_not_fresh(database: Database) -> None:
    state = state_of(database)
    assert (state.slug, state.next_try_at, state.robots, state.failing) == ("kkj", None, Robots.OBEYED, True)


@pytest.mark.parametrize(
    ("ended", "hours_ago", "next_in_hours", "failing"),
    [
        (RunState.OK, 1, 11, False),
        (RunState.PARTIAL, 1, 11, False),
        (RunState.OK, 13, None, False),
        (RunState.OK, 37, None, True),
        (RunState.FAILED, 0.5, 0.5, True),
        (RunState.REFUSED, 1, 11, False),
        (RunState.STOPPED, 1, None, True),
    ],
)
def test_what_the_last_run_means(
    database: Database, ended: RunState, hours_ago: float, next_in_hours: float | None, failing: bool
) -> None:
    ran(database, ended, hours_ago=hours_ago)
    state = state_of(database)
    expected = None if next_in_hours is None else NOW + timedelta(hours=next_in_hours)
    assert (state.next_try_at, state.failing) == (expected, failing)


def test_a_refusal_by_robots_txt_is_a_state_of_its_own_and_permission_another(database: Database) -> None:
    ran(database, RunState.REFUSED, hours_ago=1)
    assert state_of(database).robots is Robots.REFUSED
    assert state_of(database, Turn("kkj", timedelta(hours=12), ignores_robots=True)).robots is Robots.PERMITTED
    ran(database, RunState.OK, hours_ago=0)
    assert state_of(database).robots is Robots.OBEYED
