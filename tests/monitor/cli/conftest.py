"""Running a command as a person does, and a home with subscribers for it."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from db import calling, deliveries, notices, subscribers, tenders
from db.composing import compose
from db.deliveries import NewMatch
from db.engine import Database
from db.notices import ReadNotice
from db.subscriber import SavedSearch, Subscriber, Webhook
from db.subscribers import Choices
from db.vocabulary.delivery import Frequency, WebhookForm
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading
from monitor import household as home_of
from monitor.cli import base, status
from monitor.config import Config
from monitor.household import area_reader, household
from monitor.reading.area_reader import AreaReader

Run = Callable[..., tuple[int, str, str]]

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=TOKYO)
"""The moment of commands in a home of this file: an hour after the end of a window."""
EARLIER = NOW - timedelta(hours=5)


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in the test's own folder; gives exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, language: str = "C") -> tuple[int, str, str]:
        monkeypatch.setenv("LC_ALL", language)
        ended = status(list(arguments))
        out, err = capfdbinary.readouterr()
        return ended, out.decode(), err.decode()

    return command


class Home:
    """The home ``home`` in the test's folder, where it is NOW, with whom and what the test puts into it."""

    def __init__(self, folder: Path, database: Database, run: Run) -> None:
        self.folder, self.database, self._run = folder, database, run

    def run(self, *arguments: object, **more: Any) -> tuple[int, str, str]:
        """A command in this home."""
        return self._run(*map(str, arguments), "--home", "home", **more)

    def shown(self, *arguments: object) -> str:
        """What a command that succeeds writes to standard output."""
        ended, out, err = self.run(*arguments)
        assert ended == 0, err
        return out

    def subscribe(
        self,
        email: str = "anna@example.org",
        name: str = "Hydrogen",
        query: str = "水素",
        frequency: Frequency = Frequency.DAILY,
        **choices: Any,
    ) -> SavedSearch:
        def work(session: Session) -> SavedSearch:
            person = subscribers.add(session, email, choices=Choices(**choices), now=EARLIER, consent="by telephone")
            return subscribers.save_search(session, person, name, query, now=EARLIER, frequency=frequency)

        return self.database.write(work)

    def publish(self, title: str, *searches: SavedSearch, at: datetime = EARLIER) -> UUID:
        """A tender of which these searches wait to tell."""
        found = ScrapedNotice(
            source="kkj",
            key=title,
            title=title,
            kind=NoticeKind.TENDER,
            published=date(2026, 11, 23),
            url="https://www.kkj.go.jp/d/?D=1",
            buyer="見本市",
        )

        def work(session: Session) -> UUID:
            run_id = uuid4()
            (one,) = notices.record(session, [found], run_id=run_id, now=at)
            made = [compose(one.tender_id, [ReadNotice(one.id, one.tender_id, one.version, one.notice, Reading())])]
            tenders.store(session, made, run_id=run_id, now=at, alerts=lambda change: True)
            matches = [NewMatch(search.id, one.tender_id, 1, ("水素",)) for search in searches]
            deliveries.add_matches(session, matches, now=at)
            calling.add_calls(session, matches, now=at)
            return one.tender_id

        return self.database.write(work)

    def webhook(self, search: SavedSearch, url: str) -> Webhook:
        return self.database.write(
            lambda session: calling.add_webhook(session, search.id, url, WebhookForm.JSON, now=EARLIER)
        )

    def person(self, email: str = "anna@example.org") -> Subscriber | None:
        with self.database.reading() as session:
            return subscribers.by_email(session, email)


@pytest.fixture(scope="session")
def areas() -> AreaReader:
    """The built-in focus areas, read once: that takes longer than everything else that these commands do."""
    return area_reader(Config())


@pytest.fixture
def home(
    run: Run, tmp_path: Path, sqlite_template: Path, areas: AreaReader, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    (tmp_path / "home").mkdir()
    shutil.copy(sqlite_template, tmp_path / "home" / "monitor.db")
    (tmp_path / "config.toml").write_text(
        '[site]\nbase_url = "https://tenders.example.org"\ntag_authority = "example.org,2026"\n', encoding="utf-8"
    )
    monkeypatch.setattr(home_of, "area_reader", lambda config: areas)
    monkeypatch.setattr(base, "household", partial(household, clock=lambda: NOW))
    database = Database.at(tmp_path / "home" / "monitor.db")
    yield Home(tmp_path, database, run)
    database.close()
