"""Reading the record in bulk, for files: ids in their order, and flat rows with only the columns that a file shows.

Nothing here holds more than a page. Where no index has the order, each page of ids passes over the whole table, so few
large pages of two narrow columns are better than many small ones of whole rows.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Text, func, select, type_coerce
from sqlmodel import Session, SQLModel

from db import notices, tenders
from db.award import Award, AwardArea, Supplier
from db.bulk import IN_LIMIT, batches, table
from db.card import Card
from db.notice import Notice, NoticeVersion
from db.tender import Tender, TenderArea, TenderCpv, TenderVenue
from db.vocabulary.award import CORPORATE_NUMBERS
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.notice import NoticeKind
from db.vocabulary.query import EVERYTHING, And, Not, Or, Query, Scope, Searchable, Word, matches, opened
from db.vocabulary.reading import NO_VERDICT, Access, AccessVerdict
from db.vocabulary.text import fold

PAGE = 2_000
"""Ids that are read at once where an index has them in their order."""
KEYS = 50_000
"""The same where none has: some 10 MB."""

Day = date
"""Where a column is called ``date``."""


# Which, and in what order ----------------------------------------------------------------------------------


def tender_ids(session: Session, *, since: datetime | None = None) -> Iterator[UUID]:
    """All tenders, published last first; with ``since`` those that changed then or later, in the order of that."""
    return _keys(session, Tender, "published", "updated_at", since)


def award_ids(session: Session, *, since: datetime | None = None) -> Iterator[UUID]:
    """All awards that count, decided last first; with ``since`` those that changed, in the order of that."""
    return _keys(session, Award, "date", "changed_at", since)


def notice_ids(session: Session, *, since: datetime | None = None) -> Iterator[UUID]:
    """All notices, published last first; with ``since`` those that changed, in the order of that."""
    return _keys(session, Notice, "published", "changed_at", since)


def _keys(session: Session, model: type[SQLModel], day: str, changed: str, since: datetime | None) -> Iterator[UUID]:
    rows = table(model)
    column = rows.c[day] if since is None else rows.c[changed]
    size = PAGE if any(next(iter(index.expressions)) is column for index in rows.indexes) else KEYS
    page = select(rows.c.id, column).limit(size)
    page = page.order_by(column.desc() if since is None else column, rows.c.id)
    if model is Award:
        page = page.where(rows.c.same_as.is_(None))
    found = session.connection().execute(page if since is None else page.where(column >= since)).all()
    while found:
        yield from (row[0] for row in found)
        if len(found) < size:
            return
        id, last = found[-1]
        # The first condition says no more than the second; it is the one that an index can use.
        beyond = (column <= last, column < last) if since is None else (column >= last, column > last)
        following = page.where(beyond[0], beyond[1] | ((column == last) & (rows.c.id > id)))
        found = session.connection().execute(following).all()


def among(session: Session, query: Query, ids: Sequence[UUID], *, now: datetime) -> list[UUID]:
    """Which of these tenders a query finds, in the order given."""
    if query == EVERYTHING:
        return list(ids)
    rows = tenders.rows(session, ids)
    areas, venues, cpv = _listed(session, TenderArea, rows), _listed(session, TenderVenue, rows), _cpv(session, rows)
    said = {}
    if _reads_texts(query):
        said = notices.contents(session, [source.notice_id for row in rows.values() for source in row.sources])
    found: list[UUID] = []
    for id in ids:
        if (row := rows.get(id)) is None:
            continue
        text = "\n".join(said[one.notice_id].searched for one in row.sources if one.notice_id in said)
        tried = Searchable.of(
            row, text=text, areas=areas.get(id, ()), venues=venues.get(id, ()), cpv=cpv.get(id, ()), now=now
        )
        if matches(query, tried):
            found.append(id)
    return found


def _reads_texts(query: Query) -> bool:
    match query:
        case And(parts) | Or(parts):
            return any(map(_reads_texts, parts))
        case Not(part):
            return _reads_texts(part)
        case Word(scope, _):
            return scope in (Scope.ANY, Scope.TEXT)
        case _:
            return False


# Tenders ---------------------------------------------------------------------------------------------------


class Scored(NamedTuple):
    """A focus area and how strongly it fits."""

    area: str
    score: float


class TenderRow(NamedTuple):
    """A tender in flat columns. ``monitor.exports.dictionary`` says what each has."""

    id: UUID
    title: str
    title_en: str | None
    title_en_origin: str | None
    buyer: str | None
    buyer_en: str | None
    prefecture: str | None
    category: str | None
    kind: str
    method: str | None
    method_en: str | None
    published: date
    deadline: datetime | None
    deadline_day: date | None
    response_deadline: datetime | None
    response_deadline_day: date | None
    value_jpy: Decimal | None
    access: str
    access_gpa: str
    access_epa: str
    awarded: date | None
    areas: tuple[str, ...]
    area_scores: tuple[Scored, ...]
    venues: tuple[str, ...]
    cpv: tuple[str, ...]
    sources: tuple[str, ...]
    notice_url: str | None
    first_seen_at: datetime
    updated_at: datetime


class _Source(msgspec.Struct, gc=False):
    """Of a tender's source what a flat file shows; decoding all of it takes longer than everything else."""

    source: str
    url: str


