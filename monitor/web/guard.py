"""What stands before every page: security headers, the hosts that are answered, foreign posts, and mishaps.

All of it is plain ASGI, so that it also holds for what the framework answers by itself.
"""

import logging
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ErrorPage = Callable[[Request, int], Response]
"""The page for a status that no handler answered."""

UNSUBSCRIBE = "/u/"
"""Paths below take posts from everywhere (RFC 8058)."""
SECRETS = (UNSUBSCRIBE, "/confirm/", "/choices/", "/forget/", "/told/", "/feeds/s/", "/calendar/")
"""Paths below carry a secret: it is kept out of logs and of what other sites are told."""

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_TOKEN = re.compile(rf"({'|'.join(map(re.escape, SECRETS))})[^/?#\s\"']+")

log = logging.getLogger(__name__)


class SecurityHeaders:
    """Puts the security headers on every answer, whoever gives it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        secret = _path(scope).startswith(SECRETS)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer" if secret else "strict-origin-when-cross-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, with_headers)


class Mishaps:
    """Turns what no handler foresaw into the page for 500, and writes it to the log (without the token)."""

    def __init__(self, app: ASGIApp, page: ErrorPage) -> None:
        self._app = app
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noticed(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noticed)
        except Exception:
            log.exception("%s %s: could not be answered", scope["method"], without_token(scope["path"]))
            if begun:
                raise
            await self._page(Request(scope), 500)(scope, receive, send)


class KnownHosts:
    """Answers under the site's own host and on this machine only; 400 for any other Host."""

    def __init__(self, app: ASGIApp, page: ErrorPage, base_url: str) -> None:
        self._app = app
        self._page = page
        self._hosts = _LOCAL | {(urlsplit(base_url).hostname or "").lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and hostname(Headers(scope=scope).get("host", "")) not in self._hosts:
            await self._page(Request(scope), 400)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class OwnPosts:
    """Refuses what another site makes a browser send (403), by Sec-Fetch-Site and, without it, by Origin.

    What carries neither header does not come from a browser's page, and passes. A page with a secret address sends no
    referrer, and therefore ``Origin: null`` with its forms (Fetch, "serializing a request origin"). One-click unsubscribing is
    excepted: the mail programs that do it may send any Origin, and the address itself is the secret.
    """

    def __init__(self, app: ASGIApp, page: ErrorPage) -> None:
        self._app = app
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in _SAFE
            and not _path(scope).startswith(UNSUBSCRIBE)
            and _foreign(Headers(scope=scope), secret=f"{_path(scope)}/".startswith(SECRETS))
        ):
            await self._page(Request(scope), 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class TokensHidden(logging.Filter):
    """Takes the tokens of secret addresses out of an access log: ``/u/…``."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(without_token(arg) if isinstance(arg, str) else arg for arg in record.args)
        if isinstance(record.msg, str):
            record.msg = without_token(record.msg)
        return True


def without_token(text: str) -> str:
    """A text in which the token of every secret address is replaced by ``…``."""
    return _TOKEN.sub(r"\1…", text)


def hostname(host: str) -> str:
    """The name in a Host header, without its port and the brackets of an IPv6 address; empty if it is none."""
    try:
        return urlsplit(f"//{host}").hostname or "" if not set(host) & set("/?#@\\") else ""
    except ValueError:
        return ""


def _foreign(headers: Headers, *, secret: bool) -> bool:
    if (fetched := headers.get("sec-fetch-site")) is not None:
        return fetched not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin == "null" and secret:
        return False
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def _path(scope: Scope) -> str:
    """The path below the application's own root."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
