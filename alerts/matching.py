"""Which saved searches an event of a tender concerns."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Self
from uuid import UUID

from alerts.percolator import Percolator
from db.deliveries import NewMatch
from db.subscribers import StoredSearch
from db.vocabulary.delivery import Frequency
from db.vocabulary.query import Query, QueryError, Searchable, parse
from db.vocabulary.tender import ComposedTender, TenderChange

WASTE = 1_000
"""When so many queries are gone, and more than are left, what they left behind is cleared away."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A saved search whose query can no longer be parsed; its owner must be told."""

    search: StoredSearch
    error: QueryError


@dataclass(frozen=True, slots=True)
class _Asking:
    """A saved search, as far as matching needs it."""

    id: UUID
    query: str
    at_once: bool
    waiting: bool

    @classmethod
    def of(cls, search: StoredSearch) -> Self:
        often = search.frequency
        return cls(search.id, search.query, at_once=often is Frequency.AT_ONCE, waiting=often is not Frequency.NEVER)


@dataclass(frozen=True, slots=True)
class _Searches:
    """All searches at one moment: the queries, each once, and who asks them."""

    percolator: Percolator = field(default_factory=Percolator)
    asking: Mapping[str, tuple[_Asking, ...]] = field(default_factory=dict)
    by_id: Mapping[UUID, _Asking] = field(default_factory=dict)
    unreadable: Mapping[UUID, Unreadable] = field(default_factory=dict)
    gone: int = 0
    """Queries that were dropped since the percolator was made from nothing."""


class Matcher:
    """All saved searches, held against event after event.

    Several threads may match while another one refreshes: who has begun goes on with the searches that there were.
    """

    def __init__(self, stored: Iterable[StoredSearch] = ()) -> None:
        self._searches = _Searches()
        self._refreshing = Lock()
        self.refresh(stored)

    @classmethod
    def of(cls, stored: Iterable[StoredSearch]) -> Self:
        return cls(stored)

    def __len__(self) -> int:
        """How many searches there are that can be read."""
        return len(self._searches.by_id) - len(self._searches.unreadable)

    @property
    def unreadable(self) -> Sequence[Unreadable]:
        return tuple(self._searches.unreadable.values())

    def refresh(self, stored: Iterable[StoredSearch]) -> None:
        """From now on these are all the searches. It costs a look at each, and work for those that are not as before."""
        with self._refreshing:
            self._searches = _refreshed(self._searches, {search.id: search for search in stored})

    def match(self, changes: Iterable[TenderChange], *, now: datetime) -> Iterator[NewMatch]:
        """The matches of events: each saved search at most once for each event, in no particular order."""
        searches = self._searches
        if not searches.asking:
            return
        for change in changes:
            for query, why in searches.percolator.found(searchable(change.tender, now=now)):
                for one in searches.asking[query]:
                    yield NewMatch(one.id, change.tender.id, change.sequence, why, one.at_once, one.waiting)


def _refreshed(before: _Searches, stored: Mapping[UUID, StoredSearch]) -> _Searches:
    coming = {id: one for id, search in stored.items() if (one := _Asking.of(search)) != before.by_id.get(id)}
    leaving = [one for id, one in before.by_id.items() if id in coming or id not in stored]
    if not leaving and not coming:
        return before
    by_id, unreadable, asking = dict(before.by_id), dict(before.unreadable), dict(before.asking)
    out: defaultdict[str, set[UUID]] = defaultdict(set)
    into: defaultdict[str, list[_Asking]] = defaultdict(list)
    for one in leaving:
        del by_id[one.id]
        if unreadable.pop(one.id, None) is None:
            out[one.query].add(one.id)
    parsed: dict[str, Query] = {}
    for id, one in coming.items():
        by_id[id] = one
        try:
            if one.query not in asking and one.query not in parsed:
                parsed[one.query] = parse(one.query)
            into[one.query].append(one)
        except QueryError as error:
            unreadable[id] = Unreadable(stored[id], error)
    for query in {**out, **into}:
        there = (*(one for one in asking.get(query, ()) if one.id not in out[query]), *into[query])
        if there:
            asking[query] = there
        else:
            del asking[query]
    gone = [query for query in out if query not in asking]
    dropped = before.gone + len(gone)
    if dropped > max(WASTE, len(asking)):
        return _Searches(Percolator().changed({query: parse(query) for query in asking}), asking, by_id, unreadable)
    return _Searches(before.percolator.changed(parsed, gone), asking, by_id, unreadable, dropped)


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
