"""List pages: what all sources of this shape have in common, and what each of these and of feeds must not do."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from time import process_time
from typing import ClassVar

import pytest

from db.vocabulary.notice import Attachment, Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers import shapes
from scrapers.days import dateline
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.feeds import FeedSource
from scrapers.registry import sources
from scrapers.shapes import READABLE, ListLayout, ListSource, links_to
from scrapers.source import Finding, Page, Request, Source, Window, crawl, page_of

EXAMPLES = Path(__file__).parent / "examples"
NOW = datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9)))
JUNE = Window(date(2026, 6, 1), None, NOW)
SITE = "https://mihon.example.jp"

# Every registered source of these shapes

SHAPED = [
    pytest.param(source, id=slug) for slug, source in sources().items() if issubclass(source, ListSource | FeedSource)
]
LISTS = [param for param in SHAPED if issubclass(param.values[0], ListSource)]  # type: ignore[arg-type]

LOGIN = (
    "<html><body><form action='/login'><input name=id><input type=password name=pw></form>"
    "<a href='/forgot.html'>パスワードを忘れた方</a></body></html>"
)
OTHER_COLUMNS = (
    "<html><body><table><tr><th>年度</th><th>人数</th></tr><tr><td>令和8年度</td><td>12</td></tr></table>"
    "<p><a href='/recruit/index.html'>採用情報</a></p></body></html>"
)
MAINTENANCE = "<html><body><h1>メンテナンス中</h1><p><a href='/'>トップページ</a></p></body></html>"
GARBAGE = b"<html><body>" + bytes(range(0x80, 0x100)) * 20 + b"</body></html>"

Spoil = Callable[[bytes], bytes]


@cache
def recorded(slug: str) -> Mapping[str, bytes]:
    """Address → page, of the source's first example that has more than one page or, failing that, of its first."""
    cases = [json.loads(path.read_text("utf-8")) | {"folder": path.parent} for path in cases_of(slug)]
    case = max(cases, key=lambda case: len(case["pages"]))
    return {page["url"]: (case["folder"] / page["file"]).read_bytes() for page in case["pages"]}


def cases_of(slug: str) -> list[Path]:
    return sorted((EXAMPLES / slug).glob("*/case.json"))


def crawl_spoiled(source: type[Source], spoil: Spoil, content_type: str = "text/html") -> list[Finding]:
    pages = recorded(source.slug)

    def fetch(request: Request) -> Page:
        content = spoil(pages.get(request.url, next(iter(pages.values()))))
        return page_of(content, request, headers={"content-type": content_type})

    return list(crawl(source(), JUNE, fetch))


@pytest.mark.parametrize("source", SHAPED)
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda page: MAINTENANCE.encode(), id="maintenance"),
        pytest.param(lambda page: LOGIN.encode(), id="login page"),
        pytest.param(lambda page: OTHER_COLUMNS.encode(), id="another page"),
        pytest.param(lambda page: page[: len(page) * 2 // 3], id="broken off"),
        pytest.param(lambda page: b"", id="empty answer"),
        pytest.param(lambda page: GARBAGE, id="unknown encoding"),
        pytest.param(lambda page: b"Internal Server Error", id="plain text"),
    ],
)
def test_what_is_not_the_list_is_an_error_and_never_an_empty_list(source: type[Source], spoil: Spoil) -> None:
    with pytest.raises((SourceChanged, FetchError)) as error:
        crawl_spoiled(source, spoil)
    assert str(error.value).startswith(f"{source.slug}: ")


@pytest.mark.parametrize("source", LISTS)
def test_a_list_without_a_row_is_told(source: type[Source]) -> None:
    def emptied(page: bytes) -> bytes:
        """The page with its rows gone: cells and links are there no longer, what stands around them is."""
        page = re.sub(rb"(?is)<tr[^>]*>(?:(?!</tr>).)*<td.*?</tr>", b"", page)
        return re.sub(rb"(?is)<a\s[^>]*href=.*?</a>", b"", page)

    found: list[Finding] = []
    with suppress(SourceChanged):
        found = crawl_spoiled(source, emptied)
        # One of its lists says itself that it has none; the others are told.
        assert problems(found)
    assert not notices(found)


@pytest.mark.parametrize("source", SHAPED)
def test_a_refusal_ends_the_crawl(source: type[Source]) -> None:
    def fetch(request: Request) -> Page:
        raise Refused("robots.txt forbids {url}", url=request.url)

    with pytest.raises(Refused):
        list(crawl(source(), JUNE, fetch))


# A list


