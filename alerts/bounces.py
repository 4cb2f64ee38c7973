"""What comes back: letters that could not be delivered, complaints, and requests to stop, as mails to the return path.

Every letter has a return path of its own (``bounces+LETTER@example.org``), whose mark nobody can guess; where it is
lost, the Message-ID in what was returned leads to the letter. A report acts on the reader of a letter that was really
handed over, and never on an address that only the report names. What is done follows from the status (RFC 3463):

- 5.1.x, there is no such address: nothing is sent there any more;
- 5.2.2, full, and 4.x.x, not yet: nothing follows;
- 5.7.x, and what is said of our own address: somebody objects to us and not to the reader, so the operator is told,
  and what was refused is told again with the next letters, for a week;
- anything else of 5.x.x: the third time, on different days and with no letter arriving between, it counts as 5.1.x.

Everything may be read again: a process that is killed in the middle leaves a mail where it lies.
"""

import logging
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from alerts.letter import ascii_address
from alerts.mailer import ENHANCED, FULL_MAILBOX
from alerts.settings import MailSettings
from db import deliveries, subscribers
from db.engine import Database
from db.history import Digest
from db.subscriber import Subscriber
from db.vocabulary.delivery import SuppressionReason
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import Told

log = logging.getLogger(__name__)

MOST_BYTES = 256_000
"""Of a mail that are read: a report comes before the letter that it returns."""
MOST_MAILS = 1_000
"""Read in one round."""
MOST_PARTS, DEEPEST = 50, 5
TIMES = 3
"""Letters in a row, of different days, that came back for another reason than that there is no such address."""
HOPELESS = 7
"""Days on which all letters to a reader were refused, after which they begin anew: it may be something that they tell."""
ALL_OF_A_WEEK = 1_000
"""Letters to one reader; there are no more, with a quarter of an hour between two alerts."""
COMES_BACK_WITHIN = timedelta(days=30)
"""Mail servers try for five days, some for two weeks. A report of an older letter is not believed."""
UNSUBSCRIBE = "u-"
"""What the mark of an address begins with that takes requests to stop; the reader's token follows."""

