"""The kind of a notice, told from its title and its method, for sources that mix kinds without saying so.

Only words that announce a kind count: 変更 in a title is usually the subject of the work (都市計画変更業務),
and a 見積番号 is a number, not a call for quotations. Rules are in order; the first that fits decides.
"""

import re
from functools import lru_cache

from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.text import fold

# Titles are folded: （ is (, ＜ is <, and spaces and 中黒 between Japanese characters are gone.
_OPEN, _CLOSE = r"[【\[<(〔]", r"[】\]>)〕]"
_DATE = r"[0-9/.年月日令和r]*"
_CORRECTED = (
    rf"{_DATE}(?:(?:一部|内容|公告|公示|日程|期間|期限|仕様書?|再)の?)*(?:訂正|変更|修正)"
    r"(?:あり|有り?|後|版|済み?|分|公告|契約|のお知らせ|しました|その)?[0-9]*"
)
_WITHDRAWN = (
    rf"{_DATE}(?:(?:入札|公告|公示|調達|公募|募集|手続き?|開札|案件|掲載|本件)の?)*"
    r"(?:中止|取消し?|取り消し|取下げ?|取り下げ|取りやめ|取り止め)(?:公告|済み?|のお知らせ|しました)?"
)


def _no_subject(reach: int, *words: str) -> str:
    """What went before does not announce anything if one of these words makes it the subject of the work."""
    return rf"(?![^「『:：、。【\[<(〔]{{0,{reach}}}(?:{'|'.join(words)}))"


_RULES: tuple[tuple[NoticeKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile("|".join(patterns)))
    for kind, *patterns in (
        (
            NoticeKind.OTHER,
            r"成績評定" + _no_subject(8, "業務", "委託", "システム"),
            r"入札参加資格(?:審査|申請)" + _no_subject(14, "業務", "委託", "システム", "支援", "印刷"),
            r"参加資格者名簿" + _no_subject(6, "業務", "システム", "管理"),
            r"質問(?:書|事項)?等?(?:に対する|への|の)回答",
            r"(?:質問|質疑)回答書",
        ),
        (
            NoticeKind.CANCELLATION,
            r"(?:公告|入札|調達|公募|募集|手続)の?(?:中止|取消|取り消|取下|取り下|取りやめ|取り止め)",
            r"(?:中止|取消し?|取り消し|取下げ?|取り下げ)(?:公告|のお知らせ|について|します|しました)",
            rf"{_OPEN}{_WITHDRAWN}{_CLOSE}",
            r"取り?下げました",
        ),
        (
            NoticeKind.AMENDMENT,
            r"訂正(?:公告|のお知らせ|について|履歴)",
            r"(?:公告|公示|入札説明書|仕様書)等?の?(?:一部)?(?:訂正|変更|修正)"
            + _no_subject(4, "業務", "委託", "作成", "支援", "検討"),
            r"(?:変更|修正)(?:公告|公示)",
            r"正誤",
            rf"[【<]{_CORRECTED}[】>]",
            # In the middle of a title, round brackets name the work: 実施設計（修正）業務.
            rf"{_OPEN}(?:(?<=^.)|(?<={_CLOSE}.)){_CORRECTED}{_CLOSE}",
            rf"{_OPEN}{_CORRECTED}{_CLOSE}$",
        ),
        (
            NoticeKind.AWARD,
            r"(?:入札|落札|開札|契約|見積り?合わ?せ?|選定|公募|抽選|プロポーザル|コンペ)の?(?:等の)?結果"
            + _no_subject(4, "まとめ", "集計", "分析", "整理", "解析", "管理", "入力", "印刷", "通知書", "システム"),
            rf"(?:審査|評価)の?(?:等の)?結果(?:$|{_OPEN}|{_CLOSE}|等?の?(?:公表|公開|掲載|お知らせ)|等?について)",
            r"結果(?<!調査..)(?<!点検..)(?<!検査..)(?<!測定..)(?<!分析..)(?<!試験..)の?(?:公表|掲載|お知らせ|について)"
            + _no_subject(4, "業務", "資料", "システム"),
            r"落札者(?!決定基準)",
            r"落札情報",
            r"(?:受託者|事業者|委託先|候補者|交渉権者|実施体制|採択課題)の?(?:決定|特定)"
            + _no_subject(4, "業務", "支援", "基準"),
            r"採択(?:結果|者)",
            r"入札経過",
            r"契約締結(?:状況|結果|の公表)",
            r"契約状況(?!調査|管理)",
            rf"{_OPEN}(?:入札)?(?:不調|不落)+{_CLOSE}",
        ),
        (
            NoticeKind.PLANNED,
            r"(?:発注|調達|公募|入札)の?(?:見通し|予定(?!価格)|予告)",
            r"(?:発注|調達)計画" + _no_subject(4, "策定", "作成", "検討", "支援", "立案", "業務", "調査"),
            rf"{_OPEN}予告{_CLOSE}",
        ),
        (
            NoticeKind.COMMENT_REQUEST,
            r"意見招請" + _no_subject(8, "支援"),
            r"意見の?募集",
            r"意見公募",
            r"パブリックコメント" + _no_subject(8, "業務", "委託", "支援"),
        ),
        (
            NoticeKind.INFORMATION_REQUEST,
            r"資料等?の?提供(?:招請|依頼)",
            r"資料招請",
            r"情報提供(?:の?依頼|の?招請|要請|のお願い)",
            r"rfi(?<![a-z]...)(?![a-z])",
            r"サウンディング" + _no_subject(12, "業務", "委託", "支援"),
            r"市場調査の実施" + _no_subject(4, "業務", "委託", "支援"),
            r"入札可能性調査" + _no_subject(4, "業務", "委託", "支援"),
        ),
        (
            NoticeKind.QUOTATION,
            r"オープンカウンタ",
            r"見積り?(?:合わ?せ|競争|徴取|徴収|依頼|募集)",
            r"見積り?書の?(?:提出(?!期限)|募集)",
            r"公開見積",
        ),
        (
            NoticeKind.PROPOSAL_CALL,
            r"プロポーザル(?!(?:方式|実施|審査|選定|等)*支援)",
            r"企画競争",
            r"企画提案",
            r"企画コンペ",
            r"提案(?:競技|募集|公募|依頼)",
            r"の公募(?!支援|審査|選定)",
            r"公募(?:について|情報|開始)?$",
            r"公募・?入札",
        ),
    )
)

