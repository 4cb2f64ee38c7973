"""The KKJ search API: an answer of at most 1,000 records, and how to get them all nevertheless."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import ClassVar
from urllib.parse import quote

from lxml import etree

from db.vocabulary.messages import N_, Saying
from db.vocabulary.notice import Attachment, Category, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from db.vocabulary.text import clean_title
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.kinds import kind_of
from scrapers.source import Finding, Page, Request, Source, Steps, Window
from scrapers.xml_records import Records, element

API = "https://www.kkj.go.jp/api/"
NOTICE_PAGE = "https://www.kkj.go.jp/d/?D={key}&L=ja"
AT_MOST = 1000
"""Records in one answer; asking for more is asking for this many."""
PREFECTURES = tuple(f"{number:02}" for number in range(1, 48))
CATEGORIES = {"物品": Category.GOODS, "工事": Category.WORKS, "役務": Category.SERVICES}
CATEGORY_CODES = ("1", "2", "3")
TEXT_WORDS = ("工事", "業務", "設備", "改修", "補修", "更新", "令和", "委託", "電気")
"""Words that halve what neither a day nor a category can; with and without a word is everything."""
ORGANIZATION_WORDS = (
    "省",
    "庁",
    "機構",
    "法人",
    "公社",
    "会",
    "県",
    "府",
    "市",
    "町",
    "村",
    "局",
    "院",
    "所",
    "センター",
    "会社",
)
TITLE_WORDS = (
    "工事",
    "業務",
    "委託",
    "購入",
    "公告",
    "公募",
    "調達",
    "製造",
    "修繕",
    "一式",
    "賃貸借",
    "供給",
    "入札",
    "保守",
    "借入",
)
"""With which records are swept up that lack a prefecture, and so fall out of every question for one."""
WITHOUT_PREFECTURE = N_("without prefecture")
"""The part that falls out of every question for a prefecture."""
PORTAL_DATES = ("TenderSubmissionDeadline", "OpeningTendersEvent", "PeriodEndTime")
GIVE_UP_AFTER = 3
"""Questions in a row without a usable answer: then the portal is down, and the rest is not asked."""


@dataclass(frozen=True, slots=True)
class Part:
    """One question to the API: everything in it has to fit into one answer, or it is split."""

    since: date
    until: date | None
    prefecture: str | None = None
    category: str | None = None
    organization: str | None = None
    title: str | None = None
    having: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()

    def request(self, *, count: int = AT_MOST) -> Request:
        period = f"{self.since}/{self.until or ''}"
        asked = {
            "LG_Code": self.prefecture,
            "Organization_Name": self.organization,
            "Project_Name": self.title,
            "Query": self._query(),
            "Category": self.category,
            "CFT_Issue_Date": period,
            "Count": str(count),
        }
        return Request(API, params=tuple((name, value) for name, value in asked.items() if value))

    def _query(self) -> str:
        # NOT can only stand first, and what follows is read from left to right.
        if self.having:
            return " AND ".join(self.having) + "".join(f" ANDNOT {word}" for word in self.lacking)
        return "NOT " + " ANDNOT ".join(self.lacking) if self.lacking else ""

    def __str__(self) -> str:
        names = (self.prefecture, self.organization, self.title, self.category, self._query())
        return " ".join([*filter(None, names), f"{self.since}/{self.until or ''}"])

    def by_date(self, today: date) -> list["Part"]:
        """The part in two shorter periods; empty where it is one day already."""
        if self.until is None:
            # Dates may lie in the future, but few do: first all up to today, then ever longer steps.
            last = today if self.since < today else self.since + timedelta(days=(self.since - today).days * 2 + 30)
            if (last - today).days > 3650:
                return []
        elif self.since == self.until:
            return []
        else:
            last = self.since + (self.until - self.since) // 2
        return [replace(self, until=last), replace(self, since=last + timedelta(days=1))]

    def by_category(self) -> list["Part"]:
        """The part by category; empty once that was tried: records that state none are in none of them."""
        tried = self.category or self.having or self.lacking
        return [] if tried else [replace(self, category=code) for code in CATEGORY_CODES]

    def by_text(self) -> list["Part"]:
        """The part with and without the next word."""
        used = len(self.having) + len(self.lacking)
        if used == len(TEXT_WORDS):
            return []
        word = TEXT_WORDS[used]
        return [replace(self, having=(*self.having, word)), replace(self, lacking=(*self.lacking, word))]


class Kkj(Source):
    """官公需情報ポータルサイト: calls of the state, prefectures and municipalities, gathered by the portal.

    Owner: Small and Medium Enterprise Agency (中小企業庁), Japan.
    Covers: notices taken from the web sites of about 1,800 public bodies, since 2009; some 400 a day.
    Terms: name the portal and link to https://www.kkj.go.jp/s/; no continuous heavy access from one server;
        no licence to republish whole texts, so readers are shown an extract and the link.
    Caveats: no paging, at most 1,000 records an answer, so questions are split until the rows equal the
        stated total. Records without a prefecture can only be swept up by words, never counted. About a
        day late, at times eight. No deadline in the data: TenderSubmissionDeadline is the opening of
        submission by the portal's own guide, and is kept under its own name only.
    """

    slug: ClassVar[str] = "kkj"
    name: ClassVar[str] = "官公需情報ポータルサイト"
    name_en: ClassVar[str] = "KKJ Public Procurement Portal"
    homepage: ClassVar[str] = "https://www.kkj.go.jp/s/"
    jurisdiction: ClassVar[str] = "national and local"
    every_hours: ClassVar[int] = 12
    look_back_days: ClassVar[int] = 10
    max_bytes: ClassVar[int] = 512 << 20

    def steps(self, window: Window) -> Steps:
        asked = self.options.prefectures or PREFECTURES
        whole = Part(window.since, window.until)
        visit = _Visit(window)
        inside: int | None = 0
        for code in asked:
            visit.seen.clear()
            part = replace(whole, prefecture=code)
            tally = yield from visit.read(part)
            if tally is None:
                inside = None
                continue
            inside = None if inside is None else inside + tally.hits
            yield Coverage(code, tally.rows, tally.hits, tally.complete)
            if not tally.complete and not visit.failures:
                yield Problem(
                    str(part),
                    Saying(
                        "the portal states {hits} records and gave {rows}; the rest will be asked for again",
                        {"hits": str(tally.hits), "rows": str(tally.rows)},
                    ),
                )
        visit.insist()
        if self.options.prefectures:
            return
        visit.seen.clear()
        # The sweep reads every record in the window again, so it ends when it has found what is missing.
        missing = None if inside is None else (yield from visit.count_outside(whole, inside))
        sweeps = [replace(whole, organization=word) for word in ORGANIZATION_WORDS]
        sweeps += [replace(whole, title=word) for word in TITLE_WORDS]
        read = 0
        for part in sweeps:
            if missing is not None and len(visit.seen) >= missing:
                break
            read += (yield from visit.read(part)) is not None
        yield Coverage(f"{WITHOUT_PREFECTURE} ({read} words)", len(visit.seen), missing, complete=False)
        if missing is not None and len(visit.seen) < missing:
            yield Problem(
                WITHOUT_PREFECTURE,
                Saying(
                    "the portal has {missing} records without a prefecture, and {found} of them were found",
                    {"missing": str(missing), "found": str(len(visit.seen))},
                ),
            )


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of a part was read: rows against the total that the API stated."""

    hits: int
    rows: int

    @property
    def complete(self) -> bool:
        return self.rows == self.hits


