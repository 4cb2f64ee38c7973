"""Moments and typed values keep their meaning on the way through a database."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Column, ColumnElement, Integer, MetaData, Table, cast, insert, literal_column, select
from sqlalchemy.exc import StatementError

from db.engine import Database
from db.types import Typed, UtcDateTime, encode
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Attachment, Category, FieldChange, NoticeKind, ScrapedNotice
from db.vocabulary.reading import AreaScore, Evidence, Place
from db.vocabulary.run import Coverage, Problem
from db.vocabulary.tender import TenderSource

TOKYO = timezone(timedelta(hours=9))

Kept = Callable[[Any, Any], Any]


@pytest.fixture
def kept(empty_database: Database) -> Kept:
    """What a database gives back for a value in a column of a type."""

    def through(type_: Any, value: Any) -> Any:
        table = Table("thing", MetaData(), Column("id", Integer, primary_key=True), Column("value", type_))
        with empty_database.engine.begin() as connection:
            table.create(connection)
            connection.execute(insert(table).values(id=1, value=value))
            found = connection.execute(select(table.c.value)).scalar_one()
            table.drop(connection)
        return found

    return through


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 4, 1, 17, 0, tzinfo=TOKYO),
        datetime(2026, 4, 1, 8, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 30, tzinfo=TOKYO),
        datetime(1999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-11, minutes=-30))),
    ],
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(kept: Kept, moment: datetime) -> None:
    found = kept(UtcDateTime, moment)
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_no_moment_stays_no_moment(kept: Kept) -> None:
    assert kept(UtcDateTime, None) is None


def test_a_moment_without_an_offset_is_refused(kept: Kept) -> None:
    with pytest.raises(StatementError, match="has no UTC offset; a moment needs one"):
        kept(UtcDateTime, datetime(2026, 4, 1, 17, 0))  # noqa: DTZ001


SOURCE = TenderSource("kkj", "1", "https://example.jp/1", NoticeKind.TENDER, date(2026, 4, 1), UUID(int=1))
VALUES: list[tuple[Any, Any]] = [
    (tuple[FieldChange, ...], (FieldChange("title", None, "水素 \x00 𠮷 \"'\\"), FieldChange("kind", "a", None))),
    (tuple[FieldChange, ...], ()),
    (tuple[Evidence, ...], (Evidence("水素", "hydrogen", Place.TITLE, 0.35),)),
    (tuple[AreaScore, ...], (AreaScore("renewables", 1.25, (Evidence("水素", "hydrogen", Place.BODY, 1.25),)),)),
    (tuple[TenderSource, ...], (SOURCE,)),
    (Saying, Saying("{n} of {m}", {"n": "1", "m": "多"})),
    (tuple[Problem, ...], (Problem("13", Saying("no answer")),)),
    (tuple[Coverage, ...], (Coverage("13", 3, None, False),)),
    (
        ScrapedNotice,
        ScrapedNotice(
            source="kkj",
            key="1",
            title="水素",
            kind=NoticeKind.TENDER,
            published=date(2026, 4, 1),
            url="https://example.jp/1",
            category=Category.WORKS,
            deadline=datetime(2026, 4, 20, 17, 0, tzinfo=TOKYO),
            attachments=(Attachment("仕様書", "https://example.jp/1.pdf"),),
            portal_dates=(("OpeningTendersEvent", "2026-04-21"),),
        ),
    ),
]


@pytest.mark.parametrize(("type_", "value"), VALUES)
def test_a_typed_value_comes_back_as_it_was(kept: Kept, type_: Any, value: Any) -> None:
    found = kept(Typed(type_), value)
    assert found == value
    assert type(found) is type(value)


def test_equal_values_are_written_in_equal_bytes() -> None:
    assert (
        encode(FieldChange("a", None, "b"))
        == encode(FieldChange("a", None, "b"))
        == b'{"field":"a","before":null,"after":"b","source":null}'
    )


def test_types_of_two_values_are_told_apart_in_one_database(empty_database: Database) -> None:
    written: ColumnElement[str] = literal_column("'[]'")
    with empty_database.engine.connect() as connection:
        assert connection.execute(select(cast(written, Typed(tuple[str, ...])))).scalar_one() == ()
        assert connection.execute(select(cast(written, Typed(list[str])))).scalar_one() == []
