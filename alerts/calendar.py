"""Calendars: the dates of tenders as iCalendar (RFC 5545), for readers' own calendar programs.

It writes what it is handed and asks nobody, and the same always gives the same bytes, whatever the clock says. An
event is the same one for as long as its tender lives: its UID is made of the tender's id and the kind of date, its
SEQUENCE is the number of the tender's newest event, and DTSTAMP is when anything was learnt of the tender last. By
these two programs know which of two copies is the newer one (RFC 5546, 2.1.5).

Moments are written in UTC: Japan has no summer time, and every program shows them in its reader's own zone. Where only
the day is known, the event lasts all of that day. No event has an alarm (readers set their own), and none makes its
reader busy.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import icalendar

from alerts.feeds import plain, title_of
from alerts.language import Language
from alerts.site import Site
from alerts.wording import deadline_text, difference_text
from db.card import Card
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import DateKind, FoundDate, Origin

MEDIA_TYPE = "text/calendar; charset=utf-8"
PAST = timedelta(days=90)
"""What is over for longer is left out of a saved search's calendar."""
MOST_EVENTS = 1_000
"""Of one calendar, those nearest to the day: programs fetch all of it every hour."""

EVENTS: Mapping[DateKind, str] = {
    DateKind.DEADLINE: N_("Deadline"),
    DateKind.APPLICATION: N_("Applications due"),
    DateKind.PROPOSAL: N_("Technical proposals due"),
    DateKind.QUESTIONS: N_("Questions due"),
    DateKind.MEETING: N_("Explanatory meeting"),
    DateKind.OPENING: N_("Opening of bids"),
    DateKind.RESPONSE: N_("Answers due"),
}
"""The kinds of date that get an event, as its title begins."""
LENGTHS: Mapping[DateKind, timedelta] = {
    DateKind.MEETING: timedelta(hours=1),
    DateKind.OPENING: timedelta(minutes=30),
}
SHORTEST = timedelta(minutes=15)
"""Of what has no length, as a deadline; it begins at its moment. An event without an end is refused by some."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A tender with the moment at which anything that a calendar shows of it may have changed last."""

    card: Card
    revised_at: datetime


@dataclass(frozen=True, slots=True)
class _Event:
    dated: Dated
    found: FoundDate
    number: int = 1

    @property
    def begins(self) -> datetime | date:
        if self.found.clock is None:
            return self.found.begins or self.found.day
        return self.found.moment.astimezone(UTC)

    @property
    def ends(self) -> datetime | date:
        if self.found.clock is None:
            return self.found.day + timedelta(days=1)
        return (self.found.moment + LENGTHS.get(self.found.kind, SHORTEST)).astimezone(UTC)


def render(
    name: str, tenders: Iterable[Dated], *, site: Site, language: Language, today: date | None = None
) -> bytes:
    """The calendar of tenders, in UTF-8. With ``today``, a day in Japan, of what is over only the last ``PAST``."""
    events = [event for dated in tenders for event in _events(dated)]
    if today is not None:
        events = [event for event in events if event.found.day >= today - PAST]
        events = sorted(events, key=lambda event: (abs(event.found.day - today), event.dated.card.id))[:MOST_EVENTS]
    title = plain(name) or site.name
    if site.illustrative:
        title = language.text("{title} (illustrative data)", title=title)
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//japan-tender-monitor//{language.code.upper()}")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", title)
    calendar.add("x-wr-calname", title)
    # Asks programs to look again every hour: RFC 7986, and what Outlook knew before it.
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for event in sorted(events, key=lambda event: (event.found.moment, event.dated.card.id, event.found.kind)):
        calendar.add_component(_component(event, site, language))
    document: bytes = calendar.to_ical()
    return document


