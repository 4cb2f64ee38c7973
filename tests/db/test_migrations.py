"""The schema: from nothing to this version on both databases, and the same as the models."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from sqlmodel import Session

from db import migrations
from db.engine import Database
from db.errors import RecordError
from db.migrate import head, ready, upgrade
from db.models import metadata


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_an_empty_database_gets_the_schema_of_the_models(empty_database: Database) -> None:
    upgrade(empty_database)
    with empty_database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == head()


def test_a_record_of_the_version_before_is_brought_up_to_date_with_all_it_holds(empty_database: Database) -> None:
    def as_before(session: Session) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "0001")
        session.connection().exec_driver_sql(
            "INSERT INTO source_lease (source, owner, run_id, until)"
            " VALUES ('kkj', 'elsewhere:1', '00000000000000000000000000000007', '2026-06-01 00:00:00+00:00')"
        )

    empty_database.write(as_before)
    assert "award" not in tables(empty_database)
    upgrade(empty_database)
    assert tables(empty_database) == {*metadata.tables, "alembic_version"}
    with empty_database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT source FROM source_lease").scalars().all() == ["kkj"]


def test_upgrading_twice_is_harmless(empty_database: Database) -> None:
    upgrade(empty_database)
    before = tables(empty_database)
    upgrade(empty_database)
    assert tables(empty_database) == before


def test_the_embedded_database_is_made_ready_without_being_asked(
    tmp_path: Path, opened: Callable[[str], Database]
) -> None:
    database = opened(f"sqlite:///{tmp_path}/monitor.db")
    ready(database)
    assert "tender" in tables(database)


def test_a_server_is_upgraded_only_when_its_operator_says_so(
    request: pytest.FixtureRequest, opened: Callable[[str], Database]
) -> None:
    server = request.getfixturevalue("postgresql")
    database = opened(server.url(server.create()))
    with pytest.raises(RecordError, match="run: monitor db upgrade"):
        ready(database)
    assert tables(database) == set()
    upgrade(database)
    ready(database)


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RecordError, match=r"written by a newer version of the monitor \(schema 9999\)"):
        ready(database)


def test_processes_that_find_the_same_empty_database_do_no_harm(
    empty_url: str, opened: Callable[[str], Database]
) -> None:
    program = (
        "import sys; from db.engine import Database; from db.migrate import upgrade\n"
        "database = Database(sys.argv[1]); print('ready', flush=True); sys.stdin.readline(); upgrade(database)"
    )
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program, empty_url],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    cwd=Path(__file__).parents[2],
                )
            )
            for _ in range(3)
        ]
        started = [process.stdout.readline() for process in processes if process.stdout]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        ended = [(process.communicate(timeout=60)[0], process.returncode) for process in processes]
    assert (started, ended) == (["ready\n"] * 3, [("", 0)] * 3)
    ready(opened(empty_url))
    assert tables(opened(empty_url)) == {*metadata.tables, "alembic_version"}
