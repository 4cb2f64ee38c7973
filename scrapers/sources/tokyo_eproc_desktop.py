"""Tokyo's electronic procurement system by its screens for desktops: lists, and what each call's own screen says."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import ClassVar
from unicodedata import normalize

from bs4 import Tag

from db.vocabulary.japanese import parse_date
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from db.vocabulary.text import clean_title, fold
from scrapers import tokyo, tokyo_cases
from scrapers.errors import Refused, ScrapeError, SourceChanged
from scrapers.forms import Fields, filled, form_fields
from scrapers.html import Row, find_table, no_rows, open_page, unreadable, words
from scrapers.source import Finding, Page, Request, Source, Steps, Window
from scrapers.tokyo_cases import GOODS_AND_SERVICES, LISTS, SITE, WORKS

SLUG = "tokyo_eproc_desktop"
SCREENS = f"{SITE}/SrvPublish"
ENTRANCE = f"{SITE}/indexPbi.jsp"
"""Where a person begins; no address leads to a single call."""
ENCODING = "cp932"
AT_MOST = 500
"""Rows that a list gives, however many the screen says there are."""
GIVE_UP_AFTER = 3
"""Calls in a row whose own screen cannot be read: then it is not the calls."""
METHODS = {"Ippan": "一般競争入札", "Kibou": "希望制指名競争入札", "Zuikei": "随意契約"}
"""The boxes of the form (bidwayIppan, hBidwayIppan …) → what they stand for."""
PERIODS = ((-366, -31), (-30, -8), (-7, 0), (1, 366))
"""Days from today: the periods into which a list is split first; most calls are of the last month."""
COLUMNS = {
    "published": "公表日",
    "number": "契約番号",
    "title": "件名",
    "item": "営業種目",
    "trade": "業種",
    "period": "履行期間",
    "method": "契約方法",
    "order_rank": "発注等級",
    "ranks": "受付等級",
    "application": "希望申請期間",
    "section": "担当部課",
}
NAMES = ("契約番号", "件名")
"""Labels by which the table of a call is known on its own screen, and the call itself."""
ELSEWHERE = ("件名", "契約方法", "受付等級", "希望申請期間", "開札予定日時", "担当局部課", "担当部課", "履行場所")
"""Labels of a call's own screen whose values have a field of their own; the others are lines of the text."""

_TOTAL = re.compile(r"総件数\s*([\d,]+)\s*件")
_ASKED = re.compile(r"検索結果は\s*([\d,]+)\s*件")
_NONE = re.compile(r"該当(?:する|の)?[^。<]{0,20}(?:なし|ありません|見つかりません)")
_CASE = re.compile(r"SelectSubmitNo\(\s*7\s*,\s*3\s*,\s*'?(\d+)'?\s*,\s*'?(\d+)'?\s*\)")
_SHOW = 'a[href*="SelectSubmit(4,3)"], a[onclick*="SelectSubmit(4,3)"]'
_NEXT = 'a[href*="SelectSubmit(5,6)"], a[onclick*="SelectSubmit(5,6)"]'


@dataclass(frozen=True, slots=True)
class Part:
    """One search: everything in it has to fit into one list, or it is split."""

    kind: str
    method: str | None = None
    """One of ``METHODS``; None: all of them."""
    days: tuple[date, date] | None = None

    def fields(self, form: Fields) -> Fields:
        """The form's fields, filled in."""
        goods = self.kind == GOODS_AND_SERVICES
        choice, other = ("itemConsgoods", "constConsgoods") if goods else ("constConsgoods", "itemConsgoods")
        boxes = [self.method] if self.method else list(METHODS)
        left_out = {other, *(f"{name}{box}" for name in ("bidway", "hBidway") for box in METHODS)}
        values = [("page", "4"), ("act", "1"), *((name, self.kind) for name in ("consgoods", "hConsgoods", choice))]
        values += [("allBureauFlag", "1"), ("keiyakuNoUnderKoshu", "00")]
        values += [(f"Era_{name}", "5") for name in ("StartDate", "EndDate", "KeiyakuNoDate", "KeiyakuNoUnderDate")]
        values += [(f"{name}{box}", "1") for box in boxes for name in ("bidway", "hBidway")]
        values += [("totalCnt", "0"), ("elmVolume", "10"), ("gamenId", "hacchuyotei")]
        for name, day in zip(("StartDate", "EndDate"), self.days or (), strict=False):
            values += [
                (f"{name}YY", str(day.year - 2018)),
                (f"{name}MM", str(day.month)),
                (f"{name}DD", str(day.day)),
            ]
        return filled(tuple(field for field in form if field[0] not in left_out), values)

    def smaller(self, today: date) -> list["Part"]:
        """The part by method, then in ever shorter periods; empty where it is one method and one day already."""
        if not self.method:
            return [replace(self, method=method) for method in METHODS]
        if self.days is None:
            periods = [(today + timedelta(days=first), today + timedelta(days=last)) for first, last in PERIODS]
            return [replace(self, days=period) for period in periods]
        first, last = self.days
        if first == last:
            return []
        middle = first + (last - first) // 2
        return [replace(self, days=(first, middle)), replace(self, days=(middle + timedelta(days=1), last))]

    def __str__(self) -> str:
        days = f"{self.days[0]}/{self.days[1]}" if self.days else ""
        return " ".join(filter(None, (LISTS[self.kind], METHODS.get(self.method or ""), days)))


