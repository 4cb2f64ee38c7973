"""The views that analysts ask: stable, documented, and the same on SQLite and on PostgreSQL.

What stands in the tables follows the program; what stands in these views is promised. Columns are only ever added.
Both databases give the same columns, values and order, which is why

- ids are texts with dashes, as in addresses of the site,
- days are texts (2026-11-23), and moments texts in Tokyo's time (2026-11-23T17:00:00+09:00): both compare and sort as
  what they are, and the beginning of a text is a year or a month,
- amounts are in yen, and flags are 1 and 0,
- texts compare and sort by their characters' codes (PostgreSQL would else go by the server's language).

No view has anything of subscribers. ``docs/sql.md`` lists every column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import inspect
from sqlmodel import Session

from db.award import PLACES
from db.bulk import table
from db.derived import Derived, Step
from db.engine import Database
from db.vocabulary.award import CORPORATE_NUMBERS
from db.vocabulary.messages import N_
from db.vocabulary.methods import CODES, NEGOTIATED, WORDS, Procedure
from db.vocabulary.reading import AccessVerdict

YEN = 10**PLACES
LOCK = 0x7677
"""Of PostgreSQL: processes that take the views away or make them at once do it one after the other."""


@dataclass(frozen=True, slots=True)
class Form:
    """An expression as each database writes it."""

    sqlite: str
    postgresql: str

    def of(self, *, sqlite: bool) -> str:
        return self.sqlite if sqlite else self.postgresql


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view. ``type`` is what a copy of it is declared as: TEXT, INTEGER or REAL."""

    name: str
    type: str
    form: Form
    description: str


@dataclass(frozen=True, slots=True)
class View:
    """A view, and the table that it is in a published copy. ``key`` names its rows, ``indexed`` is what people ask by.

    ``refers``: the columns that have the id of a row of another table.
    """

    name: str
    table: str
    title: str
    description: str
    columns: Sequence[Column]
    rows: Form
    key: Sequence[str]
    indexed: Sequence[Sequence[str]]
    refers: Sequence[tuple[str, str]] = ()

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def definition(self, *, sqlite: bool) -> str:
        """The statement that makes it."""
        columns = ",\n  ".join(f"{one.form.of(sqlite=sqlite)} AS {one.name}" for one in self.columns)
        return f"CREATE VIEW {self.name} AS\nSELECT\n  {columns}\n{self.rows.of(sqlite=sqlite)}"


# How values are written -----------------------------------------------------------------------------------


def _same(sql: str) -> Form:
    return Form(sql, sql)


def _by_code(sql: str) -> str:
    return f'({sql}) COLLATE "C"'


def _text(column: str) -> Form:
    return Form(column, _by_code(column))


def _id(column: str) -> Form:
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    dashed = " || '-' || ".join(f"substr({column}, {first}, {count})" for first, count in parts)
    return Form(dashed, _by_code(f"CAST({column} AS text)"))


def _day(column: str) -> Form:
    return Form(column, _by_code(f"to_char({column}, 'YYYY-MM-DD')"))


def _moment(column: str) -> Form:
    # SQLite has moments in UTC without saying so, and would round what is left of a second.
    return Form(
        f"strftime('%Y-%m-%dT%H:%M:%S+09:00', substr({column}, 1, 19), '+9 hours')",
        _by_code(f'to_char({_in_tokyo(column)}, \'YYYY-MM-DD"T"HH24:MI:SS"+09:00"\')'),
    )


def _day_of(column: str) -> Form:
    """The day of a moment, in Japan."""
    return Form(f"date(substr({column}, 1, 19), '+9 hours')", _by_code(f"to_char({_in_tokyo(column)}, 'YYYY-MM-DD')"))


def _in_tokyo(column: str) -> str:
    return f"{column} AT TIME ZONE INTERVAL '+09:00'"


def _where(condition: str, form: Form) -> Form:
    """The same where a condition holds, else nothing."""
    return Form(
        f"CASE WHEN {condition} THEN {form.sqlite} END", _by_code(f"CASE WHEN {condition} THEN {form.postgresql} END")
    )


def _yen(column: str) -> Form:
    return Form(f"{column} / {YEN}.0", f"trim_scale({column} / {YEN}.0)")


def _flag(condition: str) -> Form:
    return _same(f"CASE WHEN {condition} THEN 1 ELSE 0 END")


def _score(column: str) -> Form:
    return Form(f"round({column}, 3)", f"trim_scale(round(CAST({column} AS numeric), 3))")


