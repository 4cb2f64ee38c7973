"""A run: one crawl of one source, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum

from db.vocabulary.messages import Saying


class RunMode(StrEnum):
    """Why the crawl is made. Only a regular run alerts anybody."""

    FIRST = "first"
    REGULAR = "regular"
    BACKFILL = "backfill"


class RunState(StrEnum):
    """How a run ended. Partial: something was read and something could not be. Stopped: it was not let finish."""

    RUNNING = "running"
    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a source that a run could not read."""

    part: str
    saying: Saying


@dataclass(frozen=True, slots=True)
class Coverage:
    """How a part was read, in figures; ``complete`` only where the source confirmed the number."""

    part: str
    found: int
    expected: int | None
    complete: bool
