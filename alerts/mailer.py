"""How letters leave: as files in a Maildir, the embedded default, or through a mail server."""

import mailbox
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import truststore

from alerts.errors import MailError
from alerts.settings import MailSettings, SmtpSettings

FULL_MAILBOX = "5.2.2"
"""A permanent answer that passes all the same: its owner will delete something (RFC 3463)."""


class Mailer(Protocol):
    """Hands letters on. Raises MailError, which says whether it is worth trying again."""

    def send(self, message: bytes, *, sender: str, recipient: str) -> None: ...


@contextmanager
def mailer(settings: MailSettings) -> Iterator[Mailer]:
    """The mailer that the settings ask for, for one round of sending."""
    if settings.smtp is None:
        yield MaildirMailer(settings.maildir)
        return
    server = SmtpMailer(settings.smtp)
    try:
        yield server
    finally:
        server.close()


class MaildirMailer:
    """Keeps every letter as a file that any mail program can read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            # A file on a disk has the system's line ends.
            mailbox.Maildir(self.folder).add(message.replace(b"\r\n", b"\n"))
        except OSError as error:
            raise MailError(
                "{folder}: the mail could not be written ({why})",
                temporary=True,
                folder=self.folder,
                why=error.strerror,
            ) from error


class SmtpMailer:
    """Hands letters to a mail server, over one connection for the whole round."""

    def __init__(self, settings: SmtpSettings) -> None:
        self.settings = settings
        self._server: smtplib.SMTP | None = None

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        where = f"{self.settings.host}:{self.settings.port}"
        handed_over = False
        try:
            server = self._connected()
            self._accepted(server.mail(sender), recipient)
            self._accepted(server.rcpt(recipient), recipient)
            handed_over = True
            self._accepted(server.data(message), recipient)
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            raise MailError(
                "{server}: refused our user and password; correct [mail] user and password",
                temporary=True,
                server=where,
            ) from error
        except smtplib.SMTPResponseException as error:
            self._reset()
            raise self._refused(error.smtp_code, error.smtp_error, recipient) from error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            if handed_over:
                raise MailError(
                    "{server}: the connection broke while the mail was handed over; it may have arrived",
                    temporary=True,
                    doubtful=True,
                    server=where,
                ) from error
            raise MailError(
                "{server}: the mail server cannot be reached ({why}); check [mail] host, port and security",
                temporary=True,
                server=where,
                why=str(error) or type(error).__name__,
            ) from error

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            return self._server
        settings = self.settings
        # The name to greet with: a lookup of our own full name can take seconds where DNS is slow.
        name = socket.gethostname()
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, name, timeout=settings.timeout_seconds, context=_tls()
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, name, timeout=settings.timeout_seconds)
            if settings.security == "starttls":
                server.starttls(context=_tls())
        if settings.user:
            server.login(settings.user, settings.password or "")
        self._server = server
        return server

    def _reset(self) -> None:
        try:
            if self._server is not None:
                self._server.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def _accepted(self, answer: tuple[int, bytes], recipient: str) -> None:
        code, said = answer
        if code not in (250, 251):
            raise smtplib.SMTPResponseException(code, said)

    def _refused(self, code: int, said: bytes | str, recipient: str) -> MailError:
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return MailError(
            "the mail server refused the mail to {recipient}: {code} {said}",
            temporary=code < 500 or FULL_MAILBOX in text,
            recipient=recipient,
            code=code,
            said=" ".join(text.split()),
        )


def _tls() -> ssl.SSLContext:
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
