"""Fetches pages over HTTP for every source: politely, within limits, and never from a private address.

It keeps no pages: the pipeline archives the answers, and a ``Memory`` lends them back for conditional GET.
Top to bottom: what it is given, the connection (stand-in; the guard and the time limit are ``guard.py``'s), one
source's requests, and what all sources share (connections, robots.txt, and whose turn it is at a host).
"""

import random
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import BinaryIO, Protocol, Self
from urllib.parse import urlencode

import httpcore
import httpx
from protego import Protego

from db.vocabulary.messages import Told
from scrapers.errors import FetchError, Refused
from scrapers.guard import Guard, Resolver, guarded_pool, system_addresses
from scrapers.source import Fetch, Page, Request, Source, spooled

MAX_REDIRECTS = 5
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
LONGEST_BACK_OFF = 60.0
LONGEST_CRAWL_DELAY = 60.0
PATIENCE = timedelta(seconds=120)
"""A host that asks to be left alone for longer than this is given up for this visit."""
ROBOTS_LAST = timedelta(hours=24)
"""RFC 9309, 2.4: robots.txt should not be used for longer without asking again."""
ROBOTS_RETRIED_AFTER = timedelta(minutes=10)
ROBOTS_MAX_BYTES = 512 << 10
ENCODINGS = ("", "identity", "gzip", "deflate")
"""One at a time: stacked, or with zstd, a few kilobytes may unfold to gigabytes before they can be counted."""

_YEAR = 365 * 86400.0
_NEVER = datetime.min.replace(tzinfo=UTC)
_FAULTS = (
    *(httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpx.HTTPError),
    UnicodeError,  # a Location whose host name is no IDNA
)


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What an operator may set for all sources."""

    user_agent: str
    """Product and contact: ``japan-tender-monitor/0.1 (+https://example.org/; mail@example.org)``."""
    retries: int = 3
    connect_seconds: float = 15.0
    read_seconds: float = 60.0
    total_seconds: float = 300.0
    """For one whole answer, however slowly it drips."""
    stand_in: str | None = None
    """Every ``https://HOST/path`` is asked of ``<stand_in>/HOST/path`` instead, without pauses."""
    allow_loopback: bool = False
    legacy_tls_hosts: frozenset[str] = frozenset()
    """Hosts whose TLS has keys too short for today's OpenSSL; their certificates are verified all the same."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last answer to a request, from our own records; ``open`` gives its body from the beginning."""

    etag: str | None
    last_modified: str | None
    headers: Mapping[str, str]
    open: Callable[[], BinaryIO]
    size: int
    digest: str


class Memory(Protocol):
    """Our records of earlier answers."""

    def recall(self, request: Request) -> Remembered | None: ...


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Transport(httpx.BaseTransport):
    """Puts requests on the wire through the guard. A stand-in takes the place of all hosts here, and only here."""

    def __init__(self, settings: NetworkSettings, clock: Callable[[], datetime], resolve: Resolver) -> None:
        self._stand_in = httpx.URL(settings.stand_in) if settings.stand_in else None
        self._legacy_hosts = settings.legacy_tls_hosts
        self._guard = Guard(
            clock,
            resolve,
            total_seconds=settings.total_seconds,
            allow_loopback=settings.allow_loopback,
            only=(self._stand_in.host, _port(self._stand_in)) if self._stand_in else None,
        )
        self._pools = {legacy: guarded_pool(self._guard, legacy=legacy) for legacy in (False, True)}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._guard.start_timer()
        url, target, headers = request.url, request.url.raw_path, request.headers.copy()
        if self._stand_in is not None:
            target = self._stand_in.raw_path.rstrip(b"/") + b"/" + url.netloc + target
            url = self._stand_in
            headers["host"] = url.netloc.decode("ascii")
        response = self._pools[url.host in self._legacy_hosts].handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=_port(url), target=target),
                headers=headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _path(url: httpx.URL) -> str:
    """For messages: still percent-encoded, so that it stays on its line, and without the query's secrets."""
    return url.raw_path.decode("ascii").split("?")[0]


