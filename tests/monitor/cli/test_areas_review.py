"""The command that lists where readers and the lexicon disagree."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

from sqlmodel import Session

from db import feedbacks, notices, tenders
from db.composing import compose
from db.engine import Database
from db.migrate import upgrade
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import load_lexicon
from monitor.reading.reader import NoticeReader
from tests.monitor.cli.conftest import Run

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)


@contextmanager
def record(folder: Path) -> Iterator[Database]:
    """The record of the home that commands find in this folder."""
    (folder / "home").mkdir()
    database = Database.at(folder / "home" / "monitor.db")
    upgrade(database)
    yield database
    database.close()


def contested(session: Session) -> UUID:
    """One tender, of which two readers contradict an area and one misses another."""
    notice = ScrapedNotice(
        source="kkj",
        key="1",
        title="水素ステーション整備工事",
        kind=NoticeKind.TENDER,
        published=date(2026, 4, 1),
        url="https://example.jp",
    )
    (one,) = notices.record(session, [notice], run_id=uuid4(), now=NOW)
    reading = NoticeReader(AreaReader(load_lexicon())).read(notice)
    notices.store_readings(session, {(one.id, one.version): reading}, revision="test", now=NOW)
    composed = compose(one.tender_id, [*notices.read_notices(session, [one.tender_id])])
    tenders.store(session, [composed], run_id=uuid4(), now=NOW, alerts=lambda change: False)
    for area, reader, relevant in (("mobility", "a", False), ("mobility", "b", False), ("smart-city", "a", True)):
        feedbacks.mark(session, composed.id, area, reader, relevant=relevant, now=NOW)
    return composed.id


def test_disagreements_are_listed_with_the_terms_responsible(run: Run, tmp_path: Path) -> None:
    with record(tmp_path) as database:
        id = database.write(contested)
    ended, out, _ = run("areas", "review")
    assert ended == 0
    assert out.splitlines()[0].split() == ["marked", "area", "readers", "say", "tender", "terms"]
    assert "Mobility" in out
    assert "does not fit (2 to 0)" in out
    assert "水素ステーション (hydrogen station)" in out
    assert "is missing (1 to 0)" in out
    assert "no term of the lexicon" in out
    assert str(id) in out


def test_disagreements_can_be_written_for_programs_and_be_limited(run: Run, tmp_path: Path) -> None:
    with record(tmp_path) as database:
        id = database.write(contested)
    first, second = json.loads(run("areas", "review", "--json")[1])
    assert (first["area"], first["given"], first["against"], first["tender_id"]) == ("mobility", True, 2, str(id))
    assert (second["area"], second["given"], second["fits"], second["findings"]) == ("smart-city", False, 1, [])
    assert len(json.loads(run("areas", "review", "--json", "--limit", "1")[1])) == 1
    assert "there are more; ask for them with --limit" in run("areas", "review", "--limit", "1")[2]


def test_that_there_is_nothing_to_look_at_is_said(run: Run) -> None:
    ended, out, err = run("areas", "review")
    assert (ended, out) == (0, "")
    assert "readers and the lexicon agree" in err
    assert run("areas", "review", "--json")[1] == "[]\n"
