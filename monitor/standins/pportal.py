"""調達ポータル p-portal: its search form, lists and notice pages in a session, over DATA/pportal/notices.jsonl.

Besides the fields of the samples a record may have ``procurement_cla`` (調達種別), ``cla`` (分類) and ``items``
(調達品目分類). Records with the same ``case_no`` are notices of one case, a row of the list; ``‐`` is no number.
Where the portal was never seen, our choice is: newest first; a wrong operation is a page with status 200.
"""

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from pathlib import Path

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from db.vocabulary.japanese import parse_date
from db.vocabulary.labels import Prefecture
from monitor.standins.records import BadRecords, Record, read_records
from monitor.standins.server import Portal, StandInSettings, settings_of

CAP = 500
PAGE_SIZE = 50
SESSIONS = 1000
"""Sessions that are remembered; older ones are lost."""
COOKIE = "JSESSIONID"
BASE = "/pps-web-biz/UAA01"
NO_NUMBER = "‐"
NO_VALUE = "-"
BEAN = "searchConditionBean."
ORGANS = f"{BEAN}govementProcurementOraganBean."
MINISTRIES = (
    *("衆議院", "参議院", "最高裁判所", "会計検査院", "内閣官房", "人事院", "内閣府", "宮内庁"),
    *("国家公安委員会（警察庁）", "防衛省", "金融庁", "総務省", "法務省", "外務省", "財務省", "文部科学省"),
    *("厚生労働省", "農林水産省", "経済産業省", "国土交通省", "環境省", "消費者庁", "復興庁"),
    *("公正取引委員会", "個人情報保護委員会", "カジノ管理委員会"),
)
"""Codes 001 to 026; what else the records name gets the numbers after them."""
AREAS = {
    "北海道": range(1, 2),
    "東北": range(2, 8),
    "関東・甲信越": (*range(8, 16), 19, 20),
    "東海・北陸": (16, 17, 18, *range(21, 25)),
    "近畿": range(25, 31),
    "中国": range(31, 36),
    "四国": range(36, 40),
    "九州・沖縄": range(40, 48),
}
PREFECTURES = {f"{number:02}": one.value for number, one in enumerate(Prefecture, 1)}
CLASSES = {"02": "物品・役務", "03": "簡易な公共事業"}
COLUMNS = {
    "requestSubmissionMaterials": "資料提供招請",
    "requestComment": "意見招請",
    "procurementImplementNotice": "調達実施案件公示",
    "successfulBidNotice": "落札公示",
}
KINDS = {
    "procurementClaBidNotice": {
        "01": "入札公告(公示)予定の公示(年間調達予定)",
        "02": "政府調達セミナー及び政府調達年次会合の開催の公示",
    },
    "requestSubmissionMaterials": {"03": "資料提供招請に関する公表"},
    "requestComment": {"04": "意見招請に関する公示"},
    "procurementImplementNotice": {
        "05": "一般競争入札の入札公告（WTO対象）",
        "06": "指名競争入札の入札公示（WTO対象）",
        "07": "随意契約に関する公示",
        "10": "一般競争入札の入札公告（WTO対象外）",
        "12": "指名競争入札の入札公示（WTO対象外）",
        "13": "公募型プロポーザル情報",
        "14": "オープンカウンタへの参加募集情報",
    },
    "successfulBidNotice": {
        "08": "落札者等の公示（WTO対象）",
        "15": "落札者等の公示（WTO対象外）",
        "16": "落札者等の公示（随意契約）",
    },
}
"""調達種別 by group and code. A group is a column of the list; plans have none of their own."""
WRONG_OPERATION = "不正な操作が行われました。"
NONE_FOUND = "合致する調達案件情報がありません。"
LONGEST_TITLE = 254
REIWA = date(2019, 5, 1)
"""The first day of the era."""
DETAIL = "tri_WAB0102FM01/procurementInformationDetailBean/"


class Complaint(Exception):
    """A search that the portal answers with its form and a complaint."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One record, ready to be searched and written."""

    key: str
    number: str
    title: str
    organ: str
    place: str
    published: date
    ends: str
    column: str
    """The group of KINDS in whose column it stands."""
    kind: str
    cla: str
    items: tuple[str, ...]
    text: str
    documents: tuple[str, ...]


