"""The store of notices: recording what was scraped, and finding it again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.notice import Notice, NoticeReading, NoticeVersion
from db.types import Encoded, encode
from db.vocabulary.japanese import tokyo_iso
from db.vocabulary.notice import NOTICE_FIELDS, FieldChange, ScrapedNotice, notice_id
from db.vocabulary.reading import Reading


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
    changes: tuple[FieldChange, ...] = ()
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
            results.append(Recorded(id, known[id].tender_id, known[id].version, Outcome.SAME, notice))
            continue
        summed, text = suspects[id]
        if id in known:
            number, tender_id = known[id].version + 1, known[id].tender_id
            changes, outcome = differences(before[id], notice), Outcome.CHANGED
            if not changes:  # the same moment, written with another offset
                results.append(Recorded(id, tender_id, known[id].version, Outcome.SAME, notice))
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
        results.append(Recorded(id, tender_id, number, outcome, notice, changes, reparsed))
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
    """The fields in which two versions differ, in the order of the fields."""
    return tuple(
        FieldChange(name, written(old), written(new))
        for name in NOTICE_FIELDS
        if (old := getattr(before, name)) != (new := getattr(after, name))
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
    notice, version, reading = table(Notice), table(NoticeVersion), table(NoticeReading)
    for some in batches(tender_ids, IN_LIMIT):
        rows = session.connection().execute(
            select(notice.c.id, notice.c.tender_id, notice.c.version, version.c.content, reading.c.value)
            .join(version, (version.c.notice_id == notice.c.id) & (version.c.number == notice.c.version))
            .outerjoin(reading, (reading.c.notice_id == notice.c.id) & (reading.c.version == notice.c.version))
            .where(notice.c.tender_id.in_(some))
            .order_by(notice.c.first_seen_at, notice.c.id)
        )
        for id, tender_id, number, content, value in rows:
            yield ReadNotice(id, tender_id, number, content, value or Reading())


def unread(session: Session, revision: str | None, *, after: UUID | None, limit: int) -> list[ReadNotice]:
    """Up to ``limit`` notices, in the order of their ids, whose newest version was not read at ``revision``.

    Without a revision: all notices.
    """
    notice, version, reading = table(Notice), table(NoticeVersion), table(NoticeReading)
    query = (
        select(notice.c.id, notice.c.tender_id, notice.c.version, version.c.content, reading.c.value)
        .join(version, (version.c.notice_id == notice.c.id) & (version.c.number == notice.c.version))
        .outerjoin(reading, (reading.c.notice_id == notice.c.id) & (reading.c.version == notice.c.version))
        .order_by(notice.c.id)
        .limit(limit)
    )
    if revision is not None:
        query = query.where((reading.c.revision.is_(None)) | (reading.c.revision != revision))
    if after is not None:
        query = query.where(notice.c.id > after)
    return [
        ReadNotice(row[0], row[1], row[2], row[3], row[4] or Reading()) for row in session.connection().execute(query)
    ]


@dataclass(frozen=True, slots=True)
class _Known:
    tender_id: UUID
    version: int
    digest: str
    parser: str
    published: date


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
