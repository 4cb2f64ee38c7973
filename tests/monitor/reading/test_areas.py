"""The classifier of focus areas: what it finds, what it must not find, and what a broken file says."""

import json
import tomllib
from pathlib import Path

import pytest

from db.vocabulary.reading import Place
from db.vocabulary.text import fold_term
from monitor.reading.areas import AreaDefinition, Lexicon, LexiconError, load_lexicon

SHARED = Path(__file__).parents[3].parent / "shared"
DATA = Path(__file__).parents[3] / "monitor" / "reading" / "areas"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


def areas_of(lexicon: Lexicon, title: str, text: str = "", buyer: str | None = None) -> list[str]:
    return [score.area for score in lexicon.read(title, text, buyer)]


@pytest.mark.parametrize(
    ("title", "area"),
    [
        ("グリーン水素の製造事業者の募集", "renewables"),
        ("市役所太陽光発電設備設置工事", "renewables"),
        ("体育館照明ＬＥＤ化工事", "decarbonization"),
        ("ＥＳＣＯ事業者の選定", "decarbonization"),
        ("ＧＸ推進に関する調査業務", "decarbonization"),
        ("電子カルテの更新", "digital-health"),
        ("介護予防教室の委託", "aging-society"),
        ("学習者用端末の購入", "education-it-skills"),
        ("財務会計ｼｽﾃﾑ再構築業務", "digital-transformation"),
        ("サーバー機器の借入れ", "digital-transformation"),
        ("インバウンド誘客促進事業", "regional-revitalization"),
        ("３Ｄ都市モデル整備業務", "smart-city"),
        ("本庁舎EV充電器整備工事", "mobility"),
    ],
)
def test_a_notice_is_given_the_area_of_what_is_bought(lexicon: Lexicon, title: str, area: str) -> None:
    assert area in areas_of(lexicon, title)


@pytest.mark.parametrize(
    ("title", "area"),
    [
        ("水素水生成器の購入", "renewables"),
        ("過酸化水素の単価契約", "renewables"),
        ("庁舎EV改修工事", "mobility"),
        ("市営住宅EV棟増築工事", "mobility"),
        ("UNESCO総会出張業務", "decarbonization"),
        ("配水管布設替工事（GX形φ100）", "decarbonization"),
        ("橋梁長寿命化修繕計画", "aging-society"),
        ("特別養護老人ホーム空調設備改修工事", "aging-society"),
        ("市民会館ＬＥＤビジョン更新", "decarbonization"),
        ("ウォーターサーバーの賃貸借", "digital-transformation"),
        ("スマートフォンの購入", "smart-city"),
        ("北部地域振興局庁舎清掃業務", "regional-revitalization"),
        ("小学校校舎長寿命化改修工事", "education-it-skills"),
        ("測量業務 R7-DX-3", "digital-transformation"),
    ],
)
def test_a_false_friend_is_not_taken_for_the_area(lexicon: Lexicon, title: str, area: str) -> None:
    assert area not in areas_of(lexicon, title)


BOILERPLATE = (
    "本案件は電子入札システムを利用して行う。応札者は電子調達システムに利用者登録を済ませておくこと。"
    "国等による環境物品等の調達の推進等に関する法律（グリーン購入法）に適合する物品を納めること。"
    "暴力団員又は暴力団関係者でないこと。介護保険料、健康保険料及び厚生年金保険料に滞納がないこと。"
    "電子メールで提出する場合は情報セキュリティに留意すること。会場へは公共交通機関をご利用ください。"
    "温室効果ガスの排出削減に努め、再生可能エネルギーの利用に配慮すること。"
)


@pytest.mark.parametrize("title", ["事務用椅子の購入", "庁舎清掃業務委託", "側溝改修工事", "医薬品の単価契約"])
def test_the_clauses_of_a_notice_trigger_nothing(lexicon: Lexicon, title: str) -> None:
    assert lexicon.read(title, BOILERPLATE) == ()


def test_the_text_supports_a_title_that_says_half(lexicon: Lexicon) -> None:
    assert areas_of(lexicon, "水素に関する調査") == []
    (score,) = lexicon.read("水素に関する調査", "再生可能エネルギーによる電力から製造する。")
    assert score.area == "renewables"
    assert [item.place for item in score.evidence] == [Place.TITLE, Place.BODY]


