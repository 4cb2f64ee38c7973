"""What readers know by heart, loaded when it is first needed: many commands read no notice.

Award data have no English: what buyers are called and what titles are about is told from the same tables.
"""

from functools import cache, cached_property

from monitor.reading.access import AccessReader
from monitor.reading.english import Gist, load_gist
from monitor.reading.entities import Entities


class ByHeart:
    """The tables; ``by_heart`` has them once for the process."""

    @cached_property
    def entities(self) -> Entities:
        return Entities.load()

    @cached_property
    def access(self) -> AccessReader:
        return AccessReader.load()

    @cached_property
    def gist(self) -> Gist:
        return load_gist()


@cache
def by_heart() -> ByHeart:
    return ByHeart()


def buyer_in_english(name: str) -> str:
    """The English name of a buyer's organisation; empty where no table knows it."""
    return by_heart().entities.english(name, prefecture=None) or ""


def title_in_english(title: str) -> str:
    """The gist of a title, word by word; empty where nothing of it is known."""
    return by_heart().gist.of(title)
