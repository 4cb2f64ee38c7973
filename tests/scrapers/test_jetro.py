"""JETRO's lists are read to their end or not at all, and its pages only where they are pages of notices."""

import json
from collections.abc import Generator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.jetro import (
    ENGLISH,
    GIVE_UP_AFTER,
    JAPANESE,
    Article,
    Catalogue,
    Item,
    article_of,
    category_by,
    full_title,
    kind_by,
    notice_of,
    read_list,
    read_notices,
    references_of,
)
from scrapers.source import Finding, Page, Request, Source, Steps, Window, crawl, page_of

CATALOGUE = Catalogue(
    "jetro_test", "Japanese", "123", "/list.html", "/{xid}/{aid}.html", ("type", "from", "to", "deadline")
)
TRANSLATION = replace(CATALOGUE, name="English", translation=True)
SINCE, UNTIL = date(2026, 10, 8), date(2026, 10, 9)


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "xid": number,
        "aid": f"20261009{number:08}",
        "title": f"見本{number}号",
        "date": "2026年10月09日",
        "agency": "例示省",
        "paKind": "入札公告（建設工事）",
        **more,
    }


def answer(total: int, current: int, *rows: dict[str, Any], per_page: int = 2) -> str:
    return json.dumps({"pagination": {"total": total, "perPage": per_page, "current": current}, "items": rows})


class Visit:
    """Reads a list from these answers, one after the other."""

    def __init__(self, *answers: str | bytes, catalogue: Catalogue = CATALOGUE) -> None:
        self.requests: list[Request] = []
        self.findings: list[Finding] = []
        self.items: list[Item] = []
        waiting = list(answers)

        def steps() -> Generator[Request | Finding, Page, None]:
            self.items = yield from read_list(catalogue, SINCE, UNTIL)

        steps_ = steps()
        step = next(steps_, None)
        while step is not None:
            if isinstance(step, Request):
                self.requests.append(step)
                content = waiting.pop(0)
                content = content.encode() if isinstance(content, str) else content
                try:
                    step = steps_.send(page_of(content, step, headers={"content-type": "application/json"}))
                except StopIteration:
                    break
            else:
                self.findings.append(step)
                step = next(steps_, None)
        assert not waiting


def test_a_list_is_asked_for_as_the_portals_own_page_asks() -> None:
    (request,) = Visit(answer(0, 0)).requests
    assert request.url == "https://www.jetro.go.jp/view_interface.php"
    assert request.params == (
        ("blockId", "123"),
        ("type", ""),
        ("from", "2026/10/08"),
        ("to", "2026/10/09"),
        ("deadline", ""),
        ("current", "0"),
    )
    headers = dict(request.headers)
    assert headers["X-Requested-With"] == "XMLHttpRequest"
    assert headers["Accept"].startswith("application/json")
    assert headers["Referer"] == "https://www.jetro.go.jp/list.html"


def test_the_fields_of_the_local_list_have_their_prefix_and_the_others_none() -> None:
    catalogue = Catalogue("s", "n", "9", "/p", "/{aid}.html", ("from", "keyword"), prefix="local_")
    request = catalogue.request(SINCE, UNTIL, 30)
    assert request.params == (
        ("blockId", "9"),
        ("local_from", "2026/10/08"),
        ("local_keyword", ""),
        ("current", "30"),
    )


def test_a_list_is_read_in_the_steps_that_it_states_itself() -> None:
    visit = Visit(answer(5, 0, row(1), row(2)), answer(5, 2, row(3), row(4)), answer(5, 4, row(5)))
    assert [dict(request.params)["current"] for request in visit.requests] == ["0", "2", "4"]
    assert [item.xid for item in visit.items] == ["1", "2", "3", "4", "5"]
    assert visit.findings == [Coverage("Japanese", 5, 5, complete=True)]


def test_nothing_is_an_honest_zero_where_the_list_states_it() -> None:
    visit = Visit(answer(0, 0))
    assert (visit.items, visit.findings) == ([], [Coverage("Japanese", 0, 0, complete=True)])


def test_a_list_that_gives_less_than_it_states_is_told() -> None:
    visit = Visit(answer(4, 0, row(1), row(2)), answer(4, 2, row(2)))
    coverage, problem = visit.findings
    assert coverage == Coverage("Japanese", 2, 4, complete=False)
    assert isinstance(problem, Problem)
    assert str(problem.saying) == "the portal states 4 records and gave 2; the rest will be asked for again"


