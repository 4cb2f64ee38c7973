"""Lists of subscribers: each line is judged on its own, and what people chose themselves stands above any list."""

import io
import json
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from db import subscribers
from db.engine import Database
from db.errors import RecordError
from db.subscriber import SavedSearch, Subscriber
from db.subscribers import MOST_SEARCHES, Choices
from db.vocabulary.delivery import Frequency, SubscriberState, SuppressionReason
from db.vocabulary.japanese import TOKYO
from db.vocabulary.query import parse
from monitor.subscriptions import (
    COLUMNS,
    LINES_AT_ONCE,
    BadLine,
    BroughtIn,
    Given,
    ListReader,
    Wanted,
    bring_in,
    frequency_of,
    hour_of,
    language_of,
    search_name,
    weekday_of,
    whole_query,
    write_list,
    zone_of,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=TOKYO)
AREAS = ("renewables", "smart-city")
READER = ListReader("form of 2026-04-01", AREAS, parse, "everything")
START = Choices(language="ja", digest_at=time(7))


def read(*lines: str) -> list[Wanted | BadLine]:
    return list(READER.read("\n".join(lines).encode()))


def wanted(*lines: str) -> list[Wanted]:
    found = read(*lines)
    assert not [one for one in found if isinstance(one, BadLine)]
    return [one for one in found if isinstance(one, Wanted)]


def take_in(database: Database, *lines: str, keep: bool = True) -> BroughtIn:
    return bring_in(database, wanted("email,name,query,frequency", *lines), before=START, now=NOW, keep=keep)


def people(database: Database) -> dict[str, tuple[Subscriber, list[SavedSearch]]]:
    with database.reading() as session:
        return {person.email: (person, searches) for person, searches in subscribers.everybody(session)}


# Reading -------------------------------------------------------------------------------------------------


def test_a_line_of_csv_has_all_that_somebody_may_choose() -> None:
    (one,) = wanted(
        "Email,name,query,area,frequency,language,zone,hour,weekday",
        'anna@example.org,Hydrogen,水素 OR 風力,"renewables, smart-city",Weekly,JA,Europe/Paris,8:30:00,Fri',
    )
    assert one == Wanted(
        line=2,
        email="anna@example.org",
        name="Hydrogen",
        query="area:renewables,smart-city (水素 OR 風力)",
        frequency=Frequency.WEEKLY,
        given=Given("ja", "Europe/Paris", time(8, 30), 4),
        consent="form of 2026-04-01",
    )


def test_lines_of_json_say_the_same_under_the_same_names() -> None:
    line = {
        "email": "anna@example.org",
        "name": "Hydrogen",
        "query": "水素 OR 風力",
        "area": ["renewables", "smart-city"],
        "frequency": "weekly",
        "language": "ja",
        "zone": "Europe/Paris",
        "hour": 8,
        "weekday": "friday",
        "consent": "by telephone",
    }
    (one,) = wanted("", json.dumps(line))
    assert (one.line, one.query, one.given, one.consent) == (
        2,
        "area:renewables,smart-city (水素 OR 風力)",
        Given("ja", "Europe/Paris", time(8), 4),
        "by telephone",
    )


def test_what_a_line_does_not_say_is_left_open() -> None:
    (one,) = wanted("email,query", "anna@example.org,水素")
    assert (one.name, one.frequency, one.given.nothing) == ("水素", Frequency.DAILY, True)
    (one,) = wanted("email;name", "anna@example.org;Everything new")
    assert (one.name, one.query) == ("Everything new", "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nobody,,水素", "is no mail address"),
        ("anna@例え。jp,,水素", "is no mail address"),
        ("anna@example.org", "there is no query and no area"),
        ("anna@example.org,,(水素", "a parenthesis is opened and not closed"),
        ("anna@example.org,,水素,space", "there is no focus area space"),
        ("anna@example.org,,水素,,hourly", "there is no frequency hourly"),
        ("anna@example.org,,水素,,,fr", "there is no language fr"),
        ("anna@example.org,,水素,,,,Europe/Atlantis", "there is no time zone Europe/Atlantis"),
        ("anna@example.org,,水素,,,,,8 o'clock", "there is no time of day 8 o'clock"),
        ("anna@example.org,,水素,,,,,08:00:30", "there is no time of day"),
        ("anna@example.org,,水素,,,,,,sometimes", "there is no weekday sometimes"),
        ("anna@example.org,,水素,,,,,,,unsubscribed", "is unsubscribed in this list"),
        (f"anna@example.org,{'x' * 81},水素", "the name is too long"),
        (f"anna@example.org,,{'x' * 701}", "the query is too long"),
        ("anna@example.org,,水素,,,,,,,,,more", "has more cells than the header"),
        ('anna@example.org,"水素"x', "is no line of CSV"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_the_others_are_read(line: str, said: str) -> None:
    first, bad, last = read(",".join(COLUMNS), "ben@example.org,,風力", line, "carl@example.org,,風力")
    assert (isinstance(first, Wanted), isinstance(last, Wanted)) == (True, True)
    assert isinstance(bad, BadLine)
    assert (bad.line, said in str(bad.why)) == (3, True)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"name": "x"}', '{"email": 7}', '{"email": "anna@example.org", "mail": "x", "query": "a"}']
)
def test_a_line_that_is_no_json_as_it_has_to_be_is_told(line: str) -> None:
    good = '{"email": "ben@example.org", "query": "風力"}'
    bad = read(good, line, good)[1]
    assert isinstance(bad, BadLine)
    assert "is no line of JSON as it has to be" in str(bad.why)