class Web:
    """Pages by their addresses; what is asked for is noted. An exception in place of a page is raised."""

    def __init__(self, pages: Mapping[str, str | ScrapeError]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Page:
        path = request.url.removeprefix(SITE)
        self.asked.append(path)
        content = self.pages.get(path, FetchError("{path}: answered 404", path=path))
        if isinstance(content, ScrapeError):
            raise content
        return page_of(html(content).encode(), request, headers={"content-type": "text/html; charset=utf-8"})


def html(content: str) -> str:
    return f"<!DOCTYPE html>\n<html><body><nav><a href='/nav/0.html'>一覧</a></nav>{content}</body></html>"


def table(*rows: str, head: str = "<tr><th>公告日</th><th>件名</th><th>締切</th></tr>") -> str:
    return f"<table>{head}{''.join(rows)}</table>"


def row(day: str, title: str, end: str = "", path: str = "") -> str:
    name = f"<a href='{path}'>{title}</a>" if path else title
    return f"<tr><td>{day}</td><td>{name}</td><td>{end}</td></tr>"


class Mihon(ListSource):
    """A list as a table, without own pages of the notices."""

    slug: ClassVar[str] = "mihon"
    addresses: ClassVar[tuple[str, ...]] = (f"{SITE}/list",)
    layout: ClassVar[ListLayout] = ListLayout(
        columns={"published": "公告日", "title": "件名", "deadline": "締切"}, empty="該当する案件はありません"
    )
    buyer: ClassVar[str | None] = "見本市"


class WithPages(Mihon):
    """The same list with own pages."""

    body: ClassVar[str | tuple[str, ...]] = "#text"


class Links(ListSource):
    """A list of links of which only the notices' addresses are known."""

    slug: ClassVar[str] = "links"
    addresses: ClassVar[tuple[str, ...]] = (f"{SITE}/list",)
    layout: ClassVar[ListLayout] = links_to(r"/n/\d+\.(?:html|pdf)\b", method="公募")
    body: ClassVar[str | tuple[str, ...]] = READABLE
    hosts: ClassVar[Mapping[str, str]] = {"branch.example.jp": "見本支所"}


def crawled(source: type[Source], pages: Mapping[str, str | ScrapeError], window: Window = JUNE) -> list[Finding]:
    return list(crawl(source(), window, Web(pages)))


def notices(findings: Sequence[Finding]) -> list[ScrapedNotice]:
    return [finding for finding in findings if isinstance(finding, ScrapedNotice)]


def problems(findings: Sequence[Finding]) -> list[str]:
    return [f"{finding.part}: {finding.saying}" for finding in findings if isinstance(finding, Problem)]


def text(content: str) -> str:
    return f"<div id=text>{content}</div>"


def test_a_row_becomes_a_notice_and_a_day_without_a_time_is_no_deadline() -> None:
    chairs = row("令和8年6月9日", "椅子の購入（PDF：12KB）", "6月30日", "/a.pdf")
    tables = row("2026/6/8", "机の購入", "令和8年6月30日 17時")
    first, second = notices(crawled(Mihon, {"/list": table(chairs, tables)}))
    assert (first.title, first.title_original) == ("椅子の購入", "椅子の購入（PDF：12KB）")
    assert (first.key, first.document_url) == (f"{SITE}/a.pdf", f"{SITE}/a.pdf")
    assert (first.published, first.buyer) == (date(2026, 6, 9), "見本市")
    assert (first.deadline, first.portal_dates) == (None, (("締切", "2026-06-30"),))
    assert second.key == "2026-06-08 机の購入"
    assert second.url == f"{SITE}/list"
    assert second.deadline == datetime(2026, 6, 30, 17, tzinfo=NOW.tzinfo)


@pytest.mark.parametrize(
    ("written", "stated"),
    [
        ("6月30日 17時", "6月30日 17時"),
        ("令和8年6月9日～6月30日", "令和8年6月9日～6月30日"),
        ("2026/6/30", "2026-06-30"),
    ],
)
def test_a_deadline_without_its_year_stays_as_it_is_written_where_no_day_of_publication_tells_the_year(
    written: str, stated: str
) -> None:
    page = table(f"<tr><td>椅子の購入</td><td>{written}</td></tr>", head="<tr><th>件名</th><th>締切</th></tr>")

    class Undated(Mihon):
        layout: ClassVar[ListLayout] = ListLayout(columns={"title": "件名", "deadline": "締切"})

    (one,) = notices(crawled(Undated, {"/list": page}))
    assert (one.undated, one.deadline, one.portal_dates) == (True, None, (("締切", stated),))


def test_days_of_other_meaning_are_kept_under_their_heading() -> None:
    head = "<tr><th>公告日</th><th>件名</th><th>申請期限</th><th>担当課</th></tr>"
    rows = "".join(
        f"<tr><td>令和8年6月9日</td><td>{title}</td><td>{day}</td><td>{section}</td></tr>"
        for title, day, section in (("椅子の購入", "6月20日", "総務課"), ("机の購入", "－", "総務課"))
    )

    class WithDates(Mihon):
        layout: ClassVar[ListLayout] = ListLayout(
            columns={"published": "公告日", "title": "件名", "申請": "申請期限", "担当": "担当課"}, dates=("申請",)
        )

    first, second = notices(crawled(WithDates, {"/list": f"<table>{head}{rows}</table>"}))
    assert (first.portal_dates, first.text, first.deadline) == ((("申請期限", "6月20日"),), "担当課：総務課", None)
    assert second.portal_dates == ()


def test_a_selector_that_finds_nothing_in_any_item_is_an_error_unless_the_page_may_lack_it() -> None:
    page = "<ul><li><a href='/1'>椅子の購入</a></li><li><a href='/2'>机の購入</a></li></ul>"
    selectors = {"title": "a", "published": ".day"}

    class Selecting(Mihon):
        layout: ClassVar[ListLayout] = ListLayout(items="li", selectors=selectors)

    class Lacking(Mihon):
        layout: ClassVar[ListLayout] = ListLayout(items="li", selectors=selectors, optional=frozenset({"published"}))

    with pytest.raises(SourceChanged, match=r"none of its 2 items has \.day \(published\)"):
        crawled(Selecting, {"/list": page})
    assert [one.undated for one in notices(crawled(Lacking, {"/list": page}))] == [True, True]


def test_a_row_that_cannot_be_read_is_told_and_the_others_are_kept() -> None:
    found = crawled(Mihon, {"/list": table(row("近日", "椅子"), row("令和8年6月9日", "机"))})
    assert [notice.title for notice in notices(found)] == ["机"]
    assert problems(found) == [f"{SITE}/list: a row has no title or date that can be read: 近日 | 椅子 | "]


def test_what_is_published_after_the_window_is_left_for_later() -> None:
    window = Window(date(2026, 5, 1), date(2026, 6, 8), NOW)
    found = crawled(Mihon, {"/list": table(row("2026/6/9", "椅子"), row("2026/6/8", "机"))}, window)
    assert [notice.title for notice in notices(found)] == ["机"]


def test_what_has_no_day_is_of_today_and_of_no_window_that_ends_before() -> None:
    pages = {"/list": item("/n/1.pdf", "椅子")}
    assert notices(crawled(Links, pages, Window(date(2026, 5, 1), NOW.date(), NOW)))
    assert crawled(Links, pages, Window(date(2026, 5, 1), date(2026, 6, 14), NOW)) == []


def test_an_empty_list_is_believed_where_the_page_says_so() -> None:
    assert crawled(Mihon, {"/list": "<p>該当する案件は<br>ありません。</p>"}) == []
    assert crawled(Mihon, {"/list": table() + "<p>該当する案件はありません。</p>"}) == []
    with pytest.raises(SourceChanged, match="lists nothing and does not say so"):
        crawled(Mihon, {"/list": table()})


def test_rows_are_read_even_where_another_part_of_the_page_says_that_it_has_none() -> None:
    page = "<h2>工事</h2><p>該当する案件はありません。</p><h2>物品</h2>" + table(row("2026/6/9", "椅子"))
    assert len(notices(crawled(Mihon, {"/list": page}))) == 1


def test_a_list_is_read_page_after_page_and_one_that_leads_in_a_circle_ends() -> None:
    class Paged(Mihon):
        layout = ListLayout(columns={"title": "件名", "published": "公告日"}, next_page="a.next")

    def page(title: str, following: str) -> str:
        return table(row("2026/6/9", title)) + f"<a class=next href='{following}'>次</a>"

    web = Web({"/list": page("椅子", "?p=2"), "/list?p=2": page("机", "/list")})
    assert [notice.title for notice in notices(list(crawl(Paged(), JUNE, web)))] == ["椅子", "机"]
    assert web.asked == ["/list", "/list?p=2"]


def test_a_list_that_never_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "MOST_PAGES", 3)

    class Endless(Mihon):
        layout = ListLayout(columns={"title": "件名", "published": "公告日"}, next_page="a.next")

    pages = {
        f"/list{n}": table(row("2026/6/9", f"机{n}")) + f"<a class=next href='/list{n + 1}'>次</a>" for n in range(9)
    }
    found = crawled(Endless, {"/list": pages["/list0"], **pages})
    assert len(notices(found)) == 3
    assert problems(found) == [f"{SITE}/list: the list has more than 3 pages"]


