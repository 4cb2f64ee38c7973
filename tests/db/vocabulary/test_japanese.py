"""Spellings seen in real notices, as tables; and what holds for every date, number, amount and sentence."""

import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.vocabulary.japanese import (
    LARGEST_YEN,
    decode,
    find_dates,
    find_yen,
    fiscal_year,
    fiscal_year_of,
    numeral,
    parse_date,
    parse_time,
    to_tokyo,
    tokyo_iso,
    yen,
)

every = settings(derandomize=True, deadline=None, max_examples=300)
FULL_WIDTH = str.maketrans("0123456789.,/-R", "０１２３４５６７８９．，／－Ｒ")
ERAS = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}
APRIL_FIRST = date(2026, 4, 1)


def in_kanji(number: int) -> str:
    """The usual reading of a number up to 10**16: 千二百三十四万五千, 〇 for zero."""
    written = ""
    for big, size in (("兆", 10**12), ("億", 10**8), ("万", 10**4), ("", 1)):
        section = number // size % 10**4
        for unit, ten in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
            if digit := section // ten % 10:
                written += ("" if digit == 1 and unit else "一二三四五六七八九"[digit - 1]) + unit
        written += big if section else ""
    return written or "〇"


# --- Numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("〇", 0),
        ("元", 1),
        ("十", 10),
        ("千二百", 1200),
        ("二〇二六", 2026),
        ("１２３", 123),
        ("1,234", 1234),
        ("１，２３４", 1234),
        ("3億5千万", 350_000_000),
        ("3億 5,000万", 350_000_000),
        ("3.5億", 350_000_000),
        ("12百万", 12_000_000),
        ("壱百弐拾参萬", 1_230_000),
        ("", None),
        ("万", None),
        ("1,23", None),
        ("12,3456", None),
        ("37.2", None),
        ("-5", None),
        ("①", None),
        ("三5", None),
        ("第3", None),
        ("1" * 30, None),
    ],
)
def test_numerals(text: str, number: int | None) -> None:
    assert numeral(text) == number


@every
@given(st.integers(0, 10**15))
def test_every_number_reads_back_from_each_way_of_writing_it(number: int) -> None:
    mixed = "".join(
        f"{number // size % 10**4}{unit}"
        for unit, size in (("兆", 10**12), ("億", 10**8), ("万", 10**4), ("", 1))
        if number // size % 10**4
    )
    for written in (str(number), f"{number:,}", f"{number:,}".translate(FULL_WIDTH), in_kanji(number)):
        assert numeral(written) == number
    assert numeral(mixed) == (number or None)


# --- Dates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "令和8年4月1日",
        "令和８年４月１日（水）17時",
        "令和八年四月一日",
        "令和 8 年 4 月 1 日",
        "納期は令\n和８年４月\n１日まで",
        "電話03-0000-0000令和8年4月1日",
        "1,430,000令和8年4月1日",
        "令8年4月1日",
        "令和8年（2026年）4月1日",
        "2026年（令和8年）4月1日",
        "2026（令和8）年4月1日",
        "平成38年4月1日",
        "昭和101年4月1日",
        "㋿8年4月1日",
        "令和8年4⽉1⽇",  # the radicals that some PDFs hold
        "R8.4.1公告",
        "R8. 4. 1",
        "R08/04/01",
        "Ｒ８．４．１",
        "二〇二六年四月一日",
        "2026/4/1up",
        "2026.4.1",
        "2026. 4. 1",
        "2026-04-01T10:00:00+09:00",
        " 20260401\n",
        "平成14年法律第154号による。令和8年4月1日",
        "令和〇年〇月〇日（例：令和8年4月1日）",
    ],
)
def test_spellings_of_the_first_of_april(text: str) -> None:
    assert parse_date(text) == APRIL_FIRST


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("R元.5.1", date(2019, 5, 1)),
        ("H31.4.30", date(2019, 4, 30)),
        ("平成33年3月31日", date(2021, 3, 31)),
        ("昭和二十二年五月三日", date(1947, 5, 3)),
        ("T15.12.25", date(1926, 12, 25)),
        ("明治元年10月23日", date(1868, 10, 23)),
        ("令和8年6月23日から7月1日", date(2026, 6, 23)),
    ],
)
def test_eras_begin_with_a_first_year_and_count_on_beyond_their_end(text: str, day: date) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8.4.1",
        "8年4月1日",
        "4月1日",
        "同年4月1日",
        "令和8年4月",
        "令和8年2月30日",
        "令和8年2月30日、令和8年3月1日",
        "令和8年13月1日",
        "令和0年4月1日",
        "2025-02-29",
        "03-2026-04-01",
        "0120-26-0401",
        "第2025-1-8 号",
        "2026-04-01-0003",
        "2026.4.1.3",
        "20260401a0003",
        "120260401",
        "番号 20260401",
        "AR8.4.1",
        "令和7.8.9年度",
        "令和７・８・９年度",
        "2025/2026/2027",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "reference", "day"),
    [
        ("4月1日（水）", date(2026, 3, 20), APRIL_FIRST),
        ("１月８日", date(2025, 12, 20), date(2026, 1, 8)),
        ("12月25日", date(2026, 1, 10), date(2025, 12, 25)),
        ("4月1日", date(2026, 10, 1), date(2027, 4, 1)),
        ("2月29日", date(2027, 9, 15), date(2028, 2, 29)),
        ("2月29日", date(2026, 9, 15), None),
        ("2月30日", date(2026, 2, 1), None),
        ("同年4月1日", date(2026, 3, 1), None),
        ("13月1日", date(2026, 3, 1), None),
    ],
)
def test_a_day_without_a_year_is_the_one_nearest_to_the_reference(
    text: str, reference: date, day: date | None
) -> None:
    assert parse_date(text, reference=reference) == day


