"""What a part of the site answers: the application puts the parts together."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

GET = ("GET", "HEAD")
POST = ("POST",)


class Route(NamedTuple):
    """A path, who answers it, and how it may be asked for."""

    path: str
    page: Callable[..., Any]
    methods: Sequence[str] = GET
