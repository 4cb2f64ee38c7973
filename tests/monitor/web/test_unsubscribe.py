"""Stopping the letters: a button for people, one post for mail programs, nothing for scanners and guessers."""

import logging
from datetime import date
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlmodel import Session

from db import subscribers
from db.subscriber import SavedSearch
from db.vocabulary.delivery import Frequency
from monitor.web.app import TokensHidden

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_opening_the_link_changes_nothing(web: "Web") -> None:
    token = web.subscriber()
    page = web.page(f"/u/{token}")
    web.client.head(f"/u/{token}")
    assert web.gets_letters()
    form, *less = page.select("main form")
    assert {(one["method"], one["action"]) for one in (form, *less)} == {("post", f"/u/{token}")}
    assert [(one["name"], one["value"]) for one in form.select("input")] == [("List-Unsubscribe", "One-Click")]


def test_the_page_says_whose_letters_they_are_without_giving_the_address_away(web: "Web") -> None:
    page = web.page(f"/u/{web.subscriber()}")
    assert "r…@example.org" in page.get_text()
    assert "reader@example.org" not in str(page)
    assert "passed on to you" in page.get_text()


def test_it_says_that_feeds_and_calendars_end_with_the_letters(web: "Web") -> None:
    token = web.subscriber()
    assert "private feeds and calendars" in web.page(f"/u/{token}").get_text()
    assert "private feeds and calendars" in web.client.post(f"/u/{token}", data=ONE_CLICK).text


def test_a_pause_is_offered_instead_and_keeps_the_letters(web: "Web") -> None:
    token = web.subscriber()
    page = web.page(f"/u/{token}")
    assert "pause" in [button.get("value") for button in page.select("button[name=instead]")]
    answer = web.client.post(f"/u/{token}", data={"instead": "pause"})
    assert "No letter comes before Mon 21 Dec 2026" in answer.text
    assert web.gets_letters()
    with web.database.reading() as session:
        reader = subscribers.by_token(session, token)
        assert reader is not None
        assert reader.paused_until == date(2026, 12, 21)


def test_a_letter_a_week_is_offered_instead(web: "Web") -> None:
    token = web.subscriber()

    def save(session: Session) -> SavedSearch:
        reader = subscribers.by_token(session, token)
        assert reader is not None
        return subscribers.save_search(session, reader, "Hydrogen", "水素", now=web.now, frequency=Frequency.AT_ONCE)

    search = web.database.write(save)
    assert web.client.post(f"/u/{token}", data={"instead": "weekly"}).status_code == 200
    with web.database.reading() as session:
        assert session.get_one(SavedSearch, search.id).frequency == Frequency.WEEKLY
    assert web.gets_letters()


@pytest.mark.parametrize("posted", [{}, {"instead": "nonsense"}, {"List-Unsubscribe": "One-Click", "x": "1"}])
def test_whatever_else_is_posted_means_to_unsubscribe(web: "Web", posted: dict[str, str]) -> None:
    token = web.subscriber()
    assert web.client.post(f"/u/{token}", data=posted).status_code == 200
    assert not web.gets_letters()


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


@pytest.mark.parametrize("posted", [ONE_CLICK, {"instead": "pause"}, {"instead": "weekly"}])
def test_a_token_that_nobody_has_gets_the_answer_of_one_that_somebody_has(web: "Web", posted: dict[str, str]) -> None:
    token, other = web.subscriber(), "nobody-has-this-token"
    known, unknown = (web.client.post(f"/u/{one}", data=posted) for one in (token, other))
    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(token, "…") == unknown.text.replace(other, "…")
    assert known.headers.keys() == unknown.headers.keys()


@pytest.mark.parametrize("other", ["nobody-has-this-token", "%00", "水素"])
def test_the_page_of_a_token_that_nobody_has_is_one_without_an_address(web: "Web", other: str) -> None:
    page = web.page(f"/u/{other}")
    assert page.select("h1")[0].get_text() == "Stop the letters?"
    assert "the address this link was sent to" in page.get_text()


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
