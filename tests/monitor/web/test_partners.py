"""The pages of companies: partners in an area, one company, what comes back; and partners for programs."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup

from db import awards
from db.vocabulary.award import ScrapedAward, supplier_id
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category
from db.vocabulary.reading import AreaScore, Reading

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

AREA = "renewables"
COMPANY, NUMBER = "見本電機株式会社", "1999900000001"
ID = supplier_id(COMPANY, NUMBER)
READ = Reading(areas=(AreaScore(AREA, 1.0, ()),))


def won(web: "Web", *suppliers: str, day: date = date(2026, 4, 1), **more: Any) -> None:
    found = [
        ScrapedAward(
            **{
                "source": "pportal",
                "key": f"{number} {day} {supplier}",
                "title": "令和８年度太陽光発電の調査",
                "date": day,
                "published": day,
                "supplier": supplier,
                "corporate_number": NUMBER if supplier == COMPANY else None,
                "amount": Decimal(20_000_000),
                "buyer": "環境省",
                **more,
            }
        )
        for number, supplier in enumerate(suppliers)
    ]

    def work(session: Any) -> None:
        counted = awards.record(session, found, run_id=UUID(int=1), now=web.now)
        awards.store_areas(session, dict.fromkeys(counted.written, READ.areas), revision="test")

    web.database.write(work)


def calls(web: "Web", *years: int, title: str = "太陽光発電の調査", month: int = 12, **more: Any) -> UUID:
    """A call in December of each year, or in another month; the id of the last one's tender."""
    given: dict[str, Any] = {"buyer": "環境省", "category": Category.SERVICES, "deadline": None} | more
    for year in years:
        notice = web.notice(
            key=f"{title} {year}",
            title=f"{year + 1}年度{title}",
            published=date(year, month, 5),
            url="https://example.org",
            **given,
        )
        found = web.keep(notice, reading=READ)
    return found


def words(page: BeautifulSoup, selector: str = "main") -> str:
    return " ".join(" ".join(one.get_text(" ") for one in page.select(selector)).split())


# Partners


def test_without_an_area_there_is_the_form_alone(web: "Web") -> None:
    page = web.page("/partners")
    assert page.select("form.filters select#area")
    assert not page.select(".partners")


def test_companies_are_listed_with_their_score_and_its_parts(web: "Web") -> None:
    won(web, COMPANY, COMPANY, COMPANY, "例示商事株式会社")
    page = web.page("/partners", area=AREA)
    assert words(page, ".partners h2") == "2 companies won in this area"
    first, second = page.select("ol.companies > li")
    assert COMPANY in first.get_text()
    assert "例示商事株式会社" in second.get_text()
    points = [int(str(meter["value"])) for meter in first.select("meter")]
    assert int(first.select_one(".score strong").get_text()) == sum(points)  # type: ignore[union-attr]
    assert sum(int(str(meter["max"])) for meter in first.select("meter")) == 100
    assert "few wins: the score says little" in second.get_text()
    assert first.select_one(f'a[href*="/companies/{ID}"]')


def test_what_is_asked_for_stays_in_the_form(web: "Web") -> None:
    won(web, COMPANY)
    page = web.page("/partners", area=AREA, buyer="環境", prefecture="Tokyo")
    assert page.select_one("#buyer")["value"] == "環境"  # type: ignore[index]
    assert page.select_one("#prefecture option[selected]")["value"] == "Tokyo"  # type: ignore[index]
    assert len(page.select("ol.companies meter")) == 6
    none_left_out = "The buyer and the prefecture that were asked for move companies up; they leave none out."
    assert none_left_out in words(page)
    assert none_left_out not in words(web.page("/partners", area=AREA))


def test_open_tenders_that_fit_are_linked(web: "Web") -> None:
    won(web, COMPANY)
    id = calls(web, 2026, deadline=datetime(2026, 12, 20, 17, tzinfo=TOKYO))
    page = web.page("/partners", area=AREA)
    assert page.select_one(f'.fitting a[href$="/tenders/{id}"]')
    said = words(page, ".fitting")
    assert "it won the same service before" in said
    assert "(Wed 1 Apr 2026)" in said


