"""The page with figures of awards, and the same figures for programs."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup

from db import awards
from db.statistics import By, Chosen, statistics
from db.vocabulary.award import ScrapedAward, award_id, supplier_id
from db.vocabulary.reading import AreaScore
from monitor.exports.statistics import as_statistics
from monitor.web import statistics as pages

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

NUMBER = "8999900000001"


def fill(web: "Web", count: int = 3, method: str = "随意契約方式・特定業者", code: str | None = "8004020") -> None:
    found = [
        ScrapedAward(
            source="pportal_awards",
            key=str(number),
            title="水素設備の保守",
            date=date(2025, 4, 1) - timedelta(days=365 * (number % 2)),
            published=date(2026, 5, 1),
            supplier="見本<b>合同会社",
            corporate_number=NUMBER,
            amount=Decimal(1_000_000),
            buyer_code="W1",
            buyer="デジタル庁",
            method_code=code,
            method=method,
        )
        for number in range(count)
    ]

    def work(session: Any) -> None:
        awards.record(session, found, run_id=uuid4(), now=web.now)
        ids = [award_id(one.source, one.key) for one in found]
        awards.store_areas(session, {id: [AreaScore("renewables", 1.0, ())] for id in ids}, revision="1")

    web.database.write(work)


def test_without_awards_the_page_says_so(web: "Web") -> None:
    page = web.page("/statistics")
    assert "No award is known that fits." in page.get_text()
    assert not page.select("table")


@pytest.mark.parametrize("by", [*By])
def test_every_breakdown_has_figures_and_leads_on(web: "Web", by: By) -> None:
    fill(web)
    page = web.page("/statistics", by=by.value)
    first = page.select_one("section[aria-labelledby=breakdown] tbody tr")
    assert first is not None
    figure = first.select_one("td.figure")
    assert figure is not None
    assert figure.get_text(strip=True) in ("2", "3")
    link = first.select_one("th a")
    if by is By.METHOD:
        assert link is None
    else:
        assert link is not None
        href = str(link["href"])
        assert href.startswith("/statistics?") or href == f"/companies/{supplier_id('', NUMBER)}"
        if by is not By.SUPPLIER:
            assert web.get(href).status_code == 200


def test_buyers_are_told_in_english_too(web: "Web") -> None:
    fill(web)
    named = [
        web.page("/statistics", by="buyer", lang=code).select_one("section[aria-labelledby=breakdown] tbody th")
        for code in ("en", "ja")
    ]
    assert [one and one.get_text(strip=True) for one in named] == ["Digital Agency(デジタル庁)", "デジタル庁"]


def test_what_is_not_known_is_said(web: "Web") -> None:
    fill(web)
    text = " ".join(web.page("/statistics").get_text().split())
    assert "3 awards" in text
    assert "not known of any award, for no register has been asked" in text
    assert "Price against planned price: no award states both." in text
    assert "100.0% of awards, 100.0% of their value" in text


def test_a_share_says_of_how_many_awards_it_is_known(web: "Web") -> None:
    fill(web, 3, "随意契約", None)
    alone = "Negotiated with a single supplier from the beginning"

    def said(page: BeautifulSoup) -> str:
        (term,) = (one for one in page.select("dt") if one.get_text() == alone)
        return " ".join(term.find_next("dd").get_text().split())  # type: ignore[union-attr]

    assert said(web.page("/statistics")) == "not known"
    fill(web, 1)
    assert said(web.page("/statistics", by="buyer")) == (
        "100.0% of awards, 100.0% of their value (of the 1 award of which it is known)"
    )


def test_the_address_for_programs_has_what_was_understood_and_nothing_else(web: "Web") -> None:
    fill(web)
    page = web.page("/statistics", by="buyer", area="renewables", year="abc")
    address = page.select_one('link[type="application/json"]')["href"]  # type: ignore[index]
    assert json.loads(web.get(str(address)).content)["figures"]["total"]["awards"] == 3


@pytest.mark.parametrize("path", ["/statistics", "/partners", "/renewals"])
def test_who_names_a_buyer_in_english_is_told_that_its_japanese_name_is_looked_for(web: "Web", path: str) -> None:
    fill(web)
    said = "Buyers are looked for by their Japanese names, like デジタル庁."
    assert said in web.page(path, area="renewables", buyer="Digital Agency").get_text()
    assert said not in web.page(path, area="renewables", buyer="財務省").get_text()


def test_filters_are_kept_in_the_form_and_in_the_links_with_the_language(web: "Web") -> None:
    fill(web)
    page = web.page(
        "/statistics", by="year", area="renewables", buyer="デジタル", since="2025", until="2025", lang="ja"
    )
    chosen = [option["value"] for option in page.select("form.filters option[selected]")]
    assert chosen == ["renewables", "year"]
    assert [field["value"] for field in page.select("form.filters input[name]")] == ["ja", "デジタル", "2025", "2025"]
    link = page.select_one("section[aria-labelledby=breakdown] th a")
    assert link is not None
    for piece in ("area=renewables", "since=2025", "by=area", "lang=ja"):
        assert piece in str(link["href"])


def test_the_page_stands_in_the_menu_and_names_what_it_shows(web: "Web") -> None:
    fill(web)
    page = web.page("/statistics", by="supplier")
    here = page.select_one("nav a[aria-current=page]")
    assert here is not None
    assert here["href"] == "/statistics"
    names = [heading.get_text() for heading in page.select("h1, h2, h3")]
    assert names[0] == "Awards"
    assert all(table.select("caption") for table in page("table"))
    assert all(table.select("thead th[scope=col]") and table.select("tbody th[scope=row]") for table in page("table"))
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    labelled = {label["for"] for label in page.select("label")}
    assert {field["id"] for field in page.select("form.filters select, form.filters input[id]")} == labelled
    assert page.select("b") == [], "what a source writes is no markup"
    assert page.select("[style], script") == []


@pytest.mark.parametrize(
    "params",
    [
        {"area": "x"},
        {"by": "x"},
        {"since": "25"},
        {"since": "020259"},
        {"since": "2025" + "9" * 5_000},
        {"until": "２０２５"},
        {"prefecture": "x"},
        {"since": "2025", "until": "2024"},
    ],
)
def test_what_cannot_be_chosen_is_told_to_people_and_programs(web: "Web", params: dict[str, str]) -> None:
    page = web.page("/statistics", 422, lang="ja", **params)
    assert page.select_one('main a[href="/statistics?lang=ja"]'), "the form is one step away"
    answer = web.get("/api/statistics", None, **params)
    assert answer.status_code == 422
    assert json.loads(answer.content)["error"]


def test_programs_get_the_line_of_the_command(web: "Web") -> None:
    fill(web)
    answer = web.get("/api/statistics", None, by="buyer", area="renewables")
    with web.database.reading() as session:
        chosen = Chosen(area="renewables")
        line = as_statistics(chosen, statistics(session, chosen, By.BUYER))
    assert answer.headers["content-type"] == "application/json"
    said = json.loads(answer.content)
    assert said["figures"]["total"]["awards"] == line.figures.total.awards == 3
    assert said["rows"][0]["name"] == "デジタル庁"
    assert web.get("/api/statistics", None, year="2025").status_code == 422


def test_figures_are_shown_again_for_a_while_and_then_counted_anew(
    web: "Web", monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(web, 1)
    assert "1 award" in web.page("/statistics").get_text()
    fill(web, 2)
    assert "1 award" in web.page("/statistics").get_text()
    monkeypatch.setattr(pages, "HOLDS", timedelta(0))
    assert "2 awards" in web.page("/statistics").get_text()
