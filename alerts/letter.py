"""A letter, and its bytes as mail programs expect them.

Python's mail policies fold what must not be folded: a List-Unsubscribe address of 75 characters and more is
encoded, and one-click dies silently; Japanese subjects do not come back whole. So the parts are built under
the SMTP policy, nothing is folded again, and the headers with Japanese are encoded by ``email.header``.
"""

from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from alerts.errors import MailError


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
    unsubscribe_url: str
    language: str
    tenders: int
    """How many it tells of."""


def as_bytes(letter: Letter) -> bytes:
    """The letter in the form of RFC 5322, with CRLF; the same letter always gives the same bytes.

    Raises MailError for a header with a line break in it: it could smuggle in other headers.
    """
    for value in (letter.sender, letter.sender_name, letter.recipient, letter.subject, letter.message_id):
        if "\r" in value or "\n" in value:
            raise MailError(
                "{value}: a line break has no place in a mail's header", temporary=False, value=repr(value)
            )
    message = EmailMessage(policy=SMTP)
    # 8bit would need a server that offers it, and a line may be longer than 998: base64 always passes.
    message.set_content(letter.text, cte="base64")
    message.add_alternative(letter.html, subtype="html", cte="base64")
    message.set_boundary(f"=_{letter.message_id.strip('<>').partition('@')[0]}")
    headers = [
        ("From", formataddr((str(Header(letter.sender_name, "utf-8")), letter.sender))),
        ("To", letter.recipient),
        ("Subject", Header(letter.subject, "utf-8", header_name="Subject").encode(linesep="\r\n")),
        ("Date", format_datetime(letter.date)),
        ("Message-ID", letter.message_id),
        ("Content-Language", letter.language),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("List-Id", f"<digest.{letter.list_id}>"),
        ("List-Unsubscribe", f"<{letter.unsubscribe_url}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode("ascii") + message.as_bytes(policy=SMTP.clone(max_line_length=0, refold_source="none"))