NO_TITLES: list[Any] = [" ", "\u200b\0", None, ["見本"], {}, 1.5]
NO_NUMBERS: list[Any] = [
    "",
    None,
    True,
    1.5,
    ["1"],
    {"1": 1},
    "../../x",
    "x?y=1",
    "javascript:x",
    "１",
    "1" * 41,
    "\0",
    "\ud800",
]


@pytest.mark.parametrize(
    "bad",
    [
        *(row(1, date=day) for day in ("近日", "令和8年2月30日", "9999年12月31日", 20261009.0, None)),
        *(row(1, title=title) for title in NO_TITLES),
        *(row(1, aid=number) for number in NO_NUMBERS),
        *(row(1, xid=number) for number in NO_NUMBERS),
        {"xid": 1},
    ],
)
def test_a_row_that_is_no_notice_is_a_problem_and_the_others_are_read(bad: dict[str, Any]) -> None:
    visit = Visit(answer(2, 0, bad, row(2)))
    assert [item.xid for item in visit.items] == ["2"]
    problem, coverage = visit.findings
    assert isinstance(problem, Problem)
    assert coverage == Coverage("Japanese", 2, 2, complete=True)


@pytest.mark.parametrize("bad", [None, 1, "見本", ["見本"]])
def test_what_is_no_row_at_all_is_a_problem_too(bad: Any) -> None:
    problem, coverage = Visit(answer(2, 0, bad, row(2))).findings
    assert isinstance(problem, Problem)
    assert "\n" not in str(problem.saying)
    assert coverage == Coverage("Japanese", 2, 2, complete=True)


def test_a_list_of_which_no_row_can_be_read_is_an_error() -> None:
    with pytest.raises(SourceChanged, match=r"jetro_test: not one row of the list Japanese can be read: {'xid': 1,"):
        Visit(answer(2, 0, row(1, date="近日"), row(2, aid="")))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Oct 09, 2026", date(2026, 10, 9)),
        ("October 9, 2026", date(2026, 10, 9)),
        ("2026年10月09日", date(2026, 10, 9)),
        ("Feb 30, 2026", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_translation_has_english_days_and_needs_none(written: str, day: date | None) -> None:
    visit = Visit(answer(1, 0, row(1, date=written)), catalogue=TRANSLATION)
    assert [item.published for item in visit.items] == [day]
    assert visit.findings == [Coverage("English", 1, 1, complete=True)]


def test_half_a_character_where_a_text_was_cut_does_no_harm() -> None:
    (item,) = Visit(answer(1, 0, row(1, title="見本\ud842...", agency="\udfb7省"))).items
    assert (item.title, item.agency) == ("見本?...", "?省")


def test_what_is_published_while_the_list_is_read_pushes_nothing_out_of_it() -> None:
    visit = Visit(answer(4, 0, row(1), row(2)), answer(5, 2, row(2), row(3)), answer(5, 4, row(4)))
    assert [item.xid for item in visit.items] == ["1", "2", "3", "4"]
    assert visit.findings == [Coverage("Japanese", 4, 4, complete=True)]


def test_a_list_that_ignores_the_days_is_an_error() -> None:
    """Else all that the portal ever published would be read, page after page."""
    old = row(3, date="2026年10月01日")
    with pytest.raises(SourceChanged, match="was asked for 2026-10-08 to 2026-10-09 and gives rows of other days"):
        Visit(answer(400_000, 0, row(1), row(2)), answer(400_000, 2, old, {**old, "xid": 4}))


def test_of_rows_beyond_the_days_only_those_within_are_given() -> None:
    visit = Visit(answer(2, 0, row(1), row(2, date="2026年10月07日")))
    assert [item.xid for item in visit.items] == ["1"]
    assert visit.findings == [Coverage("Japanese", 2, 2, complete=True)]


def test_a_list_that_turns_its_pages_in_a_circle_is_an_error() -> None:
    with pytest.raises(SourceChanged, match="gives nothing new from its row 2 on; see in a browser"):
        Visit(answer(400_000, 0, row(1), row(2)), answer(400_000, 2, row(1), row(2)))


def test_breaks_and_entities_are_no_part_of_a_value_and_the_wide_space_is() -> None:
    more = {"paKind": "入札公告<br />\r\n（物品・サービス一般）", "title": "機器&amp;部品　一式 "}
    (item,) = Visit(answer(1, 0, row(1, **more))).items
    assert item.kind == "入札公告 （物品・サービス一般）"
    assert item.title == "機器&部品　一式"


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ("", FetchError, "the list Japanese broke off"),
        (answer(2, 0, row(1), row(2))[:80], FetchError, "the list Japanese broke off"),
        ("<html><title>Request blocked</title></html>", SourceChanged, "a page instead of JSON .*“Request blocked”"),
        ("<!DOCTYPE html><h1>ただいまメンテナンス中です</h1>", SourceChanged, "a page instead of JSON"),
        ("[]", SourceChanged, "has no pagination and items"),
        ("blocked", SourceChanged, "has no pagination and items; it begins “blocked”"),
        ('{"pagination": {"total": 0, "perPage": 30, "current": 0}}', SourceChanged, "has no pagination and items"),
        ('{"items": []}', SourceChanged, "has no pagination and items"),
        ('{"pagination": {"total": null, "perPage": 30, "current": 0}, "items": []}', SourceChanged, "no pagination"),
        (answer(929, 30, row(1)), SourceChanged, "asked for its rows from 0 on and gives those from 30 on"),
        (answer(929, 0), SourceChanged, "states 929 records and gives 0 from 0 on"),
        (answer(0, 0, row(1)), SourceChanged, "states 0 records and gives 1 from 0 on"),
        (answer(-1, 0), SourceChanged, "has no pagination and items"),
        (answer(929, 0, row(1), per_page=0), SourceChanged, "has no pagination and items"),
        (answer(1, 0, row(1)).replace('"total": 1', '"total": 1e999'), SourceChanged, "has no pagination and items"),
        (answer(1, 0, row(1)).replace('"total": 1', '"total": NaN'), SourceChanged, "has no pagination and items"),
        (answer(0, 0).replace("[]", "{}"), SourceChanged, "has no pagination and items"),
        (answer(0, 0).replace("[]", "null"), SourceChanged, "has no pagination and items"),
        ("[" * 100_000, SourceChanged, "has no pagination and items"),
        ('["a\nb"', SourceChanged, "begins “..a b"),
        (
            answer(1, 0, row(1)).replace("\\u", "").encode() + b"\xff\xfe" * 20,
            SourceChanged,
            "is not written in utf-8",
        ),
    ],
)
def test_what_is_no_list_is_an_error(body: str | bytes, error: type[ScrapeError], words: str) -> None:
    with pytest.raises(error, match=rf"jetro_test: .*{words}"):
        Visit(body)


