"""The tables from which titles are put into English, read from their files; a mistake names file, line and remedy."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from db.vocabulary.messages import Told

DIRECTORY = Path(__file__).parent / "glossary"
COLUMNS = ("term", "english", "role")
_FIRST = ("marks", "heads", "glue")
"""Files whose words count where another file has the same; the others follow by their names."""


class GlossaryError(Told):
    """A file of the glossary is wrong; the message is one line: where, what, and what to do."""


class Role(StrEnum):
    """What a word does in a title; the README beside the tables tells how each is rendered."""

    HEAD = "head"
    NOUN = "noun"
    ADJ = "adj"
    NAME = "name"
    MARK = "mark"
    GLUE = "glue"
    SUFFIX = "suffix"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a table. ``english`` may be empty: the word is known and says nothing in English."""

    term: str
    english: str
    role: Role


_ROLES = {role.value: role for role in Role}


def read_tables(directory: Path = DIRECTORY) -> Iterator[Entry]:
    """The entries of all tables in a folder, those that count first coming first; GlossaryError if one is wrong."""
    rank = {name: number for number, name in enumerate(_FIRST)}
    for path in sorted(directory.glob("*.tsv"), key=lambda path: (rank.get(path.stem, len(rank)), path.name)):
        yield from read_table(path)


def read_table(path: Path) -> Iterator[Entry]:
    """The entries of one table, in its order."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GlossaryError("{path}: cannot be read ({why}); save it as UTF-8", path=path, why=error) from None
    yield from _entries(path, lines)


def _entries(path: Path, lines: Iterable[str]) -> Iterator[Entry]:
    header_seen = False
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if not header_seen:
            if tuple(cells[:3]) != COLUMNS:
                raise GlossaryError(
                    "{path}:{line}: the columns are not {columns}; write them as the first line, with tabs",
                    path=path,
                    line=number,
                    columns=", ".join(COLUMNS),
                )
            header_seen = True
            continue
        yield _entry(path, number, cells)


def _entry(path: Path, number: int, cells: list[str]) -> Entry:
    role = _ROLES.get(cells[2]) if len(cells) == 3 else None
    if role is None or not cells[0]:
        raise GlossaryError(
            "{path}:{line}: needs a term, its English and a role out of {roles}, with tabs between",
            path=path,
            line=number,
            roles=", ".join(_ROLES),
        )
    if not cells[1].isascii():
        raise GlossaryError(
            "{path}:{line}: the English of {term} has letters beyond ASCII; spell it without them",
            path=path,
            line=number,
            term=repr(cells[0]),
        )
    return Entry(cells[0], cells[1], role)
