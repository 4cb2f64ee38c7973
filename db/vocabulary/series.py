"""Series: the same short name for every year's call and award of one service.

A title says the service, and around it what differs from year to year: fiscal years, dates, the number of the round,
that the call was repeated, how many pieces are bought. `service` takes that away and nothing else, so that 第1庁舎 and
第2庁舎, 東京 and 大阪, (その1) and (その2), 上半期 and 下半期 stay apart. What is left is hashed together with who buys.

Who buys is named more finely by notices (国土交通省大阪航空局, デジタル庁会計担当参事官) than by the open data of
awards, which know the ministry only; `authority` brings both to what they share. A title that many offices of one
ministry use (庁舎清掃業務) is therefore one series: whoever reads a series has to tell its offices apart.
"""

import re
from hashlib import blake2b

from db.vocabulary.text import fold

REVISION = "1"
"""To be raised whenever a title or a buyer gets another series than before."""

# Titles -----------------------------------------------------------------------------------------------

_N = r"(?:[0-9]{1,2}|元|[一二三四五六七八九十]{1,3})"
_ERA = r"(?:令和|平成|昭和)"
_TO = r"(?:[-~,・、及びおから]{1,3})"
_YEAR = rf"(?:{_ERA}{_N}|(?<![0-9])20[0-9]{{2}})(?:\((?:20[0-9]{{2}}|{_ERA}{_N})\))?"
_TAIL = r"(?:年(?:\((?:20[0-9]{2})年?\))?(?:度(?!末)|産|(?!度))(?:\(20[0-9]{2}年?度?\))?|会計年度|事業年度)"
_OPEN, _CLOSE = r"[(\[【〔〈<{]", r"[)\]】〕〉>}]"
_MARK = (
    r"(?:再度?(?:の)?(?:入札)?(?:公告|公募|公示|入札|募集|調達)|再々公告|再掲|入札公告|公告|公示|公募(?:事業)?|訂正(?:公告)?|"
    r"(?:一部)?変更(?:公告)?|修正|延長|期間延長|情報更新|更新版|入札関係|"
    r"電子(?:入札|契約|調達|応札)(?:システム)?(?:試行)?(?:対象)?(?:案件)?|対象案件|政府調達|wto(?:対象)?(?:案件)?|"
    r"当初|補正(?:予算)?|当初予算|(?:前年度)?繰越|債務負担行為|ゼロ債|"
    r"(?:条件付き?|制限付き?)?一般競争入札|総合評価(?:落札方式)?|最低価格(?:落札方式)?|オープンカウンター?(?:方式)?)"
)
_UNIT = r"(?:台|個|式|本|枚|冊|組|セット|着|足|箱|袋|缶|束|部|点|品目|件|種類?|kg|t|kl|l|リットル|トン|ライセンス)"

