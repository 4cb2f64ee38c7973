"""What a notice is recognised by: its numbers and documents, and its title without what changes between sources.

Nothing is decided here; `monitor.merging` holds the identities of two notices against each other. A key is either a
number that stands for one procurement (of a case, of an entry in the gazette), or a mark that only tells otherwise
equal titles apart (the office, the prefecture, the quantity): ``SCHEMES`` says which is which, and why.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from types import MappingProxyType

from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import find_dates, parse_date, to_tokyo
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import DateKind, FoundDate, Identity, IdentityKey
from db.vocabulary.text import fold

# --- Keys -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scheme:
    """A numbering. ``joins``: equal values are one procurement; ``alone``: even where nothing else agrees."""

    joins: bool = False
    alone: bool = False
    case: bool = False
    """It numbers cases: two numbers are two cases, save for a repeated call and a request before the call."""
    notice: bool = False
    """It numbers notices: two calls with two numbers are two, a call and its correction have one each."""


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        # p-portal's 調達案件番号: its list, the award data, the Digital Agency's links and KKJ's copies of its pages
        # count alike (89 awards of the Digital Agency have the title of its notice with the same number).
        "pportal-case": Scheme(joins=True, alone=True, case=True),
        # contNo of Tokyo's e-procurement, which both routes to it give. Its 契約番号 repeats and is no key.
        "tokyo-case": Scheme(joins=True, alone=True, case=True),
        # AnkenKanriNo of e-bisc, the system of the public works: in the address of each document of a case.
        "ebisc-case": Scheme(joins=True, alone=True, case=True),
        # NEDO numbers its pages NA1_100292 (announced), NA2_100292 (open), NA3_100292 (decided).
        "nedo-call": Scheme(joins=True, case=True),
        # JETRO's own number of a notice.
        "jetro-aid": Scheme(joins=True, alone=True, notice=True),
        # Day, place in the issue and place under the heading. Two issues of a day may both begin at 1.
        "gazette": Scheme(joins=True, notice=True),
        # Codes of buyer and place, day, 公告番号: offices in one place may both have a 第1号 on one day.
        "gazette-number": Scheme(joins=True),
        # The address of a document or of a page about one notice. Some are used again, some hold many calls.
        "document": Scheme(joins=True),
        # What tells equal titles apart, or says how a notice may be compared:
        "site": Scheme(),
        "office": Scheme(),
        "named": Scheme(),
        "prefecture": Scheme(),
        "quantity": Scheme(),
        "text": Scheme(),
        "called": Scheme(),
        "undated": Scheme(),
    }
)

_CASE = re.compile(r"[0-9]{19}")


def award_keys(award: ScrapedAward) -> tuple[IdentityKey, ...]:
    """The keys by which an award is one of a notice's: the number of its case, where the source is p-portal's."""
    number = award.case_number or ""
    if award.source.startswith("pportal") and _CASE.fullmatch(number) and number.strip("0"):
        return (IdentityKey("pportal-case", number),)
    return ()


def identity_of(notice: ScrapedNotice, *, buyer: str | None, dates: Sequence[FoundDate] = ()) -> Identity:
    """The identity of a notice. ``buyer`` is the organisation's canonical name, ``dates`` what was read of its dates."""
    title = read_title(notice)
    return Identity(
        source=notice.source,
        kind=_kind(notice),
        published=notice.published,
        stem=title.stem,
        buyer=buyer,
        round=title.round,
        parts=title.parts,
        keys=(*_numbers(notice), *_documents(notice), *_marks(notice, title)),
        deadline=_deadline(notice, dates),
    )


