"""The page of a subscriber's choices: their searches with feeds, calendars and webhooks, and when letters come.

The link in every letter is the key; there is no password. Letters are passed on, so nobody can change the address here
or delete everything: that takes a letter of its own, to the address itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.errors import MailError
from alerts.feeds import FeedForm
from alerts.links import Purpose
from alerts.wording import frequency_text
from db import calling, choosing, deliveries, signups, subscribers
from db.errors import Busy, RecordError
from db.search import TooSlow
from db.signups import Limit
from db.subscriber import SavedSearch, Subscriber, Webhook
from db.subscribers import Choices
from db.vocabulary.delivery import Frequency, LetterKind, SubscriberState, WebhookForm
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_, Saying, Told
from db.vocabulary.query import Query, QueryError
from monitor.web import forms
from monitor.web.context import WebContext
from monitor.web.filters import SAVED_CHARACTERS, Mistake, NotUnderstood, mistake_in, read
from monitor.web.forms import Form, Posted
from monitor.web.options import options
from monitor.web.pages import Pages
from monitor.web.route import POST, Route
from monitor.web.searching import PREVIEW_DAYS, Lately, Searches
from monitor.web.subscribing import LATER, SECRET, TOO_MANY, few_at_a_time
from monitor.web.turns import Turns

T = TypeVar("T")

LONGEST_PAUSE = timedelta(days=366)
CALLS = 2
"""Webhooks that are tried at the same time: each may take seconds."""
FEED_NAMES: Mapping[str, str] = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}
DONE: Mapping[str, str] = {
    "confirmed": N_("Confirmed: your search has begun. What it finds from now on is told to you."),
    "added": N_("The search has begun. What it finds from now on is told to you."),
    "changed": N_("The search is changed."),
    "deleted": N_("The search is deleted, with its feed, its calendar and its webhooks."),
    "letters": N_("Your choices are saved."),
    "paused": N_("The letters pause. What is found meanwhile is kept for you."),
    "going-on": N_("The letters go on."),
    "stopped": N_("All letters are stopped."),
    "farewell": N_("A letter is on its way to your address; the link in it deletes everything."),
    "webhook-added": N_("The webhook is added. What the search finds from now on is posted there."),
    "webhook-removed": N_("The webhook is removed."),
    "webhook-enabled": N_("The webhook is turned on again."),
    "webhook-tried": N_("The test was taken."),
}
"""What is said after something was done."""
STATES_OF_OWNERS = (SubscriberState.ACTIVE, SubscriberState.UNSUBSCRIBED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A search as it was entered, new or to be changed, with what is wrong with it or what it would have found."""

    search_id: UUID | None = None
    name: str = ""
    query: str = ""
    frequency: Frequency = Frequency.DAILY
    mistake: Mistake | None = None
    problem: Saying | None = None
    lately: Lately | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What became of a webhook that was to be added or tried: its new secret, or what went wrong."""

    search_id: UUID
    webhook_id: UUID | None = None
    url: str = ""
    form: str = WebhookForm.JSON
    secret: str = ""
    problem: Saying | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHook:
    """A webhook as its owner sees it. Its address is often a secret itself, so only its ends are shown."""

    id: UUID
    where: str
    form: str
    off: bool
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSearch:
    """A saved search as its owner sees it."""

    search: SavedSearch
    how_often: str
    found: int
    webhooks: list[ShownHook]


class Choosing:
    """The handlers; they run in the framework's threads, one session each."""

    def __init__(self, context: WebContext, pages: Pages, searches: Searches) -> None:
        self._context = context
        self._pages = pages
        self._searches = searches
        self._writing = few_at_a_time()
        self._calls = Turns(CALLS, lambda: Busy("several webhooks are being tried right now; try again in a moment"))

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield Route("/choices", self.link_form)
        yield Route("/choices", self.send_link, POST)
        yield Route("/choices/{token}", self.page)
        yield Route("/choices/{token}", self.act, POST)

    # A fresh link -------------------------------------------------------------------------------------

    def link_form(self, request: Request) -> Response:
        """Where a fresh link is asked for."""
        return self._asking(request)

    def send_link(self, request: Request, form: Posted) -> Response:
        """Send a link to the page to whoever is known; the answer is the same for all addresses."""
        try:
            email = forms.address(form)
        except (RecordError, MailError) as error:
            return self._asking(request, email=forms.line(form, "email"), problem=error.saying, status=422)
        if not forms.line(form, forms.TRAP):
            asks, now = forms.sign_up(request, email, self._context.secret), self._context.clock()

            def work(session: Session) -> Limit | None:
                limit = signups.admit(session, asks, now=now)
                if limit is not None and limit is not Limit.ADDRESS:
                    return limit
                barred = subscribers.suppression(session, email) is not None
                owner = subscribers.by_email(session, email)
                known = owner is not None and owner.state in STATES_OF_OWNERS
                # A letter is also made where none must go, and taken back: how long it takes tells nobody anything.
                kept = session.begin_nested()
                if owner is None:
                    owner_id = subscribers.ask(
                        session, email, choices=Choices(), name="", query="", frequency=Frequency.NEVER, now=now
                    ).subscriber_id
                else:
                    owner_id = owner.id
                domain = self._context.mail_domain
                deliveries.add_letter(session, owner_id, LetterKind.CHOICES, now=now, domain=domain)
                if known and limit is None and not barred:
                    kept.commit()
                else:
                    kept.rollback()
                return None

            with self._writing.turn():
                limit = self._context.database.write(work)
            if limit is not None:
                return self._asking(request, email=email, problem=Saying(TOO_MANY[limit]), status=429)
        return self._pages.render(request, "subscribed.html", headers=SECRET, email=email, kind="choices")

    def _asking(
        self,
        request: Request,
        *,
        email: str = "",
        problem: Saying | None = None,
        expired: bool = False,
        status: int = 200,
    ) -> Response:
        headers = {**SECRET, **({"Retry-After": LATER} if status == 429 else {})}
        return self._pages.render(
            request, "link.html", status=status, headers=headers, email=email, problem=problem, expired=expired
        )

    # The page -----------------------------------------------------------------------------------------

    def page(self, request: Request, token: str, done: str = "") -> Response:
        """All choices of whoever has the link."""
        return self._shown(request, token, done=done)

    def _owner_id(self, token: str) -> UUID | None:
        return self._context.links.read(Purpose.CHOICES, token, now=self._context.clock())

    def _shown(
        self,
        request: Request,
        token: str,
        *,
        done: str = "",
        draft: Draft | None = None,
        hook: Hook | None = None,
        problem: Saying | None = None,
        status: int = 200,
    ) -> Response:
        owner_id, now = self._owner_id(token), to_tokyo(self._context.clock())
        spoken = self._pages.visit(request).language
        with self._context.database.reading() as session:
            owner = session.get(Subscriber, owner_id) if owner_id else None
            if owner is None or owner.state not in STATES_OF_OWNERS:
                return self._asking(request, expired=True, status=410)
            mine = subscribers.searches_of(session, owner.id) if owner.active else []
            ids = [search.id for search in mine]
            found = choosing.found_since(session, ids, now - timedelta(days=PREVIEW_DAYS))
            webhooks = choosing.webhooks_of_all(session, ids)
            shown = [
                ShownSearch(
                    search=search,
                    how_often=frequency_text(Frequency(search.frequency), owner, spoken),
                    found=found.get(search.id, 0),
                    webhooks=[_shown_hook(session, one) for one in webhooks.get(search.id, [])],
                )
                for search in mine
            ]
        return self._pages.render(
            request,
            "choices.html",
            status=status,
            headers=SECRET,
            token=token,
            owner=owner,
            email=forms.masked(owner.email),
            searches=shown,
            new=draft if draft is not None and draft.search_id is None else Draft(),
            draft=draft,
            hook=hook,
            problem=problem,
            done=Saying(DONE[done]) if done in DONE else None,
            options=options(spoken),
            feed_forms=[(form, FEED_NAMES.get(form, form)) for form in FeedForm],
            may_try=self._context.try_webhook is not None,
            most_searches=subscribers.MOST_SEARCHES,
            most_webhooks=calling.MOST_WEBHOOKS,
            tomorrow=now.date() + timedelta(days=1),
            last_day=now.date() + LONGEST_PAUSE,
            paused=owner.paused_until is not None and owner.paused_until > now.date(),
            now=now,
        )

    # What is done there -------------------------------------------------------------------------------

    def act(self, request: Request, token: str, form: Posted) -> Response:
        """Do what a button of the page says, and lead back to it."""
        owner_id = self._owner_id(token)
        with self._context.database.reading() as session:
            owner = session.get(Subscriber, owner_id) if owner_id else None
            state = owner.state if owner is not None else None
        if owner_id is None or state not in STATES_OF_OWNERS:
            return self._asking(request, expired=True, status=410)
        deed = form.get("do", "")
        if deed == "forget":
            return self._farewell(request, token, owner_id)
        if state != SubscriberState.ACTIVE:
            return self._shown(request, token)  # it stays so; the page says how to begin anew
        match deed:
            case "add" | "change" | "try":
                return self._keep_search(request, token, owner_id, form, only_try=deed == "try")
            case "delete":
                return self._delete_search(request, token, owner_id, form)
            case "letters":
                return self._choose(request, token, owner_id, form)
            case "pause" | "go-on":
                return self._pause(request, token, owner_id, form, pausing=deed == "pause")
            case "stop":
                return self._stop(request, token, owner_id)
            case "webhook-add":
                return self._add_webhook(request, token, owner_id, form)
            case "webhook-remove" | "webhook-enable" | "webhook-try":
                return self._tend_webhook(request, token, owner_id, form, deed)
            case _:
                raise NotUnderstood(N_("There is no button “{value}”."), value=deed)

    def _back(self, request: Request, token: str, done: str, place: str = "") -> Response:
        address = self._pages.visit(request).link(f"/choices/{token}", done=done)
        return RedirectResponse(f"{address}#{place}" if place else address, 303, SECRET)

    def _keep_search(self, request: Request, token: str, owner_id: UUID, form: Form, *, only_try: bool) -> Response:
        search_id = _id(form.get("search", "")) if form.get("search") else None
        draft = Draft(
            search_id=search_id,
            name=forms.line(form, "name")[: forms.LONGEST_NAME],
            query=forms.line(form, "q"),
            frequency=forms.frequency(form),
        )
        try:
            query: Query = read(draft.query, self._context.known, limit=SAVED_CHARACTERS)
        except QueryError as error:
            draft = replace(draft, mistake=mistake_in(draft.query, error))
            return self._shown(request, token, draft=draft, status=422)
        if only_try:
            try:
                draft = replace(draft, lately=self._searches.lately(query))
            except TooSlow as error:
                draft = replace(draft, problem=error.saying)
            return self._shown(request, token, draft=draft)
        wanted = draft.name or draft.query or self._pages.visit(request).language.text("Everything")
        now = self._context.clock()

        def work(session: Session) -> UUID:
            if search_id is None:
                name = choosing.free_name(session, owner_id, wanted[: forms.LONGEST_NAME])
                owner = session.get_one(Subscriber, owner_id)
                kept = subscribers.save_search(session, owner, name, draft.query, now=now, frequency=draft.frequency)
                return kept.id
            search = _search_of(session, owner_id, form)
            name = wanted[: forms.LONGEST_NAME]
            if name != search.name:
                name = choosing.free_name(session, owner_id, name)
            choosing.change_search(session, search, name=name, query=draft.query, frequency=draft.frequency)
            return search.id

        try:
            kept_id = self._write(work)
        except Busy:
            raise
        except RecordError as error:  # they have too many searches
            return self._shown(request, token, draft=replace(draft, problem=error.saying), status=422)
        return self._back(request, token, "changed" if search_id else "added", f"search-{kept_id}")

    def _delete_search(self, request: Request, token: str, owner_id: UUID, form: Form) -> Response:
        self._write(lambda session: subscribers.delete_search(session, _search_of(session, owner_id, form)))
        return self._back(request, token, "deleted")

    def _choose(self, request: Request, token: str, owner_id: UUID, form: Form) -> Response:
        def work(session: Session) -> str:
            owner = session.get_one(Subscriber, owner_id)
            chosen = forms.choices(form, forms.chosen_by(owner))
            subscribers.choose(
                session,
                owner_id,
                replace(chosen, alerts=forms.ticked(form, "alerts"), reminders=forms.ticked(form, "reminders")),
            )
            return chosen.language

        self._write(work)
        return self._back(request, token, "letters", "letters")

    def _pause(self, request: Request, token: str, owner_id: UUID, form: Form, *, pausing: bool) -> Response:
        today = to_tokyo(self._context.clock()).date()
        until = forms.day(form, "until") if pausing else None
        if pausing and (until is None or not today < until <= today + LONGEST_PAUSE):
            problem = Saying(N_("Choose a day from tomorrow on, within a year."))
            return self._shown(request, token, problem=problem, status=422)
        self._write(lambda session: choosing.pause(session, session.get_one(Subscriber, owner_id), until))
        return self._back(request, token, "paused" if pausing else "going-on", "pause")

    def _stop(self, request: Request, token: str, owner_id: UUID) -> Response:
        now = self._context.clock()

        def work(session: Session) -> None:
            subscribers.unsubscribe(session, session.get_one(Subscriber, owner_id).token, now=now)

        self._write(work)
        return self._back(request, token, "stopped")

    def _farewell(self, request: Request, token: str, owner_id: UUID) -> Response:
        now, domain = self._context.clock(), self._context.mail_domain

        def work(session: Session) -> Limit | None:
            owner = session.get_one(Subscriber, owner_id)
            asks = forms.sign_up(request, owner.email, self._context.secret)
            limit = signups.admit(session, asks, now=now)
            if limit is None:
                deliveries.add_letter(session, owner_id, LetterKind.FAREWELL, now=now, domain=domain)
            return limit

        limit = self._write(work)
        if limit is None:
            return self._back(request, token, "farewell")
        lately = N_("A letter went to your address a short while ago. Look for it, or try again later.")
        return self._shown(request, token, problem=Saying(TOO_MANY.get(limit, lately)), status=429)

    # Webhooks -----------------------------------------------------------------------------------------

    def _add_webhook(self, request: Request, token: str, owner_id: UUID, form: Form) -> Response:
        search_id, url, chosen = _id(form.get("search", "")), forms.line(form, "url"), form.get("form", "")
        if chosen not in [*WebhookForm]:
            raise NotUnderstood(N_("There is no form of webhooks “{value}”."), value=chosen)
        now = self._context.clock()

        def work(session: Session) -> Webhook:
            search = _search_of(session, owner_id, form)
            return calling.add_webhook(session, search.id, url, WebhookForm(chosen), now=now)

        try:
            self._context.check_webhook(url)
            added = self._write(work)
        except (Busy, NotUnderstood):
            raise
        except Told as error:
            hook = Hook(search_id=search_id, url=url, form=chosen, problem=error.saying)
            return self._shown(request, token, hook=hook, status=422)
        if added.form != WebhookForm.JSON:
            return self._back(request, token, "webhook-added", f"search-{search_id}")
        # Not led back: its secret is shown this once, and belongs into no address.
        hook = Hook(search_id=search_id, webhook_id=added.id, secret=added.secret)
        return self._shown(request, token, done="webhook-added", hook=hook)

    def _tend_webhook(self, request: Request, token: str, owner_id: UUID, form: Form, deed: str) -> Response:
        def work(session: Session) -> Webhook:
            webhook = _webhook_of(session, owner_id, form)
            if deed == "webhook-remove":
                calling.remove_webhook(session, webhook.id)
            elif deed == "webhook-enable":
                calling.enable(session, webhook.id)
            return webhook

        webhook = self._write(work)
        done = {"webhook-remove": "webhook-removed", "webhook-enable": "webhook-enabled"}.get(deed, "webhook-tried")
        if deed == "webhook-try" and self._context.try_webhook is not None:
            try:
                with self._calls.turn():
                    self._context.try_webhook(webhook.id)
            except Busy:
                raise
            except Told as error:
                hook = Hook(search_id=webhook.saved_search_id, webhook_id=webhook.id, problem=error.saying)
                return self._shown(request, token, hook=hook, status=422)
        return self._back(request, token, done, f"search-{webhook.saved_search_id}")

    def _write(self, work: Callable[[Session], T]) -> T:
        with self._writing.turn():
            return self._context.database.write(work)


