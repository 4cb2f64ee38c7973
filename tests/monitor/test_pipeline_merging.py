"""Several notices of one procurement in the flow: one tender, and readers are told of what happened and no more."""

import csv
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

import pytest
from sqlmodel import Session, col, select

from db import subscribers
from db.archive import Archive
from db.award import Award
from db.card import Card, card, cards
from db.engine import Database
from db.history import Match
from db.tender import Tender, TenderEvent
from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import TOKYO, parse_date
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading
from monitor.pipeline import Flow, read_again, run_source
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import load_lexicon
from monitor.reading.reader import NoticeReader
from scrapers.source import Finding, Page, Request, Source, Steps, Window, page_of

NOW = datetime(2026, 4, 10, 6, tzinfo=TOKYO)
CASE = "0000000000000605023"
BEFORE = "庁舎警備業務"
"""Of the tenders that are in the record before; no test asks for them."""
TITLE = "水素ステーション運用保守業務"


@cache
def reader() -> NoticeReader:
    return NoticeReader(AreaReader(load_lexicon()))


class Portal(Source):
    """The portal of the ministries, as a test has it."""

    slug: ClassVar[str] = "pportal"

    def __init__(self, *found: Finding) -> None:
        super().__init__()
        self.found = found

    def steps(self, window: Window) -> Steps:
        yield Request("https://www.example.jp/list")
        yield from self.found


class Agency(Portal):
    """An agency's own list, which names the portal's case numbers."""

    slug: ClassVar[str] = "digital_agency"


class Collection(Portal):
    """What is collected from many sites."""

    slug: ClassVar[str] = "kkj"


class Awards(Portal):
    """The portal's award data."""

    slug: ClassVar[str] = "pportal_awards"


def text(deadline: int, more: str = "") -> str:
    return f"入札公告 次のとおり一般競争入札に付します。 入札書の提出期限 令和８年５月{deadline}日17時00分 {more}"


def notice(source: type[Portal], key: str = "1", **more: Any) -> ScrapedNotice:
    given: dict[str, Any] = {
        "source": source.slug,
        "key": key,
        "title": TITLE,
        "kind": NoticeKind.TENDER,
        "published": date(2026, 4, 10),
        "url": f"https://example.jp/{source.slug}/{key}",
        "buyer": "デジタル庁",
        "references": (("調達案件番号", CASE),),
    }
    return ScrapedNotice(**(given | more))


def award(**more: Any) -> ScrapedAward:
    given: dict[str, Any] = {
        "source": "pportal_awards",
        "key": "1",
        "title": TITLE,
        "date": date(2026, 6, 1),
        "published": date(2026, 6, 2),
        "supplier": "見本株式会社",
        "amount": Decimal(31_389_000),
        "case_number": CASE,
    }
    return ScrapedAward(**(given | more))


@dataclass
class World:
    database: Database
    archive: Archive
    now: datetime = NOW

    @property
    def flow(self) -> Flow:
        return Flow(self.database, self.archive, reader(), lambda: self.now)

    def run(self, source: type[Portal], *found: Finding) -> None:
        def fetch(request: Request) -> Page:
            return page_of(b"a page", request)

        run = run_source(self.flow, source(*found), fetch)
        assert run.error is None
        self.now += timedelta(hours=1)

    def opened(self, *sources: type[Portal]) -> None:
        """The sources were read as a whole a while ago, and somebody subscribed to everything since."""
        self.now = NOW - timedelta(days=1)
        for source in sources:
            self.run(source, notice(source, "0", title=f"{source.slug} {BEFORE}", references=()))
        self.now = NOW

        def work(session: Session) -> None:
            person = subscribers.add(
                session, "reader@example.org", choices=subscribers.Choices(language="en"), now=NOW
            )
            subscribers.save_search(session, person, "all", "", now=NOW)

        self.database.write(work)

    def shown(self) -> list[Card]:
        with self.database.reading() as session:
            ids = select(Tender.id).where(col(Tender.title).not_like(f"%{BEFORE}")).order_by(col(Tender.published))
            return cards(session, session.exec(ids).all())

    def the_tender(self) -> Card:
        (one,) = self.shown()
        return one

    def events(self) -> list[tuple[str, tuple[str, ...], bool]]:
        with self.database.reading() as session:
            ours = select(TenderEvent).where(col(TenderEvent.tender_id).in_([one.id for one in self.shown()]))
            rows = session.exec(ours.order_by(col(TenderEvent.at), col(TenderEvent.sequence))).all()
        return [(one.kind, tuple(change.field for change in one.changes), one.alerts) for one in rows]

    def told(self) -> Sequence[int]:
        with self.database.reading() as session:
            return session.exec(select(Match.sequence).order_by(col(Match.sequence))).all()


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, Archive(tmp_path / "archive"))


