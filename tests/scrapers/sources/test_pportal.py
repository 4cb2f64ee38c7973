"""p-portal is read whole, politely and in its session, whatever it answers."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from monitor.serving import serve
from monitor.standins.server import Switchboard, app
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.pportal import SEARCH_PAGE
from scrapers.source import Fetch, Finding, Page, Request, SourceOptions, Window, crawl, page_of
from scrapers.sources.pportal import DETAIL, GIVE_UP_AFTER, RESULTS, SEARCH, TITLE_WORDS, PPortal

NOW = datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9)))
SINCE, TODAY = date(2026, 6, 12), NOW.date()
BEAN = "searchConditionBean."
ORGANS = f"{BEAN}govementProcurementOraganBean."

Record = dict[str, Any]


def record(number: int, published: date, **more: Any) -> Record:
    return {
        "procurementItemInfoId": str(700_000 + number),
        "case_no": f"{900_000 + number:019}",
        "title": f"見本{number}号の清掃業務",
        "organ": "環境省",
        "location": "東京都",
        "published": published.isoformat(),
        "detail_text": f"次のとおり公告する。\n見本{number}号",
        **more,
    }


def many() -> list[Record]:
    """A few hundred, most of them of one ministry, one prefecture and one day."""
    rng = random.Random(20260615)
    records = []
    for number in range(230):
        words = rng.sample(["業務", "購入", "修繕", "点検", "更新", "年度"], 2)
        records.append(
            record(
                number,
                SINCE + timedelta(days=rng.choice([0, 0, 0, 0, 1, 2, 3])),
                organ=rng.choice(["国土交通省", "国土交通省", "国土交通省", "法務省", "デジタル庁"]),
                location=rng.choice(["北海道", "北海道", "東京都", "沖縄県"]),
                title=f"見本{number}号{'と'.join(words)}",
            )
        )
    return records


FEW = [
    record(1, date(2026, 6, 15), case_no="‐", title="採用案内の改修"),
    record(2, date(2026, 6, 14), procurement_cla="一般競争入札の入札公告（WTO対象外）", cla="簡易な公共事業"),
    record(3, date(2026, 6, 13), organ="デジタル庁", location="北海道"),
    record(4, date(2026, 6, 13), case_no="", title="採用案内の改修"),
    record(5, date(2026, 6, 12), procurement_cla="意見招請に関する公示"),
    record(6, date(2026, 6, 14), case_no=f"{900_005:019}", title=f"見本5号{'の清掃業務'}"),
    record(7, date(2026, 6, 1), case_no=f"{900_002:019}", procurement_cla="資料提供招請に関する公表"),
]


def findings_of(kind: type[Any], findings: Sequence[Finding]) -> list[Any]:
    return [finding for finding in findings if isinstance(finding, kind)]


def keys(findings: Sequence[Finding]) -> list[str]:
    return [notice.key for notice in findings_of(ScrapedNotice, findings)]


def problems(findings: Sequence[Finding]) -> list[str]:
    return [f"{problem.part}: {problem.saying}" for problem in findings_of(Problem, findings)]


Turn = Callable[[Request, int], None]


@dataclass
class Site:
    """The stand-in over some records, and the way that a crawl reaches it."""

    board: Switchboard
    base: str

    def crawl(
        self,
        *prefectures: str,
        since: date = SINCE,
        until: date | None = None,
        now: datetime = NOW,
        before: Turn = lambda request, number: None,
        forget_at: Sequence[int] = (),
    ) -> list[Finding]:
        """``before`` is called before each request with its number from 1; ``forget_at``: then the cookie is gone."""
        settings = NetworkSettings("test/1 (+https://example.org/)", retries=0, stand_in=self.base)
        sleep = lambda seconds: pytest.fail("a stand-in is asked without pauses")  # noqa: E731
        with HttpFetcher(settings, clock=lambda: now, sleep=sleep, rng=random.Random(1)) as fetcher:
            visits: list[Fetch] = [fetcher.for_source(PPortal.pause_seconds, PPortal.max_bytes)]
            number = 0

            def fetch(request: Request) -> Page:
                nonlocal number
                number += 1
                before(request, number)
                if number in forget_at:
                    visits.append(fetcher.for_source(PPortal.pause_seconds, PPortal.max_bytes))
                return visits[-1](request)

            source = PPortal(SourceOptions(prefectures=prefectures))
            return list(crawl(source, Window(since, until, now), fetch))

    @property
    def asked(self) -> Counter[str]:
        """How often each address was asked for, without its query."""
        return Counter(urlsplit(url).path.rpartition("/")[2] for url in self.board.seen)


@contextmanager
def serving(folder: Path, records: list[Record]) -> Iterator[Site]:
    (folder / "pportal").mkdir()
    with (folder / "pportal" / "notices.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
    board = Switchboard()
    with serve(app(folder, board)) as base:
        yield Site(board, base)


@pytest.fixture(scope="module")
def _many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("many"), many()) as site:
        yield site


@pytest.fixture
def site(_many: Site) -> Site:
    """A few hundred records."""
    _many.board.reset()
    return _many


@pytest.fixture(scope="module")
def _few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("few"), FEW) as site:
        yield site


@pytest.fixture
def few(_few: Site) -> Site:
    """A handful of records."""
    _few.board.reset()
    return _few


# Everything is found


@pytest.mark.parametrize("cap", [500, 60, 20])
def test_every_notice_is_found_once_however_few_cases_an_answer_holds(site: Site, cap: int) -> None:
    site.board.turn(cap=cap)
    findings = site.crawl()
    assert sorted(keys(findings)) == [one["procurementItemInfoId"] for one in many()]
    published = Counter(one["published"] for one in many())
    assert findings_of(Coverage, findings) == [
        Coverage(day, published[day], published[day], complete=True) for day in sorted(published)
    ]
    assert problems(findings) == []


def test_a_day_that_an_answer_holds_is_asked_for_at_once(site: Site) -> None:
    site.crawl()
    days = Counter(one["published"] for one in many()).values()
    pages = sum(-(-rows // 50) for rows in days)
    assert len(days) == 4 < pages
    assert site.asked == {"OAA0101": 1, "OAA0100": 4, "OAA0106": pages, "OAA0104": 230}


def test_a_back_fill_of_thirty_busy_days_is_within_the_limits_of_a_run() -> None:
    busiest_day, seconds_each = 211, 2.0
    requests = 1 + 31 * (1 + -(-busiest_day // 50) + busiest_day)
    assert requests <= PPortal.max_requests
    assert requests * seconds_each <= PPortal.max_minutes * 60


def test_a_second_crawl_finds_the_very_same_notices(few: Site) -> None:
    assert few.crawl() == few.crawl()


def test_a_crawl_a_month_later_finds_the_very_same_notices(few: Site) -> None:
    assert few.crawl(until=TODAY) == few.crawl(until=TODAY, now=NOW + timedelta(days=31))


def test_a_ministry_that_is_new_is_asked_for_by_the_code_that_the_form_gives_it(site: Site) -> None:
    site.board.turn(cap=60)
    findings = site.crawl()
    buyers = Counter(notice.buyer for notice in findings_of(ScrapedNotice, findings))
    assert buyers["デジタル庁"] == sum(one["organ"] == "デジタル庁" for one in many())


def test_what_cannot_be_split_further_is_told_with_its_figures(tmp_path: Path) -> None:
    records = [record(number, TODAY, title=f"{number}") for number in range(9)]
    with serving(tmp_path, records) as site:
        site.board.turn(cap=5)
        findings = site.crawl()
    assert len(keys(findings)) == 5
    assert findings_of(Coverage, findings)[-1] == Coverage("2026-06-15", 5, 9, complete=False)
    assert problems(findings) == [
        "2026-06-15 環境省 東京都: the portal states 9 records and gave 5; the rest will be asked for again"
    ]


def test_a_total_that_is_too_high_is_told_and_ends(few: Site) -> None:
    few.board.turn(wrong_hits=1)
    findings = few.crawl()
    assert len(keys(findings)) == 6
    assert [coverage.complete for coverage in findings_of(Coverage, findings)] == [False] * 4
    assert all("the portal states" in problem for problem in problems(findings))
    assert sum(few.asked.values()) < 4 * (2 * (30 + 47 + 2 + len(TITLE_WORDS)))


def test_a_row_that_comes_twice_is_one_case(few: Site) -> None:
    few.board.turn(duplicate_rows=True)
    assert sorted(keys(few.crawl())) == ["700001", "700002", "700003", "700004", "700005", "700006"]


# What a notice says


def test_every_notice_of_a_case_is_a_notice_with_the_kind_of_its_column(few: Site) -> None:
    kinds = {notice.key: notice.kind for notice in findings_of(ScrapedNotice, few.crawl())}
    assert kinds["700005"] is NoticeKind.COMMENT_REQUEST
    assert kinds["700006"] is NoticeKind.TENDER


def test_a_case_without_a_number_has_no_reference_to_one(few: Site) -> None:
    found = {notice.key: notice for notice in findings_of(ScrapedNotice, few.crawl())}
    assert dict(found["700001"].references) == dict(found["700004"].references) == {}
    assert dict(found["700003"].references) == {"調達案件番号": f"{900_003:019}"}


def test_what_the_page_says_stands_in_the_notice(tmp_path: Path) -> None:
    more = {
        "title": "健診結果　連携基盤  一式（PDF：12KB）",
        "procurement_cla": "一般競争入札の入札公告（WTO対象）",
        "cla": "物品・役務",
        "items": ["014.事務用機器", "071.電子計算機サービス"],
        "public_end_date_as_scraped": "2026-08-04",
        "attachments": [{"source_url": "https://www.geps.go.jp/a?PRM=x%3D&y=1"}],
        "detail_text": "一行目\n二行目",
    }
    with serving(tmp_path, [record(1, TODAY, **more)]) as site:
        (notice,) = findings_of(ScrapedNotice, site.crawl())
    assert (notice.title, notice.title_original) == (
        "健診結果　連携基盤 一式",
        "健診結果　連携基盤 一式（PDF：12KB）",
    )
    assert (notice.buyer, notice.prefecture, notice.place) == ("環境省", "東京都", None)
    assert (notice.kind, notice.method) == (NoticeKind.TENDER, "一般競争入札の入札公告（WTO対象）")
    assert notice.url == SEARCH_PAGE
    assert notice.text == "一行目\n二行目"
    assert [(one.name, one.url) for one in notice.attachments] == [
        ("調達資料１", "https://www.geps.go.jp/a?PRM=x%3D&y=1")
    ]
    assert notice.references == (
        ("調達案件番号", f"{900_001:019}"),
        ("分類", "物品・役務"),
        ("調達品目分類", "014.事務用機器 / 071.電子計算機サービス"),
    )


def test_the_day_on_which_a_notice_goes_off_the_portal_is_not_its_deadline(tmp_path: Path) -> None:
    with serving(tmp_path, [record(1, TODAY, public_end_date_as_scraped="2026-08-04")]) as site:
        (notice,) = findings_of(ScrapedNotice, site.crawl())
    assert (notice.deadline, notice.response_deadline) == (None, None)
    assert notice.portal_dates == (("公開終了日", "2026-08-04"),)


def test_small_public_works_are_works_and_of_goods_and_services_nothing_is_guessed(tmp_path: Path) -> None:
    records = [record(1, TODAY, cla="簡易な公共事業"), record(2, TODAY, cla="物品・役務"), record(3, TODAY)]
    with serving(tmp_path, records) as site:
        found = {notice.key: notice.category for notice in findings_of(ScrapedNotice, site.crawl())}
    assert found == {"700001": Category.WORKS, "700002": None, "700003": None}


@pytest.mark.parametrize(
    ("title", "stated", "kind"),
    [
        ("令和8年度の予定", "入札公告(公示)予定の公示(年間調達予定)", NoticeKind.PLANNED),
        ("政府調達セミナー", "政府調達セミナー及び政府調達年次会合の開催の公示", NoticeKind.OTHER),
        ("トナー", "資料提供招請に関する公表", NoticeKind.INFORMATION_REQUEST),
        ("トナー", "意見招請に関する公示", NoticeKind.COMMENT_REQUEST),
        ("トナー", "一般競争入札の入札公告（WTO対象）", NoticeKind.TENDER),
        ("トナー", "指名競争入札の入札公示（WTO対象外）", NoticeKind.TENDER),
        ("トナー", "随意契約に関する公示", NoticeKind.AWARD),
        ("調査業務", "公募型プロポーザル情報", NoticeKind.PROPOSAL_CALL),
        ("トナー", "オープンカウンタへの参加募集情報", NoticeKind.QUOTATION),
        ("トナー", "落札者等の公示（随意契約）", NoticeKind.AWARD),
        ("【訂正公告】トナー", "一般競争入札の入札公告（WTO対象外）", NoticeKind.AMENDMENT),
        ("【中止】トナー", "一般競争入札の入札公告（WTO対象外）", NoticeKind.CANCELLATION),
        ("（オープンカウンター）網戸修繕", "", NoticeKind.QUOTATION),
        ("調査業務に係る企画競争", "", NoticeKind.PROPOSAL_CALL),
        ("入札結果の公表", "", NoticeKind.TENDER),
        ("入札結果の公表", "一般競争入札の入札公告（WTO対象外）", NoticeKind.TENDER),
    ],
)
def test_the_kind_is_the_portals_and_the_title_only_tells_what_the_portal_does_not(
    tmp_path: Path, title: str, stated: str, kind: NoticeKind
) -> None:
    with serving(tmp_path, [record(1, TODAY, title=title, procurement_cla=stated)]) as site:
        (notice,) = findings_of(ScrapedNotice, site.crawl())
    assert notice.kind is kind


# The window


def test_of_a_case_only_the_notices_in_the_window_are_read(few: Site) -> None:
    assert "700007" not in keys(few.crawl())
    assert few.asked["OAA0104"] == 6


def test_a_back_fill_ends_where_it_is_told_to(few: Site) -> None:
    findings = few.crawl(since=date(2026, 5, 1), until=date(2026, 6, 13))
    assert sorted(keys(findings)) == ["700003", "700004", "700005", "700007"]


def test_nothing_found_is_an_honest_zero(few: Site) -> None:
    assert few.crawl(since=date(2026, 6, 2), until=date(2026, 6, 3)) == [
        Coverage("2026-06-02", 0, 0, complete=True),
        Coverage("2026-06-03", 0, 0, complete=True),
    ]
    few.board.turn(empty=True)
    assert few.crawl() == [Coverage(f"2026-06-{day}", 0, 0, complete=True) for day in (12, 13, 14, 15)]


def test_an_operator_may_ask_for_the_organs_of_some_prefectures(few: Site) -> None:
    assert keys(few.crawl("01")) == ["700003"]
    assert few.asked["OAA0104"] == 1


# The session


@pytest.mark.parametrize("number", [2, 3, 4, 8])
def test_a_session_that_is_lost_is_begun_anew(few: Site, number: int) -> None:
    """The second request is a search, the third and fourth are notices, the eighth is a search again."""
    whole = few.crawl()
    few.board.reset()
    assert few.crawl(forget_at=[number]) == whole
    assert few.asked["OAA0101"] == 2


def test_a_session_that_is_lost_between_two_pages_of_the_list_is_begun_anew_with_its_search(site: Site) -> None:
    whole = site.crawl()
    site.board.reset()
    assert site.crawl(forget_at=[4]) == whole
    assert (site.asked["OAA0101"], site.asked["OAA0100"]) == (2, 5)


def test_a_search_that_is_a_wrong_operation_in_a_new_session_too_is_told(few: Site) -> None:
    def always_lost(request: Request, number: int) -> None:
        few.board.turn(error_body="不正な操作が行われました。" if request.url == SEARCH else None)

    with pytest.raises(SourceChanged, match=r"pportal: took .*OAA0100 for a wrong operation, also in a new session"):
        few.crawl(before=always_lost)
    assert few.asked == {"OAA0101": 1 + GIVE_UP_AFTER, "OAA0100": 2 * GIVE_UP_AFTER}


# Bad answers, by pages of a recorded example

EXAMPLE = Path(__file__).parents[1] / "examples" / "pportal" / "ordinary"
FORM, LIST, NOTICE = (
    (EXAMPLE / name).read_text("utf-8") for name in ("form.html", "list-22.html", "detail-621806.html")
)
LOST = (EXAMPLE.parent / "trouble" / "lost.html").read_text("utf-8")
NOTHING = (EXAMPLE.parent / "nothing" / "list.html").read_text("utf-8")
LOGIN = "<html><body><form><input type='password' name='p'></form></body></html>"
WINDOW = Window(date(2026, 5, 22), date(2026, 5, 22), NOW)

Answer = str | bytes | ScrapeError


class Visit:
    """A fetch that gives these answers one after the other."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Page:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, ScrapeError):
            raise answer
        content = answer.encode() if isinstance(answer, str) else answer
        return page_of(content, request, headers={"content-type": "text/html;charset=UTF-8"})


