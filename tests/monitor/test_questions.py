"""The questions that analysts ask, asked of both databases and of a published copy."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from db.engine import Database
from db.publishing import publish
from db.querying import Value, asked
from db.vocabulary.messages import Told
from monitor.questions import EXAMPLES, Example, days, example
from tests.db.small_record import TODAY, fill

Answered = tuple[list[str], list[tuple[Value, ...]]]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    folder = tmp_path_factory.mktemp("questions")
    shutil.copy(sqlite_template, folder / "monitor.db")
    database = Database.at(folder / "monitor.db")
    fill(database)
    publish(database, folder / "copy.db")
    database.close()
    return folder


def answered(database: Database, one: Example, today: date = TODAY) -> Answered:
    with asked(database, one.on(today)) as answer:
        return list(answer.columns), list(answer.rows)


def figures(answer: Answered) -> Answered:
    """Medians and shares of one and the other kind of number, as they are shown."""
    columns, rows = answer
    return columns, [tuple(round(one, 4) if isinstance(one, float) else one for one in row) for row in rows]


def test_every_question_is_answered_alike_by_both_databases_and_by_a_copy(
    record: Path, postgresql_url: str, opened: Callable[[str], Database]
) -> None:
    server, embedded = opened(postgresql_url), opened(f"sqlite:///{record}/monitor.db")
    fill(server)
    answers = {}
    for one in EXAMPLES:
        answers[one.name] = figures(answered(embedded, one))
        assert figures(answered(server, one)) == answers[one.name], one.name
        with closing(sqlite3.connect(f"file:{record}/copy.db?mode=ro&immutable=1", uri=True)) as copy:
            found = copy.execute(one.on(TODAY))
            same = [column[0] for column in found.description], found.fetchall()
            assert figures(same) == answers[one.name], one.name
    assert {name for name, (_, rows) in answers.items() if not rows} == set(), "each has something to show"


def test_an_answer_is_right(record: Path, opened: Callable[[str], Database]) -> None:
    database = opened(f"sqlite:///{record}/monitor.db")
    columns, rows = answered(database, example("hydrogen-winners"))
    with asked(database, "SELECT supplier, title FROM v_awards") as answer:
        won = [supplier for supplier, title in answer.rows if title == "水素ステーション保守"]
    counted = {supplier: won.count(supplier) for supplier in set(won)}
    assert {row[columns.index("supplier")]: row[columns.index("wins")] for row in rows} == counted
    assert len(counted) == 2

    columns, rows = answered(database, example("notice-periods"))
    with asked(
        database, "SELECT notice_period_days FROM v_tenders WHERE kind = 'tender' AND open_to_eu = 1"
    ) as answer:
        periods = sorted(int(row[0]) for row in answer.rows if row[0] is not None and int(row[0]) >= 0)
    middle = (periods[(len(periods) - 1) // 2] + periods[len(periods) // 2]) / 2
    assert ("tender", 1, len(periods), middle) in rows

    columns, rows = answered(database, example("awards-by-area-and-year"))
    with asked(database, "SELECT areas, fiscal_year, method FROM v_awards") as answer:
        several = [
            (area, year)
            for areas, year, method in answer.rows
            for area in str(areas).split(",")
            if area and "最高価格" not in str(method)
        ]
    assert {(row[0], row[1]): row[2] for row in rows} == {one: several.count(one) for one in several}


@pytest.fixture
def views() -> Iterator[sqlite3.Connection]:
    """Some columns of the views, empty: what a question makes of a row can be seen by itself."""
    with closing(sqlite3.connect(":memory:")) as made:
        made.execute(
            "CREATE TABLE v_awards (title, supplier, corporate_number, amount_jpy, planned_jpy, date, fiscal_year, "
            "buyer, method, procedure, single_method, abroad, areas, id)"
        )
        made.execute("CREATE TABLE v_areas (tender_id, area, score, venue)")
        yield made


def test_compounds_of_hydrogen_are_no_hydrogen(views: sqlite3.Connection) -> None:
    hydrogen = ("水素ステーション保守", "液化水素の輸送に関する調査", "圧縮水素の供給")
    others = (
        "過酸化水素の購入",
        "硫化水素濃度計",
        "炭酸水素ナトリウム透析液",
        "フッ化水素酸",
        "三重水素の分析",
        "水素イオン濃度計",
    )
    views.executemany(
        "INSERT INTO v_awards (title, supplier) VALUES (?, ?)", [(one, one) for one in hydrogen + others]
    )
    found = views.execute(example("hydrogen-winners").on(TODAY)).fetchall()
    assert {row[0] for row in found} == set(hydrogen)


def test_what_the_state_sells_is_no_contract_in_any_count(views: sqlite3.Connection) -> None:
    sold = (
        "土地の売払い",
        "見本",
        10**9,
        10**8,
        "2026-11-01",
        2026,
        "見本省",
        "一般競争入札・最高価格",
        "open",
        0,
        0,
        "mobility",
    )
    row = "(title, supplier, amount_jpy, planned_jpy, date, fiscal_year, buyer, method, procedure, single_method, abroad, areas)"
    views.execute(f"INSERT INTO v_awards {row} VALUES ({','.join('?' * len(sold))})", sold)
    views.execute("INSERT INTO v_areas VALUES ('1', 'mobility', 1, 0)")
    counting = ("awards-by-area-and-year", "biggest-contracts", "price-against-planned", "single-method-by-buyer")
    for name in (*counting, "suppliers-from-abroad"):
        assert views.execute(example(name).on(TODAY)).fetchall() == [], name


def test_an_area_is_counted_before_any_tender_has_it(views: sqlite3.Connection) -> None:
    views.execute("INSERT INTO v_awards (areas, fiscal_year, amount_jpy) VALUES ('mobility', 2026, 5)")
    found = views.execute(example("awards-by-area-and-year").on(TODAY)).fetchall()
    assert found == [("mobility", 2026, 1, 5)]


def test_next_week_is_monday_to_sunday_of_the_week_to_come() -> None:
    for passed in range(14):
        today = date(2026, 11, 23) + timedelta(days=passed)
        named = days(today)
        monday, sunday = (date.fromisoformat(named[name].strip("'")) for name in ("monday", "sunday"))
        assert (monday.weekday(), (sunday - monday).days) == (0, 6)
        assert 1 <= (monday - today).days <= 7


def test_a_name_that_nobody_knows_is_told_with_those_that_there_are() -> None:
    with pytest.raises(Told, match="there is no example winners; there are: hydrogen-winners, "):
        example("winners")
    assert len({one.name for one in EXAMPLES}) == len(EXAMPLES) >= 15


def test_the_documentation_shows_answers_with_the_columns_that_they_have(
    record: Path, opened: Callable[[str], Database]
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sql.md").read_text("utf-8")
    shown = re.findall(r"^monitor sql --example (\S+)\n```\n\n```text\n(.*)$", page, re.MULTILINE)
    assert len(shown) >= 2
    for name, headings in shown:
        columns, _ = answered(opened(f"sqlite:///{record}/monitor.db"), example(name))
        assert headings.split() == columns
