"""Trying a source, watching its health, and beginning a new one, as a person at a terminal does it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from monitor.cli import status
from monitor.serving import serve

ROOT = Path(__file__).parents[3]
Run = Callable[..., tuple[int, str, str]]

TOWN_HALL = """<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>見本市 入札情報</title></head><body>
<h1>入札情報</h1>
<table>
<tr><th>番号</th><th>件名</th><th>公告日</th><th>入札締切</th><th>予定価格</th></tr>
<tr><td>12</td><td><a href="a12.html">庁舎太陽光発電設備設置工事</a></td><td>令和8年4月1日</td>
<td>令和8年4月20日 17時00分</td><td>1,200万円</td></tr>
<tr><td>13</td><td><a href="a13.html">総合窓口システム更改業務</a></td><td>令和8年4月3日</td><td>令和8年4月24日</td><td>-</td></tr>
</table></body></html>"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>新着情報</title><link>https://x.jp/</link>
<item><title>水素利活用調査の公募について</title><link>https://x.jp/1</link><guid>g1</guid>
<pubDate>Wed, 01 Apr 2026 15:30:00 GMT</pubDate><description>詳細</description></item>
<item><title>人事異動</title><link>https://x.jp/2</link></item></channel></rss>"""
LINKS = """<!DOCTYPE html><html lang="ja"><head><title>調達情報</title></head><body><a href="/">トップページへ戻る</a><ul>
<li><a href="/chotatsu/2026/1.html">電力需給契約の入札公告について</a></li>
<li><a href="/chotatsu/2026/2.html">庁内LAN機器賃貸借の入札公告</a></li></ul></body></html>"""


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """A town hall's site on loopback."""

    def page(text: str, media_type: str = "text/html; charset=utf-8") -> Callable[[Request], Response]:
        return lambda _: HTMLResponse(text, media_type=media_type)

    routes = [
        Route("/nyusatsu", page(TOWN_HALL)),
        Route("/links", page(LINKS)),
        Route("/closed", page("<!DOCTYPE html><html><body><h1>ただいまメンテナンス中です</h1></body></html>")),
        Route("/rss.xml", page(FEED, "application/rss+xml")),
    ]
    with serve(Starlette(routes=routes)) as address:
        yield address


@pytest.fixture(scope="module")
def robots() -> Iterator[str]:
    """The same town hall, whose robots.txt forbids the page."""
    routes = [
        Route("/nyusatsu", lambda _: HTMLResponse(TOWN_HALL)),
        Route("/robots.txt", lambda _: PlainTextResponse("User-agent: *\nDisallow: /nyu\n")),
    ]
    with serve(Starlette(routes=routes)) as address:
        yield address


@pytest.fixture
def run(
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    town: str,
    only_kkj: str,
) -> Run:
    """Run a command in a folder whose configuration describes the town hall's page and feed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "config.toml").write_text(
        f"""[network]
