"""Which notices are one tender: every rule, what it must not join, and that the order of arrival does not matter."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from db.merges import Decisions, Known
from db.vocabulary.award import ScrapedAward
from db.vocabulary.notice import NAMESPACE, NoticeKind, ScrapedNotice
from db.vocabulary.reading import Identity, IdentityKey, Link, MergeVerdict, Reading
from monitor.merging import (
    MERGE_RULES,
    Merged,
    award_keys,
    case_numbers,
    index_keys,
    is_generic,
    merge,
    names_place,
    order,
)
from monitor.reading.identity import identity_of

MINISTRY = "国土交通省"
BASE = date(2026, 4, 1)
WORK = "知覧地区農業水利事業環境調査業務"


def called(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def known(
    name: str,
    title: str = WORK,
    *,
    day: int = 0,
    source: str = "pportal",
    kind: NoticeKind = NoticeKind.TENDER,
    buyer: str | None = MINISTRY,
    seen: int | None = None,
    references: Mapping[str, str] | None = None,
    deadline: int | None = None,
    **fields: object,
) -> Known:
    """A notice by a name, with days counted from the first of April, as it is recorded for the first time."""
    values: dict[str, object] = {"key": name, "url": "https://www.example.jp/", "buyer": buyer}
    notice = ScrapedNotice(
        source=source,
        title=title,
        kind=kind,
        published=BASE + timedelta(days=day),
        references=tuple((references or {}).items()),
        **(values | fields),  # type: ignore[arg-type]
    )
    identity = identity_of(notice, buyer=buyer)
    if deadline is not None:
        identity = replace(identity, deadline=BASE + timedelta(days=deadline))
    seen_at = datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=day if seen is None else seen)
    return Known(called(name), called(name), seen_at, identity)


def case(number: int) -> dict[str, str]:
    return {"調達案件番号": f"{number:019}"}


def place(day: str, order: int, branch: int = 0) -> dict[str, str]:
    return {"官報掲載日": day, "掲載順": str(order), "枝番": str(branch)}


def merged(*notices: Known, decisions: Decisions | None = None) -> Merged:
    """The outcome, which is the same in every order."""
    found = merge(notices, [], decisions or {})
    for seed in range(4):
        shuffled = random.Random(seed).sample(notices, len(notices))
        assert merge(shuffled, [], decisions or {}) == found
    return found


def tenders(notices: Sequence[Known], decisions: Decisions | None = None) -> list[set[str]]:
    """The names that are together, for tenders of several notices."""
    outcome = merged(*notices, decisions=decisions)
    names = {called(name): name for name in "abcdefgh"}
    found: dict[UUID, set[str]] = {}
    for one in notices:
        found.setdefault(outcome.tender_of.get(one.id, one.tender_id), set()).add(names[one.id])
    return sorted((group for group in found.values() if len(group) > 1), key=min)


def links_of(*notices: Known, decisions: Decisions | None = None) -> dict[UUID, Link]:
    return {id: link for id, link in merged(*notices, decisions=decisions).links.items() if link is not None}


def rule(*notices: Known) -> str | None:
    """The rule by which two notices are one; None where they stay apart."""
    rules = [link.rule for link in links_of(*notices).values()]
    return rules[0] if rules else None


# --- Exact keys -----------------------------------------------------------------------------------


def test_one_number_of_the_case_joins_whatever_the_titles_are() -> None:
    listed = known("a", "放送コンテンツの海外展開に向けた人材育成に係る調査研究の請負", references=case(570998))
    copied = known(
        "b",
        "08-0049-0044 人材育成に係る調査研究",
        source="digital_agency",
        day=90,
        buyer="総務省",
        references=case(570998),
    )
    outcome = merged(listed, copied)
    assert outcome.tender_of == {called("b"): called("a")}
    assert outcome.aliases == {called("b"): called("a")}
    link = links_of(listed, copied)[called("b")]
    assert (link.rule, link.notice_id, link.shared) == ("case-number", called("a"), (f"{570998:019}",))


def test_two_numbers_are_two_cases_however_equal_the_notices_are() -> None:
    one = known("a", "知夫港赤島防波堤灯台ほか２件機器改良改修工事", references=case(608993))
    other = known("b", "知夫港赤島防波堤灯台ほか２件機器改良改修工事", references=case(608997))
    assert tenders([one, other]) == []


def test_an_entry_of_the_gazette_and_jetros_number_of_it_are_one() -> None:
    gazette = known("a", "微細金属配線接合装置　一式", source="kanpo", references=place("2026-04-01", 18, 1))
    jetro = known(
        "b", "微細金属配線接合装置　一式", source="jetro_national", buyer=None, references=place("2026-04-01", 18, 1)
    )
    assert rule(gazette, jetro) == "gazette-entry"


def test_a_place_in_the_gazette_is_not_believed_where_the_titles_differ() -> None:
    gazette = known("a", "微細金属配線接合装置　一式", source="kanpo", references=place("2026-04-01", 1))
    jetro = known("b", "庁舎監視カメラ更新業務", source="jetro_national", references=place("2026-04-01", 1))
    assert tenders([gazette, jetro]) == []


def test_a_correction_that_names_the_earlier_notice_needs_no_title() -> None:
    office = "国立研究開発法人物質・材料研究機構　財務部門長"
    codes = {"調達機関番号": "802", "所在地番号": "08"}
    call = known(
        "a",
        "分析電子顕微鏡の保守業務",
        source="kanpo",
        buyer=office,
        references={**place("2026-04-01", 9, 3), "公告番号": "第26号", **codes},
    )
    correction = known(
        "b",
        f"入札公告の訂正　{office}",
        day=10,
        source="kanpo",
        kind=NoticeKind.AMENDMENT,
        buyer=office,
        references={**place("2026-04-11", 33, 1), "公告番号": "第1号", **codes, "掲載日": "令和8年4月1日"},
        text="１　掲載日　令和8年4月1日　２　訂正内容　入札公告第26号中、「24」を「71」に",
    )
    assert rule(call, correction) == "named-earlier"


def test_one_document_under_one_title_is_one_call_on_two_sites() -> None:
    address = "https://www.jeed.go.jp/location/shibu/hokkaido/f41obh0000009vrd.pdf"
    one = known("a", source="kkj", buyer=None, document_url=address)
    other = known("b", source="kkj", buyer=None, document_url=address)
    assert rule(one, other) == "document"
    assert rule(one, known("c", "他の業務", source="kkj", document_url=address)) is None, "a list of many calls"
    assert rule(one, known("d", source="kkj", day=300, document_url=address)) is None, "an address used again"


def test_a_source_that_publishes_one_text_twice_on_a_day_means_one_call() -> None:
    text = "次のとおり一般競争入札に付します。" * 20
    one, other = known("a", source="kkj", text=text), known("b", source="kkj", text=text)
    assert rule(one, other) == "same-text"
    assert rule(one, known("c", source="kkj", text=text + "訂正")) is None


# --- The same title -------------------------------------------------------------------------------

SITES = {"portal": "c2VhcmNoL3BfcG9ydGFsLzIwMjYvMDQvMQo=", "bureau": "Z292Ny9ob3VtdWt5b2t1LzIwMjYvMQo="}


def test_a_bureaus_page_and_the_portals_are_one_call() -> None:
    """法務省 and 法務省仙台法務局, both as KKJ found them."""
    title = "仙台第３法務総合庁舎高圧ケーブル等改修工事"
    portal = known("a", title, source="kkj", buyer="法務省", key=SITES["portal"])
    bureau = known("b", f"{title}に係る一般競争入札について", source="kkj", buyer="法務省", key=SITES["bureau"])
    assert rule(portal, bureau) == "same-title"


def test_three_sources_within_days_are_one_call() -> None:
    three = [known("a", source="kanpo"), known("b", day=1), known("c", source="kkj", day=6)]
    assert tenders(three) == [{"a", "b", "c"}]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("収穫調査業務委託（棚倉地区）その１", "収穫調査業務委託（棚倉地区）その２"),
        ("令和７年度棚倉地区収穫調査業務", "令和８年度棚倉地区収穫調査業務"),
        ("棚倉地区収穫調査業務（１工区）", "棚倉地区収穫調査業務（２工区）"),
        ("棚倉地区収穫調査業務【第１回】", "棚倉地区収穫調査業務【第２回】"),
        ("棚倉地区収穫調査業務（Ａ）", "棚倉地区収穫調査業務（Ｂ）"),
        ("棚倉地区収穫調査業務　第１号", "棚倉地区収穫調査業務　第２号"),
        ("棚倉地区収穫調査業務", "令和８年度棚倉地区収穫調査業務"),
        ("【九州局】市場競争環境評価調査役務", "【近畿局】市場競争環境評価調査役務"),
        ("携帯型測位受信端末の特注品　20台", "携帯型測位受信端末の特注品　30台"),
    ],
)
def test_lots_years_offices_and_quantities_stay_apart(ours: str, theirs: str) -> None:
    assert tenders([known("a", ours, source="kanpo"), known("b", theirs)]) == []
    assert tenders([known("a", ours, source="kanpo"), known("b", ours)]) == [{"a", "b"}], "only that keeps them apart"


def test_another_buyer_an_unknown_buyer_and_another_prefecture_stay_apart() -> None:
    here = known("a", source="kanpo", prefecture="大阪府")
    assert tenders([here, known("b", buyer="総務省")]) == []
    assert tenders([here, known("b", buyer=None)]) == []
    title = "携帯型放射線測定器の校正"
    osaka = known("a", title, source="kanpo", prefecture="大阪府")
    assert tenders([osaka, known("b", title, prefecture="福岡県")]) == []
    assert tenders([osaka, known("b", title, prefecture="大阪府")]) == [{"a", "b"}]


def test_where_the_title_names_the_place_the_seat_of_the_bureau_does_not_matter() -> None:
    title = "成田空港合同庁舎照明器具更新工事"
    assert names_place(title)
    bureau = known("a", title, source="kkj", prefecture="東京都")
    assert tenders([bureau, known("b", title, prefecture="千葉県")]) == [{"a", "b"}]
    assert not names_place("市町村向け情報提供業務")
    assert not names_place("卸売市場冷蔵施設改修")


@pytest.mark.parametrize(
    "title", ["庁舎清掃業務", "物品の購入", "什器の購入", "事務用椅子の購入一式", "超音波診断装置", "プール解体工"]
)
def test_a_title_that_names_nothing_joins_nothing(title: str) -> None:
    one, other = known("a", title, source="kanpo"), known("b", title)
    assert is_generic(one.identity.stem)
    assert tenders([one, other]) == []
    assert [key for key in index_keys(one.identity) if key.scheme == "title"] == []


def test_deadlines_that_differ_keep_calls_of_two_sources_apart_unless_a_number_joins_them() -> None:
    one, other = known("a", source="kkj", deadline=30), known("b", deadline=31)
    assert tenders([one, other]) == []
    assert tenders([one, replace(other, identity=replace(other.identity, deadline=None))]) == [{"a", "b"}]
    numbered = known("c", source="digital_agency", deadline=30, references=case(7))
    assert tenders([numbered, known("b", deadline=31, references=case(7))]) == [{"b", "c"}]


def test_next_years_service_is_another_tender_though_its_title_names_no_year() -> None:
    title = "ビル昇降機設備監視遠隔メンテナンス作業（霞が関）"
    assert tenders([known("a", title, source="kanpo"), known("b", title, day=365)]) == []
    assert tenders([known("a", title, source="kanpo"), known("b", title, day=40)]) == []


def test_what_a_source_lists_twice_is_two_and_another_source_joins_neither() -> None:
    """大王小学校屋内運動場大規模改造工事, listed twice on a day: the trades of one building."""
    twice = [known("a", source="kkj"), known("b", source="kkj")]
    assert tenders(twice) == []
    assert tenders([*twice, known("c", source="kanpo")]) == []
    assert tenders([*twice, known("c", source="kanpo"), known("d")]) == [{"c", "d"}]


def test_a_notice_that_fits_two_that_do_not_fit_each_other_joins_neither() -> None:
    one, other = known("a", source="kanpo", deadline=30), known("b", deadline=31)
    assert tenders([one, other, known("c", source="kkj")]) == []


def test_no_chain_joins_what_contradicts() -> None:
    """Both ends of the chain are joined to the middle by a number, and are of two cases."""
    middle = known("b", source="jetro_national", references=place("2026-04-01", 4))
    first = known("a", source="kanpo", references=place("2026-04-01", 4), text="x")
    portal = known("c", references=case(1))
    other = known("d", references=case(2))
    found = tenders([first, middle, portal, other])
    assert not any({"c", "d"} <= group for group in found)


def test_a_day_on_which_a_notice_was_first_seen_is_no_day_of_publication() -> None:
    assert tenders([known("a", source="nedo", undated=True), known("b", source="kkj")]) == []


# --- What follows a call --------------------------------------------------------------------------


def test_a_repeated_call_joins_the_first() -> None:
    first = known("a", references=case(1))
    again = known("b", f"{WORK}（再度公告）", day=60, references=case(2))
    assert rule(first, again) == "re-tender"
    assert rule(first, known("c", WORK, day=60, references=case(2))) is None, "nothing says that it is repeated"
    assert rule(first, known("d", f"{WORK}（再公告）", day=200, references=case(2))) is None, "too late"
    assert rule(first, known("e", f"{WORK}その２（再公告）", day=60, references=case(2))) is None, "another lot"


def test_a_third_call_joins_by_way_of_the_second_and_none_joins_where_two_came_before() -> None:
    first, second = known("a", references=case(1)), known("b", f"{WORK}（再公告）", day=40, references=case(2))
    third = known("c", f"{WORK}（再々公告）", day=80, references=case(3))
    assert tenders([first, second, third]) == [{"a", "b", "c"}]
    assert tenders([first, known("d", day=5, references=case(4)), second]) == []


def test_a_repeated_call_joins_though_the_first_was_cancelled() -> None:
    first = known("a", references=case(1))
    cancelled = known("b", f"中止公告（{WORK}）", day=20, kind=NoticeKind.CANCELLATION, references=case(1))
    again = known("c", f"{WORK}（再公告）", day=50, references=case(2))
    assert tenders([first, cancelled, again]) == [{"a", "b", "c"}]


@pytest.mark.parametrize("kind", [NoticeKind.AMENDMENT, NoticeKind.CANCELLATION])
def test_a_correction_or_cancellation_joins_the_only_call_that_is_open(kind: NoticeKind) -> None:
    """旧教育研究所解体工事: called on 9 June, cancelled on 16 June, called again on 30 July without saying so."""
    title = "旧教育研究所解体工事"
    call = known("a", title, source="kkj")
    change = known("b", f"中止公告（{title}）", source="kkj", day=7, kind=kind)
    later = known("c", title, source="kkj", day=51)
    assert rule(call, change) == "correction"
    assert tenders([call, change, later]) == [{"a", "b"}]
    assert tenders([change, later]) == [], "nothing is corrected before it is called"
    assert (
        tenders([call, replace(change, identity=replace(change.identity, published=BASE + timedelta(days=120)))])
        == []
    )


def test_a_correction_long_after_the_deadline_or_of_two_possible_calls_joins_none() -> None:
    late = known("b", day=60, source="kkj", kind=NoticeKind.AMENDMENT)
    assert tenders([known("a", source="kkj", deadline=30), late]) == []
    assert tenders([known("a", source="kkj", deadline=55), late]) == [{"a", "b"}]
    assert tenders([known("a", source="kkj"), known("c", source="kkj", day=20), late]) == []


def test_a_document_named_correction_joins_the_call() -> None:
    """KKJ gives both the same title: only the document's name tells them apart."""
    folder = "https://www.city.shiso.lg.jp/material/files/group/29/250731_K06_koukokusho"
    call = known("a", "K06 宍粟防災センター高圧電気設備改修工事", source="kkj", document_url=f"{folder}.pdf")
    again = known(
        "b", "K06 宍粟防災センター高圧電気設備改修工事", source="kkj", day=5, document_url=f"{folder}_teisei1.pdf"
    )
    assert rule(call, again) == "correction"


