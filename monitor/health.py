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
        """The more, the sooner somebody should look: 3 failing, 2 suspicious, 1 refused or partly read, 0 well."""
        run = self.health.last_run
        partly = run is not None and run.state == RunState.PARTIAL
        failing = self.health.failing_since is not None and not self.refused
        return 3 if failing else 2 if self.health.suspicious else 1 if self.refused or partly else 0

    @property
    def refused(self) -> bool:
        """Whether robots.txt forbade the last run: nothing is wrong, and nothing is read."""
        run = self.health.last_run
        return run is not None and run.state == RunState.REFUSED

    @property
    def failing(self) -> bool:
        """Whether somebody has to look at it: it fails, or was not read for too long."""
        return not self.refused and (self.health.failing_since is not None or self.overdue)


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
    return SourceState(
        health=health,
        next_try_at=next_try_at if next_try_at > now else None,
        robots=_robots(turn, run),
        overdue=success is None or not timedelta(0) <= now - success <= OVERDUE_TURNS * turn.every,
    )


def _robots(turn: Turn, last: Run | None) -> Robots:
    if turn.ignores_robots:
        return Robots.PERMITTED
    return Robots.REFUSED if last is not None and last.state == RunState.REFUSED else Robots.OBEYED


def next_turn(last: Run | None, every: timedelta, now: datetime) -> datetime:
    """When a source is asked next: after its interval, or sooner where its last run failed.

    At once where the last run was not let finish, seems to run (a live one is not disturbed), or began in the
    future, when the clock was wrong.
    """
    at_once = datetime.min.replace(tzinfo=TOKYO)
    if last is None or last.state in (RunState.RUNNING, RunState.STOPPED) or last.started_at > now:
        return at_once
    return last.started_at + (min(every, RETRY_AFTER) if last.state == RunState.FAILED else every)
