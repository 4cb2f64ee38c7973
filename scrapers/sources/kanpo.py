"""The official gazette's procurement edition: the issues that the site lists, each read from its PDF."""

import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import chain
from typing import ClassVar

from bs4 import BeautifulSoup

from db.vocabulary.messages import Saying
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from db.vocabulary.text import fold
from scrapers.errors import Refused, ScrapeError, SourceChanged
from scrapers.gazette.notices import SITE, Issue, notices
from scrapers.gazette.text import Line, lines_of
from scrapers.html import no_rows, open_page, words
from scrapers.source import Finding, Page, Request, Source, Steps, Window

TOP = f"{SITE}/"
DAY = SITE + "/{day:%Y%m%d}/{day:%Y%m%d}.fullcontents.html"
FREE_DAYS = 90
"""How long the site offers an issue."""
FRIDAY = 4
GIVE_UP_AFTER = 3
"""Issues in a row without a usable answer: then the site is down, and the rest is not asked for."""
UNKNOWN_AT_MOST = 1 / 200
"""Of an issue's characters. Single ones that are in no table are rare names; more are a new font, to be read first."""
DIFFERENT_ONES_AT_MOST = 20
"""Of them."""


class Kanpo(Source):
    """官報 政府調達公告版: every tender, award and plan that Japan has to publish under the WTO agreement.

    Owner: Cabinet Office (内閣府), Japan; made by the National Printing Bureau (国立印刷局).
    Covers: notices of ministries, agencies, independent agencies, universities and companies that succeeded state
        enterprises, above the thresholds, with English summaries; also awards, direct awards to come, requests for
        comments and information, corrections. 40 to 400 a working day, at 8:30.
    Terms: free to read for 90 days. Its robots.txt (as public code quotes it in September 2026) forbids contents
        pages and PDFs to every robot: without the owner's written permission nothing is read, and the run says so.
    Caveats: a notice is only in the PDF, whose fonts hide digits and marks among private-use characters; one that is
        in no table is shown as 〓, and told. Deadlines stand in the text, not in a field of their own; so do winners
        and prices. Numbers (第１号) are not unique. What is older than 90 days is not asked for.
    """

    slug: ClassVar[str] = "kanpo"
    name: ClassVar[str] = "官報 政府調達公告版"
    name_en: ClassVar[str] = "Official Gazette, Government Procurement Edition"
    homepage: ClassVar[str] = TOP
    jurisdiction: ClassVar[str] = "national and local"
    every_hours: ClassVar[int] = 12
    look_back_days: ClassVar[int] = 7
    pause_seconds: ClassVar[float] = 5.0
    max_bytes: ClassVar[int] = 64 << 20

    def steps(self, window: Window) -> Steps:
        listed = listed_issues(open_page((yield Request(TOP)), self.slug, expects="a.articleTop"))
        if not listed:
            raise SourceChanged(
                "kanpo: the top page lists no issue of the procurement edition; look at it in a browser, "
                "its addresses may have changed"
            )
        visit = _Visit(window)
        oldest = min(issue.day for issue in listed)
        found = (yield from visit.listed_before(oldest)) | listed
        for issue, volumes in sorted(found.items(), key=lambda item: item[0].id):
            if window.since <= issue.day and (window.until is None or issue.day <= window.until):
                yield from visit.read(issue, volumes)
        visit.insist()


Volumes = tuple[tuple[int, int], ...]
"""First and last page of each PDF of an issue; empty where it is not known yet."""

_CONTENTS = re.compile(r"/([0-9]{8}c[0-9]{5})/\1[0-9]{4}f\.html$")
_VOLUME = re.compile(r"/([0-9]{8}c[0-9]{5})/\1full([0-9]{4})([0-9]{4})f\.html$")
_PAGE = re.compile("[0-9]{1,4}")


