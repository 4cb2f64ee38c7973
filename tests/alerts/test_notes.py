"""The small letters: what they say, what their links open, and what a stranger cannot make them say."""

import re
import shutil
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from alerts import notes
from alerts.letter import Letter, as_bytes
from alerts.links import Links, Purpose
from alerts.notes import LONGEST_NAME, LONGEST_QUERY, repeatable
from alerts.site import Site
from db import deliveries, subscribers
from db.history import Digest
from db.subscriber import Subscriber
from db.vocabulary.delivery import Frequency, LetterKind, SubscriberState
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import Saying
from monitor.i18n import language

if TYPE_CHECKING:
    from tests.alerts.conftest import Record

EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)
DAY = timedelta(days=1)
SITE = Site("Tender Monitor", "https://tenders.example.org", "example.org,2026", "desk@example.org")
LINKS = Links(b"secret of the tests")
ANNA = "anna@example.org"
PARIS = subscribers.Choices(time_zone="Europe/Paris", digest_at=time(7, 30), weekday=4)
TOLD = Saying("The webhook at {address} is off: it did not answer.", {"address": "hooks.example.org"})


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One kind of database will do here: what a letter says is not the database's doing."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'monitor.db')}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A letter that somebody caused, and whom and what it is about."""

    letter: Letter | None
    subscriber: UUID
    search: UUID

    @property
    def written(self) -> Letter:
        assert self.letter is not None
        return self.letter


def ask(
    record: "Record",
    kind: LetterKind,
    *,
    name: str = "Hydrogen",
    query: str = "area:renewables prefecture:Tokyo",
    frequency: Frequency = Frequency.DAILY,
    spoken: str = "en",
    note: Saying | None = None,
    confirmed: bool = False,
) -> Asked:
    def work(session: Session) -> Asked:
        search = subscribers.ask(session, ANNA, choices=PARIS, name=name, query=query, frequency=frequency, now=EIGHT)
        if confirmed:
            subscribers.confirm(session, search.id, now=EIGHT)
        digest = deliveries.add_letter(
            session,
            search.subscriber_id,
            kind,
            now=EIGHT,
            domain="example.org",
            saved_search_id=search.id if kind is LetterKind.CONFIRMATION else None,
            note=note,
        )
        return Asked(written(session, digest, spoken), search.subscriber_id, search.id)

    return record.database.write(work)


def written(session: Session, digest: Digest, spoken: str = "en") -> Letter | None:
    person = session.get_one(Subscriber, digest.subscriber_id)
    return notes.write(
        session, digest, person, site=SITE, language=language(spoken), links=LINKS, sender="monitor@example.org"
    )


def words(letter: Letter) -> str:
    return " ".join(BeautifulSoup(letter.html, "html.parser").get_text(" ").split())


def links(letter: Letter) -> list[str]:
    return [str(link["href"]) for link in BeautifulSoup(letter.html, "html.parser").find_all("a")]


def token(letter: Letter, page: str) -> str:
    """The token of the letter's one link of a kind; the same in text and HTML."""
    (in_text,) = re.findall(rf"https://tenders\.example\.org/{page}/([\w.-]+)", letter.text)
    (in_html,) = [link.rpartition("/")[2].partition("?")[0] for link in links(letter) if f"/{page}/" in link]
    assert in_text == in_html
    return str(in_text)


# The question whether a search is wanted ---------------------------------------------------------------


def test_a_confirmation_says_which_search_and_how_often_and_asks(record: "Record") -> None:
    letter = ask(record, LetterKind.CONFIRMATION).written
    assert letter.recipient == ANNA
    assert letter.subject == "Please confirm your search at Tender Monitor"
    for text in (" ".join(letter.text.split()), words(letter)):
        assert "Is this search yours?" in text
        assert (
            "Somebody entered anna@example.org at Tender Monitor to be told of new public tenders in Japan." in text
        )
        assert "Name: Hydrogen" in text
        assert "Looks for: area:renewables prefecture:Tokyo" in text
        assert "Letters: every day at 07:30 (Paris), if something was found" in text
        assert "If it was not you, do nothing: nothing will be sent to you, and after 7 days the request" in text
        assert "Tender Monitor, run by desk@example.org" in text


@pytest.mark.parametrize(
    ("name", "query", "spoken", "said"),
    [
        ("Everything", "", "en", ["Looks for: everything"]),
        ("すべての案件", "", "ja", ["検索内容：すべて"]),
        ("Everything", "", "ja", ["検索内容：すべて"]),
        ("水素", "水素", "en", ["Looks for: 水素"]),
        ("All of it", "", "en", ["Name: All of it", "Looks for: everything"]),
    ],
)
def test_what_a_search_looks_for_is_said_once(
    record: "Record", name: str, query: str, spoken: str, said: list[str]
) -> None:
    letter = ask(record, LetterKind.CONFIRMATION, name=name, query=query, spoken=spoken).written
    facts = [line.removeprefix(" * ") for line in letter.text.splitlines() if line.startswith(" * ")]
    assert facts[:-1] == said


