"""What was read out of notices, in a line each: out of cards, without a record."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from alerts import reading
from alerts.language import in_tongues
from alerts.reading import Reckoning, Step
from db.card import Card
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    DateKind,
    EnglishOrigin,
    FoundDate,
    FoundMoney,
    MoneyKind,
    Origin,
    Requirement,
    RequirementKind,
    Tax,
)
from db.vocabulary.tender import Said
from monitor.i18n import extracted, language
from monitor.reading.access import RULES

EN, JA = language("en"), language("ja")
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)
KKJ, JETRO = UUID(int=1), UUID(int=2)
NAMES = {"kkj": "KKJ portal", "jetro": "JETRO"}
CARD = Card(
    id=KKJ,
    title="小学校改修工事",
    title_en=None,
    buyer="杉並区",
    buyer_en=None,
    prefecture="東京都",
    city=None,
    category=None,
    kind=NoticeKind.TENDER,
    method=None,
    status=None,
    published=date(2026, 11, 20),
    deadline=datetime(2026, 12, 14, 17, tzinfo=TOKYO),
    response_deadline=None,
    areas=(),
    sources=(),
    first_seen_at=datetime(2026, 11, 20, tzinfo=UTC),
    updated_at=datetime(2026, 11, 20, tzinfo=UTC),
    sequence=1,
)


def card(**fields: Any) -> Card:
    return replace(CARD, **fields)


def on(kind: DateKind, day: int, clock: time | None = None, **more: Any) -> FoundDate:
    return FoundDate(kind, date(2026, 12, day), "12月", Origin.JAPANESE, clock, **more)


def steps(*dates: FoundDate, now: datetime | None = None, **fields: Any) -> list[Step]:
    return list(reading.steps(card(dates=dates, **fields), EN, now=now))


# Titles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "mark"),
    [
        (EnglishOrigin.OFFICIAL, ""),
        (EnglishOrigin.MACHINE, "machine translation"),
        (EnglishOrigin.GIST, "gist"),
        (None, ""),
    ],
)
def test_a_title_that_is_ours_is_marked_and_the_sources_own_is_not(origin: EnglishOrigin | None, mark: str) -> None:
    assert reading.title_mark(card(title_en="Renovation works", title_en_origin=origin), EN) == mark


def test_only_the_japanese_words_of_a_text_are_said_to_be_japanese() -> None:
    assert in_tongues("Deadline <b> 令和８年 (KKJ)", "en") == (
        'Deadline &lt;b&gt; <span lang="ja">令和８年</span> (KKJ)'
    )
    assert in_tongues("期限 <b>", "ja") == "期限 &lt;b&gt;"


# Dates -------------------------------------------------------------------------------------------------


def test_where_no_date_is_known_a_request_still_asks_for_answers_and_a_call_for_bids() -> None:
    assert reading.unknown_deadline(card(), EN) == "Deadline: see the notice"
    assert reading.unknown_deadline(card(kind=NoticeKind.COMMENT_REQUEST), EN) == "Answers by: see the notice"


def test_an_application_before_the_bid_is_a_step_and_one_after_it_is_none() -> None:
    assert steps(on(DateKind.APPLICATION, 3, time(12))) == [
        Step("Applications to take part until: Thu 3 Dec 2026, 12:00 Tokyo time")
    ]
    assert steps(on(DateKind.APPLICATION, 14, time(17)), on(DateKind.PROPOSAL, 18)) == []


def test_a_time_of_day_is_taken_from_whoever_gives_it_for_the_day_that_counts() -> None:
    (step,) = steps(on(DateKind.PROPOSAL, 3), on(DateKind.PROPOSAL, 4, time(9)), on(DateKind.PROPOSAL, 3, time(12)))
    assert step.text == "Technical proposals until (before the bid): Thu 3 Dec 2026, 12:00 Tokyo time"


def test_a_meeting_is_a_step_only_where_it_is_compulsory() -> None:
    assert steps(on(DateKind.MEETING, 3)) == []
    assert steps(on(DateKind.MEETING, 3, required=True)) == [
        Step("Explanatory meeting, taking part is required: Thu 3 Dec 2026, time: see the notice")
    ]


def test_of_several_meetings_those_that_are_still_ahead_are_told() -> None:
    meetings = [on(DateKind.MEETING, day, time(10), required=True) for day in (8, 3, 3)]
    both = "Thu 3 Dec 2026, 10:00 Tokyo time · Tue 8 Dec 2026, 10:00 Tokyo time"
    said = "Explanatory meeting, taking part is required: "
    assert steps(*meetings) == [Step(said + both)]
    assert steps(*meetings, now=datetime(2026, 12, 4, tzinfo=TOKYO)) == [
        Step(f"{said}Tue 8 Dec 2026, 10:00 Tokyo time")
    ]
    assert steps(*meetings, now=datetime(2026, 12, 9, tzinfo=TOKYO)) == [Step(f"{said}{both} (over)", over=True)]


def test_a_compulsory_meeting_without_a_day_is_told_all_the_same() -> None:
    needed = Requirement(RequirementKind.MEETING, "説明会に参加した者に限る", Origin.JAPANESE)
    assert steps(requirements=(needed,)) == [Step("Explanatory meeting, taking part is required: see the notice")]


@pytest.mark.parametrize("kind", [NoticeKind.CANCELLATION, NoticeKind.AWARD])
def test_nothing_is_to_be_done_any_more_for_what_has_ended(kind: NoticeKind) -> None:
    assert steps(on(DateKind.APPLICATION, 3), on(DateKind.MEETING, 3, required=True), kind=kind) == []


def said(day: int, source: str, notice: UUID, origin: Origin = Origin.JAPANESE, *, counts: bool = False) -> Said:
    return Said("deadline", f"2026-12-{day:02}T17:00:00+09:00", source, notice, origin, "提出期限", counts=counts)


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ((), ""),
        (
            (said(10, "jetro", JETRO),),
            "Also said: Thu 10 Dec 2026, 17:00 Tokyo time (JETRO) – The notices differ; read them at their sources.",
        ),
        (
            (said(10, "kkj", KKJ),),
            "Also said: Thu 10 Dec 2026, 17:00 Tokyo time (KKJ portal) – The notice says both; read it at its source.",
        ),
        (
            (said(10, "jetro", JETRO, Origin.ENGLISH), said(11, "closed", JETRO)),
            (
                "Also said: Thu 10 Dec 2026, 17:00 Tokyo time (JETRO, the English text) · "
                "Fri 11 Dec 2026, 17:00 Tokyo time (closed) – "
                "Where the English and the Japanese differ, the Japanese counts."
            ),
        ),
    ],
)
def test_what_is_said_otherwise_of_a_deadline_is_told_with_who_says_it(others: tuple[Said, ...], told: str) -> None:
    shown = card(said=(said(14, "kkj", KKJ, counts=True), *others))
    assert reading.other_deadlines(shown, "deadline", EN, NAMES) == told


def test_a_deadline_shows_the_words_it_was_read_from_unless_a_field_of_the_source_has_it() -> None:
    shown = card(said=(said(14, "kkj", KKJ, counts=True),))
    assert reading.deadline_phrase(shown, "deadline", EN, NAMES) == "Deadline read from “提出期限” (KKJ portal)"
    in_field = card(said=(said(14, "kkj", KKJ, Origin.FIELD, counts=True),))
    assert reading.deadline_phrase(in_field, "deadline", EN, NAMES) == ""
    assert reading.deadline_phrase(CARD, "deadline", EN, NAMES) == ""


# Money -------------------------------------------------------------------------------------------------


def yen(kind: MoneyKind, amount: int, tax: Tax | None = None, least: int | None = None) -> FoundMoney:
    return FoundMoney(kind, Decimal(amount), "円", Origin.JAPANESE, tax, None if least is None else Decimal(least))


@pytest.mark.parametrize(
    ("money", "kind", "told"),
    [
        ((), NoticeKind.TENDER, ""),
        (
            (yen(MoneyKind.MINIMUM, 5), yen(MoneyKind.LIMIT, 12_000_000)),
            NoticeKind.TENDER,
            "Upper limit: ¥12,000,000",
        ),
        (
            (yen(MoneyKind.PLANNED, 110), yen(MoneyKind.PLANNED, 110, Tax.INCLUDED), yen(MoneyKind.LIMIT, 120)),
            NoticeKind.TENDER,
            "Planned price (higher bids lose): ¥110 (tax included)",
        ),
        ((yen(MoneyKind.LIMIT, 20, least=10),), NoticeKind.PROPOSAL_CALL, "Upper limit: ¥10 to ¥20"),
        ((yen(MoneyKind.PLANNED, 110), yen(MoneyKind.AWARDED, 99)), NoticeKind.AWARD, "Award price: ¥99"),
        ((yen(MoneyKind.AWARDED, 99),), NoticeKind.TENDER, ""),
    ],
)
def test_the_value_says_what_it_is(money: tuple[FoundMoney, ...], kind: NoticeKind, told: str) -> None:
    assert reading.value_text(card(money=money, kind=kind), EN) == told


def test_yen_come_first_and_euro_with_the_day_of_their_rate() -> None:
    reckoning = Reckoning(
        lambda now, deadline: 0, lambda days: False, {}, lambda amount: amount / 160, date(2026, 11, 20)
    )
    told = reading.value_text(card(money=(yen(MoneyKind.LIMIT, 16_000_000),)), EN, reckoning)
    assert told == "Upper limit: ¥16,000,000 · about €100,000 (rate of Fri 20 Nov 2026)"


# Market access -----------------------------------------------------------------------------------------

COVERED, LIKELY = AccessVerdict.COVERED, AccessVerdict.LIKELY
NOT_COVERED, UNKNOWN = AccessVerdict.NOT_COVERED, AccessVerdict.UNKNOWN
BOTH = (Agreement.GPA, Agreement.EPA)


def because(rule: str, verdict: AccessVerdict, **values: str) -> AccessReason:
    return AccessReason(rule, verdict, BOTH, "協定", Origin.JAPANESE, values)


@pytest.mark.parametrize(
    ("access", "told"),
    [
        (Access(), ""),
        (Access(COVERED, COVERED), "Trade agreements: covered"),
        (
            Access(COVERED, COVERED, (because("jetro", LIKELY), because("agreement-applies", COVERED))),
            f"Trade agreements: covered – {RULES['agreement-applies']}",
        ),
        (
            Access(NOT_COVERED, LIKELY, (because("epa-only", NOT_COVERED, entity="Nara City"),)),
            "Trade agreements: WTO GPA: not covered · EU–Japan EPA: likely covered",
        ),
        (
            Access(NOT_COVERED, NOT_COVERED, (because("not-listed", NOT_COVERED, entity="Ena City"),)),
            "Trade agreements: not covered – Ena City is listed in neither agreement",
        ),
        (Access(COVERED, COVERED, (because("from-another-version", COVERED),)), "Trade agreements: covered"),
    ],
)
def test_the_agreements_have_one_line_with_the_reason_that_decided(access: Access, told: str) -> None:
    assert reading.access_text(card(access=access), EN, RULES) == told


@pytest.mark.parametrize("kind", [NoticeKind.CANCELLATION, NoticeKind.AWARD])
def test_whether_an_agreement_opens_it_is_nothing_to_tell_of_what_has_ended(kind: NoticeKind) -> None:
    assert reading.access_text(card(access=Access(COVERED, COVERED), kind=kind), EN, RULES) == ""


def test_nobody_is_ever_told_to_be_eligible() -> None:
    assert not [message.id for message in extracted() if "eligib" in str(message.id).lower()]