def test_a_list_that_goes_on_with_its_first_page_is_an_error() -> None:
    with pytest.raises(SourceChanged, match="from 2 on and gives those from 0 on; see in a browser"):
        Visit(answer(3, 0, row(1), row(2)), answer(3, 0, row(1), row(2)))


# The pages of notices

BANNER = "本調達はWTOの政府調達に関する協定、日EU経済連携協定又は日英包括的経済連携協定の適用を受ける調達です。"


def page(rows: str, above: str = "", heading: str = "例示省 - 入札公告見本") -> str:
    return (
        f"<html><body><h1>{heading}</h1>{above}<table class='elem_table_basic'>{rows}</table>"
        "<p>このサイトについて</p></body></html>"
    )


ROWS = (
    "<tr><th>公示日/公告日</th><td>2026年10月09日</td></tr><tr><th>公示の種類</th><td>入札公告<br>（建設工事）</td></tr>"
    "<tr><th>調達機関</th><td>国立大学法人例示大学(北海道)</td></tr>"
    "<tr><th>分類</th><td><ul><li>0041 建設工事</li><li>0042 設計</li></ul></td></tr>"
    "<tr><th>本文</th><td>公告する。<table><tr><th>本文</th><td>表の中</td></tr></table>"
    "政府調達に関する協定の適用を受ける。</td></tr>"
)


def read(content: str) -> Article:
    return article_of(page_of(content.encode(), Request("https://www.jetro.go.jp/a.html")), "jetro_test", JAPANESE)


def test_a_page_says_what_its_table_and_the_sentence_above_it_say() -> None:
    assert read(page(ROWS, f"<p>{BANNER}</p>")) == Article(
        heading="例示省 - 入札公告見本",
        agreements=BANNER,
        kind="入札公告（建設工事）",
        agency="国立大学法人例示大学",
        location="北海道",
        classes=("0041 建設工事", "0042 設計"),
        text="公告する。\n本文 表の中\n政府調達に関する協定の適用を受ける。",
    )


def test_what_the_text_of_a_notice_says_of_agreements_is_not_the_portals_own_word() -> None:
    assert read(page(ROWS)).agreements == ""


@pytest.mark.parametrize(
    "above",
    [
        f"<div><div>{BANNER}</div></div>",
        BANNER.replace("日EU", "日<a href='/epa'>EU</a>"),
        f"<p>お知らせ<br>{BANNER}</p>",
    ],
)
def test_the_sentence_is_found_however_it_is_marked_up(above: str) -> None:
    assert read(page(ROWS, above)).agreements.endswith(BANNER)


