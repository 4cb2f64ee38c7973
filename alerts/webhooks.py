"""What webhooks are sent: the signature of calls, and messages for Slack and for Teams.

Pure, like the feeds: it renders what it is handed. Titles and names come from sources, so whatever would be markup in
a channel (a mention of everybody, a link that says one thing and leads to another) is taken out of its power.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from alerts import reading
from alerts.feeds import plain, title_of
from alerts.language import Language
from alerts.site import Site
from alerts.wording import deadline_text, event_text, field_value, prefecture_name
from db.card import Card
from db.vocabulary.labels import FIELDS, KINDS
from db.vocabulary.notice import FieldChange
from db.vocabulary.tender import EventKind

PREFIX = "whsec_"
"""What keys of https://www.standardwebhooks.com begin with."""
MOST_CHANGES = 10
LONGEST_LINE = 400
"""Characters: Slack takes 3,000 in a block, Teams 28 kB in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a webhook is told: what happened to a tender, as it is now, and which saved search asked for it."""

    card: Card
    kind: EventKind
    changes: tuple[FieldChange, ...]
    why: tuple[str, ...]
    saved_search: str


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """Of a call, as https://www.standardwebhooks.com describes: version 1, HMAC with SHA-256."""
    key = b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((id.encode("ascii"), str(timestamp).encode("ascii"), body))
    return f"v1,{b64encode(hmac.new(key, signed, sha256).digest()).decode('ascii')}"


def headers(secret: str, id: UUID, body: bytes, *, now: datetime) -> dict[str, str]:
    """What a call is known by: its id, which stays the same when it is repeated, its moment, and its signature."""
    timestamp = int(now.timestamp())
    return {
        "webhook-id": str(id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, str(id), timestamp, body),
    }


def slack(told: Announcement, *, site: Site, language: Language, area_names: Mapping[str, str]) -> bytes:
    """A message for an incoming webhook of Slack: blocks, and a text for notifications and old programs."""
    url, title = site.tender_url(told.card.id, language.code), _short(title_of(told.card, language))
    heading = _heading(told, language)
    lines = [_slack_text(line) for line in _lines(told, site, language, area_names)]
    return _slack_message(
        f"{_slack_text(heading)}: {_slack_text(title)}",
        f"{_slack_text(heading)}\n*<{url}|{_slack_text(title)}>*\n" + "\n".join(lines),
    )


def slack_note(text: str) -> bytes:
    """A message of Slack with one plain text."""
    return _slack_message(_slack_text(plain(text)), _slack_text(plain(text)))


def teams(told: Announcement, *, site: Site, language: Language, area_names: Mapping[str, str]) -> bytes:
    """A message for a webhook of Teams' Workflows: an adaptive card 1.4."""
    url = site.tender_url(told.card.id, language.code)
    runs: list[dict[str, object]] = [
        {"text": _heading(told, language), "isSubtle": True},
        {"text": _short(title_of(told.card, language)), "weight": "Bolder", "size": "Medium"},
    ]
    runs += [{"text": line} for line in _lines(told, site, language, area_names)]
    return _teams_message(runs, [{"type": "Action.OpenUrl", "title": language.text("Open the tender"), "url": url}])


def teams_note(text: str) -> bytes:
    """A message of Teams with one plain text."""
    return _teams_message([{"text": plain(text)}], [])


def _heading(told: Announcement, language: Language) -> str:
    return language.text(
        "{search} – {event}", search=_short(told.saved_search), event=event_text(told.kind, language)
    )


def _lines(told: Announcement, site: Site, language: Language, area_names: Mapping[str, str]) -> Iterator[str]:
    """What decides whether to read on, a line each; the deadline first."""
    for line in _facts(told, site, language, area_names):
        if shown := _short(line):
            yield shown


def _facts(told: Announcement, site: Site, language: Language, area_names: Mapping[str, str]) -> Iterator[str]:
    card = told.card
    if site.illustrative:
        yield language.text("Illustrative data: this is no real procurement.")
    if not card.cancelled and not reading.is_result(card):
        if card.deadline is not None:
            yield language.text(
                "Deadline: {moment}", moment=deadline_text(card.deadline, card.deadline_clock, language)
            )
        if card.response_deadline is not None:
            moment = deadline_text(card.response_deadline, card.response_clock, language)
            yield language.text("Responses by: {moment}", moment=moment)
        if card.deadline is None and card.response_deadline is None:
            yield reading.unknown_deadline(card, language)
    yield reading.result_text(card, language)
    for change in told.changes[:MOST_CHANGES]:
        before, after = (field_value(change.field, value, language) for value in (change.before, change.after))
        field = language.text(FIELDS.get(change.field, change.field))
        yield language.text("{field}: {before} → {after}", field=field, before=before, after=after)
    buyers = (card.buyer,) if language.code == "ja" else (card.buyer_en, card.buyer)
    prefecture = prefecture_name(card.prefecture or "", language)
    yield " · ".join(dict.fromkeys(part for part in (*buyers, prefecture, language.text(KINDS[card.kind])) if part))
    yield from (step.text for step in reading.steps(card, language))
    yield reading.value_text(card, language)
    if told.why:
        reasons = " · ".join(area_names.get(reason, reason) for reason in told.why)
        yield language.text("Why you see this: {reasons}", reasons=reasons)


def _short(text: str) -> str:
    text = plain(text)
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}…"


def _slack_text(text: str) -> str:
    """Text that is no markup: https://docs.slack.dev/messaging/formatting-message-text has the three characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_message(text: str, marked: str) -> bytes:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": marked[:3000], "verbatim": True}}
    return msgspec.json.encode({"text": text, "blocks": [section]})


def _teams_message(runs: list[dict[str, object]], actions: list[dict[str, object]]) -> bytes:
    # A TextBlock would read Markdown, a RichTextBlock reads nothing into its text.
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", **run}]} for run in runs],
        "actions": actions,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return msgspec.json.encode({"type": "message", "attachments": [attachment]})
