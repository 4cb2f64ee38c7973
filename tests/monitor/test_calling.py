"""Webhooks against a real server on the loopback: what it gets, and what becomes of it when it does not take it."""

import hmac
import json
import random
import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from alerts.matching import Matcher
from alerts.site import Site
from db import calling, deliveries, notices, subscribers, tenders
from db.calling import SENDING_TOO_LONG, DueCall
from db.card import Card
from db.composing import compose
from db.engine import Database
from db.history import Digest, WebhookCall
from db.notices import ReadNotice
from db.subscriber import SavedSearch, Subscriber, Webhook
from db.vocabulary.delivery import DeliveryState, Frequency, LetterKind, WebhookForm
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading
from monitor import calling as module
from monitor.calling import Called, CallError, Poster, Writing, call_due, check_url, try_webhook
from monitor.i18n import language
from scrapers.fetch import NetworkSettings

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)
AGENT = "japan-tender-monitor/0.1 (+https://example.org/; mail@example.org)"
SITE = Site("Tender Monitor", "https://tenders.example.org", "example.org,2026", "desk@example.org")
WRITING = Writing(site=SITE, languages=language, area_names=lambda code: {}, domain="example.org")
NOTICE = ScrapedNotice(
    source="kkj",
    key="1",
    title="水素ステーション整備工事",
    kind=NoticeKind.TENDER,
    published=date(2026, 11, 23),
    url="https://www.kkj.go.jp/d/?D=1",
    buyer="環境省",
    deadline=datetime(2026, 12, 4, 17, 0, tzinfo=TOKYO),
)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **more: float) -> None:
        self.now += timedelta(**more)


