"""The outbox: matches become letters, each match in one, each letter sent once, whatever goes wrong."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from db import bulk, deliveries, opening, subscribers
from db.deliveries import ATTEMPTS, BACK_OFF, SENDING_TOO_LONG, DigestEntry, NewMatch
from db.engine import Database
from db.history import Delivery, Digest, Match
from db.subscriber import SavedSearch
from db.tender import Tender, TenderEvent
from db.vocabulary.delivery import DeliveryState
from db.vocabulary.notice import FieldChange
from db.vocabulary.tender import EventKind

START = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
END = START + timedelta(days=1)
MINUTE = timedelta(minutes=1)
TENDER = UUID(int=100)


def search(database: Database, email: str = "reader@example.org", name: str = "energy") -> SavedSearch:
    def work(session: Session) -> SavedSearch:
        reader = subscribers.add(session, email, choices=subscribers.Choices(language="en"), now=START)
        return subscribers.save_search(session, reader, name, "水素", now=START)

    return database.write(work)


def match(
    database: Database, to: SavedSearch, tender: UUID = TENDER, sequence: int = 1, *why: str, at: datetime = START
) -> None:
    new = NewMatch(to.id, tender, sequence, why or ("水素",))
    database.write(lambda session: deliveries.add_matches(session, [new], now=at))


def matches(database: Database) -> Sequence[Match]:
    with database.reading() as session:
        return session.exec(select(Match).order_by(col(Match.matched_at))).all()


def open_digests(database: Database, days: int = 0) -> list[Digest]:
    start, end = START + timedelta(days=days), END + timedelta(days=days)
    return database.write(lambda session: opening.open_digests(session, now=end, domain="example.org"))


def one_letter(database: Database) -> Digest:
    match(database, search(database))
    (digest,) = open_digests(database)
    return digest


def due(database: Database, now: datetime) -> list[UUID]:
    with database.reading() as session:
        return [digest.id for digest in deliveries.due(session, now=now)]


def take(database: Database, digest: Digest, now: datetime = END) -> Delivery | None:
    return database.write(lambda session: deliveries.take(session, digest.id, now=now))


def taken(database: Database, digest: Digest, now: datetime = END) -> Delivery:
    delivery = take(database, digest, now)
    assert delivery is not None
    return delivery


def settle(database: Database, delivery: Delivery, state: DeliveryState, now: datetime, **more: Any) -> Digest:
    def work(session: Session) -> Digest:
        deliveries.settle(session, delivery, state, now=now, **more)
        return session.get_one(Digest, delivery.digest_id)

    return database.write(work)


def find_abandoned(database: Database, now: datetime) -> int:
    return database.write(lambda session: deliveries.find_abandoned(session, now=now))


def stored(database: Database, digest: Digest) -> Digest:
    with database.reading() as session:
        return session.get_one(Digest, digest.id)


def attempts(database: Database, digest: Digest) -> list[tuple[int, str, str | None]]:
    with database.reading() as session:
        rows = session.exec(
            select(Delivery).where(Delivery.digest_id == digest.id).order_by(col(Delivery.number))
        ).all()
    return [(row.number, row.state, row.error) for row in rows]


# Windows -----------------------------------------------------------------------------------------------


def test_a_match_that_is_kept_already_stays_as_it_is(database: Database) -> None:
    energy = search(database)
    match(database, energy)
    match(database, energy, TENDER, 1, "別の理由", at=END)
    (kept,) = matches(database)
    assert (kept.why, kept.matched_at, kept.digest_id) == (("水素",), START, None)
    match(database, energy, TENDER, 2, at=END)
    assert len(matches(database)) == 2


def test_a_letter_is_made_for_each_subscriber_with_something_to_tell(database: Database) -> None:
    energy, mobility = search(database), search(database, name="mobility")
    match(database, energy)
    match(database, mobility)
    other = search(database, "other@example.org")
    match(database, other)
    search(database, "nothing@example.org")
    made = open_digests(database)
    assert sorted(digest.subscriber_id for digest in made) == sorted([energy.subscriber_id, other.subscriber_id])
    for digest in made:
        assert (digest.window_start, digest.window_end, digest.due_at) == (START, END, END)
        assert (digest.state, digest.backlog) == ("pending", False)
        assert digest.message_id == f"<{digest.id}@example.org>"


def test_doing_a_window_again_makes_nothing_more(database: Database) -> None:
    one_letter(database)
    assert open_digests(database) == []
    with database.reading() as session:
        assert len(session.exec(select(Digest)).all()) == 1


def test_two_processes_that_do_a_window_at_once_make_one_letter(database: Database) -> None:
    match(database, search(database))
    other = Database(str(database.engine.url), sleep=lambda seconds: None)
    calls: list[int] = []

    def work(session: Session) -> list[Digest]:
        calls.append(1)
        session.exec(select(Match)).all()
        if len(calls) == 1 and not database.is_sqlite:  # SQLite lets nobody in between
            open_digests(other)
        return opening.open_digests(session, now=END, domain="example.org")

    try:
        made = database.write(work)
        assert len(made) == (1 if database.is_sqlite else 0)
        assert open_digests(other) == []
    finally:
        other.close()
    (kept,) = matches(database)
    with database.reading() as session:
        assert [digest.id for digest in session.exec(select(Digest)).all()] == [kept.digest_id]


def test_nobody_who_unsubscribed_gets_a_letter_nor_finds_old_ones_when_they_come_back(database: Database) -> None:
    energy = search(database)
    match(database, energy)

    def stop(session: Session) -> None:
        reader = subscribers.by_email(session, "reader@example.org")
        assert reader is not None
        subscribers.unsubscribe(session, reader.token, now=START)

    database.write(stop)
    assert open_digests(database) == []
    assert matches(database) == []


def test_each_match_is_told_in_one_letter_only(database: Database) -> None:
    energy = search(database)
    match(database, energy, at=START)
    match(database, energy, TENDER, 2, at=END - MINUTE)
    match(database, energy, TENDER, 3, at=END)
    (first,) = open_digests(database)
    (second,) = open_digests(database, days=1)
    assert [one.digest_id for one in matches(database)] == [first.id, first.id, second.id]
    assert (first.backlog, second.backlog) == (False, False)
    assert open_digests(database, days=2) == []


def test_what_no_window_could_tell_of_comes_with_the_next_letter_and_is_marked(database: Database) -> None:
    energy = search(database)
    match(database, energy)
    open_digests(database)
    match(database, energy, TENDER, 2, at=END - MINUTE)
    assert open_digests(database) == []
    (late,) = open_digests(database, days=1)
    assert late.backlog
    assert matches(database)[1].digest_id == late.id


# Attempts ----------------------------------------------------------------------------------------------


def test_a_letter_is_due_when_its_window_ends_the_oldest_first(database: Database) -> None:
    energy = search(database)
    match(database, energy)
    (first,) = open_digests(database)
    match(database, energy, TENDER, 2, at=END)
    (second,) = open_digests(database, days=1)
    assert due(database, END - MINUTE) == []
    assert due(database, END) == [first.id]
    assert due(database, END + timedelta(days=1)) == [first.id, second.id]


def test_a_letter_is_taken_by_one_process_only(database: Database) -> None:
    digest = one_letter(database)
    other = Database(str(database.engine.url), sleep=lambda seconds: None)
    try:
        assert taken(database, digest).number == 1
        assert take(other, digest) is None
    finally:
        other.close()
    assert due(database, END + timedelta(days=1)) == []
    assert stored(database, digest).state == "sending"


def test_of_two_processes_that_reach_for_a_letter_at_once_one_gets_it(postgresql_url: str) -> None:
    ours, theirs = (Database(postgresql_url, sleep=lambda seconds: None) for _ in range(2))
    digest = one_letter(ours)
    got: list[Delivery | None] = []

    def work(session: Session) -> Delivery | None:
        session.get_one(Digest, digest.id)
        if not got:
            got.append(take(theirs, digest))
        return deliveries.take(session, digest.id, now=END)

    try:
        assert ours.write(work) is None
        assert got[0] is not None
        assert attempts(ours, digest) == [(1, "pending", None)]
    finally:
        ours.close()
        theirs.close()


def test_a_letter_is_not_taken_before_it_is_due(database: Database) -> None:
    digest = one_letter(database)
    assert take(database, digest, END - MINUTE) is None


def test_a_letter_that_is_sent_is_never_due_again(database: Database) -> None:
    digest = one_letter(database)
    delivery = taken(database, digest)
    assert settle(database, delivery, DeliveryState.SENT, END + MINUTE).state == "sent"
    assert attempts(database, digest) == [(1, "sent", None)]
    assert due(database, END + timedelta(days=365)) == []
    assert take(database, digest, END + timedelta(days=365)) is None


def test_a_letter_that_fails_waits_longer_each_time_and_is_given_up_at_last(database: Database) -> None:
    digest = one_letter(database)
    now = END
    for number in range(1, ATTEMPTS):
        failed = settle(
            database, taken(database, digest, now), DeliveryState.FAILED, now, error=f"try {number}", again=True
        )
        assert (failed.state, failed.due_at) == ("pending", now + BACK_OFF[number - 1])
        assert due(database, failed.due_at - MINUTE) == []
        now = failed.due_at
    last = settle(database, taken(database, digest, now), DeliveryState.FAILED, now, error="last", again=True)
    assert last.state == "failed"
    assert attempts(database, digest)[-1] == (ATTEMPTS, "failed", "last")
    assert due(database, now + timedelta(days=365)) == []


def test_a_letter_that_can_never_arrive_is_given_up_at_once(database: Database) -> None:
    digest = one_letter(database)
    assert (
        settle(database, taken(database, digest), DeliveryState.FAILED, END, error="no such user").state == "failed"
    )
    assert due(database, END + timedelta(days=365)) == []


@pytest.mark.parametrize("again", [True, False])
def test_a_letter_that_may_have_arrived_is_tried_once_more_and_then_given_up(database: Database, again: bool) -> None:
    digest = one_letter(database)
    doubtful = settle(database, taken(database, digest), DeliveryState.UNKNOWN, END, again=again)
    assert doubtful.state == "unknown"
    assert due(database, doubtful.due_at) == [digest.id]
    second = taken(database, digest, doubtful.due_at)
    assert settle(database, second, DeliveryState.UNKNOWN, doubtful.due_at, again=again).state == "failed"
    assert due(database, END + timedelta(days=365)) == []


def test_a_letter_left_behind_by_a_process_that_ended_is_tried_once_more(database: Database) -> None:
    digest = one_letter(database)
    handed_over(database, digest)
    assert find_abandoned(database, END + SENDING_TOO_LONG - MINUTE) == 0
    assert find_abandoned(database, END + SENDING_TOO_LONG) == 1
    assert stored(database, digest).state == "unknown"
    assert attempts(database, digest) == [(1, "unknown", None)]
    assert due(database, END + SENDING_TOO_LONG) == [digest.id]
    assert taken(database, digest, END + SENDING_TOO_LONG).number == 2


def handed_over(database: Database, digest: Digest, at: datetime = END) -> None:
    """The process took the letter and began to hand it over."""
    delivery = taken(database, digest, at)
    database.write(lambda session: deliveries.handing_over(session, delivery))


def test_a_letter_left_behind_before_it_was_handed_over_is_simply_sent(database: Database) -> None:
    digest = one_letter(database)
    for number in (1, 2, 3):
        now = END + number * SENDING_TOO_LONG
        assert taken(database, digest, now - SENDING_TOO_LONG).number == number
        assert find_abandoned(database, now) == 1
        assert stored(database, digest).state == "pending"


def test_a_letter_left_behind_twice_is_given_up(database: Database) -> None:
    digest = one_letter(database)
    handed_over(database, digest)
    find_abandoned(database, END + SENDING_TOO_LONG)
    handed_over(database, digest, END + SENDING_TOO_LONG)
    assert find_abandoned(database, END + 2 * SENDING_TOO_LONG) == 1
    assert stored(database, digest).state == "failed"
    assert find_abandoned(database, END + 9 * SENDING_TOO_LONG) == 0
    assert due(database, END + timedelta(days=365)) == []


def test_a_letter_that_was_sent_in_the_second_attempt_is_not_sent_again_because_the_first_failed_late(
    database: Database,
) -> None:
    digest = one_letter(database)
    slow = taken(database, digest)
    find_abandoned(database, END + SENDING_TOO_LONG)
    second = taken(database, digest, END + SENDING_TOO_LONG)
    settle(database, second, DeliveryState.SENT, END + SENDING_TOO_LONG)
    settle(database, slow, DeliveryState.FAILED, END + SENDING_TOO_LONG, error="timed out", again=True)
    assert stored(database, digest).state == "sent"
    assert attempts(database, digest) == [(1, "failed", "timed out"), (2, "sent", None)]


def test_a_letter_to_somebody_who_was_forgotten_while_it_was_sent_leaves_no_trace(database: Database) -> None:
    digest = one_letter(database)
    delivery = taken(database, digest)
    database.write(lambda session: subscribers.forget(session, "reader@example.org"))
    database.write(lambda session: deliveries.settle(session, delivery, DeliveryState.SENT, now=END))
    assert attempts(database, digest) == []


# What a letter tells -----------------------------------------------------------------------------------

MOVED = FieldChange("deadline", "2026-04-20T17:00:00+09:00", "2026-04-27T17:00:00+09:00")
MOVED_ON = FieldChange("deadline", "2026-04-27T17:00:00+09:00", "2026-05-07T17:00:00+09:00")
MOVED_BACK = FieldChange("deadline", "2026-04-27T17:00:00+09:00", "2026-04-20T17:00:00+09:00")
RENAMED = FieldChange("title", "水素", "水素（訂正）")
WITHDRAWN = FieldChange("kind", "tender", "cancellation")
REVIVED = FieldChange("kind", "cancellation", "tender")
NEW = (EventKind.PUBLISHED, ())
Event = tuple[EventKind, tuple[FieldChange, ...]]


def changed(*changes: FieldChange) -> Event:
    return EventKind.CHANGED, changes


def told(database: Database, *events: Event, first: int = 1) -> list[DigestEntry]:
    """The entries of a letter about one tender with these events, a minute apart."""
    energy = search(database)

    def work(session: Session) -> None:
        tender = {
            "id": TENDER,
            "title": "水素",
            "kind": "tender",
            "published": date(2026, 4, 1),
            "sources": (),
            "sequence": len(events),
            "first_seen_at": START,
            "updated_at": START,
        }
        bulk.insert(session, Tender, [tender])
        rows: list[dict[str, Any]] = [
            {
                "tender_id": TENDER,
                "sequence": sequence,
                "at": START + sequence * MINUTE,
                "kind": kind,
                "changes": changes,
                "run_id": uuid4(),
                "alerts": True,
            }
            for sequence, (kind, changes) in enumerate(events, first)
        ]
        bulk.insert(session, TenderEvent, rows)
        new = [NewMatch(energy.id, TENDER, row["sequence"], ("水素", str(row["sequence"]))) for row in rows]
        deliveries.add_matches(session, new, now=START)

    database.write(work)
    (digest,) = open_digests(database)
    with database.reading() as session:
        return deliveries.entries(session, digest.id)


def test_a_letter_tells_what_happened_and_why_it_is_told(database: Database) -> None:
    (entry,) = told(database, NEW)
    assert entry == DigestEntry(entry.saved_search_id, TENDER, EventKind.PUBLISHED, (), ("水素", "1"), START + MINUTE)


@pytest.mark.parametrize(
    ("events", "kind", "changes"),
    [
        ([NEW, changed(MOVED)], EventKind.PUBLISHED, ()),
        ([changed(MOVED)], EventKind.CHANGED, (MOVED,)),
        ([changed(MOVED), changed(RENAMED)], EventKind.CHANGED, (MOVED, RENAMED)),
        (
            [changed(MOVED), changed(MOVED_ON)],
            EventKind.CHANGED,
            (FieldChange("deadline", MOVED.before, MOVED_ON.after),),
        ),
        ([changed(MOVED, RENAMED), changed(MOVED_BACK)], EventKind.CHANGED, (RENAMED,)),
        ([NEW, (EventKind.CANCELLED, (WITHDRAWN,))], EventKind.CANCELLED, (WITHDRAWN,)),
        ([changed(MOVED), (EventKind.CANCELLED, (WITHDRAWN,))], EventKind.CANCELLED, (MOVED, WITHDRAWN)),
        ([(EventKind.CANCELLED, (WITHDRAWN,)), changed(RENAMED)], EventKind.CANCELLED, (WITHDRAWN, RENAMED)),
        ([(EventKind.CANCELLED, ()), changed(RENAMED)], EventKind.CANCELLED, (RENAMED,)),
        ([(EventKind.CANCELLED, (WITHDRAWN,)), changed(REVIVED, RENAMED)], EventKind.CHANGED, (RENAMED,)),
    ],
)
def test_the_events_of_a_window_are_told_as_one(
    database: Database, events: list[Event], kind: EventKind, changes: tuple[FieldChange, ...]
) -> None:
    (entry,) = told(database, *events)
    assert (entry.kind, entry.changes) == (kind, changes)
    assert entry.at == START + len(events) * MINUTE
    assert entry.why == ("水素", *(str(number) for number in range(1, len(events) + 1)))


def test_a_tender_is_told_once_under_each_saved_search(database: Database) -> None:
    energy, mobility = search(database), search(database, name="mobility")
    told(database, NEW, changed(MOVED))
    match(database, mobility, TENDER, 2, "EV", at=END)
    (digest,) = open_digests(database, days=1)
    with database.reading() as session:
        (entry,) = deliveries.entries(session, digest.id)
    assert (entry.saved_search_id, entry.kind, entry.why) == (mobility.id, EventKind.CHANGED, ("EV",))
    assert energy.id != mobility.id
