"""Which notices are one procurement (a tender): pure decisions, no database.

    exact keys      numbers and documents that both have
    title rules     the same buyer, the same stem and parts of the title, days that fit, only one candidate
    persons         what somebody decided: together always, apart always
    contradictions  what no chain of rules may bring together, looked for between all members of both sides

A wrong merge hides a procurement, a missed one shows it twice: in doubt notices stay apart. The result follows from
the notices alone, whatever tenders they were in before; so a rule that is mended mends its merges when the notices
are read again. Links are tried from the strongest rule to the weakest, one that would contradict is left out.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from hashlib import blake2b
from itertools import combinations
from types import MappingProxyType
from typing import Protocol, TypeVar
from uuid import UUID, uuid5

from db.merges import Decisions, Known
from db.vocabulary.messages import N_
from db.vocabulary.notice import NAMESPACE, NoticeKind, ScrapedNotice
from db.vocabulary.reading import Identity, IdentityKey, Link, MergeVerdict, Reading
from monitor.reading.identity import SCHEMES, award_keys

__all__ = ["MERGE_RULES", "Merged", "award_keys", "case_numbers", "index_keys", "merge", "order"]


@dataclass(frozen=True, slots=True)
class Merged:
    """What changes.

    ``tender_of``: the tenders of the notices whose tender changes. ``links``: why a notice is in a tender that began
    with another one; None where it is the first of another tender than before. Links that are not looked at again
    or stay as they are are left out. ``aliases``: tenders that went into others. Where notices went apart, ``left``
    are the tenders that go on without them, and ``revived`` the ids of those that they are now, which may have been
    aliases, each with the tender that its first notice was in.
    """

    tender_of: dict[UUID, UUID]
    links: dict[UUID, Link | None]
    aliases: dict[UUID, UUID]
    left: tuple[UUID, ...]
    revived: dict[UUID, UUID]


PERSON = "person"
MERGE_RULES: Mapping[str, str] = MappingProxyType(
    {
        # From the strongest to the weakest.
        PERSON: N_("Somebody decided that they belong together"),
        "case-number": N_("The same number of the case"),
        "named-earlier": N_("The correction names the earlier notice by its number and day"),
        "gazette-entry": N_("The same entry of the official gazette"),
        "document": N_("The same document or page under the same title"),
        "same-text": N_("The same source published the same text twice on one day"),
        "same-title": N_("The same buyer and title within a few days, in different sources"),
        "re-tender": N_("The call is repeated: the same buyer and title, and no other call that it could repeat"),
        "correction": N_("A correction or cancellation of the only call of this buyer with this title"),
        "award": N_("The result of the only call of this buyer with this title"),
        "early-signal": N_("The call that follows an announcement or request of the same buyer with the same title"),
    }
)
"""The rules by name: what readers are told of why two notices are one tender."""
_RANK = {rule: rank for rank, rule in enumerate(MERGE_RULES)}
_BY_TITLE = frozenset(("same-title", "re-tender", "correction", "award", "early-signal"))

# --- Windows --------------------------------------------------------------------------------------

SAME_CALL = timedelta(days=10)
"""Between two sources: the gazette and p-portal appear on one day, KKJ is up to eight days late."""
SAME_DOCUMENT = timedelta(days=31)
"""After that the address may hold another call (koukoku.pdf)."""
ONE_CALL = timedelta(days=60)
"""Calls of one round lie no further apart, unless a number says that they are one; a year's repeat does."""
RE_TENDER = timedelta(days=183)
CORRECTION = timedelta(days=90)
"""For a call without a known deadline; the median from the notice to the deadline is 52 days."""
AFTER_DEADLINE = timedelta(days=14)
AWARD = timedelta(days=365)
CALLED = timedelta(days=3)
"""By which the day of a call may differ from the one that its award states, for another source has it."""
EARLY = timedelta(days=548)
NEXT_CALL = timedelta(days=60)
"""A second call as soon after the first that follows a request makes it doubtful which one was meant."""
MOST = 40
"""Notices in one tender, or under one key: what more of them share is no identity."""

# --- Keys to look for -----------------------------------------------------------------------------

