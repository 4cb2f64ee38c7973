"""Everything that is kept of somebody: all of it, of nobody else, and in few queries."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from sqlmodel import Session

from db import calling, deliveries, kept, opening, subscribers
from db.bulk import insert
from db.deliveries import NewMatch
from db.engine import Database
from db.history import Reminder
from db.subscriber import SavedSearch, Subscriber
from db.vocabulary.delivery import DeliveryState, SuppressionReason, WebhookForm

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)


def told(database: Database, email: str, tenders: int = 2) -> UUID:
    """A subscriber who has had a letter about so many tenders."""

    def begin(session: Session) -> SavedSearch:
        person = subscribers.add(session, email, now=NOW)
        search = subscribers.save_search(session, person, "Mine", "水素", now=NOW)
        calling.add_webhook(session, search.id, "https://example.org/hook", WebhookForm.JSON, now=NOW)
        matches = [NewMatch(search.id, uuid4(), 1, ("水素",)) for _ in range(tenders)]
        deliveries.add_matches(session, matches, now=NOW)
        calling.add_calls(session, matches, now=NOW)
        return search

    search, later = database.write(begin), NOW + timedelta(days=1)

    def send(session: Session) -> None:
        made = [
            one
            for one in opening.open_digests(session, now=later, domain="example.org")
            if one.subscriber_id == search.subscriber_id
        ]
        for attempt in deliveries.take(session, [one.id for one in made], now=later):
            deliveries.settle(session, attempt, DeliveryState.SENT, now=later)
        row = {
            "subscriber_id": search.subscriber_id,
            "tender_id": uuid4(),
            "deadline": later,
            "digest_id": made[0].id,
        }
        insert(session, Reminder, [row])

    database.write(send)
    return search.subscriber_id


def of(database: Database, email: str) -> kept.Kept:
    with database.reading() as session:
        person = subscribers.by_email(session, email)
        assert person is not None
        (found,) = kept.everything_of(session, [person])
        return found


def test_everything_of_one_is_found_and_nothing_of_others(database: Database) -> None:
    told(database, "ben@example.org")
    id = told(database, "Anna@example.org", tenders=3)
    database.write(
        lambda session: subscribers.suppress(session, "anna@example.org", SuppressionReason.BOUNCE, now=NOW)
    )
    found = of(database, "anna@example.org")
    assert (found.subscriber.id, found.suppression is not None) == (id, True)
    ((search, letter),) = zip(found.searches, found.letters, strict=True)
    assert (search.search.name, len(search.finds)) == ("Mine", 3)
    assert {find.digest_id for find in search.finds} == {letter.letter.id}
    ((webhook, calls),) = search.webhooks
    assert (webhook.url, len(calls)) == ("https://example.org/hook", 3)
    assert ([one.state for one in letter.attempts], len(letter.reminders)) == (["sent"], 1)


def test_nothing_is_left_of_whoever_is_forgotten(database: Database) -> None:
    told(database, "anna@example.org")
    database.write(lambda session: subscribers.forget(session, "anna@example.org"))
    with database.reading() as session:
        assert list(kept.everything(session)) == []
        assert kept.webhooks(session) == []


def test_all_come_in_the_order_in_which_they_came_in_few_queries(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "AT_ONCE", 20)

    def begin(session: Session) -> None:
        rows = [
            Subscriber(id=uuid4(), email=f"r{n:02}@example.org", token=str(n), created_at=NOW + timedelta(minutes=n))
            for n in range(50)
        ]
        insert(session, Subscriber, [one.model_dump() for one in rows])

    database.write(begin)
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with database.reading() as session:
        found = [one.subscriber.email for one in kept.everything(session)]
    assert found == [f"r{n:02}@example.org" for n in range(50)]
    assert len([one for one in asked if one.startswith("SELECT")]) <= 1 + 3 * 8


def test_webhooks_are_listed_with_whose_they_are(database: Database) -> None:
    told(database, "ben@example.org")
    told(database, "anna@example.org")
    with database.reading() as session:
        assert [(one.email, one.search, one.webhook.form) for one in kept.webhooks(session)] == [
            ("anna@example.org", "Mine", "json"),
            ("ben@example.org", "Mine", "json"),
        ]
