"""Commands about the database itself: db."""

from pathlib import Path

import click

from db import migrate
from db.vocabulary.messages import N_
from monitor.cli.base import App, Group, at_home, command, opened
from monitor.config import load
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


db_group = Group("db", help=N_("The database."), example="monitor db check", commands=[upgrade, check_database])