TITLE = "title"
SHORTEST_STEM = 8
# What many buyers buy, and the words around it; a title that is made of nothing else names no procurement.
_COMMON = re.compile(
    "庁舎|宿舎|官舎|施設|建物|事務所|校舎|本館|構内|清掃|警備|除草|管理|運営|維持|業務|委託|請負|役務|調達|購入|買入れ?|借入れ?|"
    "賃貸借|リース|レンタル|売払い?|製造|供給|使用|単価契約|契約|物品|備品|用品|消耗品|事務|什器|机|回転|椅子|書籍|図書|印刷|製本|"
    "コピー|複写機|複合機|プリンタ|トナー|カートリッジ|用紙|パソコン|パーソナルコンピュータ|端末|サーバー?|機器|装置|設備|器具|部品|"
    "システム|ソフトウェア|ライセンス|自動車|車両|交換|ガソリン|軽油|灯油|重油|燃料|電気|電力|ガス|水道|医薬品|食料品|食材|工事|"
    "修繕|改修|補修|更新|取替え?|設置|撤去|解体|点検|保守|整備|調査|検査|測量|設計|監理|作業|運搬|廃棄物?|処理|処分|産業|一般|"
    "照明|led化?|空調|防犯|消防|受変電|及び|並びに|その他|ほか|など|一式|年間|予定|数量|等|外|他|用|の|を|に|る|す|で|係|化|件|点|[0-9]+|"
    "[-/~.:_]"
)
SHORTEST_NAME = 3
"""Characters that are left of a stem without its common words, at least, if it is to name something."""


def index_keys(identity: Identity) -> tuple[IdentityKey, ...]:
    """What the record indexes a notice by: its exact keys, and buyer, stem and parts of its title as one short hash.

    A title that names nothing, a notice without a known buyer or a stated day has no such hash: no title rule
    applies to it.
    """
    exact = dict.fromkeys(key for key in identity.keys if key.scheme in SCHEMES and SCHEMES[key.scheme].joins)
    title = _title_key(identity)
    return (*exact, title) if title else tuple(exact)


def case_numbers(identity: Identity) -> tuple[str, ...]:
    """The numbers by which awards name the case of a notice (p-portal's 調達案件番号)."""
    return tuple(key.value for key in identity.keys if key.scheme == "pportal-case")


def _title_key(identity: Identity) -> IdentityKey | None:
    if not identity.buyer or is_generic(identity.stem) or any(key.scheme == "undated" for key in identity.keys):
        return None
    written = "\n".join((identity.buyer, identity.stem, *identity.parts)).encode("utf-8", "surrogatepass")
    return IdentityKey(TITLE, blake2b(written, digest_size=8).hexdigest())


def is_generic(stem: str) -> bool:
    """Whether a title names no procurement in particular: 庁舎清掃業務, 物品の購入, プール解体."""
    return len(stem) < SHORTEST_STEM or len(_COMMON.sub("", stem)) < SHORTEST_NAME


_NO_PLACE = re.compile("市区?町村|特別区|[地工学管校街]区|[農漁]村|[各全][市区町村]")
_PLACE = re.compile("[一-龥]{2}(?:市(?![場販況街])|区(?![分間域画])|町|村|丁目|空港)")


def names_place(stem: str) -> bool:
    """Whether a title says itself where something is: 成田空港合同庁舎照明器具更新, 世田谷区代沢一丁目."""
    return bool(_PLACE.search(_NO_PLACE.sub("", stem)))


# --- Notices as they are compared -----------------------------------------------------------------


class Stage(IntEnum):
    """How far a procurement is, as far as notices of its kind tell."""

    PLANNED = 0
    INFORMATION = 1
    COMMENTS = 2
    CALL = 3
    CHANGE = 4
    AWARD = 5
    OTHER = 6


_STAGES = MappingProxyType(
    {
        NoticeKind.PLANNED: Stage.PLANNED,
        NoticeKind.INFORMATION_REQUEST: Stage.INFORMATION,
        NoticeKind.COMMENT_REQUEST: Stage.COMMENTS,
        NoticeKind.TENDER: Stage.CALL,
        NoticeKind.PROPOSAL_CALL: Stage.CALL,
        NoticeKind.QUOTATION: Stage.CALL,
        NoticeKind.AMENDMENT: Stage.CHANGE,
        NoticeKind.CANCELLATION: Stage.CHANGE,
        NoticeKind.AWARD: Stage.AWARD,
        NoticeKind.OTHER: Stage.OTHER,
    }
)


