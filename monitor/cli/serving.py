"""Commands that stay: run and serve."""

import signal
from pathlib import Path

import click
import uvicorn

from db.vocabulary.messages import N_
from monitor.cli.base import App, at_home, command, opened, option
from monitor.household import Household
from monitor.schedule import clockwork
from monitor.syndication import web_app


def _serve(app: App, house: Household, host: str | None, port: int | None) -> None:
    # uvicorn hands the signal on when it has ended; without this the process would die on the spot.
    signal.signal(signal.SIGTERM, _end)
    web = house.config.web
    host, port = host or web.host, web.port if port is None else port
    app.say("The pages are at {address}. Ctrl-C ends.", address=f"http://{host}:{port}/")
    # The access log would hold the tokens in readers' links.
    uvicorn.run(web_app(house), host=host, port=port, log_config=None, access_log=False)


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
    with opened(config, home) as house, clockwork(house):
        app.say(
            "Collecting: {sources}. The log is in {folder}.",
            sources=", ".join(house.enabled()),
            folder=house.home / "logs",
        )
        _serve(app, house, host, port)


@command("serve", N_("Serve the pages only."), example="monitor serve --port 8000")
@option("--host", help=N_("The address to listen on."))
@option("--port", type=click.IntRange(0, 65535), help=N_("The port to listen on."))
@at_home
@click.pass_obj
def serve_command(app: App, host: str | None, port: int | None, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        _serve(app, house, host, port)
