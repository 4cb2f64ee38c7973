"""How Tokyo's titles say that firms are looked for: what tells a call from the rest of what bureaus publish."""

import re
from collections.abc import Mapping

from db.vocabulary.notice import NoticeKind

_TAKING_PART = (
    *("出展", "出店", "参加", "補助", "助成", "対象", "登録", "認定", "認証", "協力", "協賛", "賛同", "販売", "利用"),
    *("導入", "宿泊", "受講", "応募", "入居", "表彰", "受賞", "優良", "掲載", "回答", "中小"),
)
"""Firms (…事業者) that exhibit, take part, are aided or praised, not those that do something for the Government."""
_BIDDERS = "".join(f"(?<!{word})(?<!{word}する)(?<!{word}を希望する)" for word in _TAKING_PART) + "(?<!受ける)事業者"
_DOERS = (
    r"(?:実施|受託|運営|設計|施工|交渉権|落札|締結|事業予定|設置等予定|特定建築)者|(?:委託|受託|施工)業者|委託先|"
    r"優秀提案者|指定管理者"
)
_PLURAL = r"(?:等|ら|たち)?(?:の?候補者?)?"
_WORDS = (
    rf"(?:{_BIDDERS}|{_DOERS}){_PLURAL}\s*(?:を|の|が)?\s*(?:新たに|再度?|追加)?(?:募集|公募|決定|選定|特定)"
    rf"|{_BIDDERS}{_PLURAL}(?:の(?:皆様|皆さま|方々))?から[^。、\s]{{0,12}}提案"
    r"|(?<!補助)(?<!助成)(?:事業|業務|調査|委託|設計|工事|整備|運営|管理|実証|プロジェクト)[」』】]?"
    r"(?:[（(][^（）()]{1,40}[）)])?[」』】]?\s*(?:の|に係る|に関する|に(?:つ|付)いて)?\s*公募"
    r"|プロポーザル|企画提案(?!会|力)|企画競争|技術提案|提案競技|サウンディング"
    r"|入札(?:公告|情報|結果|の?(?:実施|公表|中止|取消)|を(?:実施|行)|に(?:付|より))"
)
_OTHERS = (
    "売却|売払|公売|入札(?:監視|参加資格|制度|談合)|指名停止|(?:補助|助成)金(?!.*(?:委託|受託|事務|業務))|自動販売機|"
    "意見(?:を|の)?募集|パブリックコメント"
)
"""What the Government sells, gives, punishes or asks its people is announced in the same words."""
CALLS = re.compile(rf"^(?!.*(?:{_OTHERS})).*(?:{_WORDS})")
"""Titles of calls and of their results, among those that look for staff, participants, works and volunteers."""
KINDS: Mapping[str, NoticeKind] = {
    **dict.fromkeys(("中止", "取りやめ", "取消"), NoticeKind.CANCELLATION),
    "サウンディング": NoticeKind.INFORMATION_REQUEST,
    **dict.fromkeys(
        [f"者{particle}{verb}" for particle in ("", "を", "が", "の") for verb in ("決定", "特定", "選定しました")]
        + ["候補者を選定", "交渉権者の選定", "委託先を決定", "委託先の決定", "委託先決定", "入札結果"],
        NoticeKind.AWARD,
    ),
    "入札": NoticeKind.TENDER,
    **dict.fromkeys(("募集", "公募", "プロポーザル", "提案", "企画競争"), NoticeKind.PROPOSAL_CALL),
}
"""In order: that a call is cancelled or decided says more than that it is one."""
