"""SQL that people write: what it may read, what it may not, and how long it may take."""

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db import subscribers
from db.engine import Database
from db.errors import RecordError
from db.querying import PORTION, asked
from db.subscribers import Choices

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most}) "


@pytest.fixture
def record(database: Database) -> Database:
    """A record with a subscriber, whom nobody is to find."""
    choices = Choices(language="en")
    database.write(lambda session: subscribers.add(session, "anna@example.org", choices=choices, now=NOW))
    return database


def answer(database: Database, sql: str, seconds: float = 20) -> list[tuple[object, ...]]:
    with asked(database, sql, seconds=seconds) as found:
        return list(found.rows)


def error(database: Database, sql: str, seconds: float = 20) -> str:
    with pytest.raises(RecordError) as refused:
        answer(database, sql, seconds)
    assert "\n" not in str(refused.value)
    assert "anna" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM v_tenders",
        "SELECT count(*) FROM v_areas;",
        "  select count(title) from V_AWARDS -- with a remark",
        "SELECT count(*) FROM (SELECT kind FROM v_notices GROUP BY kind) AS kinds",
        "WITH few AS (SELECT id FROM v_tenders) SELECT count(*) FROM few",
        "SELECT count(*) FROM v_tenders AS t LEFT JOIN v_areas AS a ON a.tender_id = t.id",
    ],
)
def test_the_views_can_be_asked(record: Database, sql: str) -> None:
    assert answer(record, sql) == [(0,)]


def test_values_are_the_same_from_both_databases(record: Database) -> None:
    sql = "SELECT 1, 1.50, 100000000.0, 'あ', NULL, 1 = 1, round(2.0 / 3, 2), upper('a') AS b, count(*) FROM v_areas"
    with asked(record, sql) as found:
        assert found.columns[7] == "b"
        assert list(found.rows) == [(1, 1.5, 100000000, "あ", None, 1, 0.67, "A", 0)]


def test_two_columns_may_have_one_name_and_a_text_may_have_any_characters(record: Database) -> None:
    sql = "SELECT 1 AS a, 2 AS a, '100% ''%s'' :x ; \\ -- /* ' AS b /* ; */"
    with asked(record, sql) as found:
        assert list(found.columns) == ["a", "a", "b"]
        assert list(found.rows) == [(1, 2, "100% '%s' :x ; \\ -- /* ")]


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT email FROM subscriber", "subscriber"),
        ("SELECT count(*) FROM subscriber", "subscriber"),
        ('SELECT count(*) FROM "saved_search"', "saved_search"),
        ("SELECT title FROM tender", "tender"),
        ("SELECT 1 FROM v_tenders WHERE EXISTS (SELECT 1 FROM subscriber)", "subscriber"),
        ("SELECT (SELECT max(email) FROM subscriber)", "subscriber"),
        ("WITH v_tenders AS (SELECT email FROM subscriber) SELECT * FROM v_tenders", "subscriber"),
        ("WITH v_tenders AS (SELECT email FROM subscriber) SELECT count(*) FROM v_tenders", "subscriber"),
        (
            "WITH a AS (WITH v_areas AS (SELECT token FROM subscriber) SELECT * FROM v_areas) SELECT * FROM a",
            "subscr",
        ),
        ("SELECT 1) AS asked, (SELECT email FROM subscriber", ""),
        ("SELECT 1 UNION ALL SELECT count(*) FROM digest", "digest"),
        ("SELECT 1 FROM v_tenders ORDER BY (SELECT max(email) FROM subscriber)", "subscriber"),
    ],
)
def test_nothing_else_can(record: Database, sql: str, name: str) -> None:
    said = error(record, sql)
    assert name in said
    if name:
        assert "there are: v_areas, v_awards, v_notices, v_tenders" in said


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM subscriber",
        "UPDATE tender SET title = ''",
        "INSERT INTO derived VALUES ('a', 'b')",
        "DROP VIEW v_tenders",
        "CREATE TABLE mine (a text)",
        "WITH gone AS (DELETE FROM subscriber RETURNING email) SELECT * FROM gone",
        "BEGIN",
        "COMMIT",
        "SELECT 1; DELETE FROM subscriber",
        "SELECT 1) AS a; DELETE FROM subscriber; SELECT (1",
        "VACUUM",
        "",
        " ; ",
        "-- nothing",
        "SELECT 'a\0b'",
        "SELEC 1",
    ],
)
def test_nothing_is_changed_by_asking(record: Database, sql: str) -> None:
    error(record, sql)
    with record.reading() as session:
        assert subscribers.by_email(session, "anna@example.org") is not None
    assert answer(record, "SELECT count(*) FROM v_tenders") == [(0,)]


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '{other}' AS other",
        "SELECT load_extension('{other}')",
        "PRAGMA query_only = OFF",
        "PRAGMA database_list",
        "SELECT * FROM pragma_table_info('subscriber')",
        "SELECT sql FROM sqlite_master",
        "SELECT count(*) FROM sqlite_schema",
    ],
)
def test_nor_is_anything_reached_that_sqlite_offers_beside_tables(
    tmp_path: Path, sqlite_template: Path, opened: Callable[[str], Database], sql: str
) -> None:
    file = tmp_path / "it's 100% #1.db"
    file.write_bytes(sqlite_template.read_bytes())
    other = tmp_path / "other.db"
    with pytest.raises(RecordError, match=r"cannot be read or used here|only questions are answered"):
        answer(opened(f"sqlite:///{file}"), sql.format(other=other))
    assert not other.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT query_to_xml('SELECT email FROM subscriber', true, true, '')",
        "SELECT table_to_xml('subscriber', true, true, '')",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT set_config('statement_timeout', '0', false)",
        "SELECT pg_sleep(60)",
        "SELECT * FROM pg_ls_dir('.')",
        "SELECT * FROM pg_stat_get_activity(NULL)",
        "SELECT count(*) FROM pg_stat_activity",
        "SELECT rolname FROM pg_roles",
        "SELECT * FROM ts_stat('SELECT email::tsvector FROM subscriber')",
        "SELECT * FROM information_schema.tables",
        "SELECT lo_import('/etc/hostname')",
        "SELECT CASE WHEN false THEN pg_sleep(60) END",
        "SELECT count(*) FILTER (WHERE pg_sleep(60) IS NULL) FROM v_tenders",
        "SELECT 1 FROM v_tenders ORDER BY pg_sleep(60)",
        "COPY subscriber TO '/tmp/out'",
        "SELECT nextval('pg_catalog.pg_class')",
    ],
)
def test_nor_anything_that_postgresql_offers(
    postgresql_url: str, opened: Callable[[str], Database], sql: str
) -> None:
    error(opened(postgresql_url), sql)


