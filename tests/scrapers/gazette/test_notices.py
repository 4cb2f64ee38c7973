"""What a notice of the gazette says stands in its fields, and nothing that it does not say."""

import re
from datetime import date
from typing import Any

import pytest

from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.gazette.notices import Issue, buyer_of, category_of, kind_of_heading, notices
from scrapers.gazette.text import Line

ISSUE = Issue("20250711c00128")
TENDER = """次のとおり一般競争入札に付します。
令和７年７月11日
支出負担行為担当官
例示省大臣官房会計課長　見本　太郎
◎調達機関番号　009　◎所在地番号　13
〇第130号（№130）
１　調達内容
⑴　品目分類番号　71、27
⑵　購入等件名及び数量
クラウドセンサーの導入　１式
⑶　調達件名の特質等　入札説明書による。
⑸　納入場所　例示省
２　競争参加資格
⑴　予算決算及び会計令第70条の規定に該当しない者であること。
⑶　令和７・８・９年度内閣府競争参加資格（全省庁統一資格）において、「役務の提供等」のＡ、Ｂ又はＣの等級に格付けされている者であること。
５　Summary
⑴　Official in charge of disbursement of the procuring entity : MIHON Taro, the Obligating Officer, Director of Accounts Division, Ministry of Examples.
⑵　Classification of the products to be procured : 71, 27
⑶　Nature and quantity of the products to be purchased : Cloud Sensor introduction 1 set
⑷　Delivery period : As shown in the tender documentation."""


def lines(text: str, heading: str = "入札公告", page: int = 1) -> list[Line]:
    """Each line of the text as a printed paragraph."""
    return [Line(page, heading, 9.0, 5.0, True), *(Line(page, line, 8.0, 1.0, True) for line in text.split("\n"))]


def read(text: str, heading: str = "入札公告", page: int = 1) -> ScrapedNotice:
    (notice,) = notices(lines(text, heading, page), ISSUE, "kanpo")
    assert isinstance(notice, ScrapedNotice)
    return notice


def references(notice: ScrapedNotice) -> dict[str, str]:
    return dict(notice.references)


def test_a_notice_in_full() -> None:
    notice = read(TENDER, page=2)
    assert notice.source == "kanpo"
    assert notice.key == "20250711c00128-0002-009-13-第130号"
    assert (notice.title, notice.title_original) == ("クラウドセンサーの導入　１式", None)
    assert notice.title_en == "Cloud Sensor introduction 1 set"
    assert (notice.kind, notice.category) == (NoticeKind.TENDER, Category.SERVICES)
    assert notice.published == date(2025, 7, 11)
    assert notice.url == "https://www.kanpo.go.jp/20250711/20250711c00128/20250711c001280002f.html"
    assert (notice.buyer, notice.buyer_en) == (
        "例示省大臣官房会計課長",
        "Director of Accounts Division, Ministry of Examples",
    )
    assert (notice.prefecture, notice.place, notice.method) == ("東京都", "例示省", "一般競争入札")
    assert notice.qualification is not None
    assert notice.qualification.startswith("令和７・８・９年度")
    assert notice.references == (
        ("官報", "号外政府調達第128号"),
        ("官報掲載日", "2025-07-11"),
        ("掲載頁", "2"),
        ("掲載順", "1"),
        ("枝番", "1"),
        ("公告番号", "第130号"),
        ("調達機関番号", "009"),
        ("所在地番号", "13"),
        ("品目分類番号", "71、27"),
    )
    assert (notice.deadline, notice.response_deadline) == (None, None)


def test_the_japanese_text_and_the_summary_are_kept_apart() -> None:
    notice = read(TENDER)
    japanese, summary = TENDER.split("\n５　Summary\n")
    assert notice.text == f"入札公告\n{japanese}"
    assert notice.text_en == f"５　Summary\n{summary}"


def test_a_deadline_is_left_in_the_text() -> None:
    notice = read(f"{TENDER.split('５')[0]}⑶　入札書の受領期限　令和７年９月８日17時00分")
    assert notice.deadline is None
    assert notice.portal_dates == ()
    assert "入札書の受領期限　令和７年９月８日17時00分" in notice.text


