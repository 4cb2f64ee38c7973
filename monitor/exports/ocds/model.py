"""The parts of the standard that are written, as types; names and meanings are the standard's own (release schema 1.1.5).

What is not known is left out. Amounts are yen. Moments are RFC 3339 with +09:00.
"""

import msgspec

VERSION = "1.1"
CURRENCY = "JPY"
LANGUAGE = "ja"
"""Of all texts but those whose field ends in ``_en``."""


class Part(msgspec.Struct, omit_defaults=True, rename="camel"):
    """Something that is written as an object."""


class Period(Part):
    start_date: str | None = None
    end_date: str | None = None


class Value(Part):
    amount: int | float
    currency: str | None = None


class Identifier(Part):
    scheme: str
    id: str
    legal_name: str


class Address(Part):
    locality: str | None = None
    region: str | None = None


class Reference(Part):
    """Of an organisation among the parties."""

    id: str
    name: str


class Party(Part):
    id: str
    name: str
    identifier: Identifier
    roles: tuple[str, ...]
    name_en: str | None = msgspec.field(default=None, name="name_en")
    address: Address | None = None


class Classification(Part):
    scheme: str
    id: str
    description: str | None = None
    description_en: str | None = msgspec.field(default=None, name="description_en")


class Item(Part):
    id: str
    description: str
    description_en: str | None = msgspec.field(default=None, name="description_en")
    classification: Classification | None = None
    additional_classifications: tuple[Classification, ...] = ()


class Document(Part):
    id: str
    document_type: str
    title: str
    url: str
    date_published: str
    language: str


class Milestone(Part):
    id: str
    title: str
    title_en: str = msgspec.field(name="title_en")
    type: str
    due_date: str


class Amendment(Part):
    id: str
    date: str
    description: str
    amends_release_id: str = msgspec.field(name="amendsReleaseID")
    release_id: str = msgspec.field(name="releaseID")


class Planning(Part):
    documents: tuple[Document, ...]


class Tender(Part):
    id: str
    title: str
    title_en: str | None = msgspec.field(default=None, name="title_en")
    status: str | None = None
    procuring_entity: Reference | None = None
    items: tuple[Item, ...] = ()
    value: Value | None = None
    procurement_method: str | None = None
    procurement_method_details: str | None = None
    main_procurement_category: str | None = None
    tender_period: Period | None = None
    enquiry_period: Period | None = None
    contract_period: Period | None = None
    eligibility_criteria: str | None = None
    eligibility_criteria_en: str | None = msgspec.field(default=None, name="eligibilityCriteria_en")
    documents: tuple[Document, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    amendments: tuple[Amendment, ...] = ()


class Award(Part):
    id: str
    title: str
    status: str
    date: str
    suppliers: tuple[Reference, ...]
    value: Value | None = None


class Release(Part):
    ocid: str
    id: str
    date: str
    tag: tuple[str, ...]
    initiation_type: str
    language: str
    tender: Tender
    parties: tuple[Party, ...] = ()
    buyer: Reference | None = None
    planning: Planning | None = None
    awards: tuple[Award, ...] = ()


class Publisher(Part):
    name: str
    uri: str


class Package(Part):
    """What stands around releases or records."""

    uri: str
    version: str
    published_date: str
    publisher: Publisher
    publication_policy: str
    license: str | None = None
