"""The EU's Common Procurement Vocabulary: the few divisions and groups that areas and terms refer to."""

import tomllib
from functools import cache
from pathlib import Path

from db.vocabulary.notice import Category

_TABLE = Path(__file__).parent / "cpv.toml"
_WORKS = 45
_FIRST_SERVICE = 50


@cache
def cpv_names() -> dict[str, dict[str, str]]:
    """Code → its name by language (``en``: the official one, ``ja``: ours)."""
    table: dict[str, dict[str, str]] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return table


def cpv_name(code: str, language: str) -> str:
    """The name of a code that is in the table; the code itself where it is not."""
    names = cpv_names().get(code, {})
    return names.get(language) or names.get("en") or code


_WORDS = {
    Category.WORKS: ("工事",),
    Category.GOODS: ("購入", "買入", "賃貸借", "借入", "リース", "納入", "物品", "調達"),
    Category.SERVICES: (
        "業務",
        "委託",
        "役務",
        "調査",
        "研修",
        "講座",
        "設計",
        "監理",
        "点検",
        "保守",
        "運用",
        "請負",
    ),
}


def category_in(title: str) -> Category | None:
    """What a folded title says of its category, where the source does not; None where it says nothing, or two things.

    A Japanese title ends with what it is: 改修工事設計業務 is a service. Goods with a service beside them are neither.
    """
    last = {
        category: end
        for category, words in _WORDS.items()
        if (end := max((title.rfind(word) for word in words), default=-1)) >= 0
    }
    if Category.GOODS in last and len(last) > 1:
        return None
    return max(last, key=lambda category: last[category], default=None)


def category_of_cpv(code: str) -> Category:
    """Goods, services or works: the vocabulary's divisions are ordered so (Regulation (EC) No 213/2008)."""
    division = int(code[:2])
    if division == _WORKS:
        return Category.WORKS
    return Category.SERVICES if division >= _FIRST_SERVICE else Category.GOODS
