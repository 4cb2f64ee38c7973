"""Who a buyer is: its organisation, the group of the trade agreements that lists it, and its English name."""

from monitor.reading.entities.entities import Entities, Entity, Group

__all__ = ["Entities", "Entity", "Group"]
