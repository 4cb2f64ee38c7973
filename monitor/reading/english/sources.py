"""The words of the gist that other tables hold: organisations and municipalities.

The glosses of the focus areas are not among them: they name the idea that a term stands for, and are no translations
(脳トレ has "dementia").
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from monitor.reading.english.glossary import Entry, Role

_READING = Path(__file__).parents[1]
_MUNICIPALITY = re.compile("(.{2,})[市区]$")
_MUNICIPALITY_EN = re.compile(" (?:City|Town|Village|Ward)$|-(?:shi|cho|machi|mura|son|ku)$")


def organisation_entries(directory: Path = _READING / "entities") -> Iterator[Entry]:
    """Organisations and municipalities with their English names; nothing where there are no such tables."""
    for path in sorted(directory.glob("*.tsv")):
        for row in _rows(path):
            name, english = row.get("name", ""), row.get("english", "")
            if len(name) > 1 and english.isascii() and english:
                yield Entry(name, english, Role.NAME)


def place_entries(directory: Path = _READING / "entities") -> Iterator[Entry]:
    """Cities and wards without their kind (千葉 of 千葉市), where all of the name are read alike.

    Towns and villages are left out: too many are called what is also a word or a hill somewhere else.
    """
    stems: dict[str, set[str]] = {}
    for row in _rows(directory / "municipalities.tsv"):
        match = _MUNICIPALITY.match(row["name"])
        if match and row["english"]:
            stems.setdefault(match[1], set()).add(_MUNICIPALITY_EN.sub("", row["english"]))
    for name, found in stems.items():
        if len(found) == 1:
            yield Entry(name, found.pop(), Role.NAME)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = (line for line in file if line.strip() and not line.startswith("#"))
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
