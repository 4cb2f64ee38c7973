"""The Ministry of Internal Affairs and Communications: its lists of calls, written in Shift_JIS."""

from collections.abc import Mapping
from typing import ClassVar

from scrapers.shapes import READABLE, ListLayout, ListSource, links_to

SITE = "https://www.soumu.go.jp"
CALLS = f"{SITE}/menu_sinsei/cyoutatsu/koubo.html"
COMPETITIONS = f"{SITE}/menu_sinsei/cyoutatsu/kikaku_koubo.html"
NOTICES = r"^https?://www\.soumu\.go\.jp/(?:main_content/\d+\.pdf|(?:[\w-]+/)+[\w-]+_\d{6,}\.html)\b"


class Mic(ListSource):
    """総務省 公募・企画競争: calls of the Ministry of Internal Affairs and Communications (ICT, local government).

    Owner: Ministry of Internal Affairs and Communications (総務省), Japan.
    Covers: calls for proposals and planning competitions of the head office. Tenders are on the procurement portal.
    Terms: the site's general terms of use were not read for this project; the ministry is named and every notice
        links to its page.
    Caveats: the addresses of both lists are described, their layout was never seen. The pages are in Shift_JIS. What
        the ministry's publishing system numbers (main_content/001069763.pdf, …/02gyosei08_03000066.html) is taken
        for a notice; where the lists link otherwise, the crawl fails. The day is that beside the link, or the line
        of the notice's page that is nothing but a date; of a notice that is a document only the title is known.
    """

    slug: ClassVar[str] = "mic"
    name: ClassVar[str] = "総務省 公募・企画競争"
    name_en: ClassVar[str] = "Ministry of Internal Affairs and Communications calls"
    homepage: ClassVar[str] = f"{SITE}/menu_sinsei/cyoutatsu/"
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 30
    addresses: ClassVar[tuple[str, ...]] = (CALLS, COMPETITIONS)
    layout: ClassVar[ListLayout] = links_to(NOTICES, method="公募")
    layouts: ClassVar[Mapping[str, ListLayout]] = {COMPETITIONS: links_to(NOTICES, method="企画競争")}
    buyer: ClassVar[str | None] = "総務省"
    buyer_en: ClassVar[str | None] = "Ministry of Internal Affairs and Communications"
    body: ClassVar[str | tuple[str, ...]] = READABLE