class _Card:
    """A notice with what is asked of it again and again."""

    __slots__ = (
        "id",
        "known",
        "marks",
        "numbers",
        "origin",
        "parts",
        "published",
        "round",
        "stage",
        "stem",
        "title",
    )

    def __init__(self, known: Known) -> None:
        identity = known.identity
        self.known = known
        self.id = known.id
        self.stage = _STAGES[identity.kind]
        self.published: date = identity.published
        self.round = identity.round
        self.stem, self.parts = identity.stem, identity.parts
        self.numbers: dict[str, set[str]] = {}
        self.marks: dict[str, str] = {}
        for key in identity.keys:
            if key.scheme in SCHEMES and SCHEMES[key.scheme].joins:
                self.numbers.setdefault(key.scheme, set()).add(key.value)
            else:
                self.marks[key.scheme] = key.value
        # KKJ collects from sites that do not know of each other: each counts as a source.
        self.origin = f"{identity.source}/{self.marks.get('site', '')}"
        self.title = _title_key(identity)

    @property
    def age(self) -> tuple[datetime, UUID]:
        return self.known.first_seen_at, self.id

    @property
    def deadline(self) -> date | None:
        return self.known.identity.deadline


def _same_case(one: _Card, other: _Card) -> bool:
    """Whether a number that needs nothing beside it is equal."""
    return any(
        not values.isdisjoint(other.numbers[scheme])
        for scheme, values in one.numbers.items()
        if scheme in other.numbers and SCHEMES[scheme].alone
    )


def _republished(one: _Card, other: _Card) -> bool:
    """Whether one source has published one text twice."""
    return (
        one.origin == other.origin
        and one.published == other.published
        and (one.stem, one.parts, one.stage) == (other.stem, other.parts, other.stage)
        and one.marks.get("text", "") == other.marks.get("text")
    )


def _same_document(one: _Card, other: _Card) -> bool:
    return (
        not one.numbers.get("document", set()).isdisjoint(other.numbers.get("document", ()))
        and (one.stem, one.parts) == (other.stem, other.parts)
        and bool(one.stem)
        and abs(one.published - other.published) <= SAME_DOCUMENT
    )


_DISTINCT = ("prefecture", "office", "quantity")
"""Marks of which two different ones mean two procurements."""


def contradiction(one: _Card, other: _Card) -> str | None:
    """Why two notices cannot be of one tender; None where nothing says so."""
    if _same_case(one, other):
        return None
    if one.stem and other.stem and one.parts != other.parts:
        return "parts"
    for mark in _DISTINCT:
        if mark in one.marks and mark in other.marks and one.marks[mark] != other.marks[mark]:
            # Of a bureau one source states the seat, another one the place.
            if mark == "prefecture" and one.stem == other.stem and names_place(one.stem):
                continue
            return mark
    early = one.stage < Stage.CALL or other.stage < Stage.CALL
    alike = one.stage is other.stage and one.round == other.round
    for scheme, values in one.numbers.items():
        if scheme in other.numbers and values.isdisjoint(other.numbers[scheme]):
            # A case has one number on its way from the call to the award, but a repeated call is a new case, and
            # so is a request before it.
            if SCHEMES[scheme].case and one.round == other.round and (alike or not early):
                return scheme
            if SCHEMES[scheme].notice and alike and one.stage <= Stage.CALL:
                return scheme
    if not alike or one.stage > Stage.CALL:
        return None
    if abs(one.published - other.published) > ONE_CALL:
        return "years"
    if one.deadline and other.deadline and one.deadline != other.deadline:
        return "deadlines"
    # What one source lists twice is two, unless it says otherwise: lots of one title are listed like that.
    if one.origin == other.origin and not (_republished(one, other) or _same_document(one, other)):
        return "listed twice"
    return None


# --- Clusters -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Edge:
    """What may join two notices."""

    rule: str
    one: _Card
    other: _Card
    shared: tuple[str, ...] = ()

    @property
    def strength(self) -> tuple[int, timedelta, list[UUID]]:
        distance = abs(self.one.published - self.other.published)
        return _RANK[self.rule], distance, sorted((self.one.id, self.other.id))


