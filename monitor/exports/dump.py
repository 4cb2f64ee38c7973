"""The daily dump: everything for others to take away, in one folder that is there whole or as it was before.

It is made in a folder beside it and takes its place by renaming. A file that says the same as yesterday's gets
yesterday's time, so that nobody fetches it again; the same rows always give the same bytes.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlmodel import Session

from alerts.site import Site
from db.engine import Database
from db.errors import Busy, RecordError
from db.exporting import tender_ids
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_
from db.vocabulary.query import EVERYTHING
from monitor.exports import descriptor, lines
from monitor.exports.descriptor import Package, Resource
from monitor.exports.dictionary import TABLES, TENDERS, Table
from monitor.exports.ocds.packages import Form, Publishing, write_lines
from monitor.exports.sheets import Sheet
from monitor.exports.tables import Asked, Row, rows
from monitor.exports.writing import ids_of, packed

if TYPE_CHECKING:
    from monitor.exports.parquet import ParquetFile

SUMS = "SHA256SUMS"
README = "README.md"
AGAIN = timedelta(hours=1)
"""After a dump that failed."""
PACKAGES: Mapping[Form, str] = {
    Form.RELEASES: N_("Open Contracting Data Standard 1.1.5: packages of releases, one a line."),
    Form.RECORDS: N_("Open Contracting Data Standard 1.1.5: packages of records with compiled releases, one a line."),
}
OLD = timedelta(days=2)
"""A dump that is older is worth a look."""

Watching = Callable[[str, int], None]
"""Is told, again and again, how many rows of a file are written."""


@dataclass(frozen=True, slots=True)
class Made:
    """A dump that was made, and how many rows each table has."""

    folder: Path
    rows: Mapping[str, int]


def folder_of(home: Path) -> Path:
    """Where the site's own dump lies."""
    return home / "data"


def about(site: Site) -> str:
    """What is to be said of the data as a whole; empty for real ones."""
    return descriptor.ILLUSTRATIVE if site.illustrative else ""


def make(
    database: Database, folder: Path, site: Site, *, now: datetime, watch: Watching = lambda name, done: None
) -> Made:
    """Make the dump anew. Raises RecordError, and Busy where it is being made already; what was there then stays."""
    folder = Path(os.path.realpath(folder))  # a link to another disk stays one
    with _alone(folder, now):
        _mend(folder)
        _see_that_it_is_ours(folder)
        fresh = _fresh(folder)
        try:
            fresh.mkdir()
            with database.reading() as session:
                found = list(_written(session, fresh, site, now, watch))
            _describe(fresh, descriptor.package(site, found, now=now))
            _keep_times(fresh, folder)
            _swap(fresh, folder)
        except OSError as error:
            raise RecordError(
                "{file}: cannot be written ({why}); choose another place", file=folder, why=error.strerror or error
            ) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return Made(folder, {one.name: one.rows for one in found if one.name in TABLES})


def is_due(database: Database, folder: Path, *, hour: int, now: datetime) -> bool:
    """Whether the dump of the day is still to be made: not since the hour struck last, in Tokyo.

    One that failed is tried again after ``AGAIN``; of an empty record none is made.
    """
    local = to_tokyo(now)
    struck = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if struck > local:
        struck -= timedelta(days=1)
    made, tried = made_at(folder), _tried_at(folder, now)
    if made is not None and struck <= made <= now:
        return False
    if tried is not None and struck <= tried <= now and now - tried < AGAIN:
        return False
    with database.reading() as session:
        return next(tender_ids(session), None) is not None


def made_at(folder: Path) -> datetime | None:
    """When the dump in a folder was made; None where there is none."""
    found = descriptor.load(folder)
    return found.created if found else None


def is_late(folder: Path, *, now: datetime) -> bool:
    """Whether the dump is older than it should be, or was tried and never made."""
    made = made_at(folder)
    return now - made > OLD if made is not None else _tried_at(folder, now) is not None


# Writing ---------------------------------------------------------------------------------------------------


def _written(session: Session, folder: Path, site: Site, now: datetime, watch: Watching) -> Iterator[Resource]:
    asked = Asked(EVERYTHING, now)
    for table in TABLES.values():
        yield from _table(session, folder, table, asked, site, watch)
        if table is TENDERS:
            path = folder / f"{table.name}.jsonl.gz"
            with path.open("wb") as plain, packed(plain) as file:
                count = lines.write_tenders(session, asked, file, watch=lambda done: watch("tenders.jsonl", done))
            yield Resource(
                name=f"{table.name}-jsonl",
                type="file",
                title=table.title,
                description="A line of JSON each, with all that was read out of the notices.",
                path=path.name,
                format="jsonl",
                mediatype="application/x-ndjson",
                encoding="utf-8",
                compression="gz",
                rows=count,
                size=path.stat().st_size,
                hash=_sum(path),
            )
    yield from _standard(session, folder, site, now, watch)


def _standard(session: Session, folder: Path, site: Site, now: datetime, watch: Watching) -> Iterator[Resource]:
    """The same tenders in the Open Contracting Data Standard: releases, and records that compile them."""
    publishing = Publishing(site, now)
    (folder / "ocds").mkdir()
    for form, described in PACKAGES.items():
        path = folder / "ocds" / f"{form}.jsonl.gz"
        told = partial(watch, f"ocds/{form}")
        with path.open("wb") as plain, packed(plain) as file:
            write_lines(session, ids_of(session, EVERYTHING, now), file, publishing, form, watch=told)
        yield Resource(
            name=f"ocds-{form}",
            type="file",
            title=f"OCDS {form}",
            description=described,
            path=path.relative_to(folder).as_posix(),
            format="jsonl",
            mediatype="application/x-ndjson",
            encoding="utf-8",
            compression="gz",
            size=path.stat().st_size,
            hash=_sum(path),
        )


