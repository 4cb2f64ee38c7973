"""A letter's bytes, read back the way mail programs read them."""

import mailbox
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import parseaddr
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.errors import MailError
from alerts.letter import Letter, as_bytes, ascii_address, marked
from db.vocabulary.japanese import TOKYO

LETTER = Letter(
    sender="monitor@example.org",
    sender_name="Tender Monitor",
    recipient="reader@example.org",
    subject="3 tenders for you – 2026年11月24日(火)",
    text="水素ステーション整備工事\n\n.\n..\nhttps://tenders.example.org/tenders/1\n",
    html="<!doctype html>\n<p lang=ja>水素ステーション整備工事</p>\n",
    message_id="<4b7c4e4c-5d0c-4a53-9d37-3d6c5b7f3a10@example.org>",
    date=datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO),
    list_id="example.org",
    unsubscribe_url="https://tenders.example.org/u/KmQ-anzHmqT2ipc0lYQI1Q",
    language="en",
    tenders=3,
)
ONE_LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=300)
SUBJECTS = (
    ONE_LINE
    | st.text("水素ステーション整備工事𠮷野家🚃👩🏽‍🚀が", min_size=1, max_size=400)
    | st.text("🚃 ab–", min_size=60, max_size=200)
)
Reading = Callable[[bytes], EmailMessage]


def head_and_body(message: bytes) -> tuple[list[bytes], list[bytes]]:
    """The lines of the head, and those of the rest, after a look that every line ends in CRLF."""
    assert b"\n" not in message.replace(b"\r\n", b"")
    head, _, rest = message.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), rest.split(b"\r\n")


def raw(message: bytes, name: str) -> str:
    """A header as it stands there, folds and all."""
    found = re.search(rf"^{name}: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)".encode(), message, re.MULTILINE)
    assert found
    return found[1].decode("ascii")


# Headers -----------------------------------------------------------------------------------------------


@given(SUBJECTS)
@example("水" * 13)
@example("水" * 14)
@example("a" * 39 + "水")
@example(" leading and trailing ")
@example("=?utf-8?q?not_encoded?=")
@example("a" * 2000)
def test_every_subject_comes_back_whole(subject: str) -> None:
    message = as_bytes(replace(LETTER, subject=subject))
    new = message_from_bytes(message, policy=policy.default)
    old: Message = message_from_bytes(message)
    assert str(new["Subject"]) == subject
    assert str(make_header(decode_header(old["Subject"]))) == subject
    assert new["Subject"].defects == ()
    assert not new.defects


@given(SUBJECTS, SUBJECTS)
def test_no_encoded_word_and_no_line_is_longer_than_mail_allows(subject: str, name: str) -> None:
    message = as_bytes(replace(LETTER, subject=subject, sender_name=name, text=name * 50, html=subject * 50))
    assert message.isascii()
    head, rest = head_and_body(message)
    assert all(len(line) <= 998 for line in head)
    assert all(len(line) <= 76 for line in rest)
    for header in ("Subject", "From"):
        for line in raw(message, header).split("\r\n"):
            assert all(len(word) <= 75 for word in re.findall(r"=\?\S*\?=", line))
            assert len(line) <= 76 - len("Subject: ") or "=?" not in line


@given(SUBJECTS)
@example('Tenders "R&D", Ltd. <desk>')
@example("入札モニター")
def test_the_senders_name_comes_back_whole(name: str) -> None:
    message = as_bytes(replace(LETTER, sender_name=name))
    shown, address = parseaddr(raw(message, "From").replace("\r\n", ""))
    assert address == "monitor@example.org"
    assert str(make_header(decode_header(shown))).strip() == name.strip()
    if len(name.encode()) <= 39:  # Python's own newer parser puts a space between two encoded words
        (parsed,) = message_from_bytes(message, policy=policy.default)["From"].addresses
        assert (parsed.display_name.strip(), parsed.addr_spec) == (name.strip(), "monitor@example.org")


@pytest.mark.parametrize("length", [60, 75, 120, 400])
def test_the_way_out_stands_there_raw_however_long_it_is(length: int) -> None:
    url = "https://tenders.example.org/u/".ljust(length, "a")
    message = as_bytes(replace(LETTER, unsubscribe_url=url))
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in message
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in message


def test_the_headers_say_what_programs_ask_for(reading: Reading) -> None:
    mail = reading(as_bytes(LETTER))
    assert {name: str(mail[name]) for name in mail if name not in ("Subject", "Content-Type")} == {
        "From": "Tender Monitor <monitor@example.org>",
        "To": "reader@example.org",
        "Date": "Tue, 24 Nov 2026 08:00:00 +0900",
        "Message-ID": LETTER.message_id,
        "Content-Language": "en",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "List-Id": "<digest.example.org>",
        "List-Unsubscribe": f"<{LETTER.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "MIME-Version": "1.0",
    }
    assert len(mail.keys()) == len(set(mail.keys()))


