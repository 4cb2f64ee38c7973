"""How letters leave: as files in a Maildir, the embedded default, or through a mail server."""

import mailbox
import re
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
CLOSING = 421
"""The server's answer to anything when it is about to end the connection (RFC 5321)."""
ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
"""A status code (RFC 3463) in what a server says."""
_DOT = re.compile(rb"^\.", re.MULTILINE)


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
            # mailbox makes a Maildir where there is nothing, and not in an empty folder that is there already.
            for part in ("tmp", "new", "cur"):
                (self.folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            # A file on a disk has the system's line ends.
            mailbox.Maildir(self.folder).add(message.replace(b"\r\n", b"\n"))
        except (OSError, mailbox.Error) as error:
            raise MailError(
                "{folder}: the mail could not be written ({why})",
                temporary=True,
                folder=self.folder,
                why=getattr(error, "strerror", None) or error,
            ) from error


class SmtpMailer:
    """Hands letters to a mail server, over one connection for the whole round."""

    def __init__(self, settings: SmtpSettings) -> None:
        self.settings = settings
        self._server: smtplib.SMTP | None = None

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        """Hand a letter over. An answer that is missing after the whole message was sent is doubtful."""
        fresh = self._server is None
        try:
            server = self._announced(sender, recipient)
        except _Gone as gone:
            # Servers end a connection after so many letters, or after some idle time. Nothing was handed over yet.
            if fresh:
                raise gone.error from gone
            try:
                server = self._announced(sender, recipient)
            except _Gone as again:
                raise again.error from again
        try:
            server.send(_DOT.sub(b"..", message) + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n"))
            code, said = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise MailError(
                "{server}: the connection broke while the mail was handed over; it may have arrived",
                temporary=True,
                doubtful=True,
                server=self._where(),
            ) from error
        try:
            self._expect(code, said, (250,), recipient)
        except _Gone as gone:
            raise gone.error from gone

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def _announced(self, sender: str, recipient: str) -> smtplib.SMTP:
        """The server, waiting for the message of a letter. Raises MailError or _Gone."""
        try:
            server = self._server = self._server or self._connected()
            code, said = server.mail(sender)
            if code >= 500:  # it is we who are refused, whoever the letter is for: an operator can mend that
                self._reset()
                raise MailError(
                    "{server}: refused our sender {sender}: {code} {said}; correct [mail] sender, user and password",
                    temporary=True,
                    everyone=True,
                    server=self._where(),
                    sender=sender,
                    code=code,
                    said=_plain(said),
                )
            self._expect(code, said, (250,), recipient)
            self._expect(*server.rcpt(recipient), (250, 251), recipient)
            self._expect(*server.docmd("DATA"), (354,), recipient)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise _Gone(
                MailError(
                    "{server}: the mail server cannot be reached ({why}); check [mail] host, port and security",
                    temporary=True,
                    everyone=True,
                    server=self._where(),
                    why=str(error) or type(error).__name__,
                )
            ) from error
        return server

    def _connected(self) -> smtplib.SMTP:
        settings = self.settings
        # The name to greet with: a lookup of our own full name can take seconds where DNS is slow.
        name = socket.gethostname()
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, name, timeout=settings.timeout_seconds, context=_tls()
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, name, timeout=settings.timeout_seconds)
        try:
            if settings.security == "starttls":
                server.starttls(context=_tls())
            server.ehlo_or_helo_if_needed()
            if settings.user:
                server.login(settings.user, settings.password or "")
        except smtplib.SMTPAuthenticationError as error:
            server.close()
            raise MailError(
                "{server}: refused our user and password; correct [mail] user and password",
                temporary=True,
                everyone=True,
                server=self._where(),
            ) from error
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server

    def _expect(self, code: int, said: bytes, wanted: tuple[int, ...], recipient: str) -> None:
        if code in wanted:
            return
        text = _plain(said)
        found = ENHANCED.match(text)
        error = MailError(
            "the mail server refused the mail to {recipient}: {code} {said}",
            temporary=code < 500 or FULL_MAILBOX in text,
            everyone=code == CLOSING,
            status=found[1] if found else f"{code // 100}.0.0",
            recipient=recipient,
            code=code,
            said=text,
        )
        if code == CLOSING:
            self._drop()
            raise _Gone(error)
        self._reset()
        raise error

    def _reset(self) -> None:
        """Make ready for the next letter after a refusal."""
        try:
            if self._server is not None:
                self._server.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        """Forget a broken connection without taking leave."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _where(self) -> str:
        return f"{self.settings.host}:{self.settings.port}"


class _Gone(Exception):
    """The connection ended before the message was handed over."""

    def __init__(self, error: MailError) -> None:
        super().__init__(str(error))
        self.error = error


def _plain(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())


def _tls() -> ssl.SSLContext:
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
