"""The composition root: everything the commands work with, made from the configuration."""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property, partial
from pathlib import Path
from uuid import UUID

from alerts import bounces, outbox
from alerts.bounces import Came
from alerts.language import AreaNames
from alerts.letter import Letter
from alerts.links import Links
from alerts.mailer import mailer
from alerts.outbox import Outcome, Planned, Writing, deliver_due
from alerts.reading import Reckoning
from alerts.site import Site
from alerts.sources import SourceNames
from db import migrate, runs
from db.archive import Archive
from db.engine import Database
from db.errors import Busy, RecordError
from db.history import Run
from db.vocabulary.messages import Saying, Told
from db.vocabulary.run import RunMode, RunState
from monitor import calling
from monitor.calling import Called, Poster, call_due
from monitor.config import Config
from monitor.currency import RateError, in_euro
from monitor.health import Turn
from monitor.i18n import language
from monitor.memory import ArchiveMemory
from monitor.pipeline import Flow, Progress, regular_since, run_source
from monitor.reading.access import RULES
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import Area, load_lexicon, names_of, own_areas
from monitor.reading.opinion import load_opinion
from monitor.reading.reader import NoticeReader
from monitor.secret import kept_secret
from monitor.translation import Outcome as Translated
from monitor.translation import translate_due, translator
from monitor.working_days import soon, too_few, working_days_left
from scrapers.fetch import HttpFetcher
from scrapers.source import Fetch, Source

log = logging.getLogger(__name__)

ILLUSTRATIVE = "illustrative"
"""A file in a home whose data are invented: everything that shows them says so."""
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

    @property
    def read(self) -> bool:
        """Whether the source was read, if only in part."""
        return self.run is not None and self.run.state in (RunState.OK, RunState.PARTIAL)

    @property
    def failed(self) -> bool:
        """Whether something went wrong. That robots.txt forbids a source is no failure."""
        return self.run is None or self.run.state not in (RunState.OK, RunState.PARTIAL, RunState.REFUSED)


def together(first: Ended, second: Ended) -> Ended:
    """Two crawls of one source, of different days, as one."""
    worse = next((one for one in (first, second) if not one.read), None)
    if worse is not None or first.run is None or second.run is None:
        return worse or second
    overlap = first.run.until is None or first.run.until >= second.run.since
    total = second.run.model_copy(
        update={
            "found": first.run.found + (second.run.new if overlap else second.run.found),
            "new": first.run.new + second.run.new,
            "changed": first.run.changed + second.run.changed,
            "requests": first.run.requests + second.run.requests,
            "problems": (*first.run.problems, *second.run.problems),
        }
    )
    return Ended(second.source, total)