def listed_issues(document: BeautifulSoup) -> dict[Issue, Volumes]:
    """The issues of the procurement edition (c) that a page links to, with their PDFs where it links to them too."""
    found: dict[Issue, Volumes] = {}
    for link in document.select("a[href]"):
        address = f"/{link['href']}"
        if contents := _CONTENTS.search(address):
            found.setdefault(_issue(contents[1]), ())
        elif volume := _VOLUME.search(address):
            issue = _issue(volume[1])
            pages = int(volume[2]), int(volume[3])
            found[issue] = tuple(sorted({*found.get(issue, ()), pages}))
    return found


def _issue(id: str) -> Issue:
    issue = Issue(id)
    try:
        issue.day  # noqa: B018 (it is the question whether there is such a day)
    except ValueError as error:
        raise SourceChanged(
            "kanpo: an issue is called {issue}, which begins with no day; look at the top page in a browser, "
            "its addresses may have changed",
            issue=id,
        ) from error
    return issue


def kinds_listed(contents: BeautifulSoup) -> list[tuple[str, int]]:
    """The kinds of notices on the contents page of an issue, each with the page on which it begins."""
    found: list[tuple[str, int]] = []
    for link in contents.select("div.contentsBox a[href]"):
        kind, page = words(link.select_one("span.text")), words(link.select_one("span.date"))
        if kind and _PAGE.fullmatch(page):
            found.append((kind, int(page)))
    return found


class _Visit:
    """One crawl: what was answered, and what failed."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.failures = 0
        self.answered = False
        self.error: ScrapeError | None = None

    def listed_before(self, oldest: date) -> Generator[Request | Finding, Page, dict[Issue, Volumes]]:
        """The issues of the days before the oldest that the top page lists: each day has a contents page of its own.

        On a holiday there is none, which is no failure.
        """
        found: dict[Issue, Volumes] = {}
        today = self.window.now.date()
        first, last = max(self.window.since, today - timedelta(FREE_DAYS)), min(oldest - timedelta(1), today)
        for day in (first + timedelta(number) for number in range((last - first).days + 1)):
            if day.weekday() > FRIDAY or (self.window.until and day > self.window.until):
                continue
            try:
                page = yield Request(DAY.format(day=day))
                found |= listed_issues(open_page(page, Kanpo.slug, expects="a[href*='f.html']"))
            except ScrapeError as error:
                if error.saying.values.get("status") != "404":
                    yield from self.fail(str(day), error)
                    continue
            self.failures = 0
        return found

    def read(self, issue: Issue, volumes: Volumes) -> Generator[Request | Finding, Page, None]:
        """Everything in an issue; what fails is told, and the next issue is read."""
        try:
            contents = open_page((yield Request(issue.page(0))), Kanpo.slug, expects="div.contentsBox")
            kinds = kinds_listed(contents)
            if not kinds:
                raise no_rows(Kanpo.slug, issue.page(0))
            volumes = _all_pages(volumes, contents, issue)
            answers = []
            for first, last in volumes:
                answers.append((yield Request(issue.pdf(first, last))))
            findings = _findings(issue, kinds, dict(zip(volumes, answers, strict=True)))
        except ScrapeError as error:
            yield from self.fail(issue.id, error)
            return
        self.failures, self.answered = 0, True
        yield from findings

    def fail(self, part: str, error: ScrapeError) -> Iterator[Finding]:
        """What failed as a Problem. A refusal goes up, and so does the error when issue after issue fails."""
        self.failures, self.error = self.failures + 1, error
        if isinstance(error, Refused) or self.failures == GIVE_UP_AFTER:
            raise error
        yield Problem(part, error.saying)

    def insist(self) -> None:
        """Raise where issues are listed and none of them could be read."""
        if self.error and not self.answered:
            raise self.error


def _all_pages(volumes: Volumes, contents: BeautifulSoup, issue: Issue) -> Volumes:
    """The PDFs that hold an issue from its first page to its last: those that are linked to, or else a single one."""
    stated = words(contents.select_one("#pageAll"))
    if not _PAGE.fullmatch(stated):
        if not volumes:
            raise SourceChanged(
                "kanpo: {issue} has no link to its PDF, and its contents page states no number of pages; "
                "look at it in a browser, its layout may have changed",
                issue=issue.id,
            )
        stated = str(volumes[-1][1])
    pages = int(stated)
    volumes = volumes or ((1, pages),)
    if [*(first for first, _ in volumes), pages + 1] != [1, *(last + 1 for _, last in volumes)]:
        raise SourceChanged(
            "kanpo: {issue} has {pages} pages, and its PDFs hold {held}; look at the top page in a browser, "
            "its links may have changed",
            issue=issue.id,
            pages=pages,
            held=", ".join(f"{first}-{last}" for first, last in volumes),
        )
    return volumes


class _Watched:
    """Lines on their way, with what is counted of them."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = lines
        self.characters = 0
        self.unknown: Counter[str] = Counter()
        self.first_on: dict[str, int] = {}

    def __iter__(self) -> Iterator[Line]:
        for line in self.lines:
            self.characters += len(line.text)
            self.unknown.update(line.unknown)
            for character in line.unknown:
                self.first_on.setdefault(character, line.page)
            yield line


