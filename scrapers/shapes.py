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
from db.vocabulary.notice import Attachment, Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from db.vocabulary.text import clean_title
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.html import Row, beside, find_table, holds, lines, link_of, no_rows, open_page, unreadable, words
from scrapers.kinds import category_of, kind_of
from scrapers.source import Finding, Page, Request, Source, Steps, Window

GIVE_UP_AFTER = 3
"""Notices' own pages in a row that could not be read: then the site is down, and the rest is not asked."""
MOST_PAGES = 50
"""Pages of one list; more of them is a list that leads in a circle."""
MOST_UNDATED = 300
"""Notices without a day in the list: each has to be asked for at every crawl, and more of them would be impolite."""

READABLE = ("main", "#main", "#contents", "#content", "article", "body")
"""Where the text of a page is, by widespread custom, for notices' own pages that were never seen: the first that
there is. What holds anything is no proof that a page is the notice's: it also has to hold the notice's title."""
OUTSIDE_MENUS = "a[href]:not(header *, footer *, nav *, #header *, #footer *)"
"""Every link of a page but those of its frame."""
_OTHER_DAY = re.compile("締め?切|期限|期間|期日|終了|開札|入札日|まで|[～〜~]|更新|修正|訂正|追加")
"""A day that is said to be one of these is not the day of publication."""

DOCUMENTS = (".pdf", ".zip", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".jtd", ".csv", ".lzh")
"""The ends of names of documents that come with a notice."""

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
    beside: bool = False
    """Without a ``published``: the one day that stands beside an item in its row is that day, unless it is said to
    be another. A row with several days, or with several items, leaves the day unknown."""
    links: str = ""
    """A regular expression found in the addresses of the notices' own pages; rows that link elsewhere are no notices.
    Its group ``kind``, where it has one, is what ``kinds`` tells the kind by."""
    category: Category | None = None
    method: str = ""
    """What the list as a whole says of its notices, where its rows say nothing."""
    key: tuple[str, ...] = ("link",)
    """What tells a notice from all others: ``link``, or fields. Without a link: the day and the title."""
    date_format: str = ""
    """As of ``strptime``; empty: the Japanese and ISO spellings are recognised."""
    empty: str = ""
    """The words by which the page itself says that it has no notice."""
    next_page: str = ""
    """A CSS selector of the link to the next page."""
    newest_first: bool = False
    """Whether what is older than the window ends the reading of further pages."""
    encoding: str | None = None
    ends_with: str = "</html>"
    expects: str = ""
    """A CSS selector that only the page that is meant has; empty: that of the rows."""


def links_to(
    addresses: str, *, items: str = OUTSIDE_MENUS, empty: str = "現在、公告中の案件はありません", **more: Any
) -> ListLayout:
    """The layout of a list that was never seen: of its links, those to ``addresses`` are the notices.

    The wording for an empty list was never seen either; a list without a notice that says otherwise is an error.
    """
    layout = ListLayout(
        items=items,
        selectors={"title": ""},
        beside=True,
        links=addresses,
        empty=empty,
        next_page='a[rel~="next"]',
        expects="a[href]",
    )
    return replace(layout, **more)