def visit(*answers: Answer) -> list[Finding]:
    return list(crawl(PPortal(), WINDOW, Visit(*answers)))


def test_the_form_is_sent_as_a_browser_sends_it_and_from_where_a_browser_is() -> None:
    fetch = Visit(FORM, NOTHING)
    list(crawl(PPortal(), WINDOW, fetch))
    form, search = fetch.asked
    assert (form.url, form.form) == (SEARCH_PAGE, None)
    assert dict(search.headers) == {"Referer": SEARCH_PAGE, "Origin": "https://www.p-portal.go.jp"}
    sent = dict(search.form or ())
    assert sent["_csrf"] == "7ff7727a-5367-46d3-8665-6f54b588357a"
    assert sent["searchConditionBean.caseDivision"] == "0"
    assert sent["searchConditionBean.publicStartDateFrom"] == "2026/05/22"
    assert sent["searchConditionBean.publicStartDateTo"] == "2026/05/22"
    assert sent["_searchConditionBean.govementProcurementOraganBean.procurementOrgNm"] == "on"
    assert sent["OAA0102"] == "検索"


def test_a_notice_is_asked_for_with_the_token_of_the_page_before() -> None:
    fetch = Visit(FORM, LIST.replace("7ff7727a", "8aa8727a"), NOTICE.replace("7ff7727a", "9bb9727a"), *[NOTICE] * 3)
    list(crawl(PPortal(), WINDOW, fetch))
    tokens = [dict(request.form or ())["_csrf"][:8] for request in fetch.asked[2:4]]
    assert tokens == ["8aa8727a", "9bb9727a"]
    assert fetch.asked[2].form == (
        ("_csrf", "8aa8727a-5367-46d3-8665-6f54b588357a"),
        ("procurementItemInfoId", "621806"),
        ("SyFromFlg", "1"),
    )


