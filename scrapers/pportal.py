"""The pages of p-portal: its search form, a page of the list, and the page of a notice."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import find_dates, parse_date
from db.vocabulary.labels import Prefecture
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Attachment, Category, NoticeKind, ScrapedNotice
from db.vocabulary.text import clean_title, fold
from scrapers.errors import SourceChanged
from scrapers.forms import field_of, form_fields
from scrapers.html import Row, find_table, lines, open_page, text_of, words
from scrapers.kinds import kind_of
from scrapers.source import Page

SLUG = "pportal"
HOST = "https://www.p-portal.go.jp"
SEARCH_PAGE = f"{HOST}/pps-web-biz/UAA01/OAA0101"
FORM = "form#tri_WAA0101FM01"
"""It stands on every page but that of a lost session: around the search, around the list, and around a notice."""
NOTICE = "table.main-table-pattern1"
BEAN = "searchConditionBean."
ORGANS = f"{BEAN}govementProcurementOraganBean."  # their spelling

LOST_SESSION = "不正な操作が行われました"
NONE_FOUND = "合致する調達案件情報がありません"
_HITS = re.compile("検索結果([0-9][0-9,]{0,8})件見つかりました")
_KEY = re.compile(r"procurementItemInfoId['\"]?\s*,\s*value\s*:\s*['\"]?([0-9A-Za-z]+)")
_DASHES = frozenset("-‐‑–—―－ー−")
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
    # It names the one with whom a contract is going to be made: nobody else can bid.
    ("随意契約", NoticeKind.AWARD),
    ("競争入札", NoticeKind.TENDER),
)
"""Words of 調達種別 → kind; the first that fits decides."""
CORRECTIONS = (NoticeKind.AMENDMENT, NoticeKind.CANCELLATION)
"""What only the title tells: the portal files them under what they correct."""
CALLS = (*CORRECTIONS, NoticeKind.PROPOSAL_CALL, NoticeKind.QUOTATION)
"""What a title may make of a notice of which only the column 調達実施案件公示 is known."""


class SessionLost(SourceChanged):
    """The portal does not know the session any longer; a new one may help."""


def opened(page: Page, expects: str) -> BeautifulSoup:
    """A page of the portal. Raises SessionLost for the one that it shows in the place of any other."""
    text = text_of(page, SLUG, encoding="utf-8")
    # A script of another page may hold the same words.
    if LOST_SESSION in text and LOST_SESSION in lines(BeautifulSoup(text, "lxml")):
        raise SessionLost(
            "pportal: took {address} for a wrong operation, also in a new session; "
            "look in a browser whether the search works without a login",
            address=page.request.url,
        )
    return open_page(page, SLUG, expects=expects, encoding="utf-8")


def token_of(document: Tag) -> str | None:
    """The token that the next form has to bring along."""
    field = document.select_one("input[name=_csrf]")
    return str(field.get("value") or "") or None if field is not None else None


# The form


@dataclass(frozen=True, slots=True)
class Choice:
    """A box of the search form: the field that it sends, and what it is called."""

    field: str
    value: str
    label: str


class SearchForm:
    """The form as the portal sent it: its fields, and the boxes by which one can choose.

    The codes of ministries and prefectures are read from it, for new ministries get new ones.
    Raises SourceChanged where it lacks a field that is going to be filled in.
    """

    def __init__(self, document: Tag) -> None:
        form = document.select_one(FORM)
        assert form is not None
        self.fields = form_fields(form)
        for name in ("_csrf", *(BEAN + name for name in ("articleNm", "publicStartDateFrom", "publicStartDateTo"))):
            if field_of(self.fields, name) is None:
                raise SourceChanged(
                    "pportal: the search form has no field {name}; look at {address} in a browser, "
                    "the form has changed",
                    name=name,
                    address=SEARCH_PAGE,
                )
        self.organs = _boxes(form, f"{ORGANS}procurementOrgNm")
        self.prefectures = _boxes(form, f"{ORGANS}prefecture_")


def _boxes(form: Tag, name: str) -> tuple[Choice, ...]:
    labels = {str(label.get("for")): words(label) for label in form.find_all("label")}
    boxes = [tag for tag in form.find_all("input", type="checkbox") if str(tag.get("name")).startswith(name)]
    return tuple(
        Choice(str(box["name"]), value := str(box.get("value", "on")), labels.get(str(box.get("id")), value))
        for box in boxes
    )


# The list


@dataclass(frozen=True, slots=True)
class Listed:
    """A notice as the list shows it: by what its page is asked for, the column in which it stands, and its day."""

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


class Results:
    """A page of the list: how many cases the portal has found in all, and those that are on this page.

    Raises SourceChanged where it is none, as for the form that is shown again with a complaint.
    """

    def __init__(self, document: Tag) -> None:
        text = "".join(fold(lines(document)).split())
        stated = _HITS.search(text)
        if stated is None and fold(NONE_FOUND) not in text:
            raise SourceChanged(
                "pportal: the search was not answered, the form was shown again ({complaint}); "
                "try {address} in a browser, the form may have changed",
                complaint=words(document.select_one(".message-error"))[:200] or "no complaint",
                address=SEARCH_PAGE,
            )
        self.hits = int(stated[1].replace(",", "")) if stated else 0
        rows = find_table(document, COLUMNS, "pportal: the list") if self.hits else ()
        self.cases = [case for row in rows if (case := _case(row)) is not None]


def _case(row: Row) -> Case | Saying | None:
    """A row as a case, or what makes it unusable; None for one without a title and without notices."""
    title = row.text("title")
    notices: list[Listed] = []
    for column, kind in NOTICE_COLUMNS.items():
        links = row.cells[column].find_all("a") if column in row else ()
        keys = [found[1] for link in links if (found := _KEY.search(f"{link.get('href')} {link.get('onclick')}"))]
        days = list(_days(row.text(column)))
        if len(keys) != len(days):
            return Saying(
                "{title}: {count} notices and {days} days in {column}",
                {"title": title[:80], "count": str(len(keys)), "days": str(len(days)), "column": COLUMNS[column]},
            )
        notices += (Listed(key, kind, day) for key, day in zip(keys, days, strict=True))
    if not notices:
        return Saying("{title}: links to no notice", {"title": title[:80]}) if title else None
    return Case(_value(row.text("number")), title, row.text("organ"), row.text("place"), tuple(notices))


def _days(written: str) -> Iterator[date]:
    """The days from which on notices are public: 令和08年05月22日公開開始."""
    return (day for _, end, day in find_dates(written) if written[end:].lstrip().startswith("公開開始"))


# The page of a notice


def notice_of(case: Case, listed: Listed, document: Tag) -> ScrapedNotice:
    """A notice from its row and its page. Raises SourceChanged where the page lacks what every notice has."""
    fields = _fields(document)

    def stated(label: str) -> str | None:
        return next((value for cell in fields.get(label, ()) if (value := _value(words(cell)))), None)

    original = stated("調達案件名称") or case.title
    title = clean_title(original)
    missing = [label for label in ("調達案件名称", "調達機関", "公告内容") if label not in fields]
    if missing or not title:
        raise SourceChanged(
            "pportal: the page of notice {key} has no {label}; its layout may have changed, look at the archive",
            key=listed.key,
            label=missing[0] if missing else "調達案件名称",
        )
    kind, place = stated("調達種別"), stated("調達機関所在地") or _value(case.place)
    ends = stated("公開終了日")
    references = {
        "調達案件番号": case.number or stated("調達案件番号"),
        "分類": stated("分類"),
        "調達品目分類": " / ".join(filter(None, (_value(words(cell)) for cell in fields.get("調達品目分類", ())))),
    }
    return ScrapedNotice(
        source=SLUG,
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
        portal_dates=(("公開終了日", str(parse_date(ends) or ends)),) if ends else (),
        references=tuple((name, value) for name, value in references.items() if value),
        text=_value("\n".join(lines(cell) for cell in fields["公告内容"])) or "",
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
    table = document.select_one(NOTICE)
    assert table is not None
    fields: dict[str, list[Tag]] = {}
    label = ""
    for cell in table.find_all(["th", "td"]):
        if cell.find_parent("table") is not table:
            continue  # a table within the text of the notice
        if cell.name == "th":
            label = "".join(words(cell).split())
            fields.setdefault(label, [])
        elif label:
            fields[label].append(cell)
    return fields


def _documents(fields: Mapping[str, Iterable[Tag]]) -> Iterator[Attachment]:
    """The documents, by links that lead to a form: 調達資料１ダウンロードURL is called 調達資料１."""
    for label, cells in fields.items():
        if label.startswith("調達資料"):
            for cell in cells:
                written = [str(link.get("href") or "") for link in cell.find_all("a")] or [words(cell)]
                links = [link.strip() for link in written if link.strip().lower().startswith(("http://", "https://"))]
                yield from (Attachment(label.removesuffix("ダウンロードURL"), link) for link in links)


def _value(written: str) -> str | None:
    """What is written, or None for nothing and for the dash that stands for it."""
    written = written.strip()
    return None if not written or set(written) <= _DASHES else written
