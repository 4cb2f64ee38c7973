"""From the parts of an issue to notices: what a notice says goes into its fields, and nothing else does."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from db.vocabulary.labels import Prefecture
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from db.vocabulary.text import clean_title
from scrapers.gazette.cutting import Part, joined, parts
from scrapers.gazette.text import Line
from scrapers.kinds import kind_of

SITE = "https://www.kanpo.go.jp"


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of the gazette: 20250711c00128 is 号外政府調達第128号, of 11 July 2025."""

    id: str

    @property
    def day(self) -> date:
        return date(int(self.id[:4]), int(self.id[4:6]), int(self.id[6:8]))

    @property
    def name(self) -> str:
        """As its running head has it, and as corrections name it."""
        return f"号外政府調達第{int(self.id[9:])}号"

    def page(self, number: int) -> str:
        """The address of a page; page 0 is the contents."""
        return f"{SITE}/{self.id[:8]}/{self.id}/{self.id}{number:04}f.html"

    def pdf(self, first: int, last: int) -> str:
        """The address of the PDF that holds the pages from the first to the last."""
        return f"{SITE}/{self.id[:8]}/{self.id}/pdf/{self.id}full{first:04}{last:04}.pdf"


def notices(lines: Iterable[Line], issue: Issue, source: str) -> Iterator[ScrapedNotice | Problem]:
    """All notices of an issue, in their order, and what is wrong with one.

    The key is issue, page, the buyer's two codes and the notice's number, for several buyers have their 第１号 on
    one page; without a number it is issue, page, and the place among the notices of the page without one.
    """
    unnumbered: Counter[int] = Counter()
    given: Counter[str] = Counter()
    buyers_en: dict[int, str] = {}
    for part in parts(lines):
        codes, number = _codes(part), _number(part)
        if number is None:
            unnumbered[part.page] += 1
            mark = str(unnumbered[part.page])
        else:
            mark = "-".join(filter(None, (codes.get("調達機関番号"), codes.get("所在地番号"), number)))
        key = f"{issue.id}-{part.page:04}-{mark}"
        given[key] += 1
        if given[key] > 1:
            key = f"{key}-{given[key]}"
        items, items_en = _items(part.body), _items(part.body_en)
        # Later numbers under a heading refer to the first: “The same with the Notice above (No. 15)”.
        buyer_en = _office(_value(items_en, _BUYER_EN, " ")) or buyers_en.get(part.order)
        if buyer_en:
            buyers_en[part.order] = buyer_en
        kind = kind_of_heading(part.heading)
        buyer = buyer_of(part.head)
        original = part.entry.get("②") or _value(items, _TITLE) or ""
        title = clean_title(original)
        yield ScrapedNotice(
            source=source,
            key=key,
            title=title or "　".join(filter(None, (part.heading, buyer))) or issue.name,
            title_original=original if title and title != original else None,
            title_en=part.entry_en.get("②") or _value(items_en, _TITLE_EN, " "),
            kind=kind,
            published=issue.day,
            url=issue.page(part.page),
            buyer=buyer,
            buyer_en=buyer_en,
            prefecture=_prefecture(codes.get("所在地番号", "")),
            place=_place(items),
            category=category_of(codes.get("品目分類番号", ""), _label(items, _TITLE)),
            method=_method(part),
            qualification=_qualification(items),
            portal_dates=tuple(_dates(part, items)),
            references=tuple(_references(part, issue, codes, number)),
            text=_text(part),
            text_en="\n".join(part.body_en),
        )
        for saying in _doubts(part, kind, complete=bool(title and codes)):
            yield Problem(f"{issue.id} p. {part.page}", saying)


_FIRST_ITEM = re.compile(r"[1１]\u3000調達内容")


