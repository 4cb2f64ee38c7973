"""The Tokyo Convention & Visitors Bureau's tables of contracts, over DATA/tokyo_tcvb/notices.jsonl.

A page for each fiscal year of the records; other years are not there. Records as in ``tokyo_kosha``.
"""

from collections.abc import Sequence
from datetime import date, datetime
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
    years = sorted({_year(record) for record in records if record.get("published")})
    return listing.site(records, map(_page_of, years))


def _page_of(year: int) -> listing.Listing:
    def holds(record: Record) -> bool:
        return bool(record.get("published")) and _year(record) == year

    return listing.Listing(f"https://{HOST}/jp/agreement/{year}/", "契約情報", holds, COLUMNS)


def _year(record: Record) -> int:
    return fiscal_year_of(date.fromisoformat(str(record["published"])))


def _moment(record: Record, which: str) -> str:
    written = record.get(f"application_{which}")
    if not written:
        return ""
    moment = datetime.fromisoformat(str(written))
    clock = f"{moment.hour}時" + (f"{moment.minute}分" if moment.minute else "")
    return f"{moment:%Y年%m月%d日}{clock}"


PORTAL = Portal((HOST,), ("tokyo_tcvb",), "tokyo_tcvb", routes, listing.days)
