"""Shapes that several sources share: a list page (a table, or items with links), and a feed.

A source of a shape is a data sheet: it says where its pages lie and how a row is recognised. What it cannot
say that way it overrides (``notice``, ``complete``). ``[[tables]]`` and ``[[feeds]]`` of the configuration make
sources of these shapes without any code.
"""

import re
from calendar import timegm
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from io import BytesIO
from typing import Any, ClassVar
from urllib.parse import urldefrag, urlsplit

import feedparser
from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import TOKYO, find_dates, parse_time
from db.vocabulary.messages import Saying
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from db.vocabulary.text import clean_title
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.html import Row, find_table, lines, link_of, no_rows, open_page, words
from scrapers.kinds import category_of, kind_of
from scrapers.source import Finding, Page, Request, Source, Steps, Window

GIVE_UP_AFTER = 3
"""Notices' own pages in a row that could not be read: then the site is down, and the rest is not asked."""
MOST_PAGES = 50
"""Pages of one list; more of them is a list that leads in a circle."""

FIELDS = (
    *("title", "published", "deadline", "buyer", "category", "kind", "method", "qualification"),
    *("place", "city", "prefecture", "status", "number"),
)
"""What a column or selector may stand for. Columns of other names become lines of the notice's text."""


@dataclass(frozen=True, slots=True)
class ListLayout:
    """How a list page is read: by the headings of a table (``columns``), or item by item (``items``, ``selectors``).

    ``columns`` and ``selectors`` go from one of ``FIELDS`` (or a name of one's own) to a heading as it is written,
    or to a CSS selector within the item (empty: the item itself).
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    """Columns that some pages of the source lack."""
    items: str = ""
    selectors: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ("link",)
    """What tells a notice from all others: ``link``, or fields. Without a link: the day and the title."""
    date_format: str = ""
    """As of ``strptime``; empty: the Japanese and ISO spellings are recognised."""
    empty: str = ""
    """The words by which the page itself says that it has no notice."""
    next_page: str = ""
    """A CSS selector of the link to the next page."""
    encoding: str | None = None
    ends_with: str = "</html>"
    expects: str = ""
    """A CSS selector that only the page that is meant has; empty: that of the rows."""


class ListSource(Source):
    """A source that is a list page or a few. Subclasses are data sheets with ``addresses`` and a ``layout``."""

    addresses: ClassVar[tuple[str, ...]]
    layout: ClassVar[ListLayout]
    buyer: ClassVar[str | None] = None
    buyer_en: ClassVar[str | None] = None
    prefecture: ClassVar[str | None] = None
    kind: ClassVar[NoticeKind | None] = None
    """Of every notice; None: what the title announces."""
    kinds: ClassVar[Mapping[str, NoticeKind]] = {}
    """Words of the kind's column or of the title → kind; the first that fits decides."""
    only: ClassVar[re.Pattern[str] | None] = None
    """Titles of other items are no notices: news, appointments."""
    body: ClassVar[str] = ""
    """A CSS selector of the text on a notice's own page; empty: these pages are not read."""

    def steps(self, window: Window) -> Steps:
        visit = _ListVisit(self, window)
        for address in self.addresses:
            yield from visit.read(address)
        visit.insist()

    def rows(self, document: BeautifulSoup, page: Page) -> Iterator[Row]:
        """The rows of a list page. Raises SourceChanged where it has none and does not say so."""
        layout, address = self.layout, page.url.split("?")[0]
        if layout.empty and layout.empty in "".join(document.get_text().split()):
            return
        found = False
        if layout.columns:
            where = f"{self.slug}: {address}"
            rows: Iterator[Row] = find_table(document, layout.columns, where, optional=layout.optional)
        else:
            rows = (_item(tag, layout.selectors) for tag in document.select(layout.items))
        for row in rows:
            if row.text("title"):
                found = True
                yield row
        if not found:
            raise no_rows(self.slug, address)

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        """What a row says; None for a row that is no notice of this source."""
        layout = self.layout
        written = row.text("title")
        if self.only is not None and not self.only.search(written):
            return None
        title = clean_title(written)
        published = self.day(row.text("published"))
        if not title or (published is None and row.text("published")):
            return Problem(
                page.url, Saying("a row has no title or date that can be read: {row}", {"row": _shown(row)})
            )
        link = row.link("title", page.url) or _any_link(row, page.url)
        deadline, stated = self.moment(row.text("deadline"), published or window.now.date())
        heading = layout.columns.get("deadline") or "deadline"
        number = row.text("number")
        day = published or window.now.date()
        return ScrapedNotice(
            source=self.slug,
            key=self._key(row, link, published, title),
            title=title,
            title_original=written if written != title else None,
            kind=self._kind(row, title),
            published=day,
            undated=published is None,
            url=link or page.url,
            buyer=row.text("buyer") or self.buyer,
            buyer_en=None if row.text("buyer") else self.buyer_en,
            prefecture=row.text("prefecture") or self.prefecture,
            city=row.text("city") or None,
            place=row.text("place") or None,
            category=category_of(row.text("category")),
            method=row.text("method") or None,
            qualification=row.text("qualification") or None,
            deadline=deadline,
            portal_dates=((heading, stated),) if stated else (),
            references=((layout.columns.get("number") or "number", number),) if number else (),
            status=row.text("status") or None,
            document_url=link if link and not _is_page(link) else None,
            text="\n".join(f"{layout.columns[name]}：{row.lines(name)}" for name in self._others if row.text(name)),
        )

    def complete(self, notice: ScrapedNotice, page: Page) -> ScrapedNotice:
        """The notice with what its own page says. Raises SourceChanged where that is not the page of a notice."""
        layout = self.layout
        document = open_page(page, self.slug, expects=self.body, encoding=layout.encoding, ends_with=layout.ends_with)
        body = document.select_one(self.body)
        assert body is not None
        return replace(notice, text="\n".join(filter(None, (notice.text, lines(body)))))

    def day(self, written: str) -> date | None:
        """The first day in a cell."""
        if not self.layout.date_format:
            return next((day for _, _, day in find_dates(written)), None)
        try:
            return datetime.strptime(written.strip(), self.layout.date_format).date()  # noqa: DTZ007 (a day, no moment)
        except ValueError:
            return None

    def moment(self, written: str, reference: date) -> tuple[datetime | None, str | None]:
        """The last moment in a cell, or, where it states no time of day, the day as it is written out."""
        if self.layout.date_format:
            try:
                found = datetime.strptime(written.strip(), self.layout.date_format)  # noqa: DTZ007
            except ValueError:
                return None, written or None
            has_time = "%H" in self.layout.date_format or "%I" in self.layout.date_format
            return (found.replace(tzinfo=TOKYO), None) if has_time else (None, found.date().isoformat())
        days = list(find_dates(written, reference=reference))
        if not days:
            return None, written or None
        _, end, day = days[-1]
        clock = parse_time(written[end:])
        return (_moment(day, clock), None) if clock else (None, day.isoformat())

    @property
    def _others(self) -> list[str]:
        return [name for name in self.layout.columns if name not in FIELDS]

    def _key(self, row: Row, link: str | None, published: date | None, title: str) -> str:
        stated = [link or "" if name == "link" else row.text(name) for name in self.layout.key]
        if any(stated):
            return " ".join(stated)
        return f"{published or ''} {title}".strip()

    def _kind(self, row: Row, title: str) -> NoticeKind:
        if self.kind is not None:
            return self.kind
        stated = row.text("kind")
        for word, kind in self.kinds.items():
            if word in stated or word in title:
                return kind
        return kind_of(title, stated or row.text("method") or None)


