"""Reads the records that the stand-ins answer from: a JSON object per line, in the layout of the samples."""

import json
from pathlib import Path
from typing import Any

from db.vocabulary.messages import Told

Record = dict[str, Any]


class BadRecords(Told, ValueError):
    """A file of records cannot be used; the message names file and line."""


def read_records(path: Path, *, required: tuple[str, ...] = ()) -> list[Record]:
    """The records of a ``.jsonl`` file in its order; a missing file has none.

    Raises ValueError, with the place, for a line that is no JSON object or lacks a required field.
    """
    if not path.exists():
        return []
    records: list[Record] = []
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise BadRecords(
                    "{file}, line {number}: is not JSON ({why}); mend the line", file=path, number=number, why=error
                ) from error
            if not isinstance(record, dict):
                raise BadRecords("{file}, line {number}: is no JSON object; mend the line", file=path, number=number)
            if missing := [name for name in required if not record.get(name)]:
                raise BadRecords(
                    "{file}, line {number}: lacks {fields}; add it",
                    file=path,
                    number=number,
                    fields=", ".join(missing),
                )
            records.append(record)
    return records
