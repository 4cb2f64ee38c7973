"""The files of a lexicon and the areas of users: what they may say, and what a mistake is answered with."""

from pathlib import Path

import pytest

from monitor.reading.areas import AreaDefinition, Lexicon, LexiconError, load_lexicon
from tests.monitor.reading.areas.conftest import Small, Written


def areas_of(lexicon: Lexicon, title: str) -> list[str]:
    return [score.area for score in lexicon.read(title).areas]


_HEADER = "term\tenglish\tweight\tplace\tcpv\tin_english\n"


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("", "empty; write the header"),
        ("term\tenglish\n", ":1: header is"),
        ("term\tenglish\tweight\tweight\n", ":1: header is"),
        ("term\tenglish\tweight\tplase\n", ":1: header is"),
        (_HEADER + "水素\thydrogen\tstong\n", ":2: weight is 'stong'; write strong, weak, venue or negative"),
        (_HEADER + "# a comment\n\n水素\t\tstrong\n", ":4: '水素' has no English gloss"),
        (_HEADER + "水\twater\tstrong\n", ":2: term '水' is too short"),
        (_HEADER + "ＥＶ\tEV\tweak\nev\tEV\tstrong\n", ":3: 'ev' stands in line 2 already"),
        (_HEADER + "水素\thydrogen\tstrong\t\t\t\tx\n", ":2: 7 cells"),
        (_HEADER + "水素\thydrogen\tstrong\ttitel\n", ":2: place is 'titel'; write title, body, buyer"),
        (_HEADER + "水素\thydrogen\tstrong\t\t12345678\n", ":2: CPV code '12345678' is not in cpv.toml"),
        (_HEADER + "水素\thydrogen\tstrong\t\t\t水素\n", ":2: '水素' is no English"),
        (_HEADER + "水素\thydrogen\tstrong\t\t\t・\n", ":2: '・' is no English"),
        (_HEADER + '"水素\thydrogen\tstrong\n', ":2: a quotation mark is not closed"),
    ],
)
def test_a_malformed_line_is_told_with_its_place_and_remedy(written: Written, lines: str, complaint: str) -> None:
    with pytest.raises(LexiconError) as raised:
        load_lexicon(directory=written(lines))
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_or_broken_list_of_areas_is_told(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="cannot be read"):
        load_lexicon(directory=tmp_path)
    (tmp_path / "areas.toml").write_text('[[area]]\nslug = "x"\n', encoding="utf-8")
    with pytest.raises(LexiconError, match=r"required field `name` .*; each \[\[area\]\] has slug, name and"):
        load_lexicon(directory=tmp_path)
    (tmp_path / "areas.toml").write_text("[[area", encoding="utf-8")
    with pytest.raises(LexiconError, match="is not TOML"):
        load_lexicon(directory=tmp_path)


_AREA = 'slug = "{}"\nname = {{ en = "A", ja = "A" }}\ndescription = {{ en = "A", ja = "A" }}\n{}\n'


def area(slug: str, more: str = "") -> str:
    return "[[area]]\n" + _AREA.format(slug, more)


@pytest.mark.parametrize(
    ("areas", "complaint"),
    [
        ("area = 5", "Expected `array`, got `int`"),
        ("[area]\n" + _AREA.format("x", ""), "Expected `array`, got `object`"),
        (area("x", "cpv = 5"), "Expected `array`, got `int`"),
        (area("x", 'cpv = ["12345678"]'), "'x': CPV code '12345678' is not in cpv.toml"),
        (area("x", 'give_way_to = ["y"]'), "unknown field `give_way_to`"),
        (area("x", 'gives_way_to = ["y"]'), "'x': gives way to 'y'; write slugs of this file"),
        (area("x", 'gives_way_to = ["x"]'), "'x': gives way to 'x'; write slugs of this file"),
        (area("x", 'gives_way_to = ["y"]') + area("y", 'gives_way_to = ["x"]'), "of areas that give way to none"),
        (area("x") + area("x"), "'x': the slug is there twice; give every area its own"),
        (area("X x"), "'X x': not a slug; use small letters"),
    ],
)
def test_a_mistake_in_the_list_of_areas_is_told_in_one_line(tmp_path: Path, areas: str, complaint: str) -> None:
    (tmp_path / "areas.toml").write_text(areas, encoding="utf-8")
    with pytest.raises(LexiconError) as raised:
        load_lexicon(directory=tmp_path)
    said = str(raised.value)
    assert said.startswith(f"{tmp_path / 'areas.toml'}: ")
    assert complaint in said
    assert "\n" not in said


