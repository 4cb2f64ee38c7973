"""Recording who won what: exact prices, corrections, several winners and prices; and finding it again."""

import itertools
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from db import awards
from db.award import Award, Supplier
from db.awards import Counted
from db.bulk import batches, table
from db.engine import Database
from db.vocabulary.award import ScrapedAward, award_id, supplier_id

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
RUN, NEXT_RUN = UUID(int=7), UUID(int=8)
MONDAY, TUESDAY, WEDNESDAY = (date(2026, 5, day) for day in (25, 26, 27))


def award(key: str = "1", price: str | None = "31389000.00", **more: Any) -> ScrapedAward:
    given: dict[str, Any] = {
        "source": "pportal_awards",
        "key": key,
        "title": "水素ステーションの保守",
        "date": date(2026, 4, 1),
        "published": MONDAY,
        "supplier": "見本合同会社",
        "amount": None if price is None else Decimal(price),
        "corporate_number": "8999900000001",
        "case_number": "0000000000000496653",
        "buyer_code": "W1",
        "buyer": "デジタル庁",
        "method_code": "8004030",
        "method": "随意契約方式・公募型プロポーザル方式",
    }
    return ScrapedAward(**(given | more))


def record(database: Database, *found: ScrapedAward, now: datetime = NOW, run: UUID = RUN) -> tuple[int, int, int]:
    counted = database.write(lambda session: awards.record(session, found, run_id=run, now=now))
    return counted.found, counted.new, counted.changed


def rows(database: Database, model: type[Any] = Award) -> Sequence[Any]:
    with database.reading() as session:
        order = [column for column in table(model).columns if column.name in ("key", "number", "name")]
        return session.connection().execute(select(table(model)).order_by(*order)).all()


def prices(database: Database) -> list[Decimal | None]:
    return sorted((row.amount for row in rows(database)), key=lambda amount: amount or Decimal(0))


def decimals(*written: str) -> list[Decimal]:
    return [Decimal(one) for one in written]


# Recording


def test_an_award_is_kept_as_its_source_states_it(database: Database) -> None:
    assert record(database, award()) == (1, 1, 0)
    (row,) = rows(database)
    assert row.id == award_id("pportal_awards", "1")
    assert (row.number, row.title, row.date, row.amount) == (
        1,
        "水素ステーションの保守",
        date(2026, 4, 1),
        Decimal("31389000"),
    )
    assert (row.case_number, row.buyer_code, row.buyer) == ("0000000000000496653", "W1", "デジタル庁")
    assert (row.method_code, row.method) == ("8004030", "随意契約方式・公募型プロポーザル方式")
    assert (row.supplier, row.supplier_id) == ("見本合同会社", supplier_id("見本合同会社", "8999900000001"))
    assert (row.run_id, row.first_seen_at, row.changed_at, row.published) == (RUN, NOW, NOW, MONDAY)


def test_recording_the_same_again_changes_nothing(database: Database) -> None:
    found = (award("1"), award("2", "37.2"), award("3", None))
    record(database, *found)
    before = rows(database), rows(database, Supplier)
    again = tuple(replace(one, published=WEDNESDAY) for one in found)
    assert record(database, *again, now=LATER, run=NEXT_RUN) == (3, 0, 0)
    assert (rows(database), rows(database, Supplier)) == before


def test_a_price_written_with_more_zeros_is_the_same_price(database: Database) -> None:
    record(database, award(price="37.2"), award("2", "1000"))
    again = award(price="37.2000", published=TUESDAY), award("2", "1000.00", published=TUESDAY)
    assert record(database, *again) == (2, 0, 0)


def test_a_price_of_nothing_is_a_price_and_has_no_sign(database: Database) -> None:
    record(database, award(price="0.00"))
    assert record(database, award(price="-0", published=TUESDAY)) == (1, 0, 0)
    assert record(database, award(price=None, published=TUESDAY)) == (1, 0, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", Decimal("31389000.01")),
        ("amount", Decimal(-1)),
        ("amount", None),
        ("title", "水素ステーションの保守（訂正）"),
        ("buyer_code", "K1"),
        ("method", None),
        ("supplier", "見本　合同会社"),
        ("case_number", None),
    ],
)
def test_a_correction_updates_the_award_and_counts_as_changed(database: Database, field: str, value: Any) -> None:
    record(database, award())
    corrected = replace(award(published=TUESDAY), **{field: value})
    assert record(database, corrected, now=LATER, run=NEXT_RUN) == (1, 0, 1)
    (row,) = rows(database)
    assert getattr(row, field) == value
    assert (row.id, row.first_seen_at, row.changed_at) == (award_id("pportal_awards", "1"), NOW, LATER)
    assert (row.run_id, row.published) == (NEXT_RUN, TUESDAY)
    assert record(database, corrected) == (1, 0, 0)


