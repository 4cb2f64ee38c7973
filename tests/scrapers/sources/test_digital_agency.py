"""The Digital Agency's list: a link to the procurement portal is a notice, its case number is the key."""

from datetime import date, datetime

import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from scrapers.errors import FetchError, SourceChanged
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.digital_agency import DigitalAgency

NOW = datetime(2026, 6, 15, 9, tzinfo=TOKYO)
CASE = "0000000000000606743"


def link(title: str, case: str = CASE, **more: str) -> str:
    address = f"https://www.p-portal.go.jp/pps-web-biz/UAA01/OAA0122?anken={case}&amp;cla=3&amp;chankbn=0"
    return f'<li>{more.get("before", "")}<a href="{address}">{title}</a>{more.get("after", "")}</li>'


def crawled(items: str, *, since: date = date(2026, 6, 5), until: date | None = None) -> list[Finding]:
    """What is found on a list with these items; nothing but the list may be asked for."""

    def fetch(request: Request) -> Page:
        assert request.url == "https://www.digital.go.jp/procurement"
        html = (
            f'<html><body><main><h1>調達情報</h1><ul>{items}</ul><p><a href="/news">新着</a></p></main></body></html>'
        )
        return page_of(html.encode(), request, headers={"content-type": "text/html; charset=UTF-8"})

    return list(crawl(DigitalAgency(), Window(since, until, NOW), fetch))


def the_notice(items: str) -> ScrapedNotice:
    (found,) = crawled(items)
    assert isinstance(found, ScrapedNotice)
    return found


def test_the_case_number_of_the_portal_is_the_key_and_joins_the_portals_own_notice() -> None:
    found = the_notice(link("見本システムの運用"))
    assert (found.key, found.references) == (CASE, (("調達案件番号", CASE),))


def test_a_corrected_notice_of_the_same_case_keeps_its_key() -> None:
    corrected = link("見本システムの運用").replace("chankbn=0", "chankbn=1&amp;chancnt=2")
    assert the_notice(corrected).key == CASE


@pytest.mark.parametrize("case", ["606743", "", "00000000000000606743"])
def test_a_link_without_a_sound_case_number_is_its_own_key(case: str) -> None:
    found = the_notice(link("見本システムの運用", case))
    assert (found.key, found.references) == (found.url, ())


def test_the_colons_that_empty_parts_of_a_link_leave_are_no_part_of_the_title() -> None:
    found = the_notice(link("見本システムに関する調査研究の公募::::::"))
    assert (found.title, found.title_original) == (
        "見本システムに関する調査研究の公募",
        "見本システムに関する調査研究の公募::::::",
    )
    assert found.kind is NoticeKind.PROPOSAL_CALL


def test_colons_within_a_title_stay() -> None:
    found = the_notice(link("Peppol::JP の調査"))
    assert (found.title, found.title_original) == ("Peppol::JP の調査", None)


def test_the_mark_in_a_link_that_it_leads_elsewhere_is_no_part_of_the_title() -> None:
    found = the_notice(link("見本システムの運用\n<span><svg> </svg>\n</span>"))
    assert (found.title, found.title_original) == ("見本システムの運用", None)


def test_a_day_beside_the_link_is_the_day_of_publication_and_without_one_it_is_undated() -> None:
    dated = the_notice(link("見本システムの運用", before="<time>2026年6月10日</time> "))
    assert (dated.published, dated.undated) == (date(2026, 6, 10), False)
    undated = the_notice(link("見本システムの運用"))
    assert (undated.published, undated.undated) == (NOW.date(), True)


def test_what_is_published_after_the_window_is_not_given() -> None:
    items = link("見本一", before="2026年6月10日 ") + link("見本二", "1" * 19, before="2026年6月11日 ")
    found = crawled(items, until=date(2026, 6, 10))
    assert [one.title for one in found if isinstance(one, ScrapedNotice)] == ["見本一"]


def test_a_list_without_a_link_to_the_portal_is_an_error_and_never_no_tenders() -> None:
    with pytest.raises(SourceChanged, match=r"^digital_agency: https://www\.digital\.go\.jp/procurement has no"):
        crawled('<li><a href="/procurement/proper-public-procurement">公共調達の適正化</a></li>')


def test_the_portals_search_page_is_no_notice() -> None:
    search = '<li><a href="https://www.p-portal.go.jp/pps-web-biz/UAA01/OAA0101">調達情報の検索</a></li>'
    assert len(crawled(search + link("見本システムの運用"))) == 1


def test_a_list_that_broke_off_is_asked_for_again() -> None:
    def fetch(request: Request) -> Page:
        return page_of(f"<html><body><ul>{link('見本')}<li><a hre".encode(), request)

    with pytest.raises(FetchError, match="broke off"):
        list(crawl(DigitalAgency(), Window(date(2026, 6, 5), None, NOW), fetch))