@pytest.mark.parametrize(
    ("written", "agency", "location"),
    [
        ("堺市(大阪府)", "堺市", "大阪府"),
        ("国家公安委員会（警察庁）", "国家公安委員会（警察庁）", ""),
        ("国家公安委員会（警察庁）（東京都）", "国家公安委員会（警察庁）", "東京都"),
        ("例示省", "例示省", ""),
    ],
)
def test_the_prefecture_stands_behind_the_agency(written: str, agency: str, location: str) -> None:
    article = read(page(ROWS.replace("国立大学法人例示大学(北海道)", written)))
    assert (article.agency, article.location) == (agency, location)


@pytest.mark.parametrize("label", ["公示日", "調達機関", "本文"])
def test_a_page_without_what_every_notice_has_is_an_error(label: str) -> None:
    with pytest.raises(SourceChanged, match=f"jetro_test: .*a.html has no row {label}"):
        read(page(ROWS.replace(f"<th>{label}", "<th>別")))


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ("<html><body><h1>Request blocked</h1></body></html>", SourceChanged, "has no table.elem_table_basic"),
        ("<html><body><h1>ただいまメンテナンス中です</h1></body></html>", SourceChanged, "is a maintenance page"),
        (page(ROWS)[:300], FetchError, "broke off"),
        ("", FetchError, "is empty"),
    ],
)
def test_what_is_no_page_of_a_notice_is_an_error(content: str, error: type[ScrapeError], words: str) -> None:
    with pytest.raises(error, match=words):
        read(content)


def test_an_english_page_is_read_with_the_portals_own_spelling_and_with_the_right_one() -> None:
    rows = (
        "<tr><th>Publishing date</th><td>Oct 09, 2026</td></tr><tr><th>Procurement entity</th><td>RIKEN</td></tr>"
        "<tr><th>Summay of notice</th><td>1 set</td></tr>"
    )
    for content in (rows, rows.replace("Summay", "Summary")):
        answered = page_of(page(content).encode(), Request("https://www.jetro.go.jp/en/a.html"))
        assert article_of(answered, "jetro_test", ENGLISH).text == "1 set"


# What follows from it


@pytest.mark.parametrize(
    ("title", "heading", "whole"),
    [
        ("電話機の賃貸借", "例示省 - 入札公告電話機の賃貸借　一式", "電話機の賃貸借"),
        ("電話機の賃...", "例示省 - 入札公告電話機の賃貸借　一式", "電話機の賃貸借　一式"),
        ("電話機（第１期）の賃...", "例示省 - 入札公告電話機(第1期)の賃貸借", "電話機(第1期)の賃貸借"),
        ("電話機の賃…", "例示省電話機の賃貸借", "電話機の賃貸借"),
        ("電話機の賃...", "例示省 - 入札公告電話機の賃貸...", "電話機の賃..."),
        ("電話機の賃...", "例示省 - 入札公告", "電話機の賃..."),
        ("電話機の賃...", "", "電話機の賃..."),
        ("...", "例示省", "..."),
        ("Supply of Elec...", "RIKEN - Notice of ProcurementSupply of Electricity", "Supply of Electricity"),
    ],
)
def test_a_title_that_the_list_has_cut_is_completed_from_the_heading(title: str, heading: str, whole: str) -> None:
    assert full_title(title, heading) == whole


@pytest.mark.parametrize(
    ("title", "stated", "kind"),
    [
        ("トナー", "入札公告（物品・サービス一般）", NoticeKind.TENDER),
        ("橋梁工事", "入札公告 （建設工事）", NoticeKind.TENDER),
        ("調査業務", "公募型プロポーザル情報", NoticeKind.PROPOSAL_CALL),
        ("トナー", "意見招請に関する公示", NoticeKind.COMMENT_REQUEST),
        ("トナー", "資料提供招請に関する公表", NoticeKind.INFORMATION_REQUEST),
        ("トナー", "落札者等の公示", NoticeKind.AWARD),
        ("トナー", "入札公告（公示）予定の公示", NoticeKind.PLANNED),
        ("トナー", "随意契約に関する公示", NoticeKind.AWARD),
        ("名簿", "競争参加者の資格に関する公示", NoticeKind.OTHER),
        ("トナー", "入札公告の訂正", NoticeKind.AMENDMENT),
        ("【訂正】トナー", "入札公告（物品・サービス一般）", NoticeKind.AMENDMENT),
        ("トナー", "あたらしい種類", NoticeKind.TENDER),
        ("調査業務に係る企画競争", "", NoticeKind.PROPOSAL_CALL),
    ],
)
def test_the_kind_is_the_portals(title: str, stated: str, kind: NoticeKind) -> None:
    assert kind_by(title, stated) is kind


