"""The official gazette's site: its pages and PDFs, over the PDFs in DATA/kanpo and over DATA/kanpo/notices.jsonl.

A PDF is given as it lies there, {issue}full{first}{last}.pdf by name; an issue that is only in the records is
drawn from their texts. Kinds and pages on the contents pages come from the records; where there is none for an
issue, its contents page lists 入札公告 on page 1, with which every issue begins. ``cap`` is the number of days
that the top page lists (older ones have their contents page by day); ``error_body`` answers as the site's server
does, with its text.
"""

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from html import escape
from pathlib import Path

import pikepdf
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from monitor.standins.gazette_pdf import Drawn, Section, draw
from monitor.standins.records import BadRecords, Record, read_records
from monitor.standins.server import Portal, settings_of

_ISSUE = re.compile(r"[0-9]{8}c[0-9]{5}")
_PDF = re.compile(r"([0-9]{8}c[0-9]{5})full([0-9]{4})([0-9]{4})\.pdf")
_PAGE = re.compile(r"([0-9]{8}c[0-9]{5})([0-9]{4})f\.html$")
_SECTIONS = (
    ("プロポーザル", "入札公示"),
    ("公示）予定", "調達予定"),
    ("招請", "招請"),
    ("随意契約", "随意契約"),
    ("落札", "落札"),
    ("資格", "資格"),
    ("入札公示", "入札公示"),
    ("", "入札公告"),
)


@dataclass
class _Issue:
    """An issue: its PDFs, or the records that its PDF is drawn from."""

    id: str
    records: list[Record] = field(default_factory=list)
    files: dict[tuple[int, int], Path] = field(default_factory=dict)
    """First and last page → PDF."""

    @property
    def day(self) -> date:
        return date(int(self.id[:4]), int(self.id[4:6]), int(self.id[6:8]))

    @property
    def number(self) -> int:
        return int(self.id[9:])

    @cached_property
    def drawn(self) -> Drawn:
        return draw(f"号外政府調達第{self.number}号", self.day, [_section(record) for record in self.records])

    @property
    def volumes(self) -> list[tuple[int, int]]:
        return sorted(self.files) or [(1, self.drawn.pages)]

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """Each kind of notice with the page on which it begins."""
        if not self.records:
            return [("入札公告", 1)]
        begun = self.drawn.headings if not self.files else [(_kind(one), _page_of(one)) for one in self.records]
        first: dict[str, int] = {}
        for kind, page in sorted(begun, key=lambda entry: entry[1]):
            first.setdefault(kind, page)
        return list(first.items())

    def pdf(self, first: int, last: int) -> Response | None:
        if path := self.files.get((first, last)):
            return FileResponse(path, media_type="application/pdf")
        if self.files or (first, last) not in self.volumes:
            return None
        return Response(self.drawn.content, media_type="application/pdf")

    def page_pdf(self, number: int) -> Response | None:
        """One page alone."""
        for first, last in self.volumes:
            if first <= number <= last:
                path = self.files.get((first, last))
                with pikepdf.open(path or io.BytesIO(self.drawn.content)) as whole, pikepdf.new() as alone:
                    alone.pages.append(whole.pages[number - first])
                    out = io.BytesIO()
                    alone.save(out)
                return Response(out.getvalue(), media_type="application/pdf")
        return None


def routes(folder: Path) -> Sequence[BaseRoute]:
    issues = _issues(folder)
    by_day: dict[date, list[_Issue]] = defaultdict(list)
    for issue in issues.values():
        by_day[issue.day].append(issue)

    def answer(response: Response | None, request: Request) -> Response:
        error = settings_of(request).error_body
        if error is not None:
            return HTMLResponse(_error(error), 500)
        return response or HTMLResponse(_error("Not Found"), 404)

    async def top(request: Request) -> Response:
        settings = settings_of(request)
        listed = sorted(by_day, reverse=True)[: settings.cap]
        page = _top({day: by_day[day] for day in listed} if not settings.empty else {})
        return answer(HTMLResponse(page), request)

    async def day(request: Request) -> Response:
        name = request.path_params["name"]
        there = [issue for issue in issues.values() if f"{issue.day:%Y%m%d}.fullcontents.html" == name]
        fits = name.startswith(request.path_params["day"])
        return answer(HTMLResponse(_day(there)) if there and fits else None, request)

    async def page(request: Request) -> Response:
        issue = issues.get(request.path_params["issue"])
        name = request.path_params["name"]
        if issue is None or not name.startswith(issue.id):
            return answer(None, request)
        rest = name.removeprefix(issue.id)
        if rest == "0000f.html":
            return answer(HTMLResponse(_contents(issue, empty=settings_of(request).empty)), request)
        if re.fullmatch(r"(?:full[0-9]{4})?[0-9]{4}f\.html", rest):
            return answer(HTMLResponse(_viewer(name.removesuffix("f.html"))), request)
        return answer(None, request)

    async def pdf(request: Request) -> Response:
        issue = issues.get(request.path_params["issue"])
        name = request.path_params["name"]
        if issue is None or not name.startswith(issue.id):
            return answer(None, request)
        if whole := _PDF.fullmatch(name):
            return answer(issue.pdf(int(whole[2]), int(whole[3])), request)
        single = re.fullmatch(r"([0-9]{4})\.pdf", name.removeprefix(issue.id))
        return answer(issue.page_pdf(int(single[1])) if single else None, request)

    return [
        Route("/", top),
        Route("/index.html", top),
        Route("/{day}/{name}", day),
        Route("/{day}/{issue}/{name}", page),
        Route("/{day}/{issue}/pdf/{name}", pdf),
    ]


