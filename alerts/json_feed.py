"""Feeds in JSON: JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/), with the entries of the XML forms.

Its next page is the newest page of the archive, which overlaps with the feed; a program knows an entry by its id.
"""

import json
from typing import Any

from alerts.entries import Document, Entry

VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(document: Document) -> bytes:
    """The feed as JSON. The format has no word for the moment of a feed, nor for a page that is newer."""
    feed = document.feed
    written: dict[str, Any] = {
        "version": VERSION,
        "title": document.title,
        "home_page_url": feed.page_url,
        "feed_url": feed.self_url,
        "description": document.description,
        "user_comment": f"{document.explanation} {document.help_url}",
        **({} if feed.older_url is None else {"next_url": feed.older_url}),
        "authors": [{"name": document.author, "url": document.author_url}],
        "language": document.language,
        "items": [_item(entry) for entry in document.entries],
    }
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.url,
        **({"external_url": next(iter(entry.via))} if entry.via else {}),
        "title": entry.title,
        "content_html": entry.content,
        "summary": entry.summary,
        "date_published": entry.published.isoformat(),
        "date_modified": entry.updated.isoformat(),
        **({"tags": [name for _, name in entry.areas]} if entry.areas else {}),
    }
