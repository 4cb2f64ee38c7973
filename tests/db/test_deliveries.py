"""The outbox: matches become letters, each match in one, each letter sent once, whatever goes wrong."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from db import bulk, deliveries, opening, subscribers
from db.deliveries import (
    ATTEMPTS,
    BACK_OFF,
    SAME_CORRECTION,
    SENDING_TOO_LONG,
    TOO_OLD,
    Attempt,
    DigestEntry,
    Handed,
    Handing,
    NewMatch,
    Telling,
)
from db.engine import Database
from db.history import Delivery, Digest, Match, Reminder
from db.opening import JUST_MISSED
from db.subscriber import SavedSearch
from db.tender import Tender, TenderEvent
from db.vocabulary.delivery import DeliveryState, Frequency, LetterKind, SubscriberState, SuppressionReason
from db.vocabulary.messages import Saying
from db.vocabulary.notice import FieldChange
from db.vocabulary.tender import EventKind

START = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
END = START + timedelta(days=1)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TENDER = UUID(int=100)


def search(database: Database, email: str = "reader@example.org", name: str = "energy") -> SavedSearch:
    def work(session: Session) -> SavedSearch:
        choices = subscribers.Choices(time_zone="UTC", digest_at=time(0))
        reader = subscribers.add(session, email, choices=choices, now=START)
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
    end = END + timedelta(days=days)
    return database.write(lambda session: opening.open_digests(session, now=end, domain="example.org"))


def one_letter(database: Database) -> Digest:
    match(database, search(database))
    (digest,) = open_digests(database)
    return digest


def due(database: Database, now: datetime) -> list[UUID]:
    with database.reading() as session:
        return deliveries.due(session, now=now)


def take(database: Database, digest: Digest, now: datetime = END) -> list[Attempt]:
    return database.write(lambda session: deliveries.take(session, [digest.id], now=now))


def taken(database: Database, digest: Digest, now: datetime = END) -> Attempt:
    (attempt,) = take(database, digest, now)
    return attempt


def settle(database: Database, attempt: Attempt, state: DeliveryState, now: datetime, **more: Any) -> Digest:
    def work(session: Session) -> Digest:
        later = deliveries.settle(session, attempt, state, now=now, **more)
        digest = session.get_one(Digest, attempt.digest_id)
        assert later is (digest.state in (DeliveryState.PENDING, DeliveryState.UNKNOWN))
        return digest

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
    match(database, energy, TENDER, 2, at=END - JUST_MISSED - MINUTE)
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
        assert take(other, digest) == []
    finally:
        other.close()
    assert due(database, END + timedelta(days=1)) == []
    assert stored(database, digest).state == "sending"


def test_of_two_processes_that_reach_for_a_letter_at_once_one_gets_it(postgresql_url: str) -> None:
    ours, theirs = (Database(postgresql_url, sleep=lambda seconds: None) for _ in range(2))
    digest = one_letter(ours)
    got: list[list[Attempt]] = []

    def work(session: Session) -> list[Attempt]:
        session.get_one(Digest, digest.id)
        if not got:
            got.append(take(theirs, digest))
        return deliveries.take(session, [digest.id], now=END)

    try:
        assert ours.write(work) == []
        assert got == [[Attempt(digest.id, 1)]]
        assert attempts(ours, digest) == [(1, "pending", None)]
    finally:
        ours.close()
        theirs.close()


def test_a_letter_is_not_taken_before_it_is_due(database: Database) -> None:
    digest = one_letter(database)
    assert take(database, digest, END - MINUTE) == []


def test_a_letter_that_is_sent_is_never_due_again(database: Database) -> None:
    digest = one_letter(database)
    delivery = taken(database, digest)
    assert settle(database, delivery, DeliveryState.SENT, END + MINUTE).state == "sent"
    assert attempts(database, digest) == [(1, "sent", None)]
    assert due(database, END + timedelta(days=365)) == []
    assert take(database, digest, END + timedelta(days=365)) == []


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
    assert handing_over(database, taken(database, digest, at), at) is Handing.GO


def handing_over(database: Database, attempt: Attempt, now: datetime = END) -> Handing:
    return database.write(lambda session: deliveries.handing_over(session, attempt, now=now))


def test_a_letter_left_behind_before_it_was_handed_over_is_simply_sent(database: Database) -> None:
    digest = one_letter(database)
    for number in (1, 2, 3):
        now = END + number * SENDING_TOO_LONG
        assert taken(database, digest, now - SENDING_TOO_LONG).number == number
        assert find_abandoned(database, now) == 1
        assert stored(database, digest).state == "pending"
        assert attempts(database, digest)[-1] == (number, "failed", "the process ended before it was sent")


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


# Claims ------------------------------------------------------------------------------------------------


def letter(
    database: Database, kind: LetterKind, email: str = "reader@example.org", at: datetime = END, **more: Any
) -> Digest:
    """A letter that belongs to no window, to a subscriber who is there already."""

    def work(session: Session) -> Digest:
        reader = subscribers.by_email(session, email)
        assert reader is not None
        return deliveries.add_letter(session, reader.id, kind, now=at, domain="example.org", **more)

    return database.write(work)


def state(database: Database, new: SubscriberState, email: str = "reader@example.org") -> None:
    def work(session: Session) -> None:
        reader = subscribers.by_email(session, email)
        assert reader is not None
        reader.state = new

    database.write(work)


def suppress(database: Database, email: str = "reader@example.org") -> None:
    database.write(
        lambda session: subscribers.suppress(session, email, SuppressionReason.BOUNCE, now=END, status="5.1.1")
    )


def test_what_somebody_waits_for_goes_first_then_alerts_then_digests(database: Database) -> None:
    digest = one_letter(database)
    alert = letter(database, LetterKind.ALERT, at=END + MINUTE)
    note = letter(database, LetterKind.NOTE, at=END + 2 * MINUTE)
    choices = letter(database, LetterKind.CHOICES, at=END + 3 * MINUTE)
    confirmation = letter(database, LetterKind.CONFIRMATION, at=END + 4 * MINUTE)
    now = END + timedelta(hours=1)
    assert due(database, now) == [one.id for one in (choices, confirmation, alert, note, digest)]
    with database.reading() as session:
        assert deliveries.due(session, now=now, limit=2) == [choices.id, confirmation.id]
        assert deliveries.due(session, now=END + MINUTE) == [alert.id, digest.id]


def test_letters_are_claimed_together_and_those_of_others_left_out(database: Database) -> None:
    ours = [letter_to(database, f"reader{number}@example.org") for number in range(5)]
    theirs = taken(database, ours[2])
    ids = [one.id for one in reversed(ours)]
    got = database.write(lambda session: deliveries.take(session, ids, now=END))
    assert [one.digest_id for one in got] == [id for id in ids if id != theirs.digest_id]
    assert {one.number for one in got} == {1}
    assert due(database, END) == []


def letter_to(database: Database, email: str) -> Digest:
    match(database, search(database, email))
    (digest,) = open_digests(database)
    return digest


def test_letters_that_were_claimed_and_not_tried_are_put_back_as_if_nothing_had_been(database: Database) -> None:
    digest = one_letter(database)
    settle(database, taken(database, digest), DeliveryState.UNKNOWN, END)
    now = END + MINUTE * 5
    attempt = taken(database, digest, now)
    database.write(lambda session: deliveries.put_back(session, [attempt], now=now))
    assert (stored(database, digest).state, due(database, now)) == ("unknown", [digest.id])
    assert [number for number, _, _ in attempts(database, digest)] == [1]
    again = taken(database, digest, now)
    assert handing_over(database, again, now) is Handing.GO
    database.write(lambda session: deliveries.put_back(session, [again], now=now))  # too late for that
    assert stored(database, digest).state == "sending"


def test_who_was_taken_for_dead_hands_nothing_over(database: Database) -> None:
    digest = one_letter(database)
    slow = taken(database, digest)
    now = END + SENDING_TOO_LONG
    find_abandoned(database, now)
    assert handing_over(database, slow, now) is Handing.LOST
    fast = taken(database, digest, now)
    assert handing_over(database, slow, now) is Handing.LOST
    assert handing_over(database, fast, now) is Handing.GO
    assert handing_over(database, fast, now) is Handing.LOST


def test_a_claim_holds_on_from_the_moment_of_handing_over(database: Database) -> None:
    digest = one_letter(database)
    attempt = taken(database, digest)
    assert handing_over(database, attempt, END + 9 * MINUTE) is Handing.GO
    assert find_abandoned(database, END + SENDING_TOO_LONG) == 0
    assert find_abandoned(database, END + 9 * MINUTE + SENDING_TOO_LONG) == 1


def test_an_attempt_that_was_taken_for_dead_does_not_decide_over_the_next_one(database: Database) -> None:
    digest = one_letter(database)
    slow = taken(database, digest)
    now = END + SENDING_TOO_LONG
    find_abandoned(database, now)
    taken(database, digest, now)
    database.write(
        lambda session: deliveries.settle(session, slow, DeliveryState.FAILED, now=now, error="late", again=True)
    )
    assert stored(database, digest).state == "sending"
    database.write(lambda session: deliveries.settle(session, slow, DeliveryState.SENT, now=now))
    assert stored(database, digest).state == "sent"  # it arrived all the same


def test_a_letter_that_nobody_survives_to_write_is_given_up_at_last(database: Database) -> None:
    digest = one_letter(database)
    now = END
    for _ in range(ATTEMPTS):
        assert stored(database, digest).state == "pending"
        taken(database, digest, now)
        now += SENDING_TOO_LONG
        find_abandoned(database, now)
    assert stored(database, digest).state == "failed"
    assert [one.waiting for one in matches(database)] == [True]


@pytest.mark.parametrize("kind", LetterKind)
@pytest.mark.parametrize("now_is", SubscriberState)
def test_everybody_gets_only_what_they_are_to_get(
    database: Database, kind: LetterKind, now_is: SubscriberState
) -> None:
    search(database)
    digest = letter(database, kind)
    attempt = taken(database, digest)
    state(database, now_is)
    reached = (
        kind is LetterKind.CONFIRMATION
        or now_is is SubscriberState.ACTIVE
        or (kind in (LetterKind.CHOICES, LetterKind.FAREWELL) and now_is is SubscriberState.UNSUBSCRIBED)
    )
    with database.reading() as session:
        assert bool(deliveries.letters(session, [digest.id])) is reached
    assert handing_over(database, attempt) is (Handing.GO if reached else Handing.GONE)
    assert stored(database, digest).state == ("sending" if reached else "failed")


@pytest.mark.parametrize("written", ["reader@example.org", "Reader@Example.ORG"])
def test_nothing_is_handed_over_for_an_address_that_is_suppressed_and_what_it_was_to_tell_waits(
    database: Database, written: str
) -> None:
    digest = one_letter(database)
    attempt = taken(database, digest)
    suppress(database, written)
    assert handing_over(database, attempt) is Handing.SUPPRESSED
    assert attempts(database, digest) == [(1, "failed", "nothing is sent to this address any more: bounce 5.1.1")]
    assert [(one.waiting, one.digest_id) for one in matches(database)] == [(True, None)]
    assert open_digests(database, days=1) == []
    database.write(lambda session: subscribers.allow(session, "reader@example.org"))
    (later,) = open_digests(database, days=2)
    assert later.backlog


def test_chance_makes_the_next_turn_later_and_never_earlier(database: Database) -> None:
    digest = one_letter(database)
    failed = settle(database, taken(database, digest), DeliveryState.FAILED, END, again=True, stretch=1.2)
    assert failed.due_at == END + BACK_OFF[0] * 1.2


# Too old -----------------------------------------------------------------------------------------------


def fold(database: Database, now: datetime) -> int:
    return database.write(lambda session: deliveries.fold(session, now=now))


def test_a_digest_that_could_not_be_sent_for_days_is_folded_into_the_next_one(database: Database) -> None:
    digest = one_letter(database)
    assert fold(database, END + TOO_OLD) == 0
    assert fold(database, END + TOO_OLD + MINUTE) == 1
    assert stored(database, digest).state == "failed"
    (later,) = open_digests(database, days=4)
    assert later.backlog
    assert [one.digest_id for one in matches(database)] == [later.id]
    assert fold(database, END + TOO_OLD + MINUTE) == 0


def test_what_comes_back_for_a_search_without_letters_waits_for_none(database: Database) -> None:
    digest = one_letter(database)

    def never(session: Session) -> None:
        session.exec(select(SavedSearch)).one().frequency = Frequency.NEVER

    database.write(never)
    settle(database, taken(database, digest), DeliveryState.FAILED, END, release=True)
    assert [(one.digest_id, one.waiting) for one in matches(database)] == [(None, False)]


def test_a_letter_that_had_to_wait_reminds_of_no_deadline_that_has_passed(database: Database) -> None:
    digest = one_letter(database)
    rows = [
        {
            "subscriber_id": digest.subscriber_id,
            "tender_id": UUID(int=number),
            "deadline": END + number * HOUR,
            "digest_id": digest.id,
        }
        for number in (1, 2)
    ]
    database.write(lambda session: bulk.insert(session, Reminder, rows))
    settle(database, taken(database, digest), DeliveryState.FAILED, END, again=True)
    taken(database, digest, END + HOUR)
    with database.reading() as session:
        assert deliveries.reminders_of(session, digest.id) == [(UUID(int=2), END + 2 * HOUR)]


def test_a_letter_that_may_have_arrived_is_not_told_again_in_another_one(database: Database) -> None:
    digest = one_letter(database)
    settle(database, taken(database, digest), DeliveryState.UNKNOWN, END)
    settle(database, taken(database, digest, END + 5 * MINUTE), DeliveryState.FAILED, END, again=True)
    assert fold(database, END + timedelta(days=30)) == 0
    assert stored(database, digest).state == "unknown"


@pytest.mark.parametrize("kind", LetterKind)
def test_a_link_that_somebody_asked_for_long_ago_is_not_sent_any_more(database: Database, kind: LetterKind) -> None:
    search(database)
    letter(database, kind)
    assert fold(database, END + timedelta(days=2)) == (kind in (LetterKind.CHOICES, LetterKind.FAREWELL))


# Other letters -----------------------------------------------------------------------------------------


def test_letters_of_one_moment_are_kept_apart(database: Database) -> None:
    energy = search(database)
    first, second = (letter(database, LetterKind.CONFIRMATION, saved_search_id=energy.id) for _ in range(2))
    assert first.message_id != second.message_id
    assert (first.due_at, second.due_at, first.saved_search_id) == (END, END, energy.id)
    assert due(database, END) == [first.id, second.id]


def test_a_note_says_what_it_is_given(database: Database) -> None:
    energy = search(database)
    saying = Saying("Your webhook {url} was turned off.", {"url": "https://hook.example.org"})
    note = database.write(
        lambda session: deliveries.add_note(session, energy.subscriber_id, saying, now=END, domain="example.org")
    )
    assert (stored(database, note).kind, stored(database, note).note) == ("note", saying)


def test_the_next_letter_of_somebody_is_the_one_that_is_due_and_the_last_the_one_before(database: Database) -> None:
    digest = one_letter(database)
    with database.reading() as session:
        mine = digest.subscriber_id
        assert deliveries.last_letter(session, mine, due_by=END - MINUTE) is None
        first, last = deliveries.last_letter(session, mine, due_by=END), deliveries.last_letter(session, mine)
        assert first is not None
        assert last is not None
        assert (first.id, last.id) == (digest.id, digest.id)
        assert deliveries.last_letter(session, UUID(int=5)) is None


def test_what_letters_tell_of_is_counted(database: Database) -> None:
    energy, mobility = search(database), search(database, name="mobility")
    for sequence in (1, 2):
        match(database, energy, TENDER, sequence)
    match(database, energy, UUID(int=101))
    match(database, mobility)
    (digest,) = open_digests(database)
    other = letter(database, LetterKind.CHOICES)
    with database.reading() as session:
        told = deliveries.told_by(session, [digest.id, other.id])
    assert told == {digest.id: Telling((("energy", 2), ("mobility", 1))), other.id: Telling()}


# Coming back -------------------------------------------------------------------------------------------


def test_the_last_letters_are_those_that_were_sent_or_came_back(database: Database) -> None:
    energy = search(database)
    made = []
    for day in range(3):
        match(database, energy, TENDER, day + 1, at=START + timedelta(days=day))
        made += open_digests(database, day)
    settle(database, taken(database, made[0]), DeliveryState.SENT, END)
    settle(database, taken(database, made[1], END + timedelta(days=1)), DeliveryState.FAILED, END)
    database.write(lambda session: deliveries.came_back(session, made[1].id, "5.2.1"))
    with database.reading() as session:
        assert deliveries.handed_over(session, energy.subscriber_id) == [
            Handed(END + timedelta(days=1), "5.2.1"),
            Handed(END, None),
        ]
        assert deliveries.handed_over(session, energy.subscriber_id, limit=1) == [
            Handed(END + timedelta(days=1), "5.2.1")
        ]


def test_when_a_letter_was_handed_over(database: Database) -> None:
    digest = one_letter(database)

    def asked() -> datetime | None:
        with database.reading() as session:
            return deliveries.handed_over_at(session, digest.id)

    attempt = taken(database, digest)
    assert asked() is None
    handing_over(database, attempt)
    assert asked() == END
    settle(database, attempt, DeliveryState.FAILED, END + MINUTE, again=True)
    assert asked() is None
    settle(database, taken(database, digest, END + 6 * MINUTE), DeliveryState.SENT, END + 7 * MINUTE)
    assert asked() == END + 6 * MINUTE


def test_what_says_that_a_letter_will_never_arrive_is_kept_whatever_comes_after(database: Database) -> None:
    digest = one_letter(database)
    for status, kept in (("4.2.0", "4.2.0"), ("5.1.1", "5.1.1"), ("4.4.1", "5.1.1"), ("5.2.1", "5.1.1")):
        database.write(lambda session, status=status: deliveries.came_back(session, digest.id, status))  # type: ignore[misc]
        assert stored(database, digest).bounce == kept


# Who knows ---------------------------------------------------------------------------------------------


def known(database: Database) -> list[tuple[UUID, bool]]:
    with database.reading() as session:
        return [(one.saved_search_id, one.told) for one in deliveries.known(session, [TENDER, UUID(int=5)])]


def test_who_knows_of_a_tender_is_who_was_told_or_will_be(database: Database) -> None:
    energy = search(database)
    assert known(database) == []
    match(database, energy)
    assert known(database) == [(energy.id, False)]
    (digest,) = open_digests(database)
    assert known(database) == [(energy.id, True)]
    settle(database, taken(database, digest), DeliveryState.FAILED, END)
    assert known(database) == [(energy.id, False)]  # the letter did not arrive


def test_nobody_is_told_at_once_who_does_not_want_it_or_has_gone(database: Database) -> None:
    energy = search(database)
    match(database, energy)
    open_digests(database)

    def silent(session: Session) -> None:
        subscribers.choose(session, energy.subscriber_id, subscribers.Choices(alerts=False))

    database.write(silent)
    assert known(database) == [(energy.id, False)]
    state(database, SubscriberState.UNSUBSCRIBED)
    assert known(database) == []


def test_who_wants_no_letters_for_a_search_any_more_is_told_nothing_of_what_it_found(database: Database) -> None:
    energy = search(database)
    match(database, energy)
    open_digests(database)

    def never(session: Session) -> None:
        session.get_one(SavedSearch, energy.id).frequency = Frequency.NEVER

    database.write(never)
    assert known(database) == []


def test_what_only_the_feed_has_was_told_to_nobody(database: Database) -> None:
    energy = search(database)
    new = NewMatch(energy.id, TENDER, 1, ("水素",), waiting=False)
    database.write(lambda session: deliveries.add_matches(session, [new], now=START))
    assert known(database) == []
    assert open_digests(database) == []


def test_a_match_of_a_search_that_is_gone_is_left_out(database: Database) -> None:
    match(
        database, SavedSearch(id=uuid4(), subscriber_id=uuid4(), name="", query="", feed_token="", created_at=START)
    )
    assert matches(database) == []


# Corrections that are published twice ------------------------------------------------------------------


def happened(database: Database, *events: tuple[tuple[FieldChange, ...], datetime]) -> None:
    """Changes of one tender, with what is known to have changed, and when."""

    def work(session: Session) -> None:
        keep_tender(session, len(events))
        for sequence, (changes, at) in enumerate(events, 1):
            keep_event(session, sequence, (EventKind.CHANGED, changes), at)

    database.write(work)


def found_at_once(database: Database, to: SavedSearch, sequence: int, at: datetime) -> bool:
    """Whether a find of a search that is told at once is told at once."""
    new = NewMatch(to.id, TENDER, sequence, ("水素",), at_once=True)

    def work(session: Session) -> bool:
        deliveries.add_matches(session, [new], now=at)
        return session.get_one(Match, (to.id, TENDER, sequence)).at_once

    return database.write(work)


def test_a_correction_that_a_second_source_publishes_is_told_at_once_only_once(database: Database) -> None:
    energy = search(database)
    happened(database, ((MOVED,), START), ((), START + HOUR))
    assert found_at_once(database, energy, 1, START)
    assert not found_at_once(database, energy, 2, START + HOUR)
    (digest,) = open_digests(database)
    assert {one.digest_id for one in matches(database)} == {digest.id}, "it waits, and is not lost"


@pytest.mark.parametrize("why", ["another change", "long after", "not known", "no correction before"])
def test_any_other_correction_is_told_at_once(database: Database, why: str) -> None:
    energy = search(database)
    at = START + (SAME_CORRECTION if why == "long after" else HOUR)
    first = () if why == "no correction before" else (MOVED,)
    happened(database, (first, START), ((RENAMED,) if why == "another change" else (), at))
    if why != "not known":
        assert found_at_once(database, energy, 1, START)
    assert found_at_once(database, energy, 2, at)


def test_what_only_the_feed_has_of_a_correction_makes_no_other_one_wait(database: Database) -> None:
    energy = search(database)
    happened(database, ((MOVED,), START), ((), START + HOUR))
    feed = NewMatch(energy.id, TENDER, 1, ("水素",), waiting=False)
    database.write(lambda session: deliveries.add_matches(session, [feed], now=START))
    assert found_at_once(database, energy, 2, START + HOUR)


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


def keep_tender(session: Session, sequence: int) -> None:
    tender = {
        "id": TENDER,
        "title": "水素",
        "kind": "tender",
        "published": date(2026, 4, 1),
        "sources": (),
        "sequence": sequence,
        "first_seen_at": START,
        "updated_at": START,
    }
    bulk.insert(session, Tender, [tender])


def keep_event(session: Session, sequence: int, event: Event, at: datetime) -> None:
    row = {"tender_id": TENDER, "sequence": sequence, "at": at, "kind": event[0], "changes": event[1]}
    bulk.insert(session, TenderEvent, [{**row, "run_id": uuid4(), "alerts": True}])


def told(database: Database, *events: Event, first: int = 1) -> list[DigestEntry]:
    """The entries of a letter about one tender with these events, a minute apart."""
    energy = search(database)

    def work(session: Session) -> None:
        keep_tender(session, len(events))
        new = []
        for sequence, one in enumerate(events, first):
            keep_event(session, sequence, one, START + sequence * MINUTE)
            new.append(NewMatch(energy.id, TENDER, sequence, ("水素", str(sequence))))
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
        ([NEW, (EventKind.CANCELLED, (WITHDRAWN,)), changed(REVIVED)], EventKind.PUBLISHED, ()),
        ([changed(MOVED), changed(MOVED_BACK)], EventKind.CHANGED, ()),
    ],
)
def test_the_events_of_a_window_are_told_as_one(
    database: Database, events: list[Event], kind: EventKind, changes: tuple[FieldChange, ...]
) -> None:
    (entry,) = told(database, *events)
    assert (entry.kind, entry.changes) == (kind, changes)
    assert entry.at == START + len(events) * MINUTE
    assert entry.why == ("水素", *(str(number) for number in range(1, len(events) + 1)))


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([changed(MOVED), changed(MOVED_BACK)], []),
        ([changed(MOVED), changed(MOVED_BACK), changed(RENAMED)], [(EventKind.CHANGED, (RENAMED,))]),
        ([(EventKind.CANCELLED, (WITHDRAWN,)), changed(REVIVED)], []),
        ([(EventKind.CANCELLED, ())], [(EventKind.CANCELLED, ())]),
    ],
)
def test_who_knows_a_tender_that_is_back_where_it_was_is_told_nothing(
    database: Database, events: list[Event], left: list[Event]
) -> None:
    match(database, search(database), TENDER, 1, at=START - timedelta(days=1))
    open_digests(database, days=-1)
    assert [(entry.kind, entry.changes) for entry in told(database, *events, first=2)] == left


def test_a_tender_is_told_once_under_each_saved_search(database: Database) -> None:
    energy, mobility = search(database), search(database, name="mobility")
    told(database, NEW, changed(MOVED))
    match(database, mobility, TENDER, 2, "EV", at=END)
    (digest,) = open_digests(database, days=1)
    with database.reading() as session:
        (entry,) = deliveries.entries(session, digest.id)
    assert (entry.saved_search_id, entry.kind, entry.why) == (mobility.id, EventKind.CHANGED, ("EV",))
    assert energy.id != mobility.id


# Who was told ------------------------------------------------------------------------------------------


def test_an_operator_sees_who_was_told_of_a_tender_when_and_by_which_letter(database: Database) -> None:
    told(database, NEW, changed(MOVED))
    energy = search(database)
    match(database, search(database, "later@example.org"), TENDER, 2, at=END)
    (digest,) = [one for one in [stored_letter(database, energy.subscriber_id)] if one]
    attempt = taken(database, digest)
    settle(database, attempt, DeliveryState.SENT, END + MINUTE)
    with database.reading() as session:
        found = deliveries.tellings_of(session, TENDER)
        assert deliveries.tellings_of(session, TENDER, limit=1) == found[:1]
        assert deliveries.tellings_of(session, UUID(int=5)) == []
    assert [(one.email, one.sequence, one.event, one.letter, one.state, one.sent_at) for one in found] == [
        ("later@example.org", 2, EventKind.CHANGED, None, None, None),
        *(
            ("reader@example.org", sequence, kind, LetterKind.DIGEST, DeliveryState.SENT, END + MINUTE)
            for sequence, kind in ((2, EventKind.CHANGED), (1, EventKind.PUBLISHED))
        ),
    ]


def stored_letter(database: Database, subscriber_id: UUID) -> Digest | None:
    with database.reading() as session:
        return deliveries.last_letter(session, subscriber_id)
