"""The Ministry of the Environment's notices: four lists of tenders, and one of calls for proposals."""

from collections.abc import Mapping
from typing import ClassVar

from db.vocabulary.notice import Category
from scrapers.shapes import READABLE, ListLayout, ListSource, links_to

SITE = "https://www.env.go.jp"
GOODS = f"{SITE}/kanbo/chotatsu/index_buppin.html"
SERVICES = f"{SITE}/kanbo/chotatsu/index_ekimu.html"
WORKS = f"{SITE}/kanbo/chotatsu/index_koji.html"
INTEREST = f"{SITE}/kanbo/chotatsu/index_sanka.html"
CALLS = f"{SITE}/guide/kobo.html"
NOTICES = (
    r"^https?://(?:www\.env\.go\.jp/kanbo/chotatsu/(?:sanka/)?|[a-z]+\.env\.go\.jp/procure/)"
    r"[\w-]*\d{5,}\w*\.html\b"
)


class Moe(ListSource):
    """環境省 調達情報・公募: tenders and calls of the Ministry of the Environment (climate, waste, nature, JCM).

    Owner: Ministry of the Environment (環境省), Japan.
    Covers: tenders for goods, services and works, notices that ask who else could do the work (参加者確認公募), and
        calls for proposals; regional offices where the lists link to them.
    Terms: the site's general terms of use were not read for this project; the ministry is named and every notice
        links to its page.
    Caveats: the addresses of the lists and of notices (chotatsu_00887.html, 20180323_100669.html, procure_00222.html
        of a regional office) are real, and so are texts of notices; the lists' layout was never seen. A notice is
        known by a number of at least five digits in its address; on the page of calls every link within a table is
        one. The day is that beside the link, or the line of the notice's page that is nothing but a date. The list
        of works also has its planning and supervision, so it says nothing of the category.
    """

    slug: ClassVar[str] = "moe"
    name: ClassVar[str] = "環境省 調達情報・公募"
    name_en: ClassVar[str] = "Ministry of the Environment tenders and calls"
    homepage: ClassVar[str] = f"{SITE}/kanbo/chotatsu/"
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 30
    addresses: ClassVar[tuple[str, ...]] = (GOODS, SERVICES, WORKS, INTEREST, CALLS)
    layout: ClassVar[ListLayout] = links_to(NOTICES)
    layouts: ClassVar[Mapping[str, ListLayout]] = {
        GOODS: links_to(NOTICES, category=Category.GOODS),
        SERVICES: links_to(NOTICES, category=Category.SERVICES),
        INTEREST: links_to(NOTICES, method="参加者確認公募"),
        CALLS: links_to("", items="table a[href]", method="公募"),
    }
    buyer: ClassVar[str | None] = "環境省"
    buyer_en: ClassVar[str | None] = "Ministry of the Environment"
    body: ClassVar[str | tuple[str, ...]] = READABLE
    hosts: ClassVar[Mapping[str, str]] = {
        f"{host}.env.go.jp": f"環境省{name}地方環境事務所"
        for host, name in (
            ("hokkaido", "北海道"),
            ("tohoku", "東北"),
            ("kanto", "関東"),
            ("chubu", "中部"),
            ("kinki", "近畿"),
            ("chushikoku", "中国四国"),
            ("kyushu", "九州"),
        )
    }