def test_a_result_joins_the_only_call_before_it() -> None:
    title = "大津地方検察庁照明設備改修工事"
    call = known("a", f"入札公告（{title}）", source="kkj")
    result = known("b", f"工事の入札結果等について（{title}）", source="kkj", day=70, kind=NoticeKind.AWARD)
    assert rule(call, result) == "award"
    assert tenders([call, known("c", title, source="kkj", day=30), result]) == [], "which of the two was awarded?"
    early = replace(result, identity=replace(result.identity, published=BASE))
    assert tenders([call, early]) == []


def test_a_result_that_states_the_day_of_its_call_joins_that_call() -> None:
    calls = [known("a", source="kanpo"), known("c", source="kanpo", day=100)]
    for stated, together in (("8. 4. 1", [{"a", "b"}]), ("8. 7.10", [{"b", "c"}]), ("8. 5.20", [])):
        dates = (("入札公告日又は公示日", stated),)
        result = known("b", source="kanpo", day=160, kind=NoticeKind.AWARD, portal_dates=dates)
        assert tenders([*calls, result]) == together


def test_two_results_alone_are_two_contracts() -> None:
    """サイバーセキュリティ機能拡大に係る業務委託: four contracts of one buyer in one issue."""
    title = "サイバーセキュリティ機能拡大に係る業務委託"
    assert tenders([known(name, title, source="kanpo", kind=NoticeKind.AWARD) for name in "abcd"]) == []


