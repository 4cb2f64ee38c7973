"""A round of look-ups: the companies of the record of which no register was asked for a year, a portion at a time.

No transaction is open while a register is asked, and what a call brought is kept before the next one. Whatever fails
ends the round and is told in a saying; the next round goes on where it ended.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from db import companies
from db.bulk import batches
from db.engine import Database
from db.vocabulary.messages import Saying
from monitor.registers import Register, RegisterSettings
from monitor.registers.gbizinfo import GBizInfo
from monitor.registers.houjin_bangou import HoujinBangou
from scrapers.errors import ScrapeError
from scrapers.source import Fetch

log = logging.getLogger(__name__)

MOST = 2_000
"""Companies of one round: 200 calls, some five minutes of a night."""
HOLDS = timedelta(days=365)
"""How long an answer is taken as it was: seats move seldom."""


@dataclass(slots=True)
class Outcome:
    """A round: companies asked for, how many of them the register knows, and what ended it early."""

    asked: int = 0
    known: int = 0
    stopped: Saying | None = None


def register_of(settings: RegisterSettings, fetch: Fetch) -> Register | None:
    """The register to ask, which is that of corporate numbers where there is an id for it; None without any key."""
    if settings.houjin_bangou_id:
        return HoujinBangou(fetch, settings.houjin_bangou_id)
    if settings.gbizinfo_token:
        return GBizInfo(fetch, settings.gbizinfo_token)
    return None


def look_up_due(
    database: Database,
    register: Register,
    *,
    clock: Callable[[], datetime],
    most: int = MOST,
    stopping: Callable[[], bool] = lambda: False,
    watch: Callable[[Outcome], None] = lambda outcome: None,
) -> Outcome:
    """Ask for the companies that are due, those never asked for first. A register that refuses ends the round."""
    outcome = Outcome()
    with database.reading() as session:
        due = companies.due(session, clock() - HOLDS, limit=most)
    for numbers in batches(due, register.at_once):
        if stopping():
            break
        try:
            found = register.look_up(numbers)
        except ScrapeError as error:
            outcome.stopped = error.saying
            break
        database.write(partial(companies.store_registered, found=found, now=clock()))
        outcome.asked += len(found)
        outcome.known += sum(said is not None for said in found.values())
        watch(outcome)
    told = {"register": register.name, "asked": outcome.asked, "known": outcome.known}
    if outcome.stopped is not None:
        log.warning("look-ups stopped", extra={**told, "why": str(outcome.stopped)})
    elif outcome.asked:
        log.info("companies looked up", extra=told)
    return outcome
