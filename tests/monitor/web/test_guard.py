"""Security headers, hosts, foreign posts, and pages for what goes wrong."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

EVERYWHERE = [
    "/",
    "/feeds",
    "/feeds/all.rss",
    "/sources",
    "/u/token",
    "/healthz",
    "/nowhere",
    "/?page=0",
    "/tenders/x",
]


def heading(text: str) -> str:
    (found,) = BeautifulSoup(text, "lxml").select("h1")
    return found.get_text()


# Headers


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_has_the_security_headers(calm: "Web", path: str) -> None:
    headers = calm.get(path).headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    secret = path.startswith("/u/")
    assert headers["referrer-policy"] == ("no-referrer" if secret else "strict-origin-when-cross-origin")


@pytest.mark.parametrize("path", ["/", "/feeds", "/sources", "/u/token", "/nowhere"])
def test_no_page_needs_what_the_policy_forbids(calm: "Web", path: str) -> None:
    page = BeautifulSoup(calm.get(path).text, "lxml")
    assert not page.select("script, style, [style], iframe, object, img[src^=http]")
    assert not [name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")]
    for link in page.select("link[rel=stylesheet], link[rel=icon]"):
        assert str(link["href"]).startswith("/static/")


def test_own_files_are_served_and_may_be_kept_for_ever(calm: "Web") -> None:
    page = calm.page("/")
    for link, media_type in (("stylesheet", "text/css"), ("icon", "image/svg+xml")):
        answer = calm.get(str(page.select(f"link[rel={link}]")[0]["href"]))
        assert answer.headers["content-type"].startswith(media_type)
        assert "immutable" in answer.headers["cache-control"]
    calm.page("/static/..%2Fapp.py", 404)
    calm.page("/static/nothing.css", 404)


# Hosts


@pytest.mark.parametrize(
    "host", ["monitor.example.org", "monitor.example.org:443", "localhost:8080", "[::1]:1", "127.0.0.1"]
)
def test_the_sites_own_names_are_answered(calm: "Web", host: str) -> None:
    assert calm.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "monitor.example.org.evil.example", "x@localhost", "", "[::1", "a/localhost"]
)
def test_no_other_name_is_answered(calm: "Web", host: str) -> None:
    answer = calm.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert heading(answer.text) == "This site does not answer under that name"
    assert "evil" not in answer.text


# Posts


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 405),
        ({}, 405),
    ],
)
def test_what_another_site_sends_is_refused(calm: "Web", headers: dict[str, str], status: int) -> None:
    answer = calm.client.post("/", headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/choices", "/choices/token", "/confirm/token", "/forget/token"])
def test_the_forms_of_secret_pages_work_in_browsers_that_say_nothing_but_a_hidden_origin(
    calm: "Web", path: str
) -> None:
    assert calm.client.post(path, headers={"origin": "null"}).status_code != 403
    assert calm.client.post(path, headers={"origin": "https://evil.example"}).status_code == 403
    assert calm.client.post(path, headers={"origin": "null", "sec-fetch-site": "cross-site"}).status_code == 403


def test_our_own_origin_is_not_another_site(calm: "Web") -> None:
    assert calm.client.post("/", headers={"origin": calm.base}).status_code == 405


def test_reading_is_never_refused_for_where_it_comes_from(calm: "Web") -> None:
    headers = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
    assert calm.get("/", headers=headers).status_code == 200


# What goes wrong


def test_a_page_that_there_is_not_has_a_way_on(calm: "Web") -> None:
    page = calm.page("/nowhere", 404)
    assert heading(str(page)) == "There is no such page"
    assert page.select("main a[href='/']")


def test_a_method_that_is_not_allowed_is_told_in_words(calm: "Web") -> None:
    answer = calm.client.delete("/sources")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert heading(answer.text) == "This page can only be read"


def test_the_frameworks_own_pages_are_off(calm: "Web") -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        calm.page(path, 404)


def test_a_mishap_is_a_page_without_a_stack_trace_and_a_line_in_the_log(
    serving: "Callable[..., Web]", caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> datetime:
        raise ZeroDivisionError("the clock stands")

    web = serving(clock=broken)
    answer = web.get("/")
    assert answer.status_code == 500
    assert heading(answer.text) == "Something went wrong here"
    assert "clock" not in answer.text
    assert "content-security-policy" in answer.headers
    assert web.client.post("/u/s3cret").status_code == 500
    assert "GET /: could not be answered" in caplog.text
    assert "POST /u/…: could not be answered" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_record_that_cannot_be_read_is_told_without_its_details(
    web: "Web", caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    with web.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE tender_alias")
        connection.exec_driver_sql("DROP TABLE tender_area")
    for path in ("/?area=mobility", "/healthz", "/feeds/mobility.rss"):
        answer = web.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert heading(answer.text) == "The record cannot be read at the moment"
        assert "tender_a" not in answer.text
    assert "no such table" in caplog.text


def test_the_one_who_watches_is_told_ok(calm: "Web") -> None:
    answer = calm.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["content-type"].startswith("text/plain")


# The whole site


@pytest.mark.parametrize("path", ["/", "/feeds", "/sources", "/u/token", "/nowhere", "/tenders/x"])
def test_the_demonstration_says_so_on_every_page(serving: "Callable[..., Web]", path: str) -> None:
    web = serving(illustrative=True)
    assert "Illustrative data." in web.get(path).text
    assert "noindex" in web.get(path).text


def test_a_site_below_a_path_links_below_that_path(serving: "Callable[..., Web]", web: "Web") -> None:
    below = serving(site=replace(web.context.site, base_url="https://example.org/tenders"))
    id = below.keep(below.notice())
    page = below.page("/")
    ours = [str(tag.get("href") or tag.get("action")) for tag in page.select("a[href], form, link[rel=stylesheet]")]
    assert f"/tenders/tenders/{id}" in ours
    assert all(address.startswith(("/tenders/", "#", "mailto:")) for address in ours)


@pytest.mark.parametrize("path", ["/", "/feeds", "/sources", "/u/token", "/healthz"])
def test_every_page_answers_head(calm: "Web", path: str) -> None:
    answer = calm.client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