def test_a_request_joins_the_call_that_follows_it() -> None:
    request = known(
        "a",
        "次期気象観測網運営基盤の調達に係る仕様書案に対する意見招請",
        kind=NoticeKind.COMMENT_REQUEST,
        references=case(1),
    )
    call = known("b", "次期気象観測網運営基盤　一式", day=120, references=case(2))
    assert rule(request, call) == "early-signal"
    assert tenders([request, call, known("c", "次期気象観測網運営基盤", day=500, references=case(3))]) == [{"a", "b"}]
    assert tenders([request, call, known("c", "次期気象観測網運営基盤", day=150, references=case(3))]) == []
    assert tenders([request, known("c", "次期気象観測網運営基盤", day=600, references=case(3))]) == []
    assert tenders([request, known("c", "次期気象観測網運営基盤（令和10年度）", day=120)]) == []


def test_announcement_information_comments_and_call_are_one_procurement() -> None:
    kinds = (NoticeKind.PLANNED, NoticeKind.INFORMATION_REQUEST, NoticeKind.COMMENT_REQUEST, NoticeKind.TENDER)
    notices = [
        known(name, day=90 * number, kind=kind) for number, (name, kind) in enumerate(zip("abcd", kinds, strict=True))
    ]
    assert tenders(notices) == [{"a", "b", "c", "d"}]


