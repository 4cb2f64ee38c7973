"""Reads the records that the stand-ins answer from: a JSON object per line, in the layout of the samples."""

import json
from pathlib import Path
from typing import Any

Record = dict[str, Any]


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
                raise ValueError(f"{path}, line {number}: not JSON ({error})") from error
            if not isinstance(record, dict):
                raise ValueError(f"{path}, line {number}: not a JSON object")
            if missing := [name for name in required if not record.get(name)]:
                raise ValueError(f"{path}, line {number}: {', '.join(missing)} is missing")
            records.append(record)
    return records