def test_suppliers_that_may_be_persons_are_counted_and_not_named(web: "Web") -> None:
    won(web, COMPANY, "見本　花子")
    page = web.page("/partners", area=AREA)
    assert "花子" not in page.get_text()
    assert "1 more supplier has no corporate number" in words(page)
    assert web.get(f"/companies/{supplier_id('見本　花子')}").status_code == 404


@pytest.mark.parametrize("params", [{"area": "x"}, {"area": AREA, "prefecture": "Atlantis"}])
def test_what_there_is_not_is_told(web: "Web", params: dict[str, str]) -> None:
    assert web.get("/partners", None, **params).status_code == 422
    assert web.get("/api/partners", None, **params).status_code == 422


def test_how_alike_two_companies_are_is_no_share_of_people_who_like_them(web: "Web") -> None:
    for day in (1, 2, 3):
        won(web, COMPANY, "例示商事株式会社", day=date(2026, 4, day))
    said = words(web.page("/partners", area=AREA), ".companies")
    assert "環境省 ) 3 wins" in said
    assert "例示商事株式会社 similarity 100%" in said


# Programs


def test_programs_get_the_same_partners(web: "Web") -> None:
    won(web, COMPANY, COMPANY, "見本　花子")
    answer = web.get("/api/partners", area=AREA, buyer="環境省", limit=5)
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert (found["companies"], found["unnamed"], found["unnamed_wins"]) == (1, 1, 1)
    (one,) = found["partners"]
    assert (one["id"], one["name"], one["corporate_number"], one["wins"]) == (str(ID), COMPANY, NUMBER, 2)
    assert one["value_jpy"] == 40_000_000
    assert one["score"] == sum(part["points"] for part in one["parts"])


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "No focus area was chosen."),
        ({"area": AREA, "limit": "0"}, "“limit” is a number from 1 to 100."),
        ({"area": AREA, "bier": "1"}, "There is no parameter “bier”."),
    ],
)
def test_programs_are_told_what_is_wrong(web: "Web", params: dict[str, str], said: str) -> None:
    answer = web.get("/api/partners", None, **params)
    assert (answer.status_code, answer.json()["error"]) == (422, said)


# One company


def test_the_page_of_a_company_tells_what_it_won(web: "Web") -> None:
    won(web, COMPANY, COMPANY)
    won(web, COMPANY, day=date(2025, 3, 1), buyer="財務省", amount=None)
    page = web.page(f"/companies/{ID}")
    assert words(page, "h1") == COMPANY
    said = words(page)
    for expected in ("¥40,000,000", "(price known of 2)", "from April 2026", "from April 2024", "財務省", NUMBER):
        assert expected in said
    assert page.select_one('meta[name="robots"]')["content"] == "noindex"  # type: ignore[index]


def test_buyers_procedures_and_titles_are_told_in_english_beside_the_japanese_that_counts(web: "Web") -> None:
    won(web, COMPANY, method="一般競争入札・最低価格")
    calls(web, 2024, 2025)
    assert "Ministry of the Environment ( 環境省 )" in words(web.page("/partners", area=AREA), ".companies dd")
    page = web.page(f"/companies/{ID}")
    assert "Ministry of the Environment ( 環境省 )" in words(page, "#buyers ~ .scroll")
    assert "Open competitive tender, lowest price ( 一般競争入札・最低価格 )" in words(page, "#methods ~ .scroll")
    assert "Survey of solar power generation, FY2026 令和８年度太陽光発電の調査" in words(page, "#awards ~ .scroll")
    assert "put together word by word" in words(page)
    coming = words(web.page("/renewals", area=AREA, within="365"), ".renewals")
    assert "Survey of solar power generation, FY2026 令和８年度太陽光発電の調査" in coming
    japanese = words(web.page(f"/companies/{ID}", lang="ja"))
    assert "Ministry" not in japanese
    assert "Survey" not in japanese