@pytest.mark.parametrize(
    ("frequency", "said"),
    [
        (Frequency.AT_ONCE, "Letters: at once, whenever something is found"),
        (Frequency.WEEKLY, "Letters: every Friday at 07:30 (Paris), if something was found"),
        (Frequency.NEVER, "Letters: none; a feed and a calendar of its own have what is found"),
    ],
)
def test_how_often_is_said_in_words(record: "Record", frequency: Frequency, said: str) -> None:
    assert f" * {said}\n" in ask(record, LetterKind.CONFIRMATION, frequency=frequency).written.text


def test_its_link_confirms_that_search_for_seven_days_and_nothing_else(record: "Record") -> None:
    asked = ask(record, LetterKind.CONFIRMATION)
    made = token(asked.written, "confirm")
    assert LINKS.read(Purpose.CONFIRM, made, now=EIGHT + 7 * DAY) == asked.search
    assert LINKS.read(Purpose.CONFIRM, made, now=EIGHT + 7 * DAY + timedelta(seconds=1)) is None
    assert LINKS.read(Purpose.CHOICES, made, now=EIGHT) is None
    assert links(asked.written) == [f"https://tenders.example.org/confirm/{made}", "https://tenders.example.org/"]
    assert "The link holds until Tue 1 Dec 2026, 00:00 in Paris." in asked.written.text


def test_nobody_is_asked_twice_whether_they_want_what_they_confirmed(record: "Record") -> None:
    assert ask(record, LetterKind.CONFIRMATION, confirmed=True).letter is None


def test_whoever_unsubscribes_before_the_letter_is_sent_is_not_asked_any_more(record: "Record") -> None:
    def asked_at(session: Session, now: datetime) -> Digest:
        search = subscribers.ask(
            session, ANNA, choices=PARIS, name="Hydrogen", query="", frequency=Frequency.DAILY, now=now
        )
        kind = LetterKind.CONFIRMATION
        return deliveries.add_letter(
            session, search.subscriber_id, kind, now=now, domain="example.org", saved_search_id=search.id
        )

    def work(session: Session) -> tuple[Letter | None, Letter | None]:
        person = subscribers.add(session, ANNA, now=EIGHT - DAY)
        digest = asked_at(session, EIGHT)
        subscribers.unsubscribe(session, person.token, now=EIGHT + timedelta(seconds=1))
        at_once = written(session, digest)
        return at_once, written(session, asked_at(session, EIGHT + DAY))

    before, anew = record.database.write(work)
    assert before is None
    assert anew is not None  # they have asked since


def test_nobody_is_asked_about_a_search_that_is_gone(record: "Record") -> None:
    def work(session: Session) -> Letter | None:
        person = subscribers.add(session, ANNA, now=EIGHT)
        return written(
            session,
            deliveries.add_letter(session, person.id, LetterKind.CONFIRMATION, now=EIGHT, domain="example.org"),
        )

    assert record.database.write(work) is None


SPAM = [
    "Cheap pills at https://evil.example/x",
    "visit evil.example now",
    "evil。example",
    "write to evil@example.org",
    "call 03-1234-56789",
    "call ０３（１２３４）５６７８９",
    "call 0 3 1 2 3 4 5 6 7 8 9",
    "a/b",
    "line\nbreak",
    "You have won a very large prize, please go and fetch it at our office today before noon",
    "\u202eturned round",
    "★☆★",
]


@pytest.mark.parametrize("entered", SPAM)
def test_what_a_stranger_entered_is_not_repeated_where_it_could_be_a_message(record: "Record", entered: str) -> None:
    asked = [
        ask(record, LetterKind.CONFIRMATION, name=entered, query="水素").written,
        ask(record, LetterKind.CONFIRMATION, name="Hydrogen", query=entered).written,
    ]
    for letter in asked:
        for text in (letter.text, words(letter), letter.subject):
            assert not re.search("pills|evil|call|won|turned|★|a/b|line", text.replace("The link", ""))
            assert "Name:" not in text
            assert "Looks for:" not in text
        assert "The page shows you the search before you confirm it." in letter.text
        assert all(link.startswith("https://tenders.example.org/") for link in links(letter))


@pytest.mark.parametrize(
    "query",
    [
        "",
        '水素 OR "燃料 電池"',
        "area:renewables (prefecture:東京都 OR prefecture:Osaka) NOT kind:award",
        "value>=5,000,000,000 deadline<=2026-12-31",
        "ＬＥＤ照明 サーバー",
    ],
)
def test_an_honest_search_is_repeated(query: str) -> None:
    assert repeatable(query, LONGEST_QUERY)


