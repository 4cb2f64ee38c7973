"""Who reads: addresses taken and refused, saved searches, and being forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlmodel import Session

from db import deliveries, opening, subscribers
from db.bulk import table
from db.deliveries import NewMatch
from db.engine import Database
from db.errors import RecordError
from db.history import Delivery, Digest, Match
from db.subscriber import SavedSearch, Subscriber
from db.subscribers import MOST_SEARCHES, Choices
from db.vocabulary.delivery import Frequency, SubscriberState, SuppressionReason

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def add(
    database: Database,
    email: str = "reader@example.org",
    *,
    language: str = "en",
    now: datetime = NOW,
    again: bool = False,
) -> Subscriber:
    return database.write(
        lambda session: subscribers.add(
            session, email, choices=subscribers.Choices(language=language), now=now, again=again
        )
    )


def save(database: Database, reader: Subscriber, name: str, query: str) -> SavedSearch:
    return database.write(lambda session: subscribers.save_search(session, reader, name, query, now=NOW))


def unsubscribe(database: Database, token: str, now: datetime = LATER) -> Subscriber | None:
    return database.write(lambda session: subscribers.unsubscribe(session, token, now=now))


def everybody(database: Database) -> list[tuple[str, bool, list[str]]]:
    with database.reading() as session:
        return [
            (reader.email, reader.active, [search.name for search in searches])
            for reader, searches in subscribers.everybody(session)
        ]


def test_a_new_subscriber_gets_letters_and_a_secret_of_their_own(database: Database) -> None:
    one, other = add(database), add(database, "other@example.org", language="ja")
    assert (one.active, one.language, one.created_at, one.unsubscribed_at) == (True, "en", NOW, None)
    assert other.language == "ja"
    assert len({one.token, other.token}) == 2
    assert len(one.token) >= 20


def test_subscribing_twice_makes_one_subscriber_in_the_language_asked_for_last(database: Database) -> None:
    one = add(database)
    again = add(database, " reader@example.org ", language="ja", now=LATER)
    assert (again.id, again.token, again.language, again.created_at) == (one.id, one.token, "ja", NOW)
    assert everybody(database) == [("reader@example.org", True, [])]


def test_capitals_do_not_make_another_subscriber(database: Database) -> None:
    one = add(database, "Reader@Example.org")
    assert add(database, "reader@example.ORG").id == one.id
    with database.reading() as session:
        found = subscribers.by_email(session, "READER@example.org")
    assert found is not None
    assert found.email == "Reader@Example.org"


def test_subscribing_again_after_unsubscribing_brings_letters_back_with_the_saved_searches(
    database: Database,
) -> None:
    reader = add(database)
    save(database, reader, "hydrogen", "水素")
    unsubscribe(database, reader.token)
    with pytest.raises(RecordError, match="has unsubscribed; add --again only if they asked for it"):
        add(database)
    again = add(database, again=True)
    assert (again.id, again.active, again.unsubscribed_at) == (reader.id, True, None)
    assert everybody(database) == [("reader@example.org", True, ["hydrogen"])]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "reader",
        "reader@",
        "@example.org",
        "reader@localhost",
        "reader@.org",
        "reader@example.",
        "reader@example..org",
        "two words@example.org",
        "reader@exam ple.org",
        "reader@example.org\r\nBcc: everybody@example.org",
        "reader\n@example.org",
        "reader\x00@example.org",
        "reader\u3000x@example.org",
        "one@example.org,two@example.org",
        "one@two@example.org",
        "Reader <reader@example.org>",
        "reader@example.org>",
        '"reader"@example.org',
        f"{'r' * 250}@example.org",
    ],
)
def test_what_is_no_address_is_refused_in_one_line(database: Database, email: str) -> None:
    with pytest.raises(RecordError) as told:
        add(database, email)
    assert str(told.value) == f"{email!r}: is no mail address; write it as name@example.org"
    assert "\n" not in str(told.value)
    assert everybody(database) == []


@pytest.mark.parametrize(
    "email", ["first.last+tag@sub.example.co.jp", "o'hara@example.org", "a_b@münchen.example", "x@例え.jp"]
)
def test_unusual_addresses_are_taken(database: Database, email: str) -> None:
    assert add(database, email).email == email


@pytest.mark.parametrize("domain", ["münchen.example", "пример.example", "παράδειγμα.example"])
def test_capitals_of_other_alphabets_do_not_get_around_anything(database: Database, domain: str) -> None:
    one = add(database, f"Reader@{domain.upper()}")
    assert one.email == f"Reader@{domain}"
    assert add(database, f"reader@{domain}").id == one.id
    database.write(lambda session: subscribers.suppress(session, one.email, SuppressionReason.OPERATOR, now=NOW))
    with pytest.raises(RecordError, match="nothing is sent there any more"):
        add(database, f"reader@{domain.title()}")


def test_capitals_beyond_ascii_before_the_at_do_not_either(database: Database) -> None:
    assert add(database, "ÄRGER@Example.org").id == add(database, "ärger@example.org").id


def test_a_search_that_is_saved_again_without_letters_keeps_none_waiting(database: Database) -> None:
    reader = add(database)
    search = save(database, reader, "hydrogen", "水素")

    def work(session: Session) -> bool:
        deliveries.add_matches(session, [NewMatch(search.id, uuid4(), 1, ("水素",))], now=NOW)
        subscribers.save_search(session, reader, "hydrogen", "水素", now=NOW, frequency=Frequency.NEVER)
        return bool(session.connection().execute(select(table(Match).c.waiting)).scalar_one())

    assert database.write(work) is False


def test_unsubscribing_stops_letters_and_doing_it_again_changes_nothing(database: Database) -> None:
    reader = add(database)
    first = unsubscribe(database, reader.token)
    again = unsubscribe(database, reader.token, now=LATER + timedelta(days=1))
    assert first is not None
    assert again is not None
    assert (first.id, again.active, again.unsubscribed_at) == (reader.id, False, LATER)


def test_nobody_is_unsubscribed_by_a_wrong_token(database: Database) -> None:
    add(database)
    assert unsubscribe(database, "wrong") is None
    assert unsubscribe(database, "") is None
    assert unsubscribe(database, "\x00") is None
    assert everybody(database) == [("reader@example.org", True, [])]


def test_saving_a_search_again_replaces_its_query(database: Database) -> None:
    reader = add(database)
    first = save(database, reader, "energy", "水素")
    again = save(database, reader, "energy", "水素 OR アンモニア")
    other = save(database, reader, "mobility", "EV")
    assert (again.id, again.query) == (first.id, "水素 OR アンモニア")
    assert other.id != first.id
    assert everybody(database) == [("reader@example.org", True, ["energy", "mobility"])]


def test_a_saved_search_keeps_no_nul(database: Database) -> None:
    saved = save(database, add(database), "ener\x00gy", "水\x00素")
    assert (saved.name, saved.query) == ("energy", "水素")


def test_two_subscribers_may_use_one_name_for_their_searches(database: Database) -> None:
    one, other = add(database), add(database, "other@example.org")
    assert save(database, one, "energy", "水素").id != save(database, other, "energy", "風力").id


def test_only_the_searches_of_those_who_get_letters_are_matched(database: Database) -> None:
    reader, gone = add(database), add(database, "gone@example.org")
    kept = save(database, reader, "energy", "水素")
    save(database, gone, "energy", "水素")
    unsubscribe(database, gone.token)
    with database.reading() as session:
        (one,) = subscribers.live_searches(session)
    assert (one.id, one.subscriber_id, one.name, one.query) == (kept.id, reader.id, "energy", "水素")


def test_somebodys_searches_are_listed_by_their_names(database: Database) -> None:
    reader, other = add(database), add(database, "other@example.org")
    save(database, reader, "mobility", "EV")
    save(database, reader, "energy", "水素")
    save(database, other, "education", "教育")
    with database.reading() as session:
        assert [one.name for one in subscribers.searches_of(session, reader.id)] == ["energy", "mobility"]


def test_everybody_is_listed_in_the_order_in_which_they_came(database: Database) -> None:
    add(database, "z@example.org")
    add(database, "a@example.org", now=LATER)
    assert [email for email, _, _ in everybody(database)] == ["z@example.org", "a@example.org"]


def test_forgetting_somebody_leaves_nothing_of_them(database: Database) -> None:
    kept = add(database, "kept@example.org")
    save(database, kept, "energy", "水素")
    reader = add(database)
    search = save(database, reader, "energy", "水素")
    matched(database, search.id)
    assert counts(database) == [2, 2, 1, 1, 1]
    assert database.write(lambda session: subscribers.forget(session, "READER@example.org")) is True
    assert counts(database) == [1, 1, 0, 0, 0]
    assert everybody(database) == [("kept@example.org", True, ["energy"])]
    assert database.write(lambda session: subscribers.forget(session, "reader@example.org")) is False


def matched(database: Database, search_id: UUID) -> None:
    """A match of the search, told in a digest that was tried once."""
    match = NewMatch(search_id, uuid4(), 1, ("水素",))
    database.write(lambda session: deliveries.add_matches(session, [match], now=NOW))
    (digest,) = database.write(lambda session: opening.open_digests(session, now=LATER, domain="example.org"))
    assert len(database.write(lambda session: deliveries.take(session, [digest.id], now=LATER))) == 1


def counts(database: Database) -> list[int]:
    models = (Subscriber, SavedSearch, Match, Digest, Delivery)
    with database.reading() as session:
        return [
            session.connection().execute(select(func.count()).select_from(table(model))).scalar_one()
            for model in models
        ]


# Asking, and confirming ---------------------------------------------------------------------------------


def ask(
    database: Database, email: str = "anna@example.org", *, query: str = "水素", now: datetime = NOW, **choices: str
) -> SavedSearch:
    return database.write(
        lambda session: subscribers.ask(
            session,
            email,
            choices=Choices(**choices),  # type: ignore[arg-type]
            name=query,
            query=query,
            frequency=Frequency.WEEKLY,
            now=now,
        )
    )


def confirm(database: Database, search_id: UUID, now: datetime = LATER) -> bool:
    return database.write(lambda session: subscribers.confirm(session, search_id, now=now)) is not None


def owner(database: Database, email: str = "anna@example.org") -> Subscriber | None:
    with database.reading() as session:
        return subscribers.by_email(session, email)


def live(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(search.query for search in subscribers.live_searches(session))


def test_what_was_asked_for_finds_nothing_until_it_is_confirmed(database: Database) -> None:
    search = ask(database, language="ja", time_zone="Europe/Paris")
    asked = owner(database)
    assert asked is not None
    assert (asked.state, asked.language, asked.time_zone) == (SubscriberState.PENDING, "ja", "Europe/Paris")
    assert live(database) == []
    assert confirm(database, search.id)
    begun = owner(database)
    assert begun is not None
    assert (begun.state, begun.consent, begun.consent_at) == ("active", "confirmed by mail", LATER)
    with database.reading() as session:
        (stored,) = subscribers.live_searches(session)
    assert (stored.query, stored.frequency) == ("水素", Frequency.WEEKLY)


def test_confirming_again_changes_nothing(database: Database) -> None:
    search = ask(database)
    assert confirm(database, search.id)
    assert confirm(database, search.id, LATER + timedelta(days=1))
    begun = owner(database)
    assert begun is not None
    assert begun.consent_at == LATER


def test_asking_twice_before_confirming_keeps_one_search(database: Database) -> None:
    assert ask(database).id == ask(database, now=LATER).id
    assert ask(database, query="風力").id != ask(database).id


def test_what_a_stranger_asks_for_under_an_address_changes_nothing_of_its_owners_choices(database: Database) -> None:
    reader = add(database, "anna@example.org", language="ja")
    search = ask(database, "Anna@example.org", language="en")
    known = owner(database)
    assert known is not None
    assert (known.id, known.language, known.state) == (reader.id, "ja", "active")
    assert live(database) == []
    assert confirm(database, search.id)
    assert live(database) == ["水素"]


def test_who_unsubscribed_and_asks_anew_gets_what_they_ask_for_and_nothing_of_before(database: Database) -> None:
    reader = add(database, "anna@example.org")
    save(database, reader, "old", "風力")
    unsubscribe(database, reader.token, LATER)
    search = ask(database, now=LATER + timedelta(days=1))
    assert confirm(database, search.id, LATER + timedelta(days=1))
    assert live(database) == ["水素"]


def test_an_old_confirmation_does_not_bring_back_who_has_unsubscribed_since(database: Database) -> None:
    first, second = ask(database), ask(database, query="風力")
    confirm(database, first.id)
    gone = owner(database)
    assert gone is not None
    unsubscribe(database, gone.token, LATER + timedelta(days=1))
    assert not confirm(database, second.id, LATER + timedelta(days=2))
    assert confirm(database, first.id, LATER + timedelta(days=2))
    assert live(database) == []


def test_what_is_never_confirmed_is_deleted_with_the_address(database: Database) -> None:
    ask(database)
    confirmed = ask(database, "bert@example.org")
    confirm(database, confirmed.id)
    ask(database, "bert@example.org", query="風力")

    def expire(days: int) -> int:
        return database.write(lambda session: subscribers.expire(session, now=NOW + timedelta(days=days)))

    assert [expire(6), expire(8), expire(9)] == [0, 2, 0]
    assert everybody(database) == [("bert@example.org", True, ["水素"])]


def test_nobody_has_more_searches_than_can_be_looked_after(database: Database) -> None:
    reader = add(database)
    for number in range(MOST_SEARCHES):
        save(database, reader, str(number), "水素")
    save(database, reader, "0", "風力")
    with pytest.raises(RecordError, match="nobody may have more than 50 saved searches"):
        save(database, reader, "one more", "水素")
    search = ask(database, "reader@example.org")
    with pytest.raises(RecordError, match="delete one first"):
        confirm(database, search.id)


def test_the_feed_of_a_search_is_found_by_its_secret_once_the_search_is_confirmed(database: Database) -> None:
    search = ask(database)

    def found(token: str) -> bool:
        with database.reading() as session:
            return subscribers.search_by_token(session, token) is not None

    assert not found(search.feed_token)
    confirm(database, search.id)
    assert [found(token) for token in (search.feed_token, "", "x", "\x00")] == [True, False, False, False]
    assert len(search.feed_token) >= 20


def test_an_address_to_which_nothing_is_sent_is_refused_until_it_is_allowed_again(database: Database) -> None:
    def suppress(status: str) -> str:
        return database.write(
            lambda session: subscribers.suppress(
                session, "Gone@example.org", SuppressionReason.BOUNCE, now=NOW, status=status
            )
        ).status

    assert [suppress("5.1.1"), suppress("5.7.1")] == ["5.1.1", "5.1.1"]
    with pytest.raises(RecordError, match=r"nothing is sent there any more \(bounce 5\.1\.1\)"):
        add(database, "gone@example.org")
    assert [database.write(lambda session: subscribers.allow(session, "GONE@example.org")) for _ in range(2)] == [
        True,
        False,
    ]
    assert add(database, "gone@example.org").active


def test_who_is_added_again_keeps_their_own_choices(database: Database) -> None:
    add(database, "anna@example.org", language="ja")
    again = database.write(lambda session: subscribers.add(session, "anna@example.org", now=LATER))
    assert (again.language, again.consent_at) == ("ja", NOW)
