"""Tokyo's calls by the pages for telephones are read whole, and nothing but a list is taken for one."""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from scrapers.errors import FetchError, SourceChanged
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.tokyo_eproc import ANSWERS, ROWS, SEARCH_PAGE, TokyoEproc
from scrapers.tokyo_cases import GOODS_AND_SERVICES, WORKS

NOW = datetime(2026, 9, 15, 9, tzinfo=TOKYO)
WINDOW = Window(date(2026, 9, 12), None, NOW)
ROW = {
    "pubStDate": "令和8年9月14日",
    "contNo": "3541000000000274",
    "contNoDisp": "8-00361",
    "ankenName": "見本計画の編集・デザイン作成委託",
    "gyosyuNm": "広告代理",
    "rikouKikan": "契約確定の日の翌日から令和9年3月24日まで",
    "bidWayName": "希望制指名競争入札",
    "kakuduke": "A,B",
    "kibouKikan": "9月14日 ～9月17日 ",
    "receiptCnd": "受付中",
    "divisionSectionName": "環境局総務部経理課",
}
Row = dict[str, Any]


def rows(count: int, first: int = 0, **more: Any) -> list[Row]:
    return [{**ROW, "contNo": f"{number:016}", **more} for number in range(first, first + count)]


def answer(data: Sequence[Row], total: int | None = None) -> bytes:
    count = len(data) if total is None else total
    return json.dumps({"draw": 1, "recordsTotal": count, "recordsFiltered": count, "data": list(data)}).encode()


class Portal:
    """Answers a crawl from its two lists; ``alter`` may put anything in the place of an answer."""

    def __init__(
        self, goods: Sequence[Row], works: Sequence[Row] = (), alter: Callable[[bytes], bytes] = bytes
    ) -> None:
        self.lists = {GOODS_AND_SERVICES: goods, WORKS: works}
        self.alter = alter
        self.asked: list[Request] = []
        self.most = ROWS

    def __call__(self, request: Request) -> Page:
        self.asked.append(request)
        if request.url == SEARCH_PAGE:
            return page_of(b"<html></html>", request)
        form = dict(request.form or ())
        found, start = self.lists[form["consgoodsType"]], int(form["start"])
        page = found[start : start + min(int(form["length"]), self.most)]
        return page_of(self.alter(answer(page, len(found))), request, headers={"content-type": "application/json"})

    def crawl(self, window: Window = WINDOW) -> list[Finding]:
        return list(crawl(TokyoEproc(), window, self))


def notices(findings: Sequence[Finding]) -> list[ScrapedNotice]:
    return [finding for finding in findings if isinstance(finding, ScrapedNotice)]


def problems(findings: Sequence[Finding]) -> list[str]:
    return [f"{finding.part}: {finding.saying}" for finding in findings if isinstance(finding, Problem)]


def coverages(findings: Sequence[Finding]) -> list[Coverage]:
    return [finding for finding in findings if isinstance(finding, Coverage)]


def test_both_lists_are_read_page_by_page_until_the_total_is_reached() -> None:
    portal = Portal(rows(230), rows(3, 500))
    found = portal.crawl()
    assert len(notices(found)) == 233
    assert coverages(found) == [
        Coverage("物品・委託", 230, 230, complete=True),
        Coverage("工事", 3, 3, complete=True),
    ]
    assert problems(found) == []
    asked = [dict(request.form or ()) for request in portal.asked[1:]]
    assert [(form["consgoodsType"], form["start"]) for form in asked] == [
        ("2", "0"),
        ("2", "100"),
        ("2", "200"),
        ("1", "0"),
    ]


def test_a_session_is_opened_and_the_list_asked_for_as_the_page_does_it() -> None:
    portal = Portal(rows(1))
    portal.crawl()
    first, second, _ = portal.asked
    assert (first.method, first.url) == ("GET", SEARCH_PAGE)
    assert (second.method, second.url) == ("POST", ANSWERS)
    assert dict(second.headers) == {"X-Requested-With": "XMLHttpRequest", "Referer": SEARCH_PAGE}
    form = dict(second.form or ())
    assert {"draw": "1", "length": "100", "orderValue": "desc", "keiyakuNoGengo": "5"}.items() <= form.items()
    assert form["keiyakuNoUnderKoshu"] == "00"


def test_answers_that_hold_fewer_rows_than_asked_for_lose_nothing() -> None:
    portal = Portal(rows(45))
    portal.most = 20
    assert len(notices(portal.crawl())) == 45