Test = Callable[[Notice], bool]
Case = tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """What the portal remembers of a visitor: the token, and the cases of the last search."""

    csrf: str
    found: Sequence[Case] | None = None


def routes(folder: Path) -> Sequence[BaseRoute]:
    notices = _notices(folder)
    by_key = {notice.key: notice for notice in notices}
    cases = _cases(notices)
    codes = {name: f"{number:03}" for number, name in enumerate(_organs(notices), 1)}
    sessions: OrderedDict[str, Session] = OrderedDict()

    def known(request: Request, form: FormData | None = None) -> tuple[str, Session] | None:
        """The visitor's session; None where it is lost, or where a form does not bring its token."""
        cookie = request.cookies.get(COOKIE, "")
        session = sessions.get(cookie)
        if session is None or (form is not None and form.get("_csrf") != session.csrf):
            return None
        return cookie, session

    async def start(request: Request) -> Response:
        if (error := settings_of(request).error_body) is not None:
            return _error(error)
        if (visitor := known(request)) is None:
            visitor = secrets.token_hex(16).upper(), Session(_uuid())
            sessions[visitor[0]] = visitor[1]
            if len(sessions) > SESSIONS:
                sessions.popitem(last=False)
        cookie, session = visitor
        answer = _page(_form(codes, session.csrf))
        answer.set_cookie(COOKIE, cookie, path="/pps-web-biz", secure=True, httponly=True)
        return answer

    async def search(request: Request) -> Response:
        settings = settings_of(request)
        form = await request.form()
        visitor = known(request, form)
        if settings.error_body is not None or visitor is None:
            return _error(settings.error_body or WRONG_OPERATION)
        cookie, session = visitor
        try:
            tests = list(_tests(form, codes))
        except Complaint as complaint:
            return _page(_form(codes, session.csrf, complaint=str(complaint)))
        found = [case for case in cases if any(all(test(one) for test in tests) for one in case)]
        sessions[cookie] = replace(session, found=found)
        return RedirectResponse(f"{BASE}/OAA0106", 302)

    async def results(request: Request) -> Response:
        settings = settings_of(request)
        visitor = known(request)
        if settings.error_body is not None or visitor is None or visitor[1].found is None:
            return _error(settings.error_body or WRONG_OPERATION)
        found = () if settings.empty else visitor[1].found
        written = request.query_params.get("page", "0")
        number = int(written) if re.fullmatch(r"\d{1,4}", written, re.ASCII) else 0
        return _page(_list(found, number, visitor[1].csrf, settings))

    async def detail(request: Request) -> Response:
        settings = settings_of(request)
        form = await request.form()
        visitor = known(request, form)
        notice = by_key.get(str(form.get("procurementItemInfoId")))
        if settings.error_body is not None or visitor is None or notice is None:
            return _error(settings.error_body or WRONG_OPERATION)
        return _page(_detail(notice, visitor[1].csrf))

    return [
        Route(f"{BASE}/OAA0101", start),
        Route(f"{BASE}/OAA0100", start, methods=["GET"]),
        Route(f"{BASE}/OAA0100", search, methods=["POST"]),
        Route(f"{BASE}/OAA0106", results),
        Route(f"{BASE}/OAA0104", detail, methods=["POST"]),
    ]


def days(folder: Path) -> Iterable[date]:
    return (notice.published for notice in _notices(folder))


PORTAL = Portal(("www.p-portal.go.jp",), ("pportal",), "pportal", routes, days)


# What is there


def _notices(folder: Path) -> list[Notice]:
    path = folder / "notices.jsonl"
    found = []
    for number, record in enumerate(read_records(path, required=("procurementItemInfoId", "title", "published")), 1):
        try:
            found.append(_notice(record))
        except ValueError:
            raise BadRecords(
                "{file}, record {number}: {day} is no day; write published as 2026-04-01",
                file=path,
                number=number,
                day=record["published"],
            ) from None
    return sorted(found, key=lambda notice: (notice.published, notice.key), reverse=True)


