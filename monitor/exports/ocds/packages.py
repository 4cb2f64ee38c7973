"""Packages of releases and of records, written as they are made: one file of one package, or a package a line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO
from uuid import UUID

import msgspec
from sqlmodel import Session

from alerts.site import Site
from db import releases as store
from db.bulk import batches
from db.releases import History
from db.vocabulary.japanese import tokyo_iso
from monitor.exports.ocds.building import releases
from monitor.exports.ocds.merging import compiled
from monitor.exports.ocds.model import VERSION, Package, Publisher
from monitor.exports.writing import Watch, unwatched

BATCH = 200
"""Tenders that are held at once, and that are in one package of a file with a package a line."""
POLICY = "{home}data/"
"""Where the site says what is published, out of what, and how."""


class Form(StrEnum):
    """What a package has."""

    RELEASES = "releases"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Publishing:
    """Who publishes, and when."""

    site: Site
    now: datetime
    license: str | None = None

    def package(self, form: Form) -> Package:
        """The package without what is in it."""
        home = self.site.home_url()
        return Package(
            uri=f"{home}data/ocds/{form}.jsonl.gz",
            version=VERSION,
            published_date=tokyo_iso(self.now),
            publisher=Publisher(name=self.site.name, uri=home),
            license=self.license,
            publication_policy=POLICY.format(home=home),
        )


def write_package(
    session: Session,
    ids: Iterable[UUID],
    out: BinaryIO,
    publishing: Publishing,
    form: Form,
    *,
    watch: Watch = unwatched,
) -> int:
    """Write one package with all tenders; returns how many. Holds a batch of them at most."""
    count, first = 0, True
    out.write(_opened(publishing, form))
    for batch in _histories(session, ids):
        parts = [part for history in batch for part in _parts(history, publishing.site.ocid_prefix, form)]
        if parts:
            out.write((b"" if first else b",\n") + b",\n".join(parts))
            first = False
        count += len(batch)
        watch(count)
    out.write(b"\n]}\n")
    return count


def write_lines(
    session: Session,
    ids: Iterable[UUID],
    out: BinaryIO,
    publishing: Publishing,
    form: Form,
    *,
    watch: Watch = unwatched,
) -> int:
    """Write packages of BATCH tenders each, a line for each package; returns how many tenders."""
    count = 0
    head = _opened(publishing, form).replace(b"\n", b"")
    for batch in _histories(session, ids):
        out.write(
            head
            + b",".join(part for one in batch for part in _parts(one, publishing.site.ocid_prefix, form))
            + b"]}\n"
        )
        count += len(batch)
        watch(count)
    return count


def _opened(publishing: Publishing, form: Form) -> bytes:
    """A package up to its list, which comes last."""
    return msgspec.json.encode(publishing.package(form)).removesuffix(b"}") + f',"{form}":[\n'.encode()


def _histories(session: Session, ids: Iterable[UUID]) -> Iterator[list[History]]:
    for some in batches(ids, BATCH):
        yield store.histories(session, some)


def _parts(history: History, prefix: str, form: Form) -> Iterator[bytes]:
    """The releases of a tender, or its record; nothing for a tender without notices."""
    made = releases(history, prefix=prefix)
    if not made:
        return
    if form is Form.RELEASES:
        yield from map(msgspec.json.encode, made)
    else:
        yield msgspec.json.encode({"ocid": made[0].ocid, "releases": made, "compiledRelease": compiled(made)})