@pytest.mark.parametrize("place", ["form", "search"])
@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ("", FetchError, "is empty"),
        (LIST[:900], FetchError, "broke off"),
        (LOGIN, SourceChanged, "is a login page"),
        ("<html><body>ただいまメンテナンス中です</body></html>", SourceChanged, "is a maintenance page"),
        (LIST.encode("cp932", "replace"), SourceChanged, "is not written in utf-8"),
        (FetchError("www.p-portal.go.jp: answered 503"), FetchError, "answered 503"),
        (Refused("www.p-portal.go.jp: robots.txt forbids it"), Refused, "forbids"),
    ],
)
def test_what_is_no_page_of_the_portal_is_an_error(
    place: str, answer: Answer, error: type[ScrapeError], words: str
) -> None:
    with pytest.raises(error, match=words):
        visit(*([answer] if place == "form" else [FORM, answer]))


@pytest.mark.parametrize("name", ["publicStartDateFrom", "publicStartDateTo", "articleNm"])
def test_a_form_that_lost_a_field_is_told_before_it_is_sent(name: str) -> None:
    with pytest.raises(SourceChanged, match=f"pportal: the search form has no field searchConditionBean.{name}"):
        visit(FORM.replace(f'name="searchConditionBean.{name}"', 'name="other"'))


