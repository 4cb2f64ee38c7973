"""Calls of webhooks: kept with their match, made in order, one webhook at a time, and given up in the end."""

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from db import bulk, calling, merges, subscribers
from db.calling import ATTEMPTS, BACK_OFF, FAILURES, KEPT, MOST_WAITING, MOST_WEBHOOKS, SENDING_TOO_LONG, DueCall
from db.deliveries import NewMatch
from db.engine import Database
from db.errors import RecordError
from db.history import WebhookCall
from db.subscriber import SavedSearch, Webhook
from db.tender import Tender, TenderEvent
from db.vocabulary.delivery import DeliveryState, Frequency, WebhookForm
from db.vocabulary.notice import NoticeKind
from db.vocabulary.tender import EventKind

START = datetime(2026, 4, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
URL = "https://hooks.example.org/tenders"


def search(database: Database, frequency: Frequency = Frequency.DAILY) -> SavedSearch:
    def work(session: Session) -> SavedSearch:
        owner = subscribers.add(session, "anna@example.org", now=START)
        return subscribers.save_search(session, owner, "Hydrogen", "水素", now=START, frequency=frequency)

    return database.write(work)


def webhook(database: Database, of: SavedSearch | None = None, url: str = URL) -> Webhook:
    of = of or search(database)
    return database.write(lambda session: calling.add_webhook(session, of.id, url, WebhookForm.JSON, now=START))


def happen(
    database: Database, *tenders: int, sequence: int = 1, at: datetime = START, kind: EventKind = EventKind.PUBLISHED
) -> None:
    """Events of tenders, with the tenders."""

    def work(session: Session) -> None:
        for number in tenders:
            id = UUID(int=number)
            row = session.get(Tender, id) or Tender(
                id=id,
                title="水素",
                kind=NoticeKind.TENDER,
                published=date(2026, 4, 1),
                sources=(),
                sequence=sequence,
                first_seen_at=at,
                updated_at=at,
            )
            row.sequence = sequence
            session.add(row)
            session.flush()
            told = {"tender_id": id, "sequence": sequence, "at": at, "kind": kind, "changes": (), "alerts": True}
            bulk.insert(session, TenderEvent, [{**told, "run_id": uuid4()}])

    database.write(work)


def match(database: Database, to: UUID, *tenders: int, sequence: int = 1, at: datetime = START) -> None:
    new = [NewMatch(to, UUID(int=number), sequence, ("水素",)) for number in tenders]
    database.write(lambda session: calling.add_calls(session, new, now=at))


def due(database: Database, now: datetime = START) -> list[list[DueCall]]:
    database.write(lambda session: calling.tidy(session, now=now))
    with database.reading() as session:
        return calling.due(session, now=now)


def tenders(queues: list[list[DueCall]]) -> list[list[int]]:
    return [[call.tender_id.int for call in queue] for queue in queues]


def take(database: Database, call: DueCall, now: datetime = START) -> bool:
    return database.write(lambda session: calling.take(session, call.id, now=now))


def fail(database: Database, call: DueCall, now: datetime = START, gone: bool = False) -> str | None:
    """Let a call fail; the address of who is to be told that the webhook was turned off."""
    assert take(database, call, now)
    owner = database.write(lambda session: calling.failed(session, call, "no", now=now, jitter=1.0, gone=gone))
    return owner.email if owner else None


def states(database: Database) -> list[str]:
    with database.reading() as session:
        return [row.state for row in session.exec(select(WebhookCall).order_by(col(WebhookCall.tender_id)))]


def kept(database: Database, id: UUID) -> Webhook:
    with database.reading() as session:
        return session.get_one(Webhook, id)


def test_a_webhook_gets_a_key_of_its_own_as_the_standard_writes_them(database: Database) -> None:
    of = search(database)
    one, other = webhook(database, of), webhook(database, of)
    assert one.secret.startswith("whsec_")
    assert len(b64decode(one.secret.removeprefix("whsec_"))) == 24
    assert one.secret != other.secret


def test_a_search_has_few_webhooks(database: Database) -> None:
    of = search(database)
    for _ in range(MOST_WEBHOOKS):
        webhook(database, of)
    with pytest.raises(RecordError, match="more than 5 webhooks"):
        webhook(database, of)


def test_a_match_becomes_one_call_of_each_webhook_however_often_it_is_kept(database: Database) -> None:
    of = search(database, Frequency.NEVER)
    webhook(database, of)
    webhook(database, of)
    happen(database, 1)
    match(database, of.id, 1)
    match(database, of.id, 1)
    assert tenders(due(database)) == [[1], [1]]


def test_a_match_of_a_search_without_webhooks_becomes_nothing(database: Database) -> None:
    of = search(database)
    happen(database, 1)
    match(database, of.id, 1)
    match(database, uuid4(), 1)
    assert due(database) == []


def test_a_call_has_all_that_it_says_but_the_tender(database: Database) -> None:
    of = search(database)
    to = webhook(database, of)
    happen(database, 1, kind=EventKind.CANCELLED)
    match(database, of.id, 1)
    ((call,),) = due(database)
    assert (call.url, call.form, call.secret) == (URL, WebhookForm.JSON, to.secret)
    assert (call.saved_search_id, call.saved_search, call.language) == (of.id, "Hydrogen", "en")
    assert (call.kind, call.sequence, call.at, call.why) == (EventKind.CANCELLED, 1, START, ("水素",))


def test_calls_come_in_the_order_in_which_things_happened(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    happen(database, 2, at=START)
    happen(database, 1, at=START + MINUTE)
    happen(database, 2, sequence=2, at=START + 2 * MINUTE)
    for tender, sequence in ((2, 2), (1, 1), (2, 1)):
        match(database, of.id, tender, sequence=sequence)
    ((*queue,),) = due(database)
    assert [(call.tender_id.int, call.sequence) for call in queue] == [(2, 1), (1, 1), (2, 2)]


def test_a_turn_has_no_more_calls_than_it_is_allowed(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    happen(database, *range(1, 10))
    match(database, of.id, *range(1, 10))
    with database.reading() as session:
        assert tenders(calling.due(session, now=START, calls=3)) == [[1, 2, 3]]


def test_a_call_is_claimed_once_and_what_waits_behind_it_waits_on(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    happen(database, 1, 2)
    match(database, of.id, 1, 2)
    ((first, _),) = due(database)
    assert take(database, first)
    assert not take(database, first)
    assert due(database, START + MINUTE) == []


def test_a_call_that_an_ended_process_left_behind_is_made_again_under_the_same_id(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    happen(database, 1)
    match(database, of.id, 1)
    ((first,),) = due(database)
    take(database, first)
    ((again,),) = due(database, START + SENDING_TOO_LONG)
    assert again.id == first.id
    assert kept(database, first.webhook_id).failures == 0


def test_what_was_taken_is_not_called_again(database: Database) -> None:
    of = search(database)
    to = webhook(database, of)
    happen(database, 1)
    match(database, of.id, 1)
    ((call,),) = due(database)
    fail(database, call)
    later = START + BACK_OFF[0]
    ((again,),) = due(database, later)
    take(database, again, later)
    database.write(lambda session: calling.arrived(session, again, now=later))
    assert states(database) == [DeliveryState.SENT]
    assert kept(database, to.id).failures == 0
    match(database, of.id, 1)
    assert due(database, later + KEPT / 2) == []


def test_a_failure_holds_back_everything_behind_it_and_no_other_webhook(database: Database) -> None:
    of = search(database)
    failing, well = webhook(database, of), webhook(database, of)
    happen(database, 1, 2)
    match(database, of.id, 1, 2)
    ((first, *_),) = [queue for queue in due(database) if queue[0].webhook_id == failing.id]
    fail(database, first)
    happen(database, 3, at=START + MINUTE / 2)
    match(database, of.id, 3, at=START + MINUTE / 2)
    (queue,) = due(database, START + MINUTE / 2)
    assert queue[0].webhook_id == well.id
    queues = {queue[0].webhook_id: [call.tender_id.int for call in queue] for queue in due(database, START + MINUTE)}
    assert queues[failing.id] == [1, 2, 3]


def test_a_call_is_tried_for_about_a_day_and_then_the_next_one_has_its_turn(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    happen(database, 1, 2)
    match(database, of.id, 1, 2)
    now, tried = START, []
    while (queue := due(database, now)) and queue[0][0].tender_id.int == 1:
        tried.append(now)
        fail(database, queue[0][0], now)
        now += BACK_OFF[min(len(tried), len(BACK_OFF)) - 1]
    assert len(tried) == ATTEMPTS
    assert timedelta(hours=18) < tried[-1] - tried[0] < timedelta(hours=30)
    assert tenders(due(database, now)) == [[2]]
    assert all(later - earlier >= MINUTE for earlier, later in pairwise(tried))


def test_a_webhook_that_fails_for_more_than_two_days_is_turned_off_and_its_owner_is_to_be_told(
    database: Database,
) -> None:
    of = search(database)
    to = webhook(database, of)
    happen(database, 1, 2, 3)
    match(database, of.id, 1, 2, 3)
    now, failures, told = START, 0, None
    while told is None:
        now += BACK_OFF[min(failures, len(BACK_OFF)) - 1] if failures else timedelta(0)
        told = fail(database, due(database, now)[0][0], now)
        failures += 1
    assert (told, failures) == ("anna@example.org", FAILURES)
    assert now - START > timedelta(days=2)
    assert kept(database, to.id).disabled_at == now
    assert set(states(database)) == {DeliveryState.FAILED}
    happen(database, 4)
    match(database, of.id, 4)
    assert due(database, now + timedelta(days=1)) == []


def test_an_address_that_is_gone_is_not_called_a_second_time(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    happen(database, 1, 2)
    match(database, of.id, 1, 2)
    assert fail(database, due(database)[0][0], gone=True) == "anna@example.org"
    assert due(database, START + timedelta(days=1)) == []


def test_turned_on_again_it_gets_what_is_new_and_nothing_old(database: Database) -> None:
    of = search(database)
    to = webhook(database, of)
    happen(database, 1, 2)
    match(database, of.id, 1)
    fail(database, due(database)[0][0], gone=True)
    match(database, of.id, 2)
    on = database.write(lambda session: calling.enable(session, to.id))
    assert on is not None
    assert (on.disabled_at, on.failures) == (None, 0)
    assert due(database, START + timedelta(days=1)) == []
    happen(database, 3)
    match(database, of.id, 3)
    assert tenders(due(database)) == [[3]]


def test_a_removed_webhook_takes_its_calls_along(database: Database) -> None:
    of = search(database)
    to = webhook(database, of)
    happen(database, 1)
    match(database, of.id, 1)
    ((call,),) = due(database)
    take(database, call)
    assert database.write(lambda session: calling.remove_webhook(session, to.id))
    assert not database.write(lambda session: calling.remove_webhook(session, to.id))
    assert states(database) == []
    database.write(lambda session: calling.arrived(session, call, now=START))
    assert database.write(lambda session: calling.failed(session, call, "no", now=START, jitter=1)) is None


def test_nothing_is_posted_for_those_who_unsubscribed_not_even_when_they_come_back(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    happen(database, 1)
    match(database, of.id, 1)

    def leave(session: Session) -> None:
        owner = subscribers.by_email(session, "anna@example.org")
        assert owner is not None
        subscribers.unsubscribe(session, owner.token, now=START)

    database.write(leave)
    assert due(database) == []
    database.write(lambda session: subscribers.add(session, "anna@example.org", now=START, again=True))
    assert due(database) == []


def test_after_an_outage_only_the_newest_are_posted(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    count = MOST_WAITING + 20
    for start in range(1, count + 1, 100):
        happen(database, *range(start, min(start + 100, count + 1)), at=START + start * MINUTE)
    match(database, of.id, *range(1, count + 1))
    assert due(database)[0][0].tender_id.int == 21
    assert states(database)[:20] == [DeliveryState.FAILED] * 20
    assert states(database)[20:] == [DeliveryState.PENDING] * MOST_WAITING


def test_what_is_long_done_with_is_deleted(database: Database) -> None:
    of = search(database)
    to = webhook(database, of)
    happen(database, 1)
    match(database, of.id, 1)
    ((call,),) = due(database)
    take(database, call)
    database.write(lambda session: calling.arrived(session, call, now=START))
    with database.reading() as session:
        assert [one.id for one in calling.calls_of(session, to.id)] == [call.id]
    due(database, START + KEPT)
    assert states(database) == [DeliveryState.SENT]
    due(database, START + KEPT + MINUTE)
    assert states(database) == []


def test_what_ended_just_now_is_kept_however_long_it_waited(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    count = MOST_WAITING + 1
    happen(database, *range(1, count + 1))
    match(database, of.id, *range(1, count + 1))
    late = START + KEPT + timedelta(days=10)
    due(database, late)
    assert states(database).count(DeliveryState.FAILED) == 1
    due(database, late + KEPT)
    assert states(database).count(DeliveryState.FAILED) == 1
    due(database, late + KEPT + MINUTE)
    assert states(database).count(DeliveryState.FAILED) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_long_done_with_is_not_looked_for_among_all_that_was_ever_called(database: Database) -> None:
    asked = recorded(database, lambda: database.write(lambda session: calling.tidy(session, now=START)))
    plans = [step for statement, values in asked for step in plan(database, statement, values)]
    assert not [step for step in plans if step.startswith("SCAN webhook_call") and "USING" not in step]
    assert "SEARCH webhook_call USING INDEX ix_webhook_call_due (state=? AND due_at<?)" in plans


def recorded(database: Database, work: Callable[[], object]) -> list[tuple[str, Any]]:
    """The statements that something executes, each with its values."""
    found: list[tuple[str, Any]] = []

    def keep(connection: object, cursor: object, statement: str, values: Any, context: object, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            found.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", keep)
    try:
        work()
    finally:
        event.remove(database.engine, "before_cursor_execute", keep)
    return found


def plan(database: Database, statement: str, values: Any) -> list[str]:
    with database.engine.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]


def test_a_call_follows_its_tender_into_another(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    happen(database, 1, 2)
    match(database, of.id, 1, 2)
    database.write(lambda session: merges.absorb(session, {UUID(int=2): UUID(int=1)}))
    ((*queue,),) = due(database)
    assert [(call.tender_id.int, call.sequence) for call in queue] == [(1, 1), (1, 2)]


def test_a_call_whose_event_is_no_longer_there_is_dropped(database: Database) -> None:
    of = search(database)
    webhook(database, of)
    happen(database, 1)
    match(database, of.id, 1, 7)
    assert tenders(due(database)) == [[1]]
    assert len(states(database)) == 1