@every
@given(st.dates(date(1868, 1, 1), date(2100, 12, 31)), st.integers(-182, 182))
def test_every_date_reads_back_from_each_spelling(day: date, away: int) -> None:
    year, month, dom = day.year, day.month, day.day
    spellings = [
        f"{day:%Y%m%d}",
        *(f"{year}{dot}{month}{dot}{dom}" for dot in "-./"),
        *(f"{year}{dot}{month:02}{dot}{dom:02}" for dot in "-./"),
        f"{year}年{month}月{dom}日",
        f"{year} 年 {month:2} 月 {dom:2} 日（水）",
        f"{in_kanji(year)}年{in_kanji(month)}月{in_kanji(dom)}日",
    ]
    for (era, first), letter in zip(ERAS.items(), "MTSHR", strict=True):
        if (number := year - first + 1) > 0:
            spellings += [
                f"{era}{number if number > 1 else '元'}年{month}月{dom}日",
                f"{era} {number} 年\n{month} 月 {dom} 日",
                f"{era}{in_kanji(number)}年{in_kanji(month)}月{in_kanji(dom)}日",
                f"{letter}{number}年{month}月{dom}日",
            ]
            if number < 100:
                spellings += [f"{letter}{number}.{month}.{dom}", f"{letter}{number:02}/{month:02}/{dom:02}"]
    for spelling in spellings:
        for text in (spelling, spelling.translate(FULL_WIDTH)):
            assert parse_date(text) == day, text
            assert [text[start:end] for start, end, _ in find_dates(text)] == [text.removesuffix("（水）")]
    assert parse_date(f"{month}月{dom}日", reference=day + timedelta(away)) == day


def test_dates_are_found_with_their_place_in_the_text_as_given() -> None:
    text = "⑦公告　令和８年４月１日（水）～R8.4.30。なお2月30日、㈱2026年５月11日。"
    found = list(find_dates(text, reference=APRIL_FIRST))
    assert [(text[start:end], day.isoformat()) for start, end, day in found] == [
        ("令和８年４月１日", "2026-04-01"),
        ("R8.4.30", "2026-04-30"),
        ("2026年５月11日", "2026-05-11"),
    ]


without_numbers = st.characters(exclude_categories=("Cs", "Nd", "Nl", "No")).filter(
    lambda char: unicodedata.numeric(char, None) is None and char not in "元○◯"
)


@every
@given(st.text(without_numbers | st.sampled_from("令和平成年月日時度円RH./-()（） ")))
def test_a_text_without_numbers_holds_neither_date_nor_year_nor_amount(text: str) -> None:
    assert parse_date(text, reference=APRIL_FIRST) is None
    assert fiscal_year(text) is None
    assert yen(text) is None


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("令和8年度", 2026),
        ("【電子】令和８年度　庁舎清掃", 2026),
        ("令\n和8 年度", 2026),
        ("R8年度", 2026),
        ("2026年度", 2026),
        ("令和元年度", 2019),
        ("平成31年度", 2019),
        ("令和八年度", 2026),
        ("令和8（2026）年度", 2026),
        ("令和7・8・9年度", 2025),
        ("令和０７・０８・０９年度", 2025),
        ("令和8～12年度", 2026),
        ("令和8―10年度", 2026),
        ("8年度", None),
        ("単年度", None),
        ("直近2保険年度", None),
        ("令和8年4月", None),
        ("12026年度", None),
    ],
)
def test_fiscal_years(text: str, year: int | None) -> None:
    assert fiscal_year(text) == year


