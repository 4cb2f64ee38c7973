"""Calendars over HTTP: the dates of a tender, and of all that a saved search found."""

from collections.abc import Iterator

from monitor.web.context import WebContext
from monitor.web.pages import Pages
from monitor.web.route import Route


class Calendars:
    """The handlers; they run in the framework's threads, one session each."""

    def __init__(self, context: WebContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages

    def routes(self) -> Iterator[Route]:
        """What they answer."""
        yield from ()