@dataclass(frozen=True, slots=True)
class Case:
    """A row of a list."""

    index: str
    key: str
    """The number that does not repeat, as 契約番号 does."""
    number: str
    title: tokyo_cases.CaseTitle
    written: str
    published: date
    values: dict[str, str]


class TokyoEprocDesktop(Source):
    """東京都電子調達システム, screens for desktops: the same calls as tokyo_eproc, with what their own screens say.

    Owner: Tokyo Metropolitan Government (東京都), Bureau of Finance.
    Covers: 発注予定情報, the calls of every bureau, with 開札予定日時, 予定価格, 履行場所 and the numbers of classes.
    Terms: robots.txt was reported to disallow folders and queries, which /SrvPublish is not. Once a day, a second
        or more between requests, a contact in the User-Agent.
    Caveats: no list gives more than 500 rows, whatever number it states: then it is split by method, and by the
        days of the form, whose meaning (公表日 or 希望申請期間) was never seen; the rows are counted against the
        total. A call's own screen is read for calls of the window, and for older ones that were withdrawn in it;
        its layout is known by its labels only. 希望申請期間 is the period for applying to be invited, not the
        deadline for bids. The results (入札経過調書) are left out: the columns of their list were never seen.
    """

    slug: ClassVar[str] = SLUG
    name: ClassVar[str] = "東京都電子調達システム 入札情報サービス"
    name_en: ClassVar[str] = "Tokyo Metropolitan Government e-Procurement (with details)"
    homepage: ClassVar[str] = f"{SITE}/"
    jurisdiction: ClassVar[str] = "local"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 3
    pause_seconds: ClassVar[float] = 1.5

    def steps(self, window: Window) -> Steps:
        visit = _Visit(window)
        yield from visit.open()
        found = {}
        for kind in LISTS:
            try:
                found[kind] = yield from visit.read_list(kind)
            except SourceChanged:
                # The session may have run out: it is opened anew, once in a crawl.
                if visit.renewed:
                    raise
                visit.renewed = True
                yield from visit.open()
                found[kind] = yield from visit.read_list(kind)
        yield from tokyo_cases.empty_lists(self.slug, ENTRANCE, found)


