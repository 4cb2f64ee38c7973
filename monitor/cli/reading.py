"""Commands about reading: what the readers find in a text, and English titles from a translation service."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from alerts.wording import origin_text
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.reading import EnglishOrigin, Reading
from monitor.cli.base import App, UsageProblem, at_home, command, opened, option, write_json
from monitor.cli.collecting import Day
from monitor.cli.telling import Telling, rows
from monitor.config import load
from monitor.exports.lines import (
    AccessLine,
    AreaLine,
    DateLine,
    MoneyLine,
    RequirementLine,
    access_line,
    area_line,
    date_line,
    money_line,
    requirement_line,
)
from monitor.findings import Proof, ShownDate, ShownMoney
from monitor.household import area_reader, system_clock
from monitor.reading.areas import names_of
from monitor.reading.areas.cpv import cpv_name
from monitor.reading.reader import NoticeReader
from monitor.translation import MOST, TranslationError, translate_due, translator

# What is in a text ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadLine:
    """What was read out of a text, in the form of ``export jsonl``; ``title_en`` is a gist, word by word."""

    title_en: str | None
    buyer_en: str | None
    method_en: str | None
    access: AccessLine
    dates: list[DateLine]
    money: list[MoneyLine]
    requirements: list[RequirementLine]
    areas: list[AreaLine]
    venues: list[AreaLine]
    cpv: list[str]


def _as_line(found: Reading) -> ReadLine:
    return ReadLine(
        title_en=found.gist or None,
        buyer_en=found.buyer_en,
        method_en=found.method_en,
        access=access_line(found.access),
        dates=[date_line(one) for one in found.dates],
        money=[money_line(one) for one in found.money],
        requirements=[requirement_line(one) for one in found.requirements],
        areas=[area_line(one) for one in found.areas],
        venues=[area_line(one) for one in found.venues],
        cpv=[one.code for one in found.cpv],
    )


@command(
    "read",
    N_(
        "Show what the readers find in the text of a notice, in UTF-8: dates, amounts, market access, requirements, "
        "focus areas and a gist of the title, each with the words that decided. Keeps nothing."
    ),
    example="monitor read notice.txt --kind tender --published 2026-04-01",
)
@click.argument("file", metavar="FILE|-", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@option("--title", help=N_("The title; else the first line of the text."))
@option("--buyer", help=N_("The buyer's name."))
@option("--prefecture", help=N_("The buyer's prefecture, in Japanese; it tells cities of one name apart."))
@option("--method", help=N_("The procedure, in Japanese."))
@option(
    "--kind",
    type=click.Choice([one.value for one in NoticeKind]),
    default=NoticeKind.TENDER.value,
    help=N_("The kind of notice; a request for information, say, has no deadline for tenders."),
)
@option("--category", type=click.Choice([one.value for one in Category]), help=N_("What is bought."))
@option(
    "--published",
    type=Day(),
    help=N_("The day of publication, which years and thresholds depend on; else today, and old dates are told too."),
)
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON."))
@option("--config", type=click.Path(path_type=Path), help=N_("The configuration file; else config.toml."))
@click.pass_obj
def read(
    app: App,
    file: Path,
    title: str | None,
    buyer: str | None,
    prefecture: str | None,
    method: str | None,
    kind: str,
    category: str | None,
    published: date | None,
    json_: bool,
    config: Path | None,
) -> None:
    settings = load(config)
    text = _text(file)
    now = system_clock()
    notice = ScrapedNotice(
        source="",
        key="",
        url="",
        title=title or next((line.strip() for line in text.splitlines() if line.strip()), ""),
        kind=NoticeKind(kind),
        published=published or to_tokyo(now).date(),
        # Of a text without a day nothing is too old to be told.
        undated=published is None,
        buyer=buyer,
        prefecture=prefecture,
        method=method,
        category=Category(category) if category else None,
        text=text,
    )
    reader = NoticeReader(area_reader(settings))
    found = reader.read(notice)
    if json_:
        write_json(_as_line(found))
        return
    language = app.language
    names = names_of(reader.areas.lexicon.areas, language.code)
    told = Telling(language, (), now)
    gist = f"{found.gist} ({origin_text(EnglishOrigin.GIST, language)})" if found.gist else None
    venues = (language.text("at: {area}", area=names[one.area]) for one in found.venues)
    groups: list[tuple[str, Iterable[str | None]]] = [
        (language.text("title"), [notice.title]),
        (language.text("English title"), [gist]),
        (language.text("buyer"), [buyer, found.buyer_en]),
        (language.text("procedure"), [method, found.method_en]),
        (language.text("dates"), told.dates(_dates(found))),
        (
            language.text("value"),
            told.money(ShownMoney(one, (Proof(one.phrase, one.origin),)) for one in found.money),
        ),
        (language.text("trade agreements"), told.access(found.access)),
        (language.text("what a bidder needs"), told.requirements(found.requirements)),
        (language.text("focus areas"), [language.join([*(names[one.area] for one in found.areas), *venues])]),
        ("CPV", [f"{one.code} {cpv_name(one.code, language.code)}" for one in found.cpv]),
    ]
    app.table(["", ""], rows(groups))


def _dates(found: Reading) -> Iterable[ShownDate]:
    """Every date by itself: here one wants to see what each word gave."""
    for one in found.dates:
        yield ShownDate(one.kind, one.day, one.clock, one.begins, one.required, (Proof(one.phrase, one.origin),))


def _text(file: Path) -> str:
    """The text of a file, or of standard input."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageProblem("{file}: cannot be read ({why})", file=file, why=error.strerror) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageProblem("{file}: is no text in UTF-8; save it as one, a PDF as its text", file=file) from None


# English titles ------------------------------------------------------------------------------------------


@command(
    "translate",
    N_(
        "Ask the translation service under [translation] for English titles of tenders that have none but a gist, those "
        "published last first. Only titles are sent, each once; nobody is alerted."
    ),
    example="monitor translate --limit 100",
)
@option("--limit", type=click.IntRange(1, 100_000), default=MOST, help=N_("At most so many tenders."))
@at_home
@click.pass_obj
def translate(app: App, limit: int, config: Path | None, home: Path | None) -> int:
    configured = load(config)
    settings = configured.translation_settings()
    service = translator(settings)
    if service is None:
        raise TranslationError(
            'no translation service is set up; write service = "deepl" with a key, or "libretranslate" with an address, '
            "under [translation] in the configuration"
        )
    if configured.network.stand_in:
        raise TranslationError(
            "the notices of stand-in portals are not sent to a translation service; take stand_in out of [network]"
        )
    with opened(config, home) as house:
        done = translate_due(house.database, service, settings, clock=house.clock, most=limit)
    language = app.language
    app.out.print(
        language.text(
            "tenders with a new English title: {translated}; Japanese characters translated: {characters}",
            translated=language.number(done.translated),
            characters=language.number(done.characters),
        ),
        markup=False,
    )
    return app.fail(language.say(done.stopped)) if done.stopped else 0