@dataclass
class Household:
    """An opened home: its database is at the schema of this version."""

    config: Config
    home: Path
    database: Database
    reader: Callable[[], NoticeReader]
    """Made when it is first asked for: that takes half a second, which whoever reads no notices need not wait for."""
    sources: Mapping[str, type[Source]]
    """By slug: those with code, and those that the configuration describes."""
    clock: Callable[[], datetime]
    stop: threading.Event
    """Set when the program is about to end: crawls stop before their next request."""
    delivered_at: datetime | None = None
    """When this process last looked for letters that are due; None where it never has."""

    @cached_property
    def flow(self) -> Flow:
        reader, archive = self.reader(), Archive(self.home / "archive")
        return Flow(self.database, archive, reader, self.clock, self.stop.is_set, titles=reader.areas)

    @cached_property
    def areas(self) -> tuple[Area, ...]:
        return self.reader().areas.lexicon.areas if self.config.area_definitions() else own_areas()

    @property
    def site(self) -> Site:
        site = self.config.site_settings()
        return replace(site, illustrative=site.illustrative or (self.home / ILLUSTRATIVE).exists())

    @property
    def secret(self) -> bytes:
        """What signs links and hides readers: the configured one, or the one that is kept in the home."""
        return self.config.secret() or kept_secret(self.home / "secret")

    @property
    def links(self) -> Links:
        return Links(self.secret)

    def area_names(self, code: str) -> AreaNames:
        return names_of(self.areas, code)

    def source(self, slug: str) -> Source:
        """A source with the operator's options. Raises UnknownSource."""
        if slug not in self.sources:
            raise UnknownSource(
                "there is no source {slug}; there are: {slugs}", slug=slug, slugs=", ".join(self.sources)
            )
        return self.sources[slug](self.config.source_section(slug).options())

    def enabled(self) -> list[str]:
        only = self.config.sources.only or self.sources
        return [slug for slug in self.sources if slug in only and self.config.source_section(slug).enabled]

    def turns(self) -> list[Turn]:
        """The enabled sources, and how often each is asked."""
        sections = [(slug, self.config.source_section(slug)) for slug in self.enabled()]
        return [
            Turn(
                slug,
                timedelta(hours=section.every_hours or self.sources[slug].every_hours),
                section.robots == "ignore",
            )
            for slug, section in sections
        ]

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

        With ``since`` and no mode, what was published before the regular look-back is filled in, which alerts
        nobody, and the regular crawl follows. Raises RecordError where the record itself fails.
        """
        wanted = [self.source(slug) for slug in dict.fromkeys(slugs)]
        with self.fetcher() as fetcher, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="collect") as threads:
            crawls = [
                threads.submit(self._collect_one, source, self._run(source, fetcher, watch), mode, since, until)
                for source in wanted
            ]
            try:
                return [crawl.result() for crawl in crawls]
            except (KeyboardInterrupt, SystemExit):
                # Only where the program ends: one that goes on after a full disk will crawl again.
                self.stop.set()
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def _run(self, source: Source, fetcher: HttpFetcher, watch: Callable[[Progress], None]) -> Callable[..., Run]:
        return partial(run_source, self.flow, source, self.fetch_for(source, fetcher), watch=watch)

    def fetch_for(self, source: Source, fetcher: HttpFetcher) -> Fetch:
        """One visit's fetch, with the source's limits and the operator's permissions."""
        return fetcher.for_source(
            source.pause_seconds,
            source.max_bytes,
            ignore_robots=self.config.source_section(source.slug).robots == "ignore",
        )

    def _collect_one(
        self, source: Source, run: Callable[..., Run], mode: RunMode | None, since: date | None, until: date | None
    ) -> Ended:
        try:
            if mode is not None or since is None:
                return Ended(source.slug, run(mode=mode, since=since, until=until))
            with self.database.reading() as session:
                news_since = regular_since(session, source, self.clock())
                known = runs.first_crawl_done(session, source.slug)
            if not known:
                return Ended(source.slug, run(mode=RunMode.FIRST, since=since))
            regular = Ended(source.slug, run())
            if since >= news_since:
                return regular
            filled = Ended(source.slug, run(mode=RunMode.BACKFILL, since=since, until=news_since - timedelta(days=1)))
            return together(filled, regular)
        except Busy as busy:
            return Ended(source.slug, not_run=busy.saying)

    @contextmanager
    def fetcher(self) -> Iterator[HttpFetcher]:
        with HttpFetcher(
            self.config.network_settings(),
            clock=self.clock,
            sleep=time.sleep,
            rng=random.Random(),
            memory=ArchiveMemory(self.database, self.flow.archive),
        ) as fetcher:
            yield fetcher

    def writing(self) -> Writing:
        try:
            rate = self.config.rate()
        except RateError as error:  # letters go out all the same, in yen alone
            log.warning("no euro in letters", extra={"why": str(error)})
            rate = None
        return Writing(
            site=self.site,
            sender=self.config.mail.sender,
            languages=language,
            area_names=self.area_names,
            sources=self.source_names(),
            reckoning=Reckoning(
                working_days_left=working_days_left,
                too_few=too_few,
                access_rules=RULES,
                in_euro=partial(in_euro, rate=rate) if rate else None,
                rate_day=rate.day if rate else None,
            ),
            links=self.links,
            remind_until=soon,
            mail=self.config.mail_settings(self.home),
        )

    def source_names(self) -> dict[str, SourceNames]:
        """What readers are told of the enabled sources."""
        found = {slug: self.sources[slug] for slug in self.enabled()}
        return {slug: SourceNames(one.name, one.name_en, one.homepage) for slug, one in found.items()}

    def deliver(self) -> list[Outcome]:
        """Send what is due; before it, what came back is read."""
        settings, now = self.config.mail_settings(self.home), self.clock()
        with mailer(settings) as hands_on:
            outcomes = deliver_due(
                self.database, hands_on, self.writing(), clock=self.clock, looked_at=self.delivered_at
            )
        self.delivered_at = now
        return outcomes

    def plan(self) -> list[Planned]:
        """The letters that ``deliver`` would send now. Nothing is changed."""
        return outbox.plan(self.database, self.writing(), clock=self.clock)

    def preview(self, email: str) -> Letter | None:
        """The letter that somebody would get now, else the last one they got; None where there is none."""
        return outbox.preview_for(self.database, self.writing(), email, clock=self.clock)

    def read_inbox(self, folder: Path | None = None) -> Counter[Came]:
        """Take the letters that came back, of the configured Maildir or of another one."""
        settings = self.config.mail_settings(self.home)
        settings = replace(settings, inbox=folder or settings.inbox)
        return bounces.read_inbox(self.database, settings, now=self.clock())

    def take_returned(self, message: bytes, *, recipient: str = "") -> Came:
        """Take one mail that came to the return path; ``recipient`` is the address that it came to, where known."""
        settings = self.config.mail_settings(self.home)
        return bounces.take(self.database, message, settings, now=self.clock(), recipient=recipient)

    def call_writing(self) -> calling.Writing:
        """What calls of webhooks are written with."""
        domain = self.site.tag_authority.partition(",")[0]
        return calling.Writing(site=self.site, languages=language, area_names=self.area_names, domain=domain)

    def poster(self) -> Poster:
        return Poster(self.config.network_settings(), clock=self.clock)

    def try_webhook(self, webhook_id: UUID) -> None:
        """Call a webhook with a test. Raises CallError where it is not taken."""
        with self.poster() as poster:
            calling.try_webhook(self.database, webhook_id, poster, self.call_writing(), clock=self.clock)

    def call_webhooks(self) -> list[Called]:
        """Call the webhooks that are due."""
        with self.poster() as poster:
            return call_due(
                self.database,
                poster,
                self.call_writing(),
                clock=self.clock,
                rng=random.Random(),
                stopping=self.stop.is_set,
            )

    def translate(self) -> Translated | None:
        """Have a service translate titles that have no English yet; None where none is configured.

        Raises TranslationError for a key that cannot be sent.
        """
        settings = self.config.translation_settings()
        service = translator(settings)
        if service is None or self.config.network.stand_in:  # stand-ins have nothing to translate
            return None
        return translate_due(self.database, service, settings, clock=self.clock)

    def close(self) -> None:
        self.database.close()


