"""The SME Support Center's table of contracts, over DATA/tokyo_kosha/notices.jsonl.

Besides the fields of the samples a record may have ``number``, ``application_start`` and ``application_end``
(2026-10-15T14:00) and ``status`` (受付中, 終了).
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

HOST = "www.tokyo-kosha.or.jp"
ADDRESS = f"https://{HOST}/kosha/keiyaku/"
COLUMNS = {
    "整理番号": listing.stated("number"),
    "件名": listing.stated("title"),
    "公表日": listing.day(listing.era),
    "希望申出期間": lambda record: "～<br>".join(filter(None, (_moment(record, "start"), _moment(record, "end")))),
    "受付状況": listing.stated("status"),
}
"""Start and end of the period stand on two lines."""


def routes(folder: Path) -> Sequence[BaseRoute]:
    records = listing.read(folder)
    days = [date.fromisoformat(str(record["published"])[:10]) for record in records if record.get("published")]
    heading = f"契約情報(令和{fiscal_year_of(max(days)) - 2018}年度)" if days else "契約情報"
    return listing.site(records, [listing.Listing(ADDRESS, heading, columns=COLUMNS)])


def _moment(record: Record, which: str) -> str:
    """As the table writes moments; a day without a time of day as a day, anything else as it is."""
    written = str(record.get(f"application_{which}") or "")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return escape(written)
    return listing.era(moment.date()) + (f"{moment.hour}:{moment:%M}" if "T" in written else "")


PORTAL = Portal((HOST,), ("tokyo_kosha",), "tokyo_kosha", routes, listing.days)
