"""Calls that Tokyo's bureaus publish on pages of their own, and that never reach the e-procurement system."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import ClassVar
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import find_dates, parse_date
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from db.vocabulary.text import clean_title, fold
from scrapers.errors import SourceChanged
from scrapers.html import Row, find_table, holds, no_rows, words
from scrapers.shapes import OUTSIDE_MENUS, READABLE, ListLayout, ListSource
from scrapers.source import Page, Window
from scrapers.sources.tokyo_press import CALLS, KINDS
from scrapers.tokyo import PREFECTURE, as_text, period

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
CONTRACTS = re.compile(r".{6}(?:工事|委託|賃貸借|借入れ?|購入|買入れ?)$")
"""Titles of single contracts; shorter ones are the names of pages (委託, 入札・工事)."""

SOME_DAY = date(2000, 1, 1)
"""Stands in where the day of publication is not known and is not needed."""
UPDATES = "更新情報"
PRESS_ADDRESS = re.compile(r"/press/(\d{4})/(\d{2})/(?:\d{6})?(\d{2})")
"""…/press/2025/07/2025073115, and until March 2025 …/press/2022/11/22/11.html."""
PRESS_LINE = re.compile(
    r"^(?:報道発表資料\s*)?(?P<day>\d{4}年\d{1,2}月\d{1,2}日)\s+(?P<bureaus>\S*局(?:[、,\s]+\S*局)*)$"
)
UPDATED = re.compile(r"更新日\s*[:：]?\s*(?P<day>[^\s:：].*)")
DEADLINE = re.compile(
    r"(?:提案|企画|応募|入札)(?:提案)?(?:書類?|資料)?等?の?(?:提出|受付|受領)?(?:期限|締め?切り?|期間)(?:日時?)?$"
)
"""The rows of a schedule that state the end of tendering: 提案書提出期限, 企画提案書の受付期間, 応募締切."""
CLOSED = re.compile(
    r"(?:応募|公募|募集|提案書?)の?(?:受付|募集)?(?:期間)?[はを]?(?:既に|すでに)?"
    r"終了(?:し|致し|いたし)(?:ました|て(?:お|い)り?ます)"
)
DECIDED = re.compile(r"このたび[^。\n]{0,30}者(?:等)?を(?:決定|選定)し(?:た|ました)")
NOTE = re.compile(r"[※＊*]\s*\d*")
ROWS = {
    "published": "公表日",
    "method": "入札方式",
    "application": "申込受付",
    "opening": "開札",
    "status": "案件状態",
}
"""The columns of a page that lists several contracts, beside that of the title."""


class TokyoBureaus(ListSource):
    """東京都 各局の公募: calls of Tokyo's bureaus on their own pages (hydrogen, solar power, decarbonization).

    Owner: Tokyo Metropolitan Government (東京都), its bureaus and bodies affiliated with it.
    Covers: calls for firms on pages of the bureaus of industrial and labor affairs and of environment, and what
        these pages link to at the Government's press office, the housing supply corporation and the SME center.
    Terms: name 東京都 as the source; the link leads to the bureau's page.
    Caveats: only single pages were ever seen. The addresses of the two lists are taken from those of the pages
        below them and are NOT evidenced: a list that is not there, or that holds no call, is an error. Titles
        decide what is a call. A page tells its day by its oldest update, else the list does, else the page's own
        date; a page without any is undated. Press releases are also in the source tokyo_press.
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
        # Pages that list several contracts are linked to once for each.
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
        day = _day_in(found.url)
        return replace(
            found,
            published=day or found.published,
            undated=found.undated and day is None,
            buyer_en=BUYERS_EN.get(urlsplit(found.url).netloc),
        )

    def complete(self, notice: ScrapedNotice, page: Page) -> ScrapedNotice:
        body = self.body_of(notice, page)
        headings = [words(tag) for tag in (*body.find_all("h1"), *body.find_all_previous("h1"))]
        heading = next((heading for heading in headings if holds(heading, notice.title)), None)
        if heading is None and (row := _row_of(body, notice.title)) is not None:
            return _of_row(notice, row)
        title = clean_title(heading) if heading and CALLS.search(heading) else notice.title
        notice = replace(notice, title=title, key=notice.url.partition("?")[0])
        return self.with_text(notice, body, page)

    def with_text(self, notice: ScrapedNotice, body: Tag, page: Page) -> ScrapedNotice:
        notice = super().with_text(notice, body, page)
        text = notice.text
        written = text.split("\n")
        published = _first_update(written) or (None if notice.undated else notice.published) or _own_day(written)
        deadline, stated = self._schedule(body, published)
        closed = CLOSED.search(text)
        press = next(filter(None, map(PRESS_LINE.match, written)), None)
        bureaus = "・".join(re.split(r"[、,\s]+", press["bureaus"])) if press else ""
        return replace(
            notice,
            published=published or notice.published,
            undated=published is None,
            kind=NoticeKind.AWARD if DECIDED.search(text) else notice.kind,
            buyer=f"{PREFECTURE}（{bureaus}）" if bureaus else notice.buyer,
            deadline=deadline,
            portal_dates=stated,
            status=closed[0] if closed else None,
        )

    def _schedule(self, body: Tag, published: date | None) -> tuple[datetime | None, tuple[tuple[str, str], ...]]:
        """The deadline for proposals, and the other days of the page's tables under their own names."""
        deadline: datetime | None = None
        stated: list[tuple[str, str]] = []
        for row in body.select("tr"):
            cells = [words(cell) for cell in row.find_all(["th", "td"], recursive=False)]
            if len(cells) != 2 or parse_date(cells[0]) or not any(find_dates(cells[1], reference=SOME_DAY)):
                continue
            name, value = NOTE.sub("", cells[0]).strip(), cells[1]
            moment, day = None, None
            if DEADLINE.search(fold(name)) and (published or _has_years(value)):
                moment, day = self.moment(value, published or SOME_DAY)
            if moment and deadline is None:
                deadline = moment
            else:
                stated.append((name, day or _period(value, published)))
        return deadline, tuple(stated)


