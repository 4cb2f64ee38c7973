"""Commands that fetch and read: collect, classify, portals."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from db.tenders import Moved
from db.vocabulary.messages import N_
from monitor.cli.base import App, at_home, command, opened, option, spoken, until_stopped, write_json
from monitor.household import Ended
from monitor.i18n import Language
from monitor.pipeline import Progress, ReadAgain, read_again, read_awards_again
from monitor.serving import serve
from monitor.standins.server import StandInSettings, app


class Day(click.ParamType[date]):
    """A day as 2026-04-01."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(spoken().text("write a day as 2026-04-01"), param, ctx)


@contextmanager
def moving_lines() -> Iterator[Callable[[str, str], None]]:
    """Lines that move on a terminal, on standard error, each a name and its figures; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda name, figures: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(file=sys.stderr), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(name: str, figures: str) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=None, figures=figures)
            bars.update(tasks[name], figures=figures)

        yield show


@contextmanager
def progress_bars(language: Language) -> Iterator[Callable[[Progress], None]]:
    """A moving line for each source that is collected."""
    with moving_lines() as show:

        def watch(progress: Progress) -> None:
            figures = language.text(
                "{requests} requests, {found} found, {new} new, {changed} changed",
                requests=language.number(progress.requests),
                found=language.number(progress.found),
                new=language.number(progress.new),
                changed=language.number(progress.changed),
            )
            show(progress.source, figures)

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


@command(
    "classify",
    N_("Read notices and awards again after the focus areas changed; nobody is alerted."),
    example="monitor classify --all",
)
@option("--all", "everything", is_flag=True, help=N_("Also those that were read with the areas as they are now."))
@option(
    "--examples",
    type=click.IntRange(0, 1_000),
    default=5,
    help=N_("How many titles to show for each area, of the tenders added and of those removed."),
)
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON."))
@at_home
@click.pass_obj
def classify(app: App, everything: bool, examples: int, json_: bool, config: Path | None, home: Path | None) -> None:
    language = app.language
    with opened(config, home) as house, moving_lines() as show:
        names = house.area_names(language.code)
        report = read_again(
            house.flow,
            everything=everything,
            examples=examples,
            watch=lambda report: show(language.text("classify"), _figures(report, language)),
        )
        awards = read_awards_again(
            house.flow,
            everything=everything,
            watch=lambda read: show(language.text("awards"), _awards_read(read, language)),
        )
    if json_:
        write_json(_moves_as_json(report, awards))
        return
    app.out.print(_figures(report, language), markup=False)
    if awards:
        app.out.print(_awards_read(awards, language), markup=False)
    moved = [(names.get(area, area), one) for area, one in report.areas.items() if one.added or one.removed]
    if not moved:
        return
    app.out.print()
    app.table(
        [N_("area"), N_("before"), N_("added"), N_("removed"), N_("after")],
        [
            (name, *(language.number(count) for count in (one.before, one.added, one.removed, one.after)))
            for name, one in moved
        ],
        right=(1, 2, 3, 4),
    )
    titles = [
        (name, word, example.title)
        for name, one in moved
        for word, some in (
            (language.text("added"), one.examples_added),
            (language.text("removed"), one.examples_removed),
        )
        for example in some
    ]
    if titles:
        app.out.print()
        app.table([N_("area"), N_("change"), N_("title")], titles)


def _figures(report: ReadAgain, language: Language) -> str:
    return language.text(
        "notices read: {read}; tenders whose focus areas changed: {moved}",
        read=language.number(report.read),
        moved=language.number(report.moved),
    )


def _awards_read(read: int, language: Language) -> str:
    return language.ntext("{count} award read", "{count} awards read", read)


def _moves_as_json(report: ReadAgain, awards: int) -> dict[str, object]:
    def named(examples: Sequence[Moved]) -> list[dict[str, object]]:
        return [{"id": one.id, "title": one.title} for one in examples]

    return {
        "read": report.read,
        "moved": report.moved,
        "awards": awards,
        "areas": {
            area: {
                "before": one.before,
                "added": one.added,
                "removed": one.removed,
                "after": one.after,
                "examples_added": named(one.examples_added),
                "examples_removed": named(one.examples_removed),
            }
            for area, one in report.areas.items()
        },
    }


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
