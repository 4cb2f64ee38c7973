"""What a notice is recognised by: numbers, documents, and the title without what sources add to it."""

import base64
import csv
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest

from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Attachment, NoticeKind, ScrapedNotice
from db.vocabulary.reading import DateKind, FoundDate, IdentityKey, Origin
from monitor.reading.identity import SCHEMES, Title, award_keys, identity_of, read_title, site_of

PAIRS = Path(__file__).parents[4] / "shared" / "samples" / "pportal_awards"


def notice(title: str = "健康調査の集計業務", source: str = "kkj", **fields: object) -> ScrapedNotice:
    values: dict[str, object] = {
        "key": "1",
        "kind": NoticeKind.TENDER,
        "published": date(2026, 6, 22),
        "url": "https://www.kkj.go.jp/d/?D=x&L=ja",
    }
    return ScrapedNotice(source=source, title=title, **(values | fields))  # type: ignore[arg-type]


def keys(one: ScrapedNotice, scheme: str) -> list[str]:
    return [key.value for key in identity_of(one, buyer=None).keys if key.scheme == scheme]


def title(text: str) -> Title:
    return read_title(notice(text))


# --- Titles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "大津地方検察庁照明設備改修工事",
        "入札公告（大津地方検察庁照明設備改修工事）",
        "工事の入札結果等について（大津地方検察庁照明設備改修工事）",
        "中止公告（大津地方検察庁照明設備改修工事）",
        "一般競争入札（条件付き）の実施について（大津地方検察庁照明設備改修工事）",
        "大津地方検察庁照明設備改修工事に係る一般競争入札について",
        "大津地方検察庁　照明設備改修工事一式",
        "（公告）大津地方検察庁照明設備改修工事",
        "＜変更＞ 大津地方検察庁照明設備改修工事",
        "【電子入札】【電子契約】大津地方検察庁照明設備改修工事",
        "大津地方検察庁照明設備改修工事（電子入札対象案件）",
        "事後審査型条件付き一般競争入札 大津地方検察庁照明設備改修工事",
        "大津地方検察庁照明設備改修工事に係る簡易公募型プロポーザル方式手続開始の公示",
        "「大津地方検察庁照明設備改修工事」に係る企画競争実施の公示",
        "大津地方検察庁照明設備改修工事【総合評価落札方式】",
        "大津地方検察庁照明設備改修工事（令和8年4月15日公告）",
        "R8.6.15公告大津地方検察庁照明設備改修工事",
        "4月8日公告（電気AB）格付指定型一般競争入札の公告について工事名：大津地方検察庁照明設備改修工事",
        "（8.7.24公告）大津地方検察庁照明設備改修工事",
        "【入札情報】【一般競争入札】大津地方検察庁照明設備改修工事に係る一般競争入札",
        "「大津地方検察庁照明設備改修工事」の公募について（予告）",
    ],
)
def test_what_a_source_says_around_a_title_is_no_part_of_it(written: str) -> None:
    assert title(written) == Title("大津地方検察庁照明設備改修工事")


@pytest.mark.parametrize(
    "written",
    [
        "次期電子調達システムの調達",
        "次期電子調達システム　一式",
        "次期電子調達システムの調達に係る仕様書案に対する意見招請",
        "次期電子調達システムに関する資料提供招請について",
        "「次期電子調達システム」に係る情報提供依頼（RFI）",
    ],
)
def test_the_words_that_make_a_request_are_no_part_of_the_title(written: str) -> None:
    assert title(written).stem == "次期電子調達システム"


