"""環境省: the lists of tenders and of calls, and the notices' pages, over DATA/moe/notices.jsonl.

Stands for the ministry and for its regional offices. A record's own words for its category and its title tell on
which of the lists it is; what says nothing is among the services.
"""

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins.listing import Listing, day, days, era, link, read, says, site
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "www.env.go.jp"
REGIONS = ("hokkaido", "tohoku", "kanto", "chubu", "kinki", "chushikoku", "kyushu")
LISTS = {
    "sanka": "参加者確認公募",
    "kobo": "公募情報",
    "koji": "工事・建設コンサルタント",
    "buppin": "物品",
    "ekimu": "役務",
}
WORDS = {
    "sanka": ("参加者確認",),
    "kobo": ("公募（", "の公募", "公募について"),
    "koji": ("工事",),
    "buppin": ("物品", "購入"),
}


def list_of(record: Record) -> str:
    """On which of the lists a record is."""
    return next((name for name, words in WORDS.items() if says(record, *words)), "ekimu")


def routes(folder: Path) -> Sequence[BaseRoute]:
    return site(read(folder), [_listing(name) for name in LISTS])


PORTAL = Portal((HOST, *(f"{region}.env.go.jp" for region in REGIONS)), ("moe",), "moe", routes, days)


def _listing(name: str) -> Listing:
    def holds(record: Record) -> bool:
        return list_of(record) == name

    if name == "kobo":
        columns = {"公募中の案件名": link, "掲載日": day()}
        return Listing(f"https://{HOST}/guide/kobo.html", LISTS[name], holds=holds, columns=columns)
    address = f"https://{HOST}/kanbo/chotatsu/index_{name}.html"
    return Listing(address, LISTS[name], holds=holds, item=lambda record: f"{day(era)(record)} {link(record)}")