@pytest.mark.parametrize(
    ("classes", "stated", "category"),
    [
        (("0041 建設工事",), "", Category.WORKS),
        (("0004 医療品及び医療用品", "0032 医療用品"), "", Category.GOODS),
        (("0026 その他",), "", Category.GOODS),
        (("0071 コンピュータ・サービス", "0027 コンピュータ"), "", Category.SERVICES),
        (("0014 事務用機器", "0071 コンピュータ・サービス"), "", None),
        (("0032 医療用品",), "", None),
        (("医療用品",), "", None),
        ((), "入札公告（建設工事）", Category.WORKS),
        ((), "入札公告（物品・サービス一般）", None),
    ],
)
def test_the_category_follows_from_the_class_only_where_it_is_certain(
    classes: tuple[str, ...], stated: str, category: Category | None
) -> None:
    assert category_by(classes, stated) is category


ARTICLE = Article("例示省 - 入札公告見本", "", "", "例示省", "", (), "公告する。")


@pytest.mark.parametrize(
    ("aid", "gazette"),
    [
        ("2026100900160001", {"官報掲載日": "2026-10-09", "掲載順": "16", "枝番": "1"}),
        ("2026100900390000", {"官報掲載日": "2026-10-09", "掲載順": "39", "枝番": "0"}),
        ("20260916a0903001", {}),
        ("002372e7a5f85ec7", {}),
        ("1003738161600247", {}),
        ("2026023000160001", {}),
        ("202610090016", {}),
    ],
)
def test_a_notice_that_comes_from_the_gazette_tells_where_it_stands_there(aid: str, gazette: dict[str, str]) -> None:
    assert dict(references_of(ARTICLE, aid)) == {"aid": aid, **gazette}


def test_what_the_page_states_is_one_line_for_each_name() -> None:
    article = replace(ARTICLE, agreements=BANNER, kind="入札公告（建設工事）", classes=("0041 建設工事", "0042 設計"))
    assert list(references_of(article, "5f85ec7")) == [
        ("aid", "5f85ec7"),
        ("公示の種類", "入札公告（建設工事）"),
        ("分類", "0041 建設工事 / 0042 設計"),
        ("適用協定", "WTOの政府調達に関する協定、日EU経済連携協定又は日英包括的経済連携協定"),
    ]


ITEMS = [
    Item(str(number), f"5f85ec{number}", f"見本{number}号", date(2026, 10, 9), "例示省", "入札公告", "")
    for number in range(9)
]


class Read(Source):
    """Reads the notices of some items."""

    def steps(self, window: Window) -> Steps:
        def notice(item: Item) -> Generator[Request | Finding, Page, ScrapedNotice]:
            yield Request(CATALOGUE.address(item))
            return notice_of(CATALOGUE, item, ARTICLE)

        yield from read_notices(CATALOGUE, ITEMS, notice)


class Answers:
    """Fails with these errors, by the number of the request."""

    def __init__(self, errors: dict[int, ScrapeError]) -> None:
        self.errors = errors
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Page:
        self.asked.append(request.url)
        if error := self.errors.get(len(self.asked) - 1):
            raise error
        return page_of(b"", request)

    def visit(self) -> list[Finding]:
        now = datetime(2026, 10, 10, 9, tzinfo=timezone(timedelta(hours=9)))
        return list(crawl(Read(), Window(SINCE, UNTIL, now), self))


GONE = FetchError("gone")


def test_each_notice_is_read_from_its_page_and_one_that_cannot_be_is_a_problem() -> None:
    answers = Answers(dict.fromkeys((0, 1, 3, 4), GONE))
    findings = answers.visit()
    assert findings[:2] == [Problem("0/5f85ec0", GONE.saying), Problem("1/5f85ec1", GONE.saying)]
    assert [one.key for one in findings if isinstance(one, ScrapedNotice)] == [
        f"{number}/5f85ec{number}" for number in (2, 5, 6, 7, 8)
    ]
    assert answers.asked[0] == "https://www.jetro.go.jp/0/5f85ec0.html"


def test_when_notice_after_notice_fails_the_rest_is_not_asked() -> None:
    answers = Answers(dict.fromkeys(range(1, 9), GONE))
    with pytest.raises(FetchError, match="gone"):
        answers.visit()
    assert len(answers.asked) == 1 + GIVE_UP_AFTER


def test_a_refusal_ends_the_visit_at_once() -> None:
    answers = Answers({0: Refused("no")})
    with pytest.raises(Refused):
        answers.visit()
    assert len(answers.asked) == 1
