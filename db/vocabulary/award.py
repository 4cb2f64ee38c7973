"""What a source publishes of awards: who won a contract, and at which price."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid5

from db.vocabulary.notice import NAMESPACE
from db.vocabulary.text import fold

CORPORATE_NUMBERS = "JP-JCN"
"""The scheme of corporate numbers (法人番号) in the list of organisation identifiers that OCDS uses (org-id.guide)."""

_LEGAL_FORMS = {
    "(株)": "株式会社",
    "(有)": "有限会社",
    "(一社)": "一般社団法人",
    "(一財)": "一般財団法人",
    "(公社)": "公益社団法人",
    "(公財)": "公益財団法人",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapedAward:
    """One winner of one contract, as its source states it; nothing here is inferred.

    ``key`` is the identity of the award at its source, as far as the price goes by: a source without numbers of
    its own may give several prices under one key (see ``one_of_several``). ``date`` is the day of the decision
    and ``published`` the day of the publication that says so: of two that differ the later one counts.
    ``amount`` is in yen, exactly as stated: with decimals where it is a price per unit, negative where the source
    corrects or is paid. ``corporate_number`` is the supplier's, of 13 digits with a sound check digit; None says
    nothing about where the supplier is. ``case_number`` and the codes are the source's own: those of two sources
    may only be compared where both are known to count alike.
    """

    source: str
    key: str
    title: str
    date: datetime.date
    published: datetime.date
    supplier: str
    amount: Decimal | None = None
    corporate_number: str | None = None
    case_number: str | None = None
    buyer_code: str | None = None
    buyer: str | None = None
    method_code: str | None = None
    method: str | None = None
    address: str | None = None
    """The supplier's."""
    planned: Decimal | None = None
    """The planned price, in yen."""
    one_of_several: bool = False
    """True where one publication has several prices under this key: then none of them corrects another."""


def award_id(source: str, key: str, number: int = 1) -> UUID:
    """The id of an award: the same source, key and number under that key always give the same id."""
    return uuid5(NAMESPACE, f"award\n{source}\n{key}" if number == 1 else f"award\n{source}\n{key}\n{number}")


def supplier_id(name: str, corporate_number: str | None = None) -> UUID:
    """The id of a supplier: by its corporate number, and by its name where it has none."""
    if corporate_number:
        return uuid5(NAMESPACE, f"supplier\n{CORPORATE_NUMBERS}\n{corporate_number}")
    return uuid5(NAMESPACE, f"supplier\nname\n{fold_supplier(name)}")


def fold_supplier(name: str) -> str:
    """A supplier's name as names are compared: folded, without spaces, ㈱ and (株) written out."""
    folded = "".join(fold(name).split())
    if "(" in folded:
        for short, long in _LEGAL_FORMS.items():
            folded = folded.replace(short, long)
    return folded
