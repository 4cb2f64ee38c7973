"""Feeds in XML: Atom 1.0 (RFC 4287), and RSS 2.0 with elements of Atom where it has no words of its own.

Where a notice was taken from and when an entry changed, RSS cannot say (``source`` names a feed, ``comments`` a
discussion): Atom's elements stand in for them, which the W3C's validator knows in an item. The whole of an entry is in
``content:encoded``; ``description`` has the line that readers show in lists.

A feed that is opened in a browser is drawn by our style sheet. What explains it to a person there is XHTML beside the
feed's own elements, which programs that read feeds pass over.
"""

from collections.abc import Sequence
from email.utils import format_datetime

import feedgen.entry
import feedgen.feed
from lxml import etree
from markupsafe import escape

from alerts.entries import GENERATOR, Document, Entry

ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
"""Of RFC 5005."""
XHTML = "http://www.w3.org/1999/xhtml"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


# feedgen's own function switches the locale of the whole process for a moment, under the feet of other threads.
feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = format_datetime


def atom(document: Document) -> bytes:
    """The feed as Atom."""
    written = _begun(document, description=document.description)
    for entry in document.entries:
        _add(written, entry, summary=entry.summary)
    root = etree.fromstring(written.atom_str())
    _complete(root, root, root.findall(f"{{{ATOM}}}entry"), document)
    return _written(root, document)


def rss(document: Document) -> bytes:
    """The feed as RSS."""
    written = _begun(document, description=escape(document.description))
    for entry in document.entries:
        _add(written, entry, summary=escape(entry.summary))
    root = etree.fromstring(written.rss_str())
    items = root[0].findall("item")
    for entry, item in zip(document.entries, items, strict=True):
        _put(item, ATOM, "updated", entry.updated.isoformat())
    _complete(root, root[0], items, document)
    return _written(root, document)


def _begun(document: Document, *, description: str) -> feedgen.feed.FeedGenerator:
    """What the feed says of itself, for either form."""
    written = feedgen.feed.FeedGenerator()
    written.id(document.id)
    written.title(document.title)
    written.description(str(description))
    written.updated(document.updated)
    written.language(document.language)
    written.author(name=document.author, uri=document.author_url)
    written.generator(GENERATOR)
    written.link(href=document.feed.page_url)
    return written


def _add(written: feedgen.feed.FeedGenerator, entry: Entry, *, summary: str) -> None:
    added = written.add_entry(order="append")
    added.id(entry.id)
    added.title(entry.title)
    added.link(href=entry.url)
    added.published(entry.published)
    added.updated(entry.updated)
    if summary:
        added.description(str(summary), isSummary=True)
    if entry.content:
        added.content(entry.content, type="html")
    for slug, name in entry.areas:
        added.category(term=slug, label=name)


def _complete(
    root: etree._Element, holder: etree._Element, entries: Sequence[etree._Element], document: Document
) -> None:
    """Write what feedgen 1.0.0 drops or has no words for: all of a link but its href, archives, areas by name."""
    root.set(LANG, document.language)
    for element in (holder, *entries):
        for link in element.findall(f"{{{ATOM}}}link"):
            element.remove(link)
    page = {"rel": "alternate", "type": "text/html", "hreflang": document.language}
    if root is holder:
        _put(holder, ATOM, "link", **page, href=document.feed.page_url)
    _links(holder, document)
    _explain(holder, document)
    for element in entries:  # programs read on while a feed arrives: what it says of itself comes first
        holder.append(element)
    for entry, element in zip(document.entries, entries, strict=True):
        if root is holder:
            _put(element, ATOM, "link", **page, href=entry.url)
        for category, (_slug, name) in zip(element.findall("category"), entry.areas, strict=False):
            category.text = name  # feedgen writes the slug
        _via(element, entry)


def _put(parent: etree._Element, namespace: str, name: str, text: str | None = None, **attributes: str) -> None:
    tag = f"{{{namespace}}}{name}" if namespace else name
    element = etree.SubElement(parent, tag, attributes)
    element.text = None if text is None else str(text)


def _links(parent: etree._Element, document: Document) -> None:
    """The feed's own address, and where its archive goes on."""
    feed = document.feed
    relations = {
        "self": feed.self_url,
        "current": feed.current_url,
        "prev-archive": feed.older_url,
        "next-archive": feed.newer_url,
    }
    for relation, url in relations.items():
        if url is not None:
            _put(parent, ATOM, "link", rel=relation, type=document.media_type, href=url)
    if feed.current_url is not None:
        etree.SubElement(parent, f"{{{HISTORY}}}archive", nsmap={"fh": HISTORY})


def _via(parent: etree._Element, entry: Entry) -> None:
    for url, portal in entry.via.items():
        _put(parent, ATOM, "link", rel="via", hreflang="ja", title=portal, href=url)


def _explain(parent: etree._Element, document: Document) -> None:
    """What a person needs who came here by a link: what this is, and two ways on."""
    if not document.stylesheet:
        return
    box = etree.SubElement(parent, f"{{{XHTML}}}div", {"lang": document.language}, nsmap={None: XHTML})
    _put(box, XHTML, "p", document.explanation)
    ways = etree.SubElement(box, f"{{{XHTML}}}p")
    _put(ways, XHTML, "a", document.help_title, href=document.help_url)
    _put(ways, XHTML, "a", document.page_title, href=document.feed.page_url)


def _written(root: etree._Element, document: Document) -> bytes:
    if document.stylesheet:
        sheet = f'type="text/css" href="{escape(document.stylesheet)}"'
        root.addprevious(etree.ProcessingInstruction("xml-stylesheet", sheet))
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