class ListSource(Source):
    """A source that is a list page or a few. Subclasses are data sheets with ``addresses`` and a ``layout``."""

    addresses: ClassVar[tuple[str, ...]]
    layout: ClassVar[ListLayout]
    layouts: ClassVar[Mapping[str, ListLayout]] = {}
    """By address (without its query): the layout of pages that ``layout`` is not of."""
    buyer: ClassVar[str | None] = None
    buyer_en: ClassVar[str | None] = None
    prefecture: ClassVar[str | None] = None
    kind: ClassVar[NoticeKind | None] = None
    """Of every notice; None: what the title announces."""
    kinds: ClassVar[Mapping[str, NoticeKind]] = {}
    """Words of the kind's column or of the title → kind; the first that fits decides."""
    only: ClassVar[re.Pattern[str] | None] = None
    """Titles of other items are no notices: news, appointments."""
    body: ClassVar[str | tuple[str, ...]] = ""
    """A CSS selector of the text on a notice's own page; empty: these pages are not read. Several (``READABLE``):
    the first that there is, if it holds the notice's title."""
    hosts: ClassVar[Mapping[str, str]] = {}
    """Further hosts on which own pages of notices are read, each with the buyer whose notices are there. What a list
    links to on any other host than its own is not asked for."""
    most_pages: ClassVar[int] = MOST_PAGES

    def steps(self, window: Window) -> Steps:
        visit = _ListVisit(self, window)
        for address in self.addresses:
            yield from visit.read(address)
        visit.insist()

    def layout_of(self, page: Page) -> ListLayout:
        return self.layouts.get(page.request.url.split("?")[0], self.layout)

    def rows(self, document: BeautifulSoup, page: Page) -> Iterator[Row]:
        """The rows of a list page. Raises SourceChanged where it has none and does not say so."""
        layout, address = self.layout_of(page), page.url.split("?")[0]
        says_none = bool(layout.empty) and _squeezed(layout.empty) in _squeezed(document.get_text())
        found = False
        try:
            if layout.columns:
                where = f"{self.slug}: {address}"
                rows: Iterator[Row] = find_table(document, layout.columns, where, optional=layout.optional)
            else:
                rows = _items(document, layout, page.url)
            for row in rows:
                if row.text("title") and self._leads_to_notice(row, page):
                    found = True
                    yield row
        except SourceChanged:
            if not says_none:
                raise
        else:
            if not found and not says_none:
                raise no_rows(self.slug, address)

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        """What a row says; None for a row that is no notice of this source."""
        layout = self.layout_of(page)
        written = row.text("title")
        if self.only is not None and not self.only.search(written):
            return None
        title = clean_title(written)
        linked = self._link(row, page)
        stated = re.search(layout.links, linked) if layout.links and linked else None
        link = self.address_of(linked) if linked else None
        published = self.day(row.text("published"))
        if not title or (published is None and row.text("published")):
            return Problem(page.url, unreadable(_shown(row)))
        if published is None:
            published = _day_beside(row)
        deadline, end = self.moment(row.text("deadline"), published)
        heading = layout.columns.get("deadline") or "deadline"
        number = row.text("number")
        elsewhere = self.hosts.get(_host(link)) if link else None
        return ScrapedNotice(
            source=self.slug,
            key=self._key(row, link, published, title),
            title=title,
            title_original=written if written != title else None,
            kind=self._kind(row, title, layout, stated),
            published=published or window.now.date(),
            undated=published is None,
            url=link or page.url,
            buyer=row.text("buyer") or elsewhere or self.buyer,
            buyer_en=None if row.text("buyer") or elsewhere else self.buyer_en,
            prefecture=row.text("prefecture") or self.prefecture,
            city=row.text("city") or None,
            place=row.text("place") or None,
            category=category_of(row.text("category")) or layout.category,
            method=row.text("method") or layout.method or None,
            qualification=row.text("qualification") or None,
            deadline=deadline,
            portal_dates=((heading, end),) if end else (),
            references=((layout.columns.get("number") or "number", number),) if number else (),
            status=row.text("status") or None,
            document_url=link if link and not _is_page(link) else None,
            text="\n".join(
                f"{heading}：{row.lines(name)}"
                for name, heading in layout.columns.items()
                if name not in FIELDS and row.text(name)
            ),
        )

    def complete(self, notice: ScrapedNotice, page: Page) -> ScrapedNotice:
        """The notice with what its own page says. Raises SourceChanged where that is not the page of a notice."""
        return self.with_text(notice, self.body_of(notice, page), page)

    def with_text(self, notice: ScrapedNotice, body: Tag, page: Page) -> ScrapedNotice:
        """The notice with the text and the documents of its own page, and its day, if the list had none."""
        text = lines(body)
        day = dateline(text) if notice.undated else None
        return replace(
            notice,
            published=day or notice.published,
            undated=day is None and notice.undated,
            attachments=notice.attachments or tuple(documents(body, page.url)),
            text="\n".join(filter(None, (notice.text, text))),
        )

    def body_of(self, notice: ScrapedNotice, page: Page) -> Tag:
        """The part of a notice's own page that holds its text. Raises SourceChanged where it is another page."""
        layout = self.layout
        selectors = (self.body,) if isinstance(self.body, str) else self.body
        document = open_page(
            page, self.slug, expects=", ".join(selectors), encoding=layout.encoding, ends_with=layout.ends_with
        )
        body = next(found for selector in selectors if (found := document.select_one(selector)) is not None)
        if len(selectors) > 1 and not holds(lines(body), notice.title):
            raise SourceChanged(
                "{source}: {address} does not hold the title “{title}”; look at it in a browser, "
                "it may have moved or be a maintenance page",
                source=self.slug,
                address=page.url,
                title=notice.title[:60],
            )
        return body

    def address_of(self, link: str) -> str:
        """The address of a notice's own page, from the link to it in the list."""
        return link

    def next_page(self, document: BeautifulSoup, page: Page) -> str | None:
        """The address of the page that goes on with a list."""
        selector = self.layout_of(page).next_page
        more = document.select_one(selector) if selector else None
        return link_of(more, page.url) if more is not None else None

    def reads(self, notice: ScrapedNotice) -> bool:
        """Whether the notice has a page of its own that may be asked for."""
        known = not self.is_elsewhere(notice) or _host(notice.url) in self.hosts
        return bool(self.body) and known and _is_page(notice.url)

    def is_elsewhere(self, notice: ScrapedNotice) -> bool:
        """Whether the notice is on another host than the lists."""
        return _host(notice.url) not in {_host(address) for address in self.addresses}

    def day(self, written: str) -> date | None:
        """The first day in a cell."""
        if not self.layout.date_format:
            return next((day for _, _, day in find_dates(written)), None)
        try:
            return datetime.strptime(written.strip(), self.layout.date_format).date()  # noqa: DTZ007 (a day, no moment)
        except ValueError:
            return None

    def moment(self, written: str, reference: date | None) -> tuple[datetime | None, str | None]:
        """The last moment in a cell, or, where it states no time of day, the day as it is written out."""
        if self.layout.date_format:
            try:
                found = datetime.strptime(written.strip(), self.layout.date_format)  # noqa: DTZ007
            except ValueError:
                return None, written or None
            has_time = "%H" in self.layout.date_format or "%I" in self.layout.date_format
            return (found.replace(tzinfo=TOKYO), None) if has_time else (None, found.date().isoformat())
        days = list(find_dates(written, reference=reference))
        if not days or (reference is None and len(days) < len(list(find_dates(written, reference=SOME_DAY)))):
            return None, written or None  # also where nothing tells the year of the last day
        _, end, day = days[-1]
        clock = parse_time(written[end:])
        return (_moment(day, clock), None) if clock else (None, day.isoformat())

    def _link(self, row: Row, page: Page) -> str | None:
        return row.link("title", page.url) or _any_link(row, page.url)

    def _leads_to_notice(self, row: Row, page: Page) -> bool:
        wanted = self.layout_of(page).links
        return not wanted or bool(re.search(wanted, self._link(row, page) or ""))

    def _key(self, row: Row, link: str | None, published: date | None, title: str) -> str:
        # One and the same page, whether a list still links to it without TLS or already with it.
        stated = [_with_tls(link or "") if name == "link" else row.text(name) for name in self.layout.key]
        if any(stated):
            return " ".join(stated)
        return f"{published or ''} {title}".strip()

    def _kind(self, row: Row, title: str, layout: ListLayout, link: re.Match[str] | None) -> NoticeKind:
        if self.kind is not None:
            return self.kind
        if link and link.groupdict().get("kind"):
            return self.kinds.get(link["kind"]) or kind_of(title)
        stated = row.text("kind")
        for word, kind in self.kinds.items():
            if word in stated or word in title:
                return kind
        return kind_of(title, stated or row.text("method") or layout.method or None)