def _joined(what: str, rows: str, *, order: str = "", text: str) -> Form:
    """Texts of several rows as one, with commas; empty where there is none. ``order`` comes before the text's own."""
    first = f"{order}, " if order else ""
    return Form(
        f"coalesce((SELECT group_concat({what}, ',') FROM (SELECT {what} {rows} ORDER BY {first}{text}) AS o), '')",
        _by_code(f"coalesce((SELECT string_agg({what}, ',' ORDER BY {first}{_by_code(text)}) {rows}), '')"),
    )


def _parsed(column: str) -> str:
    """JSON as PostgreSQL reads it, without the escaped NULs that a text may have: it fails at the first."""
    clean = rf"regexp_replace({column}, '(?<![\\])((?:[\\][\\])*)[\\]u0000', '\1', 'g')"
    return rf"CAST(CASE WHEN strpos({column}, '\u0000') > 0 THEN {clean} ELSE {column} END AS json)"


def _json(column: str, *path: str | int) -> Form:
    """A text within JSON."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return Form(
        f"json_extract({column}, '${steps}')",
        _by_code(f"{_parsed(column)} #>> '{{{','.join(map(str, path))}}}'"),
    )


def _quoted(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


# Tenders --------------------------------------------------------------------------------------------------

_OPENS = _quoted([AccessVerdict.COVERED, AccessVerdict.LIKELY])
_IN_THIS_ORDER = (AccessVerdict.RESTRICTED, AccessVerdict.COVERED, AccessVerdict.LIKELY, AccessVerdict.UNKNOWN)
"""As ``Access.overall`` has it."""
_OVERALL = "CASE {} ELSE '{}' END".format(
    " ".join(f"WHEN '{one}' IN (t.access_gpa, t.access_epa) THEN '{one}'" for one in _IN_THIS_ORDER),
    AccessVerdict.NOT_COVERED,
)
_SOURCES = Form(
    "coalesce((SELECT group_concat(source, ',') FROM (SELECT json_extract(one.value, '$.source') AS source "
    "FROM json_each(t.sources) AS one GROUP BY 1 ORDER BY min(one.key)) AS o), '')",
    _by_code(
        "coalesce((SELECT string_agg(source, ',' ORDER BY first) FROM (SELECT one.value ->> 'source' AS source, "
        f"min(one.number) AS first FROM json_array_elements({_parsed('t.sources')}) WITH ORDINALITY "
        "AS one(value, number) GROUP BY 1) AS o), '')"
    ),
)
_SOURCE_COUNT = Form(
    "(SELECT count(DISTINCT json_extract(one.value, '$.source')) FROM json_each(t.sources) AS one)",
    "(SELECT CAST(count(DISTINCT one.value ->> 'source') AS integer) "
    f"FROM json_array_elements({_parsed('t.sources')}) AS one(value))",
)
_DEADLINE_DAY = _day_of("t.deadline")
_A_JOIN = "LEFT JOIN derived AS never ON 0"
"""Adds nothing. SQLite takes a view of one table apart where another is left-joined with it, and then looks through
all tenders for every row; of a view that is a join itself it makes a table with an index."""

TENDERS = View(
    "v_tenders",
    "tenders",
    N_("Tenders"),
    N_("One row for each procurement, composed from all notices about it."),
    (
        Column("id", "TEXT", _id("t.id"), N_("The tender; it stays for ever.")),
        Column("title", "TEXT", _text("t.title"), N_("The title in Japanese, as the source writes it.")),
        Column("title_en", "TEXT", _text("t.title_en"), N_("A title in English.")),
        Column(
            "title_en_origin",
            "TEXT",
            _text("t.title_en_origin"),
            N_("Where the English title is from: official (the source), machine (a service) or gist (word by word)."),
        ),
        Column("buyer", "TEXT", _text("t.buyer"), N_("Who buys, in Japanese.")),
        Column("buyer_en", "TEXT", _text("t.buyer_en"), N_("Who buys, in English.")),
        Column(
            "prefecture",
            "TEXT",
            _text("t.prefecture"),
            N_("The prefecture of the buyer or of the place, in Japanese."),
        ),
        Column("city", "TEXT", _text("t.city"), N_("The city or ward, in Japanese.")),
        Column("category", "TEXT", _text("t.category"), N_("What is bought: goods, services or works.")),
        Column(
            "kind", "TEXT", _text("t.kind"), N_("What was published last: tender, amendment, award, cancellation …")
        ),
        Column("method", "TEXT", _text("t.method"), N_("The procedure, in the words of the source.")),
        Column(
            "method_en", "TEXT", _text("t.method_en"), N_("The procedure in English, where a table knows its name.")
        ),
        Column("published", "TEXT", _day("t.published"), N_("When it was published, in Japan.")),
        Column(
            "deadline",
            "TEXT",
            _where("t.deadline_clock", _moment("t.deadline")),
            N_("The end of tendering; empty where only its day is known."),
        ),
        Column("deadline_day", "TEXT", _DEADLINE_DAY, N_("The day on which tendering ends, in Japan.")),
        Column(
            "notice_period_days",
            "INTEGER",
            Form(
                f"CAST(julianday({_DEADLINE_DAY.sqlite}) - julianday(t.published) AS INTEGER)",
                f"CAST({_in_tokyo('t.deadline')} AS date) - t.published",
            ),
            N_("Days from the publication to the day on which tendering ends."),
        ),
        Column(
            "response_deadline",
            "TEXT",
            _where("t.response_clock", _moment("t.response_deadline")),
            N_("The end of answering a request for information or comments; empty where only its day is known."),
        ),
        Column(
            "response_deadline_day",
            "TEXT",
            _day_of("t.response_deadline"),
            N_("The day on which answering ends, in Japan."),
        ),
        Column(
            "value_jpy", "REAL", _yen("t.value"), N_("In yen, the planned price or the upper limit that is stated.")
        ),
        Column(
            "access",
            "TEXT",
            Form(_OVERALL, _by_code(_OVERALL)),
            N_("Whether an agreement opens it to companies in the EU: covered, likely covered, not covered, …"),
        ),
        Column(
            "access_gpa",
            "TEXT",
            _text("t.access_gpa"),
            N_("The same by the Agreement on Government Procurement."),
        ),
        Column(
            "access_epa", "TEXT", _text("t.access_epa"), N_("The same by the agreement between the EU and Japan.")
        ),
        Column(
            "open_to_eu",
            "INTEGER",
            _flag(f"t.access_gpa IN ({_OPENS}) OR t.access_epa IN ({_OPENS})"),
            N_("1 where either agreement opens it, or likely does; 0 where none does or nothing is known."),
        ),
        Column("awarded", "TEXT", _day("t.awarded"), N_("The day of the newest decision in the award data.")),
        Column(
            "areas",
            "TEXT",
            _joined("area", "FROM tender_area WHERE tender_id = t.id", order="score DESC", text="area"),
            N_("The focus areas that it belongs to, strongest first, with commas; empty where there is none."),
        ),
        Column(
            "venues",
            "TEXT",
            _joined("area", "FROM tender_venue WHERE tender_id = t.id", order="score DESC", text="area"),
            N_("Areas that it only takes place at, as a school; with commas."),
        ),
        Column(
            "cpv",
            "TEXT",
            _joined("code", "FROM tender_cpv WHERE tender_id = t.id", text="code"),
            N_("Codes of the EU's Common Procurement Vocabulary, read from the title; with commas."),
        ),
        Column("sources", "TEXT", _SOURCES, N_("The sources that published it, the best one first; with commas.")),
        Column("source_count", "INTEGER", _SOURCE_COUNT, N_("How many sources published it.")),
        Column("notice_url", "TEXT", _json("t.sources", 0, "url"), N_("The notice at its source.")),
        Column("first_seen_at", "TEXT", _moment("t.first_seen_at"), N_("When it was found here.")),
        Column("updated_at", "TEXT", _moment("t.updated_at"), N_("When anything happened to it last.")),
    ),
    Form(f"FROM tender AS t\n{_A_JOIN}", "FROM tender AS t"),
    key=("id",),
    indexed=(
        ("published",),
        ("deadline_day",),
        ("buyer",),
        ("prefecture",),
        ("kind",),
        ("category",),
        ("access",),
        ("open_to_eu",),
    ),
)

# Awards ---------------------------------------------------------------------------------------------------


def _by_procedure(value: Callable[[Procedure], str]) -> str:
    """What follows from the class of an award's procedure, as ``vocabulary.methods.procedure`` finds it."""
    codes: dict[str, list[str]] = {}
    for code, procedure in CODES.items():
        codes.setdefault(value(procedure), []).append(code)
    cases = [f"WHEN a.method_code IN ({_quoted(some)}) THEN {found}" for found, some in codes.items()]
    cases += [f"WHEN a.method LIKE '%{word}%' THEN {value(procedure)}" for word, procedure in WORDS]
    return f"CASE {' '.join(cases)} END"


