"""What the pages are made from: handed in by the household, known to no other room."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from alerts.links import Links
from alerts.site import Site
from alerts.sources import SourceNames
from db.engine import Database
from db.vocabulary.query import Facet, Known
from monitor.calling import check_url
from monitor.currency import Rate
from monitor.health import Turn
from monitor.reading.areas import Area


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """Everything that ``create_app`` needs.

    ``clock`` gives aware moments. ``site.base_url`` decides which Host is answered and, if it has a path, what every
    link begins with; the server before the application takes that path away.
    """

    database: Database
    site: Site
    areas: Sequence[Area]
    sources: Mapping[str, SourceNames]
    turns: Sequence[Turn]
    """The same sources, and how often each is asked."""
    clock: Callable[[], datetime]
    rate: Rate | None = None
    """What a euro is in yen; without it values are shown in yen only."""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """The key of signed links and of readers' digests.

    One that is not kept makes all links void and everybody a new reader at the next start.
    """
    digest_at: time = time(8)
    """When letters go out to those who have not chosen yet."""
    check_webhook: Callable[[str], None] = check_url
    """Raises Told for an address that is never called."""
    try_webhook: Callable[[UUID], None] | None = None
    """Calls a webhook with a test. Raises Told where it is not taken; None: nothing is called from here."""
    data: Path | None = None
    """The folder of the daily dump; None where it is not published."""

    @property
    def links(self) -> Links:
        return Links(self.secret)

    @property
    def mail_domain(self) -> str:
        """What Message-IDs end with."""
        return self.site.tag_authority.partition(",")[0]

    @property
    def known(self) -> Known:
        """The values that there are, for queries."""
        slugs = [area.slug for area in self.areas]
        return {Facet.AREA: slugs, Facet.VENUE: slugs, Facet.SOURCE: list(self.sources)}

    @property
    def root(self) -> str:
        """The path of the site's address; empty where it has none."""
        return urlsplit(self.site.base_url).path.rstrip("/")
