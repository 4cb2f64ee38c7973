"""The demo: the whole job on embedded defaults, and on any folder in the layout of the samples."""

import hashlib
import json
import mailbox
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import feedparser
import pytest

from monitor.cli import status
from tests.monitor.exports.standard import ZIP, assert_compiled_alike, assert_sound

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT.parent / "shared" / "samples"


def demo(home: Path, *more: str) -> str:
    """Run the demo in a process of its own, with an empty environment; gives its standard output."""
    command = [
        sys.executable,
        "-c",
        "from monitor.cli import main; main()",
        "demo",
        "--once",
        "--home",
        str(home),
        *more,
    ]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=home.parent, env=environment, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done.stdout.decode()


def figures(out: str) -> dict[str, tuple[int, int, int]]:
    """Source → found, new, changed, from the table."""
    rows = [line.split() for line in out.splitlines()[1:]]
    table = [row for row in rows[: rows.index([])] if row[1:] != ["no", "data"]]
    assert all(len(row) == 4 for row in table), "a source ended with an error"
    return {row[0]: (number(row[1]), number(row[2]), number(row[3])) for row in table}


def number(text: str) -> int:
    return int(text.replace(",", ""))


def mails(home: Path) -> list[EmailMessage]:
    parser = BytesParser(policy=policy.default)
    folder = mailbox.Maildir(home / "mail")
    return [parser.parsebytes(folder.get_bytes(key)) for key in sorted(folder.keys())]


def check_mails(home: Path) -> list[EmailMessage]:
    found = mails(home)
    for mail in found:
        assert mail.defects == []
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        parts = [part.get_content() for part in mail.iter_parts()]
        assert len(parts) == 2
        assert all("/tenders/" in part for part in parts)
    return found


