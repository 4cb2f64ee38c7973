"""The rooms of the house, and who may know whom (the arrows of ARCHITECTURE)."""

import ast
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[1]
ROOMS = ("db", "scrapers", "alerts", "monitor")
MAY_KNOW = {
    "db.vocabulary": ("db.vocabulary",),
    "db": ("db",),
    "scrapers": ("scrapers", "db.vocabulary"),
    "alerts": ("alerts", "db"),
    "monitor": ROOMS,
}
SOURCES = "scrapers.sources"
SQL = ("sqlalchemy", "sqlmodel", "alembic", "psycopg", "sqlite3")
HANDED_THROUGH = "sqlmodel.Session"
"""The type of what ``Database.write`` hands to its work, which passes it on to a store; not a way to write SQL."""


def test_each_room_knows_only_the_rooms_it_may_know() -> None:
    assert [
        f"{module} imports {imported}"
        for module, imported in imports()
        if within(imported, *ROOMS) and not within(imported, *MAY_KNOW[room(module)])
    ] == []


def test_only_the_record_speaks_sql() -> None:
    assert [
        f"{module} imports {imported}"
        for module, imported in imports()
        if within(imported, *SQL) and (not within(module, "db") or within(module, "db.vocabulary"))
        if imported != HANDED_THROUGH or within(module, "db.vocabulary")
    ] == []


def test_no_source_knows_another_for_the_file_of_a_source_may_be_deleted_by_anyone() -> None:
    assert [
        f"{module} imports {imported}; move what they share into scrapers/"
        for module, imported in imports()
        if within(module, SOURCES) and within(imported, SOURCES) and not within(imported, module)
    ] == []


def test_only_the_schedule_knows_the_scheduler() -> None:
    assert {module for module, imported in imports() if within(imported, "apscheduler")} <= {"monitor.schedule"}


def imports() -> Iterator[tuple[str, str]]:
    """Each module with each thing it imports, in full."""
    for path in sorted(path for room in ROOMS for path in (HOUSE / room).rglob("*.py")):
        module = ".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((module, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module}: imports are written in full"
                yield from ((module, f"{node.module}.{alias.name}") for alias in node.names)


def room(module: str) -> str:
    return "db.vocabulary" if within(module, "db.vocabulary") else module.split(".")[0]


def within(name: str, *places: str) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)
