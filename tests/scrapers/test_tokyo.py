"""What Tokyo's sources share: titles that carry a status, periods without years, buyers, categories."""

from datetime import date, datetime

import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category
from scrapers.tokyo import (
    CaseTitle,
    as_text,
    as_written,
    buyer,
    category_of,
    contract_number,
    day_after,
    exact,
    moment,
    period,
    read_title,
)

WITHDRAWN = "※本案件は、8月26日 15時39分付で取り下げました。"


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("見本庁舎清掃委託", CaseTitle("見本庁舎清掃委託")),
        ("【電子】 電気自動車の買入れ", CaseTitle("電気自動車の買入れ", electronic=True)),
        ("［電子］電気自動車の買入れ", CaseTitle("電気自動車の買入れ", electronic=True)),
        ("印刷　※訂正履歴あり", CaseTitle("印刷", "訂正履歴あり")),
        (f"印刷 {WITHDRAWN}", CaseTitle("印刷", "取り下げ（8月26日 15時39分）", "8月26日")),
        (
            "印刷 ※本案件は，８月２６日　１５時３９分付で中止しました",
            CaseTitle("印刷", "中止（8月26日 15時39分）", "8月26日"),
        ),
        (
            "【電子】 警備委託 ※本案件は、8月20日 13時06分付で取り下げました。令和8年8月24日 に再公表する予定です。",
            CaseTitle(
                "警備委託", "取り下げ（8月20日 13時06分）、再公表予定（令和8年8月24日）", "8月20日", electronic=True
            ),
        ),
        (
            f"印刷 ※訂正履歴あり {WITHDRAWN}",
            CaseTitle("印刷", "訂正履歴あり、取り下げ（8月26日 15時39分）", "8月26日"),
        ),
        ("印刷 ※本案件は、受付を中断しています。", CaseTitle("印刷", "本案件は、受付を中断しています")),
    ],
)
def test_what_is_written_behind_a_title_is_its_status(written: str, title: CaseTitle) -> None:
    assert read_title(written) == title


@pytest.mark.parametrize(
    "written",
    ["印刷（※単価契約）", "※印の見本の買入れ", "訂正履歴ありきの見本管理委託", "取下書の印刷", "電子黒板の借入れ"],
)
def test_a_title_that_only_holds_such_words_stays_as_it_is(written: str) -> None:
    assert read_title(written) == CaseTitle(written)


def test_a_title_that_is_nothing_but_marks_is_empty() -> None:
    assert read_title("【電子】 ※訂正履歴あり") == CaseTitle("", "訂正履歴あり", electronic=True)


def test_a_title_without_end_is_read_in_no_time() -> None:
    assert len(read_title("　" * 1_000_000 + "※").text) <= 2_000


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
    ("section", "name"),
    [
        ("環境局総務部経理課", "東京都環境局総務部経理課"),
        ("東京消防庁総務部経理契約課", "東京都東京消防庁総務部経理契約課"),
        ("東京都", "東京都"),
        ("", "東京都"),
    ],
)
def test_a_section_is_one_of_the_metropolis(section: str, name: str) -> None:
    assert buyer(section) == name


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


def test_numbers_and_values_have_one_spelling() -> None:
    assert (
        contract_number("8-00006") == contract_number("08-00006") == contract_number("８－００００６") == "08-00006"
    )
    assert as_written("特命随意契約(企画提案方式）") == "特命随意契約(企画提案方式)"
    assert as_text([("契約番号", "08-00006"), ("履行期間", "")]) == "契約番号：08-00006"
