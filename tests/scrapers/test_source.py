"""A crawl hands pages in and findings out in the order of the source's steps, and leaves nothing open."""

import gc
import os
from collections.abc import Callable, Generator
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256
from typing import cast

import pytest

from db.vocabulary.messages import Saying
from db.vocabulary.run import Coverage, Problem
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.source import IN_MEMORY, Finding, Page, Request, Source, Steps, Window, crawl, page_of, spooled

WINDOW = Window(date(2026, 6, 5), None, datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9))))


def source(visit: Callable[[Window], Steps]) -> Source:
    class Scripted(Source):
        def steps(self, window: Window) -> Steps:
            return visit(window)

    return Scripted()


def found(part: str) -> Coverage:
    return Coverage(part, 1, 1, complete=True)


def told(error: ScrapeError) -> Problem:
    return Problem("here", error.saying)


class Fetched:
    """Answers every request with its own address, except those of ``errors``."""

    def __init__(self, **errors: Exception) -> None:
        self.asked: list[str] = []
        self._errors = errors

    def __call__(self, request: Request) -> Page:
        self.asked.append(request.url)
        if error := self._errors.get(request.url):
            raise error
        return page_of(request.url.encode(), request)


def test_requests_are_answered_and_findings_come_out_in_the_order_of_the_visit() -> None:
    def visit(window: Window) -> Steps:
        yield found(str(window.since))
        for address in ("a", "b"):
            page = yield Request(address)
            yield found(page.content.decode())
            yield found(page.content.decode() * 2)
        yield Request("c")

    fetch = Fetched()
    assert list(crawl(source(visit), WINDOW, fetch)) == [found(part) for part in ("2026-06-05", "a", "aa", "b", "bb")]
    assert fetch.asked == ["a", "b", "c"]


def test_nothing_is_asked_before_the_reader_wants_it() -> None:
    def visit(window: Window) -> Steps:
        yield Request("a")
        yield found("a")
        yield Request("b")

    fetch = Fetched()
    findings = crawl(source(visit), WINDOW, fetch)
    assert fetch.asked == []
    next(findings)
    assert fetch.asked == ["a"]


def test_a_visit_without_any_step_finds_nothing() -> None:
    def visit(window: Window) -> Steps:
        yield from ()

    assert list(crawl(source(visit), WINDOW, Fetched())) == []


@pytest.mark.parametrize("error", [FetchError("gone"), SourceChanged("new layout"), Refused("no")])
def test_a_failed_request_is_thrown_into_the_visit_which_may_go_on(error: ScrapeError) -> None:
    def visit(window: Window) -> Steps:
        for address in ("a", "b"):
            try:
                yield Request(address)
            except ScrapeError as error:
                yield told(error)
        yield found("end")

    assert list(crawl(source(visit), WINDOW, Fetched(a=error))) == [told(error), found("end")]


def test_a_visit_may_ask_for_something_else_where_a_request_failed() -> None:
    def visit(window: Window) -> Steps:
        try:
            page = yield Request("a")
        except FetchError:
            page = yield Request("b")
        yield found(page.content.decode())

    assert list(crawl(source(visit), WINDOW, Fetched(a=FetchError("gone")))) == [found("b")]


def test_a_visit_may_end_with_a_request_that_fails() -> None:
    def visit(window: Window) -> Steps:
        yield found("a")
        try:
            yield Request("a")
        except FetchError:
            return

    assert list(crawl(source(visit), WINDOW, Fetched(a=FetchError("gone")))) == [found("a")]


@pytest.mark.parametrize("error", [FetchError("gone"), KeyError("a slip of the fetcher")])
def test_what_a_visit_does_not_catch_ends_the_crawl(error: Exception) -> None:
    closed: list[str] = []

    def visit(window: Window) -> Steps:
        try:
            yield found("before")
            yield Request("a")
            yield found("after")
        finally:
            closed.append("closed")

    findings: list[Finding] = []
    with pytest.raises(type(error)) as raised:
        findings.extend(crawl(source(visit), WINDOW, Fetched(a=error)))
    assert raised.value is error
    assert findings == [found("before")]
    assert closed == ["closed"]


def test_an_error_of_the_visit_itself_comes_out() -> None:
    def visit(window: Window) -> Steps:
        page = yield Request("a")
        raise SourceChanged("{address}: another layout", address=page.url)

    with pytest.raises(SourceChanged, match=r"^a: another layout$"):
        list(crawl(source(visit), WINDOW, Fetched()))


def test_only_scrape_errors_are_the_visits_business() -> None:
    def visit(window: Window) -> Steps:
        try:
            yield Request("a")
        except Exception:  # noqa: BLE001 (that is what must not happen)
            yield found("swallowed")

    with pytest.raises(ZeroDivisionError):
        list(crawl(source(visit), WINDOW, Fetched(a=ZeroDivisionError())))


def test_a_crawl_that_is_broken_off_closes_the_visit() -> None:
    closed: list[str] = []

    def visit(window: Window) -> Steps:
        try:
            yield found("a")
            yield found("b")
        finally:
            closed.append("closed")

    findings = cast("Generator[Finding]", crawl(source(visit), WINDOW, Fetched()))
    assert next(findings) == found("a")
    findings.close()
    assert closed == ["closed"]


def test_a_page_can_be_read_again_from_its_beginning() -> None:
    page = page_of("公告".encode(), Request("https://example.jp/"), headers={"content-type": "text/plain"})
    assert page.open().read(3) == "公".encode()
    assert page.open().read() == page.content == "公告".encode()
    assert (page.size, page.digest) == (6, sha256("公告".encode()).hexdigest())
    assert (page.url, page.status, page.content_type) == ("https://example.jp/", 200, "text/plain")
    assert page_of(b"", Request("https://example.jp/")).content_type == ""


def test_a_request_with_a_form_is_a_post() -> None:
    assert Request("a", params=(("q", "x"),)).method == "GET"
    assert Request("a", form=()).method == "POST"


@pytest.mark.parametrize("size", [1, IN_MEMORY + 1], ids=["in memory", "on disk"])
def test_a_spooled_file_goes_away_when_nobody_holds_it(size: int) -> None:
    file = spooled()
    file.write(b"x" * size)
    file.seek(0)
    assert len(file.read()) == size
    descriptor = file.fileno() if size > IN_MEMORY else None
    del file
    gc.collect()  # a ResourceWarning would fail the test
    if descriptor is not None:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_a_spooled_file_may_be_closed_before() -> None:
    file = spooled()
    file.close()
    file.close()
    assert file.closed


def test_an_error_is_one_line_that_can_be_told_in_any_language() -> None:
    error = FetchError("{host}: answered {status}", host="example.jp", status=404)
    assert str(error) == "example.jp: answered 404"
    assert error.saying == Saying("{host}: answered {status}", {"host": "example.jp", "status": "404"})
