"""What the index of full-text search is asked, and what it says of a tender."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.query import (
    EVERYTHING,
    And,
    Compare,
    Facet,
    Is,
    Moment,
    Not,
    Open,
    Opened,
    Or,
    Query,
    Scope,
    Searchable,
    Value,
    Word,
    matches,
    parse,
    spelled,
)
from db.vocabulary.text import fold
from db.vocabulary.tokens import (
    ALL,
    DEEPEST,
    MOST,
    UNCUT,
    Begins,
    Every,
    Expression,
    Has,
    Lacks,
    Some,
    sought,
    straight,
    tokens,
)

NOW = datetime(2026, 4, 10, tzinfo=UTC)
# Few characters, so that what is looked for is often there: kinds of letters, marks, and what folding changes.
ALPHABET = "水素更新シスバサーー々ＬＥdeD1２-・、（ 　ﾊﾞé\u3099\n"
WORDS = some.text(ALPHABET, min_size=1, max_size=6)
TEXTS = some.text(ALPHABET, max_size=30)
DAYS = some.sampled_from(
    [date(2026, 4, 10) + timedelta(days=days) for days in (-9_000, -400, -30, -1, 0, 1, 40, 9_000)]
)
MOMENTS = DAYS.map(lambda day: datetime(day.year, day.month, day.day, 15, tzinfo=UTC))
YEN = some.sampled_from([Decimal(yen) for yen in (0, 1, 999, 1_000_000, 1_048_576, 5_000_000, 10**14)])


def tender(title: str = "", text: str = "", buyer: str = "", **more: object) -> Searchable:
    given = {
        "areas": frozenset(),
        "venues": frozenset(),
        "cpv": frozenset(),
        "sources": frozenset({"kkj"}),
        "access": frozenset(),
        "prefecture": None,
        "category": None,
        "kind": NoticeKind.TENDER,
        "value": None,
        "published": date(2026, 4, 1),
        "deadline": None,
        "now": NOW,
    }
    return Searchable(fold(title), fold(text), fold(buyer), **(given | more))  # type: ignore[arg-type]


@some.composite
def tenders(draw: some.DrawFn) -> Searchable:
    return tender(
        draw(TEXTS),
        draw(TEXTS),
        draw(TEXTS),
        areas=frozenset(draw(some.sets(some.sampled_from(["renewables", "digital-health"])))),
        access=frozenset(draw(some.sets(some.sampled_from([*Opened])))),
        prefecture=draw(some.sampled_from(["東京都", None])),
        category=draw(some.sampled_from([*Category, None])),
        kind=draw(some.sampled_from([*NoticeKind])),
        value=draw(some.none() | YEN),
        deadline=draw(some.none() | MOMENTS),
    )


@some.composite
def words(draw: some.DrawFn) -> Word:
    return Word(draw(some.sampled_from([*Scope])), draw(WORDS.map(spelled).filter(bool)))


LEAVES: some.SearchStrategy[Query] = (
    words()
    | some.builds(Is, some.just(Facet.AREA), some.sampled_from(["renewables", "digital-health", "digital"]))
    | some.builds(Is, some.just(Facet.KIND), some.sampled_from([*NoticeKind]))
    | some.builds(Is, some.just(Facet.ACCESS), some.sampled_from([*Opened]))
    | some.builds(Compare, some.sampled_from([*Moment]), some.sampled_from(["<", "<=", "=", ">=", ">"]), DAYS)
    | some.builds(Value, some.sampled_from(["<", "<=", "=", ">=", ">"]), YEN)
    | some.just(Open())
)
QUERIES: some.SearchStrategy[Query] = some.recursive(
    LEAVES,
    lambda inner: (
        some.builds(And, some.lists(inner, max_size=3).map(tuple))
        | some.builds(Or, some.lists(inner, max_size=3).map(tuple))
        | some.builds(Not, inner)
    ),
    max_leaves=8,
)


def holds(expression: Expression | None, found: set[str]) -> bool:
    """What an index says of a tender with these tokens."""
    match expression:
        case None:
            return True
        case Has(token):
            return token in found
        case Begins(token):
            return any(one.startswith(token) for one in found)
        case Every(parts):
            return all(holds(part, found) for part in parts)
        case Some(parts):
            return any(holds(part, found) for part in parts)
        case Lacks(part):
            return not holds(part, found)


def is_certain(text: str) -> bool:
    return sought(parse(text), now=NOW).rest == EVERYTHING


@given(QUERIES, tenders())
def test_what_the_index_says_and_what_is_looked_at_then_are_together_the_meaning_of_a_query(
    query: Query, tender: Searchable
) -> None:
    asked, found = sought(query, now=NOW), tokens(tender)
    assert (holds(asked.expression, found) and matches(asked.rest, tender)) == matches(query, tender)
    assert matches(straight(query), tender) == matches(query, tender)


@given(words(), TEXTS, WORDS, TEXTS)
def test_a_word_that_stands_in_a_text_is_never_overlooked(word: Word, before: str, written: str, after: str) -> None:
    for text in (before + word.term + after, before + "ー".join(word.pieces) + after, before + written + after):
        for one in (tender(title=text), tender(text=text), tender(buyer=text)):
            asked = sought(word, now=NOW)
            assert holds(asked.expression, tokens(one)) >= matches(word, one)


@pytest.mark.parametrize(
    "text",
    [
        "更新",
        "水",
        '"led"',
        '"ＬＥＤ"',
        "3",
        "title:更新",
        "更新 介護",
        "NOT 更新",
        '(更新 OR "led") -area:mobility kind:award',
    ],
)
def test_of_short_words_latin_words_and_filters_the_index_is_certain(text: str) -> None:
    assert is_certain(text)


@pytest.mark.parametrize("text", ["システム", "led照明", '"fuel cells"', "NOT システム", "c++", "open:", "value>=5"])
def test_what_only_has_the_same_pairs_is_looked_at_again(text: str) -> None:
    assert not is_certain(text)


def test_pairs_of_two_fields_do_not_mix() -> None:
    found = tokens(tender(title="水素", text="素材", buyer="材料"))
    assert {one for one in found if "素" in one} == {"t水素", "t素", "x素材"}
    assert not holds(sought(parse("title:素材"), now=NOW).expression, found)


def test_a_tender_with_too_many_words_is_found_by_every_word_and_has_to_be_looked_at() -> None:
    long = tender(text="".join(map(chr, range(0x4E00, 0x4E00 + MOST))), title="水素")
    found = tokens(long)
    assert {ALL, UNCUT} < found
    assert len(found) < 20
    for text in ("水素", "燃料電池", "title:led kind:tender", "NOT kind:award text:水"):
        assert holds(sought(parse(text), now=NOW).expression, found), text


def test_a_long_latin_word_is_cut_and_looked_at_again() -> None:
    word = "a" * 3_000
    assert max(map(len, tokens(tender(text=word)))) < 40
    assert not is_certain(word)
    assert holds(sought(parse(word), now=NOW).expression, tokens(tender(text=word)))


def test_values_with_marks_and_capitals_stay_apart() -> None:
    given = ("digital-health", "digital_health", "digitalhealth", "Digital-health", "digital health")
    assert (
        len({one for area in given for one in tokens(tender(areas=frozenset({area}))) if one.startswith("fa")}) == 5
    )


def test_a_query_nested_deeply_is_asked_of_the_index_as_far_as_it_can_be() -> None:
    query: Query = Word(Scope.ANY, "水素")
    for depth in range(3 * DEEPEST):
        query = (And if depth % 2 else Or)((query, Word(Scope.ANY, "更新")))
    asked, one = sought(query, now=NOW), tender(title="水素更新")
    assert matches(query, one)
    assert holds(asked.expression, tokens(one))
    assert matches(asked.rest, one)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "2009-12-31T23:00", "2041-01-01T00:00", "9999-12-31T23:59"])
def test_deadlines_at_the_ends_of_the_calendar_do_no_harm(moment: str) -> None:
    one = tender(deadline=datetime.fromisoformat(f"{moment}+00:00"))
    operators = (">=", "<=")
    asked = [sought(Compare(Moment.DEADLINE, operator, date(2026, 4, 1)), now=NOW) for operator in operators]
    assert sum(holds(found.expression, tokens(one)) for found in asked) == 1
