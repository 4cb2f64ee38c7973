"""What a source publishes of awards: who won a contract, and at which price."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapedAward:
    """One winner of one contract, as its source states it; nothing here is inferred.

    ``key`` is the identity of the award at its source. ``amount`` is in yen, exactly as stated: with decimals
    where it is a price per unit, negative where the source corrects or is paid. ``corporate_number`` is the
    supplier's, of 13 digits with a sound check digit; None says nothing about where the supplier is.
    """

    source: str
    key: str
    title: str
    date: date
    supplier: str
    amount: Decimal | None = None
    corporate_number: str | None = None
    case_number: str | None = None
    buyer_code: str | None = None
    buyer: str | None = None
    method_code: str | None = None
    method: str | None = None