def test_a_function_that_somebody_has_made_on_the_server_is_not_called(
    postgresql_url: str, opened: Callable[[str], Database]
) -> None:
    database = opened(postgresql_url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT count(*) FROM subscriber'"
        )
    assert "peek" in error(database, "SELECT peek()")


def test_what_computes_may_be_used_on_postgresql(postgresql_url: str, opened: Callable[[str], Database]) -> None:
    database = opened(postgresql_url)
    sql = """
        SELECT round(avg(value_jpy), 1), string_agg(title, ','), count(DISTINCT buyer) FILTER (WHERE open_to_eu = 1),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY notice_period_days), now() IS NULL,
               to_char(current_date, 'YYYY') IS NULL, array_agg(kind), max(CAST(published AS date)),
               date_trunc('month', now()) IS NULL, coalesce(max(regexp_replace(title, 'a', 'b')), 'none')
        FROM v_tenders CROSS JOIN generate_series(1, 2) AS number WHERE number BETWEEN 0 AND random() * 10"""
    assert answer(database, sql) == [(None, None, 0, None, 0, 0, None, None, 0, "none")]


def test_what_takes_too_long_is_given_up(record: Database) -> None:
    for_ever = NUMBERS.format(most=10**15) + "SELECT count(*) FROM n"
    assert error(record, for_ever, seconds=0.2) == ("SQL: not answered within 0.2 s; ask for less, or give it longer")
    assert answer(record, "SELECT 1", seconds=0.2) == [(1,)]


def test_rows_come_as_they_are_read_and_may_be_left(record: Database) -> None:
    sql = NUMBERS.format(most=10**15) + "SELECT i FROM n"
    with asked(record, sql, seconds=20) as found:
        assert [next(found.rows)[0] for _ in range(3 * PORTION)][-1] == 3 * PORTION
    assert answer(record, NUMBERS.format(most=2 * PORTION + 1) + "SELECT i FROM n")[-1] == (2 * PORTION + 1,)


def test_what_is_no_text_is_refused(record: Database) -> None:
    assert "not written in UTF-8" in error(record, "SELECT '\udcff'")


def test_an_error_names_its_place(record: Database) -> None:
    where = (
        'near "v_tenders": syntax error'
        if record.is_sqlite
        else ('syntax error at or near "v_tenders" (line 2, column 6)')
    )
    assert error(record, "SELECT title\nFORM v_tenders") == f"SQL: {where}"
    assert "no_such" in error(record, "SELECT no_such FROM v_tenders")
    assert "v_nothing" in error(record, "SELECT 1 FROM v_nothing")


def test_a_file_is_only_read(sqlite_template: Path, tmp_path: Path, opened: Callable[[str], Database]) -> None:
    file = tmp_path / "monitor.db"
    file.write_bytes(sqlite_template.read_bytes())
    before = file.read_bytes()
    assert answer(opened(f"sqlite:///{file}"), "SELECT count(*) FROM v_tenders") == [(0,)]
    assert file.read_bytes() == before
    with pytest.raises(RecordError, match=r"missing\.db: the database refused"):
        answer(opened(f"sqlite:///{tmp_path}/missing.db"), "SELECT 1")
    assert not (tmp_path / "missing.db").exists()


def test_one_text_cannot_fill_the_memory(sqlite_template: Path, opened: Callable[[str], Database]) -> None:
    with pytest.raises(RecordError, match="too big"):
        answer(opened(f"sqlite:///{sqlite_template}"), "SELECT length(zeroblob(2000000000))")


def test_nor_can_many_long_ones(sqlite_template: Path, opened: Callable[[str], Database]) -> None:
    sql = NUMBERS.format(most=100) + "SELECT hex(zeroblob(2000000)) FROM n"
    with asked(opened(f"sqlite:///{sqlite_template}"), sql) as found:
        tracemalloc.start()
        try:
            assert sum(len(str(text)) for (text,) in found.rows) == 400_000_000
            assert tracemalloc.get_traced_memory()[1] < 20_000_000  # a few at a time
        finally:
            tracemalloc.stop()


def test_what_texts_are_compared_with_is_short(sqlite_template: Path, opened: Callable[[str], Database]) -> None:
    with pytest.raises(RecordError, match="pattern too complex"):
        answer(opened(f"sqlite:///{sqlite_template}"), "SELECT 'a' LIKE hex(zeroblob(1000))")
