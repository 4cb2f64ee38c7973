"""The portals behind one loopback server: routing by host, the hazards every portal shares, and `serve`.

``https://HOST/path`` of the real world is ``/HOST/path`` here. A portal is a file of this folder that has
a ``PORTAL``; nothing is registered by hand. Portals may share a host. What a portal answers is made from
the records of its folder below DATA, whatever switch is on.

The switches (``StandInSettings``) can be turned while the server runs: hand a ``Switchboard`` to ``app``.
"""

import asyncio
import contextlib
import importlib
import pkgutil
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import monitor.standins

ALLOW_ALL = "User-agent: *\nDisallow:\n"
MAINTENANCE = """<!DOCTYPE html>
<html lang="ja"><head><meta charset="UTF-8"><title>メンテナンス中</title></head>
<body><h1>ただいまメンテナンス中です</h1><p>しばらくしてから、もう一度アクセスしてください。</p></body></html>
"""
SEEN = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInSettings:
    """The hazards of real portals, one switch each; all off, a portal answers as on a good day.

    A switch that says "the first row" means the first row of each answer.
    """

    cap: int | None = None
    """Lowers the portal's own greatest number of rows in an answer, so that small data must be split."""
    robots: Literal["allow", "as-real"] = "allow"

    maintenance: bool = False
    """An HTML page with status 200 instead of the answer."""
    error_body: str | None = None
    """The text of an error in the portal's own form, with the status it has there."""
    http_status: int | None = None
    retry_after: str | None = None
    """The Retry-After header that goes with ``http_status``: seconds, or a date."""
    truncate_at: int | None = None
    """The answer ends after so many bytes, as if it were whole: sound HTTP, broken document."""
    hang_up_at: int | None = None
    """The connection breaks after so many bytes of the answer's body."""
    fail_first: int = 0
    """The failures above (503 if none is on) befall only the first so many requests to a host; 0: all."""

    cesu8: bool = False
    """Characters beyond the BMP as two surrogates of three bytes; a lone one ends the first row's text."""
    control_characters: bool = False
    """Characters that XML forbids: raw in the first row's title, raw and as a reference in its text."""
    huge_text_bytes: int = 0
    """The first row's text has so many bytes."""
    missing_tags: bool = False
    """A third of the optional fields are left out and a third are empty, always the same ones."""
    html_entities: bool = False
    """The first row's title ends with a raw ``&nbsp;`` and an unescaped ``&``."""

    duplicate_rows: bool = False
    """The first row comes twice, and counts twice."""
    wrong_hits: int = 0
    """Added to the total that the answer claims."""
    empty: bool = False
    """Never a row, in sound form."""


class Switchboard:
    """The settings of a running server, for all hosts and for single ones; what tests hold in their hand."""

    def __init__(self, settings: StandInSettings | None = None) -> None:
        self._everywhere = settings or StandInSettings()
        self._at: dict[str, StandInSettings] = {}
        self._failures: Counter[str] = Counter()
        self.seen: deque[str] = deque(maxlen=SEEN)
        """The requests so far (robots.txt excepted), oldest first, as the addresses of the real world."""

    def turn(self, host: str | None = None, **changes: Any) -> None:
        """Changes switches by name, at one host or everywhere, and counts ``fail_first`` from here on.

        Raises TypeError for a switch that there is not.
        """
        if host is None:
            self._everywhere = replace(self._everywhere, **changes)
            self._at = {one: replace(settings, **changes) for one, settings in self._at.items()}
        else:
            self._at[host] = replace(self.settings(host), **changes)
        self._failures = Counter()

    def reset(self) -> None:
        """All switches off at all hosts, and nothing seen."""
        self._everywhere = StandInSettings()
        self._at = {}
        self._failures = Counter()
        self.seen.clear()

    def settings(self, host: str) -> StandInSettings:
        return self._at.get(host, self._everywhere)

    def receive(self, host: str, url: str) -> StandInSettings:
        """Notes a request; answers with the settings that hold for it."""
        self.seen.append(url)
        settings = self.settings(host)
        if not settings.fail_first:
            return settings
        self._failures[host] += 1
        if self._failures[host] > settings.fail_first:
            return replace(
                settings,
                maintenance=False,
                error_body=None,
                http_status=None,
                truncate_at=None,
                hang_up_at=None,
            )
        fails = (
            settings.maintenance
            or settings.error_body is not None
            or settings.http_status is not None
            or settings.truncate_at is not None
            or settings.hang_up_at is not None
        )
        return settings if fails else replace(settings, http_status=503)


@dataclass(frozen=True, slots=True)
class Portal:
    """What a file of this folder offers: the hosts it stands for, and its routes over its records."""

    hosts: tuple[str, ...]
    """All of them answer with the same routes; ``address_of`` tells a route at which host it was asked."""
    sources: tuple[str, ...]
    """The slugs of the sources that read from it."""
    folder: str
    """Below DATA; a folder that is missing means a portal without records."""
    routes: Callable[[Path], Sequence[BaseRoute]]
    """From the portal's own folder (DATA/folder) to its routes; reads the records once, when called."""
    days: Callable[[Path], Iterable[date]]
    """From the portal's own folder to the days on which its records were published."""
    robots: str | None = None
    """The real robots.txt, where it is known; None: the real host has none."""


