"""One way to open an HTML page and to read what is in it, whatever a portal's page is like that day."""

import pytest
from bs4 import BeautifulSoup, Tag

from scrapers.errors import FetchError, SourceChanged
from scrapers.html import Beside, address_from, find_table, has_heading, holds, lines, link_of, open_page, words
from scrapers.source import Page, Request, page_of

WHOLE = "<!DOCTYPE html><html><body><p>{}</p><table><tr><td>件名</td></tr></table></body></html>"


def answer(content: str | bytes, content_type: str = "text/html; charset=UTF-8") -> Page:
    body = content if isinstance(content, bytes) else content.encode()
    return page_of(body, Request("https://mihon.example.jp/list?p=1"), headers={"content-type": content_type})


def parsed(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "lxml")


def one(html: str, selector: str) -> Tag:
    tag = parsed(html).select_one(selector)
    assert tag is not None
    return tag


# Pages


def test_a_whole_page_with_what_is_expected_is_opened() -> None:
    assert words(open_page(answer(WHOLE.format("公告")), "mihon", expects="table").p) == "公告"


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        ("", FetchError, "is empty"),
        ("  \n", FetchError, "is empty"),
        (WHOLE.format("公告")[:-30], FetchError, "broke off"),
        ("<html><body><p>あ", FetchError, "broke off"),
        ("ただいま準備中", SourceChanged, "is no HTML; it begins “ただいま準備中”"),
        ("<html><body>メンテナンスのため停止しています</body></html>", SourceChanged, "is a maintenance page"),
        ("<html><body><input type='password'></body></html>", SourceChanged, "is a login page"),
        ("<html><body><p>リニューアルしました</p></body></html>", SourceChanged, "has no table; it begins “リニュー"),
        (b"<html>" + bytes(range(0x80, 0x100)) * 9 + b"</html>", SourceChanged, "is not written in any encoding"),
    ],
)
def test_what_is_no_page_of_the_source_is_told_apart(content: str | bytes, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told) as raised:
        open_page(answer(content), "mihon", expects="table")
    assert str(raised.value).startswith("mihon: https://mihon.example.jp/list ")


def test_a_page_that_says_that_there_is_nothing_needs_not_have_what_is_expected() -> None:
    page = answer("<html><body><p>現在、 公告中の\n案件はありません。</p></body></html>")
    assert open_page(page, "mihon", expects="table", unless="現在、公告中の案件はありません")
    with pytest.raises(FetchError, match="broke off"):
        open_page(answer(page.content[:-9]), "mihon", expects="table", unless="現在、公告中の案件はありません")


def test_a_page_in_the_encoding_that_the_source_is_known_for_is_read_without_its_being_declared() -> None:
    page = answer(WHOLE.format("髙橋①").encode("cp932"), "text/html")
    assert words(open_page(page, "mihon", expects="table", encoding="cp932").p) == "髙橋①"
    with pytest.raises(SourceChanged, match="not written in utf-8"):
        open_page(page, "mihon", expects="table", encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (WHOLE.format("①椅子").replace("<html>", "<html><meta charset='Shift_JIS'>").encode("cp932"), "text/html"),
        (WHOLE.format("①椅子").encode("cp932"), "text/html; charset=Shift_JIS"),
        (WHOLE.format("①椅子").encode("cp932"), "text/html; charset=UTF-8"),
        (WHOLE.format("①椅子").encode("euc_jis_2004"), "text/html"),
        (WHOLE.format("①椅子").encode("utf-8-sig"), "text/html; charset=Shift_JIS"),
        (WHOLE.format("①椅子").replace("<html>", "<html><meta charset='EUC-JP'>").encode(), "text/html"),
        (WHOLE.format("椅子").encode("iso2022_jp"), "text/html"),
    ],
    ids=["Shift_JIS", "in the header", "wrong header", "EUC-JP", "BOM", "wrong declaration", "ISO-2022-JP"],
)
def test_a_page_is_read_in_whatever_it_is_written(content: bytes, content_type: str) -> None:
    assert words(open_page(answer(content, content_type), "mihon", expects="table").p).endswith("椅子")


