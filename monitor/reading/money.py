"""The amounts of money that a notice states for its own procurement: planned price, upper limit, lowest price, award.

An amount counts only where a word that names it stands right at it: before it with nothing between but brackets,
colons and words about tax (予定価格（税込）：12,345円), or after it (12,345円を上限とする). Everything else that notices
say about money is a rule and no amount of theirs: when a contract must be in writing (契約金額が250万円未満), how tax is
rounded (1円未満の端数), from which price low bids are looked into (予定価格が1,000万円を超える), guarantees, subsidies,
prices per unit. The price of an award is believed only in notices that report a result.
"""

import re
from collections import deque
from collections.abc import Iterator
from decimal import Decimal

from db.vocabulary.japanese import find_yen, numeral
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import PHRASE, FoundMoney, MoneyKind, Origin, Tax
from monitor.reading.corrections import as_corrected

LONGEST = 100_000
"""Characters of a text that are read: far more than any notice has, few enough to read anything in a moment."""

MOST = 50
"""Findings in one text; no notice states more, and a text made to be slow is left at that."""

UNIT_PRICE_BELOW = Decimal(1_000_000)
"""In the gazette's lists of awards less than this is a price per unit that does not say so (a kilolitre of oil, an
hour): what it publishes is worth the agreement's threshold of 100,000 SDR or more, 18 million yen and above. In the
samples nothing lies between 150,000 and 3 million."""

# --- The words ------------------------------------------------------------------------------------

# Spaces for layout stand within the words that head a form: 予 定 価 格.
_WORDS: tuple[tuple[MoneyKind, str], ...] = (
    (MoneyKind.PLANNED, r"予[ 　]?定[ 　]?価[ 　]?格"),
    (
        MoneyKind.MINIMUM,
        r"最[ 　]?低[ 　]?制[ 　]?限[ 　]?(?:基準)?価[ 　]?格|(?:低入札(?:価格)?)?調査基準価格|低入札(?:調査)?基準価格",
    ),
    (
        MoneyKind.LIMIT,
        (
            r"(?:委託(?:料|費|金額)?|(?:提案|見積り?|契約)(?:金?額|価格)?|業務|予算|事業費?|経費|価格|金額|支払|支出)の?"
            r"(?:上限|限度)(?:金額|価格|価額|予算額|委託料|事業費|額)?"
            r"|(?:上限|限度)(?:金額|価格|価額|予算額?|委託料|委託費|事業費|額)|上限"
            r"|予算(?:規模|金額|総額|額)|予算(?=[\s　]*[:：（(])|事業規模"
        ),
    ),
    (
        MoneyKind.AWARDED,
        r"落札(?:決定)?(?:価格|金額|額)|契約(?:価格|金額)|当初契約額|(?:決定|契約)額(?=[\s　]*[:：（(])",
    ),
)
# What follows an amount and makes it a limit.
_AFTER = r"を(?:提案|見積り?|契約|委託料?|予算)?の?(?:上限|限度)(?:額|金額)?と(?:する|し|な[るり])|[（(]上限(?:額|金額)?[)）]"
# The characters that the words begin with stand ahead of them: with that the search is four times as fast.
_ANCHOR = re.compile(
    "(?=[予最低調委提見契業事経価金支上限落決当を（(])(?:"
    + "|".join(f"(?P<{kind.name}>{words})" for kind, words in _WORDS)
    + f"|(?P<AFTER>{_AFTER}))"
)
_KINDS = {kind.name: kind for kind in MoneyKind}
_ORDER = {kind: order for order, kind in enumerate(MoneyKind)}

