"""Learning a second opinion: what is learnt, that it is the same each time, and how it is measured."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.cli import status
from monitor.evaluation import Labelled
from monitor.reading.areas import load_lexicon
from monitor.reading.opinion import LARGEST_FILE, load_opinion
from monitor.training import FEWEST_TITLES, MOST_GRAMS, TrainingError, cross_validate, folds_of, train

AREAS = [area.slug for area in load_lexicon().areas]
SUBJECTS = ("巡回車", "巡回号", "巡回便")
THINGS = ("購入", "運行", "調査", "保守", "設計", "更新", "点検")


def labelled(*titles: tuple[str, str], borderline: bool = False) -> list[Labelled]:
    return [
        Labelled(number, title, frozenset(areas.split()), borderline=borderline)
        for number, (title, areas) in enumerate(titles, 1)
    ]


def some() -> list[Labelled]:
    """Titles of which those with 巡回 are about mobility; the lexicon knows no word of it."""
    return labelled(
        *((f"{subject}の{thing}", "mobility") for subject in SUBJECTS for thing in THINGS),
        *((f"{subject}の{thing}", "") for subject in ("庁舎", "道路", "校庭") for thing in THINGS),
    )


def test_the_n_grams_that_tell_an_area_are_learnt() -> None:
    opinion = train(some(), AREAS)
    assert list(opinion.areas) == ["mobility"], "the others have no labels"
    assert next(iter(opinion.areas["mobility"].grams)) == "巡回"
    assert [guess.area for guess in opinion.read("巡回船の借入")] == ["mobility"]
    assert opinion.read("庁舎の清掃") == ()


def test_the_same_labels_give_the_same_bytes_in_whatever_order() -> None:
    items = some()
    assert train(items, AREAS).encoded() == train(items[::-1], AREAS).encoded()


def test_another_process_learns_the_same(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(as_lines(some()), encoding="utf-8")
    program = "from monitor.cli import main; main()"
    command = [sys.executable, "-c", program, "areas", "train", str(file), "--out"]
    for seed in ("1", "2"):
        subprocess.run(
            [*command, str(tmp_path / seed)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
        )
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes() == train(some(), AREAS).encoded()


def test_borderline_labels_are_not_learnt() -> None:
    doubtful = labelled(*((f"庁舎の{thing}", "renewables") for thing in THINGS), borderline=True)
    assert train([*some(), *doubtful], AREAS).encoded() == train(some(), AREAS).encoded()


def test_a_series_of_works_is_learnt_as_one() -> None:
    series = labelled(*((f"校庭改修（第{number}工区）", "mobility") for number in range(50)))
    alone = [Labelled(1, "校庭改修(第0工区)", frozenset({"mobility"}))]
    assert train([*some(), *series], AREAS).encoded() == train([*some(), *alone], AREAS).encoded()


def test_numbers_signs_and_pieces_of_latin_words_are_no_n_grams() -> None:
    items = labelled(
        *((f"ABCD-12（巡回）の{thing}", "mobility") for thing in THINGS),
        *((f"EFGH-12（庁舎）の{thing}", "") for thing in THINGS),
    )
    grams = {gram for learnt in train(items, AREAS).areas.values() for gram in learnt.grams}
    assert grams <= {"abcd", "efgh", "巡回", "庁舎"}


def test_too_few_labels_are_refused_with_the_remedy() -> None:
    with pytest.raises(TrainingError, match=f"no focus area has {FEWEST_TITLES} labelled titles"):
        train(some()[: FEWEST_TITLES - 1], AREAS)
    apart = labelled(*((chr(0x4E00 + 2 * n) + chr(0x4E01 + 2 * n), "mobility" * (n % 2)) for n in range(20)))
    with pytest.raises(TrainingError, match="no word stands in 3 of the labelled titles"):
        train(apart, AREAS)


def test_what_needs_learning_says_what_to_install_where_scikit_learn_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(TrainingError, match="install it: pip install") as raised:
        train(some(), AREAS)
    assert "\n" not in str(raised.value)


def test_no_command_waits_for_the_libraries_of_learning_and_of_parquet() -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, monitor.cli; print([n for n in ('sklearn', 'numpy', 'pyarrow') if n in sys.modules])",
        ],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    assert loaded.stdout == "[]\n"


# Cross-validation --------------------------------------------------------------------------------------


def test_every_fold_has_its_share_of_each_area_and_a_series_is_never_divided() -> None:
    series = labelled(*((f"校庭改修（第{number}工区）", "") for number in range(30)))
    items = [*some(), *series]
    dealt = folds_of(items, 5)
    assert len(set(dealt[len(some()) :])) == 1
    shares = [sum(fold == number for fold in dealt[: len(SUBJECTS) * len(THINGS)]) for number in range(5)]
    assert max(shares) - min(shares) <= 1
    assert folds_of(items[::-1], 5) == dealt[::-1], "the order of the file does not matter"


def test_the_opinion_helps_with_words_that_the_lexicon_does_not_know() -> None:
    found = cross_validate(some(), load_lexicon(), AREAS)
    assert found.lexicon.macro_f1 == 0.0
    assert (found.opinion.macro_f1, found.folds) == (1.0, 5)
    assert found.both.macro_f1 is not None
    assert found.both.macro_f1 > 0.9


def test_an_opinion_is_never_asked_what_it_has_learnt() -> None:
    """Labels without any rule can be learnt by heart and not by others' example."""
    words = [f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}" for n in range(12)]
    drawn = random.Random(1)
    odd = labelled(*((f"{one}の{other}", "mobility" * drawn.randrange(2)) for one in words for other in words))
    by_heart = train(odd, AREAS)
    right = sum(bool(by_heart.read(item.title)) == bool(item.areas) for item in odd) / len(odd)
    crossed = cross_validate(odd, load_lexicon(), AREAS).opinion
    assert crossed.micro_f1 is not None
    assert crossed.micro_f1 < right - 0.1


