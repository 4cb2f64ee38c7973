"""Reading the files of a lexicon, and the areas that users add; every mistake names file, line and remedy."""

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from db.vocabulary.messages import Told
from db.vocabulary.reading import Place
from db.vocabulary.text import fold, fold_term, term_spellings
from monitor.reading.areas.cpv import cpv_names
from monitor.reading.areas.lexicon import Area, Lexicon, Term, Weight

_COLUMNS = ("term", "english", "weight")
_OPTIONAL_COLUMNS = ("place", "near", "unless", "in_english", "cpv", "idea", "note")
_SLUG = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
_LISTS = "lists.tsv"
_LIST_COLUMNS = ("list", "words")
_LIST_OPTIONAL_COLUMNS = ("note",)
_WHAT_IS_BOUGHT = frozenset((Place.TITLE, Place.BODY))
_EVERYWHERE = frozenset(Place)

_Lists = Mapping[str, tuple[str, ...]]
"""Name → words: what several conditions share."""


class LexiconError(Told):
    """A file or definition of areas is wrong; the message is one line: where, what, and what to do."""


@dataclass(frozen=True, slots=True)
class AreaDefinition:
    """An area that a user adds in the configuration: by lists of terms, by a ``file`` like ours, or both.

    With the slug of an area that exists it extends that area: its terms are added, and a term that the area
    has already takes the weight given here (so ``negative`` silences a term); the name stays where none is given.
    """

    slug: str
    name: str = ""
    name_ja: str = ""
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    venue: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    file: Path | None = None
    cpv: tuple[str, ...] = ()


def load_lexicon(extra_areas: Iterable[AreaDefinition] = (), directory: Path = Path(__file__).parent) -> Lexicon:
    """Read ``areas.toml`` and its ``<slug>.tsv`` files and add the user's areas; LexiconError if one is wrong."""
    areas = _read_areas(directory / "areas.toml")
    lists = _read_lists(directory / _LISTS)
    terms = [
        term for index, area in enumerate(areas) for term in _read_terms(directory / f"{area.slug}.tsv", index, lists)
    ]
    for definition in extra_areas:
        index = _place_area(areas, definition)
        defined = list(_defined_terms(definition, index, lists))
        said = {spelling for term in defined for spelling in term_spellings(term.folded)}
        terms = [
            term for term in terms if term.area != index or said.isdisjoint(term_spellings(term.folded))
        ] + defined
    if not terms:
        raise LexiconError("{directory}: no terms; give at least one area a term", directory=directory)
    return Lexicon(areas, terms)


def own_areas(directory: Path = Path(__file__).parent) -> tuple[Area, ...]:
    """The areas of ``areas.toml`` without their terms, which take a hundred times as long to read."""
    return tuple(_read_areas(directory / "areas.toml"))


# Areas ------------------------------------------------------------------------------------------------


class _Texts(msgspec.Struct, forbid_unknown_fields=True):
    en: str
    ja: str


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    slug: str
    name: _Texts
    description: _Texts
    cpv: tuple[str, ...] = ()
    gives_way_to: tuple[str, ...] = ()


class _AreasFile(msgspec.Struct, forbid_unknown_fields=True):
    area: tuple[_Entry, ...]


def _read_areas(path: Path) -> list[Area]:
    try:
        listed = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8-sig")), _AreasFile).area
    except OSError as error:
        raise LexiconError(
            "{path}: cannot be read ({why}); restore the file", path=path, why=error.strerror
        ) from None
    except msgspec.ValidationError as error:
        raise LexiconError(
            "{path}: {why}; each [[area]] has slug, name and description (both in en and ja) and may have cpv and "
            "gives_way_to",
            path=path,
            why=error,
        ) from None
    except ValueError as error:
        raise LexiconError("{path}: is not TOML ({error}); mend the line", path=path, error=error) from None
    slugs = [entry.slug for entry in listed]
    general = {entry.slug for entry in listed if entry.gives_way_to}
    for entry in listed:
        where = f"{path}: {entry.slug!r}"
        _check_slug(where, entry.slug)
        if slugs.count(entry.slug) > 1:
            raise LexiconError("{where}: the slug is there twice; give every area its own", where=where)
        _check_cpv(where, entry.cpv)
        for special in entry.gives_way_to:
            # Were both general, of a notice of both neither would be given.
            if special not in slugs or special in general:
                raise LexiconError(
                    "{where}: gives way to {other}; write slugs of this file, of areas that give way to none",
                    where=where,
                    other=repr(special),
                )
    return [
        Area(
            entry.slug,
            msgspec.structs.asdict(entry.name),
            msgspec.structs.asdict(entry.description),
            entry.cpv,
            entry.gives_way_to,
        )
        for entry in listed
    ]


