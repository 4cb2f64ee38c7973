"""Dates of a Japanese notice: for each day the words beside it, or above it, say what it is for.

Notices come as one run of text as often as in lines. So the reader goes from the days to their words: those that stand
just before a day (入札書の受領期限　令和…), else those behind it (令和…までに申請書を提出), else, where the day's own
item only says 日時 or 期限, those of the item's heading. Where none of them speaks plainly the day is left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import PHRASE, DateKind, FoundDate, Origin
from monitor.reading.attendance import attendance_demanded
from monitor.reading.dates.spelling import Day, days_of, folded, set_daily
from monitor.reading.dates.words import (
    BY_HAND,
    BY_POST,
    BY_SYSTEM,
    CALLED_PAPER,
    DEADLINE_ALONE,
    FILLING,
    GENERIC,
    MINUTES_BEFORE,
    OF,
    OTHER_PAPER,
    PAPERS_LISTED,
    PASSED_OVER,
    PLACE_FIRST,
    PRICES_CALLED,
    PROOF_LISTED,
    PROPOSALS_CALLED,
    PUBLISHED_ON,
    QUOTATIONS_CALLED,
    STARTS,
    STARTS_WITHIN,
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
QUALIFIED = 40
"""Characters before the deciding word that are shown with it, if no white space parts them from it."""
PIECE = 256
"""Characters of a piece of the text in which marks of items are looked for at once."""
FAR = 1500
"""Characters between a heading and a day at the most."""

SLIP = timedelta(days=180)
"""What lies so far before the notice is a slip: in January and at an era's end the year of others is written."""

REQUESTS = (NoticeKind.INFORMATION_REQUEST, NoticeKind.COMMENT_REQUEST)

_KINDS = {
    Subject.BID: DateKind.DEADLINE,
    Subject.PROPOSAL: DateKind.PROPOSAL,
    Subject.ENTRY: DateKind.APPLICATION,
    Subject.APPLICATION: DateKind.APPLICATION,
    Subject.PAPERS: DateKind.APPLICATION,
    Subject.QUESTIONS: DateKind.QUESTIONS,
    Subject.DOCUMENTS: DateKind.DOCUMENTS,
    Subject.MEETING: DateKind.MEETING,
    Subject.OPENING: DateKind.OPENING,
    Subject.RESPONSE: DateKind.RESPONSE,
    Subject.DELIVERY: DateKind.DELIVERY,
}
_BIDDING_STARTS = re.compile(r"入\s?札\s?開\s?始")
"""Beside a stated end of bidding only its beginning."""
_POINTS = (DateKind.MEETING, DateKind.OPENING)
"""Kinds of which the first time of day is the one that counts: 10時から11時まで."""
_CALLED = (Subject.PROPOSAL, Subject.ENTRY)
_ANSWERED = (Subject.BID, *_CALLED, Subject.APPLICATION, Subject.PAPERS, Subject.RESPONSE)
_HANDED_IN = (*_ANSWERED, Subject.BIDDING, Subject.QUESTIONS, Subject.DOCUMENTS)
"""What may be done until a day that is followed by まで."""
_BIDS = frozenset((Subject.BID, Subject.BIDDING))
_AT_THE_OPENING = (Subject.BIDDING, Subject.BIDDING_AND_OPENING)
_SLIPS = (DateKind.DEADLINE, DateKind.PROPOSAL, DateKind.RESPONSE)
"""Kinds that no notice comes too late for: such a day before its publication is a slip, and what was meant is not
guessed."""
_OTHER_MEETINGS = ("説明会", "見学", "現地", "現場")
_KIND_ORDER = {kind: place for place, kind in enumerate(DateKind)}

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
_REFERENCE = frozenset("0123456789記の第条項及び、,")
"""Before a number in brackets that refers to an item elsewhere: 上記(1), ３(1)."""
_WORDS = re.compile(r"\S+")
_BRACKETS = re.compile(r"\([^()]*\)")
_COMMON = WEAK | PASSED_OVER
_LISTED_BID = re.compile(r"(?:[)）、・]|[⑴-⒇①-⑳]|[ア-コ]　)\s*入札書(?!類|等?の?説明)")
_LIST_FOLLOWS = re.compile(r"(?:次|下記|以下|[)~])[にの]?(?:示す|掲げる)?(?:提出)?書類")
_UNTIL = re.compile(r"\s*(?:まで|迄)(?!\s)(に|の間|、)?")
_UNTIL_BEGINS = ("ま", "迄")
_NO_PLACE = re.compile("付|現在|時点|施行|改正|以前に|以降")
"""Behind days that only refer: 令和７年３月31日付官報."""


