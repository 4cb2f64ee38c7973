"""資源エネルギー庁: the list of calls, and the notices' pages, over DATA/anre/notices.jsonl."""

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins.listing import Listing, day, days, era, link, read, site, stated
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "www.enecho.meti.go.jp"


def routes(folder: Path) -> Sequence[BaseRoute]:
    listing = Listing(f"https://{HOST}/appli/public_offer/", "公募情報", item=link)
    return site(read(folder), [listing], notice=_notice)


PORTAL = Portal((HOST,), ("anre",), "anre", routes, days)


def _notice(record: Record) -> str:
    """As the real pages are: the day and the office below the title, then the text."""
    lines = (day(era)(record), stated("organization")(record), stated("body")(record))
    return "\n".join(f"<p>{line}</p>" for line in lines if line)
