"""Reading in bulk: in what order ids come, and which rows a query finds."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from db import exporting
from db.card import cards
from db.engine import Database
from db.vocabulary.query import parse
from tests.db import small_record
from tests.monitor.exports.record import FIRST, NOW, SECOND, THIRD, fill


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database)
    return database


@pytest.mark.parametrize("keys", [1, 2, 50_000])
def test_all_ids_come_newest_first_and_each_once_whatever_a_page_holds(
    filled: Database, monkeypatch: pytest.MonkeyPatch, keys: int
) -> None:
    monkeypatch.setattr(exporting, "KEYS", keys)
    monkeypatch.setattr(exporting, "PAGE", keys)
    newest = sorted((SECOND, THIRD), key=str)
    with filled.reading() as session:
        assert list(exporting.tender_ids(session)) == [*newest, FIRST]
        assert list(exporting.notice_ids(session)) == [*newest, FIRST]


@pytest.mark.parametrize("keys", [1, 50_000])
def test_what_changed_comes_in_the_order_in_which_it_did_and_the_moment_itself_counts(
    filled: Database, monkeypatch: pytest.MonkeyPatch, keys: int
) -> None:
    monkeypatch.setattr(exporting, "KEYS", keys)
    monkeypatch.setattr(exporting, "PAGE", keys)
    with filled.reading() as session:
        for ids in (exporting.tender_ids, exporting.notice_ids):
            assert list(ids(session, since=NOW - timedelta(hours=5))) == [FIRST, SECOND, THIRD]
            assert list(ids(session, since=NOW - timedelta(hours=4))) == [SECOND, THIRD]
            assert list(ids(session, since=NOW)) == []


def test_a_twin_of_an_award_is_left_out(filled: Database) -> None:
    with filled.reading() as session:
        found = list(exporting.award_rows(session, list(exporting.award_ids(session))))
        assert [row.supplier for row in found] == ["-見本商店", "株式会社見本"]
        since = exporting.award_ids(session, since=NOW - timedelta(hours=9))
        assert [row.source for row in exporting.award_rows(session, list(since))] == ["pportal", "kanpo"]


def test_an_award_has_the_number_of_its_company_and_the_tender_that_it_is_of(filled: Database) -> None:
    with filled.reading() as session:
        cleaning, hydrogen = exporting.award_rows(session, list(exporting.award_ids(session)))
    assert (hydrogen.corporate_number, hydrogen.tender_id) == ("5050005005266", FIRST)
    assert (cleaning.corporate_number, cleaning.tender_id) == (None, None)


def test_an_award_has_the_areas_that_the_views_have_of_it_too(database: Database) -> None:
    small_record.fill(database)
    with database.reading() as session:
        rows = list(exporting.award_rows(session, list(exporting.award_ids(session))))
        asked = session.connection().execute(text("SELECT id, areas FROM v_awards"))
        viewed = {id: tuple(areas.split(",")) if areas else () for id, areas in asked}
    assert {str(row.id): row.areas for row in rows} == viewed
    assert max(map(len, viewed.values())) > 2


def test_rows_come_in_the_order_of_the_ids_and_what_is_not_there_is_left_out(filled: Database) -> None:
    with filled.reading() as session:
        asked = [THIRD, UUID(int=7), FIRST]
        assert [row.id for row in exporting.tender_rows(session, asked)] == [THIRD, FIRST]
        assert [row.id for row in exporting.notice_rows(session, asked)] == [THIRD, FIRST]
        assert list(exporting.award_rows(session, [UUID(int=7)])) == []


def test_the_row_of_a_tender_is_the_same_from_the_record_and_from_its_card(filled: Database) -> None:
    with filled.reading() as session:
        ids = [FIRST, SECOND, THIRD]
        assert list(exporting.tender_rows(session, ids)) == [exporting.row_of(card) for card in cards(session, ids)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {FIRST, SECOND, THIRD}),
        ("太陽光", {FIRST}),
        ("area:renewables", {FIRST}),
        ("保守", {THIRD}),
        ("NOT 保守", {FIRST, SECOND}),
        ("title:保守", set()),
        ("venue:aging-society cpv:0933", {FIRST}),
        ("buyer:例示県 OR access:epa", {FIRST, THIRD}),
    ],
)
def test_a_query_finds_the_same_among_given_tenders_as_in_a_search(
    filled: Database, text: str, found: set[UUID]
) -> None:
    with filled.reading() as session:
        ids = [THIRD, FIRST, SECOND, UUID(int=7)]
        among = exporting.among(session, parse(text), ids, now=NOW)
    assert [id for id in among if id != UUID(int=7)] == [id for id in ids if id in found]


@pytest.mark.parametrize(
    ("text", "suppliers"),
    [
        ("", ["-見本商店", "株式会社見本"]),
        ("水素", ["株式会社見本"]),
        ("見本商店", ["-見本商店"]),
        ("buyer:環境省 kind:award", ["株式会社見本"]),
        ("value>100000000", ["株式会社見本"]),
        ("published>=2026-04-05", ["-見本商店"]),
        ("prefecture:東京都 OR open: OR access:gpa", []),
    ],
)
def test_a_query_is_asked_of_an_award_itself(filled: Database, text: str, suppliers: list[str]) -> None:
    query = parse(text)
    with filled.reading() as session:
        rows = list(exporting.award_rows(session, list(exporting.award_ids(session))))
    assert [row.supplier for row in rows if exporting.finds(query, row, now=NOW)] == suppliers


def test_a_day_without_a_time_is_a_day_and_no_moment(filled: Database) -> None:
    with filled.reading() as session:
        timed, untimed = exporting.tender_rows(session, [FIRST, SECOND])
    assert timed.deadline == datetime.fromisoformat("2026-05-20T17:00:00+09:00")
    assert (untimed.deadline, str(untimed.deadline_day)) == (None, "2026-04-30")
