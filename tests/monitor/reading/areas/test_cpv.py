"""The table of CPV codes: only what is referred to, in the form in which bidders in the EU write it."""

import csv
import re
from pathlib import Path

import pytest

from db.vocabulary.notice import Category
from monitor.reading.areas import load_lexicon
from monitor.reading.areas.cpv import category_in, category_of_cpv, cpv_name, cpv_names

DATA = Path(__file__).parents[4] / "monitor" / "reading" / "areas"


def test_a_code_is_a_division_or_a_group_of_eight_digits_with_its_names() -> None:
    for code, names in cpv_names().items():
        assert re.fullmatch(r"[0-9]{3}00000", code), code
        assert set(names) == {"en", "ja"}


def test_the_table_holds_no_code_that_nothing_refers_to() -> None:
    used = {code for area in load_lexicon().areas for code in area.cpv}
    for path in DATA.glob("*.tsv"):
        for cells in csv.reader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"):
            used.update(code for cell in cells for code in cell.split() if code in cpv_names())
    assert set(cpv_names()) == used


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("09300000", Category.GOODS),
        ("45300000", Category.WORKS),
        ("48000000", Category.GOODS),
        ("50300000", Category.SERVICES),
        ("72000000", Category.SERVICES),
    ],
)
def test_a_code_tells_goods_from_services_and_works(code: str, category: Category) -> None:
    assert category_of_cpv(code) is category


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("庁舎led照明改修工事", Category.WORKS),
        ("庁舎led照明改修工事設計業務", Category.SERVICES),
        ("led照明器具の購入", Category.GOODS),
        ("ノートパソコンの賃貸借", Category.GOODS),
        ("性能管理に係る請負", Category.SERVICES),
        ("ノートパソコンの購入及び保守業務", None),
        ("led照明 一式", None),
    ],
)
def test_a_title_ends_with_what_it_is(title: str, category: Category | None) -> None:
    assert category_in(title) is category


def test_a_code_has_its_official_name_and_one_in_japanese() -> None:
    assert cpv_name("31500000", "en") == "Lighting equipment and electric lamps"
    assert cpv_name("31500000", "ja") == "照明器具・電球"
    assert cpv_name("99999999", "en") == "99999999"
