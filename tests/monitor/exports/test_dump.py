"""The daily dump: whole, sound, in yesterday's bytes where nothing changed, and made once a day."""

import csv
import fcntl
import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import duckdb
import pandas
import pytest
from frictionless import Package as Frictionless
from frictionless import system
from sqlmodel import Session

from db import tenders
from db.engine import Database
from db.errors import Busy, RecordError
from db.vocabulary.japanese import TOKYO
from monitor import schedule
from monitor.config import Config
from monitor.exports import descriptor, dump
from monitor.exports.dictionary import TABLES
from monitor.exports.examples import examples
from monitor.household import household
from tests.monitor.exports.record import NOW, SITE, TENDERS

FILES = [
    "README.md",
    "SHA256SUMS",
    "awards.csv.gz",
    "awards/month=2026-03/part-0.parquet",
    "awards/month=2026-04/part-0.parquet",
    "datapackage.json",
    "notices.csv.gz",
    "notices/month=2026-03/part-0.parquet",
    "notices/month=2026-04/part-0.parquet",
    "ocds/records.jsonl.gz",
    "ocds/releases.jsonl.gz",
    "tenders.csv.gz",
    "tenders.jsonl.gz",
    "tenders/month=2026-03/part-0.parquet",
    "tenders/month=2026-04/part-0.parquet",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def made(embedded: Database, folder: Path) -> Path:
    """The folder of a dump."""
    dump.make(embedded, folder, SITE, now=NOW)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def loaded(folder: Path) -> descriptor.Package:
    found = descriptor.load(folder)
    assert found is not None
    return found


# What is in it ---------------------------------------------------------------------------------------------


def test_a_dump_has_every_table_whole_and_by_month(made: Path) -> None:
    assert sorted(contents(made)) == FILES


def test_the_dump_tells_how_many_rows_each_table_has(embedded: Database, folder: Path) -> None:
    said: list[tuple[str, int]] = []
    done = dump.make(embedded, folder, SITE, now=NOW, watch=lambda name, count: said.append((name, count)))
    assert done.rows == {"tenders": 3, "awards": 2, "notices": 3}
    assert {("tenders", 3), ("tenders.jsonl", 3), ("awards", 2), ("notices", 3)} <= set(said)


def test_the_sums_are_right_by_the_usual_program(made: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=made, check=True, capture_output=True)
    listed = [line[66:] for line in (made / "SHA256SUMS").read_text("utf-8").splitlines()]
    assert sorted([*listed, "SHA256SUMS"]) == sorted(contents(made))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # frictionless closes no file
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_the_descriptor_is_a_sound_data_package_and_fits_the_files(made: Path) -> None:
    with system.use_context(trusted=True):
        report = Frictionless(made / "datapackage.json").validate()
    assert report.valid, report.flatten(["name", "type", "note"])
    assert len(report.tasks) == len(loaded(made).resources)


def test_the_descriptor_names_each_file_with_size_sum_and_rows(made: Path) -> None:
    for one in loaded(made).resources:
        assert one.size == (made / one.path).stat().st_size
        assert f"{one.sha256}  {one.path}\n" in (made / "SHA256SUMS").read_text("utf-8")
    whole = {one.path: one.rows for one in loaded(made).resources if not one.month}
    assert whole["tenders.csv.gz"] == whole["tenders.jsonl.gz"] == 3
    by_month = [one for one in loaded(made).resources if one.table == "tenders" and one.month]
    assert [(one.month, one.rows) for one in by_month] == [("2026-04", 2), ("2026-03", 1)]


def test_the_whole_files_say_what_the_parts_say(made: Path) -> None:
    with gzip.open(made / "tenders.csv.gz", "rt", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [json.loads(line) for line in gzip.decompress((made / "tenders.jsonl.gz").read_bytes()).splitlines()]
    parts = pandas.read_parquet(made / "tenders")
    assert [row["id"] for row in rows] == [line["id"] for line in lines]
    assert {row["id"] for row in rows} == set(parts["id"])


def test_the_tenders_are_there_as_packages_of_the_standard_too(made: Path) -> None:
    for form in ("releases", "records"):
        lines = gzip.decompress((made / "ocds" / f"{form}.jsonl.gz").read_bytes()).splitlines()
        assert len([one for line in lines for one in json.loads(line)[form]]) >= 3


def test_duckdb_takes_the_months_for_a_column(made: Path) -> None:
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT month, count(*) FROM read_parquet('{made}/tenders/*/*.parquet', hive_partitioning = true) "
            "GROUP BY month ORDER BY month"
        ).fetchall()
    assert found == [("2026-03", 1), ("2026-04", 2)]


def test_the_examples_run(made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(made.parent)
    for example in examples("https://monitor.example.org"):
        if example.language == "python" and "https:" not in example.code:
            exec(compile(example.code, example.title, "exec"), {})
    said = capsys.readouterr().out
    assert "2026-03" in said
    assert "太陽光発電設備設置工事" in said


def test_the_examples_are_those_of_the_docs() -> None:
    text = (Path(__file__).parents[3] / "docs" / "files.md").read_text("utf-8")
    for example in examples("https://monitor.example.org"):
        assert f"```{example.language}\n{example.code}```" in text


def test_a_site_below_a_path_is_fetched_into_the_same_folders() -> None:
    fetch = examples("https://example.org/tools/monitor")[0].code
    assert "https://example.org/tools/monitor/data/" in fetch
    assert "--cut-dirs=2" in fetch


def test_the_readme_explains_every_column(made: Path) -> None:
    text = (made / "README.md").read_text("utf-8")
    for table in TABLES.values():
        for column in table.columns:
            assert f"| `{column.name}` | {column.description} |" in text
    assert "no real procurements" not in text


def test_invented_data_say_so_in_every_place(embedded: Database, folder: Path) -> None:
    dump.make(embedded, folder, replace(SITE, illustrative=True), now=NOW)
    assert "illustrative" in loaded(folder).title
    for text in (loaded(folder).description, (folder / "README.md").read_text("utf-8")):
        assert "Illustrative data: these are no real procurements." in text
    with duckdb.connect() as connection:
        found = f"parquet_kv_metadata('{folder}/tenders/month=2026-03/part-0.parquet')"
        told = dict(connection.execute(f"SELECT decode(key), decode(value) FROM {found}").fetchall())
    assert "no real procurements" in told["about"]


# Again -----------------------------------------------------------------------------------------------------


def test_what_did_not_change_keeps_its_bytes_and_its_time(embedded: Database, made: Path) -> None:
    before, long_ago = contents(made), NOW.timestamp() - 86_400
    for path in made.rglob("*"):
        os.utime(path, (long_ago, long_ago))
    added = replace(TENDERS[2], id=uuid4(), published=date(2026, 4, 9))
    embedded.write(
        lambda session: tenders.store(session, [added], run_id=uuid4(), now=NOW, alerts=lambda change: False)
    )
    dump.make(embedded, made, SITE, now=NOW + timedelta(days=1))
    after = contents(made)
    same = {name for name in before if before[name] == after[name]}
    assert "tenders/month=2026-03/part-0.parquet" in same
    assert "awards.csv.gz" in same
    assert not same & {"tenders/month=2026-04/part-0.parquet", "tenders.csv.gz", "tenders.jsonl.gz"}
    assert same == {name for name in after if (made / name).stat().st_mtime == long_ago}


def test_a_month_that_is_empty_now_is_gone(embedded: Database, made: Path) -> None:
    gone = replace(TENDERS[0], published=date(2026, 4, 1))
    embedded.write(lambda session: tenders.store_quietly(session, [gone], now=NOW))
    dump.make(embedded, made, SITE, now=NOW)
    assert not (made / "tenders" / "month=2026-03").exists()


def test_a_dump_that_fails_leaves_the_one_of_yesterday(
    embedded: Database, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **more: object) -> int:
        raise OSError(28, "No space left on device")

    before = contents(made)
    monkeypatch.setattr("monitor.exports.lines.write_tenders", full)
    with pytest.raises(RecordError, match="No space left"):
        dump.make(embedded, made, SITE, now=NOW)
    assert contents(made) == before
    assert [path.name for path in made.parent.iterdir() if path.is_dir()] == ["data"]


@pytest.mark.parametrize("died", ["writing", "between the two renames", "before it had cleared up"])
def test_what_a_process_left_that_died_is_put_right(embedded: Database, made: Path, died: str) -> None:
    if died == "writing":
        (made.parent / ".data.new").mkdir()
        (made.parent / ".data.new" / "tenders.csv.gz").write_bytes(b"half")
    else:
        made.rename(made.parent / ".data.old")
        if died != "between the two renames":
            shutil.copytree(made.parent / ".data.old", made)
    dump.make(embedded, made, SITE, now=NOW)
    assert sorted(path.name for path in made.parent.iterdir() if path.is_dir()) == ["data"]
    assert len(loaded(made).about("tenders")) == 4


def test_only_one_process_makes_it(embedded: Database, made: Path) -> None:
    with (made.parent / ".data.lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Busy):
            dump.make(embedded, made, SITE, now=NOW)


@pytest.mark.parametrize("name", ["diary.txt", "tenders/notes.txt", ".hidden"])
def test_a_folder_with_anything_else_in_it_is_left_alone(embedded: Database, made: Path, name: str) -> None:
    (made / name).write_text("dear", "utf-8")
    with pytest.raises(RecordError, match="holds other files"):
        dump.make(embedded, made, SITE, now=NOW)
    assert (made / name).read_text("utf-8") == "dear"


def test_a_folder_with_other_files_and_no_dump_is_left_alone(embedded: Database, folder: Path) -> None:
    folder.mkdir()
    (folder / "datapackage.json").write_text("{}", "utf-8")
    with pytest.raises(RecordError, match="holds other files"):
        dump.make(embedded, folder, SITE, now=NOW)


def test_a_folder_with_sums_of_somebody_elses_files_is_left_alone(embedded: Database, folder: Path) -> None:
    folder.mkdir()
    (folder / "disk.iso").write_bytes(b"dear")
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  disk.iso\n", "utf-8")
    with pytest.raises(RecordError, match="holds other files"):
        dump.make(embedded, folder, SITE, now=NOW)
    assert (folder / "disk.iso").read_bytes() == b"dear"


def test_a_link_to_another_disk_stays_one(embedded: Database, folder: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk" / "dumps"
    disk.mkdir(parents=True)
    folder.symlink_to(disk)
    for _ in range(2):
        dump.make(embedded, folder, SITE, now=NOW)
    assert folder.is_symlink()
    assert sorted(contents(disk)) == sorted(FILES)
    assert dump.is_late(folder, now=NOW + timedelta(days=3))
    shutil.rmtree(disk)
    assert dump.is_late(folder, now=NOW)  # it was tried, and is not there


def test_an_empty_folder_is_taken(embedded: Database, folder: Path) -> None:
    folder.mkdir()
    assert dump.make(embedded, folder, SITE, now=NOW).folder == folder


# When ------------------------------------------------------------------------------------------------------


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, "2026-04-10 09:00", True),
        ("2026-04-10 04:01", "2026-04-10 23:00", False),
        ("2026-04-10 04:01", "2026-04-11 03:59", False),
        ("2026-04-10 04:01", "2026-04-11 04:00", True),
        ("2026-04-10 03:59", "2026-04-10 04:00", True),
        ("2026-04-12 00:00", "2026-04-10 09:00", True),
    ],
)
def test_a_dump_is_due_once_a_day_after_its_hour(
    embedded: Database, folder: Path, last: str | None, now: str, due: bool
) -> None:
    if last:
        dump.make(embedded, folder, SITE, now=at(last))
    assert dump.is_due(embedded, folder, hour=4, now=at(now)) is due


def test_a_dump_that_failed_is_tried_again_after_an_hour(
    embedded: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **more: object) -> Iterator[object]:
        raise RecordError("the disk is full")

    monkeypatch.setattr(dump, "_written", broken)
    with pytest.raises(RecordError):
        dump.make(embedded, folder, SITE, now=at("2026-04-10 04:00"))
    for now, due in (("04:59", False), ("05:00", True)):
        assert dump.is_due(embedded, folder, hour=4, now=at(f"2026-04-10 {now}")) is due
    assert dump.is_due(embedded, folder, hour=4, now=at("2026-04-11 04:00"))


def test_of_an_empty_record_no_dump_is_made(database: Database, folder: Path) -> None:
    assert not dump.is_due(database, folder, hour=4, now=NOW)


def test_a_dump_is_late_after_two_days_and_where_none_was_ever_made(embedded: Database, folder: Path) -> None:
    assert not dump.is_late(folder, now=NOW)
    dump.make(embedded, folder, SITE, now=NOW)
    assert not dump.is_late(folder, now=NOW + timedelta(days=2))
    assert dump.is_late(folder, now=NOW + timedelta(days=2, minutes=1))
    shutil.rmtree(folder)
    assert dump.is_late(folder, now=NOW)


@pytest.mark.parametrize("publish", [True, False])
def test_the_clock_makes_the_dump_where_it_is_published(tmp_path: Path, publish: bool) -> None:
    config = Config.model_validate({"data": {"publish": publish}})
    with household(config, home=tmp_path, clock=lambda: NOW) as house:

        def store(session: Session) -> None:
            tenders.store(session, TENDERS, run_id=uuid4(), now=NOW, alerts=lambda change: False)

        house.database.write(store)
        schedule.dump_due(house)
        assert dump.made_at(tmp_path / "data") == (NOW if publish else None)
        schedule.dump_due(house)