class _Again(Told):
    """A failure that may pass; ``wait`` are the seconds that the server asked for."""

    def __init__(self, text: str, wait: float | None = None, **values: object) -> None:
        super().__init__(text, **values)
        self.wait = wait


@dataclass(slots=True)
class _Lane:
    """One host: whoever holds the lock may send one request."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    last_at: datetime = _NEVER
    closed_until: datetime = _NEVER


@dataclass(slots=True)
class _Robots:
    lock: threading.Lock = field(default_factory=threading.Lock)
    valid_until: datetime = _NEVER
    rules: Protego | FetchError = field(default_factory=Protego)


class HttpFetcher:
    """Fetches pages. Every source gets its own ``Fetch`` from ``for_source``; all of them are polite together.

    ``clock`` tells aware moments, ``sleep`` waits seconds. It may be used from many threads, each ``Fetch``
    from one at a time. Called itself, it fetches with the limits that a source has by default.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        rng: random.Random,
        memory: Memory | None = None,
        resolve: Resolver = system_addresses,
    ) -> None:
        self.settings, self.clock, self.rng, self.memory = settings, clock, rng, memory
        self.transport = _Transport(settings, clock, resolve)
        self._sleep = sleep
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._robots: dict[bytes, _Robots] = {}
        self._default = self.for_source(Source.pause_seconds, Source.max_bytes)

    def __call__(self, request: Request) -> Page:
        return self._default(request)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.transport.close()

    def for_source(self, pause_seconds: float, max_bytes: int, ignore_robots: bool = False) -> Fetch:
        """A ``Fetch`` for one visit to one source: with its limits and with cookies of its own."""
        return _Visit(self, pause_seconds, max_bytes, ignore_robots)

    def lane(self, host: str) -> _Lane:
        with self._lock:
            return self._lanes.setdefault(host, _Lane())

    def take_turn(self, lane: _Lane, host: str, pause_seconds: float) -> None:
        """Wait until the host may be asked again; the caller holds the lane."""
        now = self.clock()
        self.respect_closing(lane, host, now)
        wait = max(lane.closed_until, min(lane.last_at, now) + timedelta(seconds=pause_seconds)) - now
        if wait > timedelta(0) and self.settings.stand_in is None:
            self._sleep(wait.total_seconds())

    def respect_closing(self, lane: _Lane, host: str, now: datetime) -> None:
        if lane.closed_until - now > PATIENCE:
            when = f"{lane.closed_until.astimezone(now.tzinfo):%Y-%m-%d %H:%M %Z}"
            raise FetchError(
                "{host}: asks to be left alone for now (Retry-After); come again after {when}", host=host, when=when
            )

    def pause_that_robots_allow(self, url: httpx.URL, pause_seconds: float) -> float:
        """The seconds to keep between requests; raises Refused where robots.txt forbids the address."""
        agent = self.settings.user_agent.split("/")[0]
        rules = self._rules(url, pause_seconds)
        if not rules.can_fetch(str(url), agent):
            raise Refused(
                "{host}: robots.txt forbids {path}; ask the owner for written permission, "
                'then set robots = "ignore" for this source in the configuration',
                host=url.host,
                path=_path(url),
            )
        return max(pause_seconds, min(LONGEST_CRAWL_DELAY, rules.crawl_delay(agent) or 0.0))

    def _rules(self, url: httpx.URL, pause_seconds: float) -> Protego:
        with self._lock:
            robots = self._robots.setdefault(url.netloc, _Robots())
        with robots.lock:
            if self.clock() >= robots.valid_until:
                try:
                    robots.rules = Protego.parse(self._robots_txt(url, pause_seconds))
                    robots.valid_until = self.clock() + ROBOTS_LAST
                except FetchError as error:
                    robots.rules = error
                    robots.valid_until = self.clock() + ROBOTS_RETRIED_AFTER
            if isinstance(robots.rules, FetchError):
                raise FetchError(
                    "{host}: not asked, for robots.txt was not readable ({why})", host=url.host, why=robots.rules
                )
            return robots.rules

    def _robots_txt(self, url: httpx.URL, pause_seconds: float) -> str:
        visit = _Visit(self, pause_seconds, ROBOTS_MAX_BYTES, ignore_robots=True)
        page = visit.follow(Request(str(url.copy_with(raw_path=b"/robots.txt", fragment=None))))
        with page.body:
            if page.status >= 500:
                raise FetchError("answered {status}; the next visit asks again", status=page.status)
            text = page.content.decode("utf-8-sig", "replace") if page.status < 300 else ""
        return "" if text.lstrip().startswith("<") else text  # HTML: a login or error page in its place


