"""The index of full-text search stays right whatever happens to tenders, and can be made anew at any time."""

import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from sqlmodel import Session

from db import documents, merges, tenders
from db.bulk import table
from db.derived import Derived, stale
from db.engine import Database
from db.errors import Busy
from db.migrate import STEPS, ready, upgrade
from db.search import TooSlow, find, search
from db.tender import Tender
from db.vocabulary import tokens
from db.vocabulary.notice import NoticeKind
from db.vocabulary.query import Searchable, parse
from db.vocabulary.reading import AreaScore, Evidence, Place
from db.vocabulary.tender import ComposedTender, TenderSource

NOW = datetime(2026, 4, 10, tzinfo=UTC)
DAY = date(2026, 4, 1)
HYDROGEN = AreaScore("hydrogen", 1.0, (Evidence("水素", "hydrogen", Place.TITLE, 1.0),))


def tender(number: int, title: str, *, published: date = DAY, areas: tuple[AreaScore, ...] = ()) -> ComposedTender:
    id = UUID(int=number)
    source = TenderSource("kkj", str(number), "https://example.org/", NoticeKind.TENDER, published, id)
    return ComposedTender(
        id=id, title=title, kind=NoticeKind.TENDER, published=published, sources=(source,), areas=areas
    )


def store(database: Database, *some: ComposedTender) -> None:
    database.write(
        lambda session: tenders.store(session, some, run_id=UUID(int=1), now=NOW, alerts=lambda change: False)
    )


def found(database: Database, query: str) -> list[int]:
    with database.reading() as session:
        return [id.int for id in find(session, parse(query), now=NOW)]


def number_of(database: Database, id: int) -> int | None:
    with database.reading() as session:
        return session.get_one(Tender, UUID(int=id)).document


def in_index(database: Database) -> int:
    """Documents in the index itself, those that lead nowhere included."""
    asked = "SELECT count(*) FROM search" + (" WHERE search MATCH 'a'" if database.is_sqlite else "")
    with database.reading() as session:
        return int(session.connection().execute(text(asked)).scalar_one())


def retire(database: Database) -> None:
    """As if the index had been made by another rule."""
    derived = table(Derived)
    database.write(
        lambda session: session.connection().execute(
            update(derived).where(derived.c.name == "search").values(revision="0")
        )
    )


def test_what_a_tender_says_now_is_found_and_what_it_said_before_is_not(database: Database) -> None:
    store(database, tender(1, "水素ステーション", areas=(HYDROGEN,)), tender(2, "照明"))
    assert (found(database, "水素"), found(database, "area:hydrogen"), found(database, "照明")) == ([1], [1], [2])
    store(database, tender(1, "照明器具"))
    assert (found(database, "水素"), found(database, "area:hydrogen OR 水素")) == ([], [])
    assert found(database, "照明") == [1, 2]


def test_a_tender_that_says_the_same_stays_where_it_is(database: Database) -> None:
    store(database, tender(1, "水素"))
    before = number_of(database, 1), in_index(database)
    database.write(lambda session: tenders.store_quietly(session, [tender(1, "水素")], now=NOW))
    store(database, replace(tender(1, "水素"), status="open"))
    assert (number_of(database, 1), in_index(database)) == before


def test_a_tender_that_is_published_again_takes_its_new_place(database: Database) -> None:
    store(database, *(tender(number, "水素", published=DAY + timedelta(days=number)) for number in (1, 2, 3)))
    assert found(database, "水素") == [3, 2, 1]
    store(database, tender(1, "水素", published=DAY + timedelta(days=40)))
    assert found(database, "水素") == [1, 3, 2]
    assert found(database, f"水素 published>{DAY + timedelta(days=3)}") == [1]


def test_of_one_day_the_order_is_that_of_the_ids_whenever_they_came(database: Database) -> None:
    for number in (5, 2, 9, 1):
        store(database, tender(number, "水素"))
    store(database, tender(9, "水素と照明"))
    assert found(database, "水素") == [1, 2, 5, 9]


