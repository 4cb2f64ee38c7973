"""Feeds made from records: RSS 1.0 and RSS 2.0. No portal of its own: stand-ins with feeds are put together from it.

A record has ``url`` and ``title``, and may have ``published`` (a day) and ``body``; what it lacks is left
out. An error has no form of its own in a feed: the host answers with a page that is none.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from email.utils import format_datetime
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from db.vocabulary.japanese import TOKYO
from monitor.standins.listing import Answer, Pages, plain_page
from monitor.standins.records import Record
from monitor.standins.server import StandInSettings

Format = Callable[["Feed", Sequence[Record]], str]
"""From a feed and the records that it shows to the document."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: where it is, which records it shows, and how."""

    address: str
    title: str
    homepage: str
    form: Format
    holds: Callable[[Record], bool] = lambda record: True
    with_text: bool = True
    """Whether an entry has the record's body as its description."""


def rss1(feed: Feed, records: Sequence[Record]) -> str:
    """RSS 1.0: RDF, the entries beside the channel, their days in ``dc:date``."""
    listed = "".join(f'<rdf:li rdf:resource="{_text(record["url"])}"/>' for record in records)
    items = "".join(
        f'<item rdf:about="{_text(record["url"])}">\n{_named(feed, record)}'
        f"{_element('dc:date', str(record.get('published') or ''))}</item>\n"
        for record in records
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xml:lang="ja">\n'
        f'<channel rdf:about="{_text(feed.address)}">\n{_channel(feed)}'
        f"<items><rdf:Seq>{listed}</rdf:Seq></items>\n</channel>\n{items}</rdf:RDF>\n"
    )


def rss2(feed: Feed, records: Sequence[Record]) -> str:
    """RSS 2.0: the entries in the channel, their days in ``pubDate``."""
    items = "".join(
        f"<item>\n{_named(feed, record)}{_element('pubDate', _mail_date(record.get('published')))}</item>\n"
        for record in records
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n<channel>\n'
        f"{_channel(feed)}<language>ja</language>\n{items}</channel>\n</rss>\n"
    )


def feeds(records: Sequence[Record], those: Iterable[Feed]) -> list[BaseRoute]:
    """The routes of feeds over the records, the newest entries first; with ``cap`` so many of them."""

    def answer(feed: Feed) -> Answer:
        newest_first = sorted(
            filter(feed.holds, records), key=lambda record: str(record.get("published") or ""), reverse=True
        )

        def show(request: Request, settings: StandInSettings) -> Response:
            if settings.error_body is not None:
                return HTMLResponse(plain_page("エラー", f"<p>{escape(settings.error_body)}</p>"))
            shown = [] if settings.empty else newest_first[: settings.cap]
            if settings.duplicate_rows:
                shown = shown[:1] + shown
            return Response(feed.form(feed, shown).encode(), media_type="application/xml; charset=UTF-8")

        return show

    return [Pages({}, {feed.address.removeprefix("https://"): answer(feed) for feed in those})]


def _channel(feed: Feed) -> str:
    return f"<title>{_text(feed.title)}</title>\n<link>{_text(feed.homepage)}</link>\n<description/>\n"


def _named(feed: Feed, record: Record) -> str:
    body = str(record.get("body") or "") if feed.with_text else ""
    return (
        f"<title>{_text(record['title'])}</title>\n<link>{_text(record['url'])}</link>\n"
        f"{_element('description', body)}"
    )


def _element(name: str, value: str) -> str:
    return f"<{name}>{_text(value)}</{name}>\n" if value else ""


def _mail_date(published: object) -> str:
    """The day as mails write a moment (RFC 822): its midnight in Japan."""
    if not published:
        return ""
    written = str(published)
    moment = (
        datetime.fromisoformat(written) if "T" in written else datetime.combine(date.fromisoformat(written), time())
    )
    return format_datetime(moment if moment.tzinfo else moment.replace(tzinfo=TOKYO))


_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML may hold."""


def _text(value: object) -> str:
    return escape(_FORBIDDEN.sub("", str(value)))
