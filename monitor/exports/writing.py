"""What all files have in common: which tenders go into them, and that a file appears whole or not at all."""

import gzip
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

from sqlmodel import Session

from db import exporting, search
from db.bulk import IN_LIMIT, batches
from db.errors import RecordError
from db.vocabulary.query import EVERYTHING, Query

Watch = Callable[[int], None]
"""Is told, again and again, how many are written."""


def unwatched(done: int) -> None:
    """Tells nobody."""


def changed_since(session: Session, since: datetime) -> Iterator[UUID]:
    """The tenders that changed themselves, as readers of feeds are told."""
    return exporting.tender_ids(session, since=since)


def ids_of(
    session: Session,
    query: Query,
    now: datetime,
    since: datetime | None = None,
    changed_since: Callable[[Session, datetime], Iterator[UUID]] = changed_since,
) -> Iterator[UUID]:
    """The tenders that a query finds, published last first.

    With ``since`` those of which anything happened then or later, in the order in which it did; what counts as such
    says ``changed_since``. What is being written meanwhile may get an earlier moment than what is there: whoever
    resumes asks from a while before the last one seen.
    """
    if since is not None:
        changed = changed_since(session, since)
        return (id for some in batches(changed, IN_LIMIT) for id in exporting.among(session, query, some, now=now))
    if query == EVERYTHING:
        return exporting.tender_ids(session)
    return search.find(session, query, now=now)


@contextmanager
def opened(out: Path) -> Iterator[BinaryIO]:
    """A file to write to; ``-`` is standard output, and a name that ends in ``.gz`` is compressed.

    The file gets its name when all is written: what was there before stays until then. Raises RecordError.
    """
    if str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with _begun(out) as plain:
        if out.suffix != ".gz":
            yield plain
            return
        with packed(plain) as file:
            yield file


@contextmanager
def packed(plain: BinaryIO) -> Iterator[BinaryIO]:
    """Compresses into a file; the same content always gives the same bytes, whatever the day and the name."""
    with gzip.GzipFile("", "wb", 6, plain, 0) as file:
        yield cast(BinaryIO, file)


@contextmanager
def _begun(out: Path) -> Iterator[BinaryIO]:
    target = Path(os.path.realpath(out))  # a link stays one
    special = target.exists() and not target.is_file()
    if not special and _is_database(target):
        raise RecordError("{file}: is a database, and stays one; choose another name", file=out)
    begun = target if special else target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with begun.open("wb") as file:
            yield file
        if not special:
            begun.replace(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise RecordError(
            "{file}: cannot be written ({why}); choose another place", file=out, why=error.strerror or error
        ) from error
    finally:
        if not special:
            with suppress(FileNotFoundError):
                begun.unlink()


def _is_database(file: Path) -> bool:
    """Whether a file is one of SQLite's, as the record is: a slip of the finger must not cost it."""
    try:
        with file.open("rb") as there:
            return there.read(16) == b"SQLite format 3\0"
    except OSError:
        return False  # nothing is there, or writing will say what is wrong
