"""The command that suggests words for the lexicon, from the record and from a file."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.serving import serve
from monitor.standins.server import app
from tests.monitor.cli.conftest import Run

TOWNS = [f"{one}{other}" for one in "赤青白黒緑" for other in "森原岡"]
KINDS = ("座席案内業務委託", "時刻表作成業務委託", "乗務員研修業務委託")
OWN = '[[areas]]\nslug = "ferries"\nname = "Ferries"\nstrong = ["自動渡船"]\n'
"""An area of one's own, that what is suggested may not depend on the words that ship."""
TITLES = [
    *(f"{town}{kind}" for town in TOWNS for kind in ("側溝改良工事", "舗装補修工事")),
    *(f"{town}自動渡船{KINDS[number % 3]}" for number, town in enumerate(TOWNS)),
    *(f"{town}ノリアイナ{KINDS[number % 3]}" for number, town in enumerate(TOWNS[:6])),
]
WORD = "ノリアイナ"


@pytest.fixture(autouse=True)
def titles(tmp_path: Path) -> None:
    """A file of titles, and the area of one's own, in the folder of the commands."""
    (tmp_path / "titles.txt").write_text("\n".join(TITLES), encoding="utf-8")
    (tmp_path / "config.toml").write_text(OWN, encoding="utf-8")


@pytest.fixture(scope="module")
def portals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stand-in portals over the same titles."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "kkj").mkdir()
    lines = [
        json.dumps(
            {
                "key": f"{number:04}",
                "title": title,
                "organization": "東京都見本市",
                "lg_code": "13",
                "prefecture": "東京都",
                "cft_issue_date": "2026-04-01",
            }
        )
        for number, title in enumerate(TITLES)
    ]
    (folder / "kkj" / "notices.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with serve(app(folder)) as address:
        yield address


@pytest.fixture
def collected(run: Run, portals: str, tmp_path: Path, only_kkj: str) -> Run:
    """A record that has been filled from the stand-ins."""
    config = f'[network]\nstand_in = "{portals}"\n[site]\nbase_url = "https://monitor.example.org"\n{OWN}{only_kkj}'
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    assert run("collect", "--since", "2026-01-01")[0] == 0
    return run


def test_people_get_a_table_with_the_word_its_area_and_examples(run: Run) -> None:
    ended, out, err = run("areas", "suggest", "--file", "titles.txt")
    head, first, *_ = out.splitlines()
    assert (ended, err) == (0, "")
    assert head.split() == ["word", "titles", "leans", "to", "how", "far", "examples"]
    assert first.split()[:2] == [WORD, "6"]
    assert "%" in first
    assert any(title in first for title in TITLES)


def test_programs_get_a_line_of_json_for_each_word(run: Run) -> None:
    ended, out, err = run("areas", "suggest", "--file", "titles.txt", "--json", "--limit", "2")
    first, second = (json.loads(line) for line in out.splitlines())
    assert (ended, err) == (0, "")
    assert first.keys() == second.keys() == {"piece", "titles", "area", "lean", "examples"}
    assert (first["piece"], first["titles"], first["area"]) == (WORD, 6, "ferries")
    assert second["area"] is None


def test_the_list_can_be_narrowed_to_an_area(run: Run) -> None:
    out = run("areas", "suggest", "--file", "titles.txt", "--area", "ferries", "--json")[1]
    assert [json.loads(line)["piece"] for line in out.splitlines()] == [WORD]


def test_the_record_suggests_what_a_file_with_its_titles_suggests(collected: Run) -> None:
    ended, out, _ = collected("areas", "suggest", "--json")
    of_file = collected("areas", "suggest", "--file", "titles.txt", "--json")[1]
    assert ended == 0
    assert out == of_file != ""


def test_which_titles_of_the_record_have_an_area_the_record_says(collected: Run, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "home" / "monitor.db") as record:
        record.execute(
            f"INSERT INTO tender_area SELECT 'ferries', id, 1.0, '[]' FROM tender WHERE title LIKE '%{WORD}%'"
        )
    assert WORD not in collected("areas", "suggest", "--json")[1]


def test_that_there_is_nothing_to_suggest_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "few.txt").write_text("道路補修工事", encoding="utf-8")
    ended, out, err = run("areas", "suggest", "--file", "few.txt")
    assert (ended, out) == (0, "")
    assert err.startswith("nothing to suggest: ")
    assert run("areas", "suggest", "--file", "few.txt", "--json") == (0, "", "")
    err = run("areas", "suggest", "--file", "titles.txt", "--area", "mobility")[2]
    assert err == "nothing to suggest: no new word leans to Mobility; leave out --area to see the others\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--area", "space"], "there is no focus area space; there are: decarbonization, "),
        (["--file", "missing.txt"], "missing.txt: cannot be read"),
        (["--limit", "0"], "--limit: "),
        (["--min-count", "1"], "--min-count: "),
    ],
)
def test_a_mistake_ends_with_one_clear_line_and_1(run: Run, arguments: list[str], said: str) -> None:
    ended, out, err = run("areas", "suggest", *arguments)
    assert (ended, out) == (1, "")
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert said in line


def test_what_a_title_holds_is_shown_and_not_obeyed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.txt").write_text("\n".join(f"[bold]\x1b[31m{title}" for title in TITLES), encoding="utf-8")
    ended, out, _ = run("areas", "suggest", "--file", "odd.txt")
    assert ended == 0
    assert WORD in out
    assert "\x1b" not in out