def portals() -> Mapping[str, Portal]:
    """Every file of this folder that has a ``PORTAL``, by the file's name."""
    found: dict[str, Portal] = {}
    for module in pkgutil.iter_modules(monitor.standins.__path__):
        portal = getattr(importlib.import_module(f"{monitor.standins.__name__}.{module.name}"), "PORTAL", None)
        if isinstance(portal, Portal):
            found[module.name] = portal
    return found


def span(data: Path) -> tuple[date, date] | None:
    """The days of the oldest and of the newest record of all portals; None where there is no record."""
    days = [day for portal in portals().values() for day in portal.days(data / portal.folder)]
    return (min(days), max(days)) if days else None


def with_records(data: Path) -> set[str]:
    """The slugs of the sources whose portal has a folder with something in it."""
    return {
        slug
        for portal in portals().values()
        if (folder := data / portal.folder).is_dir() and any(folder.iterdir())
        for slug in portal.sources
    }


def app(data: Path, settings: StandInSettings | Switchboard | None = None) -> Starlette:
    """All portals over the records in ``data`` (the layout of the samples).

    Raises NotADirectoryError where there is no such folder, ValueError for a record that cannot be read.
    """
    if not data.is_dir():
        raise NotADirectoryError(f"{data} is not a folder; the stand-ins read one folder per portal in it")
    board = settings if isinstance(settings, Switchboard) else Switchboard(settings)
    by_host: dict[str, list[BaseRoute]] = defaultdict(list)
    robots: dict[str, str] = {}
    for portal in portals().values():
        routes = portal.routes(data / portal.folder)
        for host in portal.hosts:
            by_host[host] += routes
            if portal.robots is not None:
                robots.setdefault(host, portal.robots)

    async def elsewhere(request: Request) -> Response:
        host = request.path_params["path"].partition("/")[0]
        return PlainTextResponse(f"no stand-in for '{host}'; there are: {', '.join(sorted(by_host))}\n", 404)

    return Starlette(
        routes=[
            *(Mount(f"/{host}", app=_host(host, here, robots.get(host), board)) for host, here in by_host.items()),
            Route("/{path:path}", elsewhere),
        ]
    )


def settings_of(request: Request) -> StandInSettings:
    """The settings that hold for this request; a portal asks once per request."""
    return cast(StandInSettings, request.scope["stand_in"])


def address_of(request: Request) -> str:
    """The address in the real world that a request asks for, without its query."""
    return f"https:/{request.scope['path']}"


def _host(host: str, routes: Sequence[BaseRoute], real: str | None, board: Switchboard) -> ASGIApp:
    async def robots(_: Request) -> Response:
        if board.settings(host).robots == "allow":
            return PlainTextResponse(ALLOW_ALL)
        return PlainTextResponse("Not Found", 404) if real is None else PlainTextResponse(real)

    inner = _Hazards(Router(routes, redirect_slashes=False), host, board)
    return Router([Route("/robots.txt", robots), Mount("/", app=inner)], redirect_slashes=False)


class _Hazards:
    """Middleware: the failures that can befall any answer of any portal."""

    def __init__(self, inner: ASGIApp, host: str, board: Switchboard) -> None:
        self._inner = inner
        self._host = host
        self._board = board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("raw_path", scope["path"].encode()).decode("ascii")
        query = scope["query_string"].decode("ascii", "replace")
        settings = self._board.receive(self._host, f"https:/{path}{'?' if query else ''}{query}")
        if settings.http_status is not None:
            headers = {} if settings.retry_after is None else {"retry-after": settings.retry_after}
            await PlainTextResponse("", settings.http_status, headers)(scope, receive, send)
            return
        if settings.maintenance:
            await HTMLResponse(MAINTENANCE)(scope, receive, send)
            return
        if settings.truncate_at is not None:
            send = _truncated(send, settings.truncate_at)
        if settings.hang_up_at is not None:
            send = _hung_up(send, settings.hang_up_at)
        with contextlib.suppress(_HungUpError):
            await self._inner({**scope, "stand_in": settings}, receive, send)


class _HungUpError(Exception):
    """Leaves the portal without ending the answer; uvicorn then closes the connection."""


def _truncated(send: Send, limit: int) -> Send:
    left = limit
    over = False

    async def cut(message: Message) -> None:
        nonlocal left, over
        if over:
            return
        if message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message["headers"] if name.lower() != b"content-length"]
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            over = len(body) >= left
            message = {
                **message,
                "body": body[:left],
                "more_body": message.get("more_body", False) and not over,
            }
            left -= len(body)
        await send(message)

    return cut


def _hung_up(send: Send, limit: int) -> Send:
    left = limit

    async def break_off(message: Message) -> None:
        nonlocal left
        if message["type"] != "http.response.body":
            await send(message)
            return
        body = message.get("body", b"")
        await send({"type": "http.response.body", "body": body[:left], "more_body": True})
        left -= len(body)
        if left <= 0 or not message.get("more_body", False):
            raise _HungUpError

    return break_off


async def in_blocks(unit: bytes, size: int) -> AsyncIterator[bytes]:
    """``size`` bytes of ``unit`` over and over (filled up with full stops), a megabyte at a time."""
    block = unit * max(1, (1 << 20) // len(unit))
    for _ in range(size // len(block)):
        yield block
        await asyncio.sleep(0)  # lets uvicorn notice a client that has had enough
    rest = size % len(block)
    yield unit * (rest // len(unit)) + b"." * (rest % len(unit))
