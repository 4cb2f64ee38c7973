"""Pages of Tokyo's bureaus: what is a call, which day it has, what it states, and what the lists must hold."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from scrapers.errors import SourceChanged
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.tokyo_bureaus import TokyoBureaus

NOW = datetime(2026, 6, 15, 9, tzinfo=TOKYO)
WINDOW = Window(date(2026, 4, 16), None, NOW)
SANGYO_RODO, KANKYO = TokyoBureaus.addresses
TITLE = "見本埠頭におけるグリーン水素の製造事業者の募集"
CALL = "https://www.sangyo-rodo.metro.tokyo.lg.jp/energy/topics/mihon/index.html"
JKK = "https://www.to-kousya.or.jp/keiyaku/nyusatu/index.html"


def html(content: str) -> str:
    return f"<html><head><title>東京都</title></head><body><main>{content}</main></body></html>"


class Site:
    """Has the given pages, and remembers what was asked for. The second list has one call, of long ago."""

    def __init__(self, pages: dict[str, str]) -> None:
        old = "https://www.metro.tokyo.lg.jp/tosei/hodohappyo/press/2022/11/22/11.html"
        elsewhere = html(f'<h1>率先行動</h1><a href="{old}">都有地活用型太陽光発電設備設置事業 事業者募集</a>')
        self.pages = {KANKYO: elsewhere} | pages
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Page:
        self.asked.append(request.url)
        content = self.pages[request.url]
        return page_of(content.encode(), request, headers={"content-type": "text/html; charset=UTF-8"})

    def crawl(self, window: Window = WINDOW) -> list[Finding]:
        return list(crawl(TokyoBureaus(), window, self))


def site_of(page: str, *, beside: str = "") -> Site:
    """A list with one call on it, and the call's page."""
    listed = html(f'<h1>トピックス</h1><ul><li>{beside}<a href="{CALL}">{TITLE}</a></li></ul>')
    return Site({SANGYO_RODO: listed, CALL: html(f"<h1>{TITLE}</h1>{page}")})


def the_notice(page: str, *, beside: str = "") -> ScrapedNotice:
    (found,) = site_of(page, beside=beside).crawl()
    assert isinstance(found, ScrapedNotice)
    return found


def row(name: str, value: str) -> str:
    return f"<table><tr><th>{name}</th><td>{value}</td></tr></table>"


# The day


def test_the_oldest_update_is_the_day_of_publication_whatever_the_list_says() -> None:
    updates = (
        "<h2>〇更新情報</h2><p>令和8年6月12日 質問への回答</p><p>令和8年6月8日 公募要領</p><p>令和7年度の実績</p>"
    )
    found = the_notice(updates, beside="2026年6月12日 ")
    assert (found.published, found.undated) == (date(2026, 6, 8), False)


def test_without_updates_the_list_tells_the_day_and_then_the_page() -> None:
    assert the_notice("<p>更新日:2026年6月13日</p>", beside="2026年6月10日 ").published == date(2026, 6, 10)
    assert the_notice("<p>更新日:2026年6月13日</p>").published == date(2026, 6, 13)


def test_the_address_of_a_press_release_holds_its_day() -> None:
    new = "https://www.metro.tokyo.lg.jp/information/press/2026/06/2026061115"
    listed = html(f'<h1>トピックス</h1><a href="{new}">{TITLE}</a>')
    (found,) = Site({SANGYO_RODO: listed, new: html(f"<h1>{TITLE}</h1><p>2026年06月11日 環境局</p>")}).crawl()
    assert isinstance(found, ScrapedNotice)
    assert (found.published, found.buyer) == (date(2026, 6, 11), "東京都（環境局）")


def test_a_page_without_any_day_is_undated_and_the_same_on_every_day() -> None:
    page = row("提案書提出期限", "7月3日午後5時まで") + row("質問の受付", "6月20日から6月22日まで")
    (today,) = site_of(page).crawl()
    (later,) = site_of(page).crawl(replace(WINDOW, now=NOW + timedelta(days=200)))
    assert isinstance(today, ScrapedNotice)
    assert isinstance(later, ScrapedNotice)
    assert (today.undated, today.published) == (True, NOW.date())
    assert replace(today, published=later.published) == later
    assert today.deadline is None
    assert ("提案書提出期限", "7月3日午後5時まで") in today.portal_dates


def test_an_old_call_is_left_and_one_with_an_old_first_update_is_not_given() -> None:
    before = site_of("", beside="2026年4月15日 ")
    assert before.crawl() == []
    assert CALL not in before.asked
    assert site_of("<p>更新情報</p><p>令和8年4月15日 公募要領</p>").crawl() == []


# What a page states


@pytest.mark.parametrize("name", ["提案書提出期限", "提案書提出期限※2", "企画提案書等の提出期限"])
def test_a_deadline_for_proposals_with_its_time_of_day_is_the_deadline(name: str) -> None:
    found = the_notice(
        row(name, "令和8年6月29日(月曜日)から令和8年7月3日(金曜日)午後5時まで"), beside="2026年6月8日 "
    )
    assert found.deadline == datetime(2026, 7, 3, 17, tzinfo=TOKYO)
    assert found.portal_dates == ()