class _Visit:
    """One source's requests. Its lanes, connections and robots.txt are the fetcher's; its cookies are its own."""

    def __init__(self, fetcher: HttpFetcher, pause_seconds: float, max_bytes: int, ignore_robots: bool) -> None:
        self._fetcher, self._settings = fetcher, fetcher.settings
        self._pause_seconds, self._max_bytes, self._ignore_robots = pause_seconds, max_bytes, ignore_robots
        self._client = httpx.Client(
            transport=fetcher.transport,
            headers={"user-agent": self._settings.user_agent, "accept-encoding": "gzip, deflate"},
            timeout=httpx.Timeout(self._settings.read_seconds, connect=self._settings.connect_seconds),
            trust_env=False,
        )

    def __call__(self, request: Request) -> Page:
        memory = self._fetcher.memory if request.method == "GET" else None
        remembered = memory.recall(request) if memory else None
        page = self.follow(request, remembered)
        if 200 <= page.status < 300:
            return page
        page.body.close()
        if page.status == 304 and remembered:
            body, size, digest = remembered.open(), remembered.size, remembered.digest
            return Page(request, page.url, 200, remembered.headers, body, size, digest, not_modified=True)
        where = httpx.URL(page.url)
        raise FetchError(
            "{host}: answered {status} for {path}; see in a browser if it moved",
            host=where.host,
            status=page.status,
            path=_path(where),
        )

    def follow(self, request: Request, remembered: Remembered | None = None) -> Page:
        """The answer after redirects, whatever its status; the caller closes its body."""
        outgoing: httpx.Request | None = self._outgoing(request, remembered)
        for _ in range(1 + MAX_REDIRECTS):
            assert outgoing is not None
            page, outgoing = self._exchange(request, outgoing)
            if outgoing is None:
                return page
            page.body.close()
        host = httpx.URL(page.url).host
        raise FetchError(
            "{host}: more than {count} redirects; see in a browser where they lead", host=host, count=MAX_REDIRECTS
        )

    def _outgoing(self, request: Request, remembered: Remembered | None) -> httpx.Request:
        def encoded(pairs: tuple[tuple[str, str], ...]) -> bytes:
            # As browsers do, a character that the encoding lacks is sent as its HTML reference.
            return urlencode(pairs, encoding=request.encoding, errors="xmlcharrefreplace").encode("ascii")

        headers, content = list(request.headers), None
        if request.form is not None:
            content = encoded(request.form)
            headers.insert(0, ("content-type", "application/x-www-form-urlencoded"))
        if remembered and remembered.etag:
            headers.append(("if-none-match", remembered.etag))
        if remembered and remembered.last_modified:
            headers.append(("if-modified-since", remembered.last_modified))
        try:
            url = httpx.URL(request.url)
            if url.host and request.params:  # .host raises where the name is no IDNA
                url = url.copy_with(query=b"&".join(filter(None, (url.query, encoded(request.params)))))
            return self._client.build_request(request.method, url, content=content, headers=headers)
        except (httpx.InvalidURL, UnicodeError) as error:
            shown = request.url.split("?")[0][:200]
            raise FetchError(
                "{address}: not an address or header to send ({why}); correct the source",
                address=repr(shown),
                why=error,
            ) from error

    def _exchange(self, request: Request, outgoing: httpx.Request) -> tuple[Page, httpx.Request | None]:
        """One hop, with its retries: the answer, and where it redirects to."""
        url, fetcher, pause = outgoing.url, self._fetcher, self._pause_seconds
        if url.scheme not in ("http", "https") or not url.host:
            shown = url.host or _path(url)
            raise Refused(
                "{address}: only http and https addresses are fetched; correct it in the source", address=shown
            )
        if not self._ignore_robots:
            pause = fetcher.pause_that_robots_allow(url, pause)
        lane = fetcher.lane(url.host)
        for attempt in range(1 + self._settings.retries):
            with lane.lock:
                fetcher.take_turn(lane, url.host, pause)
                try:
                    return self._attempt(request, outgoing)
                except _Again as again:
                    failure = again
                    back_off = min(LONGEST_BACK_OFF, 2.0**attempt) * fetcher.rng.uniform(0.5, 1.5)
                    wait = back_off if again.wait is None else again.wait
                    now = fetcher.clock()
                    lane.closed_until = now + timedelta(seconds=wait)
                    fetcher.respect_closing(lane, url.host, now)
                finally:
                    lane.last_at = fetcher.clock()
        raise FetchError(
            "{host}: {failure} for {path} (tries: {tries}); the next visit asks again",
            host=url.host,
            failure=failure,
            path=_path(url),
            tries=self._settings.retries + 1,
        )

    def _attempt(self, request: Request, outgoing: httpx.Request) -> tuple[Page, httpx.Request | None]:
        host, started_at = outgoing.url.host, self._fetcher.clock()
        with ExitStack() as on_failure:
            body = spooled()
            on_failure.callback(body.close)
            try:
                with closing(self._client.send(outgoing, stream=True)) as response:
                    if response.status_code in RETRIED_STATUSES:
                        wait = _retry_after(response.headers.get("retry-after", ""), self._fetcher.clock())
                        raise _Again("answered {status}", wait, status=response.status_code)
                    size, digest = self._store(response, host, body)
            except _FAULTS as error:
                if isinstance(error.__context__, ssl.SSLCertVerificationError):
                    why = error.__context__.verify_message
                    raise FetchError(
                        "{host}: its certificate is not trusted ({why}); update this machine's certificates, "
                        "or wait until the site has mended its own",
                        host=host,
                        why=why,
                    ) from error
                total = self._settings.total_seconds
                if self._fetcher.clock() - started_at >= timedelta(seconds=total):
                    raise FetchError(
                        "{host}: no whole answer within {seconds} s; the next visit asks again",
                        host=host,
                        seconds=f"{total:g}",
                    ) from error
                raise _Again("{what}", what=" ".join(str(error).split()) or type(error).__name__) from error
            on_failure.pop_all()
        where, status, headers = str(response.url), response.status_code, dict(response.headers)
        return Page(request, where, status, headers, body, size, digest), response.next_request

    def _store(self, response: httpx.Response, host: str, body: BinaryIO) -> tuple[int, str]:
        """Write the decoded body; its size and its SHA-256."""
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in ENCODINGS:
            raise FetchError(
                "{host}: compressed as {encoding}, which was not asked for; nothing was kept",
                host=host,
                encoding=encoding,
            )
        size, digest = 0, sha256()
        self._check_size(int(response.headers.get("content-length", 0)), host)
        for chunk in response.iter_bytes():
            size += len(chunk)
            self._check_size(size, host)
            digest.update(chunk)
            body.write(chunk)
        return size, digest.hexdigest()

    def _check_size(self, size: int, host: str) -> None:
        if size > self._max_bytes:
            raise FetchError(
                "{host}: the answer has {size} bytes or more, and {allowed} are allowed; "
                "ask for less at a time, or raise the source's max_bytes",
                host=host,
                size=f"{size:,}",
                allowed=f"{self._max_bytes:,}",
            )


def _retry_after(value: str, now: datetime) -> float | None:
    """Seconds until the moment that a Retry-After names (RFC 9110, 10.2.3); None where it names none."""
    if value.isdecimal():
        return min(_YEAR, float(value))
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return min(_YEAR, max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()))
