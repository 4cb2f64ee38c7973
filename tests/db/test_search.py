"""Finding tenders: the same answers from both databases as the plain meaning of the query gives."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from alerts.matching import searchable
from db import notices, tenders
from db import search as search_module
from db.composing import compose
from db.engine import Database
from db.notices import ReadNotice
from db.search import BATCH, Found, Preview, count, newest, scan, search
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.query import Query, Searchable, matches, parse
from db.vocabulary.reading import (
    Access,
    AccessVerdict,
    AreaScore,
    CpvCode,
    Evidence,
    FoundMoney,
    MoneyKind,
    Origin,
    Place,
    Reading,
)
from db.vocabulary.tender import ComposedTender

TOKYO = timezone(timedelta(hours=9))
NOW = datetime(2026, 4, 10, 0, 0, tzinfo=UTC)
DAY = date(2026, 4, 1)
AREAS = ("renewables", "mobility", "digital-health")


def scraped(number: int) -> ScrapedNotice:
    """Notices that differ in everything a query can ask for."""
    titles = ("水素ステーション整備工事", "ＬＥＤ照明器具の購入", "サーバー更新業務", "level meter, EV", "電子カルテ")
    given: dict[str, Any] = {
        "source": "kkj" if number % 3 else "pportal",
        "key": str(number),
        "title": titles[number % 5],
        "title_en": "Hydrogen station" if number % 5 == 0 else None,
        "kind": list(NoticeKind)[number % len(NoticeKind)],
        "published": DAY + timedelta(days=number % 7),
        "url": f"https://example.jp/{number}",
        "buyer": ("環境省", "経済産業省", None)[number % 3],
        "prefecture": ("東京都", "大阪府", None, "北海道")[number % 4],
        "category": (None, *Category)[number % 4],
        "deadline": None if number % 4 == 0 else datetime(2026, 4, 1 + number % 20, 7, 30, tzinfo=TOKYO),
        "text": f"第{number}号 燃料　電池の調達" if number % 2 else "",
        "text_en": "Nature and quantity: fuel cells, 1 set" if number % 3 == 0 else "",
    }
    return ScrapedNotice(**given)


VERDICTS = list(AccessVerdict)
CODES = ("45300000", "72000000", "72200000")


def read(number: int) -> Reading:
    return Reading(
        tuple(
            AreaScore(area, 1.0 + place, (Evidence("水素", "hydrogen", Place.TITLE, 1.0),))
            for place, area in enumerate(AREAS)
            if number % (place + 2) == 0
        ),
        venues=tuple(
            AreaScore(area, 0.5, (Evidence("駅", "station", Place.TITLE, 0.5),))
            for place, area in enumerate(AREAS)
            if number % (place + 2) == 1
        ),
        cpv=tuple(CpvCode(code, ("水素",)) for code in CODES[number % 5 :]),
        money=(FoundMoney(MoneyKind.PLANNED, Decimal(number * 1_000_000), "", Origin.FIELD),) if number % 3 else (),
        access=Access(VERDICTS[number % 5], VERDICTS[number // 5 % 5]),
    )


def fill(database: Database, size: int) -> dict[UUID, ComposedTender]:
    """Record that many notices, each a tender of its own; returns the tenders by their ids."""

    def work(session: Session) -> dict[UUID, ComposedTender]:
        recorded = notices.record(session, map(scraped, range(size)), run_id=UUID(int=1), now=NOW)
        composed = [
            compose(one.id, [ReadNotice(one.id, one.id, 1, one.notice, read(int(one.notice.key)))])
            for one in recorded
        ]
        tenders.store(session, composed, run_id=UUID(int=1), now=NOW, alerts=lambda change: False)
        return {tender.id: tender for tender in composed}

    return database.write(work)


def in_order(found: list[ComposedTender]) -> list[UUID]:
    """Published last first; of one day by their ids."""
    return [one.id for one in sorted(found, key=lambda one: (-one.published.toordinal(), one.id))]


def ids(found: Found) -> list[UUID]:
    return [card.id for card in found.cards]


QUERIES = [
    "",
    "水素",
    "hydrogen",
    "led",
    "サーバ",
    "EV",
    "level OR 水素",
    '"燃料 電池"',
    "title:燃料電池",
    "text:燃料電池",
    '"fuel cells"',
    "buyer:環境省,経済産業省",
    "area:renewables",
    "area:renewables,mobility",
    "area:renewables NOT area:mobility",
    "venue:mobility",
    "area:renewables OR venue:renewables",
    "area:renewables OR source:pportal",
    "source:pportal,kkj",
    "cpv:722 OR title:led",
    "(area:renewables prefecture:Tokyo) OR (venue:mobility published>=2026-04-03)",
    "area:renewables OR open:",
    "cpv:72 OR area:renewables OR venue:mobility",
    "cpv:72",
    "cpv:72200000,45",
    "NOT cpv:722 area:renewables",
    "prefecture:Tokyo",
    "NOT prefecture:東京都,大阪",
    "category:works",
    "kind:tender,award",
    "source:pportal",
    "published>=2026-04-05",
    "published=2026-04-05 OR deadline<2026-04-08",
    "open:",
    "NOT open:",
    "deadline=2026-04-10",
    "deadline<2026-04-10",
    "deadline<=2026-04-10",
    "deadline>=2026-04-10",
    "deadline>2026-04-10",
    "NOT deadline<=2026-04-10",
    "deadline>=0001-01-01",
    "deadline<=9999-12-31",
    "deadline<=2026-04-10 OR open:",
    "area:renewables (open: OR deadline<2026-04-04)",
    "value>=5000万",
    "value<10m",
    "value=7000000",
    "value<=10m",
    "value>5,000万",
    "NOT value>=0",
    "access:open",
    "access:gpa",
    "access:epa",
    "access:covered",
    "access:likely,restricted",
    "access:not-covered",
    "access:unknown",
    "NOT access:open value<=3000万",
    "サーバー更新",
    "サーバ更新",
    "水素 (open: OR kind:award) -area:mobility",
    "見つからない言葉",
]


def test_a_query_finds_what_it_means(database: Database) -> None:
    everything = fill(database, 120)
    with database.reading() as session:
        for text in QUERIES:
            query = parse(text)
            expected = in_order([one for one in everything.values() if matches(query, searchable(one, now=NOW))])
            assert list(scan(session, query, now=NOW)) == expected, text
            assert ids(search(session, query, now=NOW, limit=200)) == expected, text


def test_a_search_goes_page_by_page_without_gaps_or_repetitions(database: Database) -> None:
    fill(database, 60)
    with database.reading() as session:
        for text in ("", "area:renewables", "area:mobility OR venue:mobility", "cpv:72", "燃料電池", "見つからない"):
            query = parse(text)
            everything = list(scan(session, query, now=NOW))
            paged: list[UUID] = []
            more = True
            while more:
                page = search(session, query, now=NOW, limit=7, offset=len(paged))
                assert len(page.cards) == 7 or not page.more
                paged += ids(page)
                more = page.more
            assert paged == everything, text


def test_a_page_that_ends_with_the_last_result_says_that_there_is_no_more(database: Database) -> None:
    fill(database, 10)
    with database.reading() as session:
        assert search(session, parse("燃料電池"), now=NOW, limit=5).more is False
        assert search(session, parse("燃料電池"), now=NOW, limit=4).more is True
        assert newest(session, limit=10).more is False
        assert newest(session, limit=9).more is True
        beyond = newest(session, limit=5, offset=50)
    assert (beyond.cards, beyond.total, beyond.more) == ([], 10, False)


@pytest.mark.parametrize(
    "text",
    [
        f"cpv:722,{','.join(map(str, range(10_000, 10_600)))}",
        f"area:renewables,{','.join(f'none-{number}' for number in range(1_200))}",
        " OR ".join(["燃料電池 area:mobility", *(f"venue:none-{number}" for number in range(1_200))]),
        " ".join(f"value>={yen}" for yen in range(1_200)),
        " OR ".join(f"value={yen}" for yen in range(0, 1_200_000_000, 1_000_000)),
        f"NOT buyer:環境省,{','.join(f'見本{number}市' for number in range(600))}",
    ],
    ids=["codes", "areas", "places", "and", "or", "buyers"],
)
def test_a_query_may_be_a_long_list(database: Database, text: str) -> None:
    everything = fill(database, 40)
    query = parse(text)
    expected = in_order([one for one in everything.values() if matches(query, searchable(one, now=NOW))])
    assert 0 < len(expected) < 40
    with database.reading() as session:
        assert list(scan(session, query, now=NOW)) == expected
        assert ids(search(session, query, now=NOW, limit=50)) == expected


def test_a_scan_reads_more_than_one_batch_in_order(database: Database) -> None:
    everything = fill(database, BATCH + 30)
    with database.reading() as session:
        assert list(scan(session, parse("NOT 見つからない"), now=NOW)) == in_order(list(everything.values()))


@pytest.mark.parametrize("few", [0, search_module.FEW])
def test_totals_are_told_where_they_cost_nothing(
    database: Database, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "FEW", few)
    everything = fill(database, 30).values()
    with database.reading() as session:
        assert search(session, parse(""), now=NOW, limit=5).total == 30
        for text in ("area:renewables", "area:mobility OR venue:mobility", "venue:mobility", "cpv:72", "cpv:722,45"):
            query = parse(text)
            expected = in_order([one for one in everything if matches(query, searchable(one, now=NOW))])
            found = search(session, query, now=NOW, limit=5, offset=3)
            assert (found.total, ids(found)) == (len(expected), expected[3:8]), text
        assert search(session, parse("水素"), now=NOW, limit=5).total is None
        assert search(session, parse("area:renewables cpv:72"), now=NOW, limit=5).total is None


def test_the_preview_of_a_saved_search_counts_from_a_day_on(database: Database) -> None:
    everything = fill(database, 70)
    since = DAY + timedelta(days=3)
    expected = [one for one in everything.values() if one.published >= since and "水素" in one.title]
    with database.reading() as session:
        found = count(session, parse("水素"), now=NOW, since=since)
        assert found == Preview(len(expected), complete=True)
        assert found.found > 0
        later = DAY + timedelta(days=30)
        assert count(session, parse("水素"), now=NOW, since=later) == Preview(0, complete=True)


def test_a_preview_that_takes_too_long_tells_what_it_has_found_so_far(database: Database) -> None:
    everything = fill(database, BATCH + 30)
    newest = max(one.published for one in everything.values())
    with database.reading() as session:
        asked = iter([True, False])
        found = count(session, parse("NOT 更新"), now=NOW, since=DAY, going_on=lambda: next(asked))
        expected = [one for one in everything.values() if one.published == newest and "更新" not in one.title]
        assert found == Preview(len(expected), complete=False)
        assert count(session, parse(""), now=NOW, since=DAY, going_on=lambda: False) == Preview(0, complete=False)


def test_the_database_rules_out_what_a_column_can_rule_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = fill(database, 120).values()
    tried: list[bool] = []

    def watched(query: Query, tender: Searchable) -> bool:
        tried.append(matches(query, tender))
        return tried[-1]

    monkeypatch.setattr(search_module, "matches", watched)
    with database.reading() as session:
        for text in (
            "open:",
            "value>=5000万",
            "deadline<2026-04-10",
            "deadline=2026-04-10",
            "access:open",
            "access:gpa",
        ):
            tried.clear()
            found = len(list(scan(session, parse(text), now=NOW)))
            assert 0 < found < len(everything), text
            assert all(tried), text


def test_nothing_is_found_in_an_empty_record(database: Database) -> None:
    with database.reading() as session:
        assert search(session, parse("水素"), now=NOW, limit=5) == Found([], None, False)
        assert search(session, parse(""), now=NOW, limit=5) == Found([], 0, False)


@pytest.mark.parametrize("hour", [0, 14, 15, 23])
def test_a_deadline_belongs_to_its_day_in_tokyo_whatever_the_clock_of_the_machine(
    database: Database, hour: int
) -> None:
    fill(database, 10)
    clocks = [NOW.replace(hour=hour), NOW.replace(hour=hour).astimezone(TOKYO)]
    with database.reading() as session:
        found = [list(scan(session, parse("deadline=2026-04-06"), now=now)) for now in clocks]
    assert found[0] == found[1] == [one for one in found[0] if one]
    assert len(found[0]) == 1
