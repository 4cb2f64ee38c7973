"""Who is told of what, when, and who is not: from a source's answer to the letter in the mailbox."""

import mailbox
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar

import pytest

from db import subscribers
from db.subscribers import Choices
from db.vocabulary.delivery import Frequency
from db.vocabulary.japanese import TOKYO, to_tokyo
from db.vocabulary.notice import NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.run import RunMode
from monitor import household as home_of
from monitor import regroup
from monitor.config import Config, StorageSection
from monitor.household import Household, household
from monitor.pipeline import read_again, run_source
from monitor.reading.area_reader import AreaReader
from scrapers.source import Page, Request, Source, Steps, Window, page_of

MORNING = datetime(2026, 4, 13, 6, tzinfo=TOKYO)
"""A Monday, two hours before the end of the window."""
ASKED = (8, 13, 20)
"""The hours of a day at which letters are asked for: a round every minute would take the tests an hour."""
TITLE = "水素ステーション運用保守業務"
CASE = "0000000000000605023"


class Portal(Source):
    """A portal, as a test has it."""

    slug: ClassVar[str] = "pportal"

    def __init__(self, *found: ScrapedNotice) -> None:
        super().__init__()
        self.found = found

    def steps(self, window: Window) -> Steps:
        yield Request("https://www.example.jp/list")
        yield from self.found


class Agency(Portal):
    """Another one, which has the same tenders."""

    slug: ClassVar[str] = "digital_agency"


def notice(key: str = "1", source: type[Portal] = Portal, deadline: int = 28, **more: Any) -> ScrapedNotice:
    given: dict[str, Any] = {
        "title": TITLE,
        "kind": NoticeKind.TENDER,
        "published": date(2026, 4, 13),
        "url": f"https://example.jp/{source.slug}/{key}",
        "buyer": "環境省",
        "text": f"入札公告 次のとおり一般競争入札に付します。 入札書の提出期限 令和８年５月{deadline}日17時00分",
    }
    return ScrapedNotice(source=source.slug, key=key, **(given | more))


@dataclass
class World:
    """A house whose portals were all read before, at a moment that goes on when it is told to."""

    home: Path
    now: datetime = MORNING
    house: Household = field(init=False)
    newest: EmailMessage | None = None

    def subscribe(
        self,
        email: str = "anna@example.org",
        *,
        query: str = "水素",
        frequency: Frequency = Frequency.DAILY,
        **choices: Any,
    ) -> None:
        def work(session: Any) -> None:
            person = subscribers.add(session, email, choices=Choices(**choices), now=self.now)
            subscribers.save_search(session, person, query, query, frequency=frequency, now=self.now)

        self.house.database.write(work)

    def choose(self, email: str = "anna@example.org", **choices: Any) -> None:
        def work(session: Any) -> None:
            person = subscribers.by_email(session, email)
            assert person is not None
            subscribers.choose(session, person.id, Choices(**choices))

        self.house.database.write(work)

    def collect(self, *found: ScrapedNotice, source: type[Portal] = Portal, **more: Any) -> None:
        def fetch(request: Request) -> Page:
            return page_of(b"a page", request)

        run = run_source(self.house.flow, source(*found), fetch, **more)
        assert run.error is None
        self.now += timedelta(minutes=1)

    def go_on(self, **more: int) -> None:
        self.now += timedelta(**more)

    def letters(self) -> list[tuple[str, str]]:
        """To whom letters went in this round, and what is written over them."""
        before = self.mails()
        outcomes = self.house.deliver()
        fresh = [mail for key, mail in self.mails().items() if key not in before]
        assert [one.error for one in outcomes] == [None] * len(fresh)
        self.newest = fresh[-1] if fresh else self.newest
        return sorted((str(mail["To"]), str(mail["Subject"])) for mail in fresh)

    def days(self, count: int) -> list[tuple[str, str]]:
        """All letters of so many days, asked for soon after the window's end and at two other moments of each."""
        found: list[tuple[str, str]] = []
        end = self.now + timedelta(days=count)
        while True:
            found += self.letters()
            today = to_tokyo(self.now)
            moments = [today.replace(hour=hour, minute=5) + timedelta(days=day) for day in (0, 1) for hour in ASKED]
            self.now = min(moment for moment in moments if moment > self.now)
            if self.now >= end:
                self.now = end
                return found

    def mails(self) -> dict[str, EmailMessage]:
        """All letters of the mailbox, by their keys there."""
        folder = self.home / "mail"
        if not folder.exists():
            return {}
        kept = mailbox.Maildir(folder).iteritems()
        read = {key: message_from_bytes(bytes(mail), policy=policy.default) for key, mail in kept}
        return {key: mail for key, mail in read.items() if isinstance(mail, EmailMessage)}

    def body(self) -> str:
        """The text of the newest letter."""
        assert self.newest is not None
        part = self.newest.get_body(("plain",))
        assert isinstance(part, EmailMessage)
        return str(part.get_content())


