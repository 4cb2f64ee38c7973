"""Every rule of market access: what it says, for which verdict it speaks, and how much it counts.

The texts are English with ``{names}`` for a reason's values; the catalogues translate them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from db.vocabulary.messages import N_
from db.vocabulary.reading import AccessVerdict

COVERED, LIKELY = AccessVerdict.COVERED, AccessVerdict.LIKELY
NOT_COVERED, RESTRICTED = AccessVerdict.NOT_COVERED, AccessVerdict.RESTRICTED


class Strength(IntEnum):
    """How much a rule counts; the strongest that says anything decides."""

    DEDUCED = 1
    """From who buys and for how much."""
    MENTIONED = 2
    """The notice has what covered procurements have, but does not say that it is one."""
    STATED = 3
    """Somebody states it of this very procurement: the notice, or where and how it is published."""


@dataclass(frozen=True, slots=True)
class Rule:
    verdict: AccessVerdict
    strength: Strength
    text: str


_STATED, _MENTIONED, _DEDUCED = Strength.STATED, Strength.MENTIONED, Strength.DEDUCED

TABLE: Mapping[str, Rule] = {
    # For
    "banner": Rule(COVERED, _STATED, N_("JETRO states the agreements that apply: {agreements}")),
    "agreement-applies": Rule(COVERED, _STATED, N_("The notice says that the agreement applies")),
    "direct-award-ground": Rule(
        COVERED, _STATED, N_("The contract is awarded directly for a reason that the WTO agreement allows")
    ),
    "type-wto": Rule(COVERED, _STATED, N_("It is filed under a type of notice that the WTO agreement covers")),
    "gazette-central": Rule(
        COVERED,
        _STATED,
        N_(
            "A body of central government announces it in the gazette's procurement edition, as the agreement demands"
        ),
    ),
    "gazette": Rule(
        LIKELY,
        _STATED,
        N_(
            "It is announced in the gazette's procurement edition, where covered procurements stand, "
            "and others to which Japan applies the same procedures by its own decision"
        ),
    ),
    "jetro": Rule(
        LIKELY, _MENTIONED, N_("JETRO lists it among the procurements that are open to suppliers from abroad")
    ),
    "specific-procurement": Rule(
        LIKELY, _MENTIONED, N_("The notice speaks of 特定調達, as Japanese law calls what the WTO agreement covers")
    ),
    "agreement-mentioned": Rule(LIKELY, _MENTIONED, N_("The notice mentions the agreement")),
    "english-summary": Rule(
        LIKELY, _MENTIONED, N_("The notice has a summary in English, which the WTO agreement demands")
    ),
    "value-reached": Rule(
        LIKELY,
        _DEDUCED,
        N_(
            "The stated value of {amount} yen reaches the {threshold} yen ({sdr} SDR) from which the agreement "
            "covers what this buyer buys; some kinds of services stay outside it"
        ),
    ),
    # Against
    "agreement-excluded": Rule(NOT_COVERED, _STATED, N_("The notice says that the agreement does not apply")),
    "type-not-wto": Rule(
        NOT_COVERED, _STATED, N_("It is filed under a type of notice that the WTO agreement does not cover")
    ),
    "open-counter": Rule(
        NOT_COVERED, _STATED, N_("It is an open counter, a small purchase by quotations, below every threshold")
    ),
    "quotations": Rule(NOT_COVERED, _STATED, N_("Quotations are asked for, as only small purchases allow")),
    "sale": Rule(NOT_COVERED, _STATED, N_("Something is sold, not bought")),
    "not-listed": Rule(NOT_COVERED, _DEDUCED, N_("{entity} is listed in neither agreement")),
    "epa-only": Rule(
        NOT_COVERED, _DEDUCED, N_("{entity} is not listed in the WTO agreement, only in that of Japan and the EU")
    ),
    "core-city-works": Rule(
        NOT_COVERED,
        _DEDUCED,
        N_("The agreement of Japan and the EU does not cover the construction works of {entity}"),
    ),
    "core-city-procedure": Rule(
        NOT_COVERED, _DEDUCED, N_("Of {entity}, the agreement of Japan and the EU covers open tenders only")
    ),
    "value-below": Rule(
        NOT_COVERED,
        _DEDUCED,
        N_(
            "The stated value of {amount} yen is below the {threshold} yen from which the agreement covers "
            "what this buyer buys"
        ),
    ),
    # Restricting
    "region": Rule(RESTRICTED, _STATED, N_("Only for bidders with an office in the region")),
    "small-business": Rule(RESTRICTED, _STATED, N_("Only for small and medium-sized enterprises of Japan")),
}

RULES: Mapping[str, str] = {name: rule.text for name, rule in TABLE.items()}
"""The texts by the rules' names, as ``AccessReason.rule`` has them."""


def rule_text(name: str) -> str:
    """The English text of a rule, with ``{names}`` for the reason's values. Raises KeyError for an unknown name."""
    return RULES[name]
