"""Sending at the terminal: what would go out and why, a letter as files, what was done, and what came back."""

import io
import json
import stat
import sys
from email import message_from_bytes, policy
from types import SimpleNamespace

import pytest

from db import deliveries, subscribers
from db.vocabulary.delivery import Frequency
from monitor import household as home_of
from monitor.calling import Poster
from scrapers.fetch import NetworkSettings
from tests.monitor.cli.conftest import EARLIER, Home

DSN = """From: MAILER-DAEMON@mx.example.org
To: {to}
Content-Type: multipart/report; report-type=delivery-status; boundary=b
Subject: Undelivered Mail Returned to Sender

--b
Content-Type: text/plain

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; anna@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: message/rfc822-headers

Message-ID: {message_id}

--b--
"""


def returned(home: Home) -> bytes:
    """A report that the last letter to anna could not be delivered."""
    person = home.person()
    assert person is not None
    with home.database.reading() as session:
        letter = deliveries.last_letter(session, person.id)
    assert letter is not None
    return DSN.format(to="monitor@localhost", message_id=letter.message_id).encode()


def snapshot(home: Home) -> tuple[str, int]:
    with home.database.reading() as session:
        return home.shown("subscribers", "export"), deliveries.waiting(session)


# Before sending ------------------------------------------------------------------------------------------


def test_a_dry_run_shows_who_would_get_what_and_why_and_changes_nothing(home: Home) -> None:
    search = home.subscribe()
    at_once = home.subscribe("ben@example.org", "Everything", "", Frequency.AT_ONCE)
    home.publish("水素設備の調達", search, at_once)
    home.publish("水素ステーションの整備", search)
    before = snapshot(home)
    out = home.shown("deliver", "--dry-run")
    assert "Hydrogen (2)" in out
    (anna, ben) = sorted(map(json.loads, home.shown("deliver", "--dry-run", "--json").splitlines()), key=str)
    assert (anna["email"], anna["letter"], anna["searches"]) == (
        *("anna@example.org", "digest"),
        [{"name": "Hydrogen", "tenders": 2}],
    )
    assert (anna["window_end"], ben["email"]) == ("2026-11-24T08:00:00+09:00", "ben@example.org")
    assert snapshot(home) == before
    assert home.shown("deliver") == "2 sent, 0 to be tried again, 0 given up\n"
    ended, out, err = home.run("deliver", "--dry-run")
    assert (ended, out, "letters that would be sent now: 0" in err) == (0, "", True)


def test_a_preview_is_written_as_files_for_their_owner_only_and_nothing_is_sent(home: Home) -> None:
    home.publish("水素設備の調達", home.subscribe())
    before = snapshot(home)
    files = home.shown("deliver", "--to", "anna@example.org", "--preview").splitlines()
    assert files == [f"home/previews/anna@example.org.{ending}" for ending in ("eml", "html", "txt")]
    eml, html, txt = (home.folder / file for file in files)
    message = message_from_bytes(eml.read_bytes(), policy=policy.default)
    assert (message["To"], "水素設備の調達" in html.read_text("utf-8")) == ("anna@example.org", True)
    assert "水素設備の調達" in txt.read_text("utf-8")
    assert stat.S_IMODE(eml.parent.stat().st_mode) == 0o700
    assert snapshot(home) == before
    assert not (home.folder / "home" / "mail").exists()


def test_a_preview_of_somebody_for_whom_nothing_is_due_is_their_last_letter(home: Home) -> None:
    home.publish("水素設備の調達", home.subscribe())
    home.shown("deliver")
    home.shown("deliver", "--to", "anna@example.org", "--preview", "--out", "shown")
    assert "水素設備の調達" in (home.folder / "shown" / "anna@example.org.txt").read_text("utf-8")


def test_an_address_cannot_lead_a_preview_out_of_its_folder(home: Home) -> None:
    home.publish("水素設備の調達", home.subscribe("../../x/../anna@example.org"))
    files = home.shown("deliver", "--to", "../../x/../anna@example.org", "--preview", "--out", "shown").splitlines()
    assert {(home.folder / file).resolve().parent for file in files} == {home.folder / "shown"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "anna@example.org"], "--to and --preview go together"),
        (["--preview"], "--to and --preview go together"),
        (["--to", "anna@example.org", "--preview", "--dry-run"], "without --dry-run"),
        (["--json"], "--json goes with --dry-run"),
        (["--open"], "--out and --open go with --preview"),
        (["--to", "nobody@example.org", "--preview"], "there is no such subscriber"),
        (["--to", "anna@example.org", "--preview"], "has had no letter yet, and none is due"),
    ],
)
def test_a_mistake_sends_nothing(home: Home, arguments: list[str], said: str) -> None:
    home.publish("水素設備の調達", home.subscribe("ben@example.org"))
    home.subscribe()
    ended, out, err = home.run("deliver", *arguments)
    assert (ended, out, said in err) == (1, "", True)
    assert not (home.folder / "home" / "mail").exists()


