"""The Japan Science and Technology Agency's procurement notices: a list of links, and a page for each notice."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from bs4 import Tag

from db.vocabulary.japanese import find_dates, tokyo_iso
from db.vocabulary.notice import ScrapedNotice
from scrapers.html import lines, words
from scrapers.kinds import kind_of
from scrapers.shapes import ListLayout, ListSource, links_to
from scrapers.source import Page

SITE = "https://choutatsu.jst.go.jp/"
PUBLISHED, KIND, NUMBER = "公告日", "公告の種類", "公告番号"
TENDERS = re.compile(r"入札書(?:等|及び[^。]{1,12})?の?[\s　]*(?:提出|受領|受付)")
"""A heading of the deadline for tenders. Questions, samples, proofs of qualification have deadlines of their own."""
_ITEM_NUMBER = re.compile(r"\A[\s　]*[（(]?[0-9０-９]+[）).．、\s　]*")
_STUB = re.compile(r"/kankouju/(\d+)_(\d+)_(\d+)\.html\b")


class Jst(ListSource):
    """JST 調達情報: what the Japan Science and Technology Agency buys (systems, studies, research support).

    Owner: Japan Science and Technology Agency (国立研究開発法人科学技術振興機構).
    Covers: the notices that are open: tenders, and calls that ask who else could do the work (参加者確認公募).
    Terms: not read for this project; the agency is named and every notice links to its page. Its robots.txt is said
        to forbid /rss/, which is not asked for.
    Caveats: list and pages were seen (July 2026). The list states no day, so every page it links to is read at each
        crawl. A page states several 期限, each below a heading of its own: all are kept under these headings, and
        only that of the tenders themselves (入札書の提出期限) is taken for the deadline. The links (kankouju/…)
        only forward; the address they forward to is made from their numbers, as others do. How an empty list
        reads is not known: it is an error until it was seen.
    """

    slug: ClassVar[str] = "jst"
    name: ClassVar[str] = "科学技術振興機構（JST）調達情報"
    name_en: ClassVar[str] = "Japan Science and Technology Agency procurement"
    homepage: ClassVar[str] = SITE
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 30
    pause_seconds: ClassVar[float] = 2.0
    addresses: ClassVar[tuple[str, ...]] = (f"{SITE}koukoku_link.html",)
    layout: ClassVar[ListLayout] = links_to(
        r"/kankouju/\d+_\d+_\d+\.html\b|^https?://choutatsu\.jst\.go\.jp/\d+-\d+-\d+\b", beside=False
    )
    buyer: ClassVar[str | None] = "国立研究開発法人科学技術振興機構"
    buyer_en: ClassVar[str | None] = "Japan Science and Technology Agency"
    body: ClassVar[str | tuple[str, ...]] = "#main"

    def address_of(self, link: str) -> str:
        stub = _STUB.search(link)
        return f"{SITE}{'-'.join(stub.groups())}" if stub else link

    def complete(self, notice: ScrapedNotice, page: Page) -> ScrapedNotice:
        body = self.body_of(notice, page)
        notice = self.with_text(notice, body, page)
        deadline, dates = None, []
        for heading, name, stated in _stated(body):
            written = words(stated)
            days = list(find_dates(written))
            if name == PUBLISHED and days:
                notice = replace(notice, published=days[0][2], undated=False)
            elif name == KIND:
                notice = replace(notice, method=written or None, kind=kind_of(notice.title, written))
            elif name == NUMBER:
                notice = replace(notice, references=((NUMBER, written),) if written else ())
            elif days:
                label = heading if name == "期限" and heading else f"{heading} {name}".strip()
                moment, day = self.moment(written, None) if len(days) == 1 else (None, written)
                if moment and deadline is None and TENDERS.search(label):
                    deadline = moment
                else:
                    dates.append((label, tokyo_iso(moment) if moment else day or written))
        return replace(notice, deadline=deadline, portal_dates=tuple(dates))


def _stated(body: Tag) -> Iterator[tuple[str, str, Tag]]:
    """Each name and what it says, with the heading that they stand below, less its number."""
    heading = ""
    for tag in body.find_all(["h2", "h3", "h4", "dt"]):
        if tag.name != "dt":
            heading = _ITEM_NUMBER.sub("", " ".join(lines(tag).split()))
        elif (stated := tag.find_next_sibling(["dt", "dd"])) is not None and stated.name == "dd":
            yield heading, words(tag), stated
