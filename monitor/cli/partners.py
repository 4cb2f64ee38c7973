"""Commands about who wins and what comes back: partners and renewals."""

import csv
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import click

from alerts.wording import prefecture_name
from db import partners, renewals
from db.errors import RecordError
from db.renewals import CONFIDENCES, Sign
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.labels import prefecture_named
from db.vocabulary.messages import N_
from monitor.cli.base import App, UsageProblem, at_home, command, opened, option, write_json
from monitor.exports.lines import number
from monitor.exports.partners import as_partners, as_renewal
from monitor.household import Household
from monitor.i18n import Language
from monitor.spreadsheets import harmless

WITHIN = 120
"""Days ahead of which renewals are told without ``--within``."""


def _area(house: Household, slug: str) -> str:
    known = [area.slug for area in house.areas]
    if slug not in known:
        raise RecordError("there is no focus area {area}; there are: {known}", area=slug, known=", ".join(known))
    return slug


def _write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if cell is None else harmless(str(cell)) for cell in row])


# Partners ------------------------------------------------------------------------------------------------


@command(
    "partners",
    N_("Companies that win in a focus area, as partners of a company from abroad; with a score and its parts."),
    example="monitor partners --area renewables --buyer 環境省 --limit 10",
)
@option("--area", required=True, help=N_("The focus area, by its slug."))
@option("--buyer", default="", help=N_("Companies that won from a buyer with this in its name come first."))
@option("--prefecture", default="", help=N_("Companies with their seat there come first."))
@option("--limit", type=click.IntRange(1, 1_000), default=20, help=N_("At most so many results."))
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON."))
@option("--csv", "csv_", is_flag=True, help=N_("Write CSV, a company a row."))
@at_home
@click.pass_obj
def partners_command(
    app: App,
    area: str,
    buyer: str,
    prefecture: str,
    limit: int,
    json_: bool,
    csv_: bool,
    config: Path | None,
    home: Path | None,
) -> None:
    if json_ and csv_:
        raise UsageProblem("give --json or --csv, not both")
    seat = prefecture_named(prefecture) if prefecture else ""
    if seat is None:
        raise RecordError("there is no prefecture {name}", name=prefecture)
    with opened(config, home) as house, house.database.reading() as session:
        wanted = partners.Wanted(area=_area(house, area), buyer=buyer, prefecture=seat)
        found = partners.partners(session, wanted, now=house.clock(), limit=limit)
    if json_:
        write_json(as_partners(wanted, found))
    elif csv_:
        _write_csv(_PARTNER_COLUMNS, map(_partner_row, found.found))
    else:
        _show_partners(app, found)


_PARTNER_COLUMNS = (
    "score",
    *(f"points_{part}" for part in partners.Part),
    "id",
    "name",
    "name_en",
    "corporate_number",
    "prefecture",
    "wins",
    "value_jpy",
    "buyers",
    "top_buyers",
    "last_win",
    "wins_last_two_years",
    "wins_two_years_before",
    "trend",
    "wins_in_all_areas",
    "similar",
    "open_tenders",
)


def _partner_row(one: partners.Partner) -> Sequence[object]:
    points = {part.part: part.points for part in one.parts}
    return (
        one.score,
        *(points.get(part) for part in partners.Part),
        one.id,
        one.name,
        one.name_en,
        one.number,
        one.seat.prefecture,
        one.wins,
        None if one.value is None else number(one.value),
        one.buyers,
        " ".join(buyer.name for buyer in one.top_buyers),
        one.last.isoformat(),
        one.recent,
        one.before,
        one.trend,
        one.all_wins,
        " ".join(like.name for like in one.similar),
        " ".join(str(fitting.tender_id) for fitting in one.fitting),
    )


def _show_partners(app: App, found: partners.Partners) -> None:
    language = app.language
    app.table(
        [
            N_("score"),
            N_("company"),
            N_("seat"),
            N_("wins"),
            N_("value"),
            N_("buyers"),
            N_("last win"),
            N_("trend"),
            N_("parts of the score"),
            N_("similar companies"),
            N_("open tenders that fit"),
        ],
        [
            (
                one.score,
                "\n".join(filter(None, (one.name, one.name_en, one.number))),
                prefecture_name(one.seat.prefecture, language) if one.seat.prefecture else None,
                one.wins,
                language.yen(one.value) if one.value is not None else None,
                "\n".join(f"{buyer.name} {buyer.wins}" for buyer in one.top_buyers),
                one.last.isoformat(),
                _trend(one, language),
                "\n".join(
                    f"{language.text(partners.PARTS[part.part])} {part.points}/{part.of}" for part in one.parts
                ),
                "\n".join(f"{like.name} {like.likeness:.2f}" for like in one.similar),
                "\n".join(
                    f"{fitting.title} ({language.text(partners.WHYS[fitting.why[0]])})" for fitting in one.fitting
                ),
            )
            for one in found.found
        ],
        right=(0, 3, 4),
    )
    if not found.found:
        app.say("no company is known to have won in this area")
    else:
        app.say("companies shown: {shown} of {count}", shown=len(found.found), count=found.companies)
    if found.unnamed:
        app.say(
            "not shown, for they may be persons: suppliers without a corporate number ({count}, with {wins} of the wins)",
            count=found.unnamed,
            wins=found.unnamed_wins,
        )