def test_what_a_second_source_adds_is_shown_and_told_to_nobody(world: World) -> None:
    world.opened(Agency, Portal)
    world.run(Agency, notice(Agency))
    world.run(Portal, notice(Portal, text=text(20)))
    tender = world.the_tender()
    assert [source.source for source in tender.sources] == ["digital_agency", "pportal"]
    assert tender.deadline == datetime(2026, 5, 20, 17, tzinfo=TOKYO)
    assert world.events() == [("published", (), True), ("joined", ("deadline",), False)]
    assert (world.told(), tender.updated_at) == ([1], NOW)


def test_the_same_again_from_both_sources_changes_nothing(world: World) -> None:
    world.opened(Agency, Portal)
    for _ in range(2):
        world.run(Portal, notice(Portal, text=text(20)))
        world.run(Agency, notice(Agency))
    assert (len(world.events()), world.told()) == (2, [1])


def test_a_source_that_says_another_deadline_is_shown_beside_the_one_that_counts(world: World) -> None:
    world.opened(Portal, Collection)
    world.run(Portal, notice(Portal, text=text(20)))
    world.run(Collection, notice(Collection, text=text(22, f"調達案件番号 {CASE}")))
    tender = world.the_tender()
    assert [(said.source, said.value[:10], said.counts) for said in tender.said if said.field == "deadline"] == [
        ("pportal", "2026-05-20", True),
        ("kkj", "2026-05-22", False),
    ]
    assert world.told() == [1]


def test_a_better_source_that_moves_the_deadline_is_told(world: World) -> None:
    world.opened(Portal, Collection)
    world.run(Collection, notice(Collection, text=text(20, f"調達案件番号 {CASE}")))
    world.run(Portal, notice(Portal, text=text(22)))
    with world.database.reading() as session:
        event = session.exec(select(TenderEvent).where(TenderEvent.sequence == 2)).one()
    (change,) = [one for one in event.changes if one.field == "deadline"]
    assert (event.kind, change.before, change.after, change.source) == (
        "changed",
        "2026-05-20T17:00:00+09:00",
        "2026-05-22T17:00:00+09:00",
        "pportal",
    )
    assert world.told() == [1, 2]


def test_a_correction_that_moves_the_deadline_is_told_with_both(world: World) -> None:
    world.opened(Portal)
    world.run(Portal, notice(Portal, text=text(20)))
    corrected = notice(
        Portal, "2", title=f"【訂正】{TITLE}", kind=NoticeKind.AMENDMENT, published=date(2026, 4, 15), text=text(27)
    )
    world.run(Portal, notice(Portal, text=text(20)), corrected)
    tender = world.the_tender()
    assert (tender.deadline, tender.title, tender.kind) == (
        datetime(2026, 5, 27, 17, tzinfo=TOKYO),
        TITLE,
        NoticeKind.TENDER,
    )
    assert world.events()[1:] == [("changed", ("deadline",), True)]
    assert world.told() == [1, 2]


def test_a_cancellation_is_told_to_those_who_heard_of_the_tender(world: World) -> None:
    world.opened(Portal)
    world.run(Portal, notice(Portal, text=text(20)))
    off = notice(Portal, "2", title=f"【中止】{TITLE}", kind=NoticeKind.CANCELLATION, published=date(2026, 4, 15))
    world.run(Portal, off)
    assert world.the_tender().cancelled
    assert world.events()[1:] == [("cancelled", ("kind",), True)]
    assert world.told() == [1, 2]


def test_a_first_crawl_that_joins_alerts_nobody_whatever_it_finds(world: World) -> None:
    world.opened(Agency)
    world.run(Agency, notice(Agency))
    off = notice(Portal, "2", kind=NoticeKind.CANCELLATION, published=date(2026, 4, 15))
    world.run(Portal, notice(Portal, text=text(20)), off)
    assert world.the_tender().cancelled
    assert world.told() == [1]


def test_the_call_that_follows_a_request_for_comments_takes_it_up(world: World) -> None:
    world.opened(Portal)
    request = notice(Portal, "9", kind=NoticeKind.COMMENT_REQUEST, published=date(2026, 4, 9))
    world.run(Portal, request)
    world.run(Portal, notice(Portal, "1", text=text(20), published=date(2026, 4, 10)))
    tender = world.the_tender()
    assert [source.kind for source in tender.sources] == ["comment-request", "tender"]
    assert (tender.kind, tender.published) == (NoticeKind.TENDER, date(2026, 4, 10))
    assert world.events()[1][0] == "changed"
    assert "kind" in world.events()[1][1]
    assert world.told() == [1, 2]


