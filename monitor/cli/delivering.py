"""Commands that send what is due, look at it before, and take what comes back."""

import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click

from alerts.bounces import MOST_BYTES, Came
from alerts.letter import as_bytes
from alerts.outbox import Outcome, Planned, Result
from db import deliveries, subscribers
from db.errors import RecordError
from db.vocabulary.delivery import LetterKind
from db.vocabulary.japanese import tokyo_iso
from db.vocabulary.messages import N_, Told
from db.vocabulary.window import Schedule, window_before
from monitor.calling import Called
from monitor.cli.base import App, UsageProblem, at_home, command, opened, option, plain, write_json
from monitor.household import Household
from monitor.i18n import Language
from monitor.web.operators import LETTERS

PREVIEWS = "previews"
"""In a home: where previews are put."""
TEMPORARY_FAILURE = 75
"""EX_TEMPFAIL of sysexits.h: a mail server that pipes a mail into us keeps it and tries again."""

CAME: Mapping[Came, str] = {
    Came.SUPPRESSED: N_("could not be delivered: nothing is sent there any more"),
    Came.COUNTED: N_("could not be delivered: counted"),
    Came.LATER: N_("late, or the mailbox is full: nothing follows"),
    Came.REFUSED: N_("refused because of us: look into the log"),
    Came.COMPLAINT: N_("reported as spam: nothing is sent there any more"),
    Came.UNSUBSCRIBED: N_("asked for no more letters: unsubscribed"),
    Came.IGNORED: N_("something else: left alone"),
    Came.UNREADABLE: N_("could not be understood: look at it"),
}


# Sending -------------------------------------------------------------------------------------------------


@command(
    "deliver",
    N_(
        "Read what came back, send the letters that are due and call webhooks; or show what would be sent, or what "
        "somebody would get."
    ),
    example="monitor deliver --dry-run",
)
@option("--dry-run", is_flag=True, help=N_("Show who would get what now, and why; nothing is sent or changed."))
@option("--json", "json_", is_flag=True, help=N_("With --dry-run: write a line of JSON for each letter."))
@option("--to", metavar="ADDRESS", help=N_("With --preview: the subscriber whose letter is shown."))
@option(
    "--preview",
    is_flag=True,
    help=N_("Write the letter that --to would get now, else the last one, as files; nothing is sent."),
)
@option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help=N_("Where previews are put; else in the home.")
)
@option("--open", "open_", is_flag=True, help=N_("Show the preview in a browser; only at a terminal."))
@at_home
@click.pass_obj
def deliver(
    app: App,
    dry_run: bool,
    json_: bool,
    to: str | None,
    preview: bool,
    out: Path | None,
    open_: bool,
    config: Path | None,
    home: Path | None,
) -> int:
    if (to is not None) != preview or (preview and dry_run):
        raise UsageProblem(
            "--to and --preview go together, and without --dry-run: they show one letter and send none"
        )
    if json_ and not dry_run:
        raise UsageProblem("--json goes with --dry-run")
    if (out or open_) and not preview:
        raise UsageProblem("--out and --open go with --preview")
    with opened(config, home) as house:
        if to is not None:
            return _preview(app, house, to, out or house.home / PREVIEWS, show=open_)
        if dry_run:
            return _plan(app, house.plan(), json_=json_)
        return _deliver(app, house)


def _deliver(app: App, house: Household) -> int:
    came = house.read_inbox()
    outcomes = house.deliver()
    called = house.call_webhooks()
    with house.database.reading() as session:
        still = deliveries.waiting(session)
    window = window_before(house.clock(), Schedule(digest_at=house.config.mail.digest_at))
    language = app.language
    if came:
        app.out.print(
            language.text("came back: {what}", what=_came_text(came, language)), markup=False, soft_wrap=True
        )
    sent = _tell_letters(app, outcomes)
    _tell_calls(app, called)
    if still:
        app.say("{count} letters are waiting for their next try", count=language.number(still))
    app.say("The next digests are due on {moment}.", moment=language.moment(window.end + timedelta(days=1)))
    return 1 if sent < len(outcomes) else 0


def _tell_letters(app: App, outcomes: Sequence[Outcome]) -> int:
    """Tell what became of the letters; returns how many were sent."""
    language = app.language
    for outcome in outcomes:
        if outcome.error is not None:
            app.err.print(plain(language.say(outcome.error)), markup=False, soft_wrap=True)
    results = Counter(outcome.result for outcome in outcomes)
    app.out.print(
        language.text(
            "{sent} sent, {later} to be tried again, {given_up} given up",
            sent=language.number(results[Result.SENT]),
            later=language.number(results[Result.LATER]),
            given_up=language.number(results[Result.GIVEN_UP]),
        ),
        markup=False,
    )
    return results[Result.SENT]


def _tell_calls(app: App, called: Sequence[Called]) -> None:
    """Tell what became of the calls. One that is not taken is no failure of ours, and tried again."""
    language = app.language
    for one in called:
        if one.error is not None:
            app.say("webhook {id}: {why}", id=one.webhook_id, why=one.error)
    if called:
        failed = sum(one.error is not None for one in called)
        app.out.print(
            language.text(
                "webhooks: {taken} calls taken, {failed} not, {off} turned off",
                taken=language.number(len(called) - failed),
                failed=language.number(failed),
                off=language.number(sum(one.turned_off for one in called)),
            ),
            markup=False,
        )


