"""Commands that fetch and read: collect, sources, classify, check, portals."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from db import deliveries, runs
from db.runs import SourceHealth
from db.vocabulary.labels import RUN_STATES
from db.vocabulary.messages import N_
from db.vocabulary.run import RunState
from monitor.cli.base import App, Group, at_home, command, opened, option, spoken, until_stopped, write_json
from monitor.household import Ended, Household
from monitor.i18n import Language
from monitor.pipeline import Progress, read_again
from monitor.serving import serve
from monitor.standins.server import StandInSettings, app
from scrapers.registry import sources

LETTERS_LATE = timedelta(hours=6)
"""A letter that is not sent so long after its window ended is worth a look."""


class Day(click.ParamType[date]):
    """A day as 2026-04-01."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(spoken().text("write a day as 2026-04-01"), param, ctx)


@contextmanager
def progress_bars(language: Language) -> Iterator[Callable[[Progress], None]]:
    """Lines that move on a terminal, on standard error; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(file=sys.stderr), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def watch(progress: Progress) -> None:
            figures = language.text(
                "{requests} requests, {found} found, {new} new, {changed} changed",
                requests=language.number(progress.requests),
                found=language.number(progress.found),
                new=language.number(progress.new),
                changed=language.number(progress.changed),
            )
            if progress.source not in tasks:
                tasks[progress.source] = bars.add_task(progress.source, total=None, figures=figures)
            bars.update(tasks[progress.source], figures=figures)

        yield watch


def show_ended(app: App, ended: Sequence[Ended]) -> None:
    """The table that a round of collecting ends with."""
    language = app.language
    app.table(
        [N_("source"), N_("found"), N_("new"), N_("changed"), N_("error")],
        [
            (
                one.source,
                language.number(one.run.found) if one.run else "",
                language.number(one.run.new) if one.run else "",
                language.number(one.run.changed) if one.run else "",
                error_of(one, language),
            )
            for one in ended
        ],
        right=(1, 2, 3),
    )


def error_of(one: Ended, language: Language) -> str:
    """What went wrong with a source, in a line; empty where nothing did."""
    if one.run is None:
        return language.say(one.not_run) if one.not_run else ""
    if one.run.error is not None:
        return language.say(one.run.error)
    if one.run.problems:
        first = one.run.problems[0]
        return language.ntext(
            "{count} part not read – {part}: {why}",
            "{count} parts not read, the first – {part}: {why}",
            len(one.run.problems),
            part=first.part,
            why=language.say(first.saying),
        )
    return ""


def as_json(one: Ended) -> dict[str, object]:
    run = one.run
    return {
        "source": one.source,
        "state": run.state if run else "busy",
        "found": run.found if run else 0,
        "new": run.new if run else 0,
        "changed": run.changed if run else 0,
        "error": str(run.error) if run and run.error else str(one.not_run) if one.not_run else None,
        "problems": [f"{problem.part}: {problem.saying}" for problem in run.problems] if run else [],
    }


@command(
    "collect",
    N_("Fetch what is new from sources now, all that are enabled or those named, and tell how it went."),
    example="monitor collect kkj --since 2026-04-01",
)
@click.argument("slugs", metavar="[SOURCE…]", nargs=-1)
@option("--since", type=Day(), help=N_("Also fill in what was published from this day on; that alerts nobody."))
@option("--json", "json_", is_flag=True, help=N_("Write a line of JSON for each source."))
@at_home
@click.pass_obj
def collect(
    app: App, slugs: tuple[str, ...], since: date | None, json_: bool, config: Path | None, home: Path | None
) -> int:
    with opened(config, home) as house, progress_bars(app.language) as watch:
        ended = house.collect(slugs or house.enabled(), since=since, watch=watch)
    if json_:
        for one in ended:
            write_json(as_json(one))
    else:
        show_ended(app, ended)
    return 1 if any(one.failed for one in ended) else 0


def _age(language: Language, moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return language.text("never")
    hours = int((now - moment).total_seconds() // 3600)
    if hours == 0:
        return language.text("less than an hour ago")
    if hours < 48:
        return language.ntext("{count} hour ago", "{count} hours ago", hours)
    return language.ntext("{count} day ago", "{count} days ago", hours // 24)


def _health(house: Household) -> list[SourceHealth]:
    with house.database.reading() as session:
        return runs.health(session, house.enabled())


@command(
    "list", N_("Show every source, how it is doing, and what its last run found."), example="monitor sources list"
)
@option("--json", "json_", is_flag=True, help=N_("Write a line of JSON for each source."))
@at_home
@click.pass_obj
def list_sources(app: App, json_: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        now = house.clock()
        healths = _health(house)
        if json_:
            for health in healths:
                run = health.last_run
                write_json(
                    {
                        "source": health.source,
                        "state": run.state if run else None,
                        "last_success_at": health.last_success_at,
                        "failing_since": health.failing_since,
                        "found": run.found if run else None,
                        "usually_found": health.usually_found,
                        "error": str(run.error) if run and run.error else None,
                    }
                )
            return
        language = app.language
        app.table(
            [
                N_("source"),
                N_("name"),
                N_("state"),
                N_("last success"),
                N_("found"),
                N_("new"),
                N_("changed"),
                N_("error"),
            ],
            [
                (
                    health.source,
                    sources()[health.source].name if language.code == "ja" else sources()[health.source].name_en,
                    language.text(RUN_STATES[RunState(run.state)])
                    if (run := health.last_run)
                    else language.text("never run"),
                    _age(language, health.last_success_at, now),
                    language.number(run.found) if run else "",
                    language.number(run.new) if run else "",
                    language.number(run.changed) if run else "",
                    error_of(Ended(health.source, run), language) if run else "",
                )
                for health in healths
            ],
            right=(4, 5, 6),
        )


sources_group = Group(
    "sources", help=N_("The places that notices come from."), example="monitor sources list", commands=[list_sources]
)


@command(
    "check",
    N_("One line and an exit status for cron: is every enabled source fresh, and did the letters leave?"),
    example="monitor check || mail -s 'monitor' admin@example.org",
)
@at_home
@click.pass_obj
def check(app: App, config: Path | None, home: Path | None) -> int:
    with opened(config, home) as house:
        now = house.clock()
        language = app.language
        bad: list[str] = []
        for health in _health(house):
            overdue = health.last_success_at is None or (
                not 0 <= (now - health.last_success_at).total_seconds() <= 3 * 3600 * house.every_hours(health.source)
            )
            if health.failing_since or overdue:
                last = _age(language, health.last_success_at, now)
                bad.append(language.text("{source} (last success: {last})", source=health.source, last=last))
        with house.database.reading() as session:
            late = deliveries.waiting(session, since_before=now - LETTERS_LATE)
            lost = deliveries.given_up(session, since=now - 4 * LETTERS_LATE)
        if late or lost:
            bad.append(language.text("letters (waiting: {late}, given up: {lost})", late=late, lost=lost))
    if bad:
        app.out.print(language.text("failing: {sources}", sources=", ".join(bad)), markup=False, soft_wrap=True)
        return 1
    app.out.print(language.text("all sources are fresh, no letter is late"), markup=False)
    return 0


@command(
    "classify",
    N_("Read notices again after the focus areas changed; nobody is alerted."),
    example="monitor classify --all",
)
@option("--all", "everything", is_flag=True, help=N_("Also those that were read with the areas as they are now."))
@at_home
@click.pass_obj
def classify(app: App, everything: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        read, moved = read_again(house.flow, everything=everything)
    language = app.language
    app.out.print(
        language.text(
            "{read} read; the focus areas of {moved} changed",
            read=language.number(read),
            moved=language.number(moved),
        ),
        markup=False,
    )


@command(
    "portals",
    N_("Only the stand-in portals, over records in the layout of the samples."),
    example="monitor portals --data ../samples --port 8100",
)
@option(
    "--data", type=click.Path(path_type=Path), required=True, help=N_("The folder with a folder for each source.")
)
@option(
    "--port", type=click.IntRange(0, 65535), default=8100, help=N_("Where to listen on 127.0.0.1; 0: any free port.")
)
@option("--cap", type=click.IntRange(1), help=N_("Most records in an answer, to see how sources split."))
@option("--robots", type=click.Choice(["allow", "as-real"]), default="allow", help=N_("How robots.txt behaves."))
@click.pass_obj
def portals_command(obj: App, data: Path, port: int, cap: int | None, robots: str) -> None:
    with serve(
        app(data, StandInSettings(cap=cap, robots="as-real" if robots == "as-real" else "allow")), port
    ) as base:
        obj.say(
            'Portals at {base}; put stand_in = "{base}" under [network] to use them. Ctrl-C ends them.', base=base
        )
        until_stopped()
