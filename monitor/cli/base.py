"""What all commands share: translated help with an example, the opened home, tables and errors."""

import copy
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import msgspec
from click.types import OptionHelpExtra
from rich.console import Console
from rich.table import Table
from rich.text import Text

from db.vocabulary.messages import N_, Told
from monitor.config import load
from monitor.household import Household, household
from monitor.i18n import Language
from monitor.logs import log_to

WIDTH = 160
"""Columns of a table that does not go to a terminal."""


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """A text without what would steer the terminal: portals' words are shown, not obeyed."""
    return _CONTROLS.sub("", text)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class UsageProblem(Told):
    """A mistake in the command line."""


@dataclass(slots=True)
class App:
    """The program's surroundings: how it speaks."""

    language: Language

    @property
    def out(self) -> Console:
        """Results go here."""
        return _Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDTH, highlight=False)

    @property
    def err(self) -> Console:
        """Everything else goes here."""
        return _Console(file=sys.stderr, width=None if sys.stderr.isatty() else WIDTH, highlight=False)

    def say(self, text: str, **values: object) -> None:
        """A line for the person at the terminal, on standard error."""
        self.err.print(plain(self.language.text(text, **values)), markup=False, soft_wrap=True)

    def fail(self, line: str, *, status: int = 1) -> int:
        self.err.print(plain(self.language.text("error: {line}", line=line)), markup=False, soft_wrap=True)
        return status

    def usage(self, error: click.ClickException) -> str:
        """A mistake in the command line, in the person's language."""
        match error:
            case click.NoSuchOption():
                said = self.language.text("there is no option {name}", name=error.option_name)
            case click.MissingParameter():
                name = _asked(error.param) or error.param_hint
                said = self.language.text("{name} is missing", name=name)
            case click.BadParameter():
                name = _asked(error.param) or error.param_hint
                said = self.language.text("{name}: {why}", name=name, why=error.message)
            case _:
                said = error.message
        if isinstance(error, click.UsageError) and error.ctx:
            return self.language.text(
                "{said} – see {command} --help", said=said.rstrip("."), command=error.ctx.command_path
            )
        return said

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> None:
        """A table on standard output."""
        shown = Table(box=None, pad_edge=False, header_style="bold")
        for number, column in enumerate(columns):
            shown.add_column(
                self.language.text(column), justify="right" if number in right else "left", overflow="fold"
            )
        for row in rows:
            # A title may hold what looks like rich's own markup.
            shown.add_row(*(Text("" if cell is None else plain(str(cell))) for cell in row))
        self.out.print(shown)


def until_stopped() -> None:
    """Wait for Ctrl-C or SIGTERM: the way out of what stays."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def write_json(value: object) -> None:
    """A value as one line of JSON on standard output."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


def _asked(param: click.Parameter | None) -> str:
    """A parameter as the person types it."""
    if isinstance(param, click.Option):
        return param.opts[0]
    return (
        param.make_metavar(click.get_current_context(silent=True) or click.Context(click.Command("")))
        if param
        else ""
    )


class Option(click.Option):
    """An option whose help is in the person's language."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        said = copy.copy(self)
        said.help = _said(self.help)
        return click.Option.get_help_record(said, ctx)

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:
        extra = super().get_help_extra(ctx)
        if "required" in extra:
            extra["required"] = _said(N_("required"))
        return extra


class _Translated(click.Command):
    example: str

    def get_short_help_str(self, limit: int = 45) -> str:
        return _said(self.help)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=spoken().text("Usage:") + " ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_said(self.help))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = [record for option in options if (record := option.get_help_record(ctx)) is not None]
        if records:
            with formatter.section(spoken().text("Options")):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(spoken().text("Example")):
            formatter.write_text(self.example)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return Option(
            ["--help"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            help=N_("Show this text and end."),
            callback=_show_help,
        )


class Command(_Translated):
    """A command with an example in its help."""

    def __init__(self, name: str, *, example: str, **more: Any) -> None:
        super().__init__(name, **more)
        self.example = example


class Group(_Translated, click.Group):
    """A command that has commands."""

    def __init__(self, name: str, *, example: str, commands: Sequence[click.Command], **more: Any) -> None:
        super().__init__(name, commands=list(commands), no_args_is_help=True, **more)
        self.example = example

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order in which one needs them

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            known = ", ".join(self.commands)
            raise UsageProblem("there is no command {name}; there are: {known}", name=args[0], known=known)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        rows = [(name, command.get_short_help_str()) for name, command in self.commands.items()]
        with formatter.section(spoken().text("Commands")):
            formatter.write_dl(rows)


def _said(text: str | None) -> str:
    return spoken().text(text) if text else ""


def spoken() -> Language:
    app = click.get_current_context().find_object(App)
    assert app is not None, "main() hands the App to every command"
    return app.language


def _show_help(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(ctx.get_help())
        ctx.exit()


def show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(version("japan-tender-monitor"))
        ctx.exit()


def option(*names: str, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A translated option."""
    return click.option(*names, cls=Option, **more)


def command(name: str, help: str, *, example: str) -> Callable[[Callable[..., Any]], Command]:
    """A translated command with an example."""

    def made(function: Callable[..., Any]) -> Command:
        return click.command(name, cls=Command, help=help, example=example)(function)

    return made


def at_home(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options with which every command finds its configuration and its home."""
    function = option("--home", type=click.Path(path_type=Path), help=N_("The home directory; else [storage] home."))(
        function
    )
    return option("--config", type=click.Path(path_type=Path), help=N_("The configuration file; else config.toml."))(
        function
    )


@contextmanager
def opened(config: Path | None, home: Path | None) -> Iterator[Household]:
    """The home that the options name, with its log open."""
    settings = load(config)
    with household(settings, home=home) as house:
        log_to(house.home / "logs")
        yield house