def test_last_years_request_does_not_take_this_years_call() -> None:
    old, new = (known(name, day=day, kind=NoticeKind.COMMENT_REQUEST) for name, day in (("a", 0), ("b", 365)))
    assert tenders([old, new, known("c", day=420)]) == [{"b", "c"}]


# --- Persons --------------------------------------------------------------------------------------


def pair(one: str, other: str) -> frozenset[UUID]:
    return frozenset((called(one), called(other)))


def test_what_a_person_put_together_is_together_and_says_so() -> None:
    one, other = known("a"), known("b", "別の件名の調査業務", buyer="総務省", day=400)
    outcome = merged(one, other, decisions={pair("a", "b"): MergeVerdict.TOGETHER})
    assert outcome.tender_of == {called("b"): called("a")}
    assert links_of(one, other, decisions={pair("a", "b"): MergeVerdict.TOGETHER})[called("b")].rule == "person"


def test_what_a_person_set_apart_never_ends_in_one_tender() -> None:
    notices = [known("a", source="kanpo"), known("b", day=1), known("c", source="kkj", day=2)]
    assert tenders(notices) == [{"a", "b", "c"}]
    apart = {pair("a", "c"): MergeVerdict.APART}
    found = tenders(notices, apart)
    assert len(found) == 1
    assert not {"a", "c"} <= found[0]
    numbered = [known("a", references=case(1)), known("b", references=case(1))]
    assert tenders(numbered, {pair("a", "b"): MergeVerdict.APART}) == []


