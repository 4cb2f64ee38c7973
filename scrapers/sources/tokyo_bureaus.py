"""Calls that Tokyo's bureaus publish on pages of their own, and that never reach the e-procurement system."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import ClassVar
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import find_dates, parse_date
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.html import Row, no_rows, words
from scrapers.shapes import OUTSIDE_MENUS, READABLE, ListLayout, ListSource
from scrapers.source import Page, Window
from scrapers.tokyo import PREFECTURE, as_written, period, states_day
from scrapers.tokyo_calls import CALLS, KINDS

SANGYO_RODO, KANKYO = "www.sangyo-rodo.metro.tokyo.lg.jp", "www.kankyo.metro.tokyo.lg.jp"
PRESS, JKK, KOSHA = "www.metro.tokyo.lg.jp", "www.to-kousya.or.jp", "www.tokyo-kosha.or.jp"
BUYERS = {
    SANGYO_RODO: "東京都（産業労働局）",
    KANKYO: "東京都（環境局）",
    PRESS: PREFECTURE,
    JKK: "東京都住宅供給公社（JKK東京）",
    KOSHA: "公益財団法人東京都中小企業振興公社",
}
BUYERS_EN = {
    SANGYO_RODO: "Bureau of Industrial and Labor Affairs, Tokyo Metropolitan Government",
    KANKYO: "Bureau of Environment, Tokyo Metropolitan Government",
    PRESS: "Tokyo Metropolitan Government",
    JKK: "Tokyo Metropolitan Housing Supply Corporation",
    KOSHA: "Tokyo Metropolitan Small and Medium Enterprise Support Center",
}
SHARED = (JKK, KOSHA)
"""Hosts on which one page lists all contracts: it is nobody's own page, and only the link to it is read."""
CONTRACTS = re.compile(r".{6}(?:工事|委託|賃貸借|借入れ?|購入|買入れ?)$")
"""Titles of single contracts; shorter ones are the names of pages (委託, 入札・工事)."""

PRESS_ADDRESS = re.compile(r"/press/(\d{4})/(\d{2})/(?:\d{6})?(\d{2})")
"""…/press/2025/07/2025073115, and until March 2025 …/press/2022/11/22/11.html."""
PRESS_LINE = re.compile(r"^(?:報道発表資料 )?\d{4}年\d\d?月\d\d?日 (\S*局(?:, \S*局)*)$", re.MULTILINE)
"""2022年11月22日 財務局, 産業労働局"""
UPDATES = "更新情報"
UPDATED = re.compile(r"更新日\s*[:：]\s*(.+)")
DEADLINE = re.compile(r"提案書(?:類|等)?の?提出期限$")
DECIDED = re.compile(r"このたび[^。\n]{0,30}者(?:等)?を(?:決定|選定)し(?:た|ました)")
NOTE = re.compile(r"[※＊*]\s*\d*")