def test_a_form_that_is_shown_again_is_told_with_its_complaint() -> None:
    again = FORM.replace('style="display: none;">', ">公開開始日は正しい日付を入力してください。")
    with pytest.raises(SourceChanged, match=r"shown again \(公開開始日は正しい日付を入力してください。\)"):
        visit(FORM, again)


def test_where_no_day_can_be_read_the_error_is_that_of_the_whole() -> None:
    week = Window(date(2026, 5, 16), date(2026, 5, 22), NOW)
    fetch = Visit(FORM, *[FORM] * 9)
    with pytest.raises(SourceChanged, match="shown again"):
        list(crawl(PPortal(), week, fetch))
    assert len(fetch.asked) == 1 + GIVE_UP_AFTER
    fetch = Visit(FORM, *[NOTHING] * 5, LIST.replace("公開開始<", "公開中<"), NOTHING)
    with pytest.raises(SourceChanged, match="lists nothing and does not say so"):
        list(crawl(PPortal(), week, fetch))
    assert len(fetch.asked) == 1 + 7


def test_days_to_come_are_not_asked_for() -> None:
    fetch = Visit(FORM, NOTHING)
    list(crawl(PPortal(), Window(TODAY, date(2027, 6, 15), NOW), fetch))
    assert len(fetch.asked) == 2


