"""What the vocabulary's values are called by people: English here, other languages in the catalogues."""

from collections.abc import Mapping
from enum import StrEnum

from db.vocabulary.messages import N_
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.reading import (
    AccessVerdict,
    Agreement,
    DateKind,
    EnglishOrigin,
    MoneyKind,
    Origin,
    RequirementKind,
    Tax,
)
from db.vocabulary.run import RunState
from db.vocabulary.tender import EventKind

KINDS: Mapping[NoticeKind, str] = {
    NoticeKind.PLANNED: N_("Planned procurement"),
    NoticeKind.INFORMATION_REQUEST: N_("Request for information"),
    NoticeKind.COMMENT_REQUEST: N_("Request for comments"),
    NoticeKind.TENDER: N_("Call for tenders"),
    NoticeKind.PROPOSAL_CALL: N_("Call for proposals"),
    NoticeKind.QUOTATION: N_("Request for quotations"),
    NoticeKind.AWARD: N_("Award or result"),
    NoticeKind.AMENDMENT: N_("Correction"),
    NoticeKind.CANCELLATION: N_("Cancellation"),
    NoticeKind.OTHER: N_("Other notice"),
}
CATEGORIES: Mapping[Category, str] = {
    Category.GOODS: N_("Goods"),
    Category.SERVICES: N_("Services"),
    Category.WORKS: N_("Works"),
}
EVENTS: Mapping[EventKind, str] = {
    EventKind.PUBLISHED: N_("announced"),
    EventKind.CHANGED: N_("changed"),
    EventKind.CANCELLED: N_("cancelled"),
    EventKind.AWARDED: N_("result published"),
    EventKind.JOINED: N_("found at another source too"),
}
RUN_STATES: Mapping[RunState, str] = {
    RunState.RUNNING: N_("running"),
    RunState.OK: N_("ok"),
    RunState.PARTIAL: N_("partly read"),
    RunState.FAILED: N_("failed"),
    RunState.REFUSED: N_("refused"),
    RunState.STOPPED: N_("stopped"),
}
FIELDS: Mapping[str, str] = {
    "title": N_("title"),
    "title_en": N_("English title"),
    "buyer": N_("buyer"),
    "prefecture": N_("prefecture"),
    "category": N_("category"),
    "kind": N_("kind of notice"),
    "method": N_("procedure"),
    "status": N_("status"),
    "deadline": N_("deadline"),
    "response_deadline": N_("response deadline"),
    "city": N_("city"),
    "qualification": N_("qualification"),
    "text": N_("text"),
    "text_en": N_("English text"),
    "attachments": N_("documents"),
    "published": N_("day of publication"),
    "url": N_("address"),
    "place": N_("place"),
    "buyer_en": N_("buyer in English"),
}
DATES: Mapping[DateKind, str] = {
    DateKind.DEADLINE: N_("Deadline"),
    DateKind.APPLICATION: N_("Applications to take part until"),
    DateKind.PROPOSAL: N_("Technical proposals until (before the bid)"),
    DateKind.QUESTIONS: N_("Questions until"),
    DateKind.DOCUMENTS: N_("Documents handed out until"),
    DateKind.MEETING: N_("Explanatory meeting"),
    DateKind.OPENING: N_("Opening of bids"),
    DateKind.RESPONSE: N_("Answers until"),
    DateKind.DELIVERY: N_("Delivery or performance"),
}
MONEY: Mapping[MoneyKind, str] = {
    MoneyKind.PLANNED: N_("Planned price (higher bids lose)"),
    MoneyKind.LIMIT: N_("Upper limit"),
    MoneyKind.MINIMUM: N_("Lowest price"),
    MoneyKind.AWARDED: N_("Award price"),
}
TAXES: Mapping[Tax, str] = {Tax.INCLUDED: N_("tax included"), Tax.EXCLUDED: N_("without tax")}
AGREEMENTS: Mapping[Agreement, str] = {
    Agreement.GPA: N_("WTO procurement agreement (GPA)"),
    Agreement.EPA: N_("Japan–EU Economic Partnership Agreement"),
}
VERDICTS: Mapping[AccessVerdict, str] = {
    AccessVerdict.COVERED: N_("covered"),
    AccessVerdict.LIKELY: N_("likely covered"),
    AccessVerdict.NOT_COVERED: N_("not covered"),
    AccessVerdict.RESTRICTED: N_("restricted"),
    AccessVerdict.UNKNOWN: N_("unknown"),
}
REQUIREMENTS: Mapping[RequirementKind, str] = {
    RequirementKind.QUALIFICATION: N_("Registered qualification"),
    RequirementKind.REGION: N_("Office in the region"),
    RequirementKind.SMALL_BUSINESS: N_("Only small and medium-sized enterprises of Japan"),
    RequirementKind.MEETING: N_("Taking part in the explanatory meeting"),
}
ORIGINS: Mapping[EnglishOrigin, str] = {
    EnglishOrigin.OFFICIAL: N_("official English"),
    EnglishOrigin.TABLE: N_("English by table"),
    EnglishOrigin.MACHINE: N_("machine translation"),
    EnglishOrigin.GIST: N_("gist, word by word"),
}
READ_FROM: Mapping[Origin, str] = {
    Origin.FIELD: N_("a field of the source"),
    Origin.TITLE: N_("the title"),
    Origin.JAPANESE: N_("the Japanese text"),
    Origin.ENGLISH: N_("the English text"),
}
REFERENCES: Mapping[str, str] = {
    "調達案件番号": N_("Case number, to be searched for at the portal"),
    "分類": N_("Class"),
    "調達品目分類": N_("Class of goods or services"),
    "品目分類番号": N_("Number of the class of goods or services"),
    "公告番号": N_("Number of the notice"),
    "官報": N_("Issue of the gazette"),
    "官報掲載日": N_("Day of the gazette"),
    "掲載頁": N_("Page in the gazette"),
    "掲載順": N_("Place in the issue"),
    "枝番": N_("Place under its heading"),
    "掲載日": N_("Day of the earlier notice"),
    "調達機関番号": N_("Number of the procuring entity"),
    "所在地番号": N_("Number of the prefecture"),
    "契約番号": N_("Contract number"),
    "contNo": N_("Case number of Tokyo's portal"),
    "aid": N_("JETRO's number"),
    "公示の種類": N_("Type of the notice"),
    "適用協定": N_("Agreements that apply"),
    "公開終了日": N_("Shown at the portal until (no deadline)"),
}
"""What sources call their own numbers and dates; names that are not here stay as they are."""
PLACES = {"title": N_("title"), "body": N_("text"), "buyer": N_("buyer")}

MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""As English texts write them, whatever the language of the machine."""


class Prefecture(StrEnum):
    """The 47 prefectures by their usual names in Roman letters; the value is the Japanese name."""

    HOKKAIDO = "北海道"
    AOMORI = "青森県"
    IWATE = "岩手県"
    MIYAGI = "宮城県"
    AKITA = "秋田県"
    YAMAGATA = "山形県"
    FUKUSHIMA = "福島県"
    IBARAKI = "茨城県"
    TOCHIGI = "栃木県"
    GUNMA = "群馬県"
    SAITAMA = "埼玉県"
    CHIBA = "千葉県"
    TOKYO = "東京都"
    KANAGAWA = "神奈川県"
    NIIGATA = "新潟県"
    TOYAMA = "富山県"
    ISHIKAWA = "石川県"
    FUKUI = "福井県"
    YAMANASHI = "山梨県"
    NAGANO = "長野県"
    GIFU = "岐阜県"
    SHIZUOKA = "静岡県"
    AICHI = "愛知県"
    MIE = "三重県"
    SHIGA = "滋賀県"
    KYOTO = "京都府"
    OSAKA = "大阪府"
    HYOGO = "兵庫県"
    NARA = "奈良県"
    WAKAYAMA = "和歌山県"
    TOTTORI = "鳥取県"
    SHIMANE = "島根県"
    OKAYAMA = "岡山県"
    HIROSHIMA = "広島県"
    YAMAGUCHI = "山口県"
    TOKUSHIMA = "徳島県"
    KAGAWA = "香川県"
    EHIME = "愛媛県"
    KOCHI = "高知県"
    FUKUOKA = "福岡県"
    SAGA = "佐賀県"
    NAGASAKI = "長崎県"
    KUMAMOTO = "熊本県"
    OITA = "大分県"
    MIYAZAKI = "宮崎県"
    KAGOSHIMA = "鹿児島県"
    OKINAWA = "沖縄県"


PREFECTURES_EN: Mapping[str, str] = {prefecture.value: prefecture.name.capitalize() for prefecture in Prefecture}
"""Japanese name → name in Roman letters."""


def prefecture_named(name: str) -> str | None:
    """The Japanese name of a prefecture given in either spelling (東京, 東京都, Tokyo, tokyo-to); None if unknown."""
    wanted = name.strip().lower().removesuffix("-to").removesuffix("-fu").removesuffix("-ken")
    for japanese, english in PREFECTURES_EN.items():
        if wanted in (japanese, japanese[:-1], english.lower()):
            return japanese
    return None
