"""Where readers and the lexicon disagree, with the terms responsible, for the person who tends the lexicon.

Nothing learns from marks by itself, and nothing is ticked off: a mark that agrees with a later reading is no
disagreement any more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlmodel import Session

from db.bulk import IN_LIMIT, batches
from db.card import Card, cards, notices_of
from db.feedbacks import Tally, tallies
from db.vocabulary.reading import Evidence
from monitor.reading.areas import Explanation, Finding, Lexicon


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """An area of a tender of which most readers who marked it say the contrary of what was read.

    Of an area that was given ``evidence`` has the terms that gave it; of one that is missing ``findings`` has what
    the lexicon finds of it, and why that does not suffice: nothing, where no term of it stands in the notice.
    """

    tender_id: UUID
    title: str
    area: str
    given: bool
    fits: int
    against: int
    at: datetime
    """When the newest mark was given."""
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()
    gave_way_to: str | None = None
    """The special area that was given in place of the one that is missing, although enough was found of it."""


def disagreements(session: Session, lexicon: Lexicon, *, limit: int) -> list[Disagreement]:
    """At most ``limit`` disagreements on the areas that there are, newest mark first. As many for as against are none."""
    known = {area.slug for area in lexicon.areas}
    contested = (one for one in tallies(session) if one.area in known and one.fits != one.against)
    return list(islice(_disagreements(session, lexicon, contested), limit))


def _disagreements(session: Session, lexicon: Lexicon, contested: Iterator[Tally]) -> Iterator[Disagreement]:
    for some in batches(contested, IN_LIMIT):
        shown = {card.id: card for card in cards(session, list(dict.fromkeys(one.tender_id for one in some)))}
        for one in some:
            card = shown[one.tender_id]
            evidence = next((given.evidence for given in card.areas if given.area == one.area), None)
            given = evidence is not None
            if given == (one.fits > one.against):
                continue
            explained = None if given else _explained(session, lexicon, card, one.area)
            yield Disagreement(
                tender_id=one.tender_id,
                title=card.title,
                area=one.area,
                given=given,
                fits=one.fits,
                against=one.against,
                at=one.at,
                evidence=evidence or (),
                findings=explained.findings if explained else (),
                gave_way_to=explained.gave_way_to if explained else None,
            )


def _explained(session: Session, lexicon: Lexicon, card: Card, area: str) -> Explanation | None:
    """What the notice of the tender that says most of an area has of it."""
    explained: list[Explanation] = [
        explanation
        for notice in notices_of(session, card)
        for explanation in lexicon.explain(
            notice.title,
            notice.text,
            notice.buyer,
            title_en=notice.title_en,
            text_en=notice.text_en,
            category=notice.category,
        )
        if explanation.area == area
    ]
    return max(explained, key=lambda one: one.score, default=None)