def test_a_page_that_has_left_the_encoding_of_its_source_is_told() -> None:
    page = answer(WHOLE.format("令和8年度の椅子の購入に係る入札公告について") + "<!-- -->", "text/html")
    with pytest.raises(SourceChanged, match="not written in cp932"):
        open_page(page, "mihon", expects="table", encoding="cp932")


# Texts and links


def test_a_text_has_a_line_for_each_block_and_nothing_of_what_is_not_seen() -> None:
    html = (
        "<div>1行<b>目</b>　<br>2行目<!-- 注 --><script>x()</script><dl><dt>期限</dt><dd>９月\n１日</dd></dl></div>"
    )
    assert lines(one(html, "div")) == "1行目\n2行目\n期限\n９月 １日"


def test_a_page_may_be_nested_as_deep_as_it_likes() -> None:
    assert lines(one(f"<main>{'<div><b>' * 3000}公告</main>", "main")) == "公告"


def test_the_cells_of_a_row_stand_apart() -> None:
    assert words(one("<table><tr><th>期限</th><td>９月</td></tr></table>", "tr")) == "期限 ９月"


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ("<td><a href='b.html'>件名</a></td>", "https://mihon.example.jp/a/b.html"),
        ("<td><a href=' //other.example.jp/ '>件名</a></td>", "https://other.example.jp/"),
        ("<td><a name='x'>件名</a></td>", None),
        ("<td><a href='javascript:go()'>件名</a></td>", None),
        ("<td><a href='mailto:mihon'>件名</a></td>", None),
        ("<td><a href='http://[x'>件名</a></td>", None),
        pytest.param(f"<td><a href='/{'9' * 20_000}.html'>件名</a></td>", None, id="very long"),
        ("<td>件名</td>", None),
    ],
)
def test_only_an_address_of_the_web_is_a_link(html: str, address: str | None) -> None:
    tag = one(f"<table><tr>{html}</tr></table>", "td")
    assert link_of(tag, "https://mihon.example.jp/a/") == address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("a;jsessionid=AB1", "https://mihon.example.jp/a"),
        ("a;jsessionid=AB1?id=7", "https://mihon.example.jp/a?id=7"),
        ("a?PHPSESSID=ab1", "https://mihon.example.jp/a"),
        ("a?PHPSESSID=ab1&id=7#b", "https://mihon.example.jp/a?id=7#b"),
        ("a?id=7&session_id=ab1#b", "https://mihon.example.jp/a?id=7#b"),
        ("a?id=7&ASPSESSIONIDAB=x&n=1", "https://mihon.example.jp/a?id=7&n=1"),
        ("/(S(ab1))/a.aspx", "https://mihon.example.jp/a.aspx"),
        ("a?sid=7&session=2026&?", "https://mihon.example.jp/a?sid=7&session=2026&?"),
    ],
)
def test_an_address_is_the_same_at_every_visit(written: str, address: str) -> None:
    assert address_from(written, "https://mihon.example.jp/") == address


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("/dir/", "https://mihon.example.jp/dir/1.pdf"),
        ("https://files.example.jp/x/y.html", "https://files.example.jp/x/1.pdf"),
        ("http://[", "https://mihon.example.jp/1.pdf"),
        ("", "https://mihon.example.jp/1.pdf"),
    ],
)
def test_links_begin_where_the_page_says(base: str, address: str) -> None:
    content = (
        f"<html><head><base href='{base}'></head><body><a href='1.pdf'>件名</a><a href='http://['>x</a></body></html>"
    )
    page = answer(content)
    links = [link_of(tag, page.url) for tag in open_page(page, "mihon", expects="a").select("a")]
    assert links == [address, None]


# Tables

COLUMNS = {"title": "件名", "published": "公告日"}
HEAD = "<tr><th>公告日</th><th>件名</th></tr>"


