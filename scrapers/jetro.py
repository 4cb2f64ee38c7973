"""The JETRO government procurement database: its lists in JSON, page by page, and the pages of its notices."""

import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from html import unescape

from db.vocabulary.japanese import parse_date
from db.vocabulary.labels import Prefecture
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from db.vocabulary.text import clean_title, fold_with_offsets
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.html import lines, open_page, text_of, unreadable, words
from scrapers.kinds import kind_of
from scrapers.source import Finding, Page, Request, Steps

HOST = "https://www.jetro.go.jp"
LIST = f"{HOST}/view_interface.php"
JSON_ONLY = (("Accept", "application/json, text/javascript, */*; q=0.01"), ("X-Requested-With", "XMLHttpRequest"))
"""As the portal's own pages ask; without them it may answer with a page."""
PREFECTURES = frozenset(one.value for one in Prefecture)
CUT = ("...", "…")
"""How a title ends that the list has cut, after about 100 characters."""
GIVE_UP_AFTER = 3
"""Notices in a row whose pages could not be read: then the portal is down, and the rest is not asked."""

KINDS = (
    ("予定", NoticeKind.PLANNED),
    ("訂正", NoticeKind.AMENDMENT),
    ("取消", NoticeKind.CANCELLATION),
    ("落札", NoticeKind.AWARD),
    ("資料提供招請", NoticeKind.INFORMATION_REQUEST),
    ("意見招請", NoticeKind.COMMENT_REQUEST),
    ("プロポーザル", NoticeKind.PROPOSAL_CALL),
    # It names the one with whom a contract is going to be made: nobody else can bid.
    ("随意契約", NoticeKind.AWARD),
    ("資格", NoticeKind.OTHER),
    ("セミナー", NoticeKind.OTHER),
    ("入札", NoticeKind.TENDER),
)
"""Words of 公示の種類 → kind; the first that fits decides."""
CORRECTIONS = (NoticeKind.AMENDMENT, NoticeKind.CANCELLATION)

