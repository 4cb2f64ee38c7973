"""The releases of a tender: one for everything that was recorded of it, each the tender as it was known then.

A release is made for each version of a notice and for the awards that were recorded together, in the order in which
they were recorded. It has the whole tender as it is composed (``db.composing``) from what was known up to then, so the
last one is the tender as the pages show it. Its date is that of recording: it never changes, while a source may
date its notice back, or not at all. The day of publication stands with the document.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID, uuid5

from alerts.wording import field_value, requirement_text, verdict_text
from db.card import Card
from db.composing import CALLS, REQUESTS, SIGNALS, compose
from db.notices import ReadNotice, differences
from db.releases import History, Version, Won
from db.vocabulary import labels
from db.vocabulary.award import CORPORATE_NUMBERS
from db.vocabulary.japanese import TOKYO, tokyo_iso
from db.vocabulary.methods import Procedure, procedure
from db.vocabulary.notice import NAMESPACE, NoticeKind
from db.vocabulary.reading import DateKind, EnglishOrigin, FoundDate
from db.vocabulary.tender import ComposedTender
from db.vocabulary.text import fold
from monitor.exports.lines import number
from monitor.exports.ocds.model import (
    CURRENCY,
    LANGUAGE,
    Address,
    Amendment,
    Award,
    Classification,
    Document,
    Identifier,
    Item,
    Milestone,
    Party,
    Period,
    Planning,
    Reference,
    Release,
    Tender,
    Value,
)
from monitor.i18n import language
from monitor.merging import order
from monitor.reading.areas.cpv import cpv_names

LOCAL_SCHEME = "JP-JTM"
"""Of organisations without a corporate number: ids that follow from the name, the same in every installation."""
AREA_SCHEME = "JTM-AREA"
"""Of focus areas, as a classification of what is bought."""

State = Card | ComposedTender
"""A tender as it was known at some time."""

DOCUMENT_TYPES = {
    NoticeKind.PLANNED: "plannedProcurementNotice",
    NoticeKind.INFORMATION_REQUEST: "marketStudies",
    NoticeKind.COMMENT_REQUEST: "marketStudies",
    NoticeKind.AWARD: "awardNotice",
    NoticeKind.CANCELLATION: "cancellationDetails",
}
"""By the codelist documentType; every other notice is a tenderNotice."""
METHODS = {
    Procedure.OPEN: "open",
    Procedure.SELECTIVE: "selective",
    Procedure.LIMITED: "limited",
    Procedure.DIRECT: "direct",
    Procedure.NEGOTIATED: "limited",
}
"""By the codelist method. A negotiated contract of which no more is known is limited tendering (GPA, article XIII)."""
MILESTONE_TYPES = {
    DateKind.APPLICATION: "preProcurement",
    DateKind.PROPOSAL: "preProcurement",
    DateKind.MEETING: "engagement",
    DateKind.RESPONSE: "engagement",
    DateKind.OPENING: "assessment",
    DateKind.DOCUMENTS: "preProcurement",
}
"""Dates that are milestones, by the codelist milestoneType; the others have a place of their own."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Something that was recorded: a version of a notice, or awards."""

    at: datetime
    version: Version | None = None
    awards: tuple[Won, ...] = ()


def releases(history: History, *, prefix: str) -> list[Release]:
    """The releases of a tender in their order; empty for a tender without any notice."""
    ocid = f"{prefix}-{history.card.id}"
    steps = list(_steps(history))
    made: list[Release] = []
    amendments: list[Amendment] = []
    documents: dict[UUID, Document] = {}
    known: dict[UUID, ReadNotice] = {}
    won: list[Won] = []
    for index, step in enumerate(steps):
        amended: str | None = None
        if step.version is not None:
            notice = step.version.notice
            amended = _amendment(history, step.version, known.get(notice.id)) if made else None
            known[notice.id] = notice
            documents[notice.id] = _document(notice)
        won += [*_read_out_of(history, step), *step.awards]
        state = history.card if index == len(steps) - 1 else _composed(history, known, won)
        id = _id(history, step)
        tag = _tag(step, made)
        if amended is not None:
            amendments.append(
                Amendment(
                    id=id,
                    date=tokyo_iso(step.at),
                    description=amended,
                    amends_release_id=made[-1].id,
                    release_id=id,
                )
            )
        made.append(
            _release(
                state,
                list(documents.values()),
                won,
                amendments,
                ocid=ocid,
                id=id,
                date=tokyo_iso(step.at),
                tag=tag,
            )
        )
    return made


