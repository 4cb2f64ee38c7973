"""A letter, and its bytes as mail programs expect them.

Python's mail policies fold what must not be folded: a List-Unsubscribe address of 75 characters and more is
encoded, and one-click dies silently; Japanese subjects do not come back whole. So the lines of a letter, which are
always the same few, are written here; that is also seven times as fast.
"""

from base64 import b64encode, encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, formataddr

from alerts.errors import MailError

ENCODED_BYTES = 39
"""Of a text in one encoded word: 52 characters of base64 with 12 around them, in a line of 76 with the header's name."""
LONGEST_PLAIN_NAME = 60
FOLD = "\r\n "
"""Where a header goes on in the next line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail to one person."""

    sender: str
    sender_name: str
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    list_id: str
    unsubscribe_url: str | None = None
    """None for a letter that does not belong to the list: it answers a request of its reader."""
    unsubscribe_mail: str | None = None
    """An address that takes the same request by mail."""
    language: str
    tenders: int
    """How many it tells of."""


def as_bytes(letter: Letter) -> bytes:
    """The letter in the form of RFC 5322, with CRLF; the same letter always gives the same bytes.

    Raises MailError for an address that mail cannot carry, and for a line break in a header: it could smuggle in
    other headers.
    """
    ours = (
        letter.sender,
        letter.sender_name,
        letter.subject,
        letter.message_id,
        letter.language,
        letter.list_id,
        letter.unsubscribe_url,
        letter.unsubscribe_mail,
    )
    for value in (letter.recipient, *ours):
        if value and value.splitlines() != [value]:
            raise MailError(
                "{value}: a line break has no place in a mail's header",
                temporary=value != letter.recipient,
                value=repr(value),
            )
    headers = [
        ("From", _named(letter.sender_name, ascii_address(letter.sender, ours=True))),
        ("To", ascii_address(letter.recipient)),
        ("Subject", _encoded(letter.subject)),
        ("Date", format_datetime(letter.date)),
        ("Message-ID", letter.message_id),
        ("Content-Language", letter.language),
        ("Auto-Submitted", "auto-generated"),
        *_of_the_list(letter),
    ]
    boundary = f"=_{letter.message_id.strip('<>').partition('@')[0]}"
    headers += [
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    try:
        start = head.encode("ascii")
    except UnicodeEncodeError as error:
        raise MailError(
            "{value}: only the subject and names may have letters beyond ASCII in a mail's header",
            temporary=True,
            value=repr(error.object[error.start : error.end]),
        ) from error
    parts = (_part(letter.text, "plain"), _part(letter.html, "html"))
    line = f"--{boundary}".encode()
    return b"\r\n".join((start, *(line + b"\r\n" + part for part in parts), line + b"--\r\n"))


def _part(text: str, kind: str) -> bytes:
    """A part in base64: 8bit would need a server that offers it, and a line may be longer than mail allows."""
    lines = b"".join(line + b"\r\n" for line in text.encode().splitlines() or [b""])
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return head.encode() + encodebytes(lines).replace(b"\n", b"\r\n")


def _of_the_list(letter: Letter) -> list[tuple[str, str]]:
    """The headers of a letter that can be unsubscribed from (RFC 2369, RFC 2919, RFC 8058)."""
    if letter.unsubscribe_url is None:
        return []
    ways = [f"<{letter.unsubscribe_url}>"]
    if letter.unsubscribe_mail:
        ways.append(f"<mailto:{ascii_address(letter.unsubscribe_mail, ours=True)}?subject=unsubscribe>")
    return [
        ("Precedence", "bulk"),
        ("List-Id", f"<digest.{letter.list_id}>"),
        ("List-Unsubscribe", f",{FOLD}".join(ways)),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def marked(address: str, mark: str) -> str:
    """The address with a mark that a mail server ignores and we read again: bounces+MARK@example.org (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{mark}@{domain}"


def ascii_address(address: str, *, ours: bool = False) -> str:
    """The address as every mail server takes it: 例え.jp becomes xn--r8jz45g.jp.

    Raises MailError where that cannot be; it is temporary for an address of ours, which the operator can correct.
    """
    local, _, domain = address.rpartition("@")
    try:
        return f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise MailError(
            "{address}: mail servers take letters beyond ASCII only after the @",
            temporary=ours,
            address=repr(address),
        ) from error


def _named(name: str, address: str) -> str:
    if name.isascii() and len(name) <= LONGEST_PLAIN_NAME:
        return formataddr((name, address))
    return f"{_encoded(name)}{FOLD}<{address}>"


def _encoded(text: str) -> str:
    """The text as encoded words (RFC 2047), of at most 75 characters each and never cut within a character."""
    if not text:
        return ""
    words, word = [], b""
    for character in text:
        encoded = character.encode()
        if len(word) + len(encoded) > ENCODED_BYTES:
            words.append(word)
            word = b""
        word += encoded
    return FOLD.join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in (*words, word))