_PROCEDURE = _by_procedure(lambda procedure: f"'{procedure}'")
_AREAS_OF_AWARD = (
    "(SELECT area, max(score) AS score FROM (SELECT area, score FROM award_area WHERE award_id = a.id "
    "UNION ALL SELECT area, score FROM tender_area WHERE tender_id = a.tender_id) AS found GROUP BY area) AS given"
)

AWARDS = View(
    "v_awards",
    "awards",
    N_("Awards"),
    N_("One row for each contract that was won, as its source states it; of twins at two sources one."),
    (
        Column("id", "TEXT", _id("a.id"), N_("The award; it stays for ever.")),
        Column("date", "TEXT", _day("a.date"), N_("The day of the decision.")),
        Column(
            "fiscal_year",
            "INTEGER",
            Form(
                "CAST(substr(a.date, 1, 4) AS INTEGER) - (substr(a.date, 6, 2) < '04')",
                "CAST(extract(year FROM a.date) AS integer) - "
                "CASE WHEN extract(month FROM a.date) < 4 THEN 1 ELSE 0 END",
            ),
            N_("The fiscal year of that day: 2026 is April 2026 to March 2027."),
        ),
        Column("title", "TEXT", _text("a.title"), N_("What the contract is about, in Japanese.")),
        Column("buyer", "TEXT", _text("a.buyer"), N_("Who buys, in Japanese.")),
        Column("buyer_code", "TEXT", _text("a.buyer_code"), N_("The buyer's code in the award data of the state.")),
        Column("method", "TEXT", _text("a.method"), N_("The procedure, in the words of the source.")),
        Column("method_code", "TEXT", _text("a.method_code"), N_("Its code in the award data of the state.")),
        Column(
            "procedure",
            "TEXT",
            Form(_PROCEDURE, _by_code(_PROCEDURE)),
            N_("Its class: open, selective, limited (several could compete), direct (one supplier) or negotiated."),
        ),
        Column(
            "single_method",
            "INTEGER",
            _same(_by_procedure(lambda procedure: str(int(procedure in NEGOTIATED)))),
            N_(
                "1 for a negotiated contract (随意契約), 0 for one after a competition; empty where that is not known."
            ),
        ),
        Column(
            "supplier",
            "TEXT",
            _text("coalesce(company.name, a.supplier)"),
            N_("The winner, by the name that its company goes by now."),
        ),
        Column(
            "supplier_id",
            "TEXT",
            _id("coalesce(named.company_id, a.supplier_id)"),
            N_("The winner: the same for all spellings of one company."),
        ),
        Column(
            "corporate_number",
            "TEXT",
            _text(f"CASE WHEN company.scheme = '{CORPORATE_NUMBERS}' THEN company.number END"),
            N_("The winner's corporate number, 13 digits; empty for persons and where none is stated."),
        ),
        Column(
            "supplier_prefecture",
            "TEXT",
            _text("company.prefecture"),
            N_("The prefecture of its seat; empty where no register was asked."),
        ),
        Column(
            "abroad",
            "INTEGER",
            _same("CAST(company.abroad AS INTEGER)"),
            N_("1 for a company registered abroad, 0 for one of Japan; empty where no register was asked."),
        ),
        Column(
            "amount_jpy",
            "REAL",
            _yen("a.amount"),
            N_("In yen, the price of the contract; of unit prices the price of one unit."),
        ),
        Column("planned_jpy", "REAL", _yen("a.planned"), N_("In yen, the planned price, where the award states it.")),
        Column(
            "areas",
            "TEXT",
            _joined("area", f"FROM {_AREAS_OF_AWARD}", order="score DESC", text="area"),
            N_("The focus areas of its title and of its tender, strongest first, with commas; empty for none."),
        ),
        Column(
            "case_number", "TEXT", _text("a.case_number"), N_("The number of the case at the procurement portal.")
        ),
        Column(
            "tender_id", "TEXT", _id("a.tender_id"), N_("The tender that it is a result of, where that is known.")
        ),
        Column("source", "TEXT", _text("a.source"), N_("The source that published it.")),
        Column("published", "TEXT", _day("a.published"), N_("When the source published it.")),
    ),
    _same(
        "FROM award AS a\n"
        "LEFT JOIN supplier AS named ON named.id = a.supplier_id\n"
        "LEFT JOIN supplier AS company ON company.id = coalesce(named.company_id, a.supplier_id)\n"
        "WHERE a.same_as IS NULL"
    ),
    key=("id",),
    indexed=(
        ("date",),
        ("fiscal_year",),
        ("buyer",),
        ("supplier",),
        ("corporate_number",),
        ("supplier_id",),
        ("procedure",),
        ("tender_id",),
    ),
    refers=(("tender_id", "tenders"),),
)

