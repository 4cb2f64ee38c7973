"""Pages in the reader's language: which language that is, links that remember it, and the templates.

Templates have the texts; what they call (labels, dates, safe addresses) is gathered in ``_words``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from alerts.feeds import web_address
from alerts.language import JAPANESE, in_tongues
from alerts.wording import (
    TOO_FEW,
    difference_text,
    euro_text,
    event_text,
    field_value,
    money_text,
    origin_text,
    prefecture_name,
    requirement_text,
    verdict_text,
    working_days_text,
)
from db.snippets import Piece, marked
from db.vocabulary import labels
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import Saying
from db.vocabulary.query import Scope, Word
from db.vocabulary.reading import AccessVerdict, AreaScore, Evidence, Origin
from db.vocabulary.run import RunState
from monitor import findings
from monitor.currency import in_euro
from monitor.health import ROBOTS, Robots
from monitor.i18n import LANGUAGES, Language, language, preferred
from monitor.merging import MERGE_RULES
from monitor.reading.areas import names_of
from monitor.reading.areas.cpv import cpv_name
from monitor.reading.by_heart import buyer_in_english, title_in_english
from monitor.reading.english import method_english
from monitor.web.context import WebContext
from monitor.working_days import too_few, working_days_left

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
NATIVE = {"en": "English", "ja": "日本語"}
"""What languages are called by those who read them."""
MOST_WORDS = 4
"""Words that decided, shown for each tender of a list."""
JAPANESE_FIELDS = ("title", "buyer", "city", "method", "qualification", "status")
"""Fields whose values are in the language of the notice."""
ENGLISH_FIELDS = ("title_en", "buyer_en")
VERDICT_BADGES = {
    AccessVerdict.COVERED: "good",
    AccessVerdict.LIKELY: "good",
    AccessVerdict.RESTRICTED: "bad",
    AccessVerdict.NOT_COVERED: "plain",
    AccessVerdict.UNKNOWN: "plain",
}
"""How a verdict is coloured; its word always stands there, too."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A reader's request: the language, and the address it was made to. ``chosen``: the address names the language."""

    language: Language
    chosen: bool
    root: str
    path: str
    params: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: Request, root: str) -> "Visit":
        named = request.query_params.get("lang", "")
        code = named if named in LANGUAGES else preferred(request.headers.get("accept-language", ""))
        path = "/" + request.scope["path"].removeprefix(request.scope.get("root_path", "")).lstrip("/")
        params = tuple((name, value) for name, value in request.query_params.multi_items() if name != "lang")
        return cls(language(code), named in LANGUAGES, root, path, params)

    def link(self, path: str, **params: object) -> str:
        """An address of ours, in the language that was chosen; empty parameters are left out."""
        return self._address(path, [(name, str(value)) for name, value in params.items() if value not in ("", None)])

    def switched(self, code: str) -> str:
        """The same page in another language."""
        return f"{self.root}{quote(self.path)}?{urlencode([*self.params, ('lang', code)])}"

    def _address(self, path: str, params: list[tuple[str, str]]) -> str:
        if self.chosen:
            params = [*params, ("lang", self.language.code)]
        return f"{self.root}{path}{'?' if params else ''}{urlencode(params)}"


