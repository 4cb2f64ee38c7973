"""One way to open an HTML page of a source, and to read the tables in it.

What is no whole page of the source (empty, broken off, of another encoding, a maintenance or login page) is
told apart here, so that a source only says what it expects to find.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from bs4.element import PreformattedString

from db.vocabulary.japanese import decode
from db.vocabulary.messages import N_, Saying
from db.vocabulary.text import fold
from scrapers.errors import FetchError, SourceChanged
from scrapers.source import Page

_BLOCKS = ("p", "div", "tr", "li", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "table", "section", "article")
_MAINTENANCE = re.compile("メンテナンス|サービス停止|一時停止|システム停止|Service Unavailable", re.IGNORECASE)
_MOST_CELLS = 200
"""Columns or rows that one cell may span (HTML allows 1,000 and 65,534)."""


def open_page(
    page: Page,
    source: str,
    *,
    expects: str,
    encoding: str | None = None,
    ends_with: str = "</html>",
    unless: str = "",
) -> BeautifulSoup:
    """The page as a document. ``expects`` is a CSS selector for what makes it the page that was asked for;
    ``unless`` are words that the page may have in its place, where it has nothing to show.

    ``encoding`` is what the source is known to write in; without it header, document and bytes decide.
    ``ends_with`` is what a whole page has near its end. Raises FetchError for a page that is empty or broken
    off, SourceChanged for one in another encoding or without what is expected.
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
        whole = ends_with.lower() in text.lower()
        raise _unexpected(document, expects, source, address) if whole else _broken_off(source, address)
    if ends_with.lower() not in text[-20_000:].lower():
        raise _broken_off(source, address)
    return document


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

    def walk(inner: Tag) -> None:
        for child in inner.children:
            if isinstance(child, Tag):
                if child.name in ("script", "style"):
                    continue
                breaks = child.name in _BLOCKS or child.name == "br"
                if breaks:
                    parts.append("\n")
                walk(child)
                if breaks:
                    parts.append("\n")
                elif child.name in ("td", "th"):
                    parts.append(" ")
            elif not isinstance(child, PreformattedString):  # a comment, a declaration
                parts.append(" ".join(str(child).split("\n")))

    walk(tag)
    written = (re.sub(r"[ \t\r\u00a0]+", " ", line).strip() for line in "".join(parts).split("\n"))
    return "\n".join(line for line in written if line)


def words(tag: Tag | None) -> str:
    """The text of an element on one line; empty where there is no element."""
    return " ".join(lines(tag).split("\n")) if tag is not None else ""


