"""Questions that analysts ask: what to type for each, and what the record answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from threading import Lock
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from db.errors import Busy, RecordError
from db.querying import Value, asked
from db.views import VIEWS
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import Saying, Told
from monitor.questions import EXAMPLES, Example, example
from monitor.web.context import WebContext
from monitor.web.pages import Pages
from monitor.web.route import Route
from monitor.web.turns import Turns

SHOWN = 20
"""Rows of an answer."""
AT_ONCE = 2
"""Questions that are asked at the same time; some go through everything."""
SECONDS = 8.0
"""After which a question is given up, or somebody is sent away who waits for a turn."""
HOLDS = timedelta(hours=1)
"""How long an answer is shown again as it was."""
RESTS = timedelta(minutes=10)
"""How long a question is left alone that was not answered."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """The first rows of an answer, or why there is none. ``more``: there are others."""

    at: datetime
    sql: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Value]] = ()
    more: bool = False
    why: Saying | None = None


class Queries:
    """The handlers; they run in the framework's threads."""

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages
        self._turns = Turns(
            AT_ONCE, lambda: Busy("many questions are asked right now; try again in a moment"), seconds=SECONDS
        )
        self._lock = Lock()
        self._answers: dict[str, _Answered] = {}

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield Route("/queries", self.list)
        yield Route("/queries/{name}", self.one)

    def list(self, request: Request) -> Response:
        return self._pages.render(request, "queries.html", examples=EXAMPLES, views=VIEWS)

    def one(self, request: Request, name: str) -> Response:
        try:
            asked_for = example(name)
        except Told:
            raise HTTPException(404) from None
        spoken = self._pages.visit(request).language

        def shown(value: Value, column: str) -> str:
            if value is None or isinstance(value, str):
                return value or ""
            return str(value) if "year" in column else spoken.number(Decimal(str(round(value, 2))))

        return self._pages.render(
            request,
            "query.html",
            example=asked_for,
            answer=self._answer(asked_for),
            shown=shown,
            is_figure=lambda value: isinstance(value, int | float),
            tender_of=_tender_of,
        )

    def _answer(self, question: Example) -> _Answered:
        """What the record answered, now or within the last hour. Raises Busy."""
        now = self._context.clock()
        sql = question.on(to_tokyo(now).date())
        with self._lock:
            known = self._answers.get(question.name)
        if known is not None and known.sql == sql:
            holds = HOLDS if known.why is None else RESTS
            if timedelta() <= now - known.at < holds:
                return known
        with self._turns.turn():
            fresh = self._ask(sql, now)
        with self._lock:
            self._answers[question.name] = fresh
        return fresh

    def _ask(self, sql: str, now: datetime) -> _Answered:
        try:
            with asked(self._context.database, sql, seconds=SECONDS) as answer:
                rows = list(islice(answer.rows, SHOWN + 1))
        except RecordError as error:
            return _Answered(now, sql, why=error.saying)
        return _Answered(now, sql, answer.columns, rows[:SHOWN], len(rows) > SHOWN)


def _tender_of(value: Value, column: str) -> str:
    """The id of the tender that a cell names; empty where it names none."""
    if column not in ("id", "tender_id") or not isinstance(value, str):
        return ""
    try:
        return str(UUID(value))
    except ValueError:
        return ""