@pytest.mark.parametrize(
    ("written", "round"),
    [
        ("行政機関等向け申請管理サービスの設計・開発等", 1),
        ("行政機関等向け申請管理サービスの設計・開発等（再公告）", 2),
        ("行政機関等向け申請管理サービスの設計・開発等（再度公告）", 2),
        ("＜再度＞行政機関等向け申請管理サービスの設計・開発等", 2),
        ("行政機関等向け申請管理サービスの設計・開発等（再）", 2),
        ("行政機関等向け申請管理サービスの設計・開発等【再公告分】", 2),
        ("行政機関等向け申請管理サービスの設計・開発等（再度公告入札）", 2),
        ("行政機関等向け申請管理サービスの設計・開発等【再度公告】[総合評価落札方式]", 2),
        ("行政機関等向け申請管理サービスの設計・開発等（２回目）", 2),
        ("行政機関等向け申請管理サービスの設計・開発等　再公告", 2),
        ("行政機関等向け申請管理サービスの設計・開発等（再々公告）", 3),
    ],
)
def test_a_repeated_call_has_its_round_and_the_title_of_the_first(written: str, round: int) -> None:
    assert title(written) == Title("行政機関等向け申請管理サービスの設計開発等", round=round)


@pytest.mark.parametrize(
    ("written", "stem", "parts"),
    [
        ("令和５年度　補助金申請システムの開発支援業務", "補助金申請システムの開発支援業務", ("fy2023",)),
        ("補助金申請システムの開発支援業務（令和5年度）", "補助金申請システムの開発支援業務", ("fy2023",)),
        ("R5年度補助金申請システムの開発支援業務", "補助金申請システムの開発支援業務", ("fy2023",)),
        ("2023年度補助金申請システムの開発支援業務", "補助金申請システムの開発支援業務", ("fy2023",)),
        ("平成31年度補助金申請システムの開発支援業務", "補助金申請システムの開発支援業務", ("fy2019",)),
        ("令和元年度補助金申請システムの開発支援業務", "補助金申請システムの開発支援業務", ("fy2019",)),
        ("工程管理等支援業務（令和6～7年度）", "工程管理等支援業務", ("fy2024-2025",)),
        ("工程管理等支援業務（令和6年度～7年度）", "工程管理等支援業務", ("fy2024-2025",)),
        ("e-Gov運用業務（2025年度～2026年度）", "e-gov運用業務", ("fy2025-2026",)),
        ("保安帽（シールド付）の買入れ（その３）", "保安帽シールド付の買入れ", ("その3",)),
        ("鉄屑売払（静岡国道）その１", "鉄屑売払静岡国道", ("その1",)),
        (
            "棚倉森林管理署収穫調査業務委託（立木販売）【第２回】",
            "棚倉森林管理署収穫調査業務委託立木販売",
            ("第2回",),
        ),
        ("１号館改修電気設備工事（２期）", "1号館改修電気設備工事", ("第2期",)),
        ("（７）警備システム用屋外電源改修工事", "警備システム用屋外電源改修工事", ("(7)",)),
        ("交通信号機改良等工事 第8−2号", "交通信号機改良等工事", ("第8-2号",)),
        ("令和７年度 第６２号〜１ 交通信号機改良工事", "交通信号機改良工事", ("fy2025", "第62号~1")),
        (
            "志布志公園体育館空調設備設置工事（機械設備工事１工区）",
            "志布志公園体育館空調設備設置工事機械設備工事",
            ("第1工区",),
        ),
        ("Ａ重油購入（凌風丸分）２回目　約50ＫＬ", "a重油購入凌風丸分", ("第2回目",)),
    ],
)
def test_lots_years_and_numbers_are_parts_in_one_spelling(written: str, stem: str, parts: tuple[str, ...]) -> None:
    found = title(written)
    assert (found.stem, found.parts) == (stem, parts)


@pytest.mark.parametrize(
    "written",
    [
        "再生可能エネルギー見える化モデル事業",  # 再 is no second round
        "次世代3次元地図データ作成業務",
        "来庁者用2回線敷設作業",
        "一般廃棄物収集運搬業務",
        "情報システムの更新",
        "変更管理システム実施設計（修正）業務",
        "入札情報サービスの保守",
        "その他電気設備工事",
    ],
)
def test_words_of_the_subject_are_not_taken_for_marks(written: str) -> None:
    found = title(written)
    assert (found.round, found.parts) == (1, ())
    assert found.stem == written.replace("（", "").replace("）", "")


