"""What a digest says: gathered from the record as a value, then written in the reader's language."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from unicodedata import east_asian_width
from uuid import UUID

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from sqlmodel import Session

from alerts import reading
from alerts.language import JAPANESE, AreaNames, Language, in_tongues
from alerts.letter import Letter
from alerts.reading import Reckoning
from alerts.site import Site
from alerts.sources import SourceNames
from alerts.wording import TOO_FEW, deadline_text, field_value, prefecture_name, working_days_text
from db import awards, runs
from db.card import Card, cards
from db.deliveries import DigestEntry, entries
from db.history import Digest
from db.subscriber import SavedSearch, Subscriber
from db.subscribers import searches_of
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.labels import CATEGORIES, FIELDS, KINDS
from db.vocabulary.notice import Category, FieldChange, NoticeKind
from db.vocabulary.reading import Evidence
from db.vocabulary.run import RunState
from db.vocabulary.tender import EventKind

MOST_ENTRIES = 40
"""Tenders in one digest."""
MOST_BYTES = 100_000
"""Of the HTML as it travels, in base64: Gmail cuts it off at 102 kB."""
LONGEST_TITLE = 160
"""Characters of a title; the page has the whole."""
MOST_WORDS = 3
"""Words that decided, told for each focus area."""
LONGEST = 80
"""Characters of any other text that comes from a source, and of a saved search."""
LONGEST_LINE = 240
"""Characters of a line of ours about what was read out of a notice."""
MOST_WINNERS = 3
"""Winners told of a result; a contract for unit prices has dozens."""

_CONTROLS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]+")


@dataclass(frozen=True, slots=True)
class Winner:
    """Who won, and at which price where it is stated."""

    name: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A tender as a digest tells of it, and why."""

    card: Card
    kind: EventKind
    changes: tuple[FieldChange, ...]
    why: tuple[str, ...]
    winners: tuple[Winner, ...] = ()


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
class Unread:
    """A source that could not be read, and when it last was (None: never yet); ``partly``: not all of it."""

    name: str
    since: datetime | None
    partly: bool = False


@dataclass(frozen=True, slots=True)
class DigestContent:
    """Everything a digest says. ``total`` counts its tenders, each once, whether or not they had room."""

    subscriber: Subscriber
    window_start: datetime
    window_end: datetime
    message_id: str
    backlog: bool
    groups: tuple[Group, ...]
    total: int
    unread: tuple[Unread, ...]
    sources: tuple[SourceNames, ...]
    """Of the tenders told of: their terms ask that they be named."""
    source_names: Mapping[str, str] = field(default_factory=dict)
    """The sources by slug, in the reader's language, as they are named within a sentence."""

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


def gather(
    session: Session, digest: Digest, *, sources: Mapping[str, SourceNames], language: Language
) -> DigestContent | None:
    """The content of a digest; None where nothing is left to tell (its subscriber or tenders are gone)."""
    subscriber = session.get(Subscriber, digest.subscriber_id)
    found = [entry for entry in entries(session, digest.id) if entry.kind is not EventKind.JOINED]
    shown = {card.id: card for card in cards(session, list({entry.tender_id for entry in found}))}
    if subscriber is None or not shown:
        return None
    searches = searches_of(session, subscriber.id)
    named = {slug: names.shown(language) for slug, names in sources.items()}
    winners = _winners(session, [one for one in shown.values() if reading.is_result(one)])
    groups: list[Group] = []
    for search in searches:
        mine = [entry for entry in found if entry.saved_search_id == search.id and entry.tender_id in shown]
        if mine:
            groups.append(_group(search, mine, shown, winners, named, digest.window_end))
    session.expunge(subscriber)
    told_by = {source.source for one in shown.values() for source in one.sources}
    return DigestContent(
        subscriber=subscriber,
        window_start=digest.window_start,
        window_end=digest.window_end,
        message_id=digest.message_id,
        backlog=digest.backlog,
        groups=tuple(groups),
        total=len(shown),
        unread=tuple(_unread(session, named)),
        sources=tuple(names for slug, names in sources.items() if slug in told_by),
        source_names={slug: reading.source_name(names, language) for slug, names in sources.items()},
    ).at_most(MOST_ENTRIES)


