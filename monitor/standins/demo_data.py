"""The small set of notices written for the project, with its dates set to the day a home was made.

The files in ``demo/`` are in the layout of the samples, except for what depends on the day:

- ``day`` (0 or less) is the record's own day, counted from the home's; it does not reach the result.
- ``{day+20:FORM}`` in any text is that many days from the record's own day, in one of the ``FORMS``.
- ``{"base64": "text"}`` in place of a text is that text in base64, as the keys of KKJ are.
- A ``.csv`` has no records with a day of their own: there, and in the names of files, days are counted from the
  home's. It is written with a byte order mark and CRLF, as the portals' CSV are.
- In the names of files ``_`` stands in place of the colon, which Windows does not take: ``{day-3_compact}.csv``.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from db.vocabulary.japanese import fiscal_year_of
from monitor.standins.records import read_records

DEMO = Path(__file__).parent / "demo"


def demo_data(home_day: date, into: Path) -> Path:
    """Writes the whole set below ``into`` and gives ``into`` back; the same day gives the same bytes.

    Raises ValueError for a record without its day or with an unknown form.
    """
    for source in sorted(DEMO.glob("*/*.csv")):
        try:
            target = into / source.parent.name / _dated(source.name, home_day)
            text = _dated(source.read_text(encoding="utf-8-sig"), home_day)
        except KeyError as error:
            raise ValueError(f"{source}: no form {error}") from error
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8-sig", newline="\r\n")
    for source in sorted(DEMO.glob("*/*.jsonl")):
        target = into / source.parent.name / _dated(source.name, home_day)
        target.parent.mkdir(parents=True, exist_ok=True)
        records = read_records(source)
        with target.open("w", encoding="utf-8", newline="\n") as lines:
            for number, record in enumerate(records, 1):
                try:
                    day = home_day + timedelta(days=record.pop("day"))
                    lines.write(json.dumps(_dated(record, day), ensure_ascii=False) + "\n")
                except KeyError as error:
                    raise ValueError(f"{source}, record {number}: no day or form {error}") from error
    return into


def _dated(value: Any, day: date) -> Any:
    match value:
        case str():
            return PLACEHOLDER.sub(lambda found: _written(found, day), value)
        case {"base64": str() as text}:
            return base64.b64encode(_dated(text, day).encode()).decode("ascii")
        case dict():
            return {name: _dated(inner, day) for name, inner in value.items()}
        case list():
            return [_dated(inner, day) for inner in value]
    return value


PLACEHOLDER = re.compile(r"\{day([+-]\d+)?[:_]([a-z-]+)\}")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def _written(found: re.Match[str], day: date) -> str:
    return FORMS[found[2]](day + timedelta(days=int(found[1] or 0)))


def _reiwa(year: int) -> str:
    return "元" if year == 2019 else str(year - 2018)


def _era(day: date) -> str:
    return f"令和{_reiwa(day.year)}年{day.month}月{day.day}日"


def _fiscal_year(day: date) -> str:
    """The year that begins on the first of April."""
    return f"令和{_reiwa(fiscal_year_of(day))}年度"


FORMS: Mapping[str, Callable[[date], str]] = {
    "iso": date.isoformat,
    "compact": lambda day: f"{day:%Y%m%d}",
    "year": lambda day: f"{day:%Y}",
    "month": lambda day: f"{day:%m}",
    "era": _era,
    "era-wide": lambda day: _era(day).translate(WIDE),
    "era-short": lambda day: f"R{_reiwa(day.year)}.{day.month}.{day.day}",
    "weekday": lambda day: "月火水木金土日"[day.weekday()],
    "fiscal": _fiscal_year,
    "fiscal-year": lambda day: str(fiscal_year_of(day)),
    "fiscal-wide": lambda day: _fiscal_year(day).translate(WIDE),
}
