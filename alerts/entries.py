"""What feeds say, in whatever form they are written: of themselves, and of each tender in one entry.

It writes what it is handed and asks nobody: which tenders are in a feed, and how the feed travels over HTTP, is not
decided here. The same news always give the same entries, whatever the clock says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from alerts import reading
from alerts.language import AreaNames, Language, in_tongues
from alerts.site import Site
from alerts.sources import SourceNames
from alerts.telling import MOVED, moved_earlier
from alerts.wording import deadline_text, field_value, prefecture_name
from db.card import Card
from db.feeding import News
from db.vocabulary import labels
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import N_
from db.vocabulary.notice import FieldChange

LONGEST = 2_000
"""Characters of one text, or of one address, beyond which something is broken at the source."""
SHORT_TITLE = 200
"""Characters of the title of an entry that is cut down to its title."""
GENERATOR = "japan-tender-monitor"

# What XML forbids (C0 controls, halves of surrogate pairs, U+FFFE and U+FFFF), and what is invisible (DEL, C1).
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile(r"[\t\n\r]+")
_WEB = re.compile(r"https?://[^/]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed says of itself.

    ``name`` is what it is called for ever, whatever its address: an area's slug, ``all``, ``buyer/…`` or ``search/…``.
    ``page_url`` is the page that lists the same tenders. ``updated`` is the feed's moment for as long as it has no
    entries; after that it is the moment of its newest entry. Of an archived feed (RFC 5005, section 4) ``older_url`` and
    ``newer_url`` are the neighbouring pages; ``current_url`` is the feed itself and stands on its archive's pages only.
    """

    name: str
    title: str
    description: str
    page_url: str
    self_url: str
    updated: datetime
    older_url: str | None = None
    newer_url: str | None = None
    current_url: str | None = None


@dataclass(frozen=True, slots=True)
class AtSource:
    """A notice at its source, as an entry links to it; addresses are None where they do not lead to the web."""

    portal: str
    portal_url: str | None
    url: str | None
    kind: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A tender in a feed. ``published`` is when it was shown here first, ``updated`` when there was news of it.

    The notice's own date has no time of day and may lie days back: a program that sorts by it would bury what is new,
    or take it for read. ``content`` is HTML, everything else plain text.
    """

    id: str
    url: str
    title: str
    summary: str
    content: str
    published: datetime
    updated: datetime
    notices: tuple[AtSource, ...] = ()
    areas: tuple[tuple[str, str], ...] = ()
    """Slug and name."""

    @property
    def via(self) -> dict[str, str]:
        """Where the notices are, each address once, and the portals' names."""
        return {notice.url: notice.portal for notice in self.notices if notice.url}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A feed as it is to be written, in whatever form."""

    feed: Feed
    """Its texts are as they came; ``title`` and ``description`` here are fit to be written."""
    id: str
    title: str
    description: str
    language: str
    updated: datetime
    author: str
    author_url: str
    media_type: str
    explanation: str
    """What a person reads who opens a feed in a browser."""
    help_url: str
    help_title: str
    page_title: str
    stylesheet: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Who puts tenders into entries: everything that is the same for a whole feed.

    ``area_names`` are in the reader's language, by slug; an area or source that is missing there stands for itself.
    ``access_rules`` are the texts of the rules of market access by their names: without them the verdicts stand alone.
    """

    site: Site
    language: Language
    area_names: AreaNames
    sources: Mapping[str, SourceNames]
    access_rules: Mapping[str, str]

    def entry(self, news: News) -> Entry:
        """The entry of a tender, as it is now."""
        card = news.card
        notices = tuple(self._notices(card))
        return Entry(
            id=self.site.tender_tag(card.id),
            url=self.site.tender_url(card.id, self.language.code),
            title=title_of(card, self.language),
            summary=plain(" · ".join(self._summary(card))),
            content=self._content(news, notices),
            published=in_japan(card.first_seen_at),
            updated=in_japan(news.at),
            notices=notices,
            areas=tuple((area.area, plain(self.area_names.get(area.area, area.area))) for area in card.areas),
        )

    def short(self, entry: Entry) -> Entry:
        """An entry without all that can be long, for a feed that would be too large with it."""
        told = self.language.text("This entry is too long for a feed; the page of the tender has all of it.")
        title = entry.title if len(entry.title) <= SHORT_TITLE else entry.title[: SHORT_TITLE - 1] + "…"
        return replace(entry, title=title, summary=told, content=told, notices=())

    def document(self, feed: Feed, entries: Sequence[Entry], *, media_type: str, stylesheet: str) -> Document:
        """A feed with its entries, newest first."""
        text = self.language.text
        title = plain(feed.title) or self.site.name
        return Document(
            feed=feed,
            id=self.site.tag(f"feed/{feed.name}"),
            title=title,
            description=plain(feed.description) or title,
            language=self.language.code,
            updated=entries[0].updated if entries else in_japan(feed.updated),
            author=self.site.name,
            author_url=self.site.home_url(),
            media_type=media_type,
            explanation=text(
                "This is a feed. It is meant for a feed reader, which looks here for you and shows you what is new: "
                "copy the address of this page into yours."
            ),
            help_url=self.site.feeds_url(self.language.code),
            help_title=text("What feeds are, and how to use one"),
            page_title=text("The same tenders as a page"),
            stylesheet=stylesheet,
            entries=entries,
        )

    def _notices(self, card: Card) -> Iterator[AtSource]:
        for source in card.sources:
            portal = self.sources.get(source.source)
            yield AtSource(
                plain(portal.shown(self.language) if portal else source.source),
                web_address(portal.homepage) if portal else None,
                web_address(source.url),
                self.language.text(labels.KINDS[source.kind]),
                self.language.day(source.published),
            )

    def _summary(self, card: Card) -> Iterator[str]:
        """By when, and who: the line that a reader sees before opening an entry."""
        if result := reading.result_text(card, self.language):
            yield result
        yield from (deadline.text for deadline in _deadlines(card, self.language, {}))
        japanese = self.language.code == "ja"
        if buyer := (card.buyer or card.buyer_en) if japanese else (card.buyer_en or card.buyer):
            yield buyer

    def _content(self, news: News, notices: Sequence[AtSource]) -> str:
        card, language = news.card, self.language
        japanese, title_mark = language.code == "ja", reading.title_mark(card, language)
        source_names = {slug: reading.source_name(names, language) for slug, names in self.sources.items()}
        findings = (
            reading.value_text(card, language),
            reading.access_text(card, language, self.access_rules),
        )
        return _TEMPLATES.get_template("entry.html").render(
            card=card,
            at=language.moment(news.at),
            changes=[_change(one, language) for one in news.changes],
            notices=notices,
            language=language,
            text=language.text,
            tongues=lambda text: in_tongues(plain(text), language.code),
            deadlines=list(_deadlines(card, language, source_names)),
            result=reading.result_text(card, language),
            # To those who read the Japanese, a gist or a translation says nothing.
            title_en="" if japanese and title_mark else card.title_en,
            title_mark=title_mark,
            findings=[*(step.text for step in reading.steps(card, language)), *filter(None, findings)],
            prefecture=prefecture_name(card.prefecture or "", language),
            kind=language.text(labels.KINDS[card.kind]),
            category=language.text(labels.CATEGORIES[card.category]) if card.category else "",
            areas=[
                (
                    self.area_names.get(area.area, area.area),
                    # A term counts once for each place it stands in; the reader need see it once.
                    list({found.term: "" if japanese else found.gloss for found in area.evidence}.items()),
                )
                for area in card.areas
            ],
        )


