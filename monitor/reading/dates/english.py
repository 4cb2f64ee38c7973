"""Dates of the English summary that notices under the trade agreements carry.

Its items state one thing each behind a label: ⑺ Time-limit for tender : 17 : 00 22 August, 2025. Labels that speak of
applications or certificates are never the bid deadline, whatever else they say.
"""

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, time
from itertools import groupby, islice

from db.vocabulary.japanese import parse_time
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import DateKind, FoundDate, Origin
from monitor.reading.dates.japanese import LONGEST, REQUESTS, in_order, is_slip, shown
from monitor.reading.dates.spelling import MOST, folded

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<{}>(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{{0,6}}|May)"  # with Febuary and Septenber
_NUMBER = r"(?P<{}>[0-3]?[0-9])(?:\s?(?:st|nd|rd|th))?"
_DATE = re.compile(
    rf"(?<![0-9:])(?:{_NUMBER.format('day')}[\s.,]*(?:of\s+)?{_MONTH.format('month')}"
    rf"|\b{_MONTH.format('month2')}[\s.,]*{_NUMBER.format('day2')})[\s.,]*(?P<year>20[0-9]{{2}})(?![0-9])",
    re.IGNORECASE,
)
_YEAR = re.compile("20[0-9]{2}(?![0-9])")
_WIDEST = 30
"""Characters before a year: the 22nd of Septenber, ."""
_CLOCK = r"(?:[0-2]?[0-9]\s?:\s?[0-5][0-9](?:\s?[ap]\.?\s?m\b\.?)?|[0-1]?[0-9]\s?[ap]\.?\s?m\b\.?|noon)"
_WEEKDAY = r"(?:\(?(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Satur|Sun)(?:day)?\)?[\s.,]*)?"
_BEFORE = re.compile(
    rf"(?P<clock>{_CLOCK})\s*(?:\([^()]{{1,20}}\)\s*)?[\s.,]*(?:on|of)?\s*{_WEEKDAY}\Z", re.IGNORECASE
)
_BEHIND = re.compile(rf"[\s,.]*{_WEEKDAY}(?:at|by|until)?\s*(?P<clock>{_CLOCK})", re.IGNORECASE)
_PERIOD = re.compile(r"[\s,.]*(?:to|through|until|till|~|-)\s*(?:\S{1,12}\s?:\s?\S{1,12}\s*)?", re.IGNORECASE)
_ITEM = re.compile(r"[⑴-⒇]|\([0-9]{1,2}\)|\n\s*[0-9]{1,2}[.)]|〇第")
_LABEL = 130
"""Characters of a label at most: behind more of them a date stands in running text."""
_BREAK = re.compile(r"\n|(?<=[.;])\s+(?=[A-Z(])")
"""Where a line or a sentence begins, and with it, where items have no numbers, a label."""
_OTHER_LABEL = re.compile(r"(?:\n|[.;]\s+)\s*(?:[0-9]{1,2}\s)?[A-Z][^:：\n]{2,60}[A-Za-z)]\s*[:：](?!\d)")
_WAY = re.compile(r"\b(?:mail|post|hand|person|bring|brought|electronic\w*|system)\b", re.IGNORECASE)
"""A date behind these words is for the same thing, done in another way."""
_REMARK = 250
"""Characters between two dates of an item at the most."""

# In small letters. The first that fits decides: an application form "for participating in tender" is no tender.
_LABELS = tuple(
    (re.compile("|".join(words)), kind)
    for kind, *words in (
        (None, r"\A\s*qualifications? for participating", "suppliers eligible", "obligations? of"),
        (DateKind.MEETING, r"explanat\w* (?:meeting|session)", "orientation", "briefing"),
        (DateKind.QUESTIONS, "questions?", "inquir", "enquir"),
        (DateKind.PROPOSAL, r"\A(?!.*(?:certificat|application|qualification)).*technical proposal"),
        (
            DateKind.APPLICATION,
            *(
                "application",
                "certificat",
                "qualification",
                "relevant documents",
                "required proposal",
                "participation",
            ),
            *("expressions? of interest", "limit (?:of|for) (?:the )?documents", "technical document"),
        ),
        (DateKind.OPENING, r"\A(?!.*(?:limit|deadline)).*\bopening"),
        (DateKind.RESPONSE, r"(?:comments?|requested materials?|the materials?|information)\b"),
        (
            DateKind.DEADLINE,
            (
                r"(?:time[\s-]*limit|dead[\s-]*line|closing|due date|term for|period for|time) ?(?:date )?(?:of|for|to)?"
                ".*(?:tender|bid|quotation|proposal)"
            ),
            r"(?:bidding|tender\w*|bid) (?:deadline|time[\s-]*limit)",
        ),
        (DateKind.OPENING, r"date (?:and (?:time|place) )?(?:of|for) (?:the )?(?:tender|bid)"),
        (
            DateKind.DELIVERY,
            (
                r"(?:delivery|fulfil+ment|contract|rent\w*|lease|services?|implementation|construction|performance|use)"
                " (?:period|date|limit|term|due date|time|deadline)"
            ),
            "period of (?:contract|delivery|fulfil+ment|service)",
        ),
    )
)
_TENDERING_AND_OPENING = re.compile(r"tender\w*\s*(?:and|,)\s*opening|bidding and opening", re.IGNORECASE)


