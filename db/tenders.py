"""The store of tenders: composing them from their notices, and their events."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_models

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.notices import ReadNotice, written
from db.tender import Tender, TenderAlias, TenderArea, TenderCpv, TenderEvent, TenderVenue
from db.vocabulary.notice import FieldChange, NoticeKind
from db.vocabulary.reading import AreaScore, CpvCode
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


def compose(id: UUID, notices: Sequence[ReadNotice]) -> ComposedTender:
    """The tender that these notices speak of, each field from the first notice (oldest first) that has it."""
    if not notices:
        raise ValueError(f"tender {id} has no notice to be composed from")
    first = notices[0].notice
    areas = _strongest(part.reading.areas for part in notices)
    given = {found.area for found in areas}

    def best(field: str) -> Any:
        return next((value for part in notices if (value := getattr(part.notice, field)) is not None), None)

    return ComposedTender(
        id=id,
        title=first.title,
        kind=first.kind,
        published=first.published,
        sources=tuple(
            TenderSource(
                source=part.notice.source,
                key=part.notice.key,
                url=part.notice.url,
                kind=part.notice.kind,
                published=part.notice.published,
                notice_id=part.id,
                document_url=part.notice.document_url,
            )
            for part in notices
        ),
        title_en=best("title_en"),
        buyer=best("buyer"),
        buyer_en=best("buyer_en"),
        prefecture=best("prefecture"),
        city=best("city"),
        category=best("category"),
        method=best("method"),
        status=best("status"),
        deadline=best("deadline"),
        response_deadline=best("response_deadline"),
        areas=areas,
        # What one of its notices is about is more than the place of the others.
        venues=tuple(at for at in _strongest(part.reading.venues for part in notices) if at.area not in given),
        cpv=_codes(notices),
        text="\n".join(part.notice.searched for part in notices if part.notice.searched),
    )


def _strongest(readings: Iterable[Iterable[AreaScore]]) -> tuple[AreaScore, ...]:
    best: dict[str, AreaScore] = {}
    for scores in readings:
        for found in scores:
            if found.area not in best or found.score > best[found.area].score:
                best[found.area] = found
    return tuple(sorted(best.values(), key=lambda found: -found.score))


def _codes(notices: Sequence[ReadNotice]) -> tuple[CpvCode, ...]:
    terms: dict[str, dict[str, None]] = {}
    for part in notices:
        for found in part.reading.cpv:
            terms.setdefault(found.code, {}).update(dict.fromkeys(found.terms))
    return tuple(CpvCode(code, tuple(terms[code])) for code in sorted(terms))


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
                "sequence": change.sequence if change else old.sequence if old else 1,
                "first_seen_at": old.first_seen_at if old else now,
                "updated_at": now if change or old is None else old.updated_at,
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


def store_quietly(session: Session, tenders: Sequence[ComposedTender]) -> list[Moved]:
    """Write projections after reading again: areas may move, but nothing happened to the tenders themselves.

    Returns the tenders that got other areas than before; that a score moved is not told.
    """
    before = areas_of(session, [tender.id for tender in tenders])
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
    if old is None:
        kind = EventKind.CANCELLED if tender.kind is NoticeKind.CANCELLATION else EventKind.PUBLISHED
        return TenderChange(tender, kind)
    changes = tuple(
        FieldChange(field, before, after)
        for field in MATERIAL
        if (before := written(getattr(old, field))) != (after := written(getattr(tender, field)))
        and fold(before or "") != fold(after or "")
        # A translation that comes later than the notice is welcome, and nothing that happened to the tender.
        and not (field == "title_en" and before is None)
    )
    if not changes:
        return None
    cancelled = tender.kind is NoticeKind.CANCELLATION and old.kind != NoticeKind.CANCELLATION
    return TenderChange(tender, EventKind.CANCELLED if cancelled else EventKind.CHANGED, changes, old.sequence + 1)


def _columns(tender: ComposedTender) -> dict[str, Any]:
    columns = {
        "id": tender.id,
        "title": tender.title,
        "title_en": tender.title_en,
        "buyer": tender.buyer,
        "buyer_en": tender.buyer_en,
        "prefecture": tender.prefecture,
        "city": tender.city,
        "category": tender.category,
        "kind": tender.kind,
        "method": tender.method,
        "status": tender.status,
        "published": tender.published,
        "deadline": tender.deadline,
        "response_deadline": tender.response_deadline,
        "sources": tender.sources,
    }
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


def _row(tender: ComposedTender, found: AreaScore) -> dict[str, Any]:
    return {"area": found.area, "tender_id": tender.id, "score": found.score, "evidence": found.evidence}


def rows(session: Session, ids: Sequence[UUID]) -> dict[UUID, Tender]:
    """The stored projections of tenders, by id; what is not there is left out."""
    tender = table(Tender)
    found: dict[UUID, Tender] = {}
    for some in batches(ids, IN_LIMIT):
        for row in session.connection().execute(select(tender).where(tender.c.id.in_(some))).mappings():
            found[row["id"]] = Tender(**row)
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
