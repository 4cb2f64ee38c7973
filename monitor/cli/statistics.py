"""The command about figures of awards: stats."""

import csv
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import click

from db.errors import RecordError
from db.statistics import LISTED, By, Chosen, Figures, Share, Statistics, statistics
from db.vocabulary.labels import prefecture_named
from db.vocabulary.messages import N_
from db.vocabulary.methods import Procedure
from monitor.cli.base import App, UsageProblem, at_home, command, opened, option, write_json
from monitor.exports.lines import number
from monitor.exports.statistics import as_statistics
from monitor.i18n import Language
from monitor.spreadsheets import harmless
from monitor.statistics import BREAKDOWNS, notes, percent, row_name

YEARS = click.IntRange(1900, 9000)


@command(
    "stats",
    N_("Figures of awards: how many, at which value, by which procedure; and what is not known of them."),
    example="monitor stats --area renewables --by year",
)
@option(
    "--by",
    type=click.Choice([by.value for by in By]),
    default=By.YEAR.value,
    help=N_("What they are broken down by."),
)
@option("--area", default="", help=N_("Only awards of this focus area."))
@option("--buyer", default="", help=N_("Only awards of buyers with this in their name, or with this code."))
@option("--year", type=YEARS, help=N_("Only awards of this fiscal year; it begins in April."))
@option("--since", type=YEARS, help=N_("Only awards of this fiscal year and later ones."))
@option("--prefecture", default="", help=N_("Only awards to companies that have their seat there."))
@option("--limit", type=click.IntRange(1, 100_000), default=LISTED, help=N_("At most so many buyers or suppliers."))
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON."))
@option("--csv", "csv_", is_flag=True, help=N_("Write CSV, a line of the breakdown a row."))
@at_home
@click.pass_obj
def stats(
    app: App,
    by: str,
    area: str,
    buyer: str,
    year: int | None,
    since: int | None,
    prefecture: str,
    limit: int,
    json_: bool,
    csv_: bool,
    config: Path | None,
    home: Path | None,
) -> None:
    if json_ and csv_:
        raise UsageProblem("give --json or --csv, not both")
    if year and since:
        raise UsageProblem("give --year or --since, not both")
    seat = prefecture_named(prefecture) if prefecture else None
    if prefecture and seat is None:
        raise RecordError("there is no prefecture {name}", name=prefecture)
    with opened(config, home) as house, house.database.reading() as session:
        known = [one.slug for one in house.areas]
        if area and area not in known:
            raise RecordError("there is no focus area {area}; there are: {known}", area=area, known=", ".join(known))
        chosen = Chosen(
            area=area or None, buyer=buyer or None, since=year if year else since, until=year, prefecture=seat
        )
        found = statistics(session, chosen, By(by), listed=limit, medians_up_to=None)
        names = house.area_names(app.language.code)
    if json_:
        write_json(as_statistics(chosen, found))
    elif csv_:
        _write_csv(found)
    else:
        _show(app, found, names)


def _show(app: App, found: Statistics, areas: Mapping[str, str]) -> None:
    language = app.language
    asked = found.asked
    columns = [
        *(N_("awards"), N_("value"), N_("median")),
        *(N_("negotiated, of awards"), N_("of value"), N_("single supplier, of awards"), N_("of value")),
        *((N_("registered abroad, of awards known"), N_("not known")) if asked else ()),
    ]
    rows = [(row_name(row, found.by, language, areas), *_cells(row.figures, language, asked)) for row in found.rows]
    total = (language.text("together"), *_cells(found.total, language, asked))
    app.table([BREAKDOWNS[found.by], *columns], [*rows, total], right=range(1, len(columns) + 1))
    if not found.total.total.awards:
        app.say("no award is known that fits")
    if found.unlisted:
        app.say("there are {count} more; ask for them with --limit", count=language.number(found.unlisted))
    app.out.print()
    for line in notes(found, language):
        app.out.print(line, markup=False, soft_wrap=True)


def _cells(figures: Figures, language: Language, asked: bool) -> list[str]:
    def both(share: Share) -> list[str]:
        return [percent(share.by_number), percent(share.by_value)]

    total = figures.total
    return [
        language.number(total.awards),
        language.yen(_whole(total.value)) if total.priced else "–",
        "–" if figures.median is None else language.yen(_whole(figures.median)),
        *both(figures.negotiated),
        *both(figures.direct),
        *([percent(figures.abroad.by_number), language.number(figures.seat_unknown.awards)] if asked else []),
    ]


def _whole(amount: Decimal) -> int:
    """Yen without their fractions, which nobody reads in a sum."""
    return int(amount.to_integral_value())


def _write_csv(found: Statistics) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        [
            *("key", "name", "awards", "priced", "value_jpy", "median_jpy"),
            *(f"{procedure}_awards" for procedure in (*Procedure, "unknown")),
            *(f"{procedure}_value_jpy" for procedure in (*Procedure, "unknown")),
            *(
                "abroad_awards",
                "abroad_value_jpy",
                "seat_known_awards",
                "seat_known_value_jpy",
                "seat_unknown_awards",
            ),
        ]
    )
    for row in found.rows:
        figures = row.figures
        tallies = [figures.procedures.get(procedure) for procedure in (*Procedure, None)]
        cells: list[object] = [
            *(row.key, row.name, figures.total.awards, figures.total.priced, number(figures.total.value)),
            None if figures.median is None else number(figures.median),
            *(tally.awards if tally else 0 for tally in tallies),
            *(number(tally.value) if tally else 0 for tally in tallies),
            *(figures.abroad.part.awards, number(figures.abroad.part.value)),
            *(figures.abroad.known.awards, number(figures.abroad.known.value), figures.seat_unknown.awards),
        ]
        writer.writerow(
            ["" if cell is None else harmless(cell) if isinstance(cell, str) else str(cell) for cell in cells]
        )
