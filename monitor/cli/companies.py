"""Commands about companies: asking a register for them."""

from pathlib import Path

import click

from db.errors import RecordError
from db.vocabulary.messages import N_
from monitor.cli.base import App, Group, at_home, command, opened, option
from monitor.cli.collecting import moving_lines
from monitor.i18n import Language
from monitor.registers.rounds import MOST, Outcome, look_up_due, register_of
from scrapers.source import Source


@command(
    "look-up",
    N_(
        "Ask the register under [registers] for companies that won awards: where they have their seat, whether they are "
        "registered abroad, their English names. Each is asked for once a year."
    ),
    example="monitor companies look-up --limit 500",
)
@option("--limit", type=click.IntRange(1, 100_000), default=MOST, help=N_("At most so many companies."))
@at_home
@click.pass_obj
def look_up(app: App, limit: int, config: Path | None, home: Path | None) -> int:
    language = app.language
    with opened(config, home) as house, house.fetcher() as fetcher, moving_lines() as show:
        register = register_of(
            house.config.register_settings(), fetcher.for_source(Source.pause_seconds, Source.max_bytes)
        )
        if register is None:
            raise RecordError(
                "no register is set up; write houjin_bangou_id (or gbizinfo_token) under [registers] in the configuration"
            )
        if house.config.network.stand_in:
            raise RecordError("a register is not asked for what stand-in portals say; take stand_in out of [network]")
        done = look_up_due(
            house.database,
            register,
            clock=house.clock,
            most=limit,
            watch=lambda outcome: show(register.name, _figures(outcome, language)),
        )
    app.out.print(_figures(done, language), markup=False)
    return app.fail(language.say(done.stopped)) if done.stopped else 0


def _figures(outcome: Outcome, language: Language) -> str:
    return language.text(
        "companies asked for: {asked}; known to the register: {known}",
        asked=language.number(outcome.asked),
        known=language.number(outcome.known),
    )


companies_group = Group(
    "companies",
    help=N_("Companies that won awards, and what registers say of them."),
    example="monitor companies look-up",
    commands=[look_up],
)
