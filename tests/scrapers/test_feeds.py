"""Feeds: what all sources of this shape have in common, whatever a feed is like that day."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import ClassVar

import pytest

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.errors import FetchError, SourceChanged
from scrapers.feeds import FeedSource
from scrapers.source import Finding, Page, Request, Window, crawl, page_of

NOW = datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9)))
JUNE = Window(date(2026, 6, 1), None, NOW)
SITE = "https://mihon.example.jp"


class Feed(FeedSource):
    slug: ClassVar[str] = "feed"
    addresses: ClassVar[tuple[str, ...]] = (f"{SITE}/a.xml",)
    only: ClassVar[re.Pattern[str] | None] = re.compile("公募|入札")


class Every(FeedSource):
    slug: ClassVar[str] = "every"
    addresses: ClassVar[tuple[str, ...]] = (f"{SITE}/a.xml",)


RSS2 = '<?xml version="1.0" encoding="{encoding}"?>{doctype}<rss version="{version}"><channel>{items}</channel></rss>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>見本市</title>{}</feed>'
RSS1 = (
    '<?xml version="1.0" encoding="UTF-8"?><rdf:RDF xmlns="http://purl.org/rss/1.0/" '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">{}</rdf:RDF>'
)


def entry(title: str, link: str, day: str = "", summary: str = "") -> str:
    dated = f"<dc:date>{day}</dc:date>" if day else ""
    return f"<item><title>{title}</title><link>{link}</link><description>{summary}</description>{dated}</item>"


def fed(
    source: type[FeedSource], feeds: Mapping[str, str | bytes], window: Window = JUNE, kind: str = "application/xml"
) -> list[Finding]:
    def fetch(request: Request) -> Page:
        if request.url not in feeds:
            raise FetchError("{url}: answered 404", url=request.url)
        content = feeds[request.url]
        body = content if isinstance(content, bytes) else content.encode()
        return page_of(body, request, headers={"content-type": kind})

    return list(crawl(source(), window, fetch))


def one(content: str | bytes, kind: str = "application/xml") -> ScrapedNotice:
    """The only notice of a feed."""
    (found,) = fed(Every, {f"{SITE}/a.xml": content}, kind=kind)
    assert isinstance(found, ScrapedNotice)
    return found


def notices(findings: Sequence[Finding]) -> list[ScrapedNotice]:
    return [finding for finding in findings if isinstance(finding, ScrapedNotice)]


def problems(findings: Sequence[Finding]) -> list[str]:
    return [f"{finding.part}: {finding.saying}" for finding in findings if isinstance(finding, Problem)]


def test_an_entry_is_a_notice_of_its_day_in_japan() -> None:
    feed = RSS1.format(
        entry("椅子の公募", f"{SITE}/1", "2026-06-09T23:30:00Z", "&lt;p&gt;100脚&lt;br&gt;秋まで&lt;/p&gt;")
        + entry("人事異動", f"{SITE}/2", "2026-06-09T09:00:00+09:00")
        + entry("机の入札", f"{SITE}/3")
    )
    first, second = notices(fed(Feed, {f"{SITE}/a.xml": feed}))
    assert (first.published, first.text, first.key) == (date(2026, 6, 10), "100脚\n秋まで", f"{SITE}/1")
    assert (second.title, second.undated) == ("机の入札", True)


def test_a_sound_feed_without_an_entry_is_an_honest_zero() -> None:
    assert fed(Feed, {f"{SITE}/a.xml": RSS1.format("")}) == []


def test_an_entry_without_a_link_is_told() -> None:
    assert problems(fed(Feed, {f"{SITE}/a.xml": RSS1.format(entry("椅子の公募", "javascript:x()"))})) == [
        f"{SITE}/a.xml: an entry has no title or no link: 椅子の公募"
    ]


def test_one_of_several_feeds_that_fails_is_told_and_all_failing_is_an_error() -> None:
    class Two(Feed):
        addresses = (f"{SITE}/a.xml", f"{SITE}/b.xml")

    found = fed(Two, {f"{SITE}/b.xml": RSS1.format(entry("椅子の公募", f"{SITE}/1", "2026-06-09"))})
    assert [one.title for one in notices(found)] == ["椅子の公募"]
    assert problems(found) == [f"{SITE}/a.xml: {SITE}/a.xml: answered 404"]
    with pytest.raises(FetchError):
        fed(Two, {})


def test_entries_of_later_days_are_left_for_later() -> None:
    feed = RSS1.format(entry("椅子の公募", f"{SITE}/1", "2026-06-09") + entry("机の公募", f"{SITE}/2", "2026-06-08"))
    found = fed(Feed, {f"{SITE}/a.xml": feed}, Window(date(2026, 5, 1), date(2026, 6, 8), NOW))
    assert [one.title for one in notices(found)] == ["机の公募"]


def test_a_summary_that_looks_like_an_address_is_a_text() -> None:
    feed = RSS1.format(entry("椅子の公募", f"{SITE}/1", "2026-06-09", "https://mihon.example.jp/"))
    assert notices(fed(Feed, {f"{SITE}/a.xml": feed}))[0].text == "https://mihon.example.jp/"


# Forms of feeds


def rss(
    title: str = "椅子",
    link: str = "/1.html",
    more: str = "",
    *,
    version: str = "2.0",
    encoding: str = "UTF-8",
    **at: str,
) -> str:
    """RSS with an entry."""
    items = f"<item><title>{title}</title><link>{link}</link>{more}</item>"
    return RSS2.format(items=items, version=version, encoding=encoding, doctype=at.get("doctype", ""))


@pytest.mark.parametrize("version", ["0.91", "0.92", "2.0"])
def test_an_entry_without_a_number_and_a_day_is_known_by_its_link(version: str) -> None:
    found = one(rss(version=version))
    assert (found.key, found.url, found.undated) == (f"{SITE}/1.html", f"{SITE}/1.html", True)


def test_an_entry_of_atom_has_its_page_its_number_and_its_day() -> None:
    entry = (
        "<entry><title type='html'>&lt;i&gt;椅子&lt;/i&gt;</title><id>urn:1</id><link rel='edit' href='/edit'/>"
        "<link href='/n/1'/><updated>2026-06-09T23:30:00Z</updated>"
        "<content type='html'>&lt;p&gt;100脚&lt;/p&gt;</content></entry>"
    )
    found = one(ATOM.format(entry))
    assert (found.title, found.key, found.url) == ("椅子", "urn:1", f"{SITE}/n/1")
    assert (found.published, found.text) == (date(2026, 6, 10), "100脚")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Tue, 09 Jun 2026 20:00:00 +0900", date(2026, 6, 9)),
        ("Tue, 09 Jun 2026 20:00:00 JST", date(2026, 6, 9)),
        ("Tue, 09 Jun 2026 20:00:00 GMT", date(2026, 6, 10)),
        ("Tue Jun 9 20:00:00 2026", date(2026, 6, 9)),
        ("2026-06-09T20:00:00+09:00", date(2026, 6, 9)),
        ("2026-06-09 23:00:00", date(2026, 6, 9)),
        ("2026-06-09", date(2026, 6, 9)),
        ("2026/06/09 23:00:00", date(2026, 6, 9)),
        ("2026年6月9日（火）", date(2026, 6, 9)),
        ("令和8年6月9日", date(2026, 6, 9)),
        ("2026-06", None),
        ("昨日", None),
        ("Tue, 09 Jun 2026 20:00:00 +9999", None),
        ("Fri, 31 Dec 9999 23:00:00 GMT", None),
        pytest.param("9" * 5000, None, id="very long"),
    ],
)
def test_a_day_is_read_in_every_spelling_and_never_guessed(written: str, day: date | None) -> None:
    found = one(rss(more=f"<pubDate>{written}</pubDate>"))
    assert (found.undated, found.published) == (day is None, day or NOW.date())


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("&lt;b&gt;椅子&lt;/b&gt;の公募&lt;br/&gt;", "椅子の公募"),
        ("<![CDATA[椅子 &amp; 机]]>", "椅子 & 机"),
        ("&lt;LED&gt; A&lt;B 5 &lt; 10", "<LED> A<B 5 < 10"),
        ("椅子 & 机", "椅子 & 机"),
        ("椅\x00子\x08", "椅子"),
    ],
)
def test_a_title_is_its_words(written: str, title: str) -> None:
    assert one(rss(written)).title == title


@pytest.mark.parametrize("link", ["", "javascript:x()", "http://[", "mailto:mihon"])
def test_what_leads_nowhere_is_no_link(link: str) -> None:
    (found,) = fed(Every, {f"{SITE}/a.xml": rss(link=link)})
    assert isinstance(found, Problem)


def test_of_two_entries_with_one_number_the_second_is_told_unless_it_is_the_same() -> None:
    items = "".join(
        f"<item><title>{title}</title><link>/{n}</link><guid>7</guid></item>"
        for n, title in enumerate(["椅子", "椅　子", "机"])
    )
    found = fed(Every, {f"{SITE}/a.xml": RSS2.format(items=items, version="2.0", encoding="UTF-8", doctype="")})
    assert [one.title for one in notices(found)] == ["椅子"]
    assert problems(found) == [f"{SITE}/a.xml: two entries have one id, and only the first was kept: 机"]


# Encodings


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (rss("①椅子", encoding="Shift_JIS").encode("cp932"), "application/xml"),
        (rss("①椅子", encoding="UTF-8").encode("cp932"), "text/xml; charset=utf-8"),
        (rss("①椅子").encode(), "text/xml; charset=iso-8859-1"),
        (rss("①椅子").encode("utf-8-sig"), "application/xml"),
        (rss("①椅子", encoding="UTF-16").encode("utf-16"), "application/xml"),
        (rss("①椅子", encoding="EUC-JP").encode("euc_jis_2004"), "application/xml"),
        (rss("①椅子").replace(' encoding="UTF-8"', "").encode("euc_jis_2004"), "text/html"),
    ],
    ids=["Shift_JIS means cp932", "wrongly declared", "wrong header", "BOM", "UTF-16", "EUC-JP", "not declared"],
)
def test_a_feed_is_read_in_whatever_it_is_written(content: bytes, kind: str) -> None:
    assert one(content, kind).title == "①椅子"


# Feeds that are none, broken, or hostile


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        ("", FetchError, "is empty"),
        ("<html><body>メンテナンス中</body></html>", SourceChanged, "is no feed"),
        ('{"version": "https://jsonfeed.org/version/1", "items": []}', SourceChanged, "is no feed"),
        (rss()[:-20], FetchError, "broke off"),
        (rss().replace("<item>", "<!-- <item>"), SourceChanged, "has entries, and not one can be read"),
    ],
)
def test_what_is_no_whole_feed_is_an_error(content: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=rf"^every: {SITE}/a.xml {told}"):
        fed(Every, {f"{SITE}/a.xml": content})


def test_a_cache_may_leave_a_remark_below_a_feed() -> None:
    assert one(rss() + "\n<!-- cached 2026-06-09 -->\n").title == "椅子"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
        + '<!ENTITY x "&j;">]>',
    ],
    ids=["file", "address", "external DTD", "bomb"],
)
def test_nothing_outside_a_feed_is_fetched_and_nothing_unfolds_in_it(
    doctype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outside(*_: object, **__: object) -> None:
        pytest.fail("a feed makes nothing be opened")

    monkeypatch.setattr("socket.socket.connect", outside)
    assert len(one(rss("椅子&x;", doctype=doctype)).title) < 10


def test_a_reference_to_half_a_character_costs_a_character_and_not_the_feed() -> None:
    feed = RSS1.format(entry("水素&#xD800;調査&#56320;の公募", f"{SITE}/1"))
    assert one(feed).title == "水素\ufffd調査\ufffdの公募"
