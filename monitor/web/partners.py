"""Pages of companies: who wins in an area, what one company won, and which services come back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db.errors import Busy
from db.partners import PARTS, TRENDS, WHYS, Company, Partners, Wanted, company, company_id, partners
from db.renewals import CONFIDENCES, Renewal, Sign, renewals
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.labels import PREFECTURES_EN, prefecture_named
from db.vocabulary.messages import N_, Saying
from monitor.exports.partners import PartnersLine, as_partners
from monitor.web.context import WebContext
from monitor.web.filters import NotUnderstood
from monitor.web.pages import Pages
from monitor.web.route import Route
from monitor.web.turns import Turns

SHOWN = 20
"""Companies on a page."""
MOST_SHOWN = 100
"""Companies in an answer to a program."""
RENEWALS_SHOWN = 100
WITHIN = (60, 120, 365)
"""Days ahead that can be chosen on the page of renewals."""
BUYER_CHARACTERS = 100
AT_ONCE = 2
"""Such pages at the same time: each counts through all awards of an area."""
SECONDS = 8.0
PARAMETERS = ("area", "buyer", "prefecture", "limit", "lang")


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no answer."""

    error: str


class Companies:
    """The handlers; they run in the framework's threads, one session each."""

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages
        self._slugs = frozenset(area.slug for area in context.areas)
        self._turns = Turns(
            AT_ONCE, lambda: Busy("many people are counting awards right now; try again in a moment"), seconds=SECONDS
        )

    def routes(self) -> Iterator[Route]:
        """What it answers."""
        yield Route("/partners", self.partners)
        yield Route("/companies/{id}", self.company)
        yield Route("/renewals", self.renewals)
        yield Route("/api/partners", self.api)

    def partners(self, request: Request, area: str = "", buyer: str = "", prefecture: str = "") -> Response:
        """Who wins in an area; without one the form alone."""
        wanted = self._wanted(area, buyer, prefecture) if area else None
        return self._pages.render(
            request,
            "partners.html",
            wanted=wanted,
            asked={"area": area, "buyer": buyer, "prefecture": _in_letters(prefecture)},
            found=self._found(wanted, SHOWN) if wanted else None,
            parts=PARTS,
            trends=TRENDS,
            whys=WHYS,
            now=self._context.clock(),
        )

    def company(self, request: Request, id: str) -> Response:
        """What a company won; every spelling of it leads here."""
        now = self._context.clock()
        shown: Company | None = None
        with self._turns.turn(), self._context.database.reading() as session:
            asked = _uuid(id)
            own = company_id(session, asked) if asked else None
            if own is not None and str(own) == id:
                shown = company(session, own, now=now)
        if own is not None and shown is None:
            return RedirectResponse(self._pages.visit(request).link(f"/companies/{own}"), 301)
        if shown is None:
            return self._pages.error(
                request,
                404,
                saying=Saying(N_("There is no page for this supplier. Suppliers that may be persons have none.")),
            )
        return self._pages.render(request, "company.html", company=shown, whys=WHYS)

    def renewals(
        self,
        request: Request,
        area: str = "",
        buyer: str = "",
        within: Annotated[int, Query(ge=1, le=730)] = WITHIN[1],
    ) -> Response:
        """What is likely to be called for next in an area; without one the form alone."""
        if area and area not in self._slugs:
            raise NotUnderstood(N_("There is no focus area “{value}” here."), value=area)
        found: list[Renewal] = []
        more = False
        now = self._context.clock()
        if area:
            with self._turns.turn(), self._context.database.reading() as session:
                found, more = renewals(
                    session,
                    today=to_tokyo(now).date(),
                    within=within,
                    area=area,
                    buyer=buyer.strip()[:BUYER_CHARACTERS],
                    limit=RENEWALS_SHOWN,
                )
        return self._pages.render(
            request,
            "renewals.html",
            asked={"area": area, "buyer": buyer, "within": within},
            choices=WITHIN,
            found=found,
            more=more,
            today=to_tokyo(now).date(),
            confidences=CONFIDENCES,
            call=Sign.CALL,
        )

    def api(self, request: Request) -> Response:
        """Partners for programs: the line of ``monitor partners --json``."""
        given = request.query_params
        try:
            if strange := [name for name in given if name not in PARAMETERS]:
                raise NotUnderstood(N_("There is no parameter “{value}”."), value=strange[0])
            if not given.get("area"):
                raise NotUnderstood(N_("No focus area was chosen."))
            wanted = self._wanted(given["area"], given.get("buyer", ""), given.get("prefecture", ""))
            found = self._found(wanted, _limit(given.get("limit", str(SHOWN))))
        except NotUnderstood as error:
            return self._json(request, Refused(self._pages.visit(request).language.say(error.saying)), 422)
        except Busy as error:
            return self._json(request, Refused(self._pages.visit(request).language.say(error.saying)), 503)
        return self._json(request, as_partners(wanted, found), 200)

    def _wanted(self, area: str, buyer: str, prefecture: str) -> Wanted:
        if area not in self._slugs:
            raise NotUnderstood(N_("There is no focus area “{value}” here."), value=area)
        named = prefecture_named(prefecture) if prefecture else ""
        if named is None:
            raise NotUnderstood(N_("There is no prefecture “{value}”."), value=prefecture)
        return Wanted(area=area, buyer=buyer.strip()[:BUYER_CHARACTERS], prefecture=named)

    def _found(self, wanted: Wanted, limit: int) -> Partners:
        with self._turns.turn(), self._context.database.reading() as session:
            return partners(session, wanted, now=self._context.clock(), limit=limit)

    def _json(self, request: Request, body: PartnersLine | Refused, status: int) -> Response:
        headers = {
            "Cache-Control": "no-cache",
            "Vary": "Accept-Language",
            "Content-Language": self._pages.visit(request).language.code,
            **({"Retry-After": "60"} if status == 503 else {}),
        }
        return Response(msgspec.json.encode(body), status, headers, "application/json")


def _in_letters(prefecture: str) -> str:
    """A prefecture as the form's choice has it."""
    return PREFECTURES_EN.get(prefecture_named(prefecture) or "", "") if prefecture else ""


def _limit(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < 5 and 1 <= int(written) <= MOST_SHOWN):
        raise NotUnderstood(N_("“limit” is a number from 1 to {most}."), most=MOST_SHOWN)
    return int(written)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
