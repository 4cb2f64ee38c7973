"""The one flow: what is recorded, who is alerted, and that failing, repeating and dying do no harm."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlmodel import Session, col, select

from db import deliveries, runs, subscribers
from db.archive import Archive
from db.engine import Database
from db.errors import Busy, RecordError
from db.history import Answer, Match, Run, SourceLease
from db.notice import Notice, NoticeVersion
from db.tender import Tender, TenderArea, TenderEvent
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import Saying
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import AreaScore, Evidence, Place, Reading
from db.vocabulary.run import Coverage, Problem, RunMode, RunState
from monitor.pipeline import BATCH, Flow, Progress, ReadAgain, read_again, run_source
from scrapers.errors import FetchError, Refused, SourceChanged
from scrapers.source import Finding, Page, Request, Source, SourceOptions, Steps, Window, page_of

NOW = datetime(2026, 4, 10, 6, tzinfo=TOKYO)
HYDROGEN = "水素ステーション整備工事"


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **more: int) -> None:
        self.now += timedelta(**more)


@dataclass(frozen=True)
class Words:
    """A reader that gives an area for every word it knows."""

    words: tuple[tuple[str, str], ...] = (("水素", "renewables"),)

    @property
    def revision(self) -> str:
        return repr(self.words)

    def read(self, notice: ScrapedNotice) -> Reading:
        return Reading(
            tuple(
                AreaScore(area, 1.0, (Evidence(word, word, Place.TITLE, 1.0),))
                for word, area in self.words
                if word in notice.title
            )
        )


class Scripted(Source):
    """A source that finds what a test says, after asking for one page."""

    slug: ClassVar[str] = "kkj"

    def __init__(self, *found: Finding | BaseException) -> None:
        super().__init__()
        self.found = found
        self.windows: list[Window] = []

    def steps(self, window: Window) -> Steps:
        self.windows.append(window)
        yield Request("https://www.example.jp/list", params=(("since", str(window.since)),))
        for one in self.found:
            if isinstance(one, BaseException):
                raise one
            yield one


@dataclass
class World:
    """A record and a clock, and the ways in which tests use them."""

    database: Database
    archive: Archive
    clock: Clock = field(default_factory=Clock)
    words: Words = field(default_factory=Words)
    told: list[Progress] = field(default_factory=list)

    @property
    def flow(self) -> Flow:
        return Flow(self.database, self.archive, self.words, self.clock)

    def run(self, *found: Finding | BaseException, **more: Any) -> Run:
        return run_source(self.flow, Scripted(*found), fetch, watch=self.told.append, **more)

    def opened(self, *found: Finding) -> None:
        """The source was read as a whole a while ago."""
        self.clock.now = NOW - timedelta(days=1)
        self.run(*found)
        self.clock.now = NOW

    def subscribe(self, query: str) -> None:
        def work(session: Session) -> None:
            person = subscribers.add(
                session, "reader@example.org", choices=subscribers.Choices(language="en"), now=NOW
            )
            subscribers.save_search(session, person, query, query, now=NOW)

        self.database.write(work)

    def rows(self, model: type[Any]) -> Sequence[Any]:
        with self.database.reading() as session:
            return session.exec(select(model)).all()

    def matches(self) -> list[tuple[str, int]]:
        with self.database.reading() as session:
            rows = session.exec(
                select(Tender.title, Match.sequence)
                .join(Match, col(Match.tender_id) == col(Tender.id))
                .order_by(col(Tender.title), col(Match.sequence))
            )
            return [(title, sequence) for title, sequence in rows]


def fetch(request: Request) -> Page:
    return page_of(b"a page that asks for " + str(request.params).encode(), request, headers={"etag": '"1"'})


def notice(key: str = "1", **more: Any) -> ScrapedNotice:
    given: dict[str, Any] = {
        "source": "kkj",
        "key": key,
        "title": HYDROGEN,
        "kind": NoticeKind.TENDER,
        "published": date(2026, 4, 8),
        "url": f"https://example.jp/{key}",
        "text": "次のとおり公告する。",
    }
    return ScrapedNotice(**(given | more))


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, Archive(tmp_path / "archive"))


def test_what_a_source_publishes_becomes_a_tender_with_its_areas(world: World) -> None:
    run = world.run(notice(), notice("2", title="道路工事"))
    assert (run.state, run.found, run.new, run.changed, run.requests) == (RunState.OK, 2, 2, 0, 1)
    assert {tender.title for tender in world.rows(Tender)} == {HYDROGEN, "道路工事"}
    (area,) = world.rows(TenderArea)
    assert (area.area, area.evidence[0].term) == ("renewables", "水素")


def test_reading_a_source_twice_changes_nothing(world: World) -> None:
    world.run(notice(), notice("2"))
    world.clock.go_on(hours=12)
    again = world.run(notice(), notice("2"))
    assert (again.state, again.found, again.new, again.changed) == (RunState.OK, 2, 0, 0)
    assert len(world.rows(NoticeVersion)) == 2
    assert len(world.rows(TenderEvent)) == 2


def test_the_first_crawl_alerts_nobody_and_the_next_tells_what_is_new(world: World) -> None:
    world.subscribe("水素")
    first = world.run(notice("1", title="水素の一"))
    assert (first.mode, world.matches()) == (RunMode.FIRST, [])
    world.clock.go_on(hours=12)
    second = world.run(notice("1", title="水素の一"), notice("2", title="水素の二"), notice("3", title="道路"))
    assert (second.mode, world.matches()) == (RunMode.REGULAR, [("水素の二", 1)])


def test_a_back_fill_alerts_nobody(world: World) -> None:
    world.opened(notice("0"))
    world.subscribe("水素")
    run = world.run(notice("1"), mode=RunMode.BACKFILL, since=date(2020, 1, 1))
    assert (run.new, world.matches()) == (1, [])
    assert not any(event.alerts for event in world.rows(TenderEvent))


def test_a_first_crawl_that_missed_a_part_is_followed_by_another_that_alerts_nobody(world: World) -> None:
    world.subscribe("水素")
    part = Problem("13", Saying("no answer"))
    assert world.run(notice("1"), part).state == RunState.PARTIAL
    world.clock.go_on(hours=1)
    assert world.run(notice("1"), notice("2")).mode == RunMode.FIRST
    assert world.matches() == []


def test_a_part_that_is_never_readable_does_not_silence_a_source_for_ever(world: World) -> None:
    part = Problem("13", Saying("no answer"))
    modes = []
    for _ in range(4):
        modes.append(world.run(notice(), part).mode)
        world.clock.go_on(hours=12)
    assert modes == [RunMode.FIRST, RunMode.FIRST, RunMode.FIRST, RunMode.REGULAR]


def test_a_deadline_that_moves_is_an_event_and_matches(world: World) -> None:
    deadline = datetime(2026, 5, 1, 17, tzinfo=TOKYO)
    world.opened(notice(deadline=deadline))
    world.subscribe("水素")
    run = world.run(notice(deadline=deadline + timedelta(days=7)))
    assert (run.changed, world.matches()) == (1, [(HYDROGEN, 2)])
    event = world.rows(TenderEvent)[-1]
    assert [(c.field, c.before, c.after) for c in event.changes] == [
        ("deadline", "2026-05-01T17:00:00+09:00", "2026-05-08T17:00:00+09:00")
    ]


def test_a_title_that_changes_only_in_width_and_spacing_is_no_news(world: World) -> None:
    world.opened(notice(title="水素ステーション整備工事（１期）"))
    world.subscribe("水素")
    run = world.run(notice(title="水素ステーション 整備工事(1期)"))
    assert (run.changed, world.matches()) == (0, [])
    assert len(world.rows(TenderEvent)) == 1


def test_two_notices_with_one_address_are_two_tenders(world: World) -> None:
    shared = "https://www.p-portal.go.jp/pps-web-biz/UAA01/OAA0101"
    run = world.run(notice("1", document_url=shared), notice("2", document_url=shared))
    assert (run.new, len(world.rows(Tender))) == (2, 2)


def test_more_notices_than_a_batch_are_all_kept(world: World) -> None:
    run = world.run(*(notice(str(number)) for number in range(BATCH + 3)))
    assert (run.found, run.new, len(world.rows(Notice))) == (BATCH + 3, BATCH + 3, BATCH + 3)
    assert world.told[-1].found == BATCH + 3


@pytest.mark.parametrize(
    "error", [FetchError("www.example.jp: no answer"), SourceChanged("kkj: HTML instead of XML")]
)
def test_what_was_read_before_a_failure_is_kept_and_the_reason_is_told(world: World, error: Exception) -> None:
    run = world.run(notice(), error)
    assert (run.state, str(run.error), run.new) == (RunState.FAILED, str(error), 1)
    assert len(world.rows(Tender)) == 1
    assert world.rows(SourceLease) == []


def test_a_refusal_is_a_state_of_its_own(world: World) -> None:
    run = world.run(Refused("www.example.jp: robots.txt forbids /list"))
    assert run.state == RunState.REFUSED


def test_a_part_that_could_not_be_read_is_remembered_and_the_rest_kept(world: World) -> None:
    run = world.run(
        notice(), Problem("13", Saying("no answer from {host}", {"host": "x"})), Coverage("14", 3, 3, True)
    )
    assert run.state == RunState.PARTIAL
    assert [str(problem.saying) for problem in run.problems] == ["no answer from x"]
    assert run.coverage == (Coverage("14", 3, 3, True),)


def test_hundreds_of_unreadable_parts_are_counted_and_not_listed(world: World) -> None:
    run = world.run(*(Problem(str(number), Saying("no")) for number in range(300)))
    assert len(run.problems) == 51
    assert "250" in str(run.problems[-1].saying)


def test_nothing_where_there_was_something_is_a_failure(world: World) -> None:
    world.opened(notice())
    run = world.run()
    assert run.state == RunState.FAILED
    assert "found nothing, where 1 were found on 2026-04-09" in str(run.error)


def test_nothing_on_the_first_visit_is_an_answer(world: World) -> None:
    assert world.run().state == RunState.OK


def test_a_defect_in_one_source_is_told_in_its_run(world: World) -> None:
    run = world.run(notice(), KeyError("column"))
    assert run.state == RunState.FAILED
    assert "KeyError('column')" in str(run.error)
    assert len(world.rows(Tender)) == 1
    assert world.rows(SourceLease) == []


def test_an_interrupt_ends_the_run_properly(world: World) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.run(notice(), KeyboardInterrupt())
    assert [run.state for run in world.rows(Run)] == [RunState.FAILED]
    assert world.rows(SourceLease) == []


def test_a_regular_run_looks_back_to_the_last_good_one(world: World) -> None:
    world.opened(notice())
    source = Scripted(notice())
    world.clock.now = NOW + timedelta(days=30)
    run_source(world.flow, source, fetch)
    # The last good run was on 9 April, and the source may publish ten days late.
    assert source.windows[0].since == date(2026, 3, 30)


def test_every_raw_answer_is_in_the_archive_before_it_is_read(world: World) -> None:
    world.run(SourceChanged("kkj: not understood"))
    (answer,) = world.rows(Answer)
    assert answer.request == "GET https://www.example.jp/list?since=2026-03-31"
    with world.archive.open(answer.digest) as kept:
        assert kept.read().startswith(b"a page")
    assert answer.etag == '"1"'


def test_a_source_that_another_process_is_collecting_is_left_alone(world: World) -> None:
    def work(session: Session) -> None:
        runs.begin(session, "kkj", mode=RunMode.FIRST, since=NOW.date(), until=None, now=NOW, who="elsewhere:1")

    world.database.write(work)
    with pytest.raises(Busy, match="elsewhere:1"):
        world.run(notice())
    assert world.rows(Notice) == []


def test_reading_again_moves_areas_and_tells_nobody(world: World) -> None:
    world.opened(notice("1"), notice("2", title="道路工事"))
    world.subscribe("area:mobility")
    world.words = Words((("道路", "mobility"),))
    report = read_again(world.flow)
    assert (report.read, report.moved) == (2, 2)
    assert [area.area for area in world.rows(TenderArea)] == ["mobility"]
    assert (len(world.rows(TenderEvent)), world.matches()) == (2, [])
    again, all_again = read_again(world.flow), read_again(world.flow, everything=True)
    assert [(one.read, one.moved) for one in (again, all_again)] == [(0, 0), (2, 0)]


def test_reading_again_reports_what_came_and_went_with_a_few_examples(world: World) -> None:
    world.opened(*(notice(str(number), title=f"水素 {number}") for number in range(4)), notice("road", title="道路"))
    world.words = Words((("道路", "mobility"), ("水素 1", "renewables"), ("水素 2", "mobility")))
    seen: list[tuple[int, int]] = []
    report = read_again(world.flow, examples=2, watch=lambda one: seen.append((one.read, one.moved)))
    moves = {
        area: (one.before, one.added, one.removed, one.after, len(one.examples_added), len(one.examples_removed))
        for area, one in report.areas.items()
    }
    assert moves == {"renewables": (4, 0, 3, 1, 0, 2), "mobility": (0, 2, 0, 2, 2, 0)}
    assert {one.title for one in report.areas["mobility"].examples_added} == {"道路", "水素 2"}
    assert seen == [(5, 4)]


def test_reading_again_that_was_broken_off_goes_on_where_it_was(world: World) -> None:
    world.opened(*(notice(str(number)) for number in range(BATCH + 1)))
    world.words = Words((("水素", "mobility"),))

    def break_off(report: ReadAgain) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_again(world.flow, watch=break_off)
    report = read_again(world.flow)
    assert (report.read, report.areas["mobility"].before, report.areas["mobility"].after) == (1, BATCH, BATCH + 1)


def test_recording_and_matching_a_batch_is_one_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.opened(notice("0", title="道路"))
    world.subscribe("水素")

    def broken(session: Session, matches: Iterator[Any], *, now: datetime) -> None:
        list(matches)
        raise RecordError("the disk is full")

    monkeypatch.setattr(deliveries, "add_matches", broken)
    with pytest.raises(RecordError):
        world.run(notice())
    assert [len(world.rows(model)) for model in (Notice, Tender, TenderEvent)] == [1, 1, 1]
    monkeypatch.undo()
    world.clock.go_on(hours=1)
    run = world.run(notice())
    assert (run.new, world.matches()) == (1, [(HYDROGEN, 1)])
    assert [one.state for one in world.rows(Run)].count(RunState.RUNNING) == 0


def test_a_full_disk_ends_with_one_line_and_the_next_run_makes_it_good(
    tmp_path: Path, opened: Callable[[str], Database], sqlite_template: Path
) -> None:
    path = tmp_path / "small.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = opened(f"sqlite:///{path}")
    world = World(database, Archive(tmp_path / "archive"))
    long = [notice(str(number), text="長い文" * 2000) for number in range(BATCH)]
    # The limit holds for a connection, and the pool gives back the one that was just used.
    with database.reading() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar() or 0
        session.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(RecordError, match="the disk is full; nothing of this step was kept"):
        world.run(*long)
    (failed,) = world.rows(Run)
    assert (failed.state, "the disk is full" in str(failed.error)) == (RunState.FAILED, True)
    assert world.rows(Notice) == []
    database.close()
    roomy = World(opened(f"sqlite:///{path}"), Archive(tmp_path / "archive"))
    assert roomy.run(*long).new == BATCH
    assert RunState.RUNNING not in [run.state for run in roomy.rows(Run)]


KILLED = """
    import os, signal, sys
    from datetime import datetime
    from pathlib import Path
    from tests_pipeline import Clock, Flow, Scripted, Words, fetch, notice
    from db.archive import Archive
    from db.engine import Database
    from monitor.pipeline import BATCH, run_source

    class Killed(Scripted):
        def steps(self, window):
            yield from super().steps(window)
            os.kill(os.getpid(), signal.SIGKILL)

    many = [notice(str(number)) for number in range(BATCH + 7)]
    flow = Flow(Database(sys.argv[1]), Archive(Path(sys.argv[2])), Words(), Clock())
    run_source(flow, Killed(*many), fetch)
