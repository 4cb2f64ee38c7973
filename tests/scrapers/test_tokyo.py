"""What Tokyo's sources share: a status, days and periods without years, categories, lists that state a total."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category
from db.vocabulary.run import Coverage, Problem
from scrapers.tokyo import (
    as_text,
    as_written,
    category_of,
    counted,
    day_after,
    day_in_fiscal_year,
    exact,
    moment,
    period,
    states_day,
    status_of,
)

PUBLISHED = date(2026, 9, 14)


@pytest.mark.parametrize(
    ("written", "published", "expected"),
    [
        ("9月14日 ～9月17日 ", PUBLISHED, "2026-09-14/2026-09-17"),
        ("9月14日 〜9月17日", PUBLISHED, "2026-09-14/2026-09-17"),
        ("12月28日 ～1月7日", date(2026, 12, 28), "2026-12-28/2027-01-07"),
        ("1月5日 ～1月8日", date(2026, 12, 28), "2027-01-05/2027-01-08"),
        ("8月27日 ～9月1日", date(2026, 8, 28), "2026-08-27/2026-09-01"),
        ("12月30日 ～1月8日", date(2027, 1, 4), "2026-12-30/2027-01-08"),
        ("２月２５日～２月２９日", date(2028, 2, 25), "2028-02-25/2028-02-29"),
        (
            "令和8年8月28日  9時00分から令和8年9月1日  17時00分",
            PUBLISHED,
            "2026-08-28T09:00:00+09:00/2026-09-01T17:00:00+09:00",
        ),
        ("2026/07/24 09:00～2026/08/07 10:00", PUBLISHED, "2026-07-24T09:00:00+09:00/2026-08-07T10:00:00+09:00"),
        ("～2026/08/07 10:00", PUBLISHED, "../2026-08-07T10:00:00+09:00"),
        ("9月20日", PUBLISHED, "2026-09-20"),
        ("", PUBLISHED, ""),
    ],
)
def test_the_years_of_a_period_follow_from_the_day_of_publication(
    written: str, published: date, expected: str
) -> None:
    assert period(written, published) == expected


@pytest.mark.parametrize(
    "written", ["仕様書による", "8月3日 ~8月7日", "13月1日 ~13月9日", "9月14日 ~9月15日 ~9月16日"]
)
def test_a_period_that_cannot_be_read_stays_as_it_is_stated(written: str) -> None:
    assert period(written, PUBLISHED) == written


@given(
    published=some.dates(date(2019, 5, 1), date(2150, 12, 31)),
    wait=some.integers(-3, 30),
    length=some.integers(1, 30),
    times=some.booleans(),
)
def test_a_period_around_any_day_of_publication_is_read_with_its_years(
    published: date, wait: int, length: int, times: bool
) -> None:
    start = published + timedelta(days=wait)
    end = max(published, start + timedelta(days=length))
    clocks = ("9時00分", "17時00分") if times else ("", "")
    written = [f"{day.month}月{day.day}日 {clock}" for day, clock in zip((start, end), clocks, strict=True)]
    found = [one[:10] for one in period(" ～".join(written), published).split("/")]
    assert found == [start.isoformat(), end.isoformat()]
    assert day_after(written[1], published) == end


@given(published=some.dates(date(2019, 5, 1), date(2150, 12, 31)), ago=some.integers(1, 180))
def test_a_period_that_was_over_before_the_publication_is_not_moved_into_the_next_year(
    published: date, ago: int
) -> None:
    end = published - timedelta(days=ago)
    written = f"{end.month}月{end.day}日"
    if (end.month, end.day) != (2, 29):
        assert period(f"{written} ～{written}", published) == f"{written} ~{written}"


def test_the_first_day_of_a_period_tells_the_year_of_its_last() -> None:
    assert period("令和8年12月28日から1月7日まで", date(2026, 2, 1)) == "2026-12-28/2027-01-07"
    assert period("令和8年12月28日から1月7日まで", None) == "2026-12-28/2027-01-07"
    assert period("12月28日から1月7日まで", None) == "12月28日から1月7日まで"


def test_a_period_that_ends_before_it_begins_stays_as_it_is_stated() -> None:
    assert period("令和9年8月28日から令和8年9月1日", PUBLISHED) == "令和9年8月28日から令和8年9月1日"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("4月1日", date(2026, 4, 1)),
        ("9月30日", date(2026, 9, 30)),
        ("12月31日", date(2026, 12, 31)),
        ("1月1日", date(2027, 1, 1)),
        ("3月31日", date(2027, 3, 31)),
        ("令和7年12月1日", date(2025, 12, 1)),
        ("2月29日", None),
        ("未定", None),
    ],
)
def test_a_day_without_its_year_lies_in_the_fiscal_year(written: str, day: date | None) -> None:
    assert day_in_fiscal_year(written, 2026) == day


@given(some.dates(date(2019, 4, 1), date(2150, 3, 31)))
def test_every_day_of_a_fiscal_year_is_found_again(day: date) -> None:
    year = day.year - (day.month < 4)
    assert day_in_fiscal_year(f"{day.month}月{day.day}日", year) == day
    assert day_in_fiscal_year(f"{day.month}月{day.day}日", None) is None


def test_a_text_states_a_day_with_or_without_its_year() -> None:
    assert states_day("6月12日 正午")
    assert states_day("2026/07/23 20:00")
    assert not states_day("7月中旬")
    assert not states_day("84,547千円")


def test_a_day_without_a_year_never_lies_more_than_half_a_year_ahead() -> None:
    assert day_after("9月13日", PUBLISHED) is None
    assert day_after("8月26日", date(2026, 8, 20)) == date(2026, 8, 26)
    assert day_after("令和8年8月26日", PUBLISHED) == date(2026, 8, 26)
    assert day_after("未定", PUBLISHED) is None


def test_only_a_moment_with_its_time_of_day_is_exact() -> None:
    assert exact("2026/09/14 17:00") == datetime(2026, 9, 14, 17, tzinfo=TOKYO)
    assert exact("2026/09/14") is None
    assert moment("2026/09/14") == "2026-09-14"
    assert moment("令和8年9月15日  9時30分") == "2026-09-15T09:30:00+09:00"
    assert moment("未定") is None


@pytest.mark.parametrize(
    ("title", "works", "category"),
    [
        ("電気自動車の買入れ", False, Category.GOODS),
        ("再生紙の購入", False, Category.GOODS),
        ("見本庁舎清掃委託", False, Category.SERVICES),
        ("什器の買入れ及び設置委託", False, None),
        ("人流データ分析ツールの借入れ", False, None),
        ("水上バスの売払い", False, None),
        ("屋外デッキ撤去工事", True, Category.WORKS),
        ("見本橋撤去", True, Category.WORKS),
        ("水門耐震補強設計委託", True, Category.SERVICES),
        ("委託庁舎改修工事", True, Category.WORKS),
    ],
)
def test_the_category_is_told_only_where_there_is_no_doubt(
    title: str, works: bool, category: Category | None
) -> None:
    assert category_of(title, works=works) == category


def test_values_have_one_spelling_and_what_is_not_stated_has_no_line() -> None:
    assert as_written("特命随意契約(企画提案方式）") == "特命随意契約(企画提案方式)"
    assert as_text([("契約番号", "08-00006"), ("履行期間", "")]) == "契約番号：08-00006"


@pytest.mark.parametrize("written", ["受付中", "受付終了", "終了", "受付前", ""])
def test_whether_applications_are_open_is_no_status(written: str) -> None:
    assert status_of(written) is None


@pytest.mark.parametrize("written", ["取下げ", "取り下げ", "訂正", "再公表", "中止", "取消", "不調"])
def test_what_the_buyer_did_is_one(written: str) -> None:
    assert status_of(written) == written


def test_a_list_is_counted_against_the_total_that_it_states() -> None:
    assert list(counted("工事", 3, 3)) == [Coverage("工事", 3, 3, complete=True)]
    assert list(counted("工事", 3, None)) == [Coverage("工事", 3, None, complete=False)]
    coverage, problem = counted("工事", 3, 4)
    assert coverage == Coverage("工事", 3, 4, complete=False)
    assert isinstance(problem, Problem)
    assert str(problem.saying) == "the list states 4 calls and gave 3; the rest will be asked for again"