def _table(
    session: Session, folder: Path, table: Table, asked: Asked, site: Site, watch: Watching
) -> Iterator[Resource]:
    """The CSV and the Parquet files of a table, in one pass over its rows."""
    path, count = folder / f"{table.name}.csv.gz", 0
    with path.open("wb") as plain, packed(plain) as file, _Months(folder, table, about(site)) as months:
        sheet = Sheet(file, table)
        for some in rows(session, table.name, asked, site):
            sheet.write(some)
            months.write(some)
            count += len(some)
            watch(table.name, count)
    yield Resource(
        name=table.name,
        title=table.title,
        description=table.description,
        path=path.name,
        format="csv",
        mediatype="text/csv",
        encoding="utf-8-sig",
        compression="gz",
        rows=count,
        schema=descriptor.schema(table),
        size=path.stat().st_size,
        hash=_sum(path),
    )
    for month, number in sorted(months.rows.items(), reverse=True):
        part = months.path(month)
        yield Resource(
            name=f"{table.name}-{month}",
            type="file",
            title=f"{table.title}, {month}",
            path=part.relative_to(folder).as_posix(),
            format="parquet",
            mediatype="application/vnd.apache.parquet",
            rows=number,
            size=part.stat().st_size,
            hash=_sum(part),
        )


class _Months:
    """The Parquet files of a table, one for each month of its day; the rows come in the order of the days."""

    def __init__(self, folder: Path, table: Table, said: str) -> None:
        self._folder, self._table, self._said = folder, table, said
        self._place = [column.name for column in table.columns].index(table.day)
        self._month = ""
        self._open = ExitStack()
        self._file: ParquetFile | None = None
        self.rows: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def path(self, month: str) -> Path:
        return self._folder / self._table.name / f"month={month}" / "part-0.parquet"

    def write(self, some: list[Row]) -> None:
        begin = 0
        for place, row in enumerate(some):
            day = row[self._place]
            assert isinstance(day, date)
            if (month := f"{day.year:04}-{day.month:02}") != self._month:
                self._add(some[begin:place])
                self._begin(month)
                begin = place
        self._add(some[begin:])

    def _begin(self, month: str) -> None:
        from monitor.exports.parquet import ParquetFile  # 55 MB, which no command but a dump needs

        self._open.close()
        self._month, self.rows[month] = month, 0
        path = self.path(month)
        path.parent.mkdir(parents=True)
        out = self._open.enter_context(path.open("wb"))
        self._file = self._open.enter_context(ParquetFile(out, self._table, about=self._said))

    def _add(self, some: list[Row]) -> None:
        if some and self._file is not None:
            self._file.write(some)
            self.rows[self._month] += len(some)


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _describe(folder: Path, made: Package) -> None:
    (folder / descriptor.NAME).write_bytes(descriptor.encoded(made))
    (folder / README).write_text(descriptor.readme(made), "utf-8")
    known = {one.path: one.sha256 for one in made.resources}
    for name in (descriptor.NAME, README):
        known[name] = _sum(folder / name).removeprefix("sha256:")
    sums = "".join(f"{digest}  {path}\n" for path, digest in known.items())
    (folder / SUMS).write_text(sums, "utf-8")


# The folder ------------------------------------------------------------------------------------------------


def _fresh(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")


def _before(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _lock(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


@contextmanager
def _alone(folder: Path, now: datetime) -> Iterator[None]:
    """Hold the folder for this process; the lock's time says when a dump was tried last."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        file = _lock(folder).open("wb")
    except OSError as error:
        raise RecordError(
            "{file}: cannot be written ({why}); choose another place", file=folder, why=error.strerror
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("{folder}: another process is writing it; try again in a moment", folder=folder) from None
        os.utime(file.fileno(), (now.timestamp(), now.timestamp()))
        yield


def _tried_at(folder: Path, now: datetime) -> datetime | None:
    try:
        return datetime.fromtimestamp(_lock(Path(os.path.realpath(folder))).stat().st_mtime, now.tzinfo)
    except FileNotFoundError:
        return None


def _mend(folder: Path) -> None:
    """Put right what a process left that died while it wrote or swapped."""
    if _before(folder).exists() and not folder.exists():
        _before(folder).rename(folder)
    for left in (_fresh(folder), _before(folder)):
        shutil.rmtree(left, ignore_errors=True)


def _see_that_it_is_ours(folder: Path) -> None:
    """The folder is replaced with all that is in it, so nothing else may be there. Raises RecordError."""
    if not folder.exists():
        return
    sums = folder / SUMS
    named = sums.read_text("utf-8", "replace").splitlines() if sums.is_file() else []
    ours = {SUMS, *(line[66:] for line in named)}
    if not ours >= {descriptor.NAME, README}:  # others keep sums of their files, too
        ours = set()
    if not folder.is_dir() or any(
        path.relative_to(folder).as_posix() not in ours for path in folder.rglob("*") if not path.is_dir()
    ):
        raise RecordError("{folder}: holds other files; choose a folder that is empty or not there", folder=folder)


def _keep_times(fresh: Path, before: Path) -> None:
    """Give what says the same as before the time that it had."""
    for path in fresh.rglob("*"):
        old = before / path.relative_to(fresh)
        if path.is_file() and old.is_file() and _sum(path) == _sum(old):
            known = old.stat()
            os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


def _swap(fresh: Path, folder: Path) -> None:
    before = _before(folder)
    if folder.exists():
        folder.rename(before)
    try:
        fresh.rename(folder)
    except OSError:
        if before.exists():
            before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)
