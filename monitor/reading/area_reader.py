"""Which focus areas a notice belongs to: the lexicon judges, and a second opinion may be heard.

A second opinion, where the configuration names one, is heard only on areas that the lexicon
did not give and has nothing against, and it may only add:

- an area of which title and buyer name something, but too little: the probability ``NEAR`` suffices;
- an area of which the lexicon found nothing in a title that it gives no other area: ``ALONE`` is needed.

That the lexicon takes a title for a mere place, that a term speaks against, that what was found is part of
something else, or that a general area gives way to a special one, stands. Taking away what the lexicon gave by weak terms made the figures worse, so it may not
(docs/commands.md has the figures).
"""

import hashlib
from dataclasses import dataclass, replace

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.reading import AreaScore, Evidence, Place, Reading
from db.vocabulary.text import fold
from monitor.reading.areas import Explanation, Lexicon
from monitor.reading.areas.lexicon import GIVEN
from monitor.reading.opinion import Guess, Opinion

NEAR = 0.7
"""Probability of an area that is near."""
ALONE = 0.9
"""Probability of an area of which the lexicon found nothing."""
HALF = 0.5
"""The lexicon's score from which an area is near."""
LEARNT = "a pattern learnt from labelled titles"
"""In English, as the meanings of all terms are."""


@dataclass(frozen=True, slots=True)
class AreaReader:
    """Reads the focus areas of a notice with a lexicon and, if there is one, a second opinion."""

    lexicon: Lexicon
    opinion: Opinion | None = None

    @property
    def revision(self) -> str:
        if self.opinion is None:
            return self.lexicon.revision
        both = repr((self.lexicon.revision, self.opinion.revision, NEAR, ALONE, HALF))
        return hashlib.sha256(both.encode()).hexdigest()[:12]

    def read(self, notice: ScrapedNotice) -> Reading:
        return self.read_parts(
            notice.title,
            notice.text,
            notice.buyer,
            title_en=notice.title_en,
            text_en=notice.text_en,
            category=notice.category,
        )

    def read_parts(
        self,
        title: str,
        text: str = "",
        buyer: str | None = None,
        *,
        title_en: str | None = None,
        text_en: str = "",
        category: str | None = None,
    ) -> Reading:
        """As ``Lexicon.read``, with what the second opinion adds."""
        reading = self.lexicon.read(title, text, buyer, title_en=title_en, text_en=text_en, category=category)
        if self.opinion is None:
            return reading
        guesses = self.opinion.read(title, NEAR)
        if not guesses:
            return reading
        settled = {score.area for score in (*reading.areas, *reading.venues)}
        guesses = tuple(guess for guess in guesses if guess.area not in settled)
        if not guesses:
            return reading
        # What the text adds is left out: it never brings an area nearer than the title and the buyer do.
        explained = {one.area: one for one in self.lexicon.explain(title, "", buyer, title_en=title_en)}
        added = [score for guess in guesses if (score := _heard(guess, explained.get(guess.area), reading))]
        given = {score.area for score in (*reading.areas, *added)}
        special = {area.slug: area.gives_way_to for area in self.lexicon.areas}
        added = [score for score in added if given.isdisjoint(special[score.area])]
        if not added:
            return reading
        order = list(special)
        areas = sorted((*reading.areas, *added), key=lambda score: (-score.score, order.index(score.area)))
        return replace(reading, areas=tuple(areas))


def _heard(guess: Guess, explained: Explanation | None, reading: Reading) -> AreaScore | None:
    """The area as the second opinion gives it; None where it is not for it to give."""
    if explained is None:
        return _score(guess, ()) if guess.probability >= ALONE and not reading.areas else None
    counted = [finding for finding in explained.findings if finding.counts]
    if not HALF <= explained.score < GIVEN or any(finding.counts < 0 for finding in counted):
        return None
    return _score(guess, tuple(Evidence(one.term, one.gloss, one.place, one.counts) for one in counted))


def _score(guess: Guess, found: tuple[Evidence, ...]) -> AreaScore | None:
    """What the lexicon found keeps its weight; what lacks to give the area is shared out among the n-grams.

    None where they only repeat what the lexicon has found already.
    """
    said = [fold(one.term) for one in found]
    if all(any(gram in term for term in said) for gram, _ in guess.grams):
        return None
    lacks = round(100 * GIVEN) - sum(round(100 * one.weight) for one in found)
    total = sum(weight for _, weight in guess.grams)
    shares = [round(lacks * weight / total) for _, weight in guess.grams]
    shares[0] += lacks - sum(shares)
    learnt = (
        Evidence(gram, LEARNT, Place.TITLE, share / 100)
        for (gram, _), share in zip(guess.grams, shares, strict=True)
        if share > 0
    )
    return AreaScore(guess.area, GIVEN, (*found, *learnt))