def read_english(text: str, *, kind: NoticeKind, published: date, undated: bool = False) -> tuple[FoundDate, ...]:
    """Every date of an English summary whose label says what it is for, in the order of ``DateKind``, then of the text.

    Years are always stated in English; days that ``is_slip`` takes for slips are left out.
    """
    text = text[:LONGEST]
    if "20" not in text and "２０" not in text:
        return ()
    folds = folded(text)
    places = [0, *(mark.end() for mark in _ITEM.finditer(folds)), len(folds)]
    dates = islice(_dates(folds), MOST)
    found: list[FoundDate] = []
    for start, dates_of_item in groupby(dates, key=lambda spelled: places[bisect(places, spelled.start()) - 1]):
        found += _item(text, folds, start, list(dates_of_item), kind in REQUESTS)
    if not any(one.kind is DateKind.DEADLINE for one in found):
        found += [
            replace(one, kind=DateKind.DEADLINE)
            for one in found
            if one.kind is DateKind.OPENING and _TENDERING_AND_OPENING.search(one.phrase)
        ]
    if kind is NoticeKind.PROPOSAL_CALL and not any(one.kind is DateKind.DEADLINE for one in found):
        found = [replace(one, kind=DateKind.DEADLINE) if one.kind is DateKind.PROPOSAL else one for one in found]
    return in_order([one for one in found if undated or not is_slip(one.kind, one.day, published)])


def _dates(folds: str) -> Iterator[re.Match[str]]:
    """The dates, found by their years: much faster than to try at each character whether a date begins there."""
    behind = 0
    for year in _YEAR.finditer(folds):
        spelled = _DATE.search(folds, max(behind, year.start() - _WIDEST), year.end())
        if spelled:
            behind = spelled.end()
            yield spelled


def _item(text: str, folds: str, start: int, dates: Sequence[re.Match[str]], request: bool) -> Iterator[FoundDate]:
    """The dates of an item, which are all for what its label says; two that ``to`` joins are one period.

    Where a source does not number its items, what stands between two dates may be a label of its own.
    """
    label, meant = _label(folds, start, dates[0].start(), request)
    if label < 0:
        return
    end, begins = start, None
    for spelled in dates:
        if end > start and begins is None:
            next_label, next_meant = _label(folds, end, spelled.start(), request)
            if next_label >= 0:
                label, meant = next_label, next_meant
            elif spelled.start() - end > _REMARK or _is_other(folds[end : spelled.start()]):
                meant = None
        clock, behind = _clock(folds, spelled, end)
        day, end = _day(spelled), behind
        if day is None or meant is None:
            continue
        period = _PERIOD.match(folds, end)
        if begins is None and period and _DATE.match(folds, period.end()):
            begins = day
            continue
        if begins is None or begins <= day:
            yield FoundDate(meant, day, shown(text[label:end]), Origin.ENGLISH, clock, begins)
        begins = None


def _label(folds: str, start: int, end: int, request: bool) -> tuple[int, DateKind | None]:
    """Where the label begins that says what a date at ``end`` is for, and what; (-1, None) where none does.

    The line or sentence of the date is asked first, then those before it.
    """
    lowest = max(start, end - _REMARK)
    breaks = [mark.end() for mark in _BREAK.finditer(folds, lowest, end)]
    for begin in (*reversed(breaks), start):
        if end - begin > _LABEL:
            break
        known, kind = _meaning(folds[begin:end], request)
        if known:
            return begin, kind
    return -1, None


def _is_other(between: str) -> bool:
    """Whether the words between two dates begin something else, of which is not known what it is."""
    return bool(_OTHER_LABEL.search(between)) and not _WAY.search(between)


def _meaning(label: str, request: bool) -> tuple[bool, DateKind | None]:
    """Whether a label is known, and what it means for a notice of this kind."""
    label = label.lower()
    for words, kind in _LABELS:
        if words.search(label):
            if request and kind in (DateKind.DEADLINE, DateKind.PROPOSAL, DateKind.APPLICATION):
                return True, DateKind.RESPONSE
            return True, None if kind is DateKind.RESPONSE and not request else kind
    return False, None


def _day(spelled: re.Match[str]) -> date | None:
    month = _MONTHS.index((spelled["month"] or spelled["month2"])[:3].lower()) + 1
    try:
        return date(int(spelled["year"]), month, int(spelled["day"] or spelled["day2"]))
    except ValueError:
        return None


def _clock(folds: str, spelled: re.Match[str], lowest: int) -> tuple[time | None, int]:
    """The time of day beside a date, before it rather than behind it, and where both end."""
    before = _BEFORE.search(folds[max(lowest, spelled.start() - 45) : spelled.start()])
    if before:
        return _time(before["clock"]), spelled.end()
    behind = _BEHIND.match(folds, spelled.end())
    if behind:
        return _time(behind["clock"]), behind.end()
    return None, spelled.end()


def _time(written: str) -> time | None:
    """17 : 00, 5 : 00 p.m., 5 pm, noon."""
    squeezed = "".join(written.split()).upper().replace(".", "")
    if squeezed == "NOON":
        return time(12)
    return parse_time(squeezed if ":" in squeezed else f"{squeezed[:-2]}:00{squeezed[-2:]}")
