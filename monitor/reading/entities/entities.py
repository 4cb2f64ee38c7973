"""Finds the organisation behind a buyer's name as sources write it, by tables of names and one longest-prefix search.

A gazette names an officer (支出負担行為担当官 … 局長), a portal the ministry, a municipality itself with or without its
prefecture. What all have in common is that the organisation stands first, so a name counts only at the very
beginning: 大阪市 is never found in 東大阪市. Of several names the longest counts, and what follows it must not make
another body of it (大阪市社会福祉協議会 is not the city): such a buyer is unknown, not the next shorter name.
``README.md`` says what the tables hold, where the facts come from and how sure they are.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from db.vocabulary.text import fold
from monitor.reading.entities.tables import TableError, read_table

TABLES = Path(__file__).parent


class Group(StrEnum):
    """The list of a trade agreement that names an organisation."""

    CENTRAL = "central"
    """GPA Appendix I, Annex 1."""
    SUB_CENTRAL = "sub-central"
    """Annex 2: prefectures and designated cities."""
    OTHER_A = "other-a"
    """Annex 3, group A: the public corporations of 1994 and their successors."""
    OTHER_B = "other-b"
    """Annex 3, group B: what used to be part of the ministries."""
    EPA_CORE_CITY = "epa-core-city"
    EPA_AGENCY = "epa-agency"
    """Local independent administrative agencies, which the Japan–EU EPA adds."""
    EPA_CENTRAL = "epa-central"
    MUNICIPALITY = "municipality"
    """Any other city, town, village or ward: no agreement names it."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Entity:
    """An organisation that buys. ``certain``: who it is and its group are beyond doubt.

    ``name_en`` is empty where no English name is known, and a mere romanisation or description where
    ``english_official`` is false. ``prefecture`` is that of a local body.
    """

    name: str
    name_en: str
    group: Group
    certain: bool
    prefecture: str | None = None
    english_official: bool = True


class _Kind(StrEnum):
    STATE = "state"
    BODY = "body"
    GENERIC = "generic"
    """A whole class of bodies, which a source may name in place of the buyer (国立大学法人)."""
    PREFECTURE = "prefecture"
    TOWN = "town"


@dataclass(frozen=True, slots=True)
class _Known:
    """An entity with what comparing needs: ``top`` is the name under which its buyers are compared."""

    entity: Entity
    kind: _Kind
    top: str


_Names = dict[str, tuple[_Known, ...]]
"""Folded name → who bears it: several municipalities may."""

_LONGEST = 200
"""Characters of a buyer that are looked at, and kept in memory; the longest real one has about 70."""
_REMEMBERED = 20_000
"""Different buyers that are kept: sources repeat a few thousand."""

_VARIANTS = str.maketrans("ヶヵ龍條鰺梼藝竃", "ケカ竜条鯵檮芸竈")
"""Characters of place names that are written both ways (駒ヶ根市, 駒ケ根市)."""

_OFFICER = re.compile(
    "(?:(?:分任)?支出負担行為担当官|(?:分任)?契約担当(?:役|官|者|職)|契約責任者|経理責任者|資金前渡官吏)(?:代理)?[:、,]? ?"
)
_STATE_OFFICER = "支出負担行為担当官"
_FORM = re.compile(
    "国立大学法人|国立研究開発法人|大学共同利用機関法人|公立大学法人|(?:特定)?地方独立行政法人|独立行政法人"
    "|特殊法人|認可法人|[((](?:独|国研|国|大)[))]"
)
_PRIVATE_FORM = re.compile(r"株式会社|有限会社|\(株\)|(?:一般|公益)?(?:財団|社団)法人|(?:学校|社会福祉|医療)法人")