def test_a_bureau_in_front_of_a_title_is_kept_beside_it() -> None:
    found = title("【九州局】令和８年度市場競争環境評価調査に係る役務請負")
    assert found == Title("市場競争環境評価調査に係る役務請負", ("fy2026",), office="九州局")


def test_a_quantity_is_kept_beside_the_title_and_one_set_says_nothing() -> None:
    assert title("パーソナルコンピュータ　1,135台") == Title("パーソナルコンピュータ", quantity="1135台")
    assert title("パーソナルコンピュータ　１式") == title("パーソナルコンピュータ") == Title("パーソナルコンピュータ")


def test_numbers_that_brackets_part_do_not_become_one_number() -> None:
    assert title("買入れ（特別区１）（10月分）").stem != title("買入れ（特別区１１）（0月分）").stem


def test_a_correction_in_the_gazette_has_no_title_of_its_own() -> None:
    buyer = "国立研究開発法人物質・材料研究機構　財務部門長"
    one = notice(f"入札公告の訂正　{buyer}", "kanpo", kind=NoticeKind.AMENDMENT, buyer=buyer)
    assert read_title(one) == Title()


def test_a_title_of_nothing_but_marks_leaves_something_and_a_very_long_one_is_told_by_all_of_it() -> None:
    assert title("入札公告").stem == "入札公告"
    long = "医薬品の購入と" * 100
    assert title(long + "甲").stem != title(long + "乙").stem
    assert len(title(long + "甲").stem) <= 300


def test_a_day_in_front_of_a_title_stays_for_it_may_tell_two_events_apart() -> None:
    assert title("令和8年10月1日 県民講演会運営業務").stem != title("令和8年11月1日 県民講演会運営業務").stem


# --- Keys -----------------------------------------------------------------------------------------


def test_the_number_of_a_case_is_a_key_and_a_dash_is_none() -> None:
    number = "0000000000000608349"
    for source in ("pportal", "digital_agency"):
        one = notice(source=source, references=(("調達案件番号", number),))
        assert keys(one, "pportal-case") == [number]
    assert keys(notice(source="pportal", references=(("調達案件番号", "‐"),)), "pportal-case") == []


def test_kkj_has_the_number_in_its_copies_of_the_portals_pages() -> None:
    text = "国有建物等解体撤去工事\n調達案件番号0000000000000605509調達種別一般競争入札の入札公告（WTO対象外）"
    assert keys(notice(text=text), "pportal-case") == ["0000000000000605509"]
    assert keys(notice(text="あ" * 4000 + text), "pportal-case") == []


def award(**fields: object) -> ScrapedAward:
    values: dict[str, object] = {
        "source": "pportal_awards",
        "key": "1",
        "title": "調査の請負",
        "date": date(2026, 3, 3),
        "published": date(2026, 3, 4),
        "supplier": "例株式会社",
        "amount": Decimal(1),
    }
    return ScrapedAward(**(values | fields))  # type: ignore[arg-type]


@pytest.mark.skipif(not PAIRS.exists(), reason="no samples beside the project")
def test_the_number_of_each_paired_award_is_a_key_of_its_notice() -> None:
    with (PAIRS / "pairs_notices.csv").open(encoding="utf-8-sig") as lines:
        rows = {row["調達案件番号"]: row for row in csv.DictReader(lines)}
    with (PAIRS / "pairs_awards.csv").open(encoding="utf-8-sig") as lines:
        won = [award(case_number=row["調達案件番号"], title=row["案件名"]) for row in csv.DictReader(lines)]
    paired = [one for one in won if one.case_number in rows]
    assert len(paired) == 10
    for one in paired:
        row = rows[one.case_number or ""]
        called = notice(row["案件名"], "pportal", references=(("調達案件番号", row["調達案件番号"]),))
        assert award_keys(one) == (IdentityKey("pportal-case", one.case_number or ""),)
        assert set(award_keys(one)) <= set(identity_of(called, buyer=row["発注機関"]).keys)


