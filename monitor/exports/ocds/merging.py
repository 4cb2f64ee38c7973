"""The compiled release: what the releases of a tender say together, by the standard's rules for merging.

https://standard.open-contracting.org/1.1/en/schema/merging/ – later values replace earlier ones; of lists, objects with
the same id become one, and lists of anything else are replaced whole, as are those that the schema says so of
(``WHOLE``). Names of fields and ids are enough for that: no copy of the schema is needed.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from monitor.exports.ocds.model import Release

WHOLE = frozenset(("additionalClassifications", "additionalIdentifiers"))
"""Lists that the schema marks with ``wholeListMerge``."""
Json = dict[str, Any]
"""An object of JSON: what is merged has no other type."""


def compiled(releases: Sequence[Release]) -> Release | Json:
    """The compiled release of a tender. The releases come in their order, at least one."""
    newest = releases[-1]
    id = f"{newest.ocid}-{newest.date}"
    if len(releases) == 1:
        return msgspec.structs.replace(newest, id=id, tag=("compiled",))
    merged: Json = {}
    for release in releases:
        _merge(merged, msgspec.to_builtins(release))
    return {**merged, "id": id, "tag": ["compiled"]}


def _merge(into: Json, newer: Json) -> None:
    for name, value in newer.items():
        before = into.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            _merge(before, value)
        elif isinstance(value, list) and isinstance(before, list) and name not in WHOLE and _have_ids(value):
            by_id = {one["id"]: one for one in before}
            for one in value:
                if (known := by_id.get(one["id"])) is None:
                    before.append(one)
                else:
                    _merge(known, one)
        else:
            into[name] = value


def _have_ids(values: Sequence[Any]) -> bool:
    return all(isinstance(one, dict) and "id" in one for one in values)
