"""Tokyo's electronic procurement system over DATA/tokyo_eproc/rows.jsonl: the JSON for telephones, the cp932 screens.

Besides the fields of the samples a record may have ``location``, ``planned_price`` and ``opening``. A value that a
record lacks is an empty cell of the list and no row of its own screen; a record without a ``type`` is among the goods
and services. Where nothing is known of the real system, our choice is: 50 rows on a page, the days of the form are
those of 公表日, a record without a method of the boxes is found by every box, and the wording of errors. ``cap`` lowers the 500 rows of a list and the 200 from which on the list has
to be asked for, and the rows of one answer for telephones. The results (入札経過調書) are not rendered.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from itertools import count
from pathlib import Path
from typing import Any
from unicodedata import normalize
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from db.vocabulary.japanese import find_dates, parse_date
from monitor.standins.records import BadRecords, Record, read_records
from monitor.standins.server import Portal, StandInSettings, settings_of

HOST = "www.e-procurement.metro.tokyo.lg.jp"
ENCODING = "cp932"
AT_MOST = 500
SHOWN_AT_ONCE = 200
ROWS_ON_A_PAGE = 50
SESSIONS = 100
"""So many are remembered; the oldest goes first, as on a server whose sessions run out."""
WORKS = "1"
KINDS = ("2", WORKS)
"""consgoods, consgoodsType: goods and services, works."""
BOXES = {"Ippan": "一般競争入札", "Kibou": "希望制指名競争入札", "Zuikei": "随意契約"}
COLUMNS = (
    *("公表日", "契約番号", "件名", "営業種目", "履行期間", "契約方法", "発注等級", "受付等級"),
    *("希望申請期間", "受付状況", "担当部課"),
)
EMPTY = (
    *("gyosyuCd", "gyosyuNm", "constKbnCd", "selectConst", "syumokuCd", "syumokuNm", "itemKbnCd", "selectItem"),
    *("bureauCd", "bureauNm", "divisionCd", "sectionCd", "bureauKbnCd", "selectBureau", "municipalNm", "municipalCd"),
    *("keiyakuNoNendo", "keiyakuNoRenban", "keiyakuNoUnderNendo", "keiyakuNoUnderRenban", "hkeiyakuNoNendo"),
    *("hkeiyakuNoRenban", "hkeiyakuNoUnderNendo", "hkeiyakuNoUnderRenban", "dateStart", "dateEnd", "syumokuCdList"),
)
"""Hidden fields of the search form that must come back with it."""

_MARK = re.compile(r"^\s*【電子】\s*")
_NUMBER_OF_CLASS = re.compile(r"^\d+\s+")


@dataclass(frozen=True, slots=True)
class Case:
    """One record, as both routes show it."""

    record: Record
    published: date

    def get(self, name: str) -> str:
        return str(self.record.get(name) or "")

    @property
    def key(self) -> str:
        return self.get("cont_no")

    @property
    def day(self) -> str:
        return _era(self.published)

    @property
    def title(self) -> str:
        return _MARK.sub("", self.get("title"))

    @property
    def electronic(self) -> bool:
        return bool(_MARK.match(self.get("title")))

    @property
    def item(self) -> str:
        """As in lists: without the number of the class."""
        return _NUMBER_OF_CLASS.sub("", self.get("item"))

    @property
    def application_period(self) -> str:
        """As in lists: days without years and times."""
        written = self.get("application_period")
        days = [day for _, _, day in find_dates(written)]
        return f"{_month_day(days[0])} ～{_month_day(days[1])}" if len(days) == 2 else written

    @property
    def kind(self) -> str:
        """In which of the lists it stands."""
        return WORKS if self.get("type") == "works" else KINDS[0]

    def fits(self, boxes: Iterable[str]) -> bool:
        method = normalize("NFKC", self.get("method"))
        own = [box for box, name in BOXES.items() if name in method]
        return not own or any(box in own for box in boxes)


def _era(day: date) -> str:
    return f"令和{day.year - 2018}年{day.month}月{day.day}日"


def _month_day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _cases(folder: Path) -> list[Case]:
    """Newest first, as both routes list them. Raises BadRecords for a record without its day."""
    path = folder / "rows.jsonl"
    cases = []
    for number, record in enumerate(read_records(path, required=("cont_no", "title", "published")), 1):
        published = parse_date(str(record["published"]))
        if published is None:
            raise BadRecords(
                "{file}, record {number}: {day} is no day; write published as 令和8年9月14日 or 2026-09-14",
                file=path,
                number=number,
                day=record["published"],
            )
        cases.append(Case(record, published))
    return sorted(cases, key=lambda case: case.published, reverse=True)


def days(folder: Path) -> Iterable[date]:
    return [case.published for case in _cases(folder)]


def _found(cases: Sequence[Case], kind: str, settings: StandInSettings) -> list[Case]:
    found = [] if settings.empty else [case for case in cases if case.kind == kind]
    return found[:1] + found if settings.duplicate_rows else found


def _cookie(answer: Response, session: str) -> Response:
    answer.set_cookie("JSESSIONID", session, path="/", httponly=True)
    return answer


def routes(folder: Path) -> Sequence[BaseRoute]:
    cases = _cases(folder)
    return [*_telephone(cases), *_desktop(cases)]


# --- For telephones -------------------------------------------------------------------------------


def _telephone(cases: Sequence[Case]) -> Sequence[BaseRoute]:
    sessions = _Sessions()

    async def search_page(_: Request) -> Response:
        page = _page("発注予定情報検索", '<form id="searchForm"></form>', charset="UTF-8")
        return _cookie(HTMLResponse(page), sessions.open("sp"))

    async def answers(request: Request) -> Response:
        settings = settings_of(request)
        form = dict(parse_qsl((await request.body()).decode("ascii"), keep_blank_values=True))
        if sessions.of(request) is None or request.headers.get("x-requested-with") != "XMLHttpRequest":
            return HTMLResponse(_page("エラー", "<p>セッションが無効です。</p>", charset="UTF-8"))
        draw = _whole(form.get("draw"), 0)
        if settings.error_body is not None:
            return JSONResponse({"draw": draw, "error": settings.error_body})
        found = _found(cases, form.get("consgoodsType", ""), settings)
        if form.get("orderValue") != "desc":
            found = found[::-1]
        start, length = _whole(form.get("start"), 0), _whole(form.get("length"), 10)
        if settings.cap is not None:
            length = min(length, settings.cap)
        total = len(found) + settings.wrong_hits
        rows = [_json(case) for case in found[start : start + length]]
        return JSONResponse({"draw": draw, "recordsTotal": total, "recordsFiltered": total, "data": rows})

    return [
        Route("/sp/orderplan/orderPlanSearch.html", search_page, methods=["GET"]),
        Route("/sp/orderplan/orderPlanSearchAjax.json", answers, methods=["POST"]),
    ]


def _whole(written: str | None, otherwise: int) -> int:
    return int(written) if written and written.isdecimal() else otherwise


def _json(case: Case) -> Mapping[str, Any]:
    period = case.application_period
    return {
        "pubStDate": case.day,
        "contNo": case.key,
        "contNoDisp": case.get("contract_no").removeprefix("0"),
        "ankenName": case.title,
        "gyosyuNm": case.item,
        "rikouKikan": case.get("period"),
        "bidWayName": case.get("method"),
        "kakuduke": case.get("accepted_ranks"),
        "kibouKikan": f"{period} " if period else "",
        "receiptCnd": case.get("status"),
        "divisionSectionName": case.get("section"),
    }


# --- For desktops ---------------------------------------------------------------------------------


@dataclass(slots=True)
class Session:
    """What the server remembers between two screens."""

    name: str
    kind: str = ""
    hits: list[Case] = field(default_factory=list)
    total: int = 0
    page: int = 0


class _Sessions:
    def __init__(self) -> None:
        self._numbers = count(1)
        self._open: OrderedDict[str, Session] = OrderedDict()

    def open(self, route: str) -> str:
        name = f"{route}{next(self._numbers):08}"
        self._open[name] = Session(name)
        if len(self._open) > SESSIONS:
            self._open.popitem(last=False)
        return name

    def of(self, request: Request) -> Session | None:
        return self._open.get(request.cookies.get("JSESSIONID", ""))


def _desktop(cases: Sequence[Case]) -> Sequence[BaseRoute]:
    sessions = _Sessions()

    async def screen(request: Request) -> Response:
        settings = settings_of(request)
        pairs = parse_qsl((await request.body()).decode("ascii"), keep_blank_values=True, encoding=ENCODING)
        form = dict(pairs)
        asked = (form.get("page"), form.get("act"))
        if settings.error_body is not None:
            return _error(settings.error_body)
        if asked == ("1", "1"):
            return _cookie(_answer("入札情報サービス", _form("")), sessions.open("pbi"))
        session = sessions.of(request)
        if session is None or HOST not in request.headers.get("referer", ""):
            return _error("セッションが無効です。最初からやり直してください。")
        match asked:
            case ("3", "3"):
                return _answer("発注予定情報検索", _form(_search_form()))
            case ("4", "1"):
                return _search(session, form, cases, settings)
            case ("4", "3") if session.kind:
                session.page = 0
                return _list(session)
            case ("5", "6") if session.kind:
                session.page += 1
                return _list(session)
            case ("7", "1") if session.kind:
                return _list(session)
            case ("7", "3") if session.kind and form.get("consGoodsType") == session.kind:
                return _details(session, form)
        return _error("画面遷移が不正です。")

    return [Route("/SrvPublish", screen, methods=["POST"])]


def _search(session: Session, form: Mapping[str, str], cases: Sequence[Case], settings: StandInSettings) -> Response:
    """The list, or the question whether so long a list is wanted, or what is wrong with the search."""
    kind = form.get("consgoods", "")
    boxes = [box for box in BOXES if form.get(f"bidway{box}") == "1" and form.get(f"hBidway{box}") == "1"]
    if kind not in KINDS or form.get("hConsgoods") != kind or not boxes:
        return _error("検索条件がありません。（コード６）")
    if form.get("keiyakuNoUnderKoshu") != "00" or any(name not in form for name in EMPTY):
        return _error("契約番号－年度が不正です。")
    first, last = _form_day(form, "StartDate"), _form_day(form, "EndDate")
    found = _found(cases, kind, settings) if form.get("allBureauFlag") == "1" else []
    found = [
        case
        for case in found
        if case.fits(boxes) and (not first or case.published >= first) and (not last or case.published <= last)
    ]
    name = form.get("ankenName", "")
    found = [case for case in found if name in case.title]
    cap = AT_MOST if settings.cap is None else min(AT_MOST, settings.cap)
    session.kind, session.hits, session.page = kind, found[:cap], 0
    session.total = len(found) + settings.wrong_hits
    if not session.total:
        return _answer("検索結果", _form("<p>該当する検索結果は　0　件です。</p>"))
    if session.total > min(SHOWN_AT_ONCE, cap):
        link = '<a class="btnS" href="javascript:SelectSubmit(4,3)">表示</a>'
        question = f"<p>該当する検索結果は　{session.total}　件です。表示しますか。</p>"
        return _answer("検索結果確認", _form(question + link))
    return _list(session)


def _form_day(form: Mapping[str, str], name: str) -> date | None:
    year, month, day = (form.get(f"{name}{part}", "") for part in ("YY", "MM", "DD"))
    return parse_date(f"令和{year}年{month}月{day}日") if year and form.get(f"Era_{name}") == "5" else None


def _search_form() -> str:
    hidden = [*((name, "") for name in EMPTY), ("consgoods", "1"), ("hConsgoods", "1"), ("allBureauFlag", "")]
    hidden += [(f"hBidway{box}", "") for box in BOXES]
    hidden += [("totalCnt", "0"), ("elmVolume", "10"), ("gamenId", "hacchuyotei"), ("keiyakuNoUnderKoshu", "00")]
    eras = "".join(
        f'<select name="Era_{name}"><option value="4">平成</option><option value="5" selected>令和</option></select>'
        for name in ("StartDate", "EndDate", "KeiyakuNoDate", "KeiyakuNoUnderDate")
    )
    days = "".join(
        f'<input type="text" name="{name}{part}" value="">'
        for name in ("StartDate", "EndDate")
        for part in ("YY", "MM", "DD")
    )
    return (
        "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in hidden)
        + '<input type="radio" name="constConsgoods" value="1" checked>工事'
        '<input type="radio" name="itemConsgoods" value="2">物品等'
        '<input type="text" name="ankenName" value="">'
        + "".join(f'<input type="checkbox" name="bidway{box}" value="1">{name}' for box, name in BOXES.items())
        + eras
        + days
        + '<a class="btnS" href="javascript:SelectSubmitOrder(4,1)">検索</a>'
    )


def _list(session: Session) -> Response:
    first = session.page * ROWS_ON_A_PAGE
    shown = session.hits[first : first + ROWS_ON_A_PAGE]
    more = first + ROWS_ON_A_PAGE < len(session.hits)
    next_link = '<a href="javascript:SelectSubmit(5,6)">次に進む</a>' if more else ""
    head = "".join(f"<th>{name}</th>" for name in _columns(session.kind))
    rows = "".join(_row(case, first + place) for place, case in enumerate(shown))
    return _answer(
        "発注予定情報一覧",
        _form(
            f'<table><tr><td class="areaTitle"><span class="pagination">{next_link}</span></td>'
            f'<td class="all-page">総件数　{session.total}　件</td></tr></table>'
            f'<table class="list-data"><tbody><tr>{head}</tr>{rows}</tbody></table>'
        ),
    )


def _columns(kind: str) -> Iterator[str]:
    return ("業種" if name == "営業種目" and kind == WORKS else name for name in COLUMNS)


def _row(case: Case, index: int) -> str:
    mark = "【電子】 " if case.electronic else ""
    link = f'<a href="javascript:SelectSubmitNo(7,3,{index},{escape(case.key)})">{escape(case.title)}</a>'
    cells = (
        *(case.day, case.get("contract_no"), None, case.item, case.get("period"), case.get("method")),
        *(case.get("order_rank"), case.get("accepted_ranks"), case.application_period),
        *(case.get("status"), case.get("section")),
    )
    return "<tr>" + "".join(f"<td>{mark + link if cell is None else escape(cell)}</td>" for cell in cells) + "</tr>"


def _details(session: Session, form: Mapping[str, str]) -> Response:
    case = next((case for case in session.hits if case.key == form.get("cont_no")), None)
    if case is None:
        return _error("該当の案件を表示できません。")
    mark = "【電子】 " if case.electronic else ""
    rows = (
        ("契約番号", case.get("contract_no")),
        ("件　名", mark + case.title),
        ("業種" if session.kind == WORKS else "営業種目１", case.get("item")),
        ("履行場所", case.get("location")),
        ("履行期間", case.get("period")),
        ("契約方法", case.get("method")),
        ("発注等級", case.get("order_rank")),
        ("受付等級", case.get("accepted_ranks")),
        ("予定価格(税込)", case.get("planned_price")),
        ("希望申請期間", case.get("application_period")),
        ("開札予定日時", case.get("opening")),
        ("担当局部課", case.get("section")),
    )
    table = "".join(f"<tr><th>{label}</th><td>{escape(value)}</td></tr>" for label, value in rows if value)
    back = '<a class="btnS" href="javascript:SelectSubmit(7,1)">案件一覧画面へ戻る</a>'
    return _answer("発注予定表", _form(f"<table>{table}</table>{back}"))


def _form(content: str) -> str:
    hidden = '<input type="hidden" name="page" value=""><input type="hidden" name="act" value="">'
    return f'<form name="main" method="post" action="SrvPublish">{hidden}{content}</form>'


def _error(text: str) -> Response:
    return _answer("エラー", f"<h1>エラー</h1><p>{escape(text)}</p>")


def _answer(title: str, content: str) -> Response:
    page = _page(title, f'<div class="contents">{content}</div>', charset="Windows-31J")
    # What cp932 lacks is written as a reference, as such a server does.
    return Response(page.encode(ENCODING, "xmlcharrefreplace"), media_type="text/html; charset=Windows-31J")


def _page(title: str, content: str, *, charset: str) -> str:
    return (
        f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">'
        f"<title>{title}</title></head><body>{content}</body></html>"
    )


ROBOTS = "User-agent: *\nDisallow: /*/\nDisallow: /*?*\n"
"""As it was reported."""

PORTAL = Portal((HOST,), ("tokyo_eproc", "tokyo_eproc_desktop"), "tokyo_eproc", routes, days, ROBOTS)
