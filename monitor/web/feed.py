"""The feeds of the site: which there are, what they say of themselves, and how they travel."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import blake2b

from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from alerts import feeds, opml
from alerts.feeds import Feed, FeedForm
from alerts.language import Language
from alerts.opml import Listed
from db import feeding, subscribers
from db.feeding import ArchivePage, News, OfArea, OfBuyer, OfSearch, Part
from db.subscriber import SavedSearch, Subscriber
from db.vocabulary.delivery import SubscriberState
from monitor.i18n import language
from monitor.reading.access import RULES
from monitor.reading.areas import names_of
from monitor.web.conditional import answer
from monitor.web.context import WebContext
from monitor.web.pages import STATIC, Pages
from monitor.web.route import Route

EVERYTHING = "all"
"""The name of the feed of all tenders; the others are named after their area."""
BUYER = "buyer:"
"""What the names of buyers' feeds begin with, outside of addresses."""
FEED_SECONDS = 900
ARCHIVE_SECONDS = 86_400
"""A page of the archive keeps its tenders for ever, and shows them as they are now."""
LONGEST_NAME = 300
"""Characters of a buyer's name that is asked for."""
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""The moment of a feed in which there was nothing yet."""
_MONTH = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])")
_NUMBER = re.compile(r"[1-9]\d{0,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A feed that there is, apart from its form. ``path`` is its address below ``/feeds``, without the ending."""

    path: str
    name: str
    title: str
    description: str
    page_url: str
    part: Part | None
    begun: datetime = _NEVER


@dataclass(frozen=True, slots=True)
class Written:
    """A feed as it is sent, and when there was something new in it last; None while it is empty."""

    document: bytes
    updated: datetime | None


def feed_document(
    context: WebContext, name: str, *, form: FeedForm, code: str, stylesheet: str | None = None
) -> bytes:
    """The feed of an area's slug, of ``buyer:`` and a name, or of ``EVERYTHING``, in the language of a code.

    Raises KeyError for another name, and for a buyer of whom nothing is known.
    """
    with context.database.reading() as session:
        channel = public_channel(context, session, name, code)
        return written(context, session, channel, form=form, code=code, stylesheet=stylesheet).document


def stylesheet_address(context: WebContext) -> str:
    """Where the sheet is that draws feeds in a browser; it changes with its content, so that it may be kept for ever."""
    digest = blake2b((STATIC / "feed.css").read_bytes(), digest_size=4).hexdigest()
    return f"{context.root}/static/feed.css?v={digest}"


def public_channel(context: WebContext, session: Session, name: str, code: str) -> Channel:
    """A feed that anybody may read. Raises KeyError."""
    spoken = language(code)
    if name == EVERYTHING:
        return Channel(
            path=name,
            name=name,
            title=_illustrative(context, spoken, spoken.text("{site}: all tenders", site=context.site.name)),
            description=spoken.text("Public tenders in Japan, newest first."),
            page_url=_page(context, code),
            part=None,
        )
    if name.startswith(BUYER):
        return _buyer_channel(context, session, name.removeprefix(BUYER), code)
    area = {known.slug: known for known in context.areas}[name]
    return Channel(
        path=name,
        name=name,
        title=_titled(context, spoken, area.names[code]),
        description=area.descriptions[code],
        page_url=_page(context, code, area=name),
        part=OfArea(name),
    )


def _buyer_channel(context: WebContext, session: Session, asked: str, code: str) -> Channel:
    names = feeding.spellings(session, asked) if len(asked) <= LONGEST_NAME else ()
    if not names:
        raise KeyError(asked)
    spoken, shown = language(code), names[0]
    return Channel(
        path=context.site.buyer_path(asked),
        name=context.site.buyer_path(asked),
        title=_titled(context, spoken, shown),
        description=spoken.text("Tenders of {buyer}, newest first.", buyer=shown),
        page_url=_page(context, code, q='buyer:"{}"'.format(shown.replace('"', " "))),
        part=OfBuyer(names),
    )


