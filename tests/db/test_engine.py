"""Reading and writing on both databases: what is promised of transactions, and how errors are told."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from db import subscribers
from db.engine import TRIES, Database
from db.errors import Busy, RecordError
from db.history import Run, SourceLease
from db.migrate import ready, upgrade
from db.subscriber import Subscriber

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
Open = Callable[[str], Database]


def add(address: str) -> Callable[[Session], Subscriber]:
    return lambda session: subscribers.add(session, address, choices=subscribers.Choices(language="en"), now=NOW)


def addresses(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.exec(select(Subscriber.email)).all())


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path, opened: Open) -> Database:
    path = tmp_path / "monitor.db"
    path.write_bytes(sqlite_template.read_bytes())
    return opened(f"sqlite:///{path}")


# Transactions ------------------------------------------------------------------------------------------


def test_what_one_write_kept_the_next_reading_sees(database: Database) -> None:
    database.write(add("a@example.org"))
    assert addresses(database) == ["a@example.org"]


def test_what_a_write_gives_back_can_be_read_after_it(database: Database) -> None:
    assert database.write(add("a@example.org")).email == "a@example.org"


def test_a_write_that_fails_leaves_nothing_behind(database: Database) -> None:
    def work(session: Session) -> None:
        subscribers.add(session, "a@example.org", choices=subscribers.Choices(language="en"), now=NOW)
        session.flush()
        raise LookupError("something else went wrong")

    with pytest.raises(LookupError):
        database.write(work)
    assert addresses(database) == []
    database.write(add("b@example.org"))
    assert addresses(database) == ["b@example.org"]


def test_a_reading_sees_one_state_of_the_record_from_beginning_to_end(database: Database) -> None:
    with database.reading() as session:
        before = session.exec(select(Subscriber.email)).all()
        database.write(add("a@example.org"))
        assert session.exec(select(Subscriber.email)).all() == before == []
    assert addresses(database) == ["a@example.org"]


def test_a_write_that_meets_anothers_is_tried_again_and_sees_what_the_other_wrote(
    postgresql_url: str, opened: Open
) -> None:
    ours, theirs = opened(postgresql_url), opened(postgresql_url)
    ours.write(lambda session: session.add(SourceLease(source="kkj", owner="a:1", run_id=uuid4(), until=NOW)))
    seen: list[str] = []

    def work(session: Session) -> None:
        lease = session.get_one(SourceLease, "kkj")
        seen.append(lease.owner)
        if len(seen) == 1:
            theirs.write(lambda other: setattr(other.get_one(SourceLease, "kkj"), "owner", "b:2"))
        lease.owner += " and ours"

    ours.write(work)
    assert seen == ["a:1", "b:2"]
    with ours.reading() as session:
        assert session.get_one(SourceLease, "kkj").owner == "b:2 and ours"


def test_two_processes_that_add_the_same_row_at_once_both_succeed(postgresql_url: str, opened: Open) -> None:
    ours, theirs = opened(postgresql_url), opened(postgresql_url)
    ids: list[UUID] = []

    def work(session: Session) -> UUID:
        if session.exec(select(Subscriber)).first() is None and not ids:
            ids.append(theirs.write(add("a@example.org")).id)
        return subscribers.add(session, "a@example.org", choices=subscribers.Choices(language="en"), now=NOW).id

    assert ours.write(work) == ids[0]
    assert addresses(ours) == ["a@example.org"]


def test_a_write_gives_up_after_a_few_tries_and_says_so_without_the_rows_values(database: Database) -> None:
    class Conflict(Exception):
        sqlstate = "40001"

    tries: list[int] = []

    def work(session: Session) -> None:
        tries.append(1)
        raise OperationalError("UPDATE …", {}, Conflict("could not serialize access"))

    with pytest.raises(Busy, match="other processes keep writing the same rows"):
        database.write(work)
    assert len(tries) == TRIES


def test_an_error_of_the_server_does_not_repeat_a_subscribers_address(postgresql_url: str, opened: Open) -> None:
    database = opened(postgresql_url)

    def twice(session: Session) -> None:
        for token in "ab":
            session.add(Subscriber(id=uuid4(), email="somebody@example.org", token=token, created_at=NOW))

    with pytest.raises(RecordError) as told:
        database.write(twice)
    assert "somebody" not in str(told.value)
    assert "subscriber_email_key" in str(told.value)


# SQLite ------------------------------------------------------------------------------------------------


def test_sqlite_runs_with_the_settings_that_the_record_relies_on(sqlite: Database) -> None:
    with sqlite.reading() as session:
        settings = {
            name: session.connection().execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000, "synchronous": 1}


def test_a_row_that_points_nowhere_is_refused(database: Database) -> None:
    def work(session: Session) -> None:
        session.connection().execute(
            text("INSERT INTO delivery (digest_id, number, started_at, state) VALUES (:id, 1, :now, 'sending')"),
            {"id": uuid4().hex, "now": NOW.isoformat() if not database.is_sqlite else str(NOW)},
        )

    with pytest.raises(RecordError, match=r"the database refused: .*(?i:foreign key)"):
        database.write(work)


def test_a_write_waits_for_another_process_to_finish_its_own(sqlite: Database) -> None:
    path = str(sqlite.engine.url.database)
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE'); print('writing', flush=True)\n"
        "sys.stdin.readline(); connection.execute('COMMIT'); print('done', flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        finished = threading.Event()

        def write() -> None:
            sqlite.write(add("a@example.org"))
            finished.set()

        thread = threading.Thread(target=write)
        thread.start()
        assert not finished.wait(0.2)
        assert addresses(sqlite) == []  # readers do not wait
        other.stdin.write("go on\n")
        other.stdin.flush()
        assert finished.wait(20)
        thread.join()
    assert addresses(sqlite) == ["a@example.org"]


def test_a_transaction_that_reads_first_and_writes_later_is_not_thrown_out(sqlite: Database) -> None:
    other = Database(str(sqlite.engine.url))
    event.listen(other.engine, "connect", impatient)

    def work(session: Session) -> None:
        session.exec(select(Subscriber)).all()
        with pytest.raises(Busy, match="another process has been writing"):
            other.write(add("b@example.org"))
        subscribers.add(session, "a@example.org", choices=subscribers.Choices(language="en"), now=NOW)

    sqlite.write(work)
    other.write(add("b@example.org"))
    other.close()
    assert addresses(sqlite) == ["a@example.org", "b@example.org"]


def impatient(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout = 0")


# Errors in one line ------------------------------------------------------------------------------------


def one_line(work: Callable[[], object]) -> str:
    with pytest.raises(RecordError) as told:
        work()
    assert "\n" not in str(told.value)
    return str(told.value)


def test_a_missing_folder_is_named(tmp_path: Path, opened: Open) -> None:
    database = opened(f"sqlite:///{tmp_path}/nowhere/monitor.db")
    said = one_line(lambda: upgrade(database))
    assert said == f"{tmp_path}/nowhere/monitor.db: cannot be opened; check that its folder exists and may be written"


def test_a_file_that_may_only_be_read_is_named(sqlite: Database, opened: Open) -> None:
    sqlite.close()
    path = sqlite.engine.url.database
    database = opened(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert addresses(database) == []
    assert "may not be written; check the owner of the file" in one_line(lambda: database.write(add("a@example.org")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_of_somebody_else_is_named(sqlite: Database, opened: Open) -> None:
    sqlite.close()
    path = Path(str(sqlite.engine.url.database))
    path.chmod(0o400)
    said = one_line(lambda: opened(str(sqlite.engine.url)).write(add("a@example.org")))
    assert said.startswith(f"{path}: may not be written")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, opened: Open) -> None:
    path = tmp_path / "monitor.db"
    path.write_text("these are my notes, and not a database\n" * 100)
    said = one_line(lambda: ready(opened(f"sqlite:///{path}")))
    assert said.startswith(f"{path}: is not a healthy SQLite file (file is not a database)")
    assert path.read_text().startswith("these are my notes")


def test_a_full_disk_keeps_nothing_of_the_step_and_says_what_to_do(sqlite: Database) -> None:
    def full(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def much(session: Session) -> None:
        for number in range(1000):
            subscribers.add(session, f"{number}@example.org", choices=subscribers.Choices(language="en"), now=NOW)

    event.listen(sqlite.engine, "connect", full)
    assert one_line(lambda: sqlite.write(much)).endswith(
        "the disk is full; nothing of this step was kept: make room and run it again"
    )
    assert addresses(sqlite) == []


def test_a_server_that_does_not_answer_is_named(tmp_path: Path, opened: Open) -> None:
    database = opened(f"postgresql://monitor:secret@/tenders?host={tmp_path}")
    said = one_line(lambda: addresses(database))
    assert said.startswith("database 'tenders': the server cannot be reached")
    assert said.endswith("start it or correct [storage] database")
    assert "secret" not in said


@pytest.mark.parametrize(
    "url", ["", "monitor.db", "oracle9://x/y", "mysql://x/y", "postgresql+psycopg2://x/y", "postgresql://x:port/y"]
)
def test_an_address_of_no_database_we_know_is_explained(url: str) -> None:
    assert one_line(lambda: Database(url)).endswith("write sqlite:///FILE or postgresql://…")


def test_a_postgresql_address_needs_no_name_of_a_driver(opened: Open) -> None:
    assert opened("postgresql://x/y").engine.driver == opened("postgres://x/y").engine.driver == "psycopg"


def test_an_embedded_database_is_named_by_its_file(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "monitor.db")
    ready(database)
    run = Run(id=uuid4(), source="kkj", mode="first", state="ok", owner="a:1", since=date(2026, 4, 1), started_at=NOW)
    database.write(lambda session: session.add(run))
    database.close()
    assert (tmp_path / "monitor.db").stat().st_size > 0
