"""Who marked something, without knowing who it is: a keyed digest in place of an address or a cookie."""

import hmac
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

DIGITS = 16
OF_THE_NETWORK = 8
"""Digits that all browsers at one address have in common."""


def reader_of(request: Request, secret: bytes) -> str:
    """16 hex digits that stay the same for one browser at one address, and from which neither can be found again.

    The first half is the HMAC of the client's address (see ``network_of``), the second also of the User-Agent. Of an
    IPv6 address the first 64 bits are taken: the others change by themselves from day to day.
    """
    network = _network(request.client.host if request.client else "")
    browser = f"{network}\n{request.headers.get('user-agent', '')}"
    return _digits(secret, network, OF_THE_NETWORK) + _digits(secret, browser, DIGITS - OF_THE_NETWORK)


def network_of(reader: str) -> str:
    """What the readers at one address begin with: a program gives itself as many browsers' names as it likes."""
    return reader[:OF_THE_NETWORK]


def _digits(secret: bytes, text: str, count: int) -> str:
    return hmac.new(secret, text.encode("utf-8", "replace"), sha256).hexdigest()[:count]


def _network(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or int(address) >> 64)
