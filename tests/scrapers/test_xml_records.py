"""Records come whole out of any answer; a broken, poisoned or endless one costs only itself."""

import io
import tracemalloc
from collections.abc import Iterator
from unittest import mock
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from scrapers import xml_records
from scrapers.xml_records import Piece, Records, element, shortened, whole_characters

HEAD, TAIL = '<?xml version="1.0" encoding="utf-8"?>\n<All><Hits>3</Hits>', "</All>"
Fields = list[tuple[str, str]]


def limits(**values: int) -> mock._patch_dict:
    """Smaller limits than those of real answers."""
    return mock.patch.dict(vars(xml_records), values)


def read(data: bytes, chunk: int = 1 << 20, **values: int) -> tuple[Records, list[Piece]]:
    with limits(CHUNK=chunk, **values):
        records = Records(io.BytesIO(data), "R")
        return records, list(records)


def elements(data: bytes, **values: int) -> list[etree._Element]:
    return [element(piece.data) for piece in read(data, **values)[1]]


def texts(record: etree._Element) -> Fields:
    return [(str(child.tag), child.text or "") for child in record]


def document(*records: str) -> bytes:
    return f"{HEAD}{''.join(f'<R>{record}</R>' for record in records)}{TAIL}".encode()


def field(name: str, text: str, *, cdata: bool) -> str:
    inside = "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>" if cdata else escape(text)
    return f"<{name}>{inside}</{name}>"


CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
HAZARDS = st.sampled_from(["&", "<", ">", "]]>", "]]", "<R>"[1:], "&amp;", "𠮷", "\n", "　", "工事"])
TEXTS = st.lists(CHARACTERS | HAZARDS, max_size=30).map("".join)
NAMES = st.sampled_from(["Key", "Title", "Text", "A"])
RECORDS = st.lists(st.lists(st.tuples(NAMES, TEXTS, st.booleans()), max_size=5), max_size=6)
GAPS = st.sampled_from(["", "\n", "\n  "])


@given(records=RECORDS, gap=GAPS, chunk=st.integers(1, 80))
def test_records_are_found_wherever_the_chunks_of_the_file_end(
    records: list[list[tuple[str, str, bool]]], gap: str, chunk: int
) -> None:
    rows = ["".join(field(name, text, cdata=cdata) for name, text, cdata in record) for record in records]
    data = f"{HEAD}{gap}{gap.join(f'<R>{row}</R>' for row in rows)}{gap}{TAIL}".encode()
    found, pieces = read(data, chunk)
    assert [texts(element(piece.data)) for piece in pieces] == [
        texts(row) for row in etree.fromstring(data).iter("R")
    ]
    assert not any(piece.cut for piece in pieces)
    assert found.head == (f"{HEAD}{gap}" if rows else f"{HEAD}{gap}{gap}{TAIL}").encode()
    assert found.tail.endswith(TAIL.encode())


@given(records=RECORDS, chunk=st.integers(1, 80), kept=st.integers(3, 40))
def test_a_text_is_cut_alike_wherever_the_chunks_of_the_file_end(
    records: list[list[tuple[str, str, bool]]], chunk: int, kept: int
) -> None:
    rows = [[(name, text.replace("]]>", ""), cdata) for name, text, cdata in record] for record in records]
    data = document(*("".join(field(name, text, cdata=cdata) for name, text, cdata in row) for row in rows))
    _, pieces = read(data, chunk, KEPT=kept, LONGEST=2 * kept)
    assert pieces == read(data, KEPT=kept, LONGEST=2 * kept)[1]
    assert len(pieces) == len(rows)
    for piece, row in zip(pieces, rows, strict=True):
        lost = False
        strict = etree.fromstring(piece.data)
        for (name, text), (original, whole, cdata) in zip(texts(strict), row, strict=True):
            size = len((whole if cdata else escape(whole)).encode())
            assert name == original
            assert whole.startswith(text)
            assert len(text.encode()) <= kept
            assert (text == whole) is (size <= kept)
            lost |= size > kept
        assert piece.cut is lost


def test_an_answer_without_records_is_all_head() -> None:
    records, pieces = read(document())
    assert (records.head, pieces) == (document(), [])
    assert read(b"")[0].head == b""


