"""The site that letters and feeds lead to: its name and its addresses, each made in one place."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode
from uuid import UUID

from db.feeding import buyer_key

UNREGISTERED = "ocds-000000"
"""A prefix that nobody has registered."""


@dataclass(frozen=True, slots=True)
class Site:
    """``base_url`` has no slash at its end. ``tag_authority`` names the feeds' entries for ever (RFC 4151):

    ``example.org,2026`` is a domain and a year in which it was yours; changing it makes every reader's
    program show every tender as new.
    """

    name: str
    base_url: str
    tag_authority: str
    contact: str
    illustrative: bool = False
    """The data are invented, as in the demo: every page, letter and feed says so."""
    ocid_prefix: str = UNREGISTERED
    """What names contracting processes in OCDS (docs/ocds.md)."""

    def home_url(self) -> str:
        return f"{self.base_url}/"

    def list_url(self, **filters: str) -> str:
        return f"{self.base_url}/?{urlencode(filters)}" if filters else self.home_url()

    def tender_url(self, id: UUID, language: str = "en") -> str:
        return f"{self.base_url}/tenders/{id}{_in(language)}"

    def feeds_url(self, language: str = "en") -> str:
        """The page about feeds."""
        return f"{self.base_url}/feeds{_in(language)}"

    def opml_url(self, language: str = "en") -> str:
        """All feeds, for a reader's program to import."""
        return f"{self.base_url}/feeds.opml{_in(language)}"

    def feed_url(self, name: str, form: str, language: str = "en") -> str:
        """``name`` is an area's slug, ``all``, or one of the paths below; ``form`` is ``rss``, ``atom`` or ``json``."""
        return f"{self.base_url}/feeds/{name}.{form}{_in(language)}"

    def buyer_feed_url(self, buyer: str, form: str, language: str = "en") -> str:
        """The feed of a buyer: one address for all spellings of the name."""
        return self.feed_url(self.buyer_path(buyer), form, language)

    def buyer_path(self, buyer: str) -> str:
        return f"buyer/{quote(buyer_key(buyer), safe='')}"

    def search_feed_url(self, token: str, form: str, language: str = "en") -> str:
        """The feed of a saved search, by its secret."""
        return self.feed_url(self.search_path(token), form, language)

    def search_path(self, token: str) -> str:
        return f"s/{token}"

    def search_calendar_url(self, token: str, language: str = "en") -> str:
        """The calendar of a saved search, by the same secret."""
        return f"{self.base_url}/calendar/{token}.ics{_in(language)}"

    def tender_calendar_url(self, id: UUID, language: str = "en") -> str:
        return f"{self.base_url}/tenders/{id}.ics{_in(language)}"

    def subscribe_url(self, language: str = "en", **query: str) -> str:
        """The form; ``query`` fills its fields."""
        wanted = {**query, **({} if language == "en" else {"lang": language})}
        return f"{self.base_url}/subscribe" + (f"?{urlencode(wanted)}" if wanted else "")

    def unsubscribe_url(self, token: str) -> str:
        return f"{self.base_url}/u/{token}"

    def confirm_url(self, token: str, language: str = "en") -> str:
        """``token`` is that of a signed link, as in those that follow."""
        return f"{self.base_url}/confirm/{token}{_in(language)}"

    def choices_url(self, token: str, language: str = "en") -> str:
        return f"{self.base_url}/choices/{token}{_in(language)}"

    def forget_url(self, token: str, language: str = "en") -> str:
        return f"{self.base_url}/forget/{token}{_in(language)}"

    def told_url(self, token: str) -> str:
        """Who was told of a tender, for the operator."""
        return f"{self.base_url}/told/{token}"

    def tag(self, name: str) -> str:
        """A name that stays the same whatever address the thing has."""
        return f"tag:{self.tag_authority}:{name}"

    def tender_tag(self, id: UUID) -> str:
        return self.tag(f"tender/{id}")


def _in(language: str) -> str:
    """English is what an address without a language means."""
    return "" if language == "en" else f"?lang={language}"