@pytest.fixture(scope="module")
def areas() -> AreaReader:
    """Loaded once: it takes half a second."""
    return home_of.area_reader(Config())


@pytest.fixture
def world(tmp_path: Path, database_url: str, areas: AreaReader, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(home_of, "area_reader", lambda config: areas)
    world = World(tmp_path / "home", MORNING - timedelta(days=1))
    config = Config(storage=StorageSection(database=database_url))
    with household(config, home=world.home, clock=lambda: world.now) as house, closing(house):
        world.house = house
        for source in (Portal, Agency):
            world.collect(notice("0", source, title="庁舎警備業務", published=date(2026, 4, 1)), source=source)
        world.now = MORNING
        yield world


# Who is told --------------------------------------------------------------------------------------------


def test_what_is_new_comes_with_the_window_and_once(world: World) -> None:
    world.subscribe()
    world.collect(notice())
    assert world.letters() == []
    ((recipient, subject),) = world.days(5)
    assert recipient == "anna@example.org"
    assert "1" in subject


def test_a_search_that_is_told_at_once_does_not_wait_and_its_finds_of_one_crawl_are_one_letter(world: World) -> None:
    world.subscribe(frequency=Frequency.AT_ONCE)
    world.collect(notice("1"), notice("2", title=f"{TITLE} その2"))
    ((recipient, _),) = world.letters()
    assert recipient == "anna@example.org"
    world.collect(notice("3", title=f"{TITLE} その3"))
    assert world.letters() == []
    world.go_on(minutes=20)
    assert len(world.letters()) == 1
    assert world.days(3) == []


def test_a_weekly_search_is_told_on_its_day(world: World) -> None:
    world.subscribe(frequency=Frequency.WEEKLY, weekday=3)
    world.collect(notice())
    assert [len(world.days(1)) for _ in range(7)] == [0, 0, 0, 1, 0, 0, 0]


def test_a_search_that_is_never_told_brings_no_letter_whatever_happens(world: World) -> None:
    world.subscribe(frequency=Frequency.NEVER)
    world.collect(notice())
    world.collect(notice(deadline=30))
    assert world.days(8) == []


def test_everybody_has_their_own_hour(world: World) -> None:
    world.subscribe("anna@example.org", time_zone="Europe/Paris")
    world.subscribe("bert@example.org", time_zone="America/New_York")
    world.collect(notice())
    arrived = {}
    for _ in range(20):
        for recipient, _ in world.letters():
            arrived[recipient] = f"{world.now:%H:%M}"
        world.go_on(hours=1)
    assert arrived == {"anna@example.org": "15:01", "bert@example.org": "21:01"}


def test_who_moves_their_hour_or_zone_between_windows_misses_nothing_and_reads_nothing_twice(world: World) -> None:
    world.subscribe()
    found: list[str] = []
    zones = ("America/New_York", "Asia/Tokyo", "Europe/Paris", "Pacific/Auckland", "America/Los_Angeles")
    for number, zone in enumerate(zones):
        world.collect(notice(str(number), title=f"{TITLE} 第{number}回"))
        world.choose(time_zone=zone, digest_at=time(3 * number))
        for _ in range(24):
            world.go_on(hours=1)
            found += [world.body() for _ in world.letters()]
    for _ in range(30):
        world.go_on(hours=1)
        found += [world.body() for _ in world.letters()]
    assert [sum(f"{TITLE} 第{number}回" in body for body in found) for number in range(5)] == [1] * 5


def test_what_waits_for_the_week_comes_the_next_day_once_the_search_is_daily(world: World) -> None:
    world.subscribe(frequency=Frequency.WEEKLY, weekday=6)
    world.collect(notice())
    assert world.days(2) == []
    world.subscribe(frequency=Frequency.DAILY, weekday=6)  # saves the same search anew
    assert len(world.days(2)) == 1


def test_a_search_that_is_deleted_takes_along_what_it_was_to_tell_and_nothing_else(world: World) -> None:
    world.subscribe(query="水素")
    world.subscribe(query="kind:tender")
    world.collect(notice())

    def delete(session: Any) -> None:
        anna = subscribers.by_email(session, "anna@example.org")
        assert anna is not None
        (search,) = [one for one in subscribers.searches_of(session, anna.id) if one.query == "水素"]
        subscribers.delete_search(session, search)

    world.house.database.write(delete)
    assert len(world.days(2)) == 1
    assert "kind:tender" in world.body()


# What moves ---------------------------------------------------------------------------------------------


def test_a_deadline_that_moves_is_told_at_once_to_whoever_was_told_of_the_tender(world: World) -> None:
    world.subscribe("anna@example.org")
    world.collect(notice())
    world.days(1)
    world.subscribe("bert@example.org")
    world.collect(notice(deadline=30))
    assert [recipient for recipient, _ in world.letters()] == ["anna@example.org"]
    assert "30 May 2026" in world.body()
    assert [recipient for recipient, _ in world.days(2)] == ["bert@example.org"]


def test_a_cancellation_is_told_also_where_the_search_no_longer_finds_the_tender(world: World) -> None:
    world.subscribe(query="kind:tender")
    world.collect(notice())
    world.days(1)
    world.collect(notice(kind=NoticeKind.CANCELLATION, title=f"【中止】{TITLE}"))
    assert [recipient for recipient, _ in world.letters()] == ["anna@example.org"]
    assert world.days(3) == []


def test_what_is_cancelled_before_anybody_was_told_waits_for_the_digest(world: World) -> None:
    world.subscribe(query="kind:tender")
    world.collect(notice())
    world.collect(notice(kind=NoticeKind.CANCELLATION, title=f"【中止】{TITLE}"))
    assert world.letters() == []
    assert len(world.days(2)) == 1
    assert "Cancelled" in world.body()


def test_who_wants_no_alerts_hears_of_it_with_the_next_digest(world: World) -> None:
    world.subscribe(alerts=False)
    world.collect(notice())
    world.days(1)
    world.collect(notice(deadline=30))
    assert world.letters() == []
    assert len(world.days(1)) == 1


@pytest.mark.parametrize("query", ["水素", "kind:cancellation OR kind:tender", "水素 NOT 再開"])
def test_what_is_taken_up_again_is_told_at_once_to_whoever_read_that_it_was_cancelled(
    world: World, query: str
) -> None:
    world.subscribe(query=query)
    world.collect(notice())
    world.days(1)
    world.collect(notice(kind=NoticeKind.CANCELLATION, title=f"【中止】{TITLE}"))
    assert len(world.letters()) == 1
    world.go_on(minutes=20)
    world.collect(notice(title=f"【再開】{TITLE}"))
    ((recipient, subject),) = world.letters()
    assert recipient == "anna@example.org"
    assert subject.startswith("No longer cancelled")
    assert world.days(3) == []


def test_what_moves_and_moves_back_before_anybody_is_told_is_no_news(world: World) -> None:
    world.subscribe("anna@example.org")
    world.subscribe("bert@example.org", alerts=False)
    world.collect(notice())
    world.days(1)
    world.collect(notice(deadline=30))
    world.collect(notice())
    assert world.days(3) == []


def test_a_correction_that_two_sources_publish_is_told_at_once_by_the_first(world: World) -> None:
    world.subscribe(frequency=Frequency.AT_ONCE)
    same: dict[str, Any] = {"references": (("調達案件番号", CASE),)}
    for source in (Portal, Agency):
        world.collect(notice("1", source, **same), source=source)
    world.days(1)
    corrected = same | {"kind": NoticeKind.AMENDMENT, "title": f"【訂正】{TITLE}", "deadline": 30}
    found = []
    for source in (Portal, Agency):
        both = notice("1", source, **same), notice("2", source, **corrected)
        world.collect(*both, source=source)
        world.go_on(minutes=30)
        found += [subject for _, subject in world.letters()]
    assert [subject.partition(":")[0] for subject in found] == ["Deadline moved to Sat 30 May 2026"]
    assert len(world.days(2)) == 1, "the second one is not lost"


def test_a_search_whose_letters_end_tells_nothing_more_of_what_waits_or_moves(world: World) -> None:
    world.subscribe()
    world.collect(notice("1"))
    world.days(1)
    world.collect(notice("2", title=f"{TITLE} その2"))
    world.subscribe(frequency=Frequency.NEVER)  # saves the same search anew
    world.collect(notice("1", deadline=30))
    assert world.days(3) == []


def test_what_changes_otherwise_waits_for_the_window(world: World) -> None:
    world.subscribe()
    world.collect(notice())
    world.days(1)
    world.collect(notice(title=f"{TITLE}(水素)"))
    assert world.letters() == []
    assert len(world.days(1)) == 1


def test_a_tender_closes_soon_and_whoever_was_told_of_it_is_reminded_once(world: World) -> None:
    world.subscribe("anna@example.org")
    world.subscribe("bert@example.org", reminders=False)
    world.collect(notice(deadline=8))  # a Friday; Golden Week lies before it
    assert len(world.days(1)) == 2
    world.go_on(days=15)
    # Three working days before it lie the holidays of 4, 5 and 6 May.
    reminded = [(recipient, f"{world.now:%d %B}") for _ in range(6) for recipient, _ in world.days(1)]
    assert reminded == [("anna@example.org", "01 May")]


def test_who_looks_for_letters_once_a_day_reminds_as_well(world: World) -> None:
    world.subscribe()
    world.collect(notice(deadline=8))
    found = []
    for _ in range(25):
        world.now = world.now.replace(hour=20)
        world.house.delivered_at = None  # each time a new process
        found += [subject.partition(" – ")[0] for _, subject in world.letters()]
        world.go_on(days=1)
    assert found == ["1 tender for you", "1 tender closes soon"]


def test_a_zone_that_is_no_longer_known_is_tokyos(world: World) -> None:
    world.subscribe(time_zone="Mars/Base", frequency=Frequency.AT_ONCE)
    world.subscribe(time_zone="Mars/Base", query="kind:tender")
    world.collect(notice())
    assert len(world.letters()) == 1
    assert len(world.days(1)) == 1


def test_a_search_that_came_while_a_crawl_was_on_its_way_finds_what_it_brings(world: World) -> None:
    class Slow(Portal):
        def steps(self, window: Window) -> Steps:
            yield Request("https://www.example.jp/list")
            world.subscribe(frequency=Frequency.AT_ONCE)
            yield from self.found

    world.collect(notice(), source=Slow)
    assert len(world.letters()) == 1


# Who is not ---------------------------------------------------------------------------------------------


def test_a_first_crawl_alerts_nobody(world: World) -> None:
    class Third(Portal):
        slug: ClassVar[str] = "jetro_national"

    world.subscribe(frequency=Frequency.AT_ONCE)
    world.collect(notice("7", Third), source=Third)
    assert world.days(2) == []


def test_a_back_fill_alerts_nobody(world: World) -> None:
    world.subscribe(frequency=Frequency.AT_ONCE)
    world.collect(
        notice("7", published=date(2026, 1, 9)),
        mode=RunMode.BACKFILL,
        since=date(2026, 1, 1),
        until=date(2026, 2, 1),
    )
    assert world.days(2) == []


def test_the_same_again_and_reading_everything_again_alert_nobody(world: World) -> None:
    world.subscribe(frequency=Frequency.AT_ONCE)
    world.collect(notice())
    assert len(world.days(1)) == 1
    for _ in range(2):
        world.collect(notice())
        read_again(world.house.flow, everything=True)
    assert world.days(2) == []


def test_what_became_one_tender_by_another_source_is_told_once(world: World) -> None:
    world.subscribe(frequency=Frequency.AT_ONCE)
    same: dict[str, Any] = {"references": (("調達案件番号", CASE),)}
    world.collect(notice(**same))
    assert len(world.letters()) == 1
    world.collect(notice("9", Agency, **same), source=Agency)
    assert world.days(2) == []


def test_joining_and_splitting_by_hand_alert_nobody(world: World) -> None:
    world.subscribe(frequency=Frequency.AT_ONCE)
    world.collect(notice("1"))
    world.collect(notice("2", Agency, title=f"{TITLE} 分離分", buyer="経済産業省", deadline=29), source=Agency)
    assert len(world.days(1)) >= 1
    first, second = notice_id("pportal", "1"), notice_id("digital_agency", "2")
    database = world.house.database
    database.write(lambda session: regroup.join(session, first, second, now=world.now))
    assert world.days(1) == []
    database.write(lambda session: regroup.split(session, second, now=world.now))
    assert world.days(1) == []
    # What happens after it is told as what happened to a tender that was known.
    world.collect(notice("2", Agency, title=f"{TITLE} 分離分", buyer="経済産業省", deadline=30), source=Agency)
    assert len(world.letters()) == 1


def test_whoever_unsubscribed_gets_nothing_more_and_whoever_paused_gets_it_later(world: World) -> None:
    world.subscribe("anna@example.org")
    world.subscribe("bert@example.org", paused_until=date(2026, 4, 20))
    world.collect(notice())
    database = world.house.database

    def leave(session: Any) -> None:
        anna = subscribers.by_email(session, "anna@example.org")
        assert anna is not None
        subscribers.unsubscribe(session, anna.token, now=world.now)

    database.write(leave)
    found = []
    for day in range(13, 23):
        found += [(recipient, day) for recipient, _ in world.days(1)]
    assert found == [("bert@example.org", 20)] or found == [("bert@example.org", 19)]