def _steps(history: History) -> Iterator[_Step]:
    """What was recorded, in order. Awards of notices come with their notices."""
    if not history.versions:
        return
    steps = [_Step(version.recorded_at, version) for version in history.versions]
    together: dict[datetime, list[Won]] = {}
    notices = {version.notice.id for version in history.versions}
    for award in history.awards:
        if award.notice_id not in notices:
            # An award may have been seen first; nobody could tell of this tender before its first notice.
            together.setdefault(max(award.changed_at, steps[0].at), []).append(award)
    steps += [_Step(at, None, tuple(awards)) for at, awards in together.items()]
    # Awards say how a tender ended: of what was recorded together they come last. The order of versions is kept.
    steps.sort(key=lambda step: (step.at, step.version is None))
    yield from steps


def _read_out_of(history: History, step: _Step) -> list[Won]:
    """The awards that stand in a notice, at its newest version: older ones may have said otherwise."""
    if step.version is None:
        return []
    notice = step.version.notice
    newest = max(one.notice.version for one in history.versions if one.notice.id == notice.id)
    return [won for won in history.awards if won.notice_id == notice.id] if notice.version == newest else []


def _composed(history: History, known: dict[UUID, ReadNotice], won: Sequence[Won]) -> State:
    card = history.card
    machine = card.title_en if card.title_en_origin is EnglishOrigin.MACHINE else None
    return compose(
        card.id,
        order(list(known.values())),
        # The same title keeps its translation, whatever is recorded later.
        translated={card.title: machine} if machine else {},
        awarded=max((award.decided for award in won), default=None),
    )


def _id(history: History, step: _Step) -> str:
    """The same for the same content of the same sources, wherever and whenever it is written."""
    if step.version is not None:
        return f"{step.version.notice.id}-{step.version.notice.version}"
    return f"{history.card.id}-award-{uuid5(NAMESPACE, chr(10).join(sorted(one.digest for one in step.awards)))}"


def _tag(step: _Step, made: Sequence[Release]) -> str:
    """By the codelist releaseTag: what this release is in the course of the procurement."""
    if step.version is None:
        return "awardUpdate" if any(one.awards for one in made) else "award"
    notice = step.version.notice.notice
    called = any("tender" in one.tag for one in made)
    if notice.kind in SIGNALS and not called:
        return "planningUpdate" if made else "planning"
    if notice.kind is NoticeKind.CANCELLATION:
        return "tenderCancellation"
    if notice.kind is NoticeKind.AWARD:
        return "awardUpdate" if any("award" in one.tag for one in made) else "award"
    return "tenderUpdate" if called or (made and notice.kind not in CALLS) else "tender"


def _amendment(history: History, version: Version, before: ReadNotice | None) -> str | None:
    """What a publication amends, in Japanese words; None for one that amends nothing: another source's copy.

    ``before`` is the notice as it was. What changed in its texts is not written out: sources license extracts only.
    """
    spoken = language(LANGUAGE)
    changes = history.changes.get(version.recorded_at, ())
    said = [
        spoken.text(
            "{field}: {before} → {after}",
            field=spoken.text(labels.FIELDS.get(change.field, change.field)),
            before=field_value(change.field, change.before, spoken),
            after=field_value(change.field, change.after, spoken),
        )
        for change in changes
    ]
    notice = version.notice.notice
    if before is not None:
        told = {change.field for change in changes}
        changed = (change.field for change in differences(before.notice, notice))
        said += [spoken.text(labels.FIELDS[one]) for one in changed if one in labels.FIELDS and one not in told]
    if said:
        return spoken.join(said)
    amends = before is not None or notice.kind in (NoticeKind.AMENDMENT, NoticeKind.CANCELLATION)
    return spoken.text(labels.KINDS[notice.kind]) if amends else None


