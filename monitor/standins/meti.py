"""経済産業省: the list of calls and that of tenders, and the notices' pages, over DATA/meti/notices.jsonl.

Stands for the ministry and for its regional bureaus. What lies below information_2 or on the procurement portal is
among the tenders, everything else among the calls.
"""

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins.listing import Listing, days, read, site
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "www.meti.go.jp"
BUREAUS = ("hkd", "tohoku", "kanto", "chubu", "kansai", "chugoku", "shikoku", "kyushu")


def is_call(record: Record) -> bool:
    return not any(place in str(record["url"]) for place in ("/information_2/", "p-portal.go.jp"))


def routes(folder: Path) -> Sequence[BaseRoute]:
    calls = Listing(f"https://{HOST}/information/publicoffer/kobo.html", "公募情報", holds=is_call)
    tenders = Listing(
        f"https://{HOST}/information_2/publicoffer/00_bid_news_list.html",
        "入札公告一覧",
        holds=lambda record: not is_call(record),
    )
    return site(read(folder), [calls, tenders])


PORTAL = Portal((HOST, *(f"www.{bureau}.meti.go.jp" for bureau in BUREAUS)), ("meti",), "meti", routes, days)
