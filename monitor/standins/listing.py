"""Pages of agencies made from records: lists of links, lists as tables, and the notices' own pages.

No portal of its own: the stand-ins of agencies' sites are put together from these. A record has ``url`` and
``title``, and may have ``organization``, ``published``, ``deadline``, ``category`` and ``body``; what it lacks is
left out. A list is at its own address, in several pages where it has more rows than a page takes (``cap``), and
each notice is at the address of its record, on whatever host of the portal that is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from monitor.standins.records import BadRecords, Record, read_records
from monitor.standins.server import StandInSettings, address_of, settings_of

ERAS = {"令和": date(2019, 5, 1), "平成": date(1989, 1, 8), "昭和": date(1926, 12, 25)}
"""Each with its first day."""
EMPTY = "現在、公告中の案件はありません。"
"""How a list says that it shows nothing."""

Cell = Callable[[Record], str]
"""From a record to HTML: the inside of a table's cell or of a list's item."""
Layout = Callable[[str, str], str]
"""From a heading and the HTML below it to a whole page."""


# The records


def read(folder: Path, file: str = "notices.jsonl") -> list[Record]:
    """The records of a portal, in their order. Raises ValueError for one without title, or whose address or day is none."""
    records = read_records(folder / file, required=("url", "title"))
    for number, record in enumerate(records, 1):
        for name in ("published", "deadline"):
            if record.get(name) and not _is_day(str(record[name])):
                raise BadRecords(
                    "{file}, record {number}: {day} is no day; write {name} as 2026-04-01",
                    file=folder / file,
                    number=number,
                    day=record[name],
                    name=name,
                )
        if not _is_address(str(record["url"])):
            raise BadRecords(
                "{file}, record {number}: {url} is no address; write url as https://www.example.jp/1.html",
                file=folder / file,
                number=number,
                url=record["url"],
            )
    return records


def days(folder: Path, file: str = "notices.jsonl") -> Iterator[date]:
    """The days on which the records that state one were published. Raises ValueError as ``read`` does."""
    for record in read(folder, file):
        if record.get("published"):
            yield date.fromisoformat(str(record["published"])[:10])


def _is_day(written: str) -> bool:
    """Whether it is a day, or a moment."""
    try:
        datetime.fromisoformat(written)
        date.fromisoformat(written[:10])
    except ValueError:
        return False
    return True


def _is_address(written: str) -> bool:
    try:
        urlsplit(written)
    except ValueError:  # http://[
        return False
    return True


def says(record: Record, *words: str) -> bool:
    """Whether category or title of a record hold one of the words."""
    return any(word in f"{record.get('category', '')} {record['title']}" for word in words)


# How a day is written


def iso(day: date) -> str:
    """2026-04-01"""
    return day.isoformat()


def slashes(day: date) -> str:
    """2026/04/01"""
    return f"{day:%Y/%m/%d}"


def western(day: date) -> str:
    """2026年4月1日"""
    return f"{day.year}年{day.month}月{day.day}日"


def era(day: date) -> str:
    """令和8年4月1日; before the eras that are still met with, 1926年4月1日"""
    for name, first in ERAS.items():
        if day >= first:
            year = day.year - first.year + 1
            return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return western(day)


Form = Callable[[date], str]


# What stands in a cell or an item


def stated(name: str) -> Cell:
    """A field of the record as it is; empty where the record lacks it."""
    return lambda record: escape(str(record.get(name) or "")).replace("\n", "<br>")


def day(form: Form = western, name: str = "published") -> Cell:
    """A day of the record (or the day of a moment), written out; empty where the record lacks it."""
    return lambda record: form(date.fromisoformat(str(record[name])[:10])) if record.get(name) else ""


def link(record: Record) -> str:
    """The title as a link to the notice's own page."""
    return f'<a href="{escape(str(record["url"]))}">{escape(str(record["title"]))}</a>'


def dated_link(record: Record) -> str:
    """The day, where there is one, and the link."""
    written = day()(record)
    return f'<span class="date">{written}</span> {link(record)}' if written else link(record)


# Pages


def plain_page(heading: str, content: str) -> str:
    """A page with what surrounds the content on every agency's site: links that are no notices."""
    heading = escape(heading)
    return (
        f'<!DOCTYPE html>\n<html lang="ja">\n<head>\n<title>{heading}</title>\n</head>\n<body>\n'
        '<div id="header"><ul><li><a href="/">ホーム</a></li><li><a href="/sitemap.html">サイトマップ</a></li></ul></div>\n'
        f'<div id="main">\n<h1>{heading}</h1>\n{content}\n</div>\n'
        '<div id="footer"><a href="/copyright.html">著作権について</a></div>\n</body>\n</html>\n'
    )


def notice_page(record: Record) -> str:
    """What a notice's own page says below its heading: the record's fields by name, and its text."""
    rows = (
        ("担当", stated("organization")(record)),
        ("区分", "" if record.get("category") == "unknown" else stated("category")(record)),
        ("掲載日", day()(record)),
        ("締切", day(western, "deadline")(record)),
    )
    named = "".join(f"<dt>{name}</dt><dd>{value}</dd>\n" for name, value in rows if value)
    body = stated("body")(record)
    return "\n".join(filter(None, (f"<dl>\n{named}</dl>" if named else "", f"<p>{body}</p>" if body else "")))


