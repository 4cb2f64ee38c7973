"""e-Tokyo, the system of Tokyo's wards and cities, over DATA/tokyo_wards/rows.jsonl: frameset, form and lists in cp932.

Besides the fields of the samples a record may have ``type`` (``works``, which is the default, or
``goods-services``). A value that a record lacks is an empty cell. The column between title and 公表日時 is empty:
it was never described; what stands on a call's own screen (planned price, place, who may bid) is not rendered, for
that screen was never seen. ``cap`` lowers the rows of a page.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from monitor.standins.records import BadRecords, Record, read_records
from monitor.standins.server import Portal, StandInSettings, settings_of

HOST = "www.e-tokyo.lg.jp"
PATH = "/choutatu_ppij/ppij/pub"
ENCODING = "cp932"
SESSIONS = 100
"""So many are remembered; the oldest goes first, as on a server whose sessions run out."""
BODIES = (*range(101, 124), *range(201, 230))
ROWS_ON_A_PAGE = 50
MOST_ROWS_ON_A_PAGE = 100
COLUMNS = ("団体名", "案件名", "", "公表日時", "入札締切", "開札", "方式", "申請期間")


@dataclass(frozen=True, slots=True)
class List:
    """One of the two lists, by the numbers of its screens."""

    type: str
    title: str
    search: str
    following: str
    details: str


LISTS = {
    "1": List("works", "発注案件情報（工事）", "3", "5", "7"),
    "2": List("goods-services", "発注案件情報（物品）", "8", "10", "12"),
}


@dataclass(frozen=True, slots=True)
class Case:
    record: Record
    published: datetime | date

    def get(self, name: str) -> str:
        return str(self.record.get(name) or "")

    @property
    def day(self) -> date:
        return self.published.date() if isinstance(self.published, datetime) else self.published

    @property
    def body(self) -> str:
        """The number of the body, which is a part of the key: 2026:13:118:00359."""
        return self.get("key").split(":")[2]


@dataclass(slots=True)
class Session:
    """What the server remembers between two screens."""

    list: List = LISTS["1"]
    hits: Sequence[Case] = field(default_factory=tuple)
    total: int = 0
    rows: int = ROWS_ON_A_PAGE
    page: int = 0


def _cases(folder: Path) -> Sequence[Case]:
    """Newest first. Raises BadRecords for a record without its day or with a key of another form."""
    path = folder / "rows.jsonl"
    cases = []
    for number, record in enumerate(read_records(path, required=("key", "title", "body_name", "published")), 1):
        try:
            published = _moment(str(record["published"]))
        except ValueError:
            raise BadRecords(
                "{file}, record {number}: {day} is no day; write published as 2026-07-23",
                file=path,
                number=number,
                day=record["published"],
            ) from None
        if str(record["key"]).count(":") != 3:
            raise BadRecords(
                "{file}, record {number}: {key} is no key; write it as 2026:13:118:00359",
                file=path,
                number=number,
                key=record["key"],
            )
        cases.append(Case(record, published))
    return sorted(cases, key=lambda case: case.day, reverse=True)


def days(folder: Path) -> Iterable[date]:
    return [case.day for case in _cases(folder)]


def _moment(text: str) -> datetime | date:
    return date.fromisoformat(text) if len(text) == len("2026-07-23") else datetime.fromisoformat(text)


def routes(folder: Path) -> Sequence[BaseRoute]:
    cases = _cases(folder)
    sessions: OrderedDict[str, Session] = OrderedDict()
    numbers = count(1)

    async def frames(request: Request) -> Response:
        asked = (request.query_params.get("s"), request.query_params.get("a"))
        if asked == (None, None):
            name = f"ppij{next(numbers):08}"
            sessions[name] = Session()
            if len(sessions) > SESSIONS:
                sessions.popitem(last=False)
            answer = _answer("入札情報サービス", FRAMESET, frameset=True)
            answer.set_cookie("JSESSIONID", name, path="/", httponly=True)
            return answer
        if asked in (("P001", "1"), ("P001", "2")) and _of(request, sessions):
            return _answer("メニュー", "".join(f"<p>{one.title}</p>" for one in LISTS.values()))
        return _lost()

    async def screen(request: Request) -> Response:
        settings = settings_of(request)
        pairs = parse_qsl((await request.body()).decode("ascii"), keep_blank_values=True, encoding=ENCODING)
        form = dict(pairs)
        if settings.error_body is not None:
            return _error(settings.error_body)
        session = _of(request, sessions)
        if session is None:
            return _lost()
        act = form.get("a", "") if form.get("s") == "P002" else ""
        if act in LISTS:
            session.list = LISTS[act]
            return _answer(session.list.title, _form(session.list, cases))
        if act == session.list.search:
            bodies = {value for name, value in pairs if name == "govCode"}
            return _search(session, form, bodies, cases, settings)
        if act == session.list.following and session.hits:
            session.page += 1
            return _list(session)
        return _error("画面遷移が不正です。")

    return [Route(PATH, frames, methods=["GET"]), Route(PATH, screen, methods=["POST"])]


def _of(request: Request, sessions: Mapping[str, Session]) -> Session | None:
    return sessions.get(request.cookies.get("JSESSIONID", ""))


def _search(
    session: Session, form: Mapping[str, str], bodies: set[str], cases: Sequence[Case], settings: StandInSettings
) -> Response:
    if not bodies:
        return _error("団体を選択してください。")
    first, last = (form.get(name, "") for name in ("pubStDate", "pubEndDate"))
    name = form.get("ankenName", "")
    found = [
        case
        for case in ([] if settings.empty else cases)
        if (case.get("type") or "works") == session.list.type
        and case.body in bodies
        and (not first or f"{case.day:%Y%m%d}" >= first)
        and (not last or f"{case.day:%Y%m%d}" <= last)
        and name in case.get("title")
    ]
    if settings.duplicate_rows:
        found = found[:1] + found
    rows = form.get("maxDispRowCount", "")
    rows_on_a_page = min(int(rows) if rows.isdecimal() and int(rows) else ROWS_ON_A_PAGE, MOST_ROWS_ON_A_PAGE)
    session.rows = rows_on_a_page if settings.cap is None else min(rows_on_a_page, settings.cap)
    session.hits, session.page = found, 0
    session.total = len(found) + settings.wrong_hits
    if not found:
        return _answer(session.list.title, "<p>該当する案件はありませんでした。</p>")
    return _list(session)


def _list(session: Session) -> Response:
    first = session.page * session.rows
    shown = session.hits[first : first + session.rows]
    pages = -(-len(session.hits) // session.rows)
    here = min(session.page, pages - 1) + 1
    next_link = (
        f"<a href=\"javascript:pageSubmit('P002','{session.list.following}','FrmMain')\">次へ</a>"
        if here < pages
        else ""
    )
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    rows = "".join(_row(case, first + place, session.list) for place, case in enumerate(shown))
    return _answer(
        session.list.title,
        f'<table><tr><td class="list-count-disp">全{session.total}件[{first + 1}-{first + len(shown)}]　'
        f"({here}/{pages})</td><td>{next_link}</td></tr></table>"
        f'<table class="list-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>',
    )


def _row(case: Case, number: int, one: List) -> str:
    call = f"listSubmit('P002','{one.details}','{escape(case.get('key'))}','{number}','FrmMain')"
    title = f'<td class="list-data-akname"><a href="javascript:{call}">{escape(case.get("title"))}</a></td>'
    until = _written(case.get("application_deadline"))
    cells = (
        *("", _written(case.get("published")), _written(case.get("bid_deadline"))),
        *(_written(case.get("opening_date")), case.get("procedure_type"), f"～{until}" if until else ""),
    )
    data = "".join(f'<td class="list-data">{escape(cell).replace(chr(10), "<br>")}</td>' for cell in cells)
    return f'<tr class="list-line"><td class="list-data">{escape(case.get("body_name"))}</td>{title}{data}</tr>'


def _written(text: str) -> str:
    """As the lists write moments: 2026/07/23 20:00, or the day alone; what is no moment as it is."""
    try:
        moment = _moment(text)
    except ValueError:
        return text
    return f"{moment:%Y/%m/%d %H:%M}" if isinstance(moment, datetime) else f"{moment:%Y/%m/%d}"


FRAMESET = (
    '<frameset cols="200,*"><frame name="FrmLeft" src="pub?s=P001&amp;a=1">'
    '<frame name="FrmMain" src="pub?s=P001&amp;a=2"></frameset>'
)


def _form(one: List, cases: Sequence[Case]) -> str:
    bodies = sorted({*map(str, BODIES), *(case.body for case in cases)})
    boxes = "".join(f'<input type="checkbox" name="govCode" value="{escape(body)}">' for body in bodies)
    texts = "".join(
        f'<input type="text" name="{name}" value="">'
        for name in ("ankenName", "pubStDate", "pubEndDate", "kiboStDate", "kiboEndDate")
    )
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="">'
        for name in ("s", "a", "bidWayCode", "categoryCode", "categoryNm", "constKbnCd", "selectConst")
    )
    return (
        '<form name="main" method="post" action="pub">'
        f'{hidden}<select name="year"><option value="">全て</option></select>{boxes}{texts}'
        '<select name="maxDispRowCount"><option value="50">50</option><option value="100">100</option></select>'
        f"<a class=\"btnS btn-Primary\" href=\"#\" onclick=\"searchSubmit('P002','{one.search}','FrmMain',this)\">"
        "検索</a></form>"
    )


def _lost() -> Response:
    return _answer("エラー", "<p>セッションタイムアウトが発生しました。</p>")


def _error(text: str) -> Response:
    return _answer("エラー", f"<h1>エラー</h1><p>{escape(text)}</p>")


def _answer(title: str, content: str, *, frameset: bool = False) -> Response:
    page = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=Windows-31J">'
        f"<title>{title}</title></head>{content if frameset else f'<body>{content}</body>'}</html>"
    )
    # What cp932 lacks is written as a reference, as such a server does.
    return Response(page.encode(ENCODING, "xmlcharrefreplace"), media_type="text/html; charset=Windows-31J")


ROBOTS = "User-agent: *\nDisallow: /\n"
"""As it was reported."""

PORTAL = Portal((HOST,), ("tokyo_wards",), "tokyo_wards", routes, days, ROBOTS)
