"""Words that the lexicon does not know, and the focus area they lean to, for the person who tends it.

Pure: what is read is any stream of titles; it is read three times and nothing of it is kept but counts.

    learn    how many titles of each area, and of those without one, hold each pair and triple of characters
    gather   the pieces (possible words) of the titles without an area that resemble one, and how frequent they are
    weigh    of each piece that is left: in how many titles it stands, how much these resemble each area, examples

Nothing is learnt for good and no area is given by it: a suggestion is a question to an expert.
"""

import math
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from heapq import heapify, heappop, heappush
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from db.vocabulary.labels import PREFECTURES_EN
from db.vocabulary.messages import Told
from db.vocabulary.text import clean_title, fold, fold_term, fold_with_offsets
from monitor.reading.areas import Lexicon

GRAMS = 300_000
"""Pairs and triples of characters that are counted at once; the rarest make room for new ones."""
PIECES = 400_000
"""Pieces that are counted at once."""
CANDIDATES = 10_000
"""Pieces that are weighed: of those that may be words the most frequent."""
SEEN_BITS = 1 << 26
"""Of a million different titles, about ten are taken for repeated."""
SHORTEST, LONGEST = 3, 24
"""Characters of a piece. Two kanji are mostly too general to suggest; names of programmes have up to 24."""
PART = 0.7
"""A piece of which this share stands within one longer piece is a part of that, and no word."""
CLINGS = 0.2
"""How far the neighbours of a piece may cling to its ends, on average: 0 where each stands mostly alone."""
NEW_TITLES = 0.5
"""Of a piece so many of its titles must hold none of the pieces that are suggested before it."""
SAMPLE = 8
"""Titles of a piece that are remembered: those of the smallest digests, which is as good as drawn by lot."""
RESEMBLES = 0.06
"""Pieces are gathered from titles that resemble the areas, all together, so much."""
LEANS = 0.2
"""A piece whose titles resemble no area so much leans nowhere."""
EXAMPLES = 2
EXAMPLE_CHARACTERS = 60
STEPS = 3
PROGRESS = 1_000
"""Titles between two reports of progress."""

_PRIOR = 0.25  # how much a title that says nothing resembles the areas, all together
_MOST, _LEAST = 2.5, -1.0  # what one pair of characters may say (natural logarithm)
_UNKNOWN = -0.3  # what a pair says against every area that stands in no title of one
_ONCE = 0.25  # taken off every count of an area: what was seen once may be chance


class TitlesError(Told):
    """A file of titles cannot be read; the message names file, line and remedy."""