def test_what_an_older_file_says_does_not_undo_a_correction(database: Database) -> None:
    monday, tuesday = award(price="100"), award(price="90", published=TUESDAY)
    assert record(database, monday, tuesday) == (2, 1, 0)
    for _ in range(2):  # the same two files again, together and one by one
        assert record(database, monday, tuesday, now=LATER) == (2, 0, 0)
        assert record(database, monday, now=LATER) == (1, 0, 0)
        assert record(database, tuesday, now=LATER) == (1, 0, 0)
    assert prices(database) == [90]


def test_a_correction_that_is_taken_back_is_another_correction(database: Database) -> None:
    said = [award(price="100"), award(price="90", published=TUESDAY), award(price="100", published=WEDNESDAY)]
    assert [record(database, one) for one in said] == [(1, 1, 0), (1, 0, 1), (1, 0, 1)]
    assert [record(database, one) for one in said] == [(1, 0, 0)] * 3
    assert prices(database) == [100]


def test_one_key_at_two_sources_is_two_awards(database: Database) -> None:
    assert record(database, award(), award(source="kkj")) == (2, 2, 0)
    assert len(rows(database)) == 2


def test_fifteen_hundred_awards_are_recorded_in_one_call(database: Database) -> None:
    many = [award(str(number), str(number), supplier=f"見本{number % 700}") for number in range(1500)]
    assert record(database, *many) == (1500, 1500, 0)
    later = [replace(one, published=TUESDAY, amount=one.amount or Decimal(5)) for one in many]
    dearer = [replace(one, amount=Decimal("0.5")) if index % 2 else one for index, one in enumerate(later)]
    assert record(database, *dearer, now=LATER) == (1500, 0, 751)


def test_a_character_that_postgresql_refuses_is_left_out(database: Database) -> None:
    spoilt = award("1\0", supplier="見本\0会社", title="\0", corporate_number=None)
    assert record(database, spoilt) == (1, 1, 0)
    assert record(database, spoilt) == (1, 0, 0)
    assert [(row.key, row.supplier, row.title) for row in rows(database)] == [("1", "見本会社", "")]


def test_nothing_to_record_is_no_error(database: Database) -> None:
    assert record(database) == (0, 0, 0)


