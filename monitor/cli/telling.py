"""What was read out of notices, in lines for a terminal: each finding with its words and where they stand."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from alerts.wording import (
    TOO_FEW,
    deadline_text,
    difference_text,
    euro_text,
    event_text,
    field_value,
    money_text,
    origin_text,
    prefecture_name,
    requirement_text,
    working_days_text,
)
from db.award import Award
from db.card import Card
from db.tender import TenderEvent
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.labels import AGREEMENTS, CATEGORIES, DATES, FIELDS, KINDS, MONEY, READ_FROM, VERDICTS
from db.vocabulary.notice import FieldChange, NoticeKind
from db.vocabulary.reading import Access, AccessReason, Agreement, EnglishOrigin, Requirement, RequirementKind
from db.vocabulary.tender import TenderSource
from monitor.currency import Rate, in_euro
from monitor.findings import (
    Proof,
    ShownDate,
    ShownMoney,
    amounts,
    deadline_proofs,
    differences,
    other_dates,
    quotation,
    reason_text,
)
from monitor.i18n import Language
from monitor.merging import MERGE_RULES
from monitor.reading.areas.cpv import cpv_name
from monitor.working_days import too_few, working_days_left

DEADLINES = ("deadline", "response_deadline")
AWARDS = 30
"""Results that are listed; a framework contract has hundreds."""
SHARED = 120
"""Characters of what two notices have in common."""
LONG = 80
"""Characters of a value from which a change shows only what lies around the first difference."""
BEFORE = 10
"""Characters before that difference, so that its place is found again."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells findings in one language. ``sources`` are the slugs that there are; ``now`` is what days are counted from."""

    language: Language
    sources: Collection[str]
    now: datetime
    rate: Rate | None = None

    # --- Words and where they stand ---------------------------------------------------------------

    def proof(self, proof: Proof) -> str:
        """The words that decided, and where they stand; of a field that says no more than its value only where."""
        language = self.language
        place = language.text(READ_FROM[proof.origin])
        name, words = quotation(proof)
        source = proof.source
        if words in self.sources:  # that a source has the notice is itself the reason
            source, words = words, ""
        if source:
            place = language.join([place, source])
        if not words:
            return "  " + language.text("From {place}", place=place)
        return "  " + language.text("“{words}” ({place})", words=f"{name}: {words}" if name else words, place=place)

    # --- Deadlines and dates ----------------------------------------------------------------------

    def deadline(self, card: Card, field: str) -> Iterator[str]:
        """A deadline with what is left until it, who says so in which words, and what else is said of it."""
        language = self.language
        bids = field == "deadline"
        moment = card.deadline if bids else card.response_deadline
        if moment is None:
            return
        yield deadline_text(moment, card.deadline_clock if bids else card.response_clock, language)
        if not card.cancelled:
            yield " · ".join(self._left(moment, bids=bids, open_=card.kind is not NoticeKind.AWARD))
        yield from map(self.proof, deadline_proofs(card, field))
        for said in card.also_said(field):
            yield language.text("Also said: {value}", value=field_value(field, said.value, language))
            yield self.proof(Proof(said.phrase, said.origin, said.source))
        if advice := difference_text(card, field, language):
            yield advice

    def _left(self, moment: datetime, *, bids: bool, open_: bool) -> Iterator[str]:
        language = self.language
        days = working_days_left(self.now, moment)
        if days < 0:
            yield language.text("closed")
            return
        calendar = (to_tokyo(moment).date() - to_tokyo(self.now).date()).days
        if calendar:
            yield language.ntext("{count} day left", "{count} days left", calendar)
        else:
            yield language.text("closes today")
        if open_:
            yield working_days_text(days, language)
            if bids and too_few(days):
                yield language.text(TOO_FEW)

    def dates(self, shown: Iterable[ShownDate]) -> Iterator[str]:
        language = self.language
        for one in shown:
            when = language.day(one.day)
            if one.begins and one.begins != one.day:
                when = f"{language.day(one.begins)} – {when}"
            if one.clock:
                when = language.join([when, self._clock(one.clock)])
            if one.required:
                when = f"{when} ({language.text('taking part is required')})"
            yield self._named(language.text(DATES[one.kind]), when)
            yield from map(self.proof, one.proofs)

    def _clock(self, clock: time) -> str:
        return self.language.text("{time} Tokyo time", time=f"{clock:%H:%M}")

    # --- Money ------------------------------------------------------------------------------------

    def money(self, shown: Iterable[ShownMoney]) -> Iterator[str]:
        """Amounts in yen first, then roughly in euro where there is a rate."""
        language = self.language
        for one in shown:
            amount = self._with_euro(money_text(one.found, language), one.found.amount)
            yield self._named(language.text(MONEY[one.found.kind]), amount)
            yield from map(self.proof, one.proofs)

    def _with_euro(self, shown: str, yen: Decimal) -> str:
        rate = self.rate
        if rate is None:
            return shown
        return self.language.join(
            [shown, euro_text(yen, lambda amount: in_euro(amount, rate), self.language, day=rate.day)]
        )

    # --- Market access and requirements -----------------------------------------------------------

    def access(self, access: Access) -> Iterator[str]:
        """The verdict for each agreement, and every reason with its words."""
        language = self.language
        for agreement, verdict in ((Agreement.GPA, access.gpa), (Agreement.EPA, access.epa)):
            yield self._named(language.text(AGREEMENTS[agreement]), language.text(VERDICTS[verdict]))
        if not access.reasons:
            yield language.text("Nothing that was read speaks for or against.")
        said: dict[tuple[str, ...], list[AccessReason]] = {}
        for reason in access.reasons:  # several notices may say the same in their own words
            said.setdefault((self._reason(reason), *self._validity(reason)), []).append(reason)
        for (line, *validity), reasons in said.items():
            yield f"– {line}"
            yield from (self.proof(Proof(reason.phrase, reason.origin)) for reason in reasons)
            yield from validity
        yield language.text(
            "Read by rules from the notice; it says whether an agreement opens the procurement, not who may bid. "
            "The notice decides."
        )

    def _reason(self, reason: AccessReason) -> str:
        language = self.language
        said = self._named(reason_text(reason, language), language.text(VERDICTS[reason.verdict]))
        if len(reason.agreements) == 1:
            return f"{said} ({language.text(AGREEMENTS[reason.agreements[0]])})"
        return said

    def _validity(self, reason: AccessReason) -> Iterator[str]:
        if reason.valid_from and reason.valid_until:
            yield "  " + self.language.text(
                "This amount holds for notices published from {first} to {last}.",
                first=self.language.day(reason.valid_from),
                last=self.language.day(reason.valid_until),
            )

    def requirements(self, found: Iterable[Requirement], qualification: str | None = None) -> Iterator[str]:
        """What a bidder must have; ``qualification`` is the source's own field, for where the text says nothing."""
        language = self.language
        stated = False
        for one in found:
            stated = stated or one.kind is RequirementKind.QUALIFICATION
            yield requirement_text(one, language)
            yield self.proof(Proof(one.phrase, one.origin))
        if qualification and not stated:
            yield language.text("Qualification, as the source states it: {words}", words=qualification)

    # --- Notices, results and history -------------------------------------------------------------

    def notices(self, sources: Sequence[TenderSource]) -> Iterator[str]:
        """The notices of a tender, and why each belongs to it."""
        language = self.language
        by_id = {source.notice_id: source for source in sources}
        for source in sources:
            published = language.text("published {day}", day=language.day(source.published))
            yield language.join([f"{source.source}:{source.key}", language.text(KINDS[source.kind]), published])
            yield f"  {source.notice_id}"
            yield f"  {source.url}"
            if source.document_url and source.document_url != source.url:
                yield f"  {source.document_url}"
            if source.link is None:
                continue
            why = [language.text("Why it belongs here:"), language.text(_rule(source.link.rule))]
            if shared := " · ".join(source.link.shared):
                why.append(language.text("“{words}”", words=_cut(shared, SHARED)))
            other = by_id.get(source.link.notice_id)
            if other and len(sources) > 2:
                as_in = language.text(
                    "as in {kind}, {source}, {day}",
                    kind=language.text(KINDS[other.kind]),
                    source=other.source,
                    day=language.day(other.published),
                )
                why.append(f"({as_in})")
            yield "  " + " ".join(why)

    def differences(self, card: Card) -> Iterator[str]:
        """What the notices say of fields otherwise than others; a deadline has its own lines."""
        language = self.language
        for field, values in differences(card):
            if field in DEADLINES:
                continue
            for said in values:
                value = f"{field_value(field, said.value, language)} ({said.source})"
                if said.counts:
                    yield self._named(self.field(field), value)
                else:
                    yield "  " + language.text("Also said: {value}", value=value)

    def awards(self, found: Sequence[Award]) -> Iterator[str]:
        language = self.language
        for award in found[:AWARDS]:
            if award.amount is None:
                amount = language.text("price not given")
            else:
                amount = self._with_euro(language.yen(award.amount), award.amount)
            decided = language.text("decided on {day}", day=language.day(award.date))
            yield f"{language.join([award.supplier, amount, decided])} ({award.source})"
        if len(found) > AWARDS:
            yield language.ntext("and {count} more", "and {count} more", len(found) - AWARDS)

    def event(self, event: TenderEvent, source: str | None) -> str:
        """What happened, when, and by which source it was found, in one line."""
        language = self.language
        what = event_text(event.kind, language)
        line = f"{language.moment(event.at)}: {what} ({source})" if source else f"{language.moment(event.at)}: {what}"
        return " · ".join([line, *map(self.change, event.changes)])

    def change(self, change: FieldChange) -> str:
        """A field with its values before and after; of long texts only what lies around the first difference."""
        language = self.language
        before, after = _around_difference(
            field_value(change.field, change.before, language), field_value(change.field, change.after, language)
        )
        return language.text(
            "{field}: {before} → {after}", field=self.field(change.field), before=before, after=after
        )

    def field(self, name: str) -> str:
        return self.language.text(FIELDS.get(name, name))

    def _named(self, name: str, value: str) -> str:
        return self.language.text("{name}: {value}", name=name, value=value)

    # --- A whole tender ---------------------------------------------------------------------------

    def facts(self, card: Card) -> Iterator[tuple[str, Iterable[str | None]]]:
        """What a tender is, field by field: names, each with its lines."""
        language = self.language
        text = language.text
        english = f"{card.title_en} ({origin_text(card.title_en_origin, language)})" if card.title_en_origin else None
        method_en = f"{card.method_en} ({origin_text(EnglishOrigin.TABLE, language)})" if card.method_en else None
        yield text("title"), [card.title]
        yield text("English title"), [english or card.title_en]
        yield text("buyer"), [card.buyer, card.buyer_en]
        place = [prefecture_name(card.prefecture, language) if card.prefecture else None, card.city]
        yield text("prefecture"), [language.join(name for name in place if name)]
        yield text("kind of notice"), [text(KINDS[card.kind])]
        yield text("category"), [text(CATEGORIES[card.category]) if card.category else None]
        yield "CPV", [f"{found.code} {cpv_name(found.code, language.code)}" for found in card.cpv]
        yield text("procedure"), [card.method, method_en]
        yield text("status"), [card.status]
        yield text("published"), [language.day(card.published)]
        yield text("found here"), [language.moment(card.first_seen_at)]

    def dated(self, card: Card) -> Iterator[tuple[str, Iterable[str | None]]]:
        """What decides whether somebody can act: deadlines, other dates, value, market access, requirements."""
        text = self.language.text
        result = text("none: this is a result") if card.kind is NoticeKind.AWARD else text("see the notice")
        missing = text("none: cancelled") if card.cancelled else result
        yield text("deadline"), [missing] if card.deadline is None else self.deadline(card, "deadline")
        yield text("response deadline"), self.deadline(card, "response_deadline")
        yield text("other dates"), self.dates(other_dates(card))
        yield text("value"), self.money(amounts(card))
        yield text("trade agreements"), self.access(card.access)
        yield text("what a bidder needs"), self.requirements(card.requirements, card.qualification)


def rows(groups: Iterable[tuple[str, Iterable[str | None]]]) -> list[tuple[str, str]]:
    """Rows of a table; what has nothing to say is left out."""
    filled = [(name, "\n".join(line for line in lines if line)) for name, lines in groups]
    return [(name, lines) for name, lines in filled if lines]


def _rule(name: str) -> str:
    return MERGE_RULES.get(name, name)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _around_difference(before: str, after: str) -> tuple[str, str]:
    """Two values, long ones from a little before their first difference on, on one line each."""
    before, after = " ".join(before.split()), " ".join(after.split())
    if max(len(before), len(after)) <= LONG:
        return before, after
    same = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), None)
    start = max((min(len(before), len(after)) if same is None else same) - BEFORE, 0)
    lead = "…" if start else ""
    return lead + _cut(before[start:], LONG), lead + _cut(after[start:], LONG)
