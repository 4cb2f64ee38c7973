"""The dates of a notice: deadlines, meetings, openings, periods, each with the words that it was read from."""

import re

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.reading import DateKind, FoundDate, Origin
from monitor.reading.dates.english import read_english
from monitor.reading.dates.fields import read_fields
from monitor.reading.dates.japanese import read_japanese

__all__ = ["read_dates", "read_english", "read_japanese"]

_SUMMARY = re.compile(r"\b(?:Summary|SUMMARY)\b(?=[\x00-\x7f⑴-⒇：（）]{60})")
_ORIGINS = (Origin.FIELD, Origin.JAPANESE, Origin.ENGLISH)


def read_dates(notice: ScrapedNotice) -> tuple[FoundDate, ...]:
    """Every date of a notice, in the order of ``DateKind``; within a kind the one that counts comes first.

    A field of the source counts before the Japanese text, and this before the English one, which is a summary.
    Both texts are kept where they state the same kind, so that a conflict between them shows.
    """
    english = notice.text_en
    if not english and (summary := _SUMMARY.search(notice.text)):
        english = notice.text[summary.end() :]
    found = [
        *read_fields(notice),
        *read_japanese(notice.text, kind=notice.kind, published=notice.published),
        *read_english(english, kind=notice.kind, published=notice.published),
    ]
    kinds = list(DateKind)
    return tuple(sorted(found, key=lambda one: (kinds.index(one.kind), _ORIGINS.index(one.origin))))
