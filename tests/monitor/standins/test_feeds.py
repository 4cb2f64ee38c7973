"""Feeds made from records are what feed readers take for RSS 1.0 and RSS 2.0."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest

from monitor.serving import serve
from monitor.standins.server import Switchboard, app
from monitor.standins.ur import PORTAL

PRESS = "/www.metro.tokyo.lg.jp/rss/index.rdf"
HEAD_OFFICE = "/www.ur-net.go.jp/orders/honsha/order.xml"
RECORDS = [
    {
        "url": "https://example.jp/1?a=1&b=2",
        "title": "見本 R&D <一式>",
        "published": "2026-06-10",
        "body": "物品 & 役務",
    },
    {"url": "https://example.jp/2", "title": "新しい方", "published": "2026-06-12"},
    {"url": "https://example.jp/3", "title": "日のない方"},
]


class Feeds:
    def __init__(self, client: httpx.Client, board: Switchboard) -> None:
        self.client, self.board = client, board

    def read(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.headers["content-type"] == "application/xml; charset=UTF-8"
        read = feedparser.parse(answer.content)
        assert not read.bozo
        return read


@pytest.fixture
def over(tmp_path: Path) -> Iterator[Callable[[list[dict[str, str]]], Feeds]]:
    """Serves records as both portals."""
    with ExitStack() as served:

        def serving(records: list[dict[str, str]]) -> Feeds:
            for slug in ("tokyo_press", "ur"):
                (tmp_path / slug).mkdir()
                lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
                (tmp_path / slug / "notices.jsonl").write_text(lines, "utf-8")
            board = Switchboard()
            base = served.enter_context(serve(app(tmp_path, board)))
            return Feeds(served.enter_context(httpx.Client(base_url=base, trust_env=False)), board)

        yield serving


Over = Callable[[list[dict[str, str]]], Feeds]


@pytest.mark.parametrize(("path", "version"), [(PRESS, "rss10"), (HEAD_OFFICE, "rss20")])
def test_a_feed_has_all_records_the_newest_first(over: Over, path: str, version: str) -> None:
    read = over(RECORDS).read(path)
    assert read.version == version
    assert [entry.title for entry in read.entries] == ["新しい方", "見本 R&D <一式>", "日のない方"]
    assert [entry.link for entry in read.entries] == [RECORDS[place]["url"] for place in (1, 0, 2)]


def test_rss_1_has_the_day_as_it_is_and_rss_2_its_midnight_in_japan(over: Over) -> None:
    feeds = over(RECORDS)
    assert [entry.get("updated") for entry in feeds.read(PRESS).entries] == ["2026-06-12", "2026-06-10", None]
    assert [entry.get("published") for entry in feeds.read(HEAD_OFFICE).entries] == [
        "Fri, 12 Jun 2026 00:00:00 +0900",
        "Wed, 10 Jun 2026 00:00:00 +0900",
        None,
    ]


def test_characters_that_no_xml_may_hold_are_left_out(over: Over) -> None:
    feeds = over([{"url": "https://example.jp/1", "title": "見本\x01の\x0b業務\x00", "body": "本\x1f文"}])
    for path in (PRESS, HEAD_OFFICE):
        assert [entry.title for entry in feeds.read(path).entries] == ["見本の業務"]


def test_only_the_feeds_that_have_texts_give_them(over: Over) -> None:
    feeds = over(RECORDS)
    assert [entry.get("summary") for entry in feeds.read(HEAD_OFFICE).entries] == [None, "物品 & 役務", None]
    assert "summary" not in feeds.read(PRESS).entries[1]


def test_a_record_is_in_the_feed_of_the_office_in_its_address(over: Over) -> None:
    record = {"url": "https://www.ur-net.go.jp/orders/west/mihon_01.html", "title": "見本団地"}
    feeds = over([record])
    assert [entry.title for entry in feeds.read(HEAD_OFFICE.replace("honsha", "west")).entries] == ["見本団地"]
    assert feeds.read(HEAD_OFFICE).entries == []
    assert feeds.client.get(HEAD_OFFICE.replace("honsha", "nowhere")).status_code == 404


@pytest.mark.parametrize("path", [PRESS, HEAD_OFFICE])
def test_the_switches_of_a_feed(over: Over, path: str) -> None:
    feeds = over(RECORDS)
    feeds.board.turn(cap=2)
    assert len(feeds.read(path).entries) == 2
    feeds.board.turn(cap=None, duplicate_rows=True)
    assert [entry.title for entry in feeds.read(path).entries][:2] == ["新しい方", "新しい方"]
    feeds.board.turn(duplicate_rows=False, empty=True)
    assert feeds.read(path).entries == []
    feeds.board.turn(empty=False, error_body="アクセスが集中しています")
    answer = feeds.client.get(path)
    assert "アクセスが集中しています" in answer.text
    assert not feedparser.parse(answer.content).version


@pytest.mark.parametrize("path", [PRESS, HEAD_OFFICE])
def test_a_portal_without_records_has_a_sound_feed_without_entries(tmp_path: Path, path: str) -> None:
    with serve(app(tmp_path)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        assert Feeds(client, Switchboard()).read(path).entries == []


def test_a_day_that_is_none_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "notices.jsonl").write_text('{"url": "u", "title": "t", "published": "2026-13-01"}\n', "utf-8")
    with pytest.raises(ValueError, match="record 1: 2026-13-01 is no day"):
        list(PORTAL.days(tmp_path))
    (tmp_path / "notices.jsonl").write_text('{"url": "u", "title": "t", "published": "2026-12-01"}\n', "utf-8")
    assert list(PORTAL.days(tmp_path)) == [date(2026, 12, 1)]
