"""List pages and feeds: what all sources of these shapes have in common."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest

from db.vocabulary.notice import Attachment, Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers import shapes
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.registry import sources
from scrapers.shapes import READABLE, FeedSource, ListLayout, ListSource, dateline, links_to
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
    layout: ClassVar[ListLayout] = links_to(r"/n/(?P<kind>[A-Z])?\d+\.(?:html|pdf)$", method="公募")
    kinds: ClassVar[Mapping[str, NoticeKind]] = {"P": NoticeKind.PLANNED, "A": NoticeKind.AWARD}
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


def test_a_list_that_never_ends_is_told() -> None:
    class Endless(Mihon):
        layout = ListLayout(columns={"title": "件名", "published": "公告日"}, next_page="a.next")
        most_pages = 3

    pages = {
        f"/list{n}": table(row("2026/6/9", f"机{n}")) + f"<a class=next href='/list{n + 1}'>次</a>" for n in range(9)
    }
    found = crawled(Endless, {"/list": pages["/list0"], **pages})
    assert len(notices(found)) == 3
    assert problems(found) == [f"{SITE}/list: the list has more than 3 pages"]


def test_a_list_that_has_the_newest_first_is_read_until_it_is_older_than_the_window() -> None:
    class Newest(Mihon):
        layout = ListLayout(columns={"title": "件名", "published": "公告日"}, next_page="a.next", newest_first=True)

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
    ("path", "title", "kind"),
    [
        ("/n/P1.pdf", "椅子", NoticeKind.PLANNED),
        ("/n/A1.pdf", "APEXの椅子", NoticeKind.AWARD),
        ("/n/X1.pdf", "PARの見積依頼", NoticeKind.QUOTATION),
        ("/n/1.pdf", "椅子の入札結果", NoticeKind.AWARD),
        ("/n/1.pdf", "椅子", NoticeKind.PROPOSAL_CALL),
    ],
)
def test_the_kind_is_that_of_the_address_else_of_the_title_else_of_the_list(
    path: str, title: str, kind: NoticeKind
) -> None:
    class Plain(Links):
        kinds: ClassVar[Mapping[str, NoticeKind]] = Links.kinds if path[3].isalpha() else {}

    (found,) = notices(crawled(Plain, {"/list": item(path, title)}))
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


# Feeds


class Feed(FeedSource):
    slug: ClassVar[str] = "feed"
    addresses: ClassVar[tuple[str, ...]] = (f"{SITE}/a.xml",)
    only: ClassVar[re.Pattern[str] | None] = re.compile("公募|入札")


RSS1 = (
    '<?xml version="1.0" encoding="UTF-8"?><rdf:RDF xmlns="http://purl.org/rss/1.0/" '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">{}</rdf:RDF>'
)


def entry(title: str, link: str, day: str = "", summary: str = "") -> str:
    dated = f"<dc:date>{day}</dc:date>" if day else ""
    return f"<item><title>{title}</title><link>{link}</link><description>{summary}</description>{dated}</item>"


def fed(source: type[FeedSource], feeds: Mapping[str, str], window: Window = JUNE) -> list[Finding]:
    def fetch(request: Request) -> Page:
        if request.url not in feeds:
            raise FetchError("{url}: answered 404", url=request.url)
        return page_of(feeds[request.url].encode(), request, headers={"content-type": "application/xml"})

    return list(crawl(source(), window, fetch))


def test_an_entry_is_a_notice_of_its_day_in_japan() -> None:
    feed = RSS1.format(
        entry("椅子の公募", f"{SITE}/1", "2026-06-09T23:30:00Z", "&lt;p&gt;100脚&lt;br&gt;秋まで&lt;/p&gt;")
        + entry("人事異動", f"{SITE}/2", "2026-06-09T09:00:00+09:00")
        + entry("机の入札", f"{SITE}/3")
    )
    first, second = notices(fed(Feed, {f"{SITE}/a.xml": feed}))
    assert (first.published, first.text, first.key) == (date(2026, 6, 10), "100脚\n秋まで", f"{SITE}/1")
    assert (second.title, second.undated) == ("机の入札", True)


def test_a_sound_feed_without_an_entry_is_an_honest_zero() -> None:
    assert fed(Feed, {f"{SITE}/a.xml": RSS1.format("")}) == []


def test_an_entry_without_a_link_is_told() -> None:
    assert problems(fed(Feed, {f"{SITE}/a.xml": RSS1.format(entry("椅子の公募", "javascript:x()"))})) == [
        f"{SITE}/a.xml: an entry has no title or no link: 椅子の公募"
    ]


def test_one_of_several_feeds_that_fails_is_told_and_all_failing_is_an_error() -> None:
    class Two(Feed):
        addresses = (f"{SITE}/a.xml", f"{SITE}/b.xml")

    found = fed(Two, {f"{SITE}/b.xml": RSS1.format(entry("椅子の公募", f"{SITE}/1", "2026-06-09"))})
    assert [one.title for one in notices(found)] == ["椅子の公募"]
    assert problems(found) == [f"{SITE}/a.xml: {SITE}/a.xml: answered 404"]
    with pytest.raises(FetchError):
        fed(Two, {})


def test_entries_of_later_days_are_left_for_later() -> None:
    feed = RSS1.format(entry("椅子の公募", f"{SITE}/1", "2026-06-09") + entry("机の公募", f"{SITE}/2", "2026-06-08"))
    found = fed(Feed, {f"{SITE}/a.xml": feed}, Window(date(2026, 5, 1), date(2026, 6, 8), NOW))
    assert [one.title for one in notices(found)] == ["机の公募"]


def test_a_summary_that_looks_like_an_address_is_a_text() -> None:
    feed = RSS1.format(entry("椅子の公募", f"{SITE}/1", "2026-06-09", "https://mihon.example.jp/"))
    assert notices(fed(Feed, {f"{SITE}/a.xml": feed}))[0].text == "https://mihon.example.jp/"
