"""The list of tenders for programs: the filters and the query language of the pages, answered in JSON."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Self

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from db.card import Card
from db.search import Order, TooSlow
from db.snippets import Snippet, snippets
from db.vocabulary.messages import N_, Saying
from db.vocabulary.query import Facet
from monitor.exports.lines import TenderLine, as_line
from monitor.web.context import WebContext
from monitor.web.filters import Filters, NotUnderstood
from monitor.web.pages import Pages
from monitor.web.route import Route
from monitor.web.searching import LAST_PAGE, Searches, order_named

FILTERS = ("q", "area", "prefecture", "kind", "category", "venue")


@dataclass(frozen=True, slots=True)
class SnippetLine:
    """Where the words of ``q`` stand: a piece of ``place`` (title, text or buyer), and each of them in it.

    A hit is the index of its first character in ``text`` and the one behind its last, counted in characters from 0.
    """

    place: str
    text: str
    hits: list[tuple[int, int]]

    @classmethod
    def of(cls, snippet: Snippet) -> Self:
        return cls(snippet.place, snippet.text, [*snippet.hits])


@dataclass(frozen=True, slots=True)
class FoundLine(TenderLine):
    """A tender as ``monitor export jsonl`` writes it, and why it was found; null where ``q`` asks for no words."""

    snippet: SnippetLine | None

    @classmethod
    def of(cls, card: Card, snippet: Snippet | None) -> Self:
        line = as_line(card)
        given = {field.name: getattr(line, field.name) for field in fields(line)}
        return cls(**given, snippet=None if snippet is None else SnippetLine.of(snippet))


@dataclass(frozen=True, slots=True)
class Tenders:
    """A page of them. ``total`` is null where counting would mean looking through everything."""

    page: int
    total: int | None
    next: str | None
    """The address of the next page; null on the last one."""
    tenders: list[FoundLine]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why there is no answer. ``position`` is the place in ``q``, counted in characters from 0; null elsewhere."""

    error: str
    position: int | None = None


class Api:
    """The handler; it runs in the framework's threads."""

    def __init__(self, context: WebContext, pages: Pages, searches: Searches) -> None:
        self._context = context
        self._pages = pages
        self._searches = searches

    def routes(self) -> Iterator[Route]:
        """What it answers."""
        yield Route("/api/tenders", self.tenders)

    def tenders(self, request: Request) -> Response:
        """Tenders; each is a line of ``monitor export jsonl`` with its ``snippet``.

        Published last first, so that a program that comes back sees what is new; ``order=best`` is for people.
        """
        given = request.query_params
        try:
            page = _page(given.get("page", "1"))
            if strange := [name for name in given if name not in (*FILTERS, "order", "page", "lang")]:
                raise NotUnderstood(N_("There is no parameter “{value}”."), value=strange[0])
            filters = Filters.read(
                **{name: given.get(name, "") for name in FILTERS}, areas=self._context.known[Facet.AREA]
            )
            query, mistake = filters.query(self._context.known)
            if mistake is not None:
                return self._refused(request, 422, mistake.saying, position=mistake.place - 1)
            order = order_named(given.get("order", ""), query, Order.NEWEST)
            with self._context.database.reading() as session:
                found = self._searches.page(session, query, page, order)
                said = snippets(session, query, found.cards)
        except NotUnderstood as error:
            return self._refused(request, 422, error.saying)
        except TooSlow as error:
            return self._refused(request, 503, error.saying)
        more = found.more and page < LAST_PAGE
        following = (
            f"{self._context.site.base_url}/api/tenders?{request.url.include_query_params(page=page + 1).query}"
        )
        lines = [FoundLine.of(card, said.get(card.id)) for card in found.cards]
        return _json(Tenders(page, found.total, following if more else None, lines))

    def _refused(self, request: Request, status: int, saying: Saying, *, position: int | None = None) -> Response:
        language = self._pages.visit(request).language
        headers = {"Content-Language": language.code, **({"Retry-After": "60"} if status == 503 else {})}
        return _json(Mistake(language.say(saying), position), status, headers)


def _page(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < 6 and 1 <= int(written) <= LAST_PAGE):
        raise NotUnderstood(
            N_("There is no page “{value}”; pages go from 1 to {last}."), value=written, last=LAST_PAGE
        )
    return int(written)


def _json(body: Tenders | Mistake, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(body),
        status,
        {"Cache-Control": "no-cache", "Vary": "Accept-Language", **(headers or {})},
        "application/json",
    )