# Looking without sending ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlannedSearch:
    name: str
    tenders: int


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A line of ``deliver --dry-run --json``."""

    email: str
    letter: str
    window_start: str
    window_end: str
    backlog: bool
    searches: list[PlannedSearch]
    reminders: int
    unread: list[str]


def _plan(app: App, planned: Sequence[Planned], *, json_: bool) -> int:
    language = app.language
    if json_:
        for one in planned:
            write_json(
                PlannedLine(
                    one.recipient,
                    one.kind,
                    tokyo_iso(one.window_start),
                    tokyo_iso(one.window_end),
                    one.backlog,
                    [PlannedSearch(name, tenders) for name, tenders in one.telling.searches],
                    one.telling.reminders,
                    [*one.unread],
                )
            )
        return 0
    if planned:
        app.table(
            [N_("subscriber"), N_("letter"), N_("up to"), N_("why")],
            [
                (
                    one.recipient,
                    language.text(LETTERS[one.kind]),
                    language.moment(one.window_end),
                    _why_text(one, language),
                )
                for one in planned
            ],
        )
    app.say(
        "letters that would be sent now: {count}; nothing was sent or changed", count=language.number(len(planned))
    )
    return 0


def _why_text(one: Planned, language: Language) -> str:
    """What a letter tells of, and what makes it an unusual one."""
    said = [f"{name} ({language.number(tenders)})" for name, tenders in one.telling.searches]
    if one.telling.reminders:
        said.append(language.text("closing soon: {count}", count=language.number(one.telling.reminders)))
    if one.unread and one.kind is LetterKind.DIGEST:
        said.append(language.text("not read: {sources}", sources=language.join(one.unread)))
    if one.backlog:
        said.append(language.text("with what earlier letters could not tell"))
    return language.join(said) or language.text("it answers a request")


def _preview(app: App, house: Household, email: str, folder: Path, *, show: bool) -> int:
    with house.database.reading() as session:
        if subscribers.by_email(session, email) is None:
            raise RecordError("{email}: there is no such subscriber; see: monitor subscribers list", email=email)
    letter = house.preview(email)
    if letter is None:
        raise RecordError("{email}: has had no letter yet, and none is due; there is nothing to show", email=email)
    # What may stand in an address is more than what should stand in the name of a file.
    name = re.sub(r"[^\w.@+-]", "_", letter.recipient).lstrip(".-")
    parts = {".eml": as_bytes(letter), ".html": letter.html.encode(), ".txt": letter.text.encode()}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it will hold links that need no password
        files = {ending: folder / f"{name}{ending}" for ending in parts}
        for ending, content in parts.items():
            files[ending].write_bytes(content)
    except OSError as error:
        raise RecordError(
            "{folder}: cannot be written to ({why}); choose another --out", folder=folder, why=error.strerror
        ) from None
    for file in files.values():
        app.out.print(str(file), markup=False, soft_wrap=True)
    app.say(
        "“{subject}”; nothing was sent. The links in it are real ones: keep the files to yourself.",
        subject=letter.subject,
    )
    if show and sys.stdout.isatty():
        click.launch(files[".html"].resolve().as_uri())
    return 0


# What comes back -----------------------------------------------------------------------------------------


@command(
    "bounces",
    N_(
        "Take mails that came back, from files, from standard input (-) or from a Maildir; without any of them from the "
        "one of [mail] inbox. Addresses that do not exist get nothing any more."
    ),
    example="monitor bounces --maildir /var/mail/bounces",
)
@click.argument("files", metavar="[FILE…|-]", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@option(
    "--maildir",
    type=click.Path(file_okay=False, path_type=Path),
    help=N_("A Maildir; what was taken is moved to its cur."),
)
@option(
    "--recipient",
    default="",
    metavar="ADDRESS",
    help=N_("The address that the mail came to, if the mail server tells it."),
)
@at_home
@click.pass_obj
def bounces_command(
    app: App, files: tuple[Path, ...], maildir: Path | None, recipient: str, config: Path | None, home: Path | None
) -> int:
    if files and maildir:
        raise UsageProblem("give files or --maildir, not both")
    came: Counter[Came] = Counter()
    try:
        with opened(config, home) as house:
            if files:
                for file in files:
                    came[house.take_returned(_mail(file), recipient=recipient)] += 1
            else:
                inbox = maildir or house.config.mail_settings(house.home).inbox
                if inbox is None:
                    raise UsageProblem("there is no [mail] inbox; give a file, - or --maildir")
                if not (inbox / "new").is_dir():
                    raise RecordError("{folder}: is no Maildir; it needs a folder new", folder=inbox)
                came = house.read_inbox(inbox)
    except Told as error:
        if Path("-") not in files:
            raise
        return app.fail(app.language.say(error.saying), status=TEMPORARY_FAILURE)
    app.out.print(
        _came_text(came, app.language) or app.language.text("nothing came back"), markup=False, soft_wrap=True
    )
    return 0


def _mail(file: Path) -> bytes:
    """As much of a mail as is looked at. All of it is read: a mail server takes a closed pipe for a failure."""
    if str(file) != "-":
        try:
            with file.open("rb") as reading:
                return reading.read(MOST_BYTES)
        except OSError as error:
            raise RecordError("{file}: cannot be read ({why})", file=file, why=error.strerror or error) from None
    message = sys.stdin.buffer.read(MOST_BYTES)
    while sys.stdin.buffer.read(MOST_BYTES):
        pass
    return message


def _came_text(came: Counter[Came], language: Language) -> str:
    """What came back, by what was done: 2 could not be delivered, …"""
    return "; ".join(
        f"{language.number(came[kind])} {language.text(label)}" for kind, label in CAME.items() if came[kind]
    )
