"""Files from the terminal: which, since when, and nothing on standard output but the result."""

import csv
import gzip
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import icalendar
import pandas
import pytest
from sqlmodel import Session

from db import awards, notices
from db.bulk import table
from db.notice import Notice
from db.vocabulary.notice import NoticeKind, ScrapedNotice, notice_id
from monitor.cli import exporting, status
from tests.monitor.cli.conftest import Home
from tests.monitor.exports.record import FIRST, SECOND, THIRD, WON, fill


@pytest.fixture
def full(home: Home) -> Home:
    """A home with the small record that files are tested with."""
    fill(home.database)
    return home


def test_what_another_source_or_an_award_adds_is_told_since_then_in_the_standard_and_in_tables_not(
    full: Home,
) -> None:
    later = datetime(2026, 4, 11, tzinfo=UTC)

    def work(session: Session) -> None:
        copy = ScrapedNotice(
            source="pportal",
            key="copy",
            title="太陽光発電設備設置工事",
            kind=NoticeKind.TENDER,
            published=date(2026, 3, 30),
            url="https://example.jp/copy",
        )
        notices.record(session, [copy], run_id=UUID(int=1), now=later)
        notice = table(Notice)
        session.connection().execute(
            notice.update().where(notice.c.id == notice_id("pportal", "copy")).values(tender_id=FIRST)
        )
        award = replace(WON[1], key="three", date=date(2026, 4, 9), case_number="0000000000000000002")
        awards.record(session, [award], run_id=UUID(int=1), now=later + timedelta(hours=1))
        awards.link(session, {"0000000000000000002": THIRD})

    full.database.write(work)
    lines = full.shown("export", "ocds", "-", "--since", "2026-04-11").splitlines()
    told = [release["ocid"] for line in lines for release in json.loads(line)["releases"]]
    assert [ocid.endswith(str(FIRST)) for ocid in dict.fromkeys(told)] == [True, False]
    assert told[-1].endswith(str(THIRD))
    assert sheet(full.shown("export", "csv", "-", "--since", "2026-04-11")) == []


def sheet(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_each_table_is_written_in_each_form(full: Home) -> None:
    for rows, count in (("tenders", 3), ("awards", 2), ("notices", 3)):
        for form in ("csv", "jsonl", "parquet"):
            ended, out, err = full.run("export", form, f"{rows}.{form}", "--table", rows)
            assert (ended, out) == (0, "")
            assert f"{rows} written to {rows}.{form}: {count}" in err
        assert len(sheet((full.folder / f"{rows}.csv").read_text("utf-8"))) == count
        assert len((full.folder / f"{rows}.jsonl").read_text("utf-8").splitlines()) == count
        assert len(pandas.read_parquet(full.folder / f"{rows}.parquet")) == count


def test_standard_output_has_the_file_and_nothing_else(full: Home) -> None:
    assert [row["id"] for row in sheet(full.shown("export", "csv", "-", "--query", "太陽光"))] == [str(FIRST)]
    assert json.loads(full.shown("export", "jsonl", "-", "--query", "太陽光"))["id"] == str(FIRST)
    found = icalendar.Calendar.from_ical(full.shown("export", "ics", "-", "--query", "太陽光", "--language", "ja"))
    assert (str(found["PRODID"]), str(found["X-WR-CALNAME"])) == ("-//japan-tender-monitor//JA", "太陽光")


def test_parquet_goes_through_a_pipe(full: Home, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert status(["export", "parquet", "-", "--home", "home"]) == 0
    out, _ = capfdbinary.readouterr()
    assert len(pandas.read_parquet(io.BytesIO(out))) == 3


def test_a_file_can_be_compressed(full: Home) -> None:
    full.shown("export", "csv", "out.csv.gz")
    assert len(sheet(gzip.decompress((full.folder / "out.csv.gz").read_bytes()).decode("utf-8"))) == 3


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("2026-04-10", [FIRST, SECOND, THIRD]),
        ("2026-04-11", []),
        ("2026-04-10T08:00:00+09:00", [SECOND, THIRD]),
        ("2026-04-10T08:00:01", [THIRD]),
        ("2026-04-09T23:30:00Z", [THIRD]),
    ],
)
def test_since_a_day_or_a_moment_what_changed_comes_in_its_order(full: Home, since: str, found: list[object]) -> None:
    rows = sheet(full.shown("export", "csv", "-", "--since", since))
    assert [row["id"] for row in rows] == [str(id) for id in found]


@pytest.mark.parametrize(
    "since", ["yesterday", "2026-4-1", "2026-02-30", "", "0001-01-01", "9999-12-31T23:59:59-12:00"]
)
def test_what_is_no_moment_is_refused_in_one_line(full: Home, since: str) -> None:
    ended, _, err = full.run("export", "csv", "out.csv", "--since", since)
    assert (ended, len(err.splitlines())) == (1, 1)
    assert "--since: write a day or a moment: 2026-04-01 or 2026-04-01T12:00:00+09:00" in err


def test_a_mistake_in_the_query_leaves_the_file_as_it_was(full: Home) -> None:
    (full.folder / "out.csv").write_text("before", "utf-8")
    assert full.run("export", "csv", "out.csv", "--query", "area:nowhere")[0] == 1
    assert (full.folder / "out.csv").read_text("utf-8") == "before"
    assert [path.name for path in full.folder.glob(".out*")] == []


def test_a_folder_that_is_not_there_is_told_in_one_line(full: Home) -> None:
    ended, _, err = full.run("export", "csv", "nowhere/out.csv")
    assert ended == 1
    assert err.splitlines() == [
        "error: nowhere/out.csv: cannot be written (No such file or directory); choose another place"
    ]


def test_the_dump_is_written_to_the_home_or_elsewhere(full: Home) -> None:
    ended, out, err = full.run("dump")
    assert (ended, out) == (0, "")
    assert "3 tenders, 2 awards and 3 notices written to" in err
    assert (full.folder / "home" / "data" / "tenders" / "month=2026-03" / "part-0.parquet").exists()
    full.shown("dump", "elsewhere")
    assert (full.folder / "elsewhere" / "SHA256SUMS").exists()


def test_a_dump_that_is_late_is_told_to_cron(full: Home) -> None:
    assert "files of the day" not in full.run("check")[1]
    full.shown("dump")
    about = full.folder / "home" / "data" / "datapackage.json"
    assert "files of the day" not in full.run("check")[1]
    about.write_text(about.read_text("utf-8").replace("2026-11-24", "2026-11-20"), "utf-8")
    ended, out, _ = full.run("check")
    assert ended == 1
    assert "files of the day (made: 4 days ago)" in out
    (full.folder / "config.toml").write_text("[data]\npublish = false\n", "utf-8")
    assert "files of the day" not in full.run("check")[1]


def test_a_terminal_is_shown_how_far_it_is(full: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []

    class Lines:
        def __enter__(self) -> object:
            return lambda name, figures: told.append((name, figures))

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(exporting, "moving_lines", Lines)
    full.shown("export", "csv", "out.csv")
    full.shown("dump")
    assert ("out.csv", "3 written") in told
    assert {"tenders", "tenders.jsonl", "awards", "notices"} <= {name for name, _ in told}
