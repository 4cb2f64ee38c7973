"""Searching for the pages and programs that ask: few at a time, each for a short while."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

from sqlmodel import Session

from db import search
from db.card import Card, cards
from db.search import Found, Order, TooSlow
from db.snippets import words_of
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_, Saying
from db.vocabulary.query import And, Or, Query, Word, has_synonyms
from monitor.web.context import WebContext
from monitor.web.filters import NotUnderstood
from monitor.web.turns import Turns

PAGE = 50
LAST_PAGE = 200
"""Whoever wants to see more has not searched; and what stands before a page has to be found first."""
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


def usual_order(query: Query) -> Order:
    """In which order results come where nobody says: words may fit well or less well, filters fit or do not."""
    return Order.BEST if words_of(query) else Order.NEWEST


def order_named(name: str, query: Query, usual: Order | None = None) -> Order:
    """The order that somebody asks for by its name; the usual one where it is empty. Raises NotUnderstood."""
    if not name:
        return usual or usual_order(query)
    try:
        return Order(name)
    except ValueError:
        raise NotUnderstood(N_("There is no order “{value}”; there are best and newest."), value=name) from None


def advice(query: Query) -> Iterator[Saying]:
    """What may help somebody whose query finds nothing, the likeliest first."""
    alone = tuple(dict.fromkeys(_only_in_english(query)))
    for word in alone:
        if has_synonyms(word):
            yield Saying(
                N_(
                    "“{word}” is looked for as it stands; without quotation marks or field it finds Japanese terms too."
                ),
                {"word": word},
            )
    if unknown := [word for word in alone if not has_synonyms(word)]:
        yield Saying(
            N_("No Japanese term is known here for {words}: try the Japanese word, most notices have no other."),
            {"words": ", ".join(f"“{word}”" for word in unknown)},
        )
    parts = len(query.parts) if isinstance(query, And) else 1
    words = words_of(query)
    if parts > 1:
        yield Saying(N_("Take a word or a filter away: all of them have to fit."), {})
    if len(words) > len(alone):
        yield Saying(N_("Try a shorter word: a Japanese one is also found inside longer ones."), {})


def _only_in_english(query: Query) -> Iterator[str]:
    """The English words that are asked for without any Japanese one in their place."""
    match query:
        case And(parts):
            for part in parts:
                yield from _only_in_english(part)
        case Or(parts):
            each = [list(_only_in_english(part)) for part in parts]
            if all(each):
                yield from (word for words in each for word in words)
        case Word() if query.term.isascii():
            yield query.term
        case _:
            return


class Searches:
    """The searches of all pages together."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._turns = Turns(
            SEARCHES,
            lambda: TooSlow("many people are searching right now; try again in a moment"),
            seconds=SEARCH_SECONDS,
        )

    def page(self, session: Session, query: Query, number: int, order: Order = Order.NEWEST) -> Found:
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
                order=order,
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
                for id in search.find(session, query, now=now, since=since, going_on=lambda: monotonic() < give_up):
                    found += 1
                    if len(newest) < PREVIEW_TITLES:
                        newest.append(id)
            except TooSlow:
                complete = False
            return Lately(found, complete, cards(session, newest))
