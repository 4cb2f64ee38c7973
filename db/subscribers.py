"""The store of subscribers and their saved searches."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from db.errors import RecordError
from db.history import Match
from db.subscriber import SavedSearch, Subscriber

LONGEST_ADDRESS = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""
# One address and nothing that a mail header could read as another one, a name or a new line.
_ADDRESS = re.compile(r"""[^\s\x00-\x20\x7f<>()\[\]\\,;:@"]+@(?:[\w-]+\.)+[\w-]+""")


@dataclass(frozen=True, slots=True)
class StoredSearch:
    """A saved search that is to be matched."""

    id: UUID
    subscriber_id: UUID
    name: str
    query: str


def add(session: Session, email: str, *, language: str, now: datetime, again: bool = False) -> Subscriber:
    """A subscriber with this address: a new one, or the one there is.

    Raises RecordError for what is no address, and for somebody who has unsubscribed, unless it is meant ``again``.
    """
    address = email.strip()
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise RecordError("{email}: is no mail address; write it as name@example.org", email=repr(email))
    found = by_email(session, address)
    if found is None:
        found = Subscriber(
            id=uuid4(),
            email=address,
            language=language,
            token=secrets.token_urlsafe(16),
            created_at=now,
        )
    elif not found.active:
        if not again:
            raise RecordError("{email}: has unsubscribed; add --again only if they asked for it anew", email=address)
        found.active, found.unsubscribed_at = True, None
    found.language = language
    session.add(found)
    session.flush()
    return found


def save_search(session: Session, subscriber: Subscriber, name: str, query: str, *, now: datetime) -> SavedSearch:
    """A saved search under this name; saving it again replaces its query."""
    name, query = name.replace("\0", ""), query.replace("\0", "")  # PostgreSQL keeps none, and they mean nothing
    found = session.exec(
        select(SavedSearch).where(SavedSearch.subscriber_id == subscriber.id, SavedSearch.name == name)
    ).first()
    if found is None:
        found = SavedSearch(id=uuid4(), subscriber_id=subscriber.id, name=name, query=query, created_at=now)
    found.query = query
    session.add(found)
    session.flush()
    return found


def by_email(session: Session, email: str) -> Subscriber | None:
    """The subscriber with this address; capitals make no difference, as to every mail server in use."""
    return session.exec(select(Subscriber).where(func.lower(Subscriber.email) == email.strip().lower())).first()


def by_token(session: Session, token: str) -> Subscriber | None:
    """The subscriber whose mails carry this token; anything may be asked for, NUL (which PostgreSQL refuses) too."""
    if "\0" in token:
        return None
    return session.exec(select(Subscriber).where(Subscriber.token == token)).first()


def unsubscribe(session: Session, token: str, *, now: datetime) -> Subscriber | None:
    """Stop all letters to the subscriber with this token; doing it again changes nothing. None: no such token."""
    found = by_token(session, token)
    if found is not None and found.active:
        found.active, found.unsubscribed_at = False, now
        # What was not told yet is not kept for the day on which they may come back.
        mine = select(SavedSearch.id).where(SavedSearch.subscriber_id == found.id)
        session.exec(delete(Match).where(col(Match.saved_search_id).in_(mine), col(Match.digest_id).is_(None)))
        session.add(found)
        session.flush()
    return found


def forget(session: Session, email: str) -> bool:
    """Delete a subscriber with everything that is known of them; False where there is none."""
    found = by_email(session, email)
    if found is None:
        return False
    session.delete(found)
    session.flush()
    return True


def everybody(session: Session) -> Iterator[tuple[Subscriber, list[SavedSearch]]]:
    """All subscribers with their saved searches, in the order in which they came."""
    searches: dict[UUID, list[SavedSearch]] = {}
    for search in session.exec(select(SavedSearch).order_by(col(SavedSearch.created_at), col(SavedSearch.name))):
        searches.setdefault(search.subscriber_id, []).append(search)
    for subscriber in session.exec(select(Subscriber).order_by(col(Subscriber.created_at), col(Subscriber.email))):
        yield subscriber, searches.get(subscriber.id, [])


def searches_of(session: Session, subscriber_id: UUID) -> list[SavedSearch]:
    """The saved searches of a subscriber, by name."""
    return list(
        session.exec(
            select(SavedSearch)
            .where(SavedSearch.subscriber_id == subscriber_id)
            .order_by(col(SavedSearch.name), col(SavedSearch.id))
        )
    )


def live_searches(session: Session) -> list[StoredSearch]:
    """The saved searches of everybody who gets letters."""
    rows = session.exec(
        select(SavedSearch)
        .join(Subscriber, col(Subscriber.id) == col(SavedSearch.subscriber_id))
        .where(col(Subscriber.active).is_(True))
        .order_by(col(SavedSearch.id))
    )
    return [StoredSearch(row.id, row.subscriber_id, row.name, row.query) for row in rows]