_EARLY = (NoticeKind.PLANNED, NoticeKind.INFORMATION_REQUEST, NoticeKind.COMMENT_REQUEST)
_CHANGES = (NoticeKind.AMENDMENT, NoticeKind.CANCELLATION)
_CALLS = (NoticeKind.TENDER, NoticeKind.PROPOSAL_CALL, NoticeKind.QUOTATION)
# 訂正 in the name of a document, in Roman letters or percent-encoded.
_CORRECTED_DOCUMENT = re.compile(r"(?:teisei|%E8%A8%82%E6%AD%A3)[^/]*$", re.IGNORECASE)


def _kind(notice: ScrapedNotice) -> NoticeKind:
    """The kind; a call whose document is named a correction is one (KKJ gives the same title to both)."""
    address = notice.document_url
    if address and notice.kind in _CALLS and _CORRECTED_DOCUMENT.search(address[-200:]):
        return NoticeKind.AMENDMENT
    return notice.kind


def _deadline(notice: ScrapedNotice, dates: Sequence[FoundDate]) -> date | None:
    """The bid deadline; of a request for information or comments the day by which answers are asked."""
    early = notice.kind in _EARLY
    stated = notice.response_deadline if early else notice.deadline
    if stated is not None:
        return to_tokyo(stated).date()
    wanted = DateKind.RESPONSE if early else DateKind.DEADLINE
    return next((found.day for found in dates if found.kind is wanted), None)


# Numbers

_HEAD = 3_000
"""Characters of a text in which its own numbers stand; later ones may be quoted."""
_CASE_LABEL = "調達案件番号"
_CASE_IN_TEXT = re.compile(r"調達案件番号\s?[:：]?\s?([0-9]{19})(?![0-9])")
_EBISC = re.compile(r"\be-bisc\.go\.jp/.{0,200}?[?&]AnkenKanriNo=([0-9]{20,30})(?![0-9])")
_NEDO = re.compile(r"/koubo/([A-Z]{2})[0-9]_([0-9]{6}(?:_[0-9]{5})?)\.html$")


def _numbers(notice: ScrapedNotice) -> Iterator[IdentityKey]:
    stated = dict(notice.references)
    if (case := stated.get(_CASE_LABEL)) and _CASE.fullmatch(case) and case.strip("0"):
        yield IdentityKey("pportal-case", case)
    if (case := stated.get("contNo")) and case.isalnum():
        yield IdentityKey("tokyo-case", case)
    if aid := stated.get("aid"):
        yield IdentityKey("jetro-aid", aid)
    if (day := stated.get("官報掲載日")) and (order := stated.get("掲載順")):
        if order != "0":  # before the first heading nothing is counted
            yield IdentityKey("gazette", f"{day}/{order}/{stated.get('枝番', '0')}")
        if (code := stated.get("調達機関番号")) and (place := stated.get("所在地番号")):
            if number := stated.get("公告番号"):
                yield _gazette_number(code, place, day, number)
            if earlier := stated.get("掲載日"):
                yield from _corrected(notice.text, code, place, earlier)
    elif notice.text:
        yield from _quoted(notice)
    match notice.source:
        case "kkj":
            if notice.document_url and (found := _EBISC.search(notice.document_url)):
                yield IdentityKey("ebisc-case", found[1])
        case "nedo":
            if found := _NEDO.search(notice.url):
                yield IdentityKey("nedo-call", f"{found[1]}_{found[2]}")


# Of notices that are in the gazette p-portal and JETRO have the text: date, officer, then the codes and the number.
_CODES = re.compile(
    r"調達機関番号\s?([0-9]{3})\s?◎?\s?所在地?番号\s?([0-9]{2})(?![0-9])\s?[〇○]?(第[^、。\s]{0,30}号|[^、。\s0-9]{1,12}第[0-9-]{1,12}号)?"
)


