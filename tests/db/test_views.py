"""The views that analysts ask: the same on both databases, and as they are documented."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlmodel import Session

from db import migrate, views
from db.engine import Database
from db.querying import asked
from db.views import VIEWS
from db.vocabulary.methods import CODES, NEGOTIATED, procedure
from tests.db import small_record
from tests.db.small_record import AWARDS, TENDERS, award_id, fill, tender_id

DOCS = Path(__file__).parents[2] / "docs" / "sql.md"


def rows(database: Database, sql: str) -> list[dict[str, Any]]:
    with asked(database, sql) as found:
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


@pytest.fixture
def record(database: Database) -> Database:
    fill(database)
    return database


@pytest.fixture
def both(
    tmp_path: Path, sqlite_template: Path, postgresql_url: str, opened: Callable[[str], Database]
) -> tuple[Database, Database]:
    """The same record twice: in SQLite and in PostgreSQL."""
    shutil.copy(sqlite_template, tmp_path / "monitor.db")
    pair = opened(f"sqlite:///{tmp_path}/monitor.db"), opened(postgresql_url)
    for database in pair:
        fill(database)
    return pair


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_both_databases_show_the_same_in_the_same_order(both: tuple[Database, Database], view: views.View) -> None:
    order = ", ".join(view.key)
    sqlite, postgresql = (rows(one, f"SELECT * FROM {view.name} ORDER BY {order}") for one in both)
    assert sqlite == postgresql
    assert list(sqlite[0]) == view.names


@pytest.mark.parametrize("column", ["title", "buyer", "deadline", "value_jpy", "areas", "id", "score", "method"])
def test_both_databases_sort_and_compare_alike(both: tuple[Database, Database], column: str) -> None:
    (view, *_) = (view for view in VIEWS if column in view.names)
    order = f"{column} NULLS LAST, {', '.join(view.key)}"
    sqlite, postgresql = (
        rows(one, f"SELECT {column} FROM {view.name} WHERE {column} IS NOT NULL ORDER BY {order}") for one in both
    )
    assert sqlite == postgresql
    assert sqlite == sorted(sqlite, key=lambda row: row[column])
    middle = sqlite[len(sqlite) // 2][column]
    condition = f"{column} > {middle!r}"
    above = [rows(one, f"SELECT count(*) AS n FROM {view.name} WHERE {condition}") for one in both]
    assert above == [[{"n": sum(row[column] > middle for row in sqlite)}]] * 2


def test_a_tender_is_shown_with_everything_that_is_known_of_it(record: Database) -> None:
    (shown,) = rows(record, f"SELECT * FROM v_tenders WHERE id = '{tender_id(0)}'")
    assert shown["published"] == "2026-11-01"
    assert (shown["deadline"], shown["deadline_day"]) == ("2026-12-02T00:30:00+09:00", "2026-12-02")
    assert shown["notice_period_days"] == 31
    assert (shown["response_deadline"], shown["response_deadline_day"]) == (None, "2026-11-20")
    assert shown["value_jpy"] == 123_200_000.5
    assert (shown["access"], shown["access_gpa"], shown["open_to_eu"]) == ("restricted", "likely covered", 1)
    assert (shown["sources"], shown["source_count"]) == ("pportal,kkj", 2)
    assert shown["notice_url"] == 'https://example.org/60?"\\u0000'
    assert shown["cpv"] == "09100000,72000000"
    assert shown["first_seen_at"] == "2026-11-23T09:00:00+09:00"


def test_what_is_not_known_is_empty(record: Database) -> None:
    (shown,) = rows(record, f"SELECT * FROM v_tenders WHERE id = '{tender_id(1)}'")
    unknown = {name for name, value in shown.items() if value is None}
    assert {"title_en", "buyer", "deadline", "deadline_day", "notice_period_days", "value_jpy", "awarded"} <= unknown
    assert (shown["access"], shown["open_to_eu"], shown["cpv"]) == ("unknown", 0, "")


def test_of_areas_the_strongest_comes_first_and_one_tender_has_several_rows(record: Database) -> None:
    listed = {row["id"]: row["areas"] for row in rows(record, "SELECT id, areas FROM v_tenders")}
    given = rows(record, "SELECT * FROM v_areas WHERE venue = 0 ORDER BY tender_id, score DESC, area")
    for id, areas in listed.items():
        assert areas == ",".join(row["area"] for row in given if row["tender_id"] == id)
    assert any("," in areas for areas in listed.values())
    assert {row["score"] for row in given} == {1, 1.25, 2.5, 0.3, 1.235}


def test_spellings_of_a_company_are_shown_as_the_company_and_twins_count_once(record: Database) -> None:
    shown = {row["id"]: row for row in rows(record, "SELECT * FROM v_awards")}
    assert len(shown) == AWARDS - 1
    assert str(award_id(2)) not in shown
    one = shown[str(award_id(1))]
    assert (one["supplier"], one["supplier_id"]) == ("株式会社例示", str(small_record.COMPANY))
    assert (one["corporate_number"], one["abroad"], one["supplier_prefecture"]) == ("1234567890123", 0, "東京都")
    nameless = next(row for row in shown.values() if row["supplier"] == "合同会社みほん")
    assert (nameless["corporate_number"], nameless["abroad"]) == (None, None)


def test_a_fiscal_year_begins_in_april(record: Database) -> None:
    for row in rows(record, "SELECT date, fiscal_year FROM v_awards"):
        year, month = int(row["date"][:4]), int(row["date"][5:7])
        assert row["fiscal_year"] == (year if month >= 4 else year - 1)
    (first,) = rows(record, f"SELECT date, fiscal_year FROM v_awards WHERE id = '{award_id(0)}'")
    assert (first["date"], first["fiscal_year"]) == ("2026-03-31", 2025)


def test_procedures_are_classed_as_the_vocabulary_has_them(record: Database) -> None:
    found = rows(record, "SELECT method_code, method, procedure, single_method FROM v_awards")
    for row in found:
        known = procedure(row["method_code"], row["method"])
        assert row["procedure"] == known
        assert row["single_method"] == (None if known is None else int(known in NEGOTIATED))
    assert len({row["method_code"] for row in found} & set(CODES)) > 10
    assert {row["single_method"] for row in found} == {0, 1, None}


def test_awards_have_the_areas_of_their_tender_too(record: Database) -> None:
    own = {row["id"]: set(row["areas"].split(",")) for row in rows(record, "SELECT id, areas FROM v_tenders")}
    linked = rows(record, "SELECT tender_id, areas FROM v_awards WHERE tender_id IS NOT NULL")
    assert linked
    for row in linked:
        assert own[row["tender_id"]] - {""} <= set(row["areas"].split(","))


def test_a_notice_is_shown_as_its_newest_version_says(record: Database) -> None:
    found = rows(record, "SELECT * FROM v_notices ORDER BY published DESC, id")
    assert len(found) == TENDERS + TENDERS // 3
    assert found[0]["title"] == '水素ステーション "整備" \\工事0'
    assert (found[0]["kind"], found[0]["url"]) == ("tender", "https://example.org/0")


def test_views_can_be_joined_in_every_direction(record: Database) -> None:
    for left, right, on in (
        ("v_awards", "v_tenders", "r.id = l.tender_id"),
        ("v_tenders", "v_awards", "l.id = r.tender_id"),
        ("v_tenders", "v_areas", "l.id = r.tender_id"),
        ("v_notices", "v_tenders", "r.id = l.tender_id"),
    ):
        outer, inner = (
            rows(record, f"SELECT count(*) AS n FROM {left} AS l {kind} JOIN {right} AS r ON {on}")[0]["n"]
            for kind in ("LEFT", "INNER")
        )
        assert outer >= inner > 0


def test_sqlite_finds_a_tender_by_an_index_from_whichever_side(
    sqlite_template: Path, opened: Callable[[str], Database]
) -> None:
    database = opened(f"sqlite:///{sqlite_template}")
    for sql in (
        "SELECT title FROM v_tenders WHERE id = 'x'",
        "SELECT t.title FROM v_awards AS a JOIN v_tenders AS t ON t.id = a.tender_id",
        "SELECT t.title FROM v_awards AS a LEFT JOIN v_tenders AS t ON t.id = a.tender_id",
        "SELECT t.title FROM v_areas AS a JOIN v_tenders AS t ON t.id = a.tender_id WHERE a.area = 'mobility'",
    ):
        plan = [str(row["detail"]) for row in rows(database, f"EXPLAIN QUERY PLAN {sql}")]
        assert any(re.match(r"SEARCH t?.*INDEX (ix_tender_view|\(id=\?\))", line) for line in plan), plan


def test_the_documentation_lists_every_column(sqlite_template: Path) -> None:
    documented = {
        name: re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
        for name, part in re.findall(
            r"^### `(v_\w+)`$(.*?)(?=^##|\Z)", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
    }
    assert documented == {view.name: view.names for view in VIEWS}


def test_no_view_reads_a_table_of_subscribers(database: Database) -> None:
    tables = set(inspect(database.engine).get_table_names()) - views.READ_BY_VIEWS
    assert {"subscriber", "saved_search", "digest", "match", "webhook", "feedback"} <= tables
    for view in VIEWS:
        for sqlite in (True, False):
            words = set(re.findall(r"\w+", view.definition(sqlite=sqlite)))
            assert words & tables - {"match"} == set()


def test_an_upgrade_changes_tables_below_the_views_and_makes_them_again(database: Database) -> None:
    def older(session: Session) -> None:
        """As another version left it: a view that asks for a column that is to go."""
        views.drop(session)
        session.connection().exec_driver_sql("CREATE VIEW v_areas AS SELECT area FROM tender_area")
        session.connection().exec_driver_sql("UPDATE derived SET revision = 'before' WHERE name = 'views'")

    database.write(older)
    migrate.upgrade(database)
    assert rows(database, "SELECT count(*) AS n FROM v_tenders") == [{"n": 0}]
    assert set(inspect(database.engine).get_view_names()) == {view.name for view in VIEWS}
    database.write(lambda session: session.connection().exec_driver_sql("ALTER TABLE tender_area ADD COLUMN new int"))
    database.write(views.drop)
    database.write(views.drop)
    assert inspect(database.engine).get_view_names() == []
    migrate.upgrade(database)
    assert rows(database, "SELECT count(*) AS n FROM v_awards") == [{"n": 0}]
