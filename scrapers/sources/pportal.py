"""The search of p-portal: a form in a session, an answer of at most 500 cases, and a page for each notice."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import ClassVar

from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import find_dates
from db.vocabulary.labels import Prefecture
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Attachment, Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from db.vocabulary.text import clean_title, fold
from scrapers.errors import Refused, ScrapeError, SourceChanged
from scrapers.forms import Fields, field_of, filled, form_fields
from scrapers.html import Row, find_table, lines, no_rows, open_page, text_of, words
from scrapers.kinds import kind_of
from scrapers.source import Finding, Page, Request, Source, Steps, Window

HOST = "https://www.p-portal.go.jp"
SEARCH_PAGE = f"{HOST}/pps-web-biz/UAA01/OAA0101"
SEARCH = f"{HOST}/pps-web-biz/UAA01/OAA0100"
RESULTS = f"{HOST}/pps-web-biz/UAA01/OAA0106"
DETAIL = f"{HOST}/pps-web-biz/UAA01/OAA0104"
FORM = "form#tri_WAA0101FM01"
BEAN = "searchConditionBean."
ORGANS = f"{BEAN}govementProcurementOraganBean."  # their spelling
AT_MOST = 500
"""Cases in one answer, however many the portal says it has found."""
PAGE_SIZE = 50
"""Cases on a page; asking for more gives as many."""
CLASSES = {"02": "物品・役務", "03": "簡易な公共事業"}
TITLE_WORDS = (
    *("業務", "購入", "修繕", "点検", "更新", "工事", "製造", "作業", "改修", "整備", "賃貸借", "調査", "契約", "買"),
    *("年度", "一式", "事務所", "外", "他", "の", "ー", "用", "機", "装置", "教育"),
)
"""With which a part is asked for that nothing else splits; most titles have one of them."""
GIVE_UP_AFTER = 3
"""Requests in a row without a usable answer: then the portal is down, and the rest is not asked."""

LOST_SESSION = "不正な操作が行われました"
NONE_FOUND = "合致する調達案件情報がありません"
_HITS = re.compile(r"検索結果([0-9,]{1,9})件見つかりました")
_NOTICE = re.compile(r"procurementItemInfoId['\"]?\s*,\s*value\s*:\s*['\"]?([0-9A-Za-z]+)")
_NO_VALUE = frozenset("-‐－―")
_PREFECTURES = frozenset(one.value for one in Prefecture)

COLUMNS = {
    "number": "調達案件番号",
    "title": "調達案件名称",
    "organ": "調達機関",
    "place": "所在地",
    "information": "資料提供招請",
    "comments": "意見招請",
    "procurement": "調達実施案件公示",
    "award": "落札公示",
}
NOTICE_COLUMNS = {
    "information": NoticeKind.INFORMATION_REQUEST,
    "comments": NoticeKind.COMMENT_REQUEST,
    "procurement": NoticeKind.TENDER,
    "award": NoticeKind.AWARD,
}
KINDS = (
    ("予定", NoticeKind.PLANNED),
    ("セミナー", NoticeKind.OTHER),
    ("資料提供招請", NoticeKind.INFORMATION_REQUEST),
    ("意見招請", NoticeKind.COMMENT_REQUEST),
    ("落札者等", NoticeKind.AWARD),
    ("プロポーザル", NoticeKind.PROPOSAL_CALL),
    ("オープンカウンタ", NoticeKind.QUOTATION),
    # It tells with whom a contract is going to be made without competition; nobody can bid.
    ("随意契約", NoticeKind.OTHER),
    ("競争入札", NoticeKind.TENDER),
)
"""Words of 調達種別 → kind; the first that fits decides."""
CORRECTIONS = (NoticeKind.AMENDMENT, NoticeKind.CANCELLATION)
"""What only the title tells: the portal files them under what they correct."""
CALLS = (*CORRECTIONS, NoticeKind.PROPOSAL_CALL, NoticeKind.QUOTATION)
"""What a title may make of a notice of which only the column 調達実施案件公示 is known."""


class PPortal(Source):
    """調達ポータル: all notices of central government, filed by the ministries themselves.

    Owner: Digital Agency (デジタル庁), Japan.
    Covers: ministries and agencies: requests for information and comments, calls of all procedures, awards;
        those that are public at the moment, 73 to 211 a day.
    Terms: name the source (出典：調達ポータル（デジタル庁）); documents lie behind a form and are only linked.
    Caveats: a session with a token; an answer holds at most 500 cases, so a larger one is split by day, ministry,
        prefecture, class and words of the title. A notice has no address of its own: readers are sent to the
        search page with the number of the case, which some cases lack (‐). 公開終了日 is the day on which the
        notice goes off the portal, never the deadline.
    """

    slug: ClassVar[str] = "pportal"
    name: ClassVar[str] = "調達ポータル"
    name_en: ClassVar[str] = "p-portal, tenders of central government"
    homepage: ClassVar[str] = "https://www.p-portal.go.jp/"
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 12
    look_back_days: ClassVar[int] = 2
    pause_seconds: ClassVar[float] = 1.0
    max_bytes: ClassVar[int] = 8 << 20

    def steps(self, window: Window) -> Steps:
        visit = _Visit(window)
        whole = Part(window.since, window.until or window.now.date())
        tally = yield from visit.read(whole)
        yield Coverage(str(whole), tally.rows, tally.hits, tally.complete)
        places = {list(Prefecture)[int(code) - 1].value for code in self.options.prefectures}
        for case in tally.cases.values():
            for listed in case.notices:
                inside = whole.since <= listed.published <= whole.until
                if inside and (not places or case.place in places):
                    yield from visit.read_notice(case, listed)


# What is asked


@dataclass(frozen=True, slots=True)
class Choice:
    """A box of the search form: the field that it sends, and what it is called."""

    field: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """One search: everything in it has to fit into one answer, or it is split."""

    since: date
    until: date
    organ: Choice | None = None
    prefecture: Choice | None = None
    cla: str | None = None
    word: str | None = None

    def fields(self) -> Iterator[tuple[str, str]]:
        yield f"{BEAN}caseDivision", "0"
        yield f"{BEAN}cla", self.cla or "01"
        yield f"{BEAN}articleNm", self.word or ""
        yield f"{BEAN}synonymClassification", "01"
        # Days with hyphens are taken without complaint, and find nothing.
        yield f"{BEAN}publicStartDateFrom", f"{self.since:%Y/%m/%d}"
        yield f"{BEAN}publicStartDateTo", f"{self.until:%Y/%m/%d}"
        for choice in (self.organ, self.prefecture):
            if choice is not None:
                yield choice.field, choice.value
        yield "OAA0102", "検索"

    def __str__(self) -> str:
        days = str(self.since) if self.since == self.until else f"{self.since}/{self.until}"
        labels = (choice.label for choice in (self.organ, self.prefecture) if choice is not None)
        return " ".join([days, *labels, *filter(None, (CLASSES.get(self.cla or ""), self.word))])

    def days(self) -> list["Part"]:
        """The part in two shorter periods; empty where it is one day already."""
        if self.since == self.until:
            return []
        last = self.since + (self.until - self.since) // 2
        return [replace(self, until=last), replace(self, since=last + timedelta(days=1))]

    def smaller(self, form: "Form") -> Iterator[list["Part"]]:
        """The ways to split a day further, coarse ones first; none that was used to make this part."""
        if self.organ is None and self.prefecture is None and self.cla is None and self.word is None:
            yield [replace(self, organ=organ) for organ in form.organs]
        if self.prefecture is None and self.cla is None and self.word is None:
            yield [replace(self, prefecture=prefecture) for prefecture in form.prefectures]
        if self.cla is None and self.word is None:
            yield [replace(self, cla=cla) for cla in CLASSES]
        if self.word is None:
            yield [replace(self, word=word) for word in TITLE_WORDS]


class Form:
    """The search form as the portal sent it: its hidden fields, and the boxes by which one can choose.

    The codes of ministries and prefectures are read from it, for new ministries get new ones.
    """

    def __init__(self, page: Page) -> None:
        document = _open(page, FORM)
        form = document.select_one(FORM)
        assert form is not None
        self._fields = form_fields(form)
        needed = ("_csrf", *(BEAN + name for name in ("articleNm", "publicStartDateFrom", "publicStartDateTo")))
        for name in needed:
            if field_of(self._fields, name) is None:
                raise SourceChanged(
                    "pportal: the search form has no field {name}; look at {address} in a browser, "
                    "the form has changed",
                    name=name,
                    address=SEARCH_PAGE,
                )
        self.csrf = field_of(self._fields, "_csrf") or ""
        self.organs = _boxes(form, f"{ORGANS}procurementOrgNm")
        self.prefectures = _boxes(form, f"{ORGANS}prefecture_")

    def asking(self, part: Part, csrf: str) -> Fields:
        return filled(self._fields, (("_csrf", csrf), *part.fields()))


def _boxes(form: Tag, name: str) -> tuple[Choice, ...]:
    labels = {str(label.get("for")): words(label) for label in form.find_all("label")}
    boxes = [tag for tag in form.find_all("input", type="checkbox") if str(tag.get("name")).startswith(name)]
    return tuple(
        Choice(str(box["name"]), value := str(box.get("value", "on")), labels.get(str(box.get("id")), value))
        for box in boxes
    )


# What is answered


class NoCountError(SourceChanged):
    """The answer to a search is a page of the portal, but states neither a number of cases nor that there is none."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A notice as the list shows it: where its page is, the column in which it stands, and its day."""

    key: str
    kind: NoticeKind
    published: date


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the list. One case may have several notices; its number may be missing (‐)."""

    number: str | None
    title: str
    organ: str
    place: str
    notices: tuple[Listed, ...]


@dataclass(slots=True)
class Tally:
    """How much of a part was read: its cases against the total that the portal stated."""

    hits: int
    cases: dict[tuple[str, ...], Case]
    """By the keys of their notices: the one thing that every case has and no two share."""
    unreadable: set[str] = field(default_factory=set)

    def take(self, other: "Tally") -> None:
        self.cases.update(other.cases)
        self.unreadable |= other.unreadable

    @property
    def rows(self) -> int:
        return len(self.cases) + len(self.unreadable)

    @property
    def complete(self) -> bool:
        return self.rows >= self.hits


class _Visit:
    """One crawl: the session, what failed, and how many cases an answer has held at most."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.form: Form | None = None
        self.csrf = ""
        self.failures = 0
        self.cap = 0
        self.read_any = False

    # The list

    def read(self, part: Part) -> Generator[Request | Finding, Page, Tally]:
        """Everything in a part, splitting it as often as needed. Raises what keeps the whole part from being read."""
        try:
            tally = yield from self.listing(part)
        except NoCountError:
            # Perhaps there are too many: how the portal says so was never seen.
            if not part.days():
                raise
            return (yield from self.read_apart(part.days()))
        if tally.complete or self.failures:
            return tally  # what broke off is asked for again the next time
        if days := part.days():
            for smaller in days:
                yield from self.add(smaller, tally)
            return tally
        if part.word is not None:
            return tally  # one sweep of several over the same cases
        if tally.rows < self.cap:
            # Fewer than another answer had are not a full answer: smaller parts would not help.
            yield self._missing(part, tally)
            return tally
        self.cap = max(self.cap, tally.rows)
        assert self.form is not None
        for way in part.smaller(self.form):
            told = False
            for smaller in way:
                told = (yield from self.add(smaller, tally)) or told
                if tally.complete:
                    return tally
            if told:
                return tally
        yield self._missing(part, tally)
        return tally

    def read_apart(self, parts: Iterable[Part]) -> Generator[Request | Finding, Page, Tally]:
        """Parts of which the whole was not answered. Raises where one of them is not answered either."""
        whole = Tally(0, {})
        missing = False
        for part in parts:
            tally = yield from self.read(part)
            whole.take(tally)
            whole.hits += tally.hits
            missing = missing or not tally.complete
        if not missing:
            whole.hits = whole.rows  # a case with notices in several parts was counted in each
        return whole

    def add(self, part: Part, to: Tally) -> Generator[Request | Finding, Page, bool]:
        """Reads a smaller part into a larger one; returns whether a Problem has told that some of it is missing."""
        try:
            tally = yield from self.read(part)
        except ScrapeError as error:
            yield self.fail(str(part), error)
            return True
        to.take(tally)
        return not tally.complete and part.word is None

    def listing(self, part: Part) -> Generator[Request | Finding, Page, Tally]:
        """The cases of one search, page by page. A later page that fails is a Problem, the first one is raised."""
        results = _Results((yield from self.search(part)))
        tally = Tally(results.hits, {})
        rows = yield from self.keep(results, part, tally)
        self.read_any = self.read_any or rows > 0
        if results.hits and not self.read_any:
            raise no_rows(PPortal.slug, RESULTS)
        # What has to be split in any case is not read to its end.
        pages = 1 if results.hits > AT_MOST and part.days() else -(-min(results.hits, AT_MOST) // PAGE_SIZE)
        for number in range(1, pages):
            if rows < PAGE_SIZE:
                break
            try:
                results = _Results((yield from self.following(part, number)))
                rows = yield from self.keep(results, part, tally)
            except ScrapeError as error:
                yield self.fail(f"{part}, page {number + 1}", error)
                return tally
        self._check_days(part, tally)
        self.failures = 0
        return tally

    def keep(self, results: "_Results", part: Part, tally: Tally) -> Generator[Request | Finding, Page, int]:
        """Takes the cases of a page into the tally; returns how many rows it has."""
        self.csrf = results.csrf or self.csrf
        rows = 0
        for found in results.cases():
            rows += 1
            if isinstance(found, Case):
                tally.cases[tuple(one.key for one in found.notices)] = found
            else:
                tally.unreadable.add(str(found))
                yield Problem(str(part), found)
        return rows

    # The session

    def search(self, part: Part) -> Generator[Request | Finding, Page, Page]:
        """The first page of a search."""
        if self.form is None:
            yield from self.begin()

        def request() -> Request:
            assert self.form is not None
            return Request(SEARCH, form=self.form.asking(part, self.csrf), headers=_FROM_THE_FORM)

        return (yield from self.insist(request, self.begin))

    def following(self, part: Part, number: int) -> Generator[Request | Finding, Page, Page]:
        """A later page of the search that the session holds; ``number`` counts from 0."""
        asked = (("page", str(number)), ("size", str(PAGE_SIZE)))

        def again() -> Generator[Request | Finding, Page, None]:
            yield from self.begin()
            self.csrf = _Results((yield from self.search(part))).csrf or self.csrf

        return (yield from self.insist(lambda: Request(RESULTS, asked, headers=_REFERER), again))

    def insist(
        self, request: Callable[[], Request], again: Callable[[], Generator[Request | Finding, Page, None]]
    ) -> Generator[Request | Finding, Page, Page]:
        """The answer to a request. Where the session was lost, it is asked for once more after ``again``."""
        page = yield request()
        if _session_is_lost(page):
            yield from again()
            page = yield request()
            if _session_is_lost(page):
                raise SourceChanged(
                    "pportal: took {address} for a wrong operation, also in a new session; "
                    "look in a browser whether the search works without a login",
                    address=page.request.url,
                )
        return page

    def begin(self) -> Generator[Request | Finding, Page, None]:
        """A new session: the cookie is the fetcher's, the token is in the form."""
        self.form = Form((yield Request(SEARCH_PAGE)))
        self.csrf = self.form.csrf

    def _check_days(self, part: Part, tally: Tally) -> None:
        days = [one.published for case in tally.cases.values() for one in case.notices]
        if days and not any(part.since <= day <= part.until for day in days):
            raise SourceChanged(
                "pportal: asked for {part}, and not one of {rows} cases is of these days; "
                "the names of the form's fields may have changed",
                part=part,
                rows=len(tally.cases),
            )

    @staticmethod
    def _missing(part: Part, tally: Tally) -> Problem:
        saying = Saying(
            "the portal states {hits} records and gave {rows}; the rest will be asked for again",
            {"hits": str(tally.hits), "rows": str(tally.rows)},
        )
        return Problem(str(part), saying)

    # The notices

    def read_notice(self, case: Case, listed: Listed) -> Steps:
        """The notice with its own page; where that cannot be read, a Problem: half a notice would be another version."""
        try:
            notice = notice_of(case, listed, (yield from self.detail(listed)))
        except ScrapeError as error:
            yield self.fail(listed.key, error)
        else:
            self.failures = 0
            yield notice

    def detail(self, listed: Listed) -> Generator[Request | Finding, Page, BeautifulSoup]:
        def request() -> Request:
            asked = (("_csrf", self.csrf), ("procurementItemInfoId", listed.key), ("SyFromFlg", "1"))
            return Request(DETAIL, form=asked, headers=_FROM_THE_LIST)

        document = _open((yield from self.insist(request, self.begin)), "table.main-table-pattern1")
        self.csrf = _token(document) or self.csrf
        return document

    def fail(self, part: str, error: ScrapeError) -> Problem:
        """What failed as a Problem. A refusal is raised, and so is the error when request after request fails."""
        self.failures += 1
        if isinstance(error, Refused) or self.failures >= GIVE_UP_AFTER:
            raise error
        return Problem(part, error.saying)


_ORIGIN = ("Origin", HOST)
_REFERER = (("Referer", RESULTS),)
_FROM_THE_FORM = (("Referer", SEARCH_PAGE), _ORIGIN)
_FROM_THE_LIST = (("Referer", RESULTS), _ORIGIN)


def _session_is_lost(page: Page) -> bool:
    text = text_of(page, PPortal.slug, encoding="utf-8")
    # A script of another page may hold the same words.
    return LOST_SESSION in text and LOST_SESSION in lines(BeautifulSoup(text, "lxml"))


def _open(page: Page, expects: str) -> BeautifulSoup:
    return open_page(page, PPortal.slug, expects=expects, encoding="utf-8")


def _token(document: Tag) -> str | None:
    field = document.select_one("input[name=_csrf]")
    return str(field.get("value") or "") if field is not None else None


class _Results:
    """A page of the list. Raises SourceChanged where it is none, as for the form that is shown again with a complaint."""

    def __init__(self, page: Page) -> None:
        document = _open(page, FORM)
        text = "".join(fold(lines(document)).split())
        stated = _HITS.search(text)
        if stated is None and fold(NONE_FOUND) not in text:
            complaint = words(document.select_one(".message-error"))
            raise NoCountError(
                "pportal: the search was not answered, the form was shown again ({complaint}); "
                "try {address} in a browser, the form may have changed",
                complaint=complaint[:200] or "no complaint",
                address=SEARCH_PAGE,
            )
        self.hits = int(stated[1].replace(",", "")) if stated else 0
        self.csrf = _token(document)
        self._document = document

    def cases(self) -> Iterator[Case | Saying]:
        """The rows. Raises SourceChanged where a page of results has no list."""
        if self.hits:
            for row in find_table(self._document, COLUMNS, "pportal: the list"):
                if row.text("title"):
                    yield _case(row)


def _case(row: Row) -> Case | Saying:
    notices: list[Listed] = []
    for column, kind in NOTICE_COLUMNS.items():
        cell = row.cells[column] if column in row else None
        keys = [match[1] for link in (cell.find_all("a") if cell else ()) if (match := _linked(link))]
        days = list(_days(row.text(column)))
        if len(keys) != len(days):
            return Saying(
                "{title}: {count} notices and {days} days in {column}",
                {
                    "title": row.text("title")[:80],
                    "count": str(len(keys)),
                    "days": str(len(days)),
                    "column": COLUMNS[column],
                },
            )
        notices += (Listed(key, kind, day) for key, day in zip(keys, days, strict=True))
    if not notices:
        return Saying("{title}: links to no notice", {"title": row.text("title")[:80]})
    return Case(
        number=_value(row.text("number")),
        title=row.text("title"),
        organ=row.text("organ"),
        place=row.text("place"),
        notices=tuple(notices),
    )


def _days(written: str) -> Iterator[date]:
    """The days from which on notices are public: 令和08年05月22日公開開始."""
    return (day for _, end, day in find_dates(written) if written[end:].lstrip().startswith("公開開始"))


def _linked(link: Tag) -> re.Match[str] | None:
    return _NOTICE.search(f"{link.get('href') or ''} {link.get('onclick') or ''}")


# What a notice says


def notice_of(case: Case, listed: Listed, document: Tag) -> ScrapedNotice:
    """A notice from its row and its page. Raises SourceChanged where the page lacks what every notice has."""
    fields = _fields(document)
    for label in ("調達案件名称", "調達機関", "公告内容"):
        if label not in fields:
            raise SourceChanged(
                "pportal: the page of notice {key} has no {label}; its layout may have changed, look at the archive",
                key=listed.key,
                label=label,
            )

    def stated(label: str) -> str | None:
        return next((value for cell in fields.get(label, ()) if (value := _value(words(cell)))), None)

    original = stated("調達案件名称") or case.title
    title = clean_title(original)
    kind = stated("調達種別")
    classes = (("調達品目分類", value) for cell in fields.get("調達品目分類", ()) if (value := _value(words(cell))))
    single = (("調達案件番号", case.number or stated("調達案件番号")), ("分類", stated("分類")))
    ends, place = stated("公開終了日"), stated("調達機関所在地") or _value(case.place)
    return ScrapedNotice(
        source=PPortal.slug,
        key=listed.key,
        title=title,
        title_original=original if original != title else None,
        kind=_kind(title, kind, listed.kind),
        published=listed.published,
        url=SEARCH_PAGE,
        buyer=stated("調達機関") or case.organ or None,
        prefecture=place if place in _PREFECTURES else None,
        place=place if place not in _PREFECTURES else None,
        category=Category.WORKS if stated("分類") == "簡易な公共事業" else None,
        method=kind,
        attachments=tuple(_documents(fields)),
        portal_dates=(("公開終了日", ends),) if ends else (),
        references=(*((name, value) for name, value in single if value), *classes),
        text=_text(fields["公告内容"]),
    )


def _kind(title: str, stated: str | None, listed: NoticeKind) -> NoticeKind:
    announced = kind_of(title)
    if announced in CORRECTIONS:
        return announced
    if stated:
        return next((kind for word, kind in KINDS if word in stated), listed)
    return announced if listed is NoticeKind.TENDER and announced in CALLS else listed


def _fields(document: Tag) -> Mapping[str, list[Tag]]:
    """The cells of the page's table by their label; rows without one belong to the label above."""
    table = document.select_one("table.main-table-pattern1")
    assert table is not None
    fields: dict[str, list[Tag]] = {}
    label = ""
    for cell in table.find_all(["th", "td"]):
        if cell.name == "th":
            label = "".join(words(cell).split())
            fields.setdefault(label, [])
        elif label:
            fields[label].append(cell)
    return fields


def _documents(fields: Mapping[str, list[Tag]]) -> Iterator[Attachment]:
    for label, cells in fields.items():
        if label.startswith("調達資料"):
            for cell in cells:
                links = [str(link.get("href") or "").strip() for link in cell.find_all("a")]
                links = [link for link in links if link.startswith(("http://", "https://"))]
                written = words(cell)
                if not links and written.startswith(("http://", "https://")):
                    links = [written]
                yield from (Attachment(label, link) for link in links)


def _text(cells: Iterable[Tag]) -> str:
    text = "\n".join(lines(cell) for cell in cells)
    return _value(text) or ""


def _value(written: str) -> str | None:
    """What is written, or None for nothing and for the dash that stands for it."""
    written = written.strip()
    return None if not written or set(written) <= _NO_VALUE else written