class _Visit:
    """One crawl: the session, which cases were told, how many in a row could not be, and how long lists are at most."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.told: set[str] = set()
        self.renewed = False
        self.failures = 0
        self.most = 0

    def screen(self, page: int, act: int, *more: tuple[str, str]) -> Generator[Request | Finding, Page, Page]:
        return (yield _request((("page", str(page)), ("act", str(act)), *more)))

    def open(self) -> Generator[Request | Finding, Page, None]:
        """The entrance: its cookies are the session."""
        page = yield from self.screen(1, 1, ("direct", "1"))
        open_page(page, SLUG, expects="form")
        self.failures = 0

    def read_list(self, kind: str) -> Generator[Request | Finding, Page, int]:
        """Everything in a list; returns how many different cases there were."""
        found: set[str] = set()
        whole = Part(kind)
        listing = yield from self.read(whole, found)
        if listing.cut:
            yield from self.split(whole, listing.total, found)
        yield from tokyo.counted(LISTS[kind], len(found), listing.total)
        return len(found)

    def split(self, part: Part, total: int, found: set[str]) -> Generator[Request | Finding, Page, None]:
        """Everything in a part that no list holds whole, by ever smaller searches."""
        cut: list[tuple[Part, int]] = []
        stated = 0
        for smaller in part.smaller(self.window.now.date()):
            listing = yield from self.read(smaller, found)
            stated += listing.total
            if listing.cut:
                cut.append((smaller, listing.total))
        if part.method and stated >= 2 * total:
            return  # each period holds as much as the whole: the days of the form are not heeded
        for smaller, held in cut:
            yield from self.split(smaller, held, found)

    def read(self, part: Part, found: set[str]) -> Generator[Request | Finding, Page, "Listing"]:
        """The list that a search gives, and those of its cases that concern the window."""
        listing = yield from self.search(part)
        found.update(case.key for case in listing.cases)
        for row in listing.unreadable:
            yield Problem(str(part), unreadable(row))
        # The screen of a case can only be asked for from the list that was searched for last.
        for case in listing.cases:
            if case.key not in self.told and self.concerns(case):
                yield from self.tell(part, case)
                self.told.add(case.key)
        # Fewer rows than another list had are not a full list: smaller searches would not help.
        self.most = max(self.most, listing.rows)
        listing.cut = listing.rows < listing.total and listing.rows in (0, self.most)
        return listing

    def search(self, part: Part) -> Generator[Request | Finding, Page, "Listing"]:
        """The list that a search gives, all pages of it."""
        page = yield from self.screen(3, 3)
        form = open_page(page, SLUG, expects="form[name=main]").select_one("form[name=main]")
        assert form is not None
        page = yield _request(part.fields(form_fields(form)))
        answer = open_page(page, SLUG, expects="body")
        if answer.select_one("table.list-data") is None:
            shown = normalize("NFKC", words(answer))
            stated = _ASKED.search(shown)
            total = _number(stated[1]) if stated else 0
            if (stated and not total) or (not stated and _NONE.search(shown)):
                return Listing(0)
            open_page(page, SLUG, expects=_SHOW)
            if total > AT_MOST and part.method is None:
                return Listing(total)  # it will be split by method, which needs none of its rows
            page = yield from self.screen(4, 3)
        listing, more = _list(page)
        if listing.total and not listing.cases:
            raise no_rows(SLUG, SCREENS)
        keys = {case.key for case in listing.cases}
        while more and listing.rows < listing.total:
            following, more = _list((yield from self.screen(5, 6)))
            new = [case for case in following.cases if case.key not in keys]
            listing.cases += new
            listing.unreadable += following.unreadable
            if not new:
                break  # it leads in a circle, or beyond the end
            keys.update(case.key for case in new)
        return listing

    def concerns(self, case: Case) -> bool:
        """Whether a case was published in the window, or withdrawn in it."""
        since, until = self.window.since, self.window.until or date.max
        withdrawn = tokyo.day_after(case.title.withdrawn or "", case.published)
        return since <= case.published <= until or (withdrawn is not None and since <= withdrawn <= until)

    def tell(self, part: Part, case: Case) -> Generator[Request | Finding, Page, None]:
        """A case with what its own screen says."""
        try:
            fields = (("index", case.index), ("cont_no", case.key), ("consGoodsType", part.kind))
            notice = notice_of(case, _details((yield from self.screen(7, 3, *fields)), case), part.kind)
        except ScrapeError as error:
            self.failures += 1
            lost = isinstance(error, SourceChanged) and not self.renewed  # the session, perhaps
            if lost or isinstance(error, Refused) or self.failures == GIVE_UP_AFTER:
                raise
            yield Problem(f"{LISTS[part.kind]} {case.number}", error.saying)
        else:
            self.failures = 0
            yield notice


def _request(form: Fields) -> Request:
    return Request(SCREENS, form=form, headers=(("Referer", SCREENS),), encoding=ENCODING)


@dataclass(slots=True)
class Listing:
    """A list: the total that it states, and what was read of it."""

    total: int
    cases: list[Case] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """Rows that are no case."""
    cut: bool = False
    """Whether it holds only a part of what it states."""

    @property
    def rows(self) -> int:
        return len(self.cases) + len(self.unreadable)


def _list(page: Page) -> tuple[Listing, bool]:
    """One page of a list, and whether there is a next one.

    Raises SourceChanged where it is no list, or one without the total.
    """
    document = open_page(page, SLUG, expects="table.list-data")
    stated = _TOTAL.search(normalize("NFKC", words(document)))
    if not stated:
        raise SourceChanged(
            "tokyo_eproc_desktop: a list does not state its total (総件数); look at {address} in a browser, "
            "its layout may have changed",
            address=ENTRANCE,
        )
    listing = Listing(_number(stated[1]))
    where = f"{SLUG}: {SCREENS}"
    for row in find_table(document, COLUMNS, where, optional=frozenset({"item", "trade"})):
        case = _case(row)
        if case is None:
            listing.unreadable.append(" | ".join(filter(None, map(row.text, COLUMNS))))
        else:
            listing.cases.append(case)
    return listing, document.select_one(_NEXT) is not None


def _case(row: Row) -> Case | None:
    """A row as a case; None for one without the link, the title or the day that every case has."""
    cell = row.cells.get("title")
    anchor = cell.select_one("a") if cell is not None else None
    called = _CASE.search(f"{anchor.get('href')} {anchor.get('onclick')}") if anchor is not None else None
    values = {name: row.text(name) for name in COLUMNS}
    title, published = tokyo_cases.read_title(values["title"]), parse_date(values["published"])
    if not called or not title.text or not published:
        return None
    number = tokyo_cases.contract_number(values["number"])
    return Case(called[1], called[2], number, title, values["title"], published, values)


def _details(page: Page, case: Case) -> dict[str, str]:
    """Label → value of a case's own screen. Raises SourceChanged where it is not the screen of this case."""
    document = open_page(page, SLUG, expects="table")
    details: dict[str, str] = {}
    for table in document.find_all("table"):
        pairs = list(_pairs(table))
        if table.find("table") is None and any(label in NAMES for label, _ in pairs):
            for label, value in pairs:
                details.setdefault(label, value)
    number, title = tokyo.as_written(details.get("契約番号", "")), clean_title(details.get("件名", ""))
    same_number = bool(case.number) and case.number in number
    if not same_number and fold(case.title.text) not in fold(title):
        raise SourceChanged(
            "tokyo_eproc_desktop: the screen of call {number} shows “{shown}” as its 契約番号 and 件名; "
            "look at it in a browser, its layout may have changed",
            number=case.number,
            shown=" ".join(filter(None, (number, title))),
        )
    return details


