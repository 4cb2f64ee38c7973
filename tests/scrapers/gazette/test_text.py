"""The lines of a gazette PDF come in the order in which a person reads them, whatever the PDF's own order is."""

import io
from collections.abc import Callable
from datetime import date

import pikepdf
import pytest

from monitor.standins.gazette_pdf import Section, draw
from scrapers.errors import FetchError, SourceChanged
from scrapers.gazette.text import Line, _Box, _columns, lines_of

DAY = date(2026, 6, 12)
ISSUE = "20260612c00099"
NOTICE = [
    "次のとおり一般競争入札に付します。",
    "令和８年６月12日",
    "◎調達機関番号　999　◎所在地番号　13",
    "〇第12号",
    "１　調達内容",
    "⑴　品目分類番号　71、27",
    "⑾　金額　1,234,567円　内線2242-1",
    "５　Summary",
    "⑶　Nature and quantity of the services to be required : Design of a system for all the offices, 1 set",
]


def drawn(*sections: Section) -> bytes:
    return draw("号外政府調達第99号", DAY, sections).content


def read(content: bytes, pages: int = 4) -> list[Line]:
    return list(lines_of(io.BytesIO(content), ISSUE, pages=pages))


def texts(content: bytes, pages: int = 4) -> list[str]:
    return [line.text for line in read(content, pages)]


def edited(
    content: bytes, edit: Callable[[pikepdf.Pdf], None], encryption: pikepdf.Encryption | None = None
) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        edit(pdf)
        pdf.save(out, encryption=encryption)
    return out.getvalue()


ONE = drawn(Section("入札公告", NOTICE))


def test_digits_signs_and_marks_are_read_and_masthead_and_running_head_are_not() -> None:
    assert texts(ONE) == [
        "入札公告",
        "入札公告",
        *NOTICE[:6],
        "⑾　金額　1,234,567円　内線2242-1",
        "５　Summary",
        "⑶　Nature and quantity of the services to",
        "be required : Design of a system for all",
        "the offices, 1 set",
    ]


def test_a_line_knows_its_page_its_size_its_place_and_whether_it_is_full() -> None:
    banner, heading, intro, *_, codes, _, _, class_numbers, _, _, nature, required, last = read(ONE)
    assert [line.size for line in (banner, heading, intro)] == [14, 9, 8]
    assert [line.indent for line in (codes, class_numbers, required)] == [0, 1, 2]
    assert [line.short for line in (intro, nature, required, last)] == [True, False, False, True]
    assert {line.page for line in read(ONE)} == {1}


