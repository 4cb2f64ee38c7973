"""The files of the daily dump on the site: listed, given out whole, in parts, or not again, and nothing beside them."""

import gzip
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile

import httpx
import pandas
import pytest

from db.engine import Database
from monitor.exports import descriptor, dump
from monitor.exports.dictionary import TABLES
from monitor.exports.examples import examples
from tests.monitor.exports.record import SITE, fill
from tests.monitor.web.conftest import NOW, Web, served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, empty_record: Path) -> Path:
    """The folder of a dump, beside a file that is nobody's business."""
    home = tmp_path_factory.mktemp("home")
    copyfile(empty_record, home / "monitor.db")
    (home / "secret").write_text("hush", "utf-8")
    database = Database.at(home / "monitor.db")
    fill(database)
    dump.make(database, home / "data", SITE, now=NOW)
    database.close()
    (home / "data" / "stray.txt").write_text("hush", "utf-8")
    (home / "data" / "link").symlink_to(home / "secret")
    return home / "data"


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Web]:
    with served(folder.parent / "monitor.db", data=folder) as web:
        yield web


PART = "/data/tenders/month=2026-04/part-0.parquet"


def test_the_page_lists_every_file_with_rows_size_and_sum(site: Web, folder: Path) -> None:
    page = site.page("/data/")
    made = descriptor.load(folder)
    assert made is not None
    for one in made.resources:
        (link,) = page.select(f'a[href="/data/{one.path}"]')
        item = link.find_parent("li")
        assert item is not None
        assert one.sha256 in item.text
        assert one.rows < 0 or f"{one.rows} row" in item.text
        assert "kB" in item.text
    assert page.select_one('time[datetime="2026-11-23T09:00+09:00"]')
    for name in ("README.md", "SHA256SUMS", "datapackage.json"):
        assert page.select(f'a[href="/data/{name}"]')


def test_every_link_of_the_page_leads_to_its_file(site: Web, folder: Path) -> None:
    links = [str(link["href"]) for link in site.page("/data/").select('main a[href^="/data/"]')]
    assert len(links) == len(set(links))
    for link in links:
        answer = site.get(link)
        assert answer.status_code == 200
        assert answer.content == (folder / link.removeprefix("/data/")).read_bytes()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_explains_every_column(site: Web, language: str) -> None:
    page = site.page("/data/", lang=language)
    told = [code.text for code in page.select("dl.meant-by dt code")]
    assert told == [column.name for table in TABLES.values() for column in table.columns]


def test_the_examples_are_those_that_are_tested(site: Web) -> None:
    shown = [code.text for code in site.page("/data/").select("pre code")]
    assert shown == [example.code for example in examples("https://monitor.example.org")]


def test_the_footer_leads_there_only_where_files_are_published(site: Web, web: Web) -> None:
    assert site.page("/").select('footer a[href="/data/"]')
    assert not web.page("/").select('footer a[href="/data/"]')
    for path in ("/data", "/data/", "/data/datapackage.json"):
        assert web.get(path).status_code in (301, 404)
    assert web.get("/data/").status_code == 404


def test_before_the_first_dump_the_page_says_so(serving: Callable[..., Web], tmp_path: Path) -> None:
    web = serving(data=tmp_path / "data")
    assert "have not been written yet" in web.page("/data/").text
    assert web.get("/data/datapackage.json").status_code == 404


def test_the_address_without_the_slash_leads_to_the_page(site: Web) -> None:
    answer = site.get("/data", lang="ja")
    assert (answer.status_code, answer.headers["location"]) == (301, "/data/?lang=ja")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/data/tenders.csv.gz", "application/gzip"),
        (PART, "application/vnd.apache.parquet"),
        ("/data/datapackage.json", "application/json"),
        ("/data/SHA256SUMS", "text/plain; charset=utf-8"),
        ("/data/README.md", "text/markdown; charset=utf-8"),
    ],
)
def test_a_file_says_what_it_is_and_what_is_packed_is_not_packed_again(site: Web, path: str, media_type: str) -> None:
    answer = site.get(path, {"Accept-Encoding": "gzip"})
    assert answer.headers["content-type"] == media_type
    if media_type.startswith("application/") and "json" not in media_type:
        assert "content-encoding" not in answer.headers
        assert int(answer.headers["content-length"]) == len(answer.content)


