"""Feeds, read the way readers' programs do (feedparser) and the way a validator does (lxml)."""

import json
import locale
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import feedparser
import pytest
from babel.support import NullTranslations
from lxml import etree

from alerts.entries import SHORT_TITLE
from alerts.feeds import LONGEST, MOST_BYTES, MOST_ENTRIES, Feed, FeedForm, plain, render, web_address
from alerts.site import Site
from alerts.sources import SourceNames
from db.card import Card
from db.feeding import News
from db.vocabulary.notice import Category, FieldChange, NoticeKind
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    AreaScore,
    DateKind,
    EnglishOrigin,
    Evidence,
    FoundDate,
    FoundMoney,
    MoneyKind,
    Origin,
    Place,
    Tax,
)
from db.vocabulary.tender import Said, TenderSource
from monitor.i18n import Language, extracted, language
from monitor.reading.access import RULES

NOW = datetime(2026, 9, 1, 3, 4, 5, 678, tzinfo=UTC)
SITE = Site("Tender Monitor", "https://tenders.example.org", "example.org,2026", "desk@example.org")
FEED = Feed(
    name="renewables",
    title="Renewable energy",
    description="Tenders in renewable energy",
    page_url="https://tenders.example.org/?area=renewables",
    self_url="https://tenders.example.org/feeds/renewables.atom",
    updated=NOW,
)
AREAS = {"renewables": "Renewable energy", "smart-city": "Smart city"}
KKJ = SourceNames("官公需情報ポータルサイト", "KKJ portal", "https://www.kkj.go.jp/s/")
SHOWN = "KKJ portal (官公需情報ポータルサイト)"
NOTICE = TenderSource(
    "kkj", "k1", "https://www.kkj.go.jp/d/?D=k1&L=ja", NoticeKind.TENDER, date(2026, 8, 28), UUID(int=900)
)
STORAGE = (
    Evidence("蓄電池", "storage battery", Place.TITLE, 0.8),
    Evidence("蓄電池", "storage battery", Place.BODY, 0.2),
    Evidence("太陽光", "solar power", Place.BODY, 0.4),
)
CARD = Card(
    id=UUID(int=1),
    title="蓄電池設備の購入",
    title_en="Purchase of storage batteries",
    buyer="環境省",
    buyer_en="Ministry of the Environment",
    prefecture="東京都",
    city=None,
    category=Category.GOODS,
    kind=NoticeKind.TENDER,
    method="一般競争入札",
    method_en="Open competitive tender",
    status=None,
    published=date(2026, 8, 28),
    deadline=datetime(2026, 10, 2, 8, 0, tzinfo=UTC),
    response_deadline=None,
    areas=(AreaScore("renewables", 1.4, STORAGE),),
    sources=(NOTICE,),
    first_seen_at=NOW - timedelta(days=3),
    updated_at=NOW,
    sequence=2,
)
TEXTS_JA = {
    "Cancelled: {title}": "【中止】{title}",
    "Deadline: {moment}": "締切：{moment}",
    "Goods": "物品",
    "{moment} Tokyo time": "{moment}（日本時間）",
}
SHEET = "/static/feed.css?v=1"
ATOM, XHTML = "{http://www.w3.org/2005/Atom}", "{http://www.w3.org/1999/xhtml}"
XML_FORMS = [FeedForm.RSS, FeedForm.ATOM]
both_forms = pytest.mark.parametrize("form", XML_FORMS)
all_forms = pytest.mark.parametrize("form", list(FeedForm))


def written(*shown: Card | News, form: FeedForm, feed: Feed = FEED, spoken: Language | None = None) -> bytes:
    """A feed of news; of a card alone, there was news when it was updated."""
    return render(
        feed,
        [one if isinstance(one, News) else News(one, one.updated_at) for one in shown],
        form=form,
        site=SITE,
        language=spoken or language("en"),
        area_names=AREAS,
        sources={"kkj": KKJ},
        access_rules=RULES,
        stylesheet=SHEET,
    )


