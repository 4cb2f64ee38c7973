"""The press releases of the Tokyo Metropolitan Government that call for bidders or tell who was chosen."""

import re
from collections.abc import Mapping
from typing import ClassVar

from db.vocabulary.notice import NoticeKind
from scrapers.feeds import FeedSource
from scrapers.tokyo import PREFECTURE
from scrapers.tokyo_calls import CALLS, KINDS


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
