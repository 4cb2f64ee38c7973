"""How fast very many saved searches are held against new tenders; figures and ratios, no assertion about time.

The tenders' texts have 3.7 kB. Words are drawn as people and authorities use them: a few very often, most hardly ever.
"""

import random
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, islice, pairwise
from pathlib import Path
from time import process_time
from uuid import UUID

import pytest
from ahocorasick_rs import AhoCorasick

from alerts.matching import Matcher, searchable
from db.subscribers import StoredSearch
from db.vocabulary.delivery import Frequency
from db.vocabulary.labels import Prefecture
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.query import matches, parse
from db.vocabulary.reading import Access, AccessVerdict, AreaScore
from db.vocabulary.tender import ComposedTender, EventKind, TenderChange, TenderSource
from db.vocabulary.text import fold
from monitor.reading.areas import load_lexicon
from tests.benchmarks.records import SENTENCES, TITLES

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TENDERS = 5_000
CHARACTERS = 1_240
"""3.7 kB in UTF-8."""
AREAS = ("renewables", "mobility", "digital-health", "smart-city", "aging-society", "digital-transformation")
SOURCES = ("kkj", "pportal", "kanpo", "jetro", "metro-tokyo")


class Words:
    """The lexicon's words and as many pairs of them, drawn by Zipf's law, less the most frequent ones."""

    def __init__(self, first: int) -> None:
        words = sorted(load_lexicon().spellings)
        random.Random(1).shuffle(words)
        self.words = [*words, *(one + other for one, other in pairwise(words))]
        self.odds = list(accumulate(1 / rank for rank in range(first, len(self.words) + first)))

    def some(self, rng: random.Random, count: int) -> list[str]:
        return rng.choices(self.words, cum_weights=self.odds, k=count)


def queries(seed: int = 1) -> Iterator[str]:
    """What people save, more or less."""
    rng = random.Random(seed)
    words = Words(300)  # who saves a search asks for what is rare, or would be told of everything
    prefectures = [prefecture.value for prefecture in Prefecture]
    while True:
        a, b, c = (f'"{word}"' for word in words.some(rng, 3))
        area, prefecture = rng.choice(AREAS), rng.choice(prefectures)
        yield rng.choice(
            (
                a,
                f"{a} {b}",
                f"{a} area:{area}",
                f"{a} prefecture:{prefecture} kind:tender",
                f"area:{area} prefecture:{prefecture} open:",
                f"{a} OR {b} OR {c}",
                f"({a} OR {b}) prefecture:{prefecture}",
                f"{a} category:services NOT {b}",
                f"title:{a} OR title:{b}",
                f"area:{area} ({a} OR {b}) -{c} value>={rng.randrange(1, 90)}00万",
                f"{a} access:open deadline>=2026-06-10",
                f"buyer:{prefecture} {a} 業務",
            )
        )


def saved(count: int) -> list[StoredSearch]:
    often = (Frequency.DAILY, Frequency.AT_ONCE, Frequency.WEEKLY)
    return [
        StoredSearch(UUID(int=number), UUID(int=number // 3), f"search {number}", query, often[number % 3])
        for number, query in enumerate(islice(queries(), count), 1)
    ]


def announced(count: int) -> list[TenderChange]:
    rng = random.Random(2)
    words = Words(20)
    prefectures = [prefecture.value for prefecture in Prefecture]
    verdicts = list(AccessVerdict)
    found: list[TenderChange] = []
    for number in range(count):
        said = words.some(rng, 16)
        text = "".join(word + rng.choice(SENTENCES) for word in said)
        while len(text) < CHARACTERS:
            text += rng.choice(SENTENCES)
        source, prefecture = rng.choice(SOURCES), rng.choice(prefectures)
        day = date(2026, 6, 1) - timedelta(days=rng.randrange(3))
        tender = ComposedTender(
            id=UUID(int=number),
            title=said[0] + rng.choice(TITLES).format(number=number),
            kind=rng.choices(list(NoticeKind), [1, 1, 1, 20, 4, 4, 6, 1, 1, 1])[0],
            published=day,
            sources=(
                TenderSource(source, str(number), "https://example.jp", NoticeKind.TENDER, day, UUID(int=number)),
            ),
            buyer=f"{prefecture}見本市",
            prefecture=prefecture,
            category=rng.choice(list(Category)),
            deadline=NOW + timedelta(days=rng.randrange(40)) if rng.random() < 0.7 else None,
            value=None if rng.random() < 0.7 else Decimal(rng.randrange(1, 90) * 1_000_000),
            access=Access(rng.choice(verdicts), rng.choice(verdicts)),
            areas=tuple(AreaScore(area, 1.0, ()) for area in rng.sample(AREAS, rng.choice((0, 0, 0, 1, 1, 2)))),
            text=text[:CHARACTERS],
        )
        found.append(TenderChange(tender, EventKind.PUBLISHED))
    return found


def bare(changes: list[TenderChange], words: list[str]) -> float:
    """Seconds for folding the texts and looking for words in them, and nothing else."""
    automaton = AhoCorasick(words, store_patterns=False)
    began = process_time()
    for change in changes:
        automaton.find_matches_as_indexes(fold(change.tender.title), overlapping=True)
        automaton.find_matches_as_indexes(fold(change.tender.text), overlapping=True)
    return process_time() - began


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_many_searches_cost_little_more_than_looking_for_their_words(
    count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    searches, changes = saved(count), announced(TENDERS)
    began = process_time()
    matcher = Matcher.of(searches)
    made = process_time() - began
    began = process_time()
    found = sum(1 for _ in matcher.match(changes, now=NOW))
    took = process_time() - began
    words = Words(20).words[:count]
    least = bare(changes, words)
    few, tender = [parse(search.query) for search in searches[:1_000]], searchable(changes[0].tender, now=NOW)
    began = process_time()
    for query in few:
        matches(query, tender)
    naive = (process_time() - began) * TENDERS * count / len(few)
    began = process_time()
    matcher.refresh([*searches[10:], *(StoredSearch(UUID(int=0), UUID(int=0), "", "水素 見本品", Frequency.DAILY),)])
    again = process_time() - began
    size = sum(len(change.tender.text.encode()) for change in changes) / len(changes)
    with capsys.disabled():
        print(
            f"\n{count:,} searches × {TENDERS:,} tenders with texts of {size:,.0f} bytes: {found:,} matches, {found / count:.0f} for each"
        )
        print(f"fold and look for words  {least:8.2f} s")
        print(f"match                    {took:8.2f} s, {took / least:.2f} times that, 1/{naive / took:.0f} of naive")
        print(f"make                     {made:8.2f} s")
        print(f"add one, take out ten    {again:8.3f} s, {again / made:.4f} of making")


MEASURE = """
    import gc, sys
    from uuid import UUID
    from alerts.matching import Matcher
    from db.subscribers import StoredSearch
    def held():
        gc.collect()
        return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])
    before = held()
    lines = enumerate(sys.stdin)
    matcher = Matcher.of(StoredSearch(UUID(int=number), UUID(int=1), "", line.strip()) for number, line in lines)
    print(held() - before)
"""


def test_very_many_searches_fit_into_memory(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURE)],
        cwd=root,
        env={"PYTHONPATH": str(root), "PYTHONUTF8": "1"},
        input="\n".join(islice(queries(), 100_000)).encode(),
        capture_output=True,
        check=True,
    )
    with capsys.disabled():
        print(f"\n100,000 searches are held in {int(done.stdout) / 1024:.0f} MB")
