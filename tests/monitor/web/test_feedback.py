"""Readers' marks on focus areas: the buttons, what is kept, what is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import httpx
import pytest
from bs4 import BeautifulSoup, Tag

from db import feedbacks
from db.feedbacks import Tally
from monitor.web import app

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web


def words(tag: Tag | BeautifulSoup) -> str:
    return " ".join(tag.get_text(" ").split())


def post(web: "Web", id: UUID | str, agent: str = "a", lang: str = "", **form: str) -> httpx.Response:
    return web.client.post(f"/tenders/{id}/feedback{lang}", data=form, headers={"user-agent": agent})


def marks(web: "Web") -> list[tuple[str, int, int]]:
    with web.database.reading() as session:
        return [(one.area, one.fits, one.against) for one in feedbacks.tallies(session)]


def heading(answer: httpx.Response) -> str:
    return words(BeautifulSoup(answer.text, "lxml").select("h1")[0])


def test_each_area_of_a_tender_can_be_marked_as_fitting_or_not(web: "Web") -> None:
    id = web.keep(web.notice())
    page = web.page(f"/tenders/{id}")
    forms = page.select("#evidence ~ .evidence form")
    assert [words(form) for form in forms] == [
        "Does “Mobility” fit? It fits It does not fit",
        "Does “Renewable energy” fit? It fits It does not fit",
    ]
    for form in forms:
        assert (form["method"], form["action"]) == ("post", f"/tenders/{id}/feedback")
        sent = {str(field["name"]): str(field["value"]) for field in form.select("input")}
        answer = post(web, id, **sent, relevant=str(form.select("button")[1]["value"]))
        assert answer.status_code == 303
    assert sorted(marks(web)) == [("mobility", 0, 1), ("renewables", 0, 1)]


def test_an_area_that_is_missing_can_be_named(web: "Web") -> None:
    id = web.keep(web.notice())
    form = web.page(f"/tenders/{id}").select("form:has(#missing)")[0]
    offered = [str(option["value"]) for option in form.select("option")]
    assert offered[0] == ""
    assert set(offered[1:]) == {area.slug for area in web.context.areas} - {"mobility", "renewables"}
    assert [str(field["value"]) for field in form.select("input[name=relevant]")] == ["yes"]
    assert post(web, id, area="smart-city", relevant="yes").status_code == 303
    assert marks(web) == [("smart-city", 1, 0)]


def test_a_tender_without_areas_can_be_given_one(web: "Web") -> None:
    id = web.keep(web.notice(title="封筒の購入", text=""))
    assert len(web.page(f"/tenders/{id}").select("#missing option")) == 1 + len(web.context.areas)


def test_the_page_says_what_happens_with_a_mark_and_thanks_for_it(web: "Web") -> None:
    id = web.keep(web.notice())
    page = web.page(f"/tenders/{id}", lang="en")
    assert "nothing learns from them by itself" in words(page)
    assert not page.select("[role=status]")
    answer = post(web, id, area="mobility", relevant="yes", lang="?lang=en")
    assert answer.headers["location"] == f"/tenders/{id}?marked=mobility&lang=en#evidence"
    thanks = web.page(answer.headers["location"])
    assert words(thanks.select("[role=status]")[0]) == "Thank you. Your mark on “Mobility” has been kept."
    assert thanks.select("#evidence")


@pytest.mark.parametrize("marked", ["nothing", "<b>", "mobility "])
def test_only_an_area_is_thanked_for(calm: "Web", marked: str) -> None:
    id = calm.page("/").select("ol.tenders h3 a")[0]["href"]
    assert not calm.page(str(id), marked=marked).select("[role=status]")


def test_a_reader_has_one_mark_and_two_readers_have_two(web: "Web") -> None:
    id = web.keep(web.notice())
    for agent, relevant in (("a", "yes"), ("a", "no"), ("b", "no")):
        assert post(web, id, agent, area="mobility", relevant=relevant).status_code == 303
    assert marks(web) == [("mobility", 0, 2)]


def test_nothing_that_names_a_reader_is_kept_or_sent(web: "Web") -> None:
    id = web.keep(web.notice())
    answer = post(web, id, "Browser/1", area="mobility", relevant="yes")
    assert "set-cookie" not in answer.headers
    with web.database.engine.connect() as connection:
        rows = [str(row) for row in connection.exec_driver_sql("SELECT * FROM feedback")]
    assert len(rows) == 1
    assert "127.0.0.1" not in rows[0]
    assert "Browser" not in rows[0]


def test_a_mark_under_an_id_from_before_a_merge_is_the_tenders_of_today(web: "Web") -> None:
    id, old = web.keep(web.notice()), uuid4()
    web.alias(old, id)
    assert post(web, old, area="mobility", relevant="no").headers["location"].startswith(f"/tenders/{id}?")
    with web.database.reading() as session:
        assert [*feedbacks.tallies(session)] == [Tally(id, "mobility", 0, 1, web.now)]


@pytest.mark.parametrize("address", ["7a3785c4-f150-477b-9491-766dfc9a1ff4", "not-an-id", "%00"])
def test_a_tender_that_there_is_not_takes_no_marks(web: "Web", address: str) -> None:
    answer = post(web, address, area="mobility", relevant="yes")
    assert (answer.status_code, heading(answer)) == (404, "There is no tender at this address")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"area": "<nowhere>", "relevant": "yes"}, "There is no focus area “<nowhere>” here."),
        ({"area": "mobility\0", "relevant": "yes"}, "There is no focus area"),
        ({"area": "", "relevant": "yes"}, "No focus area was chosen."),
        ({}, "No focus area was chosen."),
        ({"area": "mobility"}, "A mark is “yes” or “no”"),
        ({"area": "mobility", "relevant": "1"}, "A mark is “yes” or “no”, not “1”."),
    ],
)
def test_what_is_no_mark_is_told_in_plain_words(web: "Web", form: dict[str, str], said: str) -> None:
    id = web.keep(web.notice())
    answer = post(web, id, **form)
    assert answer.status_code == 422
    assert said in words(BeautifulSoup(answer.text, "lxml").select("main .lead")[0])
    assert marks(web) == []


@pytest.mark.parametrize("body", [b"", b"\xff\xfe=%FF", b"&&==&", b"{}", b"area=mobility;relevant=yes"])
def test_no_form_breaks_the_page(web: "Web", body: bytes) -> None:
    id = web.keep(web.notice())
    assert web.client.post(f"/tenders/{id}/feedback", content=body).status_code == 422


def test_more_than_a_form_can_hold_is_not_read(web: "Web") -> None:
    id = web.keep(web.notice())
    answer = post(web, id, area="mobility", relevant="yes", more="x" * 100_000)
    assert (answer.status_code, heading(answer)) == (413, "That was too much to send")
    assert marks(web) == []


def test_another_site_cannot_mark_in_a_readers_name(web: "Web") -> None:
    id = web.keep(web.notice())
    answer = web.client.post(
        f"/tenders/{id}/feedback",
        data={"area": "mobility", "relevant": "no"},
        headers={"origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert marks(web) == []


def test_a_reader_may_mark_so_many_areas_a_day_and_no_more(web: "Web", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MARKS_OF_A_READER", 2)
    id = web.keep(web.notice())
    for area in ("mobility", "renewables"):
        assert post(web, id, area=area, relevant="yes").status_code == 303
    answer = post(web, id, area="smart-city", relevant="yes")
    assert (answer.status_code, heading(answer)) == (429, "Many marks already")
    assert "You have marked 2 areas within a day." in answer.text
    assert len(marks(web)) == 2
    assert post(web, id, "somebody else", area="mobility", relevant="no").status_code == 303


def test_one_address_marks_so_much_a_day_whatever_its_browsers_are_called(
    web: "Web", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "MARKS_OF_A_NETWORK", 2)
    id = web.keep(web.notice())
    answers = [post(web, id, agent, area="mobility", relevant="yes").status_code for agent in "abc"]
    assert answers == [303, 303, 429]
    elsewhere = "f" * 16
    web.database.write(lambda session: feedbacks.mark(session, id, "mobility", elsewhere, relevant=True, now=web.now))
    assert marks(web) == [("mobility", 3, 0)]


def test_the_record_takes_so_many_marks_a_day_whoever_they_come_from(
    web: "Web", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "MARKS_OF_ALL", 2)
    id = web.keep(web.notice())
    answers = [post(web, id, agent, area="mobility", relevant="yes").status_code for agent in "abc"]
    assert answers == [303, 303, 429]


def test_who_opens_the_address_of_a_mark_is_shown_the_tender(web: "Web") -> None:
    id = web.keep(web.notice())
    answer = web.get(f"/tenders/{id}/feedback", lang="ja")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tenders/{id}?lang=ja")
    assert web.get("/tenders/%2F%2Fevil.example/feedback").status_code == 404
    assert web.get("/tenders/a%0D%0Ab/feedback").headers["location"] == "/tenders/a%0D%0Ab"


def test_an_area_that_is_no_longer_set_up_takes_no_marks(serving: "Callable[..., Web]") -> None:
    web = serving(areas=())
    id = web.keep(web.notice())
    assert not web.page(f"/tenders/{id}").select("main form")
    assert post(web, id, area="mobility", relevant="no").status_code == 422


def test_a_site_below_a_path_takes_marks_below_that_path(serving: "Callable[..., Web]", web: "Web") -> None:
    below = serving(site=replace(web.context.site, base_url="https://example.org/monitor"))
    id = below.keep(below.notice())
    assert below.page(f"/tenders/{id}").select("form.fits")[0]["action"] == f"/monitor/tenders/{id}/feedback"
    answer = post(below, id, area="mobility", relevant="yes")
    assert answer.headers["location"] == f"/monitor/tenders/{id}?marked=mobility#evidence"


def test_when_too_many_mark_at_once_the_others_are_asked_to_wait(
    serving: "Callable[..., Web]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "MARKINGS", 0)
    web = serving()
    answer = post(web, web.keep(web.notice()), area="mobility", relevant="yes")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert marks(web) == []
