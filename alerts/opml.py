"""The list of all feeds as OPML 2.0 (http://opml.org/spec2.opml): feed readers import it in one step."""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from alerts.entries import plain

MEDIA_TYPE = "text/x-opml"


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed on the list."""

    title: str
    description: str
    feed_url: str
    page_url: str


def opml(title: str, feeds: Sequence[Listed], *, owner_url: str, language: str) -> bytes:
    """The list, with the feeds in their order. Whatever form a feed has, OPML calls it ``rss``."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = plain(title)
    etree.SubElement(head, "ownerId").text = owner_url
    body = etree.SubElement(root, "body")
    for feed in feeds:
        about = {
            "type": "rss",
            "text": plain(feed.title),
            "title": plain(feed.title),
            "description": plain(feed.description),
            "language": language,
            "xmlUrl": feed.feed_url,
            "htmlUrl": feed.page_url,
        }
        etree.SubElement(body, "outline", about)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