def test_a_fiscal_year_begins_on_the_first_of_april() -> None:
    assert fiscal_year_of(date(2026, 3, 31)) == 2025
    assert fiscal_year_of(APRIL_FIRST) == 2026


# --- Clock times ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("午後5時", time(17)),
        ("午後五時", time(17)),
        ("午 後５時", time(17)),
        ("17時00分", time(17)),
        ("13\n時30分", time(13, 30)),
        ("17時半", time(17, 30)),
        ("十七時三十分", time(17, 30)),
        ("17:00", time(17)),
        ("１７：００まで", time(17)),
        ("2026-04-01T17:45:00+09:00", time(17, 45)),
        ("令和8年4月1日10時", time(10)),
        ("午後17時", time(17)),
        ("午後0時30分", time(12, 30)),
        ("午前12時", time(12)),
        ("正午", time(12)),
        ("5 : 00 P.M.", time(17)),
        ("12:00 am", time(0)),
        ("午前10時30分から午後5時", time(10, 30)),
        ("3時間以内に、9時", time(9)),
        ("一時的", None),
        ("午後12時", None),
        ("24時", None),
        ("25:00", None),
        ("2026:13:118:00359", None),
        ("1:500", None),
    ],
)
def test_clock_times(text: str, clock: time | None) -> None:
    assert parse_time(text) == clock


@every
@given(st.times().map(lambda clock: clock.replace(second=0, microsecond=0)))
def test_every_minute_of_the_day_reads_back(clock: time) -> None:
    hour, minute, half = clock.hour, clock.minute, "午後" if clock.hour >= 12 else "午前"
    for text in (f"{hour}時{minute}分", f"{hour:02}:{minute:02}", f"{half}{hour % 12}時{minute:02}分"):
        assert parse_time(text) == parse_time(text.translate(FULL_WIDTH)) == clock


def test_moments_are_told_by_the_clock_of_tokyo_and_never_without_a_zone() -> None:
    assert tokyo_iso(datetime(2026, 3, 31, 15, 30, tzinfo=UTC)) == "2026-04-01T00:30:00+09:00"
    assert to_tokyo(datetime(2026, 3, 31, 15, 30, tzinfo=UTC)).date() == APRIL_FIRST
    with pytest.raises(ValueError, match="no UTC offset"):
        tokyo_iso(datetime(2026, 4, 1))  # noqa: DTZ001


# --- Yen ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12,345円", "12345"),
        ("１２，３４５円", "12345"),
        ("金12,345円也", "12345"),
        ("¥12,345-", "12345"),
        ("￥１２，３４５－", "12345"),
        ("\\12,345", "12345"),
        ("予定価格：12,345円（税抜）", "12345"),
        ("⑦14,080,000円 ⑧7. 3.26", "14080000"),
        ("1,234千円", "1234000"),
        ("1,234 千円", "1234000"),
        ("12百万円", "12000000"),
        ("3.5億円", "350000000"),
        ("3億5千万円", "350000000"),
        ("1億2,000万円", "120000000"),
        ("3億 5,000万円", "350000000"),
        ("金壱億弐千万円也", "120000000"),
        ("△1,234円", "-1234"),
        ("▲１，２３４円", "-1234"),
        ("-1,234円", "-1234"),
        ("¥-1,234", "-1234"),
        ("- 1,234円", "1234"),
        ("0円", "0"),
        ("37.2円", "37.2"),
        ("12円50銭", "12.5"),
        ("１円未満の端数は切り捨て、総額500円", "500"),
        ("12,345", None),
        ("1,23円", None),
        ("１，００ ０円", None),
        ("1,234,56 7円", None),
        ("12, 345円", None),
        ("（単位：千円）", None),
        ("数百万円", None),
        ("金〇〇円", None),
        ("市内一円", None),
        ("3 円滑な施工", None),
        ("9,999,999,999,999円", "9999999999999"),
        ("10兆円", None),  # no contract's price, but a misprint or a budget
        ("99999999999999999999円", None),
        ("0.0001円", "0.0001"),
        ("0.00001円", None),
    ],
)
def test_amounts(text: str, amount: str | None) -> None:
    assert yen(text) == (None if amount is None else Decimal(amount))


@every
@given(st.integers(1, 10**9), st.sampled_from([("円", 1), ("千円", 1000), ("百万円", 10**6), ("億円", 10**8)]))
def test_every_amount_that_can_be_a_price_reads_back_in_every_unit(number: int, unit: tuple[str, int]) -> None:
    name, size = unit
    tenths = Decimal(number) / 10
    for written, value in ((str(number), number), (f"{number:,}", number), (f"{tenths:,.1f}", tenths)):
        amount = value * size if value * size < LARGEST_YEN else None
        for text in (f"{written}{name}", f"契約金額 金{written}{name}也".translate(FULL_WIDTH)):
            assert yen(text) == amount
            assert yen(f"△{text.removeprefix('契約金額 ')}") == (None if amount is None else -amount)


