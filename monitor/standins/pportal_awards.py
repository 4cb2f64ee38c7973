"""The award open data of p-portal: its list of files and the zips, over DATA/pportal_awards/successful_bid_record_info_*.csv.

Each such CSV is given as the zip of its name, in the official bytes (byte order mark, CRLF, every column quoted);
other files of the folder are not in the official layout and are not given. The portal is said to answer in three
ways when there is no such file, so here it depends on the name: a day that is not there is 404, a fiscal year that
is not there is an HTML page with status 200, and anything else, other values of fileversion included, is 400. An
``error_body`` comes as an HTML page with status 200.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from monitor.standins.records import BadRecords
from monitor.standins.server import Portal, StandInSettings, address_of, settings_of

LIST_HOST, FILE_HOST = "www.p-portal.go.jp", "api.p-portal.go.jp"
FILES = "successful_bid_record_info_*.csv"
DATE_COLUMN = 2

Rows = list[list[str]]


def routes(folder: Path) -> Sequence[BaseRoute]:
    files = {f"{path.stem}.zip": _rows(path) for path in sorted(folder.glob(FILES))}
    zips = {name: _zipped(name, rows) for name, rows in files.items()}

    async def listing(request: Request) -> Response:
        if _host(request) != LIST_HOST:
            return PlainTextResponse("Not Found", 404)
        error = settings_of(request).error_body
        return _error(error) if error is not None else HTMLResponse(_listing(zips))

    async def download(request: Request) -> Response:
        if _host(request) != FILE_HOST:
            return PlainTextResponse("Not Found", 404)
        settings, name = settings_of(request), request.query_params.get("filename", "")
        if settings.error_body is not None:
            return _error(settings.error_body)
        if request.query_params.get("fileversion") != "v001":
            return PlainTextResponse("Bad Request", 400)
        if name not in zips:
            return _missing(name)
        return Response(
            _spoilt(name, files[name], settings) or zips[name],
            media_type="application/zip",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    return [Route("/pps-web-biz/UAB02/OAB0201", listing), Route("/pps-web-biz/UAB03/OAB0301", download)]


def days(folder: Path) -> Iterable[date]:
    """The days of the decisions."""
    for path in sorted(folder.glob(FILES)):
        for number, row in enumerate(_rows(path), 1):
            try:
                yield date.fromisoformat(row[DATE_COLUMN])
            except (IndexError, ValueError):
                raise BadRecords(
                    "{file}, row {number}: has no day; write the third column as 2026-04-01", file=path, number=number
                ) from None


PORTAL = Portal((LIST_HOST, FILE_HOST), ("pportal_awards",), "pportal_awards", routes, days)


def _host(request: Request) -> str | None:
    return urlsplit(address_of(request)).hostname


def _rows(path: Path) -> Rows:
    """Raises ValueError for a file that is no CSV in UTF-8."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            return [row for row in csv.reader(text) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRecords("{file}: is no CSV in UTF-8 ({why}); mend it", file=path, why=error) from error


def _zipped(name: str, rows: Rows) -> bytes:
    """A zip as the portal gives it; the same rows always give the same bytes."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        member = zipfile.ZipInfo(f"{name.removesuffix('.zip')}.csv")
        archive.writestr(member, text.getvalue().encode("utf-8-sig"), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _spoilt(name: str, rows: Rows, settings: StandInSettings) -> bytes | None:
    """The zip with the hazards that befall its rows; None where none is on."""
    if settings.empty:
        return _zipped(name, [])
    return _zipped(name, rows[:1] + rows) if settings.duplicate_rows else None


def _missing(name: str) -> Response:
    if re.fullmatch(r"successful_bid_record_info_diff_\d{8}\.zip", name, re.ASCII):
        return PlainTextResponse("Not Found", 404)
    if re.fullmatch(r"successful_bid_record_info_all_\d{4}\.zip", name, re.ASCII):
        return _error("指定されたファイルは存在しません。")
    return PlainTextResponse("Bad Request", 400)


def _error(text: str) -> Response:
    return HTMLResponse(_page("エラー", f"<p>{escape(text)}</p>"))


def _listing(names: Iterable[str]) -> str:
    links = "".join(
        f'<tr><td><a href="javascript:void(0);" onclick="doDownload(\'{name}\')">{name}</a></td></tr>\n'
        for name in names
    )
    return _page("落札実績オープンデータ", f"<table>\n{links}</table>")


def _page(heading: str, content: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="ja"><head><meta charset="UTF-8"><title>{heading}</title></head>\n'
        f"<body><h1>{heading}</h1>\n{content}\n<p>調達ポータル</p></body></html>\n"
    )
