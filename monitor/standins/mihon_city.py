"""見本市: an invented town hall's tender page, for the demo's source without code (``[[tables]]``).

Over DATA/mihon_city/notices.jsonl (url, title, and as the record has them number, published, deadline, category,
planned_price, body). The page is a table with telling headings, as town halls have them.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins.listing import Listing, day, days, era, link, read, site, stated
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "www.city.mihon.example.jp"
ADDRESS = f"https://{HOST}/nyusatsu/index.html"


def deadline(record: Record) -> str:
    """The deadline, with its time of day where the record has one; empty where it has none."""
    written = str(record.get("deadline") or "")
    if "T" not in written:
        return day(era, "deadline")(record)
    moment = datetime.fromisoformat(written)
    return f"{era(moment.date())} {moment.hour}時{moment.minute:02}分"


COLUMNS = {
    "番号": stated("number"),
    "件名": link,
    "区分": stated("category"),
    "公告日": day(era),
    "入札締切": deadline,
    "予定価格": stated("planned_price"),
}


def routes(folder: Path) -> Sequence[BaseRoute]:
    return site(read(folder), [Listing(ADDRESS, "見本市 入札・契約情報", columns=COLUMNS)])


PORTAL = Portal((HOST,), ("mihon_city",), "mihon_city", routes, days)
