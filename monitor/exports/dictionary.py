"""The data dictionary: every column of the flat files, once. Header, schema, descriptor and pages follow from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from db.vocabulary.messages import N_


class Type(StrEnum):
    """What a column holds. In a CSV it is written as ``WRITTEN`` says."""

    ID = "id"
    TEXT = "text"
    ADDRESS = "address"
    DAY = "day"
    MOMENT = "moment"
    YEN = "yen"
    COUNT = "count"
    TEXTS = "texts"
    SCORES = "scores"


WRITTEN: Mapping[Type, str] = {
    Type.ID: N_("text"),
    Type.TEXT: N_("text"),
    Type.ADDRESS: N_("web address"),
    Type.DAY: N_("day (YYYY-MM-DD)"),
    Type.MOMENT: N_("moment (ISO 8601; in CSV and JSON with +09:00)"),
    Type.YEN: N_("number, up to four decimal places"),
    Type.COUNT: N_("whole number"),
    Type.TEXTS: N_("list of texts (in CSV joined with a space)"),
    Type.SCORES: N_("list of areas with scores (not in CSV)"),
}
YEN = "JPY"


@dataclass(frozen=True, slots=True)
class Column:
    """``rule`` is where it is laid down what the values mean: a standard, or a page of the documentation."""

    name: str
    type: Type
    description: str
    rule: str = ""
    required: bool = False
    """Whether every row has it."""

    @property
    def unit(self) -> str:
        return YEN if self.type is Type.YEN else ""

    @property
    def flat(self) -> bool:
        """Whether a CSV has it."""
        return self.type is not Type.SCORES


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the files. ``day`` is the column by whose month it is parted, ``changed`` the one to resume from."""

    name: str
    title: str
    description: str
    day: str
    changed: str
    columns: Sequence[Column]

    @property
    def flat(self) -> list[Column]:
        """The columns of its CSV."""
        return [column for column in self.columns if column.flat]


