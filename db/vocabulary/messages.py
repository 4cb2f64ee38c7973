"""Texts that people read, before they are put into a language.

A text is written in English where it arises, with ``{names}`` for its variable parts; the catalogues hold
it in that form, so the same saying can be shown in any language, also long after it was stored.
"""

from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Saying:
    """A text and the values of its variable parts. ``str()`` gives the English."""

    text: str
    values: "dict[str, str | Saying]" = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.values) if self.values else self.text


class Told(Exception):
    """An error that a person is told of, in one line that names the place and the remedy."""

    def __init__(self, text: str, /, **values: object) -> None:
        self.saying = Saying(text, {name: _kept(value) for name, value in values.items()})
        super().__init__(str(self.saying))

    @classmethod
    def of(cls, saying: Saying) -> Self:
        """The error that says this."""
        return cls(saying.text, **saying.values)


def _kept(value: object) -> str | Saying:
    """A value as it is stored; a saying or an error within another is translated with it."""
    return value.saying if isinstance(value, Told) else value if isinstance(value, Saying) else str(value)


def N_(text: str) -> str:  # noqa: N802 (the name that every gettext tool knows)
    """Mark a text for the catalogues; it is translated where it is shown."""
    return text
