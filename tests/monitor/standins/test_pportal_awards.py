"""The stand-in of p-portal's award open data keeps the portal's contract, and a crawl of it gives exactly its rows."""

import csv
import io
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.vocabulary.award import ScrapedAward
from monitor.serving import serve
from monitor.standins.pportal_awards import PORTAL
from monitor.standins.server import Switchboard, app, span
from scrapers.errors import FetchError, SourceChanged
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import Finding, Window, crawl
from scrapers.sources.pportal_awards import PportalAwards

LIST = "/www.p-portal.go.jp/pps-web-biz/UAB02/OAB0201"
FILES = "/api.p-portal.go.jp/pps-web-biz/UAB03/OAB0301"
YEAR = "successful_bid_record_info_all_2026"
DAY, OTHER_DAY = (f"successful_bid_record_info_diff_2026061{day}" for day in (1, 2))
NOW = datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9)))
LINES = {
    YEAR: (
        '"0000000000000990001","見本の清掃","2026-04-01","1000.00","K1","8002010","有限会社例示クリーン","5999900000004"',
        '"0000000000000990002","見本""実証"",一式","2026-05-02","37.20","W1","8004030","Ｅｘａｍｐｌｅ　Ｌｔｄ．",""',
    ),
    DAY: (
        '"0000000000000990003","𠮷見本の更新","2026-06-01","-5.00","P1","8002050","株式会社見本電機","8999900000001"',
    ),
    OTHER_DAY: (),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Records as an editor leaves them: without byte order mark, with other line ends and a last line unended."""
    folder = tmp_path / "data" / "pportal_awards"
    folder.mkdir(parents=True)
    for name, lines in LINES.items():
        (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "pairs_awards.csv").write_text("年度,落札日\n2026年度,2030-01-01\n", encoding="utf-8")
    return tmp_path / "data"


@pytest.fixture
def board() -> Switchboard:
    return Switchboard()


@pytest.fixture
def portal(data: Path, board: Switchboard) -> Iterator[httpx.Client]:
    with serve(app(data, board)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield client


def asked(portal: httpx.Client, name: str, version: str = "v001") -> httpx.Response:
    return portal.get(FILES, params={"fileversion": version, "filename": name})


def unpacked(answer: httpx.Response) -> tuple[str, bytes]:
    """The name and the bytes of the only file in a zip."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (name,) = archive.namelist()
        return name, archive.read(name)


def test_the_list_links_each_file_by_its_call(portal: httpx.Client) -> None:
    answer = portal.get(LIST)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    calls = re.findall(r"onclick=\"doDownload\('([^']+)'\)\"", answer.text)
    assert calls == [f"{name}.zip" for name in sorted(LINES)]


def test_a_file_is_one_csv_in_the_official_bytes(portal: httpx.Client) -> None:
    for name, lines in LINES.items():
        answer = asked(portal, f"{name}.zip")
        assert (answer.status_code, answer.content[:2]) == (200, b"PK")
        assert unpacked(answer) == (f"{name}.csv", ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode())


def test_the_same_file_is_always_the_same_bytes(portal: httpx.Client, data: Path) -> None:
    before = asked(portal, f"{YEAR}.zip").content
    with serve(app(data)) as base:
        again = httpx.get(
            f"{base}{FILES}", params={"fileversion": "v001", "filename": f"{YEAR}.zip"}, trust_env=False
        )
    assert again.content == before


@pytest.mark.parametrize(
    ("name", "version", "status", "html"),
    [
        ("successful_bid_record_info_diff_20260613.zip", "v001", 404, False),
        ("successful_bid_record_info_all_2012.zip", "v001", 200, True),
        ("pairs_awards.zip", "v001", 400, False),
        (f"../{YEAR}.zip", "v001", 400, False),
        (f"{YEAR}.csv", "v001", 400, False),
        ("", "v001", 400, False),
        (f"{YEAR}.zip", "v002", 400, False),
        (f"{YEAR}.zip", "", 400, False),
    ],
)
def test_a_file_that_is_not_there_is_answered_in_the_portals_three_ways(
    portal: httpx.Client, name: str, version: str, status: int, html: bool
) -> None:
    answer = asked(portal, name, version)
    assert (answer.status_code, "<html" in answer.text) == (status, html)


def test_each_of_the_two_hosts_has_its_own_page_only(portal: httpx.Client) -> None:
    assert portal.get(LIST.replace("www.", "api.", 1)).status_code == 404
    elsewhere = portal.get(
        FILES.replace("api.", "www.", 1), params={"fileversion": "v001", "filename": f"{YEAR}.zip"}
    )
    assert elsewhere.status_code == 404


def test_the_days_of_the_decisions_are_the_days_of_the_records(data: Path) -> None:
    assert sorted(PORTAL.days(data / "pportal_awards")) == [date(2026, 4, 1), date(2026, 5, 2), date(2026, 6, 1)]
    assert span(data) == (date(2026, 4, 1), date(2026, 6, 1))


@pytest.mark.parametrize("line", ['"1","t","令和8年","1","K1","8002010","w",""', '"1"'])
def test_a_row_without_a_day_is_named(data: Path, line: str) -> None:
    (data / "pportal_awards" / f"{DAY}.csv").write_text(f"{LINES[DAY][0]}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{DAY}\.csv, row 2: has no day"):
        span(data)


def test_a_file_that_is_no_csv_in_utf_8_is_named_at_the_start(data: Path) -> None:
    (data / "pportal_awards" / f"{DAY}.csv").write_bytes("見本".encode("cp932"))
    with pytest.raises(ValueError, match=rf"{DAY}\.csv: is no CSV in UTF-8"):
        app(data)


def test_a_missing_folder_is_a_portal_without_files(tmp_path: Path) -> None:
    assert list(PORTAL.days(tmp_path / "pportal_awards")) == []
    with serve(app(tmp_path)) as base:
        answer = httpx.get(f"{base}{LIST}", trust_env=False)
    assert (answer.status_code, "doDownload" in answer.text) == (200, False)


# The switches


def test_empty_gives_files_without_a_row(portal: httpx.Client, board: Switchboard) -> None:
    board.turn(empty=True)
    assert unpacked(asked(portal, f"{YEAR}.zip")) == (f"{YEAR}.csv", b"\xef\xbb\xbf")


def test_a_row_can_come_twice(portal: httpx.Client, board: Switchboard) -> None:
    board.turn(duplicate_rows=True)
    _, content = unpacked(asked(portal, f"{YEAR}.zip"))
    assert content.count(b"990001") == 2
    assert content.count(b"\r\n") == 3


def test_an_error_comes_as_a_page(portal: httpx.Client, board: Switchboard) -> None:
    board.turn(error_body="システムエラー")
    for answer in (portal.get(LIST), asked(portal, f"{YEAR}.zip")):
        assert answer.status_code == 200
        assert "<p>システムエラー</p>" in answer.text


# A crawl of it


@contextmanager
def crawling(data: Path, board: Switchboard | None = None) -> Iterator[Any]:
    """A crawl of the stand-in, from a day on."""
    with (
        serve(app(data, board)) as base,
        HttpFetcher(
            NetworkSettings("test/1 (+https://example.org/)", stand_in=base, retries=1),
            clock=lambda: NOW,
            sleep=lambda seconds: pytest.fail("a stand-in is asked without pauses"),
            rng=random.Random(1),
        ) as fetcher,
    ):

        def run(since: date, until: date | None = None) -> list[Finding]:
            fetch = fetcher.for_source(PportalAwards.pause_seconds, PportalAwards.max_bytes)
            return list(crawl(PportalAwards(), Window(since, until, NOW), fetch))

        yield run


def columns(findings: list[Finding]) -> Counter[tuple[Any, ...]]:
    return Counter(
        (
            one.case_number,
            one.title,
            one.date.isoformat(),
            one.amount,
            one.buyer_code,
            one.method_code,
            one.supplier,
            one.corporate_number or "",
        )
        for one in findings
        if isinstance(one, ScrapedAward)
    )


def rows(*paths: Path) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as text:
            found.update((*row[:3], Decimal(row[3]), *row[4:]) for row in csv.reader(text))
    return found


def test_a_crawl_finds_every_row_twice_over(data: Path) -> None:
    expected = rows(*sorted((data / "pportal_awards").glob("successful_*.csv")))
    with crawling(data) as run:
        assert columns(run(date(2026, 4, 1))) == expected
        assert columns(run(date(2026, 4, 1))) == expected


def test_a_lowered_cap_changes_nothing_for_a_file_is_given_whole(data: Path) -> None:
    board = Switchboard()
    board.turn(cap=1)
    with crawling(data, board) as run:
        assert columns(run(date(2026, 4, 1))).total() == 3


@pytest.mark.parametrize(
    ("switches", "error", "says"),
    [
        ({"maintenance": True}, SourceChanged, "maintenance page"),
        ({"error_body": "システムエラー"}, SourceChanged, "has no"),
        ({"truncate_at": 150}, FetchError, "broke off"),
        ({"http_status": 404}, FetchError, "answered 404"),
        ({"http_status": 503}, FetchError, "answered 503"),
    ],
)
def test_a_portal_in_trouble_is_an_error(data: Path, switches: dict[str, Any], error: type, says: str) -> None:
    board = Switchboard()
    board.turn("www.p-portal.go.jp", **switches)
    with crawling(data, board) as run, pytest.raises(error, match=says):
        run(date(2026, 6, 10))


@pytest.mark.parametrize(
    ("switches", "error", "says"),
    [
        ({"maintenance": True}, SourceChanged, "answered with an HTML page (“メンテナンス中”)"),
        ({"error_body": "システムエラー"}, SourceChanged, "answered with an HTML page (“エラー”)"),
        ({"truncate_at": 150}, FetchError, "broken off or damaged"),
        ({"hang_up_at": 150}, FetchError, "was not had"),
        ({"http_status": 404}, FetchError, "there is no such file (404)"),
        ({"http_status": 400}, FetchError, "takes no such question (400)"),
        ({"http_status": 503}, FetchError, "answered 503"),
    ],
)
def test_a_file_in_trouble_is_an_error(data: Path, switches: dict[str, Any], error: type, says: str) -> None:
    board = Switchboard()
    board.turn("api.p-portal.go.jp", **switches)
    with crawling(data, board) as run, pytest.raises(error, match=re.escape(says)):
        run(date(2026, 6, 10))


SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
SAMPLE = SAMPLES / "pportal_awards" / "successful_bid_record_info_all_2025.csv"


@pytest.mark.skipif(not SAMPLE.exists(), reason=f"the real records are not here: {SAMPLE}")
def test_every_real_award_is_given_just_as_it_is() -> None:
    with serve(app(SAMPLES)) as base:
        answer = httpx.get(
            f"{base}{FILES}", params={"fileversion": "v001", "filename": f"{SAMPLE.stem}.zip"}, trust_env=False
        )
    assert unpacked(answer) == (SAMPLE.name, SAMPLE.read_bytes())


@pytest.mark.skipif(not SAMPLE.exists(), reason=f"the real records are not here: {SAMPLE}")
def test_all_real_awards_are_found() -> None:
    with crawling(SAMPLES) as run:
        found = columns(run(date(2024, 4, 1)))
    assert found.total() == 308
    assert found == rows(SAMPLE)
