"""Everything that the record has of subscribers: for whoever asks what is kept of them, and for back-ups by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import Session, col, select

from db.bulk import IN_LIMIT, batches
from db.history import Delivery, Digest, Match, Reminder, WebhookCall
from db.subscriber import SavedSearch, Subscriber, Suppression, Webhook

AT_ONCE = 100
"""Subscribers that are looked up together: each may have had hundreds of letters."""


@dataclass(frozen=True, slots=True)
class KeptSearch:
    """A saved search, what it found, and its webhooks with the calls that were made."""

    search: SavedSearch
    finds: list[Match] = field(default_factory=list)
    webhooks: list[tuple[Webhook, list[WebhookCall]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A letter with the attempts to hand it over, and the reminders in it."""

    letter: Digest
    attempts: list[Delivery] = field(default_factory=list)
    reminders: list[Reminder] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kept:
    """All of one subscriber, each list oldest first."""

    subscriber: Subscriber
    suppression: Suppression | None
    searches: list[KeptSearch]
    letters: list[KeptLetter]


@dataclass(frozen=True, slots=True)
class OwnedWebhook:
    """A webhook with whose it is."""

    webhook: Webhook
    email: str
    search: str


def everything(session: Session) -> Iterator[Kept]:
    """All subscribers with all that is kept of them, in the order in which they came."""
    ids = session.exec(select(Subscriber.id).order_by(col(Subscriber.created_at), col(Subscriber.email))).all()
    for some in batches(ids, AT_ONCE):
        there = {one.id: one for one in session.exec(select(Subscriber).where(col(Subscriber.id).in_(some)))}
        yield from everything_of(session, [there[id] for id in some if id in there])
        session.expunge_all()  # else all of it would stay in memory until the end


def everything_of(session: Session, people: Sequence[Subscriber]) -> list[Kept]:
    """All that is kept of these; a few at a time."""
    addresses = [one.email.lower() for one in people]
    barred = session.exec(select(Suppression).where(col(Suppression.address).in_(addresses)))
    suppressions = {one.address: one for one in barred}
    searches, letters = _searches(session, people), _letters(session, people)
    return [
        Kept(one, suppressions.get(one.email.lower()), searches.get(one.id, []), letters.get(one.id, []))
        for one in people
    ]


def _searches(session: Session, people: Sequence[Subscriber]) -> dict[UUID, list[KeptSearch]]:
    found: dict[UUID, list[KeptSearch]] = {}
    by_id: dict[UUID, KeptSearch] = {}
    for search in session.exec(
        select(SavedSearch)
        .where(col(SavedSearch.subscriber_id).in_([one.id for one in people]))
        .order_by(col(SavedSearch.created_at), col(SavedSearch.name))
    ):
        by_id[search.id] = KeptSearch(search)
        found.setdefault(search.subscriber_id, []).append(by_id[search.id])
    calls: dict[UUID, list[WebhookCall]] = {}
    for some in batches(by_id, IN_LIMIT):
        for find in session.exec(
            select(Match)
            .where(col(Match.saved_search_id).in_(some))
            .order_by(col(Match.matched_at), col(Match.tender_id), col(Match.sequence))
        ):
            by_id[find.saved_search_id].finds.append(find)
        for webhook in session.exec(
            select(Webhook)
            .where(col(Webhook.saved_search_id).in_(some))
            .order_by(col(Webhook.created_at), col(Webhook.id))
        ):
            by_id[webhook.saved_search_id].webhooks.append((webhook, calls.setdefault(webhook.id, [])))
    for some in batches(calls, IN_LIMIT):
        for call in session.exec(
            select(WebhookCall)
            .where(col(WebhookCall.webhook_id).in_(some))
            .order_by(col(WebhookCall.due_at), col(WebhookCall.id))
        ):
            calls[call.webhook_id].append(call)
    return found


def _letters(session: Session, people: Sequence[Subscriber]) -> dict[UUID, list[KeptLetter]]:
    found: dict[UUID, list[KeptLetter]] = {}
    by_id: dict[UUID, KeptLetter] = {}
    for letter in session.exec(
        select(Digest)
        .where(col(Digest.subscriber_id).in_([one.id for one in people]))
        .order_by(col(Digest.window_end), col(Digest.id))
    ):
        by_id[letter.id] = KeptLetter(letter)
        found.setdefault(letter.subscriber_id, []).append(by_id[letter.id])
    for some in batches(by_id, IN_LIMIT):
        for attempt in session.exec(
            select(Delivery).where(col(Delivery.digest_id).in_(some)).order_by(col(Delivery.number))
        ):
            by_id[attempt.digest_id].attempts.append(attempt)
        for reminder in session.exec(
            select(Reminder).where(col(Reminder.digest_id).in_(some)).order_by(col(Reminder.deadline))
        ):
            by_id[reminder.digest_id].reminders.append(reminder)
    return found


def webhooks(session: Session) -> list[OwnedWebhook]:
    """All webhooks, by whose they are."""
    rows = session.exec(
        select(Webhook, Subscriber.email, SavedSearch.name)
        .join(SavedSearch, col(SavedSearch.id) == Webhook.saved_search_id)
        .join(Subscriber, col(Subscriber.id) == SavedSearch.subscriber_id)
        .order_by(col(Subscriber.email), col(SavedSearch.name), col(Webhook.created_at), col(Webhook.id))
    )
    return [OwnedWebhook(*row) for row in rows]