def test_the_buyer_decides_only_with_the_title(lexicon: Lexicon) -> None:
    assert "digital-health" in areas_of(lexicon, "データ分析基盤の導入", "", "県立中央病院")
    assert areas_of(lexicon, "事務用椅子の購入", "", "県立中央病院") == []


def test_the_buyers_own_name_does_not_say_what_is_bought(lexicon: Lexicon) -> None:
    title = "地熱研究センター清掃業務"
    assert areas_of(lexicon, title) == ["renewables"]
    assert areas_of(lexicon, title, "", "地熱研究センター") == []


def test_the_score_is_the_sum_of_the_evidence(lexicon: Lexicon) -> None:
    for title in ("脱炭素先行地域づくりに向けた太陽光発電設備導入調査", "公用車のEV充電設備とカーシェアの導入"):
        scores = lexicon.read(title, BOILERPLATE, "環境省")
        assert scores
        for score in scores:
            assert score.score == pytest.approx(sum(item.weight for item in score.evidence))
            assert score.score >= 1.0
            assert all(item.gloss for item in score.evidence)


def test_a_term_counts_once_however_often_it_is_said(lexicon: Lexicon) -> None:
    (score,) = lexicon.read("脱炭素、脱炭素、脱炭素")
    assert score.score == 1.0


def test_only_the_beginning_of_a_very_long_text_is_read(lexicon: Lexicon) -> None:
    far = "あ" * 30_000 + "再生可能エネルギー"
    assert areas_of(lexicon, "水素に関する調査", far) == []


def test_areas_come_best_first_then_in_their_order(lexicon: Lexicon) -> None:
    assert areas_of(lexicon, "脱炭素と再エネ") == ["decarbonization", "renewables"]
    assert areas_of(lexicon, "脱炭素と再エネと地熱") == ["renewables", "decarbonization"]


# Areas of the user -----------------------------------------------------------------------------------


def test_a_user_adds_an_area_of_his_own() -> None:
    space = AreaDefinition("space", "Space", strong=("人工衛星", "Rocket"), negative=("衛星都市",))
    lexicon = load_lexicon([space])
    assert lexicon.areas[-1].slug == "space"
    assert lexicon.areas[-1].names == {"en": "Space", "ja": "Space"}
    assert areas_of(lexicon, "人工衛星の製造") == ["space"]
    assert areas_of(lexicon, "ＲＯＣＫＥＴの打上げ") == ["space"]
    assert areas_of(lexicon, "Rockets") == []
    assert areas_of(load_lexicon(), "人工衛星の製造") == []


def test_a_user_extends_an_area_and_silences_a_term_of_it(lexicon: Lexicon) -> None:
    mine = load_lexicon([AreaDefinition("renewables", strong=("潮汐",), negative=("地熱",))])
    assert len(mine.areas) == len(lexicon.areas)
    assert mine.areas[1].names == lexicon.areas[1].names
    assert areas_of(mine, "潮汐の調査") == ["renewables"]
    assert areas_of(mine, "地熱の調査") == []
    assert areas_of(lexicon, "地熱の調査") == ["renewables"]


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        (AreaDefinition("Space!", strong=("衛星",)), "not a slug"),
        (AreaDefinition("space"), "no strong or weak terms"),
        (AreaDefinition("space", strong=("衛星",), negative=("衛星",)), "keep one"),
        (AreaDefinition("space", strong=("星",)), "too short"),
    ],
)
def test_a_wrong_definition_says_what_to_do(definition: AreaDefinition, complaint: str) -> None:
    with pytest.raises(LexiconError, match=complaint):
        load_lexicon([definition])


def test_the_revision_changes_with_the_terms_and_with_nothing_else(lexicon: Lexicon) -> None:
    assert load_lexicon().revision == lexicon.revision
    assert load_lexicon([AreaDefinition("space", strong=("衛星",))]).revision != lexicon.revision
    assert load_lexicon([AreaDefinition("renewables", weak=("地熱",))]).revision != lexicon.revision
    assert load_lexicon([AreaDefinition("renewables", name="Green power")]).revision == lexicon.revision


# Files -----------------------------------------------------------------------------------------------

