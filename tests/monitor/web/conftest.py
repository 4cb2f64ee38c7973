"""The web application over a small record, answered by a real server on loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from shutil import copyfile
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from bs4 import BeautifulSoup

from alerts.site import Site
from alerts.sources import SourceNames
from db import awards, migrate, notices, runs, subscribers, tenders
from db.engine import Database
from db.tender import TenderAlias
from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading
from db.vocabulary.run import Coverage, Problem, RunMode, RunState
from monitor.currency import Rate
from monitor.health import Turn
from monitor.pipeline import composed, read_and_compose
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import Lexicon, load_lexicon
from monitor.reading.reader import NoticeReader
from monitor.serving import serve
from monitor.web.app import WebContext, create_app

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=TOKYO)

CALL = """次のとおり一般競争入札に付します。
１ 調達内容 (1) 件名 水素ステーション遠隔監視システムの構築業務 一式 (2) 履行期間 令和8年12月18日から令和9年3月31日まで
(5) 予定価格 123,200,000円（税込）
２ 競争参加資格 (1) 令和7・8・9年度全省庁統一資格において「役務の提供等」の「A」、「B」又は「C」の等級に格付けされている者であること。
３ 入札説明会 令和8年11月27日 14時00分 入札説明会に参加しない者は入札に参加できない。
４ 入札書の提出期限 令和8年12月11日 17時00分 (3) 質問の受付期限 令和8年12月1日 12時00分
(4) 競争参加資格確認申請書の提出期限 令和8年12月2日 17時00分
５ 開札の日時 令和8年12月14日 10時00分
６ その他 本調達は政府調達に関する協定の適用を受ける。"""
"""The text of a call in the form in which ministries write them."""


@cache
def lexicon() -> Lexicon:
    return load_lexicon()


@dataclass(frozen=True)
class Knowing:
    """A reader that reads the same out of every notice."""

    reading: Reading
    revision: str = "test"

    def read(self, notice: ScrapedNotice) -> Reading:
        return self.reading


class Web:
    """A record that can be filled, and the site that shows it."""

    now = NOW
    tender_id: UUID
    """Of a site that is about one tender."""

    def __init__(self, context: WebContext, base: str, client: httpx.Client) -> None:
        self.context = context
        self.base = base
        self.client = client
        self.database = context.database

    # Filling ------------------------------------------------------------------------------------------

    def notice(self, **fields: Any) -> ScrapedNotice:
        """A notice, different in what is given."""
        return replace(
            ScrapedNotice(
                source="kkj",
                key="1",
                title="水素ステーション整備工事",
                kind=NoticeKind.TENDER,
                published=date(2026, 11, 20),
                url="https://www.kkj.go.jp/d/?D=1",
                buyer="例示県",
                prefecture="東京都",
                city="見本市",
                category=Category.WORKS,
                method="一般競争入札",
                deadline=datetime(2026, 12, 4, 17, 0, tzinfo=TOKYO),
                document_url="https://example.jp/koukoku.pdf",
                text="水素ステーションの整備を行う。",
            ),
            **fields,
        )

    def keep(
        self, *found: ScrapedNotice, at: datetime = NOW, reading: Reading | None = None, crawled: bool = False
    ) -> UUID:
        """Record, read, merge and compose notices, as the pipeline does; the id of the first one's tender.

        ``reading`` is what is read out of them, whatever the readers say. ``crawled``: by a run of their source.
        """
        reader = NoticeReader(AreaReader(lexicon())) if reading is None else Knowing(reading)
        run = self.ran(found[0].source, RunState.OK, at) if crawled else uuid4()

        def work(session: Any) -> UUID:
            recorded = notices.record(session, found, run_id=run, now=at)
            composed = read_and_compose(session, reader, recorded, now=at)
            tenders.store(session, composed, run_id=run, now=at, alerts=lambda change: True)
            of_notice = {source.notice_id: one.id for one in composed for source in one.sources}
            return of_notice.get(recorded[0].id, recorded[0].tender_id)

        return self.database.write(work)

    def won(self, tender_id: UUID, *found: ScrapedAward) -> None:
        """Record awards and link them to a tender."""

        def work(session: Any) -> None:
            awards.record(session, found, run_id=uuid4(), now=NOW)
            awards.link(session, {one.case_number: tender_id for one in found if one.case_number})
            again = composed(session, {tender_id: None})
            tenders.store(session, again, run_id=uuid4(), now=NOW, alerts=lambda change: False)

        self.database.write(work)

    def story(self) -> UUID:
        """A tender that four notices of two sources tell of, from the first request to a correction; its id.

        In the gazette the English names another deadline than the Japanese, and the correction a third one.
        """
        title = "水素ステーション遠隔監視システムの構築業務"
        pportal = self.notice(
            source="pportal",
            key="call",
            title=title,
            published=date(2026, 11, 17),
            url="https://www.p-portal.go.jp/call",
            buyer="経済産業省",
            category=Category.SERVICES,
            deadline=datetime(2026, 12, 11, 17, 0, tzinfo=TOKYO),
            text=CALL,
        )
        kanpo = replace(
            pportal,
            source="kanpo",
            key="call",
            published=date(2026, 11, 18),
            url="https://www.kanpo.go.jp/call",
            deadline=None,
            method="一般競争入札（総合評価落札方式）",
            references=(("官報", "号外政府調達第210号"),),
            text_en="Summary: (1) Monitoring system, 1 set (7) Time-limit for tender : 5:00 p.m. 10 December 2026",
        )
        request = replace(
            pportal,
            key="request",
            title=f"{title}に係る意見招請",
            kind=NoticeKind.COMMENT_REQUEST,
            published=date(2026, 10, 1),
            deadline=None,
            text="",
        )
        correction = replace(
            pportal,
            key="correction",
            title=f"【訂正公告】{title}",
            kind=NoticeKind.AMENDMENT,
            published=date(2026, 11, 21),
            deadline=datetime(2026, 12, 15, 12, 0, tzinfo=TOKYO),
            text="入札書の提出期限を令和8年12月15日 12時00分に変更する。",
        )
        ids = [
            self.keep(found, at=NOW - timedelta(days=before), crawled=True)
            for found, before in ((request, 50), (pportal, 6), (kanpo, 5), (correction, 2))
        ]
        assert len(set(ids)) == 1, "the four notices are to be one tender"
        return ids[0]

    def many(self, count: int, **fields: Any) -> None:
        """So many tenders of different days, newest last."""
        first = date(2026, 6, 1)
        self.keep(
            *(
                self.notice(key=f"m{n}", title=f"調査業務{n:03}", published=first + timedelta(days=n), **fields)
                for n in range(count)
            )
        )

    def alias(self, old: UUID, new: UUID) -> None:
        self.database.write(lambda session: session.add(TenderAlias(alias_id=old, tender_id=new)))

    def ran(
        self,
        source: str,
        state: RunState,
        at: datetime,
        *,
        error: Saying | None = None,
        problems: tuple[Problem, ...] = (),
        coverage: tuple[Coverage, ...] = (),
        found: int = 0,
        new: int = 0,
        changed: int = 0,
    ) -> UUID:
        """A run of a source that has ended; its id."""

        def work(session: Any) -> UUID:
            run = runs.begin(
                session, source, mode=RunMode.REGULAR, since=date(2026, 11, 1), until=None, now=at, who="test:1"
            )
            run.found, run.new, run.changed = found, new, changed
            runs.end(session, run, state=state, now=at, error=error, problems=problems, coverage=coverage)
            return run.id

        return self.database.write(work)

    def subscriber(self) -> str:
        """The token of somebody who gets letters."""
        return self.database.write(
            lambda session: (
                subscribers.add(
                    session, "reader@example.org", choices=subscribers.Choices(language="en"), now=NOW
                ).token
            )
        )

    def gets_letters(self) -> bool:
        with self.database.reading() as session:
            found = subscribers.by_email(session, "reader@example.org")
            return found is not None and found.active

    # Reading ------------------------------------------------------------------------------------------

    def get(self, path: str, headers: dict[str, str] | None = None, **params: str | int) -> httpx.Response:
        return self.client.get(path, params=params or None, headers=headers)

    def page(self, path: str, status: int = 200, **params: str | int) -> BeautifulSoup:
        answer = self.get(path, None, **params)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return BeautifulSoup(answer.text, "lxml")


@pytest.fixture(scope="session")
def empty_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record without anything in it, migrated once."""
    path = tmp_path_factory.mktemp("web") / "empty.db"
    database = Database.at(path)
    migrate.upgrade(database)
    database.close()
    return path


