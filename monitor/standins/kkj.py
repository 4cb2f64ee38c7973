"""KKJ 官公需情報ポータルサイト: its search API and notice pages, over DATA/kkj/notices.jsonl.

Answers as the portal's guide says and as it was measured. Besides the fields of the samples a record may
have ``city_code``, ``certification``, ``item_code``, ``file_size``, ``tender_submission_deadline``,
``opening_tenders_event`` and ``period_end_time``. Where the guide is silent, our choice is: words match
letter by letter, a broken expression is ``internal error``, a Count below 1 or not a number is the default.
"""

import random
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from monitor.standins.records import BadRecords, Record, read_records
from monitor.standins.server import Portal, StandInSettings, in_blocks, settings_of

CAP = 1000
DEFAULT_COUNT = 10
XML = "text/xml; charset=UTF-8"

SEARCHWORDS = ("Query", "Project_Name", "Organization_Name", "LG_Code")
CATEGORIES = {"1": "物品", "2": "工事", "3": "役務"}
PROCEDURES = {"1": "一般競争入札", "2": "簡易公募型競争入札", "3": "簡易公募型指名競争入札"}
PERIODS = {
    "CFT_Issue_Date": "CftIssueDate",
    "Tender_Submission_Deadline": "TenderSubmissionDeadline",
    "Opening_Tenders_Event": "OpeningTendersEvent",
    "Period_End_Time": "PeriodEndTime",
}
ALWAYS = ("Key", "ExternalDocumentURI", "ProjectName", "Date", "CftIssueDate")

Test = Callable[["Notice"], bool]


class Complaint(Exception):
    """A request that the portal answers with ``<Error>``."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One record, ready to be searched and written."""

    key: str
    title: str
    body: str
    values: Mapping[str, str]
    """Tag → text, where the record has it; Attachments are kept apart."""
    attachments: tuple[tuple[str, str], ...]
    days: Mapping[str, date]
    """Tag → day, for the four periods."""
    text: str
    """What Query searches."""
    written: list[tuple[str, str]] = field(default_factory=list)
    """The XML around ResultId, kept once it has been written."""


def routes(folder: Path) -> Sequence[BaseRoute]:
    notices = sorted(
        map(_notice, read_records(folder / "notices.jsonl", required=("key", "title"))),
        key=lambda notice: (notice.values["CftIssueDate"], notice.values["Date"], notice.key),
        reverse=True,
    )
    by_key = {notice.key: notice for notice in notices}

    async def api(request: Request) -> Response:
        settings = settings_of(request)
        if settings.error_body is not None:
            return _error(settings.error_body)
        try:
            tests = _refinements(request.query_params)
        except Complaint as complaint:
            return _error(str(complaint))
        found = [] if settings.empty else [n for n in notices if all(test(n) for test in tests)]
        if settings.duplicate_rows:
            found = found[:1] + found
        rows = found[: _count(request.query_params.get("Count", ""), settings.cap)]
        return _answer(rows, len(found) + settings.wrong_hits, settings)

    async def detail(request: Request) -> Response:
        notice = by_key.get(request.query_params.get("D", ""))
        return HTMLResponse(_page("該当する案件はありません", ""), 404) if notice is None else _detail(notice)

    return [Route("/api/", api), Route("/d/", detail)]


def days(folder: Path) -> Iterable[date]:
    path = folder / "notices.jsonl"
    for number, record in enumerate(read_records(path), 1):
        day = str(record.get("cft_issue_date") or record.get("fetched"))[:10]
        try:
            yield date.fromisoformat(day)
        except ValueError:
            raise BadRecords(
                "{file}, record {number}: {day} is no day; write cft_issue_date as 2026-04-01",
                file=path,
                number=number,
                day=day,
            ) from None


PORTAL = Portal(("www.kkj.go.jp",), ("kkj",), "kkj", routes, days)


# What is asked for


