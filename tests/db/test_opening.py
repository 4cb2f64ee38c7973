"""Letters are made when their time has come: in everybody's own zone and hour, once, and of all that there is to tell."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from db import bulk, deliveries, opening, subscribers
from db.deliveries import NewMatch
from db.engine import Database
from db.history import Digest, Match
from db.opening import ALERT_TOO_LATE, ALERTS_APART, JUST_ENDED
from db.subscriber import SavedSearch
from db.subscribers import Choices
from db.tender import Tender
from db.vocabulary.delivery import DeliveryState, Frequency, LetterKind, SuppressionReason
from db.vocabulary.japanese import TOKYO

EIGHT = datetime(2026, 11, 23, 8, 0, tzinfo=TOKYO)
"""A Monday."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTE = timedelta(minutes=1)
TENDER = UUID(int=100)
NOTHING: Mapping[str, datetime] = MappingProxyType({})


class House:
    """A record, and short ways to fill it and to ask it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def search(
        self,
        email: str = "reader@example.org",
        frequency: Frequency = Frequency.DAILY,
        name: str = "energy",
        **choices: Any,
    ) -> SavedSearch:
        def work(session: Session) -> SavedSearch:
            wanted = Choices(**choices) if choices or subscribers.by_email(session, email) is None else None
            reader = subscribers.add(session, email, choices=wanted, now=EIGHT - 90 * DAY)
            return subscribers.save_search(session, reader, name, "水素", now=EIGHT - 90 * DAY, frequency=frequency)

        return self.database.write(work)

    def choose(self, search: SavedSearch, **choices: Any) -> None:
        self.database.write(lambda session: subscribers.choose(session, search.subscriber_id, Choices(**choices)))

    def match(
        self, search: SavedSearch, at: datetime, tender: UUID = TENDER, sequence: int = 1, at_once: bool = False
    ) -> None:
        new = NewMatch(search.id, tender, sequence, ("水素",), at_once)
        self.database.write(lambda session: deliveries.add_matches(session, [new], now=at))

    def tender(self, deadline: datetime | None, id: UUID = TENDER, kind: str = "tender") -> None:
        tender = {
            "id": id,
            "title": "水素",
            "kind": kind,
            "published": date(2026, 11, 1),
            "deadline": deadline,
            "sources": (),
            "sequence": 1,
            "first_seen_at": EIGHT,
            "updated_at": EIGHT,
        }
        self.database.write(lambda session: bulk.upsert(session, Tender, [tender]))

    def open(
        self, now: datetime, unread: Mapping[str, datetime] = NOTHING, soon: timedelta = 3 * DAY, **more: Any
    ) -> list[Digest]:
        return self.database.write(
            lambda session: opening.open_digests(
                session, now=now, domain="example.org", remind_until=lambda end: end + soon, unread=unread, **more
            )
        )

    def alerts(self, now: datetime) -> list[Digest]:
        return self.database.write(lambda session: opening.open_alerts(session, now=now, domain="example.org"))

    def ended(self, letters: Sequence[Digest], state: DeliveryState = DeliveryState.SENT) -> None:
        """The letters were sent, or given up."""

        def work(session: Session) -> None:
            for letter in letters:
                session.get_one(Digest, letter.id).state = state

        self.database.write(work)

    def told(self, letter: Digest) -> list[tuple[UUID, int]]:
        with self.database.reading() as session:
            rows = session.exec(
                select(Match).where(Match.digest_id == letter.id).order_by(col(Match.matched_at), col(Match.sequence))
            ).all()
        assert all(not row.waiting for row in rows)
        return [(row.tender_id, row.sequence) for row in rows]

    def reminders(self, letter: Digest) -> list[tuple[UUID, datetime]]:
        with self.database.reading() as session:
            return deliveries.reminders_of(session, letter.id)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


# Windows -----------------------------------------------------------------------------------------------


def test_everybodys_window_ends_at_an_hour_of_their_own(house: House) -> None:
    tokyo = house.search("tokyo@example.org")
    paris = house.search("paris@example.org", time_zone="Europe/Paris", digest_at=time(7, 30))
    for one in (tokyo, paris):
        house.match(one, EIGHT - HOUR)
    (first,) = house.open(EIGHT)
    assert (first.subscriber_id, first.window_start, first.window_end) == (tokyo.subscriber_id, EIGHT - DAY, EIGHT)
    half_past_seven = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    assert house.open(half_past_seven - MINUTE) == []
    (second,) = house.open(half_past_seven)
    assert (second.subscriber_id, second.window_end) == (paris.subscriber_id, half_past_seven)


def test_whoever_moves_their_hour_misses_nothing_and_is_told_nothing_twice(house: House) -> None:
    energy = house.search()
    house.match(energy, EIGHT - HOUR)
    (first,) = house.open(EIGHT)
    house.match(energy, EIGHT + HOUR, sequence=2)
    house.choose(energy, digest_at=time(12))
    assert house.open(EIGHT + 3 * HOUR) == []
    (second,) = house.open(EIGHT + 4 * HOUR)
    assert (house.told(first), house.told(second)) == ([(TENDER, 1)], [(TENDER, 2)])
    assert not second.backlog


@pytest.mark.parametrize("turn", [datetime(2026, 10, 25, 6, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)])
def test_an_hour_that_a_day_has_twice_or_not_at_all_makes_one_letter(house: House, turn: datetime) -> None:
    night = house.search(time_zone="Europe/Berlin", digest_at=time(2, 30))
    house.match(night, turn - 12 * HOUR)
    assert len(house.open(turn)) == 1
    house.match(night, turn - 12 * HOUR, sequence=2)  # matched late, for a window that has its letter
    for hours in range(12):
        assert house.open(turn + hours * HOUR) == []


def test_what_was_found_while_the_letters_were_made_is_no_backlog(house: House) -> None:
    energy = house.search()
    house.match(energy, EIGHT - HOUR)
    house.open(EIGHT)
    house.match(energy, EIGHT - MINUTE, UUID(int=101))  # found before eight, and kept a moment after it
    (next_day,) = house.open(EIGHT + DAY)
    assert house.told(next_day) == [(UUID(int=101), 1)]
    assert not next_day.backlog


def test_a_zone_that_is_no_longer_known_keeps_nobodys_letters_back(house: House) -> None:
    for number, zone in enumerate(("Asia/Edo", "Asia/Tokyo")):
        house.match(house.search(f"reader{number}@example.org", time_zone=zone), EIGHT - HOUR)
    assert [letter.window_end for letter in house.open(EIGHT)] == [EIGHT, EIGHT]


def test_only_so_many_letters_are_made_at_once_and_the_others_next(house: House) -> None:
    for number in range(5):
        house.match(house.search(f"reader{number}@example.org"), EIGHT - HOUR)
    made = [house.open(EIGHT, limit=2) for _ in range(4)]
    assert [len(some) for some in made] == [2, 2, 1, 0]
    assert len({letter.subscriber_id for some in made for letter in some}) == 5


# Weeks -------------------------------------------------------------------------------------------------


def test_a_weekly_search_is_told_when_its_week_ends(house: House) -> None:
    weekly = house.search(frequency=Frequency.WEEKLY)
    house.match(weekly, EIGHT + HOUR)
    house.match(weekly, EIGHT + 3 * DAY, sequence=2)
    for days in range(1, 7):
        assert house.open(EIGHT + days * DAY) == []
    (letter,) = house.open(EIGHT + 7 * DAY)
    assert (letter.window_start, letter.window_end) == (EIGHT, EIGHT + 7 * DAY)
    assert (house.told(letter), letter.backlog) == ([(TENDER, 1), (TENDER, 2)], False)


def test_the_week_ends_on_the_day_that_its_reader_chose(house: House) -> None:
    weekly = house.search(frequency=Frequency.WEEKLY, weekday=3)
    house.match(weekly, EIGHT + HOUR)
    made = [days for days in range(1, 15) if house.open(EIGHT + days * DAY)]
    assert made == [3]


def test_on_the_last_day_of_the_week_one_letter_tells_of_the_day_and_of_the_week(house: House) -> None:
    weekly, daily = house.search(frequency=Frequency.WEEKLY, name="slow"), house.search()
    house.match(weekly, EIGHT + HOUR)
    house.match(daily, EIGHT + DAY - HOUR, sequence=2)
    house.match(daily, EIGHT + 7 * DAY - HOUR, sequence=3)
    (day,) = house.open(EIGHT + DAY)
    assert (house.told(day), day.window_start) == ([(TENDER, 2)], EIGHT)
    (week,) = house.open(EIGHT + 7 * DAY)
    assert house.told(week) == [(TENDER, 1), (TENDER, 3)]
    assert (week.window_start, week.backlog) == (EIGHT, False)


# Pauses and those who get nothing ----------------------------------------------------------------------


def test_whoever_pauses_gets_nothing_until_their_day_and_then_all_of_it_in_one_letter(house: House) -> None:
    energy = house.search(paused_until=date(2026, 11, 26))
    for days in range(3):
        house.match(energy, EIGHT + days * DAY - HOUR, sequence=days + 1, at_once=days == 0)
        assert house.open(EIGHT + days * DAY) == []
        assert house.alerts(EIGHT + days * DAY) == []
    (alert,) = house.alerts(EIGHT + 3 * DAY)
    (letter,) = house.open(EIGHT + 3 * DAY)
    assert (house.told(alert), house.told(letter)) == ([(TENDER, 1)], [(TENDER, 2), (TENDER, 3)])
    assert (alert.backlog, letter.backlog) == (True, True)


def test_a_pause_ends_by_the_calendar_of_its_reader(house: House) -> None:
    energy = house.search(time_zone="Pacific/Honolulu", digest_at=time(0), paused_until=date(2026, 11, 23))
    house.match(energy, EIGHT - 30 * HOUR)
    midnight = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert house.open(midnight - MINUTE) == []
    assert len(house.open(midnight)) == 1


@pytest.mark.parametrize("gone", ["unsubscribed", "suppressed", "forgotten"])
def test_nothing_is_made_for_whoever_gets_no_letters(house: House, gone: str) -> None:
    energy = house.search("Reader@Example.org")
    house.tender(EIGHT + DAY)
    house.match(energy, EIGHT - 9 * DAY, sequence=1)
    house.ended(house.open(EIGHT - 8 * DAY))
    house.match(energy, EIGHT - HOUR, sequence=2, at_once=True)

    def go(session: Session) -> None:
        if gone == "suppressed":
            subscribers.suppress(session, "reader@example.org", SuppressionReason.BOUNCE, now=EIGHT)
        elif gone == "forgotten":
            subscribers.forget(session, "reader@example.org")
        else:
            reader = subscribers.by_email(session, "reader@example.org")
            assert reader is not None
            subscribers.unsubscribe(session, reader.token, now=EIGHT)

    house.database.write(go)
    assert house.alerts(EIGHT) == []
    assert house.open(EIGHT, {"kkj": EIGHT - 3 * DAY}) == []


# At once -----------------------------------------------------------------------------------------------


def test_what_is_told_at_once_is_told_at_once_and_not_again_in_the_morning(house: House) -> None:
    energy, mobility = house.search(), house.search(name="mobility")
    house.match(energy, EIGHT + HOUR, at_once=True)
    house.match(mobility, EIGHT + HOUR + MINUTE, UUID(int=101), at_once=True)
    house.match(mobility, EIGHT + HOUR, UUID(int=102))
    now = EIGHT + HOUR + 2 * MINUTE
    (alert,) = house.alerts(now)
    assert (alert.kind, alert.window_start, alert.window_end, alert.due_at) == ("alert", EIGHT + HOUR, now, now)
    assert house.told(alert) == [(TENDER, 1), (UUID(int=101), 1)]
    assert not alert.backlog
    (morning,) = house.open(EIGHT + DAY)
    assert house.told(morning) == [(UUID(int=102), 1)]


def test_what_a_crawl_finds_within_minutes_comes_in_one_alert(house: House) -> None:
    energy = house.search()
    house.match(energy, EIGHT, at_once=True)
    (first,) = house.alerts(EIGHT)
    for minute in range(1, 15):
        house.match(energy, EIGHT + minute * MINUTE, sequence=1 + minute, at_once=True)
        assert house.alerts(EIGHT + minute * MINUTE) == []
    (second,) = house.alerts(EIGHT + ALERTS_APART)
    assert (len(house.told(first)), len(house.told(second))) == (1, 14)


def test_a_clock_that_was_ahead_for_a_while_keeps_no_alert_back(house: House) -> None:
    energy = house.search()
    house.match(energy, EIGHT, at_once=True)
    assert len(house.alerts(EIGHT + 400 * DAY)) == 1
    house.match(energy, EIGHT + MINUTE, sequence=2, at_once=True)
    assert len(house.alerts(EIGHT + 2 * MINUTE)) == 1


def test_an_alert_that_comes_late_says_so(house: House) -> None:
    energy = house.search()
    house.match(energy, EIGHT, at_once=True)
    (alert,) = house.alerts(EIGHT + ALERT_TOO_LATE + MINUTE)
    assert alert.backlog


# Reminders ---------------------------------------------------------------------------------------------


def reminded(house: House, deadline: datetime, told_at: datetime = EIGHT - 9 * DAY, **choices: Any) -> SavedSearch:
    """Somebody who was told of a tender at the end of a window."""
    energy = house.search(**choices)
    house.tender(deadline)
    house.match(energy, told_at - HOUR)
    house.ended(house.open(told_at))
    return energy


def test_a_tender_that_closes_soon_is_told_again_once(house: House) -> None:
    reminded(house, EIGHT + 3 * DAY + HOUR)
    assert house.open(EIGHT) == []
    (letter,) = house.open(EIGHT + DAY)
    assert house.reminders(letter) == [(TENDER, EIGHT + 3 * DAY + HOUR)]
    assert house.told(letter) == []
    for days in (1, 2, 3):
        assert house.open(EIGHT + days * DAY) == []


def test_a_deadline_that_moves_is_reminded_of_again(house: House) -> None:
    reminded(house, EIGHT + HOUR)
    (first,) = house.open(EIGHT)
    house.tender(EIGHT + 4 * DAY)
    (second,) = house.open(EIGHT + DAY)
    assert [house.reminders(one) for one in (first, second)] == [
        [(TENDER, EIGHT + HOUR)],
        [(TENDER, EIGHT + 4 * DAY)],
    ]


def test_reminders_come_along_with_what_is_new(house: House) -> None:
    energy = reminded(house, EIGHT + DAY)
    house.match(energy, EIGHT - HOUR, UUID(int=101))
    (letter,) = house.open(EIGHT)
    assert (house.told(letter), house.reminders(letter)) == ([(UUID(int=101), 1)], [(TENDER, EIGHT + DAY)])


@pytest.mark.parametrize(
    "why_not",
    ["told lately", "not wanted", "cancelled", "awarded", "over", "letter failed", "nobody was told", "long after"],
)
def test_nobody_is_reminded_in_vain(house: House, why_not: str) -> None:
    told_at = EIGHT - DAY if why_not == "told lately" else EIGHT - 9 * DAY
    energy = reminded(house, EIGHT + DAY, told_at, reminders=why_not != "not wanted")
    now = EIGHT
    match why_not:
        case "cancelled":
            house.tender(EIGHT + DAY, kind="cancellation")
        case "awarded":
            house.tender(EIGHT + DAY, kind="award")
        case "over":
            house.tender(EIGHT)
        case "letter failed":
            with house.database.reading() as session:
                letters = session.exec(select(Digest)).all()
            house.ended(letters, DeliveryState.FAILED)
        case "nobody was told":
            house.tender(EIGHT + DAY, UUID(int=101))
            house.tender(EIGHT + 90 * DAY)
            house.match(energy, EIGHT + HOUR, UUID(int=101))
        case "long after":
            now = EIGHT + JUST_ENDED
    assert house.open(now, looked_at=now - MINUTE) == []


def test_where_nobody_looked_for_hours_reminders_and_silence_are_told_all_the_same(house: House) -> None:
    energy = reminded(house, EIGHT + DAY)
    now = EIGHT + 2 * JUST_ENDED
    assert house.open(now, {"kkj": EIGHT - 2 * DAY}, looked_at=EIGHT) == []
    (letter,) = house.open(now, {"kkj": EIGHT - 2 * DAY}, looked_at=EIGHT - MINUTE)
    assert (letter.subscriber_id, letter.unread) == (energy.subscriber_id, ("kkj",))
    assert house.reminders(letter) == [(TENDER, EIGHT + DAY)]


def test_where_nobody_knows_when_that_was_nothing_is_left_out_and_nothing_told_twice(house: House) -> None:
    reminded(house, EIGHT + DAY)
    assert len(house.open(EIGHT + 20 * HOUR)) == 1
    for hours in range(21, 60):
        assert house.open(EIGHT + hours * HOUR) == []


def test_however_late_nobody_is_reminded_of_a_deadline_that_has_passed(house: House) -> None:
    reminded(house, EIGHT + 6 * HOUR)
    assert house.open(EIGHT + 6 * HOUR) == []


def test_after_days_without_anybody_looking_the_last_window_tells_it(house: House) -> None:
    reminded(house, EIGHT + 5 * DAY)
    (letter,) = house.open(EIGHT + 4 * DAY + HOUR, looked_at=EIGHT)
    assert letter.window_end == EIGHT + 4 * DAY
    assert house.reminders(letter) == [(TENDER, EIGHT + 5 * DAY)]


def test_reminders_of_many_tenders_come_the_next_deadline_first(house: House) -> None:
    energy = house.search()
    for number in range(3):
        house.tender(EIGHT + DAY - number * HOUR, UUID(int=200 + number))
        house.match(energy, EIGHT - 9 * DAY - HOUR, UUID(int=200 + number))
    house.ended(house.open(EIGHT - 9 * DAY))
    (letter,) = house.open(EIGHT)
    assert [id for id, _ in house.reminders(letter)] == [UUID(int=202), UUID(int=201), UUID(int=200)]


def test_each_is_reminded_at_their_own_hour(house: House) -> None:
    for email, hour in (("early@example.org", 8), ("late@example.org", 13)):
        reminded_at = house.search(email, digest_at=time(hour))
        house.match(reminded_at, EIGHT - 9 * DAY)
    house.tender(EIGHT + DAY)
    house.ended(house.open(EIGHT - 8 * DAY))
    house.ended(house.open(EIGHT - 8 * DAY + 5 * HOUR))
    rounds = [EIGHT + hours * HOUR for hours in range(8)]
    assert [len(house.open(now, looked_at=now - HOUR)) for now in rounds] == [1, 0, 0, 0, 0, 1, 0, 0]


# Silence -----------------------------------------------------------------------------------------------


def test_that_a_source_cannot_be_read_is_told_once(house: House) -> None:
    house.search()
    since = EIGHT - 2 * DAY
    (letter,) = house.open(EIGHT, {"kkj": since})
    assert (letter.unread, letter.window_end, letter.backlog) == (("kkj",), EIGHT, False)
    for days in range(1, 5):
        assert house.open(EIGHT + days * DAY, {"kkj": since}) == []
    (other,) = house.open(EIGHT + 5 * DAY, {"kkj": since, "jetro": since})
    assert other.unread == ("kkj", "jetro")
    (again,) = house.open(EIGHT + 8 * DAY, {"kkj": EIGHT + 6 * DAY})
    assert again.unread == ("kkj",)


def test_a_letter_that_was_made_anyway_tells_it_too(house: House) -> None:
    energy = house.search()
    house.match(energy, EIGHT - HOUR)
    (letter,) = house.open(EIGHT, {"kkj": EIGHT - 2 * DAY})
    assert letter.unread == ("kkj",)
    assert house.open(EIGHT + DAY, {"kkj": EIGHT - 2 * DAY}) == []


def test_a_letter_that_did_not_arrive_told_nothing(house: House) -> None:
    house.search()
    house.ended(house.open(EIGHT, {"kkj": EIGHT - 2 * DAY}), DeliveryState.FAILED)
    assert len(house.open(EIGHT + DAY, {"kkj": EIGHT - 2 * DAY})) == 1


def test_what_is_looked_for_late_is_what_was_silent_when_the_window_ended(house: House) -> None:
    house.search()
    since = {"kkj": EIGHT - DAY + JUST_ENDED + MINUTE}
    assert house.open(EIGHT + 20 * HOUR, since) == []
    (letter,) = house.open(EIGHT + DAY, since)
    assert letter.unread == ("kkj",)


def test_each_letter_names_the_sources_that_were_silent_at_its_own_hour(house: House) -> None:
    for email, hour in (("early@example.org", 8), ("late@example.org", 20)):
        house.search(email, digest_at=time(hour))
    since = {"kkj": EIGHT - 2 * DAY, "jetro": EIGHT - 18 * HOUR}
    letters = [
        letter
        for hours in range(0, 24, 4)
        for letter in house.open(EIGHT + hours * HOUR, since, looked_at=EIGHT + (hours - 4) * HOUR)
    ]
    assert [letter.unread for letter in letters] == [("kkj",), ("kkj", "jetro")]


def test_whoever_came_after_the_end_of_a_window_is_not_told_of_its_silence(house: House) -> None:
    def come(session: Session) -> None:
        reader = subscribers.add(session, "new@example.org", now=EIGHT + HOUR)
        subscribers.save_search(session, reader, "energy", "水素", now=EIGHT + HOUR)

    house.database.write(come)
    assert house.open(EIGHT + 2 * HOUR, {"kkj": EIGHT - 2 * DAY}) == []
    assert len(house.open(EIGHT + DAY, {"kkj": EIGHT - 2 * DAY})) == 1


@pytest.mark.parametrize(
    ("frequency", "letters"),
    [
        (Frequency.DAILY, [1]),
        (Frequency.AT_ONCE, [1]),
        (Frequency.WEEKLY, [7]),
        (Frequency.NEVER, []),
    ],
)
def test_silence_is_told_as_often_as_anything_else(house: House, frequency: Frequency, letters: list[int]) -> None:
    house.search(frequency=frequency)
    found = [days for days in range(1, 9) if house.open(EIGHT + days * DAY, {"kkj": EIGHT})]
    assert found == letters


def test_a_search_that_nobody_confirmed_is_told_of_nothing(house: House) -> None:
    house.database.write(
        lambda session: subscribers.ask(
            session,
            "reader@example.org",
            choices=Choices(),
            name="energy",
            query="水素",
            frequency=Frequency.DAILY,
            now=EIGHT - DAY,
        )
    )
    assert house.open(EIGHT, {"kkj": EIGHT - 2 * DAY}) == []


def test_a_source_is_not_taken_for_another_whose_name_it_is_a_part_of(house: House) -> None:
    house.search()
    house.open(EIGHT, {"metro-tokyo": EIGHT - 2 * DAY})
    (letter,) = house.open(EIGHT + DAY, {"tokyo": EIGHT - 2 * DAY, "metro-tokyo": EIGHT - 2 * DAY})
    assert letter.unread == ("tokyo", "metro-tokyo")


# At scale ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_looked_for_in_all_that_was_ever_found_or_sent(house: House) -> None:
    reminded(house, EIGHT + DAY)
    energy = house.search()
    house.match(energy, EIGHT - HOUR, UUID(int=101))
    house.match(energy, EIGHT - HOUR, UUID(int=102), at_once=True)
    asked = recorded(house.database, lambda: (house.alerts(EIGHT), house.open(EIGHT, {"kkj": EIGHT - 2 * DAY})))
    assert len(asked) > 6
    plans = [step for statement, values in asked for step in plan(house.database, statement, values)]
    scans = {step.removeprefix("SCAN ") for step in plans if step.startswith("SCAN")}
    # The matches that wait are an index of their own; the subscribers are gone through once.
    assert scans <= {
        "match USING INDEX ix_match_waiting",
        "searches_that_wait",
        "subscriber",
        "subscriber USING INDEX sqlite_autoindex_subscriber_1",
    }


def recorded(database: Database, work: Callable[[], object]) -> list[tuple[str, Any]]:
    """The statements that something executes, each with the values of one execution."""
    found: list[tuple[str, Any]] = []

    def keep(connection: object, cursor: object, statement: str, values: Any, context: object, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            found.append((statement, values[0] if many else values))

    event.listen(database.engine, "before_cursor_execute", keep)
    try:
        work()
    finally:
        event.remove(database.engine, "before_cursor_execute", keep)
    return found


def plan(database: Database, statement: str, values: Any) -> list[str]:
    with database.engine.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]


def test_letters_of_all_kinds_live_side_by_side(house: House) -> None:
    energy = house.search()
    house.match(energy, EIGHT - HOUR, at_once=True)
    house.match(energy, EIGHT - HOUR, sequence=2)
    made = [*house.alerts(EIGHT), *house.open(EIGHT)]
    made.append(
        house.database.write(
            lambda session: deliveries.add_letter(
                session, energy.subscriber_id, LetterKind.CHOICES, now=EIGHT, domain="example.org"
            )
        )
    )
    assert [letter.kind for letter in made] == ["alert", "digest", "choices"]
    assert {letter.window_end for letter in made} == {EIGHT}


def test_whoever_is_forgotten_while_letters_are_made_keeps_nobody_elses_back(house: House) -> None:
    for number in range(3):
        house.match(house.search(f"reader{number}@example.org"), EIGHT - HOUR)
    with house.database.reading() as session:
        found = opening.openings(session, now=EIGHT)
    house.database.write(lambda session: subscribers.forget(session, "reader1@example.org"))
    made = [
        house.database.write(lambda session: opening.make_digests(session, found, domain="example.org"))
        for _ in range(2)
    ]
    assert [len(some) for some in made] == [2, 0]
