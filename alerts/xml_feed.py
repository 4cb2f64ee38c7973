"""Feeds in XML: Atom 1.0 (RFC 4287), and RSS 2.0 with elements of Atom where it has no words of its own.

Where a notice was taken from and when an entry changed, RSS cannot say (``source`` names a feed, ``comments`` a
discussion): Atom's elements stand in for them, which the W3C's validator knows in an item. The whole of an entry is in
``content:encoded``; ``description`` has the line that readers show in lists.

A feed that is opened in a browser is drawn by our style sheet. What explains it to a person there is XHTML beside the
feed's own elements, which programs that read feeds pass over.
"""

from datetime import datetime
from email.utils import format_datetime

from lxml import etree
from markupsafe import escape

from alerts.entries import GENERATOR, Document, Entry

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
HISTORY = "http://purl.org/syndication/history/1.0"
"""Of RFC 5005."""
XHTML = "http://www.w3.org/1999/xhtml"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(document: Document) -> bytes:
    """The feed as Atom."""
    root = etree.Element(f"{{{ATOM}}}feed", {LANG: document.language}, nsmap=_names(document, {None: ATOM}))
    _put(root, ATOM, "id", document.id)
    _put(root, ATOM, "title", document.title)
    _put(root, ATOM, "subtitle", document.description)
    _explain(root, document)
    _put(root, ATOM, "updated", document.updated.isoformat())
    author = etree.SubElement(root, f"{{{ATOM}}}author")
    _put(author, ATOM, "name", document.author)
    _put(author, ATOM, "uri", document.author_url)
    _put(root, ATOM, "generator", GENERATOR)
    _put(
        root, ATOM, "link", rel="alternate", type="text/html", hreflang=document.language, href=document.feed.page_url
    )
    _links(root, document)
    for entry in document.entries:
        element = etree.SubElement(root, f"{{{ATOM}}}entry")
        _put(element, ATOM, "id", entry.id)
        _put(element, ATOM, "title", entry.title)
        _put(element, ATOM, "published", entry.published.isoformat())
        _put(element, ATOM, "updated", entry.updated.isoformat())
        _put(element, ATOM, "link", rel="alternate", type="text/html", hreflang=document.language, href=entry.url)
        _via(element, entry)
        for slug, name in entry.areas:
            _put(element, ATOM, "category", term=slug, label=name)
        _put(element, ATOM, "summary", entry.summary)
        _put(element, ATOM, "content", entry.content, type="html")
    return _written(root, document)


def rss(document: Document) -> bytes:
    """The feed as RSS."""
    names = _names(document, {"atom": ATOM, "content": CONTENT})
    root = etree.Element("rss", {"version": "2.0", LANG: document.language}, nsmap=names)
    channel = etree.SubElement(root, "channel")
    _put(channel, "", "title", document.title)
    _put(channel, "", "link", document.feed.page_url)
    _put(channel, "", "description", escape(document.description))
    _explain(channel, document)
    _put(channel, "", "language", document.language)
    _put(channel, "", "lastBuildDate", _rfc822(document.updated))
    _put(channel, "", "generator", GENERATOR)
    _links(channel, document)
    for entry in document.entries:
        item = etree.SubElement(channel, "item")
        _put(item, "", "title", entry.title)
        _put(item, "", "link", entry.url)
        _put(item, "", "guid", entry.id, isPermaLink="false")
        _put(item, "", "pubDate", _rfc822(entry.published))
        _put(item, ATOM, "updated", entry.updated.isoformat())
        _via(item, entry)
        for _slug, name in entry.areas:
            _put(item, "", "category", name)
        _put(item, "", "description", escape(entry.summary))
        _put(item, CONTENT, "encoded", entry.content)
    return _written(root, document)


def _put(parent: etree._Element, namespace: str, name: str, text: str | None = None, **attributes: str) -> None:
    tag = f"{{{namespace}}}{name}" if namespace else name
    element = etree.SubElement(parent, tag, attributes)
    element.text = None if text is None else str(text)


def _rfc822(moment: datetime) -> str:
    """Without ``strftime``: a locale would translate the days."""
    return format_datetime(moment)


def _names(document: Document, names: dict[str | None, str]) -> dict[str | None, str]:
    return names if document.feed.current_url is None else {**names, "fh": HISTORY}


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
        _put(parent, HISTORY, "archive")


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