# R7, (R8), H30, R7-R9; not within a model's name and not Server 2012 R2
_SHORT_YEAR = (
    r"(?<![a-z0-9-])(?<![a-z0-9] )(?:r[1-9]|r1[0-9]|h[23][0-9])(?:年度?)?(?:[-~・]r?[0-9]{1,2}(?:年度?)?)?"
    r"(?![a-z0-9.-])(?! [a-z0-9])"
)
_YEARLY = re.compile(
    "|".join(
        (
            # 令和7年4月1日, 2025年4月1日; a month alone stays: 7月分 comes every July
            rf"(?:{_YEAR}年)?[0-9]{{1,2}}月[0-9]{{1,2}}日(?:付け?|公告)?",
            # 令和8年度, 令和7・8年度, 令和8-10年度, 令和7年度から令和9年度, 2025年度, 令和5年度分, 令和8年産
            rf"{_YEAR}(?:{_TAIL}?{_TO}{_ERA}?{_N}(?=[-~,・、年]))*{_TAIL}(?:{_TO}{_YEAR}{_TAIL})*分?(?:の(?=.))?",
            # 8年度 and (7) 年度 without their era
            r"(?<![0-9a-z第])[0-9]{1,2}年度分?",
            _SHORT_YEAR,
            r"(?<![a-z0-9])fy ?(?:20)?[0-9]{2}(?![a-z0-9])",
            # 第3回, 第2回公募, 3回目
            rf"第(?:{_N})回目?(?:の?(?:公募|募集|公告|入札))?",
            r"(?<![0-9])[0-9]{1,2}回目",
            # the number of the file: 08-0049-0128
            r"^[0-9]{2}-[0-9]{4}-[0-9]{4} ?",
            # (再公告), 【電子入札】, (電子入札及び電子契約対象案件), ()
            rf"{_OPEN}(?:{_MARK}|及び|並びに|[・、,/ ])*{_CLOSE}",
            r"(?:再度?公告|再公募|再度公募|再入札)$",
            # how many pieces: ほか325点, 51台, 1式, 一式
            rf"(?:(?<=ほか)|(?<=外)|(?<=他))[0-9,]+(?:{_UNIT})",
            rf"(?:[ ,、](?:約)?|(?<=[^0-9a-z,.第])(?:約)?)(?:[0-9][0-9,.]*|一)(?:{_UNIT})(?=(?:の?(?:購入|買入れ?|調達|賃貸借|借入れ?|供給|請負))?$)",
            r"一式",
        )
    )
)
_FRAMES = (
    # 入札公告(…), 条件付一般競争入札公告「…」
    re.compile(
        r"^(?:.{0,12}(?:入札|公募|調達|企画競争)(?:の)?(?:公告|公示|案内|実施)?)(?:について)?[:(「](?P<inner>.{6,})[)」]$"
    ),
    re.compile(
        r"^(?P<inner>.{4,}?)(?:に(?:係る|関する|かかる)|の)"
        r"(?:(?:条件付き?|制限付き?)?(?:一般競争|公募型|企画競争)?(?:入札|公募|公告|公示|プロポーザル|募集))+"
        r"(?:の?(?:実施|公告|公示|開始))?(?:について|のお知らせ)?$"
    ),
    re.compile(r"^(?P<inner>.{4,}?)について$"),
)
_LAST = re.compile(r"(?<=.{3})(?:の?(?:請負|委託)|(?<=請負|業務|委託)(?:契約)|\((?:請負|委託|役務)\)|業務等?)$")
_QUOTES = re.compile('[「」『』“”"]')
_GAP = re.compile(r" (?![a-z0-9])|(?<![a-z0-9]) ")
_EDGE = " 、,・:;_/-~。."
_EMPTY = re.compile(rf"{_OPEN} *{_CLOSE}")


def service(title: str) -> str:
    """A title without what differs from year to year, folded; ``service(service(x)) == service(x)``.

    Of a title that is nothing else, the title.
    """
    folded = text = _spaced(fold(title))
    while True:
        less = _less(text)
        if not less:
            return text if text != folded else folded
        if less == text:
            return text
        text = less


def _less(text: str) -> str:
    less = _YEARLY.sub(" ", text)
    for frame in _FRAMES:
        if (found := frame.match(less)) and _balanced(found["inner"]):
            less = found["inner"]
    less = _EMPTY.sub("", _QUOTES.sub("", less))
    less = _LAST.sub("", less.strip(_EDGE))
    return _spaced(fold(less)).strip(_EDGE)


def _balanced(text: str) -> bool:
    """Whether brackets stand in pairs: 公告(第5号)工事(電気) is not framed by its first and last."""
    open_ = 0
    for character in text:
        open_ += (character in "(「") - (character in ")」")
        if open_ < 0:
            return False
    return open_ == 0


def _spaced(folded: str) -> str:
    """A folded text with spaces between Latin words only: GSS 移行 is GSS移行."""
    return _GAP.sub("", folded)


# Buyers -----------------------------------------------------------------------------------------------

