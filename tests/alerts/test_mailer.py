"""Handing letters on: to real mail servers on loopback, and into folders."""

import mailbox
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from alerts.errors import MailError
from alerts.mailer import MaildirMailer, SmtpMailer, mailer
from alerts.settings import MailSettings, SmtpSettings
from tests.alerts.servers import SECONDS, TAKEN, Handler, scripted, serving

MESSAGE = b"From: monitor@example.org\r\nSubject: =?utf-8?b?5rC057Sg?=\r\n\r\nline\r\n.\r\n..two\r\n"
SENDER = "monitor@example.org"


def settings(port: int, security: str = "none", **more: Any) -> SmtpSettings:
    return SmtpSettings("127.0.0.1", port, security, **{"timeout_seconds": SECONDS, **more})


def hand_on(port: int, *recipients: str, security: str = "none", **more: Any) -> list[MailError | None]:
    """Send a letter to each recipient over one mailer; returns what went wrong with each."""
    results: list[MailError | None] = []
    with closing(SmtpMailer(settings(port, security, **more))) as server:
        for recipient in recipients:
            try:
                server.send(MESSAGE, sender=SENDER, recipient=recipient)
            except MailError as error:
                results.append(error)
            else:
                results.append(None)
    return results


def refusal(port: int, recipient: str = "anna@example.org", **more: Any) -> MailError:
    (error,) = hand_on(port, recipient, **more)
    assert error is not None
    return error


# Taken -------------------------------------------------------------------------------------------------


def test_a_letter_arrives_as_it_was_written() -> None:
    handler = Handler()
    with serving(handler) as port:
        assert hand_on(port, "anna@example.org") == [None]
    assert handler.received == [("anna@example.org", MESSAGE)]
    assert handler.senders == {SENDER}


def test_a_letter_without_a_last_line_end_gets_one() -> None:
    handler = Handler()
    with serving(handler) as port, closing(SmtpMailer(settings(port))) as server:
        server.send(b"Subject: x\r\n\r\nend", sender=SENDER, recipient="anna@example.org")
    assert handler.received == [("anna@example.org", b"Subject: x\r\n\r\nend\r\n")]


def test_many_letters_travel_over_one_connection() -> None:
    handler = Handler()
    with serving(handler) as port:
        assert hand_on(port, *(f"reader{number}@example.org" for number in range(20))) == [None] * 20
    assert handler.recipients == [f"reader{number}@example.org" for number in range(20)]
    assert len(handler.sessions) == 1


def test_the_settings_choose_the_way(tmp_path: Path) -> None:
    handler = Handler()
    with serving(handler) as port:
        to_server = MailSettings(SENDER, tmp_path / "mail", settings(port))
        with mailer(to_server) as way:
            way.send(MESSAGE, sender=SENDER, recipient="anna@example.org")
        assert not (tmp_path / "mail").exists()
        with mailer(MailSettings(SENDER, tmp_path / "mail")) as way:
            way.send(MESSAGE, sender=SENDER, recipient="bert@example.org")
    assert handler.recipients == ["anna@example.org"]
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 1


# Refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "temporary"),
    [
        ("450 4.2.0 greylisted, come back", True),
        ("452 4.2.2 over quota", True),
        ("550 5.1.1 no such user", False),
        ("553 5.1.3 bad address", False),
        ("552 5.2.2 mailbox full", True),
        ("552 5.3.4 too large", False),
    ],
)
def test_an_answer_says_whether_it_is_worth_trying_again(answer: str, temporary: bool) -> None:
    handler = Handler(anna=answer)
    with serving(handler) as port:
        error = refusal(port)
    assert (error.temporary, error.doubtful) == (temporary, False)
    assert str(error) == f"the mail server refused the mail to anna@example.org: {answer}"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("550 5.1.1 <anna@example.org>: no such user", "5.1.1"),
        ("550 5.7.1 blocked; see 5.1.1", "5.7.1"),
        ("550 no such user", "5.0.0"),
        ("550 write to 5.1.1.1", "5.0.0"),
        ("450 4.2.0 greylisted", "4.2.0"),
        ("552 5.2.2 mailbox full", "5.2.2"),
    ],
)
def test_an_answer_says_what_is_wrong_with_the_readers_mailbox(answer: str, status: str) -> None:
    with serving(Handler(anna=answer)) as port:
        error = refusal(port)
    assert (error.status, error.everyone) == (status, False)