def test_the_way_out_by_mail_stands_behind_the_one_by_a_click(reading: Reading) -> None:
    letter = replace(LETTER, unsubscribe_mail="bounces+u-KmQ-anzHmqT2ipc0lYQI1Q@例え.jp")
    message = as_bytes(letter)
    assert raw(message, "List-Unsubscribe").split(",\r\n ") == [
        f"<{LETTER.unsubscribe_url}>",
        "<mailto:bounces+u-KmQ-anzHmqT2ipc0lYQI1Q@xn--r8jz45g.jp?subject=unsubscribe>",
    ]
    assert str(reading(message)["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"


def test_a_letter_that_answers_a_request_does_not_belong_to_a_list(reading: Reading) -> None:
    mail = reading(as_bytes(replace(LETTER, unsubscribe_url=None)))
    assert [name for name in mail if name.startswith("List-") or name == "Precedence"] == []
    assert str(mail["Auto-Submitted"]) == "auto-generated"


def test_a_mark_makes_an_address_of_its_own() -> None:
    assert marked("bounces@example.org", "4b7c") == "bounces+4b7c@example.org"


@pytest.mark.parametrize(
    "field",
    [
        "sender",
        "sender_name",
        "recipient",
        "subject",
        "message_id",
        "list_id",
        "unsubscribe_url",
        "unsubscribe_mail",
        "language",
    ],
)
@pytest.mark.parametrize("smuggled", ["\r\nBcc: all@example.org", "\nX: y", "\r", "\u2028x", "\x85", "\r\n folded"])
def test_a_line_break_in_a_header_is_refused(field: str, smuggled: str) -> None:
    whole = replace(LETTER, unsubscribe_mail="bounces@example.org")
    letter = replace(whole, **{field: getattr(whole, field) + smuggled})
    with pytest.raises(MailError, match="line break") as refused:
        as_bytes(letter)
    assert refused.value.temporary is (field != "recipient")


def test_an_address_beyond_ascii_is_written_as_mail_servers_take_it(reading: Reading) -> None:
    assert ascii_address("reader@例え.jp") == "reader@xn--r8jz45g.jp"
    assert str(reading(as_bytes(replace(LETTER, recipient="reader@例え.jp")))["To"]) == "reader@xn--r8jz45g.jp"


@pytest.mark.parametrize("address", ["読者@example.org", f"reader@{'a' * 64}.org", "reader@例..jp"])
def test_an_address_that_mail_cannot_carry_is_refused_for_good(address: str) -> None:
    with pytest.raises(MailError) as refused:
        as_bytes(replace(LETTER, recipient=address))
    assert not refused.value.temporary


def test_a_mistake_of_the_operator_is_refused_until_it_is_mended() -> None:
    for mistake in ({"sender": "監視@example.org"}, {"list_id": "例え.jp"}):
        with pytest.raises(MailError) as refused:
            as_bytes(replace(LETTER, **mistake))  # type: ignore[arg-type]
        assert refused.value.temporary


# Bodies ------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=2000)


@given(TEXTS, TEXTS)
@example("水素" * 5000, "<p>" + "水素" * 5000)
@example("line\n.\n..\nFrom here", "a\n.\n")
def test_both_parts_come_back_as_they_were_written(text: str, html: str) -> None:
    mail = message_from_bytes(as_bytes(replace(LETTER, text=text, html=html)), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    parts = list(mail.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    for part, written in zip(parts, (text, html), strict=True):
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        # Every text ends with a line end, and line ends are those of mail.
        lines = written.encode().splitlines() or [b""]
        assert payload.splitlines() == lines
        assert part.get_content_charset() == "utf-8"
        assert not part.defects


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert as_bytes(LETTER) == as_bytes(replace(LETTER))
    assert as_bytes(LETTER) != as_bytes(replace(LETTER, text="another"))


def test_a_mailbox_reads_it(tmp_path: Path, reading: Reading, part: Callable[[EmailMessage, str], str]) -> None:
    box = mailbox.mbox(tmp_path / "box")
    try:
        key = box.add(as_bytes(LETTER))
        box.flush()
        mail = reading(box.get_bytes(key))
    finally:
        box.close()
    assert str(mail["Subject"]) == LETTER.subject
    assert part(mail, "plain") == LETTER.text
    assert part(mail, "html") == LETTER.html


def test_a_moment_is_told_with_its_offset() -> None:
    utc = replace(LETTER, date=datetime(2026, 11, 23, 23, 0, tzinfo=UTC))
    assert raw(as_bytes(utc), "Date") == "Mon, 23 Nov 2026 23:00:00 +0000"