class _ListVisit:
    """One crawl of list pages: what was seen, and what failed."""

    def __init__(self, source: ListSource, window: Window) -> None:
        self.source, self.window = source, window
        self.seen: set[str] = set()
        self.error: ScrapeError | None = None
        self.read_any = False
        self.failures = 0
        self.undated = 0

    def read(self, address: str) -> Generator[Request | Finding, Page, None]:
        visited: set[str] = set()
        following: str | None = address
        while following and following not in visited:
            visited.add(following)
            layout = self.source.layouts.get(following.split("?")[0], self.source.layout)
            try:
                page = yield Request(following)
                document = open_page(
                    page,
                    self.source.slug,
                    expects=layout.expects or layout.items or "table",
                    encoding=layout.encoding,
                    ends_with=layout.ends_with,
                    unless=layout.empty,
                )
                # A list is read as a whole before anything of it is kept: half a list is a changed layout.
                found = [self.source.notice(row, page, self.window) for row in self.source.rows(document, page)]
            except ScrapeError as error:
                yield from self._fail(following, error)
                return
            self.read_any = True
            for one in found:
                yield from self._give(one, page)
            if layout.newest_first and self._are_old(found):
                return
            following = self.source.next_page(document, page)
            if following and len(visited) >= self.source.most_pages:
                count = str(self.source.most_pages)
                yield Problem(address, Saying("the list has more than {count} pages", {"count": count}))
                return

    def _are_old(self, found: list[ScrapedNotice | Problem | None]) -> bool:
        days = [one.published for one in found if isinstance(one, ScrapedNotice) and not one.undated]
        return bool(days) and max(days) < self.window.since

    def _give(self, found: ScrapedNotice | Problem | None, page: Page) -> Generator[Request | Finding, Page, None]:
        if found is None:
            return
        if isinstance(found, Problem):
            yield found
            return
        if found.key in self.seen:
            return
        self.seen.add(found.key)
        if self._comes_later(found):
            return
        if not self.source.reads(found) or urldefrag(found.url)[0] == urldefrag(page.url)[0]:
            yield found
        elif not found.undated:
            if not self._was_before(found):
                yield from self._follow(found)
        else:
            self.undated += 1
            if self.undated <= MOST_UNDATED:
                yield from self._follow(found)
            elif self.undated == MOST_UNDATED + 1:
                yield Problem(
                    page.url,
                    Saying(
                        "more than {count} notices have no day in the list; the rest was not read",
                        {"count": str(MOST_UNDATED)},
                    ),
                )

    def _comes_later(self, notice: ScrapedNotice) -> bool:
        """Whether it is not of the window: what has no day is of today, and so of no window that ends before."""
        return self.window.until is not None and notice.published > self.window.until

    def _was_before(self, notice: ScrapedNotice) -> bool:
        return not notice.undated and notice.published < self.window.since

    def _follow(self, notice: ScrapedNotice) -> Generator[Request | Finding, Page, None]:
        try:
            page = yield Request(_with_tls(urldefrag(notice.url)[0]))
            complete = self.source.complete(notice, page)
        except Refused as error:
            if not self.source.is_elsewhere(notice):
                raise
            yield Problem(notice.url, error.saying)
        except ScrapeError as error:
            self.failures += 1
            if self.failures == GIVE_UP_AFTER:
                raise
            yield Problem(notice.url, error.saying)
        else:
            self.failures = 0
            # The page itself may have told the day.
            if self._comes_later(complete) or self._was_before(complete):
                return
            if notice.undated and complete.published > notice.published:
                # What is out is not of tomorrow: the day means something else.
                complete = replace(complete, published=notice.published, undated=True)
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


