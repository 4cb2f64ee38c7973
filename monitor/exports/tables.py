"""The rows of the tables, in the order of the dictionary's columns, a batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from alerts.site import Site
from db import exporting
from db.bulk import batches
from db.card import Card
from db.exporting import Scored, TenderRow
from db.vocabulary.query import Query
from monitor.exports.dictionary import TENDERS
from monitor.exports.writing import ids_of

BATCH = 500
"""Rows that are held at once."""
Cell = str | int | Decimal | date | datetime | UUID | tuple[str, ...] | tuple[Scored, ...] | None
"""A day, a moment (aware), an amount in yen, an id, a list; None where nothing is known."""
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows of a table are wanted, and when that is asked. ``since`` as in ``ids_of``."""

    query: Query
    now: datetime
    since: datetime | None = None


def rows(session: Session, table: str, asked: Asked, site: Site) -> Iterator[list[Row]]:
    """The rows of a table. Of the notices those of the tenders that the query finds."""
    if table == TENDERS.name:
        for ids in batches(ids_of(session, asked.query, asked.now, asked.since), BATCH):
            yield [_tender(row, site) for row in exporting.tender_rows(session, ids)]
    elif table == "awards":
        for ids in batches(exporting.award_ids(session, since=asked.since), BATCH):
            found = exporting.award_rows(session, ids)
            yield [row for row in found if exporting.finds(asked.query, row, now=asked.now)]
    else:
        for ids in batches(exporting.notice_ids(session, since=asked.since), BATCH):
            notices = list(exporting.notice_rows(session, ids))
            about = list(dict.fromkeys(row.tender_id for row in notices))
            wanted = set(exporting.among(session, asked.query, about, now=asked.now))
            yield [row for row in notices if row.tender_id in wanted]


def row_of(card: Card, site: Site) -> Row:
    """The row of a tender that is read already."""
    return _tender(exporting.row_of(card), site)


def _tender(row: TenderRow, site: Site) -> Row:
    return (*row, site.tender_url(row.id))