def _refinements(params: Mapping[str, str]) -> list[Test]:
    """The tests that a notice must pass, one per parameter given. Raises Complaint."""
    given = {name: value.strip() for name, value in params.items() if value.strip()}
    if not any(name in given for name in SEARCHWORDS):
        raise Complaint("no searchword")
    return [REFINEMENTS[name](value) for name, value in given.items() if name in REFINEMENTS]


def _query(value: str) -> Test:
    matches = expression(value)
    return lambda notice: matches(notice.text)


def _project_name(value: str) -> Test:
    return lambda notice: value in notice.title


def _organization_name(value: str) -> Test:
    return lambda notice: value in notice.values.get("OrganizationName", "")


def _lg_code(value: str) -> Test:
    codes = {code.strip() for code in value.split(",")}
    return lambda notice: notice.values.get("LgCode") in codes


def _category(value: str) -> Test:
    wanted = CATEGORIES.get(value)
    return lambda notice: wanted is None or notice.values.get("Category") == wanted


def _procedure_type(value: str) -> Test:
    wanted = PROCEDURES.get(value, "")
    return lambda notice: not wanted or wanted in notice.values.get("ProcedureType", "")


def _certification(value: str) -> Test:
    ranks = {rank.strip() for rank in value.split(",")}
    return lambda notice: not ranks.isdisjoint(notice.values.get("Certification", "").split())


def _period(tag: str) -> Callable[[str], Test]:
    def refinement(value: str) -> Test:
        first, slash, last = value.partition("/")
        since, until = _day(first), _day(last if slash else first)
        if since is None and until is None:
            raise Complaint("Invalid Date Parameter")

        def test(notice: Notice) -> bool:
            day = notice.days.get(tag)
            return day is not None and (since is None or since <= day) and (until is None or day <= until)

        return test

    return refinement


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Complaint("Invalid Date Parameter")


REFINEMENTS: Mapping[str, Callable[[str], Test]] = {
    "Query": _query,
    "Project_Name": _project_name,
    "Organization_Name": _organization_name,
    "LG_Code": _lg_code,
    "Category": _category,
    "Procedure_Type": _procedure_type,
    "Certification": _certification,
    **{name: _period(tag) for name, tag in PERIODS.items()},
}


def _count(value: str, cap: int | None) -> int:
    wanted = int(value) if re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII) else 0
    return min(wanted or DEFAULT_COUNT, CAP, CAP if cap is None else cap)


def expression(text: str) -> Callable[[str], bool]:
    """The test that a Query expression stands for. Raises Complaint.

    AND (or nothing), OR and ANDNOT between, NOT before; NOT binds first, the rest goes from left to right.
    Only half-width capitals are operators and only half-width spaces part words.
    """
    tokens = re.findall(r"[()]|[^ \t\r\n()]+", text)
    if any(re.fullmatch(r"[ぁ-ゖァ-ヺｦ-ﾝ]", token) for token in tokens):
        raise Complaint("Only one Kana character in search expression")
    matches, rest = _sequence(tokens)
    if rest:
        raise Complaint("internal error")
    return matches


Matches = Callable[[str], bool]


def _sequence(tokens: list[str]) -> tuple[Matches, list[str]]:
    left, tokens = _operand(tokens)
    while tokens and tokens[0] != ")":
        operator = tokens[0] if tokens[0] in ("AND", "OR", "ANDNOT") else ""
        right, tokens = _operand(tokens[1:] if operator else tokens)
        left = _joined(operator or "AND", left, right)
    return left, tokens


def _joined(operator: str, left: Matches, right: Matches) -> Matches:
    if operator == "OR":
        return lambda text: left(text) or right(text)
    if operator == "ANDNOT":
        return lambda text: left(text) and not right(text)
    return lambda text: left(text) and right(text)


def _operand(tokens: list[str]) -> tuple[Matches, list[str]]:
    match tokens:
        case ["NOT", *rest]:
            inner, rest = _operand(rest)
            return (lambda text: not inner(text)), rest
        case ["(", *rest]:
            inside, rest = _sequence(rest)
            if not rest:
                raise Complaint("internal error")
            return inside, rest[1:]
        case [word, *rest] if word not in (")", "AND", "OR", "ANDNOT"):
            return (lambda text: word in text), rest
    raise Complaint("internal error")