# Before a word: of other money than this procurement's, or only an example.
_OTHER_MONEY = re.compile(
    r"(?:補助|助成|交付|少額|随意|保険|補償|賠償|保証|損害|融資|貸付|債務負担行為|極度|違約|違反|資本|売上|年商|手数料|補正|当初|会計|要求|年度|国の|"
    r"見積もった|見積った|過去|前回|前年度?|昨年度?|前々年度?|変更前|旧|類似|同種|平均|参考|入例|載例|例[:：)）])"
    r"(?:金|額|費|率|等|の|事業|における|に係る|とする|支払|予算|契約|落札|平均|当初|[\s　(（「:：]){0,4}$"
)
_PER_UNIT = re.compile(
    r"単価|月額|年額|日額|時給|日当|毎月|(?:一|１|1|各)(?:件|人|者|社|名|回|時間|日|月|か月|年|団体|事業者|施設|提案|課題|テーマ)(?:当|あ|に|の|ご|[)）])|"
    r"[当あ]たり|につき|[各毎](?:社|者|年度?)"
)
_PER_UNIT_AFTER = re.compile(
    r"\s*(?:也|[-－]|)\s*(?:[/／]|[（(](?:[^)）]{0,12}(?:単価|月額|年額|日額|[当あ]たり|につき|毎月)|[/／]|(?:１|1)(?!億|0))|"
    r"(?:[当あ]たり|につき))"
)

# --- What may stand between a word and its amount -------------------------------------------------

_ASIDE = r"[（(](?![^（()）]{0,30}(?:[0-9０-９][0-9０-９,，.．千百万億 ]{0,12}円|[¥￥]))(?:[^（()）]|[（(][^（()）]{0,20}[)）]){0,60}[)）]"
"""Something in brackets, but no amount."""
_TAX = r"税[込抜別]み?き?"
_GAP = re.compile(
    rf"(?:[\s:：、,・…．「『【\[［＝=)）】\]］|｜]|{_ASIDE}|[（(]|の?総?額|は|として|合計|総計|総額|最大|約|概ね|おおむね|およそ|{_TAX}|"
    r"事前公表|公表){0,12}"
)
_NUMBER_AHEAD = re.compile(r"[金一]?[\s　]*(?:[¥￥\\][\s　]*)?[0-9０-９一二三四五六七八九十壱弐参]")
_LONGEST_GAP = 80
_WINDOW = 60
"""Characters after a gap that an amount, or a range of them, fits into."""

# --- What may stand after an amount ---------------------------------------------------------------

_CASE = r"(?:の(?:場合|工事|業務|契約|もの|案件|入札|とき|製造|請負|調達)|である|場合|とき|で[はあ])"
_AT_MOST = re.compile(rf"(?:以内|以下|まで|を超えない|の範囲内?|程度)(?!{_CASE})")
_AS_LIMIT = re.compile(r"を(?:[^\s。、を]{0,6})(?:上限|限度)(?!に達)|\s*[（(]上限")
_NOT_OF_THIS = re.compile(
    r"以[上下内]|未\s*満|程度|まで|台|を?\s?超|を?(?:こえ|下回|上回)|を(?:基準|境)|の(?!範囲|予定)|に|[×✕xX*＊÷]|"
    r"[-+＋]\s?[0-9０-９]|で除|から|ずつ|相当"
)
_CORRECTED = re.compile(r"[」』]?と(?:ある|あった)の(?:を|は)[、,]?[「『]?")
_RANGE_BETWEEN = re.compile(r"[\s　]*(?:円?以上|を?超え?|から)?[\s　]*[、,]?[\s　]*[~〜～]?[\s　]*")
_RANGE_END = re.compile(r"[\s　]*(?:未[\s　]?満|以下|まで|程度)?")
_RANGE_WORD = re.compile(r"以上|超|から|[~〜～]")
# Of 1億～2億円 the lower end says its own unit; 1～2億円 does not and is left alone.
_LOWER_END = re.compile(
    r"([0-9０-９,，.．]+(?:千万|百万|億|万|千))(円?)[\s　]*(?:以上|超|から)?[\s　]*[~〜～][\s　]*"
)
_TORN_LOWER_END = re.compile(r"[0-9０-９]円?[\s　]*[~〜～][\s　]*")

# --- Tax ------------------------------------------------------------------------------------------

_EXCLUDED = re.compile(
    r"税抜|税別|外税|税[^。]{0,30}?(?:除|含ま(?:な|ず|れな|れず)|含んでい?な|含めな|抜き|別途|加算前)"
)
_INCLUDED = re.compile(r"税込|内税|税[^。]{0,30}?(?:含(?:む|み|め|ん|ま)|込)|うち[^。]{0,12}税")
_TAX_AFTER = re.compile(
    rf"(?:也|[-－])?(?:以内|以下|程度)?[\s　]*(?:{_ASIDE}|{_TAX}|[（(]うち[^)）]{{0,30}}税|"
    r"[」』】)）]?[^0-9０-９円\n。]{0,12}(?:上記|この|当該)の?(?:予定価格|最低制限価格|上限額|金額|額)に?は[^。]{0,60})"
)

