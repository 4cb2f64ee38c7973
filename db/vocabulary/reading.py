"""What a reader finds in a notice: every finding carries the words that decided."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind


class Place(StrEnum):
    """The part of a notice in which a term stands."""

    TITLE = "title"
    BODY = "body"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A term that counted, in the lexicon's (folded) spelling, with its English gloss and its weight."""

    term: str
    gloss: str
    place: Place
    weight: float


@dataclass(frozen=True, slots=True)
class AreaScore:
    """A focus area and how it was found. ``score`` is the sum of the evidence's weights (1.0 gives the area)."""

    area: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class CpvCode:
    """What is bought, in the EU's Common Procurement Vocabulary: a division or group, 8 digits without check digit.

    ``terms`` are the terms of the lexicon that it follows from.
    """

    code: str
    terms: tuple[str, ...]


class Origin(StrEnum):
    """What a finding was read from: a field of the source, the notice's title, or its text in one of two languages."""

    FIELD = "field"
    TITLE = "title"
    JAPANESE = "ja"
    ENGLISH = "en"


# --- Dates ----------------------------------------------------------------------------------------


class DateKind(StrEnum):
    """What happens on a date. Only ``DEADLINE`` is the end of tendering (or of submitting a proposal)."""

    DEADLINE = "deadline"
    APPLICATION = "application"
    """Applications to take part, proofs of qualification (競争参加資格確認申請, 参加表明): not the bid deadline."""
    PROPOSAL = "proposal"
    """A technical proposal that is due before the bid, at a time of its own. Where both are due together, or where
    proposals alone are asked for, it is the ``DEADLINE``."""
    QUESTIONS = "questions"
    DOCUMENTS = "documents"
    """Until when the specification is handed out (仕様書の交付期間)."""
    MEETING = "meeting"
    """The explanatory meeting (入札説明会)."""
    OPENING = "opening"
    RESPONSE = "response"
    """Answers to a request for information or comments (資料提供招請, 意見招請)."""
    DELIVERY = "delivery"
    """Delivery, or the period in which the contract is carried out."""


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date with the words that it was read from, at most ``PHRASE`` characters of them. Times are Tokyo's.

    ``day`` is the end of what is a period, and ``begins`` its beginning. ``required``: without attending the
    meeting nobody may bid.
    """

    kind: DateKind
    day: date
    phrase: str
    origin: Origin
    clock: time | None = None
    begins: date | None = None
    required: bool = False

    @property
    def moment(self) -> datetime:
        """The moment, with Tokyo's offset; of a day without a time of day its last second."""
        return datetime.combine(self.day, self.clock or time(23, 59, 59), TOKYO)


PHRASE = 120
"""Characters of a phrase that is kept with a finding."""

# --- Money ----------------------------------------------------------------------------------------


class MoneyKind(StrEnum):
    """What an amount is."""

    PLANNED = "planned-price"
    """予定価格: the most that the buyer may pay; a higher bid loses."""
    LIMIT = "upper-limit"
    """上限額, 委託上限, 見積限度額, 予算額, 事業規模: stated as the most that may be asked."""
    MINIMUM = "minimum-price"
    """最低制限価格, 調査基準価格: a lower bid loses, or is looked into."""
    AWARDED = "award-price"


