"""Languages: every text that a person reads comes from the code in English and from ``locale/`` in others.

Run as a module (``make messages``) it brings the catalogues up to date with the texts in the code.
"""

import io
import logging
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import Saying

ROOT = Path(__file__).parent.parent
LOCALES = Path(__file__).parent / "locale"
PACKAGES = ("alerts", "db", "monitor", "scrapers")
LANGUAGES = ("en", "ja")
"""English is the language of the code; the first is the one to fall back on."""

# What marks a text: functions, and the classes whose first argument is a text for people.
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    **dict.fromkeys(("N_", "Saying", "Told", "TryAgain", "UnknownSource", "UsageProblem", "WrongValue")),
    **dict.fromkeys(
        (
            "RecordError",
            "Busy",
            "TakenOver",
            "TooSlow",
            "Stopped",
            "OverLimit",
            "CannotBegin",
            "PortTaken",
            "BadRecords",
            "ScrapeError",
            "FetchError",
            "SourceChanged",
            "Refused",
            "_Again",
        )
    ),
    **dict.fromkeys(
        (
            "QueryError",
            "ConfigError",
            "LexiconError",
            "LabelsError",
            "OpinionError",
            "TrainingError",
            "MailError",
            "RateError",
            "TranslationError",
            "GlossaryError",
            "TableError",
            "CallError",
        )
    ),
}
SPOKEN: dict[str, tuple[int, ...] | None] = {"_": None, "text": None, "say": None, "ntext": (1, 2)}
"""Where a text is put into a language on the spot; the other rooms only mark texts (a row of a page has a ``text``, too)."""


class Language:
    """Texts, dates and figures in one language (``alerts.language.Language`` says what for)."""

    def __init__(self, code: str, translations: NullTranslations) -> None:
        self.code = code
        self._translations = translations
        self._locale = Locale.parse(code)

    def text(self, text: str, /, **values: object) -> str:
        translated = self._translations.gettext(text) if text else ""
        return translated.format(**values) if values else translated

    def ntext(self, singular: str, plural: str, count: int, /, **values: object) -> str:
        return self._translations.ngettext(singular, plural, count).format(count=self.number(count), **values)

    def say(self, saying: Saying) -> str:
        values = {
            name: self.say(value) if isinstance(value, Saying) else value for name, value in saying.values.items()
        }
        return self.text(saying.text, **values)

    def join(self, items: Iterable[str]) -> str:
        """Words one after the other, with the comma of the language."""
        return ("、" if self.code == "ja" else ", ").join(items)

    def number(self, number: int | Decimal) -> str:
        return format_decimal(number, locale=self._locale)

    def day(self, day: date) -> str:
        return format_date(day, "yyyy年M月d日(E)" if self.code == "ja" else "EEE d MMM yyyy", locale=self._locale)

    def moment(self, moment: datetime) -> str:
        shown = format_datetime(
            moment,
            "yyyy年M月d日(E) H:mm" if self.code == "ja" else "EEE d MMM yyyy, HH:mm",
            tzinfo=TOKYO,
            locale=self._locale,
        )
        return self.text("{moment} Tokyo time", moment=shown)

    def yen(self, amount: Decimal | int) -> str:
        # Unit prices have decimals, which Babel's currency formats round away or pad.
        return f"{self.number(amount)}円" if self.code == "ja" else f"¥{self.number(amount)}"


@cache
def language(code: str) -> Language:
    """The language of a code such as ``ja``, ``ja-JP`` or ``de_DE.UTF-8``: English where it is not shipped."""
    short = code.lower().replace("_", "-").partition("-")[0]
    if short == "en" or short not in LANGUAGES:
        return Language("en", NullTranslations())
    return Language(short, Translations(io.BytesIO(compiled(short))))


def preferred(accepted: str) -> str:
    """The shipped language that an Accept-Language header likes best."""
    ranked: list[tuple[float, str]] = []
    for part in accepted.split(","):
        code, _, quality = part.strip().partition(";q=")
        short = code.lower().partition("-")[0]
        try:
            rank = float(quality) if quality else 1.0
        except ValueError:
            continue
        if short in LANGUAGES and rank > 0:
            ranked.append((-rank, short))
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else LANGUAGES[0]


def compiled(code: str) -> bytes:
    """The catalogue in gettext's binary form: the .po file is the only one that is kept."""
    target = io.BytesIO()
    write_mo(target, catalogue(code))
    return target.getvalue()


def catalogue(code: str) -> Catalog:
    """The catalogue of a language as its .po file has it."""
    with (LOCALES / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=code)


def extracted() -> Catalog:
    """Every text for people in the code and the templates."""
    found = Catalog(project="japan-tender-monitor", fuzzy=False)
    methods = [("**.py", "python"), ("**/templates/**", "jinja2")]
    for package in PACKAGES:
        keywords = KEYWORDS | SPOKEN if package in ("alerts", "monitor") else KEYWORDS
        for filename, line, message, comments, context in extract_from_dir(
            ROOT / package, methods, keywords=keywords, options_map={"**/templates/**": {"silent": "false"}}
        ):
            if message and (message if isinstance(message, str) else all(message)):
                found.add(message, None, [(f"{package}/{filename}", line)], auto_comments=comments, context=context)
    return found


def missing(code: str) -> Iterator[str]:
    """The texts that a language lacks, or has under review."""
    known = catalogue(code)
    for message in extracted():
        if message.id:
            there = known.get(message.id, message.context)
            if there is None or there.fuzzy or not there.string or not all(there.string):
                yield str(message.id)


def update() -> None:
    """Write the code's texts into every catalogue; what is new waits there, empty, for its translation."""
    for code in LANGUAGES[1:]:
        path = LOCALES / code / "LC_MESSAGES" / "messages.po"
        known = catalogue(code) if path.exists() else Catalog(locale=code, fuzzy=False)
        known.update(extracted(), no_fuzzy_matching=True)
        known.obsolete.clear()
        known.project, known.version, known.copyright_holder = "Japan Tender Monitor", "0.1", "the contributors"
        known.header_comment = (
            f"# Texts of the Japan Tender Monitor in another language ({code}); see CONTRIBUTING.md."
        )
        known.last_translator, known.language_team = "the contributors", ""
        known.msgid_bugs_address = ""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, known, width=110, omit_header=False, sort_output=True, include_lineno=False)
        logging.getLogger(__name__).info("%s: %d texts", path, len(known))


if __name__ == "__main__":
    update()