@pytest.mark.parametrize("header", ["", "name,query", "email,mail", "email,email", '"email'])
def test_a_file_without_the_right_header_is_refused_as_a_whole(header: str) -> None:
    with pytest.raises(RecordError, match="is no header with email"):
        read(header, "anna@example.org,水素")


def test_two_queries_under_one_name_are_a_mistake_and_the_same_line_twice_is_none() -> None:
    head, line = "email,name,query", "anna@example.org,Mine,水素"
    first, same, other = read(head, line, line.replace("anna", "ANNA"), "anna@example.org,Mine,風力")
    assert (isinstance(first, Wanted), isinstance(same, Wanted), isinstance(other, BadLine)) == (True, True, True)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_a_file_has_it_is_read_or_refused(data: bytes) -> None:
    for head in (b"", b"email,query\n", b"{"):
        try:
            found = list(READER.read(head + data))
        except RecordError:
            continue
        assert all(isinstance(one, Wanted | BadLine) for one in found)


def test_hours_zones_weekdays_and_languages_are_read_as_people_write_them() -> None:
    assert [hour_of(text) for text in ("8", "08", "8:05", " 23:59 ", "8:00:00")] == [
        *(time(8), time(8), time(8, 5), time(23, 59), time(8)),
    ]
    assert [weekday_of(text) for text in ("monday", "SUN", "Sat")] == [0, 6, 5]
    assert (zone_of(" Asia/Tokyo "), language_of("EN"), frequency_of("At-Once")) == (
        *("Asia/Tokyo", "en", Frequency.AT_ONCE),
    )


def test_a_search_is_called_like_its_query_unless_it_has_a_name() -> None:
    assert search_name(" My \n search ", "水素", "everything") == "My search"
    assert search_name("", "水素", "everything") == "水素"
    assert search_name("", "", "everything") == "everything"
    assert len(search_name("", "x" * 700, "everything")) == 80
    assert whole_query(" ", [], AREAS) == ""
    assert whole_query("a OR b", ["renewables"], AREAS) == "area:renewables (a OR b)"


# Keeping -------------------------------------------------------------------------------------------------


def test_new_people_begin_confirmed_with_what_the_list_states(database: Database) -> None:
    done = take_in(
        database, "anna@example.org,,水素,weekly", "anna@example.org,,風力,", "ben@example.org,,水素,never"
    )
    assert done == BroughtIn(2, 3, 0, ())
    anna, searches = people(database)["anna@example.org"]
    assert (anna.active, anna.consent, anna.consent_at, anna.language, anna.digest_at) == (
        *(True, "form of 2026-04-01", NOW, "ja"),
        time(7),
    )
    assert sorted((one.name, one.frequency, one.confirmed_at == NOW) for one in searches) == [
        ("水素", "weekly", True),
        ("風力", "daily", True),
    ]


def test_bringing_a_list_in_again_changes_nothing_that_its_people_have_chosen_since(database: Database) -> None:
    lines = ("anna@example.org,Mine,水素,weekly", "ANNA@example.org,Other,風力,")
    take_in(database, *lines)
    anna, searches = people(database)["anna@example.org"]

    def choose(session: Session) -> None:
        subscribers.choose(session, anna.id, Choices(language="en", time_zone="Europe/Paris"))
        mine = next(one for one in searches if one.name == "Mine")
        subscribers.save_search(session, anna, mine.name, "太陽光", now=NOW, frequency=Frequency.AT_ONCE)

    database.write(choose)
    before = people(database)
    assert bring_in(
        database, wanted("email,name,query,frequency", *lines), before=START, now=NOW + timedelta(days=1)
    ) == BroughtIn(0, 0, 2, ())
    after = people(database)
    assert [person.model_dump() for person, _ in after.values()] == [p.model_dump() for p, _ in before.values()]
    assert after["anna@example.org"][1] == before["anna@example.org"][1]


