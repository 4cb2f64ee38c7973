"""What comes back: when the next call is likely, how sure that is, and what is left out."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import select
from sqlmodel import Session

from db import awards, tenders
from db.award import Award
from db.bulk import table
from db.engine import Database
from db.renewals import (
    Confidence,
    Evidence,
    Forecast,
    Renewal,
    Seen,
    Sign,
    forecasts,
    is_works,
    make_series,
    past,
    renewals,
)
from db.tender import Tender
from db.vocabulary.award import ScrapedAward
from db.vocabulary.notice import NAMESPACE, Category, NoticeKind
from db.vocabulary.reading import AreaScore
from db.vocabulary.tender import ComposedTender, TenderSource

TODAY = date(2026, 11, 1)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
RUN = UUID(int=7)


def call(year: int, month: int, day: int, place: str = "") -> Seen:
    return Seen(date(year, month, day), Sign.CALL, place)


def award(year: int, month: int, day: int) -> Seen:
    return Seen(date(year, month, day), Sign.AWARD)


def reckoned(*seen: Seen, today: date = TODAY) -> Forecast | None:
    found = forecasts(seen, today=today)
    assert len(found) < 2
    return found[0] if found else None


# Reckoning


def test_a_service_of_three_winters_is_likely_to_come_in_the_fourth() -> None:
    found = reckoned(call(2023, 12, 6), call(2024, 12, 10), call(2025, 12, 2))
    assert found is not None
    assert (found.first, found.last) == (date(2026, 11, 18), date(2026, 12, 24))
    assert (found.every, found.rounds, found.confidence) == (1, 3, Confidence.HIGH)


def test_two_rounds_are_possible_and_not_likely() -> None:
    found = reckoned(call(2024, 12, 10), call(2025, 12, 2))
    assert found is not None
    assert found.confidence is Confidence.MEDIUM


def test_awards_alone_are_a_guess_of_a_call_before_them() -> None:
    found = reckoned(award(2025, 4, 1), award(2026, 4, 1))
    assert found is not None
    assert (found.first, found.last) == (date(2027, 1, 11), date(2027, 3, 12))
    assert found.confidence is Confidence.LOW


def test_a_call_and_its_award_are_one_round() -> None:
    assert reckoned(call(2025, 12, 2), award(2026, 2, 1)) is None
    found = reckoned(call(2024, 12, 2), award(2025, 2, 1), call(2025, 12, 2), award(2026, 2, 1))
    assert found is not None
    assert (found.rounds, found.confidence) == (2, Confidence.MEDIUM)


def test_a_call_that_was_repeated_is_one_round() -> None:
    found = reckoned(call(2024, 12, 2), call(2025, 1, 20), call(2025, 12, 2))
    assert found is not None
    assert found.rounds == 2


def test_contracts_of_three_years_come_every_three_years() -> None:
    found = reckoned(call(2017, 12, 5), call(2020, 12, 8), call(2023, 12, 1))
    assert found is not None
    assert (found.every, found.first.year, found.last.year) == (3, 2026, 2026)


def test_two_rounds_three_years_apart_are_a_guess() -> None:
    found = reckoned(call(2020, 12, 8), call(2023, 12, 1))
    assert found is not None
    assert (found.every, found.confidence) == (3, Confidence.LOW)


def test_a_year_that_is_missing_in_the_record_does_not_break_the_rhythm() -> None:
    found = reckoned(call(2022, 12, 6), call(2023, 12, 6), call(2025, 12, 2))
    assert found is not None
    assert (found.every, found.confidence) == (1, Confidence.MEDIUM)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param([call(2025, 12, 2)], id="once"),
        pytest.param([call(2025, 2, 1), call(2025, 8, 1), call(2026, 2, 1), call(2026, 8, 1)], id="twice a year"),
        pytest.param([call(2024, 1, 10), call(2025, 7, 10)], id="a year and a half apart"),
        pytest.param([call(2020, 12, 1), call(2022, 12, 1), call(2025, 12, 1)], id="after two years and after three"),
        pytest.param([call(2023, 5, 1), call(2024, 5, 1)], id="did not come back"),
        pytest.param([call(2016, 12, 1), call(2025, 12, 1)], id="nine years apart"),
        pytest.param([call(year, 12, day) for year in (2024, 2025) for day in (1, 2, 3, 4)], id="of many offices"),
    ],
)
def test_nothing_is_expected_of_what_does_not_come_back(seen: Sequence[Seen]) -> None:
    assert forecasts(seen, today=TODAY) == []


def test_what_is_late_is_still_waited_for_and_told_to_be_late() -> None:
    found = reckoned(call(2024, 9, 1), call(2025, 9, 1))
    assert found is not None
    assert found.last < TODAY
    assert "its usual time has passed" in [str(why) for why in found.why]


def test_offices_in_two_prefectures_have_a_rhythm_each() -> None:
    seen = [
        call(2024, 12, 1, "北海道"),
        call(2025, 12, 1, "北海道"),
        call(2025, 1, 20, "大阪府"),
        call(2026, 1, 20, "大阪府"),
    ]
    found = forecasts(seen, today=TODAY)
    assert [(one.place, one.first.month) for one in found] == [("北海道", 11), ("大阪府", 1)]


def test_a_leap_day_has_a_next_year() -> None:
    found = reckoned(call(2024, 2, 29), call(2025, 2, 28), call(2026, 2, 27))
    assert found is not None
    assert found.first < date(2027, 2, 28) < found.last


@pytest.mark.parametrize(
    ("title", "works"),
    [
        ("庁舎照明改修工事", True),
        ("令和８年度庁舎照明改修工事（その２）", True),
        ("電線類地中化工事（県単）", True),
        ("交通信号機改良等工事　第８－２号", True),
        ("舗装補修工事 第3工区", True),
        ("電話交換業務　第８－２号", False),
        ("庁舎改修工事設計業務", False),
        ("工事監理業務", False),
        ("システム運用保守", False),
    ],
)
def test_construction_is_told_by_its_title(title: str, works: bool) -> None:
    assert is_works(title) is works


# Finding


def tender(title: str, published: date, **more: Any) -> ComposedTender:
    key = f"{title} {published} {more.get('buyer')}"
    id = uuid5(NAMESPACE, key)
    given: dict[str, Any] = {
        "id": id,
        "title": title,
        "kind": NoticeKind.TENDER,
        "published": published,
        "buyer": "デジタル庁会計担当参事官",
        "sources": (TenderSource("kkj", key, "https://example.org/", NoticeKind.TENDER, published, id),),
        "areas": (AreaScore("digital-transformation", 1.0, ()),),
    }
    return ComposedTender(**(given | more))


def keep(database: Database, *found: ComposedTender) -> None:
    database.write(lambda session: tenders.store(session, found, run_id=RUN, now=NOW, alerts=lambda change: False))


def won(key: str, title: str, day: date, **more: Any) -> ScrapedAward:
    given: dict[str, Any] = {
        "source": "pportal_awards",
        "key": key,
        "title": title,
        "date": day,
        "published": day,
        "supplier": "見本株式会社",
        "corporate_number": "8999900000001",
        "amount": Decimal(1_000_000),
        "buyer": "デジタル庁",
    }
    return ScrapedAward(**(given | more))


def record(database: Database, *found: ScrapedAward) -> None:
    database.write(lambda session: awards.record(session, found, run_id=RUN, now=NOW))


def due(database: Database, **more: Any) -> list[Renewal]:
    given: dict[str, Any] = {"today": TODAY, "within": 120, "limit": 50} | more
    with database.reading() as session:
        found, _ = renewals(session, **given)
    return found


def yearly(title: str, *years: int, **more: Any) -> list[ComposedTender]:
    return [tender(f"{year + 1}年度{title}", date(year, 12, 5), **more) for year in years]


def test_a_service_is_found_by_its_calls_and_awards_of_other_years(database: Database) -> None:
    keep(database, *yearly("システム運用業務", 2023, 2024))
    record(database, won("1", "令和８年度システム運用業務一式", date(2026, 1, 24)))
    (found,) = due(database)
    assert (found.title, found.buyer) == ("令和８年度システム運用業務一式", "デジタル庁会計担当参事官")
    assert found.areas == ("digital-transformation",)
    assert found.forecast.confidence is Confidence.HIGH
    assert [(one.sign, one.day.year) for one in found.evidence] == [
        (Sign.AWARD, 2026),
        (Sign.CALL, 2024),
        (Sign.CALL, 2023),
    ]
    assert [(one.name, one.amount) for one in found.evidence[0].winners] == [("見本株式会社", Decimal(1_000_000))]


def test_an_award_that_is_linked_to_its_call_is_told_with_it(database: Database) -> None:
    calls = yearly("システム運用業務", 2024, 2025)
    keep(database, *calls)
    record(database, won("1", "システム運用", date(2026, 1, 24), case_number="77"))
    database.write(lambda session: awards.link(session, {"77": calls[1].id}))
    (found,) = due(database)
    assert [[one.name for one in seen.winners] for seen in found.evidence] == [["見本株式会社"], []]


def test_a_result_that_was_published_late_counts_from_its_decision(database: Database) -> None:
    results = {date(2025, 7, 11): date(2025, 5, 12), date(2026, 7, 5): date(2026, 5, 11)}
    for published, decided in results.items():
        keep(database, tender("システム運用業務", published, kind=NoticeKind.AWARD, awarded=decided))
    (found,) = due(database, within=365)
    assert [(one.sign, one.day) for one in found.evidence] == [
        (Sign.AWARD, date(2026, 5, 11)),
        (Sign.AWARD, date(2025, 5, 12)),
    ]
    assert (found.forecast.first, found.forecast.last) == (date(2027, 2, 20), date(2027, 4, 22))


def test_only_what_is_expected_soon_is_told_the_next_first(database: Database) -> None:
    keep(database, *yearly("研修の企画", 2024, 2025))
    keep(database, *(tender("翻訳業務", date(year, 11, 20)) for year in (2024, 2025)))
    assert [found.title for found in due(database)] == ["翻訳業務", "2026年度研修の企画"]
    assert [found.title for found in due(database, within=10)] == ["翻訳業務"]
    assert due(database, today=date(2026, 3, 1), within=30) == []


def test_areas_and_buyers_can_be_asked_for(database: Database) -> None:
    keep(database, *yearly("システム運用業務", 2024, 2025))
    keep(
        database, *yearly("介護の調査", 2024, 2025, buyer="厚生労働省", areas=(AreaScore("aging-society", 1.0, ()),))
    )
    assert [found.buyer for found in due(database, area="aging-society")] == ["厚生労働省"]
    assert [found.buyer for found in due(database, buyer="デジタル")] == ["デジタル庁会計担当参事官"]
    assert due(database, area="mobility") == []


def test_construction_cancelled_calls_and_twins_do_not_count(database: Database) -> None:
    keep(database, *yearly("庁舎改修工事", 2024, 2025))
    keep(database, *yearly("庁舎の塗装", 2024, 2025, category=Category.WORKS))
    keep(database, *yearly("システム運用業務", 2024, 2025, kind=NoticeKind.CANCELLATION))
    record(database, won("1", "翻訳業務", date(2025, 1, 24)), won("2", "翻訳業務", date(2026, 1, 24)))

    def make_twin(session: Session) -> None:
        award = table(Award)
        twin = session.connection().execute(select(award.c.id).order_by(award.c.key)).scalars().all()
        session.connection().execute(award.update().where(award.c.id == twin[0]).values(same_as=twin[1]))

    database.write(make_twin)
    assert due(database) == []


def test_more_than_is_asked_for_is_said(database: Database) -> None:
    keep(database, *(one for number in range(3) for one in yearly(f"第{number}庁舎の清掃", 2024, 2025)))
    with database.reading() as session:
        found, more = renewals(session, today=TODAY, within=120, limit=2)
        assert (len(found), more) == (2, True)
        found, more = renewals(session, today=TODAY, within=120, limit=3)
        assert (len(found), more) == (3, False)


def test_a_tender_tells_who_won_its_service_before(database: Database) -> None:
    calls = yearly("システム運用業務", 2024, 2025)
    keep(database, *calls)
    record(database, won("1", "令和７年度システム運用業務", date(2025, 2, 1)))
    with database.reading() as session:
        found = past(session, calls[1].id, today=TODAY)
    assert [(one.sign, one.day) for one in found.evidence] == [
        (Sign.AWARD, date(2025, 2, 1)),
        (Sign.CALL, date(2024, 12, 5)),
    ]
    assert found.forecast is not None
    assert found.forecast.first.year == 2026


def test_of_a_tender_without_a_buyer_nothing_is_known(database: Database) -> None:
    calls = yearly("システム運用業務", 2024, 2025, buyer=None)
    keep(database, *calls)
    with database.reading() as session:
        found = past(session, calls[1].id, today=TODAY)
    assert (found.evidence, found.forecast) == ((), None)


def test_a_supplier_that_may_be_a_person_is_not_named_and_has_no_page_to_be_linked_to(database: Database) -> None:
    record(database, won("1", "翻訳業務", date(2025, 1, 24), supplier="見本　花子", corporate_number=None))
    record(database, won("2", "翻訳業務", date(2026, 1, 24)))
    (found,) = due(database)
    company, person = [winner for seen in found.evidence for winner in seen.winners]
    assert None not in (company.company, company.name)
    assert (person.company, person.name) == (None, None)


def test_a_day_that_cannot_be_takes_no_service_away(database: Database) -> None:
    calls = yearly("システム運用業務", 2024, 2025)
    keep(database, *calls)
    for number, day in enumerate((date(9999, 12, 31), date(9998, 1, 24), date(1, 1, 1))):
        record(database, won(str(number), "令和８年度システム運用業務一式", day))
    with database.reading() as session:
        found = past(session, calls[1].id, today=TODAY)
    assert found.forecast is not None
    assert found.forecast.rounds == 2


def test_old_rows_get_their_series_and_it_can_be_made_again(database: Database) -> None:
    keep(database, *yearly("システム運用業務", 2024, 2025))
    record(database, won("1", "令和８年度システム運用業務一式", date(2026, 1, 24)))

    def stored(session: Session) -> list[str | None]:
        rows = [session.connection().execute(select(table(model).c.series)).scalars() for model in (Tender, Award)]
        return [one for some in rows for one in some]

    def forget(session: Session) -> None:
        for model in (Tender, Award):
            session.connection().execute(table(model).update().values(series=None))

    with database.reading() as session:
        before = stored(session)
    assert len(before) == 3
    assert len({*before}) == 1
    database.write(forget)
    for _ in range(2):
        make_series(database)
        with database.reading() as session:
            assert stored(session) == before


def test_evidence_is_the_newest_where_there_is_much(database: Database) -> None:
    keep(database, *yearly("システム運用業務", *range(2010, 2026)))
    (found,) = due(database)
    assert [type(one) for one in found.evidence] == [Evidence] * 12
    assert found.evidence[0].day - found.evidence[-1].day < timedelta(days=12 * 366)
    assert found.forecast.rounds == 16