# --- A release ------------------------------------------------------------------------------------


def _release(
    state: State,
    documents: Sequence[Document],
    won: Sequence[Won],
    amendments: Sequence[Amendment],
    *,
    ocid: str,
    id: str,
    date: str,
    tag: str,
) -> Release:
    buyer = _buyer(state)
    suppliers = {party.id: party for party in map(_supplier, won)}
    named = Reference(id=buyer.id, name=buyer.name) if buyer else None
    parties = [*([buyer] if buyer else []), *suppliers.values()]
    planned = tuple(one for one in documents if one.document_type in ("plannedProcurementNotice", "marketStudies"))
    return Release(
        ocid=ocid,
        id=id,
        date=date,
        tag=(tag,),
        initiation_type="tender",
        language=LANGUAGE,
        parties=tuple(parties),
        buyer=named,
        planning=Planning(documents=planned) if planned else None,
        tender=_tender(state, [one for one in documents if one not in planned], amendments, named, ocid=ocid),
        awards=tuple(_award(one) for one in won),
    )


def _buyer(state: State) -> Party | None:
    if state.buyer is None:
        return None
    key = uuid5(NAMESPACE, f"buyer\nname\n{fold(state.buyer)}").hex
    place = Address(region=state.prefecture, locality=state.city) if state.prefecture or state.city else None
    return Party(
        id=f"{LOCAL_SCHEME}-{key}",
        name=state.buyer,
        name_en=state.buyer_en,
        identifier=Identifier(scheme=LOCAL_SCHEME, id=key, legal_name=state.buyer),
        address=place,
        roles=("buyer", "procuringEntity"),
    )


def _supplier(won: Won) -> Party:
    scheme, id = (CORPORATE_NUMBERS, won.number) if won.number else (LOCAL_SCHEME, won.supplier_id.hex)
    place = Address(region=won.prefecture, locality=won.city) if won.prefecture or won.city else None
    return Party(
        id=f"{scheme}-{id}",
        name=won.supplier,
        name_en=won.name_en,
        identifier=Identifier(scheme=scheme, id=id, legal_name=won.supplier),
        address=place,
        roles=("supplier",),
    )


def _award(won: Won) -> Award:
    supplier = _supplier(won)
    return Award(
        id=str(won.id),
        title=won.title,
        status="active",
        date=_beginning(won.decided),
        value=None if won.amount is None else Value(amount=number(won.amount), currency=CURRENCY),
        suppliers=(Reference(id=supplier.id, name=supplier.name),),
    )


def _tender(
    state: State,
    documents: Sequence[Document],
    amendments: Sequence[Amendment],
    buyer: Reference | None,
    *,
    ocid: str,
) -> Tender:
    method = procedure(None, state.method)
    dates = {kind: [found for found in state.dates if found.kind is kind] for kind in DateKind}
    return Tender(
        id=ocid,
        title=state.title,
        title_en=_english(state),
        status=_status(state),
        procuring_entity=buyer,
        items=(_item(state),),
        value=None if state.value is None else Value(amount=number(state.value), currency=CURRENCY),
        procurement_method=METHODS[method] if method else None,
        procurement_method_details=_procedure(state),
        main_procurement_category=state.category,
        tender_period=_tender_period(state),
        enquiry_period=_until(dates[DateKind.QUESTIONS]),
        contract_period=_until(dates[DateKind.DELIVERY]),
        eligibility_criteria=_eligibility(state, "ja"),
        eligibility_criteria_en=_eligibility(state, "en"),
        documents=tuple(documents),
        milestones=tuple(_milestones(state)),
        amendments=tuple(amendments),
    )


