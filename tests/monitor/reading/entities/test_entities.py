"""Who buys: found by the name that sources write, never inside another name."""

import json
from pathlib import Path

import pytest

from monitor.reading.entities import Entities, Entity, Group
from monitor.reading.entities.tables import TableError, read_table

SAMPLES = Path(__file__).parents[5] / "shared" / "samples"


@pytest.fixture(scope="module")
def entities() -> Entities:
    return Entities.load()


def found(entity: Entity | None) -> Entity:
    assert entity is not None
    return entity


@pytest.mark.parametrize(
    ("buyer", "name", "group"),
    [
        ("国土交通省", "国土交通省", Group.CENTRAL),
        ("支出負担行為担当官こども家庭庁成育局参事官（事業調整担当）", "こども家庭庁", Group.CENTRAL),
        ("こども家庭庁成育局参事官　（事業調整担当）", "こども家庭庁", Group.CENTRAL),
        ("分任支出負担行為担当官　東北地方整備局　酒田河川国道事務所長", "国土交通省", Group.CENTRAL),
        ("中国地方整備局　広島国道事務所長", "国土交通省", Group.CENTRAL),
        ("北海道開発局留萌開発建設部長", "国土交通省", Group.CENTRAL),
        ("大阪航空局長", "国土交通省", Group.CENTRAL),
        ("国土交通省神戸運輸管理部", "国土交通省", Group.CENTRAL),
        ("国土地理院長", "国土地理院", Group.CENTRAL),
        ("気象庁仙台管区気象台", "気象庁", Group.CENTRAL),
        ("第十一管区海上保安本部長", "海上保安庁", Group.CENTRAL),
        ("大阪国税局総務部次長", "国税庁", Group.CENTRAL),
        ("財務省関東財務局", "財務省", Group.CENTRAL),
        ("鳥取労働局総務部長", "厚生労働省", Group.CENTRAL),
        ("京都労働局", "厚生労働省", Group.CENTRAL),
        ("厚生労働省国立療養所　星塚敬愛園", "厚生労働省", Group.CENTRAL),
        ("福井刑務所長", "法務省", Group.CENTRAL),
        ("大阪法務局長", "法務省", Group.CENTRAL),
        ("検察庁名古屋高等検察庁", "検察庁", Group.CENTRAL),
        ("東京地方裁判所", "最高裁判所", Group.CENTRAL),
        ("出入国在留管理庁大阪出入国在留管理局", "出入国在留管理庁", Group.CENTRAL),
        ("国家公安委員会（警察庁）", "警察庁", Group.CENTRAL),
        ("中国四国管区警察局四国警察支局徳島県情報通信部長", "警察庁", Group.CENTRAL),
        ("陸上自衛隊補給統制本部調達会計部長", "防衛省", Group.CENTRAL),
        ("防衛省自衛隊 近畿中部防衛局", "防衛省", Group.CENTRAL),
        ("林野庁九州森林管理局宮崎南部森林管理署", "林野庁", Group.CENTRAL),
        ("環境省中国四国地方環境事務所", "環境省", Group.CENTRAL),
        ("東京都", "東京都", Group.SUB_CENTRAL),
        ("東京都水道局経理部契約課", "東京都", Group.SUB_CENTRAL),
        ("東京都都市整備局総務部経理課", "東京都", Group.SUB_CENTRAL),
        ("東京都（財務局・産業労働局）", "東京都", Group.SUB_CENTRAL),
        ("福岡県福岡市", "福岡市", Group.SUB_CENTRAL),
        ("京都府京都市", "京都市", Group.SUB_CENTRAL),
        ("奈良県奈良市", "奈良市", Group.EPA_CORE_CITY),
        ("福島県田村市", "田村市", Group.MUNICIPALITY),
        ("福島県双葉郡楢葉町", "楢葉町", Group.MUNICIPALITY),
        ("長野県駒ケ根市", "駒ヶ根市", Group.MUNICIPALITY),
        ("宮城県塩竃市", "塩竈市", Group.MUNICIPALITY),
        ("東京都北区", "北区", Group.MUNICIPALITY),
        ("世田谷区", "世田谷区", Group.MUNICIPALITY),
        ("国立大学法人　山梨大学長", "山梨大学", Group.OTHER_B),
        ("独立行政法人国立病院機構　関門医療センター院長", "国立病院機構", Group.OTHER_B),
        ("国立研究開発法人産業技術総合研究所", "産業技術総合研究所", Group.OTHER_B),
        ("大学共同利用機関法人　自然科学研究機構長", "自然科学研究機構", Group.OTHER_B),
        (
            "独立行政法人　鉄道建設・運輸施設整備支援機構　契約担当役　副理事長",
            "鉄道建設・運輸施設整備支援機構",
            Group.OTHER_A,
        ),
        ("株式会社日本政策投資銀行　情報企画部長", "日本政策投資銀行", Group.OTHER_A),
        ("本州四国連絡高速道路株式会社", "本州四国連絡高速道路", Group.OTHER_A),
        ("ＮＴＴ東日本株式会社　関東病院　院長", "NTT東日本", Group.OTHER_A),
        ("独立行政法人地域医療機能推進機構", "地域医療機能推進機構", Group.EPA_CENTRAL),
        ("公立大学法人名古屋市立大学", "名古屋市立大学", Group.EPA_AGENCY),
        ("地方独立行政法人東京都立病院機構", "東京都立病院機構", Group.EPA_AGENCY),
        ("東京都住宅供給公社（JKK東京）", "東京都住宅供給公社", Group.NONE),
    ],
)
def test_a_buyer_is_found_as_sources_write_it(entities: Entities, buyer: str, name: str, group: Group) -> None:
    entity = found(entities.find(buyer))
    assert (entity.name, entity.group) == (name, group)


