"""The focus areas of awards: read from their titles as they come, united with those of their tenders, read again."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import select
from sqlmodel import Session

from db import awards
from db.archive import Archive
from db.award import Award, AwardArea
from db.bulk import table
from db.engine import Database
from db.tender import Tender
from db.vocabulary.award import ScrapedAward, award_id
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import AreaScore, Reading, Result
from monitor import pipeline
from monitor.pipeline import Flow, read_awards_again, run_source
from scrapers.source import Finding, Request, Source, Steps, Window, page_of

NOW = datetime(2026, 6, 10, 6, tzinfo=TOKYO)


@dataclass
class Words:
    """A lexicon whose areas are words: titles have those that they contain."""

    words: tuple[str, ...] = ("水素",)
    titles: list[str] = field(default_factory=list)
    """What it was asked to read."""

    @property
    def revision(self) -> str:
        return " ".join(self.words)

    def read_parts(self, title: str) -> Reading:
        self.titles.append(title)
        return Reading(areas=tuple(AreaScore(word, 1.0, ()) for word in self.words if word in title))


@dataclass
class Reader:
    """Finds an area and a result in every notice."""

    revision: str = "1"

    def read(self, notice: ScrapedNotice) -> Reading:
        return Reading(
            areas=(AreaScore("蓄電池", 1.0, ()),) if "蓄電池" in notice.text else (),
            results=(Result("見本合同会社", date(2026, 6, 1)),) if notice.kind is NoticeKind.AWARD else (),
        )


class Scripted(Source):
    slug: ClassVar[str] = "pportal_awards"

    def __init__(self, *found: Finding) -> None:
        super().__init__()
        self.found = found

    def steps(self, window: Window) -> Steps:
        yield Request("https://www.example.jp/list")
        yield from self.found


@dataclass
class World:
    database: Database
    archive: Archive
    titles: Words = field(default_factory=Words)

    @property
    def flow(self) -> Flow:
        return Flow(self.database, self.archive, Reader(), lambda: NOW, titles=self.titles)

    def run(self, *found: Finding) -> None:
        run_source(self.flow, Scripted(*found), lambda request: page_of(b"a page", request))

    def areas(self, key: str, source: str = "pportal_awards") -> list[str]:
        found = awards.areas().subquery()
        with self.database.reading() as session:
            rows = session.connection().execute(
                select(found.c.area).where(found.c.award_id == award_id(source, key)).order_by(found.c.area)
            )
            return list(rows.scalars())


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, Archive(tmp_path / "archive"))


def award(key: str = "1", title: str = "水素ステーションの保守", *, published: int = 8) -> ScrapedAward:
    return ScrapedAward(
        source="pportal_awards",
        key=key,
        title=title,
        date=date(2026, 6, 1),
        published=date(2026, 6, published),
        supplier="見本合同会社",
        case_number="0000000000000496653",
    )


def test_areas_are_read_as_awards_come_and_only_of_those_that_are_new_or_changed(world: World) -> None:
    world.run(award("1"), award("2", "庁舎清掃"))
    assert (world.areas("1"), world.areas("2")) == (["水素"], [])
    world.run(award("1", published=9), award("2", "庁舎の水素設備清掃", published=9))
    assert world.areas("2") == ["水素"]
    first, second, third = world.titles.titles
    assert ({first, second}, third) == ({"水素ステーションの保守", "庁舎清掃"}, "庁舎の水素設備清掃")


def test_a_title_that_no_longer_names_an_area_loses_it(world: World) -> None:
    world.run(award("1"))
    world.run(award("1", "庁舎清掃", published=9))
    assert world.areas("1") == []


def test_awards_read_out_of_notices_have_areas_too(world: World) -> None:
    notice = ScrapedNotice(
        source="kanpo",
        key="9",
        title="水素設備の購入",
        kind=NoticeKind.AWARD,
        published=date(2026, 6, 5),
        url="https://www.example.jp/9",
    )
    world.run(notice)
    assert world.areas("9#1", "kanpo") == ["水素"]


def test_an_award_also_has_the_areas_of_its_tender_each_once(world: World) -> None:
    tender = ScrapedNotice(
        source="pportal",
        key="5",
        title="水素設備",
        kind=NoticeKind.TENDER,
        published=date(2026, 5, 1),
        url="https://www.example.jp/5",
        text="蓄電池を含む。",
    )
    world.run(award("1"), tender)

    def link(session: Session) -> None:
        (id,) = session.connection().execute(select(table(Tender).c.id)).scalars()
        awards.link(session, {"0000000000000496653": id})

    world.database.write(link)
    assert world.areas("1") == ["水素", "蓄電池"]


def test_after_the_areas_changed_stale_awards_are_read_again_batch_by_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH_OF_AWARDS", 2)
    world.run(*(award(str(number), f"水素と蓄電池{number}") for number in range(5)))
    assert read_awards_again(world.flow) == 0, "all were read with these areas"
    world.titles.words = ("蓄電池",)
    told: list[int] = []
    assert read_awards_again(world.flow, watch=told.append) == 5
    assert told == [2, 4, 5]
    assert {key: world.areas(key) for key in "01234"} == {key: ["蓄電池"] for key in "01234"}
    assert read_awards_again(world.flow) == 0
    assert read_awards_again(world.flow, everything=True) == 5


def test_a_house_without_a_reader_of_titles_reads_none(world: World) -> None:
    world.run(award("1"))
    assert read_awards_again(replace(world.flow, titles=None), everything=True) == 0


def test_an_award_that_goes_takes_its_areas_along(world: World) -> None:
    world.run(award("1"))

    def remove(session: Session) -> int:
        session.connection().execute(table(Award).delete())
        return len(session.connection().execute(select(table(AwardArea))).all())

    assert world.database.write(remove) == 0