def _notice(record: Record) -> Notice:
    def stated(name: str) -> str:
        return str(record.get(name) or "")

    return Notice(
        key=stated("procurementItemInfoId"),
        number=stated("case_no") or NO_NUMBER,
        title=stated("title"),
        organ=stated("organ"),
        place=stated("location"),
        published=date.fromisoformat(stated("published")),
        ends=stated("public_end_date_as_scraped"),
        column=_column(stated("procurement_cla"), stated("category")),
        kind=stated("procurement_cla"),
        cla=stated("cla"),
        items=tuple(record.get("items") or ()),
        text=stated("detail_text"),
        documents=tuple(str(one["source_url"]) for one in record.get("attachments") or () if one.get("source_url")),
    )


def _column(kind: str, category: str) -> str:
    """By the 調達種別; without one, RFI is what somebody called the requests for comments of the samples."""
    stated = next((group for group, kinds in KINDS.items() if kind in kinds.values()), None)
    if stated is None and category == "RFI":
        return "requestComment"
    return stated if stated in COLUMNS else "procurementImplementNotice"


def _cases(notices: Sequence[Notice]) -> list[Case]:
    """The rows of the list, newest first: notices with the same number stand in one."""
    rows: dict[str, list[Notice]] = {}
    for notice in notices:
        rows.setdefault(notice.key if notice.number == NO_NUMBER else f"case {notice.number}", []).append(notice)
    return [tuple(row) for row in rows.values()]


def _organs(notices: Sequence[Notice]) -> Iterator[str]:
    yield from MINISTRIES
    yield from sorted({notice.organ for notice in notices} - {*MINISTRIES, ""})


# What is asked for


def _tests(form: FormData, codes: Mapping[str, str]) -> Iterator[Test]:
    """The tests that a notice must pass. Raises Complaint."""

    def given(name: str) -> str:
        return str(form.get(BEAN + name) or "").strip()

    words = given("articleNm").split()
    if len(given("articleNm")) > LONGEST_TITLE:
        raise Complaint(f"調達案件名称は{LONGEST_TITLE}文字以内で入力してください。")
    yield lambda notice: all(word in notice.title for word in words)
    if number := given("procurementItemNo"):
        yield lambda notice: notice.number == number
    if cla := CLASSES.get(given("cla")):
        yield lambda notice: notice.cla == cla
    yield from _period(given("publicStartDateFrom"), given("publicStartDateTo"))
    chosen = {str(code) for code in form.getlist(f"{ORGANS}procurementOrgNm")}
    if chosen:
        yield lambda notice: codes.get(notice.organ) in chosen
    places = {
        PREFECTURES.get(str(code))
        for number in range(1, len(AREAS) + 1)
        for code in form.getlist(f"{ORGANS}prefecture_{number}")
    }
    areas = list(AREAS.values())
    for code in form.getlist(f"{ORGANS}area"):
        if re.fullmatch(f"[1-{len(areas)}]", str(code)):
            places |= {PREFECTURES[f"{number:02}"] for number in areas[int(str(code)) - 1]}
    if places:
        yield lambda notice: notice.place in places
    kinds = [(group, str(code)) for group in KINDS for code in form.getlist(f"{BEAN}procurementClaBean.{group}")]
    if kinds:
        yield lambda notice: any(_is_of(notice, group, code) for group, code in kinds)


def _is_of(notice: Notice, group: str, code: str) -> bool:
    """Whether a notice is of a 調達種別; of one that states none, only the column is known."""
    return notice.kind == KINDS[group].get(code) if notice.kind else notice.column == group


def _period(first: str, last: str) -> Iterator[Test]:
    """Days as 2026/04/01; with hyphens they are taken and match nothing."""
    if "-" in first + last:
        yield lambda notice: False
        return
    since, until = _day(first), _day(last)
    yield lambda notice: (since is None or since <= notice.published) and (until is None or notice.published <= until)


def _day(written: str) -> date | None:
    if not written:
        return None
    try:
        if re.fullmatch(r"\d{4}/\d\d/\d\d", written, re.ASCII):
            return date.fromisoformat(written.replace("/", "-"))
    except ValueError:
        pass
    raise Complaint("公開開始日は正しい日付を入力してください。")


# What is answered


def _page(content: str) -> HTMLResponse:
    return HTMLResponse(
        '<!DOCTYPE html>\n<html lang="ja"><head><meta charset="UTF-8"><title>調達ポータル</title></head>\n'
        f'<body><div class="main-contents">\n{content}\n</div></body></html>\n'
    )


def _error(text: str) -> Response:
    return _page(f'<h2>エラー</h2><div class="message-error"><p>{escape(text)}</p></div>')


