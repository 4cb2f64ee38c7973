"""The JETRO database, national part: what the state and its agencies buy under the agreements, in two languages."""

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from db.vocabulary.messages import N_
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.text import clean_title
from scrapers.jetro import (
    ENGLISH,
    JAPANESE,
    Catalogue,
    Item,
    article_of,
    full_title,
    is_cut,
    notice_of,
    read_list,
    read_notices,
)
from scrapers.source import Finding, Page, Request, Source, Steps, Window

FIELDS = (
    *("type", "from", "to", "entity", "area", "keyword"),
    *("classification1", "classification2", "classification3", "deadline"),
)
LIST = Catalogue(
    source="jetro_national",
    name=N_("Japanese"),
    block="33235812",
    page="/gov_procurement/national/list.html",
    article="/gov_procurement/national/articles/{xid}/{aid}.html",
    fields=FIELDS,
)
ENGLISH_LIST = Catalogue(
    source="jetro_national",
    name=N_("English"),
    block="27911119",
    page="/en/database/procurement/national/list.html",
    article="/en/database/procurement/national/articles/{xid}/{aid}.html",
    fields=FIELDS,
    translation=True,
)
TRANSLATION_DAYS = timedelta(days=7)
"""By which the day of an English notice may differ from that of the Japanese one; for joining the lists only."""


class JetroNational(Source):
    """政府公共調達データベース（中央政府機関）: calls that are open to suppliers of other countries by treaty.

    Owner: Japan External Trade Organization (日本貿易振興機構, JETRO).
    Covers: notices of ministries and national agencies that fall under the WTO agreement on government procurement
        or Japan's own measures, mostly from the official gazette; some 60 a day, with English titles.
    Terms: name the source (出典：ジェトロ 政府公共調達データベース) and link to it; no licence to republish whole texts.
    Caveats: titles in the lists are cut after about 100 characters and completed from the notice's page. Without the
        English list nothing is kept: no source knows what is recorded, so every notice of the last days would lose
        its English title and get it back, two changes told to its readers, whereas the next run finds them all
        again. No deadline as a field; it is in the text. Each notice has a page: some 400 requests a run, some 1,900
        for a back-fill of 30 days.
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
        since = window.since - TRANSLATION_DAYS
        english = yield from read_list(ENGLISH_LIST, since, until + TRANSLATION_DAYS)
        # By the aid, which the gazette's number makes the same in both; nothing says so of the xid.
        translations = {item.aid: item for item in english}
        yield from read_notices(LIST, items, lambda item: _notice(item, translations.get(item.aid)))


def _notice(item: Item, english: Item | None) -> Generator[Request | Finding, Page, ScrapedNotice]:
    """An item with its page, and with the English one where the English list has cut the title."""
    article = article_of((yield Request(LIST.address(item))), LIST.source, JAPANESE)
    notice = notice_of(LIST, item, article)
    if english is None:
        return notice
    title, text = english.title, ""
    if is_cut(title):
        translation = article_of((yield Request(ENGLISH_LIST.address(english))), LIST.source, ENGLISH)
        title, text = full_title(title, translation.heading), translation.text
    return replace(notice, title_en=clean_title(title), buyer_en=english.agency or None, text_en=text)
