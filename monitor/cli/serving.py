"""Commands that stay: run and serve."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import uvicorn

from db.vocabulary.messages import N_, Told
from monitor.cli.base import App, at_home, command, opened, option
from monitor.household import Household
from monitor.schedule import clockwork
from monitor.syndication import web_app


class PortTaken(Told):
    """The pages cannot be served where it was asked."""


@contextmanager
def _listening(house: Household, host: str | None, port: int | None) -> Iterator[tuple[socket.socket, str]]:
    """The socket to serve on and its address; before anything else is begun. Raises PortTaken."""
    web = house.config.web
    host, port = host or web.host, web.port if port is None else port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise PortTaken(
            "cannot listen on {host}, port {port} ({why}); choose another with --host and --port",
            host=host,
            port=port,
            why=getattr(error, "strerror", None) or error,
        ) from None
    with listener:
        shown = f"[{host}]" if family is socket.AF_INET6 else host
        yield listener, f"http://{shown}:{listener.getsockname()[1]}/"


def _serve(app: App, house: Household, listener: socket.socket, address: str) -> None:
    # uvicorn hands the signal on when it has ended; without this the process would die on the spot.
    signal.signal(signal.SIGTERM, _end)
    app.say("The pages are at {address}. Ctrl-C ends.", address=address)
    # The access log would hold the tokens in readers' links.
    uvicorn.Server(uvicorn.Config(web_app(house), log_config=None, access_log=False)).run(sockets=[listener])


def _end(_signal: int, _frame: object) -> None:
    raise SystemExit(0)


@command(
    "run",
    N_("Collect, send letters and serve the pages, in one process, until it is ended."),
    example="monitor run --config config.toml",
)
@option("--host", help=N_("The address to listen on."))
@option("--port", type=click.IntRange(0, 65535), help=N_("The port to listen on."))
@at_home
@click.pass_obj
def run(app: App, host: str | None, port: int | None, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, _listening(house, host, port) as (listener, address), clockwork(house):
        app.say(
            "Collecting: {sources}. The log is in {folder}.",
            sources=", ".join(house.enabled()),
            folder=house.home / "logs",
        )
        _serve(app, house, listener, address)


@command("serve", N_("Serve the pages only."), example="monitor serve --port 8000")
@option("--host", help=N_("The address to listen on."))
@option("--port", type=click.IntRange(0, 65535), help=N_("The port to listen on."))
@at_home
@click.pass_obj
def serve_command(app: App, host: str | None, port: int | None, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, _listening(house, host, port) as (listener, address):
        _serve(app, house, listener, address)