class Tax(StrEnum):
    """Whether the consumption tax is in an amount."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class FoundMoney:
    """An amount in yen with the words that it was read from; ``least`` is the lower end of a range."""

    kind: MoneyKind
    amount: Decimal
    phrase: str
    origin: Origin
    tax: Tax | None = None
    least: Decimal | None = None


# --- Market access --------------------------------------------------------------------------------


class AccessVerdict(StrEnum):
    """Whether a trade agreement opens a procurement. It never says that a company is eligible."""

    COVERED = "covered"
    LIKELY = "likely covered"
    NOT_COVERED = "not covered"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"


class Agreement(StrEnum):
    """The agreements that are looked at."""

    GPA = "gpa"
    """WTO Agreement on Government Procurement."""
    EPA = "eu-japan-epa"
    """Japan–EU Economic Partnership Agreement."""


@dataclass(frozen=True, slots=True)
class AccessReason:
    """A rule that applied: for which agreements it spoke, for which verdict, and the words that it saw.

    ``rule`` is the rule's name in the table of rules, which has its text; ``values`` fill that text in.
    ``valid_from`` and ``valid_until`` bound the days of publication for which the rule's figure holds.
    """

    rule: str
    verdict: AccessVerdict
    agreements: tuple[Agreement, ...]
    phrase: str
    origin: Origin
    values: dict[str, str] = field(default_factory=dict)
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """The verdict for each agreement, and why. Without a reason it is unknown."""

    gpa: AccessVerdict = AccessVerdict.UNKNOWN
    epa: AccessVerdict = AccessVerdict.UNKNOWN
    reasons: tuple[AccessReason, ...] = ()

    @property
    def overall(self) -> AccessVerdict:
        """In a word, for a company in the EU: what restricts does so under either agreement, and one that opens
        the procurement is enough."""
        order = (AccessVerdict.RESTRICTED, AccessVerdict.COVERED, AccessVerdict.LIKELY, AccessVerdict.UNKNOWN)
        return next((one for one in order if one in (self.gpa, self.epa)), AccessVerdict.NOT_COVERED)


NO_VERDICT = Access()
"""Nothing that speaks for or against."""


class RequirementKind(StrEnum):
    """What a bidder must have or be."""

    QUALIFICATION = "qualification"
    """A registered qualification (全省庁統一資格 and the like), with its fields and ranks."""
    REGION = "region"
    """A head or branch office in a place."""
    SMALL_BUSINESS = "small-business"
    """Reserved for small and medium-sized enterprises of Japan (中小企業者に限る)."""
    MEETING = "meeting"
    """Attendance at the explanatory meeting."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement with its words. ``fields`` are those of the qualification (役務の提供等), ``ranks`` A to D."""

    kind: RequirementKind
    phrase: str
    origin: Origin
    fields: tuple[str, ...] = ()
    ranks: tuple[str, ...] = ()


# --- Identity -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class IdentityKey:
    """Something by which notices of several sources are recognised: a numbering (``scheme``) and a number of it."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What merging looks at. The title is its stem: folded, without marks of correction, round and kind of notice.

    ``buyer`` is the organisation's canonical name; ``round`` is 1, and more for a call that is repeated
    (再度公告). ``parts`` are what tells lots and years of otherwise equal titles apart (その１, 令和７年度, 第２回).
    """

    source: str
    kind: NoticeKind
    published: date
    stem: str = ""
    buyer: str | None = None
    round: int = 1
    parts: tuple[str, ...] = ()
    keys: tuple[IdentityKey, ...] = ()
    deadline: date | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Why a notice belongs to a tender: the rule, the notice that it was held against, and what both have.

    ``rule`` is a name in ``labels.MERGE_RULES``, or ``person`` where somebody decided it.
    """

    rule: str
    notice_id: UUID
    shared: tuple[str, ...] = ()


class MergeVerdict(StrEnum):
    """What somebody decided of two notices."""

    TOGETHER = "together"
    APART = "apart"


# --- English --------------------------------------------------------------------------------------


class EnglishOrigin(StrEnum):
    """Where an English text comes from; readers are always told."""

    OFFICIAL = "official"
    """The source gives it."""
    TABLE = "table"
    """A fixed name, from a table of ours (buyers, procedures)."""
    MACHINE = "machine"
    """A translation service made it."""
    GIST = "gist"
    """Put together word by word from a glossary."""


@dataclass(frozen=True, slots=True)
class Result:
    """A winner of a contract, as a notice of awards states it.

    ``amount`` and ``planned`` are in yen and as stated: a price per unit stays one. None where there is no price in
    yen, or where one price is stated for several winners together.
    """

    supplier: str
    decided: date
    address: str | None = None
    amount: Decimal | None = None
    planned: Decimal | None = None
    method: str | None = None
    corporate_number: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was read out of one version of a notice; later readers add their fields here."""

    areas: tuple[AreaScore, ...] = ()
    """The focus areas it belongs to, strongest first."""
    venues: tuple[AreaScore, ...] = ()
    """Areas that it only takes place at: works at a care home are at home in the ageing society, not about it."""
    cpv: tuple[CpvCode, ...] = ()
    dates: tuple[FoundDate, ...] = ()
    """By kind in the order of ``DateKind``, within a kind the one that counts first."""
    money: tuple[FoundMoney, ...] = ()
    access: Access = NO_VERDICT
    requirements: tuple[Requirement, ...] = ()
    identity: Identity | None = None
    """None only where an older version of the program read the notice."""
    gist: str = ""
    """The title in English, word by word; empty where the source gives an English title or nothing is to be said."""
    buyer_en: str | None = None
    """The buyer's official English name, where the tables have it."""
    method_en: str | None = None
    """The procedure's English name, where the tables have it."""
    results: tuple[Result, ...] = ()
    """Who won what, of a notice of awards, in the order in which it names them."""