def test_a_list_that_shows_the_same_under_ever_new_addresses_ends() -> None:
    class Circle(Mihon):
        layout = ListLayout(columns={"title": "件名", "published": "公告日"}, next_page="a.next")

    def fetch(request: Request) -> Page:
        asked.append(request.url)
        content = table(row("2026/6/9", "椅子")) + f"<a class=next href='/list?p={len(asked)}'>次</a>"
        return page_of(html(content).encode(), request)

    asked: list[str] = []
    assert len(notices(list(crawl(Circle(), JUNE, fetch)))) == 1
    assert len(asked) == 2


def test_a_list_is_read_as_far_as_its_source_says_that_it_goes_on() -> None:
    class Newest(Mihon):
        layout = ListLayout(columns={"title": "件名", "published": "公告日"}, next_page="a.next")

        def goes_on(self, notices: Sequence[ScrapedNotice], window: Window) -> bool:
            return max(notice.published for notice in notices) >= window.since

    def page(day: str, following: str) -> str:
        return table(row(day, f"机{day}")) + f"<a class=next href='{following}'>次</a>"

    web = Web({"/list": page("2026/6/9", "/2"), "/2": page("2026/5/31", "/3"), "/3": page("2026/5/1", "/4")})
    assert len(notices(list(crawl(Newest(), JUNE, web)))) == 2
    assert web.asked == ["/list", "/2"]