# Sending -------------------------------------------------------------------------------------------------


def test_webhooks_are_called_with_the_letters_and_one_that_refuses_is_no_failure_of_ours(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = home.subscribe()
    home.webhook(search, "http://127.0.0.1:9/hook")
    home.publish("水素設備の調達", search)
    monkeypatch.setattr(
        home_of,
        "Poster",
        lambda network, clock: Poster(NetworkSettings(network.user_agent, allow_loopback=True), clock=clock),
    )
    ended, out, err = home.run("deliver")
    assert (ended, out) == (
        0,
        "1 sent, 0 to be tried again, 0 given up\nwebhooks: 0 calls taken, 1 not, 0 turned off\n",
    )
    assert "cannot be reached" in err


def test_the_inbox_is_read_before_letters_go_out_and_the_summary_says_so(home: Home) -> None:
    config = home.folder / "config.toml"
    text = '[mail]\nreturn_path = "bounces@example.org"\ninbox = "inbox"\n'
    config.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")
    search = home.subscribe()
    home.publish("水素設備の調達", search)
    home.shown("deliver")
    (home.folder / "inbox" / "new").mkdir(parents=True)
    (home.folder / "inbox" / "new" / "1").write_bytes(returned(home))
    home.publish("水素ステーションの整備", search)
    out = home.shown("deliver")
    assert out.splitlines() == [
        "came back: 1 could not be delivered: nothing is sent there any more",
        "0 sent, 0 to be tried again, 0 given up",
    ]
    assert home.shown("bounces") == "nothing came back\n"


# What comes back -----------------------------------------------------------------------------------------


def test_returned_mails_are_taken_from_files_a_maildir_and_standard_input(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.publish("水素設備の調達", home.subscribe())
    home.shown("deliver")
    report = returned(home)
    (home.folder / "one.eml").write_bytes(b"From: ben@example.org\nSubject: holiday\n\nI am away.\n")
    assert home.shown("bounces", "one.eml", "one.eml") == "2 something else: left alone\n"
    assert subscribed(home)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(report)))
    assert home.shown("bounces", "-", "--recipient", "bounces@example.org") == (
        "1 could not be delivered: nothing is sent there any more\n"
    )
    assert not subscribed(home)
    (home.folder / "box" / "new").mkdir(parents=True)
    (home.folder / "box" / "new" / "1").write_bytes(report)
    assert "could not be delivered" in home.shown("bounces", "--maildir", "box")
    assert len(list((home.folder / "box" / "cur").iterdir())) == 1


def subscribed(home: Home) -> bool:
    with home.database.reading() as session:
        return subscribers.suppression(session, "anna@example.org") is None


def test_a_report_that_is_larger_than_what_is_looked_at_is_read_to_its_end(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = io.BytesIO(b"Subject: x\n\n" + b"x" * 1_000_000)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=mail))
    assert home.shown("bounces", "-") == "1 something else: left alone\n"
    assert mail.read() == b""


def test_a_record_that_cannot_be_used_leaves_the_mail_to_the_mail_server(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.folder / "home" / "monitor.db").write_bytes(b"not a database, but long enough to be taken for one" * 40)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"Subject: x\n\n")))
    ended, out, err = home.run("bounces", "-")
    assert (ended, out, len(err.strip().splitlines())) == (75, "", 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is no [mail] inbox; give a file, - or --maildir"),
        (["nowhere.eml"], "nowhere.eml: cannot be read"),
        (["--maildir", "nowhere"], "nowhere: is no Maildir"),
        (["-", "--maildir", "nowhere"], "give files or --maildir, not both"),
    ],
)
def test_where_nothing_can_be_read_is_told_in_one_line(home: Home, arguments: list[str], said: str) -> None:
    ended, out, err = home.run("bounces", *arguments)
    assert (ended, out, len(err.strip().splitlines()), said in err) == (1, "", 1, True)


def test_the_operator_sees_who_was_told_of_a_tender_and_gets_a_link_to_the_page(home: Home) -> None:
    search = home.subscribe()
    tender = home.publish("水素設備の調達", search)
    waiting = home.shown("tenders", "told", tender)
    assert ("anna@example.org" in waiting, "waits" in waiting) == (True, True)
    home.shown("deliver")
    (line,) = map(json.loads, home.shown("tenders", "told", tender, "--json").splitlines())
    assert line == {
        "email": "anna@example.org",
        "search": "Hydrogen",
        "sequence": 1,
        "event": "published",
        "found_at": EARLIER.isoformat(),
        "letter": "digest",
        "state": "sent",
        "told_at": "2026-11-24T09:00:00+09:00",
    }
    assert "Tue 24 Nov 2026, 09:00 Tokyo time" in home.shown("tenders", "told", tender)
    assert home.shown("tenders", "told", tender, "--link").startswith("https://tenders.example.org/told/")
    nobody = home.publish("道路補修工事")
    ended, _, err = home.run("tenders", "told", nobody)
    assert (ended, "Nobody was told of it" in err) == (0, True)