def rows(html: str, **options: frozenset[str]) -> list[tuple[str, str]]:
    return [
        (row.text("title"), row.text("published")) for row in find_table(parsed(html), COLUMNS, "mihon: x", **options)
    ]


def test_columns_are_found_by_their_headings_however_these_are_spelled() -> None:
    html = "<table><tr><th>公 告 日（令和）</th><th>件　名</th></tr><tr><td>4月1日</td><td>椅子</td></tr></table>"
    assert rows(html) == [("椅子", "4月1日")]


def test_a_heading_that_is_equal_comes_before_one_that_begins_so() -> None:
    html = (
        "<table><tr><th>件名（英語）</th><th>件名</th><th>公告日</th></tr>"
        "<tr><td>Chairs</td><td>椅子</td><td>4/1</td></tr></table>"
    )
    assert rows(html) == [("椅子", "4/1")]


def test_a_cell_that_spans_rows_stands_in_each_of_them() -> None:
    html = (
        "<table><tr><th>公告日</th><th>件名</th></tr>"
        "<tr><td rowspan='2'>4/1</td><td>椅子</td></tr><tr><td>机</td></tr></table>"
    )
    assert rows(html) == [("椅子", "4/1"), ("机", "4/1")]


def test_a_remark_across_the_table_and_the_headings_once_more_are_no_rows() -> None:
    html = f"<table>{HEAD}<tr><td colspan='2'>物品</td></tr><tr><td>4/1</td><td>椅子</td></tr>{HEAD}</table>"
    assert rows(html) == [("椅子", "4/1")]


def test_a_cell_that_spans_rows_ends_with_them_even_where_a_row_is_short() -> None:
    html = (
        "<table><tr><th>件名</th><th>担当</th><th>公告日</th></tr>"
        "<tr><td>椅子</td><td>課</td><td rowspan='2'>4/1</td></tr><tr><td>机</td></tr>"
        "<tr><td>棚</td><td>課</td><td>4/2</td></tr></table>"
    )
    assert rows(html) == [("椅子", "4/1"), ("机", "4/1"), ("棚", "4/2")]


def test_a_cell_spans_no_rows_of_another_part_of_the_table() -> None:
    part = "<tbody><tr><td rowspan='9'>4/{0}</td><td>机{0}</td></tr></tbody>"
    assert rows(f"<table>{HEAD}{part.format(1)}{part.format(2)}</table>") == [("机1", "4/1"), ("机2", "4/2")]


def test_headings_may_take_two_rows() -> None:
    html = (
        "<table><thead><tr><th rowspan='2'>公告日</th><th rowspan='2'>件名</th><th colspan='2'>期限</th></tr>"
        "<tr><th>申請</th><th>入札</th></tr></thead><tr><td>4/1</td><td>椅子</td><td>4/8</td><td>4/15</td></tr></table>"
    )
    assert rows(html) == [("椅子", "4/1")]
    (found,) = find_table(parsed(html), {**COLUMNS, "deadline": "入札"}, "mihon: x")
    assert (found.text("title"), found.text("deadline")) == ("椅子", "4/15")


def test_the_rows_of_every_table_with_the_headings_are_read() -> None:
    html = (
        f"<table>{HEAD}<tr><td>4/1</td><td>椅子</td></tr></table><table><tr><td>人数</td></tr></table>"
        "<table><tr><th>件名</th><th>公告日</th></tr><tr><td>橋</td><td>4/2</td></tr></table>"
    )
    assert rows(html) == [("椅子", "4/1"), ("橋", "4/2")]


def test_a_cell_may_hold_a_table() -> None:
    inner = "<table><tr><td>仕様書</td></tr></table>"
    assert rows(f"<table>{HEAD}<tr><td>4/1</td><td>椅子{inner}</td></tr></table>") == [("椅子 仕様書", "4/1")]


