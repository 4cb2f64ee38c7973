"""Every registered source reads its recorded examples, says what it is, and takes no maintenance page for an answer.

An example is a folder ``examples/<slug>/<case>/``: ``case.json`` says what is asked for and which recorded page
answers which request, and ``expected.json`` holds what is found in them. Where the latter is missing it is written
and the test fails, so that a person reads it.
"""

import inspect
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest

from db.vocabulary.run import Coverage
from scrapers.errors import FetchError, SourceChanged
from scrapers.registry import sources
from scrapers.source import Finding, Page, Request, Source, SourceOptions, Window, crawl, page_of

EXAMPLES = Path(__file__).parent / "examples"
CASES = [pytest.param(path, id=f"{path.parent.name}-{path.name}") for path in sorted(EXAMPLES.glob("*/*/"))]
SOURCES = [pytest.param(source, id=slug) for slug, source in sources().items()]
LARGEST_PAGE = 50_000
JURISDICTIONS = {"national", "local", "national and local"}
MAINTENANCE = """<!DOCTYPE html>
<html lang="ja"><head><meta charset="UTF-8"><title>メンテナンス中</title></head>
<body><h1>ただいまメンテナンス中です</h1><p>ご不便をおかけします。</p></body></html>
"""


@dataclass(frozen=True)
class RecordedPage:
    url: str
    """With its query, as it goes over the wire."""
    file: str
    method: str = "GET"
    form: str | None = None
    """The body of a POST, percent-encoded."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    since: date
    until: date | None
    now: datetime
    pages: list[RecordedPage]
    options: SourceOptions = field(default_factory=SourceOptions)


class Replay:
    """A fetch that answers from recorded pages: a request that was recorded twice gets both answers in turn."""

    def __init__(self, folder: Path, pages: list[RecordedPage]) -> None:
        self._folder = folder
        self.waiting: dict[tuple[str, str, str | None], list[RecordedPage]] = defaultdict(list)
        for page in pages:
            self.waiting[page.method, page.url, page.form].append(page)

    def __call__(self, request: Request) -> Page:
        def encoded(pairs: tuple[tuple[str, str], ...]) -> str:
            return urlencode(pairs, encoding=request.encoding, errors="xmlcharrefreplace")

        url = request.url
        if request.params:
            url += ("&" if urlsplit(url).query else "?") + encoded(request.params)
        form = None if request.form is None else encoded(request.form)
        recorded = self.waiting.get((request.method, url, form))
        if not recorded:
            asked = f"{request.method} {url}" + (f" with {form}" if form else "")
            known = "\n  ".join(f"{page.method} {page.url} {page.form or ''}" for page in self.left) or "none"
            pytest.fail(f"{asked}\nis not recorded in {self._folder / 'case.json'}; not yet asked for:\n  {known}")
        page = recorded.pop(0)
        if not 200 <= page.status < 300:
            raise FetchError("{host}: answered {status}", host=urlsplit(url).netloc, status=page.status)
        content = (self._folder / page.file).read_bytes()
        return page_of(content, request, status=page.status, headers=page.headers)

    @property
    def left(self) -> list[RecordedPage]:
        return [page for pages in self.waiting.values() for page in pages]


@cache
def case_in(folder: Path) -> Case:
    return msgspec.convert(json.loads((folder / "case.json").read_text("utf-8")), Case)


def plain(finding: Finding) -> dict[str, Any]:
    """A finding as JSON, with the name of its type; what is empty, unknown or not so is left out."""
    fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(finding))
    usual: tuple[object, ...] = (None, "", []) if isinstance(finding, Coverage) else (None, "", [], False)
    known = {name: value for name, value in fields.items() if value not in usual}
    return {"type": type(finding).__name__} | known


@pytest.mark.parametrize("folder", CASES)
def test_a_recorded_example_is_read_as_a_person_has_approved_it(folder: Path) -> None:
    case = case_in(folder)
    replay = Replay(folder, case.pages)
    source = sources()[folder.parent.name](case.options)
    found = [plain(one) for one in crawl(source, Window(case.since, case.until, case.now), replay)]
    expected = folder / "expected.json"
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
        pytest.fail(f"{expected} was missing and has been written; read it, and run the test again")
    assert found == json.loads(expected.read_text("utf-8"))
    assert not replay.left, "these pages are recorded, but were never asked for"


@pytest.mark.parametrize("folder", CASES)
def test_an_example_is_small(folder: Path) -> None:
    assert {file.name for file in folder.iterdir() if file.stat().st_size > LARGEST_PAGE} == set(), "trim rows"
    recorded = {page.file for page in case_in(folder).pages}
    assert {file.name for file in folder.iterdir()} - {"case.json", "expected.json"} == recorded


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_has_a_recorded_example(source: type[Source]) -> None:
    assert list((EXAMPLES / source.slug).glob("*/case.json")), f"record one in {EXAMPLES / source.slug}/<case>/"


def test_examples_are_of_sources_that_there_are() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} <= set(sources())


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_is_in_the_file_of_its_slug(source: type[Source]) -> None:
    assert Path(inspect.getfile(source)).stem == source.slug


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("what", ["Owner", "Covers", "Terms", "Caveats"])
def test_the_docstring_of_a_source_says_whose_it_is_and_what_to_mind(source: type[Source], what: str) -> None:
    assert re.search(rf"^{what}: \S", inspect.cleandoc(source.__doc__ or ""), re.MULTILINE)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_says_how_it_is_called_and_where_it_is(source: type[Source]) -> None:
    assert source.name.strip()
    assert source.name_en.strip()
    assert source.name_en.isascii()
    address = urlsplit(source.homepage)
    assert (address.scheme, bool(address.netloc)) == ("https", True)
    assert source.jurisdiction in JURISDICTIONS
    assert source.every_hours > 0
    assert source.look_back_days >= 0


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("options", [SourceOptions(), SourceOptions(prefectures=("13",))], ids=["all", "one"])
def test_a_maintenance_page_is_an_error_and_never_an_empty_result(
    source: type[Source], options: SourceOptions
) -> None:
    def fetch(request: Request) -> Page:
        headers = {"content-type": "text/html; charset=UTF-8"}
        return page_of(MAINTENANCE.encode(), request, headers=headers)

    now = datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9)))
    with pytest.raises((SourceChanged, FetchError)):
        list(crawl(source(options), Window(date(2026, 6, 5), None, now), fetch))
