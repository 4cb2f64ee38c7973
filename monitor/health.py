"""How every source is doing and when it is asked next, for whoever asks: the clock, the commands, the page, cron."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from db import runs
from db.history import Run
from db.runs import SourceHealth
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import N_
from db.vocabulary.run import RunState

RETRY_AFTER = timedelta(hours=1)
"""A source that failed is tried again after this, if that is sooner than its own turn."""
OVERDUE_TURNS = 3
"""Turns without a success after which a source is no longer fresh."""


class Robots(StrEnum):
    """What robots.txt means for a source."""

    OBEYED = "obeyed"
    REFUSED = "refused"
    PERMITTED = "permitted"


ROBOTS: Mapping[Robots, str] = {
    Robots.OBEYED: N_("obeyed"),
    Robots.REFUSED: N_("forbids us"),
    Robots.PERMITTED: N_("set aside by permission"),
}


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source, how its runs went, and what comes next."""

    health: SourceHealth
    next_try_at: datetime | None
    """None: at once."""
    robots: Robots
    overdue: bool
    """Whether its last success is too long ago for its interval."""

    @property
    def slug(self) -> str:
        return self.health.source

    @property
    def trouble(self) -> int:
        """The more, the sooner somebody should look: 2 failing, 1 suspicious or partly read, 0 well."""
        run = self.health.last_run
        partly = run is not None and run.state == RunState.PARTIAL
        return 2 if self.health.failing_since else 1 if self.health.suspicious or partly else 0

    @property
    def failing(self) -> bool:
        """Whether somebody has to look at it: it fails, is refused, or was not read for too long."""
        return self.health.failing_since is not None or self.overdue


@dataclass(frozen=True, slots=True)
class Turn:
    """What decides when a source is asked, by the configuration."""

    slug: str
    every: timedelta
    ignores_robots: bool = False


def source_states(session: Session, turns: Sequence[Turn], *, now: datetime) -> list[SourceState]:
    """How the sources are doing, in the order given."""
    healths = runs.health(session, [turn.slug for turn in turns])
    return [_state(turn, health, now) for turn, health in zip(turns, healths, strict=True)]


def _state(turn: Turn, health: SourceHealth, now: datetime) -> SourceState:
    run, success = health.last_run, health.last_success_at
    next_try_at = next_turn(run, turn.every, now)
    refused = run is not None and run.state == RunState.REFUSED
    return SourceState(
        health=health,
        next_try_at=next_try_at if next_try_at > now else None,
        robots=Robots.PERMITTED if turn.ignores_robots else Robots.REFUSED if refused else Robots.OBEYED,
        overdue=success is None or not timedelta(0) <= now - success <= OVERDUE_TURNS * turn.every,
    )


def next_turn(last: Run | None, every: timedelta, now: datetime) -> datetime:
    """When a source is asked next: after its interval, or sooner where its last run failed.

    At once where the last run was not let finish, seems to run (a live one is not disturbed), or began in the
    future, when the clock was wrong.
    """
    at_once = datetime.min.replace(tzinfo=TOKYO)
    if last is None or last.state in (RunState.RUNNING, RunState.STOPPED) or last.started_at > now:
        return at_once
    return last.started_at + (min(every, RETRY_AFTER) if last.state == RunState.FAILED else every)
