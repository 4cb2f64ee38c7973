"""What is due is sent: windows become digests, digests become letters, and every attempt is written down first."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from alerts.digest import gather, write
from alerts.errors import MailError
from alerts.language import AreaNames, Language
from alerts.letter import Letter, as_bytes, ascii_address
from alerts.links import Links, Purpose
from alerts.mailer import Mailer
from alerts.reading import Reckoning
from alerts.site import Site
from alerts.sources import SourceNames
from db import deliveries, opening, runs, subscribers
from db.engine import Database
from db.history import Digest
from db.subscriber import Subscriber
from db.vocabulary.delivery import DeliveryState
from db.vocabulary.messages import Saying, Told

log = logging.getLogger(__name__)

MANY = 100
"""Letters that are looked up at once."""
SILENT = timedelta(days=1)
"""For so long a source may fail before readers are told, even if there is nothing else to tell."""


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
    tenders: int = 0
    error: Saying | None = None


def deliver_due(
    database: Database, mailer: Mailer, writing: Writing, *, clock: Callable[[], datetime]
) -> list[Outcome]:
    """Make the letters that are due, and send all that may be sent now. May be repeated at any moment.

    A letter is marked as being sent before it is handed over. A process that ends in between leaves it so;
    it is then ``unknown`` and tried once more under the same Message-ID.
    """
    now = clock()
    domain = writing.site.tag_authority.partition(",")[0]
    database.write(lambda session: deliveries.find_abandoned(session, now=now))
    database.write(lambda session: subscribers.expire(session, now=now))
    with database.reading() as session:
        unread = _unread(session, writing.sources, now=now)
    database.write(lambda session: opening.open_alerts(session, now=now, domain=domain))
    while database.write(
        lambda session: opening.open_digests(
            session, now=now, domain=domain, remind_until=writing.remind_until, unread=unread
        )
    ):
        pass  # so many at a time
    outcomes: list[Outcome] = []
    seen: set[UUID] = set()
    while True:
        with database.reading() as session:
            due = [
                id
                for digest in deliveries.due(session, now=now, limit=MANY + len(seen))
                if (id := digest.id) not in seen
            ]
        if not due:
            return outcomes
        for digest_id in due:
            # Each letter has one turn in a round, also where the clock is set back in the middle of it.
            seen.add(digest_id)
            outcomes += _deliver(database, mailer, writing, digest_id, clock, now=now)


def _unread(session: Session, sources: Iterable[str], *, now: datetime) -> dict[str, datetime]:
    """The sources that have not been read for a whole day, and since when: silence would say that all is well."""
    return {
        health.source: health.failing_since
        for health in runs.health(session, sources)
        if health.failing_since is not None and health.failing_since <= now - SILENT
    }


def preview(database: Database, writing: Writing, digest_id: UUID) -> Letter | None:
    """The letter of a digest as it would be sent; None where there is nothing to tell."""
    with database.reading() as session:
        digest = session.get(Digest, digest_id)
        subscriber = session.get(Subscriber, digest.subscriber_id) if digest else None
        if digest is None or subscriber is None or not subscriber.active:
            return None
        language = writing.languages(subscriber.language)
        content = gather(session, digest, sources=writing.sources, language=language)
    if content is None:
        return None
    return write(
        content,
        site=writing.site,
        language=language,
        area_names=writing.area_names(language.code),
        reckoning=writing.reckoning,
        sender=writing.sender,
        choices_url=writing.site.choices_url(
            writing.links.token(Purpose.CHOICES, subscriber.id, now=content.window_end), language.code
        ),
    )


def _deliver(
    database: Database,
    mailer: Mailer,
    writing: Writing,
    digest_id: UUID,
    clock: Callable[[], datetime],
    *,
    now: datetime,
) -> list[Outcome]:
    taken = database.write(lambda session: deliveries.take(session, digest_id, now=now))
    if taken is None:
        return []  # another process was faster

    def settle(state: DeliveryState, error: str | None = None, *, again: bool = False) -> bool:
        """Write down how the attempt ended; returns whether there will be another one."""

        def work(session: Session) -> bool:
            deliveries.settle(session, taken, state, now=clock(), error=error, again=again)
            digest = session.get(Digest, digest_id)
            return digest is not None and digest.state in (DeliveryState.PENDING, DeliveryState.UNKNOWN)

        return database.write(work)

    recipient = str(digest_id)
    try:
        letter = _written(database, writing, digest_id)
        if letter is None:
            settle(DeliveryState.FAILED, "nothing to tell, or the subscriber has gone")
            return []
        recipient = letter.recipient
        message = as_bytes(letter)
        database.write(lambda session: deliveries.handing_over(session, taken))
        _hand_over(mailer, letter, message)
    except MailError as error:
        state = DeliveryState.UNKNOWN if error.doubtful else DeliveryState.FAILED
        later = settle(state, str(error), again=error.temporary)
        log.warning("letter not sent", extra={"digest": str(digest_id), "why": str(error)})
        return [Outcome(recipient, Result.LATER if later else Result.GIVEN_UP, error=error.saying)]
    settle(DeliveryState.SENT)
    return [Outcome(recipient, Result.SENT, tenders=letter.tenders)]


def _written(database: Database, writing: Writing, digest_id: UUID) -> Letter | None:
    """The letter. A defect in writing it is a MailError: it must not keep other people's letters back."""
    try:
        return preview(database, writing, digest_id)
    except Told:
        raise
    except Exception as defect:
        log.exception("letter not written", extra={"digest": str(digest_id)})
        raise MailError(
            "the letter {digest} could not be written ({why}); please report this defect",
            temporary=True,
            digest=digest_id,
            why=repr(defect),
        ) from defect


def _hand_over(mailer: Mailer, letter: Letter, message: bytes) -> None:
    """Hand the letter on. After a defect in the mailer it may have arrived, or not."""
    sender, recipient = ascii_address(letter.sender, ours=True), ascii_address(letter.recipient)
    try:
        mailer.send(message, sender=sender, recipient=recipient)
    except MailError:
        raise
    except Exception as defect:
        log.exception("letter not handed over")
        raise MailError(
            "the letter to {recipient} could not be handed over ({why}); please report this defect",
            temporary=True,
            doubtful=True,
            recipient=letter.recipient,
            why=repr(defect),
        ) from defect
