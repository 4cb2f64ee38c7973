"""Runs: who crawls which source, what becomes of a process that ends in the middle, and how sources are doing."""

import socket
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session

from db import runs
from db.engine import Database
from db.errors import Busy
from db.history import Answer, Run, SourceLease
from db.runs import INTERRUPTED, LEASE, SourceHealth
from db.vocabulary.messages import Saying
from db.vocabulary.run import Coverage, Problem, RunMode, RunState

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
TODAY = date(2026, 4, 1)
ELSEWHERE = "other-machine:17"


def begin(
    database: Database,
    source: str = "kkj",
    *,
    who: str | None = None,
    now: datetime = NOW,
    mode: RunMode = RunMode.REGULAR,
) -> Run:
    return database.write(
        lambda session: runs.begin(
            session, source, mode=mode, since=TODAY, until=None, now=now, who=who or runs.owner()
        )
    )


def end(database: Database, run: Run, state: RunState = RunState.OK, *, now: datetime = NOW, **more: Any) -> Run:
    return database.write(lambda session: runs.end(session, run, state=state, now=now, **more))


def stored(database: Database, run: Run) -> Run:
    with database.reading() as session:
        return session.get_one(Run, run.id)


def lease(database: Database, source: str = "kkj") -> SourceLease | None:
    with database.reading() as session:
        return session.get(SourceLease, source)


