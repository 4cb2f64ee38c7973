"""Time zones to choose from, by continent, under the names that their cities have in the reader's language."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global

from alerts.language import Language
from alerts.wording import city
from db.vocabulary.messages import N_

CONTINENTS: Mapping[str, str] = {
    "Asia": N_("Asia"),
    "Europe": N_("Europe"),
    "America": N_("America"),
    "Africa": N_("Africa"),
    "Australia": N_("Australia"),
    "Pacific": N_("Pacific"),
    "Atlantic": N_("Atlantic"),
    "Indian": N_("Indian Ocean"),
    "Antarctica": N_("Antarctica"),
}
Options = tuple[tuple[str, str], ...]
"""Zone and city."""


def zones(language: Language) -> list[tuple[str, Options]]:
    """Each continent with its zones; those of one moment and place under several names are there once."""
    return [(language.text(name), _cities(continent, language.code)) for continent, name in CONTINENTS.items()]


@cache
def _cities(continent: str, code: str) -> Options:
    found = [(zone, city(zone, code)) for zone in sorted(_canonical()) if zone.startswith(f"{continent}/")]
    return tuple(sorted(found, key=lambda one: one[1]))


@cache
def _canonical() -> frozenset[str]:
    return frozenset(get_global("zone_territories")) & available_timezones()
