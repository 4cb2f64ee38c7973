"""Printed lines become paragraphs, and an issue falls into the notices that it consists of."""

import pytest

from scrapers.gazette.cutting import columns, is_japanese, joined, paragraphs, parts
from scrapers.gazette.text import Line


def line(text: str, indent: float = 1.0, *, short: bool = False, size: float = 8.0, page: int = 1) -> Line:
    return Line(page, text, size, indent, short)


def heading(text: str, page: int = 1) -> Line:
    return line(text, 5.0, short=True, size=9.0, page=page)


# Paragraphs


def test_a_paragraph_goes_on_until_a_short_line() -> None:
    lines = [
        line("⑵　借入件名及び数量　大分県警察本部用指令"),
        line("通信装置　１式", 2.0, short=True),
        line("〒870-8502 大分市大手町"),
    ]
    assert list(paragraphs(lines)) == [
        "⑵　借入件名及び数量　大分県警察本部用指令通信装置　１式",
        "〒870-8502 大分市大手町",
    ]


def test_a_mark_begins_a_paragraph_even_after_a_full_line() -> None:
    lines = [line("３　次の入札書の提出場所について", 0.0), line("⑴　入札書の提出場所"), line("①　持参の場合")]
    assert len(list(paragraphs(lines))) == 3


def test_a_line_that_is_set_in_begins_a_paragraph() -> None:
    lines = [line("⑹　総価を記載すること。"), line("この額に含まれる。", 2.0), line("なお、落札価格は", 3.0)]
    assert list(paragraphs(lines)) == ["⑹　総価を記載すること。この額に含まれる。", "なお、落札価格は"]


@pytest.mark.parametrize("rest", ["ム　一式", "10）一式", "・クアルソディ", "②も含む"])
def test_a_word_broken_at_the_end_of_a_line_is_no_mark(rest: str) -> None:
    lines = [line("⑵　購入等件名及び数量　分子構造解析システ"), line(rest, 2.0, short=True)]
    assert list(paragraphs(lines)) == [f"⑵　購入等件名及び数量　分子構造解析システ{rest}"]


def test_a_number_broken_after_its_hyphen_is_no_mark() -> None:
    lines = [line("庁舎管理業務（25-", 1.0), line("10）　一式", 2.0, short=True)]
    assert list(paragraphs(lines)) == ["庁舎管理業務（25-10）　一式"]


@pytest.mark.parametrize(
    ("before", "after", "whole"),
    [
        ("Classification of the products to be pro-", "cured : 71, 27", "Classification of the products to be procured : 71, 27"),
        ("2-1-2 Kasumigaseki Chiyoda-", "ku, Tokyo", "2-1-2 Kasumigaseki Chiyoda-ku, Tokyo"),
        ("minors, Per-", "son under Conservatorship", "minors, Person under Conservatorship"),
        ("Commissioner-", "General's Secretariat", "Commissioner-General's Secretariat"),
        ("TEL 03-", "3581", "TEL 03-3581"),
        ("17 : 00 8", "September, 2025", "17 : 00 8 September, 2025"),
        ("〒100-", "8974", "〒100-8974"),
        ("令和12年２月", "28日", "令和12年２月28日"),
        ("110分の", "100に相当", "110分の100に相当"),
        ("件名　Microsoft", "Office", "件名　Microsoft Office"),
        ("ホームページ https://www.example.jp/", "a/index.html", "ホームページ https://www.example.jp/a/index.html"),
    ],
)  # fmt: skip
def test_lines_are_joined_as_they_were_before_they_were_broken(before: str, after: str, whole: str) -> None:
    assert joined(before, after) == whole


def test_what_is_japanese() -> None:
    assert is_japanese("別表１　本入札手続きに係る期間等")
    assert not is_japanese("⑶　Nature and quantity of the services : Ａ and Ｂ for 見本")


# Parts

CODES = line("◎調達機関番号　009　◎所在地番号　13", 0.0, short=True)


def test_banners_are_no_headings_and_what_stands_before_the_first_heading_is_left_out() -> None:
    lines = [
        line("この政府調達公告版に掲載される"),
        line("入札公告", size=14.0),
        heading("入 札 公 告"),
        CODES,
        line("１　調達内容"),
    ]
    (part,) = parts(lines)
    assert (part.heading, part.order, part.page, part.number, part.place) == ("入札公告", 1, 1, None, 0)
    assert part.body == ["１　調達内容"]


def test_a_heading_may_have_two_lines() -> None:
    lines = [
        heading("公募型プロポーザル方式に係る手続開始の公示"),
        heading("（建設工事を除く）"),
        CODES,
        line("１　業務概要"),
    ]
    assert [part.heading for part in parts(lines)] == ["公募型プロポーザル方式に係る手続開始の公示（建設工事を除く）"]


