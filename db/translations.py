"""The store of translations: what a service was paid for once is not asked for again."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlmodel import Session

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.tender import Tender, TenderArea
from db.translation import Translation
from db.vocabulary.reading import EnglishOrigin


def key(text: str) -> str:
    """By what a text is found (BLAKE2b, 128 bits)."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def known(session: Session, texts: Collection[str]) -> dict[str, str]:
    """The English of those texts that a service was asked for; empty where it had nothing to say."""
    translation = table(Translation)
    by_key = {key(text): text for text in texts}
    found: dict[str, str] = {}
    for some in batches(by_key, IN_LIMIT):
        rows = session.connection().execute(
            select(translation.c.key, translation.c.english).where(translation.c.key.in_(some))
        )
        found.update((by_key[row[0]], row[1]) for row in rows)
    return found


def store(session: Session, english: Mapping[str, str], *, service: str, now: datetime) -> None:
    """Keep translations (Japanese → English); one that is there already is replaced."""
    bulk.upsert(
        session,
        Translation,
        [
            {
                "key": key(text),
                "english": said.replace("\0", ""),
                "service": service,
                "characters": len(text),
                "at": now,
            }
            for text, said in english.items()
        ],
    )


def characters_since(session: Session, service: str, since: datetime) -> int:
    """How many Japanese characters a service has translated since a moment: what its quota counts."""
    translation = table(Translation)
    counted = select(func.sum(translation.c.characters)).where(
        translation.c.service == service, translation.c.at >= since
    )
    return session.connection().execute(counted).scalar() or 0


def untranslated(session: Session, *, only_areas: bool, most: int) -> Iterator[tuple[UUID, str]]:
    """The tenders that have no English title but a gist, each with its Japanese one: of those published last."""
    tender, area = table(Tender), table(TenderArea)
    origin = tender.c.title_en_origin
    found = select(tender.c.id, tender.c.title).where(or_(origin.is_(None), origin == EnglishOrigin.GIST))
    if only_areas:
        found = found.where(exists().where(area.c.tender_id == tender.c.id))
    for row in session.connection().execute(found.order_by(tender.c.published.desc(), tender.c.id).limit(most)):
        yield row[0], row[1]
