"""Subscribing: the form, the link in the mail, and the ways out. What is in between is ``choosing.py``.

Anybody may enter any address, so the form says the same of all of them, whether they are known, barred or were asked
a minute ago. Opening a link changes nothing: scanners of mail open all of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.errors import MailError
from alerts.links import Purpose
from alerts.notes import named
from alerts.wording import frequency_text
from db import choosing, deliveries, signups, subscribers
from db.errors import Busy, RecordError
from db.search import TooSlow
from db.signups import Limit
from db.subscriber import SavedSearch, Subscriber
from db.subscribers import Choices
from db.vocabulary.delivery import Frequency, LetterKind
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_, Saying
from monitor.web import forms
from monitor.web.context import WebContext
from monitor.web.filters import Filters, Mistake
from monitor.web.forms import Form, Posted
from monitor.web.options import options
from monitor.web.pages import Pages, Visit
from monitor.web.route import POST, Route
from monitor.web.searching import Lately, Searches
from monitor.web.turns import Turns

WRITING = 4
"""At the same time: whoever writes may have to wait for a crawl, and the rest of the site stays quick."""
PAUSE = timedelta(weeks=4)
"""Of letters, for those who would rather pause than leave."""
SECRET = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
"""Headers of pages that a secret address leads to."""
LATER = "3600"
"""Seconds after which limits let more through."""
TOO_MANY: Mapping[Limit, str] = {
    Limit.NETWORK: N_("Very many requests have come from your network. Please try again in an hour."),
    Limit.DOMAIN: N_("Very many letters have been asked for at this mail provider. Please try again in an hour."),
    Limit.ALL: N_("Very many people are asking for letters right now. Please try again in an hour."),
}
"""Limits that say nothing of the address that was entered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody has entered into the form, and what is wrong with it."""

    filters: Filters
    choices: Choices
    email: str = ""
    name: str = ""
    frequency: Frequency = Frequency.DAILY
    mistake: Mistake | None = None
    problems: Mapping[str, Saying] = field(default_factory=dict)
    """By the field's name."""
    lately: Lately | None = None
    query: str = ""
    """As it would be kept; empty for everything, and where it cannot be read."""


def few_at_a_time() -> Turns:
    """Places for those who write."""
    return Turns(WRITING, lambda: Busy("many people are asking for something right now; try again in a moment"))


