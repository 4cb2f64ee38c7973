"""The paper that letters are written on: one look for all of them, and texts as their text and HTML parts put them.

Each sort of letter has a folder of templates: ``subject.txt``, ``body.txt`` and ``body.html``, which fills in the page
``letter.html``. Mail programs drop style sheets, so the styles go into the elements; what only a style sheet can say
(dark screens, small ones) stays in one.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unicodedata import east_asian_width

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from alerts.language import JAPANESE, Language, in_tongues

LONGEST = 80
"""Characters of a text that comes from a source, and of a saved search, where nothing else is said."""

_CONTROLS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]+")


@dataclass(frozen=True, slots=True)
class Pen:
    """How a part of a letter puts texts: the text part as they are, the HTML with the language of each piece marked."""

    language: Language
    html: bool

    def text(self, text: str, /, **values: object) -> str:
        """A text of ours with its values; in HTML these are escaped unless they are Markup."""
        if not self.html:
            return self.language.text(text, **values)
        return Markup(escape(self.language.text(text))).format(**values)

    def ntext(self, singular: str, plural: str, count: int, /, **values: object) -> str:
        return self.language.ntext(singular, plural, count, **values)

    def tongue(self, text: str) -> str:
        """A text of somebody else, marked as Japanese where it is and the letter is not."""
        if self.html and self.language.code != "ja" and JAPANESE.search(text):
            return Markup('<span lang="ja">{}</span>').format(text)
        return text

    def tongues(self, text: str) -> str:
        """A text of ours, in which what is Japanese is marked where the letter is not."""
        return in_tongues(text, self.language.code) if self.html else text


def render(template: str, language: Language, **values: object) -> str:
    """A part of a letter; ``template`` is its folder and file. Templates have ``_``, ``ntext``, ``tongue``, ``tongues``."""
    pen = Pen(language, template.endswith(".html"))
    written = (
        _environment(pen.html)
        .get_template(template)
        .render(
            language=language,
            _=pen.text,
            ntext=pen.ntext,
            tongue=pen.tongue,
            tongues=pen.tongues,
            short=short,
            **values,
        )
    )
    if template.endswith("subject.txt"):
        return " ".join(written.split())
    return css_inline.inline(written) if pen.html else _tidy(written)


def short(text: str, longest: int = LONGEST) -> str:
    """The text in one line, without control characters, cut where it is longer."""
    text = _CONTROLS.sub(" ", text).strip()
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def underline(text: str) -> str:
    """A line under a heading, as wide as its letters are on a screen."""
    return "=" * min(sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text), 72)


def _tidy(text: str) -> str:
    """The text without the empty lines that conditions in a template leave: one at a time, none at the ends."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return re.sub("\n{3,}", "\n\n", lines) + "\n"


@cache
def _environment(html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["underline"] = underline
    return environment