_AGREEMENTS = re.compile("協定.*適用を受ける")
_AGREEMENT_NAMES = re.compile("(?:本調達は、?)?(.+?)の適用を受ける")
_CLASS = re.compile(r"^0*([0-9]{1,2})\b")
_TABLE = "table.elem_table_basic, .elem_table_basic table"
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_GAPS = re.compile("[ \t\r\n\u00a0]+")
_NUMBER = re.compile("[0-9A-Za-z]{1,40}")
_GAZETTE = re.compile("([12][0-9]{7})([0-9]{4})([0-9]{4})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ENGLISH_DAY = re.compile(rf"({'|'.join(_MONTHS)})[a-z]*\.? ([0-9]{{1,2}}), ([0-9]{{4}})")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One of the portal's lists. ``fields`` are those of its form, which are sent empty if not used."""

    source: str
    name: str
    block: str
    page: str
    """The page that asks for it."""
    article: str
    """The address of a notice's page, by ``{xid}`` and ``{aid}``."""
    fields: tuple[str, ...]
    prefix: str = ""
    translation: bool = False
    """True where it only adds to another list: then its rows need no day."""

    def request(self, since: date, until: date, offset: int) -> Request:
        asked = {"from": f"{since:%Y/%m/%d}", "to": f"{until:%Y/%m/%d}"}
        params = ((self.prefix + name, asked.get(name, "")) for name in self.fields)
        return Request(
            LIST,
            (("blockId", self.block), *params, ("current", str(offset))),
            headers=(*JSON_ONLY, ("Referer", HOST + self.page)),
        )

    def address(self, item: "Item") -> str:
        return HOST + self.article.format(xid=item.xid, aid=item.aid)

    def key(self, item: "Item") -> str:
        """By the numbers with which the portal addresses the notice's page."""
        return f"{item.xid}/{item.aid}" if "{xid}" in self.article else item.aid


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a list. What the row lacks is empty."""

    xid: str
    aid: str
    title: str
    published: date | None
    agency: str
    kind: str
    location: str


@dataclass(frozen=True, slots=True)
class Article:
    """The page of a notice."""

    heading: str
    agreements: str
    """The sentence that names the agreements under which suppliers from abroad may bid; empty where it is missing."""
    kind: str
    agency: str
    location: str
    classes: tuple[str, ...]
    """As written: 0041 建設工事."""
    text: str


@dataclass(frozen=True, slots=True)
class Labels:
    """How the names of the rows of a notice's table begin."""

    published: str
    kind: str
    agency: str
    classes: str
    text: str


JAPANESE = Labels("公示日", "公示の種類", "調達機関", "分類", "本文")
# Their spelling; should they mend it, the beginning stays.
ENGLISH = Labels("Publishing date", "Type of notice", "Procurement entity", "Classification", "Summa")


# The list


def read_list(catalogue: Catalogue, since: date, until: date) -> Generator[Request | Finding, Page, list[Item]]:
    """All items of the days, each once. Raises SourceChanged where not one of them can be read."""
    items: dict[str, Item] = {}
    offset, unread, expected = 0, 0, None
    while True:
        answer = _answer((yield catalogue.request(since, until, offset)), catalogue, offset)
        expected = answer.total if expected is None else expected
        known, read = len(items), [_item(row, catalogue) for row in answer.rows]
        items |= {catalogue.key(item): item for item in read if item is not None}
        bad = [repr(row) for row, item in zip(answer.rows, read, strict=True) if item is None]
        unread += len(bad)
        if bad and not items:
            raise SourceChanged(
                "{source}: not one row of the list {list} can be read: {row}; "
                "the format has changed, look at the archive",
                row=bad[0][:120],
                **_in(catalogue),
            )
        for row in bad:
            yield Problem(catalogue.name, unreadable(row))
        days = {item.published for item in read if item is not None and item.published is not None}
        if days and not any(since <= day <= until for day in days):
            raise SourceChanged(
                "{source}: the list {list} was asked for {since} to {until} and gives rows of other days; "
                "the names of its fields may have changed, see in a browser how it is asked",
                since=since,
                until=until,
                **_in(catalogue),
            )
        if offset and not bad and len(items) == known and len(read) >= answer.per_page:
            raise SourceChanged(
                "{source}: the list {list} gives nothing new from its row {offset} on; "
                "see in a browser how it turns its pages now",
                offset=offset,
                **_in(catalogue),
            )
        offset += answer.per_page
        # What is published meanwhile moves the others down: the total of now counts.
        if offset >= answer.total:
            break
    found = len(items) + unread
    yield Coverage(catalogue.name, found, expected, complete=found >= expected)
    if found < expected:
        saying = Saying(
            "the portal states {hits} records and gave {rows}; the rest will be asked for again",
            {"hits": str(expected), "rows": str(found)},
        )
        yield Problem(catalogue.name, saying)
    return [item for item in items.values() if item.published is None or since <= item.published <= until]


def _in(catalogue: Catalogue) -> dict[str, object]:
    return {"source": catalogue.source, "list": Saying(catalogue.name)}


@dataclass(frozen=True, slots=True)
class _Answer:
    total: int
    per_page: int
    rows: list[object]


def _answer(page: Page, catalogue: Catalogue, offset: int) -> _Answer:
    text = text_of(page, catalogue.source, encoding="utf-8").strip()
    if text.startswith("<"):
        raise SourceChanged(
            "{source}: the list {list} is a page instead of JSON (a firewall, or maintenance): “{beginning}”; "
            "nothing was kept, it is asked again",
            beginning=" ".join(re.sub("<[^>]*>", " ", text[:2000]).split())[:60],
            **_in(catalogue),
        )
    if not text or (text.startswith("{") and not text.endswith("}")):
        raise FetchError("{source}: the list {list} broke off; nothing was kept, it is asked again", **_in(catalogue))
    try:
        content = json.loads(text)
        rows = content["items"]
        total, per_page, current = (int(content["pagination"][name]) for name in ("total", "perPage", "current"))
        if not isinstance(rows, list) or total < 0 or per_page < 1:
            raise ValueError
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise SourceChanged(
            "{source}: the list {list} has no pagination and items; it begins “{beginning}”; "
            "the format has changed, look at the archive",
            beginning=" ".join(text[:60].split()),
            **_in(catalogue),
        ) from error
    if current != offset:
        raise SourceChanged(
            "{source}: the list {list} was asked for its rows from {offset} on and gives those from {current} on; "
            "see in a browser how it turns its pages now",
            offset=offset,
            current=current,
            **_in(catalogue),
        )
    if bool(rows) != (offset < total):
        raise SourceChanged(
            "{source}: the list {list} states {total} records and gives {count} from {offset} on; "
            "the format has changed, look at the archive",
            total=total,
            count=len(rows),
            offset=offset,
            **_in(catalogue),
        )
    return _Answer(total, per_page, rows)


def _item(row: object, catalogue: Catalogue) -> Item | None:
    """None for a row without what makes it a notice: its numbers, a title and a day."""
    if not isinstance(row, dict):
        return None
    names = ("xid", "aid", "title", "date", "agency", "paKind", "location")
    xid, aid, title, day, agency, kind, location = (_plain(row.get(name)) for name in names)
    published = parse_date(day) or _english_day(day)
    numbers = (xid, aid) if "{xid}" in catalogue.article else (aid,)
    if not clean_title(title) or not all(_NUMBER.fullmatch(number) for number in numbers):
        return None
    if published is None and not catalogue.translation:
        return None
    return Item(xid, aid, title, published, agency, kind, location)


def _plain(value: object) -> str:
    """A value without line breaks, those of HTML included: 入札公告<br />\\r\\n（物品…）. Empty where it is no text."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    written = unescape(_BREAK.sub(" ", str(value)))
    written = written.encode("utf-8", "replace").decode()  # half a character, where a text was cut
    return _GAPS.sub(" ", written).strip()  # the wide space stays


def _english_day(written: str) -> date | None:
    """Sep 02, 2026."""
    found = _ENGLISH_DAY.search(written)
    return parse_date(f"{found[3]}/{_MONTHS.index(found[1]) + 1}/{found[2]}") if found else None


# The pages of notices


def article_of(page: Page, source: str, labels: Labels) -> Article:
    """The page of a notice. Raises SourceChanged where it is none."""
    document = open_page(page, source, expects=_TABLE, encoding="utf-8")
    table = document.select_one(_TABLE)
    assert table is not None
    rows = (row for row in table.find_all("tr") if row.find_parent("table") is table)
    cells = {words(row.th): row.td for row in rows if row.th is not None and row.td is not None}
    for label in (labels.published, labels.agency, labels.text):
        if not any(written.startswith(label) for written in cells):
            raise SourceChanged(
                "{source}: {address} has no row {label}; its layout may have changed, look at it in a browser",
                source=source,
                address=page.url,
                label=label,
            )

    def field(label: str) -> str:
        return next((lines(cell) for written, cell in cells.items() if written.startswith(label)), "")

    agency, location = _agency(" ".join(field(labels.agency).split("\n")))
    classes = field(labels.classes)
    # The text of a notice may speak of agreements, too; the portal's own sentence stands above the table.
    table.extract()
    agreements = (line for line in lines(document).split("\n") if _AGREEMENTS.search(line))
    return Article(
        heading=words(document.h1),
        agreements=next(agreements, ""),
        kind="".join(field(labels.kind).split("\n")),
        agency=agency,
        location=location,
        classes=tuple(classes.split("\n")) if classes else (),
        text=field(labels.text),
    )


def _agency(written: str) -> tuple[str, str]:
    """The agency and its prefecture: 独立行政法人国立病院機構(東京都)."""
    found = re.fullmatch(r"(.+?)\s*[(（]([^()（）\s]+)[)）]", written)
    return (found[1], found[2]) if found and found[2] in PREFECTURES else (written, "")


def is_cut(title: str) -> bool:
    return title.endswith(CUT)


def full_title(title: str, heading: str) -> str:
    """The whole of a title that the list has cut, out of the heading of the notice's page: agency, kind and title.

    The title as it is where the heading does not have it, or has cut it, too.
    """
    if not is_cut(title):
        return title
    folded, offsets = fold_with_offsets(heading)
    beginning, _ = fold_with_offsets(title.removesuffix(CUT[0]).removesuffix(CUT[1]))
    place = folded.find(beginning) if beginning else -1
    whole = heading[offsets[place] :].strip() if place >= 0 else ""
    return whole if whole and not is_cut(whole) else title


def kind_by(title: str, stated: str) -> NoticeKind:
    """The kind that the portal states; the title decides where it announces a correction, or nothing is stated."""
    announced = kind_of(title)
    if not stated or announced in CORRECTIONS:
        return announced
    plain = "".join(stated.split())
    return next((kind for word, kind in KINDS if word in plain), announced)


def category_by(classes: tuple[str, ...], stated: str) -> Category | None:
    """The category by the numbers of 分類; None where they belong to several, or are none.

    1 to 26 are products and 41 is construction (品目分類 of the Japanese gazette), from 42 on they are services
    (附属書I 付表5 of the Agreement on Government Procurement). 27 to 40 only mark fields with rules of their own.
    """
    found = {category for one in classes if (category := _category(one))}
    if not classes and "建設工事" in stated:
        return Category.WORKS
    return found.pop() if len(found) == 1 else None


def _category(written: str) -> Category | None:
    match = _CLASS.match(written)
    number = int(match[1]) if match else 0
    if number == 41:
        return Category.WORKS
    if number > 41:
        return Category.SERVICES
    return Category.GOODS if 1 <= number <= 26 else None


def references_of(article: Article, aid: str) -> Iterator[tuple[str, str]]:
    """What identifies a notice, and what the page states of it. The gazette's own notices carry the same names."""
    yield "aid", aid
    # A notice that comes from the gazette is called by its day, its place in the issue, and its place under a heading.
    if (parts := _GAZETTE.fullmatch(aid)) and (day := parse_date(parts[1])):
        yield "官報掲載日", str(day)
        yield "掲載順", str(int(parts[2]))
        yield "枝番", str(int(parts[3]))
    if article.kind:
        yield "公示の種類", article.kind
    if article.classes:
        yield "分類", " / ".join(article.classes)
    if found := _AGREEMENT_NAMES.search(article.agreements):
        yield "適用協定", found[1]


def notice_of(catalogue: Catalogue, item: Item, article: Article) -> ScrapedNotice:
    """A notice from its row and its page."""
    original = full_title(item.title, article.heading)
    title = clean_title(original)
    stated = article.kind or item.kind
    location = item.location or article.location
    assert item.published is not None
    return ScrapedNotice(
        source=catalogue.source,
        key=catalogue.key(item),
        title=title,
        title_original=original if original != title else None,
        kind=kind_by(title, stated),
        published=item.published,
        url=catalogue.address(item),
        # The list may only have the class of the buyer: 国立大学法人.
        buyer=article.agency or item.agency or None,
        prefecture=location if location in PREFECTURES else None,
        place=location if location not in PREFECTURES and location else None,
        category=category_by(article.classes, stated),
        references=tuple(references_of(article, item.aid)),
        text="\n".join(filter(None, (article.agreements, article.text))),
    )


def read_notices(
    catalogue: Catalogue,
    items: Iterable[Item],
    read: Callable[[Item], Generator[Request | Finding, Page, ScrapedNotice]],
) -> Steps:
    """Each notice with its own page. One that cannot be read is a Problem and left out: half of it would be another
    version. Raises where the pages are refused, and where notice after notice fails."""
    failures = 0
    for item in items:
        try:
            notice = yield from read(item)
        except ScrapeError as error:
            failures += 1
            if isinstance(error, Refused) or failures >= GIVE_UP_AFTER:
                raise
            yield Problem(catalogue.key(item), error.saying)
        else:
            failures = 0
            yield notice