@pytest.mark.parametrize(("answer", "temporary"), [("451 4.3.0 later", True), ("554 5.7.1 looks like spam", False)])
def test_a_message_that_is_refused_did_not_arrive(answer: str, temporary: bool) -> None:
    handler = Handler(DATA=answer)
    with serving(handler) as port:
        error = refusal(port)
    assert (error.temporary, error.doubtful) == (temporary, False)


def test_after_a_refusal_the_next_reader_still_gets_theirs() -> None:
    handler = Handler(anna="550 5.1.1 no such user", bert="450 4.2.0 greylisted")
    with serving(handler) as port:
        results = hand_on(port, "anna@example.org", "bert@example.org", "cora@example.org")
    assert [error and error.temporary for error in results] == [False, True, None]
    assert "450 4.2.0 greylisted" in str(results[1])
    assert handler.recipients == ["cora@example.org"]
    assert len(handler.sessions) == 1


def test_a_server_that_refuses_us_says_nothing_against_the_reader() -> None:
    with serving(Handler(MAIL="550 5.7.1 who are you")) as port:
        error = refusal(port)
    assert (error.temporary, error.doubtful, error.everyone, error.status) == (True, False, True, "")
    assert "[mail] sender" in str(error)
    with scripted([b"554 5.7.1 your address is blocked"]) as (port, _):
        assert refusal(port).temporary


def test_a_server_that_has_no_time_is_asked_again_later() -> None:
    with scripted([b"220 mx", b"250 mx", b"421 4.3.2 shutting down"]) as (port, _):
        error = refusal(port)
    assert (error.temporary, error.doubtful, error.everyone) == (True, False, True)


def test_a_server_that_leaves_instead_of_taking_the_message_did_not_take_it() -> None:
    with scripted([*TAKEN, b"421 4.3.2 shutting down"], [*TAKEN, b"250 taken"]) as (port, _):
        first, second = hand_on(port, "anna@example.org", "bert@example.org")
    assert first is not None
    assert (first.temporary, first.doubtful) == (True, False)
    assert second is None


# The connection ----------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_temporary() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = refusal(port)
    assert (error.temporary, error.doubtful, error.everyone) == (True, False, True)
    assert f"127.0.0.1:{port}" in str(error)


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [b"220 mx"],
        [b"220 mx", b"250 mx"],
        [b"220 mx", b"250 mx", b"250 sender"],
        [b"220 mx", b"250 mx", b"250 sender", b"250 recipient"],
    ],
    ids=["greeting", "EHLO", "MAIL", "RCPT", "DATA"],
)
def test_a_line_that_drops_before_the_message_leaves_no_doubt(answers: list[bytes | None]) -> None:
    with scripted(answers) as (port, _):
        error = refusal(port)
    assert (error.temporary, error.doubtful) == (True, False)


def test_a_line_that_drops_between_the_message_and_the_answer_leaves_doubt() -> None:
    with scripted(TAKEN) as (port, heard):
        error = refusal(port)
    assert (error.temporary, error.doubtful) == (True, True)
    assert heard[-1].upper() == b"DATA"
    assert "may have arrived" in str(error)


def test_an_answer_that_does_not_come_in_time_leaves_doubt() -> None:
    with scripted([*TAKEN, None]) as (port, _):
        error = refusal(port, timeout_seconds=0.2)
    assert (error.temporary, error.doubtful, error.everyone) == (True, True, False)


def test_a_connection_that_ended_between_two_letters_is_made_anew() -> None:
    whole = [*TAKEN, b"250 taken"]
    with scripted(whole, whole) as (port, heard):
        assert hand_on(port, "anna@example.org", "bert@example.org")[:2] == [None, None]
    assert [said for said in heard if b"<" in said and b"example.org" in said] == [
        b"mail FROM:<monitor@example.org>",
        b"rcpt TO:<anna@example.org>",
        b"mail FROM:<monitor@example.org>",
        b"rcpt TO:<bert@example.org>",
    ]


