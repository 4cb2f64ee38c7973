"""A correction is read as it reads once corrected: neither dates nor amounts that it calls wrong are taken."""

from datetime import date, time
from decimal import Decimal
from time import perf_counter

import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import DateKind, Tax
from monitor.reading.corrections import as_corrected
from monitor.reading.dates import read_dates
from monitor.reading.money import read_money


def correction(text: str, kind: NoticeKind = NoticeKind.AMENDMENT) -> ScrapedNotice:
    day = date(2026, 7, 3)
    return ScrapedNotice(source="kanpo", key="1", title="入札公告の訂正", kind=kind, published=day, url="", text=text)


@pytest.mark.parametrize(
    "text",
    [
        "（誤）入札書の提出期限 令和８年８月３日午後５時 （正）入札書の提出期限 令和８年８月10日午後５時",
        "入札書の提出期限 （誤）令和８年８月３日17時00分\n（正）令和８年８月10日17時00分",
        "入札書の受領期限の「令和８年８月３日17時00分」を「令和８年８月10日17時00分」に訂正します。",
        "入札書の提出期限「令和８年８月３日17時00分」とあるのは「令和８年８月10日17時00分」の誤り。",
        "入札書の提出期限 【訂正前】令和８年８月３日17時00分 【訂正後】令和８年８月10日17時00分",
        "入札書の提出期限（変更前）令和８年８月３日17時00分（変更後）令和８年８月10日17時00分",
        "（誤）入札書の受領期限 令和８年８月３日（月）17時 （正）入札書の受領期限 令和８年８月10日（月）17時",
        "変更箇所\n入札書の提出期限\n変更前　令和８年８月３日（月）午後５時\n変更後　令和８年８月10日（月）午後５時",
        "変更箇所 変更前 変更後\n入札書の提出期限 令和８年８月３日（月）17時 令和８年８月10日（月）17時",
        "項目 誤 正 入札書の提出期限 令和８年８月３日 午後５時まで 令和８年８月10日 午後５時まで",
    ],
)
def test_the_deadline_of_a_correction_is_the_right_one_and_no_other(text: str) -> None:
    found = [one for one in read_dates(correction(text)) if one.kind is DateKind.DEADLINE]
    assert [(one.day, one.clock) for one in found] == [(date(2026, 8, 10), time(17))]


def test_the_amount_of_a_correction_is_the_right_one_and_no_other() -> None:
    text = "変更契約を締結したため、契約金額「34,281,500円」とあるのを「49,916,900円」に変更する。"
    assert [one.amount for one in read_money(correction(text))] == [Decimal(49_916_900)]


def test_a_remark_on_the_tax_stays_at_the_right_amount() -> None:
    text = "予定価格「32,000,000円」とあるのは「33,000,000円」（税抜）に改める。"
    assert [(one.amount, one.tax) for one in read_money(correction(text))] == [(Decimal(33_000_000), Tax.EXCLUDED)]


@pytest.mark.parametrize(
    "text",
    [
        "契約変更前に必要に応じて確認を実施する。",
        "「役務の提供等」を「Ａ」に格付けされた者",
        "誤りのないよう、正確に記載すること。",
        "",
    ],
)
def test_what_corrects_nothing_stays_as_it_is(text: str) -> None:
    assert as_corrected(text, NoticeKind.TENDER) == text


def test_only_a_correction_replaces_its_own_quotations() -> None:
    text = "「甲」を「乙」に訂正する。"
    assert as_corrected(text, NoticeKind.TENDER) == text
    assert as_corrected(text, NoticeKind.AMENDMENT) == "乙。に訂正する。"


@pytest.mark.parametrize(
    "text", ["（誤）" * 40_000, "「" * 100_000, "「あ」を" * 40_000, "（訂正前）" * 30_000, "誤 " * 50_000]
)
def test_hostile_texts_are_read_quickly(text: str) -> None:
    started = perf_counter()
    as_corrected(text, NoticeKind.AMENDMENT)
    assert perf_counter() - started < 30, "so long only where it has run away"
