"""Yen in euro, for readers: at a reference rate of the European Central Bank, which the user keeps in a file.

The file is one of the bank's own (https://www.ecb.europa.eu/stats/eurofxref/): ``eurofxref.csv`` of a day,
``eurofxref-hist.csv`` since 1999, or ``eurofxref-daily.xml`` and its kin. In the CSV the columns are currencies, a day
is 2026-07-01 or 01 July 2026, and N/A stands where there is no rate; in the XML a ``Cube`` with a ``time`` holds a
``Cube`` for each ``currency`` with its ``rate``. Rates say how many yen one euro is. Nothing is fetched here.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from lxml import etree

from db.vocabulary.labels import MONTHS_EN
from db.vocabulary.messages import Told

ECB = "European Central Bank"
FRESH_FOR = timedelta(days=10)
"""The bank publishes on its working days; around Easter and Christmas some days pass without a rate."""
SIGNIFICANT_DIGITS = 3
"""An amount in another currency is to give an idea of its size: €612,000, never €611,874.29."""

_YEN = "JPY"
_CENT = Decimal("0.01")
_WRITTEN_DAY = re.compile(r"(\d{1,2}) ([A-Z][a-z]+) (\d{4})")


class RateError(Told):
    """A file of exchange rates cannot be used; the message is one line: which file, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one euro was in yen on a day, and who says so."""

    yen_per_euro: Decimal
    day: date
    origin: str

    def stale(self, today: date) -> bool:
        """Whether the rate is older than ``FRESH_FOR``."""
        return today - self.day > FRESH_FOR


def in_euro(yen: Decimal, rate: Rate) -> Decimal:
    """An amount in euro, to three significant digits and no finer than a cent; halves are rounded away from zero."""
    euro = yen / rate.yen_per_euro
    step = max(Decimal(1).scaleb(euro.adjusted() - SIGNIFICANT_DIGITS + 1), _CENT)
    rounded = euro.quantize(step, ROUND_HALF_UP)
    return Decimal(int(rounded)) if rounded == rounded.to_integral_value() else rounded


def load_rate(path: Path) -> Rate:
    """The rate of the newest day with one for the yen, from a file of the European Central Bank (CSV or XML).

    Raises RateError, which names the file and the remedy.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RateError(
            "{path}: cannot be read ({why}); download eurofxref.csv of the European Central Bank to there",
            path=path,
            why=error.strerror or error,
        ) from None
    rates = _from_xml(data, path) if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else _from_csv(data, path)
    newest = max(rates, default=None)
    if newest is None:
        raise RateError(
            "{path}: no day has a rate for JPY; download eurofxref.csv of the European Central Bank again", path=path
        )
    day, yen_per_euro = newest
    return Rate(yen_per_euro, day, ECB)


def _from_csv(data: bytes, path: Path) -> Iterator[tuple[date, Decimal]]:
    rows = csv.reader(data.decode("utf-8-sig", "replace").splitlines(), skipinitialspace=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        if header[:1] != ["Date"] or _YEN not in header:
            raise RateError(
                "{path}: has no columns Date and JPY; give eurofxref.csv, eurofxref-hist.csv or eurofxref-daily.xml "
                "of the European Central Bank",
                path=path,
            )
        column = header.index(_YEN)
        for row in rows:
            if len(row) > column and row[0].strip():
                yield from _rate(row[0].strip(), row[column].strip(), path)
    except csv.Error as error:
        raise RateError(
            "{path}: is not CSV ({why}); download eurofxref.csv of the European Central Bank again",
            path=path,
            why=error,
        ) from None


def _from_xml(data: bytes, path: Path) -> Iterator[tuple[date, Decimal]]:
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise RateError(
            "{path}: is not XML ({why}); download eurofxref-daily.xml of the European Central Bank again",
            path=path,
            why=error.msg,
        ) from None
    for cube in root.iter("{*}Cube"):
        if cube.get("currency") == _YEN and (parent := cube.getparent()) is not None:
            yield from _rate(parent.get("time") or "", cube.get("rate") or "", path)


def _rate(written_day: str, written_rate: str, path: Path) -> Iterator[tuple[date, Decimal]]:
    """A day with its rate; nothing where the file has none for the day (N/A)."""
    if written_rate in ("N/A", ""):
        return
    try:
        day, rate = _day(written_day), Decimal(written_rate)
    except (ValueError, InvalidOperation):
        day, rate = date.min, Decimal(0)
    if not rate.is_finite() or rate <= 0:
        raise RateError(
            "{path}: {rate!r} on {day!r} is no rate of a day; download eurofxref.csv of the European Central Bank again",
            path=path,
            rate=written_rate,
            day=written_day,
        )
    yield day, rate


def _day(written: str) -> date:
    """2026-07-01, or 01 July 2026 in English whatever the machine's language is. Raises ValueError for others."""
    if match := _WRITTEN_DAY.fullmatch(written):
        return date(int(match[3]), MONTHS_EN.index(match[2]) + 1, int(match[1]))
    return date.fromisoformat(written)
