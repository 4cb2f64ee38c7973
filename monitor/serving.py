"""Serving an ASGI application from a thread on this machine: the stand-in portals, the demo's page, the tests' sites."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

START_SECONDS = 30.0
GOODBYE_SECONDS = 3


@contextmanager
def serve(asgi: ASGIApp, port: int = 0) -> Iterator[str]:
    """Runs any ASGI application on 127.0.0.1 in a thread, gives its base address, and ends it.

    Port 0 takes a free one. Raises OSError where it cannot listen or the application does not start.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        # The protocol is named so that asyncio sees TCP and sets TCP_NODELAY: 40 ms less for every answer.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise OSError(f"cannot listen on 127.0.0.1:{port}: {why}; choose another port") from error
        server = _Server(asgi)
        thread = threading.Thread(target=server.work, args=(listener,), name="serve", daemon=True)
        thread.start()
        try:
            server.settled.wait(START_SECONDS)
            if not server.started:
                raise OSError(f"the web application did not start on 127.0.0.1: {server.reason}")
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(GOODBYE_SECONDS + START_SECONDS)


class _Server(uvicorn.Server):
    """A uvicorn server in a thread that tells when it has started, or why it has not."""

    def __init__(self, asgi: ASGIApp) -> None:
        self.settled = threading.Event()
        self.reason = "it took too long"
        self._asgi = asgi
        super().__init__(
            uvicorn.Config(
                self._overheard,
                interface="asgi3",
                http="h11",
                loop="asyncio",
                ws="none",
                log_config=None,
                access_log=False,
                log_level="critical",
                timeout_graceful_shutdown=GOODBYE_SECONDS,
            )
        )

    async def _overheard(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application; if its lifespan fails, the last line of what it says is the reason."""

        async def listen(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                self.reason = message.get("message", "").strip().rpartition("\n")[2]
            await send(message)

        await self._asgi(scope, receive, listen if scope["type"] == "lifespan" else send)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    def work(self, listener: socket.socket) -> None:
        try:
            self.run([listener])
        except SystemExit:
            pass  # uvicorn's way to say that the lifespan failed
        except Exception as error:  # noqa: BLE001 (it is raised again, in words, in the thread that waits)
            self.reason = str(error)
        finally:
            self.settled.set()
