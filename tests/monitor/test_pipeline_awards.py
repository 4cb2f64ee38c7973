"""Awards in the one flow: recorded and counted like notices, in the same transaction, and told to nobody."""

import csv
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlmodel import Session, select

from db import awards, deliveries, runs, subscribers
from db.archive import Archive
from db.award import Award, Supplier
from db.engine import Database
from db.errors import RecordError
from db.history import Answer, Match, Run
from db.notice import Notice
from db.tender import TenderEvent
from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading
from db.vocabulary.run import RunMode, RunState
from monitor.pipeline import BATCH, Flow, Progress, run_source
from monitor.serving import serve
from monitor.standins.demo_data import demo_data
from monitor.standins.server import app
from scrapers.errors import FetchError
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import Finding, Page, Request, Source, Steps, Window, page_of
from scrapers.sources.pportal_awards import PportalAwards

NOW = datetime(2026, 6, 10, 6, tzinfo=TOKYO)
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
SAMPLE = SAMPLES / "pportal_awards" / "successful_bid_record_info_all_2025.csv"


class NoAreas:
    revision = "none"

    def read(self, notice: ScrapedNotice) -> Reading:
        return Reading()


class Scripted(Source):
    """A source that finds what a test says, after asking for one page."""

    slug: ClassVar[str] = "pportal_awards"

    def __init__(self, *found: Finding | BaseException) -> None:
        super().__init__()
        self.found = found

    def steps(self, window: Window) -> Steps:
        yield Request("https://www.example.jp/list")
        for one in self.found:
            if isinstance(one, BaseException):
                raise one
            yield one


@dataclass
class World:
    """A record, a clock, and how tests use them."""

    database: Database
    archive: Archive
    now: datetime = NOW
    told: list[Progress] = field(default_factory=list)

    @property
    def flow(self) -> Flow:
        return Flow(self.database, self.archive, NoAreas(), lambda: self.now)

    def run(self, *found: Finding | BaseException, **more: Any) -> Run:
        self.now += timedelta(hours=1)

        def watch(progress: Progress) -> None:
            self.told.append(replace(progress))

        return run_source(self.flow, Scripted(*found), fetch, watch=watch, **more)

    def rows(self, model: type[Any]) -> Sequence[Any]:
        with self.database.reading() as session:
            return session.exec(select(model)).all()


def fetch(request: Request) -> Page:
    return page_of(b"a page", request)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, Archive(tmp_path / "archive"))


def award(key: str = "1", price: str = "100", **more: Any) -> ScrapedAward:
    given: dict[str, Any] = {
        "source": "pportal_awards",
        "key": key,
        "title": "水素ステーションの保守",
        "date": date(2026, 6, 1),
        "published": date(2026, 6, 8),
        "supplier": "見本合同会社",
        "amount": Decimal(price),
    }
    return ScrapedAward(**(given | more))


def notice(key: str = "1") -> ScrapedNotice:
    return ScrapedNotice(
        source="pportal_awards",
        key=key,
        title="水素ステーションの保守",
        kind=NoticeKind.AWARD,
        published=date(2026, 6, 8),
        url="https://example.jp/1",
    )


def test_awards_count_as_found_new_and_changed(world: World) -> None:
    first = world.run(award("1"), award("2"))
    assert (first.state, first.mode, first.found, first.new, first.changed) == (RunState.OK, RunMode.FIRST, 2, 2, 0)
    again = world.run(award("1"), award("2", "90", published=date(2026, 6, 9)), award("3"))
    assert (again.state, again.mode, again.found, again.new, again.changed) == (
        RunState.OK,
        RunMode.REGULAR,
        3,
        1,
        1,
    )
    assert {row.run_id for row in world.rows(Award)} == {first.id, again.id}
    assert len(world.rows(Supplier)) == 1


def test_awards_and_notices_of_one_run_are_counted_together(world: World) -> None:
    run = world.run(award("1"), notice("1"), award("2"))
    assert (run.found, run.new, len(world.rows(Notice)), len(world.rows(Award))) == (3, 3, 1, 2)


def test_a_source_that_gives_awards_only_has_found_something(world: World) -> None:
    for _ in range(4):
        run = world.run(award())
        assert (run.state, run.error) == (RunState.OK, None)
    with world.database.reading() as session:
        assert runs.first_crawl_done(session, "pportal_awards")


def test_no_award_where_there_were_some_is_a_failure(world: World) -> None:
    world.run(award())
    world.run(award())
    run = world.run()
    assert run.state == RunState.FAILED
    assert "found nothing" in str(run.error)


