"""What the forms of subscribers offer to choose from, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global
from babel.dates import get_day_names

from alerts.language import Language
from alerts.wording import city, clock_text
from db.vocabulary.delivery import Frequency, WebhookForm
from db.vocabulary.messages import N_

FREQUENCIES: Mapping[Frequency, str] = {
    Frequency.AT_ONCE: N_("at once: a letter whenever something is found"),
    Frequency.DAILY: N_("once a day: one letter about all searches"),
    Frequency.WEEKLY: N_("once a week: one letter about all searches"),
    Frequency.NEVER: N_("no letters: only a feed and a calendar of its own"),
}
WEBHOOK_FORMS: Mapping[WebhookForm, str] = {
    WebhookForm.JSON: N_("signed JSON, for a program of your own"),
    WebhookForm.SLACK: N_("Slack"),
    WebhookForm.TEAMS: N_("Microsoft Teams"),
}

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
Pairs = tuple[tuple[str, str], ...]
"""What is sent, and what is shown for it."""


@dataclass(frozen=True, slots=True)
class Options:
    """``zones`` has each continent with its time zones, under the names of their cities."""

    frequencies: Pairs
    webhook_forms: Pairs
    zones: tuple[tuple[str, Pairs], ...]
    hours: Pairs
    weekdays: Pairs

    @property
    def zone_names(self) -> frozenset[str]:
        return frozenset(zone for _, zones in self.zones for zone, _ in zones)


def options(language: Language) -> Options:
    days = get_day_names("wide", locale=language.code)
    hours = [time(hour) for hour in range(24)]
    return Options(
        frequencies=tuple((frequency, language.text(label)) for frequency, label in FREQUENCIES.items()),
        webhook_forms=tuple((form, language.text(label)) for form, label in WEBHOOK_FORMS.items()),
        zones=tuple((language.text(name), _cities(part, language.code)) for part, name in CONTINENTS.items()),
        hours=tuple((f"{hour:%H:%M}", clock_text(hour, language)) for hour in hours),
        weekdays=tuple((str(number), days[number]) for number in range(7)),
    )


@cache
def _cities(continent: str, code: str) -> Pairs:
    found = [(zone, city(zone, code)) for zone in sorted(_canonical()) if zone.startswith(f"{continent}/")]
    return tuple(sorted(found, key=lambda one: one[1]))


@cache
def _canonical() -> frozenset[str]:
    return frozenset(get_global("zone_territories")) & available_timezones()