def _quoted(notice: ScrapedNotice) -> Iterator[IdentityKey]:
    """Numbers that other sources have, out of the head of the text."""
    text = notice.text
    if notice.source == "kkj":
        if (at := text.find(_CASE_LABEL, 0, _HEAD)) >= 0 and (found := _CASE_IN_TEXT.match(text, at)):
            yield IdentityKey("pportal-case", found[1])
        return
    if (at := text.find("調達機関番号", 0, _HEAD)) < 0:
        return
    found = _CODES.match(fold(text[at : at + 90]))
    days = [day for _, _, day in find_dates(text[max(0, at - 160) : at])]
    if found and found[3] and days and abs((days[-1] - notice.published).days) <= 10:
        yield _gazette_number(found[1], found[2], str(days[-1]), found[3])


_NAMED_NUMBER = re.compile(r"(?:公告|公示|公表|招請)\(?([^\s、。,()「」]{0,12}第[0-9-]{1,12}号)")


def _corrected(text: str, code: str, place: str, earlier: str) -> Iterator[IdentityKey]:
    """The notice that a correction names: the day of 掲載日 and the one number of 入札公告第26号中."""
    day = parse_date(earlier)
    named = set(_NAMED_NUMBER.findall(fold(text[text.find("掲載日") :][:600])))
    if day and len(named) == 1:
        yield _gazette_number(code, place, str(day), named.pop())


def _gazette_number(code: str, place: str, day: str, number: str) -> IdentityKey:
    return IdentityKey("gazette-number", f"{code}/{place}/{day}/{fold(number).replace(' ', '')}")


# Documents

_PORTALS = frozenset({"pportal", "digital_agency", "kanpo", "jetro_national", "jetro_local", "tokyo_wards"}) | {
    "tokyo_eproc",
    "tokyo_eproc_desktop",
}
"""Sources whose own addresses are those of search pages and lists, or change, or are told by a number already."""
_MOST_DOCUMENTS = 20
_ADDRESS = re.compile(r"https?://([^/?#]+)(/[^#]*)", re.IGNORECASE)
# Of one file or page: its name ends like a file's, or has a number. The search pages of portals have neither.
_ONE_THING = re.compile(r"\.(?:pdf|docx?|xlsx?|zip|lzh|html?|jtd)$|[0-9]{3}[^/]*$", re.IGNORECASE)
_ENTRY = re.compile(r"p-portal\.go\.jp|kkj\.go\.jp|KikanNO=|/(?:index|top|default)\.[a-z]+$", re.IGNORECASE)


def _documents(notice: ScrapedNotice) -> Iterator[IdentityKey]:
    if notice.source in _PORTALS:
        return
    addresses = [attachment.url for attachment in notice.attachments[:_MOST_DOCUMENTS]]
    if notice.document_url:
        addresses.append(notice.document_url)
    if notice.source != "kkj":
        addresses.append(notice.url)
    for address in dict.fromkeys(addresses):
        found = _ADDRESS.match(address[:1_000])
        if found and _ONE_THING.search(found[2]) and not _ENTRY.search(found[0]):
            yield IdentityKey("document", f"{found[1].lower()}{found[2].replace('/./', '/')}")


# Marks

_LEAST_TEXT = 200
"""Characters: below that many notices say the same (公告内容は別添のとおり)."""
_MOST_TEXT = 100_000
"""Characters that are compared; no real notice has as many, and a hostile one shall cost no more."""
_CALLED = re.compile(r"\s*([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{1,2})\s*")


def _marks(notice: ScrapedNotice, title: "Title") -> Iterator[IdentityKey]:
    if notice.source == "kkj" and (site := site_of(notice.key)):
        yield IdentityKey("site", site)
    if title.office:
        yield IdentityKey("office", title.office)
    if notice.buyer:
        yield IdentityKey("named", "".join(notice.buyer.split()))
    if notice.prefecture:
        yield IdentityKey("prefecture", notice.prefecture)
    if title.quantity:
        yield IdentityKey("quantity", title.quantity)
    # Sources that number their notices repeat none.
    if notice.source not in _PORTALS and len(notice.text) >= _LEAST_TEXT:
        yield IdentityKey("text", _short(notice.text[:_MOST_TEXT]))
    if notice.undated:
        yield IdentityKey("undated", "yes")
    called = next((value for name, value in notice.portal_dates if name == "入札公告日又は公示日"), "")
    # 7. 2.27 is of the current era, as everything in the gazette.
    if (
        called
        and (written := _CALLED.fullmatch(fold(called)))
        and (day := parse_date("R" + ".".join(written.groups())))
    ):
        yield IdentityKey("called", str(day))


