"""For whoever runs the house: who was told of a tender, and when."""

from collections.abc import Iterator, Mapping

from starlette.requests import Request
from starlette.responses import Response

from alerts.links import Purpose
from db import deliveries
from db.card import card
from db.vocabulary.delivery import DeliveryState, LetterKind
from db.vocabulary.messages import N_
from monitor.web.context import WebContext
from monitor.web.pages import Pages
from monitor.web.route import Route

MOST_TELLINGS = 2_000
"""On one page; what an operator has to look through by eye."""

LETTERS: Mapping[LetterKind, str] = {
    LetterKind.DIGEST: N_("digest"),
    LetterKind.ALERT: N_("alert"),
    LetterKind.CONFIRMATION: N_("confirmation"),
    LetterKind.CHOICES: N_("link to the choices"),
    LetterKind.FAREWELL: N_("farewell"),
    LetterKind.NOTE: N_("note"),
}
STATES: Mapping[DeliveryState, str] = {
    DeliveryState.PENDING: N_("waits to be sent"),
    DeliveryState.SENDING: N_("is being sent"),
    DeliveryState.SENT: N_("sent"),
    DeliveryState.FAILED: N_("could not be sent"),
    DeliveryState.UNKNOWN: N_("may have been sent"),
}


class Operators:
    """The handlers; a signed link from the command line is what lets anybody in."""

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield Route("/told/{token}", self.told)

    def told(self, request: Request, token: str) -> Response:
        """The page has addresses of subscribers: it is kept by nobody, and only the link's holder sees it."""
        tender_id = self._context.links.read(Purpose.TOLD, token, now=self._context.clock())
        headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
        with self._context.database.reading() as session:
            shown = card(session, tender_id) if tender_id else None
            if shown is None:
                return self._pages.render(request, "expired.html", status=410, headers=headers, link="told")
            told = deliveries.tellings_of(session, shown.id, limit=MOST_TELLINGS + 1)
        language = self._pages.visit(request).language
        return self._pages.render(
            request,
            "told.html",
            headers=headers,
            card=shown,
            told=told[:MOST_TELLINGS],
            more=len(told) > MOST_TELLINGS,
            letters={kind: language.text(label) for kind, label in LETTERS.items()},
            states={state: language.text(label) for state, label in STATES.items()},
        )
