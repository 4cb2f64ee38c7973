"""What a notice demands of bidders, by phrases of real notices."""

from dataclasses import replace
from datetime import date

import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import PHRASE, Origin, Requirement, RequirementKind
from monitor.reading.access import read_requirements

PLAIN = ScrapedNotice(
    source="kkj",
    key="1",
    title="庁舎清掃業務",
    kind=NoticeKind.TENDER,
    published=date(2026, 6, 22),
    url="https://example.jp/1",
)
SERVICES, SALE, MANUFACTURE, PURCHASE = "役務の提供等", "物品の販売", "物品の製造", "物品の買受け"


def of_text(text: str) -> list[Requirement]:
    return list(read_requirements(replace(PLAIN, text=text)))


def kinds(text: str) -> list[RequirementKind]:
    return [one.kind for one in of_text(text)]


@pytest.mark.parametrize(
    ("text", "fields", "ranks"),
    [
        (
            "内閣府競争参加資格（全省庁統一資格）において「役務の提供等」のＡ、Ｂ又はＣの等級に格付けされている者",
            (SERVICES,),
            "ABC",
        ),
        (
            "（全省庁統一資格）「役務の提供等」の「Ａ」、「Ｂ」、「Ｃ」又は「Ｄ」の等級に格付けされている者",
            (SERVICES,),
            "ABCD",
        ),
        ("（全省庁統一資格）「役務の提供」のＡ、Ｂ、Ｃ又はＤの等級に格付され、東海・北陸地域の", (SERVICES,), "ABCD"),
        ("（全省庁統一資格）「物品の販売」 のＡ，Ｂ，Ｃ又はＤ等級の何れかの等級に格付けされ", (SALE,), "ABCD"),
        ("「物品の販売」において「Ａ・Ｂ・Ｃ・Ｄ」の等級に格付けされている", (SALE,), "ABCD"),
        (
            "（全省庁統一資格）において 物品の販 売 で Ｄ 以上の等級に格付けされ 中国地域の資格を有する",
            (SALE,),
            "ABCD",
        ),
        ("(全省庁統一資格)において「役務の提供等」の「D」等級以上に格付され", (SERVICES,), "ABCD"),
        ("（全省庁統一資格）「役務の提供等」の「調査・研究」がＣ等級以上に格付けされ", (SERVICES,), "ABC"),
        ("近畿地域の「物品の製造又は物品の販売」のＡ、Ｂ又はＣ等級に格付けされている者", (MANUFACTURE, SALE), "ABC"),
        ("「物品の製造」又は「物品の販売（その他）」でA、B、又はC等級に格付けされている", (MANUFACTURE, SALE), "ABC"),
        ("資格の種類及び等級が「物品の製造」の等級Ｂ又はＣ等級に格付けされた者", (MANUFACTURE,), "BC"),
        ("（全省庁統一資格）の「物品の買受け」について、Ｂ等級以上に格付けされ", (PURCHASE,), "AB"),
        ("「物品の販売」（等級及び地域は問わない。）の競争参加資格を有している者", (SALE,), ""),
        ("（全省庁統一資格）「物品の販売」において関東・甲信越地域の競争参加資格を有する者", (SALE,), ""),
        ("全省庁統一資格において、Ａ、Ｂ又はＣの等級に格付けされた者であること。", (), "ABC"),
        # Without the word for a rank
        ("全省庁統一資格「役務の提供等」のＡ又はＢを有する者であること。", (SERVICES,), "AB"),
        ("参加資格 全省庁統一資格「物品の販売」Ａ～Ｄ 契約予定金額が１６０万円以下の案件です。", (SALE,), "ABCD"),
        ("国の競争参加資格において「役務の提供等」（Ｂ、Ｃ、Ｄ）の資格を有すること。", (SERVICES,), "BCD"),
        ("全省庁統一資格の物品の販売：Ｂ", (SALE,), "B"),
        ("全省庁統一資格「物品の販売」Ａ社の代理店", (SALE,), ""),
        ("町の名簿に登録され、建築一式工事の格付けがＡ級又はＢ級の者", ("建築一式工事",), "AB"),
        (
            "地方整備局における一般土木工事Ｃ等級に係る一般競争参加資格の認定を受けていること。",
            ("一般土木工事",),
            "C",
        ),
        ("近畿地域「防水」にて「Ｃ」又は「Ｄ」等級の競争参加資格を有する者であること。", ("防水",), "CD"),
        (
            "（全省庁統一資格）[役務の提供等]の[調査・研究]において[Ｂ]、[Ｃ]又は[Ｄ]級に格付されている者",
            (SERVICES,),
            "BCD",
        ),
        ("全省庁統一資格のうち ・資格の種類 物品の販売 ・資格の等級 Ａ、Ｂ又はＣ等級", (SALE,), "ABC"),
        (
            "建設工事等の競争参加者の資格のうち、建築一式工事に係るＤ等級の認定を受けていること",
            ("建築一式工事",),
            "D",
        ),
        ("格付 B 級を有している者", (), "B"),
        ("市の入札参加資格者名簿に登録され、ランクがＡ～Ｃの者", (), "ABC"),
        ("総務省競争参加資格（全省庁統一資格）を有する者であること。", (), ""),
    ],
)
def test_a_qualification_is_read_with_its_fields_and_ranks(text: str, fields: tuple[str, ...], ranks: str) -> None:
    (found,) = of_text(text)
    assert found.kind is RequirementKind.QUALIFICATION
    assert (found.fields, "".join(found.ranks)) == (fields, ranks)
    assert found.origin is Origin.JAPANESE
    assert found.phrase in " ".join(text.split())
    assert len(found.phrase) <= PHRASE