def _uuid() -> str:
    digits = secrets.token_hex(16)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _framed(csrf: str, content: str) -> str:
    return (
        f'<form id="tri_WAA0101FM01" novalidate="true" action="{BASE}/OAA0100" method="post">\n{content}\n'
        f'<div><input type="hidden" name="_csrf" value="{csrf}"></div>\n</form>'
    )


def _form(codes: Mapping[str, str], csrf: str, *, complaint: str = "") -> str:
    shown = "" if complaint else ' style="display: none;"'
    organs = _boxes(f"{ORGANS}procurementOrgNm", ((code, name) for name, code in codes.items()))
    areas = "\n".join(
        _boxes(f"{ORGANS}area", [(str(number), area)], first=number)
        + _boxes(f"{ORGANS}prefecture_{number}", ((code, PREFECTURES[code]) for code in map("{:02}".format, inside)))
        for number, (area, inside) in enumerate(AREAS.items(), 1)
    )
    kinds = "\n".join(
        _boxes(f"{BEAN}procurementClaBean.{group}", choices.items()) for group, choices in KINDS.items()
    )
    texts = "\n".join(
        f'<label>{label}<input type="text" name="{BEAN}{name}" value="" maxlength="{longest}"></label>'
        for name, label, longest in (
            ("articleNm", "調達案件名称", LONGEST_TITLE),
            ("procurementItemNo", "調達案件番号", 19),
            ("publicStartDateFrom", "公開開始日（自）", 10),
            ("publicStartDateTo", "公開開始日（至）", 10),
        )
    )
    return _framed(
        csrf,
        f'<div class="alert message-error input-error-list"{shown}>{escape(complaint)}</div>\n'
        '<p class="main-item-txt" id="info01">調達情報の検索を行うことができます。</p>\n'
        f'<span><input id="{BEAN}caseDivision1" name="{BEAN}caseDivision" type="radio" value="0" checked="checked" '
        f'disabled="disabled"><label for="{BEAN}caseDivision1">公開中の調達案件</label></span>\n'
        f"{_radios('cla', {'01': '全て', **CLASSES})}\n"
        f"{_radios('synonymClassification', {'01': '類義語を含まない', '02': '類義語を含む'})}\n{texts}\n"
        f"<p>調達案件名称を入力してください。</p>\n{kinds}\n{organs}\n{areas}\n"
        f'<input type="hidden" name="{BEAN}procurementCla" value="">\n'
        f'<input type="hidden" name="{BEAN}procurementOrganNm" value="">\n'
        f'<input type="hidden" name="{BEAN}receiptAddress" value="">\n'
        '<input type="submit" id="OAA0102" name="OAA0102" value="検索">',
    )


def _radios(name: str, choices: Mapping[str, str]) -> str:
    return "".join(
        f'<span><input id="{BEAN}{name}{number}" name="{BEAN}{name}" type="radio" value="{value}"'
        f'{" checked" if number == 1 else ""}><label for="{BEAN}{name}{number}">{label}</label></span>'
        for number, (value, label) in enumerate(choices.items(), 1)
    )


def _boxes(name: str, choices: Iterable[tuple[str, str]], *, first: int = 1) -> str:
    """Check boxes, and the hidden companion by which the server knows that they were shown."""
    boxes = "".join(
        f'<li><input id="{name}{number}" name="{name}" type="checkbox" value="{value}">'
        f'<label for="{name}{number}" class="table-check">{escape(label)}</label></li>'
        for number, (value, label) in enumerate(choices, first)
    )
    return f'<ul>{boxes}<input type="hidden" name="_{name}" value="on"></ul>'


