"""AMED's calls for medical research and development: those that are open, and a page for each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from bs4 import BeautifulSoup, Tag

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.html import Row, lines, words
from scrapers.shapes import READABLE, ListLayout, ListSource, links_to
from scrapers.source import Page, Window

CALLS = "https://www.amed.go.jp/koubo/koubo_index.html"
ENDED = re.compile(r"\W*終了した公募\W*")
"""The whole of a heading; one that only mentions them is none."""
STAGE, DEADLINE = "公募の段階", "公募締め切り"
NOTICES = re.compile(r"/koubo/\d+/\d+/\d+([A-Z])_\d+\.html\b")
"""Addresses of notices, with the letter of their kind."""
LETTERS = {"B": NoticeKind.PROPOSAL_CALL, "C": NoticeKind.AWARD}
STAGES = {"予告": NoticeKind.PLANNED, "採択": NoticeKind.AWARD, "公募": NoticeKind.PROPOSAL_CALL}
"""Words of the stage → kind; the first that fits."""
RANKS = {"h2": 2, "h3": 3, "h4": 4, "h5": 5, "caption": 6}


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
    layout: ClassVar[ListLayout] = links_to(NOTICES.pattern, beside=False)
    buyer: ClassVar[str | None] = "国立研究開発法人日本医療研究開発機構"
    buyer_en: ClassVar[str | None] = "Japan Agency for Medical Research and Development"
    body: ClassVar[str | tuple[str, ...]] = READABLE

    def rows(self, document: BeautifulSoup, page: Page) -> Iterator[Row]:
        over = set(_links_to_what_is_over(document))
        return (row for row in super().rows(document, page) if id(row.cells["title"]) not in over)

    def notice(self, row: Row, page: Page, window: Window) -> ScrapedNotice | Problem | None:
        found = super().notice(row, page, window)
        if not isinstance(found, ScrapedNotice):
            return found
        letter = NOTICES.search(found.url)
        return replace(found, kind=LETTERS.get(letter[1], found.kind)) if letter else found

    def complete(self, notice: ScrapedNotice, page: Page) -> ScrapedNotice:
        body = self.body_of(notice, page)
        # The first day on a page is that of its latest change.
        found = replace(self.with_text(notice, body, page), published=notice.published, undated=notice.undated)
        stated = _stated(body)
        stage = stated.get(STAGE, "")
        kind = next((kind for word, kind in STAGES.items() if word in stage), found.kind)
        # Further lines are remarks.
        moment, day = self.moment(stated.get(DEADLINE, "").split("\n")[0], None)
        return replace(found, kind=kind, deadline=moment, portal_dates=((DEADLINE, day),) if day else ())


def _links_to_what_is_over(document: BeautifulSoup) -> Iterator[int]:
    """The ids of the links below the heading of the calls that are over, up to the next heading of its rank."""
    rank = 0
    for tag in document.find_all([*RANKS, "a"]):
        if tag.name == "a":
            if rank:
                yield id(tag)
        elif ENDED.fullmatch(words(tag)):
            rank = min(rank or 9, RANKS[tag.name])
        elif RANKS[tag.name] <= rank:
            rank = 0


def _stated(body: Tag) -> Mapping[str, str]:
    """What the tables say, by name: rows of two cells. Of several of one name the first."""
    stated: dict[str, str] = {}
    for row in body.find_all("tr"):
        cells = row.find_all(["th", "td"], recursive=False)
        if len(cells) == 2:
            stated.setdefault(words(cells[0]), lines(cells[1]))
    return stated
