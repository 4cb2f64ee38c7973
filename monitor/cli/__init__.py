"""The commands. ``main`` is the program: it settles the language, the log and the exit status."""

import gc
import io
import logging
import os
import sys

import click

from db.vocabulary.messages import N_, Told
from monitor.cli.areas import areas_group, evaluate_command
from monitor.cli.base import App, Group, Option, show_version
from monitor.cli.collecting import classify, collect, portals_command
from monitor.cli.companies import companies_group
from monitor.cli.database import db_group
from monitor.cli.delivering import bounces_command, deliver
from monitor.cli.demo import demo
from monitor.cli.exporting import dump_command, export_group
from monitor.cli.looking import feed, search
from monitor.cli.partners import partners_command, renewals_command
from monitor.cli.querying import sql_command
from monitor.cli.reading import read, translate
from monitor.cli.serving import run, serve_command
from monitor.cli.sources import check, sources_group
from monitor.cli.statistics import stats
from monitor.cli.subscribers import subscribers_group
from monitor.cli.tenders import tenders_group
from monitor.i18n import language

monitor = Group(
    "monitor",
    help=N_("Watch Japanese public procurement: collect notices, sort them into focus areas, tell readers."),
    example="monitor demo",
    params=[
        Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            help=N_("Show the version and end."),
            callback=show_version,
        )
    ],
    commands=[
        demo,
        run,
        collect,
        sources_group,
        classify,
        translate,
        read,
        areas_group,
        evaluate_command,
        tenders_group,
        search,
        sql_command,
        stats,
        companies_group,
        partners_command,
        renewals_command,
        export_group,
        dump_command,
        feed,
        subscribers_group,
        deliver,
        bounces_command,
        serve_command,
        check,
        db_group,
        portals_command,
    ],
)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; ends the process with 0, or with 1 after one line on standard error."""
    gc.freeze()  # what is loaded by now stays: looking through it again and again took a tenth of an export's time
    sys.exit(status(sys.argv[1:] if arguments is None else arguments))


def status(arguments: list[str]) -> int:
    """Run a command and give its exit status."""
    spoken = language(os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en")
    app = App(spoken)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot write Japanese shows codes in its place.
            stream.reconfigure(errors="backslashreplace")
    try:
        result = monitor.main(arguments, prog_name="monitor", standalone_mode=False, obj=app)
    except Told as error:
        return app.fail(spoken.say(error.saying))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return app.fail(app.usage(error))
    except (click.Abort, KeyboardInterrupt):
        return app.fail(spoken.text("stopped"), status=130)
    except BrokenPipeError:
        # Whoever read our output has had enough (monitor … | head).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return app.fail(str(error))
    except Exception as error:
        logging.getLogger(__name__).exception("defect")
        return app.fail(
            spoken.text("a defect in the monitor ({why}); please report it, the log has more", why=repr(error))
        )
    finally:
        logging.shutdown()
    return result if isinstance(result, int) else 0
