"""Readers' marks: kept once for each reader, counted, and not lost in a merge."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session

from db import feedbacks, notices, tenders
from db.composing import compose
from db.engine import Database
from db.feedbacks import Tally
from db.notices import ReadNotice
from db.tender import TenderAlias
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def tender(database: Database, key: str = "1") -> UUID:
    def work(session: Session) -> UUID:
        notice = ScrapedNotice(
            source="kkj",
            key=key,
            title="水素",
            kind=NoticeKind.TENDER,
            published=date(2026, 4, 1),
            url="https://example.jp",
        )
        (one,) = notices.record(session, [notice], run_id=uuid4(), now=NOW)
        read = ReadNotice(one.id, one.tender_id, one.version, notice, Reading())
        tenders.store(session, [compose(one.id, [read])], run_id=uuid4(), now=NOW, alerts=lambda change: False)
        return one.id

    return database.write(work)


def mark(
    database: Database, id: UUID, relevant: bool, *, reader: str = "a", area: str = "mobility", now: datetime = NOW
) -> None:
    database.write(lambda session: feedbacks.mark(session, id, area, reader, relevant=relevant, now=now))


def merged(database: Database, old: UUID, id: UUID) -> None:
    database.write(lambda session: session.add(TenderAlias(alias_id=old, tender_id=id)))


def tallies(database: Database) -> list[Tally]:
    with database.reading() as session:
        return [*feedbacks.tallies(session)]


def count(database: Database, since: datetime, **more: Any) -> int:
    with database.reading() as session:
        return feedbacks.count_since(session, since, **more)


def test_marks_are_counted_for_and_against_and_the_newest_stands_first(database: Database) -> None:
    first, second = tender(database, "1"), tender(database, "2")
    for reader, relevant in (("a", True), ("b", True), ("c", False)):
        mark(database, first, relevant, reader=reader)
    mark(database, first, False, area="renewables", now=LATER)
    mark(database, second, True, now=LATER + timedelta(hours=1))
    assert tallies(database) == [
        Tally(second, "mobility", 1, 0, LATER + timedelta(hours=1)),
        Tally(first, "renewables", 0, 1, LATER),
        Tally(first, "mobility", 2, 1, NOW),
    ]


def test_marking_again_replaces_the_readers_own_mark(database: Database) -> None:
    id = tender(database)
    mark(database, id, True)
    mark(database, id, False, now=LATER)
    assert tallies(database) == [Tally(id, "mobility", 0, 1, LATER)]


def test_marks_from_before_a_merge_count_for_the_tender_of_today(database: Database) -> None:
    id, old = tender(database), uuid4()
    mark(database, old, True, reader="a")
    mark(database, id, True, reader="b")
    assert [one.fits for one in tallies(database)] == [1]
    merged(database, old, id)
    assert tallies(database) == [Tally(id, "mobility", 2, 0, NOW)]


def test_a_reader_who_marked_both_sides_of_a_merge_counts_once_with_the_newest_mark(database: Database) -> None:
    id, old = tender(database), uuid4()
    mark(database, old, True, now=LATER)
    mark(database, id, False)
    merged(database, old, id)
    assert tallies(database) == [Tally(id, "mobility", 1, 0, LATER)]


def test_a_mark_under_an_old_id_is_kept_under_todays(database: Database) -> None:
    id, old = tender(database), uuid4()
    merged(database, old, id)
    mark(database, old, False)
    mark(database, id, True, now=LATER)
    assert tallies(database) == [Tally(id, "mobility", 1, 0, LATER)]


def test_marks_on_what_is_not_in_the_record_are_not_counted(database: Database) -> None:
    mark(database, uuid4(), True)
    assert tallies(database) == []


def test_marks_are_counted_since_a_moment_by_one_reader_or_by_all(database: Database) -> None:
    id = tender(database)
    mark(database, id, True, reader="a")
    mark(database, id, True, reader="a", now=LATER)
    mark(database, id, True, reader="b", now=LATER)
    mark(database, id, True, reader="a", area="renewables")
    assert count(database, NOW) == 3
    assert count(database, LATER) == 2
    assert count(database, NOW, reader="a") == 2
    assert count(database, LATER + timedelta(seconds=1)) == 0


def test_marks_are_counted_of_all_readers_whose_digits_begin_alike(database: Database) -> None:
    id = tender(database)
    for reader in ("0a1f", "0a2f", "0aff", "0bff", "09ff", "0a"):
        mark(database, id, True, reader=reader)
    assert count(database, NOW, reader="0a") == 4
    assert count(database, NOW, reader="0a2f") == 1
    assert count(database, LATER, reader="0a") == 0
