"""Feeds as JSON: what JSON Feed 1.1 demands of a feed and of its items, read as any program would."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from alerts.feeds import Feed, FeedForm, render
from alerts.site import Site
from db.card import Card
from db.feeding import News
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import AreaScore
from db.vocabulary.tender import TenderSource
from monitor.i18n import language

NOW = datetime(2026, 9, 1, 3, 4, 5, tzinfo=UTC)
SITE = Site("Tender Monitor", "https://tenders.example.org", "example.org,2026", "desk@example.org")
FEED = Feed(
    name="all",
    title="All tenders",
    description="Newest first",
    page_url="https://tenders.example.org/",
    self_url="https://tenders.example.org/feeds/all.json",
    updated=NOW,
)
CARD = Card(
    id=UUID(int=1),
    title="蓄電池設備の購入",
    title_en="Purchase of storage batteries",
    buyer="環境省",
    buyer_en=None,
    prefecture=None,
    city=None,
    category=None,
    kind=NoticeKind.TENDER,
    method=None,
    status=None,
    published=date(2026, 8, 28),
    deadline=None,
    response_deadline=None,
    areas=(AreaScore("renewables", 1.4, ()),),
    sources=(
        TenderSource("kkj", "1", "https://example.org/公告", NoticeKind.TENDER, date(2026, 8, 28), UUID(int=9)),
        TenderSource("jetro", "2", "https://example.org/2", NoticeKind.TENDER, date(2026, 8, 28), UUID(int=8)),
    ),
    first_seen_at=NOW,
    updated_at=NOW,
    sequence=1,
)


def read(*shown: Card, feed: Feed = FEED) -> Any:
    document = render(
        feed,
        [News(one, one.updated_at) for one in shown],
        form=FeedForm.JSON,
        site=SITE,
        language=language("en"),
        area_names={"renewables": "Renewable energy"},
        sources={},
        stylesheet="/static/feed.css",
    )
    return json.loads(document)


def test_a_feed_says_what_it_is_where_it_is_and_in_which_language() -> None:
    assert FeedForm.JSON.media_type == "application/feed+json"
    found = read()
    assert found.pop("user_comment").endswith(SITE.feeds_url())
    assert found == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "All tenders",
        "home_page_url": FEED.page_url,
        "feed_url": FEED.self_url,
        "description": "Newest first",
        "authors": [{"name": "Tender Monitor", "url": "https://tenders.example.org/"}],
        "language": "en",
        "items": [],
    }


def test_an_item_is_the_entry_of_the_other_forms() -> None:
    (item,) = read(CARD)["items"]
    assert item.pop("content_html").startswith("<p>")
    assert item == {
        "id": "tag:example.org,2026:tender/00000000-0000-0000-0000-000000000001",
        "url": SITE.tender_url(CARD.id),
        "external_url": "https://example.org/%E5%85%AC%E5%91%8A",
        "title": "Purchase of storage batteries · 蓄電池設備の購入",
        "summary": "Deadline: see the notice · 環境省",
        "date_published": "2026-09-01T12:04:05+09:00",
        "date_modified": "2026-09-01T12:04:05+09:00",
        "tags": ["Renewable energy"],
    }


def test_what_an_item_does_not_have_is_left_out() -> None:
    (item,) = read(replace(CARD, areas=(), sources=()))["items"]
    assert {"external_url", "tags"}.isdisjoint(item)


def test_the_next_page_is_the_one_of_the_archive() -> None:
    older = "https://tenders.example.org/feeds/all/2026-08/3.json"
    assert read(feed=replace(FEED, older_url=older))["next_url"] == older


@pytest.mark.parametrize("title", ["]]> \u2028 </script>", "🚃と𠮷野家", 'a "quoted" \\ one', "蓄\x00電\ud800池"])
def test_no_title_does_harm(title: str) -> None:
    (item,) = read(replace(CARD, title=title, title_en=None))["items"]
    assert item["title"] == title.replace("\x00", "").replace("\ud800", "")