@pytest.mark.parametrize("span", ["9" * 5000, "99999999", "0", "-1", "二", "2.5", "２"])
def test_a_cell_that_spans_absurdly_much_is_read_all_the_same(span: str) -> None:
    html = f"<table>{HEAD}<tr><td rowspan='{span}'>4/1</td><td colspan='{span}'>椅子</td></tr></table>"
    assert rows(html) == [("椅子", "4/1")]


def test_a_cell_of_any_table_may_be_a_heading() -> None:
    document = parsed("<table><tr><td>公 告 日</td></tr></table><p>件名</p>")
    assert has_heading(document, ["公告日"])
    assert not has_heading(document, ["件名", "公告"])


def test_tables_that_are_only_there_for_the_layout_are_passed_over() -> None:
    inner = "<table><tr><th>公告日</th><th>件名</th></tr><tr><td>4/1</td><td>椅子</td></tr></table>"
    assert rows(f"<table><tr><td>件名</td><td>公告日</td></tr><tr><td>{inner}</td></tr></table>") == [("椅子", "4/1")]


def test_a_table_without_a_column_is_named_with_what_it_lacks() -> None:
    html = "<table><tr><th>公示日</th><th>件名</th></tr></table>"
    with pytest.raises(SourceChanged, match="mihon: x: no table has the columns 公告日;"):
        rows(html)
    assert rows(html, optional=frozenset({"published"})) == []
    with pytest.raises(SourceChanged, match="件名, 公告日"):
        rows("<p>件名 公告日</p>")


# What stands beside an item


def stands_beside(html: str) -> list[tuple[str, str]]:
    items = parsed(html).select("a.item")
    return Beside(items)(items[0])


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<li>4月1日 <a class=item>4月の椅子</a> 新着<!-- x --></li>", [("", "4月1日 新着")]),
        ("<p><span>4月1日</span><a class=item>椅子</a></p>", [("", "4月1日")]),
        ("<dl><dt>4月1日</dt><dd><a class=item>椅子</a></dd><dt>5月1日</dt></dl>", [("", "4月1日")]),
        ("<dl><dt>4月1日</dt><dd>注</dd><dd><a class=item>椅子</a></dd></dl>", []),
        (
            (
                "<table><tr><th>公告日</th><th>件名</th><th>締切</th></tr>"
                "<tr><td>4/1</td><td><a class=item>椅子</a>※</td><td>5/1</td></tr></table>"
            ),
            [("公告日", "4/1"), ("件名", "※"), ("締切", "5/1")],
        ),
        ("<table><tr><td>4/1</td><td><a class=item>椅子</a></td></tr></table>", [("", "4/1")]),
        ("<table><tr><td>4/1</td><td><p><a class=item>椅子</a></p></td></tr></table>", [("", "4/1")]),
        ("<ul><li>4/1<p><a class=item>椅子</a></p></li><li><a class=item>机</a></li></ul>", [("", "4/1")]),
        ("<li>4月1日 <a class=item>椅子</a><a class=item>机</a></li>", []),
        ("<div>4月1日 <a class=item>椅子</a></div>", []),
    ],
)
def test_what_stands_beside_an_item_is_that_of_its_own_row(html: str, found: list[tuple[str, str]]) -> None:
    assert stands_beside(html) == found


# Whether a text is about a title

TITLE = "令和8年度「見本海域の地盤調査」に係る委託先の公募について（情報更新）"


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (f"ホーム\n{TITLE}\n1. 目的", True),
        ("令和８年度　「見本海域の\n地盤調査」に係る委託先の公募について", True),
        ("ただいまメンテナンス中です。しばらくお待ちください。", False),
        ("お探しのページは見つかりません。令和8年度の公募について", False),
    ],
)
def test_a_page_is_of_a_notice_if_it_holds_most_of_its_title(text: str, about: bool) -> None:
    assert holds(text, TITLE) is about


@pytest.mark.parametrize("title", ["机", "椅子"])
def test_a_title_of_one_or_two_characters_can_be_held(title: str) -> None:
    assert holds(f"{title}の購入", title)
    assert not holds("公告", title)