def test_one_of_several_lists_that_fails_is_told_and_the_others_are_read() -> None:
    class Two(Mihon):
        addresses = (f"{SITE}/gone", f"{SITE}/list")

    found = crawled(Two, {"/list": table(row("2026/6/9", "椅子"))})
    assert [notice.title for notice in notices(found)] == ["椅子"]
    assert problems(found) == [f"{SITE}/gone: /gone: answered 404"]
    with pytest.raises(FetchError, match="/gone: answered 404"):
        crawled(Two, {})


def test_half_a_list_is_not_kept() -> None:
    pages = table(row("2026/6/9", "椅子"))
    with pytest.raises(FetchError, match="broke off"):
        list(crawl(Mihon(), JUNE, lambda request: page_of(html(pages)[:-15].encode(), request)))


def test_a_page_may_have_a_layout_of_its_own() -> None:
    class Two(Mihon):
        addresses = (f"{SITE}/list", f"{SITE}/goods")
        layouts: ClassVar[Mapping[str, ListLayout]] = {
            f"{SITE}/goods": ListLayout(
                items="li", selectors={"title": "b"}, category=Category.GOODS, method="見積依頼"
            )
        }

    found = notices(crawled(Two, {"/list": table(row("2026/6/9", "椅子")), "/goods": "<li><b>机</b></li>"}))
    assert [(one.title, one.category, one.method, one.kind) for one in found] == [
        ("椅子", None, None, NoticeKind.TENDER),
        ("机", Category.GOODS, "見積依頼", NoticeKind.QUOTATION),
    ]


def test_every_table_of_a_page_is_read() -> None:
    page = "<h2>物品</h2>" + table(row("2026/6/9", "椅子")) + "<h2>工事</h2>" + table(row("2026/6/8", "橋"))
    assert [one.title for one in notices(crawled(Mihon, {"/list": page}))] == ["椅子", "橋"]


def test_rows_that_lead_to_one_document_are_told_and_none_is_lost_unseen() -> None:
    page = table(row("2026/6/9", "椅子", path="/all.pdf"), row("2026/6/9", "机", path="/all.pdf"))
    found = crawled(Mihon, {"/list": page})
    assert [one.title for one in notices(found)] == ["椅子"]
    assert problems(found) == [
        f"{SITE}/list: 机 was not kept, for it has the key of 椅子 ({SITE}/all.pdf); choose a key that tells them apart"
    ]

    class ByTitle(Mihon):
        layout: ClassVar[ListLayout] = replace(Mihon.layout, key=("link", "title"))

    assert [one.title for one in notices(crawled(ByTitle, {"/list": page}))] == ["椅子", "机"]


def test_a_row_that_comes_twice_is_one_notice_and_nothing_to_tell() -> None:
    page = table(row("2026/6/9", "椅子", path="/1.pdf"), row("2026/6/9", "椅　子", path="/1.pdf"))
    (found,) = crawled(Mihon, {"/list": page})
    assert isinstance(found, ScrapedNotice)


