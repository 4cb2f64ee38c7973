"""Pages of Tokyo's bureaus, over DATA/tokyo_bureaus/pages.jsonl: two lists of links, and the pages they lead to.

Each page is at its record's own address, on whichever of the hosts that is; records that share an address stand one
below the other. Lines of a record's text that hold ``|`` are rows of a table, as they were where the text was taken
from.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins import listing
from monitor.standins.records import Record
from monitor.standins.server import Portal

FILE = "pages.jsonl"
SANGYO_RODO, KANKYO = "www.sangyo-rodo.metro.tokyo.lg.jp", "www.kankyo.metro.tokyo.lg.jp"
HOSTS = (SANGYO_RODO, KANKYO, "www.metro.tokyo.lg.jp", "www.to-kousya.or.jp", "www.tokyo-kosha.or.jp")


def routes(folder: Path) -> Sequence[BaseRoute]:
    records = listing.read(folder, FILE)
    sharing: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        sharing[str(record["url"])].append(record)

    def notice(record: Record) -> str:
        others = (one for one in sharing[str(record["url"])] if one is not record)
        below = (f"<h1>{escape(str(one['title']))}</h1>\n{_page_of(one)}" for one in others)
        return "\n".join((_page_of(record), *below))

    lists = [
        listing.Listing(
            f"https://{SANGYO_RODO}/energy/topics/index.html", "トピックス", lambda one: not _is_kankyo(one)
        ),
        listing.Listing(f"https://{KANKYO}/climate/own_efforts/index.html", "都の率先行動", _is_kankyo),
    ]
    return listing.site(records, lists, notice=notice)


def _is_kankyo(record: Record) -> bool:
    return KANKYO in str(record["url"]) or "環境局" in str(record.get("organization"))


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


def _days(folder: Path) -> Iterator[date]:
    return listing.days(folder, FILE)


PORTAL = Portal(HOSTS, ("tokyo_bureaus",), "tokyo_bureaus", routes, _days)