def area_reader(config: Config) -> AreaReader:
    """The reader of focus areas that the configuration describes. Raises LexiconError or OpinionError."""
    lexicon = load_lexicon(config.area_definitions())
    file = config.second_opinion()
    return AreaReader(lexicon, load_opinion(file, [area.slug for area in lexicon.areas]) if file else None)


@contextmanager
def household(
    config: Config, *, home: Path | None = None, clock: Callable[[], datetime] = system_clock, upgrade: bool = False
) -> Iterator[Household]:
    """Open a home, making what is missing. ``upgrade`` also brings a server's schema up to date.

    Raises RecordError, ConfigError, LexiconError or OpinionError.
    """
    reader = cache(lambda: NoticeReader(area_reader(config)))
    if config.area_definitions() or config.second_opinion():
        reader()  # a mistake in them is told before anything is done
    home = home or config.storage.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds subscribers' addresses
    except OSError as error:
        raise RecordError(
            "{home}: cannot be made ({why}); choose another --home", home=home, why=error.strerror
        ) from None
    database = Database(config.storage.database) if config.storage.database else Database.at(home / "monitor.db")
    try:
        (migrate.upgrade if upgrade else migrate.ready)(database)
        yield Household(config, home, database, reader, config.all_sources(), clock, threading.Event())
    finally:
        database.close()