def parsed(document: bytes) -> Any:
    found = feedparser.parse(document, sanitize_html=False)
    assert not found.bozo, found.get("bozo_exception")
    return found


def read(*told: Card | News, form: FeedForm, feed: Feed = FEED, spoken: Language | None = None) -> Any:
    return parsed(written(*told, form=form, feed=feed, spoken=spoken))


def read_json(*told: Card | News, feed: Feed = FEED, spoken: Language | None = None) -> Any:
    return json.loads(written(*told, form=FeedForm.JSON, feed=feed, spoken=spoken))


def shown(*told: Card | News, form: FeedForm = FeedForm.ATOM, spoken: Language | None = None) -> etree._Element:
    """The content of the first entry, as a browser sees it."""
    entry = read(*told, form=form, spoken=spoken).entries[0]
    return etree.fromstring(entry.content[0].value, etree.HTMLParser())


def words(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


def japanese() -> Language:
    class Some(NullTranslations):
        def gettext(self, message: str) -> str:
            return TEXTS_JA.get(message, message)

    return Language("ja", Some())


def later(card: Card, number: int, **changes: Any) -> Card:
    """Another card, which changed ``number`` minutes later."""
    return replace(card, id=UUID(int=number + 1), updated_at=card.updated_at + timedelta(minutes=number), **changes)


# Of the feed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "version", "media_type"),
    [(FeedForm.RSS, "rss20", "application/rss+xml"), (FeedForm.ATOM, "atom10", "application/atom+xml")],
)
def test_each_form_is_what_it_says(form: FeedForm, version: str, media_type: str) -> None:
    assert read(CARD, form=form).version == version
    assert form.media_type == media_type


@both_forms
def test_a_feed_names_itself_its_page_and_its_own_address(form: FeedForm) -> None:
    feed = read(CARD, form=form).feed
    assert (feed.title, feed.subtitle, feed.language) == (FEED.title, FEED.description, "en")
    assert feed.link == FEED.page_url
    assert [(link.href, link.type) for link in feed.links if link.rel == "self"] == [(FEED.self_url, form.media_type)]
    assert feed.generator == "japan-tender-monitor"


def test_an_atom_feed_has_an_id_of_its_own_and_an_author() -> None:
    feed = read(CARD, form=FeedForm.ATOM).feed
    assert feed.id == "tag:example.org,2026:feed/renewables"
    assert feed.author_detail == {"name": "Tender Monitor", "href": "https://tenders.example.org/"}


@both_forms
def test_a_feed_was_updated_when_its_newest_entry_was(form: FeedForm) -> None:
    feed = read(CARD, later(CARD, 7), form=form).feed
    assert feed.updated_parsed[:6] == (2026, 9, 1, 3, 11, 5)


@both_forms
def test_a_feed_without_entries_is_a_feed_and_keeps_the_moment_it_was_given(form: FeedForm) -> None:
    found = read(form=form)
    assert found.entries == []
    assert found.feed.updated_parsed[:6] == (2026, 9, 1, 3, 4, 5)


@both_forms
def test_a_feed_without_title_and_description_still_is_a_feed(form: FeedForm) -> None:
    feed = read(CARD, form=form, feed=replace(FEED, title="\x00", description="")).feed
    assert (feed.title, feed.subtitle) == ("Tender Monitor", "Tender Monitor")


