"""The main job on embedded defaults: stand-in portals, a first and a regular crawl, letters, feeds, the page."""

import shutil
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import click
import httpx
from sqlmodel import Session

from alerts.feeds import FeedForm
from alerts.outbox import Outcome, Result
from db import runs, search, subscribers
from db.errors import RecordError
from db.vocabulary.japanese import TOKYO, to_tokyo
from db.vocabulary.messages import N_, Saying
from db.vocabulary.run import RunMode
from monitor.cli.base import App, command, option, until_stopped
from monitor.cli.collecting import progress_bars, show_ended
from monitor.config import Config
from monitor.exports import dump
from monitor.household import ILLUSTRATIVE, Ended, Household, household, system_clock, together
from monitor.logs import log_to
from monitor.serving import serve
from monitor.standins import mihon_city
from monitor.standins.demo_data import demo_data
from monitor.standins.server import app as portals
from monitor.standins.server import span, with_records
from monitor.syndication import web_app

NEWS_DAYS = 7
"""The regular crawl finds what was published in the last so many days; what is older is there already."""
COLLECT_AT, READ_AT = time(6), time(9)
"""In Tokyo: the regular crawl, before the day's window ends at eight; and the moment in which the demo stays."""
PORT = 8000

NO_DATA = Saying("no data")
"""Of a source whose stand-in has no records in the folder: no error, and nothing to collect."""

TOWN_HALL = {
    "slug": "mihon_city",
    "name": "見本市 入札・契約情報",
    "name_en": "Mihon City tenders",
    "address": mihon_city.ADDRESS,
    "columns": {
        "number": "番号",
        "title": "件名",
        "category": "区分",
        "published": "公告日",
        "deadline": "入札締切",
        "予定価格": "予定価格",
    },
    "text": "#main",
    "buyer": "見本市",
    "buyer_en": "Mihon City",
    "prefecture": "東京都",
}
"""An invented source without code, as an operator would describe it under ``[[tables]]``."""

READERS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "reader@example.org",
        "en",
        (
            ("Climate and energy", "area:decarbonization,renewables"),
            ("Health and ageing", "area:digital-health,aging-society"),
            ("Digital and skills", "area:digital-transformation,education-it-skills"),
            ("Regions, cities, mobility", "area:regional-revitalization,smart-city,mobility"),
        ),
    ),
    ("analyst@example.org", "en", (("Everything new", ""),)),
    (
        "dokusha@example.jp",
        "ja",
        (("水素と太陽光", "水素 OR 太陽光 OR 再生可能エネルギー"), ("東京都", "prefecture:東京都")),
    ),
)
"""Invented subscribers: address, language, saved searches."""


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, day: date, hour: time) -> None:
        self.now = datetime.combine(day, hour, TOKYO)


@command(
    "demo",
    N_("Show the whole job, without network and account: portals, collecting, letters, feeds and the page."),
    example="monitor demo --once --home demo-home",
)
@option("--once", is_flag=True, help=N_("End when everything is done, instead of serving the page."))
@option(
    "--data",
    type=click.Path(path_type=Path),
    help=N_("Records in the layout of the samples; else a small illustrative set."),
)
@option(
    "--home",
    type=click.Path(path_type=Path),
    default=Path("demo-home"),
    help=N_("Where everything is kept (demo-home)."),
)
@option("--port", type=click.IntRange(0, 65535), default=PORT, help=N_("Where the page is served on 127.0.0.1."))
@click.pass_obj
def demo(app: App, once: bool, data: Path | None, home: Path, port: int) -> int:
    today = to_tokyo(system_clock()).date()
    illustrative = data is None
    if illustrative != (home / ILLUSTRATIVE).exists() and (home / "monitor.db").exists():
        raise RecordError(
            "{home}: holds other notices, which the demo's must not be mixed with; choose another --home", home=home
        )
    if data is None:
        data = _own_data(home, today)
    elif not data.is_dir():
        raise RecordError("{folder}: is no folder; give one with a folder for each source in it", folder=data)
    days = span(data)
    if days is None:
        raise RecordError("{folder}: has no records; it needs e.g. kkj/notices.jsonl", folder=data)
    oldest, newest = days
    clock = Clock(datetime.combine(newest + timedelta(days=1), READ_AT, TOKYO))
    with serve(portals(data)) as portal_address:
        config = Config.model_validate(
            {
                "site": {
                    "base_url": f"http://127.0.0.1:{port}",
                    "tag_authority": "demo.example.org,2026",
                },
                "network": {"stand_in": portal_address},
                "tables": [TOWN_HALL] if illustrative else [],
            }
        )
        with household(config, home=home, clock=clock) as house:
            log_to(home / "logs")
            _introduce(app, data, illustrative=illustrative)
            app.say("The clock of the demo stands at {moment}.", moment=app.language.moment(clock.now))
            served = with_records(data)
            slugs = [slug for slug in house.enabled() if slug in served]
            with progress_bars(app.language) as watch:
                ended = _collect(house, slugs, clock, oldest, newest, watch)
            idle = [Ended(slug, not_run=NO_DATA) for slug in house.enabled() if slug not in served]
            show_ended(app, sorted([*ended, *idle], key=lambda one: one.source))
            outcomes = house.deliver()
            dump.make(house.database, dump.folder_of(house.home), house.site, now=clock.now)
            kept = _publish(house)
            _tell(app, house, outcomes, kept)
            if not once:
                _stay(app, house, port)
    return 1 if any(one.failed for one in ended) else 0


