"""Commands that bring in lists of subscribers and write them out."""

import sys
from functools import partial
from pathlib import Path

import click

from db import kept, subscribers
from db.errors import RecordError
from db.subscribers import Choices
from db.vocabulary.messages import N_
from db.vocabulary.query import Facet, Query, parse
from monitor.cli.base import App, at_home, command, opened, option, write_json
from monitor.household import Household
from monitor.subscriptions import Addresses, BadLine, ListReader, Wanted, bring_in, person_line, write_list

MOST_BYTES = 64 << 20


def _known_query(house: Household, text: str) -> Query:
    slugs = [area.slug for area in house.areas]
    return parse(text, {Facet.AREA: slugs, Facet.VENUE: slugs, Facet.SOURCE: list(house.sources)})


@command(
    "import",
    N_(
        "Subscribe the people of a list: CSV with a header, or JSON Lines, a line for each saved search, with email, "
        "name, query, area, frequency, language, zone, hour and weekday. What is there already stays as it is."
    ),
    example="monitor subscribers import members.csv --consent 'ticked the box on the form of 2026-04-01' --dry-run",
)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@option(
    "--consent",
    required=True,
    metavar="TEXT",
    help=N_("How and when these people agreed to get letters; it is kept with each of them."),
)
@option("--dry-run", is_flag=True, help=N_("Only say what would become of it."))
@at_home
@click.pass_obj
def import_list(app: App, file: Path, consent: str, dry_run: bool, config: Path | None, home: Path | None) -> int:
    stated = " ".join(consent.split())
    if not stated:
        raise RecordError("--consent is empty; write how and when these people agreed to get letters")
    data = _read(file)
    language = app.language
    with opened(config, home) as house:
        reader = ListReader(
            stated,
            [area.slug for area in house.areas],
            partial(_known_query, house),
            language.text("everything"),
        )
        lines = list(reader.read(data))
        done = bring_in(
            house.database,
            [one for one in lines if isinstance(one, Wanted)],
            before=Choices(language=house.config.site.language, digest_at=house.config.mail.digest_at),
            now=house.clock(),
            keep=not dry_run,
        )
    bad = sorted([*(one for one in lines if isinstance(one, BadLine)), *done.bad], key=lambda one: one.line)
    for one in bad:
        app.say("line {number}: {why}", number=one.line, why=language.say(one.why))
    figures = {
        "people": language.number(done.people),
        "searches": language.number(done.searches),
        "there": language.number(done.there),
        "bad": language.number(len(bad)),
    }
    said = language.text(
        "new subscribers: {people}; new saved searches: {searches}; there already: {there}; left out: {bad}",
        **figures,
    )
    if dry_run:
        app.say("Nothing is kept; this is what would become of it:")
    app.out.print(said, markup=False, soft_wrap=True)
    return 1 if bad else 0


def _read(file: Path) -> bytes:
    """Raises RecordError."""
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with file.open("rb") as reading:
                data = reading.read(MOST_BYTES + 1)
    except OSError as error:
        raise RecordError("{file}: cannot be read ({why})", file=file, why=error.strerror or error) from None
    if len(data) > MOST_BYTES:
        raise RecordError("{file}: is larger than 64 MB; split it", file=file)
    return data


@command(
    "export",
    N_(
        "Write everything that is known of subscribers, a line of JSON for each, keys left out; or, as CSV, a list that "
        "import reads again."
    ),
    example="monitor subscribers export --email anna@example.org",
)
@option("--email", metavar="ADDRESS", help=N_("Only of this one, who has asked what is kept of them."))
@option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", help=N_("How it is written."))
@at_home
@click.pass_obj
def export(app: App, email: str | None, form: str, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        person = subscribers.by_email(session, email) if email else None
        if email and person is None:
            raise RecordError("{email}: there is no such subscriber; see: monitor subscribers list", email=email)
        if form == "csv":
            people = subscribers.everybody(session)
            barred = {one.address for one in subscribers.suppressions(session)}
            write_list((one for one in people if person is None or one[0].id == person.id), barred, sys.stdout)
            return
        addresses = Addresses(lambda token: house.site.search_feed_url(token, "atom"), house.site.search_calendar_url)
        for one in kept.everything_of(session, [person]) if person else kept.everything(session):
            write_json(person_line(one, addresses))
