"""What can go wrong while reading a source.

ScrapeError
├── FetchError       no usable answer: network, status, size, time, a broken-off body
├── SourceChanged    an answer that is not as the source is known to answer
└── Refused          robots.txt (or the guard against private addresses) forbids the request
"""

from db.vocabulary.messages import Told


class ScrapeError(Told):
    """The one line of its message tells a person what happened and what to do."""


class FetchError(ScrapeError):
    """No usable answer was had, after the retries that politeness allows."""


class SourceChanged(ScrapeError):
    """The answer is not as expected: a maintenance page, another layout, an error text."""


class Refused(ScrapeError):
    """The request must not be made: robots.txt forbids it, or the address is not public."""
