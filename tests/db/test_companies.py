"""Which suppliers are one company, and what registers say of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session

from db import awards, companies
from db.award import Supplier
from db.bulk import table
from db.companies import Registered
from db.derived import stale
from db.engine import Database
from db.vocabulary.award import ScrapedAward, fold_supplier, supplier_id

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RUN = UUID(int=7)
A, B = "7000012050002", "8999900000001"


def won(supplier: str, number: str | None = None, *, day: int = 1, key: str = "") -> ScrapedAward:
    return ScrapedAward(
        source="pportal_awards",
        key=key or f"{supplier}|{number}|{day}",
        title="庁舎清掃業務",
        date=date(2026, 4, day),
        published=date(2026, 5, 1),
        supplier=supplier,
        corporate_number=number,
    )


def record(database: Database, *found: ScrapedAward) -> None:
    database.write(lambda session: awards.record(session, found, run_id=RUN, now=NOW))


def suppliers(database: Database) -> dict[UUID, Any]:
    with database.reading() as session:
        return {row.id: row for row in session.connection().execute(select(table(Supplier)))}


def company_of(database: Database, name: str, number: str | None = None) -> UUID:
    with database.reading() as session:
        supplier = session.get_one(Supplier, supplier_id(name, number))
        return companies.company_of(supplier)


SPELLING, NUMBERED = won("㈱見本　製作所"), won("株式会社見本製作所", A)


@pytest.mark.parametrize("order", [(SPELLING, NUMBERED), (NUMBERED, SPELLING)])
def test_a_name_without_a_number_is_a_spelling_of_the_company_called_so_in_whichever_order_they_come(
    database: Database, order: tuple[ScrapedAward, ...]
) -> None:
    for one in order:
        record(database, one)
    assert company_of(database, "株式会社見本製作所") == supplier_id("", A)
    assert company_of(database, "", A) == supplier_id("", A)
    with database.reading() as session:
        assert companies.spellings(session, supplier_id("", A)) == [
            supplier_id("", A),
            supplier_id("株式会社見本製作所"),
        ]


def test_a_name_that_two_companies_bear_is_a_spelling_of_neither(database: Database) -> None:
    record(database, SPELLING, NUMBERED)
    record(database, won("株式会社見本製作所", B))
    assert company_of(database, "株式会社見本製作所") == supplier_id("株式会社見本製作所")


def test_a_company_that_is_called_otherwise_now_loses_the_spelling_of_its_old_name(database: Database) -> None:
    record(database, SPELLING, NUMBERED)
    record(database, won("見本ホールディングス株式会社", A, day=9))
    assert company_of(database, "株式会社見本製作所") == supplier_id("株式会社見本製作所")


BRANCH = won("㈱見本製作所　四国支社")


@pytest.mark.parametrize("order", [(BRANCH, NUMBERED), (NUMBERED, BRANCH)])
def test_a_branch_that_is_named_without_a_number_is_its_company_in_whichever_order_they_come(
    database: Database, order: tuple[ScrapedAward, ...]
) -> None:
    for one in order:
        record(database, one)
    assert company_of(database, BRANCH.supplier) == supplier_id("", A)


@pytest.mark.parametrize(
    ("name", "heads"),
    [
        ("見本通信株式会社ソーシャル事業本部公共事業部", "見本通信株式会社"),
        ("見本通信株式会社関西センター", "見本通信株式会社"),
        ("株式会社見本ケン中央支店", "株式会社見本ケン"),
        ("独立行政法人見本機構西日本支社", "独立行政法人見本機構"),
        ("(株)見本製作所金沢支店", "株式会社見本製作所"),
    ],
)
def test_a_branch_is_named_by_its_company_and_a_word_for_branches(name: str, heads: str) -> None:
    assert heads in companies.head_names(fold_supplier(name))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("見本通信株式会社見本サービス株式会社東京支店", "見本通信株式会社"),
        ("株式会社サントレード東京支店", "株式会社サン"),
        ("株式会社見本計算センター", "株式会社見本"),
        ("公益財団法人見本計算センター", "公益財団法人見本"),
        ("甲株式会社、乙商店東京支店", "甲株式会社"),
        ("株式会社見本製作所四国", "株式会社見本製作所"),
        ("見本四国支社", "見本"),
        ("株式会社甲乙東京支店", "株式会社甲"),
    ],
)
def test_what_may_be_another_company_is_no_branch(name: str, other: str) -> None:
    assert other not in companies.head_names(fold_supplier(name))


def test_a_branch_is_that_of_the_company_with_the_longest_name(database: Database) -> None:
    longer = "株式会社見本製作所商会"
    record(database, NUMBERED, won(f"{longer}東京支店"))
    assert company_of(database, f"{longer}東京支店") == supplier_id("", A)
    record(database, won(longer))
    assert company_of(database, f"{longer}東京支店") == supplier_id(f"{longer}東京支店"), "it may be that one’s"
    record(database, won(longer, B, day=2))
    assert company_of(database, f"{longer}東京支店") == supplier_id("", B)


def test_a_branch_of_a_name_that_two_companies_bear_is_of_neither(database: Database) -> None:
    record(database, BRANCH, NUMBERED, won("株式会社見本製作所", B))
    assert company_of(database, BRANCH.supplier) == supplier_id(BRANCH.supplier)


def test_the_office_of_a_branch_is_its_company(database: Database) -> None:
    office = "株式会社見本製作所四国支社松山営業所"
    record(database, won(office), BRANCH, NUMBERED)
    assert company_of(database, office) == supplier_id("", A)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["甲株式会社", "乙株式会社", "丙", "甲株式会社四国支社", "甲株式会社四国支社松山営業所"]),
            st.sampled_from([None, A, B]),
            st.integers(1, 28),
        ),
        max_size=6,
        unique_by=lambda one: (one[1], one[2]),
    )
)
def test_what_is_joined_does_not_depend_on_how_suppliers_came(
    opened: Any,
    sqlite_template: Any,
    tmp_path_factory: pytest.TempPathFactory,
    found: list[tuple[str, str | None, int]],
) -> None:
    given = [won(*one[:2], day=one[2]) for one in found]

    def joined(*parts: list[ScrapedAward]) -> dict[UUID, tuple[str | None, UUID | None]]:
        path = tmp_path_factory.mktemp("joined") / "monitor.db"
        path.write_bytes(sqlite_template.read_bytes())
        database = Database.at(path)
        try:
            for part in parts:
                record(database, *part)
            return {id: (row.folded, row.company_id) for id, row in suppliers(database).items()}
        finally:
            database.close()

    assert joined(given) == joined(*([one] for one in reversed(given)))


def test_suppliers_of_an_older_version_are_joined_by_the_derived_step(database: Database) -> None:
    record(database, SPELLING, NUMBERED, BRANCH, won("乙組合"))
    before = {id: (row.folded, row.company_id) for id, row in suppliers(database).items()}

    def as_it_was(session: Session) -> None:
        session.connection().execute(table(Supplier).update().values(folded=None, company_id=None))

    database.write(as_it_was)
    companies.STEP.make(database)
    assert {id: (row.folded, row.company_id) for id, row in suppliers(database).items()} == before
    assert stale(database, [companies.STEP]) == [], "a database of this version has it from the beginning"


# Registers ------------------------------------------------------------------------------------------------


def store(database: Database, found: dict[str, Registered | None], *, days: int = 0) -> None:
    now = NOW + timedelta(days=days)
    database.write(lambda session: companies.store_registered(session, found, now=now))


def due(database: Database, *, days: int = 0, limit: int = 10) -> list[str]:
    with database.reading() as session:
        return companies.due(session, NOW + timedelta(days=days), limit=limit)


def test_companies_are_due_once_a_year_those_never_asked_for_first(database: Database) -> None:
    record(database, won("甲株式会社", A), won("乙株式会社", B), won("名だけの株式会社"))
    assert due(database) == sorted([A, B])
    store(database, {A: Registered(abroad=False)})
    assert due(database) == [B]
    assert due(database, days=1) == [B, A]
    assert due(database, days=1, limit=1) == [B]


def test_what_a_register_says_is_kept_and_what_it_does_not_say_stays_unknown(database: Database) -> None:
    record(database, won("甲株式会社", A), won("Example GmbH", B))
    store(
        database,
        {A: None, B: Registered(abroad=True, prefecture=None, city=None, name_en="Example GmbH")},
    )
    rows = suppliers(database)
    unknown, abroad = rows[supplier_id("", A)], rows[supplier_id("", B)]
    assert (unknown.abroad, unknown.prefecture, unknown.looked_up_at) == (None, None, NOW)
    assert (abroad.abroad, abroad.name_en) == (True, "Example GmbH")


def test_a_register_that_knows_less_takes_nothing_away_and_a_move_is_taken_over(database: Database) -> None:
    record(database, won("甲株式会社", A))
    store(database, {A: Registered(abroad=False, prefecture="東京都", city="千代田区")})
    store(database, {A: Registered(name_en="Ko Co., Ltd.")}, days=1)
    row = suppliers(database)[supplier_id("", A)]
    assert (row.abroad, row.prefecture, row.city, row.name_en) == (False, "東京都", "千代田区", "Ko Co., Ltd.")
    store(database, {A: Registered(abroad=False, prefecture="大阪府")}, days=2)
    row = suppliers(database)[supplier_id("", A)]
    assert (row.prefecture, row.city, row.name_en) == ("大阪府", None, "Ko Co., Ltd.")
