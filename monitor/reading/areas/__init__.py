"""Which focus areas a notice belongs to, decided by a lexicon of weighted terms and told with its evidence.

A Japanese notice names what is bought in its title and wraps it in pages of clauses, so the title decides and
the text only supports: it never gives an area alone. One automaton looks for the terms of all areas at once; the
rules are in ``lexicon.py``. The terms are data for people who know an area and need not know programs: one
``<slug>.tsv`` per area beside this file, the areas and their order in ``areas.toml``; ``README.md`` says what the
columns mean, ``files.py`` reads them. Where something is bought is not what is bought: buildings of a kind (a care
home, a school) are venues, and what is done there gives no area.
"""

from monitor.reading.areas.files import AreaDefinition, LexiconError, load_lexicon, own_areas
from monitor.reading.areas.lexicon import Area, Explanation, Finding, Lexicon, Verdict, Weight, names_of

__all__ = [
    "Area",
    "AreaDefinition",
    "Explanation",
    "Finding",
    "Lexicon",
    "LexiconError",
    "Verdict",
    "Weight",
    "load_lexicon",
    "names_of",
    "own_areas",
]
