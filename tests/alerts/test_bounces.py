"""What comes back, in the forms in which mail servers send it back, and what follows from it."""

import logging
import os
import textwrap
from base64 import encodebytes
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from alerts import bounces
from alerts.bounces import MOST_BYTES, Came, Sort, read_inbox, sort_of, take
from alerts.letter import marked
from alerts.settings import MailSettings
from db import deliveries, subscribers
from db.engine import Database
from db.errors import RecordError
from db.history import Digest
from db.subscriber import Subscriber
from db.vocabulary.delivery import DeliveryState, LetterKind
from db.vocabulary.japanese import TOKYO

if TYPE_CHECKING:
    from tests.alerts.conftest import Record

EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)
NOW = EIGHT + timedelta(hours=1)
DAY = timedelta(days=1)
RETURN_PATH = "bounces@example.org"
SETTINGS = MailSettings("monitor@example.org", Path("unused"), return_path=RETURN_PATH)
READER = "reader@example.org"


# Letters that were sent --------------------------------------------------------------------------------


def sent(record: "Record", at: datetime = EIGHT, email: str = READER, kind: LetterKind = LetterKind.DIGEST) -> Digest:
    """A letter to a subscriber that a mail server took."""
    with record.database.reading() as session:
        known = subscribers.by_email(session, email)
    reader = known or record.subscribe(email)

    def work(session: Session) -> Digest:
        letter = deliveries.add_letter(session, reader.id, kind, now=at, domain="example.org")
        (attempt,) = deliveries.take(session, [letter.id], now=at)
        deliveries.handing_over(session, attempt, now=at)
        deliveries.settle(session, attempt, DeliveryState.SENT, now=at)
        return letter

    return record.database.write(work)


def returned(letter: Digest) -> str:
    """The head of the letter, as reports return it."""
    return (
        f"Return-Path: <{marked(RETURN_PATH, letter.id.hex)}>\n"
        "From: Tender Monitor <monitor@example.org>\n"
        f"To: {READER}\n"
        "Subject: =?utf-8?b?5rC057Sg?=\n"
        f"Message-ID: {letter.message_id}\n"
        "Auto-Submitted: auto-generated\n"
    )


def to(letter: Digest) -> str:
    return marked(RETURN_PATH, letter.id.hex)


def report(
    address: str,
    original: str,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    diagnostic: str = "smtp; 550 5.1.1 <reader@example.org>: Recipient address rejected: User unknown",
    recipient: str = READER,
    kind: str = "message/rfc822",
) -> bytes:
    """The form of RFC 3464, as Postfix writes it."""
    head = f"""\
        Return-Path: <>
        X-Original-To: {address}
        Delivered-To: {address}
        Received: by mx.example.org (Postfix)
        \tid 4F1A2; Tue, 24 Nov 2026 08:00:05 +0900 (JST)
        Date: Tue, 24 Nov 2026 08:00:05 +0900 (JST)
        From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
        Subject: Undelivered Mail Returned to Sender
        To: {address}
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="4F1A2.1700000000/mx.example.org"

        This is a MIME-encapsulated message.

        --4F1A2.1700000000/mx.example.org
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        This is the mail system at host mx.example.org.

        I'm sorry to have to inform you that your message could not
        be delivered to one or more recipients.

        --4F1A2.1700000000/mx.example.org
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.org
        X-Postfix-Queue-ID: 4F1A2
        X-Postfix-Sender: rfc822; {address}
        Arrival-Date: Tue, 24 Nov 2026 08:00:01 +0900 (JST)

        Final-Recipient: rfc822; {recipient}
        Original-Recipient: rfc822;{recipient}
        Action: {action}
        Status: {status}
        Remote-MTA: dns; mx2.example.org
        Diagnostic-Code: {diagnostic}

        --4F1A2.1700000000/mx.example.org
        Content-Description: Undelivered Message
        Content-Type: {kind}

        """
    return (textwrap.dedent(head) + original + "\n--4F1A2.1700000000/mx.example.org--\n").encode()