_TO = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To")
"""Where mail servers write down to whom a mail came."""
_MESSAGE_ID = re.compile(rb"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}@[^\s<>]{1,255})>", re.IGNORECASE)
_ROBOTS = re.compile(r"\b(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_QMAIL = "This is the qmail-send program"
_COPY_BEGINS = re.compile(r"^-+ (?:Below this line|This is a copy of)", re.MULTILINE)
_COMPLAINTS = ("abuse", "fraud", "complaint", "other")
_OUR_SENDER = ("5.1.7", "5.1.8")


class Came(StrEnum):
    """What a mail was, and what was done."""

    SUPPRESSED = "suppressed"
    """A letter came back, and nothing is sent to its reader any more."""
    COUNTED = "counted"
    """A letter came back; if that goes on, the same."""
    LATER = "later"
    """A letter is late, or its reader's mailbox is full."""
    REFUSED = "refused"
    """A letter came back because somebody objects to us: something for the operator."""
    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"
    IGNORED = "ignored"
    """An answer by a person or a machine, or a report of something that is not ours."""
    UNREADABLE = "unreadable"


class Sort(StrEnum):
    """What a status says of a reader's mailbox."""

    NO_SUCH = "no-such"
    FOR_NOW = "for-now"
    OURS = "ours"
    """It is about us, or about what the letter says."""
    OTHER = "other"


_LASTING = (Sort.OTHER, Sort.NO_SUCH)


@dataclass(frozen=True, slots=True)
class _Report:
    """What a server says of one recipient."""

    status: str
    arrived: bool
    named: tuple[str, ...] = ()
    """The recipient, by one or two addresses, in small letters."""
    said: str = ""


def sort_of(status: str) -> Sort:
    """What follows from a status."""
    if not status.startswith("5.") or status == FULL_MAILBOX:
        return Sort.FOR_NOW
    if status.startswith("5.7.") or status in _OUR_SENDER:
        return Sort.OURS
    return Sort.NO_SUCH if status.startswith("5.1.") else Sort.OTHER


def came_back(
    session: Session, letter: Digest, status: str, *, now: datetime, sure: bool = True, said: str = ""
) -> Came:
    """Keep that a letter came back, and do what follows. Not ``sure``: the report names another recipient."""
    reader = session.get(Subscriber, letter.subscriber_id)
    if reader is None:
        return Came.IGNORED
    deliveries.came_back(session, letter.id, status)
    match sort_of(status):
        case Sort.FOR_NOW:
            return Came.LATER
        case Sort.OURS:
            told = {"digest": str(letter.id), "status": status, "said": said}
            log.warning("a letter was refused because of us; see docs/mail.md", extra=told)
            return Came.REFUSED
        case Sort.NO_SUCH if sure:
            pass
        case _:
            if _days_in_a_row(deliveries.handed_over(session, reader.id)) < TIMES:
                return Came.COUNTED
    subscribers.suppress(session, reader.email, SuppressionReason.BOUNCE, now=now, status=status)
    return Came.SUPPRESSED


def told_again(session: Session, letter: Digest, status: str) -> bool:
    """Whether what a letter was to tell of is told in the next one, now that it was refused.

    Where there is no such mailbox it waits for the day on which there is. Where somebody objects to us they may object
    to a word in one of the titles, which must not keep everything else back for ever.
    """
    if sort_of(status) is not Sort.OURS:
        return True
    letters = deliveries.handed_over(session, letter.subscriber_id, limit=ALL_OF_A_WEEK)
    return _days_in_a_row(letters, (*_LASTING, Sort.OURS)) < HOPELESS


def _days_in_a_row(letters: Sequence[deliveries.Handed], sorts: Collection[Sort] = _LASTING) -> int:
    """On how many days letters came back for good, the newest first, up to one that arrived.

    Newer letters than the newest of those say nothing: they may still come back.
    """
    days: set[date] = set()
    for letter in letters:
        if letter.bounce is None:
            if days:
                break
        elif sort_of(letter.bounce) in sorts:
            days.add(to_tokyo(letter.at).date())
    return len(days)


def read_inbox(database: Database, settings: MailSettings, *, now: datetime) -> Counter[Came]:
    """Take the mails that lie in the inbox, a Maildir, and move each to those that were seen. Counts what they were."""
    counts: Counter[Came] = Counter()
    if settings.inbox is None:
        return counts
    try:
        with os.scandir(settings.inbox / "new") as there:
            files = [Path(one.path) for one in islice(there, MOST_MAILS) if one.is_file(follow_symlinks=False)]
        (settings.inbox / "cur").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        log.warning("inbox not read", extra={"inbox": str(settings.inbox), "why": error.strerror})
        return counts
    for file in files:
        try:
            with file.open("rb") as reading:
                message = reading.read(MOST_BYTES)
            came = take(database, message, settings, now=now)
        except FileNotFoundError:
            continue  # another process had it
        except Told:
            raise  # the record, and not this mail
        except Exception:
            log.exception("mail not understood", extra={"file": file.name})
            came = Came.UNREADABLE
        counts[came] += 1
        # As mail programs mark it: seen, and flagged where a person should look.
        flags = "FS" if came is Came.UNREADABLE else "S"
        try:
            file.rename(settings.inbox / "cur" / f"{file.name.partition(':')[0]}:2,{flags}")
        except OSError as error:
            log.warning("mail not moved", extra={"file": file.name, "why": error.strerror})
    return counts


def take(database: Database, message: bytes, settings: MailSettings, *, now: datetime, recipient: str = "") -> Came:
    """Do what one mail asks for; ``recipient`` is the address that it came to, where the mail server tells it."""
    message = message[:MOST_BYTES]
    mail = message_from_bytes(message)
    marks = _marks(mail, settings.return_path, recipient)
    for mark in marks:
        if mark.startswith(UNSUBSCRIBE):
            token = mark.removeprefix(UNSUBSCRIBE)
            gone = database.write(partial(subscribers.unsubscribe, token=token, now=now))
            return Came.UNSUBSCRIBED if gone else Came.IGNORED
    parts = list(islice(_parts(mail), MOST_PARTS))
    if _returns_a_report(parts):
        return Came.IGNORED  # a bounce of a bounce
    ids = [*(_id(mark) for mark in marks), *_ids_within(message, parts)]

    def work(session: Session) -> Came:
        letter = _letter(session, ids)
        if letter is None:
            return Came.IGNORED
        if (complaint := _complaint(parts)) is not None:
            return _complained(session, letter, complaint, now=now)
        reader = session.get(Subscriber, letter.subscriber_id)
        report = _report(mail, parts, reader.email.lower() if reader else "")
        handed = deliveries.handed_over_at(session, letter.id)
        if report is None or report.arrived or handed is None or handed < now - COMES_BACK_WITHIN or reader is None:
            return Came.IGNORED
        sure = not report.named or reader.email.lower() in report.named
        return came_back(session, letter, report.status, now=now, sure=sure, said=report.said)

    return database.write(work)


# Whose it is -------------------------------------------------------------------------------------------


def _marks(mail: Message, return_path: str, recipient: str) -> list[str]:
    """The marks of the addresses that a mail came to."""
    if not return_path:
        return []
    local, _, domain = ascii_address(return_path, ours=True).rpartition("@")
    marked = re.compile(
        rf"(?<![\w.+-]){re.escape(local)}\+([\w-]{{1,64}})@{re.escape(domain)}(?![\w-]|\.\w)",
        re.IGNORECASE | re.ASCII,
    )
    written = [recipient, *(str(value)[:2_000] for name in _TO for value in mail.get_all(name, ())[:20])]
    return list(dict.fromkeys(mark for text in written for mark in marked.findall(text)))


def _id(mark: str) -> tuple[UUID, str] | None:
    try:
        return UUID(mark), ""
    except ValueError:
        return None


def _ids_within(message: bytes, parts: Sequence[Message]) -> Iterator[tuple[UUID, str]]:
    """What may be the Message-ID of a letter of ours, in a report and what it returns."""
    texts = [message]
    for part in parts:
        if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
            decoded = part.get_payload(decode=True)
            texts += [decoded] if isinstance(decoded, bytes) else []
    found = dict.fromkeys(match.lower() for text in texts for match in islice(_MESSAGE_ID.findall(text), 20))
    for written in found:
        message_id = written.decode("ascii", "replace")
        yield UUID(message_id.partition("@")[0]), f"<{message_id}>"


def _letter(session: Session, ids: Sequence[tuple[UUID, str] | None]) -> Digest | None:
    """The first letter that there is, of ids that a mark or a Message-ID has."""
    for one in ids:
        letter = session.get(Digest, one[0]) if one else None
        if letter is not None and one is not None and one[1] in ("", letter.message_id.lower()):
            return letter
    return None


# What it says ------------------------------------------------------------------------------------------


def _parts(mail: Message, depth: int = 0) -> Iterator[Message]:
    """The parts of a mail, without those of a mail that it returns."""
    yield mail
    payload = mail.get_payload()
    if mail.get_content_maintype() == "multipart" and isinstance(payload, list) and depth < DEEPEST:
        for part in payload[:MOST_PARTS]:
            if isinstance(part, Message):
                yield from _parts(part, depth + 1)


def _inside(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _returns_a_report(parts: Sequence[Message]) -> bool:
    """Whether what is returned is itself a report."""
    return any(
        returned.get_content_type() == "multipart/report" or _ROBOTS.search(str(returned.get("From", ""))[:2_000])
        for part in parts
        if part.get_content_type() == "message/rfc822"
        for returned in _inside(part)
    )


def _complaint(parts: Sequence[Message]) -> Message | None:
    """The fields of a report of abuse (RFC 5965)."""
    for part in parts:
        if part.get_content_type() == "message/feedback-report" and (inside := _inside(part)):
            return inside[0]
    return None


def _complained(session: Session, letter: Digest, report: Message, *, now: datetime) -> Came:
    reader = session.get(Subscriber, letter.subscriber_id)
    kind = str(report.get("Feedback-Type", "")).strip().lower()
    if reader is None or kind not in (*_COMPLAINTS, "opt-out"):
        return Came.IGNORED
    subscribers.unsubscribe(session, reader.token, now=now)
    named = [_address(str(value)) for value in report.get_all("Original-Rcpt-To", ())]
    theirs = any("@" in one for one in named) and reader.email.lower() not in named
    if kind == "opt-out" or theirs:  # to whom it was passed on
        return Came.UNSUBSCRIBED
    subscribers.suppress(session, reader.email, SuppressionReason.COMPLAINT, now=now, status=kind)
    return Came.COMPLAINT


def _report(mail: Message, parts: Sequence[Message], reader: str) -> _Report | None:
    """What is said of the reader; None in a mail that is no report of a delivery."""
    found = [
        report
        for part in parts
        if part.get_content_type() == "message/delivery-status"
        for fields in _inside(part)[:MOST_PARTS]
        if (report := _of_recipient(fields)) is not None
    ]
    if found:
        return min(found, key=lambda one: (reader not in one.named, one.arrived))
    return _in_words(mail, parts, reader)


def _of_recipient(fields: Message) -> _Report | None:
    """The fields of one recipient (RFC 3464, 2.3); None for those of the whole report."""
    action = str(fields.get("Action", "")).strip().lower()
    status = ENHANCED.search(str(fields.get("Status", "")))
    if not action and status is None:
        return None
    said = " ".join(str(fields.get("Diagnostic-Code", "")).split())[:500].encode("ascii", "replace").decode()
    code = status[1] if status else "5.0.0" if action == "failed" else "4.0.0"
    if code.endswith(".0.0") and (better := ENHANCED.search(said)) and better[1][0] == code[0]:
        code = better[1]  # Exim, and others that only pass on what they were told
    if action == "delayed":
        code = f"4{code[1:]}"
    named = [_address(str(fields[name])) for name in ("Final-Recipient", "Original-Recipient") if fields[name]]
    return _Report(code, action in ("delivered", "relayed", "expanded"), tuple(named), said)


def _in_words(mail: Message, parts: Sequence[Message], reader: str) -> _Report | None:
    """The report of a server that writes plain text: qmail, old Exim, and gateways."""
    text = next((_text(part) for part in parts if part.get_content_type() == "text/plain"), "")
    if not ("X-Failed-Recipients" in mail or _QMAIL in text or _ROBOTS.search(str(mail.get("From", ""))[:2_000])):
        return None
    said = _COPY_BEGINS.split(text, maxsplit=1)[0]
    codes = ENHANCED.findall(said)
    failed = next((code for code in codes if code.startswith("5.")), None)
    if failed is None and ("X-Failed-Recipients" in mail or (_QMAIL in text and "permanent error" in said)):
        failed = "5.0.0"
    if failed is None:
        return None
    written = str(mail.get("X-Failed-Recipients", "")).lower() + said.lower()
    named = (reader,) if reader in written else ("another",)
    return _Report(failed, False, named, " ".join(said.split())[:500].encode("ascii", "replace").decode())


def _text(part: Message) -> str:
    decoded = part.get_payload(decode=True)
    return decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""


def _address(value: str) -> str:
    """The address in a field that names its type before it: rfc822;anna@example.org."""
    return value.rpartition(";")[2].strip().strip("<>").lower()
