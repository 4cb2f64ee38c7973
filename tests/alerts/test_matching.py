"""Matching: every saved search that an event concerns, once, and why."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Event
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import matching
from alerts.matching import Matcher, searchable
from db.deliveries import NewMatch
from db.subscribers import StoredSearch
from db.vocabulary.delivery import Frequency
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.query import Query, QueryError, matches, parse, reasons
from db.vocabulary.reading import Access, AccessVerdict, AreaScore, CpvCode
from db.vocabulary.tender import ComposedTender, EventKind, TenderChange, TenderSource

NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
READER = UUID(int=1)


def tender(number: int = 100, title: str = "水素ステーション整備工事", **fields: object) -> ComposedTender:
    values: dict[str, object] = {
        "id": UUID(int=number),
        "title": title,
        "kind": NoticeKind.TENDER,
        "published": date(2026, 11, 23),
        "sources": (),
        **fields,
    }
    return ComposedTender(**values)  # type: ignore[arg-type]


def stored(*queries: str) -> list[StoredSearch]:
    return [StoredSearch(UUID(int=number), READER, str(number), query) for number, query in enumerate(queries, 1)]


def found(matcher: Matcher, *tenders: ComposedTender) -> list[tuple[int, int, int, tuple[str, ...]]]:
    """Search, tender, sequence and reasons of each match, in their order."""
    changes = [TenderChange(one, EventKind.PUBLISHED) for one in tenders]
    return sorted(
        (match.saved_search_id.int, match.tender_id.int, match.sequence, match.why)
        for match in matcher.match(changes, now=NOW)
    )


def test_a_search_that_has_the_words_is_told_with_its_reasons() -> None:
    matcher = Matcher.of(stored("水素 OR 太陽光", "太陽光", "ステーション 整備"))
    assert found(matcher, tender()) == [(1, 100, 1, ("水素",)), (3, 100, 1, ("ステーション", "整備"))]


def test_an_empty_search_finds_everything_and_has_no_reason() -> None:
    assert found(Matcher.of(stored("")), tender()) == [(1, 100, 1, ())]


def test_a_search_with_several_reasons_is_told_once() -> None:
    matcher = Matcher.of(stored("水素 OR ステーション OR 水素 OR 整備工事"))
    assert found(matcher, tender()) == [(1, 100, 1, ("水素", "ステーション", "整備工事"))]


def test_each_event_of_a_tender_is_a_match_of_its_own() -> None:
    matcher = Matcher.of(stored("水素"))
    changes = [TenderChange(tender(), EventKind.PUBLISHED), TenderChange(tender(), EventKind.CHANGED, (), 2)]
    assert list(matcher.match(changes, now=NOW)) == [
        NewMatch(UUID(int=1), UUID(int=100), 1, ("水素",)),
        NewMatch(UUID(int=1), UUID(int=100), 2, ("水素",)),
    ]


def test_nothing_is_looked_at_where_nobody_searches() -> None:
    def changes() -> TenderChange:
        raise AssertionError

    assert len(Matcher()) == 0
    assert list(Matcher().match((changes() for _ in range(1)), now=NOW)) == []


@pytest.mark.parametrize("broken", ["(水素", '"', "nonsense:1", "published>=yesterday", "kind:party", "(" * 60])
def test_a_search_that_cannot_be_read_is_told_of_and_harms_nobody(broken: str) -> None:
    matcher = Matcher.of(stored("水素", broken, "整備"))
    assert [(one.search.id.int, one.search.query) for one in matcher.unreadable] == [(2, broken)]
    assert isinstance(matcher.unreadable[0].error, QueryError)
    assert [search for search, *_ in found(matcher, tender())] == [1, 3]


def test_every_field_of_a_tender_can_be_searched() -> None:
    whole = tender(
        title_en="Hydrogen Station",
        buyer="環境省",
        buyer_en="Ministry of the Environment",
        prefecture="東京都",
        category=Category.WORKS,
        deadline=NOW + timedelta(days=3),
        areas=(AreaScore("renewables", 1.0, ()),),
        sources=(TenderSource("kkj", "1", "https://x", NoticeKind.TENDER, date(2026, 11, 23), UUID(int=9)),),
        venues=(AreaScore("aging-society", 0.5, ()),),
        cpv=(CpvCode("45300000", ("工事",)),),
        value=Decimal(80_000_000),
        access=Access(epa=AccessVerdict.LIKELY),
        text="燃料電池の購入",
    )
    queries = (
        "hydrogen title:ＳＴＡＴＩＯＮ",
        "buyer:ministry buyer:環境省",
        "prefecture:Tokyo",
        "category:works",
        "kind:tender",
        "area:renewables",
        "source:kkj",
        "venue:aging-society",
        "cpv:45",
        "value>=8000万",
        "access:open access:epa -access:gpa",
        "text:燃料電池",
        "open:",
        "deadline>=2026-11-27 deadline<=2026-11-27",
        "published=2026-11-23",
    )
    assert [search for search, *_ in found(Matcher.of(stored(*queries)), whole)] == list(range(1, len(queries) + 1))
    assert found(Matcher.of(stored("open:")), tender(deadline=NOW - timedelta(seconds=1))) == []


@pytest.mark.parametrize(
    ("frequency", "at_once", "waiting"),
    [
        (Frequency.AT_ONCE, True, True),
        (Frequency.DAILY, False, True),
        (Frequency.WEEKLY, False, True),
        (Frequency.NEVER, False, False),
    ],
)
def test_a_match_says_how_soon_it_is_told(frequency: Frequency, at_once: bool, waiting: bool) -> None:
    matcher = Matcher.of([replace(search, frequency=frequency) for search in stored("水素")])
    (match,) = matcher.match([TenderChange(tender(), EventKind.PUBLISHED)], now=NOW)
    assert (match.at_once, match.waiting) == (at_once, waiting)


def test_the_same_query_of_many_people_is_told_to_each() -> None:
    matcher = Matcher.of(stored(*["水素 整備"] * 5, "水素"))
    assert [search for search, *_ in found(matcher, tender())] == [1, 2, 3, 4, 5, 6]
    assert len(matcher) == 6


# Searches that come, change and go ----------------------------------------------------------------------


def test_searches_come_change_and_go() -> None:
    matcher = Matcher.of(stored("水素", "水素", "太陽光"))
    assert [search for search, *_ in found(matcher, tender())] == [1, 2]
    first, second, third = stored("水素", "太陽光", "整備")
    matcher.refresh([first, second, third])
    assert [search for search, *_ in found(matcher, tender())] == [1, 3]
    matcher.refresh([third])
    assert ([search for search, *_ in found(matcher, tender())], len(matcher)) == ([3], 1)
    matcher.refresh([])
    assert (found(matcher, tender()), len(matcher)) == ([], 0)
    matcher.refresh([first])
    assert [search for search, *_ in found(matcher, tender())] == [1]


def test_a_search_that_is_told_at_another_time_from_now_on_is_told_so() -> None:
    (search,) = stored("水素")
    matcher = Matcher.of([search])
    matcher.refresh([replace(search, frequency=Frequency.AT_ONCE)])
    assert [match.at_once for match in matcher.match([TenderChange(tender(), EventKind.PUBLISHED)], now=NOW)] == [
        True
    ]


def test_a_search_that_is_mended_is_no_longer_unreadable() -> None:
    broken, mended = stored("(水素")[0], stored("(水素)")[0]
    matcher = Matcher.of([broken])
    assert (len(matcher.unreadable), len(matcher)) == (1, 0)
    matcher.refresh([broken])
    assert len(matcher.unreadable) == 1
    matcher.refresh([mended])
    assert (matcher.unreadable, len(found(matcher, tender()))) == ((), 1)
    matcher.refresh([broken])
    assert (len(matcher.unreadable), found(matcher, tender())) == (1, [])
    matcher.refresh([])
    assert matcher.unreadable == ()


def test_only_what_is_new_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counting(text: str) -> Query:
        asked.append(text)
        return parse(text)

    monkeypatch.setattr(matching, "parse", counting)
    matcher = Matcher.of(stored("水素", "太陽光", "水素"))
    assert asked == ["水素", "太陽光"]
    matcher.refresh(stored("水素", "太陽光", "水素", "整備", "太陽光"))
    assert asked == ["水素", "太陽光", "整備"]


def test_what_many_searches_left_behind_is_cleared_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "WASTE", 3)
    matcher = Matcher()
    for number in range(30):
        matcher.refresh([*stored("水素"), StoredSearch(UUID(int=99), READER, "", f"見本{number} 整備")])
        assert [search for search, *_ in found(matcher, tender(title=f"水素 見本{number} 整備"))] == [1, 99]


def test_a_crawl_that_has_begun_goes_on_with_the_searches_that_there_were() -> None:
    matcher = Matcher.of(stored("水素"))
    changes = [TenderChange(tender(number), EventKind.PUBLISHED) for number in (1, 2)]
    going_on = matcher.match(changes, now=NOW)
    first = next(going_on)
    matcher.refresh(stored("太陽光", "整備"))
    assert [first.tender_id.int, *(match.tender_id.int for match in going_on)] == [1, 2]
    assert {match.saved_search_id.int for match in matcher.match(changes, now=NOW)} == {2}


def test_crawls_match_while_searches_come_and_go() -> None:
    steady = stored("水素", "整備 OR 太陽光", "NOT 太陽光")
    matcher = Matcher.of(steady)
    stop = Event()

    def crawl() -> list[set[int]]:
        seen: list[set[int]] = []
        while not stop.is_set():
            told = matcher.match([TenderChange(tender(), EventKind.PUBLISHED)], now=NOW)
            seen.append({match.saved_search_id.int for match in told})
        return seen

    with ThreadPoolExecutor(3) as threads:
        crawls = [threads.submit(crawl) for _ in range(3)]
        try:
            for number in range(200):
                more = [StoredSearch(UUID(int=1000 + number), READER, "", f"水素 OR 見本{number} OR EV{number}")]
                matcher.refresh([*steady, *more] if number % 3 else steady)
        finally:
            stop.set()
        seen = [one for done in crawls for one in done.result(10)]
    assert seen
    assert all({1, 2, 3} <= one and len(one) <= 4 for one in seen)


# Against the plain evaluation ---------------------------------------------------------------------------

LEAVES = st.sampled_from(
    [
        "水素",
        "太陽光",
        "LED",
        '"燃料 電池"',
        "title:整備",
        "buyer:環境省,東京",
        "prefecture:東京都",
        "category:works,goods",
        "kind:tender",
        "area:renewables",
        "source:kkj",
        "published>=2026-11-23",
        "deadline<2026-12-01",
        "open:",
    ]
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("{} {}".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("-({})".format, inner),
    ),
    max_leaves=6,
) | st.sampled_from(["", "(", "水素 OR", "nope:1"])
TITLES = st.lists(
    st.sampled_from(["水素", "太陽光", "ＬＥＤ照明", "LEDs", "燃料電池", "燃料 電池", "整備", " "]), max_size=4
)
TENDERS = st.builds(
    lambda title, text, buyer, prefecture, category, kind, day, deadline, areas: tender(
        title="".join(title),
        text="".join(text),
        buyer=buyer,
        prefecture=prefecture,
        category=category,
        kind=kind,
        published=date(2026, 11, 22) + timedelta(days=day),
        deadline=deadline,
        areas=tuple(AreaScore(area, 1.0, ()) for area in areas),
    ),
    TITLES,
    TITLES,
    st.sampled_from([None, "環境省", "東京都庁"]),
    st.sampled_from([None, "東京都", "大阪府"]),
    st.sampled_from([None, *Category]),
    st.sampled_from(list(NoticeKind)),
    st.integers(0, 2),
    st.none() | st.sampled_from([NOW, NOW - timedelta(seconds=1), NOW + timedelta(days=30)]),
    st.lists(st.sampled_from(["renewables", "smart-city"]), unique=True),
)


@given(st.lists(QUERIES, max_size=6), st.lists(TENDERS, max_size=4))
def test_the_matcher_finds_what_the_plain_evaluation_finds(queries: list[str], tenders: list[ComposedTender]) -> None:
    matcher = Matcher.of(stored(*queries))
    expected: list[NewMatch] = []
    unreadable: list[int] = []
    for number, query in enumerate(queries, 1):
        try:
            parse(query)
        except QueryError:
            unreadable.append(number)
    changes = [TenderChange(one, EventKind.CHANGED, (), number) for number, one in enumerate(tenders, 1)]
    for change in changes:
        for number, query in enumerate(queries, 1):
            if number not in unreadable and matches(parse(query), seen := searchable(change.tender, now=NOW)):
                expected.append(
                    NewMatch(UUID(int=number), change.tender.id, change.sequence, reasons(parse(query), seen))
                )
    told = sorted(matcher.match(changes, now=NOW), key=lambda match: (match.sequence, match.saved_search_id.int))
    assert told == expected
    assert [one.search.id.int for one in matcher.unreadable] == unreadable
    assert len({(one.saved_search_id, one.sequence) for one in expected}) == len(expected)