class Pages:
    """The templates, once for each language."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._environments = {code: _environment(context, language(code)) for code in LANGUAGES}

    def visit(self, request: Request) -> Visit:
        return Visit.of(request, self._context.root)

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> HTMLResponse:
        visit = self.visit(request)
        html = self._environments[visit.language.code].get_template(template).render(visit=visit, **values)
        about = {"Cache-Control": "no-cache", "Vary": "Accept-Language", "Content-Language": visit.language.code}
        return HTMLResponse(html, status, {**about, **(headers or {})})

    def error(
        self,
        request: Request,
        status: int,
        *,
        saying: Saying | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """The page for an error, in plain words; ``saying`` is what is known beyond the status."""
        return self.render(
            request,
            "error.html",
            status=status,
            headers={**(headers or {}), "Cache-Control": "no-store"},
            failure=status,
            saying=saying,
        )


def _environment(context: WebContext, spoken: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(_words(context, spoken))
    environment.filters["fill"] = fill
    return environment


def _words(context: WebContext, spoken: Language) -> dict[str, object]:
    """What every template of a language may call."""
    area_names = names_of(context.areas, spoken.code)

    def prefecture(name: str) -> str:
        return prefecture_name(name, spoken)

    def value(field: str, written: str) -> str:
        return field_value(field, written, spoken)

    return {
        "_": spoken.text,
        "ntext": spoken.ntext,
        "say": spoken.say,
        "day": spoken.day,
        "moment": spoken.moment,
        "number": spoken.number,
        "area_name": lambda slug: area_names.get(slug, slug),
        "cpv_name": lambda code: cpv_name(code, spoken.code),
        "area_known": lambda slug: slug in area_names,
        "described": lambda area: area.descriptions[spoken.code],
        "source_names": context.sources.get,
        "prefecture": prefecture,
        "buyer_english": buyer_in_english if spoken.code != "ja" else _nothing,
        "procedure_english": method_english if spoken.code != "ja" else _nothing,
        "title_english": title_in_english if spoken.code != "ja" else _nothing,
        "deciding": _deciding,
        "kind": lambda kind: spoken.text(labels.KINDS[kind]),
        "category": lambda category: spoken.text(labels.CATEGORIES[category]),
        "event": lambda kind: event_text(kind, spoken),
        "robots_state": lambda state: spoken.text(ROBOTS[Robots(state)]),
        "run_state": lambda state: spoken.text(labels.RUN_STATES[RunState(state)]),
        "place": lambda place: spoken.text(labels.PLACES[place]),
        "field": lambda name: spoken.text(labels.FIELDS[name]) if name in labels.FIELDS else name,
        "value": value,
        "value_language": lambda field: _language_of(field, spoken),
        "weight": lambda weight: f"{'−' if weight < 0 else '+'}{abs(weight):.1f}",
        "tokyo_iso": lambda moment: moment.astimezone(TOKYO).isoformat(timespec="minutes"),
        "tokyo_day": lambda moment: spoken.day(moment.astimezone(TOKYO).date()),
        "tokyo_clock": lambda moment: f"{moment.astimezone(TOKYO):%H:%M}",
        "days_until": days_until,
        "hours_since": hours_since,
        "stated_time": lambda written: stated_time(written, spoken),
        "web_address": web_address,
        "areas": context.areas,
        "area_options": list(area_names.items()),
        "prefecture_options": [
            (english, prefecture(japanese)) for japanese, english in labels.PREFECTURES_EN.items()
        ],
        "kind_options": [(kind, spoken.text(label)) for kind, label in labels.KINDS.items()],
        "category_options": [(category, spoken.text(label)) for category, label in labels.CATEGORIES.items()],
        **_findings(context, spoken),
        "site": context.site,
        "illustrative": context.site.illustrative,
        "has_data": context.data is not None,
        "languages": [(code, NATIVE[code]) for code in LANGUAGES],
        "static": {file.name: _static_address(context.root, file) for file in sorted(STATIC.iterdir())},
    }


def _nothing(text: str) -> str:
    """To those who read the Japanese our English says nothing."""
    return ""


def _findings(context: WebContext, spoken: Language) -> dict[str, object]:
    """What templates call to show what was read out of notices."""
    rate = context.rate
    told = {
        Origin.JAPANESE: "ja",
        Origin.TITLE: "ja",
        Origin.ENGLISH: "en",
        Origin.FIELD: spoken.code,
    }

    def tongues(text: str) -> Markup:
        return in_tongues(text, spoken.code)

    def euro(yen: Decimal, *, dated: bool = False) -> str:
        if rate is None:
            return ""
        return euro_text(yen, lambda amount: in_euro(amount, rate), spoken, day=rate.day if dated else None)

    def quoted(proof: findings.Proof) -> Markup:
        """The words of a notice, as a quotation; empty where they say no more than what is shown anyway."""
        name, words = findings.quotation(proof)
        if name:
            return Markup("{}: {}").format(tongues(name), stated_time(words, spoken))
        if not words or words in context.sources:
            return Markup("")
        code = told[proof.origin]
        return Markup('<q lang="{}">{}</q>').format(code, in_tongues(words, code))

    return {
        "tongues": tongues,
        "with_marks": with_marks,
        "marks": marks,
        "tongue_of": lambda text: "ja" if JAPANESE.search(text) else "en",
        "cut": findings.cut,
        "useful_english": lambda card: findings.useful_english(card.title_en, card.title_en_origin, spoken),
        "origin": lambda origin: origin_text(origin, spoken),
        "quoted": quoted,
        "read_from": lambda origin: spoken.text(labels.READ_FROM[origin]),
        "deadline_proofs": findings.deadline_proofs,
        "difference": lambda card, field: difference_text(card, field, spoken),
        "working_days": working_days_left,
        "working_days_text": lambda days: working_days_text(days, spoken),
        "too_few": too_few,
        "too_few_text": spoken.text(TOO_FEW),
        "other_dates": findings.other_dates,
        "date_kind": lambda kind: spoken.text(labels.DATES[kind]),
        "amounts": findings.amounts,
        "yen": spoken.yen,
        "money": lambda found: money_text(found, spoken),
        "money_kind": lambda kind: spoken.text(labels.MONEY[kind]),
        "euro": euro,
        "agreements": [(agreement, spoken.text(label)) for agreement, label in labels.AGREEMENTS.items()],
        "verdict": lambda verdict: spoken.text(labels.VERDICTS[verdict]),
        "verdict_badge": VERDICT_BADGES.__getitem__,
        "verdict_line": lambda access: verdict_text(access, spoken),
        "counts_as_chip": findings.counts_as_chip,
        "reason": lambda reason: tongues(findings.reason_text(reason, spoken)),
        "requirement": lambda found: tongues(requirement_text(found, spoken)),
        "reference": lambda name: tongues(spoken.text(labels.REFERENCES.get(name, name))),
        "is_request": findings.is_request,
        "is_signal": findings.is_signal,
        "merge_rule": lambda link: spoken.text(MERGE_RULES.get(link.rule, link.rule)),
        "differences": findings.differences,
    }


def _language_of(field: str, spoken: Language) -> str:
    """The language of a field's value as it is shown."""
    if field in ENGLISH_FIELDS:
        return "en"
    return "ja" if field in JAPANESE_FIELDS else spoken.code


