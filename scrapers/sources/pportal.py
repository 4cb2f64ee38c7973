"""The search of p-portal: a form in a session, an answer of at most 500 cases, and a page for each notice."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import ClassVar

from bs4 import BeautifulSoup

from db.vocabulary.labels import Prefecture
from db.vocabulary.messages import Saying
from db.vocabulary.run import Coverage, Problem
from scrapers.errors import Refused, ScrapeError, SourceChanged
from scrapers.forms import filled
from scrapers.html import no_rows
from scrapers.pportal import (
    BEAN,
    FORM,
    HOST,
    NOTICE,
    SEARCH_PAGE,
    SLUG,
    Case,
    Choice,
    Listed,
    Results,
    SearchForm,
    SessionLost,
    notice_of,
    opened,
    token_of,
)
from scrapers.source import Finding, Page, Request, Source, Steps, Window

SEARCH = f"{HOST}/pps-web-biz/UAA01/OAA0100"
RESULTS = f"{HOST}/pps-web-biz/UAA01/OAA0106"
DETAIL = f"{HOST}/pps-web-biz/UAA01/OAA0104"
AT_MOST = 500
"""Cases in one answer, however many the portal says it has found."""
PAGE_SIZE = 50
"""Cases on a page; asking for more gives as many."""
TITLE_WORDS = (
    *("業務", "購入", "修繕", "点検", "更新", "工事", "製造", "作業", "改修", "整備", "賃貸借", "調査", "契約", "買"),
    *("年度", "一式", "事務所", "外", "他", "の", "ー", "用", "機", "装置", "教育"),
)
"""With which a part is asked for that nothing else splits; most titles have one of them."""
GIVE_UP_AFTER = 3
"""Requests in a row without a usable answer: then the portal is down, and the rest is not asked."""


class PPortal(Source):
    """調達ポータル: all notices of central government, filed by the ministries themselves.

    Owner: Digital Agency (デジタル庁), Japan.
    Covers: ministries and agencies: requests for information and comments, calls of all procedures, awards;
        those that are public at the moment, 73 to 211 a day.
    Terms: name the source (出典：調達ポータル（デジタル庁）); documents lie behind a form and are only linked.
    Caveats: a session with a token; an answer holds at most 500 cases, so it is asked for day by day, and where a
        day has more, by ministry, prefecture and words of the title. A notice has no address of its own: readers
        are sent to the search page with the number of the case, which some cases lack (‐). 公開終了日 is the day on
        which the notice goes off the portal, never the deadline. Each notice has a page: some 230 to 650 requests
        a run, up to 6,700 for a back-fill of 30 days, for which the limits of a run are set.
    """

    slug: ClassVar[str] = SLUG
    name: ClassVar[str] = "調達ポータル"
    name_en: ClassVar[str] = "p-portal, tenders of central government"
    homepage: ClassVar[str] = "https://www.p-portal.go.jp/"
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 12
    look_back_days: ClassVar[int] = 2
    pause_seconds: ClassVar[float] = 1.0
    max_bytes: ClassVar[int] = 8 << 20
    max_requests: ClassVar[int] = 8000
    max_minutes: ClassVar[int] = 300

    def steps(self, window: Window) -> Steps:
        visit = _Visit()
        yield from visit.begin()
        today = window.now.date()
        until = min(window.until or today, today)
        places = {list(Prefecture)[int(code) - 1].value for code in self.options.prefectures}
        done: set[str] = set()
        failed: ScrapeError | None = None
        for number in range((until - window.since).days + 1):
            part = Part(window.since + timedelta(days=number))
            try:
                tally = yield from visit.read(part)
            except ScrapeError as error:
                failed = error
                yield visit.fail(str(part), error)
                continue
            yield Coverage(str(part), tally.rows, tally.hits, tally.complete)
            for case in tally.cases.values():
                for listed in case.notices:
                    inside = window.since <= listed.published <= until
                    if inside and listed.key not in done and (not places or case.place in places):
                        done.add(listed.key)
                        yield from visit.read_notice(case, listed)
        if failed is not None and not visit.read_any:
            raise failed


@dataclass(frozen=True, slots=True)
class Part:
    """One search: the notices of a day, of some of them."""

    day: date
    organ: Choice | None = None
    prefecture: Choice | None = None
    word: str | None = None

    def fields(self) -> Iterator[tuple[str, str]]:
        yield f"{BEAN}caseDivision", "0"
        yield f"{BEAN}cla", "01"
        yield f"{BEAN}articleNm", self.word or ""
        yield f"{BEAN}synonymClassification", "01"
        # Days with hyphens are taken without complaint, and find nothing.
        yield f"{BEAN}publicStartDateFrom", f"{self.day:%Y/%m/%d}"
        yield f"{BEAN}publicStartDateTo", f"{self.day:%Y/%m/%d}"
        for choice in (self.organ, self.prefecture):
            if choice is not None:
                yield choice.field, choice.value
        yield "OAA0102", "検索"

    def __str__(self) -> str:
        labels = (choice.label for choice in (self.organ, self.prefecture) if choice is not None)
        return " ".join([str(self.day), *labels, *([self.word] if self.word else ())])

    def smaller(self, form: SearchForm) -> Iterator[list["Part"]]:
        """The ways to ask for it in parts, coarse ones first; none that was used to make it."""
        if self.word is None:
            if self.prefecture is None:
                if self.organ is None:
                    yield [replace(self, organ=organ) for organ in form.organs]
                yield [replace(self, prefecture=prefecture) for prefecture in form.prefectures]
            yield [replace(self, word=word) for word in TITLE_WORDS]


@dataclass(slots=True)
class Tally:
    """How much of a part was read: its cases against the number that the portal stated."""

    hits: int
    cases: dict[tuple[str, ...], Case] = field(default_factory=dict)
    """By the keys of their notices: the one thing that every case has and no two share."""
    unreadable: set[str] = field(default_factory=set)
    told: bool = False
    """True where a Problem already says why something is missing."""

    def take(self, other: "Tally") -> None:
        self.cases.update(other.cases)
        self.unreadable |= other.unreadable
        self.told = self.told or other.told

    @property
    def rows(self) -> int:
        return len(self.cases) + len(self.unreadable)

    @property
    def complete(self) -> bool:
        return self.rows >= self.hits


class _Visit:
    """One crawl: the session, what failed, and how many cases an answer that was not complete has held at most."""

    form: SearchForm
    csrf: str

    def __init__(self) -> None:
        self.failures = 0
        self.fullest = 0
        self.read_any = False
        self.unreadable: set[str] = set()

    # The list

    def read(self, part: Part) -> Generator[Request | Finding, Page, Tally]:
        """The cases of a part; where an answer does not hold them all, those of its smaller parts."""
        tally = yield from self.listing(part)
        # A word stands in some titles only, and what several find overlaps: what is missing is told of the whole.
        if tally.complete or tally.told or part.word is not None:
            return tally
        # An answer that holds fewer cases than another one did is not full: smaller parts would not give more.
        if tally.rows >= self.fullest:
            self.fullest = tally.rows
            for way in part.smaller(self.form):
                for smaller in way:
                    try:
                        tally.take((yield from self.read(smaller)))
                    except ScrapeError as error:
                        tally.told = True
                        yield self.fail(str(smaller), error)
                    if tally.complete:
                        return tally
                if tally.told:
                    return tally
        tally.told = True
        saying = Saying(
            "the portal states {hits} records and gave {rows}; the rest will be asked for again",
            {"hits": str(tally.hits), "rows": str(tally.rows)},
        )
        yield Problem(str(part), saying)
        return tally

    def listing(self, part: Part) -> Generator[Request | Finding, Page, Tally]:
        """The cases of one search, page by page. A later page that fails is a Problem, the first one is raised."""
        results = yield from self.search(part)
        cases = [found for found in results.cases if isinstance(found, Case)]
        if results.hits and not cases and not self.read_any:
            raise no_rows(SLUG, RESULTS)
        if cases and all(listed.published != part.day for case in cases for listed in case.notices):
            raise SourceChanged(
                "pportal: asked for {part}, and not one of {rows} cases is of this day; "
                "the names of the form's fields may have changed",
                part=part,
                rows=len(cases),
            )
        self.read_any = self.read_any or bool(cases)
        tally = Tally(results.hits)
        yield from self.count(results, part, tally)
        for number in range(1, -(-min(results.hits, AT_MOST) // PAGE_SIZE)):
            if len(results.cases) < PAGE_SIZE:
                break
            try:
                results = yield from self.turn(part, number)
            except ScrapeError as error:
                tally.told = True
                yield self.fail(f"{part}, page {number + 1}", error)
                return tally
            yield from self.count(results, part, tally)
        self.failures = 0
        return tally

    def count(self, results: Results, part: Part, tally: Tally) -> Steps:
        """Adds the cases of a page. A row that cannot be read is told once, however many parts have it."""
        for found in results.cases:
            if isinstance(found, Case):
                tally.cases[tuple(listed.key for listed in found.notices)] = found
            else:
                tally.unreadable.add(str(found))
                if str(found) not in self.unreadable:
                    self.unreadable.add(str(found))
                    yield Problem(str(part), found)

    # The session

    def begin(self) -> Generator[Request | Finding, Page, None]:
        """A new session: the cookie is the fetcher's, the token is in the form."""
        document = opened((yield Request(SEARCH_PAGE)), FORM)
        self.form, self.csrf = SearchForm(document), token_of(document) or ""

    def search(self, part: Part) -> Generator[Request | Finding, Page, Results]:
        """The first page of a search."""

        def request() -> Request:
            form = filled(self.form.fields, (("_csrf", self.csrf), *part.fields()))
            return Request(SEARCH, form=form, headers=_FROM_THE_FORM)

        return Results((yield from self.ask(request, FORM, self.begin)))

    def turn(self, part: Part, number: int) -> Generator[Request | Finding, Page, Results]:
        """A later page of the search that the session holds; ``number`` counts from 0."""

        def again() -> Generator[Request | Finding, Page, None]:
            yield from self.begin()
            yield from self.search(part)

        request = Request(RESULTS, (("page", str(number)), ("size", str(PAGE_SIZE))), headers=_FROM_THE_LIST[:1])
        return Results((yield from self.ask(lambda: request, FORM, again)))

    def ask(
        self,
        request: Callable[[], Request],
        expects: str,
        again: Callable[[], Generator[Request | Finding, Page, None]],
    ) -> Generator[Request | Finding, Page, BeautifulSoup]:
        """The page that answers a request. Where the session was lost, it is asked for once more after ``again``."""
        try:
            document = opened((yield request()), expects)
        except SessionLost:
            yield from again()
            document = opened((yield request()), expects)
        self.csrf = token_of(document) or self.csrf
        return document

    # The notices

    def read_notice(self, case: Case, listed: Listed) -> Steps:
        """The notice with its own page; where that cannot be read, a Problem: half a notice would be another version."""

        def request() -> Request:
            asked = (("_csrf", self.csrf), ("procurementItemInfoId", listed.key), ("SyFromFlg", "1"))
            return Request(DETAIL, form=asked, headers=_FROM_THE_LIST)

        try:
            notice = notice_of(case, listed, (yield from self.ask(request, NOTICE, self.begin)))
        except ScrapeError as error:
            yield self.fail(listed.key, error)
        else:
            self.failures = 0
            yield notice

    def fail(self, part: str, error: ScrapeError) -> Problem:
        """What failed as a Problem. A refusal is raised, and so is the error when request after request fails."""
        self.failures += 1
        if isinstance(error, Refused) or self.failures >= GIVE_UP_AFTER:
            raise error
        return Problem(part, error.saying)


_ORIGIN = ("Origin", HOST)
_FROM_THE_FORM = (("Referer", SEARCH_PAGE), _ORIGIN)
_FROM_THE_LIST = (("Referer", RESULTS), _ORIGIN)