@pytest.mark.parametrize("award_first", [True, False])
def test_an_award_is_linked_to_its_tender_whichever_comes_first(world: World, award_first: bool) -> None:
    world.opened(Portal, Awards)
    steps: list[tuple[type[Portal], Finding]] = [(Portal, notice(Portal, text=text(20))), (Awards, award())]
    for source, found in reversed(steps) if award_first else steps:
        world.run(source, found)
    tender = world.the_tender()
    with world.database.reading() as session:
        (won,) = session.exec(select(Award)).all()
    assert (won.tender_id, tender.kind, tender.awarded) == (tender.id, NoticeKind.AWARD, date(2026, 6, 1))
    # Award data come in bulk, months later: they are shown and told to nobody.
    assert world.told() == [1]
    if not award_first:
        assert world.events()[1:] == [("awarded", ("kind",), False)]


def test_an_award_of_another_case_is_linked_to_nothing(world: World) -> None:
    world.opened(Portal, Awards)
    world.run(Portal, notice(Portal, text=text(20)))
    world.run(Awards, award(case_number="0000000000000605024"))
    assert world.the_tender().kind is NoticeKind.TENDER


def test_other_lots_years_and_buyers_stay_apart(world: World) -> None:
    world.opened(Portal, Collection)
    world.run(Portal, notice(Portal, title=f"令和８年度{TITLE}（その１）", references=()))
    world.run(
        Collection,
        notice(Collection, "1", title=f"令和８年度{TITLE}（その２）", references=()),
        notice(Collection, "2", title=f"令和９年度{TITLE}（その１）", references=()),
        notice(Collection, "3", title=f"令和８年度{TITLE}（その１）", references=(), buyer="環境省"),
    )
    assert len(world.shown()) == 4


def test_reading_again_puts_together_what_rules_find_now_and_tells_nobody(world: World) -> None:
    world.opened(Agency, Portal)
    world.run(Agency, notice(Agency, references=()))
    world.run(Portal, notice(Portal, text=text(20), title="別の件名"))
    assert len(world.shown()) == 2
    before = len(world.events())
    world.run(Agency, notice(Agency))
    read_again(world.flow, everything=True)
    assert len(world.shown()) == 1
    assert len(world.told()) == before


def test_an_old_address_still_leads_to_the_tender_that_it_became(world: World) -> None:
    world.opened(Agency, Portal)
    world.run(Agency, notice(Agency, references=()))
    world.run(Portal, notice(Portal, text=text(20), title="別の件名"))
    ids = [one.id for one in world.shown()]
    world.run(Agency, notice(Agency))
    kept = world.the_tender()
    assert kept.id in ids
    with world.database.reading() as session:
        assert [found.id for id in ids if (found := card(session, id))] == [kept.id, kept.id]


# Going apart ---------------------------------------------------------------------------------------------


def test_a_notice_that_no_longer_fits_is_no_new_tender_to_readers(world: World) -> None:
    world.opened(Collection, Portal)
    world.run(Collection, notice(Collection, references=()))
    world.run(Portal, notice(Portal, text=text(20)))
    assert len(world.shown()) == 1
    # The portal gives the case another title and lot: what was one tender is two.
    world.run(Portal, notice(Portal, text=text(20), title=f"{TITLE}（その２）"))
    assert len(world.shown()) == 2
    assert [kind for kind, _, alerts in world.events() if alerts] == ["published", "changed"]
    world.run(Collection, notice(Collection, references=(), place="東京都"))
    assert len(world.told()) == 2


def test_a_deadline_that_moves_is_told_where_its_notice_leaves_the_tender_by_that(world: World) -> None:
    world.opened(Collection, Portal)
    world.run(Collection, notice(Collection, references=(), text=text(20)))
    world.run(Portal, notice(Portal, references=(), text=text(20)))
    assert len(world.shown()) == 1
    world.run(Portal, notice(Portal, references=(), text=text(27)))
    assert len(world.shown()) == 2
    assert [event for event in world.events() if event[2]] == [
        ("published", (), True),
        ("changed", ("deadline",), True),
    ]
    assert len(world.told()) == 2


def test_a_copy_that_stays_behind_when_the_deadline_moves_is_told_to_nobody(world: World) -> None:
    world.opened(Portal, Collection)
    world.run(Portal, notice(Portal, references=(), text=text(20)))
    world.run(Collection, notice(Collection, references=(), text=text(20), buyer="デジタル庁 "))
    world.run(Portal, notice(Portal, references=(), text=text(27)))
    assert len(world.shown()) == 2
    assert [fields for _, fields, alerts in world.events() if alerts] == [(), ("deadline",)]


