"""Market access: each rule by a phrase of a real notice, how rules are weighed, and what is never said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.reading import (
    PHRASE,
    Access,
    AccessVerdict,
    Agreement,
    FoundMoney,
    MoneyKind,
    Origin,
    Tax,
)
from monitor.reading.access import RULES, AccessReader, rule_text
from monitor.reading.entities import Entity, Group

COVERED, LIKELY, NOT_COVERED = AccessVerdict.COVERED, AccessVerdict.LIKELY, AccessVerdict.NOT_COVERED
RESTRICTED, UNKNOWN = AccessVerdict.RESTRICTED, AccessVerdict.UNKNOWN
READER = AccessReader.load()
PLAIN = ScrapedNotice(
    source="kkj",
    key="1",
    title="庁舎清掃業務",
    kind=NoticeKind.TENDER,
    published=date(2026, 6, 22),
    url="https://example.jp/1",
)
GAZETTE = replace(PLAIN, source="kanpo", references=(("官報", "号外政府調達第122号"), ("官報掲載日", "2026-06-22")))
BANNER = "WTOの政府調達に関する協定、日EU経済連携協定又は日英包括的経済連携協定"
REGION = "（４）近畿地域に建設業法に基づく本店、支店又は営業所を有すること。"


def read(notice: ScrapedNotice, money: Sequence[FoundMoney] = (), entity: Entity | None = None) -> Access:
    return READER.read(notice, money=money, entity=entity)


def rules(access: Access) -> set[str]:
    return {reason.rule for reason in access.reasons}


def verdicts(access: Access) -> tuple[AccessVerdict, AccessVerdict]:
    return access.gpa, access.epa


def entity(group: Group, *, certain: bool = True) -> Entity:
    return Entity(name="見本機関", name_en="Sample Agency", group=group, certain=certain)


def planned(amount: int, tax: Tax | None = Tax.INCLUDED, kind: MoneyKind = MoneyKind.PLANNED) -> FoundMoney:
    return FoundMoney(kind, Decimal(amount), f"予定価格 {amount:,}円", Origin.JAPANESE, tax)


# --- What a notice says ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "verdict"),
    [
        ("本工事は、政府調達に関する協定の適用を受ける工事である。", "agreement-applies", COVERED),
        ("本業務はＷＴＯに基づく政府調達に関する協定の適用を受ける。", "agreement-applies", COVERED),
        (
            "この入札は、地方公共団体の物品等又は特定役務の調達手続の特例を定める政令の適用を受ける。",
            "agreement-applies",
            COVERED,
        ),
        (
            "３　随意契約によることとする「政府調達に関する協定」の規定上の理由　ｂ「排他的権利の保護」",
            "direct-award-ground",
            COVERED,
        ),
        (
            "2 政府調達に関する協定第13条第1項(b)(ⅱ)の規定上の理由 当該システムの開発者であるため。",
            "direct-award-ground",
            COVERED,
        ),
        (
            "本案件は物品等又は特定役務の調達手続の特例を定める政令の適用を受ける調達契約ではない。",
            "agreement-excluded",
            NOT_COVERED,
        ),
        ("この入札は、政府調達に関する協定の適用されるものではない。", "agreement-excluded", NOT_COVERED),
        (
            "調達種別の選択」から「一般競争入札の入札公示（ＷＴＯ対象）」を選択し、必要な情報を入力",
            "type-wto",
            COVERED,
        ),
        ("関係法令、経済産業省特定調達契約入札心得（資料番号５）", "specific-procurement", LIKELY),
        ("政府調達協定に係る質問は上記まで。", "agreement-mentioned", LIKELY),
        ("５　Summary (1) Official in charge of disbursement of the procuring entity", "english-summary", LIKELY),
        ("本件は政府調達に関する協定の適用を受けない調達である。", "agreement-excluded", NOT_COVERED),
        (
            "「調達情報の検索 調達種別の選択」から「一般競争入札の入札公示（Ｗ ＴＯ対象外）」を選択し",
            "type-not-wto",
            NOT_COVERED,
        ),
        ("調達種別一般競争入札の入札公告（WTO対象外）分類物品・役務", "type-not-wto", NOT_COVERED),
        ("下記について、オープンカウンター方式による見積合わせに付しますので", "open-counter", NOT_COVERED),
        ("次のとおり見積り合わせに付する。", "quotations", NOT_COVERED),
        ("本件は少額の随意契約による。", "quotations", NOT_COVERED),
    ],
)
def test_the_words_of_a_notice_decide(text: str, rule: str, verdict: AccessVerdict) -> None:
    access = read(replace(PLAIN, text=f"入札公告\n{text}"))
    assert verdicts(access) == (verdict, verdict)
    assert rule in rules(access)
    assert all(len(reason.phrase) <= PHRASE and "\n" not in reason.phrase for reason in access.reasons)
    assert all(reason.phrase in " ".join(f"入札公告\n{text}".split()) for reason in access.reasons)


@pytest.mark.parametrize(
    "text",
    [
        "グリーン購入法の特定調達品目に該当する物品",
        "政府調達に関する協定の適用を受けるものを除く。",
        "政府調達に関する協定の適用を受ける場合は、別に定める。",
        "政府調達協定に関する苦情の申立て",
        "電子調達システムに関する少額物品調達のシステム化",
        "落札者がないときは随意契約による。",
        "オープンカウンターを備えた執務室",
    ],
)
def test_words_that_say_nothing_of_this_procurement_give_no_verdict(text: str) -> None:
    assert read(replace(PLAIN, text=text)) == Access()


@pytest.mark.parametrize(
    ("method", "verdict"),
    [
        ("一般競争入札の入札公告（WTO対象）", COVERED),
        ("指名競争入札の入札公示（WTO対象）", COVERED),
        ("落札者等の公示（WTO対象）", COVERED),
        ("一般競争入札の入札公告（WTO対象外）", NOT_COVERED),
        ("指名競争入札の入札公示（WTO対象外）", NOT_COVERED),
        ("落札者等の公示（WTO対象外）", NOT_COVERED),
        ("オープンカウンタへの参加募集情報", NOT_COVERED),
        ("随意契約方式・複数業者・少額", NOT_COVERED),
        ("一般競争入札", UNKNOWN),
    ],
)
def test_the_type_that_a_portal_states_decides(method: str, verdict: AccessVerdict) -> None:
    access = read(replace(PLAIN, method=method))
    assert verdicts(access) == (verdict, verdict)
    assert all(reason.origin is Origin.FIELD for reason in access.reasons)


def test_an_open_counter_in_the_title_is_never_covered() -> None:
    notice = replace(PLAIN, title="（オープンカウンター）空調機リモコン設置工事", kind=NoticeKind.QUOTATION)
    assert verdicts(read(notice)) == (NOT_COVERED, NOT_COVERED)
    assert rules(read(notice)) == {"open-counter"}


def test_a_call_for_quotations_is_not_covered() -> None:
    notice = replace(PLAIN, title="見積書の募集　事務用品", kind=NoticeKind.QUOTATION)
    assert rules(read(notice)) == {"quotations"}


@pytest.mark.parametrize(
    ("title", "sale"),
    [
        ("令和８年度　鉄屑売払（静岡国道）その１", True),
        ("ＭＲＩ及びＣＴ機器売払い契約", True),
        ("物品売払システム保守業務", False),
        ("国有財産の売却に係る支援業務", False),
        ("市有地の売却に伴う測量", False),
    ],
)
def test_what_is_sold_is_no_procurement(title: str, sale: bool) -> None:
    assert verdicts(read(replace(PLAIN, title=title))) == ((NOT_COVERED,) * 2 if sale else (UNKNOWN,) * 2)


def test_the_english_text_of_a_notice_is_read_too() -> None:
    awarded = "Reasons for the use of single tendering procedures as provided for in the Agreement on Government Procurement : c"
    applies = "This procurement is covered by the WTO Agreement on Government Procurement."
    excluded = "This procurement is not covered by the Agreement on Government Procurement."
    assert "direct-award-ground" in rules(read(replace(PLAIN, text_en=awarded)))
    assert verdicts(read(replace(PLAIN, text_en=applies))) == (COVERED, COVERED)
    assert verdicts(read(replace(PLAIN, text_en=excluded))) == (NOT_COVERED, NOT_COVERED)
    assert verdicts(read(replace(PLAIN, text_en="(1) Nature and quantity: 1 set"))) == (LIKELY, LIKELY)


# --- Where it is published ------------------------------------------------------------------------


def test_the_banner_of_jetro_names_the_agreements() -> None:
    access = read(replace(PLAIN, source="jetro_national", references=(("適用協定", BANNER),)))
    assert verdicts(access) == (COVERED, COVERED)
    assert access.reasons[0].values == {"agreements": BANNER}
    assert access.reasons[0].phrase == BANNER


def test_a_banner_that_names_only_the_agreement_with_the_eu_says_nothing_of_the_other() -> None:
    references = (("適用協定", "日EU経済連携協定"), ("官報掲載日", "2026-06-22"))
    access = read(replace(PLAIN, source="jetro_national", references=references, text_en="Summary"))
    assert verdicts(access) == (UNKNOWN, COVERED)


def test_jetro_lists_what_is_likely_covered() -> None:
    assert verdicts(read(replace(PLAIN, source="jetro_local"))) == (LIKELY, LIKELY)


def test_the_gazettes_procurement_edition_is_covered_for_ministries_and_likely_for_others() -> None:
    assert verdicts(read(GAZETTE)) == (LIKELY, LIKELY)
    assert verdicts(read(GAZETTE, entity=entity(Group.OTHER_A))) == (LIKELY, LIKELY)
    assert verdicts(read(GAZETTE, entity=entity(Group.CENTRAL))) == (COVERED, COVERED)
    assert verdicts(read(GAZETTE, entity=entity(Group.CENTRAL, certain=False))) == (LIKELY, LIKELY)
    numbered = replace(GAZETTE, references=(*GAZETTE.references, ("調達機関番号", "020")))
    assert verdicts(read(numbered)) == (COVERED, COVERED)


def test_a_notice_of_jetro_that_comes_from_the_gazette_counts_as_one_of_the_gazette() -> None:
    access = read(replace(PLAIN, source="jetro_national", references=(("官報掲載日", "2026-06-22"),)))
    assert rules(access) == {"gazette"}


def test_in_the_gazette_a_body_that_only_the_agreement_with_the_eu_lists_falls_under_that_one() -> None:
    access = read(replace(GAZETTE, text_en="Summary"), entity=entity(Group.EPA_CENTRAL))
    assert verdicts(access) == (UNKNOWN, LIKELY)


def test_nothing_in_the_gazette_is_called_not_covered_for_its_value_or_its_buyer() -> None:
    for group in Group:
        access = read(GAZETTE, [planned(1_000_000)], entity(group))
        assert NOT_COVERED not in verdicts(access), group


# --- Who buys, and for how much -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "category", "amount", "gpa", "epa"),
    [
        (Group.CENTRAL, Category.GOODS, 20_000_000, LIKELY, LIKELY),
        (Group.CENTRAL, Category.GOODS, 19_999_999, NOT_COVERED, NOT_COVERED),
        (Group.CENTRAL, Category.SERVICES, 25_000_000, LIKELY, LIKELY),
        (Group.CENTRAL, Category.WORKS, 899_999_999, NOT_COVERED, NOT_COVERED),
        (Group.CENTRAL, Category.WORKS, 900_000_000, LIKELY, LIKELY),
        (Group.SUB_CENTRAL, Category.GOODS, 39_999_999, NOT_COVERED, NOT_COVERED),
        (Group.SUB_CENTRAL, Category.GOODS, 40_000_000, LIKELY, LIKELY),
        (Group.SUB_CENTRAL, Category.WORKS, 3_020_000_000, LIKELY, LIKELY),
        (Group.OTHER_A, Category.WORKS, 900_000_000, NOT_COVERED, NOT_COVERED),
        (Group.OTHER_B, Category.WORKS, 900_000_000, LIKELY, LIKELY),
        (Group.OTHER_B, Category.GOODS, 26_000_000, LIKELY, LIKELY),
        # Between the amount of the agreement and that of Japan's own decision nothing is said.
        (Group.OTHER_B, Category.GOODS, 22_000_000, UNKNOWN, UNKNOWN),
        (Group.OTHER_B, Category.GOODS, 19_000_000, NOT_COVERED, NOT_COVERED),
        (Group.EPA_AGENCY, Category.GOODS, 40_000_000, NOT_COVERED, LIKELY),
        (Group.EPA_AGENCY, Category.GOODS, 30_000_000, NOT_COVERED, UNKNOWN),
        (Group.EPA_CENTRAL, Category.SERVICES, 26_000_000, NOT_COVERED, LIKELY),
        (Group.EPA_CORE_CITY, Category.SERVICES, 40_000_000, NOT_COVERED, LIKELY),
        (Group.EPA_CORE_CITY, Category.WORKS, 5_000_000_000, NOT_COVERED, NOT_COVERED),
        (Group.MUNICIPALITY, Category.GOODS, 900_000_000, NOT_COVERED, NOT_COVERED),
        (Group.NONE, Category.GOODS, 900_000_000, UNKNOWN, UNKNOWN),
    ],
)
def test_a_stated_value_is_held_against_the_table(
    group: Group, category: Category, amount: int, gpa: AccessVerdict, epa: AccessVerdict
) -> None:
    access = read(replace(PLAIN, category=category), [planned(amount)], entity(group))
    assert verdicts(access) == (gpa, epa)


def test_the_day_of_publication_chooses_the_amounts_and_is_told() -> None:
    notice = replace(PLAIN, category=Category.GOODS)
    money, ministry = [planned(18_500_000)], entity(Group.CENTRAL)
    before, since = replace(notice, published=date(2026, 3, 31)), replace(notice, published=date(2026, 4, 1))
    assert verdicts(read(before, money, ministry)) == (LIKELY, LIKELY)
    assert verdicts(read(since, money, ministry)) == (NOT_COVERED, NOT_COVERED)
    (reason,) = read(since, money, ministry).reasons
    assert (reason.valid_from, reason.valid_until) == (date(2026, 4, 1), date(2028, 3, 31))
    assert rule_text(reason.rule).format(**reason.values).startswith("The stated value of 18,500,000 yen is below")
    for unknown in (date(2024, 3, 31), date(2028, 4, 1)):
        assert read(replace(notice, published=unknown), money, ministry) == Access()


def test_a_value_without_the_tax_may_reach_the_amount_with_it() -> None:
    notice, ministry = replace(PLAIN, category=Category.GOODS), entity(Group.CENTRAL)
    assert read(notice, [planned(19_000_000, None)], ministry) == Access()
    assert read(notice, [planned(19_000_000, Tax.EXCLUDED)], ministry) == Access()
    assert read(notice, [planned(18_000_000, None)], ministry).gpa is NOT_COVERED


def test_an_award_below_the_amount_says_nothing_of_the_estimate() -> None:
    notice, ministry = replace(PLAIN, category=Category.GOODS), entity(Group.CENTRAL)
    assert read(notice, [planned(9_000_000, kind=MoneyKind.AWARDED)], ministry) == Access()
    assert read(notice, [planned(90_000_000, kind=MoneyKind.AWARDED)], ministry).gpa is LIKELY


def test_parts_are_added_up_before_a_procurement_is_called_small() -> None:
    notice, ministry = replace(PLAIN, category=Category.GOODS), entity(Group.CENTRAL)
    assert read(notice, [planned(12_000_000), planned(11_000_000)], ministry) == Access()


@pytest.mark.parametrize("title", ["庁舎清掃業務（その２）", "市道改良工事　第３工区", "ロット２　端末の購入"])
def test_the_value_of_one_part_says_nothing_of_the_whole(title: str) -> None:
    one = replace(PLAIN, title=title, category=Category.SERVICES)
    assert "value-below" not in rules(read(one, [planned(1_000_000)], entity(Group.CENTRAL)))
    assert "value-below" in rules(
        read(replace(one, title="庁舎清掃業務"), [planned(1_000_000)], entity(Group.CENTRAL))
    )


def test_the_repair_of_a_survey_ship_is_no_surveying() -> None:
    ship = replace(PLAIN, title="測量船海洋定期修理", category=Category.SERVICES)
    assert "value-reached" in rules(read(ship, [planned(59_440_000)], entity(Group.CENTRAL)))


def test_a_unit_price_is_no_value() -> None:
    notice = replace(PLAIN, title="コピー用紙の購入（単価契約）", category=Category.GOODS)
    assert read(notice, [planned(2_000)], entity(Group.CENTRAL)) == Access()


def test_where_it_is_open_what_is_bought_all_amounts_have_to_agree() -> None:
    ministry = entity(Group.CENTRAL)
    assert read(PLAIN, [planned(50_000_000)], ministry) == Access()
    assert read(PLAIN, [planned(19_000_000)], ministry).gpa is NOT_COVERED
    assert read(PLAIN, [planned(900_000_000)], ministry).gpa is LIKELY


@pytest.mark.parametrize("title", ["境界測量調査業務委託", "庁舎新築工事実施設計業務", "一般国道５号地質調査業務"])
def test_consulting_engineers_have_an_amount_of_their_own(title: str) -> None:
    notice = replace(PLAIN, title=title, category=Category.WORKS)
    assert read(notice, [planned(89_000_000)], entity(Group.CENTRAL)).gpa is NOT_COVERED
    assert read(notice, [planned(90_000_000)], entity(Group.CENTRAL)).gpa is LIKELY


def test_without_a_certain_buyer_or_a_value_nothing_is_said() -> None:
    notice = replace(PLAIN, category=Category.GOODS)
    assert read(notice, [planned(90_000_000)]) == Access()
    assert read(notice, [planned(90_000_000)], entity(Group.CENTRAL, certain=False)) == Access()
    assert read(notice, entity=entity(Group.MUNICIPALITY, certain=False)) == Access()
    assert read(notice, entity=entity(Group.CENTRAL)) == Access()


def test_of_core_cities_only_open_tenders_are_covered() -> None:
    notice = replace(PLAIN, category=Category.SERVICES, method="指名競争入札")
    access = read(notice, [planned(90_000_000)], entity(Group.EPA_CORE_CITY))
    assert access.epa is not LIKELY
    assert "core-city-procedure" in rules(access)


# --- How rules are weighed ------------------------------------------------------------------------


def test_a_restriction_beats_what_speaks_for_and_both_are_shown() -> None:
    for notice in (GAZETTE, replace(PLAIN, method="一般競争入札の入札公告（WTO対象）")):
        access = read(replace(notice, text=REGION))
        assert verdicts(access) == (RESTRICTED, RESTRICTED)
        assert len(access.reasons) == 2
    assert verdicts(read(replace(PLAIN, text="入札に参加できる者は中小企業者に限る。"))) == (RESTRICTED, RESTRICTED)


def test_a_restriction_beats_what_is_deduced_but_not_what_is_stated_against() -> None:
    assert verdicts(read(replace(PLAIN, text=REGION), entity=entity(Group.MUNICIPALITY))) == (RESTRICTED, RESTRICTED)
    stated = replace(PLAIN, text=REGION, method="一般競争入札の入札公告（WTO対象外）")
    assert verdicts(read(stated)) == (NOT_COVERED, NOT_COVERED)


def test_what_is_stated_beats_what_is_deduced() -> None:
    notice = replace(PLAIN, source="jetro_local", references=(("適用協定", BANNER),), category=Category.GOODS)
    access = read(notice, [planned(1_000_000)], entity(Group.CENTRAL))
    assert verdicts(access) == (COVERED, COVERED)
    assert [reason.rule for reason in access.reasons] == ["banner", "jetro", "value-below"]


def test_statements_that_contradict_leave_it_unknown_with_both_shown() -> None:
    notice = replace(
        PLAIN, method="一般競争入札の入札公告（WTO対象外）", text="政府調達に関する協定の適用を受ける工事である。"
    )
    assert verdicts(read(notice)) == (UNKNOWN, UNKNOWN)
    assert rules(read(notice)) == {"type-not-wto", "agreement-applies"}


def test_before_it_was_in_force_nothing_is_said_of_the_agreement_with_the_eu() -> None:
    access = read(replace(GAZETTE, published=date(2019, 1, 31)))
    assert verdicts(access) == (LIKELY, UNKNOWN)
    assert access.reasons[0].agreements == (Agreement.GPA,)


def test_every_reason_has_a_rule_with_a_text_that_its_values_fill() -> None:
    notices = [
        replace(GAZETTE, text=REGION + "中小企業者に限る。", text_en="Summary"),
        replace(PLAIN, source="jetro_local", references=(("適用協定", BANNER),)),
    ]
    for notice in notices:
        for group in Group:
            for reason in read(notice, [planned(1_000_000)], entity(group)).reasons:
                assert "{" not in rule_text(reason.rule).format(**reason.values)
    assert not any("eligible" in text.lower() for text in RULES.values())
    with pytest.raises(KeyError):
        rule_text("no-such-rule")


def test_a_very_long_text_is_read_up_to_a_bound() -> None:
    far = "あ" * 100_000 + "政府調達に関する協定の適用を受ける。"
    assert read(replace(PLAIN, text=far)) == Access()
    assert read(replace(PLAIN, text="政府調達に関する協定の適用を受ける。" + far)).gpa is COVERED