@all_forms
def test_the_same_cards_give_the_same_bytes_in_whatever_order_they_come(form: FeedForm) -> None:
    cards = [later(CARD, number // 2, title=f"No. {number}") for number in range(0, 20, 2)]
    assert written(*cards, form=form) == written(*reversed(cards), form=form)


@both_forms
def test_what_changed_last_comes_first(form: FeedForm) -> None:
    entries = read(CARD, later(CARD, 9), later(CARD, 5), form=form).entries
    assert [entry.id[-1] for entry in entries] == ["a", "6", "1"]


@both_forms
def test_a_feed_has_at_most_a_hundred_entries(form: FeedForm) -> None:
    entries = read(*(later(CARD, number) for number in range(MOST_ENTRIES + 20)), form=form).entries
    assert len(entries) == MOST_ENTRIES
    assert entries[0].id.endswith(f"{MOST_ENTRIES + 20:x}")


@all_forms
def test_of_a_feed_that_grows_too_large_the_oldest_entries_are_cut_down_to_their_titles(form: FeedForm) -> None:
    long = replace(CARD, title="購" * LONGEST * 2, title_en="&" * LONGEST, sources=(NOTICE,) * 5)
    document = written(*(later(long, number) for number in range(MOST_ENTRIES)), form=form)
    assert MOST_BYTES * 0.95 < len(document) <= MOST_BYTES
    if form is FeedForm.JSON:
        titles = [item["title"] for item in json.loads(document)["items"]]
        contents = [item["content_html"] for item in json.loads(document)["items"]]
    else:
        entries = parsed(document).entries
        titles, contents = [entry.title for entry in entries], [entry.content[0].value for entry in entries]
    assert len(titles) == MOST_ENTRIES
    assert len(titles[0]) > LONGEST
    assert len(titles[-1]) == SHORT_TITLE
    assert contents[0].startswith("<p>")
    assert contents[-1] == "This entry is too long for a feed; the page of the tender has all of it."


@all_forms
def test_whatever_sources_send_a_feed_never_grows_beyond_what_is_allowed(form: FeedForm) -> None:
    address = "https://example.org/" + "&" * (LONGEST - 20)
    hostile = replace(
        CARD,
        title="&" * LONGEST,
        title_en="𠮷" * LONGEST,
        buyer="<" * LONGEST,
        sources=tuple(replace(NOTICE, url=f"{address[:-3]}{number}") for number in range(100, 140)),
    )
    document = written(*(later(hostile, number) for number in range(MOST_ENTRIES)), form=form)
    assert len(document) <= MOST_BYTES


@both_forms
def test_a_browser_is_told_of_the_sheet_that_draws_a_feed_and_shows_what_it_is(form: FeedForm) -> None:
    root = etree.fromstring(written(CARD, form=form))
    sheet = root.getprevious()
    assert isinstance(sheet, etree._ProcessingInstruction)
    assert (sheet.target, dict(sheet.attrib)) == ("xml-stylesheet", {"type": "text/css", "href": SHEET})
    (box,) = root.iter(f"{XHTML}div")
    assert "".join(box.itertext()).startswith("This is a feed.")
    assert [link.get("href") for link in box.iter(f"{XHTML}a")] == [SITE.feeds_url(), FEED.page_url]


@both_forms
def test_writing_a_feed_leaves_the_locale_of_the_process_alone(
    form: FeedForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("setlocale was called")

    monkeypatch.setattr(locale, "setlocale", refuse)
    assert written(CARD, form=form)


@all_forms
def test_every_form_has_the_same_entries_in_the_same_order(form: FeedForm) -> None:
    news = [later(CARD, number, title=f"No. {number} ]]> 𠮷") for number in (3, 1, 2)]
    atom = read(*news, form=FeedForm.ATOM).entries
    expected = [
        (one.id, one.link, one.title, one.summary, one.content[0].value, one.published_parsed, one.updated_parsed)
        for one in atom
    ]
    if form is FeedForm.JSON:
        found = [
            (
                one["id"],
                one["url"],
                one["title"],
                one["summary"],
                one["content_html"],
                *(datetime.fromisoformat(one[name]).utctimetuple() for name in ("date_published", "date_modified")),
            )
            for one in read_json(*news)["items"]
        ]
        assert [one[:5] for one in found] == [one[:5] for one in expected]
        assert [[tuple(when)[:6] for when in one[5:]] for one in found] == [
            [tuple(when)[:6] for when in one[5:]] for one in expected
        ]
    else:
        entries = read(*news, form=form).entries
        assert [
            (one.id, one.link, one.title, one.summary, one.content[0].value, one.published_parsed, one.updated_parsed)
            for one in entries
        ] == expected


# Of archives (RFC 5005, section 4) ----------------------------------------------------------------------

ARCHIVED = replace(
    FEED,
    self_url="https://tenders.example.org/feeds/renewables/2026-08/2.atom",
    current_url="https://tenders.example.org/feeds/renewables.atom",
    older_url="https://tenders.example.org/feeds/renewables/2026-08/1.atom",
    newer_url="https://tenders.example.org/feeds/renewables/2026-08/3.atom",
)


@both_forms
def test_a_page_of_the_archive_says_so_and_leads_to_its_neighbours_and_to_the_feed(form: FeedForm) -> None:
    document = written(CARD, form=form, feed=ARCHIVED)
    links = {link.rel: link.href for link in parsed(document).feed.links}
    assert links | {"alternate": ""} == {
        "self": ARCHIVED.self_url,
        "current": ARCHIVED.current_url,
        "prev-archive": ARCHIVED.older_url,
        "next-archive": ARCHIVED.newer_url,
        "alternate": "",
    }
    root = etree.fromstring(document)
    holder = root if form is FeedForm.ATOM else root[0]
    assert holder.find("{http://purl.org/syndication/history/1.0}archive") is not None


@both_forms
def test_the_feed_itself_leads_to_its_archive_and_is_none(form: FeedForm) -> None:
    document = written(CARD, form=form, feed=replace(FEED, older_url=ARCHIVED.older_url))
    assert {link.rel for link in parsed(document).feed.links} >= {"self", "prev-archive"}
    assert b"http://purl.org/syndication/history/1.0" not in document


# Of an entry --------------------------------------------------------------------------------------------


@both_forms
def test_an_entry_is_the_tender_whatever_its_title_and_address(form: FeedForm) -> None:
    before = read(CARD, form=form).entries[0]
    after = read(replace(CARD, title="別の件名", title_en=None, sources=()), form=form).entries[0]
    assert before.id == after.id == "tag:example.org,2026:tender/00000000-0000-0000-0000-000000000001"
    assert before.link == "https://tenders.example.org/tenders/00000000-0000-0000-0000-000000000001"


def test_an_rss_guid_is_no_address() -> None:
    guid = etree.fromstring(written(CARD, form=FeedForm.RSS)).find("channel/item/guid")
    assert guid is not None
    assert guid.get("isPermaLink") == "false"


@both_forms
def test_an_entry_was_published_when_we_first_showed_it_and_updated_when_it_last_changed(form: FeedForm) -> None:
    entry = read(CARD, form=form).entries[0]
    assert entry.published_parsed[:6] == (2026, 8, 29, 3, 4, 5)
    assert entry.updated_parsed[:6] == (2026, 9, 1, 3, 4, 5)


def test_moments_are_written_in_japanese_time() -> None:
    assert b"<updated>2026-09-01T12:04:05+09:00</updated>" in written(CARD, form=FeedForm.ATOM)
    assert b"<pubDate>Sat, 29 Aug 2026 12:04:05 +0900</pubDate>" in written(CARD, form=FeedForm.RSS)
    assert b"<atom:updated>2026-09-01T12:04:05+09:00</atom:updated>" in written(CARD, form=FeedForm.RSS)


def test_an_atom_entry_has_one_page_here_and_says_where_the_notice_came_from() -> None:
    links = read(CARD, form=FeedForm.ATOM).entries[0].links
    assert [(link.rel, link.get("type"), link.hreflang, link.href) for link in links] == [
        ("alternate", "text/html", "en", SITE.tender_url(CARD.id)),
        ("via", "text/html", "ja", NOTICE.url),
    ]
    assert links[1].title == SHOWN


def test_an_rss_item_says_where_the_notice_came_from_in_the_words_of_atom() -> None:
    item = etree.fromstring(written(CARD, form=FeedForm.RSS)).find("channel/item")
    assert item is not None
    via = item.findall("{http://www.w3.org/2005/Atom}link")
    assert [dict(link.attrib) for link in via] == [
        {"rel": "via", "href": NOTICE.url, "hreflang": "ja", "title": SHOWN}
    ]
    assert item.findtext("link") == SITE.tender_url(CARD.id)
    assert item.find("source") is None
    assert item.find("comments") is None


@both_forms
def test_a_notice_with_two_sources_names_both_and_each_address_once(form: FeedForm) -> None:
    other = replace(NOTICE, source="jetro", url="https://www.jetro.go.jp/x", kind=NoticeKind.AMENDMENT)
    card = replace(CARD, sources=(NOTICE, other, NOTICE))
    links = read(card, form=form).entries[0].links
    assert [link.href for link in links if link.rel == "via"] == [NOTICE.url, other.url]
    assert "jetro: Correction · Fri 28 Aug 2026" in words(shown(card, form=form))


def test_areas_are_the_categories_of_an_entry() -> None:
    card = replace(CARD, areas=(*CARD.areas, AreaScore("brand-new", 1.0, ())))
    atom, rss = (read(card, form=form).entries[0].tags for form in (FeedForm.ATOM, FeedForm.RSS))
    assert [(tag.term, tag.label) for tag in atom] == [("renewables", "Renewable energy"), ("brand-new", "brand-new")]
    assert [tag.term for tag in rss] == ["Renewable energy", "brand-new"]


@both_forms
def test_a_cancelled_tender_stays_and_its_title_says_so(form: FeedForm) -> None:
    card = later(CARD, 5, kind=NoticeKind.CANCELLATION)
    entry = read(card, form=form).entries[0]
    assert entry.title == "Cancelled: Purchase of storage batteries · 蓄電池設備の購入"
    assert entry.updated_parsed[:6] == (2026, 9, 1, 3, 9, 5)
    content = words(shown(card, form=form))
    assert content.startswith("This procurement was cancelled.")
    assert "Deadline" not in content


@all_forms
def test_an_entry_was_updated_when_there_was_news_of_it_and_not_when_anything_was_learnt(form: FeedForm) -> None:
    news = News(CARD, NOW - timedelta(days=2))
    if form is FeedForm.JSON:
        assert read_json(news)["items"][0]["date_modified"] == "2026-08-30T12:04:05+09:00"
    else:
        assert read(news, form=form).entries[0].updated_parsed[:6] == (2026, 8, 30, 3, 4, 5)


@both_forms
def test_an_entry_says_what_changed_and_when(form: FeedForm) -> None:
    changes = (
        FieldChange("deadline", "2026-10-05T17:00:00+09:00", "2026-10-02T17:00:00+09:00"),
        FieldChange("method", None, "<随意契約>"),
    )
    content = shown(News(CARD, NOW, changes=changes), form=form)
    assert words(content).startswith("What changed (Tue 1 Sep 2026, 12:04 Tokyo time):")
    assert [words(item) for item in content.iter("li")] == [
        "Deadline moved EARLIER: was Mon 5 Oct 2026, 17:00 Tokyo time, is now Fri 2 Oct 2026, 17:00 Tokyo time",
        "procedure: – → <随意契約>",
    ]


@all_forms
def test_the_line_in_a_readers_list_has_the_deadline_and_the_buyer(form: FeedForm) -> None:
    card = replace(CARD, buyer_en="Ministry <of> R&D")
    told = "Deadline: Fri 2 Oct 2026, 17:00 Tokyo time · Ministry <of> R&D"
    if form is FeedForm.JSON:
        assert read_json(card)["items"][0]["summary"] == told
    else:
        summary = read(card, form=form).entries[0].summary
        assert (words(etree.fromstring(f"<p>{summary}</p>")) if form is FeedForm.RSS else summary) == told


# Of what an entry shows ---------------------------------------------------------------------------------


@both_forms
def test_an_entry_shows_what_a_reader_decides_by(form: FeedForm) -> None:
    content = shown(CARD, form=form)
    assert words(content) == (
        "Deadline: Fri 2 Oct 2026, 17:00 Tokyo time "
        "Purchase of storage batteries 蓄電池設備の購入 "
        "Buyer Ministry of the Environment 環境省 "
        "Prefecture Tokyo "
        "Kind of notice Call for tenders "
        "Procedure Open competitive tender 一般競争入札 "
        "Category Goods "
        "Published Fri 28 Aug 2026 "
        "Focus areas, and the words that decided Renewable energy: 蓄電池 (storage battery) · 太陽光 (solar power) "
        f"Source {SHOWN}: Call for tenders · Fri 28 Aug 2026"
    )
    assert [element.text for element in content.iterfind(".//p[@lang='ja']")] == ["蓄電池設備の購入"]
    assert [element.text for element in content.iterfind(".//span[@lang='ja']")] == ["蓄電池", "太陽光"]


@both_forms
def test_an_entry_names_its_source_and_links_to_it_as_the_terms_ask(form: FeedForm) -> None:
    assert [(link.text, link.get("href")) for link in shown(CARD, form=form).iter("a")] == [
        (SHOWN, "https://www.kkj.go.jp/s/"),
        ("Call for tenders · Fri 28 Aug 2026", "https://www.kkj.go.jp/d/?D=k1&L=ja"),
    ]


def test_an_unknown_deadline_sends_the_reader_to_the_notice() -> None:
    assert words(shown(replace(CARD, deadline=None))).startswith("Deadline: see the notice Purchase")


def test_an_award_has_no_deadline_to_look_for() -> None:
    assert words(shown(replace(CARD, deadline=None, kind=NoticeKind.AWARD))).startswith("Purchase")


def test_a_result_shows_its_day_in_place_of_a_deadline_that_matters_no_more() -> None:
    content = words(shown(replace(CARD, kind=NoticeKind.AWARD, awarded=date(2026, 10, 9))))
    assert content.startswith("Result: Fri 9 Oct 2026 Purchase")
    assert "Deadline" not in content


def test_a_deadline_without_a_time_of_day_shows_none() -> None:
    last = datetime(2026, 10, 2, 14, 59, 59, tzinfo=UTC)
    content = words(shown(replace(CARD, deadline=last, deadline_clock=False)))
    assert content.startswith("Deadline: Fri 2 Oct 2026, time: see the notice Purchase")
    assert "23:59" not in content


def test_a_deadline_shows_the_words_it_was_read_from_and_what_is_said_otherwise() -> None:
    phrase = "入札書の受領期限 令和８年10月２日17時"
    card = replace(
        CARD,
        said=(
            Said("deadline", "2026-10-02T17:00:00+09:00", "kkj", NOTICE.notice_id, Origin.JAPANESE, phrase),
            Said(
                "deadline",
                "2026-10-05T17:00:00+09:00",
                "kkj",
                NOTICE.notice_id,
                Origin.ENGLISH,
                "5:00 PM, 5 October 2026",
                counts=False,
            ),
        ),
    )
    content = shown(card)
    assert words(content).startswith(
        "Deadline: Fri 2 Oct 2026, 17:00 Tokyo time"
        "Also said: Mon 5 Oct 2026, 17:00 Tokyo time (KKJ portal, the English text)"
        " – Where the English and the Japanese differ, the Japanese counts."
        f"Deadline read from “{phrase}” (KKJ portal)"
    )
    assert next(piece.text for piece in content.iterfind(".//small/span[@lang='ja']")) == "入札書の受領期限"


@both_forms
@pytest.mark.parametrize(
    ("origin", "title"),
    [
        (EnglishOrigin.OFFICIAL, "Purchase of storage batteries · 蓄電池設備の購入"),
        (EnglishOrigin.MACHINE, "Purchase of storage batteries [machine translation] · 蓄電池設備の購入"),
        (EnglishOrigin.GIST, "Purchase of storage batteries [gist] · 蓄電池設備の購入"),
    ],
)
def test_an_english_title_says_what_it_is_and_stands_beside_the_japanese(
    form: FeedForm, origin: EnglishOrigin, title: str
) -> None:
    card = replace(CARD, title_en_origin=origin)
    assert read(card, form=form).entries[0].title == title
    assert title.replace(" · ", " ") in words(shown(card, form=form))


def test_japanese_readers_are_shown_no_gist() -> None:
    card = replace(CARD, title_en_origin=EnglishOrigin.GIST)
    assert read(card, form=FeedForm.ATOM, spoken=japanese()).entries[0].title == "蓄電池設備の購入"
    assert "Purchase" not in words(shown(card, spoken=japanese()))
    official = replace(CARD, title_en_origin=EnglishOrigin.OFFICIAL)
    assert "Purchase of storage batteries" in words(shown(official, spoken=japanese()))


def test_a_title_that_is_the_same_in_both_languages_is_written_once() -> None:
    card = replace(CARD, title="Microsoft Office", title_en="Microsoft Office")
    assert read(card, form=FeedForm.ATOM).entries[0].title == "Microsoft Office"


@both_forms
def test_an_entry_shows_what_must_be_done_first_the_value_and_the_agreements(form: FeedForm) -> None:
    reason = AccessReason(
        "gazette-central", AccessVerdict.COVERED, (Agreement.GPA, Agreement.EPA), "政府調達", Origin.TITLE
    )
    card = replace(
        CARD,
        dates=(
            FoundDate(DateKind.APPLICATION, date(2026, 9, 11), "申請書の提出期限", Origin.JAPANESE, time(12)),
            FoundDate(DateKind.MEETING, date(2026, 9, 7), "入札説明会", Origin.JAPANESE, required=True),
        ),
        money=(FoundMoney(MoneyKind.LIMIT, Decimal(12_000_000), "上限", Origin.JAPANESE, Tax.INCLUDED),),
        value=Decimal(12_000_000),
        access=Access(AccessVerdict.COVERED, AccessVerdict.COVERED, (reason,)),
    )
    assert [words(item) for item in shown(card, form=form).iter("li")] == [
        "Applications to take part until: Fri 11 Sep 2026, 12:00 Tokyo time",
        "Explanatory meeting, taking part is required: Mon 7 Sep 2026, time: see the notice",
        "Upper limit: ¥12,000,000 (tax included)",
        f"Trade agreements: covered – {RULES['gazette-central']}",
    ]


def test_a_request_for_information_shows_until_when_to_respond() -> None:
    card = replace(CARD, deadline=None, response_deadline=CARD.deadline, kind=NoticeKind.INFORMATION_REQUEST)
    assert words(shown(card)).startswith("Responses by: Fri 2 Oct 2026, 17:00 Tokyo time Purchase")


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(
        CARD,
        title_en=None,
        buyer=None,
        buyer_en=None,
        prefecture=None,
        method=None,
        category=None,
        areas=(),
        sources=(),
    )
    assert words(shown(bare)) == (
        "Deadline: Fri 2 Oct 2026, 17:00 Tokyo time 蓄電池設備の購入 "
        "Kind of notice Call for tenders Published Fri 28 Aug 2026"
    )
    assert read(bare, form=FeedForm.ATOM).entries[0].title == "蓄電池設備の購入"


@both_forms
def test_japanese_readers_get_japanese(form: FeedForm) -> None:
    cancelled = later(CARD, 1, kind=NoticeKind.CANCELLATION)
    found = read(cancelled, CARD, form=form, spoken=japanese())
    assert found.feed.language == "ja"
    assert [entry.title for entry in found.entries] == ["【中止】蓄電池設備の購入", "蓄電池設備の購入"]
    content = words(shown(CARD, form=form, spoken=japanese()))
    assert content.startswith("締切：2026年10月2日(金) 17:00（日本時間）")
    assert "東京都" in content
    assert "物品" in content
    assert "storage battery" not in content


# Of what sources may send -------------------------------------------------------------------------------


@both_forms
@pytest.mark.parametrize(
    "title",
    ["終わり ]]> 始まり", "R&D <試験> & more", "🚃と𠮷野家と𝒳", "{title} %s {0}", "&amp; &lt;b&gt;", "ｶﾞｽ　一式"],
)
def test_no_title_does_harm(form: FeedForm, title: str) -> None:
    card = replace(CARD, title=title, title_en=None)
    document = written(card, form=form)
    parsed(document)
    path = "channel/item/title" if form is FeedForm.RSS else "{*}entry/{*}title"
    assert etree.fromstring(document).findtext(path) == title
    assert [element.text for element in shown(card, form=form).iterfind(".//p[@lang='ja']")] == [title]


@both_forms
def test_controls_and_halves_of_characters_are_taken_out_everywhere(form: FeedForm) -> None:
    dirty = "蓄\x00電\x0b池\x1b\x7f\x85\ud800\ufffe\uffff\r\n\t設備"
    card = replace(
        CARD,
        title=dirty,
        title_en=dirty,
        buyer=dirty,
        prefecture=dirty,
        areas=(AreaScore("smart-city", 1.0, (Evidence(dirty, dirty, Place.TITLE, 1.0),)),),
        sources=(replace(NOTICE, source=dirty, url=f"https://example.org/{dirty}"),),
    )
    assert read(card, form=form).entries[0].title == "蓄電池 設備"


@both_forms
@pytest.mark.parametrize("title", ["", " \t", "\x00\x01"])
def test_a_tender_without_a_title_is_told_all_the_same(form: FeedForm, title: str) -> None:
    assert read(replace(CARD, title=title, title_en=title), form=form).entries[0].title == "Notice without a title"


def test_markup_in_a_title_stays_text() -> None:
    content = shown(replace(CARD, title="<script>alert(1)</script>", buyer='" onclick="x'))
    assert content.find(".//script") is None
    assert "<script>alert(1)</script>" in words(content)


@both_forms
def test_an_address_that_does_not_lead_to_the_web_is_not_linked(form: FeedForm) -> None:
    card = replace(CARD, sources=(replace(NOTICE, url="javascript:alert(1)"),))
    document = written(card, form=form)
    assert b"javascript" not in document
    assert [link.rel for link in parsed(document).entries[0].links] == ["alternate"]
    assert "Call for tenders · Fri 28 Aug 2026" in words(shown(card, form=form))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.org/a?b=%E5%85%AC&c=1#d", "https://example.org/a?b=%E5%85%AC&c=1#d"),
        ("http://example.org/公告 1.pdf", "http://example.org/%E5%85%AC%E5%91%8A%201.pdf"),
        ("HTTPS://example.org/", "HTTPS://example.org/"),
        ('https://example.org/"><b>', "https://example.org/%22%3E%3Cb%3E"),
        ("https:///etc", None),
        ("data:text/html,x", None),
        ("//example.org", None),
        ("", None),
        ("https://example.org/" + "a" * LONGEST, None),
    ],
)
def test_addresses_are_made_fit_for_a_feed_or_left_out(url: str, address: str | None) -> None:
    assert web_address(url) == address


def test_a_text_without_end_is_cut() -> None:
    assert plain("購" * (LONGEST + 1)) == "購" * (LONGEST - 1) + "…"
    assert plain("購" * LONGEST) == "購" * LONGEST


def test_the_texts_of_the_template_reach_the_catalogues_like_those_of_the_code() -> None:
    known = extracted()
    for text in ("Deadline: see the notice", "Responses by: {moment}", "Cancelled: {title}", "Prefecture"):
        assert known.get(text) is not None