@given(st.text(max_size=200))
def test_nothing_that_is_repeated_is_long_or_holds_an_address_or_a_line_break(entered: str) -> None:
    if repeatable(entered, LONGEST_NAME):
        assert len(entered) <= LONGEST_NAME
        assert not set(entered) & set("./@\\\r\n\t[]{}#?!")


def test_markup_in_a_search_stays_text(record: "Record") -> None:
    letter = ask(record, LetterKind.CONFIRMATION, name='"R&D" <b>', query="value<5 & <b>").written
    assert 'Name: "R&D" <b>' in words(letter)
    assert not BeautifulSoup(letter.html, "html.parser").find_all("b")
    assert "&lt;" not in letter.text


# A fresh link, a farewell, a word ----------------------------------------------------------------------


def test_a_fresh_link_opens_the_choices_for_thirty_days(record: "Record") -> None:
    asked = ask(record, LetterKind.CHOICES)
    made = token(asked.written, "choices")
    assert asked.written.subject == "Your page at Tender Monitor"
    assert LINKS.read(Purpose.CHOICES, made, now=EIGHT + 30 * DAY) == asked.subscriber
    assert LINKS.read(Purpose.CHOICES, made, now=EIGHT + 31 * DAY) is None
    assert "please do not pass this letter on" in asked.written.text
    assert "Hydrogen" not in asked.written.text


def test_only_a_farewell_can_delete_everything_and_only_for_a_day(record: "Record") -> None:
    asked = ask(record, LetterKind.FAREWELL)
    made = token(asked.written, "forget")
    assert asked.written.subject == "Delete everything at Tender Monitor?"
    assert LINKS.read(Purpose.FORGET, made, now=EIGHT + DAY) == asked.subscriber
    assert LINKS.read(Purpose.FORGET, made, now=EIGHT + 2 * DAY) is None
    assert "It cannot be undone." in asked.written.text
    assert "do nothing: everything stays as it is." in asked.written.text


def test_a_note_says_what_the_house_has_to_say_and_leads_to_the_choices(record: "Record") -> None:
    asked = ask(record, LetterKind.NOTE, note=TOLD)
    letter = asked.written
    assert letter.subject == "About your searches at Tender Monitor"
    for text in (letter.text, words(letter)):
        assert "The webhook at hooks.example.org is off: it did not answer." in text
    assert LINKS.read(Purpose.CHOICES, token(letter, "choices"), now=EIGHT) == asked.subscriber


def test_a_note_without_anything_to_say_is_not_written(record: "Record") -> None:
    assert ask(record, LetterKind.NOTE).letter is None


def test_digests_are_none_of_the_small_letters(record: "Record") -> None:
    assert ask(record, LetterKind.ALERT).letter is None


# All of them -------------------------------------------------------------------------------------------

KINDS = [LetterKind.CONFIRMATION, LetterKind.CHOICES, LetterKind.FAREWELL, LetterKind.NOTE]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spoken", ["en", "ja"])
def test_small_letters_are_whole_mails_that_do_not_belong_to_the_list(
    record: "Record", kind: LetterKind, spoken: str
) -> None:
    letter = ask(record, kind, spoken=spoken, note=TOLD).written
    page = BeautifulSoup(letter.html, "html.parser")
    assert letter.unsubscribe_url is None
    assert letter.unsubscribe_mail is None
    assert letter.date == EIGHT
    assert letter.message_id.endswith("@example.org>")
    assert letter.language == spoken
    assert letter.tenders == 0
    assert page.find("html", lang=spoken)
    assert not page.find_all(["script", "img", "form", "link"])
    assert "\n\n\n" not in letter.text
    assert not re.search(r"[ \t]\n", letter.text)
    assert letter.text.endswith(".org/\n")
    assert len(as_bytes(letter)) < 20_000
    for link in links(letter)[:-1]:
        assert link.endswith("?lang=ja") == (spoken == "ja")


def test_writing_one_again_gives_the_same_link(record: "Record") -> None:
    def work(session: Session) -> tuple[Letter | None, Letter | None]:
        person = subscribers.add(session, ANNA, now=EIGHT)
        digest = deliveries.add_letter(session, person.id, LetterKind.CHOICES, now=EIGHT, domain="example.org")
        return written(session, digest), written(session, digest)

    first, second = record.database.write(work)
    assert first is not None
    assert first == second


def test_the_address_is_that_of_somebody_who_may_never_have_heard_of_us(record: "Record") -> None:
    asked = ask(record, LetterKind.CONFIRMATION)
    with record.database.reading() as session:
        assert session.get_one(Subscriber, asked.subscriber).state == SubscriberState.PENDING
    assert "tender" in asked.written.text
    assert "subscribed" not in asked.written.text
