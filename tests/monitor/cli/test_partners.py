"""`monitor partners` and `monitor renewals`: tables, JSON and CSV."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import pytest
from sqlmodel import Session

from db import awards, tenders
from db.vocabulary.award import ScrapedAward
from db.vocabulary.notice import NAMESPACE, NoticeKind
from db.vocabulary.reading import AreaScore
from db.vocabulary.tender import ComposedTender, TenderSource

if TYPE_CHECKING:
    from tests.monitor.cli.conftest import Home

AREA = AreaScore("renewables", 1.0, ())
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def filled(home: "Home") -> "Home":
    """A home with two awards of a company, one of somebody, and a service that comes every December."""
    found = [
        ScrapedAward(
            source="pportal_awards",
            key=str(number),
            title="太陽光発電の調査",
            date=date(2026, 1, 20),
            published=date(2026, 1, 21),
            supplier=supplier,
            corporate_number=corporate,
            amount=Decimal(20_000_000),
            buyer="環境省",
        )
        for number, (supplier, corporate) in enumerate(
            [("=見本電機株式会社", "1999900000001"), ("=見本電機株式会社", "1999900000001"), ("見本　花子", None)]
        )
    ]

    def work(session: Session) -> None:
        counted = awards.record(session, found, run_id=UUID(int=1), now=NOW)
        awards.store_areas(session, dict.fromkeys(counted.written, (AREA,)), revision="test")
        made = [called(year) for year in (2024, 2025)]
        tenders.store(session, made, run_id=UUID(int=1), now=NOW, alerts=lambda change: False)

    home.database.write(work)
    return home


def called(year: int) -> ComposedTender:
    published = date(year, 12, 5)
    id = uuid5(NAMESPACE, str(year))
    return ComposedTender(
        id=id,
        title=f"{year + 1}年度庁舎の省エネ診断業務",
        kind=NoticeKind.TENDER,
        published=published,
        buyer="環境省",
        sources=(TenderSource("kkj", str(year), "https://example.org/", NoticeKind.TENDER, published, id),),
        areas=(AREA,),
    )


def test_partners_are_shown_with_the_parts_of_their_score(filled: "Home") -> None:
    ended, out, err = filled.run("partners", "--area", "renewables", "--buyer", "環境")
    assert ended == 0
    assert "=見本電機株式会社" in out
    assert "wins in the area" in out
    assert "companies shown: 1 of 1" in err
    assert "suppliers without a corporate number (1, with 1 of the wins)" in err
    assert "花子" not in out + err


def test_partners_are_written_for_programs(filled: "Home") -> None:
    found = json.loads(filled.shown("partners", "--area", "renewables", "--json"))
    assert [one["name"] for one in found["partners"]] == ["=見本電機株式会社"]
    assert found["partners"][0]["last_win"] == "2026-01-20"


def test_a_spreadsheet_takes_no_name_for_a_formula(filled: "Home") -> None:
    (row,) = csv.DictReader(io.StringIO(filled.shown("partners", "--area", "renewables", "--csv")))
    assert (row["name"], row["wins"], row["value_jpy"]) == ("'=見本電機株式会社", "2", "40000000")
    assert sum(int(row[name]) for name in row if name.startswith("points_") and row[name]) == int(row["score"])


def test_an_area_or_prefecture_that_there_is_not_is_told(home: "Home") -> None:
    assert "there is no focus area solar; there are:" in home.run("partners", "--area", "solar")[2]
    assert "there is no focus area solar; there are:" in home.run("renewals", "--area", "solar")[2]
    assert (
        "there is no prefecture Atlantis" in home.run("partners", "--area", "mobility", "--prefecture", "Atlantis")[2]
    )


def test_results_are_written_in_one_form(home: "Home") -> None:
    for command in (("partners", "--area", "mobility"), ("renewals",)):
        status, out, err = home.run(*command, "--json", "--csv")
        assert (status, out) == (1, "")
        assert "give --json or --csv, not both" in err


def test_where_nobody_won_that_is_said(home: "Home") -> None:
    assert "no company is known to have won in this area" in home.run("partners", "--area", "mobility")[2]


def test_services_that_come_back_are_shown_with_their_evidence(filled: "Home") -> None:
    out = filled.shown("renewals", "--area", "renewables")
    for expected in ("2026-11-21", "2026-12-19", "possible", "庁舎の省エネ診断業務", "2024-12-05 call"):
        assert expected in out


def test_services_that_come_back_are_written_for_programs(filled: "Home") -> None:
    found = json.loads(filled.shown("renewals", "--json"))
    assert (found["expected_from"], found["expected_to"], found["every_years"]) == ("2026-11-21", "2026-12-19", 1)
    assert [seen["day"] for seen in found["evidence"]] == ["2025-12-05", "2024-12-05"]
    (row,) = csv.DictReader(io.StringIO(filled.shown("renewals", "--csv")))
    assert (row["title"], row["confidence"], row["areas"]) == ("2026年度庁舎の省エネ診断業務", "medium", "renewables")


def test_where_nothing_is_expected_that_is_said(home: "Home") -> None:
    assert "nothing is expected in this time" in home.run("renewals")[2]