def test_a_row_is_read_field_by_field() -> None:
    (notice,) = notices(Portal([ROW]).crawl())
    assert notice == ScrapedNotice(
        source="tokyo_eproc",
        key="3541000000000274",
        title="見本計画の編集・デザイン作成委託",
        kind=NoticeKind.TENDER,
        published=date(2026, 9, 14),
        url=SEARCH_PAGE,
        buyer="東京都環境局総務部経理課",
        prefecture="東京都",
        category=Category.SERVICES,
        method="希望制指名競争入札",
        qualification="受付等級 A,B",
        portal_dates=(("希望申請期間", "2026-09-14/2026-09-17"),),
        references=(("contNo", "3541000000000274"), ("契約番号", "08-00361")),
        text="契約番号：08-00361\n営業種目：広告代理\n履行期間：契約確定の日の翌日から令和9年3月24日まで",
    )


def test_the_end_of_the_period_for_applying_is_no_deadline_for_bids() -> None:
    (notice,) = notices(Portal([ROW]).crawl())
    assert notice.deadline is None


def test_a_withdrawn_call_is_a_cancellation_and_a_corrected_one_stays_what_it_is() -> None:
    withdrawn = "見本の買入れ ※本案件は、9月15日 8時39分付で取り下げました。"
    first, second = notices(
        Portal([{**ROW, "ankenName": withdrawn}, {**ROW, "contNo": "2", "ankenName": "印刷 ※訂正履歴あり"}]).crawl()
    )
    assert (first.title, first.title_original) == ("見本の買入れ", withdrawn)
    assert (first.kind, first.status) == (NoticeKind.CANCELLATION, "取り下げ（9月15日 8時39分）")
    assert (second.title, second.kind, second.status) == ("印刷", NoticeKind.TENDER, "訂正履歴あり")


def test_the_mark_for_electronic_bidding_is_kept_in_the_text() -> None:
    (notice,) = notices(Portal([{**ROW, "ankenName": "【電子】 見本の印刷"}]).crawl())
    assert (notice.title, notice.title_original) == ("見本の印刷", "【電子】 見本の印刷")
    assert "電子調達：対象" in notice.text


def test_a_call_that_closes_for_applications_is_not_a_changed_notice() -> None:
    before = notices(Portal([ROW]).crawl())
    assert notices(Portal([{**ROW, "receiptCnd": "受付終了"}]).crawl()) == before


def test_what_a_row_lacks_is_left_out() -> None:
    (notice,) = notices(
        Portal([{"pubStDate": "令和8年9月14日", "contNo": "1", "ankenName": "見本", "kakuduke": None}]).crawl()
    )
    assert (notice.buyer, notice.method, notice.qualification, notice.text) == ("東京都", None, None, "")
    assert (notice.portal_dates, notice.references) == ((), (("contNo", "1"),))


def test_a_crawl_that_is_repeated_finds_the_same() -> None:
    later = Window(WINDOW.since, None, NOW.replace(day=16))
    portal = Portal(rows(3), rows(2, 10))
    assert portal.crawl() == portal.crawl(later)


def test_back_filling_gives_nothing_that_was_published_after_its_last_day() -> None:
    old = {**ROW, "contNo": "1", "pubStDate": "令和8年9月1日", "kibouKikan": "9月1日 ～9月4日"}
    found = Portal([ROW, old]).crawl(Window(date(2026, 8, 1), date(2026, 9, 10), NOW))
    assert [notice.key for notice in notices(found)] == ["1"]
    assert coverages(found)[0] == Coverage("物品・委託", 2, 2, complete=True)


def test_two_empty_lists_are_a_failure() -> None:
    with pytest.raises(SourceChanged, match=r"tokyo_eproc: both lists are empty"):
        Portal([]).crawl()


def test_no_works_are_believed_where_there_are_goods_but_not_the_other_way_round() -> None:
    assert problems(Portal(rows(2)).crawl()) == []
    found = Portal([], rows(2)).crawl()
    assert len(notices(found)) == 2
    assert problems(found) == [
        "物品・委託: the list is empty, where hundreds of calls are always open; the form may have changed"
    ]


def test_a_list_that_gives_the_same_page_over_and_over_ends_and_is_told() -> None:
    portal = Portal(rows(100))

    def first_page(request: Request) -> Page:
        form = tuple((name, "0" if name == "start" else value) for name, value in request.form or ())
        page = portal(Request(request.url, form=form or None))
        return page_of(page.content.replace(b'"recordsFiltered": 100', b'"recordsFiltered": 90000'), request)

    found = list(crawl(TokyoEproc(), WINDOW, first_page))
    assert len(portal.asked) == 4
    assert coverages(found)[0] == Coverage("物品・委託", 100, 90000, complete=False)


