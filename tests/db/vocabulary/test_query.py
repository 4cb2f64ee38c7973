"""The query language: what can be written, what it means, and where a mistake is."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.vocabulary.labels import PREFECTURES_EN
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.query import (
    DEEPEST,
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
    QueryError,
    Scope,
    Searchable,
    Value,
    Word,
    contains,
    matches,
    opened,
    parse,
    reasons,
    spelled,
)
from db.vocabulary.reading import Access, AccessVerdict
from db.vocabulary.text import fold

TOKYO = timezone(timedelta(hours=9))


def word(term: str, scope: Scope = Scope.ANY) -> Word:
    return Word(scope, term)


def tender(**more: Any) -> Searchable:
    """A tender as queries see it; texts are given as published."""
    given: dict[str, Any] = {
        "title": "水素ステーション整備工事",
        "text": "",
        "buyer": "環境省",
        "areas": frozenset({"decarbonization"}),
        "venues": frozenset({"aging-society"}),
        "cpv": frozenset({"45", "453"}),
        "sources": frozenset({"kkj"}),
        "access": frozenset({"open", "epa", "likely"}),
        "value": Decimal(50_000_000),
        "prefecture": "東京都",
        "category": Category.WORKS,
        "kind": NoticeKind.TENDER,
        "published": date(2026, 4, 1),
        "deadline": datetime(2026, 4, 20, 17, 0, tzinfo=TOKYO),
        "now": datetime(2026, 4, 10, tzinfo=UTC),
    } | more
    return Searchable(**(given | {name: fold(given[name]) for name in ("title", "text", "buyer")}))


# What can be written -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", EVERYTHING),
        (" 　\n", EVERYTHING),
        ("水素", word("水素")),
        ("水素 電池", And((word("水素"), word("電池")))),
        ("水素 AND 電池", And((word("水素"), word("電池")))),
        ("水素 OR 電池", Or((word("水素"), word("電池")))),
        ("水素 or 電池", And((word("水素"), word("or"), word("電池")))),
        ('"燃料 電池"', word("燃料電池")),
        ('"smart city"', word("smart city")),
        ("NOT 水素", Not(word("水素"))),
        ("-水素", Not(word("水素"))),
        ('-"燃料 電池"', Not(word("燃料電池"))),
        ("-area:mobility", Not(Is(Facet.AREA, "mobility"))),
        ("-(a OR b)", Not(Or((word("a"), word("b"))))),
        ("co-op", word("co-op")),
        ("-", word("-")),
        ("title:水素", word("水素", Scope.TITLE)),
        ('TITLE:"燃料 電池"', word("燃料電池", Scope.TITLE)),
        ("text:仕様書", word("仕様書", Scope.TEXT)),
        ("buyer:環境省,経済産業省", Or((word("環境省", Scope.BUYER), word("経済産業省", Scope.BUYER)))),
        ("buyer:環境省、経済産業省", Or((word("環境省", Scope.BUYER), word("経済産業省", Scope.BUYER)))),
        ('buyer:"a, b"', word("a, b", Scope.BUYER)),
        ("buyer:環境省,", word("環境省", Scope.BUYER)),
        ("area:renewables", Is(Facet.AREA, "renewables")),
        ('area:"Digital Health"', Is(Facet.AREA, "digital-health")),
        ("venue:aging-society", Is(Facet.VENUE, "aging-society")),
        ("cpv:72", Is(Facet.CPV, "72")),
        ("cpv:72000000", Is(Facet.CPV, "72")),
        ("cpv:９０７００００0-1", Is(Facet.CPV, "907")),
        ("cpv:30000000,72200000", Or((Is(Facet.CPV, "30"), Is(Facet.CPV, "722")))),
        ("prefecture:Tokyo", Is(Facet.PREFECTURE, "東京都")),
        ("prefecture:大阪,北海道", Or((Is(Facet.PREFECTURE, "大阪府"), Is(Facet.PREFECTURE, "北海道")))),
        ("category:Works", Is(Facet.CATEGORY, "works")),
        ("kind:award", Is(Facet.KIND, "award")),
        ('kind:"proposal call"', Is(Facet.KIND, "proposal-call")),
        ("source:kkj", Is(Facet.SOURCE, "kkj")),
        ("access:open", Is(Facet.ACCESS, "open")),
        ("access:GPA", Is(Facet.ACCESS, "gpa")),
        ('access:"Not covered"', Is(Facet.ACCESS, "not-covered")),
        ("access:covered,likely", Or((Is(Facet.ACCESS, "covered"), Is(Facet.ACCESS, "likely")))),
        ("open:", Open()),
        ("published>=2026-04-01", Compare(Moment.PUBLISHED, ">=", date(2026, 4, 1))),
        ("deadline<2026-04-01", Compare(Moment.DEADLINE, "<", date(2026, 4, 1))),
        ("Published=2026-04-01", Compare(Moment.PUBLISHED, "=", date(2026, 4, 1))),
        ("value>=5000000", Value(">=", Decimal(5_000_000))),
        ("Value<300", Value("<", Decimal(300))),
        ("設計、施工", word("設計、施工")),
        ("件名:水素", word("件名:水素")),
    ],
)
def test_what_can_be_written(text: str, tree: Query) -> None:
    assert parse(text) == tree


HYDROGEN = Or((word("hydrogen"), word("水素")))
FUEL = Or((word("fuel"), word("燃料")))
FUEL_CELL = Or((And((word("fuel"), word("cell"))), word("燃料電池")))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("hydrogen", HYDROGEN),
        ("Ｈｙｄｒｏｇｅｎ", HYDROGEN),
        ("fuel cell", FUEL_CELL),
        ("fuel-cell", Or((word("fuel-cell"), word("燃料電池")))),
        ("hydrogen fuel cell 更新", And((HYDROGEN, FUEL_CELL, word("更新")))),
        ("hydrogen OR fuel cell", Or((HYDROGEN, FUEL_CELL))),
        ("NOT hydrogen", Not(HYDROGEN)),
        ("-hydrogen fuel cell", And((Not(HYDROGEN), FUEL_CELL))),
        ("NOT fuel cell", And((Not(FUEL), word("cell")))),
        ("NOT (fuel cell)", Not(FUEL_CELL)),
        ("fuel AND cell", And((FUEL, word("cell")))),
        ("title:hydrogen", word("hydrogen", Scope.TITLE)),
        ('"hydrogen"', word("hydrogen")),
        ('"fuel cell"', word("fuel cell")),
    ],
)
def test_bare_english_words_stand_for_their_japanese_terms_too(text: str, tree: Query) -> None:
    assert parse(text) == tree


def test_synonyms_can_be_left_out() -> None:
    assert parse("hydrogen OR fuel cell", with_synonyms=False) == Or(
        (word("hydrogen"), And((word("fuel"), word("cell"))))
    )


A, B, C = word("a"), word("b"), word("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a b OR c", Or((And((A, B)), C))),
        ("a OR b c", Or((A, And((B, C))))),
        ("a AND b OR c", Or((And((A, B)), C))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("a OR b OR c", Or((A, B, C))),
        ("(a OR b) OR c", Or((Or((A, B)), C))),
        ("NOT a b", And((Not(A), B))),
        ("NOT a OR b", Or((Not(A), B))),
        ("NOT (a b)", Not(And((A, B)))),
        ("NOT NOT a", Not(Not(A))),
        ("a NOT b", And((A, Not(B)))),
        ("((a))", A),
    ],
)
def test_not_binds_closer_than_and_and_and_closer_than_or(text: str, tree: Query) -> None:
    assert parse(text) == tree


GUIDE = (Path(__file__).parents[3] / "docs" / "query-language.md").read_text(encoding="utf-8")
WRITTEN = [
    query
    for line in GUIDE.splitlines()
    if line.startswith("| `")
    for query in re.findall("`([^`]+)`", line.split("|")[1])
]


@pytest.mark.parametrize("query", WRITTEN)
def test_every_example_of_the_guide_can_be_written(query: str) -> None:
    parse(query)


def test_the_guide_names_every_field_and_every_value() -> None:
    fields = [f"{field}:" for field in (*Facet, *Scope, "open") if field != Scope.ANY]
    for name in [*fields, *Moment, "value>=", *NoticeKind, *Category, *Opened]:
        assert name in GUIDE, name


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("（水素　ＯＲ　電池）", "(水素 OR 電池)"),
        ("ａｒｅａ：renewables", "area:renewables"),
        ("ｐｕｂｌｉｓｈｅｄ＞＝２０２６－０４－０１", "published>=2026-04-01"),
        ("＂燃料 電池＂", '"燃料 電池"'),
        ("“燃料 電池”", '"燃料 電池"'),
        ("－水素", "-水素"),
        ("buyer：環境省，経済産業省", "buyer:環境省,経済産業省"),
        ("prefecture：Ｔｏｋｙｏ", "prefecture:tokyo"),
        ("ＬＥＤ", "LED"),
        ("ｻｰﾊﾞｰ", "サーバ"),
        ("サ－バ", "サーバ"),
        ("ＡＣＣＥＳＳ：Ｏｐｅｎ", "access:open"),
        ("ｖａｌｕｅ＞＝５０００万", "value>=50000000"),
        ("deadline≦2026-04-01", "deadline<=2026-04-01"),
        ("value≧1億", "value>=100000000"),
    ],
)
def test_full_width_spellings_mean_the_same(wide: str, narrow: str) -> None:
    assert parse(wide) == parse(narrow)


@pytest.mark.parametrize(
    "same", [("サーバー", "サーバ", "ｻｰﾊﾞｰ", "ｻｰﾊﾞ-", "サーバ－"), ("LED", "led", "ＬＥＤ", "Ｌｅｄ")]
)
def test_spellings_of_a_word_are_one_word(same: tuple[str, ...]) -> None:
    assert len({parse(word) for word in same}) == 1


@pytest.mark.parametrize(
    ("written", "yen"),
    [
        ("5000000", 5_000_000),
        ("5,000,000", 5_000_000),
        ("5_000_000", 5_000_000),
        ("５，０００，０００", 5_000_000),
        ("¥5000000", 5_000_000),
        ("￥500万円", 5_000_000),
        ("5000万", 50_000_000),
        ("1億", 100_000_000),
        ("1億5000万", 150_000_000),
        ("1.5億", 150_000_000),
        ("３億５千万", 350_000_000),
        ("50m", 50_000_000),
        ("1.5M", 1_500_000),
        ("300k", 300_000),
        ("1,500k", 1_500_000),
        ("0", 0),
    ],
)
def test_amounts_are_written_as_people_write_them(written: str, yen: int) -> None:
    assert parse(f"value<={written}") == Value("<=", Decimal(yen))


# Mistakes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("水素 (電池", 3, "a parenthesis is opened and not closed"),
        ("水素）", 2, "a closing parenthesis has no opening one"),
        ("()", 1, "nothing stands before this closing parenthesis"),
        ('水素  "燃料', 4, "a quotation mark is opened and not closed"),
        ('水素 ""', 3, "there is no word between the quotation marks"),
        ("OR 水素", 0, "OR needs a word or a field on both sides"),
        ("水素 OR", 5, "the query ends where a word or a field is expected"),
        ("水素 AND OR 電池", 7, "OR needs a word or a field on both sides"),
        ("NOT", 3, "the query ends where a word or a field is expected"),
        ("水素 city:千代田区", 3, "there is no field city: — there are title:, text:, buyer:, area:, venue:, cpv:, "),
        ("any:水素", 0, "there is no field any:"),
        ("open:yes", 0, "there is no field open:"),
        ("水素 title:", 3, "title: needs a value"),
        ('title:""', 0, "title: needs a value"),
        ("buyer:,", 0, "buyer: needs a value"),
        ("kind:tendr", 0, "kind:tendr is not known — kind: is one of planned, information-request, "),
        ("cpv:IT", 0, "IT is no CPV code — write 2 to 8 digits, as cpv:72 or cpv:72000000"),
        ("cpv:7", 0, "7 is no CPV code"),
        ("category:bridges", 0, "category:bridges is not known — category: is one of goods, services, works"),
        ("a prefecture:Bavaria", 2, "there is no prefecture Bavaria — write 東京都 or Tokyo"),
        ("access:closed", 0, "access:closed is not known — access: is one of open, gpa, epa, covered, likely, "),
        ("deadline:2026-04-01", 0, "deadline is compared: write deadline>=2026-04-01, or one of <= < = >"),
        ("水素 value:5000", 3, "value is compared: write value>=5000000, or one of <= < = >"),
        ("水素 value>=cheap", 3, "cheap is no amount in yen — write it as 5000000, 5,000,000, 500万, 1.5億 or 5m"),
        ("value>=", 0, "? is no amount in yen"),
        ("value>=1.5", 0, "1.5 is no amount in yen"),
        ("value>=1.2345k", 0, "1.2345k is no amount in yen"),
        ("value>=-5", 0, "-5 is no amount in yen"),
        ("value>=5,00", 0, "5,00 is no amount in yen"),
        ("value>=101兆", 0, "101兆 is no amount in yen"),
        ("value >= 5", 6, ">= stands alone; write a comparison without spaces"),
        ("value ≧ 5", 6, "≧ stands alone"),
        ("fuel cell >= 5", 10, ">= stands alone"),
        ("fuel cell OR", 12, "the query ends where a word or a field is expected"),
        ("smart city (電池", 11, "a parenthesis is opened and not closed"),
        ("水素 published>=April", 3, "April is no day — write it as 2026-04-01"),
        ("published>=", 0, "? is no day"),
        ("published=2026-02-30", 0, "2026-02-30 is no day"),
        ("　title>2026-04-01", 1, "title cannot be compared — compare published, deadline, value"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_remedy(text: str, position: int, said: str) -> None:
    with pytest.raises(QueryError) as told:
        parse(text)
    assert str(told.value).startswith(said)
    assert told.value.position == position


@pytest.mark.parametrize("opening", ["(", "NOT ", "-", "-("])
def test_a_query_that_is_nested_without_end_is_refused(opening: str) -> None:
    with pytest.raises(QueryError, match=f"nested more than {DEEPEST} deep"):
        parse(opening * 5000 + "a")


def test_a_query_may_be_nested_deeper_than_people_write() -> None:
    assert parse("(" * DEEPEST + "a" + ")" * DEEPEST) == A
    assert parse(" ".join(["(a)"] * 500)) == And((A,) * 500)


# What it means -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title", "found"),
    [
        ("LED", "ＬＥＤ照明", True),
        ("ＬＥＤ", "led照明", True),
        ("サーバー", "サーバ更新", True),
        ("サーバ", "サーバー更新", True),
        ("燃料電池", "燃料　電池", True),
        ("EV", "EV充電設備", True),
        ("EV", "level meter", False),
        ("EV", "充電器(EV)", True),
        ("level", "levels", False),
        ("led", "led2", False),
        ("水", "水素", True),
        ("smart city", "city smart", True),
        ('"smart city"', "city smart", False),
        ("スキー", "スキルアップ", False),
        ("スキー", "アルペンスキー場", True),
        ("サーバ更新", "サーバー更新", True),
        ("サーバー更新", "サーバ更新", True),
        ("ｻｰﾊﾞ-更新", "サーバ-更新", True),
        ("サーバールーム", "サーバルーム", False),
        ("ネットワークサーバープリンター一式", "ネットワークサーバープリンタ一式", True),
        ("プリンター及びスキャナー更新", "プリンタ及びスキャナー更新", True),
        ("プリンター及びスキャナー更新", "プリンタ及び更新", False),
        ('"EVチャージャー EV"', "ＥＶチャージャＥＶ", False),
        ('"EVチャージャー EV"', "ＥＶチャージャー EV", True),
        ('"EVチャージャー EV"', "ＥＶチャージャー EVs", False),
    ],
)
def test_words_are_found_in_every_spelling_and_latin_ones_whole(text: str, title: str, found: bool) -> None:
    assert matches(parse(text), tender(title=title)) is found


def test_a_latin_word_is_found_where_it_stands_whole_after_a_place_where_it_does_not() -> None:
    assert contains("level and ev", "ev")
    assert not contains("level and even", "ev")
    assert contains("c++入門", "c++")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", True),
        ("title:水素", True),
        ("text:水素", False),
        ("buyer:環境", True),
        ("環境省", True),
        ("area:decarbonization", True),
        ("area:mobility,decarbonization", True),
        ("area:mobility", False),
        ("source:kkj", True),
        ("source:pportal", False),
        ("prefecture:tokyo-to", True),
        ("prefecture:Osaka", False),
        ("category:works kind:tender", True),
        ("kind:award", False),
        ("NOT kind:award", True),
        ("published=2026-04-01", True),
        ("published>2026-04-01", False),
        ("published>=2026-04-01 published<=2026-04-01", True),
        ("published<2026-04-01", False),
        ("deadline=2026-04-20", True),
        ("access:open", True),
        ("access:epa access:likely", True),
        ("access:gpa", False),
        ("access:covered,restricted", False),
        ("value>=5000万", True),
        ("value=50m", True),
        ("value>50m", False),
        ("value<1億", True),
        ("open:", True),
        ("水素 -環境省", False),
        ("電池 OR 水素", True),
    ],
)
def test_a_query_finds_what_it_says(text: str, found: bool) -> None:
    assert matches(parse(text), tender()) is found


def test_a_tender_without_a_deadline_is_open_and_has_no_day_to_compare() -> None:
    unknown = tender(deadline=None)
    assert matches(parse("open:"), unknown)
    assert not matches(parse("deadline<2030-01-01"), unknown)
    assert not matches(parse("deadline>2020-01-01"), unknown)


def test_a_tender_without_a_value_has_nothing_to_compare() -> None:
    unknown = tender(value=None)
    assert not matches(parse("value>=0"), unknown)
    assert not matches(parse("value<1億"), unknown)
    assert matches(parse("NOT value<1億"), unknown)


_C, _L, _R, _N, _U = (
    AccessVerdict.COVERED,
    AccessVerdict.LIKELY,
    AccessVerdict.RESTRICTED,
    AccessVerdict.NOT_COVERED,
    AccessVerdict.UNKNOWN,
)


@pytest.mark.parametrize(
    ("gpa", "epa", "asked"),
    [
        (_C, _C, {"open", "gpa", "epa", "covered"}),
        (_N, _L, {"open", "epa", "likely"}),
        (_L, _U, {"open", "gpa", "likely"}),
        (_N, _N, {"not-covered"}),
        (_N, _U, {"unknown"}),
        (_U, _U, {"unknown"}),
        (_R, _R, {"restricted"}),
        (_R, _C, {"open", "epa", "restricted"}),
    ],
)
def test_access_is_asked_for_by_what_is_open_and_by_the_verdict_in_a_word(
    gpa: AccessVerdict, epa: AccessVerdict, asked: set[str]
) -> None:
    assert opened(Access(gpa, epa)) == asked


def test_every_tender_has_one_verdict_in_a_word() -> None:
    words = {*Opened} - {Opened.OPEN, Opened.GPA, Opened.EPA}
    for gpa in AccessVerdict:
        for epa in AccessVerdict:
            assert len(opened(Access(gpa, epa)) & words) == 1


def test_a_tender_is_open_until_the_moment_of_its_deadline() -> None:
    moment = datetime(2026, 4, 20, 8, 0, tzinfo=UTC)
    assert matches(parse("open:"), tender(now=moment))
    assert not matches(parse("open:"), tender(now=moment + timedelta(seconds=1)))


@pytest.mark.parametrize("clock", [UTC, TOKYO, timezone(timedelta(hours=-8))])
def test_a_deadline_is_compared_by_its_day_in_tokyo(clock: timezone) -> None:
    early = datetime(2026, 4, 20, 8, 30, tzinfo=TOKYO)
    one = tender(deadline=early.astimezone(UTC), now=datetime(2026, 4, 10, tzinfo=clock))
    assert matches(parse("deadline=2026-04-20"), one)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", ()),
        ("水素", ("水素",)),
        ("電池 OR 水素 OR ステーション", ("水素", "ステーション")),
        ("水素 area:decarbonization prefecture:tokyo", ("水素", "decarbonization", "東京都")),
        ("水素 OR title:水素", ("水素",)),
        ("水素 NOT 電池", ("水素",)),
        ("open: published>=2026-01-01", ()),
        ("サーバー", ()),
        ("area:aging-society OR venue:aging-society", ("venue:aging-society",)),
        ("cpv:45000000 OR cpv:99", ("cpv:45",)),
        ("access:open value>=1m", ("access:open",)),
    ],
)
def test_a_match_is_explained_by_the_words_and_values_that_the_tender_has(text: str, why: tuple[str, ...]) -> None:
    assert reasons(parse(text), tender()) == why


# Any query ---------------------------------------------------------------------------------------------

_TERMS = (
    st.text(min_size=1, max_size=12)
    .map(spelled)
    .filter(lambda term: term and spelled(term) == term and not set(term) & set('"“”'))
)
_PREFECTURES = st.sampled_from([*PREFECTURES_EN])
_LEAVES: st.SearchStrategy[Query] = st.one_of(
    st.builds(Word, st.sampled_from(Scope), _TERMS),
    st.builds(Is, st.just(Facet.AREA), st.from_regex(r"[a-z]+(-[a-z0-9]+)*", fullmatch=True)),
    st.builds(Is, st.just(Facet.VENUE), st.from_regex(r"[a-z]+(-[a-z0-9]+)*", fullmatch=True)),
    st.builds(Is, st.just(Facet.CPV), st.from_regex(r"[0-9]{2}([0-9]{0,5}[1-9])?", fullmatch=True)),
    st.builds(Is, st.just(Facet.SOURCE), st.from_regex(r"[a-z]+(_[a-z0-9]+)*", fullmatch=True)),
    st.builds(Is, st.just(Facet.KIND), st.sampled_from([kind.value for kind in NoticeKind])),
    st.builds(Is, st.just(Facet.CATEGORY), st.sampled_from([category.value for category in Category])),
    st.builds(Is, st.just(Facet.PREFECTURE), _PREFECTURES),
    st.builds(Is, st.just(Facet.ACCESS), st.sampled_from([asked.value for asked in Opened])),
    st.builds(Value, st.sampled_from(["<=", ">=", "<", ">", "="]), st.integers(0, 10**14).map(Decimal)),
    st.builds(Compare, st.sampled_from(Moment), st.sampled_from(["<=", ">=", "<", ">", "="]), st.dates()),
    st.just(Open()),
)


def _several(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[tuple[Query, ...]]:
    return st.lists(inner, min_size=2, max_size=4).map(tuple)


_QUERIES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.builds(And, _several(inner)), st.builds(Or, _several(inner)), st.builds(Not, inner)),
    max_leaves=12,
)


def rendered(query: Query, *, inside: bool = False) -> str:
    """The query as somebody could have typed it."""
    match query:
        case Word(Scope.ANY, term):
            return f'"{term}"'
        case Word(scope, term):
            return f'{scope}:"{term}"'
        case Is(Facet.PREFECTURE, value):
            return f"prefecture:{PREFECTURES_EN[value]}"
        case Is(facet, value):
            return f"{facet}:{value}"
        case Compare(moment, operator, day):
            return f"{moment}{operator}{day.isoformat()}"
        case Value(operator, yen):
            return f"value{operator}{yen}"
        case Open():
            return "open:"
        case Not(part):
            return f"NOT {rendered(part, inside=True)}"
        case And(parts):
            joined = " ".join(rendered(part, inside=True) for part in parts)
        case Or(parts):
            joined = " OR ".join(rendered(part, inside=True) for part in parts)
    return f"({joined})" if inside else joined


@given(_QUERIES)
def test_a_query_that_is_written_out_and_read_again_is_the_same(query: Query) -> None:
    assert parse(rendered(query)) == query


_KATAKANA = st.text(alphabet="サバプンー-ｰﾊﾞ－ａ更 ", max_size=10)


@given(_KATAKANA | st.text(max_size=10))
def test_a_spelling_is_spelled_once_and_for_all(text: str) -> None:
    assert spelled(spelled(text)) == spelled(text)


_ENDS = st.lists(
    st.tuples(st.sampled_from(["サーバ", "データ", "プリンタ"]), st.sampled_from(["ー", ""])), max_size=6
)


@given(_ENDS, _ENDS)
def test_a_word_is_found_with_and_without_the_long_marks_in_it(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    asked, written = ("及び".join(map("".join, words)) + "更新" for words in (one, other))
    same = [word for word, _ in one] == [word for word, _ in other]
    assert (parse(asked) == parse(written)) is same
    assert not same or matches(parse(asked), tender(title=written))


@given(_QUERIES)
def test_not_finds_exactly_what_the_query_does_not(query: Query) -> None:
    assert matches(Not(query), tender()) is not matches(query, tender())


@given(st.text() | st.text(alphabet='()"-<>=:,、 　ANDORT水素titleopen（：”“'))
@example('"')
@example("title:(")
@example("-)")
@example("\x1c(")
def test_whatever_is_typed_is_a_query_or_a_mistake_with_its_place(text: str) -> None:
    match understood(text):
        case QueryError() as mistake:
            assert 0 <= mistake.position <= len(text)
        case query:
            assert matches(query, tender()) in (True, False)


def understood(text: str) -> Query | QueryError:
    try:
        return parse(text)
    except QueryError as mistake:
        return mistake


@pytest.mark.parametrize("kind", [NoticeKind.AWARD, NoticeKind.CANCELLATION])
def test_what_is_awarded_or_cancelled_is_not_open_whatever_its_deadline(kind: NoticeKind) -> None:
    assert not matches(parse("open:"), tender(kind=kind))
    assert not matches(parse("open:"), tender(kind=kind, deadline=None))