def days(folder: Path) -> Iterable[date]:
    return [issue.day for issue in _issues(folder).values()]


# In September 2026, as public code quotes it.
PORTAL = Portal(
    ("www.kanpo.go.jp",), ("kanpo",), "kanpo", routes, days, "User-agent: *\nDisallow: /20\nDisallow: /old/\n"
)


# What is there


def _issues(folder: Path) -> dict[str, _Issue]:
    """The issues of the procurement edition, oldest first. Raises ValueError for a record of no page of any."""
    found: dict[str, _Issue] = {}
    path = folder / "notices.jsonl"
    for number, record in enumerate(read_records(path, required=("url", "title")), 1):
        page = _PAGE.search(record["url"])
        if not page:
            raise BadRecords(
                "{file}, record {number}: {url} is no page of an issue; write it as …/20260612c000990001f.html",
                file=path,
                number=number,
                url=record["url"],
            )
        found.setdefault(page[1], _Issue(page[1])).records.append(record)
    for file in sorted(folder.glob("*full*.pdf")):
        if name := _PDF.fullmatch(file.name):
            found.setdefault(name[1], _Issue(name[1])).files[int(name[2]), int(name[3])] = file
    for issue in found.values():
        try:
            issue.day  # noqa: B018 (it is the question whether there is such a day)
        except ValueError as error:
            raise BadRecords(
                "{folder}: the issue {issue} begins with no day; correct its name", folder=folder, issue=issue.id
            ) from error
    return dict(sorted(found.items()))


def _kind(record: Record) -> str:
    return str(record.get("category") or "入札公告")


def _page_of(record: Record) -> int:
    page = _PAGE.search(record["url"])
    return int(page[2]) if page else 1


def _section(record: Record) -> Section:
    """What a record says, as it is printed; without a text, what its other fields say."""
    extra = record.get("extra") or {}
    text = str(record.get("body") or "")
    text = _as_printed(text, record) if text else "\n".join(_from_fields(record, extra))
    lines = [line.strip() for line in text.split("\n")]
    return Section(
        _kind(record),
        [line for line in lines if line and line != _kind(record)],
        page=int(extra.get("page") or _page_of(record)),
        wide="［掲載順序］" in text,
    )


_OFFICE_AFTER_DAY = re.compile(r"\n?((?:令和|平成)[^日\n]{1,20}日)[^\n\u3000 ].*$")
_NUMBER_AFTER_CODES = re.compile("(◎所在地番号\u3000[0-9０-９]+)〇")
_NARROW_GAP = re.compile("^([⑴-⒇]|[0-9０-９]{1,2}) ", re.MULTILINE)


def _as_printed(text: str, record: Record) -> str:
    """In the texts of the samples some printed lines have run together; the record's fields tell where."""
    head, codes, rest = text.partition("\n◎")
    if office := record.get("organization"):
        head = _OFFICE_AFTER_DAY.sub(lambda found: f"\n{found[1]}\n{office}", head)
    text = _NUMBER_AFTER_CODES.sub(r"\1\n〇", head + codes + rest)
    title = re.compile(rf"^([⑴-⒇]\u3000[^\u3000\n]{{2,16}})(?={re.escape(record['title'])})", re.MULTILINE)
    text = title.sub("\\1\u3000", text)
    return _NARROW_GAP.sub("\\1\u3000", text).replace("\ufffd", "〓")


