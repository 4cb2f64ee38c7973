"""Public registers of companies, asked by corporate number where the operator has a key; without one nothing is asked.

Each register has a file of its own and is a ``Register``; ``rounds`` asks it for the companies of the record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from db.companies import Registered


@dataclass(frozen=True, slots=True)
class RegisterSettings:
    """``[registers]``: the keys; "" for none."""

    houjin_bangou_id: str = field(default="", repr=False)
    gbizinfo_token: str = field(default="", repr=False)


class Register(Protocol):
    """A register of companies."""

    @property
    def name(self) -> str: ...

    @property
    def at_once(self) -> int:
        """The corporate numbers that one call may ask for."""

    def look_up(self, numbers: Sequence[str]) -> Mapping[str, Registered | None]:
        """What it says of each number; None: it does not know it. Raises ScrapeError."""