def exchange(letter: Digest) -> bytes:
    """Exchange: the text in HTML, codes of its own, the head of the letter only."""
    head = f"""\
        From: Microsoft Outlook <postmaster@mail.example.org>
        To: <{to(letter)}>
        Date: Tue, 24 Nov 2026 08:00:05 +0000
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="b5d1"
        X-MS-Exchange-Message-Is-Ndr:
        Content-Language: en-GB
        Subject: Undeliverable: =?utf-8?b?5rC057Sg?=
        Auto-Submitted: auto-replied
        MIME-Version: 1.0

        --b5d1
        Content-Type: multipart/alternative; differences=Content-Type;
        \tboundary="a6e2"

        --a6e2
        Content-Type: text/plain; charset="us-ascii"
        Content-Transfer-Encoding: quoted-printable

        Delivery has failed to these recipients or groups:

        --a6e2
        Content-Type: text/html; charset="us-ascii"

        <html><body>Delivery has failed</body></html>

        --a6e2--

        --b5d1
        Content-Type: message/delivery-status

        Reporting-MTA: dns;mail.example.org
        Received-From-MTA: dns;mx.example.org
        Arrival-Date: Tue, 24 Nov 2026 08:00:04 +0000

        Final-Recipient: rfc822;Reader@example.org
        Action: failed
        Status: 5.1.10
        Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient
         Reader@example.org not found by SMTP address lookup

        --b5d1
        Content-Type: text/rfc822-headers

        """
    return (textwrap.dedent(head) + returned(letter) + "\n--b5d1--\n").replace("\n", "\r\n").encode()


def exim(letter: Digest) -> bytes:
    """Exim: the status says nothing, the diagnostic all."""
    return report(
        to(letter),
        returned(letter),
        status="5.0.0",
        diagnostic="smtp; 550-5.1.1 The email account that you tried to reach does not exist.",
        kind="text/rfc822-headers",
    )


def exim_in_words(letter: Digest) -> bytes:
    """Exim before it wrote reports."""
    text = f"""\
        Return-path: <>
        Envelope-to: {to(letter)}
        X-Failed-Recipients: reader@example.org
        Auto-Submitted: auto-replied
        From: Mail Delivery System <Mailer-Daemon@mx.example.org>
        To: {to(letter)}
        Subject: Mail delivery failed: returning message to sender

        This message was created automatically by mail delivery software.

        A message that you sent could not be delivered to one or more of its
        recipients. This is a permanent error. The following address(es) failed:

          reader@example.org
            host mx2.example.org [192.0.2.7]
            SMTP error from remote mail server after RCPT TO:<reader@example.org>:
            550 5.1.1 unknown user

        ------ This is a copy of the message, including all the headers. ------

        """
    return (textwrap.dedent(text) + returned(letter)).encode()


def qmail(letter: Digest) -> bytes:
    """qmail: words, and then the letter."""
    text = f"""\
        Return-Path: <>
        Delivered-To: {to(letter)}
        From: MAILER-DAEMON@mx.example.org
        To: {to(letter)}
        Subject: failure notice

        Hi. This is the qmail-send program at mx.example.org.
        I'm afraid I wasn't able to deliver your message to the following addresses.
        This is a permanent error; I've given up. Sorry it didn't work out.

        <reader@example.org>:
        Sorry, no mailbox here by that name. (#5.1.1)

        --- Below this line is a copy of the message.

        """
    return (textwrap.dedent(text) + returned(letter)).encode()


def gateway(letter: Digest) -> bytes:
    """A gateway that wraps every mail from outside, and encodes what it wraps."""
    inner = report(to(letter), returned(letter)).decode()
    _, _, body = inner.partition("\n\n")
    return (
        f'To: {to(letter)}\nFrom: postmaster@mx.example.org\nContent-Type: multipart/mixed; boundary="wrap"\n\n'
        '--wrap\nContent-Type: multipart/report; boundary="4F1A2.1700000000/mx.example.org"\n\n'
        f"{body}\n--wrap\nContent-Type: text/plain\n\nThis mail comes from outside.\n--wrap--\n"
    ).encode()


SERVERS: dict[str, Callable[[Digest], bytes]] = {
    "Postfix": lambda letter: report(to(letter), returned(letter)),
    "Exchange": exchange,
    "Exim": exim,
    "Exim in words": exim_in_words,
    "qmail": qmail,
    "a gateway": gateway,
}


def taken(record: "Record", message: bytes, now: datetime = NOW, recipient: str = "") -> Came:
    return take(record.database, message, SETTINGS, now=now, recipient=recipient)


def suppressed(record: "Record") -> list[tuple[str, str, str]]:
    with record.database.reading() as session:
        return [(one.address, one.reason, one.status) for one in subscribers.suppressions(session)]


