"""Amounts of money: what a notice says of its own price, and all that is said of money and is not that."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import PHRASE, FoundMoney, MoneyKind, Origin, Tax
from monitor.reading.money import LONGEST, MOST, read_amounts, read_money

PLANNED, LIMIT, MINIMUM, AWARDED = MoneyKind.PLANNED, MoneyKind.LIMIT, MoneyKind.MINIMUM, MoneyKind.AWARDED
WITH, WITHOUT = Tax.INCLUDED, Tax.EXCLUDED
COLUMN = "落札価格（随意契約の場合は契約価格）"
NOTICE = ScrapedNotice(
    source="pportal",
    key="1",
    title="庁舎清掃業務",
    kind=NoticeKind.TENDER,
    published=date(2026, 6, 1),
    url="https://example.jp/1",
)


def amounts(text: str) -> list[tuple[MoneyKind, int, Tax | None]]:
    return [(money.kind, int(money.amount), money.tax) for money in read_amounts(text, Origin.JAPANESE)]


@pytest.mark.parametrize(
    ("text", "kind", "yen", "tax"),
    [
        ("予定価格　45,607,761円", PLANNED, 45_607_761, None),
        ("業務の予算総額は、35百万円（消費税及び地方消費税額を含む。）以内とする。", LIMIT, 35_000_000, WITH),
        ("予定価格　130,476,060円（税込金額）", PLANNED, 130_476_060, WITH),
        ("予定価格(税込)：482,900,000円", PLANNED, 482_900_000, WITH),
        ("(５) 工事等の予定価格 事前公表(45,375,000円)・事後公表※上記予定価格には", PLANNED, 45_375_000, None),
        ("予定価格 事前公表(45,375,000円)※上記予定価格には、消費税等を含まない。", PLANNED, 45_375_000, WITHOUT),
        ("予 定 価 格　１２，３４５，０００円（消費税及び地方消費税を除く。）", PLANNED, 12_345_000, WITHOUT),
        ("予定価格は、金12,345,000円（消費税及び地方消費税相当額を含む。）とする。", PLANNED, 12_345_000, WITH),
        ("予定価格（消費税及び地方消費税の額を含まない。） 5,400,000円", PLANNED, 5_400_000, WITHOUT),
        ("予定価格 ¥12,345,678（税抜¥11,223,344）", PLANNED, 12_345_678, None),
        ("予定価格 12,345,678円（入札書比較価格 11,223,344円）", PLANNED, 12_345_678, None),
        ("予定価格 金壱億弐千万円也", PLANNED, 120_000_000, None),
        ("予定価格（単位：千円） 12,345", PLANNED, 12_345_000, None),
        ("最低制限価格を設定する。予定価格　9,000,000円", PLANNED, 9_000_000, None),
        ("予定価格（上限額）　5,000,000円（税込）", PLANNED, 5_000_000, WITH),
        ("(3)東京都負担額(上限額)\n150,000,000円\n(4)今後の予定", LIMIT, 150_000_000, None),
        ("委託上限額　10,000,000円（消費税及び地方消費税を含む。）", LIMIT, 10_000_000, WITH),
        ("業務委託料上限額　金２，５００，０００円（消費税及び地方消費税１０％を含む）", LIMIT, 2_500_000, WITH),
        ("提案上限額：金５，０００千円以内（税込）", LIMIT, 5_000_000, WITH),
        ("提案上限額は、一金 7,480,000円（消費税の額を含む）とし、これを超える提案は失格", LIMIT, 7_480_000, WITH),
        ("見積限度額 25,300千円（税込み）", LIMIT, 25_300_000, WITH),
        ("見積限度額：￥3,300,000-（税込）", LIMIT, 3_300_000, WITH),
        ("提案限度価格\n7,700,000円（税込）", LIMIT, 7_700_000, WITH),
        ("契約上限金額　8,800,000円（税込）", LIMIT, 8_800_000, WITH),
        ("契約金額の上限は、5,000,000円（税込）", LIMIT, 5_000_000, WITH),
        ("契約限度額　1,650万円（税込み）。なお、提案額が", LIMIT, 16_500_000, WITH),
        ("予算額 50百万円程度（税込）", LIMIT, 50_000_000, WITH),
        ("予算規模：50百万円を上限とします。", LIMIT, 50_000_000, None),
        ("予算（税込）：4,950,000円", LIMIT, 4_950_000, WITH),
        ("本業務の予算は、12,000千円を限度とする。", LIMIT, 12_000_000, None),
        ("委託料は、10,000,000円（消費税及び地方消費税を含む）を上限とする。", LIMIT, 10_000_000, WITH),
        ("委託料　5,000,000円（上限）", LIMIT, 5_000_000, None),
        ("委託料（上限）　5,000,000円", LIMIT, 5_000_000, None),
        ("事業規模　3億5千万円", LIMIT, 350_000_000, None),
        ("事業費上限　1.5億円", LIMIT, 150_000_000, None),
        ("事業費の上限額 １２０，０００千円（税込）を超えないこと", LIMIT, 120_000_000, WITH),
        ("上限額（３年間の総額）：30,000,000円（税込）", LIMIT, 30_000_000, WITH),
        ("（単位：円）\n委託上限額　12,345,678", LIMIT, 12_345_678, None),
        ("最低制限価格　9,876,000円（税抜）", MINIMUM, 9_876_000, WITHOUT),
        ("低入札価格調査基準価格　11,000,000円", MINIMUM, 11_000_000, None),
        ("調査基準価格（税抜き）：7,654,321円", MINIMUM, 7_654_321, WITHOUT),
        (f"{COLUMN}　47,300,000円", AWARDED, 47_300_000, None),
        (f"{COLUMN}　418,000,000円（税抜）", AWARDED, 418_000_000, WITHOUT),
        (f"{COLUMN}　106,700,000円（税込)", AWARDED, 106_700_000, WITH),
        ("落札金額 1,100,000円（うち消費税及び地方消費税100,000円）", AWARDED, 1_100_000, WITH),
        ("予定価格　非公表\n契約金額　12,345,000円", AWARDED, 12_345_000, None),
        ("契約金額「34,281,500円」とあるのを「49,916,900円」に変更する。", AWARDED, 49_916_900, None),
    ],
)
def test_an_amount_is_what_the_word_at_it_says(text: str, kind: MoneyKind, yen: int, tax: Tax | None) -> None:
    assert amounts(text) == [(kind, yen, tax)]


@pytest.mark.parametrize(
    "text",
    [
        # Rules that every notice repeats.
        "当該金額に１円未満の端数があるときは、その端数金額を切り捨てた金額をもって落札価格とするので",
        "見積もった契約金額の110分の100に相当する金額を入札書に記載すること。",
        "入札書に記載された金額に当該金額の10パーセントに相当する額を加算した金額",
        "契約金額が２５０万円を超える場合は契約書を、２５０万円を超えない場合は請書を作成する",
        "ただし、契約金額が１００万円未満の契約を行う場合は、契約書の作成を省略することができる",
        "予定価格が１千万円を超える工事又は製造その他の請負契約",
        "予定価格が１，０００万円以下の業務の場合は、申請書及び資料等の内容に応じ",
        "予定価格1,000万円以下の場合",
        "予定価格の1億円以上2億円未満の工事",
        "予定価格１億円以上２億円未満の工事にあっては",
        "少額随意契約の上限額 200万円",
        "基準額 1,500万円以上の調達",
        "予定価格10,000,000円の80％",
        # Money that is not the price.
        "①　損害賠償保険 銃による捕獲の場合は１億円以上、わなによる捕獲の場合は３千万円以上とする",
        "保険金額は１億円を上限とする",
        "違約金の上限額 1,000万円",
        "資本金 1億円以上",
        "契約保証金 契約金額の100分の10以上",
        "補助上限額 1,000万円",
        "補助金の額は1,000万円を上限とする",
        "総事業費 120億円",
        "令和8年度予算額 20億円",
        "設計金額（税込） 9,000,000円",
        "手続において使用する言語は日本語、通貨は日本円",
        "予算決算及び会計令（昭和22年勅令第165号。以下「予決令」という。）第70条",
        # Other contracts.
        "過去の契約金額：12,000,000円",
        "前年度落札価格 12,000,000円",
        "契約金額 5,000,000円以上の実績",
        # Per unit.
        f"{COLUMN}　121,000円／㎘",
        f"{COLUMN}　84,190円／㎘（税抜）",
        f"{COLUMN}　3,093,200円（月額）",
        f"{COLUMN}　8,514,367円（単価／式）",
        f"{COLUMN}　4,400円(単価/時間）",
        "1件あたり5,000万円を上限とする",
        "月額 100,000円（税込）を上限とする",
        "1社あたりの上限額 500万円",
        "上限額（年額）：30,000,000円（税込）",
        "単価契約 予定価格 250円",
        # No amount in yen, or nobody can tell whose.
        f"{COLUMN}　117,865.00GBP",
        "2.予 定 価 格 円 (税抜)< 事 後 審 査 型",
        "※最低制限価格算定方法 予定価格×０．９０(千円未満切捨て)",
        "予定価格　1～2億円",
        "予定価格 落札金額 12,345円 11,000円",
        "予定価格\n落札価格\n12,345,000円\n11,000,000円",
        "予定価格 入札者 落札金額\n12,345,000円 甲社 11,000,000円",
        "（単位：千円）\n予定価格 落札価格\n12,345 11,000",
        "(1) 参加資格 登録番号 上限額\n12,345円",
    ],
)
def test_rules_guarantees_unit_prices_and_torn_tables_are_no_amounts(text: str) -> None:
    assert amounts(text) == []


@pytest.mark.parametrize(
    ("text", "least", "yen"),
    [
        ("予定価格　1億円以上2億円未満", 100_000_000, 200_000_000),
        ("予定価格（税込）　3,000万円～5,000万円", 30_000_000, 50_000_000),
        ("事業規模：1億〜2億円程度", 100_000_000, 200_000_000),
        ("予定価格 １，０００万円を超え２，０００万円以下", 10_000_000, 20_000_000),
    ],
)
def test_a_range_keeps_both_of_its_ends(text: str, least: int, yen: int) -> None:
    [money] = read_amounts(text, Origin.JAPANESE)
    assert (money.least, money.amount) == (Decimal(least), Decimal(yen))


def test_every_winner_of_a_line_of_the_gazette_has_its_price() -> None:
    line = f"{COLUMN}　甲株式会社23,276,000円、乙株式会社8,622,900円\n入札公告日又は公示日　7. 2.27"
    assert amounts(line) == [(AWARDED, 23_276_000, None), (AWARDED, 8_622_900, None)]


def test_a_table_states_its_unit_once() -> None:
    table = "単位：千円\n予定価格 12,345\n最低制限価格 10,000\n参加者数 1,200社は円建て"
    assert amounts(table) == [(PLANNED, 12_345_000, None), (MINIMUM, 10_000_000, None)]


def test_amounts_are_whole_yen_where_nothing_is_behind_the_point() -> None:
    assert [str(money.amount) for money in read_amounts("上限額 1.5億円", Origin.TITLE)] == ["150000000"]
    assert [str(money.amount) for money in read_amounts("落札価格 51,966,234.10円", Origin.TITLE)] == ["51966234.10"]


def test_a_phrase_is_the_words_of_the_notice_on_one_line() -> None:
    [money] = read_amounts(
        "…とする。\n業務委託料上限額\n　 10,000,000円（消費税及び地方消費税を含む。）", Origin.JAPANESE
    )
    assert money.phrase == "業務委託料上限額 10,000,000円（消費税及び地方消費税を含む。）"
    [money] = read_amounts(
        "予定価格（" + "甲" * 55 + "）" + "12,345,000円（税込、" + "乙" * 49 + "）", Origin.JAPANESE
    )
    assert len(money.phrase) == PHRASE


# --- Notices --------------------------------------------------------------------------------------


def test_a_notice_is_read_in_its_fields_its_title_and_its_text_in_the_order_of_kinds() -> None:
    notice = replace(
        NOTICE,
        title="庁舎清掃業務（上限額 3,000,000円）",
        text="最低制限価格　2,000,000円\n予定価格　2,900,000円（税込）",
        references=(("予定価格(税込)", "2,950,000円"), ("契約番号", "08-00039")),
    )
    assert [(m.kind, int(m.amount), m.tax, m.origin) for m in read_money(notice)] == [
        (PLANNED, 2_950_000, WITH, Origin.FIELD),
        (PLANNED, 2_900_000, WITH, Origin.JAPANESE),
        (LIMIT, 3_000_000, None, Origin.TITLE),
        (MINIMUM, 2_000_000, None, Origin.JAPANESE),
    ]


def test_an_amount_that_is_said_twice_is_told_once_with_its_tax() -> None:
    notice = replace(NOTICE, text="上限額　5,000,000円\n提案上限額　5,000,000円（税込）\n上限額　5,000,000円")
    assert read_money(notice) == (
        FoundMoney(LIMIT, Decimal(5_000_000), "提案上限額 5,000,000円（税込）", Origin.JAPANESE, WITH),
    )


def test_the_price_of_an_award_is_believed_only_where_a_result_is_told() -> None:
    notice = replace(NOTICE, text="契約金額　12,345,000円")
    assert read_money(notice) == ()
    [money] = read_money(replace(notice, kind=NoticeKind.AWARD))
    assert (money.kind, int(money.amount)) == (AWARDED, 12_345_000)


def test_in_the_gazette_a_small_price_is_one_per_unit_that_does_not_say_so() -> None:
    text = f"落札者等の公示\n{COLUMN}　87,010円\n入札公告日又は公示日　7. 4. 7\n予定価格　134,200円"
    assert read_money(replace(NOTICE, kind=NoticeKind.AWARD, text=text)) == ()
    text = text.replace("87,010円", "47,300,000円")
    assert [m.amount for m in read_money(replace(NOTICE, kind=NoticeKind.AWARD, text=text))] == [47_300_000]


def test_only_the_beginning_of_an_endless_text_is_read() -> None:
    said = "予定価格　45,607,761円"
    assert amounts("円" + "\n" * (LONGEST - 50) + said)
    assert not amounts("円" + "\n" * LONGEST + said)


@pytest.mark.parametrize(
    "piece",
    [
        "予定価格（",
        "予定価格：1,234,567円（税込）",
        "円を上限とする1",
        "上限",
        "予定価格" + "（a）" * 29,
        "1円（税" * 30,
        f"{COLUMN}1円、",
    ],
)
def test_a_hostile_text_gives_a_bounded_number_of_amounts(piece: str) -> None:
    assert len(read_amounts("円" + piece * (300_000 // len(piece)), Origin.JAPANESE)) <= MOST