def _group(
    search: SavedSearch,
    mine: Sequence[DigestEntry],
    shown: Mapping[UUID, Card],
    winners: Mapping[UUID, tuple[Winner, ...]],
    sources: Mapping[str, str],
    now: datetime,
) -> Group:
    told = [
        Entry(
            shown[entry.tender_id],
            _told_as(entry.kind, shown[entry.tender_id]),
            entry.changes,
            tuple(sources.get(reason, reason) for reason in entry.why),
            winners.get(entry.tender_id, ()),
        )
        for entry in mine
    ]
    return Group(search.name, search.query, tuple(sorted(told, key=lambda entry: _urgency(entry, now))))


def _told_as(kind: EventKind, card: Card) -> EventKind:
    """What is new as a result is no call to answer, and what is called for again is no result."""
    if kind is EventKind.PUBLISHED and reading.is_result(card):
        return EventKind.AWARDED
    if kind is EventKind.AWARDED and not reading.is_result(card):
        return EventKind.CHANGED
    return kind


def _winners(session: Session, results: Sequence[Card]) -> dict[UUID, tuple[Winner, ...]]:
    """Who won, of the tenders whose awards are known; of several rounds the newest."""
    found = awards.of_tenders(session, [one.id for one in results])
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


def _unread(session: Session, sources: Mapping[str, str]) -> Iterator[Unread]:
    for health in runs.health(session, sources):
        good = runs.last_regular(session, health.source)
        if health.failing_since is not None or health.last_success_at is None:
            yield Unread(sources[health.source], health.last_success_at)
        elif good is not None and good.state == RunState.PARTIAL:
            yield Unread(sources[health.source], good.finished_at, partly=True)