class TokyoBureaus(ListSource):
    """東京都 各局の公募: calls of Tokyo's bureaus on their own pages (hydrogen, solar power, decarbonization).

    Owner: Tokyo Metropolitan Government (東京都), its bureaus and bodies affiliated with it.
    Covers: calls for firms on pages of the bureaus of industrial and labor affairs and of environment, and what
        these pages link to at the Government's press office, the housing supply corporation and the SME center.
    Terms: name 東京都 as the source; the link leads to the bureau's page.
    Caveats: only single pages were ever seen. The addresses of the two lists are taken from those of the pages
        below them and are NOT evidenced: a list that is not there, or that holds no call, is an error. Titles
        decide what is a call. A page tells its day by its oldest update, else its address or the list does, else
        the page's own date; a page without any is undated. Contracts of the housing supply corporation and the SME
        center are listed on one page each, which is not read: of them only the links are known. That a call is closed
        is left to its text. Press releases are also in the source tokyo_press.
    """

    slug: ClassVar[str] = "tokyo_bureaus"
    name: ClassVar[str] = "東京都 各局の公募"
    name_en: ClassVar[str] = "Tokyo Metropolitan Government bureaus"
    homepage: ClassVar[str] = "https://www.metro.tokyo.lg.jp/"
    jurisdiction: ClassVar[str] = "local"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 60

    addresses: ClassVar[tuple[str, ...]] = (
        f"https://{SANGYO_RODO}/energy/topics/index.html",
        f"https://{KANKYO}/climate/own_efforts/index.html",
    )
    layout: ClassVar[ListLayout] = ListLayout(
        items=OUTSIDE_MENUS,
        selectors={"title": ""},
        beside=True,
        links=rf"^https?://(?:{'|'.join(map(re.escape, BUYERS))})/",
        key=("link", "title"),
        next_page='a[rel="next"]',
    )
    only: ClassVar[re.Pattern[str] | None] = re.compile(f"{CALLS.pattern}|{CONTRACTS.pattern}")
    kinds: ClassVar[Mapping[str, NoticeKind]] = KINDS
    body: ClassVar[str | tuple[str, ...]] = READABLE
    hosts: ClassVar[Mapping[str, str]] = BUYERS
    prefecture: ClassVar[str | None] = PREFECTURE

    def rows(self, document: BeautifulSoup, page: Page) -> Iterator[Row]:
        calls = [row for row in super().rows(document, page) if self.only and self.only.search(row.text("title"))]
        if not calls:
            raise no_rows(self.slug, page.url)
        return iter(calls)

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        found = super().notice(row, page, window)
        if not isinstance(found, ScrapedNotice):
            return found
        host, day = urlsplit(found.url).netloc, _day_in(found.url)
        return replace(
            found,
            key=found.key if host in SHARED else found.url.partition("?")[0],
            published=day or found.published,
            undated=found.undated and day is None,
            buyer_en=BUYERS_EN.get(host),
        )

    def reads(self, notice: ScrapedNotice) -> bool:
        return super().reads(notice) and urlsplit(notice.url).netloc not in SHARED

    def with_text(self, notice: ScrapedNotice, body: Tag, page: Page) -> ScrapedNotice:
        notice = super().with_text(notice, body, page)
        updated = UPDATED.search(notice.text)
        published = (
            _first_update(notice.text.split("\n"))
            or (None if notice.undated else notice.published)
            or (parse_date(updated[1]) if updated else None)
        )
        deadline, dates = _schedule(body, published)
        press = PRESS_LINE.search(notice.text)
        return replace(
            notice,
            published=published or notice.published,
            undated=published is None,
            kind=NoticeKind.AWARD if DECIDED.search(notice.text) else notice.kind,
            buyer=f"{PREFECTURE}（{press[1].replace(', ', '・')}）" if press else notice.buyer,
            deadline=deadline,
            portal_dates=dates,
        )


def _day_in(address: str) -> date | None:
    """The day that the address of a press release holds."""
    found = PRESS_ADDRESS.search(address)
    return parse_date("-".join(found.groups())) if found else None


def _first_update(lines: list[str]) -> date | None:
    """The oldest day below 〇更新情報, whose lines begin with their days."""
    place = next((place for place, line in enumerate(lines) if UPDATES in line), len(lines))
    days: list[date] = []
    for line in lines[place + 1 :]:
        found = next(find_dates(line), None)
        if found is None or found[0] > 0:
            break
        days.append(found[2])
    return min(days, default=None)


def _schedule(body: Tag, published: date | None) -> tuple[datetime | None, tuple[tuple[str, str], ...]]:
    """The deadline for proposals, and the other days of 今後の予定 under their own names.

    A day alone is no deadline: it has to state its time of day.
    """
    deadline: datetime | None = None
    dates: list[tuple[str, str]] = []
    for row in body.select("tr"):
        cells = [as_written(words(cell)) for cell in row.find_all(["th", "td"], recursive=False)]
        if len(cells) != 2 or states_day(cells[0]) or not states_day(cells[1]):
            continue
        name, stated = NOTE.sub("", cells[0]).strip(), period(cells[1], published)
        end = stated.rpartition("/")[2]
        if DEADLINE.search(name) and deadline is None and re.fullmatch(r"[\d-]{10}T\S+", end):
            deadline = datetime.fromisoformat(end)
        else:
            dates.append((name, stated))
    return deadline, tuple(dates)
