"""One way to open an HTML page of a source, and to read the tables in it.

What is no whole page of the source (empty, broken off, of another encoding, a maintenance or login page) is
told apart here, so that a source only says what it expects to find.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from bs4.element import PreformattedString

from db.vocabulary.japanese import decode
from db.vocabulary.messages import N_, Saying
from db.vocabulary.text import fold
from scrapers.errors import FetchError, SourceChanged
from scrapers.source import Page

_BLOCKS = ("p", "div", "tr", "li", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "table", "section", "article")
_LONGEST_ADDRESS = 2_000
_END = "</html>"
"""What a whole page has near its end."""
_MAINTENANCE = re.compile("メンテナンス|サービス停止|一時停止|システム停止|Service Unavailable", re.IGNORECASE)
_VISIT = re.compile(
    r";jsessionid=[^/?#]*|/\(S\(\w+\)\)(?=/)"
    r"|(?<=[?&])(?:jsessionid|phpsessid|aspsessionid\w*|sessionid|session_id|cfid|cftoken)=[^&#]*(?:&|(?=#|\Z))",
    re.IGNORECASE | re.ASCII,
)
"""What servers write into addresses to tell one visit from another; the same page has it anew every time."""
_SECTIONS = ("thead", "tbody", "tfoot", "table")
"""What a cell cannot span rows beyond the end of."""
_MOST_COLUMNS = 200
"""Of a table; what stands to the right of them is not read."""
_MOST_ROWS = 65_534
"""That a cell may span, by the HTML Standard."""


def open_page(
    page: Page,
    source: str,
    *,
    expects: str,
    encoding: str | None = None,
    unless: str = "",
) -> BeautifulSoup:
    """The page as a document. ``expects`` is a CSS selector for what makes it the page that was asked for;
    ``unless`` are words that the page may have in its place, where it has nothing to show.

    ``encoding`` is what the source is known to write in; without it header, document and bytes decide.
    Links are taken from where the page says that they begin (``<base>``). Raises FetchError for a page that is
    empty or broken off, SourceChanged for one in another encoding or without what is expected.
    """
    address = page.url.split("?")[0]
    text = text_of(page, source, encoding=encoding)
    if not text.strip():
        raise FetchError("{source}: {address} is empty; nothing was kept, it is asked again", **_at(source, address))
    if "<" not in text[:2000]:
        raise SourceChanged(
            "{source}: {address} is no HTML; it begins “{beginning}”; look at the archive",
            beginning=" ".join(text.split())[:60],
            **_at(source, address),
        )
    document = BeautifulSoup(text, "lxml")
    says_none = bool(unless) and "".join(unless.split()) in "".join(document.get_text().split())
    if document.select_one(expects) is None and not says_none:
        whole = _END in text.lower()
        raise _unexpected(document, expects, source, address) if whole else _broken_off(source, address)
    if _END not in text[-20_000:].lower():
        raise _broken_off(source, address)
    _follow_base(document, page.url)
    return document


def _follow_base(document: BeautifulSoup, address: str) -> None:
    """Writes out links that are relative to another address than that of the page."""
    base = document.select_one("base[href]")
    if base is None or (start := _joined(address, str(base["href"]))) is None:
        return
    for anchor in document.select("a[href]"):
        anchor["href"] = _joined(start, str(anchor["href"])) or str(anchor["href"])


def text_of(page: Page, source: str, *, encoding: str | None = None) -> str:
    """The page's text. Raises SourceChanged where it is not in the encoding that the source writes in."""
    content = page.content
    text = content.decode(encoding, "replace") if encoding else decode(content, page.content_type)
    if text.count("\ufffd") * 200 > len(text):
        raise SourceChanged(
            "{source}: {address} is not written in {encoding}; look at the archive, the encoding may have changed",
            encoding=encoding or "any encoding that is known",
            **_at(source, page.url.split("?")[0]),
        )
    return text


