"""The JETRO government procurement database: its lists in JSON, page by page, and the pages of its notices."""

import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any

from db.vocabulary.japanese import parse_date
from db.vocabulary.labels import Prefecture
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.run import Coverage, Problem
from db.vocabulary.text import fold_with_offsets
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.html import lines, open_page, text_of, unreadable, words
from scrapers.kinds import kind_of
from scrapers.source import Finding, Page, Request

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
    # It tells with whom a contract is going to be made without competition; nobody can bid.
    ("随意契約", NoticeKind.OTHER),
    ("資格", NoticeKind.OTHER),
    ("セミナー", NoticeKind.OTHER),
    ("入札", NoticeKind.TENDER),
)
"""Words of 公示の種類 → kind; the first that fits decides."""
CORRECTIONS = (NoticeKind.AMENDMENT, NoticeKind.CANCELLATION)

_AGREEMENTS = re.compile("協定.*適用を受ける")
_CLASS = re.compile(r"^0*([0-9]{1,2})\b")
_TABLE = "table.elem_table_basic, .elem_table_basic table"
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_GAPS = re.compile("[ \t\r\n\u00a0]+")
_GAZETTE = re.compile(r"[12][0-9]{15}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One of the portal's lists. ``fields`` are those of its form, which are sent empty if not used."""

    source: str
    name: str
    block: str
    page: str
    """The page that asks for it."""
    fields: tuple[str, ...]
    prefix: str = ""

    def request(self, since: date, until: date, offset: int) -> Request:
        asked = {"from": f"{since:%Y/%m/%d}", "to": f"{until:%Y/%m/%d}"}
        params = ((self.prefix + name, asked.get(name, "")) for name in self.fields)
        return Request(
            LIST,
            (("blockId", self.block), *params, ("current", str(offset))),
            headers=(*JSON_ONLY, ("Referer", HOST + self.page)),
        )


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a list. ``published`` is None in the English list, which writes its days in English."""

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


def read_list(
    catalogue: Catalogue, since: date, until: date, *, joined: bool = False
) -> Generator[Request | Finding, Page, list[Item]]:
    """All items of the days, each once. ``joined``: they only add to another list, need no day and are not counted."""
    items: dict[tuple[str, str], Item] = {}
    offset, total, unread = 0, 1, 0
    while offset < total:
        answer = _answer((yield catalogue.request(since, until, offset)), catalogue, offset)
        total = answer.total if offset == 0 else total
        offset += answer.per_page
        for row in answer.items:
            item = _item(row)
            if item is None or (item.published is None and not joined):
                unread += 1
                yield Problem(catalogue.name, unreadable(str(row)))
            else:
                items[item.xid, item.aid] = item
    found = len(items) + unread
    if not joined:
        yield Coverage(catalogue.name, found, total, complete=found >= total)
    if found < total:
        saying = "the portal states {hits} records and gave {rows}; the rest will be asked for again"
        yield Problem(catalogue.name, Saying(saying, {"hits": str(total), "rows": str(found)}))
    return list(items.values())


@dataclass(frozen=True, slots=True)
class _Answer:
    total: int
    per_page: int
    items: list[dict[str, Any]]


def _answer(page: Page, catalogue: Catalogue, offset: int) -> _Answer:
    where = {"source": catalogue.source, "list": catalogue.name}
    text = text_of(page, catalogue.source, encoding="utf-8").strip()
    if text.startswith("<"):
        raise SourceChanged(
            "{source}: the list {list} is a page instead of JSON (a firewall, or maintenance): “{beginning}”; "
            "nothing was kept, it is asked again",
            beginning=" ".join(re.sub("<[^>]*>", " ", text[:2000]).split())[:60],
            **where,
        )
    if not text or (text.startswith("{") and not text.endswith("}")):
        raise FetchError("{source}: the list {list} broke off; nothing was kept, it is asked again", **where)
    try:
        content = json.loads(text)
        items = content["items"]
        total, per_page, current = (int(content["pagination"][name]) for name in ("total", "perPage", "current"))
        rows = [row for row in items if isinstance(row, dict)]
    except (ValueError, TypeError, KeyError) as error:
        raise SourceChanged(
            "{source}: the list {list} has no pagination and items; it begins “{beginning}”; "
            "the format has changed, look at the archive",
            beginning=text[:60],
            **where,
        ) from error
    if current != offset:
        raise SourceChanged(
            "{source}: the list {list} was asked for its rows from {offset} on and gives those from {current} on; "
            "see in a browser how it turns its pages now",
            offset=offset,
            current=current,
            **where,
        )
    if per_page < 1 or (offset < total and not rows):
        raise SourceChanged(
            "{source}: the list {list} states {total} records and gives none from {offset} on; "
            "the format has changed, look at the archive",
            total=total,
            offset=offset,
            **where,
        )
    return _Answer(total, per_page, rows)


def _item(row: dict[str, Any]) -> Item | None:
    """None for a row without what makes it a notice."""
    values = {name: _plain(row.get(name)) for name in ("aid", "title", "date", "agency", "paKind", "location")}
    if not values["aid"] or not values["title"]:
        return None
    return Item(
        xid=_plain(row.get("xid") or ""),
        aid=values["aid"],
        title=values["title"],
        published=parse_date(values["date"]),
        agency=values["agency"],
        kind=values["paKind"],
        location=values["location"],
    )


def _plain(value: object) -> str:
    """A value without line breaks, those of HTML included: 入札公告<br />\\r\\n（物品…）."""
    written = unescape(_BREAK.sub(" ", "" if value is None else str(value)))
    return _GAPS.sub(" ", written).strip()  # the wide space stays


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
    # The text of a notice may speak of agreements, too; the portal's own sentence stands above the table.
    table.extract()
    agreements = (line for line in lines(document).split("\n") if _AGREEMENTS.search(line))
    return Article(
        heading=words(document.h1),
        agreements=next(agreements, ""),
        kind=" ".join(field(labels.kind).split()),
        agency=agency,
        location=location,
        classes=tuple(field(labels.classes).split("\n")) if field(labels.classes) else (),
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


def gazette_number(aid: str) -> str | None:
    """The number of a notice that comes from the gazette: its day, a number and a lot, 16 digits in all."""
    return aid if _GAZETTE.fullmatch(aid) and parse_date(aid[:8]) else None


class Patience:
    """Counts the notices in a row that could not be read."""

    def __init__(self) -> None:
        self._failures = 0

    def fail(self, part: str, error: ScrapeError) -> Problem:
        """What failed as a Problem. A refusal is raised, and so is the error when notice after notice fails."""
        self._failures += 1
        if isinstance(error, Refused) or self._failures >= GIVE_UP_AFTER:
            raise error
        return Problem(part, error.saying)

    def renew(self) -> None:
        self._failures = 0


def references_of(article: Article, aid: str) -> Iterator[tuple[str, str]]:
    """What the page states of a notice under names of its own."""
    if number := gazette_number(aid):
        yield "官報", number
    if article.kind:
        yield "公示の種類", article.kind
    yield from (("分類", one) for one in article.classes)
    if article.agreements:
        yield "適用協定", article.agreements