def _component(event: _Event, site: Site, language: Language) -> icalendar.Event:
    card, found = event.dated.card, event.found
    what = language.text(EVENTS[found.kind])
    if found.required:
        what = language.text("Explanatory meeting, taking part is required")
    # That it is cancelled stands before all else, and not between the kind of date and the title.
    title = title_of(replace(card, kind=NoticeKind.TENDER), language)
    summary = language.text("{what}: {title}", what=what, title=title)
    if card.cancelled:
        summary = language.text("Cancelled: {title}", title=summary)
    url = site.tender_url(card.id, language.code)
    written = icalendar.Event()
    written.add("uid", uid(event.dated.card, found.kind, event.number, site))
    written.add("sequence", card.sequence)
    written.add("dtstamp", event.dated.revised_at.astimezone(UTC))
    written.add("last-modified", event.dated.revised_at.astimezone(UTC))
    written.add("created", card.first_seen_at.astimezone(UTC))
    written.add("dtstart", event.begins)
    written.add("dtend", event.ends)
    written.add("status", "CANCELLED" if card.cancelled else "CONFIRMED")
    written.add("transp", "TRANSPARENT")
    written.add("summary", plain(summary))
    written.add("description", "\n".join([*map(plain, _lines(card, found, what, site, language)), url]))
    written.add("url", url)
    return written


def uid(card: Card, kind: DateKind, number: int, site: Site) -> str:
    """What names a date for as long as its tender lives. Of several meetings each has its number, by their days."""
    counted = f"-{number}" if number > 1 else ""
    return f"{card.id}-{kind}{counted}@{site.tag_authority.replace(',', '-')}"


def _lines(card: Card, found: FoundDate, what: str, site: Site, language: Language) -> Iterator[str]:
    yield language.text("{what}: {moment}", what=what, moment=_when(found, language))
    field = {DateKind.DEADLINE: "deadline", DateKind.RESPONSE: "response_deadline"}.get(found.kind)
    if field and (difference := difference_text(card, field, language)):
        yield difference
    names = (card.buyer,) if language.code == "ja" else (card.buyer_en, card.buyer)
    if buyer := " · ".join(dict.fromkeys(name for name in names if name)):
        yield language.text("Buyer: {name}", name=buyer)
    if found.phrase and found.origin is not Origin.FIELD:
        yield language.text("Read from “{phrase}”", phrase=found.phrase)
    if site.illustrative:
        yield language.text("Illustrative data: this is no real procurement.")


def _when(found: FoundDate, language: Language) -> str:
    if found.clock is None and found.begins is not None:
        return f"{language.day(found.begins)} – {deadline_text(found.moment, False, language)}"
    return deadline_text(found.moment, found.clock is not None, language)


def _events(dated: Dated) -> Iterator[_Event]:
    """The dates of a tender that get an event. A cancelled one keeps them: an event that vanishes says nothing."""
    card = dated.card
    for kind in EVENTS:
        match kind:
            case DateKind.DEADLINE:
                days = _deadline(card, kind, "deadline", card.deadline, card.deadline_clock)
            case DateKind.RESPONSE:
                days = _deadline(card, kind, "response_deadline", card.response_deadline, card.response_clock)
            case DateKind.MEETING:
                days = _meetings(card)
            case _:
                days = _first(card, kind)
        yield from (_Event(dated, found, number) for number, found in enumerate(days, 1))


def _deadline(card: Card, kind: DateKind, field: str, moment: datetime | None, clock: bool) -> Sequence[FoundDate]:
    """The deadline that counts, with the words that it was read from."""
    if moment is None:
        return ()
    local, said = to_tokyo(moment), card.why(field)
    at = local.time().replace(microsecond=0) if clock else None
    phrase, origin = (said.phrase, said.origin) if said else ("", Origin.FIELD)
    return (FoundDate(kind, local.date(), phrase, origin, at),)


def _first(card: Card, kind: DateKind) -> Sequence[FoundDate]:
    """The day of a kind that counts, with a time of day if anything says one. Of a period its end is what matters."""
    found = card.on(kind)
    if not found:
        return ()
    best = next((one for one in found if one.clock and one.day == found[0].day), found[0])
    return (replace(best, begins=None),)


def _meetings(card: Card) -> Sequence[FoundDate]:
    """Each day of a meeting once, in their order; with a time of day where anything says one."""
    timed = {found.day for found in card.meetings if found.clock}
    days: dict[tuple[date, time | None], FoundDate] = {}
    for found in card.meetings:
        if found.clock or found.day not in timed:
            days.setdefault((found.day, found.clock), found)
    return sorted(days.values(), key=lambda found: found.moment)
