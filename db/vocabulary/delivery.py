"""How letters and calls reach people, and how far they have come."""

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


class LetterKind(StrEnum):
    """What a letter is for. Only a digest belongs to a window; the others end theirs at the moment they are made."""

    DIGEST = "digest"
    ALERT = "alert"
    """New finds of searches that are told at once, and what happened to tenders that were told of before."""
    CONFIRMATION = "confirmation"
    """Asks whether a saved search was really asked for (double opt-in)."""
    CHOICES = "choices"
    """A fresh link to the page of one's choices, for whoever asks for it."""
    FAREWELL = "farewell"
    """Asks whether everything is really to be deleted."""
    NOTE = "note"
    """Something that the house has to say: a webhook was turned off."""


class Frequency(StrEnum):
    """When the finds of a saved search are told by mail. Its feed and its calendar have them in any case."""

    AT_ONCE = "at-once"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


class SubscriberState(StrEnum):
    """``pending``: the address was entered, and nobody has confirmed it; it gets nothing but that question."""

    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


class SuppressionReason(StrEnum):
    """Why nothing is sent to an address any more, whoever asks for it."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    """Its owner told their provider that a letter of ours is spam."""
    OPERATOR = "operator"


class WebhookForm(StrEnum):
    """What a webhook is sent."""

    JSON = "json"
    """Signed as https://www.standardwebhooks.com describes."""
    SLACK = "slack"
    TEAMS = "teams"
