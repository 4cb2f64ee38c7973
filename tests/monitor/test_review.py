"""Where readers and the lexicon disagree: most of the marks decide, and the terms responsible are named."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from db import feedbacks, notices, tenders
from db.composing import compose
from db.engine import Database
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import Lexicon, Verdict, load_lexicon
from monitor.reading.reader import NoticeReader
from monitor.review import Disagreement, disagreements

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
TITLE = "水素ステーション整備工事"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


def tender(database: Database, lexicon: Lexicon, key: str = "1", *, title: str = TITLE) -> UUID:
    notice = ScrapedNotice(
        source="kkj",
        key=key,
        title=title,
        kind=NoticeKind.TENDER,
        published=date(2026, 4, 1),
        url="https://example.jp",
    )

    def work(session: Session) -> UUID:
        (one,) = notices.record(session, [notice], run_id=uuid4(), now=NOW)
        notices.store_readings(
            session, {(one.id, one.version): NoticeReader(AreaReader(lexicon)).read(notice)}, revision="test", now=NOW
        )
        composed = compose(one.tender_id, [*notices.read_notices(session, [one.tender_id])])
        tenders.store(session, [composed], run_id=uuid4(), now=NOW, alerts=lambda change: False)
        return composed.id

    return database.write(work)


def mark(database: Database, id: UUID, area: str, marks: str, at: datetime = NOW) -> None:
    """``marks`` has a + or a - for each reader."""

    def work(session: Session) -> None:
        for number, sign in enumerate(marks):
            feedbacks.mark(session, id, area, f"reader{number}", relevant=sign == "+", now=at)

    database.write(work)


def found(database: Database, lexicon: Lexicon, limit: int = 10) -> list[Disagreement]:
    with database.reading() as session:
        return disagreements(session, lexicon, limit=limit)


def test_an_area_that_most_readers_say_does_not_fit_is_listed_with_the_terms_that_gave_it(
    database: Database, lexicon: Lexicon
) -> None:
    id = tender(database, lexicon)
    mark(database, id, "mobility", "--+")
    (one,) = found(database, lexicon)
    assert (one.tender_id, one.title, one.area, one.given) == (id, TITLE, "mobility", True)
    assert (one.fits, one.against, one.at) == (1, 2, NOW)
    assert "水素ステーション" in [evidence.term for evidence in one.evidence]
    assert one.findings == ()


def test_an_area_that_readers_miss_is_listed_with_what_was_found_of_it(database: Database, lexicon: Lexicon) -> None:
    id = tender(database, lexicon, title="特別養護老人ホーム屋根改修工事")
    mark(database, id, "aging-society", "+")
    (one,) = found(database, lexicon)
    assert (one.given, one.evidence) == (False, ())
    assert any("老人ホーム" in finding.term for finding in one.findings)
    assert all(isinstance(finding.verdict, Verdict) for finding in one.findings)


def test_an_area_that_readers_miss_and_of_which_no_term_stands_there_has_no_findings(
    database: Database, lexicon: Lexicon
) -> None:
    mark(database, tender(database, lexicon, title="封筒の購入"), "mobility", "+")
    (one,) = found(database, lexicon)
    assert (one.area, one.given, one.findings) == ("mobility", False, ())


@pytest.mark.parametrize(
    ("area", "marks"), [("mobility", "+"), ("mobility", "+-"), ("smart-city", "-"), ("smart-city", "+-")]
)
def test_readers_who_agree_with_the_reading_or_are_divided_are_no_disagreement(
    database: Database, lexicon: Lexicon, area: str, marks: str
) -> None:
    mark(database, tender(database, lexicon), area, marks)
    assert found(database, lexicon) == []


def test_the_newest_mark_stands_first_and_the_list_ends_where_it_was_asked_to(
    database: Database, lexicon: Lexicon
) -> None:
    ids = [tender(database, lexicon, str(number)) for number in range(4)]
    for number, id in enumerate(ids):
        mark(database, id, "mobility", "-", NOW + timedelta(hours=number))
    mark(database, ids[3], "renewables", "+", NOW + timedelta(days=1))
    assert [one.tender_id for one in found(database, lexicon, limit=3)] == [ids[3], ids[2], ids[1]]
    assert len(found(database, lexicon)) == 4


def test_a_mark_that_agrees_with_a_later_reading_leaves_the_list(database: Database, lexicon: Lexicon) -> None:
    id = tender(database, lexicon)
    mark(database, id, "mobility", "-")
    assert len(found(database, lexicon)) == 1
    assert tender(database, lexicon, title="封筒の購入") == id
    assert found(database, lexicon) == []


def test_an_area_that_gave_way_to_another_is_listed_with_that(database: Database, tmp_path: Path) -> None:
    for slug, term in (("schools", "校務"), ("systems", "システム")):
        (tmp_path / f"{slug}.tsv").write_text(f"term\tenglish\tweight\n{term}\t{slug}\tstrong\n", encoding="utf-8")
    (tmp_path / "areas.toml").write_text(
        "".join(
            f'[[area]]\nslug = "{slug}"\nname = {{en = "", ja = ""}}\ndescription = {{en = "", ja = ""}}\n{more}'
            for slug, more in (("schools", ""), ("systems", 'gives_way_to = ["schools"]\n'))
        ),
        encoding="utf-8",
    )
    lexicon = load_lexicon(directory=tmp_path)
    mark(database, tender(database, lexicon, title="校務システムの更新"), "systems", "+")
    (one,) = found(database, lexicon)
    assert (one.given, one.gave_way_to) == (False, "schools")
    assert [finding.term for finding in one.findings] == ["システム"]


def test_marks_on_an_area_that_there_is_no_more_are_left_out(database: Database, lexicon: Lexicon) -> None:
    mark(database, tender(database, lexicon), "an-area-of-the-past", "+")
    assert found(database, lexicon) == []
