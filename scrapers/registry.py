"""Every file in sources/ is a source: nothing is registered by hand."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

import scrapers.sources
from scrapers.source import Source


@cache
def sources() -> Mapping[str, type[Source]]:
    """Slug → source class, in the order of the slugs. Raises TypeError for a file without its one source."""
    found: dict[str, type[Source]] = {}
    for module in pkgutil.iter_modules(scrapers.sources.__path__):
        loaded = importlib.import_module(f"{scrapers.sources.__name__}.{module.name}")
        here = [
            value
            for value in vars(loaded).values()
            if isinstance(value, type) and issubclass(value, Source) and value.__module__ == loaded.__name__
        ]
        if len(here) != 1 or getattr(here[0], "slug", None) != module.name:
            raise TypeError(f"scrapers/sources/{module.name}.py must define one Source with slug = {module.name!r}")
        found[module.name] = here[0]
    return found