def test_apart_holds_against_together_by_way_of_a_third() -> None:
    notices = [known("a"), known("b", "乙地区測量", day=1), known("c", "丙地区測量", day=2)]
    decisions = {
        pair("a", "b"): MergeVerdict.TOGETHER,
        pair("b", "c"): MergeVerdict.TOGETHER,
        pair("a", "c"): MergeVerdict.APART,
    }
    found = tenders(notices, decisions)
    assert not any({"a", "c"} <= group for group in found)


# --- Tenders --------------------------------------------------------------------------------------


def test_the_tender_that_was_seen_first_survives_whenever_it_was_published() -> None:
    late, early = known("a", source="kkj", day=0, seen=5), known("b", day=2, seen=3)
    outcome = merged(late, early)
    assert outcome.tender_of == {called("a"): called("b")}
    assert outcome.aliases == {called("a"): called("b")}


def test_merging_again_changes_nothing() -> None:
    notices = [known("a", source="kanpo"), known("b", day=1), known("c", source="kkj", day=2)]
    first = merged(*notices)
    after = [replace(one, tender_id=first.tender_of.get(one.id, one.tender_id)) for one in notices]
    again = merge(after, [], {})
    assert (again.tender_of, again.aliases) == ({}, {})
    assert again.links == first.links


