"""Subscribers as lines of files: read from a list that somebody else kept, and written for whoever asks.

A line of a list is one saved search: CSV with a header, or JSON Lines, with the same names. Every line is judged on its
own, and what is wrong with one keeps no other back. What subscribers chose themselves is never changed by a list: it
only adds, so reading the same list again changes nothing.
"""

import csv
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import TextIO
from zoneinfo import available_timezones

import msgspec
from sqlmodel import Session

from alerts.letter import ascii_address
from db import subscribers
from db.bulk import batches
from db.engine import Database
from db.errors import RecordError
from db.kept import Kept, KeptLetter, KeptSearch
from db.subscriber import SavedSearch, Subscriber
from db.subscribers import Choices, checked_address
from db.vocabulary.delivery import Frequency, SubscriberState
from db.vocabulary.japanese import decode, tokyo_iso
from db.vocabulary.messages import Saying, Told
from monitor.i18n import LANGUAGES
from monitor.spreadsheets import harmless, rows
from monitor.web.filters import SAVED_CHARACTERS
from monitor.web.forms import LONGEST_NAME

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COLUMNS = (
    *("email", "name", "query", "area", "frequency", "language", "zone", "hour", "weekday"),
    *("state", "consent"),
)
"""Of a list. Only ``email`` has to be there, and one of ``name``, ``query`` and ``area``."""
LINES_AT_ONCE = 500
"""Of one transaction."""


# What a field may say -------------------------------------------------------------------------------------


def frequency_of(text: str) -> Frequency:
    """Raises RecordError."""
    try:
        return Frequency(text.strip().lower())
    except ValueError:
        known = ", ".join(Frequency)
        raise RecordError("there is no frequency {value}; there are: {known}", value=text, known=known) from None


def language_of(text: str) -> str:
    """Raises RecordError."""
    if (code := text.strip().lower()) in LANGUAGES:
        return code
    raise RecordError("there is no language {value}; there are: {known}", value=text, known=", ".join(LANGUAGES))


def zone_of(text: str) -> str:
    """The name of a time zone. Raises RecordError."""
    if (name := text.strip()) in available_timezones():
        return name
    raise RecordError("there is no time zone {value}; write it as Europe/Paris", value=text)


def hour_of(text: str) -> time:
    """A time of day, to the minute: 8, 08:00 or, as spreadsheets put it, 8:00:00. Raises RecordError."""
    hour, colon, rest = text.strip().partition(":")
    try:
        found = time.fromisoformat(f"{hour.zfill(2)}{colon}{rest}")
    except ValueError:
        found = None
    if found is None or found.tzinfo or found.second or found.microsecond:
        raise RecordError("there is no time of day {value}; write it as 08:00", value=text)
    return found


