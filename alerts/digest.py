"""What a digest or an alert says: gathered from the record as a value, then written in the reader's language."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from alerts import paper, reading
from alerts.language import AreaNames, Language
from alerts.letter import Letter
from alerts.paper import Pen, short
from alerts.reading import Reckoning
from alerts.site import Site
from alerts.sources import SourceNames
from alerts.telling import Memory, Winner, Words, day_of, moment_of, moved_earlier
from alerts.wording import moment_text
from db import awards
from db.card import Card, cards
from db.coverage import Unread, WhatWasRead, what_was_read
from db.deliveries import DigestEntry, entries, reminders_of
from db.history import Digest
from db.subscriber import SavedSearch, Subscriber
from db.subscribers import searches_of
from db.told import told_before
from db.vocabulary.delivery import LetterKind
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.notice import FieldChange, NoticeKind
from db.vocabulary.tender import EventKind
from db.vocabulary.window import zone

MOST_ENTRIES = 40
"""Tenders in one digest."""
FEWEST_ENTRIES = 10
"""So many are told of, however long everything is, before anything else is left out."""
MOST_REMINDERS = 15
"""Tenders of which one digest says that they close soon."""
MOST_BYTES = 100_000
"""Of the HTML as it travels, in base64: Gmail cuts it off at 102 kB."""
LONGEST_QUERY = 160
"""Characters of a saved search's query that are shown."""
LONGEST_IN_SUBJECT = 90
"""Characters of a title in a subject."""
LONGEST_ADDRESS = 1_000
"""Characters of the address of a list; fifty searches have as many, and some programs cut longer ones."""
A_WEEK = timedelta(days=6)
"""A window that is longer is a week's: its last day may have been 23 hours long."""
MOST_REMEMBERED = 2_000
"""Tenders that are kept for the letters of one round, and twice as many of them in words."""

_WEIGHT = {EventKind.CANCELLED: 3, EventKind.AWARDED: 2, EventKind.PUBLISHED: 1}
"""What a tender is told as that several searches found for different reasons: what matters most."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tender as a digest tells of it, and why."""

    card: Card
    kind: EventKind
    changes: tuple[FieldChange, ...]
    why: tuple[str, ...]
    winners: tuple[Winner, ...] = ()
    also: tuple[str, ...] = ()
    """The other saved searches that found it, by name."""
    told_before: datetime | None = None
    """When it was told before, where that is the only reason for telling it now."""


@dataclass(frozen=True, slots=True)
class Group:
    """What one saved search found, the most urgent first. ``more`` counts the tenders that had no room."""

    name: str
    query: str
    entries: tuple[Entry, ...]
    more: int = 0

    def of(self, kind: str) -> tuple[Entry, ...]:
        """The entries of one kind of event."""
        return tuple(entry for entry in self.entries if entry.kind == kind)


