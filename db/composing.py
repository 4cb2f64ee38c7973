"""Composing a tender from its notices and what was read out of them: pure, and always the same from the same.

The notices come in the order in which they are believed (``monitor.merging.order``), the best first; a field is
taken from the first notice that has it. Corrections come before all others where they move a deadline. What the
others say of a field is kept beside it (``Said``), so that a difference can be shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from db.notices import ReadNotice, written
from db.vocabulary.japanese import to_tokyo, tokyo_iso
from db.vocabulary.notice import NoticeKind
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    AreaScore,
    CpvCode,
    DateKind,
    EnglishOrigin,
    FoundDate,
    FoundMoney,
    MoneyKind,
    Origin,
    Requirement,
)
from db.vocabulary.tender import ComposedTender, Said, TenderSource
from db.vocabulary.text import fold

CALLS = frozenset((NoticeKind.TENDER, NoticeKind.PROPOSAL_CALL, NoticeKind.QUOTATION))
"""Kinds of notice by which bids or proposals are asked for."""
REQUESTS = frozenset((NoticeKind.INFORMATION_REQUEST, NoticeKind.COMMENT_REQUEST))
SIGNALS = REQUESTS | {NoticeKind.PLANNED}
"""What is published before a call."""
PROVED = ("title_en", "buyer", "prefecture", "city", "category", "method", "qualification", "status")
"""Fields of which is kept what each source says, where several sources tell of a tender."""
STRONGEST_FIRST = (
    AccessVerdict.RESTRICTED,
    AccessVerdict.COVERED,
    AccessVerdict.NOT_COVERED,
    AccessVerdict.LIKELY,
    AccessVerdict.UNKNOWN,
)
"""A restriction that one source names is not undone by another that keeps silent."""


def compose(
    id: UUID,
    notices: Sequence[ReadNotice],
    *,
    translated: Mapping[str, str] = {},
    awarded: date | None = None,
) -> ComposedTender:
    """The tender that these notices speak of. They come in the order in which they are believed.

    ``translated`` has the English of titles that a service has translated; ``awarded`` is the newest decision among
    the awards that are linked to the tender.
    """
    if not notices:
        raise ValueError(f"tender {id} has no notice to be composed from")

    def first(field: str) -> Any:
        return next((value for part in notices if (value := getattr(part.notice, field)) is not None), None)

    # The first is a notice of a call, where there is any, and not its correction.
    title = notices[0].notice.title
    title_en, origin = _english_title(notices, title, translated)
    deadlines = list(_deadlines(notices, DateKind.DEADLINE))
    responses = list(_deadlines(notices, DateKind.RESPONSE))
    areas = _strongest(part.reading.areas for part in notices)
    given = {found.area for found in areas}
    money = _money(notices)
    method = next((part for part in notices if part.notice.method is not None), None)
    kind = _kind(notices, awarded)
    return ComposedTender(
        id=id,
        title=title,
        kind=kind,
        published=_published(notices),
        sources=_sources(notices),
        title_en=title_en,
        title_en_origin=origin,
        buyer=first("buyer"),
        buyer_en=first("buyer_en") or _first(part.reading.buyer_en for part in notices),
        prefecture=first("prefecture"),
        city=first("city"),
        category=first("category"),
        method=method.notice.method if method else None,
        method_en=method.reading.method_en if method else None,
        qualification=first("qualification"),
        status=first("status"),
        deadline=deadlines[0].found.moment if deadlines else None,
        deadline_clock=not deadlines or deadlines[0].found.clock is not None,
        response_deadline=responses[0].found.moment if responses else None,
        response_clock=not responses or responses[0].found.clock is not None,
        dates=_other_dates(notices),
        money=money,
        value=_value(money),
        access=_access(notices),
        requirements=_requirements(notices),
        awarded=awarded,
        said=(
            *_said("deadline", deadlines),
            *_said("response_deadline", responses),
            *(said for field in PROVED for said in _differing(field, notices)),
        ),
        areas=areas,
        # What one of its notices is about is more than the place of the others.
        venues=tuple(at for at in _strongest(part.reading.venues for part in notices) if at.area not in given),
        cpv=_codes(notices),
        text="\n".join(part.notice.searched for part in notices if part.notice.searched),
    )


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def _english_title(
    notices: Sequence[ReadNotice], title: str, translated: Mapping[str, str]
) -> tuple[str | None, EnglishOrigin | None]:
    """The official English title if a source has one, else a service's translation, else the gist."""
    if official := _first(part.notice.title_en for part in notices):
        return official, EnglishOrigin.OFFICIAL
    if machine := translated.get(title):
        return machine, EnglishOrigin.MACHINE
    if gist := notices[0].reading.gist:
        return gist, EnglishOrigin.GIST
    return None, None


