"""The rules by which terms give areas: conditions, places, venues, English, CPV; and that the explanation is true."""

import sys
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.vocabulary.reading import CpvCode, Place
from monitor.reading.areas import Lexicon, Verdict, Weight, load_lexicon
from monitor.reading.areas.lexicon import HEAD_CHARACTERS, NEAR_CHARACTERS, READ_CHARACTERS
from tests.monitor.reading.areas.conftest import Small


def given_by(lexicon: Lexicon, title: str, text: str = "", buyer: str | None = None) -> bool:
    return bool(lexicon.read(title, text, buyer).areas)


def verdicts(lexicon: Lexicon, title: str, text: str = "", buyer: str | None = None) -> dict[str, tuple[str, str]]:
    """Term → verdict and the word it is due to."""
    return {
        finding.term: (finding.verdict.value, finding.by)
        for one in lexicon.explain(title, text, buyer)
        for finding in one.findings
    }


def test_a_condition_asks_for_company_in_the_title(small: Small) -> None:
    lexicon = small({"term": "見守り", "near": "高齢|独居|senior"})
    assert given_by(lexicon, "独居の方の見守り業務")
    assert given_by(lexicon, "見守り業務（高齢者）")
    assert given_by(lexicon, "見守り for seniors") is False
    assert given_by(lexicon, "見守り for a senior")
    assert not given_by(lexicon, "通学路の見守り業務")
    assert verdicts(lexicon, "通学路の見守り業務") == {"見守り": ("lacks", "高齢, 独居, senior")}


def test_a_term_does_not_fulfil_its_own_condition(small: Small) -> None:
    lexicon = small({"term": "高齢者見守り", "near": "高齢"})
    assert not given_by(lexicon, "高齢者見守り")
    assert given_by(lexicon, "高齢者見守り（高齢福祉課）")


def test_a_condition_in_a_text_asks_for_company_close_by(small: Small) -> None:
    lexicon = small({"term": "調査", "weight": "weak"}, {"term": "水素", "near": "発電"})
    assert given_by(lexicon, "調査業務", "水素による発電")
    assert not given_by(lexicon, "調査業務", "水素" + "を" * 60 + "発電")


def test_a_latin_word_of_a_condition_is_no_piece_of_a_word_that_the_window_cuts(small: Small) -> None:
    lexicon = small({"term": "調査", "weight": "weak"}, {"term": "水素", "near": "solar"})
    assert given_by(lexicon, "調査", "水素" + "を" * (NEAR_CHARACTERS - 5) + "solar")
    assert not given_by(lexicon, "調査", "水素" + "を" * (NEAR_CHARACTERS - 5) + "solarium")
    assert not given_by(lexicon, "調査", "bisolar" + "を" * (NEAR_CHARACTERS - 5) + "水素")


def test_the_words_of_a_condition_are_found_in_all_their_spellings(small: Small) -> None:
    lexicon = small({"term": "更新", "near": "サーバー機器|ICT機器"})
    for title in ("サーバ機器の更新", "サーバー機器の更新", "ＩＣＴ　機器の更新", "ICT機器の更新"):
        assert given_by(lexicon, title)


def test_a_word_nearby_may_spoil_a_term(small: Small) -> None:
    lexicon = small({"term": "EV", "unless": "昇降機|エレベータ"})
    assert given_by(lexicon, "EVの購入")
    assert not given_by(lexicon, "EV改修（昇降機設備）")
    assert verdicts(lexicon, "EV改修（昇降機設備）") == {"EV": ("spoilt", "昇降機")}


def test_a_longer_word_that_holds_the_term_may_spoil_it(small: Small) -> None:
    lexicon = small(
        {"term": "ソフト", "unless": "ソフトボール|ソフトクリーム"}, {"term": "見守り", "near": "高齢者見守り"}
    )
    assert given_by(lexicon, "ソフトの購入")
    assert not given_by(lexicon, "ソフトボール大会")
    assert given_by(lexicon, "高齢者見守り業務")
    assert not given_by(lexicon, "見守り業務")


