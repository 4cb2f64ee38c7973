"""How far a letter has come."""

from enum import StrEnum


class DeliveryState(StrEnum):
    """``sending`` is left behind by a process that ended in the doubtful moment; it then becomes ``unknown``.

    An unknown letter may or may not have arrived. It is tried once more under the same Message-ID.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