def test_awards_are_told_to_nobody(world: World) -> None:
    world.run(award("0"))

    def subscribe(session: Session) -> None:
        person = subscribers.add(session, "reader@example.org", choices=subscribers.Choices(language="en"), now=NOW)
        subscribers.save_search(session, person, "水素", "水素", now=NOW)

    world.database.write(subscribe)
    assert world.run(award("0"), award("1")).new == 1
    assert (world.rows(Match), world.rows(TenderEvent)) == ([], [])


def test_more_awards_than_a_batch_are_all_kept(world: World) -> None:
    run = world.run(*(award(str(number)) for number in range(BATCH + 3)))
    assert (run.found, run.new, len(world.rows(Award))) == (BATCH + 3, BATCH + 3, BATCH + 3)
    assert [progress.found for progress in world.told][-2:] == [BATCH, BATCH + 3]


def test_awards_read_before_a_failure_are_kept(world: World) -> None:
    run = world.run(award(), FetchError("www.example.jp: no answer"))
    assert (run.state, run.found, len(world.rows(Award))) == (RunState.FAILED, 1, 1)


@pytest.mark.parametrize(("module", "name"), [(awards, "record"), (deliveries, "add_matches")])
def test_awards_are_kept_with_the_rest_of_their_batch_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RecordError("the disk is full")

    monkeypatch.setattr(module, name, broken)
    with pytest.raises(RecordError):
        world.run(award(), notice())
    assert [len(world.rows(model)) for model in (Award, Supplier, Notice, Answer)] == [0, 0, 0, 0]
    monkeypatch.undo()
    assert world.run(award(), notice()).new == 2


# The source, over its stand-in


@contextmanager
def portal(world: World, data: Path) -> Iterator[HttpFetcher]:
    with (
        serve(app(data)) as base,
        HttpFetcher(
            NetworkSettings("test/1 (+https://example.org/)", stand_in=base),
            clock=lambda: world.now,
            sleep=lambda seconds: pytest.fail("a stand-in is asked without pauses"),
            rng=random.Random(1),
        ) as fetcher,
    ):
        yield fetcher


def stored(world: World) -> list[tuple[Any, ...]]:
    """All awards in the eight columns of the portal's files."""
    numbers = {supplier.id: supplier.number for supplier in world.rows(Supplier)}
    return [
        (
            row.case_number,
            row.title,
            row.date.isoformat(),
            row.amount,
            row.buyer_code,
            row.method_code,
            row.supplier,
            numbers[row.supplier_id] or "",
        )
        for row in world.rows(Award)
    ]


@pytest.mark.skipif(not SAMPLE.exists(), reason=f"the real records are not here: {SAMPLE}")
def test_all_real_awards_read_back_equal_and_a_second_time_nothing_is_new(world: World) -> None:
    with SAMPLE.open(encoding="utf-8-sig", newline="") as text:
        rows = [tuple(row) for row in csv.reader(text)]
    expected = [(*row[:3], Decimal(row[3]), *row[4:]) for row in rows]
    assert len(expected) == 308
    with portal(world, SAMPLES) as fetcher:
        fetch = fetcher.for_source(PportalAwards.pause_seconds, PportalAwards.max_bytes)
        for new in (308, 0):
            run = run_source(world.flow, PportalAwards(), fetch, since=date(2024, 4, 1))
            assert (run.state, run.problems) == (RunState.OK, ())
            assert (run.found, run.new, run.changed) == (308, new, 0)
            assert sorted(stored(world), key=itemgetter(0, 6)) == sorted(expected, key=itemgetter(0, 6))
            world.now += timedelta(days=40)


def test_the_demos_awards_come_as_news_day_by_day_and_never_twice(world: World, tmp_path: Path) -> None:
    data = demo_data(NOW.date(), tmp_path / "demo")
    world.now = datetime.combine(NOW.date() - timedelta(days=7), NOW.time(), TOKYO)
    with portal(world, data) as fetcher:
        fetch = fetcher.for_source(PportalAwards.pause_seconds, PportalAwards.max_bytes)
        cut, oldest = world.now.date(), NOW.date() - timedelta(days=40)
        first = run_source(world.flow, PportalAwards(), fetch, mode=RunMode.FIRST, since=oldest, until=cut)
        world.now = NOW + timedelta(days=1)
        news = run_source(world.flow, PportalAwards(), fetch)
        again = run_source(world.flow, PportalAwards(), fetch, since=oldest)
    figures = [(run.state, run.problems, run.found, run.new, run.changed) for run in (first, news, again)]
    assert figures == [
        (RunState.OK, (), 10, 10, 0),
        # Three winners' prices, a correction, and three others; two were known.
        (RunState.OK, (), 9, 6, 1),
        (RunState.OK, (), 17, 0, 0),
    ]
    assert {str(row.amount) for row in world.rows(Award) if "自動運転" in row.title} == {"60500000.0000"}
