"""How letters are sent: the alerts' own small settings, composed by the household."""

from dataclasses import dataclass
from datetime import time
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """A mail server. ``security`` is ``starttls``, ``tls`` or ``none`` (loopback only, unless it is meant)."""

    host: str
    port: int
    security: str
    user: str | None = None
    password: str | None = None
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class MailSettings:
    """``maildir`` is where letters go when no server is set."""

    sender: str
    """The visible From address."""
    maildir: Path
    smtp: SmtpSettings | None = None
    digest_at: time = time(8)
    """When a day's window ends, for subscribers who chose no hour of their own."""
    return_path: str = ""
    """Where letters come back to that cannot be delivered: bounces@example.org takes bounces+LETTER@example.org,
    and UNSUBSCRIBE requests by mail. Empty: the sender's own address, without a mark."""
    inbox: Path | None = None
    """The Maildir into which the mail server puts what comes to ``return_path``."""
    per_minute: int = 0
    """Letters that are handed to the mail server within a minute; 0: as many as there are."""