def _english(state: State) -> str | None:
    """An English title that somebody wrote; a gist of ours is no title."""
    return state.title_en if state.title_en_origin is not EnglishOrigin.GIST else None


def _procedure(state: State) -> str | None:
    """The name of the procedure in both languages: the standard has no field for the second."""
    return " / ".join(name for name in (state.method, state.method_en) if name) or None


def _status(state: State) -> str | None:
    """By the codelist tenderStatus, as the notices say it: whether a deadline has passed is the reader's to see."""
    if state.kind is NoticeKind.CANCELLATION:
        return "cancelled"
    if state.kind is NoticeKind.AWARD:
        return "complete"
    if state.kind is NoticeKind.PLANNED:
        return "planned"
    if state.kind in REQUESTS:
        return "planning"
    return "active" if state.kind in CALLS or state.kind is NoticeKind.AMENDMENT else None


def _item(state: State) -> Item:
    """What is bought, as one item; notices do not list items in a form that can be told apart safely."""
    names = cpv_names()
    cpv = [
        Classification(
            scheme="CPV",
            id=found.code.ljust(8, "0"),
            description=names.get(found.code, {}).get("ja"),
            description_en=names.get(found.code, {}).get("en"),
        )
        for found in state.cpv
    ]
    areas = [Classification(scheme=AREA_SCHEME, id=found.area) for found in state.areas]
    return Item(
        id="1",
        description=state.title,
        description_en=_english(state),
        classification=cpv[0] if cpv else None,
        additional_classifications=(*cpv[1:], *areas),
    )


def _tender_period(state: State) -> Period | None:
    """From the call to the deadline for bids; of a request or a result there is none."""
    if state.kind not in CALLS and state.deadline is None:
        return None
    end = None if state.deadline is None else tokyo_iso(state.deadline)
    start = _beginning(state.published)
    return Period(start_date=start if end is None or start <= end else None, end_date=end)


def _until(found: Sequence[FoundDate]) -> Period | None:
    if not found:
        return None
    begins = found[0].begins
    start = _beginning(begins) if begins and begins <= found[0].day else None
    return Period(start_date=start, end_date=tokyo_iso(found[0].moment))


def _eligibility(state: State, code: str) -> str | None:
    """What a bidder must have, and what the agreements say: of each kind a line."""
    spoken = language(code)
    lines = [verdict_text(state.access, spoken), *(requirement_text(one, spoken) for one in state.requirements)]
    return "\n".join(line for line in lines if line) or None


def _milestones(state: State) -> Iterator[Milestone]:
    counted: dict[DateKind, int] = {}
    for found in state.dates:
        if found.kind not in MILESTONE_TYPES:
            continue
        counted[found.kind] = counted.get(found.kind, 0) + 1
        name = labels.DATES[found.kind]
        yield Milestone(
            id=f"{found.kind}-{counted[found.kind]}",
            title=language("ja").text(name),
            title_en=name,
            type=MILESTONE_TYPES[found.kind],
            due_date=tokyo_iso(found.moment),
        )
    if state.response_deadline is not None and DateKind.RESPONSE not in counted:
        name = labels.DATES[DateKind.RESPONSE]
        yield Milestone(
            id=f"{DateKind.RESPONSE}-1",
            title=language("ja").text(name),
            title_en=name,
            type=MILESTONE_TYPES[DateKind.RESPONSE],
            due_date=tokyo_iso(state.response_deadline),
        )


def _document(read: ReadNotice) -> Document:
    notice = read.notice
    return Document(
        id=str(read.id),
        document_type=DOCUMENT_TYPES.get(notice.kind, "tenderNotice"),
        title=notice.title,
        url=notice.url,
        date_published=_beginning(notice.published),
        language=LANGUAGE,
    )


def _beginning(day: date) -> str:
    """The moment at which a day begins in Tokyo: the standard knows no days."""
    return tokyo_iso(datetime.combine(day, time(), TOKYO))
