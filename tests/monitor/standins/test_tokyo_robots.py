"""What the reported robots.txt of Tokyo's systems forbid is refused and shown so, and allowed by permission only."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from db.vocabulary.japanese import TOKYO
from monitor.cli import status
from monitor.serving import serve
from monitor.standins.demo_data import demo_data
from monitor.standins.server import Switchboard, app

FORBIDDEN = ("tokyo_eproc", "tokyo_wards")
SLUGS = (*FORBIDDEN, "tokyo_eproc_desktop")
Collect = Callable[..., tuple[int, dict[str, Any], dict[str, str]]]


@pytest.fixture
def collect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Collect]:
    """Collects from the stand-ins as a person at a terminal does it.

    Gives the exit status, and what `sources list` then says of each source: as JSON, and as a row of its table.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    board = Switchboard()
    with serve(app(demo_data(datetime.now(TOKYO).date(), tmp_path / "data"), board)) as base:

        def out_of(*arguments: str) -> tuple[int, str]:
            ended = status(list(arguments))
            return ended, capfdbinary.readouterr().out.decode()

        def collecting(robots: str, *, permitted: bool = False) -> tuple[int, dict[str, Any], dict[str, str]]:
            board.turn(robots=robots)
            config = f'[network]\nstand_in = "{base}"\n[sources]\nonly = {json.dumps(SLUGS)}\n'
            if permitted:
                config += "".join(f'[source.{slug}]\nrobots = "ignore"\n' for slug in FORBIDDEN)
            (tmp_path / "config.toml").write_text(config, encoding="utf-8")
            ended, _ = out_of("collect")
            states = [json.loads(line) for line in out_of("sources", "list", "--json")[1].splitlines()]
            table = out_of("sources", "list")[1].splitlines()
            rows = {slug: next(row for row in table if slug in row.split()) for slug in SLUGS}
            return ended, {state["source"]: state for state in states}, rows

        yield collecting


def test_a_source_that_robots_txt_forbids_is_refused_and_shown_so(collect: Collect) -> None:
    _, states, rows = collect("as-real")
    for slug in FORBIDDEN:
        assert (states[slug]["state"], states[slug]["robots"], states[slug]["found"]) == ("refused", "refused", 0)
        assert "robots.txt forbids /" in states[slug]["error"]
        assert "written permission" in states[slug]["error"]
        assert "forbids us" in rows[slug]
        assert "refused" in rows[slug]


def test_the_screens_for_desktops_are_not_forbidden(collect: Collect) -> None:
    _, states, rows = collect("as-real")
    state = states["tokyo_eproc_desktop"]
    assert (state["state"], state["robots"], state["error"]) == ("ok", "obeyed", None)
    assert state["found"] > 0
    assert "obeyed" in rows["tokyo_eproc_desktop"]


def test_with_permission_robots_txt_is_set_aside_and_shown_so(collect: Collect) -> None:
    ended, states, rows = collect("as-real", permitted=True)
    assert ended == 0
    for slug in FORBIDDEN:
        assert (states[slug]["state"], states[slug]["robots"]) == ("ok", "permitted")
        assert states[slug]["found"] > 0
        assert "set aside by permission" in rows[slug]


def test_where_robots_txt_allows_all_no_permission_is_needed(collect: Collect) -> None:
    ended, states, rows = collect("allow")
    assert ended == 0
    for slug in SLUGS:
        assert (states[slug]["state"], states[slug]["robots"]) == ("ok", "obeyed")
        assert "obeyed" in rows[slug]


def test_a_source_that_was_refused_is_read_again_when_robots_txt_no_longer_forbids_it(collect: Collect) -> None:
    collect("as-real")
    ended, states, _ = collect("allow")
    assert ended == 0
    assert {states[slug]["state"] for slug in SLUGS} == {"ok"}
