"""Stored tenders as queries see them: for whatever is evaluated row by row."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import Session

from db.bulk import IN_LIMIT, batches, table
from db.notices import contents
from db.tender import Tender, TenderArea, TenderCpv, TenderVenue
from db.vocabulary.query import Searchable
from db.vocabulary.tender import TenderSource

_LOOKED_AT = (
    "id",
    "title",
    "title_en",
    "buyer",
    "buyer_en",
    "prefecture",
    "category",
    "kind",
    "published",
    "deadline",
    "value",
    "access",
    "sources",
)
"""The columns of a tender that queries look at."""


def columns() -> Select[Any]:
    """A selection of tenders with what ``described`` needs."""
    return select(*(table(Tender).c[name] for name in _LOOKED_AT))


def described(session: Session, rows: Sequence[Any], *, texts: bool, now: datetime) -> dict[UUID, Searchable]:
    """Rows of ``columns`` as queries see them, in their order; ``texts``: with their texts, which take the longest."""
    ids = [row.id for row in rows]
    areas, venues = _listed(session, TenderArea, "area", ids), _listed(session, TenderVenue, "area", ids)
    cpv = _listed(session, TenderCpv, "code", ids)
    said = texts_of(session, {row.id: row.sources for row in rows}) if texts else {}
    return {
        row.id: Searchable.of(
            row,
            text=said.get(row.id, ""),
            areas=areas.get(row.id, ()),
            venues=venues.get(row.id, ()),
            cpv=cpv.get(row.id, ()),
            now=now,
        )
        for row in rows
    }


def texts_of(session: Session, sources: Mapping[UUID, Iterable[TenderSource]]) -> dict[UUID, str]:
    """The texts of tenders in the order of their sources, as they are composed."""
    by_tender = {id: [one.notice_id for one in some] for id, some in sources.items()}
    wanted = [notice_id for ids in by_tender.values() for notice_id in ids]
    said = {id: one.searched for id, one in contents(session, wanted).items()}
    return {id: "\n".join(text for one in ids if (text := said.get(one))) for id, ids in by_tender.items()}


def _listed(
    session: Session, model: type[TenderArea | TenderVenue | TenderCpv], column: str, ids: Sequence[UUID]
) -> dict[UUID, set[str]]:
    """The values of a column in a table that lists some for each tender."""
    listed = table(model)
    found: dict[UUID, set[str]] = {}
    for some in batches(ids, IN_LIMIT):
        rows = session.connection().execute(
            select(listed.c.tender_id, listed.c[column]).where(listed.c.tender_id.in_(some))
        )
        for tender_id, value in rows:
            found.setdefault(tender_id, set()).add(value)
    return found