# --- Units that a heading states ------------------------------------------------------------------

_UNIT_SIZES = {"円": 1, "千円": 10**3, "万円": 10**4, "百万円": 10**6, "億円": 10**8}
_UNIT = re.compile(
    r"[（(](?:金額の?)?(?:単位[\s　]*[:：]?[\s　]*)?(億円|百万円|万円|千円|円)(?:[、,・][^)）]{0,10})?[)）]"
)
_UNIT_HEADING = re.compile(r"単位[\s　]*[:：]?[\s　]*(億円|百万円|万円|千円|円)")
_UNIT_REACH = 300
"""Characters of a table that a heading with its unit is looked for above a row."""
_BARE_NUMBER = re.compile(
    r"([0-9０-９]{1,3}(?:[,，][0-9０-９]{3})+|[0-9０-９]{3,12})(?![0-9０-９.．,，%％年月日号条件時分人台枚式本万億千百円/／\-－])"
)

_SPACE = re.compile(r"\s+")
_LEAD = re.compile(r"[^\s　。、：:；;()（）「」｢｣・]+[（(]?\Z")
_TAX_ASIDE = re.compile(rf"(?:也|[-－])?(?:以内|以下|程度)?[\s　]?(?:{_ASIDE}|{_TAX})")
_HAS_CURRENCY = re.compile("[円¥￥]")
_CLAUSE_START = re.compile(r"[。\n、；;]")
_LIST_MARK = re.compile(
    r"^[\s　]*(?:[(（][0-9０-９ア-ンa-zA-Z一-十]{1,2}[)）]|[0-9０-９]{1,2}[.．、]?|[①-⑳⑴-⒇・○◎〇※■●◆]|[ア-ン][.．]?)?[\s　]*"
)
_GAZETTE_COLUMN = "落札価格（随意契約の場合は契約価格）"
_SETTLED = re.compile(r"^の$|[。:：、はを有無公数]|[円¥￥]")

_RESULTS = frozenset((NoticeKind.AWARD, NoticeKind.AMENDMENT))


def read_money(notice: ScrapedNotice) -> tuple[FoundMoney, ...]:
    """The amounts of a notice, by kind in the order of ``MoneyKind``, within a kind as they stand in the notice.

    Read are the fields that the source gives by a name (予定価格), the title, and the text. The same amount is told
    once, with the first words that say it and the first that tell its tax.
    """
    found: list[FoundMoney] = []
    for name, value in (*notice.references, *notice.portal_dates):
        if _ANCHOR.search(name):
            found += read_amounts(f"{name}：{value}", Origin.FIELD)
    found += read_amounts(notice.title, Origin.TITLE)
    found += read_amounts(as_corrected(notice.text, notice.kind), Origin.JAPANESE)
    if not found:
        return ()
    reports = notice.kind in _RESULTS
    least = UNIT_PRICE_BELOW if _GAZETTE_COLUMN in notice.text else Decimal(0)
    once: dict[tuple[MoneyKind, Decimal], FoundMoney] = {}
    for money in found:
        if (money.kind is MoneyKind.AWARDED and not reports) or money.amount < least:
            continue
        key = (money.kind, money.amount)
        if key not in once or (once[key].tax is None and money.tax is not None):
            once[key] = money
    return tuple(sorted(once.values(), key=lambda money: _ORDER[money.kind]))


def read_amounts(text: str, origin: Origin) -> tuple[FoundMoney, ...]:
    """The amounts in a text in the order in which they stand, by the words at them; prices of awards too.

    Amounts are in yen. ``least`` is set for a range of which both ends stand there (1億円以上2億円未満).
    """
    text = text[:LONGEST]
    if not _HAS_CURRENCY.search(text):
        return ()
    found: list[FoundMoney] = []
    taken: set[int] = set()
    before: re.Match[str] | None = None
    for anchor in _ANCHOR.finditer(text):
        read = list(_before(text, anchor, origin)) if anchor.lastgroup == "AFTER" else []
        read = read or list(_after(text, anchor, before, origin))
        for end, money in read:
            if end not in taken:
                taken.add(end)
                found.append(money)
        if len(found) >= MOST:
            break
        before = None if read else anchor
    return tuple(found[:MOST])


