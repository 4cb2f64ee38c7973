"""The dates of a notice: deadlines, meetings, openings, periods, each with the words that it was read from."""

import re

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.reading import DateKind, FoundDate, Origin
from monitor.reading.corrections import as_corrected
from monitor.reading.dates.english import read_english
from monitor.reading.dates.fields import read_fields
from monitor.reading.dates.japanese import read_japanese, same_moment

__all__ = ["read_dates", "read_english", "read_japanese"]

_SUMMARY = re.compile(r"\b(?:Summary|SUMMARY)\b(?=[\x00-\x7f⑴-⒇：（）]{60})")
_ORDER = {
    (kind, origin): (place, rank)
    for place, kind in enumerate(DateKind)
    for rank, origin in enumerate((Origin.FIELD, Origin.JAPANESE, Origin.ENGLISH))
}


def read_dates(notice: ScrapedNotice) -> tuple[FoundDate, ...]:
    """Every date of a notice, in the order of ``DateKind``; within a kind the one that counts comes first.

    A field of the source counts before the Japanese text, and this before the English one, which is a summary.
    Both texts are kept where they state the same kind, so that a conflict between them shows. A proposal that is due
    with the bid, by whichever of them, is none of its own. What a correction calls wrong is not read.
    """
    found = [
        *read_fields(notice),
        *read_japanese(
            as_corrected(notice.text, notice.kind),
            kind=notice.kind,
            published=notice.published,
            undated=notice.undated,
        ),
        *read_english(_english(notice), kind=notice.kind, published=notice.published, undated=notice.undated),
    ]
    if any(one.kind in _WITH_THE_BID for one in found):
        ends = [one for one in found if one.kind is DateKind.DEADLINE]
        found = [one for one in found if not any(_goes_along(one, end) for end in ends)]
    return tuple(sorted(found, key=lambda one: _ORDER[one.kind, one.origin]))


_WITH_THE_BID = (DateKind.PROPOSAL, DateKind.APPLICATION)
_QUALIFIES = re.compile("証明|申請|資格|参加|申込|届")


def _goes_along(one: FoundDate, end: FoundDate) -> bool:
    """Whether a date is that of papers which are handed in with the bid: 提案書等・入札書の提出期限 is one deadline.

    A proof of qualification stays an application of its own, also where it is due with the bid.
    """
    if one.kind is DateKind.PROPOSAL:
        return same_moment(one, end)
    return (
        one.kind is DateKind.APPLICATION
        and one.phrase == end.phrase
        and same_moment(one, end)
        and not _QUALIFIES.search(one.phrase)
    )


def _english(notice: ScrapedNotice) -> str:
    """The English text, or the summary that stands behind the Japanese one."""
    if notice.text_en or ("Summary" not in notice.text and "SUMMARY" not in notice.text):
        return notice.text_en
    summary = _SUMMARY.search(notice.text)
    return notice.text[summary.end() :] if summary else ""