class _Clusters:
    """Notices that are one tender so far, and the links that made them one (a tree in each cluster)."""

    def __init__(self, cards: Iterable[_Card], decisions: Decisions) -> None:
        self.members: dict[UUID, list[_Card]] = {}
        self.of: dict[UUID, UUID] = {}
        self.links: dict[UUID, list[_Edge]] = defaultdict(list)
        self.apart: dict[UUID, set[UUID]] = defaultdict(set)
        for card in cards:
            self.members[card.id], self.of[card.id] = [card], card.id
        for pair, verdict in decisions.items():
            if verdict is MergeVerdict.APART and len(pair) == 2 and pair <= self.of.keys():
                one, other = pair
                self.apart[one].add(other)
                self.apart[other].add(one)

    def join(self, edges: Iterable[_Edge]) -> None:
        """Joins what each link holds together, strongest first, where no two members contradict each other."""
        for edge in sorted(edges, key=lambda edge: edge.strength):
            ours, theirs = self.of[edge.one.id], self.of[edge.other.id]
            if ours == theirs or not self._may(edge.rule, self.members[ours], self.members[theirs]):
                continue
            if len(self.members[ours]) < len(self.members[theirs]):
                ours, theirs = theirs, ours
            moved = self.members.pop(theirs)
            self.members[ours] += moved
            self.of.update((card.id, ours) for card in moved)
            self.links[edge.one.id].append(edge)
            self.links[edge.other.id].append(edge)

    def _may(self, rule: str, ours: list[_Card], theirs: list[_Card]) -> bool:
        ids = {card.id for card in theirs}
        if any(not ids.isdisjoint(self.apart[card.id]) for card in ours if card.id in self.apart):
            return False
        if rule == PERSON:
            return True
        if len(ours) + len(theirs) > MOST:
            return False
        return not any(contradiction(one, other) for one in ours for other in theirs)

    def only(self, cards: Iterable[_Card]) -> _Card | None:
        """The last of the cards, if all of them are in one cluster."""
        found = list(cards)
        return found[-1] if found and len({self.of[card.id] for card in found}) == 1 else None


# --- Merging --------------------------------------------------------------------------------------


def merge(
    fresh: Sequence[Known],
    members: Sequence[Known],
    decisions: Decisions,
    *,
    common: Collection[IdentityKey] = (),
    occupied: Collection[UUID] = (),
) -> Merged:
    """The tenders of the fresh notices and of all that share a key with them.

    ``fresh`` are notices just recorded or read again, ``members`` all notices of all tenders with which one of them
    has an index key in common, or of which a person decided something together with one of them. ``common`` are keys
    of fresh notices that the record left out, for too many have them: they join nothing. The id of a tender is that
    of the one among those merged whose first notice was seen first. Where notices go apart, the side with the first
    notice keeps the id, the other takes the id of its own first notice, unless that is one of the ``occupied``.
    """
    known = {one.id: one for one in (*members, *fresh)}
    cards = [_Card(known[id]) for id in sorted(known)]
    # Of these every notice is at hand; only of them it is known whether a candidate is the only one.
    whole = {title for one in fresh if (title := _title_key(one.identity))}.difference(common)
    clusters = _Clusters(cards, decisions)
    clusters.join(_decided(cards, decisions))
    clusters.join((*_exact(cards, common), *_kept(cards, whole)))
    blocks: defaultdict[IdentityKey, list[_Card]] = defaultdict(list)
    for card in cards:
        if card.title and card.title in whole:
            blocks[card.title].append(card)
    steps: tuple[Callable[[list[_Card], _Clusters], Iterator[_Edge]], ...]
    steps = (_same_title, _re_tender, _correction, _award, _early)
    several = [
        sorted(block, key=lambda card: (card.published, card.id)) for block in blocks.values() if len(block) > 1
    ]
    for step in steps:
        # All of a step are found before any is joined: the order of the notices does not matter.
        clusters.join([edge for block in several for edge in step(block, clusters)])
    return _merged(cards, clusters, occupied)


def _decided(cards: Sequence[_Card], decisions: Decisions) -> Iterator[_Edge]:
    by_id = {card.id: card for card in cards}
    for pair, verdict in decisions.items():
        if verdict is MergeVerdict.TOGETHER and len(pair) == 2 and pair <= by_id.keys():
            one, other = sorted(pair)
            yield _Edge(PERSON, by_id[one], by_id[other])


