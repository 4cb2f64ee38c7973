"""Figures of awards, against a plain count of the same awards."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from db import awards, companies
from db.award import Award
from db.bulk import table
from db.companies import Registered
from db.engine import Database
from db.statistics import By, Chosen, Figures, Statistics, statistics
from db.vocabulary.award import ScrapedAward, award_id, supplier_id
from db.vocabulary.japanese import fiscal_year_of
from db.vocabulary.methods import NEGOTIATED, Procedure, procedure
from db.vocabulary.reading import AreaScore
from scrapers.sources.pportal_awards import METHODS, MINISTRIES

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RUN = UUID(int=7)
FROM_ABROAD, OF_TOKYO, OF_OSAKA, UNKNOWN = "7000012050002", "8999900000001", "9010401127151", "3120001253929"
REGISTER = {
    FROM_ABROAD: Registered(abroad=True),
    OF_TOKYO: Registered(abroad=False, prefecture="東京都"),
    OF_OSAKA: Registered(abroad=False, prefecture="大阪府"),
    UNKNOWN: None,
}


def award(key: str = "1", **more: Any) -> ScrapedAward:
    given: dict[str, Any] = {
        "source": "pportal_awards",
        "key": key,
        "title": "庁舎清掃業務",
        "date": date(2025, 6, 1),
        "published": date(2026, 5, 1),
        "supplier": "株式会社見本",
        "corporate_number": OF_TOKYO,
        "amount": Decimal(1_000_000),
        "buyer_code": "W1",
        "buyer": "デジタル庁",
        "method_code": "8002010",
        "method": METHODS["8002010"],
    }
    return ScrapedAward(**(given | more))


def keep(
    database: Database, *found: ScrapedAward, areas: Callable[[ScrapedAward], Sequence[str]] = lambda one: ()
) -> None:
    def work(session: Session) -> None:
        awards.record(session, found, run_id=RUN, now=NOW)
        read = {award_id(one.source, one.key): [AreaScore(area, 1.0, ()) for area in areas(one)] for one in found}
        awards.store_areas(session, read, revision="1")

    database.write(work)


def ask_register(database: Database) -> None:
    database.write(lambda session: companies.store_registered(session, REGISTER, now=NOW))


def count(database: Database, by: By = By.YEAR, chosen: Chosen | None = None, **more: Any) -> Statistics:
    with database.reading() as session:
        return statistics(session, chosen or Chosen(), by, **more)


def rows(found: Statistics) -> dict[str | None, tuple[int, Decimal]]:
    return {row.name: (row.figures.total.awards, row.figures.total.value) for row in found.rows}


# Against a plain count ------------------------------------------------------------------------------------

AREAS = ("renewables", "digital-health", "mobility")
NAMES = {FROM_ABROAD: "Example GmbH", OF_TOKYO: "株式会社見本", OF_OSAKA: "株式会社大阪見本", UNKNOWN: "見本合同会社"}


def many(count: int, seed: int = 3) -> list[ScrapedAward]:
    rng = random.Random(seed)
    methods = [*METHODS.items(), (None, "随意契約"), (None, "一般競争入札"), (None, "せり"), (None, None)]
    made = []
    for number in range(count):
        code, method = rng.choice(methods)
        ministry = rng.choice([*list(MINISTRIES)[:5], None])
        corporate = rng.choice([*NAMES, None])
        made.append(
            award(
                str(number),
                date=date(2019, 4, 1) + timedelta(days=rng.randrange(2_000)),
                supplier=NAMES[corporate] if corporate else rng.choice(["名無し組合", "株式会社　見本"]),
                corporate_number=corporate,
                amount=None if rng.random() < 0.2 else Decimal(rng.randrange(-50, 10**9)) / 10,
                buyer_code=ministry,
                buyer=MINISTRIES[ministry] if ministry else rng.choice(["見本県立病院", None]),
                method_code=code,
                method=method,
            )
        )
    return made


def areas_of(one: ScrapedAward) -> list[str]:
    return [area for number, area in enumerate(AREAS, 2) if int(one.key) % number == 0]


@dataclass
class Plain:
    """The same figures, by going through a list."""

    found: list[ScrapedAward]

    def figures(self) -> tuple[Any, ...]:
        priced = [one.amount for one in self.found if one.amount is not None]
        known = [one for one in self.found if procedure(one.method_code, one.method)]
        negotiated = [one for one in known if procedure(one.method_code, one.method) in NEGOTIATED]
        seats = [register for one in self.found if (register := REGISTER.get(number(one) or "")) is not None]
        return (
            len(self.found),
            len(priced),
            sum(priced, Decimal(0)),
            len(negotiated),
            len(known),
            sum((one.amount or Decimal(0) for one in negotiated), Decimal(0)),
            sum(seat.abroad is True for seat in seats),
            len(seats),
        )

    def by(self, key: Callable[[ScrapedAward], Iterable[str | None]]) -> dict[str | None, tuple[Any, ...]]:
        groups: dict[str | None, list[ScrapedAward]] = {}
        for one in self.found:
            for value in key(one):
                groups.setdefault(value, []).append(one)
        return {value: Plain(some).figures() for value, some in groups.items()}


def number(one: ScrapedAward) -> str | None:
    """The corporate number of an award's company: of 株式会社　見本 it is known by its name."""
    return one.corporate_number or (OF_TOKYO if one.supplier == "株式会社　見本" else None)


