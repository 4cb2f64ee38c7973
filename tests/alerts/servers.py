"""Mail servers on loopback: a real one, and one that says what it is told to."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

SECONDS = 5.0
TAKEN: list[bytes | None] = [b"220 mx", b"250 mx", b"250 sender", b"250 recipient", b"354 go ahead"]
"""The answers to a letter until it is sent."""


class Handler:
    """A mail server's manners: what it answers to whom, and what it was handed."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.received: list[tuple[str, bytes]] = []
        self.sessions: set[int] = set()
        self.senders: set[str] = set()

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's names)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        envelope.mail_from = address
        self.senders.add(address)
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address.partition("@")[0], "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.received += [(recipient, envelope.content) for recipient in envelope.rcpt_tos]
        return answer

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.received]


@contextmanager
def serving(handler: Handler, **options: Any) -> Iterator[int]:
    """The server on a free port of loopback, in a thread, until the end of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(
            lambda: SMTP(handler, hostname="mx.example.org", loop=loop, **options), "127.0.0.1", 0
        )

    async def end(server: asyncio.Server) -> None:
        server.close()
        await server.wait_closed()
        waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(SECONDS)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()


@contextmanager
def scripted(*connections: list[bytes | None]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that gives these answers, connection after connection; after the last of them the line is dropped.

    None reads on without an answer. The second value is what it was told.
    """
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(SECONDS)

    def serve() -> None:
        for answers in connections:
            line, _ = listener.accept()
            line.settimeout(SECONDS)
            with line, line.makefile("rb") as reading:
                for answer in answers:
                    if answer is not None:
                        line.sendall(answer + b"\r\n")
                    if answer is None or answer[:3] == b"354":
                        while (said := reading.readline()) not in (b".\r\n", b""):
                            pass
                    elif answer is not answers[-1]:
                        said = reading.readline()
                        heard.append(said.strip())
                line.shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        thread.join(SECONDS)
        listener.close()