class _ListVisit:
    """One crawl of list pages: what was seen, and what failed."""

    def __init__(self, source: ListSource, window: Window) -> None:
        self.source, self.window = source, window
        self.seen: set[str] = set()
        self.error: ScrapeError | None = None
        self.read_any = False
        self.failures = 0

    def read(self, address: str) -> Generator[Request | Finding, Page, None]:
        visited: set[str] = set()
        following: str | None = address
        while following and following not in visited:
            visited.add(following)
            layout = self.source.layout
            try:
                page = yield Request(following)
                document = open_page(
                    page,
                    self.source.slug,
                    expects=layout.expects or layout.items or "table",
                    encoding=layout.encoding,
                    ends_with=layout.ends_with,
                )
                # A list is read as a whole before anything of it is kept: half a list is a changed layout.
                found = [self.source.notice(row, page, self.window) for row in self.source.rows(document, page)]
            except ScrapeError as error:
                yield from self._fail(following, error)
                return
            self.read_any = True
            for one in found:
                yield from self._give(one, page)
            more = document.select_one(layout.next_page) if layout.next_page else None
            following = link_of(more, page.url) if more is not None else None
            if following and len(visited) >= MOST_PAGES:
                yield Problem(address, Saying("the list has more than {count} pages", {"count": str(MOST_PAGES)}))
                return

    def _give(self, found: ScrapedNotice | Problem | None, page: Page) -> Generator[Request | Finding, Page, None]:
        if found is None:
            return
        if isinstance(found, Problem):
            yield found
            return
        if found.key in self.seen:
            return
        self.seen.add(found.key)
        window = self.window
        if not found.undated and window.until is not None and found.published > window.until:
            return
        if self.source.body and urldefrag(found.url)[0] != urldefrag(page.url)[0] and _is_page(found.url):
            if found.undated or found.published >= window.since:
                yield from self._follow(found)
            return
        yield found

    def _follow(self, notice: ScrapedNotice) -> Generator[Request | Finding, Page, None]:
        try:
            page = yield Request(urldefrag(notice.url)[0])
            complete = self.source.complete(notice, page)
        except ScrapeError as error:
            self.failures += 1
            if isinstance(error, Refused) or self.failures == GIVE_UP_AFTER:
                raise
            yield Problem(notice.url, error.saying)
        else:
            self.failures = 0
            yield complete

    def _fail(self, address: str, error: ScrapeError) -> Iterator[Finding]:
        if isinstance(error, Refused) or len(self.source.addresses) == 1:
            raise error
        self.error = self.error or error
        yield Problem(address, error.saying)

    def insist(self) -> None:
        """Raise where not one of the pages was read."""
        if self.error and not self.read_any:
            raise self.error


