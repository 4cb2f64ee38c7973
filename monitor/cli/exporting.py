"""Commands that write the record to files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlmodel import Session

from db.releases import told_since
from db.vocabulary.japanese import TOKYO, to_tokyo
from db.vocabulary.messages import N_
from monitor.cli.base import App, Group, at_home, command, opened, option, spoken
from monitor.cli.collecting import moving_lines
from monitor.cli.looking import parsed
from monitor.exports import dates, dump, lines, sheets, writing
from monitor.exports.dictionary import TABLES, TENDERS
from monitor.exports.ocds import packages
from monitor.exports.ocds.packages import Form, Publishing
from monitor.exports.tables import Asked, rows
from monitor.exports.writing import Watch
from monitor.household import Household
from monitor.i18n import language as language_of


class Moment(click.ParamType[datetime]):
    """A day, which begins at midnight in Tokyo, or a moment; without an offset it is Tokyo's."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        text = str(value)
        try:
            if len(text) == len("2026-04-01"):
                return datetime.combine(date.fromisoformat(text), time(), TOKYO).astimezone(UTC)
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(spoken().text("write a day or a moment: 2026-04-01 or 2026-04-01T12:00:00+09:00"), param, ctx)


def to_a_file(function: Callable[..., Any]) -> Callable[..., Any]:
    """What every export is asked: where to, which, and since when."""
    function = at_home(function)
    function = option(
        "--since",
        type=Moment(),
        metavar="DAY|MOMENT",
        help=N_("Only what changed since then, in the order in which it did; else all, the newest first."),
    )(function)
    function = option("--query", default="", help=N_("What to look for, in the query language; empty: everything."))(
        function
    )
    return click.argument("out", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))(function)