def counted(figures: Figures) -> tuple[Any, ...]:
    total, negotiated, abroad = figures.total, figures.negotiated, figures.abroad
    return (
        total.awards,
        total.priced,
        total.value,
        negotiated.part.awards,
        negotiated.known.awards,
        negotiated.part.value,
        abroad.part.awards,
        abroad.known.awards,
    )


KEYS: dict[By, Callable[[ScrapedAward], Iterable[str | None]]] = {
    By.YEAR: lambda one: [str(fiscal_year_of(one.date))],
    By.AREA: lambda one: areas_of(one) or [None],
    By.BUYER: lambda one: [one.buyer],
    By.METHOD: lambda one: [procedure(one.method_code, one.method)],
    By.SUPPLIER: lambda one: [
        str(supplier_id(one.supplier, number(one))),
    ],
}
CHOSEN: list[tuple[Chosen, Callable[[ScrapedAward], bool]]] = [
    (Chosen(), lambda one: True),
    (Chosen(area="mobility"), lambda one: "mobility" in areas_of(one)),
    (Chosen(buyer="国立"), lambda one: "国立" in (one.buyer or "")),
    (Chosen(buyer="a1"), lambda one: one.buyer_code == "A1"),
    (Chosen(since=2021, until=2022), lambda one: 2021 <= fiscal_year_of(one.date) <= 2022),
    (Chosen(prefecture="東京都"), lambda one: number(one) == OF_TOKYO),
    (
        Chosen(area="renewables", since=2020),
        lambda one: "renewables" in areas_of(one) and one.date >= date(2020, 4, 1),
    ),
]


def test_every_figure_is_what_a_plain_count_of_the_same_awards_gives(database: Database) -> None:
    found = many(400)
    keep(database, *found, areas=areas_of)
    ask_register(database)
    for chosen, fits in CHOSEN:
        plain = Plain([one for one in found if fits(one) and "最高価格" not in (one.method or "")])
        assert plain.found
        for by, key in KEYS.items():
            said = count(database, by, chosen)
            assert counted(said.total) == plain.figures(), (chosen, by)
            assert {row.key: counted(row.figures) for row in said.rows} == plain.by(key), (chosen, by)
        year = count(database, By.YEAR, chosen)
        prices = {row.key: [one.amount for one in plain.found if one.amount is not None] for row in year.rows}
        assert year.total.median == median(one.amount for one in plain.found if one.amount is not None)
        for row in year.rows:
            of_year = [
                one.amount
                for one in plain.found
                if one.amount is not None and str(fiscal_year_of(one.date)) == row.key
            ]
            assert row.figures.median == (median(of_year) if of_year else None), prices


# What counts ------------------------------------------------------------------------------------------------