def test_an_award_without_a_sound_number_or_of_another_source_has_no_key() -> None:
    assert award_keys(award()) == award_keys(award(case_number="‐")) == ()
    assert award_keys(award(source="elsewhere", case_number="0000000000000605509")) == ()


def test_tokyos_case_is_a_key_and_its_contract_number_never() -> None:
    one = notice(source="tokyo_eproc", references=(("contNo", "1896901439413680"), ("契約番号", "08-00039")))
    assert keys(one, "tokyo-case") == ["1896901439413680"]
    assert all("08-00039" not in key.value for key in identity_of(one, buyer="東京都").keys)


def test_a_place_in_the_gazette_is_a_key_of_the_gazettes_notice_and_of_jetros() -> None:
    place = (("官報掲載日", "2026-09-17"), ("掲載順", "3"), ("枝番", "1"))
    gazette = notice(source="kanpo", references=(("官報", "号外政府調達第1号"), *place))
    jetro = notice(source="jetro_national", references=(("aid", "2026091700030001"), *place))
    assert keys(gazette, "gazette") == keys(jetro, "gazette") == ["2026-09-17/3/1"]
    assert keys(jetro, "jetro-aid") == ["2026091700030001"]


def test_what_stands_before_the_first_heading_has_no_place_in_the_gazette() -> None:
    place = (("官報掲載日", "2026-09-17"), ("掲載順", "0"), ("枝番", "0"))
    assert keys(notice(source="kanpo", references=place), "gazette") == []


GAZETTE = (
    ("官報掲載日", "2026-06-22"),
    ("掲載順", "7"),
    ("枝番", "1"),
    ("公告番号", "第128号"),
    ("調達機関番号", "013"),
    ("所在地番号", "13"),
)


def test_the_portals_text_names_the_number_in_the_gazette() -> None:
    text = (
        "意見招請に関する公示 次のとおり調達に関する仕様書案の作成が完了したので、仕様書案に対する意見を招請します。\n"
        "令和８年６月22日 法務省大臣官房会計課長　○○　○○ ◎調達機関番号　013　◎所在地番号　13 ○第128号 １　調達内容"
    )
    same = ["013/13/2026-06-22/第128号"]
    assert keys(notice(source="pportal", text=text), "gazette-number") == same
    assert keys(notice(source="kanpo", references=GAZETTE), "gazette-number") == same
    assert keys(notice(source="pportal", text=text.replace("○第128号", "")), "gazette-number") == []


def test_a_correction_in_the_gazette_names_the_notice_that_it_corrects() -> None:
    text = "〇第１号\n１　掲載日　令和７年６月23日（号外政府調達第114号）\n２　訂正内容　11ページ４段落目の入札公告第26号中、…"
    correction = notice(
        "入札公告の訂正",
        "kanpo",
        kind=NoticeKind.AMENDMENT,
        references=(
            ("官報掲載日", "2025-07-03"),
            ("掲載順", "33"),
            ("枝番", "1"),
            ("公告番号", "第1号"),
            ("調達機関番号", "802"),
            ("所在地番号", "08"),
            ("掲載日", "令和７年６月23日（号外政府調達第114号）"),
        ),
        text=text,
    )
    assert keys(correction, "gazette-number") == ["802/08/2025-07-03/第1号", "802/08/2025-06-23/第26号"]


def test_a_case_of_the_public_works_system_is_known_by_each_of_its_documents() -> None:
    address = "https://e2ppiw01.e-bisc.go.jp/CALS/Publish/KokaiBunshoServlet?AnkenKanriNo=022010002026412000000660&BunshoKanriId="
    assert keys(notice(document_url=f"{address}20"), "ebisc-case") == ["022010002026412000000660"]
    assert keys(notice(document_url=f"{address}20"), "ebisc-case") == keys(
        notice(document_url=f"{address}31"), "ebisc-case"
    )


def test_nedos_announcement_and_call_have_one_number() -> None:
    announced = notice(source="nedo", url="https://www.nedo.go.jp/koubo/NA1_100292.html")
    called = notice(source="nedo", url="https://www.nedo.go.jp/koubo/NA2_100292.html")
    assert keys(announced, "nedo-call") == keys(called, "nedo-call") == ["NA_100292"]