@pytest.mark.parametrize(
    ("buyer", "name"),
    [
        ("東大阪市", "東大阪市"),
        ("東広島市", "東広島市"),
        ("北名古屋市", "北名古屋市"),
        ("甲府市", "甲府市"),
        ("国立市", "国立市"),
        ("京都大学", "京都大学"),
        ("京都府立大学", "京都府公立大学法人"),
        ("東京都立大学", "東京都公立大学法人"),
        ("東京大学", "東京大学"),
        ("大阪公立大学", "公立大学法人大阪"),
        ("大阪市立大学", "公立大学法人大阪"),
        ("北海道大学", "北海道大学"),
        ("北海道財務局", "財務省"),
        ("北海道", "北海道"),
        ("東京都産業労働局", "東京都"),
        ("消防庁総務課長", "消防庁"),
        ("東京消防庁", "東京都"),
        ("大町町", "大町町"),
        ("廿日市市", "廿日市市"),
        ("四日市市", "四日市市"),
        ("東京都中央卸売市場", "東京都"),
        ("愛知県市町村課", "愛知県"),
        ("長野県大町建設事務所", "長野県"),
        ("豊橋市民病院", "豊橋市"),
        ("福岡県立農業大学校", "福岡県"),
        ("神戸市交通局", "神戸市"),
    ],
)
def test_a_name_is_not_taken_for_one_that_looks_like_it(entities: Entities, buyer: str, name: str) -> None:
    assert found(entities.find(buyer)).name == name


@pytest.mark.parametrize(
    "buyer",
    [
        "日本大学",
        "学校法人東京大学",
        "一般財団法人東京大学出版会",
        "東北大学生活協同組合",
        "大阪市社会福祉協議会",
        "三重県農業協同組合連合会",
        "北海道電力株式会社",
        "北海道市町村職員共済組合",
        "東京都民銀行",
        "神奈川県道路公社",
        "広島県商工会連合会",
        "下関市立大学",
        "防衛省共済組合",
        "自衛隊協力会",
        "理研ビタミン株式会社",
        "福島県南相馬氏",
        "埼玉県浦和市",
        "関西広域連合",
        "公立大学法人国立市",
        "独立行政法人東京都",
        "株式会社東京都",
        "国立大学法人どこにもない大学",
        "産業労働局",
        "財務局",
        "",
        "　",
    ],
)
def test_who_is_not_known_is_not_guessed(entities: Entities, buyer: str) -> None:
    assert entities.find(buyer) is None
    assert entities.english(buyer) is None


