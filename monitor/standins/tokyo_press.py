"""The feed of all press releases of the Tokyo Metropolitan Government, over DATA/tokyo_press/notices.jsonl."""

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins import listing
from monitor.standins.feeds import Feed, feeds, rss1
from monitor.standins.server import Portal

HOST = "www.metro.tokyo.lg.jp"
FEED = Feed(f"https://{HOST}/rss/index.rdf", "東京都 新着情報", f"https://{HOST}/", rss1, with_text=False)
"""Its entries have title, link and day."""


def routes(folder: Path) -> Sequence[BaseRoute]:
    return feeds(listing.read(folder), [FEED])


PORTAL = Portal((HOST,), ("tokyo_press",), "tokyo_press", routes, listing.days)
