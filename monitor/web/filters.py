"""The filter form of the list: from the address to a query, and back into the links."""

from collections.abc import Collection
from dataclasses import dataclass

from db.vocabulary.labels import PREFECTURES_EN, prefecture_named
from db.vocabulary.messages import N_, Saying, Told
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.query import And, Facet, Is, Known, Or, Query, QueryError, parse

QUERY_CHARACTERS = 500
"""A search may be this long."""
SAVED_CHARACTERS = 700
"""A saved one has the other filters in it, too."""


class NotUnderstood(Told):
    """The address asks for something that there is not; told on the page for 422."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake in a search: what is wrong, and the search cut up so that its place can be marked."""

    saying: Saying
    place: int
    """Counted in characters, from 1."""
    before: str
    marked: str
    """The word at the mistake; empty where the search ends too early."""
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the reader has chosen; empty where nothing. ``prefecture`` is the Japanese name.

    ``venue`` belongs to the area: also what only takes place there.
    """

    q: str = ""
    area: str = ""
    prefecture: str = ""
    kind: str = ""
    category: str = ""
    venue: bool = False

    @classmethod
    def read(
        cls,
        *,
        q: str,
        area: str,
        prefecture: str,
        kind: str,
        category: str,
        venue: str = "",
        areas: Collection[str],
    ) -> "Filters":
        """The filters of an address. Raises NotUnderstood for a value that cannot be chosen."""
        if area and area not in areas:
            raise NotUnderstood(N_("There is no focus area “{value}” here."), value=area)
        if kind and kind not in [*NoticeKind]:
            raise NotUnderstood(N_("There is no kind of notice “{value}”."), value=kind)
        if category and category not in [*Category]:
            raise NotUnderstood(N_("There is no category “{value}”."), value=category)
        named = prefecture_named(prefecture) if prefecture else ""
        if named is None:
            raise NotUnderstood(N_("There is no prefecture “{value}”."), value=prefecture)
        return cls(
            q=q.strip(),
            area=area,
            prefecture=named,
            kind=kind,
            category=category,
            venue=bool(area) and venue == "1",
        )

    @property
    def params(self) -> dict[str, str]:
        """The filters as they stand in an address."""
        given = {
            "q": self.q,
            "area": self.area,
            "venue": "1" if self.venue else "",
            "prefecture": PREFECTURES_EN.get(self.prefecture, ""),
            "kind": self.kind,
            "category": self.category,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def written(self) -> str:
        """All filters as one query of the query language, to be kept. Raises QueryError for a search that cannot be read."""
        area = f"area:{self.area}" if self.area else ""
        parts = [
            f"({area} OR venue:{self.area})" if self.venue else area,
            f"prefecture:{self.prefecture}" if self.prefecture else "",
            f"kind:{self.kind}" if self.kind else "",
            f"category:{self.category}" if self.category else "",
        ]
        given = [part for part in parts if part]
        # As it is typed: what its English words stand for is no OR of the reader's.
        q = f"({self.q})" if given and isinstance(parse(self.q, with_synonyms=False), Or) else self.q
        return " ".join([*given, *([q] if q else [])])

    def query(self, known: Known) -> tuple[Query, Mistake | None]:
        """The query of all filters together. A search that cannot be read is left out and told as a mistake."""
        chosen = (
            (Facet.PREFECTURE, self.prefecture),
            (Facet.KIND, self.kind),
            (Facet.CATEGORY, self.category),
        )
        parts: list[Query] = [Is(facet, value) for facet, value in chosen if value]
        if self.area:
            about = Is(Facet.AREA, self.area)
            parts.insert(0, Or((about, Is(Facet.VENUE, self.area))) if self.venue else about)
        mistake: Mistake | None = None
        if self.q:
            try:
                parts.insert(0, read(self.q, known))
            except QueryError as error:
                mistake = mistake_in(self.q, error)
        return (parts[0] if len(parts) == 1 else And(tuple(parts))), mistake


def read(q: str, known: Known, *, limit: int = QUERY_CHARACTERS) -> Query:
    """The query that somebody wrote. Raises QueryError, also for one that is too long."""
    if len(q) > limit:
        raise QueryError("a search may have {limit} characters", limit=limit, position=limit)
    return parse(q, known)


def mistake_in(q: str, error: QueryError) -> Mistake:
    """The mistake, at its place in the search."""
    start = min(error.position, len(q))
    word = q[start:].split(maxsplit=1)[0] if q[start:].strip() else ""
    return Mistake(error.saying, start + 1, q[:start], word, q[start + len(word) :])