def weekday_of(text: str) -> int:
    """A day of the week, in full or by its first three letters; 0 is Monday. Raises RecordError."""
    said = text.strip().lower()
    for number, name in enumerate(WEEKDAYS):
        if said in (name, name[:3]):
            return number
    raise RecordError("there is no weekday {value}; write it as monday", value=text)


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody is to choose as far as it was said; the rest is as it was, or as it is for everybody."""

    language: str | None = None
    zone: str | None = None
    hour: time | None = None
    weekday: int | None = None

    @property
    def nothing(self) -> bool:
        return self == Given()

    def over(self, before: Choices) -> Choices:
        """The choices with what was said."""
        return replace(
            before,
            language=self.language or before.language,
            time_zone=self.zone or before.time_zone,
            digest_at=before.digest_at if self.hour is None else self.hour,
            weekday=before.weekday if self.weekday is None else self.weekday,
        )


def whole_query(query: str, areas: Sequence[str], known: Sequence[str]) -> str:
    """A query within focus areas, in the query language. Raises RecordError for an area that there is not."""
    for area in areas:
        if area not in known:
            raise RecordError("there is no focus area {area}; there are: {areas}", area=area, areas=", ".join(known))
    parts = [f"area:{','.join(areas)}"] if areas else []
    if query := query.strip():
        parts.append(f"({query})" if areas else query)
    whole = " ".join(parts)
    if len(whole) > SAVED_CHARACTERS:
        raise RecordError("the query is too long; at most {count} characters are kept", count=SAVED_CHARACTERS)
    return whole


def search_name(name: str, query: str, everything: str) -> str:
    """What a saved search is called: as it was said, else like its query. Raises RecordError for a long name."""
    said = " ".join(name.split())
    if len(said) > LONGEST_NAME:
        raise RecordError("the name is too long; at most {count} characters are kept", count=LONGEST_NAME)
    called = said or query or everything
    return called if len(called) <= LONGEST_NAME else f"{called[: LONGEST_NAME - 1]}…"


# Reading a list -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A line of a list: a saved search of somebody."""

    line: int
    email: str
    name: str
    query: str
    frequency: Frequency
    given: Given
    consent: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is left out, and why."""

    line: int
    why: Saying


class _JsonLine(msgspec.Struct, forbid_unknown_fields=True):
    """A line of JSON Lines: the columns, where ``area`` may be a list and ``hour`` a number."""

    email: str
    name: str | None = None
    query: str | None = None
    area: str | list[str] | None = None
    frequency: str | None = None
    language: str | None = None
    zone: str | None = None
    hour: str | int | None = None
    weekday: str | None = None
    state: str | None = None
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class ListReader:
    """Reads lists. ``checked`` raises QueryError for a query that cannot be read; ``consent`` stands where a line has
    none of its own; ``everything`` is the name of a search without a query.
    """

    consent: str
    areas: Sequence[str]
    checked: Callable[[str], object]
    everything: str

    def read(self, data: bytes) -> Iterator[Wanted | BadLine]:
        """The lines of a file. Raises RecordError for a file that is no list, for all its lines would be bad."""
        there: dict[tuple[str, str], tuple[int, str]] = {}
        for line, cells in _cells(data):
            try:
                if isinstance(cells, Saying):
                    raise Told.of(cells)
                wanted = self._wanted(line, cells)
                before, query = there.setdefault((wanted.email.lower(), wanted.name), (line, wanted.query))
                if query != wanted.query:
                    raise RecordError(
                        "line {number} has another query under this name; give each a name", number=before
                    )
            except Told as error:
                yield BadLine(line, error.saying)
            else:
                yield wanted

    def _wanted(self, line: int, cells: Mapping[str, str]) -> Wanted:
        def cell(name: str) -> str:
            return cells.get(name, "").strip()

        email = checked_address(cell("email"))
        ascii_address(email)
        if cell("state") not in ("", SubscriberState.ACTIVE):
            raise RecordError(
                "{email}: is {state} in this list; they have to ask anew", email=email, state=cell("state")
            )
        if not (cell("name") or cell("query") or cell("area")):
            raise RecordError("there is no query and no area; for a search that finds everything, give it a name")
        areas = cell("area").replace(",", " ").replace(";", " ").split()
        query = whole_query(cell("query"), areas, self.areas)
        self.checked(query)
        return Wanted(
            line=line,
            email=email,
            name=search_name(cell("name"), query, self.everything),
            query=query,
            frequency=frequency_of(cell("frequency") or Frequency.DAILY),
            given=Given(
                language_of(cell("language")) if cell("language") else None,
                zone_of(cell("zone")) if cell("zone") else None,
                hour_of(cell("hour")) if cell("hour") else None,
                weekday_of(cell("weekday")) if cell("weekday") else None,
            ),
            consent=cell("consent") or self.consent,
        )


def _cells(data: bytes) -> Iterator[tuple[int, Mapping[str, str] | Saying]]:
    """Each line's number with its cells by column, or with what is wrong with it."""
    if decode(data[:1_000]).lstrip().startswith("{"):
        yield from _json_cells(decode(data))
    else:
        yield from _csv_cells(data)


