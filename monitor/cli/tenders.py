"""Commands about single tenders: what is known of one, what happened to it, and what belongs to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import click
import msgspec
from sqlmodel import Session

from alerts.links import Purpose
from alerts.wording import event_text
from db import awards, deliveries, notices
from db.award import Award
from db.card import Card, card
from db.deliveries import TellingOf
from db.errors import RecordError
from db.history import Run
from db.merges import tenders_of
from db.notices import Version
from db.tender import TenderEvent
from db.tenders import events_of, resolve
from db.vocabulary.japanese import tokyo_iso
from db.vocabulary.messages import N_
from db.vocabulary.notice import FieldChange, notice_id
from db.vocabulary.tender import TenderSource
from monitor import regroup
from monitor.cli.base import App, Group, at_home, command, opened, option, plain, write_json
from monitor.cli.telling import Telling, rows
from monitor.currency import Rate, RateError
from monitor.exports.lines import as_line, number
from monitor.household import Household
from monitor.i18n import Language
from monitor.merging import MERGE_RULES
from monitor.web.operators import LETTERS, STATES

AN_ID = "6f1c5a0e-0000-5000-8000-000000000000"
MOST_TELLINGS = 10_000
"""Listed of one tender."""


# What programs are told ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkLine:
    """Why a notice belongs to its tender: the rule, the notice it was held against, and what both have."""

    rule: str
    text: str
    notice: str
    shared: list[str]


@dataclass(frozen=True, slots=True)
class NoticeLine:
    notice: str
    source: str
    key: str
    document_url: str | None
    link: LinkLine | None


@dataclass(frozen=True, slots=True)
class AwardLine:
    source: str
    key: str
    supplier: str
    amount: int | float | None
    date: str


@dataclass(frozen=True, slots=True)
class EventLine:
    sequence: int
    at: str
    kind: str
    source: str | None
    """The source whose crawl brought it; null where nothing was crawled."""
    changes: list[FieldChange]


@dataclass(frozen=True, slots=True)
class VersionLine:
    number: int
    recorded_at: str
    changes: list[FieldChange]


@dataclass(frozen=True, slots=True)
class VersionsLine:
    notice: str
    source: str
    key: str
    versions: list[VersionLine]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line of ``tenders history --json``."""

    id: str
    events: list[EventLine]
    notices: list[VersionsLine]


def _notice_line(source: TenderSource) -> NoticeLine:
    link = source.link
    why = (
        LinkLine(link.rule, MERGE_RULES.get(link.rule, link.rule), str(link.notice_id), [*link.shared])
        if link
        else None
    )
    return NoticeLine(str(source.notice_id), source.source, source.key, source.document_url, why)


def _award_line(award: Award) -> AwardLine:
    amount = None if award.amount is None else number(award.amount)
    return AwardLine(award.source, award.key, award.supplier, amount, award.date.isoformat())


def _event_line(event: TenderEvent, source: str | None) -> EventLine:
    return EventLine(event.sequence, tokyo_iso(event.at), event.kind, source, [*event.changes])


def _versions_line(source: TenderSource, versions: Iterable[Version]) -> VersionsLine:
    told = [VersionLine(one.number, tokyo_iso(one.recorded_at), [*one.changes]) for one in versions]
    return VersionsLine(str(source.notice_id), source.source, source.key, told)


# Looking -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Past:
    """What happened to a tender; ``crawled`` has the sources of the runs that found it."""

    events: Sequence[TenderEvent]
    crawled: Mapping[UUID, str]

    def source(self, event: TenderEvent) -> str | None:
        return self.crawled.get(event.run_id)


def _past(session: Session, tender_id: UUID) -> _Past:
    events = events_of(session, tender_id)
    runs = {event.run_id: session.get(Run, event.run_id) for event in events}
    return _Past(events, {id: run.source for id, run in runs.items() if run})


def _found(session: Session, tender: UUID) -> Card:
    found = card(session, tender)
    if found is None:
        raise RecordError("{id}: there is no such tender; find it with: monitor search", id=tender)
    return found


def telling(app: App, house: Household) -> Telling:
    """How findings are told here and now; without a rate that can be used, in yen alone."""
    rate: Rate | None = None
    try:
        rate = house.config.rate()
    except RateError as error:
        app.say("values are shown in yen alone: {why}", why=app.language.say(error.saying))
    return Telling(app.language, house.sources, house.clock(), rate)