def test_ranks_belong_to_the_fields_before_them() -> None:
    text = "「物品の製造」のＡ等級又は「役務の提供等」のＡ、Ｂ又はＣ等級に格付けされている者"
    assert [(one.fields, one.ranks) for one in of_text(text)] == [
        ((MANUFACTURE,), ("A",)),
        ((SERVICES,), ("A", "B", "C")),
    ]


def test_the_sources_own_field_comes_first_and_the_text_does_not_say_it_again() -> None:
    words = "国の競争参加資格（全省庁統一資格）の「役務の提供等」のＡ又はＢ等級に格付けされている者であること。"
    (found,) = read_requirements(replace(PLAIN, qualification=words, text=f"２　競争参加資格\n⑵　{words}"))
    assert found.origin is Origin.FIELD
    (tokyo,) = read_requirements(replace(PLAIN, qualification="受付等級 A,B"))
    assert (tokyo.fields, tokyo.ranks, tokyo.origin) == ((), ("A", "B"), Origin.FIELD)


def test_works_say_it_in_the_title() -> None:
    title = "令和8年度 配水池高圧受電設備改修工事【電気工事Ａ・Ｂ級（市内本店）】"
    rank, region = read_requirements(replace(PLAIN, title=title))
    assert (rank.fields, rank.ranks, rank.origin) == (("電気工事",), ("A", "B"), Origin.TITLE)
    assert (region.kind, region.phrase) == (RequirementKind.REGION, "市内本店")
    (tsuruoka,) = read_requirements(replace(PLAIN, title="4月8日公告（電気AB）格付指定型一般競争入札の公告について"))
    assert (tsuruoka.fields, tsuruoka.ranks) == (("電気",), ("A", "B"))


@pytest.mark.parametrize(
    "text",
    [
        "発注等級：B",
        "事 業 名 森林環境保全整備事業 （２）等級 Ｂ",
        "なお、Ｂ、Ｃ又はＤの等級に格付された者であるときは、履行実績を有することを証明すること。",
        "なお、Ｄ等級の者は、本入札公告と同等以上の仕様の業務をした実績を証明できる者であること。",
        "本公告に係る役務の提供等をした実績等を証明できる者で、等級に相当する数値となる者",
        "物品の製造契約及び役務等契約指名停止等措置要領に基づく指名停止を受けていないこと。",
        "物品の製造・販売等に係る競争契約",
        "全省庁統一資格「役務の提供等」においてＤ等級に格付けされていない者",
    ],
)
def test_ranks_and_fields_that_demand_nothing_are_left_out(text: str) -> None:
    assert of_text(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "⑻　福島県内に本店、支店又は営業所が所在すること。",
        "山形県内に本社、支社、支店、営業所を有する者であること。",
        "また、中部森林管理局管内に本・支店又は営業所が所在する者であること。",
        "東京都、埼玉県又は山梨県（以下「東京都隣接県」という。）に建設業 法の規定に基づく本店、支店又は営業所を有すること。",
        "（４）近畿地域に建設業法に基づく本店、支店又は営業所を有すること。",
        "市内に本店を有する者であること。",
        "県内に主たる営業所を有する者",
        "区内に本店又は支店を置く者",
        "主たる営業所の所在地が○○市内にあること。",
        "市内業者であること。",
        "地域要件：区内業者に限る",
    ],
)
def test_an_office_in_a_place_is_a_requirement(text: str) -> None:
    assert RequirementKind.REGION in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "関東・甲信越地域の競争参加資格を有する者であること。",
        "役員、支店若しくは営業所（常時契約を締結する事務所をいう。）の代表者",
        "当該者の本店所在地（日本国内に本店がない場合においては、日本国内の主たる営業所の所在地。以下同じ。）",
        "資格審査結果通知書に記載されている本店、商号、代表者等に変更がある場合",
        "開札の日時及び場所　令和７年９月２日　当機構本店会議室",
        "落札者　㈱見本　佐賀営業所　佐賀県佐賀市鍋島町",
        "市内に本店を有する者は、評価点に加点する。",
        "地域要件：なし",
        "市内に本店、支店又は営業所等を有していることは要件としない。",
        "本店が市内にあることを要しない。",
        "落札後に市内に営業所を設置すること。",
        "県内企業（県内に本店を有する企業）を下請に活用するよう努めること。",
        "市内に本店を有する者が２者以上ある場合",
    ],
)
def test_offices_that_nobody_demands_are_left_out(text: str) -> None:
    assert RequirementKind.REGION not in kinds(text)


