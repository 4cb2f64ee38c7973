"""How fast a million titles are searched, how large the index is, and what it costs to make it; no assertion.

Both databases. The data are invented from words with the frequencies that Japanese notices have: 業務, 工事 and 委託 in
a third of the titles each, names of places and things by Zipf's law, and texts of about 3.7 kB with as many different
pairs of characters as real ones (some 560). ``SEARCH_TITLES`` sets another size.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import accumulate
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from db import bulk, notices, tenders
from db.bulk import batches
from db.composing import compose
from db.engine import Database
from db.migrate import upgrade
from db.notice import Notice, NoticeVersion
from db.notices import ReadNotice
from db.search import Order, search
from db.tender import Tender, TenderArea
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.query import parse
from db.vocabulary.reading import AccessVerdict, AreaScore, Evidence, Place, Reading
from db.vocabulary.tender import TenderSource

TITLES = int(os.environ.get("SEARCH_TITLES", 1_000_000))
WITH_TEXT = 10
"""One of so many has a text."""
TEXT_BYTES = 3_700
ADDED = 5_000
NOW = datetime(2026, 4, 1, tzinfo=UTC)
DAYS = 1_000
AREAS = ("renewables", "mobility", "digital-health", "hydrogen", "circular", "education", "water", "ict", "aging")

WHERE = (
    "見本市",
    "例示県",
    "試作町",
    "模範区",
    "国立見本大学",
    "例示地方整備局",
    "標準港湾",
    "見本駐屯地",
    "例示病院",
)
WHAT = (
    "庁舎",
    "道路",
    "下水道",
    "システム",
    "橋梁",
    "学校",
    "公園",
    "河川",
    "電子カルテ",
    "空調設備",
    "太陽光発電設備",
    "照明器具",
    "ＬＥＤ",
    "ネットワーク機器",
    "サーバー",
    "介護",
    "給食",
    "清掃",
    "警備",
    "水素ステーション",
    "蓄電池",
    "データ分析",
    "トナーカートリッジ",
    "複写機",
    "健康診断",
    "遠隔医療",
    "リサイクル",
    "ドローン",
    "電気自動車",
    "翻訳",
)
DONE = (
    "保守業務委託",
    "改修工事",
    "更新業務",
    "運用業務委託",
    "調査設計委託",
    "新築工事",
    "購入",
    "賃貸借",
    "舗装補修工事",
    "点検業務",
    "整備工事委託",
    "開発業務",
)
JOINTS = (
    "の",
    "を",
    "に",
    "は、",
    "及び",
    "により",
    "、",
    "とする。",
    "について",
    "並びに",
    "から",
    "（",
    "）",
    "が",
)
KANJI = "".join(chr(code) for code in range(0x4E00, 0x9FA0, 17))
BUYERS = tuple(f"{where}{what}" for where in WHERE for what in ("", "総務部", "建設局", "教育委員会", "会計課"))


class Language:
    """Words and sentences with the frequencies of a language, and of authorities that copy from each other."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._words = ["".join(rng.choices(KANJI, k=rng.choice((2, 2, 2, 3)))) for _ in range(20_000)]
        self._until = list(accumulate(1 / (rank + 10) for rank in range(len(self._words))))
        self._sentences = [self.fresh(rng.randint(4, 14)) for _ in range(400)]
        self._often = list(accumulate(1 / (rank + 8) for rank in range(len(self._sentences))))

    def words(self, count: int) -> list[str]:
        return self._rng.choices(self._words, cum_weights=self._until, k=count)

    def fresh(self, words: int) -> str:
        return "".join(word + self._rng.choice(JOINTS) for word in self.words(words))

    def text(self, beginning: str) -> str:
        parts, size = [beginning], len(beginning.encode())
        while size < TEXT_BYTES:
            chance = self._rng.random()
            if chance < 0.12:
                parts.append(self.fresh(8))
            elif chance < 0.3:  # texts say the same several times
                parts.append(self._rng.choice(parts))
            else:
                parts.append(self._rng.choices(self._sentences, cum_weights=self._often)[0])
            size += len(parts[-1].encode())
        return "\n".join(parts)