def bounce(record: "Record", letter: Digest) -> str | None:
    with record.database.reading() as session:
        return session.get_one(Digest, letter.id).bounce


def state(record: "Record", email: str = READER) -> str:
    with record.database.reading() as session:
        reader = subscribers.by_email(session, email)
        assert reader is not None
        return reader.state


# No such address ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", SERVERS)
def test_where_there_is_no_such_address_nothing_is_sent_any_more(record: "Record", server: str) -> None:
    letter = sent(record)
    message = SERVERS[server](letter)
    assert taken(record, message) is Came.SUPPRESSED
    ((address, reason, status),) = suppressed(record)
    assert (address, reason) == (READER, "bounce")
    assert status == bounce(record, letter) == ("5.1.10" if server == "Exchange" else "5.1.1")
    assert taken(record, message) is Came.SUPPRESSED  # a process that was killed reads it again
    assert len(suppressed(record)) == 1
    assert state(record) == "active"


@pytest.mark.parametrize("server", SERVERS)
def test_a_report_that_lost_the_mark_on_its_way_is_known_by_what_it_returns(record: "Record", server: str) -> None:
    letter = sent(record)
    message = SERVERS[server](letter).replace(f"+{letter.id.hex}@".encode(), b"@")
    assert taken(record, message) is Came.SUPPRESSED


def test_a_report_that_returns_nothing_is_known_by_its_mark_wherever_the_server_puts_it(record: "Record") -> None:
    letter = sent(record)
    bare = report("bounces@example.org", "")
    assert taken(record, bare) is Came.IGNORED
    assert taken(record, bare, recipient=to(letter).upper()) is Came.SUPPRESSED
    assert taken(record, f"Envelope-To: {to(letter)}\n".encode() + bare) is Came.SUPPRESSED


def test_what_is_returned_in_base64_is_read_too(record: "Record") -> None:
    letter = sent(record)
    encoded = encodebytes(returned(letter).encode()).decode()
    plain = report("bounces@example.org", encoded, kind="text/rfc822-headers")
    message = plain.replace(b"rfc822-headers\n", b"rfc822-headers\nContent-Transfer-Encoding: base64\n")
    assert taken(record, message) is Came.SUPPRESSED


def test_a_confirmation_to_an_address_that_does_not_exist_is_the_last_letter_there(record: "Record") -> None:
    letter = sent(record, kind=LetterKind.CONFIRMATION)
    assert taken(record, report(to(letter), returned(letter))) is Came.SUPPRESSED


# Everything else ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sort"),
    [
        ("5.1.1", Sort.NO_SUCH),
        ("5.1.10", Sort.NO_SUCH),
        ("5.1.0", Sort.NO_SUCH),
        ("5.1.7", Sort.OURS),
        ("5.1.8", Sort.OURS),
        ("5.2.1", Sort.OTHER),
        ("5.2.2", Sort.FOR_NOW),
        ("5.2.20", Sort.OTHER),
        ("5.4.4", Sort.OTHER),
        ("5.0.0", Sort.OTHER),
        ("5.7.1", Sort.OURS),
        ("5.7.26", Sort.OURS),
        ("4.1.1", Sort.FOR_NOW),
        ("4.4.7", Sort.FOR_NOW),
        ("2.0.0", Sort.FOR_NOW),
        ("", Sort.FOR_NOW),
    ],
)
def test_a_status_says_what_follows(status: str, sort: Sort) -> None:
    assert sort_of(status) is sort


