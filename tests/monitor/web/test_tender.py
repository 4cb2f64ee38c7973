"""The page of one tender: what is known, why it was chosen, where it comes from, what happened to it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Attachment, NoticeKind, notice_id
from db.vocabulary.reading import AreaScore, CpvCode, Evidence, Place, Reading

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
    assert [span.get_text() for span in page.select("h1 span")] == ["Hydrogen station", "水素ステーション整備工事"]
    assert [span["lang"] for span in page.select("h1 span")] == ["en", "ja"]
    assert sheet(page) == {
        "Deadline": (
            "Fri 4 Dec 2026, 17:00 Tokyo time 11 days left 9 working days in Japan "
            "little time for a bid from abroad From a field of the source, KKJ portal"
        ),
        "Answers until": (
            "Mon 30 Nov 2026, 12:00 Tokyo time 7 days left 5 working days in Japan "
            "From a field of the source, KKJ portal"
        ),
        "Buyer": "Example 例示県",
        "Place": "Tokyo 見本市",
        "Kind of notice": "Call for tenders",
        "Category": "Works",
        "Procedure": "Open competitive tender 一般競争入札",
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
    assert "Case number, to be searched for at the portal 0000000000000582363" in stated
    assert "希望申請期間 Sun 22 Nov 2026, 09:00 Tokyo time – Fri 27 Nov 2026" in stated
    assert "開札 Tue 1 Dec 2026 質問 随時" in stated
    assert page.select('.documents a[href="https://example.jp/shiyou.pdf"]')
    assert "Hydrogen station, 1 set" in page.select('blockquote[lang="en"]')[0].get_text()


# Venues and CPV


AT_A_CARE_HOME = Reading(
    venues=(
        AreaScore(
            "aging-society",
            0.5,
            (Evidence("特別養護老人ホーム", "special nursing home", Place.TITLE, 0.5),),
        ),
    )
)


def test_what_only_takes_place_at_an_area_says_so_and_is_not_given_the_area(web: "Web") -> None:
    id = web.keep(web.notice(title="特別養護老人ホーム屋根改修工事"), reading=AT_A_CARE_HOME)
    page = web.page(f"/tenders/{id}")
    said = words(page.select("section[aria-labelledby=evidence] .place")[0])
    assert said.startswith("Only the place: Ageing society ( 特別養護老人ホーム , special nursing home).")
    assert said.endswith("Works and supplies at such a place are not counted as the area.")
    assert [words(chip) for chip in page.select(".chips li")] == ["at: Ageing society"]
    assert page.select("#missing option[value=aging-society]")
    assert "special nursing home" not in words(web.page(f"/tenders/{id}", lang="ja"))


def test_cpv_codes_are_named_and_lead_to_what_else_has_them(web: "Web") -> None:
    reading = Reading(cpv=(CpvCode("72000000", ("システム",)), CpvCode("99990000", ())))
    id = web.keep(web.notice(key="1"), reading=reading)
    web.keep(web.notice(key="2"), reading=Reading())
    page = web.page(f"/tenders/{id}")
    assert sheet(page)["CPV"] == "72000000 IT services: consulting, software development, Internet and support"
    link = page.select("section[aria-labelledby=facts] dd a")[0]
    assert link["href"] == "/?q=cpv%3A72000000"
    assert len(web.page(str(link["href"])).select("ol.tenders > li")) == 1
    assert "CPV" not in sheet(web.page(f"/tenders/{notice_id('kkj', '2')}"))


# Marks


def marks(page: BeautifulSoup, selector: str) -> list[str]:
    return [mark.get_text() for mark in page.select(f"{selector} mark")]


WIND_AND_SUN = Reading(
    (
        AreaScore(
            "renewables",
            1.5,
            (
                Evidence("風力", "wind power", Place.TITLE, 1.0),
                Evidence("太陽光発電", "photovoltaics", Place.BODY, 0.5),
            ),
        ),
    )
)


def test_the_words_that_decided_are_marked_where_they_counted(web: "Web") -> None:
    notice = web.notice(title="風力発電設備の整備", text="太陽光発電も風力発電も設置する。", buyer="風力公社")
    id = web.keep(notice, reading=WIND_AND_SUN)
    page = web.page(f"/tenders/{id}")
    assert marks(page, "h1") == ["風力"]
    assert marks(page, "blockquote") == ["太陽光発電"]
    assert not marks(page, "section[aria-labelledby=facts]")
    assert not page.select("title mark")
    assert not page.select(".snippet")


def test_the_buyers_own_name_in_a_text_is_not_marked_for_it_did_not_decide(web: "Web") -> None:
    name = "太陽光発電　協会"
    notice = web.notice(title=f"風力設備（{name}）", text="太陽光発電協会です。太陽光発電を設置する。", buyer=name)
    page = web.page(f"/tenders/{web.keep(notice, reading=WIND_AND_SUN)}")
    assert marks(page, "h1") == ["風力"]
    assert marks(page, "blockquote") == ["太陽光発電"]
    assert str(page.select("blockquote mark")[0].previous_sibling) == "太陽光発電協会です。"


def test_english_words_are_marked_in_the_official_english(web: "Web") -> None:
    evidence = (
        Evidence("hydrogen station", "hydrogen station", Place.TITLE, 1.0),
        Evidence("fuel cell", "fuel cell", Place.BODY, 0.5),
        Evidence("energy", "energy", Place.BUYER, 0.5),
    )
    id = web.keep(
        web.notice(
            title_en="Hydrogen Stations, 2 sets", buyer_en="Agency for Energy", text_en="Fuel cells of the station"
        ),
        reading=Reading((AreaScore("renewables", 2.0, evidence),)),
    )
    page = web.page(f"/tenders/{id}")
    assert marks(page, "h1") == ["Hydrogen Stations"]
    assert marks(page, "blockquote") == ["Fuel cells"]
    assert marks(page, "section[aria-labelledby=facts]") == ["Energy"]
    assert {th["lang"] for th in page.select("section[aria-labelledby=evidence] tbody th")} == {"en"}


def test_a_word_that_stands_further_on_in_the_text_is_shown_beside_its_row(web: "Web") -> None:
    text = "仕様は別に定める。" * 100 + "太陽光発電も設置する。" + "以上。" * 100
    id = web.keep(web.notice(title="風力発電設備の整備", text=text), reading=WIND_AND_SUN)
    page = web.page(f"/tenders/{id}")
    assert not marks(page, "blockquote")
    (found,) = page.select("section[aria-labelledby=evidence] td .snippet")
    assert found["lang"] == "ja"
    assert [mark.get_text() for mark in found.select("mark")] == ["太陽光発電"]
    assert found.get_text().startswith("…")
    assert len(found.get_text()) <= 80


def test_marks_in_a_hostile_notice_are_the_only_markup(web: "Web") -> None:
    hostile = "<script>alert(1)</script>水素ステーション<img src=x onerror=alert(1)>&lt;b&gt;"
    id = web.keep(web.notice(title=hostile, text=hostile, buyer=f"<b>{hostile}"))
    page = web.page(f"/tenders/{id}")
    assert not page.select("script, img, main b")
    assert page.select("h1 [lang=ja]")[0].get_text() == hostile
    assert "水素ステーション" in marks(page, "h1")
