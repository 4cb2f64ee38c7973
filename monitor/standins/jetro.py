"""JETRO 政府公共調達データベース: its three lists and the pages of its notices, over DATA/jetro/items.jsonl.

Besides the fields of the samples a record may have ``agreements`` (the names of the agreements in the banner),
``classification`` (a text or several), ``agency_en``, ``body_en`` and, if national, ``location``. An English
notice is there for the records with ``title_en``. Where the portal was never seen, our choice is: newest first;
a page without its record is 404, and so is a list with an unknown number.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from db.vocabulary.japanese import parse_date
from monitor.standins.records import BadRecords, Record, read_records
from monitor.standins.server import Portal, settings_of

PER_PAGE = 30
LONGEST_TITLE = 100
"""Characters of a title in the lists."""
BLOCKED = "Request blocked"
FEEDS = ("national", "local")
KINDS_EN = {
    "入札公告（物品・サービス一般）": "Notice of Procurement (Goods & Services)",
    "入札公告（建設工事）": "Notice of Procurement (Construction)",
    "公募型プロポーザル情報": "Public Offering Proposal",
    "意見招請に関する公示": "Request for Comments",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One record, ready to be searched and written. What the record lacks is empty."""

    national: bool
    xid: int | None
    aid: str
    title: str
    title_en: str
    published: date
    agency: str
    agency_en: str
    kind: str
    location: str
    classes: tuple[str, ...]
    agreements: tuple[str, ...]
    text: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Block:
    """One of the lists, by the number under which it is asked for."""

    national: bool
    english: bool
    prefix: str = ""

    def has(self, notice: Notice) -> bool:
        return notice.national == self.national and (not self.english or bool(notice.title_en))


BLOCKS = {
    "33235812": Block(national=True, english=False),
    "33686978": Block(national=False, english=False, prefix="local_"),
    "27911119": Block(national=True, english=True),
}


def routes(folder: Path) -> Sequence[BaseRoute]:
    notices = _notices(folder)
    national = {(str(notice.xid), notice.aid): notice for notice in notices if notice.national}
    local = {notice.aid: notice for notice in notices if not notice.national}

    async def listing(request: Request) -> Response:
        settings = settings_of(request)
        if settings.error_body is not None:
            return _blocked(settings.error_body)
        if request.headers.get("x-requested-with") != "XMLHttpRequest":
            return _blocked(BLOCKED)
        block = BLOCKS.get(request.query_params.get("blockId", ""))
        if block is None:
            return _not_found()
        found = [] if settings.empty else _matching(notices, request, block)
        if settings.duplicate_rows:
            found = found[:1] + found
        written = request.query_params.get("current", "")
        current = int(written) if re.fullmatch(r"\d{1,7}", written, re.ASCII) else 0
        per_page = PER_PAGE if settings.cap is None else min(PER_PAGE, settings.cap)
        answer = {
            "pagination": {"total": len(found) + settings.wrong_hits, "perPage": per_page, "current": current},
            "items": [_item(notice, block) for notice in found[current : current + per_page]],
        }
        return Response(json.dumps(answer), media_type="application/json; charset=utf-8")

    def page(notice: Notice | None, request: Request, *, english: bool = False) -> Response:
        if (error := settings_of(request).error_body) is not None:
            return _blocked(error)
        if notice is None or (english and not notice.title_en):
            return _not_found()
        return HTMLResponse(_english(notice) if english else _japanese(notice))

    async def national_page(request: Request) -> Response:
        return page(national.get((request.path_params["xid"], request.path_params["aid"])), request)

    async def english_page(request: Request) -> Response:
        return page(national.get((request.path_params["xid"], request.path_params["aid"])), request, english=True)

    async def local_page(request: Request) -> Response:
        return page(local.get(request.path_params["aid"]), request)

    return [
        Route("/view_interface.php", listing),
        Route("/gov_procurement/national/articles/{xid}/{aid}.html", national_page),
        Route("/gov_procurement/local/articles/{aid}.html", local_page),
        Route("/en/database/procurement/national/articles/{xid}/{aid}.html", english_page),
    ]


def days(folder: Path) -> Iterable[date]:
    return (notice.published for notice in _notices(folder))


PORTAL = Portal(("www.jetro.go.jp",), ("jetro_national", "jetro_local"), "jetro", routes, days)


# What is there


def _notices(folder: Path) -> list[Notice]:
    path = folder / "items.jsonl"
    found = []
    for number, record in enumerate(read_records(path, required=("feed", "aid", "title", "date")), 1):
        published = parse_date(str(record["date"]))
        if published is None:
            raise BadRecords(
                "{file}, record {number}: {day} is no day; write date as 2026-04-01",
                file=path,
                number=number,
                day=record["date"],
            )
        if record["feed"] not in FEEDS:
            raise BadRecords(
                "{file}, record {number}: there is no feed {feed}; write national or local",
                file=path,
                number=number,
                feed=record["feed"],
            )
        found.append(_notice(record, published))
    return sorted(found, key=lambda notice: (notice.published, notice.aid), reverse=True)


