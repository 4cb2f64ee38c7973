"""Series: what differs from year to year goes, and what tells services apart stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.vocabulary.series import authority, series, service
from db.vocabulary.text import fold

BUYER = "デジタル庁"

SAME = [
    ("令和６年度自動車運行管理業務", "令和8年度 自動車運行管理業務"),
    (
        "令和７年度デジタル推進委員ポータルの運用・保守一式（再度公告）",
        "令和５年度デジタル推進委員ポータルの運用・保守一式",
    ),
    (
        "デジタル認証アプリのヘルプデスク業務（令和６年度）",
        "デジタル認証アプリのヘルプデスク業務（令和7年度）(再公告)",
    ),
    ("e-Gov電子申請サービス2024年度機能拡充等", "e-Gov電子申請サービス2025年度機能拡充等一式"),
    ("預貯金二法システム R6年度業務支援", "令和７年度預貯金二法システム　業務支援"),
    ("庁舎清掃業務（令和7～9年度）", "庁舎清掃業務（令和10～12年度）"),
    ("令和６年度～令和８年度　旅費システムの工程管理", "令和９年度～令和11年度　旅費システムの工程管理"),
    ("第３回アプリ開発講座の企画", "第４回アプリ開発講座の企画"),
    ("令和元年度健康診断業務", "2020年度健康診断業務"),
    ("国家資格システム運用の請負（令和8年度）", "国家資格システム運用の委託"),
    ("【電子入札】入札公告「令和７年度合同宿舎点検業務」", "令和８年度合同宿舎点検業務の一般競争入札について"),
    ("トナーカートリッジほか１２点の購入", "トナーカートリッジほか３点の購入"),
    ("白バイ　51台", "白バイ 48台"),
    ("ＧＳＳ運用に係る検査業務", "GSS 運用に係る検査"),
    ("(R8)舟入住宅ほか建物点検業務", "(R9)舟入住宅ほか建物点検業務"),
    (
        "08-0049-0128 放送コンテンツの海外展開に関する調査の請負",
        "07-0049-0254 放送コンテンツの海外展開に関する調査の請負",
    ),
]
"""Titles of one service in different years, most of them real."""
APART = [
    ("第１庁舎清掃業務", "第２庁舎清掃業務"),
    ("東京合同庁舎警備業務", "大阪合同庁舎警備業務"),
    ("道路点検業務（その１）", "道路点検業務（その２）"),
    ("機器の賃貸借（Aブロック）", "機器の賃貸借（Bブロック）"),
    ("第三期情報提供ネットワークシステムの運用", "第四期情報提供ネットワークシステムの運用"),
    ("LED更新工事（1工区）", "LED更新工事（2工区）"),
    ("令和６年度上半期翻訳業務", "令和６年度下半期翻訳業務"),
    ("食料品（7月分）の購入", "食料品（8月分）の購入"),
    ("端末の購入", "端末の賃貸借"),
    ("システムの設計", "システムの運用"),
    ("Windows Server 2012 R2の保守", "Windows Server 2016の保守"),
    ("７号館の清掃", "８号館の清掃"),
    ("国道49号の維持", "国道50号の維持"),
    ("16GBメモリの購入", "32GBメモリの購入"),
    ("【九州局】市場調査", "【本省】市場調査"),
]
"""Titles of different services."""


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_calls_of_different_years_for_one_service_are_one_series(one: str, other: str) -> None:
    assert service(one) == service(other)
    assert series(BUYER, one) == series(BUYER, other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_different_services_stay_apart(one: str, other: str) -> None:
    assert series(BUYER, one) != series(BUYER, other)


@pytest.mark.parametrize("title", ["令和８年度", "2026年度（再公告）", "一式", "", "第3回公募"])
def test_a_title_that_is_only_a_year_keeps_it(title: str) -> None:
    assert service(title) == service(service(title)) == fold(title)


PIECES = [
    "令和８年度",
    "R7",
    "2025年度",
    "（",
    "）",
    "【",
    "】",
    "「",
    "」",
    "第3回",
    "再公告",
    "入札公告",
    "について",
    "に係る一般競争入札",
    "一式",
    "業務",
    "委託",
    "請負",
    "の",
    "ほか",
    "12点",
    "令和7年4月1日",
    "～",
    "・",
    "-",
    "8年度",
    "庁舎",
    "清掃",
    "Ａ",
    "x",
    "元年度",
    "51台",
    "電子入札",
    "FY2025",
    "08-0049-0128",
    "の公募",
    "、",
]
"""What titles are made of, in every order that comes along."""


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map("".join))
def test_what_is_left_of_a_title_stays_as_it_is(title: str) -> None:
    assert service(service(title)) == service(title)


@given(st.sampled_from([title for pair in (*SAME, *APART) for title in pair]), st.integers(1, 15), st.integers(1, 15))
def test_the_year_before_a_title_makes_no_difference(title: str, one: int, other: int) -> None:
    assert service(f"令和{one}年度{title}") == service(f"令和{other}年度{title}")


@given(
    st.text(max_size=20)
    | st.sampled_from(["福井刑務所長", "国立大学法人東京大学総長", "防衛省自衛隊 近畿中部防衛局"])
)
def test_an_authority_is_its_own_authority(buyer: str) -> None:
    assert authority(authority(buyer)) == authority(buyer)


@pytest.mark.parametrize(
    ("buyer", "known"),
    [
        ("国土交通省大阪航空局", "国土交通省"),
        ("海上保安庁総務部長", "国土交通省"),
        ("国家公安委員会（警察庁）兵庫県警察", "警察庁"),
        ("デジタル庁会計担当参事官", "デジタル庁"),
        ("福井刑務所長", "法務省"),
        ("独立行政法人国立病院機構　仙台医療センター院長", "独立行政法人国立病院機構仙台医療センター"),
        ("国立大学法人東京大学総長", "国立大学法人東京大学"),
        ("国立大学法人京都大学長", "国立大学法人京都大学"),
        ("日本放送協会　経理局長", "日本放送協会"),
        ("東日本高速道路株式会社　東北支社長", "東日本高速道路株式会社東北支社"),
        ("大阪府吹田市", "大阪府吹田市"),
        ("東京都（財務局・産業労働局）", "東京都(財務局産業労働局)"),
        ("杉並区", "杉並区"),
    ],
)
def test_a_notice_and_an_award_name_one_authority(buyer: str, known: str) -> None:
    assert authority(buyer) == known


def test_the_same_title_of_two_buyers_is_two_series() -> None:
    assert series("財務省", "庁舎清掃業務") != series("環境省", "庁舎清掃業務")


def test_without_a_buyer_there_is_no_series() -> None:
    assert series(None, "庁舎清掃業務") is None
    assert series("", "庁舎清掃業務") is None