def site_of(key: str) -> str | None:
    """The site from which KKJ took a notice: gov7/houmukyoku of the Key of gov7/houmukyoku/2026/20260422_08664.

    Copies of p-portal's pages have search/p_portal; the number behind the day is KKJ's own, not p-portal's.
    """
    try:
        path = base64.b64decode(key, validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return "/".join(path.split("/")[:2]) or None


def _short(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


# --- Titles ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart, folded and without spaces."""

    stem: str = ""
    parts: tuple[str, ...] = ()
    round: int = 1
    office: str = ""
    """The bureau in front of it: 【国土地理院】."""
    quantity: str = ""
    """The quantity behind it, where it is more than 一式."""


LONGEST_STEM = 300
_LONGEST = 2_000
_OPEN, _CLOSE = "(【[<〔《≪", ")】]>〕》≫"
_WRAPPED = f"{_CLOSE}」』"

# What brackets around a title say of the procedure, in words that may follow each other: 再度公告, 電子入札対象案件,
# 令和8年5月13日公告. Quantifiers are possessive: nothing is tried twice.
_DAY_MARK = r"(?:(?:令和|平成|[rh])?(?:[0-9]{1,4}|元)[年./-])?[0-9]{1,2}[月./-][0-9]{1,2}日?"
_WORDS = (
    r"再々度?|再度|再掲|再|公告|公示|広告|告示|公表|公募型?|入札|開札|一般競争|指名競争|制限付き?|条件付き?|事後審査型?|"
    r"事前審査型?|格付指定型|電子契約|電子調達|電子メール|電子|郵便|対象|試行|案件|システム|総合評価|落札|方式|簡易型|"
    r"最低価格|施工能力審査型|社会的要請型|技術提案評価型|を実施します|を行います|企画競争|企画提案|プロポーザル|オープンカウンター?|見積り?合わ?せ?|随意契約|政府調達|wto|訂正|変更|修正|"
    r"取り?消し?|中止|取り?下げ|取りやめ|延期|延長|期間|期限|一部|情報|更新|関係|について|お知らせ|予告|予定|意見招請|"
    r"資料提供招請|資料招請|情報提供依頼|招請|rfi|募集|まで|掲載|済み?|あり|有り?|及び|に関する|に係る|結果|実施|工事(?=の入札)|"
    r"[0-9]{1,2}回目|第[0-9]{1,2}回(?=公告|入札)|分|版|後|等|日|up|の|一般"
)
_TELLING = (
    r"公告|公示|広告|告示|公表|公募|入札|開札|競争|電子|総合評価|プロポーザル|カウンタ|見積|wto|訂正|変更|修正|取り?消|中止|"
    r"取り?下|取りやめ|延期|延長|情報更新|お知らせ|予告|招請|rfi|募集|掲載|^再|回目|結果|月[0-9]{1,2}日|up$|情報提供依頼"
)
_MARK = re.compile(rf"(?=.*?(?:{_TELLING}))(?:{_DAY_MARK}|{_WORDS}|/(?:工事|委託|物品|役務)|[・、,:/~_()-])++")
# In front of a bracket or a colon the same words are no part of the title: 入札結果等について(…), 中止公告(…).
_FRAME = re.compile(
    rf"(?:{_DAY_MARK}|{_WORDS}|[・、,_-]|\((?:{_WORDS})++\))++(?=[(「『:])|(?:{_DAY_MARK})(?:公告|公示|告示|公表|開札|入札)+"
)
_NAMED = re.compile(r"[^:]{0,60}?(?:工事|業務|事業|件|委託)名:")
_OFFICE = re.compile(r".{1,14}(?:省|庁|局|院|署|所|支部|本部|支局|センター|大学|病院|台)|本省|本庁|本局")
_DAY_ALONE = re.compile(_DAY_MARK)
"""Of two events with one name the day may be all that tells them apart."""
_CALLING = re.compile("公[告示募]|入札|競争|プロポ|見積|募集|訂正|変更|中止|取消|延期|再度")
# 事後審査型条件付き一般競争入札 ○○工事: words of the procedure that a space parts from the title.
_IN_FRONT = re.compile(r"\s*(\S{4,40})\s+(?=\S)")
_ROUND = re.compile(
    r"再々|再度|再公告|再公示|再広告|再入札|再公募|^再$|再公告|([0-9]{1,2})回目|第([0-9]{1,2})回(?=公告|入札)"
)

# Words behind a title that do not belong to it, longest first; they may follow each other.
_ENDINGS = tuple(
    sorted(
        (
            *(
                "について",
                "に関して",
                "のお知らせ",
                "お知らせ",
                "を実施します",
                "の実施",
                "の開始",
                "開始",
                "公告",
                "公示",
                "告示",
            ),
            *(
                "一般競争入札",
                "指名競争入札",
                "電子入札",
                "入札",
                "条件付",
                "条件付き",
                "制限付",
                "制限付き",
                "事後審査型",
            ),
            *(
                "に係る",
                "に係わる",
                "にかかる",
                "に関する",
                "における",
                "の",
                "企画競争",
                "企画提案",
                "企画提案の",
                "公募型",
            ),
            *(
                "プロポーザル",
                "プロポーザル方式",
                "公募",
                "追加公募",
                "募集",
                "事業者募集",
                "委託先",
                "受託者",
                "事業者の公募",
            ),
            *(
                "意見招請",
                "意見募集",
                "資料提供招請",
                "資料招請",
                "資料の提供招請",
                "情報提供依頼",
                "提案依頼",
                "(rfi)",
            ),
            *(
                "仕様書案に対する",
                "仕様書(案)に対する",
                "調達仕様書案に対する",
                "調達仕様書(案)に対する",
                "仕様書案の",
                "仕様書案",
            ),
            *(
                "入札結果",
                "落札結果",
                "結果",
                "落札者",
                "実施体制の決定",
                "入札公告",
                "入札公告の",
                "公告の一部訂正",
                "の調達",
                "調達",
            ),
            *(
                "公告の変更",
                "公告の訂正",
                "入札公告の訂正",
                "入札公告の変更",
                "公告の中止",
                "入札の中止",
                "の中止",
                "再公告",
                "再度公告",
            ),
            *(
                "による",
                "総合評価落札方式",
                "総合評価方式",
                "再入札",
                "再度入札",
                "再度公告入札",
                "再公募",
                "公告(再度)",
            ),
            *(
                "企画競争実施",
                "プロポーザル実施",
                "プロポーザル方式実施",
                "入札実施",
                "手続開始",
                "簡易公募型",
                "受託候補者の選定",
                "受託候補者選定",
                "受託者の選定",
                "受託者選定",
            ),
        ),
        key=len,
        reverse=True,
    )
)
_AGAIN = ("再公告", "再度公告", "再入札", "再度入札", "再度公告入札", "再公募", "公告(再度)")
_QUANTITY = re.compile(
    r"(?:(?:予定)?(?:数量)?約?)?([0-9][0-9,]{0,12}(?:式|台|個|本|枚|組|部|箱|冊|着|品目|セット|kl|kwh|kg|l|リットル))$|[一1]式$"
)

_ERA = r"(?:令和|平成|(?<![a-z])[rh])"
_PARTS = re.compile(
    # At most places nothing begins: one look at the character decides.
    r"(?=[令平rh0-9元そ第区ロ分グl工(一二三四五六七八九十ivx])(?:"
    # 令和8年度, 2026年度, 令和6~7年度, 令和8年度~10年度
    rf"(?:(?P<era>{_ERA})(?P<year>[0-9]{{1,2}}|元)|(?<![0-9])(?P<west>20[0-9]{{2}}))(?:年度?)?"
    rf"(?:[~-]{_ERA}?(?P<until>20[0-9]{{2}}|[0-9]{{1,2}})年?)?(?:会計|事業)?(?:年?度)"
    # その1, その二, そのa
    r"|その(?:[0-9]{1,3}|[一二三四五六七八九十]{1,3}|[a-zア-ン](?![a-zァ-ヶー]))"
    # 第1工区, 2期, 第2回, 1次公募; not 3次元, 2回線
    r"|(?:第?(?<![0-9.])[0-9]{1,4}|第?[一二三四五六七八九十]{1,3}|第?(?<![a-z])[ivx]{1,4})"
    r"(?:工区|期(?!間|限|末|待|日)|次(?!世代|期|官|長|元|亜|回)|回(?!転|線|路|収|復|答|避|帰|生|送)目?|ロット|ブロック|区分|分割|分冊)"
    r"|(?:区分|ロット|分割|グループ|lot|工事番号)(?:[0-9]{1,6}|[a-z](?![a-z]))"
    # 第54号-1, 第8-2号, 第12号の3
    r"|第[0-9a-z一二三四五六七八九十~-]{1,14}号(?:[の~-][0-9]{1,3})?"
    # (2), (a), (ア)
    r"|\((?:[0-9]{1,3}|[a-z]|[ア-ン])\))"
)
_ERA_ZERO = {"令": 2018, "r": 2018, "平": 1988, "h": 1988}
_DROPPED = re.compile(r"[()【】\[\]<>〔〕《》≪≫「」『』“”\"、,。 |]++")
# (特別区1)(10月分) shall not become 特別区110月分, nor 1,000 two numbers.
_BETWEEN_NUMBERS = re.compile(r"(?<=[0-9])[()【】\[\]<>|、]++(?=[0-9])")


def read_title(notice: ScrapedNotice) -> Title:
    """The title without marks of procedure, correction and round, and what was taken out of it."""
    title = notice.title[:_LONGEST]
    front = fold(words[1]) if (words := _IN_FRONT.match(title)) and _CALLING.search(words[1]) else ""
    text = fold(title).replace(" ", "")
    change = notice.source == "kanpo" and notice.kind in _CHANGES
    # The gazette's corrections have no title of their own, but their heading and the officer.
    if change and notice.buyer and text.endswith(fold(notice.buyer).replace(" ", "")):
        return Title()
    taking = _Taking(text)
    if front and text.startswith(front) and _MARK.fullmatch(front) and not _DAY_ALONE.fullmatch(front):
        taking.see(front)
        taking.text = text[len(front) :]
    taking.marks()
    taking.frame()
    taking.endings()
    parts: list[str] = []

    def take(found: re.Match[str]) -> str:
        parts.append(_part(found))
        return "|"

    stem = _DROPPED.sub("", _BETWEEN_NUMBERS.sub("_", _PARTS.sub(take, taking.text)))
    if len(stem) > LONGEST_STEM:
        stem = f"{stem[: LONGEST_STEM - 17]}#{_short(stem)}"
    return Title(stem, tuple(sorted(set(parts))) if parts else (), taking.round, taking.office, taking.quantity)


def _part(found: re.Match[str]) -> str:
    """A part in one spelling: fy2026, fy2024-2025, その1, 第1工区."""
    era, year, west, until = found["era"], found["year"], found["west"], found["until"]
    if not (year or west):
        return f"第{found[0]}" if found[0][0].isdigit() else found[0]
    zero = _ERA_ZERO[era[0]] if era else 2000
    first = int(west) if west else zero + (1 if year == "元" else int(year))
    if not until:
        return f"fy{first}"
    return f"fy{first}-{int(until) if len(until) == 4 else zero + int(until)}"


class _Taking:
    """A title from which one thing after another is taken."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.round = 1
        self.office = ""
        self.quantity = ""

    def marks(self) -> None:
        """Brackets at both ends that speak of the procedure, and the office in front."""
        while self.text[:1] in _OPEN and 0 < (end := _closing(self.text)) < len(self.text):
            inside = self.text[1 : end - 1]
            if _MARK.fullmatch(inside):
                self.see(inside)
            elif not self.office and _OFFICE.fullmatch(inside):
                self.office = inside
            else:
                break
            self.text = self.text[end:].lstrip("_・:")
        while self.text[-1:] in _CLOSE and (begin := _opening(self.text)) > 0:
            inside = self.text[begin + 1 : -1]
            if not _MARK.fullmatch(inside):
                break
            self.see(inside)
            self.text = self.text[:begin]

    def frame(self) -> None:
        """入札結果等について(…), 一般競争入札の公告について工事名:…, 「…」の公募について."""
        if ":" in self.text and (found := _NAMED.match(self.text)):
            self.see(found[0])
            self.text = self.text[found.end() :]
        elif found := _FRAME.match(self.text):
            self.see(found[0])
            self.text = self.text[found.end() :].lstrip(":")
        else:
            return
        self.unwrap()
        self.marks()

    def unwrap(self) -> None:
        while len(self.text) > 2 and (
            (self.text[0] in _OPEN and self.text[-1] in _CLOSE and _closing(self.text) == len(self.text))
            or (self.text[0] in "「『" and self.text[-1] in "」』" and not set(self.text[1:-1]) & set("「」『』"))
        ):
            self.text = self.text[1:-1]

    def endings(self) -> None:
        """Words of the procedure behind the title, and its quantity; never all of it."""
        self.unwrap()
        while True:
            before = self.text
            if self.text.endswith(_ENDINGS):
                ending = next(one for one in _ENDINGS if self.text.endswith(one))
                if len(ending) == len(self.text):
                    return
                if ending in _AGAIN:
                    self.round = max(self.round, 2)
                self.text = self.text[: -len(ending)]
            elif (
                self.text[-1:] in "式台個本枚組部箱冊着目トlhg"
                and (found := _QUANTITY.search(self.text))
                and found.start()
            ):
                if found[1] and found[1] != "1式":
                    self.quantity = found[1].replace(",", "")
                self.text = self.text[: found.start()]
            elif self.text[-1:] in _WRAPPED:
                self.marks()
                self.unwrap()
            self.text = self.text.rstrip("_・:、-")
            if self.text == before:
                return

    def see(self, words: str) -> None:
        """Notes the round that a mark tells."""
        for found in _ROUND.finditer(words):
            number = found[1] or found[2]
            self.round = max(self.round, int(number) if number else 3 if found[0].startswith("再々") else 2)


def _closing(text: str) -> int:
    """Where the bracket that a text begins with is closed, as the index behind it; 0 where it begins with none."""
    if not text or text[0] not in _OPEN:
        return 0
    depth = 0
    for index, character in enumerate(text[:200]):
        if character in _OPEN:
            depth += 1
        elif character in _CLOSE:
            depth -= 1
            if not depth:
                return index + 1
    return 0


def _opening(text: str) -> int:
    """Where the bracket that a text ends with was opened; -1 where it ends with none."""
    if not text or text[-1] not in _CLOSE:
        return -1
    depth = 0
    for index in range(len(text) - 1, max(-1, len(text) - 200), -1):
        if text[index] in _CLOSE:
            depth += 1
        elif text[index] in _OPEN:
            depth -= 1
            if not depth:
                return index
    return -1
