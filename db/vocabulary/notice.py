"""What a source publishes: the notice as scraped, its kinds and categories."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

# The namespace of every id made here; it must never change, or links, feed ids and calendars break.
NAMESPACE = UUID("7f0c5f0e-6d0b-5c1e-9a55-3d5f0a1c2b4e")


class NoticeKind(StrEnum):
    """What a notice announces (OCDS: tag of the release it becomes)."""

    PLANNED = "planned"
    INFORMATION_REQUEST = "information-request"
    COMMENT_REQUEST = "comment-request"
    TENDER = "tender"
    PROPOSAL_CALL = "proposal-call"
    QUOTATION = "quotation"
    AWARD = "award"
    AMENDMENT = "amendment"
    CANCELLATION = "cancellation"
    OTHER = "other"


class Category(StrEnum):
    """OCDS mainProcurementCategory."""

    GOODS = "goods"
    SERVICES = "services"
    WORKS = "works"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that the notice links to; never fetched by the monitor."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapedNotice:
    """One publication by one source, as read from its pages; nothing here is inferred from the text.

    ``key`` is the source's own identity of the publication. ``title`` is cleaned for readers;
    ``title_original`` is kept where cleaning changed it. ``published`` is a date in Japan; moments
    carry their UTC offset. ``text`` is the notice's text as far as the source gives it.
    ``portal_dates`` keeps dates whose meaning at the source is not the bid deadline, by the source's
    own field name, so that they are neither lost nor taken for something else. ``references`` keeps the
    source's identifiers and codes (numbers of cases, of procuring entities, of classes) in the same way:
    by them notices of several sources are recognised as one tender. ``text_en`` is an English text that
    the source itself gives, never a translation of ours.
    """

    source: str
    key: str
    title: str
    kind: NoticeKind
    published: date
    url: str
    title_original: str | None = None
    title_en: str | None = None
    buyer: str | None = None
    buyer_en: str | None = None
    prefecture: str | None = None
    city: str | None = None
    place: str | None = None
    category: Category | None = None
    method: str | None = None
    qualification: str | None = None
    deadline: datetime | None = None
    response_deadline: datetime | None = None
    document_url: str | None = None
    attachments: tuple[Attachment, ...] = ()
    portal_dates: tuple[tuple[str, str], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    status: str | None = None
    undated: bool = False
    """True where the source states no day of publication: the record keeps the day on which it was first seen."""
    text: str = ""
    text_en: str = ""
    text_cut: bool = field(default=False)
    """True where the source's text was longer than is kept."""

    @property
    def searched(self) -> str:
        """The texts that words are looked for in, in both languages."""
        return f"{self.text}\n{self.text_en}" if self.text_en else self.text


NOTICE_FIELDS = tuple(f.name for f in fields(ScrapedNotice))


def notice_id(source: str, key: str) -> UUID:
    """The id of a notice: the same source and key always give the same id."""
    return uuid5(NAMESPACE, f"{source}\n{key}")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs between two versions; values as they are written out, None where absent."""

    field: str
    before: str | None
    after: str | None
    source: str | None = None
    """Of a tender's field: the source that says so now."""
