"""Pages of Tokyo's bureaus, over DATA/tokyo_bureaus/pages.jsonl: two lists of links, and the pages they lead to.

Each page is at its record's own address, on whichever of the hosts that is. Lines of a record's text that hold ``|``
are rows of a table, as they were where the text was taken from. An address that several records share is a page with a
table of them; a text such as ``opening_date: 2026-08-05T10:10:00 / …`` fills the columns of that table.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from html import escape
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins import listing
from monitor.standins.records import Record
from monitor.standins.server import Portal

FILE = "pages.jsonl"
SANGYO_RODO, KANKYO = "www.sangyo-rodo.metro.tokyo.lg.jp", "www.kankyo.metro.tokyo.lg.jp"
HOSTS = (SANGYO_RODO, KANKYO, "www.metro.tokyo.lg.jp", "www.to-kousya.or.jp", "www.tokyo-kosha.or.jp")
COLUMNS = {"procedure_type": "入札方式", "application_deadline": "申込受付期限", "opening_date": "開札予定日時"}
SEVERAL = "入札情報"
"""The heading of a page that lists several contracts."""


def routes(folder: Path) -> Sequence[BaseRoute]:
    records = listing.read(folder, FILE)
    sharing: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        sharing[str(record["url"])].append(record)
    shared = {str(one["title"]) for those in sharing.values() if len(those) > 1 for one in those}

    def layout(heading: str, content: str) -> str:
        return listing.plain_page(SEVERAL if heading in shared else heading, content)

    def notice(record: Record) -> str:
        those = sharing[str(record["url"])]
        return _table_of(those) if len(those) > 1 else _page_of(record)

    lists = [
        listing.Listing(
            f"https://{SANGYO_RODO}/energy/topics/index.html", "トピックス", lambda one: not _is_kankyo(one)
        ),
        listing.Listing(f"https://{KANKYO}/climate/own_efforts/index.html", "都の率先行動", _is_kankyo),
    ]
    return listing.site(records, lists, layout=layout, notice=notice)


def _is_kankyo(record: Record) -> bool:
    return KANKYO in str(record["url"]) or "環境局" in str(record.get("organization"))


# A page of its own


def _page_of(record: Record) -> str:
    written = str(record.get("body") or "").split("\n")
    if written[0] == record["title"]:  # the heading
        written = written[1:]
    return "\n".join(_blocks(written))


def _blocks(written: Sequence[str]) -> Iterator[str]:
    """Paragraphs, and tables of what stands in consecutive lines with ``|``."""
    rows: list[str] = []
    for line in [*_joined(written), ""]:
        if "|" in line:
            rows.append(line)
            continue
        if rows:
            yield f"<table>\n{''.join(map(_row, rows))}</table>"
            rows = []
        if line:
            yield f"<p>{escape(line)}</p>"


def _joined(written: Sequence[str]) -> Iterator[str]:
    """The lines, with those of a cell put together that was broken after its row's first bar."""
    started = ""
    for line in written:
        if started:
            line, started = f"{started} {line}", ""
        elif line.startswith("|") and line.count("|") == 2 and line.endswith("|") and line.strip("|-"):
            started = line
            continue
        yield line
    if started:
        yield started


def _row(line: str) -> str:
    if not line.strip("|-: "):
        return ""  # below the head of a table
    first, *others = (escape(cell.strip()) for cell in line.strip().strip("|").split("|"))
    return f"<tr><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>\n"


# A page with several


def _table_of(records: Sequence[Record]) -> str:
    heads = "".join(f"<th>{name}</th>" for name in ("件名", "公表日", *COLUMNS.values(), "備考"))
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(record))}</tr>\n" for record in records)
    return f"<table>\n<tr>{heads}</tr>\n{rows}</table>"


def _cells(record: Record) -> Iterator[str]:
    parts = [part.partition(": ") for part in str(record.get("body") or "").split(" / ")]
    named = {name: value for name, _, value in parts if name in COLUMNS}
    yield escape(str(record["title"]))
    yield listing.day(listing.era)(record)
    for name in COLUMNS:
        yield escape(_written(named.get(name, "")))
    yield escape(" / ".join("".join(part) for part in parts if part[0] not in COLUMNS))


def _written(value: str) -> str:
    """A moment as Tokyo writes it; anything else as it is."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return f"{listing.era(moment.date())} {moment:%H:%M}"


def _days(folder: Path) -> Iterator[date]:
    return listing.days(folder, FILE)


PORTAL = Portal(HOSTS, ("tokyo_bureaus",), "tokyo_bureaus", routes, _days)
