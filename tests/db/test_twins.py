"""One contract that several publications tell of counts once."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlmodel import Session, select

from db import awards, companies, results, twins
from db.award import Award, Supplier
from db.bulk import table
from db.engine import Database
from db.notices import ReadNotice, record
from db.vocabulary.award import ScrapedAward, supplier_id
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading, Result

NOW = datetime(2026, 6, 10, 6, tzinfo=TOKYO)
RUN = UUID(int=9)
NUMBER = "7000012050002"

OPEN = ScrapedAward(
    source="pportal_awards",
    key="0000000000000496653",
    title="庁舎の警備業務　一式",
    date=date(2026, 4, 1),
    published=date(2026, 5, 1),
    supplier="見本警備株式会社",
    corporate_number=NUMBER,
    amount=Decimal(31_389_000),
)


def notice(
    key: str = "1", *found: Result, title: str = "庁舎の警備業務　一式", published: date = date(2026, 5, 20)
) -> tuple[ScrapedNotice, tuple[Result, ...]]:
    scraped = ScrapedNotice(
        source="kanpo",
        key=key,
        title=title,
        kind=NoticeKind.AWARD,
        published=published,
        url="https://www.example.jp/1",
    )
    return scraped, found or (WON,)


WON = Result("見本警備㈱", date(2026, 4, 3), amount=Decimal(31_389_000))


def take_in(database: Database, *given: tuple[ScrapedNotice, tuple[Result, ...]]) -> None:
    def work(session: Session) -> None:
        recorded = record(session, [one for one, _ in given], run_id=RUN, now=NOW, parser="1")
        read = [
            ReadNotice(one.id, one.tender_id, one.version, one.notice, Reading(results=found))
            for one, (_, found) in zip(recorded, given, strict=True)
        ]
        results.store(session, read)

    database.write(work)


def take_in_open(database: Database, *given: ScrapedAward) -> None:
    def work(session: Session) -> None:
        awards.record(session, given, run_id=RUN, now=NOW)
        twins.mark(session, {supplier_id(one.supplier, one.corporate_number) for one in given})

    database.write(work)


def rows(database: Database) -> dict[str, Award]:
    with database.reading() as session:
        return {row.key: row for row in session.exec(select(Award))}


def same_company(database: Database) -> None:
    """What ``db.companies`` finds out: the name without a number is that of the company with one."""
    supplier = table(Supplier)

    def work(session: Session) -> None:
        session.connection().execute(
            supplier.update()
            .where(supplier.c.id == supplier_id("見本警備㈱"))
            .values(company_id=supplier_id("見本警備株式会社", NUMBER))
        )
        twins.mark(session, [supplier_id("見本警備㈱")])

    database.write(work)


def test_an_award_in_the_gazette_is_the_twin_of_that_in_the_open_data(database: Database) -> None:
    take_in_open(database, OPEN)
    take_in(database, notice())
    same_company(database)
    found = rows(database)
    assert found["1#1"].same_as == found[OPEN.key].id
    assert found[OPEN.key].same_as is None


def test_which_comes_first_makes_no_difference(database: Database) -> None:
    take_in(database, notice())
    take_in_open(database, OPEN)
    same_company(database)
    found = rows(database)
    assert found["1#1"].same_as == found[OPEN.key].id


@pytest.mark.parametrize(
    "other",
    [
        replace(WON, amount=Decimal(31_389_001)),
        replace(WON, decided=date(2026, 4, 20)),
        replace(WON, supplier="他社株式会社"),
        replace(WON, amount=None),
    ],
    ids=["another price", "another day", "another company", "no price"],
)
def test_what_differs_is_another_contract(database: Database, other: Result) -> None:
    take_in_open(database, OPEN)
    take_in(database, notice("1", other))
    if other.supplier == WON.supplier:
        same_company(database)
    assert [row.same_as for row in rows(database).values()] == [None, None]


@pytest.mark.parametrize(
    ("decided", "without", "with_tax"),
    [
        (date(2026, 4, 1), 31_389_000, 34_527_900),
        (date(2026, 4, 1), 12_345_678, 13_580_245),  # 13,580,245.8: parts of a yen are dropped
        (date(2019, 9, 30), 10_000_000, 10_800_000),
        (date(2013, 4, 1), 10_000_000, 10_500_000),
    ],
)
def test_a_price_with_consumption_tax_in_the_gazette_is_that_of_the_open_data(
    database: Database, decided: date, without: int, with_tax: int
) -> None:
    take_in_open(database, replace(OPEN, amount=Decimal(without), date=decided))
    take_in(database, notice("1", replace(WON, amount=Decimal(with_tax), decided=decided)))
    same_company(database)
    found = rows(database)
    assert found["1#1"].same_as == found[OPEN.key].id


@pytest.mark.parametrize(
    ("decided", "without", "with_tax"),
    [
        (date(2026, 4, 1), 31_389_000, 34_527_901),
        (date(2026, 4, 1), 10_000_000, 10_800_000),  # the rate of another year
        (date(2026, 4, 1), 40, 44),  # a price per unit
    ],
)
def test_what_is_not_the_price_with_its_tax_is_another_contract(
    database: Database, decided: date, without: int, with_tax: int
) -> None:
    take_in_open(database, replace(OPEN, amount=Decimal(without), date=decided))
    take_in(database, notice("1", replace(WON, amount=Decimal(with_tax), decided=decided)))
    same_company(database)
    assert [row.same_as for row in rows(database).values()] == [None, None]


def test_the_same_price_goes_before_that_with_tax(database: Database) -> None:
    take_in_open(database, replace(OPEN, key="2" * 19, amount=Decimal(28_535_455)), OPEN)
    take_in(database, notice("1", replace(WON, amount=Decimal(31_389_000))))
    same_company(database)
    found = rows(database)
    assert found["1#1"].same_as == found[OPEN.key].id


def test_contracts_of_one_price_on_one_day_remain_as_many(database: Database) -> None:
    take_in_open(database, OPEN, replace(OPEN, key="2" * 19, title="別の庁舎の警備業務"))
    take_in(
        database, notice("1"), notice("2", title="第三の庁舎の警備業務"), notice("3", title="第四の庁舎の警備業務")
    )
    same_company(database)
    assert sum(row.same_as is None for row in rows(database).values()) == 3


def test_a_notice_that_is_published_again_is_one_contract(database: Database) -> None:
    take_in(database, notice("1"), notice("2", published=date(2026, 5, 27)))
    found = rows(database)
    assert (found["1#1"].same_as, found["2#1"].same_as) == (None, found["1#1"].id)


def test_a_correction_that_makes_it_another_contract_undoes_the_twins(database: Database) -> None:
    take_in_open(database, OPEN)
    take_in(database, notice())
    same_company(database)
    take_in(database, notice("1", replace(WON, amount=Decimal(1_000_000))))
    assert [row.same_as for row in rows(database).values()] == [None, None]


def test_a_correction_that_takes_the_price_away_undoes_the_twins(database: Database) -> None:
    take_in_open(database, OPEN)
    take_in(database, notice())
    same_company(database)
    take_in(database, notice("1", replace(WON, amount=None)))
    assert [row.same_as for row in rows(database).values()] == [None, None]


def test_a_correction_that_names_another_winner_undoes_the_twins(database: Database) -> None:
    take_in_open(database, OPEN)
    take_in(database, notice())
    assert rows(database)["1#1"].same_as
    take_in_open(database, replace(OPEN, supplier="他社株式会社", corporate_number="8999900000001"))
    assert [row.same_as for row in rows(database).values()] == [None, None]


def test_where_a_spelling_turns_out_to_be_another_company_the_twins_of_both_are_found_anew(
    database: Database,
) -> None:
    numbered = replace(WON, corporate_number=NUMBER)
    take_in(database, notice("1"), notice("2", numbered, published=date(2026, 5, 27)))
    assert rows(database)["2#1"].same_as == rows(database)["1#1"].id, "one name"
    namesake = replace(OPEN, corporate_number="8999900000001", amount=Decimal(1))
    take_in_open(database, namesake)
    assert {row.same_as for row in rows(database).values()} == {None}


def test_a_branch_in_the_gazette_is_the_company_in_the_open_data(database: Database) -> None:
    take_in(database, notice("1", replace(WON, supplier="見本警備㈱四国支社")))
    take_in_open(database, OPEN)
    assert rows(database)["1#1"].same_as == rows(database)[OPEN.key].id


def test_what_the_derived_step_joins_is_counted_once(database: Database) -> None:
    take_in_open(database, OPEN)
    take_in(database, notice())

    def as_it_was(session: Session) -> None:
        session.connection().execute(table(Supplier).update().values(company_id=None))
        session.connection().execute(table(Award).update().values(same_as=None))

    database.write(as_it_was)
    companies.STEP.make(database)
    assert rows(database)["1#1"].same_as == rows(database)[OPEN.key].id


def test_storing_results_again_changes_nothing(database: Database) -> None:
    take_in(database, notice())
    before = rows(database)["1#1"].model_dump()
    take_in(database, notice())
    assert rows(database)["1#1"].model_dump() == before


def test_a_notice_that_no_longer_names_a_winner_loses_the_award_and_its_twins_count_again(database: Database) -> None:
    take_in(database, notice("1"), notice("2", published=date(2026, 5, 27)))

    def forget(session: Session) -> None:
        (kept,) = record(session, [notice("1")[0]], run_id=RUN, now=NOW, parser="1")
        results.store(session, [ReadNotice(kept.id, kept.tender_id, kept.version, kept.notice, Reading())])

    database.write(forget)
    assert {key: row.same_as for key, row in rows(database).items()} == {"2#1": None}


def test_awards_go_with_their_notice_to_another_tender(database: Database) -> None:
    take_in(database, notice())
    (award,) = rows(database).values()
    assert award.notice_id is not None
    assert award.tender_id == award.notice_id

    def move(session: Session) -> None:
        assert results.follow(session, {award.notice_id: UUID(int=7)} if award.notice_id else {}) == {
            award.tender_id,
            UUID(int=7),
        }
        awards.link(session, {}, of=[UUID(int=7)])

    database.write(move)
    assert rows(database)["1#1"].tender_id == UUID(int=7)