# What is there


def _notice(record: Record) -> Notice:
    """Raises ValueError for a record without any date."""
    issued = record.get("cft_issue_date") or record.get("fetched")
    if not issued:
        raise ValueError(f"kkj record {record['key']}: neither cft_issue_date nor fetched")
    uri = record.get("external_document_uri", "")
    fields = {
        "Key": record["key"],
        "ExternalDocumentURI": uri,
        "ProjectName": record["title"],
        "Date": _moment(record.get("fetched") or issued),
        "FileType": record.get("file_type") or _file_type(uri),
        "FileSize": record.get("file_size"),
        "LgCode": record.get("lg_code"),
        "PrefectureName": record.get("prefecture"),
        "CityCode": record.get("city_code"),
        "CityName": record.get("city"),
        "OrganizationName": record.get("organization"),
        "CftIssueDate": f"{issued[:10]}T00:00:00+09:00",
        "PeriodEndTime": _moment(record.get("period_end_time")),
        "TenderSubmissionDeadline": _moment(record.get("tender_submission_deadline")),
        "OpeningTendersEvent": _moment(record.get("opening_tenders_event")),
        "Category": record.get("category"),
        "ProcedureType": record.get("procedure_type"),
        "Certification": record.get("certification"),
        "Location": record.get("location"),
        "ItemCode": record.get("item_code"),
        "ProjectDescription": record.get("body"),
    }
    values = {tag: str(value) for tag, value in fields.items() if value not in (None, "")}
    body = values.get("ProjectDescription", "")
    return Notice(
        key=values["Key"],
        title=values["ProjectName"],
        body=body,
        values=values,
        attachments=tuple((a.get("name", ""), a.get("uri", "")) for a in record.get("attachments", ())),
        days={tag: date.fromisoformat(values[tag][:10]) for tag in PERIODS.values() if tag in values},
        text=f"{values['ProjectName']}\n{body}",
    )


def _moment(text: str | None) -> str | None:
    return f"{text}T00:00:00+09:00" if text and len(text) == len("2026-04-15") else text


def _file_type(uri: str) -> str | None:
    """Guessed from the address; an address without a telling end is a page."""
    if not uri:
        return None
    ending = Path(urlsplit(uri).path).suffix.lower()
    return {".pdf": "pdf", ".html": "html", ".htm": "html", "": "html"}.get(ending)


# What is answered


def _error(text: str) -> Response:
    return Response(f"<Results><Error>{escape(text, quote=False)}</Error></Results>", media_type=XML)


HUGE = "\0huge\0"
"""Where the huge text goes when the answer is sent; it cannot occur in a document."""
HUGE_UNIT = "これはたいへん長い公告文です。\n".encode()


def _answer(rows: Sequence[Notice], hits: int, settings: StandInSettings) -> Response:
    document = "".join(
        (
            '<?xml version="1.0" encoding="utf-8" ?>\n',
            f"<Results><Version>1.0</Version><SearchResults><SearchHits>{hits}</SearchHits>\n",
            *(_row(notice, position, settings) for position, notice in enumerate(rows, 1)),
            "</SearchResults></Results>",
        )
    )
    encode = _cesu8 if settings.cesu8 else str.encode
    before, huge, after = document.partition(HUGE)
    if not huge:
        return Response(encode(document), media_type=XML)

    async def parts() -> AsyncIterator[bytes]:
        yield encode(before)
        async for block in in_blocks(HUGE_UNIT, settings.huge_text_bytes):
            yield block
        yield encode(after)

    return StreamingResponse(parts(), media_type=XML)


def _row(notice: Notice, position: int, settings: StandInSettings) -> str:
    first = position == 1 and (
        settings.cesu8 or settings.control_characters or settings.html_entities or settings.huge_text_bytes > 0
    )
    if first or settings.missing_tags:
        before, after = _written(_children(notice, settings, spoil=first), notice.key)
    else:
        if not notice.written:
            notice.written.append(_written(_children(notice, settings, spoil=False), notice.key))
        before, after = notice.written[0]
    return f"<SearchResult>{before}<ResultId>{position}</ResultId>{after}</SearchResult>\n"