def test_the_page_of_a_department_is_not_that_of_its_tenders() -> None:
    class ByDepartment(Mihon):
        layout: ClassVar[ListLayout] = ListLayout(columns={"published": "公告日", "title": "件名", "buyer": "担当"})

    head = "<tr><th>公告日</th><th>件名</th><th>担当</th></tr>"
    rows = (row("2026/6/9", title, "<a href='/ka.html'>財政課</a>") for title in ("椅子", "机"))
    found = notices(crawled(ByDepartment, {"/list": table(*rows, head=head)}))
    assert [(one.key, one.url) for one in found] == [
        ("2026-06-09 椅子", f"{SITE}/list"),
        ("2026-06-09 机", f"{SITE}/list"),
    ]


def test_a_link_in_a_column_of_its_own_is_that_of_the_notice() -> None:
    class WithDocument(Mihon):
        layout: ClassVar[ListLayout] = ListLayout(columns={"published": "公告日", "title": "件名", "公告文": "締切"})

    page = table(row("2026/6/9", "椅子", "<a href='/1.pdf'>PDF</a>"))
    assert notices(crawled(WithDocument, {"/list": page}))[0].url == f"{SITE}/1.pdf"


def test_the_number_of_a_visit_in_an_address_is_no_part_of_the_key() -> None:
    def found(visit: str) -> list[ScrapedNotice]:
        page = table(row("2026/6/9", "椅子", path=f"/a;jsessionid={visit}?PHPSESSID={visit}&id=1"))
        return notices(crawled(Mihon, {"/list": page}))

    assert found("AB12")[0].key == f"{SITE}/a?id=1"
    assert found("AB12") == found("CD34")


@pytest.mark.parametrize(
    "says", ["該当なし", "なし", "現在、募集中の案件はございません。", "該当する案件はありません"]
)
def test_a_row_that_says_that_there_is_none_is_no_notice(says: str) -> None:
    page = "<table><tr><th>件名</th><th>公告日</th><th>締切</th></tr>{}</table>"
    assert crawled(Mihon, {"/list": page.format(f"<tr><td>{says}</td></tr>")}) == []
    assert crawled(Mihon, {"/list": page.format(f"<tr><td>{says}</td><td>-</td><td>-</td></tr>")}) == []


def test_new_headings_are_an_error_even_where_another_part_of_the_page_says_that_it_has_none() -> None:
    renamed = table(row("2026/6/9", "椅子"), head="<tr><th>公示日</th><th>件名</th><th>締切</th></tr>")
    with pytest.raises(SourceChanged, match="no table has the columns 公告日"):
        crawled(Mihon, {"/list": f"<h2>工事</h2><p>該当する案件はありません。</p>{renamed}"})


def test_a_row_with_a_day_and_without_a_title_is_told() -> None:
    found = crawled(Mihon, {"/list": table(row("2026/6/9", "<img src=1.png>"), row("2026/6/9", "机"), row("", ""))})
    assert [one.title for one in notices(found)] == ["机"]
    assert problems(found) == [f"{SITE}/list: a row has no title or date that can be read: 2026/6/9 |  | "]


def test_a_list_of_which_not_one_row_can_be_read_is_an_error() -> None:
    with pytest.raises(SourceChanged, match=r"not one row of https://mihon.example.jp/list can be read \(a row has"):
        crawled(Mihon, {"/list": table(row("6/9", "椅子"), row("6/8", "机"))})


@pytest.mark.parametrize(
    ("written", "deadline", "stated"),
    [
        ("令和8年6月9日9時から6月30日17時まで", (6, 30, 17), None),
        ("令和8年6月9日（火）～令和8年6月30日（火）正午", (6, 30, 12), None),
        ("令和8年6月30日（2026年6月30日）17時", (6, 30, 17), None),
        ("令和8年6月30日17時（開札 令和8年7月1日10時）", None, "令和8年6月30日17時（開札 令和8年7月1日10時）"),
        ("令和8年6月30日17時（郵送は6月29日必着）", None, "令和8年6月30日17時（郵送は6月29日必着）"),
        ("令和8年6月30日 9時から17時まで", None, "令和8年6月30日 9時から17時まで"),
        ("令和8年6月30日 ９：００～正午", None, "令和8年6月30日 ９：００～正午"),
        ("令和8年6月30日17時～令和8年6月29日", None, "令和8年6月30日17時～令和8年6月29日"),
        ("令和8年6月30日 17:00:00", (6, 30, 17), None),
        ("令和8年6月30日24時", None, "2026-06-30"),
        ("未定", None, "未定"),
    ],
)
def test_only_one_moment_or_the_end_of_a_period_is_a_deadline(
    written: str, deadline: tuple[int, int, int] | None, stated: str | None
) -> None:
    (found,) = notices(crawled(Mihon, {"/list": table(row("2026/6/9", "椅子", written))}))
    assert found.deadline == (datetime(2026, *deadline, tzinfo=NOW.tzinfo) if deadline else None)
    assert found.portal_dates == ((("締切", stated),) if stated else ())


