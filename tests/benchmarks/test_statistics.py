"""How quickly figures of 300,000 awards are counted, and how flat reading all their titles stays; no assertion."""

import random
import subprocess
import sys
import textwrap
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from db import bulk, companies, migrate
from db.archive import Archive
from db.award import Award, AwardArea, Supplier
from db.bulk import batches, table
from db.engine import Database
from db.statistics import By, Chosen, statistics
from db.vocabulary.award import CORPORATE_NUMBERS, award_id, fold_supplier, supplier_id
from db.vocabulary.labels import Prefecture
from monitor.pipeline import Flow
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import load_lexicon
from monitor.reading.reader import NoticeReader
from scrapers.sources.pportal_awards import METHODS, MINISTRIES
from tests.benchmarks.test_awards import TITLES, corporate_number

AWARDS = 300_000
COMPANIES = 23_000
NOW = datetime(2026, 6, 1, tzinfo=UTC)
RUN = UUID(int=1)
AREAS = ("renewables", "digital-health", "mobility", "smart-city", "decarbonization")


def fill(database: Database, count: int, *, seed: int = 7, areas: bool = True) -> None:
    """A record with so many awards of 13 years, an eighth of them with focus areas; half of the companies looked up."""
    rng = random.Random(seed)
    suppliers = [_supplier(number) for number in range(COMPANIES)]
    for some in batches(suppliers, 5_000):
        database.write(lambda session, some=some: bulk.insert(session, Supplier, some))  # type: ignore[misc]
    for numbers in batches(range(count), 10_000):
        rows = [_award(rng, number, suppliers) for number in numbers]
        given = [
            {"area": area, "award_id": row["id"], "score": 1.0}
            for row in rows
            if areas and rng.random() < 0.125
            for area in rng.sample(AREAS, rng.choice((1, 1, 2)))
        ]
        database.write(lambda session, rows=rows: bulk.insert(session, Award, rows))  # type: ignore[misc]
        database.write(lambda session, given=given: bulk.insert(session, AwardArea, given))  # type: ignore[misc]


def _supplier(number: int) -> dict[str, Any]:
    name, corporate = f"株式会社見本{number}製作所", corporate_number(number) if number % 50 else None
    return {
        "id": supplier_id(name, corporate),
        "scheme": CORPORATE_NUMBERS if corporate else None,
        "number": corporate,
        "name": name,
        "named_on": date(2026, 1, 1),
        "names": (name,),
        "folded": fold_supplier(name),
        "abroad": number % 97 == 0 if number % 2 else None,
        "prefecture": list(Prefecture)[number % 47] if number % 2 else None,
        "first_seen_at": NOW,
    }


def _award(rng: random.Random, number: int, suppliers: list[dict[str, Any]]) -> dict[str, Any]:
    # An eighth of all awards go to fifty companies.
    supplier = suppliers[rng.randrange(50) if rng.random() < 0.125 else rng.randrange(COMPANIES)]
    ministry, method = rng.choice(list(MINISTRIES)), rng.choice(list(METHODS))
    key = f"{number:019}|2025-04-01|{supplier['number']}|{supplier['name']}"
    return {
        "id": award_id("pportal_awards", key),
        "source": "pportal_awards",
        "key": key,
        "number": 1,
        "case_number": f"{number:019}",
        "title": rng.choice(TITLES).format(number=number),
        "date": date(2013, 4, 1) + timedelta(days=rng.randrange(13 * 365)),
        "amount": Decimal(rng.randrange(100_000, 900_000_000)),
        "buyer_code": ministry,
        "buyer": MINISTRIES[ministry],
        "method_code": method,
        "method": METHODS[method],
        "supplier": supplier["name"],
        "supplier_id": supplier["id"],
        "series": f"{number % 90_000:016x}",
        "read_as": None,
        "digest": "0" * 32,
        "published": date(2026, 5, 1),
        "run_id": RUN,
        "first_seen_at": NOW,
        "changed_at": NOW,
    }


CHOSEN = {
    "all awards": Chosen(),
    "one area": Chosen(area="mobility"),
    "one buyer": Chosen(buyer="国土交通省"),
    "one year": Chosen(since=2025, until=2025),
    "seat in Tokyo": Chosen(prefecture="東京都"),
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_figures_of_many_awards(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    url = request.getfixturevalue("postgresql_url") if kind == "postgresql" else f"sqlite:///{tmp_path}/monitor.db"
    database = Database(url)
    migrate.upgrade(database)
    fill(database, AWARDS)
    if kind == "postgresql":
        with database.engine.connect() as connection:  # as its autovacuum does within a minute
            connection.exec_driver_sql("ANALYZE")

    def took(work: Any) -> float:
        best = 1e9
        for _ in range(2):
            with database.reading() as session:
                began = time.perf_counter()
                work(session)
                best = min(best, time.perf_counter() - began)
        return best

    award = table(Award)
    scan = took(lambda session: session.connection().execute(select(func.sum(award.c.amount))).all())
    found = {
        (name, by): took(lambda session, chosen=chosen, by=by: statistics(session, chosen, by))
        for name, chosen in CHOSEN.items()
        for by in By
    }
    due = took(lambda session: companies.due(session, NOW, limit=2_000))
    database.close()
    with capsys.disabled():
        print(f"\n{kind}: {AWARDS:,} awards; ms, and how many times a bare sum of all prices ({scan * 1000:.0f} ms)")
        print(f"  {'':16}" + "".join(f"{by:>17}" for by in By))
        for name in CHOSEN:
            cells = [f"{found[name, by] * 1000:6.0f} ({found[name, by] / scan:5.1f} ×)" for by in By]
            print(f"  {name:16}" + "".join(f"{cell:>17}" for cell in cells))
        print(f"  companies due at a register: {due * 1000:.0f} ms")


def reading(folder: Path) -> Flow:
    areas = AreaReader(load_lexicon())
    database = Database.at(folder / "monitor.db")
    return Flow(database, Archive(folder / "archive"), NoticeReader(areas), lambda: NOW, titles=areas)


MEASURE = """
    import re, sys, time
    from pathlib import Path
    from monitor.pipeline import read_awards_again
    from tests.benchmarks.test_statistics import reading
    flow = reading(Path(sys.argv[1]))
    began = time.perf_counter()
    read = read_awards_again(flow)
    print(read, time.perf_counter() - began)
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_reading_the_titles_of_many_awards_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def measured(count: int) -> tuple[float, float]:
        folder = tmp_path / str(count)
        folder.mkdir()
        database = Database.at(folder / "monitor.db")
        migrate.upgrade(database)
        fill(database, count, areas=False)
        database.close()
        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", textwrap.dedent(MEASURE), str(folder)]
        done = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, check=True)
        read, seconds, peak = done.stdout.split()
        return int(read) / float(seconds), int(peak) / 1024

    (slow, few), (fast, many) = measured(20_000), measured(200_000)
    with capsys.disabled():
        print(
            f"\nareas of awards: {fast:,.0f} titles/s; peak memory {few:.0f} MB for 20,000, {many:.0f} MB for 200,000 "
            f"({many / few:.2f} ×); speed {fast / slow:.2f} × that of the small record"
        )
