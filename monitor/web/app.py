"""The pages and feeds over HTTP, as an ASGI application.

Addresses of unsubscribe pages carry a secret. Whoever serves the application keeps it out of the logs: run uvicorn
with ``access_log=False``, or put the filter on its access log, which writes ``/u/…`` instead::

    logging.getLogger("uvicorn.access").addFilter(TokensHidden())

Nothing here writes but subscribing and readers' marks on focus areas.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from db import awards, feedbacks, renewals, tenders
from db.card import card, notices_of
from db.errors import Busy, RecordError
from db.history import Run
from db.search import Order
from db.snippets import snippets, words_of
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_, Saying, Told
from monitor.health import source_states
from monitor.web.api import Api
from monitor.web.calendars import Calendars
from monitor.web.choosing import Choosing
from monitor.web.conditional import answer
from monitor.web.context import WebContext
from monitor.web.data import PACKED, Data
from monitor.web.feed import Feeds, feed_document
from monitor.web.filters import Filters, NotUnderstood
from monitor.web.forms import reading
from monitor.web.guard import KnownHosts, Mishaps, OwnPosts, SecurityHeaders, TokensHidden, without_token
from monitor.web.marking import MarkedTexts
from monitor.web.operators import Operators
from monitor.web.pages import STATIC, Pages
from monitor.web.partners import Companies
from monitor.web.queries import Queries
from monitor.web.readers import network_of, reader_of
from monitor.web.route import GET
from monitor.web.searching import LAST_PAGE, PAGE, Searches, advice, order_named, usual_order
from monitor.web.statistics import StatisticsPages
from monitor.web.subscribing import Subscribing
from monitor.web.turns import Turns

__all__ = ["TokensHidden", "WebContext", "create_app", "feed_document"]

log = logging.getLogger(__name__)


def create_app(context: WebContext) -> FastAPI:
    """The web application over one database; nothing is read before the first request."""
    pages, searches = Pages(context), Searches(context)
    site = _Site(context, pages, searches)
    app = FastAPI(
        title=context.site.name,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(GZipMiddleware, minimum_size=1000, exclude_content_types=PACKED),
            Middleware(Mishaps, page=pages.error),
            Middleware(KnownHosts, page=pages.error, base_url=context.site.base_url),
            Middleware(OwnPosts, page=pages.error),
        ],
    )
    for error, told in (
        (HTTPException, site.refused),
        (RequestValidationError, site.unreadable),
        (NotUnderstood, site.not_understood),
        (_TooManyMarks, site.too_many_marks),
        (RecordError, site.record_failed),
    ):
        app.add_exception_handler(error, told)
    # A calendar's address is a tender's with an ending: it has to be known first.
    for part in (
        Calendars(context, pages),
        Feeds(context, pages),
        Subscribing(context, pages, searches),
        Choosing(context, pages, searches),
        Operators(context, pages),
        Data(context, pages),
        Queries(context, pages),
        Api(context, pages, searches),
        Companies(context, pages),
        StatisticsPages(context, pages),
    ):
        for route in part.routes():
            app.add_api_route(route.path, route.page, methods=[*route.methods], response_model=None)
    for path, page in (
        ("/", site.home),
        ("/tenders/{id}", site.tender),
        ("/tenders/{id}/feedback", site.back_to_tender),
        ("/sources", site.sources),
        ("/static/{name}", site.static),
        ("/healthz", site.health),
    ):
        app.add_api_route(path, page, methods=[*GET], response_model=None)
    app.add_api_route("/tenders/{id}/feedback", site.feedback, methods=["POST"], response_model=None)
    return app


MARKINGS = 2
"""At the same time: whoever writes may have to wait for a crawl, and the rest of the site stays quick."""
MARKS_OF_A_READER = 300
MARKS_OF_A_NETWORK = 2_000
MARKS_OF_ALL = 20_000
"""Within ``MARKS_PERIOD``: what a person may mark, what may come from one address, whatever its browsers are called,
and what the record takes, whoever they are said to come from."""
MARKS_PERIOD = timedelta(days=1)
FORM_BYTES = 2000
"""The longest form that is read: a slug and a word."""


class _TooManyMarks(Told):
    """No more marks are taken today; told on the page for 429."""


class _Site:
    """The handlers; they run in the framework's threads, one session each."""

    def __init__(self, context: WebContext, pages: Pages, searches: Searches) -> None:
        self._context = context
        self._database = context.database
        self._pages = pages
        self._searches = searches
        self._markings = Turns(MARKINGS, lambda: Busy("many people are marking right now; try again in a moment"))
        self._area_slugs = [area.slug for area in context.areas]
        self._files = {file.name: file.read_bytes() for file in sorted(STATIC.iterdir())}

    # Pages --------------------------------------------------------------------------------------------

    def home(
        self,
        request: Request,
        q: str = "",
        area: str = "",
        prefecture: str = "",
        kind: str = "",
        category: str = "",
        venue: str = "",
        order: str = "",
        page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1,
    ) -> Response:
        filters = Filters.read(
            q=q,
            area=area,
            prefecture=prefecture,
            kind=kind,
            category=category,
            venue=venue,
            areas=self._area_slugs,
        )
        query, mistake = filters.query(self._context.known)
        ordered = order_named(order, query)
        now = to_tokyo(self._context.clock())  # days in a query are days in Tokyo
        before = (page - 1) * PAGE
        with self._database.reading() as session:
            found = self._searches.page(session, query, page, ordered)
            said = snippets(session, query, found.cards)
            has_places = filters.venue or (bool(filters.area) and tenders.is_venue(session, filters.area))
        total = found.total
        if total is None and not found.more and (found.cards or page == 1):
            total = before + len(found.cards)
        return self._pages.render(
            request,
            "list.html",
            filters=filters,
            mistake=mistake,
            area=next((known for known in self._context.areas if known.slug == filters.area), None),
            has_places=has_places,
            cards=found.cards,
            words=words_of(query),
            snippets=said,
            best=ordered is Order.BEST,
            order="" if ordered is usual_order(query) else ordered.value,
            advice=[] if found.cards else [*advice(query)],
            total=total,
            seen=before + len(found.cards),
            page=page,
            last_page=-(-total // PAGE) if total is not None else None,
            more=found.more and page < LAST_PAGE,
            narrow=found.more and page == LAST_PAGE,
            now=now,
        )

    def tender(self, request: Request, id: str, marked: str = "") -> Response:
        with self._database.reading() as session:
            shown = card(session, asked) if (asked := _uuid(id)) else None
            if shown is None:
                return self._pages.render(request, "no_tender.html", status=404)
            if str(shown.id) != id:
                return RedirectResponse(self._pages.visit(request).link(f"/tenders/{shown.id}"), 301)
            notices = notices_of(session, shown)
            events = tenders.events_of(session, shown.id)
            crawls = {event.run_id: session.get(Run, event.run_id) for event in events}
            return self._pages.render(
                request,
                "tender.html",
                card=shown,
                said={(notice.source, notice.key): notice for notice in notices},
                texts=MarkedTexts.of(shown, notices),
                marked=marked if marked in self._area_slugs else "",
                events=events,
                crawled={id: run.source for id, run in crawls.items() if run},
                awards=awards.of_tenders(session, [shown.id]).get(shown.id, []),
                service=renewals.past(session, shown.id, today=to_tokyo(self._context.clock()).date()),
                confidences=renewals.CONFIDENCES,
                call=renewals.Sign.CALL,
                now=self._context.clock(),
            )

    def sources(self, request: Request) -> Response:
        with self._database.reading() as session:
            states = source_states(session, self._context.turns, now=self._context.clock())
        return self._pages.render(request, "sources.html", states=states, now=self._context.clock())

    # Marks on focus areas -----------------------------------------------------------------------------

    def feedback(
        self, request: Request, id: str, form: Annotated[Mapping[str, str], Depends(reading(FORM_BYTES))]
    ) -> Response:
        """Keep a reader's mark and lead back to the tender."""
        asked, now = _uuid(id), self._context.clock()
        with self._database.reading() as session:
            known = tenders.rows(session, [tenders.resolve(session, asked)]) if asked else {}
        if not known:
            return self._pages.render(request, "no_tender.html", status=404)
        (tender_id,) = known
        area, relevant = form.get("area", ""), form.get("relevant", "")
        if not area:
            raise NotUnderstood(N_("No focus area was chosen."))
        if area not in self._area_slugs:
            raise NotUnderstood(N_("There is no focus area “{value}” here."), value=area)
        if relevant not in ("yes", "no"):
            raise NotUnderstood(N_("A mark is “yes” or “no”, not “{value}”."), value=relevant)
        reader = reader_of(request, self._context.secret)

        def keep(session: Session) -> None:
            since = now - MARKS_PERIOD
            if feedbacks.count_since(session, since, reader=reader) >= MARKS_OF_A_READER:
                raise _TooManyMarks(N_("You have marked {count} areas within a day."), count=MARKS_OF_A_READER)
            if feedbacks.count_since(session, since, reader=network_of(reader)) >= MARKS_OF_A_NETWORK:
                raise _TooManyMarks(N_("Very many marks have come in today, and no more are taken."))
            if feedbacks.count_since(session, since) >= MARKS_OF_ALL:
                raise _TooManyMarks(N_("Very many marks have come in today, and no more are taken."))
            feedbacks.mark(session, tender_id, area, reader, relevant=relevant == "yes", now=now)

        with self._markings.turn():
            self._database.write(keep)
        back = self._pages.visit(request).link(f"/tenders/{tender_id}", marked=area)
        return RedirectResponse(f"{back}#evidence", 303)

    def back_to_tender(self, request: Request, id: str) -> Response:
        """Where a mark is posted to there is nothing to see: who opens the address meant the tender."""
        return RedirectResponse(self._pages.visit(request).link(f"/tenders/{quote(id)}"), 303)

    # The house's own ----------------------------------------------------------------------------------

    def static(self, request: Request, name: str) -> Response:
        if name not in self._files:
            raise HTTPException(404)
        return answer(
            request,
            self._files[name],
            media_type={"css": "text/css", "svg": "image/svg+xml"}[name.rpartition(".")[2]],
            modified=None,
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )

    def health(self) -> Response:
        """For those who watch the server: a look-up by key, cheap however much there is."""
        with self._database.reading() as session:
            tenders.resolve(session, UUID(int=0))
        return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})

    # What went wrong ----------------------------------------------------------------------------------

    def refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self._pages.error(request, error.status_code, headers=error.headers)

    def unreadable(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        names = ", ".join(dict.fromkeys(str(problem["loc"][-1]) for problem in error.errors()))
        return self._pages.error(
            request, 422, saying=Saying(N_("The part “{names}” of the address cannot be read."), {"names": names})
        )

    def not_understood(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, NotUnderstood)
        return self._pages.error(request, 422, saying=error.saying)

    def too_many_marks(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, _TooManyMarks)
        return self._pages.error(request, 429, saying=error.saying, headers={"Retry-After": "3600"})

    def record_failed(self, request: Request, error: Exception) -> Response:
        log.error("%s %s: %s", request.method, without_token(request.url.path), error)
        return self._pages.error(request, 503, headers={"Retry-After": "60"})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