def check_feeds(home: Path) -> int:
    feeds = sorted((home / "site" / "feeds").iterdir())
    assert len(feeds) == 30
    entries = 0
    for file in feeds:
        if file.name.endswith(".json"):
            items = json.loads(file.read_bytes())["items"]
            atom = feedparser.parse(file.with_name(file.name.replace(".json", ".atom.xml")).read_bytes())
            assert [item["id"] for item in items] == [entry.id for entry in atom.entries]
            continue
        read = feedparser.parse(file.read_bytes())
        assert not read.bozo, f"{file.name}: {read.get('bozo_exception')}"
        entries += len(read.entries)
        assert len({entry.id for entry in read.entries}) == len(read.entries)
    return entries


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The home and the output of a first demo with the small set."""
    home = tmp_path_factory.mktemp("demo") / "home"
    return home, demo(home)


def test_the_demo_does_the_whole_job_and_says_where_everything_lies(own: tuple[Path, str]) -> None:
    home, out = own
    found, new, changed = figures(out)["kkj"]
    assert (found, new, changed) == (50, 50, 0)
    for told in (
        home / "mail",
        home / "site",
        home / "data",
        home / "monitor.db",
        "feeds/mobility.atom",
        "went to reader@example.org",
    ):
        assert str(told) in out


def test_the_demos_mails_read_back_without_a_defect_and_say_that_they_are_illustrative(own: tuple[Path, str]) -> None:
    found = check_mails(own[0])
    assert {mail["To"] for mail in found} == {"reader@example.org", "dokusha@example.jp", "analyst@example.org"}
    for mail in found:
        wanted = "例示用データ" if mail["To"].endswith(".jp") else "Illustrative"
        assert all(wanted in part.get_content() for part in mail.iter_parts())


def test_the_demos_feeds_and_page_read_back_without_a_defect(own: tuple[Path, str]) -> None:
    assert check_feeds(own[0]) > 50
    page = (own[0] / "site" / "index.html").read_text(encoding="utf-8")
    assert "Illustrative data" in page
    assert (own[0] / "site" / "static" / "style.css").exists()


def test_the_demos_files_for_tools_are_whole_and_say_that_they_are_illustrative(own: tuple[Path, str]) -> None:
    folder = own[0] / "data"
    sums = [line.split("  ") for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()]
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == told for told, name in sums)
    assert len(sums) > 10
    assert "llustrative" in (folder / "README.md").read_text("utf-8")


def test_a_second_demo_in_the_same_home_changes_nothing(own: tuple[Path, str]) -> None:
    home, _ = own
    before = len(mails(home))
    out = demo(home)
    assert figures(out)["kkj"] == (50, 0, 0)
    assert len(mails(home)) == before
    assert "No new digest" in out


def published_counts() -> dict[str, int]:
    """Source → number of recorded notices, as docs/sources.md tells everybody."""
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    table = text[text.index("## What the samples hold") :].split("\n\n")[2]
    return {slug: int(count) for slug, count in re.findall(r"^\| (\w+) \| (\d+) \|$", table, re.MULTILINE)}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside the project")
def test_every_stand_in_gives_as_many_notices_as_its_samples_hold_and_nothing_new_the_second_time(
    tmp_path: Path,
) -> None:
    home, expected = tmp_path / "home", published_counts()
    assert len(expected) > 10
    assert figures(demo(home, "--data", str(SAMPLES))) == {slug: (n, n, 0) for slug, n in expected.items()}
    assert check_mails(home)
    assert check_feeds(home) > 50
    assert figures(demo(home, "--data", str(SAMPLES))) == {slug: (n, 0, 0) for slug, n in expected.items()}
    check_merges(home)
    check_standard(home)


def check_standard(home: Path) -> None:
    """All samples together are sound packages of releases and of records, where the standard is there to tell."""
    if not ZIP.exists():
        return
    files = {form: home / f"{form}.json" for form in ("releases", "records")}
    for form, path in files.items():
        assert status(["export", "ocds", str(path), "--form", form, "--home", str(home)]) == 0
        assert_sound(path)
    assert assert_compiled_alike(files["releases"], files["records"], home) > 2_600


def check_merges(home: Path) -> None:
    """Of all samples together those notices are one tender, and no others, that a person found to be one."""
    lines = (Path(__file__).parent / "merges.tsv").read_text(encoding="utf-8").splitlines()[2:]
    expected = {frozenset(line.split("\t")[1].split(" ")) for line in lines}
    with closing(sqlite3.connect(f"file:{home / 'monitor.db'}?mode=ro", uri=True)) as record:
        several = "SELECT tender_id FROM notice GROUP BY tender_id HAVING count(*) > 1"
        rows = record.execute(f"SELECT tender_id, source, key FROM notice WHERE tender_id IN ({several})").fetchall()
        (linked,) = record.execute(
            "SELECT count(*) FROM award WHERE tender_id IS NOT NULL AND notice_id IS NULL"
        ).fetchone()
        (read_out,) = record.execute("SELECT count(*) FROM award WHERE notice_id IS NOT NULL").fetchone()
        (twins,) = record.execute("SELECT count(*) FROM award WHERE same_as IS NOT NULL").fetchone()
    merged: dict[str, set[str]] = {}
    for tender, source, key in rows:
        merged.setdefault(tender, set()).add(f"{source}:{key}")
    routes = {"tokyo_eproc", "tokyo_eproc_desktop"}
    of_tokyo = [some for some in merged.values() if {one.partition(":")[0] for one in some} == routes]
    assert {frozenset(some) for some in merged.values() if some not in of_tokyo} == expected
    assert (len(of_tokyo), {len(some) for some in of_tokyo}) == (62, {2})
    assert (linked, read_out, twins) == (89, 290, 9)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside the project")
def test_the_published_counts_are_those_of_the_samples() -> None:
    def lines(path: str, **having: str) -> int:
        records = map(json.loads, (SAMPLES / path).read_text(encoding="utf-8").splitlines())
        return sum(all(record.get(name) == value for name, value in having.items()) for record in records)

    counts = published_counts()
    for slug in ("kkj", "pportal", "digital_agency", "jst", "meti", "moe", "nedo"):
        assert counts[slug] == lines(f"{slug}/notices.jsonl"), slug
    for feed in ("national", "local"):
        assert counts[f"jetro_{feed}"] == lines("jetro/items.jsonl", feed=feed)
    assert counts["tokyo_eproc"] == counts["tokyo_eproc_desktop"] == lines("tokyo_eproc/rows.jsonl")
    assert counts["tokyo_wards"] == lines("tokyo_wards/rows.jsonl")
    assert counts["tokyo_bureaus"] == lines("tokyo_bureaus/pages.jsonl")
    awards = SAMPLES / "pportal_awards" / "successful_bid_record_info_all_2025.csv"
    assert counts["pportal_awards"] == len(awards.read_text(encoding="utf-8-sig").splitlines())
    assert counts["kanpo"] >= lines("kanpo/notices.jsonl"), "the issues hold more than was cut out of them"