def test_documents_are_keys_and_entry_pages_are_none() -> None:
    one = notice(
        document_url="https://www.jeed.go.jp/location/f41obh0000009vrd.pdf",
        attachments=(Attachment("仕様書", "http://WWW.city.example.jp/a/./siyou.zip#x"),),
    )
    assert keys(one, "document") == [
        "www.city.example.jp/a/siyou.zip",
        "www.jeed.go.jp/location/f41obh0000009vrd.pdf",
    ]
    for entry in (
        "https://www.p-portal.go.jp/pps-web-biz/UAA01/OAA0101",
        "https://www.ep-bis.supercals.jp/ebidPPIPublish/EjPPIj?KikanNO=1736500",
        "https://www.city.example.jp/nyusatsu/index.html",
        "https://www.city.example.jp/nyusatsu/",
    ):
        assert keys(notice(document_url=entry), "document") == []


def test_an_agencys_own_page_is_the_document_that_kkj_found() -> None:
    page = "https://www.env.go.jp/kanbo/chotatsu/20180323_100669.html"
    assert keys(notice(source="moe", url=page), "document") == keys(notice(document_url=page), "document")


def test_the_key_of_kkj_tells_the_site_and_no_number_of_another_source() -> None:
    key = base64.b64encode(b"search/p_portal/2026/06/20260609_73284\n").decode()
    assert site_of(key) == "search/p_portal"
    assert keys(notice(key=key), "site") == ["search/p_portal"]
    assert site_of("no base64!") is None


def test_an_award_in_the_gazette_states_the_day_of_its_call() -> None:
    for written in ("7. 2.27", "7. 2. 27", "７.２.27"):
        one = notice(source="kanpo", kind=NoticeKind.AWARD, portal_dates=(("入札公告日又は公示日", written),))
        assert keys(one, "called") == ["2025-02-27"]
    odd = notice(source="kanpo", kind=NoticeKind.AWARD, portal_dates=(("入札公告日又は公示日", "7.13.40"),))
    assert keys(odd, "called") == []


def test_a_document_named_correction_makes_a_call_one() -> None:
    address = "https://www.city.shiso.lg.jp/material/files/group/29/250731_K06_koukokusho_teisei1.pdf"
    assert identity_of(notice(document_url=address), buyer=None).kind is NoticeKind.AMENDMENT
    assert identity_of(notice(document_url=address.replace("_teisei1", "")), buyer=None).kind is NoticeKind.TENDER


def test_every_key_is_of_a_numbering_that_the_table_explains() -> None:
    one = notice(
        "【本省】机　20台",
        key=base64.b64encode(b"gov7/houmukyoku/2026/20260422_08664\n").decode(),
        buyer="法務省　仙台法務局",
        prefecture="宮城県",
        text="入札に付します。" * 40,
        undated=True,
    )
    found = {key.scheme for key in identity_of(one, buyer="法務省").keys}
    assert found == {"site", "office", "named", "prefecture", "quantity", "text", "undated"}
    assert found <= SCHEMES.keys()


# --- Deadlines ------------------------------------------------------------------------------------


def test_the_deadline_is_the_fields_or_else_the_first_that_was_read() -> None:
    read = (
        FoundDate(DateKind.DEADLINE, date(2026, 7, 10), "入札書の受領期限", Origin.JAPANESE),
        FoundDate(DateKind.RESPONSE, date(2026, 7, 1), "提出期限", Origin.JAPANESE),
    )
    stated = notice(deadline=datetime.combine(date(2026, 7, 8), time(17), TOKYO))
    assert identity_of(stated, buyer=None, dates=read).deadline == date(2026, 7, 8)
    assert identity_of(notice(), buyer=None, dates=read).deadline == date(2026, 7, 10)
    assert identity_of(notice(kind=NoticeKind.COMMENT_REQUEST), buyer=None, dates=read).deadline == date(2026, 7, 1)
    assert identity_of(notice(), buyer=None).deadline is None
