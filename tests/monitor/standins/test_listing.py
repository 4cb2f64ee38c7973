"""Pages of agencies made from records: what a record lacks is left out, and every address is exact."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup

from monitor.serving import serve
from monitor.standins import listing, server
from monitor.standins.listing import Listing, era, iso, slashes, western
from monitor.standins.server import Portal, Switchboard, app

HOSTS = ("a.example.jp", "b.example.jp")
RECORDS = [
    {
        "url": "https://a.example.jp/n/1.html",
        "title": "椅子 <100脚>",
        "published": "2026-06-09",
        "body": "秋まで\n& 以上",
    },
    {"url": "http://b.example.jp/n/1.html", "title": "机", "category": "物品", "organization": "見本局"},
    {"url": "https://a.example.jp/n?id=3", "title": "棚", "deadline": "2026-07-01", "category": "unknown"},
    {"url": "https://a.example.jp/list", "title": "自分のページがない件"},
]
LISTS = [
    Listing("https://a.example.jp/list", "一覧"),
    Listing(
        "https://a.example.jp/table",
        "表",
        holds=lambda record: listing.says(record, "物品", "椅子"),
        columns={"公告日": listing.day(era), "件名": listing.link, "機関": listing.stated("organization")},
    ),
    Listing("https://b.example.jp/own", "独自", show=lambda records: f"<p>{len(records)}件</p>", at_most=3),
]


@pytest.fixture
def board() -> Switchboard:
    return Switchboard()


@pytest.fixture
def client(tmp_path: Path, board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    portal = Portal(
        HOSTS, ("mihon",), "mihon", lambda folder: listing.site(listing.read(folder), LISTS), listing.days
    )
    monkeypatch.setattr(server, "portals", lambda: {"mihon": portal})
    write(tmp_path, RECORDS)
    with serve(app(tmp_path, board)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield client


def write(data: Path, records: list[dict[str, Any]]) -> Path:
    folder = data / "mihon"
    folder.mkdir()
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    (folder / "notices.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def page(client: httpx.Client, path: str) -> BeautifulSoup:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return BeautifulSoup(answer.content, "lxml")


def cells(document: BeautifulSoup) -> list[list[str]]:
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in document.find_all("tr")]


def test_a_list_has_an_item_for_each_record_with_its_day_where_it_has_one(client: httpx.Client) -> None:
    items = page(client, "/a.example.jp/list").select("#main li")
    assert [item.get_text() for item in items] == ["2026年6月9日 椅子 <100脚>", "机", "棚", "自分のページがない件"]
    assert [item.a["href"] for item in items if item.a] == [record["url"] for record in RECORDS]


def test_a_table_has_the_columns_that_were_asked_for(client: httpx.Client) -> None:
    assert cells(page(client, "/a.example.jp/table")) == [
        ["公告日", "件名", "機関"],
        ["令和8年6月9日", "椅子 <100脚>", ""],
        ["", "机", "見本局"],
    ]


def test_a_notice_is_at_its_own_address_with_what_its_record_has(client: httpx.Client) -> None:
    first = page(client, "/a.example.jp/n/1.html")
    assert first.select_one("h1").get_text() == "椅子 <100脚>"  # type: ignore[union-attr]
    assert [tag.get_text() for tag in first.select("dt, dd")] == ["掲載日", "2026年6月9日"]
    assert str(first.select_one("#main p")) == "<p>秋まで<br/>&amp; 以上</p>"
    other = page(client, "/b.example.jp/n/1.html")
    assert [tag.get_text() for tag in other.select("dt, dd")] == ["担当", "見本局", "区分", "物品"]
    third = page(client, "/a.example.jp/n?id=3")
    assert [tag.get_text() for tag in third.select("dt, dd")] == ["締切", "2026年7月1日"]


@pytest.mark.parametrize(
    "path", ["/a.example.jp/n/2.html", "/a.example.jp/n?id=4", "/a.example.jp/", "/b.example.jp/list"]
)
def test_any_other_address_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_list_may_have_a_form_of_its_own(client: httpx.Client) -> None:
    assert page(client, "/b.example.jp/own").select_one("#main p").get_text() == "3件"  # type: ignore[union-attr]
    assert page(client, "/b.example.jp/own?page=2").select_one("#main p").get_text() == "1件"  # type: ignore[union-attr]


def test_with_a_cap_a_list_goes_on_over_pages(client: httpx.Client, board: Switchboard) -> None:
    board.turn(cap=3)
    titles, path = [], "/a.example.jp/list"
    while path:
        document = page(client, path)
        titles += [tag.get_text() for tag in document.select("#main li a")]
        more = document.select_one('a[rel="next"]')
        path = f"/a.example.jp/list{more['href']}" if more else ""
    assert titles == [record["title"] for record in RECORDS]


def test_an_empty_list_says_so(client: httpx.Client, board: Switchboard) -> None:
    board.turn(empty=True)
    for path in ("list", "table"):
        document = page(client, f"/a.example.jp/{path}")
        assert "現在、公告中の案件はありません。" in document.get_text()
        assert not document.select("#main li, tr")


def test_the_first_row_can_come_twice_and_an_error_be_told(client: httpx.Client, board: Switchboard) -> None:
    board.turn(duplicate_rows=True)
    assert len(page(client, "/a.example.jp/list").select("#main li")) == 5
    board.turn(error_body="システムエラー")
    for path in ("list", "n/1.html"):
        assert "システムエラー" in page(client, f"/a.example.jp/{path}").get_text()


def test_days_are_those_of_the_records_that_state_one(tmp_path: Path) -> None:
    assert list(listing.days(tmp_path)) == []
    assert list(listing.days(write(tmp_path, RECORDS))) == [date(2026, 6, 9)]


def test_a_record_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, [{"url": "https://a.example.jp/1", "title": "椅子", "published": "昨日"}])
    with pytest.raises(ValueError, match=r"record 1: 昨日 is no day; write published as 2026-04-01"):
        list(listing.days(folder))
    with pytest.raises(ValueError, match=r"record 1: 昨日 is no day"):
        listing.read(folder)
    for wrong, told in (
        ('"deadline": "未定"', "未定 is no day; write deadline as 2026-04-01"),
        ('"url": "http://["', r"http://\[ is no address; write url as https://www.example.jp/1.html"),
    ):
        line = f'{{"url": "https://a.example.jp/1", "title": "椅子", {wrong}}}'
        (folder / "notices.jsonl").write_text(line, encoding="utf-8")
        with pytest.raises(ValueError, match=f"record 1: {told}"):
            listing.read(folder)
    (folder / "notices.jsonl").write_text('{"url": "https://a.example.jp/1"}', encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: lacks title"):
        listing.read(folder)


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2026, 4, 1), ("2026-04-01", "2026/04/01", "2026年4月1日", "令和8年4月1日")),
        (date(2019, 5, 1), ("2019-05-01", "2019/05/01", "2019年5月1日", "令和元年5月1日")),
        (date(2019, 4, 30), ("2019-04-30", "2019/04/30", "2019年4月30日", "平成31年4月30日")),
        (date(1989, 1, 7), ("1989-01-07", "1989/01/07", "1989年1月7日", "昭和64年1月7日")),
        (date(1926, 12, 24), ("1926-12-24", "1926/12/24", "1926年12月24日", "1926年12月24日")),
    ],
)
def test_a_day_is_written_in_four_forms(day: date, written: tuple[str, ...]) -> None:
    assert tuple(form(day) for form in (iso, slashes, western, era)) == written
