"""Commands about the focus areas: what they are, why a notice gets one, and how well they are given."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import click

from db.tenders import titles_and_areas
from db.vocabulary.japanese import tokyo_iso
from db.vocabulary.labels import PLACES
from db.vocabulary.messages import N_
from db.vocabulary.notice import Category
from db.vocabulary.reading import Evidence, Place
from monitor.cli.base import App, Group, UsageProblem, at_home, command, opened, option, write_json
from monitor.cli.collecting import moving_lines
from monitor.config import load
from monitor.evaluation import Interval, Intervals, Mistake, Result, Score, evaluate, read_labelled
from monitor.household import area_reader
from monitor.i18n import Language
from monitor.reading.areas import Explanation, Finding, Lexicon, Verdict, Weight, load_lexicon, names_of
from monitor.reading.areas.lexicon import GIVEN
from monitor.reading.opinion import Guess
from monitor.review import Disagreement, disagreements
from monitor.suggestions import STEPS, Titled, Titles, read_titles, suggest
from monitor.training import FOLDS, CrossValidation, TrainingError, cross_validate, reading_with, train

WEIGHTS: Mapping[Weight, str] = {
    Weight.STRONG: N_("strong"),
    Weight.WEAK: N_("weak"),
    Weight.VENUE: N_("venue"),
    Weight.NEGATIVE: N_("negative"),
}
VERDICTS: Mapping[Verdict, str] = {
    Verdict.COUNTED: N_("counts"),
    Verdict.LONGER: N_("part of {by}"),
    Verdict.CANCELLED: N_("cancelled by {by}"),
    Verdict.CANCELS: N_("cancels other terms, and counts nothing itself"),
    Verdict.REPEATED: N_("counts once: {by} has said it already"),
    Verdict.LACKS: N_("lacks one of: {by}"),
    Verdict.SPOILT: N_("means something else beside {by}"),
    Verdict.OWN_NAME: N_("part of the buyer's name, which says who buys"),
    Verdict.ELSEWHERE: N_("counts only in: {by}"),
    Verdict.FURTHER: N_("of a text, or of a buyer's name, only the first term counts that says something new"),
    Verdict.TITLE_SILENT: N_("title and buyer say too little of the area"),
}
"""What becomes of a term that was found, in words; ``{by}`` is the Finding's."""

LISTED = 20
"""Misses, and false alarms, that a table of an evaluation lists."""
WORDS = 6
"""Words behind a mistake, or of a condition, that a table lists: there may be dozens."""

with_config = option(
    "--config", type=click.Path(path_type=Path), help=N_("The configuration file; else config.toml.")
)


@command("list", N_("Show the focus areas, your own among them."), example="monitor areas list")
@with_config
@click.pass_obj
def list_areas(app: App, config: Path | None) -> None:
    lexicon = load_lexicon(load(config).area_definitions())
    code = app.language.code
    app.table(
        [N_("area"), N_("name"), N_("what it covers"), N_("CPV")],
        [(area.slug, area.names[code], area.descriptions[code], " ".join(area.cpv)) for area in lexicon.areas],
    )


# Why ---------------------------------------------------------------------------------------------------


