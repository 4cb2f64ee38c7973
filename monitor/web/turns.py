"""Only so many at the same time: what is slow, or has to wait for others, leaves the rest of the site quick."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from db.errors import RecordError


class Turns:
    """``most`` have their turn at once; whoever finds no place within ``seconds`` is told ``full``."""

    def __init__(self, most: int, full: Callable[[], RecordError], *, seconds: float = 0) -> None:
        self._places = BoundedSemaphore(most)
        self._full = full
        self._seconds = seconds

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises ``full``."""
        if not self._places.acquire(timeout=self._seconds):
            raise self._full()
        try:
            yield
        finally:
            self._places.release()
