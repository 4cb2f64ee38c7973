"""The one flow, from a source's answer to a match.

    crawl     fetch ⇄ parse; every raw answer goes to the archive    ▶ ScrapedNotice | ScrapedAward …
    record    new | changed (field by field) | same                  ▶ Notice, NoticeVersion; Award, Supplier
    read      areas, dates, money, access, English: pure, per version ▶ Reading
    merge     which tender is this? (explained, revocable)           ▶ Tender id, Link
    compose   the tender from its notices and readings               ▶ Tender, TenderEvent
    match     which saved searches does each event concern?          ▶ Match

From record to match a batch is one transaction: all of it is kept, or nothing. Repeating any of it changes
nothing. How a source fails is a value in its Run, and the other sources go on.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlmodel import Session

from alerts.matching import Matcher
from db import awards, calling, deliveries, merges, notices, results, runs, subscribers, tenders, translations, twins
from db.archive import Archive
from db.awards import Counted, Titled
from db.composing import compose
from db.deliveries import NewMatch
from db.engine import Database
from db.errors import TakenOver
from db.history import Answer, Run
from db.notices import Outcome, ReadNotice, Recorded
from db.tenders import Moved
from db.vocabulary.award import ScrapedAward, supplier_id
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import Saying, Told
from db.vocabulary.notice import FieldChange, NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading
from db.vocabulary.run import Coverage, Problem, RunMode, RunState
from db.vocabulary.tender import ComposedTender, EventKind, TenderChange
from monitor import merging
from monitor.memory import asked
from monitor.reading.identity import award_keys
from scrapers.errors import Refused, ScrapeError
from scrapers.source import Fetch, Page, Request, Source, Window, crawl

log = logging.getLogger(__name__)

BATCH = 500
"""Notices, or awards, in one transaction."""
PROBLEMS_LISTED = 50
"""Parts that could not be read and that a run lists one by one."""
BATCH_OF_AWARDS = 5_000
"""Awards whose areas are read again in one transaction: they are small."""
BATCH_CHARACTERS = 8_000_000
"""Of text in one transaction, where notices are long."""
PRESSING = ("deadline", "response_deadline")
"""The fields whose change whoever knows of the tender is told of at once."""
SEARCHES_STAY = timedelta(minutes=1)
"""After which a run looks for searches that came meanwhile: it may take hours, and what it takes in comes only once."""
SIGN_OF_LIFE = timedelta(minutes=3)
"""How often a run without notices still shows that it goes on."""


class Reader(Protocol):
    """Reads notices; ``revision`` changes whenever it would read anything differently."""

    @property
    def revision(self) -> str: ...

    def read(self, notice: ScrapedNotice) -> Reading: ...


class TitleReader(Protocol):
    """Reads the focus areas of a title; ``revision`` changes whenever it would find others."""

    @property
    def revision(self) -> str: ...

    def read_parts(self, title: str) -> Reading: ...


@dataclass(frozen=True, slots=True)
class Flow:
    """What the flow works with; nothing of it is global."""

    database: Database
    archive: Archive
    reader: Reader
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False
    """Whether the program is about to end; asked before each request."""
    matcher: Matcher = field(default_factory=Matcher)
    """All saved searches; each run brings it up to date, which costs little where little changed."""
    titles: TitleReader | None = None
    """Reads the areas of awards, which have no text; without it they only have those of their tenders."""


@dataclass(slots=True)
class Progress:
    """A run under way, for whoever watches."""

    source: str
    requests: int = 0
    found: int = 0
    new: int = 0
    changed: int = 0


@dataclass(slots=True)
class _Visit:
    """What a run has gathered and not yet written down."""

    run: Run
    parser: str
    progress: Progress
    alive_at: datetime
    read_since: date | None
    searches_at: datetime | None = None
    """When it last looked which saved searches there are."""
    characters: int = 0
    answers: list[Answer] = field(default_factory=list)
    notices: list[ScrapedNotice] = field(default_factory=list)
    awards: list[ScrapedAward] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    unlisted: int = 0


class Stopped(Told):
    """The program ends: the run was not let finish."""


class OverLimit(Told):
    """The run has used up its requests or its time."""


def run_source(
    flow: Flow,
    source: Source,
    fetch: Fetch,
    *,
    mode: RunMode | None = None,
    since: date | None = None,
    until: date | None = None,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Run:
    """Crawl one source and take everything in; the Run says how it went.

    Without a mode the run is the source's first, which alerts nobody, or a regular one: it asks for the
    source's look-back, and for what earlier failures left out. Raises Busy where another process crawls the
    source, and RecordError where the record itself fails; everything else is told in the Run.
    """
    now = flow.clock()
    run, read_since = flow.database.write(lambda session: _begin(session, source, mode, since, until, now))
    visit = _Visit(run, source.parser, Progress(source.slug), now, read_since)
    window = Window(run.since, run.until, to_tokyo(now))
    try:
        error = _visit(flow, source, window, _archiving(flow, source, fetch, visit, watch), visit, watch)
        # What was parsed before a failure is sound: it is kept.
        _take_in(flow, visit)
        watch(visit.progress)
        return _end(flow, visit, error)
    except TakenOver:
        raise  # another process says how the run ended
    except BaseException as error:
        saying = error.saying if isinstance(error, Told) else _defect(source, error)
        try:
            ended = _end(flow, visit, saying)
        except Exception as also:  # noqa: BLE001 (the first error is the one to tell)
            # The next run finds this one unfinished and says so.
            log.error("run could not be ended", extra={"source": source.slug, "why": str(also)})
            raise error from None
        if isinstance(error, Told) or not isinstance(error, Exception):
            raise
        return ended


def _defect(source: Source, error: BaseException) -> Saying:
    log.error("run broken off", extra={"source": source.slug}, exc_info=error)
    return Saying(
        "the run was broken off ({why}); the log has more, the next run makes it good", {"why": repr(error)}
    )


def _visit(
    flow: Flow, source: Source, window: Window, fetch: Fetch, visit: _Visit, watch: Callable[[Progress], None]
) -> ScrapeError | Stopped | OverLimit | Saying | None:
    """Gather the findings of a crawl, batch after batch; returns what ended it early."""
    try:
        for finding in crawl(source, window, fetch):
            match finding:
                case ScrapedNotice():
                    visit.notices.append(finding)
                    visit.characters += len(finding.text)
                    if len(visit.notices) == BATCH or visit.characters > BATCH_CHARACTERS:
                        _take_in(flow, visit)
                        watch(visit.progress)
                case ScrapedAward():
                    visit.awards.append(finding)
                    if len(visit.awards) == BATCH:
                        _take_in(flow, visit)
                        watch(visit.progress)
                case Coverage():
                    visit.coverage.append(finding)
                case Problem():
                    told = {"source": source.slug, "part": finding.part, "why": str(finding.saying)}
                    log.warning("part not read", extra=told)
                    if len(visit.problems) < PROBLEMS_LISTED:
                        visit.problems.append(finding)
                    else:
                        visit.unlisted += 1
    except (ScrapeError, Stopped, OverLimit) as error:
        return error
    except Told:
        raise
    except Exception as error:  # noqa: BLE001 (a defect in one source is not the end of the others)
        return _defect(source, error)
    return None


def regular_since(session: Session, source: Source, now: datetime) -> date:
    """The first day that a regular run asks for: the look-back before the day up to which the source was read."""
    today = to_tokyo(now).date()
    last = runs.last_regular(session, source.slug)
    read_up_to = min(today, last.until or to_tokyo(last.started_at).date()) if last else today
    chosen = source.options.look_back_days
    return read_up_to - timedelta(days=source.look_back_days if chosen is None else chosen)


def _begin(
    session: Session, source: Source, mode: RunMode | None, since: date | None, until: date | None, now: datetime
) -> tuple[Run, date | None]:
    """The run, and the day since which the source was read the time before: what is older cannot be news."""
    last = runs.last_regular(session, source.slug)
    scope = ",".join(source.options.prefectures)
    if mode is None:
        known = runs.first_crawl_done(session, source.slug) and last is not None and last.scope == scope
        mode = RunMode.REGULAR if known else RunMode.FIRST
    if since is None:
        since = regular_since(session, source, now)
        if mode == RunMode.FIRST and (left_out := runs.left_out_since(session, source.slug, scope)) is not None:
            since = min(since, left_out)
    run = runs.begin(
        session,
        source.slug,
        mode=mode,
        since=since,
        until=until,
        now=now,
        who=runs.owner(),
        scope=scope,
    )
    return run, last.since if last else None


def _refresh_searches(flow: Flow, visit: _Visit, now: datetime) -> None:
    """Match with the saved searches as they are now, or were a moment ago."""
    if visit.searches_at is not None and visit.searches_at <= now < visit.searches_at + SEARCHES_STAY:
        return
    visit.searches_at = now
    with flow.database.reading() as session:
        stored = subscribers.live_searches(session)
    flow.matcher.refresh(stored)
    for unreadable in flow.matcher.unreadable:
        told = {"search": str(unreadable.search.id), "why": str(unreadable.error)}
        log.error("saved search cannot be read", extra=told)


def _archiving(flow: Flow, source: Source, fetch: Fetch, visit: _Visit, watch: Callable[[Progress], None]) -> Fetch:
    """The fetch that keeps every raw answer before anybody reads it, and keeps the run within its limits."""
    over_at = visit.run.started_at + source.time_limit

    def fetch_and_keep(request: Request) -> Page:
        if flow.stopping():
            raise Stopped("the run was stopped; what it had read is kept, the next one goes on")
        # Neither is a ScrapeError: a source must not take it for a part of it that failed.
        if visit.progress.requests >= source.request_limit:
            raise OverLimit(
                "stopped after {count} requests, its limit; what it had read is kept. Ask for fewer days, "
                "or raise max_requests under [source.{source}]",
                count=source.request_limit,
                source=source.slug,
            )
        if flow.clock() >= over_at:
            raise OverLimit(
                "stopped after {minutes} minutes, its limit; what it had read is kept. Ask for fewer days, "
                "or raise max_minutes under [source.{source}]",
                minutes=int(source.time_limit.total_seconds() // 60),
                source=source.slug,
            )
        page = fetch(request)
        now = flow.clock()
        flow.archive.put(page.open(), page.digest)
        visit.progress.requests += 1
        visit.answers.append(
            Answer(
                run_id=visit.run.id,
                number=visit.progress.requests,
                request=asked(request),
                status=page.status,
                fetched_at=now,
                digest=page.digest,
                size=page.size,
                content_type=page.content_type,
                etag=page.headers.get("etag"),
                last_modified=page.headers.get("last-modified"),
            )
        )
        if now - visit.alive_at > SIGN_OF_LIFE:
            flow.database.write(lambda session: runs.keep_alive(session, visit.run, now=now))
            visit.alive_at = now
        watch(visit.progress)
        return page

    return fetch_and_keep


def _take_in(flow: Flow, visit: _Visit) -> None:
    """Record, read, merge, compose and match what was gathered, in one transaction. Awards alert nobody."""
    batch, won, answers = visit.notices, visit.awards, visit.answers
    if not batch and not won and not answers:
        return
    now = flow.clock()
    if batch and visit.run.mode == RunMode.REGULAR:  # no other alerts anybody
        _refresh_searches(flow, visit, now)

    def work(session: Session) -> tuple[list[Recorded], Counted]:
        merges.one_at_a_time(session)
        runs.keep_alive(session, visit.run, now=now)
        runs.keep_answers(session, answers)
        counted = awards.record(session, won, run_id=visit.run.id, now=now)
        twins.mark(session, {supplier_id(one.supplier, one.corporate_number) for one in won})
        recorded = notices.record(session, batch, run_id=visit.run.id, now=now, parser=visit.parser)
        fresh = {one.id for one in recorded if one.outcome is not Outcome.SAME}
        said_now = fresh - {one.id for one in recorded if one.reparsed}

        def alerts(change: TenderChange) -> bool:
            return _is_news(visit, change) and _has(change.tender, said_now)

        composed = read_and_compose(session, flow.reader, recorded, now=now)
        read_awards(session, flow, ids=counted.written, notice_ids=fresh)
        # With a tender that another notice left, or that left another one, nothing happened by that.
        tenders.store_quietly(session, [one for one in composed if not _has(one, fresh)], now=now)
        news = [one for one in composed if _has(one, fresh)]
        changes = tenders.store(session, news, run_id=visit.run.id, now=now, alerts=alerts)
        decided = linked_results(session, won, apart={one.id for one in composed})
        tenders.store(session, decided, run_id=visit.run.id, now=now, alerts=lambda change: False)
        told = [change for change in changes if alerts(change)]
        matches = _with_who_knows(session, told, flow.matcher.match(told, now=to_tokyo(now)))
        deliveries.add_matches(session, matches, now=now)
        calling.add_calls(session, matches, now=now)
        return recorded, counted

    recorded, counted = flow.database.write(work)
    visit.notices, visit.characters, visit.awards, visit.answers, visit.alive_at = [], 0, [], [], now
    visit.progress.found += len(recorded) + counted.found
    visit.progress.new += sum(one.outcome is Outcome.NEW for one in recorded) + counted.new
    visit.progress.changed += sum(one.outcome is Outcome.CHANGED for one in recorded) + counted.changed


def _is_news(visit: _Visit, change: TenderChange) -> bool:
    """Whether readers are to be told. A tender from days that were never asked for before is found, not new."""
    if visit.run.mode != RunMode.REGULAR or change.kind is EventKind.JOINED:
        return False
    if change.kind is EventKind.AWARDED:  # by a notice, and not by award data
        return any(one.kind is NoticeKind.AWARD for one in change.tender.sources)
    return change.sequence > 1 or visit.read_since is None or change.tender.published >= visit.read_since


def _with_who_knows(session: Session, changes: Sequence[TenderChange], matches: Iterable[NewMatch]) -> list[NewMatch]:
    """Matches, and with them everybody who knows of a tender that is cancelled, or no longer, or whose deadline moved.

    They are told whether or not their search still finds it, and at once if a letter told of it: who works on a bid
    must not wait for the end of a window.
    """
    found = {(one.saved_search_id, one.tender_id, one.sequence): one for one in matches}
    pressing = {
        change.tender.id: change.sequence
        for change in changes
        if change.kind is EventKind.CANCELLED or any(_presses(one) for one in change.changes)
    }
    for one in deliveries.known(session, pressing):
        key = (one.saved_search_id, one.tender_id, pressing[one.tender_id])
        match = found.get(key) or NewMatch(*key, why=())
        found[key] = replace(match, at_once=match.at_once or one.told)
    return list(found.values())


def _presses(change: FieldChange) -> bool:
    """Whether who knows of a tender must hear of a change at once: a deadline moved, or it is no longer cancelled."""
    return change.field in PRESSING or (change.field == "kind" and change.before == NoticeKind.CANCELLATION)


def _has(tender: ComposedTender, notice_ids: Set[UUID]) -> bool:
    return any(one.notice_id in notice_ids for one in tender.sources)


def read_and_compose(
    session: Session, reader: Reader, recorded: Sequence[Recorded], *, now: datetime
) -> list[ComposedTender]:
    """Read the versions that are new, and compose the tenders that they belong to."""
    fresh = [
        ReadNotice(
            one.id, one.tender_id, one.version, one.notice, reader.read(one.notice), one.link, one.first_seen_at
        )
        for one in recorded
        if one.outcome is not Outcome.SAME
    ]
    notices.store_readings(
        session, {(one.id, one.version): one.reading for one in fresh}, revision=reader.revision, now=now
    )
    return composed(session, merge(session, fresh))


def read_awards(
    session: Session, flow: Flow, *, ids: Collection[UUID] = (), notice_ids: Collection[UUID] = ()
) -> None:
    """Read the areas of awards that are new or say something else, and of those that were read out of notices."""
    if flow.titles is not None:
        found = awards.unread_among(session, flow.titles.revision, ids=ids, notice_ids=notice_ids)
        _read_titles(session, flow.titles, found)


def read_awards_again(
    flow: Flow, *, everything: bool = False, watch: Callable[[int], None] = lambda read: None
) -> int:
    """Read the areas of awards again after the areas changed: of all, or of those that an older lexicon read.

    Batch by batch, as ``read_again``. Returns how many were read, and tells ``watch`` meanwhile.
    """
    titles = flow.titles
    if titles is None:
        return 0
    revision = None if everything else titles.revision
    after: UUID | None = None
    read = 0

    def work(session: Session) -> Sequence[Titled]:
        # Found and read in one transaction: a crawl may take an award away, or give it another title.
        batch = awards.unread(session, revision, after=after, limit=BATCH_OF_AWARDS)
        _read_titles(session, titles, batch)
        return batch

    while batch := flow.database.write(work):
        read += len(batch)
        after = batch[-1].id
        watch(read)
    return read


def _read_titles(session: Session, titles: TitleReader, found: Sequence[Titled]) -> None:
    read = {one.id: titles.read_parts(one.title).areas for one in found}
    awards.store_areas(session, read, revision=titles.revision)


def merge(session: Session, fresh: Sequence[ReadNotice]) -> dict[UUID, ReadNotice | None]:
    """Put notices that were just read with the tenders that they belong to.

    Returns every tender that this touches; where one consists of a new notice alone, with that notice.
    """
    identities = {one.id: one.reading.identity for one in fresh}
    keys = {id: merging.index_keys(identity) for id, identity in identities.items() if identity is not None}
    merges.store_keys(session, keys)
    decisions = merges.decisions(session, list(identities))
    wanted = {key for some in keys.values() for key in some}
    shared = merges.tenders_by_key(session, wanted)
    related = {tender for some in shared.values() for tender in some} | {one.tender_id for one in fresh}
    related |= merges.tenders_of(session, {id for pair in decisions for id in pair})
    known = {one.id: one for one in merges.members(session, related)}
    merged = merging.merge(
        [one for one in known.values() if one.id in keys],
        [one for one in known.values() if one.id not in keys],
        merges.decisions(session, list(known)),
        common=wanted - shared.keys(),
        occupied=merges.occupied(session, {own for id in known for own in merging.own_ids(id)} - related),
    )
    merges.move(session, merged.tender_of, merged.links)
    merges.part(session, merged.revived)
    merges.absorb(session, merged.aliases)
    now_of = {one.id: one.tender_id for one in known.values()} | merged.tender_of
    notices_in = Counter(now_of.values())
    # Such a notice has no link: with the record's own there is nothing to look up.
    touched: dict[UUID, ReadNotice | None] = {
        now_of[one.id]: one if one.version == 1 and one.link is None and notices_in[now_of[one.id]] == 1 else None
        for one in fresh
    }
    # Where people keep two of one case apart, the one that was seen first has its results.
    eldest_last = sorted(known.values(), key=lambda one: (one.first_seen_at, one.id), reverse=True)
    cases = {case: now_of[one.id] for one in eldest_last for case in merging.case_numbers(one.identity)}
    relinked = awards.link(session, cases, of=set(now_of.values()))
    results.store(session, [replace(one, tender_id=now_of[one.id]) for one in fresh])
    results.follow(session, now_of)
    moved = {now_of[id] for id in merged.links}
    for tender in (*merged.left, *sorted({*merged.tender_of.values(), *moved, *relinked})):
        touched.setdefault(tender, None)
    return touched


def composed(session: Session, touched: Mapping[UUID, ReadNotice | None]) -> list[ComposedTender]:
    """Tenders as the record has them now; one that consists of the notice given with it needs no look into it."""
    parts = {id: [alone] for id, alone in touched.items() if alone is not None}
    parts |= _parts(session, sorted(touched.keys() - parts.keys()))
    titles = {part.notice.title for some in parts.values() for part in some if part.notice.title_en is None}
    translated = translations.known(session, titles)
    decided = awards.decided_on(session, list(parts))
    return [
        compose(id, merging.order(parts[id]), translated=translated, awarded=decided.get(id))
        for id in touched
        if id in parts
    ]


def linked_results(session: Session, won: Sequence[ScrapedAward], *, apart: set[UUID]) -> list[ComposedTender]:
    """The tenders of which awards are results, with these; without those that are composed anyway."""
    keys = {award.case_number: award_keys(award) for award in won if award.case_number}
    shared = merges.tenders_by_key(session, {key for some in keys.values() for key in some})
    tender_of = {
        case: found[0] for case, some in keys.items() if (found := [id for key in some for id in shared.get(key, ())])
    }
    return composed(session, dict.fromkeys(sorted(awards.link(session, tender_of) - apart)))


@dataclass(slots=True)
class AreaMoves:
    """How many tenders an area had before reading again, and what came and went; the first few of each by name."""

    before: int = 0
    added: int = 0
    removed: int = 0
    examples_added: list[Moved] = field(default_factory=list)
    examples_removed: list[Moved] = field(default_factory=list)

    @property
    def after(self) -> int:
        return self.before + self.added - self.removed


@dataclass(slots=True)
class ReadAgain:
    """What reading again came to: notices read, tenders whose areas changed, and the moves of each area by slug."""

    read: int = 0
    moved: int = 0
    areas: dict[str, AreaMoves] = field(default_factory=dict)

    def take(self, moved: Sequence[Moved], *, examples: int) -> None:
        """Count tenders whose areas changed, and keep the first as examples: memory does not grow with them."""
        self.moved += len(moved)
        for one in moved:
            for area in one.added:
                into = self.areas.setdefault(area, AreaMoves())
                into.added += 1
                if len(into.examples_added) < examples:
                    into.examples_added.append(one)
            for area in one.removed:
                out_of = self.areas.setdefault(area, AreaMoves())
                out_of.removed += 1
                if len(out_of.examples_removed) < examples:
                    out_of.examples_removed.append(one)


def read_again(
    flow: Flow,
    *,
    everything: bool = False,
    examples: int = 0,
    watch: Callable[[ReadAgain], None] = lambda report: None,
) -> ReadAgain:
    """Read notices again after the areas changed: all, or those that an older lexicon read. Alerts nobody.

    Batch by batch, each a transaction of its own, so that it can be broken off and begun again at any point.
    Returns what moved, with up to so many ``examples`` for each area and direction. What is collected meanwhile is
    in none of the counts.
    """
    with flow.database.reading() as session:
        report = ReadAgain(
            areas={area: AreaMoves(count) for area, count in sorted(tenders.area_counts(session).items())}
        )
    after: UUID | None = None
    revision = None if everything else flow.reader.revision
    while True:
        with flow.database.reading() as session:
            batch = notices.unread(session, revision, after=after, limit=BATCH)
        if not batch:
            return report
        now = flow.clock()

        def work(session: Session, batch: Sequence[ReadNotice] = batch, now: datetime = now) -> list[Moved]:
            merges.one_at_a_time(session)
            reread = [replace(one, reading=flow.reader.read(one.notice)) for one in batch]
            notices.store_readings(
                session,
                {(one.id, one.version): one.reading for one in reread},
                revision=flow.reader.revision,
                now=now,
            )
            return tenders.store_quietly(session, composed(session, merge(session, reread)), now=now)

        report.take(flow.database.write(work), examples=examples)
        report.read += len(batch)
        after = batch[-1].id
        watch(report)


def _parts(session: Session, tender_ids: Sequence[UUID]) -> dict[UUID, list[ReadNotice]]:
    found: dict[UUID, list[ReadNotice]] = {}
    for notice in notices.read_notices(session, tender_ids):
        found.setdefault(notice.tender_id, []).append(notice)
    return found


def _end(flow: Flow, visit: _Visit, error: ScrapeError | Stopped | OverLimit | Saying | None) -> Run:
    run, progress = visit.run, visit.progress
    run.requests, run.found, run.new, run.changed = progress.requests, progress.found, progress.new, progress.changed
    if visit.unlisted:
        more = Saying("{count} further parts could not be read either; see the log", {"count": str(visit.unlisted)})
        visit.problems.append(Problem("", more))

    def work(session: Session) -> Run:
        saying: Saying | None
        if isinstance(error, Refused):
            state, saying = RunState.REFUSED, error.saying
        elif isinstance(error, Stopped):
            state, saying = RunState.STOPPED, error.saying
        elif error is not None:
            state, saying = RunState.FAILED, error if isinstance(error, Saying) else error.saying
        elif (saying := _suspicious(session, run)) is not None:
            state = RunState.FAILED
        else:
            state = RunState.PARTIAL if visit.problems else RunState.OK
        return runs.end(
            session,
            run,
            state=state,
            now=flow.clock(),
            error=saying,
            problems=visit.problems,
            coverage=visit.coverage,
        )

    ended = flow.database.write(work)
    log.info(
        "run ended",
        extra={
            "source": run.source,
            "state": ended.state,
            "found": ended.found,
            "new": ended.new,
            "changed": ended.changed,
        },
    )
    return ended


def _suspicious(session: Session, run: Run) -> Saying | None:
    """Nothing found where there was something before is a failure, not an answer."""
    if run.found or run.mode != RunMode.REGULAR:
        return None
    last = runs.last_regular(session, run.source)
    if last is None or not last.found or _days(last) > 2 * _days(run):
        return None
    return Saying(
        "found nothing, where {count} were found on {day}; look at the source's page, it may have changed",
        {"count": str(last.found), "day": str(to_tokyo(last.started_at).date())},
    )


def _days(run: Run) -> int:
    """How many days a run asked for."""
    return ((run.until or to_tokyo(run.started_at).date()) - run.since).days + 1
