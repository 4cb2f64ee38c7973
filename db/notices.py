"""The store of notices: recording what was scraped, and finding it again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlmodel import Session

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.notice import Notice, NoticeReading, NoticeVersion
from db.types import Encoded, encode
from db.vocabulary.japanese import tokyo_iso
from db.vocabulary.notice import NOTICE_FIELDS, FieldChange, ScrapedNotice, notice_id
from db.vocabulary.reading import Link, Reading
from db.vocabulary.text import clean_title, fold


class Outcome(StrEnum):
    """What recording a notice did."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A notice after recording. ``changes`` says which fields differ from the version before."""

    id: UUID
    tender_id: UUID
    version: int
    outcome: Outcome
    notice: ScrapedNotice
    first_seen_at: datetime
    changes: tuple[FieldChange, ...] = ()
    link: Link | None = None
    reparsed: bool = False
    """True where another revision of the parser read the version before: it may be we who changed."""


@dataclass(frozen=True, slots=True)
class ReadNotice:
    """A notice's newest version with what was read out of it: what tenders are composed from."""

    id: UUID
    tender_id: UUID
    version: int
    notice: ScrapedNotice
    reading: Reading
    link: Link | None = None
    first_seen_at: datetime | None = None
    """None before it is recorded."""


def digest(content: bytes) -> str:
    """Equal digests are equal contents (BLAKE2b, 128 bits, of the notice written as JSON)."""
    return blake2b(content, digest_size=16).hexdigest()


def record(
    session: Session, notices: Iterable[ScrapedNotice], *, run_id: UUID, now: datetime, parser: str = ""
) -> list[Recorded]:
    """Record a batch of notices and say of each whether it is new, changed or the same.

    Recording the same again changes nothing. Of two contents with one key in a batch the later counts. A notice
    that its source does not date keeps the day on which it was first seen.
    """
    latest = {notice_id(notice.source, notice.key): notice for notice in notices}
    known = _known(session, list(latest))
    for id, notice in latest.items():
        if notice.undated and id in known:
            latest[id] = replace(notice, published=known[id].published)
    results: list[Recorded] = []
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    suspects: dict[UUID, tuple[str, Encoded]] = {}
    for id, notice in latest.items():
        content = encode(notice)
        summed = digest(content)
        if id not in known or summed != known[id].digest:
            suspects[id] = (summed, Encoded(content, "utf-8"))
    before = contents(session, [id for id in suspects if id in known])
    for id, notice in latest.items():
        if id not in suspects:
            results.append(known[id].recorded(id, Outcome.SAME, notice))
            continue
        summed, text = suspects[id]
        if id in known:
            number, tender_id = known[id].version + 1, known[id].tender_id
            changes, outcome = differences(before[id], notice), Outcome.CHANGED
            if not changes:  # the same moment with another offset, the same words with other spaces
                results.append(known[id].recorded(id, Outcome.SAME, notice))
                continue
            changed.append(
                {
                    "b_id": id,
                    "version": number,
                    "digest": summed,
                    "parser": parser,
                    "published": notice.published,
                    "changed_at": now,
                }
            )
        else:
            number, tender_id, changes, outcome = 1, id, (), Outcome.NEW
            fresh.append(
                {
                    "id": id,
                    "source": notice.source,
                    "key": notice.key,
                    "tender_id": tender_id,
                    "version": number,
                    "digest": summed,
                    "parser": parser,
                    "published": notice.published,
                    "first_seen_at": now,
                    "changed_at": now,
                }
            )
        versions.append(
            {
                "notice_id": id,
                "number": number,
                "run_id": run_id,
                "recorded_at": now,
                "content": text,
                "changes": changes,
            }
        )
        reparsed = id in known and known[id].parser != parser
        seen_at, link = (known[id].first_seen_at, known[id].link) if id in known else (now, None)
        results.append(Recorded(id, tender_id, number, outcome, notice, seen_at, changes, link, reparsed))
    bulk.insert(session, Notice, fresh)
    if changed:
        notice_table = table(Notice)
        session.connection().execute(
            notice_table.update()
            .where(notice_table.c.id == bindparam("b_id"))
            .values({name: bindparam(name) for name in ("version", "digest", "parser", "published", "changed_at")}),
            changed,
        )
    bulk.insert(session, NoticeVersion, versions)
    same = {one.id for one in results if one.outcome is Outcome.SAME}
    if reread := [{"b_id": id, "parser": parser} for id in same if known[id].parser != parser]:
        notice_table = table(Notice)
        by_id = notice_table.update().where(notice_table.c.id == bindparam("b_id"))
        session.connection().execute(by_id.values(parser=bindparam("parser")), reread)
    return results


def differences(before: ScrapedNotice, after: ScrapedNotice) -> tuple[FieldChange, ...]:
    """The fields in which two versions differ, in the order of the fields.

    Spaces, full and half width and the size marks of files mean nothing: where no more than that differs there is
    no change. ``title_original`` is the title before it was cleaned and says nothing of its own.
    """
    return tuple(
        FieldChange(name, written(old), written(new))
        for name in NOTICE_FIELDS
        if (old := getattr(before, name)) != (new := getattr(after, name)) and not _same(name, old, new)
    )


