"""What the letters need of a language; the household hands one in."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from markupsafe import Markup, escape

from db.vocabulary.messages import Saying


class Language(Protocol):
    """Texts and figures as readers of one language write them. ``code`` is ``en`` or ``ja``."""

    @property
    def code(self) -> str: ...

    def text(self, text: str, /, **values: object) -> str:
        """A text of the catalogues with its ``{names}`` filled in."""

    def ntext(self, singular: str, plural: str, count: int, /, **values: object) -> str:
        """The text for a count; ``{count}`` is the count as it is written."""

    def say(self, saying: Saying) -> str:
        """A stored saying."""

    def join(self, items: Iterable[str]) -> str:
        """Words one after the other, with the comma of the language."""

    def day(self, day: date) -> str:
        """A date, with its weekday."""

    def moment(self, moment: datetime) -> str:
        """A moment in Tokyo, to the minute, with the zone said."""

    def yen(self, amount: Decimal | int) -> str:
        """An amount of yen."""


AreaNames = Mapping[str, str]
"""Area slug → its name in the reader's language."""

JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff\uff66-\uff9f]")
"""A letter that only Japanese has here."""
_JAPANESE_WORDS = re.compile(f"{JAPANESE.pattern}[\u3000-\u30ff\u3400-\u9fff\uff01-\uff9f]*")


def in_tongues(text: str, code: str) -> Markup:
    """A text in the language ``code`` as HTML, with what is Japanese in it said to be."""
    if code == "ja" or isinstance(text, Markup):
        return escape(text)
    pieces: list[Markup] = []
    done = 0
    for match in _JAPANESE_WORDS.finditer(text):
        pieces += [escape(text[done : match.start()]), Markup('<span lang="ja">{}</span>').format(match[0])]
        done = match.end()
    return Markup("").join([*pieces, escape(text[done:])])
