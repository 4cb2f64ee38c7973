"""Which tenders are in a feed: those of which there was news, wherever else something was learnt of them."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from db import deliveries, feeding, merges, runs, subscribers, tenders
from db.deliveries import NewMatch
from db.engine import Database
from db.feeding import ARCHIVED, MOST_OF_THE_BEGINNING, ArchivePage, News, OfArea, OfBuyer, OfSearch, Part
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import AreaScore
from db.vocabulary.run import RunMode
from db.vocabulary.tender import ComposedTender, EventKind, TenderSource

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=TOKYO)
LIMIT = 100


def tender(
    number: int, *, title: str = "水素ステーション", areas: Iterable[str] = (), **more: object
) -> ComposedTender:
    id = UUID(int=number)
    fields: dict[str, object] = {
        "published": date(2026, 11, 20),
        "buyer": "例示県",
        "sources": (
            TenderSource(
                "kkj", str(number), f"https://example.org/{number}", NoticeKind.TENDER, date(2026, 11, 20), id
            ),
        ),
        **more,
    }
    return ComposedTender(
        id=id,
        title=title,
        kind=NoticeKind.TENDER,
        areas=tuple(AreaScore(area, 1.0, ()) for area in areas),
        **fields,  # type: ignore[arg-type]
    )


class Record:
    """A record in which things happen."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def happens(self, *some: ComposedTender, at: datetime, news: bool = True) -> None:
        """Tenders become known, or are known otherwise than before; whether that is news."""
        self.database.write(
            lambda session: tenders.store(session, some, run_id=UUID(int=9), now=at, alerts=lambda change: news)
        )

    def runs(self, at: datetime) -> None:
        self.database.write(
            lambda session: runs.begin(
                session, "kkj", mode=RunMode.FIRST, since=at.date(), until=None, now=at, who="test:1"
            )
        )

    def many(self, count: int, *, at: datetime, first: int = 1, step: timedelta = timedelta(minutes=1)) -> None:
        for number in range(count):
            self.happens(tender(first + number), at=at + number * step)

    def newest(self, part: Part | None = None, *, now: datetime = NOW) -> list[News]:
        with self.database.reading() as session:
            return feeding.newest(session, part, limit=LIMIT, now=now).news

    def numbers(self, part: Part | None = None) -> list[int]:
        return [one.card.id.int for one in self.newest(part)]

    def older(self, part: Part | None = None, *, now: datetime = NOW) -> ArchivePage | None:
        with self.database.reading() as session:
            return feeding.newest(session, part, limit=LIMIT, now=now).older

    def page(self, page: ArchivePage, part: Part | None = None, *, now: datetime = NOW) -> feeding.Archived | None:
        with self.database.reading() as session:
            return feeding.archived(session, part, page, now=now)

    def spellings(self, name: str) -> tuple[str, ...]:
        with self.database.reading() as session:
            return feeding.spellings(session, name)


@pytest.fixture
def record(database: Database) -> Record:
    return Record(database)


def hours_ago(count: int) -> datetime:
    return NOW - timedelta(hours=count)


# What is news ---------------------------------------------------------------------------------------------


def test_what_was_published_long_ago_and_found_today_is_in_no_feed_and_pushes_nothing_out(record: Record) -> None:
    record.happens(tender(1), at=hours_ago(2))
    record.happens(*(tender(number) for number in range(10, 200)), at=hours_ago(1), news=False)
    assert record.numbers() == [1]


def test_a_change_that_a_back_fill_finds_leaves_a_tender_where_it_was(record: Record) -> None:
    record.happens(tender(1), at=hours_ago(5))
    record.happens(tender(2), at=hours_ago(4))
    record.happens(tender(1, title="水素ステーション（再公告）"), at=hours_ago(1), news=False)
    first, second = record.newest()
    assert (first.card.id.int, second.card.id.int) == (2, 1)
    assert second.at == hours_ago(5)
    assert second.card.title == "水素ステーション（再公告）", "it is shown as it is now"


def test_a_change_brings_a_tender_up_again_and_is_told(record: Record) -> None:
    record.happens(tender(1), at=hours_ago(5))
    record.happens(tender(2), at=hours_ago(4))
    record.happens(tender(1, title="水素ステーション（変更）"), at=hours_ago(3))
    first, second = record.newest()
    assert (first.card.id.int, first.at, first.kind) == (1, hours_ago(3), EventKind.CHANGED)
    assert [(one.field, one.before, one.after) for one in first.changes] == [
        ("title", "水素ステーション", "水素ステーション（変更）")
    ]
    assert (second.card.id.int, second.changes) == (2, ())