def _same(name: str, old: object, new: object) -> bool:
    """Whether two texts of a field say the same to a reader. Keys and addresses are compared as they are."""
    if not (isinstance(old, str) and isinstance(new, str)) or name not in _PROSE:
        return name == "title_original"
    if name == "title":
        old, new = clean_title(old), clean_title(new)
    return "".join(fold(old).split()) == "".join(fold(new).split())


_PROSE = frozenset(
    ("title", "title_en", "buyer", "buyer_en", "place", "method", "qualification", "status", "text", "text_en")
)


def written(value: object) -> str | None:
    """A field's value as it is written out in a change: None where absent, JSON where it is no plain word.

    A moment is written by the clock of Tokyo, whatever its offset: the database gives it back in UTC.
    """
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, datetime):
        return tokyo_iso(value)
    return encode(value).decode().strip('"')


def store_readings(
    session: Session, readings: Mapping[tuple[UUID, int], Reading], *, revision: str, now: datetime
) -> None:
    """Keep what was read out of versions (notice id, number), replacing what an earlier reader found."""
    bulk.upsert(
        session,
        NoticeReading,
        [
            {"notice_id": id, "version": version, "revision": revision, "read_at": now, "value": value}
            for (id, version), value in readings.items()
        ],
    )


def read_notices(session: Session, tender_ids: Sequence[UUID]) -> Iterator[ReadNotice]:
    """The notices of tenders with their readings (an empty one where not read yet), oldest first."""
    notice = table(Notice)
    for some in batches(tender_ids, IN_LIMIT):
        rows = session.connection().execute(
            _with_readings().where(notice.c.tender_id.in_(some)).order_by(notice.c.first_seen_at, notice.c.id)
        )
        yield from map(_read_notice, rows)


def _with_readings() -> Select[Any]:
    notice, version, reading = table(Notice), table(NoticeVersion), table(NoticeReading)
    return (
        select(
            notice.c.id,
            notice.c.tender_id,
            notice.c.version,
            version.c.content,
            reading.c.value,
            notice.c.link,
            notice.c.first_seen_at,
        )
        .join(version, (version.c.notice_id == notice.c.id) & (version.c.number == notice.c.version))
        .outerjoin(reading, (reading.c.notice_id == notice.c.id) & (reading.c.version == notice.c.version))
    )


def _read_notice(row: Sequence[Any]) -> ReadNotice:
    return ReadNotice(row[0], row[1], row[2], row[3], row[4] or Reading(), row[5], row[6])


def unread(session: Session, revision: str | None, *, after: UUID | None, limit: int) -> list[ReadNotice]:
    """Up to ``limit`` notices, in the order of their ids, whose newest version was not read at ``revision``.

    Without a revision: all notices.
    """
    notice, reading = table(Notice), table(NoticeReading)
    query = _with_readings().order_by(notice.c.id).limit(limit)
    if revision is not None:
        query = query.where((reading.c.revision.is_(None)) | (reading.c.revision != revision))
    if after is not None:
        query = query.where(notice.c.id > after)
    return list(map(_read_notice, session.connection().execute(query)))


@dataclass(frozen=True, slots=True)
class _Known:
    tender_id: UUID
    version: int
    digest: str
    parser: str
    published: date
    first_seen_at: datetime
    link: Link | None

    def recorded(self, id: UUID, outcome: Outcome, notice: ScrapedNotice) -> Recorded:
        return Recorded(id, self.tender_id, self.version, outcome, notice, self.first_seen_at, link=self.link)


def _known(session: Session, ids: Sequence[UUID]) -> dict[UUID, _Known]:
    notice = table(Notice)
    found: dict[UUID, _Known] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(
                notice.c.id,
                notice.c.tender_id,
                notice.c.version,
                notice.c.digest,
                notice.c.parser,
                notice.c.published,
                notice.c.first_seen_at,
                notice.c.link,
            ).where(notice.c.id.in_(some))
        )
        found.update((row[0], _Known(*row[1:])) for row in rows)
    return found


def contents(session: Session, ids: Sequence[UUID]) -> dict[UUID, ScrapedNotice]:
    """The newest version of each notice that is there."""
    # Joined by notice: SQLite scans the whole table for a list of pairs.
    notice, version = table(Notice), table(NoticeVersion)
    found: dict[UUID, ScrapedNotice] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(version.c.notice_id, version.c.content)
            .join(notice, (version.c.notice_id == notice.c.id) & (version.c.number == notice.c.version))
            .where(notice.c.id.in_(some))
        )
        found.update((row[0], row[1]) for row in rows)
    return found


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a notice as its history shows it: when it was recorded, and how it differs from the one before."""

    number: int
    recorded_at: datetime
    changes: tuple[FieldChange, ...]


def versions(session: Session, notice_ids: Sequence[UUID]) -> dict[UUID, list[Version]]:
    """The versions of each notice that is there, the first one first, without their contents."""
    version = table(NoticeVersion)
    found: dict[UUID, list[Version]] = {}
    for some in batches(notice_ids, IN_LIMIT):
        rows = session.connection().execute(
            select(version.c.notice_id, version.c.number, version.c.recorded_at, version.c.changes)
            .where(version.c.notice_id.in_(some))
            .order_by(version.c.notice_id, version.c.number)
        )
        for id, number, recorded_at, changes in rows:
            found.setdefault(id, []).append(Version(number, recorded_at, changes))
    return found
