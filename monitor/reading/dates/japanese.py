"""Dates of a Japanese notice: for each day the words beside it, or above it, say what it is for.

Notices come as one run of text as often as in lines. So the reader goes from the days to their words: those that stand
just before a day (入札書の受領期限　令和…), else those behind it (令和…までに申請書を提出), else, where the day's own
item only says 日時 or 期限, those of the item's heading. Where none of them speaks plainly the day is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta

from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import PHRASE, DateKind, FoundDate, Origin
from monitor.reading.dates.spelling import Day, days_of, folded
from monitor.reading.dates.words import (
    DEADLINE_ALONE,
    FILLING,
    PASSED_OVER,
    PRICES_CALLED,
    PROPOSALS_CALLED,
    PUBLISHED_ON,
    QUOTATIONS_CALLED,
    SUBJECT_AND,
    SUBJECT_OF,
    SUBJECT_WORD,
    WEAK,
    Subject,
)

LONGEST = 100_000
"""Characters of a text that are read: the longest real notice has 14,000, a source once sent 157 MB."""
BEFORE = 120
"""Characters before a day in which its words are looked for."""
AFTER = 60
"""Characters behind まで in which what may be done until then is looked for."""
HEADINGS = 4
"""Levels of headings above a day that are asked."""
HEADING = 60
"""Characters of a heading."""
FAR = 1500
"""Characters between a heading and a day at the most."""

SLIP = timedelta(days=180)
"""What lies so far before the notice is a slip: in January and at an era's end the year of others is written."""

REQUESTS = (NoticeKind.INFORMATION_REQUEST, NoticeKind.COMMENT_REQUEST)

_KINDS = {
    Subject.BID: DateKind.DEADLINE,
    Subject.PROPOSAL: DateKind.APPLICATION,
    Subject.APPLICATION: DateKind.APPLICATION,
    Subject.QUESTIONS: DateKind.QUESTIONS,
    Subject.DOCUMENTS: DateKind.DOCUMENTS,
    Subject.MEETING: DateKind.MEETING,
    Subject.OPENING: DateKind.OPENING,
    Subject.RESPONSE: DateKind.RESPONSE,
    Subject.DELIVERY: DateKind.DELIVERY,
}
_POINTS = (DateKind.MEETING, DateKind.OPENING)
"""Kinds of which the first time of day is the one that counts: 10時から11時まで."""
_ANSWERED = (Subject.BID, Subject.PROPOSAL, Subject.APPLICATION, Subject.RESPONSE)
_HANDED_IN = (*_ANSWERED, Subject.BIDDING, Subject.QUESTIONS, Subject.DOCUMENTS)
"""What may be done until a day that is followed by まで."""

# It begins with one set of characters, for only then the search skips what can begin no mark.
_ELSEWHERE = r"(?!\s?[のにへまかとをは宛あ又及、,)\]])"
_ITEM = re.compile(
    r"[\s。)」】(⑴-⒇①-⑳ア-コ](?:"
    r"(?<=[\s。)」】])(?:"
    r"(?P<number>[0-9]{1,2})(?:[.、](?=[^0-9])|(?=\s+[^\s0-9年月日時~-]))"
    r"|(?P<letter>[ア-コ])(?:[.、:]|(?=\s))"
    r"|(?P<chapter>第\s?[0-9]{1,2})(?=\s)"
    r")"
    rf"|(?<=\()(?:(?P<bracket>\s?[0-9]{{1,2}}\s?\){_ELSEWHERE})|(?P<inner>[ｱ-ｺア-コ]\)))"
    rf"|(?<=[⑴-⒇])(?P<small>{_ELSEWHERE})"
    r"|(?<=[①-⑳])(?P<circled>)"
    r"|(?<=[ア-コ])(?P<kana>(?=\s))(?<![ァ-ヶー].)"
    r")"
)
_RANK = {"chapter": 0, "number": 1, "bracket": 2, "small": 2, "letter": 3, "kana": 3, "circled": 4, "inner": 4}
_REFERENCE = re.compile(r"[0-9記の第条項及び、,]\Z")
"""Before a number in brackets that refers to an item elsewhere: 上記(1), ３(1)."""
_MUST_ATTEND = re.compile(
    "説明会[^。]{0,70}?(?:必須|参加しない者|出席しない者|参加しなかった者|参加していない者|欠席した|不参加|"
    "参加した者(?:のみ|に限|でな|であること)|出席した者(?:のみ|に限|でな)|参加者(?:のみ|に限)|参加すること(?:を条件|が条件|を要件)|"
    "必ず(?:参加|出席))|(?:必須|必ず)[^。]{0,20}?説明会(?:に|へ)の?(?:参加|出席)"
)
_COMMON = WEAK | PASSED_OVER
_LISTED_BID = re.compile(r"(?:[)）、・]|[⑴-⒇①-⑳]|[ア-コ]　)\s*入札書(?!類|等?の?説明)")
_LIST_FOLLOWS = re.compile(r"(?:次|下記|以下|[)~])[にの]?(?:示す|掲げる)?(?:提出)?書類")
_UNTIL = re.compile(r"\s*(?:まで|迄)(?!\s)(に|の間|、)?")
_NO_PLACE = re.compile("付|現在|時点|施行|改正|以前に|以降")
"""Behind days that only refer: 令和７年３月31日付官報."""