def tender_rows(session: Session, ids: Sequence[UUID]) -> Iterator[TenderRow]:
    """The rows of tenders, in the order of the ids; what is not there is left out."""
    tender = table(Tender)
    columns = (
        *(
            tender.c.id,
            tender.c.title,
            tender.c.title_en,
            tender.c.title_en_origin,
            tender.c.buyer,
            tender.c.buyer_en,
        ),
        *(tender.c.prefecture, tender.c.category, tender.c.kind, tender.c.method, tender.c.method_en),
        *(tender.c.published, tender.c.deadline, tender.c.deadline_clock),
        *(tender.c.response_deadline, tender.c.response_clock, tender.c.value),
        *(tender.c.access_gpa, tender.c.access_epa, tender.c.awarded),
        *(type_coerce(tender.c.sources, Text), tender.c.first_seen_at, tender.c.updated_at),
    )
    decoder = msgspec.json.Decoder(list[_Source])
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(select(*columns).where(tender.c.id.in_(some))).all()
        known = {row[0]: row for row in rows}
        areas, venues = _listed(session, TenderArea, known), _listed(session, TenderVenue, known)
        cpv = _cpv(session, known)
        for id in some:
            if (row := known.get(id)) is None:
                continue
            *plain, due, timed, answers, answers_timed, value, gpa, epa, awarded, written, seen, updated = row
            sources, scores = decoder.decode(written), areas.get(id)
            yield TenderRow._make(
                (
                    *plain,
                    due if timed else None,
                    due and to_tokyo(due).date(),
                    answers if answers_timed else None,
                    answers and to_tokyo(answers).date(),
                    value,
                    _overall(gpa, epa),
                    gpa,
                    epa,
                    awarded,
                    tuple(scores) if scores else (),
                    tuple(map(Scored._make, scores.items())) if scores else (),
                    tuple(venues.get(id, ())),
                    tuple(cpv.get(id, ())),
                    tuple(dict.fromkeys([one.source for one in sources])),
                    sources[0].url if sources else None,
                    seen,
                    updated,
                )
            )


def row_of(card: Card) -> TenderRow:
    """The row of a tender that is read already."""
    return TenderRow(
        id=card.id,
        title=card.title,
        title_en=card.title_en,
        title_en_origin=card.title_en_origin,
        buyer=card.buyer,
        buyer_en=card.buyer_en,
        prefecture=card.prefecture,
        category=card.category,
        kind=card.kind,
        method=card.method,
        method_en=card.method_en,
        published=card.published,
        deadline=card.deadline if card.deadline_clock else None,
        deadline_day=to_tokyo(card.deadline).date() if card.deadline else None,
        response_deadline=card.response_deadline if card.response_clock else None,
        response_deadline_day=to_tokyo(card.response_deadline).date() if card.response_deadline else None,
        value_jpy=card.value,
        access=card.access.overall,
        access_gpa=card.access.gpa,
        access_epa=card.access.epa,
        awarded=card.awarded,
        areas=tuple(found.area for found in card.areas),
        area_scores=tuple(Scored(found.area, found.score) for found in card.areas),
        venues=tuple(found.area for found in card.venues),
        cpv=tuple(found.code for found in card.cpv),
        sources=tuple(dict.fromkeys(one.source for one in card.sources)),
        notice_url=card.sources[0].url if card.sources else None,
        first_seen_at=card.first_seen_at,
        updated_at=card.updated_at,
    )


@cache
def _overall(gpa: str, epa: str) -> str:
    return Access(AccessVerdict(gpa), AccessVerdict(epa)).overall


def _listed(
    session: Session, model: type[TenderArea | TenderVenue | AwardArea], ids: Collection[UUID]
) -> dict[UUID, dict[str, float]]:
    """The areas of tenders or awards with their scores, strongest first; one without any is not in the answer."""
    given = table(model)
    of: Any = given.c.award_id if model is AwardArea else given.c.tender_id
    found: dict[UUID, dict[str, float]] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(of, given.c.area, given.c.score).where(of.in_(some)).order_by(given.c.score.desc(), given.c.area)
        )
        for id, area, score in rows:
            found.setdefault(id, {})[area] = score
    return found


