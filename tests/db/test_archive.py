"""Raw answers on disk: kept once, whole or not at all, and read back as they were."""

import errno
import io
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from db.archive import CHUNK, Archive
from db.errors import RecordError


def put(archive: Archive, content: bytes) -> str:
    digest = sha256(content).hexdigest()
    archive.put(io.BytesIO(content), digest)
    return digest


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.mark.parametrize("content", [b"", "<公告/>".encode("cp932"), os.urandom(CHUNK + 1), b"0" * (3 * CHUNK)])
def test_an_answer_is_read_back_byte_for_byte(archive: Archive, content: bytes) -> None:
    digest = put(archive, content)
    with archive.open(digest) as body:
        assert body.read() == content


def test_an_answer_is_named_by_what_it_contains_and_stored_small(archive: Archive) -> None:
    digest = put(archive, b"<tr></tr>" * 10_000)
    (path,) = files(archive.root)
    assert path == archive.root / digest[:2] / f"{digest[2:]}.zst"
    assert path.stat().st_size < 1000


def test_the_same_answer_is_kept_once(archive: Archive) -> None:
    digest = put(archive, b"same")
    (path,) = files(archive.root)
    before = path.stat()
    assert put(archive, b"same") == digest
    assert [path] == list(files(archive.root))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_answer_is_kept_from_its_beginning_wherever_it_was_read_to(archive: Archive) -> None:
    body = io.BytesIO(b"read already")
    body.read()
    archive.put(body, "ab" * 32)
    with archive.open("ab" * 32) as kept:
        assert kept.read() == b"read already"


def test_what_is_kept_is_known_to_be_kept(archive: Archive) -> None:
    digest = put(archive, b"here")
    assert digest in archive
    assert sha256(b"not here").hexdigest() not in archive


class _Torn(io.BytesIO):
    """A body whose second part cannot be read, or whose writing fails."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(b"x" * 2 * CHUNK)
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise self.error
        return super().read(size)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.EIO, "Input/output error")])
def test_an_answer_that_breaks_off_leaves_no_file(archive: Archive, error: BaseException) -> None:
    with pytest.raises((KeyboardInterrupt, RecordError)):
        archive.put(_Torn(error), "ab" * 32)
    assert list(files(archive.root)) == []
    assert "ab" * 32 not in archive


def test_a_full_disk_is_told_in_one_line(archive: Archive) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(RecordError) as told:
        archive.put(_Torn(full), "ab" * 32)
    assert str(told.value) == (
        f"{archive.root}/ab: cannot keep an answer (No space left on device); make room or mend the folder"
    )


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file where the folder should be")
    with pytest.raises(RecordError, match="cannot keep an answer"):
        put(Archive(tmp_path / "archive"), b"something")


def test_an_answer_that_is_gone_says_what_to_do(archive: Archive) -> None:
    with pytest.raises(RecordError, match=r"this answer is not in the archive \(deleted\?\); fetch it again"):
        archive.open("ab" * 32)