def _write(app: App, line: str) -> None:
    app.out.print(plain(line), markup=False, soft_wrap=True)


@command("show", N_("Show everything that is known of a tender."), example=f"monitor tenders show {AN_ID}")
@click.argument("tender", type=click.UUID)
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON."))
@at_home
@click.pass_obj
def show(app: App, tender: UUID, json_: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        found = _found(session, tender)
        past = _past(session, found.id)
        won = awards.of_tenders(session, [found.id]).get(found.id, [])
        if json_:
            write_json(
                msgspec.to_builtins(as_line(found))
                | {
                    "notices": [_notice_line(source) for source in found.sources],
                    "awards": [_award_line(award) for award in won],
                    "events": [_event_line(event, past.source(event)) for event in past.events],
                }
            )
            return
        language = app.language
        names = house.area_names(language.code)
        told = telling(app, house)
        places = [language.text("at: {area}", area=names.get(one.area, one.area)) for one in found.venues]
        app.table(
            ["", ""],
            rows(
                [
                    *told.facts(found),
                    *told.dated(found),
                    (
                        language.text("focus areas"),
                        [language.join([*(names.get(one.area, one.area) for one in found.areas), *places])],
                    ),
                    (language.text("results"), told.awards(won)),
                    (language.text("its notices"), told.notices(found.sources)),
                    (language.text("the notices differ"), told.differences(found)),
                    (language.text("history"), [told.event(event, past.source(event)) for event in past.events]),
                    (language.text("id"), [str(found.id)]),
                ]
            ),
        )


@command(
    "history",
    N_(
        "Show what happened to a tender, which source told of it, and what each version of its notices changed; of "
        "long texts the place of the first difference."
    ),
    example=f"monitor tenders history {AN_ID}",
)
@click.argument("tender", type=click.UUID)
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON."))
@at_home
@click.pass_obj
def history(app: App, tender: UUID, json_: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        found = _found(session, tender)
        past = _past(session, found.id)
        versions = notices.versions(session, [source.notice_id for source in found.sources])
        if json_:
            write_json(
                HistoryLine(
                    str(found.id),
                    [_event_line(event, past.source(event)) for event in past.events],
                    [_versions_line(source, versions.get(source.notice_id, ())) for source in found.sources],
                )
            )
            return
        language = app.language
        told = telling(app, house)
        _write(app, found.title)
        app.table(
            [N_("when"), N_("source"), N_("what happened")],
            [
                (
                    language.moment(event.at),
                    past.source(event),
                    "\n".join([event_text(event.kind, language), *map(told.change, event.changes)]),
                )
                for event in past.events
            ],
        )
        app.out.print()
        app.table(
            [N_("when"), N_("its notices"), N_("version"), N_("what changed")],
            [
                (
                    language.moment(version.recorded_at),
                    f"{source.source}:{source.key}",
                    language.number(version.number),
                    "\n".join(map(told.change, version.changes)) or language.text("recorded for the first time"),
                )
                for source in found.sources
                for version in versions.get(source.notice_id, ())
            ],
            right=(2,),
        )


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A line of ``tenders told --json``; ``letter`` and ``state``: null while no letter has been made."""

    email: str
    search: str
    sequence: int
    event: str
    found_at: str
    letter: str | None
    state: str | None
    told_at: str | None


@command(
    "told",
    N_("Show who was told of a tender, of which event, when and by which letter, newest event first."),
    example=f"monitor tenders told {AN_ID}",
)
@click.argument("tender", type=click.UUID)
@option("--json", "json_", is_flag=True, help=N_("Write a line of JSON for each."))
@option("--link", is_flag=True, help=N_("Only print the address of the page that shows it; it holds for a day."))
@at_home
@click.pass_obj
def told(app: App, tender: UUID, json_: bool, link: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        found = _found(session, tender)
        if link:
            _write(app, house.site.told_url(house.links.token(Purpose.TOLD, found.id, now=house.clock())))
            return
        tellings = deliveries.tellings_of(session, found.id, limit=MOST_TELLINGS + 1)
        more, tellings = len(tellings) > MOST_TELLINGS, tellings[:MOST_TELLINGS]
    language = app.language
    if json_:
        for one in tellings:
            told_at = tokyo_iso(one.sent_at) if one.sent_at else None
            found_at = tokyo_iso(one.matched_at)
            write_json(
                ToldLine(one.email, one.search, one.sequence, one.event, found_at, one.letter, one.state, told_at)
            )
    else:
        _write(app, found.title)
        app.table(
            [
                *(N_("subscriber"), N_("saved search"), N_("what happened")),
                *(N_("found here"), N_("letter"), N_("told")),
            ],
            [
                (
                    one.email,
                    one.search,
                    event_text(one.event, language),
                    language.moment(one.matched_at),
                    language.text(LETTERS[one.letter]) if one.letter else "",
                    _told_text(one, language),
                )
                for one in tellings
            ],
        )
        if not tellings:
            app.say(
                "Nobody was told of it: no saved search fits, or it came with a first crawl or a back-fill, which "
                "alert nobody."
            )
    if more:
        app.say("there are more than {count}; these are the newest", count=language.number(MOST_TELLINGS))


def _told_text(one: TellingOf, language: Language) -> str:
    if one.sent_at is not None:
        return language.moment(one.sent_at)
    return language.text(STATES[one.state]) if one.state else language.text("waits, or is told by feed only")


# Deciding ------------------------------------------------------------------------------------------------


def _named_notice(text: str) -> UUID:
    """The id of a notice that is named by it, or as source:key."""
    try:
        return UUID(text)
    except ValueError:
        source, colon, key = text.partition(":")
        if not (source and colon and key):
            raise RecordError(
                "{notice}: write the id of a notice, or its source and key as `monitor tenders show` has them: kkj:123",
                notice=text,
            ) from None
        return notice_id(source, key)


@command(
    "split",
    N_(
        "Take a notice out of its tender, so that it is a tender of its own. Reading again does not undo it, and nobody "
        "is alerted."
    ),
    example="monitor tenders split kkj:123",
)
@click.argument("notice")
@at_home
@click.pass_obj
def split(app: App, notice: str, config: Path | None, home: Path | None) -> None:
    id = _named_notice(notice)
    with opened(config, home) as house:

        def work(session: Session) -> tuple[Card, Card]:
            if not tenders_of(session, [id]):
                raise RecordError(
                    "{notice}: there is no such notice; `monitor tenders show` has the notices of a tender",
                    notice=notice,
                )
            left, own = regroup.split(session, id, now=house.clock())
            return _found(session, left), _found(session, own)

        left, own = house.database.write(work)
    language = app.language
    for line in (
        language.text("a tender of its own now: {id} {title}", id=own.id, title=own.title),
        language.ntext(
            "{count} notice stays with: {id} {title}",
            "{count} notices stay with: {id} {title}",
            len(left.sources),
            id=left.id,
            title=left.title,
        ),
        language.text("the rules leave it so; monitor tenders merge takes it back"),
    ):
        _write(app, line)


@command(
    "merge",
    N_(
        "Make two tenders one: the one that was found first keeps its id, and the other id leads to it. Reading again "
        "does not undo it, and nobody is alerted."
    ),
    example=f"monitor tenders merge {AN_ID} 0f1c5a0e-0000-5000-8000-000000000001",
)
@click.argument("first", metavar="TENDER", type=click.UUID)
@click.argument("second", metavar="TENDER", type=click.UUID)
@at_home
@click.pass_obj
def merge(app: App, first: UUID, second: UUID, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:

        def work(session: Session) -> tuple[Card, UUID]:
            before = [resolve(session, id) for id in (first, second)]
            kept = regroup.join(session, first, second, now=house.clock())
            (gone,) = (id for id in before if id != kept)
            return _found(session, kept), gone

        kept, gone = house.database.write(work)
    language = app.language
    for line in (
        language.ntext(
            "one tender of {count} notice now: {id} {title}",
            "one tender of {count} notices now: {id} {title}",
            len(kept.sources),
            id=kept.id,
            title=kept.title,
        ),
        language.text("{id} leads to it; the rules leave it so, and monitor tenders split takes it back", id=gone),
    ):
        _write(app, line)


tenders_group = Group(
    "tenders",
    help=N_("Single tenders."),
    example=f"monitor tenders show {AN_ID}",
    commands=[show, history, told, split, merge],
)