def _written(children: dict[str, str], key: str) -> tuple[str, str]:
    """The children in an order that only depends on the record: the real one is undefined."""
    order = ["ResultId", *children]
    random.Random(key).shuffle(order)
    place = order.index("ResultId")
    return "".join(children[tag] for tag in order[:place]), "".join(children[tag] for tag in order[place + 1 :])


def _children(notice: Notice, settings: StandInSettings, *, spoil: bool) -> dict[str, str]:
    """Tag → its XML, in the state that the switches ask for."""
    inside = {tag: _cdata(value) if tag in CDATA else _text(value) for tag, value in notice.values.items()}
    if spoil:
        _spoil(inside, settings)
    if notice.attachments:
        inside["Attachments"] = "".join(
            f"<Attachment><Name>{_text(name)}</Name><Uri>{_text(uri)}</Uri></Attachment>"
            for name, uri in notice.attachments
        )
    if settings.missing_tags:
        inside = dict(_thinned(inside, notice.key))
    return {tag: f"<{tag}>{content}</{tag}>" for tag, content in inside.items()}


CDATA = ("Key", "ExternalDocumentURI")


def _spoil(inside: dict[str, str], settings: StandInSettings) -> None:
    """The hazards that befall one record of an answer."""
    title, body = inside["ProjectName"], inside.get("ProjectDescription", "")
    if settings.control_characters:
        title = f"{title}\x0b"
        body = f"\x08{body}\x1f&#31;"
    if settings.html_entities:
        title = f"{title}&nbsp;R&D"
    if settings.cesu8:
        body = f"{body}\ud842"
    if settings.huge_text_bytes:
        body = HUGE
    inside["ProjectName"] = title
    if body:
        inside["ProjectDescription"] = body


def _thinned(inside: Mapping[str, str], key: str) -> Iterator[tuple[str, str]]:
    for tag, content in inside.items():
        fate = 2 if tag in ALWAYS or content == HUGE else random.Random(f"{key} {tag}").randrange(3)
        if fate:
            yield tag, content if fate == 2 else ""


FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(value: str) -> str:
    """As XML text; a character that XML forbids is left out (there is a switch for those)."""
    return escape(FORBIDDEN.sub("", value), quote=False)


def _cdata(value: str) -> str:
    return f"<![CDATA[{FORBIDDEN.sub('', value).replace(']]>', ']]]]><![CDATA[>')}]]>"


def _cesu8(document: str) -> bytes:
    """UTF-8 of the two UTF-16 halves of each character beyond the BMP, as some database drivers write it."""

    def halves(found: re.Match[str]) -> str:
        beyond = ord(found[0]) - 0x10000
        return chr(0xD800 + (beyond >> 10)) + chr(0xDC00 + (beyond & 0x3FF))

    return re.sub("[\U00010000-\U0010ffff]", halves, document).encode("utf-8", "surrogatepass")


def _detail(notice: Notice) -> Response:
    rows = (
        ("件名", notice.title),
        ("機関", notice.values.get("OrganizationName", "")),
        ("公告日", notice.values["CftIssueDate"][:10]),
        ("公告内容", notice.body),
    )
    table = "".join(
        f"<tr><th>{name}</th><td>{escape(value).replace(chr(10), '<br>')}</td></tr>" for name, value in rows if value
    )
    uri = notice.values.get("ExternalDocumentURI")
    link = f'<p><a href="{escape(uri)}">元の文書</a></p>' if uri else ""
    return HTMLResponse(_page(notice.title, f"<table>{table}</table>{link}"))


def _page(heading: str, content: str) -> str:
    heading = escape(heading)
    return (
        f'<!DOCTYPE html>\n<html lang="ja"><head><meta charset="UTF-8"><title>{heading}</title></head>\n'
        f"<body><h1>{heading}</h1>{content}<p>官公需情報ポータルサイト</p></body></html>\n"
    )
