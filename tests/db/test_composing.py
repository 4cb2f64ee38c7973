"""A tender says what its notices say, believes them in a stated order, and shows where they differ."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from db.composing import compose
from db.notices import ReadNotice
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    DateKind,
    EnglishOrigin,
    FoundDate,
    FoundMoney,
    Identity,
    MoneyKind,
    Origin,
    Reading,
    Requirement,
    RequirementKind,
)
from db.vocabulary.tender import ComposedTender

DAY = date(2026, 4, 1)
SEEN = datetime(2026, 4, 1, tzinfo=UTC)


def said_date(day: int, clock: time | None = time(17), **more: Any) -> FoundDate:
    given = {"kind": DateKind.DEADLINE, "phrase": f"入札書の提出期限 4月{day}日", "origin": Origin.JAPANESE} | more
    return FoundDate(day=date(2026, 4, day), clock=clock, **given)


def part(
    key: str = "1",
    *dates: FoundDate,
    source: str = "kkj",
    kind: NoticeKind = NoticeKind.TENDER,
    published: date = DAY,
    round: int = 1,
    reading: dict[str, Any] | None = None,
    **more: Any,
) -> ReadNotice:
    id = notice_id(source, key)
    given: dict[str, Any] = {"title": "水素ステーション整備工事", "url": f"https://example.jp/{key}"}
    notice = ScrapedNotice(source=source, key=key, kind=kind, published=published, **(given | more))
    identity = Identity(source, kind, published, round=round)
    return ReadNotice(id, id, 1, notice, Reading(dates=dates, identity=identity, **(reading or {})), None, SEEN)


def composed(*parts: ReadNotice, **more: Any) -> ComposedTender:
    return compose(parts[0].id, parts, **more)


def tokyo(day: int, clock: time = time(17)) -> datetime:
    return datetime.combine(date(2026, 4, day), clock, TOKYO)


# Deadlines -----------------------------------------------------------------------------------------------


def test_the_deadline_comes_from_the_text_with_the_words_that_say_it() -> None:
    tender = composed(part("1", said_date(20)))
    assert (tender.deadline, tender.deadline_clock) == (tokyo(20), True)
    (said,) = tender.said
    assert (said.field, said.value, said.origin, said.phrase, said.counts) == (
        "deadline",
        "2026-04-20T17:00:00+09:00",
        Origin.JAPANESE,
        "入札書の提出期限 4月20日",
        True,
    )


def test_a_deadline_without_a_time_of_day_is_the_end_of_its_day_and_says_so() -> None:
    tender = composed(part("1", said_date(20, None)))
    assert (tender.deadline, tender.deadline_clock) == (tokyo(20, time(23, 59, 59)), False)
    assert [said.value for said in tender.said] == ["2026-04-20"]


def test_where_the_english_differs_from_the_japanese_both_are_kept_and_the_japanese_counts() -> None:
    tender = composed(part("1", said_date(20), said_date(22, origin=Origin.ENGLISH)))
    assert tender.deadline == tokyo(20)
    assert [(said.value[:10], said.origin, said.counts) for said in tender.said] == [
        ("2026-04-20", "ja", True),
        ("2026-04-22", "en", False),
    ]


def test_the_english_counts_where_the_japanese_says_nothing() -> None:
    assert composed(part("1", said_date(22, origin=Origin.ENGLISH))).deadline == tokyo(22)


def test_a_day_without_a_time_is_no_other_deadline_than_a_moment_on_it() -> None:
    tender = composed(part("1", said_date(20)), part("2", said_date(20, None), source="pportal"))
    assert [said.counts for said in tender.said] == [True]


def test_a_correction_moves_the_deadline_and_the_newest_of_two_counts() -> None:
    tender = composed(
        part("1", said_date(20)),
        part("2", said_date(24), kind=NoticeKind.AMENDMENT, published=date(2026, 4, 5)),
        part("3", said_date(27), kind=NoticeKind.AMENDMENT, published=date(2026, 4, 9)),
    )
    assert (tender.deadline, tender.kind) == (tokyo(27), NoticeKind.TENDER)
    assert [(said.value[8:10], said.counts) for said in tender.said] == [("27", True), ("24", False), ("20", False)]


def test_a_correction_without_a_deadline_leaves_it_where_it_is() -> None:
    correction = part("2", kind=NoticeKind.AMENDMENT, published=date(2026, 4, 5))
    assert composed(part("1", said_date(20)), correction).deadline == tokyo(20)


def test_a_call_that_is_repeated_has_the_deadline_and_the_day_of_its_newest_round() -> None:
    again = part("2", said_date(27), round=2, published=date(2026, 4, 15))
    tender = composed(again, part("1", said_date(10)))
    assert (tender.deadline, tender.published) == (tokyo(27), date(2026, 4, 15))


def test_the_deadline_of_a_request_for_comments_is_that_of_the_answers() -> None:
    tender = composed(part("1", said_date(20, kind=DateKind.RESPONSE), kind=NoticeKind.COMMENT_REQUEST))
    assert (tender.deadline, tender.response_deadline) == (None, tokyo(20))


@pytest.mark.parametrize("kind", [NoticeKind.PLANNED, NoticeKind.AWARD, NoticeKind.COMMENT_REQUEST])
def test_a_plan_a_request_and_a_result_have_no_deadline_for_bids(kind: NoticeKind) -> None:
    assert composed(part("1", said_date(20), kind=kind)).deadline is None


def test_of_a_notice_that_no_reader_has_seen_the_fields_count() -> None:
    unread = part(deadline=tokyo(20))
    unread = ReadNotice(unread.id, unread.tender_id, 1, unread.notice, Reading())
    assert composed(unread).deadline == tokyo(20)


def test_other_dates_come_from_the_first_notice_that_has_any_of_their_kind() -> None:
    opening, meeting = said_date(21, kind=DateKind.OPENING), said_date(8, kind=DateKind.MEETING, required=True)
    later = said_date(22, kind=DateKind.OPENING)
    tender = composed(part("1", opening), part("2", later, meeting, source="pportal"))
    assert [(found.kind, found.day.day, found.required) for found in tender.dates] == [
        ("meeting", 8, True),
        ("opening", 21, False),
    ]


def test_what_was_said_of_an_earlier_round_is_over_when_a_call_is_repeated() -> None:
    first = part("1", said_date(10), said_date(5, kind=DateKind.MEETING))
    correction = part("2", said_date(12), kind=NoticeKind.AMENDMENT, published=date(2026, 4, 4))
    again = part("3", round=2, published=date(2026, 4, 15))
    tender = composed(again, first, correction)
    assert (tender.deadline, tender.dates, tender.said) == (None, (), ())


# How far it has come -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notices", "kind"),
    [
        ([(NoticeKind.PLANNED, 1), (NoticeKind.COMMENT_REQUEST, 5)], NoticeKind.COMMENT_REQUEST),
        ([(NoticeKind.COMMENT_REQUEST, 1), (NoticeKind.TENDER, 5)], NoticeKind.TENDER),
        ([(NoticeKind.TENDER, 1), (NoticeKind.AMENDMENT, 5)], NoticeKind.TENDER),
        ([(NoticeKind.TENDER, 1), (NoticeKind.CANCELLATION, 5)], NoticeKind.CANCELLATION),
        ([(NoticeKind.TENDER, 1), (NoticeKind.AWARD, 5)], NoticeKind.AWARD),
        ([(NoticeKind.AMENDMENT, 5)], NoticeKind.AMENDMENT),
        ([(NoticeKind.AWARD, 5), (NoticeKind.CANCELLATION, 5)], NoticeKind.CANCELLATION),
    ],
)
def test_a_tender_is_what_its_notices_have_made_of_it(
    notices: list[tuple[NoticeKind, int]], kind: NoticeKind
) -> None:
    parts = [part(str(day), kind=one, published=date(2026, 4, day)) for one, day in notices]
    calls_first = sorted(parts, key=lambda one: one.notice.kind is not NoticeKind.TENDER)
    assert composed(*calls_first).kind is kind


def test_a_call_after_a_cancellation_takes_it_up_again() -> None:
    again = part("3", said_date(27), round=2, published=date(2026, 4, 15))
    called_off = part("2", kind=NoticeKind.CANCELLATION, published=date(2026, 4, 9))
    assert composed(again, part("1", said_date(10)), called_off).kind is NoticeKind.TENDER


def test_a_notice_that_became_a_cancellation_counts_though_a_copy_of_the_call_is_dated_later() -> None:
    copy = part("1", published=date(2026, 4, 3))
    assert composed(copy, part("2", kind=NoticeKind.CANCELLATION)).kind is NoticeKind.CANCELLATION


@pytest.mark.parametrize("over", [NoticeKind.CANCELLATION, NoticeKind.AWARD])
def test_what_closes_a_round_on_the_day_of_the_next_call_does_not_close_that(over: NoticeKind) -> None:
    day = date(2026, 4, 15)
    again = part("3", round=2, published=day)
    assert composed(again, part("1"), part("2", kind=over, published=day)).kind is NoticeKind.TENDER


def test_an_award_that_is_linked_makes_it_a_result() -> None:
    tender = composed(part(), awarded=date(2026, 5, 20))
    assert (tender.kind, tender.awarded) == (NoticeKind.AWARD, date(2026, 5, 20))


def test_the_day_of_a_tender_is_that_of_its_call_and_not_of_the_request_before_it() -> None:
    request = part("1", kind=NoticeKind.COMMENT_REQUEST, published=date(2026, 1, 9))
    assert composed(part("2"), request).published == DAY


# English, access, money ----------------------------------------------------------------------------------


def test_official_english_comes_before_a_translation_and_a_translation_before_the_gist() -> None:
    gist = part(reading={"gist": "Development works: hydrogen station"})
    official = part("2", source="kanpo", title_en="Hydrogen filling station")
    machine = {"水素ステーション整備工事": "Hydrogen station construction"}
    shown = [composed(*parts, translated=known) for parts, known in (((gist, official), machine), ((gist,), machine))]
    assert [(one.title_en, one.title_en_origin) for one in [*shown, composed(gist), composed(part())]] == [
        ("Hydrogen filling station", EnglishOrigin.OFFICIAL),
        ("Hydrogen station construction", EnglishOrigin.MACHINE),
        ("Development works: hydrogen station", EnglishOrigin.GIST),
        (None, None),
    ]


def reason(verdict: AccessVerdict, phrase: str) -> AccessReason:
    return AccessReason("rule", verdict, (Agreement.GPA,), phrase, Origin.JAPANESE)


def test_the_strongest_verdict_counts_and_every_reason_is_kept_once() -> None:
    verdicts = (AccessVerdict.LIKELY, AccessVerdict.COVERED, AccessVerdict.UNKNOWN)
    parts = [
        part(str(number), reading={"access": Access(verdict, verdict, (reason(verdict, phrase),))})
        for number, (verdict, phrase) in enumerate(zip(verdicts, ("WTO", "ＷＴＯ", "他"), strict=True))
    ]
    access = composed(*parts).access
    assert (access.gpa, [one.phrase for one in access.reasons]) == (AccessVerdict.COVERED, ["WTO", "他"])


def test_a_restriction_that_one_source_names_is_not_undone_by_another() -> None:
    restricted = Access(AccessVerdict.RESTRICTED, AccessVerdict.RESTRICTED)
    covered = Access(AccessVerdict.COVERED, AccessVerdict.COVERED)
    tender = composed(part("1", reading={"access": covered}), part("2", reading={"access": restricted}))
    assert tender.access.gpa is AccessVerdict.RESTRICTED


def test_the_value_is_the_planned_price_and_else_the_upper_limit() -> None:
    limit = FoundMoney(MoneyKind.LIMIT, Decimal(5_000_000), "上限額 5,000千円", Origin.JAPANESE)
    planned = FoundMoney(MoneyKind.PLANNED, Decimal(4_000_000), "予定価格 4,000千円", Origin.JAPANESE)
    awarded = FoundMoney(MoneyKind.AWARDED, Decimal(3_000_000), "落札金額 3,000千円", Origin.JAPANESE)
    values = [composed(part(reading={"money": some})).value for some in ((limit, planned), (limit,), (awarded,))]
    assert values == [Decimal(4_000_000), Decimal(5_000_000), None]


def test_requirements_of_each_kind_come_from_the_first_notice_that_names_any() -> None:
    ranks = Requirement(RequirementKind.QUALIFICATION, "Ａ、Ｂ又はＣ", Origin.JAPANESE, ranks=("A", "B", "C"))
    other = Requirement(RequirementKind.QUALIFICATION, "Ａ", Origin.JAPANESE, ranks=("A",))
    region = Requirement(RequirementKind.REGION, "市内に本店", Origin.JAPANESE)
    tender = composed(
        part("1", reading={"requirements": (ranks,)}), part("2", reading={"requirements": (other, region)})
    )
    assert tender.requirements == (ranks, region)


# Provenance ----------------------------------------------------------------------------------------------


def test_what_several_sources_say_of_a_field_is_kept_beside_the_value_that_counts() -> None:
    tender = composed(
        part("1", source="kanpo", buyer="経済産業省大臣官房会計課長"),
        part("2", source="pportal", buyer="経済産業省"),
        part("3", source="kkj", buyer="経済産業 省"),
    )
    assert [(said.field, said.value, said.source, said.counts) for said in tender.said] == [
        ("buyer", "経済産業省大臣官房会計課長", "kanpo", True),
        ("buyer", "経済産業省", "pportal", False),
    ]


def test_sources_are_listed_oldest_first_whatever_the_order_in_which_they_are_believed() -> None:
    tender = composed(part("2", source="kanpo", published=DAY + timedelta(days=2)), part("1"))
    assert [source.source for source in tender.sources] == ["kkj", "kanpo"]
