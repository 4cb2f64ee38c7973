"""A drawn issue has what makes the real ones hard to read."""

import io
from datetime import date

import pikepdf
import pypdfium2

from monitor.standins.gazette_pdf import Drawn, Section, draw, private
from scrapers.gazette.text import lines_of

DAY = date(2026, 6, 12)
TENDER = ["次のとおり一般競争入札に付します。", "令和8年6月12日", "⑴　品目分類番号　71、27", "価格　1,234,567円"]


def issue(*sections: Section) -> Drawn:
    return draw("号外政府調達第99号", DAY, sections or [Section("入札公告", TENDER)])


def plain_text(drawn: Drawn, page: int) -> str:
    with pypdfium2.PdfDocument(drawn.content) as pdf:
        return str(pdf[page - 1].get_textpage().get_text_range())


def body(drawn: Drawn) -> list[tuple[int, str]]:
    lines = lines_of(io.BytesIO(drawn.content), "x", pages=drawn.pages)
    return [(line.page, line.text) for line in lines if line.size == 8]


def test_it_is_encrypted_with_an_empty_password() -> None:
    with pikepdf.open(io.BytesIO(issue().content)) as pdf:
        assert pdf.is_encrypted
        assert (pdf.encryption.bits, pdf.encryption.user_password) == (256, b"")


def test_pages_are_turned_and_the_last_ones_are_blank() -> None:
    drawn = issue()
    with pikepdf.open(io.BytesIO(drawn.content)) as pdf:
        assert [(int(page.Rotate), [float(side) for side in page.MediaBox]) for page in pdf.pages] == [
            (270, [0, 0, 595, 842]),
            *[(0, [0, 0, 595, 842])] * 3,
        ]
    assert drawn.pages == 4
    assert "官" in plain_text(drawn, 4)
    assert {page for page, _ in body(drawn)} == {1}


def test_a_plain_extraction_loses_every_number() -> None:
    extracted = plain_text(issue(), 1)
    assert not any(digit in extracted for digit in "0123456789⑴")
    assert "\ue891\ue88b、\ue88c\ue891" in extracted  # 71、27


def test_digits_signs_and_marks_are_private() -> None:
    assert (
        private("⑴1,234.5-6①⑪⑾")
        == "\ue7b2\ue88b\uea75\ue88c\ue88d\ue88e\uea74\ue88f\ue61c\ue890\ue7d1\ue7bc\ueac1\ueacb"
    )
    assert private("Chiyoda-ku, 見本。") == "Chiyoda-ku, 見本。"


def test_the_masthead_and_its_wavy_rule_stand_in_the_first_column_of_the_first_page() -> None:
    extracted = plain_text(issue(), 1)
    assert "発行" in extracted
    assert "\ue0a8" in extracted
    assert "\ue0a8" not in plain_text(issue(Section("入札公告", TENDER), Section("入札公告", TENDER, page=2)), 2)


def test_a_section_begins_on_its_page_or_where_there_is_room() -> None:
    long = [f"{number}番目の段落です。" for number in range(150)]
    drawn = issue(Section("入札公告", long), Section("入札公告", TENDER, page=2), Section("落札", TENDER, page=4))
    assert drawn.headings == (("入札公告", 1), ("入札公告", 2), ("落札", 4))
    assert len(body(drawn)) == 150 + 2 * len(TENDER)


def test_a_word_longer_than_its_column_is_broken() -> None:
    address = "https://www.example.jp/" + "tender/" * 20 + "index.html"
    lines = [text for _, text in body(issue(Section("入札公告", [address])))]
    assert len(lines) > 1
    assert "".join(lines) == address


def test_a_second_volume_bears_other_numbers() -> None:
    drawn = draw("号外政府調達第99号", DAY, [Section("入札公告", TENDER)], first=5)
    assert "\ue88f" in plain_text(drawn, 1)  # 5
    assert "発行" not in plain_text(drawn, 1)


def test_the_same_records_say_the_same() -> None:
    assert body(issue()) == body(issue())


def test_a_wide_section_begins_a_page() -> None:
    drawn = issue(Section("入札公告", TENDER), Section("落札者等の公示", ["①71　②" + "見本" * 15], wide=True))
    assert drawn.headings == (("入札公告", 1), ("落札者等の公示", 2))
    assert body(drawn)[-1] == (2, "①71　②" + "見本" * 15)


def test_an_issue_without_any_section_is_a_sheet_with_its_masthead() -> None:
    drawn = draw("号外政府調達第99号", DAY, [])
    assert (drawn.pages, drawn.headings, body(drawn)) == (4, (), [])


def test_rare_characters_are_drawn_too() -> None:
    assert body(issue(Section("入札公告", ["𠮷見　髙橋　ⅷ　±5℃"])))[0][1] == "𠮷見　髙橋　ⅷ　±5℃"
