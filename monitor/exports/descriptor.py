"""What lies in the folder of a dump, for programs and for people.

``datapackage.json`` is a Data Package of the Frictionless standard, version 1: its names are the standard's, and
``rowCount``, ``unit`` and ``rule`` are additions of ours, which it allows. ``README.md`` says the same to people.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from alerts.site import Site
from db.vocabulary.japanese import tokyo_iso
from db.vocabulary.messages import N_
from monitor.exports.dictionary import TABLES, WRITTEN, Column, Table, Type

NAME = "datapackage.json"
PACKAGE = "japan-tender-monitor"

LICENCE = N_(
    "Facts from public notices. The notices themselves, their titles and names included, are their sources': what "
    "counts is the notice at its source, and its terms are the source's. Texts of notices are not in these files."
)
ILLUSTRATIVE = N_("Illustrative data: these are no real procurements.")

_TYPES: Mapping[Type, str] = {
    Type.DAY: "date",
    Type.MOMENT: "datetime",
    Type.YEN: "number",
    Type.COUNT: "integer",
}
"""What is not here is a string."""


class Constraints(msgspec.Struct):
    required: bool


class Field(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A column of a CSV."""

    name: str
    type: str
    format: str = "default"
    description: str = ""
    unit: str = ""
    rule: str = ""
    constraints: Constraints | None = None


class Schema(msgspec.Struct, kw_only=True, omit_defaults=True):
    fields: list[Field]
    primary_key: str = msgspec.field(default="", name="primaryKey")


class Resource(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A file: where it lies, how large it is, and its sum."""

    name: str
    type: str = ""
    title: str = ""
    description: str = ""
    path: str
    format: str
    mediatype: str
    encoding: str = ""
    compression: str = ""
    size: int = msgspec.field(name="bytes")
    hash: str
    rows: int = msgspec.field(default=-1, name="rowCount")
    """-1 for a file that has none. Of a file that it does not read as a table, frictionless refuses ``rows``."""
    schema: Schema | None = None

    @property
    def table(self) -> str:
        """The table that it is of: the first part of its name."""
        return self.path.partition("/")[0].partition(".")[0]

    @property
    def month(self) -> str:
        """The month that it has; empty where it has all."""
        return self.path.partition("/month=")[2].partition("/")[0]

    @property
    def sha256(self) -> str:
        return self.hash.removeprefix("sha256:")


class Package(msgspec.Struct, kw_only=True, omit_defaults=True):
    name: str
    title: str
    description: str
    homepage: str
    created: datetime
    resources: list[Resource]

    def about(self, table: str) -> list[Resource]:
        """The files of a table."""
        return [one for one in self.resources if one.table == table]


def package(site: Site, resources: Sequence[Resource], *, now: datetime) -> Package:
    """The descriptor of a dump."""
    title = f"{site.name} (illustrative data)" if site.illustrative else site.name
    said = f"{ILLUSTRATIVE} {LICENCE}" if site.illustrative else LICENCE
    homepage = f"{site.base_url}/data/"
    return Package(
        name=PACKAGE, title=title, description=said, homepage=homepage, created=now, resources=[*resources]
    )


def schema(table: Table) -> Schema:
    """The columns of the CSV of a table."""
    return Schema(fields=[_field(column) for column in table.flat], primary_key=table.columns[0].name)


def _field(column: Column) -> Field:
    return Field(
        name=column.name,
        type=_TYPES.get(column.type, "string"),
        format={Type.ID: "uuid", Type.MOMENT: "%Y-%m-%dT%H:%M:%S%z"}.get(column.type, "default"),
        description=column.description,
        unit=column.unit,
        rule=column.rule,
        # An empty list is an empty cell, which the standard takes for a missing one.
        constraints=Constraints(True) if column.required and column.type is not Type.TEXTS else None,
    )


def encoded(made: Package) -> bytes:
    return msgspec.json.format(msgspec.json.encode(_in_tokyo(made)), indent=2) + b"\n"


def _in_tokyo(made: Package) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(made)
    return told | {"created": tokyo_iso(made.created)}


def load(folder: Path) -> Package | None:
    """The descriptor of the dump in a folder; None where there is none."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Package)
    except (FileNotFoundError, NotADirectoryError, msgspec.MsgspecError):
        return None


def readme(made: Package) -> str:
    """The same for people: what there is, how to check and read it, and what every column means."""
    return "\n".join(_lines(made))


def _lines(made: Package) -> Iterator[str]:
    yield f"# {made.title}"
    yield ""
    yield f"Made {tokyo_iso(made.created)}. {made.description}"
    yield ""
    yield "- `NAME.csv.gz`: UTF-8 with a BOM, CRLF. A text that begins with = + - @ has an apostrophe before it, so that"
    yield "  no spreadsheet takes it for a formula."
    yield "- `tenders.jsonl.gz`: a line of JSON each, with all that was read out of the notices, word by word."
    yield "- `NAME/month=YYYY-MM/part-0.parquet`: parted by month as DuckDB, Spark and Trino read it."
    yield "- `ocds/`: packages of the Open Contracting Data Standard 1.1.5, a line each: releases, and records."
    yield "- `datapackage.json`: a Frictionless Data Package; `SHA256SUMS`: check with `sha256sum -c SHA256SUMS`."
    yield ""
    yield "Moments are Tokyo's in CSV and JSON (+09:00) and UTC in Parquet. What is not known is empty, or null."
    for table in TABLES.values():
        files = made.about(table.name)
        whole = next((one for one in files if one.format == "csv"), None)
        yield ""
        yield f"## {table.name}"
        yield ""
        yield f"{table.description} {whole.rows if whole else 0:,} rows; parted by the month of `{table.day}`."
        yield ""
        yield "| column | what it has | type | unit | rule |"
        yield "|---|---|---|---|---|"
        for column in table.columns:
            cells = (f"`{column.name}`", column.description, WRITTEN[column.type], column.unit, column.rule)
            yield f"| {' | '.join(cells)} |"
    yield ""