@pytest.mark.parametrize(
    ("status", "action", "diagnostic", "came", "kept"),
    [
        ("5.2.2", "failed", "smtp; 552 5.2.2 mailbox full", Came.LATER, "5.2.2"),
        ("4.2.2", "delayed", "smtp; 452 4.2.2 over quota", Came.LATER, "4.2.2"),
        ("4.4.1", "failed", "X-Postfix; delivery temporarily suspended", Came.LATER, "4.4.1"),
        ("5.1.1", "delayed", "smtp; 450 later", Came.LATER, "4.1.1"),
        ("5.7.1", "failed", "smtp; 550 5.7.1 blocked", Came.REFUSED, "5.7.1"),
        ("5.0.0", "failed", "smtp; 550 5.7.26 unauthenticated", Came.REFUSED, "5.7.26"),
        ("5.2.1", "failed", "smtp; 550 5.2.1 disabled", Came.COUNTED, "5.2.1"),
        ("5.0.0", "failed", "smtp; 550 go away", Came.COUNTED, "5.0.0"),
        ("", "failed", "smtp; 550 go away", Came.COUNTED, "5.0.0"),
        ("2.0.0", "delivered", "smtp; 250 fine", Came.IGNORED, None),
        ("2.0.0", "relayed", "smtp; 250 fine", Came.IGNORED, None),
    ],
)
def test_no_other_report_of_one_letter_stops_the_letters(
    record: "Record", status: str, action: str, diagnostic: str, came: Came, kept: str | None
) -> None:
    letter = sent(record)
    message = report(to(letter), returned(letter), status=status, action=action, diagnostic=diagnostic)
    assert taken(record, message) is came
    assert suppressed(record) == []
    assert bounce(record, letter) == kept


def test_somebody_who_objects_to_us_is_told_to_the_operator(
    record: "Record", caplog: pytest.LogCaptureFixture
) -> None:
    letter = sent(record)
    message = report(
        to(letter), returned(letter), status="5.7.1", diagnostic="smtp; 550 5.7.1 see the list of 見本市"
    )
    with caplog.at_level(logging.WARNING):
        taken(record, message)
    (told,) = caplog.records
    assert "refused because of us" in told.message
    assert (vars(told)["digest"], vars(told)["status"]) == (str(letter.id), "5.7.1")
    assert vars(told)["said"].isascii()


def other(record: "Record", letter: Digest, status: str = "5.2.1") -> Came:
    return taken(record, report(to(letter), returned(letter), status=status, diagnostic="smtp; 550 no"))


def test_letters_that_come_back_on_three_days_in_a_row_are_the_last(record: "Record") -> None:
    letters = [sent(record, EIGHT - days * DAY) for days in (3, 2, 1)]
    assert [other(record, letter) for letter in letters] == [Came.COUNTED, Came.COUNTED, Came.SUPPRESSED]
    assert suppressed(record) == [(READER, "bounce", "5.2.1")]


def test_three_letters_of_one_day_are_one_day(record: "Record") -> None:
    letters = [sent(record, EIGHT + timedelta(minutes=minutes)) for minutes in range(5)]
    assert {other(record, letter) for letter in letters} == {Came.COUNTED}


def test_a_letter_that_arrived_in_between_begins_the_count_anew(record: "Record") -> None:
    first, second, arrived, third, fourth, fifth = (sent(record, EIGHT - days * DAY) for days in (6, 5, 4, 3, 2, 1))
    assert arrived.id
    assert [other(record, letter) for letter in (first, second, third, fourth)] == [Came.COUNTED] * 4
    assert other(record, fifth) is Came.SUPPRESSED


def test_what_says_nothing_of_the_mailbox_neither_counts_nor_ends_the_count(record: "Record") -> None:
    first, full, second, third = (sent(record, EIGHT - days * DAY) for days in (5, 4, 3, 2))
    newest = sent(record, EIGHT)  # of which nobody knows yet
    assert newest.id
    said = [other(record, first), other(record, full, "5.2.2"), other(record, second), other(record, third)]
    assert said == [Came.COUNTED, Came.LATER, Came.COUNTED, Came.SUPPRESSED]


def test_reports_may_come_in_any_order(record: "Record") -> None:
    letters = [sent(record, EIGHT - days * DAY) for days in (3, 2, 1)]
    assert [other(record, letter) for letter in reversed(letters)] == [Came.COUNTED, Came.COUNTED, Came.SUPPRESSED]


# Forged, and not ours ----------------------------------------------------------------------------------


def test_a_report_of_a_letter_that_was_never_sent_does_nothing(record: "Record") -> None:
    record.subscribe()
    letter = sent(record)
    for forged in (uuid4(), UUID(int=0)):
        made_up = letter.model_copy(update={"id": forged, "message_id": f"<{forged}@example.org>"})
        assert taken(record, report(to(made_up), returned(made_up))) is Came.IGNORED
    assert taken(record, report("bounces+@example.org", "")) is Came.IGNORED
    assert suppressed(record) == []


def test_a_letter_that_waits_still_cannot_have_come_back(record: "Record") -> None:
    reader = record.subscribe()
    letter = record.database.write(
        lambda session: deliveries.add_letter(session, reader.id, LetterKind.NOTE, now=EIGHT, domain="example.org")
    )
    assert taken(record, report(to(letter), returned(letter))) is Came.IGNORED
    assert suppressed(record) == []