@command(
    "explain",
    N_("Show what a title has of each focus area: the words found, what each counts and why, and what comes of it."),
    example="monitor areas explain '水素ステーション整備工事' --category works",
)
@click.argument("title")
@option(
    "--text",
    "text",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=N_("A file with the notice's text."),
)
@option("--buyer", help=N_("The buyer's name."))
@option("--title-en", help=N_("The English title."))
@option("--category", type=click.Choice([one.value for one in Category]), help=N_("What is bought."))
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON."))
@with_config
@click.pass_obj
def explain(
    app: App,
    title: str,
    text: Path | None,
    buyer: str | None,
    title_en: str | None,
    category: str | None,
    json_: bool,
    config: Path | None,
) -> None:
    reader = area_reader(load(config))
    lexicon = reader.lexicon
    body = text.read_text(encoding="utf-8", errors="replace") if text else ""
    found = lexicon.explain(title, body, buyer, title_en=title_en, category=category)
    given = {one.area for one in reader.read_parts(title, body, buyer, title_en=title_en, category=category).areas}
    guesses = reader.opinion.read(title) if reader.opinion else ()
    language = app.language
    if json_:
        write_json(found if reader.opinion is None else _with_opinion(found, guesses, given))
        return
    if guesses:
        _show_opinion(app, lexicon, found, guesses, given)
    if not found:
        app.out.print(language.text("no focus area: no term of the lexicon stands in it"), markup=False)
        return
    if not any(one.given for one in found):
        app.out.print(language.text("no focus area: what was found does not suffice"), markup=False)
        app.out.print()
    names = names_of(lexicon.areas, language.code)
    app.table(
        [
            N_("area"),
            N_("result"),
            N_("term"),
            N_("meaning"),
            N_("place"),
            N_("weight"),
            N_("counts"),
            N_("why"),
        ],
        [
            (
                names[one.area] if number == 0 else "",
                _outcome(one, names, language) if number == 0 else "",
                finding.term,
                finding.gloss,
                language.text(PLACES[finding.place]),
                language.text(WEIGHTS[finding.weight]),
                f"{finding.counts:+.2f}" if finding.counts else "",
                _verdict(finding, language),
            )
            for one in sorted(found, key=lambda one: (not one.given, not one.venue, -one.score))
            for number, finding in enumerate(one.findings)
        ],
        right=(6,),
    )


def _show_opinion(
    app: App, lexicon: Lexicon, found: Sequence[Explanation], guesses: Sequence[Guess], given: Collection[str]
) -> None:
    names = names_of(lexicon.areas, app.language.code)
    judged = {one.area for one in found if one.given}

    def outcome(area: str) -> str:
        if area in judged:
            return app.language.text("the lexicon gives it")
        if area in given:
            return app.language.text("given by the second opinion")
        return app.language.text("not enough")

    app.table(
        [N_("second opinion"), N_("result"), N_("probability"), N_("patterns")],
        [
            (
                names[guess.area],
                outcome(guess.area),
                f"{guess.probability:.2f}",
                app.language.join(f"{gram} {weight:+.2f}" for gram, weight in guess.grams),
            )
            for guess in guesses
        ],
        right=(2,),
    )
    app.out.print()


def _with_opinion(
    found: Sequence[Explanation], guesses: Sequence[Guess], given: Collection[str]
) -> list[dict[str, object]]:
    """The explanations, also of areas that only the second opinion names, each with its probability and patterns."""
    guessed = {guess.area: guess for guess in guesses}
    known = {one.area for one in found}
    explained = [*found, *(Explanation(area, 0.0, False, False, ()) for area in guessed if area not in known)]
    return [
        {field.name: getattr(one, field.name) for field in fields(one)}
        | {"given": one.area in given, "second_opinion": guessed.get(one.area)}
        for one in explained
    ]


def _outcome(one: Explanation, names: Mapping[str, str], language: Language) -> str:
    score, needed = f"{one.score:.2f}", f"{GIVEN:.2f}"
    if one.given:
        return language.text("given: {score}, {needed} is needed", score=score, needed=needed)
    if one.venue:
        return language.text("only the place: {score}, {needed} is needed", score=score, needed=needed)
    if one.gave_way_to is not None:
        return language.text(
            "not given: {score}, but it gives way to {area}", score=score, area=names[one.gave_way_to]
        )
    return language.text("not given: {score}, {needed} is needed", score=score, needed=needed)


def _verdict(finding: Finding, language: Language) -> str:
    by = finding.by
    if finding.verdict is Verdict.LACKS:
        words = by.split(", ")
        by = language.join(words[:WORDS]) + (" …" if len(words) > WORDS else "")
    if finding.verdict is Verdict.ELSEWHERE:
        by = language.join(language.text(PLACES[Place(place)]) for place in by.split(", ") if place)
    return language.text(VERDICTS[finding.verdict], by=by)


# What readers say ---------------------------------------------------------------------------------------


