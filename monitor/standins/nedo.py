"""NEDO 公募: the page of the newest, the search of all of them, and the notices' pages, over DATA/nedo/notices.jsonl.

Records without ``published`` (the samples have none) are shown without a day, after those that have one.
"""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from starlette.routing import BaseRoute

from monitor.standins.listing import Listing, Query, day, days, link, read, site, stated
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "www.nedo.go.jp"
NEWEST = 10
STAGES = {"1": "予告", "2": "公募", "3": "決定"}


def routes(folder: Path) -> Sequence[BaseRoute]:
    records = sorted(read(folder), key=lambda record: str(record.get("published") or ""), reverse=True)
    listings = [
        Listing(f"https://{HOST}/koubo/{name}", "公募", item=_item, at_most=NEWEST, pager=_no_pages)
        for name in ("", "index.html")
    ]
    search = Listing(
        f"https://{HOST}/form/event.php",
        "公募情報一覧",
        columns={"掲載日": day(), "公募名": link, "状態": _stage},
        at_most=NEWEST,
        page_parameter="p",
        pager=_numbers,
    )
    return site(records, [*listings, search], layout=_page, notice=_notice)


PORTAL = Portal((HOST,), ("nedo",), "nedo", routes, days)


def _stage(record: Record) -> str:
    digit = re.search(r"/koubo/[A-Z]+(\d)_", str(record["url"]))
    return STAGES.get(digit[1], "") if digit else ""


def _item(record: Record) -> str:
    iso, written = str(record.get("published") or "")[:10], day()(record)
    moment = f'<time datetime="{iso}">{written}</time>' if written else ""
    return f"{moment} <span>{_stage(record)}</span> {link(record)}"


def _no_pages(query: Query, number: int, last: int) -> str:
    return ""


def _numbers(query: Query, number: int, last: int) -> str:
    """A link to each page, by its number."""
    asked = {name: value for name, value in query.items() if name != "p"}
    links = (
        f'<a href="?{escape(urlencode({**asked, "p": str(page)}))}">{page}</a>'
        for page in range(1, last + 1)
        if page != number
    )
    return f"<div>{' '.join(links)}</div>"


def _page(title: str, content: str) -> str:
    title = escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="ja">\n<head>\n<meta charset="UTF-8">\n<title>{title} | NEDO</title>\n</head>\n'
        '<body>\n<header><ul><li><a href="/koubo/2026_list.html">年度別の公募一覧</a></li></ul></header>\n'
        f'<div class="main-container">\n<h1>{title}</h1>\n{content}\n</div>\n'
        '<footer><a href="/qinf/copyright.html">著作権</a></footer>\n</body>\n</html>\n'
    )


def _notice(record: Record) -> str:
    written, buyer, body = day()(record), stated("organization")(record), stated("body")(record)
    return "\n".join(
        filter(
            None,
            (
                f'<p class="text-right">{written}</p>' if written else "",
                f'<p class="text-right">{buyer}</p>' if buyer else "",
                f"<p>{body}</p>" if body else "",
            ),
        )
    )