def _has_years(written: str) -> bool:
    """Whether every day in a text is stated with its year."""
    return len(list(find_dates(written))) == len(list(find_dates(written, reference=SOME_DAY)))


def _period(written: str, published: date | None) -> str:
    """A period as ``tokyo.period`` gives it; as it is written, where nothing tells a missing year."""
    return period(written, published or SOME_DAY) if published or _has_years(written) else written


def _day_in(address: str) -> date | None:
    """The day that the address of a press release holds."""
    found = PRESS_ADDRESS.search(address)
    return parse_date("-".join(found.groups())) if found else None


def _first_update(written: list[str]) -> date | None:
    """The oldest day below 〇更新情報, whose lines begin with their days."""
    place = next((place for place, line in enumerate(written) if UPDATES in line), None)
    days: list[date] = []
    for line in written[place + 1 :] if place is not None else ():
        found = next(find_dates(line), None)
        if found is None or found[0] > 0:
            break
        days.append(found[2])
    return min(days, default=None)


def _own_day(written: list[str]) -> date | None:
    """The day of a press release, or the one on which the page says that it was last changed."""
    for pattern in (PRESS_LINE, UPDATED):
        for line in written:
            found = pattern.search(line)
            if found and (day := parse_date(found["day"])):
                return day
    return None


def _row_of(body: Tag, title: str) -> Row | None:
    """The row of a contract on a page that lists several."""
    for heading in ("案件名", "件名"):
        with suppress(SourceChanged):
            for row in find_table(body, {"title": heading, **ROWS}, "", optional=frozenset(ROWS)):
                if fold(row.text("title")) == fold(title):
                    return row
    return None


def _of_row(notice: ScrapedNotice, row: Row) -> ScrapedNotice:
    """The notice with what its row says; it shares its address with the others, so its title is part of its key."""
    published = parse_date(row.text("published")) or (None if notice.undated else notice.published)
    dates = [("申込受付", row.text("application")), ("開札", row.text("opening"))]
    return replace(
        notice,
        key=f"{notice.url.partition('?')[0]} {notice.title}",
        published=published or notice.published,
        undated=published is None,
        method=row.text("method") or None,
        status=row.text("status") or None,
        portal_dates=tuple((name, _period(stated, published)) for name, stated in dates if stated),
        text=as_text((heading, row.text(name)) for name, heading in ROWS.items()),
    )
