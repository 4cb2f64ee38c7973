"""Searching for the pages and programs that ask: few at a time, each for a short while."""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

from sqlmodel import Session

from db import search
from db.card import Card, cards
from db.search import Found, TooSlow
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.query import Query
from monitor.web.context import WebContext
from monitor.web.turns import Turns

PAGE = 50
LAST_PAGE = 200
"""A search without an index looks through everything before the page it shows."""
SEARCHES = 4
"""At the same time; the rest of the site stays quick."""
SEARCH_SECONDS = 8.0
"""After which a search is given up."""
PREVIEW_DAYS = 30
PREVIEW_SECONDS = 3.0
"""After which a preview says what was found so far."""
PREVIEW_TITLES = 5
OFTEN = 10
"""Finds a day from which somebody is asked whether they mean it."""


@dataclass(frozen=True, slots=True)
class Lately:
    """What a search would have found in the last PREVIEW_DAYS; at least so many where it was not ``complete``."""

    found: int
    complete: bool
    newest: list[Card]

    @property
    def a_day(self) -> int:
        """Finds a day; 0 for fewer than so many that somebody may regret it."""
        return self.found // PREVIEW_DAYS if self.found >= OFTEN * PREVIEW_DAYS else 0


class Searches:
    """The searches of all pages together."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._turns = Turns(
            SEARCHES,
            lambda: TooSlow("many people are searching right now; try again in a moment"),
            seconds=SEARCH_SECONDS,
        )

    def page(self, session: Session, query: Query, number: int) -> Found:
        """A page of the tenders that a query finds. Raises TooSlow."""
        now = to_tokyo(self._context.clock())  # days in a query are days in Tokyo
        with self._turns.turn():
            give_up = monotonic() + SEARCH_SECONDS
            return search.search(
                session,
                query,
                now=now,
                limit=PAGE,
                offset=(number - 1) * PAGE,
                going_on=lambda: monotonic() < give_up,
            )

    def lately(self, query: Query) -> Lately:
        """What a query would have found lately. Raises TooSlow where there is no place at once."""
        now = to_tokyo(self._context.clock())
        since = now.date() - timedelta(days=PREVIEW_DAYS)
        found, complete = 0, True
        newest: list[UUID] = []
        with self._turns.turn(), self._context.database.reading() as session:
            give_up = monotonic() + PREVIEW_SECONDS
            try:
                for id in search.scan(session, query, now=now, since=since, going_on=lambda: monotonic() < give_up):
                    found += 1
                    if len(newest) < PREVIEW_TITLES:
                        newest.append(id)
            except TooSlow:
                complete = False
            return Lately(found, complete, cards(session, newest))
