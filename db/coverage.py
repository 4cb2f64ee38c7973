"""What was read within a span of time, and what could not be: for the line that says how far a letter can be trusted."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from db import runs
from db.bulk import table
from db.history import Run
from db.vocabulary.run import RunMode, RunState


@dataclass(frozen=True, slots=True)
class Unread:
    """A source that could not be read, and when it last was (None: never yet); ``partly``: not all of it."""

    source: str
    since: datetime | None
    partly: bool = False


@dataclass(frozen=True, slots=True)
class WhatWasRead:
    """How many of the sources were read in a span of time, what was new or changed there, and which cannot be read.

    ``read`` leaves out those that cannot be read now. ``notices`` counts what regular crawls found to be new or changed: that, and no more, is what searches are held
    against. What a crawl only sees again is not in it, or the figure would grow with the number of crawls.
    """

    wanted: int
    read: int
    notices: int
    unread: tuple[Unread, ...]


def what_was_read(session: Session, sources: Collection[str], *, start: datetime, end: datetime) -> WhatWasRead:
    """Of the sources (by slug), what was read from ``start`` until ``end``, and which of them cannot be read now.

    A few queries for each source: whoever writes many letters of one window asks once.
    """
    run = table(Run)
    rows = (
        session.connection()
        .execute(
            select(run.c.source, func.sum(run.c.new + run.c.changed), run.c.mode)
            .where(
                run.c.source.in_(sources),
                run.c.started_at >= start,
                run.c.started_at < end,
                run.c.mode.in_((RunMode.FIRST, RunMode.REGULAR)),
                run.c.state.in_((RunState.OK, RunState.PARTIAL)),
            )
            .group_by(run.c.source, run.c.mode)
        )
        .all()
    )
    unread = tuple(_unread(session, sources))
    return WhatWasRead(
        wanted=len(sources),
        read=len({row[0] for row in rows} - {one.source for one in unread}),
        notices=sum(row[1] for row in rows if row[2] == RunMode.REGULAR),
        unread=unread,
    )


def _unread(session: Session, sources: Collection[str]) -> Iterator[Unread]:
    for health in runs.health(session, sources):
        good = runs.last_regular(session, health.source)
        if health.failing_since is not None or health.last_success_at is None:
            yield Unread(health.source, health.last_success_at)
        elif good is not None and good.state == RunState.PARTIAL:
            yield Unread(health.source, good.finished_at, partly=True)
