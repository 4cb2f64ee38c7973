"""What webhooks are sent: signatures, and messages for Slack and Teams."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import webhooks
from alerts.site import Site
from alerts.webhooks import Announcement
from db.card import Card
from db.vocabulary.notice import FieldChange, NoticeKind
from db.vocabulary.tender import EventKind
from monitor.i18n import language

NOW = datetime(2026, 9, 1, 3, 4, 5, tzinfo=UTC)
SITE = Site("Tender Monitor", "https://tenders.example.org", "example.org,2026", "desk@example.org")
AREAS = {"renewables": "Renewable energy"}
CARD = Card(
    id=UUID(int=1),
    title="蓄電池設備の購入",
    title_en="Purchase of storage batteries",
    buyer="環境省",
    buyer_en="Ministry of the Environment",
    prefecture="東京都",
    city=None,
    category=None,
    kind=NoticeKind.TENDER,
    method=None,
    status=None,
    published=date(2026, 8, 28),
    deadline=datetime(2026, 10, 2, 8, 0, tzinfo=UTC),
    response_deadline=None,
    areas=(),
    sources=(),
    first_seen_at=NOW - timedelta(days=3),
    updated_at=NOW,
    sequence=2,
)
NEW = Announcement(
    card=CARD, kind=EventKind.PUBLISHED, changes=(), why=("蓄電池", "renewables"), saved_search="Batteries"
)


def slack(told: Announcement, code: str = "en", site: Site = SITE) -> Any:
    return json.loads(webhooks.slack(told, site=site, language=language(code), area_names=AREAS))


def teams(told: Announcement, code: str = "en", site: Site = SITE) -> Any:
    return json.loads(webhooks.teams(told, site=site, language=language(code), area_names=AREAS))


def slack_lines(told: Announcement, code: str = "en") -> list[str]:
    ((block,), text) = slack(told, code)["blocks"], slack(told, code)["text"]
    assert block["type"] == "section"
    assert block["text"]["type"] == "mrkdwn"
    assert text
    return str(block["text"]["text"]).splitlines()


def teams_lines(told: Announcement, code: str = "en", site: Site = SITE) -> list[str]:
    (attachment,) = teams(told, code, site)["attachments"]
    return [run["text"] for block in attachment["content"]["body"] for run in block["inlines"]]


def test_the_signature_is_the_one_of_the_standards_own_example() -> None:
    # The values with which the libraries of https://github.com/standard-webhooks are tested.
    found = webhooks.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_call_says_its_id_its_moment_and_its_signature() -> None:
    secret = f"whsec_{b64encode(bytes(24)).decode()}"
    sent = webhooks.headers(secret, UUID(int=7), b"{}", now=NOW)
    assert sent["webhook-id"] == str(UUID(int=7))
    assert sent["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert sent["webhook-signature"] == webhooks.signature(secret, str(UUID(int=7)), int(NOW.timestamp()), b"{}")


def test_a_message_for_slack_has_what_decides_whether_to_read_on() -> None:
    assert slack_lines(NEW) == [
        "Batteries – announced",
        f"*<https://tenders.example.org/tenders/{CARD.id}|Purchase of storage batteries · 蓄電池設備の購入>*",
        "Deadline: Fri 2 Oct 2026, 17:00 Tokyo time",
        "Ministry of the Environment · 環境省 · Tokyo · Call for tenders",
        "Why you see this: 蓄電池 · Renewable energy",
    ]
    assert slack(NEW)["text"] == "Batteries – announced: Purchase of storage batteries · 蓄電池設備の購入"


def test_a_message_for_teams_is_an_adaptive_card_with_the_same_lines() -> None:
    message = teams(NEW)
    assert message["type"] == "message"
    (attachment,) = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    content = attachment["content"]
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
    assert content["actions"] == [
        {
            "type": "Action.OpenUrl",
            "title": "Open the tender",
            "url": f"https://tenders.example.org/tenders/{CARD.id}",
        }
    ]
    lines = teams_lines(NEW)
    assert lines[:2] == ["Batteries – announced", "Purchase of storage batteries · 蓄電池設備の購入"]
    assert lines[2:] == slack_lines(NEW)[2:]


@pytest.mark.parametrize("render", [slack_lines, teams_lines])
def test_what_changed_is_said_before_and_after(render: Any) -> None:
    moved = FieldChange("deadline", "2026-10-02T17:00:00+09:00", "2026-10-09T12:00:00+09:00", "kkj")
    lines = render(replace(NEW, kind=EventKind.CHANGED, changes=(moved,)))
    assert "Batteries – changed" in lines
    assert "deadline: Fri 2 Oct 2026, 17:00 Tokyo time → Fri 9 Oct 2026, 12:00 Tokyo time" in [
        line.replace("&gt;", ">") for line in lines
    ]


@pytest.mark.parametrize("render", [slack_lines, teams_lines])
def test_a_cancelled_tender_is_said_to_be_and_has_no_deadline_any_more(render: Any) -> None:
    cancelled = replace(NEW, card=replace(CARD, kind=NoticeKind.CANCELLATION), kind=EventKind.CANCELLED)
    text = "\n".join(render(cancelled))
    assert "Cancelled: Purchase of storage batteries" in text
    assert "Deadline" not in text


def test_it_is_in_the_language_of_the_webhooks_owner() -> None:
    lines = slack_lines(NEW, "ja")
    assert lines[1].endswith("?lang=ja|蓄電池設備の購入>*")
    assert not any("Ministry" in line for line in lines)


def test_invented_tenders_are_said_to_be_invented() -> None:
    site = replace(SITE, illustrative=True)
    assert any("no real procurement" in line for line in teams_lines(NEW, site=site))
    assert "no real procurement" in slack(NEW, site=site)["blocks"][0]["text"]["text"]


def test_no_title_alarms_a_channel_or_passes_for_a_link() -> None:
    title = "<!channel> <https://evil.example|お知らせ> & [x](https://evil.example)\n*大*"
    hostile = replace(NEW, card=replace(CARD, title=title, title_en=None, buyer=title), saved_search=title)
    text = slack(hostile)["blocks"][0]["text"]["text"]
    assert text.count("<") == text.count(">") == 1, "our own link"
    assert "<" not in slack(hostile)["text"]
    (attachment,) = teams(hostile)["attachments"]
    # What a source says stands in runs of text only, in which Teams sees no Markdown.
    assert {block["type"] for block in attachment["content"]["body"]} == {"RichTextBlock"}
    assert {run["type"] for block in attachment["content"]["body"] for run in block["inlines"]} == {"TextRun"}


@given(st.text(max_size=3000), st.text(max_size=500))
def test_any_text_makes_a_message_of_a_size_that_is_taken(title: str, name: str) -> None:
    told = replace(
        NEW, card=replace(CARD, title=title, title_en=title, buyer=title), why=(title,) * 5, saved_search=name
    )
    told = replace(told, changes=(FieldChange("title", title, title),) * 30)
    assert len(slack(told)["blocks"][0]["text"]["text"]) <= 3000
    assert len(webhooks.teams(told, site=SITE, language=language("en"), area_names=AREAS)) < 28_000


def test_a_test_message_is_one_plain_text() -> None:
    assert json.loads(webhooks.slack_note("A <test>"))["text"] == "A &lt;test&gt;"
    (attachment,) = json.loads(webhooks.teams_note("A <test>"))["attachments"]
    assert attachment["content"]["body"][0]["inlines"] == [{"type": "TextRun", "text": "A <test>"}]
