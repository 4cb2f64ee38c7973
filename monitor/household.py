"""The composition root: everything the commands work with, made from the configuration."""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from alerts.language import AreaNames
from alerts.mailer import mailer
from alerts.outbox import Outcome, Writing, deliver_due
from alerts.site import Site
from alerts.sources import SourceNames
from db import migrate
from db.archive import Archive
from db.engine import Database
from db.errors import Busy, RecordError
from db.history import Run
from db.vocabulary.messages import Saying, Told
from db.vocabulary.run import RunMode
from monitor.config import Config
from monitor.i18n import language
from monitor.memory import ArchiveMemory
from monitor.pipeline import Flow, Progress, run_source
from monitor.reading.areas import Area, load_lexicon
from monitor.reading.reader import NoticeReader
from scrapers.fetch import HttpFetcher
from scrapers.registry import sources
from scrapers.source import Source

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Sources that are crawled at the same time; each is another host."""


class UnknownSource(Told):
    """A source was named that there is not."""


def system_clock() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the crawl of one source ended: a run, or the reason why there was none."""

    source: str
    run: Run | None = None
    not_run: Saying | None = None


@dataclass(frozen=True, slots=True)
class Household:
    """An opened home: its database is at the schema of this version."""

    config: Config
    home: Path
    flow: Flow
    areas: tuple[Area, ...]
    clock: Callable[[], datetime]

    @property
    def database(self) -> Database:
        return self.flow.database

    @property
    def site(self) -> Site:
        return self.config.site_settings()

    def area_names(self, code: str) -> AreaNames:
        return {area.slug: area.names[code] for area in self.areas}

    def source(self, slug: str) -> Source:
        """A source with the operator's options. Raises UnknownSource."""
        if slug not in sources():
            raise UnknownSource(
                "there is no source {slug}; there are: {slugs}", slug=slug, slugs=", ".join(sources())
            )
        return sources()[slug](self.config.source_section(slug).options())

    def enabled(self) -> list[str]:
        return [slug for slug in sources() if self.config.source_section(slug).enabled]

    def every_hours(self, slug: str) -> int:
        return self.config.source_section(slug).every_hours or sources()[slug].every_hours

    def collect(
        self,
        slugs: Iterable[str],
        *,
        mode: RunMode | None = None,
        since: date | None = None,
        until: date | None = None,
        watch: Callable[[Progress], None] = lambda progress: None,
    ) -> list[Ended]:
        """Crawl sources, several hosts at once; the answer is in the order of the slugs.

        Raises RecordError where the record itself fails: then no source could be kept.
        """
        wanted = [self.source(slug) for slug in slugs]
        with self.fetcher() as fetcher, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="collect") as threads:
            crawls = [
                threads.submit(self._collect_one, source, fetcher, mode, since, until, watch) for source in wanted
            ]
            return [crawl.result() for crawl in crawls]

    def _collect_one(
        self,
        source: Source,
        fetcher: HttpFetcher,
        mode: RunMode | None,
        since: date | None,
        until: date | None,
        watch: Callable[[Progress], None],
    ) -> Ended:
        fetch = fetcher.for_source(
            source.pause_seconds,
            source.max_bytes,
            ignore_robots=self.config.source_section(source.slug).robots == "ignore",
        )
        try:
            run = run_source(self.flow, source, fetch, mode=mode, since=since, until=until, watch=watch)
        except Busy as busy:
            return Ended(source.slug, not_run=busy.saying)
        return Ended(source.slug, run)

    @contextmanager
    def fetcher(self) -> Iterator[HttpFetcher]:
        with HttpFetcher(
            self.config.network_settings(),
            clock=self.clock,
            sleep=time.sleep,
            rng=random.Random(),
            memory=ArchiveMemory(self.flow.database, self.flow.archive),
        ) as fetcher:
            yield fetcher

    def writing(self) -> Writing:
        return Writing(
            site=self.site,
            sender=self.config.mail.sender,
            languages=language,
            area_names=self.area_names,
            sources=source_names(self.enabled()),
        )

    def deliver(self) -> list[Outcome]:
        """Send what is due."""
        settings = self.config.mail_settings(self.home)
        with mailer(settings) as hands_on:
            return deliver_due(
                self.database, hands_on, self.writing(), digest_at=settings.digest_at, clock=self.clock
            )

    def close(self) -> None:
        self.database.close()


def source_names(slugs: Sequence[str]) -> dict[str, SourceNames]:
    """What readers are told of sources."""
    found = sources()
    return {slug: SourceNames(found[slug].name, found[slug].name_en, found[slug].homepage) for slug in slugs}


@contextmanager
def household(
    config: Config, *, home: Path | None = None, clock: Callable[[], datetime] = system_clock, upgrade: bool = False
) -> Iterator[Household]:
    """Open a home, making what is missing. ``upgrade`` also brings a server's schema up to date.

    Raises RecordError, ConfigError or LexiconError.
    """
    lexicon = load_lexicon(config.area_definitions())
    home = home or config.storage.home
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(
            "{home}: cannot be made ({why}); choose another --home", home=home, why=error.strerror
        ) from None
    database = Database(config.storage.database) if config.storage.database else Database.at(home / "monitor.db")
    try:
        (migrate.upgrade if upgrade else migrate.ready)(database)
        flow = Flow(database, Archive(home / "archive"), NoticeReader(lexicon), clock)
        yield Household(config, home, flow, lexicon.areas, clock)
    finally:
        database.close()
