"""Tables as Parquet: typed columns for DuckDB, pandas, Spark and their like."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Self
from uuid import UUID

import pyarrow
from pyarrow import parquet

from db.award import PLACES
from monitor.exports.dictionary import Column, Table, Type
from monitor.exports.tables import Row
from monitor.exports.writing import Watch, unwatched

GROUP_ROWS = 10_000
"""Of a row group: as much as is held in memory, and as a reader has to read at least."""
DIGITS = 19
"""Of an amount with its decimal places, as the record can hold it."""


def schema(table: Table, *, about: str = "") -> pyarrow.Schema:
    """The columns with their types and what each means; ``about`` is said of the whole file."""
    given = {"title": table.title, "description": table.description, **({"about": about} if about else {})}
    return pyarrow.schema([_field(column) for column in table.columns], metadata=given)


def _field(column: Column) -> pyarrow.Field:
    said = {"description": column.description, **({"unit": column.unit} if column.unit else {})}
    return pyarrow.field(column.name, _type(column.type), nullable=not column.required, metadata=said)


def _type(of: Type) -> pyarrow.DataType:
    match of:
        case Type.DAY:
            return pyarrow.date32()
        case Type.MOMENT:
            return pyarrow.timestamp("us", tz="UTC")
        case Type.YEN:
            return pyarrow.decimal128(DIGITS, PLACES)
        case Type.COUNT:
            return pyarrow.int32()
        case Type.TEXTS:
            return _list(pyarrow.string())
        case Type.SCORES:
            return _list(pyarrow.struct([("area", pyarrow.string()), ("score", pyarrow.float64())]))
        case _:
            return pyarrow.string()


def _list(of: pyarrow.DataType) -> pyarrow.DataType:
    return pyarrow.list_(pyarrow.field("element", of))  # as the format itself calls it


class ParquetFile:
    """A Parquet file that is being written, in row groups of ``GROUP_ROWS``. The same rows give the same bytes.

    It ends with its ``with``; the file that it is written to stays open.
    """

    def __init__(self, out: BinaryIO, table: Table, *, about: str = "") -> None:
        self._schema = schema(table, about=about)
        self._ids = [place for place, column in enumerate(table.columns) if column.type is Type.ID]
        self._out = _Counted(out)
        self._writer = parquet.ParquetWriter(self._out, self._schema, compression="zstd")
        self._waiting = self._schema.empty_table()

    def write(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        self._waiting = pyarrow.concat_tables([self._waiting, self._columns(rows)])
        while self._waiting.num_rows >= GROUP_ROWS:
            self._write(self._waiting.slice(0, GROUP_ROWS))
            self._waiting = self._waiting.slice(GROUP_ROWS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            # The writer has to be closed, but what is broken off gets no proper end.
            self._out.given_up = True
        elif self._waiting.num_rows:
            self._write(self._waiting)
        self._writer.close()

    def _columns(self, rows: Sequence[Row]) -> pyarrow.Table:
        by_column = list(zip(*rows, strict=True))
        for place in self._ids:
            by_column[place] = tuple(str(id) if isinstance(id, UUID) else id for id in by_column[place])
        arrays = [
            pyarrow.array(values, type=field.type) for values, field in zip(by_column, self._schema, strict=True)
        ]
        return pyarrow.Table.from_arrays(arrays, schema=self._schema)

    def _write(self, group: pyarrow.Table) -> None:
        # In one piece: the bytes are to follow from the rows, and not from how many came at a time.
        self._writer.write_table(group.combine_chunks(), row_group_size=GROUP_ROWS)


class _Counted:
    """A file that knows how far it is, as the writer asks for that: standard output need not."""

    closed = False

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._written = out, 0
        self.given_up = False

    def write(self, data: bytes) -> int:
        if not self.given_up:
            self._out.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        """Whoever opened the file does that."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """The file is closed by whoever opened it."""


def write_parquet(
    out: BinaryIO, table: Table, rows: Iterator[list[Row]], *, about: str = "", watch: Watch = unwatched
) -> int:
    """Write rows. Returns how many."""
    count = 0
    with ParquetFile(out, table, about=about) as file:
        for some in rows:
            file.write(some)
            count += len(some)
            watch(count)
    return count
