"""The tables as CSV and Parquet: the dictionary's columns, and what was recorded in them."""

import csv
import gc
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pyarrow import parquet

from db.card import cards
from db.engine import Database
from db.exporting import AwardRow, NoticeRow, TenderRow
from db.vocabulary.query import parse
from monitor.exports import lines, sheets
from monitor.exports.dictionary import AWARDS, NOTICES, TABLES, TENDERS, WRITTEN, Table, Type
from monitor.exports.parquet import ParquetFile, schema, write_parquet
from monitor.exports.sheets import BOM, plain_number, row_of, write_csv
from monitor.exports.tables import Asked, Row, rows
from monitor.spreadsheets import as_meant, harmless
from monitor.spreadsheets import rows as spreadsheet
from tests.monitor.exports.record import FIRST, NOW, SECOND, SITE, THIRD


def as_csv(database: Database, table: Table, asked: Asked) -> list[list[str]]:
    file = BytesIO()
    with database.reading() as session:
        write_csv(file, table, rows(session, table.name, asked, SITE))
    text = file.getvalue().decode("utf-8")
    assert text.startswith(BOM)
    assert text.count("\r\n") >= len(text.splitlines()) - text.count("\n単価")
    return list(csv.reader(StringIO(text[1:], newline="")))


def records(database: Database, table: Table, asked: Asked) -> list[dict[str, str]]:
    heading, *found = as_csv(database, table, asked)
    return [dict(zip(heading, row, strict=True)) for row in found]


@pytest.fixture
def parted(embedded: Database, asked: Asked, tmp_path: Path) -> dict[str, Path]:
    """The Parquet file of each table."""
    files = {name: tmp_path / f"{name}.parquet" for name in TABLES}
    with embedded.reading() as session:
        for name, path in files.items():
            with path.open("wb") as file:
                write_parquet(file, TABLES[name], rows(session, name, asked, SITE))
    return files


# The dictionary --------------------------------------------------------------------------------------------


def test_every_column_of_the_record_is_in_the_dictionary_in_its_order() -> None:
    assert [column.name for column in TENDERS.columns] == [*TenderRow._fields, "url"]
    assert [column.name for column in AWARDS.columns] == [*AwardRow._fields]
    assert [column.name for column in NOTICES.columns] == [*NoticeRow._fields]
    assert WRITTEN.keys() == set(Type)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_column_says_what_it_has_and_amounts_their_unit(table: Table) -> None:
    for column in table.columns:
        assert column.description.endswith((".", "…"))
        assert column.unit == ("JPY" if column.name.endswith("_jpy") else "")
    assert {table.day, table.changed} <= {column.name for column in table.columns}


def test_every_column_stands_in_the_docs_with_what_it_has() -> None:
    text = (Path(__file__).parents[3] / "docs" / "files.md").read_text("utf-8")
    for table in TABLES.values():
        described = text.split(f"\n## {table.title}\n")[1].split("\n## ")[0]
        for column in table.columns:
            assert f"| `{column.name}` | {column.description} |" in described


# CSV -------------------------------------------------------------------------------------------------------


def test_a_csv_has_the_columns_of_the_dictionary_and_every_tender(filled: Database, asked: Asked) -> None:
    heading, *found = as_csv(filled, TENDERS, asked)
    assert heading == [column.name for column in TENDERS.columns if column.name != "area_scores"]
    assert {row[0] for row in found} == {str(id) for id in (FIRST, SECOND, THIRD)}
    assert found[-1][0] == str(FIRST)


def test_a_cell_of_a_csv_is_what_the_record_says(filled: Database, asked: Asked) -> None:
    solar = records(filled, TENDERS, replace(asked, query=parse("太陽光")))[0]
    assert solar == {
        "id": str(FIRST),
        "title": "太陽光発電設備設置工事",
        "title_en": "Solar power plant",
        "title_en_origin": "official",
        "buyer": "見本市",
        "buyer_en": "Mihon City",
        "prefecture": "東京都",
        "category": "works",
        "kind": "tender",
        "method": "一般競争入札",
        "method_en": "",
        "published": "2026-03-30",
        "deadline": "2026-05-20T17:00:00+09:00",
        "deadline_day": "2026-05-20",
        "response_deadline": "",
        "response_deadline_day": "",
        "value_jpy": "12000000",
        "access": "covered",
        "access_gpa": "not covered",
        "access_epa": "covered",
        "awarded": "",
        "areas": "renewables mobility",
        "venues": "aging-society",
        "cpv": "09330000 45310000",
        "sources": "kkj",
        "notice_url": "https://example.jp/first",
        "first_seen_at": "2026-04-10T07:00:00+09:00",
        "updated_at": "2026-04-10T07:00:00+09:00",
        "url": f"https://monitor.example.org/tenders/{FIRST}",
    }


