"""The commands as a person at a terminal meets them: help, results, errors and exit statuses."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from monitor.cli import monitor
from monitor.serving import serve
from monitor.standins.server import app
from scrapers.registry import sources
from tests.monitor.cli.conftest import Run

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def portals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stand-in portals over a few records."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "kkj").mkdir()
    records = [
        {"key": "YQ==", "title": "水素ステーション整備工事", "organization": "東京都見本市", "body": "本文" * 50},
        {"key": "Yg==", "title": "=1+1 道路補修工事", "organization": "東京都見本市"},
    ]
    lines = [
        json.dumps({**record, "lg_code": "13", "prefecture": "東京都", "cft_issue_date": "2026-04-01"})
        for record in records
    ]
    (folder / "kkj" / "notices.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with serve(app(folder)) as address:
        yield address


@pytest.fixture
def collected(run: Run, portals: str, tmp_path: Path, only_kkj: str) -> Run:
    """A configuration that leads to the stand-ins, and a record that has been filled from them."""
    text = f'[network]\nstand_in = "{portals}"\n[site]\nbase_url = "https://monitor.example.org"\n'
    text += only_kkj
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    assert run("collect", "--since", "2026-01-01")[0] == 0
    return run


def all_commands(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*names, name), command
        if isinstance(command, click.Group):
            yield from all_commands(command, *names, name)


@pytest.mark.parametrize("names", [(), *(names for names, _ in all_commands(monitor))], ids=" ".join)
@pytest.mark.parametrize("language", ["C", "ja_JP.UTF-8"])
def test_every_command_explains_itself_with_an_example(run: Run, names: tuple[str, ...], language: str) -> None:
    ended, out, err = run(*names, "--help", language=language)
    assert (ended, err) == (0, "")
    assert f"monitor {names[0] if names else ''}".strip() in out
    japanese = re.search(r"[ぁ-ん]", out) is not None
    assert japanese == (language == "ja_JP.UTF-8")
    assert ("使用例" in out or "例" in out) if japanese else "Example" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "there is no command nonsense; there are: demo, run, collect"),
        (["collect", "--sinse", "2026-01-01"], "there is no option --sinse"),
        (["collect", "--since", "yesterday"], "write a day as 2026-04-01"),
        (["collect", "nowhere"], "there is no source nowhere; there are: "),
        (
            ["collect", "--config", "missing.toml"],
            "missing.toml: there is no such file; copy config.example.toml to it",
        ),
        (["search", "(水素"], "a parenthesis is opened and not closed"),
        (["subscribers", "add", "nobody"], "is no mail address"),
        (["subscribers", "add", "a@example.org", "--area", "space"], "there is no focus area space"),
        (["subscribers", "forget", "a@example.org"], "there is no such subscriber"),
        (["tenders", "show", "6f1c5a0e-0000-5000-8000-000000000000"], "there is no such tender"),
        (["feed", "nothing"], "there is no feed nothing; there are: all, decarbonization"),
        (["demo", "--data", "nowhere"], "nowhere: is no folder"),
        (["areas", "explain"], "TITLE is missing"),
    ],
)
def test_a_mistake_ends_with_one_clear_line_and_1(run: Run, arguments: list[str], said: str) -> None:
    ended, out, err = run(*arguments)
    assert (ended, out) == (1, "")
    *before, line = err.strip().splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert not any("Traceback" in one for one in before)


def test_the_words_of_a_search_need_no_quotation_marks(collected: Run) -> None:
    assert (
        collected("search", "水素", "整備", "--format", "jsonl")[1]
        == collected("search", "水素 整備", "--format", "jsonl")[1]
        != ""
    )


def test_the_place_of_a_mistake_in_a_query_is_marked(run: Run) -> None:
    _, _, err = run("search", "水素 AND (太陽光")
    lines = err.splitlines()
    assert lines[0] == "  水素 AND (太陽光"
    assert lines[1].index("^") == 2 + 4 + len(" AND ")


def test_collecting_ends_with_a_table(collected: Run) -> None:
    ended, out, _ = collected("collect", "kkj", "--since", "2026-01-01")
    assert ended == 0
    head, row = out.splitlines()[:2]
    assert head.split() == ["source", "found", "new", "changed", "error"]
    assert row.split() == ["kkj", "2", "0", "0"]


def test_collecting_tells_programs_in_json(collected: Run) -> None:
    _, out, _ = collected("collect", "--since", "2026-01-01", "--json")
    assert json.loads(out) == {
        "source": "kkj",
        "state": "ok",
        "found": 2,
        "new": 0,
        "changed": 0,
        "error": None,
        "problems": [],
    }


def test_a_source_that_cannot_be_read_is_in_the_table_and_the_status(run: Run, tmp_path: Path, only_kkj: str) -> None:
    (tmp_path / "config.toml").write_text(
        '[network]\nstand_in = "http://127.0.0.1:9"\nretries = 0\n' + only_kkj, encoding="utf-8"
    )
    ended, out, err = run("collect")
    assert ended == 1
    assert "www.kkj.go.jp" in out
    assert "Traceback" not in err
    ended, out, _ = run("check")
    assert (ended, out.strip()) == (1, "failing: kkj (last success: never)")


def test_health_is_shown_and_fresh_sources_pass_the_check(collected: Run) -> None:
    ended, out, _ = collected("sources", "list")
    assert (ended, sources()["kkj"].name_en in out, " ok " in out) == (0, True, True)
    health = json.loads(collected("sources", "list", "--json")[1])
    assert (health["source"], health["state"], health["found"]) == ("kkj", "ok", 2)
    assert collected("check")[:2] == (0, "all sources that may be read are fresh, no letter is late\n")


def test_found_tenders_come_as_a_table_as_csv_and_as_lines_of_json(collected: Run) -> None:
    assert "水素ステーション整備工事" in collected("search", "area:renewables")[1]
    assert "道路" not in collected("search", "area:renewables")[1]
    line = json.loads(collected("search", "水素", "--format", "jsonl")[1])
    assert "renewables" in {area["area"] for area in line["areas"]}
    assert line["areas"][0]["evidence"][0]["place"] == "title"
    assert line["sources"][0]["source"] == "kkj"
    assert (line["published"], line["deadline"]) == ("2026-04-01", None)
    csv = collected("search", "道路", "--format", "csv")[1]
    assert "'=1+1 道路補修工事" in csv
    assert "nothing found" in collected("search", "宇宙")[2]


def test_what_a_search_found_is_bold_in_a_terminal_and_plain_in_a_file(
    collected: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, out, err = collected("search", "hydrogen")
    assert (ended, "水素ステーション整備工事" in out, "\x1b" in out, err) == (0, True, False, "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    ended, out, err = collected("search", "hydrogen")
    assert (ended, "\x1b[1m水素\x1b[0mステーション" in out, err) == (0, True, "1 found\n")


def test_a_query_is_explained_in_words(collected: Run) -> None:
    ended, out, err = collected("search", "--explain", "fuel cell NOT kind:award open: value>=500万 area:renewables")
    assert (ended, err) == (0, "")
    assert out.splitlines() == [
        "all of these:",
        "  one of these:",
        "    all of these:",
        "      “fuel” in title, text or buyer",
        "      “cell” in title, text or buyer",
        "    “燃料電池” in title, text or buyer",
        "  not:",
        "    kind of notice: Award or result",
        "  neither awarded nor cancelled; the deadline has not passed or is not known",
        "  value >= ¥5,000,000",
        "  focus area: Renewable energy",
    ]
    assert collected("search", "--explain")[1] == "every tender\n"
    assert collected("search", "--explain", "title:solar")[1] == "“solar” in the title\n"
    assert collected("search", "--explain", "(")[0] == 1


def test_who_finds_nothing_is_told_what_may_help(collected: Run) -> None:
    _, _, err = collected("search", "xyzzy", "水素")
    said = err.splitlines()
    assert said[0] == "nothing found"
    assert said[1].startswith("No Japanese term is known here for “xyzzy”")
    assert len(said) == 4


def test_more_than_the_limit_is_told(collected: Run) -> None:
    assert "more than 1 found" in collected("search", "--limit", "1", "工事")[2]
    assert "1 of 2; ask for more" in collected("search", "--limit", "1")[2]


def test_the_record_is_exported_one_tender_a_line(collected: Run, tmp_path: Path) -> None:
    ended, out, err = collected("export", "jsonl", "all.jsonl")
    assert (ended, out, "tenders written to all.jsonl: 2" in err) == (0, "", True)
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["buyer"] for line in lines} == {"東京都見本市"}
    assert json.loads(collected("export", "jsonl", "-", "--query", "水素")[1])["title"] == "水素ステーション整備工事"
    shown = json.loads(collected("tenders", "show", lines[0]["id"], "--json")[1])
    assert {name: shown[name] for name in lines[0]} == lines[0]
    assert lines[0]["title"] in collected("tenders", "show", lines[0]["id"])[1]


def test_subscribing_says_what_would_have_been_found(collected: Run) -> None:
    ended, out, _ = collected(
        "subscribers", "add", "a@example.org", "--area", "renewables", "--query", "水素 OR 風力"
    )
    assert (ended, "would have found" in out) == (0, True)
    (line,) = collected("subscribers", "list", "--json")[1].splitlines()
    assert json.loads(line)["searches"][0]["query"] == "area:renewables (水素 OR 風力)"
    assert collected("deliver")[:2] == (0, "0 sent, 0 to be tried again, 0 given up\n")
    assert collected("subscribers", "forget", "a@example.org")[0] == 0
    assert collected("subscribers", "list", "--json")[1] == ""


def test_a_feed_is_written_for_static_publishing(collected: Run) -> None:
    for form, begins in (
        ("atom", "<feed"),
        ("rss", "<rss"),
        ("json", '{"version":"https://jsonfeed.org/version/1.1"'),
    ):
        ended, out, _ = collected("feed", "renewables", "--format", form)
        assert (ended, begins in out, "水素ステーション" in out) == (0, True, True)
    assert "https://monitor.example.org/feeds/renewables.atom" in collected("feed", "renewables")[1]


def test_the_feed_of_a_buyer_is_asked_for_by_its_name_in_any_spelling(collected: Run) -> None:
    line = collected("export", "jsonl", "-")[1].splitlines()[0]
    buyer = json.loads(line)["buyer"]
    ended, out, _ = collected("feed", f"buyer: {buyer}　", "--format", "json")
    assert ended == 0
    assert json.loads(out)["items"]
    ended, _, err = collected("feed", "buyer:例示されない市")
    assert ended == 1
    assert "there is no feed buyer:例示されない市" in err


def test_what_a_portal_writes_is_shown_and_not_obeyed(run: Run, tmp_path: Path, only_kkj: str) -> None:
    (tmp_path / "kkj").mkdir()
    hostile = {
        "key": "YQ==",
        "title": "水素[/x] [bold]設備[pdf]の購入",
        "lg_code": "13",
        "cft_issue_date": "2026-04-01",
    }
    (tmp_path / "kkj" / "notices.jsonl").write_text(json.dumps(hostile), encoding="utf-8")
    with serve(app(tmp_path)) as address:
        (tmp_path / "config.toml").write_text(f'[network]\nstand_in = "{address}"\n{only_kkj}', encoding="utf-8")
        assert run("collect", "--since", "2026-01-01")[0] == 0
    ended, out, _ = run("search", "水素")
    assert (ended, "水素[/x] [bold]設備[pdf]の購入" in out) == (0, True)


@pytest.mark.parametrize("command", ["serve", "run"])
def test_a_port_in_use_is_told_before_anything_begins(run: Run, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended, out, err = run(command, "--port", str(taken.getsockname()[1]))
    assert (ended, out) == (1, "")
    assert "cannot listen on 127.0.0.1" in err
    assert "The pages are at" not in err


def test_filling_in_the_past_does_not_keep_news_from_readers(collected: Run) -> None:
    collected("subscribers", "add", "a@example.org")
    ended, out, _ = collected("collect", "--since", "2025-01-01", "--json")
    assert (ended, json.loads(out)["new"]) == (0, 0)


@pytest.mark.parametrize(
    ("query", "said"), [("area:renewable", "area: is one of"), ("source:kjk", "source: is one of")]
)
def test_a_saved_search_for_what_there_is_not_is_refused(run: Run, query: str, said: str) -> None:
    ended, _, err = run("subscribers", "add", "a@example.org", "--query", query)
    assert (ended, said in err) == (1, True)


@pytest.mark.parametrize(
    "line", ["not json", "[]", '{"key": "a"}', '{"key": "a", "title": "b", "cft_issue_date": "gestern"}']
)
def test_records_that_cannot_be_read_are_named_with_file_and_line(run: Run, tmp_path: Path, line: str) -> None:
    (tmp_path / "kkj").mkdir()
    (tmp_path / "kkj" / "notices.jsonl").write_text(line, encoding="utf-8")
    ended, _, err = run("demo", "--once", "--data", str(tmp_path), "--home", str(tmp_path / "h"))
    assert (ended, "notices.jsonl" in err, "Traceback" in err) == (1, True, False)


def test_the_demo_does_not_mix_invented_notices_with_others(collected: Run) -> None:
    ended, _, err = collected("demo", "--once", "--home", "home")
    assert (ended, "must not be mixed" in err) == (1, True)


def test_a_terminal_that_cannot_write_japanese_shows_codes(collected: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from monitor.cli import main; main()", "search", "水素"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert (done.returncode, b"\\u6c34\\u7d20" in done.stdout, done.stderr) == (0, True, b"")


def test_reading_again_is_told_in_figures(collected: Run) -> None:
    assert collected("classify")[1] == "notices read: 0; tenders whose focus areas changed: 0\n"
    assert collected("classify", "--all")[1] == "notices read: 2; tenders whose focus areas changed: 0\n"


def test_ones_own_area_is_read_after_classifying_and_what_moved_is_reported(collected: Run, tmp_path: Path) -> None:
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[[areas]]\nslug = "roads"\nname = "Roads"\nstrong = ["道路"]\n')
    out = collected("classify")[1]
    said, _, head, roads, _, _, example = out.splitlines()
    assert said == "notices read: 2; tenders whose focus areas changed: 1"
    assert (head.split(), roads.split()) == (
        ["area", "before", "added", "removed", "after"],
        ["Roads", "0", "1", "0", "1"],
    )
    assert (example.split()[:2], "道路補修工事" in example) == (["Roads", "added"], True)
    assert "道路補修工事" in collected("search", "area:roads")[1]


def test_what_moved_is_told_to_programs_in_json(collected: Run, tmp_path: Path) -> None:
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[[areas]]\nslug = "roads"\nname = "Roads"\nstrong = ["道路"]\n')
    report = json.loads(collected("classify", "--all", "--json")[1])
    roads = report["areas"]["roads"]
    assert (report["read"], report["moved"]) == (2, 1)
    assert (roads["before"], roads["added"], roads["removed"], roads["after"]) == (0, 1, 0, 1)
    assert [one["title"] for one in roads["examples_added"]] == ["=1+1 道路補修工事"]
    quiet = json.loads(collected("classify", "--all", "--json", "--examples", "0")[1])
    assert (quiet["moved"], quiet["areas"]["roads"]["before"]) == (0, 1)


def test_the_database_can_be_upgraded_and_checked(collected: Run) -> None:
    assert collected("db", "upgrade")[0] == 0
    ended, out, _ = collected("db", "check")
    assert (ended, re.sub(r"\d{4}", "N", out)) == (0, "the database is in order (schema N)\n")


def test_a_file_that_is_no_database_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "monitor.db").write_bytes(b"not a database, but long enough to be taken for one" * 40)
    ended, _, err = run("sources", "list")
    assert ended == 1
    assert "is not a healthy SQLite file" in err
    assert len(err.strip().splitlines()) == 1