@pytest.mark.parametrize(
    "label",
    [
        "件名",
        "契約件名",
        "借入件名及び数量",
        "調達等件名及び数量",
        "購入等件名及び予定数量",
        "購入品名及び数量",
        "購入等物品及び数量",
        "購入等特定役務及び数量",
        "導入計画物品及び数量",
        "業務件名及び数量",
        "調達役務等件名及び数量",
        "工事名",
        "業務名",
        "随意契約に付する事項",
    ],
)
def test_a_title_has_many_labels(label: str) -> None:
    assert read(TENDER.replace("購入等件名及び数量\n", f"{label}　")).title == "クラウドセンサーの導入　１式"


def test_a_title_of_several_items_is_one_line() -> None:
    assert read(TENDER.replace("クラウドセンサーの導入　１式", "①　Ａ重油　10kl\n②　軽油　５kl")).title == (
        "①　Ａ重油　10kl　②　軽油　５kl"
    )


@pytest.mark.parametrize(
    ("label", "title"),
    [
        ("Nature and quantity of the services to be required :", "Cleaning, 1 set"),
        ("Nature and quantity of services required ;", "Cleaning"),
        ("Subject matter of the contract :", "Renovation of the office"),
        ("Purchase titles and amount of items :", "Brown rice"),
        ("Nature and quantity of the products to be purchased :\n①　", "Radar, 3 sets"),
    ],
)
def test_the_english_title_has_many_labels(label: str, title: str) -> None:
    text = TENDER.replace(
        "Nature and quantity of the products to be purchased : Cloud Sensor introduction 1 set", label
    )
    notice = read(text.replace(label, f"{label}{'' if '①' in label else ' '}{title}"))
    assert notice.title_en is not None
    assert notice.title_en.removeprefix("①　") == title


def test_several_numbers_are_several_notices_with_keys_of_their_own() -> None:
    second = "〇第131号\n１　調達内容\n⑵　購入等件名及び数量　トナー\n５　Summary\n⑴　The same with the Notice above (No. 130)"
    found = list(notices(lines(f"{TENDER}\n{second}"), ISSUE, "kanpo"))
    first, other = (one for one in found if isinstance(one, ScrapedNotice))
    assert [first.key, other.key] == [
        "20250711c00128-0001-009-13-第130号",
        "20250711c00128-0001-009-13-第131号",
    ]
    assert [references(one)["枝番"] for one in (first, other)] == ["1", "2"]
    assert (other.title, other.buyer, other.buyer_en) == ("トナー", first.buyer, first.buyer_en)


def test_the_first_number_of_two_buyers_on_a_page_is_two_keys() -> None:
    one = lines(TENDER.replace("第130号（№130）", "第１号"))
    other = lines(TENDER.replace("第130号（№130）", "第１号").replace("◎所在地番号　13", "◎所在地番号　01"))
    assert [
        notice.key for notice in notices([*one, *other], ISSUE, "kanpo") if isinstance(notice, ScrapedNotice)
    ] == [
        "20250711c00128-0001-009-13-第1号",
        "20250711c00128-0001-009-01-第1号",
    ]


def test_the_same_number_of_the_same_buyer_on_a_page_is_still_two_keys() -> None:
    found = [
        one for one in notices([*lines(TENDER), *lines(TENDER)], ISSUE, "kanpo") if isinstance(one, ScrapedNotice)
    ]
    assert len({notice.key for notice in found}) == 2


def test_without_a_number_the_key_is_the_place_on_the_page() -> None:
    bare = TENDER.replace("〇第130号（№130）\n", "")
    found = [*lines(bare, page=3), *lines(bare, page=3), *lines(bare, page=4)]
    assert [one.key for one in notices(found, ISSUE, "kanpo") if isinstance(one, ScrapedNotice)] == [
        "20250711c00128-0003-1",
        "20250711c00128-0003-2",
        "20250711c00128-0004-1",
    ]


