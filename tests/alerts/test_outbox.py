"""The outbox: what is due is sent once, whatever fails on the way, and whoever else is at it."""

import mailbox
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from alerts.digest import write
from alerts.errors import MailError
from alerts.mailer import MaildirMailer
from alerts.outbox import Result, preview
from db import deliveries, subscribers
from db.engine import Database
from db.errors import RecordError
from db.vocabulary.japanese import TOKYO
from db.vocabulary.window import Schedule, window_before

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
    assert "We could not write to you for a while" in plain_text(letters.mails[0].read)


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
from pathlib import Path
from alerts.mailer import MaildirMailer
from db.engine import Database
from tests.alerts.conftest import Clock, Record

class Mortal(MaildirMailer):
    def send(self, message, *, sender, recipient):
        if sys.argv[3] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().send(message, sender=sender, recipient=recipient)
        if sys.argv[3] == "after":
            os.kill(os.getpid(), signal.SIGKILL)

Record(Database(sys.argv[1]), Clock()).deliver(Mortal(Path(sys.argv[2])))
"""


def process(record: "Record", folder: Path, dies: str) -> "subprocess.Popen[bytes]":
    """Another process that delivers into the folder, and dies before or after it hands the first letter over."""
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(record.database.engine.url), str(folder), dies],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def mails(folder: Path) -> list[bytes]:
    if not folder.exists():
        return []
    box = mailbox.Maildir(folder, create=False)
    return [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118 (a mailbox iterates over its mails)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("dies", "in_all"), [("before", 1), ("after", 2)])
def test_a_process_that_is_killed_loses_no_letter_and_doubles_it_only_under_the_same_name(
    record: "Record", clock: "Clock", tmp_path: Path, dies: str, in_all: int
) -> None:
    record.subscribe()
    record.publish(record.notice())
    folder = tmp_path / "mail"
    assert process(record, folder, dies).wait(60) == -signal.SIGKILL
    assert len(mails(folder)) == in_all - 1
    assert record.attempts() == [(1, "sending")]
    assert record.deliver(MaildirMailer(folder)) == []  # it may still be at it
    clock.go_on(minutes=10)
    assert [one.result for one in record.deliver(MaildirMailer(folder))] == [Result.SENT]
    assert record.attempts() == [(1, "unknown"), (2, "sent")]
    for _ in range(3):
        clock.go_on(hours=7)
        assert record.deliver(MaildirMailer(folder)) == []
    assert len(mails(folder)) == in_all
    assert len(set(mails(folder))) == 1  # to the byte: mail programs show it once


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_processes_that_deliver_at_once_send_each_letter_once(record: "Record", tmp_path: Path) -> None:
    people = [f"reader{number}@example.org" for number in range(8)]
    for email in people:
        record.subscribe(email)
    record.publish(record.notice())
    both = [process(record, tmp_path / "mail", "never") for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    sent = [str(message_from_bytes(mail, policy=policy.default)["To"]) for mail in mails(tmp_path / "mail")]
    assert sorted(sent) == sorted(people)