def _items(document: BeautifulSoup, layout: ListLayout, base: str) -> Iterator[Row]:
    tags = document.select(layout.items)
    wanted = [tag for tag in tags if not layout.links or re.search(layout.links, link_of(tag, base) or "")]
    for tag in wanted:
        cells = {name: tag.select_one(selector) if selector else tag for name, selector in layout.selectors.items()}
        stands = beside(tag, wanted) if layout.beside else ()
        yield Row({name: cell for name, cell in cells.items() if cell is not None}, stands)


def _day_beside(row: Row) -> date | None:
    """The one day beside an item that may be that of its publication."""
    texts = [text for label, text in row.beside if not _OTHER_DAY.search(label + text)]
    days = {day for text in texts for _, _, day in find_dates(text)}
    return days.pop() if len(days) == 1 else None


SOME_DAY = date(2000, 1, 1)
"""Stands in for a day of publication where only the number of days in a text matters."""

_DATELINE = re.compile(r"(?:(?:掲載|公開|公告|公示|公表|発表)(?:年月)?日\s*[:：]?)?\s*(.+?)\s*(?:[（(].{1,3}[)）])?")
_HEAD = 20
"""Lines within which a page has its dateline."""
_LABEL = 20
"""Characters; a longer line is no label of what stands below it."""


def dateline(text: str) -> date | None:
    """The day that heads a notice: the first line near its beginning that holds a date and nothing else.

    None where the line above says what else the day is (締切, 更新履歴 …).
    """
    above = ""
    for line in text.split("\n")[:_HEAD]:
        written = _DATELINE.fullmatch(line)
        days = list(find_dates(written[1])) if written else []
        if written and len(days) == 1 and days[0][:2] == (0, len(written[1])):
            return None if _OTHER_DAY.search(above) else days[0][2]
        above = line if len(line) < _LABEL else ""
    return None


def documents(body: Tag, base: str) -> Iterator[Attachment]:
    """The documents that a part of a page links to, each once."""
    seen: set[str] = set()
    for anchor in body.select("a[href]"):
        address = link_of(anchor, base)
        if address and _is_document(address) and address not in seen:
            seen.add(address)
            yield Attachment(clean_title(words(anchor)) or _file_name(address), address)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _with_tls(address: str) -> str:
    return re.sub(r"\Ahttp://", "https://", address)


def _host(address: str) -> str:
    return urlsplit(address).netloc.lower()


def _shown(row: Row) -> str:
    return " | ".join(words(cell) for cell in row.cells.values())


def _any_link(row: Row, base: str) -> str | None:
    return next((link for name in row.cells if (link := row.link(name, base))), None)


def _is_page(address: str) -> bool:
    """Whether an address is one of a page to read, and not of a document."""
    name = _file_name(address).lower()
    return "." not in name or name.endswith((".html", ".htm", ".php", ".jsp", ".asp", ".aspx"))


def _is_document(address: str) -> bool:
    return _file_name(address).lower().endswith(DOCUMENTS)


def _file_name(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2]


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
            text=lines(BeautifulSoup(f"<p>{entry.get('summary') or ''}</p>", "lxml")),
        )

    def _kind(self, title: str) -> NoticeKind:
        return next((kind for word, kind in self.kinds.items() if word in title), None) or kind_of(title)

    @staticmethod
    def _in(window: Window, notice: ScrapedNotice) -> bool:
        return window.until is None or notice.published <= window.until


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
