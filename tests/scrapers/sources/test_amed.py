"""AMED's pages state stage and deadline in a table; calls that are over stand below a heading of their own."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone

import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.amed import CALLS, Amed

JST = timezone(timedelta(hours=9))
NOW = datetime(2026, 6, 15, 9, tzinfo=JST)
TITLE = "令和8年度 「見本研究事業」に係る公募について"


def crawled(pages: Mapping[str, str]) -> list[Finding]:
    def fetch(request: Request) -> Page:
        return page_of(f"<html><body>{pages[request.url]}</body></html>".encode(), request)

    return list(crawl(Amed(), Window(date(2026, 6, 1), None, NOW), fetch))


def link(letter: str, number: int) -> str:
    return f"/koubo/15/01/1501{letter}_{number:05}.html"


def notice(letter: str, **facts: str) -> ScrapedNotice:
    rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in facts.items())
    path = link(letter, 1)
    pages = {
        CALLS: f"<a href='{path}'>{TITLE}</a>",
        f"https://www.amed.go.jp{path}": f"<h1>公募情報 {TITLE}</h1><p>令和8年6月1日</p><table>{rows}</table>",
    }
    (found,) = crawled(pages)
    assert isinstance(found, ScrapedNotice)
    return found


@pytest.mark.parametrize(
    ("letter", "stage", "kind"),
    [
        ("B", "", NoticeKind.PROPOSAL_CALL),
        ("C", "", NoticeKind.AWARD),
        ("A", "公募予告", NoticeKind.PLANNED),
        ("B", "公募", NoticeKind.PROPOSAL_CALL),
        ("Z", "採択", NoticeKind.AWARD),
    ],
)
def test_the_stage_is_that_of_the_page_else_that_of_the_address(letter: str, stage: str, kind: NoticeKind) -> None:
    assert notice(letter, 公募の段階=stage).kind is kind


@pytest.mark.parametrize(
    ("stated", "deadline", "dates"),
    [
        (
            "令和8年7月17日(金) 正午【厳守】<br>※令和8年7月20日以降は受け付けない",
            datetime(2026, 7, 17, 12, tzinfo=JST),
            (),
        ),
        ("2026年7月17日 17時00分", datetime(2026, 7, 17, 17, tzinfo=JST), ()),
        ("令和8年7月17日(金)", None, (("公募締め切り", "2026-07-17"),)),
        ("令和8年7月下旬", None, (("公募締め切り", "令和8年7月下旬"),)),
        ("7月17日(金) 正午", None, (("公募締め切り", "7月17日(金) 正午"),)),
        ("", None, ()),
    ],
)
def test_the_deadline_is_that_of_its_own_field(
    stated: str, deadline: datetime | None, dates: tuple[tuple[str, str], ...]
) -> None:
    found = notice("B", 公募締め切り=stated)
    assert (found.deadline, found.portal_dates) == (deadline, dates)


def test_a_notice_has_no_day_of_publication_even_where_its_page_begins_with_that_of_a_change() -> None:
    assert notice("B").undated


def test_a_heading_of_the_same_rank_ends_the_calls_that_are_over() -> None:
    over, older, planned = link("B", 1), link("B", 2), link("A", 3)
    page = (
        f"<h2>終了した公募</h2><a href='{over}'>古い公募</a><h3>令和5年度</h3><a href='{older}'>もっと古い公募</a>"
        f"<h2>公募予告</h2><a href='{planned}'>{TITLE}</a>"
    )
    found = crawled({CALLS: page, f"https://www.amed.go.jp{planned}": f"<h1>{TITLE}</h1>"})
    assert [one.url for one in found if isinstance(one, ScrapedNotice)] == [f"https://www.amed.go.jp{planned}"]
    assert len(found) == 1


def test_a_heading_that_only_mentions_calls_that_are_over_is_not_theirs() -> None:
    page = f"<h2>現在の公募（終了した公募はこちら）</h2><a href='{link('B', 1)}'>{TITLE}</a>"
    assert len(crawled({CALLS: page, f"https://www.amed.go.jp{link('B', 1)}": f"<h1>{TITLE}</h1>"})) == 1


def test_calls_that_are_over_are_not_read() -> None:
    opened, over = link("B", 1), link("B", 2)
    page = f"<h2>公募中</h2><a href='{opened}'>{TITLE}</a><h2>終了した公募</h2><a href='{over}'>古い公募</a>"
    found = crawled({CALLS: page, f"https://www.amed.go.jp{opened}": f"<h1>{TITLE}</h1>"})
    assert [one.url for one in found if isinstance(one, ScrapedNotice)] == [f"https://www.amed.go.jp{opened}"]
    assert len(found) == 1
    assert crawled({CALLS: f"<h2>終了した公募</h2><a href='{over}'>古い公募</a>"}) == []
