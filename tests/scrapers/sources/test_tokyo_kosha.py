"""The SME Support Center's table: a period that is no deadline, years that are not written, numbers that repeat."""

from datetime import date, datetime, timedelta

import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.errors import SourceChanged
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.tokyo_kosha import TokyoKosha

NOW = datetime(2026, 10, 8, 9, tzinfo=TOKYO)
HEADINGS = ("整理番号", "件名", "公表日", "希望申出期間", "受付状況")
ROW = (
    "64",
    "見本展示会の企画・運営業務委託",
    "令和8年10月5日",
    "令和8年10月6日9:00～<br>令和8年10月15日14:00",
    "受付中",
)


def page(*rows: tuple[str, ...], headings: tuple[str, ...] = HEADINGS, year: str = "契約情報(令和8年度)") -> str:
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<html><body><h1>契約情報</h1><h2>{year}</h2><table><tr>{head}</tr>{body}</table></body></html>"


def crawled(html: str, *, now: datetime = NOW) -> list[Finding]:
    def fetch(request: Request) -> Page:
        return page_of(html.encode(), request, headers={"content-type": "text/html; charset=UTF-8"})

    return list(crawl(TokyoKosha(), Window(date(2026, 9, 8), None, now), fetch))


def the_notice(html: str) -> ScrapedNotice:
    (found,) = crawled(html)
    assert isinstance(found, ScrapedNotice)
    return found


def test_the_period_for_asking_to_be_invited_is_no_deadline() -> None:
    found = the_notice(page(ROW))
    assert found.deadline is None
    assert found.portal_dates == (("希望申出期間", "2026-10-06T09:00:00+09:00/2026-10-15T14:00:00+09:00"),)


def test_a_commission_that_closes_for_applications_is_not_a_changed_notice() -> None:
    open_, closed = the_notice(page(ROW)), the_notice(page((*ROW[:4], "終了")))
    assert open_ == closed
    assert open_.status is None


@pytest.mark.parametrize("status", ["取下げ", "公告訂正", "中止", "不調により再公表"])
def test_what_the_body_did_to_a_commission_is_its_status(status: str) -> None:
    assert the_notice(page((*ROW[:4], status))).status == status


def test_a_period_in_two_cells_below_one_heading_ends_with_the_second() -> None:
    html = page((*ROW[:3], "令和8年10月6日9:00～", "令和8年10月15日14:00", "終了"))
    found = the_notice(html.replace("<th>希望申出期間", '<th colspan="2">希望申出期間'))
    assert found.portal_dates == (("希望申出期間", "2026-10-06T09:00:00+09:00/2026-10-15T14:00:00+09:00"),)


@pytest.mark.parametrize(
    "written",
    [
        "令和8年10月6日9:00<br>令和8年10月15日14:00",
        "令和8年10月6日9:00～<br>～令和8年10月15日14:00",
        "令和8年10月6日9:00から<br>10月15日14:00まで",
        "令和8年10月6日<br>9:00～<br>令和8年10月15日<br>14:00",
    ],
)
def test_on_several_lines_the_last_day_is_the_end_however_they_are_joined(written: str) -> None:
    found = the_notice(page((*ROW[:3], written, ROW[4])))
    assert found.portal_dates == (("希望申出期間", "2026-10-06T09:00:00+09:00/2026-10-15T14:00:00+09:00"),)


def test_a_crawl_a_month_later_finds_the_same() -> None:
    html = page(ROW, ("63", "見本", "4月1日", "4月2日～4月8日", "終了"))
    assert crawled(html) == crawled(html, now=NOW + timedelta(days=40))


def test_a_row_without_a_period_has_none() -> None:
    assert the_notice(page((*ROW[:3], "", "終了"))).portal_dates == ()


def test_numbers_that_begin_anew_in_april_are_told_apart_by_the_fiscal_year() -> None:
    rows = [("1", "見本一", "令和8年3月31日", "", "終了"), ("1", "見本二", "令和8年4月1日", "", "受付中")]
    assert [one.key for one in crawled(page(*rows)) if isinstance(one, ScrapedNotice)] == ["2025-1", "2026-1"]


def test_a_commission_without_a_day_keeps_its_number_and_is_undated() -> None:
    found = the_notice(page((*ROW[:2], "", *ROW[3:])))
    assert (found.key, found.undated, found.published) == ("2026-64", True, NOW.date())
    assert the_notice(page(ROW)).key == "2026-64"


def test_days_without_their_year_lie_in_the_fiscal_year_of_the_heading() -> None:
    found = the_notice(page(("70", "見本", "1月15日", "1月16日9:00～<br>1月22日14:00", "終了")))
    assert found.published == date(2027, 1, 15)
    assert found.portal_dates == (("希望申出期間", "2027-01-16T09:00:00+09:00/2027-01-22T14:00:00+09:00"),)


def test_a_day_without_its_year_below_no_year_is_told_and_not_guessed() -> None:
    (found,) = crawled(page(("1", "見本", "4月1日", "", "終了"), year="契約情報"))
    assert isinstance(found, Problem)


def test_a_table_whose_columns_have_changed_is_an_error_that_names_them() -> None:
    with pytest.raises(SourceChanged, match=r"^tokyo_kosha: \S+: no table has the columns 希望申出期間"):
        crawled(page(ROW, headings=("整理番号", "件名", "公表日", "申込期間", "受付状況")))


def test_a_table_without_a_row_is_an_error_and_never_no_tenders() -> None:
    with pytest.raises(SourceChanged, match="lists nothing"):
        crawled(page())
