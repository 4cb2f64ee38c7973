"""Companies that win in an area: counting, the score and its parts, likeness, open tenders that fit, and no persons."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from db import awards, tenders
from db.award import Award, Supplier
from db.engine import Database
from db.partners import (
    FIT_WEIGHT,
    WEIGHTS,
    Company,
    Part,
    Partner,
    Partners,
    SeatFrom,
    Trend,
    Wanted,
    Why,
    company,
    company_id,
    is_shown,
    partners,
)
from db.vocabulary.award import ScrapedAward, award_id, supplier_id
from db.vocabulary.notice import NAMESPACE, NoticeKind
from db.vocabulary.reading import AreaScore
from db.vocabulary.tender import ComposedTender, TenderSource

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TODAY = NOW.date()
RUN = UUID(int=7)
AREA = "renewables"
A, B, C = "見本電機株式会社", "例示商事株式会社", "試作合同会社"
NUMBERS = {A: "1999900000001", B: "2999900000002", C: "3999900000003"}
OLD = date(2018, 4, 1)
"""The day of an award that makes the record long enough for trends."""


class Record:
    """Awards and tenders, kept with the areas that the test gives them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._keys = 0

    def won(self, supplier: str, *, times: int = 1, areas: Sequence[str] = (AREA,), **more: Any) -> list[UUID]:
        """Awards of a supplier; the ids."""
        found = []
        for _ in range(times):
            self._keys += 1
            given: dict[str, Any] = {
                "source": "pportal_awards",
                "key": str(self._keys),
                "title": f"太陽光発電設備の調査{self._keys}",
                "date": date(2026, 4, 1),
                "published": date(2026, 4, 2),
                "supplier": supplier,
                "corporate_number": NUMBERS.get(supplier),
                "amount": Decimal(20_000_000),
                "buyer": "環境省",
                "method": "一般競争入札・総合評価",
            }
            found.append(ScrapedAward(**(given | more)))
        ids = [award_id(one.source, one.key) for one in found]

        def work(session: Session) -> None:
            awards.record(session, found, run_id=RUN, now=NOW)
            scores = [AreaScore(area, 1.0, ()) for area in areas]
            awards.store_areas(session, dict.fromkeys(ids, scores), revision="test")

        self.database.write(work)
        return ids

    def calls(self, title: str, **more: Any) -> UUID:
        """An open call; its id."""
        id = uuid5(NAMESPACE, title)
        given: dict[str, Any] = {
            "id": id,
            "title": title,
            "kind": NoticeKind.TENDER,
            "published": date(2026, 10, 20),
            "deadline": NOW + timedelta(days=20),
            "buyer": "国土交通省",
            "sources": (
                TenderSource("kkj", title, "https://example.org/", NoticeKind.TENDER, date(2026, 10, 20), id),
            ),
            "areas": (AreaScore(AREA, 1.0, ()),),
        }
        composed = ComposedTender(**(given | more))
        self.database.write(
            lambda session: tenders.store(session, [composed], run_id=RUN, now=NOW, alerts=lambda change: False)
        )
        return id

    def change(self, model: type[Supplier | Award], id: UUID, **columns: Any) -> None:
        def work(session: Session) -> None:
            row = session.get_one(model, id)
            for name, value in columns.items():
                setattr(row, name, value)

        self.database.write(work)

    def found(self, *, limit: int = 20, **wanted: Any) -> Partners:
        with self.database.reading() as session:
            return partners(session, Wanted(**({"area": AREA} | wanted)), now=NOW, limit=limit)

    def only(self, **wanted: Any) -> Partner:
        (found,) = self.found(**wanted).found
        return found

    def company(self, name: str) -> Company | None:
        with self.database.reading() as session:
            return company(session, id_of(name), now=NOW)


def id_of(name: str) -> UUID:
    return supplier_id(name, NUMBERS.get(name))


def names(found: Iterable[Any]) -> list[str]:
    return [one.name for one in found]


def points(one: Partner) -> dict[Part, int]:
    return {part.part: part.points for part in one.parts}


@pytest.fixture
def record(database: Database) -> Record:
    return Record(database)


# Counting


def test_a_company_is_told_with_what_it_won_in_the_area(record: Record) -> None:
    record.won(A, times=2, date=date(2026, 3, 1))
    record.won(A, buyer="国土交通省", amount=None)
    record.won(A, areas=["mobility"])
    one = record.only()
    assert (one.id, one.name, one.number) == (id_of(A), A, NUMBERS[A])
    assert (one.wins, one.all_wins, one.buyers, one.last) == (3, 4, 2, date(2026, 4, 1))
    assert (one.value, one.valued) == (Decimal(40_000_000), 2)
    assert [(buyer.name, buyer.wins) for buyer in one.top_buyers] == [("環境省", 2), ("国土交通省", 1)]


