"""The shape of sources that are a feed: RSS or Atom.

A source of this shape is a data sheet: where its feeds lie, and which of their entries are notices. ``[[feeds]]``
of the configuration make such sources without any code.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any, ClassVar

import feedparser
from bs4 import BeautifulSoup

from db.vocabulary.japanese import TOKYO, find_dates
from db.vocabulary.messages import Saying
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from db.vocabulary.text import LONGEST_TITLE, clean_title, fold
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.html import address_from, lines, text_of
from scrapers.kinds import kind_of
from scrapers.source import Page, Request, Source, Steps, Window

_END = re.compile(r"</(?:\w+:)?(?:rdf|rss|feed)\s*>(?:\s|<!--.*?-->)*\Z", re.IGNORECASE | re.DOTALL)
"""What a whole feed ends with; caches write remarks below it."""
_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_MARKUP = re.compile(
    r"</?(?:a|b|br|div|em|font|i|img|p|small|span|strong|sub|sup|u)\b[^<>]*>", re.IGNORECASE | re.ASCII
)
"""What titles have of HTML; <LED> may be a word of one."""


_HALF_CHARACTER = re.compile(r"&#x0*d[89a-f][0-9a-f]{2};|&#0*5(?:529[6-9]|5[3-9]\d\d|[67]\d{3});", re.IGNORECASE)


class FeedSource(Source):
    """A source that is an RSS or Atom feed or a few. A sound feed without an entry is an honest zero."""

    addresses: ClassVar[tuple[str, ...]]
    buyer: ClassVar[str | None] = None
    buyer_en: ClassVar[str | None] = None
    prefecture: ClassVar[str | None] = None
    kind: ClassVar[NoticeKind | None] = None
    """Of every notice; None: what the title announces."""
    kinds: ClassVar[Mapping[str, NoticeKind]] = {}
    """Words of the title → kind; the first that fits decides."""
    only: ClassVar[re.Pattern[str] | None] = None
    """Titles of other entries are no notices: news, appointments."""

    def steps(self, window: Window) -> Steps:
        errors: list[ScrapeError] = []
        titles: dict[str, str] = {}
        for address in self.addresses:
            try:
                page = yield Request(address)
                entries = self.entries(page)
            except ScrapeError as error:
                if isinstance(error, Refused) or len(self.addresses) == 1:
                    raise
                errors.append(error)
                yield Problem(address, error.saying)
                continue
            for entry in entries:
                found = self.notice(entry, page, window)
                if isinstance(found, Problem):
                    yield found
                elif found is None or (window.until is not None and found.published > window.until):
                    continue
                elif found.key not in titles:
                    titles[found.key] = found.title
                    yield found
                elif fold(titles[found.key]) != fold(found.title):
                    yield Problem(
                        address,
                        Saying(
                            "two entries have one id, and only the first was kept: {entry}", {"entry": found.title}
                        ),
                    )
        if len(errors) == len(self.addresses):
            raise errors[0]

    def entries(self, page: Page) -> Sequence[Mapping[str, Any]]:
        """The entries of a feed. Raises FetchError for one that broke off, SourceChanged for what is no feed."""
        address = page.url.split("?")[0]
        text = text_of(page, self.slug)
        if not text.strip():
            raise FetchError(
                "{source}: {address} is empty; nothing was kept, it is asked again", source=self.slug, address=address
            )
        # A reference to half a character is no XML, and would end the whole feed.
        text = _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
        # Handed over as UTF-8, for feedparser does not know what Shift_JIS means in Japan.
        feed = feedparser.parse(
            BytesIO(text.encode()),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
        if not feed.version:
            raise SourceChanged(
                "{source}: {address} is no feed (a maintenance page?); see in a browser where the feed is",
                source=self.slug,
                address=address,
            )
        if not _END.search(text[-2000:]):
            raise FetchError(
                "{source}: {address} broke off; nothing was kept, it is asked again",
                source=self.slug,
                address=address,
            )
        entries: Sequence[Mapping[str, Any]] = feed.entries
        if not entries and _ENTRY.search(text):
            raise SourceChanged(
                "{source}: {address} has entries, and not one can be read; look at the archive, the feed is malformed",
                source=self.slug,
                address=address,
            )
        return entries

    def notice(self, entry: Mapping[str, Any], page: Page, window: Window) -> ScrapedNotice | Problem | None:
        """What an entry says; None for one that is no notice of this source."""
        written = " ".join(_MARKUP.sub("", str(entry.get("title") or "")).split())[:LONGEST_TITLE]
        if self.only is not None and not self.only.search(written):
            return None
        title, link = clean_title(written), address_from(str(entry.get("link") or ""), page.url)
        if not title or link is None:
            shown = written or str(entry.get("link") or "")
            return Problem(page.url, Saying("an entry has no title or no link: {entry}", {"entry": shown[:120]}))
        published = _day_of(entry)
        return ScrapedNotice(
            source=self.slug,
            key=str(entry.get("id") or link),
            title=title,
            title_original=written if written != title else None,
            kind=self.kind or self._kind(title),
            published=published or window.now.date(),
            undated=published is None,
            url=link,
            buyer=self.buyer,
            buyer_en=self.buyer_en,
            prefecture=self.prefecture,
            text=lines(BeautifulSoup(f"<p>{entry.get('summary') or ''}</p>", "lxml")),
        )

    def _kind(self, title: str) -> NoticeKind:
        return next((kind for word, kind in self.kinds.items() if word in title), None) or kind_of(title)


def _day_of(entry: Mapping[str, Any]) -> date | None:
    """The day of an entry in Japan.

    Read from what is written and not from what feedparser takes it for: to it 2026/06/09 is in November, and 20:00
    JST the next day.
    """
    written = str(entry.get("published") or entry.get("updated") or "").strip()
    if day := _in_tokyo(datetime.fromisoformat, written):
        return day
    return next((day for _, _, day in find_dates(written)), None) or _in_tokyo(parsedate_to_datetime, written)


def _in_tokyo(read: Any, written: str) -> date | None:
    try:
        moment: datetime = read(written)
        return (moment if moment.tzinfo is None else moment.astimezone(TOKYO)).date()
    except (ValueError, OverflowError):
        return None
