"""Subscribers at the terminal: adding, lists, pauses, being forgotten, and who is never written to."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from alerts.links import Links, Purpose
from db import subscribers
from db.subscribers import Choices
from db.vocabulary.delivery import Frequency
from monitor.secret import kept_secret
from tests.monitor.cli.conftest import EARLIER, NOW, Home


def listed(home: Home) -> list[dict[str, object]]:
    return [json.loads(line) for line in home.shown("subscribers", "list", "--json").splitlines()]


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


# Adding --------------------------------------------------------------------------------------------------


def test_a_subscriber_is_added_with_frequency_zone_hour_and_weekday(home: Home) -> None:
    ended, out, err = home.run(
        *("subscribers", "add", "anna@example.org", "--query", "水素", "--name", "Hydrogen"),
        *("--frequency", "weekly", "--zone", "Europe/Paris", "--hour", "9:30", "--weekday", "friday"),
        *("--language", "ja"),
    )
    assert (ended, "in the last 30 days this search would have found 0" in out) == (0, True)
    assert "every Friday at 09:30 (Paris)" in err
    (line,) = listed(home)
    assert (line["language"], line["zone"], line["hour"], line["weekday"]) == (
        "ja",
        "Europe/Paris",
        "09:30",
        "friday",
    )
    assert line["searches"] == [{"name": "Hydrogen", "query": "水素", "frequency": "weekly", "confirmed": True}]


def test_another_search_leaves_what_its_owner_chose_as_it_is(home: Home) -> None:
    home.subscribe(language="ja", time_zone="Europe/Paris", reminders=False)
    assert home.run("subscribers", "add", "ANNA@example.org", "--query", "風力", "--hour", "7")[0] == 0
    (line,) = listed(home)
    assert (line["email"], line["language"], line["zone"], line["hour"], line["reminders"]) == (
        *("anna@example.org", "ja", "Europe/Paris", "07:00", False),
    )
    assert [one["name"] for one in line["searches"]] == ["Hydrogen", "風力"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--zone", "Europe/Atlantis"], "there is no time zone Europe/Atlantis"),
        (["--hour", "25"], "there is no time of day 25; write it as 08:00"),
        (["--frequency", "hourly"], "--frequency: "),
        (["--name", "x" * 81], "the name is too long"),
        (["--query", "x" * 701], "the query is too long"),
    ],
)
def test_what_nobody_can_choose_is_refused_before_anything_is_kept(home: Home, more: list[str], said: str) -> None:
    ended, out, err = home.run("subscribers", "add", "anna@example.org", *more)
    assert (ended, out, said in err) == (1, "", True)
    assert listed(home) == []


def test_whoever_has_unsubscribed_or_is_suppressed_is_added_only_when_it_is_meant(home: Home) -> None:
    home.subscribe()
    person = home.person()
    assert person is not None
    home.database.write(lambda session: subscribers.unsubscribe(session, person.token, now=EARLIER))
    ended, _, err = home.run("subscribers", "add", "anna@example.org")
    assert (ended, "has unsubscribed; add --again only if they asked for it anew" in err) == (1, True)
    assert home.run("subscribers", "add", "anna@example.org", "--again")[0] == 0
    home.shown("subscribers", "suppress", "ben@example.org", "--reason", "asked by telephone")
    ended, _, err = home.run("subscribers", "add", "ben@example.org")
    assert (ended, "nothing is sent there any more (operator asked by telephone)" in err) == (1, True)
    ended, _, err = home.run("subscribers", "add", "ben@example.org", "--again")
    assert (ended, "monitor subscribers allow ben@example.org" in err) == (0, True)


def test_the_list_says_who_gets_letters_when_and_who_does_not(home: Home) -> None:
    home.subscribe(time_zone="Europe/Paris")
    home.subscribe("ben@example.org", "Wind", "風力", Frequency.AT_ONCE)
    home.shown("subscribers", "pause", "ben@example.org", "--until", "2026-12-01")
    home.shown("subscribers", "suppress", "ben@example.org", "--reason", "by post")
    home.database.write(
        lambda session: subscribers.ask(
            *(session, "carl@example.org"),
            choices=Choices(),
            name="Sun",
            query="太陽光",
            frequency=Frequency.DAILY,
            now=EARLIER,
        )
    )
    out = " ".join(home.shown("subscribers", "list").split())
    assert "anna@example.org en 08:00 Europe/Paris active Hydrogen daily 水素" in out
    assert "carl@example.org en 08:00 Asia/Tokyo not confirmed yet Sun daily, not confirmed yet 太陽光" in out
    assert "paused until" in out
    anna, ben, carl = listed(home)
    assert (anna["state"], anna["paused_until"], anna["suppressed"]) == ("active", None, None)
    assert (ben["paused_until"], ben["suppressed"]) == ("2026-12-01", "operator by post")
    assert (carl["state"], carl["active"], carl["searches"]) == (
        "pending",
        False,
        [{"name": "Sun", "query": "太陽光", "frequency": "daily", "confirmed": False}],
    )


# One of them ---------------------------------------------------------------------------------------------


def test_letters_are_paused_and_go_on_again(home: Home) -> None:
    home.subscribe()
    home.shown("subscribers", "pause", "anna@example.org", "--until", "2026-11-25")
    assert listed(home)[0]["paused_until"] == "2026-11-25"
    home.shown("subscribers", "resume", "anna@example.org")
    assert listed(home)[0]["paused_until"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pause", "anna@example.org", "--until", "2026-11-24"], "2026-11-24: has begun or is over"),
        (["pause", "anna@example.org", "--until", "soon"], "write a day as 2026-04-01"),
        (["pause", "anna@example.org"], "--until is missing"),
        (["pause", "nobody@example.org", "--until", "2026-12-01"], "there is no such subscriber"),
        (["resume", "nobody@example.org"], "there is no such subscriber"),
        (["link", "nobody@example.org"], "there is no such subscriber"),
        (["forget", "nobody@example.org"], "there is no such subscriber"),
        (["export", "--email", "nobody@example.org"], "there is no such subscriber"),
        (["suppress", "nobody", "--reason", "x"], "is no mail address"),
        (["suppress", "ben@example.org"], "--reason is missing"),
        (["allow", "ben@example.org"], "nothing forbids to write there"),
        (["import", "nowhere.csv", "--consent", "form"], "nowhere.csv: cannot be read"),
        (["import", "config.toml"], "--consent is missing"),
        (["import", "config.toml", "--consent", " "], "--consent is empty"),
        (["import", "config.toml", "--consent", "form"], "is no header with email"),
        (["webhooks", "enable", "6f1c5a0e-0000-4000-8000-000000000000"], "there is no such webhook"),
        (["webhooks", "remove", "6f1c5a0e-0000-4000-8000-000000000000"], "there is no such webhook"),
        (["webhooks", "try", "6f1c5a0e-0000-4000-8000-000000000000"], "there is no such webhook"),
    ],
)
def test_a_mistake_is_told_in_one_line(home: Home, arguments: list[str], said: str) -> None:
    home.subscribe()
    ended, out, err = home.run("subscribers", *arguments)
    assert (ended, out, len(lines(err))) == (1, "", 1)
    assert said in err


def test_a_link_for_support_opens_the_page_of_that_persons_choices(home: Home) -> None:
    home.subscribe(language="ja")
    person = home.person()
    assert person is not None
    address = urlsplit(home.shown("subscribers", "link", "anna@example.org").strip())
    assert (address.netloc, address.query) == ("tenders.example.org", "lang=ja")
    links = Links(kept_secret(home.folder / "home" / "secret"))
    assert links.read(Purpose.CHOICES, address.path.removeprefix("/choices/"), now=NOW) == person.id


def test_there_is_no_link_for_whom_nobody_confirmed(home: Home) -> None:
    home.database.write(
        lambda session: subscribers.ask(
            *(session, "carl@example.org"),
            choices=Choices(),
            name="Sun",
            query="太陽光",
            frequency=Frequency.DAILY,
            now=EARLIER,
        )
    )
    ended, _, err = home.run("subscribers", "link", "carl@example.org")
    assert (ended, "has not confirmed yet" in err) == (1, True)


def test_whoever_is_forgotten_is_gone_and_a_suppression_is_told(home: Home) -> None:
    home.publish("水素設備の調達", home.subscribe())
    home.shown("deliver")
    home.shown("subscribers", "suppress", "anna@example.org", "--reason", "by post")
    ended, _, err = home.run("subscribers", "forget", "anna@example.org")
    assert (ended, "monitor subscribers allow anna@example.org" in err) == (0, True)
    assert home.shown("subscribers", "export") == ""
    home.shown("subscribers", "allow", "anna@example.org")
    assert home.shown("subscribers", "suppressions", "--json") == ""


def test_a_suppressed_address_gets_nothing_until_it_is_allowed_again(home: Home) -> None:
    home.publish("水素設備の調達", home.subscribe())
    home.shown("subscribers", "suppress", "Anna@example.org", "--reason", "asked by telephone")
    assert home.shown("deliver").startswith("0 sent")
    (line,) = map(json.loads, lines(home.shown("subscribers", "suppressions", "--json")))
    assert (line["address"], line["reason"], line["remark"]) == ("anna@example.org", "operator", "asked by telephone")
    assert "by the operator (asked by telephone)" in home.shown("subscribers", "suppressions")
    home.shown("subscribers", "allow", "anna@example.org")
    assert home.shown("deliver").startswith("1 sent")


# Lists ---------------------------------------------------------------------------------------------------


def test_a_list_is_brought_in_bad_lines_are_told_and_the_rest_goes_on(home: Home) -> None:
    text = "email,query\nanna@example.org,水素\nnobody,水素\nben@example.org,(風力\ncarl@example.org,area:space\n"
    (home.folder / "list.csv").write_text(text, encoding="utf-8-sig")
    ended, out, err = home.run("subscribers", "import", "list.csv", "--consent", "form of 2026-04-01")
    assert (ended, out) == (1, "new subscribers: 1; new saved searches: 1; there already: 0; left out: 3\n")
    assert [re.match(r"line \d", line)[0] for line in lines(err)] == ["line 3", "line 4", "line 5"]  # type: ignore[index]
    person = home.person()
    assert person is not None
    assert (person.consent, person.consent_at, person.active) == ("form of 2026-04-01", NOW, True)


def test_a_list_that_is_brought_in_again_changes_nothing(home: Home) -> None:
    text = '{"email": "anna@example.org", "area": ["renewables"], "query": "水素", "zone": "Europe/Paris", "hour": 9}'
    (home.folder / "list.jsonl").write_text(text, encoding="utf-8")
    call = ("subscribers", "import", "list.jsonl", "--consent", "form")
    assert home.shown(*call).startswith("new subscribers: 1; new saved searches: 1;")
    home.shown("subscribers", "add", "anna@example.org", "--name", "mine", "--hour", "7")
    before = home.shown("subscribers", "export")
    assert home.shown(*call) == "new subscribers: 0; new saved searches: 0; there already: 1; left out: 0\n"
    assert home.shown("subscribers", "export") == before
    assert [one["query"] for one in listed(home)[0]["searches"]] == ["area:renewables (水素)", ""]  # type: ignore[attr-defined]


def test_a_dry_run_says_what_would_become_of_a_list_and_keeps_nothing(home: Home) -> None:
    (home.folder / "list.csv").write_text("email,query\nanna@example.org,水素\nben@example.org,a\n", encoding="utf-8")
    ended, out, err = home.run("subscribers", "import", "list.csv", "--consent", "form", "--dry-run")
    assert (ended, out) == (0, "new subscribers: 2; new saved searches: 2; there already: 0; left out: 0\n")
    assert "Nothing is kept" in err
    assert listed(home) == []


def test_everything_that_is_known_of_one_is_written_and_nothing_of_others(home: Home) -> None:
    search, other = home.subscribe(), home.subscribe("ben@example.org")
    hook = home.webhook(search, "https://hooks.example.org/T0/secret")
    tender = home.publish("水素設備の調達", search, other)
    home.shown("subscribers", "suppress", "anna@example.org", "--reason", "by post")
    home.shown("subscribers", "allow", "anna@example.org")
    home.shown("deliver")
    (line,) = map(json.loads, lines(home.shown("subscribers", "export", "--email", "Anna@example.org")))
    assert (line["email"], line["consent"], line["suppression"]) == ("anna@example.org", "by telephone", None)
    (kept,) = line["searches"]
    assert kept["feed"] == f"https://tenders.example.org/feeds/s/{search.feed_token}.atom"
    assert [one["url"] for one in kept["webhooks"]] == ["https://hooks.example.org/T0/secret"]
    assert [one["tender"] for one in kept["webhooks"][0]["calls"]] == [str(tender)]
    (letter,) = line["letters"]
    assert [(one["tender"], one["letter"]) for one in kept["finds"]] == [(str(tender), letter["id"])]
    assert (letter["kind"], letter["state"], [one["state"] for one in letter["attempts"]]) == (
        *("digest", "sent"),
        ["sent"],
    )
    written = json.dumps(line)
    person = home.person()
    assert person is not None
    assert hook.secret not in written
    assert person.token not in written
    assert "ben@example.org" not in written
    assert len(lines(home.shown("subscribers", "export"))) == 2


def test_what_a_spreadsheet_would_run_is_written_harmless_and_read_back_as_it_was(home: Home, tmp_path: Path) -> None:
    home.subscribe("=cmd@example.org", "@SUM(A1)", "-水素", Frequency.WEEKLY, language="ja", time_zone="Europe/Paris")
    home.subscribe("ben@example.org", "a, b", '"風 力"')
    written = home.shown("subscribers", "export", "--format", "csv")
    assert all(not cell.startswith(tuple("=+-@")) for line in written.splitlines() for cell in line.split(","))
    before = listed(home)
    for line in before:
        home.shown("subscribers", "forget", line["email"])
    (tmp_path / "out.csv").write_text(written, encoding="utf-8")
    home.shown("subscribers", "import", "out.csv", "--consent", "moved from another machine")
    assert sorted(map(str, listed(home))) == sorted(map(str, before))
    person = home.person("ben@example.org")
    assert person is not None
    assert person.consent == "by telephone", "what a line states stands above what is stated for all"


# Webhooks ------------------------------------------------------------------------------------------------


def test_webhooks_are_listed_without_their_secrets_turned_on_and_removed(home: Home) -> None:
    hook = home.webhook(home.subscribe(), "https://hooks.example.org/T0/secret")
    out = home.shown("subscribers", "webhooks", "list")
    assert ("anna@example.org" in out, "hooks.example.org/…" in out, "secret" in out) == (True, True, False)
    (line,) = map(json.loads, lines(home.shown("subscribers", "webhooks", "list", "--json")))
    assert (line["id"], line["host"], line["disabled_at"]) == (str(hook.id), "hooks.example.org", None)
    home.shown("subscribers", "webhooks", "enable", hook.id)
    home.shown("subscribers", "webhooks", "remove", hook.id)
    assert home.shown("subscribers", "webhooks", "list", "--json") == ""
