"""A small record with something of everything that the views show, the same in every database."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from sqlmodel import Session

from db import bulk, subscribers
from db.award import Award, AwardArea, Supplier
from db.engine import Database
from db.notice import Notice, NoticeVersion
from db.subscribers import Choices
from db.tender import Tender, TenderArea, TenderCpv, TenderVenue
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import AccessVerdict
from db.vocabulary.tender import TenderSource
from scrapers.sources.pportal_awards import METHODS

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
TENDERS, AWARDS = 60, 80
COMPANY, SPELLING, NAMELESS = (UUID(int=number) for number in (1, 2, 3))
BUYERS = ("例示県", "見本市", "経済産業省", "厚生労働省", None)
AREAS = ("digital-health", "mobility", "renewables", "smart-city")
WORDS = (*METHODS.items(), (None, "随意契約"), (None, "一般競争入札（総合評価）"), (None, None), ("9", "その他"))


def tender_id(number: int) -> UUID:
    return uuid5(UUID(int=9), f"tender {number}")


def award_id(number: int) -> UUID:
    return uuid5(UUID(int=9), f"award {number}")


def notice_id(number: int) -> UUID:
    return uuid5(UUID(int=9), f"notice {number}")


def fill(database: Database) -> None:
    """Tenders 0 … with notices 0 … (every third tender has a second one, at another source), and awards 0 …

    Award 1 was won by COMPANY under another name, award 2 is a twin, and a subscriber is there, too.
    """
    rng = random.Random(7)
    tenders = [_tender(rng, number) for number in range(TENDERS)]
    suppliers = [
        _supplier(COMPANY, "株式会社例示", "1234567890123", abroad=False, prefecture="東京都"),
        _supplier(SPELLING, "（株）例示", None, company_id=COMPANY),
        _supplier(NAMELESS, "合同会社みほん", None),
    ]
    awards = [_award(rng, number) for number in range(AWARDS)]
    notices = [(number, tender_id(number), "kkj") for number in range(TENDERS)]
    notices += [(TENDERS + number, tender_id(number), "pportal") for number in range(0, TENDERS, 3)]

    def areas(ids: list[UUID], column: str, share: float, **more: Any) -> list[dict[str, Any]]:
        return [
            {"area": area, column: id, "score": rng.choice((1.0, 1.25, 2.5, 0.1 + 0.2, 1.23456)), **more}
            for id in ids
            for area in AREAS
            if rng.random() < share
        ]

    ids = [tender["id"] for tender in tenders]

    def work(session: Session) -> None:
        bulk.insert(session, Tender, tenders)
        bulk.insert(session, TenderArea, areas(ids, "tender_id", 0.4, evidence=()))
        bulk.insert(session, TenderVenue, areas(ids, "tender_id", 0.1, evidence=()))
        bulk.insert(
            session, TenderCpv, [{"code": c, "tender_id": ids[0], "terms": ()} for c in ("72000000", "09100000")]
        )
        bulk.insert(session, Supplier, suppliers)
        bulk.insert(session, Award, awards)
        bulk.insert(session, AwardArea, areas([award["id"] for award in awards], "award_id", 0.2))
        bulk.insert(session, Notice, [_notice(*one) for one in notices])
        bulk.insert(session, NoticeVersion, [_version(*one) for one in notices])
        subscribers.add(session, "anna@example.org", choices=Choices(language="en"), now=NOW)

    rng_state = rng.getstate()

    def again(session: Session) -> None:  # what is written may be tried more than once
        rng.setstate(rng_state)
        work(session)

    database.write(again)


def _tender(rng: random.Random, number: int) -> dict[str, Any]:
    """A tender; 0 has everything, 1 has nothing that need not be, and 4 is the first of its buyer."""
    published = TODAY - timedelta(days=rng.randrange(400))
    closes = datetime(2026, 11, 23, 8, 30, tzinfo=UTC) + timedelta(minutes=rng.randrange(-400_000, 40_000))
    sources: tuple[TenderSource, ...] = (_source(number, "kkj", published),)
    if number % 3 == 0:
        sources = (_source(TENDERS + number, "pportal", published), *sources, *sources)
    some: dict[str, Any] = {
        "title_en": rng.choice(("Hydrogen station", None)),
        "title_en_origin": rng.choice(("official", "gist")),
        "buyer": rng.choice(BUYERS),
        "buyer_en": None,
        "prefecture": rng.choice(("東京都", "大阪府", None)),
        "city": None,
        "category": rng.choice(("works", "services", None)),
        "method": "一般競争入札",
        "method_en": "open tendering",
        "deadline": rng.choice((closes, closes.replace(microsecond=999_999), None)),
        "deadline_clock": rng.random() < 0.8,
        "response_deadline": rng.choice((closes, None)),
        "response_clock": rng.random() < 0.8,
        "value": rng.choice((Decimal(rng.randrange(10**9)), Decimal("1234.5678"), None)),
        "access_gpa": rng.choice(list(AccessVerdict)),
        "access_epa": rng.choice(list(AccessVerdict)),
        "awarded": rng.choice((published, None)),
    }
    if number == 0:
        published = date(2026, 11, 1)
        some |= {
            "buyer": "例示県",
            "buyer_en": "Example Prefecture",
            "prefecture": "東京都",
            "city": "見本市",
            "title_en": "Hydrogen station",
            "deadline": datetime(2026, 12, 1, 15, 30, tzinfo=UTC),
            "deadline_clock": True,
            "response_deadline": datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC),
            "response_clock": False,
            "value": Decimal("123200000.5"),
            "access_gpa": AccessVerdict.LIKELY,
            "access_epa": AccessVerdict.RESTRICTED,
        }
    if number == 1:
        some |= dict.fromkeys(
            ("title_en", "title_en_origin", "buyer", "prefecture", "category", "method", "method_en", "awarded")
        )
        some |= {"deadline": None, "response_deadline": None, "value": None}
        some |= {"access_gpa": AccessVerdict.UNKNOWN, "access_epa": AccessVerdict.NOT_COVERED}
    if number == 4:
        published = TODAY - timedelta(days=30)
        some |= {"buyer": "新しい機構"}
    return some | {
        "id": tender_id(number),
        "title": f"水素ステーション整備工事その{number}",
        "kind": rng.choice(("tender", "tender", "proposal-call", "award")) if number else "tender",
        "published": published,
        "sources": sources,
        "sequence": 1,
        "first_seen_at": NOW - timedelta(days=number, microseconds=number),
        "updated_at": NOW - timedelta(seconds=number),
    }


def _source(number: int, source: str, published: date) -> TenderSource:
    # PostgreSQL's JSON functions stumble over a NUL, even in a text that nobody asked for.
    key = f"{number}\0" if number % 10 == 2 else str(number)
    url = f'https://example.org/{number}?"\\u0000'
    return TenderSource(source, key, url, NoticeKind.TENDER, published, notice_id(number))


def _supplier(id: UUID, name: str, number: str | None, **more: Any) -> dict[str, Any]:
    plain = {"company_id": None, "abroad": None, "prefecture": None}
    return plain | {
        "id": id,
        "scheme": "JP-JCN" if number else None,
        "number": number,
        "name": name,
        "named_on": TODAY,
        "names": (name,),
        "first_seen_at": NOW,
        **more,
    }


def _award(rng: random.Random, number: int) -> dict[str, Any]:
    code, method = rng.choice(WORDS)
    day = TODAY - timedelta(days=rng.randrange(900))
    winner = SPELLING if number == 1 else rng.choice((COMPANY, SPELLING, NAMELESS))
    if number == 0:
        code, method, day, winner = "8004020", "随意契約方式・特定業者", date(2026, 3, 31), COMPANY
    return {
        "id": award_id(number),
        "source": "pportal_awards",
        "key": str(number),
        "number": 1,
        "case_number": str(number) if number % 2 else None,
        "tender_id": tender_id(number) if number < TENDERS and number % 4 == 0 else None,
        "title": rng.choice(("水素ステーション保守", "過酸化水素の購入", "調査業務")),
        "date": day,
        "amount": rng.choice((Decimal(rng.randrange(10**9)), Decimal("1234.5"), None)),
        "buyer_code": "B1",
        "buyer": rng.choice(BUYERS),
        "method_code": code,
        "method": method,
        "supplier": {COMPANY: "株式会社例示", SPELLING: "（株）例示", NAMELESS: "合同会社みほん"}[winner],
        "supplier_id": winner,
        "planned": rng.choice((Decimal(10**9), None)),
        "same_as": award_id(3) if number == 2 else None,
        "digest": "",
        "published": day,
        "run_id": UUID(int=1),
        "first_seen_at": NOW,
        "changed_at": NOW,
    }


def _notice(number: int, tender: UUID, source: str) -> dict[str, Any]:
    return {
        "id": notice_id(number),
        "source": source,
        "key": str(number),
        "tender_id": tender,
        "link": None,
        "version": 1 + number % 2,
        "digest": "",
        "parser": "",
        "published": TODAY - timedelta(days=number),
        "first_seen_at": NOW,
        "changed_at": NOW - timedelta(hours=number),
    }


def _version(number: int, tender: UUID, source: str) -> dict[str, Any]:
    said = ScrapedNotice(
        source=source,
        key=str(number),
        title=f'水素ステーション "整備" \\工事{number}',
        kind=NoticeKind.TENDER,
        published=TODAY,
        url=f"https://example.org/{number}",
        text="a NUL: \0" if number % 5 == 0 else "",
    )
    return {
        "notice_id": notice_id(number),
        "number": 1 + number % 2,
        "run_id": UUID(int=1),
        "recorded_at": NOW,
        "content": said,
        "changes": (),
    }