def test_a_record_that_breaks_off_is_left_in_the_tail() -> None:
    data = document("<A>1</A>", "<A>2</A>")
    records, pieces = read(data[: data.index(b"2</A>")])
    assert [texts(element(piece.data)) for piece in pieces] == [[("A", "1")]]
    assert records.tail == b"<R><A>"


# Characters and references that XML does not know


def one(inside: str | bytes) -> etree._Element:
    data = inside.encode() if isinstance(inside, str) else inside
    (record,) = elements(HEAD.encode() + b"<R>" + data + b"</R>" + TAIL.encode())
    return record


def cesu8(character: str) -> bytes:
    beyond = ord(character) - 0x10000
    return (chr(0xD800 + (beyond >> 10)) + chr(0xDC00 + (beyond & 0x3FF))).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("character", ["𠮷", "😀", "\U00010000", "\U0010ffff"])
@pytest.mark.parametrize("wrapping", [b"%b", b"<![CDATA[%b]]>"])
def test_two_surrogates_in_the_place_of_a_character_become_the_character(character: str, wrapping: bytes) -> None:
    pair = wrapping % (b"a" + cesu8(character) + "市".encode())
    assert one(b"<A>" + pair + b"</A><B>b</B>").findtext("A") == f"a{character}市"


@pytest.mark.parametrize(
    ("bad", "mended"),
    [
        pytest.param(b"\xed\xa1\x82", "\ufffd", id="lone high surrogate"),
        pytest.param(b"\xed\xbe\xb7", "\ufffd", id="lone low surrogate"),
        pytest.param(b"\xed\xbe\xb7\xed\xa1\x82", "\ufffd\ufffd", id="pair the wrong way round"),
        pytest.param(b"\xed\xa1\x82" + cesu8("𠮷"), "\ufffd𠮷", id="lone before a pair"),
        pytest.param(b"\xff\xe5", "\ufffd\ufffd", id="no UTF-8"),
        pytest.param(b"\xe5\xb8", "\ufffd", id="broken off"),
        pytest.param("市".encode("cp932"), "\ufffds", id="Shift_JIS"),
    ],
)
def test_bytes_that_are_no_character_are_marked_and_cost_nothing_else(bad: bytes, mended: str) -> None:
    record = one(b"<A>a" + bad + "市".encode() + b"</A><B>b</B>")
    assert texts(record) == [("A", f"a{mended}市"), ("B", "b")]


@pytest.mark.parametrize("bad", ["\x00", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff", "&#31;", "&#x0;", "&#xD842;"])
def test_what_xml_forbids_vanishes(bad: str) -> None:
    assert texts(one(f"<A>a{bad}b</A><B>c</B>")) == [("A", "ab"), ("B", "c")]


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("R&D", "R&D"),
        ("&", "&"),
        ("a & b && c", "a & b && c"),
        ("x?a=1&b=2", "x?a=1&b=2"),
        ("a&nbsp;b", "a&nbsp;b"),
        ("&copy", "&copy"),
        ("&#12450;&#x30A2;&amp;&lt;&gt;&quot;&apos; &", "アア&<>\"' &"),
        ("&#1114112; &#99999999999;", " &#99999999999;"),
        ("&#xZZ;", "&#xZZ;"),
    ],
)
def test_a_bare_ampersand_is_one_and_real_references_stay(text: str, read_as: str) -> None:
    assert texts(one(f"<A>{text}</A><B>c</B>")) == [("A", read_as), ("B", "c")]


def test_in_cdata_ampersands_and_references_are_nothing_special() -> None:
    record = one("<A><![CDATA[R&D &nbsp; &#31; &amp; <b>]]></A><B>R&D</B><C><![CDATA[&]]>&amp;&</C>")
    assert texts(record) == [("A", "R&D &nbsp; &#31; &amp; <b>"), ("B", "R&D"), ("C", "&&&")]


def test_a_tag_that_is_not_closed_costs_only_its_record() -> None:
    records = elements(document("<A>1</A>", "<A>2<B>3</B>", "<A>4</A>"))
    assert [record.findtext("A") for record in records] == ["1", "2", "4"]
    assert records[1].findtext(".//B") == "3"


