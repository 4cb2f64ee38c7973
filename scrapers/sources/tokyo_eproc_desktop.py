"""Tokyo's electronic procurement system by its screens for desktops: lists, and what each call's own screen says."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import ClassVar
from unicodedata import normalize

from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import parse_date
from db.vocabulary.messages import Saying
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from db.vocabulary.text import fold
from scrapers import tokyo
from scrapers.errors import Refused, ScrapeError, SourceChanged
from scrapers.forms import Fields, filled, form_fields
from scrapers.html import Row, find_table, no_rows, open_page, unreadable, words
from scrapers.kinds import kind_of
from scrapers.source import Finding, Page, Request, Source, Steps, Window

SCREENS = f"{tokyo.E_PROCUREMENT}/SrvPublish"
ENTRANCE = f"{tokyo.E_PROCUREMENT}/indexPbi.jsp"
"""Where a person begins; no address leads to a single call."""
ENCODING = "cp932"
AT_MOST = 500
"""Rows that a list gives, however many the screen says there are."""
GIVE_UP_AFTER = 3
"""Calls in a row whose own screen cannot be read: then it is not the calls."""
GOODS_AND_SERVICES, WORKS = "2", "1"
LISTS = {GOODS_AND_SERVICES: "物品・委託", WORKS: "工事"}
"""consgoods → what the list holds."""
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
        values = [
            ("page", "4"),
            ("act", "1"),
            ("consgoods", self.kind),
            ("hConsgoods", self.kind),
            (choice, self.kind),
        ]
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
    number: str
    """契約番号, which repeats."""
    cont_no: str
    """The one that does not."""
    title: tokyo.CaseTitle
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

    slug: ClassVar[str] = "tokyo_eproc_desktop"
    name: ClassVar[str] = "東京都電子調達システム 入札情報サービス"
    name_en: ClassVar[str] = "Tokyo Metropolitan Government e-Procurement (with details)"
    homepage: ClassVar[str] = f"{tokyo.E_PROCUREMENT}/"
    jurisdiction: ClassVar[str] = "local"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 3
    pause_seconds: ClassVar[float] = 1.5

    def steps(self, window: Window) -> Steps:
        visit = _Visit(window)
        yield from visit.open()
        found = {}
        for kind in LISTS:
            tally = yield from visit.read(Part(kind))
            found[kind] = len(tally.keys)
            yield Coverage(LISTS[kind], found[kind], tally.total, complete=found[kind] == tally.total)
            if found[kind] != tally.total:
                yield Problem(
                    LISTS[kind],
                    Saying(
                        "the list states {total} calls and gave {found}; the rest will be asked for again",
                        {"total": str(tally.total), "found": str(found[kind])},
                    ),
                )
        if not any(found.values()):
            raise SourceChanged(
                "tokyo_eproc_desktop: both lists are empty, where hundreds of calls are always open; "
                "look at {address} in a browser, the form may have changed",
                address=ENTRANCE,
            )
        if not found[GOODS_AND_SERVICES]:
            yield Problem(
                LISTS[GOODS_AND_SERVICES],
                Saying("the list is empty, where hundreds of calls are always open; the form may have changed"),
            )


@dataclass(slots=True)
class Tally:
    """What a search found: the total that the screen states, and the cases that were read."""

    total: int
    keys: set[str]


class _Visit:
    """One crawl: the session, what was seen, and how many rows a list has held at most."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.today = window.now.date()
        self.told: set[str] = set()
        self.most = 0
        self.renewed = False
        self.failures = 0

    def screen(self, page: int, act: int, *more: tuple[str, str]) -> Generator[Request | Finding, Page, Page]:
        return (yield _request((("page", str(page)), ("act", str(act)), *more)))

    def open(self) -> Generator[Request | Finding, Page, None]:
        """The entrance: its cookies are the session."""
        page = yield from self.screen(1, 1, ("direct", "1"))
        open_page(page, TokyoEprocDesktop.slug, expects="form")

    def read(self, part: Part) -> Generator[Request | Finding, Page, Tally]:
        """Everything in a part, splitting it as often as needed."""
        listing = yield from self.search(part)
        tally = Tally(listing.total, {case.cont_no for case in listing.cases})
        for row in listing.unreadable:
            yield Problem(str(part), unreadable(row))
        yield from self.tell(part, listing.cases)
        self.most = max(self.most, listing.rows)
        # Fewer rows than another list had are not a full list: smaller searches would not help.
        if listing.rows < listing.total and listing.rows in (0, self.most):
            for smaller in part.smaller(self.today):
                tally.keys |= (yield from self.read(smaller)).keys
        return tally

    def search(self, part: Part) -> Generator[Request | Finding, Page, "Listing"]:
        """The list that a search gives. Where the session is lost it is opened anew, once in a crawl."""
        try:
            return (yield from self._search(part))
        except SourceChanged:
            if self.renewed:
                raise
        self.renewed = True
        yield from self.open()
        return (yield from self._search(part))

    def _search(self, part: Part) -> Generator[Request | Finding, Page, "Listing"]:
        page = yield from self.screen(3, 3)
        form = open_page(page, TokyoEprocDesktop.slug, expects="form[name=main]").select_one("form[name=main]")
        assert form is not None
        page = yield _request(part.fields(form_fields(form)))
        answer = open_page(page, TokyoEprocDesktop.slug, expects="body")
        if answer.select_one("table.list-data") is None:
            shown = _one_width(words(answer))
            stated = _ASKED.search(shown)
            total = _number(stated[1]) if stated else 0
            if (stated and not total) or (not stated and _NONE.search(shown)):
                return Listing(0)
            open_page(page, TokyoEprocDesktop.slug, expects=_SHOW)
            if total > AT_MOST and part.smaller(self.today):
                return Listing(total)
            page = yield from self.screen(4, 3)
        listing, more = _list(page)
        keys = {case.cont_no for case in listing.cases}
        while more and listing.rows < listing.total:
            following, more = _list((yield from self.screen(5, 6)))
            new = [case for case in following.cases if case.cont_no not in keys]
            if not new:
                break
            keys.update(case.cont_no for case in new)
            listing.cases += new
            listing.unreadable += following.unreadable
        return listing

    def tell(self, part: Part, cases: list[Case]) -> Generator[Request | Finding, Page, None]:
        """The cases of a list that concern the window, each with what its own screen says."""
        for case in cases:
            if case.cont_no not in self.told and self._concerns(case):
                self.told.add(case.cont_no)
                yield from self._tell(part, case)

    def _concerns(self, case: Case) -> bool:
        """Whether a case was published in the window, or withdrawn in it."""
        since, until = self.window.since, self.window.until or date.max
        withdrawn = tokyo.day_after(case.title.withdrawn or "", case.published)
        return since <= case.published <= until or (withdrawn is not None and since <= withdrawn <= until)

    def _tell(self, part: Part, case: Case) -> Generator[Request | Finding, Page, None]:
        try:
            fields = (("index", case.index), ("cont_no", case.cont_no), ("consGoodsType", part.kind))
            notice = notice_of(case, _details((yield from self.screen(7, 3, *fields)), case), part.kind)
        except ScrapeError as error:
            if isinstance(error, SourceChanged) and not self.renewed:
                self.renewed = True
                yield from self.open()
                yield from self._search(part)  # a case is shown from the list that was searched for last
                yield from self._tell(part, case)
                return
            self.failures += 1
            if isinstance(error, Refused) or self.failures == GIVE_UP_AFTER:
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

    @property
    def rows(self) -> int:
        return len(self.cases) + len(self.unreadable)