def of_a_table(function: Callable[..., Any]) -> Callable[..., Any]:
    return option(
        "--table",
        type=click.Choice([*TABLES]),
        default=TENDERS.name,
        help=N_("What a row is: a tender, an award, or a notice of one source."),
    )(function)


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is being written: where to, what was asked, and whom to tell how far it is."""

    house: Household
    session: Session
    file: BinaryIO
    asked: Asked
    watch: Watch


@contextmanager
def exporting(
    app: App, out: Path, query: str, since: datetime | None, config: Path | None, home: Path | None
) -> Iterator[Export]:
    """Open the home and the file; a file that is not written to its end is not there."""
    with opened(config, home) as house, house.database.reading() as session, written(app, str(out)) as watch:
        asked = Asked(parsed(app, house, query), to_tokyo(house.clock()), since)
        with writing.opened(out) as file:
            yield Export(house, session, file, asked, watch)


@contextmanager
def written(app: App, name: str) -> Iterator[Watch]:
    """A line that moves on a terminal and counts."""
    with moving_lines() as show:
        yield lambda done: show(name, app.language.text("{count} written", count=app.language.number(done)))


def tell(app: App, out: Path, table: str, count: int) -> None:
    """Say what was written, on standard error."""
    said = {
        "tenders": N_("tenders written to {file}: {count}"),
        "awards": N_("awards written to {file}: {count}"),
        "notices": N_("notices written to {file}: {count}"),
    }
    app.say(said[table], count=app.language.number(count), file=out)


@command(
    "csv",
    N_("Write tenders, awards or notices as CSV, which spreadsheets open with a double click."),
    example="monitor export csv mobility.csv --query area:mobility",
)
@to_a_file
@of_a_table
@click.pass_obj
def to_csv(
    app: App, out: Path, query: str, since: datetime | None, table: str, config: Path | None, home: Path | None
) -> None:
    with exporting(app, out, query, since, config, home) as export:
        found = rows(export.session, table, export.asked, export.house.site)
        count = sheets.write_csv(export.file, TABLES[table], found, watch=export.watch)
    tell(app, out, table, count)


@command(
    "jsonl",
    N_("Write tenders, awards or notices as JSON Lines, one a line; of tenders with all that was read out of them."),
    example="monitor export jsonl tenders.jsonl --query area:mobility",
)
@to_a_file
@of_a_table
@click.pass_obj
def to_jsonl(
    app: App, out: Path, query: str, since: datetime | None, table: str, config: Path | None, home: Path | None
) -> None:
    with exporting(app, out, query, since, config, home) as export:
        if table == TENDERS.name:
            count = lines.write_tenders(export.session, export.asked, export.file, watch=export.watch)
        else:
            found = rows(export.session, table, export.asked, export.house.site)
            count = lines.write_rows(export.file, TABLES[table], found, watch=export.watch)
    tell(app, out, table, count)


@command(
    "parquet",
    N_("Write tenders, awards or notices as Parquet, for DuckDB, pandas and Spark."),
    example="monitor export parquet tenders.parquet --since 2026-04-01",
)
@to_a_file
@of_a_table
@click.pass_obj
def to_parquet(
    app: App, out: Path, query: str, since: datetime | None, table: str, config: Path | None, home: Path | None
) -> None:
    from monitor.exports import parquet  # 140 ms, which no other command waits for

    with exporting(app, out, query, since, config, home) as export:
        site = export.house.site
        count = parquet.write_parquet(
            export.file,
            TABLES[table],
            rows(export.session, table, export.asked, site),
            about=dump.about(site),
            watch=export.watch,
        )
    tell(app, out, table, count)


@command(
    "ocds",
    N_("Write tenders with all their notices and awards in the Open Contracting Data Standard 1.1.5."),
    example="monitor export ocds releases.jsonl --query area:mobility",
)
@to_a_file
@option(
    "--form",
    type=click.Choice([form.value for form in Form]),
    default=Form.RELEASES.value,
    help=N_("A release for each thing that was published, or a record for each tender."),
)
@click.pass_obj
def to_ocds(
    app: App, out: Path, query: str, since: datetime | None, form: str, config: Path | None, home: Path | None
) -> None:
    with exporting(app, out, query, since, config, home) as export:
        house, asked = export.house, export.asked
        ids = writing.ids_of(export.session, asked.query, asked.now, asked.since, told_since)
        publishing = Publishing(house.site, asked.now)
        # A package a line is read as it comes; one package is what a validator takes.
        write = packages.write_package if ".json" in out.suffixes else packages.write_lines
        count = write(export.session, ids, export.file, publishing, Form(form), watch=export.watch)
    tell(app, out, TENDERS.name, count)


@command(
    "ics",
    N_("Write the dates of tenders as one calendar: deadlines, meetings, openings."),
    example="monitor export ics mobility.ics --query area:mobility",
)
@to_a_file
@option("--language", type=click.Choice(["en", "ja"]), help=N_("The language of the calendar."))
@click.pass_obj
def to_ics(
    app: App,
    out: Path,
    query: str,
    since: datetime | None,
    language: str | None,
    config: Path | None,
    home: Path | None,
) -> None:
    with exporting(app, out, query, since, config, home) as export:
        house = export.house
        count, dated = dates.write_calendar(
            export.session,
            export.asked,
            export.file,
            query or house.site.name,
            site=house.site,
            language=language_of(language or house.config.site.language),
            watch=export.watch,
        )
    tell(app, out, TENDERS.name, count)
    if count < dated:
        app.say("of {count} with dates; the others are further away from today", count=app.language.number(dated))


@command(
    "dump",
    N_(
        "Write everything for others to take away: CSV, JSON Lines and Parquet with checksums, as the site offers it."
    ),
    example="monitor dump",
)
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@at_home
@click.pass_obj
def dump_command(app: App, folder: Path | None, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, moving_lines() as show:
        language = app.language

        def watch(name: str, done: int) -> None:
            show(name, language.text("{count} written", count=language.number(done)))

        made = dump.make(
            house.database, folder or dump.folder_of(house.home), house.site, now=house.clock(), watch=watch
        )
    app.say(
        "{tenders} tenders, {awards} awards and {notices} notices written to {folder}",
        folder=made.folder,
        **{name: language.number(made.rows[name]) for name in TABLES},
    )


export_group = Group(
    "export",
    help=N_("Write the record to files."),
    example="monitor export csv tenders.csv",
    commands=[to_csv, to_jsonl, to_parquet, to_ocds, to_ics],
)