def test_a_later_page_does_not_change_what_stands_before_it() -> None:
    bare = TENDER.replace("〇第130号（№130）\n", "")
    before = [*lines(TENDER, page=2), *lines(bare, page=3)]
    found = list(notices([*before, *lines(bare, page=4)], ISSUE, "kanpo"))
    other = list(
        notices(
            [*before, *lines("次のとおり訂正します。", "入札公告の訂正", 3), *lines(TENDER, page=4)], ISSUE, "kanpo"
        )
    )
    assert found[:2] == other[:2]


def test_a_notice_whose_title_is_nowhere_is_kept_under_its_heading_and_told() -> None:
    notice, problem = notices(lines(TENDER.replace("件名", "めいしょう")), ISSUE, "kanpo")
    assert isinstance(notice, ScrapedNotice)
    assert notice.title == "入札公告　例示省大臣官房会計課長"
    assert isinstance(problem, Problem)
    assert (problem.part, "no title" in str(problem.saying)) == ("20250711c00128 p. 1", True)


def problems(text: str, heading: str = "入札公告") -> list[str]:
    found = notices(lines(text, heading), ISSUE, "kanpo")
    return [str(one.saying) for one in found if isinstance(one, Problem)]


@pytest.mark.parametrize(
    "text",
    [
        TENDER + "\n例示庁長官\n◎調達機関番号　010　◎所在地番号　13\n１　調達内容",
        TENDER.split("５　Summary")[0] + "〇二百号\n１　調達内容\n⑵　件名　トナー",
    ],
)
def test_two_notices_that_were_taken_for_one_are_told(text: str) -> None:
    (problem,) = problems(text)
    assert "a heading, or a number behind 〇, was overlooked" in problem


def test_a_notice_without_a_heading_is_told() -> None:
    notice, problem = notices(lines(TENDER)[1:], ISSUE, "kanpo")
    assert isinstance(notice, ScrapedNotice)
    assert notice.title == "クラウドセンサーの導入　１式"
    assert "without its heading" in str(problem)


def test_a_correction_may_quote_what_it_corrects() -> None:
    assert problems("◎調達機関番号　009\n１　訂正内容\n１　調達内容\n１　調達内容", "入札公告の訂正") == []


def test_a_heading_of_no_known_kind_is_told() -> None:
    (problem,) = problems(TENDER, "調達に関する告示")
    assert "the heading 調達に関する告示 is of no known kind, it was taken for tender" in problem


def test_a_correction_has_the_title_of_its_heading_and_says_what_it_corrects() -> None:
    text = """次のとおり訂正します。
令和７年７月11日
契約担当役
国立研究開発法人例示研究機構
財務部門長　見本　渉
◎調達機関番号　802　◎所在地番号　08
〇第１号
１　掲載日　令和７年６月23日（号外政府調達第114号）
２　訂正内容　11ページ４段目、入札公告第26号中、「24」を「71、27」に訂正します。"""
    (notice,) = notices(lines(text, "入札公告の訂正"), ISSUE, "kanpo")
    assert isinstance(notice, ScrapedNotice)
    assert notice.kind is NoticeKind.AMENDMENT
    assert notice.title == "入札公告の訂正　国立研究開発法人例示研究機構　財務部門長"
    assert references(notice)["掲載日"] == "令和７年６月23日（号外政府調達第114号）"
    assert "「24」を「71、27」に訂正します。" in notice.text


def test_a_direct_award_to_come_has_its_day() -> None:
    text = TENDER.replace("一般競争入札に付します", "随意契約について公示します")
    notice = read(text.replace("２　競争参加資格", "２　随意契約の予定日　令和７年８月１日"), "随意契約に関する公示")
    assert (notice.kind, notice.method) == (NoticeKind.AWARD, "随意契約")
    assert notice.portal_dates == (("随意契約の予定日", "令和７年８月１日"),)


def test_a_plan_has_its_time() -> None:
    text = """［掲載順序］
①品目分類番号　②調達物品・サービス及び数量　④入札公告（公示）の予定時期
〇契約責任者　例示鉄道株式会社　財務部長
◎調達機関番号　107　◎所在地番号　13
①14　②端末の購入　④８月"""
    notice = read(text, "入札公告（公示）予定の公示")
    assert (notice.kind, notice.title) == (NoticeKind.PLANNED, "端末の購入")
    assert notice.portal_dates == (("入札公告（公示）の予定時期", "８月"),)