def test_a_day_for_which_the_search_is_refused_is_a_problem_and_the_others_are_read() -> None:
    again = FORM.replace('style="display: none;">', ">検索結果が多すぎます。条件を入力してください。")
    fetch = Visit(FORM, LIST, *[NOTICE] * 4, again, NOTHING)
    findings = list(crawl(PPortal(), Window(date(2026, 5, 22), date(2026, 5, 24), NOW), fetch))
    assert len(keys(findings)) == 4
    assert [problem.split(" (")[0] for problem in problems(findings)] == [
        "2026-05-23: pportal: the search was not answered, the form was shown again"
    ]
    assert [coverage.part for coverage in findings_of(Coverage, findings)] == ["2026-05-22", "2026-05-24"]


def test_a_notice_that_is_found_on_two_days_is_read_once() -> None:
    """A case is found on the days of all its notices."""
    later = LIST.replace("令和08年04月01日", "令和08年05月23日")
    fetch = Visit(FORM, later, *[NOTICE] * 5, later)
    findings = list(crawl(PPortal(), Window(date(2026, 5, 22), date(2026, 5, 23), NOW), fetch))
    assert keys(findings) == ["609001", "621806", "622415", "622600", "622700"]


def test_a_list_with_other_columns_is_told() -> None:
    with pytest.raises(SourceChanged, match="pportal: the list: no table has the columns 調達案件名称"):
        visit(FORM, LIST.replace('<th id="articleNm_th">調達案件名称', "<th>件名"))