def made(count: int, *, seed: int = 7) -> Iterator[ScrapedNotice]:
    """Notices, the newest last."""
    language, rng = Language(random.Random(0)), random.Random(seed)
    what = list(accumulate(1 / (rank + 3) for rank in range(len(WHAT))))
    for number in range(count):
        (thing,) = rng.choices(WHAT, cum_weights=what)
        extra = "".join(language.words(rng.randint(2, 6)))
        title = f"令和{rng.randint(5, 8)}年度{rng.choice(WHERE)}{extra}{thing}{rng.choice(DONE)}（{number % 997}）"
        said = ""
        if number % WITH_TEXT == 0:
            said = language.text(f"{title}\n第{number}号 {thing}{rng.choice(DONE)}")
        published = date(2026, 4, 1) - timedelta(days=DAYS - number * DAYS // count)
        yield ScrapedNotice(
            source="kkj",
            key=f"{seed}-{number}",
            title=title,
            kind=rng.choice(list(NoticeKind)),
            published=published,
            url=f"https://example.jp/{number}",
            buyer=rng.choice(BUYERS),
            prefecture=rng.choice(("東京都", "大阪府", "北海道", "沖縄県", "京都府", None)),
            category=rng.choice(list(Category)),
            deadline=datetime.combine(published, datetime.min.time(), UTC) + timedelta(days=rng.randint(5, 60)),
            text=said,
        )


def fill(database: Database) -> int:
    """Write the record as the pipeline would have, without its events; gives back the bytes of titles and texts."""
    rng = random.Random(1)
    size = 0
    for some in batches(made(TITLES), 5_000):
        ids = [notice_id(one.source, one.key) for one in some]
        size += sum(len(f"{one.title}{one.buyer}{one.text}".encode()) for one in some)

        def work(session: Session, some: list[ScrapedNotice] = some, ids: list[UUID] = ids) -> None:
            common: dict[str, Any] = {"first_seen_at": NOW}
            with_text = [(id, one) for id, one in zip(ids, some, strict=True) if one.text]
            bulk.insert(
                session,
                Notice,
                [
                    {
                        **common,
                        "id": id,
                        "source": one.source,
                        "key": one.key,
                        "tender_id": id,
                        "version": 1,
                        "digest": "",
                        "parser": "",
                        "published": one.published,
                        "changed_at": NOW,
                    }
                    for id, one in with_text
                ],
            )
            bulk.insert(
                session,
                NoticeVersion,
                [
                    {
                        "notice_id": id,
                        "number": 1,
                        "run_id": UUID(int=1),
                        "recorded_at": NOW,
                        "content": one,
                        "changes": (),
                    }
                    for id, one in with_text
                ],
            )
            bulk.insert(
                session,
                Tender,
                [
                    {
                        **common,
                        **{
                            name: getattr(one, name)
                            for name in (
                                "title",
                                "buyer",
                                "prefecture",
                                "category",
                                "kind",
                                "published",
                                "deadline",
                            )
                        },
                        "id": id,
                        "sources": (TenderSource(one.source, one.key, one.url, one.kind, one.published, id),),
                        "value": Decimal(rng.randrange(10**6, 10**9)) if rng.random() < 0.12 else None,
                        "access_gpa": rng.choice(list(AccessVerdict)),
                        "sequence": 1,
                        "updated_at": NOW,
                    }
                    for id, one in zip(ids, some, strict=True)
                ],
            )
            bulk.insert(
                session,
                TenderArea,
                [
                    {
                        "area": rng.choice(AREAS),
                        "tender_id": id,
                        "score": 1.0,
                        "evidence": (Evidence("水素", "hydrogen", Place.TITLE, 1.0),),
                    }
                    for id in ids
                    if rng.random() < 0.2
                ],
            )

        database.write(work)
    return size


QUERIES: dict[str, tuple[str, ...]] = {
    "common": (
        "業務",
        "工事",
        "委託",
        "道路",
        "システム",
        "業務 委託",
        "システム 保守",
        "道路 工事 委託",
        "見本市 業務",
    ),
    "middle": ("電子カルテ", "水素ステーション", "led", "遠隔医療", "翻訳 業務", "サーバー 更新 業務", '"更新 業務"'),
    "rare": ("（996）", "電気自動車 駐屯地 997", "令和5年度 ドローン 点検 988", "龠", "第500000号", "丑丑"),
    "none": ("見つからない言葉", "zzzz", "業務 zzzz", "舗装補修業務", "システム開発工事"),
    "filters": (
        "業務 area:hydrogen",
        "工事 prefecture:沖縄 category:works",
        "システム kind:tender open:",
        "委託 published>=2025-01-01 published<2025-02-01",
        "業務 value>=500m access:open",
        "area:mobility prefecture:東京都 NOT kind:award",
        "道路 deadline<2023-09-01",
        "NOT 業務 area:ict",
        "(業務 OR 工事) buyer:教育委員会 access:gpa",
        "text:蓄電池",
        "buyer:例示病院 open:",
        "title:翻訳 OR title:警備 area:aging",
    ),
    "one character": ("橋", "水", "水 橋", "市", "務"),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        database = Database.at(tmp_path / "monitor.db")
    else:
        server = request.getfixturevalue("postgresql")
        database = Database(server.url(server.create()))
    upgrade(database)
    yield database
    database.close()


def test_a_million_titles(large: Database) -> None:
    size, seconds = timed(lambda: fill(large))
    print(
        f"\n{large.engine.dialect.name}: {TITLES:,} titles, {size / 1e6:,.0f} MB of titles and texts ({seconds:.0f} s)"
    )
    before = disk(large)
    large.write(lambda session: run(session, "DELETE FROM derived WHERE name = 'search'"))
    _, seconds = timed(lambda: upgrade(large))
    large.write(lambda session: run(session, "ANALYZE"))
    print(f"  the index is made in {seconds:.0f} s, {TITLES / seconds:,.0f} tenders/s")
    index = disk(large) - before
    print(f"  {index / 1e6:,.0f} MB: {index / size:.2f} × the text")
    measure(large)
    add(large)
    measure(large)


def measure(database: Database) -> None:
    for name, queries in QUERIES.items():
        for order in Order:
            took: list[tuple[float, str, int]] = []
            for asked in queries:
                query = parse(asked)
                for _ in range(3):
                    with database.reading() as session:
                        session.connection()
                        found, seconds = timed(partial(search, session, query, now=NOW, limit=50, order=order))
                        took.append((seconds * 1000, asked, len(found.cards)))
            p95 = quantiles([one[0] for one in took], n=20)[-1]
            slowest = ", ".join(
                f"{asked} {ms:.1f} ({found})" for ms, asked, found in sorted(took, reverse=True)[:9:3]
            )
            print(f"  {name:13} {order:7} p95 {p95:6.1f} ms; slowest {slowest}")


def add(database: Database) -> None:
    """5,000 notices as the pipeline adds them: as many of them with a text as in the record, and all of them."""
    _add(database, "notices", list(made(ADDED, seed=8)))
    _add(database, "notices with texts", [one for one in made(ADDED * WITH_TEXT, seed=9) if one.text])


def _add(database: Database, called: str, fresh: list[ScrapedNotice]) -> None:
    reading = Reading((AreaScore("hydrogen", 1.0, (Evidence("水素", "hydrogen", Place.TITLE, 1.0),)),))
    spent = 0.0
    for some in batches(fresh, 500):

        def work(session: Session, some: list[ScrapedNotice] = some) -> float:
            recorded = notices.record(session, some, run_id=UUID(int=1), now=NOW)
            composed = [compose(one.id, [ReadNotice(one.id, one.id, 1, one.notice, reading)]) for one in recorded]
            return timed(
                lambda: tenders.store(session, composed, run_id=UUID(int=1), now=NOW, alerts=lambda change: False)
            )[1]

        spent += database.write(work)
    print(f"  {len(fresh):,} {called} are added in {spent:.1f} s")


def run(session: Session, statement: str) -> None:
    session.connection().execute(text(statement))


def disk(database: Database) -> int:
    """Bytes of the whole database; on PostgreSQL, where rows that were changed leave room behind, of the index."""
    with database.reading() as session:
        if database.is_sqlite:
            pages = session.connection().execute(text("PRAGMA page_count")).scalar_one()
            free = session.connection().execute(text("PRAGMA freelist_count")).scalar_one()
            return int(pages - free) * 4096
        return int(session.connection().execute(text("SELECT pg_total_relation_size('search')")).scalar_one())


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    done = work()
    return done, time.perf_counter() - start
