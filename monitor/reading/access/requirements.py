"""What a bidder must have or be: a registered qualification, an office in a place, a small business, attendance.

Read from sentences that demand it, never from words alone: every notice speaks of 営業所, 中小企業 and 説明会
somewhere. The area of a unified qualification (関東・甲信越地域の競争参加資格) is a box on a form, not an office, and
is no requirement of a region.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.reading import PHRASE, Origin, Requirement, RequirementKind
from db.vocabulary.text import LONGEST_TITLE
from monitor.reading.access.signs import LOOKED_AT, phrase, plain, spaced
from monitor.reading.attendance import attendance_demanded

LONGEST_CLAUSE = 300
"""Characters of a sentence that are read after an anchor."""
BEFORE = 110
"""Characters before an anchor in which its sentence begins: where the place of an office stands."""
MOST = 60
"""Words of a kind in a text that are looked at; real notices have some twenty."""
REGION_FIELDS = frozenset(("地域要件", "所在地要件", "所在地区分"))
"""Names of fields of portals that state where a bidder must be."""

# Each alternative begins with a plain character, so that the search skips all others; it also tells them apart.
_ANCHORS = re.compile(
    rf"{spaced('全省庁')}|{spaced('全省統一')}|{spaced('役務の提供')}|{spaced('等級')}|{spaced('格付')}|{spaced('ランク')}"
    rf"|{spaced('物品の')}\s?(?:{spaced('販売')}|{spaced('製造')}|{spaced('買受')})"
    rf"|本\s?[・店社]|{spaced('支店')}|{spaced('営業所')}|{spaced('主たる')}|内\s?業\s?者|{spaced('地元業者')}|地域要件"
    rf"|{spaced('中小企業')}|{spaced('官公需適格組合')}|{spaced('小規模事業者')}"
    rf"|{spaced('説明会')}"
)
_KINDS = (
    dict.fromkeys("全役等格ラ物", "qualification")
    | dict.fromkeys("本支営主内地", "office")
    | dict.fromkeys("中官小", "small")
    | {"説": "meeting"}
)
"""What an anchor is about, by its first character."""
# Where a demand ends: the sentence, or the next item of a list. A full stop before a closing bracket ends nothing.
_END = re.compile(r"。(?![)）」])|[(（][0-9０-９]{1,2}[)）](?=\s|\D)|[\u2474-\u2487]|\n[0-9０-９]{1,2}[\s.．]")

# In a sentence without white space, in half-width forms.
_LETTER = r"[「『\"“(\[]?[A-E](?![A-Za-z0-9])[」』\"”)\]]?"
_AROUND = 40
"""Characters of a sentence before and behind what it demands that are shown with it, over the ends of lines."""
_JOINT = r"(?:、|,|・|/|~|-|から|又は|または|及び|若しくは|もしくは){0,2}"
_RANKS = rf"(?<![A-Za-z0-9]){_LETTER}(?:{_JOINT}{_LETTER}){{0,4}}」?"
# Ranks without the word: 「役務の提供等」のＡ又はＢ, 物品の販売：Ａ～Ｄ.
_BEHIND_FIELD = r"(?:(?<=[等売造受])(?:の|で|において|:)|(?<=[等売造受][」』\"”\])])(?:の|で|において|として|に|:)?|(?<=供等)|(?<=販売))"
_NO_MORE = r"(?![A-Za-z0-9ー~、,・/「『」』”]|の者[はが]|の?(?:等級|級|ランク|格付))"
_TOKENS = re.compile(
    r"(?P<field>役務の提供等?|物品の(?:販売|製造|買受)(?!・(?:販売|製造|購入|修理)|等に係る|契約(?:及び|、|指名))(?:又は(?:販売|買受))?)"
    r"|「(?P<works>(?:土木|建築|電気|管|舗装|造園|塗装|防水|解体|内装|鋼|機械|通信|暖冷房|給排水|水道|測量|地質|建設コンサル|補償)"
    r"[^「」]{0,14})」(?=[^「」。]{0,12}[「『]?[A-E])"
    r"|(?P<named>(?:一般)?[建土電管舗造塗防解機][一-龥]{0,7}工事)"
    r"(?:に係る|の資格区分において|において|について|の|で)?(?:(?:等級|格付)(?:区分|け)?[がは:の]?)?(?=[「『]?[A-E](?![A-Za-z]))"
    rf"|{_BEHIND_FIELD}(?:(?P<several>{_LETTER}(?:{_JOINT}{_LETTER}){{1,4}})(?P<up4>以上|以下)?{_NO_MORE}(?![又若及も])"
    rf"|(?P<one>{_LETTER})(?P<up5>以上|以下)?{_NO_MORE}(?![一-龥ァ-ヶも]))"
    rf"|(?<!発注)(?:等級|ランク|格付|級別)(?:区分|け)?(?:が|は|:|の)?(?P<after>{_RANKS})(?P<up2>以上|以下)?"
    rf"|(?P<ranks>{_RANKS})(?P<up1>以上|以下)?の?(?:各|いずれかの|何れかの)?(?:等級|級(?!友|ま)|ランク|格付|に格付)(?P<up3>以上|以下)?"
)
_REGISTERED = re.compile("資格|格付|等級|名簿|認定|登録|ランク")
_CERTAIN = re.compile("全省庁?統一|[「『“](?:役務の提供|物品の)|名簿")
_RANKED = re.compile("^(?!なお|ただし).*?(?:資格|格付|名簿|認定|登録|ランク)")
_NOT_RANKED = re.compile(r"[A-E][」』]?の?等?級に(?:格付け?|認定)(?:を)?(?:され|受け)ていない")
_EXCEPTION = re.compile(r"(?:なお|ただし|また)?、?[A-E](?:等?級)の者")

_OFFICE = r"(?:本店|本社|本・支店|支店|支社|営業所|事業所|事務所)"
_PLACE = r"(?:[市区町村県府都道管]内|[一-龥ァ-ヶ]{1,6}(?:都|道|府|県|市|区|町|村|地域|地方)|という。?\))"
_REGION = re.compile(
    rf"{_PLACE}(?:に|において|で)[^。]{{0,60}}?{_OFFICE}[^。]{{0,40}}?(?:を有(?!しな|さな)|を置(?!かな)|を設|が?所在(?:する|し)|がある|が存)"
    rf"|(?:本店|主たる営業所|主たる事務所)(?:の所在地)?が、?[^。]{{0,24}}?(?:内|{_PLACE})に(?:ある|所在|存)"
    r"|[市区町村県府都道]内(?:の)?業者(?:であること|に限る|を対象|のみ)|地元業者(?:であること|に限る|のみ)"
    r"|地域要件[::】)]{1,2}(?!なし|無|問わ|設け|特に|指定な)[^。]{1,20}"
)
_IN_TITLE = re.compile(r"[市区町村県府都道]内(?:に?本店|業者|企業|限定|に限る)|地域限定型?|地元業者(?:限定)?")
_WHITE = re.compile(r"\s+")
_INK = re.compile(r"\S+")
_OPENING = "「『“(（[［"
_RATED = re.compile("加点|評価点|評価項目|優遇|優先|配点")
_NO_OFFICE_DEMANDED = re.compile(
    rf"{_RATED.pattern}|(?:要件|条件)と(?:は|も)?しな|(?:要件|条件)ではな|問わな|問いませ|不問|要しな|(?:必要|要件)(?:と|は)し?な[いし]"
    r"|努め|下請|再委託|(?:落札|契約)(?:締結|決定)?後|することができる者|者が[0-9二三]者|[県市町]外(?:の)?(?:業者|者|企業)も"
)
_SMALL = re.compile(
    r"(?:中小企業(?:者|等|者等)?|官公需適格組合|小規模事業者)(?:[(][^()]{0,30}[)])?(?:又は[^。、]{1,14}|及び[^。、]{1,14})?"
    r"(?:に限る|に限り|に限定|のみ(?:参加|応募|入札|が|を対象)|であること(?![でにをがはも確]))"
)
_SMALL_ELSEWHERE = re.compile("加点|表明|賃金|賃上げ|給与|増加率|信用保険|評価")


def read_requirements(notice: ScrapedNotice) -> tuple[Requirement, ...]:
    """What the notice demands of bidders, each thing once; a field of the source comes before the text."""
    found: dict[tuple[RequirementKind, tuple[str, ...], tuple[str, ...]], Requirement] = {}
    for one in _all(notice):
        # Of a region, of small businesses and of the meeting the first words suffice.
        found.setdefault((one.kind, one.fields, one.ranks), one)
    details = any(kind is RequirementKind.QUALIFICATION and (fields or ranks) for kind, fields, ranks in found)
    return tuple(
        one
        for one in found.values()
        if not details or one.kind is not RequirementKind.QUALIFICATION or one.fields or one.ranks
    )


def _all(notice: ScrapedNotice) -> Iterator[Requirement]:
    for name, value in notice.references:
        if name in REGION_FIELDS and value.strip(" -‐―") and not re.match("なし|無|問わ|指定", value):
            yield Requirement(RequirementKind.REGION, phrase(value, 0, len(value)), Origin.FIELD)
    if notice.qualification:
        yield from _of_text(notice.qualification, Origin.FIELD)
    yield from _of_title(notice.title[:LONGEST_TITLE])
    yield from _of_text(notice.text, Origin.JAPANESE)


# Titles: 【電気工事Ａ・Ｂ級（市内本店）】, （電気AB）格付指定型一般競争入札

_TITLE_ANCHOR = re.compile("級|格付|内|地域限定|地元")
_TITLE_RANKS = re.compile(
    rf"(?P<works>[一-龥]{{1,8}}工事)(?P<ranks>{_LETTER}(?:{_JOINT}{_LETTER}){{0,4}})(?:等級|級|ランク)"
    r"|[(](?P<works2>[一-龥]{1,6})(?P<ranks2>[A-E]{1,5})[)]格付指定"
)


def _of_title(title: str) -> Iterator[Requirement]:
    if not _TITLE_ANCHOR.search(title):
        return
    folded = plain(title)
    if match := _TITLE_RANKS.search(folded):
        ranks = _ranks(match["ranks"] or match["ranks2"], None)
        words = phrase(title, 0, len(title))
        yield Requirement(
            RequirementKind.QUALIFICATION, words, Origin.TITLE, (match["works"] or match["works2"],), ranks
        )
    if match := _IN_TITLE.search(folded):
        yield Requirement(RequirementKind.REGION, match[0], Origin.TITLE)


# Texts


def _of_text(text: str, origin: Origin) -> Iterator[Requirement]:
    done = 0
    found: set[str] = set()
    looked: Counter[str] = Counter()
    for match in _ANCHORS.finditer(text, 0, LOOKED_AT):
        kind = _KINDS[match[0][0]]
        if kind in found or looked[kind] >= MOST:
            continue
        if kind == "qualification" and match.start() < done:
            continue
        looked[kind] += 1
        if kind == "qualification":
            start, done = _item(text, max(match.start() - BEFORE, done), match.start()), _end(text, match.end())
            yield from _qualifications(text, start, match.start(), done, origin)
        elif one := _demand(kind, text, match.start(), origin):
            found.add(kind)
            yield one


def _end(text: str, start: int) -> int:
    limit = min(len(text), start + LONGEST_CLAUSE)
    match = _END.search(text, start, limit)
    return match.start() if match else limit


_DEMANDS: dict[str, tuple[RequirementKind, Callable[[str], re.Match[str] | None], re.Pattern[str]]] = {
    "office": (RequirementKind.REGION, _REGION.search, _NO_OFFICE_DEMANDED),
    "small": (RequirementKind.SMALL_BUSINESS, _SMALL.search, _SMALL_ELSEWHERE),
    "meeting": (RequirementKind.MEETING, attendance_demanded, _RATED),
}
"""What demands, by the kind of anchor: what finds a demand, and words with which it is none."""


def _demand(kind: str, text: str, at: int, origin: Origin) -> Requirement | None:
    """What a sentence demands besides a qualification, if it does."""
    what, demand, elsewhere = _DEMANDS[kind]
    start, end = _item(text, max(at - BEFORE, 0), at), _end(text, at)
    clause = plain(text[start:end])
    said = demand(clause)
    if said is None or elsewhere.search(clause):
        return None
    return Requirement(what, _shown(text, start, end, said.span()), origin)


def _shown(text: str, start: int, end: int, span: tuple[int, int]) -> str:
    """The words of a sentence as they are kept; ``span`` of it, without white space, is what decided.

    Lines without full stops run into one another. So of what is far from the deciding words only their own line is
    shown, or if all is one line, what no white space parts from them.
    """
    ended = text.startswith("。", end)
    if ended and end - start <= PHRASE and (not start or text[start - 1] in "。)）"):
        return phrase(text, start, end)
    first, last = _place(text, start, end, span[0]), _place(text, start, end, span[1] - 1) + 1
    begin = start
    if first - start > _AROUND or "\n" in text[start:first].strip():
        begin = max(text.rfind("\n", start, first) + 1, start)
        if first - begin > _AROUND:
            gap = list(_WHITE.finditer(text, max(begin, first - _AROUND), first))
            begin = gap[-1].end() if gap else first - (text[first - 1] in _OPENING)
    if end - last > _AROUND or ("\n" in text[last:end].strip() and not ended):
        gap_behind = _WHITE.search(text, last + 1, end)
        end = gap_behind.start() if gap_behind and not ended else end
    return phrase(text, begin, end)


def _place(text: str, start: int, end: int, count: int) -> int:
    """Where the character stands that ``count`` others, white space not counted, part from ``start``."""
    for words in _INK.finditer(text, start, end):
        length = words.end() - words.start()
        if count < length:
            return words.start() + count
        count -= length
    return end - 1


def _item(text: str, start: int, at: int) -> int:
    """Where the item begins in whose words ``at`` stands, not before ``start``."""
    return max((match.end() for match in _END.finditer(text, start, at)), default=start)


def _qualifications(text: str, start: int, anchor: int, end: int, origin: Origin) -> Iterator[Requirement]:
    """The qualifications of a sentence: the ranks belong to the fields before them."""
    clause = plain(text[start:end])
    if not _REGISTERED.search(clause) or _EXCEPTION.match(clause):
        return
    found: list[tuple[list[str], list[str]]] = []
    closed = True
    if "ていない" in clause and _NOT_RANKED.search(clause):
        return
    told: list[int] = []
    for match in _TOKENS.finditer(clause):
        told = [told[0] if told else match.start(), match.end()]
        if match["field"] or match["works"] or match["named"]:
            if closed:
                found.append(([], []))
                closed = False
            found[-1][0].extend(one for one in _fields(match) if one not in found[-1][0])
        else:
            up = match["up1"] or match["up2"] or match["up3"] or match["up4"] or match["up5"]
            letters = _ranks(match["ranks"] or match["after"] or match["several"] or match["one"], up)
            if not found:
                found.append(([], []))
            found[-1][1].extend(one for one in letters if one not in found[-1][1])
            closed = True
    unified = max(clause.find("全省庁統一"), clause.find("全省統一"))
    if told and 0 <= unified < told[0]:
        told[0] = unified
    words = _shown(text, start, end, (told[0], told[1])) if told else phrase(text, max(start, anchor - _AROUND), end)
    for fields, ranks in found if found else [([], [])]:
        # Ranks alone may be those of the order, or of an exception.
        if not fields and unified < 0 and origin is not Origin.FIELD and not _RANKED.search(clause):
            continue
        if fields and not ranks and not (unified >= 0 or _CERTAIN.search(clause)):
            continue
        if fields or ranks or unified >= 0:
            yield Requirement(RequirementKind.QUALIFICATION, words, origin, tuple(fields), tuple(sorted(ranks)))


def _fields(match: re.Match[str]) -> Iterator[str]:
    """The fields' full names: 役務の提供 is 役務の提供等, 物品の製造又は販売 is two."""
    if works := match["works"] or match["named"]:
        yield works
        return
    name = match["field"]
    if name.startswith("役務"):
        yield "役務の提供等"
        return
    for one in ("製造", "販売", "買受"):
        if one in name:
            yield "物品の買受け" if one == "買受" else f"物品の{one}"


def _ranks(written: str, up: str | None) -> tuple[str, ...]:
    """A to E as meant: 「Ｃ以上」 is A to C, 「Ａ～Ｃ」 too."""
    letters = [letter for letter in written if letter in "ABCDE"]
    if up == "以上":
        return tuple("ABCDE"[: "ABCDE".index(max(letters)) + 1])
    if up == "以下":
        return tuple("ABCD"["ABCDE".index(min(letters)) :]) or ("E",)
    if len(letters) == 2 and ("~" in written or "から" in written):
        return tuple("ABCDE"["ABCDE".index(letters[0]) : "ABCDE".index(letters[1]) + 1])
    return tuple(sorted(set(letters)))