def test_an_award_that_tells_of_a_contract_counted_already_is_left_out(database: Database) -> None:
    keep(database, award("1"), award("2"))
    twin = table(Award)

    def mark(session: Session) -> None:
        session.connection().execute(
            twin.update().where(twin.c.key == "2").values(same_as=award_id("pportal_awards", "1"))
        )

    database.write(mark)
    for by in By:
        assert count(database, by).total.total.awards == 1, by


@pytest.mark.parametrize(
    ("buyer", "awards_"), [("abc", 1), ("ABC", 1), ("%", 0), ("_", 0), ("A\0BC", 1), ("w1", 1), ("\0", 2)]
)
def test_a_buyer_is_found_by_a_piece_of_its_name_alike_in_every_database(
    database: Database, buyer: str, awards_: int
) -> None:
    keep(database, award("1", buyer="ABC機構", buyer_code=None), award("2"))
    assert count(database, chosen=Chosen(buyer=buyer)).total.total.awards == awards_


def test_what_the_state_sells_is_no_expense(database: Database) -> None:
    keep(
        database,
        award("1"),
        award("2", method_code="8002020", method=METHODS["8002020"]),
        award("3", method_code=None, method="一般競争入札・最高価格"),
    )
    assert count(database).total.total.awards == 1


def test_without_awards_there_are_no_figures_and_no_shares(database: Database) -> None:
    for by in By:
        found = count(database, by)
        assert (found.total.total.awards, found.rows, found.total.median, found.planned.awards) == (0, [], None, 0)
        assert (found.total.negotiated.by_number, found.total.abroad.by_value) == (None, None)


def test_a_blank_number_is_not_foreign_and_without_a_register_nothing_is_known(database: Database) -> None:
    keep(database, award("1"), award("2", supplier="見本商店組合", corporate_number=None))
    found = count(database)
    assert not found.asked
    assert (found.total.abroad.known.awards, found.total.seat_unknown.awards) == (0, 2)
    ask_register(database)
    found = count(database)
    assert found.asked
    assert (found.total.abroad.part.awards, found.total.abroad.known.awards) == (0, 1)
    assert found.total.seat_unknown.awards == 1


def test_negotiated_contracts_of_which_no_more_is_said_are_in_no_share_of_single_suppliers(
    database: Database,
) -> None:
    keep(
        database,
        award("1", method_code="8004020", method=METHODS["8004020"]),
        award("2", method_code="8004030", method=METHODS["8004030"]),
        award("3", method_code=None, method="随意契約"),
        award("4", method_code=None, method=None),
    )
    total = count(database).total
    assert (total.negotiated.part.awards, total.negotiated.known.awards) == (3, 3)
    assert (total.direct.part.awards, total.direct.known.awards) == (1, 2)
    assert total.procedures[None].awards == 1


def test_price_against_planned_price_is_of_the_awards_that_state_both(database: Database) -> None:
    keep(
        database,
        award("1", amount=Decimal(90), planned=Decimal(100)),
        award("2", amount=Decimal(80), planned=Decimal(100)),
        award("3", amount=Decimal(99), planned=Decimal(100)),
        award("4", amount=None, planned=Decimal(100)),
        award("5"),
    )
    planned = count(database).planned
    assert planned.awards == 3
    assert planned.median == pytest.approx(0.9)


def test_a_unit_price_is_summed_to_its_last_decimal(database: Database) -> None:
    keep(database, award("1", amount=Decimal("37.2")), award("2", amount=Decimal("0.0001")))
    total = count(database).total
    assert total.total.value == Decimal("37.2001")
    assert total.median == Decimal("18.60005")


# Breakdowns -------------------------------------------------------------------------------------------------


def test_the_offices_of_a_ministry_count_with_it_and_officers_with_their_body(database: Database) -> None:
    keep(
        database,
        award("1"),
        award("2", buyer_code=None, buyer="デジタル庁会計担当参事官"),
        award("3", buyer_code=None, buyer="独立行政法人見本機構理事長"),
        award("4", buyer_code=None, buyer=None),
        award("5", buyer_code=None, buyer="国立研究開発法人　見本・例示システム研究所　理事長"),
        award("6", buyer_code=None, buyer="国立研究開発法人　見本・例示システム研究所　契約担当役"),
        award("7", buyer_code=None, buyer="見本ＡＢＣ株式会社　財務部長"),
        award("8", buyer_code=None, buyer="見本・例示銀行　執行役員経営企画部長"),
    )
    assert {name: awards for name, (awards, _) in rows(count(database, By.BUYER)).items()} == {
        "デジタル庁": 2,
        "独立行政法人見本機構": 1,
        "国立研究開発法人　見本・例示システム研究所": 2,
        "見本ＡＢＣ株式会社": 1,
        "見本・例示銀行　執行役員経営企画部長": 1,
        None: 1,
    }


