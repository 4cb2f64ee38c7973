"""Stopping the letters: a button for people, one post for mail programs, nothing for scanners and guessers."""

import logging
from typing import TYPE_CHECKING

import httpx

from monitor.web.app import TokensHidden

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_opening_the_link_changes_nothing(web: "Web") -> None:
    token = web.subscriber()
    page = web.page(f"/u/{token}")
    web.client.head(f"/u/{token}")
    assert web.gets_letters()
    (form,) = page.select("main form")
    assert (form["method"], form["action"]) == ("post", f"/u/{token}")
    assert [(one["name"], one["value"]) for one in form.select("input")] == [("List-Unsubscribe", "One-Click")]


def test_the_button_stops_the_letters_and_says_so(web: "Web") -> None:
    token = web.subscriber()
    answer = web.client.post(
        f"/u/{token}", data=ONE_CLICK, headers={"origin": web.base, "sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 200
    assert "No more letters" in answer.text
    assert not web.gets_letters()


def test_a_mail_program_stops_them_in_one_click(web: "Web") -> None:
    token = web.subscriber()
    answer = httpx.post(f"{web.base}/u/{token}", data=ONE_CLICK, trust_env=False)
    assert (answer.status_code, answer.history) == (200, [])
    assert not web.gets_letters()


def test_a_mail_programs_page_may_send_it_from_another_site(web: "Web") -> None:
    token = web.subscriber()
    headers = {"origin": "https://mail.example.com", "sec-fetch-site": "cross-site"}
    assert (
        web.client.post(f"/u/{token}", files={"List-Unsubscribe": (None, "One-Click")}, headers=headers).status_code
        == 200
    )
    assert not web.gets_letters()


def test_doing_it_again_changes_nothing_and_is_no_error(web: "Web") -> None:
    token = web.subscriber()
    first, second = (web.client.post(f"/u/{token}", data=ONE_CLICK) for _ in range(2))
    assert (first.status_code, first.text) == (second.status_code, second.text)


def test_a_token_that_nobody_has_looks_like_one_that_somebody_has(web: "Web") -> None:
    token, other = web.subscriber(), "nobody-has-this-token"
    for method in ("GET", "POST"):
        known, unknown = (web.client.request(method, f"/u/{one}") for one in (token, other))
        assert known.status_code == unknown.status_code == 200
        assert known.text.replace(token, "…") == unknown.text.replace(other, "…")
    assert known.headers.keys() == unknown.headers.keys()


def test_the_page_leaks_its_address_neither_to_caches_nor_to_other_sites(web: "Web") -> None:
    answer = web.get(f"/u/{web.subscriber()}")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in answer.text


def test_the_access_log_does_not_learn_the_token() -> None:
    record = logging.LogRecord(
        "uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d',
        ("127.0.0.1:1", "POST", "/u/s3cret?lang=ja", "1.1", 200), None,
    )  # fmt: skip
    assert TokensHidden().filter(record)
    assert record.getMessage() == '127.0.0.1:1 - "POST /u/…?lang=ja HTTP/1.1" 200'