TENDERS = Table(
    "tenders",
    N_("Tenders"),
    N_("One row for each procurement, composed from all notices about it."),
    "published",
    "updated_at",
    (
        Column("id", Type.ID, N_("The tender; it stays for ever."), "RFC 9562", True),
        Column("title", Type.TEXT, N_("The title in Japanese, as the source writes it."), "", True),
        Column("title_en", Type.TEXT, N_("A title in English.")),
        Column(
            "title_en_origin",
            Type.TEXT,
            N_("Where the English title is from: official (the source), machine (a service) or gist (word by word)."),
            "docs/reading.md",
        ),
        Column("buyer", Type.TEXT, N_("Who buys, in Japanese.")),
        Column("buyer_en", Type.TEXT, N_("Who buys, in English.")),
        Column("prefecture", Type.TEXT, N_("The prefecture of the buyer or of the place, in Japanese.")),
        Column("category", Type.TEXT, N_("What is bought: goods, services or works."), "OCDS procurementCategory"),
        Column(
            "kind",
            Type.TEXT,
            N_("What was published last: tender, amendment, award, cancellation …"),
            "docs/query-language.md",
            True,
        ),
        Column("method", Type.TEXT, N_("The procedure, in the words of the source.")),
        Column("method_en", Type.TEXT, N_("The procedure in English, where a table knows its name.")),
        Column("published", Type.DAY, N_("When it was published, in Japan."), "", True),
        Column("deadline", Type.MOMENT, N_("The end of tendering; empty where only its day is known."), "RFC 3339"),
        Column("deadline_day", Type.DAY, N_("The day on which tendering ends, in Japan.")),
        Column(
            "response_deadline",
            Type.MOMENT,
            N_("The end of answering a request for information or comments; empty where only its day is known."),
            "RFC 3339",
        ),
        Column("response_deadline_day", Type.DAY, N_("The day on which answering ends, in Japan.")),
        Column("value_jpy", Type.YEN, N_("The planned price, or the upper limit that is stated."), "docs/reading.md"),
        Column(
            "access",
            Type.TEXT,
            N_("Whether an agreement opens it to companies in the EU: covered, likely covered, not covered, …"),
            "docs/reading.md",
            True,
        ),
        Column("access_gpa", Type.TEXT, N_("The same by the Agreement on Government Procurement."), "WTO GPA", True),
        Column(
            "access_epa",
            Type.TEXT,
            N_("The same by the agreement between the EU and Japan."),
            "EU-Japan EPA, chapter 10",
            True,
        ),
        Column("awarded", Type.DAY, N_("The day of the newest decision in the award data.")),
        Column(
            "areas", Type.TEXTS, N_("The focus areas that it belongs to, strongest first."), "docs/areas.md", True
        ),
        Column("area_scores", Type.SCORES, N_("The same with how strongly each fits."), "docs/areas.md", True),
        Column("venues", Type.TEXTS, N_("Areas that it only takes place at, as a school."), "docs/areas.md", True),
        Column(
            "cpv",
            Type.TEXTS,
            N_("Codes of the EU's Common Procurement Vocabulary, read from the title."),
            "Regulation (EC) No 213/2008",
            True,
        ),
        Column(
            "sources", Type.TEXTS, N_("The sources that published it, the best one first."), "docs/sources.md", True
        ),
        Column("notice_url", Type.ADDRESS, N_("The notice at its source.")),
        Column("first_seen_at", Type.MOMENT, N_("When it was found here."), "RFC 3339", True),
        Column(
            "updated_at", Type.MOMENT, N_("When anything happened to it last: resume from here."), "RFC 3339", True
        ),
        Column("url", Type.ADDRESS, N_("Its page here, with the evidence."), "", True),
    ),
)
AWARDS = Table(
    "awards",
    N_("Awards"),
    N_("One row for each contract that was won, as its source states it; of twins at two sources one."),
    "date",
    "changed_at",
    (
        Column("id", Type.ID, N_("The award; it stays for ever."), "RFC 9562", True),
        Column("date", Type.DAY, N_("The day of the decision."), "", True),
        Column("title", Type.TEXT, N_("What the contract is about, in Japanese."), "", True),
        Column("buyer", Type.TEXT, N_("Who buys, in Japanese.")),
        Column("buyer_code", Type.TEXT, N_("The buyer's code in the award data of the state."), "docs/sources.md"),
        Column("method", Type.TEXT, N_("The procedure, in the words of the source.")),
        Column("method_code", Type.TEXT, N_("Its code in the award data of the state."), "docs/sources.md"),
        Column("supplier", Type.TEXT, N_("The winner's name, as the award states it."), "", True),
        Column(
            "supplier_id", Type.ID, N_("The winner: the same for all spellings of one company."), "RFC 9562", True
        ),
        Column(
            "corporate_number",
            Type.TEXT,
            N_("The winner's corporate number, 13 digits; empty for persons and where none is stated."),
            "org-id.guide JP-JCN",
        ),
        Column("amount_jpy", Type.YEN, N_("The price of the contract; of unit prices the price of one unit.")),
        Column("planned_jpy", Type.YEN, N_("The planned price, where the award states it.")),
        Column("case_number", Type.TEXT, N_("The number of the case at the procurement portal."), "docs/sources.md"),
        Column("tender_id", Type.ID, N_("The tender that it is a result of, where that is known."), "RFC 9562"),
        Column(
            "areas",
            Type.TEXTS,
            N_("The focus areas of its title and of its tender, strongest first."),
            "docs/awards.md",
            True,
        ),
        Column("source", Type.TEXT, N_("The source that published it."), "docs/sources.md", True),
        Column("published", Type.DAY, N_("When the source published it."), "", True),
        Column("changed_at", Type.MOMENT, N_("When it was written here last: resume from here."), "RFC 3339", True),
    ),
)
NOTICES = Table(
    "notices",
    N_("Notices"),
    N_("One row for each publication of one source, with the tender that it is about; no texts."),
    "published",
    "changed_at",
    (
        Column("id", Type.ID, N_("The notice; it stays for ever."), "RFC 9562", True),
        Column("source", Type.TEXT, N_("The source that published it."), "docs/sources.md", True),
        Column("key", Type.TEXT, N_("The source's own name for it."), "docs/sources.md", True),
        Column("kind", Type.TEXT, N_("What it is: tender, amendment, award, …"), "docs/query-language.md", True),
        Column("title", Type.TEXT, N_("The title in Japanese, as the source writes it."), "", True),
        Column("url", Type.ADDRESS, N_("The notice at its source."), "", True),
        Column("published", Type.DAY, N_("When it was published, in Japan."), "", True),
        Column("tender_id", Type.ID, N_("The tender that it is about."), "RFC 9562", True),
        Column("version", Type.COUNT, N_("How often the source has changed it, and one."), "", True),
        Column("first_seen_at", Type.MOMENT, N_("When it was found here."), "RFC 3339", True),
        Column(
            "changed_at", Type.MOMENT, N_("When its newest version was found: resume from here."), "RFC 3339", True
        ),
    ),
)
TABLES: Mapping[str, Table] = {table.name: table for table in (TENDERS, AWARDS, NOTICES)}
