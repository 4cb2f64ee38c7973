"""The kind of a notice, told from its title and its method, for sources that mix kinds without saying so.

Only words that announce a kind count: 変更 in a title is usually the subject of the work (都市計画変更業務),
and a 見積番号 is a number, not a call for quotations. Rules are in order; the first that fits decides.
"""

import re

from db.vocabulary.notice import NoticeKind
from db.vocabulary.text import fold

_RULES: tuple[tuple[NoticeKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile("|".join(patterns)))
    for kind, *patterns in (
        (
            NoticeKind.OTHER,
            r"成績評定",
            r"入札参加資格(?:審査|者名簿|申請)",
            r"参加資格者名簿",
            r"質問(?:書)?(?:に対する|への)回答",
        ),
        (
            NoticeKind.CANCELLATION,
            r"(?:公告|入札|調達|公募|募集|手続)の?(?:中止|取消|取り消|取下|取り下げ|取りやめ|取り止め)",
            r"(?:中止|取消し?|取り消し|取下げ?)(?:公告|のお知らせ|について|します)",
            r"[【\[(<][^】\])>]{0,6}(?:中止|取消し?|取り消し|取下げ?|取りやめ)[】\])>]",
            r"取り下げました",
        ),
        (
            NoticeKind.AMENDMENT,
            r"訂正(?:公告|のお知らせ|について|履歴)",
            r"(?:公告|公示|入札説明書|仕様書)等?の?(?:一部)?(?:訂正|変更|修正)",
            r"(?:変更|修正)(?:公告|公示)",
            r"正誤",
            r"[【\[(<][^】\])>]{0,6}(?:訂正|変更|修正)[^】\])>]{0,4}[】\])>]",
        ),
        (
            NoticeKind.AWARD,
            r"(?:入札|落札|開札|契約|見積合わ?せ?|選定|審査|公募|抽選|評価)の?(?:等の)?結果",
            r"結果(?:公表|掲載|のお知らせ|について)",
            r"落札者",
            r"落札情報",
            r"(?:受託者|事業者)の?決定",
            r"採択(?:結果|者)",
            r"入札経過",
            r"契約締結(?:状況|の公表)",
            r"契約状況",
        ),
        (NoticeKind.PLANNED, r"(?:発注|調達)の?(?:見通し|予定|計画)", r"入札予定", r"公募予定", r"[(【]予告[)】]"),
        (NoticeKind.COMMENT_REQUEST, r"意見招請", r"意見の?募集", r"意見公募", r"パブリックコメント"),
        (
            NoticeKind.INFORMATION_REQUEST,
            r"資料(?:等の)?提供(?:招請|依頼)",
            r"資料招請",
            r"情報提供(?:の?依頼|要請)",
            r"\brfi\b",
            r"サウンディング",
            r"市場調査の実施",
        ),
        (
            NoticeKind.QUOTATION,
            r"オープンカウンタ",
            r"見積り?(?:合わ?せ|競争|徴取|徴収|依頼|募集|提出期限|書の?提出)",
            r"公開見積",
        ),
        (
            NoticeKind.PROPOSAL_CALL,
            r"プロポーザル",
            r"企画競争",
            r"企画提案",
            r"企画コンペ",
            r"提案(?:競技|募集|公募)",
            r"の公募",
            r"公募(?:について|情報)?$",
            r"公募・?入札",
        ),
    )
)


def kind_of(title: str, method: str | None = None) -> NoticeKind:
    """The kind that the title announces; failing that, that of the method; failing that, a tender."""
    for text in (fold(title), fold(method) if method else ""):
        for kind, pattern in _RULES:
            if text and pattern.search(text):
                return kind
    return NoticeKind.TENDER
