"""The list of English words: what may stand in it, in which forms they are typed, and what they find in Japanese."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.vocabulary.notice import NoticeKind
from db.vocabulary.query import Scope, Searchable, Word, matches, parse, reasons, spelled
from db.vocabulary.synonyms import LONGEST, rows
from db.vocabulary.text import fold

LIST = [*rows()]


def called(title: str, buyer: str = "") -> Searchable:
    """A tender with this title and buyer, and nothing else to find it by."""
    nothing: frozenset[str] = frozenset()
    return Searchable(
        title=fold(title),
        text="",
        buyer=fold(buyer),
        areas=nothing,
        venues=nothing,
        cpv=nothing,
        sources=nothing,
        access=nothing,
        prefecture=None,
        category=None,
        kind=NoticeKind.TENDER,
        value=None,
        published=date(2026, 4, 1),
        deadline=None,
        now=datetime(2026, 4, 10, tzinfo=UTC),
    )


# The list ----------------------------------------------------------------------------------------------


def test_an_english_word_stands_in_the_list_once_and_as_it_is_folded() -> None:
    keys = [words for words, _ in LIST]
    assert len(keys) == len(set(keys)) > 300
    assert [words for words in keys if words != fold(words) or "-" in words or not words.isascii()] == []


def test_a_word_has_one_to_six_terms_of_more_than_one_character() -> None:
    assert [words for words, terms in LIST if not 1 <= len(terms) <= 6] == []
    assert [words for words, terms in LIST if len(terms) != len({*map(spelled, terms)})] == []
    assert [term for _, terms in LIST for term in terms if len(spelled(term)) < 2] == []


def test_every_word_of_the_list_finds_each_of_its_terms_as_it_is_typed() -> None:
    for words, terms in LIST:
        typed = [words.replace(" ", "-"), *([words] if len(words.split()) <= LONGEST else [])]
        for query in map(parse, typed):
            assert [term for term in terms if not matches(query, called(term))] == [], words


# What is typed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("solar", "太陽光発電設備設置工事"),
        ("hydrogen", "水素ステーション整備"),
        ("fuel cell", "燃料電池バス購入"),
        ("offshore wind", "洋上風力発電事業"),
        ("carbon neutral", "カーボンニュートラル推進業務"),
        ("electric vehicle", "電気自動車の賃貸借"),
        ("on-demand transport", "デマンド交通運行業務"),
        ("aging society", "高齢社会対策調査"),
        ("dementia", "認知症カフェ運営"),
        ("telemedicine", "遠隔診療システム"),
        ("electronic medical record", "電子カルテ更新"),
        ("digital transformation", "デジタルトランスフォーメーション支援"),
        ("software", "ソフトウェア一式"),
        ("remote learning", "遠隔授業用機器"),
        ("regional revitalization", "地方創生推進業務"),
        ("tourism", "観光案内所運営"),
        ("smart city", "スマートシティ構想策定"),
        ("digital twin", "デジタルツイン構築"),
        ("server", "サーバ更改"),
        ("maintenance", "機器保守業務"),
    ],
)
def test_english_words_of_every_area_find_japanese_titles(typed: str, title: str) -> None:
    assert matches(parse(typed), called(title))


@pytest.mark.parametrize(
    "typed",
    ["smart city", "Smart City", "SMART CITIES", "smart-city", "Smart-Cities", "ｓｍａｒｔ　ｃｉｔｙ"],
)
def test_capitals_width_hyphens_and_plurals_make_no_difference(typed: str) -> None:
    assert matches(parse(typed), called("スマートシティ構想"))


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("consulting services", "アドバイザリー業務委託"),
        ("cleaning services", "庁舎清掃業務"),
        ("operations and maintenance", "システム運用保守業務"),
        ("O&M", "システム運用保守業務"),
        ("e-mobility", "電動モビリティ実証"),
        ("air traffic control", "航空管制塔の整備"),
        ("sewage treatment plant", "浄化センター電気設備工事"),
        ("IT infrastructure", "情報基盤システムの更新"),
        ("penetration testing", "脆弱性診断業務"),
        ("elderly people", "高齢者の見守り"),
        ("ultrasound", "超音波診断装置"),
    ],
)
def test_what_people_type_in_other_words_is_understood_too(typed: str, title: str) -> None:
    assert matches(parse(typed), called(title))


@pytest.mark.parametrize(
    ("american", "british"),
    [
        ("decarbonization", "decarbonisation"),
        ("standardization", "standardisation"),
        ("aging society", "ageing society"),
        ("data center", "data centre"),
        ("regional revitalization", "regional revitalisation"),
    ],
)
def test_american_and_british_spellings_find_the_same(american: str, british: str) -> None:
    terms = dict(LIST)[american]
    assert [term for term in terms if not matches(parse(british), called(term))] == []


def test_the_longest_words_that_belong_together_are_taken() -> None:
    assert matches(parse("electric vehicle"), called("電気自動車購入"))
    assert not matches(parse("electric vehicle"), called("消防車両購入"))
    assert matches(parse("hydrogen station maintenance"), called("水素ステーション保守"))
    assert not matches(parse("hydrogen station maintenance"), called("水素ステーション設計"))


@pytest.mark.parametrize("typed", ['"solar"', "title:solar", "buyer:solar", 'title:"smart city"', '"smart city"'])
def test_a_word_in_quotation_marks_or_after_a_field_is_taken_as_it_is_written(typed: str) -> None:
    assert parse(typed) == parse(typed, with_synonyms=False)
    assert not matches(parse(typed), called("太陽光 スマートシティ"))


def test_not_leaves_out_the_japanese_terms_too() -> None:
    assert not matches(parse("発電 NOT solar"), called("太陽光発電設備"))
    assert matches(parse('発電 NOT "solar"'), called("太陽光発電設備"))


def test_words_that_are_joined_by_and_are_looked_for_one_by_one() -> None:
    assert not matches(parse("smart AND city"), called("スマートシティ"))


def test_an_abbreviation_does_not_find_what_else_it_stands_for() -> None:
    assert not matches(parse("electric vehicle"), called("庁舎EV更新工事"))
    assert not matches(parse("lease"), called("プレスリリース配信"))


@pytest.mark.parametrize(
    ("typed", "found", "other"),
    [
        ("toner", "トナーカートリッジの購入", "パートナーシップ協定"),
        ("telecommunication", "衛星通信設備改修", "交通信号機改良工事"),
        ("administrative work", "申請受付の事務処理業務", "事務所移転に伴う廃棄物の運搬"),
        ("chemical", "化学物質リスク調査", "文化学習センター空調更新"),
        ("personnel", "人事給与システム", "個人事業税の調査"),
        ("conference", "国際会議の運営", "大学会館改修 3階会議室"),
        ("book", "書籍の購入", "工事の設計図書 図書館解体工事"),
        ("seed", "種苗の購入", "種子島の施設整備"),
        ("water supply", "配水管布設工事", "公共下水道工事"),
        ("extension", "校舎増築工事", "管路延長100m"),
        ("evaluation", "政策評価の支援", "調査業務【総合評価落札方式】"),
        ("toll", "ETC車載器の購入", "備品購入 Purchase of desks, etc."),
        ("intelligent transport system", "高度道路交通システム", "A city and its road"),
        ("mail", "通知の封入封緘", "【郵便入札】庁舎改修"),
    ],
)
def test_a_term_does_not_find_other_words_in_which_it_stands(typed: str, found: str, other: str) -> None:
    assert matches(parse(typed), called(found))
    assert not matches(parse(typed), called(other))


@pytest.mark.parametrize(
    ("typed", "buyer"),
    [
        ("traffic", "国土交通省 関東地方整備局"),
        ("transport", "国土交通省 関東地方整備局"),
        ("fishery", "農林水産省"),
        ("legal", "法務省"),
        ("accounting", "支出負担行為担当官 大臣官房会計課長"),
        ("planning", "企画課長"),
        ("development", "国立研究開発法人 例示機構"),
        ("development", "北海道開発局"),
    ],
)
def test_a_term_does_not_find_everything_of_a_ministry_by_its_name(typed: str, buyer: str) -> None:
    assert not matches(parse(typed), called("機器の購入", buyer))


@pytest.mark.parametrize(
    ("typed", "title", "why"),
    [
        ("solar", "太陽光発電設備", ("太陽光",)),
        ("solar", "Solar 太陽光", ("solar", "太陽光")),
        ("smart city", "スマートシティ", ("スマートシティ",)),
        ("smart city", "City スマートシティ", ("スマートシティ",)),
        ("smart city", "A smart city", ("smart", "city")),
        ("solar maintenance", "太陽光設備保守", ("太陽光", "保守")),
    ],
)
def test_a_match_is_explained_by_the_word_that_was_found(typed: str, title: str, why: tuple[str, ...]) -> None:
    assert reasons(parse(typed), called(title)) == why


_TYPED = st.lists(st.sampled_from([words for words, _ in LIST]) | st.sampled_from(["a", "水素", "xyz"]), max_size=4)


@given(_TYPED, st.sampled_from([term for _, terms in LIST for term in terms]))
def test_whoever_finds_something_without_synonyms_finds_it_with_them(typed: list[str], title: str) -> None:
    text = " ".join(typed)
    for tender in (called(title), called(text), called(f"{text} {title}")):
        assert matches(parse(text), tender) or not matches(parse(text, with_synonyms=False), tender)


@given(st.text(alphabet="あ水素太陽光保守サーバー", min_size=1, max_size=8))
def test_japanese_words_take_no_synonyms(text: str) -> None:
    assert parse(text) == Word(Scope.ANY, spelled(text))
