"""Signed links: who holds one may do the one thing that it is for, until it expires, and needs no password."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer


class Purpose(StrEnum):
    """What a link lets its holder do; a link for one is worth nothing for another."""

    CONFIRM = "confirm"
    """Of a saved search: let it begin."""
    CHOICES = "choices"
    """Of a subscriber: see and change their searches and how they are told."""
    FORGET = "forget"
    """Of a subscriber: delete everything. Only a letter that was asked for carries it."""
    TOLD = "told"
    """Of a tender: see who was told of it, and when. For the operator."""


LASTING = {
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.CHOICES: timedelta(days=30),
    Purpose.FORGET: timedelta(days=1),
    Purpose.TOLD: timedelta(days=1),
}


class Links:
    """Makes and reads the tokens of signed links. The secret is the house's own; another makes all links void."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def token(self, purpose: Purpose, id: UUID, *, now: datetime) -> str:
        """A token for an address: the id, until when it holds, and the signature."""
        until = int((now + LASTING[purpose]).timestamp())
        return str(self._serializer(purpose).dumps([id.hex, until]))

    def read(self, purpose: Purpose, token: str, *, now: datetime) -> UUID | None:
        """The id of a token; None for one that is forged, for something else, or expired."""
        try:
            id, until = self._serializer(purpose).loads(token)
        except (BadData, ValueError):
            return None
        return UUID(id) if now.timestamp() <= until else None

    def _serializer(self, purpose: Purpose) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret, salt=f"monitor.{purpose}")
