"""By which procedure a contract was let."""

import pytest

from db.vocabulary.methods import CODES, HIGHEST, PROCEDURES, SALES, Procedure, procedure
from scrapers.sources.pportal_awards import METHODS


def test_every_code_of_the_open_data_has_a_class_and_its_own_words_do_not_contradict_it() -> None:
    assert CODES.keys() == METHODS.keys()
    # By words alone, a negotiated contract of which more is said nowhere else has the same class.
    assert {code: procedure(None, name) for code, name in METHODS.items()} == dict(CODES)


def test_the_codes_of_sales_are_those_where_the_highest_price_wins() -> None:
    assert set(SALES) == {code for code, name in METHODS.items() if HIGHEST in name}


@pytest.mark.parametrize(
    ("method", "found"),
    [
        ("随意契約", Procedure.NEGOTIATED),
        ("一般競争入札・総合評価", Procedure.OPEN),
        ("希望制指名競争入札", Procedure.SELECTIVE),
        ("随意契約（企画競争）", Procedure.LIMITED),
        ("せり売り", None),
        ("", None),
        (None, None),
    ],
)
def test_a_procedure_without_a_code_is_known_by_its_words(method: str | None, found: Procedure | None) -> None:
    assert procedure(None, method) is found


def test_a_code_counts_before_words_and_an_unknown_one_leaves_it_to_them() -> None:
    assert procedure("8004020", "一般競争入札") is Procedure.DIRECT
    assert procedure("9999999", "一般競争入札") is Procedure.OPEN


def test_every_class_has_a_name() -> None:
    assert PROCEDURES.keys() == set(Procedure)