def _list(found: Sequence[Case], number: int, csrf: str, settings: StandInSettings) -> str:
    if settings.duplicate_rows:
        found = [*found[:1], *found]
    hits = len(found) + settings.wrong_hits
    if not hits:
        return _framed(csrf, f"<p>{NONE_FOUND}</p>")
    shown = found[: CAP if settings.cap is None else min(CAP, settings.cap)]
    headings = ("調達案件番号", "調達案件名称", "調達機関", "所在地", *COLUMNS.values())
    rows = "\n".join(_row(case) for case in shown[number * PAGE_SIZE : (number + 1) * PAGE_SIZE])
    pages = " ".join(
        f'<a href="{BASE}/OAA0106?page={page}&amp;size={PAGE_SIZE}">{page + 1}</a>'
        for page in range(-(-len(shown) // PAGE_SIZE))
    )
    return _framed(
        csrf,
        f"<p>検索結果 <span>{hits}</span><span>件見つかりました。</span></p>\n"
        '<div class="result-detail"><table class="main-summit-info"><thead><tr>'
        f"{''.join(f'<th>{heading}</th>' for heading in headings)}</tr></thead><tbody>\n{rows}\n</tbody></table></div>\n"
        f"{pages}\n<!--/メイン 検索結果 -->",
    )


def _row(case: Case) -> str:
    newest = case[0]
    stated = (
        ("procurementItemNo", newest.number),
        ("articleNm", newest.title),
        ("procurementOrgan", newest.organ),
        ("receiptAddress", newest.place),
    )
    cells = "".join(
        f'<td id="tri_WAA0101FM01/procurementResultListBean/{name}">{escape(value)}</td>' for name, value in stated
    )
    columns = "".join(
        f"<td>{'<br>'.join(_link(notice) for notice in case if notice.column == column)}</td>" for column in COLUMNS
    )
    return f'<tr class="highlight">{cells}{columns}</tr>'


def _link(notice: Notice) -> str:
    asked = f"{{name:'procurementItemInfoId', value:'{notice.key}'}},{{name:'SyFromFlg', value:'1'}}"
    return (
        f'<a class="koukoku info-button" href="javascript:doSubmitParams(this, [{asked}], \'{BASE}/OAA0104\')">'
        f"公示本文</a><br>{_era(notice.published)}公開開始"
    )


def _era(day: date) -> str:
    era, year = ("令和", day.year - 2018) if day >= REIWA else ("平成", day.year - 1988)
    return f"{era}{year:02}年{day.month:02}月{day.day:02}日"


def _detail(notice: Notice, csrf: str) -> str:
    ends = parse_date(notice.ends)
    first, *others = (*map(escape, notice.items), *[NO_VALUE] * 8)[:8]
    days = (
        f'<th>公開開始日</th><td colspan="2">{_era(notice.published)}</td>'
        f'<th>公開終了日</th><td colspan="2">{_era(ends) if ends else escape(notice.ends) or NO_VALUE}</td>'
    )
    text = escape(notice.text).replace("\n", "<br>")
    rows = "\n".join(
        (
            f"<tr><th>調達案件番号</th>{_cell(notice.number)}</tr>",
            _field("procurementCla", "調達種別", notice.kind),
            _field("cla", "分類", notice.cla),
            _field("articleNm", "調達案件名称", notice.title),
            f'<tr class="info-date" id="{DETAIL}publicStartDate">{days}</tr>',
            _field("procurementOrgan", "調達機関", notice.organ),
            _field("procurementOraganLocation", "調達機関所在地", notice.place),
            f'<tr><th rowspan="8">調達品目分類</th><td colspan="5">{first}</td></tr>',
            *(f'<tr><td colspan="5">{other}</td></tr>' for other in others),
            f'<tr id="{DETAIL}publicNoticeContent"><th>公告内容</th><td colspan="5">{text or NO_VALUE}</td></tr>',
            *(_document(number, url) for number, url in enumerate((*notice.documents, *[""] * 5)[:5], 1)),
        )
    )
    return _framed(
        csrf,
        '<p class="main-item-txt" id="info01">選択した調達情報の詳細を表示します。</p>\n<h3>調達情報詳細</h3>\n'
        f'<table class="main-table-pattern1"><tbody>\n{rows}\n</tbody></table>',
    )


def _cell(value: str) -> str:
    return f'<td colspan="5">{escape(value) or NO_VALUE}</td>'


def _field(name: str, label: str, value: str) -> str:
    return f'<tr id="{DETAIL}{name}"><th>{label}</th>{_cell(value)}</tr>'


def _document(number: int, url: str) -> str:
    link = f'<a href="{escape(url)}" target="_blank">{escape(url)}</a>' if url else NO_VALUE
    label = f"調達資料{'１２３４５'[number - 1]}ダウンロードURL"
    return f'<tr id="{DETAIL}procurementDocumentDownloadUrl{number}"><th>{label}</th><td colspan="5">{link}</td></tr>'
