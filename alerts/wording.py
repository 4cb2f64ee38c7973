"""Values of the vocabulary in a reader's words: the same in letters, on pages and at the terminal."""

from datetime import datetime

from alerts.language import Language
from db.vocabulary.labels import CATEGORIES, KINDS, PREFECTURES_EN
from db.vocabulary.notice import Category, NoticeKind


def prefecture_name(name: str, language: Language) -> str:
    """The prefecture as the reader writes it."""
    return name if language.code == "ja" else PREFECTURES_EN.get(name, name)


def field_value(field: str, written: str | None, language: Language) -> str:
    """A field's value, as a change has it written out, for people; a dash where there is none."""
    if written is None:
        return "–"
    try:
        match field:
            case "kind":
                return language.text(KINDS[NoticeKind(written)])
            case "category":
                return language.text(CATEGORIES[Category(written)])
            case "prefecture":
                return prefecture_name(written, language)
            case "deadline" | "response_deadline":
                return language.moment(datetime.fromisoformat(written))
    except ValueError:
        return written  # from a version with other words: shown as it is
    return written
