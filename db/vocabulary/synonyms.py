"""English words that people type, and the Japanese terms by which titles of procurements say the same.

The list (``synonyms.tsv``, with the rules of what may stand in it) is ours and made to be edited by whoever knows the
field. It is read once; every form in which a word may be typed is a key of its own, so that looking one up costs
nothing.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

LIST = Path(__file__).with_name("synonyms.tsv")
LONGEST = 3
"""Words of the longest key: internet of things."""


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """The Japanese terms of English words, by the words as they are folded, with spaces for hyphens."""
    found: dict[str, tuple[str, ...]] = {}
    written = dict(rows())
    for words, terms in written.items():
        for form in _forms(words):
            if form == words or form not in written:
                found[form] = terms
    return MappingProxyType(found)


def rows() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The English words of the list, one after another, each with its terms."""
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    for line in lines[1:]:
        english, _, japanese = line.partition("\t")
        for words in english.split("|"):
            yield words, tuple(japanese.split("|"))


def _forms(words: str) -> Iterator[str]:
    """The words as they are typed: one or several, in American or British spelling."""
    for spelled in dict.fromkeys((words, words.replace("ization", "isation").replace("izing", "ising"))):
        yield spelled
        if spelled.endswith("y") and spelled[-2] not in "aeiou":
            yield f"{spelled[:-1]}ies"
        elif spelled.endswith(("s", "x", "z", "ch", "sh")):
            yield f"{spelled}es"
        else:
            yield f"{spelled}s"