def test_a_term_of_the_title_says_nothing_in_the_text(small: Small) -> None:
    lexicon = small({"term": "調査", "weight": "weak"}, {"term": "水素", "place": "title"})
    assert given_by(lexicon, "水素")
    assert not given_by(lexicon, "調査", "水素")
    assert verdicts(lexicon, "調査", "水素")["水素"] == ("elsewhere", "title")


def test_a_buyer_is_a_hint_only_where_the_lexicon_says_so(small: Small) -> None:
    hinted = small({"term": "病院", "weight": "weak", "place": "buyer"}, {"term": "データ", "weight": "weak"})
    assert given_by(hinted, "データの分析", "", "中央病院")
    assert not given_by(hinted, "病院のデータ", "", "市役所")
    plain = small({"term": "病院", "weight": "weak"}, {"term": "データ", "weight": "weak"})
    assert not given_by(plain, "データの分析", "", "中央病院")
    assert given_by(plain, "病院のデータ", "", "市役所")


def test_a_term_may_be_strong_in_company_and_weak_alone(small: Small) -> None:
    lexicon = small(
        {"term": "蓄電池", "weight": "weak"},
        {"term": "蓄電池", "weight": "strong", "near": "太陽光"},
        {"term": "調査", "weight": "weak"},
    )
    assert given_by(lexicon, "太陽光用蓄電池")
    assert not given_by(lexicon, "蓄電池の購入")
    assert given_by(lexicon, "蓄電池の調査")
    (score,) = lexicon.read("太陽光用蓄電池").areas
    assert score.score == 1.0


def test_a_hint_of_the_buyer_gives_way_to_a_word_against_the_area(small: Small) -> None:
    lexicon = small(
        {"term": "病院", "weight": "weak", "place": "buyer"},
        {"term": "データ"},
        {"term": "清掃", "weight": "negative"},
    )
    assert not given_by(lexicon, "データ室の清掃", "", "中央病院")
    assert verdicts(lexicon, "データ室の清掃", "", "中央病院")["病院"] == ("title-silent", "")


def test_two_words_of_one_idea_are_not_two_reasons(small: Small) -> None:
    lexicon = small(
        {"term": "学校", "weight": "weak", "idea": "school"}, {"term": "小学", "weight": "weak", "idea": "school"}
    )
    assert not given_by(lexicon, "学校と小学")
    assert verdicts(lexicon, "学校と小学")["小学"] == ("repeated", "学校")


def test_the_text_supports_a_title_that_says_half(small: Small) -> None:
    lexicon = small({"term": "調査", "weight": "weak"}, {"term": "水素"})
    assert not given_by(lexicon, "調査業務")
    assert not given_by(lexicon, "清掃業務", "水素の製造")
    (score,) = lexicon.read("調査業務", "水素の製造").areas
    assert [(item.place, item.weight) for item in score.evidence] == [(Place.TITLE, 0.5), (Place.BODY, 0.5)]
    assert not given_by(lexicon, "調査業務", "を" * HEAD_CHARACTERS + "水素の製造")


def test_only_the_beginning_of_a_very_long_text_is_read(small: Small) -> None:
    lexicon = small({"term": "調査"}, {"term": "水素"})
    for before, places in ((READ_CHARACTERS - 2, 2), (READ_CHARACTERS, 1)):
        (score,) = lexicon.read("調査業務", "を" * before + "水素").areas
        assert len(score.evidence) == places


def test_the_buyers_own_name_does_not_say_what_is_bought(small: Small) -> None:
    lexicon = small({"term": "地熱"})
    assert given_by(lexicon, "地熱研究センター清掃業務")
    assert not given_by(lexicon, "地熱研究センター清掃業務", "", "地熱研究センター")
    assert given_by(lexicon, "地熱研究センターの地熱調査", "", "地熱研究センター")


def test_a_term_counts_once_however_often_it_is_said(small: Small) -> None:
    lexicon = small({"term": "水素"}, {"term": "水素水", "weight": "negative"})
    for title in ("水素、水素、水素", "水素の" * 10_000, "水素水" * 300 + "水素"):
        (score,) = lexicon.read(title).areas
        assert (score.score, len(score.evidence)) == (1.0, 1)
        assert [(one.term, one.counts) for one in lexicon.explain(title)[0].findings if one.counts] == [("水素", 1.0)]
    assert [one.verdict for one in lexicon.explain("水素、水素")[0].findings] == [Verdict.COUNTED]