def test_the_deadline_of_a_request_for_comments_is_one_for_answers() -> None:
    page = table(row("2026/6/9", "情報システムに関する意見招請", "6月30日 17時"))
    (found,) = notices(crawled(Mihon, {"/list": page}))
    assert (found.kind, found.deadline) == (NoticeKind.COMMENT_REQUEST, None)
    assert found.response_deadline == datetime(2026, 6, 30, 17, tzinfo=NOW.tzinfo)


@pytest.mark.parametrize(
    ("around", "each"),
    [
        ("<table>{}</table>", "<tr><td>2026/6/9</td><td><a href='/n/{}.pdf'>机</a></td></tr>"),
        ("<ul>{}</ul>", "<li>2026/6/9 <a href='/n/{}.pdf'>机</a></li>"),
        ("<p>{}</p>", "2026/6/9 <a href='/n/{}.pdf'>机</a><br>"),
    ],
    ids=["table", "list", "paragraph"],
)
def test_a_list_of_thousands_is_read_in_the_time_of_its_length(around: str, each: str) -> None:
    begun = process_time()
    found = crawled(Links, {"/list": around.format("".join(each.format(n) for n in range(3000)))})
    assert len(notices(found)) == 3000
    assert process_time() - begun < 30  # seconds; with the square of its length it took minutes


# Own pages of notices


def test_own_pages_are_read_of_notices_in_the_window_only() -> None:
    web = Web(
        {
            "/list": table(
                row("2026/6/9", "椅子", path="/1"),
                row("2026/5/31", "机", path="/2"),
                row("2026/6/8", "棚", path="/3.pdf"),
            ),
            "/1": text(
                "<h1>椅子</h1><p>100脚<br>納入は秋</p><a href='/s.xlsx'>仕様書（12KB）</a><a href='/s.xlsx'>再</a>"
            ),
        }
    )
    found = notices(list(crawl(WithPages(), JUNE, web)))
    assert [(one.title, one.text) for one in found] == [
        ("椅子", "椅子\n100脚\n納入は秋\n仕様書（12KB）再"),
        ("棚", ""),
    ]
    assert found[0].attachments == (Attachment("仕様書", f"{SITE}/s.xlsx"),)
    assert web.asked == ["/list", "/1"]


def test_a_page_that_cannot_be_read_is_told_and_asked_for_again_the_next_time() -> None:
    pages = {"/list": table(row("2026/6/9", "椅子", path="/1"), row("2026/6/9", "机", path="/2")), "/2": text("机")}
    found = crawled(WithPages, pages)
    assert [notice.title for notice in notices(found)] == ["机"]
    assert problems(found) == [f"{SITE}/1: /1: answered 404"]


def test_a_site_that_is_down_is_not_asked_on() -> None:
    web = Web({"/list": table(*(row("2026/6/9", f"机{n}", path=f"/{n}") for n in range(9)))})
    with pytest.raises(FetchError):
        list(crawl(WithPages(), JUNE, web))
    assert len(web.asked) == 1 + shapes.GIVE_UP_AFTER


def test_parts_of_one_page_are_notices_and_the_page_is_asked_for_once() -> None:
    rows = (row("2026/6/9", f"机{n}", path=f"/all.html#{n}") for n in range(3))
    web = Web({"/list": table(*rows), "/all.html": text("机")})
    found = notices(list(crawl(WithPages(), JUNE, web)))
    assert [one.key for one in found] == [f"{SITE}/all.html#{n}" for n in range(3)]
    assert web.asked == ["/list", "/all.html"]


def test_a_site_without_tls_is_asked_without_it() -> None:
    class Plain(WithPages):
        addresses = ("http://plain.example.jp/list",)

    there = "http://plain.example.jp"
    web = Web({f"{there}/list": table(row("2026/6/9", "椅子", path="/1")), f"{there}/1": text("椅子")})
    (found,) = notices(list(crawl(Plain(), JUNE, web)))
    assert found.text == "椅子"
    assert web.asked == [f"{there}/list", f"{there}/1"]


def test_the_own_pages_of_a_list_that_has_moved_are_read_where_it_is() -> None:
    there = "https://www.mihon.example.jp"

    def fetch(request: Request) -> Page:
        content = table(row("2026/6/9", "椅子", path="/1")) if request.url.endswith("/list") else text("椅子")
        page = page_of(html(content).encode(), request)
        page.url = request.url.replace(SITE, there)
        return page

    (found,) = crawl(WithPages(), JUNE, fetch)
    assert isinstance(found, ScrapedNotice)
    assert (found.url, found.text) == (f"{there}/1", "椅子")


