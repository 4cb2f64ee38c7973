"""The way to a connection for addresses that others decide: never to a private address, never longer than allowed.

Sources and redirects name the addresses that are fetched, and readers those that are called; none of them may make
this machine knock at its neighbours' doors.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import httpcore
import truststore

from scrapers.errors import Refused

LARGEST_READ = 16 << 10
"""Bytes taken off the wire at a time: gzip makes at most 1,032 times as many of them."""

_NAT64 = ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ip_network("2002::/16")

Resolver = Callable[[str, int], Sequence[str]]
"""From a host name and a port to IP addresses; raises OSError."""


def system_addresses(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: str) -> bool:
    """Whether the address is one of the open internet, also when an IPv4 address is wrapped in it."""
    ip = ip_address(address)
    if ip.version == 6 and ip in _NAT64:
        return is_public(str(ip_address(int(ip) & 0xFFFFFFFF)))
    wrapped = ip.version == 6 and (ip.ipv4_mapped is not None or ip in _SIX_TO_FOUR)
    return ip.is_global and not ip.is_multicast and not wrapped


class _Deadline(threading.local):
    """When the answer that this thread waits for must be whole."""

    at: datetime = datetime.max.replace(tzinfo=UTC)


class Guard(httpcore.NetworkBackend):
    """Resolves a name once, judges the addresses, and connects to the very addresses it judged.

    Being the only way to a connection, it also covers redirects and names that change their address (DNS
    rebinding). It knows the time limit, too: only here is a server noticed that drips its headers. With ``only``, a
    host and a port, nothing else is reached.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        resolve: Resolver,
        *,
        total_seconds: float,
        allow_loopback: bool = False,
        only: tuple[str, int] | None = None,
    ) -> None:
        self._clock, self._resolve = clock, resolve
        self._total_seconds, self._allow_loopback, self._only = total_seconds, allow_loopback, only
        self._deadline = _Deadline()
        self._sockets = httpcore.SyncBackend()

    def start_timer(self) -> None:
        self._deadline.at = self._clock() + timedelta(seconds=self._total_seconds)

    def seconds_left(self, timeout: float | None) -> float:
        left = (self._deadline.at - self._clock()).total_seconds()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **options: Any
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name is not known: {error}") from error
        for address in addresses:
            if not self._may_reach(host, port, address):
                raise Refused(
                    "{host}: its address {address} is not public; check the source's address",
                    host=host,
                    address=address,
                )
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                left = self.seconds_left(timeout)
                return _TimedStream(self._sockets.connect_tcp(address, port, left, **options), self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _may_reach(self, host: str, port: int, address: str) -> bool:
        if self._only is not None:
            return (host, port) == self._only
        return is_public(address) or (self._allow_loopback and ip_address(address).is_loopback)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, guard: Guard) -> None:
        self._inner, self._guard = inner, guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(min(max_bytes, LARGEST_READ), self._guard.seconds_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._guard.seconds_left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._guard)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def guarded_pool(guard: Guard, *, legacy: bool = False) -> httpcore.ConnectionPool:
    """Connections through the guard, to servers whose certificates this machine trusts.

    ``legacy`` takes keys that are too short for today's OpenSSL; the certificates are verified all the same.
    """
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if legacy:
        context.set_ciphers("DEFAULT@SECLEVEL=1")
    return httpcore.ConnectionPool(context, max_connections=None, keepalive_expiry=60.0, network_backend=guard)
