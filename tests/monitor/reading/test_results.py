"""Winners read out of notices of awards: the forms that the gazette has, and what is rather not read."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Result
from monitor.reading.results import read_results
from scrapers.gazette.notices import Issue, notices
from scrapers.gazette.text import lines_of


def notice(
    winner: str,
    price: str = "47,300,000円",
    *,
    decided: str = "7. 5.16",
    procedure: str = "一般",
    criterion: str = "総合評価",
    planned: str = "",
    kind: NoticeKind = NoticeKind.AWARD,
) -> ScrapedNotice:
    lines = [
        "落札者等の公示",
        "調達件名及び数量　児童手当システムの調査研究　一式",
        f"契約方式　{procedure}",
        f"落札決定日（随意契約の場合は契約日）　{decided}",
        f"落札者（随意契約の場合は契約者）の氏名及び住所　{winner}",
        *([f"落札価格（随意契約の場合は契約価格）　{price}"] if price else []),
        "入札公告日又は公示日　7. 2.27",
        *([f"落札方式　{criterion}"] if criterion else []),
        *([f"予定価格　{planned}"] if planned else []),
    ]
    return ScrapedNotice(
        source="kanpo",
        key="20250703-1",
        title="児童手当システムの調査研究　一式",
        kind=kind,
        published=date(2025, 7, 3),
        url="https://www.example.jp/1",
        text="\n".join(lines),
    )


def test_a_result_has_winner_address_day_price_planned_price_and_procedure() -> None:
    read = read_results(notice("見本監査法人（東京都千代田区丸の内３-２-３）", planned="50,000,000円"))
    assert read == (
        Result(
            supplier="見本監査法人",
            decided=date(2025, 5, 16),
            address="東京都千代田区丸の内３-２-３",
            amount=Decimal(47_300_000),
            planned=Decimal(50_000_000),
            method="一般競争入札・総合評価",
        ),
    )


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("見本電機㈱　広島県広島市中区袋町５-25", "見本電機㈱", "広島県広島市中区袋町５-25"),
        (
            "株式会社見本　四国支社　香川県高松市紺屋町９番地６",
            "株式会社見本　四国支社",
            "香川県高松市紺屋町９番地６",
        ),
        ("見本ソフト株式会社神奈川県横浜市中区桜木町１-１", "見本ソフト株式会社", "神奈川県横浜市中区桜木町１-１"),
        ("見本商事㈱札幌市中央区南１条西７丁目12番地６", "見本商事㈱", "札幌市中央区南１条西７丁目12番地６"),
        ("（株）見本　広島県広島市西区井口五丁目６番４号", "（株）見本", "広島県広島市西区井口五丁目６番４号"),
        ("石川県見本組合　石川県金沢市無量寺町ヲ51番地）", "石川県見本組合", "石川県金沢市無量寺町ヲ51番地"),
        ("見本株式会社(長崎市興善町６番７号）", "見本株式会社", "長崎市興善町６番７号"),
        (
            "甲・乙特定建設工事共同企業体　代表者　甲建設株式会社横浜支店　神奈川県横浜市中区尾上町１-６",
            "甲・乙特定建設工事共同企業体",
            "神奈川県横浜市中区尾上町１-６",
        ),
        (
            "Example Data Limited（Example House, Sutton, SM２５AS, United Kingdom）",
            "Example Data Limited",
            "Example House, Sutton, SM２５AS, United Kingdom",
        ),
    ],
)
def test_name_and_address_are_told_apart_however_they_stand_together(written: str, name: str, address: str) -> None:
    (read,) = read_results(notice(written))
    assert (read.supplier, read.address) == (name, address)


def test_several_winners_have_each_their_price_where_it_is_stated_for_each() -> None:
    read = read_results(
        notice(
            "甲株式会社（東京都中央区八丁堀３-19-９）、株式会社乙（北海道浦河郡浦河町西幌別328-66）",
            "甲株式会社23,276,000円、株式会社乙8,622,900円",
        )
    )
    assert [(one.supplier, one.amount) for one in read] == [
        ("甲株式会社", Decimal(23_276_000)),
        ("株式会社乙", Decimal(8_622_900)),
    ]


def test_one_price_for_several_winners_is_nobodys() -> None:
    read = read_results(
        notice("㈱甲　東京都中央区京橋３丁目19番、㈱乙　東京都練馬区豊玉上二丁目４番１号", "231,403,352円")
    )
    assert [(one.supplier, one.amount) for one in read] == [("㈱甲", None), ("㈱乙", None)]


def test_a_comma_within_an_address_is_no_further_winner() -> None:
    (read,) = read_results(notice("㈱甲（東京都港区芝５-７-１、見本ビル３階）"))
    assert read.address == "東京都港区芝５-７-１、見本ビル３階"


@pytest.mark.parametrize(
    "price", ["117,865.00GBP", "", "公表しない", "99999999999999999999円", "999兆円", "0.00001円"]
)
def test_without_a_price_in_yen_the_winner_is_known_and_the_price_is_not(price: str) -> None:
    (read,) = read_results(notice("㈱甲（東京都港区芝５-７-１）", price))
    assert read.amount is None


def test_a_price_per_unit_is_kept_as_it_stands() -> None:
    (read,) = read_results(notice("㈱甲（東京都港区芝５-７-１）", "62.04円"))
    assert read.amount == Decimal("62.04")


def test_a_corporate_number_beside_the_name_is_read_and_no_part_of_it() -> None:
    (read,) = read_results(notice("株式会社甲（法人番号7000012050002）　東京都港区芝５-７-１"))
    assert (read.supplier, read.corporate_number) == ("株式会社甲", "7000012050002")
    (read,) = read_results(notice("株式会社甲（法人番号7000012050003）　東京都港区芝５-７-１"))
    assert (read.supplier, read.corporate_number) == ("株式会社甲", None)


@pytest.mark.parametrize(
    "unsafe",
    [
        notice("株式会社東京都市開発"),
        notice("株式会社甲"),
        notice("㈱甲（東京都港区芝５-７-１）", decided=""),
        notice("㈱甲（東京都港区芝５-７-１）", decided="9. 5.16"),
        notice("㈱甲（東京都港区芝５-７-１）", decided="7.13.45"),
        notice("㈱甲（東京都港区芝５-７-１）", kind=NoticeKind.TENDER),
    ],
    ids=["no address", "a name alone", "no day", "a day to come", "no such day", "no notice of an award"],
)
def test_what_cannot_be_read_safely_is_not_read(unsafe: ScrapedNotice) -> None:
    assert read_results(unsafe) == ()


def test_the_party_to_a_single_tender_contract_to_come_has_won_nothing_yet() -> None:
    text = "随意契約に関する公示\n２　随意契約の予定日　令和７年７月23日\n４　随意契約を予定している相手方の名称\n見本株式会社"
    assert read_results(replace(notice("㈱甲"), text=text)) == ()


SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "kanpo"
ISSUES = {"20250703c00122": 40, "20250711c00128": 80}
"""With their pages."""


@pytest.mark.skipif(not (SAMPLES / "notices.jsonl").exists(), reason=f"no real issues here: {SAMPLES}")
def test_every_result_of_two_real_issues_has_a_winner_with_an_address_and_nearly_all_a_price() -> None:
    results: list[Result] = []
    unread = 0
    for issue, pages in ISSUES.items():
        with (SAMPLES / f"{issue}full0001{pages:04}.pdf").open("rb") as pdf:
            lines = tuple(lines_of(pdf, issue, pages=pages))
        for one in notices(lines, Issue(issue), "kanpo"):
            if isinstance(one, ScrapedNotice) and one.kind is NoticeKind.AWARD and "落札者" in one.text[:40]:
                read = read_results(one)
                unread += not read
                results += read
    assert (len(results), unread) == (290, 0)
    assert sum(one.amount is not None for one in results) == 279
    # Where a number of a house, or a gap before an address, is left in a name, it was cut in the wrong place.
    assert [one.supplier for one in results if re.search(r"[0-9０-９]|[都道府県].{0,6}[市区郡]", one.supplier)] == []
    assert all(one.address for one in results)
