"""The list of all feeds, as programs import it."""

from lxml import etree

from alerts.opml import Listed, opml

FEEDS = [
    Listed("All & everything", "Newest first", "https://example.org/feeds/all.atom", "https://example.org/"),
    Listed("蓄電池 \x00", "", "https://example.org/feeds/x.atom?lang=ja", "https://example.org/?area=x&lang=ja"),
]


def test_every_feed_is_an_outline_with_its_address_and_its_page() -> None:
    root = etree.fromstring(opml("Tender <Monitor>", FEEDS, owner_url="https://example.org/", language="ja"))
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "Tender <Monitor>"
    outlines = root.findall("body/outline")
    assert {one.get("type") for one in outlines} == {"rss"}
    assert [(one.get("text"), one.get("title")) for one in outlines] == [
        ("All & everything", "All & everything"),
        ("蓄電池", "蓄電池"),
    ]
    assert [(one.get("xmlUrl"), one.get("htmlUrl")) for one in outlines] == [
        (one.feed_url, one.page_url) for one in FEEDS
    ]


def test_the_same_feeds_give_the_same_bytes() -> None:
    first, second = (opml("Monitor", FEEDS, owner_url="https://example.org/", language="en") for _ in range(2))
    assert first == second