def test_an_award_has_the_areas_of_its_tender_too(record: Record) -> None:
    tender = record.calls("蓄電池の調達")
    record.won(A, areas=[], case_number="77")
    assert record.found().companies == 0
    record.database.write(lambda session: awards.link(session, {"77": tender}))
    assert record.only().wins == 1


def test_spellings_of_a_company_are_one_company(record: Record) -> None:
    record.won(A)
    record.won("見本電機（株）", buyer="財務省")
    one = record.only()
    assert (one.name, one.wins, one.all_wins, one.buyers) == (A, 2, 2, 2)


def test_two_offices_of_a_ministry_are_one_buyer(record: Record) -> None:
    record.won(A)
    record.won(A, buyer="環境省大臣官房会計課長")
    record.won(A, buyer="国立大学法人見本大学長")
    record.won(A, buyer="国立大学法人見本大学総長")
    found = record.only()
    assert found.buyers == 2
    assert [(one.name, one.wins) for one in found.top_buyers] == [("国立大学法人見本大学", 2), ("環境省", 2)]


def test_an_award_that_is_told_twice_counts_once(record: Record) -> None:
    first, second = record.won(A, times=2)
    record.change(Award, second, same_as=first)
    assert (record.only().wins, record.only().all_wins) == (1, 1)
    shown = record.company(A)
    assert shown is not None
    assert (shown.wins, len(shown.awards)) == (1, 1)


def test_what_the_state_sells_is_no_win(record: Record) -> None:
    record.won(A)
    record.won(A, method_code="8002020", title="古紙の売払い")
    record.won(B, method="一般競争入札・最高価格", title="古紙の売払い")
    assert [(one.name, one.wins, one.all_wins) for one in record.found().found] == [(A, 1, 1)]
    shown = record.company(A)
    assert shown is not None
    assert shown.wins == 1


def test_a_correction_below_zero_and_a_price_of_nothing_are_no_value(record: Record) -> None:
    record.won(A, amount=Decimal(-500))
    record.won(A, amount=Decimal(0))
    assert (record.only().value, record.only().valued) == (None, 0)


def test_a_decision_in_the_future_does_not_make_a_company_more_recent(record: Record) -> None:
    record.won(A, date=date(2062, 4, 1))
    assert record.only().last == TODAY


def test_where_nobody_won_there_is_nobody(record: Record) -> None:
    assert record.found() == Partners([], 0, 0, 0, None)


# Persons


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("見本商店株式会社", True),
        ("（株）見本", True),
        ("一般財団法人見本協会", True),
        ("見本・例示共同企業体", True),
        ("Mihon Inc.", True),
        ("Ｍｉｈｏｎ　Ｃｏ．，　Ｌｔｄ．", True),
        ("見本　花子", False),
        ("見本税理士事務所", False),
        ("Hanako Mihon", False),
        ("Vincent Mihon", False),
    ],
)
def test_a_supplier_without_a_number_is_shown_where_its_name_is_surely_no_persons(name: str, shown: bool) -> None:
    assert is_shown(name, None) is shown
    assert is_shown(name, "1999900000001")


def test_who_may_be_a_person_is_counted_and_not_shown(record: Record) -> None:
    record.won("見本　花子", times=3)
    record.won(A)
    found = record.found()
    assert names(found.found) == [A]
    assert (found.companies, found.unnamed, found.unnamed_wins) == (1, 1, 3)
    with record.database.reading() as session:
        assert company_id(session, id_of("見本　花子")) is None
        assert company(session, id_of("見本　花子"), now=NOW) is None


def test_who_may_be_a_person_is_like_no_company(record: Record) -> None:
    record.won("見本　花子", times=3)
    record.won(A, times=3)
    assert record.only().similar == ()
    shown = record.company(A)
    assert shown is not None
    assert shown.similar == ()


# The score


def test_the_parts_add_up_to_the_score_and_their_most_to_a_hundred(record: Record) -> None:
    record.won(A, times=5)
    record.won(B, buyer="財務省")
    asked: list[dict[str, Any]] = [
        {},
        {"buyer": "環境"},
        {"prefecture": "東京都"},
        {"buyer": "環境", "prefecture": "東京都"},
    ]
    for wanted in asked:
        for one in record.found(**wanted).found:
            assert one.score == sum(part.points for part in one.parts)
            assert sum(part.of for part in one.parts) == 100
            assert (Part.FIT in points(one)) is bool(wanted)
    assert sum(WEIGHTS.values()) == 100
    assert all(of * (100 - FIT_WEIGHT) % 100 == 0 for of in WEIGHTS.values())


def test_more_wins_from_more_buyers_give_more_points(record: Record) -> None:
    record.won(A, times=4)
    record.won(A, buyer="財務省")
    record.won(B, times=2)
    first, second = record.found().found
    assert (first.name, second.name) == (A, B)
    for part in (Part.WINS, Part.BUYERS, Part.VALUE, Part.FOCUS):
        assert points(first)[part] > points(second)[part]