def _at(source: str, address: str) -> dict[str, str]:
    return {"source": source, "address": address}


def _broken_off(source: str, address: str) -> FetchError:
    return FetchError("{source}: {address} broke off; nothing was kept, it is asked again", **_at(source, address))


def _unexpected(document: BeautifulSoup, expects: str, source: str, address: str) -> SourceChanged:
    shown = " ".join(document.get_text(" ").split())
    if _MAINTENANCE.search(shown[:2000]):
        text = N_("{source}: {address} is a maintenance page; nothing was kept, it is asked again")
    elif document.select_one("input[type=password]"):
        text = N_("{source}: {address} is a login page; see in a browser whether the source is still open to all")
    else:
        text = N_(
            "{source}: {address} has no {expects}; it begins “{beginning}”; "
            "look at it in a browser, its layout may have changed"
        )
    return SourceChanged(text, expects=expects, beginning=shown[:60], **_at(source, address))


def lines(tag: Tag) -> str:
    """The text of an element, a line for each block and ``<br>``; runs of spaces are one, empty lines are left out."""
    parts: list[str] = []
    waiting: list[object] = [tag]  # no recursion: a broken page may be nested thousands deep
    while waiting:
        one = waiting.pop()
        if isinstance(one, Tag):
            if one.name not in ("script", "style"):
                around = "\n" if one.name in _BLOCKS or one.name == "br" else ""
                parts.append(around)
                waiting.append(_Gap(around or (" " if one.name in ("td", "th") else "")))
                waiting.extend(reversed(one.contents))
        elif isinstance(one, _Gap):
            parts.append(one)
        elif not isinstance(one, PreformattedString):  # a comment, a declaration
            parts.append(" ".join(str(one).split("\n")))
    written = (re.sub(r"[ \t\r\u00a0]+", " ", line).strip() for line in "".join(parts).split("\n"))
    return "\n".join(line for line in written if line)


class _Gap(str):
    """What stands after an element."""


def words(tag: Tag | None) -> str:
    """The text of an element on one line; empty where there is no element."""
    return " ".join(lines(tag).split("\n")) if tag is not None else ""


def link_of(tag: Tag | None, base: str) -> str | None:
    """The address that the first link in (or of) an element leads to, as ``address_from`` gives it."""
    anchor = tag if tag is not None and tag.name == "a" else tag.select_one("a[href]") if tag is not None else None
    return address_from(str(anchor.get("href") or ""), base) if anchor is not None else None


def address_from(written: str, base: str) -> str | None:
    """The address that a page or feed at ``base`` means, less the number of the visit.

    None for what is none of the web: nothing at all, ``javascript:``, ``mailto:``, absurdly many characters.
    """
    address = _joined(base, written) if 0 < len(written.strip()) <= _LONGEST_ADDRESS else None
    if address is None or not address.lower().startswith(("http://", "https://")):
        return None
    lasting = _VISIT.sub("", address)
    return address if lasting == address else re.sub(r"[?&](?=#|\Z)", "", lasting)


