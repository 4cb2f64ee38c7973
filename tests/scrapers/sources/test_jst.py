"""JST states several deadlines on a page: each keeps its heading, and only that of the tenders is the deadline."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone

import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.errors import FetchError
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.jst import TENDERS, Jst

JST = timezone(timedelta(hours=9))
NOW = datetime(2026, 6, 15, 9, tzinfo=JST)
SITE = "https://choutatsu.jst.go.jp/"


def crawled(pages: Mapping[str, str], since: date = date(2026, 6, 1), until: date | None = None) -> list[Finding]:
    def fetch(request: Request) -> Page:
        path = request.url.removeprefix(SITE)
        if path not in pages:
            raise FetchError("{path}: answered 404", path=path)
        return page_of(f"<html><body>{pages[path]}</body></html>".encode(), request)

    return list(crawl(Jst(), Window(since, until, NOW), fetch))


def notice(*sections: tuple[str, str, str]) -> ScrapedNotice:
    """The notice whose page has these headings, each with a name and what it says."""
    told = "".join(f"<h3>{h}</h3><div><dl><dt>{name}</dt><dd>{says}</dd></dl></div>" for h, name, says in sections)
    (found,) = crawled({**LIST, "47-2026-1": f"<div id=main>{told}</div>"})
    assert isinstance(found, ScrapedNotice)
    return found


LIST = {"koukoku_link.html": "<a href='kankouju/47_2026_1.html'>研修の実施</a>"}
PUBLISHED = ("入札に附する事項", "公告日", "令和８年６月９日(火)")


def test_the_deadline_is_that_below_the_heading_of_the_tenders() -> None:
    found = notice(
        PUBLISHED,
        ("６．質問書の提出期限", "期限", "令和８年６月２２日(月)　１７時００分　まで"),
        ("７．入札書の提出期限・場所及び方法", "期限", "<b>令和８年７月１日(水)　１３時００分　まで</b>"),
        ("８．開札", "日時", "令和８年７月８日(水)"),
    )
    assert found.deadline == datetime(2026, 7, 1, 13, tzinfo=JST)
    assert found.portal_dates == (
        ("質問書の提出期限", "2026-06-22T17:00:00+09:00"),
        ("開札 日時", "2026-07-08"),
    )


def test_a_deadline_for_tenders_without_a_time_is_kept_under_its_heading_only() -> None:
    found = notice(PUBLISHED, ("７．入札書の提出期限", "期限", "令和８年７月１日(水)"))
    assert (found.deadline, found.portal_dates) == (None, (("入札書の提出期限", "2026-07-01"),))


def test_a_period_is_kept_as_it_is_written() -> None:
    period = "令和８年６月９日から令和８年７月１日 １７時まで"
    found = notice(PUBLISHED, ("入札書の受付", "期間", period))
    assert (found.deadline, found.portal_dates) == (None, (("入札書の受付 期間", period),))


@pytest.mark.parametrize(
    ("heading", "of_tenders"),
    [
        ("入札書の提出期限・場所", True),
        ("入札書　提出期限・場所及び方法", True),
        ("入札書及び提案書の提出期限", True),
        ("入札書等の受領期限", True),
        ("提案書の提出期限", False),
        ("応募資料　提出期限・場所及び方法", False),
        ("参加意思確認書　提出期限", False),
        ("入札説明書に関する質問の提出期限", False),
        ("入札参加資格証明書の提出期限", False),
    ],
)
def test_only_a_heading_that_plainly_speaks_of_tenders_is_that_of_the_deadline(
    heading: str, of_tenders: bool
) -> None:
    assert bool(TENDERS.search(heading)) is of_tenders


def test_a_day_without_its_year_beside_one_with_it_is_kept_as_it_is_written() -> None:
    written = "令和８年９月１日から９月１１日 １７時まで"
    found = notice(("７．入札書の提出期限", "期限", written), PUBLISHED)
    assert (found.deadline, found.portal_dates) == (None, (("入札書の提出期限", written),))


def test_a_name_without_anything_said_has_nothing_of_the_next_name() -> None:
    page = "<div id=main><dl><dt>公告日</dt><dt>開札</dt><dd>令和８年７月８日</dd></dl></div>"
    (found,) = crawled({**LIST, "47-2026-1": page})
    assert isinstance(found, ScrapedNotice)
    assert (found.undated, found.portal_dates) == (True, (("開札", "2026-07-08"),))


def test_the_kind_is_that_which_the_page_states() -> None:
    found = notice(PUBLISHED, ("入札に附する事項", "公告の種類", "企画競争"), ("", "公告番号", "調１-2026-1"))
    assert (found.kind, found.method) == (NoticeKind.PROPOSAL_CALL, "企画競争")
    assert found.references == (("公告番号", "調１-2026-1"),)


def test_links_that_only_forward_are_not_asked_for() -> None:
    (found,) = crawled({**LIST, "47-2026-1": "<div id=main><dl><dt>公告日</dt><dd>令和８年６月９日</dd></dl></div>"})
    assert isinstance(found, ScrapedNotice)
    assert found.key == found.url == f"{SITE}47-2026-1"


@pytest.mark.parametrize(("since", "until"), [(date(2026, 6, 10), None), (date(2026, 5, 1), date(2026, 6, 8))])
def test_the_day_is_on_the_page_and_decides_whether_the_notice_is_in_the_window(
    since: date, until: date | None
) -> None:
    pages = {**LIST, "47-2026-1": "<div id=main><dl><dt>公告日</dt><dd>令和８年６月９日</dd></dl></div>"}
    assert crawled(pages, since, until) == []


def test_a_page_without_its_main_part_is_told() -> None:
    (problem,) = crawled({**LIST, "47-2026-1": "<p>このページは移動しました</p>"})
    assert isinstance(problem, Problem)
    assert str(problem.saying).startswith(f"jst: {SITE}47-2026-1 has no #main")
