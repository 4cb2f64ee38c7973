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


def category_of_cpv(code: str) -> Category:
    """Goods, services or works: the vocabulary's divisions are ordered so (Regulation (EC) No 213/2008)."""
    division = int(code[:2])
    if division == _WORKS:
        return Category.WORKS
    return Category.SERVICES if division >= _FIRST_SERVICE else Category.GOODS