def test_two_officers_of_an_organisation_are_one_buyer_on_the_page_of_a_company(web: "Web") -> None:
    won(web, COMPANY, buyer="環境省")
    won(web, COMPANY, buyer="環境省大臣官房会計課長", title="別の調査", key="other")
    assert words(web.page(f"/companies/{ID}", lang="ja"), "#buyers ~ .scroll tbody").startswith("環境省 2")


def test_every_spelling_of_a_company_leads_to_it(web: "Web") -> None:
    won(web, COMPANY, "見本電機（株）")
    answer = web.get(f"/companies/{supplier_id('見本電機（株）')}", lang="ja")
    assert answer.status_code == 301
    assert answer.headers["location"].endswith(f"/companies/{ID}?lang=ja")
    assert "見本電機（株）" in words(web.page(f"/companies/{ID}"), ".sheet")
    assert web.get(f"/companies/{ID.hex}").headers["location"].endswith(f"/companies/{ID}")


@pytest.mark.parametrize("id", ["x", str(UUID(int=1))])
def test_there_is_no_page_for_what_is_no_company(web: "Web", id: str) -> None:
    assert "There is no page for this supplier." in words(web.page(f"/companies/{id}", 404))


# What comes back


def test_services_that_come_back_are_listed_with_their_evidence(web: "Web") -> None:
    calls(web, 2024, 2025)
    page = web.page("/renewals", area=AREA)
    (one,) = page.select("ol.renewals > li")
    assert "possible" in one.get_text()
    assert [time["datetime"] for time in one.select(".expected time")] == ["2026-11-21", "2026-12-19"]
    assert [time["datetime"] for time in one.select("tbody time")] == ["2025-12-05", "2024-12-05"]
    assert "1 service is expected" in words(page)


def test_a_call_whose_time_has_passed_is_not_told_as_if_it_were_ahead(web: "Web") -> None:
    calls(web, 2024, 2025, month=10)
    (one,) = web.page("/renewals", area=AREA).select("ol.renewals > li")
    assert one.select_one(".label").get_text() == "Was expected, and has not been seen"  # type: ignore[union-attr]


def test_what_comes_back_can_be_narrowed(web: "Web") -> None:
    calls(web, 2024, 2025)
    assert not web.page("/renewals").select("ol.renewals")
    assert not web.page("/renewals", area=AREA, buyer="財務省").select("ol.renewals > li")
    assert web.get("/renewals", area="x").status_code == 422
    assert web.get("/renewals", area=AREA, within=0).status_code == 422


# The page of a tender


def test_a_tender_tells_who_won_its_service_before_and_when_it_comes_next(web: "Web") -> None:
    won(web, COMPANY, day=date(2025, 2, 1))
    page = web.page(f"/tenders/{calls(web, 2025)}")
    assert words(page, ".service h2") == "The same service in other years"
    assert page.select_one(f'.service a[href*="/companies/{ID}"]')
    assert page.select_one(".likely a")["href"].startswith(f"/partners?area={AREA}")  # type: ignore[index, union-attr]
    assert str(page.select(".service p time")[0]["datetime"]).startswith("2026-1")


def test_a_tender_of_which_nothing_is_known_says_nothing_of_other_years(web: "Web") -> None:
    assert not web.page(f"/tenders/{calls(web, 2025)}").select(".service")


def test_the_pages_are_there_in_japanese(web: "Web") -> None:
    won(web, COMPANY)
    calls(web, 2024, 2025)
    for path in (f"/partners?area={AREA}", f"/companies/{ID}", f"/renewals?area={AREA}"):
        joined = "&" if "?" in path else "?"
        assert web.page(f"{path}{joined}lang=ja").select('html[lang="ja"]')