def test_the_links_of_a_page_begin_where_it_says() -> None:
    page = "<base href='/dir/'>" + table(row("2026/6/9", "椅子", path="1"))
    web = Web({"/list": page, "/dir/1": "<base href='//files.example.jp/'>" + text("<a href='s.pdf'>仕様書</a>")})
    (found,) = notices(list(crawl(WithPages(), JUNE, web)))
    assert found.url == f"{SITE}/dir/1"
    assert found.attachments == (Attachment("仕様書", "https://files.example.jp/s.pdf"),)


def test_the_same_pages_give_the_same_notices() -> None:
    pages = {"/list": table(row("2026/6/9", "椅子", "6月30日", "/1")), "/1": text("椅子")}
    later = Window(date(2026, 6, 2), None, NOW + timedelta(days=1))
    assert crawled(WithPages, pages) == crawled(WithPages, pages, later)


# A list whose layout was never seen


def item(path: str, title: str, beside: str = "") -> str:
    return f"<li>{beside} <a href='{path}'>{title}</a></li>"


def own(title: str, *more: str) -> str:
    return f"<main><h1>{title}</h1>{''.join(f'<p>{line}</p>' for line in more)}</main>"


def test_only_links_to_notices_are_notices() -> None:
    page = (
        item("/n/1.html", "椅子")
        + item("/about/2.html", "組織")
        + "<footer><a href='/n/3.html'>最近のもの</a></footer>"
    )
    found = notices(crawled(Links, {"/list": page, "/n/1.html": own("椅子")}))
    assert [one.title for one in found] == ["椅子"]
    with pytest.raises(SourceChanged, match="lists nothing"):
        crawled(Links, {"/list": item("/about/2.html", "組織")})


@pytest.mark.parametrize(
    ("beside", "day"),
    [
        ("令和8年6月9日", date(2026, 6, 9)),
        ("<time>2026-06-09</time> 水素", date(2026, 6, 9)),
        ("受付終了 令和8年6月30日", None),
        ("令和8年6月30日必着", None),
        ("令和8年6月9日～6月30日", None),
        ("令和8年6月9日 令和8年6月30日", None),
        ("更新日：令和8年6月9日", None),
        ("", None),
    ],
)
def test_the_one_day_beside_a_link_is_its_day_unless_it_is_said_to_be_another(beside: str, day: date | None) -> None:
    (found,) = notices(crawled(Links, {"/list": item("/n/1.pdf", "椅子", beside)}))
    assert (found.undated, found.published) == (day is None, day or NOW.date())


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("椅子の見積依頼", NoticeKind.QUOTATION),
        ("椅子の入札結果", NoticeKind.AWARD),
        ("椅子の下見会", NoticeKind.PLANNED),
        ("椅子", NoticeKind.PROPOSAL_CALL),
    ],
)
def test_the_kind_is_that_of_the_sources_own_words_else_of_the_title_else_of_the_list(
    title: str, kind: NoticeKind
) -> None:
    class Own(Links):
        kinds: ClassVar[Mapping[str, NoticeKind]] = {"下見会": NoticeKind.PLANNED}

    (found,) = notices(crawled(Own, {"/list": item("/n/1.pdf", title)}))
    assert found.kind is kind


def test_a_page_is_the_notices_only_if_it_holds_its_title() -> None:
    pages = {
        "/list": item("/n/1.html", "見本海域の地盤調査の公募について"),
        "/n/1.html": "<main>ただいまメンテナンス中です</main>",
    }
    (problem,) = problems(crawled(Links, pages))
    assert "does not hold the title “見本海域の地盤調査の公募について”" in problem


def test_other_hosts_are_asked_only_where_the_source_names_them() -> None:
    class Anywhere(Links):
        layout = links_to("")

    there, nowhere = "https://branch.example.jp/n/1.html", "https://other.example.org/n/2.html"
    page = f"<ul>{item(there, '椅子')}{item(nowhere, '机')}</ul>"
    web = Web({"/list": page, there: own("椅子", "支所の公告")})
    found = notices(list(crawl(Anywhere(), JUNE, web)))
    assert [(one.title, one.buyer, bool(one.text)) for one in found] == [
        ("椅子", "見本支所", True),
        ("机", None, False),
    ]
    assert web.asked == ["/list", there]


