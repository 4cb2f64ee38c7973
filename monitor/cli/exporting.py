"""Commands that write the record to files."""

from pathlib import Path

import click

from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_
from monitor.cli.base import App, Group, at_home, command, opened, option
from monitor.cli.looking import parsed
from monitor.exports.lines import export_jsonl


@command(
    "jsonl",
    N_("Write tenders as JSON Lines, one tender a line."),
    example="monitor export jsonl tenders.jsonl --query area:mobility",
)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@option("--query", default="", help=N_("What to look for, in the query language; empty: everything."))
@at_home
@click.pass_obj
def jsonl(app: App, out: Path, query: str, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        tree = parsed(app, house, query)
        count = export_jsonl(session, tree, out, now=to_tokyo(house.clock()))
    app.say("{count} tenders written to {file}", count=app.language.number(count), file=out)


export_group = Group(
    "export", help=N_("Write the record to files."), example="monitor export jsonl tenders.jsonl", commands=[jsonl]
)
