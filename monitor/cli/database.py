"""Commands about the database itself: db."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from db import migrate
from db.publishing import publish
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_
from monitor.cli.base import App, Group, UsageProblem, at_home, command, opened, option
from monitor.config import load
from monitor.datasette import metadata
from monitor.exports.writing import opened as written
from monitor.household import household


@command("upgrade", N_("Bring the database to the schema of this version."), example="monitor db upgrade")
@at_home
@click.pass_obj
def upgrade(app: App, config: Path | None, home: Path | None) -> None:
    with household(load(config), home=home, upgrade=True):
        app.out.print(app.language.text("the database is at schema {schema}", schema=migrate.head()), markup=False)


@command("check", N_("See whether the database can be used as it is."), example="monitor db check")
@at_home
@click.pass_obj
def check_database(app: App, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        house.database.check()
    app.out.print(
        app.language.text("the database is in order (schema {schema})", schema=migrate.head()), markup=False
    )


@command(
    "publish",
    N_("Write a copy for others: one SQLite file with tenders, awards, notices and areas, and nobody's address."),
    example="monitor db publish tenders.db --metadata tenders.json",
)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@option(
    "--metadata",
    "about",
    type=click.Path(dir_okay=False, path_type=Path),
    help=N_("Also write what Datasette is told of it, into this file."),
)
@at_home
@click.pass_obj
def publish_copy(app: App, out: Path, about: Path | None, config: Path | None, home: Path | None) -> None:
    if about is not None and about.resolve() == out.resolve():
        raise UsageProblem("{file}: the copy and what is told of it cannot be one file; give two names", file=out)
    with opened(config, home) as house, rows_written(app) as watch:
        counts = publish(house.database, out, watch=watch)
        if about is not None:
            today = to_tokyo(house.clock()).date()
            with written(about) as file:
                file.write(metadata(out.stem, site=house.site, language=app.language, today=today))
    told = {name: app.language.number(count) for name, count in counts.items()}
    app.say("{file}: {tenders} tenders, {awards} awards, {notices} notices, {areas} rows of areas", file=out, **told)


@contextmanager
def rows_written(app: App) -> Iterator[Callable[[int], None]]:
    """Says at a terminal how many rows are written."""
    if not sys.stderr.isatty():
        yield lambda rows: None
        return
    with app.err.status("") as status:
        yield lambda rows: status.update(app.language.ntext("{count} row", "{count} rows", rows))


db_group = Group(
    "db", help=N_("The database."), example="monitor db check", commands=[upgrade, check_database, publish_copy]
)
