"""Whether a trade agreement opens a procurement, and what a bidder must have or be.

``reader.py`` weighs what speaks for and against, ``signs.py`` finds the words in a text, ``requirements.py`` reads
the requirements; ``rules.py`` has every rule with its text, ``thresholds.toml`` the amounts with their dates.
"""

from monitor.reading.access.reader import AccessReader
from monitor.reading.access.requirements import read_requirements
from monitor.reading.access.rules import RULES, rule_text

__all__ = ["RULES", "AccessReader", "read_requirements", "rule_text"]