def test_too_few_titles_for_the_folds_are_refused() -> None:
    with pytest.raises(TrainingError, match="too few for 5 folds"):
        folds_of(some()[:4], 5)


# Commands ----------------------------------------------------------------------------------------------

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in a folder with labels.jsonl; gives exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "labels.jsonl").write_text(as_lines(some()), encoding="utf-8")

    def command(*arguments: str) -> tuple[int, str, str]:
        ended = status(list(arguments))
        out, err = capfdbinary.readouterr()
        return ended, out.decode(), err.decode()

    return command


def as_lines(items: list[Labelled]) -> str:
    return "\n".join(json.dumps({"title": item.title, "areas": sorted(item.areas)}) for item in items)


def test_an_opinion_is_learnt_named_and_heard(run: Run, tmp_path: Path) -> None:
    assert run("areas", "train", "labels.jsonl", "labels.jsonl", "--out", "opinion.json")[:2] == (0, "")
    size = (tmp_path / "opinion.json").stat().st_size
    assert size < LARGEST_FILE
    assert sum(len(one.grams) for one in load_opinion(tmp_path / "opinion.json", AREAS).areas.values()) <= MOST_GRAMS
    assert json.loads(run("areas", "explain", "巡回便の運行", "--json")[1]) == []
    (tmp_path / "config.toml").write_text('[reading]\nsecond_opinion = "opinion.json"\n', encoding="utf-8")
    (mobility,) = json.loads(run("areas", "explain", "巡回便の運行", "--json")[1])
    assert (mobility["area"], mobility["given"], mobility["findings"]) == ("mobility", True, [])
    assert mobility["second_opinion"]["grams"][0][0] == "巡回"
    ended, out, _ = run("areas", "explain", "巡回便の運行")
    assert ended == 0
    assert "given by the second opinion" in out
    assert json.loads(run("evaluate", "labels.jsonl", "--json")[1])["macro_f1"] == 1.0


def test_cross_validation_tells_what_the_opinion_is_worth(run: Run) -> None:
    ended, out, err = run("evaluate", "labels.jsonl", "--cv", "--json")
    found = json.loads(out)
    assert (ended, err) == (0, "")
    assert (found["macro_f1"], found["second_opinion"]) == (0.0, None), "the figures of what is in use"
    assert found["cv"]["folds"] == 5
    assert set(found["cv"]) == {"folds", "lexicon", "second_opinion", "both"}
    assert found["cv"]["second_opinion"]["areas"]["mobility"]["f1"] == 1.0
    assert "cv" not in json.loads(run("evaluate", "labels.jsonl", "--json")[1])


def test_cross_validation_is_shown_as_a_table(run: Run) -> None:
    ended, out, _ = run("evaluate", "labels.jsonl", "--cv", "--folds", "3", "--show", "0")
    table = out[out.index("F1 by cross-validation, 3 parts") :].splitlines()
    assert ended == 0
    assert table[1].split() == ["area", "lexicon", "second", "opinion", "both", "labelled"]
    assert table[2].split()[:3] == ["mobility", "0.000", "1.000"]


def test_a_file_that_cannot_be_written_is_told(run: Run) -> None:
    ended, _, err = run("areas", "train", "labels.jsonl", "--out", "nowhere/opinion.json")
    assert (ended, err.count("\n")) == (1, 1)
    assert "nowhere/opinion.json: cannot be written (No such file or directory); name another file" in err
