"""Tenders in the Open Contracting Data Standard: what a release says, and that the standard's own tools take it."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlmodel import Session

from alerts.site import Site
from db import exporting, tenders, translations
from db.archive import Archive
from db.engine import Database
from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.run import RunState
from monitor import regroup
from monitor.exports.ocds.packages import Form, Publishing, write_lines, write_package
from monitor.i18n import language
from monitor.pipeline import Flow, composed, read_again, run_source
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import load_lexicon
from monitor.reading.reader import NoticeReader
from scrapers.source import Finding, Page, Request, Source, Steps, Window, page_of
from tests.monitor.exports.standard import assert_compiled_alike, assert_sound, needs_the_standard

NOW = datetime(2026, 6, 1, 9, tzinfo=TOKYO)
SITE = Site("Tender Monitor", "https://monitor.example.org", "example.org,2026", "us@example.org")
Json = dict[str, Any]


class Portal(Source):
    """A portal that has what a test says."""

    slug: ClassVar[str] = "pportal"

    def __init__(self, *found: Finding) -> None:
        super().__init__()
        self.found = found

    def steps(self, window: Window) -> Steps:
        yield Request("https://www.example.jp/list")
        yield from self.found


def fetch(request: Request) -> Page:
    return page_of(b"a page", request)


@dataclass
class World:
    """A record that fills by publications, an hour after each other."""

    database: Database
    archive: Archive
    reader: NoticeReader
    now: datetime = NOW
    published: list[Finding] = field(default_factory=list)

    def publish(self, *found: Finding) -> None:
        self.now += timedelta(hours=1)
        flow = Flow(self.database, self.archive, self.reader, lambda: self.now)
        assert run_source(flow, Portal(*found), fetch).state is RunState.OK

    def written(self, form: Form, *, lines: bool = False) -> bytes:
        out = io.BytesIO()
        write = write_lines if lines else write_package
        with self.database.reading() as session:
            write(session, exporting.tender_ids(session), out, Publishing(SITE, self.now), form)
        return out.getvalue()

    def releases(self) -> list[Json]:
        found: list[Json] = json.loads(self.written(Form.RELEASES))["releases"]
        return found

    def record(self) -> Json:
        (found,) = json.loads(self.written(Form.RECORDS))["records"]
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="module")
def reader() -> NoticeReader:
    return NoticeReader(AreaReader(load_lexicon()))


@pytest.fixture
def world(database: Database, tmp_path: Path, reader: NoticeReader) -> World:
    return World(database, Archive(tmp_path / "archive"), reader)


CALL = ScrapedNotice(
    source="pportal",
    key="0000000000000582363",
    title="水素ステーションの保守業務",
    title_en="Upkeep of a hydrogen station",
    kind=NoticeKind.TENDER,
    published=date(2026, 5, 30),
    url="https://www.example.jp/1",
    buyer="環境省大臣官房",
    prefecture="東京都",
    category=Category.SERVICES,
    method="一般競争入札・最低価格",
    deadline=datetime(2026, 6, 20, 17, tzinfo=TOKYO),
    references=(("調達案件番号", "0000000000000582363"),),
    text="予定価格　12,000,000円（税込）",
)
WON = ScrapedAward(
    source="pportal_awards",
    key="0000000000000582363",
    case_number="0000000000000582363",
    title="水素ステーションの保守業務",
    date=date(2026, 6, 25),
    published=date(2026, 6, 28),
    supplier="株式会社見本",
    corporate_number="5050005005266",
    amount=Decimal("11000000"),
)


def test_a_call_is_a_release_with_the_tender_its_buyer_and_its_notice(world: World) -> None:
    world.publish(CALL)
    (release,) = world.releases()
    tender = release["tender"]
    assert release["tag"] == ["tender"]
    assert release["ocid"].startswith("ocds-000000-")
    assert release["date"] == "2026-06-01T10:00:00+09:00"
    assert (tender["title"], tender["title_en"]) == (CALL.title, CALL.title_en)
    assert (tender["status"], tender["procurementMethod"], tender["mainProcurementCategory"]) == (
        "active",
        "open",
        "services",
    )
    assert tender["value"] == {"amount": 12_000_000, "currency": "JPY"}
    assert tender["tenderPeriod"] == {
        "startDate": "2026-05-30T00:00:00+09:00",
        "endDate": "2026-06-20T17:00:00+09:00",
    }
    assert [one["documentType"] for one in tender["documents"]] == ["tenderNotice"]
    (buyer,) = release["parties"]
    assert buyer["roles"] == ["buyer", "procuringEntity"]
    assert buyer["identifier"]["scheme"] == "JP-JTM"
    assert release["buyer"] == tender["procuringEntity"] == {"id": buyer["id"], "name": "環境省大臣官房"}
    assert [one["id"] for one in tender["items"][0]["additionalClassifications"] if one["scheme"] == "JTM-AREA"]


def test_a_deadline_that_moves_is_an_amendment_that_says_so(world: World) -> None:
    world.publish(CALL)
    world.publish(replace(CALL, deadline=datetime(2026, 6, 25, 17, tzinfo=TOKYO)))
    first, second = world.releases()
    assert (first["tag"], second["tag"]) == (["tender"], ["tenderUpdate"])
    (amendment,) = second["tender"]["amendments"]
    assert (amendment["amendsReleaseID"], amendment["releaseID"]) == (first["id"], second["id"])
    assert "6月20日" in amendment["description"]
    assert "6月25日" in amendment["description"]
    assert first["tender"]["tenderPeriod"]["endDate"] == "2026-06-20T17:00:00+09:00", "what was said then stays"
    assert "amendments" not in first["tender"]


def test_a_text_that_changes_is_an_amendment_that_names_it_and_gives_no_text(world: World) -> None:
    world.publish(CALL)
    world.publish(replace(CALL, text=f"{CALL.text}　納入場所を改めた。"))
    *_, release = world.releases()
    (amendment,) = release["tender"]["amendments"]
    assert amendment["description"] == language("ja").text("text")


def test_the_name_of_the_procedure_is_given_in_both_languages(world: World) -> None:
    world.publish(CALL)
    (release,) = world.releases()
    japanese, english = release["tender"]["procurementMethodDetails"].split(" / ")
    assert japanese == CALL.method
    assert english.isascii()


def test_a_cancellation_ends_the_tender(world: World) -> None:
    world.publish(CALL)
    world.publish(replace(CALL, kind=NoticeKind.CANCELLATION))
    _, release = world.releases()
    assert (release["tag"], release["tender"]["status"]) == (["tenderCancellation"], "cancelled")


def test_an_award_names_its_supplier_by_the_corporate_number(world: World) -> None:
    world.publish(CALL)
    world.publish(WON)
    _, release = world.releases()
    (award,) = release["awards"]
    assert release["tag"] == ["award"]
    assert release["tender"]["status"] == "complete"
    assert (award["date"], award["value"]) == (
        "2026-06-25T00:00:00+09:00",
        {"amount": 11_000_000, "currency": "JPY"},
    )
    assert award["suppliers"] == [{"id": "JP-JCN-5050005005266", "name": "株式会社見本"}]
    (supplier,) = [one for one in release["parties"] if "supplier" in one["roles"]]
    assert supplier["identifier"] == {"scheme": "JP-JCN", "id": "5050005005266", "legalName": "株式会社見本"}


def test_several_winners_are_several_awards_and_one_without_a_number_has_an_id_of_its_name(world: World) -> None:
    world.publish(CALL)
    world.publish(WON, replace(WON, key="2", supplier="合同会社例示", corporate_number=None, amount=None))
    *_, release = world.releases()
    assert len(release["awards"]) == 2
    schemes = sorted(one["identifier"]["scheme"] for one in release["parties"] if "supplier" in one["roles"])
    assert schemes == ["JP-JCN", "JP-JTM"]
    assert sum("value" in one for one in release["awards"]) == 1


def test_an_award_that_was_recorded_before_its_tender_is_told_after_its_first_notice(world: World) -> None:
    world.publish(WON)
    world.publish(CALL)
    call, award = world.releases()
    assert (call["tag"], award["tag"]) == (["tender"], ["award"])
    assert call["date"] == award["date"] == "2026-06-01T11:00:00+09:00"
    assert "awards" not in call


def test_tenders_that_a_person_makes_one_go_on_under_the_older_id_with_the_same_releases(world: World) -> None:
    world.publish(CALL)
    world.publish(replace(CALL, key="other", title="別の言い方の件名", references=(), buyer=None))
    first, second = world.releases()
    assert first["ocid"] != second["ocid"]
    before = {one["ocid"]: one["id"] for one in (first, second)}
    with world.database.reading() as session:
        ids = list(exporting.tender_ids(session))
    world.database.write(lambda session: regroup.join(session, *ids, now=world.now))
    merged = world.releases()
    assert {one["ocid"] for one in merged} == {f"{SITE.ocid_prefix}-{notice_id('pportal', CALL.key)}"}
    assert {one["id"] for one in merged} == set(before.values())
    assert len(world.record()["compiledRelease"]["tender"]["documents"]) == 2


def test_a_translated_title_stays_in_the_releases_before(world: World) -> None:
    untitled = replace(CALL, title_en=None)
    world.publish(untitled)
    with world.database.reading() as session:
        ids = list(exporting.tender_ids(session))

    def translate(session: Session) -> None:
        translations.store(session, {CALL.title: "Maintenance of a hydrogen station"}, service="deepl", now=world.now)
        tenders.store_quietly(session, composed(session, dict.fromkeys(ids)), now=world.now)

    world.database.write(translate)
    world.publish(replace(untitled, deadline=datetime(2026, 6, 25, 17, tzinfo=TOKYO)))
    assert [one["tender"]["title_en"] for one in world.releases()] == ["Maintenance of a hydrogen station"] * 2


def test_what_comes_before_a_call_is_planning(world: World) -> None:
    request = replace(CALL, kind=NoticeKind.COMMENT_REQUEST, deadline=None, text="")
    world.publish(request)
    world.publish(replace(CALL, published=date(2026, 5, 31)))
    first, second = world.releases()
    assert (first["tag"], second["tag"]) == (["planning"], ["tender"])
    assert first["planning"]["documents"][0]["documentType"] == "marketStudies"
    assert first["tender"]["status"] == "planning"


def test_a_copy_at_another_source_updates_the_tender_and_amends_nothing(world: World) -> None:
    world.publish(CALL)
    world.publish(replace(CALL, source="kkj", key="copy", url="https://www.example.jp/copy"))
    *_, release = world.releases()
    assert release["tag"] == ["tenderUpdate"]
    assert "amendments" not in release["tender"]
    assert len(release["tender"]["documents"]) == 2


def test_a_gist_of_ours_passes_for_no_english_title(world: World) -> None:
    world.publish(replace(CALL, title_en=None))
    (release,) = world.releases()
    assert "title_en" not in release["tender"]


def test_a_record_has_all_releases_and_what_they_come_to(world: World) -> None:
    world.publish(CALL)
    world.publish(replace(CALL, deadline=datetime(2026, 6, 25, 17, tzinfo=TOKYO)))
    world.publish(WON)
    record = world.record()
    compiled = record["compiledRelease"]
    assert [one["tag"] for one in record["releases"]] == [["tender"], ["tenderUpdate"], ["award"]]
    assert compiled["tag"] == ["compiled"]
    assert compiled["tender"]["tenderPeriod"]["endDate"] == "2026-06-25T17:00:00+09:00"
    assert len(compiled["tender"]["amendments"]) == len(compiled["awards"]) == 1


def test_releases_keep_their_ids_when_more_is_known(world: World) -> None:
    world.publish(CALL)
    (before,) = world.releases()
    world.publish(WON)
    read_again(Flow(world.database, world.archive, world.reader, lambda: world.now), everything=True)
    assert world.releases()[0] == before


def test_packages_name_who_publishes_and_a_file_of_lines_is_packages_too(world: World) -> None:
    world.publish(CALL)
    (line,) = world.written(Form.RELEASES, lines=True).splitlines()
    package = json.loads(line)
    assert package == json.loads(world.written(Form.RELEASES))
    assert (package["version"], package["publisher"]["name"]) == ("1.1", "Tender Monitor")
    assert package["publicationPolicy"] == "https://monitor.example.org/data/"


CASES: Sequence[Sequence[Finding]] = (
    (CALL, replace(CALL, key="plan", title="計画", kind=NoticeKind.PLANNED, deadline=None, references=())),
    (replace(CALL, deadline=datetime(2026, 6, 25, 17, tzinfo=TOKYO)),),
    (replace(CALL, source="kkj", key="copy"), replace(CALL, key="9", title="別件", references=(), buyer=None)),
    (WON, replace(WON, key="2", supplier="合同会社例示", corporate_number=None, amount=Decimal("37.2"))),
    (replace(CALL, key="9", title="別件", references=(), buyer=None, kind=NoticeKind.CANCELLATION),),
)
"""Of everything something, in the order in which it is published."""


@needs_the_standard
def test_the_standards_own_check_finds_nothing_wrong(world: World, tmp_path: Path) -> None:
    for some in CASES:
        world.publish(*some)
    paths = {form: tmp_path / f"{form}.json" for form in Form}
    for form, path in paths.items():
        path.write_bytes(world.written(form))
        assert_sound(path)
    assert assert_compiled_alike(paths[Form.RELEASES], paths[Form.RECORDS], tmp_path) == 3


def test_an_empty_record_is_an_empty_package(world: World) -> None:
    assert world.releases() == []
    assert world.written(Form.RECORDS, lines=True) == b""