def read_japanese(text: str, *, kind: NoticeKind, published: date) -> tuple[FoundDate, ...]:
    """Every date of a Japanese text of which it says what it is for, in the order of ``DateKind``, then of the text.

    A bid's deadline is stated for the bids themselves (入札書, 見積書); where a price is not bid for, for proposals.
    Where a notice only says when tenders are made and opened (入札及び開札の日時), this is both. A request for
    information or comments has responses, never a deadline. Years that are left out are those nearest to
    ``published``, and only where the words stand beside the day.
    """
    # The line break stands before the first item as it does before the others.
    return _Notice(f"\n{text[:LONGEST]}", kind, published).read()


class _Notice:
    """One text while it is read; headings are looked for when the first day needs one."""

    def __init__(self, text: str, kind: NoticeKind, published: date) -> None:
        self.text, self.kind, self.published = text, kind, published
        self.folded = folded(text)
        self.items: list[tuple[int, int, int]] | None = None
        """Start, end and rank of the marks of items."""

    def read(self) -> tuple[FoundDate, ...]:
        days = days_of(self.folded, self.published)
        if not days:
            return ()
        said = [one for index, day in enumerate(days) for one in self.said(day, days[index - 1] if index else None)]
        found = [one for one in self.meant(said) if one.day >= self.published - SLIP]
        if any(one.kind is DateKind.MEETING for one in found) and _MUST_ATTEND.search(self.text):
            found = [replace(one, required=True) if one.kind is DateKind.MEETING else one for one in found]
        return in_order(found)

    # What is said of a day

    def said(self, day: Day, before: Day | None) -> Iterator[tuple[Subject, Day, str]]:
        if _NO_PLACE.match(day.behind.lstrip()):
            return
        lowest = max(day.start - BEFORE, before.end if before else 0)
        lowest = max(lowest, self.folded.rfind("。", lowest, day.start) + 1)
        lowest = self.item_text(lowest, day.start)
        clause = self.folded[lowest : day.start]
        squeezed = "".join(clause.split())
        if PUBLISHED_ON.search(squeezed) and day.begins is None:
            day.begins = self.published
        until = _is_until(day)
        subjects, at, plain = _subjects(squeezed)
        if subjects and plain:
            if subjects == [Subject.MEETING] and until:
                return  # until then one registers for it
            phrase = self.phrase(lowest, clause, squeezed, at, day)
            for subject in subjects:
                yield subject, day, phrase
            return
        behind = _behind(day.behind) if until else None
        if behind is None:
            if day.has_year and not subjects:
                yield from self.below_heading(day, lowest, clause, until)
        elif behind[0] in _HANDED_IN:
            yield behind[0], day, shown(self.text[day.start : day.end + behind[1]])

    def below_heading(self, day: Day, lowest: int, clause: str, until: bool) -> Iterator[tuple[Subject, Day, str]]:
        squeezed = "".join(clause.split())
        if not FILLING.fullmatch(squeezed) or (not squeezed and day.day <= self.published):
            return
        for start, end in self.headings(day.start):
            subjects = _heading_subjects(self.folded[start:end])
            if subjects:
                if subjects == [Subject.MEETING] and until:
                    return
                above = f"{self.text[start:end]} … " if end < lowest else ""
                phrase = shown(above + self.text[lowest if above else start : day.end])
                for subject in subjects:
                    yield subject, day, phrase
                return
            if subjects is None:
                return
        if DEADLINE_ALONE.fullmatch(squeezed) and (alone := self.alone()):
            yield alone, day, shown(self.text[lowest : day.end])

    def alone(self) -> Subject | None:
        """What is handed in where a notice only says 提出期限."""
        if self.kind in REQUESTS:
            return Subject.RESPONSE
        if self.kind is NoticeKind.QUOTATION or QUOTATIONS_CALLED.search(self.text):
            return Subject.BID
        return Subject.PROPOSAL if self.kind is NoticeKind.PROPOSAL_CALL else None

    def item_text(self, lowest: int, end: int) -> int:
        """Where the text of the item begins in which ``end`` lies, if that is behind ``lowest``."""
        for mark in _ITEM.finditer(self.folded, max(0, lowest - 1), end):
            if not _refers(self.folded, mark):
                lowest = max(lowest, mark.end())
        return lowest

    def headings(self, place: int) -> Iterator[tuple[int, int]]:
        """Where the headings above a place begin and end, the nearest first."""
        if self.items is None:
            self.items = [
                (mark.start(), mark.end(), _RANK[mark.lastgroup or "number"])
                for mark in _ITEM.finditer(self.folded)
                if not _refers(self.folded, mark)
            ]
        lowest, levels, following = 9, 0, place
        for start, end, rank in reversed(self.items):
            if start >= place:
                continue
            if place - start > FAR:
                return
            if rank < lowest:
                yield end, min(following, end + HEADING)
                lowest, levels = rank, levels + 1
                if levels == HEADINGS or rank == 0 or (rank == 1 and levels > 1):
                    return
            following = start

    # What it means in this notice

    def meant(self, said: list[tuple[Subject, Day, str]]) -> Iterator[FoundDate]:
        spoken = {subject for subject, _, _ in said}
        request = self.kind in REQUESTS
        proposals = self.proposals(spoken)
        both = [one for one in said if one[0] in (Subject.BIDDING_AND_OPENING, Subject.BIDDING)]
        ended = False
        for subject, day, phrase in said:
            kind = _KINDS.get(subject)
            if subject is Subject.OTHER or (subject is Subject.RESPONSE and not request):
                continue
            if request and subject in (*_ANSWERED, Subject.BIDDING):
                kind = DateKind.RESPONSE
            elif subject is Subject.PROPOSAL and proposals:
                kind = DateKind.DEADLINE
            elif subject in (Subject.BIDDING, Subject.BIDDING_AND_OPENING):
                alone = subject is Subject.BIDDING and Subject.OPENING in spoken
                kind = DateKind.DEADLINE if alone or day.begins or _is_until(day) else DateKind.OPENING
            elif subject is Subject.APPLICATION and not request and self.bid_is_listed(day):
                yield self.found(DateKind.DEADLINE, day, phrase)
                ended = True
            if kind is None:
                continue
            if kind is DateKind.MEETING and day.begins and day.begins != day.day:
                if day.began_at is None or day.first is None:  # in that time it can be asked for, or watched
                    continue
                yield self.found(kind, replace(day, day=day.begins, first=day.began_at), phrase)
            ended = ended or kind in (DateKind.DEADLINE, DateKind.RESPONSE)
            yield self.found(kind, day, phrase)
        if not ended and not request:
            last = next((one for one in said if self.with_the_bid(one[0], one[1])), both[0] if both else None)
            if last:
                yield self.found(DateKind.DEADLINE, last[1], last[2])

    def with_the_bid(self, subject: Subject, day: Day) -> bool:
        """Whether a heading above has the bid handed in with this: 入札書及び提案書等の提出場所及び受領期限."""
        if subject not in (Subject.PROPOSAL, Subject.APPLICATION):
            return False
        above = (_heading_subjects(self.folded[start:end]) or [] for start, end in self.headings(day.start))
        return any(Subject.BID in subjects and subject in subjects for subjects in above)

    def proposals(self, spoken: set[Subject]) -> bool:
        """Whether the proposal is what the notice calls for, and not a document beside a bid."""
        if self.kind is NoticeKind.PROPOSAL_CALL:
            return True
        if spoken & {Subject.BID, Subject.BIDDING, Subject.BIDDING_AND_OPENING}:
            return False
        head = self.text[:400]
        return bool(PROPOSALS_CALLED.search(head)) and not PRICES_CALLED.search(head)

    def bid_is_listed(self, day: Day) -> bool:
        """Whether the bid is one of the documents that a list behind the day names: (3) 入札書（事前提出）."""
        if not _LIST_FOLLOWS.search("".join(self.folded[max(0, day.start - 140) : day.start].split())):
            return False
        return bool(_LISTED_BID.search(self.text, day.end, day.end + 600))

    def found(self, kind: DateKind, day: Day, phrase: str) -> FoundDate:
        clock: time | None = day.first if kind in _POINTS else day.clock
        begins = None if kind in _POINTS or day.begins == day.day else day.begins
        return FoundDate(kind, day.day, phrase, Origin.JAPANESE, clock, begins)

    # The words that are shown

    def phrase(self, lowest: int, clause: str, squeezed: str, at: int, day: Day) -> str:
        """From the word that decided on, with what qualifies it, to the end of the date."""
        place, left = len(clause), len(squeezed) - at
        while left and place:
            place -= 1
            left -= not clause[place].isspace()
        gap = max(clause.rfind(mark, max(0, place - 40), place) for mark in (" ", "\n", "\t"))
        return shown(self.text[lowest + (gap + 1 if gap >= 0 else place) : day.end])