def _notice(record: Record, published: date) -> Notice:
    def stated(name: str) -> str:
        return str(record.get(name) or "")

    def texts(name: str) -> tuple[str, ...]:
        written = record.get(name) or ()
        return (written,) if isinstance(written, str) else tuple(written)

    return Notice(
        national=record["feed"] == "national",
        xid=record.get("xid"),
        aid=stated("aid"),
        title=stated("title"),
        title_en=stated("title_en"),
        published=published,
        agency=stated("agency"),
        agency_en=stated("agency_en"),
        kind=stated("kind"),
        location=stated("location"),
        classes=texts("classification"),
        agreements=texts("agreements"),
        text=stated("body"),
        text_en=stated("body_en"),
    )


def _matching(notices: Sequence[Notice], request: Request, block: Block) -> list[Notice]:
    """By the days and the words of the title; what else can be asked for is not known well enough."""

    def given(name: str) -> str:
        return request.query_params.get(block.prefix + name, "").strip()

    since, until = parse_date(given("from")) or date.min, parse_date(given("to")) or date.max
    words = given("keyword").split()
    return [
        notice
        for notice in notices
        if since <= notice.published <= until
        and block.has(notice)
        and all(word in (notice.title_en if block.english else notice.title) for word in words)
    ]


# What is answered


def _item(notice: Notice, block: Block) -> Mapping[str, object]:
    """A row of a list; what the record lacks is left out."""
    title = notice.title_en if block.english else notice.title
    row: dict[str, object] = {
        "xid": notice.xid,
        "aid": notice.aid,
        "title": title if len(title) <= LONGEST_TITLE or title.endswith("...") else f"{title[:LONGEST_TITLE]}...",
        "date": f"{notice.published:%b %d, %Y}" if block.english else _day(notice.published),
        "agency": notice.agency_en if block.english else notice.agency,
    }
    if not block.national:
        row["location"] = notice.location
    elif block.english:
        row["paKind"] = KINDS_EN.get(notice.kind, "")
    else:
        row["paKind"] = notice.kind.replace("（物品", "<br />\r\n（物品")
    return {name: value for name, value in row.items() if value not in (None, "")}


def _day(day: date) -> str:
    return f"{day.year}年{day.month:02}月{day.day:02}日"


def _blocked(text: str) -> Response:
    """What a firewall puts in the place of any answer, with status 200."""
    return HTMLResponse(
        f"<html><head><title>{escape(text)}</title></head><body><h1>{escape(text)}</h1></body></html>\n"
    )


def _not_found() -> Response:
    return HTMLResponse(_page("ja", "ページが見つかりません", ""), 404)


def _japanese(notice: Notice) -> str:
    above = f"{notice.agency} - {notice.kind}" if notice.kind else notice.agency
    agency = f"{notice.agency}({notice.location})" if notice.location else notice.agency
    rows = {
        "公示日/公告日": _day(notice.published),
        "公示の種類": escape(notice.kind),
        "調達機関": escape(agency),
        "分類": "<br>".join(map(escape, notice.classes)),
        "本文": _lines(notice.text),
    }
    *others, last = notice.agreements or ("",)
    names = f"{'、'.join(others)}又は{last}" if others else last
    banner = f"<p>本調達は{escape(names)}の適用を受ける調達です。</p>" if names else ""
    return _page("ja", above + notice.title, banner + _table(rows, always=("公示日/公告日", "調達機関", "本文")))


def _english(notice: Notice) -> str:
    kind = KINDS_EN.get(notice.kind, "")
    above = f"{notice.agency_en} - {kind}" if kind else notice.agency_en
    rows = {
        "Publishing date": f"{notice.published:%b %d, %Y}",
        "Type of notice": escape(kind),
        "Procurement entity": escape(notice.agency_en),
        "Classification": "",
        "Summay of notice": _lines(notice.text_en),
    }
    always = ("Publishing date", "Procurement entity", "Summay of notice")
    return _page("en", above + notice.title_en, _table(rows, always=always))


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>\n")


def _table(rows: Mapping[str, str], *, always: Sequence[str]) -> str:
    """The rows that have a value, and those that every page has."""
    written = "\n".join(
        f"<tr><th>{label}</th><td>{value}</td></tr>" for label, value in rows.items() if value or label in always
    )
    return f'<table class="elem_table_basic var_base_color"><tbody>\n{written}\n</tbody></table>'


def _page(language: str, heading: str, content: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="UTF-8"><title>{escape(heading)}</title></head>\n'
        f'<body><p>政府公共調達データベース</p><div class="elem_heading_lv1"><h1>{escape(heading)}</h1></div>\n'
        f"{content}\n</body></html>\n"
    )