# After the name of a prefecture or municipality these make another body of it.
_NOT_LOCAL = re.compile(
    "民(?!病院)|街|場|電力|瓦斯|ガス"
    "|.{0,40}?(?:公社|公団|協会|協議会|組合|連合|企業団|会社|\\(株\\)|銀行|金庫|財団|社団|法人(?![課係室])|会議所"
    "|基金|機構|商工会|町村会|市長会|振興会|事業団|大学(?!校)|生協|共済|互助会|競馬)"
)
# Of a municipality, or an agency of its own (地方独立行政法人) whose name begins with the municipality's.
_MAYBE_AGENCY = re.compile("病院(?!事業|局|企業)|医療センター|医療機構|大学|研究所|技術センター")
# The same for ministries and other bodies: what stands beside them, not under them.
_NOT_UNDER = re.compile(
    "校|院大学|短期大学|[a-z0-9]|.{0,40}?(?:会社|\\(株\\)|生協|協同組合|共済組合|互助会|協力会|出版会|同窓会|後援会|校友会|財団|社団)"
)
_ACTS_FOR = "業務受託者"
"""An agency's contractor that buys in its name (独立行政法人都市再生機構業務受託者 …)."""
# A municipality that the tables do not know: it must not be taken for its prefecture.
_UNKNOWN_TOWN = re.compile(
    "[^市町村氏]{1,6}(?<!都)[市町村氏](?:$|[長立]|役[所場]|議会|教育委員会|(?:上下|簡易)?水道)"
)
_COUNTY = re.compile("[^市区町村郡]{1,5}郡")
_BRACKET = re.compile(r"\s*[【\[［〔（(]([^】\]］〕）)]{2,30})[】\]］〕）)]")