def test_a_tender_that_is_withdrawn_is_an_updated_entry(record: Record) -> None:
    record.happens(tender(1), at=hours_ago(5))
    record.happens(tender(2), at=hours_ago(4))
    gone = tender(1)
    cancelled = ComposedTender(
        id=gone.id, title=gone.title, kind=NoticeKind.CANCELLATION, published=gone.published, sources=gone.sources
    )
    record.happens(cancelled, at=hours_ago(3))
    first = record.newest()[0]
    assert (first.card.id.int, first.card.cancelled, first.kind) == (1, True, EventKind.CANCELLED)


def test_merging_moves_no_entry_and_keeps_its_id(record: Record) -> None:
    record.happens(tender(1), at=hours_ago(6))
    record.happens(tender(2), at=hours_ago(5))
    record.happens(tender(3), at=hours_ago(4))
    record.database.write(lambda session: merges.absorb(session, {UUID(int=3): UUID(int=1)}))
    found = record.newest()
    assert [(one.card.id.int, one.at) for one in found] == [(1, hours_ago(4)), (2, hours_ago(5))]


def test_reading_again_moves_no_entry(record: Record) -> None:
    record.happens(tender(1), at=hours_ago(6))
    record.happens(tender(2), at=hours_ago(5))
    record.database.write(lambda session: tenders.store_quietly(session, [tender(1, areas=["mobility"])], now=NOW))
    assert [(one.card.id.int, one.at) for one in record.newest()] == [(2, hours_ago(5)), (1, hours_ago(6))]


# Which tenders --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("few", [0, 10_000])
def test_a_feed_of_an_area_has_its_tenders_only_however_they_are_looked_up(
    record: Record, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "FEW", few)
    for number in range(1, 9):
        record.happens(tender(number, areas=["mobility"] if number % 2 else []), at=hours_ago(20 - number))
    assert record.numbers(OfArea("mobility")) == [7, 5, 3, 1]
    assert record.numbers(OfArea("nothing")) == []


@pytest.mark.parametrize("few", [0, 10_000])
def test_a_feed_of_a_buyer_has_all_spellings_of_its_name(
    record: Record, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "FEW", few)
    for number, buyer in enumerate(["例示県 ＩＣＴ課", "例示県ICT課", "例示県", "例示県　ICT課", None], 1):
        record.happens(tender(number, buyer=buyer), at=hours_ago(20 - number))
    names = record.spellings("例示県ＩＣＴ課")
    assert set(names) == {"例示県 ＩＣＴ課", "例示県ICT課", "例示県　ICT課"}
    assert record.numbers(OfBuyer(names)) == [4, 2, 1]
    assert record.spellings("例示市") == record.spellings("") == record.spellings(" \0") == ()


def test_the_longest_name_of_a_buyer_can_be_kept_and_found_by_its_beginning(record: Record) -> None:
    endless = "".join(chr(0x4E00 + number % 20_000) for number in range(0, 60_000, 7))
    record.happens(tender(1, buyer=endless), at=hours_ago(1))
    assert record.numbers(OfBuyer(record.spellings(endless))) == [1]


@pytest.mark.parametrize("few", [0, 10_000])
def test_a_feed_of_a_saved_search_has_what_it_matched_told_or_not(
    record: Record, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "FEW", few)

    def subscribe(session: Session) -> UUID:
        person = subscribers.add(session, "anna@example.org", now=hours_ago(99))
        return subscribers.save_search(session, person, "Hydrogen", "水素", now=hours_ago(99)).id

    search = record.database.write(subscribe)
    assert record.newest(OfSearch(search)) == []
    for number in (1, 2, 3):
        record.happens(tender(number), at=hours_ago(20 - number))
    record.happens(tender(1, title="水素ステーション（変更）"), at=hours_ago(3))
    matches = [
        NewMatch(search, UUID(int=1), 1, ("水素",)),
        NewMatch(search, UUID(int=3), 1, ("水素",), waiting=False),
        NewMatch(search, UUID(int=1), 2, ("水素",)),
    ]
    record.database.write(lambda session: deliveries.add_matches(session, matches, now=NOW))
    assert [(one.card.id.int, one.at) for one in record.newest(OfSearch(search))] == [
        (1, hours_ago(3)),
        (3, hours_ago(17)),
    ]