def test_lines_without_full_stops_do_not_run_into_the_words_of_a_requirement() -> None:
    text = (
        "開札日 令和8年6月18日(木)午前10時\n参加申請期限 令和8年6月8日(月)\n最低制限価格 あり(非公表)\n"
        "入札参加資格 町内に本店がある者で、建築一式工事の格付けがA級又はB級の者\n契約保証金 免除"
    )
    assert {one.kind: one.phrase for one in of_text(text)} == {
        RequirementKind.REGION: "入札参加資格 町内に本店がある者で、建築一式工事の格付けがA級又はB級の者",
        RequirementKind.QUALIFICATION: "入札参加資格 町内に本店がある者で、建築一式工事の格付けがA級又はB級の者",
    }
    (flat,) = of_text(
        " ".join(f"{word} 別に定めるところによる" for word in ("納期", "入札保証金", "支払"))
        + " 市内に本店を有する者"
    )
    assert flat.phrase == "市内に本店を有する者"


def test_a_sentence_over_several_lines_is_shown_as_a_whole() -> None:
    text = "(4) 法務省競争参加資格(全省庁統一資格)「役務の提供\n等」において、等級「Ｃ」以上に格付けされ、競争参加地域「関東・甲信越地\n域」の資格を有している者であること。"
    assert of_text(text)[0].phrase == " ".join(text.removeprefix("(4) ").removesuffix("。").split())


def test_a_portals_field_may_state_the_region() -> None:
    (found,) = read_requirements(replace(PLAIN, references=(("地域要件", "区内業者に限る"),)))
    assert (found.kind, found.phrase, found.origin) == (RequirementKind.REGION, "区内業者に限る", Origin.FIELD)
    assert read_requirements(replace(PLAIN, references=(("地域要件", "なし"),))) == ()


@pytest.mark.parametrize(
    ("text", "reserved"),
    [
        ("入札に参加できる者は中小企業者に限る。", True),
        ("中小企業者又は官公需適格組合に限る。", True),
        ("中小企業基本法に定める中小企業者であること。", True),
        ("落札者が中小企業信用保険法第２条第１項に規定する中小企業者である場合は、特約条項を適用する。", False),
        ("「技術力ある中小企業者等の入札参加機会拡大について」の要件を充たす者", False),
        ("中小企業等が、給与総額を増加させる旨を表明した場合（中小企業等に限る。）、加点する。", False),
        ("「官公需適格組合における組合員からの在籍出向者たる監理技術者の取扱い」", False),
        ("中小企業庁長官官房総務課長", False),
        ("中小企業者であることは問わない。", False),
    ],
)
def test_only_what_is_reserved_for_small_businesses_is_a_requirement(text: str, reserved: bool) -> None:
    assert (RequirementKind.SMALL_BUSINESS in kinds(text)) is reserved


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("入札説明会に参加した者であること。", True),
        ("入札説明会に参加しない者は、入札に参加できない。", True),
        ("説明会への参加は必須とする。", True),
        ("現場説明会には必ず参加すること。", True),
        ("入札説明会への出席を入札参加の条件とする。", True),
        ("※説明会に参加していない者の企画提案は受け付けない。", True),
        ("・説明会 2026年6月5日 10:00~11:00(参加必須)", True),
        ("入札説明会に参加しない者も入札に参加できる。", False),
        ("説明会への参加は必須ではない。", False),
        ("入札説明会は実施しない。", False),
        ("本説明会への参加を希望する者は、必ず７月22日17時までに上記に連絡すること。", False),
        ("入札説明会に参加した者又は入札説明会資料を入手した者であること。", False),
        ("入札説明会参加者は入札説明会の際、直接交付する。", False),
        ("説明会参加者は、入札説明書を入手し、事前登録の上、参加すること。", False),
    ],
)
def test_attendance_is_a_requirement_only_where_it_is_demanded(text: str, required: bool) -> None:
    assert (RequirementKind.MEETING in kinds(text)) is required


def test_a_notice_without_demands_has_none() -> None:
    assert read_requirements(PLAIN) == ()
