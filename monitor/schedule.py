"""When things are done: one tick a minute that asks the record what is due. The only file that knows APScheduler.

The state lies in the record and not in the scheduler, so a restart forgets nothing, and a command on the
command line counts as well. One process holds the clock; two would collect and send nothing twice, for the
record's claims forbid it, but would try to.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler

from db import runs
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import Told
from monitor.exports import dump
from monitor.health import next_turn
from monitor.household import Household
from monitor.registers.rounds import look_up_due, register_of
from scrapers.source import Source

log = logging.getLogger(__name__)

TICK_SECONDS = 60
AT_NIGHT = 3
"""The hour in Tokyo of what can wait for a quiet one."""


@contextmanager
def clockwork(house: Household) -> Iterator[None]:
    """Tick until the end; a tick that takes longer than a minute is not overtaken, and holds no other one up."""
    scheduler = BackgroundScheduler(timezone=TOKYO)
    for work in (collect_due, deliver_due, call_due, dump_due):
        scheduler.add_job(
            tick,
            "interval",
            args=[house, work],
            id=work.__name__,
            seconds=TICK_SECONDS,
            next_run_time=datetime.now(TOKYO),
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
        )
    scheduler.add_job(
        tick,
        "cron",
        args=[house, look_up],
        id=look_up.__name__,
        hour=AT_NIGHT,
        coalesce=True,
        misfire_grace_time=None,
        max_instances=1,
    )
    scheduler.start()
    try:
        yield
    finally:
        house.stop.set()
        scheduler.shutdown(wait=True)


def tick(house: Household, work: Callable[[Household], None]) -> None:
    """Do what is due. What fails is logged; the clock goes on."""
    try:
        work(house)
    except Told as error:
        log.error("tick failed", extra={"work": work.__name__, "why": str(error)})
    except Exception:
        log.exception("tick failed", extra={"work": work.__name__})


def collect_due(house: Household) -> None:
    """Crawl the sources whose turn has come; where a service is configured, have what is new translated."""
    if slugs := due_sources(house):
        house.collect(slugs)
        translate(house)


def translate(house: Household) -> None:
    """One round of translating: after a crawl and not every minute, for a service that refuses is asked in vain."""
    done = house.translate()
    if done and (done.translated or done.stopped):
        told = {"tenders": done.translated, "characters": done.characters, "stopped": str(done.stopped or "")}
        log.info("titles translated", extra=told)


def deliver_due(house: Household) -> None:
    """Read what came back, and send the letters that are due."""
    house.deliver()


def call_due(house: Household) -> None:
    """Call the webhooks that are due: beside the letters, for those who are called may be slow to answer."""
    house.call_webhooks()


def dump_due(house: Household) -> None:
    """Make the files of the day, once a day: beside all else, for it takes a while."""
    folder, settings = dump.folder_of(house.home), house.config.data
    if settings.publish and dump.is_due(house.database, folder, hour=settings.hour, now=house.clock()):
        made = dump.make(house.database, folder, house.site, now=house.clock())
        log.info("files of the day written", extra={"rows": dict(made.rows)})


def look_up(house: Household) -> None:
    """Ask a register, where one is configured, for the companies that are due; once a night, whether or not it answers."""
    if house.config.network.stand_in:  # of invented companies no register knows anything
        return
    with house.fetcher() as fetcher:
        fetch = fetcher.for_source(Source.pause_seconds, Source.max_bytes)
        if register := register_of(house.config.register_settings(), fetch):
            look_up_due(house.database, register, clock=house.clock, stopping=house.stop.is_set)


def due_sources(house: Household) -> list[str]:
    """The enabled sources whose turn has come."""
    now = house.clock()
    with house.database.reading() as session:
        return [
            turn.slug
            for turn in house.turns()
            if next_turn(runs.last_run(session, turn.slug), turn.every, now) <= now
        ]