def test_areas_come_best_first_then_in_their_order(small: Small) -> None:
    lexicon = small({"term": "水素"}, beside=[{"term": "学校"}, {"term": "端末"}])
    assert [score.area for score in lexicon.read("学校の水素").areas] == ["x", "y"]
    assert [score.area for score in lexicon.read("学校の端末と水素").areas] == ["y", "x"]


def steps(work: Callable[[], object]) -> int:
    """How many calls a piece of work takes: the same on every machine."""
    count = 0

    def call(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(call)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", ["水素", "水素水", "酸水素水素水", "水素の見守り", "水道局"])
def test_twice_the_text_takes_twice_the_work(small: Small, piece: str) -> None:
    lexicon = small(
        {"term": "水素"},
        {"term": "見守り", "near": "高齢", "unless": "独居"},
        {"term": "調査", "weight": "weak"},
        {"term": "水素水", "weight": "negative"},
        {"term": "酸水素", "weight": "negative"},
    )
    for work in (lexicon.read, lexicon.explain):
        short, long = (partial(work, "調査", piece * times, "水") for times in (150, 300))
        assert steps(long) < 2.5 * steps(short)


# General and special areas ----------------------------------------------------------------------------

SCHOOL_SYSTEM = {"term": "校務システム"}
SYSTEM = [
    {"term": "財務システム"},
    {"term": "システム", "weight": "weak"},
    {"term": "デジタル庁", "weight": "weak", "place": "buyer"},
]


def test_a_general_area_is_not_given_beside_the_special_one_that_it_gives_way_to(small: Small) -> None:
    lexicon = small(SCHOOL_SYSTEM, beside=SYSTEM, gives_way=True)
    both = "校務システムと財務システム"
    assert [score.area for score in lexicon.read("財務システムの更新").areas] == ["y"]
    assert [score.area for score in lexicon.read(both).areas] == ["x"]
    special, general = lexicon.explain(both)
    assert (special.given, special.gave_way_to) == (True, None)
    assert (general.given, general.venue, general.gave_way_to, general.score) == (False, False, "x", 1.5)
    assert len(small(SCHOOL_SYSTEM, beside=SYSTEM).read(both).areas) == 2


def test_a_general_area_stays_where_the_buyer_is_a_reason_for_it(small: Small) -> None:
    lexicon = small(SCHOOL_SYSTEM, beside=SYSTEM, gives_way=True)
    assert [one.area for one in lexicon.read("校務システムと財務システム", "", "デジタル庁").areas] == ["y", "x"]


def test_notices_are_read_again_when_an_area_begins_to_give_way(small: Small) -> None:
    apart, giving = (small(SCHOOL_SYSTEM, beside=SYSTEM, gives_way=way).revision for way in (False, True))
    assert apart != giving


# Venues -----------------------------------------------------------------------------------------------

HOME = {"term": "老人ホーム", "english": "home for the elderly", "weight": "venue"}
WORKS = {"term": "工事", "english": "works", "weight": "negative"}
OPERATION = {"term": "運営", "english": "operation", "weight": "weak"}


def test_works_at_a_place_are_not_about_it(small: Small) -> None:
    lexicon = small(HOME, WORKS, OPERATION)
    reading = lexicon.read("老人ホーム空調工事")
    assert reading.areas == ()
    (venue,) = reading.venues
    assert (venue.area, [item.term for item in venue.evidence]) == ("x", ["老人ホーム"])
    (explained,) = lexicon.explain("老人ホーム空調工事")
    assert (explained.given, explained.venue) == (False, True)


def test_what_is_about_a_place_is_more_than_its_venue(small: Small) -> None:
    reading = small(HOME, WORKS, OPERATION).read("老人ホームの運営")
    assert [score.area for score in reading.areas] == ["x"]
    assert reading.venues == ()


def test_a_buyer_is_no_venue(small: Small) -> None:
    lexicon = small(HOME | {"place": "title, buyer"}, OPERATION)
    assert lexicon.read("椅子の購入", "", "市立老人ホーム").venues == ()
    assert lexicon.read("市立老人ホームの椅子", "", "市立老人ホーム").venues == ()
    assert [score.area for score in lexicon.read("食堂の運営", "", "市立老人ホーム").areas] == ["x"]


# English ----------------------------------------------------------------------------------------------


def test_a_number_of_pieces_may_follow_a_latin_term(small: Small) -> None:
    lexicon = small({"term": "PC"}, {"term": "EV"})
    for title in ("学習者用ＰＣ３００台", "PC1式", "EV 2台", "EV2台"):
        assert given_by(lexicon, title)
    for title in ("PC300橋", "EV3号棟", "GPC2台", "APC-5"):
        assert not given_by(lexicon, title)


def test_a_number_of_pieces_may_follow_a_latin_word_of_a_condition(small: Small) -> None:
    lexicon = small({"term": "学習者用", "near": "PC"})
    assert given_by(lexicon, "学習者用の新しいＰＣ３００台")
    assert not given_by(lexicon, "学習者用のPC300橋")


def test_english_is_found_in_whole_words_singular_and_plural(small: Small) -> None:
    lexicon = small(
        {"term": "電子カルテ", "english": "electronic record", "in_english": "medical record | telehealth"}
    )
    for title in ("Medical records of a hospital", "MEDICAL RECORD SYSTEM", "Telehealth pilot"):
        assert given_by(lexicon, title)
    for title in ("Biomedical records", "medical recorder", "Electronic record"):
        assert not given_by(lexicon, title)
    (score,) = lexicon.read("Medical records").areas
    assert [(item.term, item.gloss) for item in score.evidence] == [("medical record", "electronic record")]


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("bus", "buses"),
        ("battery", "batteries"),
        ("relay", "relays"),
        ("box", "boxes"),
        ("survey analysis", "survey analyses"),
    ],
)
def test_an_english_word_is_found_in_its_plural(small: Small, one: str, many: str) -> None:
    lexicon = small({"term": "路線", "in_english": one})
    assert given_by(lexicon, f"Lease of {one}")
    assert given_by(lexicon, f"Lease of {many}")