def _round(part: ReadNotice) -> int:
    return part.reading.identity.round if part.reading.identity else 1


def _newest_call(notices: Sequence[ReadNotice]) -> date | None:
    """The day on which bids were asked for first, in the newest round."""
    calls = [part for part in notices if part.notice.kind in CALLS]
    newest = max(map(_round, calls), default=1)
    return min((part.notice.published for part in calls if _round(part) == newest), default=None)


def _newest_round(notices: Sequence[ReadNotice]) -> date:
    """The day since which the newest round runs; of what was called once, or not yet, everything is of one round."""
    called = _newest_call(notices)
    repeated = any(_round(part) > 1 for part in notices if part.notice.kind in CALLS)
    return called if called and repeated else date.min


def _published(notices: Sequence[ReadNotice]) -> date:
    """The day of the newest round's call; of what has no call yet the day of the newest signal."""
    if (called := _newest_call(notices)) is not None:
        return called
    signals = [part.notice.published for part in notices if part.notice.kind in SIGNALS]
    return max(signals) if signals else min(part.notice.published for part in notices)


def _kind(notices: Sequence[ReadNotice], awarded: date | None) -> NoticeKind:
    """How far the procurement has come. A call that is repeated takes up what was cancelled or had a result.

    Without a new round a cancellation counts whatever its day: a source may turn its notice into one, which keeps
    its day, while the copy of another source is dated later.
    """
    called, since = _newest_call(notices), _newest_round(notices)

    def since_call(kind: NoticeKind) -> bool:
        # What came on the day of the new call closed the round before.
        return any(part.notice.kind is kind and part.notice.published > since for part in notices)

    if since_call(NoticeKind.CANCELLATION):
        return NoticeKind.CANCELLATION
    if since_call(NoticeKind.AWARD) or (awarded is not None and awarded > since):
        return NoticeKind.AWARD
    if called:
        newest = max(_round(part) for part in notices if part.notice.kind in CALLS)
        return next(part.notice.kind for part in notices if part.notice.kind in CALLS and _round(part) == newest)
    signals = [part for part in notices if part.notice.kind in SIGNALS]
    if signals:
        # Of two on one day the more binding: a plan comes before a request, and information before comments.
        order = (NoticeKind.PLANNED, NoticeKind.INFORMATION_REQUEST, NoticeKind.COMMENT_REQUEST)
        return max(signals, key=lambda part: (part.notice.published, order.index(part.notice.kind))).notice.kind
    return notices[0].notice.kind


def _sources(notices: Sequence[ReadNotice]) -> tuple[TenderSource, ...]:
    """The notices as readers are shown them, oldest first."""
    return tuple(
        TenderSource(
            source=part.notice.source,
            key=part.notice.key,
            url=part.notice.url,
            kind=part.notice.kind,
            published=part.notice.published,
            notice_id=part.id,
            document_url=part.notice.document_url,
            link=part.link,
        )
        for part in sorted(notices, key=_age)
    )


def _age(part: ReadNotice) -> tuple[date, bool, str]:
    """By the day of publication, and of one day by when it was found."""
    found = part.first_seen_at
    return part.notice.published, found is None, found.isoformat() if found else ""


# --- Deadlines and other dates --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Deadline:
    part: ReadNotice
    found: FoundDate


_NO_BIDS = SIGNALS | {NoticeKind.AWARD}
"""Kinds of notice whose dates are no end of tendering."""


def _deadlines(notices: Sequence[ReadNotice], kind: DateKind) -> Iterator[_Deadline]:
    """What notices say of a deadline, the one that counts first."""
    for part in _in_order(notices, kind):
        for found in _dates(part):
            if found.kind is kind:
                yield _Deadline(part, found)


def _in_order(notices: Sequence[ReadNotice], kind: DateKind) -> list[ReadNotice]:
    """The notices whose dates of a kind are believed, the best first.

    A correction counts more than the call that it corrects: the newest first. Of a call that is repeated the dates
    of earlier rounds are over.
    """
    since = date.min if kind is DateKind.RESPONSE else _newest_round(notices)
    without = _NO_BIDS if kind is DateKind.DEADLINE else ()
    parts = [part for part in notices if part.notice.published >= since and part.notice.kind not in without]
    corrections = [part for part in parts if part.notice.kind is NoticeKind.AMENDMENT]
    corrections.sort(key=lambda part: part.notice.published, reverse=True)
    return [*corrections, *(part for part in parts if part.notice.kind is not NoticeKind.AMENDMENT)]


