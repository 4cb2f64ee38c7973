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
    """When a day's window ends, in Tokyo."""