def test_every_amount_of_a_text_is_found_where_it_stands() -> None:
    text = "予定価格　１２，３４５円（１円未満の端数は切り捨てる）、落札価格 金1万円也、値引 △500円、〇〇円"
    found = [(text[start:end].strip(), int(amount)) for start, end, amount in find_yen(text)]
    assert found == [("１２，３４５円", 12345), ("金1万円", 10000), ("△500円", -500)]


def test_the_first_of_all_amounts_is_the_amount() -> None:
    assert list(find_yen("総額は協議による")) == []
    assert [amount for _, _, amount in find_yen("1億円以上2億円未満")] == [10**8, 2 * 10**8]
    assert yen("1億円以上2億円未満") == 10**8


# --- Bytes ----------------------------------------------------------------------------------------

SENTENCES = (
    "次のとおり一般競争入札に付します。",
    "令和８年度　庁舎清掃業務の請負について、入札説明書を交付する。",
    "ネットワーク機器の賃貸借及び保守（ソフトウェアを含む）一式",
    "入札に参加する者に必要な資格は、別紙に定めるところによる。",
    "問い合わせ先は、総務部会計課契約係です。\n",
    "Cloud service, 3 years; クラウドサービス利用料",
)
LABELS = {
    "utf-8": ("UTF-8", "utf8"),
    "cp932": ("Shift_JIS", "x-sjis", "windows-31j", "MS932"),
    "euc_jp": ("EUC-JP", "x-euc-jp"),
    "iso2022_jp": ("ISO-2022-JP",),
}
DECLARATIONS = (
    '<?xml version="1.0" encoding="{}"?>',
    '<html><meta charset="{}">',
    "<html><META http-equiv='Content-Type' content='text/html; charset={}'>",
)
texts = st.lists(st.sampled_from(SENTENCES), min_size=2, max_size=8).map("".join)


@every
@given(texts, st.sampled_from(sorted(LABELS)), st.data())
def test_sentences_come_back_from_every_encoding_declared_or_not(text: str, codec: str, data: st.DataObject) -> None:
    label = data.draw(st.sampled_from(LABELS[codec]))
    declared = data.draw(st.sampled_from(DECLARATIONS)).format(label) + text
    assert decode(text.encode(codec)) == text
    assert decode(text.encode(codec), f'text/html; charset="{label}"') == text
    assert decode(declared.encode(codec)) == declared
    assert decode(declared.encode(codec), "text/html; charset=ISO-8859-1") == declared


@pytest.mark.parametrize(
    ("data", "content_type", "text"),
    [
        ("①㈱髙～".encode("cp932"), "text/html; charset=Shift_JIS", "①㈱髙～"),
        (
            "①の業務を、次のとおり行う。".encode("euc_jis_2004"),
            "text/html; charset=EUC-JP",
            "①の業務を、次のとおり行う。",
        ),
        ("公告".encode("utf-8-sig"), "text/csv; charset=Shift_JIS", "公告"),
        ("公告".encode("utf-16"), "", "公告"),
        ("公告です。".encode(), "text/html; charset=klingon", "公告です。"),
        ("公告です。".encode(), "text/html; charset=rot13", "公告です。"),
        ("これは公告です。".encode("cp932"), "text/html; charset=utf-8", "これは公告です。"),
        ("これは公告です。".encode("iso2022_jp"), "text/html; charset=utf-8", "これは公告です。"),
        (b"", "", ""),
    ],
)
def test_labels_that_lie_and_marks_that_win(data: bytes, content_type: str, text: str) -> None:
    assert decode(data, content_type) == text


@every
@given(texts, st.sampled_from(("utf-8", "cp932", "euc_jp")), st.floats(0.5, 0.99))
def test_a_text_that_breaks_off_is_read_as_declared_up_to_there(text: str, codec: str, part: float) -> None:
    data = text.encode(codec)
    read = decode(data[: int(len(data) * part)], f"text/html; charset={LABELS[codec][0]}")
    assert text.startswith(read.rstrip("\ufffd"))


@every
@given(st.binary(), st.sampled_from(("", "charset=utf-8", "charset=hex", "charset=iso-2022-jp", "charset=")))
def test_any_bytes_at_all_give_some_text(data: bytes, content_type: str) -> None:
    decode(data, content_type)
