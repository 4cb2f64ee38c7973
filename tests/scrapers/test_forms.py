"""A form is sent as a browser would send it."""

import pytest
from bs4 import BeautifulSoup, Tag

from scrapers.forms import field_of, filled, form_fields


def form(content: str) -> Tag:
    found = BeautifulSoup(f"<form>{content}</form>", "lxml").form
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        ('<input type="hidden" name="_csrf" value="7ff7">', [("_csrf", "7ff7")]),
        ('<input name="articleNm">', [("articleNm", "")]),
        ('<input type="TEXT" name="word" value=" 庁舎 ">', [("word", " 庁舎 ")]),
        (
            '<input type="checkbox" name="a" value="1"><input type="checkbox" name="a" value="2" checked>',
            [("a", "2")],
        ),
        ('<input type="checkbox" name="a" checked>', [("a", "on")]),
        (
            '<input type="radio" name="cla" value="01" checked><input type="radio" name="cla" value="02">',
            [("cla", "01")],
        ),
        ('<textarea name="t">\n一\n二</textarea>', [("t", "一\n二")]),
        ('<input type="submit" name="go" value="検索"><button name="b">b</button>', []),
        ('<input type="image" name="i"><input type="reset" name="r"><input type="file" name="f">', []),
        ('<input name="off" value="1" disabled>', []),
        ('<fieldset disabled><input name="off" value="1"></fieldset>', []),
        ('<input value="nameless">', []),
    ],
)
def test_what_is_sent_of_a_field(content: str, sent: list[tuple[str, str]]) -> None:
    assert form_fields(form(content)) == tuple(sent)


@pytest.mark.parametrize(
    ("attributes", "options", "sent"),
    [
        ("", "<option value='1'>一</option><option value='2' selected>二</option>", ["2"]),
        ("", "<option value='1'>一</option><option value='2'>二</option>", ["1"]),
        ("", "<option disabled>選択</option><option>二</option>", ["二"]),
        ("", "<option value='1' selected>一</option><option value='2' selected>二</option>", ["2"]),
        ("multiple", "<option value='1' selected>一</option><option value='2' selected>二</option>", ["1", "2"]),
        ("multiple", "<option value='1'>一</option>", []),
        ("", "", []),
    ],
)
def test_what_is_sent_of_a_list(attributes: str, options: str, sent: list[str]) -> None:
    fields = form_fields(form(f'<select name="s" {attributes}>{options}</select>'))
    assert fields == tuple(("s", value) for value in sent)


def test_fields_keep_their_order_and_may_come_several_times() -> None:
    content = '<input name="b" value="1"><input name="a" value="2"><input name="b" value="3">'
    assert form_fields(form(content)) == (("b", "1"), ("a", "2"), ("b", "3"))


def test_a_form_is_filled_in_place_and_a_box_that_was_not_ticked_comes_last() -> None:
    fields = (("_csrf", "old"), ("word", ""), ("_box", "on"))
    given = [("word", "庁舎"), ("box", "1"), ("box", "2"), ("_csrf", "new")]
    assert filled(fields, given) == (("_csrf", "new"), ("word", "庁舎"), ("_box", "on"), ("box", "1"), ("box", "2"))


def test_a_field_that_stands_twice_is_replaced_as_a_whole() -> None:
    assert filled((("a", "1"), ("b", "2"), ("a", "3")), [("a", "9")]) == (("a", "9"), ("b", "2"))


def test_a_field_is_found_by_its_name() -> None:
    assert field_of((("a", ""), ("a", "2")), "a") == ""
    assert field_of((("a", ""),), "b") is None
