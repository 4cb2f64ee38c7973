"""Subscribing: the form, the link in the mail, one's choices, and the ways out."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from db import subscribers
from monitor.web.context import WebContext
from monitor.web.pages import Pages
from monitor.web.route import POST, Route


class Subscribing:
    """The handlers; they run in the framework's threads, one session each."""

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield Route("/u/{token}", self.unsubscribe_page)
        yield Route("/u/{token}", self.unsubscribe, POST)

    # Leaving ------------------------------------------------------------------------------------------

    def unsubscribe_page(self, request: Request, token: str) -> Response:
        """Changes nothing: mail programs and their scanners open every link."""
        return self._leaving(request, token, done=False)

    def unsubscribe(self, request: Request, token: str) -> Response:
        """The button's and RFC 8058's post: whoever knows the token may stop the letters, as often as they like."""
        now = self._context.clock()
        self._context.database.write(lambda session: subscribers.unsubscribe(session, token, now=now))
        return self._leaving(request, token, done=True)

    def _leaving(self, request: Request, token: str, *, done: bool) -> Response:
        # The same for a token that nobody has: the page must not tell which ones exist.
        return self._pages.render(
            request, "unsubscribe.html", headers={"Cache-Control": "no-store"}, token=token, done=done
        )