def test_a_list_without_a_row_that_states_some_is_told() -> None:
    head, _, rest = LIST.partition("<tbody>")
    with pytest.raises(SourceChanged, match="lists nothing and does not say so"):
        visit(FORM, head + "<tbody>" + rest[rest.index("</tbody>") :])


def test_the_number_of_cases_may_be_written_with_wide_digits() -> None:
    findings = visit(FORM, LIST.replace("<span>4</span>", "<span>４</span>"), *[NOTICE] * 4)
    assert findings_of(Coverage, findings) == [Coverage("2026-05-22", 4, 4, complete=True)]


@pytest.mark.parametrize("stated", [",,,", "x", "-1", ""])
def test_a_number_of_cases_that_is_none_is_told(stated: str) -> None:
    with pytest.raises(SourceChanged, match="shown again"):
        visit(FORM, LIST.replace("<span>4</span>", f"<span>{stated}</span>"))


def test_words_in_a_script_are_no_answer() -> None:
    assert "不正な操作が行われました" in LIST
    assert "合致する調達案件情報がありません" in FORM
    with pytest.raises(SourceChanged, match="shown again"):
        visit(FORM, FORM)


def test_a_row_that_cannot_be_read_is_told_once_however_often_it_is_found() -> None:
    bad = LIST.replace("<span>4</span>", "<span>5</span>").replace("令和08年05月22日公開開始<br>", "公開開始<br>")

    def fetch(request: Request) -> Page:
        answer = {SEARCH_PAGE: FORM, DETAIL: NOTICE}.get(request.url, bad)
        return page_of(answer.encode(), request, headers={"content-type": "text/html;charset=UTF-8"})

    findings = list(crawl(PPortal(), WINDOW, fetch))
    assert len(keys(findings)) == 3
    assert sum("1 notices and 0 days" in problem for problem in problems(findings)) == 1