def _after(
    text: str, anchor: re.Match[str], before: re.Match[str] | None, origin: Origin
) -> Iterator[tuple[int, FoundMoney]]:
    """What stands right after a word, with the offset at which it ends."""
    kind = _KINDS.get(anchor.lastgroup or "", MoneyKind.LIMIT)
    if kind is MoneyKind.AWARDED and text.startswith(_GAZETTE_COLUMN, anchor.start()):
        yield from _gazette_column(text, anchor, origin)
        return
    gap = _GAP.match(text, anchor.end())
    if gap is None or len(gap[0]) > _LONGEST_GAP or not _NUMBER_AHEAD.match(text, gap.end()):
        return
    if not _speaks_of_this(text, anchor, gap[0]) or _in_columns(text, anchor, before, gap[0]):
        return
    amount = _amount(text, gap.end(), kind) or _amount_in_unit_of_heading(text, anchor, gap)
    if amount is not None:
        end, value, least = amount
        tax = _tax(text[max(0, anchor.start() - 3) : anchor.start()] + gap[0], text, end)
        yield end, _money(kind, value, text, (anchor.start(), end), origin, tax, least)


def _before(text: str, anchor: re.Match[str], origin: Origin) -> Iterator[tuple[int, FoundMoney]]:
    """The amount that words of a limit follow: 10,000,000円（税込）を上限とする."""
    begin = max(0, anchor.start() - 90)
    window = text[begin : anchor.start()]
    last = next(iter(deque(find_yen(window), maxlen=1)), None)
    if last is None or last[2] <= 0 or (begin and not last[0]):
        return
    start, end, value = begin + last[0], begin + last[1], last[2]
    between = text[end : anchor.start()]
    if not re.fullmatch(rf"(?:[\s　]|{_ASIDE}|{_TAX}|以内){{0,4}}", between) or _PER_UNIT_AFTER.match(text, end):
        return
    clause = text[max(0, start - 40) : start]
    clause = clause[max((cut.end() for cut in _CLAUSE_START.finditer(clause)), default=0) :]
    if _PER_UNIT.search(clause) or re.search("補助|助成|交付|賠償|保険|違約|融資|[~〜～]$", clause):
        return
    tax = _tax(clause, text, end)
    yield end, _money(MoneyKind.LIMIT, value, text, (start - len(clause), anchor.end()), origin, tax)


def _gazette_column(text: str, anchor: re.Match[str], origin: Origin) -> Iterator[tuple[int, FoundMoney]]:
    """The gazette's column of prices, in which several winners stand with theirs: 甲社23,276,000円、乙社8,622,900円."""
    begin = anchor.start() + len(_GAZETTE_COLUMN)
    line_end = text.find("\n", begin)
    line = text[begin : line_end if 0 <= line_end < begin + 400 else begin + 400]
    for _, end, value in find_yen(line):
        if value > 0 and not _PER_UNIT_AFTER.match(line, end) and not _PER_UNIT.search(line[:end][-20:]):
            end += begin
            yield end, _money(MoneyKind.AWARDED, value, text, (anchor.start(), end), origin, _tax("", text, end))


def _speaks_of_this(text: str, anchor: re.Match[str], gap: str) -> bool:
    lead = text[max(0, anchor.start() - 16) : anchor.start()]
    lead = lead[max((cut.end() for cut in _CLAUSE_START.finditer(lead)), default=0) :]
    return not (_OTHER_MONEY.search(lead) or _PER_UNIT.search(lead + anchor[0] + gap))


def _in_columns(text: str, anchor: re.Match[str], before: re.Match[str] | None, gap: str) -> bool:
    """Whether the word, or the one before it that has no amount, heads a column of several, whose amounts follow in another order than one can tell."""
    if before is not None and before.lastgroup not in (anchor.lastgroup, "AFTER"):
        between = text[before.end() : anchor.start()]
        aside = between.strip() in ("（", "(") or between.endswith(("（", "("))
        if len(between) <= 40 and not aside and not _SETTLED.search(between):
            return True
    if "\n" not in gap:
        return False
    line = text[max(0, anchor.start() - 40) : anchor.start()].rpartition("\n")[2]
    return bool(re.search(r"[\s　]", _LIST_MARK.sub("", line, count=1)))