def test_rows_that_do_not_reach_the_stated_total_are_told() -> None:
    def more(content: bytes) -> bytes:
        return content.replace(b'"recordsFiltered": 2', b'"recordsFiltered": 9')

    found = Portal(rows(2), alter=more).crawl()
    assert coverages(found)[0] == Coverage("物品・委託", 2, 9, complete=False)
    assert problems(found) == ["物品・委託: the list states 9 calls and gave 2; the rest will be asked for again"]


def test_a_row_that_comes_twice_is_one_notice_and_the_missing_one_is_told() -> None:
    found = Portal([ROW, ROW]).crawl()
    assert len(notices(found)) == 1
    assert problems(found) == ["物品・委託: the list states 2 calls and gave 1; the rest will be asked for again"]


@pytest.mark.parametrize("lacking", ["contNo", "ankenName", "pubStDate"])
def test_a_row_without_what_makes_it_a_call_is_told_and_the_others_are_read(lacking: str) -> None:
    found = Portal([{**ROW, lacking: ""}, *rows(2)]).crawl()
    assert len(notices(found)) == 2
    assert problems(found)[0].startswith("物品・委託: a row has no number, title or date that can be read")


def test_rows_of_which_none_can_be_read_are_an_error_and_not_a_hundred_problems() -> None:
    renamed = [{"caseNo" if name == "contNo" else name: value for name, value in row.items()} for row in rows(9)]
    with pytest.raises(SourceChanged, match=r"no row of https://\S+ can be read as a call, the first is"):
        Portal(renamed).crawl()


def test_a_call_that_was_stopped_is_a_cancellation_whether_a_day_is_told_or_not() -> None:
    (notice,) = notices(Portal([{**ROW, "ankenName": "見本の印刷 ※本案件は、中止となりました。"}]).crawl())
    assert (notice.title, notice.kind) == ("見本の印刷", NoticeKind.CANCELLATION)
    assert notice.status == "本案件は、中止となりました"


@pytest.mark.parametrize("value", [None, 7, 1.5, True, [], {}, "\x00", "令和8年2月30日", "9999年1月1日", "元年"])
@pytest.mark.parametrize("name", sorted(ROW))
def test_a_value_of_another_type_or_without_sense_is_no_end(name: str, value: Any) -> None:
    found = Portal([{**ROW, name: value}, *rows(1, 77)]).crawl()
    assert "0000000000000077" in {notice.key for notice in notices(found)}
    assert len(notices(found)) + len(problems(found)) >= 2


MAINTENANCE = "<!DOCTYPE html><html><body>ただいまメンテナンス中です</body></html>".encode()
LOGIN = b'<html><body><form><input type="password"></form></body></html>'


@pytest.mark.parametrize("page", [MAINTENANCE, LOGIN, MAINTENANCE.decode().encode("cp932")])
def test_a_page_in_place_of_the_list_is_an_error(page: bytes) -> None:
    with pytest.raises(SourceChanged, match="answered with HTML instead of JSON"):
        Portal(rows(2), alter=lambda _: page).crawl()


@pytest.mark.parametrize(
    "content",
    [b"[]", b'{"error": "x"}', b'{"data": []}', b'{"recordsFiltered": 1, "data": {}}', b'{"recordsFiltered": "x"}'],
)
def test_json_that_is_no_list_is_an_error(content: bytes) -> None:
    with pytest.raises(SourceChanged, match="is no list of calls"):
        Portal(rows(2), alter=lambda _: content).crawl()


def test_a_list_in_another_encoding_is_an_error() -> None:
    content = json.dumps({"recordsFiltered": 1, "data": [ROW]}, ensure_ascii=False).encode("cp932")
    with pytest.raises(SourceChanged, match="is no list of calls"):
        Portal(rows(1), alter=lambda _: content).crawl()


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_a_list_that_breaks_off_is_an_error(cut: int) -> None:
    with pytest.raises(FetchError, match=r"is empty|broke off"):
        Portal(rows(2), alter=lambda content: content[:cut]).crawl()


def test_what_was_read_before_a_failure_is_kept() -> None:
    portal = Portal(rows(150))
    found: list[Finding] = []

    def fetch(request: Request) -> Page:
        page = portal(request)
        return page if dict(request.form or ()).get("start") != "100" else page_of(MAINTENANCE, request)

    with pytest.raises(SourceChanged):
        found.extend(crawl(TokyoEproc(), WINDOW, fetch))
    assert len(notices(found)) == 100