def test_the_prefecture_tells_municipalities_of_one_name_apart(entities: Entities) -> None:
    tokyo = found(entities.find("府中市", prefecture="東京都"))
    assert (tokyo.prefecture, tokyo.certain) == ("東京都", True)
    assert found(entities.find("広島県府中市")).prefecture == "広島県"
    assert entities.canonical("府中市", prefecture="東京都") == entities.canonical("東京都府中市") == "東京都府中市"


def test_a_name_that_several_bear_is_uncertain_without_its_prefecture(entities: Entities) -> None:
    entity = found(entities.find("府中市"))
    assert (entity.certain, entity.prefecture, entity.name_en) == (False, None, "Fuchu City")
    assert found(entities.find("松前町")).name_en == ""  # Matsumae in Hokkaido, Masaki in Ehime


def test_a_ward_that_other_cities_have_too_needs_its_prefecture(entities: Entities) -> None:
    assert found(entities.find("港区", prefecture="東京都")).certain
    assert not found(entities.find("港区")).certain
    assert entities.find("中央区", prefecture="北海道") is None


def test_a_bureau_of_tokyo_is_known_without_its_government_where_the_prefecture_is_said(entities: Entities) -> None:
    entity = found(entities.find("財務局経理部契約第一課", prefecture="東京都"))
    assert (entity.name, entity.certain) == ("東京都", False)


def test_prefectural_police_are_the_prefectures_unless_an_officer_of_the_state_signs(entities: Entities) -> None:
    filed = found(entities.find("国家公安委員会（警察庁）兵庫県警察"))
    assert (filed.name, filed.certain) == ("兵庫県", False)
    assert found(entities.find("支出負担行為担当官　兵庫県警察本部長")).name == "警察庁"


def test_a_title_in_brackets_names_the_agency_under_the_ministry(entities: Entities) -> None:
    title = "【国土地理院】測量機器の購入"
    assert found(entities.find("国土交通省", title=title)).name == "国土地理院"
    assert found(entities.find(None, title=title)).name == "国土地理院"
    assert found(entities.find("国土交通省", title="【本省】清掃業務")).name == "国土交通省"
    assert found(entities.find("法務省", title=title)).name == "法務省"
    assert found(entities.find("富山市", title=title)).name == "富山市"


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("支出負担行為担当官こども家庭庁成育局参事官（事業調整担当）", "こども家庭庁", "こども家庭庁"),
        ("国立研究開発法人産業技術総合研究所", "産総研", "産業技術総合研究所"),
        ("海上保安庁総務部長", "国土交通省", "国土交通省"),
        ("福井刑務所長", "法務省", "法務省"),
        ("国家公安委員会（警察庁）", "警察庁長官官房会計課理事官", "警察庁"),
        ("福島県田村市", "田村市", "田村市"),
        ("東京都世田谷区", "世田谷区", "世田谷区"),
        ("株式会社　架空商事", "架空商事", "架空商事"),
    ],
)
def test_buyers_of_two_sources_are_compared_by_one_name(entities: Entities, one: str, other: str, name: str) -> None:
    assert entities.canonical(one) == entities.canonical(other) == name


def test_nobody_and_a_mere_class_of_bodies_have_no_name_to_compare(entities: Entities) -> None:
    assert entities.canonical(None) is None
    assert entities.canonical("国立大学法人") is None
    assert found(entities.find("国立大学法人")).group is Group.OTHER_B


@pytest.mark.parametrize(
    ("buyer", "english"),
    [
        ("東京都環境局総務部経理課", "Tokyo Metropolitan Government"),
        ("北海道", "Hokkaido Government"),
        ("神奈川県", "Kanagawa Prefectural Government"),
        ("横浜市", "City of Yokohama"),
        ("東京都港区", "Minato City"),
        ("経済産業省近畿経済産業局", "Ministry of Economy, Trade and Industry"),
        ("国立研究開発法人理化学研究所　経理・調達本部　調達部長", "RIKEN"),
        ("三重県川越町", "Kawagoe Town"),
    ],
)
def test_the_english_name_is_the_organisations(entities: Entities, buyer: str, english: str) -> None:
    assert entities.english(buyer) == english


