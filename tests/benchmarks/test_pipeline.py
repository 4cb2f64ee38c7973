"""How fast and how flat: KKJ records with 2 kB of text, on SQLite, one thread; figures and ratios, no assertion.

Run with ``make bench``. Rates depend on the machine; compare the ratios with docs/speed.md.
"""

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import Session

from alerts.matching import Matcher
from db import deliveries, migrate, notices, subscribers, tenders
from db.bulk import batches
from db.engine import Database
from db.vocabulary.notice import ScrapedNotice
from monitor.pipeline import BATCH, read_and_compose
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import load_lexicon
from monitor.reading.reader import NoticeReader
from scrapers.source import Request, page_of
from scrapers.sources.kkj import Answer, notice_of
from tests.benchmarks.records import answers

RECORDS = 20_000
NOW = datetime(2026, 6, 1, tzinfo=UTC)
QUERIES = (
    "area:renewables",
    "area:digital-health,aging-society",
    "水素 OR 太陽光",
    "prefecture:東京都 area:mobility",
)


def parsed(pages: list[bytes]) -> Iterator[ScrapedNotice]:
    for page in pages:
        for record, cut in Answer(page_of(page, Request("https://www.kkj.go.jp/api/"))).records():
            notice = notice_of(record, cut=cut)
            assert isinstance(notice, ScrapedNotice)
            yield notice


def rate(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return RECORDS / (time.perf_counter() - began)


def record(database: Database, pages: list[bytes]) -> None:
    for batch in batches(parsed(pages), BATCH):
        database.write(partial(record_batch, batch=batch))


def record_batch(session: Session, batch: list[ScrapedNotice]) -> None:
    notices.record(session, batch, run_id=uuid4(), now=NOW)


def whole(database: Database, pages: list[bytes], matcher: Matcher, reader: NoticeReader) -> None:
    run = uuid4()

    def take_in(session: Session, batch: list[ScrapedNotice]) -> None:
        recorded = notices.record(session, batch, run_id=run, now=NOW)
        composed = read_and_compose(session, reader, recorded, now=NOW)
        changes = tenders.store(session, composed, run_id=run, now=NOW, alerts=lambda change: True)
        deliveries.add_matches(session, matcher.match(changes, now=NOW), now=NOW)

    for batch in batches(parsed(pages), BATCH):
        database.write(partial(take_in, batch=batch))


def opened(path: Path) -> Database:
    database = Database.at(path)
    migrate.upgrade(database)
    return database


def test_records_a_second(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = list(answers(RECORDS))
    only, full = opened(tmp_path / "only.db"), opened(tmp_path / "full.db")

    def subscribe(session: Session) -> None:
        person = subscribers.add(session, "reader@example.org", choices=subscribers.Choices(language="en"), now=NOW)
        for query in QUERIES:
            subscribers.save_search(session, person, query, query, now=NOW)

    full.write(subscribe)
    with full.reading() as session:
        matcher = Matcher.of(subscribers.live_searches(session))
    reader = NoticeReader(AreaReader(load_lexicon()))
    rates = {
        "parse": rate(lambda: sum(1 for _ in parsed(pages))),
        "parse + record": rate(lambda: record(only, pages)),
        "parse + record, nothing new": rate(lambda: record(only, pages)),
        "parse + record + read + compose + match": rate(lambda: whole(full, pages, matcher, reader)),
        "the same, nothing new": rate(lambda: whole(full, pages, matcher, reader)),
    }
    only.close()
    full.close()
    with capsys.disabled():
        print(f"\n{RECORDS:,} KKJ records, texts of 2 kB; records/s and the share of parsing's rate")
        for name, value in rates.items():
            print(f"  {name:42} {value:>9,.0f}/s   {value / rates['parse']:.2f}")


MEASURE = """
    import re, sys
    from pathlib import Path
    from uuid import uuid4
    from db import notices
    from tests.benchmarks.test_pipeline import NOW, BATCH, answers, batches, opened, parsed
    database = opened(Path(sys.argv[1]))
    stream = (notice for page in answers(int(sys.argv[2])) for notice in parsed([page]))
    for batch in batches(stream, BATCH):
        database.write(lambda session: notices.record(session, batch, run_id=uuid4(), now=NOW))
    # Not getrusage: its peak begins with that of the process that started this one.
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def peak(records: int) -> float:
        command = [sys.executable, "-c", textwrap.dedent(MEASURE), str(tmp_path / f"{records}.db"), str(records)]
        root = Path(__file__).parents[2]
        done = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, check=True)
        return int(done.stdout) / 1024

    few, many = peak(20_000), peak(80_000)
    with capsys.disabled():
        print(f"\npeak memory: {few:.0f} MB for 20,000 records, {many:.0f} MB for 80,000 ({many / few:.2f} ×)")
