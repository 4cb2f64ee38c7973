"""AMED's calls for medical research and development: those that are open, and a page for each."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from bs4 import BeautifulSoup, Tag

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from scrapers.html import Row, lines, words
from scrapers.shapes import READABLE, ListLayout, ListSource, links_to
from scrapers.source import Page

CALLS = "https://www.amed.go.jp/koubo/koubo_index.html"
ENDED = "終了した公募"
STAGE, DEADLINE = "公募の段階", "公募締め切り"


class Amed(ListSource):
    """AMED 公募情報: research calls of the Japan Agency for Medical Research and Development (digital health too).

    Owner: Japan Agency for Medical Research and Development (国立研究開発法人日本医療研究開発機構).
    Covers: calls that are planned or open; not those below the heading 終了した公募, which are over.
    Terms: the site's terms of use were not read for this project; the agency is named and every notice links to its
        page.
    Caveats: own pages of notices are real (koubo/15/01/1501B_00092.html; the letter is B for a call, C for a
        decision) and have a table with the stage (公募の段階) and the deadline (公募締め切り 令和5年4月17日
        (月) 正午). The list was never seen here, others read its links; it also is at koubo/index.html by some
        accounts. Days of publication are not stated: a notice keeps the day on which it was first seen.
    """

    slug: ClassVar[str] = "amed"
    name: ClassVar[str] = "AMED 公募情報"
    name_en: ClassVar[str] = "Japan Agency for Medical Research and Development calls"
    homepage: ClassVar[str] = "https://www.amed.go.jp/koubo/"
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 30
    addresses: ClassVar[tuple[str, ...]] = (CALLS,)
    layout: ClassVar[ListLayout] = links_to(r"/koubo/\d+/\d+/\d+(?P<kind>[A-Z])_\d+\.html$", beside=False)
    kinds: ClassVar[Mapping[str, NoticeKind]] = {"B": NoticeKind.PROPOSAL_CALL, "C": NoticeKind.AWARD}
    stages: ClassVar[Mapping[str, NoticeKind]] = {
        "予告": NoticeKind.PLANNED,
        "採択": NoticeKind.AWARD,
        "公募": NoticeKind.PROPOSAL_CALL,
    }
    """Words of the stage → kind; the first that fits."""
    buyer: ClassVar[str | None] = "国立研究開発法人日本医療研究開発機構"
    buyer_en: ClassVar[str | None] = "Japan Agency for Medical Research and Development"
    body: ClassVar[str | tuple[str, ...]] = READABLE

    def rows(self, document: BeautifulSoup, page: Page) -> Iterator[Row]:
        for row in super().rows(document, page):
            if not any(ENDED in words(heading) for heading in _headings_above(row.cells["title"])):
                yield row

    def complete(self, notice: ScrapedNotice, page: Page) -> ScrapedNotice:
        body = self.body_of(notice, page)
        # The first day on a page is that of its latest change.
        found = replace(self.with_text(notice, body, page), published=notice.published, undated=notice.undated)
        stated = dict(_stated(body))
        stage = stated.get(STAGE, "")
        kind = next((kind for word, kind in self.stages.items() if word in stage), found.kind)
        # Further lines are remarks.
        moment, day = self.moment(stated.get(DEADLINE, "").split("\n")[0], found.published)
        return replace(found, kind=kind, deadline=moment, portal_dates=((DEADLINE, day),) if day else ())


def _headings_above(tag: Tag) -> Iterator[Tag]:
    yield from tag.find_all_previous(["h2", "h3", "h4", "h5", "caption"])


def _stated(body: Tag) -> Iterator[tuple[str, str]]:
    """Each row of the tables that is a name and what it says."""
    for row in body.find_all("tr"):
        cells = row.find_all(["th", "td"], recursive=False)
        if len(cells) == 2:
            yield words(cells[0]), lines(cells[1])
