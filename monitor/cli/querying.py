"""The command with which the record is asked in SQL."""

import csv
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from db.querying import SECONDS, Answer, Value, asked
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_
from monitor.cli.base import App, UsageProblem, at_home, command, opened, option, plain, write_json
from monitor.household import Household
from monitor.questions import EXAMPLES, example
from monitor.spreadsheets import harmless

SHOWN = 100
"""Rows of a table, unless more are asked for."""


@command(
    "sql",
    N_("Ask the record in SQL: only the views v_tenders, v_awards, v_notices and v_areas, and only for a while."),
    example="monitor sql 'SELECT kind, count(*) FROM v_tenders GROUP BY kind' --format csv",
)
@click.argument("statement", metavar="[SELECT…|-]", required=False)
@option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "jsonl"]),
    default="table",
    help=N_("How results are written."),
)
@option("--limit", type=click.IntRange(1), help=N_("At most so many rows; else 100 in a table, and all in a file."))
@option(
    "--seconds",
    type=click.FloatRange(0.001, 86_400),
    default=SECONDS,
    help=N_("After so many seconds it is given up (30)."),
)
@option("--example", "name", help=N_("Ask one of the questions that are known by name."))
@option("--examples", is_flag=True, help=N_("List the questions that are known by name."))
@at_home
@click.pass_obj
def sql_command(
    app: App,
    statement: str | None,
    form: str,
    limit: int | None,
    seconds: float,
    name: str | None,
    examples: bool,
    config: Path | None,
    home: Path | None,
) -> None:
    if examples:
        app.table([N_("name"), N_("question")], [(one.name, app.language.text(one.question)) for one in EXAMPLES])
        return
    if (statement is None) == (name is None):
        raise UsageProblem("give a SELECT, or - to read it from standard input, or --example NAME; see --examples")
    with opened(config, home) as house:
        sql = _example(app, house, name) if name is not None else _statement(statement or "")
        with asked(house.database, sql, seconds=seconds) as answer:
            _write(app, answer, form, limit or (SHOWN if form == "table" else None))


def _statement(given: str) -> str:
    return sys.stdin.buffer.read().decode("utf-8", "replace") if given == "-" else given


def _example(app: App, house: Household, name: str) -> str:
    known = example(name)
    app.say(known.question)
    if known.note:
        app.say(known.note)
    return known.on(to_tokyo(house.clock()).date())


def _write(app: App, answer: Answer, form: str, limit: int | None) -> None:
    rows = islice(answer.rows, limit)
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(harmless(name) for name in answer.columns)
        writer.writerows([harmless(one) if isinstance(one, str) else one for one in row] for row in rows)
    elif form == "jsonl":
        names = apart(answer.columns)
        for row in rows:
            write_json(dict(zip(names, row, strict=True)))
    else:
        _show(app, answer.columns, list(rows))
    if limit is not None and next(answer.rows, None) is not None:
        app.say("there are more; ask for them with --limit")


def _show(app: App, columns: Sequence[str], rows: list[tuple[Value, ...]]) -> None:
    """A table; unlike those of other commands its headings are nobody's words but the statement's."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        right = _are_figures(row[place] for row in rows)
        shown.add_column(Text(plain(column)), justify="right" if right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(plain(_shown(app, one, column))) for one, column in zip(row, columns, strict=True)))
    app.out.print(shown)


def _are_figures(values: Iterable[Value]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and not any(isinstance(value, str) for value in known)


def _shown(app: App, value: Value, column: str) -> str:
    """A value for the eye: long figures in groups of digits, but no years."""
    if value is None or isinstance(value, str):
        return value or ""
    if "year" in column:
        return str(value)
    return app.language.number(Decimal(str(round(value, 4))))


def apart(names: Sequence[str]) -> list[str]:
    """The names of columns, of which several may have been one: count, count_2, …"""
    found: list[str] = []
    for name in names:
        free, number = name, 2
        while free in found:
            free, number = f"{name}_{number}", number + 1
        found.append(free)
    return found