_HINT = re.compile(
    "成績評定|参加資格|質問|質疑|中止|取消|取り|取下|訂正|変更|修正|正誤|結果|落札|決定|特定|採択|経過|契約締結|契約状況|"
    "不調|不落|見通し|予定|予告|計画|意見|パブリック|招請|資料|情報提供|rfi|サウンディング|市場調査|入札可能性|カウンタ|見積|"
    "プロポーザル|企画|提案|公募"
)
"""Every announcement holds one of these; most titles hold none, and need no closer look (the rules take 5 µs)."""


def kind_of(title: str, method: str | None = None) -> NoticeKind:
    """The kind that the title announces; failing that, that of the method; failing that, a tender."""
    return _announced(title) or (_of_method(method) if method else None) or NoticeKind.TENDER


def _announced(text: str) -> NoticeKind | None:
    folded = fold(text)
    if _HINT.search(folded):
        for kind, pattern in _RULES:
            if pattern.search(folded):
                return kind
    return None


_of_method = lru_cache(maxsize=1024)(_announced)


_CATEGORIES = (
    (Category.WORKS, re.compile("工事|建設")),
    (Category.GOODS, re.compile("物品|購入|買入|物件")),
    (Category.SERVICES, re.compile("役務|業務|委託|サービス|賃貸借|借入|コンサル")),
)


def category_of(stated: str) -> Category | None:
    """The category in a source's own words for one (物品, 役務, 工事, 業務委託); None where they fit none or several.

    For columns that state a category, not for titles.
    """
    found = [category for category, words in _CATEGORIES if words.search(stated)]
    return found[0] if len(found) == 1 else None