"""


def test_a_killed_process_leaves_whole_batches_and_the_next_run_makes_it_good(
    world: World, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "tests_pipeline.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), database_url, str(tmp_path / "archive")],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{root}"},
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert len(world.rows(Notice)) == BATCH
    assert [run.state for run in world.rows(Run)] == [RunState.RUNNING]
    again = world.run(*(notice(str(number)) for number in range(BATCH + 7)))
    assert (again.state, again.found, again.new) == (RunState.OK, BATCH + 7, 7)
    states = {run.state: str(run.error) for run in world.rows(Run)}
    assert "the process ended in the middle" in states[RunState.FAILED]


def test_what_is_found_because_more_days_are_asked_for_is_no_news(world: World) -> None:
    world.opened(notice("0"))
    world.subscribe("水素")
    old = notice("old", title="古い水素", published=date(2025, 11, 1))
    run = world.run(notice("0"), notice("1"), old)
    assert (run.mode, run.new, world.matches()) == (RunMode.REGULAR, 2, [(HYDROGEN, 1)])


def test_what_another_choice_of_prefectures_finds_is_no_news(world: World) -> None:
    world.opened(notice("0"))
    world.subscribe("水素")

    def chosen(*codes: str) -> Run:
        source = Scripted(notice("0"), notice("1"))
        source.options = SourceOptions(prefectures=codes)
        world.clock.go_on(hours=1)
        return run_source(world.flow, source, fetch)

    assert [chosen("13", "14").mode, chosen("13", "14").mode] == [RunMode.FIRST, RunMode.REGULAR]
    assert world.matches() == []


def test_what_a_better_parser_reads_differently_is_no_news(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.opened(notice("1", title="入札 水素"), notice("2", title="水素の二"))
    world.subscribe("水素")
    monkeypatch.setattr(Scripted, "revision", 2)
    run = world.run(notice("1", title="水素"), notice("2", title="水素の二"))
    assert (run.changed, world.matches()) == (1, [])
    world.clock.go_on(hours=1)
    world.run(notice("1", title="水素"), notice("2", title="水素の二（延期）"))
    assert world.matches() == [("水素の二（延期）", 2)]


def test_a_subscriber_may_leave_in_the_middle_of_a_crawl(world: World) -> None:
    world.opened(notice("0"))
    world.subscribe("水素")

    class Leaving(Scripted):
        def steps(self, window: Window) -> Steps:
            world.database.write(lambda session: subscribers.forget(session, "reader@example.org"))
            yield from super().steps(window)

    run = run_source(world.flow, Leaving(notice("0"), notice("1")), fetch)
    assert (run.state, run.new, world.rows(Match)) == (RunState.OK, 1, [])


def test_a_program_that_ends_stops_the_crawl_before_its_next_request(world: World) -> None:
    flow = replace(world.flow, stopping=lambda: True)
    run = run_source(flow, Scripted(notice()), fetch)
    assert (run.state, run.requests) == (RunState.STOPPED, 0)
    assert world.rows(SourceLease) == []


def test_long_notices_are_kept_in_smaller_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.pipeline.BATCH_CHARACTERS", 1000)
    seen: list[int] = []
    source = Scripted(*(notice(str(number), text="長" * 600) for number in range(4)))
    run_source(world.flow, source, fetch, watch=lambda progress: seen.append(progress.found))
    assert seen == [0, 2, 4, 4]


def test_a_source_that_was_empty_at_first_was_not_read_yet(world: World) -> None:
    world.run()
    world.subscribe("水素")
    world.clock.go_on(hours=12)
    assert (world.run(notice()).mode, world.matches()) == (RunMode.FIRST, [])


def test_a_cancellation_is_told_as_one(world: World) -> None:
    world.opened(notice())
    world.subscribe("水素")
    world.run(notice(kind=NoticeKind.CANCELLATION, title=f"中止公告（{HYDROGEN}）"))
    event = world.rows(TenderEvent)[-1]
    assert (event.kind, event.alerts, world.matches()[0][1]) == ("cancelled", True, 2)


def test_a_saved_search_that_cannot_be_read_does_not_stop_the_others(world: World) -> None:
    world.opened(notice("0"))
    world.subscribe("水素")
    world.subscribe("(水素")
    world.run(notice("1"))
    assert world.matches() == [(HYDROGEN, 1)]


class Endless(Source):
    """A source that leads in a circle, and takes every failure for one of a part."""

    slug: ClassVar[str] = "kkj"

    def steps(self, window: Window) -> Steps:
        for number in range(1_000_000):
            try:
                yield Request("https://www.example.jp/list", params=(("page", str(number)),))
            except (FetchError, SourceChanged) as error:
                yield Problem(str(number), error.saying)
            else:
                yield notice(str(number))


def test_a_source_that_leads_in_a_circle_ends_at_its_limit_of_requests_and_keeps_what_it_read(world: World) -> None:
    run = run_source(world.flow, Endless(SourceOptions(max_requests=7)), fetch)
    assert (run.state, run.requests, run.found) == (RunState.FAILED, 7, 7)
    assert str(run.error) == (
        "stopped after 7 requests, its limit; what it had read is kept. "
        "Ask for fewer days, or raise max_requests under [source.kkj]"
    )
    assert len(world.rows(Notice)) == 7


def test_a_source_that_takes_too_long_ends_at_its_limit_of_time(world: World) -> None:
    def slow(request: Request) -> Page:
        world.clock.go_on(minutes=4)
        return fetch(request)

    run = run_source(world.flow, Endless(SourceOptions(max_minutes=10)), slow)
    assert (run.state, run.requests, "stopped after 10 minutes" in str(run.error)) == (RunState.FAILED, 3, True)


def test_after_a_run_that_met_its_limit_the_next_asks_for_the_same_days_again(world: World) -> None:
    world.opened(notice())
    first = run_source(world.flow, Endless(SourceOptions(max_requests=3)), fetch)
    world.clock.go_on(days=3)
    second = run_source(world.flow, Endless(SourceOptions(max_requests=5)), fetch)
    assert (second.since, second.new) == (first.since, 2)


@pytest.mark.parametrize(
    "ended", [FetchError("down"), Problem("a part", Saying("timed out"))], ids=["failed", "in part"]
)
def test_what_a_first_crawl_did_not_read_is_asked_for_again_until_it_is_read(
    world: World, ended: Finding | BaseException
) -> None:
    since = date(2026, 1, 1)
    world.run(notice(), ended, mode=RunMode.FIRST, since=since)
    world.clock.go_on(hours=1)
    again = world.run(notice())
    assert (again.mode, again.since) == (RunMode.FIRST, since)
    world.clock.go_on(hours=1)
    assert world.run(notice()).since > since, "it was read as a whole"


def test_a_first_crawl_that_was_read_whole_and_found_nothing_is_not_made_again_from_its_beginning(
    world: World,
) -> None:
    since = date(2026, 1, 1)
    world.run(mode=RunMode.FIRST, since=since)
    world.clock.go_on(hours=1)
    again = world.run(notice())
    assert (again.mode, again.since > since) == (RunMode.FIRST, True)