def test_what_is_merely_romanised_says_so(entities: Entities) -> None:
    assert not found(entities.find("三重県川越町")).english_official
    assert found(entities.find("デジタル庁")).english_official


def test_lists_that_are_not_sure_say_so(entities: Entities) -> None:
    assert found(entities.find("名古屋市")).certain
    assert not found(entities.find("熊本市")).certain  # designated after the revision of 2012
    assert not found(entities.find("福井市")).certain  # a core city after the EPA was agreed
    assert not found(entities.find("公立大学法人名古屋市立大学")).certain


def test_the_tables_hold_every_prefecture_and_municipality_once() -> None:
    tables = Path(__file__).parents[4] / "monitor" / "reading" / "entities"
    towns = [
        (row["prefecture"], row["name"]) for row in read_table(tables / "municipalities.tsv", ("name", "prefecture"))
    ]
    kinds = {kind: sum(name.endswith(kind) for _, name in towns) for kind in "市町村区"}
    assert kinds == {"市": 792, "町": 743, "村": 183, "区": 23}
    assert len(set(towns)) == len(towns)
    local = read_table(tables / "local.tsv", ("name", "prefecture", "group"))
    groups = [row["group"] for row in local]
    assert (groups.count("sub-central"), groups.count("epa-core-city")) == (47 + 20, 48)
    prefectures = {row["name"] for row in local if row["name"] == row["prefecture"]}
    assert prefectures == {prefecture for prefecture, _ in towns}
    assert {(row["prefecture"], row["name"]) for row in local if row["name"] not in prefectures} <= set(towns)


def test_every_municipality_is_found_by_its_prefecture_and_name(entities: Entities) -> None:
    tables = Path(__file__).parents[4] / "monitor" / "reading" / "entities"
    for row in read_table(tables / "municipalities.tsv", ("name", "prefecture", "english")):
        entity = found(entities.find(row["prefecture"] + row["name"]))
        assert (entity.name, entity.prefecture) == (row["name"], row["prefecture"])
        assert entities.find(row["name"], prefecture=row["prefecture"]) == entity


def test_a_mistake_in_a_table_is_told_with_its_line(tmp_path: Path) -> None:
    table = tmp_path / "local.tsv"
    table.write_text("name\tenglish\n東京都\tTokyo\tmore\n", encoding="utf-8")
    with pytest.raises(TableError, match="line 2"):
        read_table(table, ("name", "english"))
    with pytest.raises(TableError, match="'prefecture'"):
        read_table(table, ("name", "prefecture"))


def test_a_text_of_any_length_is_answered(entities: Entities) -> None:
    assert entities.find("支出負担行為担当官" * 100_000) is None
    assert found(entities.find("東京都" + "水" * 1_000_000, title="【" * 1_000_000)).name == "東京都"


def test_nearly_all_buyers_of_the_samples_are_found(entities: Entities) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not here")
    buyers: list[str] = []
    for path, field in (("kkj", "organization"), ("pportal", "organ"), ("kanpo", "organization")):
        lines = (SAMPLES / path / "notices.jsonl").read_text(encoding="utf-8").splitlines()
        buyers += [buyer for line in lines if (buyer := json.loads(line).get(field))]
    known = sum(entities.find(buyer) is not None for buyer in buyers)
    assert known / len(buyers) >= 0.97


@pytest.mark.parametrize(
    ("buyer", "certain"),
    [
        ("飯田市", True),
        ("飯田市立病院事業管理者", True),
        ("飯田市病院局", True),
        ("飯田市立病院", False),
        ("桑名市総合医療センター", False),
    ],
)
def test_a_hospital_named_after_a_city_may_be_an_agency_of_its_own(
    entities: Entities, buyer: str, certain: bool
) -> None:
    known = found(entities.find(buyer))
    assert (known.group, known.certain) == (Group.MUNICIPALITY, certain)