def test_an_english_title_is_a_part_of_the_title_and_says_nothing_twice(small: Small) -> None:
    lexicon = small({"term": "水素", "english": "hydrogen", "in_english": "hydrogen"})
    (score,) = lexicon.read("水素の調査", title_en="Survey of hydrogen").areas
    assert (score.score, len(score.evidence)) == (1.0, 1)
    (only,) = lexicon.read("調査", title_en="Survey of hydrogen").areas
    assert only.evidence[0].place is Place.TITLE


def test_an_english_text_supports_like_a_japanese_one(small: Small) -> None:
    lexicon = small({"term": "調査", "weight": "weak"}, {"term": "水素", "in_english": "hydrogen"})
    assert lexicon.read("調査", text_en="A survey of hydrogen.").areas
    assert lexicon.read("椅子", text_en="A survey of hydrogen.").areas == ()


# CPV --------------------------------------------------------------------------------------------------


def test_a_tender_gets_the_codes_that_fit_its_category(small: Small) -> None:
    lexicon = small({"term": "LED照明", "cpv": "31500000 45300000"})
    assert lexicon.read("LED照明", category="goods").cpv == (CpvCode("31500000", ("LED照明",)),)
    assert lexicon.read("LED照明", category="works").cpv == (CpvCode("45300000", ("LED照明",)),)
    assert lexicon.read("LED照明", category="services").cpv == ()
    assert lexicon.read("LED照明").cpv == ()


def test_the_title_tells_the_category_where_the_source_does_not(small: Small) -> None:
    lexicon = small({"term": "LED照明", "cpv": "31500000 45300000"})
    assert [found.code for found in lexicon.read("LED照明改修工事").cpv] == ["45300000"]
    assert [found.code for found in lexicon.read("LED照明の購入").cpv] == ["31500000"]
    assert lexicon.read("LED照明改修工事", category="services").cpv == ()


def test_without_a_category_only_an_unambiguous_term_gives_a_code(small: Small) -> None:
    lexicon = small({"term": "研修", "cpv": "80500000"})
    assert lexicon.read("研修").cpv == (CpvCode("80500000", ("研修",)),)
    assert lexicon.read("研修", category="goods").cpv == ()
    assert small({"term": "ネットワーク", "cpv": "32400000"}).read("ネットワーク一式").cpv == ()


