"""The daily dump over HTTP: a page about the files, and the files themselves, whole, in parts, or not again.

Only what the dump's own descriptor names is given out.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from monitor.exports import descriptor
from monitor.exports.descriptor import NAME
from monitor.exports.dictionary import TABLES, WRITTEN
from monitor.exports.dump import README, SUMS
from monitor.exports.examples import examples
from monitor.i18n import Language
from monitor.web.context import WebContext
from monitor.web.pages import Pages
from monitor.web.route import Route

PARQUET = "application/vnd.apache.parquet"
PACKED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, PARQUET)
"""What is compressed already, and is not compressed once more on its way."""
_MEDIA_TYPES = {
    ".gz": "application/gzip",
    ".parquet": PARQUET,
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
}
_BESIDE = (NAME, README, SUMS)
"""Files that the descriptor does not name."""


class Data:
    """The handlers; they run in the framework's threads."""

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield Route("/data", self.to_page)
        yield Route("/data/", self.page)
        yield Route("/data/{path:path}", self.file)

    def to_page(self, request: Request) -> Response:
        return RedirectResponse(self._pages.visit(request).link("/data/"), 301)

    def page(self, request: Request) -> Response:
        spoken = self._pages.visit(request).language
        return self._pages.render(
            request,
            "data.html",
            dump=descriptor.load(self._folder()),
            tables=TABLES.values(),
            written=WRITTEN,
            beside=_BESIDE,
            examples=examples(self._context.site.base_url),
            licence=descriptor.LICENCE,
            size=lambda count: size_text(count, spoken),
        )

    def file(self, request: Request, path: str) -> Response:
        folder = self._folder()
        made = descriptor.load(folder)
        if made is None or path not in {*_BESIDE, *(one.path for one in made.resources)}:
            raise HTTPException(404)
        files = StaticFiles(directory=folder, check_dir=False)
        found, known = files.lookup_path(path)
        if known is None:
            raise HTTPException(404)
        response = files.file_response(found, known, request.scope)
        if "content-type" in response.headers:
            response.headers["Content-Type"] = _MEDIA_TYPES.get(
                os.path.splitext(path)[1], "text/plain; charset=utf-8"
            )
        response.headers["Cache-Control"] = "no-cache"  # asked for again each time, and not sent again
        return response

    def _folder(self) -> Path:
        if self._context.data is None:
            raise HTTPException(404)
        return self._context.data


def size_text(count: int, spoken: Language) -> str:
    """How large a file is, in words."""
    if count < 1_000_000:
        return spoken.text("{size} kB", size=spoken.number(max(round(count / 1000), 1)))
    return spoken.text("{size} MB", size=spoken.number(round(count / 1_000_000)))
