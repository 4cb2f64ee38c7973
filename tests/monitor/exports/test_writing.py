"""A file is there whole or as it was before; and which tenders go into one."""

import gzip
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from db.engine import Database
from db.errors import RecordError
from db.vocabulary.query import EVERYTHING, parse
from monitor.exports.writing import ids_of, opened
from tests.monitor.exports.record import FIRST, NOW, SECOND, THIRD


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_bytes(b"before")
    with opened(out) as file:
        file.write(b"after")
        assert out.read_bytes() == b"before"
    assert out.read_bytes() == b"after"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_what_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_bytes(b"before")

    def broken() -> None:
        with opened(out) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert out.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_link_stays_a_link_and_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    with opened(tmp_path / "link") as file:
        file.write(b"said")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"said"
    with opened(Path(os.devnull)) as file:
        file.write(b"said")
    assert not Path(os.devnull).is_file()


def test_a_name_that_ends_in_gz_is_compressed_and_the_same_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.gz", "another.gz"):
        with opened(tmp_path / name) as file:
            file.write(b"said " * 1000)
    packed = (tmp_path / "one.gz").read_bytes()
    assert gzip.decompress(packed) == b"said " * 1000
    assert packed == (tmp_path / "another.gz").read_bytes()


def test_a_database_is_never_written_over(tmp_path: Path) -> None:
    record = tmp_path / "monitor.db"
    with closing(sqlite3.connect(record)) as there:
        there.execute("CREATE TABLE kept (one)")
    before = record.read_bytes()
    with pytest.raises(RecordError, match=r"monitor\.db: is a database"), opened(record) as file:
        file.write(b"lost")
    assert record.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"nowhere.*cannot be written"), opened(tmp_path / "nowhere" / "out.csv"):
        pass


def test_without_a_moment_tenders_come_newest_first_and_with_one_as_they_changed(filled: Database) -> None:
    with filled.reading() as session:
        assert list(ids_of(session, EVERYTHING, NOW))[-1] == FIRST
        assert list(ids_of(session, parse("太陽光 OR 清掃"), NOW)) == [THIRD, FIRST]
        assert list(ids_of(session, EVERYTHING, NOW, NOW - timedelta(hours=4))) == [SECOND, THIRD]
        assert list(ids_of(session, parse("太陽光 OR 清掃"), NOW, NOW - timedelta(hours=9))) == [FIRST, THIRD]
