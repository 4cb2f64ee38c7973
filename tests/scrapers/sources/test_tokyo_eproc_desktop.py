"""Tokyo's calls by the screens for desktops are read whole and politely, against their stand-in over real HTTP."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from monitor.serving import serve
from monitor.standins.server import Switchboard, app
from scrapers.errors import FetchError, SourceChanged
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import Fetch, Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.tokyo_eproc_desktop import ENTRANCE, GIVE_UP_AFTER, SCREENS, Part, TokyoEprocDesktop

NOW = datetime(2026, 9, 15, 9, tzinfo=TOKYO)
SINCE, TODAY = date(2026, 9, 12), NOW.date()
METHODS = ("希望制指名競争入札", "一般競争入札", "随意契約")
Record = dict[str, Any]
Change = Callable[[tuple[str, str], str], str]
"""From the screen that was asked for (page, act) and its text to another text."""


def record(number: int, published: date = TODAY, **more: Any) -> Record:
    return {
        "type": "goods-services",
        "published": f"令和{published.year - 2018}年{published.month}月{published.day}日",
        "contract_no": f"08-{number:05}",
        "title": f"【電子】 見本{number}号の清掃委託",
        "item": "101 建物清掃",
        "period": "令和9年3月31日まで",
        "method": METHODS[0],
        "order_rank": "B",
        "accepted_ranks": "A,B",
        "application_period": "令和8年9月15日  9時00分から令和8年9月18日  17時00分",
        "status": "受付中",
        "section": "環境局総務部経理課",
        "cont_no": f"35410000{number:08}",
        **more,
    }


def works(number: int, **more: Any) -> Record:
    return record(number, type="works", title=f"見本{number}号水門補強工事", item="一般土木工事", **more)


@dataclass
class Site:
    """The stand-in over some records, and the way that a crawl reaches it."""

    base: str
    board: Switchboard
    asked: list[Request] = field(default_factory=list)

    def crawl(
        self,
        since: date = SINCE,
        until: date | None = None,
        *,
        change: Change | None = None,
        lost_at: Sequence[int] = (),
        into: list[Finding] | None = None,
        unheeded: Sequence[str] = (),
    ) -> list[Finding]:
        """What a crawl finds. At the requests ``lost_at`` (from 1 on) the session is lost.

        The portal takes no notice of the fields ``unheeded``.
        """
        self.asked.clear()
        findings = [] if into is None else into
        settings = NetworkSettings("test/1 (+https://example.org/)", stand_in=self.base)
        with HttpFetcher(settings, clock=lambda: NOW, sleep=_never, rng=random.Random(1)) as fetcher:
            visits = [self._visit(fetcher)]

            def fetch(request: Request) -> Page:
                self.asked.append(request)
                if len(self.asked) in lost_at:
                    visits.append(self._visit(fetcher))
                form = tuple(field for field in request.form or () if field[0] not in unheeded)
                page = visits[-1](replace(request, form=form))
                if change is None:
                    return page
                text = change(_screen(request), page.content.decode("cp932"))
                return page_of(text.encode("cp932"), request, headers=page.headers)

            findings.extend(crawl(TokyoEprocDesktop(), Window(since, until, NOW), fetch))
        return findings

    @staticmethod
    def _visit(fetcher: HttpFetcher) -> Fetch:
        return fetcher.for_source(TokyoEprocDesktop.pause_seconds, TokyoEprocDesktop.max_bytes)

    @property
    def screens(self) -> list[tuple[str, str]]:
        return [_screen(request) for request in self.asked]

    @property
    def searches(self) -> list[dict[str, str]]:
        return [dict(request.form or ()) for request in self.asked if _screen(request) == ("4", "1")]


def _never(seconds: float) -> None:
    pytest.fail("a stand-in is asked without pauses")


def _screen(request: Request) -> tuple[str, str]:
    form = dict(request.form or ())
    return form["page"], form["act"]


Serve = Callable[..., Site]


@pytest.fixture
def over(tmp_path: Path) -> Iterator[Serve]:
    """Serves the records of a single test."""
    with ExitStack() as served:

        def serving(*records: Record, **switches: Any) -> Site:
            folder = tmp_path / "tokyo_eproc"
            folder.mkdir()
            lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
            (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
            board = Switchboard()
            board.turn(**switches)
            return Site(served.enter_context(serve(app(tmp_path, board))), board)

        yield serving


def notices(findings: Sequence[Finding]) -> list[ScrapedNotice]:
    return [finding for finding in findings if isinstance(finding, ScrapedNotice)]


def problems(findings: Sequence[Finding]) -> list[str]:
    return [f"{finding.part}: {finding.saying}" for finding in findings if isinstance(finding, Problem)]


def coverages(findings: Sequence[Finding]) -> list[Coverage]:
    return [finding for finding in findings if isinstance(finding, Coverage)]


def keys(findings: Sequence[Finding]) -> Counter[str]:
    return Counter(notice.key for notice in notices(findings))


def all_of(records: Sequence[Record]) -> Counter[str]:
    return Counter(str(one["cont_no"]) for one in records)


# The walk


def test_the_walk_goes_from_screen_to_screen_as_a_person_does(over: Serve) -> None:
    site = over(record(1), works(2))
    found = site.crawl()
    assert keys(found) == all_of([record(1), works(2)])
    assert coverages(found) == [Coverage("物品・委託", 1, 1, complete=True), Coverage("工事", 1, 1, complete=True)]
    assert problems(found) == []
    one_list = [("3", "3"), ("4", "1"), ("7", "3")]
    assert site.screens == [("1", "1"), *one_list, *one_list]
    assert {request.url for request in site.asked} == {SCREENS}
    assert all(dict(request.headers) == {"Referer": SCREENS} for request in site.asked)
    assert {request.encoding for request in site.asked} == {"cp932"}


def test_a_search_sends_back_the_whole_form_with_its_hidden_fields(over: Serve) -> None:
    site = over(record(1), works(2))
    site.crawl()
    goods, built = site.searches
    for form, kind in ((goods, "2"), (built, "1")):
        assert form["consgoods"] == form["hConsgoods"] == kind
        assert form["allBureauFlag"] == "1"
        assert [form[f"{name}{box}"] for name in ("bidway", "hBidway") for box in ("Ippan", "Kibou", "Zuikei")] == [
            "1"
        ] * 6
        assert (form["Era_StartDate"], form["keiyakuNoUnderKoshu"], form["gamenId"]) == ("5", "00", "hacchuyotei")
        assert "keiyakuNoNendo" in form
    assert [goods.get(name) for name in ("itemConsgoods", "constConsgoods")] == ["2", None]
    assert [built.get(name) for name in ("itemConsgoods", "constConsgoods")] == [None, "1"]


def test_a_call_is_read_with_what_its_own_screen_says(over: Serve) -> None:
    site = over(
        record(
            361,
            title="【電子】 見本計画①（仮）の編集・デザイン～作成委託",
            method="希望制指名競争入札(総合評価方式）",
            location="見本－品川",
            planned_price="非公開",
            opening="令和8年9月30日  9時30分",
        ),
    )
    (notice,) = notices(site.crawl())
    assert notice == ScrapedNotice(
        source="tokyo_eproc_desktop",
        key="3541000000000361",
        title="見本計画①（仮）の編集・デザイン～作成委託",
        title_original="【電子】 見本計画①（仮）の編集・デザイン～作成委託",
        kind=NoticeKind.TENDER,
        published=TODAY,
        url=ENTRANCE,
        buyer="東京都環境局総務部経理課",
        prefecture="東京都",
        place="見本－品川",
        category=Category.SERVICES,
        method="希望制指名競争入札(総合評価方式)",
        qualification="受付等級 A,B",
        portal_dates=(
            ("希望申請期間", "2026-09-15T09:00:00+09:00/2026-09-18T17:00:00+09:00"),
            ("開札予定日時", "2026-09-30T09:30:00+09:00"),
        ),
        references=(("contNo", "3541000000000361"), ("契約番号", "08-00361")),
        text="契約番号：08-00361\n営業種目1：101 建物清掃\n履行期間：令和9年3月31日まで\n発注等級：B\n"
        "予定価格(税込)：非公開\n電子調達：対象",
    )


def test_neither_the_period_for_applying_nor_the_opening_is_a_deadline(over: Serve) -> None:
    (notice,) = notices(over(record(1, opening="令和8年9月30日  9時30分")).crawl())
    assert (notice.deadline, notice.response_deadline) == (None, None)


def test_the_details_may_stand_in_cells_without_headings(over: Serve) -> None:
    def without_headings(screen: tuple[str, str], text: str) -> str:
        return text.replace("th>", "td>") if screen == ("7", "3") else text

    site = over(record(1, location="見本区"))
    assert notices(site.crawl(change=without_headings)) == notices(site.crawl())


def test_what_only_the_list_says_is_kept_too(over: Serve) -> None:
    def bare(screen: tuple[str, str], text: str) -> str:
        table = "<table><tr><th>契約番号</th><td>08-00001</td></tr></table>"
        return f"<html><body>{table}</body></html>" if screen == ("7", "3") else text

    (notice,) = notices(over(record(1)).crawl(change=bare))
    assert notice.buyer == "東京都環境局総務部経理課"
    assert (notice.method, notice.qualification) == ("希望制指名競争入札", "受付等級 A,B")
    assert notice.portal_dates == (("希望申請期間", "2026-09-15/2026-09-18"),)
    assert notice.text.splitlines()[1:4] == ["営業種目：建物清掃", "履行期間：令和9年3月31日まで", "発注等級：B"]


def test_a_crawl_that_is_repeated_finds_the_same(over: Serve) -> None:
    site = over(*(record(number) for number in range(5)), works(9))
    assert site.crawl() == site.crawl()


# The window


def test_only_calls_of_the_window_are_asked_for_their_own_screen(over: Serve) -> None:
    site = over(record(1), record(2, date(2026, 9, 12)), record(3, date(2026, 9, 11)))
    found = site.crawl()
    assert keys(found) == all_of([record(1), record(2)])
    assert site.screens.count(("7", "3")) == 2
    assert coverages(found)[0] == Coverage("物品・委託", 3, 3, complete=True)


def test_an_older_call_that_was_withdrawn_in_the_window_is_read_again(over: Serve) -> None:
    day = date(2026, 8, 20)
    site = over(
        record(1, day, title="見本の印刷 ※本案件は、9月14日 15時39分付で取り下げました。"),
        record(2, day, title="見本の製本 ※本案件は、9月1日 15時39分付で取り下げました。"),
        record(3, day, title="見本の複写 ※訂正履歴あり"),
    )
    (notice,) = notices(site.crawl())
    assert (notice.title, notice.kind) == ("見本の印刷", NoticeKind.CANCELLATION)
    assert notice.status == "取り下げ（9月14日 15時39分）"


def test_back_filling_gives_nothing_that_was_published_after_its_last_day(over: Serve) -> None:
    site = over(record(1), record(2, date(2026, 9, 1)), record(3, date(2026, 8, 30)))
    found = site.crawl(date(2026, 8, 31), date(2026, 9, 10))
    assert keys(found) == all_of([record(2)])


# Long lists


def old(number: int, **more: Any) -> Record:
    return record(number, date(2026, 9, 1) - timedelta(days=number % 20), **more)


def test_above_two_hundred_hits_the_list_is_asked_for_and_read_page_by_page(over: Serve) -> None:
    site = over(*(old(number) for number in range(230)))
    found = site.crawl()
    assert coverages(found)[0] == Coverage("物品・委託", 230, 230, complete=True)
    goods = site.screens[1 : site.screens.index(("3", "3"), 2)]
    assert goods == [("3", "3"), ("4", "1"), ("4", "3"), *[("5", "6")] * 4]


def test_above_five_hundred_hits_the_search_is_split_by_method_without_reading_the_rest(over: Serve) -> None:
    records = [old(number, method=METHODS[number % 3]) for number in range(600)]
    site = over(*records)
    found = site.crawl()
    assert coverages(found)[0] == Coverage("物品・委託", 600, 600, complete=True)
    assert problems(found) == []
    boxes = [[box for box in ("Ippan", "Kibou", "Zuikei") if f"bidway{box}" in form] for form in site.searches]
    assert boxes == [["Ippan", "Kibou", "Zuikei"], ["Ippan"], ["Kibou"], ["Zuikei"], ["Ippan", "Kibou", "Zuikei"]]
    assert not any(form.get("StartDateYY") for form in site.searches)


def test_a_method_with_more_than_five_hundred_hits_is_split_by_days(over: Serve) -> None:
    records = [old(number) for number in range(620)]
    site = over(*records)
    found = site.crawl()
    assert coverages(found)[0] == Coverage("物品・委託", 620, 620, complete=True)
    assert problems(found) == []
    days = [form for form in site.searches if form["StartDateYY"]]
    assert days[0]["Era_StartDate"] == days[0]["Era_EndDate"] == "5"
    assert days[0]["StartDateYY"] == "7"
    assert len(days) < 12


@pytest.mark.parametrize("cap", [20, 9])
def test_with_a_lower_cap_nothing_is_lost_either(over: Serve, cap: int) -> None:
    records = [
        record(number, TODAY - timedelta(days=number % 10), method=METHODS[number % 2]) for number in range(70)
    ]
    site = over(*records, works(99), cap=cap)
    found = site.crawl(date(2026, 9, 1))
    assert keys(found) == all_of([*records, works(99)])
    assert coverages(found)[0] == Coverage("物品・委託", 70, 70, complete=True)


def test_a_day_that_holds_more_than_a_list_is_told(over: Serve) -> None:
    site = over(*(record(number) for number in range(12)), cap=5)
    found = site.crawl()
    assert len(notices(found)) == 5
    assert coverages(found)[0] == Coverage("物品・委託", 5, 12, complete=False)
    assert problems(found) == ["物品・委託: the list states 12 calls and gave 5; the rest will be asked for again"]


def test_days_that_the_form_does_not_heed_are_not_split_without_end(over: Serve) -> None:
    site = over(*(old(number) for number in range(620)))
    found = site.crawl(unheeded=[f"{name}{part}" for name in ("StartDate", "EndDate") for part in ("YY", "MM", "DD")])
    assert coverages(found)[0] == Coverage("物品・委託", 500, 620, complete=False)
    assert problems(found)[0].endswith("the list states 620 calls and gave 500; the rest will be asked for again")
    assert len(site.searches) == 1 + 3 + 4 + 1
    assert len(site.asked) < 80


def test_a_total_that_is_too_high_is_told_and_not_searched_for_without_end(over: Serve) -> None:
    site = over(*(old(number, method=METHODS[number % 3]) for number in range(30)), works(99), wrong_hits=1)
    found = site.crawl()
    assert problems(found)[0] == (
        "物品・委託: the list states 31 calls and gave 30; the rest will be asked for again"
    )
    assert len(site.asked) < 40


def test_a_part_says_what_was_searched_for() -> None:
    part = Part("2", "Kibou", (date(2026, 9, 1), date(2026, 9, 2)))
    assert str(part) == "物品・委託 希望制指名競争入札 2026-09-01/2026-09-02"
    one, other = part.smaller(TODAY)
    assert (one.days, other.days) == ((date(2026, 9, 1),) * 2, (date(2026, 9, 2),) * 2)
    assert one.smaller(TODAY) == []


# What is no list


def test_two_empty_lists_are_a_failure(over: Serve) -> None:
    with pytest.raises(SourceChanged, match="tokyo_eproc_desktop: both lists are empty"):
        over().crawl()


def test_no_works_are_believed_where_there_are_goods_but_not_the_other_way_round(over: Serve) -> None:
    site = over(works(1))
    found = site.crawl()
    assert keys(found) == all_of([works(1)])
    assert problems(found) == [
        "物品・委託: the list is empty, where hundreds of calls are always open; the form may have changed"
    ]


def test_nothing_found_may_be_said_in_words_without_a_number(over: Serve) -> None:
    def in_words(screen: tuple[str, str], text: str) -> str:
        return text.replace("該当する検索結果は　0　件です。", "該当なし")

    assert problems(over(record(1)).crawl(change=in_words)) == []


def test_a_list_that_states_no_total_is_an_error(over: Serve) -> None:
    def untold(screen: tuple[str, str], text: str) -> str:
        return text.replace("総件数", "")

    with pytest.raises(SourceChanged, match="does not state its total"):
        over(record(1)).crawl(change=untold)


@pytest.mark.parametrize("column", ["公表日", "契約番号", "件名", "希望申請期間", "担当部課"])
def test_a_list_with_other_columns_is_an_error(over: Serve, column: str) -> None:
    def renamed(screen: tuple[str, str], text: str) -> str:
        return text.replace(f"<th>{column}</th>", "<th>新しい列</th>") if screen == ("4", "1") else text

    with pytest.raises(SourceChanged, match=f"no table has the columns {column}"):
        over(record(1)).crawl(change=renamed)


def test_columns_may_change_their_places(over: Serve) -> None:
    def swapped(screen: tuple[str, str], text: str) -> str:
        if screen != ("4", "1"):
            return text
        text = text.replace("<th>発注等級</th><th>受付等級</th>", "<th>受付等級</th><th>発注等級</th>")
        return text.replace("<td>B</td><td>A,B</td>", "<td>A,B</td><td>B</td>")

    site = over(record(1))
    assert notices(site.crawl(change=swapped)) == notices(site.crawl())


def test_rows_of_which_none_is_a_call_are_an_error(over: Serve) -> None:
    def without_links(screen: tuple[str, str], text: str) -> str:
        return text.replace("SelectSubmitNo(7,3", "openCase(1")

    with pytest.raises(SourceChanged, match="lists nothing and does not say so"):
        over(record(1), record(2)).crawl(change=without_links)


@pytest.mark.parametrize("beyond", ["again", "nothing"])
def test_a_list_whose_next_page_brings_nothing_new_ends(over: Serve, beyond: str) -> None:
    first: list[str] = []

    def circle(screen: tuple[str, str], text: str) -> str:
        if screen == ("4", "1"):
            text = text.replace(
                'class="pagination">', 'class="pagination"><a href="javascript:SelectSubmit(5,6)">次</a>'
            )
            first.append(text)
        return first[-1] if screen == ("5", "6") and beyond == "again" else text

    site = over(*(old(number, method=METHODS[number % 3]) for number in range(30)), works(9), wrong_hits=5)
    found = site.crawl(change=circle)
    assert coverages(found)[0] == Coverage("物品・委託", 30, 35, complete=False)
    assert problems(found)[0].endswith("the list states 35 calls and gave 30; the rest will be asked for again")
    assert len(site.asked) < 40


def test_a_row_that_is_no_call_is_told_and_the_others_are_read(over: Serve) -> None:
    def without_a_link(screen: tuple[str, str], text: str) -> str:
        return text.replace("SelectSubmitNo(7,3,1", "openCase(1")

    found = over(*(record(number) for number in range(3))).crawl(change=without_a_link)
    assert len(notices(found)) == 2
    first, second = problems(found)
    assert first.startswith("物品・委託: a row has no title or date that can be read")
    assert "gave 2" in second


def test_an_error_of_the_portal_is_told_in_its_own_words(over: Serve) -> None:
    def refused(screen: tuple[str, str], text: str) -> str:
        error = "<html><body><h1>エラー</h1><p>検索条件がありません。（コード６）</p></body></html>"
        return error if screen == ("4", "1") else text

    with pytest.raises(SourceChanged, match="begins “エラー 検索条件がありません"):
        over(record(1)).crawl(change=refused)


@pytest.mark.parametrize("screen", [("1", "1"), ("3", "3"), ("4", "1")])
def test_a_maintenance_page_is_an_error_on_every_screen(over: Serve, screen: tuple[str, str]) -> None:
    def maintained(asked: tuple[str, str], text: str) -> str:
        page = "<html><body><h1>ただいまメンテナンス中です</h1></body></html>"
        return page if asked == screen else text

    with pytest.raises(SourceChanged, match="is a maintenance page"):
        over(record(1)).crawl(change=maintained)


def test_a_login_page_is_an_error(over: Serve) -> None:
    def closed(screen: tuple[str, str], text: str) -> str:
        return '<html><body><p>利用者<input type="password" name="p"></p></body></html>'

    with pytest.raises(SourceChanged, match="is a login page"):
        over(record(1)).crawl(change=closed)


def test_a_list_that_breaks_off_is_an_error(over: Serve) -> None:
    def cut(screen: tuple[str, str], text: str) -> str:
        return text[: text.index("総件数") + 400] if screen == ("4", "1") else text

    with pytest.raises(FetchError, match="broke off"):
        over(*(record(number) for number in range(9))).crawl(change=cut)


def test_bytes_that_are_no_japanese_text_are_an_error() -> None:
    def fetch(request: Request) -> Page:
        return page_of(b"<html>" + bytes(range(128, 256)) * 20 + b"</html>", request)

    with pytest.raises(SourceChanged, match="is not written in"):
        list(crawl(TokyoEprocDesktop(), Window(SINCE, None, NOW), fetch))


# A session that is lost


@pytest.mark.parametrize("at", range(2, 11))
def test_a_lost_session_is_opened_anew_and_nothing_is_lost(over: Serve, at: int) -> None:
    records = [record(number) for number in range(3)] + [works(number) for number in (7, 8)]
    site = over(*records)
    found = site.crawl(lost_at=[at])
    assert keys(found) == all_of(records)
    assert problems(found) == []
    assert all(coverage.complete for coverage in coverages(found))
    assert site.screens.count(("1", "1")) == 2


def test_a_session_that_is_lost_a_second_time_ends_the_crawl(over: Serve) -> None:
    site = over(record(1), works(2))
    kept: list[Finding] = []
    with pytest.raises(SourceChanged, match="tokyo_eproc_desktop"):
        site.crawl(lost_at=[4, 10], into=kept)
    assert keys(kept) == all_of([record(1)])


# A call's own screen


def test_a_call_whose_own_screen_cannot_be_read_is_told_and_the_others_go_on(over: Serve) -> None:
    def unknown(screen: tuple[str, str], text: str) -> str:
        return text.replace("契約番号</th>", "番号</th>").replace("件　名", "名") if "見本2号" in text else text

    def only_details(screen: tuple[str, str], text: str) -> str:
        return unknown(screen, text) if screen == ("7", "3") else text

    found = over(*(record(number) for number in (1, 2, 3))).crawl(change=only_details)
    assert keys(found) == all_of([record(1), record(3)])
    (problem,) = problems(found)
    assert problem.startswith("物品・委託 08-00002: tokyo_eproc_desktop: the screen of call 08-00002 shows “”")


def test_the_screen_of_another_call_is_not_taken_for_this_one(over: Serve) -> None:
    def mixed_up(screen: tuple[str, str], text: str) -> str:
        return text.replace("08-00001", "08-00777").replace("見本1号", "別") if screen == ("7", "3") else text

    found = over(record(1), record(2)).crawl(change=mixed_up)
    assert keys(found) == all_of([record(2)])
    assert "shows “08-00777" in problems(found)[0]


def test_where_no_call_shows_its_own_screen_the_crawl_ends(over: Serve) -> None:
    def empty(screen: tuple[str, str], text: str) -> str:
        return "<html><body><table></table></body></html>" if screen == ("7", "3") else text

    kept: list[Finding] = []
    site = over(*(record(number) for number in range(9)))
    with pytest.raises(SourceChanged, match="the screen of call"):
        site.crawl(change=empty, into=kept)
    assert len(problems(kept)) == GIVE_UP_AFTER - 1
    assert site.screens.count(("7", "3")) == GIVE_UP_AFTER + 1