class Subscribing:
    """The handlers; they run in the framework's threads, one session each."""

    def __init__(self, context: WebContext, pages: Pages, searches: Searches) -> None:
        self._context = context
        self._pages = pages
        self._searches = searches
        self._writing = few_at_a_time()
        self._area_slugs = [area.slug for area in context.areas]

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield Route("/subscribe", self.form)
        yield Route("/subscribe", self.ask, POST)
        yield Route("/confirm/{token}", self.confirm_page)
        yield Route("/confirm/{token}", self.confirm, POST)
        yield Route("/forget/{token}", self.forget_page)
        yield Route("/forget/{token}", self.forget, POST)
        yield Route("/u/{token}", self.unsubscribe_page)
        yield Route("/u/{token}", self.unsubscribe, POST)

    # Asking -------------------------------------------------------------------------------------------

    def form(
        self,
        request: Request,
        q: str = "",
        area: str = "",
        prefecture: str = "",
        kind: str = "",
        category: str = "",
        venue: str = "",
    ) -> Response:
        """The form, filled with the filters of the list from which somebody comes."""
        given = {"q": q, "area": area, "prefecture": prefecture, "kind": kind, "category": category, "venue": venue}
        wish = self._wish(self._pages.visit(request), given)
        return self._asking(request, self._tried(wish) if wish.filters.params else wish)

    def ask(self, request: Request, form: Posted) -> Response:
        """Try a search, or keep it and send the letter that asks whether it is really wanted."""
        wish = self._wish(self._pages.visit(request), form)
        if form.get("do") == "try":
            return self._asking(request, self._tried(wish))
        try:
            email = forms.address(form)
        except (RecordError, MailError) as error:
            wish = replace(wish, problems={"email": error.saying})
        if wish.mistake or wish.problems:
            return self._asking(request, self._tried(wish), status=422)
        if not forms.line(form, forms.TRAP):
            limit = self._keep(request, email, wish)
            if limit is not None:
                wish = replace(wish, problems={"form": Saying(TOO_MANY[limit])})
                return self._asking(request, wish, status=429)
        return self._pages.render(request, "subscribed.html", headers=SECRET, email=email, kind="confirmation")

    def _wish(self, visit: Visit, form: Form) -> Wish:
        """What a form says. Raises NotUnderstood for what nobody can choose."""
        filters = Filters.read(
            **{name: forms.line(form, name) for name in ("q", "area", "prefecture", "kind", "category", "venue")},
            areas=self._area_slugs,
        )
        before = Choices(language=visit.language.code, digest_at=self._context.digest_at)
        _, mistake = filters.query(self._context.known)
        return Wish(
            filters=filters,
            choices=forms.choices(form, before),
            email=forms.line(form, "email"),
            name=forms.line(form, "name")[: forms.LONGEST_NAME],
            frequency=forms.frequency(form),
            mistake=mistake,
            query="" if mistake else filters.written,
        )

    def _tried(self, wish: Wish) -> Wish:
        """The wish with what it would have found lately, if it can be read."""
        query, mistake = wish.filters.query(self._context.known)
        if mistake:
            return wish
        try:
            return replace(wish, lately=self._searches.lately(query))
        except TooSlow as error:  # the form can be sent without it
            return replace(wish, problems={**wish.problems, "try": error.saying})

    def _asking(self, request: Request, wish: Wish, *, status: int = 200) -> Response:
        headers = {"Cache-Control": "no-store", **({"Retry-After": LATER} if status == 429 else {})}
        return self._pages.render(
            request,
            "subscribe.html",
            status=status,
            headers=headers,
            wish=wish,
            options=options(self._pages.visit(request).language),
            now=to_tokyo(self._context.clock()),
        )

    def _keep(self, request: Request, email: str, wish: Wish) -> Limit | None:
        """Keep what was asked for and its letter, within the limits; returns one that was reached and may be told."""
        asks = forms.sign_up(request, email, self._context.secret)
        name = wish.name or self._name(request, wish)
        now = self._context.clock()

        def work(session: Session) -> Limit | None:
            limit = signups.admit(session, asks, now=now)
            if limit is not None and limit is not Limit.ADDRESS:
                return limit
            barred = subscribers.suppression(session, email) is not None
            # All of it is also done where it must not be, and taken back: how long it takes tells nobody anything.
            kept = session.begin_nested()
            search = subscribers.ask(
                session,
                email,
                choices=wish.choices,
                name=name,
                query=wish.query,
                frequency=wish.frequency,
                now=now,
            )
            deliveries.add_letter(
                session,
                search.subscriber_id,
                LetterKind.CONFIRMATION,
                now=now,
                domain=self._context.mail_domain,
                saved_search_id=search.id,
            )
            if limit is not None or barred:
                kept.rollback()
            else:
                kept.commit()
            return None

        with self._writing.turn():
            return self._context.database.write(work)

    def _name(self, request: Request, wish: Wish) -> str:
        """A name for a search that was given none: its area and words."""
        language = self._pages.visit(request).language
        area = next((one.names[language.code] for one in self._context.areas if one.slug == wish.filters.area), "")
        parts = [part for part in (area, wish.filters.q) if part]
        return (": ".join(parts) or wish.query or language.text("Everything"))[: forms.LONGEST_NAME]

    # Confirming ---------------------------------------------------------------------------------------

    def confirm_page(self, request: Request, token: str) -> Response:
        """Shows what a search looks for, and a button. Changes nothing."""
        return self._confirming(request, token)

    def confirm(self, request: Request, token: str) -> Response:
        """Let the search begin, and lead to the page of all choices. Doing it again leads there, too."""
        search_id = self._read(Purpose.CONFIRM, token)
        now = self._context.clock()
        try:
            with self._writing.turn():
                done = (
                    self._context.database.write(lambda session: subscribers.confirm(session, search_id, now=now))
                    if search_id
                    else None
                )
        except Busy:
            raise
        except RecordError as error:  # they have too many searches
            return self._confirming(request, token, problem=error.saying)
        if done is None:
            return self._expired(request, "confirm")
        return RedirectResponse(
            self._pages.visit(request).link(f"/choices/{self._choices_token(done[0].id)}", done="confirmed"),
            303,
            SECRET,
        )

    def _confirming(self, request: Request, token: str, *, problem: Saying | None = None) -> Response:
        search_id, spoken = self._read(Purpose.CONFIRM, token), self._pages.visit(request).language
        with self._context.database.reading() as session:
            search = session.get(SavedSearch, search_id) if search_id else None
            owner = session.get(Subscriber, search.subscriber_id) if search else None
            if search is None or owner is None or subscribers.left_since(owner, search):
                return self._expired(request, "confirm")
        return self._pages.render(
            request,
            "confirm.html",
            status=409 if problem else 200,
            headers=SECRET,
            token=token,
            search=search,
            named=named(search, spoken),
            email=forms.masked(owner.email),
            how_often=frequency_text(Frequency(search.frequency), owner, spoken),
            problem=problem,
            choices_token=self._choices_token(owner.id) if problem else "",
        )

    # Leaving ------------------------------------------------------------------------------------------

    def forget_page(self, request: Request, token: str) -> Response:
        """Asks once more. Changes nothing."""
        owner_id = self._read(Purpose.FORGET, token)
        with self._context.database.reading() as session:
            owner = session.get(Subscriber, owner_id) if owner_id else None
            if owner is None:
                return self._expired(request, "forget")
            email = forms.masked(owner.email)
        return self._pages.render(request, "forget.html", headers=SECRET, token=token, email=email, done=False)

    def forget(self, request: Request, token: str) -> Response:
        """Delete everything. Doing it again finds nothing more, and says so in the same words."""
        owner_id = self._read(Purpose.FORGET, token)
        if owner_id is None:
            return self._expired(request, "forget")

        def work(session: Session) -> None:
            if (owner := session.get(Subscriber, owner_id)) is not None:
                subscribers.forget(session, owner.email)

        with self._writing.turn():
            self._context.database.write(work)
        return self._pages.render(request, "forget.html", headers=SECRET, token=token, email="", done=True)

    def unsubscribe_page(self, request: Request, token: str) -> Response:
        """Changes nothing: mail programs and their scanners open every link."""
        with self._context.database.reading() as session:
            owner = subscribers.by_token(session, token)
            email = forms.masked(owner.email) if owner is not None and owner.active else ""
        return self._leaving(request, token, email=email)

    def unsubscribe(self, request: Request, token: str, form: Posted) -> Response:
        """The button's and RFC 8058's post: whoever knows the token may stop the letters, as often as they like.

        The page has two other buttons, for less than that. Whatever else is posted means to unsubscribe.
        """
        now = self._context.clock()
        match form.get("instead"):
            case "pause":
                done = "paused"
            case "weekly":
                done = "weekly"
            case _:
                done = "stopped"
        until = now.date() + PAUSE

        def work(session: Session) -> None:
            if done == "stopped":
                subscribers.unsubscribe(session, token, now=now)
            elif (owner := subscribers.by_token(session, token)) is not None and owner.active:
                if done == "paused":
                    choosing.pause(session, owner, max(until, owner.paused_until or until))
                else:
                    choosing.weekly_at_most(session, owner.id)

        self._context.database.write(work)
        return self._leaving(request, token, done=done)

    def _leaving(self, request: Request, token: str, *, done: str = "", email: str = "") -> Response:
        return self._pages.render(
            request,
            "unsubscribe.html",
            headers=SECRET,
            token=token,
            done=done,
            email=email,
            until=self._context.clock().date() + PAUSE,
        )

    # Links --------------------------------------------------------------------------------------------

    def _read(self, purpose: Purpose, token: str) -> UUID | None:
        return self._context.links.read(purpose, token, now=self._context.clock())

    def _choices_token(self, subscriber_id: UUID) -> str:
        return self._context.links.token(Purpose.CHOICES, subscriber_id, now=self._context.clock())

    def _expired(self, request: Request, link: str) -> Response:
        return self._pages.render(request, "expired.html", status=410, headers=SECRET, link=link)
