"""Commands about sources: how each is doing, trying one, beginning a new one; and the line for cron."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import click
import msgspec

from db import deliveries
from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.labels import KINDS, RUN_STATES
from db.vocabulary.messages import N_, Told
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem, RunState
from monitor.cli.base import App, Group, at_home, command, opened, option, plain, write_json
from monitor.cli.collecting import Day, error_of
from monitor.exports import dump
from monitor.health import ROBOTS, Robots, SourceState, source_states
from monitor.household import Ended, Household
from monitor.i18n import Language
from monitor.scaffold import record
from scrapers.errors import ScrapeError
from scrapers.source import Finding, Page, Request, Source, Window, crawl

LETTERS_LATE = timedelta(hours=6)
"""A letter that is not sent so long after its window ended is worth a look."""
SHOWN = 10
"""Findings that a trial shows before it ends."""


def _age(language: Language, moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return language.text("never")
    hours = int((now - moment).total_seconds() // 3600)
    if hours < 0:
        return language.text("in the future: a clock was wrong")
    if hours == 0:
        return language.text("less than an hour ago")
    if hours < 48:
        return language.ntext("{count} hour ago", "{count} hours ago", hours)
    return language.ntext("{count} day ago", "{count} days ago", hours // 24)


def _states(house: Household) -> list[SourceState]:
    with house.database.reading() as session:
        return source_states(session, house.turns(), now=house.clock())


def _state_name(language: Language, state: SourceState) -> str:
    run = state.health.last_run
    if run is None:
        return language.text("never run")
    if state.health.suspicious:
        return language.text("suspicious")
    return language.text(RUN_STATES[RunState(run.state)])


def _trouble(language: Language, state: SourceState) -> str:
    """What is wrong with a source, in a line; empty where nothing is."""
    health = state.health
    run = health.last_run
    if run is None:
        return ""
    if health.suspicious:
        return language.text(
            "found {found}, where {usual} are usual; look at the source's page, it may have changed",
            found=language.number(run.found),
            usual=language.number(health.usually_found or 0),
        )
    return error_of(Ended(health.source, run), language)


@command(
    "list",
    N_("Show every source: how it is doing, what its last run found, and when it is asked next."),
    example="monitor sources list",
)
@option("--json", "json_", is_flag=True, help=N_("Write a line of JSON for each source."))
@at_home
@click.pass_obj
def list_sources(app: App, json_: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        now, states = house.clock(), _states(house)
        if json_:
            for state in states:
                write_json(_as_json(house, state))
            return
        language = app.language
        app.table(
            [
                N_("source"),
                N_("name"),
                N_("state"),
                N_("last success"),
                N_("found"),
                N_("new"),
                N_("changed"),
                N_("next try (Tokyo)"),
                N_("robots.txt"),
            ],
            [_row(house, state, now, language) for state in states],
            right=(4, 5, 6),
        )
        # Below the table and not in it: an error is a line that a person reads.
        for state in states:
            if said := _trouble(language, state):
                line = language.text("{source}: {why}", source=state.slug, why=said.removeprefix(f"{state.slug}: "))
                app.out.print(plain(line), markup=False, soft_wrap=True)


def _row(house: Household, state: SourceState, now: datetime, language: Language) -> tuple[object, ...]:
    source, run = house.sources[state.slug], state.health.last_run
    figures = (run.found, run.new, run.changed) if run else ()
    return (
        state.slug,
        source.name if language.code == "ja" else source.name_en,
        _state_name(language, state),
        _age(language, state.health.last_success_at, now),
        *(language.number(figure) for figure in figures),
        *([""] * (3 - len(figures))),
        language.text("at once") if state.next_try_at is None else f"{to_tokyo(state.next_try_at):%m-%d %H:%M}",
        language.text(ROBOTS[state.robots]) if run or state.robots is Robots.PERMITTED else "",
    )


def _as_json(house: Household, state: SourceState) -> dict[str, object]:
    health, run = state.health, state.health.last_run
    return {
        "source": state.slug,
        "name": house.sources[state.slug].name,
        "state": run.state if run else None,
        "failing": state.failing,
        "suspicious": health.suspicious,
        "last_success_at": health.last_success_at,
        "failing_since": health.failing_since,
        "found": run.found if run else None,
        "new": run.new if run else None,
        "changed": run.changed if run else None,
        "usually_found": health.usually_found,
        "next_try_at": state.next_try_at or house.clock(),
        "robots": state.robots,
        "error": str(run.error) if run and run.error else None,
        "problems": [f"{problem.part}: {problem.saying}" for problem in run.problems] if run else [],
    }


@dataclass(slots=True)
class _Verdict:
    """What cron is told of: each list holds sources as they are named to a person."""

    failing: list[str] = field(default_factory=list)
    suspicious: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def tell(self, app: App, fine: str) -> int:
        """Print it; the exit status."""
        language = app.language
        lines = (
            language.text("failing: {sources}", sources=language.join(self.failing)) if self.failing else "",
            language.text("suspicious: {sources}", sources=language.join(self.suspicious)) if self.suspicious else "",
            language.text(fine) if not self.failing and not self.suspicious else "",
            language.text("forbidden by robots.txt, and not read: {sources}", sources=language.join(self.refused))
            if self.refused
            else "",
        )
        for line in filter(None, lines):
            app.out.print(plain(line), markup=False, soft_wrap=True)
        return 1 if self.failing else 0


def _verdict(app: App, house: Household) -> _Verdict:
    language, now = app.language, house.clock()
    verdict = _Verdict()
    for state in _states(house):
        health = state.health
        if state.refused:
            verdict.refused.append(state.slug)
        elif state.failing:
            last = _age(language, health.last_success_at, now)
            verdict.failing.append(language.text("{source} (last success: {last})", source=state.slug, last=last))
        elif health.suspicious and health.last_run is not None:
            found, usual = health.last_run.found, health.usually_found or 0
            verdict.suspicious.append(
                language.text(
                    "{source} (found: {found}, usual: {usual})",
                    source=state.slug,
                    found=language.number(found),
                    usual=language.number(usual),
                )
            )
    return verdict


@command(
    "check",
    N_(
        "One line and an exit status for cron: is every enabled source fresh? Found suspiciously little is told, too."
    ),
    example="monitor sources check || mail -s 'monitor' admin@example.org",
)
@at_home
@click.pass_obj
def check_sources(app: App, config: Path | None, home: Path | None) -> int:
    with opened(config, home) as house:
        verdict = _verdict(app, house)
    return verdict.tell(app, N_("all sources that may be read are fresh"))


@command(
    "check",
    N_("One line and an exit status for cron: is every enabled source fresh, and did the letters leave?"),
    example="monitor check || mail -s 'monitor' admin@example.org",
)
@at_home
@click.pass_obj
def check(app: App, config: Path | None, home: Path | None) -> int:
    with opened(config, home) as house:
        now = house.clock()
        verdict = _verdict(app, house)
        with house.database.reading() as session:
            late = deliveries.waiting(session, since_before=now - LETTERS_LATE)
            lost = deliveries.given_up(session, since=now - 4 * LETTERS_LATE)
        if late or lost:
            letters = app.language.text("letters (waiting: {late}, given up: {lost})", late=late, lost=lost)
            verdict.failing.append(letters)
        if house.config.data.publish and dump.is_late(folder := dump.folder_of(house.home), now=now):
            last = _age(app.language, dump.made_at(folder), now)
            verdict.failing.append(app.language.text("files of the day (made: {last})", last=last))
    return verdict.tell(app, N_("all sources that may be read are fresh, no letter is late"))


@command(
    "try",
    N_("Ask a source once and show what would be recorded; nothing is kept."),
    example="monitor sources try kkj --limit 3",
)
@click.argument("slug")
@option("--since", type=Day(), help=N_("Ask for what was published from this day on; else the source's look-back."))
@option("--limit", type=click.IntRange(1), default=SHOWN, help=N_("End after so many notices."))
@option("--json", "json_", is_flag=True, help=N_("Write each notice as a line of JSON, with all it says."))
@at_home
@click.pass_obj
def try_source(
    app: App,
    slug: str,
    since: datetime | None,
    limit: int,
    json_: bool,
    config: Path | None,
    home: Path | None,
) -> int:
    with opened(config, home) as house, house.fetcher() as fetcher:
        source = house.source(slug)
        now = to_tokyo(house.clock())
        look_back = source.options.look_back_days
        days = source.look_back_days if look_back is None else look_back
        window = Window(since or now.date() - timedelta(days=days), None, now)
        visit = _Trial(app, house.fetch_for(source, fetcher))
        try:
            findings = visit.run(source, window, limit)
        except ScrapeError as error:
            return app.fail(app.language.say(error.saying))
    if json_:
        for finding in findings:
            write_json(msgspec.to_builtins(finding))
    else:
        _show_findings(app, findings)
    language = app.language
    shown = language.ntext("{count} notice", "{count} notices", len(findings))
    asked = language.ntext("{count} request", "{count} requests", visit.requests)
    app.say("{notices} after {requests}; nothing was kept.", notices=shown, requests=asked)
    if visit.unread and not findings:
        return app.fail(language.text("nothing could be read; see above"))
    if not findings:
        app.say("The source was read, and has no notice for these days: by its own words, or because none fits.")
    return 0


class _Trial:
    """A crawl that ends early and keeps nothing."""

    def __init__(self, app: App, fetch: Callable[[Request], Page]) -> None:
        self._app, self._fetch = app, fetch
        self.requests = 0
        self.unread = 0

    def fetch(self, request: Request) -> Page:
        self.requests += 1
        self._app.say("{method} {address}", method=request.method, address=request.url)
        return self._fetch(request)

    def run(self, source: Source, window: Window, limit: int) -> list[ScrapedNotice | ScrapedAward]:
        found: list[ScrapedNotice | ScrapedAward] = []
        findings = crawl(source, window, self.fetch)
        for finding in findings:
            self._tell(finding)
            if isinstance(finding, ScrapedNotice | ScrapedAward):
                found.append(finding)
                if len(found) == limit:
                    break
        return found

    def _tell(self, finding: Finding) -> None:
        if isinstance(finding, Problem):
            self.unread += 1
            why = self._app.language.say(finding.saying)
            self._app.say("not read – {part}: {why}", part=finding.part, why=why)


def _show_findings(app: App, findings: list[ScrapedNotice | ScrapedAward]) -> None:
    language = app.language
    rows: list[tuple[object, ...]] = []
    for one in findings:
        if isinstance(one, ScrapedAward):
            amount = f"{one.amount:,} JPY" if one.amount is not None else ""
            rows.append((one.date, language.text(KINDS[NoticeKind.AWARD]), one.title, one.supplier, amount, one.key))
        else:
            undated = language.text("undated")
            day = f"{one.published} ({undated})" if one.undated else one.published
            until = one.deadline or one.response_deadline
            # A day without its hour is no deadline; it is shown under the source's own name for it.
            stated = "; ".join(f"{name}: {value}" for name, value in one.portal_dates)
            deadline = language.moment(until) if until else stated
            rows.append((day, language.text(KINDS[one.kind]), one.title, one.buyer, deadline, one.key))
    if rows:
        app.table(
            [N_("published"), N_("kind"), N_("title"), N_("buyer or supplier"), N_("deadline or amount"), N_("key")],
            rows,
        )


@command(
    "record",
    N_("Begin a new source: fetch a page once, write the source's file from it, and its first example."),
    example="monitor sources record mihon_city https://www.city.mihon.example.jp/nyusatsu/",
)
@click.argument("slug")
@click.argument("url")
@at_home
@click.pass_obj
def record_source(app: App, slug: str, url: str, config: Path | None, home: Path | None) -> int:
    with opened(config, home) as house, house.fetcher() as fetcher:
        if slug in house.sources:
            return app.fail(
                app.language.text(
                    "{slug} is a source already; if the configuration describes it, remove its block there first",
                    slug=slug,
                )
            )
        try:
            written = record(slug, url, fetcher, now=to_tokyo(house.clock()))
        except Told as error:
            return app.fail(app.language.say(error.saying))
    for path in written:
        app.out.print(str(path), markup=False, soft_wrap=True)
    app.say(
        "Now read scrapers/README.md: complete the source, run its test twice, and read the expected.json it has written."
    )
    return 0


sources_group = Group(
    "sources",
    help=N_("The places that notices come from."),
    example="monitor sources list",
    commands=[list_sources, check_sources, try_source, record_source],
)
