"""The JETRO database, local part: what prefectures, large cities and their agencies buy under the agreements."""

from collections.abc import Generator
from typing import ClassVar

from db.vocabulary.labels import Prefecture
from db.vocabulary.messages import N_
from db.vocabulary.notice import ScrapedNotice
from scrapers.jetro import JAPANESE, Catalogue, Item, article_of, notice_of, read_list, read_notices
from scrapers.source import Finding, Page, Request, Source, Steps, Window

LIST = Catalogue(
    source="jetro_local",
    name=N_("Japanese"),
    block="33686978",
    page="/gov_procurement/local/list.html",
    article="/gov_procurement/local/articles/{aid}.html",
    fields=(
        *("from", "to", "area", "entity", "keyword"),
        *("classification1", "classification2", "classification3", "deadline"),
    ),
    prefix="local_",
)


class JetroLocal(Source):
    """政府公共調達データベース（地方政府機関）: calls that are open to suppliers of other countries by treaty.

    Owner: Japan External Trade Organization (日本貿易振興機構, JETRO).
    Covers: notices of prefectures, designated cities and their agencies that fall under the WTO agreement on
        government procurement; some 670 are open at a time.
    Terms: name the source (出典：ジェトロ 政府公共調達データベース) and link to it; no licence to republish whole texts.
    Caveats: the list has no kinds, they are told from the titles; some items have no xid, so the key is the aid, by
        which the portal addresses the notice's page. Whether the list can be asked for a prefecture is not known:
        all are read, and those of other prefectures left out. No deadline as a field; it is in the text. Each
        notice has a page: some 120 requests a run, some 700 for a back-fill of 30 days.
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
        wanted = {list(Prefecture)[int(code) - 1].value for code in self.options.prefectures}
        items = yield from read_list(LIST, window.since, window.until or window.now.date())
        yield from read_notices(LIST, (item for item in items if not wanted or item.location in wanted), _notice)


def _notice(item: Item) -> Generator[Request | Finding, Page, ScrapedNotice]:
    article = article_of((yield Request(LIST.address(item))), LIST.source, JAPANESE)
    return notice_of(LIST, item, article)
