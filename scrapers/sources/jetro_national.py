"""The JETRO database, national part: what the state and its agencies buy under the agreements, in two languages."""

from collections.abc import Generator, Mapping
from datetime import timedelta
from typing import ClassVar

from db.vocabulary.messages import N_
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.text import clean_title
from scrapers.errors import ScrapeError
from scrapers.jetro import (
    ENGLISH,
    HOST,
    JAPANESE,
    PREFECTURES,
    Catalogue,
    Item,
    Patience,
    article_of,
    category_by,
    full_title,
    is_cut,
    kind_by,
    read_list,
    references_of,
)
from scrapers.source import Finding, Page, Request, Source, Steps, Window

FIELDS = (
    *("type", "from", "to", "entity", "area", "keyword"),
    *("classification1", "classification2", "classification3", "deadline"),
)
LIST = Catalogue("jetro_national", N_("Japanese"), "33235812", "/gov_procurement/national/list.html", FIELDS)
ENGLISH_LIST = Catalogue(
    "jetro_national", N_("English"), "27911119", "/en/database/procurement/national/list.html", FIELDS
)
NOTICE_PAGE = f"{HOST}/gov_procurement/national/articles/{{xid}}/{{aid}}.html"
ENGLISH_PAGE = f"{HOST}/en/database/procurement/national/articles/{{xid}}/{{aid}}.html"
TRANSLATION_DAYS = timedelta(days=7)
"""By which the day of an English notice may differ from that of the Japanese one; for joining the lists only."""


class JetroNational(Source):
    """政府公共調達データベース（中央政府機関）: calls that are open to suppliers of other countries by treaty.

    Owner: Japan External Trade Organization (日本貿易振興機構, JETRO).
    Covers: notices of ministries and national agencies that fall under the WTO agreement on government procurement
        or Japan's own measures, mostly from the official gazette; some 60 a day, with English titles.
    Terms: name the source (出典：ジェトロ 政府公共調達データベース) and link to it; no licence to republish whole texts.
    Caveats: titles in the lists are cut after about 100 characters and completed from the notice's page. The English
        list is read in the same visit, and without it nothing is kept: notices would lose their English titles
        for a day. No deadline as a field; it is in the text.
    """

    slug: ClassVar[str] = "jetro_national"
    name: ClassVar[str] = "ジェトロ 政府公共調達データベース（中央政府機関）"
    name_en: ClassVar[str] = "JETRO government procurement database, national"
    homepage: ClassVar[str] = "https://www.jetro.go.jp/gov_procurement/"
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 12
    look_back_days: ClassVar[int] = 5
    pause_seconds: ClassVar[float] = 1.0
    max_bytes: ClassVar[int] = 8 << 20

    def steps(self, window: Window) -> Steps:
        until = window.until or window.now.date()
        items = yield from read_list(LIST, window.since, until)
        english = yield from read_list(
            ENGLISH_LIST, window.since - TRANSLATION_DAYS, until + TRANSLATION_DAYS, joined=True
        )
        translations = {(item.xid, item.aid): item for item in english}
        patience = Patience()
        for item in items:
            if item.published is None or not window.since <= item.published <= until:
                continue
            try:
                notice = yield from _notice(item, translations)
            except ScrapeError as error:
                yield patience.fail(f"{item.xid}/{item.aid}", error)
            else:
                patience.renew()
                yield notice


def _notice(
    item: Item, translations: Mapping[tuple[str, str], Item]
) -> Generator[Request | Finding, Page, ScrapedNotice]:
    """An item with its page, and with the English one where the English list has cut the title."""
    address = NOTICE_PAGE.format(xid=item.xid, aid=item.aid)
    article = article_of((yield Request(address)), LIST.source, JAPANESE)
    english = translations.get((item.xid, item.aid))
    title_en, text_en = english.title if english else "", ""
    if is_cut(title_en):
        page = yield Request(ENGLISH_PAGE.format(xid=item.xid, aid=item.aid))
        translation = article_of(page, LIST.source, ENGLISH)
        title_en, text_en = full_title(title_en, translation.heading), translation.text
    original = full_title(item.title, article.heading)
    title = clean_title(original)
    stated = article.kind or item.kind
    assert item.published is not None
    return ScrapedNotice(
        source=LIST.source,
        key=f"{item.xid}/{item.aid}",
        title=title,
        title_original=original if original != title else None,
        title_en=clean_title(title_en) or None,
        kind=kind_by(title, stated),
        published=item.published,
        url=address,
        buyer=article.agency or item.agency or None,
        buyer_en=(english.agency or None) if english else None,
        prefecture=article.location if article.location in PREFECTURES else None,
        category=category_by(article.classes, stated),
        references=tuple(references_of(article, item.aid)),
        text="\n".join(filter(None, (article.agreements, article.text))),
        text_en=text_en,
    )