def _findings(issue: Issue, kinds: list[tuple[str, int]], pdfs: Mapping[tuple[int, int], Page]) -> list[Finding]:
    """What the PDFs of an issue say, compared with its contents page. Raises ScrapeError where it cannot be read."""
    lines = _Watched(
        chain.from_iterable(
            lines_of(page.open(), issue.id, pages=last - first + 1, first=first)
            for (first, last), page in pdfs.items()
        )
    )
    findings: list[Finding] = []
    for finding in notices(lines, issue, Kanpo.slug):
        if finding not in findings:  # what is wrong with several notices of a page is told once
            findings.append(finding)
    found = [finding for finding in findings if isinstance(finding, ScrapedNotice)]
    if lines.unknown.total() > UNKNOWN_AT_MOST * lines.characters or len(lines.unknown) > DIFFERENT_ONES_AT_MOST:
        raise SourceChanged(
            "kanpo: page {page} of {issue} has the character {code}, and others, that are in no table ({count} in the "
            "issue); nothing was kept of it; see on the page what they are, and add them to CHARACTERS in "
            "scrapers/gazette/characters.py",
            page=min(lines.first_on.values()),
            issue=issue.id,
            code=_named(min(lines.first_on, key=lambda one: lines.first_on[one])),
            count=lines.unknown.total(),
        )
    if not found:
        raise SourceChanged(
            "kanpo: the PDF of {issue} gives no notice, and its contents page lists {kinds}; look at the PDF, "
            "its layout may have changed",
            issue=issue.id,
            kinds=", ".join(kind for kind, _ in kinds),
        )
    for character, page in lines.first_on.items():
        saying = Saying(
            "the character {code} is in no table and is shown as 〓 ({count} in the issue, the first on this page); "
            "see there what it is, and add it to CHARACTERS in scrapers/gazette/characters.py",
            {"code": _named(character), "count": str(lines.unknown[character])},
        )
        findings.append(Problem(f"{issue.id} p. {page}", saying))
    headings = {_plain(notice.text.partition("\n")[0]) for notice in found}
    begun = {int(dict(notice.references)["掲載頁"]) for notice in found}
    for kind, page in kinds:
        if page not in begun and _plain(kind) not in headings:
            saying = Saying(
                "the contents page lists {kind} from this page on, and no such notice was found; look at the page",
                {"kind": kind},
            )
            findings.append(Problem(f"{issue.id} p. {page}", saying))
    findings.append(Coverage(issue.id, len(found), None, complete=False))
    return findings


def _named(character: str) -> str:
    return f"U+{ord(character):04X}"


def _plain(heading: str) -> str:
    return "".join(fold(heading).split())