@pytest.fixture(scope="module")
def dead() -> str:
    """A process of this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{socket.gethostname()}:{process.pid}"


# Claims ------------------------------------------------------------------------------------------------


def test_a_run_claims_its_source_and_releases_it_at_its_end(database: Database) -> None:
    run = begin(database)
    held = lease(database)
    assert held is not None
    assert (held.owner, held.run_id, held.until) == (runs.owner(), run.id, NOW + LEASE)
    run.found = 3
    ended = end(
        database,
        run,
        RunState.PARTIAL,
        now=NOW + timedelta(minutes=1),
        problems=[Problem("13", Saying("no answer"))],
        coverage=[Coverage("01", 3, 3, True)],
    )
    assert lease(database) is None
    found = stored(database, run)
    assert found == ended
    assert (found.state, found.found, found.started_at, found.finished_at, found.error) == (
        RunState.PARTIAL,
        3,
        NOW,
        NOW + timedelta(minutes=1),
        None,
    )
    assert found.problems == (Problem("13", Saying("no answer")),)
    assert found.coverage == (Coverage("01", 3, 3, True),)


def test_a_second_process_is_refused_and_told_who_is_at_it(database: Database) -> None:
    run = begin(database, who=ELSEWHERE)
    with pytest.raises(Busy) as told:
        begin(database)
    assert str(told.value) == (
        "kkj: process other-machine:17 is collecting it right now; wait for it, or end it first"
    )
    assert stored(database, run).state == RunState.RUNNING


def test_a_living_process_of_this_machine_is_not_disturbed(database: Database) -> None:
    begin(database, who=runs.owner())
    with pytest.raises(Busy):
        begin(database, who=f"{socket.gethostname()}:0")


def test_another_source_is_free(database: Database) -> None:
    begin(database, "kkj", who=ELSEWHERE)
    assert begin(database, "pportal").state == RunState.RUNNING


def test_the_claim_of_a_process_that_ended_is_taken_over_at_once(database: Database, dead: str) -> None:
    left = begin(database, who=dead)
    run = begin(database, now=NOW + timedelta(seconds=1))
    held = lease(database)
    assert held is not None
    assert held.run_id == run.id
    broken = stored(database, left)
    assert (broken.state, broken.error, broken.finished_at) == (
        RunState.FAILED,
        INTERRUPTED,
        NOW + timedelta(seconds=1),
    )


def test_a_claim_from_another_machine_holds_for_its_time_and_no_longer(database: Database) -> None:
    left = begin(database, who=ELSEWHERE)
    with pytest.raises(Busy):
        begin(database, now=NOW + LEASE - timedelta(seconds=1))
    begin(database, now=NOW + LEASE)
    assert stored(database, left).error == INTERRUPTED


def test_a_process_id_that_another_program_has_now_does_not_block_a_source_for_ever(database: Database) -> None:
    begin(database, who=runs.owner())
    assert begin(database, who=ELSEWHERE, now=NOW + LEASE).owner == ELSEWHERE


def test_a_sign_of_life_makes_a_claim_hold_longer(database: Database) -> None:
    run = begin(database, who=ELSEWHERE)
    database.write(lambda session: runs.keep_alive(session, run, now=NOW + LEASE / 2))
    with pytest.raises(Busy):
        begin(database, now=NOW + LEASE)
    begin(database, now=NOW + LEASE + LEASE / 2)


def test_a_run_that_was_taken_over_is_told_so_and_does_not_release_the_claim(database: Database) -> None:
    slow = begin(database, who=ELSEWHERE)
    run = begin(database, now=NOW + LEASE)
    with pytest.raises(Busy, match="kkj: another process has taken this run over; this one stops"):
        database.write(lambda session: runs.keep_alive(session, slow, now=NOW + LEASE))
    end(database, slow, RunState.FAILED)
    held = lease(database)
    assert held is not None
    assert held.run_id == run.id


def test_two_processes_that_claim_a_source_at_the_same_moment_are_told_apart(database: Database) -> None:
    other = Database(str(database.engine.url), sleep=lambda seconds: None)
    refused: list[str] = []

    def work(session: Session) -> Run:
        session.get(SourceLease, "kkj")
        if not database.is_sqlite and not refused:
            begin(other, who=ELSEWHERE)
            refused.append("taken meanwhile")
        return runs.begin(session, "kkj", mode=RunMode.REGULAR, since=TODAY, until=None, now=NOW, who=runs.owner())

    try:
        if database.is_sqlite:
            begin(other, who=ELSEWHERE)
        with pytest.raises(Busy, match="is collecting it right now"):
            database.write(work)
    finally:
        other.close()


# Memory ------------------------------------------------------------------------------------------------


def history(
    database: Database, *states: RunState, found: int = 0, mode: RunMode = RunMode.REGULAR, start: int = 0
) -> list[Run]:
    """Runs of kkj, a day apart, each ending an hour after its beginning."""
    made: list[Run] = []
    for day, state in enumerate(states, start):
        at = NOW + timedelta(days=day)
        run = begin(database, now=at, mode=mode)
        run.found = found
        made.append(end(database, run, state, now=at + timedelta(hours=1)))
    return made


def health(database: Database, *sources: str) -> list[SourceHealth]:
    with database.reading() as session:
        return runs.health(session, sources)


def test_a_source_that_never_ran_is_known_as_such(database: Database) -> None:
    assert health(database, "kkj") == [SourceHealth("kkj", None, None, None, None)]


def test_health_tells_the_last_good_run_and_since_when_it_fails(database: Database) -> None:
    all_runs = history(database, RunState.FAILED, RunState.OK, RunState.FAILED, RunState.REFUSED, found=10)
    (one, other) = health(database, "kkj", "pportal")
    assert one == SourceHealth(
        source="kkj",
        last_run=all_runs[-1],
        last_success_at=NOW + timedelta(days=1, hours=1),
        failing_since=NOW + timedelta(days=2),
        usually_found=None,
    )
    assert other.last_run is None


def test_a_source_that_works_again_is_not_failing(database: Database) -> None:
    history(database, RunState.OK, RunState.FAILED, RunState.PARTIAL)
    (one,) = health(database, "kkj")
    assert (one.failing_since, one.last_success_at) == (None, NOW + timedelta(days=2, hours=1))


def test_a_source_that_never_worked_is_failing_from_its_first_run(database: Database) -> None:
    history(database, RunState.FAILED, RunState.FAILED)
    (one,) = health(database, "kkj")
    assert (one.failing_since, one.last_success_at, one.usually_found) == (NOW, None, None)


def test_a_run_under_way_says_nothing_of_a_sources_health(database: Database) -> None:
    (ended,) = history(database, RunState.OK)
    begin(database, now=NOW + timedelta(days=5))
    (one,) = health(database, "kkj")
    assert (one.last_run, one.failing_since, one.last_success_at) == (ended, None, NOW + timedelta(hours=1))


def test_what_is_usually_found_is_the_mean_of_ten_good_regular_runs_before_the_last(database: Database) -> None:
    history(database, RunState.OK, found=10_000, mode=RunMode.FIRST)
    history(database, *[RunState.OK] * 3, found=1000, start=1)
    history(database, *[RunState.PARTIAL] * 5, found=20, start=4)
    history(database, RunState.FAILED, found=0, start=9)
    history(database, *[RunState.OK] * 5, found=10, start=10)
    history(database, RunState.OK, found=9000, start=20)
    assert health(database, "kkj")[0].usually_found == 15


@pytest.mark.parametrize(("found", "suspicious"), [(20, False), (10, False), (9, True), (0, True)])
def test_a_source_that_finds_less_than_half_of_what_is_usual_is_suspicious(
    database: Database, found: int, suspicious: bool
) -> None:
    history(database, *[RunState.OK] * 3, found=20)
    history(database, RunState.OK, found=found, start=5)
    assert health(database, "kkj")[0].suspicious is suspicious


@pytest.mark.parametrize("runs_before", [0, 1, 2])
def test_nothing_is_usual_before_three_regular_runs(database: Database, runs_before: int) -> None:
    history(database, *[RunState.OK] * runs_before, found=20)
    history(database, RunState.OK, found=1, start=5)
    (one,) = health(database, "kkj")
    assert (one.usually_found, one.suspicious) == (None, False)


def test_the_last_regular_run_is_no_back_fill_and_no_failure(database: Database) -> None:
    (good,) = history(database, RunState.PARTIAL)
    history(database, RunState.OK, mode=RunMode.BACKFILL, start=1)
    history(database, RunState.FAILED, RunState.REFUSED, start=2)
    with database.reading() as session:
        assert runs.last_regular(session, "kkj") == good
        assert runs.last_regular(session, "pportal") is None


@pytest.mark.parametrize(
    ("states", "mode", "done"),
    [
        ([], RunMode.FIRST, False),
        ([RunState.FAILED], RunMode.FIRST, False),
        ([RunState.OK], RunMode.FIRST, True),
        ([RunState.PARTIAL] * 2, RunMode.FIRST, False),
        ([RunState.PARTIAL] * 3, RunMode.FIRST, True),
        ([RunState.OK], RunMode.BACKFILL, False),
        ([RunState.PARTIAL], RunMode.REGULAR, True),
        ([RunState.FAILED], RunMode.REGULAR, False),
    ],
)
def test_a_source_is_news_once_it_was_read_as_a_whole(
    database: Database, states: list[RunState], mode: RunMode, done: bool
) -> None:
    history(database, *states, mode=mode, found=3)
    with database.reading() as session:
        assert runs.first_crawl_done(session, "kkj") is done


# Answers -----------------------------------------------------------------------------------------------


def answer(run: Run, number: int, request: str = "GET https://example.jp/", **more: Any) -> Answer:
    given: dict[str, Any] = {
        "status": 200,
        "fetched_at": NOW + timedelta(minutes=number),
        "digest": f"{number:064}",
        "size": 1,
        "content_type": "text/html",
    }
    return Answer(run_id=run.id, number=number, request=request, **(given | more))


def last(database: Database, request: str = "GET https://example.jp/") -> int | None:
    with database.reading() as session:
        found = runs.last_answer(session, request)
    return found.number if found else None


def test_the_newest_whole_answer_that_can_be_asked_for_again_is_found(database: Database) -> None:
    run = begin(database)
    kept = [
        answer(run, 1, etag='"old"'),
        answer(run, 2, last_modified="Wed, 01 Apr 2026 00:00:00 GMT"),
        answer(run, 3, status=404, etag='"error"'),
        answer(run, 4),
        answer(run, 5, "GET https://example.jp/other", etag='"other"'),
    ]
    database.write(lambda session: runs.keep_answers(session, kept))
    assert last(database) == 2
    assert last(database, "GET https://example.jp/other") == 5
    assert last(database, "POST https://example.jp/") is None


def test_a_long_form_is_kept_and_found_again(database: Database) -> None:
    run = begin(database)
    state = "".join(str(uuid4()) for _ in range(1000))
    form, other = f"POST https://example.jp/ state={state}", f"POST https://example.jp/ state={state}x"
    kept = [answer(run, 1, form, etag='"a"'), answer(run, 2, other, etag='"b"')]
    database.write(lambda session: runs.keep_answers(session, kept))
    assert (last(database, form), last(database, other)) == (1, 2)
    assert kept[0].request == form


def test_no_answers_are_nothing_to_keep(database: Database) -> None:
    database.write(lambda session: runs.keep_answers(session, []))
    assert last(database) is None
