"""Which saved searches an event of a tender concerns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from db.deliveries import NewMatch
from db.subscribers import StoredSearch
from db.vocabulary.query import Query, QueryError, Searchable, matches, parse, reasons
from db.vocabulary.tender import ComposedTender, TenderChange


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A saved search whose query can no longer be parsed; its owner must be told."""

    search: StoredSearch
    error: QueryError


class Matcher:
    """All saved searches, parsed once and held against event after event."""

    def __init__(self, searches: Sequence[tuple[StoredSearch, Query]], unreadable: Sequence[Unreadable] = ()) -> None:
        self.searches = searches
        self.unreadable = unreadable

    @classmethod
    def of(cls, stored: Iterable[StoredSearch]) -> Self:
        searches: list[tuple[StoredSearch, Query]] = []
        unreadable: list[Unreadable] = []
        for search in stored:
            try:
                searches.append((search, parse(search.query)))
            except QueryError as error:
                unreadable.append(Unreadable(search, error))
        return cls(searches, unreadable)

    def match(self, changes: Iterable[TenderChange], *, now: datetime) -> Iterator[NewMatch]:
        """The matches of events: each saved search at most once for each event."""
        if not self.searches:
            return
        for change in changes:
            tender = searchable(change.tender, now=now)
            for search, query in self.searches:
                if matches(query, tender):
                    yield NewMatch(search.id, change.tender.id, change.sequence, reasons(query, tender))


def searchable(tender: ComposedTender, *, now: datetime) -> Searchable:
    """A composed tender as queries see it."""
    return Searchable.of(
        tender,
        text=tender.text,
        areas=(found.area for found in tender.areas),
        venues=(found.area for found in tender.venues),
        cpv=(found.code for found in tender.cpv),
        now=now,
    )
