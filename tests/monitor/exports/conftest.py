"""The small record of ``record.py``, for tests of files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from db.engine import Database
from db.vocabulary.query import EVERYTHING
from monitor.exports.tables import Asked
from tests.monitor.exports.record import NOW, fill


@pytest.fixture
def filled(database: Database) -> Database:
    """The record, on SQLite and on PostgreSQL."""
    fill(database)
    return database


@pytest.fixture
def embedded(tmp_path: Path, sqlite_template: Path, opened: Callable[[str], Database]) -> Database:
    """The record, on SQLite alone: for what only concerns files."""
    path = tmp_path / "monitor.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = opened(f"sqlite:///{path}")
    fill(database)
    return database


@pytest.fixture
def asked() -> Asked:
    """Everything."""
    return Asked(EVERYTHING, NOW)
