"""The JETRO database, local part: what prefectures, large cities and their agencies buy under the agreements."""

from collections.abc import Generator
from typing import ClassVar

from db.vocabulary.labels import Prefecture
from db.vocabulary.messages import N_
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.text import clean_title
from scrapers.errors import ScrapeError
from scrapers.jetro import (
    HOST,
    JAPANESE,
    PREFECTURES,
    Catalogue,
    Item,
    Patience,
    article_of,
    category_by,
    full_title,
    kind_by,
    read_list,
    references_of,
)
from scrapers.source import Finding, Page, Request, Source, Steps, Window

FIELDS = (
    *("from", "to", "area", "entity", "keyword"),
    *("classification1", "classification2", "classification3", "deadline"),
)
LIST = Catalogue(
    "jetro_local", N_("Japanese"), "33686978", "/gov_procurement/local/list.html", FIELDS, prefix="local_"
)
NOTICE_PAGE = f"{HOST}/gov_procurement/local/articles/{{aid}}.html"


class JetroLocal(Source):
    """政府公共調達データベース（地方政府機関）: calls that are open to suppliers of other countries by treaty.

    Owner: Japan External Trade Organization (日本貿易振興機構, JETRO).
    Covers: notices of prefectures, designated cities and their agencies that fall under the WTO agreement on
        government procurement; some 670 are open at a time.
    Terms: name the source (出典：ジェトロ 政府公共調達データベース) and link to it; no licence to republish whole texts.
    Caveats: the list has no kinds, they are told from the titles; some items have no xid, so the key is the aid, by
        which the portal addresses the notice's page. Whether the list can be asked for a prefecture is not known:
        all are read, and those of other prefectures left out. No deadline as a field; it is in the text.
    """

    slug: ClassVar[str] = "jetro_local"
    name: ClassVar[str] = "ジェトロ 政府公共調達データベース（地方政府機関）"
    name_en: ClassVar[str] = "JETRO government procurement database, local"
    homepage: ClassVar[str] = "https://www.jetro.go.jp/gov_procurement/"
    jurisdiction: ClassVar[str] = "local"
    every_hours: ClassVar[int] = 12
    look_back_days: ClassVar[int] = 5
    pause_seconds: ClassVar[float] = 1.0
    max_bytes: ClassVar[int] = 8 << 20

    def steps(self, window: Window) -> Steps:
        until = window.until or window.now.date()
        wanted = {list(Prefecture)[int(code) - 1].value for code in self.options.prefectures}
        items = yield from read_list(LIST, window.since, until)
        patience = Patience()
        for item in {item.aid: item for item in items}.values():
            if item.published is None or not window.since <= item.published <= until:
                continue
            if wanted and item.location not in wanted:
                continue
            try:
                notice = yield from _notice(item)
            except ScrapeError as error:
                yield patience.fail(item.aid, error)
            else:
                patience.renew()
                yield notice


def _notice(item: Item) -> Generator[Request | Finding, Page, ScrapedNotice]:
    address = NOTICE_PAGE.format(aid=item.aid)
    article = article_of((yield Request(address)), LIST.source, JAPANESE)
    original = full_title(item.title, article.heading)
    title = clean_title(original)
    location = item.location or article.location
    assert item.published is not None
    return ScrapedNotice(
        source=LIST.source,
        key=item.aid,
        title=title,
        title_original=original if original != title else None,
        kind=kind_by(title, article.kind or item.kind),
        published=item.published,
        url=address,
        buyer=article.agency or item.agency or None,
        prefecture=location if location in PREFECTURES else None,
        place=None if location in PREFECTURES else location or None,
        category=category_by(article.classes, article.kind),
        references=tuple(references_of(article, item.aid)),
        text="\n".join(filter(None, (article.agreements, article.text))),
    )