def search_channel(context: WebContext, search: SavedSearch, code: str) -> Channel:
    """The feed of a saved search; whoever has its address may read it."""
    spoken = language(code)
    return Channel(
        path=context.site.search_path(search.feed_token),
        name=f"search/{search.id}",
        title=_titled(context, spoken, search.name),
        description=spoken.text("What the saved search “{name}” found, newest first.", name=search.name),
        page_url=_page(context, code, **({"q": search.query} if search.query else {})),
        part=OfSearch(search.id),
        begun=search.confirmed_at or search.created_at,
    )


def written(
    context: WebContext,
    session: Session,
    channel: Channel,
    *,
    form: FeedForm,
    code: str,
    page: ArchivePage | None = None,
    stylesheet: str | None = None,
) -> Written:
    """A feed, or a page of its archive. Raises KeyError for a page that there is not (yet)."""
    now, site = context.clock(), context.site

    def address(of: ArchivePage | None) -> str:
        path = channel.path if of is None else f"{channel.path}/{of.month:%Y-%m}/{of.number}"
        return site.feed_url(path, form, code)

    feed = Feed(
        name=channel.name,
        title=channel.title,
        description=channel.description,
        page_url=channel.page_url,
        self_url=address(page),
        updated=channel.begun,
    )
    news: list[News]
    if page is None:
        newest = feeding.newest(session, channel.part, limit=feeds.MOST_ENTRIES, now=now)
        news = newest.news
        feed = replace(feed, older_url=address(newest.older) if newest.older else None)
    else:
        archived = feeding.archived(session, channel.part, page, now=now)
        if archived is None:
            raise KeyError(page)
        news = archived.news
        feed = replace(
            feed,
            current_url=address(None),
            older_url=address(archived.older) if archived.older else None,
            newer_url=address(archived.newer) if archived.newer else None,
        )
    document = feeds.render(
        feed,
        news,
        form=form,
        site=site,
        language=language(code),
        area_names=names_of(context.areas, code),
        sources=context.sources,
        access_rules=RULES,
        stylesheet=stylesheet_address(context) if stylesheet is None else stylesheet,
    )
    return Written(document, max((one.at for one in news), default=None))


def _titled(context: WebContext, spoken: Language, subject: str) -> str:
    return _illustrative(context, spoken, spoken.text("{site}: {area}", site=context.site.name, area=subject))


def _illustrative(context: WebContext, spoken: Language, title: str) -> str:
    return spoken.text("{title} (illustrative data)", title=title) if context.site.illustrative else title


def _page(context: WebContext, code: str, **filters: str) -> str:
    """The list with the same tenders."""
    return context.site.list_url(**filters, **({"lang": code} if code != "en" else {}))