def test_a_report_that_comes_months_later_is_not_believed(record: "Record") -> None:
    letter = sent(record, EIGHT - 31 * DAY)
    assert taken(record, report(to(letter), returned(letter))) is Came.IGNORED


def test_the_message_id_must_be_the_letters_own(record: "Record") -> None:
    letter = sent(record)
    elsewhere = returned(letter).replace("example.org>", "elsewhere.example>").replace(letter.id.hex, "x")
    assert taken(record, report("bounces@example.org", elsewhere)) is Came.IGNORED


def test_an_address_that_only_the_report_names_is_never_stopped(record: "Record") -> None:
    record.subscribe("victim@example.org")
    letter = sent(record)
    message = report(to(letter), returned(letter), recipient="victim@example.org")
    assert taken(record, message) is Came.COUNTED  # it was passed on to them, or somebody lies
    assert suppressed(record) == []


def test_a_mark_at_another_address_is_not_ours(record: "Record") -> None:
    letter = sent(record)
    for address in ("bounces+{}@elsewhere.example", "xbounces+{}@example.org", "bounces+{}@example.org.evil.example"):
        assert taken(record, report(address.format(letter.id.hex), "")) is Came.IGNORED


def test_the_bounce_of_a_bounce_is_ignored(record: "Record") -> None:
    letter = sent(record)
    inner = report(to(letter), returned(letter)).decode()
    assert taken(record, report(to(letter), inner)) is Came.IGNORED
    inner = f"From: MAILER-DAEMON@mx.example.org\nSubject: failure notice\n\n{returned(letter)}"
    assert taken(record, report(to(letter), inner)) is Came.IGNORED
    assert suppressed(record) == []


OUT_OF_OFFICE = """\
    Return-Path: <>
    From: Reader <reader@example.org>
    To: {address}
    Subject: Out of office: 3 tenders
    Auto-Submitted: auto-replied
    Precedence: auto_reply
    In-Reply-To: {message_id}

    I am away until 5.1.2027; in urgent cases write to office@example.org. Error 5.1.1 is my favourite.
    """
READ = """\
    From: Reader <reader@example.org>
    To: {address}
    Subject: Read: 3 tenders
    Content-Type: multipart/report; report-type=disposition-notification; boundary="b"

    --b
    Content-Type: text/plain

    Your message was read. 5.1.1
    --b
    Content-Type: message/disposition-notification

    Final-Recipient: rfc822;reader@example.org
    Original-Message-ID: {message_id}
    Disposition: manual-action/MDN-sent-manually; displayed

    --b--
    """
PERSON = """\
    From: Reader <reader@example.org>
    To: {address}
    Subject: Re: 3 tenders

    Thank you! My other server says 550 5.1.1 to all this.
    """
WARNING = """\
    Return-Path: <>
    From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.org>
    To: {address}
    Subject: Warning: could not send message for past 4 hours

    The following address had transient errors: <reader@example.org> 451 4.3.0 try again
    """
LOOPED = """\
    From: Tender Monitor <monitor@example.org>
    To: {address}
    Message-ID: {message_id}
    Auto-Submitted: auto-generated
    Subject: 3 tenders

    Hydrogen 5.1.1
    """


@pytest.mark.parametrize("mail", [OUT_OF_OFFICE, READ, PERSON, WARNING, LOOPED])
def test_answers_of_people_and_machines_are_left_for_a_person_to_read(record: "Record", mail: str) -> None:
    letter = sent(record)
    message = textwrap.dedent(mail).format(address=to(letter), message_id=letter.message_id).encode()
    assert taken(record, message) is Came.IGNORED
    assert (suppressed(record), bounce(record, letter), state(record)) == ([], None, "active")


# Complaints and requests to stop -----------------------------------------------------------------------


def complaint(letter: Digest, kind: str = "abuse", recipient: str = "") -> bytes:
    """The form of RFC 5965, as providers send it to whom they have an agreement with."""
    named = f"Original-Rcpt-To: {recipient}\n" if recipient else ""
    return (
        "From: complaints@provider.example\nTo: bounces@example.org\nSubject: FW: 3 tenders\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="part"\n\n'
        "--part\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n"
        "--part\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n{named}"
        "Original-Mail-From: <bounces@example.org>\n\n"
        f"--part\nContent-Type: message/rfc822\n\n{returned(letter)}\nHydrogen\n--part--\n"
    ).encode()


