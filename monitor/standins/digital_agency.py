"""The Digital Agency's list of procurements, over DATA/digital_agency/notices.jsonl.

Items of a list with links to the procurement portal, which is another host. Whether the real list states days was
never seen; here they stand beside the links.
"""

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins import listing
from monitor.standins.server import Portal

HOST = "www.digital.go.jp"
ADDRESSES = (f"https://{HOST}/procurement", f"https://{HOST}/procurement/")


def routes(folder: Path) -> Sequence[BaseRoute]:
    lists = [listing.Listing(address, "調達情報") for address in ADDRESSES]
    return listing.site(listing.read(folder), lists)


PORTAL = Portal((HOST,), ("digital_agency",), "digital_agency", routes, listing.days)
