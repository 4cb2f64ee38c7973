"""Calendars over HTTP: the dates of a tender, and of all that a saved search found."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from uuid import UUID

from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from alerts import calendar
from alerts.calendar import Dated
from db import subscribers
from db.calendars import dated_finds, revised
from db.card import Card, card, cards
from db.subscriber import Subscriber
from db.vocabulary.delivery import SubscriberState
from db.vocabulary.japanese import TOKYO, to_tokyo
from monitor.i18n import language
from monitor.web.conditional import answer
from monitor.web.context import WebContext
from monitor.web.pages import Pages
from monitor.web.route import Route

SECONDS = 900
"""For which a calendar may be kept; programs ask every hour at most."""


class Calendars:
    """The handlers; they run in the framework's threads, one session each.

    Their answers carry an ETag and no Last-Modified: what falls out of a calendar with time leaves no moment behind.
    """

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield Route("/tenders/{id}.ics", self.tender)
        yield Route("/calendar/{token}.ics", self.search)

    def tender(self, request: Request, id: str) -> Response:
        code = _code(request)
        with self._context.database.reading() as session:
            shown = card(session, asked) if (asked := _uuid(id)) else None
            if shown is None:
                return self._pages.render(request, "no_tender.html", status=404)
            if str(shown.id) != id:
                return RedirectResponse(self._context.site.tender_calendar_url(shown.id, code), 301)
            dated = _dated(session, [shown])
        spoken = language(code)
        title = (shown.title_en if code == "en" else None) or shown.title
        name = spoken.text("{site}: {area}", site=self._context.site.name, area=title)
        document = calendar.render(name, dated, site=self._context.site, language=spoken)
        return answer(
            request,
            document,
            media_type=calendar.MEDIA_TYPE,
            modified=None,
            headers={"Cache-Control": f"public, max-age={SECONDS}", "Content-Language": code},
        )

    def search(self, request: Request, token: str) -> Response:
        """Whoever has the address of a search's calendar may read it; nobody can guess it."""
        code, today = _code(request), to_tokyo(self._context.clock()).date()
        since = datetime.combine(today - calendar.PAST, time(), TOKYO)
        with self._context.database.reading() as session:
            found = subscribers.search_by_token(session, token)
            if found is None:
                raise HTTPException(404)
            if session.get_one(Subscriber, found.subscriber_id).state == SubscriberState.UNSUBSCRIBED:
                gone = language(code).text("Its owner has unsubscribed; please remove this calendar.")
                return PlainTextResponse(gone, 410, {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
            dated = _dated(session, cards(session, dated_finds(session, found.id, since=since)))
            name = found.name
        spoken = language(code)
        document = calendar.render(
            spoken.text("{site}: {area}", site=self._context.site.name, area=name),
            dated,
            site=self._context.site,
            language=spoken,
            today=today,
        )
        return answer(
            request,
            document,
            media_type=calendar.MEDIA_TYPE,
            modified=None,
            headers={
                "Cache-Control": f"private, max-age={SECONDS}",
                "Content-Language": code,
                "X-Robots-Tag": "noindex",
            },
        )


def _dated(session: Session, shown: Sequence[Card]) -> list[Dated]:
    learnt = revised(session, [one.id for one in shown])
    return [Dated(one, max(one.updated_at, learnt.get(one.id, one.updated_at))) for one in shown]


def _code(request: Request) -> str:
    """A calendar program says nothing of its reader's language: only the address decides."""
    return "ja" if request.query_params.get("lang") == "ja" else "en"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
