"""AMED 公募情報: the list of open calls, and the notices' pages, over DATA/amed/notices.jsonl.

A record that says 終了 in its category is below the heading of the calls that are over. A ``deadline`` may be a
moment (2026-07-10T12:00); it is shown as the pages do.
"""

from collections.abc import Sequence
from datetime import datetime, time
from html import escape
from pathlib import Path

from starlette.routing import BaseRoute

from monitor.standins.listing import Listing, days, era, link, read, site, stated
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "www.amed.go.jp"


def routes(folder: Path) -> Sequence[BaseRoute]:
    listing = Listing(f"https://{HOST}/koubo/koubo_index.html", "公募情報", show=_tables)
    return site(read(folder), [listing], notice=_notice)


PORTAL = Portal((HOST,), ("amed",), "amed", routes, days)


def _tables(records: Sequence[Record]) -> str:
    over = [record for record in records if "終了" in str(record.get("category"))]
    opened = [record for record in records if record not in over]
    return "\n".join(
        f"<h2>{heading}</h2>\n<table>\n<tr><th>公募名</th><th>公募締め切り</th></tr>\n"
        + "".join(f"<tr><td>{link(record)}</td><td>{_deadline(record)}</td></tr>\n" for record in rows)
        + "</table>"
        for heading, rows in (("現在の公募", opened), ("終了した公募", over))
        if rows
    )


def _deadline(record: Record) -> str:
    if not record.get("deadline"):
        return ""
    moment = datetime.fromisoformat(str(record["deadline"]))
    written = f"{era(moment.date())}({'月火水木金土日'[moment.weekday()]})"
    if moment.time() == time(12):
        return f"{written} 正午【厳守】"
    return f"{written} {moment:%H:%M}" if moment.time() != time(0) else written


def _notice(record: Record) -> str:
    category = str(record.get("category") or "")
    rows = (
        ("公募の段階", "" if category.isascii() else escape(category)),
        ("公募締め切り", _deadline(record)),
        ("お問い合わせ先", stated("organization")(record)),
    )
    table = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>\n" for name, value in rows if value)
    body = stated("body")(record)
    return "\n".join(
        filter(
            None,
            (
                f"<h2>基本情報</h2>\n<table>\n{table}</table>" if table else "",
                f"<h2>公募内容</h2>\n<p>{body}</p>" if body else "",
            ),
        )
    )
