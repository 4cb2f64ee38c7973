"""Commands about readers: subscribers and their letters."""

from datetime import timedelta
from pathlib import Path

import click
from sqlmodel import Session

from alerts.outbox import Result
from db import deliveries, subscribers
from db import search as finding
from db.errors import RecordError
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_
from db.vocabulary.window import Schedule, window_before
from monitor.cli.base import App, Group, at_home, command, opened, option, write_json
from monitor.cli.looking import parsed

PREVIEW_DAYS = 30


@command(
    "add",
    N_("Add a subscriber, or another saved search of one, and say what it would have found lately."),
    example="monitor subscribers add anna@example.org --name Hydrogen --query 'area:renewables 水素'",
)
@click.argument("email")
@option("--query", default="", help=N_("What to look for, in the query language; empty: everything."))
@option("--area", "areas", multiple=True, help=N_("A focus area; may be given several times."))
@option("--name", default="", help=N_("The name of the saved search; else the query itself."))
@option("--again", is_flag=True, help=N_("Also for somebody who has unsubscribed: they asked for it anew."))
@option("--language", type=click.Choice(["en", "ja"]), help=N_("The language of the letters."))
@at_home
@click.pass_obj
def add(
    app: App,
    email: str,
    query: str,
    areas: tuple[str, ...],
    name: str,
    again: bool,
    language: str | None,
    config: Path | None,
    home: Path | None,
) -> None:
    with opened(config, home) as house:
        known = [area.slug for area in house.areas]
        for area in areas:
            if area not in known:
                raise RecordError(
                    "there is no focus area {area}; there are: {areas}", area=area, areas=", ".join(known)
                )
        parts = [f"area:{','.join(areas)}"] if areas else []
        if query:
            parts.append(f"({query})" if areas else query)
        whole = " ".join(parts)
        tree = parsed(app, house, whole)
        now = house.clock()
        spoken = language or house.config.site.language

        def work(session: Session) -> None:
            choices = subscribers.Choices(language=spoken, digest_at=house.config.mail.digest_at)
            person = subscribers.add(session, email, choices=choices, now=now, again=again)
            subscribers.save_search(session, person, name or whole or app.language.text("everything"), whole, now=now)

        house.database.write(work)
        with house.database.reading() as session:
            today = to_tokyo(now)
            since = today.date().fromordinal(today.date().toordinal() - PREVIEW_DAYS)
            found = finding.count(session, tree, now=today, since=since).found
    app.out.print(
        app.language.text(
            "{email} is subscribed; in the last {days} days this search would have found {found}",
            email=email,
            days=PREVIEW_DAYS,
            found=app.language.number(found),
        ),
        markup=False,
        soft_wrap=True,
    )


@command("list", N_("Show every subscriber and their saved searches."), example="monitor subscribers list --json")
@option("--json", "json_", is_flag=True, help=N_("Write a line of JSON for each subscriber."))
@at_home
@click.pass_obj
def list_subscribers(app: App, json_: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        everybody = list(subscribers.everybody(session))
        if json_:
            for person, searches in everybody:
                write_json(
                    {
                        "email": person.email,
                        "language": person.language,
                        "active": person.active,
                        "searches": [{"name": search.name, "query": search.query} for search in searches],
                    }
                )
            return
        yes, no = app.language.text("active"), app.language.text("unsubscribed")
        app.table(
            [N_("subscriber"), N_("language"), N_("state"), N_("saved search"), N_("query")],
            [
                (person.email, person.language, yes if person.active else no, name, query)
                for person, searches in everybody
                for name, query in ([(search.name, search.query) for search in searches] or [("", "")])
            ],
        )


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
        if not house.database.write(lambda session: subscribers.forget(session, email)):
            raise RecordError("{email}: there is no such subscriber; see: monitor subscribers list", email=email)
    app.out.print(app.language.text("{email} is forgotten", email=email), markup=False)


subscribers_group = Group(
    "subscribers",
    help=N_("Who gets letters, and about what."),
    example="monitor subscribers list",
    commands=[add, list_subscribers, forget],
)


@command("deliver", N_("Send the letters that are due."), example="monitor deliver")
@at_home
@click.pass_obj
def deliver(app: App, config: Path | None, home: Path | None) -> int:
    with opened(config, home) as house:
        outcomes = house.deliver()
        with house.database.reading() as session:
            still = deliveries.waiting(session)
        now = house.clock()
        window = window_before(now, Schedule(digest_at=house.config.mail.digest_at))
    language = app.language
    for outcome in outcomes:
        if outcome.error is not None:
            app.err.print(language.say(outcome.error), markup=False, soft_wrap=True)
    sent = sum(outcome.result is Result.SENT for outcome in outcomes)
    app.out.print(
        language.text(
            "{sent} sent, {later} to be tried again, {given_up} given up",
            sent=language.number(sent),
            later=language.number(sum(outcome.result is Result.LATER for outcome in outcomes)),
            given_up=language.number(sum(outcome.result is Result.GIVEN_UP for outcome in outcomes)),
        ),
        markup=False,
    )
    if still:
        app.say("{count} letters are waiting for their next try", count=language.number(still))
    app.say("The next digests are due on {moment}.", moment=language.moment(window.end + timedelta(days=1)))
    return 1 if sent < len(outcomes) else 0