def _cpv(session: Session, ids: Collection[UUID]) -> dict[UUID, list[str]]:
    cpv = table(TenderCpv)
    found: dict[UUID, list[str]] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(cpv.c.tender_id, cpv.c.code).where(cpv.c.tender_id.in_(some)).order_by(cpv.c.code)
        )
        for id, code in rows:
            found.setdefault(id, []).append(code)
    return found


# Awards ----------------------------------------------------------------------------------------------------


class AwardRow(NamedTuple):
    """An award in flat columns."""

    id: UUID
    date: Day
    title: str
    buyer: str | None
    buyer_code: str | None
    method: str | None
    method_code: str | None
    supplier: str
    supplier_id: UUID
    corporate_number: str | None
    amount_jpy: Decimal | None
    planned_jpy: Decimal | None
    case_number: str | None
    tender_id: UUID | None
    areas: tuple[str, ...]
    source: str
    published: Day
    changed_at: datetime


def award_rows(session: Session, ids: Sequence[UUID]) -> Iterator[AwardRow]:
    """The rows of awards, in the order of the ids; what is not there is left out.

    A supplier that is a spelling of a company is that company: its id, and its corporate number. The areas are those of
    ``awards.areas``.
    """
    award, supplier = table(Award), table(Supplier)
    company = supplier.alias("company")
    columns = (
        *(award.c.id, award.c.date, award.c.title, award.c.buyer, award.c.buyer_code, award.c.method),
        *(award.c.method_code, award.c.supplier, func.coalesce(supplier.c.company_id, supplier.c.id)),
        *(company.c.scheme, company.c.number, award.c.amount, award.c.planned, award.c.case_number),
        *(award.c.tender_id, award.c.source, award.c.published, award.c.changed_at),
    )
    named = supplier.c.id == award.c.supplier_id
    joined = award.outerjoin(supplier, named).outerjoin(
        company, company.c.id == func.coalesce(supplier.c.company_id, supplier.c.id)
    )
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(select(*columns).select_from(joined).where(award.c.id.in_(some)))
        known = {row[0]: row for row in rows}
        own = _listed(session, AwardArea, known)
        of_tender = _listed(session, TenderArea, {row[14] for row in known.values() if row[14] is not None})
        for id in some:
            if (row := known.get(id)) is None:
                continue
            areas = _strongest(own.get(id, {}), of_tender.get(row[14], {}))
            number = row[10] if row[9] == CORPORATE_NUMBERS else None
            yield AwardRow._make((*row[:9], number, *row[11:15], areas, *row[15:]))


def _strongest(*given: Mapping[str, float]) -> tuple[str, ...]:
    """All areas, each once, strongest first."""
    scores = [(-score, area) for some in given for area, score in some.items()]
    return tuple(dict.fromkeys(area for _, area in sorted(scores)))


def finds(query: Query, award: AwardRow, *, now: datetime) -> bool:
    """Whether a query finds an award: by its own title, buyer, areas, source, price and day; a winner's name is text."""
    return query == EVERYTHING or matches(
        query,
        Searchable(
            title=fold(award.title),
            text=fold(award.supplier),
            buyer=fold(award.buyer or ""),
            areas=frozenset(award.areas),
            venues=frozenset(),
            cpv=frozenset(),
            sources=frozenset((award.source,)),
            access=opened(NO_VERDICT),
            prefecture=None,
            category=None,
            kind=NoticeKind.AWARD,
            value=award.amount_jpy,
            published=award.published,
            deadline=None,
            now=now,
        ),
    )


# Notices ---------------------------------------------------------------------------------------------------


class NoticeRow(NamedTuple):
    """A notice in flat columns: whose, what and where, and none of its text."""

    id: UUID
    source: str
    key: str
    kind: str
    title: str
    url: str
    published: date
    tender_id: UUID
    version: int
    first_seen_at: datetime
    changed_at: datetime


class _Content(msgspec.Struct, gc=False):
    """Of a notice's content what a flat file shows."""

    kind: str
    title: str
    url: str


def notice_rows(session: Session, ids: Sequence[UUID]) -> Iterator[NoticeRow]:
    """The rows of notices, in the order of the ids; what is not there is left out."""
    notice, version = table(Notice), table(NoticeVersion)
    columns = (
        *(notice.c.id, notice.c.source, notice.c.key, type_coerce(version.c.content, Text), notice.c.published),
        *(notice.c.tender_id, notice.c.version, notice.c.first_seen_at, notice.c.changed_at),
    )
    newest = (version.c.notice_id == notice.c.id) & (version.c.number == notice.c.version)
    decoder = msgspec.json.Decoder(_Content)
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(*columns).join_from(notice, version, newest).where(notice.c.id.in_(some))
        )
        known = {row[0]: row for row in rows}
        for id in some:
            if (row := known.get(id)) is None:
                continue
            content = decoder.decode(row[3])
            yield NoticeRow._make((*row[:3], content.kind, content.title, content.url, *row[4:]))