def test_no_code_follows_from_a_text_or_from_an_area_not_given(small: Small) -> None:
    lexicon = small(
        {"term": "調査", "weight": "weak"},
        {"term": "研修", "cpv": "80500000"},
        {"term": "端末", "weight": "weak", "cpv": "30200000"},
    )
    assert lexicon.read("調査", "研修").cpv == ()
    assert lexicon.read("端末").cpv == ()


# The explanation --------------------------------------------------------------------------------------


def test_the_explanation_says_what_silenced_a_term(small: Small) -> None:
    lexicon = small(
        {"term": "水素"},
        {"term": "水素水", "weight": "negative"},
        {"term": "水素ステーション"},
        {"term": "酸水素", "weight": "negative"},
    )
    assert verdicts(lexicon, "水素水") == {"水素水": ("cancels", ""), "水素": ("cancelled", "水素水")}
    assert verdicts(lexicon, "水素ステーション")["水素"] == ("longer", "水素ステーション")
    assert verdicts(lexicon, "酸水素ステーション")["水素ステーション"] == ("cancelled", "酸水素")


def test_the_explanation_says_why_a_text_does_not_decide(small: Small) -> None:
    lexicon = small({"term": "水素"}, {"term": "風力"}, {"term": "調査", "weight": "weak"})
    assert verdicts(lexicon, "椅子", "水素")["水素"] == ("title-silent", "")
    found = verdicts(lexicon, "調査", "水素と風力")
    assert (found["水素"], found["風力"]) == (("counted", ""), ("further", ""))
    assert verdicts(lexicon, "水素", "", "水素")["水素"] == ("own-name", "")


def test_a_notice_of_which_only_negatives_are_known_needs_no_explanation(small: Small) -> None:
    assert small({"term": "水素"}, {"term": "工事", "weight": "negative"}).explain("外壁工事") == ()


def test_a_negative_in_the_buyers_name_is_told_only_where_it_silences_a_term(small: Small) -> None:
    lexicon = small(
        {"term": "水素"},
        {"term": "病院", "weight": "weak", "place": "buyer"},
        {"term": "動物病院", "weight": "negative"},
    )
    assert verdicts(lexicon, "水素", "", "動物病院") == {"水素": ("counted", ""), "病院": ("cancelled", "動物病院")}
    assert "動物病院" not in verdicts(lexicon, "水素", "", "病院と動物病院")


WORDS = st.sampled_from(
    ["水素", "水素水", "病院", "老人ホーム", "工事", "運営", "システム", "電子カルテ", "観光", "EV", "充電", "デジタル", "研修",
     "学校", "の", "調査", " ", "LED照明", "hydrogen", "medical records", "改修", "DX-100", "太陽光", "脱炭素"]
)  # fmt: skip
PHRASES = st.lists(WORDS, max_size=8).map("".join)


@pytest.fixture(scope="module")
def ours() -> Lexicon:
    return load_lexicon()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(title=PHRASES, text=PHRASES, text_en=PHRASES, buyer=st.none() | PHRASES, title_en=st.none() | PHRASES)
def test_the_explanation_and_the_reading_are_one(
    ours: Lexicon, title: str, text: str, text_en: str, buyer: str | None, title_en: str | None
) -> None:
    reading = ours.read(title, text, buyer, title_en=title_en, text_en=text_en)
    explained = ours.explain(title, text, buyer, title_en=title_en, text_en=text_en)
    assert {one.area: one.score for one in explained if one.given} == {one.area: one.score for one in reading.areas}
    assert {one.area for one in explained if one.venue} == {one.area for one in reading.venues}
    for one in explained:
        assert sum(finding.counts for finding in one.findings) == pytest.approx(one.score)
        assert one.given == (one.score >= 1.0 and one.gave_way_to is None)
        assert all((finding.verdict is Verdict.COUNTED) == bool(finding.counts) for finding in one.findings)
        assert any(finding.weight is not Weight.NEGATIVE for finding in one.findings)
    for score in reading.areas:
        assert score.score == pytest.approx(sum(item.weight for item in score.evidence))