def test_each_number_under_a_heading_is_a_notice_with_the_same_buyer() -> None:
    lines = [
        heading("入札公告", 27),
        line("国立大学法人見本大学長", page=27, short=True),
        CODES,
        line("〇第１号", 0.0, short=True, page=27),
        line("１　調達内容", 0.0, short=True, page=27),
        line("〇第２号（№２）", 0.0, short=True, page=28),
        line("１　調達内容　第１号に同じ。", 0.0, short=True, page=28),
    ]
    first, second = parts(lines)
    assert (first.number, first.place, first.page) == ("第１号", 1, 27)
    assert (second.number, second.place, second.page) == ("第２号（№２）", 2, 28)
    assert first.head == second.head == ["国立大学法人見本大学長"]
    assert second.body == ["〇第２号（№２）", "１　調達内容　第１号に同じ。"]


@pytest.mark.parametrize(
    "number",
    [
        "第07-1444-２号",
        "機構公告第８号",
        "2025播磨第41号",
        "お客様第10号",
        "第９号-天文台",
        "契第整備013号",
        "第１号(№１)",
    ],
)
def test_numbers_have_many_forms(number: str) -> None:
    (part,) = parts([heading("入札公告"), CODES, line(f"〇{number}", 0.0, short=True)])
    assert part.number == number


def test_a_number_may_be_announced() -> None:
    (part,) = parts([heading("入札公告"), CODES, line("〇公告番号　機構公告第８号", 0.0, short=True)])
    assert part.number == "機構公告第８号"


@pytest.mark.parametrize("text", ["〇同号に定めるところによる。", "〇公告の番号", "〇第１号に、第２号を加える"])
def test_not_every_circle_is_a_number(text: str) -> None:
    (part,) = parts([heading("入札公告"), CODES, line(text, 0.0, short=True)])
    assert part.number is None


def test_codes_may_be_broken_over_two_lines() -> None:
    lines = [
        heading("入札公告"),
        line("◎調達機関番号　009"),
        line("◎所在地番号　13", short=True),
        line("１　調達内容"),
    ]
    (part,) = parts(lines)
    assert part.codes == "◎調達機関番号　009◎所在地番号　13"
    assert part.body == ["１　調達内容"]


def test_a_lone_code_takes_nothing_with_it() -> None:
    lines = [heading("入札公告"), line("◎調達機関番号　009", short=True), line("〇第１号", 0.0, short=True)]
    (part,) = parts(lines)
    assert (part.codes, part.number) == ("◎調達機関番号　009", "第１号")


def test_a_notice_before_the_first_heading_is_kept() -> None:
    lines = [line("支出負担行為担当官", short=True), CODES, line("１　調達内容"), heading("入札公告"), CODES]
    first, second = parts(lines)
    assert (first.heading, first.head, first.body) == ("", ["支出負担行為担当官"], ["１　調達内容"])
    assert second.heading == "入札公告"


def test_the_summary_is_kept_apart_and_japanese_after_it_is_japanese_again() -> None:
    lines = [
        heading("入札公告（建設工事）"),
        CODES,
        line("４　その他", 0.0, short=True),
        line("10 Summary", 0.0, short=True),
        line("⑶　Subject matter of the contract : Renova-"),
        line("tion work", 2.0, short=True),
        line("別表１　本入札手続きに係る期間等", 0.0, short=True),
        line("①　入札説明書の交付期間", 1.0, short=True),
    ]
    (part,) = parts(lines)
    assert part.body == ["４　その他", "別表１　本入札手続きに係る期間等", "①　入札説明書の交付期間"]
    assert part.body_en == ["10 Summary", "⑶　Subject matter of the contract : Renovation work"]


LEGEND = [
    line("［掲載順序］", 0.0, short=True),
    line("①品目分類番号　②調達件名及び数量　⑥落札者の氏名"),
    line("及び住所　⑦落札価格", short=True),
]


def test_a_list_by_several_buyers_is_cut_into_its_entries() -> None:
    lines = [
        heading("落札者等の公示", 63),
        line("次のとおり落札者等について公示します。", short=True),
        *LEGEND,
        line("〇支出負担行為担当官　例示省会計課長　（東京都見本区一丁", 0.0, page=63),
        line("目１-１）", 1.0, short=True, page=63),
        CODES,
        line("①５　②寝袋　2,583式　⑥見本㈱　東京都港区　⑦", page=63),
        line("65,918,160円", short=True, page=63),
        line("①７　②略帽　⑥例示㈱　⑦100円", short=True, page=64),
        line("〇国立大学法人見本大学長", 0.0, short=True, page=64),
        line("◎調達機関番号　415　◎所在地番号　01", 0.0, short=True, page=64),
        line("①24　②質量分析装置　⑥例示㈱　⑦200円", short=True, page=64),
    ]
    first, second, third = parts(lines)
    assert [part.place for part in (first, second, third)] == [1, 2, 3]
    assert [part.page for part in (first, second, third)] == [63, 64, 64]
    assert first.head == second.head == ["支出負担行為担当官　例示省会計課長　（東京都見本区一丁目１-１）"]
    assert third.head == ["国立大学法人見本大学長"]
    assert third.codes == "◎調達機関番号　415　◎所在地番号　01"
    assert first.entry == {"①": "５", "②": "寝袋　2,583式", "⑥": "見本㈱　東京都港区", "⑦": "65,918,160円"}
    assert first.legend["⑥"] == "落札者の氏名及び住所"


