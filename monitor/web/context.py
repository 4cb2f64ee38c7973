"""What the pages are made from: handed in by the household, known to no other room."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from alerts.site import Site
from alerts.sources import SourceNames
from db.engine import Database
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
    """The key of readers' digests; one that is not kept makes everybody a new reader at the next start."""

    @property
    def root(self) -> str:
        """The path of the site's address; empty where it has none."""
        return urlsplit(self.site.base_url).path.rstrip("/")