def _doubts(part: Part, kind: NoticeKind, *, complete: bool) -> Iterator[Saying]:
    """What a person has to look at. Corrections have no title of their own, and may quote what they correct."""
    if part.heading and not any(word in part.heading for word, _ in _KINDS):
        yield Saying(
            "the heading {heading} is of no known kind, it was taken for {kind}; look at the page, and add a word of "
            "it to _KINDS in scrapers/gazette/notices.py",
            {"heading": part.heading, "kind": kind.value},
        )
    quotes = kind in (NoticeKind.AMENDMENT, NoticeKind.CANCELLATION, NoticeKind.OTHER)
    if not complete and not quotes:
        yield Saying(
            "under the heading {heading} no title (件名) or no ◎調達機関番号 was found; the notice is kept as it "
            "is, look at the page, its wording may be new",
            {"heading": part.heading},
        )
    codes = sum(text.startswith("◎調達機関番号") for text in part.body)
    first_items = sum(bool(_FIRST_ITEM.match(text)) for text in part.body)
    if not part.heading or codes or (first_items > 1 and not quotes):
        yield Saying(
            "here two notices are kept as one, or one without its heading: a heading, or a number behind 〇, was "
            "overlooked; look at the page, and at HEADING_SIZE and _NUMBER in scrapers/gazette/cutting.py"
        )


# --- Kind, codes, category ------------------------------------------------------------------------

# A heading holds one of these words; the first that fits decides. Of a direct award the gazette tells before
# the contract is made; in OCDS such a prenotification is an award as well.
_KINDS = (
    ("取消", NoticeKind.CANCELLATION),
    ("中止", NoticeKind.CANCELLATION),
    ("訂正", NoticeKind.AMENDMENT),
    ("変更", NoticeKind.AMENDMENT),
    ("正誤", NoticeKind.AMENDMENT),
    ("予定", NoticeKind.PLANNED),
    ("落札", NoticeKind.AWARD),
    ("随意契約", NoticeKind.AWARD),
    ("意見招請", NoticeKind.COMMENT_REQUEST),
    ("資料提供", NoticeKind.INFORMATION_REQUEST),
    ("資料招請", NoticeKind.INFORMATION_REQUEST),
    ("プロポーザル", NoticeKind.PROPOSAL_CALL),
    ("企画競争", NoticeKind.PROPOSAL_CALL),
    ("資格", NoticeKind.OTHER),
    ("報告", NoticeKind.OTHER),
    ("入札", NoticeKind.TENDER),
)


def kind_of_heading(heading: str) -> NoticeKind:
    return next((kind for word, kind in _KINDS if word in heading), None) or kind_of(heading)


_NARROW = str.maketrans("０１２３４５６７８９", "0123456789")
_CODE = re.compile(r"(調達機関番号|所在地番号)[\u3000 ]*([0-9]{1,4})")
_CLASSES = re.compile(r"品目分類番号[\u3000 :：①-⑩Ａ-Ｚ]*([0-9][0-9、,，・\u3000 ①-⑩Ａ-Ｚ]*)")


def _number(part: Part) -> str | None:
    """第130号, 阪空契第312号 of 〇阪空契第312号（№312）, without spaces and with narrow digits."""
    return "".join(re.split("[（(]", part.number)[0].split()).translate(_NARROW) if part.number else None


def _codes(part: Part) -> dict[str, str]:
    """The codes by the gazette's own names: 調達機関番号 → 009, 所在地番号 → 13, 品目分類番号 → 71、27."""
    codes = dict(_CODE.findall(part.codes.translate(_NARROW)))
    texts = (text.translate(_NARROW) for text in part.body)
    stated = part.entry.get("①", "").translate(_NARROW) or next(
        (found[1] for text in texts if (found := _CLASSES.search(text))), ""
    )
    classes = "、".join(dict.fromkeys(re.findall("[0-9]{1,2}", stated)))
    return codes | ({"品目分類番号": classes} if classes else {})


def _references(part: Part, issue: Issue, codes: dict[str, str], number: str | None) -> Iterator[tuple[str, str]]:
    """Where the notice stands in the gazette, and its codes.

    JETRO knows the notices of the gazette by 官報掲載日, 掲載順 and 枝番 (0 where one is alone under its heading).
    """
    yield "官報", issue.name
    yield "官報掲載日", str(issue.day)
    yield "掲載頁", str(part.page)
    yield "掲載順", str(part.order)
    yield "枝番", str(part.place)
    if number:
        yield "公告番号", number
    yield from codes.items()
    if earlier := _value(_items(part.body), _EARLIER):
        yield "掲載日", earlier