def _check_slug(where: str, slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise LexiconError("{where}: not a slug; use small letters, digits and single hyphens", where=where)


def _place_area(areas: list[Area], definition: AreaDefinition) -> int:
    """The index of the area that ``definition`` extends, or of the new one it adds at the end."""
    where = f"[[areas]] {definition.slug!r}"
    _check_slug(where, definition.slug)
    _check_cpv(where, definition.cpv)
    for index, area in enumerate(areas):
        if area.slug == definition.slug:
            cpv = tuple(dict.fromkeys((*area.cpv, *definition.cpv)))
            areas[index] = replace(area, names=area.names | _names(definition), cpv=cpv)
            return index
    if not (definition.strong or definition.weak or definition.file):
        raise LexiconError("{where}: has no strong or weak terms; give it some, or it finds nothing", where=where)
    names = {"en": definition.slug, "ja": definition.slug} | _names(definition)
    areas.append(Area(definition.slug, names, {"en": "", "ja": ""}, definition.cpv))
    return len(areas) - 1


def _names(definition: AreaDefinition) -> dict[str, str]:
    """The names that are given, by language; an English one serves for both."""
    named = {"en": definition.name, "ja": definition.name_ja or definition.name}
    return {language: name for language, name in named.items() if name}


def _check_cpv(where: str, codes: Iterable[str]) -> None:
    for code in codes:
        if code not in cpv_names():
            raise LexiconError(
                "{where}: CPV code {code} is not in cpv.toml; write a division or group of that table, 8 digits",
                where=where,
                code=repr(code),
            )


# Terms ------------------------------------------------------------------------------------------------


def _defined_terms(definition: AreaDefinition, area: int, lists: _Lists) -> Iterator[Term]:
    if definition.file is not None:
        yield from _read_terms(definition.file, area, lists)
    seen: dict[str, str] = {}
    where = f"[[areas]] {definition.slug!r}"
    for weight, terms in (
        (Weight.STRONG, definition.strong),
        (Weight.WEAK, definition.weak),
        (Weight.VENUE, definition.venue),
        (Weight.NEGATIVE, definition.negative),
    ):
        for written in terms:
            row = {"term": written.strip(), "english": written.strip(), "weight": weight.value}
            for term in _make_terms(where, area, row, lists):
                if seen.setdefault(term.folded, weight) != weight:
                    raise LexiconError(
                        "[[areas]] {slug}: {written} is {other} and {weight}; keep one",
                        slug=repr(definition.slug),
                        written=repr(written),
                        other=seen[term.folded],
                        weight=weight,
                    )
                yield term


def _read_terms(path: Path, area: int, lists: _Lists) -> Iterator[Term]:
    seen: dict[tuple[str, Place, tuple[str, ...], tuple[str, ...]], int] = {}
    for number, row in _rows(path, _COLUMNS, _OPTIONAL_COLUMNS):
        where = f"{path}:{number}"
        for term in _make_terms(where, area, row, lists):
            for place in term.places:
                use = (term.folded, place, term.near, term.unless)
                if use in seen:
                    raise LexiconError(
                        "{where}: {term} stands in line {other} already; remove one, or let place or condition differ",
                        where=where,
                        term=repr(term.written),
                        other=seen[use],
                    )
                seen[use] = number
            yield term


def _rows(path: Path, needed: Sequence[str], optional: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a table that say something, by their numbers; empty lines and comments (#) are left out."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LexiconError("{path}: cannot be read ({why}); add the file", path=path, why=error.strerror) from None
    except UnicodeDecodeError:
        raise LexiconError("{path}: is not UTF-8; save it as UTF-8", path=path) from None
    columns: list[str] | None = None
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{path}:{number}"
        try:  # spreadsheet programs put cells that hold a quotation mark into quotation marks
            (cells,) = csv.reader([line], delimiter="\t", strict=True)
        except (csv.Error, ValueError):
            raise LexiconError(
                "{where}: a quotation mark is not closed; write one line for each term", where=where
            ) from None
        cells = [cell.strip() for cell in cells]
        if cells[0].startswith("#"):
            continue
        if columns is None:
            columns = _header(where, cells, needed, optional)
            continue
        while cells and not cells[-1]:  # what a spreadsheet program leaves of columns that were emptied
            cells.pop()
        if len(cells) > len(columns):
            raise LexiconError(
                "{where}: {count} cells; only {known} columns are known, remove the rest",
                where=where,
                count=len(cells),
                known=len(columns),
            )
        yield number, dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=True))
    if columns is None:
        raise LexiconError(
            "{path}: empty; write the header {header}, separated by tabs", path=path, header=", ".join(needed)
        )


def _header(where: str, cells: list[str], needed: Sequence[str], optional: Sequence[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    known = (*needed, *optional)
    if set(needed) - set(cells) or set(cells) - set(known) or len(set(cells)) < len(cells):
        raise LexiconError(
            "{where}: header is {cells}; write {header} and, if needed, {optional}, each once, separated by tabs",
            where=where,
            cells=", ".join(map(repr, cells)),
            header=", ".join(needed),
            optional=", ".join(optional),
        )
    return cells


def _make_terms(where: str, area: int, row: dict[str, str], lists: _Lists) -> Iterator[Term]:
    """The term of a line, and those of its English column, which share everything but how they are written."""
    written, gloss, weight = row["term"], row["english"], row["weight"]
    folded = fold_term(written)
    if len(folded) < 2:
        raise LexiconError(
            "{where}: term {term} is too short; give at least two characters", where=where, term=repr(written)
        )
    if weight not in tuple(Weight):
        raise LexiconError(
            "{where}: weight is {weight}; write strong, weak, venue or negative", where=where, weight=repr(weight)
        )
    if not gloss:
        raise LexiconError(
            "{where}: {term} has no English gloss; add one for readers", where=where, term=repr(written)
        )
    cpv = tuple(row.get("cpv", "").split())
    _check_cpv(where, cpv)
    term = Term(
        area=area,
        written=written,
        folded=folded,
        gloss=gloss,
        weight=Weight(weight),
        idea=row.get("idea") or gloss,
        places=_places(where, row.get("place", ""), Weight(weight)),
        near=_words(where, row.get("near", ""), lists),
        unless=_words(where, row.get("unless", ""), lists),
        cpv=cpv,
    )
    yield term
    spelled = {folded}
    for phrase in _cell(row.get("in_english", "")):
        for one in _english(where, phrase):
            if one not in spelled:
                spelled.add(one)
                yield term._replace(written=phrase, folded=one)


def _cell(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]


def _words(where: str, cell: str, lists: _Lists) -> tuple[str, ...]:
    """The folded words of a condition, those of the lists that it names (@name) among them."""
    words: dict[str, None] = {}
    for word in _cell(cell):
        if word.startswith("@"):
            if word[1:] not in lists:
                raise LexiconError(
                    "{where}: there is no list {name}; there are: {names}",
                    where=where,
                    name=word,
                    names=", ".join(f"@{name}" for name in lists) or "-",
                )
            words.update(dict.fromkeys(lists[word[1:]]))
        elif folded := fold_term(word):
            words.update(dict.fromkeys(term_spellings(folded)))
        else:
            raise LexiconError("{where}: a condition holds nothing but signs; write words", where=where)
    return tuple(words)


def _read_lists(path: Path) -> _Lists:
    """The lists of words that conditions share; a list may name those above it."""
    lists: dict[str, tuple[str, ...]] = {}
    if not path.exists():
        return lists
    for number, row in _rows(path, _LIST_COLUMNS, _LIST_OPTIONAL_COLUMNS):
        where = f"{path}:{number}"
        name, words = row["list"], _words(where, row["words"], lists)
        if not name or not words or name in lists:
            raise LexiconError(
                "{where}: write the name of the list, which no other has, and its words with | between them",
                where=where,
            )
        lists[name] = words
    return lists


def _places(where: str, cell: str, weight: Weight) -> frozenset[Place]:
    """Where a term is looked for; without a word in title and text, and a negative everywhere."""
    names = cell.replace(",", " ").split()
    if wrong := [name for name in names if name not in tuple(Place)]:
        raise LexiconError(
            "{where}: place is {place}; write title, body, buyer, several with commas, or nothing for title and body",
            where=where,
            place=repr(wrong[0]),
        )
    return frozenset(map(Place, names)) or (_EVERYWHERE if weight is Weight.NEGATIVE else _WHAT_IS_BOUGHT)


def _english(where: str, phrase: str) -> Iterator[str]:
    """The spellings of an English phrase: one and several. They are looked for as whole words."""
    folded = fold(phrase)
    if len(folded) < 2 or not folded.isascii() or not folded[-1].isalnum():
        raise LexiconError(
            "{where}: {phrase} is no English; write Latin letters in in_english, several phrases with |",
            where=where,
            phrase=repr(phrase),
        )
    yield folded
    if folded.endswith("y") and folded[-2] not in "aeiou":
        yield folded[:-1] + "ies"
    elif folded.endswith("is"):  # analyses
        yield folded[:-2] + "es"
    elif folded.endswith(("ch", "sh", "x", "as", "ss", "us")):
        yield folded + "es"
    elif not folded.endswith("s"):
        yield folded + "s"