def test_a_remark_that_a_spreadsheet_program_put_into_quotation_marks_stays_a_remark(written: Written) -> None:
    saved = 'term\tenglish\tweight\n"# what is ""green"""\t\t\n水素\thydrogen\tstrong\n'
    assert areas_of(load_lexicon(directory=written(saved)), "水素の調査") == ["x"]


@pytest.mark.parametrize("odd", ["\v", "\f", "\x85", "\u2028"])
def test_lines_are_counted_as_editors_count_them(written: Written, odd: str) -> None:
    with pytest.raises(LexiconError, match=":3: weight is 'stong'"):
        load_lexicon(directory=written(f"term\tenglish\tweight\n水素\thyd{odd}rogen\tstrong\n風力\twind\tstong\n"))


def test_a_line_may_name_a_plural_that_is_looked_for_anyway(written: Written) -> None:
    lexicon = load_lexicon(directory=written(_HEADER + "蓄電池\tbattery\tstrong\t\t\tbattery|batteries|Battery\n"))
    assert areas_of(lexicon, "Purchase of batteries") == ["x"]


def test_a_file_may_come_from_a_spreadsheet_program(written: Written) -> None:
    saved = '\ufeffnote\tterm\tenglish\tweight\t\t\r\n"he said ""hydrogen"""\t水素\thydrogen\tstrong\t\t\r\n'
    assert areas_of(load_lexicon(directory=written(saved)), "水素の調査") == ["x"]


def test_a_term_may_weigh_differently_in_title_and_buyer(small: Small) -> None:
    lexicon = small(
        {"term": "デジタル庁", "weight": "negative", "place": "title, body"},
        {"term": "デジタル庁", "weight": "weak", "place": "buyer", "english": "Digital Agency"},
        {"term": "基盤", "weight": "weak"},
    )
    assert [score.area for score in lexicon.read("基盤の整備", "", "デジタル庁").areas] == ["x"]
    assert lexicon.read("デジタル庁の基盤", "", "総務省").areas == ()


def test_conditions_may_share_a_list_of_words(written: Written) -> None:
    folder = written("term\tenglish\tweight\tunless\n水素\thydrogen\tstrong\t@works|水道\n")
    (folder / "lists.tsv").write_text("list\twords\nroads\t舗装|橋梁\nworks\t工事|@roads\n", encoding="utf-8")
    lexicon = load_lexicon(directory=folder)
    assert areas_of(lexicon, "水素の調査") == ["x"]
    for title in ("水素棟の工事", "水素通りの舗装", "水素通りの水道"):
        assert areas_of(lexicon, title) == []


@pytest.mark.parametrize(
    ("lists", "complaint"),
    [
        ("list\twords\nroads\t舗装\n", "x.tsv:2: there is no list @works; there are: @roads"),
        ("list\twords\nworks\t\n", "lists.tsv:2: write the name of the list, which no other has, and its words"),
        ("list\twords\nworks\t工事|@roads\nroads\t舗装\n", "lists.tsv:2: there is no list @roads"),
        ("list\tword\n", "lists.tsv:1: header is"),
    ],
)
def test_a_mistake_in_a_list_is_told_with_its_place(written: Written, lists: str, complaint: str) -> None:
    folder = written("term\tenglish\tweight\tunless\n水素\thydrogen\tstrong\t@works\n")
    (folder / "lists.tsv").write_text(lists, encoding="utf-8")
    with pytest.raises(LexiconError) as raised:
        load_lexicon(directory=folder)
    assert complaint in str(raised.value)


# Areas of users ---------------------------------------------------------------------------------------


def test_a_user_adds_an_area_of_his_own() -> None:
    space = AreaDefinition("space", "Space", strong=("人工衛星", "Rocket"), negative=("衛星都市",))
    lexicon = load_lexicon([space])
    assert lexicon.areas[-1].slug == "space"
    assert lexicon.areas[-1].names == {"en": "Space", "ja": "Space"}
    assert areas_of(lexicon, "人工衛星の製造") == ["space"]
    assert areas_of(lexicon, "ＲＯＣＫＥＴの打上げ") == ["space"]
    assert areas_of(lexicon, "Rockets") == []
    assert areas_of(load_lexicon(), "人工衛星の製造") == []


