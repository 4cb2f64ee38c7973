"""What earlier crawls remember for the fetcher: conditional requests from our own records."""

from dataclasses import dataclass
from urllib.parse import urlencode

from db import runs
from db.archive import Archive
from db.engine import Database
from scrapers.fetch import Remembered
from scrapers.source import Request


def asked(request: Request) -> str:
    """A request as the record names it: method, address with its query, and the form."""
    address = request.url
    if request.params:
        address += ("&" if "?" in address else "?") + urlencode(request.params, encoding=request.encoding)
    form = "" if request.form is None else " " + urlencode(request.form, encoding=request.encoding, errors="replace")
    return f"{request.method} {address}{form}"


@dataclass(frozen=True, slots=True)
class ArchiveMemory:
    """The newest whole answer to each request, where its body is still in the archive."""

    database: Database
    archive: Archive

    def recall(self, request: Request) -> Remembered | None:
        with self.database.reading() as session:
            answer = runs.last_answer(session, asked(request))
        if answer is None or answer.digest not in self.archive:
            return None
        digest = answer.digest
        return Remembered(
            etag=answer.etag,
            last_modified=answer.last_modified,
            headers={"content-type": answer.content_type},
            open=lambda: self.archive.open(digest),
            size=answer.size,
            digest=digest,
        )
