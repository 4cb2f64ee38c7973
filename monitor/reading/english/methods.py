"""The English names of procedures, from a table: whole names, or names composed of parts that are all in it.

Sources write 一般競争入札・総合評価 or 希望制指名競争入札(長期継続契約). A name of which one part is in no table has
no English: half a procedure may be another one.
"""

import re
from functools import cache
from pathlib import Path

from db.vocabulary.text import fold
from monitor.reading.english.glossary import GlossaryError

_TABLE = Path(__file__).parent / "methods.tsv"
_COLUMNS = ["japanese", "english"]
_BRACKETED = re.compile(r"(?P<outside>[^()\[\]【】]*)[(\[【](?P<inside>[^()\[\]【】]+)[)\]】]")
_NOTICE = "tender notice"
LONGEST = 100
"""Characters of a method; the sources' longest has about 30."""


def method_english(method: str) -> str | None:
    """The English name of a procedure as a source writes it; None where the table does not have all of it."""
    folded = fold(method[:LONGEST])
    names = _names()
    if folded in names:
        return _capital(names[folded])
    bracketed = _BRACKETED.fullmatch(folded)
    written = (bracketed["outside"], bracketed["inside"]) if bracketed else (folded,)
    said = [_composed(part, names) for part in written if part]
    if not said or None in said:
        return None
    parts = [part for part in said if part and (part != _NOTICE or len(said) == 1)]
    return _capital(", ".join(parts[:1] + [_small(part) for part in parts[1:]]))


def _composed(folded: str, names: dict[str, str]) -> str | None:
    """A name or several one after the other (中黒 is folded away between them); the longest beginnings first."""
    said = []
    at = 0
    while at < len(folded):
        end = next((end for end in range(len(folded), at, -1) if folded[at:end] in names), None)
        if end is None:
            return None
        said.append(names[folded[at:end]])
        at = end
    return ", ".join(said[:1] + [_small(part) for part in said[1:]])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(text: str) -> str:
    """The text as it goes on; an abbreviation keeps its capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


@cache
def _names() -> dict[str, str]:
    """Folded Japanese name → English; read once, and never changed."""
    names: dict[str, str] = {}
    lines = [
        line.split("\t") for line in _TABLE.read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")
    ]
    for number, cells in enumerate(lines):
        if (number == 0) != (cells == _COLUMNS) or len(cells) != 2 or not all(cells):
            raise GlossaryError(
                "{path}: {line} needs a Japanese and an English name with a tab between, below the line {columns}",
                path=_TABLE,
                line=repr("\t".join(cells)),
                columns=", ".join(_COLUMNS),
            )
        names[fold(cells[0])] = cells[1]
    return names