def test_the_order_of_drawing_does_not_matter() -> None:
    def upside_down(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        lines = page.Contents.read_bytes().split(b"\n")
        page.Contents = pdf.make_stream(b"\n".join(reversed(lines)))

    assert texts(edited(ONE, upside_down)) == texts(ONE)


@pytest.mark.parametrize(
    ("rotation", "turn"),
    [(0, b"0 1 -1 0 842 0 cm"), (90, b"-1 0 0 -1 595 842 cm"), (180, b"0 -1 1 0 0 595 cm")],
)
def test_a_page_may_be_turned_any_way(rotation: int, turn: bytes) -> None:
    def turned(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        page.Contents = pdf.make_stream(turn + b"\n" + page.Contents.read_bytes())
        page.Rotate = rotation
        page.MediaBox = [0, 0, 595, 842] if rotation == 90 else [0, 0, 842, 595]

    assert texts(edited(ONE, turned)) == texts(ONE)


def test_columns_are_read_one_after_the_other_and_pages_too() -> None:
    paragraphs = [f"{number}番目の段落です。" for number in range(280)]
    found = read(drawn(Section("入札公告", paragraphs)))
    assert [line.text for line in found if line.size == 8] == paragraphs
    assert {line.page for line in found} == {1, 2}


def test_a_list_in_two_wide_columns_is_read_across_the_whole_width() -> None:
    entry = "①71、27　②庁舎で使用する電気の供給　一式　③購入等　④一般　⑤8. 5.16　⑥見本電力㈱"
    content = drawn(Section("入札公告", NOTICE), Section("落札者等の公示", [entry] * 60, wide=True))
    lines = [line for line in read(content) if line.page > 1 and line.size == 8]
    assert [line.text for line in lines] == [entry] * 60
    assert {round(line.indent) for line in lines} == {1}


def test_characters_beyond_the_first_plane_are_whole() -> None:
    assert texts(drawn(Section("入札公告", ["𠮷見　浪江"])))[-1] == "𠮷見　浪江"


def test_a_hyphen_at_the_end_of_a_line_is_kept() -> None:
    assert texts(drawn(Section("入札公告", ["products to be pro-", "cured", "TEL 03-"])))[-3:] == [
        "products to be pro-",
        "cured",
        "TEL 03-",
    ]


def test_blank_pages_say_nothing() -> None:
    assert {line.page for line in read(ONE)} == {1}


def test_a_rule_that_ends_parts_only_the_lines_beside_it() -> None:
    frame = _Box(0, 0, 400, 500)

    def rule(x: float, top: float, bottom: float) -> _Box:
        return _Box(x, top, x, bottom)

    rules = [rule(100, 5, 495), rule(200, 5, 495), rule(300, 5, 90)]
    assert list(_columns(frame, rules)) == [
        _Box(0, 0, 100, 500),
        _Box(100, 0, 200, 500),
        _Box(200, 0, 300, 90),
        _Box(300, 0, 400, 90),
        _Box(200, 90, 400, 500),
    ]


# What is no issue


def test_a_page_of_html_is_not_a_pdf() -> None:
    with pytest.raises(SourceChanged, match=f"{ISSUE} is HTML"):
        read(b"<!DOCTYPE html>\n<html><body>maintenance</body></html>")


def test_something_else_is_not_a_pdf_either() -> None:
    with pytest.raises(SourceChanged, match="begins “PK"):
        read(b"PK\x03\x04" + bytes(3000))


def test_a_pdf_that_broke_off_is_told() -> None:
    with pytest.raises(FetchError, match=f"{ISSUE} broke off"):
        read(ONE[: len(ONE) // 2])


def test_a_pdf_with_a_password_is_told() -> None:
    locked = edited(ONE, lambda pdf: None, encryption=pikepdf.Encryption(owner="a", user="b"))
    with pytest.raises(SourceChanged, match="asks for a password"):
        read(locked)


def test_a_pdf_with_too_few_pages_is_told() -> None:
    with pytest.raises(FetchError, match="has 4 of 80 pages"):
        read(ONE, pages=80)


def test_a_pdf_that_is_garbage_between_head_and_end_is_told() -> None:
    with pytest.raises(SourceChanged, match="cannot be opened"):
        read(b"%PDF-1.7\n" + bytes(2000) + b"\n%%EOF\n")


def test_a_page_without_its_frame_is_another_layout() -> None:
    def unframed(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        lines = page.Contents.read_bytes().split(b"\n")
        page.Contents = pdf.make_stream(b"\n".join(line for line in lines if not line.endswith(b" S")))

    with pytest.raises(SourceChanged, match=f"page 1 of {ISSUE} has no frame"):
        read(edited(ONE, unframed))


LONG = drawn(Section("入札公告", [f"{number}番目の段落です。" for number in range(400)]))
"""Three pages and a blank one."""


def test_text_outside_the_frame_is_not_lost_in_silence() -> None:
    def narrower(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[1]
        content = page.Contents.read_bytes()  # both upright lines of the frame, half way to the left
        page.Contents = pdf.make_stream(
            content.replace(b" 49.00 l S", b" 417.00 l S").replace(b" 49.00 m", b" 417.00 m")
        )

    with pytest.raises(SourceChanged, match=f"page 2 of {ISSUE} has text outside its frame, or turned"):
        read(edited(LONG, narrower))


def test_a_page_that_lies_on_its_side_is_not_lost_in_silence() -> None:
    def turned(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].Rotate = 90

    with pytest.raises(SourceChanged, match=f"page 2 of {ISSUE} has text outside its frame, or turned"):
        read(edited(LONG, turned))


def test_an_empty_page_is_told() -> None:
    def emptied(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].Contents = pdf.make_stream(b"")

    with pytest.raises(SourceChanged, match=f"page 2 of {ISSUE} does not bear its number; it is empty"):
        read(edited(LONG, emptied))


def test_pages_out_of_order_are_told() -> None:
    def swapped(pdf: pikepdf.Pdf) -> None:
        pdf.pages.append(pdf.pages[0])
        del pdf.pages[0]

    with pytest.raises(SourceChanged, match=f"page 1 of {ISSUE} does not bear its number; .* out of order"):
        read(edited(LONG, swapped))


def test_the_pages_of_a_second_volume_go_on() -> None:
    second = draw("号外政府調達第99号", DAY, [Section("入札公告", NOTICE)], first=5).content
    assert {line.page for line in lines_of(io.BytesIO(second), ISSUE, pages=4, first=5)} == {5}
    with pytest.raises(SourceChanged, match="page 9"):
        list(lines_of(io.BytesIO(second), ISSUE, pages=4, first=9))


def test_a_character_in_no_table_is_told_with_its_line() -> None:
    found = read(drawn(Section("入札公告", [*NOTICE[:2], "例示省会計課長　\ue123田　渉"])))
    assert [(line.text, line.unknown) for line in found if line.unknown] == [
        ("例示省会計課長　〓田　渉", ("\ue123",))
    ]
