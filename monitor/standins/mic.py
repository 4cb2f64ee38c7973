"""総務省: the lists of calls and of planning competitions, in Shift_JIS, and their pages, over DATA/mic/notices.jsonl."""

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins.listing import Listing, days, read, says, site
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "www.soumu.go.jp"
FOLDER = f"https://{HOST}/menu_sinsei/cyoutatsu"


def is_competition(record: Record) -> bool:
    return says(record, "企画競争")


def routes(folder: Path) -> Sequence[BaseRoute]:
    calls = Listing(f"{FOLDER}/koubo.html", "公募", holds=lambda record: not is_competition(record))
    competitions = Listing(f"{FOLDER}/kikaku_koubo.html", "企画競争", holds=is_competition)
    return site(read(folder), [calls, competitions], encoding="cp932")


PORTAL = Portal((HOST,), ("mic",), "mic", routes, days)
