"""Webhooks: what saved searches find is posted to addresses that their owners gave.

Whose address it is nobody knows, so it is reached through the guard that also stands before crawling: public
addresses only, no redirects, little time, and little of the answer read.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Self
from uuid import UUID, uuid4

import httpcore
import httpx
import msgspec
from sqlmodel import Session

from alerts import webhooks
from alerts.language import Language
from alerts.site import Site
from alerts.webhooks import Announcement
from db import calling, deliveries
from db.calling import DueCall
from db.card import Card, cards
from db.engine import Database
from db.subscriber import SavedSearch, Subscriber, Webhook
from db.vocabulary.delivery import WebhookForm
from db.vocabulary.japanese import tokyo_iso
from db.vocabulary.messages import N_, Saying, Told
from monitor.exports.lines import TenderLine, as_line
from scrapers.errors import Refused
from scrapers.fetch import NetworkSettings
from scrapers.guard import Guard, Resolver, guarded_pool, is_public, system_addresses

PORTS = frozenset({80, 443, 8443})
LONGEST_URL = 2_000
SECONDS = 10.0
"""For a whole call; whoever needs longer answers first and works later."""
MOST_READ = 64 << 10
"""Bytes of an answer."""
EXCERPT = 100
"""Characters of an answer that its webhook's owner is shown."""
AT_ONCE = 8
"""Webhooks that are called at the same time; of each one call after the other."""
TURN = timedelta(minutes=1)
"""After which a slow webhook's further calls are left to the next round."""
GONE = 410
_FAULTS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)

log = logging.getLogger(__name__)


class CallError(Told):
    """A call was not taken, or must not be made. ``gone``: the address asks not to be called again."""

    def __init__(self, text: str, *, gone: bool = False, **values: object) -> None:
        super().__init__(text, **values)
        self.gone = gone


# Posting ----------------------------------------------------------------------------------------------


def check_url(url: str, *, allow_loopback: bool = False) -> None:
    """Raises CallError, which says what to write instead, for an address that is never called.

    What a name stands for is judged at each call, at the connection: that may change from day to day.
    """
    host, problem = "", None
    try:
        parsed = httpx.URL(url)
        host = parsed.host
    except (httpx.InvalidURL, UnicodeError):
        parsed = httpx.URL("")
    loopback = allow_loopback and (host == "localhost" or _is_loopback(host))
    if not host or len(url) > LONGEST_URL or any(character.isspace() for character in url):
        problem = N_("{url}: is no address of the web; write it as https://example.org/hook")
    elif parsed.scheme != "https" and not (loopback and parsed.scheme == "http"):
        problem = N_("{url}: only https addresses are called; write it as https://example.org/hook")
    elif parsed.userinfo:
        problem = N_("{url}: has a user name in it; put a secret into the path instead")
    elif parsed.port is not None and parsed.port not in PORTS and not loopback:
        problem = N_("{url}: only the ports 443, 8443 and 80 are called; leave the port out")
    elif _is_private(host) and not loopback:
        problem = N_("{url}: is not a public address; use one that the internet can reach")
    if problem:
        raise CallError(problem, url=repr(url[:200]))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


