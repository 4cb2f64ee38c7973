"""What subscribers do with their searches, and how many tenders these have found."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session, select

from db import choosing, deliveries, subscribers
from db.deliveries import NewMatch
from db.engine import Database
from db.history import Match
from db.subscriber import SavedSearch, Subscriber
from db.vocabulary.delivery import Frequency

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def saved(database: Database, name: str = "Hydrogen", frequency: Frequency = Frequency.DAILY) -> SavedSearch:
    def work(session: Session) -> SavedSearch:
        anna = subscribers.add(session, "anna@example.org", now=NOW)
        return subscribers.save_search(session, anna, name, "水素", now=NOW, frequency=frequency)

    return database.write(work)


def finds(database: Database, search: SavedSearch, *tenders: UUID, at: datetime = NOW, sequence: int = 1) -> None:
    new = [NewMatch(search.id, id, sequence, ("水素",)) for id in tenders]
    database.write(lambda session: deliveries.add_matches(session, new, now=at))


def test_a_tender_that_was_found_twice_counts_once_and_an_old_find_does_not(database: Database) -> None:
    busy, quiet = saved(database), saved(database, "Wind")
    first, second, old = uuid4(), uuid4(), uuid4()
    finds(database, busy, first, second)
    finds(database, busy, first, sequence=2)
    finds(database, busy, old, at=NOW - timedelta(days=31))
    with database.reading() as session:
        found = choosing.found_since(session, [busy.id, quiet.id], NOW - timedelta(days=30))
    assert found == {busy.id: 2}


def test_a_search_that_changes_keeps_its_feed(database: Database) -> None:
    search = saved(database)

    def work(session: Session) -> None:
        there = session.get_one(SavedSearch, search.id)
        choosing.change_search(session, there, name="Wind", query="風力", frequency=Frequency.WEEKLY)

    database.write(work)
    with database.reading() as session:
        there = session.get_one(SavedSearch, search.id)
    assert (there.name, there.query, there.frequency) == ("Wind", "風力", Frequency.WEEKLY)
    assert there.feed_token == search.feed_token


def test_what_waited_for_a_letter_waits_no_more_when_the_letters_end(database: Database) -> None:
    for frequency, waits in ((Frequency.WEEKLY, True), (Frequency.NEVER, False)):
        search = saved(database, str(frequency))
        finds(database, search, uuid4())

        def work(session: Session, search: SavedSearch = search, frequency: Frequency = frequency) -> None:
            there = session.get_one(SavedSearch, search.id)
            choosing.change_search(session, there, name=there.name, query=there.query, frequency=frequency)

        database.write(work)
        with database.reading() as session:
            (match,) = session.exec(select(Match).where(Match.saved_search_id == search.id)).all()
        assert match.waiting is waits


def test_a_second_search_of_the_same_name_gets_a_number(database: Database) -> None:
    search = saved(database)
    saved(database, "Hydrogen (2)")
    with database.reading() as session:
        assert choosing.free_name(session, search.subscriber_id, "Hydrogen") == "Hydrogen (3)"
        assert choosing.free_name(session, search.subscriber_id, "Wind") == "Wind"


def test_fewer_letters_are_none_for_a_search_that_had_none(database: Database) -> None:
    often, never = saved(database, "often", Frequency.AT_ONCE), saved(database, "never", Frequency.NEVER)
    database.write(lambda session: choosing.weekly_at_most(session, often.subscriber_id))
    with database.reading() as session:
        assert session.get_one(SavedSearch, often.id).frequency == Frequency.WEEKLY
        assert session.get_one(SavedSearch, never.id).frequency == Frequency.NEVER


def test_letters_pause_until_a_day_and_go_on(database: Database) -> None:
    search = saved(database)
    for until in (date(2026, 12, 24), None):

        def work(session: Session, until: date | None = until) -> None:
            choosing.pause(session, session.get_one(Subscriber, search.subscriber_id), until)

        database.write(work)
        with database.reading() as session:
            assert session.get_one(Subscriber, search.subscriber_id).paused_until == until