def _own_data(home: Path, today: date) -> Path:
    """The illustrative set, dated to the day on which the home was made: a second round changes nothing."""
    made = home / ILLUSTRATIVE
    try:
        if not made.exists():
            home.mkdir(parents=True, exist_ok=True)
            made.write_text(f"{today - timedelta(days=1)}\n", encoding="ascii")
        day = date.fromisoformat(made.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise RecordError("{file}: cannot be used ({why}); choose another --home", file=made, why=error) from None
    return demo_data(day, home / "portals")


def _collect(
    house: Household, slugs: list[str], clock: Clock, oldest: date, newest: date, watch: Callable[..., None]
) -> list[Ended]:
    """First everything but the last days, which alerts nobody, then these as news; in a home that has them: all."""
    today = newest + timedelta(days=1)
    with house.database.reading() as session:
        done = all(runs.last_regular(session, slug) for slug in slugs)
    if done:
        clock.set(today, READ_AT)
        return house.collect(slugs, mode=RunMode.REGULAR, since=oldest, watch=watch)
    cut = newest - timedelta(days=NEWS_DAYS)
    clock.set(cut, READ_AT)
    before = house.collect(slugs, mode=RunMode.FIRST, since=min(oldest, cut), until=cut, watch=watch)
    house.database.write(lambda session: _subscribe(session, clock.now))
    clock.set(today, COLLECT_AT)
    news = house.collect(slugs, watch=watch)
    clock.set(today, READ_AT)
    return [together(first, second) for first, second in zip(before, news, strict=True)]


def _subscribe(session: Session, now: datetime) -> None:
    for email, language, searches in READERS:
        person = subscribers.add(session, email, choices=subscribers.Choices(language=language), now=now)
        for name, query in searches:
            subscribers.save_search(session, person, name, query, now=now)


def _publish(house: Household) -> list[Path]:
    """The page and the feeds as files, fetched from the running page as a reader would."""
    folder = house.home / "site"
    shutil.rmtree(folder, ignore_errors=True)
    names = ["all", *(area.slug for area in house.areas)]
    wanted = {"": "index.html", "feeds": "feeds.html", "static/style.css": "static/style.css"}
    wanted |= {
        f"feeds/{name}.{form}": f"feeds/{name}.{form}{'' if form is FeedForm.JSON else '.xml'}"
        for name in names
        for form in FeedForm
    }
    kept: list[Path] = []
    with serve(web_app(house)) as address, httpx.Client(base_url=address) as client:
        for path, name in wanted.items():
            answer = client.get(f"/{path}").raise_for_status()
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            # Opened from the disk, the page looks for its style beside itself.
            file.write_bytes(answer.content.replace(b'href="/static/', b'href="static/'))
            kept.append(file)
    return kept


def _introduce(app: App, data: Path, *, illustrative: bool) -> None:
    if illustrative:
        app.say("Demo with illustrative notices: invented for this purpose, in the portals' real formats.")
    else:
        app.say("Demo with the records in {folder}.", folder=data)
    app.say("Collecting from stand-in portals on this machine; no network is used.")


def _tell(app: App, house: Household, outcomes: list[Outcome], kept: list[Path]) -> None:
    language = app.language
    with house.database.reading() as session:
        rows = [
            (
                area.names[language.code],
                language.number(search.newest(session, area=area.slug, limit=1).total or 0),
                house.site.feed_url(area.slug, "atom"),
            )
            for area in house.areas
        ]
        total = search.newest(session, limit=1).total or 0
    app.out.print()
    app.table([N_("focus area"), N_("tenders"), N_("feed")], rows, right=(1,))
    app.out.print()
    sent = [outcome for outcome in outcomes if outcome.result is Result.SENT]
    lines = [
        language.ntext("{count} tender is in the record.", "{count} tenders are in the record.", total),
        *(
            language.ntext(
                "A digest with {count} tender went to {recipient}.",
                "A digest with {count} tenders went to {recipient}.",
                outcome.tenders,
                recipient=outcome.recipient,
            )
            for outcome in sent
        ),
        *(() if sent else (language.text("No new digest: everything was told before."),)),
        language.text("The mails lie in {folder} (a Maildir).", folder=house.home / "mail"),
        language.text("The page and the feeds as files: {folder}", folder=house.home / "site"),
        language.text("The record as CSV, JSON Lines, Parquet and OCDS: {folder}", folder=dump.folder_of(house.home)),
        language.text("The record: {file}; the log: {log}", file=house.home / "monitor.db", log=house.home / "logs"),
    ]
    for line in lines:
        app.out.print(line, markup=False, soft_wrap=True)


def _stay(app: App, house: Household, port: int) -> None:
    with serve(web_app(house), port) as address:
        app.out.print(app.language.text("The page: {address}/ – Ctrl-C ends.", address=address), markup=False)
        until_stopped()
