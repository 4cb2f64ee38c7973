"""The press releases of the Tokyo Metropolitan Government that call for bidders or tell who was chosen."""

import re
from collections.abc import Mapping
from typing import ClassVar

from db.vocabulary.notice import NoticeKind
from scrapers.shapes import FeedSource
from scrapers.tokyo import PREFECTURE

_BIDDERS = (
    r"(?<!出展)(?<!出店)(?<!参加)(?<!補助)(?<!助成)(?<!対象)(?<!登録)(?<!認定)(?<!認証)(?<!協力)(?<!協賛)"
    r"(?<!販売)(?<!利用)(?<!導入)(?<!宿泊)(?<!受講)(?<!応募)(?<!入居)(?<!表彰)(?<!受賞)(?<!優良)事業者"
)
"""Firms that are looked for to do something for the Government; not those that exhibit, take part or are aided."""
_DOERS = r"(?:実施|受託|運営|設計|施工|交渉権|落札|締結|事業予定)者|委託先|優秀提案者|指定管理者"
_PLURAL = r"(?:等|ら|たち)?(?:の?候補者?)?"
_WORDS = (
    rf"(?:{_BIDDERS}|{_DOERS}){_PLURAL}\s*(?:を|の|が)?\s*(?:新たに|再度?|追加)?(?:募集|公募|決定|選定|特定)"
    rf"|{_BIDDERS}{_PLURAL}(?:の(?:皆様|皆さま|方々))?から[^。、\s]{{0,12}}提案"
    r"|(?<!補助)(?<!助成)(?:事業|業務|調査|委託|設計|工事|整備|運営|管理|実証|プロジェクト)[」』】]?"
    r"(?:[（(][^（）()]{1,40}[）)])?[」』】]?\s*(?:の|に係る|に関する|に(?:つ|付)いて)?\s*公募"
    r"|プロポーザル|企画提案(?!会|力)|企画競争|技術提案|提案競技|サウンディング"
    r"|入札(?:公告|情報|結果|の?(?:実施|公表|中止|取消)|を(?:実施|行)|に(?:付|より))"
)
_OTHERS = "売却|売払|公売|入札(?:監視|参加資格|制度|談合)|指名停止|(?:補助|助成)金(?!.*(?:委託|受託|事務|業務))"
"""What the Government sells, gives or punishes is announced in the same words."""
CALLS = re.compile(rf"^(?!.*(?:{_OTHERS})).*(?:{_WORDS})")
"""Titles of calls and of their results, among releases that look for staff, participants, works and volunteers."""
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


class TokyoPress(FeedSource):
    """東京都 報道発表: press releases of the Tokyo Metropolitan Government, of which the calls are kept.

    Owner: Tokyo Metropolitan Government (東京都).
    Covers: calls for firms that never reach the e-procurement system (hydrogen, solar power, sites to be developed),
        and who was chosen. All releases are in the feed; the titles decide.
    Terms: name 東京都 as the source; title, day and link are shown, and the link leads to the release.
    Caveats: a title that does not say that firms are looked for is missed. The feed reaches back a few days only.
        It was last seen in use in August 2026; where it answers 404 the source is down.
    """

    slug: ClassVar[str] = "tokyo_press"
    name: ClassVar[str] = "東京都 報道発表"
    name_en: ClassVar[str] = "Tokyo Metropolitan Government press releases"
    homepage: ClassVar[str] = "https://www.metro.tokyo.lg.jp/"
    jurisdiction: ClassVar[str] = "local"
    every_hours: ClassVar[int] = 12

    addresses: ClassVar[tuple[str, ...]] = ("https://www.metro.tokyo.lg.jp/rss/index.rdf",)
    only: ClassVar[re.Pattern[str] | None] = CALLS
    kinds: ClassVar[Mapping[str, NoticeKind]] = KINDS
    buyer: ClassVar[str | None] = PREFECTURE
    buyer_en: ClassVar[str | None] = "Tokyo Metropolitan Government"
    prefecture: ClassVar[str | None] = PREFECTURE