@pytest.mark.parametrize("text", ["a{}b", "a{}b &nbsp;"])
def test_comments_and_instructions_are_no_part_of_a_record(text: str) -> None:
    record = one(f"<!-- x --><A>{text.format('<!-- x --><?y z?>')}</A><?y z?><B>c</B>")
    assert texts(record) == [("A", text.format("")), ("B", "c")]


BOMB = """<!DOCTYPE All [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY file SYSTEM "file:///etc/hostname">]>"""


@pytest.mark.parametrize("entity", ["&d;", "&file;", "%d;"])
def test_entities_of_a_document_type_are_never_expanded(entity: str) -> None:
    (record,) = elements(f"{BOMB}<All><R><A>x{entity}</A></R></All>".encode())
    assert record.findtext("A") == f"x{entity}"


def test_a_document_type_within_a_record_is_harmless() -> None:
    (record,) = elements(document(f"{BOMB}<A>x</A>"))
    assert "lollol" not in etree.tostring(record, encoding="unicode")


# Texts without end


@pytest.mark.parametrize("cdata", [False, True], ids=["text", "CDATA"])
@pytest.mark.parametrize("length", [30, 100, 1000])
@pytest.mark.parametrize("chunk", [1, 7, 64, 5000])
def test_a_long_text_is_cut_and_the_tags_after_it_are_kept(*, cdata: bool, length: int, chunk: int) -> None:
    long = field("Text", "あ" * length, cdata=cdata)
    data = document(f"<A>1</A>{long}<Key>k1</Key>", "<A>2</A><Key>k2</Key>", f"{long}<Key>k3</Key>")
    _, pieces = read(data, chunk, KEPT=20, LONGEST=50)
    assert [texts(element(piece.data)) for piece in pieces] == [
        [("A", "1"), ("Text", "あ" * 6), ("Key", "k1")],
        [("A", "2"), ("Key", "k2")],
        [("Text", "あ" * 6), ("Key", "k3")],
    ]
    assert [piece.cut for piece in pieces] == [True, False, True]


@pytest.mark.parametrize("chunk", [1, 3, 17, 5000])
def test_a_key_behind_a_long_text_is_never_cut_in_its_place(chunk: int) -> None:
    rows = [f"<Text>{'x' * length}</Text><Key><![CDATA[0123456789abcdef]]></Key>" for length in range(20, 120)]
    _, pieces = read(document(*rows), chunk, KEPT=20, LONGEST=60)
    assert {element(piece.data).findtext("Key") for piece in pieces} == {"0123456789abcdef"}
    assert len(pieces) == len(rows)


@pytest.mark.parametrize("mark", [">", "]]", "]]>"[:2] + " >", "<![CDATA["])
def test_marks_within_a_long_cdata_do_not_mislead(mark: str) -> None:
    data = document(f"<A><![CDATA[{mark * 200}]]></A><B>b</B>")
    for chunk in (1, 5, 64, 5000):
        (piece,) = read(data, chunk, KEPT=20, LONGEST=50)[1]
        assert texts(element(piece.data)) == [("A", (mark * 200)[:20]), ("B", "b")]


def test_greater_signs_in_a_long_text_do_not_mislead() -> None:
    for chunk in (1, 5, 64, 5000):
        (piece,) = read(document(f"<A>{'→>' * 500}</A><B>b</B>"), chunk, KEPT=20, LONGEST=50)[1]
        assert texts(element(piece.data)) == [("A", "→>" * 5), ("B", "b")]


@pytest.mark.parametrize("kept", range(8, 24))
def test_a_text_is_not_cut_within_a_reference(kept: int) -> None:
    (piece,) = read(document(f"<A>{'1234&amp;' * 50}</A><B>b</B>"), 10, KEPT=kept, LONGEST=50)[1]
    text = etree.fromstring(piece.data).findtext("A") or ""
    assert ("1234&" * 50).startswith(text)
    assert len(text) >= (kept - 4) // 9 * 5