def test_an_award_of_several_areas_is_in_each_and_once_in_the_whole(database: Database) -> None:
    keep(database, award("1"), award("2"), areas=lambda one: AREAS if one.key == "1" else ())
    found = count(database, By.AREA)
    assert {row.key: row.figures.total.awards for row in found.rows} == dict.fromkeys((*AREAS, None), 1)
    assert found.total.total.awards == 2


def test_spellings_of_a_company_are_one_line_and_who_may_be_a_person_has_no_name(database: Database) -> None:
    keep(
        database,
        award("1"),
        award("2", supplier="㈱見本", corporate_number=None),
        award("3", supplier="例野　見本", corporate_number=None),
        award("4", supplier="例野商店", corporate_number=None),
    )
    found = count(database, By.SUPPLIER)
    assert rows(found) == {
        "株式会社見本": (2, Decimal(2_000_000)),
        None: (2, Decimal(2_000_000)),
    }
    assert [row.key for row in found.rows] == [str(supplier_id("", OF_TOKYO)), None]


def test_those_with_most_awards_are_listed_and_the_others_counted(database: Database) -> None:
    keep(
        database,
        *(
            award(
                f"{name}{number}",
                supplier=f"見本{name}株式会社",
                corporate_number=None,
                buyer=f"{name}省",
                buyer_code=name,
            )
            for name, much in (("甲", 3), ("乙", 2), ("丙", 1))
            for number in range(much)
        ),
    )
    for by in (By.SUPPLIER, By.BUYER):
        found = count(database, by, listed=2)
        assert ([row.figures.total.awards for row in found.rows], found.unlisted) == ([3, 2], 1)
        assert found.total.total.awards == 6
        assert count(database, by, listed=None).unlisted == 0


def test_the_newest_year_comes_first_and_procedures_as_the_law_has_them(database: Database) -> None:
    keep(
        database,
        award("1", date=date(2024, 3, 31), method_code="8004020"),
        award("2", date=date(2024, 4, 1), method_code="8003010"),
        award("3", date=date(2026, 1, 1)),
    )
    assert [row.key for row in count(database, By.YEAR).rows] == ["2025", "2024", "2023"]
    assert [row.key for row in count(database, By.METHOD).rows] == [
        Procedure.OPEN,
        Procedure.SELECTIVE,
        Procedure.DIRECT,
    ]


def test_the_seat_is_where_the_register_has_it_else_where_the_award_says(database: Database) -> None:
    keep(
        database,
        award("1", address="大阪府大阪市北区見本1-1"),
        award("2", supplier="見本組合", corporate_number=None, address="大阪府堺市堺区見本2-2"),
        award("3", supplier="例示組合", corporate_number=None),
    )
    osaka = Chosen(prefecture="大阪府")
    assert count(database, chosen=osaka).total.total.awards == 2
    ask_register(database)
    assert count(database, chosen=osaka).total.total.awards == 1, "the company's seat is in Tokyo"


def test_a_piece_of_a_name_is_taken_as_it_is_written(database: Database) -> None:
    keep(database, award("1", buyer="100%見本庁", buyer_code=None), award("2"))
    assert count(database, chosen=Chosen(buyer="%")).total.total.awards == 1
    assert count(database, chosen=Chosen(buyer="_")).total.total.awards == 0


def test_medians_are_left_out_where_they_would_cost_too_much(database: Database) -> None:
    keep(database, award("1"), replace(award("2"), amount=Decimal(3)))
    assert count(database, medians_up_to=1).total.median is None
    assert count(database, medians_up_to=None).total.median == Decimal("500001.5")