def _pairs(table: Tag) -> Iterator[tuple[str, str]]:
    """The labels of a table and their values: its cells in pairs."""
    for row in table.find_all("tr"):
        cells = row.find_all(["th", "td"])
        for label, value in zip(cells[::2], cells[1::2], strict=False):
            yield "".join(normalize("NFKC", words(label)).split()).rstrip(":"), words(value)


def notice_of(case: Case, details: dict[str, str], kind: str) -> ScrapedNotice:
    """A case as a notice: what its own screen says, and what only the list says."""
    values = case.values
    opening = details.get("開札予定日時", "")
    text = [(label, value) for label, value in details.items() if label not in ELSEWHERE]
    for name in ("number", "item", "trade", "period", "order_rank"):
        if not any(label.startswith(COLUMNS[name]) for label, value in text if value):
            text.append((COLUMNS[name], values[name]))
    return tokyo_cases.notice_of(
        SLUG,
        url=ENTRANCE,
        works=kind == WORKS,
        key=case.key,
        number=case.number,
        title=case.title,
        written=case.written,
        published=case.published,
        section=details.get("担当局部課") or values["section"],
        method=details.get("契約方法") or values["method"],
        ranks=details.get("受付等級") or values["ranks"],
        place=details.get("履行場所", ""),
        dates={
            "希望申請期間": tokyo.period(details.get("希望申請期間") or values["application"], case.published),
            "開札予定日時": tokyo.moment(opening) or tokyo.as_written(opening),
        },
        text=tokyo.as_text([*text, ("電子調達", "対象" if case.title.electronic else "")]),
    )


def _number(written: str) -> int:
    return int(written.replace(",", ""))
