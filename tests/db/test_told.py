"""What a subscriber was told before, by letters that arrived."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session

from db import subscribers
from db.deliveries import add_letter
from db.engine import Database
from db.history import Digest, Match
from db.told import told_before
from db.vocabulary.delivery import DeliveryState, LetterKind
from db.vocabulary.japanese import TOKYO

EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)
DAY = timedelta(days=1)


class Telling:
    """Letters that told subscribers of tenders."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.searches: dict[str, UUID] = {}

    def letter(self, email: str, at: datetime, *tenders: UUID, state: DeliveryState = DeliveryState.SENT) -> Digest:
        person = subscribers.add(self.session, email, now=EIGHT - 30 * DAY)
        search = subscribers.save_search(self.session, person, str(uuid4()), "", now=EIGHT - 30 * DAY)
        digest = add_letter(self.session, person.id, LetterKind.DIGEST, now=at, domain="example.org")
        digest.state = state
        for tender in tenders:
            self.session.add(
                Match(
                    saved_search_id=search.id,
                    tender_id=tender,
                    sequence=1,
                    matched_at=at,
                    why=(),
                    waiting=False,
                    digest_id=digest.id,
                )
            )
        self.session.flush()
        return digest


def test_the_last_letter_that_arrived_before_is_what_counts(database: Database) -> None:
    one, other, unsent, never = (uuid4() for _ in range(4))

    def work(session: Session) -> None:
        telling = Telling(session)
        telling.letter("anna@example.org", EIGHT - 3 * DAY, one, other)
        telling.letter("anna@example.org", EIGHT - 2 * DAY, one)
        telling.letter("anna@example.org", EIGHT - DAY, unsent, state=DeliveryState.FAILED)
        telling.letter("somebody@example.org", EIGHT - DAY, never)
        now = telling.letter("anna@example.org", EIGHT, one, other, unsent, never)
        telling.letter("anna@example.org", EIGHT + DAY, one)
        assert told_before(session, now, {one, other, unsent, never}) == {
            one: EIGHT - 2 * DAY,
            other: EIGHT - 3 * DAY,
        }
        assert told_before(session, now, ()) == {}

    database.write(work)
