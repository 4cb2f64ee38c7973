"""Results out of notices in the one flow: read, kept with the notice and its tender, and read again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlmodel import select

from db.archive import Archive
from db.award import Award, Supplier
from db.engine import Database
from db.tender import Tender
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading
from db.vocabulary.run import RunState
from monitor.pipeline import Flow, read_again, run_source
from monitor.reading.results import read_results
from scrapers.source import Page, Request, Source, Steps, Window, page_of

NOW = datetime(2025, 7, 4, 6, tzinfo=TOKYO)
TEXT = """落札者等の公示
契約方式　一般
落札決定日（随意契約の場合は契約日）　7. 5.16
落札者（随意契約の場合は契約者）の氏名及び住所　{winner}（東京都千代田区丸の内３-２-３）
落札価格（随意契約の場合は契約価格）　47,300,000円"""


@dataclass
class ReadsResults:
    revision: str = "1"
    reads: bool = True

    def read(self, notice: ScrapedNotice) -> Reading:
        return Reading(results=read_results(notice) if self.reads else ())


class Gazette(Source):
    """A gazette that has what a test says."""

    slug: ClassVar[str] = "kanpo"

    def __init__(self, *found: ScrapedNotice) -> None:
        super().__init__()
        self.found = found

    def steps(self, window: Window) -> Steps:
        yield Request("https://www.example.jp/list")
        yield from self.found


@dataclass
class World:
    database: Database
    archive: Archive
    reader: ReadsResults = field(default_factory=ReadsResults)
    now: datetime = NOW

    @property
    def flow(self) -> Flow:
        return Flow(self.database, self.archive, self.reader, lambda: self.now)

    def publish(self, *found: ScrapedNotice) -> None:
        self.now += timedelta(hours=1)
        assert run_source(self.flow, Gazette(*found), fetch).state is RunState.OK

    def rows(self, model: type[Any]) -> Sequence[Any]:
        with self.database.reading() as session:
            return session.exec(select(model)).all()


def fetch(request: Request) -> Page:
    return page_of(b"a page", request)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, Archive(tmp_path / "archive"))


def notice(winner: str = "見本監査法人", key: str = "1") -> ScrapedNotice:
    return ScrapedNotice(
        source="kanpo",
        key=key,
        title="児童手当システムの調査研究",
        kind=NoticeKind.AWARD,
        published=date(2025, 7, 3),
        url=f"https://www.example.jp/{key}",
        buyer="見本庁長官官房",
        text=TEXT.format(winner=winner),
    )


def test_a_result_in_the_gazette_is_an_award_of_its_tender(world: World) -> None:
    world.publish(notice())
    (award,), (tender,), (supplier,) = world.rows(Award), world.rows(Tender), world.rows(Supplier)
    assert (award.supplier, award.amount, award.date) == ("見本監査法人", Decimal(47_300_000), date(2025, 5, 16))
    assert (award.tender_id, award.buyer, award.address) == (
        tender.id,
        "見本庁長官官房",
        "東京都千代田区丸の内３-２-３",
    )
    assert tender.awarded == date(2025, 5, 16)
    assert supplier.name == "見本監査法人"


def test_taking_it_in_again_changes_nothing(world: World) -> None:
    world.publish(notice())
    before = [row.model_dump() for row in world.rows(Award)]
    world.publish(notice())
    assert [row.model_dump() for row in world.rows(Award)] == before


def test_a_corrected_winner_takes_the_place_of_the_first(world: World) -> None:
    world.publish(notice())
    world.publish(notice("他の監査法人"))
    assert [row.supplier for row in world.rows(Award)] == ["他の監査法人"]


def test_notices_of_an_older_record_get_their_results_by_reading_again(world: World) -> None:
    world.reader = ReadsResults("0", reads=False)
    world.publish(notice())
    assert world.rows(Award) == []
    world.reader = ReadsResults("1")
    assert read_again(world.flow).read == 1
    assert [row.supplier for row in world.rows(Award)] == ["見本監査法人"]
    assert [row.awarded for row in world.rows(Tender)] == [date(2025, 5, 16)]


def test_a_reader_that_no_longer_finds_a_winner_takes_the_award_away(world: World) -> None:
    world.publish(notice())
    world.reader = ReadsResults("2", reads=False)
    read_again(world.flow)
    assert world.rows(Award) == []
    assert [row.awarded for row in world.rows(Tender)] == [None]