allow_loopback = true
retries = 0
[[tables]]
slug = "town"
name = "見本市"
address = "{town}/nyusatsu"
columns = {{ number = "番号", title = "件名", published = "公告日", deadline = "入札締切", "予定価格" = "予定価格" }}
buyer = "見本市"
prefecture = "Tokyo"
[[tables]]
slug = "wrong"
name = "見本市"
address = "{town}/nyusatsu"
items = "ul.tenders li"
selectors = {{ title = "a" }}
[[feeds]]
slug = "news"
name = "見本市 新着情報"
address = "{town}/rss.xml"
only = ["公募"]
[source.kkj]
enabled = false
{only_kkj}""",
        encoding="utf-8",
    )

    def command(*arguments: str) -> tuple[int, str, str]:
        ended = status(list(arguments))
        out, err = capfdbinary.readouterr()
        return ended, out.decode(), err.decode()

    return command


def test_trying_a_source_shows_what_would_be_recorded_and_keeps_nothing(run: Run) -> None:
    ended, out, err = run("sources", "try", "town")
    assert (ended, "庁舎太陽光発電設備設置工事" in out, "2 notices after 1 request; nothing was kept." in err) == (
        0,
        True,
        True,
    )
    assert "nothing found" in run("search", "太陽光")[2]


def test_trying_a_source_can_show_all_that_a_notice_says(run: Run) -> None:
    _, out, _ = run("sources", "try", "town", "--json")
    first, second = map(json.loads, out.splitlines())
    assert (first["title"], first["buyer"], first["prefecture"]) == ("庁舎太陽光発電設備設置工事", "見本市", "東京都")
    assert (first["published"], first["deadline"]) == ("2026-04-01", "2026-04-20T17:00:00+09:00")
    assert (first["text"], first["references"]) == ("予定価格：1,200万円", [["番号", "12"]])
    assert (second["deadline"], second["portal_dates"]) == (None, [["入札締切", "2026-04-24"]]), "a day is no moment"


def test_a_trial_ends_after_as_many_notices_as_are_asked_for(run: Run) -> None:
    assert len(run("sources", "try", "town", "--limit", "1", "--json")[1].splitlines()) == 1


def test_a_wrong_selector_fails_loudly(run: Run) -> None:
    ended, out, err = run("sources", "try", "wrong")
    assert (ended, out) == (1, "")
    assert "wrong: " in err
    assert "/nyusatsu has no ul.tenders li; it begins “見本市 入札情報" in err


def test_a_feed_is_read_and_other_news_are_left_out(run: Run) -> None:
    ended, out, _ = run("sources", "try", "news", "--json")
    (only,) = map(json.loads, out.splitlines())
    assert (ended, only["title"], only["published"]) == (0, "水素利活用調査の公募について", "2026-04-02")


def test_sources_without_code_are_collected_and_watched_like_any_other(run: Run) -> None:
    ended, out, _ = run("collect", "town", "news")
    assert (ended, [row.split()[:4] for row in out.splitlines()[1:3]]) == (
        0,
        [["town", "2", "2", "0"], ["news", "1", "1", "0"]],
    )
    assert "太陽光" in run("search", "source:town", "太陽光")[1]
    states = {one["source"]: one for one in map(json.loads, run("sources", "list", "--json")[1].splitlines())}
    assert (states["town"]["state"], states["town"]["failing"], states["town"]["robots"]) == ("ok", False, "obeyed")
    assert (states["wrong"]["state"], states["wrong"]["failing"]) == (None, True)
    ended, out, _ = run("sources", "check")
    assert (ended, out) == (1, "failing: wrong (last success: never)\n")


def test_a_page_that_changed_is_failing_and_the_others_go_on(run: Run) -> None:
    ended, out, _ = run("collect")
    assert ended == 1
    assert "has no ul.tenders li" in out
    assert run("search", "太陽光")[1] != ""


@pytest.mark.parametrize(
    ("slug", "path", "said"),
    [
        ("kkj", "/nyusatsu", "kkj is a source already"),
        ("town", "/nyusatsu", "if the configuration describes it, remove its block there first"),
        ("new", "/closed", "neither a table with a column 件名 nor a list of links was recognised"),
        ("Town-Hall", "/nyusatsu", "cannot be a name; write small letters"),
        ("new", "/nowhere", "answered 404"),
    ],
)
def test_a_source_that_cannot_be_begun_is_told_in_one_line(
    run: Run, town: str, slug: str, path: str, said: str
) -> None:
    ended, out, err = run("sources", "record", slug, town + path)
    assert (ended, out, said in err) == (1, "", True)
    assert not (ROOT / "scrapers" / "sources" / "new.py").exists()


@pytest.mark.parametrize(
    ("path", "found", "described"),
    [
        ("/nyusatsu", ["庁舎太陽光発電設備設置工事", "総合窓口システム更改業務"], '"deadline": "入札締切"'),
        ("/links", ["電力需給契約の入札公告について", "庁内LAN機器賃貸借の入札公告"], "a[href*='/chotatsu/2026/']"),
        ("/rss.xml", ["水素利活用調査の公募について", "人事異動"], "FeedSource"),
    ],
)
def test_a_new_sources_test_fails_until_a_person_has_read_what_it_found(
    town: str, tmp_path: Path, path: str, found: list[str], described: str
) -> None:
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", "examples")
    for room in ("db", "scrapers", "alerts", "monitor", "tests"):
        shutil.copytree(ROOT / room, checkout / room, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", checkout)
    (checkout / "tests" / "scrapers" / "examples").mkdir()
    (checkout / "config.toml").write_text("[network]\nallow_loopback = true\n", encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(checkout), "LC_ALL": "C.UTF-8"}

    def python(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=checkout, env=environment, capture_output=True, timeout=120, check=False
        )
        return done.returncode, (done.stdout + done.stderr).decode()

    def tested() -> tuple[int, str]:
        return python(
            "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/scrapers/test_sources.py", "-k", "new_town"
        )

    ended, said = python("-c", "from monitor.cli import main; main()", "sources", "record", "new_town", town + path)
    assert ended == 0, said
    source = checkout / "scrapers" / "sources" / "new_town.py"
    assert described in source.read_text(encoding="utf-8")

    assert tested()[0] == 1, "it was not read by anybody"
    text = source.read_text(encoding="utf-8")
    for what in ("Owner", "Covers", "Terms", "Caveats"):
        text = text.replace(f"    {what}:\n", f"    {what}: somebody has written this.\n")
    source.write_text(text, encoding="utf-8")
    ended, said = tested()
    assert ended == 0, said
    (expected,) = (checkout / "tests" / "scrapers" / "examples" / "new_town").rglob("expected.json")
    assert [one["title"] for one in json.loads(expected.read_text(encoding="utf-8"))] == found


def test_a_source_that_robots_txt_forbids_is_told_apart_and_fails_nobodys_check(
    run: Run, tmp_path: Path, robots: str
) -> None:
    text = (tmp_path / "config.toml").read_text(encoding="utf-8")
    address = text[text.index("http://") : text.index("/nyusatsu")]
    only = text.replace(address, robots).replace("[source.kkj]", '[sources]\nonly = ["town"]\n[source.kkj]')
    (tmp_path / "config.toml").write_text(only, encoding="utf-8")
    ended, out, _ = run("collect")
    assert (ended, "robots.txt forbids /nyusatsu" in " ".join(out.split())) == (0, True)
    (state,) = map(json.loads, run("sources", "list", "--json")[1].splitlines())
    assert (state["state"], state["robots"], state["failing"]) == ("refused", "refused", False)
    ended, out, _ = run("sources", "check")
    assert (ended, out) == (
        0,
        "all sources that may be read are fresh\nforbidden by robots.txt, and not read: town\n",
    )
    permitted = only.replace("[source.kkj]", '[source.town]\nrobots = "ignore"\n[source.kkj]')
    (tmp_path / "config.toml").write_text(permitted, encoding="utf-8")
    assert run("collect")[0] == 0
    (state,) = map(json.loads, run("sources", "list", "--json")[1].splitlines())
    assert (state["state"], state["robots"], state["found"]) == ("ok", "permitted", 2)
