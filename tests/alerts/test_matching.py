"""Matching: every saved search that an event concerns, once, and why."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matching import Matcher, searchable
from db.deliveries import NewMatch
from db.subscribers import StoredSearch
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.query import QueryError, matches, parse, reasons
from db.vocabulary.reading import AreaScore
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
    """Search, tender, sequence and reasons of each match."""
    changes = [TenderChange(one, EventKind.PUBLISHED) for one in tenders]
    return [
        (match.saved_search_id.int, match.tender_id.int, match.sequence, match.why)
        for match in matcher.match(changes, now=NOW)
    ]


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

    assert list(Matcher([]).match((changes() for _ in range(1)), now=NOW)) == []


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
        "text:燃料電池",
        "open:",
        "deadline>=2026-11-27 deadline<=2026-11-27",
        "published=2026-11-23",
    )
    assert [search for search, *_ in found(Matcher.of(stored(*queries)), whole)] == list(range(1, len(queries) + 1))
    assert found(Matcher.of(stored("open:")), tender(deadline=NOW - timedelta(seconds=1))) == []


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
    assert list(matcher.match(changes, now=NOW)) == expected
    assert [one.search.id.int for one in matcher.unreadable] == unreadable
    assert len({(one.saved_search_id, one.sequence) for one in expected}) == len(expected)