def _prefecture(code: str) -> str | None:
    """The prefecture of a JIS X 0401 code, which 所在地番号 is."""
    return list(Prefecture)[int(code) - 1].value if code.isdecimal() and 1 <= int(code) <= 47 else None


_MARKETS = range(27, 33)
"""Classes that name a market (computers, telecommunications, medical technology) beside the goods or services."""


def category_of(classes: str, label: str = "") -> Category | None:
    """The category by the class numbers (71、27) and, where they are of several kinds, by the title's label.

    41 is construction, up to 26 are goods, 42 and above services; 役務件名 are services, 購入件名 goods.
    """
    kinds = {
        Category.WORKS if number == 41 else Category.GOODS if number <= 26 else Category.SERVICES
        for number in map(int, filter(None, classes.split("、")))
        if number not in _MARKETS
    }
    if len(kinds) == 1:
        return kinds.pop()
    if "役務" in label:
        return Category.SERVICES
    return Category.GOODS if kinds and re.search("(?:購入|借入)(?!等)", label) else None


# --- What the items say ---------------------------------------------------------------------------

_ITEM = re.compile(r"(?:(?:[0-9０-９]{1,2}|[⑴-⒇]|\([0-9]{1,2}\))(?:\u3000+|(?=[①-⑳]))|[ⅰ-ⅻ]）)(.+)")
_LABEL_ENDS = re.compile("\u3000+|[:：;；] *")
_APPENDIX = re.compile("別[表記]")
_TITLE = re.compile(
    r".{0,12}(?:件名|品名|物品|役務|(?:工事|業務|事業|案件)(?:の?名称?))等?(?:及び(?:予定|見込)?数量)?等?"
    r"|随意契約に付する事項"
)
_PLACE = re.compile(r".{0,4}(?:納入|納品|履行|借入|工事|業務|需要|供給|設置|実施|引渡し?)等?の?場所")
_EARLIER = re.compile("掲載日")
_DAY_OF_CONTRACT = re.compile("随意契約の予定日")
_RANKS = re.compile("資格.*(?:等級|級に格付)|等級.*資格")
_TITLE_EN = re.compile("(?:nature|subject|name|purchase title).*", re.IGNORECASE)
_BUYER_EN = re.compile("(?:official|contracting (?:entity|officer)|procuring entity).*", re.IGNORECASE)
_ELSEWHERE = re.compile("による|のとおり|に同じ|説明書|仕様書|指定する")


@dataclass(frozen=True, slots=True)
class _Item:
    """⑵　購入等件名及び数量　クラウドセンサーの導入　１式: its label, and what follows until the next item."""

    label: str
    value: list[str]


def _items(texts: Iterable[str]) -> list[_Item]:
    found: list[_Item] = []
    for text in texts:
        if item := _ITEM.match(text):
            label, *value = _LABEL_ENDS.split(item[1], maxsplit=1)
            found.append(_Item(label.strip(), [one for one in value if one]))
        elif _APPENDIX.match(text):
            found.append(_Item(text, []))
        elif found:
            found[-1].value.append(text)
    return found


def _find(items: Iterable[_Item], label: re.Pattern[str]) -> _Item | None:
    return next((item for item in items if label.fullmatch(item.label)), None)


def _value(items: Iterable[_Item], label: re.Pattern[str], between: str = "\u3000") -> str | None:
    item = _find(items, label)
    return between.join(item.value) if item and item.value else None


def _label(items: Iterable[_Item], label: re.Pattern[str]) -> str:
    item = _find(items, label)
    return item.label if item else ""


def _place(items: Iterable[_Item]) -> str | None:
    """Where to deliver, unless the notice only says where that is said."""
    place = _value(items, _PLACE)
    return None if place is None or _ELSEWHERE.search(place) else place


def _qualification(items: Iterable[_Item]) -> str | None:
    """The item that names ranks: …「役務の提供等」のＡ、Ｂ又はＣの等級に格付けされている者であること。"""
    told = ("\u3000".join(filter(None, (item.label, *item.value))) for item in items)
    return next((text for text in told if _RANKS.search(text)), None)


_METHODS = re.compile(
    r"(?:[^\u3000、。に]{0,6}型)?(?:一般競争入札|指名競争入札|一般競争契約|プロポーザル(?:方式)?|企画競争|随意契約)"
)
_METHODS_IN_LISTS = {"一般": "一般競争入札", "指名": "指名競争入札", "随意": "随意契約"}


