"""What Datasette is told of a published copy: what its tables and columns mean, and questions to begin with.

Its ``--metadata`` file (https://docs.datasette.io/en/stable/metadata.html). Amounts are called yen in the columns'
descriptions and not by ``units``, which would write 47,300,000 yen as 47.3 megayen.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

from alerts.language import Language
from alerts.site import Site
from db.publishing import SEARCHED
from db.views import VIEWS, View
from monitor.questions import EXAMPLES, Example

FACETS: dict[str, Sequence[str]] = {
    "tenders": ("kind", "category", "access"),
    "awards": ("fiscal_year", "procedure"),
    "notices": ("source", "kind"),
    "areas": ("area",),
}
"""The columns whose values are counted beside a table: those with few."""
NEWEST = {"tenders": "published", "awards": "date", "notices": "published", "areas": "score"}
"""The columns by which tables are sorted, downwards."""


class _Table(msgspec.Struct, omit_defaults=True):
    description: str
    columns: dict[str, str]
    facets: Sequence[str] = ()
    sort_desc: str | None = None
    label_column: str | None = None
    fts_table: str | None = None
    fts_pk: str | None = None


class _Query(msgspec.Struct, omit_defaults=True):
    title: str
    sql: str
    description: str = ""


class _Copy(msgspec.Struct):
    description: str
    tables: dict[str, _Table]
    queries: dict[str, _Query]


class _Metadata(msgspec.Struct):
    title: str
    description: str
    license: str
    license_url: str
    source: str
    source_url: str
    databases: dict[str, _Copy]


def metadata(name: str, *, site: Site, language: Language, today: date) -> bytes:
    """The metadata of the copy that is called so (its file's name without the ending), as JSON."""
    said = _Metadata(
        title=site.name,
        description=language.text(
            "Japanese public procurement: tenders, awards and notices as of {day}. What counts is the notice at its "
            "source.",
            day=language.day(today),
        ),
        license=language.text("The terms of each source"),
        license_url=f"{site.base_url}/sources",
        source=site.name,
        source_url=site.home_url(),
        databases={
            name: _Copy(
                description=language.text("The views {views} have the same rows as the tables.", views=_views()),
                tables={
                    called: _table(view, called, language) for view in VIEWS for called in (view.table, view.name)
                },
                queries={one.name: _query(one, language, today) for one in EXAMPLES},
            )
        },
    )
    return msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n"


def _views() -> str:
    return ", ".join(view.name for view in VIEWS)


def _table(view: View, called: str, language: Language) -> _Table:
    said = _Table(
        description=language.text(view.description),
        columns={column.name: language.text(column.description) for column in view.columns},
    )
    if called == view.table:
        said.facets, said.sort_desc = FACETS[called], NEWEST[called]
        said.label_column = "title" if "title" in view.names else None
        if called in SEARCHED:
            said.fts_table, said.fts_pk = f"{called}_fts", "rowid"
    return said


def _query(one: Example, language: Language, today: date) -> _Query:
    return _Query(language.text(one.question), one.on(today), language.text(one.note) if one.note else "")
