"""Commands about subscribers: who gets letters, about what, and when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import click
from sqlmodel import Session

from alerts.links import Purpose
from alerts.wording import frequency_text
from db import search as finding
from db import subscribers
from db.errors import RecordError
from db.subscriber import SavedSearch, Subscriber, Suppression
from db.subscribers import Choices, checked_address
from db.vocabulary.delivery import Frequency, SubscriberState, SuppressionReason
from db.vocabulary.japanese import to_tokyo, tokyo_iso
from db.vocabulary.messages import N_
from db.vocabulary.window import zone
from monitor.cli.base import App, Group, at_home, command, opened, option, plain, write_json
from monitor.cli.collecting import Day
from monitor.cli.looking import parsed
from monitor.cli.subscriber_lists import export, import_list
from monitor.cli.webhooks import webhooks_group
from monitor.i18n import LANGUAGES, Language
from monitor.subscriptions import WEEKDAYS, Given, hour_of, search_name, weekday_of, whole_query, zone_of
from monitor.web.forms import chosen_by

PREVIEW_DAYS = 30

STATES = {
    SubscriberState.PENDING: N_("not confirmed yet"),
    SubscriberState.ACTIVE: N_("active"),
    SubscriberState.UNSUBSCRIBED: N_("unsubscribed"),
}
REASONS = {
    SuppressionReason.BOUNCE: N_("letters came back"),
    SuppressionReason.COMPLAINT: N_("reported as spam"),
    SuppressionReason.OPERATOR: N_("by the operator"),
}


# What programs are told ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListedSearch:
    name: str
    query: str
    frequency: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLine:
    """A line of ``subscribers list --json``."""

    email: str
    state: str
    active: bool
    language: str
    zone: str
    hour: str
    weekday: str
    alerts: bool
    reminders: bool
    paused_until: str | None
    suppressed: str | None
    """Why nothing is sent to the address; null where nothing forbids it."""
    searches: list[ListedSearch]


@dataclass(frozen=True, slots=True)
class SuppressedLine:
    address: str
    reason: str
    remark: str
    at: str


def _listed(person: Subscriber, searches: Sequence[SavedSearch], barred: Suppression | None) -> ListedLine:
    return ListedLine(
        email=person.email,
        state=person.state,
        active=person.active,
        language=person.language,
        zone=person.time_zone,
        hour=f"{person.digest_at:%H:%M}",
        weekday=WEEKDAYS[person.weekday],
        alerts=person.alerts,
        reminders=person.reminders,
        paused_until=person.paused_until.isoformat() if person.paused_until else None,
        suppressed=f"{barred.reason} {barred.status}".rstrip() if barred else None,
        searches=[ListedSearch(one.name, one.query, one.frequency, one.confirmed_at is not None) for one in searches],
    )


def _write(app: App, line: str) -> None:
    app.out.print(plain(line), markup=False, soft_wrap=True)


def _known(session: Session, email: str) -> Subscriber:
    found = subscribers.by_email(session, email)
    if found is None:
        raise RecordError("{email}: there is no such subscriber; see: monitor subscribers list", email=email)
    return found


# Adding and listing --------------------------------------------------------------------------------------


@command(
    "add",
    N_("Add a subscriber, or another saved search of one, and say what it would have found lately."),
    example="monitor subscribers add anna@example.org --name Hydrogen --query 'area:renewables 水素' --frequency weekly",
)
@click.argument("email")
@option("--query", default="", help=N_("What to look for, in the query language; empty: everything."))
@option("--area", "areas", multiple=True, help=N_("A focus area; may be given several times."))
@option("--name", default="", help=N_("The name of the saved search; else the query itself."))
@option(
    "--frequency",
    type=click.Choice([one.value for one in Frequency]),
    default=Frequency.DAILY.value,
    help=N_("When its finds are told; never: only by its feed and its calendar."),
)
@option("--language", type=click.Choice(LANGUAGES), help=N_("The language of the letters."))
@option("--zone", "zone_name", metavar="ZONE", help=N_("The time zone that hour and weekday are in: Europe/Paris."))
@option("--hour", metavar="HH:MM", help=N_("When the letters of a day come."))
@option("--weekday", type=click.Choice(WEEKDAYS), help=N_("When the letters of a week come."))
@option("--again", is_flag=True, help=N_("Also for somebody who has unsubscribed: they asked for it anew."))
@at_home
@click.pass_obj
def add(
    app: App,
    email: str,
    query: str,
    areas: tuple[str, ...],
    name: str,
    frequency: str,
    language: str | None,
    zone_name: str | None,
    hour: str | None,
    weekday: str | None,
    again: bool,
    config: Path | None,
    home: Path | None,
) -> None:
    given = Given(
        language,
        zone_of(zone_name) if zone_name else None,
        hour_of(hour) if hour else None,
        weekday_of(weekday) if weekday else None,
    )
    with opened(config, home) as house:
        whole = whole_query(query, areas, [area.slug for area in house.areas])
        tree = parsed(app, house, whole)
        called = search_name(name, whole, app.language.text("everything"))
        start = Choices(language=house.config.site.language, digest_at=house.config.mail.digest_at)
        now = house.clock()

        def work(session: Session) -> tuple[Subscriber, bool]:
            there = subscribers.by_email(session, email)
            choices = given.over(chosen_by(there) if there and there.active else start)
            person = subscribers.add(session, email, choices=choices, now=now, again=again)
            subscribers.save_search(session, person, called, whole, now=now, frequency=Frequency(frequency))
            return person, subscribers.suppression(session, email) is not None

        person, barred = house.database.write(work)
        with house.database.reading() as session:
            today = to_tokyo(now)
            since = today.date().fromordinal(today.date().toordinal() - PREVIEW_DAYS)
            found = finding.count(session, tree, now=today, since=since).found
    _write(
        app,
        app.language.text(
            "{email} is subscribed; in the last {days} days this search would have found {found}",
            email=person.email,
            days=PREVIEW_DAYS,
            found=app.language.number(found),
        ),
    )
    app.say("Letters about it: {how_often}.", how_often=frequency_text(Frequency(frequency), person, app.language))
    if barred:
        app.say("Nothing is sent there any more; if that is over: monitor subscribers allow {email}", email=email)


@command("list", N_("Show every subscriber and their saved searches."), example="monitor subscribers list --json")
@option("--json", "json_", is_flag=True, help=N_("Write a line of JSON for each subscriber."))
@at_home
@click.pass_obj
def list_subscribers(app: App, json_: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        barred = {one.address: one for one in subscribers.suppressions(session)}
        everybody = subscribers.everybody(session)
        if json_:
            for person, searches in everybody:
                write_json(_listed(person, searches, barred.get(person.email.lower())))
            return
        language, now = app.language, to_tokyo(house.clock())
        rows: list[tuple[str, ...]] = []
        for person, searches in everybody:
            today = now.astimezone(zone(person.time_zone)).date()
            who = (
                person.email,
                person.language,
                f"{person.digest_at:%H:%M} {person.time_zone}",
                _state_text(person, barred.get(person.email.lower()), today, language),
            )
            told = [(one.name, _frequency_cell(one, language), one.query) for one in searches]
            rows += [(*who, *cells) for cells in told or [("", "", "")]]
        app.table(
            [
                *(N_("subscriber"), N_("language"), N_("hour"), N_("state")),
                *(N_("saved search"), N_("how often"), N_("query")),
            ],
            rows,
        )


def _state_text(person: Subscriber, barred: Suppression | None, today: date, language: Language) -> str:
    said = [language.text(STATES[SubscriberState(person.state)])]
    if person.paused_until is not None and person.paused_until > today:
        said.append(language.text("paused until {day}", day=language.day(person.paused_until)))
    if barred is not None:
        said.append(language.text("nothing is sent: {why}", why=_reason_text(barred, language)))
    return language.join(said)


def _reason_text(barred: Suppression, language: Language) -> str:
    reason = language.text(REASONS[SuppressionReason(barred.reason)])
    return f"{reason} ({barred.status})" if barred.status else reason


def _frequency_cell(search: SavedSearch, language: Language) -> str:
    if search.confirmed_at is None:
        return language.join([search.frequency, language.text(STATES[SubscriberState.PENDING])])
    return search.frequency


# One of them ---------------------------------------------------------------------------------------------


@command(
    "pause",
    N_("Hold a subscriber's letters back until a day; what is found meanwhile is told then."),
    example="monitor subscribers pause anna@example.org --until 2026-09-01",
)
@click.argument("email")
@option(
    "--until",
    type=Day(),
    required=True,
    help=N_("The first day on which letters go out again."),
)
@at_home
@click.pass_obj
def pause(app: App, email: str, until: date, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        now = house.clock()

        def work(session: Session) -> Subscriber:
            person = _known(session, email)
            if until <= now.astimezone(zone(person.time_zone)).date():
                raise RecordError("{day}: has begun or is over; write a day to come", day=until)
            _pause(session, person, until)
            return person

        person = house.database.write(work)
    _write(
        app,
        app.language.text("{email} gets no letters until {day}", email=person.email, day=app.language.day(until)),
    )


@command(
    "resume",
    N_("Let the letters of a subscriber who paused go out again, with what was found meanwhile."),
    example="monitor subscribers resume anna@example.org",
)
@click.argument("email")
@at_home
@click.pass_obj
def resume(app: App, email: str, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:

        def work(session: Session) -> Subscriber:
            person = _known(session, email)
            _pause(session, person, None)
            return person

        person = house.database.write(work)
    _write(app, app.language.text("{email} gets letters again", email=person.email))
    if not person.active:
        state = app.language.text(STATES[SubscriberState(person.state)])
        app.say("They do not get any at the moment: {state}", state=state)


def _pause(session: Session, person: Subscriber, until: date | None) -> None:
    subscribers.choose(session, person.id, replace(chosen_by(person), paused_until=until))


@command(
    "link",
    N_("Print a fresh link to the page of a subscriber's choices, for somebody who cannot find a letter."),
    example="monitor subscribers link anna@example.org",
)
@click.argument("email")
@at_home
@click.pass_obj
def link(app: App, email: str, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        person = _known(session, email)
        if person.state == SubscriberState.PENDING:
            raise RecordError("{email}: has not confirmed yet, so there is nothing to choose", email=person.email)
        token = house.links.token(Purpose.CHOICES, person.id, now=house.clock())
        _write(app, house.site.choices_url(token, person.language))
    app.say("Whoever has this link can change the choices of {email} for 30 days.", email=person.email)


@command(
    "forget",
    N_("Delete a subscriber with everything that is known of them."),
    example="monitor subscribers forget anna@example.org",
)
@click.argument("email")
@at_home
@click.pass_obj
def forget(app: App, email: str, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:

        def work(session: Session) -> bool:
            if not subscribers.forget(session, email):
                raise RecordError("{email}: there is no such subscriber; see: monitor subscribers list", email=email)
            return subscribers.suppression(session, email) is not None

        barred = house.database.write(work)
    _write(app, app.language.text("{email} is forgotten", email=email))
    if barred:
        app.say(
            "That nothing is sent there stays known; to delete that, too: monitor subscribers allow {email}",
            email=email,
        )


# Who is never written to ---------------------------------------------------------------------------------


@command(
    "suppress",
    N_("Send nothing to an address any more, whoever asks for it."),
    example="monitor subscribers suppress anna@example.org --reason 'asked by telephone'",
)
@click.argument("email")
@option("--reason", required=True, help=N_("Why, in your words; it is kept with the address."))
@at_home
@click.pass_obj
def suppress(app: App, email: str, reason: str, config: Path | None, home: Path | None) -> None:
    address, remark = checked_address(email), " ".join(reason.split())
    with opened(config, home) as house:
        now = house.clock()
        house.database.write(
            lambda session: subscribers.suppress(session, address, SuppressionReason.OPERATOR, now=now, status=remark)
        )
    _write(app, app.language.text("nothing is sent to {email} any more", email=address))


@command(
    "allow",
    N_("Let letters go to an address again to which nothing was sent any more."),
    example="monitor subscribers allow anna@example.org",
)
@click.argument("email")
@at_home
@click.pass_obj
def allow(app: App, email: str, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        if not house.database.write(lambda session: subscribers.allow(session, email)):
            raise RecordError(
                "{email}: nothing forbids to write there; see: monitor subscribers suppressions", email=email
            )
    _write(app, app.language.text("letters may go to {email} again", email=email))


@command(
    "suppressions",
    N_("Show the addresses to which nothing is sent any more, and why."),
    example="monitor subscribers suppressions",
)
@option("--json", "json_", is_flag=True, help=N_("Write a line of JSON for each address."))
@at_home
@click.pass_obj
def suppressions(app: App, json_: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        found = subscribers.suppressions(session)
        if json_:
            for one in found:
                write_json(SuppressedLine(one.address, one.reason, one.status, tokyo_iso(one.at)))
            return
        app.table(
            [N_("address"), N_("why"), N_("since")],
            [(one.address, _reason_text(one, app.language), app.language.moment(one.at)) for one in found],
        )


subscribers_group = Group(
    "subscribers",
    help=N_("Who gets letters, and about what."),
    example="monitor subscribers list",
    commands=[
        *(add, list_subscribers, import_list, export),
        *(pause, resume, link, forget),
        *(suppress, allow, suppressions),
        webhooks_group,
    ],
)
