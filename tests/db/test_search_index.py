"""Search by the index finds what a look at every tender finds, in the same order: generated queries, both databases."""

import json
import random
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session

from alerts.matching import searchable
from db import notices, tenders
from db.bulk import batches
from db.composing import compose
from db.engine import Database
from db.notices import ReadNotice, Recorded
from db.search import Order, find, scan, search
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.query import And, Or, Query, QueryError, Scope, Searchable, Word, matches, parse
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

NOW = datetime(2026, 6, 10, 3, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
AREAS = ("renewables", "mobility", "digital-health")
CODES = ("45300000", "72000000", "72200000")
HALF_WIDTH = dict(zip("アイスシテトムルンリー", "ｱｲｽｼﾃﾄﾑﾙﾝﾘｰ", strict=True))

WRITTEN = (
    ("水素ステーション整備工事", "燃料　電池の調達。サーバー更新を含む。", "Hydrogen station"),
    ("ＬＥＤ照明器具の購入", "LED照明（昼白色）100台", None),
    ("サーバー更新業務", "サーバ室の空調ｼｽﾃﾑ保守", "Server renewal"),
    ("システム保守業務委託", "", "System maintenance, level 3"),
    ("電子カルテシステム更新業務", "EV充電設備は含まない。第10号", None),
    ("アルペンスキー場リフト改修工事", "スキー・スノーボード", None),
    ("介護予防・日常生活支援", "人々の介護ロボット", "Care, aging & e-health"),
    ("物品の購入（トナーほか３点）", "A-1 B_2 C++", None),
)


def from_samples() -> list[ScrapedNotice]:
    """Every notice of the samples, as far as what can be looked for goes."""
    return [
        ScrapedNotice(
            source=path.parent.name,
            key=str(number),
            title=given["title"],
            title_en=given.get("title_en"),
            kind=list(NoticeKind)[number % len(NoticeKind)],
            published=date(2026, 6, 1) - timedelta(days=number * 7 % 400),
            url=f"https://example.org/{number}",
            buyer=given.get("organization") or given.get("organ"),
            prefecture=given.get("prefecture"),
            category=(None, *Category)[number % 4],
            deadline=None if number % 4 == 0 else NOW + timedelta(days=number % 90 - 30),
            text=given.get("body") or given.get("detail_text") or "",
        )
        for path in sorted(SAMPLES.glob("*/notices.jsonl"))
        for number, given in enumerate(map(json.loads, path.read_text("utf-8").splitlines()))
        if given.get("title")
    ]


def written() -> list[ScrapedNotice]:
    return [
        ScrapedNotice(
            source=("kkj", "pportal", "kanpo")[number % 3],
            key=str(number),
            title=f"{title}{number // 40 or ''}",
            title_en=title_en,
            kind=list(NoticeKind)[number % len(NoticeKind)],
            published=date(2026, 6, 1) - timedelta(days=number * 7 % 600),
            url=f"https://example.org/{number}",
            buyer=("環境省", "見本市", "独立行政法人 例示機構", None)[number % 4],
            buyer_en=(None, "Mihon City")[number % 2],
            prefecture=("東京都", "大阪府", None)[number % 3],
            category=(None, *Category)[number % 4],
            deadline=None if number % 4 == 0 else NOW + timedelta(days=number % 90 - 30),
            text=text if number % 2 else "",
        )
        for number in range(200)
        for title, text, title_en in (WRITTEN[number % len(WRITTEN)],)
    ]


def read(number: int) -> Reading:
    verdicts = list(AccessVerdict)
    return Reading(
        tuple(
            AreaScore(area, 1.0, (Evidence("水素", "hydrogen", Place.TITLE, 1.0),))
            for place, area in enumerate(AREAS)
            if number % (place + 2) == 0
        ),
        cpv=tuple(CpvCode(code, ("水素",)) for code in CODES[number % 5 :]),
        money=(FoundMoney(MoneyKind.PLANNED, Decimal(number * 100_000), "", Origin.FIELD),) if number % 3 else (),
        access=Access(verdicts[number % 5], verdicts[number // 5 % 5]),
    )


def fill(database: Database, scraped: Sequence[ScrapedNotice]) -> dict[UUID, Searchable]:
    """Record notices, of which some are two of one tender; gives back the tenders as queries see them."""
    found: dict[UUID, Searchable] = {}
    for number, some in enumerate(batches(scraped, 500)):

        def work(session: Session, number: int = number, some: list[ScrapedNotice] = some) -> list[ComposedTender]:
            recorded = notices.record(session, some, run_id=UUID(int=1), now=NOW)
            composed = [
                compose(several[0].id, [as_read(one, 500 * number + place) for one in several])
                for place, several in enumerate(together(recorded))
            ]
            tenders.store(session, composed, run_id=UUID(int=1), now=NOW, alerts=lambda change: False)
            return composed

        found |= {one.id: searchable(one, now=NOW) for one in database.write(work)}
    return found


def together(recorded: Sequence[Recorded]) -> Iterator[Sequence[Recorded]]:
    """One notice in three is the second of its tender."""
    for some in batches(recorded, 3):
        yield from (some[:2], some[2:]) if len(some) == 3 else [some]


def as_read(one: Recorded, number: int) -> ReadNotice:
    return ReadNotice(one.id, one.id, 1, one.notice, read(number))


class Asking:
    """Queries with words that are cut out of what there is, in many spellings."""

    def __init__(self, scraped: Sequence[ScrapedNotice], seed: int) -> None:
        self._rng = random.Random(seed)
        self._titles = [one.title for one in scraped]
        self._texts = [one.text for one in scraped if one.text]
        self._others = [said for one in scraped for said in (one.title_en, one.buyer) if said]

    def queries(self, count: int) -> Iterator[tuple[str, Query]]:
        while count:
            text = self._asked(self._rng.choice((1, 1, 1, 2, 2, 3)))
            try:
                yield text, parse(text)
            except QueryError:  # of a word that is only marks nothing may be left
                continue
            count -= 1

    def _asked(self, parts: int) -> str:
        rng = self._rng
        if parts == 1:
            leaf = self._filter() if rng.random() < 0.25 else self._word()
            return f"NOT {leaf}" if rng.random() < 0.15 else leaf
        operator = rng.choice((" ", " ", " AND ", " OR ", " -"))
        return f"({operator.join(self._asked(parts - 1) for _ in range(2))})"

    def _word(self) -> str:
        rng = self._rng
        said = rng.choice(rng.choice((self._titles, self._titles, self._texts, self._others)))
        length = rng.choice((1, 2, 2, 2, 3, 4, 5, 8, 14))
        begin = rng.randrange(max(len(said) - length, 0) + 1)
        if rng.random() < 0.2 and (latin := [one for one in said.replace("-", " ").split() if one.isascii()]):
            word = rng.choice(latin)
        else:
            word = said[begin : begin + length]
        if (chance := rng.random()) < 0.1:
            word = unicodedata.normalize("NFKC", word)
        elif chance < 0.2:
            word = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in word)
        elif chance < 0.25:
            word = "".join(HALF_WIDTH.get(one, one) for one in word)
        elif chance < 0.3:
            word = word.replace("ー", "")
        elif chance < 0.35:
            word = f"{word}ー"
        elif chance < 0.4:
            word = f"{word[:1]} {word[1:]}".upper()
        scope = rng.choice(("", "", "", "", "title:", "text:", "buyer:"))
        return f'{scope}"{word}"'.replace('""', '"').replace("\n", " ")

    def _filter(self) -> str:
        rng = self._rng
        day = date(2026, 6, 10) - timedelta(days=rng.randrange(-40, 400))
        return rng.choice(
            (
                f"area:{rng.choice(AREAS)}",
                f"area:{','.join(AREAS[:2])}",
                f"cpv:{rng.choice(('72', '722', '45', '99'))}",
                f"prefecture:{rng.choice(('東京', '大阪府', 'Hokkaido'))}",
                f"category:{rng.choice([*Category])}",
                f"kind:{rng.choice([*NoticeKind])},tender",
                f"source:{rng.choice(('kkj', 'pportal', 'digital_agency', 'nowhere'))}",
                f"access:{rng.choice(('open', 'gpa', 'covered', 'unknown'))}",
                f"published{rng.choice(('<', '<=', '=', '>=', '>'))}{day}",
                f"deadline{rng.choice(('<', '<=', '=', '>=', '>'))}{day}",
                f"value{rng.choice(('<', '>=', '='))}{rng.randrange(0, 60_000_000, 100_000)}",
                "open:",
            )
        )


def in_order(found: dict[UUID, Searchable]) -> list[UUID]:
    return [id for id, _ in sorted(found.items(), key=lambda one: (-one[1].published.toordinal(), one[0]))]


def check(database: Database, scraped: Sequence[ScrapedNotice], *, queries: int, seed: int) -> None:
    everything = fill(database, scraped)
    ids = in_order(everything)
    found = wrong = 0
    with database.reading() as session:
        for number, (text, query) in enumerate(Asking(scraped, seed).queries(queries)):
            expected = [id for id in ids if matches(query, everything[id])]
            assert list(find(session, query, now=NOW)) == expected, text
            if number % 100 == 0:
                assert list(scan(session, query, now=NOW)) == expected, text
            found += bool(expected)
            wrong += not expected
    assert found > queries / 3  # the words are cut out of what is there
    assert wrong > queries / 50


def test_search_by_the_index_finds_what_a_scan_finds(database: Database) -> None:
    check(database, written(), queries=150, seed=1)


@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples beside the project")
def test_search_by_the_index_finds_what_a_scan_finds_over_all_samples(database: Database) -> None:
    check(database, from_samples(), queries=1_000, seed=2)


def test_the_best_come_first_and_then_the_others_each_newest_first(database: Database) -> None:
    scraped = written()
    everything = fill(database, scraped)
    ids = in_order(everything)
    with database.reading() as session:
        for text in (
            "水素",
            "サーバ",
            "システム 保守",
            "更新 OR スキー",
            "電池 -照明",
            "title:更新",
            "open:",
            "更新 kind:tender",
        ):
            query = parse(text)
            hits = [id for id in ids if matches(query, everything[id])]
            titled = [id for id in hits if matches(in_titles(query), everything[id])]
            expected = [*titled, *(id for id in hits if id not in titled)]
            for offset in (0, 5, len(titled)):
                page = search(session, query, now=NOW, limit=10, offset=offset, order=Order.BEST)
                assert [card.id for card in page.cards] == expected[offset : offset + 10], text
                assert page.more is (len(expected) > offset + 10), text


def in_titles(query: Query) -> Query:
    match query:
        case And(parts):
            return And(tuple(map(in_titles, parts)))
        case Or(parts):
            return Or(tuple(map(in_titles, parts)))
        case Word(Scope.ANY, term):
            return Word(Scope.TITLE, term)
        case _:
            return query


FOUND = {
    "システム 保守": 17,
    '"ＬＥＤ"': 25,
    '"LED"': 25,
    "led照明": 25,
    "ｼｽﾃﾑ": 33,
    "更": 33,
    "サーバ": 17,
    "スキー": 25,
    "スキ": 25,
    "3": 53,
}


def test_what_other_programs_overlook_is_found(database: Database) -> None:
    everything = fill(database, written())
    with database.reading() as session:
        found = {asked: len(list(find(session, parse(asked), now=NOW))) for asked in FOUND}
    assert found == FOUND
    assert found == {asked: sum(matches(parse(asked), one) for one in everything.values()) for asked in FOUND}
