"""The store of tenders: their projections, and the events that follow when these change."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_models

from db import bulk, documents
from db.bulk import IN_LIMIT, batches, table
from db.composing import CALLS
from db.notices import written
from db.tender import Tender, TenderAlias, TenderArea, TenderCpv, TenderEvent, TenderVenue
from db.vocabulary.notice import FieldChange, NoticeKind
from db.vocabulary.query import Searchable
from db.vocabulary.reading import AreaScore, CpvCode, EnglishOrigin
from db.vocabulary.series import series
from db.vocabulary.tender import ComposedTender, EventKind, TenderChange, TenderSource
from db.vocabulary.text import fold

MATERIAL = (
    "title",
    "title_en",
    "buyer",
    "prefecture",
    "category",
    "kind",
    "method",
    "status",
    "deadline",
    "response_deadline",
)
"""The fields whose change readers are told of. Texts are compared after folding: spacing means nothing."""
MOVES = ("deadline", "response_deadline", "kind")
"""Of these, the ones that readers are told of also where a further source says something else."""


def store(
    session: Session,
    tenders: Sequence[ComposedTender],
    *,
    run_id: UUID,
    now: datetime,
    alerts: Callable[[TenderChange], bool],
) -> list[TenderChange]:
    """Write the projections and the events that follow from them; returns the events.

    A tender seen for the first time is an event, and so is a material change. Whether it ``alerts`` is kept with it.
    """
    known = rows(session, [tender.id for tender in tenders])
    indexed = _index(session, tenders, known, now=now)
    changes: list[TenderChange] = []
    written_rows: list[dict[str, Any]] = []
    for tender in tenders:
        old = known.get(tender.id)
        change = _change(tender, old)
        if change:
            changes.append(change)
        written_rows.append(
            {
                **_columns(tender),
                **indexed[tender.id],
                "sequence": change.sequence if change else old.sequence if old else 1,
                "first_seen_at": old.first_seen_at if old else now,
                # What another source adds is nothing new to readers of feeds.
                "updated_at": old.updated_at if old and (not change or change.kind is EventKind.JOINED) else now,
            }
        )
    bulk.upsert(session, Tender, written_rows)
    _store_areas(session, tenders, known.keys())
    bulk.insert(
        session,
        TenderEvent,
        [
            {
                "tender_id": change.tender.id,
                "sequence": change.sequence,
                "at": now,
                "kind": change.kind,
                "changes": change.changes,
                "run_id": run_id,
                "alerts": alerts(change),
            }
            for change in changes
        ],
    )
    return changes


@dataclass(frozen=True, slots=True)
class Moved:
    """A tender that got other areas when it was read again, by slug."""

    id: UUID
    title: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


def store_quietly(session: Session, tenders: Sequence[ComposedTender], *, now: datetime) -> list[Moved]:
    """Write projections after reading again, merging or splitting: nothing happened to the tenders themselves.

    Returns the tenders that got other areas than before; that a score moved is not told.
    """
    ids = [tender.id for tender in tenders]
    known, before = rows(session, ids), areas_of(session, ids)
    indexed = _index(session, tenders, known, now=now)
    bulk.upsert(
        session,
        Tender,
        [
            {
                **_columns(tender),
                **indexed[tender.id],
                "sequence": old.sequence if old else 1,
                "first_seen_at": old.first_seen_at if old else now,
                "updated_at": old.updated_at if old else now,
            }
            for tender in tenders
            for old in (known.get(tender.id),)
        ],
    )
    _store_areas(session, tenders, before.keys())
    moved: list[Moved] = []
    for tender in tenders:
        old, new = {found.area for found in before[tender.id]}, {found.area for found in tender.areas}
        if old != new:
            moved.append(Moved(tender.id, tender.title, tuple(sorted(new - old)), tuple(sorted(old - new))))
    return moved


def area_counts(session: Session) -> dict[str, int]:
    """How many tenders each area has; an area without any is not in the answer."""
    area = table(TenderArea)
    rows = session.connection().execute(select(area.c.area, func.count()).group_by(area.c.area))
    return {row[0]: row[1] for row in rows}


def is_venue(session: Session, area: str) -> bool:
    """Whether any tender only takes place at the area."""
    venue = table(TenderVenue)
    return session.connection().execute(select(exists().where(venue.c.area == area))).scalar_one()


def areas_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[AreaScore]]:
    """The areas of tenders, strongest first; every id asked for is in the answer."""
    return _scores_of(session, TenderArea, ids)


def venues_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[AreaScore]]:
    """The areas that tenders only take place at; every id asked for is in the answer."""
    return _scores_of(session, TenderVenue, ids)


def cpv_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[CpvCode]]:
    """The CPV codes of tenders in their order; every id asked for is in the answer."""
    cpv = table(TenderCpv)
    found: dict[UUID, list[CpvCode]] = {id: [] for id in ids}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(cpv.c.tender_id, cpv.c.code, cpv.c.terms).where(cpv.c.tender_id.in_(some)).order_by(cpv.c.code)
        )
        for tender_id, code, terms in rows:
            found[tender_id].append(CpvCode(code, terms))
    return found


def _scores_of(
    session: Session, model: type[TenderArea | TenderVenue], ids: Sequence[UUID]
) -> dict[UUID, list[AreaScore]]:
    area = table(model)
    found: dict[UUID, list[AreaScore]] = {id: [] for id in ids}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(area.c.tender_id, area.c.area, area.c.score, area.c.evidence)
            .where(area.c.tender_id.in_(some))
            .order_by(area.c.score.desc(), area.c.area)
        )
        for tender_id, name, score, evidence in rows:
            found[tender_id].append(AreaScore(name, score, evidence))
    return found


def resolve(session: Session, id: UUID) -> UUID:
    """The id under which a tender is found today: merges leave their old ids as aliases."""
    alias = table(TenderAlias)
    return session.connection().execute(select(alias.c.tender_id).where(alias.c.alias_id == id)).scalar() or id


def events_of(session: Session, id: UUID) -> Sequence[TenderEvent]:
    """Everything that happened to a tender, oldest first."""
    return session.exec(
        select_models(TenderEvent).where(TenderEvent.tender_id == id).order_by(col(TenderEvent.sequence))
    ).all()


def _change(tender: ComposedTender, old: Tender | None) -> TenderChange | None:
    """What happened to a tender since it was stored; None where nothing did."""
    if old is None:
        kind = EventKind.CANCELLED if tender.kind is NoticeKind.CANCELLATION else EventKind.PUBLISHED
        return TenderChange(tender, kind)
    counting = {said.field: said.source for said in tender.said if said.counts}
    only = tender.sources[0].source if len({one.source for one in tender.sources}) == 1 else None
    changes = tuple(
        FieldChange(field, before, after, counting.get(field, only))
        for field in MATERIAL
        if (before := written(getattr(old, field))) != (after := written(getattr(tender, field)))
        and fold(before or "") != fold(after or "")
        and not (field == "title_en" and not _official(old, tender))
    )
    known = {one.notice_id for one in old.sources}
    joined = [one for one in tender.sources if one.notice_id not in known]
    if not changes and not joined:
        return None
    return TenderChange(tender, _event_kind(tender, old, changes, joined), changes, old.sequence + 1)


def _event_kind(
    tender: ComposedTender, old: Tender, changes: Sequence[FieldChange], joined: Sequence[TenderSource]
) -> EventKind:
    """What to call it. What another source merely adds is no change of the tender, and readers are not told."""
    if tender.kind is NoticeKind.CANCELLATION and old.kind != NoticeKind.CANCELLATION:
        return EventKind.CANCELLED
    if tender.kind is NoticeKind.AWARD and old.kind != NoticeKind.AWARD:
        return EventKind.AWARDED
    if not joined or any(one.kind is NoticeKind.AMENDMENT for one in joined):
        return EventKind.CHANGED
    moved = any(change.field in MOVES and change.before is not None for change in changes)
    # The day of a call is that of its newest round, and of one round the earliest.
    repeated = tender.kind in CALLS and tender.published > old.published
    return EventKind.CHANGED if moved or repeated else EventKind.JOINED


def _official(old: Tender, tender: ComposedTender) -> bool:
    """Whether both English titles are the source's own: that we translate otherwise is nothing that happened.

    A translation that comes later than the notice is welcome, and no change either.
    """
    return old.title_en_origin == EnglishOrigin.OFFICIAL and tender.title_en_origin is EnglishOrigin.OFFICIAL


_PLAIN_COLUMNS = tuple(
    name
    for name in Tender.model_fields
    if name
    not in ("access_gpa", "access_epa", "series", "document", "digest", "sequence", "first_seen_at", "updated_at")
)


def _columns(tender: ComposedTender) -> dict[str, Any]:
    columns: dict[str, Any] = {name: getattr(tender, name) for name in _PLAIN_COLUMNS}
    columns |= {"access_gpa": tender.access.gpa, "access_epa": tender.access.epa}
    columns["series"] = series(tender.buyer, tender.title)
    # PostgreSQL keeps no NUL in a text. The notice keeps it; for the tender it means nothing.
    return {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in columns.items()}


def _store_areas(session: Session, tenders: Sequence[ComposedTender], known: Iterable[UUID]) -> None:
    known = list(known)
    for model in (TenderArea, TenderVenue, TenderCpv):
        written = table(model)
        for some in batches(known, IN_LIMIT):
            session.connection().execute(written.delete().where(written.c.tender_id.in_(some)))
    bulk.insert(session, TenderArea, [_row(tender, found) for tender in tenders for found in tender.areas])
    bulk.insert(session, TenderVenue, [_row(tender, found) for tender in tenders for found in tender.venues])
    bulk.insert(
        session,
        TenderCpv,
        [
            {"code": found.code, "tender_id": tender.id, "terms": found.terms}
            for tender in tenders
            for found in tender.cpv
        ],
    )


def _index(
    session: Session, tenders: Sequence[ComposedTender], known: Mapping[UUID, Tender], *, now: datetime
) -> dict[UUID, documents.Indexed]:
    """Put tenders into the index of full-text search, by what their rows are to be."""
    described = {
        tender.id: Searchable.of(
            tender,
            text=tender.text,
            areas=(found.area for found in tender.areas),
            venues=(found.area for found in tender.venues),
            cpv=(found.code for found in tender.cpv),
            now=now,
        )
        for tender in tenders
    }
    return documents.index(session, described, known)


def _row(tender: ComposedTender, found: AreaScore) -> dict[str, Any]:
    return {"area": found.area, "tender_id": tender.id, "score": found.score, "evidence": found.evidence}


def rows(session: Session, ids: Sequence[UUID]) -> dict[UUID, Tender]:
    """The stored projections of tenders, by id; what is not there is left out. They are for reading only."""
    tender = table(Tender)
    found: dict[UUID, Tender] = {}
    for some in batches(ids, IN_LIMIT):
        for row in session.connection().execute(select(tender).where(tender.c.id.in_(some))):
            # A row has the attributes of the model. Making the model of it takes longer than reading it.
            found[row.id] = cast(Tender, row)
    return found


class TitleAndAreas(NamedTuple):
    """A tender as far as its title goes; the areas by slug, strongest first."""

    title: str
    buyer: str | None
    areas: tuple[str, ...]


def titles_and_areas(session: Session) -> Iterator[TitleAndAreas]:
    """The title of every tender with its buyer and its areas, a page at a time, in the order of their ids."""
    tender, given = table(Tender), table(TenderArea)
    columns = select(tender.c.id, tender.c.title, tender.c.buyer).order_by(tender.c.id).limit(IN_LIMIT)
    page = columns
    while found := session.connection().execute(page).all():
        areas: dict[UUID, list[str]] = {}
        for tender_id, slug in session.connection().execute(
            select(given.c.tender_id, given.c.area)
            .where(given.c.tender_id.in_([row.id for row in found]))
            .order_by(given.c.score.desc(), given.c.area)
        ):
            areas.setdefault(tender_id, []).append(slug)
        for row in found:
            yield TitleAndAreas(row.title, row.buyer, tuple(areas.get(row.id, ())))
        page = columns.where(tender.c.id > found[-1].id)