def _shown_hook(session: Session, webhook: Webhook) -> ShownHook:
    error = ""
    if webhook.failures or webhook.disabled_at:
        error = next((call.error for call in calling.calls_of(session, webhook.id, limit=5) if call.error), "")
    parts = urlsplit(webhook.url)
    ending = parts.path.rstrip("/")[-4:].lstrip("/")
    return ShownHook(
        id=webhook.id,
        where=f"{parts.hostname}/…{ending}" if ending else f"{parts.hostname}",
        form=webhook.form,
        off=webhook.disabled_at is not None,
        error=error,
    )


def _search_of(session: Session, owner_id: UUID, form: Form) -> SavedSearch:
    """The search that a form names, if it is the owner's. Raises NotUnderstood."""
    search = session.get(SavedSearch, _id(form.get("search", "")))
    if search is None or search.subscriber_id != owner_id or search.confirmed_at is None:
        _gone()
    return search


def _webhook_of(session: Session, owner_id: UUID, form: Form) -> Webhook:
    """The webhook that a form names, if it is the owner's. Raises NotUnderstood."""
    webhook = session.get(Webhook, _id(form.get("webhook", "")))
    search = session.get(SavedSearch, webhook.saved_search_id) if webhook else None
    if webhook is None or search is None or search.subscriber_id != owner_id:
        _gone()
    return webhook


def _id(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        _gone()


def _gone() -> NoReturn:
    raise NotUnderstood(N_("What you wanted to change is not there any more."))