def _dates(part: ReadNotice) -> Iterator[FoundDate]:
    """The dates of a notice; of one that no reader has seen yet those of its fields."""
    if part.reading.identity is not None:
        yield from part.reading.dates
        return
    fields = ((DateKind.DEADLINE, part.notice.deadline), (DateKind.RESPONSE, part.notice.response_deadline))
    for kind, moment in fields:
        if moment is not None:
            local = to_tokyo(moment)
            yield FoundDate(kind, local.date(), tokyo_iso(moment), Origin.FIELD, local.timetz().replace(tzinfo=None))


def _said(field: str, deadlines: Sequence[_Deadline]) -> Iterator[Said]:
    """What is said of a deadline: the one that counts, and every other moment that somebody names."""
    seen: set[tuple[date, object]] = set()
    for number, one in enumerate(deadlines):
        moment = (one.found.day, one.found.clock)
        # A day without a time of day says nothing else than a moment on that day.
        if moment in seen or (one.found.clock is None and any(day == one.found.day for day, _ in seen)):
            continue
        seen.add(moment)
        value = tokyo_iso(one.found.moment) if one.found.clock else one.found.day.isoformat()
        yield Said(
            field, value, one.part.notice.source, one.part.id, one.found.origin, one.found.phrase, counts=number == 0
        )


def _other_dates(notices: Sequence[ReadNotice]) -> tuple[FoundDate, ...]:
    """Of each kind the dates that the first notice has which has any: corrections before calls."""
    chosen: list[FoundDate] = []
    for kind in DateKind:
        for part in _in_order(notices, kind):
            if dates := [found for found in _dates(part) if found.kind is kind]:
                chosen += dates
                break
    return tuple(chosen)


# --- Money, access and requirements ---------------------------------------------------------------


def _money(notices: Sequence[ReadNotice]) -> tuple[FoundMoney, ...]:
    chosen: list[FoundMoney] = []
    for kind in MoneyKind:
        for part in notices:
            if amounts := [found for found in part.reading.money if found.kind is kind]:
                chosen += amounts
                break
    return tuple(chosen)


def _value(money: Sequence[FoundMoney]) -> Decimal | None:
    wanted = (MoneyKind.PLANNED, MoneyKind.LIMIT)
    return next((found.amount for kind in wanted for found in money if found.kind is kind), None)


def _access(notices: Sequence[ReadNotice]) -> Access:
    readings = [part.reading.access for part in notices]
    reasons: dict[tuple[str, str], AccessReason] = {}
    for access in readings:
        for reason in access.reasons:
            reasons.setdefault((reason.rule, fold(reason.phrase)), reason)
    return Access(
        min((access.gpa for access in readings), key=STRONGEST_FIRST.index),
        min((access.epa for access in readings), key=STRONGEST_FIRST.index),
        tuple(reasons.values()),
    )


def _requirements(notices: Sequence[ReadNotice]) -> tuple[Requirement, ...]:
    """Of each kind those of the first notice that names any."""
    chosen: dict[str, list[Requirement]] = {}
    for part in notices:
        kinds = {found.kind for found in part.reading.requirements} - chosen.keys()
        for found in part.reading.requirements:
            if found.kind in kinds:
                chosen.setdefault(found.kind, []).append(found)
    return tuple(found for some in chosen.values() for found in some)


# --- What several sources say ---------------------------------------------------------------------


def _differing(field: str, notices: Sequence[ReadNotice]) -> Iterator[Said]:
    """What each notice says of a field: the value that counts, and every other one."""
    if len(notices) < 2:
        return
    seen: set[str] = set()
    for part in notices:
        value = written(getattr(part.notice, field))
        if value is None or (folded := "".join(fold(value).split())) in seen:
            continue
        yield Said(field, value, part.notice.source, part.id, counts=not seen)
        seen.add(folded)


# --- Areas ----------------------------------------------------------------------------------------


def _strongest(readings: Iterable[Iterable[AreaScore]]) -> tuple[AreaScore, ...]:
    best: dict[str, AreaScore] = {}
    for scores in readings:
        for found in scores:
            if found.area not in best or found.score > best[found.area].score:
                best[found.area] = found
    return tuple(sorted(best.values(), key=lambda found: -found.score))


def _codes(notices: Sequence[ReadNotice]) -> tuple[CpvCode, ...]:
    terms: dict[str, dict[str, None]] = {}
    for part in notices:
        for found in part.reading.cpv:
            terms.setdefault(found.code, {}).update(dict.fromkeys(found.terms))
    return tuple(CpvCode(code, tuple(terms[code])) for code in sorted(terms))