def test_an_entry_of_the_list_of_awards() -> None:
    text = """次のとおり落札者等について公示します。
令和７年７月11日
［掲載順序］
①品目分類番号　②調達件名及び数量　③調達方法　④契約方式　⑤落札決定日（随意契約の場合は契約日）　⑥落札者（随意契約の場合は契約者）の氏名及び住所　⑦落札価格（随意契約の場合は契約価格）　⑧入札公告日又は公示日
〇支出負担行為担当官　例示省大臣官房会計課長　見本　太郎　（東京都見本区一丁目１-１）
◎調達機関番号　009　◎所在地番号　13
①71、27　②寝袋　2,583式　③購入等　④一般　⑤7. 4. 4　⑥見本㈱　東京都見本区港南１-２-70　⑦65,918,160円　⑧7. 2. 7"""
    notice = read(text, "落札者等の公示", 63)
    assert (notice.key, notice.kind) == ("20250711c00128-0063-1", NoticeKind.AWARD)
    assert (notice.title, notice.buyer) == ("寝袋　2,583式", "例示省大臣官房会計課長")
    assert (notice.method, notice.category) == ("一般競争入札", Category.SERVICES)
    assert notice.portal_dates == (("落札決定日", "7. 4. 4"), ("入札公告日又は公示日", "7. 2. 7"))
    assert "落札者（随意契約の場合は契約者）の氏名及び住所　見本㈱　東京都見本区港南１-２-70\n" in notice.text
    assert "落札価格（随意契約の場合は契約価格）　65,918,160円" in notice.text


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("入札公告", NoticeKind.TENDER),
        ("入札公告（建設工事）", NoticeKind.TENDER),
        ("入札公示（建設工事）", NoticeKind.TENDER),
        ("入札公告の取消", NoticeKind.CANCELLATION),
        ("入札公告の訂正", NoticeKind.AMENDMENT),
        ("随意契約に関する公示", NoticeKind.AWARD),
        ("随意契約に関する公示の取消", NoticeKind.CANCELLATION),
        ("落札者等の公示", NoticeKind.AWARD),
        ("落札者等の公示の変更", NoticeKind.AMENDMENT),
        ("意見招請に関する公示", NoticeKind.COMMENT_REQUEST),
        ("資料提供招請に関する公表", NoticeKind.INFORMATION_REQUEST),
        ("入札公告（公示）予定の公示", NoticeKind.PLANNED),
        ("公募型プロポーザル方式に係る手続開始の公示", NoticeKind.PROPOSAL_CALL),
        ("競争参加者の資格に関する公示", NoticeKind.OTHER),
    ],
)
def test_the_heading_tells_the_kind(heading: str, kind: NoticeKind) -> None:
    assert kind_of_heading(heading) is kind


@pytest.mark.parametrize(
    ("classes", "label", "category"),
    [
        ("41", "", Category.WORKS),
        ("42", "", Category.SERVICES),
        ("24", "", Category.GOODS),
        ("22、31", "", Category.GOODS),
        ("15、29", "", Category.GOODS),
        ("71、27", "購入等件名及び数量", Category.SERVICES),
        ("75、78", "", Category.SERVICES),
        ("14、71、27", "購入等件名及び数量", None),
        ("14、71、27", "借入件名及び数量", Category.GOODS),
        ("14、71、27", "調達役務等件名及び数量", Category.SERVICES),
        ("26、57", "", None),
        ("27", "", None),
        ("", "購入件名", None),
    ],
)
def test_the_category_is_only_told_where_it_is_certain(classes: str, label: str, category: Category | None) -> None:
    assert category_of(classes, label) is category