def _static_address(root: str, file: Path) -> str:
    """The address of one of our own files; it changes with the content, so that it may be kept for ever."""
    return f"{root}/static/{file.name}?v={blake2b(file.read_bytes(), digest_size=4).hexdigest()}"


def _deciding(areas: Sequence[AreaScore]) -> list[Evidence]:
    """The strongest words that decided, each once: they say in English what a Japanese title is about."""
    found = {one.term: one for area in areas for one in area.evidence if one.weight > 0}
    return sorted(found.values(), key=lambda one: -one.weight)[:MOST_WORDS]


def with_marks(text: str, words: Sequence[Word], place: str, code: str) -> Markup:
    """A title or a name in the language ``code`` as HTML, with the words of a search in ``<mark>``."""
    return marks(marked(text, words, Scope(place)), code)


def marks(pieces: Sequence[Piece], code: str) -> Markup:
    """Pieces of a text in the language ``code`` as HTML."""
    each = ((in_tongues(piece.text, code), piece.hit) for piece in pieces)
    return Markup("").join(Markup("<mark>{}</mark>").format(html) if hit else html for html, hit in each)


def fill(text: str, **values: object) -> Markup:
    """A text's ``{names}`` replaced by values of which those that are markup stay so."""
    return escape(text).format(**values)


def days_until(moment: datetime, now: datetime) -> int:
    """Days on the calendar of Tokyo from now to a moment; negative once it has passed."""
    if moment < now:
        return -1
    return (moment.astimezone(TOKYO).date() - now.astimezone(TOKYO).date()).days


def stated_time(written: str, spoken: Language) -> str:
    """A day, a moment or a period (2026-09-14/2026-09-17) of a source in the reader's language; else as it is written."""

    def one(piece: str) -> str:
        if piece in ("", ".."):
            return ""
        if len(piece) == len("2026-09-14"):
            return spoken.day(date.fromisoformat(piece))
        return spoken.moment(datetime.fromisoformat(piece))

    try:
        return " – ".join(map(one, written.split("/"))).strip()
    except ValueError:
        return written


def hours_since(moment: datetime, now: datetime) -> int:
    """Whole hours since a moment."""
    return max(now - moment, timedelta()) // timedelta(hours=1)