def _json_cells(text: str) -> Iterator[tuple[int, Mapping[str, str] | Saying]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            said = msgspec.json.decode(line, type=_JsonLine)
        except msgspec.DecodeError as error:
            yield number, Saying("is no line of JSON as it has to be ({why})", {"why": str(error)})
            continue
        written = {name: getattr(said, name) for name in COLUMNS}
        yield (
            number,
            {
                name: " ".join(value) if isinstance(value, list) else str(value)
                for name, value in written.items()
                if value is not None
            },
        )


def _csv_cells(data: bytes) -> Iterator[tuple[int, Mapping[str, str] | Saying]]:
    lines = rows(data)
    number, header = next(lines, (1, ()))
    names = [] if isinstance(header, csv.Error) else [name.lower() for name in header]
    if "email" not in names or len(set(names)) < len(names) or not set(names) <= set(COLUMNS):
        raise RecordError(
            "line {number}: is no header with email and, as far as you have them, {columns}",
            number=number,
            columns=", ".join(COLUMNS[1:]),
        )
    for number, row in lines:
        if isinstance(row, csv.Error):
            yield number, Saying("is no line of CSV ({why})", {"why": str(row)})
        elif len(row) > len(names):
            yield number, Saying("has more cells than the header; put what has a comma in it in quotation marks")
        else:
            yield number, dict(zip(names, row, strict=False))


# Keeping what a list says ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What became of a list: new subscribers, searches that began, lines that were there already, and bad ones."""

    people: int
    searches: int
    there: int
    bad: tuple[BadLine, ...]


@dataclass(slots=True)
class _Chunk:
    """What became of some lines."""

    new: set[str] = field(default_factory=set)
    """Addresses."""
    searches: int = 0
    there: int = 0
    bad: list[BadLine] = field(default_factory=list)


class _NotKept(Exception):
    """Ends a transaction of which nothing is to be kept; ``chunk`` is what would have become of it."""

    def __init__(self, chunk: _Chunk) -> None:
        super().__init__()
        self.chunk = chunk


def bring_in(
    database: Database, wanted: Sequence[Wanted], *, before: Choices, now: datetime, keep: bool = True
) -> BroughtIn:
    """Begin the searches of a list, confirmed by what the list states; ``before`` is what new subscribers start from.

    Whoever has unsubscribed, or gets nothing any more, is left out and told as a bad line. Not ``keep``: only look
    what would become of it.
    """
    once: dict[tuple[str, str], Wanted] = {}
    for one in wanted:
        once.setdefault((one.email.lower(), one.name), one)
    new: set[str] = set()
    searches, there, bad = 0, len(wanted) - len(once), list[BadLine]()
    for some in batches(once.values(), LINES_AT_ONCE):
        chunk = _bring_in(database, some, before=before, now=now, keep=keep)
        new |= chunk.new
        searches, there = searches + chunk.searches, there + chunk.there
        bad += chunk.bad
    return BroughtIn(len(new), searches, there, tuple(bad))


def _bring_in(database: Database, some: Sequence[Wanted], *, before: Choices, now: datetime, keep: bool) -> _Chunk:
    def work(session: Session) -> _Chunk:
        chunk = _Chunk()
        owners: dict[str, tuple[Subscriber, set[str]]] = {}
        for one in some:
            address = one.email.lower()
            try:
                if address not in owners:
                    owners[address] = _owner(session, one, chunk, before=before, now=now)
                owner, names = owners[address]
                if one.name in names:
                    chunk.there += 1
                    continue
                subscribers.save_search(session, owner, one.name, one.query, now=now, frequency=one.frequency)
            except Told as error:
                chunk.bad.append(BadLine(one.line, error.saying))
            else:
                names.add(one.name)
                chunk.searches += 1
        if not keep:
            raise _NotKept(chunk)
        return chunk

    try:
        return database.write(work)
    except _NotKept as looked:
        return looked.chunk


def _owner(
    session: Session, one: Wanted, chunk: _Chunk, *, before: Choices, now: datetime
) -> tuple[Subscriber, set[str]]:
    """Whose search it is, with the names of those that they have."""
    there = subscribers.by_email(session, one.email)
    fresh = there is None or not there.active
    choices = one.given.over(before) if fresh else None
    owner = subscribers.add(session, one.email, choices=choices, now=now, consent=one.consent)
    if fresh:
        chunk.new.add(one.email.lower())
    return owner, {search.name for search in subscribers.searches_of(session, owner.id)}


# What is kept of somebody ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FindLine:
    """An event of a tender that a search found; ``letter`` is the one that tells of it."""

    tender: str
    sequence: int
    found_at: str
    why: list[str]
    letter: str | None


@dataclass(frozen=True, slots=True)
class CallLine:
    tender: str
    sequence: int
    state: str
    attempts: int
    finished_at: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class WebhookLine:
    url: str
    form: str
    created_at: str
    failures: int
    disabled_at: str | None
    calls: list[CallLine]


@dataclass(frozen=True, slots=True)
class SearchLine:
    name: str
    query: str
    frequency: str
    created_at: str
    confirmed_at: str | None
    feed: str
    calendar: str
    webhooks: list[WebhookLine]
    finds: list[FindLine]


@dataclass(frozen=True, slots=True)
class AttemptLine:
    started_at: str
    finished_at: str | None
    state: str
    error: str | None


@dataclass(frozen=True, slots=True)
class ReminderLine:
    tender: str
    deadline: str


@dataclass(frozen=True, slots=True)
class LetterLine:
    id: str
    kind: str
    window_start: str
    window_end: str
    message_id: str
    state: str
    backlog: bool
    unread: list[str]
    note: str | None
    bounce: str | None
    attempts: list[AttemptLine]
    reminders: list[ReminderLine]


@dataclass(frozen=True, slots=True)
class SuppressionLine:
    address: str
    reason: str
    remark: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """Everything that is known of a subscriber: a line of ``monitor subscribers export``.

    Keys are left out: that of the unsubscribe links, and those of webhooks' signatures.
    """

    email: str
    state: str
    language: str
    zone: str
    hour: str
    weekday: str
    alerts: bool
    reminders: bool
    paused_until: str | None
    consent: str
    consent_at: str | None
    created_at: str
    unsubscribed_at: str | None
    suppression: SuppressionLine | None
    searches: list[SearchLine]
    letters: list[LetterLine]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the feed and the calendar of a saved search are, by its secret."""

    feed: Callable[[str], str]
    calendar: Callable[[str], str]


def person_line(kept: Kept, addresses: Addresses) -> PersonLine:
    """What is kept of a subscriber, as a line."""
    person, barred = kept.subscriber, kept.suppression
    return PersonLine(
        email=person.email,
        state=person.state,
        language=person.language,
        zone=person.time_zone,
        hour=f"{person.digest_at:%H:%M}",
        weekday=WEEKDAYS[person.weekday],
        alerts=person.alerts,
        reminders=person.reminders,
        paused_until=person.paused_until.isoformat() if person.paused_until else None,
        consent=person.consent,
        consent_at=_iso(person.consent_at),
        created_at=tokyo_iso(person.created_at),
        unsubscribed_at=_iso(person.unsubscribed_at),
        suppression=(
            SuppressionLine(barred.address, barred.reason, barred.status, tokyo_iso(barred.at)) if barred else None
        ),
        searches=[_search_line(one, addresses) for one in kept.searches],
        letters=[_letter_line(one) for one in kept.letters],
    )


def _search_line(kept: KeptSearch, addresses: Addresses) -> SearchLine:
    search = kept.search
    return SearchLine(
        name=search.name,
        query=search.query,
        frequency=search.frequency,
        created_at=tokyo_iso(search.created_at),
        confirmed_at=_iso(search.confirmed_at),
        feed=addresses.feed(search.feed_token),
        calendar=addresses.calendar(search.feed_token),
        webhooks=[
            WebhookLine(
                webhook.url,
                webhook.form,
                tokyo_iso(webhook.created_at),
                webhook.failures,
                _iso(webhook.disabled_at),
                [
                    CallLine(
                        str(call.tender_id),
                        call.sequence,
                        call.state,
                        call.attempts,
                        _iso(call.finished_at),
                        call.error,
                    )
                    for call in calls
                ],
            )
            for webhook, calls in kept.webhooks
        ],
        finds=[
            FindLine(
                str(find.tender_id),
                find.sequence,
                tokyo_iso(find.matched_at),
                [*find.why],
                str(find.digest_id) if find.digest_id else None,
            )
            for find in kept.finds
        ],
    )


def _letter_line(kept: KeptLetter) -> LetterLine:
    letter = kept.letter
    return LetterLine(
        id=str(letter.id),
        kind=letter.kind,
        window_start=tokyo_iso(letter.window_start),
        window_end=tokyo_iso(letter.window_end),
        message_id=letter.message_id,
        state=letter.state,
        backlog=letter.backlog,
        unread=[*letter.unread],
        note=str(letter.note) if letter.note else None,
        bounce=letter.bounce,
        attempts=[
            AttemptLine(tokyo_iso(one.started_at), _iso(one.finished_at), one.state, one.error)
            for one in kept.attempts
        ],
        reminders=[ReminderLine(str(one.tender_id), tokyo_iso(one.deadline)) for one in kept.reminders],
    )


def write_list(
    people: Iterable[tuple[Subscriber, Sequence[SavedSearch]]], barred: Container[str], out: TextIO
) -> None:
    """Subscribers as a list, a line for each saved search: what ``monitor subscribers import`` reads.

    What nobody has confirmed is left out: it would begin where the list is read. For the same reason the state of an
    address that is ``barred``, in small letters, is told as suppressed.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for person, searches in people:
        for name, query, frequency in [
            (one.name, one.query, one.frequency) for one in searches if one.confirmed_at is not None
        ] or [("", "", "")]:
            cells = {
                "email": person.email,
                "name": name,
                "query": query,
                "frequency": frequency,
                "language": person.language,
                "zone": person.time_zone,
                "hour": f"{person.digest_at:%H:%M}",
                "weekday": WEEKDAYS[person.weekday],
                "state": "suppressed" if person.email.lower() in barred else person.state,
                "consent": person.consent,
            }
            writer.writerow([harmless(cells.get(column, "")) for column in COLUMNS])


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else tokyo_iso(moment)