# Notices --------------------------------------------------------------------------------------------------

NOTICES = View(
    "v_notices",
    "notices",
    N_("Notices"),
    N_("One row for each publication of one source, with the tender that it is about; no texts."),
    (
        Column("id", "TEXT", _id("n.id"), N_("The notice; it stays for ever.")),
        Column("tender_id", "TEXT", _id("n.tender_id"), N_("The tender that it is about.")),
        Column("source", "TEXT", _text("n.source"), N_("The source that published it.")),
        Column("key", "TEXT", _text("n.key"), N_("The source's own name for it.")),
        Column("kind", "TEXT", _json("said.content", "kind"), N_("What it is: tender, amendment, award, …")),
        Column(
            "title", "TEXT", _json("said.content", "title"), N_("The title in Japanese, as the source writes it.")
        ),
        Column("url", "TEXT", _json("said.content", "url"), N_("The notice at its source.")),
        Column("published", "TEXT", _day("n.published"), N_("When it was published, in Japan.")),
        Column("version", "INTEGER", _same("n.version"), N_("How often the source has changed it, and one.")),
        Column("first_seen_at", "TEXT", _moment("n.first_seen_at"), N_("When it was found here.")),
        Column("changed_at", "TEXT", _moment("n.changed_at"), N_("When its newest version was found.")),
    ),
    _same("FROM notice AS n\nLEFT JOIN notice_version AS said ON said.notice_id = n.id AND said.number = n.version"),
    key=("id",),
    indexed=(("tender_id",), ("source", "published"), ("published",), ("kind",)),
    refers=(("tender_id", "tenders"),),
)

