"""Tenders as lines of JSON: the fields that ARCHITECTURE names, one tender a line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlmodel import Session

from db import search
from db.bulk import batches
from db.card import Card, cards
from db.vocabulary.japanese import tokyo_iso
from db.vocabulary.query import Query
from db.vocabulary.reading import AreaScore


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    term: str
    place: str


@dataclass(frozen=True, slots=True)
class AreaLine:
    area: str
    score: float
    evidence: list[EvidenceLine]


@dataclass(frozen=True, slots=True)
class SourceLine:
    source: str
    key: str
    url: str
    kind: str
    published: str


@dataclass(frozen=True, slots=True)
class TenderLine:
    """A line of ``export jsonl``; moments are ISO 8601 in +09:00, days YYYY-MM-DD, amounts yen."""

    id: str
    title: str
    title_en: str | None
    title_en_origin: str | None
    buyer: str | None
    buyer_en: str | None
    prefecture: str | None
    category: str | None
    kind: str
    method: str | None
    published: str
    deadline: str | None
    response_deadline: str | None
    areas: list[AreaLine]
    venues: list[AreaLine]
    """Areas that it only takes place at."""
    cpv: list[str]
    sources: list[SourceLine]
    first_seen_at: str
    updated_at: str


def as_line(card: Card) -> TenderLine:
    return TenderLine(
        id=str(card.id),
        title=card.title,
        title_en=card.title_en,
        title_en_origin="official" if card.title_en else None,
        buyer=card.buyer,
        buyer_en=card.buyer_en,
        prefecture=card.prefecture,
        category=card.category,
        kind=card.kind,
        method=card.method,
        published=card.published.isoformat(),
        deadline=tokyo_iso(card.deadline) if card.deadline else None,
        response_deadline=tokyo_iso(card.response_deadline) if card.response_deadline else None,
        areas=[_area_line(found) for found in card.areas],
        venues=[_area_line(found) for found in card.venues],
        cpv=[found.code for found in card.cpv],
        sources=[
            SourceLine(one.source, one.key, one.url, one.kind, one.published.isoformat()) for one in card.sources
        ],
        first_seen_at=tokyo_iso(card.first_seen_at),
        updated_at=tokyo_iso(card.updated_at),
    )


def _area_line(found: AreaScore) -> AreaLine:
    return AreaLine(found.area, found.score, [EvidenceLine(one.term, one.place) for one in found.evidence])


def export_jsonl(session: Session, query: Query, out: Path, *, now: datetime) -> int:
    """Write every tender that a query finds; ``-`` is standard output. Returns how many."""
    encoder = msgspec.json.Encoder()
    count = 0
    with _opened(out) as file:
        for ids in batches(search.scan(session, query, now=now), search.BATCH):
            for card in cards(session, ids):
                file.write(encoder.encode(as_line(card)) + b"\n")
                count += 1
    return count


@contextmanager
def _opened(out: Path) -> Iterator[BinaryIO]:
    if str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with out.open("wb") as file:
            yield file
