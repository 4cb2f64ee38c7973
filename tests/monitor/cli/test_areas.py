"""The commands about the focus areas: why a title gets one, and how well they are given."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.vocabulary.reading import Place
from monitor.cli.areas import VERDICTS, WEIGHTS
from monitor.reading.areas import Verdict, Weight
from tests.monitor.cli.conftest import Run

SUN = "太陽光発電設備設置工事"
"""Given: renewables."""
DRINK = "水素水に関する調査"
"""Not given, though 水素 stands in it."""
SCHOOLS = "校務支援システム及び財務会計システムの更新"
"""A system of schools and one of everybody: only the special area is given."""
NOTHING = "ゑゑゑ"
OWN = '[[areas]]\nslug = "roads"\nname = "Roads"\nstrong = ["道路"]\nvenue = ["料金所"]\n'


def labels(folder: Path, *lines: tuple[str, str] | dict[str, Any]) -> str:
    """A file of labelled notices, each a title with its areas, or a whole line."""
    made = [line if isinstance(line, dict) else {"title": line[0], "areas": line[1].split()} for line in lines]
    path = folder / "labels.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in made), encoding="utf-8")
    return path.name


# explain -----------------------------------------------------------------------------------------------


def test_the_areas_are_listed(run: Run) -> None:
    ended, out, _ = run("areas", "list")
    assert ended == 0
    for slug in ("decarbonization", "renewables", "smart-city", "mobility"):
        assert f"\n{slug} " in out
    assert "31500000 45300000" in out


def test_a_title_is_explained_with_the_words_that_decided(run: Run) -> None:
    ended, out, _ = run("areas", "explain", SUN)
    head, row, *_ = out.splitlines()
    assert ended == 0
    assert head.split() == ["area", "result", "term", "meaning", "place", "weight", "counts", "why"]
    assert row.startswith("Renewable energy  given: 1.")
    assert ("1.00 is needed" in row, "title" in row, "strong" in row, "+1.00" in row) == (True, True, True, True)


def test_a_term_that_does_not_count_says_why(run: Run) -> None:
    ended, out, _ = run("areas", "explain", DRINK)
    assert ended == 0
    assert out.startswith("no focus area: what was found does not suffice\n")
    assert "not given: 0.00, 1.00 is needed" in out
    assert "cancelled by 水素水" in out


def test_that_nothing_was_found_is_said(run: Run) -> None:
    assert run("areas", "explain", NOTHING)[:2] == (0, "no focus area: no term of the lexicon stands in it\n")
    assert run("areas", "explain", NOTHING, "--json")[:2] == (0, "[]\n")


def test_a_building_that_is_only_the_place_is_called_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(OWN, encoding="utf-8")
    found = json.loads(run("areas", "explain", "料金所の清掃", "--json")[1])
    (roads,) = [one for one in found if one["area"] == "roads"]
    assert (roads["given"], roads["venue"]) == (False, True)
    assert "only the place: 0.50, 1.00 is needed" in run("areas", "explain", "料金所の清掃")[1]


def test_text_buyer_english_title_and_category_take_part(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("太陽光発電設備を設置する。", encoding="utf-8")
    more = ["--text", "text.txt", "--buyer", "見本病院", "--title-en", "EV charger", "--category", "works"]
    ended, out, err = run("areas", "explain", NOTHING, *more, "--json")
    assert (ended, err) == (0, "")
    found = {finding["place"] for one in json.loads(out) for finding in one["findings"]}
    assert found == {"title", "body", "buyer"}
    assert run("areas", "explain", SUN, "--category", "boats")[0] == 1


def test_a_text_that_is_no_utf_8_is_read_as_far_as_it_can_be(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_bytes("太陽光".encode("shift_jis"))
    assert run("areas", "explain", SUN, "--text", "text.txt")[0] == 0


def test_ones_own_area_is_explained_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(OWN, encoding="utf-8")
    assert "Roads" in run("areas", "explain", "道路清掃")[1]


def test_what_a_title_holds_is_shown_and_not_obeyed(run: Run) -> None:
    out = run("areas", "explain", f"{SUN}[bold]\x1b[31m")[1]
    assert "\x1b" not in out


def test_every_verdict_weight_and_place_has_its_words() -> None:
    assert set(VERDICTS) == set(Verdict)
    assert set(WEIGHTS) == set(Weight)
    assert all(words.format(by=", ".join(Place)) for words in VERDICTS.values())


# evaluate ----------------------------------------------------------------------------------------------


def test_programs_get_one_json_object_with_the_figures(run: Run, tmp_path: Path) -> None:
    file = labels(
        tmp_path,
        (SUN, "renewables"),
        (DRINK, "renewables"),
        {"title": SUN, "areas": ["mobility"], "borderline": True},
    )
    ended, out, err = run("evaluate", file, "--json")
    assert (ended, err, out.count("\n")) == (0, "", 1)
    found = json.loads(out)
    assert found["areas"].keys() == {"renewables"}
    area = found["areas"]["renewables"]
    assert (area["precision"], area["recall"], area["support"]) == (1.0, 0.5, 2)
    assert found["macro_f1"] == found["micro_f1"] == area["f1"] == pytest.approx(2 / 3)
    assert found["macro_f1_interval"][0] <= found["macro_f1"] <= found["macro_f1_interval"][1]
    (miss,) = found["misses"]
    assert (miss["line"], miss["area"], miss["title"], miss["labelled"]) == (2, "renewables", DRINK, ["renewables"])
    assert {"term": "水素", "verdict": "cancelled", "by": "水素水"}.items() <= miss["found"][-1].items()
    apart = found["borderline"]
    assert apart["areas"]["mobility"]["support"] == 1
    assert apart["confusion"] == [{"labelled": "mobility", "given": "renewables", "count": 1}]
    assert apart["false_alarms"][0]["evidence"][0]["place"] == "title"


def test_people_get_tables_of_figures_confusion_and_mistakes(run: Run, tmp_path: Path) -> None:
    file = labels(tmp_path, (SUN, "smart-city"), (f"{SUN}２", "renewables"), (DRINK, "renewables"))
    ended, out, err = run("evaluate", file)
    assert (ended, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["3", "notices", "with", "firm", "labels"]
    assert rows[1] == ["area", "precision", "recall", "F1", "95%", "interval", "labelled", "given"]
    assert ["smart-city", "–", "0.000", "0.000"] in [row[:4] for row in rows]
    assert ["smart-city", "renewables", "1"] in rows
    assert "2 misses" in out
    assert "no term of the lexicon stands in it" in out
    assert "水素 (hydrogen): cancelled by 水素水" in out
    assert "1 false alarm\n" in out
    assert "borderline" not in out


def test_a_miss_for_which_a_special_area_was_given_says_so(run: Run, tmp_path: Path) -> None:
    file = labels(tmp_path, (SCHOOLS, "education-it-skills digital-transformation"))
    assert "gives way to Education and IT skills" in run("evaluate", file)[1]
    (miss,) = json.loads(run("evaluate", file, "--json")[1])["misses"]
    assert (miss["area"], miss["gave_way_to"]) == ("digital-transformation", "education-it-skills")


def test_borderline_labels_have_a_table_of_their_own(run: Run, tmp_path: Path) -> None:
    file = labels(tmp_path, (SUN, "renewables"), {"title": SUN, "areas": [], "borderline": True})
    out = run("evaluate", file)[1]
    firm, apart = out.split("1 notice with a borderline label, apart\n")
    assert ["renewables", "1.000", "1.000", "1.000"] in [line.split()[:4] for line in firm.splitlines()]
    assert ["renewables", "0.000", "–", "0.000"] in [line.split()[:4] for line in apart.splitlines()]


def test_mistakes_beyond_those_asked_for_are_counted_and_not_listed(run: Run, tmp_path: Path) -> None:
    file = labels(tmp_path, *((f"{NOTHING}{number}", "mobility") for number in range(25)))
    titles = [run("evaluate", file, *show)[1].count(NOTHING) for show in ([], ["--show", "0"], ["--show", "25"])]
    assert titles == [20, 0, 25]
    _, out, err = run("evaluate", file, "--show", "2")
    assert "25 misses" in out
    assert "there are more mistakes than are listed; ask for them with --show" in err
    listed = [len(json.loads(run("evaluate", file, "--json", *show)[1])["misses"]) for show in ([], ["--show", "3"])]
    assert listed == [25, 3]


def test_ones_own_area_is_evaluated_only_where_labels_name_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(OWN, encoding="utf-8")
    without = json.loads(run("evaluate", labels(tmp_path, ("道路", "")), "--json")[1])
    assert (without["areas"], without["macro_f1"], without["false_alarms"]) == ({}, None, [])
    named = json.loads(run("evaluate", labels(tmp_path, ("道路", "roads"), ("道路", "")), "--json")[1])
    assert (named["areas"]["roads"]["support"], len(named["false_alarms"])) == (1, 1)


def test_labels_without_any_area_are_told_in_words(run: Run, tmp_path: Path) -> None:
    out = run("evaluate", labels(tmp_path, (NOTHING, "")))[1]
    assert "no label has a focus area, and none was given" in out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "labels.jsonl:1: no labelled notice"),
        ('{"title": "a", "areas": ["roads"]}', "labels.jsonl:1: there is no focus area 'roads'; there are: decarb"),
        ('{"title": "a", "areas": []}\n{', "labels.jsonl:2: is not JSON"),
    ],
)
def test_labels_that_cannot_be_used_end_with_one_line(run: Run, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "labels.jsonl").write_text(content, encoding="utf-8")
    ended, out, err = run("evaluate", "labels.jsonl", "--json")
    assert (ended, out, len(err.splitlines())) == (1, "", 1)
    assert said in err


def test_labels_that_are_not_there_are_told(run: Run) -> None:
    ended, _, err = run("evaluate", "nowhere.jsonl")
    assert (ended, err) == (
        1,
        "error: nowhere.jsonl: cannot be read (No such file or directory); name a file of labelled notices\n",
    )