def link_of(tag: Tag | None, base: str) -> str | None:
    """The address that the first link in (or of) an element leads to; None for none, and for ``javascript:``."""
    anchor = tag if tag is not None and tag.name == "a" else tag.select_one("a[href]") if tag is not None else None
    if anchor is None:
        return None
    try:
        address = urljoin(base, str(anchor.get("href") or "").strip())
    except ValueError:  # no address at all: http://[
        return None
    return address if address.lower().startswith(("http://", "https://")) else None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, its cells by the names that were asked for."""

    cells: Mapping[str, Tag]
    beside: Sequence[tuple[str, str]] = ()
    """What stands beside an item of a list, as ``beside`` tells it."""

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


def beside(item: Tag, items: Sequence[Tag]) -> list[tuple[str, str]]:
    """What stands in the row of an item and is not part of it, in pieces, each with the heading of its column.

    A row is the closest list item, table row, paragraph, or description with its term that holds anything else.
    Nothing is told where it holds several of the ``items``, for then nobody knows of which of them it speaks.
    """
    for row in item.find_parents(["li", "tr", "dd", "dt", "p"]):
        if sum(any(parent is row for parent in other.parents) for other in items) != 1:
            break
        if row.name == "tr":
            pieces = _beside_in_table(item, row)
        else:
            pieces = [("", _without(row, item))]
            if (
                row.name == "dd"
                and (term := row.find_previous_sibling(["dt", "dd"])) is not None
                and term.name == "dt"
            ):
                pieces.insert(0, ("", words(term)))
        if told := [(heading, text) for heading, text in pieces if text]:
            return told
    return []


def _beside_in_table(item: Tag, row: Tag) -> list[tuple[str, str]]:
    table = row.find_parent("table")
    grid = _grid(table) if table is not None else []
    cells = next((cells for cells in grid if any(cell.parent is row for cell in cells)), [])
    headings = [words(cell) for cell in grid[0]] if grid and cells is not grid[0] else []
    headings += [""] * (len(cells) - len(headings))
    return [(heading, _without(cell, item)) for heading, cell in zip(headings, cells, strict=False)]


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
    """The rows below the first row that has all headings: ``columns`` is our name → the heading as written.

    A heading is found where it is equal after folding and without spaces, or else where a cell begins with it.
    Cells that span rows or columns stand in each of them. ``where`` names source and page for the error.
    Raises SourceChanged where no table has the headings that are not ``optional``.
    """
    best: list[str] = []
    for table in document.find_all("table"):
        if table.find("table"):
            continue  # layout around the tables
        grid = _grid(table)
        for number, cells in enumerate(grid):
            headings = [_plain(words(cell)) for cell in cells]
            places = {name: _place(headings, _plain(heading)) for name, heading in columns.items()}
            missing = [columns[name] for name, place in places.items() if place is None and name not in optional]
            if not missing:
                return _rows(grid[number + 1 :], places, headings)
            if cells and len(missing) < len(columns) and (not best or len(missing) < len(best)):
                best = missing
    raise SourceChanged(
        "{where}: no table has the columns {columns}; look at it in a browser, its layout may have changed",
        where=where,
        columns=", ".join(best or columns.values()),
    )


def _rows(grid: list[list[Tag]], places: Mapping[str, int | None], headings: list[str]) -> Iterator[Row]:
    for cells in grid:
        if len(cells) > 1 and all(cell is cells[0] for cell in cells):
            continue  # a heading or a remark across the whole table
        if [_plain(words(cell)) for cell in cells] == headings:
            continue  # the headings once more, as on printed pages
        found = {name: cells[place] for name, place in places.items() if place is not None and place < len(cells)}
        if found:
            yield Row(found)


def _plain(text: str) -> str:
    return "".join(fold(text).split())


def _place(headings: list[str], wanted: str) -> int | None:
    if wanted in headings:
        return headings.index(wanted)
    return next((place for place, heading in enumerate(headings) if heading.startswith(wanted)), None)


def _grid(table: Tag) -> list[list[Tag]]:
    """The cells of a table where they are seen: one that spans rows or columns stands in each of them."""
    grid: list[list[Tag]] = []
    hanging: dict[int, tuple[Tag, int]] = {}
    for row in table.find_all("tr"):
        cells: list[Tag] = []
        waiting = row.find_all(["td", "th"])
        while waiting or len(cells) in hanging:
            if (place := len(cells)) in hanging:
                cell, left = hanging.pop(place)
                if left > 1:
                    hanging[place] = (cell, left - 1)
                cells.append(cell)
                continue
            cell = waiting.pop(0)
            for _ in range(_span(cell, "colspan")):
                if (down := _span(cell, "rowspan")) > 1:
                    hanging[len(cells)] = (cell, down - 1)
                cells.append(cell)
        grid.append(cells)
    return grid


def _span(cell: Tag, name: str) -> int:
    written = str(cell.get(name) or "1").strip()
    return max(1, min(_MOST_CELLS, int(written))) if written.isdecimal() else 1


def no_rows(source: str, address: str) -> SourceChanged:
    """The error for a list without a row that does not say itself that there is none."""
    return SourceChanged(
        "{source}: {address} lists nothing and does not say so; look at it in a browser, its layout may have changed",
        **_at(source, address),
    )


def unreadable(what: str) -> Saying:
    """What is told of a row without what makes it a notice."""
    return Saying("a row has no title or date that can be read: {row}", {"row": what[:120]})