class _Visit:
    """One crawl: what was seen, what failed, and how much an answer has held at most."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.seen: set[str] = set()
        self.failures = 0
        self.error: ScrapeError | None = None
        self.hits = self.rows = 0
        self.answered = False
        self.cap = 0

    def read(self, part: Part) -> Generator[Request | Finding, Page, Tally | None]:
        """Everything in a part, splitting it as often as needed: its rows against the total that was stated.

        None (and a Problem) where the part itself was not answered; a smaller part that was not is a Problem.
        """
        try:
            answer = Answer((yield part.request()))
        except ScrapeError as error:
            yield from self.fail(part, error)
            return None
        rows = yield from self.keep(answer, part)
        if self.failures:
            # It broke off: what fits into one answer is asked for again the next time, what does not is split now.
            if answer.hits <= AT_MOST:
                return Tally(answer.hits, rows)
        elif rows >= answer.hits or rows < max(1, self.cap):
            # Fewer rows than another answer had are not a full answer: smaller questions would not help.
            return Tally(answer.hits, rows)
        else:
            self.cap = max(self.cap, rows)
        if smaller := part.by_date(self.window.now.date()):
            return Tally(answer.hits, max(rows, (yield from self.read_all(smaller))))
        for smaller in (part.by_category(), part.by_text()):
            if smaller and rows < answer.hits:
                rows = max(rows, (yield from self.read_all(smaller)))
        return Tally(answer.hits, rows)

    def count_outside(self, whole: Part, inside: int) -> Generator[Request | Finding, Page, int | None]:
        """How many records have no prefecture: those with a word and those without it, less those inside one.

        None where the totals do not fit: the portal's NOT is described, but was never seen at work.
        """
        total = 0
        for half in whole.by_text():
            try:
                total += Answer((yield half.request(count=1))).hits
            except ScrapeError as error:
                yield from self.fail(half, error)
                return None
        return total - inside if total >= inside else None

    def read_all(self, parts: Iterable[Part]) -> Generator[Request | Finding, Page, int]:
        rows = 0
        for part in parts:
            tally = yield from self.read(part)
            rows += tally.rows if tally else 0
        return rows

    def keep(self, answer: "Answer", part: Part) -> Generator[Request | Finding, Page, int]:
        """The records of an answer as notices; returns how many rows there were."""
        rows = 0
        sweeping = part.prefecture is None
        try:
            for record, cut in answer.records():
                rows += 1
                if sweeping and (record.findtext("LgCode") or "").strip() in PREFECTURES:
                    continue
                found = notice_of(record, cut=cut)
                if isinstance(found, Saying):
                    yield Problem(str(part), found)
                elif found.key not in self.seen:
                    self.seen.add(found.key)
                    yield found
        except ScrapeError as error:
            yield from self.fail(part, error)
        else:
            self.failures, self.answered = 0, True
        self.hits, self.rows = self.hits + answer.hits, self.rows + rows
        return rows

    def fail(self, part: Part, error: ScrapeError) -> Iterator[Finding]:
        """What failed as a Problem. A refusal goes up, and so does the error when question after question fails."""
        self.failures, self.error = self.failures + 1, error
        if isinstance(error, Refused) or self.failures == GIVE_UP_AFTER:
            raise error
        yield Problem(str(part), error.saying)

    def insist(self) -> None:
        """Raise where nothing at all was had of the portal, or nothing of all the records that it states."""
        if self.error and not self.answered:
            raise self.error
        if self.hits and not self.rows:
            raise SourceChanged(
                "kkj: states {hits} records and gives none; the format has changed, look at the archive",
                hits=self.hits,
            )


_HITS = re.compile(rb"<SearchHits>\s*(\d{1,12})\s*</SearchHits>")
_NONE = re.compile(rb"<SearchResults\s*/>|<SearchResults>\s*</SearchResults>")
_ERROR = re.compile(rb"<Error>\s*(.*?)\s*</Error>", re.DOTALL)


class Answer:
    """An answer of the API, read from its file record by record.

    Raises SourceChanged for what is no answer, among them error texts and maintenance pages; FetchError
    where it breaks off before the total.
    """

    def __init__(self, page: Page) -> None:
        self._records = Records(page.open(), "SearchResult")
        head = self._records.head
        if error := _ERROR.search(head):
            raise SourceChanged(
                "kkj: answered with the error “{error}”; the question was {question}",
                error=error[1].decode("utf-8", "replace"),
                question=" ".join("=".join(pair) for pair in page.request.params),
            )
        if b"<Results" not in head:
            if b"<html" in head.lower():
                raise SourceChanged(
                    "kkj: answered with HTML instead of XML (maintenance page?); nothing was kept, it is asked again"
                )
            raise SourceChanged(
                "kkj: answered with something that is no XML, beginning “{beginning}”; look at the archive",
                beginning=head[:40].decode("utf-8", "replace"),
            )
        stated = _HITS.search(head)
        if not stated and not _NONE.search(head):
            if len(head) == page.size and b"</Results>" not in head:
                raise FetchError("kkj: broke off before its first record; nothing was kept, it is asked again")
            raise SourceChanged("kkj: the answer states no SearchHits; the format has changed, look at the archive")
        self.hits = int(stated[1]) if stated else 0

    def records(self) -> Iterator[tuple[etree._Element, bool]]:
        """Each record, and whether a text of it was cut. Raises FetchError where the answer breaks off."""
        rows = 0
        for piece in self._records:
            rows += 1
            yield element(piece.data), piece.cut
        if b"</Results>" not in self._records.tail and b"</Results>" not in self._records.head:
            raise FetchError(
                "kkj: broke off after {rows} of {hits} records; they were kept, the rest will be asked for again",
                rows=rows,
                hits=self.hits,
            )


def notice_of(record: etree._Element, *, cut: bool = False) -> ScrapedNotice | Saying:
    """A record as a notice, or what makes it unusable. Unknown values leave their tag out or empty."""
    value = {child.tag: text for child in record if (text := (child.text or "").strip())}
    key = value.get("Key")
    if not key:
        return Saying("a record has no Key: {record}", {"record": str(sorted(value))[:200]})
    published = _day(value.get("CftIssueDate")) or _day(value.get("Date")) or _day_of_key(key)
    if published is None:
        return Saying("record {key} has no date that can be read", {"key": key})
    original = value.get("ProjectName")
    text = value.get("ProjectDescription", "")
    title = clean_title(original or "") or text.partition("\n")[0][:100].strip() or "（件名なし）"
    method = value.get("ProcedureType")
    return ScrapedNotice(
        source=Kkj.slug,
        key=key,
        title=title,
        title_original=original if original != title else None,
        kind=kind_of(title, method),
        published=published,
        url=NOTICE_PAGE.format(key=quote(key, safe="")),
        buyer=value.get("OrganizationName"),
        prefecture=value.get("PrefectureName"),
        city=value.get("CityName"),
        place=value.get("Location"),
        category=CATEGORIES.get(value.get("Category", "")),
        method=method,
        qualification=value.get("Certification"),
        document_url=_link(value.get("ExternalDocumentURI")),
        attachments=tuple(_attachments(record)),
        portal_dates=tuple((name, value[name]) for name in PORTAL_DATES if name in value),
        text=text,
        text_cut=cut,
    )


def _attachments(record: etree._Element) -> Iterator[Attachment]:
    for container in record.iterchildren("Attachments"):
        for attachment in container.iterchildren("Attachment"):
            if link := _link(attachment.findtext("Uri")):
                yield Attachment((attachment.findtext("Name") or "").strip() or link, link)


def _link(address: str | None) -> str | None:
    """An address that may be linked: what is neither http nor https (javascript: …) is left out."""
    address = (address or "").strip()
    return address if address.lower().startswith(("http://", "https://")) else None


def _day(moment: str | None) -> date | None:
    try:
        return datetime.fromisoformat(moment).date() if moment else None
    except ValueError:
        return None


def _day_of_key(key: str) -> date | None:
    """The day in a key such as tokyo/kodaira_city/2026/20260615_00014."""
    try:
        path = b64decode(key, validate=True).decode()
        return date.fromisoformat(path.rpartition("/")[2][:8])
    except (Base64Error, UnicodeDecodeError, ValueError):
        return None