def title_of(card: Card, language: Language) -> str:
    """The title of a tender's entry: the English one, marked as what it is, beside the Japanese.

    A cancelled tender stays in the feed, and its title says what it is.
    """
    english = "" if language.code == "ja" else plain(card.title_en or "")
    if english and (mark := reading.title_mark(card, language)):
        english = f"{english} [{mark}]"
    titles = dict.fromkeys(one for one in (english, plain(card.title)) if one)
    title = " · ".join(titles) or language.text("Notice without a title")
    return language.text("Cancelled: {title}", title=title) if card.cancelled else title


def plain(text: str) -> str:
    """Text that XML can hold: one line, without control characters, of at most ``LONGEST`` characters."""
    text = _NOT_TEXT.sub("", _BREAKS.sub(" ", text)).strip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def web_address(url: str) -> str | None:
    """The address in ASCII; None for what does not lead to the web (no ``javascript:`` reaches a reader)."""
    if len(url) > LONGEST:
        return None
    address = quote(plain(url), safe="%/:=&?~#+!$,;'@()*[]")
    return address if _WEB.match(address) else None


def in_japan(moment: datetime) -> datetime:
    """The moment in Japanese time, to the second."""
    return moment.astimezone(TOKYO).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class _Deadline:
    """A deadline as an entry shows it: the words that it was read from, and what is said of it otherwise."""

    text: str
    phrase: str
    otherwise: str


def _deadlines(card: Card, language: Language, source_names: Mapping[str, str]) -> Iterator[_Deadline]:
    """The deadline, and until when to answer; of what is over by a cancellation or a result none."""
    if card.cancelled or reading.is_result(card):
        return
    moments = (
        ("deadline", N_("Deadline: {moment}"), card.deadline, card.deadline_clock),
        ("response_deadline", N_("Responses by: {moment}"), card.response_deadline, card.response_clock),
    )
    for name, label, moment, clock in moments:
        if moment is not None:
            yield _Deadline(
                language.text(label, moment=deadline_text(moment, clock, language)),
                reading.deadline_phrase(card, name, language, source_names),
                reading.other_deadlines(card, name, language, source_names),
            )
    if card.deadline is None and card.response_deadline is None:
        yield _Deadline(reading.unknown_deadline(card, language), "", "")


def _change(change: FieldChange, language: Language) -> str:
    """What differs now, old and new."""
    before, after = (field_value(change.field, value, language) for value in (change.before, change.after))
    if (earlier := moved_earlier(change)) is not None:
        return language.text(MOVED[change.field][0 if earlier else 1], before=before, after=after)
    field = language.text(labels.FIELDS.get(change.field, change.field))
    return language.text("{field}: {before} → {after}", field=field, before=before, after=after)


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / "feed"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
)