def test_a_server_that_takes_so_many_letters_and_no_more_is_asked_anew() -> None:
    closing_time = [*TAKEN, b"250 taken", b"421 4.7.0 too many letters"]
    with scripted(closing_time, [*TAKEN, b"250 taken"]) as (port, _):
        assert hand_on(port, "anna@example.org", "bert@example.org") == [None, None]


def test_after_doubt_the_next_reader_gets_a_new_connection() -> None:
    with scripted(TAKEN, [*TAKEN, b"250 taken"]) as (port, _):
        first, second = hand_on(port, "anna@example.org", "bert@example.org")
    assert first is not None
    assert first.doubtful
    assert second is None


# Encryption and names ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, with its key, in one file."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [
            *(
                program,
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", path, "-out", path.with_suffix(".crt")),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_encryption_that_is_demanded_and_not_offered_stops_the_letter() -> None:
    handler = Handler()
    with serving(handler) as port:
        error = refusal(port, security="starttls")
    assert (error.temporary, error.doubtful) == (True, False)
    assert "STARTTLS" in str(error)
    assert "[mail] host, port and security" in str(error)
    assert handler.received == []


def test_a_certificate_that_nobody_vouches_for_stops_the_letter(tls: ssl.SSLContext) -> None:
    handler = Handler()
    with serving(handler, tls_context=tls) as port:
        error = refusal(port, security="starttls")
    assert (error.temporary, error.doubtful) == (True, False)
    assert "certificate" in str(error)
    assert handler.received == []


@pytest.mark.parametrize("user", [None, "monitor"])
def test_a_letter_travels_encrypted(
    tls: ssl.SSLContext, certificate: Path, user: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    handler = Handler()

    def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login, data.password) == (b"monitor", b"secret"), handled=False)

    options = {"tls_context": tls, "require_starttls": True, "authenticator": known, "auth_required": bool(user)}
    with serving(handler, **options) as port:
        assert hand_on(port, "anna@example.org", security="starttls", user=user, password="secret") == [None]
        if user:
            error = refusal(port, security="starttls", user=user, password="wrong")
            assert error.temporary
            assert "[mail] user and password" in str(error)
            assert "wrong" not in str(error)
    assert handler.recipients == ["anna@example.org"]


# Folders -----------------------------------------------------------------------------------------------


def maildir(folder: Path) -> list[bytes]:
    box = mailbox.Maildir(folder, create=False)
    return [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118 (a mailbox iterates over its mails)


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "a Maildir"])
def test_a_letter_becomes_a_file_that_mail_programs_read(
    tmp_path: Path, there: str, reading: Callable[[bytes], EmailMessage]
) -> None:
    folder = tmp_path / "deep" / "mail"
    if there != "nothing":
        folder.mkdir(parents=True)
    if there == "a Maildir":
        MaildirMailer(folder).send(MESSAGE, sender=SENDER, recipient="first@example.org")
    MaildirMailer(folder).send(MESSAGE, sender=SENDER, recipient="anna@example.org")
    mails = maildir(folder)
    assert len(mails) == (2 if there == "a Maildir" else 1)
    assert mails[-1] == MESSAGE.replace(b"\r\n", b"\n")
    assert str(reading(mails[-1])["Subject"]) == "水素"
    assert list((folder / "tmp").iterdir()) == []
    assert (folder / "new").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("owner", "step"), [(mailbox.Maildir, "_dump_message"), (os, "link")])
def test_a_letter_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, step: str
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(owner, step, full)
    with pytest.raises(MailError, match="No space left on device") as failed:
        MaildirMailer(tmp_path / "mail").send(MESSAGE, sender=SENDER, recipient="anna@example.org")
    assert (failed.value.temporary, failed.value.doubtful) == (True, False)
    assert [path.name for path in (tmp_path / "mail").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    MaildirMailer(tmp_path / "mail").send(MESSAGE, sender=SENDER, recipient="anna@example.org")
    assert len(maildir(tmp_path / "mail")) == 1


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MailError) as failed:
        MaildirMailer(tmp_path / "file" / "mail").send(MESSAGE, sender=SENDER, recipient="anna@example.org")
    assert failed.value.temporary
    assert str(tmp_path / "file" / "mail") in str(failed.value)


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    tmp_path.chmod(0o500)
    with pytest.raises(MailError, match="Permission denied"):
        MaildirMailer(tmp_path / "mail").send(MESSAGE, sender=SENDER, recipient="anna@example.org")