def _is_until(day: Day) -> bool:
    return day.behind.lstrip()[:1] in ("ま", "迄")


def shown(words: str) -> str:
    """Words as they are kept: on one line, and of more than ``PHRASE`` characters the beginning and the end."""
    words = " ".join(words.split())
    return words if len(words) <= PHRASE else f"{words[: PHRASE // 2 - 2]} … {words[-(PHRASE // 2 - 1) :]}"


def _subjects(squeezed: str) -> tuple[list[Subject], int, bool]:
    """The subjects of the words nearest to the end, where they begin, and whether only filling follows them."""
    words = list(SUBJECT_WORD.finditer(squeezed))
    for index in range(len(words) - 1, -1, -1):
        word = words[index]
        if word[0] in PASSED_OVER:
            continue
        subject = SUBJECT_OF[word[0]]
        plain = bool(FILLING.fullmatch(squeezed, word.end()))
        if not plain:
            if word[0] in WEAK:
                continue
            return [subject], word.start(), False
        joined, at = [subject], word.start()
        while index and SUBJECT_AND.fullmatch(squeezed, words[index - 1].end(), at):
            index -= 1
            other = SUBJECT_OF.get(words[index][0], Subject.OTHER)
            at = words[index].start()
            if other is not Subject.OTHER and other not in joined:
                joined.insert(0, other)
        return [one for one in joined if one is not Subject.OTHER] if len(joined) > 1 else joined, at, True
    return [], 0, False


