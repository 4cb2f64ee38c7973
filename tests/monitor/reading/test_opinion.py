"""A second opinion: what it reads, what part it takes beside the lexicon, and what a broken file is answered with."""

import json
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import AreaScore, Place
from monitor.config import load
from monitor.household import area_reader
from monitor.i18n import KEYWORDS
from monitor.reading.area_reader import LEARNT, AreaReader
from monitor.reading.areas import AreaDefinition, Lexicon, load_lexicon
from monitor.reading.opinion import LARGEST_FILE, Learnt, Opinion, OpinionError, load_opinion

AREAS = ("mobility", "renewables")
OPINION = Opinion(
    {
        "mobility": Learnt(-3.0, {"巡回": 4.0, "回号": 3.5, "乗車": 2.0, "料金": 1.0, "co": 6.0, "購入": -2.0}),
        "renewables": Learnt(-2.0, {"潮流": 4.0}),
    }
)


@cache
def lexicon() -> Lexicon:
    return load_lexicon(
        [
            AreaDefinition("mobility", weak=("乗車券",), venue=("ゑ駅",)),
            AreaDefinition("renewables", strong=("潮流発電",), weak=("潮流",), negative=("潮流計",)),
        ]
    )


def added(title: str, buyer: str | None = None) -> dict[str, AreaScore]:
    """What the opinion adds to the lexicon's areas."""
    alone = lexicon().read(title, "", buyer)
    both = AreaReader(lexicon(), OPINION).read_parts(title, "", buyer)
    assert (both.venues, both.cpv) == (alone.venues, alone.cpv)
    assert {score.area for score in alone.areas} <= {score.area for score in both.areas}, "it only adds"
    return {score.area: score for score in both.areas if score not in alone.areas}


# Reading -----------------------------------------------------------------------------------------------


def test_an_n_gram_counts_once_however_often_it_stands() -> None:
    (guess,) = OPINION.read("巡回、巡回、巡回")
    assert guess.area == "mobility"
    assert guess.probability == pytest.approx(0.731, abs=0.001), "the bias of -3 and once 4"


def test_the_strongest_n_grams_are_told_and_do_not_overlap() -> None:
    (guess,) = OPINION.read("巡回号の乗車料金購入")
    assert guess.grams == (("巡回", 4.0), ("乗車", 2.0), ("料金", 1.0))


def test_a_title_is_read_as_it_is_folded_everywhere() -> None:
    assert OPINION.read("ＣＯ")[0].grams == (("co", 6.0),)


def test_latin_letters_are_a_word_or_nothing() -> None:
    assert OPINION.read("CO2の測定")[0].area == "mobility"
    assert OPINION.read("COSTの測定") == OPINION.read("DCOの測定") == ()


def test_only_what_is_probable_is_guessed() -> None:
    assert OPINION.read("乗車") == ()
    assert [guess.area for guess in OPINION.read("乗車", 0.2)] == ["mobility"]


def test_an_area_that_no_n_gram_speaks_for_is_never_guessed() -> None:
    frequent = Opinion({"mobility": Learnt(5.0, {"工事": -1.0, "巡回": 1.0})})
    assert frequent.read("道路工事") == frequent.read("") == ()


# Beside the lexicon ------------------------------------------------------------------------------------


def test_without_a_second_opinion_nothing_is_different() -> None:
    words = lexicon()
    notice = ScrapedNotice(
        source="kkj",
        key="1",
        title="巡回号の乗車券",
        kind=NoticeKind.TENDER,
        published=date(2026, 9, 1),
        url="https://x.example.jp/1",
    )
    assert AreaReader(words).read(notice) == words.read(notice.title)
    assert AreaReader(words).revision == words.revision


def test_what_the_lexicon_half_knows_the_opinion_can_settle() -> None:
    score = added("巡回号の乗車券")["mobility"]
    assert score.score == 1.0
    assert [(one.term, one.weight) for one in score.evidence] == [("乗車券", 0.5), ("巡回", 0.33), ("乗車", 0.17)]
    assert {(one.gloss, one.place) for one in score.evidence[1:]} == {(LEARNT, Place.TITLE)}


def test_the_opinion_alone_must_be_surer() -> None:
    assert added("巡回のこと") == {}, "0.73"
    score = added("巡回の乗車")["mobility"]
    assert sum(one.weight for one in score.evidence) == pytest.approx(score.score)


def test_the_opinion_alone_is_not_heard_where_the_lexicon_gives_another_area() -> None:
    assert [score.area for score in AreaReader(lexicon(), OPINION).read_parts("潮流発電の巡回、乗車").areas] == [
        "renewables"
    ]