@contextmanager
def served(path: Path, *, illustrative: bool = False, **different: Any) -> Iterator[Web]:
    """The site over a record, with the usual context but for what is given."""
    site = Site("Tender Monitor", "https://monitor.example.org", "example.org,2026", "us@example.org", illustrative)
    database = Database.at(path)
    context = replace(
        WebContext(
            database=database,
            site=site,
            areas=lexicon().areas,
            sources={
                "kkj": SourceNames("官公需情報ポータルサイト", "KKJ portal", "https://www.kkj.go.jp/s/"),
                "pportal": SourceNames("調達ポータル", "Procurement Portal", "https://www.p-portal.go.jp/"),
                "kanpo": SourceNames("官報", "Official Gazette", "https://www.kanpo.go.jp/"),
            },
            turns=[Turn("kkj", timedelta(hours=12)), Turn("pportal", timedelta(hours=6), ignores_robots=True)],
            clock=lambda: NOW,
        ),
        **different,
    )
    try:
        with serve(create_app(context)) as base, httpx.Client(base_url=base, trust_env=False) as client:
            yield Web(context, base, client)
    finally:
        database.close()


@pytest.fixture
def serving(tmp_path: Path, empty_record: Path) -> Iterator[Callable[..., Web]]:
    """Serves the site over an empty record; what is given differs from the usual context."""
    with ExitStack() as sites:

        def start(**different: Any) -> Web:
            path = tmp_path / "monitor.db"
            if not path.exists():
                copyfile(empty_record, path)
            return sites.enter_context(served(path, **different))

        yield start


@pytest.fixture
def web(serving: Callable[..., Web]) -> Web:
    return serving()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, empty_record: Path) -> Iterator[Web]:
    """A site with one tender, shared by tests that only look."""
    path = tmp_path_factory.mktemp("calm") / "monitor.db"
    copyfile(empty_record, path)
    with served(path) as site:
        site.keep(site.notice(title_en="Hydrogen station"))
        site.keep(site.notice(title_en="Hydrogen station", method="総合評価"))
        yield site


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory, empty_record: Path) -> Iterator[Web]:
    """A site with the tender of ``Web.story`` and its result, shared by tests that only look."""
    path = tmp_path_factory.mktemp("eventful") / "monitor.db"
    copyfile(empty_record, path)
    with served(path, rate=Rate(Decimal("187.3"), date(2026, 11, 20), "ECB")) as site:
        site.tender_id = site.story()
        site.won(
            site.tender_id,
            ScrapedAward(
                source="pportal",
                key="award",
                title="水素ステーション遠隔監視システムの構築業務",
                date=date(2026, 11, 22),
                published=date(2026, 11, 22),
                supplier="株式会社例示エンジニアリング",
                amount=Decimal(118_800_000),
                case_number="0000000000000582363",
            ),
        )
        yield site