@pytest.mark.parametrize("recipient", ["", READER, "redacted", "READER@example.org"])
def test_whoever_complains_gets_nothing_more_whoever_asks_for_it(record: "Record", recipient: str) -> None:
    letter = sent(record)
    assert taken(record, complaint(letter, recipient=recipient)) is Came.COMPLAINT
    assert (suppressed(record), state(record)) == ([(READER, "complaint", "abuse")], "unsubscribed")
    assert taken(record, complaint(letter)) is Came.COMPLAINT


@pytest.mark.parametrize(("kind", "recipient"), [("opt-out", ""), ("abuse", "friend@example.org")])
def test_whoever_only_wants_to_stop_or_was_passed_the_letter_on_is_unsubscribed(
    record: "Record", kind: str, recipient: str
) -> None:
    letter = sent(record)
    assert taken(record, complaint(letter, kind, recipient)) is Came.UNSUBSCRIBED
    assert (suppressed(record), state(record)) == ([], "unsubscribed")


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", ""])
def test_not_every_report_of_feedback_is_a_complaint(record: "Record", kind: str) -> None:
    letter = sent(record)
    assert taken(record, complaint(letter, kind)) is Came.IGNORED
    assert (suppressed(record), state(record)) == ([], "active")


def test_a_complaint_about_a_letter_that_is_not_ours_does_nothing(record: "Record") -> None:
    letter = sent(record)
    forged = letter.model_copy(update={"message_id": f"<{uuid4()}@example.org>", "id": uuid4()})
    assert taken(record, complaint(forged)) is Came.IGNORED


def unsubscribing(reader: Subscriber, header: str = "To") -> bytes:
    address = marked(RETURN_PATH, f"u-{reader.token}")
    return f"From: reader@example.org\n{header}: <{address}>\nSubject: unsubscribe\n\n".encode()


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To"])
def test_a_mail_to_the_address_of_the_header_unsubscribes(record: "Record", header: str) -> None:
    reader, other = record.subscribe(), record.subscribe("other@example.org")
    for _ in range(2):
        assert taken(record, unsubscribing(reader, header)) is Came.UNSUBSCRIBED
    assert (state(record), state(record, other.email)) == ("unsubscribed", "active")


@pytest.mark.parametrize("token", ["", "x", "u-" + "A" * 60])
def test_a_mail_with_a_made_up_token_does_nothing(record: "Record", token: str) -> None:
    record.subscribe()
    assert taken(record, f"To: bounces+u-{token}@example.org\n\n".encode()) is Came.IGNORED
    assert state(record) == "active"


# The inbox ---------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(tmp_path: Path) -> MailSettings:
    for part in ("new", "tmp"):
        (tmp_path / "inbox" / part).mkdir(parents=True)
    return MailSettings("monitor@example.org", tmp_path / "mail", return_path=RETURN_PATH, inbox=tmp_path / "inbox")


def put(settings: MailSettings, name: str, message: bytes) -> Path:
    assert settings.inbox
    file = settings.inbox / "new" / name
    file.write_bytes(message)
    return file


def seen(settings: MailSettings) -> list[str]:
    assert settings.inbox
    assert list((settings.inbox / "new").iterdir()) == []
    return sorted(file.name for file in (settings.inbox / "cur").iterdir())


def test_what_lies_in_the_inbox_is_taken_once(record: "Record", inbox: MailSettings) -> None:
    reader = record.subscribe("other@example.org")
    letter = sent(record)
    put(inbox, "1.host", report(to(letter), returned(letter)))
    put(inbox, "2.host", unsubscribing(reader))
    put(inbox, "3.host", b"From: somebody@example.org\nSubject: Hello\n\nHow are you?\n")
    counted = read_inbox(record.database, inbox, now=NOW)
    assert counted == Counter({Came.SUPPRESSED: 1, Came.UNSUBSCRIBED: 1, Came.IGNORED: 1})
    assert seen(inbox) == ["1.host:2,S", "2.host:2,S", "3.host:2,S"]
    assert read_inbox(record.database, inbox, now=NOW) == Counter()