def test_a_general_area_that_is_near_gives_way_to_the_special_one_that_is_given(tmp_path: Path) -> None:
    for slug, term, weight in (("renewables", "潮流", "strong"), ("mobility", "乗車券", "weak")):
        lines = f"term\tenglish\tweight\n{term}\t{slug}\t{weight}\n"
        (tmp_path / f"{slug}.tsv").write_text(lines, encoding="utf-8")
    entries = [
        f'[[area]]\nslug = "{slug}"\nname = {{en = "", ja = ""}}\ndescription = {{en = "", ja = ""}}\n'
        for slug in ("renewables", "mobility")
    ]

    def given_by(entries: list[str]) -> list[str]:
        (tmp_path / "areas.toml").write_text("".join(entries), encoding="utf-8")
        reader = AreaReader(load_lexicon(directory=tmp_path), OPINION)
        return [score.area for score in reader.read_parts("潮流の巡回号の乗車券").areas]

    assert given_by(entries) == ["renewables", "mobility"]
    assert given_by([*entries, 'gives_way_to = ["renewables"]\n']) == ["renewables"]


def test_that_something_is_only_the_place_stands() -> None:
    assert added("ゑ駅の巡回の乗車") == {}


def test_what_the_lexicon_has_found_to_mean_something_else_stands() -> None:
    assert OPINION.read("潮流計の購入", 0.7)[0].area == "renewables"
    assert added("潮流計の購入") == {}


PIECES = ("巡回", "号", "乗車券", "乗車", "料金", "潮流", "計", "発電", "ゑ駅", "co", "購入", "の")


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_evidence_always_makes_up_the_score(title: str) -> None:
    for score in added(title).values():
        assert sum(round(100 * one.weight) for one in score.evidence) == 100
        assert all(one.weight > 0 for one in score.evidence)


def test_notices_are_read_again_when_the_opinion_changes() -> None:
    words = lexicon()
    other = Opinion({"mobility": Learnt(-3.0, {"巡回": 4.01})})
    revisions = {AreaReader(words, one).revision for one in (None, OPINION, other)}
    assert len(revisions) == 3
    assert AreaReader(words, Opinion(OPINION.areas)).revision in revisions


# The file ----------------------------------------------------------------------------------------------


def test_a_file_gives_back_the_opinion_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "opinion.json"
    file.write_bytes(OPINION.encoded())
    assert load_opinion(file, AREAS).encoded() == OPINION.encoded()
    assert '\n    "巡回": 4.0,\n' in file.read_text(encoding="utf-8"), "one n-gram a line"


def changed(**keys: object) -> str:
    return json.dumps(json.loads(OPINION.encoded()) | keys)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "is no second opinion ("),
        ("{}", "is no second opinion ("),
        ("[" * 100_000, "is no second opinion ("),
        ("\ufeff" + changed(), "is no second opinion ("),
        (changed(format=2), "was written by another version of this program"),
        (changed(areas={}), "holds no n-grams"),
        (changed(areas={"roads": {"bias": 0, "grams": {"x": 1}}}), "there is no focus area roads"),
        (changed(areas={"mobility": {"bias": 0, "grams": {"": 1}}}), "an n-gram of mobility is empty or weighs"),
        (changed(areas={"mobility": {"bias": 1e99, "grams": {"x": 1}}}), "an n-gram of mobility is empty or weighs"),
        (changed(areas={"mobility": {"bias": 0, "grams": {"x": "1"}}}), "is no second opinion ("),
        (" " * (LARGEST_FILE + 1), "is larger than a second opinion can be"),
    ],
)
def test_a_broken_file_is_told_in_one_line_with_the_remedy(tmp_path: Path, written: str, complaint: str) -> None:
    file = tmp_path / "opinion.json"
    file.write_text(written, encoding="utf-8")
    with pytest.raises(OpinionError) as raised:
        load_opinion(file, AREAS)
    said = str(raised.value)
    assert said.startswith(f"{file}: {complaint}")
    assert "monitor areas train" in said
    assert "\n" not in said


def test_a_file_that_is_not_there_can_be_written_or_left_out(tmp_path: Path) -> None:
    with pytest.raises(OpinionError, match="write it with monitor areas train, or leave"):
        load_opinion(tmp_path / "opinion.json", AREAS)


def test_the_errors_texts_are_in_the_catalogues() -> None:
    assert {"OpinionError", "TrainingError"} <= KEYWORDS.keys()


# The configuration -------------------------------------------------------------------------------------


def test_the_configuration_names_the_file_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "opinion.json").write_bytes(OPINION.encoded())
    config = tmp_path / "config.toml"
    config.write_text('[reading]\nsecond_opinion = "opinion.json"\n', encoding="utf-8")
    reader = area_reader(load(config))
    assert reader.opinion is not None
    assert reader.opinion.revision == OPINION.revision


def test_it_is_off_unless_it_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("", encoding="utf-8")
    assert area_reader(load(config)).opinion is None
