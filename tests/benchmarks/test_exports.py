"""How fast and how flat the record goes into files: SQLite, one thread; no assertion."""

import random
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlmodel import Session

from alerts.site import Site
from db import bulk, migrate
from db.engine import Database
from db.tender import Tender, TenderArea, TenderCpv
from db.vocabulary.notice import NoticeKind
from db.vocabulary.query import EVERYTHING
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    DateKind,
    Evidence,
    FoundDate,
    Origin,
    Place,
)
from db.vocabulary.tender import Said, TenderSource
from monitor.exports.dictionary import TENDERS
from monitor.exports.lines import write_tenders
from monitor.exports.parquet import write_parquet
from monitor.exports.sheets import write_csv
from monitor.exports.tables import Asked, rows
from monitor.exports.writing import opened
from tests.benchmarks.records import TITLES

COUNT = 200_000
FEW = COUNT // 10
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SITE = Site("Tender Monitor", "https://monitor.example.org", "example.org,2026", "us@example.org")
AREAS = ("mobility", "renewables", "digital-health", "smart-city", "education-it-skills")


def fill(path: Path, count: int) -> None:
    """A record of so many tenders as they are on average: two areas in five, a reason, three dates."""
    database = Database.at(path)
    migrate.upgrade(database)
    rng = random.Random(7)
    for first in range(0, count, 10_000):
        numbers = range(first, min(first + 10_000, count))
        made = [_tender(rng, number, count) for number in numbers]
        areas = [
            {
                "area": area,
                "tender_id": row["id"],
                "score": 2.5,
                "evidence": (Evidence("太陽光", "太陽光", Place.TITLE, 2.5),),
            }
            for row in made
            for area in rng.sample(AREAS, rng.choice((0, 0, 0, 1, 1)))
        ]
        codes = [{"code": "45261215-4", "tender_id": row["tender_id"], "terms": ("太陽光",)} for row in areas]

        def work(
            session: Session, made: bulk.Rows = made, areas: bulk.Rows = areas, codes: bulk.Rows = codes
        ) -> None:
            bulk.insert(session, Tender, made)
            bulk.insert(session, TenderArea, areas)
            bulk.insert(session, TenderCpv, codes)

        database.write(work)
    database.close()


def _tender(rng: random.Random, number: int, count: int) -> dict[str, Any]:
    id = uuid5(UUID(int=0), str(number))
    published = date(2025, 4, 1) + timedelta(days=number * 400 // count)
    deadline = datetime(2026, 5, 20, 8, tzinfo=UTC)
    reason = AccessReason(
        "below-threshold", AccessVerdict.NOT_COVERED, (Agreement.GPA,), "予定価格 9,000,000円", Origin.JAPANESE
    )
    words = "入札書の提出期限は令和８年５月２０日１７時００分とし、郵送による場合は必着とする。"
    dates = tuple(
        FoundDate(kind, date(2026, 5, 20), words, Origin.JAPANESE)
        for kind in (DateKind.DEADLINE, DateKind.OPENING, DateKind.QUESTIONS)
    )
    source = TenderSource("kkj", f"key{number}", f"https://example.jp/{number}.pdf", NoticeKind.TENDER, published, id)
    seen = datetime(2025, 4, 1, tzinfo=UTC) + timedelta(seconds=number // 500)  # a batch of the pipeline
    return {
        "id": id,
        "title": rng.choice(TITLES).format(number=number),
        "title_en": "Refurbishment of the lighting of the office building",
        "title_en_origin": "gist",
        "buyer": "東京都見本市",
        "buyer_en": "Mihon City",
        "prefecture": "東京都",
        "category": rng.choice(("goods", "services", "works")),
        "kind": "tender",
        "method": "一般競争入札",
        "method_en": "open tendering",
        "published": published,
        "deadline": deadline,
        "dates": dates,
        "value": Decimal(number * 1000) if number % 3 else None,
        "access": Access(AccessVerdict.NOT_COVERED, AccessVerdict.UNKNOWN, (reason,)),
        "access_gpa": AccessVerdict.NOT_COVERED,
        "said": (Said("deadline", deadline.isoformat(), "kkj", id, Origin.JAPANESE, words),),
        "sources": (source,),
        "sequence": 1,
        "first_seen_at": seen,
        "updated_at": seen,
    }


def to_csv(session: Session, out: Path) -> int:
    with opened(out) as file:
        return write_csv(file, TENDERS, rows(session, "tenders", Asked(EVERYTHING, NOW), SITE))


def to_parquet(session: Session, out: Path) -> int:
    with opened(out) as file:
        return write_parquet(file, TENDERS, rows(session, "tenders", Asked(EVERYTHING, NOW), SITE))


def to_lines(session: Session, out: Path) -> int:
    with opened(out) as file:
        return write_tenders(session, Asked(EVERYTHING, NOW), file)


FORMS: dict[str, Callable[[Session, Path], int]] = {
    "out.csv": to_csv,
    "out.csv.gz": to_csv,
    "out.parquet": to_parquet,
    "out.jsonl": to_lines,
}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Files of records, by how many tenders they have."""
    folder = tmp_path_factory.mktemp("records")
    found = {count: folder / f"{count}.db" for count in (FEW, COUNT)}
    for count, path in found.items():
        fill(path, count)
    return found


def test_tenders_a_second(records: dict[int, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = Database.at(records[COUNT])
    taken: dict[str, tuple[float, float]] = {}
    for name, work in FORMS.items():
        began = time.perf_counter()
        with database.reading() as session:
            assert work(session, tmp_path / name) == COUNT
        taken[name] = time.perf_counter() - began, (tmp_path / name).stat().st_size / 1e6
    database.close()
    with capsys.disabled():
        print(f"\n{COUNT:,} tenders; seconds, tenders/s, size, and the share of JSON Lines' time")
        for name, (seconds, size) in taken.items():
            share = seconds / taken["out.jsonl"][0]
            print(f"  {name:12} {seconds:6.1f} s {COUNT / seconds:>9,.0f}/s {size:7.1f} MB   {share:.2f}")


MEASURE = """
    import re, sys
    from pathlib import Path
    from db.engine import Database
    from tests.benchmarks.test_exports import FORMS
    with Database.at(Path(sys.argv[1])).reading() as session:
        FORMS[Path(sys.argv[2]).name](session, Path(sys.argv[2]))
    # Not getrusage: its peak begins with that of the process that started this one.
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_memory_does_not_grow_with_the_number_of_tenders(
    records: dict[int, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def peak(path: Path, name: str) -> float:
        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", textwrap.dedent(MEASURE), str(path), str(tmp_path / name)]
        done = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, check=True)
        return int(re.sub(rb"\D", b"", done.stdout)) / 1024

    with capsys.disabled():
        print(f"\npeak memory of {FEW:,} and {COUNT:,} tenders")
        for name in ("out.csv", "out.parquet", "out.jsonl"):
            few, many = peak(records[FEW], name), peak(records[COUNT], name)
            print(f"  {name:12} {few:.0f} MB, {many:.0f} MB ({many / few:.2f} ×)")
