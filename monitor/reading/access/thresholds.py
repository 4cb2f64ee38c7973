"""The amounts from which the agreements cover a procurement, out of ``thresholds.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import msgspec

from monitor.reading.entities import Group

FILE = Path(__file__).with_name("thresholds.toml")


class Subject(StrEnum):
    """What the agreements have amounts of their own for."""

    GOODS_SERVICES = "goods-services"
    ENGINEERING = "engineering"
    WORKS = "works"


@dataclass(frozen=True, slots=True)
class Threshold:
    """From ``yen`` on a procurement is covered, under ``below`` certainly not; between them nothing is said."""

    sdr: int
    yen: Decimal
    below: Decimal
    valid_from: date
    valid_until: date


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    groups: tuple[Group, ...]
    subject: Subject
    sdr: int
    yen: int
    below: int | None = None


class _Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    valid_from: date
    valid_until: date
    thresholds: tuple[_Row, ...]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    periods: tuple[_Period, ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The table, by group and subject; a notice's day of publication chooses the period."""

    rows: Mapping[tuple[Group, Subject], tuple[Threshold, ...]]

    @classmethod
    def load(cls, path: Path = FILE) -> "Thresholds":
        """Raises ValidationError of msgspec for a file of another shape."""
        table = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Table)
        rows: dict[tuple[Group, Subject], tuple[Threshold, ...]] = {}
        for period in table.periods:
            for row in period.thresholds:
                one = Threshold(
                    row.sdr,
                    Decimal(row.yen),
                    Decimal(row.yen if row.below is None else row.below),
                    period.valid_from,
                    period.valid_until,
                )
                for group in row.groups:
                    rows[group, row.subject] = (*rows.get((group, row.subject), ()), one)
        return cls(rows)

    def of(self, group: Group, subject: Subject, day: date) -> Threshold | None:
        rows = self.rows.get((group, subject), ())
        return next((row for row in rows if row.valid_from <= day <= row.valid_until), None)
