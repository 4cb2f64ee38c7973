"""How a digest puts a tender: every line about it in the reader's language, for the text and for the HTML of a letter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from markupsafe import Markup

from alerts import reading
from alerts.language import AreaNames
from alerts.paper import Pen, short
from alerts.reading import Reckoning
from alerts.wording import (
    DAY_ALONE,
    TOO_FEW,
    deadline_text,
    field_value,
    moment_beside,
    prefecture_name,
    working_days_text,
)
from db.card import Card
from db.vocabulary.japanese import TOKYO, to_tokyo
from db.vocabulary.labels import CATEGORIES, FIELDS, KINDS
from db.vocabulary.messages import N_
from db.vocabulary.notice import Category, FieldChange, NoticeKind
from db.vocabulary.reading import AreaScore, Evidence

LONGEST_TITLE = 160
"""Characters of a title; the page has the whole."""
LONGEST_LINE = 240
"""Characters of a line of ours about what was read out of a notice."""
MOST_WORDS = 3
"""Words that decided, told for each focus area."""
MOST_WINNERS = 3
"""Winners told of a result; a contract for unit prices has dozens."""

MOVED: Mapping[str, tuple[str, str]] = {
    "deadline": (
        N_("Deadline moved EARLIER: was {before}, is now {after}"),
        N_("Deadline moved later: was {before}, is now {after}"),
    ),
    "response_deadline": (
        N_("Answers are due EARLIER: was {before}, is now {after}"),
        N_("Answers are due later: was {before}, is now {after}"),
    ),
}
"""What is said of a deadline that moved: to an earlier moment, which hurts, or to a later one."""


@dataclass(frozen=True, slots=True)
class Winner:
    """Who won, and at which price where it is stated."""

    name: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Told:
    """A tender in the lines that do not depend on who is told of it."""

    deadline: str
    """The deadline and how long it is till then, or the day of the result; empty where there is none to tell."""
    working_days: str
    over: bool
    """Whether no deadline presses any more."""
    near: bool
    """Whether few working days are left."""
    other_deadlines: str
    titles: tuple[tuple[str, str, str], ...]
    """The language and the text of each title that the reader is shown, and what it is unless it is official."""
    facts: str
    steps: tuple[tuple[str, bool], ...]
    """What must be done before the bid, and whether it is too late for it."""
    findings: tuple[str, ...]
    phrase: str
    """The words that the deadline was read from."""


Memory = dict[tuple[object, ...], Told]
"""What was put into words already: the same tender is told to many people."""


@dataclass(frozen=True, slots=True)
class Words:
    """How a part of a letter puts things to one reader."""

    pen: Pen
    area_names: AreaNames
    source_names: Mapping[str, str]
    reckoning: Reckoning
    now: datetime
    """The end of the letter's window."""
    time_zone: str
    """Of the reader."""
    memory: Memory

    def told(self, card: Card, winners: Sequence[Winner]) -> Told:
        """The lines about a tender."""
        key = (card.id, card.sequence, self.pen.html, self.pen.language.code, self.time_zone, self.now)
        if key not in self.memory:
            self.memory[key] = Told(
                deadline=self._deadline(card),
                working_days=self._working_days(card),
                over=self._over(card),
                near=self._near(card),
                other_deadlines=self._other_deadlines(card),
                titles=tuple(self._titles(card)),
                facts=self._joined(self._facts(card)),
                steps=tuple(self._steps(card)),
                findings=tuple(self._findings(card, winners)),
                phrase=self._phrase(card),
            )
        return self.memory[key]

    # Why, and what has changed ------------------------------------------------------------------------

    def reasons(self, card: Card, why: Sequence[str]) -> str:
        """What of the saved search the tender has; for a focus area also the words that decided."""
        deciding = {found.area: found.evidence for found in card.areas}
        return self._joined([self._reason(reason, deciding.get(reason, ())) for reason in why])

    def _reason(self, reason: str, evidence: Sequence[Evidence]) -> str:
        name = self.pen.tongue(short(self._value(reason)))
        strongest = sorted((one for one in evidence if one.weight > 0), key=lambda one: -one.weight)[:MOST_WORDS]
        if not strongest:
            return name
        japanese = self.pen.language.code == "ja"
        words = self.pen.language.join(one.term if japanese else f"{one.term} ({one.gloss})" for one in strongest)
        return self.pen.text("{area}: {words}", area=name, words=self.pen.tongue(words))

    def areas(self, found: Sequence[AreaScore], without: Sequence[str]) -> str:
        """The focus areas that are not among the reasons."""
        return self._joined([self._value(one.area) for one in found if one.area not in without])

    def names(self, searches: Sequence[str]) -> str:
        """The names of saved searches."""
        return self._joined([self.pen.tongue(short(name)) for name in searches])

    def moves(self, changes: Sequence[FieldChange]) -> list[tuple[str, bool]]:
        """The deadlines that moved, old and new side by side; and whether to an earlier moment."""
        found: list[tuple[str, bool]] = []
        for change in changes:
            if (earlier := moved_earlier(change)) is not None:
                text = self.pen.text(MOVED[change.field][0 if earlier else 1], **self._sides(change))
                found.append((self._with_source(text, change), earlier))
        return found

    def changes(self, changes: Sequence[FieldChange]) -> list[str]:
        """What changed otherwise."""
        return [self._change(change) for change in changes if moved_earlier(change) is None]

    def _change(self, change: FieldChange) -> str:
        field = self.pen.text(FIELDS.get(change.field, change.field))
        told = self.pen.text("{field}: {before} → {after}", field=field, **self._sides(change))
        return self._with_source(told, change)

    def _sides(self, change: FieldChange) -> dict[str, str]:
        sides = {"before": change.before, "after": change.after}
        language = self.pen.language
        return {
            side: self.pen.tongue(short(field_value(change.field, value, language))) for side, value in sides.items()
        }

    def _with_source(self, told: str, change: FieldChange) -> str:
        if change.source is None:
            return told
        source = self.pen.tongues(self.source_names.get(change.source, change.source))
        return self.pen.text("{change} ({source})", change=told, source=source)

    # Deadlines ----------------------------------------------------------------------------------------

    def closes(self, deadline: datetime) -> str:
        """How soon a tender closes of which the reader is reminded."""
        days = self.reckoning.working_days_left(self.now, deadline)
        if days > 0:
            return self.pen.ntext("Closes in {count} working day", "Closes in {count} working days", days)
        return self._left(deadline)

    def moment(self, moment: datetime, clock: bool) -> str:
        """A deadline in Tokyo, and where the reader's clock shows something else, what that is."""
        told = deadline_text(moment, clock, self.pen.language)
        beside = moment_beside(moment, self.time_zone, self.pen.language) if clock else ""
        return self.pen.language.text("{moment} ({beside})", moment=told, beside=beside) if beside else told

    def _deadline(self, card: Card) -> str:
        language = self.pen.language
        if card.cancelled:
            return ""
        if reading.is_result(card):
            return reading.result_text(card, language)
        if card.deadline:
            said = language.text("Deadline: {moment}", moment=self.moment(card.deadline, card.deadline_clock))
            return self._joined([self.pen.tongues(said), self._left(card.deadline)])
        if card.response_deadline:
            moment = self.moment(card.response_deadline, card.response_clock)
            said = language.text("Answers by: {moment}", moment=moment)
            return self._joined([self.pen.tongues(said), self._left(card.response_deadline)])
        return ""

    def _left(self, moment: datetime) -> str:
        days = (to_tokyo(moment).date() - to_tokyo(self.now).date()).days
        if moment < self.now:
            return self.pen.text("closed")
        if days == 0:
            return self.pen.text("closes today")
        return self.pen.ntext("{count} day left", "{count} days left", days)

    def _working_days(self, card: Card) -> str:
        """The days till then on which Japan works, and where bids are asked for whether they are too few."""
        moment = card.deadline or card.response_deadline
        if card.cancelled or reading.is_result(card) or moment is None:
            return ""
        days = self.reckoning.working_days_left(self.now, moment)
        told = [working_days_text(days, self.pen.language)] if days > 0 else []
        if card.deadline and self.reckoning.too_few(days):
            told.append(self.pen.text(TOO_FEW))
        return self._joined(told)

    def _over(self, card: Card) -> bool:
        moment = card.deadline or card.response_deadline
        return reading.is_result(card) or (moment is not None and moment < self.now)

    def _near(self, card: Card) -> bool:
        moment = card.deadline or card.response_deadline
        if card.cancelled or reading.is_result(card) or moment is None:
            return False
        return self.reckoning.too_few(self.reckoning.working_days_left(self.now, moment))

    def _phrase(self, card: Card) -> str:
        if card.cancelled or reading.is_result(card):
            return ""
        return self._line(reading.deadline_phrase(card, _pressing(card), self.pen.language, self.source_names))

    def _other_deadlines(self, card: Card) -> str:
        if card.cancelled or reading.is_result(card):
            return ""
        return self._line(reading.other_deadlines(card, _pressing(card), self.pen.language, self.source_names))

    # Who, what and where ------------------------------------------------------------------------------

    def title(self, card: Card, longest: int = LONGEST_TITLE) -> str:
        """The title in the reader's language, as far as there is one."""
        return short(card.title if self.pen.language.code == "ja" else card.title_en or card.title, longest)

    def _titles(self, card: Card) -> Iterator[tuple[str, str, str]]:
        if card.title_en and self.pen.language.code != "ja":
            title = self.pen.tongues(short(card.title_en, LONGEST_TITLE))
            yield "en", title, reading.title_mark(card, self.pen.language)
        yield "ja", short(card.title, LONGEST_TITLE), ""

    def _facts(self, card: Card) -> list[str]:
        """Who buys what where and how, in short pieces."""
        language = self.pen.language
        facts = [
            self._in_both(card.buyer_en, card.buyer),
            self.pen.tongue(prefecture_name(card.prefecture, language)) if card.prefecture else "",
            language.text(KINDS[card.kind]),
            language.text(CATEGORIES[card.category]) if card.category else "",
            self._in_both(card.method_en, card.method),
            language.text("published {day}", day=language.day(card.published)),
        ]
        if not (card.deadline or card.response_deadline or card.cancelled or reading.is_result(card)):
            facts.append(reading.unknown_deadline(card, language))
        return [fact for fact in facts if fact]

    def _in_both(self, english: str | None, japanese: str | None) -> str:
        """A name in English with the Japanese behind it, as far as they are known and the reader needs them."""
        shown = [self.pen.tongue(short(japanese))] if japanese else []
        if english and (self.pen.language.code != "ja" or not japanese):
            shown.insert(0, self.pen.tongue(short(english)))
        if len(shown) < 2:
            return shown[0] if shown else ""
        return Markup("{} ({})").format(*shown) if self.pen.html else "{} ({})".format(*shown)

    def _steps(self, card: Card) -> Iterator[tuple[str, bool]]:
        for step in reading.steps(card, self.pen.language, now=self.now):
            yield self._line(step.text), step.over

    def _findings(self, card: Card, winners: Sequence[Winner]) -> Iterator[str]:
        """The value, or who won it; and what trade agreements say."""
        language = self.pen.language
        lines = [
            self._won(winners) or reading.value_text(card, language, self.reckoning),
            reading.access_text(card, language, self.reckoning.access_rules),
        ]
        yield from (self._line(line) for line in lines if line)

    def _won(self, winners: Sequence[Winner]) -> str:
        if not winners:
            return ""
        language = self.pen.language
        names = [
            f"{short(one.name)} ({language.yen(one.amount)})" if one.amount else short(one.name)
            for one in winners[:MOST_WINNERS]
        ]
        if (more := len(winners) - len(names)) > 0:
            names.append(language.ntext("{count} more", "{count} more", more))
        return language.text("Won by {names}", names=language.join(names))

    def _value(self, value: str) -> str:
        """A value of the vocabulary in words; a word is itself."""
        if value in self.area_names:
            return self.area_names[value]
        if value in [*NoticeKind]:
            return self.pen.language.text(KINDS[NoticeKind(value)])
        if value in [*Category]:
            return self.pen.language.text(CATEGORIES[Category(value)])
        return prefecture_name(value, self.pen.language)

    def _line(self, text: str) -> str:
        return self.pen.tongues(short(text, LONGEST_LINE))

    def _joined(self, pieces: Sequence[str]) -> str:
        return Markup(" · ").join(pieces) if self.pen.html else " · ".join(pieces)


def moved_earlier(change: FieldChange) -> bool | None:
    """Whether a deadline moved to an earlier moment; None for any other change, and where one side is not known."""
    if change.field not in MOVED:
        return None
    before, after = moment_of(change.before), moment_of(change.after)
    if before is None or after is None or before == after:
        return None
    same_day = to_tokyo(before).date() == to_tokyo(after).date()
    if same_day and DAY_ALONE in (to_tokyo(before).time(), to_tokyo(after).time()):
        return None  # the time of day became known, or no longer is
    return after < before


def moment_of(written: str | None) -> datetime | None:
    """A deadline as a change has it written out, of which sometimes only the day is known."""
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None  # from a version that wrote it otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)


def day_of(moment: datetime) -> date:
    """The day of a deadline, in Tokyo."""
    return to_tokyo(moment).date()


def _pressing(card: Card) -> str:
    """The field of the deadline that a digest shows."""
    return "deadline" if card.deadline else "response_deadline"