Query = Mapping[str, str]
Pager = Callable[[Query, int, int], str]
"""From the query of the request, the number of its page and that of the last page to the links to other pages."""


def rel_next(query: Query, number: int, last: int) -> str:
    """A link to the next page, marked as the HTML Standard has it."""
    further = urlencode({**query, "page": str(number + 1)})
    return f'<p><a rel="next" href="?{escape(further)}">次へ</a></p>' if number < last else ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list page: where it is, which records it shows, and how. With ``columns`` it is a table."""

    address: str
    heading: str
    holds: Callable[[Record], bool] = lambda record: True
    columns: Mapping[str, Cell] = field(default_factory=dict)
    """The heading of each column, and what stands in it."""
    item: Cell = dated_link
    show: Callable[[Sequence[Record]], str] | None = None
    """The list in a form of its own; None: a table or items."""
    empty: str = EMPTY
    at_most: int | None = None
    """Rows on a page, where the real list has such a limit."""
    page_parameter: str = "page"
    pager: Pager = rel_next


def rows_of(listing: Listing, records: Sequence[Record]) -> str:
    """The list itself; where it shows no record, the words that say so."""
    if not records:
        return f"<p>{escape(listing.empty)}</p>"
    if listing.show is not None:
        return listing.show(records)
    if not listing.columns:
        items = "\n".join(f"<li>{listing.item(record)}</li>" for record in records)
        return f"<ul>\n{items}\n</ul>"
    head = "".join(f"<th>{escape(heading)}</th>" for heading in listing.columns)
    rows = "\n".join(
        f"<tr>{''.join(f'<td>{cell(record)}</td>' for cell in listing.columns.values())}</tr>" for record in records
    )
    return f"<table>\n<tr>{head}</tr>\n{rows}\n</table>"


def site(
    records: Sequence[Record],
    listings: Iterable[Listing],
    *,
    layout: Layout = plain_page,
    notice: Cell = notice_page,
    encoding: str = "utf-8",
) -> list[BaseRoute]:
    """The routes of an agency: its lists, and the page of each record at the record's own address.

    Where both have one address, the list is there.
    """

    def answer(text: str) -> Response:
        label = "Shift_JIS" if encoding == "cp932" else encoding
        return Response(text.encode(encoding, "xmlcharrefreplace"), media_type=f"text/html; charset={label}")

    def page_of(record: Record) -> Answer:
        return lambda request, settings: answer(layout(str(record["title"]), notice(record)))

    def list_of(listing: Listing) -> Answer:
        def show(request: Request, settings: StandInSettings) -> Response:
            found = [] if settings.empty else [record for record in records if listing.holds(record)]
            if settings.duplicate_rows:
                found = found[:1] + found
            size = min(filter(None, (settings.cap, listing.at_most, max(1, len(found)))))
            query = request.query_params
            asked = query.get(listing.page_parameter, "1")
            number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 10 else 1
            rows = rows_of(listing, found[(number - 1) * size : number * size])
            pager = listing.pager(query, number, max(1, -(-len(found) // size)))
            return answer(layout(listing.heading, "\n".join(filter(None, (rows, pager)))))

        return show

    def erring(inner: Answer) -> Answer:
        def show(request: Request, settings: StandInSettings) -> Response:
            if settings.error_body is not None:
                return answer(layout("エラー", f"<p>{escape(settings.error_body)}</p>"))
            return inner(request, settings)

        return show

    pages = {_place(str(record["url"])): erring(page_of(record)) for record in records}
    lists = {_place(listing.address): erring(list_of(listing)) for listing in listings}
    return [Pages(pages, lists)]


Answer = Callable[[Request, StandInSettings], Response]


class Pages(BaseRoute):
    """Answers at addresses that are known in full, host included, and at nothing else of the hosts.

    ``pages`` are told apart by their queries too; ``lists`` are found with any query.
    """

    def __init__(self, pages: Mapping[str, Answer], lists: Mapping[str, Answer]) -> None:
        self._pages, self._lists = pages, lists

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.NONE if self._answer(scope) is None else Match.FULL), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = self._answer(scope)
        assert answer is not None
        await answer(request, settings_of(request))(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        raise NoMatchFound(name, path_params)

    def _answer(self, scope: Scope) -> Answer | None:
        if scope["type"] != "http":
            return None
        address = address_of(Request(scope)).removeprefix("https://")
        query = scope["query_string"].decode("ascii", "replace")
        return self._lists.get(address) or self._pages.get(f"{address}?{query}" if query else address)


def _place(url: str) -> str:
    """An address as ``Pages`` looks it up: without scheme and fragment, its path as it reads."""
    parts = urlsplit(url)
    path = f"{parts.netloc}{unquote(parts.path) or '/'}"
    return f"{path}?{parts.query}" if parts.query else path
