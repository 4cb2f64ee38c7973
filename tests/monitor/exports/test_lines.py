"""A line of the export: what programs can rely on."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlmodel import Session

from db import tenders
from db.card import Card
from db.engine import Database
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind
from db.vocabulary.query import EVERYTHING
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    DateKind,
    EnglishOrigin,
    FoundDate,
    FoundMoney,
    Link,
    MoneyKind,
    Origin,
    Requirement,
    RequirementKind,
    Tax,
)
from db.vocabulary.tender import ComposedTender, Said, TenderSource
from monitor.exports.lines import as_line, number, until, write_tenders
from monitor.exports.tables import Asked

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)
FIELDS = [
    "id",
    "title",
    "title_en",
    "title_en_origin",
    "buyer",
    "buyer_en",
    "prefecture",
    "category",
    "kind",
    "method",
    "method_en",
    "published",
    "deadline",
    "response_deadline",
    "value_jpy",
    "access",
    "dates",
    "money",
    "requirements",
    "awarded",
    "said",
    "areas",
    "venues",
    "cpv",
    "sources",
    "first_seen_at",
    "updated_at",
]


def tender(**more: Any) -> ComposedTender:
    sources = (
        TenderSource("pportal", "77", "https://example.jp/77", NoticeKind.TENDER, date(2026, 4, 1), FIRST),
        TenderSource(
            "kkj",
            "a=",
            "https://example.jp/a",
            NoticeKind.TENDER,
            date(2026, 4, 2),
            SECOND,
            link=Link("same-title", FIRST, ("水素設備一式",)),
        ),
    )
    given: dict[str, Any] = {"id": FIRST, "title": "水素設備　一式", "sources": sources, "kind": NoticeKind.TENDER}
    return ComposedTender(published=date(2026, 4, 1), **(given | more))


def card(**more: Any) -> Card:
    made = tender(**more)
    given = {name: getattr(made, name) for name in ComposedTender.__dataclass_fields__ if name != "text"}
    return Card(**given, first_seen_at=NOW, updated_at=NOW, sequence=1)


def line(**more: Any) -> Any:
    return json.loads(msgspec.json.encode(as_line(card(**more))))


def test_a_line_has_these_fields_in_this_order() -> None:
    assert list(line()) == FIELDS


def test_every_field_of_a_line_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "commands.md").read_text(encoding="utf-8")
    described = text[text.index("## A line of `export jsonl`") :]
    assert [name for name in FIELDS if f"`{name}`" not in described] == []


def test_a_deadline_is_a_moment_and_without_a_time_of_day_the_day_alone() -> None:
    moment = datetime(2026, 5, 20, 17, 0, tzinfo=TOKYO)
    assert line(deadline=moment)["deadline"] == "2026-05-20T17:00:00+09:00"
    last_second = datetime(2026, 5, 20, 23, 59, 59, tzinfo=TOKYO)
    told = line(deadline=last_second, deadline_clock=False, response_deadline=last_second, response_clock=False)
    assert (told["deadline"], told["response_deadline"]) == ("2026-05-20", "2026-05-20")
    assert until(last_second.astimezone(UTC), False) == "2026-05-20"
    assert line()["deadline"] is None


@pytest.mark.parametrize(
    ("amount", "written"),
    [("12000000", "12000000"), ("12000000.0000", "12000000"), ("37.2", "37.2"), ("1E+3", "1000")],
)
def test_amounts_are_numbers_and_whole_where_they_are_whole(amount: str, written: str) -> None:
    assert json.dumps(number(Decimal(amount))) == written
    assert json.dumps(line(value=Decimal(amount))["value_jpy"]) == written


@pytest.mark.parametrize("origin", EnglishOrigin)
def test_an_english_title_says_where_it_is_from(origin: EnglishOrigin) -> None:
    told = line(title_en="Hydrogen", title_en_origin=origin)
    assert (told["title_en"], told["title_en_origin"]) == ("Hydrogen", origin.value)


def test_market_access_has_its_verdicts_and_the_rules_filled_in() -> None:
    reason = AccessReason(
        "value-reached",
        AccessVerdict.LIKELY,
        (Agreement.GPA, Agreement.EPA),
        "予定価格 30,000,000円",
        Origin.JAPANESE,
        values={"amount": "30,000,000", "threshold": "20,000,000", "sdr": "100,000"},
    )
    gone = AccessReason("a-rule-of-the-past", AccessVerdict.COVERED, (Agreement.EPA,), "適用", Origin.JAPANESE)
    told = line(access=Access(AccessVerdict.LIKELY, AccessVerdict.COVERED, (reason, gone)))["access"]
    assert (told["verdict"], told["gpa"], told["epa"]) == ("covered", "likely covered", "covered")
    assert told["reasons"][0] == {
        "rule": "value-reached",
        "text": "The stated value of 30,000,000 yen reaches the 20,000,000 yen (100,000 SDR) from which the agreement "
        "covers what this buyer buys; some kinds of services stay outside it",
        "verdict": "likely covered",
        "agreements": ["gpa", "eu-japan-epa"],
        "phrase": "予定価格 30,000,000円",
    }
    assert told["reasons"][1]["text"] == "a-rule-of-the-past"


def test_what_was_read_has_its_words() -> None:
    told = line(
        dates=(
            FoundDate(
                DateKind.MEETING,
                date(2026, 4, 8),
                "入札説明会 令和8年4月8日13時30分",
                Origin.JAPANESE,
                time(13, 30),
                required=True,
            ),
            FoundDate(DateKind.DOCUMENTS, date(2026, 4, 20), "交付期間", Origin.JAPANESE, begins=date(2026, 4, 1)),
        ),
        money=(
            FoundMoney(MoneyKind.LIMIT, Decimal(5000000), "上限額", Origin.JAPANESE, Tax.INCLUDED, Decimal(1000000)),
        ),
        requirements=(
            Requirement(
                RequirementKind.QUALIFICATION, "「役務の提供等」のＡ", Origin.JAPANESE, ("役務の提供等",), ("A",)
            ),
        ),
        awarded=date(2026, 6, 1),
    )
    assert told["dates"] == [
        {
            "kind": "meeting",
            "day": "2026-04-08",
            "time": "13:30",
            "begins": None,
            "required": True,
            "phrase": "入札説明会 令和8年4月8日13時30分",
            "origin": "ja",
        },
        {
            "kind": "documents",
            "day": "2026-04-20",
            "time": None,
            "begins": "2026-04-01",
            "required": False,
            "phrase": "交付期間",
            "origin": "ja",
        },
    ]
    assert told["money"] == [
        {"kind": "upper-limit", "amount": 5000000, "least": 1000000, "tax": "included", "phrase": "上限額"}
    ]
    assert told["requirements"] == [
        {"kind": "qualification", "fields": ["役務の提供等"], "ranks": ["A"], "phrase": "「役務の提供等」のＡ"}
    ]
    assert told["awarded"] == "2026-06-01"


def test_what_notices_say_otherwise_is_told_and_which_value_counts() -> None:
    said = (
        Said("deadline", "2026-05-20", "pportal", FIRST, Origin.JAPANESE, "5月20日"),
        Said("deadline", "2026-05-21T17:00:00+09:00", "kkj", SECOND, Origin.ENGLISH, "21 May", counts=False),
    )
    assert line(said=said)["said"][1] == {
        "field": "deadline",
        "value": "2026-05-21T17:00:00+09:00",
        "source": "kkj",
        "origin": "en",
        "phrase": "21 May",
        "counts": False,
    }


def test_a_source_says_by_which_rule_it_belongs_to_the_tender() -> None:
    assert [one["why"] for one in line()["sources"]] == [None, "same-title"]


def test_the_record_gives_back_what_was_stored(database: Database) -> None:
    made = tender(
        value=Decimal("37.2"), deadline=datetime(2026, 5, 20, 23, 59, 59, tzinfo=TOKYO), deadline_clock=False
    )
    file, seen = BytesIO(), list[int]()

    def work(session: Session) -> int:
        tenders.store(session, [made], run_id=uuid4(), now=NOW, alerts=lambda change: False)
        return write_tenders(session, Asked(EVERYTHING, NOW), file, watch=seen.append)

    assert (database.write(work), seen) == (1, [1])
    (written,) = file.getvalue().decode().splitlines()
    told = json.loads(written)
    assert (told["value_jpy"], told["deadline"], list(told)) == (37.2, "2026-05-20", FIELDS)
    assert told["sources"][1]["why"] == "same-title"