def test_one_tender_that_changes_all_day_leaves_the_others_their_place(record: Record) -> None:
    record.many(120, at=hours_ago(40))
    for number in range(300):
        record.happens(tender(500, title=f"第{number}回"), at=hours_ago(30) + timedelta(minutes=number))
    found = record.numbers()
    assert found == [500, *range(120, 21, -1)]


# The beginning --------------------------------------------------------------------------------------------


def test_a_new_installation_shows_what_its_first_crawl_found_last_published_first(record: Record) -> None:
    record.runs(hours_ago(50))
    found = [
        tender(number, published=date(2026, 11, 1) + timedelta(days=number % 20), areas=["mobility"])
        for number in range(1, 60)
    ]
    record.happens(*found, at=hours_ago(49), news=False)
    shown = record.newest()
    assert len(shown) == MOST_OF_THE_BEGINNING
    assert {one.at for one in shown} == {hours_ago(49)}
    days = [one.card.published for one in shown]
    assert days == sorted(days, reverse=True)
    assert max(days) == date(2026, 11, 20)
    assert record.numbers(OfArea("mobility")) == [one.card.id.int for one in shown]
    assert record.numbers(OfBuyer(("例示県",))) == [one.card.id.int for one in shown]
    assert record.older() is None


def test_nothing_that_is_found_later_adds_to_the_beginning(record: Record) -> None:
    record.runs(hours_ago(50))
    record.happens(tender(1), at=hours_ago(49), news=False)
    record.happens(tender(2), at=hours_ago(10), news=False)
    record.happens(tender(3), at=hours_ago(9))
    assert record.numbers() == [3, 1]


def test_with_enough_news_the_beginning_is_over(record: Record) -> None:
    record.runs(hours_ago(50))
    record.happens(*(tender(number) for number in range(100, 130)), at=hours_ago(49), news=False)
    record.many(MOST_OF_THE_BEGINNING - 1, at=hours_ago(20))
    assert len(record.newest()) == MOST_OF_THE_BEGINNING
    record.happens(tender(90), at=hours_ago(1))
    assert record.numbers() == [90, *range(MOST_OF_THE_BEGINNING - 1, 0, -1)]


def test_a_record_without_any_run_has_an_empty_feed(record: Record) -> None:
    assert record.newest() == []
    assert record.older() is None


# The archive ----------------------------------------------------------------------------------------------


def walk(record: Record, part: Part | None = None, *, now: datetime = NOW) -> list[tuple[ArchivePage, list[News]]]:
    """All pages of the archive, the newest first, as a program finds them."""
    found: list[tuple[ArchivePage, list[News]]] = []
    page = record.older(part, now=now)
    while page is not None:
        archived = record.page(page, part, now=now)
        assert archived is not None
        if found:
            assert archived.newer == found[-1][0]
        found.append((page, archived.news))
        page = archived.older
    return found


def test_every_tender_can_be_reached_from_the_feed_and_a_full_page_never_changes(record: Record) -> None:
    record.many(ARCHIVED * 2 + 50, at=datetime(2026, 9, 28, 0, 0, tzinfo=TOKYO), step=timedelta(hours=2))
    pages = walk(record)
    september, october = date(2026, 9, 1), date(2026, 10, 1)
    assert [(page.month, page.number, len(news)) for page, news in pages] == [
        (october, 3, 14),
        (october, 2, 100),
        (october, 1, 100),
        (september, 1, 36),
    ]
    reached = {one.card.id for _, news in pages for one in news} | {one.card.id for one in record.newest()}
    assert len(reached) == ARCHIVED * 2 + 50
    moments = [one.at for _, news in pages for one in news]
    assert moments == sorted(moments, reverse=True)
    record.many(120, at=hours_ago(100), first=1000)
    assert walk(record)[-4:] == pages


def test_a_page_is_there_when_it_is_full_or_its_month_is_over(record: Record) -> None:
    record.many(ARCHIVED - 1, at=hours_ago(100))
    page = ArchivePage(date(2026, 11, 1), 1)
    assert record.page(page) is None
    record.happens(tender(900), at=hours_ago(1))
    assert record.page(page) is not None
    record.happens(tender(901), at=hours_ago(1))
    second = ArchivePage(date(2026, 11, 1), 2)
    assert record.page(second) is None
    december = datetime(2026, 12, 1, 0, 0, tzinfo=TOKYO)
    assert record.page(second, now=december - timedelta(seconds=1)) is None
    over = record.page(second, now=december)
    assert over is not None
    assert [one.card.id.int for one in over.news] == [901]
    assert (over.older, over.newer) == (page, None)