def _method(part: Part) -> str | None:
    in_list = next((part.entry.get(column) for column, name in part.legend.items() if name == "契約方式"), None)
    if in_list is not None:
        return _METHODS_IN_LISTS.get(in_list, in_list)
    announced = _METHODS.search(part.heading) or _METHODS.search("".join(part.head[:3]))
    return announced[0] if announced else None


def _dates(part: Part, items: Iterable[_Item]) -> Iterator[tuple[str, str]]:
    """Dates by the gazette's own names, as they are printed: a 落札決定日 is 7. 4. 4, in the era's years."""
    for column, name in part.legend.items():
        called = re.sub("（[^（）]*）$", "", name)  # 落札決定日（随意契約の場合は契約日）
        if called.endswith(("日", "時期")) and (stated := part.entry.get(column)):
            yield called, stated
    if day := _value(items, _DAY_OF_CONTRACT):
        yield "随意契約の予定日", day


def _text(part: Part) -> str:
    """The Japanese text, beginning with the heading."""
    day = next((index for index, line in enumerate(part.head) if _DAY.match(line)), 0)
    head = [reduce(joined, part.head[:day]), *part.head[day:]] if day else part.head
    return "\n".join(filter(None, (part.heading, *head, part.codes, *part.body)))


# --- The buyer ------------------------------------------------------------------------------------

_DAY = re.compile(r"(?:令和|平成|20[0-9]{2}年)[^日]{1,20}日(?:\u3000+|$)")
_ROLE = re.compile(
    r"^(?:分任)?(?:(?:支出負担行為|契約|経理|出納|調達)[^\u3000（）]{0,3}"
    r"(?:担当官|担当役|担当者|担当職|責任者)(?:代理)?|契約職(?=\u3000))\u3000*(?=.)"
)
_ADDRESS = re.compile(r"[\u3000 ]*（[^（）]*[都道府県市区町村][^（）]*(?:（[^（）]*）[^（）]*)?）$")
_OFFICE = re.compile("[長官役者職事監裁）]$")
_ONE_WORD_NAME = range(4, 8)
"""Characters of a name that is printed as one word; shorter ones have a gap between surname and given name."""


def buyer_of(head: Sequence[str]) -> str | None:
    """The office that buys, from the lines above the codes: without the day, the role, and the person's name."""
    lines = list(head)
    for index, line in enumerate(head):
        if day := _DAY.match(line):
            lines = [line[day.end() :], *head[index + 1 :]]
            break
        if line.endswith("。"):
            lines = list(head[index + 1 :])
    named = _ADDRESS.sub("", "\u3000".join(filter(None, lines)).strip())
    words = [word for word in _ROLE.sub("", named, count=1).split("\u3000") if word]
    if len(words) > 2 and all(len(word) <= 3 and not _OFFICE.search(word) for word in words[-2:]):
        words = words[:-2]
    elif len(words) > 1 and len(words[-1]) in _ONE_WORD_NAME and _OFFICE.search(words[-2]):
        words = words if _OFFICE.search(words[-1]) else words[:-1]
    return "\u3000".join(words) or None


_PERSON = re.compile(
    r"^(?!(?i:the|director|president|chief|head|national|independent|ministry|executive|general|obligating|contract|vice|"
    r"senior|deputy|commander|commissioner|minister|secretary|manager|superintendent|chairperson|incorporated|accounting|"
    r"finance|procurement|department|division|bureau|office|center|japan|university)\b)"
    r"[A-Z][A-Za-z'’-]+ [A-Z][A-Za-z'’-]+,? (?=\S)"
)
_OBLIGATING_OFFICER = re.compile(r"(?:the )?(?:obligat\w+|contract(?:ing)?) officer,? (?=\S)", re.IGNORECASE)


def _office(official: str | None) -> str | None:
    """The office without the person: SHIGENARI Mari, Finance Division, … is Finance Division, …"""
    if official is None:
        return None
    return _OBLIGATING_OFFICER.sub("", _PERSON.sub("", official, count=1), count=1).strip(" .,") or None
