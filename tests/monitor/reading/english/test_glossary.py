"""The tables of the glossary: what they may say, and what a mistake is answered with."""

from pathlib import Path

import pytest

from monitor.reading.english.cutting import Cutter
from monitor.reading.english.gist import Gist
from monitor.reading.english.glossary import Entry, GlossaryError, Role, read_table, read_tables
from monitor.reading.english.kana import romanise
from monitor.reading.english.sources import organisation_entries, place_entries

HEADER = "term\tenglish\trole\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("word\tenglish\trole\n", ":1: the columns are not term, english, role"),
        (HEADER + "橋梁\tbridge\n", ":2: needs a term"),
        (HEADER + "# remark\n橋梁\tbridge\tthing\n", ":3: needs a term"),
        (HEADER + "\tbridge\tnoun\n", ":2: needs a term"),
        (HEADER + "珈琲\tcafé\tnoun\n", ":2: the English of '珈琲' has letters beyond ASCII"),
    ],
)
def test_a_malformed_line_is_told_with_its_place_and_remedy(tmp_path: Path, text: str, complaint: str) -> None:
    table = tmp_path / "works.tsv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(GlossaryError) as raised:
        list(read_table(table))
    assert complaint in str(raised.value)


def test_every_table_of_ours_is_well_formed() -> None:
    assert sum(1 for _ in read_tables()) > 10_000


def test_the_tables_of_small_words_come_before_those_of_the_fields(tmp_path: Path) -> None:
    for name in ("works", "marks", "services"):
        (tmp_path / f"{name}.tsv").write_text(f"{HEADER}一式\t{name}\tnoun\n", encoding="utf-8")
    assert [entry.english for entry in read_tables(tmp_path)] == ["marks", "services", "works"]


def test_a_longer_word_wins_and_a_word_is_found_in_both_spellings() -> None:
    gist = Gist(
        Cutter(
            [
                Entry("サーバー", "server", Role.NOUN),
                Entry("電気", "electricity", Role.NOUN),
                Entry("電気自動車", "electric vehicle", Role.NOUN),
            ]
        )
    )
    assert gist.of("電気自動車") == "Electric vehicle"
    assert gist.of("サーバ") == gist.of("サーバー") == "Server"


def test_of_equal_cuts_the_one_with_the_longer_first_word_is_taken() -> None:
    gist = Gist(
        Cutter(
            [
                Entry("基礎", "foundation", Role.NOUN),
                Entry("調査委託", "survey", Role.HEAD),
                Entry("基礎調査", "basic survey", Role.HEAD),
                Entry("委託", "services", Role.HEAD),
            ]
        )
    )
    assert gist.of("基礎調査委託") == "Basic survey services"


def test_a_mark_that_is_part_of_a_word_is_put_into_english_there() -> None:
    gist = Gist(
        Cutter(
            [
                Entry("入札", "tender", Role.MARK),
                Entry("入札", "bid", Role.NOUN),
                Entry("参加資格", "eligibility", Role.NOUN),
                Entry("椅子", "chair", Role.NOUN),
            ]
        )
    )
    assert gist.of("入札参加資格") == "Bid eligibility"
    assert gist.of("椅子入札") == "Chair (tender)"


def test_a_unit_counts_only_after_a_number() -> None:
    gist = Gist(Cutter([Entry("校", "{} school|{} schools", Role.SUFFIX), Entry("校舎", "building", Role.NOUN)]))
    assert gist.of("校舎 3校") == "Building, 3 schools"
    assert gist.of("校舎 1校") == "Building, 1 school"


def test_nothing_is_missed_where_a_table_is_not_there(tmp_path: Path) -> None:
    assert not list(organisation_entries(tmp_path))
    assert not list(place_entries(tmp_path))


def test_a_place_that_is_read_in_two_ways_has_no_english_without_its_kind(tmp_path: Path) -> None:
    (tmp_path / "municipalities.tsv").write_text(
        "name\tprefecture\tenglish\n府中市\t東京都\tFuchu City\n府中市\t広島県\tFuchu City\n"
        "大田市\t島根県\tOda City\n大田区\t東京都\tOta City\n",
        encoding="utf-8",
    )
    assert {entry.term: entry.english for entry in place_entries(tmp_path)} == {"府中": "Fuchu"}


@pytest.mark.parametrize(
    ("kana", "latin"),
    [
        ("ジョルダーノ", "Jorudano"),
        ("キャッチ", "Kyatchi"),
        ("フィルム", "Firumu"),
        ("ティッシュ", "Tisshu"),
        ("ファイバ", "Faiba"),
        ("シェア", "Shea"),
        ("せのお", "Senoo"),
        ("ヴェール", "Veru"),
    ],
)
def test_kana_are_written_as_they_sound(kana: str, latin: str) -> None:
    assert romanise(kana) == latin
