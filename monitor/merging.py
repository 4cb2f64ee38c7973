"""Which tender a notice belongs to: pure decisions, no database.

For now every notice is a tender of its own, under its own id, unless the record already says otherwise.
"""

from uuid import UUID

from db.notices import Recorded


def tender_of(recorded: Recorded) -> UUID:
    """The id of the tender that a recorded notice belongs to."""
    return recorded.tender_id