def test_a_list_of_which_no_row_can_be_read_is_told() -> None:
    with pytest.raises(SourceChanged, match="lists nothing and does not say so"):
        visit(FORM, LIST.replace("公開開始<", "公開中<"))


def test_a_filter_that_no_longer_works_is_told() -> None:
    with pytest.raises(SourceChanged, match="asked for 2026-05-22, and not one of 4 cases is of this day"):
        visit(FORM, LIST.replace("令和08年05月", "令和08年04月"))


def test_the_session_may_be_lost_once_but_not_twice_in_a_row() -> None:
    with pytest.raises(SourceChanged, match="also in a new session"):
        visit(FORM, LOST, FORM, LOST)


def test_a_notice_whose_page_cannot_be_read_is_a_problem_and_left_out() -> None:
    findings = visit(FORM, LIST, NOTICE, FetchError("gone"), NOTICE.replace("公告内容", "本文"), NOTICE)
    assert keys(findings) == ["621806", "622700"]
    assert problems(findings) == [
        "622415: gone",
        "622600: pportal: the page of notice 622600 has no 公告内容; its layout may have changed, look at the archive",
    ]


def test_when_notice_after_notice_fails_the_rest_is_not_asked() -> None:
    fetch = Visit(FORM, LIST, *[FetchError("gone")] * 5)
    with pytest.raises(FetchError, match="gone"):
        list(crawl(PPortal(), WINDOW, fetch))
    assert len(fetch.asked) == 2 + GIVE_UP_AFTER


def test_a_refusal_ends_the_visit_at_once() -> None:
    fetch = Visit(FORM, LIST, Refused("www.p-portal.go.jp: robots.txt forbids it"))
    with pytest.raises(Refused):
        list(crawl(PPortal(), WINDOW, fetch))
    assert fetch.asked[-1].url == DETAIL


def test_no_part_of_a_page_is_taken_for_the_page() -> None:
    for cut in range(0, len(LIST) - 20, 97):
        with pytest.raises((FetchError, SourceChanged)):
            visit(FORM, LIST[:cut])
    for cut in range(0, len(NOTICE) - 20, 97):
        findings = visit(FORM, LIST, NOTICE[:cut], *[NOTICE] * 3)
        assert "621806" not in keys(findings)
        assert len(problems(findings)) == 1