def _joined(base: str, address: str) -> str | None:
    try:
        return urljoin(base, address.strip())
    except ValueError:  # no address at all: http://[
        return None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, its cells by the names that were asked for."""

    cells: Mapping[str, Tag]
    beside: Sequence[tuple[str, str]] = ()
    """What stands beside an item of a list, as ``Beside`` tells it."""

    def __contains__(self, name: str) -> bool:
        return name in self.cells

    def text(self, name: str) -> str:
        """The cell on one line; empty where the table has no such column."""
        return words(self.cells.get(name))

    def lines(self, name: str) -> str:
        cell = self.cells.get(name)
        return lines(cell) if cell is not None else ""

    def link(self, name: str, base: str) -> str | None:
        return link_of(self.cells.get(name), base)


class Beside:
    """What stands in the rows of a list's items and is not part of them.

    A row is the closest list item, table row, paragraph, or description with its term that holds anything else.
    """

    def __init__(self, items: Iterable[Tag]) -> None:
        self._items_in = Counter(id(parent) for item in items for parent in item.parents)
        self._rows: dict[int, Mapping[int, list[tuple[str, Tag]]]] = {}
        """By table, then by row: the cells, each with the heading of its column."""

    def __call__(self, item: Tag) -> list[tuple[str, str]]:
        """What stands beside an item, in pieces, each with its heading.

        Nothing is told of a row that holds several items, for nobody knows of which of them it speaks.
        """
        for row in item.find_parents(["li", "tr", "dd", "dt", "p"]):
            if self._items_in[id(row)] != 1:
                break
            if told := [(heading, text) for heading, text in self._pieces(item, row) if text]:
                return told
        return []

    def _pieces(self, item: Tag, row: Tag) -> Iterator[tuple[str, str]]:
        if row.name == "tr":
            yield from ((heading, _without(cell, item)) for heading, cell in self._cells(row))
            return
        if row.name == "dd":
            term = row.find_previous_sibling(["dt", "dd"])
            yield "", words(term) if term is not None and term.name == "dt" else ""
        yield "", _without(row, item)

    def _cells(self, row: Tag) -> list[tuple[str, Tag]]:
        table = row.find_parent("table")
        if table is None:
            return []
        if id(table) not in self._rows:
            self._rows[id(table)] = _with_headings(table)
        return self._rows[id(table)][id(row)]


def _with_headings(table: Tag) -> Mapping[int, list[tuple[str, Tag]]]:
    """By row: its cells, each with what the first row of the table has in its column."""
    rows = _grid(table)
    headings = {place: words(cell) for place, cell in rows[0][1].items()} if rows else {}
    return {
        id(row): [(headings.get(place, "") if number else "", cell) for place, cell in cells.items()]
        for number, (row, cells) in enumerate(rows)
    }


def _without(tag: Tag, left_out: Tag) -> str:
    """The text of an element less that of an element in it."""
    strings = (text for text in tag.find_all(string=True) if not any(one is left_out for one in text.parents))
    return " ".join(" ".join(text for text in strings if not isinstance(text, PreformattedString)).split())


def holds(text: str, title: str) -> bool:
    """Whether a text is about what a title says: it has at least half of the title's pairs of characters."""
    text, title = _plain(text), _plain(title)
    pairs = {title[place : place + 2] for place in range(len(title) - 1)} or {title}
    return sum(pair in text for pair in pairs) * 2 >= len(pairs)


def find_table(
    document: Tag, columns: Mapping[str, str], where: str, *, optional: frozenset[str] = frozenset()
) -> Iterator[Row]:
    """The rows of every table with these headings, below the first row that has all of them.

    ``columns`` is our name → the heading as written. It is found where it is equal after folding and without spaces,
    or else where a cell begins with it. Cells that span rows or columns stand in each of them. ``where`` names source
    and page for the error. Raises SourceChanged where no table has the headings that are not ``optional``.
    """
    best: list[str] = []
    seen: list[str] = []
    tables = document.find_all("table")
    # Tables around other tables are there for the layout, unless nothing else has the headings.
    for candidates in (
        [table for table in tables if table.find("table") is None],
        [table for table in tables if table.find("table") is not None],
    ):
        found: list[Iterator[Row]] = []
        for table in candidates:
            grid = [cells for _, cells in _grid(table)]
            for number, cells in enumerate(grid):
                headings = {place: _plain(words(cell)) for place, cell in cells.items()}
                places = {name: _place(headings, _plain(heading)) for name, heading in columns.items()}
                missing = [columns[name] for name, place in places.items() if place is None and name not in optional]
                if not missing:
                    known = {name: place for name, place in places.items() if place is not None}
                    found.append(_rows(grid[number + 1 :], known, cells))
                    break
                if len(missing) < len(columns) and (not best or len(missing) < len(best)):
                    best, seen = missing, [words(cell) for cell in cells.values()]
        if found:
            return chain.from_iterable(found)
    if best:
        raise SourceChanged(
            "{where}: no table has the columns {columns}; the nearest has {seen}; "
            "look at it in a browser, its layout may have changed",
            where=where,
            columns=", ".join(best),
            seen=", ".join(dict.fromkeys(filter(None, seen)))[:200],
        )
    raise SourceChanged(
        "{where}: no table has the columns {columns}; look at it in a browser, its layout may have changed",
        where=where,
        columns=", ".join(columns.values()),
    )