def test_a_mail_that_nobody_can_read_does_not_stop_the_others(
    record: "Record", inbox: MailSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = sent(record)
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3_000))
    put(inbox, "1.deep", b"To: bounces@example.org\n" + deep)
    put(inbox, "2.empty", b"")
    put(inbox, "3.noise", os.urandom(5_000))
    put(inbox, "4.report", report(to(letter), returned(letter)))
    assert inbox.inbox
    (inbox.inbox / "new" / "folder").mkdir()
    (inbox.inbox / "new" / "link").symlink_to("/etc/hostname")
    counted = read_inbox(record.database, inbox, now=NOW)
    assert counted[Came.SUPPRESSED] == 1
    assert sum(counted.values()) == 4
    assert {file.name for file in (inbox.inbox / "new").iterdir()} == {"folder", "link"}
    names = {file.name for file in (inbox.inbox / "cur").iterdir()}
    assert {"2.empty:2,S", "3.noise:2,S", "4.report:2,S"} < names


def test_a_defect_marks_the_mail_for_a_person(
    record: "Record", inbox: MailSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bounces, "_marks", broken)
    put(inbox, "1.host:2,", b"To: bounces@example.org\n\n")
    assert read_inbox(record.database, inbox, now=NOW) == Counter({Came.UNREADABLE: 1})
    assert seen(inbox) == ["1.host:2,FS"]


def test_a_record_that_fails_leaves_the_mail_for_the_next_round(
    record: "Record", inbox: MailSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = sent(record)
    file = put(inbox, "1.host", report(to(letter), returned(letter)))

    def full(*arguments: object) -> None:
        raise RecordError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", full)
        with pytest.raises(RecordError):
            read_inbox(record.database, inbox, now=NOW)
    assert file.exists()
    assert read_inbox(record.database, inbox, now=NOW) == Counter({Came.SUPPRESSED: 1})


def test_an_inbox_that_is_not_there_is_no_reason_to_send_nothing(record: "Record", tmp_path: Path) -> None:
    nowhere = MailSettings("monitor@example.org", tmp_path / "mail", inbox=tmp_path / "nowhere")
    assert read_inbox(record.database, nowhere, now=NOW) == Counter()
    assert read_inbox(record.database, SETTINGS, now=NOW) == Counter()


def test_a_letter_returned_with_all_its_attachments_is_read_as_far_as_it_matters(record: "Record") -> None:
    letter = sent(record)
    huge = report(to(letter), returned(letter) + "\n" + "x" * 70 + "\n") + b"y" * 3 * MOST_BYTES
    assert taken(record, huge) is Came.SUPPRESSED


HOSTILE = st.binary(max_size=2_000) | st.lists(
    st.sampled_from(
        (
            b"To: bounces+0@example.org\n",
            b"Content-Type: multipart/report; boundary=b\n",
            b"Content-Type: message/delivery-status\n",
            b"Content-Type: message/feedback-report\n",
            b"Content-Transfer-Encoding: base64\n",
            b"X-Failed-Recipients: \xff\xfe\n",
            b"From: MAILER-DAEMON@\n",
            b"Status: 5.1.1\n",
            b"Action: failed\n",
            b"\n",
            b"--b\n",
            b"--b--\n",
            b"Hi. This is the qmail-send program\n",
            b"Final-Recipient: ;;;\n",
            b" \xe6\xb0\xb4\n",
            b"Feedback-Type: abuse\n",
            b"<00000000-0000-0000-0000-000000000000@example.org>\n",
        )
    ),
    max_size=60,
).map(b"".join)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(HOSTILE)
def test_no_mail_whatever_it_holds_does_harm(record: "Record", message: bytes) -> None:
    assert taken(record, message) in Came
    assert suppressed(record) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "filling",
    [
        b"--4F1A2.1700000000/mx.example.org\n\n",
        b"<00000000-0000-0000-0000-000000000000@x>",
        b"To: bounces+x@example.org,\n ",
        b"5.1.",
        b"=?utf-8?b?",
    ],
)
def test_a_mail_made_to_be_slow_is_read_like_any_other(record: "Record", filling: bytes) -> None:
    letter = sent(record)
    many = filling * (MOST_BYTES // len(filling))
    whole = report(to(letter), returned(letter))
    assert taken(record, many) is Came.IGNORED
    assert taken(record, whole.replace(b"This is the mail", many)) in Came
    assert taken(record, whole + many) is Came.SUPPRESSED
