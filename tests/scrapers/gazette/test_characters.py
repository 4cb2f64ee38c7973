"""The gazette's own characters come out as what is printed, and one that nobody knows is never lost."""

import pytest

from scrapers.gazette.characters import CHARACTERS, readable


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("\ue88a\ue88b\ue893", "019"),
        ("1\uea75234\uea745", "1,234.5"),
        ("03\ue61c1234", "03-1234"),
        ("\ue20aInterchangeability\ue209", "“Interchangeability”"),
        ("Minister\ue200s", "Minister's"),
        ("340\ue690、20\ue68d、5\ue692", "340㎥、20㎡、5㎘"),
        ("\ue7b2\ue7bb", "⑴⑽"),
        ("\ue7d1\ue7da\ue7bc\ue7bd", "①⑩⑪⑫"),
        ("\ue839\ue83c", "(i)(iv)"),
        ("\ue94f\ue953", "(A)(E)"),
        ("\ue9e5\ue9ea\ue9fe\uea0f", "（ア）（カ）（ハ）（ロ）"),
        ("Imperial\u2011Guard", "Imperial-Guard"),
    ],
)
def test_private_characters_are_read_as_they_are_printed(printed: str, read: str) -> None:
    assert readable(printed) == (read, ())


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("\ueac1\ueacb", "⑾"),
        ("\ueac1\uead3", "⒆"),
        ("\ueac2\uead4", "⒇"),
        ("\ueac2\ueacb", "(21)"),
        ("\ueac4\uead4", "(40)"),
        ("\uead5\ueadf", "⑪"),
        ("\uead5\ueae8", "⑳"),
    ],
)
def test_a_mark_of_two_halves_is_one_number(printed: str, read: str) -> None:
    assert readable(f"{printed}\u3000詳細") == (f"{read}\u3000詳細", ())


def test_an_unknown_character_is_shown_as_missing_and_told() -> None:
    assert readable("財務部長\u3000\ue123田\u3000渉") == ("財務部長\u3000〓田\u3000渉", ("\ue123",))


@pytest.mark.parametrize("code", [0x00, 0x03, 0x85, 0xD842, 0xE000, 0xEAC1, 0xF8FF, 0xFFFD, 0xF0000, 0x10FFFD])
def test_nothing_private_or_meaningless_is_ever_left(code: int) -> None:
    assert readable(f"{chr(code)}年") == ("〓年", (chr(code),))


def test_no_meaning_is_private_itself() -> None:
    assert all(readable(meaning) == (meaning, ()) for meaning in CHARACTERS.values())