def _list(page: Page) -> tuple[Listing, bool]:
    """One page of a list, and whether there is a next one.

    Raises SourceChanged where it is no list, or one without the total, or without a row that is a case.
    """
    document = open_page(page, TokyoEprocDesktop.slug, expects="table.list-data")
    stated = _TOTAL.search(_one_width(words(document)))
    if not stated:
        raise SourceChanged(
            "tokyo_eproc_desktop: a list does not state its total (総件数); look at {address} in a browser, "
            "its layout may have changed",
            address=ENTRANCE,
        )
    listing = Listing(_number(stated[1]))
    where = f"{TokyoEprocDesktop.slug}: {SCREENS}"
    for row in find_table(document, COLUMNS, where, optional=frozenset({"item", "trade"})):
        case = _case(row)
        if case is None:
            listing.unreadable.append(" | ".join(filter(None, map(row.text, COLUMNS))))
        else:
            listing.cases.append(case)
    if listing.total and not listing.cases:
        raise no_rows(TokyoEprocDesktop.slug, SCREENS)
    return listing, document.select_one(_NEXT) is not None


def _case(row: Row) -> Case | None:
    """A row as a case; None for one without the link that every case has."""
    anchor = row.cells["title"].select_one("a")
    called = _CASE.search(f"{anchor.get('href')} {anchor.get('onclick')}") if anchor else None
    published = parse_date(row.text("published"))
    if not called or not published:
        return None
    written = row.text("title")
    values = {name: row.text(name) for name in COLUMNS}
    title = tokyo.read_title(written)
    return Case(called[1], tokyo.contract_number(values["number"]), called[2], title, written, published, values)


