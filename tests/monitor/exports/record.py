"""A small record for files: three tenders of two months, three awards of which one is a twin, three notices."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from sqlmodel import Session

from alerts.site import Site
from db import awards, notices, tenders
from db.award import Award
from db.bulk import table
from db.engine import Database
from db.vocabulary.award import ScrapedAward, award_id
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import (
    Access,
    AccessVerdict,
    AreaScore,
    CpvCode,
    DateKind,
    EnglishOrigin,
    FoundDate,
    Origin,
)
from db.vocabulary.tender import ComposedTender, TenderSource

NOW = datetime(2026, 4, 10, 3, 0, tzinfo=UTC)
SITE = Site("Tender Monitor", "https://monitor.example.org", "example.org,2026", "us@example.org")
FIRST, SECOND, THIRD = (notice_id("kkj", key) for key in ("first", "second", "third"))
"""The tenders, in the order in which they were found."""


def made(key: str, published: date, title: str, **more: object) -> ComposedTender:
    id = notice_id("kkj", key)
    source = TenderSource("kkj", key, f"https://example.jp/{key}", NoticeKind.TENDER, published, id)
    return ComposedTender(id=id, title=title, kind=NoticeKind.TENDER, published=published, sources=(source,), **more)  # type: ignore[arg-type]


TENDERS = (
    made(
        "first",
        date(2026, 3, 30),
        "太陽光発電設備設置工事",
        title_en="Solar power plant",
        title_en_origin=EnglishOrigin.OFFICIAL,
        buyer="見本市",
        buyer_en="Mihon City",
        prefecture="東京都",
        category=Category.WORKS,
        method="一般競争入札",
        deadline=datetime(2026, 5, 20, 17, 0, tzinfo=TOKYO),
        value=Decimal("12000000"),
        access=Access(AccessVerdict.NOT_COVERED, AccessVerdict.COVERED),
        areas=(AreaScore("renewables", 2.5, ()), AreaScore("mobility", 1.0, ())),
        venues=(AreaScore("aging-society", 1.0, ()),),
        cpv=(CpvCode("09330000", ("太陽光",)), CpvCode("45310000", ("設備",))),
        dates=(FoundDate(DateKind.OPENING, date(2026, 5, 21), "開札", Origin.JAPANESE),),
    ),
    made(
        "second",
        date(2026, 4, 2),
        '=HYPERLINK("https://example.org")',
        deadline=datetime(2026, 4, 30, 23, 59, 59, tzinfo=TOKYO),
        deadline_clock=False,
        value=Decimal("37.2"),
    ),
    made("third", date(2026, 4, 2), "庁舎清掃業務,\n単価契約", buyer="例示県"),
)
WON = (
    ScrapedAward(
        source="pportal",
        key="one",
        title="水素ステーション整備",
        date=date(2026, 3, 31),
        published=date(2026, 4, 1),
        supplier="株式会社見本",
        corporate_number="5050005005266",
        amount=Decimal("118800000"),
        planned=Decimal("120000000"),
        case_number="0000000000000582363",
        buyer="環境省",
    ),
    ScrapedAward(
        source="kanpo",
        key="two",
        title="清掃",
        date=date(2026, 4, 3),
        published=date(2026, 4, 5),
        supplier="-見本商店",
        amount=Decimal("-37.25"),
    ),
    ScrapedAward(
        source="kanpo",
        key="twin",
        title="水素ステーション整備",
        date=date(2026, 4, 1),
        published=date(2026, 4, 6),
        supplier="株式会社見本",
        amount=Decimal("118800000"),
    ),
)


def fill(database: Database) -> None:
    """The tenders and awards come an hour after each other."""

    def work(session: Session) -> None:
        for hours, one in enumerate(TENDERS):
            at = NOW - timedelta(hours=5 - hours)
            said = ScrapedNotice(
                source="kkj",
                key=one.sources[0].key,
                title=one.title,
                kind=one.kind,
                published=one.published,
                url=one.sources[0].url,
                text="保守点検を含む。" if one.id == THIRD else "",
            )
            notices.record(session, [said], run_id=uuid4(), now=at)
            tenders.store(session, [one], run_id=uuid4(), now=at, alerts=lambda change: False)
        for hours, award in enumerate(WON):
            awards.record(session, [award], run_id=uuid4(), now=NOW - timedelta(hours=5 - hours))
        awards.link(session, {"0000000000000582363": FIRST})
        known = table(Award)
        twin = known.update().where(known.c.id == award_id("kanpo", "twin"))
        session.connection().execute(twin.values(same_as=award_id("pportal", "one")))

    database.write(work)
