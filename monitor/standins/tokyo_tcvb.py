"""The Tokyo Convention & Visitors Bureau's tables of contracts, over DATA/tokyo_tcvb/notices.jsonl.

A page for each fiscal year of the records; other years are not there, and a record without a day is on the newest.
Records as in ``tokyo_kosha``.
"""

from collections.abc import Sequence
from datetime import date, datetime
from html import escape
from pathlib import Path

from starlette.routing import BaseRoute

from db.vocabulary.japanese import fiscal_year_of
from monitor.standins import listing
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "www.tcvb.or.jp"
COLUMNS = {
    "整理番号": listing.stated("number"),
    "公表日": listing.day(lambda day: f"{day:%Y年%m月%d日}"),
    "件名": listing.stated("title"),
    "希望申出期間": lambda record: "～".join(filter(None, (_moment(record, "start"), _moment(record, "end")))),
    "受付状況": listing.stated("status"),
}


def routes(folder: Path) -> Sequence[BaseRoute]:
    records = listing.read(folder)
    years = {year for record in records if (year := _year(record))}
    return listing.site(records, (_page_of(year, newest=year == max(years)) for year in years))


def _page_of(year: int, *, newest: bool) -> listing.Listing:
    def holds(record: Record) -> bool:
        return _year(record) == year or (newest and not record.get("published"))

    return listing.Listing(f"https://{HOST}/jp/agreement/{year}/", "契約情報", holds, COLUMNS)


def _year(record: Record) -> int | None:
    written = str(record.get("published") or "")[:10]
    return fiscal_year_of(date.fromisoformat(written)) if written else None


def _moment(record: Record, which: str) -> str:
    """As the table writes moments; a day without a time of day as a day, anything else as it is."""
    written = str(record.get(f"application_{which}") or "")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return escape(written)
    clock = f"{moment.hour}時" + (f"{moment.minute}分" if moment.minute else "")
    return f"{moment:%Y年%m月%d日}" + (clock if "T" in written else "")


PORTAL = Portal((HOST,), ("tokyo_tcvb",), "tokyo_tcvb", routes, listing.days)