_AREA = '[[area]]\nslug = "x"\nname = { en = "X", ja = "X" }\ndescription = { en = "X", ja = "X" }\n'
_HEADER = "term\tenglish\tweight\tnote\n"


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("", "empty; write the header"),
        ("term\tenglish\n", ":1: header is"),
        (_HEADER + "水素\thydrogen\tstong\n", ":2: weight is 'stong'; write strong, weak or negative"),
        (_HEADER + "# a comment\n\n水素\t\tstrong\n", ":4: '水素' has no English gloss"),
        (_HEADER + "水\twater\tstrong\n", ":2: term '水' is too short"),
        (_HEADER + "ＥＶ\tEV\tweak\nev\tEV\tstrong\n", ":3: 'ev' stands in line 2 already"),
        (_HEADER + "水素\thydrogen\tstrong\t\t\t\tx\n", ":2: 7 cells"),
    ],
)
def test_a_malformed_line_is_told_with_its_place_and_remedy(tmp_path: Path, lines: str, complaint: str) -> None:
    (tmp_path / "areas.toml").write_text(_AREA, encoding="utf-8")
    (tmp_path / "x.tsv").write_text(lines, encoding="utf-8")
    with pytest.raises(LexiconError) as raised:
        load_lexicon(directory=tmp_path)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_or_broken_list_of_areas_is_told(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="cannot be read"):
        load_lexicon(directory=tmp_path)
    (tmp_path / "areas.toml").write_text('[[area]]\nslug = "x"\n', encoding="utf-8")
    with pytest.raises(LexiconError, match="area 'x' lacks"):
        load_lexicon(directory=tmp_path)
    (tmp_path / "areas.toml").write_text("[[area", encoding="utf-8")
    with pytest.raises(LexiconError, match="is not TOML"):
        load_lexicon(directory=tmp_path)


def test_every_area_has_its_file_and_every_file_its_area() -> None:
    listed = tomllib.loads((DATA / "areas.toml").read_text(encoding="utf-8"))["area"]
    assert {area["slug"] for area in listed} == {path.stem for path in DATA.glob("*.tsv")}


def test_no_area_has_a_term_twice_after_folding() -> None:
    for path in DATA.glob("*.tsv"):
        folded = [fold_term(line.split("\t")[0]) for line in path.read_text(encoding="utf-8").splitlines()[1:]]
        assert len(set(folded)) == len(folded), path.name


# Labelled notices ------------------------------------------------------------------------------------


@pytest.mark.skipif(not (SHARED / "gold" / "dev.jsonl").exists(), reason="no labelled notices beside the project")
def test_on_labelled_notices_the_areas_are_found_well(lexicon: Lexicon) -> None:
    """Macro-F1 of 0.9 over firm items, and every area's precision at 0.85 or more."""
    found: dict[str, list[int]] = {area.slug: [0, 0, 0] for area in lexicon.areas}
    for line in (SHARED / "gold" / "dev.jsonl").read_text(encoding="utf-8").splitlines():
        notice = json.loads(line)
        if notice["borderline"]:
            continue
        given = set(areas_of(lexicon, notice["title"], notice["body"] or "", notice["organization"]))
        for area, counts in found.items():
            counts[0] += area in given and area in notice["areas"]
            counts[1] += area in given and area not in notice["areas"]
            counts[2] += area not in given and area in notice["areas"]
    f1 = [2 * hit / (2 * hit + false + missed) for hit, false, missed in found.values()]
    assert sum(f1) / len(f1) >= 0.9
    assert {area: hit / (hit + false) for area, (hit, false, _) in found.items() if hit / (hit + false) < 0.85} == {}


@pytest.mark.skipif(not (SHARED / "samples").exists(), reason="no samples beside the project")
def test_real_texts_trigger_nothing_that_the_title_does_not_hint_at(lexicon: Lexicon) -> None:
    fields = {"pportal": "detail_text", "kanpo": "body"}
    for source, field in fields.items():
        path = SHARED / "samples" / source / "notices.jsonl"
        texts = [json.loads(line).get(field, "") for line in path.read_text(encoding="utf-8").splitlines()]
        assert [text[:80] for text in texts if lexicon.read("事務用椅子の購入", text)] == []