def test_a_deadline_without_a_time_of_day_and_other_days_are_kept_under_their_own_names() -> None:
    page = (
        row("提案書提出期限", "7月3日(金曜日)")
        + row("質問書提出期限※2", "6月12日 正午")
        + row("審査結果通知", "7月中旬")
    )
    found = the_notice(page, beside="2026年6月8日 ")
    assert found.deadline is None
    assert found.portal_dates == (("提案書提出期限", "2026-07-03"), ("質問書提出期限", "2026-06-12T12:00:00+09:00"))


def test_a_deadline_in_free_text_is_left_to_the_reader_of_texts() -> None:
    found = the_notice("<p>提案書提出期限 令和8年7月3日午後5時</p>", beside="2026年6月8日 ")
    assert found.deadline is None
    assert "令和8年7月3日午後5時" in found.text


def test_a_deadline_whose_first_day_states_its_year_and_whose_last_does_not() -> None:
    found = the_notice(row("提案書提出期限", "令和8年12月21日から1月8日午後5時まで"), beside="2026年6月8日 ")
    assert found.deadline == datetime(2027, 1, 8, 17, tzinfo=TOKYO)


def test_a_call_that_closes_for_applications_is_no_news_but_in_its_text() -> None:
    open_ = the_notice("", beside="2026年6月8日 ")
    closed = the_notice("<p>※応募の受付は終了しております。</p>", beside="2026年6月8日 ")
    assert "※応募の受付は終了しております。" in closed.text
    assert replace(closed, text=open_.text) == open_


def test_a_result_on_the_page_of_a_call_makes_it_an_award() -> None:
    decided = (
        "<p>事業者を公募しました。</p><p>このたび、下記のとおり事業実施者を決定しましたので、お知らせします。</p>"
    )
    assert the_notice(decided, beside="2026年6月8日 ").kind is NoticeKind.AWARD
    assert the_notice("<p>事業者を公募します。</p>", beside="2026年6月8日 ").kind is NoticeKind.PROPOSAL_CALL


def test_a_page_keeps_its_key_whatever_query_the_link_has() -> None:
    listed = html(f'<h1>トピックス</h1><a href="{CALL}?categoryID=48991578">{TITLE}</a>')
    (found,) = Site({SANGYO_RODO: listed, f"{CALL}?categoryID=48991578": html(f"<h1>{TITLE}</h1>")}).crawl()
    assert isinstance(found, ScrapedNotice)
    assert found.key == CALL


def test_contracts_on_one_page_are_told_apart_by_their_titles_and_the_page_is_nobodys_own() -> None:
    titles = ("都営見本一丁目アパート除却工事", "都営見本二丁目アパート除却工事")
    links = "".join(f'<li>2026年6月{day}日 <a href="{JKK}">{title}</a></li>' for day, title in enumerate(titles, 8))
    site = Site({SANGYO_RODO: html(f"<h1>入札</h1>{links}")})
    found = [one for one in site.crawl() if isinstance(one, ScrapedNotice)]
    assert [one.key for one in found] == [f"{JKK} {title}" for title in titles]
    assert [one.published for one in found] == [date(2026, 6, 8), date(2026, 6, 9)]
    assert {one.buyer for one in found} == {"東京都住宅供給公社（JKK東京）"}
    assert JKK not in site.asked


# The lists


def test_only_calls_on_hosts_that_are_known_are_asked_for() -> None:
    others = (
        '<a href="/energy/topics/seminar/index.html">水素エネルギー普及セミナーの参加者募集</a>'
        '<a href="https://www.example.jp/">水素事業を行う事業者の募集</a><a href="/soshiki/">入札・契約</a>'
    )
    site = site_of("<p>更新日:2026年6月13日</p>")
    site.pages[SANGYO_RODO] = site.pages[SANGYO_RODO].replace("</ul>", f"</ul>{others}")
    assert len(site.crawl()) == 1
    assert site.asked == [SANGYO_RODO, CALL, KANKYO]


def test_a_list_without_a_call_is_told() -> None:
    problem, _ = Site(
        {
            SANGYO_RODO: html(f'<h1>トピックス</h1><a href="{CALL}">水素エネルギー普及セミナーの参加者募集</a>'),
            KANKYO: html(f'<h1>率先行動</h1><a href="{CALL}">{TITLE}</a>'),
            CALL: html(f"<h1>{TITLE}</h1>"),
        }
    ).crawl()
    assert isinstance(problem, Problem)
    assert problem.part == SANGYO_RODO


def test_both_lists_without_a_call_is_an_error_and_never_no_tenders() -> None:
    empty = html('<h1>トピックス</h1><p>お探しのページは移動しました。</p><a href="/">トップページ</a>')
    with pytest.raises(SourceChanged, match=r"^tokyo_bureaus: \S+ lists nothing"):
        Site({SANGYO_RODO: empty, KANKYO: empty}).crawl()


def test_another_page_in_the_place_of_a_call_is_told() -> None:
    site = site_of("")
    site.pages[CALL] = html("<h1>ページが見つかりません</h1>")
    (problem,) = site.crawl()
    assert isinstance(problem, Problem)
    assert problem.part == CALL
