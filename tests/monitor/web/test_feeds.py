"""Feeds over HTTP: the page that lists them, conditional requests, languages."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import feedparser
import pytest

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web


def test_the_page_lists_an_rss_and_an_atom_address_for_every_area(web: "Web") -> None:
    page = web.page("/feeds")
    addresses = [str(link["href"]) for link in page.select(".addresses a")]
    assert addresses[:2] == [
        "https://monitor.example.org/feeds/all.rss",
        "https://monitor.example.org/feeds/all.atom",
    ]
    assert len(addresses) == 2 + 2 * len(web.context.areas)
    for address in addresses:
        assert web.get(address.removeprefix("https://monitor.example.org")).status_code == 200
    assert str(web.page("/feeds", lang="ja").select(".addresses a")[0]["href"]).endswith("all.rss?lang=ja")


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_feed_is_sent_as_what_it_is_and_may_be_kept_a_while(web: "Web", form: str) -> None:
    id = web.keep(web.notice(title_en="Hydrogen station"))
    answer = web.get(f"/feeds/all.{form}")
    assert answer.headers["content-type"] == f"application/{form}+xml; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=900"
    read = feedparser.parse(answer.content)
    assert not read.bozo
    assert read.feed.title == "Tender Monitor: all tenders"
    assert [entry.link for entry in read.entries] == [f"https://monitor.example.org/tenders/{id}"]


def test_a_feed_of_an_area_has_its_tenders_only(web: "Web") -> None:
    id = web.keep(web.notice(key="1"), web.notice(key="2", title="封筒の購入", text=""))
    read = feedparser.parse(web.get("/feeds/renewables.rss").content)
    assert [entry.link for entry in read.entries] == [f"https://monitor.example.org/tenders/{id}"]
    assert read.feed.title == "Tender Monitor: Renewable energy"


def test_the_address_and_not_the_browser_decides_a_feeds_language(web: "Web") -> None:
    web.keep(web.notice(title_en="Hydrogen station"))
    english = web.get("/feeds/all.rss", headers={"accept-language": "ja"})
    japanese = web.get("/feeds/all.rss", lang="ja")
    assert feedparser.parse(english.content).entries[0].title == "Hydrogen station · 水素ステーション整備工事"
    assert feedparser.parse(japanese.content).entries[0].title == "水素ステーション整備工事"
    assert (english.headers["content-language"], japanese.headers["content-language"]) == ("en", "ja")


@pytest.mark.parametrize("tags", ["{tag}", "{strong}", '"other", {tag}', "*"])
def test_who_has_the_feed_already_is_not_sent_it_again(web: "Web", tags: str) -> None:
    web.keep(web.notice())
    first = web.get("/feeds/all.atom")
    tag = first.headers["etag"]
    known = tags.format(tag=tag, strong=tag.removeprefix("W/"))
    again = web.get("/feeds/all.atom", headers={"if-none-match": known})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert again.headers["cache-control"] == first.headers["cache-control"]


def test_another_tag_gets_the_feed_whatever_the_date_says(web: "Web") -> None:
    web.keep(web.notice())
    headers = {"if-none-match": '"other"', "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert web.get("/feeds/all.atom", headers=headers).status_code == 200


def test_a_feed_that_did_not_change_since_is_not_sent_again(web: "Web") -> None:
    web.keep(web.notice(), at=web.now.replace(microsecond=999))
    modified = web.get("/feeds/all.rss").headers["last-modified"]
    assert modified == "Mon, 23 Nov 2026 00:00:00 GMT"
    assert web.get("/feeds/all.rss", headers={"if-modified-since": modified}).status_code == 304
    earlier = "Sun, 22 Nov 2026 23:59:59 GMT"
    assert web.get("/feeds/all.rss", headers={"if-modified-since": earlier}).status_code == 200
    assert web.get("/feeds/all.rss", headers={"if-modified-since": "yesterday"}).status_code == 200


def test_a_change_changes_the_tag(web: "Web") -> None:
    web.keep(web.notice(), at=web.now - timedelta(days=1))
    tag = web.get("/feeds/all.rss").headers["etag"]
    web.keep(web.notice(title="水素ステーション整備工事（変更）"))
    assert web.get("/feeds/all.rss", headers={"if-none-match": tag}).status_code == 200


def test_an_empty_feed_is_the_same_whenever_it_is_asked_for(web: "Web") -> None:
    first, second = web.get("/feeds/mobility.atom"), web.get("/feeds/mobility.atom")
    assert first.content == second.content
    assert "last-modified" not in first.headers
    assert not feedparser.parse(first.content).bozo


def test_head_gives_what_get_gives_without_the_body(web: "Web") -> None:
    web.keep(web.notice())
    got, headed = web.get("/feeds/all.rss"), web.client.head("/feeds/all.rss")
    assert headed.status_code == 200
    assert headed.content == b""
    assert headed.headers["etag"] == got.headers["etag"]
    assert headed.headers["content-type"] == got.headers["content-type"]


def test_large_feeds_are_compressed_for_those_who_can_read_that(web: "Web") -> None:
    web.many(30)
    plain = web.get("/feeds/all.rss", headers={"accept-encoding": "identity"})
    packed = web.get("/feeds/all.rss", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert packed.content == plain.content
    assert packed.headers["etag"] == plain.headers["etag"]


@pytest.mark.parametrize("path", ["/feeds/nothing.rss", "/feeds/all.json", "/feeds/all", "/feeds/.rss"])
def test_a_feed_that_there_is_not_is_not_found(web: "Web", path: str) -> None:
    web.page(path, 404)


def test_feeds_of_the_demonstration_say_so(serving: "Callable[..., Web]") -> None:
    read = feedparser.parse(serving(illustrative=True).get("/feeds/all.rss").content)
    assert read.feed.title == "Tender Monitor: all tenders (illustrative data)"