def test_a_users_file_has_the_same_columns_as_ours(tmp_path: Path) -> None:
    file = tmp_path / "space.tsv"
    file.write_text(
        "term\tenglish\tweight\tnear\tin_english\tcpv\n衛星\tsatellite\tstrong\t打上げ|軌道\tsatellite\t73000000\n",
        encoding="utf-8",
    )
    lexicon = load_lexicon([AreaDefinition("space", "Space", file=file, cpv=("73000000",))])
    assert areas_of(lexicon, "衛星の打上げ") == ["space"]
    assert areas_of(lexicon, "衛星放送の受信料") == []
    assert lexicon.areas[-1].cpv == ("73000000",)


def test_a_mistake_in_a_users_file_names_the_file_and_the_line(tmp_path: Path) -> None:
    file = tmp_path / "space.tsv"
    file.write_text("term\tenglish\tweight\n衛星\tsatellite\theavy\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"space\.tsv:2: weight is 'heavy'"):
        load_lexicon([AreaDefinition("space", file=file)])
    with pytest.raises(LexiconError, match=r"missing\.tsv: cannot be read .*; add the file"):
        load_lexicon([AreaDefinition("space", file=tmp_path / "missing.tsv")])


def test_a_user_extends_an_area_and_silences_a_term_of_it() -> None:
    ours = load_lexicon()
    mine = load_lexicon([AreaDefinition("renewables", strong=("潮汐",), negative=("地熱",))])
    assert len(mine.areas) == len(ours.areas)
    assert mine.areas[1].names == ours.areas[1].names
    assert areas_of(mine, "潮汐の調査") == ["renewables"]
    assert areas_of(mine, "地熱の調査") == []
    assert areas_of(ours, "地熱の調査") == ["renewables"]


def test_a_users_term_stands_for_ours_in_whatever_spelling(small: Small, tmp_path: Path) -> None:
    small({"term": "サーバー更新"}, {"term": "ICT機器"})
    mine = load_lexicon([AreaDefinition("x", negative=("サーバ更新", "ICT 機器"))], tmp_path)
    for title in ("サーバー更新業務", "サーバ更新業務", "ICT 機器の購入"):
        assert areas_of(mine, title) == []


def test_a_users_names_take_the_place_of_ours_language_by_language(small: Small, tmp_path: Path) -> None:
    small({"term": "水素"})

    def names(definition: AreaDefinition) -> dict[str, str]:
        return load_lexicon([definition], tmp_path).areas[-1].names

    assert names(AreaDefinition("x", name_ja="甲")) == {"en": "x", "ja": "甲"}
    assert names(AreaDefinition("x", name="A")) == {"en": "A", "ja": "A"}
    assert names(AreaDefinition("gx-2030", strong=("衛星",))) == {"en": "gx-2030", "ja": "gx-2030"}
    assert names(AreaDefinition("space", name_ja="宇宙", strong=("衛星",))) == {"en": "space", "ja": "宇宙"}


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        (AreaDefinition("Space!", strong=("衛星",)), "not a slug"),
        (AreaDefinition("space"), "no strong or weak terms"),
        (AreaDefinition("space", strong=("衛星",), negative=("衛星",)), "keep one"),
        (AreaDefinition("space", strong=("星",)), "too short"),
        (AreaDefinition("space", strong=("衛星",), cpv=("9",)), "CPV code '9'"),
    ],
)
def test_a_wrong_definition_says_what_to_do(definition: AreaDefinition, complaint: str) -> None:
    with pytest.raises(LexiconError, match=complaint):
        load_lexicon([definition])


def test_the_revision_changes_with_the_terms_and_with_nothing_else() -> None:
    ours = load_lexicon()
    assert load_lexicon().revision == ours.revision
    assert load_lexicon([AreaDefinition("space", strong=("衛星",))]).revision != ours.revision
    assert load_lexicon([AreaDefinition("renewables", weak=("地熱",))]).revision != ours.revision
    assert load_lexicon([AreaDefinition("renewables", name="Green power")]).revision == ours.revision
