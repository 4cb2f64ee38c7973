"""Calendars, read back the way calendar programs do."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.calendar import MOST_EVENTS, PAST, Dated, render
from alerts.site import Site
from db.card import Card
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import DateKind, FoundDate, Origin
from db.vocabulary.tender import Said, TenderSource
from monitor.i18n import language

NOW = datetime(2026, 9, 1, 3, 4, 5, 678, tzinfo=UTC)
TODAY = date(2026, 9, 1)
SITE = Site("Tender Monitor", "https://tenders.example.org", "example.org,2026", "desk@example.org")
ID = UUID(int=1)
NOTICE = TenderSource("kkj", "k1", "https://www.kkj.go.jp/d/?D=k1", NoticeKind.TENDER, date(2026, 8, 28), UUID(int=9))


def on(kind: DateKind, day: date, clock: time | None = None, phrase: str = "", **more: object) -> FoundDate:
    return replace(FoundDate(kind, day, phrase, Origin.JAPANESE, clock), **more)  # type: ignore[arg-type]


CARD = Card(
    id=ID,
    title="蓄電池設備の購入",
    title_en="Purchase of storage batteries",
    buyer="環境省",
    buyer_en="Ministry of the Environment",
    prefecture="東京都",
    city=None,
    category=None,
    kind=NoticeKind.TENDER,
    method=None,
    status=None,
    published=date(2026, 8, 28),
    deadline=datetime(2026, 10, 2, 8, 0, tzinfo=UTC),
    response_deadline=None,
    dates=(
        on(DateKind.DEADLINE, date(2026, 10, 2), time(17), "提出期限 令和8年10月2日 17時"),
        on(
            DateKind.APPLICATION,
            date(2026, 9, 18),
            time(12),
            "申請書の提出期限 9月18日12時",
            begins=date(2026, 8, 28),
        ),
        on(DateKind.QUESTIONS, date(2026, 9, 15)),
        on(DateKind.MEETING, date(2026, 9, 10), time(14), required=True),
        on(DateKind.OPENING, date(2026, 10, 5), time(10)),
        on(DateKind.DELIVERY, date(2027, 3, 31)),
    ),
    said=(
        Said("deadline", "2026-10-02T17:00:00+09:00", "kkj", UUID(int=9), Origin.JAPANESE, "提出期限 10月2日 17時"),
    ),
    areas=(),
    sources=(NOTICE,),
    first_seen_at=NOW - timedelta(days=3),
    updated_at=NOW,
    sequence=2,
)


def written(
    *cards: Card, name: str = "Energy", code: str = "en", today: date | None = None, site: Site = SITE
) -> bytes:
    dated = [Dated(card, card.updated_at) for card in cards]
    return render(name, dated, site=site, language=language(code), today=today)


def parsed(document: bytes) -> Any:
    """A calendar in which a program finds nothing wrong."""
    found = icalendar.Calendar.from_ical(document)
    assert isinstance(found, icalendar.Calendar)
    assert [one.errors for one in found.walk()] == [[] for _ in found.walk()]
    return found


def events(*cards: Card, code: str = "en", today: date | None = None) -> list[Any]:
    return list(parsed(written(*cards, code=code, today=today)).events)


def event(card: Card, kind: str, code: str = "en") -> Any:
    (found,) = [one for one in events(card, code=code) if one["uid"].startswith(f"{card.id}-{kind}@")]
    return found


def test_every_date_that_a_bidder_must_keep_is_an_event() -> None:
    assert [str(one["summary"]).split(":")[0] for one in events(CARD)] == [
        "Explanatory meeting, taking part is required",
        "Questions due",
        "Applications due",
        "Deadline",
        "Opening of bids",
    ]


def test_a_deadline_is_an_event_at_its_moment_and_says_who_buys_and_where_it_was_read() -> None:
    deadline = event(CARD, "deadline")
    assert deadline["summary"] == "Deadline: Purchase of storage batteries · 蓄電池設備の購入"
    assert deadline["dtstart"].dt == datetime(2026, 10, 2, 8, 0, tzinfo=UTC)
    assert deadline["dtend"].dt == datetime(2026, 10, 2, 8, 15, tzinfo=UTC)
    assert deadline["description"].splitlines() == [
        "Deadline: Fri 2 Oct 2026, 17:00 Tokyo time",
        "Buyer: Ministry of the Environment · 環境省",
        "Read from “提出期限 10月2日 17時”",
        f"https://tenders.example.org/tenders/{ID}",
    ]
    assert deadline["url"] == f"https://tenders.example.org/tenders/{ID}"
    assert deadline["status"] == "CONFIRMED"
    assert deadline["transp"] == "TRANSPARENT"


def test_the_japanese_calendar_is_japanese() -> None:
    deadline = event(CARD, "deadline", "ja")
    assert "蓄電池設備の購入" in deadline["summary"]
    assert "Purchase" not in deadline["summary"]
    assert deadline["url"].endswith("?lang=ja")


def test_where_only_the_day_is_known_the_event_lasts_all_day_and_no_time_is_made_up() -> None:
    moment = datetime(2026, 10, 2, 14, 59, 59, tzinfo=UTC)  # the last second of the day in Tokyo
    deadline = event(replace(CARD, deadline=moment, deadline_clock=False), "deadline")
    assert (deadline["dtstart"].dt, deadline["dtend"].dt) == (date(2026, 10, 2), date(2026, 10, 3))
    assert "time: see the notice" in deadline["description"]
    assert event(CARD, "questions")["dtstart"].dt == date(2026, 9, 15)


def test_of_a_period_the_end_is_what_counts() -> None:
    assert event(CARD, "application")["dtstart"].dt == datetime(2026, 9, 18, 3, 0, tzinfo=UTC)


def test_no_event_lasts_nothing_and_none_has_an_alarm() -> None:
    for one in events(CARD):
        assert one["dtend"].dt > one["dtstart"].dt
        assert "duration" not in one
        assert one.subcomponents == []


def test_each_day_of_a_meeting_is_an_event_of_its_own() -> None:
    meetings = (
        on(DateKind.MEETING, date(2026, 9, 12), time(14)),
        on(DateKind.MEETING, date(2026, 9, 10)),
        on(DateKind.MEETING, date(2026, 9, 10), time(10)),
    )
    found = events(replace(CARD, dates=meetings, deadline=None))
    assert [(str(one["uid"]), one["dtstart"].dt.day) for one in found] == [
        (f"{ID}-meeting@example.org-2026", 10),
        (f"{ID}-meeting-2@example.org-2026", 12),
    ]


def test_a_deadline_that_moves_is_the_same_event_with_a_higher_sequence() -> None:
    later = NOW + timedelta(days=1)
    moved = replace(
        CARD, deadline=datetime(2026, 10, 9, 3, 0, tzinfo=UTC), title="別の件名", sequence=3, updated_at=later
    )
    before, after = event(CARD, "deadline"), event(moved, "deadline")
    assert before["uid"] == after["uid"]
    assert (before["sequence"], after["sequence"]) == (2, 3)
    assert after["dtstamp"].dt > before["dtstamp"].dt
    assert after["dtstart"].dt == datetime(2026, 10, 9, 3, 0, tzinfo=UTC)


def test_what_a_quiet_correction_of_a_text_moves_has_a_later_stamp() -> None:
    read_again = render("", [Dated(CARD, NOW + timedelta(hours=1))], site=SITE, language=language("en"))
    (first, *_) = parsed(read_again).events
    assert first["dtstamp"].dt == (NOW + timedelta(hours=1)).replace(microsecond=0)
    assert first["last-modified"].dt == first["dtstamp"].dt


def test_a_cancelled_tender_keeps_its_events_and_says_so() -> None:
    cancelled = event(replace(CARD, kind=NoticeKind.CANCELLATION, sequence=3), "deadline")
    assert cancelled["status"] == "CANCELLED"
    assert cancelled["summary"].startswith("Cancelled: Deadline: Purchase of storage batteries")
    assert cancelled["uid"] == event(CARD, "deadline")["uid"]


def test_the_answers_to_a_request_are_due_too() -> None:
    asked = replace(CARD, deadline=None, response_deadline=datetime(2026, 9, 20, 3, 0, tzinfo=UTC), dates=())
    (answers,) = events(asked)
    assert answers["summary"].startswith("Answers due: ")


def test_a_tender_without_dates_makes_an_empty_calendar_that_is_still_one() -> None:
    found = parsed(written(replace(CARD, deadline=None, dates=())))
    assert found["version"] == "2.0"
    assert found.subcomponents == []


def test_the_calendar_says_what_it_is_and_how_often_to_look() -> None:
    document = written(CARD, name="Energy")
    found = parsed(document)
    assert (found["method"], found["x-wr-calname"], found["name"]) == ("PUBLISH", "Energy", "Energy")
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in document
    assert b"X-PUBLISHED-TTL:PT1H\r\n" in document


def test_invented_tenders_are_said_to_be_invented() -> None:
    found = parsed(written(CARD, site=replace(SITE, illustrative=True)))
    assert found["x-wr-calname"] == "Energy (illustrative data)"
    assert "no real procurement" in found.events[0]["description"]


def test_unchanged_data_give_the_same_bytes_in_whatever_order_they_come() -> None:
    other = replace(CARD, id=UUID(int=2))
    assert written(CARD, other) == written(other, CARD)


def test_lines_are_folded_between_characters_and_end_as_the_standard_says() -> None:
    document = written(replace(CARD, title="蓄電池🔋𠮷野" * 40))
    assert document.replace(b"\r\n", b"").count(b"\n") == 0
    for line in document.split(b"\r\n"):
        assert len(line) <= 75
        line.decode("utf-8")
    (deadline,) = [one for one in parsed(document).events if "deadline" in one["uid"]]
    assert "蓄電池🔋𠮷野" * 40 in deadline["summary"]


@pytest.mark.parametrize(
    "title",
    [
        "A\r\nEND:VEVENT\r\nBEGIN:VEVENT",
        "A\nATTACH:http://evil.example/",
        "a;b,c\\n\\;d",
        "\x00\x07\x1b[0m\x85\u2028A",
        '"A":x',
    ],
)
def test_no_title_breaks_out_of_its_line(title: str) -> None:
    hostile = replace(CARD, title=title, title_en=None, buyer=title, buyer_en=None)
    found = parsed(written(hostile, name=title))
    assert len(found.events) == len(events(CARD))
    assert {name for one in found.events for name in one} == {name for one in events(CARD) for name in one}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read_back(text: str) -> None:
    found = parsed(written(replace(CARD, title=text, title_en=text, buyer=text), name=text))
    assert len(found.events) == 5


def test_a_searchs_calendar_has_what_is_to_come_and_the_last_ninety_days() -> None:
    days = [TODAY - PAST - timedelta(days=1), TODAY - PAST, TODAY, TODAY + timedelta(days=400)]
    cards = [
        replace(CARD, id=UUID(int=n), dates=(), deadline=datetime(day.year, day.month, day.day, 3, tzinfo=UTC))
        for n, day in enumerate(days)
    ]
    assert [one["dtstart"].dt.date() for one in events(*cards, today=TODAY)] == days[1:]


def test_a_calendar_is_never_longer_than_programs_bear_and_keeps_what_is_near() -> None:
    cards = [
        replace(CARD, id=UUID(int=n), dates=(), deadline=datetime(2026, 8, 1, 3, tzinfo=UTC) + timedelta(hours=n))
        for n in range(MOST_EVENTS + 100)
    ]
    document = written(*cards, today=TODAY)
    found = parsed(document).events
    assert len(found) == MOST_EVENTS
    assert found[-1]["dtstart"].dt == cards[-1].deadline
    assert found[0]["dtstart"].dt > datetime(2026, 8, 4, tzinfo=UTC)
    assert len(document) < 1_000_000
