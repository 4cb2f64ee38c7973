"""The outbox: what is due is sent once, whatever fails on the way, and whoever else is at it."""

import mailbox
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from alerts.bounces import HOPELESS
from alerts.digest import write
from alerts.errors import MailError
from alerts.letter import Letter, as_bytes
from alerts.mailer import SmtpMailer
from alerts.outbox import Result, deliver_due, plan, preview, preview_for
from alerts.settings import MailSettings, SmtpSettings
from db import deliveries, subscribers
from db.deliveries import Telling
from db.engine import Database
from db.errors import RecordError
from db.history import Digest, Match
from db.subscriber import SavedSearch, Subscriber
from db.vocabulary.delivery import Frequency, LetterKind, SuppressionReason
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import Saying
from db.vocabulary.run import RunState
from db.vocabulary.window import Schedule, window_before
from tests.alerts.servers import SECONDS, TAKEN, Handler, scripted, serving

if TYPE_CHECKING:
    from tests.alerts.conftest import Clock, Post, Record

EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)
DAY = timedelta(days=1)
ROOT = Path(__file__).parents[2]
Refusal = Callable[..., MailError]
NewPost = Callable[..., "Post"]


def plain_text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def message_ids(post: "Post") -> list[str]:
    return [str(mail.read["Message-ID"]) for mail in post.mails]


# Windows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (EIGHT, EIGHT),
        (EIGHT - timedelta(microseconds=1), EIGHT - DAY),
        (EIGHT + timedelta(hours=23, minutes=59), EIGHT),
        (EIGHT + DAY, EIGHT + DAY),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), EIGHT),
        (datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC), EIGHT - DAY),
        (datetime(2026, 3, 8, 12, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=TOKYO)),  # clocks change in New York
        (datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 3, 29, 8, tzinfo=TOKYO)),  # and in Berlin
        (datetime(2027, 1, 1, 0, tzinfo=UTC), datetime(2027, 1, 1, 8, tzinfo=TOKYO)),
    ],
)
def test_a_window_is_the_day_up_to_the_last_eight_o_clock_in_tokyo(now: datetime, end: datetime) -> None:
    window = window_before(now, Schedule())
    start, ended = window.start, window.end
    assert (start, ended) == (end - DAY, end)
    assert ended.astimezone(UTC) - start.astimezone(UTC) == DAY
    assert ended <= now


def test_windows_follow_each_other_without_a_gap() -> None:
    for minutes in range(0, 3 * 24 * 60, 30):
        now = EIGHT + timedelta(minutes=minutes)
        assert window_before(now + DAY, Schedule()).start == window_before(now, Schedule()).end
    assert window_before(EIGHT, Schedule(digest_at=time(6, 30))).end == EIGHT.replace(hour=6, minute=30)


# Once --------------------------------------------------------------------------------------------------


def test_everybody_with_something_to_read_gets_one_letter(record: "Record", post: NewPost) -> None:
    record.subscribe("anna@example.org", searches={"One": "水素", "Two": "prefecture:Tokyo"})
    record.subscribe("bert@example.jp", spoken="ja")
    record.subscribe("cora@example.org", searches={"Nothing": "太陽光"})
    record.publish(record.notice("1"), record.notice("2"))
    letters = post()
    outcomes = record.deliver(letters)
    assert sorted((one.recipient, one.result, one.tenders) for one in outcomes) == [
        ("anna@example.org", Result.SENT, 2),
        ("bert@example.jp", Result.SENT, 2),
    ]
    assert sorted(letters.recipients) == ["anna@example.org", "bert@example.jp"]
    assert [
        str(mail.read["Content-Language"]) for mail in sorted(letters.mails, key=lambda mail: mail.recipient)
    ] == [
        "en",
        "ja",
    ]
    assert {mail.sender for mail in letters.mails} == {"monitor@example.org"}
    assert len(set(message_ids(letters))) == 2


def test_delivering_again_sends_nothing_more(record: "Record", post: NewPost, clock: "Clock") -> None:
    record.subscribe()
    record.publish(record.notice())
    letters = post()
    record.deliver(letters)
    assert record.deliver(letters) == []
    clock.go_on(hours=23)
    assert record.deliver(letters) == []
    clock.go_on(days=9)
    assert record.deliver(letters) == []
    assert len(letters.mails) == 1


def test_nothing_is_sent_where_nothing_matched(record: "Record", post: NewPost) -> None:
    record.subscribe(searches={"Sun": "太陽光"})
    record.publish(record.notice())
    assert record.deliver(post()) == []
    assert record.digests() == []


def test_what_is_matched_after_eight_comes_tomorrow(record: "Record", post: NewPost, clock: "Clock") -> None:
    record.subscribe()
    record.publish(record.notice("1"), at=EIGHT - timedelta(seconds=1))
    record.publish(record.notice("2"), at=EIGHT)
    letters = post()
    assert [one.tenders for one in record.deliver(letters)] == [1]
    clock.go_on(hours=24)
    assert [one.tenders for one in record.deliver(letters)] == [1]
    assert [digest.backlog for digest in record.digests()] == [False, False]


def at_once(work: Sequence[Callable[[], object]]) -> None:
    """Do all of it at the same moment."""
    ready = threading.Barrier(len(work))
    failed: list[BaseException] = []

    def go(one: Callable[[], object]) -> None:
        try:
            ready.wait(10)
            one()
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=go, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []


def test_threads_that_deliver_at_once_send_each_letter_once(
    record: "Record", post: NewPost, opened: Callable[[str], Database], clock: "Clock"
) -> None:
    people = [f"reader{number}@example.org" for number in range(12)]
    for email in people:
        record.subscribe(email)
    record.publish(record.notice())
    others = [type(record)(opened(str(record.database.engine.url)), clock) for _ in range(3)]
    letters = post()
    at_once([partial(one.deliver, letters) for one in (record, *others)])
    assert sorted(letters.recipients) == sorted(people)
    assert {digest.state for digest in record.digests()} == {"sent"}
    assert [number for number, _ in record.attempts()] == [1] * len(people)


# Failures ----------------------------------------------------------------------------------------------


def test_a_letter_that_fails_for_now_is_tried_again_later_and_not_before(
    record: "Record", post: NewPost, clock: "Clock", refusal: Refusal
) -> None:
    record.subscribe()
    record.publish(record.notice())
    letters = post(refusal(temporary=True), refusal(temporary=True))
    (outcome,) = record.deliver(letters)
    assert (outcome.recipient, outcome.result) == ("reader@example.org", Result.LATER)
    assert str(outcome.error) == "the server is in a bad mood"
    clock.go_on(minutes=4, seconds=59)
    assert record.deliver(letters) == []
    clock.go_on(seconds=1)
    assert [one.result for one in record.deliver(letters)] == [Result.LATER]
    clock.go_on(minutes=19)
    assert record.deliver(letters) == []
    clock.go_on(minutes=1)
    assert [one.result for one in record.deliver(letters)] == [Result.SENT]
    assert record.attempts() == [(1, "failed"), (2, "failed"), (3, "sent")]
    assert message_ids(letters) == [record.digests()[0].message_id]


def test_what_a_mail_server_that_was_away_kept_back_comes_with_the_next_letter(
    record: "Record", post: NewPost, clock: "Clock", refusal: Refusal
) -> None:
    record.subscribe()
    record.publish(record.notice())
    letters = post(*(refusal(temporary=True) for _ in range(deliveries.ATTEMPTS)))
    results: list[Result] = []
    seen: set[tuple[int, int]] = set()
    for _ in range(2 * 24 * 4):
        results += [one.result for one in record.deliver(letters)]
        clock.go_on(minutes=15)
        with record.database.reading() as session:
            seen.add((deliveries.waiting(session), deliveries.given_up(session, since=EIGHT)))
    assert results == [Result.LATER] * (deliveries.ATTEMPTS - 1) + [Result.GIVEN_UP, Result.SENT]
    assert seen == {(1, 0), (0, 1)}
    assert len(letters.mails) == 1
    assert str(letters.mails[0].read["Subject"]).startswith("1 tender after an interruption")


def test_a_letter_that_can_never_arrive_is_given_up_and_the_others_go_on(
    record: "Record", post: NewPost, clock: "Clock", refusal: Refusal
) -> None:
    record.subscribe("anna@example.org")
    record.subscribe("bert@example.org")
    record.publish(record.notice("1"))
    letters = post(refusal(temporary=False))
    outcomes = record.deliver(letters)
    assert [one.result for one in outcomes] == [Result.GIVEN_UP, Result.SENT]
    assert letters.recipients == [outcomes[1].recipient]
    clock.go_on(hours=23)
    assert record.deliver(letters) == []
    record.publish(record.notice("2"), at=clock.now)
    clock.go_on(hours=1)
    assert [one.result for one in record.deliver(letters)] == [Result.SENT] * 2  # tomorrow's letter is another one


def test_a_letter_that_may_have_arrived_is_sent_once_more_under_the_same_name_and_then_given_up(
    record: "Record", post: NewPost, clock: "Clock", refusal: Refusal
) -> None:
    record.subscribe()
    record.publish(record.notice())
    seen: list[bytes] = []

    class Doubtful:
        def send(self, message: bytes, *, sender: str, recipient: str) -> None:
            seen.append(message)
            raise refusal(temporary=True, doubtful=True)

    assert [one.result for one in record.deliver(Doubtful())] == [Result.LATER]
    assert record.digests()[0].state == "unknown"
    assert record.deliver(Doubtful()) == []
    clock.go_on(minutes=5)
    assert [one.result for one in record.deliver(Doubtful())] == [Result.GIVEN_UP]
    clock.go_on(hours=20)
    assert record.deliver(post()) == []
    assert record.attempts() == [(1, "unknown"), (2, "unknown")]
    first, second = (message_from_bytes(message, policy=policy.default)["Message-ID"] for message in seen)
    assert first == second


def test_after_doubt_a_plain_failure_is_tried_again(
    record: "Record", post: NewPost, clock: "Clock", refusal: Refusal
) -> None:
    record.subscribe()
    record.publish(record.notice())
    letters = post(refusal(temporary=True, doubtful=True), refusal(temporary=True))
    for minutes in (5, 20, 0):
        record.deliver(letters)
        clock.go_on(minutes=minutes)
    assert record.attempts() == [(1, "unknown"), (2, "failed"), (3, "sent")]
    assert len(letters.mails) == 1


