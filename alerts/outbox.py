"""What is due is sent: windows become digests, digests become letters, and every attempt is written down first.

Letters are claimed and written so many at a time. Then each is handed over on its own: that it is about to be is
written down in one transaction with how the one before it ended, so a process that is killed leaves one letter at most
of which nobody knows whether it arrived. All the others are as if it had never begun with them.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session

from alerts import bounces, notes
from alerts.digest import Shared, gather, write
from alerts.errors import MailError
from alerts.language import AreaNames, Language
from alerts.letter import Letter, as_bytes, ascii_address, marked
from alerts.links import Links, Purpose
from alerts.mailer import Mailer
from alerts.reading import Reckoning
from alerts.settings import MailSettings
from alerts.site import Site
from alerts.sources import SourceNames
from db import deliveries, opening, runs, subscribers
from db.deliveries import Attempt, Handing, Telling
from db.engine import Database
from db.errors import RecordError
from db.history import Digest
from db.subscriber import Subscriber
from db.vocabulary.delivery import DeliveryState, LetterKind
from db.vocabulary.messages import N_, Saying

log = logging.getLogger(__name__)
T = TypeVar("T")

MANY = 500
"""Letters that are looked up at once: for so long a new one that somebody waits for may have to wait."""
CLAIMED = 50
"""Letters that are claimed and written at once."""
EVERYTHING = 1_000_000
OPENED_AGAIN = timedelta(minutes=1)
"""In a long round, what has come due meanwhile is looked for so often."""
JITTER = 0.25
"""The share by which the time until the next attempt is longer at most, by chance."""


@dataclass(frozen=True, slots=True)
class Writing:
    """What letters are written with."""

    site: Site
    sender: str
    languages: Callable[[str], Language]
    area_names: Callable[[str], AreaNames]
    """By the code of the language."""
    sources: Mapping[str, SourceNames]
    reckoning: Reckoning
    links: Links
    remind_until: Callable[[datetime], datetime]
    """Up to which moment a tender closes soon, at the end of a window."""
    mail: MailSettings | None = None
    """Where letters come back to, and how many may go within a minute; None: nowhere, and as many as there are."""


class Result(StrEnum):
    """What became of a letter in this round."""

    SENT = "sent"
    LATER = "later"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A letter of this round; ``tenders`` counts what it tells of."""

    recipient: str
    result: Result
    kind: LetterKind
    tenders: int = 0
    error: Saying | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A letter that would go out now, and why: what it tells of, and the sources that it says could not be read."""

    recipient: str
    kind: LetterKind
    window_start: datetime
    window_end: datetime
    backlog: bool
    telling: Telling
    unread: tuple[str, ...]


def deliver_due(
    database: Database,
    mailer: Mailer,
    writing: Writing,
    *,
    clock: Callable[[], datetime],
    rng: random.Random | None = None,
    sleep: Callable[[float], None] = time.sleep,
    looked_at: datetime | None = None,
) -> list[Outcome]:
    """Read what came back, make the letters that are due, and send all that may be sent now.

    May be repeated at any moment; ``looked_at`` is when it was done last, as far as that is known. A letter is marked
    as being sent before it is handed over. A process that ends in between leaves it so; it is then ``unknown`` and
    tried once more under the same Message-ID.
    """
    now = clock()
    if writing.mail is not None:
        bounces.read_inbox(database, writing.mail, now=now)
    database.write(partial(deliveries.find_abandoned, now=now))
    database.write(partial(subscribers.expire, now=now))
    per_minute = writing.mail.per_minute if writing.mail else 0
    sending = _Sending(database, mailer, writing, clock, rng or random.Random(), _Pace(per_minute, clock, sleep))
    opened_at: datetime | None = None
    while not sending.stopped:
        now = max(now, clock())  # also where the clock is set back in the middle: each letter has one turn
        if opened_at is None or now - opened_at >= OPENED_AGAIN:
            _open(database, writing, now=now, looked_at=opened_at or looked_at)
            opened_at, shared = now, Shared()
        with database.reading() as session:
            due = deliveries.due(session, now=now, limit=min(MANY, per_minute or MANY))
        if not due:
            break
        for start in range(0, len(due), CLAIMED):
            if not sending.stopped:
                sending.send(due[start : start + CLAIMED], shared, now=now)
    return sending.outcomes


def _open(database: Database, writing: Writing, *, now: datetime, looked_at: datetime | None) -> None:
    """Make the letters that are due. What is looked for among very many things is looked for without a lock."""
    domain = _domain(writing)
    database.write(partial(deliveries.fold, now=now))
    database.write(partial(opening.open_alerts, now=now, domain=domain))
    with database.reading() as session:
        found = _openings(session, writing, now=now, looked_at=looked_at)
    for start in range(0, len(found), opening.MOST_AT_ONCE):
        some = found[start : start + opening.MOST_AT_ONCE]
        database.write(partial(opening.make_digests, found=some, domain=domain))


def _opened(session: Session, writing: Writing, *, now: datetime) -> None:
    """The same within one transaction, of which nothing is to be kept."""
    deliveries.fold(session, now=now)
    opening.open_alerts(session, now=now, domain=_domain(writing))
    opening.make_digests(session, _openings(session, writing, now=now), domain=_domain(writing))


def _openings(
    session: Session, writing: Writing, *, now: datetime, looked_at: datetime | None = None
) -> list[opening.Opening]:
    unread = _unread(session, writing.sources)
    return opening.openings(session, now=now, remind_until=writing.remind_until, unread=unread, looked_at=looked_at)


def _domain(writing: Writing) -> str:
    return writing.site.tag_authority.partition(",")[0]


def _unread(session: Session, sources: Iterable[str]) -> dict[str, datetime]:
    """The sources that cannot be read, and since when: silence would say that all is well."""
    found = ((health.source, health.failing_since) for health in runs.health(session, sources))
    return {source: since for source, since in found if since is not None}


# Looking at letters without sending them ---------------------------------------------------------------


def preview(database: Database, writing: Writing, digest_id: UUID) -> Letter | None:
    """The letter of a digest as it would be sent; None where there is nothing to tell."""
    with database.reading() as session:
        found = deliveries.letters(session, [digest_id])
        return _written(session, writing, *found[0], Shared()) if found else None


def plan(database: Database, writing: Writing, *, clock: Callable[[], datetime]) -> list[Planned]:
    """The letters that would go out now, in the order in which they would. Nothing of it is kept."""
    now = clock()

    def work(session: Session) -> list[Planned]:
        _opened(session, writing, now=now)
        due = deliveries.due(session, now=now, limit=EVERYTHING)
        planned: list[Planned] = []
        for start in range(0, len(due), MANY):
            found = deliveries.letters(session, due[start : start + MANY])
            told = deliveries.told_by(session, [digest.id for digest, _ in found])
            planned += [
                Planned(
                    reader.email,
                    LetterKind(digest.kind),
                    digest.window_start,
                    digest.window_end,
                    digest.backlog,
                    told[digest.id],
                    digest.unread,
                )
                for digest, reader in found
                if subscribers.suppression(session, reader.email) is None
            ]
        return planned

    return _undone(database, work)


def preview_for(database: Database, writing: Writing, email: str, *, clock: Callable[[], datetime]) -> Letter | None:
    """The letter that a subscriber would get now; where nothing is due for them, the last one that they got.

    None for somebody who is unknown or gets no letters, and where there is none. Nothing of it is kept.
    """
    now = clock()

    def work(session: Session) -> Letter | None:
        reader = subscribers.by_email(session, email)
        if reader is None:
            return None
        _opened(session, writing, now=now)
        for digest in (
            deliveries.last_letter(session, reader.id, due_by=now),
            deliveries.last_letter(session, reader.id),
        ):
            found = deliveries.letters(session, [digest.id]) if digest else []
            if found and (letter := _written(session, writing, *found[0], Shared())) is not None:
                return letter
        return None

    return _undone(database, work)


class _Undone(Exception):
    """Ends a transaction of which nothing is to be kept."""


def _undone(database: Database, work: Callable[[Session], T]) -> T:
    """What ``work`` finds in a record in which it may do anything, for nothing of it is kept."""
    found: list[T] = []

    def looked(session: Session) -> None:
        found.append(work(session))
        raise _Undone

    with suppress(_Undone):
        database.write(looked)
    return found[-1]


def _written(session: Session, writing: Writing, digest: Digest, reader: Subscriber, shared: Shared) -> Letter | None:
    """A letter as it is sent; None where there is nothing to tell."""
    language, token = writing.languages(reader.language), reader.token
    if digest.kind in (LetterKind.DIGEST, LetterKind.ALERT):
        content = gather(session, digest, sources=writing.sources, language=language, shared=shared)
        if content is None:
            return None
        link = writing.links.token(Purpose.CHOICES, digest.subscriber_id, now=digest.window_end)
        letter = write(
            content,
            site=writing.site,
            language=language,
            area_names=writing.area_names(language.code),
            reckoning=writing.reckoning,
            sender=writing.sender,
            choices_url=writing.site.choices_url(link, language.code),
            shared=shared,
        )
        if writing.mail and writing.mail.inbox and writing.mail.return_path:
            return replace(letter, unsubscribe_mail=marked(writing.mail.return_path, f"{bounces.UNSUBSCRIBE}{token}"))
        return letter
    return notes.write(
        session,
        digest,
        reader,
        site=writing.site,
        language=language,
        links=writing.links,
        sender=writing.sender,
    )


# Sending -----------------------------------------------------------------------------------------------


class _Pace:
    """So many letters within a minute, evenly; 0: as they come."""

    def __init__(self, per_minute: int, clock: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self._apart = timedelta(minutes=1) / per_minute if per_minute else timedelta()
        self._clock, self._sleep = clock, sleep
        self._next: datetime | None = None

    def left(self) -> float:
        """Seconds until the next letter may go; never more than between two, also where the clock is set back."""
        if self._next is None:
            return 0.0
        return max(timedelta(), min(self._next - self._clock(), self._apart)).total_seconds()

    def wait(self) -> None:
        """Return when the next letter may go, which it then does."""
        if left := self.left():
            self._sleep(left)
        self._next = self._clock() + self._apart


@dataclass(frozen=True, slots=True)
class _Draft:
    """A letter that is claimed, in the bytes that go out; or what was wrong when it was written."""

    attempt: Attempt
    recipient: str
    kind: LetterKind
    sender: str = ""
    to: str = ""
    message: bytes = b""
    tenders: int = 0
    error: MailError | None = None


@dataclass(frozen=True, slots=True)
class _Ended:
    """How an attempt ended; ``error``: None where the letter was taken."""

    draft: _Draft
    error: MailError | None
    stretch: float


class _Sending:
    """One round of sending."""

    def __init__(
        self,
        database: Database,
        mailer: Mailer,
        writing: Writing,
        clock: Callable[[], datetime],
        rng: random.Random,
        pace: _Pace,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self.stopped = False
        """The mail server takes nothing at all: the other letters wait as they are."""
        self._database, self._mailer, self._writing = database, mailer, writing
        self._clock, self._rng, self._pace = clock, rng, pace
        self._now = clock()
        self._ended: _Ended | None = None

    def send(self, ids: Sequence[UUID], shared: Shared, *, now: datetime) -> None:
        """Send these letters, each unless another process is faster."""
        self._now = max(self._now, now)
        taken = self._database.write(partial(deliveries.take, ids=ids, now=now))
        drafts = list(self._drafts(taken, shared))
        for place, draft in enumerate(drafts):
            if draft.error is not None:
                self._settle()
                self._ends(draft, draft.error)
                continue
            if self._pace.left():
                self._settle()
            self._pace.wait()
            if self._may_go(draft):
                self._ends(draft, self._hand_over(draft))
            if self._ended and self._ended.error and self._ended.error.everyone:
                self._settle()
                rest = [one.attempt for one in drafts[place + 1 :]]
                self._database.write(partial(deliveries.put_back, attempts=rest, now=now))
                self.stopped = True
                return
        self._settle()

    def _moment(self) -> datetime:
        self._now = max(self._now, self._clock())
        return self._now

    def _drafts(self, taken: Sequence[Attempt], shared: Shared) -> Iterator[_Draft]:
        """The letters, written; those with nothing to tell, or of readers who have gone, end here."""
        attempts = {attempt.digest_id: attempt for attempt in taken}
        empty = dict(attempts)
        with self._database.reading() as session:
            for digest, reader in deliveries.letters(session, list(attempts)):
                attempt = attempts[digest.id]
                try:
                    draft = self._draft(session, digest, reader, attempt, shared)
                except MailError as error:
                    draft = _Draft(attempt, reader.email, LetterKind(digest.kind), error=error)
                if draft is not None:
                    del empty[digest.id]
                    yield draft
        for attempt in empty.values():
            nothing = partial(deliveries.settle, attempt=attempt, state=DeliveryState.FAILED, now=self._moment())
            self._database.write(partial(nothing, error=deliveries.NOTHING_TO_TELL))

    def _draft(
        self, session: Session, digest: Digest, reader: Subscriber, attempt: Attempt, shared: Shared
    ) -> _Draft | None:
        """The letter. A defect in writing it is a MailError: it must not keep other people's letters back."""
        mail = self._writing.mail
        try:
            letter = _written(session, self._writing, digest, reader, shared)
            if letter is None:
                return None
            sender, to = ascii_address(letter.sender, ours=True), ascii_address(letter.recipient)
            if mail and mail.return_path:
                sender = marked(ascii_address(mail.return_path, ours=True), digest.id.hex)
            message, kind = as_bytes(letter), LetterKind(digest.kind)
            return _Draft(attempt, reader.email, kind, sender, to, message, letter.tenders)
        except (MailError, RecordError):
            raise  # what is known of the letter; and what is wrong with more than this one
        except Exception as defect:
            log.exception("letter not written", extra={"digest": str(digest.id)})
            raise MailError(
                "the letter {digest} could not be written ({why}); please report this defect",
                temporary=True,
                digest=digest.id,
                why=repr(defect),
            ) from defect

    def _may_go(self, draft: _Draft) -> bool:
        """Write down that a letter is about to be handed over, and how the one before ended."""
        ended, now = self._ended, self._moment()

        def work(session: Session) -> tuple[Handing, bool]:
            later = _settle(session, ended, now=now) if ended else False
            return deliveries.handing_over(session, draft.attempt, now=now), later

        handing, later = self._database.write(work)
        self._told(later)
        if handing is Handing.SUPPRESSED:
            why = Saying(
                N_("{recipient}: nothing is sent to this address any more; see: monitor subscribers suppressions"),
                {"recipient": draft.recipient},
            )
            self.outcomes.append(Outcome(draft.recipient, Result.GIVEN_UP, draft.kind, error=why))
        return handing is Handing.GO

    def _hand_over(self, draft: _Draft) -> MailError | None:
        """Hand a letter on; returns what went wrong. After a defect in the mailer it may have arrived, or not."""
        try:
            self._mailer.send(draft.message, sender=draft.sender, recipient=draft.to)
        except MailError as error:
            return error
        except Exception as defect:
            log.exception("letter not handed over")
            return MailError(
                "the letter to {recipient} could not be handed over ({why}); please report this defect",
                temporary=True,
                doubtful=True,
                recipient=draft.recipient,
                why=repr(defect),
            )
        return None

    def _ends(self, draft: _Draft, error: MailError | None) -> None:
        if error is not None:
            told = {"digest": str(draft.attempt.digest_id), "why": str(error)}
            log.warning("letter not sent", extra=told)
        self._ended = _Ended(draft, error, 1 + JITTER * self._rng.random())

    def _settle(self) -> None:
        """Write down how the last attempt ended, where that was not done yet."""
        if self._ended is not None:
            self._told(self._database.write(partial(_settle, ended=self._ended, now=self._moment())))

    def _told(self, later: bool) -> None:
        """Keep what became of the last attempt, now that it is written down."""
        ended, self._ended = self._ended, None
        if ended is None:
            return
        draft = ended.draft
        if ended.error is None:
            self.outcomes.append(Outcome(draft.recipient, Result.SENT, draft.kind, draft.tenders))
        else:
            result = Result.LATER if later else Result.GIVEN_UP
            self.outcomes.append(Outcome(draft.recipient, result, draft.kind, error=ended.error.saying))


def _settle(session: Session, ended: _Ended, *, now: datetime) -> bool:
    """Write down how an attempt ended; returns whether there will be another one."""
    error, attempt = ended.error, ended.draft.attempt
    if error is None:
        return deliveries.settle(session, attempt, DeliveryState.SENT, now=now)
    refused = bool(error.status) and not error.temporary and not error.doubtful
    again = False
    if refused and (letter := session.get(Digest, attempt.digest_id)) is not None:
        bounces.came_back(session, letter, error.status, now=now, said=str(error))
        # A server that says no has not got it: what it was to tell of waits for a day on which it says yes.
        again = bounces.told_again(session, letter, error.status)
    return deliveries.settle(
        session,
        attempt,
        DeliveryState.UNKNOWN if error.doubtful else DeliveryState.FAILED,
        now=now,
        error=str(error),
        again=error.temporary,
        stretch=ended.stretch,
        release=again,
    )