def _exact(cards: Sequence[_Card], common: Collection[IdentityKey]) -> Iterator[_Edge]:
    """Notices that share a number or a document, or are one text twice."""
    numbered: defaultdict[tuple[str, str], list[_Card]] = defaultdict(list)
    written: defaultdict[tuple[str, str, date], list[_Card]] = defaultdict(list)
    for card in cards:
        for scheme, values in card.numbers.items():
            for value in values:
                numbered[scheme, value].append(card)
        if text := card.marks.get("text"):
            written[text, card.origin, card.published].append(card)
    for key in common:
        numbered.pop((key.scheme, key.value), None)
    for (scheme, value), group in numbered.items():
        for one, other in _pairs(group):
            if rule := _exact_rule(scheme, one, other):
                yield _Edge(rule, one, other, (value,))
    for group in written.values():
        for one, other in _pairs(group):
            if _republished(one, other):
                yield _Edge("same-text", one, other, (one.stem,))


def _pairs(group: list[_Card]) -> Iterator[tuple[_Card, _Card]]:
    return combinations(group, 2) if len(group) <= MOST else iter(())


def _exact_rule(scheme: str, one: _Card, other: _Card) -> str | None:
    match scheme:
        case "document":
            return "document" if _same_document(one, other) else None
        case "gazette" | "jetro-aid":
            return "gazette-entry" if scheme == "jetro-aid" or _agree(one, other) else None
        case "gazette-number":
            if Stage.CHANGE in (one.stage, other.stage) and one.published != other.published:
                return "named-earlier" if _agree(one, other) else None
            return "gazette-entry" if _agree(one, other) else None
    return "case-number" if SCHEMES[scheme].alone or _agree(one, other) else None


def _agree(one: _Card, other: _Card) -> bool:
    """Whether titles bear out what a number says: one is the other's beginning or end. Without a title, the office."""
    if one.stem and other.stem:
        short, long = sorted((one.stem, other.stem), key=len)
        return short == long or (len(short) >= SHORTEST_STEM and (long.startswith(short) or long.endswith(short)))
    return bool(one.marks.get("named")) and one.marks.get("named") == other.marks.get("named")


def _kept(cards: Sequence[_Card], whole: set[IdentityKey]) -> Iterator[_Edge]:
    """What titles joined before, where not all notices are at hand that would be needed to decide it again."""
    by_id = {card.id: card for card in cards}
    for card in cards:
        link = card.known.link
        other = by_id.get(link.notice_id) if link else None
        if (
            link is None
            or other is None
            or link.rule not in _BY_TITLE
            or card.known.tender_id != other.known.tender_id
        ):
            continue
        if card.title and card.title == other.title and card.title not in whole:
            yield _Edge(link.rule, other, card, link.shared)


# Rules by title. A block is what one buyer has under one title, by day; parts and stems in it are equal.


def _title_edge(rule: str, one: _Card, other: _Card) -> _Edge:
    return _Edge(rule, one, other, (one.stem, *one.parts))


def _same_title(block: list[_Card], clusters: _Clusters) -> Iterator[_Edge]:
    """One call (or request) in several sources: where every one of them fits every other one."""
    alike: defaultdict[tuple[Stage, int], list[_Card]] = defaultdict(list)
    for card in block:
        if card.stage <= Stage.CALL:
            alike[card.stage, card.round].append(card)
    for group in (group for cards in alike.values() for group in _near(cards)):
        # A title that one source has twice says nothing of which one another source means.
        seen: defaultdict[str, set[UUID]] = defaultdict(set)
        for card in group:
            seen[card.origin].add(clusters.of[card.id])
        single = [card for card in group if len(seen[card.origin]) == 1]
        fits = {card.id: {card.id} for card in single}
        for one, other in combinations(single, 2):
            together = clusters.of[one.id] == clusters.of[other.id]
            if together or (other.published - one.published <= SAME_CALL and not contradiction(one, other)):
                fits[one.id].add(other.id)
                fits[other.id].add(one.id)
        for one, other in combinations(single, 2):
            # Equal sets: what fits one of them fits the other, so that none stands between two.
            if fits[one.id] == fits[other.id] and clusters.of[one.id] != clusters.of[other.id]:
                yield _title_edge("same-title", one, other)


