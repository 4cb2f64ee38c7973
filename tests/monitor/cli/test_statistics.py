"""Figures of awards at the terminal, and asking a register."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from db import awards, companies
from db.companies import Registered
from db.engine import Database
from db.vocabulary.award import ScrapedAward
from monitor.cli import companies as asking
from monitor.config import Config
from monitor.household import household
from monitor.registers import Register
from tests.monitor.cli.conftest import NOW, Run

RUN = UUID(int=1)
NUMBER, OTHER = "8999900000001", "7000012050002"


def award(key: str, day: date, amount: int | None, number: str, method: str) -> ScrapedAward:
    return ScrapedAward(
        source="pportal_awards",
        key=key,
        title="=水素設備の保守",
        date=day,
        published=date(2026, 5, 1),
        supplier=f"=見本{number}株式会社",
        corporate_number=number,
        amount=None if amount is None else Decimal(amount),
        buyer_code="W1",
        buyer="デジタル庁",
        method_code=method,
    )


AWARDS = (
    award("1", date(2025, 4, 1), 3_000_000, NUMBER, "8002010"),
    award("2", date(2025, 5, 1), 1_000_000, NUMBER, "8004020"),
    award("3", date(2026, 3, 31), None, OTHER, "8002010"),
    award("4", date(2024, 4, 1), 5_000_000, OTHER, "8004030"),
)


@pytest.fixture
def known(run: Run, tmp_path: Path) -> Run:
    """A home with four awards; the command ``stats`` in it."""
    with household(Config(), home=tmp_path / "home", clock=lambda: NOW) as house:
        house.database.write(lambda session: awards.record(session, AWARDS, run_id=RUN, now=NOW))
    return lambda *arguments, **more: run("stats", *arguments, "--home", "home", **more)


def test_a_value_below_zero_is_a_number_in_csv(run: Run, tmp_path: Path) -> None:
    correction = award("1", date(2025, 4, 1), -3_000_000, NUMBER, "8002010")
    with household(Config(), home=tmp_path / "home", clock=lambda: NOW) as house:
        house.database.write(lambda session: awards.record(session, [correction], run_id=RUN, now=NOW))
    _, out, _ = run("stats", "--csv", "--home", "home")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["value_jpy"] == "-3000000"


def test_the_table_has_a_line_for_each_year_all_together_and_what_is_not_known(known: Run) -> None:
    status, out, _ = known()
    lines = [line.split() for line in out.splitlines()]
    assert status == 0
    assert lines[1][:4] == ["fiscal", "2025", "3", "¥4,000,000"]
    assert lines[2][:4] == ["fiscal", "2024", "1", "¥5,000,000"]
    assert lines[3] == ["together", "4", "¥9,000,000", "¥3,000,000", "50.0%", "66.7%", "25.0%", "11.1%"]
    assert "1 award states no price and is in no value." in out
    assert "Companies registered abroad: not known of any award, for no register has been asked." in out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--year", "2024"], 1),
        (["--since", "2025"], 3),
        (["--buyer", "w1"], 4),
        (["--buyer", "財務省"], 0),
        (["--area", "renewables"], 0),
        (["--prefecture", "Tokyo"], 0),
    ],
)
def test_what_is_chosen_is_counted(known: Run, arguments: list[str], found: int) -> None:
    said = json.loads(known(*arguments, "--json")[1])
    assert said["figures"]["total"]["awards"] == found
    assert sum(row["figures"]["total"]["awards"] for row in said["rows"]) == found


def test_a_share_won_from_abroad_is_told_with_what_is_not_known(known: Run, tmp_path: Path) -> None:
    database = Database.at(tmp_path / "home" / "monitor.db")
    database.write(
        lambda session: companies.store_registered(session, {NUMBER: Registered(abroad=True), OTHER: None}, now=NOW)
    )
    database.close()
    _, out, _ = known("--by", "supplier")
    assert "Companies registered abroad: 2 of the 2 awards of which a register knows the company" in " ".join(
        out.split()
    )
    assert "Of 2 awards it is not known." in " ".join(out.split())


def test_csv_has_a_row_for_each_line_that_a_spreadsheet_does_not_run(known: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(known("--by", "supplier", "--csv")[1])))
    assert [(row["name"], row["awards"], row["direct_awards"]) for row in rows] == [
        (f"'=見本{OTHER}株式会社", "2", "0"),
        (f"'=見本{NUMBER}株式会社", "2", "1"),
    ]


def test_there_are_more_companies_than_are_listed(known: Run) -> None:
    _, _, err = known("--by", "supplier", "--limit", "1")
    assert "there are 1 more; ask for them with --limit" in err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--area", "nowhere"], "there is no focus area nowhere"),
        (["--prefecture", "Atlantis"], "there is no prefecture Atlantis"),
        (["--json", "--csv"], "give --json or --csv, not both"),
        (["--year", "2025", "--since", "2024"], "give --year or --since, not both"),
    ],
)
def test_what_there_is_not_is_told(known: Run, arguments: list[str], complaint: str) -> None:
    status, _, err = known(*arguments)
    assert (status, complaint in err) == (1, True)


def test_where_nothing_fits_that_is_said_beside_the_table(known: Run) -> None:
    assert "no award is known that fits" in known("--buyer", "財務省")[2]
    assert known()[2] == ""


# Asking a register ------------------------------------------------------------------------------------------


class Answering:
    name, at_once = "answering", 10

    def look_up(self, numbers: object) -> dict[str, Registered | None]:
        return {NUMBER: Registered(abroad=False, prefecture="東京都"), OTHER: None}


def test_without_a_key_the_command_says_what_to_write(known: Run, run: Run) -> None:
    status, _, err = run("companies", "look-up", "--home", "home")
    assert (status, "houjin_bangou_id" in err) == (1, True)


def test_a_register_is_asked_for_the_companies_of_the_record(
    known: Run, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    register: Register = Answering()
    monkeypatch.setattr(asking, "register_of", lambda *given: register)
    assert run("companies", "look-up", "--home", "home")[:2] == (
        0,
        "companies asked for: 2; known to the register: 1\n",
    )
    assert json.loads(known("--prefecture", "Tokyo", "--json")[1])["figures"]["total"]["awards"] == 2