def test_a_notice_that_joins_two_tenders_makes_them_one() -> None:
    one = known("a", "甲地区環境影響予測調査", references=place("2026-04-01", 3), source="kanpo")
    other = known("b", "甲地区環境影響予測調査（本文）", buyer="総務省", seen=1, references=case(5))
    both = {**place("2026-04-01", 3), **case(5)}
    between = known("c", "甲地区環境影響予測調査", source="jetro_national", seen=2, references=both)
    outcome = merge([between], [one, other], {})
    assert outcome.tender_of == {called("b"): called("a"), called("c"): called("a")}
    assert outcome.aliases == {called("b"): called("a"), called("c"): called("a")}


def test_the_first_notice_keeps_the_tender_when_a_person_parts_it() -> None:
    link = Link("same-title", called("a"))
    one, other = known("a"), replace(known("b", day=1), tender_id=called("a"), link=link)
    outcome = merge([other], [one], {pair("a", "b"): MergeVerdict.APART})
    assert outcome.tender_of == {called("b"): called("b")}
    assert (outcome.left, outcome.revived) == ((called("a"),), {called("b"): called("a")})
    assert (outcome.aliases, outcome.links) == ({}, {called("b"): None})


def test_what_a_title_joined_before_stays_where_not_all_notices_of_that_title_are_at_hand() -> None:
    """Only a number leads here: of the title's notices others may exist, so that nothing is decided about it."""
    call = known("a", source="kanpo", references=place("2026-04-01", 3))
    link = Link("same-title", called("a"))
    copy = replace(known("b", source="kkj", day=3), tender_id=called("a"), link=link)
    place_of_call = place("2026-04-01", 3)
    fresh = known("c", f"{WORK}の写し", source="jetro_national", seen=4, references=place_of_call)
    outcome = merge([fresh], [call, copy], {})
    assert outcome.tender_of == {called("c"): called("a")}
    apart = merge([fresh], [call, replace(copy, tender_id=called("b"))], {})
    assert apart.tender_of == {called("c"): called("a")}