def _from_fields(record: Record, extra: Mapping[str, str]) -> list[str]:
    codes = (("調達機関番号", extra.get("org_code")), ("所在地番号", extra.get("loc_code")))
    said = (
        record.get("organization"),
        "\u3000".join(f"◎{name}\u3000{code}" for name, code in codes if code),
        f"〇{number}" if (number := extra.get("notice_no")) else "",
        "１\u3000調達内容",
        f"⑴\u3000品目分類番号\u3000{classes}" if (classes := extra.get("classification")) else "",
        f"⑵\u3000件名\u3000{record['title']}",
        "２\u3000Summary" if record.get("title_en") else "",
        f"⑴\u3000Nature and quantity : {title}" if (title := record.get("title_en")) else "",
    )
    return [line for line in said if line]


# What is answered


def _error(text: str) -> str:
    return (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n'
        f"<title>{escape(text)}</title>\n</head><body>\n<h1>{escape(text)}</h1>\n</body></html>\n"
    )


_HEAD = """<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="UTF-8">
<title>官報</title>
</head>
<body>
"""
_FOOT = "</body>\n</html>"


def _top(listed: Mapping[date, Sequence[_Issue]]) -> str:
    boxes = [_box(day, issues) for day, issues in listed.items()]
    return (
        f'{_HEAD}<div id="todayBox" class="todayHeader mb10">\n<h2 class="title">本日の官報</h2>\n</div>\n'
        f'<div id="todayProducts" class="todayBox">\n{"".join(boxes[:1])}</div><!-- /todayBox -->\n'
        '<div id ="archiveBox" Class="archiveBox">\n<h2 class="title">直近90日間の官報</h2>\n'
        f"{''.join(boxes[1:])}</div>\n{_FOOT}"
    )


def _box(day: date, issues: Sequence[_Issue]) -> str:
    articles = "".join(_article(issue) for issue in issues)
    contents = f'<a href="./{day:%Y%m%d}/{day:%Y%m%d}.fullcontents.html">全体目次はこちら</a>'
    return (
        f"<dl>\n<dt>令和 {day.year - 2018}年{day.month}月{day.day}日<br>{contents}</dt>\n"
        f"<dd>\n<ul>\n{articles}</ul>\n</dd>\n</dl>\n"
    )


def _article(issue: _Issue) -> str:
    folder = f"./{issue.day:%Y%m%d}/{issue.id}/{issue.id}"
    pdfs = "".join(
        f'<a href="{folder}full{first:04}{last:04}f.html" class="pdfDlb">'
        f'<img src="images/icon-file-pdf.png" alt="PDF">{first}-{last}頁[1MB]</a>\n'
        for first, last in issue.volumes
    )
    link = f'<a href="{folder}0000f.html" class="articleTop">政府調達<br>(第{issue.number}号)</a>'
    return f'<li class="articleBox">{link}\n{pdfs}</li>\n'


def _day(issues: Sequence[_Issue]) -> str:
    """The contents of a day: an issue folds out under its name."""
    return (
        _HEAD
        + "".join(
            f'<dl>\n<dt><a href="javascript:void(0);">政府調達\u3000第{issue.number}号</a></dt>\n'
            f"<dd>\n{_sections(issue, folder=f'{issue.id}/')}</dd>\n</dl>\n"
            for issue in issues
        )
        + _FOOT
    )


def _contents(issue: _Issue, *, empty: bool) -> str:
    date_and_number = f"令和{issue.day.year - 2018}年{issue.day.month}月{issue.day.day}日"
    pages = max(last for _, last in issue.volumes)
    return (
        f'{_HEAD}<p class="date">{date_and_number}（政府調達\u3000第{issue.number}号）\n</p>\n'
        f'<li class="menuLink"><p><a href="./{issue.id}0000f.html">この官報の目次</a></p></li>\n'
        f'<dd>/<span id="pageAll" class="pageAll">{pages}</span></dd>\n'
        f'<div class="contentsBox">\n{"" if empty else _sections(issue)}</div><!-- /contentsBox -->\n{_FOOT}'
    )


def _sections(issue: _Issue, folder: str = "") -> str:
    by_section: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for kind, page in issue.kinds:
        by_section[next(section for word, section in _SECTIONS if word in kind)].append((kind, page))
    return "".join(
        f'<section>\n<h2 class="title">\n<span class="text">{section}</span>\n</h2>\n<ul class="iconList">\n'
        + "".join(
            f'<li>\n<a href="{folder}{issue.id}{page:04}f.html">\n<span class="text">{escape(kind)}</span>\n'
            f'<span class="date">{page}</span>\n</a>\n</li>\n'
            for kind, page in kinds
        )
        + "</ul>\n</section>\n"
        for section, kinds in by_section.items()
    )


def _viewer(name: str) -> str:
    """The page around a PDF."""
    return f'{_HEAD}<iframe src="./pdf/{name}.pdf" title="PDF"></iframe>\n{_FOOT}'