def test_no_cell_is_a_formula_and_numbers_stay_numbers(filled: Database, asked: Asked) -> None:
    formula = next(row for row in records(filled, TENDERS, asked) if row["id"] == str(SECOND))
    assert formula["title"] == '\'=HYPERLINK("https://example.org")'
    assert (formula["value_jpy"], formula["deadline"], formula["deadline_day"]) == ("37.2", "", "2026-04-30")
    cleaning, hydrogen = records(filled, AWARDS, asked)
    assert (cleaning["supplier"], cleaning["amount_jpy"]) == ("'-見本商店", "-37.25")
    assert (hydrogen["amount_jpy"], hydrogen["corporate_number"]) == ("118800000", "5050005005266")


@given(some.text() | some.text(alphabet="=+-@\t\r\n '＝a0"))
def test_what_a_cell_says_can_be_had_back_and_begins_no_formula(text: str) -> None:
    notice = ("id", "kkj", text, "tender", text, "", date(2026, 4, 1), "id", 1, NOW, NOW)
    file = BytesIO()
    write_csv(file, NOTICES, iter([[notice]]))
    (row,) = list(csv.reader(StringIO(file.getvalue().decode("utf-8-sig", "surrogatepass"), newline="")))[1:]
    assert row[2] == row[4] == harmless(text)
    assert as_meant(row[2]) == (text if harmless(text) != text else as_meant(text))
    assert not row[2].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_spreadsheet_reads_every_row(filled: Database, asked: Asked) -> None:
    file = BytesIO()
    with filled.reading() as session:
        assert write_csv(file, TENDERS, rows(session, "tenders", asked, SITE)) == 3
    found = [row for _, row in spreadsheet(file.getvalue()) if not isinstance(row, csv.Error)]
    assert [row[1] for row in found if row[0] == str(THIRD)] == ["庁舎清掃業務,\n単価契約"]
    assert {len(row) for row in found} == {len(sheets.columns())}


def test_a_card_has_the_cells_of_its_row(filled: Database, asked: Asked) -> None:
    with filled.reading() as session:
        (card,) = cards(session, [SECOND])
    found = next(row for row in as_csv(filled, TENDERS, asked) if row[0] == str(SECOND))
    assert row_of(card, SITE) == found
    assert len(found) == len(sheets.columns())


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("12000000", "12000000"),
        ("12000000.0000", "12000000"),
        ("37.2500", "37.25"),
        ("1E+3", "1000"),
        ("0.0001", "0.0001"),
    ],
)
def test_an_amount_is_written_in_digits(amount: str, written: str) -> None:
    assert plain_number(Decimal(amount)) == written


def test_an_empty_table_has_its_headings(embedded: Database, asked: Asked) -> None:
    assert as_csv(embedded, TENDERS, replace(asked, query=parse("風力"))) == [sheets.columns()]


# Which -----------------------------------------------------------------------------------------------------


def test_since_a_moment_all_three_tables_have_what_changed_in_its_order(filled: Database, asked: Asked) -> None:
    later = replace(asked, since=NOW - timedelta(hours=4))
    assert [row["id"] for row in records(filled, TENDERS, later)] == [str(SECOND), str(THIRD)]
    assert [row["id"] for row in records(filled, NOTICES, later)] == [str(SECOND), str(THIRD)]
    assert [row["supplier"] for row in records(filled, AWARDS, later)] == ["'-見本商店"]


def test_whoever_resumes_from_the_greatest_moment_seen_misses_nothing(filled: Database, asked: Asked) -> None:
    seen: list[str] = []
    since = datetime(2000, 1, 1, tzinfo=UTC)
    for _ in range(5):
        for row in records(filled, TENDERS, replace(asked, since=since))[:2]:
            seen.append(row["id"])
            since = datetime.fromisoformat(row["updated_at"])
    assert list(dict.fromkeys(seen)) == [str(FIRST), str(SECOND), str(THIRD)]


def test_a_query_is_asked_of_tenders_of_awards_and_of_the_tenders_of_notices(filled: Database, asked: Asked) -> None:
    asked = replace(asked, query=parse("水素 OR area:renewables"))
    assert [row["id"] for row in records(filled, TENDERS, asked)] == [str(FIRST)]
    assert [row["id"] for row in records(filled, NOTICES, asked)] == [str(FIRST)]
    assert [row["title"] for row in records(filled, AWARDS, asked)] == ["水素ステーション整備"]