@command(
    "review",
    N_(
        "List the tenders of which most readers who marked them say that an area does not fit, or is missing, with the "
        "terms responsible. Nothing learns by itself; a mark that agrees with a later reading leaves the list."
    ),
    example="monitor areas review --limit 20",
)
@option("--limit", type=click.IntRange(1, 100_000), default=50, help=N_("At most so many results."))
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON."))
@at_home
@click.pass_obj
def review(app: App, limit: int, json_: bool, config: Path | None, home: Path | None) -> None:
    with opened(config, home) as house, house.database.reading() as session:
        found = disagreements(session, load_lexicon(house.config.area_definitions()), limit=limit + 1)
        names = house.area_names(app.language.code)
    if json_:
        write_json(found[:limit])
        return
    language = app.language
    if not found:
        app.say("readers and the lexicon agree, as far as readers have marked anything")
        return
    app.table(
        [N_("marked"), N_("area"), N_("readers say"), N_("tender"), N_("terms")],
        [
            (
                tokyo_iso(one.at)[:10],
                names[one.area],
                _said_of(one, language),
                f"{one.title}\n{one.tender_id}",
                _deciding_words(one.evidence, language)
                if one.given
                else _silent_words(one.findings, one.gave_way_to, names, language),
            )
            for one in found[:limit]
        ],
    )
    if len(found) > limit:
        app.say("there are more; ask for them with --limit")


def _said_of(one: Disagreement, language: Language) -> str:
    fits, against = language.number(one.fits), language.number(one.against)
    if one.given:
        return language.text("does not fit ({against} to {fits})", fits=fits, against=against)
    return language.text("is missing ({fits} to {against})", fits=fits, against=against)


# Learning ----------------------------------------------------------------------------------------------


@command(
    "train",
    N_(
        "Learn a second opinion on titles from files of labelled notices (JSON Lines), for [reading] second_opinion. "
        "Needs scikit-learn; see first with monitor evaluate --cv whether it earns its place."
    ),
    example="monitor areas train labels.jsonl --out opinion.json",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(dir_okay=False, path_type=Path))
@option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help=N_("The file to write."),
)
@with_config
@click.pass_obj
def train_command(app: App, files: tuple[Path, ...], out: Path, config: Path | None) -> None:
    areas = [area.slug for area in load_lexicon(load(config).area_definitions()).areas]
    items = [item for file in files for item in read_labelled(file, areas)]
    opinion = train(items, areas)
    try:
        out.write_bytes(opinion.encoded())
    except OSError as error:
        raise TrainingError(
            "{file}: cannot be written ({why}); name another file with --out", file=out, why=error.strerror
        ) from None
    app.say(
        "{file}: {grams} patterns of {areas} focus areas; write it into [reading] second_opinion to use it",
        file=out,
        grams=app.language.number(sum(len(learnt.grams) for learnt in opinion.areas.values())),
        areas=app.language.number(len(opinion.areas)),
    )


# What is missing ---------------------------------------------------------------------------------------


@command(
    "suggest",
    N_(
        "List words of titles without a focus area that the lexicon does not know, most telling first: in how many "
        "titles each stands, which area these lean to, and examples."
    ),
    example="monitor areas suggest --area mobility --limit 20",
)
@option("--area", "slug", metavar="AREA", help=N_("Only words that lean to this focus area."))
@option("--limit", type=click.IntRange(1, 10_000), default=50, help=N_("At most so many words."))
@option(
    "--min-count", type=click.IntRange(2), default=3, help=N_("Only words that stand in at least so many titles.")
)
@option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=N_("Read the titles of this file, one a line or JSON Lines, and not the record."),
)
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON for each word."))
@at_home
@click.pass_obj
def suggest_command(
    app: App,
    slug: str | None,
    limit: int,
    min_count: int,
    file: Path | None,
    json_: bool,
    config: Path | None,
    home: Path | None,
) -> None:
    lexicon = load_lexicon(load(config).area_definitions())
    slugs = [area.slug for area in lexicon.areas]
    if slug is not None and slug not in slugs:
        raise UsageProblem("there is no focus area {area}; there are: {areas}", area=slug, areas=", ".join(slugs))
    language = app.language
    with _titles(file, lexicon, config, home) as titles, moving_lines() as show:

        def progress(step: int, read: int) -> None:
            figures = language.ntext("{count} title", "{count} titles", read)
            show(language.text("step {step} of {steps}", step=step, steps=STEPS), figures)

        found = suggest(titles, lexicon, area=slug, limit=limit, min_count=min_count, progress=progress)
    if json_:
        for one in found:
            write_json(one)
        return
    if not found:
        if slug is None:
            app.say("nothing to suggest: no new word stands in enough titles; fewer are enough with --min-count 2")
        else:
            app.say(
                "nothing to suggest: no new word leans to {area}; leave out --area to see the others",
                area=names_of(lexicon.areas, language.code)[slug],
            )
        return
    names = names_of(lexicon.areas, language.code)
    app.table(
        [N_("word"), N_("titles"), N_("leans to"), N_("how far"), N_("examples")],
        [
            (
                one.piece,
                language.number(one.titles),
                names[one.area] if one.area else language.text("none"),
                f"{one.lean:.0%}",
                "\n".join(one.examples),
            )
            for one in found
        ],
        right=(1, 3),
    )


