"""What was read out of notices, on the page of a tender: dates, value, agreements, requirements, notices, results."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup, Tag

from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    DateKind,
    FoundDate,
    FoundMoney,
    Identity,
    MoneyKind,
    Origin,
    Reading,
    Requirement,
    RequirementKind,
    Tax,
)
from monitor.currency import Rate
from monitor.merging import MERGE_RULES

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

READ = Identity("kkj", NoticeKind.TENDER, date(2026, 11, 20))
"""Of a notice that was read, and that is like no other."""
BOTH = (Agreement.GPA, Agreement.EPA)
HOSTILE = "<script>alert(1)</script><b>{x}</b>&lt;i&gt;"


def words(tag: Tag | BeautifulSoup) -> str:
    return " ".join(tag.get_text(" ").split())


def section(page: BeautifulSoup, name: str) -> Tag:
    (found,) = page.select(f"section[aria-labelledby={name}]")
    return found


def sheet(page: BeautifulSoup, part: str = "facts") -> dict[str, str]:
    return {
        words(one.select("dt")[0]): " | ".join(words(dd) for dd in one.select("dd"))
        for one in section(page, part).select("div:has(> dt)")
    }


def table(part: Tag) -> list[list[str]]:
    return [[words(cell) for cell in row.select("th, td")] for row in part.select("tbody tr")]


@pytest.fixture
def page(eventful: "Web") -> BeautifulSoup:
    return eventful.page(f"/tenders/{eventful.tender_id}")


def read(web: "Web", **found: object) -> BeautifulSoup:
    """The page of a notice without a deadline, out of which this was read."""
    reading = replace(Reading(identity=READ), **found)  # type: ignore[arg-type]
    return web.page(f"/tenders/{web.keep(web.notice(deadline=None), reading=reading)}")


# The title


def test_the_english_title_says_where_it_is_from_in_both_languages(web: "Web") -> None:
    id = web.keep(web.notice(title_en="Hydrogen station"))
    assert words(web.page(f"/tenders/{id}").select("h1 .origin")[0]) == "official English"
    gist = web.keep(web.notice(key="2", title="水素ステーション改修工事"))
    assert words(web.page(f"/tenders/{gist}").select("h1 .origin")[0]) == "gist, word by word"
    japanese = web.page(f"/tenders/{gist}", lang="ja").select("h1")[0]
    assert japanese.select("span")[0].get_text() == "水素ステーション改修工事"
    assert japanese.select(".second[lang=en] .origin[lang=ja]")


def test_words_that_decided_are_not_marked_in_a_gist_for_it_decided_nothing(web: "Web") -> None:
    id = web.keep(web.notice(title="水素ステーション整備工事"))
    assert [mark.get_text() for mark in web.page(f"/tenders/{id}").select("h1 mark")] == ["水素ステーション"]


# The deadline


def test_the_deadline_shows_the_words_it_is_from_and_who_says_so(page: BeautifulSoup) -> None:
    said = [words(one) for one in section(page, "facts").select(".first .proof")]
    assert said[0] == "From a field of the source, Procurement Portal"
    assert said[1] == "入札書の提出期限を令和8年12月15日 12時00分 (the Japanese text)"


def test_other_deadlines_that_are_said_are_shown_and_the_japanese_counts(page: BeautifulSoup) -> None:
    first = section(page, "facts").select(".first")[0]
    assert [words(one) for one in first.select(".otherwise")] == [
        "Also said: Fri 11 Dec 2026, 17:00 Tokyo time",
        "Also said: Thu 10 Dec 2026, 17:00 Tokyo time",
    ]
    assert "Time-limit for tender : 5:00 p.m. 10 December 2026 (the English text, Official Gazette)" in words(first)
    assert words(first).endswith("Where the English and the Japanese differ, the Japanese counts.")
    assert first.select("q[lang=en]")


def test_working_days_are_those_of_japan_and_too_few_for_a_bid_from_abroad_are_flagged(web: "Web") -> None:
    # Monday 23 November is a holiday.
    for key, days, said in (("1", 11, "9 working days in Japan"), ("2", 28, "20 working days in Japan")):
        deadline = FoundDate(
            DateKind.DEADLINE, web.now.date() + timedelta(days=days), "提出期限", Origin.JAPANESE, time(17)
        )
        id = web.keep(web.notice(key=key), reading=Reading(dates=(deadline,), identity=READ))
        first = section(web.page(f"/tenders/{id}"), "facts").select(".first")[0]
        assert words(first.select(".working")[0]) == said
        assert [words(flag) for flag in first.select(".few")] == (
            ["little time for a bid from abroad"] if days == 11 else []
        )


def test_a_day_without_a_time_of_day_sends_the_reader_to_the_notice_for_it(web: "Web") -> None:
    day = FoundDate(DateKind.DEADLINE, date(2026, 12, 25), "提出期限 令和8年12月25日", Origin.JAPANESE)
    answers = FoundDate(DateKind.RESPONSE, date(2026, 12, 1), "回答期限 令和8年12月1日", Origin.JAPANESE)
    page = read(web, dates=(day, answers))
    shown = sheet(page)
    assert shown["Deadline"].startswith(
        "Fri 25 Dec 2026 , time: see the notice 32 days left 24 working days in Japan"
    )
    assert shown["Answers until"].startswith("Tue 1 Dec 2026 , time: see the notice")
    assert "23:59" not in page.get_text()


# Other dates


def test_other_dates_stand_in_the_order_of_the_calendar_with_their_words(page: BeautifulSoup) -> None:
    assert list(sheet(page, "dates").items()) == [
        (
            "Explanatory meeting",
            "Fri 27 Nov 2026 , 14:00 Tokyo time taking part is required 入札説明会 令和8年11月27日 14時00分 (the Japanese text)",
        ),
        ("Questions until", "Tue 1 Dec 2026 , 12:00 Tokyo time 質問の受付期限 令和8年12月1日 12時00分 (the Japanese text)"),
        (
            "Applications to take part until",
            "Wed 2 Dec 2026 , 17:00 Tokyo time 競争参加資格確認申請書の提出期限 令和8年12月2日 17時00分 (the Japanese text)",
        ),
        ("Opening of bids", "Mon 14 Dec 2026 , 10:00 Tokyo time 開札の日時 令和8年12月14日 10時00分 (the Japanese text)"),
        (
            "Delivery or performance",
            "Fri 18 Dec 2026 – Wed 31 Mar 2027 履行期間 令和8年12月18日から令和9年3月31日 (the Japanese text)",
        ),
    ]  # fmt: skip


def test_what_a_field_and_a_text_say_alike_is_one_date(web: "Web") -> None:
    day = date(2026, 12, 1)
    field = FoundDate(
        DateKind.QUESTIONS,
        day,
        "質問の受付: 2026-11-24T09:00:00+09:00/2026-12-01T17:00:00+09:00",
        Origin.FIELD,
        time(17),
        date(2026, 11, 24),
    )
    text = FoundDate(DateKind.QUESTIONS, day, "質問は12月1日まで", Origin.JAPANESE)
    page = read(web, dates=(field, text))
    assert sheet(page, "dates") == {
        "Questions until": (
            "Tue 24 Nov 2026 – Tue 1 Dec 2026 , 17:00 Tokyo time "
            "質問の受付 : Tue 24 Nov 2026, 09:00 Tokyo time – Tue 1 Dec 2026, 17:00 Tokyo time (a field of the source) "
            "質問は12月1日まで (the Japanese text)"
        )
    }


def test_a_tender_without_other_dates_has_no_such_part(web: "Web") -> None:
    assert not read(web).select("#dates")


# The value


def test_the_value_is_in_yen_first_and_about_in_euro_with_the_day_of_the_rate(page: BeautifulSoup) -> None:
    assert sheet(page)["Value"] == (
        "¥123,200,000 (tax included) about €658,000 (rate of Fri 20 Nov 2026) Planned price (higher bids lose) "
        "予定価格 123,200,000円（税込） (the Japanese text)"
    )


def test_without_a_rate_there_is_no_euro_and_every_amount_says_what_it_is(serving: "Callable[..., Web]") -> None:
    web = serving()
    limit = FoundMoney(
        MoneyKind.LIMIT, Decimal(30_000_000), "上限額", Origin.JAPANESE, Tax.EXCLUDED, Decimal(20_000_000)
    )
    lowest = FoundMoney(MoneyKind.MINIMUM, Decimal(9_000_000), "最低制限価格", Origin.JAPANESE)
    page = read(web, money=(limit, lowest))
    assert sheet(page)["Value"] == (
        "¥20,000,000 to ¥30,000,000 (without tax) Upper limit 上限額 (the Japanese text) | "
        "¥9,000,000 Lowest price 最低制限価格 (the Japanese text)"
    )
    assert "€" not in page.get_text()


# Agreements


def test_each_agreement_has_its_verdict_and_every_reason_its_words(page: BeautifulSoup) -> None:
    assert sheet(page, "access") == {
        "WTO procurement agreement (GPA)": "covered",
        "Japan–EU Economic Partnership Agreement": "covered",
    }
    reasons = [words(one) for one in section(page, "access").select(".reasons li")]
    assert any(
        one.startswith("The notice says that the agreement applies covered")
        and "本調達は政府調達に関する協定の適用を受ける" in one
        for one in reasons
    )
    figure = next(one for one in reasons if "123,200,000 yen" in one)
    assert "This amount holds for notices published from" in figure
    assert "eligible" not in page.get_text().lower()


def test_a_reason_for_one_agreement_says_which(web: "Web") -> None:
    reason = AccessReason("epa-only", AccessVerdict.NOT_COVERED, (Agreement.GPA,), "例示機構", Origin.FIELD,
                          {"entity": "例示機構"})  # fmt: skip
    access = Access(AccessVerdict.NOT_COVERED, AccessVerdict.LIKELY, (reason,))
    part = section(read(web, access=access), "access")
    (said,) = part.select(".reasons li")
    assert words(said).startswith("例示機構 is not listed in the WTO agreement")
    assert "(WTO procurement agreement (GPA))" in words(said)
    assert said.select("p > span[lang=ja]")[0].get_text() == "例示機構"


def test_that_nothing_is_known_of_agreements_is_said(web: "Web") -> None:
    part = section(read(web), "access")
    assert [words(one) for one in part.select(".badge")] == ["unknown", "unknown"]
    assert "Nothing that was read speaks for or against." in words(part)


def test_a_list_as_a_reason_is_named_by_its_source_and_a_rule_of_another_version_by_its_name(web: "Web") -> None:
    reasons = (
        AccessReason("jetro", AccessVerdict.LIKELY, BOTH, "kanpo", Origin.FIELD),
        AccessReason("a-rule-to-come", AccessVerdict.LIKELY, BOTH, "x", Origin.FIELD),
    )
    page = read(web, access=Access(AccessVerdict.LIKELY, AccessVerdict.LIKELY, reasons))
    said = [words(one) for one in section(page, "access").select(".reasons li")]
    assert said[0].endswith("From a field of the source, Official Gazette")
    assert said[1].startswith("a-rule-to-come likely covered")


# What a bidder needs


def test_what_a_bidder_needs_is_said_in_english_with_the_words_of_the_notice(page: BeautifulSoup) -> None:
    needs = [words(one) for one in section(page, "needs").select("li")]
    assert needs[0].startswith("Registered qualification: Services · ranks A, B, C 令和7・8・9年度全省庁統一資格")
    assert needs[1].startswith("Taking part in the explanatory meeting ")


def test_a_field_of_a_qualification_that_no_table_has_stays_japanese(web: "Web") -> None:
    needed = (
        Requirement(RequirementKind.QUALIFICATION, "石工事", Origin.TITLE, ("石工事", "電気工事業"), ("A",)),
        Requirement(RequirementKind.REGION, "県内に本店", Origin.JAPANESE),
        Requirement(RequirementKind.SMALL_BUSINESS, "中小企業者に限る", Origin.JAPANESE),
    )
    part = section(read(web, requirements=needed), "needs")
    assert [words(one) for one in part.select("li > p:first-child")] == [
        "Registered qualification: 石工事 , Electrical works · rank A",
        "Office in the region",
        "Only small and medium-sized enterprises of Japan",
    ]
    assert part.select("li > p > span[lang=ja]")[0].get_text() == "石工事"


def test_a_qualification_that_only_the_source_states_is_quoted(web: "Web") -> None:
    id = web.keep(web.notice(qualification="物品の販売 C"), reading=Reading(identity=READ))
    part = section(web.page(f"/tenders/{id}"), "needs")
    assert words(part.select("li")[0]) == "Qualification, as the source states it: 物品の販売 C"


# Buyer and procedure


def test_the_buyer_and_the_procedure_have_their_english_names_beside_the_japanese(page: BeautifulSoup) -> None:
    shown = sheet(page)
    assert shown["Buyer"] == "Ministry of Economy, Trade and Industry 経済産業省"
    assert shown["Procedure"] == "Open competitive tender, best value 一般競争入札（総合評価落札方式）"


# Results


def test_awards_that_are_linked_say_who_won_how_much_and_when(page: BeautifulSoup) -> None:
    assert table(section(page, "results")) == [
        [
            "株式会社例示エンジニアリング",
            "¥118,800,000 about €634,000",
            "Sun 22 Nov 2026",
            "Procurement Portal 調達ポータル",
        ]
    ]
    assert sheet(page)["Result"] == "Sun 22 Nov 2026"


def test_an_award_without_a_price_says_so_and_many_are_counted(web: "Web") -> None:
    id = web.keep(web.notice())
    award = ScrapedAward(
        source="pportal", key="0", title="x", date=date(2026, 11, 1), published=date(2026, 11, 1), supplier=HOSTILE,
        case_number="1",
    )  # fmt: skip
    web.won(id, *(replace(award, key=str(number)) for number in range(33)))
    part = section(web.page(f"/tenders/{id}"), "results")
    assert table(part)[0] == [HOSTILE, "not given", "Sun 1 Nov 2026", "Procurement Portal 調達ポータル"]
    assert len(table(part)) == 30
    assert words(part).endswith("3 more")


# Notices


def test_every_notice_of_a_tender_says_why_it_belongs_there(page: BeautifulSoup) -> None:
    part = section(page, "notices")
    assert words(part.select("h2")[0]) == "One tender, several notices"
    reasons = [words(one.select(".why")[0]) if one.select(".why") else None for one in part.select(".notices > li")]
    stem = "水素ステーション遠隔監視システムの構築業務"
    assert reasons == [
        None,
        *(
            f"Why it belongs here: {rule} {stem} (as in {notice} )"
            for rule, notice in (
                (MERGE_RULES["early-signal"], "Request for comments, Procurement Portal, Thu 1 Oct 2026"),
                (MERGE_RULES["same-title"], "Call for tenders, Procurement Portal, Tue 17 Nov 2026"),
                (MERGE_RULES["correction"], "Call for tenders, Official Gazette, Wed 18 Nov 2026"),
            )
        ),
    ]


def test_what_came_before_the_call_is_marked_as_such(page: BeautifulSoup) -> None:
    notices = section(page, "notices").select(".notices > li")
    assert [words(mark) for mark in notices[0].select(".badge")] == ["Request for comments, before the call"]
    assert not any(notice.select(".badge") for notice in notices[1:])


def test_fields_of_which_notices_say_different_things_are_shown_by_source(page: BeautifulSoup) -> None:
    part = section(page, "notices")
    assert table(part) == [
        ["deadline", "Tue 15 Dec 2026, 12:00 Tokyo time", "Procurement Portal", "yes"],
        ["deadline", "Fri 11 Dec 2026, 17:00 Tokyo time", "Official Gazette", "no"],
        ["deadline", "Thu 10 Dec 2026, 17:00 Tokyo time", "Official Gazette", "no"],
        ["procedure", "一般競争入札（総合評価落札方式）", "Official Gazette", "yes"],
        ["procedure", "一般競争入札", "Procurement Portal", "no"],
    ]


def test_a_tender_of_one_notice_differs_from_nobody(web: "Web") -> None:
    part = section(web.page(f"/tenders/{web.keep(web.notice())}"), "notices")
    assert words(part.select("h2")[0]) == "At the source"
    assert not part.select("table, .why")


# History


def test_the_history_tells_everything_newest_first_with_its_source(page: BeautifulSoup) -> None:
    told = [words(one) for one in section(page, "history").select(".history > li > p")]
    assert [one.split("Tokyo time ")[1] for one in told] == [
        "result published",
        "changed Source: Procurement Portal",
        "found at another source too Source: Official Gazette",
        "changed Source: Procurement Portal",
        "announced Source: Procurement Portal",
    ]
    moves = [row for row in table(section(page, "history")) if row[0] == "deadline"]
    assert moves[0] == [
        "deadline", "Fri 11 Dec 2026, 17:00 Tokyo time", "Tue 15 Dec 2026, 12:00 Tokyo time", "Procurement Portal"
    ]  # fmt: skip


def test_a_deadline_of_which_the_day_was_known_is_told_without_a_time(web: "Web") -> None:
    day = FoundDate(DateKind.DEADLINE, date(2026, 12, 4), "12月4日", Origin.JAPANESE)
    id = web.keep(web.notice(), reading=Reading(dates=(day,), identity=READ), at=web.now - timedelta(days=1))
    moved = replace(day, day=date(2026, 12, 9), clock=time(12))
    web.keep(web.notice(status="訂正"), reading=Reading(dates=(moved,), identity=READ))
    rows = table(section(web.page(f"/tenders/{id}"), "history"))
    assert ["deadline", "Fri 4 Dec 2026, time: see the notice", "Wed 9 Dec 2026, 12:00 Tokyo time"] in rows


# Hostile notices


def test_nothing_that_was_read_from_a_notice_becomes_markup(web: "Web") -> None:
    day = date(2026, 12, 4)
    reading = Reading(
        identity=READ,
        dates=(
            FoundDate(DateKind.DEADLINE, day, HOSTILE, Origin.JAPANESE, time(17)),
            FoundDate(DateKind.DEADLINE, date(2026, 12, 5), HOSTILE, Origin.ENGLISH, time(17)),
            FoundDate(DateKind.OPENING, day, f"{HOSTILE}: 2026-12-04", Origin.FIELD),
        ),
        money=(FoundMoney(MoneyKind.LIMIT, Decimal(5), HOSTILE, Origin.FIELD),),
        access=Access(
            AccessVerdict.LIKELY,
            AccessVerdict.LIKELY,
            (
                AccessReason("banner", AccessVerdict.COVERED, BOTH, HOSTILE, Origin.FIELD, {"agreements": HOSTILE}),
                AccessReason(HOSTILE, AccessVerdict.COVERED, BOTH, HOSTILE, Origin.TITLE, {"amount": HOSTILE}),
            ),
        ),
        requirements=(Requirement(RequirementKind.QUALIFICATION, HOSTILE, Origin.TITLE, (HOSTILE,), (HOSTILE,)),),
        gist=HOSTILE,
        method_en=HOSTILE,
        buyer_en=HOSTILE,
    )
    id = web.keep(web.notice(title=HOSTILE, method=HOSTILE, qualification=HOSTILE), reading=reading)
    for language in ("en", "ja"):
        for path in (f"/tenders/{id}", "/"):
            page = web.page(path, lang=language)
            assert not page.select("script, main b, main i")
            assert HOSTILE in page.get_text()


def test_the_moment_of_a_deadline_is_in_the_page_for_programs(web: "Web") -> None:
    id = web.keep(web.notice(deadline=datetime(2026, 12, 4, 17, 0, tzinfo=TOKYO)))
    assert web.page(f"/tenders/{id}").select(".first time")[0]["datetime"] == "2026-12-04T17:00+09:00"


def test_a_stale_rate_still_says_its_day(serving: "Callable[..., Web]") -> None:
    web = serving(rate=Rate(Decimal(160), date(2026, 1, 5), "ECB"))
    worth = FoundMoney(MoneyKind.PLANNED, Decimal(12_000_000), "予定価格", Origin.JAPANESE)
    assert "about €75,000 (rate of Mon 5 Jan 2026)" in sheet(read(web, money=(worth,)))["Value"]
