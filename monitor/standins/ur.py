"""The feeds of UR's head office and branches, over DATA/ur/notices.jsonl.

A record belongs to the office in its address (/orders/west/…), and to the head office where there is none.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins import listing
from monitor.standins.feeds import Feed, feeds, rss2
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "www.ur-net.go.jp"
HEAD_OFFICE = "honsha"
OFFICES = (HEAD_OFFICE, "toshin", "east", "chiba", "kanagawa", "saitama", "central", "west", "kyushu")


def routes(folder: Path) -> Sequence[BaseRoute]:
    return feeds(listing.read(folder), map(_feed, OFFICES))


def _feed(office: str) -> Feed:
    address = f"https://{HOST}/orders/{office}/order.xml"
    return Feed(address, "UR都市機構 入札・契約情報", f"https://{HOST}/orders/", rss2, holds=_of(office))


def _of(office: str) -> Callable[[Record], bool]:
    def holds(record: Record) -> bool:
        found = re.search(r"/orders/(\w+)/", str(record["url"]))
        return (found[1] if found and found[1] in OFFICES else HEAD_OFFICE) == office

    return holds


PORTAL = Portal((HOST,), ("ur",), "ur", routes, listing.days)
