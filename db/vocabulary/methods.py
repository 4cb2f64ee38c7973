"""By which procedure a contract was let: the classes of the law, out of sources' codes and words.

The Public Accounting Act (会計法, article 29-3) knows three: open competition (一般競争, paragraph 1), competition among
those who are designated (指名競争, paragraphs 3 and 5) and negotiated contracts (随意契約, paragraphs 4 and 5). The same
three are the open, selective and limited tendering of the agreement on government procurement (GPA, article IV:4).

Not every negotiated contract is without competition: in a call for proposals, an open counter, or where quotations are
asked of several, others could have won it. The Ministry of Finance has ministries report the two apart (公共調達の適正化
について, 財計第2017号 of 25 August 2006: 競争性のある随意契約, 競争性のない随意契約); so do the codes of the award open data
(落札実績オープンデータ, definition of March 2026, 3.2). The gazette says 随意契約 alone: which of the two is not known then.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from db.vocabulary.messages import N_


class Procedure(StrEnum):
    """The class of a procedure; the first four are named as in OCDS's codelist ``method``."""

    OPEN = "open"
    SELECTIVE = "selective"
    LIMITED = "limited"
    """Negotiated, where several could compete."""
    DIRECT = "direct"
    """Negotiated with one supplier that was chosen before."""
    NEGOTIATED = "negotiated"
    """Negotiated; whether others could compete is not said."""


NEGOTIATED = (Procedure.LIMITED, Procedure.DIRECT, Procedure.NEGOTIATED)
"""The law's negotiated contracts (随意契約)."""

PROCEDURES: Mapping[Procedure, str] = {
    Procedure.OPEN: N_("open tendering"),
    Procedure.SELECTIVE: N_("designated bidders"),
    Procedure.LIMITED: N_("negotiated, several could compete"),
    Procedure.DIRECT: N_("negotiated with a single supplier"),
    Procedure.NEGOTIATED: N_("negotiated, no more is said"),
}

CODES: Mapping[str, Procedure] = {
    "8002010": Procedure.OPEN,
    "8002020": Procedure.OPEN,
    "8002040": Procedure.OPEN,
    "8002050": Procedure.OPEN,
    "8003010": Procedure.SELECTIVE,
    "8003020": Procedure.SELECTIVE,
    "8003040": Procedure.SELECTIVE,
    "8003050": Procedure.SELECTIVE,
    "8001010": Procedure.LIMITED,
    "8004025": Procedure.LIMITED,
    "8004030": Procedure.LIMITED,
    "8011010": Procedure.LIMITED,
    "8014025": Procedure.LIMITED,
    "8014030": Procedure.LIMITED,
    "8004020": Procedure.DIRECT,
    "8014020": Procedure.DIRECT,
}
"""The codes of the award open data. Those that begin with 80110 and 80140 are of small amounts (少額, 予決令 article 99)."""

WORDS: Sequence[tuple[str, Procedure]] = (
    ("特定業者", Procedure.DIRECT),
    ("特命", Procedure.DIRECT),
    ("プロポーザル", Procedure.LIMITED),
    ("企画競争", Procedure.LIMITED),
    ("オープンカウンタ", Procedure.LIMITED),
    ("見積合わせ", Procedure.LIMITED),
    ("見積合せ", Procedure.LIMITED),
    ("複数業者", Procedure.LIMITED),
    ("随意契約", Procedure.NEGOTIATED),
    ("指名競争", Procedure.SELECTIVE),
    ("一般競争", Procedure.OPEN),
)
"""What a procedure is called where it has no code; the first word that occurs decides."""

HIGHEST = "最高価格"
"""In the name of every procedure by which the state sells: who offers most wins, and the price is income."""
SALES = ("8002020", "8003020")
"""The codes of these procedures."""


def procedure(code: str | None, method: str | None) -> Procedure | None:
    """The class of a procedure by its code, else by its words; None where neither tells."""
    if code is not None and code in CODES:
        return CODES[code]
    return next((found for word, found in WORDS if method and word in method), None)
