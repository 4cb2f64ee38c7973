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


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("（契総財第44号）校舎改修工事", "(No. 44)"),
        ("条件付一般競争入札公告（新財工第５９号）空調設備工事", "; No. 59)"),
        ("国道４４１号 防災・安全交付金工事（道交国防安（改築）（債） 第602-007-1号）", "; No. 602-007-1)"),
        ("08教総第67号朝日・高根義務教育学校整備工事", "(No. 67)"),
        ("令和６年度 第５４号−２ 交通信号機改良工事", "(No. 54-2)"),
        ("旧消防団詰所解体工事（工事番号13）", "(works no. 13)"),
    ],
)
def test_of_file_numbers_only_the_number_is_told_and_all_is_accounted_for(
    gist: Gist, title: str, number: str
) -> None:
    explained = gist.explain(title)
    assert explained.english.endswith(number)
    assert not any(piece.text in number or not piece.known for piece in explained.pieces if "号" in piece.text)


def test_a_number_of_what_is_bought_stays_with_it(gist: Gist) -> None:
    assert "No. 2 intake" in gist.of("本荘水源地第2号取水ポンプ盤更新工事")


@pytest.mark.parametrize(
    ("title", "english"),
    [
        ("１）椅子の購入２）机の購入", "(1) purchase of chair; (2) purchase of desk"),
        ("Ａ　椅子の購入　一式　Ｂ　机の購入　一式", "(A) purchase of chair; (B) purchase of desk (1 set)"),
        ("ア　灯油　イ　軽油", "(a) kerosene; (b) diesel oil"),
        ("物品の調達・役務の提供", "Procurement of goods; provision of services"),
    ],
)
def test_the_items_of_a_list_are_told_apart(gist: Gist, title: str, english: str) -> None:
    assert gist.of(title) == english


@pytest.mark.parametrize(
    ("title", "english"),
    [
        ("通訳業務（デジタル庁）", "Interpreting services (Digital Agency)"),
        ("周知・広報啓発等業務", "Information, public relations and awareness-raising etc. services"),
        ("システムの設計・構築・運用等", "Design, building and operation etc. of system"),
        ("マイナンバーカードの普及", "Dissemination of My Number card"),
        ("マイナンバーカード利用に係る広報", "Public relations for My Number card use"),
        ("プリンタの保守業務委託", "Maintenance services of printer"),
        ("最新の法令データの迅速な提供", "Prompt provision of latest legislation data"),
        ("都立八王子桑志高等学校 什器の買入れ", "Purchase of office furniture, Tokyo Metropolitan"),
        ("海岸放送設備設置撤去工事", "Installation and removal works: coast public address equipment"),
        ("情報伝送設備製造据付", "Manufacture and installation: information transmission equipment"),
        ("窒素肥料を利用する事業者", "Operators using"),
    ],
)
def test_small_words_do_not_spoil_a_gist(gist: Gist, title: str, english: str) -> None:
    assert gist.of(title).startswith(english)


@pytest.mark.parametrize(
    ("title", "english"),
    [
        ("補助金申請システムの改修等業務", "Modification etc. services"),
        ("外国人出入国情報システムのアプリケーション改修作業", "Modification work"),
        ("給与システム（法改正対応）改修", "Modification"),
        ("庁舎空調改修業務", "Renovation services"),
        ("中央監視システム改修工事", "Renovation works"),
    ],
)
def test_software_is_modified_and_buildings_are_renovated(gist: Gist, title: str, english: str) -> None:
    assert gist.of(title).startswith(english)


@pytest.mark.parametrize(
    "title",
    [
        "東京港ＣＮＰ推進協議会の運営及び計画更新に係る業務委託",
        "現状調査と改善策の検討に係る調査研究",
        "データの整備及び利活用を支援するツールに関する調査研究",
    ],
)
def test_what_is_said_of_both_keeps_them_together(gist: Gist, title: str) -> None:
    assert ";" not in gist.of(title)


def test_levels_of_a_programme_are_put_into_english_each_for_itself(gist: Gist) -> None:
    said = gist.of("研究開発事業／水電解技術開発ロードマップの改定")
    assert said == "Research and development project / revision of water electrolysis technology development roadmap"


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
        ("８年度渡島署【森地区】保全整備造林第５号", ", FY2026"),
        ("公金Ph3・付番 金融機関連携PJ R5年度事務局支援業務", ", FY2023"),
        ("６号受電所等便所改修工事（令和７）", ", FY2025"),
        ("八女労働基準監督署（令8）空調機器等改修工事", ", FY2026"),
        ("【開札日：R7.2.4（火）】機能強化工事", ", 4 February 2025 ("),
        ("西本町ほか10 か所交通信号機改良工事", "and 10 other places"),
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


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("古川小学校校舎改修工事", "古川 elementary school"),
        ("傍陽山小学校解体工事", "傍陽山 elementary school"),
        ("津川湊町駐車場整備工事", "津川湊町 car park"),
        ("旧小松川第一中学校教室棟外解体工事", "former 小松川 No. 1"),
        ("今伊勢高架橋補強設計", "今伊勢 viaduct"),
        ("吹田市立山田東中学校照明設備更新工事", "Suita municipal 山田東 junior high school"),
        ("千葉市立西の谷小学校外部改修工事", "西の谷 elementary school"),
        ("芋島線道路改良工事", "芋島 Line"),
    ],
)
def test_a_name_is_not_torn_apart(gist: Gist, title: str, name: str) -> None:
    assert name in gist.of(title)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("吹田市立北千里市民体育館受変電設備改修工事", "Kita Senri"),
        ("恵那南中学校防犯対策工事", "Ena Minami junior high school"),
        ("南小学校空調機設置工事", "Minami elementary school"),
        ("北研究棟3階実験室改修工事", "north research building"),
        ("日の出町団地（東）解体工事", "(east)"),
    ],
)
def test_east_and_west_are_read_as_names_only_in_names(gist: Gist, title: str, words: str) -> None:
    assert words in gist.of(title)


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
