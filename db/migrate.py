"""Bringing a database to the schema of this version: Alembic, without its command line and its ini file."""

from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlmodel import Session

from db import companies, documents, renewals, views
from db.derived import Step, catch_up, stale
from db.engine import Database, plain_errors
from db.errors import RecordError

STEPS: Sequence[Step] = (companies.STEP, renewals.STEP, documents.STEP, views.STEP)
"""What is derived from the record, in the order in which it is made."""


def upgrade(database: Database) -> None:
    """Apply what is missing, and derive what is stale; does nothing where all is up to date."""
    if _current(database) != head():
        # Two processes may find the same empty database: the second waits for the first, and finds nothing to do.
        database.write(_upgrade)
    documents.tidy(database)
    catch_up(database, STEPS)


def ready(database: Database) -> None:
    """Make sure that the schema is this version's: SQLite is upgraded, a server only by ``monitor db upgrade``."""
    current = _current(database)
    if current == head() and not stale(database, STEPS):
        return
    if current is not None and current not in {script.revision for script in _scripts().walk_revisions()}:
        raise RecordError(
            "{database}: was written by a newer version of the monitor (schema {schema}); update the program",
            database=database.engine.url.database,
            schema=current,
        )
    if database.is_sqlite:
        upgrade(database)
        return
    raise RecordError(
        "{database}: its schema is not this version's; run: monitor db upgrade", database=database.engine.url.database
    )


def _upgrade(session: Session) -> None:
    views.drop(session)
    command.upgrade(_config(session.connection()), "head")


def head() -> str:
    """The schema's newest revision."""
    return _scripts().get_current_head() or ""


def _current(database: Database) -> str | None:
    with plain_errors(str(database.engine.url.database)), database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent / "migrations"))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
