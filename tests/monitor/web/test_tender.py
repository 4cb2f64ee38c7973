"""The page of one tender: what is known, why it was chosen, where it comes from, what happened to it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Attachment, NoticeKind

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web


def words(tag: Tag | BeautifulSoup) -> str:
    return " ".join(tag.get_text(" ").split())


def sheet(page: BeautifulSoup) -> dict[str, str]:
    return {
        words(one.select("dt")[0]): words(one.select("dd")[0])
        for one in page.select("section[aria-labelledby=facts] div")
    }


def links(page: BeautifulSoup, part: str) -> dict[str, str]:
    return {words(a): str(a["href"]) for a in page.select(f"section[aria-labelledby={part}] a")}


def table(page: BeautifulSoup, part: str) -> list[list[str]]:
    found = page.select(f"section[aria-labelledby={part}] tbody tr")
    return [[words(cell) for cell in row.select("th, td")] for row in found]


def test_the_page_says_everything_that_is_known(web: "Web") -> None:
    answers = datetime(2026, 11, 30, 12, 0, tzinfo=TOKYO)
    id = web.keep(
        web.notice(title_en="Hydrogen station", buyer_en="Example", status="公告中", response_deadline=answers)
    )
    page = web.page(f"/tenders/{id}")
    assert words(page.select("h1")[0]) == "Hydrogen station 水素ステーション整備工事"
    assert [span["lang"] for span in page.select("h1 span")] == ["en", "ja"]
    assert sheet(page) == {
        "Deadline": "Fri 4 Dec 2026, 17:00 Tokyo time 11 days left",
        "Answers until": "Mon 30 Nov 2026, 12:00 Tokyo time 7 days left",
        "Buyer": "Example 例示県",
        "Place": "Tokyo 見本市",
        "Kind of notice": "Call for tenders",
        "Category": "Works",
        "Procedure": "一般競争入札",
        "Status at the source": "公告中",
        "Published": "Fri 20 Nov 2026",
        "Found here": "Mon 23 Nov 2026, 09:00 Tokyo time",
    }


def test_the_words_that_decided_are_shown_with_meaning_place_and_weight(web: "Web") -> None:
    id = web.keep(web.notice(title="風力発電設備の整備", text="太陽光発電も設置する。"))
    page = web.page(f"/tenders/{id}")
    assert words(page.select("section[aria-labelledby=evidence] caption")[0]) == "Renewable energy"
    rows = table(page, "evidence")
    assert rows[0] == ["風力", "wind power", "title", "+1.0"]
    assert rows[1][2:] == ["text", "+0.5"]
    assert page.select("section[aria-labelledby=evidence] tbody th")[0]["lang"] == "ja"


def test_a_tender_without_areas_says_so(web: "Web") -> None:
    id = web.keep(web.notice(title="封筒の購入", text=""))
    assert "No focus area was found" in words(web.page(f"/tenders/{id}"))


def test_the_source_is_named_and_linked_as_its_terms_ask(web: "Web") -> None:
    id = web.keep(web.notice())
    assert links(web.page(f"/tenders/{id}"), "notices") == {
        "Open the notice": "https://www.kkj.go.jp/d/?D=1",
        "Original document": "https://example.jp/koukoku.pdf",
        "KKJ portal": "https://www.kkj.go.jp/s/",
    }
    assert "官公需情報ポータルサイト" in links(web.page(f"/tenders/{id}", lang="ja"), "notices")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "//x", ""]
)
def test_only_web_addresses_become_links(web: "Web", address: str) -> None:
    id = web.keep(web.notice(url=address, document_url=address))
    page = web.page(f"/tenders/{id}")
    assert links(page, "notices") == {"KKJ portal": "https://www.kkj.go.jp/s/"}
    assert "no address that can be opened" in words(page)
    assert all(str(a["href"]).startswith(("/", "#", "https://", "mailto:us@")) for a in page.select("a[href]"))


def test_the_beginning_of_the_text_is_quoted_in_japanese_and_no_more(web: "Web") -> None:
    id = web.keep(web.notice(text="水素。" * 1000))
    (quote,) = web.page(f"/tenders/{id}").select("blockquote")
    assert quote["lang"] == "ja"
    assert quote.get_text().endswith("…")
    assert len(quote.get_text()) < 700


def test_the_history_says_when_and_what_changed_in_words(web: "Web") -> None:
    first = web.notice(method=None, prefecture="大阪府")
    id = web.keep(first, at=web.now - timedelta(days=2))
    web.keep(
        web.notice(
            method="総合評価", deadline=datetime(2026, 12, 20, 12, 0, tzinfo=TOKYO), kind=NoticeKind.CANCELLATION
        ),
        at=web.now - timedelta(hours=1),
    )
    page = web.page(f"/tenders/{id}")
    assert [words(one) for one in page.select(".history > li > p")] == [
        "Mon 23 Nov 2026, 08:00 Tokyo time cancelled",
        "Sat 21 Nov 2026, 09:00 Tokyo time announced",
    ]
    assert table(page, "history") == [
        ["prefecture", "Osaka", "Tokyo"],
        ["kind of notice", "Call for tenders", "Cancellation"],
        ["procedure", "not given", "総合評価"],
        ["deadline", "Fri 4 Dec 2026, 17:00 Tokyo time", "Sun 20 Dec 2026, 12:00 Tokyo time"],
    ]
    assert sheet(page)["Last change"] == "Mon 23 Nov 2026, 08:00 Tokyo time"
    assert words(page.select(".notice.bad")[0]).startswith("Cancelled.")


@pytest.mark.parametrize("address", ["7a3785c4-f150-477b-9491-766dfc9a1ff4", "not-an-id", "%00", "a" * 3000])
def test_an_unknown_tender_has_a_page_that_helps(calm: "Web", address: str) -> None:
    page = calm.page(f"/tenders/{address}", 404)
    assert words(page.select("h1")[0]) == "There is no tender at this address"
    assert page.select("form[method=get] input[name=q]")


def test_an_id_from_before_a_merge_leads_to_the_tender_of_today(web: "Web") -> None:
    id, old = web.keep(web.notice()), uuid4()
    web.alias(old, id)
    answer = web.get(f"/tenders/{old}", lang="ja")
    assert (answer.status_code, answer.headers["location"]) == (301, f"/tenders/{id}?lang=ja")


def test_another_spelling_of_an_id_leads_to_the_one_address(web: "Web") -> None:
    id = web.keep(web.notice())
    answer = web.get(f"/tenders/{UUID(str(id)).hex.upper()}")
    assert (answer.status_code, answer.headers["location"]) == (301, f"/tenders/{id}")


def test_a_source_that_is_no_longer_set_up_is_still_named(serving: "Callable[..., Web]") -> None:
    web = serving(sources={})
    id = web.keep(web.notice())
    assert "Source: kkj" in words(web.page(f"/tenders/{id}"))


def test_an_area_that_is_no_longer_set_up_is_shown_and_not_linked(serving: "Callable[..., Web]") -> None:
    web = serving(areas=())
    id = web.keep(web.notice())
    page = web.page(f"/tenders/{id}")
    assert words(page.select(".chips")[0]) == "mobility renewables"
    assert not page.select(".chips a")


def test_a_tender_shows_the_numbers_dates_and_documents_of_its_notice(web: "Web") -> None:
    id = web.keep(
        web.notice(
            references=(("調達案件番号", "0000000000000582363"),),
            portal_dates=(
                ("希望申請期間", "2026-11-22T09:00:00+09:00/2026-11-27"),
                ("開札", "2026-12-01"),
                ("質問", "随時"),
            ),
            attachments=(Attachment("仕様書", "https://example.jp/shiyou.pdf"),),
            text_en="Nature and quantity : Hydrogen station, 1 set",
        )
    )
    page = web.page(f"/tenders/{id}")
    stated = " ".join(page.select(".notices dl")[0].get_text(" ").split())
    assert "調達案件番号 0000000000000582363" in stated
    assert "希望申請期間 Sun 22 Nov 2026, 09:00 Tokyo time – Fri 27 Nov 2026" in stated
    assert "開札 Tue 1 Dec 2026 質問 随時" in stated
    assert page.select('.documents a[href="https://example.jp/shiyou.pdf"]')
    assert "Hydrogen station, 1 set" in page.select('blockquote[lang="en"]')[0].get_text()
