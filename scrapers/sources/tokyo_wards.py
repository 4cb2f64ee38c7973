"""e-Tokyo, the electronic procurement system that Tokyo's wards and cities run together: its lists of calls."""

import re
from collections.abc import Generator
from dataclasses import dataclass
from itertools import count
from typing import ClassVar
from unicodedata import normalize

from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import parse_date
from db.vocabulary.messages import Saying
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from db.vocabulary.text import clean_title
from scrapers import tokyo
from scrapers.errors import SourceChanged
from scrapers.forms import Fields, filled, form_fields
from scrapers.html import lines, no_rows, open_page, unreadable, words
from scrapers.kinds import kind_of
from scrapers.source import Finding, Page, Request, Source, Steps, Window

SCREENS = "https://www.e-tokyo.lg.jp/choutatu_ppij/ppij/pub"
ENCODING = "cp932"
ROWS = 100
"""Rows asked for on a page."""
METHODS = {"一般": "一般競争入札", "希望": "希望型指名競争", "指名": "指名競争入札", "総合": "総合評価方式"}
"""How the lists shorten methods."""


@dataclass(frozen=True, slots=True)
class List:
    """One of the two lists, by the numbers (``a``) of its screens."""

    name: str
    form: str
    search: str
    """Where the form itself does not say it."""
    following: str
    """The next page, where the list itself does not say it."""
    works: bool


LISTS = (
    List("工事", form="1", search="3", following="5", works=True),
    List("物品", form="2", search="8", following="10", works=False),
)
NOTHING = "該当する案件はありません"
LOST = re.compile("セッションタイムアウト|セッションが切れ")

_PAGES = re.compile(r"(\d+)\s*/\s*(\d+)")
_TOTAL = re.compile(r"全\s*([\d,]+)\s*件")
_CASE = re.compile(r"listSubmit\(\s*'P002'\s*,\s*'\d+'\s*,\s*'(\d{4}:\d+:\d+:\d+)'")
_DAY = re.compile(r"\d{4}/\d{1,2}/\d{1,2}(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?")


class TokyoWards(Source):
    """東京電子自治体共同運営 電子調達サービス: calls of the wards and cities of Tokyo.

    Owner: 東京電子自治体共同運営協議会, the council of the wards, cities, towns and villages that share the system.
    Covers: 発注案件情報 of 56 bodies, works as well as goods and services.
    Terms: robots.txt was reported to disallow everything; the source is used only with written permission.
        Once a day, a second or more between requests, a contact in the User-Agent.
    Caveats: only the lists are read. A call's own screen (listSubmit P002, 7) was never seen, so that planned
        price, place and the rule that bidders be of the ward are missing; nor does an address lead to it. The
        numbers of the screens for the next page of works are taken from the list itself, or else inferred from
        those of goods. The list of works holds surveys and designs, too.
    """

    slug: ClassVar[str] = "tokyo_wards"
    name: ClassVar[str] = "東京電子自治体共同運営 電子調達サービス"
    name_en: ClassVar[str] = "e-Tokyo, Shared e-Procurement of Tokyo's Wards and Cities"
    homepage: ClassVar[str] = "https://www.e-tokyo.lg.jp/"
    jurisdiction: ClassVar[str] = "local"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 14
    pause_seconds: ClassVar[float] = 1.5

    def steps(self, window: Window) -> Steps:
        visit = _Visit(window)
        yield from visit.open()
        for one in LISTS:
            try:
                yield from visit.read(one)
            except SourceChanged:
                # The session may have run out: it is opened anew, once in a crawl.
                if visit.renewed:
                    raise
                visit.renewed = True
                yield from visit.open()
                yield from visit.read(one)