class Entities:
    """The tables, ready to be searched. Immutable; everything it answers depends on its arguments alone."""

    __slots__ = ("_bureaus", "_lengths", "_names", "_recall", "_tokyo", "_unit", "_units")

    def __init__(self, tables: Path = TABLES) -> None:
        state = _state(tables)
        prefectures, towns = _local(tables)
        self._tokyo = next(known for known in prefectures if known.entity.name == "東京都")
        self._bureaus = tuple(_key(row["bureau"]) for row in read_table(tables / "tokyo.tsv", ("bureau",)))
        self._names = _names(tables, state, prefectures, towns)
        by_start: dict[str, set[int]] = {}
        for name in self._names:
            by_start.setdefault(name[:2], set()).add(len(name))
        self._lengths = {start: tuple(sorted(lengths, reverse=True)) for start, lengths in by_start.items()}
        anywhere = {unit: state[of] for unit, of, place in _units(tables, state) if place == "any"}
        self._units = anywhere
        words = "|".join(sorted(anywhere, key=len, reverse=True))
        # 甲府刑務所, 第十一管区海上保安本部; a place with the word for prefecture in it would be one of its offices.
        self._unit = re.compile(f"(?!.{{0,8}}県)[々一-龥ぁ-んァ-ヶー]{{1,9}}?({words})")
        self._recall = lru_cache(maxsize=_REMEMBERED)(self._look_up)

    @classmethod
    def load(cls, tables: Path = TABLES) -> "Entities":
        """Read the tables; a mistake in them is told with its line (``TableError``)."""
        return cls(tables)

    def find(self, buyer: str | None, *, title: str = "", prefecture: str | None = None) -> Entity | None:
        """The organisation, or None where it is not known. ``prefecture`` tells municipalities of one name apart.

        A title that begins with the name of an agency in brackets (【国土地理院】) is heard where the buyer is
        the ministry above it, or not named.
        """
        known = self._known(buyer, title, prefecture)
        return known.entity if known else None

    def canonical(self, buyer: str | None, *, title: str = "", prefecture: str | None = None) -> str | None:
        """The name by which buyers of several sources are compared; None where nobody is named.

        Agencies and bureaus go under their ministry, since a portal names only that; a municipality whose name
        another one bears has its prefecture before it. Who is unknown keeps a folded name without officer's title
        and legal form; a mere class of bodies (国立大学法人) names nobody.
        """
        known = self._known(buyer, title, prefecture)
        if known:
            return None if known.kind is _Kind.GENERIC else known.top
        if not buyer:
            return None
        text, _ = _without_officer(_key(buyer))
        form = _FORM.match(text) or _PRIVATE_FORM.match(text)
        return (text[form.end() :].lstrip() if form else text) or None

    def english(self, buyer: str | None, *, prefecture: str | None = None) -> str | None:
        """The organisation's English name without its office; None where it is not known."""
        known = self._known(buyer, "", prefecture)
        return (known.entity.name_en or None) if known else None

    def _known(self, buyer: str | None, title: str, prefecture: str | None) -> _Known | None:
        bracket = _BRACKET.match(title) if title else None
        return self._recall(buyer[:_LONGEST] if buyer else "", bracket[1] if bracket else "", prefecture)

    def _look_up(self, buyer: str, bracket: str, prefecture: str | None) -> _Known | None:
        text, by_state = _without_officer(_key(buyer))
        known = self._read(text, prefecture, by_state=by_state) if text else None
        if bracket and (not text or (known and known.kind is _Kind.STATE)):
            named = self._alone(_key(bracket))
            if named and (known is None or (known.entity.name == known.top == named.top)):
                return named
        return known

    def _alone(self, text: str) -> _Known | None:
        """An organisation of the state of which the text is the whole name."""
        found = self._names.get(text, ())
        return found[0] if len(found) == 1 and found[0].kind is _Kind.STATE else None

    def _read(self, text: str, prefecture: str | None, *, by_state: bool) -> _Known | None:
        form = _FORM.match(text)
        found, rest = self._longest(text)
        if form and not any(known.kind in (_Kind.BODY, _Kind.GENERIC) and rest != text for known in found):
            found, rest = (), text
        if form and (not found or (found[0].kind is _Kind.GENERIC and rest)):
            found, rest = self._longest(text[form.end() :].lstrip())
            if any(known.kind is not _Kind.BODY for known in found):
                return None
        if not found:
            return self._by_unit(text, prefecture)
        return self._accept(found, rest, prefecture, by_state=by_state)

    def _longest(self, text: str) -> tuple[tuple[_Known, ...], str]:
        """Who bears the longest name that the text begins with, and what follows it."""
        for length in self._lengths.get(text[:2], ()):
            found = self._names.get(text[:length])
            if found and length <= len(text):
                return found, text[length:]
        return (), text

    def _accept(
        self, found: tuple[_Known, ...], rest: str, prefecture: str | None, *, by_state: bool
    ) -> _Known | None:
        known = found[0]
        match known.kind:
            case _Kind.TOWN:
                return None if _NOT_LOCAL.match(rest) else _doubted(_one_of(found, prefecture), rest)
            case _Kind.PREFECTURE:
                return self._under_prefecture(known, rest, by_state=by_state)
            case _Kind.GENERIC:
                return None if rest else known
            case _Kind.BODY:
                return None if _NOT_UNDER.match(rest) and not rest.startswith(_ACTS_FOR) else known
        return self._under_ministry(known, rest)

    def _under_prefecture(self, known: _Known, rest: str, *, by_state: bool) -> _Known | None:
        name = known.entity.name
        if rest.startswith("警察"):
            return self._police(known, by_state=by_state)
        if county := _COUNTY.match(rest):
            found, after = self._longest(name + rest[county.end() :])
            if found and found[0].kind is _Kind.TOWN:
                return None if _NOT_LOCAL.match(after) else found[0]
        if _NOT_LOCAL.match(rest) or _UNKNOWN_TOWN.match(rest):
            return None
        return known

    def _police(self, known: _Known, *, by_state: bool) -> _Known:
        """Prefectural police buy from the prefecture's money and from the state's; only the officer tells which."""
        if by_state:
            return self._names["警察庁"][0]
        return replace(known, entity=replace(known.entity, certain=False))

    def _under_ministry(self, known: _Known, rest: str) -> _Known | None:
        if _NOT_UNDER.match(rest):
            return None
        if not rest:
            return known
        found, _ = self._longest(rest)
        if known.top == "警察庁" and found and found[0].kind is _Kind.PREFECTURE:
            after = rest[len(found[0].entity.name) :]
            # A portal files prefectural police, signals paid by the prefecture included, under the National Police.
            return self._police(found[0], by_state=False) if after.startswith("警察") else known
        finer = found[0] if found else None
        if finer and finer.kind is _Kind.STATE and finer.top == known.top and finer.entity.name != finer.top:
            return finer
        return known

    def _by_unit(self, text: str, prefecture: str | None) -> _Known | None:
        if prefecture == "東京都" and text.startswith(self._bureaus):
            return replace(self._tokyo, entity=replace(self._tokyo.entity, certain=False))
        if unit := self._unit.match(text):
            return None if _NOT_UNDER.match(text[unit.end() :]) else self._units[unit[1]]
        return None