@pytest.mark.parametrize("kept", range(6, 18))
def test_a_text_is_not_cut_between_two_surrogates(kept: int) -> None:
    data = HEAD.encode() + b"<R><A>" + cesu8("𠮷") * 50 + b"</A></R>" + TAIL.encode()
    (piece,) = read(data, 10, KEPT=kept, LONGEST=50)[1]
    assert texts(element(piece.data)) == [("A", "𠮷" * (kept // 6))]


@given(text=TEXTS, size=st.integers(0, 200))
def test_bytes_are_cut_at_a_whole_character(text: str, size: int) -> None:
    cut = whole_characters(text.encode()[:size])
    assert text.startswith(cut.decode())
    assert size - len(cut) <= 3 or size > len(text.encode())


def test_bytes_that_are_no_text_are_left_as_they_are() -> None:
    assert whole_characters(b"") == b""
    assert whole_characters(b"\x80\x80\x80\x80\x80") == b"\x80\x80\x80\x80\x80"


def test_a_short_record_is_not_touched() -> None:
    assert shortened(b"<R>" + b"x" * 100) == (b"<R>" + b"x" * 100, b"")


def test_a_record_of_endlessly_many_tags_is_given_up_and_the_next_is_read() -> None:
    data = document("<A>0</A>", "<A>1</A>" * 1000, "<A>2</A>")
    _, pieces = read(data, 64, KEPT=20, LONGEST=50, MOST=400)
    assert [element(piece.data).findtext("A") for piece in pieces] == ["0", "1", "2"]
    assert [piece.cut for piece in pieces] == [False, True, False]
    assert len(pieces[1].data) <= 400 + 64


def test_an_endless_text_that_breaks_off_ends_the_records() -> None:
    records, pieces = read(document("<A>0</A>", "<A>" + "x" * 1000)[:-20], 64, KEPT=20, LONGEST=50)
    assert [texts(element(piece.data)) for piece in pieces] == [[("A", "0")]]
    assert TAIL.encode() not in records.tail


# Memory


class Stream(io.RawIOBase):
    """A file of any size that is made while it is read; its parts must be no larger than what is read at once."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")


def peak(parts: Iterator[bytes]) -> tuple[Records, list[Piece], float]:
    """The records, and the most megabytes that reading them took."""
    tracemalloc.start()
    try:
        records = Records(Stream(parts), "R")  # type: ignore[arg-type]  # reads are all that it needs
        pieces = [Piece(piece.data[:100] + piece.data[-100:], piece.cut) for piece in records]
        return records, pieces, tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("opening", [b"<Text>", b"<Text><![CDATA["], ids=["text", "CDATA"])
def test_a_text_of_157_megabytes_takes_a_few_and_costs_no_other_record(opening: bytes) -> None:
    closing = b"]]></Text>" if opening.endswith(b"[") else b"</Text>"
    block = "これはたいへん長い公告文です。\n".encode() * 22_000

    def parts() -> Iterator[bytes]:
        yield HEAD.encode()
        yield b"<R><Key>a</Key></R><R>" + opening
        for _ in range(157_000_000 // len(block) + 1):
            yield block
        yield closing + b"<Key>b</Key></R>"
        yield b"<R><Key>c</Key></R>" * 500
        yield TAIL.encode()

    records, pieces, megabytes = peak(parts())
    assert len(pieces) == 502
    assert pieces[1].data.endswith(b"</Text><Key>b</Key></R>")
    assert [number for number, piece in enumerate(pieces) if piece.cut] == [1]
    assert records.tail == TAIL.encode()
    assert megabytes < 60


@pytest.mark.parametrize("start", [b"", b"<R><A>1</A></R>"], ids=["from the beginning", "after a record"])
def test_a_flood_of_something_else_takes_little_memory(start: bytes) -> None:
    def parts() -> Iterator[bytes]:
        yield HEAD.encode() + start
        yield from [b"no record, only noise " * 47_000] * 100
        yield b"<R><A>2</A></R>" + TAIL.encode()

    records, pieces, megabytes = peak(parts())
    assert len(pieces) == (2 if start else 1)
    assert records.tail == TAIL.encode()
    assert megabytes < 20


def test_a_closing_tag_inside_cdata_is_text() -> None:
    hostile = b"<R><Uri><![CDATA[https://x/</R><R><Key>FAKE</Key>]]></Uri><Key>true</Key></R><R><Key>2</Key></R>"
    found = [element(piece.data).findtext("Key") for piece in Records(io.BytesIO(hostile), "R")]
    assert found == ["true", "2"]