def test_a_list_by_one_buyer_names_it_above() -> None:
    lines = [
        heading("落札者等の公示"),
        line("令和７年７月３日　支出負担行為担当官　例示省会計課長", short=True),
        *LEGEND,
        CODES,
        line("①５　②寝袋　⑥見本㈱　⑦100円", short=True),
    ]
    (part,) = parts(lines)
    assert part.head == ["令和７年７月３日　支出負担行為担当官　例示省会計課長"]
    assert part.entry["②"] == "寝袋"


def test_the_english_entries_of_a_list_go_with_the_japanese_ones() -> None:
    lines = [
        heading("入札公告（公示）予定の公示"),
        *LEGEND,
        line("〇契約責任者　例示鉄道株式会社　財務部長", 0.0, short=True),
        CODES,
        line("①14　②端末の購入　1,334台", short=True),
        line("①18　②コンテナ", short=True),
        line("Summary", short=True),
        line("The person who is responsible for this contract : the Finance Department", short=True),
        line("①14　②Purchase of 1,334 terminals", short=True),
        line("①18　②Contain-"),
        line("ers", short=True),
    ]
    first, second = parts(lines)
    assert (first.entry["②"], first.entry_en["②"]) == ("端末の購入　1,334台", "Purchase of 1,334 terminals")
    assert (second.entry["②"], second.entry_en["②"]) == ("コンテナ", "Containers")


def test_the_names_of_columns_are_in_both_languages() -> None:
    lines = [
        heading("入札公告（公示）予定の公示"),
        line("［掲載順序］", short=True),
        line("①品目分類番号　②調達物品及び数量　⑤担当部局", short=True),
        line("①Classification　②Nature and quantity of the"),
        line("products　⑤Contact point", short=True),
        line("〇契約責任者　例示鉄道株式会社　財務部長", 0.0, short=True),
        CODES,
        line("①14　②端末の購入　⑤財務部", short=True),
        line("Summary", short=True),
        line("The person who is responsible : the Finance Department", short=True),
        line("①14　②Terminals　⑤Finance", short=True),
    ]
    (part,) = parts(lines)
    assert part.body == ["品目分類番号　14", "調達物品及び数量　端末の購入", "担当部局　財務部"]
    assert part.body_en == [
        "The person who is responsible : the Finance Department",
        "Classification : 14",
        "Nature and quantity of the products : Terminals",
        "Contact point : Finance",
    ]


def test_english_entries_of_another_number_are_kept_with_each() -> None:
    lines = [heading("予定"), *LEGEND, CODES, line("①14　②端末", short=True), line("①18　②コンテナ", short=True)]
    found = list(parts([*lines, line("Summary", short=True), line("①14　②Terminals, containers", short=True)]))
    assert [(part.entry_en, part.body_en) for part in found] == [({}, ["①14　②Terminals, containers"])] * 2


def test_entries_are_not_lost_where_a_buyer_has_no_codes() -> None:
    lines = [
        heading("落札者等の公示"),
        *LEGEND,
        line("〇例示省会計課長", 0.0, short=True),
        line("①５　②寝袋　⑥見本㈱　⑦100円", short=True),
        line("〇例示庁総務部長", 0.0, short=True),
        line("◎調達機関番号　010", 0.0, short=True),
        line("◎所在地番号　01", 0.0, short=True),
        line("①７　②略帽　⑥見本㈱　⑦200円", short=True),
    ]
    first, second = parts(lines)
    assert (first.head, first.codes, first.entry["②"]) == (["例示省会計課長"], "", "寝袋")
    assert (second.head, second.codes) == (["例示庁総務部長"], "◎調達機関番号　010◎所在地番号　01")


def test_a_list_whose_entries_are_not_found_is_not_lost() -> None:
    lines = [heading("落札者等の公示", 63), *LEGEND, CODES, line("ア５　イ寝袋", short=True, page=63)]
    (part,) = parts(lines)
    assert (part.entry, part.body) == ({}, ["ア５　イ寝袋"])
    assert [(part.page, part.entry) for part in parts(lines[:4])] == [(63, {})]


def test_columns_are_in_ascending_order() -> None:
    assert columns("①71、27　②Ａ①Ｂ②Ｃの更新　④一般") == {"①": "71、27", "②": "Ａ①Ｂ②Ｃの更新", "④": "一般"}
    assert columns("印のない行") == {}