def test_a_number_that_far_too_many_notices_have_is_none() -> None:
    notices = [known(f"n{number}", f"第{number}地区調査", references=case(1)) for number in range(60)]
    assert merge(notices, [], {}).tender_of == {}


def test_keys_that_the_record_left_out_join_nothing() -> None:
    """Of a title that very many notices have not all are at hand: another call may exist."""
    call, change = known("a", source="kkj"), known("b", source="kkj", day=7, kind=NoticeKind.AMENDMENT)
    assert merge([call, change], [], {}).tender_of
    assert merge([call, change], [], {}, common=index_keys(call.identity)).tender_of == {}
    numbered = [known("c", references=case(1)), known("d", "別の件名の調査業務", references=case(1))]
    assert merge(numbered, [], {}, common=index_keys(numbered[0].identity)).tender_of == {}


def test_every_link_names_a_rule_that_readers_are_told() -> None:
    notices = [known("a", source="kanpo"), known("b", day=1), known("c", f"{WORK}（再公告）", day=60)]
    assert {link.rule for link in links_of(*notices).values()} <= MERGE_RULES.keys()


# --- Keys of the record ---------------------------------------------------------------------------


def test_a_notice_is_indexed_by_its_exact_keys_and_one_hash_of_buyer_and_title() -> None:
    one = known("a", references=case(9), prefecture="大阪府").identity
    exact, title = index_keys(one)
    assert exact == IdentityKey("pportal-case", f"{9:019}")
    assert (title.scheme, len(title.value)) == ("title", 16)
    repeated = known("b", f"{WORK}（再公告）", source="kkj", day=9).identity
    assert title in index_keys(repeated)
    assert title not in index_keys(known("c", buyer="総務省").identity)
    assert title not in index_keys(known("d", f"令和９年度{WORK}").identity)


def test_an_award_names_the_case_that_its_notice_has() -> None:
    number = f"{570998:019}"
    notice = known("a", references=case(570998)).identity
    award = ScrapedAward(
        source="pportal_awards", key="1", title=WORK, date=BASE, published=BASE, supplier="例社", case_number=number
    )
    assert case_numbers(notice) == (number,)
    assert set(award_keys(award)) <= set(index_keys(notice))


# --- Order ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    id: UUID
    notice: ScrapedNotice
    reading: Reading


def read(
    name: str, source: str, kind: NoticeKind = NoticeKind.TENDER, *, day: int = 0, round: int | None = 1
) -> Read:
    published = BASE + timedelta(days=day)
    notice = ScrapedNotice(
        source=source, key=name, title=name, kind=kind, published=published, url="https://www.example.jp/"
    )
    identity = Identity(source, kind, published, round=round) if round else None
    return Read(called(name), notice, Reading(identity=identity))


def test_calls_come_first_then_the_newest_round_then_the_legal_place_of_publication() -> None:
    best = [
        read("second call", "kkj", day=60, round=2),
        read("gazette", "kanpo", day=3),
        read("portal", "pportal", day=2),
        read("agency", "moe"),
        read("configured page", "somewhere", day=1),
        read("mobile list", "tokyo_eproc"),
        read("jetro", "jetro_national"),
        read("kkj", "kkj"),
        read("older program", "kkj", day=1, round=None),
        read("comments", "pportal", NoticeKind.COMMENT_REQUEST),
        read("correction", "kanpo", NoticeKind.AMENDMENT, day=9),
        read("award", "kanpo", NoticeKind.AWARD, day=90),
    ]
    for seed in range(5):
        assert order(random.Random(seed).sample(best, len(best))) == best


def test_of_equal_notices_the_older_and_then_the_smaller_id_comes_first() -> None:
    same = sorted((read("x", "moe"), read("y", "moe")), key=lambda one: one.id)
    assert order([read("z", "moe", day=1), *reversed(same)])[:2] == same
