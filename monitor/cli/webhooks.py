"""Commands about webhooks: whose they are, how they fare, and turning them on again."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import click

from db import calling, kept
from db.errors import RecordError
from db.kept import OwnedWebhook
from db.vocabulary.japanese import tokyo_iso
from db.vocabulary.messages import N_
from monitor.cli.base import App, Group, at_home, command, opened, option, write_json
from monitor.i18n import Language

AN_ID = "6f1c5a0e-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class WebhookLine:
    """A line of ``subscribers webhooks list --json``."""

    id: str
    email: str
    search: str
    form: str
    host: str
    failures: int
    disabled_at: str | None


def _host(url: str) -> str:
    """Where it leads. The rest of an address is often a password, as with Slack and Teams."""
    return urlsplit(url).hostname or ""


@command(
    "list",
    N_("Show every webhook: whose it is, where it leads, and whether calls are taken."),
    example="monitor subscribers webhooks list --json",
)
@option("--json", "json_", is_flag=True, help=N_("Write a line of JSON for each webhook."))
@at_home
@click.pass_obj
def list_webhooks(app: App, json_: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        found = kept.webhooks(session)
        if json_:
            for one in found:
                hook = one.webhook
                disabled_at = tokyo_iso(hook.disabled_at) if hook.disabled_at else None
                write_json(
                    WebhookLine(
                        str(hook.id), one.email, one.search, hook.form, _host(hook.url), hook.failures, disabled_at
                    )
                )
            return
        app.table(
            [N_("subscriber"), N_("saved search"), N_("form"), N_("address"), N_("state"), N_("id")],
            [
                (
                    one.email,
                    one.search,
                    one.webhook.form,
                    f"{_host(one.webhook.url)}/…",
                    _state_text(one, app.language),
                    one.webhook.id,
                )
                for one in found
            ],
        )


def _state_text(one: OwnedWebhook, language: Language) -> str:
    hook = one.webhook
    if hook.disabled_at is not None:
        return language.text("turned off since {moment}", moment=language.moment(hook.disabled_at))
    if hook.failures:
        return language.ntext("failed {count} time in a row", "failed {count} times in a row", hook.failures)
    return language.text("in order")


@command(
    "try",
    N_("Call a webhook with a message that says that it is a test."),
    example=f"monitor subscribers webhooks try {AN_ID}",
)
@click.argument("webhook", type=click.UUID)
@at_home
@click.pass_obj
def try_webhook(app: App, webhook: UUID, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        house.try_webhook(webhook)
    app.out.print(app.language.text("the webhook has taken the test"), markup=False)


@command(
    "enable",
    N_("Call a webhook again that was turned off; what was found meanwhile is not posted."),
    example=f"monitor subscribers webhooks enable {AN_ID}",
)
@click.argument("webhook", type=click.UUID)
@at_home
@click.pass_obj
def enable(app: App, webhook: UUID, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        if house.database.write(lambda session: calling.enable(session, webhook)) is None:
            raise _unknown(webhook)
    app.out.print(app.language.text("the webhook is called again from now on"), markup=False)


@command(
    "remove",
    N_("Delete a webhook with the calls that wait."),
    example=f"monitor subscribers webhooks remove {AN_ID}",
)
@click.argument("webhook", type=click.UUID)
@at_home
@click.pass_obj
def remove(app: App, webhook: UUID, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        if not house.database.write(lambda session: calling.remove_webhook(session, webhook)):
            raise _unknown(webhook)
    app.out.print(app.language.text("the webhook is removed"), markup=False)


def _unknown(webhook: UUID) -> RecordError:
    return RecordError("{id}: there is no such webhook; see: monitor subscribers webhooks list", id=webhook)


webhooks_group = Group(
    "webhooks",
    help=N_("Addresses of subscribers' own services, called with what a saved search finds."),
    example="monitor subscribers webhooks list",
    commands=[list_webhooks, try_webhook, enable, remove],
)
