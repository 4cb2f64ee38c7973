"""Sources without code: a list page or a feed that the operator describes in the configuration.

Each becomes a class like those in ``sources/``, so nothing else has to know where it came from.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from db.vocabulary.notice import NoticeKind
from scrapers.feeds import FeedSource
from scrapers.shapes import ListLayout, ListSource
from scrapers.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class _Definition:
    """What every source in the configuration says of itself; empty is not said."""

    slug: str
    name: str
    addresses: tuple[str, ...]
    name_en: str = ""
    homepage: str = ""
    buyer: str = ""
    buyer_en: str = ""
    prefecture: str = ""
    kind: NoticeKind | None = None
    """Of every notice; None: what its title announces."""
    kinds: Mapping[str, NoticeKind] = field(default_factory=dict)
    """Words of the kind's column or of the title → kind."""
    only: tuple[str, ...] = ()
    """Words of which a title must have one, on pages and feeds that mix notices with other news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDefinition(_Definition):
    """``[[tables]]``: by the headings of a table's columns, or item by item with CSS selectors."""

    layout: ListLayout
    text: str = ""
    """A CSS selector of the text on a notice's own page; empty: these pages are not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDefinition(_Definition):
    """``[[feeds]]``: RSS or Atom."""


class _Configured(Source):
    definition: ClassVar[TableDefinition | FeedDefinition]

    @property
    def parser(self) -> str:
        """By the definition as well: what another one reads differently is not the source's doing."""
        written = repr(msgspec.to_builtins(self.definition, order="sorted")).encode()
        return f"{super().parser}.{blake2b(written, digest_size=6).hexdigest()}"


class _ConfiguredList(_Configured, ListSource):
    pass


class _ConfiguredFeed(_Configured, FeedSource):
    pass


def configured(definitions: Sequence[TableDefinition | FeedDefinition]) -> Mapping[str, type[Source]]:
    """Slug → source class, in the order given."""
    return {definition.slug: _made(definition) for definition in definitions}


def _made(definition: TableDefinition | FeedDefinition) -> type[Source]:
    sheet: dict[str, Any] = {
        "__doc__": f"{definition.name}: described in the configuration.",
        "definition": definition,
        "slug": definition.slug,
        "name": definition.name,
        "name_en": definition.name_en or definition.name,
        "homepage": definition.homepage or _site(definition.addresses[0]),
        "jurisdiction": "local",
        "addresses": definition.addresses,
        "buyer": definition.buyer or None,
        "buyer_en": definition.buyer_en or None,
        "prefecture": definition.prefecture or None,
        "kind": definition.kind,
        "kinds": definition.kinds,
        "only": re.compile("|".join(map(re.escape, definition.only))) if definition.only else None,
    }
    if isinstance(definition, TableDefinition):
        return type(
            definition.slug, (_ConfiguredList,), sheet | {"layout": definition.layout, "body": definition.text}
        )
    return type(definition.slug, (_ConfiguredFeed,), sheet)


def _site(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/"
