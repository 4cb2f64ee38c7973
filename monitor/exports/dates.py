"""The dates of tenders as one calendar file, for whoever wants them once or publishes them elsewhere."""

import heapq
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from sqlmodel import Session

from alerts import calendar
from alerts.calendar import EVENTS, MOST_EVENTS, PAST, Dated
from alerts.language import Language
from alerts.site import Site
from db import search
from db.bulk import batches
from db.calendars import revised
from db.card import Card, cards
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.reading import DateKind
from monitor.exports.tables import Asked
from monitor.exports.writing import Watch, ids_of, unwatched

_READ = EVENTS.keys() - {DateKind.DEADLINE, DateKind.RESPONSE}
"""The kinds whose days are read; the others are fields of the tender."""


def write_calendar(
    session: Session,
    asked: Asked,
    out: BinaryIO,
    name: str,
    *,
    site: Site,
    language: Language,
    watch: Watch = unwatched,
) -> tuple[int, int]:
    """Write the dates of what is asked for; of all those nearest to the day, as in the calendar of a saved search.

    Returns of how many tenders dates are in it, and how many have any: the rest are further away.
    """
    today = to_tokyo(asked.now).date()
    seen = 0

    def dated() -> Iterator[tuple[int, Card]]:
        nonlocal seen
        looked = 0
        for ids in batches(ids_of(session, asked.query, asked.now, asked.since), search.BATCH):
            for card in cards(session, ids):
                if (days := _days_away(card, today)) is not None:
                    seen += 1
                    yield days, card
            looked += len(ids)
            watch(looked)

    # Whatever is nearest has its tender among so many: each has a date at least.
    nearest = heapq.nsmallest(MOST_EVENTS, dated(), key=lambda one: (one[0], one[1].id))
    found = [card for _, card in nearest]
    learnt = revised(session, [card.id for card in found])
    shown = [Dated(card, max(card.updated_at, learnt.get(card.id, card.updated_at))) for card in found]
    out.write(calendar.render(name, shown, site=site, language=language, today=today))
    return len(found), seen


def _days_away(card: Card, today: date) -> int | None:
    """How far the nearest date of a tender is from the day; None where it has none that counts."""
    days = [found.day for found in card.dates if found.kind in _READ]
    days += [to_tokyo(moment).date() for moment in (card.deadline, card.response_deadline) if moment]
    return min((abs(day - today).days for day in days if day >= today - PAST), default=None)