def _near(cards: list[_Card]) -> Iterator[list[_Card]]:
    """Runs of cards that follow each other within the window; runs longer than any procurement is are left out."""
    group: list[_Card] = []
    for card in cards:
        if group and card.published - group[-1].published > SAME_CALL:
            if 1 < len(group) <= MOST:
                yield group
            group = []
        group.append(card)
    if 1 < len(group) <= MOST:
        yield group


class _ByDay:
    """Cards by day, for what lies within a window."""

    def __init__(self, cards: Iterable[_Card]) -> None:
        self.cards = list(cards)
        self.days = [card.published for card in self.cards]

    def between(self, first: date, last: date) -> list[_Card]:
        """Those of the days, both included; none where they are too many to tell apart."""
        found = self.cards[bisect_left(self.days, first) : bisect_right(self.days, last)]
        return found if len(found) <= MOST else []


_DAY = timedelta(days=1)


def _re_tender(block: list[_Card], clusters: _Clusters) -> Iterator[_Edge]:
    """再度公告: the one call before it, of the round before it."""
    calls = _ByDay(card for card in block if card.stage is Stage.CALL)
    for card in calls.cards:
        if card.round == 1:
            continue
        before = [
            call
            for call in calls.between(card.published - RE_TENDER, card.published - _DAY)
            if call.round < card.round and not contradiction(call, card)
        ]
        latest = max((call.round for call in before), default=0)
        if first := clusters.only(call for call in before if call.round == latest):
            yield _title_edge("re-tender", first, card)


def _correction(block: list[_Card], clusters: _Clusters) -> Iterator[_Edge]:
    """A correction or cancellation: the one call (failing that, the one request) whose life it falls into."""
    earlier = [_ByDay(card for card in block if card.stage is Stage.CALL)]
    earlier.append(_ByDay(card for card in block if card.stage < Stage.CALL))
    for card in block:
        if card.stage is not Stage.CHANGE:
            continue
        for notices in earlier:
            open_then = [
                one
                for one in notices.between(card.published - 2 * CORRECTION, card.published)
                if card.published <= (one.deadline + AFTER_DEADLINE if one.deadline else one.published + CORRECTION)
                and card.round in (1, one.round)
                and not contradiction(one, card)
            ]
            if open_then:
                if call := clusters.only(open_then):
                    yield _title_edge("correction", call, card)
                break


def _award(block: list[_Card], clusters: _Clusters) -> Iterator[_Edge]:
    """A result: the one call before it; of the day that the result states, if it states one."""
    calls = _ByDay(card for card in block if card.stage is Stage.CALL)
    for card in block:
        if card.stage is not Stage.AWARD:
            continue
        called = card.marks.get("called")
        day = date.fromisoformat(called) if called else None
        first, last = (day - CALLED, day + CALLED) if day else (card.published - AWARD, card.published - _DAY)
        before = [
            call
            for call in calls.between(first, min(last, card.published - _DAY))
            if not (call.deadline and call.deadline > card.published) and not contradiction(call, card)
        ]
        if call := clusters.only(before):
            yield _title_edge("award", call, card)


def _early(block: list[_Card], clusters: _Clusters) -> Iterator[_Edge]:
    """An announcement or request: the next notice of a later stage, unless another call follows that closely."""
    requests = [card for card in block if card.stage < Stage.CALL]
    later = {
        stage: _ByDay(one for one in block if stage < one.stage <= Stage.CALL)
        for stage in {card.stage for card in requests}
    }
    for card in requests:
        after = [
            one
            for one in later[card.stage].between(card.published + _DAY, card.published + EARLY)
            if not contradiction(card, one)
        ]
        if not after:
            continue
        following = after[0]
        doubtful = [
            one
            for one in after
            if one.stage is following.stage and one.published - following.published <= NEXT_CALL and one.round == 1
        ]
        if clusters.only([*doubtful, following]):
            yield _title_edge("early-signal", card, following)


# The result


def own_ids(notice_id: UUID) -> tuple[UUID, UUID]:
    """The ids for a tender that a notice begins: its own, and one for when that is another tender's."""
    return notice_id, uuid5(NAMESPACE, f"split\n{notice_id}")