class _Visit:
    """One crawl: the session, and what was seen."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.seen: set[str] = set()
        self.renewed = False

    def open(self) -> Generator[Request | Finding, Page, None]:
        """The frameset and its two frames, as a browser opens them: their cookies are the session."""
        page = yield Request(SCREENS)
        open_page(page, TokyoWards.slug, expects="frameset, frame, iframe, form")
        for frame in ("1", "2"):
            yield Request(SCREENS, params=(("s", "P001"), ("a", frame)))

    def read(self, one: List) -> Generator[Request | Finding, Page, None]:
        """All pages of a list as notices. Raises SourceChanged where one of them is not as it is known."""
        page = yield _request((("s", "P002"), ("a", one.form)))
        document = _screen(page, expects="input[name=govCode]")
        answer = _answer((yield _request(self._search(document, one))))
        if answer is None:
            yield Coverage(one.name, 0, 0, complete=True)
            return
        found: set[str] = set()
        total: int | None = None
        for number in count(1):
            current, pages, total = _counter(answer)
            if current != number:
                raise SourceChanged(
                    "tokyo_wards: page {number} of the list {list} says it is page {current}; "
                    "look at {address} in a browser, paging may have changed",
                    number=number,
                    list=one.name,
                    current=current,
                    address=SCREENS,
                )
            yield from self._rows(answer, one, found)
            if current >= pages:
                break
            following = _act(answer, "次", r"\w*Submit") or one.following
            answer = _screen((yield _request((("s", "P002"), ("a", following)))), expects="table.list-table")
        yield from tokyo.counted(one.name, len(found), total)

    def _search(self, document: BeautifulSoup, one: List) -> Fields:
        """The form, with every body ticked, for the days of the window."""
        box = document.select_one("input[name=govCode]")
        form = box.find_parent("form") if box else None
        if form is None:
            raise SourceChanged(
                "tokyo_wards: the boxes of the bodies stand in no form; look at {address} in a browser",
                address=SCREENS,
            )
        until = self.window.until or self.window.now.date()
        values = [("s", "P002"), ("a", _act(document, "検索", "searchSubmit") or one.search)]
        values += [("govCode", str(box.get("value"))) for box in form.select("input[name=govCode]")]
        values += [("year", ""), ("pubStDate", f"{self.window.since:%Y%m%d}"), ("pubEndDate", f"{until:%Y%m%d}")]
        return filled(form_fields(form), [*values, ("maxDispRowCount", str(ROWS))])

    def _rows(self, document: BeautifulSoup, one: List, found: set[str]) -> Generator[Request | Finding, Page, None]:
        table = document.select_one("table.list-table")
        assert table is not None
        rows = [row for row in table.find_all("tr") if row.select_one("td.list-data-akname")]
        if not rows:
            raise no_rows(TokyoWards.slug, SCREENS)
        read = [notice_of(row, works=one.works) for row in rows]
        if all(isinstance(notice, Saying) for notice in read):
            raise SourceChanged(
                "tokyo_wards: no row of the list {list} can be read; look at {address} in a browser, "
                "its columns may have changed",
                list=one.name,
                address=SCREENS,
            )
        for notice in read:
            if isinstance(notice, Saying):
                yield Problem(one.name, notice)
                continue
            found.add(notice.key)
            if notice.key not in self.seen and (self.window.until is None or notice.published <= self.window.until):
                self.seen.add(notice.key)
                yield notice


def _request(form: Fields) -> Request:
    return Request(SCREENS, form=form, headers=(("Referer", SCREENS),), encoding=ENCODING)


def _screen(page: Page, *, expects: str) -> BeautifulSoup:
    """A screen. Raises SourceChanged where it is another one, or the session is lost."""
    if LOST.search(words(open_page(page, TokyoWards.slug, expects="body"))):
        raise SourceChanged("tokyo_wards: the session at {address} was lost; it is asked for again", address=SCREENS)
    return open_page(page, TokyoWards.slug, expects=expects)


def _answer(page: Page) -> BeautifulSoup | None:
    """The list that a search gives; None where it says that there is nothing."""
    document = open_page(page, TokyoWards.slug, expects="body")
    if document.select_one("table.list-table") is None and NOTHING in words(document):
        return None
    return _screen(page, expects="table.list-table")


def _counter(document: BeautifulSoup) -> tuple[int, int, int | None]:
    """The page's number, how many pages there are, and how many calls, where that is stated: 全103件 (1/3)."""
    shown = normalize("NFKC", words(document.select_one("td.list-count-disp")))
    pages, total = _PAGES.search(shown), _TOTAL.search(shown)
    if pages is None:
        raise SourceChanged(
            "tokyo_wards: a list does not state its number of pages (td.list-count-disp: “{shown}”); "
            "look at {address} in a browser, its layout may have changed",
            shown=shown[:60],
            address=SCREENS,
        )
    return int(pages[1]), int(pages[2]), int(total[1].replace(",", "")) if total else None


