"""JST 調達情報: the list of open notices and their pages, over DATA/jst/notices.jsonl.

The list's links lead to pages that only forward to the notice's own address, as the real ones do (46_2026_94.html
→ 46-2026-94); a record whose address has no such numbers is linked as it is. A ``deadline`` is shown as a 期限
below a heading that does not say of what, for the record does not say it either.
"""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from monitor.standins.listing import Listing, days, era, read, site, stated
from monitor.standins.listing import day as written_day
from monitor.standins.records import Record
from monitor.standins.server import Portal

HOST = "choutatsu.jst.go.jp"
DOCTYPE = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">\n'
    '<html lang="ja">\n<head>\n<title>{title}</title>\n{head}</head>\n<body>\n'
)
LIST = "科学技術振興機構（JST）入札公告一覧"
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_NUMBERS = re.compile(rf"https?://{re.escape(HOST)}/(\d+)-(\d+)-(\d+)$")


def routes(folder: Path) -> Sequence[BaseRoute]:
    records = read(folder)
    listing = Listing(f"https://{HOST}/koukoku_link.html", LIST, show=_links)

    async def forward(request: Request) -> Response:
        numbers = request.path_params["numbers"].replace("_", "-")
        head = f'<meta http-equiv="refresh" content="0;URL=/{numbers}">\n'
        return HTMLResponse(DOCTYPE.format(title="", head=head) + "</body>\n</html>\n")

    return [*site(records, [listing], layout=_page, notice=_notice), Route("/kankouju/{numbers}.html", forward)]


PORTAL = Portal((HOST,), ("jst",), "jst", routes, days)


def _page(title: str, content: str) -> str:
    if title == LIST:
        content = (
            f'<!-- koukoku start -->\n{content}\n<a href="/">トップページ</a>\n'
            '<a href="https://www.example.jp/koukoku">外部サイトの公告</a>\n<!-- koukoku end -->'
        )
    else:
        content = f'<div id="main">\n<div class="kenmei">{escape(title)}</div>\n{content}\n</div>'
    return DOCTYPE.format(title=escape(title), head="") + f"{content}\n</body>\n</html>\n"


def _links(records: Sequence[Record]) -> str:
    return "\n".join(f'<a href="{_forwarding(record)}">{escape(str(record["title"]))}</a>' for record in records)


def _forwarding(record: Record) -> str:
    numbers = _NUMBERS.match(str(record["url"]))
    return f"kankouju/{'_'.join(numbers.groups())}.html" if numbers else escape(str(record["url"]))


def _notice(record: Record) -> str:
    kind = str(record.get("category") or "")
    facts = (
        ("公告日", written_day(era)(record)),
        # The samples' own classification (commissioned) is not a kind that the portal knows.
        ("公告の種類", "" if kind.isascii() else escape(kind)),
        ("担当", stated("organization")(record)),
    )
    body = stated("body")(record)
    return "\n".join(
        filter(
            None,
            (
                _section("公告に附する事項", facts),
                _section("１．提出期限", [("期限", written_day(era, "deadline")(record))]),
                f'<h3>その他</h3>\n<div class="detail">{body}</div>' if body else "",
            ),
        )
    )


def _section(heading: str, facts: Sequence[tuple[str, str]]) -> str:
    """A heading and the facts below it, each in a list of its own; empty where there is none."""
    lists = "".join(
        f"<dl>\n\t<dt>{name}</dt>\n\t<dd>{value.translate(WIDE)}</dd>\n</dl>\n" for name, value in facts if value
    )
    return f'<h3>{heading}</h3>\n<div class="detail">\n{lists}</div>' if lists else ""
