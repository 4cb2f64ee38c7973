"""Feeds: tenders as RSS 2.0 and Atom 1.0, for readers' own programs.

It writes what it is handed and asks nobody: which tenders are in a feed, and how the feed travels over
HTTP, is not decided here. The same cards always give the same bytes, whatever the clock says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import feedgen.entry
import feedgen.feed
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import etree
from markupsafe import Markup

from alerts import reading
from alerts.language import Language, in_tongues
from alerts.site import Site
from alerts.sources import SourceNames
from alerts.wording import deadline_text, prefecture_name
from db.card import Card
from db.vocabulary import labels
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import N_

MOST_ENTRIES = 100
MOST_BYTES = 1_000_000
"""A feed that is larger loses its oldest entries: programs ask for it every hour."""
LONGEST = 2_000
"""Characters of one text, or of one address, beyond which something is broken at the source."""
GENERATOR = "japan-tender-monitor"
ATOM = "{http://www.w3.org/2005/Atom}"

# feedgen's own function switches the locale of the whole process for a moment, under the feet of other threads.
feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = format_datetime

# What XML forbids (C0 controls, halves of surrogate pairs, U+FFFE and U+FFFF), and what is invisible (DEL, C1).
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile(r"[\t\n\r]+")
_WEB = re.compile(r"https?://[^/]", re.IGNORECASE)


class FeedForm(StrEnum):
    """The forms in which feeds are written; the value is the ending of their addresses."""

    RSS = "rss"
    ATOM = "atom"

    @property
    def media_type(self) -> str:
        return {FeedForm.RSS: "application/rss+xml", FeedForm.ATOM: "application/atom+xml"}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed says of itself. ``name`` is its part of the address: an area's slug or ``all``.

    ``page_url`` is the page that lists the same tenders. ``updated`` is the feed's moment for as long as it
    has no entries; after that it is the moment of its newest entry.
    """

    name: str
    title: str
    description: str
    page_url: str
    updated: datetime


@dataclass(frozen=True, slots=True)
class _Notice:
    """A notice at its source, as an entry links to it; addresses are None where they do not lead to the web."""

    portal: str
    portal_url: str | None
    url: str | None
    kind: str
    day: str