def _details(page: Page, case: Case) -> dict[str, str]:
    """Label → value of a case's own screen. Raises SourceChanged where it is not the screen of this case."""
    document = open_page(page, TokyoEprocDesktop.slug, expects="table")
    details: dict[str, str] = {}
    for label, value in _labelled(document):
        details.setdefault(label, value)
    same_number = bool(case.number) and case.number in tokyo.as_written(details.get("契約番号", ""))
    same_title = bool(case.title.text) and fold(case.title.text) in fold(details.get("件名", ""))
    if not same_number and not same_title:
        raise SourceChanged(
            "tokyo_eproc_desktop: the screen of call {number} shows “{shown}” as its 契約番号 and 件名; "
            "look at it in a browser, its layout may have changed",
            number=case.number,
            shown=" ".join(filter(None, (details.get("契約番号"), details.get("件名")))),
        )
    return details


def _labelled(document: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """The labels and values of the tables in which 契約番号 or 件名 is a label."""
    for table in document.find_all("table"):
        if table.find("table"):
            continue  # layout around the tables
        pairs = [pair for row in table.find_all("tr") for pair in _pairs(row)]
        if any(label in ("契約番号", "件名") for label, _ in pairs):
            yield from pairs


def _pairs(row: Tag) -> Iterator[tuple[str, str]]:
    """The labels of a row, each with the value in the cells behind it: th and td, or else cells in pairs."""
    cells = row.find_all(["th", "td"])
    headed = row.find("th") is not None
    label, value = "", list[str]()
    for place, cell in enumerate(cells):
        if cell.name == "th" if headed else place % 2 == 0:
            if label:
                yield label, " ".join(filter(None, value))
            label, value = "".join(normalize("NFKC", words(cell)).split()).rstrip(":"), []
        else:
            value.append(words(cell))
    if label:
        yield label, " ".join(filter(None, value))


def notice_of(case: Case, details: dict[str, str], kind: str) -> ScrapedNotice:
    """A case as a notice: what its own screen says, and what only the list says."""
    works, title, values = kind == WORKS, case.title, case.values
    method = tokyo.as_written(details.get("契約方法") or values["method"])
    ranks = tokyo.as_written(details.get("受付等級") or values["ranks"])
    application = details.get("希望申請期間") or values["application"]
    opening = details.get("開札予定日時", "")
    dates = {
        "希望申請期間": tokyo.period(application, case.published),
        "開札予定日時": tokyo.moment(opening) or tokyo.as_written(opening),
    }
    text = [(label, value) for label, value in details.items() if label not in ELSEWHERE]
    for name in ("number", "item", "trade", "period", "order_rank"):
        if not any(label.startswith(COLUMNS[name]) for label, value in text if value):
            text.append((COLUMNS[name], values[name]))
    return ScrapedNotice(
        source=TokyoEprocDesktop.slug,
        key=case.cont_no,
        title=title.text,
        title_original=case.written if case.written != title.text else None,
        kind=NoticeKind.CANCELLATION if title.withdrawn else kind_of(title.text, method),
        published=case.published,
        url=ENTRANCE,
        buyer=tokyo.buyer(details.get("担当局部課") or values["section"]),
        prefecture=tokyo.PREFECTURE,
        place=details.get("履行場所") or None,
        category=tokyo.category_of(title.text, works=works),
        method=method or None,
        qualification=f"受付等級 {ranks}" if ranks else None,
        portal_dates=tuple((name, value) for name, value in dates.items() if value),
        references=((tokyo.CASE, case.cont_no), *(((tokyo.CONTRACT_NUMBER, case.number),) if case.number else ())),
        status=title.status,
        text=tokyo.as_text([*text, ("電子調達", "対象" if title.electronic else "")]),
    )


def _one_width(text: str) -> str:
    return normalize("NFKC", text)


def _number(written: str) -> int:
    return int(written.replace(",", ""))