def _key(name: str) -> str:
    return fold(name[:_LONGEST]).translate(_VARIANTS)


def _without_officer(text: str) -> tuple[str, bool]:
    """The text without the officer's titles at its head, and whether one of them spends the state's money."""
    by_state = False
    while officer := _OFFICER.match(text):
        by_state = by_state or _STATE_OFFICER in officer[0]
        text = text[officer.end() :]
    return text, by_state


def _doubted(known: _Known | None, rest: str) -> _Known | None:
    """Unsure where the name may be that of an agency: the agreement of Japan and the EU lists such."""
    if known is None or not known.entity.certain or not _MAYBE_AGENCY.search(rest):
        return known
    return replace(known, entity=replace(known.entity, certain=False))


def _one_of(found: tuple[_Known, ...], prefecture: str | None) -> _Known | None:
    """The municipality of that prefecture; where that does not tell, what all that bear the name have in common."""
    if len(found) == 1:
        return found[0]
    for known in found:
        if known.entity.prefecture == prefecture:
            return known
    entity = found[0].entity
    if entity.name in _CITY_WARDS and prefecture:
        return None
    english = entity.name_en if all(known.entity.name_en == entity.name_en for known in found) else ""
    return _Known(
        Entity(entity.name, english, Group.MUNICIPALITY, certain=False, english_official=False),
        _Kind.TOWN,
        entity.name,
    )


# --- Making the tables into names -------------------------------------------------------------------

_REGIONS = (
    *(
        "北海道",
        "東北",
        "関東",
        "北陸",
        "信越",
        "関東信越",
        "北陸信越",
        "中部",
        "東海",
        "東海北陸",
        "中部近畿",
        "関東東北",
    ),
    *("近畿", "中国", "四国", "中国四国", "九州", "南九州", "九州沖縄", "沖縄", "道北", "道央"),
)
_CITY_WARDS = frozenset(("中央区", "港区", "北区"))
"""Wards of Tokyo whose name wards of other cities bear: without its prefecture such a name says little."""


def _sure(value: str) -> bool:
    return value == "yes"


def _aliases(value: str) -> list[str]:
    return [alias for alias in value.split("|") if alias]


def _state(tables: Path) -> dict[str, _Known]:
    columns = ("name", "english", "parent", "certain", "aliases")
    return {
        row["name"]: _Known(
            Entity(row["name"], row["english"], Group.CENTRAL, _sure(row["certain"])),
            _Kind.STATE,
            row["parent"] or row["name"],
        )
        for row in read_table(tables / "central.tsv", columns)
    }


def _units(tables: Path, state: dict[str, _Known]) -> Iterator[tuple[str, str, str]]:
    path = tables / "units.tsv"
    for row in read_table(path, ("unit", "of", "place")):
        if row["of"] not in state or row["place"] not in ("none", "region", "any"):
            raise TableError(f"{path.name}: {row['unit']}: name a body of central.tsv, and none, region or any")
        yield _key(row["unit"]), row["of"], row["place"]


