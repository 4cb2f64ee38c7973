"""The shape of sources that are list pages: a table, or items with links, and a page for each notice.

A source of this shape is a data sheet: it says where its pages lie and how a row is recognised. What it cannot
say that way it overrides (``notice``, ``complete``). ``[[tables]]`` of the configuration make such sources
without any code. Top to bottom: the layout of a list, the source, and one crawl of it.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import urldefrag, urlsplit

from bs4 import BeautifulSoup, Tag

from db.vocabulary.messages import Saying
from db.vocabulary.notice import Attachment, Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from db.vocabulary.text import LONGEST_TITLE, clean_title, fold
from scrapers.days import dateline, day_beside, day_in, moment_in
from scrapers.errors import Refused, ScrapeError, SourceChanged
from scrapers.html import (
    Beside,
    Row,
    find_table,
    has_heading,
    holds,
    lines,
    link_of,
    no_rows,
    open_page,
    unreadable,
    words,
)
from scrapers.kinds import category_of, kind_of
from scrapers.source import Finding, Page, Request, Source, Steps, Window

GIVE_UP_AFTER = 3
"""Notices' own pages in a row that could not be read: then their host is down, and the rest is not asked."""
MOST_PAGES = 300
"""Pages of one list; more of them is a list without an end."""
MOST_UNDATED = 300
"""Notices without a day in the list: each is asked for at every crawl (ten minutes a day with a pause of two seconds),
and more of them would be impolite."""

READABLE = ("main", "#main", "#contents", "#content", "article", "body")
"""Where the text of a page is, by widespread custom, for notices' own pages that were never seen: the first that
there is. What holds anything is no proof that a page is the notice's: it also has to hold the notice's title."""
OUTSIDE_MENUS = "a[href]:not(header *, footer *, nav *, #header *, #footer *)"
"""Every link of a page but those of its frame."""

DOCUMENTS = (".pdf", ".zip", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".jtd", ".csv", ".lzh")
"""The ends of names of documents that come with a notice."""

FIELDS = (
    *("title", "published", "deadline", "buyer", "category", "kind", "method", "qualification"),
    *("place", "city", "prefecture", "status", "number"),
)
"""What a column or selector may stand for. Columns of other names become lines of the notice's text."""
_LINKS_ELSEWHERE = frozenset({"buyer", "place", "city", "prefecture", "qualification", "status"})
"""Fields that are no link to the notice where they are one: a department's page serves all its tenders."""

_SAYS_NONE = re.compile(
    r"(?:あり|ござい)ません[。.]?\Z|\A(?:該当)?(?:する)?(?:案件|事項|公告)?は?(?:なし|無し)[。.]?\Z"
)
"""What a row says that stands for an empty list."""
_ANSWERED = frozenset({NoticeKind.INFORMATION_REQUEST, NoticeKind.COMMENT_REQUEST})
"""Kinds whose deadline is one for answers, and not for tenders."""


@dataclass(frozen=True, slots=True)
class ListLayout:
    """How a list page is read: as a table (``columns``), or item by item (``items`` and ``selectors``).

    ``columns`` and ``selectors`` go from one of ``FIELDS`` (or a name of one's own) to a heading as it is written,
    or to a CSS selector within the item (empty: the item itself). One of them has to be the ``title``.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    """Columns and selectors that some pages of the source lack."""
    dates: tuple[str, ...] = ()
    """Names of one's own that hold days or periods (of applications, of the opening): kept under their heading."""

    items: str = ""
    """A CSS selector of one notice in the list."""
    selectors: Mapping[str, str] = field(default_factory=dict)
    links: str = ""
    """A regular expression found in the addresses that items lead to; items that lead elsewhere are no notices. Such
    an address is that of one notice, whatever part of the page (``#…``) a link leads to."""
    beside: bool = False
    """Without a ``published``: the one day that stands beside an item in its row is that day, unless it is said to
    be another. A row with several days, or with several items, leaves the day unknown."""

    key: tuple[str, ...] = ("link",)
    """What tells a notice from all others: ``link``, or fields. Without a link: the day and the title."""
    date_format: str = ""
    """As of ``strptime``; empty: the Japanese and ISO spellings are recognised."""
    category: Category | None = None
    method: str = ""
    """What the list as a whole says of its notices, where its rows say nothing."""

    empty: str = ""
    """The words by which the page itself says that it has no notice."""
    next_page: str = ""
    """A CSS selector of the link to the next page."""
    encoding: str | None = None
    """Of list and notices' pages; None: as they declare it."""

    @property
    def is_of_links(self) -> bool:
        """Whether each item is itself a link: two of them to one address are one notice, whatever they are called."""
        return bool(self.items) and not self.selectors.get("title")


