"""The store of subscribers, their saved searches, and of who is never written to."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy
from sqlalchemy import delete, update
from sqlmodel import Session, col, func, select

from db.bulk import table
from db.errors import RecordError
from db.history import Match
from db.subscriber import SavedSearch, SignUp, Subscriber, Suppression, Webhook
from db.vocabulary.delivery import Frequency, SubscriberState, SuppressionReason

LONGEST_ADDRESS = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""
# One address and nothing that a mail header could read as another one, a name or a new line.
_ADDRESS = re.compile(r"""[^\s\x00-\x20\x7f<>()\[\]\\,;:@"]+@(?:[\w-]+\.)+[\w-]+""")
TOKEN_BYTES = 16
"""Of randomness in the secret of an address."""
UNCONFIRMED = timedelta(days=7)
"""After which what was never confirmed is deleted."""
MOST_SEARCHES = 50
"""Of one subscriber."""
SIGN_UPS_KEPT = timedelta(days=1)
"""Cooldowns look no further back."""


@dataclass(frozen=True, slots=True)
class StoredSearch:
    """A saved search that is to be matched, and how soon its finds are told."""

    id: UUID
    subscriber_id: UUID
    name: str
    query: str
    frequency: Frequency = Frequency.DAILY


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a subscriber may choose for all their searches."""

    language: str = "en"
    time_zone: str = "Asia/Tokyo"
    digest_at: time = time(8)
    weekday: int = 0
    alerts: bool = True
    reminders: bool = True
    paused_until: date | None = None


def checked_address(email: str) -> str:
    """The address without spaces around it. Raises RecordError for what is none.

    What is beyond ASCII, before the @ or after it, comes in small letters: SQLite compares no others without case.
    """
    address = "".join(part if part.isascii() else part.lower() for part in email.strip().rpartition("@"))
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise RecordError("{email}: is no mail address; write it as name@example.org", email=repr(email))
    return address


def add(
    session: Session,
    email: str,
    *,
    choices: Choices | None = None,
    now: datetime,
    consent: str = "operator",
    again: bool = False,
) -> Subscriber:
    """A subscriber whom an operator adds: a new one, or the one there is. Without ``choices`` they keep their own.

    ``consent`` says how they agreed. Raises RecordError for what is no address, for an address that is never written
    to, and for somebody who has unsubscribed, unless it is meant ``again``.
    """
    address = checked_address(email)
    if (barred := suppression(session, address)) is not None and not again:
        raise RecordError(
            "{email}: nothing is sent there any more ({reason} {status}); "
            "if that is over: monitor subscribers allow {email}",
            email=address,
            reason=barred.reason,
            status=barred.status,
        )
    found = by_email(session, address)
    if found is None:
        found = _new(address, now=now)
    elif found.state == SubscriberState.UNSUBSCRIBED and not again:
        raise RecordError("{email}: has unsubscribed; add --again only if they asked for it anew", email=address)
    if not found.active or not found.consent:
        found.consent, found.consent_at = consent, now
    found.state, found.unsubscribed_at = SubscriberState.ACTIVE, None
    if choices is not None:
        _choose(found, choices)
    session.add(found)
    session.flush()
    return found


def choose(session: Session, subscriber_id: UUID, choices: Choices) -> Subscriber | None:
    """Keep what a subscriber chose; None where they are gone."""
    found = session.get(Subscriber, subscriber_id)
    if found is not None:
        _choose(found, choices)
        session.add(found)
        session.flush()
    return found


def ask(
    session: Session, email: str, *, choices: Choices, name: str, query: str, frequency: Frequency, now: datetime
) -> SavedSearch:
    """Keep a search that somebody asked for under an address, unconfirmed: whether it is theirs is to be seen.

    What is there of the address stays as it is; an address that is new becomes a pending subscriber. A search of the
    same name and query that still waits is taken again. Raises RecordError for what is no address.
    """
    address = checked_address(email)
    found = by_email(session, address)
    if found is None:
        found = _new(address, now=now)
        found.state = SubscriberState.PENDING
        _choose(found, choices)
        session.add(found)
        session.flush()
    elif found.state == SubscriberState.PENDING:
        _choose(found, choices)
    waiting = session.exec(
        select(SavedSearch).where(
            SavedSearch.subscriber_id == found.id,
            SavedSearch.query == query,
            SavedSearch.name == name,
            col(SavedSearch.confirmed_at).is_(None),
        )
    ).first()
    search = waiting or _search(found, name, query, now=now)
    search.frequency, search.created_at = frequency, now
    session.add(search)
    session.flush()
    return search


def left_since(owner: Subscriber, search: SavedSearch) -> bool:
    """Whether somebody unsubscribed after they had asked for a search that they did not confirm."""
    asked = search.confirmed_at is None
    return asked and owner.unsubscribed_at is not None and owner.unsubscribed_at > search.created_at


def confirm(session: Session, search_id: UUID, *, now: datetime) -> tuple[Subscriber, SavedSearch] | None:
    """Let a search that was asked for begin; None where it is gone. Doing it again changes nothing.

    Its owner becomes a subscriber, also one who had unsubscribed before they asked anew. One who unsubscribed after
    they had confirmed stays so: an old mail must not bring them back. Raises RecordError for too many searches.
    """
    search = session.get(SavedSearch, search_id)
    owner = session.get(Subscriber, search.subscriber_id) if search else None
    if search is None or owner is None:
        return None
    if search.confirmed_at is None:
        if left_since(owner, search):
            return None
        mine = searches_of(session, owner.id)
        if owner.state == SubscriberState.UNSUBSCRIBED:
            # They asked for this search, and not for what they had left.
            for left in mine:
                session.delete(left)
        elif len(mine) >= MOST_SEARCHES:
            raise _too_many()
        search.confirmed_at = now
        if not owner.active:
            owner.state, owner.unsubscribed_at = SubscriberState.ACTIVE, None
            owner.consent, owner.consent_at = "confirmed by mail", now
        session.add(search)
        session.add(owner)
        session.flush()
    return owner, search


def save_search(
    session: Session,
    subscriber: Subscriber,
    name: str,
    query: str,
    *,
    now: datetime,
    frequency: Frequency = Frequency.DAILY,
) -> SavedSearch:
    """A confirmed search under this name; saving it again replaces its query. Raises RecordError for too many."""
    name, query = name.replace("\0", ""), query.replace("\0", "")  # PostgreSQL keeps none, and they mean nothing
    mine = session.exec(select(SavedSearch).where(SavedSearch.subscriber_id == subscriber.id)).all()
    found = next((search for search in mine if search.name == name), None)
    if found is None:
        if len(mine) >= MOST_SEARCHES:
            raise _too_many()
        found = _search(subscriber, name, query, now=now)
    found.query, found.frequency, found.confirmed_at = query, frequency, found.confirmed_at or now
    session.add(found)
    session.flush()
    if frequency is Frequency.NEVER:
        keep_waiting_none(session, found)
    return found


def keep_waiting_none(session: Session, search: SavedSearch) -> None:
    """Where the letters of a search end, what waits for one is not kept for the day on which they may begin again."""
    session.exec(
        update(Match).where(col(Match.saved_search_id) == search.id, col(Match.waiting)).values(waiting=False)
    )


def delete_search(session: Session, search: SavedSearch) -> None:
    """Delete a search with its finds, its feed and its webhooks."""
    session.delete(search)
    session.flush()


def by_email(session: Session, email: str) -> Subscriber | None:
    """The subscriber with this address; capitals make no difference, as to every mail server in use."""
    return session.exec(select(Subscriber).where(func.lower(Subscriber.email) == email.strip().lower())).first()


def by_token(session: Session, token: str) -> Subscriber | None:
    """The subscriber whose mails carry this token; anything may be asked for, NUL (which PostgreSQL refuses) too."""
    if "\0" in token:
        return None
    return session.exec(select(Subscriber).where(Subscriber.token == token)).first()


def search_by_token(session: Session, token: str) -> SavedSearch | None:
    """The confirmed search whose feed and calendar have this token in their addresses."""
    if "\0" in token:
        return None
    return session.exec(
        select(SavedSearch).where(SavedSearch.feed_token == token, col(SavedSearch.confirmed_at).is_not(None))
    ).first()


def unsubscribe(session: Session, token: str, *, now: datetime) -> Subscriber | None:
    """Stop all letters to the subscriber with this token; doing it again changes nothing. None: no such token."""
    found = by_token(session, token)
    if found is not None and found.state != SubscriberState.UNSUBSCRIBED:
        found.state, found.unsubscribed_at = SubscriberState.UNSUBSCRIBED, now
        # What was not told yet is not kept for the day on which they may come back.
        mine = select(SavedSearch.id).where(SavedSearch.subscriber_id == found.id)
        session.exec(delete(Match).where(col(Match.saved_search_id).in_(mine), col(Match.waiting)))
        session.add(found)
        session.flush()
    return found


def forget(session: Session, email: str) -> bool:
    """Delete a subscriber with everything that is known of them; False where there is none.

    That nothing is to be sent to the address, if so, stays: it was decided for the address's own good.
    """
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
    """The confirmed searches of a subscriber, by name."""
    return list(
        session.exec(
            select(SavedSearch)
            .where(SavedSearch.subscriber_id == subscriber_id, col(SavedSearch.confirmed_at).is_not(None))
            .order_by(col(SavedSearch.name), col(SavedSearch.id))
        )
    )


def live_searches(session: Session) -> list[StoredSearch]:
    """The confirmed searches of everybody who has not unsubscribed."""
    search, owner = table(SavedSearch), table(Subscriber)
    rows = session.connection().execute(
        sqlalchemy.select(search.c.id, search.c.subscriber_id, search.c.name, search.c.query, search.c.frequency)
        .join(owner, owner.c.id == search.c.subscriber_id)
        .where(owner.c.state == SubscriberState.ACTIVE, search.c.confirmed_at.is_not(None))
        .order_by(search.c.id)
    )
    return [StoredSearch(id, owner, name, query, Frequency(frequency)) for id, owner, name, query, frequency in rows]


def webhooks_of(session: Session, search_id: UUID) -> list[Webhook]:
    """The webhooks of a saved search, oldest first."""
    return list(
        session.exec(
            select(Webhook)
            .where(Webhook.saved_search_id == search_id)
            .order_by(col(Webhook.created_at), col(Webhook.id))
        )
    )


def expire(session: Session, *, now: datetime) -> int:
    """Delete what was asked for and never confirmed, and the traces of requests; returns how many searches."""
    gone = session.exec(
        delete(SavedSearch).where(
            col(SavedSearch.confirmed_at).is_(None), col(SavedSearch.created_at) < now - UNCONFIRMED
        )
    )
    session.exec(
        delete(Subscriber).where(
            col(Subscriber.state) == SubscriberState.PENDING,
            col(Subscriber.created_at) < now - UNCONFIRMED,
            ~select(SavedSearch.id).where(SavedSearch.subscriber_id == Subscriber.id).exists(),
        )
    )
    session.exec(delete(SignUp).where(col(SignUp.at) < now - SIGN_UPS_KEPT))
    return gone.rowcount


# Who is never written to ------------------------------------------------------------------------------


def suppress(
    session: Session, address: str, reason: SuppressionReason, *, now: datetime, status: str = ""
) -> Suppression:
    """Send nothing to an address any more; a reason that is there already stays."""
    found = suppression(session, address)
    if found is None:
        found = Suppression(address=address.strip().lower(), reason=reason, status=status, at=now)
        session.add(found)
        session.flush()
    return found


def allow(session: Session, address: str) -> bool:
    """Let letters go to an address again; False where nothing forbade it."""
    found = suppression(session, address)
    if found is None:
        return False
    session.delete(found)
    session.flush()
    return True


def suppression(session: Session, address: str) -> Suppression | None:
    """Why nothing is sent to an address; None where nothing forbids it."""
    return session.get(Suppression, address.strip().lower())


def suppressions(session: Session) -> list[Suppression]:
    """All of them, newest first."""
    return list(session.exec(select(Suppression).order_by(col(Suppression.at).desc(), col(Suppression.address))))


def _too_many() -> RecordError:
    return RecordError("nobody may have more than {count} saved searches; delete one first", count=MOST_SEARCHES)


def _new(address: str, *, now: datetime) -> Subscriber:
    return Subscriber(id=uuid4(), email=address, token=secrets.token_urlsafe(TOKEN_BYTES), created_at=now)


def _search(owner: Subscriber, name: str, query: str, *, now: datetime) -> SavedSearch:
    return SavedSearch(
        id=uuid4(),
        subscriber_id=owner.id,
        name=name,
        query=query,
        feed_token=secrets.token_urlsafe(TOKEN_BYTES),
        created_at=now,
    )


def _choose(subscriber: Subscriber, choices: Choices) -> None:
    for name in Choices.__slots__:
        setattr(subscriber, name, getattr(choices, name))
