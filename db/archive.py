"""Raw answers on disk, named by what they contain: anything can be parsed again without fetching again."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

import zstandard

from db.errors import RecordError

CHUNK = 1 << 20


class Archive:
    """A folder of zstd files, ``ab/cdef….zst`` after the SHA-256 of the uncompressed bytes.

    The same bytes are kept once. A file appears whole or not at all (written aside, then renamed).
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, body: BinaryIO, digest: str) -> None:
        """Keep the bytes of an open file under their SHA-256. Raises RecordError when the disk is full."""
        target = self._path(digest)
        if target.exists():
            return
        body.seek(0)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as part:
                try:
                    zstandard.ZstdCompressor(level=3).copy_stream(body, part, read_size=CHUNK)
                    part.flush()
                    os.fsync(part.fileno())
                    os.replace(part.name, target)
                except BaseException:
                    os.unlink(part.name)
                    raise
        except OSError as error:
            raise RecordError(
                "{folder}: cannot keep an answer ({reason}); make room or mend the folder",
                folder=target.parent,
                reason=error.strerror,
            ) from error

    def __contains__(self, digest: str) -> bool:
        return self._path(digest).exists()

    def open(self, digest: str) -> BinaryIO:
        """The bytes of a digest as a readable stream. Raises RecordError where it is not kept."""
        path = self._path(digest)
        try:
            return cast(BinaryIO, zstandard.open(path, "rb"))
        except FileNotFoundError:
            raise RecordError(
                "{path}: this answer is not in the archive (deleted?); fetch it again", path=path
            ) from None

    def _path(self, digest: str) -> Path:
        return self.root / digest[:2] / f"{digest[2:]}.zst"
