"""Feeds for readers' own programs: the news of tenders as RSS, Atom and JSON Feed, with the same entries in each."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from markupsafe import escape

from alerts.entries import LONGEST, Entry, Feed, Teller, plain, title_of, web_address
from alerts.json_feed import json_feed
from alerts.language import AreaNames, Language
from alerts.site import Site
from alerts.sources import SourceNames
from alerts.xml_feed import atom, rss
from db.feeding import News

__all__ = ["LONGEST", "MOST_BYTES", "MOST_ENTRIES", "Feed", "FeedForm", "plain", "render", "title_of", "web_address"]

MOST_ENTRIES = 100
MOST_BYTES = 1_000_000
"""Programs ask for a feed every hour. The oldest entries of one that is larger are cut down to their titles."""


class FeedForm(StrEnum):
    """The forms in which feeds are written; the value is the ending of their addresses."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"

    @property
    def media_type(self) -> str:
        kind = {FeedForm.RSS: "rss+xml", FeedForm.ATOM: "atom+xml", FeedForm.JSON: "feed+json"}[self]
        return f"application/{kind}"


_WRITERS = MappingProxyType({FeedForm.RSS: rss, FeedForm.ATOM: atom, FeedForm.JSON: json_feed})


def render(
    feed: Feed,
    news: Sequence[News],
    *,
    form: FeedForm,
    site: Site,
    language: Language,
    area_names: AreaNames,
    sources: Mapping[str, SourceNames],
    access_rules: Mapping[str, str] = MappingProxyType({}),
    stylesheet: str = "",
) -> bytes:
    """The feed as a document in UTF-8: of the news, the newest ``MOST_ENTRIES``, newest first.

    ``stylesheet`` is the address of the sheet that draws it in a browser. Moments must know their offset; they are
    written out in Japanese time. The same news give the same bytes.
    """
    teller = Teller(site=site, language=language, area_names=area_names, sources=sources, access_rules=access_rules)
    latest = sorted(news, key=lambda one: (one.at, one.card.published, one.card.id), reverse=True)
    entries = [teller.entry(one) for one in latest[:MOST_ENTRIES]]
    whole = len(entries)  # so many, from the newest, are written as they are
    while True:
        document = teller.document(feed, entries, media_type=form.media_type, stylesheet=stylesheet)
        written = _WRITERS[form](document)
        if len(written) <= MOST_BYTES or not whole:
            return written
        excess = len(written) - MOST_BYTES
        while excess > 0 and whole:
            whole -= 1
            excess -= _size(entries[whole])
            entries[whole] = teller.short(entries[whole])


def _size(entry: Entry) -> int:
    """About how many bytes an entry has."""
    return len(escape(entry.title + entry.summary + entry.content).encode())