def test_what_is_on_no_page_yet_is_in_the_feed(record: Record) -> None:
    record.many(ARCHIVED + 99, at=hours_ago(200))
    on_pages = {one.card.id for _, news in walk(record) for one in news}
    in_feed = {one.card.id for one in record.newest()}
    assert len(on_pages | in_feed) == ARCHIVED + 99


def test_an_archived_entry_stays_on_its_page_when_there_is_news_of_it(record: Record) -> None:
    record.many(ARCHIVED + 50, at=hours_ago(300))
    page = ArchivePage(date(2026, 11, 1), 1)
    before = record.page(page)
    record.happens(tender(1, title="水素ステーション（変更）"), at=hours_ago(1))
    after = record.page(page)
    assert before is not None
    assert after is not None
    assert [(one.card.id, one.at) for one in after.news] == [(one.card.id, one.at) for one in before.news]
    assert record.newest()[0].card.id == UUID(int=1)


def test_pages_that_there_are_not_are_not_found(record: Record) -> None:
    record.many(3, at=hours_ago(10))
    for month, number in ((date(2026, 11, 1), 1), (date(2026, 10, 1), 1), (date(2099, 12, 1), 7)):
        assert record.page(ArchivePage(month, number)) is None


def test_months_are_those_of_tokyo(record: Record) -> None:
    record.happens(tender(1), at=datetime(2026, 9, 30, 14, 59, tzinfo=UTC))
    record.happens(tender(2), at=datetime(2026, 9, 30, 15, 0, tzinfo=UTC))
    september, october = (record.page(ArchivePage(date(2026, month, 1), 1)) for month in (9, 10))
    assert september is not None
    assert october is not None
    assert [one.card.id.int for one in september.news] == [1]
    assert [one.card.id.int for one in october.news] == [2]
    assert (september.newer, october.older) == (ArchivePage(date(2026, 10, 1), 1), ArchivePage(date(2026, 9, 1), 1))


def test_an_archive_of_an_area_counts_its_own_tenders(record: Record) -> None:
    for number in range(1, 2 * ARCHIVED + 21):
        record.happens(
            tender(number, areas=["mobility"] if number % 2 else []), at=hours_ago(250) + timedelta(minutes=number)
        )
    part = OfArea("mobility")
    assert len(record.newest(part)) == LIMIT
    ((page, news),) = walk(record, part)
    assert (page, len(news)) == (ArchivePage(date(2026, 11, 1), 1), ARCHIVED)
    assert all(one.card.id.int % 2 for one in news)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 3)), max_size=40))
def test_a_feed_is_what_a_look_through_all_events_gives(
    sqlite_record: Record, happened: list[tuple[int, bool, int]]
) -> None:
    record = sqlite_record
    record.database.write(lambda session: session.connection().exec_driver_sql("DELETE FROM tender"))
    at = hours_ago(200)
    expected: dict[int, datetime] = {}
    for step, (number, news, later) in enumerate(happened):
        at += timedelta(hours=later, minutes=1)
        record.happens(tender(number, title=f"第{step}回"), at=at, news=news)
        if news:
            expected[number] = at
    assert {one.card.id.int: one.at for one in record.newest()} == expected
    assert record.numbers() == sorted(expected, key=lambda number: expected[number], reverse=True)


@pytest.fixture
def sqlite_record(tmp_path: Path, sqlite_template: Path, opened: Callable[[str], Database]) -> Record:
    path = tmp_path / "monitor.db"
    copyfile(sqlite_template, path)
    return Record(opened(f"sqlite:///{path}"))


# What the database does -----------------------------------------------------------------------------------


def test_news_are_read_by_their_index(sqlite_record: Record) -> None:
    with sqlite_record.database.reading() as session:
        log = feeding._latest_first(feeding._log(session, None)).limit(LIMIT)
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {log.compile(session.connection(), compile_kwargs={'literal_binds': True})}"
        )
        assert "ix_tender_event_news" in " ".join(str(row[3]) for row in plan)