def test_a_case_without_its_title_in_the_list_has_the_one_of_the_notices_page() -> None:
    nameless = LIST.replace(">令和8年度生成AI利活用のための導入支援<", "><")
    findings = visit(FORM, nameless, *[NOTICE] * 4)
    assert findings_of(ScrapedNotice, findings)[0].title == "令和8年度生成AI利活用のための導入支援"
    without = NOTICE.replace(">令和8年度生成AI利活用のための導入支援<", ">-<")
    findings = visit(FORM, nameless, without, *[NOTICE] * 3)
    assert [problem.split(";")[0] for problem in problems(findings)] == [
        "621806: pportal: the page of notice 621806 has no 調達案件名称"
    ]


def test_a_table_within_the_text_of_a_notice_is_text() -> None:
    table = "<table><tr><th>調達機関</th><td>受注者</td></tr></table>"
    page = NOTICE.replace('<th>公告内容</th><td colspan="5">', f'<th>公告内容</th><td colspan="5">{table}')
    notice = findings_of(ScrapedNotice, visit(FORM, LIST, page, *[NOTICE] * 3))[0]
    assert notice.buyer == "環境省"
    assert notice.text.startswith("調達機関 受注者\n")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "/pps-web-biz/a", "data:text/html,x", ""])
def test_only_addresses_of_the_web_are_linked(link: str) -> None:
    page = NOTICE.replace("https://www.geps.go.jp/biz-contract/UKB06/OKB06_M01_B01?PRM=example2", link)
    notice = findings_of(ScrapedNotice, visit(FORM, LIST, page, *[NOTICE] * 3))[0]
    assert [one.name for one in notice.attachments] == ["調達資料１"]


def test_an_end_that_is_no_day_stays_as_it_is_written() -> None:
    page = NOTICE.replace("令和08年07月31日", "令和08年02月30日")
    notice = findings_of(ScrapedNotice, visit(FORM, LIST, page, *[NOTICE] * 3))[0]
    assert notice.portal_dates == (("公開終了日", "令和08年02月30日"),)


def test_a_row_without_a_day_or_a_link_is_a_problem_and_the_others_are_read() -> None:
    rows = LIST.replace("622415", "").replace("令和08年05月22日公開開始</td><td></td></tr>", "</td><td></td></tr>", 1)
    findings = visit(FORM, rows, *[NOTICE] * 4)
    assert len(problems(findings)) == 1
    assert "採用活動に効果的なホームページの改修" in problems(findings)[0]
    assert keys(findings) == ["621806", "622600", "622700"]


def test_a_later_page_of_the_list_that_breaks_is_a_problem_and_what_came_before_is_kept(site: Site) -> None:
    def before(request: Request, number: int) -> None:
        third_page = request.url == RESULTS and ("page", "2") in request.params
        site.board.turn(truncate_at=700 if third_page else None)

    findings = site.crawl(before=before)
    days = Counter(one["published"] for one in many())
    assert len(keys(findings)) == 230 - days["2026-06-12"] + 100
    assert findings_of(Coverage, findings)[0] == Coverage("2026-06-12", 100, days["2026-06-12"], complete=False)
    assert [problem.split(":")[0] for problem in problems(findings)] == ["2026-06-12, page 3"]


def test_a_smaller_part_that_fails_is_a_problem_and_the_others_are_read(site: Site) -> None:
    site.board.turn(cap=60)

    def before(request: Request, number: int) -> None:
        form = request.form or ()
        hokkaido = (f"{BEAN}publicStartDateTo", "2026/06/12") in form and (f"{ORGANS}prefecture_1", "01") in form
        site.board.turn(http_status=500 if hokkaido else None)

    findings = site.crawl(before=before)
    left_out = [
        one
        for one in many()
        if (one["published"], one["organ"], one["location"]) == ("2026-06-12", "国土交通省", "北海道")
    ]
    assert 230 - len(left_out) <= len(keys(findings)) < 230
    assert [problem.split(":")[0] for problem in problems(findings)] == ["2026-06-12 国土交通省 北海道"]