def test_nobody_who_left_is_brought_back_and_the_rest_of_the_list_goes_on(database: Database) -> None:
    take_in(database, "anna@example.org,,水素,")
    token = people(database)["anna@example.org"][0].token
    database.write(lambda session: subscribers.unsubscribe(session, token, now=NOW))
    database.write(
        lambda session: subscribers.suppress(session, "ben@example.org", SuppressionReason.BOUNCE, now=NOW)
    )
    done = take_in(database, "anna@example.org,,風力,", "ben@example.org,,水素,", "carl@example.org,,水素,")
    assert (done.people, done.searches, [one.line for one in done.bad]) == (1, 1, [2, 3])
    assert not people(database)["anna@example.org"][0].active


def test_whoever_had_not_confirmed_yet_is_confirmed_by_the_list(database: Database) -> None:
    database.write(
        lambda session: subscribers.ask(
            *(session, "anna@example.org"),
            choices=Choices(),
            name="Sun",
            query="太陽光",
            frequency=Frequency.DAILY,
            now=NOW,
        )
    )
    assert take_in(database, "anna@example.org,,水素,").people == 1
    anna, searches = people(database)["anna@example.org"]
    assert (anna.state, anna.consent) == (SubscriberState.ACTIVE, "form of 2026-04-01")
    assert {one.name: one.confirmed_at is None for one in searches} == {"Sun": True, "水素": False}


def test_more_searches_than_one_may_have_are_told_line_by_line(database: Database) -> None:
    done = take_in(database, *(f"anna@example.org,,word{number}," for number in range(MOST_SEARCHES + 2)))
    assert (done.searches, len(done.bad)) == (MOST_SEARCHES, 2)


def test_looking_at_a_long_list_counts_as_keeping_it_does_and_keeps_nothing(database: Database) -> None:
    lines = [f"reader{number // 3}@example.org,,word{number % 3}," for number in range(LINES_AT_ONCE + 5)]
    looked = take_in(database, *lines, keep=False)
    assert people(database) == {}
    assert take_in(database, *lines) == looked
    assert take_in(database, *lines) == BroughtIn(0, 0, len(lines), ())


# Writing -------------------------------------------------------------------------------------------------


def written(found: Sequence[tuple[Subscriber, Sequence[SavedSearch]]], *barred: str) -> str:
    out = io.StringIO()
    write_list(found, barred, out)
    return out.getvalue()


words = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=20)


@given(words, st.sampled_from([*Frequency]), st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_a_list_that_is_written_is_read_as_it_was(name: str, frequency: Frequency, hour: time) -> None:
    person = Subscriber(
        id=uuid4(), email="=anna@example.org", token="t", created_at=NOW, digest_at=hour, weekday=3, consent="@home"
    )
    search = SavedSearch(
        id=uuid4(),
        subscriber_id=person.id,
        name=name,
        query="-水素",
        frequency=frequency,
        feed_token="f",
        created_at=NOW,
    )
    search.confirmed_at = NOW
    if name.startswith("'"):
        return  # one that is written so cannot be told from one that was made harmless
    (one,) = wanted(*written([(person, [search])]).splitlines())
    assert (one.email, one.name, one.query, one.frequency, one.consent) == (
        *("=anna@example.org", name, "-水素", frequency),
        "@home",
    )
    assert one.given == Given("en", "Asia/Tokyo", hour, 3)


def test_nobody_begins_anew_where_a_list_is_read_who_did_not_get_letters_where_it_was_written() -> None:
    def reader(
        email: str, state: SubscriberState, confirmed: datetime | None
    ) -> tuple[Subscriber, list[SavedSearch]]:
        person = Subscriber(id=uuid4(), email=email, token="t", created_at=NOW, state=state)
        search = SavedSearch(
            id=uuid4(),
            subscriber_id=person.id,
            name="a",
            query="a",
            feed_token="f",
            created_at=NOW,
            confirmed_at=confirmed,
        )
        return person, [search]

    text = written(
        [
            reader("gone@example.org", SubscriberState.UNSUBSCRIBED, NOW),
            reader("asked@example.org", SubscriberState.PENDING, None),
            reader("Bounced@example.org", SubscriberState.ACTIVE, NOW),
            reader("unsure@example.org", SubscriberState.ACTIVE, None),
        ],
        "bounced@example.org",
    )
    assert all(isinstance(one, BadLine) for one in read(*text.splitlines()))
