"""What a source is, and how it is crawled: a source asks for pages and gives notices, and does no I/O itself.

A source's ``steps`` is a generator. It yields a ``Request`` and is sent the ``Page``; everything else it
yields is a finding. So a source reads from top to bottom like the visit that it is, sessions and
splitting included, and can be replayed from the archive or from a recorded example.
"""

import io
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, ClassVar, cast

from db.vocabulary.award import ScrapedAward
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from scrapers.errors import ScrapeError

SHARED_REVISION = 1
"""To be raised when what sources share (kinds, the cleaning of titles) reads the same page differently."""

IN_MEMORY = 1 << 20
"""Bytes of an answer that are held in memory; a larger one lies in a temporary file."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: ``params`` go into the address, ``form`` into the body (then it is a POST)."""

    url: str
    params: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    encoding: str = "utf-8"
    """In which params and form are percent-encoded."""

    @property
    def method(self) -> str:
        return "GET" if self.form is None else "POST"


@dataclass(slots=True)
class Page:
    """The answer to a request. ``body`` is a seekable binary file: in memory when small, on disk when large."""

    request: Request
    url: str
    status: int
    headers: Mapping[str, str]
    body: BinaryIO
    size: int
    digest: str
    """SHA-256 of the body, in hexadecimal: its name in the archive."""
    not_modified: bool = False
    """True where the server answered 304 and the body comes from our own records."""

    def open(self) -> BinaryIO:
        """The body from its beginning."""
        self.body.seek(0)
        return self.body

    @property
    def content(self) -> bytes:
        """The whole body in memory; for pages that are known to be small."""
        return self.open().read()

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


def page_of(
    content: bytes,
    request: Request,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Page:
    """A page made from bytes that are already here: a recorded example, or an answer of the archive."""
    return Page(
        request,
        request.url,
        status,
        headers or {},
        io.BytesIO(content),
        len(content),
        sha256(content).hexdigest(),
    )


class _Spool(SpooledTemporaryFile[bytes]):
    """Closes itself when nobody holds it any longer; the base class would only warn of it."""

    def __del__(self) -> None:
        self.close()


def spooled() -> BinaryIO:
    """A temporary file that moves from memory to disk when it grows, and goes away by itself."""
    return cast(BinaryIO, _Spool(max_size=IN_MEMORY))


@dataclass(frozen=True, slots=True)
class Window:
    """The publication days a crawl asks for: from ``since`` on, up to and including ``until`` (None: open)."""

    since: date
    until: date | None
    now: datetime
    """The moment of the crawl, with its offset."""


Finding = ScrapedNotice | ScrapedAward | Problem | Coverage
Steps = Generator[Request | Finding, Page, None]
Fetch = Callable[[Request], Page]


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What an operator may set for every source, in ``[source.<slug>]``."""

    look_back_days: int | None = None
    """Overrides the source's own look-back."""
    prefectures: tuple[str, ...] = ()
    """JIS X 0401 codes to ask for; empty means all (sources without prefectures ignore it)."""
    max_requests: int | None = None
    """Overrides the source's own limit."""
    max_minutes: int | None = None
    """Overrides the source's own limit."""


class Source:
    """One place that publishes notices. Subclasses are data sheets with a ``steps`` (or their shape's ``parse``).

    The docstring of a source names its owner, what it covers, its terms, and its caveats; a test reads it.
    """

    slug: ClassVar[str]
    name: ClassVar[str]
    """The source's own name, in Japanese."""
    name_en: ClassVar[str]
    homepage: ClassVar[str]
    """The address that its terms ask us to name and link."""
    jurisdiction: ClassVar[str]
    """``national``, ``local`` or ``national and local``."""
    every_hours: ClassVar[int] = 12
    look_back_days: ClassVar[int] = 10
    """Days before today that each crawl asks for again: how late a source may publish."""
    pause_seconds: ClassVar[float] = 1.0
    """Least time between two requests to its host."""
    max_bytes: ClassVar[int] = 64 << 20
    """An answer larger than this is refused."""
    max_requests: ClassVar[int] = 3000
    """Requests in one run; a source that leads in a circle ends here."""
    max_minutes: ClassVar[int] = 180
    """Time that one run may take."""

    revision: ClassVar[int] = 1
    """To be raised when ``steps`` reads the same page differently: what differs then is not the source's doing."""

    def __init__(self, options: SourceOptions | None = None) -> None:
        self.options = options or SourceOptions()

    @property
    def parser(self) -> str:
        """What reads this source, by its revisions."""
        return f"{SHARED_REVISION}.{self.revision}"

    @property
    def request_limit(self) -> int:
        return self.options.max_requests or self.max_requests

    @property
    def time_limit(self) -> timedelta:
        return timedelta(minutes=self.options.max_minutes or self.max_minutes)

    def steps(self, window: Window) -> Steps:
        """The visit: yields requests (and is sent their pages) and findings."""
        raise NotImplementedError


def crawl(source: Source, window: Window, fetch: Fetch) -> Iterator[Finding]:
    """Everything the source has in the window, in the order in which it is read.

    A ScrapeError of ``fetch`` is thrown into the source's steps, which may go on with another part; what
    they do not catch ends the crawl and is raised here.
    """
    steps = source.steps(window)
    try:
        step = next(steps)
        while True:
            if isinstance(step, Request):
                try:
                    page = fetch(step)
                except ScrapeError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(page)
            else:
                yield step
                step = next(steps)
    except StopIteration:
        return
    finally:
        steps.close()