def render(
    feed: Feed,
    cards: Sequence[Card],
    *,
    form: FeedForm,
    site: Site,
    language: Language,
    area_names: Mapping[str, str],
    sources: Mapping[str, SourceNames],
    access_rules: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """The feed as an XML document in UTF-8: of the cards, the ``MOST_ENTRIES`` that changed last, newest first.

    ``area_names`` are in the reader's language, by slug; an area or source that is missing there stands
    for itself. ``access_rules`` are the texts of the rules of market access by their names: without them the
    verdicts stand alone. Moments must know their offset; they are written out in Japanese time.
    """
    shown = sorted(cards, key=lambda card: (card.updated_at, card.published, card.id), reverse=True)[:MOST_ENTRIES]
    notices = [list(_notices(card, language, sources)) for card in shown]
    written = feedgen.feed.FeedGenerator()
    written.id(site.tag(f"feed/{feed.name}"))
    written.title(plain(feed.title) or site.name)
    written.description(plain(feed.description) or plain(feed.title) or site.name)
    written.updated(_moment(shown[0].updated_at if shown else feed.updated))
    written.language(language.code)
    written.author(name=site.name, uri=site.home_url())
    written.generator(GENERATOR)
    written.link(href=site.feed_url(feed.name, form, language.code), rel="self", type=form.media_type)
    written.link(href=feed.page_url, rel="alternate", type="text/html", hreflang=language.code)  # RSS takes the last
    for card, at_source in zip(shown, notices, strict=True):
        entry = written.add_entry(order="append")
        entry.id(site.tender_tag(card.id))
        entry.title(title_of(card, language))
        entry.link(href=site.tender_url(card.id, language.code))
        # For both forms the moment at which we showed it first. The notice's own date has no time of day and may
        # lie days back: a program that sorts by it would bury what is new, or take it for read.
        entry.published(_moment(card.first_seen_at))
        entry.updated(_moment(card.updated_at))
        entry.content(_content(card, at_source, language, area_names, sources, access_rules), type="html")
        for area in card.areas:
            entry.category(term=area.area, label=plain(area_names.get(area.area, area.area)))
    root = etree.fromstring(written.atom_str() if form is FeedForm.ATOM else written.rss_str())
    holder, tag = (root, f"{ATOM}entry") if form is FeedForm.ATOM else (root[0], "item")
    entries = holder.findall(tag)
    for card, at_source, element in zip(shown, notices, entries, strict=True):
        _mend(element, card, at_source, form, language)
    while len(document := etree.tostring(root, encoding="UTF-8", xml_declaration=True)) > MOST_BYTES and entries:
        holder.remove(entries.pop())
    return document


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


def _mend(
    element: etree._Element, card: Card, notices: Sequence[_Notice], form: FeedForm, language: Language
) -> None:
    """Write into an entry what feedgen 1.0.0 drops: all of a link but its href, and in RSS the moment of change.

    RSS has no element for the page that something was taken from (``source`` names a feed, ``comments`` a
    discussion) nor for a change, so Atom's stand in for them; the W3C validator knows both inside an item.
    """
    if form is FeedForm.RSS:
        etree.SubElement(element, f"{ATOM}updated").text = _moment(card.updated_at).isoformat()
    for link in element.iterfind(f"{ATOM}link"):
        link.attrib.update({"rel": "alternate", "type": "text/html", "hreflang": language.code})
    portals = {notice.url: notice.portal for notice in notices if notice.url}
    for url, portal in portals.items():
        etree.SubElement(element, f"{ATOM}link", {"rel": "via", "href": url, "hreflang": "ja", "title": portal})


def _notices(card: Card, language: Language, sources: Mapping[str, SourceNames]) -> Iterator[_Notice]:
    for source in card.sources:
        portal = sources.get(source.source)
        yield _Notice(
            plain(portal.shown(language) if portal else source.source),
            web_address(portal.homepage) if portal else None,
            web_address(source.url),
            language.text(labels.KINDS[source.kind]),
            language.day(source.published),
        )


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


def _content(
    card: Card,
    notices: Sequence[_Notice],
    language: Language,
    area_names: Mapping[str, str],
    sources: Mapping[str, SourceNames],
    access_rules: Mapping[str, str],
) -> str:
    japanese, title_mark = language.code == "ja", reading.title_mark(card, language)
    source_names = {slug: reading.source_name(names, language) for slug, names in sources.items()}
    return _TEMPLATES.get_template("entry.html").render(
        card=card,
        notices=notices,
        language=language,
        text=language.text,
        tongues=lambda text: in_tongues(plain(text), language.code),
        deadlines=list(_deadlines(card, language, source_names)),
        result=reading.result_text(card, language),
        # To those who read the Japanese, a gist or a translation says nothing.
        title_en="" if japanese and title_mark else card.title_en,
        title_mark=title_mark,
        findings=[
            *(step.text for step in reading.steps(card, language)),
            *filter(None, (reading.value_text(card, language), reading.access_text(card, language, access_rules))),
        ],
        prefecture=prefecture_name(card.prefecture or "", language),
        kind=language.text(labels.KINDS[card.kind]),
        category=language.text(labels.CATEGORIES[card.category]) if card.category else "",
        areas=[
            (
                area_names.get(area.area, area.area),
                # A term counts once for each place it stands in; the reader need see it once.
                list({found.term: "" if japanese else found.gloss for found in area.evidence}.items()),
            )
            for area in card.areas
        ],
    )


def _moment(moment: datetime) -> datetime:
    """The moment in Japanese time, to the second."""
    return moment.astimezone(TOKYO).replace(microsecond=0)


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / "feed"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
)