def test_another_host_that_refuses_does_not_end_the_crawl() -> None:
    there = "https://branch.example.jp/n/1.html"
    page = f"<ul>{item(there, '椅子')}{item('/n/2.html', '机')}</ul>"
    refused = Refused("robots.txt forbids it")
    found = crawled(Links, {"/list": page, "/n/2.html": own("机")} | {there: refused})
    assert [one.title for one in notices(found)] == ["机"]
    assert problems(found) == [f"{there}: robots.txt forbids it"]
    with pytest.raises(Refused):
        crawled(Links, {"/list": item("/n/2.html", "机"), "/n/2.html": refused})


def test_another_host_that_is_down_is_left_alone_and_does_not_end_the_crawl() -> None:
    there = "https://branch.example.jp/n/{}.html"
    page = "".join(item(there.format(n), f"椅子{n}") for n in range(6)) + item("/n/9.html", "机")
    web = Web({"/list": f"<ul>{page}</ul>", "/n/9.html": own("机")})
    found = list(crawl(Links(), JUNE, web))
    assert [one.title for one in notices(found)] == ["机"]
    assert len(problems(found)) == 6
    assert (
        problems(found)[-1] == f"{there.format(5)}: branch.example.jp could not be read just now, and was not asked"
    )
    assert web.asked == ["/list", *(there.format(n) for n in range(shapes.GIVE_UP_AFTER)), "/n/9.html"]


def test_an_address_that_is_known_to_be_of_a_notice_is_so_with_any_part_of_it() -> None:
    (found,) = notices(crawled(Links, {"/list": item("/n/1.pdf#page=2", "椅子") + item("/n/1.pdf", "椅子の詳細")}))
    assert (found.key, found.title) == (f"{SITE}/n/1.pdf", "椅子")


def test_a_page_is_one_and_the_same_with_and_without_tls() -> None:
    page = item(f"http{SITE[5:]}/n/1.html", "椅子") + item("/n/1.html", "椅子（詳細）")
    web = Web({"/list": f"<ul>{page}</ul>", "/n/1.html": own("椅子")})
    (found,) = notices(list(crawl(Links(), JUNE, web)))
    assert (found.key, found.url) == (f"{SITE}/n/1.html", f"http{SITE[5:]}/n/1.html")
    assert web.asked == ["/list", "/n/1.html"]


@pytest.mark.parametrize(
    ("lines", "undated", "published"),
    [
        (("令和8年6月9日",), False, date(2026, 6, 9)),
        (("令和8年5月9日",), None, None),
        (("締切", "令和8年6月9日"), True, NOW.date()),
        (("更新履歴", "令和8年6月9日"), True, NOW.date()),
        (("令和8年6月30日",), True, NOW.date()),
        (("本日令和8年6月9日から公募します。",), True, NOW.date()),
    ],
)
def test_a_notice_without_a_day_in_the_list_has_that_which_heads_its_page(
    lines: Sequence[str], undated: bool | None, published: date | None
) -> None:
    found = notices(
        crawled(Links, {"/list": item("/n/1.html", "椅子の購入"), "/n/1.html": own("椅子の購入", *lines)})
    )
    assert [(one.undated, one.published) for one in found] == ([] if undated is None else [(undated, published)])


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("平成30 年3月23 日", date(2018, 3, 23)),
        ("令和６年３月８日（金曜日）", date(2024, 3, 8)),
        ("2026年03月11日", date(2026, 3, 11)),
        ("掲載日：令和8年6月9日(火)", date(2026, 6, 9)),
        ("公告日 2026年6月9日", date(2026, 6, 9)),
        ("最終更新日:令和5年7月10日", None),
        ("令和8年6月9日 例示局", None),
        ("令和8年6月9日～令和8年6月30日", None),
        ("令和8年度", None),
        pytest.param(f"令和8年6月9日{'　' * 100_000}から", None, id="very long"),
    ],
)
def test_a_line_is_a_dateline_if_it_holds_a_day_and_nothing_else(line: str, day: date | None) -> None:
    assert dateline(f"入 札 公 告\n次のとおり一般競争入札に付します。\n{line}\n支出負担行為担当官") == day


def test_more_notices_without_a_day_than_is_polite_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "MOST_UNDATED", 2)
    web = Web(
        {"/list": "".join(item(f"/n/{n}.html", f"机{n}") for n in range(5))}
        | {f"/n/{n}.html": own(f"机{n}") for n in range(5)}
    )
    found = list(crawl(Links(), JUNE, web))
    assert len(notices(found)) == 2
    assert problems(found) == [f"{SITE}/list: more than 2 notices have no day in the list; the rest was not read"]
    assert len(web.asked) == 3