def write(
    content: DigestContent,
    *,
    site: Site,
    language: Language,
    area_names: AreaNames,
    reckoning: Reckoning,
    sender: str,
    choices_url: str,
) -> Letter:
    """The digest as a letter: subject, text and HTML, which tell of the same tenders.

    Where the HTML would be cut off on its way, fewer tenders are told of and more are only counted.
    """
    unsubscribe_url = site.unsubscribe_url(content.subscriber.token)

    def rendered(name: str) -> str:
        words = _Words(
            language, area_names, content.source_names, reckoning, content.window_end, html=name.endswith(".html")
        )
        return (
            _environment(words.html)
            .get_template(name)
            .render(
                content=content,
                site=site,
                language=language,
                day=to_tokyo(content.window_end).date(),
                unsubscribe_url=unsubscribe_url,
                choices_url=choices_url,
                words=words,
                _=words.text,
                ntext=language.ntext,
                tongue=words.tongue,
                tongues=words.tongues,
                short=short,
            )
        )

    while True:
        html = css_inline.inline(rendered("body.html"))
        room = sum(len(group.entries) for group in content.groups)
        if len(b64encode(html.encode())) <= MOST_BYTES or room <= 1:
            break
        content = content.at_most(room * 3 // 4)
    return Letter(
        sender=sender,
        sender_name=site.name,
        recipient=content.subscriber.email,
        subject=" ".join(rendered("subject.txt").split()),
        text=rendered("body.txt"),
        html=html,
        message_id=content.message_id,
        date=to_tokyo(content.window_end),
        list_id=site.tag_authority.partition(",")[0],
        unsubscribe_url=unsubscribe_url,
        language=language.code,
        tenders=content.total,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """How a part of a letter puts things: the text as they are, the HTML with the language of each piece marked."""

    language: Language
    area_names: AreaNames
    source_names: Mapping[str, str]
    reckoning: Reckoning
    now: datetime
    html: bool

    def text(self, text: str, /, **values: object) -> str:
        if not self.html:
            return self.language.text(text, **values)
        return Markup(escape(self.language.text(text))).format(**values)

    def tongue(self, text: str) -> str:
        """The text, marked as Japanese where it is and the letter is not."""
        if self.html and self.language.code != "ja" and JAPANESE.search(text):
            return Markup('<span lang="ja">{}</span>').format(text)
        return text

    def tongues(self, text: str) -> str:
        """A text of ours, in which what is Japanese is marked where the letter is not."""
        return in_tongues(text, self.language.code) if self.html else text

    def titles(self, card: Card) -> Iterator[tuple[str, str, str]]:
        """The language and the text of each title that the reader is shown, and what it is unless it is official."""
        if card.title_en and self.language.code != "ja":
            yield "en", short(card.title_en, LONGEST_TITLE), reading.title_mark(card, self.language)
        yield "ja", short(card.title, LONGEST_TITLE), ""

    def marks(self, content: DigestContent) -> bool:
        """Whether any English title of the letter is ours, so that what the marks mean must be said."""
        return self.language.code != "ja" and any(
            reading.title_mark(entry.card, self.language) for group in content.groups for entry in group.entries
        )

    def deadline(self, entry: Entry) -> str:
        """The deadline and how long it is till then, or the day of the result; empty where there is none to tell."""
        card = entry.card
        if card.cancelled:
            return ""
        if reading.is_result(card):
            return reading.result_text(card, self.language)
        if card.deadline:
            moment = deadline_text(card.deadline, card.deadline_clock, self.language)
            said = self.language.text("Deadline: {moment}", moment=moment)
            return f"{said} · {self._left(card.deadline)}"
        if card.response_deadline:
            moment = deadline_text(card.response_deadline, card.response_clock, self.language)
            said = self.language.text("Answers by: {moment}", moment=moment)
            return f"{said} · {self._left(card.response_deadline)}"
        return ""

    def working_days(self, card: Card) -> str:
        """The days till then on which Japan works, and where bids are asked for whether they are too few."""
        moment = card.deadline or card.response_deadline
        if card.cancelled or reading.is_result(card) or moment is None:
            return ""
        days = self.reckoning.working_days_left(self.now, moment)
        told = [working_days_text(days, self.language)] if days > 0 else []
        if card.deadline and self.reckoning.too_few(days):
            told.append(self.language.text(TOO_FEW))
        return " · ".join(told)

    def over(self, card: Card) -> bool:
        """Whether no deadline presses any more."""
        moment = card.deadline or card.response_deadline
        return reading.is_result(card) or (moment is not None and moment < self.now)

    def phrase(self, card: Card) -> str:
        """The words that the deadline was read from."""
        if card.cancelled or reading.is_result(card):
            return ""
        return self._line(reading.deadline_phrase(card, _pressing(card), self.language, self.source_names))

    def other_deadlines(self, card: Card) -> str:
        """What is said of the deadline otherwise."""
        if card.cancelled or reading.is_result(card):
            return ""
        return self._line(reading.other_deadlines(card, _pressing(card), self.language, self.source_names))

    def facts(self, card: Card) -> list[str]:
        """Who buys what where and how, in short pieces."""
        facts = [
            self._in_both(card.buyer_en, card.buyer),
            self.tongue(self._prefecture(card.prefecture)) if card.prefecture else "",
            self.language.text(KINDS[card.kind]),
            self.language.text(CATEGORIES[card.category]) if card.category else "",
            self._in_both(card.method_en, card.method),
            self.language.text("published {day}", day=self.language.day(card.published)),
        ]
        if not (card.deadline or card.response_deadline or card.cancelled or reading.is_result(card)):
            facts.append(reading.unknown_deadline(card, self.language))
        return [fact for fact in facts if fact]

    def _in_both(self, english: str | None, japanese: str | None) -> str:
        """A name in English with the Japanese behind it, as far as they are known and the reader needs them."""
        shown = [self.tongue(short(japanese))] if japanese else []
        if english and (self.language.code != "ja" or not japanese):
            shown.insert(0, self.tongue(short(english)))
        if len(shown) < 2:
            return shown[0] if shown else ""
        return Markup("{} ({})").format(*shown) if self.html else "{} ({})".format(*shown)

    def steps(self, card: Card) -> Iterator[tuple[str, bool]]:
        """What must be done before the bid, and whether it is too late for it."""
        for step in reading.steps(card, self.language, now=self.now):
            yield self._line(step.text), step.over

    def findings(self, entry: Entry) -> list[str]:
        """The value, or who won it; and what trade agreements say."""
        card = entry.card
        lines = [
            self._won(entry.winners) or reading.value_text(card, self.language, self.reckoning),
            reading.access_text(card, self.language, self.reckoning.access_rules),
        ]
        return [self._line(line) for line in lines if line]

    def _won(self, winners: Sequence[Winner]) -> str:
        if not winners:
            return ""
        names = [
            f"{short(one.name)} ({self.language.yen(one.amount)})" if one.amount else short(one.name)
            for one in winners[:MOST_WINNERS]
        ]
        if (more := len(winners) - len(names)) > 0:
            names.append(self.language.ntext("{count} more", "{count} more", more))
        return self.language.text("Won by {names}", names=self.language.join(names))

    def _line(self, text: str) -> str:
        return self.tongues(short(text, LONGEST_LINE))

    def reasons(self, entry: Entry) -> list[str]:
        """What of the saved search the tender has; for a focus area also the words that decided."""
        deciding = {found.area: found.evidence for found in entry.card.areas}
        return [self._reason(reason, deciding.get(reason, ())) for reason in entry.why]

    def _reason(self, reason: str, evidence: Sequence[Evidence]) -> str:
        name = self.tongue(short(self._value(reason)))
        strongest = sorted((one for one in evidence if one.weight > 0), key=lambda one: -one.weight)[:MOST_WORDS]
        if not strongest:
            return name
        words = self.language.join(
            one.term if self.language.code == "ja" else f"{one.term} ({one.gloss})" for one in strongest
        )
        return self.text("{area}: {words}", area=name, words=self.tongue(words))

    def other_areas(self, entry: Entry) -> list[str]:
        """The focus areas that are not among the reasons."""
        return [self._value(found.area) for found in entry.card.areas if found.area not in entry.why]

    def change(self, change: FieldChange) -> str:
        before, after = (
            self.tongue(short(field_value(change.field, value, self.language)))
            for value in (change.before, change.after)
        )
        field = self.text(FIELDS.get(change.field, change.field))
        told = self.text("{field}: {before} → {after}", field=field, before=before, after=after)
        if change.source is None:
            return told
        source = self.tongues(self.source_names.get(change.source, change.source))
        return self.text("{change} ({source})", change=told, source=source)

    def _value(self, value: str) -> str:
        """A value of the vocabulary in words; a word is itself."""
        if value in self.area_names:
            return self.area_names[value]
        if value in [*NoticeKind]:
            return self.language.text(KINDS[NoticeKind(value)])
        if value in [*Category]:
            return self.language.text(CATEGORIES[Category(value)])
        return self._prefecture(value)

    def _prefecture(self, name: str) -> str:
        return prefecture_name(name, self.language)

    def _left(self, moment: datetime) -> str:
        days = (to_tokyo(moment).date() - to_tokyo(self.now).date()).days
        if moment < self.now:
            return self.language.text("closed")
        if days == 0:
            return self.language.text("closes today")
        return self.language.ntext("{count} day left", "{count} days left", days)


def _pressing(card: Card) -> str:
    """The field of the deadline that a digest shows."""
    return "deadline" if card.deadline else "response_deadline"


def short(text: str, longest: int = LONGEST) -> str:
    """The text in one line, without control characters, cut where it is longer."""
    text = _CONTROLS.sub(" ", text).strip()
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def underline(text: str) -> str:
    """A line under a heading, as wide as its letters are on a screen."""
    return "=" * min(sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text), 72)


@cache
def _environment(html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates" / "digest"),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["underline"] = underline
    return environment
