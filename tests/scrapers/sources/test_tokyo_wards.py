"""e-Tokyo's lists are read whole, against their stand-in over real HTTP, and nothing else is taken for a list."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
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
from scrapers.sources.tokyo_wards import SCREENS, TokyoWards

NOW = datetime(2026, 9, 15, 9, tzinfo=TOKYO)
SINCE, TODAY = date(2026, 9, 1), NOW.date()
Record = dict[str, Any]
Change = Callable[[tuple[str, str], str], str]
"""From the screen that was asked for (s, a) and its text to another text."""


def record(number: int, published: date = TODAY, **more: Any) -> Record:
    return {
        "key": f"2026:13:118:{number:05}",
        "title": f"見本{number}号舗装工事",
        "body_name": "見本区",
        "published": f"{published}T20:00:00",
        "procedure_type": "一般競争入札",
        "application_deadline": "2026-09-20T17:00:00",
        "bid_deadline": "2026-10-01T12:00:00",
        "opening_date": "2026-10-01T13:00:00",
        **more,
    }


def goods(number: int, **more: Any) -> Record:
    return record(number, **{"type": "goods-services", "title": f"見本{number}号の購入", **more})


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
    ) -> list[Finding]:
        """What a crawl finds. At the requests ``lost_at`` (from 1 on) the session is lost."""
        self.asked.clear()
        findings = [] if into is None else into
        settings = NetworkSettings("test/1 (+https://example.org/)", stand_in=self.base)
        with HttpFetcher(settings, clock=lambda: NOW, sleep=_never, rng=random.Random(1)) as fetcher:
            visits = [self._visit(fetcher)]

            def fetch(request: Request) -> Page:
                self.asked.append(request)
                if len(self.asked) in lost_at:
                    visits.append(self._visit(fetcher))
                page = visits[-1](request)
                if change is None:
                    return page
                text = change(_screen(request), page.content.decode("cp932"))
                return page_of(text.encode("cp932"), request, headers=page.headers)

            findings.extend(crawl(TokyoWards(), Window(since, until, NOW), fetch))
        return findings

    @staticmethod
    def _visit(fetcher: HttpFetcher) -> Fetch:
        return fetcher.for_source(TokyoWards.pause_seconds, TokyoWards.max_bytes)

    @property
    def screens(self) -> list[tuple[str, str]]:
        return [_screen(request) for request in self.asked]

    def form(self, act: str) -> list[tuple[str, str]]:
        """The fields of the first search with this number."""
        return next(list(one.form or ()) for one in self.asked if _screen(one) == ("P002", act))


def _screen(request: Request) -> tuple[str, str]:
    given = dict(request.form or request.params)
    return given.get("s", ""), given.get("a", "")


def _never(seconds: float) -> None:
    pytest.fail("a stand-in is asked without pauses")


Serve = Callable[..., Site]


@pytest.fixture
def over(tmp_path: Path) -> Iterator[Serve]:
    """Serves the records of a single test."""
    with ExitStack() as served:

        def serving(*records: Record, **switches: Any) -> Site:
            folder = tmp_path / "tokyo_wards"
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
    return Counter(str(one["key"]) for one in records)


# The walk


def test_frames_forms_and_lists_are_asked_for_as_a_browser_does_it(over: Serve) -> None:
    site = over(record(1), goods(2))
    found = site.crawl()
    assert keys(found) == all_of([record(1), goods(2)])
    assert coverages(found) == [Coverage("工事", 1, 1, complete=True), Coverage("物品", 1, 1, complete=True)]
    assert site.screens == [
        *(("", ""), ("P001", "1"), ("P001", "2")),
        *(("P002", "1"), ("P002", "3")),
        *(("P002", "2"), ("P002", "8")),
    ]
    assert [request.method for request in site.asked] == ["GET"] * 3 + ["POST"] * 4
    assert {request.url for request in site.asked} == {SCREENS}


def test_all_bodies_of_the_form_are_asked_for_the_days_of_the_window(over: Serve) -> None:
    site = over(record(1), record(2, key="2026:13:856:00379", body_name="見本清掃一部事務組合"))
    found = site.crawl(since=date(2026, 9, 8))
    form = site.form("3")
    bodies = [value for name, value in form if name == "govCode"]
    assert {"101", "123", "201", "229", "856"} <= set(bodies)
    assert len(bodies) == len(set(bodies))
    fields = dict(form)
    assert (fields["pubStDate"], fields["pubEndDate"]) == ("20260908", "20260915")
    assert (fields["year"], fields["maxDispRowCount"], fields["constKbnCd"]) == ("", "100", "")
    assert len(notices(found)) == 2


def test_a_row_is_read_field_by_field(over: Serve) -> None:
    (notice,) = notices(over(record(359, title="旧見本－浄水場①撤去工事", procedure_type="一般\n総合")).crawl())
    assert notice == ScrapedNotice(
        source="tokyo_wards",
        key="2026:13:118:00359",
        title="旧見本－浄水場①撤去工事",
        kind=NoticeKind.TENDER,
        published=TODAY,
        url=SCREENS,
        buyer="見本区",
        prefecture="東京都",
        city="見本区",
        category=Category.WORKS,
        method="一般競争入札(総合評価方式)",
        deadline=datetime(2026, 10, 1, 12, tzinfo=TOKYO),
        portal_dates=(
            ("公表日時", "2026-09-15T20:00:00+09:00"),
            ("開札", "2026-10-01T13:00:00+09:00"),
            ("申請期間", "../2026-09-20T17:00:00+09:00"),
        ),
    )


def test_a_deadline_without_a_time_of_day_is_kept_as_it_is_stated(over: Serve) -> None:
    (notice,) = notices(over(record(1, bid_deadline="2026-10-01", opening_date="2026-10-02")).crawl())
    assert notice.deadline is None
    assert dict(notice.portal_dates)["入札締切"] == "2026-10-01"
    assert dict(notice.portal_dates)["開札"] == "2026-10-02"


def test_a_moment_that_is_not_fixed_yet_is_kept_in_the_lists_own_words(over: Serve) -> None:
    (notice,) = notices(over(record(1, bid_deadline="未定", opening_date="－")).crawl())
    assert notice.deadline is None
    assert dict(notice.portal_dates)["入札締切"] == "未定"
    assert "開札" not in dict(notice.portal_dates)


def test_what_a_row_lacks_is_left_out(over: Serve) -> None:
    bare = {
        "key": "2026:13:101:00001",
        "title": "見本の舗装",
        "body_name": "見本一部事務組合",
        "published": "2026-09-15",
    }
    (notice,) = notices(over(bare).crawl())
    assert (notice.city, notice.method, notice.deadline, notice.portal_dates) == (None, None, None, ())


@pytest.mark.parametrize(
    ("written", "method"),
    [
        ("一般", "一般競争入札"),
        ("希望", "希望型指名競争"),
        ("指名\n総合", "指名競争入札(総合評価方式)"),
        ("随意契約（見積競争）", "随意契約(見積競争)"),
    ],
)
def test_shortened_methods_are_written_out(over: Serve, written: str, method: str) -> None:
    (notice,) = notices(over(record(1, procedure_type=written)).crawl())
    assert notice.method == method


def test_surveys_among_works_are_services_and_purchases_are_goods(over: Serve) -> None:
    found = notices(over(record(1, title="下水道工事監督補助委託"), goods(2), goods(3, title="庁舎の借入れ")).crawl())
    assert [notice.category for notice in found] == [Category.SERVICES, Category.GOODS, None]


@pytest.mark.parametrize("cap", [None, 20, 1])
def test_lists_are_read_page_by_page(over: Serve, cap: int | None) -> None:
    records = [record(number) for number in range(115 if cap is None else 45)] + [goods(900), goods(901)]
    site = over(*records, cap=cap)
    found = site.crawl()
    assert keys(found) == all_of(records)
    assert all(coverage.complete for coverage in coverages(found))
    assert problems(found) == []


def test_the_next_page_is_the_one_that_the_list_leads_to(over: Serve) -> None:
    def renumbered(screen: tuple[str, str], text: str) -> str:
        return text.replace("pageSubmit('P002','10'", "pageSubmit('P002','14'")

    site = over(goods(1), goods(2), record(3), record(4), cap=1)
    with pytest.raises(SourceChanged):  # the stand-in has no such screen
        site.crawl(change=renumbered)
    assert ("P002", "14") in site.screens


def test_where_the_list_does_not_say_it_the_known_number_leads_to_the_next_page(over: Serve) -> None:
    def mute(screen: tuple[str, str], text: str) -> str:
        return text.replace("pageSubmit", "move").replace("searchSubmit", "find")

    site = over(record(1), record(2), goods(3), goods(4), cap=1)
    assert len(notices(site.crawl(change=mute))) == 4
    assert [act for _, act in site.screens if act in ("5", "10")] == ["5", "10"]


def test_a_crawl_that_is_repeated_finds_the_same(over: Serve) -> None:
    site = over(*(record(number) for number in range(5)), goods(9))
    assert site.crawl() == site.crawl()


def test_back_filling_gives_nothing_that_was_published_after_its_last_day(over: Serve) -> None:
    site = over(record(1), record(2, TODAY - timedelta(days=7)), record(3, TODAY - timedelta(days=30)))
    found = site.crawl(date(2026, 9, 5), date(2026, 9, 10))
    assert keys(found) == all_of([record(2)])
    assert dict(site.form("3"))["pubEndDate"] == "20260910"


def test_a_list_that_ignores_the_days_gives_nothing_of_later_days_either(over: Serve) -> None:
    later = record(1)
    site = over(later, record(2, date(2026, 9, 5)))

    def all_days(screen: tuple[str, str], text: str) -> str:
        return text.replace("2026/09/05", "2026/09/14")

    assert notices(site.crawl(date(2026, 9, 1), date(2026, 9, 10), change=all_days)) == []


# What is no list


def test_nothing_is_believed_where_the_list_says_so_itself(over: Serve) -> None:
    found = over().crawl()
    assert found == [Coverage("工事", 0, 0, complete=True), Coverage("物品", 0, 0, complete=True)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("該当する案件はありませんでした", "", "has no table.list-table"),
        ('class="list-data-akname"', 'class="name"', "lists nothing and does not say so"),
        ('class="list-count-disp"', 'class="count"', "does not state its number of pages"),
        ("listSubmit", "open", "no row of the list 工事 can be read"),
        ('name="govCode"', 'name="body"', "has no input"),
        ("(1/1)", "(2/2)", "says it is page 2"),
    ],
)
def test_a_changed_list_is_an_error(over: Serve, old: str, new: str, message: str) -> None:
    def changed(screen: tuple[str, str], text: str) -> str:
        return text.replace(old, new)

    with pytest.raises(SourceChanged, match=f"tokyo_wards: .*{message}"):
        over(record(1)).crawl(change=changed)


def test_rows_of_which_none_can_be_read_are_one_error_and_not_many_problems(over: Serve) -> None:
    site = over(*(record(number) for number in range(5)))
    found: list[Finding] = []
    with pytest.raises(SourceChanged, match="no row of the list 工事 can be read"):
        site.crawl(change=lambda screen, text: text.replace("listSubmit", "open"), into=found)
    assert problems(found) == []


def test_a_column_more_or_less_is_an_error(over: Serve) -> None:
    def one_more(screen: tuple[str, str], text: str) -> str:
        return text.replace("</td></tr></tbody>", "</td><td>新</td></tr></tbody>")

    with pytest.raises(SourceChanged, match="its columns may have changed"):
        over(record(1)).crawl(change=one_more)


def test_the_column_that_was_never_described_may_be_missing_or_hold_a_text(over: Serve) -> None:
    def without(screen: tuple[str, str], text: str) -> str:
        return text.replace('<td class="list-data"></td>', "").replace("<th></th>", "")

    def filled(screen: tuple[str, str], text: str) -> str:
        return text.replace('<td class="list-data"></td>', '<td class="list-data">道路舗装工事</td>')

    site = over(record(1))
    (plain,) = notices(site.crawl())
    assert notices(site.crawl(change=without)) == [plain]
    (notice,) = notices(site.crawl(change=filled))
    assert notice.text == "道路舗装工事"


def test_a_row_that_cannot_be_read_is_told_and_the_others_are_read(over: Serve) -> None:
    def spoiled(screen: tuple[str, str], text: str) -> str:
        return text.replace("2026:13:118:00002", "?")

    found = over(*(record(number) for number in (1, 2, 3))).crawl(change=spoiled)
    assert len(notices(found)) == 2
    first, second = problems(found)
    assert first.startswith("工事: a row has no title or date that can be read: 見本区")
    assert second == "工事: the list states 3 calls and gave 2; the rest will be asked for again"


def test_a_total_that_the_rows_do_not_reach_is_told(over: Serve) -> None:
    found = over(record(1), goods(2), wrong_hits=3).crawl()
    assert coverages(found)[0] == Coverage("工事", 1, 4, complete=False)
    assert len(problems(found)) == 2


@pytest.mark.parametrize("screen", [("", ""), ("P002", "1"), ("P002", "3"), ("P002", "8")])
def test_a_maintenance_page_is_an_error_on_every_screen(over: Serve, screen: tuple[str, str]) -> None:
    def maintained(asked: tuple[str, str], text: str) -> str:
        page = "<html><body><h1>ただいまメンテナンス中です</h1></body></html>"
        return page if asked == screen else text

    with pytest.raises(SourceChanged, match="is a maintenance page"):
        over(record(1), goods(2)).crawl(change=maintained)


def test_a_login_page_is_an_error(over: Serve) -> None:
    def closed(screen: tuple[str, str], text: str) -> str:
        login = '<html><body><p>利用者<input type="password"></p></body></html>'
        return login if screen == ("P002", "3") else text

    with pytest.raises(SourceChanged, match="is a login page"):
        over(record(1)).crawl(change=closed)


def test_a_list_that_breaks_off_is_an_error(over: Serve) -> None:
    def cut(screen: tuple[str, str], text: str) -> str:
        return text[: text.index("list-table") + 900] if "list-table" in text else text

    with pytest.raises(FetchError, match="broke off"):
        over(*(record(number) for number in range(9))).crawl(change=cut)


def test_bytes_that_are_no_japanese_text_are_an_error() -> None:
    def fetch(request: Request) -> Page:
        return page_of(b"<html>" + bytes(range(128, 256)) * 20 + b"</html>", request)

    with pytest.raises(SourceChanged, match="is not written in"):
        list(crawl(TokyoWards(), Window(SINCE, None, NOW), fetch))


# A session that is lost


@pytest.mark.parametrize("at", range(4, 9))
def test_a_lost_session_is_opened_anew_and_nothing_is_lost(over: Serve, at: int) -> None:
    records = [record(number) for number in range(3)] + [goods(number) for number in (7, 8)]
    site = over(*records, cap=2)
    found = site.crawl(lost_at=[at])
    assert keys(found) == all_of(records)
    assert problems(found) == []
    assert all(coverage.complete for coverage in coverages(found))
    assert site.screens.count(("", "")) == 2


def test_a_session_that_is_lost_a_second_time_ends_the_crawl(over: Serve) -> None:
    with pytest.raises(SourceChanged, match=r"the session at .* was lost"):
        over(record(1), goods(2)).crawl(lost_at=[5, 12])