def test_processes_that_record_the_same_awards_at_once_end_in_one_record(
    database_url: str, opened: Callable[[str], Database]
) -> None:
    many = [
        award(str(number), str(number), supplier=f"見本{number % 7}", corporate_number=None) for number in range(60)
    ]
    many += [replace(one, key="several") for one in several("1", "2", "3")]
    ready, failed = threading.Barrier(3), []

    def write(mine: list[ScrapedAward]) -> None:
        database = Database(database_url)
        try:
            ready.wait(timeout=30)
            for some in batches(mine, 21):
                record(database, *some)
        except Exception as error:  # noqa: BLE001 (told below: it would die with its thread)
            failed.append(error)
        finally:
            database.close()

    orders = (many, many[::-1], random.Random(1).sample(many, len(many)))
    threads = [threading.Thread(target=write, args=(list(order),)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database = opened(database_url)
    assert failed == []
    assert (len(rows(database)), len(rows(database, Supplier))) == (63, 8)
    assert record(database, *many, now=LATER) == (63, 0, 0)


# Several prices under one key


def several(*written: str, published: date = MONDAY) -> list[ScrapedAward]:
    return [award(price=one, published=published, one_of_several=True) for one in written]


def test_several_prices_of_one_winner_in_one_case_are_all_kept(database: Database) -> None:
    assert record(database, *several("37.2", "128", "4")) == (3, 3, 0)
    assert prices(database) == decimals("4", "37.2", "128")
    assert [row.number for row in rows(database)] == [1, 2, 3]


@pytest.mark.parametrize("order", list(itertools.permutations(("37.2", "128", "4"))))
def test_the_order_of_rows_does_not_matter(database: Database, order: tuple[str, ...]) -> None:
    record(database, *several("37.2", "128", "4"))
    before = rows(database)
    assert record(database, *several(*order, published=TUESDAY), now=LATER) == (3, 0, 0)
    for one in several(*order, published=TUESDAY):  # nor does it matter where a batch ends
        assert record(database, one, now=LATER) == (1, 0, 0)
    assert rows(database) == before


def test_a_second_price_that_comes_later_joins_the_first(database: Database) -> None:
    record(database, award(price="37.2"))
    assert record(database, *several("128", "37.2", published=TUESDAY)) == (2, 1, 0)
    assert prices(database) == decimals("37.2", "128")


def test_a_single_price_beside_several_is_one_of_them_or_a_further_one(database: Database) -> None:
    record(database, *several("37.2", "128"))
    assert record(database, award(price="128", published=TUESDAY)) == (1, 0, 0)
    assert record(database, award(price="5", published=TUESDAY)) == (1, 1, 0)
    assert prices(database) == decimals("5", "37.2", "128")


def test_an_old_single_price_does_not_come_back_beside_several(database: Database) -> None:
    old = award(price="90")
    said = [old, award(price="100", published=TUESDAY), *several("100", "7", published=WEDNESDAY)]
    assert [record(database, one) for one in said] == [(1, 1, 0), (1, 0, 1), (1, 0, 0), (1, 1, 0)]
    assert [record(database, one) for one in said] == [(1, 0, 0)] * 4
    assert prices(database) == decimals("7", "100")


def test_a_title_corrected_for_several_prices_corrects_each(database: Database) -> None:
    record(database, *several("37.2", "128"))
    corrected = [replace(one, title="訂正") for one in several("128", "37.2", published=TUESDAY)]
    assert record(database, *corrected) == (2, 0, 2)
    assert {(row.amount, row.title) for row in rows(database)} == {(Decimal("37.2"), "訂正"), (Decimal(128), "訂正")}


def test_files_in_any_order_end_in_the_same_record(database: Database) -> None:
    rng = random.Random(1)
    files = [
        [award("a", "100"), award("b", "1")],
        [award("a", "90", published=TUESDAY)],
        [award("b", "1", published=WEDNESDAY), *[replace(one, key="c") for one in several("5", "6")]],
    ]
    for _ in range(6):
        rng.shuffle(files)
        for file in files:
            record(database, *file)
        assert [(row.key, row.amount) for row in rows(database)][:2] == [("a", 90), ("b", 1)]
        assert len(rows(database)) == 4


# Prices


@pytest.mark.parametrize(
    "written",
    ["0", "37.2", "0.0001", "-1500000", "-0.0001", "15400000000.00", "9479515422.1234", "922337203685477.5807"],
)
def test_a_price_reads_back_to_the_decimal(database: Database, written: str) -> None:
    record(database, award(price=written))
    (row,) = rows(database)
    assert isinstance(row.amount, Decimal)
    assert row.amount == Decimal(written)


@pytest.mark.parametrize(
    "written", ["0.00001", "922337203685477.5808", "1.00000000000000000000000000000000000001", "1e30"]
)
def test_a_price_that_cannot_be_kept_exactly_is_refused(database: Database, written: str) -> None:
    with pytest.raises(Exception, match="yen: at most 4 decimal places"):
        record(database, award(price=written))
    assert rows(database) == []


def test_prices_sort_and_sum_exactly_in_the_database(database: Database) -> None:
    written = ["0.1"] * 10 + ["9", "10", "-0.2", "15400000000.37"]
    record(database, *(award(str(number), price) for number, price in enumerate(written)), award("none", None))
    amount = table(Award).c.amount
    with database.reading() as session:
        connection = session.connection()
        assert connection.execute(select(func.sum(amount))).scalar() == Decimal("15400000020.17")
        dearest = connection.execute(select(amount).where(amount > Decimal("0.1")).order_by(amount.desc())).scalars()
        assert list(dearest) == decimals("15400000000.37", "10", "9")


# Suppliers


def names(database: Database) -> list[tuple[str, tuple[str, ...], str | None]]:
    return [(row.name, row.names, row.number) for row in rows(database, Supplier)]


def test_a_corporate_number_is_one_supplier_under_whatever_name(database: Database) -> None:
    record(database, award("1", supplier="見本電機株式会社", date=date(2026, 4, 2)))
    record(database, award("2", supplier="株式会社見本", date=date(2026, 5, 1)))
    record(database, award("3", supplier="見本電機㈱", date=date(2025, 1, 1)))
    assert names(database) == [("株式会社見本", ("株式会社見本", "見本電機㈱", "見本電機株式会社"), "8999900000001")]
    assert {row.scheme for row in rows(database, Supplier)} == {"JP-JCN"}


@pytest.mark.parametrize(
    "spellings",
    [
        ("株式会社見本", "㈱見本", "（株）見本", "株式会社　見本", "株式会社 見本"),
        ("Ｅｘａｍｐｌｅ　Ｌｔｄ．", "Example Ltd.", "EXAMPLE LTD."),
        ("一般社団法人例示センター", "（一社）例示センター", "(一社)例示ｾﾝﾀｰ"),
    ],
)
def test_without_a_number_the_name_is_the_supplier_in_all_its_spellings(
    database: Database, spellings: tuple[str, ...]
) -> None:
    for number, name in enumerate(spellings):
        record(database, award(str(number), supplier=name, corporate_number=None))
    ((_, called, number_of),) = names(database)
    assert (called, number_of) == (tuple(sorted(spellings)), None)


def test_a_decision_dated_in_the_future_does_not_name_a_supplier_for_ever(database: Database) -> None:
    record(database, award("1", supplier="見本旧社名", date=date(2062, 4, 1), published=MONDAY))
    record(database, award("2", supplier="見本新社名", date=WEDNESDAY, published=WEDNESDAY))
    assert names(database) == [("見本新社名", ("見本新社名", "見本旧社名"), "8999900000001")]


def test_a_name_without_a_number_is_not_taken_for_the_one_with_it(database: Database) -> None:
    record(database, award("1"), award("2", corporate_number=None))
    assert len(rows(database, Supplier)) == 2


def test_the_order_of_rows_does_not_matter_for_names(database: Database) -> None:
    first = [award(str(n), supplier=name) for n, name in enumerate(("見本Ｂ", "見本Ａ", "見本Ｃ"))]
    for order in itertools.permutations(first):
        record(database, *order)
        assert names(database) == [("見本Ｃ", ("見本Ａ", "見本Ｂ", "見本Ｃ"), "8999900000001")]


def test_a_corrected_winner_is_another_supplier_and_the_old_one_has_no_award(database: Database) -> None:
    record(database, award())
    record(database, award(supplier="例示株式会社", corporate_number="7999900000002", published=TUESDAY))
    with database.reading() as session:
        old = supplier_id("見本合同会社", "8999900000001")
        assert awards.of_supplier(session, old) == []
        assert awards.supplier(session, old) is not None


# Finding again


def test_awards_are_found_by_supplier_newest_first_and_by_case(database: Database) -> None:
    days = [date(2026, 4, 3), date(2026, 4, 1), date(2026, 4, 2)]
    own = [award(str(number), date=day) for number, day in enumerate(days)]
    other = award("9", case_number="0000000000000000009", supplier="例示", corporate_number=None)
    record(database, *own, other, *(replace(one, key="m") for one in several("1", "2")))
    with database.reading() as session:
        id = supplier_id("見本合同会社", "8999900000001")
        found = awards.of_supplier(session, id)
        assert [one.date for one in found] == sorted((one.date for one in found), reverse=True)
        assert len(found) == 5
        assert [one.key for one in awards.of_supplier(session, id, limit=2)] == ["0", "2"]
        assert [one.key for one in awards.of_case(session, "0000000000000000009")] == ["9"]
        cases = awards.of_case(session, "0000000000000496653")
        assert [(one.key, one.number) for one in cases] == [("0", 1), ("1", 1), ("2", 1), ("m", 1), ("m", 2)]
        assert awards.of_case(session, "none") == []
        assert (awards.count(session), awards.count(session, "pportal_awards"), awards.count(session, "kkj")) == (
            6,
            6,
            0,
        )


def test_what_recording_did_is_told_in_figures(database: Database) -> None:
    counted = database.write(lambda session: awards.record(session, [award()], run_id=RUN, now=NOW))
    assert counted == Counted(found=1, new=1, changed=0)