def test_an_award_leaves_a_tender_that_turns_out_to_be_another_case(world: World) -> None:
    world.opened(Portal, Awards)
    world.run(Portal, notice(Portal, text=text(20)))
    world.run(Awards, award())
    assert world.the_tender().kind is NoticeKind.AWARD
    world.run(Portal, notice(Portal, text=text(20), references=(("調達案件番号", "0000000000000605024"),)))
    tender = world.the_tender()
    with world.database.reading() as session:
        (won,) = session.exec(select(Award)).all()
    assert (won.tender_id, tender.kind, tender.awarded) == (None, NoticeKind.TENDER, None)


def test_award_data_that_a_changed_notice_brings_along_are_told_to_nobody(world: World) -> None:
    world.opened(Portal, Awards)
    world.run(Awards, award())
    world.run(Portal, notice(Portal, text=text(20), references=()))
    world.run(Portal, notice(Portal, text=text(20)))
    assert world.the_tender().kind is NoticeKind.AWARD
    assert world.told() == [1]


# Again ---------------------------------------------------------------------------------------------------


def test_a_call_that_is_repeated_is_told_even_where_nobody_names_a_deadline(world: World) -> None:
    world.opened(Portal)
    world.run(Portal, notice(Portal, references=()))
    again = notice(Portal, "2", title=f"{TITLE}（再度公告）", published=date(2026, 4, 28), references=())
    world.run(Portal, again)
    tender = world.the_tender()
    assert (tender.published, world.told()) == (date(2026, 4, 28), [1, 2])


def test_what_was_cancelled_before_the_source_was_ever_asked_is_told_to_nobody(world: World) -> None:
    world.opened(Portal)
    world.run(Portal, notice(Portal, kind=NoticeKind.CANCELLATION, published=date(2026, 1, 9)))
    assert (world.the_tender().cancelled, world.told()) == (True, [])


def test_a_cancellation_is_told_though_the_call_is_only_read_otherwise_by_a_new_parser(world: World) -> None:
    world.opened(Portal)
    world.run(Portal, notice(Portal, text=text(20)))
    off = notice(Portal, "2", title=f"【中止】{TITLE}", kind=NoticeKind.CANCELLATION, published=date(2026, 4, 15))
    newer = type("Newer", (Portal,), {"parser": "2"})
    world.run(newer, notice(Portal, text=text(20), place="東京都"), off)
    assert (world.the_tender().cancelled, world.told()) == (True, [1, 2])


def test_two_processes_that_find_one_tender_at_once_bring_it_together(
    postgresql_url: str, opened: Callable[[str], Database], tmp_path: Path
) -> None:
    archive = Archive(tmp_path / "archive")
    first, second = (World(opened(postgresql_url), archive) for _ in range(2))
    first.opened(Agency, Portal)
    begun, met = Event(), Event()

    class Slow:
        """Reads while the other process is in the middle of its own transaction."""

        revision = reader().revision

        def read(self, one: ScrapedNotice) -> Reading:
            begun.set()
            met.wait(0.2)
            return reader().read(one)

    def fetch(request: Request) -> Page:
        return page_of(b"a page", request)

    slow = Flow(first.database, archive, Slow(), lambda: NOW)
    with ThreadPoolExecutor(1) as threads:
        one = threads.submit(run_source, slow, Agency(notice(Agency)), fetch)
        begun.wait(10)
        second.run(Portal, notice(Portal, text=text(20)))
        assert one.result().error is None
    assert {source.source for source in first.the_tender().sources} == {"digital_agency", "pportal"}


PAIRS = Path(__file__).parents[3] / "shared" / "samples" / "pportal_awards"


@pytest.mark.skipif(not PAIRS.is_dir(), reason="the samples are not beside the project")
def test_the_ten_real_pairs_of_notice_and_award_find_each_other(world: World) -> None:
    with (PAIRS / "pairs_notices.csv").open(encoding="utf-8") as file:
        calls = list(csv.DictReader(file))
    with (PAIRS / "pairs_awards.csv").open(encoding="utf-8") as file:
        won = list(csv.DictReader(file))
    world.run(
        Portal,
        *(
            notice(
                Portal,
                str(number),
                title=row["案件名"],
                buyer=row["発注機関"],
                published=parse_date(row["公開開始日"]),
                references=(("調達案件番号", row["調達案件番号"]),),
            )
            for number, row in enumerate(calls)
        ),
    )
    world.run(
        Awards,
        *(
            award(
                key=str(number),
                title=row["案件名"],
                case_number=row["調達案件番号"],
                date=date.fromisoformat(row["落札日"]),
                supplier=row["落札者"],
            )
            for number, row in enumerate(won)
        ),
    )
    both = {row["調達案件番号"] for row in calls} & {row["調達案件番号"] for row in won}
    with world.database.reading() as session:
        linked = {one.case_number for one in session.exec(select(Award).where(col(Award.tender_id).is_not(None)))}
    assert len(both) == 10
    assert linked == both
