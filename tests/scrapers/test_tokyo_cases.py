"""What both routes to Tokyo's e-procurement share: titles that carry a status, buyers, and lists that are never empty."""

import pytest

from scrapers.errors import SourceChanged
from scrapers.tokyo_cases import CaseTitle, buyer, contract_number, empty_lists, read_title

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


@pytest.mark.parametrize(
    ("written", "cancelled"),
    [
        (f"印刷 {WITHDRAWN}", True),
        ("印刷 ※本案件は、中止となりました。", True),
        ("印刷 ※訂正履歴あり", False),
        ("印刷 令和8年8月24日 に再公表する予定です。", False),
        ("取下げ書の印刷", False),
    ],
)
def test_a_case_that_was_withdrawn_or_stopped_is_cancelled_with_or_without_a_day(
    written: str, cancelled: bool
) -> None:
    assert read_title(written).cancelled == cancelled


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


def test_a_contract_number_has_one_spelling() -> None:
    spellings = ("8-00006", "08-00006", "８－００００６")
    assert {contract_number(written) for written in spellings} == {"08-00006"}


def test_two_empty_lists_are_a_failure_and_no_goods_and_services_are_told() -> None:
    with pytest.raises(SourceChanged, match=r"^tokyo_eproc: both lists are empty"):
        list(empty_lists("tokyo_eproc", "https://example.org/", {"2": 0, "1": 0}))
    assert [problem.part for problem in empty_lists("tokyo_eproc", "", {"2": 0, "1": 7})] == ["物品・委託"]
    assert list(empty_lists("tokyo_eproc", "", {"2": 7, "1": 0})) == []
