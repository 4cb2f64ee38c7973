"""What a digest says: gathered from the record as a value, then written in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlmodel import Session

from alerts.language import AreaNames, Language
from alerts.letter import Letter
from alerts.site import Site
from alerts.sources import SourceNames
from db import runs
from db.card import Card, cards
from db.deliveries import DigestEntry, entries
from db.history import Digest
from db.subscriber import SavedSearch, Subscriber
from db.subscribers import searches_of
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.labels import CATEGORIES, FIELDS, KINDS, PREFECTURES_EN
from db.vocabulary.notice import FieldChange
from db.vocabulary.tender import EventKind

MOST_ENTRIES = 40
"""Tenders in one digest; with more, mail programs cut it off (Gmail at 102 kB)."""
LONGEST_TITLE = 160
"""Characters of a title; the page has the whole."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tender as a digest tells of it, and why."""

    card: Card
    kind: EventKind
    changes: tuple[FieldChange, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What one saved search found. ``more`` counts the tenders that had no room."""

    name: str
    query: str
    new: tuple[Entry, ...]
    changed: tuple[Entry, ...]
    cancelled: tuple[Entry, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Unread:
    """A source that could not be read, and since when (None: never yet)."""

    name: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DigestContent:
    """Everything a digest says. ``total`` counts its tenders, each once."""

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


def gather(
    session: Session, digest: Digest, *, sources: Mapping[str, SourceNames], language: Language
) -> DigestContent | None:
    """The content of a digest; None where nothing is left to tell (its subscriber or tenders are gone)."""
    subscriber = session.get(Subscriber, digest.subscriber_id)
    found = entries(session, digest.id)
    if subscriber is None or not found:
        return None
    shown = {card.id: card for card in cards(session, list({entry.tender_id for entry in found}))}
    searches = searches_of(session, subscriber.id)
    groups: list[Group] = []
    room = MOST_ENTRIES
    for search in searches:
        mine = [entry for entry in found if entry.saved_search_id == search.id and entry.tender_id in shown]
        if mine:
            groups.append(_group(search, mine, shown, room))
            room -= min(room, len(mine))
    unread = tuple(
        Unread(sources[health.source].shown(language), health.last_success_at)
        for health in runs.health(session, sources)
        if health.failing_since is not None
    )
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
        unread=unread,
        sources=tuple(names for slug, names in sources.items() if slug in told_by),
    )


def _group(search: SavedSearch, mine: Sequence[DigestEntry], shown: Mapping[UUID, Card], room: int) -> Group:
    ordered = sorted(mine, key=lambda entry: _urgency(shown[entry.tender_id]))
    told = [Entry(shown[entry.tender_id], entry.kind, entry.changes, entry.why) for entry in ordered[:room]]

    def of(kind: EventKind) -> tuple[Entry, ...]:
        return tuple(entry for entry in told if entry.kind is kind)

    return Group(
        search.name,
        search.query,
        of(EventKind.PUBLISHED),
        of(EventKind.CHANGED),
        of(EventKind.CANCELLED),
        more=len(mine) - len(told),
    )


def _urgency(card: Card) -> tuple[bool, float, int, str]:
    """The next deadline first; what has none by publication, newest first."""
    moment = card.deadline or card.response_deadline
    return (moment is None, moment.timestamp() if moment else 0.0, -card.published.toordinal(), str(card.id))


def write(content: DigestContent, *, site: Site, language: Language, area_names: AreaNames, sender: str) -> Letter:
    """The digest as a letter: subject, text and HTML, which tell of the same tenders."""
    shown = {
        "content": content,
        "site": site,
        "language": language,
        "area_names": area_names,
        "day": to_tokyo(content.window_end).date(),
        "unsubscribe_url": site.unsubscribe_url(content.subscriber.token),
        "CATEGORIES": CATEGORIES,
        "FIELDS": FIELDS,
        "KINDS": KINDS,
        "PREFECTURES_EN": PREFECTURES_EN,
        "LONGEST_TITLE": LONGEST_TITLE,
        "_": language.text,
        "ntext": language.ntext,
    }
    environment = _environment()
    html = environment.get_template("body.html").render(shown)
    return Letter(
        sender=sender,
        sender_name=site.name,
        recipient=content.subscriber.email,
        subject=" ".join(environment.get_template("subject.txt").render(shown).split()),
        text=environment.get_template("body.txt").render(shown),
        html=css_inline.inline(html),
        message_id=content.message_id,
        date=to_tokyo(content.window_end),
        list_id=site.tag_authority.partition(",")[0],
        unsubscribe_url=site.unsubscribe_url(content.subscriber.token),
        language=language.code,
        tenders=content.total,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates" / "digest"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["area_name"] = lambda slug, names: names.get(slug, slug)
    return environment