def _behind(behind: str) -> tuple[Subject, int] | None:
    """The subject of the first word behind までに in the same sentence and item, and how far it reaches."""
    until = _UNTIL.match(behind)
    if until is None:
        return None
    sentence = behind[: until.end() + AFTER].split("。", 1)[0]
    mark = _ITEM.search(sentence, until.end())
    word = SUBJECT_WORD.search(sentence, until.end(), mark.start() if mark else len(sentence))
    if word is None:
        return None
    subject = SUBJECT_OF.get(word[0], Subject.OTHER)
    return None if not until[1] and subject not in (Subject.DOCUMENTS, Subject.PROPOSAL) else (subject, word.end())


def _refers(text: str, mark: re.Match[str]) -> bool:
    return mark.lastgroup in ("bracket", "small") and bool(
        _REFERENCE.search(text, max(0, mark.start() - 1), mark.start())
    )


def _heading_subjects(heading: str) -> list[Subject] | None:
    """The subjects of a heading: of its first words that have any, for text may follow without a break.

    Empty where the heading only says 電子入札の場合 or 期限, so that the one above it may speak; None where it
    speaks of something else.
    """
    title = ""
    for piece in heading.split("。", 1)[0].split():
        title += piece
        words = [word[0] for word in SUBJECT_WORD.finditer(title) if word[0] not in _COMMON]
        if words or title in WEAK:
            subjects: list[Subject] = [one for one in _subjects(title)[0] if one is not Subject.OTHER]
            return subjects or None
    return [] if FILLING.fullmatch(title) else None


def in_order(found: list[FoundDate]) -> tuple[FoundDate, ...]:
    """The findings of one text by kind, else as they stand; what is said twice is told once, and with its time of day if that is ever said."""
    kinds = list(DateKind)
    kept: list[FoundDate] = []
    for one in found:
        same_day = [other for other in found if (other.kind, other.day) == (one.kind, one.day)]
        if one.clock is None and any(other.clock for other in same_day):
            continue
        if not any((other.kind, other.day, other.clock) == (one.kind, one.day, one.clock) for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: kinds.index(one.kind)))
