"""English gists of real titles: what is done comes first, clauses are turned round, marks go to the end."""

import json
import time
from pathlib import Path

import pytest

from monitor.reading.english import Gist, Kind, load_gist
from tests.monitor.reading.english.chrf import chrf

PAIRS = Path(__file__).parents[5] / "shared" / "samples" / "kanpo" / "title_pairs.jsonl"


@pytest.fixture(scope="session")
def gist() -> Gist:
    return load_gist()


@pytest.mark.parametrize(
    ("title", "english"),
    [
        ("温室効果ガスアナライザー　１式", "Greenhouse gas analyser (1 set)"),
        ("ＦＭＦターボ冷凍機用冷却塔の更新　一式", "Renewal of cooling tower for FMF centrifugal chiller (1 set)"),
        ("事務用品の購入", "Purchase of office supplies"),
        ("相撲競技場解体工事", "Demolition works: "),
        ("電子掲示板システムの運用の請負", "Operation of electronic bulletin board system"),
        ("令和７年度複合機賃貸借及び保守業務", "Lease and maintenance services: multifunction printer, FY2025"),
    ],
)
def test_what_is_done_comes_first(gist: Gist, title: str, english: str) -> None:
    assert gist.of(title).startswith(english)


@pytest.mark.parametrize(
    ("title", "english"),
    [
        (
            "トラストを確保した国際データ連携に関する調査研究",
            "Survey and research on international data linkage securing trust",
        ),
        (
            "情報システム調達における改革施策に係る調査研究",
            "for reform policy measures in information system procurement",
        ),
        (
            "バングラデシュ人民共和国における通信サービスの展開に係る調査の請負",
            "Survey for roll-out of communication",
        ),
    ],
)
def test_clauses_are_turned_round_at_their_particles(gist: Gist, title: str, english: str) -> None:
    assert english in gist.of(title)


def test_two_things_with_an_action_each_are_two_phrases(gist: Gist) -> None:
    said = gist.of("資金システムにおける支払い画面の修正及びコールローンへの対応一式")
    assert said.startswith("Correction of")
    assert "; adaptation to call loans" in said


def test_one_action_that_is_done_to_both_stays_one_phrase(gist: Gist) -> None:
    said = gist.of("幹部職員ハラスメント防止研修及び担当者実務研修の実施")
    assert ";" not in said
    assert said.startswith("Implementation of")


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("令和８年度本部庁舎シャワー室等改修工事", ", FY2026"),
        ("2026年度～2030年度　財務会計システムの提供", ", FY2026-2030"),
        ("令和８―10年度　上部工事", ", FY2026-2028"),
        ("Ｒ８福井河川国道事務所庁舎清掃等業務", ", FY2026"),
        ("変電所直流電源盤更新工事　一式　令和7年6月20日", ", 20 June 2025"),
        ("軽油（免税）10～３月分買入", ", October-March"),
        ("消毒作業 その３", "(part 3)"),
        ("アルミフレーム外２点購入", "and 2 other articles"),
        ("（１）校舎ほか1校 空調機設置工事", "and 1 other school"),
        ("手袋の買入れ　1,184枚", ", 1,184 sheets"),
        ("伊丹２４３号建物内部改修工事", "Building 243"),
        ("第３回運営協議会の開催", "3"),
        ("港湾施設第２工区", "section 2"),
        ("空調機更新工事（電子入札対象案件）", "(e-bidding)"),
        ("照明器具の購入（単価契約）", "(unit-price contract)"),
    ],
)
def test_times_numbers_and_marks_are_told_in_english(gist: Gist, title: str, words: str) -> None:
    assert words in gist.of(title)


def test_latin_words_keep_their_letters(gist: Gist) -> None:
    said = gist.of("Ｍ３６５利用に係るＥｘｐｒｅｓｓＲｏｕｔｅ Ｄｉｒｅｃｔの調達")
    assert "ExpressRoute Direct" in said
    assert "M365" in said


def test_katakana_that_no_table_has_is_shown_in_latin_letters(gist: Gist) -> None:
    explained = gist.explain("ゴンザブロシステムの購入")
    assert explained.english == "Purchase of Gonzaburo system"
    assert explained.pieces[0].kind is Kind.KANA


def test_a_name_that_no_table_has_stays_japanese_where_it_stands(gist: Gist) -> None:
    explained = gist.explain("御厩小学校空調設備改修工事")
    assert "御厩 elementary school" in explained.english
    assert explained.accounted < 1
    assert not explained.pieces[0].known


def test_a_kanji_inside_a_name_is_not_put_into_english(gist: Gist) -> None:
    assert "River" not in gist.of("古川小学校校舎改修工事")


@pytest.mark.parametrize("title", ["", "　", "御厩", "御厩檜垣鑓水鵤の件", "（）", "※★"])
def test_nothing_is_said_where_nothing_is_known(gist: Gist, title: str) -> None:
    assert gist.of(title) == ""


@pytest.mark.parametrize(
    "sign", ["(", "(「", "工事、", "購入及び", "1", "漢", "ア", "①", "設計の", "令和8・", "a-", " ", "-"]
)
def test_a_hostile_title_is_read_in_no_time(gist: Gist, sign: str) -> None:
    began = time.process_time()
    gist.of(sign * (2_000_000 // len(sign)))
    assert time.process_time() - began < 2


def test_an_unclosed_bracket_loses_nothing(gist: Gist) -> None:
    assert "school" in gist.of("照明設備改修工事（小学校")


@pytest.mark.skipif(not PAIRS.is_file(), reason="the samples of the gazette are not here")
def test_gists_resemble_the_official_english_titles(gist: Gist) -> None:
    """Official titles are free: most leave out what is done. 50 of 100 is what word by word can reach."""
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    scores = [chrf(gist.of(pair["title_ja"]), pair["title_en"]) for pair in pairs]
    assert sum(scores) / len(scores) > 45
    assert all(gist.of(pair["title_ja"]) for pair in pairs)


def test_the_measure_is_full_for_equal_texts_and_nothing_for_strangers() -> None:
    assert chrf("Greenhouse gas analyser", "Greenhouse gas analyser") == pytest.approx(100)
    assert chrf("abc", "xyz") == 0
    assert 0 < chrf("Gas analyser", "Greenhouse gas analyser") < 100