@dataclass(frozen=True)
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """A server that answers each path as it is told to: with a status, or by a function that answers by itself."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.behaviour: dict[str, int | Callable[[Any], None]] = {}
        self.released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posted.append(Posted(self.path, headers, body))
                behaviour = receiver.behaviour.get(self.path, 200)
                if not isinstance(behaviour, int):
                    behaviour(self)
                    return
                self.send_response(behaviour)
                self.send_header("content-length", "9")
                if 300 <= behaviour < 400:
                    self.send_header("location", "/elsewhere")
                self.end_headers()
                self.wfile.write(b"no\nthanks")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def hang(self, handler: Any) -> None:
        """Say nothing until the test is over."""
        self.released.wait(10)

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.posted]


def hang_up(handler: Any) -> None:
    handler.connection.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join(5)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def poster(clock: Clock) -> Iterator[Poster]:
    with Poster(NetworkSettings(AGENT, allow_loopback=True), clock=clock, seconds=0.5) as poster:
        yield poster


class House:
    """A record with one subscriber, whose saved search has webhooks."""

    def __init__(self, database: Database, poster: Poster, clock: Clock) -> None:
        self.database, self.poster, self.clock = database, poster, clock

    def search(self, name: str = "Hydrogen", spoken: str = "en") -> SavedSearch:
        def work(session: Session) -> SavedSearch:
            owner = subscribers.add(
                session, "anna@example.org", choices=subscribers.Choices(language=spoken), now=NOW
            )
            return subscribers.save_search(session, owner, name, "水素", now=NOW, frequency=Frequency.NEVER)

        return self.database.write(work)

    def hook(self, url: str, form: WebhookForm = WebhookForm.JSON, of: SavedSearch | None = None) -> Webhook:
        of = of or self.search()
        return self.database.write(lambda session: calling.add_webhook(session, of.id, url, form, now=NOW))

    def publish(self, *found: ScrapedNotice) -> None:
        """Take notices in as the pipeline does, up to the calls."""
        run, now = uuid4(), self.clock()

        def work(session: Session) -> None:
            recorded = notices.record(session, found, run_id=run, now=now)
            composed = [
                compose(one.tender_id, [ReadNotice(one.id, one.tender_id, one.version, one.notice, Reading())])
                for one in recorded
            ]
            changes = tenders.store(session, composed, run_id=run, now=now, alerts=lambda change: True)
            matches = [*Matcher.of(subscribers.live_searches(session)).match(changes, now=now)]
            deliveries.add_matches(session, matches, now=now)
            calling.add_calls(session, matches, now=now)

        self.database.write(work)

    def round(self) -> list[Called]:
        return call_due(self.database, self.poster, WRITING, clock=self.clock, rng=random.Random(1))

    def calls(self) -> list[WebhookCall]:
        with self.database.reading() as session:
            return list(session.exec(select(WebhookCall).order_by(col(WebhookCall.id))))

    def kept(self, id: UUID) -> Webhook:
        with self.database.reading() as session:
            return session.get_one(Webhook, id)

    def letters(self) -> list[Digest]:
        with self.database.reading() as session:
            return list(session.exec(select(Digest)))


@pytest.fixture
def house(database: Database, poster: Poster, clock: Clock) -> House:
    return House(database, poster, clock)


def numbered(count: int) -> Sequence[ScrapedNotice]:
    return [replace(NOTICE, key=str(n), title=f"水素調査{n}") for n in range(1, count + 1)]


def moved(days: int = 7) -> ScrapedNotice:
    assert NOTICE.deadline is not None
    return replace(NOTICE, deadline=NOTICE.deadline + timedelta(days=days))


# ── What is posted ──────────────────────────────────────────────────────────────────────────────────────


def test_a_find_is_posted_once_with_the_tender_and_why(house: House, receiver: Receiver) -> None:
    of = house.search()
    house.hook(receiver.url(), of=of)
    house.publish(NOTICE)
    assert [called.error for called in house.round()] == [None]
    assert house.round() == []
    (posted,) = receiver.posted
    said = posted.said
    assert said["type"] == "tender.published"
    assert said["timestamp"] == "2026-11-24T08:00:00+09:00"
    assert said["data"]["saved_search"] == {"id": str(of.id), "name": "Hydrogen"}
    assert said["data"]["why"] == ["水素"]
    assert said["data"]["tender"]["title"] == "水素ステーション整備工事"
    assert said["data"]["tender"]["deadline"] == "2026-12-04T17:00:00+09:00"
    assert said["data"]["url"] == f"https://tenders.example.org/tenders/{said['data']['tender']['id']}"
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["user-agent"] == AGENT


def test_a_change_is_posted_with_what_changed(house: House, receiver: Receiver, clock: Clock) -> None:
    house.hook(receiver.url())
    house.publish(NOTICE)
    clock.go_on(hours=1)
    house.publish(moved())
    house.round()
    assert [one.said["type"] for one in receiver.posted] == ["tender.published", "tender.changed"]
    assert [one.said["data"]["sequence"] for one in receiver.posted] == [1, 2]
    (change,) = receiver.posted[1].said["data"]["changes"]
    assert change["field"] == "deadline"
    assert (change["before"][:10], change["after"][:10]) == ("2026-12-04", "2026-12-11")


def test_the_receiver_can_check_that_it_was_us(house: House, receiver: Receiver, clock: Clock) -> None:
    hook = house.hook(receiver.url())
    house.publish(NOTICE)
    house.round()
    (posted,), (call,) = receiver.posted, house.calls()
    assert posted.headers["webhook-id"] == str(call.id)
    assert posted.headers["webhook-timestamp"] == str(int(clock().timestamp()))
    signed = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    key = b64decode(hook.secret.removeprefix("whsec_"))
    assert posted.headers["webhook-signature"] == f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def test_slack_and_teams_get_messages_of_theirs_in_the_owners_language(house: House, receiver: Receiver) -> None:
    of = house.search(spoken="ja")
    house.hook(receiver.url("/slack"), WebhookForm.SLACK, of)
    house.hook(receiver.url("/teams"), WebhookForm.TEAMS, of)
    house.publish(NOTICE)
    house.round()
    said = {one.path: one for one in receiver.posted}
    assert "水素ステーション整備工事" in said["/slack"].said["text"]
    assert "?lang=ja|" in said["/slack"].said["blocks"][0]["text"]["text"]
    assert said["/teams"].said["type"] == "message"
    assert not any(name.startswith("webhook-") for one in receiver.posted for name in one.headers)


def test_a_test_call_says_so_and_changes_nothing(house: House, receiver: Receiver, clock: Clock) -> None:
    of = house.search()
    hooks = [house.hook(receiver.url(f"/{form}"), form, of) for form in WebhookForm]
    for hook in hooks:
        try_webhook(house.database, hook.id, house.poster, WRITING, clock=clock)
    said = {one.path: one for one in receiver.posted}
    assert said["/json"].said["type"] == "test"
    assert said["/json"].said["data"]["saved_search"]["name"] == "Hydrogen"
    assert "webhook-signature" in said["/json"].headers
    assert "test" in said["/slack"].said["text"]
    assert "test" in json.dumps(said["/teams"].said)
    receiver.behaviour["/json"] = 404
    with pytest.raises(CallError, match=r"127\.0\.0\.1: answered 404 “no thanks”"):
        try_webhook(house.database, hooks[0].id, house.poster, WRITING, clock=clock)
    assert house.kept(hooks[0].id).failures == 0
    with pytest.raises(CallError, match="no such webhook"):
        try_webhook(house.database, uuid4(), house.poster, WRITING, clock=clock)


# ── What goes wrong ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("behaviour", [500, 404, 429, "hang", "drop", 302])
def test_a_call_that_is_not_taken_is_made_again_with_the_same_id(
    house: House, receiver: Receiver, clock: Clock, behaviour: int | str
) -> None:
    hook = house.hook(receiver.url())
    house.publish(NOTICE)
    ways: dict[int | str, Callable[[Any], None]] = {"hang": receiver.hang, "drop": hang_up}
    receiver.behaviour["/hook"] = ways.get(behaviour, behaviour)  # type: ignore[arg-type]
    (called,) = house.round()
    assert called.error is not None
    assert called.error.startswith("127.0.0.1: ")
    assert "/hook" not in called.error, "an address is a secret"
    assert house.kept(hook.id).failures == 1
    assert house.round() == [], "it is left alone for a while"
    receiver.released.set()
    receiver.behaviour.clear()
    clock.go_on(minutes=2)
    assert [called.error for called in house.round()] == [None]
    first, second = receiver.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert "/elsewhere" not in receiver.paths, "a redirect is not followed"
    assert house.kept(hook.id).failures == 0


def test_what_comes_after_a_failure_waits_for_its_turn(house: House, receiver: Receiver, clock: Clock) -> None:
    house.hook(receiver.url())
    house.publish(*numbered(3))
    receiver.behaviour["/hook"] = 503
    house.round()
    assert len(receiver.posted) == 1
    receiver.behaviour.clear()
    clock.go_on(minutes=2)
    house.round()
    ids = [one.said["data"]["tender"]["id"] for one in receiver.posted]
    assert ids[0] == ids[1]
    assert len(set(ids[1:])) == 3


def test_a_call_that_we_cannot_write_is_dropped_and_harms_nobody_else(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = house.hook(receiver.url())
    house.publish(*numbered(2))
    write = module.body_of

    def broken(call: DueCall, shown: Card, writing: Writing) -> bytes:
        if shown.title == "水素調査1":
            raise ValueError("a defect")
        return write(call, shown, writing)

    monkeypatch.setattr(module, "body_of", broken)
    told = [called.error for _ in range(2) for called in house.round()]
    assert sorted(told, key=bool) == [
        None,
        "could not be written (ValueError('a defect')); please report this defect",
    ]
    assert (len(receiver.posted), house.kept(hook.id).failures, house.round()) == (1, 0, [])


def test_a_webhook_that_hangs_holds_up_no_other(house: House, receiver: Receiver) -> None:
    of = house.search()
    receiver.behaviour["/slow"] = receiver.hang
    house.hook(receiver.url("/slow"), of=of)
    house.hook(receiver.url("/quick"), of=of)
    house.publish(*numbered(3))
    called = house.round()
    assert receiver.paths.count("/quick") == 3
    assert receiver.paths.count("/slow") == 1
    assert sum(one.error is not None for one in called) == 1


def test_an_answer_that_is_dripped_or_endless_is_not_waited_for(
    house: House, receiver: Receiver, clock: Clock
) -> None:
    def drip_headers(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not receiver.released.is_set():
            clock.go_on(seconds=0.2)
            try:
                handler.wfile.write(b"x: y\r\n")
            except OSError:
                return

    def endless(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while not receiver.released.is_set():
                handler.wfile.write(b"x" * 65536)
        except OSError:
            return

    of = house.search()
    receiver.behaviour.update({"/drip": drip_headers, "/endless": endless})
    house.hook(receiver.url("/drip"), of=of)
    house.publish(NOTICE)
    (called,) = house.round()
    assert called.error is not None
    house.database.write(lambda session: calling.remove_webhook(session, called.webhook_id))
    house.hook(receiver.url("/endless"), of=of)
    house.publish(moved())
    assert [one.error for one in house.round()] == [None], "its status has said it all"


def test_an_address_that_is_gone_is_turned_off_at_once_and_its_owner_gets_a_letter(
    house: House, receiver: Receiver
) -> None:
    hook = house.hook(receiver.url())
    house.publish(*numbered(2))
    receiver.behaviour["/hook"] = 410
    (called,) = house.round()
    assert called.turned_off
    assert house.kept(hook.id).disabled_at == NOW
    assert {call.state for call in house.calls()} == {DeliveryState.FAILED}
    (letter,) = house.letters()
    assert letter.kind == LetterKind.NOTE
    assert letter.note is not None
    said = language("en").say(letter.note)
    assert "“Hydrogen” was turned off (127.0.0.1: answered 410" in said
    assert "/hook" not in said


def test_one_that_fails_for_days_is_turned_off_with_one_letter(
    house: House, receiver: Receiver, clock: Clock
) -> None:
    hook = house.hook(receiver.url())
    house.publish(*numbered(2))
    receiver.behaviour["/hook"] = 500
    for _ in range(5 * 24):
        house.round()
        clock.go_on(hours=1)
    assert house.kept(hook.id).failures == calling.FAILURES
    assert len(receiver.posted) == calling.FAILURES
    assert len(house.letters()) == 1


def test_a_process_that_ends_in_the_middle_leaves_the_call_to_be_made_again(
    house: House, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ended(BaseException):
        pass

    house.hook(receiver.url())
    house.publish(NOTICE)
    with monkeypatch.context() as patched:

        def end(*_: Any, **__: Any) -> None:
            raise Ended

        patched.setattr(calling, "arrived", end)
        with pytest.raises(Ended):
            house.round()
    assert house.round() == [], "nobody knows yet whether it is still under way"
    clock.now += SENDING_TOO_LONG
    assert [called.error for called in house.round()] == [None]
    assert len({one.headers["webhook-id"] for one in receiver.posted}) == 1
    assert len(receiver.posted) == 2


def test_two_rounds_at_once_post_nothing_twice(house: House, receiver: Receiver) -> None:
    of = house.search()
    for path in ("/a", "/b", "/c"):
        house.hook(receiver.url(path), of=of)
    house.publish(*numbered(10))
    rounds = [threading.Thread(target=house.round) for _ in range(3)]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join(30)
    while house.round():
        pass
    assert sorted(receiver.paths) == ["/a"] * 10 + ["/b"] * 10 + ["/c"] * 10
    for path in ("/a", "/b", "/c"):
        ids = [one.headers["webhook-id"] for one in receiver.posted if one.path == path]
        assert len(set(ids)) == 10


def test_nothing_is_posted_for_somebody_who_left(house: House, receiver: Receiver) -> None:
    house.hook(receiver.url())
    house.publish(NOTICE)

    def leave(session: Session) -> None:
        owner = session.exec(select(Subscriber)).one()
        subscribers.unsubscribe(session, owner.token, now=NOW)

    house.database.write(leave)
    assert house.round() == []
    assert receiver.posted == []


# ── Where nothing is posted ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/hook", "only https"),
        ("ftp://example.org/hook", "only https"),
        ("javascript:alert(1)", "no address of the web"),
        ("example.org/hook", "no address of the web"),
        ("", "no address of the web"),
        ("https://", "no address of the web"),
        ("https://example.org/a b", "no address of the web"),
        ("https://example.org/\r\nX: y", "no address of the web"),
        ("https://exa mple.org/", "no address of the web"),
        ("https://[::1", "no address of the web"),
        ("https://example.org/" + "a" * 2000, "no address of the web"),
        ("https://anna:secret@example.org/", "user name"),
        ("https://example.org:22/", "ports 443"),
        ("https://127.0.0.1/", "public address"),
        ("https://[::1]/", "public address"),
        ("https://[::ffff:10.0.0.1]/", "public address"),
        ("https://10.1.2.3/", "public address"),
        ("https://169.254.169.254/latest/meta-data", "public address"),
        ("https://localhost/", "public address"),
        ("https://printer.local/", "public address"),
        ("https://metadata.google.internal/", "public address"),
    ],
)
def test_the_form_says_why_an_address_is_never_called(url: str, why: str, poster: Poster) -> None:
    with pytest.raises(CallError, match=why) as error:
        check_url(url)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    ["https://example.org/hook", "https://example.org:8443/hook?key=1", "https://例え.example/", "https://8.8.8.8/x"],
)
def test_addresses_of_the_open_internet_are_taken(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1", "100.64.0.1"],
)
def test_a_name_that_stands_for_a_private_address_is_not_called(
    house: House, receiver: Receiver, clock: Clock, address: str
) -> None:
    hook = house.hook("https://hooks.example.org/x")
    house.publish(NOTICE)
    with Poster(NetworkSettings(AGENT), clock=clock, resolve=lambda host, port: [address]) as poster:
        (called,) = call_due(house.database, poster, WRITING, clock=clock, rng=random.Random(1))
    assert called.error == "hooks.example.org: is not a public address; use one that the internet can reach"
    assert house.kept(hook.id).failures == 1


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind(clock: Clock) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["10.0.0.1"] if len(asked) == 1 else ["127.0.0.1"]

    network = NetworkSettings(AGENT, allow_loopback=True)
    refused = pytest.raises(CallError, match="public address")
    with Poster(network, clock=clock, resolve=rebinding) as poster, refused:
        poster.post("https://hooks.example.org/x", b"{}", {})
    assert asked == ["hooks.example.org"]


@pytest.mark.parametrize(
    "url", ["https://2130706433/", "https://0x7f.1/", "https://127.1/", f"https://{'a' * 300}.example/"]
)
def test_odd_spellings_of_addresses_are_judged_like_any_other(clock: Clock, url: str) -> None:
    with Poster(NetworkSettings(AGENT), clock=clock) as poster, pytest.raises(CallError):
        poster.post(url, b"{}", {})


def test_loopback_is_called_only_where_the_settings_allow_it(clock: Clock, receiver: Receiver) -> None:
    with Poster(NetworkSettings(AGENT), clock=clock) as poster, pytest.raises(CallError, match="only https"):
        poster.post(receiver.url(), b"{}", {})
    assert receiver.posted == []


def test_a_server_whose_certificate_nobody_trusts_is_not_called(receiver: Receiver, poster: Poster) -> None:
    with pytest.raises(CallError, match="cannot be reached"):
        poster.post(receiver.url().replace("http://", "https://"), b"{}", {})


# ── The docs ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_docs_show_how_to_check_a_signature(house: House, receiver: Receiver) -> None:
    text = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python$(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    shown: dict[str, Any] = {}
    exec(code, shown)
    hook = house.hook(receiver.url())
    house.publish(NOTICE)
    house.round()
    (posted,) = receiver.posted
    assert shown["is_genuine"](hook.secret, posted.headers, posted.body)
    assert not shown["is_genuine"](hook.secret, posted.headers, posted.body + b" ")


def test_the_docs_name_every_part_of_the_json(house: House, receiver: Receiver) -> None:
    text = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```json$(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    house.hook(receiver.url())
    house.publish(NOTICE)
    house.round()
    (posted,) = receiver.posted
    assert json.loads(code).keys() == posted.said.keys()
    assert json.loads(code)["data"].keys() == posted.said["data"].keys()
