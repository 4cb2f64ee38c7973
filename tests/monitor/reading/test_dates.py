"""What a notice's dates are for: each rule by a phrase of a real notice, and two issues of the gazette as a whole."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import PHRASE, DateKind, FoundDate, Origin
from monitor.reading.dates import read_dates, read_english, read_japanese

DEADLINE, APPLICATION, QUESTIONS = DateKind.DEADLINE, DateKind.APPLICATION, DateKind.QUESTIONS
DOCUMENTS, MEETING, OPENING = DateKind.DOCUMENTS, DateKind.MEETING, DateKind.OPENING
RESPONSE, DELIVERY = DateKind.RESPONSE, DateKind.DELIVERY
TENDER, CALL, QUOTATION = NoticeKind.TENDER, NoticeKind.PROPOSAL_CALL, NoticeKind.QUOTATION
COMMENTS, INFORMATION = NoticeKind.COMMENT_REQUEST, NoticeKind.INFORMATION_REQUEST
DAY = date(2026, 6, 22)
"""On which every notice here is published."""
PLAIN = ScrapedNotice(
    source="pportal", key="1", title="庁舎清掃業務", kind=TENDER, published=DAY, url="https://example.jp/1"
)


def japanese(text: str, kind: NoticeKind = TENDER) -> tuple[FoundDate, ...]:
    return read_japanese(text, kind=kind, published=DAY)


def english(text: str, kind: NoticeKind = TENDER) -> tuple[FoundDate, ...]:
    return read_english(text, kind=kind, published=DAY)


def told(found: tuple[FoundDate, ...]) -> list[str]:
    """deadline 07-16 17:00, documents 06-22/07-02 17:00: without the year, which is that of the notice if none stands."""
    return [
        " ".join(
            filter(
                None,
                (
                    one.kind.value,
                    "/".join(_short(day) for day in (one.begins, one.day) if day),
                    one.clock.strftime("%H:%M") if one.clock else "",
                ),
            )
        )
        for one in found
    ]


def _short(day: date) -> str:
    return day.strftime("%m-%d" if day.year == DAY.year else "%Y-%m-%d")


# --- Japanese -------------------------------------------------------------------------------------

PHRASES = [
    # The words stand before the day
    ("（１）入札書提出期限　令和８年７月１６日（木）午後５時", "deadline 07-16 17:00"),
    ("(2) 入札書等の受領期限 令和８年９月11日（金）17時00分 ただし、入札書を持参する場合は", "deadline 09-11 17:00"),
    ("（３）入札書の受領期限及び提出場所 令和　８年　１１月５日（木）１２時００分", "deadline 11-05 12:00"),
    ("(3) 入札書受付締切日時 令和8年7月3日（金）17時00分", "deadline 07-03 17:00"),
    ("５(3) 「入札書の提出期限」 令和 ８年 ８月 ３日（月） １４時００分", "deadline 08-03 14:00"),
    ("⑶　入札書の受領期限　令和８年７月11 日17時（郵送による場合は必着のこと。）", "deadline 07-11 17:00"),
    ("(4)入札書の受領期限 令和8年7月14日 火曜日 17時00分", "deadline 07-14 17:00"),
    (
        "⑶　入札書の受領期限及び入札書の提出方法令和８年９月12日16時00分までに電子入札システム等",
        "deadline 09-12 16:00",
    ),
    ("ア 電子調達システムによる入札の締切は、令和８年８月２４日（月）午後１時３０分とする。", "deadline 08-24 13:30"),
    ("(1) 郵送による入札の締切 令和８年７月２９日（水）正午", "deadline 07-29 12:00"),
    (
        "ただし、入札書を郵送する場合には、令和８年７月２２日（水）午前１０時までに必着とする。",
        "deadline 07-22 10:00",
    ),
    ("３.見積書の提出期限及び方法 令和８年７月１日（水）１２：００まで", "deadline 07-01 12:00"),
    ("（１）日時：入札　令和８年７月１日 10時00分から令和８年７月14日 17時00分まで", "deadline 07-01/07-14 17:00"),
    ("⑷　電子入札システムによる入札書の提出期間令和８年９月４日10時30分から11時", "deadline 09-04 11:00"),
    ("(4) 証明書等の受領期限　令和８年７月24日（金）17時00分", "application 07-24 17:00"),
    (
        "(3)　電子調達システムによる入札書類データ（証明書等）及び紙入札方式による証明書等の受領期限　令和８年８月３日17時",
        "application 08-03 17:00",
    ),
    ("(2) 事前提出書類（証明書等）の提出期限、提出場所 令和8年7月2日（木）11時00分", "application 07-02 11:00"),
    ("⑶　競争参加申込期限　令和８年８月６日午後４時", "application 08-06 16:00"),
    (
        (
            "【申請書及び資料の受付期間】 令和８年６月２３日（火）から令和８年７月７日（火）まで ※電子調達システムの場合は、電子調達システムの"
            "受付時間内、電子調達システムで入手が出来ない場合は就業時間内に限る。ただし、最終日は17時00分まで。また、土曜日"
        ),
        "application 06-23/07-07 17:00",
    ),
    ("９　2-(3)に関する資料の受領期限　令和８年７月２１日(火)１７時００分", "application 07-21 17:00"),
    (
        "⑶　電子調達システムによる入札書、及び紙入札、郵送等による証明書等の受領期限　令和８年８月18日17時00分",
        "application 08-18 17:00",
    ),
    ("（３）質問期限 令和８年７月１０日（金）１５時００分", "questions 07-10 15:00"),
    (
        "この見積依頼公告及び仕様書に対する質問がある場合は、令和８年７月２日（木）午後５時００分までに、電子メールにより",
        "questions 07-02 17:00",
    ),
    (
        "(1) 仕様書配布　　令和8年6月22日～令和8年7月2日 10時00分～17時00分（土・日を除く）",
        "documents 06-22/07-02 17:00",
    ),
    ("（３）入札説明書等の交付期間 公告日から令和８年７月１４日（火）まで", "documents 06-22/07-14"),
    ("⑵　入札説明書の交付期間　令和８年７月３日（木）～７月23日（水）", "documents 07-03/07-23"),
    (
        "仕様書等の配付期間 令和8年6月23日（火）から令和8年7月8日（水）までの土曜を除く9時00分から17時00分まで （最終日は12時00分まで）",
        "documents 06-23/07-08 12:00",
    ),
    ("(3) 入札説明会の日時及び場所 令和８年６月30日 13時30分　国税庁　第三Ａ会議室", "meeting 06-30 13:30"),
    ("入札に関する説明会は令和８年７月25日14時から、オンラインによって実施する。", "meeting 07-25 14:00"),
    ("(6) 開札の日時及び場所 令和８年８月21日 10時30分　国税庁　第五会議室", "opening 08-21 10:30"),
    (
        "ウ 開札は、令和８年８月２５日（火）午前１０時に最高裁判所事務総局経理局営繕課にて行う。",
        "opening 08-25 10:00",
    ),
    ("イ　開札の場所及び日時 ○○森林管理署　会議室　令和８年７月17日10時00分", "opening 07-17 10:00"),
    ("６　見積合わせの日時　令和８年７月１５日　１３時３０分から", "opening 07-15 13:30"),
    ("(4)　履行期限　令和９年３月19日", "delivery 2027-03-19"),
    ("（４）履行期間　契約日の翌日から令和９年２月２６日まで", "delivery 2027-02-26"),
    ("⑷　履行期間　自　令和８年10月１日至　令和10年９月29日", "delivery 10-01/2028-09-29"),
    ("(4)　工期 令和９年２月２６日（金）まで", "delivery 2027-02-26"),
    ("（３）納入期限令和9年2月28日", "delivery 2027-02-28"),
    # The words stand behind it
    (
        "入札に参加しようとする者は、令和８年７月３日午後５時までに確認申請書を提出すること。",
        "application 07-03 17:00",
    ),
    (
        (
            "(2) 競争参加資格確認等の書類の提出 本調達に係る入札に参加を希望する者は、令和8年7月6日（月）16時までに、資格審査結果通知書"
            "（全省庁統一資格）の写し、性能等証明書、納車場所一覧を上記(1)の場所へ提出すること。"
        ),
        "application 07-06 16:00",
    ),
    (
        (
            "ア 電子調達システムにより参加する場合 令和８年７月28 日９時00 分から令和８年７月31 日９時30 分までに電子調達システム上で"
            "入札金額を送信すること。"
        ),
        "deadline 07-28/07-31 09:30",
    ),
    (
        "イ　紙入札方式により参加する場合 令和８年７月30日午後１時10分までに入札場所へ入札書を持参し、",
        "deadline 07-30 13:10",
    ),
    ("本公告の日から令和８年８月８日（金）までの間電子メール又は手交にて配付する。", "documents 06-22/08-08"),
    # They stand above it
    (
        "６ 入札説明会場所及び日時 (1) 開催場所 西551会議室 (2) 開催日時 令和８年７月９日（木）10時00分",
        "meeting 07-09 10:00",
    ),
    (
        "(3)　申請書の提出期間及び提出方法 ア　提出期間 令和８年６月２３日（火）から同年７月２日（木）まで",
        "application 06-23/07-02",
    ),
    (
        "(3) 申請書の提出期間等 ア 提出期間 入札公告日から令和８年７月15日まで。ただし、最終日は正午必着とする。",
        "application 06-22/07-15 12:00",
    ),
    (
        (
            "（３）申請書及び資料の提出期間及び方法 ア 提出期間 公告日から令和８年７月１５日（水）まで（裁判所の休日に関する法律（昭和６３年法律"
            " 第９３号）第１条に規定する裁判所の休日を除く。）の午前９時から午後５時まで"
        ),
        "application 06-22/07-15 17:00",
    ),
    (
        (
            "（３）申請書及び資料の提出期間及び方法 ア 提出期間：令和８年６月２４日（水）から令和８年７月７日（火）まで（休日を除く。）10時00分"
            "から17時00分まで ただし、令和８年７月７日（火）は10時00分から12時00分まで"
        ),
        "application 06-24/07-07 12:00",
    ),
    (
        "４　入札書の提出期限及び提出場所 （１）提出期限　令和８年７月９日（木）午後５時 （２）提出場所",
        "deadline 07-09 17:00",
    ),
    ("第６ 競争執行 １ 仕様に関する質問期限 令和８年６月３０日（火）午後５時００分まで", "questions 06-30 17:00"),
    ("５　質問の受付 （１）受付先 システム （２）受付期間　令和８年７月３日（金）17時まで", "questions 07-03 17:00"),
    (
        "５ 見積書の提出場所及び提出期間 （２）提出期間　令和８年６月２９日午前９時から令和８年７月２日午後５時まで",
        "deadline 06-29/07-02 17:00",
    ),
    (
        "４．書類の提出 （１）電子入札方式による場合 イ．提出期限 令和8年7月7日（火） 午後5時",
        "application 07-07 17:00",
    ),
]


@pytest.mark.parametrize(("text", "expected"), PHRASES)
def test_a_day_is_for_what_the_words_beside_or_above_it_say(text: str, expected: str) -> None:
    assert told(japanese(text)) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "以上公告する。 令和８年６月22日 支出負担行為担当官",
        "12 開札 詳細は入札説明書による。 以上公告する。 令和８年６月22日 支出負担行為担当官",
        "「競争参加者の資格に関する公示」（令和８年７月31日付官報）に記載されている時期に申請書を",
        "(3)　公告期間 令和8年6月22日(月) ～ 令和8年7月6日(月)",
        "入札説明会への参加を希望する場合は、令和8年6月25日(木)午前11時までに、以下宛先まで申し込みすること。",
        "（２）入札説明会 連絡先を令和８年６月２９日（月）１２時までに登録すること。",
        "電子入札方式によりがたい者は、令和８年６月３０日（火）までに紙入札方式による参加申請書を提出し",
        "なお質問に対する回答は、令和８年７月１日に近畿農政局ホームページに掲載する。",
        "質問に対する回答閲覧期間 令和8年7月1日（水）から令和8年7月8日（水）まで",
        "参考見積書の提出期間 令和8年7月1日（水）から令和8年7月3日（金）まで",
        "審査の結果は、令和８年７月１５日（水）午後５時までに全者に通知する。",
        "プレゼンテーションの日時 令和８年７月１６日（木）１４時００分",
        "企画提案会の場所及び日時 令和８年７月２２日（水）",
        "⑷ 入札保証金の納付等に係る書類の提出期間 ア 令和８年10月２日から令和８年11月20日まで",
        "開札の日時 令和〇年〇月〇日",
        "(令和8年7月28日まで掲載） 入札説明書等は別添のとおり。",
        "令和4年1月11日まで入札予定価格(税抜き価格)最低制限価格設定の有無",
        "（３）契約期間 令和８年７月２４日（金）から令和８年２月１０日（水）まで",
        "提出期限 令和８年７月１０日",
        "入札説明会への参加を希望する者は、令和８年６月２５日（木）午前１１時までに申込書を提出すること。",
    ],
)
def test_a_day_of_which_nothing_plain_is_said_is_left_out(text: str) -> None:
    assert japanese(text) == ()


def test_the_items_of_a_notice_in_one_run_are_kept_apart() -> None:
    text = (
        "次のとおり一般競争入札に付します。 令和８年６月２２日 支出負担行為担当官 ○○ ○○ １　調達内容 （１）件　　名　ＬＡＮ"
        "敷設作業 （２）履行期間　契約締結日から令和９年３月３１日まで ３ 入札書等の提出場所等 (1) 競争参加資格を有すること"
        "を証明する書類の提出場所等 ア 提出場所：会計課 イ 提出期限：令和８年７月１４日（火）午後５時００分まで (2) 質問書の提出"
        "場所等 ア 提出場所：会計課 イ 提出期限：令和８年７月１０日（金）午後５時まで (3) 入札書の提出期限 令和８年７月１６日"
        "（木）正午 (4) 開札の日時 令和８年７月１７日（金）午前１０時 以上公告する。 令和８年６月２２日"
    )
    assert told(japanese(text)) == [
        "deadline 07-16 12:00",
        "application 07-14 17:00",
        "questions 07-10 17:00",
        "opening 07-17 10:00",
        "delivery 2027-03-31",
    ]


def test_one_day_may_be_for_two_things() -> None:
    assert told(japanese("（２）見積書及び証明書の提出期限 令和８年７月１４日　１７時００分まで")) == [
        "deadline 07-14 17:00",
        "application 07-14 17:00",
    ]


def test_where_tenders_are_made_and_opened_at_once_this_is_the_deadline_too() -> None:
    together = "７．入札及び開札の日時及び場所 令和８年７月２１日（火）１４時３０分 環境省第４会議室"
    assert told(japanese(together)) == ["deadline 07-21 14:30", "opening 07-21 14:30"]


def test_a_bid_by_post_that_is_due_earlier_comes_after_the_moment_of_tendering_and_opening() -> None:
    text = "７．入札及び開札の日時及び場所 (1) 郵送による入札の締切 令和８年７月２１日正午 (2) 入札・開札 令和８年７月２１日１４時"
    assert told(japanese(text)) == ["deadline 07-21 14:00", "deadline 07-21 12:00", "opening 07-21 14:00"]
    # Where only the opening is stated besides, nothing else says when bids have to be in.
    opening = (
        "（３）開札の日時及び場所 令和８年７月２２日（水）午後３時　内閣府本府庁舎 ただし、入札書を郵送する場合には、令和８年７月２２日"
        "（水）午前１０時までに必着とする。"
    )
    assert told(japanese(opening)) == ["deadline 07-22 10:00", "opening 07-22 15:00"]
    # （郵送の場合は必着） qualifies the deadline of all bids.
    both = "(1) 入札書の提出期限（郵送による提出の場合は必着） 令和８年７月１４日17時 (2) 入札及び開札の日時 令和８年７月１５日１４時"
    assert told(japanese(both)) == ["deadline 07-14 17:00", "opening 07-15 14:00"]


def test_an_electronic_bid_may_be_due_some_minutes_before_the_bidding() -> None:
    text = (
        "８　入札執行の場所及び日時 （１）場所 入札室 （２）入札執行日時 令和8年7月15日（水） 午前10時30分 ※電子入札方式で入札を行う場合は、"
        "入札執行時間の５分前までに入札を行うこと。"
    )
    found = japanese(text)
    assert told(found) == ["deadline 07-15 10:25", "deadline 07-15 10:30", "opening 07-15 10:30"]
    assert found[0].phrase.endswith("電子入札方式で入札を行う場合は、入札執行時間の５分前まで")


def test_the_electronic_bid_counts_before_the_one_by_hand_wherever_it_stands() -> None:
    text = (
        "(2) 入札の日時等 イ 紙入札方式により参加する場合 令和８年７月31 日９時25 分までに(1)の場所に入札書及び身分が証明できる書類を持参し、"
        "令和８年７月31 日９時30 分までに入札すること。 ア 電子調達システムにより参加する場合 令和８年７月28 日９時00 分から令和８年７月31 日"
        "９時30 分までに電子調達システム上で入札金額を送信すること。 (3) 開札日時 令和８年７月31 日９時31 分"
    )
    assert told(japanese(text)) == ["deadline 07-28/07-31 09:30", "deadline 07-31 09:25", "opening 07-31 09:31"]


def test_a_bid_that_a_list_of_documents_names_is_due_with_them() -> None:
    listed = (
        "５ 入札者に求められる義務等 入札に参加を希望する者は、次に示す書類を令和８年６月２５日午前10時から令和８年７月２日午後5時"
        "までに提出しなければならない。 (1) 資格審査結果通知書の写し (2) 下見積書 (3) 入札書（事前提出、下記10を参照）"
    )
    meeting = " ３ 入札及び開札の場所並びに日時 (2) 日時　令和８年７月１０日　 午後４時００分"
    assert told(japanese(listed + meeting)) == [
        "deadline 06-25/07-02 17:00",
        "application 06-25/07-02 17:00",
        "opening 07-10 16:00",
    ]
    assert told(japanese(listed.replace(" (3) 入札書（事前提出、下記10を参照）", ""))) == [
        "application 06-25/07-02 17:00"
    ]


def test_a_bid_that_is_handed_in_with_the_proposal_is_due_with_it_where_nothing_else_is_said() -> None:
    text = (
        "６　入札書及び提案書等の提出場所及び受領期限 （１）提案書等の提出場所　調達班 （２）提案書等の受領期限　令和８年７月１７日　"
        "午前１１時００分 ９　開札の場所及び日時 （２）日時 令和８年７月３１日　午前１１時"
    )
    assert told(japanese(text)) == ["deadline 07-17 11:00", "opening 07-31 11:00"]
    other = "５ 入札書及び証明書等の提出場所等 (1) 証明書等の受領期限 令和８年９月４日 (2) 入札書等の受領期限 令和８年９月11日"
    assert told(japanese(other)) == ["deadline 09-11", "application 09-04"]


def test_a_deadline_before_the_notice_is_a_slip_and_nothing_is_guessed() -> None:
    year = "（１）入札書の提出期限 令和７年７月２７日（月） １７：００"
    assert japanese(year) == ()
    assert japanese(f"{year} （２）入札及び開札の日時 令和８年７月３０日９時３０分")[0].kind is OPENING
    assert japanese("６ 技術提案書等の提出期限及び場所 提出期限　令和８年６月１０日（金）正午") == ()
    assert told(japanese("（１）開札日時　令和８年６月１０日（水）正午")) == ["opening 06-10 12:00"]
    assert english("⑺ Time-limit for tender : 17 : 00 27 July 2025") == ()


def test_an_undated_notice_that_is_found_late_keeps_its_days() -> None:
    text = "企画提案書の提出期限　令和６年７月２７日１７時 履行期間　契約締結日から令和７年３月３１日まで"
    late = replace(PLAIN, kind=CALL, text=text, text_en="⑺ Time-limit for tender : 17 : 00 27 July 2024")
    assert told(read_dates(replace(late, undated=True))) == [
        "deadline 2024-07-27 17:00",
        "deadline 2024-07-27 17:00",
        "delivery 2025-03-31",
    ]
    assert read_dates(late) == ()


def test_a_proposal_is_the_deadline_of_a_call_and_one_of_its_own_where_a_bid_is_due_later() -> None:
    proposal = "６ 企画提案書等の提出期限及び場所 提出期限　令和８年７月２３日（木）12時00分"
    taking_part = " ４ 参加表明書の提出期限 令和８年７月３日"
    assert told(japanese(proposal + taking_part, CALL)) == ["deadline 07-23 12:00", "application 07-03"]
    # Portals file calls among the tenders: then the notice's head tells.
    assert told(japanese(f"プロポーザル型企画競争公告 {proposal}")) == ["deadline 07-23 12:00"]
    assert told(japanese(f"{proposal} ７ 入札書の提出期限　令和８年７月31日（金）12時00分")) == [
        "deadline 07-31 12:00",
        "proposal 07-23 12:00",
    ]
    # By a paper that belongs to the application both are known.
    assert told(japanese("(2) 申請書及び提案書の提出期間 ア 提出期間：令和８年６月25日から令和８年７月８日まで")) == [
        "application 06-25/07-08",
        "proposal 06-25/07-08",
    ]
    quoted = "⑶ 競争参加資格を有することを証明する書類（以下「申請書等」という。）及び提案書等の提出期限 令和８年８月28日午後４時00分"
    assert told(japanese(quoted)) == ["application 08-28 16:00", "proposal 08-28 16:00"]


@pytest.mark.parametrize(
    "text",
    [
        "(3) 提案書・入札書の提出期限　令和8年7月21日12時",
        "（３）提案書類の受領期限 令和８年７月21日（火）12時 ６ 入札方法等 （１）入札書の提出期限 令和８年７月21日（火） 12時00分",
        "６　総合評価のための書類（提案書・入札書等）の提出期限等 （１）提出期限　令和８年７月21日（火）12時",
        "６　見積書及び関係書類の提出期限及び提出場所 (1)  提出期限 令和８年７月21日（火）１２時００分",
    ],
)
def test_what_is_due_with_the_bid_is_nothing_besides_it(text: str) -> None:
    assert told(japanese(text)) == ["deadline 07-21 12:00"]


def test_a_proof_of_qualification_that_is_listed_as_due_with_the_bid_is_an_application() -> None:
    text = (
        "ア．提案書等・入札書の提出期限 令和８年７月１５日（水）１２時００分 イ．提案書等の提出場所及び提出方法 提案書等の提出は、以下に示す"
        "提案書等の資料をメールで提出すること。 ・提案書 ・評価項目一覧 ・令和７・８・９年度競争参加資格審査結果通知書（全省庁統一）の写し"
    )
    assert told(japanese(text)) == ["deadline 07-15 12:00", "application 07-15 12:00"]
    named = "(7)競争参加資格確認関係書類及び提案書類の提出期限 令和８年７月24日15時 (8)入札書の提出期限 令和８年７月24日15時"
    assert told(japanese(named)) == ["deadline 07-24 15:00", "application 07-24 15:00"]


def test_the_one_paper_that_an_open_call_asks_for_ends_it() -> None:
    text = (
        "募集の公示 下記のとおり公募に付する。 (1)　件名　鑑定評価員等の募集 ５　希望届出書等の提出期限及び提出場所 (1)　提出期限：令和８年７月15日"
        "（水）　17時00分 ７　希望届出書の無効 本公示に示した資格のない者の提出した希望届出書は無効とする。"
    )
    assert told(japanese(text)) == ["deadline 07-15 17:00", "application 07-15 17:00"]
    # A proposal follows, or prices are bid for: its day is only stated elsewhere.
    assert told(japanese(f"{text} 企画提案書は別途提出する。")) == ["application 07-15 17:00"]
    assert told(japanese(f"入札公告 {text}")) == ["application 07-15 17:00"]
    assert told(japanese(text.replace("希望届出書", "参加申込書"), CALL)) == ["application 07-15 17:00"]


def test_a_deadline_without_more_words_is_for_what_such_a_notice_asks_for() -> None:
    alone = "４．提出期限　　令和８年７月１０日（金）　１２時００分"
    assert told(japanese(alone, QUOTATION)) == ["deadline 07-10 12:00"]
    assert told(japanese(f"オープンカウンター方式による見積合わせに付します。 {alone}")) == ["deadline 07-10 12:00"]
    assert told(japanese("区分\n公募\n締切\n2026年8月26日", CALL)) == ["deadline 08-26"]
    assert told(japanese(alone, COMMENTS)) == ["response 07-10 12:00"]
    assert japanese(alone) == ()


@pytest.mark.parametrize("kind", [COMMENTS, INFORMATION])
@pytest.mark.parametrize(
    "words",
    ["意見の提出期限", "資料等の提供期限", "提出期限", "書類の受領期限", "提案書の提出期限", "入札書の提出期限"],
)
def test_a_request_has_responses_and_never_a_deadline(kind: NoticeKind, words: str) -> None:
    assert told(japanese(f"(1)　{words}　令和８年７月13日16時00分迄（郵送の場合は必着のこと。）", kind)) == [
        "response 07-13 16:00"
    ]


def test_comments_on_a_tender_are_no_response() -> None:
    assert japanese("(1)　意見の提出期限　令和８年７月13日16時00分") == ()


def test_the_bid_by_system_comes_before_the_bid_on_paper_as_the_notice_has_it() -> None:
    text = (
        "⑸　電子調達システムによる入札及び郵送による入札書の受領期間　令和８年８月19日９時から令和８年８月28日17時まで"
        "入札書を持参する場合の受領期間　令和８年８月19日９時から令和８年８月29日15時まで"
    )
    assert told(japanese(text)) == ["deadline 08-19/08-28 17:00", "deadline 08-19/08-29 15:00"]


def test_lots_have_their_own_days_in_the_order_of_the_notice() -> None:
    text = "⑷　入札書の受領期限Ａ　令和８年８月18日17時00分Ｂ　令和８年８月22日17時00分Ｃ　令和８年８月21日17時00分"
    assert told(japanese(text)) == ["deadline 08-18 17:00", "deadline 08-22 17:00", "deadline 08-21 17:00"]
    circled = "⑹　開札の日時及び場所　①　令和８年８月28日13時30分 ②　令和８年９月２日13時30分"
    assert told(japanese(circled)) == ["opening 08-28 13:30", "opening 09-02 13:30"]


def test_the_same_day_and_the_same_year_refer_to_the_day_before() -> None:
    text = "入札書の提出期限 令和８年７月10日10時 開札の日時 同日 11時 履行期間 令和８年８月１日から同年12月25日まで"
    assert told(japanese(text)) == ["deadline 07-10 10:00", "opening 07-10 11:00", "delivery 08-01/12-25"]


def test_a_year_that_is_left_out_is_near_the_notice_if_the_words_stand_beside_the_day() -> None:
    assert told(japanese("入札書の提出期限　７月16日（木）17時")) == ["deadline 07-16 17:00"]
    assert told(read_japanese("入札書の提出期限　１月16日", kind=TENDER, published=date(2026, 12, 1))) == [
        "deadline 2027-01-16"
    ]
    assert japanese("５ 開札 その他 ７月16日") == ()


def test_the_same_month_and_a_day_alone_end_a_period() -> None:
    text = (
        "入札期間　令和８年７月１３日（月）午前９時から同月１５日（水）午後３時まで　開札　同月１６日（木）午前10時"
    )
    assert told(japanese(text)) == ["deadline 07-13/07-15 15:00", "opening 07-16 10:00"]
    assert told(japanese("提案書提出期間：令和8年7月10日（金）～17日（金）午後5時", CALL)) == [
        "deadline 07-10/07-17 17:00"
    ]
    assert told(japanese("入札書の提出　令和８年７月10日から10日以内")) == []


def test_numbers_that_a_pdf_tears_apart_are_one_and_an_item_s_number_is_no_part_of_a_month() -> None:
    assert told(japanese("入 札 書 の 提 出 期 限\n令 和 8 年 7 月 2 2 日 ( 水 ) 午 後 5 時")) == [
        "deadline 07-22 17:00"
    ]
    assert told(japanese("入札 書の提 出期限：令和8年 1 0月1 4日（水）1 7時3 0分")) == ["deadline 10-14 17:30"]
    torn = "申請書の提出期間:令和 8 年 6 月 24 日から令和 8 年 7 月 1\n1 日までの土曜日、日曜日を除く毎日、9 時 00 分から 17 時 00 分まで"
    assert told(japanese(torn)) == ["application 06-24/07-11 17:00"]
    assert told(japanese("2 質問 3 7月10日 入札書の提出期限 令和8年7月24日")) == ["deadline 07-24", "questions 07-10"]


def test_times_in_kanji_are_read_as_days_in_kanji_are() -> None:
    text = "入札書の提出期限　令和八年七月十四日午後五時十五分　開札の日時　令和八年七月十五日午前十一時"
    assert told(japanese(text)) == ["deadline 07-14 17:15", "opening 07-15 11:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "公募開始 令和8年6月22日（月） 参加表明書の提出期限 令和8年7月3日（金）午後5時",
            ["application 07-03 17:00"],
        ),
        (
            "(3) 入札書受付開始 令和８年６月２９日 午前９時 (4) 入札書受付締切 令和８年７月１日 午後４時",
            ["deadline 07-01 16:00"],
        ),
        ("入札開始 令和8年7月1日 9時 入札締切 令和8年7月3日 12時", ["deadline 07-03 12:00"]),
        ("開札開始予定日時 令和8年7月3日 10時", ["opening 07-03 10:00"]),
        ("参加申請書の提出期間 令和8年7月1日から", []),
        ("契約期間 令和8年10月1日から1年間", []),
        ("業務開始 令和8年10月1日", []),
        ("開札日時 令和8年7月7日(火)午前10時以降", ["opening 07-07 10:00"]),
    ],
)
def test_what_only_begins_on_a_day_ends_nothing_then(text: str, expected: list[str]) -> None:
    assert told(japanese(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("参加意向申出書の提出　令和8年7月3日（金）午後5時15分まで（必着）", ["application 07-03 17:15"]),
        ("入札書到達期限 令和８年７月１０日（金）午後５時（郵便入札）", ["deadline 07-10 17:00"]),
        ("入札書及び工事費内訳書の提出期限 令和8年8月5日(水)16時", ["deadline 08-05 16:00"]),
        ("１ 入札年月日 令和8年7月8日(水)11時00分", ["deadline 07-08 11:00", "opening 07-08 11:00"]),
        ("設計図書閲覧期間　令和８年６月２２日～７月６日", ["documents 06-22/07-06"]),
        ("工 期 議会の議決の日から令和９年２月２６日まで", ["delivery 2027-02-26"]),
        ("2.事業期間 委託契約締結日から令和9年3月31日(水)まで", ["delivery 2027-03-31"]),
        ("電子入札の締切 令和8年7月6日午後4時", ["deadline 07-06 16:00"]),
        ("４ 同等品の承認申請期限 2026年7月2日 17時00分", []),
    ],
)
def test_more_words_that_notices_of_towns_and_agencies_have(text: str, expected: list[str]) -> None:
    assert told(japanese(text)) == expected


def test_papers_that_belong_to_a_word_before_them_are_for_what_this_is_for() -> None:
    text = "6 企画書等の提出書類、提出期限等 (1)提出書類 企画書 (2)提出期限等 ①提出期限 令和8年7月14日(火)17時"
    assert told(japanese(text, CALL)) == ["deadline 07-14 17:00"]


def test_words_behind_a_bracket_are_not_due_on_the_day_within_it() -> None:
    text = "説明会・現地見学会 令和8年7月6日（月）午前10時から ※要事前申込（7月2日まで）\n応募書類の受付 令和8年7月17日（金）まで"
    assert told(japanese(text, CALL)) == ["deadline 07-17", "meeting 07-06 10:00"]


def test_bidding_by_post_is_due_then_and_is_no_opening() -> None:
    text = "入札及び開札の日時 令和8年7月8日(水)午前10時\n(注)郵便による入札は、令和8年7月7日午後5時15分までに必着のこと。"
    assert told(japanese(text)) == ["deadline 07-08 10:00", "deadline 07-07 17:15", "opening 07-08 10:00"]
    text = "(1) 入札日時 令和8年7月17日 （金曜日） 10時00分 郵便による場合は、令和8年7月16日 16時00分"
    assert told(japanese(text)) == ["deadline 07-17 10:00", "deadline 07-16 16:00", "opening 07-17 10:00"]


@pytest.mark.parametrize(
    "words",
    ["資料及びコメントの提出期限", "資料及びコメントの提供期限", "情報提供書の提出期限", "RFI回答書の提出期限"],
)
def test_a_request_may_call_its_answers_many_things(words: str) -> None:
    assert told(japanese(f"(1) {words} 令和８年７月10日17時00分", INFORMATION)) == ["response 07-10 17:00"]


def test_a_period_may_begin_the_day_after() -> None:
    assert told(japanese("履行期間　令和８年７月31日の翌日から令和９年３月31日まで")) == ["delivery 08-01/2027-03-31"]


def test_a_meeting_on_two_days_is_two_and_begins_at_its_first_hour() -> None:
    text = "５　説明会の日時及び場所 （１） 開催日時 令和８年６月３０日（火）１６時００分～ 令和８年７月３日（金）　１４時００分～１５時"
    assert told(japanese(text)) == ["meeting 06-30 16:00", "meeting 07-03 14:00"]


@pytest.mark.parametrize(
    ("rule", "required"),
    [
        ("入札説明会への参加を必須とする。", True),
        ("入札説明会に参加しない者は、入札に参加することができない。", True),
        ("入札説明会に必ず出席すること。", True),
        ("入札説明会に参加した者であること。", True),
        ("入札説明会に参加した者又は入札説明会資料を入手した者であること。", False),
        ("入札説明会への参加は任意とする。", False),
        ("入札説明会に参加しない者も入札に参加できる。", False),
        ("入札説明会への参加は必須ではない。", False),
        ("※入札説明会に参加していない者の企画提案は受け付けない。", True),
    ],
)
def test_a_meeting_that_must_be_attended_says_so(rule: str, required: bool) -> None:
    text = f"⑶　入札説明会の日時及び場所　令和８年７月14日13時30分　会議室。{rule} ⑷ 開札の日時 令和８年８月３日"
    assert [(one.kind, one.required) for one in japanese(text)] == [(MEETING, required), (OPENING, False)]


def test_what_is_said_twice_is_told_once_with_what_is_known_of_it() -> None:
    text = "(1) 開札日時 令和８年７月16日 13時30分 (2) 封筒に開札日 令和８年７月16日 (3) 開札日時 令和８年７月16日 13時30分"
    assert told(japanese(text)) == ["opening 07-16 13:30"]


def test_the_phrase_is_the_notice_s_own_on_one_line_and_of_no_more_than_what_is_kept() -> None:
    (found,) = japanese("（１）入札書の提出期限\n　令和８年７月16日（木）\n午後５時まで持参すること。")
    assert found.phrase == "入札書の提出期限 令和８年７月16日（木） 午後５時"
    (under,) = japanese(
        "４　入札書の提出期限及び提出場所 （１）提出期限　令和８年７月９日（木）午後５時 （２）提出場所"
    )
    assert under.phrase == "入札書の提出期限及び提出場所 … 提出期限 令和８年７月９日（木）午後５時"
    (long,) = japanese(
        "ア 入札書の提出期限" + "（郵送の場合は必着）" * 9 + "　令和８年７月９日（木）午後５時　　００分まで"
    )
    assert len(long.phrase) <= PHRASE
    assert long.clock == time(17)
    assert long.phrase.startswith("入札書の提出期限")
    assert long.phrase.endswith("令和８年７月９日（木）午後５時 ００分")


@pytest.mark.parametrize(
    "text",
    [
        "令和8年7月1日" * 200_000,
        "(1) 提出期限 令和8年7月1日 " * 60_000,
        "入札書の提出期限" * 200_000,
        "による" * 500_000 + "令和8年7月1日",
        "（" * 1_000_000 + "令和8年7月1日（",
        "\u3000" * 1_000_000 + "月1日",
        "1 July 2026 to " * 100_000,
        "(1) Time limit for tender 1 July 2026 " * 50_000,
    ],
)
def test_a_hostile_text_is_read_to_an_end(text: str) -> None:
    assert all(len(one.phrase) <= PHRASE for one in (*japanese(text), *english(text)))


# --- English --------------------------------------------------------------------------------------

ENGLISH = [
    ("⑺ Time-limit for tender : 17 : 00, August 22, 2026", "deadline 08-22 17:00"),
    ("⑷ Time limit for tender ; 17 : 00, 28, August, 2026.", "deadline 08-28 17:00"),
    ("⑻ Time-limit for tender : 16 : 00 26, August, 2026.", "deadline 08-26 16:00"),
    ("⑺ Timelimit of tender : 17 : 00, 9. September. 2026.", "deadline 09-09 17:00"),
    ("⑺ Time limit of tender : 3 : 00 PM, 25, August, 2026", "deadline 08-25 15:00"),
    ("⑺ Time-limit for bid : 5 : 00 p.m., September 11, 2026", "deadline 09-11 17:00"),
    ("⑺ Time-limit for tender : the 5 : 00 P.M. September 1, 2026", "deadline 09-01 17:00"),
    ("⑺ Time limit for tender : 17 : 00, Aug. 25. 2026", "deadline 08-25 17:00"),
    ("⑺ Bidding deadline : Until 14 : 00 on August 22, 2026", "deadline 08-22 14:00"),
    ("⑻ Time of tender : 10 : 00 AM, September 18th, 2026", "deadline 09-18 10:00"),
    ("⑻ Time-limit for a bid form by mail : August 26, 2026, 17 : 00", "deadline 08-26 17:00"),
    (
        "⑸ Time-limit for the submission of tendersby electronic bidding system : 12 : 00 P.M. (noon) 6 October 2026",
        "deadline 10-06 12:00",
    ),
    (
        "⑻ Term for the submission of tenders by electronic bidding system : from 10 : 30 to 11 : 00, 4 September 2026",
        "deadline 09-04 11:00",
    ),
    (
        "⑺ Time-limit for the submission of application forms and documents for the qualification : 12 : 00, 22 August, 2026",
        "application 08-22 12:00",
    ),
    ("⑺ Time limit for technical proposal : 5 : 00 PM, 1 August, 2026", "proposal 08-01 17:00"),
    ("⑺ Time-limit for required proposal and certification : August 18, 2026, 17 : 00", "application 08-18 17:00"),
    ("⑺ Time-limit for submission of certificate : 14 : 00 21 August 2026", "application 08-21 14:00"),
    (
        "⑺ Time limit for Application for confirmation of qualification for participating in tender : 4 : 00 PM 28 August, 2026",
        "application 08-28 16:00",
    ),
    ("⑺ Date and time for tender explanation meeting : 14 : 00, July 23, 2026", "meeting 07-23 14:00"),
    ("⑻ Date of tender : 14 : 00 1 Sep. 2026", "opening 09-01 14:00"),
    ("(7) Date and time of opening and location a bid: 14: 00, 28 July 2026", "opening 07-28 14:00"),
    ("⑷ Delivery period : By 31 of January, 2027", "delivery 2027-01-31"),
    ("⑷ Fulfillment period : From 1 March 2027 to 28 February 2031", "delivery 2027-03-01/2031-02-28"),
    ("⑷ Contract period : From Contract date to 31, March 2031.", "delivery 2031-03-31"),
]


@pytest.mark.parametrize(("text", "expected"), ENGLISH)
def test_an_english_label_says_what_its_day_is_for(text: str, expected: str) -> None:
    assert told(english(f"⑴ Classification : 71, 27\n{text}\n⑼ Contact point : 1-1 Chuo, TEL 00-0000-0000")) == [
        expected
    ]


def test_an_english_label_may_have_several_days() -> None:
    by_hand = "⑻ Time-limit for tender : 17 : 00 August 28, 2026 : 15 : 00 August 29, 2026 in case of by hand."
    assert told(english(by_hand)) == ["deadline 08-28 17:00", "deadline 08-29 15:00"]
    lots = "⑺ Time limit of tender : Ａ 17 : 00 18 August, 2026 Ｂ 17 : 00 22 August, 2026 Ｃ 17 : 00 21 August, 2026"
    assert told(english(lots)) == ["deadline 08-18 17:00", "deadline 08-22 17:00", "deadline 08-21 17:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Weather radar equipment 1 set. Time limit for tender: 17:00, 10 December 2026. Delivery deadline: 31 March 2027.",
            ["deadline 12-10 17:00", "delivery 2027-03-31"],
        ),
        (
            (
                "Closing date and time for tender: 12:00 noon, Friday, 24 July 2026\n"
                "Explanatory meeting: 10:30 a.m., Tuesday, 7 July 2026\n"
                "Contract period: from 1 October 2026 to 30 September 2029\nNotice of award: 5 August 2026"
            ),
            ["deadline 07-24 12:00", "meeting 07-07 10:30", "delivery 10-01/2029-09-30"],
        ),
        (
            (
                "2 Lease period: From January 1, 2027 through December 31, 2031\n"
                "3 Time limit for submission of tenders: 5:15 p.m. July 14, 2026"
            ),
            ["deadline 07-14 17:15", "delivery 2027-01-01/2031-12-31"],
        ),
        (
            (
                "Deadline for bids: 15 July 2026, 3 p.m. (by mail: must arrive by 14 July 2026). "
                "Documents for qualification must be submitted by 26 June 2026."
            ),
            ["deadline 07-15 15:00", "deadline 07-14", "application 06-26"],
        ),
    ],
)
def test_items_without_numbers_have_labels_of_their_own_in_english(text: str, expected: list[str]) -> None:
    assert sorted(told(english(text))) == sorted(expected)


def test_an_english_request_may_be_running_text() -> None:
    text = (
        "Request for information. Deadline for the submission of the requested materials: 5:00 PM, August 31, 2026. "
        "An explanatory meeting will be held at 14:00 on 7 July 2026."
    )
    assert told(english(text, INFORMATION)) == ["meeting 07-07 14:00", "response 08-31 17:00"]


def test_english_tendering_and_opening_at_once_is_the_deadline_too() -> None:
    text = "⑻ Date and Place of Tendering and Opening Bids 11 : 00 Monday August, 25, 2026 The National Center"
    assert told(english(text)) == ["deadline 08-25 11:00", "opening 08-25 11:00"]


def test_an_english_request_has_responses() -> None:
    text = "⑶ Time limit for the submission of comments : 5 : 00 PM, 1 August, 2026"
    assert told(english(text, COMMENTS)) == ["response 08-01 17:00"]
    material = "⑸ Time limit for the submission of the requested material : 17 : 00 26 August, 2026"
    assert told(english(material, INFORMATION)) == ["response 08-26 17:00"]
    assert english(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "⑹ Qualification for participating in the tendering procedures : not be suspended from 1 July 2026 until bid opening",
        "⑻ Contact point for the notice : Accounting Division, open from 1 July 2026",
        "⑺ Time-limit for tender : As shown in the tender documentation",
        "⑺ Time-limit for tender : 17 : 00, 31 June, 2026",
    ],
)
def test_an_english_day_without_a_plain_label_is_left_out(text: str) -> None:
    assert english(text) == ()


# --- A whole notice -------------------------------------------------------------------------------


def test_a_field_counts_before_the_texts_and_a_conflict_of_these_shows() -> None:
    notice = replace(
        PLAIN,
        deadline=datetime(2026, 8, 7, 8, 45, tzinfo=UTC),
        text="⑶　入札書の提出期限　令和８年８月７日17時45分",
        text_en="⑺ Time-limit for Tender : 17 : 45, 8 August 2026",
    )
    assert [(one.kind, one.day.day, one.clock, one.origin) for one in read_dates(notice)] == [
        (DEADLINE, 7, time(17, 45), Origin.FIELD),
        (DEADLINE, 7, time(17, 45), Origin.JAPANESE),
        (DEADLINE, 8, time(17, 45), Origin.ENGLISH),
    ]


def test_a_proposal_that_one_text_has_due_with_the_bid_of_the_other_is_none_of_its_own() -> None:
    notice = replace(
        PLAIN,
        text="(3) 提案書・入札書の提出期限　令和8年7月21日12時",
        text_en="⑺ Time limit for technical proposal : 12 : 00 21 July, 2026",
    )
    assert told(read_dates(notice)) == ["deadline 07-21 12:00"]


def test_a_summary_within_the_text_is_read_as_english() -> None:
    notice = replace(
        PLAIN,
        text=(
            "(5)　入札書の提出期限及び場所　令和８年８月17日（月）17時00分 ５ Summary (1) Official in charge of disbursement of the "
            "procuring entity: ○○ (7) Time limit for tender: 17:00, 17 August 2026 (8) Contact point"
        ),
    )
    assert [(one.kind, one.origin) for one in read_dates(notice)] == [
        (DEADLINE, Origin.JAPANESE),
        (DEADLINE, Origin.ENGLISH),
    ]


def test_only_fields_of_sure_meaning_are_read() -> None:
    notice = replace(
        PLAIN,
        source="kkj",
        portal_dates=(
            ("公開終了日", "2026-07-24"),
            ("TenderSubmissionDeadline", "2026-07-01T00:00:00+09:00"),
            ("OpeningTendersEvent", "2026-07-28T00:00:00+09:00"),
            ("PeriodEndTime", "2027-03-31T00:00:00+09:00"),
            ("開札", "2026-07-29T09:30:00+09:00"),
            ("申請期間", "../2026-07-01T15:00:00+09:00"),
            ("希望申請期間", "2026-07-06/2026-07-10"),
            ("入札締切", "未定"),
        ),
    )
    found = read_dates(notice)
    assert told(found) == [
        "application 07-01 15:00",
        "application 07-06/07-10",
        "opening 07-28",
        "opening 07-29 09:30",
        "delivery 2027-03-31",
    ]
    assert found[2].phrase == "OpeningTendersEvent: 2026-07-28T00:00:00+09:00"
    assert {one.origin for one in found} == {Origin.FIELD}


def test_a_response_deadline_of_a_source_is_a_response() -> None:
    notice = replace(PLAIN, kind=COMMENTS, response_deadline=datetime(2026, 7, 13, 7, tzinfo=UTC))
    assert told(read_dates(notice)) == ["response 07-13 16:00"]


# --- Two issues of the gazette --------------------------------------------------------------------

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "kanpo" / "notices.jsonl"
# Read by eye: in the samples these three have the day of 書類の受領期限 or 資料等の提出期限, and the texts say of both that
# bids are not among these papers (書類（入札書を除く）). The first bids later in an auction (入札、開札の日時 令和７年９月１日),
# the others hand in bids on another day (電子入札システムによる入札書の提出期間 令和７年９月４日, 令和７年９月１日).
DOCUMENTS_TAKEN_FOR_BIDS = (
    "海底地殻変動基準局",
    "ＢＷ64対応音声編集ソフト",
    "本部　テレビ国際ダイレクト編集機の更新",
)
real_issues = pytest.mark.skipif(not SAMPLES.exists(), reason=f"no real issues here: {SAMPLES}")


def agreed() -> Iterator[tuple[dict[str, Any], dict[Origin, tuple[FoundDate, ...]]]]:
    """The tenders whose two deadlines agree by the samples, with what is read of the Japanese and of the English."""
    for line in SAMPLES.read_text("utf-8").splitlines():
        sample = json.loads(line)
        if "入札" not in sample["category"] or not sample["extra"].get("deadline_agree"):
            continue
        first, _, second = sample["body"].partition("Summary")
        published = date.fromisoformat(sample["published"])
        yield (
            sample,
            {
                Origin.JAPANESE: read_japanese(first, kind=TENDER, published=published),
                Origin.ENGLISH: read_english(second, kind=TENDER, published=published),
            },
        )


def deadline(found: tuple[FoundDate, ...]) -> str:
    one = next((one for one in found if one.kind is DEADLINE), None)
    if one is None:
        return ""
    return f"{one.day}T{one.clock:%H:%M}" if one.clock else str(one.day)


def right(sample: dict[str, Any], found: tuple[FoundDate, ...]) -> bool:
    """Some samples only have the day."""
    return deadline(found).startswith(sample["deadline"])


@real_issues
@pytest.mark.parametrize("language", [Origin.JAPANESE, Origin.ENGLISH])
def test_of_the_gazette_s_deadlines_hardly_one_is_missed_in_either_language(language: Origin) -> None:
    real = [row for row in agreed() if not row[0]["title"].startswith(DOCUMENTS_TAKEN_FOR_BIDS)]
    assert len(real) >= 60
    assert sum(right(sample, found[language]) for sample, found in real) >= 0.97 * len(real)


@real_issues
def test_no_deadline_of_the_gazette_is_wrong_without_a_conflict_that_shows() -> None:
    for sample, found in agreed():
        stated = {deadline(one) for one in found.values()} - {""}
        if len(stated) == 1 and not sample["title"].startswith(DOCUMENTS_TAKEN_FOR_BIDS):
            assert sample["deadline"] in stated.pop(), sample["title"]


@real_issues
def test_papers_without_the_bid_are_no_deadline_though_the_samples_take_them_for_one() -> None:
    taken = [(sample, found) for sample, found in agreed() if sample["title"].startswith(DOCUMENTS_TAKEN_FOR_BIDS)]
    assert len(taken) == len(DOCUMENTS_TAKEN_FOR_BIDS)
    for sample, found in taken:
        assert deadline(found[Origin.JAPANESE]) > sample["deadline"], sample["title"]


@real_issues
def test_the_gazette_s_requests_have_no_deadline() -> None:
    for line in SAMPLES.read_text("utf-8").splitlines():
        sample = json.loads(line)
        if "招請" in sample["category"]:
            first, _, second = sample["body"].partition("Summary")
            for found in (
                read_japanese(first, kind=COMMENTS, published=date.fromisoformat(sample["published"])),
                read_english(second, kind=COMMENTS, published=date.fromisoformat(sample["published"])),
            ):
                moments = [f"{one.day}T{one.clock:%H:%M}" for one in found if one.kind is RESPONSE and one.clock]
                assert moments[:1] == [sample["deadline"]], sample["title"]
                assert DEADLINE not in {one.kind for one in found}


def test_papers_that_are_named_with_the_bid_are_no_application_of_their_own() -> None:
    text = "提案書等・入札書の提出期限 令和８年７月２１日（火）１８時００分"
    notice = ScrapedNotice(
        source="pportal",
        key="1",
        title="調査",
        kind=NoticeKind.TENDER,
        published=date(2026, 6, 29),
        url="",
        text=text,
    )
    assert [(one.kind, one.day) for one in read_dates(notice)] == [(DateKind.DEADLINE, date(2026, 7, 21))]
