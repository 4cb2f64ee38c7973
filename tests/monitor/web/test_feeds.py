"""Feeds over HTTP: the page that lists them, the feeds of areas, buyers and saved searches, and how they travel."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import feedparser
import pytest
from lxml import etree
from sqlmodel import Session

from db import deliveries, subscribers
from db.deliveries import NewMatch
from db.subscriber import SavedSearch

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

HOME = "https://monitor.example.org"
NEWSBOAT = shutil.which("newsboat")


def saved(web: "Web", name: str = "Hydrogen", query: str = "水素") -> SavedSearch:
    """A saved search, without any finds yet."""

    def work(session: Session) -> SavedSearch:
        owner = subscribers.add(session, "anna@example.org", now=web.now)
        return subscribers.save_search(session, owner, name, query, now=web.now)

    return web.database.write(work)


def found(web: "Web", search: SavedSearch, *tenders: UUID) -> None:
    new = [NewMatch(search.id, id, 1, ("水素",), waiting=False) for id in tenders]
    web.database.write(lambda session: deliveries.add_matches(session, new, now=web.now))


def read(web: "Web", path: str, **params: str) -> Any:
    answer = web.get(path, None, **params)
    assert answer.status_code == 200, answer.text
    feed = feedparser.parse(answer.content)
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def here(address: str) -> str:
    return address.removeprefix(HOME)


# The page -------------------------------------------------------------------------------------------------


def test_the_page_lists_every_public_feed_in_every_form(web: "Web") -> None:
    addresses = [str(link["href"]) for link in web.page("/feeds").select(".forms a")]
    assert addresses[:3] == [f"{HOME}/feeds/all.{form}" for form in ("atom", "rss", "json")]
    assert len(addresses) == 3 + 3 * len(web.context.areas)
    for address in addresses:
        assert web.get(here(address)).status_code == 200
    assert str(web.page("/feeds", lang="ja").select(".forms a")[0]["href"]).endswith("all.atom?lang=ja")


def test_the_page_shows_the_address_that_is_to_be_copied(web: "Web") -> None:
    assert web.page("/feeds").select(".address")[0].get_text(strip=True) == f"{HOME}/feeds/all.atom"


def test_the_page_says_where_ones_own_feed_is_and_that_whoever_has_the_address_can_read_it(web: "Web") -> None:
    own = web.page("/feeds").select("section[aria-labelledby=own]")[0]
    assert "whoever has one can read what it leads to" in own.get_text()
    assert "calendar" in own.get_text()
    assert [link["href"] for link in own.select("a")] == ["/subscribe"]


def test_the_page_finds_the_feed_of_a_buyer_by_its_name(web: "Web") -> None:
    web.keep(web.notice(buyer="例示県　環境課"))
    section = web.page("/feeds", buyer=" 例示県環境課 ").select("section[aria-labelledby=buyers]")[0]
    assert section.select("h3")[0].get_text() == "例示県　環境課"
    address = str(section.select(".forms a")[0]["href"])
    assert address == f"{HOME}/feeds/buyer/{quote('例示県環境課')}.atom"
    assert len(read(web, here(address)).entries) == 1
    unknown = web.page("/feeds", buyer="例示市").select("section[aria-labelledby=buyers]")[0]
    assert not unknown.select("h3")
    assert unknown.select(".notice a")[0]["href"] == f"/?q={quote('buyer:例示市')}"


def test_all_feeds_are_in_one_file_that_readers_import(web: "Web") -> None:
    answer = web.get("/feeds.opml", lang="ja")
    assert answer.headers["content-type"] == "text/x-opml; charset=utf-8"
    assert 'filename="feeds.opml"' in answer.headers["content-disposition"]
    addresses = [one.get("xmlUrl") or "" for one in etree.fromstring(answer.content).iter("outline")]
    assert len(addresses) == 1 + len(web.context.areas)
    for address in addresses:
        assert read(web, here(address)).feed.language == "ja"
    assert web.get("/feeds.opml", {"if-none-match": web.get("/feeds.opml").headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/", "/?area=renewables", "/?area=renewables&lang=ja", "/?q=(", "/?q=水素&page=2"])
def test_every_list_announces_its_feeds_in_every_form(calm: "Web", path: str) -> None:
    links = calm.page(path).select("link[rel=alternate][type]")
    assert [str(link["type"]) for link in links[:3]] == [
        "application/atom+xml",
        "application/rss+xml",
        "application/feed+json",
    ]
    for link in links:
        answer = calm.get(here(str(link["href"])))
        assert answer.headers["content-type"] == f"{link['type']}; charset=utf-8"


# How feeds travel -----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/nothing.rss",
        "/feeds/all.xml",
        "/feeds/all",
        "/feeds/.rss",
        "/feeds/buyer:例示県.rss",
        "/feeds/buyer/例示市.rss",
        "/feeds/buyer/.rss",
        "/feeds/buyer/%00.rss",
        "/feeds/buyer/" + "購" * 400 + ".rss",
        "/feeds/s/unknown.rss",
        "/feeds/s/%00.rss",
        "/feeds/all/2026-11/1.rss",
        "/feeds/all/2026-13/1.rss",
        "/feeds/all/9999-12/1.rss",
        "/feeds/all/2026-11/0.rss",
        "/feeds/all/2026-11/-1.rss",
        "/feeds/all/2026-11/99999999999999999999.rss",
    ],
)
def test_a_feed_that_there_is_not_is_not_found(web: "Web", path: str) -> None:
    web.page(path, 404)


def test_feeds_of_the_demonstration_say_so(serving: "Callable[..., Web]") -> None:
    read = feedparser.parse(serving(illustrative=True).get("/feeds/all.rss").content)
    assert read.feed.title == "Tender Monitor: all tenders (illustrative data)"


def test_a_feed_as_json_has_the_same_entries(web: "Web") -> None:
    web.many(12)
    answer = web.get("/feeds/all.json")
    assert answer.headers["content-type"] == "application/feed+json; charset=utf-8"
    items = json.loads(answer.content)["items"]
    assert [one["id"] for one in items] == [one.id for one in read(web, "/feeds/all.atom").entries]
    assert [one["id"] for one in items] == [one.id for one in read(web, "/feeds/all.rss").entries]


@pytest.mark.parametrize(
    ("accept", "sent"),
    [
        ("*/*", "application/atom+xml"),
        ("application/atom+xml, application/rss+xml, text/html, */*;q=0.9", "application/atom+xml"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/xml"),
    ],
)
def test_a_browser_is_sent_xml_that_it_shows_and_a_feed_reader_what_a_feed_is(
    web: "Web", accept: str, sent: str
) -> None:
    answer = web.get("/feeds/all.atom", {"accept": accept})
    assert answer.headers["content-type"] == f"{sent}; charset=utf-8"
    assert "Accept" in [one.strip() for one in answer.headers["vary"].split(",")]


def test_what_a_browser_is_shown_may_be_loaded_under_the_policy_of_the_site(web: "Web") -> None:
    answer = web.get("/feeds/all.rss")
    sheet = etree.fromstring(answer.content).getprevious()
    assert isinstance(sheet, etree._ProcessingInstruction)
    assert "style-src 'self'" in answer.headers["content-security-policy"]
    address = sheet.get("href") or ""
    assert address.startswith("/static/feed.css?v=")
    assert web.get(address).headers["content-type"] == "text/css; charset=utf-8"


# Buyers ---------------------------------------------------------------------------------------------------


def test_a_buyer_has_one_feed_however_its_name_is_spelled(web: "Web") -> None:
    ids = [
        web.keep(web.notice(key="1", buyer="例示県 ＩＣＴ課"), at=web.now - timedelta(hours=2)),
        web.keep(
            web.notice(key="2", title="太陽光発電設備の購入", buyer="例示県ICT課"), at=web.now - timedelta(hours=1)
        ),
    ]
    web.keep(web.notice(key="3", title="庁舎の改修工事", buyer="例示県"))
    address = web.context.site.buyer_feed_url("例示県　ICT課", "atom")
    assert address == f"{HOME}/feeds/buyer/{quote('例示県ict課')}.atom"
    feed = read(web, here(address))
    assert [one.link.rpartition("/")[2] for one in feed.entries] == [str(id) for id in reversed(ids)]
    assert feed.feed.title == "Tender Monitor: 例示県 ＩＣＴ課"
    other = read(web, f"/feeds/buyer/{quote('例示県 ＩＣＴ課')}.atom")
    assert other.feed.links == feed.feed.links
    assert other.feed.id == feed.feed.id == f"tag:example.org,2026:feed/buyer/{quote('例示県ict課')}"
    assert web.page(here(feed.feed.link)).select(".tenders > li"), "the page of the spelling that is shown"


@pytest.mark.parametrize("buyer", ["例示県/環境課", "R&D <1> ?x#y", "a.b.rss", "2026-11/1"])
def test_whatever_a_buyer_is_called_its_feed_has_an_address(web: "Web", buyer: str) -> None:
    web.keep(web.notice(buyer=buyer))
    assert len(read(web, here(web.context.site.buyer_feed_url(buyer, "rss"))).entries) == 1


# Saved searches -------------------------------------------------------------------------------------------


def test_a_saved_search_has_a_feed_that_is_empty_before_it_finds_anything(web: "Web") -> None:
    web.keep(web.notice())
    search = saved(web)
    for form in ("rss", "atom"):
        feed = read(web, f"/feeds/s/{search.feed_token}.{form}")
        assert feed.entries == []
        assert feed.feed.title == "Tender Monitor: Hydrogen"
        assert feed.feed.updated_parsed[:4] == (2026, 11, 23, 0), "the moment at which it began"


def test_the_feed_of_a_saved_search_has_what_it_found_told_by_mail_or_not(web: "Web") -> None:
    id = web.keep(web.notice(key="1"), at=web.now - timedelta(hours=2))
    web.keep(web.notice(key="2", title="封筒の購入"))
    search = saved(web)
    found(web, search, id)
    feed = read(web, f"/feeds/s/{search.feed_token}.atom")
    assert [one.link for one in feed.entries] == [f"{HOME}/tenders/{id}"]
    assert feed.feed.link == f"{HOME}/?q={quote('水素')}"


def test_the_feed_of_a_saved_search_is_kept_out_of_caches_and_indexes_and_says_nothing_of_its_secret(
    web: "Web",
) -> None:
    search = saved(web)
    answer = web.get(f"/feeds/s/{search.feed_token}.rss")
    assert answer.headers["cache-control"] == "private, max-age=900"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["referrer-policy"] == "no-referrer"
    feed = feedparser.parse(web.get(f"/feeds/s/{search.feed_token}.atom").content).feed
    assert search.feed_token not in feed.id
    assert web.get(f"/feeds/s/{search.feed_token}.rss", {"if-none-match": answer.headers["etag"]}).status_code == 304


def test_after_its_owner_has_unsubscribed_a_feed_is_gone_and_says_why(web: "Web") -> None:
    search = saved(web)

    def leave(session: Session) -> None:
        owner = subscribers.by_email(session, "anna@example.org")
        assert owner is not None
        subscribers.unsubscribe(session, owner.token, now=web.now)

    web.database.write(leave)
    answer = web.get(f"/feeds/s/{search.feed_token}.atom")
    assert (answer.status_code, answer.text) == (410, "Its owner has unsubscribed; please remove this feed.")
    assert answer.headers["x-robots-tag"] == "noindex"


def test_a_search_that_nobody_has_confirmed_has_no_feed(web: "Web") -> None:
    search = saved(web)

    def undo(session: Session) -> None:
        one = session.get_one(SavedSearch, search.id)
        one.confirmed_at = None
        session.add(one)

    web.database.write(undo)
    web.page(f"/feeds/s/{search.feed_token}.atom", 404)


# The archive ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_a_program_reaches_all_that_there_was_by_the_links_of_the_archive(web: "Web", form: str) -> None:
    web.many(230)
    path, reached, pages = f"/feeds/all.{form}?lang=ja", set[str](), []
    while path:
        feed = read(web, path)
        reached |= {entry.id for entry in feed.entries}
        links = {link.rel: link.href for link in feed.feed.links}
        assert links["self"] == HOME + path
        pages.append((path, links.get("current")))
        path = here(links.get("prev-archive", ""))
    assert len(reached) == 230
    assert pages == [
        (f"/feeds/all.{form}?lang=ja", None),
        (f"/feeds/all/2026-11/2.{form}?lang=ja", f"{HOME}/feeds/all.{form}?lang=ja"),
        (f"/feeds/all/2026-11/1.{form}?lang=ja", f"{HOME}/feeds/all.{form}?lang=ja"),
    ]


def test_json_goes_on_from_page_to_page(web: "Web") -> None:
    web.many(230)
    address, reached = f"{HOME}/feeds/all.json", set[str]()
    while address:
        document = json.loads(web.get(here(address)).content)
        reached |= {item["id"] for item in document["items"]}
        address = document.get("next_url", "")
    assert len(reached) == 230


def test_a_page_of_the_archive_may_be_kept_longer(web: "Web") -> None:
    web.many(101)
    answer = web.get("/feeds/all/2026-11/1.atom")
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert web.get("/feeds/all/2026-11/1.atom", {"if-none-match": answer.headers["etag"]}).status_code == 304
    assert web.client.head("/feeds/all/2026-11/1.atom").status_code == 200


def test_the_archive_of_a_saved_search_is_as_private_as_its_feed(web: "Web") -> None:
    web.many(120)
    search = saved(web)
    ids = [UUID(str(one["id"]).rpartition("/")[2]) for one in json.loads(web.get("/feeds/all.json").content)["items"]]
    found(web, search, *ids)
    answer = web.get(f"/feeds/s/{search.feed_token}/2026-11/1.atom")
    assert len(feedparser.parse(answer.content).entries) == 100
    assert answer.headers["cache-control"] == "private, max-age=86400"


# Other people's programs ----------------------------------------------------------------------------------


@pytest.mark.skipif(NEWSBOAT is None, reason="newsboat is not installed")
@pytest.mark.parametrize("form", ["atom", "rss"])
def test_newsboat_reads_a_feed_and_knows_each_entry_again(web: "Web", tmp_path: Path, form: str) -> None:
    assert NEWSBOAT is not None
    web.keep(web.notice(key="1", title="R&D ]]> <試験> 𠮷"), web.notice(key="2", title="🚃の購入"))
    urls, cache = tmp_path / "urls", tmp_path / "cache.db"
    urls.write_text(f"{web.base}/feeds/all.{form}?lang=ja\n", encoding="utf-8")
    for title in ("R&D ]]> <試験> 𠮷", "R&D（訂正）"):
        web.keep(web.notice(key="1", title=title))
        command = [NEWSBOAT, "-u", str(urls), "-c", str(cache), "-C", "/dev/null", "-x", "reload"]
        environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        subprocess.run(command, check=True, timeout=60, capture_output=True, env=environment)
        with sqlite3.connect(cache) as kept:
            rows = kept.execute("SELECT guid, title, content FROM rss_item").fetchall()
        assert len(rows) == 2
        assert {row[1] for row in rows} == {title, "🚃の購入"}
        assert all(row[0].startswith("tag:example.org,2026:tender/") for row in rows)
        assert all("<dl>" in row[2] for row in rows)


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_reader_reads_a_feed_and_knows_each_entry_again(web: "Web", form: str) -> None:
    library = pytest.importorskip("reader")
    web.keep(web.notice(key="1"), web.notice(key="2", title="🚃の購入"))
    with library.make_reader(":memory:") as reader:
        address = f"{web.base}/feeds/all.{form}?lang=ja"
        reader.add_feed(address)
        for title in ("水素ステーション整備工事", "水素ステーション整備工事（訂正）"):
            web.keep(web.notice(key="1", title=title), at=web.now + timedelta(minutes=len(title)))
            reader.update_feed(address)
            assert {one.title for one in reader.get_entries()} == {title, "🚃の購入"}