@pytest.mark.parametrize(
    ("head", "buyer"),
    [
        (["例示公社公告第16号", "令和７年７月11日", "例示公社　総裁"], "例示公社　総裁"),
        (["令和７年７月３日", "契約担当役国立研究開発法人例示研究所", "調達本部　調達部長　見本　聡"], "国立研究開発法人例示研究所　調達本部　調達部長"),
        (["令和７年７月３日", "経理責任者　例示病院機構", "見本医療センター院長　例示明之進"], "例示病院機構　見本医療センター院長"),
        (["令和７年７月３日", "契約責任者", "株式会社例示銀行", "執行役　例示亮太郎"], "株式会社例示銀行　執行役"),
        (["令和７年７月３日", "国立大学法人見本大学長"], "国立大学法人見本大学長"),
        (["令和７年７月３日", "日本例示協会　経理局長"], "日本例示協会　経理局長"),
        (["令和７年７月３日", "支出負担行為担当官", "例示庁参事官", "（事業調整担当）　見本　修"], "例示庁参事官　（事業調整担当）"),
        (["令和７年７月３日　支出負担行為担当官　例示省会計課長　見本本　尚", "（東京都例示区１-２-２）"], "例示省会計課長"),
        (["令和７年７月３日", "分任支出負担行為担当官代理", "例示局長　森　渉"], "例示局長"),
        (["例示局長　（東京都例示区（仮庁舎）１-１）"], "例示局長"),
        (["令和７年７月３日", "契約職　国立研究開発法人例示研究所　理事長"], "国立研究開発法人例示研究所　理事長"),
        (["2026年７月３日", "例示局長　見本　渉"], "例示局長"),
        (["次のとおり一般競争入札に付します。", "例示局長　見本　渉"], "例示局長"),
        ([], None),
    ],
)  # fmt: skip
def test_the_buyer_is_named_without_role_person_and_address(head: list[str], buyer: str | None) -> None:
    assert buyer_of(head) == buyer


@pytest.mark.parametrize(
    ("official", "office"),
    [
        ("MIHON Taro, Director of Finance Division, Ministry of Examples.", "Director of Finance Division, Ministry of Examples"),
        ("Taro Mihon Director-General of Examples", "Director-General of Examples"),
        ("Taro Mihon The Obligating Officer, Director, Reiji Hospital", "Director, Reiji Hospital"),
        ("Executive Director, Reiji Agency", "Executive Director, Reiji Agency"),
        ("The National Center for Examples", "The National Center for Examples"),
    ],
)  # fmt: skip
def test_the_english_buyer_is_named_without_the_person(official: str, office: str) -> None:
    named = "MIHON Taro, the Obligating Officer, Director of Accounts Division, Ministry of Examples."
    assert read(TENDER.replace(named, official)).buyer_en == office


def test_the_qualification_is_told_for_each_lot() -> None:
    lots = "⑶　参加資格　件名ごとに次のとおり。\nＡ　競争参加資格（全省庁統一資格）のＡ又はＢ等級\nＢ　競争参加資格のＡ、Ｂ又はＣ等級"
    text = re.sub("⑶　令和７・８・９年度.*", lots, TENDER)
    assert read(text).qualification == (
        "参加資格　件名ごとに次のとおり。　Ａ　競争参加資格（全省庁統一資格）のＡ又はＢ等級　Ｂ　競争参加資格のＡ、Ｂ又はＣ等級"
    )


def test_class_numbers_may_be_those_of_lots() -> None:
    notice = read(TENDER.replace("品目分類番号　71、27", "品目分類番号　①24　②71、27"))
    assert (references(notice)["品目分類番号"], notice.category) == ("24、71、27", None)


@pytest.mark.parametrize(
    ("place", "told"), [("入札説明書による。", None), ("仕様書のとおり", None), ("契約担当役が指定する場所", None), ("例示大学病院", "例示大学病院")]
)  # fmt: skip
def test_a_place_is_told_where_the_notice_tells_it(place: str, told: str | None) -> None:
    assert read(TENDER.replace("納入場所　例示省", f"履行場所　{place}")).place == told


@pytest.mark.parametrize(("code", "prefecture"), [("01", "北海道"), ("47", "沖縄県"), ("48", None), ("99", None)])
def test_the_prefecture_is_that_of_the_location_code(code: str, prefecture: str | None) -> None:
    assert read(TENDER.replace("◎所在地番号　13", f"◎所在地番号　{code}")).prefecture == prefecture


def test_a_lone_code_does_not_stop_the_notice() -> None:
    values: dict[str, Any] = references(read(TENDER.replace("　◎所在地番号　13", "")))
    assert values["調達機関番号"] == "009"
    assert "所在地番号" not in values