@contextmanager
def _titles(file: Path | None, lexicon: Lexicon, config: Path | None, home: Path | None) -> Iterator[Titles]:
    """The titles of a file, or those of one state of the record; they can be read again and again."""
    if file is not None:
        yield lambda: read_titles(file, lexicon)
        return
    with opened(config, home) as house, house.database.reading() as session:
        yield lambda: (Titled(one.title, one.areas, one.buyer) for one in titles_and_areas(session))


areas_group = Group(
    "areas",
    help=N_("The focus areas and the words that decide."),
    example="monitor areas list",
    commands=[list_areas, explain, suggest_command, review, train_command],
)


# How well ----------------------------------------------------------------------------------------------


@command(
    "evaluate",
    N_(
        "Compare the focus areas with a file of labelled notices (JSON Lines): precision, recall and F1 with 95% "
        "intervals, and every mistake with the words behind it. Borderline labels are counted apart."
    ),
    example="monitor evaluate labels.jsonl --show 5",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@option("--json", "json_", is_flag=True, help=N_("Write one line of JSON."))
@option(
    "--show",
    type=click.IntRange(0),
    help=N_("List at most so many misses and so many false alarms; else 20, and with --json all."),
)
@option(
    "--cv",
    "crossed",
    is_flag=True,
    help=N_(
        "Also learn a second opinion from all parts of the file but one and read that one, in turn: does it earn its "
        "place beside the lexicon? Needs scikit-learn."
    ),
)
@option("--folds", type=click.IntRange(2, 100), default=FOLDS, show_default=True, help=N_("The parts for --cv."))
@with_config
@click.pass_obj
def evaluate_command(
    app: App, file: Path, json_: bool, show: int | None, crossed: bool, folds: int, config: Path | None
) -> None:
    settings = load(config)
    reader = area_reader(settings)
    lexicon = reader.lexicon
    shipped = load_lexicon() if settings.area_definitions() else lexicon
    areas = [area.slug for area in shipped.areas]
    items = list(read_labelled(file, [area.slug for area in lexicon.areas]))
    found = evaluate(items, reading_with(reader), areas)
    validated = cross_validate(items, lexicon, areas, folds=folds) if crossed else None
    if json_:
        firm = _result_as_json(found.firm, lexicon, show)
        borderline = _result_as_json(found.borderline, lexicon, show)
        second = reader.opinion and reader.opinion.revision
        written = {"lexicon": lexicon.revision, "second_opinion": second, **firm, "borderline": borderline}
        write_json(written if validated is None else written | {"cv": _validation_as_json(validated)})
        return
    listed = LISTED if show is None else show
    language = app.language
    _heading(
        app, language.ntext("{count} notice with a firm label", "{count} notices with firm labels", found.firm.items)
    )
    _show_figures(app, found.firm)
    _show_confusion(app, found.firm)
    _show_mistakes(app, found.firm, lexicon, listed)
    if found.borderline.items:
        app.out.print()
        _heading(
            app,
            language.ntext(
                "{count} notice with a borderline label, apart",
                "{count} notices with borderline labels, apart",
                found.borderline.items,
            ),
        )
        _show_figures(app, found.borderline)
    if validated is not None:
        app.out.print()
        _show_validation(app, validated)


def _found_of(mistake: Mistake, lexicon: Lexicon) -> tuple[tuple[Finding, ...], str | None]:
    """What stands in a notice of the area that it was not given, and the area that this gave way to."""
    item = mistake.item
    explained = lexicon.explain(item.title, item.text, item.buyer, category=item.category)
    return next(((one.findings, one.gave_way_to) for one in explained if one.area == mistake.area), ((), None))


def _heading(app: App, text: str) -> None:
    app.out.print(text, markup=False, style="bold")


def _show_figures(app: App, result: Result) -> None:
    language = app.language

    def row(name: str, score: Score, intervals: Intervals) -> tuple[str, ...]:
        return (
            name,
            f"{score.precision:.3f}" if score.given else "–",
            f"{score.recall:.3f}" if score.support else "–",
            f"{score.f1:.3f}",
            _between(intervals.f1),
            language.number(score.support),
            language.number(score.given),
        )

    if not result.areas:
        app.out.print(language.text("no label has a focus area, and none was given"), markup=False)
        return
    app.table(
        [
            N_("area"),
            N_("precision"),
            N_("recall"),
            N_("F1"),
            N_("95% interval"),
            N_("labelled"),
            N_("given"),
        ],
        [
            *(row(one.area, one.score, one.intervals) for one in result.areas),
            row(language.text("micro (all decisions)"), result.micro, result.micro_intervals),
            (
                language.text("macro (mean of the areas)"),
                "",
                "",
                "–" if result.macro_f1 is None else f"{result.macro_f1:.3f}",
                _between(result.macro_f1_interval),
            ),
        ],
        right=(1, 2, 3, 4, 5, 6),
    )


def _between(interval: Interval | None) -> str:
    return f"{interval[0]:.3f}–{interval[1]:.3f}" if interval else ""


def _show_confusion(app: App, result: Result) -> None:
    if not result.confusion:
        return
    app.out.print()
    app.table(
        [N_("labelled"), N_("given instead"), N_("notices")],
        [(one.labelled, one.given, app.language.number(one.count)) for one in result.confusion],
        right=(2,),
    )


def _show_mistakes(app: App, result: Result, lexicon: Lexicon, listed: int) -> None:
    language = app.language
    names = names_of(lexicon.areas, language.code)
    app.out.print()
    _heading(app, language.ntext("{count} miss", "{count} misses", len(result.misses)))
    if listed and result.misses:
        app.table(
            [N_("line"), N_("missed"), N_("given"), N_("title"), N_("words found")],
            [
                (
                    mistake.item.line,
                    mistake.area,
                    language.join(mistake.given),
                    mistake.item.title,
                    _silent_words(*_found_of(mistake, lexicon), names, language),
                )
                for mistake in result.misses[:listed]
            ],
            right=(0,),
        )
    app.out.print()
    _heading(app, language.ntext("{count} false alarm", "{count} false alarms", len(result.false_alarms)))
    if listed and result.false_alarms:
        app.table(
            [N_("line"), N_("given"), N_("labelled"), N_("title"), N_("words that decided")],
            [
                (
                    mistake.item.line,
                    mistake.area,
                    language.join(sorted(mistake.item.areas)),
                    mistake.item.title,
                    _deciding_words(mistake.evidence, language),
                )
                for mistake in result.false_alarms[:listed]
            ],
            right=(0,),
        )
    if max(len(result.misses), len(result.false_alarms)) > listed:
        app.say("there are more mistakes than are listed; ask for them with --show")


def _silent_words(
    findings: Sequence[Finding], gave_way_to: str | None, names: Mapping[str, str], language: Language
) -> str:
    if not findings:
        return language.text("no term of the lexicon stands in it")
    lines = [] if gave_way_to is None else [language.text("gives way to {area}", area=names[gave_way_to])]
    for finding in findings[:WORDS]:
        counts = f" {finding.counts:+.2f}" if finding.counts else ""
        lines.append(_because(finding.term, finding.gloss, _verdict(finding, language) + counts, language))
    if (more := len(findings) - WORDS) > 0:
        lines.append(language.ntext("and {count} more", "and {count} more", more))
    return "\n".join(lines)


def _deciding_words(evidence: Sequence[Evidence], language: Language) -> str:
    return "\n".join(
        _because(one.term, one.gloss, f"{language.text(PLACES[one.place])} {one.weight:+.2f}", language)
        for one in evidence
    )


def _because(term: str, meaning: str, why: str, language: Language) -> str:
    return language.text("{term} ({meaning}): {why}", term=term, meaning=meaning, why=why)


def _show_validation(app: App, found: CrossValidation) -> None:
    language = app.language
    _heading(
        app,
        language.ntext("F1 by cross-validation, {count} part", "F1 by cross-validation, {count} parts", found.folds),
    )
    ways = (found.lexicon, found.opinion, found.both)
    scores = [{one.area: one.score for one in way.areas} for way in ways]
    listed = dict.fromkeys(area for way in scores for area in way)

    def row(name: str, figures: Sequence[float | None], labelled: int | None = None) -> tuple[str, ...]:
        shown = ("–" if figure is None else f"{figure:.3f}" for figure in figures)
        return (name, *shown, "" if labelled is None else language.number(labelled))

    app.table(
        [N_("area"), N_("lexicon"), N_("second opinion"), N_("both"), N_("labelled")],
        [
            *(
                row(area, [of[area].f1 if area in of else None for of in scores], _support(scores, area))
                for area in listed
            ),
            row(language.text("micro (all decisions)"), [way.micro_f1 for way in ways], found.lexicon.micro.support),
            row(language.text("macro (mean of the areas)"), [way.macro_f1 for way in ways]),
        ],
        right=(1, 2, 3, 4),
    )


def _support(scores: Sequence[Mapping[str, Score]], area: str) -> int:
    return max(of[area].support for of in scores if area in of)


def _validation_as_json(found: CrossValidation) -> dict[str, object]:
    ways = {"lexicon": found.lexicon, "second_opinion": found.opinion, "both": found.both}
    return {
        "folds": found.folds,
        **{
            name: {
                "macro_f1": way.macro_f1,
                "macro_f1_interval": way.macro_f1_interval,
                "micro_f1": way.micro_f1,
                "micro_f1_interval": way.micro_intervals.f1,
                "areas": {one.area: _score_as_json(one.score, one.intervals) for one in way.areas},
            }
            for name, way in ways.items()
        },
    }


def _result_as_json(result: Result, lexicon: Lexicon, show: int | None) -> dict[str, object]:
    return {
        "items": result.items,
        "macro_f1": result.macro_f1,
        "macro_f1_interval": result.macro_f1_interval,
        "micro_f1": result.micro_f1,
        "micro_f1_interval": result.micro_intervals.f1,
        "micro": _score_as_json(result.micro, result.micro_intervals),
        "areas": {one.area: _score_as_json(one.score, one.intervals) for one in result.areas},
        "confusion": result.confusion,
        "misses": [_miss_as_json(mistake, lexicon) for mistake in result.misses[:show]],
        "false_alarms": [
            {**_mistake_as_json(mistake), "evidence": mistake.evidence} for mistake in result.false_alarms[:show]
        ],
    }


def _score_as_json(score: Score, intervals: Intervals) -> dict[str, object]:
    return {
        "precision": score.precision,
        "recall": score.recall,
        "f1": score.f1,
        "support": score.support,
        "hits": score.hits,
        "misses": score.misses,
        "false_alarms": score.false_alarms,
        "precision_interval": intervals.precision,
        "recall_interval": intervals.recall,
        "f1_interval": intervals.f1,
    }


def _miss_as_json(mistake: Mistake, lexicon: Lexicon) -> dict[str, object]:
    found, gave_way_to = _found_of(mistake, lexicon)
    return {**_mistake_as_json(mistake), "found": found, "gave_way_to": gave_way_to}


def _mistake_as_json(mistake: Mistake) -> dict[str, object]:
    return {
        "line": mistake.item.line,
        "area": mistake.area,
        "title": mistake.item.title,
        "labelled": sorted(mistake.item.areas),
        "given": mistake.given,
    }
