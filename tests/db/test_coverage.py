"""What a letter may claim about how far the sources were read."""

from datetime import datetime, timedelta

from sqlmodel import Session

from db import runs
from db.coverage import Unread, WhatWasRead, what_was_read
from db.engine import Database
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import Saying
from db.vocabulary.run import RunMode, RunState

EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SOURCES = ("kkj", "jetro", "nedo")


def crawled(
    database: Database,
    source: str,
    at: datetime,
    state: RunState = RunState.OK,
    *,
    new: int = 0,
    changed: int = 0,
    found: int = 500,
    mode: RunMode = RunMode.REGULAR,
) -> None:
    def work(session: Session) -> None:
        run = runs.begin(session, source, mode=mode, since=at.date(), until=None, now=at, who="test:1")
        run.found, run.new, run.changed = found, new, changed
        error = Saying("it is closed") if state is RunState.FAILED else None
        runs.end(session, run, state=state, now=at + timedelta(minutes=1), error=error)

    database.write(work)


def asked(database: Database) -> WhatWasRead:
    with database.reading() as session:
        return what_was_read(session, SOURCES, start=EIGHT - DAY, end=EIGHT)


def test_what_is_new_or_changed_is_counted_and_not_what_every_crawl_sees_again(database: Database) -> None:
    for source in SOURCES:
        crawled(database, source, EIGHT - 3 * HOUR, new=7)
        crawled(database, source, EIGHT - 2 * HOUR, new=2, changed=1)
    assert asked(database) == WhatWasRead(wanted=3, read=3, notices=30, unread=())


def test_only_regular_crawls_within_the_window_count(database: Database) -> None:
    for source in SOURCES:
        crawled(database, source, EIGHT - DAY - HOUR, new=100)
        crawled(database, source, EIGHT, new=100)
    crawled(database, "kkj", EIGHT - HOUR, new=5)
    crawled(database, "jetro", EIGHT - HOUR, new=1000, mode=RunMode.FIRST)
    crawled(database, "nedo", EIGHT - HOUR, new=1000, mode=RunMode.BACKFILL)
    assert asked(database) == WhatWasRead(wanted=3, read=2, notices=5, unread=())


def test_sources_that_cannot_be_read_are_named_and_not_counted_as_read(database: Database) -> None:
    crawled(database, "kkj", EIGHT - 3 * HOUR, new=4)
    crawled(database, "kkj", EIGHT - 2 * HOUR, RunState.FAILED)
    crawled(database, "jetro", EIGHT - 2 * HOUR, RunState.PARTIAL, new=3)
    assert asked(database) == WhatWasRead(
        wanted=3,
        read=0,
        notices=7,
        unread=(
            Unread("kkj", EIGHT - 3 * HOUR + timedelta(minutes=1)),
            Unread("jetro", EIGHT - 2 * HOUR + timedelta(minutes=1), partly=True),
            Unread("nedo", None),
        ),
    )


def test_other_sources_do_not_count(database: Database) -> None:
    crawled(database, "retired", EIGHT - HOUR, new=50)
    assert asked(database).notices == 0