def test_what_a_reader_has_is_not_sent_again(site: Web) -> None:
    first = site.get(PART)
    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = site.get(PART, headers)
        assert (again.status_code, again.content) == (304, b"")
    assert site.get(PART, {"If-None-Match": '"another"'}).status_code == 200
    assert first.headers["cache-control"] == "no-cache"


def test_a_part_of_a_file_can_be_had_and_no_more_than_there_is(site: Web) -> None:
    whole = site.get(PART).content
    part = site.get(PART, {"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, whole[4:10])
    assert part.headers["content-range"] == f"bytes 4-9/{len(whole)}"
    assert site.get(PART, {"Range": "bytes=-4"}).content == b"PAR1"
    assert site.get(PART, {"Range": f"bytes={len(whole)}-"}).status_code == 416


def test_asking_how_large_a_file_is_sends_nothing(site: Web, folder: Path) -> None:
    answer = site.client.head("/data/tenders.csv.gz")
    assert answer.content == b""
    assert int(answer.headers["content-length"]) == (folder / "tenders.csv.gz").stat().st_size


@pytest.mark.parametrize(
    "path",
    [
        "/data/stray.txt",
        "/data/link",
        "/data/../secret",
        "/data/%2e%2e/secret",
        "/data/..%2fsecret",
        "/data/tenders",
        "/data/tenders/",
        "/data//etc/passwd",
        "/data/tenders/month=2026-04/../../../secret",
        "/data/tenders.csv.gz%00",
        "/data/./tenders.csv.gz/",
    ],
)
def test_nothing_but_the_files_of_the_dump_is_given_out(site: Web, path: str) -> None:
    # Not by the client's own hand: it would tidy the address up.
    request = httpx.Request("GET", site.base)
    request.url = httpx.URL(site.base).copy_with(raw_path=path.encode())
    answer = site.client.send(request)
    assert answer.status_code == 404
    assert "hush" not in answer.text


def test_everything_can_be_fetched_and_checked_with_the_commands_of_the_page(site: Web, tmp_path: Path) -> None:
    if not all(map(shutil.which, ("wget", "sed", "sha256sum"))):
        pytest.skip("wget, sed or sha256sum is not installed")
    fetch = examples(site.base.rstrip("/"))[0].code
    environment = {"PATH": os.environ["PATH"], "no_proxy": "*"}
    for _ in range(2):  # the second time nothing is new
        done = subprocess.run(
            ["sh", "-e", "-c", fetch], cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()
    assert len(pandas.read_parquet(tmp_path / "data" / "tenders")) == 3


def test_a_table_can_be_read_from_the_site_at_once(
    site: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    (read,) = (one for one in examples(site.base.rstrip("/")) if "read_csv" in one.code)
    exec(compile(read.code, read.title, "exec"), {})
    assert "株式会社見本" in capsys.readouterr().out


def test_a_dump_that_takes_the_place_of_another_is_served_at_once(tmp_path: Path, empty_record: Path) -> None:
    copyfile(empty_record, tmp_path / "monitor.db")
    with served(tmp_path / "monitor.db", data=tmp_path / "data") as web:
        dump.make(web.database, tmp_path / "data", SITE, now=NOW)
        empty = web.get("/data/tenders.csv.gz")
        fill(web.database)
        dump.make(web.database, tmp_path / "data", SITE, now=NOW)
        full = web.get("/data/tenders.csv.gz", {"If-None-Match": empty.headers["etag"]})
    assert full.status_code == 200
    assert len(gzip.decompress(full.content)) > len(gzip.decompress(empty.content))