def test_a_tender_that_went_into_another_is_found_no_more(database: Database) -> None:
    store(database, tender(1, "水素"), tender(2, "水素の照明"))
    database.write(lambda session: merges.absorb(session, {UUID(int=2): UUID(int=1)}))
    assert (found(database, "水素"), found(database, "照明")) == ([1], [])
    database.write(lambda session: tenders.store_quietly(session, [tender(1, "水素の照明")], now=NOW))
    assert found(database, "照明") == [1]


def test_a_tender_that_leaves_another_is_found_by_what_it_says_itself(database: Database) -> None:
    store(database, tender(1, "水素と照明"))

    def part(session: Session) -> None:
        merges.part(session, {UUID(int=2): UUID(int=1)})
        tenders.store_quietly(session, [tender(1, "水素"), tender(2, "照明")], now=NOW)

    database.write(part)
    assert (found(database, "水素"), found(database, "照明")) == ([1], [2])


def test_what_is_not_kept_is_not_found(database: Database) -> None:
    store(database, tender(1, "照明"))

    def break_off(session: Session) -> None:
        tenders.store(
            session, [tender(1, "水素"), tender(2, "水素")], run_id=UUID(int=1), now=NOW, alerts=lambda change: False
        )
        raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="disk is full"):
        database.write(break_off)
    assert (found(database, "水素"), found(database, "照明")) == ([], [1])
    store(database, tender(3, "水素"))
    assert found(database, "水素") == [3]