def has_heading(document: Tag, headings: Iterable[str]) -> bool:
    """Whether a cell of any table is one of these headings."""
    wanted = {_plain(heading) for heading in headings}
    return any(_plain(words(cell)) in wanted for cell in document.find_all(["th", "td"]))


def _rows(grid: Iterable[Mapping[int, Tag]], places: Mapping[str, int], above: Mapping[int, Tag]) -> Iterator[Row]:
    headings = {place: _plain(words(above[place])) for place in places.values()}
    for cells in grid:
        if len(cells) > 1 and len({id(cell) for cell in cells.values()}) == 1:
            continue  # a heading or a remark across the whole table
        found = {name: cells[place] for name, place in places.items() if place in cells}
        if any(cells.get(place) is above[place] for place in headings):
            continue  # the second row of the headings
        if all(place in cells and _plain(words(cells[place])) == heading for place, heading in headings.items()):
            continue  # the headings once more, as on printed pages
        if found:
            yield Row(found)


def _plain(text: str) -> str:
    return "".join(fold(text).split())


def _place(headings: Mapping[int, str], wanted: str) -> int | None:
    equal = (place for place, heading in headings.items() if heading == wanted)
    begins = (place for place, heading in headings.items() if heading.startswith(wanted))
    return next(chain(equal, begins), None)


def _grid(table: Tag) -> list[tuple[Tag, dict[int, Tag]]]:
    """The rows of a table with their cells by the columns where they are seen, from left to right.

    A cell that spans rows or columns stands in each of them.
    """
    grid: list[tuple[Tag, dict[int, Tag]]] = []
    hanging: dict[int, tuple[Tag, int]] = {}
    section: Tag | None = None
    for row in table.find_all("tr"):
        if row.find_parent("table") is not table:
            continue
        if (here := row.find_parent(_SECTIONS)) is not section:
            section, hanging = here, {}
        cells = {column: cell for column, (cell, _) in hanging.items()}
        hanging = {column: (cell, left - 1) for column, (cell, left) in hanging.items() if left > 1}
        column = 0
        for cell in row.find_all(["td", "th"]):
            if cell.find_parent("tr") is not row:
                continue
            while column in cells:
                column += 1
            if column >= _MOST_COLUMNS:
                break
            down = _span(cell, "rowspan", _MOST_ROWS)
            for place in range(column, min(column + _span(cell, "colspan", _MOST_COLUMNS), _MOST_COLUMNS)):
                cells[place] = cell
                if down > 1:
                    hanging[place] = (cell, down - 1)
        grid.append((row, dict(sorted(cells.items()))))
    return grid


def _span(cell: Tag, name: str, most: int) -> int:
    written = str(cell.get(name) or "1").strip()
    return max(1, min(most, int(written))) if written.isdecimal() and len(written) < 10 else 1


def no_rows(source: str, address: str) -> SourceChanged:
    """The error for a list without a row that does not say itself that there is none."""
    return SourceChanged(
        "{source}: {address} lists nothing and does not say so; look at it in a browser, its layout may have changed",
        **_at(source, address),
    )


def unreadable(what: str) -> Saying:
    """What is told of a row without what makes it a notice."""
    return Saying("a row has no title or date that can be read: {row}", {"row": what[:120]})