class Poster:
    """Posts to addresses that strangers gave. May be used from many threads.

    Of the network settings it heeds the user agent and ``allow_loopback``.
    """

    def __init__(
        self,
        network: NetworkSettings,
        *,
        clock: Callable[[], datetime],
        seconds: float = SECONDS,
        resolve: Resolver = system_addresses,
    ) -> None:
        self._network, self._seconds = network, seconds
        self._guard = Guard(clock, resolve, total_seconds=seconds, allow_loopback=network.allow_loopback)
        self._pool = guarded_pool(self._guard)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._pool.close()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Hand a body over. Raises CallError where it is not taken: any answer but 2xx, a redirect too."""
        check_url(url, allow_loopback=self._network.allow_loopback)
        parsed = httpx.URL(url)
        host = parsed.host
        sent = [
            ("host", parsed.netloc.decode("ascii")),
            ("user-agent", self._network.user_agent),
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("accept-encoding", "identity"),
            *headers.items(),
        ]
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        target = httpcore.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=port, target=parsed.raw_path)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        self._guard.start_timer()
        try:
            with self._pool.stream(
                "POST", target, headers=sent, content=body, extensions={"timeout": limits}
            ) as answer:
                status, said = answer.status, _beginning(answer)
        except Refused as error:
            raise CallError(
                "{host}: is not a public address; use one that the internet can reach", host=host
            ) from error
        except _FAULTS as error:
            why = " ".join(str(error).split()) or type(error).__name__
            raise CallError("{host}: cannot be reached ({why})", host=host, why=why) from error
        if 200 <= status < 300:
            return
        if status == GONE:
            raise CallError("{host}: answered 410, so it asks not to be called any more", host=host, gone=True)
        if 300 <= status < 400:
            raise CallError(
                "{host}: answered {status}, and redirects are not followed; use the address it leads to",
                host=host,
                status=status,
            )
        raise CallError(
            "{host}: answered {status} “{said}”",
            host=host,
            status=status,
            said=" ".join(said.decode("utf-8", "replace").split())[:EXCERPT],
        )


def _beginning(answer: httpcore.Response) -> bytes:
    """As much of an answer as is read. Its status says whether the call was taken, however the rest of it fares."""
    said = b""
    with suppress(*_FAULTS):
        for chunk in answer.iter_stream():
            said += chunk
            if len(said) >= MOST_READ:
                break
    return said


# What is said -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChangeBody:
    field: str
    before: str | None
    after: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class SearchBody:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class DataBody:
    saved_search: SearchBody
    url: str
    sequence: int
    changes: list[ChangeBody]
    why: list[str]
    tender: TenderLine


@dataclass(frozen=True, slots=True)
class TrialBody:
    saved_search: SearchBody
    message: str


@dataclass(frozen=True, slots=True)
class CallBody:
    """The generic form, as ``docs/webhooks.md`` describes it; the tender is a line of ``monitor export jsonl``."""

    type: str
    timestamp: str
    data: DataBody | TrialBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What calls, and letters about them, are written with; the household hands it in.

    ``languages`` and ``area_names`` take a language's code; ``domain`` is that of the letters' Message-IDs.
    """

    site: Site
    languages: Callable[[str], Language]
    area_names: Callable[[str], Mapping[str, str]]
    domain: str


def body_of(call: DueCall, shown: Card, writing: Writing) -> bytes:
    """What a call says, in its webhook's form."""
    if call.form is WebhookForm.JSON:
        return _json_body(call, shown, writing)
    told = Announcement(
        card=shown, kind=call.kind, changes=call.changes, why=call.why, saved_search=call.saved_search
    )
    render = webhooks.slack if call.form is WebhookForm.SLACK else webhooks.teams
    return render(
        told,
        site=writing.site,
        language=writing.languages(call.language),
        area_names=writing.area_names(call.language),
    )


def _json_body(call: DueCall, shown: Card, writing: Writing) -> bytes:
    return msgspec.json.encode(
        CallBody(
            type=f"tender.{call.kind}",
            timestamp=tokyo_iso(call.at),
            data=DataBody(
                saved_search=SearchBody(str(call.saved_search_id), call.saved_search),
                url=writing.site.tender_url(shown.id),
                sequence=call.sequence,
                changes=[ChangeBody(one.field, one.before, one.after, one.source) for one in call.changes],
                why=[*call.why],
                tender=as_line(shown),
            ),
        )
    )


# Calling ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Called:
    """A call that was made; ``error`` says why it was not taken."""

    call_id: UUID
    webhook_id: UUID
    error: str | None = None
    turned_off: bool = False


def call_due(
    database: Database,
    poster: Poster,
    writing: Writing,
    *,
    clock: Callable[[], datetime],
    rng: random.Random,
    stopping: Callable[[], bool] = lambda: False,
) -> list[Called]:
    """One round: the calls that are due, of each webhook one after the other until one fails.

    Several webhooks are called at the same time, and one that hangs holds up no other. Several processes may do this
    at once: a call is claimed before it is made.
    """
    now = clock()
    database.write(lambda session: calling.tidy(session, now=now))
    with database.reading() as session:
        queues = calling.due(session, now=now)
    if not queues:
        return []
    caller = _Caller(database, poster, writing, clock, rng, stopping)
    with ThreadPoolExecutor(min(AT_ONCE, len(queues)), thread_name_prefix="webhook") as threads:
        return [called for turn in threads.map(caller.work_through, queues) for called in turn]