def _item(tag: Tag, selectors: Mapping[str, str]) -> Row:
    cells = {name: tag.select_one(selector) if selector else tag for name, selector in selectors.items()}
    return Row({name: cell for name, cell in cells.items() if cell is not None})


def _shown(row: Row) -> str:
    return " | ".join(words(cell) for cell in row.cells.values())[:120]


def _any_link(row: Row, base: str) -> str | None:
    return next((link for name in row.cells if (link := row.link(name, base))), None)


def _is_page(address: str) -> bool:
    """Whether an address is one of a page to read, and not of a document."""
    name = urlsplit(address).path.rpartition("/")[2].lower()
    return "." not in name or name.endswith((".html", ".htm", ".php", ".jsp", ".asp", ".aspx"))


def _moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, TOKYO)


class FeedSource(Source):
    """A source that is an RSS or Atom feed or a few. A sound feed without an entry is an honest zero."""

    addresses: ClassVar[tuple[str, ...]]
    buyer: ClassVar[str | None] = None
    buyer_en: ClassVar[str | None] = None
    prefecture: ClassVar[str | None] = None
    kind: ClassVar[NoticeKind | None] = None
    kinds: ClassVar[Mapping[str, NoticeKind]] = {}
    only: ClassVar[re.Pattern[str] | None] = None
    """Titles of other entries are no notices: news, appointments."""

    def steps(self, window: Window) -> Steps:
        errors: list[ScrapeError] = []
        seen: set[str] = set()
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
                elif found is not None and found.key not in seen and self._in(window, found):
                    seen.add(found.key)
                    yield found
        if len(errors) == len(self.addresses):
            raise errors[0]

    def entries(self, page: Page) -> Sequence[Mapping[str, Any]]:
        """The entries of a feed. Raises FetchError for one that broke off, SourceChanged for what is no feed."""
        content = page.content
        address = page.url.split("?")[0]
        if not content.strip():
            raise FetchError(
                "{source}: {address} is empty; nothing was kept, it is asked again", source=self.slug, address=address
            )
        feed = feedparser.parse(BytesIO(content), response_headers={"content-type": page.content_type})
        if not feed.version:
            raise SourceChanged(
                "{source}: {address} is no feed (a maintenance page?); see in a browser where the feed is",
                source=self.slug,
                address=address,
            )
        if not re.search(rb"</(?:\w+:)?(?:rdf|rss|feed)\s*>\s*\Z", content[-2000:].strip(), re.IGNORECASE):
            raise FetchError(
                "{source}: {address} broke off; nothing was kept, it is asked again",
                source=self.slug,
                address=address,
            )
        entries: Sequence[Mapping[str, Any]] = feed.entries
        return entries

    def notice(self, entry: Mapping[str, Any], page: Page, window: Window) -> ScrapedNotice | Problem | None:
        """What an entry says; None for one that is no notice of this source."""
        written = " ".join(str(entry.get("title", "")).split())
        if self.only is not None and not self.only.search(written):
            return None
        title, link = clean_title(written), str(entry.get("link") or "").strip()
        if not title or not link.startswith(("http://", "https://")):
            return Problem(
                page.url, Saying("an entry has no title or no link: {entry}", {"entry": (written or link)[:120]})
            )
        published = _entry_day(entry)
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
            text=lines(BeautifulSoup(str(entry.get("summary") or ""), "lxml")),
        )

    def _kind(self, title: str) -> NoticeKind:
        return next((kind for word, kind in self.kinds.items() if word in title), None) or kind_of(title)

    @staticmethod
    def _in(window: Window, notice: ScrapedNotice) -> bool:
        return notice.undated or window.until is None or notice.published <= window.until


def _entry_day(entry: Mapping[str, Any]) -> date | None:
    """The day of an entry in Japan."""
    written = str(entry.get("published") or entry.get("updated") or "")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        parsed = entry.get("published_parsed") or entry.get("updated_parsed")
        if parsed is None:
            return next((day for _, _, day in find_dates(written)), None)
        moment = datetime.fromtimestamp(timegm(parsed), UTC)
    return (moment if moment.tzinfo is None else moment.astimezone(TOKYO)).date()