def read_japanese(text: str, *, kind: NoticeKind, published: date, undated: bool = False) -> tuple[FoundDate, ...]:
    """Every date of a Japanese text of which it says what it is for, in the order of ``DateKind``, then of the text.

    A bid's deadline is stated for the bids themselves (入札書, 見積書); where a price is not bid for, for proposals.
    Of several the electronic one comes first, then the one by hand, the one by post. Where a notice only says when
    tenders are made and opened (入札及び開札の日時), or else only until when they may be posted, this is both. What is
    due with the bid is nothing besides it; a proposal that is due before it is one. A request for information or
    comments has responses, never a deadline. Years that are left out are those nearest to ``published``, and only
    where the words stand beside the day. Where ``published`` is only the day on which an ``undated`` notice was first
    seen, no day is too old for it.
    """
    # The line break stands before the first item as it does before the others.
    return _Notice(f"\n{text[:LONGEST]}", kind, published, undated).read()


@dataclass(slots=True)
class _Said:
    """What is said of a day. ``way`` orders bids: electronic or not told, by hand, by post."""

    subject: Subject
    day: Day
    phrase: str
    way: int = 0


_ANYHOW, _BY_HAND, _BY_POST = range(3)


class _Notice:
    """One text while it is read; headings are looked for when the first day needs one."""

    def __init__(self, text: str, kind: NoticeKind, published: date, undated: bool) -> None:
        self.text, self.kind, self.published, self.undated = text, kind, published, undated
        self.folded = folded(text)
        self.pieces: dict[int, list[tuple[int, int, int]]] = {}
        """By piece of the text, start, end and rank of the marks of items in it."""

    def read(self) -> tuple[FoundDate, ...]:
        days = days_of(self.folded, self.published)
        if not self.undated:  # what is years old belongs to a law or a rule
            oldest = self.published.year - 2
            days = [day for day in days if day.day.year > oldest]
        if not days:
            return ()
        said: list[_Said] = []
        before: Day | None = None
        for day in days:
            said += self.said(day, before)
            before = day
        found = self.meant(said)
        if any(one.kind is DateKind.MEETING for one in found) and attendance_demanded(self.text):
            found = [replace(one, required=True) if one.kind is DateKind.MEETING else one for one in found]
        return in_order(found)

    def is_slip(self, one: FoundDate) -> bool:
        return not self.undated and is_slip(one.kind, one.day, self.published)

    # What is said of a day

    def said(self, day: Day, before: Day | None) -> Iterator[_Said]:
        behind = day.behind.lstrip()
        until = behind[:1] in _UNTIL_BEGINS
        if _NO_PLACE.match(behind) and not (day.clock and behind.startswith("以降")):
            return
        lowest = max(0, day.start - BEFORE, before.end if before else 0)
        lowest = self.item_text(self.sentence(lowest, day.start), day.start)
        clause = self.folded[lowest : day.start]
        squeezed = "".join(clause.split())
        if day.begins is None:
            if "開始" in squeezed[-STARTS_WITHIN:] and STARTS.search(
                squeezed, max(0, len(squeezed) - 2 * STARTS_WITHIN)
            ):
                return
            if PUBLISHED_ON.search(squeezed):
                day.begins = self.published
                set_daily(day)
        # What is to be done until the day before: 10日9時までに入札書を持参し、10時までに…
        earlier = squeezed.startswith(("までに", "迄に")) and squeezed.endswith("、")
        subjects, at, plain = ([], 0, False) if earlier else _subjects(squeezed)
        if subjects and plain:
            if subjects == [Subject.MEETING] and until:
                return  # until then one registers for it
            phrase = self.phrase(lowest, clause, at, day)
            way = _way(squeezed) if not _BIDS.isdisjoint(subjects) else _ANYHOW
            for subject in subjects:
                yield _Said(subject, day, phrase, way)
            return
        if until and squeezed.startswith(_OTHER_MEETINGS, at) and subjects:
            return
        done = _behind(day.behind) if until else None
        if done is None:
            if day.has_year and not subjects and not earlier:
                yield from self.below_heading(day, lowest, clause, squeezed, until)
        elif done[0] in _HANDED_IN:
            way = _way(squeezed + day.behind[: done[1]]) if done[0] in _BIDS else _ANYHOW
            yield _Said(done[0], day, shown(self.text[day.start : day.end + done[1]]), way)

    def sentence(self, lowest: int, end: int) -> int:
        """Where the sentence begins in which ``end`` lies, if that is behind ``lowest``; （…という。） ends none."""
        place = self.folded.rfind("。", lowest, end)
        while place >= 0 and self.folded[place + 1] in ")」":
            place = self.folded.rfind("。", lowest, place)
        return max(lowest, place + 1)

    def below_heading(self, day: Day, lowest: int, clause: str, squeezed: str, until: bool) -> Iterator[_Said]:
        if not FILLING.fullmatch(squeezed) or (not squeezed and day.day <= self.published):
            return
        for start, end in self.headings(day.start):
            heading = self.folded[start:end]
            subjects = _heading_subjects(heading)
            if subjects:
                if subjects == [Subject.MEETING] and until:
                    return
                above = f"{self.text[start:end]} … " if end < lowest else ""
                phrase = shown(above + self.text[lowest if above else start : day.end])
                way = _way("".join((heading + clause).split())) if not _BIDS.isdisjoint(subjects) else _ANYHOW
                for subject in subjects:
                    yield _Said(subject, day, phrase, way)
                return
            if subjects is None:
                return
        if DEADLINE_ALONE.fullmatch(squeezed) and (alone := self.alone()):
            yield _Said(alone, day, shown(self.text[lowest : day.end]))

    def alone(self) -> Subject | None:
        """What is handed in where a notice only says 提出期限."""
        if self.kind in REQUESTS:
            return Subject.RESPONSE
        if self.kind is NoticeKind.QUOTATION or QUOTATIONS_CALLED.search(self.text):
            return Subject.BID
        return Subject.PROPOSAL if self.kind is NoticeKind.PROPOSAL_CALL else None

    def item_text(self, lowest: int, end: int) -> int:
        """Where the text of the item begins in which ``end`` lies, if that is behind ``lowest``."""
        last = lowest
        for mark in _ITEM.finditer(self.folded, max(0, lowest - 1), end):
            if not _refers(self.folded, mark):
                last = mark.end()
        return last

    def headings(self, place: int) -> Iterator[tuple[int, int]]:
        """Where the headings above a place begin and end, the nearest first."""
        lowest, levels, following = 9, 0, place
        for piece in range(place // PIECE, -1, -1):
            for start, end, rank in self.marks(piece):
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
            if place - self.piece(piece) > FAR:
                return

    def piece(self, number: int) -> int:
        """Where a piece begins: at the end of a sentence, for no mark lies across it, if one ends soon."""
        at = number * PIECE
        end = self.folded.find("。", at, at + PIECE) if number else 0
        return at if end < 0 else end

    def marks(self, number: int) -> list[tuple[int, int, int]]:
        """The marks of a piece, the last first; the headings of most days are near, so few pieces are looked at."""
        if number not in self.pieces:
            marks = _ITEM.finditer(self.folded, self.piece(number), self.piece(number + 1))
            self.pieces[number] = [
                (mark.start(), mark.end(), _RANK[mark.lastgroup or "number"])
                for mark in marks
                if not _refers(self.folded, mark)
            ][::-1]
        return self.pieces[number]

    # What it means in this notice

    def meant(self, said: Sequence[_Said]) -> list[FoundDate]:
        """The findings: first what each day is for by itself, then which of them the bid's deadline is."""
        spoken = {one.subject for one in said}
        request = self.kind in REQUESTS
        proposals = not spoken.isdisjoint((*_CALLED, Subject.APPLICATION)) and self.proposals(spoken)
        found: list[FoundDate] = []
        ends: list[tuple[int, FoundDate]] = []
        beside: list[_Said] = []
        for one in said:
            subject, day = one.subject, one.day
            kind = _KINDS.get(subject)
            if subject is Subject.BIDDING and Subject.BID in spoken and _BIDDING_STARTS.search(one.phrase):
                continue
            if day.opens and kind not in _POINTS and subject not in _AT_THE_OPENING:
                continue
            if subject is Subject.RESPONSE and not request:
                continue
            if request and subject in (*_ANSWERED, Subject.BIDDING):
                kind = DateKind.RESPONSE
            elif subject in _CALLED and proposals:
                kind = DateKind.DEADLINE
            elif subject in _AT_THE_OPENING:
                alone = subject is Subject.BIDDING and (Subject.OPENING in spoken or one.way == _BY_POST)
                kind = DateKind.DEADLINE if alone or day.begins or _is_until(day) else DateKind.OPENING
            elif subject is Subject.APPLICATION and not request and self.bid_is_listed(day):
                ends.append((_ANYHOW, self.found(DateKind.DEADLINE, one)))
            elif subject in (Subject.PROPOSAL, Subject.PAPERS) and not request:
                beside.append(one)
                continue
            if kind is DateKind.DEADLINE:
                ends.append((one.way, self.found(kind, one)))
            elif kind is DateKind.MEETING:
                found += self.meetings(one)
            elif kind is not None:
                found.append(self.found(kind, one))
        if not request:
            ends += self.other_ends(said, ends, proposals)
        ends.sort(key=lambda end: end[0])
        found += (end for _, end in ends)
        found = [one for one in found if not self.is_slip(one)]
        found += self.beside_the_bid(beside, [one for one in found if one.kind is DateKind.DEADLINE])
        return found

    def meetings(self, one: _Said) -> Iterator[FoundDate]:
        """A period that does not state both hours is one in which it can be asked for, or watched; else two meetings."""
        day = one.day
        if day.begins and day.begins != day.day:
            if day.began_at is None or day.first is None:
                return
            first = replace(day, day=day.begins, first=day.began_at)
            yield self.found(DateKind.MEETING, replace(one, day=first))
        yield self.found(DateKind.MEETING, one)

    def other_ends(
        self, said: Sequence[_Said], ends: Sequence[tuple[int, FoundDate]], proposals: bool
    ) -> Iterator[tuple[int, FoundDate]]:
        """Where no deadline is stated for bids, or only one by post: what else says when they have to be in."""
        if any(way != _BY_POST for way, _ in ends):
            return
        with_it = None if ends else next((one for one in said if self.with_the_bid(one)), None)
        on_the_spot = next((one for one in said if one.subject in _AT_THE_OPENING and one.way != _BY_POST), None)
        if with_it:
            yield _ANYHOW, self.found(DateKind.DEADLINE, with_it)
        elif on_the_spot:
            moment = self.found(DateKind.DEADLINE, on_the_spot)
            if earlier := self.minutes_before(on_the_spot, moment):
                yield _ANYHOW, earlier
            yield _ANYHOW, moment
        elif not ends and proposals and not OTHER_PAPER.search(self.text):
            for one in said:
                if one.subject is Subject.APPLICATION and CALLED_PAPER.search(one.phrase):
                    yield one.way, self.found(DateKind.DEADLINE, one)

    def minutes_before(self, one: _Said, moment: FoundDate) -> FoundDate | None:
        """※電子入札方式で入札を行う場合は、入札執行時間の５分前までに: some minutes before the bidding."""
        if "分前" not in self.text or moment.clock is None:
            return None
        said = MINUTES_BEFORE.search(self.folded, one.day.end, one.day.end + BEFORE)
        if said is None:
            return None
        at = datetime.combine(moment.day, moment.clock) - timedelta(minutes=int(said["minutes"]))
        phrase = shown(f"{one.phrase} … {self.text[said.start() : said.end()]}")
        return replace(moment, day=at.date(), clock=at.time(), phrase=phrase)

    def beside_the_bid(self, said: Sequence[_Said], ends: Sequence[FoundDate]) -> Iterator[FoundDate]:
        """Proposals and other papers that have a moment of their own; a proposal comes before the bid.

        What is due with the bid is nothing besides it, unless a proof of qualification is listed among it.
        """
        proved = False
        for one in said:
            found = self.found(_KINDS[one.subject], one)
            if any(same_moment(found, end) for end in ends):
                if one.subject is Subject.PROPOSAL and not proved and self.proof_is_listed():
                    yield replace(found, kind=DateKind.APPLICATION)
                    proved = True
            elif not self.is_slip(found) and (
                one.subject is Subject.PAPERS or not ends or any(found.day <= end.day for end in ends)
            ):
                yield found

    def proof_is_listed(self) -> bool:
        """Whether a list of what is handed in with the bid has a proof of qualification: ・資格審査結果通知書の写し."""
        papers = PAPERS_LISTED.search(self.text)
        return bool(papers and PROOF_LISTED.search(self.text, papers.end(), papers.end() + 700))

    def with_the_bid(self, one: _Said) -> bool:
        """Whether a heading above has the bid handed in with this: 入札書及び提案書等の提出場所及び受領期限."""
        if one.subject not in (*_CALLED, Subject.APPLICATION):
            return False
        above = (_heading_subjects(self.folded[start:end]) or [] for start, end in self.headings(one.day.start))
        return any(Subject.BID in subjects and one.subject in subjects for subjects in above)

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

    def found(self, kind: DateKind, said: _Said) -> FoundDate:
        day = said.day
        clock: time | None = day.first if kind in _POINTS else day.clock
        begins = None if kind in _POINTS or day.begins == day.day else day.begins
        return FoundDate(kind, day.day, said.phrase, Origin.JAPANESE, clock, begins)

    # The words that are shown

    def phrase(self, lowest: int, clause: str, at: int, day: Day) -> str:
        """From the word that decided on, with what qualifies it, to the end of the date; ``at`` counts no white space."""
        left, start = at, 0
        for words in _WORDS.finditer(clause):
            length = words.end() - words.start()
            if left < length:
                start = words.start() + (0 if left <= QUALIFIED else left)
                break
            left -= length
        return shown(self.text[lowest + start : day.end])


def _is_until(day: Day) -> bool:
    return day.behind.lstrip()[:1] in _UNTIL_BEGINS


def _way(squeezed: str) -> int:
    """How a bid is made by the words beside its day; what stands in brackets is said of other ways."""
    words = _BRACKETS.sub("", squeezed)
    if BY_SYSTEM.search(words):
        return _ANYHOW
    if BY_HAND.search(words):
        return _BY_HAND
    return _BY_POST if BY_POST.search(words) else _ANYHOW


def is_slip(kind: DateKind, day: date, published: date) -> bool:
    """Whether a day is too long before the notice, or a deadline before it at all, to be what was meant."""
    return day < (published if kind in _SLIPS else published - SLIP)


def same_moment(one: FoundDate, other: FoundDate) -> bool:
    """Also where one of them states no time of day."""
    return one.day == other.day and (one.clock == other.clock or one.clock is None or other.clock is None)


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
        subject, start = SUBJECT_OF[word[0]], word.start()
        if word[0] in GENERIC and index and OF.fullmatch(squeezed, words[index - 1].end(), start):
            of = SUBJECT_OF.get(words[index - 1][0], Subject.OTHER)
            if of is not Subject.OTHER:
                subject, start, index = of, words[index - 1].start(), index - 1
        plain = bool(FILLING.fullmatch(squeezed, word.end()) or PLACE_FIRST.fullmatch(squeezed, word.end()))
        if not plain:
            if word[0] in WEAK:
                continue
            return [subject], start, False
        joined, at = [subject], start
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
    if until is None or behind.startswith(
        (")", "」"), until.end()
    ):  # （6月11日まで） 応募書類: not of the same clause
        return None
    sentence = behind[: until.end() + AFTER].split("。", 1)[0]
    mark = _ITEM.search(sentence, until.end())
    word = SUBJECT_WORD.search(sentence, until.end(), mark.start() if mark else len(sentence))
    if word is None:
        return None
    subject = SUBJECT_OF.get(word[0], Subject.OTHER)
    return None if not until[1] and subject not in (Subject.DOCUMENTS, *_CALLED) else (subject, word.end())


def _refers(text: str, mark: re.Match[str]) -> bool:
    if mark.lastgroup not in ("bracket", "small"):
        return False
    place = mark.start()
    return place > 0 and text[place - 1] in _REFERENCE


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


def in_order(found: Sequence[FoundDate]) -> tuple[FoundDate, ...]:
    """The findings of one text by kind, else as they stand.

    What is said twice is told once, and with its time of day if that is ever said.
    """
    timed = {(one.kind, one.day) for one in found if one.clock}
    kept: dict[tuple[DateKind, date, time | None], FoundDate] = {}
    for one in found:
        if one.clock or (one.kind, one.day) not in timed:
            kept.setdefault((one.kind, one.day, one.clock), one)
    return tuple(sorted(kept.values(), key=lambda one: _KIND_ORDER[one.kind]))
