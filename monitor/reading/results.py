"""Who won what, read out of notices of awards.

The gazette publishes results in one form (落札者等の公示, by the decree on procurement under the agreement, 国の物品等
又は特定役務の調達手続の特例を定める政令 article 13): a line for each heading, the winner's name and address in one of
them, with or without anything between the two. What cannot be told apart with certainty is not read: a wrong winner
is worse than none. The notice of a single-tender contract to come (随意契約に関する公示) names a party and no result.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from stdnum.jp import cn

from db.vocabulary.japanese import find_yen, parse_date
from db.vocabulary.labels import Prefecture
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Result
from db.vocabulary.text import fold

_AWARDED_TO = "落札者（随意契約の場合は契約者）の氏名及び住所"
_DECIDED = "落札決定日（随意契約の場合は契約日）"
_PRICE = "落札価格（随意契約の場合は契約価格）"
_PLANNED = "予定価格"
_METHOD = "契約方式"
_CRITERION = "落札方式"
_LINE = re.compile(
    rf"^({'|'.join(map(re.escape, (_AWARDED_TO, _DECIDED, _PRICE, _PLANNED, _METHOD, _CRITERION)))})[\s　]*(.*)$",
    re.M,
)

METHODS = {"一般": "一般競争入札", "指名": "指名競争入札", "随意": "随意契約"}
"""How the gazette names procedures → how they are named everywhere else."""
LATEST = timedelta(days=730)
"""A result that is published later than this is a slip of the pen: the rule is 72 days."""
MOST = 50
"""Winners of one notice."""

_LEGAL_FORM = re.compile(
    r"株式会社|有限会社|合同会社|合資会社|合名会社|相互会社|[㈱㈲]|[(（](?:株|有|合|資|同)[)）]|法人|組合|連合会|協会|公社|公団|機構|企業体|"
    r"インク|リミテッド|コーポレーション|カンパニー|\b(?:Inc|Ltd|Limited|LLC|LLP|GmbH|Corp|Corporation|B\.V|S\.A|AG|PLC|plc)\b"
)
_DESIGNATED = "札幌市|仙台市|さいたま市|千葉市|横浜市|川崎市|相模原市|新潟市|静岡市|浜松市|名古屋市|京都市|大阪市|堺市|神戸市|岡山市|広島市|北九州市|福岡市|熊本市"
"""Cities that addresses name without their prefecture (指定都市, Local Autonomy Act article 252-19)."""
_PREFECTURE = "|".join(Prefecture)
# A number of a house or block follows within the same words: 株式会社東京都市開発 names none.
_ADDRESS = re.compile(
    rf"(?:(?:{_PREFECTURE})[^\s　、()（）0-9０-９]{{1,12}}?[市区町村郡]|(?:{_DESIGNATED})[^\s　、()（）]{{1,6}}?区)[^、()（）]*?[0-9０-９一二三四五六七八九十]"
)
_TOWN = re.compile(r"[^\s　、()（）0-9０-９]{1,6}?[市町村][^、()（）]*?[0-9０-９]")
"""Any other town: an address where something separates it from the name."""
_ABROAD = re.compile(r"[A-Za-z0-9０-９Ａ-Ｚａ-ｚ]")
_LEADER = re.compile(r"[\s　]*[（(]?(?:代表者|代表構成員|代表企業|代表)[\s　:：]")
_NUMBER = re.compile(r"[\s　(（]*法人番号[\s　:：]*([0-9０-９]{13})[\s　)）]*")
_SEPARATOR = "、"


def read_results(notice: ScrapedNotice) -> tuple[Result, ...]:
    """The winners that a notice of awards names; empty where there are none, or where they cannot be read safely."""
    if notice.kind is not NoticeKind.AWARD or _AWARDED_TO not in notice.text:
        return ()
    lines: dict[str, str] = {}
    for name, value in _LINE.findall(notice.text):
        lines.setdefault(name, value.strip())
    decided = _decided(lines.get(_DECIDED, ""), notice.published)
    parties = [_party(part) for part in _parts(lines.get(_AWARDED_TO, ""))[:MOST]]
    winners = [party for party in parties if party is not None]
    if decided is None or not winners or len(winners) != len(parties):
        return ()
    prices = _prices(lines.get(_PRICE, ""), [name for name, _, _ in winners])
    planned = _first_yen(lines.get(_PLANNED, "")) if len(winners) == 1 else None
    method = _method(lines.get(_METHOD, ""), lines.get(_CRITERION, "")) or notice.method
    return tuple(
        Result(name, decided, address, amount, planned, method, number)
        for (name, address, number), amount in zip(winners, prices, strict=True)
    )


def _decided(written: str, published: date) -> date | None:
    """The day of the decision: 7. 5.16 stands for 令和7年5月16日."""
    day = parse_date(written) or parse_date(f"令和{written}")
    return day if day and published - LATEST <= day <= published else None


def _method(procedure: str, criterion: str) -> str | None:
    named = METHODS.get(procedure)
    return f"{named}・{criterion}" if named and criterion else named


# --- Winners --------------------------------------------------------------------------------------


def _parts(written: str) -> list[str]:
    """The winners of a line, cut at the commas between them, not at those within an address."""
    parts: list[str] = []
    for piece in _outside(written):
        if parts and not _begins_a_party(piece):
            parts[-1] += _SEPARATOR + piece
        else:
            parts.append(piece)
    return [part.strip() for part in parts if part.strip()]


def _begins_a_party(piece: str) -> bool:
    form = _LEGAL_FORM.search(piece)
    return form is not None and not _ADDRESS.match(piece.strip())


def _outside(text: str) -> Iterator[str]:
    """The pieces between commas that stand in no parentheses."""
    depth, begin = 0, 0
    for at, character in enumerate(text):
        if character in "（(":
            depth += 1
        elif character in "）)":
            depth = max(0, depth - 1)
        elif character == _SEPARATOR and not depth:
            yield text[begin:at]
            begin = at + 1
    yield text[begin:]


def _party(written: str) -> tuple[str, str | None, str | None] | None:
    """The name, the address and the corporate number of a winner; None where they cannot be told apart."""
    number = None
    if found := _NUMBER.search(written):
        number = fold(found[1])
        number = number if cn.is_valid(number) else None
        written = written[: found.start()] + "　" + written[found.end() :]
    written = written.strip()
    split = _in_parentheses(written) or _after_a_gap(written) or _run_together(written)
    if split is None:
        return None
    name, address = split
    name = _LEADER.split(name)[0].strip(" 　・、")
    if not name or len(name) > 200 or not _closed(name):
        return None
    return name, address.strip(" 　"), number


def _in_parentheses(written: str) -> tuple[str, str] | None:
    """NAME（ADDRESS）."""
    if written[-1:] not in ("）", ")"):
        return None
    depth = 0
    for at in range(len(written) - 1, -1, -1):
        depth += (written[at] in "）)") - (written[at] in "（(")
        if not depth:
            inside = written[at + 1 : -1]
            return (written[:at], inside) if at and _is_address(inside) else None
    # Opened nowhere: the mark belongs to the end of the line.
    return _after_a_gap(written[:-1]) or _run_together(written[:-1])


def _after_a_gap(written: str) -> tuple[str, str] | None:
    """NAME　ADDRESS: the first gap behind which an address begins."""
    for gap in re.finditer(r"[\s　]+", written):
        rest = written[gap.end() :]
        if _ADDRESS.match(rest) or _TOWN.match(rest):
            return written[: gap.start()], rest
    return None


def _run_together(written: str) -> tuple[str, str] | None:
    """NAMEADDRESS: where a name with a legal form ends and a prefecture or a large city begins."""
    for found in _ADDRESS.finditer(written):
        if found.start() and _LEGAL_FORM.search(written[: found.start()]):
            return written[: found.start()], written[found.start() :]
    return None


def _is_address(text: str) -> bool:
    text = text.strip()
    return bool(_ADDRESS.match(text) or _TOWN.match(text) or (_ABROAD.match(text) and any(map(str.isdigit, text))))


def _closed(name: str) -> bool:
    return name.count("（") + name.count("(") == name.count("）") + name.count(")")


# --- Prices ---------------------------------------------------------------------------------------


def _prices(written: str, names: list[str]) -> list[Decimal | None]:
    """The price of each winner. One price for several winners is nobody's."""
    amounts = [amount for _, _, amount in find_yen(written)]
    if len(names) == 1:
        return [amounts[0] if len(amounts) == 1 else None]
    if len(amounts) != len(names):
        return [None] * len(names)
    # 甲社23,276,000円、乙社8,622,900円
    prices: list[Decimal | None] = []
    for name, part in zip(names, re.split(r"(?<=円)[、\s　]+", written), strict=False):
        prices.append(_first_yen(part) if part.strip().startswith(name) else None)
    return prices if len(prices) == len(names) and None not in prices else [None] * len(names)


def _first_yen(written: str) -> Decimal | None:
    return next((amount for _, _, amount in find_yen(written)), None)
