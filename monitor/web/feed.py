"""The feeds of the site: which tenders are in them, and what they say of themselves."""

from collections.abc import Iterator
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerts import feeds
from alerts.feeds import Feed, FeedForm
from db import search
from monitor.i18n import language
from monitor.reading.access import RULES
from monitor.reading.areas import names_of
from monitor.web.conditional import answer
from monitor.web.context import WebContext
from monitor.web.pages import Pages
from monitor.web.route import Route

EVERYTHING = "all"
"""The name of the feed of all tenders; the others are named after their area."""
FEED_SECONDS = 900
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""The moment of a feed in which there was nothing yet."""


def feed_document(context: WebContext, name: str, *, form: FeedForm, code: str) -> bytes:
    """The feed of an area's slug, or of ``EVERYTHING``, in the language of a code."""
    return feed_with_moment(context, name, form=form, code=code)[0]


def feed_with_moment(context: WebContext, name: str, *, form: FeedForm, code: str) -> tuple[bytes, datetime | None]:
    """The feed, and when something in it changed last; None while it is empty. Raises KeyError for another name."""
    slug = None if name == EVERYTHING else name
    with context.database.reading() as session:
        cards = search.changed_last(session, area=slug, limit=feeds.MOST_ENTRIES)
    spoken = language(code)
    if slug is None:
        title = spoken.text("{site}: all tenders", site=context.site.name)
        description = spoken.text("Public tenders in Japan, newest first.")
    else:
        area = {known.slug: known for known in context.areas}[slug]
        title = spoken.text("{site}: {area}", site=context.site.name, area=area.names[code])
        description = area.descriptions[code]
    if context.site.illustrative:
        title = spoken.text("{title} (illustrative data)", title=title)
    filters = {"area": slug} if slug else {}
    document = feeds.render(
        Feed(
            name=name,
            title=title,
            description=description,
            page_url=context.site.list_url(**filters, **({"lang": code} if code != "en" else {})),
            updated=_NEVER,
        ),
        cards,
        form=form,
        site=context.site,
        language=spoken,
        area_names=names_of(context.areas, code),
        sources=context.sources,
        access_rules=RULES,
    )
    return document, max((card.updated_at for card in cards), default=None)


class Feeds:
    """The handlers; they run in the framework's threads, one session each."""

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages
        self._slugs = [area.slug for area in context.areas]

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield Route("/feeds", self.feeds)
        yield Route("/feeds/{name}.{form}", self.feed)

    def feeds(self, request: Request) -> Response:
        return self._pages.render(request, "feeds.html", everything=EVERYTHING)

    def feed(self, request: Request, name: str, form: str) -> Response:
        if form not in [*FeedForm] or name not in (EVERYTHING, *self._slugs):
            raise HTTPException(404)
        # A program that reads feeds says nothing of its reader's languages: only the address decides.
        code = "ja" if request.query_params.get("lang") == "ja" else "en"
        document, modified = feed_with_moment(self._context, name, form=FeedForm(form), code=code)
        return answer(
            request,
            document,
            media_type=f"{FeedForm(form).media_type}; charset=utf-8",
            modified=modified,
            headers={"Cache-Control": f"public, max-age={FEED_SECONDS}", "Content-Language": code},
        )