def links_to(
    addresses: str, *, items: str = OUTSIDE_MENUS, empty: str = "現在、公告中の案件はありません", **more: Any
) -> ListLayout:
    """The layout of a list that was never seen: of its links, those to ``addresses`` are the notices.

    The wording for an empty list was never seen either; a list without a notice that says otherwise is an error.
    """
    layout = ListLayout(
        items=items, selectors={"title": ""}, links=addresses, beside=True, empty=empty, next_page='a[rel~="next"]'
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

    def steps(self, window: Window) -> Steps:
        visit = _ListVisit(self, window)
        for address in self.lists(window):
            yield from visit.read(address)
        visit.insist()

    def layout_of(self, page: Page) -> ListLayout:
        return self.layouts.get(page.request.url.split("?")[0], self.layout)

    # The list

    def lists(self, window: Window) -> Sequence[str]:
        """The addresses of the lists that a window asks for."""
        return self.addresses

    def rows(self, document: BeautifulSoup, page: Page) -> Iterator[Row]:
        """The rows of a list page. Raises SourceChanged where it has none and does not say so."""
        layout, address = self.layout_of(page), page.url.split("?")[0]
        empty = _squeezed(layout.empty)
        says_none = bool(empty) and empty in _squeezed(document.get_text())
        try:
            rows = (
                find_table(document, layout.columns, f"{self.slug}: {address}", optional=layout.optional)
                if layout.columns
                else _items(document, layout, page.url, f"{self.slug}: {address}")
            )
        except SourceChanged:
            # Another part of the page may say that it has none, while the table has new headings.
            if not says_none or has_heading(document, layout.columns.values()):
                raise
            return
        found = False
        for row in rows:
            title = row.text("title")
            if _SAYS_NONE.search(title) or (empty and empty in _squeezed(title)):
                says_none = True
            elif title or self.day(row.text("published")):
                found = True
                yield row
        if not found and not says_none:
            raise no_rows(self.slug, address)

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        """What a row says; None for a row that is no notice of this source."""
        layout = self.layout_of(page)
        written = row.text("title")[:LONGEST_TITLE]
        if self.only is not None and not self.only.search(written):
            return None
        title = clean_title(written)
        linked = _link(row, page.url)
        if linked and layout.links:
            linked = urldefrag(linked)[0]
        link = self.address_of(linked) if linked else None
        published = self.day(row.text("published"))
        if not title or (published is None and row.text("published")):
            return Problem(page.url, unreadable(_shown(row)))
        if published is None:
            published = day_beside(row.beside)
        kind = self._kind(row, title, layout)
        deadline, end = self.moment(row.text("deadline"), published)
        number = row.text("number")
        elsewhere = self.hosts.get(_host(link)) if link else None
        return ScrapedNotice(
            source=self.slug,
            key=_key(row, layout.key, link, published, title),
            title=title,
            title_original=written if written != title else None,
            kind=kind,
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
            deadline=None if kind in _ANSWERED else deadline,
            response_deadline=deadline if kind in _ANSWERED else None,
            portal_dates=(
                *(((layout.columns.get("deadline") or "deadline", end),) if end else ()),
                *((layout.columns.get(name, name), row.text(name)) for name in layout.dates if _says_day(row, name)),
            ),
            references=((layout.columns.get("number") or "number", number),) if number else (),
            status=row.text("status") or None,
            document_url=link if link and not _is_page(link) else None,
            text="\n".join(
                f"{heading}：{row.lines(name)}"
                for name, heading in layout.columns.items()
                if name not in FIELDS and name not in layout.dates and row.text(name)
            ),
        )

    def _kind(self, row: Row, title: str, layout: ListLayout) -> NoticeKind:
        if self.kind is not None:
            return self.kind
        stated = row.text("kind")
        said = (kind for word, kind in self.kinds.items() if word in stated or word in title)
        return next(said, None) or kind_of(title, stated or row.text("method") or layout.method or None)

    def address_of(self, link: str) -> str:
        """The address of a notice's own page, from the link to it in the list."""
        return link

    def next_page(self, document: BeautifulSoup, page: Page) -> str | None:
        """The address of the page that goes on with a list."""
        selector = self.layout_of(page).next_page
        more = document.select_one(selector) if selector else None
        return link_of(more, page.url)

    def goes_on(self, notices: Sequence[ScrapedNotice], window: Window) -> bool:
        """Whether what follows a page of a list with these notices is asked for."""
        return True

    # The notices' own pages

    def reads(self, notice: ScrapedNotice) -> bool:
        """Whether a notice's own page is read, if it is on a host of the lists or on one of ``hosts``."""
        return bool(self.body) and _is_page(notice.url)

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
        selectors = (self.body,) if isinstance(self.body, str) else self.body
        document = open_page(page, self.slug, expects=", ".join(selectors), encoding=self.layout.encoding)
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

    # What is written in cells

    def day(self, written: str) -> date | None:
        """The first day in a cell."""
        return day_in(written, self.layout.date_format)

    def moment(self, written: str, reference: date | None) -> tuple[datetime | None, str | None]:
        """The moment in a cell, or what else it says of days, as ``moment_in`` tells it."""
        return moment_in(written, reference, self.layout.date_format)


class _ListVisit:
    """One crawl of list pages: what was seen, and what failed."""

    def __init__(self, source: ListSource, window: Window) -> None:
        self.source, self.window = source, window
        self.titles: dict[str, str] = {}
        """Of the notices so far, by their keys."""
        self.hosts = {_host(address) for address in source.lists(window)}
        """Of the lists, also where these have moved to."""
        self.error: ScrapeError | None = None
        self.read_any = False
        self.undated = 0
        self.own_page: Page | None = None
        """The last one: notices that are parts of one page follow each other."""
        self.failures: Counter[str] = Counter()
        """By host: notices' own pages in a row that could not be read."""

    def read(self, address: str) -> Generator[Request | Finding, Page, None]:
        visited: set[str] = set()
        keys: set[str] = set()
        following: str | None = address
        while following and following not in visited:
            visited.add(following)
            layout = self.source.layouts.get(following.split("?")[0], self.source.layout)
            try:
                page = yield Request(following)
                document = open_page(
                    page,
                    self.source.slug,
                    expects=layout.items or "table",
                    encoding=layout.encoding,
                    unless=layout.empty,
                )
                # A list is read as a whole before anything of it is kept: half a list is a changed layout.
                found = self._found(document, page)
            except ScrapeError as error:
                yield from self._fail(following, error)
                return
            self.read_any = True
            self.hosts.add(_host(page.url))
            for one in found:
                if isinstance(one, Problem):
                    yield one
                else:
                    yield from self._give(one, page)
            notices = [one for one in found if isinstance(one, ScrapedNotice)]
            if notices and keys.issuperset(one.key for one in notices):
                return  # it leads in a circle
            keys.update(one.key for one in notices)
            if not self.source.goes_on(notices, self.window):
                return
            following = self.source.next_page(document, page)
            if following and len(visited) >= MOST_PAGES:
                count = str(MOST_PAGES)
                yield Problem(address, Saying("the list has more than {count} pages", {"count": count}))
                return

    def _found(self, document: BeautifulSoup, page: Page) -> list[ScrapedNotice | Problem]:
        """What is on a page of a list. Raises SourceChanged where not one of its rows can be read."""
        rows = [self.source.notice(row, page, self.window) for row in self.source.rows(document, page)]
        if len(rows) > 1 and all(isinstance(one, Problem) for one in rows):
            raise SourceChanged(
                "{source}: not one row of {address} can be read ({first}); look at it in a browser, "
                "its layout may have changed",
                source=self.source.slug,
                address=page.url.split("?")[0],
                first=next(one.saying for one in rows if isinstance(one, Problem)),
            )
        return [one for one in rows if one is not None]

    def _give(self, found: ScrapedNotice, page: Page) -> Generator[Request | Finding, Page, None]:
        if found.key in self.titles:
            yield from self._twice(found, page)
            return
        self.titles[found.key] = found.title
        own_page = self._has_own_page(found, page)
        # A day that the list does not state may stand on the notice's own page.
        if self._comes_later(found) and not (found.undated and own_page):
            return
        if not own_page:
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

    def _twice(self, found: ScrapedNotice, page: Page) -> Iterator[Finding]:
        """Tells a row that is taken for another one, and is not."""
        before = self.titles[found.key]
        if not self.source.layout_of(page).is_of_links and fold(found.title) != fold(before):
            yield Problem(
                page.url,
                Saying(
                    "{title} was not kept, for it has the key of {other} ({key}); choose a key that tells them apart",
                    {"title": found.title[:60], "other": before[:60], "key": found.key[:120]},
                ),
            )

    def _has_own_page(self, notice: ScrapedNotice, page: Page) -> bool:
        host = _host(notice.url)
        return (
            (host in self.hosts or host in self.source.hosts)
            and urldefrag(notice.url)[0] != urldefrag(page.url)[0]
            and self.source.reads(notice)
        )

    def _comes_later(self, notice: ScrapedNotice) -> bool:
        """Whether it is not of the window: what has no day is of today, and so of no window that ends before."""
        return self.window.until is not None and notice.published > self.window.until

    def _was_before(self, notice: ScrapedNotice) -> bool:
        return not notice.undated and notice.published < self.window.since

    def _follow(self, notice: ScrapedNotice) -> Generator[Request | Finding, Page, None]:
        address, host = urldefrag(notice.url)[0], _host(notice.url)
        if self.source.lists(self.window)[0].startswith("https://"):
            address = _with_tls(address)  # older links lack it
        if self.failures[host] >= GIVE_UP_AFTER:
            yield Problem(notice.url, Saying("{host} could not be read just now, and was not asked", {"host": host}))
            return
        try:
            if self.own_page is None or self.own_page.request.url != address:
                self.own_page = yield Request(address)
            complete = self.source.complete(notice, self.own_page)
        except ScrapeError as error:
            self.failures[host] += 1
            if host in self.hosts and (isinstance(error, Refused) or self.failures[host] >= GIVE_UP_AFTER):
                raise
            yield Problem(notice.url, error.saying)
            return
        self.failures[host] = 0
        # The page itself may have told the day.
        if self._comes_later(complete) or self._was_before(complete):
            return
        if notice.undated and complete.published > notice.published:
            # What is out is not of tomorrow: the day means something else.
            complete = replace(complete, published=notice.published, undated=True)
        yield complete

    def _fail(self, address: str, error: ScrapeError) -> Iterator[Finding]:
        if isinstance(error, Refused) or len(self.source.lists(self.window)) == 1:
            raise error
        self.error = self.error or error
        yield Problem(address, error.saying)

    def insist(self) -> None:
        """Raise where not one of the pages was read."""
        if self.error and not self.read_any:
            raise self.error


def _says_day(row: Row, name: str) -> bool:
    """Whether a cell says more than a dash."""
    return bool(re.search(r"\w", row.text(name)))


def _items(document: BeautifulSoup, layout: ListLayout, base: str, where: str) -> Iterator[Row]:
    """Raises SourceChanged where a selector finds nothing in any item: a new layout must not take a field away unseen."""
    found = []
    for tag in document.select(layout.items):
        cells = {name: tag.select_one(selector) if selector else tag for name, selector in layout.selectors.items()}
        row = Row({name: cell for name, cell in cells.items() if cell is not None})
        if not layout.links or re.search(layout.links, _link(row, base) or ""):
            found.append((tag, row))
    for name in layout.selectors if found else ():
        if name not in layout.optional and not any(name in row.cells for _, row in found):
            raise SourceChanged(
                "{where}: none of its {count} items has {selector} ({name}); "
                "look at it in a browser, its layout may have changed",
                where=where,
                count=len(found),
                selector=layout.selectors[name],
                name=name,
            )
    beside = Beside(tag for tag, _ in found)
    yield from (replace(row, beside=beside(tag)) if layout.beside else row for tag, row in found)


def _link(row: Row, base: str) -> str | None:
    """Where a row leads to: the link of its title, or else of another cell."""
    names = ("title", *(name for name in row.cells if name not in _LINKS_ELSEWHERE))
    return next((link for name in names if (link := row.link(name, base))), None)


def _key(row: Row, names: Sequence[str], link: str | None, published: date | None, title: str) -> str:
    # One and the same page, whether a list still links to it without TLS or already with it.
    stated = [_with_tls(link or "") if name == "link" else row.text(name) for name in names]
    if any(stated):
        return " ".join(stated)
    return f"{published or ''} {title}".strip()


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


def _shown(row: Row) -> str:
    return " | ".join(words(cell) for cell in row.cells.values())


def _with_tls(address: str) -> str:
    return re.sub(r"\Ahttp://", "https://", address)


def _host(address: str) -> str:
    return urlsplit(address).netloc.lower()


def _is_page(address: str) -> bool:
    """Whether an address is one of a page to read, and not of a document."""
    name = _file_name(address).lower()
    return "." not in name or name.endswith((".html", ".htm", ".php", ".jsp", ".asp", ".aspx"))


def _is_document(address: str) -> bool:
    return _file_name(address).lower().endswith(DOCUMENTS)


def _file_name(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2]