def test_a_line_of_awards_and_notices_has_the_same_columns(filled: Database, asked: Asked) -> None:
    told: dict[str, list[dict[str, Any]]] = {}
    for table in (AWARDS, NOTICES):
        file = BytesIO()
        with filled.reading() as session:
            lines.write_rows(file, table, rows(session, table.name, asked, SITE))
        told[table.name] = [json.loads(line) for line in file.getvalue().splitlines()]
    assert list(told["awards"][0]) == [column.name for column in AWARDS.columns]
    assert [(one["amount_jpy"], one["areas"]) for one in told["awards"]] == [
        (-37.25, []),
        (118800000, ["renewables", "mobility"]),
    ]
    assert told["notices"][-1]["changed_at"] == "2026-04-10T07:00:00+09:00"


# Parquet ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_parquet_has_the_columns_of_the_dictionary_with_types_and_meanings(
    parted: dict[str, Path], name: str
) -> None:
    found, table = parquet.read_schema(parted[name]), TABLES[name]
    assert found.equals(schema(table), check_metadata=True)
    for column in table.columns:
        field = found.field(column.name)
        assert field.nullable is not column.required
        assert field.metadata[b"description"].decode() == column.description
    assert parquet.ParquetFile(parted[name]).metadata.row_group(0).column(0).compression == "ZSTD"


def test_parquet_says_what_the_csv_says(parted: dict[str, Path], embedded: Database, asked: Asked) -> None:
    for name, path in parted.items():
        told = parquet.read_table(path).to_pylist()
        for row, cells in zip(told, records(embedded, TABLES[name], asked), strict=True):
            for column in TABLES[name].flat:
                assert as_text(column.type, row[column.name]) == as_meant(cells[column.name]), column.name


def as_text(type: Type, value: Any) -> str:
    match type:
        case _ if value is None:
            return ""
        case Type.TEXTS:
            return " ".join(value)
        case Type.MOMENT:
            return str(value.astimezone(datetime.fromisoformat("2026-04-01T00:00:00+09:00").tzinfo).isoformat())
        case Type.YEN:
            return plain_number(value)
        case _:
            return str(value)


def test_duckdb_reads_days_lists_and_amounts_as_what_they_are(parted: dict[str, Path]) -> None:
    with duckdb.connect() as connection:
        tenders = f"read_parquet('{parted['tenders']}')"
        asked = f"SELECT title_en, deadline_day - published, area_scores[1].score, value_jpy FROM {tenders}"
        found = connection.execute(f"{asked} WHERE list_contains(areas, 'mobility')").fetchall()
        assert found == [("Solar power plant", 51, 2.5, Decimal(12_000_000))]
        awards = f"read_parquet('{parted['awards']}')"
        assert connection.execute(f"SELECT sum(amount_jpy), max(changed_at) FROM {awards}").fetchone() is not None
        types = dict(connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {awards})").fetchall())
    assert (types["date"], types["amount_jpy"], types["areas"]) == ("DATE", "DECIMAL(19,4)", "VARCHAR[]")
    assert types["changed_at"] == "TIMESTAMP WITH TIME ZONE"


def test_pandas_reads_it(parted: dict[str, Path]) -> None:
    frame = pandas.read_parquet(parted["tenders"])
    assert len(frame) == 3
    assert frame.set_index("id").loc[str(FIRST), "deadline"] == pandas.Timestamp("2026-05-20T17:00:00+09:00")
    assert pandas.read_parquet(parted["notices"])["version"].sum() == 3


def test_row_groups_are_bounded_and_the_same_rows_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.exports.parquet.GROUP_ROWS", 10)

    def notices() -> Iterator[Row]:
        for number in range(25):
            yield (str(number), "kkj", "k", "tender", "題", "", date(2026, 4, 1), "id", 1, NOW, NOW)

    made: list[bytes] = []
    for size in (1, 7):
        file, waiting = BytesIO(), list(notices())
        with ParquetFile(file, NOTICES) as written:
            for begin in range(0, len(waiting), size):
                written.write(waiting[begin : begin + size])
        made.append(file.getvalue())
    assert made[0] == made[1]
    read = parquet.ParquetFile(pyarrow.BufferReader(made[0]))
    assert [read.metadata.row_group(place).num_rows for place in range(3)] == [10, 10, 5]


def test_an_empty_table_is_a_file_without_rows() -> None:
    file = BytesIO()
    assert write_parquet(file, TENDERS, iter([])) == 0
    assert parquet.read_table(pyarrow.BufferReader(file.getvalue())).num_rows == 0


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_what_breaks_off_leaves_the_file_to_whoever_opened_it(write: Callable[..., int]) -> None:
    def breaking() -> Iterator[list[Row]]:
        yield [("id", "kkj", "k", "tender", "題", "", date(2026, 4, 1), "id", 1, NOW, NOW)]
        raise ZeroDivisionError

    file = BytesIO()
    with pytest.raises(ZeroDivisionError):
        write(file, NOTICES, breaking())
    gc.collect()
    assert not file.closed
    assert not file.getvalue().endswith(b"PAR1") or file.getvalue() == b"PAR1"