def _trend(one: partners.Partner, language: Language) -> str:
    said = f"{one.before} → {one.recent}: {language.text(partners.TRENDS[one.trend])}"
    return f"{said}\n{language.text('few wins: the score says little')}" if one.few else said


# Renewals ------------------------------------------------------------------------------------------------


@command(
    "renewals",
    N_("Services that come every year or every few years: when the next call is likely, and why."),
    example="monitor renewals --area digital-health --within 90",
)
@option("--area", help=N_("The focus area, by its slug; else all services."))
@option("--buyer", help=N_("Only buyers with this in their name."))
@option("--within", type=click.IntRange(1, 730), default=WITHIN, help=N_("Expected within so many days."))
@option("--limit", type=click.IntRange(1, 10_000), default=50, help=N_("At most so many results."))
@option("--json", "json_", is_flag=True, help=N_("Write a line of JSON for each."))
@option("--csv", "csv_", is_flag=True, help=N_("Write CSV, a service a row."))
@at_home
@click.pass_obj
def renewals_command(
    app: App,
    area: str | None,
    buyer: str | None,
    within: int,
    limit: int,
    json_: bool,
    csv_: bool,
    config: Path | None,
    home: Path | None,
) -> None:
    if json_ and csv_:
        raise UsageProblem("give --json or --csv, not both")
    with opened(config, home) as house, house.database.reading() as session:
        found, more = renewals.renewals(
            session,
            today=to_tokyo(house.clock()).date(),
            within=within,
            area=_area(house, area) if area else None,
            buyer=buyer,
            limit=limit,
        )
    if json_:
        for one in found:
            write_json(as_renewal(one))
        return
    if csv_:
        _write_csv(_RENEWAL_COLUMNS, map(_renewal_row, found))
        return
    language = app.language
    app.table(
        [N_("expected"), N_("confidence"), N_("service"), N_("buyer"), N_("seen before")],
        [
            (
                f"{one.forecast.first.isoformat()} –\n{one.forecast.last.isoformat()}",
                "\n".join(
                    [language.text(CONFIDENCES[one.forecast.confidence]), *map(language.say, one.forecast.why)]
                ),
                one.title,
                one.buyer,
                "\n".join(_seen(seen, language) for seen in one.evidence),
            )
            for one in found
        ],
    )
    if not found:
        app.say("nothing is expected in this time; --within looks further ahead")
    elif more:
        app.say("there are more; ask for them with --limit")


def _seen(seen: renewals.Evidence, language: Language) -> str:
    kind = language.text("call") if seen.sign is Sign.CALL else language.text("award")
    winners = language.join(
        " ".join(
            filter(None, (won.name or language.text("not shown: it may be a person"), _price(won.amount, language)))
        )
        for won in seen.winners
    )
    return " ".join(filter(None, (seen.day.isoformat(), kind, winners)))


def _price(amount: Decimal | None, language: Language) -> str | None:
    return None if amount is None else language.yen(amount)


_RENEWAL_COLUMNS = (
    "expected_from",
    "expected_to",
    "every_years",
    "rounds",
    "confidence",
    "title",
    "buyer",
    "prefecture",
    "areas",
    "last_seen",
    "last_winners",
    "series",
)


def _renewal_row(one: renewals.Renewal) -> Sequence[object]:
    last = next((seen for seen in one.evidence if seen.winners), None)
    return (
        one.forecast.first.isoformat(),
        one.forecast.last.isoformat(),
        one.forecast.every,
        one.forecast.rounds,
        one.forecast.confidence,
        one.title,
        one.buyer,
        one.prefecture,
        " ".join(one.areas),
        one.evidence[0].day.isoformat(),
        " ".join(won.name for won in last.winners if won.name) if last else None,
        one.series,
    )