def test_an_address_that_mail_cannot_carry_is_given_up_and_the_others_go_on(record: "Record", post: NewPost) -> None:
    record.subscribe("読者@example.org")
    record.subscribe("dokusha@例え.jp")
    record.publish(record.notice())
    letters = post()
    assert sorted(one.result for one in record.deliver(letters)) == [Result.GIVEN_UP, Result.SENT]
    assert letters.recipients == ["dokusha@xn--r8jz45g.jp"]


def test_a_defect_in_one_letter_does_not_keep_the_others_back(
    record: "Record", post: NewPost, clock: "Clock", monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("anna", "bert", "cora"):
        record.subscribe(f"{name}@example.org")
    record.publish(record.notice())
    failing = [ZeroDivisionError("of the template")]

    def sometimes(*arguments: object, **more: object) -> object:
        if failing:
            raise failing.pop()
        return write(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("alerts.outbox.write", sometimes)
    letters = post()
    outcomes = record.deliver(letters)
    assert [one.result for one in outcomes] == [Result.LATER, Result.SENT, Result.SENT]
    assert "ZeroDivisionError('of the template')" in str(outcomes[0].error)
    clock.go_on(minutes=5)
    assert [one.result for one in record.deliver(letters)] == [Result.SENT]
    assert sorted(letters.recipients) == ["anna@example.org", "bert@example.org", "cora@example.org"]


def test_nor_does_one_in_putting_it_into_bytes(
    record: "Record", post: NewPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("anna", "bert"):
        record.subscribe(f"{name}@example.org")
    record.publish(record.notice())
    failing = [ZeroDivisionError("of the bytes")]

    def sometimes(letter: Letter) -> bytes:
        if failing:
            raise failing.pop()
        return as_bytes(letter)

    monkeypatch.setattr("alerts.outbox.as_bytes", sometimes)
    assert [one.result for one in record.deliver(post())] == [Result.LATER, Result.SENT]


def test_a_defect_in_the_mailer_leaves_doubt(record: "Record", post: NewPost, clock: "Clock") -> None:
    record.subscribe()
    record.publish(record.notice())
    letters = post(RuntimeError("of the mailer"))
    assert [one.result for one in record.deliver(letters)] == [Result.LATER]
    assert record.digests()[0].state == "unknown"
    clock.go_on(minutes=5)
    assert [one.result for one in record.deliver(letters)] == [Result.SENT]


def test_a_record_that_fails_is_not_taken_for_a_bad_letter(
    record: "Record", post: NewPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.subscribe()
    record.publish(record.notice())

    def broken(*arguments: object, **more: object) -> None:
        raise RecordError("the disk is full")

    monkeypatch.setattr("alerts.outbox.gather", broken)
    with pytest.raises(RecordError):
        record.deliver(post())


# Those who have gone -----------------------------------------------------------------------------------


@pytest.mark.parametrize("opened_before", [False, True])
def test_nobody_who_unsubscribed_gets_anything(record: "Record", post: NewPost, opened_before: bool) -> None:
    person = record.subscribe()
    record.publish(record.notice())
    if opened_before:
        record.open()
    record.unsubscribe(person)
    letters = post()
    assert record.deliver(letters) == []
    assert letters.mails == []


def test_who_unsubscribes_between_two_attempts_gets_nothing(
    record: "Record", post: NewPost, clock: "Clock", refusal: Refusal
) -> None:
    person = record.subscribe()
    record.publish(record.notice())
    letters = post(refusal(temporary=True))
    record.deliver(letters)
    record.unsubscribe(person)
    clock.go_on(minutes=5)
    assert record.deliver(letters) == []
    assert letters.mails == []
    assert record.digests()[0].state == "failed"


def test_who_is_forgotten_while_their_letter_is_sent_leaves_no_trace(record: "Record", post: NewPost) -> None:
    record.subscribe()
    record.publish(record.notice())
    letters = post()

    class Slow:
        def send(self, message: bytes, *, sender: str, recipient: str) -> None:
            record.database.write(lambda session: subscribers.forget(session, recipient))
            letters.send(message, sender=sender, recipient=recipient)

    assert [one.result for one in record.deliver(Slow())] == [Result.SENT]
    assert record.digests() == []
    assert record.attempts() == []


def test_a_letter_can_be_looked_at_before_it_is_sent(record: "Record") -> None:
    person = record.subscribe()
    record.publish(record.notice())
    (digest,) = record.open()
    letter = preview(record.database, record.writing(), digest.id)
    assert letter is not None
    assert (letter.recipient, letter.tenders, letter.message_id) == ("reader@example.org", 1, digest.message_id)
    assert record.attempts() == []
    assert preview(record.database, record.writing(), uuid4()) is None
    record.unsubscribe(person)
    assert preview(record.database, record.writing(), digest.id) is None


# Letters of all kinds ----------------------------------------------------------------------------------


def asked(record: "Record", email: str = "new@example.org") -> SavedSearch:
    """A search that somebody asked for on the page, with the letter that asks whether it is theirs."""
    now = record.clock.now

    def work(session: Session) -> SavedSearch:
        search = subscribers.ask(
            session,
            email,
            choices=subscribers.Choices(),
            name="Hydrogen",
            query="水素",
            frequency=Frequency.DAILY,
            now=now,
        )
        kind, id = LetterKind.CONFIRMATION, search.id
        deliveries.add_letter(session, search.subscriber_id, kind, now=now, domain="example.org", saved_search_id=id)
        return search

    return record.database.write(work)


def add_letter(record: "Record", person: Subscriber, kind: LetterKind, note: Saying | None = None) -> Digest:
    return record.database.write(
        lambda session: deliveries.add_letter(
            session, person.id, kind, now=record.clock.now, domain="example.org", note=note
        )
    )


def tell_at_once(record: "Record") -> None:
    """What waits is told without waiting for the end of a window."""

    def work(session: Session) -> None:
        for match in record.matches():
            session.merge(match).at_once = True

    record.database.write(work)


def test_every_kind_of_letter_goes_out_and_what_somebody_waits_for_first(record: "Record", post: NewPost) -> None:
    anna, bert = record.subscribe("anna@example.org"), record.subscribe("bert@example.org")
    record.publish(record.notice("1"))
    record.open()
    record.publish(record.notice("2"))
    tell_at_once(record)
    add_letter(record, anna, LetterKind.NOTE, Saying("Your webhook was turned off."))
    add_letter(record, bert, LetterKind.FAREWELL)
    add_letter(record, anna, LetterKind.CHOICES)
    asked(record)
    letters = post()
    outcomes = record.deliver(letters)
    assert {one.result for one in outcomes} == {Result.SENT}
    assert [one.kind for one in outcomes][:3].count(LetterKind.CONFIRMATION) == 1
    turns = [next(place for place, kinds in enumerate(deliveries.TURNS) if one.kind in kinds) for one in outcomes]
    assert turns == [0, 0, 0, 1, 1, 1, 2, 2]
    assert sorted(one.kind for one in outcomes) == sorted(
        [LetterKind.CONFIRMATION, LetterKind.CHOICES, LetterKind.FAREWELL, LetterKind.NOTE]
        + [LetterKind.ALERT, LetterKind.DIGEST] * 2
    )
    of_the_list = {
        outcome.kind for outcome, mail in zip(outcomes, letters.mails, strict=True) if "List-Id" in mail.read
    }
    assert of_the_list == {LetterKind.ALERT, LetterKind.DIGEST}
    assert record.deliver(letters) == []


def test_a_question_goes_to_whoever_is_not_subscribed_yet_and_nothing_else_does(
    record: "Record", post: NewPost, clock: "Clock"
) -> None:
    search = asked(record)
    record.publish(record.notice())
    letters = post()
    assert [one.kind for one in record.deliver(letters)] == [LetterKind.CONFIRMATION]
    assert letters.recipients == ["new@example.org"]
    clock.go_on(days=1)
    assert record.deliver(letters) == []
    record.database.write(lambda session: subscribers.confirm(session, search.id, now=clock.now))
    record.publish(record.notice("2"), at=clock.now)
    clock.go_on(days=1)
    assert [one.kind for one in record.deliver(letters)] == [LetterKind.DIGEST]


def test_a_question_that_nobody_answers_is_forgotten(record: "Record", post: NewPost, clock: "Clock") -> None:
    asked(record)
    record.deliver(post())
    clock.go_on(days=8)
    assert record.deliver(post()) == []
    assert record.digests() == []
    with record.database.reading() as session:
        assert subscribers.by_email(session, "new@example.org") is None


def test_whoever_unsubscribed_still_gets_the_links_that_they_ask_for(record: "Record", post: NewPost) -> None:
    person = record.subscribe()
    record.publish(record.notice())
    record.open()
    record.unsubscribe(person)
    for kind in (LetterKind.CHOICES, LetterKind.FAREWELL, LetterKind.NOTE):
        add_letter(record, person, kind, Saying("A word."))
    assert {one.kind for one in record.deliver(post())} == {LetterKind.CHOICES, LetterKind.FAREWELL}


# Ways back ---------------------------------------------------------------------------------------------


def mail_settings(tmp_path: Path, **more: Any) -> MailSettings:
    for part in ("new", "cur", "tmp"):
        (tmp_path / "inbox" / part).mkdir(parents=True)
    return MailSettings(
        "monitor@example.org", tmp_path / "mail", return_path="bounces@example.org", inbox=tmp_path / "inbox", **more
    )


def test_every_letter_has_a_return_path_of_its_own(record: "Record", post: NewPost, tmp_path: Path) -> None:
    record.mail = mail_settings(tmp_path)
    person = record.subscribe()
    record.publish(record.notice())
    asked(record)
    letters = post()
    record.deliver(letters)
    digests = {digest.message_id: digest for digest in record.digests()}
    for mail in letters.mails:
        digest = digests[str(mail.read["Message-ID"])]
        assert mail.sender == f"bounces+{digest.id.hex}@example.org"
        assert str(mail.read["From"]) == "Tender Monitor <monitor@example.org>"
        by_mail = f"<mailto:bounces+u-{person.token}@example.org?subject=unsubscribe>"
        assert (by_mail in str(mail.read["List-Unsubscribe"])) is (digest.kind == LetterKind.DIGEST)


def test_where_nothing_can_come_in_no_address_is_promised_to_take_it(
    record: "Record", post: NewPost, tmp_path: Path
) -> None:
    record.mail = replace(mail_settings(tmp_path), inbox=None)
    record.subscribe()
    record.publish(record.notice())
    letters = post()
    record.deliver(letters)
    assert "mailto" not in str(letters.mails[0].read["List-Unsubscribe"])
    assert letters.mails[0].sender.startswith("bounces+")


def test_what_came_back_is_read_before_anything_is_sent(record: "Record", post: NewPost, tmp_path: Path) -> None:
    record.mail = mail_settings(tmp_path)
    person = record.subscribe()
    record.publish(record.notice())
    request = f"To: bounces+u-{person.token}@example.org\n\n"
    (tmp_path / "inbox" / "new" / "1").write_text(request)
    assert record.deliver(post()) == []
    assert record.digests() == []


def test_an_address_that_a_server_refuses_for_good_gets_nothing_more_and_what_it_was_to_be_told_waits(
    record: "Record", post: NewPost, clock: "Clock"
) -> None:
    record.subscribe()
    record.publish(record.notice("1"))
    gone = MailError("550 5.1.1 no such user", temporary=False, status="5.1.1")
    letters = post(gone)
    assert [one.result for one in record.deliver(letters)] == [Result.GIVEN_UP]
    assert [(digest.state, digest.bounce) for digest in record.digests()] == [("failed", "5.1.1")]
    record.publish(record.notice("2"), at=clock.now)
    clock.go_on(days=1)
    assert record.deliver(letters) == []
    record.database.write(lambda session: subscribers.allow(session, "reader@example.org"))
    assert [one.tenders for one in record.deliver(letters)] == [2]


@pytest.mark.parametrize("status", ["5.7.1", "5.2.2", "5.0.0", ""])
def test_no_other_refusal_of_one_letter_stops_the_next(
    record: "Record", post: NewPost, clock: "Clock", status: str
) -> None:
    record.subscribe()
    record.publish(record.notice("1"))
    letters = post(MailError("no", temporary=False, status=status))
    assert [one.result for one in record.deliver(letters)] == [Result.GIVEN_UP]
    record.publish(record.notice("2"), at=clock.now)
    clock.go_on(days=1)
    # What the server did not take is told with what is new; where it did not even say no, nobody can know.
    assert [(one.result, one.tenders) for one in record.deliver(letters)] == [(Result.SENT, 2 if status else 1)]


def test_an_alert_that_is_refused_comes_with_the_next_overview_and_not_every_quarter_of_an_hour(
    record: "Record", post: NewPost, clock: "Clock"
) -> None:
    person = record.subscribe()
    record.publish(record.notice("1"), at=clock.now + timedelta(minutes=1))
    record.database.write(lambda session: without_waiting(session, person))
    clock.go_on(minutes=2)
    letters = post(MailError("554 blocked", temporary=False, status="5.7.1"))
    assert [(one.kind, one.result) for one in record.deliver(letters)] == [(LetterKind.ALERT, Result.GIVEN_UP)]
    clock.go_on(minutes=20)
    assert record.deliver(letters) == []
    clock.go_on(days=1)
    assert [(one.kind, one.tenders) for one in record.deliver(letters)] == [(LetterKind.DIGEST, 1)]


def test_a_reader_of_whom_everything_is_refused_for_a_week_begins_anew(
    record: "Record", post: NewPost, clock: "Clock"
) -> None:
    record.subscribe()
    refused = MailError("554 content rejected", temporary=False, status="5.7.1")
    letters = post(*[refused] * HOPELESS)
    for number in range(HOPELESS + 2):
        record.publish(record.notice(str(number)), at=clock.now - timedelta(hours=1))
        record.deliver(letters)
        clock.go_on(days=1)
    told = [str(mail.read["Subject"]) for mail in letters.mails]
    assert [subject.partition(" – ")[0] for subject in told] == ["1 tender for you", "1 tender for you"]


def test_a_change_that_is_undone_before_it_is_told_is_no_letter_that_was_lost(
    record: "Record", post: NewPost, clock: "Clock"
) -> None:
    record.subscribe()
    first = record.notice(deadline=clock.now + timedelta(days=20))
    record.publish(first)
    letters = post()
    assert len(record.deliver(letters)) == 1
    record.publish(replace(first, deadline=clock.now + timedelta(days=30)), at=clock.now)
    record.publish(first, at=clock.now)
    clock.go_on(days=1)
    assert record.deliver(letters) == []
    with record.database.reading() as session:
        assert [one.state for one in record.digests()] == ["sent", "failed"]
        assert deliveries.given_up(session, since=clock.now - timedelta(days=9)) == 0


def without_waiting(session: Session, person: Subscriber) -> None:
    """Let all that waits for somebody be told without waiting for the end of a window."""
    for search in subscribers.searches_of(session, person.id):
        for match in session.exec(select(Match).where(Match.saved_search_id == search.id)):
            match.at_once = True


def test_an_address_that_was_suppressed_after_the_letter_was_made_gets_nothing(
    record: "Record", post: NewPost
) -> None:
    record.subscribe("Reader@example.org")
    record.publish(record.notice())
    record.open()
    record.database.write(
        lambda session: subscribers.suppress(session, "reader@example.org", SuppressionReason.COMPLAINT, now=EIGHT)
    )
    letters = post()
    (outcome,) = record.deliver(letters)
    assert (outcome.result, letters.mails) == (Result.GIVEN_UP, [])
    assert "nothing is sent to this address any more" in str(outcome.error)
    assert [match.waiting for match in record.matches()] == [True]


# How fast and how often --------------------------------------------------------------------------------


def test_no_more_letters_go_out_in_a_minute_than_the_server_allows(
    record: "Record", post: NewPost, clock: "Clock", tmp_path: Path
) -> None:
    record.mail = mail_settings(tmp_path, per_minute=10)
    for number in range(25):
        record.subscribe(f"reader{number}@example.org")
    record.publish(record.notice())
    moments: list[datetime] = []

    class Watched:
        def send(self, message: bytes, *, sender: str, recipient: str) -> None:
            moments.append(clock.now)

    assert len(record.deliver(Watched())) == 25
    assert moments == [EIGHT + number * timedelta(seconds=6) for number in range(25)]
    assert [state for _, state in record.attempts()] == ["sent"] * 25


def test_in_a_long_round_a_letter_that_somebody_waits_for_does_not_wait_for_its_end(
    record: "Record", clock: "Clock", tmp_path: Path
) -> None:
    record.mail = mail_settings(tmp_path, per_minute=4)
    for number in range(20):
        record.subscribe(f"reader{number}@example.org")
    record.publish(record.notice())
    got: list[str] = []

    class Watched:
        def send(self, message: bytes, *, sender: str, recipient: str) -> None:
            if len(got) == 5:
                asked(record)
            got.append(recipient)

    record.deliver(Watched())
    assert len(got) == 21
    assert got.index("new@example.org") <= 5 + 4


def test_while_a_letter_waits_for_its_turn_nothing_is_in_doubt(
    record: "Record", post: NewPost, clock: "Clock", tmp_path: Path
) -> None:
    record.mail = mail_settings(tmp_path, per_minute=1)
    for number in range(3):
        record.subscribe(f"reader{number}@example.org")
    record.publish(record.notice())
    seen: list[list[str]] = []

    def sleep(seconds: float) -> None:
        seen.append(sorted(state for _, state in record.attempts()))
        clock.sleep(seconds)

    deliver_due(record.database, post(), record.writing(), clock=clock, sleep=sleep)
    # The next one is claimed, and nobody has begun to hand it over.
    assert seen == [["pending", "sent"], ["pending", "sent", "sent"]]


def test_chance_spreads_the_next_attempts(record: "Record", post: NewPost, refusal: Refusal) -> None:
    for number in range(20):
        record.subscribe(f"reader{number}@example.org")
    record.publish(record.notice())
    letters = post(*(refusal(temporary=True) for _ in range(20)))
    deliver_due(record.database, letters, record.writing(), clock=record.clock, rng=random.Random(1))
    turns = {digest.due_at - EIGHT for digest in record.digests()}
    assert len(turns) == 20
    assert timedelta(minutes=5) <= min(turns) < max(turns) < timedelta(minutes=6, seconds=15)


def test_a_server_that_takes_nothing_is_not_asked_for_every_letter(
    record: "Record", post: NewPost, clock: "Clock"
) -> None:
    people = [f"reader{number}@example.org" for number in range(60)]
    for email in people:
        record.subscribe(email)
    record.publish(record.notice())
    away = [MailError("the server is away", temporary=True, everyone=True) for _ in range(3)]
    letters = post(*away)
    for _ in range(3):
        (outcome,) = record.deliver(letters)
        assert outcome.result is Result.LATER
        clock.go_on(minutes=1)
    assert letters.errors == []
    assert sorted(record.attempts()) == [(1, "failed")] * 3
    assert {digest.state for digest in record.digests()} == {"pending"}
    clock.go_on(minutes=5)
    assert len(record.deliver(letters)) == 60
    assert sorted(letters.recipients) == sorted(people)


def test_a_server_that_leaves_in_the_middle_leaves_no_doubt_about_the_letter_before(
    record: "Record", post: NewPost
) -> None:
    for number in range(3):
        record.subscribe(f"reader{number}@example.org")
    record.publish(record.notice())
    letters = post(None, MailError("the server is away", temporary=True, everyone=True))
    assert [one.result for one in record.deliver(letters)] == [Result.SENT, Result.LATER]
    assert sorted(record.attempts()) == [(1, "failed"), (1, "sent")]


def test_what_could_not_be_sent_for_days_comes_in_the_next_letter(
    record: "Record", post: NewPost, clock: "Clock"
) -> None:
    record.subscribe()
    record.publish(record.notice("1"))
    record.open()
    clock.go_on(days=5)
    record.publish(record.notice("2"), at=clock.now - timedelta(hours=1))
    (outcome,) = record.deliver(post())
    assert outcome.tenders == 2
    assert [(digest.state, digest.backlog) for digest in record.digests()] == [("failed", False), ("sent", True)]


# Looking first -----------------------------------------------------------------------------------------


def untouched(record: "Record") -> tuple[list[Digest], list[tuple[int, str]], list[bool]]:
    return record.digests(), record.attempts(), [match.waiting for match in record.matches()]


def test_what_would_go_out_can_be_seen_without_sending_anything(record: "Record", post: NewPost) -> None:
    anna = record.subscribe("anna@example.org", searches={"Hydrogen": "水素", "Tokyo": "prefecture:Tokyo"})
    record.subscribe("bert@example.org")
    record.publish(record.notice("1"), record.notice("2"))
    add_letter(record, anna, LetterKind.CHOICES)
    asked(record)
    record.database.write(
        lambda session: subscribers.suppress(session, "bert@example.org", SuppressionReason.OPERATOR, now=EIGHT)
    )
    record.crawled("kkj", RunState.FAILED, EIGHT - timedelta(hours=30))
    before = untouched(record)
    planned = plan(record.database, record.writing(), clock=record.clock)
    assert untouched(record) == before
    assert sorted((one.recipient, one.kind) for one in planned[:2]) == [
        ("anna@example.org", LetterKind.CHOICES),
        ("new@example.org", LetterKind.CONFIRMATION),
    ]
    (digest,) = planned[2:]
    assert (digest.recipient, digest.kind, digest.window_end) == ("anna@example.org", LetterKind.DIGEST, EIGHT)
    assert digest.telling == Telling((("Hydrogen", 2), ("Tokyo", 2)))
    assert [one.recipient for one in record.deliver(post())] == [one.recipient for one in planned]


def test_where_nothing_is_due_nothing_is_planned(record: "Record") -> None:
    record.subscribe()
    assert plan(record.database, record.writing(), clock=record.clock) == []


def test_the_letter_that_somebody_would_get_now_can_be_seen_and_later_the_last_one(
    record: "Record", post: NewPost, clock: "Clock"
) -> None:
    person = record.subscribe()

    def seen() -> tuple[int, bool] | None:
        letter = preview_for(record.database, record.writing(), "Reader@example.org", clock=clock)
        return None if letter is None else (letter.tenders, letter.unsubscribe_url is not None)

    assert seen() is None
    assert preview_for(record.database, record.writing(), "nobody@example.org", clock=clock) is None
    record.publish(record.notice("1"), record.notice("2"))
    before = untouched(record)
    assert seen() == (2, True)
    assert untouched(record) == before
    record.deliver(post())
    clock.go_on(hours=5)
    assert seen() == (2, True)
    add_letter(record, person, LetterKind.CHOICES)
    assert seen() == (0, False)


# Interruptions -----------------------------------------------------------------------------------------


def test_an_outage_of_days_gives_one_letter_that_says_so(record: "Record", post: NewPost) -> None:
    record.subscribe()
    for days in range(6):
        record.publish(record.notice(str(days)), at=EIGHT - timedelta(hours=1) - days * DAY)
    letters = post()
    (outcome,) = record.deliver(letters)
    assert outcome.tenders == 6
    (mail,) = letters.mails
    assert str(mail.read["Subject"]) == "6 tenders after an interruption – Tue 24 Nov 2026"
    (digest,) = record.digests()
    assert digest.backlog
    assert {match.digest_id for match in record.matches()} == {digest.id}


def test_a_mail_server_that_was_down_for_days_gets_a_letter_for_each_day_that_was_not_given_up(
    record: "Record", post: NewPost, clock: "Clock", refusal: Refusal
) -> None:
    record.subscribe()
    letters = post(refusal(temporary=True))
    for number in range(2):
        record.publish(record.notice(str(number)), at=clock.now - timedelta(hours=1))
        record.deliver(letters)
        clock.go_on(days=1)
    assert [str(mail.read["Date"]) for mail in letters.mails] == [
        "Tue, 24 Nov 2026 08:00:00 +0900",
        "Wed, 25 Nov 2026 08:00:00 +0900",
    ]


PROCESS = """
import os, signal, sys
from alerts import outbox
from alerts.mailer import MaildirMailer, SmtpMailer
from alerts.settings import SmtpSettings
from db import deliveries
from db.engine import Database
from pathlib import Path
from tests.alerts.conftest import Clock, Record

url, way, dies = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def dying(owner, name, step, after=False):
    work = getattr(owner, name)
    def done(*arguments, **more):
        if dies == step and not after:
            die()
        result = work(*arguments, **more)
        if dies == step:
            die()
        return result
    setattr(owner, name, done)

class Mortal(SmtpMailer):
    def send(self, message, *, sender, recipient):
        if dies == "marked":
            die()
        self.message = message
        super().send(message, sender=sender, recipient=recipient)
        if dies == "accepted":
            die()

    def _announced(self, sender, recipient):
        server = super()._announced(sender, recipient)
        if dies == "half sent":
            server.send(self.message[: len(self.message) // 2])
            die()
        return server

dying(outbox.deliveries, "take", "opened")
dying(outbox, "as_bytes", "claimed")
dying(outbox._Sending, "_may_go", "written")
dying(outbox._Sending, "_settle", "settled", after=True)
if way.isdigit():
    mailer = Mortal(SmtpSettings("127.0.0.1", int(way), "none"))
else:
    mailer = MaildirMailer(Path(way))
Record(Database(url), Clock()).deliver(mailer)
"""


def process(record: "Record", way: Path | int, dies: str = "never") -> "subprocess.Popen[bytes]":
    """Another process that delivers into a folder, or to a mail server's port, and dies at a step of its way."""
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(record.database.engine.url), str(way), dies],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def mails(folder: Path) -> list[bytes]:
    if not folder.exists():
        return []
    box = mailbox.Maildir(folder, create=False)
    return [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118 (a mailbox iterates over its mails)


STEPS = {
    "opened": "",
    "claimed": "failed",
    "written": "failed",
    "marked": "unknown",
    "half sent": "unknown",
    "accepted": "unknown",
    "settled": "sent",
}
"""Where a process may be killed, and how the attempt then ended with the first letter."""
BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgresql", id="postgresql")]


def killed_and_made_good(record: "Record", clock: "Clock", dies: str, people: Sequence[str]) -> None:
    """A process is killed at a step of its way to a real mail server, and another one goes on after it."""
    handler = Handler()
    with serving(handler) as port:
        assert process(record, port, dies).wait(60) == -signal.SIGKILL
        with closing(SmtpMailer(SmtpSettings("127.0.0.1", port, "none"))) as server:
            record.deliver(server)
            whole = dies in ("opened", "settled")  # nothing was begun yet, or all is done
            assert len(handler.received) == (len(people) if whole else dies == "accepted")
            clock.go_on(minutes=10)
            record.deliver(server)
            for _ in range(3):
                clock.go_on(hours=7)
                assert record.deliver(server) == []
    twice = dies == "accepted"  # the one moment in which nobody can know whether the letter arrived
    assert sorted(set(handler.recipients)) == sorted(people)
    assert len(handler.received) == len(people) + twice
    assert len(set(handler.received)) == len(people)  # to the byte: mail programs show it once
    assert {digest.state for digest in record.digests()} == {"sent"}
    ended = sorted(state for _, state in record.attempts() if state != "sent")
    assert ended == {"": [], "sent": []}.get(STEPS[dies], ended)
    assert (STEPS[dies] == "unknown") is (ended.count("unknown") == 1)


@pytest.mark.parametrize("database_url", BOTH, indirect=True)
@pytest.mark.parametrize("dies", STEPS)
def test_a_process_that_is_killed_anywhere_loses_no_digest_and_doubles_one_only_where_nobody_can_know(
    record: "Record", clock: "Clock", dies: str
) -> None:
    people = [f"reader{number}@example.org" for number in range(3)]
    for email in people:
        record.subscribe(email)
    record.publish(record.notice())
    killed_and_made_good(record, clock, dies, people)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("dies", STEPS)
@pytest.mark.parametrize("kind", [LetterKind.ALERT, LetterKind.CONFIRMATION])
def test_nor_an_alert_nor_a_question(record: "Record", clock: "Clock", dies: str, kind: LetterKind) -> None:
    if kind is LetterKind.ALERT:
        people = ["anna@example.org", "bert@example.org"]
        for email in people:
            record.subscribe(email)
        record.publish(record.notice(), at=EIGHT)
        tell_at_once(record)
    else:
        people = ["anna@example.org", "new@example.org"]
        for email in people:
            asked(record, email)
    killed_and_made_good(record, clock, dies, people)
    assert {digest.kind for digest in record.digests()} == {kind}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_processes_that_deliver_at_once_send_each_letter_once(record: "Record", tmp_path: Path) -> None:
    people = [f"reader{number}@example.org" for number in range(60)]
    for email in people:
        record.subscribe(email)
    record.publish(record.notice())
    both = [process(record, tmp_path / "mail") for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    sent = [str(message_from_bytes(mail, policy=policy.default)["To"]) for mail in mails(tmp_path / "mail")]
    assert sorted(sent) == sorted(people)


# Real servers ------------------------------------------------------------------------------------------


def hand_over(record: "Record", port: int) -> list[Result]:
    settings = SmtpSettings("127.0.0.1", port, "none", timeout_seconds=SECONDS)
    with closing(SmtpMailer(settings)) as server:
        return [one.result for one in record.deliver(server)]


def test_a_server_that_greylists_takes_the_letter_the_second_time(record: "Record", clock: "Clock") -> None:
    record.subscribe()
    record.publish(record.notice())
    with serving(Handler(reader="450 4.2.0 come back later")) as port:
        assert hand_over(record, port) == [Result.LATER]
    clock.go_on(minutes=5)
    handler = Handler()
    with serving(handler) as port:
        assert hand_over(record, port) == [Result.SENT]
    assert handler.recipients == ["reader@example.org"]


def test_a_server_that_knows_no_such_reader_ends_it(record: "Record") -> None:
    record.subscribe("anna@example.org")
    record.subscribe("bert@example.org")
    record.publish(record.notice())
    handler = Handler(anna="550 5.1.1 no such user")
    with serving(handler) as port:
        assert sorted(hand_over(record, port)) == [Result.GIVEN_UP, Result.SENT]
    with record.database.reading() as session:
        assert [one.address for one in subscribers.suppressions(session)] == ["anna@example.org"]


def test_a_full_mailbox_is_tried_again_and_suppresses_nobody(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    with serving(Handler(reader="552 5.2.2 mailbox full")) as port:
        assert hand_over(record, port) == [Result.LATER]
    with record.database.reading() as session:
        assert subscribers.suppressions(session) == []


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([b"220 mx", b"250 mx", b"250 sender"], "failed"),
        (TAKEN, "unknown"),
        ([*TAKEN, b"451 4.3.0 not now"], "failed"),
    ],
    ids=["before the message", "after the message", "refused after the message"],
)
def test_a_line_that_drops_is_in_doubt_only_after_the_message(
    record: "Record", clock: "Clock", answers: list[bytes | None], state: str
) -> None:
    record.subscribe()
    record.publish(record.notice())
    with scripted(answers) as (port, _):
        assert hand_over(record, port) == [Result.LATER]
    assert record.attempts() == [(1, state)]
    clock.go_on(minutes=5)
    handler = Handler()
    with serving(handler) as port:
        assert hand_over(record, port) == [Result.SENT]
    assert len(handler.received) == 1
