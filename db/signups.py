"""The store of requests that make the house write to an address: how many there may be.

Anybody may enter anybody's address. So that no mailbox can be flooded through this house, and that mail servers keep
taking its letters, there are limits for an address, for where requests come from, for a mail domain, and for all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import Session

from db.bulk import table
from db.subscriber import SignUp

PAUSE = timedelta(minutes=10)
"""Between two letters to an address."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OF_AN_ADDRESS = 5
"""Within a day."""
OF_A_NETWORK = 20
"""Within an hour; so are the next ones."""
OF_A_DOMAIN = 100
OF_A_PROVIDER = 1_000
"""Of a domain where millions have their mailbox."""
OF_ALL = 2_000
"""Whoever they come from and wherever they go: what a mail server can send without becoming suspicious."""


class Limit(StrEnum):
    """Whose limit is reached."""

    ADDRESS = "address"
    NETWORK = "network"
    DOMAIN = "domain"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who is to be written to, and where the request comes from: keyed digests, which lead back to nobody."""

    address: str
    domain: str
    network: str
    provider: bool = False
    """Whether the domain is one of the large ones."""


def admit(session: Session, request: Request, *, now: datetime) -> Limit | None:
    """Count a request and return None, or the limit that keeps it out; one that is kept out is not counted."""
    reached = next(_reached(session, request, now), None)
    if reached is None:
        # Two at the same moment are one: both would have the same id, so the later one is tried again, and refused.
        turn = int(now.timestamp() // PAUSE.total_seconds())
        session.add(
            SignUp(
                id=uuid5(NAMESPACE_OID, f"{request.address} {turn}"),
                at=now,
                address=request.address,
                domain=request.domain,
                network=request.network,
            )
        )
        session.flush()
    return reached


def _reached(session: Session, request: Request, now: datetime) -> Iterator[Limit]:
    made = table(SignUp)
    mine, lately = made.c.address == request.address, made.c.at > now - HOUR

    def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    everyone, network, domain, address, just_now = (
        session.connection()
        .execute(
            select(
                number(lately),
                number(lately & (made.c.network == request.network)),
                number(lately & (made.c.domain == request.domain)),
                number(mine),
                number(mine & (made.c.at > now - PAUSE)),
            ).where(made.c.at > now - DAY)
        )
        .one()
    )
    # Those that say nothing of the address come first: only they are told to whoever asks.
    if network >= OF_A_NETWORK:
        yield Limit.NETWORK
    if everyone >= OF_ALL:
        yield Limit.ALL
    if domain >= (OF_A_PROVIDER if request.provider else OF_A_DOMAIN):
        yield Limit.DOMAIN
    if just_now or address >= OF_AN_ADDRESS:
        yield Limit.ADDRESS
