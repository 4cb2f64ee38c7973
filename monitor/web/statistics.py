"""Figures of awards: a page for people, and the same figures for programs."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from threading import Lock

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from db.errors import Busy
from db.statistics import By, Chosen, Statistics, statistics
from db.vocabulary.labels import PREFECTURES_EN, prefecture_named
from db.vocabulary.messages import N_
from db.vocabulary.methods import PROCEDURES
from monitor.exports.statistics import StatisticsLine, as_statistics
from monitor.reading.areas import names_of
from monitor.statistics import BREAKDOWNS, abroad_text, left_out, percent, planned_text, row_name
from monitor.web.context import WebContext
from monitor.web.filters import NotUnderstood
from monitor.web.pages import Pages
from monitor.web.partners import Refused
from monitor.web.route import Route
from monitor.web.turns import Turns

PARAMETERS = ("area", "buyer", "since", "until", "prefecture", "by")
FIRST_YEAR, LAST_YEAR = 1990, 2099
BUYER_CHARACTERS = 100
COUNTINGS = 2
"""At the same time: where nothing is chosen, all awards are gone through."""
COUNTING_SECONDS = 8.0
HOLDS = timedelta(minutes=10)
"""How long figures are shown again as they were: awards come once a day."""
REMEMBERED = 100
"""Answers that are held for that long."""


class StatisticsPages:
    """The handlers; they run in the framework's threads, one session each."""

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages
        self._slugs = frozenset(area.slug for area in context.areas)
        self._turns = Turns(
            COUNTINGS,
            lambda: Busy("many people are counting awards right now; try again in a moment"),
            seconds=COUNTING_SECONDS,
        )
        self._lock = Lock()
        self._counted: dict[tuple[Chosen, By], tuple[datetime, Statistics]] = {}

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield Route("/statistics", self.page)
        yield Route("/api/statistics", self.api)

    def page(self, request: Request) -> Response:
        given = request.query_params
        chosen, by = self._read(given)
        found = self._found(chosen, by)
        language = self._pages.visit(request).language
        names = names_of(self._context.areas, language.code)
        return self._pages.render(
            request,
            "statistics.html",
            chosen=chosen,
            params=_params(chosen),
            asked={name: value for name, value in _params(chosen).items() if value},
            by=by,
            breakdowns=[(one.value, language.text(label)) for one, label in BREAKDOWNS.items()],
            found=found,
            rows=[(row, row_name(row, by, language, names)) for row in found.rows],
            procedures=[
                (language.text(label), tally)
                for one, label in PROCEDURES.items()
                if (tally := found.total.procedures.get(one))
            ],
            most=max((row.figures.total.awards for row in found.rows), default=0),
            notes=left_out(found, language),
            planned=planned_text(found, language),
            abroad=abroad_text(found, language),
            percent=percent,
        )

    def api(self, request: Request) -> Response:
        """The line of ``monitor stats --json``."""
        given, say = request.query_params, self._pages.visit(request).language.say
        try:
            if strange := [name for name in given if name not in (*PARAMETERS, "lang")]:
                raise NotUnderstood(N_("There is no parameter “{value}”."), value=strange[0])
            chosen, by = self._read(given)
            return self._json(request, as_statistics(chosen, self._found(chosen, by)), 200)
        except NotUnderstood as error:
            return self._json(request, Refused(say(error.saying)), 422)
        except Busy as error:
            return self._json(request, Refused(say(error.saying)), 503)

    def _read(self, given: Mapping[str, str]) -> tuple[Chosen, By]:
        """What an address chooses. Raises NotUnderstood for a value that cannot be chosen."""
        area, prefecture, by = given.get("area", ""), given.get("prefecture", ""), given.get("by") or By.YEAR.value
        if area and area not in self._slugs:
            raise NotUnderstood(N_("There is no focus area “{value}” here."), value=area)
        seat = prefecture_named(prefecture) if prefecture else None
        if prefecture and seat is None:
            raise NotUnderstood(N_("There is no prefecture “{value}”."), value=prefecture)
        if by not in [*By]:
            raise NotUnderstood(N_("Awards cannot be broken down by “{value}”."), value=by)
        since, until = _year(given.get("since", "")), _year(given.get("until", ""))
        if since and until and since > until:
            raise NotUnderstood(
                N_("The years end with {until} and begin with {since}."), since=str(since), until=str(until)
            )
        chosen = Chosen(
            area=area or None,
            buyer=given.get("buyer", "").strip()[:BUYER_CHARACTERS] or None,
            since=since,
            until=until,
            prefecture=seat,
        )
        return chosen, By(by)

    def _found(self, chosen: Chosen, by: By) -> Statistics:
        """The figures, counted now or a few minutes ago. Raises Busy."""
        now = self._context.clock()
        with self._lock:
            counted_at, found = self._counted.get((chosen, by), (None, None))
        if found is not None and counted_at is not None and now - counted_at < HOLDS:
            return found
        with self._turns.turn(), self._context.database.reading() as session:
            found = statistics(session, chosen, by)
        with self._lock:
            while len(self._counted) >= REMEMBERED:
                del self._counted[next(iter(self._counted))]
            self._counted[chosen, by] = now, found
        return found

    def _json(self, request: Request, body: StatisticsLine | Refused, status: int) -> Response:
        headers = {
            "Cache-Control": "no-cache",
            "Vary": "Accept-Language",
            "Content-Language": self._pages.visit(request).language.code,
            **({"Retry-After": "60"} if status == 503 else {}),
        }
        return Response(msgspec.json.encode(body), status, headers, "application/json")


def _year(written: str) -> int | None:
    if not written:
        return None
    if not (
        len(written) == 4 and written.isascii() and written.isdecimal() and FIRST_YEAR <= int(written) <= LAST_YEAR
    ):
        raise NotUnderstood(N_("“{value}” is no fiscal year; write one as 2025."), value=written)
    return int(written)


def _params(chosen: Chosen) -> dict[str, str]:
    """What is chosen, as it stands in an address."""
    return {
        "area": chosen.area or "",
        "buyer": chosen.buyer or "",
        "since": str(chosen.since or ""),
        "until": str(chosen.until or ""),
        "prefecture": PREFECTURES_EN[chosen.prefecture] if chosen.prefecture else "",
    }