@dataclass(frozen=True, slots=True)
class DigestContent:
    """Everything a digest says. ``total`` counts its tenders, each once, whether or not they had room."""

    subscriber: Subscriber
    kind: LetterKind
    window_start: datetime
    window_end: datetime
    message_id: str
    backlog: bool
    groups: tuple[Group, ...]
    total: int
    closed: int
    """Tenders of a backlog whose deadline is over: they are counted, and not shown."""
    reminders: tuple[Card, ...]
    """Tenders that were told of before and close soon, the next first."""
    read: WhatWasRead | None
    """How far the sources were read; None for an alert, which does not claim to be everything."""
    sources: tuple[SourceNames, ...]
    """Of the tenders told of: their terms ask that they be named."""
    source_names: Mapping[str, str] = field(default_factory=dict)
    """The sources by slug, in the reader's language, as they are named within a sentence."""
    full_names: Mapping[str, str] = field(default_factory=dict)
    """The same as they are named in a list."""

    @property
    def silent(self) -> bool:
        """Whether all it says is that sources could not be read."""
        return not (self.total or self.closed or self.reminders)

    @property
    def weekly(self) -> bool:
        return self.window_end - self.window_start > A_WEEK

    @property
    def shown(self) -> tuple[Card, ...]:
        """The tenders that it shows."""
        return (*self.reminders, *(entry.card for group in self.groups for entry in group.entries))

    def at_most(self, room: int) -> "DigestContent":
        """The same with no more entries than this. Short groups stay whole; the others share what is left."""
        kept: dict[int, int] = {}
        for index in sorted(range(len(self.groups)), key=lambda index: len(self.groups[index].entries)):
            kept[index] = min(len(self.groups[index].entries), room // (len(self.groups) - len(kept)))
            room -= kept[index]
        return replace(
            self,
            groups=tuple(
                replace(
                    group,
                    entries=group.entries[: kept[index]],
                    more=group.more + len(group.entries) - kept[index],
                )
                for index, group in enumerate(self.groups)
            ),
        )


class Shared:
    """What the letters of one round have in common, looked up and put into words once.

    Make it after the letters of the round were made, so that no tender in it is older than what is told of it.
    """

    def __init__(self) -> None:
        self.words: Memory = {}
        self._cards: dict[UUID, Card] = {}
        self._winners: dict[UUID, tuple[Winner, ...]] = {}
        self._read: dict[tuple[datetime, datetime], WhatWasRead] = {}

    def cards(self, session: Session, ids: Iterable[UUID]) -> dict[UUID, Card]:
        """The tenders of these ids, as far as they are there."""
        if len(self.words) > 2 * MOST_REMEMBERED:
            self.words.clear()  # each language, zone and part of a letter has words of its own
        wanted = set(ids)
        missing = sorted(wanted - self._cards.keys())
        if missing:
            if len(self._cards) + len(missing) > MOST_REMEMBERED:
                self._cards.clear()
                self._winners.clear()
                missing = sorted(wanted)
            found = cards(session, missing)
            self._cards.update((card.id, card) for card in found)
            self._winners.update(_winners(session, [card for card in found if reading.is_result(card)]))
        return {id: self._cards[id] for id in wanted if id in self._cards}

    def winners(self, id: UUID) -> tuple[Winner, ...]:
        """Who won, of a tender that was looked up."""
        return self._winners.get(id, ())

    def read(self, session: Session, sources: Iterable[str], start: datetime, end: datetime) -> WhatWasRead:
        """What was read of the sources in a window."""
        if (start, end) not in self._read:
            self._read[start, end] = what_was_read(session, tuple(sources), start=start, end=end)
        return self._read[start, end]


def gather(
    session: Session,
    digest: Digest,
    *,
    sources: Mapping[str, SourceNames],
    language: Language,
    shared: Shared | None = None,
) -> DigestContent | None:
    """The content of a digest; None where nothing is left to tell (its subscriber or tenders are gone)."""
    shared = shared or Shared()
    subscriber = session.get(Subscriber, digest.subscriber_id)
    if subscriber is None:
        return None
    session.expunge(subscriber)
    found = [entry for entry in entries(session, digest.id) if entry.kind is not EventKind.JOINED]
    reminded = dict(reminders_of(session, digest.id))
    shown = shared.cards(session, {*reminded, *(entry.tender_id for entry in found)})
    found = [entry for entry in found if entry.tender_id in shown]
    told = {entry.tender_id for entry in found}
    unexplained = {entry.tender_id for entry in found if not entry.why and entry.kind is not EventKind.PUBLISHED}
    before = told_before(session, digest, unexplained) if unexplained else {}
    now = digest.window_end
    over = {id for id in told if digest.backlog and _over(shown[id], now)}
    named = {slug: names.shown(language) for slug, names in sources.items()}
    groups = _groups(
        searches_of(session, subscriber.id),
        [entry for entry in found if entry.tender_id not in over],
        shown,
        shared,
        sources=named,
        told=before,
        now=now,
    )
    reminders = tuple(
        shown[id]
        for id, deadline in sorted(reminded.items(), key=lambda pair: pair[1])
        if id in shown and id not in told and _still_closes(shown[id], deadline, now)
    )
    read = None
    if digest.kind == LetterKind.DIGEST:
        read = shared.read(session, sources, digest.window_start, digest.window_end)
    silent_about = {one.source for one in read.unread} & {*digest.unread} if read else set()
    if not (told or reminders or silent_about):
        return None
    told_by = {source.source for one in (*reminders, *(shown[id] for id in told - over)) for source in one.sources}
    return DigestContent(
        subscriber=subscriber,
        kind=LetterKind(digest.kind),
        window_start=digest.window_start,
        window_end=digest.window_end,
        message_id=digest.message_id,
        backlog=digest.backlog,
        groups=groups,
        total=len(told - over),
        closed=len(over),
        reminders=reminders,
        read=read,
        sources=tuple(names for slug, names in sources.items() if slug in told_by),
        source_names={slug: reading.source_name(names, language) for slug, names in sources.items()},
        full_names=named,
    ).at_most(MOST_ENTRIES)


def _groups(
    searches: Sequence[SavedSearch],
    found: Iterable[DigestEntry],
    shown: Mapping[UUID, Card],
    shared: Shared,
    *,
    sources: Mapping[str, str],
    told: Mapping[UUID, datetime],
    now: datetime,
) -> tuple[Group, ...]:
    """What each search found. A tender that several found is told once, under the first, which names the others."""
    order = {search.id: number for number, search in enumerate(searches)}
    by_tender: dict[UUID, list[DigestEntry]] = {}
    for entry in found:
        if entry.saved_search_id in order:
            by_tender.setdefault(entry.tender_id, []).append(entry)
    mine: dict[UUID, list[Entry]] = {search.id: [] for search in searches}
    for id, some in by_tender.items():
        card = shown[id]
        first, *others = sorted(some, key=lambda entry: order[entry.saved_search_id])
        kind, most = max(
            ((_told_as(entry.kind, card), entry) for entry in (first, *others)),
            key=lambda pair: (_WEIGHT.get(pair[0], 0), len(pair[1].changes)),
        )
        mine[first.saved_search_id].append(
            Entry(
                card,
                kind,
                tuple(one for one in most.changes if not (kind is EventKind.CANCELLED and one.field == "kind")),
                tuple(sources.get(reason, reason) for reason in first.why),
                shared.winners(id),
                tuple(searches[order[entry.saved_search_id]].name for entry in others),
                None if first.why else told.get(id),
            )
        )
    return tuple(
        Group(search.name, search.query, tuple(sorted(mine[search.id], key=lambda entry: _urgency(entry, now))))
        for search in searches
        if mine[search.id]
    )


def _told_as(kind: EventKind, card: Card) -> EventKind:
    """What is new as a result is no call to answer, and what is called for again is no result."""
    if kind is EventKind.PUBLISHED and reading.is_result(card):
        return EventKind.AWARDED
    if kind is EventKind.AWARDED and not reading.is_result(card):
        return EventKind.CHANGED
    return kind


def _winners(session: Session, results: Sequence[Card]) -> dict[UUID, tuple[Winner, ...]]:
    """Who won, of the tenders whose awards are known; of several rounds the newest."""
    found = awards.of_tenders(session, [one.id for one in results]) if results else {}
    return {
        id: tuple(Winner(award.supplier, award.amount) for award in some if award.date == some[0].date)
        for id, some in found.items()
    }


def _urgency(entry: Entry, now: datetime) -> tuple[bool, int, float, int, str]:
    """What is cancelled, then the next deadline; then what has none, newest first; then what is over, and results."""
    card = entry.card
    moment = None if reading.is_result(card) else card.deadline or card.response_deadline
    turn = 3 if reading.is_result(card) else 1 if moment is None else 0 if moment >= now else 2
    return (
        entry.kind is not EventKind.CANCELLED,
        turn,
        moment.timestamp() if moment else 0.0,
        -card.published.toordinal(),
        str(card.id),
    )


def _over(card: Card, now: datetime) -> bool:
    """Whether nobody can act on a tender any more. A result is not over: it was never to be acted on."""
    moment = card.deadline or card.response_deadline
    return not reading.is_result(card) and moment is not None and moment < now


def _still_closes(card: Card, deadline: datetime, now: datetime) -> bool:
    """Whether a reminder is still true: the deadline stands, and there is still something to bid for."""
    return card.deadline == deadline > now and not card.cancelled and not reading.is_result(card)


def write(
    content: DigestContent,
    *,
    site: Site,
    language: Language,
    area_names: AreaNames,
    reckoning: Reckoning,
    sender: str,
    choices_url: str,
    shared: Shared | None = None,
) -> Letter:
    """The digest as a letter: subject, text and HTML, which tell of the same tenders.

    Where the HTML would be cut off on its way, fewer tenders are told of and more are only counted; where so many
    long searches found something that even this does not help, the queries are left out.
    """
    unsubscribe_url = site.unsubscribe_url(content.subscriber.token)
    zone = content.subscriber.time_zone
    memory = shared.words if shared else {}
    headline = _headline(content, language)
    subject = _subject(content, headline, language)
    list_url = _list_url(site, language)
    last = max((day_of(card.deadline) for card in content.reminders if card.deadline), default="")

    def rendered(part: str, *, sparing: bool) -> str:
        pen = Pen(language, part.endswith(".html"))
        return paper.render(
            f"digest/{part}",
            language,
            content=content,
            site=site,
            headline=headline,
            subject=subject,
            start=moment_text(content.window_start, zone, language),
            end=moment_text(content.window_end, zone, language),
            list_url=_nowhere if sparing else list_url,
            sparing=sparing,
            unread=[_unread(one, content, language) for one in (content.read.unread if content.read else ())],
            read=_read(content.read, language) if content.read else "",
            day_of=day_of,
            closing_url=list_url(f"open: deadline<={last}"),
            most_reminders=MOST_REMINDERS,
            longest_query=LONGEST_QUERY,
            unsubscribe_url=unsubscribe_url,
            choices_url=choices_url,
            marked=language.code != "ja" and any(reading.title_mark(card, language) for card in content.shown),
            words=Words(pen, area_names, content.source_names, reckoning, content.window_end, zone, memory),
        )

    sparing = False
    while len(b64encode((html := rendered("body.html", sparing=sparing)).encode())) > MOST_BYTES:
        room = sum(len(group.entries) for group in content.groups)
        if room > FEWEST_ENTRIES:
            content = content.at_most(room * 3 // 4)
        elif not sparing:
            sparing = True
        else:
            break
    return Letter(
        sender=sender,
        sender_name=site.name,
        recipient=content.subscriber.email,
        subject=rendered("subject.txt", sparing=sparing),
        text=rendered("body.txt", sparing=sparing),
        html=html,
        message_id=content.message_id,
        date=to_tokyo(content.window_end),
        list_id=site.tag_authority.partition(",")[0],
        unsubscribe_url=unsubscribe_url,
        language=language.code,
        tenders=content.total + len(content.reminders),
    )


def _list_url(site: Site, language: Language) -> Callable[[str], str]:
    """Makes the address of the page that lists what a query finds; empty where nobody would want to see it."""
    spoken = {} if language.code == "en" else {"lang": language.code}

    def made(query: str) -> str:
        url = site.list_url(q=query, **spoken)
        return url if len(url) <= LONGEST_ADDRESS else ""

    return made


def _nowhere(query: str) -> str:
    """The list of a query where there is no room for its address."""
    return ""


# What was read ----------------------------------------------------------------------------------------


def _read(read: WhatWasRead, language: Language) -> str:
    """How far the sources were read, and how much was looked through."""
    if read.read == read.wanted:
        told = language.ntext("The {count} source was read.", "All {count} sources were read.", read.wanted)
    else:
        told = language.ntext(
            "{read} of {count} source was read.", "{read} of {count} sources were read.", read.wanted, read=read.read
        )
    looked = language.ntext(
        "{count} new or changed notice was looked through.",
        "{count} new or changed notices were looked through.",
        read.notices,
    )
    return language.text("{sources} {notices}", sources=told, notices=looked)


def _unread(one: Unread, content: DigestContent, language: Language) -> str:
    """A source that could not be read, and since when."""
    source = content.full_names.get(one.source, one.source)
    if one.since is None:
        return language.text("{source}, never read so far", source=source)
    moment = moment_text(one.since, content.subscriber.time_zone, language)
    if one.partly:
        return language.text("{source}, read only in part {moment}", source=source, moment=moment)
    return language.text("{source}, last read {moment}", source=source, moment=moment)


# The subject and the headline -------------------------------------------------------------------------


def _headline(content: DigestContent, language: Language) -> str:
    """What the letter is, in one line."""
    if content.kind is LetterKind.ALERT and content.total:
        return _news_of(content, language)
    if content.total:
        if content.backlog:
            return language.ntext(
                "{count} tender after an interruption", "{count} tenders after an interruption", content.total
            )
        return language.ntext("{count} tender for you", "{count} tenders for you", content.total)
    if content.reminders:
        return language.ntext("{count} tender closes soon", "{count} tenders close soon", len(content.reminders))
    if content.closed:
        return language.ntext(
            "{count} tender came and closed meanwhile", "{count} tenders came and closed meanwhile", content.closed
        )
    return _silence(content, language)


def _subject(content: DigestContent, headline: str, language: Language) -> str:
    """The headline, and what tells this letter from the last one."""
    if content.kind is LetterKind.ALERT:
        only = _only(content)
        if only is None:
            return headline
        title = only.card.title if language.code == "ja" else only.card.title_en or only.card.title
        return language.text("{news}: {title}", news=headline, title=short(title, LONGEST_IN_SUBJECT))
    if content.silent:
        return headline
    day = language.day(content.window_end.astimezone(zone(content.subscriber.time_zone)).date())
    if content.total and content.reminders:
        soon = language.ntext("{count} closes soon", "{count} close soon", len(content.reminders))
        return language.text("{headline}, {more} – {day}", headline=headline, more=soon, day=day)
    return language.text("{headline} – {day}", headline=headline, day=day)


def _silence(content: DigestContent, language: Language) -> str:
    unread = content.read.unread if content.read else ()
    if len(unread) != 1:
        return language.ntext(
            "No news, and {count} source could not be read",
            "No news, and {count} sources could not be read",
            len(unread),
        )
    (one,) = unread
    source = content.source_names.get(one.source, one.source)
    if one.since is None:
        return language.text("No news, and {source} could not be read so far", source=source)
    return language.text(
        "No news, and {source} could not be read since {day}", source=source, day=language.day(day_of(one.since))
    )


def _only(content: DigestContent) -> Entry | None:
    """The entry of a letter that tells of one tender."""
    entries = [entry for group in content.groups for entry in group.entries]
    return entries[0] if content.total == len(entries) == 1 else None


def _news_of(content: DigestContent, language: Language) -> str:
    """What an alert tells: the thing itself where it is one, or how much of what."""
    only = _only(content)
    if only is not None:
        return _news(only, language)
    entries = [entry for group in content.groups for entry in group.entries]
    moves = [change for entry in entries if (change := _moved(entry)) is not None]
    earlier = sum(moved_earlier(change) is True for change in moves)
    rest = [entry for entry in entries if _moved(entry) is None]
    counts = {kind: sum(entry.kind is kind for entry in rest) for kind in EventKind}
    parts = [
        language.ntext("{count} cancelled", "{count} cancelled", counts[EventKind.CANCELLED]),
        language.ntext("{count} deadline moved EARLIER", "{count} deadlines moved EARLIER", earlier),
        language.ntext("{count} deadline moved", "{count} deadlines moved", len(moves) - earlier),
        language.ntext("{count} changed", "{count} changed", counts[EventKind.CHANGED]),
        language.ntext("{count} new", "{count} new", counts[EventKind.PUBLISHED]),
        language.ntext("{count} result", "{count} results", counts[EventKind.AWARDED]),
    ]
    told = (
        counts[EventKind.CANCELLED],
        earlier,
        len(moves) - earlier,
        counts[EventKind.CHANGED],
        counts[EventKind.PUBLISHED],
        counts[EventKind.AWARDED],
    )
    total = language.ntext("{count} tender", "{count} tenders", content.total)
    if content.total > len(entries):
        return total
    kinds = language.join(part for part, count in zip(parts, told, strict=True) if count)
    return language.text("{tenders}: {kinds}", tenders=total, kinds=kinds)


def _news(entry: Entry, language: Language) -> str:
    """What happened to a tender, for a subject."""
    match entry.kind:
        case EventKind.CANCELLED:
            return language.text("Cancelled")
        case EventKind.AWARDED:
            return language.text("Result")
        case EventKind.PUBLISHED:
            return language.text("New")
    if any(change.field == "kind" and change.before == NoticeKind.CANCELLATION for change in entry.changes):
        return language.text("No longer cancelled")
    if (change := _moved(entry)) is not None and (after := moment_of(change.after)) is not None:
        day = language.day(day_of(after))
        if moved_earlier(change):
            return language.text("Deadline moved EARLIER, to {day}", day=day)
        return language.text("Deadline moved to {day}", day=day)
    return language.text("Changed")


def _moved(entry: Entry) -> FieldChange | None:
    """The deadline that moved, of a tender that is told as changed."""
    if entry.kind is not EventKind.CHANGED:
        return None
    return next((change for change in entry.changes if moved_earlier(change) is not None), None)
