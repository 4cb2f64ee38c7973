"""Texts that people read: kept with their values, so that they can be shown in any language later."""

import pytest

from db.errors import Busy, RecordError
from db.vocabulary.messages import N_, Saying, Told


@pytest.mark.parametrize(
    ("saying", "english"),
    [
        (Saying("nothing was found"), "nothing was found"),
        (Saying("{count} found on {day}", {"count": "3", "day": "2026-04-01"}), "3 found on 2026-04-01"),
        (Saying("a {brace} stays where nothing is to be put in"), "a {brace} stays where nothing is to be put in"),
        (Saying("{said}", {"said": "{braces} in a value are left alone"}), "{braces} in a value are left alone"),
    ],
)
def test_a_saying_is_read_in_english(saying: Saying, english: str) -> None:
    assert str(saying) == english


def test_sayings_of_the_same_text_and_values_are_equal() -> None:
    assert Saying("{n} found", {"n": "3"}) == Saying("{n} found", {"n": "3"}) != Saying("{n} found", {"n": "4"})


def test_an_error_keeps_its_text_and_its_values_apart_for_the_translator() -> None:
    error = Told("{count} rows missing in {table}", count=3, table="notice")
    assert str(error) == "3 rows missing in notice"
    assert error.saying == Saying("{count} rows missing in {table}", {"count": "3", "table": "notice"})


def test_an_error_that_was_stored_as_a_saying_can_be_raised_again() -> None:
    saying = Saying("{where}: the disk is full", {"where": "monitor.db"})
    error = Busy.of(saying)
    assert isinstance(error, RecordError)
    assert error.saying == saying


def test_a_value_may_have_any_name() -> None:
    assert str(Told("{text} by {self}", text="this", self="that")) == "this by that"


def test_marking_a_text_for_the_catalogues_leaves_it_as_it_is() -> None:
    assert N_("Call for tenders") == "Call for tenders"
