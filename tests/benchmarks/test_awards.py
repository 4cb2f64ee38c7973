"""How fast and how flat a year of awards goes from its zip into the record: SQLite, one thread; no assertion."""

import csv
import io
import random
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from stdnum.jp import cn

from db import migrate
from db.archive import Archive
from db.engine import Database
from db.history import Run
from monitor.pipeline import Flow, run_source
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import load_lexicon
from monitor.reading.reader import NoticeReader
from scrapers.source import Page, Request, crawl, page_of
from scrapers.source import Window as Days
from scrapers.sources.pportal_awards import LIST, METHODS, MINISTRIES, PportalAwards

ROWS = 50_000
SUPPLIERS = 15_000
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SINCE, UNTIL = date(2025, 4, 1), date(2026, 3, 31)
NAME = "successful_bid_record_info_all_2025.zip"
TITLES = (
    "令和７年度庁舎清掃業務（その{number}）",
    "太陽光発電設備保守点検業務　第{number}号",
    "トナーカートリッジほか{number}点の購入",
    "電子計算機等の賃貸借（{number}台）",
    "国道{number}号舗装補修に関する調査設計業務",
)


def year(rows: int = ROWS, *, dearer: int = 0, seed: int = 7) -> bytes:
    """The zip of a year; the first ``dearer`` rows have another price than otherwise."""
    rng = random.Random(seed)
    ministries, methods = list(MINISTRIES), list(METHODS)
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for number in range(rows):
        supplier = rng.randrange(SUPPLIERS)
        price = f"{rng.randrange(100_000, 900_000_000)}.00"
        writer.writerow(
            (
                f"{500_000 + number:019}",
                rng.choice(TITLES).format(number=number),
                SINCE + timedelta(days=number * 364 // rows),
                f"1{price}" if number < dearer else price,
                rng.choice(ministries),
                rng.choice(methods),
                f"株式会社見本{supplier}製作所",
                corporate_number(supplier),
            )
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME.replace(".zip", ".csv"), text.getvalue().encode("utf-8-sig"))
    return packed.getvalue()


def corporate_number(supplier: int) -> str:
    rest = f"9999{supplier:08}"
    return cn.calc_check_digit(rest) + rest


def fetching(packed: bytes) -> Callable[[Request], Page]:
    listing = f"<html><body><a onclick=\"doDownload('{NAME}')\">{NAME}</a></body></html>".encode()
    return lambda request: page_of(listing if request.url == LIST else packed, request)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def opened(folder: Path) -> Flow:
    database = Database.at(folder / "monitor.db")
    migrate.upgrade(database)
    return Flow(database, Archive(folder / "archive"), NoticeReader(AreaReader(load_lexicon())), lambda: NOW)


def collect(flow: Flow, packed: bytes) -> Run:
    return run_source(flow, PportalAwards(), fetching(packed), since=SINCE, until=UNTIL)


def test_awards_a_second(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow, packed, corrected = opened(tmp_path), year(), year(dearer=ROWS // 10)
    window = Days(SINCE, UNTIL, NOW)
    taken = {
        "parse": seconds(lambda: sum(1 for _ in crawl(PportalAwards(), window, fetching(packed)))),
        "from zip to record": seconds(lambda: collect(flow, packed)),
        "the same again, nothing new": seconds(lambda: collect(flow, packed)),
        "the same with a tenth corrected": seconds(lambda: collect(flow, corrected)),
    }
    flow.database.close()
    with capsys.disabled():
        print(f"\n{ROWS:,} awards to {SUPPLIERS:,} suppliers; seconds, awards/s, and the share of the first time")
        for name, value in taken.items():
            print(f"  {name:34} {value:6.1f} s {ROWS / value:>9,.0f}/s   {value / taken['from zip to record']:.2f}")


MEASURE = """
    import re, sys
    from pathlib import Path
    from tests.benchmarks.test_awards import collect, opened
    collect(opened(Path(sys.argv[1])), Path(sys.argv[2]).read_bytes())
    # Not getrusage: its peak begins with that of the process that started this one.
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_memory_does_not_grow_with_the_number_of_awards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def peak(rows: int) -> float:
        folder = tmp_path / str(rows)
        folder.mkdir()
        packed = folder / "year.zip"
        packed.write_bytes(year(rows))
        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", textwrap.dedent(MEASURE), str(folder), str(packed)]
        done = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, check=True)
        return int(done.stdout) / 1024

    few, many = peak(12_500), peak(50_000)
    with capsys.disabled():
        print(f"\npeak memory: {few:.0f} MB for 12,500 awards, {many:.0f} MB for 50,000 ({many / few:.2f} ×)")
