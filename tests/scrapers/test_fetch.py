"""The fetcher against real servers on the loopback: what it asks, what it refuses, and how long it waits."""

import gzip
import io
import random
import ssl
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from scrapers.errors import FetchError, Refused, ScrapeError
from scrapers.fetch import HttpFetcher, NetworkSettings, Remembered
from scrapers.guard import is_public
from scrapers.source import IN_MEMORY, Fetch, Page, Request, spooled

JST = timezone(timedelta(hours=9), "JST")
NOON = datetime(2026, 4, 15, 12, 0, tzinfo=JST)
AGENT = "japan-tender-monitor/0.1 (+https://example.org/; mail@example.org)"
BIG = 1 << 30


class Clock:
    """Time passes only while the fetcher sleeps."""

    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    """What Content-Length claims; -1 leaves it out."""


Behaviour = Answer | Callable[[Any], Answer | None]


class Site:
    """A server that answers each path with the next of its answers; the last one stays."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, list[Behaviour]] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                site.asked.append(Asked(self.command, self.path, headers, body))
                waiting = site.answers.get(self.path.split("?")[0], [Answer(b"not here", 404)])
                behaviour = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                answer = behaviour if isinstance(behaviour, Answer) else behaviour(self)
                if answer is None:
                    return
                self.send_response(answer.status)
                if answer.length != -1:
                    self.send_header("content-length", str(answer.length or len(answer.body)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):  # the fetcher may have had enough
                    self.wfile.write(answer.body)

            do_POST = do_GET  # noqa: N815 (the library's name)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
            self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self.server.server_address[1]

    def answer(self, path: str, *answers: Behaviour) -> None:
        self.answers[path] = list(answers)

    def url(self, path: str, host: str = "tender.example") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    thread = threading.Thread(target=site.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()
        thread.join(5)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        yield site


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def bodies(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BinaryIO]]:
    """All bodies that the fetcher writes. Those of pages belong to whoever fetched: here, to the test."""
    made: list[BinaryIO] = []

    def recorded() -> BinaryIO:
        made.append(spooled())
        return made[-1]

    monkeypatch.setattr("scrapers.fetch.spooled", recorded)
    yield made
    for body in made:
        body.close()


@dataclass
class Records:
    """A memory that knows one answer to everything."""

    remembered: Remembered | None

    def recall(self, request: Request) -> Remembered | None:
        return self.remembered


Make = Callable[..., HttpFetcher]


@pytest.fixture
def make(clock: Clock) -> Iterator[Make]:
    made: list[HttpFetcher] = []

    def fetcher(memory: Records | None = None, **settings: Any) -> HttpFetcher:
        resolve = settings.pop("resolve", lambda host, port: ["127.0.0.1"])
        now = settings.pop("now", clock.now)
        made.append(
            HttpFetcher(
                NetworkSettings(AGENT, **({"allow_loopback": True, "retries": 2} | settings)),
                clock=now,
                sleep=clock.sleep,
                rng=random.Random(1),
                memory=memory,
                resolve=resolve,
            )
        )
        return made[-1]

    yield fetcher
    for one in made:
        one.close()


@pytest.fixture
def fetch(make: Make) -> Fetch:
    """A visit of a source that ignores robots.txt and makes no pauses."""
    return make().for_source(0, BIG, ignore_robots=True)


def message(error: pytest.ExceptionInfo[ScrapeError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


# ── robots.txt ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_forbidden_address_is_refused_and_the_message_names_host_path_and_remedy(make: Make, site: Site) -> None:
    site.answer("/robots.txt", Answer(b"User-agent: *\nDisallow: /*/private*.pdf$\n"))
    with pytest.raises(Refused) as error:
        make()(Request(site.url("/a/private-1.pdf")))
    assert site.paths == ["/robots.txt"]
    for part in ("tender.example", "/a/private-1.pdf", "permission", 'robots = "ignore"'):
        assert part in message(error)


def test_rules_for_our_own_name_come_before_those_for_all(make: Make, site: Site) -> None:
    site.answer("/robots.txt", Answer(b"User-agent: *\nDisallow: /\n\nUser-agent: japan-tender-monitor\nAllow: /"))
    site.answer("/list", Answer(b"rows"))
    assert make()(Request(site.url("/list"))).content == b"rows"


def test_robots_txt_is_asked_for_once_a_day_and_for_all_sources_together(
    make: Make, site: Site, clock: Clock
) -> None:
    site.answer("/robots.txt", Answer(b"User-agent: *\nDisallow: /private"))
    site.answer("/list", Answer(b"rows"))
    fetcher = make()
    for _ in range(3):
        fetcher.for_source(0, BIG)(Request(site.url("/list")))
    clock.time += timedelta(hours=23)
    fetcher(Request(site.url("/list")))
    assert site.paths.count("/robots.txt") == 1
    clock.time += timedelta(hours=2)
    fetcher(Request(site.url("/list")))
    assert site.paths.count("/robots.txt") == 2


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_host_without_robots_txt_may_be_read(make: Make, site: Site, status: int) -> None:
    site.answer("/robots.txt", Answer(b"User-agent: *\nDisallow: /", status))
    site.answer("/list", Answer(b"rows"))
    assert make()(Request(site.url("/list"))).content == b"rows"


@pytest.mark.parametrize("status", [500, 501, 503])
def test_a_host_whose_robots_txt_cannot_be_read_is_not_crawled_blindly(
    make: Make, site: Site, clock: Clock, status: int
) -> None:
    site.answer("/robots.txt", Answer(b"", status))
    site.answer("/list", Answer(b"rows"))
    fetcher = make()
    with pytest.raises(FetchError, match=r"tender\.example.*robots\.txt"):
        fetcher(Request(site.url("/list")))
    tried = len(site.paths)
    with pytest.raises(FetchError, match=r"robots\.txt"):
        fetcher(Request(site.url("/list")))
    assert len(site.paths) == tried, "the failure is remembered for a while"
    site.answer("/robots.txt", Answer(b""))
    clock.time += timedelta(minutes=11)
    assert fetcher(Request(site.url("/list"))).content == b"rows"


def test_an_unreachable_robots_txt_fails_the_request(make: Make, site: Site) -> None:
    def hang_up(handler: Any) -> None:
        handler.connection.close()

    site.answer("/robots.txt", hang_up)
    site.answer("/list", Answer(b"rows"))
    with pytest.raises(FetchError, match=r"robots\.txt"):
        make()(Request(site.url("/list")))
    assert "/list" not in site.paths


def test_a_robots_txt_that_leads_to_a_login_page_counts_as_none(make: Make, site: Site) -> None:
    site.answer("/robots.txt", Answer(status=302, headers={"location": "/login"}))
    login = b"\xef\xbb\xbf\n<!DOCTYPE html><pre>\nUser-agent: *\nDisallow: /\n</pre>"
    site.answer("/login", Answer(login, headers={"content-type": "text/html"}))
    site.answer("/list", Answer(b"rows"))
    assert make()(Request(site.url("/list"))).content == b"rows"


@pytest.mark.parametrize(("delay", "pause"), [("0.5", 1.0), ("7", 7.0), ("86400", 60.0), ("nan", 1.0)])
def test_a_crawl_delay_is_kept_up_to_a_minute(make: Make, site: Site, clock: Clock, delay: str, pause: float) -> None:
    site.answer("/robots.txt", Answer(f"User-agent: *\nCrawl-delay: {delay}".encode()))
    site.answer("/list", Answer(b"rows"))
    make().for_source(1.0, BIG)(Request(site.url("/list")))
    assert clock.slept == [pause]


def test_with_permission_robots_txt_is_not_even_asked_for(fetch: Fetch, site: Site) -> None:
    site.answer("/robots.txt", Answer(b"User-agent: *\nDisallow: /"))
    site.answer("/list", Answer(b"rows"))
    fetch(Request(site.url("/list")))
    assert site.paths == ["/list"]


def test_a_redirect_does_not_lead_around_robots_txt(make: Make, site: Site) -> None:
    site.answer("/robots.txt", Answer(b"User-agent: *\nDisallow: /private"))
    site.answer("/list", Answer(status=302, headers={"location": "/private"}))
    with pytest.raises(Refused, match="/private"):
        make()(Request(site.url("/list")))
    assert "/private" not in site.paths


# ── Whose turn it is ────────────────────────────────────────────────────────────────────────────────────


def test_requests_to_one_host_keep_their_distance_whoever_makes_them(make: Make, site: Site, clock: Clock) -> None:
    site.answer("/list", Answer(b"rows"))
    fetcher = make()
    one, other = fetcher.for_source(1.5, BIG, ignore_robots=True), fetcher.for_source(4.0, BIG, ignore_robots=True)
    one(Request(site.url("/list")))
    assert clock.slept == []
    other(Request(site.url("/list")))
    clock.time += timedelta(seconds=1)
    one(Request(site.url("/list")))
    one(Request(site.url("/list", "elsewhere.example")))
    assert clock.slept == [4.0, 0.5]


def test_a_clock_that_is_set_back_does_not_stop_the_visit(make: Make, site: Site, clock: Clock) -> None:
    site.answer("/list", Answer(b"rows"))
    fetch = make().for_source(2.0, BIG, ignore_robots=True)
    fetch(Request(site.url("/list")))
    clock.time -= timedelta(days=1)
    fetch(Request(site.url("/list")))
    assert clock.slept == [2.0]


def in_threads(*calls: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_a_host_gets_one_request_at_a_time(make: Make, site: Site) -> None:
    inside, crowd = [0], threading.Event()

    def answer(handler: Any) -> Answer:
        inside[0] += 1
        if inside[0] > 1:
            crowd.set()
        crowd.wait(0.2)
        inside[0] -= 1
        return Answer(b"rows")

    site.answer("/list", answer)
    fetcher = make()
    visits = [fetcher.for_source(0, BIG, ignore_robots=True) for _ in range(2)]
    in_threads(*(lambda visit=visit: visit(Request(site.url("/list"))) for visit in visits))
    assert len(site.paths) == 2
    assert not crowd.is_set()


def test_different_hosts_do_not_wait_for_each_other(make: Make, site: Site) -> None:
    both_inside, pages = threading.Barrier(2), list[Page]()

    def answer(handler: Any) -> Answer:
        both_inside.wait(5)
        return Answer(b"rows")

    site.answer("/list", answer)
    fetcher = make()
    in_threads(
        *(
            lambda host=host: pages.append(
                fetcher.for_source(0, BIG, ignore_robots=True)(Request(site.url("/list", host)))
            )
            for host in ("a.example", "b.example")
        )
    )
    assert [page.content for page in pages] == [b"rows", b"rows"]


# ── Retries ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failure_that_may_pass_is_tried_again(fetch: Fetch, site: Site, status: int) -> None:
    site.answer("/list", Answer(b"", status), Answer(b"", status), Answer(b"rows"))
    assert fetch(Request(site.url("/list"))).content == b"rows"


def test_the_pause_before_a_retry_doubles_up_to_a_minute_and_is_never_quite_the_same(
    make: Make, site: Site, clock: Clock
) -> None:
    site.answer("/list", Answer(b"", 503))
    with pytest.raises(FetchError, match="tries: 9"):
        make(retries=8).for_source(0, BIG, ignore_robots=True)(Request(site.url("/list")))
    ratios = [slept / wanted for slept, wanted in zip(clock.slept, (1, 2, 4, 8, 16, 32, 60, 60), strict=True)]
    assert all(0.5 <= ratio <= 1.5 for ratio in ratios)
    assert len(set(ratios)) == 8


def test_a_failure_that_stays_is_told_in_one_line(fetch: Fetch, site: Site) -> None:
    site.answer("/list", Answer(b"", 503))
    with pytest.raises(FetchError) as error:
        fetch(Request(site.url("/list?token=secret")))
    assert len(site.paths) == 3
    expected = "tender.example: answered 503 for /list (tries: 3); the next visit asks again"
    assert message(error) == expected


@pytest.mark.parametrize("status", [400, 403, 404, 501])
def test_a_refusal_is_not_repeated(fetch: Fetch, site: Site, status: int) -> None:
    site.answer("/list", Answer(b"", status))
    with pytest.raises(FetchError, match=rf"tender\.example: answered {status} for /list"):
        fetch(Request(site.url("/list")))
    assert len(site.paths) == 1


def test_a_message_stays_on_its_line_whatever_the_address(make: Make, site: Site) -> None:
    site.answer("/robots.txt", Answer(b"User-agent: *\nDisallow: /private"))
    site.answer("/busy%0Aday", Answer(b"", 503))
    for path in ("/private%0A", "/gone%0A", "/busy%0Aday"):
        with pytest.raises(ScrapeError, match=path) as error:
            make()(Request(site.url(path + "?token=secret")))
        assert "secret" not in message(error)


@pytest.mark.parametrize("after", ["90", "Wed, 15 Apr 2026 03:01:30 GMT"])
def test_retry_after_is_kept_to_the_second(fetch: Fetch, site: Site, clock: Clock, after: str) -> None:
    site.answer("/list", Answer(b"", 503, {"retry-after": after}), Answer(b"rows"))
    assert fetch(Request(site.url("/list"))).content == b"rows"
    assert clock.slept == [90.0]


@pytest.mark.parametrize("after", ["", "soon", "Wed, 99 Apr 2026 03:01:30 GMT", "-5"])
def test_a_senseless_retry_after_is_as_good_as_none(fetch: Fetch, site: Site, clock: Clock, after: str) -> None:
    site.answer("/list", Answer(b"", 503, {"retry-after": after}), Answer(b"rows"))
    assert fetch(Request(site.url("/list"))).content == b"rows"
    assert len(clock.slept) == 1
    assert clock.slept[0] <= 1.5


def test_a_retry_after_in_the_past_means_now(fetch: Fetch, site: Site, clock: Clock) -> None:
    past = {"retry-after": "Wed, 15 Apr 2026 02:00:00 GMT"}
    site.answer("/list", Answer(b"", 503, past), Answer(b"rows"))
    assert fetch(Request(site.url("/list"))).content == b"rows"
    assert clock.slept == []


@pytest.mark.parametrize("after", ["7200", "Wed, 15 Apr 2026 05:00:00 GMT"])
def test_a_host_that_wants_to_be_left_alone_for_long_is_left_alone(
    make: Make, site: Site, clock: Clock, after: str
) -> None:
    site.answer("/list", Answer(b"", 503, {"retry-after": after}))
    site.answer("/other", Answer(b"rows"))
    fetcher = make()
    for path in ("/list", "/other"):
        with pytest.raises(FetchError, match=r"tender\.example.*come again after 2026-04-15 14:00 JST"):
            fetcher.for_source(0, BIG, ignore_robots=True)(Request(site.url(path)))
    assert site.paths == ["/list"]
    assert clock.slept == []
    clock.time += timedelta(hours=2)
    assert fetcher.for_source(0, BIG, ignore_robots=True)(Request(site.url("/other"))).content == b"rows"


@pytest.mark.parametrize("retries", [0, 2])
def test_a_retry_after_of_years_is_told_even_by_the_last_try(make: Make, site: Site, retries: int) -> None:
    site.answer("/list", Answer(b"", 429, {"retry-after": "9" * 400}))
    with pytest.raises(FetchError, match="come again after 2027-04-15"):
        make(retries=retries).for_source(0, BIG, ignore_robots=True)(Request(site.url("/list")))
    assert len(site.paths) == 1


def test_a_connection_that_breaks_is_tried_again(fetch: Fetch, site: Site) -> None:
    def hang_up(handler: Any) -> None:
        handler.connection.close()

    site.answer("/list", hang_up, hang_up, Answer(b"rows"))
    assert fetch(Request(site.url("/list"))).content == b"rows"
    site.answer("/list", hang_up)
    with pytest.raises(FetchError, match=r"tender\.example: .* for /list \(tries: 3\)"):
        fetch(Request(site.url("/list")))


def test_a_server_that_says_nothing_is_given_up_after_the_time_limit(make: Make, site: Site) -> None:
    given_up = threading.Event()

    def silence(handler: Any) -> None:
        given_up.wait(5)

    site.answer("/list", silence, Answer(b"rows"))
    fetch = make(read_seconds=0.05).for_source(0, BIG, ignore_robots=True)
    assert fetch(Request(site.url("/list"))).content == b"rows"
    given_up.set()
    assert site.paths == ["/list", "/list"]


def test_an_unknown_name_is_told_as_such(make: Make) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(FetchError, match=r"tender\.example: the name is not known"):
        make(resolve=unknown).for_source(0, BIG, ignore_robots=True)(Request("http://tender.example/"))


def test_a_host_with_a_dead_address_is_reached_at_its_other_one(make: Make, site: Site) -> None:
    site.answer("/list", Answer(b"rows"))
    fetch = make(resolve=lambda host, port: ["127.0.0.99", "127.0.0.1"]).for_source(0, BIG, ignore_robots=True)
    assert fetch(Request(site.url("/list"))).content == b"rows"


# ── What we have already ────────────────────────────────────────────────────────────────────────────────

OLD = b"rows of yesterday"
KNOWN = Remembered(
    etag='"v1"',
    last_modified="Tue, 14 Apr 2026 00:00:00 GMT",
    headers={"content-type": "text/html; charset=Shift_JIS"},
    open=lambda: io.BytesIO(OLD),
    size=len(OLD),
    digest=sha256(OLD).hexdigest(),
)


def test_what_has_not_changed_comes_from_our_own_records(make: Make, site: Site) -> None:
    site.answer("/list", Answer(status=304))
    page = make(Records(KNOWN)).for_source(0, BIG, ignore_robots=True)(Request(site.url("/list")))
    assert site.asked[0].headers["if-none-match"] == '"v1"'
    assert site.asked[0].headers["if-modified-since"] == "Tue, 14 Apr 2026 00:00:00 GMT"
    assert page.not_modified
    assert (page.status, page.content, page.size, page.digest) == (200, OLD, KNOWN.size, KNOWN.digest)
    assert page.content_type == "text/html; charset=Shift_JIS"


def test_what_has_changed_is_taken_anew(make: Make, site: Site) -> None:
    site.answer("/list", Answer(b"rows of today"))
    page = make(Records(KNOWN)).for_source(0, BIG, ignore_robots=True)(Request(site.url("/list")))
    assert not page.not_modified
    assert page.content == b"rows of today"


def test_a_form_is_never_sent_conditionally_nor_robots_txt_asked_for_so(make: Make, site: Site) -> None:
    site.answer("/search", Answer(b"rows"))
    make(Records(KNOWN))(Request(site.url("/search"), form=(("q", "x"),)))
    assert [asked.path for asked in site.asked] == ["/robots.txt", "/search"]
    assert not any("if-none-match" in asked.headers for asked in site.asked)


def test_a_304_that_nobody_asked_for_is_no_answer(fetch: Fetch, site: Site) -> None:
    site.answer("/list", Answer(status=304))
    with pytest.raises(FetchError, match="answered 304"):
        fetch(Request(site.url("/list")))


# ── The body ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_tells_size_digest_headers_and_where_it_was_found(fetch: Fetch, site: Site) -> None:
    site.answer("/list", Answer(b"rows", headers={"Content-Type": "text/plain"}))
    request = Request(site.url("/list"))
    page = fetch(request)
    assert (page.request, page.url, page.status) == (request, site.url("/list"), 200)
    assert (page.size, page.digest) == (4, sha256(b"rows").hexdigest())
    assert page.content_type == "text/plain"
    assert site.asked[0].headers["user-agent"] == AGENT


def test_a_large_page_does_not_lie_in_memory(fetch: Fetch, site: Site) -> None:
    body = random.Random(2).randbytes(16 * IN_MEMORY)
    site.answer("/list", Answer(body))
    digest = sha256(body).hexdigest()
    tracemalloc.start()
    page = fetch(Request(site.url("/list")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (page.size, page.digest) == (len(body), digest)
    assert peak < 4 * IN_MEMORY


@pytest.mark.parametrize("length", [None, -1], ids=["announced", "unannounced"])
def test_a_page_that_is_too_large_is_refused_with_both_figures(make: Make, site: Site, length: int | None) -> None:
    site.answer("/list", Answer(b"x" * 5000, length=length))
    with pytest.raises(FetchError) as error:
        make().for_source(0, 1000, ignore_robots=True)(Request(site.url("/list")))
    assert "5,000 bytes" in message(error)
    assert "1,000 are allowed" in message(error)
    assert len(site.paths) == 1


def test_a_page_that_says_it_is_too_large_is_not_even_read(make: Make, site: Site) -> None:
    site.answer("/list", Answer(b"the beginning", length=157 << 20))
    with pytest.raises(FetchError, match="164,626,432 bytes or more, and 1,000 are allowed"):
        make().for_source(0, 1000, ignore_robots=True)(Request(site.url("/list")))
    assert len(site.paths) == 1


@pytest.mark.parametrize(("name", "window"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_compressed_pages_are_unpacked(fetch: Fetch, site: Site, name: str, window: int) -> None:
    packer = zlib.compressobj(wbits=window)
    packed = packer.compress("入札公告".encode()) + packer.flush()
    site.answer("/list", Answer(packed, headers={"content-encoding": name}))
    page = fetch(Request(site.url("/list")))
    assert page.content == "入札公告".encode()
    assert page.digest == sha256("入札公告".encode()).hexdigest()
    assert site.asked[0].headers["accept-encoding"] == "gzip, deflate"


def test_a_decompression_bomb_is_stopped_at_the_limit(make: Make, site: Site) -> None:
    site.answer("/list", Answer(gzip.compress(bytes(200 << 20), 1), headers={"content-encoding": "gzip"}))
    tracemalloc.start()
    with pytest.raises(FetchError, match="1,000,000 are allowed"):
        make().for_source(0, 1_000_000, ignore_robots=True)(Request(site.url("/list")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip, gzip"])
def test_a_compression_that_cannot_be_bounded_is_refused(fetch: Fetch, site: Site, encoding: str) -> None:
    site.answer("/list", Answer(b"?", headers={"content-encoding": encoding}))
    with pytest.raises(FetchError, match=rf"tender\.example: compressed as {encoding}"):
        fetch(Request(site.url("/list")))


def test_a_body_that_breaks_off_is_asked_for_again(fetch: Fetch, site: Site) -> None:
    broken = Answer(b"half a pa", length=20)
    site.answer("/list", broken, Answer(b"a whole page"))
    assert fetch(Request(site.url("/list"))).content == b"a whole page"
    site.answer("/list", broken)
    with pytest.raises(FetchError, match=r"tender\.example: .*tries: 3"):
        fetch(Request(site.url("/list")))


def test_a_damaged_body_is_asked_for_again(fetch: Fetch, site: Site) -> None:
    damaged = Answer(b"this is no gzip", headers={"content-encoding": "gzip"})
    site.answer("/list", damaged, Answer(b"rows"))
    assert fetch(Request(site.url("/list"))).content == b"rows"


@pytest.mark.parametrize("part", ["body", "headers"])
def test_a_server_that_drips_is_given_up_after_the_total_time(make: Make, site: Site, part: str) -> None:
    """Each look at the clock takes ten seconds, and lets the server send a little more."""
    time, ticks = [NOON], threading.Semaphore(0)

    def now() -> datetime:
        time[0] += timedelta(seconds=10)
        ticks.release()
        return time[0]

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"\r\n" if part == "body" else b""))
        for number in range(200):
            ticks.acquire(timeout=0.01)
            try:
                handler.wfile.write(b"x-%d: drip\r\n" % number)
            except OSError:
                return
        handler.wfile.write(b"\r\n")

    site.answer("/list", drip)
    fetch = make(now=now, total_seconds=300).for_source(0, BIG, ignore_robots=True)
    with pytest.raises(FetchError) as error:
        fetch(Request(site.url("/list")))
    assert message(error) == "tender.example: no whole answer within 300 s; the next visit asks again"
    assert len(site.paths) == 1


def test_nothing_stays_open_but_the_body_of_the_page(make: Make, site: Site, bodies: list[BinaryIO]) -> None:
    moved, broken = Answer(status=302, headers={"location": "/list"}), Answer(b"half", length=5)
    site.answer("/", moved)
    site.answer("/list", broken, Answer(b"", 503), Answer(b"rows"), Answer(b"gone", 404), Answer(b"too large"))
    fetch = make().for_source(0, 5, ignore_robots=False)
    page = fetch(Request(site.url("/")))
    for _ in range(2):
        with pytest.raises(FetchError):
            fetch(Request(site.url("/list")))
    assert len(bodies) > 6
    assert [body for body in bodies if not body.closed] == [page.body]


# ── Addresses and forms ─────────────────────────────────────────────────────────────────────────────────


def test_a_form_goes_out_in_the_encoding_of_its_page(fetch: Fetch, site: Site) -> None:
    site.answer("/search", Answer(b"rows"))
    fetch(Request(site.url("/search"), form=(("件名", "工事 A"), ("p", "1")), encoding="cp932"))
    asked = site.asked[0]
    assert asked.method == "POST"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.body == b"%8C%8F%96%BC=%8DH%8E%96+A&p=1"


def test_a_character_that_the_encoding_lacks_is_sent_as_browsers_send_it(fetch: Fetch, site: Site) -> None:
    site.answer("/search", Answer(b"rows"))
    fetch(Request(site.url("/search"), form=(("q", "𠮷"),), encoding="cp932"))
    assert site.asked[0].body == b"q=%26%23134071%3B"


def test_an_address_keeps_its_query_and_gets_the_parameters_besides(fetch: Fetch, site: Site) -> None:
    site.answer("/search", Answer(b"rows"))
    url = site.url("/search?kind=%8DH%8e%96&x=a+b#part")
    fetch(Request(url, params=(("q", "入札"), ("q", "a&b")), encoding="euc_jp"))
    fetch(Request(site.url("/search"), params=(("q", "入札"),)))
    assert site.paths == [
        "/search?kind=%8DH%8e%96&x=a+b&q=%C6%FE%BB%A5&q=a%26b",
        "/search?q=%E5%85%A5%E6%9C%AD",
    ]


def test_a_source_may_send_headers_of_its_own(fetch: Fetch, site: Site) -> None:
    site.answer("/list", Answer(b"rows"))
    fetch(Request(site.url("/list"), headers=(("Referer", "https://tender.example/"), ("Accept", "text/csv"))))
    assert site.asked[0].headers["referer"] == "https://tender.example/"
    assert site.asked[0].headers["accept"] == "text/csv"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://tender.example/", "/list", "https:///list", ""])
def test_only_web_addresses_are_fetched(fetch: Fetch, url: str) -> None:
    with pytest.raises(Refused, match="only http and https"):
        fetch(Request(url))


@pytest.mark.parametrize("url", ["http://[::1/", "http://a:port/", "http://xn--/", "http://a\x00b/?token=secret"])
def test_what_is_no_address_at_all_is_told_in_one_line(fetch: Fetch, url: str) -> None:
    with pytest.raises(FetchError, match="not an address") as error:
        fetch(Request(url))
    assert "secret" not in message(error)


def test_a_header_that_cannot_be_sent_is_told_in_one_line(fetch: Fetch, site: Site) -> None:
    for value in ("入札", "a\r\nb: c"):
        with pytest.raises(FetchError, match=r"tender\.example") as error:
            fetch(Request(site.url("/list"), headers=(("referer", value),)))
        assert message(error)
    assert site.asked == []


# ── Cookies and redirects ───────────────────────────────────────────────────────────────────────────────


def test_each_source_keeps_its_own_cookies(make: Make, site: Site) -> None:
    site.answer("/login", Answer(b"in", headers={"set-cookie": "session=1"}))
    site.answer("/list", Answer(b"rows"))
    fetcher = make()
    one, other = fetcher.for_source(0, BIG, ignore_robots=True), fetcher.for_source(0, BIG, ignore_robots=True)
    one(Request(site.url("/login")))
    one(Request(site.url("/list")))
    other(Request(site.url("/list")))
    assert site.asked[1].headers["cookie"] == "session=1"
    assert "cookie" not in site.asked[2].headers


def test_a_redirect_is_followed_with_the_cookie_it_set(fetch: Fetch, site: Site) -> None:
    site.answer("/search", Answer(status=302, headers={"location": "list", "set-cookie": "session=1"}))
    site.answer("/list", Answer(b"rows"))
    page = fetch(Request(site.url("/search"), form=(("q", "x"),)))
    assert page.url == site.url("/list")
    assert (site.asked[1].method, site.asked[1].body) == ("GET", b"")
    assert site.asked[1].headers["cookie"] == "session=1"


def test_five_redirects_are_followed_and_six_are_not(fetch: Fetch, site: Site) -> None:
    for number in range(6):
        site.answer(f"/{number}", Answer(status=301, headers={"location": f"/{number + 1}"}))
    site.answer("/6", Answer(b"rows"))
    assert fetch(Request(site.url("/1"))).content == b"rows"
    with pytest.raises(FetchError, match=r"tender\.example: more than 5 redirects"):
        fetch(Request(site.url("/0")))


@pytest.mark.parametrize("location", ["http://[::1", "http://a:port/", "http://xn--/", "ftp://tender.example/list"])
def test_a_redirect_to_nowhere_is_a_plain_failure(fetch: Fetch, site: Site, location: str) -> None:
    site.answer("/list", Answer(status=302, headers={"location": location}))
    with pytest.raises(ScrapeError, match=r"tender\.example: ") as error:
        fetch(Request(site.url("/list")))
    assert message(error)


# ── The guard ───────────────────────────────────────────────────────────────────────────────────────────

PRIVATE = [
    *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("224.0.0.1", "239.1.1.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1%1", "fc00::1", "ff02::1"),
    *("ff0e::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "2002:7f00:1::", "2001::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(make: Make, address: str) -> None:
    fetch = make(allow_loopback=False, resolve=lambda host, port: [address]).for_source(0, BIG, True)
    with pytest.raises(Refused) as error:
        fetch(Request("http://tender.example/"))
    expected = f"tender.example: its address {address} is not public; check the source's address"
    assert message(error) == expected


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse(make: Make) -> None:
    fetch = make(resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"]).for_source(0, BIG, ignore_robots=True)
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        fetch(Request("http://tender.example/"))


def test_loopback_is_all_that_allow_loopback_allows(make: Make) -> None:
    fetch = make(resolve=lambda host, port: ["192.168.1.1"]).for_source(0, BIG, ignore_robots=True)
    with pytest.raises(Refused, match=r"192\.168\.1\.1"):
        fetch(Request("http://tender.example/"))


def test_a_name_is_resolved_once_and_connected_to_where_it_was_judged(make: Make, site: Site) -> None:
    """DNS rebinding: a second look at the name would give another address."""
    asked, addresses = [], iter(["127.0.0.1", "10.0.0.1"])

    def rebinding(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return [next(addresses)]

    site.answer("/list", Answer(b"rows"))
    fetch = make(resolve=rebinding).for_source(0, BIG, ignore_robots=True)
    assert fetch(Request(site.url("/list"))).content == b"rows"
    assert asked == [("tender.example", site.port)]


def test_a_redirect_to_a_private_address_is_refused(make: Make, site: Site) -> None:
    private = {"inside.example": "10.0.0.1"}
    site.answer("/list", Answer(status=302, headers={"location": "http://inside.example/admin"}))
    fetch = make(resolve=lambda host, port: [private.get(host, "127.0.0.1")]).for_source(0, BIG, True)
    with pytest.raises(Refused, match=r"inside\.example: its address 10\.0\.0\.1"):
        fetch(Request(site.url("/list")))


def test_an_address_in_figures_is_judged_like_any_other(make: Make) -> None:
    from scrapers.guard import system_addresses

    fetch = make(allow_loopback=False, resolve=system_addresses).for_source(0, BIG, ignore_robots=True)
    for host in ("127.0.0.1", "[::1]", "2130706433", "0x7f.1"):
        with pytest.raises(Refused, match="not public"):
            fetch(Request(f"http://{host}/"))


# ── TLS ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def old_site(tmp_path: Path) -> Iterator[Site]:
    """A server with an RSA key of 1024 bits, as old government servers have."""
    (tmp_path / "server.pem").write_text(KEY_AND_CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.load_cert_chain(tmp_path / "server.pem")
    with serving(Site(context)) as site:
        site.answer("/list", Answer(b"rows"))
        yield site


def test_a_certificate_that_is_not_trusted_is_never_accepted(make: Make, old_site: Site) -> None:
    fetch = make(legacy_tls_hosts=frozenset({"old.example"})).for_source(0, BIG, ignore_robots=True)
    with pytest.raises(FetchError, match=r"old\.example: its certificate is not trusted \(self.signed"):
        fetch(Request(f"https://old.example:{old_site.port}/list"))
    assert old_site.asked == []


def test_old_tls_is_accepted_of_the_hosts_named_and_of_no_other(
    make: Make, old_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    fetch = make(legacy_tls_hosts=frozenset({"old.example"})).for_source(0, BIG, ignore_robots=True)
    assert fetch(Request(f"https://old.example:{old_site.port}/list")).content == b"rows"
    with pytest.raises(FetchError, match=r"new\.example: its certificate is not trusted \(.*too weak"):
        fetch(Request(f"https://new.example:{old_site.port}/list"))


def test_a_certificate_must_be_for_the_host_that_was_asked_for(
    make: Make, old_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    fetch = make(legacy_tls_hosts=frozenset({"third.example"})).for_source(0, BIG, ignore_robots=True)
    with pytest.raises(FetchError, match=r"third\.example: its certificate is not trusted \(Hostname mismatch"):
        fetch(Request(f"https://third.example:{old_site.port}/list"))


# ── The stand-in ────────────────────────────────────────────────────────────────────────────────────────


def standing_in(make: Make, site: Site) -> HttpFetcher:
    """As in a demonstration: the loopback is not allowed but for the stand-in itself."""
    return make(allow_loopback=False, stand_in=f"http://127.0.0.1:{site.port}")


def test_a_stand_in_gets_the_requests_of_all_hosts_and_nobody_notices(make: Make, site: Site) -> None:
    site.answer("/www.kkj.go.jp/api/", Answer(b"rows"))
    page = standing_in(make, site)(Request("http://www.kkj.go.jp/api/?a=1", params=(("b", "2"),)))
    assert site.paths == ["/www.kkj.go.jp/robots.txt", "/www.kkj.go.jp/api/?a=1&b=2"]
    assert page.url == "http://www.kkj.go.jp/api/?a=1&b=2"
    assert site.asked[0].headers["host"] == f"127.0.0.1:{site.port}"


def test_redirects_and_cookies_of_a_stand_in_are_those_of_the_host(make: Make, site: Site) -> None:
    moved = {"location": "https://tender.example/list", "set-cookie": "session=1; Secure; Domain=tender.example"}
    site.answer("/tender.example/", Answer(status=302, headers=moved))
    site.answer("/tender.example/list", Answer(b"rows"))
    site.answer("/other.example/list", Answer(b"rows"))
    fetch = standing_in(make, site).for_source(0, BIG, ignore_robots=True)
    assert fetch(Request("http://tender.example/")).url == "https://tender.example/list"
    fetch(Request("https://other.example/list"))
    assert site.paths == ["/tender.example/", "/tender.example/list", "/other.example/list"]
    assert site.asked[1].headers["cookie"] == "session=1"
    assert "cookie" not in site.asked[2].headers


def test_robots_txt_is_obeyed_at_a_stand_in_too(make: Make, site: Site) -> None:
    site.answer("/tender.example/robots.txt", Answer(b"User-agent: *\nDisallow: /private"))
    with pytest.raises(Refused, match=r"tender\.example: robots\.txt forbids /private"):
        standing_in(make, site)(Request("https://tender.example/private"))


def test_nobody_waits_at_a_stand_in(make: Make, site: Site, clock: Clock) -> None:
    site.answer("/tender.example/robots.txt", Answer(b"User-agent: *\nCrawl-delay: 30"))
    busy = Answer(b"", 503, {"retry-after": "100"})
    site.answer("/tender.example/list", Answer(b"rows"), busy, Answer(b"", 500), Answer(b"rows"))
    fetch = standing_in(make, site).for_source(9, BIG)
    for _ in range(2):
        fetch(Request("https://tender.example/list"))
    assert clock.slept == []


def test_the_guard_lets_only_the_stand_in_itself_through(make: Make, site: Site) -> None:
    """Even a stand-in that points elsewhere keeps its visitors: everything is asked of it alone."""
    site.answer("/tender.example/", Answer(status=302, headers={"location": "http://127.0.0.1:1/x"}))
    site.answer("/127.0.0.1:1/x", Answer(b"rows"))
    fetch = standing_in(make, site).for_source(0, BIG, ignore_robots=True)
    assert fetch(Request("http://tender.example/")).content == b"rows"


# ── As a whole ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_fetcher_is_closed_with_its_block(site: Site, clock: Clock) -> None:
    site.answer("/list", Answer(b"rows"))
    settings = NetworkSettings(AGENT, stand_in=f"http://127.0.0.1:{site.port}")
    with (
        HttpFetcher(settings, clock=clock.now, sleep=clock.sleep, rng=random.Random(1)) as fetch,
        pytest.raises(FetchError, match="answered 404"),
    ):
        fetch(Request("https://tender.example/"))


KEY_AND_CERTIFICATE = """\
-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQDKYWNrBZE8vPm7yNcYcnW3PK0TBVHw5N0aFGw5K0YSDOfi30Ze
H56UngcClP1AAeZswuC6UIkh06uJZJq7nykCvyLdctXii4LEnaXLTtQIGqfZalRh
AsFmnBtm8tuQfIG1Bzh5H3ZdpPWN0SL3w99pOu/f70pE3R9zQg+BvWBypwIDAQAB
AoGBAKvt6IP3CtfKw25gxTsjohW1GmPaVS6Nf7i0OOyocrLK/ASlIia8PgCL7/Cl
mjBSbOtg84HVAWsXY9co/LsAD9menmeScEt1V67SGsnpm5iFomVrV2ZmnOenfoav
oKGV3Clau0lg0Mg9q3PqZnsVBPp9+YcSzvsYQgsO1JGwxmdBAkEA6b6HoLonbj1y
yXmu6zdOrOApIi6oN2ap9CnFjxIEhNGJqVOdGeVXkYuWXRZrU/LSzQEPujd+7/ZU
lux47/aqKQJBAN2mXwy5ghwPk7zq0Zra72K7ORx7DaV4SFxcUCkHEBXJvPIO2SI6
2g1dRM1U7uR+QWhOBkdTx9MFKpUkPvFQcE8CQF78VhEylKNvxR2qnTJon0gRL6X8
X89joNzfvLCPGdb/b3mnyMelMxiqKMhbO/I5UwCL1eBOfP72kxlhryOUkUECQQCa
5RRRiSZSw9QD1rnKFSvrfFkp/RiJRWiUGvLt6QClqUjAg/3bvPL7Ge3l7G/SACVn
ZfdfSz4+ysJ6XU0bSJJjAkEArWhrdeDNA+hpHcp0jSwEwMXhp/ukJMa1YMeqxoyi
iz1LUQdv14n57ikXA41GW72mRJdsXzAgIa6mg6l3h0ruxA==
-----END RSA PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIB6jCCAVOgAwIBAgIBATANBgkqhkiG9w0BAQsFADAPMQ0wCwYDVQQDDAR0ZXN0
MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDDAR0
ZXN0MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDKYWNrBZE8vPm7yNcYcnW3
PK0TBVHw5N0aFGw5K0YSDOfi30ZeH56UngcClP1AAeZswuC6UIkh06uJZJq7nykC
vyLdctXii4LEnaXLTtQIGqfZalRhAsFmnBtm8tuQfIG1Bzh5H3ZdpPWN0SL3w99p
Ou/f70pE3R9zQg+BvWBypwIDAQABo1QwUjAMBgNVHRMEBTADAQH/MCMGA1UdEQQc
MBqCC29sZC5leGFtcGxlggtuZXcuZXhhbXBsZTAdBgNVHQ4EFgQU+wHSKKy9aUKT
g4YaGlTwVMhWtvcwDQYJKoZIhvcNAQELBQADgYEADnnmJrCrqFvHrGXAn18wY2TV
XH+Yo6cbsfZU7GlUSiv1QQLj4r/Jt9TRtLmrsLjpMUdIJTi9bY7kVaysYJF40F6p
GmZIUd81AXUGA6juq9j062A3Q0F/W2MuuIDZ3ubLmhCYDPYDrYjKrUKEez6iMdfq
iaOVHZ40r2NoY8vS8DA=
-----END CERTIFICATE-----
"""
"""Made for these tests, valid from 2020 to 2120 for old.example and new.example; it guards nothing."""