_MINISTRIES = {
    "内閣府": "",
    "総務省": "消防庁 公害等調整委員会",
    "法務省": "検察庁 公安審査委員会 公安調査庁 出入国在留管理庁",
    "外務省": "",
    "財務省": "国税庁",
    "文部科学省": "文化庁 スポーツ庁",
    "厚生労働省": "中央労働委員会",
    "農林水産省": "林野庁 水産庁",
    "経済産業省": "資源エネルギー庁 特許庁 中小企業庁",
    "国土交通省": "運輸安全委員会 観光庁 気象庁 海上保安庁 国土地理院 北海道開発局",
    "環境省": "原子力規制委員会 原子力規制庁 原子力安全庁",
    "防衛省": "防衛装備庁 自衛隊 陸上自衛隊 海上自衛隊 航空自衛隊",
    "警察庁": "国家公安委員会",
}
"""Ministries with the bodies that belong to them (their laws of establishment): a notice on the procurement portal
names the ministry where the gazette names the body."""
_ALONE = (
    "衆議院 参議院 国立国会図書館 最高裁判所 会計検査院 人事院 国家公務員倫理審査会 内閣官房 内閣法制局 宮内庁 "
    "公正取引委員会 金融庁 消費者庁 個人情報保護委員会 カジノ管理委員会 復興庁 デジタル庁 こども家庭庁"
)
_AUTHORITY = {name: name for name in (*_ALONE.split(), *_MINISTRIES)} | {
    body: ministry for ministry, bodies in _MINISTRIES.items() for body in bodies.split()
}
_KNOWN = re.compile("|".join(sorted(_AUTHORITY, key=len, reverse=True)))
_LOCAL = re.compile(
    r"^(?!東京都)(?:(?P<police>.{2,3}管区警察局)|(?P<prison>[^(]{2,6}(?:刑務所|拘置所|矯正管区|法務局|地方検察庁))"
    r"|(?P<tax>[^(]{2,6}(?:国税局|税務署|税関|財務局))|(?P<works>.{2,4}地方整備局|.{2,4}運輸局|.{2,3}航空局)"
    r"|(?P<labour>.{2,4}労働局|.{2,5}厚生局)|(?P<farm>.{2,4}農政局|.{2,4}森林管理局)|(?P<trade>.{2,4}経済産業局)"
    r"|(?P<radio>.{2,3}総合通信局)|(?P<defence>.{2,6}防衛局)|(?P<nature>.{2,4}地方環境事務所))"
)
_LOCAL_OF = {
    "police": "警察庁",
    "prison": "法務省",
    "tax": "財務省",
    "works": "国土交通省",
    "labour": "厚生労働省",
    "farm": "農林水産省",
    "trade": "経済産業省",
    "radio": "総務省",
    "defence": "防衛省",
    "nature": "環境省",
}
_HEAD = re.compile("(?<=.{4})(大学|機構|病院|センター|[館園所院校署局場]|支社|支店|本部)(?:(?<=センター)[院所])?長$")
"""The head of what the name says: 東京大学長 is 東京大学."""
_OFFICE_HOLDER = re.compile(
    r"(?<=.{4})(?:支出負担行為担当官|分任|契約担当役|契約担当者|会計契約担当役|経理責任者|契約責任者|資金前渡官吏|"
    r"(?:代表取締役)?(?<!支)社長|理事長?|総長|(?:担当)?副?学長|会長|総裁|管理者|"
    r"(?:大臣官房)?(?:総務|財務|経理|会計|契約|調達|管理|施設|資材|法務|情報企画|企画|用度|事務|運営)++"
    r"(?:担当)?(?:統括)?(?:本部|部|課|室|局|センター)?(?:長|役|者|参事官|次長)?)$"
)
"""One of them at the end of a name, or the unit that they head: 財務部, 契約室長."""


def authority(buyer: str) -> str:
    """Who buys, at the level that all sources share: of the state the ministry, of others the name without its officer.

    国土交通省大阪航空局 is 国土交通省, 海上保安庁総務部長 too; 国立大学法人東京大学総長 is 国立大学法人東京大学. Folded, and
    ``authority(authority(x)) == authority(x)``.
    """
    name = fold("".join(fold(buyer).split()))  # what a space kept apart may melt into one character
    if known := _KNOWN.match(name):
        return _AUTHORITY[known[0]]
    if (local := _LOCAL.match(name)) and local.lastgroup:
        return _LOCAL_OF[local.lastgroup]
    while (less := _OFFICE_HOLDER.sub("", _HEAD.sub(r"\1", name))) != name:
        name = less
    return name


def body(buyer: str) -> str:
    """A buyer without its officer, as it writes its name: 国立研究開発法人　見本研究所 of …　理事長."""
    known = authority(buyer)
    if buyer.startswith(known):
        return known
    # Who buys is folded; of the name as it is written it is the piece that folds to it. No later word is cut apart:
    # of 見本・例示銀行　執行役員経営企画部長 that would leave 執行役員経営.
    for end in range(1, len(buyer)):
        piece = buyer[:end]
        if fold("".join(fold(piece).split())) == known:
            return piece if buyer[end].isspace() or len(piece.split()) == 1 else buyer
    return buyer


def series(buyer: str | None, title: str) -> str | None:
    """The series of a call or an award; None without a buyer, for titles alone mean nothing across buyers."""
    if not buyer:
        return None
    return blake2b(f"{authority(buyer)}\n{service(title)}".encode(), digest_size=8).hexdigest()