def test_a_win_of_long_ago_gives_no_points_for_being_recent(record: Record) -> None:
    record.won(A, date=date(2021, 10, 1))
    record.won(B, date=date(2026, 1, 1))
    found = {one.name: points(one)[Part.RECENCY] for one in record.found().found}
    assert found == {A: 0, B: WEIGHTS[Part.RECENCY]}


def test_who_works_in_the_area_only_has_more_focus(record: Record) -> None:
    record.won(A, times=6)
    record.won(B, times=6)
    record.won(B, times=20, areas=["mobility"])
    found = {one.name: points(one)[Part.FOCUS] for one in record.found().found}
    assert found[A] > found[B]


def test_who_won_from_the_buyer_asked_for_comes_first(record: Record) -> None:
    record.won(A, times=6)
    record.won(B, times=3, buyer="国土交通省")
    assert names(record.found().found) == [A, B]
    assert names(record.found(buyer="国土 交通").found) == [B, A]


def test_the_seat_asked_for_counts_by_the_register_and_else_by_an_awards_address(record: Record) -> None:
    record.won(A, times=3)
    record.won(B, times=3)
    record.change(Supplier, id_of(B), prefecture="北海道")
    record.change(Award, record.won(C, times=3)[0], address="大阪府見本市1-2-3")
    by_name = {one.name: one for one in record.found(prefecture="北海道").found}
    assert {name: points(one)[Part.FIT] for name, one in by_name.items()} == {A: 0, B: FIT_WEIGHT, C: 0}
    seats = {name: (one.seat.prefecture, one.seat.said_by) for name, one in by_name.items()}
    assert seats == {A: (None, None), B: ("北海道", SeatFrom.REGISTER), C: ("大阪府", SeatFrom.AWARD)}


def test_of_several_addresses_the_newest_says_where_the_seat_is_in_the_list_and_on_the_page(record: Record) -> None:
    first, second, last, silent = record.won(A, times=4)
    record.change(Award, first, address="沖縄県見本市1-2-3", date=date(2026, 3, 1))
    record.change(Award, second, address="大阪府見本市1-2-3", date=date(2026, 3, 2), buyer="見本市")
    record.change(Award, last, address="東京都見本市1-2-3", date=date(2025, 3, 3))
    record.change(Award, silent, date=date(2026, 3, 3))
    assert record.only().seat.prefecture == "大阪府"
    shown = record.company(A)
    assert shown is not None
    assert shown.seat.prefecture == "大阪府"


def test_equal_scores_stand_in_the_order_of_their_names(record: Record) -> None:
    for name in (C, A, B):
        record.won(name)
    assert names(record.found().found) == sorted((A, B, C))


def test_the_first_of_few_are_the_first_of_many(record: Record) -> None:
    for number in range(12):
        name = f"第{number}見本株式会社"
        record.won(name, times=1 + number % 4)
        record.won(name, times=number, areas=["mobility"])
    every = names(record.found(limit=100).found)
    for limit in (1, 2, 3, 5, 8):
        assert names(record.found(limit=limit).found) == every[:limit]


def test_few_wins_are_said_to_be_few(record: Record) -> None:
    record.won(A, times=2)
    record.won(B, times=3)
    assert {one.name: one.few for one in record.found().found} == {A: True, B: False}


@pytest.mark.parametrize(
    ("recent", "before", "trend"),
    [(6, 2, Trend.RISING), (3, 3, Trend.STEADY), (1, 4, Trend.FALLING), (2, 1, Trend.TOO_FEW)],
)
def test_the_last_two_years_are_held_against_the_two_before(
    record: Record, recent: int, before: int, trend: Trend
) -> None:
    record.won(C, date=OLD)
    record.won(A, times=recent, date=date(2025, 4, 1))
    record.won(A, times=before, date=date(2023, 4, 1))
    one = next(one for one in record.found().found if one.name == A)
    assert (one.recent, one.before, one.trend) == (recent, before, trend)


def test_a_record_of_two_years_tells_no_trend(record: Record) -> None:
    record.won(A, times=9, date=date(2025, 4, 1))
    assert record.only().trend is Trend.TOO_SHORT


# Likeness


def test_companies_that_win_from_the_same_buyers_are_similar(record: Record) -> None:
    for buyer, times in (("環境省", 3), ("財務省", 1)):
        record.won(A, times=times, buyer=buyer)
        record.won(B, times=times, buyer=buyer)
    record.won(C, times=5, buyer="法務省")
    found = {one.name: one for one in record.found().found}
    assert [(like.name, like.likeness) for like in found[A].similar] == [(B, 1.0)]
    assert found[C].similar == ()


def test_a_single_win_makes_nobody_similar(record: Record) -> None:
    record.won(A)
    record.won(B)
    assert all(one.similar == () for one in record.found().found)


def test_the_page_of_a_company_looks_at_all_its_areas_for_similar_ones(record: Record) -> None:
    record.won(A, times=3)
    record.won(A, times=3, areas=["mobility"])
    record.won(B, times=3)
    record.won(C, times=2)
    record.won(C, times=2, areas=["mobility"])
    shown = record.company(A)
    assert shown is not None
    assert [(like.name, like.likeness) for like in shown.similar] == [(C, 1.0), (B, 0.71)]


# Open tenders that fit


def test_open_tenders_fit_by_service_by_title_and_by_buyer(record: Record) -> None:
    record.won(A, title="令和７年度蓄電池の実証調査", buyer="環境省大臣官房会計課長", date=date(2025, 4, 1))
    series = record.calls("令和８年度蓄電池の実証調査業務", buyer="環境省", deadline=NOW + timedelta(days=30))
    title = record.calls("蓄電池の実証に関する調査", buyer="経済産業省")
    buyer = record.calls("風力発電所の点検", buyer="環境省")
    record.calls("水力発電所の塗装", buyer="法務省")
    found = record.only().fitting
    assert [(one.tender_id, one.why) for one in found] == [
        (series, (Why.SERIES, Why.BUYER)),
        (title, (Why.TITLE,)),
        (buyer, (Why.BUYER,)),
    ]
    assert [(one.earlier, one.won_on) for one in found] == [
        ("令和７年度蓄電池の実証調査", date(2025, 4, 1)),
        ("令和７年度蓄電池の実証調査", date(2025, 4, 1)),
        (None, None),
    ]


def test_what_is_closed_decided_or_of_another_area_does_not_fit(record: Record) -> None:
    record.won(A)
    record.calls("閉じた調査", buyer="環境省", deadline=NOW - timedelta(days=1))
    record.calls("期限のない調査", buyer="環境省", deadline=None)
    record.calls("決まった調査", buyer="環境省", kind=NoticeKind.AWARD)
    record.calls("別の調査", buyer="環境省", areas=(AreaScore("mobility", 1.0, ()),))
    assert record.only().fitting == ()


# One company


def test_a_company_is_told_whole(record: Record) -> None:
    record.won(A, times=2, date=date(2026, 3, 31))
    record.won(A, date=date(2026, 4, 1), buyer="財務省", method="随意契約方式・少額", areas=["mobility"], amount=None)
    record.won("見本電機（株）", date=date(2025, 1, 1))
    shown = record.company(A)
    assert shown is not None
    assert (shown.wins, shown.value, shown.valued) == (4, Decimal(60_000_000), 3)
    assert shown.names == tuple(sorted((A, "見本電機（株）")))
    assert [(year.name, year.wins) for year in shown.years] == [("2026", 1), ("2025", 2), ("2024", 1)]
    assert [(buyer.name, buyer.wins) for buyer in shown.buyers] == [("環境省", 3), ("財務省", 1)]
    assert [(area.name, area.wins) for area in shown.areas] == [(AREA, 3), ("mobility", 1)]
    assert [(method.name, method.wins) for method in shown.methods] == [
        ("一般競争入札・総合評価", 3),
        ("随意契約方式・少額", 1),
    ]
    assert (shown.first, shown.last) == (date(2025, 1, 1), date(2026, 4, 1))
    assert [one.date for one in shown.awards] == sorted((one.date for one in shown.awards), reverse=True)


def test_every_spelling_leads_to_the_company(record: Record) -> None:
    record.won(A)
    record.won("見本電機（株）")
    with record.database.reading() as session:
        assert company_id(session, id_of(A)) == id_of(A)
        assert company_id(session, id_of("見本電機（株）")) == id_of(A)
        assert company_id(session, UUID(int=1)) is None
        assert company(session, id_of("見本電機（株）"), now=NOW) is None


def test_a_company_without_any_award_left_is_still_told(record: Record) -> None:
    first, second = *record.won(A), *record.won(B)
    record.change(Award, first, same_as=second)
    shown = record.company(A)
    assert shown is not None
    assert (shown.wins, shown.value, shown.first, shown.years, shown.awards) == (0, None, None, (), ())


@given(st.text(max_size=12))
def test_no_name_breaks_the_question_whether_it_may_be_shown(name: str) -> None:
    assert is_shown(name, "1999900000001")
    assert isinstance(is_shown(name, None), bool)


def test_points_are_between_nothing_and_their_most(record: Record) -> None:
    record.won(A, times=50, amount=Decimal(10**13))
    one = record.only()
    assert all(0 <= part.points <= part.of for part in one.parts)
    assert points(one)[Part.WINS] == WEIGHTS[Part.WINS]
    assert replace(one, wins=2).few
