"""What people are told of the figures of awards, on the command line and on the page."""

from collections.abc import Mapping

from db.statistics import By, Row, Statistics
from db.vocabulary.messages import N_
from db.vocabulary.methods import PROCEDURES, Procedure
from monitor.i18n import Language

BREAKDOWNS: Mapping[By, str] = {
    By.YEAR: N_("fiscal year"),
    By.AREA: N_("focus area"),
    By.BUYER: N_("buyer"),
    By.METHOD: N_("procedure"),
    By.SUPPLIER: N_("company"),
}
UNKNOWN: Mapping[By, str] = {
    By.AREA: N_("none of the focus areas"),
    By.YEAR: N_("not known"),
    By.BUYER: N_("not known"),
    By.METHOD: N_("not known"),
    By.SUPPLIER: N_("suppliers without a number that may be persons"),
}
"""What the line is called that has no key."""


def row_name(row: Row, by: By, language: Language, area_names: Mapping[str, str]) -> str:
    """What a line of a breakdown is called."""
    if row.key is None or row.name is None:
        return language.text(UNKNOWN[by])
    match by:
        case By.AREA:
            return area_names.get(row.key, row.key)
        case By.METHOD:
            return language.text(PROCEDURES[Procedure(row.key)])
        case By.YEAR:
            return language.text("fiscal {year}", year=row.key)
        case _:
            return row.name


def percent(share: float | None) -> str:
    """A share of 0 to 1; a dash where nothing is known."""
    return "–" if share is None else f"{share:.1%}"


def notes(found: Statistics, language: Language) -> list[str]:
    """All that has to be said with the figures: what they leave out, planned prices, and companies from abroad."""
    return [*left_out(found, language), planned_text(found, language), abroad_text(found, language)]


def left_out(found: Statistics, language: Language) -> list[str]:
    """What has to be known to read the figures: how areas and prices count, and what is not known."""
    total = found.total.total
    lines: list[str] = []
    if found.by is By.AREA:
        lines.append(language.text("An award may have several focus areas, and is counted in each."))
    if missing := total.awards - total.priced:
        lines.append(
            language.ntext(
                "{count} award states no price and is in no value.",
                "{count} awards state no price and are in no value.",
                missing,
            )
        )
    if unknown := found.total.procedures.get(None):
        lines.append(
            language.ntext(
                "The procedure of {count} award is not known: it is in no share of procedures.",
                "The procedure of {count} awards is not known: they are in no share of procedures.",
                unknown.awards,
            )
        )
    return lines


def planned_text(found: Statistics, language: Language) -> str:
    if not found.planned.awards:
        return language.text("Price against planned price: no award states both.")
    return language.ntext(
        "Price against planned price: {ratio} for the {count} award that states both.",
        "Price against planned price: {ratio} in the middle of the {count} awards that state both.",
        found.planned.awards,
        ratio=percent(found.planned.median),
    )


def abroad_text(found: Statistics, language: Language) -> str:
    """The share of companies registered abroad, never without what is not known of."""
    if not found.asked:
        return language.text(
            "Companies registered abroad: not known of any award, for no register has been asked. That a company has no "
            "corporate number does not say that it is from abroad."
        )
    abroad = found.total.abroad
    return language.text(
        "Companies registered abroad: {count} of the {known} awards of which a register knows the company ({share}, and "
        "{value} of the value). Of {unknown} awards it is not known.",
        count=language.number(abroad.part.awards),
        known=language.number(abroad.known.awards),
        share=percent(abroad.by_number),
        value=percent(abroad.by_value),
        unknown=language.number(found.total.seat_unknown.awards),
    )
