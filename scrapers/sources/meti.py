"""The Ministry of Economy, Trade and Industry: its list of calls for proposals, and its list of tenders."""

from collections.abc import Mapping
from typing import ClassVar

from db.vocabulary.notice import NoticeKind
from scrapers.shapes import READABLE, ListLayout, ListSource, links_to

SITE = "https://www.meti.go.jp"
CALLS = f"{SITE}/information/publicoffer/kobo.html"
TENDERS = f"{SITE}/information_2/publicoffer/00_bid_news_list.html"
BUREAUS = {
    "hkd": "北海道",
    "tohoku": "東北",
    "kanto": "関東",
    "chubu": "中部",
    "kansai": "近畿",
    "chugoku": "中国",
    "shikoku": "四国",
    "kyushu": "九州",
}


class Meti(ListSource):
    """経済産業省 公募・入札: calls and tenders of the Ministry of Economy, Trade and Industry and its bureaus.

    Owner: Ministry of Economy, Trade and Industry (経済産業省), Japan.
    Covers: calls for commissions and subsidies, inquiries whether a tender is worthwhile (入札可能性調査), and
        tenders; regional bureaus where the lists link to them.
    Terms: the site's general terms of use were not read for this project; the ministry is named and every notice
        links to its page.
    Caveats: the addresses of both lists are described, and the form of the calls' own addresses was seen
        (kobo/2023/k230922001.html, a bureau's R5fykobo_FS.html); the lists' layout was never seen. How the list of
        tenders links to them is not known: addresses below information_2 with a number of at least four digits,
        and cases on the procurement portal, are taken for notices, and anything else fails. The day is that beside
        the link, or the line of the notice's page that is nothing but a date.
    """

    slug: ClassVar[str] = "meti"
    name: ClassVar[str] = "経済産業省 公募・入札情報"
    name_en: ClassVar[str] = "Ministry of Economy, Trade and Industry calls and tenders"
    homepage: ClassVar[str] = CALLS
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 30
    addresses: ClassVar[tuple[str, ...]] = (CALLS, TENDERS)
    layout: ClassVar[ListLayout] = links_to(
        r"^https?://www\.meti\.go\.jp/information/publicoffer/kobo/\d{4}/[a-z]\d+\.html\b"
        rf"|^https?://www\.(?:{'|'.join(BUREAUS)})\.meti\.go\.jp/(?:.*/)(?!index\.)[^/?#]+\.html?\b",
        method="公募",
    )
    layouts: ClassVar[Mapping[str, ListLayout]] = {
        TENDERS: links_to(
            r"^https?://www\.meti\.go\.jp/information_2/(?!.*review)[^?#]*\d{4}[^/?#]*\.(?:html?|pdf)\b"
            r"|^https?://www\.p-portal\.go\.jp/.*anken="
        )
    }
    kinds: ClassVar[Mapping[str, NoticeKind]] = {"入札可能性調査": NoticeKind.INFORMATION_REQUEST}
    buyer: ClassVar[str | None] = "経済産業省"
    buyer_en: ClassVar[str | None] = "Ministry of Economy, Trade and Industry"
    body: ClassVar[str | tuple[str, ...]] = READABLE
    hosts: ClassVar[Mapping[str, str]] = {
        f"www.{host}.meti.go.jp": f"経済産業省{name}経済産業局" for host, name in BUREAUS.items()
    }