def _bodies(tables: Path) -> Iterator[tuple[_Known, list[str]]]:
    """The bodies of two tables, each with all the names that it goes by."""
    columns = ("name", "english", "group", "certain", "form", "aliases", "official")
    rows = [
        *read_table(tables / "other.tsv", columns),
        *read_table(tables / "agencies.tsv", (*columns, "prefecture")),
    ]
    for row in rows:
        name, form = row["name"], row["form"]
        entity = Entity(
            name,
            row["english"],
            Group(row["group"]),
            _sure(row["certain"]),
            row.get("prefecture") or None,
            _sure(row["official"]),
        )
        kind = _Kind.GENERIC if form == "*" else _Kind.BODY
        if form.endswith(">"):
            formal = [name + form[:-1]]
        elif form.startswith("<"):
            formal = [form[1:] + name]
        else:
            formal = []
        yield _Known(entity, kind, name), [name, *formal, *_aliases(row["aliases"])]


def _local(tables: Path) -> tuple[list[_Known], list[_Known]]:
    """Prefectures, and all municipalities with the group of those that an agreement names."""
    prefectures: list[_Known] = []
    special: dict[tuple[str, str], Entity] = {}
    for row in read_table(tables / "local.tsv", ("name", "prefecture", "english", "group", "certain")):
        entity = Entity(row["name"], row["english"], Group(row["group"]), _sure(row["certain"]), row["prefecture"])
        if entity.name == entity.prefecture:
            prefectures.append(_Known(entity, _Kind.PREFECTURE, entity.name))
        else:
            special[entity.name, row["prefecture"]] = entity
    rows = read_table(tables / "municipalities.tsv", ("name", "prefecture", "english"))
    bearers: dict[str, int] = {}
    for row in rows:
        bearers[row["name"]] = bearers.get(row["name"], 0) + 1
    towns = []
    for row in rows:
        name, prefecture = row["name"], row["prefecture"]
        entity = special.get((name, prefecture)) or Entity(
            name, row["english"], Group.MUNICIPALITY, True, prefecture, english_official=name.endswith("区")
        )
        alone = bearers[name] == 1 and name not in _CITY_WARDS
        towns.append(_Known(entity, _Kind.TOWN, name if alone else prefecture + name))
    return prefectures, towns


def _names(
    tables: Path, state: dict[str, _Known], prefectures: list[_Known], towns: list[_Known]
) -> dict[str, tuple[_Known, ...]]:
    names: _Names = {}

    def add(name: str, known: _Known) -> None:
        names[name] = (*names.get(name, ()), known)

    def add_new(name: str, known: _Known) -> None:
        names.setdefault(name, (known,))

    for known in prefectures:
        add(_key(known.entity.name), known)
    for known in towns:
        name = _key(known.entity.name)
        add(name, known)
        add(_key(known.entity.prefecture or "") + name, known)
    for row in read_table(tables / "central.tsv", ("name", "aliases")):
        for name in (row["name"], *_aliases(row["aliases"])):
            add_new(_key(name), state[row["name"]])
    for known, spellings in _bodies(tables):
        for name in spellings:
            add_new(_key(name), known)
    # The wards of other cities bear these names too.
    for ward in _CITY_WARDS:
        for known in names[_key(ward)]:
            doubt = _Known(replace(known.entity, prefecture=None, certain=False), _Kind.TOWN, ward)
            names[_key(ward)] = (doubt, known)
    places = _places(prefectures, towns)
    for unit, of, place in _units(tables, state):
        if place == "none":
            add_new(unit, state[of])
        else:
            for region in places:
                add_new(region + unit, state[of])
    for force in ("警視庁", "東京消防庁"):
        add_new(force, next(known for known in prefectures if known.entity.name == "東京都"))
    return names


def _places(prefectures: Iterable[_Known], towns: Iterable[_Known]) -> frozenset[str]:
    """What stands before the name of a regional bureau: a region, a prefecture or a city without its last character."""
    stems = {_key(known.entity.name)[:-1] for known in prefectures if known.entity.name != "北海道"}
    stems |= {_key(known.entity.name)[:-1] for known in towns if known.entity.name.endswith("市")}
    return frozenset((*map(_key, _REGIONS), *stems))