def _act(document: BeautifulSoup, label: str, function: str) -> str | None:
    """The number of the screen (``a``) to which the first link or button with this label submits."""
    for tag in document.select("a, input, button"):
        if label in words(tag) or label in str(tag.get("value") or ""):
            called = re.search(rf"{function}\(\s*'P002'\s*,\s*'(\d+)'", f"{tag.get('href')} {tag.get('onclick')}")
            if called:
                return called[1]
    return None


def notice_of(row: Tag, *, works: bool) -> ScrapedNotice | Saying:
    """A row as a notice, or what makes it unusable.

    Its columns: the body, the title, one that was never described, 公表日時, 入札締切, 開札, 方式, 申請期間.
    """
    anchor = row.select_one("td.list-data-akname a")
    called = _CASE.search(f"{anchor.get('href')} {anchor.get('onclick')}") if anchor else None
    cells = [lines(cell) for cell in row.find_all("td") if "list-data-akname" not in (cell.get("class") or [])]
    first = next((place for place, cell in enumerate(cells) if _DAY.fullmatch(cell)), 0)
    if anchor is None or called is None or not first or len(cells) - first != 5:
        return unreadable(words(row))
    published_at, deadline, opening, method, applications = cells[first:]
    written, body = words(anchor), cells[0]
    published, title = parse_date(published_at), clean_title(words(anchor))
    if published is None or not title or not all(_is_moment(cell) for cell in (deadline, opening)):
        return unreadable(words(row))
    dates = {
        "公表日時": tokyo.moment(published_at) if tokyo.exact(published_at) else None,
        "入札締切": _stated(deadline) if not tokyo.exact(deadline) else None,
        "開札": _stated(opening),
        "申請期間": tokyo.period(applications, published),
    }
    method = _method(method)
    return ScrapedNotice(
        source=TokyoWards.slug,
        key=called[1],
        title=title,
        title_original=written if written != title else None,
        kind=kind_of(title, method),
        published=published,
        url=SCREENS,
        buyer=body or None,
        prefecture=tokyo.PREFECTURE,
        city=body if body.endswith(("区", "市", "町", "村")) else None,
        category=tokyo.category_of(title, works=works),
        method=method or None,
        deadline=tokyo.exact(deadline),
        portal_dates=tuple((name, value) for name, value in dates.items() if value),
        text="\n".join(filter(None, (" ".join(cell.split("\n")) for cell in cells[1:first]))),
    )


def _stated(cell: str) -> str | None:
    """A moment, or the words in its place: 未定."""
    return tokyo.moment(cell) or (tokyo.as_written(cell) if re.search(r"\w", cell) else None)


def _is_moment(cell: str) -> bool:
    return not cell or bool(_DAY.fullmatch(cell)) or not any(character.isdigit() for character in cell)


def _method(written: str) -> str:
    """一般 and 総合, on a line each, are 一般競争入札(総合評価方式); a method that is written out stays as it is."""
    names = [METHODS.get(line, line) for line in map(tokyo.as_written, written.split("\n")) if line]
    return names[0] + "".join(f"({name})" for name in names[1:]) if names else ""
