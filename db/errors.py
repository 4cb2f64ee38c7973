"""What can go wrong with the record. The one line of a message says what to do."""

from db.vocabulary.messages import Told


class RecordError(Told):
    """The database or the archive cannot be used as it is."""


class Busy(RecordError):
    """Another process is doing this at the moment."""


class TakenOver(Busy):
    """Another process has taken over what this one was doing."""
