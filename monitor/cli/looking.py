"""Commands that look into the record: search and feed."""

import csv
import sys
from pathlib import Path

import click
from rich.cells import cell_len

from alerts.feeds import FeedForm
from db import search as finding
from db.card import Card
from db.errors import RecordError
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_
from db.vocabulary.query import Facet, Query, QueryError, parse
from monitor.cli.base import App, at_home, command, opened, option, write_json
from monitor.exports.lines import as_line, number, until
from monitor.household import Household
from monitor.spreadsheets import harmless
from monitor.syndication import feed_bytes


def parsed(app: App, house: Household, text: str) -> Query:
    """A query, or an error that shows the place of the mistake."""
    slugs = [area.slug for area in house.areas]
    known = {Facet.AREA: slugs, Facet.VENUE: slugs, Facet.SOURCE: list(house.sources)}
    try:
        return parse(text, known)
    except QueryError as error:
        app.err.print(f"  {text}", markup=False, soft_wrap=True)
        app.err.print("  " + " " * _columns(text[: error.position]) + "^", markup=False)
        raise


def _columns(text: str) -> int:
    """How many columns a terminal gives a text: Japanese characters take two."""
    return cell_len(text)


@command(
    "search",
    N_("Find tenders with the query language, published last first."),
    example="monitor search 'area:renewables 水素 NOT kind:award' --limit 20",
)
@click.argument("words", metavar="[QUERY…]", nargs=-1)
@option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "jsonl"]),
    default="table",
    help=N_("How results are written."),
)
@option("--limit", type=click.IntRange(1, 100_000), default=50, help=N_("At most so many results."))
@at_home
@click.pass_obj
def search(app: App, words: tuple[str, ...], form: str, limit: int, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        tree = parsed(app, house, " ".join(words))
        found = finding.search(session, tree, now=to_tokyo(house.clock()), limit=limit)
        if form == "jsonl":
            for one in found.cards:
                write_json(as_line(one))
            return
        if form == "csv":
            _write_csv(found.cards)
            return
        language = app.language
        names = house.area_names(language.code)
        app.table(
            [N_("published"), N_("deadline"), N_("title"), N_("buyer"), N_("focus areas"), N_("id")],
            [
                (
                    one.published.isoformat(),
                    (until(one.deadline, one.deadline_clock) or "")[:16],
                    one.title if language.code == "ja" or not one.title_en else f"{one.title_en} / {one.title}",
                    one.buyer if language.code == "ja" else one.buyer_en or one.buyer,
                    language.join(names.get(area.area, area.area) for area in one.areas),
                    one.id,
                )
                for one in found.cards
            ],
        )
        if not found.cards:
            app.say("nothing found; fewer words find more")
        elif found.more:
            app.say("there are more; ask for them with --limit")


def _write_csv(cards: list[Card]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        [
            "id",
            "published",
            "deadline",
            "value_jpy",
            "access",
            "title",
            "title_en",
            "title_en_origin",
            "buyer",
            "prefecture",
            "category",
            "kind",
            "areas",
            "url",
        ]
    )
    for one in cards:
        row = [
            one.id,
            one.published.isoformat(),
            until(one.deadline, one.deadline_clock) or "",
            "" if one.value is None else number(one.value),
            one.access.overall,
            one.title,
            one.title_en or "",
            one.title_en_origin or "",
            one.buyer or "",
            one.prefecture or "",
            one.category or "",
            one.kind,
            " ".join(area.area for area in one.areas),
            one.sources[0].url if one.sources else "",
        ]
        writer.writerow([harmless(str(cell)) for cell in row])


@command(
    "feed",
    N_("Write a feed to standard output, for static publishing."),
    example="monitor feed renewables --format atom > renewables.atom",
)
@click.argument("name", metavar="AREA|all|buyer:NAME")
@option(
    "--format",
    "form",
    type=click.Choice([form.value for form in FeedForm]),
    default="atom",
    help=N_("The feed's format."),
)
@option("--language", type=click.Choice(["en", "ja"]), help=N_("The language of the feed."))
@at_home
@click.pass_obj
def feed(app: App, name: str, form: str, language: str | None, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house:
        try:
            written = feed_bytes(house, name, FeedForm(form), language or house.config.site.language)
        except KeyError:
            known = ["all", *(area.slug for area in house.areas)]
            raise RecordError(
                "there is no feed {name}; there are: {names}, and buyer:NAME for a buyer with tenders in the record",
                name=name,
                names=", ".join(known),
            ) from None
        sys.stdout.buffer.write(written)