class Feeds:
    """The handlers; they run in the framework's threads, one session each."""

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages
        self._stylesheet = stylesheet_address(context)

    def routes(self) -> Iterator[Route]:
        """What they answer. A name has no slash in it, but for that of a buyer."""
        yield Route("/feeds", self.feeds)
        yield Route("/feeds.opml", self.opml)
        archive = "{month}/{number}.{form}"
        for path, page in (("s/{token}", self.search), ("buyer/{buyer:path}", self.buyer), ("{name}", self.public)):
            yield Route(f"/feeds/{path}/{archive}", page)
            yield Route(f"/feeds/{path}.{{form}}", page)

    def feeds(self, request: Request, buyer: str = "") -> Response:
        """What a feed is, and all of them; those of a buyer, too, who is asked for by name."""
        buyer = " ".join(buyer.split())[:LONGEST_NAME]
        with self._context.database.reading() as session:
            names = feeding.spellings(session, buyer) if buyer else ()
        return self._pages.render(
            request,
            "feeds.html",
            everything=EVERYTHING,
            forms=[(FeedForm.ATOM, "Atom"), (FeedForm.RSS, "RSS"), (FeedForm.JSON, "JSON Feed")],
            buyer=buyer,
            found=names[0] if names else "",
        )

    def opml(self, request: Request) -> Response:
        """The public feeds in one file; not those of buyers, of whom there are thousands."""
        context, code = self._context, _code(request)
        with context.database.reading() as session:
            names = (EVERYTHING, *(area.slug for area in context.areas))
            channels = [public_channel(context, session, name, code) for name in names]
        site = context.site
        listed = [
            Listed(one.title, one.description, site.feed_url(one.path, FeedForm.ATOM, code), one.page_url)
            for one in channels
        ]
        return answer(
            request,
            opml.opml(site.name, listed, owner_url=site.home_url(), language=code),
            media_type=f"{opml.MEDIA_TYPE}; charset=utf-8",
            modified=None,
            headers={
                "Cache-Control": f"public, max-age={FEED_SECONDS}",
                "Content-Language": code,
                "Content-Disposition": 'attachment; filename="feeds.opml"',
            },
        )

    def public(self, request: Request, name: str, form: str, month: str = "", number: str = "") -> Response:
        """The feed of an area or of everything."""
        if name.startswith(BUYER):
            raise HTTPException(404)
        return self._public(request, name, form, month, number)

    def buyer(self, request: Request, buyer: str, form: str, month: str = "", number: str = "") -> Response:
        """The feed of a buyer, in whatever spelling."""
        return self._public(request, f"{BUYER}{buyer}", form, month, number)

    def search(self, request: Request, token: str, form: str, month: str = "", number: str = "") -> Response:
        """The feed of a saved search: nobody can guess its address."""
        code = _code(request)
        private = {"X-Robots-Tag": "noindex"}
        with self._context.database.reading() as session:
            found = subscribers.search_by_token(session, token)
            if found is None or form not in [*FeedForm]:
                raise HTTPException(404, headers=private)
            if session.get_one(Subscriber, found.subscriber_id).state == SubscriberState.UNSUBSCRIBED:
                gone = language(code).text("Its owner has unsubscribed; please remove this feed.")
                return PlainTextResponse(gone, 410, {"Cache-Control": "no-store", **private})
            channel = search_channel(self._context, found, code)
            return self._sent(request, session, channel, form, month, number, keep="private", headers=private)

    def _public(self, request: Request, name: str, form: str, month: str, number: str) -> Response:
        if form not in [*FeedForm]:
            raise HTTPException(404)
        with self._context.database.reading() as session:
            try:
                channel = public_channel(self._context, session, name, _code(request))
            except KeyError:
                raise HTTPException(404) from None
            return self._sent(request, session, channel, form, month, number, keep="public", headers={})

    def _sent(
        self,
        request: Request,
        session: Session,
        channel: Channel,
        form: str,
        month: str,
        number: str,
        *,
        keep: str,
        headers: dict[str, str],
    ) -> Response:
        chosen, code = FeedForm(form), _code(request)
        try:
            page = _archive_page(month, number) if month else None
            feed = written(
                self._context, session, channel, form=chosen, code=code, page=page, stylesheet=self._stylesheet
            )
        except KeyError:
            raise HTTPException(404) from None
        return answer(
            request,
            feed.document,
            media_type=f"{_media_type(request, chosen)}; charset=utf-8",
            modified=feed.updated,
            headers={
                "Cache-Control": f"{keep}, max-age={ARCHIVE_SECONDS if page else FEED_SECONDS}",
                "Content-Language": code,
                "Vary": "Accept",
                **headers,
            },
        )


def _archive_page(month: str, number: str) -> ArchivePage:
    """Raises KeyError."""
    if not _MONTH.fullmatch(month) or not _NUMBER.fullmatch(number):
        raise KeyError(month)
    return ArchivePage(date.fromisoformat(f"{month}-01"), int(number))


def _media_type(request: Request, form: FeedForm) -> str:
    """What a feed is sent as: its own type, and to a browser XML without more.

    Firefox saves what is sent as Atom or RSS instead of showing it. A program that reads feeds names their types in
    ``Accept``, or accepts anything; only a browser asks for a page and knows of no feeds.
    """
    accepted = request.headers.get("accept", "")
    if form is FeedForm.JSON or "text/html" not in accepted or form.media_type in accepted:
        return form.media_type
    return "application/xml"


def _code(request: Request) -> str:
    """A program that reads feeds says nothing of its reader's languages: only the address decides."""
    return "ja" if request.query_params.get("lang") == "ja" else "en"
