"""Commands that look into the record: search and feed."""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import click
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from alerts.feeds import FeedForm
from alerts.language import AreaNames
from alerts.site import Site
from alerts.wording import prefecture_name
from db import search as finding
from db.card import Card
from db.errors import RecordError
from db.search import Order
from db.snippets import Piece, Snippet, marked, snippets, words_of
from db.vocabulary import labels
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import N_
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.query import (
    And,
    Compare,
    Facet,
    Is,
    Moment,
    Not,
    Open,
    Or,
    Query,
    QueryError,
    Scope,
    Value,
    Word,
    parse,
)
from monitor.cli.base import App, at_home, command, opened, option, plain, write_json
from monitor.exports.lines import as_line, until
from monitor.exports.sheets import columns, row_of
from monitor.household import Household
from monitor.i18n import Language
from monitor.syndication import feed_bytes
from monitor.web.searching import advice, usual_order


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
    N_("Find tenders with the query language: where it has words the best first, else published last first."),
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
@option(
    "--order",
    type=click.Choice([order.value for order in Order]),
    help=N_("best: those with the words in the title first; newest: published last first."),
)
@option("--explain", is_flag=True, help=N_("Only say what the query means, with what its English words stand for."))
@at_home
@click.pass_obj
def search(
    app: App,
    words: tuple[str, ...],
    form: str,
    limit: int,
    order: str | None,
    explain: bool,
    config: Path | None,
    home: Path | None,
) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        tree = parsed(app, house, " ".join(words))
        if explain:
            for line in _explained(tree, app.language, house.area_names(app.language.code)):
                app.out.print(plain(line), markup=False, soft_wrap=True)
            return
        ordered = Order(order) if order else usual_order(tree)
        found = finding.search(session, tree, now=to_tokyo(house.clock()), limit=limit, order=ordered)
        if form == "jsonl":
            for one in found.cards:
                write_json(as_line(one))
            return
        if form == "csv":
            _write_csv(found.cards, house.site)
            return
        _show(app, house, found.cards, words_of(tree), snippets(session, tree, found.cards))
        if not found.cards:
            app.say("nothing found")
            for saying in advice(tree):
                app.err.print(plain(app.language.say(saying)), markup=False, soft_wrap=True)
        elif found.total is not None and found.more:
            app.say("{count} of {total}; ask for more with --limit", count=len(found.cards), total=found.total)
        elif found.more:
            app.say("more than {count} found; ask for them with --limit", count=len(found.cards))
        elif app.out.is_terminal:
            app.say("{count} found", count=len(found.cards))


def _show(
    app: App, house: Household, cards: Sequence[Card], words: Sequence[Word], said: Mapping[UUID, Snippet]
) -> None:
    """The table of what was found: the words are bold, and below a title stands the text that has them, if it has not."""
    language = app.language
    names = house.area_names(language.code)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in (N_("published"), N_("deadline"), N_("title"), N_("buyer"), N_("focus areas"), N_("id")):
        shown.add_column(language.text(heading), overflow="fold")
    for one in cards:
        english = one.title_en if language.code != "ja" else None
        title = Text(" / ").join(_bold(marked(text, words, Scope.TITLE)) for text in (english, one.title) if text)
        if (why := said.get(one.id)) and why.place is Scope.TEXT:
            title = Text("\n").join((title, _bold(why.pieces)))
        buyer = one.buyer if language.code == "ja" else one.buyer_en or one.buyer
        shown.add_row(
            one.published.isoformat(),
            (until(one.deadline, one.deadline_clock) or "")[:16],
            title,
            _bold(marked(buyer or "", words, Scope.BUYER)),
            plain(language.join(names.get(area.area, area.area) for area in one.areas)),
            str(one.id),
        )
    app.out.print(shown)


def _bold(pieces: Sequence[Piece]) -> Text:
    """A text with its hits in bold; a terminal shows it, a file has the words alone."""
    return Text.assemble(*((plain(piece.text), "bold" if piece.hit else "") for piece in pieces))


_FACETS: Mapping[Facet, str] = {
    Facet.AREA: N_("focus area"),
    Facet.VENUE: N_("takes place at"),
    Facet.CPV: N_("CPV"),
    Facet.PREFECTURE: N_("prefecture"),
    Facet.CATEGORY: N_("category"),
    Facet.KIND: N_("kind of notice"),
    Facet.SOURCE: N_("source"),
    Facet.ACCESS: N_("trade agreements"),
}
_SCOPES: Mapping[Scope, str] = {
    Scope.ANY: N_("“{word}” in title, text or buyer"),
    Scope.TITLE: N_("“{word}” in the title"),
    Scope.TEXT: N_("“{word}” in the text"),
    Scope.BUYER: N_("“{word}” in the buyer’s name"),
}


def _explained(query: Query, language: Language, areas: AreaNames) -> Iterator[str]:
    """What a query means, one condition a line."""

    def within(heading: str, parts: Sequence[Query]) -> Iterator[str]:
        yield heading
        for part in parts:
            yield from (f"  {line}" for line in _explained(part, language, areas))

    match query:
        case And(()):
            yield language.text("every tender")
        case And(parts):
            yield from within(language.text("all of these:"), parts)
        case Or(parts):
            yield from within(language.text("one of these:"), parts)
        case Not(part):
            yield from within(language.text("not:"), (part,))
        case Word(scope, term):
            yield language.text(_SCOPES[scope], word=term)
        case Is(facet, value):
            yield f"{language.text(_FACETS[facet])}: {_named(facet, value, language, areas)}"
        case Compare(moment, operator, day):
            name = language.text("published") if moment is Moment.PUBLISHED else language.text("deadline")
            yield f"{name} {operator} {day.isoformat()}"
        case Value(operator, yen):
            yield f"{language.text('value')} {operator} {language.yen(yen)}"
        case Open():
            yield language.text("neither awarded nor cancelled; the deadline has not passed or is not known")


def _named(facet: Facet, value: str, language: Language, areas: AreaNames) -> str:
    match facet:
        case Facet.AREA | Facet.VENUE:
            return areas.get(value, value)
        case Facet.KIND:
            return language.text(labels.KINDS[NoticeKind(value)])
        case Facet.CATEGORY:
            return language.text(labels.CATEGORIES[Category(value)])
        case Facet.PREFECTURE:
            return prefecture_name(value, language)
        case _:
            return value


def _write_csv(cards: Sequence[Card], site: Site) -> None:
    """The columns of ``monitor export csv``."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns())
    writer.writerows(row_of(card, site) for card in cards)


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