def own_id(notice_id: UUID, taken: Collection[UUID]) -> UUID:
    """The first of these that is free."""
    id, other = own_ids(notice_id)
    return id if id not in taken else other if other not in taken else own_id(other, taken)


def _merged(cards: Sequence[_Card], clusters: _Clusters, occupied: Collection[UUID]) -> Merged:
    first: dict[UUID, _Card] = {}
    for card in sorted(cards, key=lambda card: card.age):
        first.setdefault(card.known.tender_id, card)
    surviving: dict[UUID, UUID] = {}
    for tender, card in first.items():  # in the order in which they were first seen
        surviving.setdefault(clusters.of[card.id], tender)
    taken = {*surviving.values(), *first.keys(), *occupied}
    revived: dict[UUID, UUID] = {}
    for cluster in sorted(clusters.members.keys() - surviving.keys()):
        oldest = min(clusters.members[cluster], key=lambda card: card.age)
        surviving[cluster] = own_id(oldest.id, taken)
        revived[surviving[cluster]] = oldest.known.tender_id
        taken.add(surviving[cluster])
    alive = set(surviving.values())
    tender_of = {card.id: surviving[clusters.of[card.id]] for card in cards}
    changes = {card.id: tender_of[card.id] for card in cards if tender_of[card.id] != card.known.tender_id}
    links: dict[UUID, Link | None] = {}
    for group in clusters.members.values():
        root = min(group, key=lambda card: card.age)
        found: dict[UUID, Link | None] = {root.id: None, **dict(_links(root, clusters))}
        links.update((card.id, found[card.id]) for card in group if found[card.id] != card.known.link)
    return Merged(
        tender_of=changes,
        links=links,
        aliases={tender: tender_of[card.id] for tender, card in first.items() if tender not in alive},
        left=tuple(sorted({card.known.tender_id for card in cards if card.id in changes} & alive)),
        revived=revived,
    )


def _links(root: _Card, clusters: _Clusters) -> Iterator[tuple[UUID, Link]]:
    """For each notice the link that leads to the first one of its tender."""
    seen, front = {root.id}, [root]
    while front:
        card = front.pop()
        for edge in clusters.links[card.id]:
            other = edge.other if edge.one is card else edge.one
            if other.id not in seen:
                seen.add(other.id)
                front.append(other)
                yield other.id, Link(edge.rule, card.id, edge.shared)


# --- The order for composing ----------------------------------------------------------------------


class Readable(Protocol):
    """A notice with its reading."""

    @property
    def id(self) -> UUID: ...
    @property
    def notice(self) -> ScrapedNotice: ...
    @property
    def reading(self) -> Reading: ...


FOR_COMPOSING = (
    # A call says what is to be done and by when; what came before or after it only adds to that.
    Stage.CALL,
    # Of a tender without a call, the request that is furthest on its way.
    Stage.COMMENTS,
    Stage.INFORMATION,
    Stage.PLANNED,
    Stage.CHANGE,
    Stage.AWARD,
    Stage.OTHER,
)
AUTHORITY: Mapping[str, int] = MappingProxyType(
    {
        "kanpo": 0,  # the legal place of publication
        "pportal": 1,  # filed by the ministries themselves, with text and documents
        # 2: a body's own page or system, see OWN_PAGE
        "tokyo_eproc": 3,  # the same cases as on the desktop pages, with less said of each
        "digital_agency": 3,  # a list of titles that leads to p-portal
        "jetro_national": 4,  # a copy of the gazette, a day later
        "jetro_local": 4,
        "kkj": 5,  # collected by a program, fields often missing, a day or more late
    }
)
OWN_PAGE = 2
"""The rank of every other source: agencies, Tokyo's bureaus, wards, and pages from the configuration."""


T = TypeVar("T", bound=Readable)


def order(notices: Sequence[T]) -> list[T]:
    """The notices of a tender, the best to compose from first: calls, of the newest round, by authority, by age."""

    def place(one: T) -> tuple[int, int, int, date, UUID]:
        identity = one.reading.identity
        stage = _STAGES[identity.kind if identity else one.notice.kind]
        return (
            FOR_COMPOSING.index(stage),
            -(identity.round if identity else 1),
            AUTHORITY.get(one.notice.source, OWN_PAGE),
            one.notice.published,
            one.id,
        )

    return sorted(notices, key=place)