@dataclass(frozen=True, slots=True)
class _Caller:
    database: Database
    poster: Poster
    writing: Writing
    clock: Callable[[], datetime]
    rng: random.Random
    stopping: Callable[[], bool]

    def work_through(self, queue: Sequence[DueCall]) -> list[Called]:
        """One webhook's turn."""
        done: list[Called] = []
        until = self.clock() + TURN
        with self.database.reading() as session:
            shown = {one.id: one for one in cards(session, list(dict.fromkeys(call.tender_id for call in queue)))}
        for call in queue:
            if self.stopping() or self.clock() > until:
                break
            called = self._call(call, shown.get(call.tender_id))
            if called is None:
                break
            done.append(called)
            if called.error is not None:
                break
        return done

    def _call(self, call: DueCall, shown: Card | None) -> Called | None:
        """One call; None where another process has it, and with it the webhook's turn."""
        taken_at = self.clock()
        if not self.database.write(lambda session: calling.take(session, call.id, now=taken_at)):
            return None
        if shown is None:
            self.database.write(lambda session: calling.drop(session, call, "the tender is gone", now=taken_at))
            return Called(call.id, call.webhook_id)
        try:
            body = body_of(call, shown, self.writing)
        except Exception as defect:  # ours: neither the webhook nor its other calls must suffer from it
            log.exception("call not written", extra={"call": str(call.id)})
            why = f"could not be written ({defect!r}); please report this defect"
            self.database.write(lambda session: calling.drop(session, call, why, now=taken_at))
            return Called(call.id, call.webhook_id, why)
        signed = webhooks.headers(call.secret, call.id, body, now=taken_at) if call.form is WebhookForm.JSON else {}
        try:
            self.poster.post(call.url, body, signed)
        except CallError as error:
            return self._failed(call, error)
        ended_at = self.clock()
        self.database.write(lambda session: calling.arrived(session, call, now=ended_at))
        return Called(call.id, call.webhook_id)

    def _failed(self, call: DueCall, error: CallError) -> Called:
        now, jitter = self.clock(), self.rng.uniform(0.9, 1.1)

        def work(session: Session) -> bool:
            owner = calling.failed(session, call, str(error), now=now, jitter=jitter, gone=error.gone)
            if owner is None:
                return False
            note = Saying(
                "The webhook of your saved search “{search}” was turned off ({why}). What the search finds is no "
                "longer posted there; turn it on again among your choices once it works.",
                {"search": call.saved_search, "why": error.saying},
            )
            deliveries.add_note(session, owner.id, note, now=now, domain=self.writing.domain)
            return True

        turned_off = self.database.write(work)
        log.warning("webhook %s: %s%s", call.webhook_id, error, " (turned off)" if turned_off else "")
        return Called(call.id, call.webhook_id, str(error), turned_off)


def try_webhook(
    database: Database, webhook_id: UUID, poster: Poster, writing: Writing, *, clock: Callable[[], datetime]
) -> None:
    """Call a webhook with a message that says that it is a test; whether it is turned off or on makes no difference.

    Raises CallError where it is not taken.
    """
    with database.reading() as session:
        webhook = session.get(Webhook, webhook_id)
        if webhook is None:
            raise CallError("there is no such webhook any more")
        search = session.get_one(SavedSearch, webhook.saved_search_id)
        language = writing.languages(session.get_one(Subscriber, search.subscriber_id).language)
        url, form, secret = webhook.url, WebhookForm(webhook.form), webhook.secret
        about = SearchBody(str(search.id), search.name)
    now = clock()
    message = language.text(
        "This is a test: {site} will post here what your saved search “{search}” finds.",
        site=writing.site.name,
        search=about.name,
    )
    match form:
        case WebhookForm.JSON:
            body = msgspec.json.encode(CallBody("test", tokyo_iso(now), TrialBody(about, message)))
            poster.post(url, body, webhooks.headers(secret, uuid4(), body, now=now))
        case WebhookForm.SLACK:
            poster.post(url, webhooks.slack_note(message), {})
        case WebhookForm.TEAMS:
            poster.post(url, webhooks.teams_note(message), {})
