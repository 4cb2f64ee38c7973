"""What subscribers do with their searches on the page of their choices, and what the page says of them."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session

from db.bulk import IN_LIMIT, batches, table
from db.history import Match
from db.subscriber import SavedSearch, Subscriber, Webhook
from db.subscribers import keep_waiting_none, searches_of
from db.vocabulary.delivery import Frequency


def found_since(session: Session, search_ids: Collection[UUID], since: datetime) -> dict[UUID, int]:
    """How many tenders saved searches have found since a moment; a search that found none is not in the answer."""
    match = table(Match)
    found: dict[UUID, int] = {}
    for some in batches(search_ids, IN_LIMIT):
        rows = session.connection().execute(
            select(match.c.saved_search_id, func.count(match.c.tender_id.distinct()))
            .where(match.c.saved_search_id.in_(some), match.c.matched_at >= since)
            .group_by(match.c.saved_search_id)
        )
        found.update((row[0], row[1]) for row in rows)
    return found


def webhooks_of_all(session: Session, search_ids: Collection[UUID]) -> dict[UUID, list[Webhook]]:
    """The webhooks of saved searches, oldest first; a search without any is not in the answer."""
    webhook = table(Webhook)
    found: dict[UUID, list[Webhook]] = {}
    for some in batches(search_ids, IN_LIMIT):
        rows = session.connection().execute(
            select(webhook).where(webhook.c.saved_search_id.in_(some)).order_by(webhook.c.created_at, webhook.c.id)
        )
        for row in rows.mappings():
            found.setdefault(row["saved_search_id"], []).append(Webhook(**row))
    return found


def change_search(session: Session, search: SavedSearch, *, name: str, query: str, frequency: Frequency) -> None:
    """Give a saved search another name, query or frequency; its feed and calendar keep their addresses."""
    search.name, search.query, search.frequency = name, query, frequency
    session.add(search)
    session.flush()
    if frequency is Frequency.NEVER:
        keep_waiting_none(session, search)


def free_name(session: Session, subscriber_id: UUID, wanted: str) -> str:
    """The name, or the name with a number where another search of the subscriber has it already."""
    taken = {search.name for search in searches_of(session, subscriber_id)}
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name


def weekly_at_most(session: Session, subscriber_id: UUID) -> None:
    """Tell of the finds of all searches once a week; a search without letters stays without them."""
    for search in searches_of(session, subscriber_id):
        if search.frequency != Frequency.NEVER:
            search.frequency = Frequency.WEEKLY
            session.add(search)
    session.flush()


def pause(session: Session, subscriber: Subscriber, until: date | None) -> None:
    """Send no letters before a day, in the subscriber's zone; None: go on now."""
    subscriber.paused_until = until
    session.add(subscriber)
    session.flush()