def _amount(text: str, at: int, kind: MoneyKind) -> tuple[int, Decimal, Decimal | None] | None:
    """The amount that begins here: its end, its value, and the lower end of a range."""
    lower = _LOWER_END.match(text, at)
    least = None
    if lower:
        number = numeral(lower[1])
        least, at = (Decimal(number), lower.end()) if number else (None, at)
    elif _TORN_LOWER_END.match(text, at):
        return None
    window = text[at : at + _WINDOW]
    amounts = [found for _, found in zip(range(2), find_yen(window), strict=False)]
    if not amounts or amounts[0][0] > 1 or amounts[0][2] <= 0:
        return None
    _, end, value = amounts[0]
    if len(amounts) == 2 and least is None:
        second_start, second_end, second = amounts[1]
        between = window[end:second_start]
        if _RANGE_BETWEEN.fullmatch(between) and _RANGE_WORD.search(between) and value < second:
            least, value, end = value, second, second_end
        elif _CORRECTED.fullmatch(between):
            value, end = second, second_end
    if least is not None:
        after = at + end
        closing = _RANGE_END.match(text, after)
        tail = closing.end() if closing else after
        if least >= value or re.match(_CASE, text[tail : tail + 8]):
            return None
        return tail, value, least
    rest = text[at + end : at + end + 40]
    bare = re.sub(rf"\A[\s　]*(?:也|[-－])?[\s　]*(?:{_ASIDE}|{_TAX})?[\s　]*", "", rest)
    if _PER_UNIT_AFTER.match(rest) or re.match(r"[」』]?と(?:ある|あった)", rest):
        return None
    if kind is MoneyKind.LIMIT and (_AT_MOST.match(bare) or _AS_LIMIT.match(bare)):
        return at + end, value, None
    if _NOT_OF_THIS.match(bare):
        return None
    return at + end, value, None


def _amount_in_unit_of_heading(
    text: str, anchor: re.Match[str], gap: re.Match[str]
) -> tuple[int, Decimal, None] | None:
    """A number without 円 whose unit stands in brackets at the word, or in the heading of its table above."""
    number = _BARE_NUMBER.match(text, gap.end())
    if number is None:
        return None
    unit = _UNIT.search(gap[0])
    if unit is None:
        above = list(_UNIT_HEADING.finditer(text, max(0, anchor.start() - _UNIT_REACH), anchor.start()))
        unit = above[-1] if above else None
    count = numeral(number[1])
    if unit is None or not count:
        return None
    return number.end(), Decimal(count) * _UNIT_SIZES[unit[1]], None


def _tax(words: str, text: str, end: int) -> Tax | None:
    """What the words before and right after an amount say about the tax; None where they say both or nothing."""
    after = _TAX_AFTER.match(text, end)
    around = words + (" " + after[0] if after else "")
    if "税" not in around:
        return None
    excluded = _EXCLUDED.search(around)
    included = _INCLUDED.search(_EXCLUDED.sub("", around))
    if bool(excluded) == bool(included):
        return None
    return Tax.EXCLUDED if excluded else Tax.INCLUDED


def _money(
    kind: MoneyKind,
    amount: Decimal,
    text: str,
    span: tuple[int, int],
    origin: Origin,
    tax: Tax | None,
    least: Decimal | None = None,
) -> FoundMoney:
    """The finding, with the words of the span, and with the word that its first belongs to and its tax in brackets."""
    start, end = span
    lead = _LEAD.search(text, max(0, start - 20), start)
    aside = _TAX_ASIDE.match(text, end)
    begin = lead.start() if lead else start
    phrase = _SPACE.sub(" ", text[begin : aside.end() if aside and "税" in aside[0] else end]).strip()[:PHRASE]
    return FoundMoney(kind, _plain(amount), phrase, origin, tax, None if least is None else _plain(least))


def _plain(amount: Decimal) -> Decimal:
    """Whole yen without a fraction of zero: 1.5億円 is 150000000, not 150000000.0."""
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount
