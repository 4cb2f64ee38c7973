"""How long the example questions and a published copy take: SQLite, 200,000 tenders, 300,000 awards; no assertion."""

import random
import re
import subprocess
import sys
import textwrap
import time
from datetime import date
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from db.award import Award, AwardArea, Supplier
from db.engine import Database
from db.publishing import publish
from db.querying import asked
from monitor.questions import EXAMPLES
from scrapers.sources.pportal_awards import MINISTRIES
from tests.benchmarks import test_exports, test_partners
from tests.benchmarks.test_exports import AREAS

TENDERS, AWARDS, SUPPLIERS = 200_000, 300_000, 23_000
TODAY = date(2026, 3, 10)


def fill(path: Path, share: float = 1) -> None:
    """A record with a share of all that; three awards in ten are results of a tender, one in ten has an area."""
    tenders, awards = int(TENDERS * share), int(AWARDS * share)
    test_exports.fill(path, tenders)
    database = Database.at(path)
    rng, ministries = random.Random(7), list(MINISTRIES.items())
    test_partners.keep(database, Supplier, (test_partners.supplier(number) for number in range(SUPPLIERS)))
    rows = (test_partners.award(rng, number, rng.randrange(SUPPLIERS), ministries) for number in range(awards))
    test_partners.keep(
        database,
        Award,
        (
            row | {"tender_id": uuid5(UUID(int=0), str(rng.randrange(tenders))) if rng.random() < 0.3 else None}
            for row in rows
        ),
    )
    test_partners.keep(
        database,
        AwardArea,
        (
            {"area": rng.choice(AREAS), "award_id": UUID(int=number), "score": 1.5}
            for number in range(awards)
            if rng.random() < 0.1
        ),
    )
    database.close()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sql") / "monitor.db"
    fill(path)
    return path


def test_questions_to_the_record_and_to_its_copy(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database.at(record)
    began = time.perf_counter()
    counts = publish(database, tmp_path / "copy.db")
    seconds = time.perf_counter() - began
    with capsys.disabled():
        size = (tmp_path / "copy.db").stat().st_size / 1e6
        print(f"\na copy of {sum(counts.values()):,} rows: {seconds:.1f} s, {size:.0f} MB; questions:")
        for one in EXAMPLES:
            began = time.perf_counter()
            with asked(database, one.on(TODAY), seconds=300) as answer:
                rows = sum(1 for _ in answer.rows)
            print(f"  {one.name:26} {rows:>4} rows {time.perf_counter() - began:6.2f} s")
    database.close()


MEASURE = """
    import re, sys
    from pathlib import Path
    from db.engine import Database
    from db.publishing import publish
    publish(Database.at(Path(sys.argv[1])), Path(sys.argv[2]))
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_memory_does_not_grow_with_the_record(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def peak(path: Path) -> float:
        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", textwrap.dedent(MEASURE), str(path), str(tmp_path / "copy.db")]
        done = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, check=True)
        return int(re.sub(rb"\D", b"", done.stdout)) / 1024

    fill(tmp_path / "few.db", 0.1)
    few, many = peak(tmp_path / "few.db"), peak(record)
    with capsys.disabled():
        print(f"\npeak memory of publishing a tenth, and all: {few:.0f} MB, {many:.0f} MB ({many / few:.2f} ×)")
