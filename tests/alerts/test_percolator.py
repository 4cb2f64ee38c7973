"""Percolation: very many queries at once find exactly what each of them finds alone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts import percolator
from alerts.percolator import Percolator
from db.vocabulary.notice import NoticeKind
from db.vocabulary.query import (
    And,
    Compare,
    Facet,
    Is,
    Moment,
    Not,
    Open,
    Or,
    Query,
    Scope,
    Searchable,
    Value,
    Word,
    matches,
    parse,
    reasons,
    spelled,
)
from db.vocabulary.text import fold

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = date(2026, 6, 1)

# Words that stand within one another, touch Latin letters, and are written in several ways.
_PIECES = (
    *("水素", "素水", "水", "燃料電池", "電池", "EV", "ev2", "level", "LED", "ＬＥＤ", "c++", "5G", "smart city"),
    *(
        "サーバー",
        "サーバ",
        "ｻｰﾊﾞｰ",
        "サーバー更新",
        "サーバ更新",
        "更新",
        "データーセンター整備",
        "スキー",
        "アルペンスキー場",
    ),
    *("プリンター及びサーバー及びデーター及びルーター及びモニター", "ー", "ev サーバー", "サーバー EV", " ", "-"),
)
TEXTS = st.lists(st.sampled_from(_PIECES), max_size=5).map(lambda pieces: fold("".join(pieces)))
TENDERS = st.builds(
    Searchable,
    title=TEXTS,
    text=TEXTS,
    buyer=TEXTS,
    areas=st.frozensets(st.sampled_from(["renewables", "mobility"])),
    venues=st.frozensets(st.sampled_from(["renewables", "mobility"])),
    cpv=st.frozensets(st.sampled_from(["45", "453", "72"])),
    sources=st.frozensets(st.sampled_from(["kkj", "pportal"])),
    access=st.frozensets(st.sampled_from(["open", "epa", "covered"])),
    prefecture=st.none() | st.sampled_from(["東京都", "大阪府"]),
    category=st.none() | st.sampled_from(["goods", "works"]),
    kind=st.sampled_from([NoticeKind.TENDER, NoticeKind.AWARD]),
    value=st.none() | st.sampled_from([Decimal(0), Decimal(5_000_000)]),
    published=st.sampled_from([DAY, DAY - timedelta(days=1)]),
    deadline=st.none() | st.sampled_from([NOW, NOW - timedelta(seconds=1), NOW + timedelta(days=9)]),
    now=st.just(NOW),
)
WORDS = st.sampled_from(sorted({spelled(piece) for piece in _PIECES} - {""}))
SIGNS = st.sampled_from(["<", "<=", "=", ">=", ">"])
LEAVES: st.SearchStrategy[Query] = st.one_of(
    st.builds(Word, st.sampled_from(Scope), WORDS),
    st.builds(Is, st.sampled_from([Facet.AREA, Facet.VENUE]), st.sampled_from(["renewables", "mobility"])),
    st.builds(Is, st.just(Facet.CPV), st.sampled_from(["45", "453"])),
    st.builds(Is, st.just(Facet.ACCESS), st.sampled_from(["open", "gpa", "covered"])),
    st.builds(Is, st.just(Facet.PREFECTURE), st.sampled_from(["東京都", "北海道"])),
    st.builds(Is, st.just(Facet.KIND), st.sampled_from(["tender", "award"])),
    st.builds(Compare, st.sampled_from(Moment), SIGNS, st.just(DAY)),
    st.builds(Value, SIGNS, st.sampled_from([Decimal(0), Decimal(5_000_000)])),
    st.just(Open()),
)


def _several(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[tuple[Query, ...]]:
    return st.lists(inner, max_size=4).map(tuple)


QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.builds(And, _several(inner)), st.builds(Or, _several(inner)), st.builds(Not, inner)),
    max_leaves=10,
)


def plainly(queries: Iterable[Query], tender: Searchable) -> dict[str, tuple[str, ...]]:
    return {str(query): reasons(query, tender) for query in queries if matches(query, tender)}


def keyed(queries: Iterable[Query]) -> dict[str, Query]:
    return {str(query): query for query in queries}


def told(one: Percolator, tender: Searchable) -> dict[str, tuple[str, ...]]:
    found = list(one.found(tender))
    assert len(found) == len(dict(found)), "a query was told twice"
    return dict(found)


NOTHING = Searchable(
    title="",
    text="",
    buyer="",
    areas=frozenset(),
    venues=frozenset(),
    cpv=frozenset(),
    sources=frozenset(),
    access=frozenset(),
    prefecture=None,
    category=None,
    kind="tender",
    value=None,
    published=DAY,
    deadline=None,
    now=NOW,
)


@given(st.lists(QUERIES, max_size=12), st.lists(TENDERS, min_size=1, max_size=3))
@example([And(()), Or(()), Not(Or(())), Not(And(()))], [NOTHING])
def test_all_at_once_find_what_each_finds_alone(queries: list[Query], tenders: list[Searchable]) -> None:
    one = Percolator().changed(keyed(queries))
    for tender in tenders:
        assert told(one, tender) == plainly(queries, tender)


@given(st.lists(st.lists(QUERIES, max_size=5), max_size=6), TENDERS, st.integers(0, 6))
def test_queries_that_come_and_go_leave_no_trace(rounds: list[list[Query]], tender: Searchable, join: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(percolator, "JOIN", join)
        one, there = Percolator(), dict[str, Query]()
        for queries in rounds:
            wanted = keyed(queries)
            added = {key: query for key, query in wanted.items() if key not in there}
            before, known = one, plainly(there.values(), tender)
            one = one.changed(added, [key for key in there if key not in wanted])
            there = wanted
            assert told(one, tender) == plainly(there.values(), tender)
            assert told(before, tender) == known, "what was there before has changed"
            assert len(one) == len(there)


@pytest.mark.parametrize(
    ("query", "title", "found"),
    [
        ("EV", "level", False),
        ("EV", "level ev", True),
        ("サーバー更新", "サーバ更新", True),
        ("サーバ更新", "ｻｰﾊﾞｰ更新", True),
        ("スキー場", "アルペンスキー場", True),
        ("プリンター及びサーバー及びデーター及びルーター及びモニター一式", "ルーター", False),
        (
            "プリンター及びサーバー及びデーター及びルーター及びモニター一式",
            "プリンタ及びサーバー及びデータ及びルータ及びモニター一式",
            True,
        ),
        ("-水素", "燃料", True),
        ("-(水素 OR 電池)", "電池", False),
        ("(水素 燃料) OR (EV 電池)", "ev電池", True),
        ("水素 OR open:", "", True),
        ("NOT NOT 水素", "水素", True),
    ],
)
def test_words_are_found_as_the_query_language_finds_them(query: str, title: str, found: bool) -> None:
    one = Percolator().changed({"q": parse(query)})
    assert bool(told(one, replace(NOTHING, title=fold(title)))) is found


def test_a_word_that_one_searches_in_the_title_is_not_found_in_the_text() -> None:
    one = Percolator().changed({text: parse(text) for text in ("title:水素", "text:水素", "buyer:水素", "水素")})
    assert set(told(one, replace(NOTHING, text="水素"))) == {"text:水素", "水素"}
    assert set(told(one, replace(NOTHING, buyer="水素"))) == {"buyer:水素", "水素"}


def test_most_queries_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filed under its rarest word, a query is not even a candidate where only its frequent ones stand."""
    looked: list[Query] = []

    def watched(query: Query, tender: Searchable) -> bool:
        looked.append(query)
        return matches(query, tender)

    monkeypatch.setattr(percolator, "matches", watched)
    texts = [f"業務 kind:tender (水素発電設備{number} OR (燃料電池{number} EV))" for number in range(500)]
    one = Percolator().changed({text: parse(text) for text in texts})
    assert set(told(one, replace(NOTHING, title="業務 水素発電設備7"))) == {texts[7]}
    assert looked == [parse(texts[7])]