def test_what_was_recorded_before_there_was_an_index_is_found_once_it_is_made(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PORTION", 3)
    store(
        database,
        *(tender(number, f"水素{number}", published=DAY - timedelta(days=number // 2)) for number in range(1, 9)),
    )
    expected = found(database, "水素")
    retire(database)
    assert [step.name for step in stale(database, STEPS)] == ["search"]
    # Until it is made every tender is looked at.
    assert found(database, "水素") == expected
    with database.reading() as session, pytest.raises(TooSlow):
        search(session, parse("水素"), now=NOW, limit=5, going_on=lambda: False)
    upgrade(database)
    ready(database)
    assert (found(database, "水素"), in_index(database)) == (expected, 8)


def test_an_index_whose_making_was_ended_goes_on_where_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PORTION", 3)
    store(database, *(tender(number, f"水素{number}") for number in range(1, 9)))
    retire(database)
    index, made = documents.index, 0

    def dying(
        session: Session, some: Mapping[UUID, Searchable], known: Mapping[UUID, Tender]
    ) -> dict[UUID, documents.Indexed]:
        nonlocal made
        made += 1
        if made == 3:
            raise KeyboardInterrupt
        return index(session, some, known)

    with monkeypatch.context() as patched:
        patched.setattr(documents, "index", dying)
        with pytest.raises(KeyboardInterrupt):
            upgrade(database)
    assert found(database, "水素") == list(range(1, 9))
    begun = number_of(database, 1)
    assert (begun is not None, number_of(database, 8)) == (True, None)
    # What comes or changes in between is in the index already.
    store(database, tender(2, "照明"), tender(9, "水素9"), tender(8, "電池"))
    upgrade(database)
    assert number_of(database, 1) == begun
    assert (found(database, "水素"), found(database, "照明 OR 電池")) == ([1, 3, 4, 5, 6, 7, 9], [2, 8])


def test_an_index_of_which_most_leads_nowhere_is_made_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(database, *(tender(number, "水素") for number in range(1, 5)))
    for title in ("照明", "電池", "水素"):
        store(database, *(tender(number, title) for number in range(1, 4)))
    # PostgreSQL takes out at once what is gone.
    assert in_index(database) == (13 if database.is_sqlite else 4)
    upgrade(database)
    assert in_index(database) == (13 if database.is_sqlite else 4)
    monkeypatch.setattr(documents, "FEW", 3)
    upgrade(database)
    assert (in_index(database), found(database, "水素"), found(database, "照明")) == (4, [1, 2, 3, 4], [])


def test_a_day_without_numbers_left_loses_nothing(tmp_path: Path, opened: Callable[[str], Database]) -> None:
    """Only of SQLite: PostgreSQL counts all documents together, and never to an end."""
    database = opened(f"sqlite:///{tmp_path}/monitor.db")
    upgrade(database)
    store(database, tender(1, "水素"), tender(2, "水素", published=DAY - timedelta(days=1)))
    database.write(
        lambda session: session.connection().execute(
            text("UPDATE search_day SET last = :last WHERE day = :day"),
            {"last": (1 << documents.SQLITE_SLOTS) - 1, "day": DAY.toordinal()},
        )
    )
    store(database, tender(3, "水素"))
    assert found(database, "水素") == [1, 3, 2]
    store(database, tender(4, "水素"))
    assert number_of(database, 4) is None
    assert found(database, "水素") == [1, 3, 4, 2]
    upgrade(database)
    assert number_of(database, 4) == number_of(database, 3) + 1  # type: ignore[operator]
    assert found(database, "水素") == [1, 3, 4, 2]


def test_a_tender_with_too_many_words_for_the_index_is_found_by_what_it_says(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST", 20)
    store(database, tender(1, "水素ステーション整備工事のうち照明器具の更新とその他の工事"), tender(2, "水素"))
    assert found(database, "水素") == [1, 2]
    assert (found(database, "照明"), found(database, "NOT 照明"), found(database, "電池")) == ([1], [2], [])
    assert found(database, "kind:tender 水素 照明器具") == [1]
    store(database, tender(1, "電池"))
    assert (found(database, "水素"), found(database, "電池")) == ([2], [1])


def test_a_tender_with_too_many_words_is_found_by_what_changes_of_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST", 5)
    store(database, tender(1, "水素ステーション整備工事"))
    store(database, tender(1, "水素ステーション整備工事", areas=(HYDROGEN,)))
    assert found(database, "area:hydrogen 水素") == [1]
    store(database, tender(1, "水素ステーション整備工事"))
    assert (found(database, "area:hydrogen OR 照明"), found(database, "NOT area:hydrogen")) == ([], [1])


def test_a_tender_that_comes_just_as_the_index_is_made_anew_is_in_it(database: Database) -> None:
    store(database, tender(1, "水素"))
    retire(database)
    making = threading.Thread(target=upgrade, args=(database,))

    def come(session: Session) -> None:
        tenders.store(session, [tender(2, "水素")], run_id=UUID(int=1), now=NOW, alerts=lambda change: False)
        making.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        for _ in range(0 if database.is_sqlite else 20_000):
            if session.connection().execute(waiting).scalar_one():
                break

    database.write(come)
    making.join(60)
    assert (found(database, "水素"), in_index(database)) == ([1, 2], 2)


def test_compacting_the_file_leaves_the_index_as_it_is(database: Database) -> None:
    store(database, *(tender(number, f"水素{number}") for number in range(1, 6)))
    store(database, tender(2, "照明"))
    database.write(lambda session: merges.absorb(session, {UUID(int=4): UUID(int=1)}))
    if database.is_sqlite:
        with closing(sqlite3.connect(str(database.engine.url.database), isolation_level=None)) as connection:
            connection.execute("VACUUM")
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
            server.exec_driver_sql("VACUUM FULL")
    store(database, tender(6, "水素"))
    assert (found(database, "水素"), found(database, "照明")) == ([1, 3, 5, 6], [2])


def test_processes_that_write_the_same_tenders_at_once_do_no_harm(database: Database) -> None:
    ids = range(1, 40)
    store(database, *(tender(id, "照明") for id in ids))
    begin = threading.Barrier(3)
    errors: list[Busy] = []

    def write(title: str) -> None:
        try:
            begin.wait(30)
            for _ in range(5):
                store(database, *(tender(id, f"{title}の照明") for id in ids))
        except Busy as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(title,)) for title in ("水素", "電池", "更新")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # Three that never rest may be told to try again later; nothing is half written.
    assert len(errors) < len(threads)
    with database.reading() as session:
        titles = dict(session.connection().execute(select(table(Tender).c.id, table(Tender).c.title)).all())
        used = session.connection().execute(select(func.count(table(Tender).c.document))).scalar_one()
    assert used == len(ids)
    for title in ("水素", "電池", "更新"):
        assert found(database, title) == [id for id in ids if title in titles[UUID(int=id)]]
    assert found(database, "照明") == list(ids)