@dataclass(frozen=True, slots=True)
class Titled:
    """What is read of a notice: its title, its focus areas (slugs), who buys."""

    title: str
    areas: tuple[str, ...] = ()
    buyer: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A piece of titles that the lexicon does not know."""

    piece: str
    titles: int
    """Distinct titles without a focus area that hold it; such as differ only in their numbers are one."""
    area: str | None
    """The area that it leans to; None where to none."""
    lean: float
    """0 to 1: how much its titles resemble those of the area, on average (of ``area`` None: of the nearest)."""
    examples: tuple[str, ...]


Titles = Callable[[], Iterable[Titled]]
"""Begins a stream of titles; begun again, it gives the same ones."""


def suggest(
    titles: Titles,
    lexicon: Lexicon,
    *,
    area: str | None = None,
    limit: int = 50,
    min_count: int = 3,
    progress: Callable[[int, int], None] = lambda step, read: None,
) -> list[Suggestion]:
    """The pieces of titles without a focus area that an expert should look at, most telling first.

    A title resembles an area a in the proportion exp(Σ says(g, a) / √G) · 0.25 / areas, against 0.75 for none; G is
    the number of its different pairs and triples of characters g (a Latin word counts as one). says(g, a) is the
    natural logarithm of how much more common g is in the titles and positive terms of a than in titles without an
    area, [(n(g, a) - ¼) / n(a) + q(g)] / 2 to [n(g) + 1] / [n + 1 / q(g)], with q(g) its share everywhere; it is held
    within [-1, 2.5]. From titles that have an area their strong terms are taken out before, so that what is learnt
    is the company that these keep. The lean of a piece is the mean over all its titles. Most telling is what has
    the greatest lean² · ln(titles): squared, because the name of one programme says more than what all kinds of
    works are called. Of that only the share counts that comes from titles which hold nothing suggested before.

    ``area``: only pieces that lean to it. ``min_count``: titles that a piece needs at least. ``progress`` is told
    the step (1 to 3) and how many titles it has read. The memory taken does not grow with the titles: every table
    has its bound (``GRAMS``, ``PIECES``, ``CANDIDATES``, ``SAMPLE``, ``SEEN_BITS``); where one is full the rarest go,
    so only something rare can be missed. The titles of what is suggested are counted exactly.
    """
    model = _learn(_distinct(titles(), 1, progress), lexicon)
    pieces = _gather(_distinct(titles(), 2, progress), model).counts
    known = _Known(lexicon)
    candidates = [piece for piece in _words(pieces, model, min_count) if not known.holds(piece)]
    candidates.sort(key=lambda piece: (-pieces[piece], piece))
    weighed = _weigh(_distinct(titles(), 3, progress), model, candidates[:CANDIDATES])
    slugs = [one.slug for one in lexicon.areas]
    fit = [
        one
        for one in weighed
        if one.titles >= min_count and (area is None or (one.lean >= LEANS and slugs[one.best] == area))
    ]
    return [_suggestion(one, slugs) for one in islice(_most_telling(fit), limit)]


# Titles ------------------------------------------------------------------------------------------------

_DIGITS = re.compile("[0-9]+")
_NAMES = re.compile(r"[\s()()/／、,]+")
_SHORTEST_NAME = 3
# Folding joins what spaces and 中黒 separate; here they are ends of words, but 中黒 within katakana is a part of one.
_GAP = re.compile(r"\s+|(?<![ァ-ヺー])[・･]|[・･](?![ァ-ヺー])")
_CODE = re.compile(r"^(?:[(\[【〔][^)\]】〕]*[0-9][^)\]】〕]*[)\]】〕]|\|)+")


class _Title(NamedTuple):
    written: str
    folded: str
    digest: bytes
    areas: tuple[str, ...]


def _distinct(titles: Iterable[Titled], step: int, progress: Callable[[int, int], None]) -> Iterator[_Title]:
    """Each title once, folded and without its buyer's name; titles that differ only in numbers are one."""
    seen = _Seen()
    read = 0
    for one in titles:
        read += 1
        if not read % PROGRESS:
            progress(step, read)
        folded = _CODE.sub("|", fold(_GAP.sub("|", one.title)))
        counted = _DIGITS.sub("0", folded.replace("|", ""))
        digest = blake2b(counted.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if seen.add(digest):
            for name in _names(one.buyer) if one.buyer else ():
                folded = folded.replace(name, "|").replace("|立", "|")
            yield _Title(one.title, folded, digest, one.areas)
    progress(step, read)


@lru_cache(maxsize=10_000)
def _names(buyer: str) -> tuple[str, ...]:
    """The words of a buyer's name, folded, longest first."""
    found = {fold(name) for name in _NAMES.split(buyer)}
    return tuple(sorted((name for name in found if len(name) >= _SHORTEST_NAME), key=lambda name: (-len(name), name)))


class _Seen:
    """Which digests came before: a Bloom filter, so that a million titles take 8 MB."""

    def __init__(self) -> None:
        self._bits = bytearray(SEEN_BITS // 8)

    def add(self, digest: bytes) -> bool:
        """Whether it is new."""
        new = False
        for start in range(0, 16, 4):
            bit = int.from_bytes(digest[start : start + 4], "big") % SEEN_BITS
            if not self._bits[bit >> 3] >> (bit & 7) & 1:
                self._bits[bit >> 3] |= 1 << (bit & 7)
                new = True
        return new


class _Frequent:
    """Counts of the most frequent: when there are too many, those that came least often are forgotten.

    What is forgotten as often as the table was full begins anew, so a count may be too low, never too high.
    """

    def __init__(self, most: int) -> None:
        self.counts: Counter[str] = Counter()
        self._most = most

    def update(self, items: Iterable[str]) -> None:
        self.counts.update(items)
        least = 1
        while len(self.counts) > self._most:
            self.counts = Counter({item: count for item, count in self.counts.items() if count > least})
            least *= 2


# Pieces ------------------------------------------------------------------------------------------------

# What titles hold whatever is bought. It ends a piece as a space does.
_BOILERPLATE = """
    一般競争入札 公募型 プロポーザル 企画競争 企画提案 競争入札 入札参加 入札公告 入札 公告 公示 公募 募集 総合評価落札方式 総合評価
    落札方式 制限付 随意契約 契約 業務委託 委託 業務 工事 請負 購入 賃貸借 賃借 借上 借入 調達 納入 売買 売払 売却 製造 印刷 一式
    役務 物品 令和 平成 年度 年分 月分 上期 下期 上半期 下半期 四半期 箇所 地内 地区 工区 総価 単価 見積 意見招請 意見募集
    資料提供招請 資料招請 電子入札 電子契約 電子調達システム 再度 仕様書 説明書 質問 回答 案件 事業者 受託者 受注者 実施 仮称 作業
"""
_PREFECTURES = [name.removesuffix(name[-1]) if name != "北海道" else name for name in PREFECTURES_EN]
_BETWEEN = re.compile(
    "|".join(sorted(map(re.escape, (*_BOILERPLATE.split(), *_PREFECTURES)), key=len, reverse=True))
    # "and others", but not as a part of 高等学校 and 等級
    + "|(?<![高中初平均同上])等(?![級価])|他|及(?=び)|並(?=び)|又(?=は)"
    # what is counted, numbered or dated: 2号, 12品目, R7
    + "|(?<=[0-9])(?:号|点|枚|台|校|期|種|品目|個|丁目|棟|基|級|本|面|人|名|式|次(?!元))|第(?=[0-9])|(?<![a-z])[rh][0-9]+"
)
_UNIT = re.compile(
    # Latin words, but no reference codes (RD1113B111, 05-81KK-08); a digit at the end belongs to a name (Web3)
    "(?<![a-z0-9])(?<![a-z0-9]-)(?:[a-z]+(?:-[a-z]{2,})*[0-9]?|[2-9][dgk])(?![a-z0-9])(?!-[a-z0-9])"
    "|[234]次元|[ァ-ヺー]+|[々\u3400-\u4dbf\u4e00-\u9fff]|[ぁ-ゖー]{3,}"
)
_GRAMMAR = re.compile(
    "^(?:に(?!ぎわい)|おけ|およ|おい|おり|の|を|へ|され|させ|して|した|する|すべ|でき|です|であ|での|による|よる|より|ほか|"
    "かか|から|まで|また|ある|なら|など|ため|うち|ごと|とも|とし|とす|その|この|わた|つい|もの|こと)"
)
_PARTICLES = "のをとがは"

Units = tuple[str, ...]


def _runs(folded: str) -> Iterator[Units]:
    """The stretches of a title that hold its words; a hiragana word of three and more belongs to them, grammar not."""
    run: list[str] = []
    end = 0
    for match in _UNIT.finditer(_BETWEEN.sub("|", folded)):
        unit, start = match[0], match.start()
        if "ぁ" <= unit[0] <= "ゖ":
            if unit[0] in _PARTICLES:
                unit, start = unit[1:], start + 1
            if len(unit) < SHORTEST or _GRAMMAR.match(unit):
                continue
        if run and start != end:
            yield tuple(run)
            run = []
        run.append(unit)
        end = match.end()
    if run:
        yield tuple(run)


def _grams(runs: Iterable[Units]) -> set[str]:
    """Pairs and triples of characters; a Latin word counts as one, for its letters say nothing."""
    found: set[str] = set()
    for run in runs:
        signs: list[str] = []
        for unit in run:
            if unit.isascii():
                signs.append(unit)
                found.add(unit)
            else:
                signs.extend(unit)
        for start in range(len(signs) - 1):
            pair = signs[start] + signs[start + 1]
            found.add(pair)
            if start + 2 < len(signs):
                found.add(pair + signs[start + 2])
    return found


def _neighbours(runs: Iterable[Units]) -> set[str]:
    found: set[str] = set()
    for run in runs:
        found.update(unit for unit in run if len(unit) == 1)
        found.update(one + other for one, other in pairwise(run) if len(one) == len(other) == 1)
    return found


def _pieces(runs: Iterable[Units]) -> set[str]:
    """Every possible word: one word of katakana, Latin or hiragana, or several units, up to LONGEST characters."""
    found: set[str] = set()
    for run in runs:
        for start in range(len(run)):
            piece = run[start]
            if len(piece) > 1:
                found.add(piece)
            for unit in run[start + 1 :]:
                piece += unit
                if len(piece) > LONGEST:
                    break
                found.add(piece)
    return found


# Learning ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Model:
    """What each pair and triple of characters says for each area, in the order of the lexicon."""

    says: dict[str, tuple[float, ...]]
    areas: int
    neighbours: Counter[str]
    """In how many titles a kanji stands, and two of them side by side."""

    def clings(self, one: str, other: str) -> float:
        """How seldom two neighbours stand one without the other: 0 to 1. Where the script changes, words end."""
        if len(one) > 1 or len(other) > 1:
            return 0.0
        either = self.neighbours[one] * self.neighbours[other]
        return self.neighbours[one + other] / math.sqrt(either) if either else 0.0

    def resembles(self, runs: Iterable[Units]) -> tuple[float, ...]:
        """How much a title resembles each area: 0 to 1, all together at most 1."""
        grams = _grams(runs)
        if not grams:
            return (0.0,) * self.areas
        # Sets of strings come in another order in every process, and sums of floats depend on it.
        unknown = (_UNKNOWN,) * self.areas
        rows = [self.says.get(gram, unknown) for gram in sorted(grams)]
        scale = 1 / math.sqrt(len(grams))
        weights = [math.exp(sum(column) * scale) * _PRIOR / self.areas for column in zip(*rows, strict=True)]
        whole = sum(weights) + 1 - _PRIOR
        return tuple(weight / whole for weight in weights)


def _learn(titles: Iterable[_Title], lexicon: Lexicon) -> _Model:
    number = {area.slug: index for index, area in enumerate(lexicon.areas)}
    without, sizes = 0, [0] * len(number)
    grams_without, neighbours = _Frequent(GRAMS), _Frequent(GRAMS)
    grams_of = [_Frequent(GRAMS) for _ in number]
    for title in titles:
        runs = tuple(_runs(title.folded))
        neighbours.update(_neighbours(runs))
        if not title.areas:
            without += 1
            grams_without.update(_grams(runs))
            continue
        grams = _grams(_runs(_without_strong_terms(title, lexicon)))
        for slug in title.areas:
            if slug in number:
                sizes[number[slug]] += 1
                grams_of[number[slug]].update(grams)
    for spelling, areas in lexicon.speaking():
        grams = _grams(_runs(spelling))
        for index in areas:
            sizes[index] += 1
            grams_of[index].update(grams)
    return _Model(
        _says(grams_without.counts, [one.counts for one in grams_of], without, sizes), len(number), neighbours.counts
    )


def _without_strong_terms(title: _Title, lexicon: Lexicon) -> str:
    folded = title.folded
    for score in lexicon.read(title.written).areas:
        for found in score.evidence:
            if found.weight >= 1:
                folded = folded.replace(fold_term(found.term), " ")
    return folded


def _says(
    without: Counter[str], within: Sequence[Counter[str]], titles_without: int, sizes: Sequence[int]
) -> dict[str, tuple[float, ...]]:
    whole = Counter(without)
    for counts in within:
        whole.update(counts)
    titles = titles_without + sum(sizes)
    says: dict[str, tuple[float, ...]] = {}
    for counts in within:
        for gram in counts:
            if gram in says:
                continue
            share = whole[gram] / titles
            outside = (without[gram] + 1) / (titles_without + 1 / share)
            says[gram] = tuple(
                max(_LEAST, min(_MOST, math.log((max(0.0, of[gram] - _ONCE) / size + share) / 2 / outside)))
                if size
                else _LEAST
                for of, size in zip(within, sizes, strict=True)
            )
    return says


# The lexicon -------------------------------------------------------------------------------------------


class _Known:
    """What the lexicon has said something of already."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._written = "\n".join(lexicon.spellings)
        self._words = frozenset(unit for spelling in lexicon.spellings for unit in _UNIT.findall(spelling))

    def holds(self, piece: str) -> bool:
        """Whether a term, of whatever weight, holds the piece; of a Latin piece, as a word."""
        if piece.isascii():
            return piece in self._words
        return fold_term(piece) in self._written


# Gathering ---------------------------------------------------------------------------------------------

_PLACE = re.compile(
    "(?:[市町村郡]|[市町村区県都府]立|(?<![地学])区|[都府県]|地域|駅|[川橋港]|(?<![回配無電光射])線|[小中高]学?校|高等学校|団地|公園|支所|庁舎)$"
)


def _gather(titles: Iterable[_Title], model: _Model) -> _Frequent:
    pieces = _Frequent(PIECES)
    for title in titles:
        if not title.areas:
            runs = tuple(_runs(title.folded))
            if sum(model.resembles(runs)) >= RESEMBLES:
                pieces.update(_pieces(runs))
    return pieces


def _words(pieces: Counter[str], model: _Model, min_count: int) -> list[str]:
    """Pieces that may be words: free at both ends, not a place, and frequent enough where titles resemble an area.

    A piece is not free where most of it stands in one longer piece, nor where the character before it (or after
    it) clings to its first (or last) one: 館照明 is no word, for 館 clings to the 育 of 体育館照明.
    """
    longest: dict[str, int] = {}
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    frequent = {piece: count for piece, count in pieces.items() if 2 * count >= min_count}
    for piece, count in frequent.items():
        units = _UNIT.findall(piece)
        if len(units) < 2:
            continue
        left, right = "".join(units[:-1]), "".join(units[1:])
        before[right] = before.get(right, 0) + count * model.clings(units[0], units[1])
        after[left] = after.get(left, 0) + count * model.clings(units[-2], units[-1])
        for part in (left, right):
            longest[part] = max(longest.get(part, 0), count)
    return [
        piece
        for piece, count in frequent.items()
        if (len(piece) >= SHORTEST or piece.isascii())
        and longest.get(piece, 0) < PART * count
        and before.get(piece, 0) < CLINGS * count
        and after.get(piece, 0) < CLINGS * count
        and not _PLACE.search(piece)
    ]


# Weighing ----------------------------------------------------------------------------------------------


class _Sample(NamedTuple):
    digest: bytes
    resembles: tuple[float, ...]
    title: _Title


@dataclass(slots=True)
class _Weighed:
    """A piece, and what its titles say of it."""

    piece: str
    titles: int = 0
    sums: list[float] = field(default_factory=list)
    sample: list[_Sample] = field(default_factory=list)
    """Titles that hold it, those of the smallest digests."""

    def add(self, title: _Title, resembles: tuple[float, ...]) -> None:
        self.titles += 1
        self.sums = [sum(pair) for pair in zip(self.sums, resembles, strict=True)] if self.sums else list(resembles)
        if len(self.sample) < SAMPLE or title.digest < self.sample[-1].digest:
            self.sample.append(_Sample(title.digest, resembles, title))
            self.sample.sort(key=lambda one: one.digest)
            del self.sample[SAMPLE:]

    @property
    def best(self) -> int:
        """The index of the area that it leans to most."""
        return max(range(len(self.sums)), key=self.sums.__getitem__)

    @property
    def lean(self) -> float:
        return self.sums[self.best] / self.titles

    def telling(self, chosen: Sequence["_Weighed"]) -> float:
        """How telling it is by the titles of the sample that hold nothing of what was ``chosen``."""
        best = self.best
        new = [one for one in self.sample if not any(other.piece in one.title.folded for other in chosen)]
        if len(new) < NEW_TITLES * len(self.sample) or any(_alike(self.piece, other.piece) for other in chosen):
            return 0.0
        of_sample = sum(one.resembles[best] for one in self.sample)
        share = sum(one.resembles[best] for one in new) / of_sample if of_sample else 0.0
        return self.lean**2 * math.log(self.titles) * share


def _alike(one: str, other: str) -> bool:
    """Whether half of the shorter piece stands in the longer one: 照明器具 and 体育館照明 are about the same thing."""
    shorter, longer = sorted((one, other), key=lambda piece: (len(piece), piece))
    units = _UNIT.findall(shorter)
    half = min(len(units), max(2, len(units) // 2))
    return any("".join(units[start : start + half]) in longer for start in range(len(units) - half + 1))


def _most_telling(weighed: Iterable[_Weighed]) -> Iterator[_Weighed]:
    """The pieces, most telling first; one is compared anew with what was chosen before when its turn comes.

    The more was chosen the less telling is the rest, so one that is still the most telling stays it.
    """
    chosen: list[_Weighed] = []
    turns = [(-one.telling(()), one.piece, 0, one) for one in weighed]
    heapify(turns)
    while turns:
        telling, piece, compared, one = heappop(turns)
        if compared < len(chosen):
            if now := one.telling(chosen):
                heappush(turns, (-now, piece, len(chosen), one))
        elif telling:
            chosen.append(one)
            yield one


def _weigh(titles: Iterable[_Title], model: _Model, candidates: Iterable[str]) -> list[_Weighed]:
    weighed = {piece: _Weighed(piece) for piece in candidates}
    for title in titles:
        if title.areas:
            continue
        runs = tuple(_runs(title.folded))
        found = _pieces(runs) & weighed.keys()
        if found:
            resembles = model.resembles(runs)
            for piece in found:
                weighed[piece].add(title, resembles)
    return [one for one in weighed.values() if one.titles]


def _suggestion(one: _Weighed, slugs: Sequence[str]) -> Suggestion:
    best = one.best
    shown = sorted(one.sample, key=lambda sample: (-sample.resembles[best], sample.digest))[:EXAMPLES]
    return Suggestion(
        piece=_as_written(one.piece, shown[0].title.written),
        titles=one.titles,
        area=slugs[best] if one.lean >= LEANS else None,
        lean=round(one.lean, 4),
        examples=tuple(_shortened(sample.title.written, one.piece) for sample in shown),
    )


def _as_written(piece: str, title: str) -> str:
    start, end = _place(piece, title)
    return title[start:end] or piece


def _place(piece: str, title: str) -> tuple[int, int]:
    """Where a folded piece stands in a title as it was published; an empty place if nowhere."""
    folded, offsets = fold_with_offsets(title)
    start = folded.find(piece)
    return (offsets[start], offsets[start + len(piece) - 1] + 1) if start >= 0 else (0, 0)


def _shortened(title: str, piece: str) -> str:
    """The title, or of a long one what stands around the piece."""
    if len(title) <= EXAMPLE_CHARACTERS:
        return title
    start, end = _place(piece, title)
    first = max(0, min((start + end - EXAMPLE_CHARACTERS) // 2, len(title) - EXAMPLE_CHARACTERS))
    last = first + EXAMPLE_CHARACTERS
    return ("…" if first else "") + title[first:last] + ("…" if last < len(title) else "")


# Files -------------------------------------------------------------------------------------------------


def read_titles(path: Path, lexicon: Lexicon) -> Iterator[Titled]:
    """The titles of a file, each with the areas that the lexicon gives it; empty lines are passed over.

    A line is a title, or a JSON object with ``title`` and, where known, ``organization`` (the buyer); other keys are
    not read. Raises TitlesError at the first line that is neither, and at the end of a file without any.
    """
    count = 0
    try:
        file = path.open("rb")
    except OSError as error:
        raise TitlesError(
            "{file}: cannot be read ({why}); name a file of titles", file=path, why=error.strerror
        ) from None
    with file as lines:
        if not lines.seekable():
            raise TitlesError("{file}: is read more than once; write the titles to a file before", file=path)
        for number, line in enumerate(lines, start=1):
            if line.strip():
                title, buyer = _line(f"{path}:{number}", line.removeprefix(BOM_UTF8).strip())
                yield Titled(title, tuple(one.area for one in lexicon.read(title, "", buyer).areas), buyer)
                count += 1
    if not count:
        raise TitlesError("{file}: has no title; write one a line", file=path)


def _line(where: str, line: bytes) -> tuple[str, str | None]:
    try:
        if not line.startswith(b"{"):
            return clean_title(line.decode()), None
        found = msgspec.json.decode(line)
    except UnicodeDecodeError:
        raise TitlesError("{where}: is not UTF-8; save it as UTF-8", where=where) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise TitlesError("{where}: is not JSON ({why}); mend the line", where=where, why=error) from None
    title, buyer = found.get("title"), found.get("organization")
    if not isinstance(title, str) or not title.strip():
        raise TitlesError("{where}: has no title; add it, as the notice was published", where=where)
    if buyer is not None and not isinstance(buyer, str):
        raise TitlesError(
            "{where}: {field} is no text; put it in quotation marks, or null", where=where, field="organization"
        )
    return clean_title(title), buyer