# Areas ----------------------------------------------------------------------------------------------------

AREAS = View(
    "v_areas",
    "areas",
    N_("Focus areas"),
    N_("One row for each tender and each focus area that it belongs to or takes place at."),
    (
        Column("tender_id", "TEXT", _id("given.tender_id"), N_("The tender.")),
        Column("area", "TEXT", _text("given.area"), N_("The focus area.")),
        Column("score", "REAL", _score("given.score"), N_("How strongly it fits; from 1 on it belongs to the area.")),
        Column(
            "venue",
            "INTEGER",
            _same("given.venue"),
            N_("1 where the tender only takes place at the area, as a school; 0 where it is about it."),
        ),
    ),
    _same(
        "FROM (SELECT tender_id, area, score, 0 AS venue FROM tender_area\n"
        "UNION ALL SELECT tender_id, area, score, 1 AS venue FROM tender_venue) AS given"
    ),
    key=("tender_id", "area", "venue"),
    indexed=(("area", "venue"),),
    refers=(("tender_id", "tenders"),),
)

VIEWS: Sequence[View] = (TENDERS, AWARDS, NOTICES, AREAS)
"""All of them, tenders first: the others refer to them."""
READ_BY_VIEWS = frozenset(
    {
        "tender",
        "tender_area",
        "tender_venue",
        "tender_cpv",
        "award",
        "award_area",
        "supplier",
        "notice",
        "notice_version",
        "derived",
        "json_each",
    }
)
"""The tables that they are made of: nothing of subscribers is among them."""

_JOINED_BY = f"CREATE INDEX ix_tender_view ON tender ({TENDERS.columns[0].form.sqlite.replace('t.', '')})"
"""By its id as a text the other views are joined to a tender; PostgreSQL has other ways than an index."""

# Making them ----------------------------------------------------------------------------------------------


def make(database: Database) -> None:
    """Make the views as this version has them."""
    database.write(_make)


def drop(session: Session) -> None:
    """Take the views away, so that tables may be changed: SQLite alters no table while a view does not fit it.

    They come again with the next ``catch_up``.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    for view in reversed(VIEWS):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view.name}")
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP INDEX IF EXISTS ix_tender_view")
    derived = table(Derived)
    if inspect(connection).has_table(derived.name):
        connection.execute(derived.delete().where(derived.c.name == STEP.name))


def _make(session: Session) -> None:
    # Nothing in these statements is a parameter; without this the driver looks for % in them.
    connection = session.connection().execution_options(no_parameters=True)
    sqlite = connection.dialect.name == "sqlite"
    drop(session)
    for view in VIEWS:
        connection.exec_driver_sql(view.definition(sqlite=sqlite))
    if sqlite:
        connection.exec_driver_sql(_JOINED_BY)


_ALL = [view.definition(sqlite=sqlite) for view in VIEWS for sqlite in (True, False)]
STEP = Step("views", sha256("\n".join([*_ALL, _JOINED_BY]).encode()).hexdigest()[:16], make)
