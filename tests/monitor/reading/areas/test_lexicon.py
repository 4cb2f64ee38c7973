"""The rules by which terms give areas: conditions, places, venues, English, CPV; and that the explanation is true."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.vocabulary.reading import CpvCode, Place
from monitor.reading.areas import Lexicon, Verdict, Weight, load_lexicon
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


def test_a_word_nearby_may_spoil_a_term(small: Small) -> None:
    lexicon = small({"term": "EV", "unless": "昇降機|エレベータ"})
    assert given_by(lexicon, "EVの購入")
    assert not given_by(lexicon, "EV改修（昇降機設備）")
    assert verdicts(lexicon, "EV改修（昇降機設備）") == {"EV": ("spoilt", "昇降機")}


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


def test_without_a_category_only_an_unambiguous_term_gives_a_code(small: Small) -> None:
    lexicon = small({"term": "研修", "cpv": "80500000"})
    assert lexicon.read("研修").cpv == (CpvCode("80500000", ("研修",)),)
    assert lexicon.read("研修", category="goods").cpv == ()


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
