"""The list of tenders: order, pages, filters, search, languages."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup, Tag

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.reading import (
    Access,
    AccessVerdict,
    AreaScore,
    DateKind,
    Evidence,
    FoundDate,
    FoundMoney,
    Identity,
    MoneyKind,
    Origin,
    Place,
    Reading,
)
from monitor.currency import Rate

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

NO_IDENTITY = Identity("kkj", NoticeKind.TENDER, date(2026, 11, 20))
"""Of a notice that was read, and that is like no other."""


def rows(page: BeautifulSoup) -> list[Tag]:
    return page.select("ol.tenders > li")


def titles(page: BeautifulSoup) -> list[str]:
    """The titles as they were published."""
    return [found.get_text(strip=True) for found in page.select("ol.tenders h3 a > span[lang=ja]")]


def only(page: BeautifulSoup, selector: str) -> Tag:
    (found,) = page.select(selector)
    return found


def words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


# Rows


def test_the_newest_tender_stands_first(web: "Web") -> None:
    web.keep(
        web.notice(key="old", title="古い調査", published=date(2026, 11, 1)),
        web.notice(key="new", title="新しい調査", published=date(2026, 11, 20)),
    )
    assert titles(web.page("/")) == ["新しい調査", "古い調査"]


def test_a_row_says_deadline_title_buyer_place_kind_category_areas_and_day(web: "Web") -> None:
    id = web.keep(web.notice(title_en="Building a hydrogen station", buyer_en="Example Prefecture"))
    (row,) = rows(web.page("/"))
    assert words(row) == (
        "Deadline Fri 4 Dec 2026 17:00 Tokyo time 11 days left "
        "9 working days in Japan little time for a bid from abroad "
        "Building a hydrogen station official English 水素ステーション整備工事 "
        "Example Prefecture ( 例示県 ) Tokyo Call for tenders Works published Fri 20 Nov 2026 "
        "Mobility Renewable energy 水素ステーション hydrogen station"
    )
    link = only(web.page("/"), "ol.tenders h3 a")
    assert link["href"] == f"/tenders/{id}"
    assert [span["lang"] for span in link.select("span")] == ["en", "ja"]


def test_a_gist_is_marked_as_one_and_stands_beside_the_japanese_title(web: "Web") -> None:
    web.keep(web.notice())
    link = only(web.page("/"), "ol.tenders h3 a")
    assert words(link.select(".origin")[0]) == "gist, word by word"
    assert "hydrogen station" in link.get_text().lower()
    assert titles(web.page("/")) == ["水素ステーション整備工事"]
    assert not web.page("/", lang="ja").select(".origin")


def test_what_a_gist_leaves_in_japanese_is_said_to_be_japanese_and_a_long_one_is_cut(web: "Web") -> None:
    web.keep(web.notice(title="鹿角"), reading=Reading(gist="Works: 鹿角 <b>" + "station " * 100))
    shown = only(web.page("/"), "ol.tenders h3 a > span[lang=en]")
    assert [found.get_text() for found in shown.select("[lang=ja]")] == ["鹿角"]
    assert "<b>" in shown.get_text()
    assert shown.get_text().endswith("…")
    assert len(shown.get_text()) <= 200


def test_a_deadline_without_a_time_of_day_shows_its_day_and_makes_no_time_up(web: "Web") -> None:
    day = FoundDate(DateKind.DEADLINE, date(2026, 12, 4), "提出期限 令和8年12月4日", Origin.JAPANESE)
    web.keep(web.notice(deadline=None), reading=Reading(dates=(day,), identity=NO_IDENTITY))
    shown = only(web.page("/"), "p.deadline")
    assert words(shown).startswith(
        "Deadline Fri 4 Dec 2026 time: see the notice 11 days left 9 working days in Japan"
    )
    assert "23:59" not in web.get("/").text
    assert only(web.page("/"), "p.deadline time")["datetime"] == "2026-12-04"


@pytest.mark.parametrize(("days", "few"), [(11, True), (30, False)])
def test_too_few_working_days_for_a_bid_from_abroad_are_flagged(web: "Web", days: int, few: bool) -> None:
    web.keep(web.notice(deadline=web.now + timedelta(days=days)))
    assert bool(web.page("/").select(".deadline .few")) is few


def test_a_deadline_that_is_over_has_no_working_days(web: "Web") -> None:
    web.keep(web.notice(deadline=web.now - timedelta(hours=1)))
    assert words(only(web.page("/"), "p.deadline")).endswith("closed")


@pytest.mark.parametrize(
    ("verdict", "shown"),
    [
        (AccessVerdict.COVERED, ["Trade agreements: covered"]),
        (AccessVerdict.LIKELY, ["Trade agreements: likely covered"]),
        (AccessVerdict.RESTRICTED, ["Trade agreements: restricted"]),
        (AccessVerdict.NOT_COVERED, []),
        (AccessVerdict.UNKNOWN, []),
    ],
)
def test_a_row_says_what_trade_agreements_say_where_they_say_something(
    web: "Web", verdict: AccessVerdict, shown: list[str]
) -> None:
    web.keep(web.notice(), reading=Reading(access=Access(verdict, verdict)))
    assert [words(chip) for chip in web.page("/").select(".flags .badge")] == shown


def test_the_value_is_shown_in_yen_and_about_in_euro_where_there_is_a_rate(serving: "Callable[..., Web]") -> None:
    worth = FoundMoney(MoneyKind.PLANNED, Decimal(12_000_000), "予定価格 12,000,000円", Origin.JAPANESE)
    web = serving()
    web.keep(web.notice(), reading=Reading(money=(worth,)))
    assert words(only(web.page("/"), ".facts .value")) == "up to ¥12,000,000"
    web = serving(rate=Rate(Decimal(160), date(2026, 11, 20), "ECB"))
    assert words(only(web.page("/"), ".facts .value")) == "up to ¥12,000,000 (about €75,000)"


def test_an_area_chip_leads_to_the_area(web: "Web") -> None:
    web.keep(web.notice(title="太陽光発電設備工事", text=""))
    assert only(web.page("/"), ".chips a")["href"] == "/?area=renewables"


def test_a_tender_without_a_deadline_sends_the_reader_to_the_notice(web: "Web") -> None:
    web.keep(web.notice(deadline=None))
    assert words(only(web.page("/"), "p.deadline")) == "Deadline see the notice"


def test_an_award_has_no_deadline_to_look_for(web: "Web") -> None:
    web.keep(web.notice(kind=NoticeKind.AWARD, deadline=None))
    assert words(only(web.page("/"), "p.deadline")) == "Deadline none: this is a result"


def test_the_answer_to_a_request_is_not_called_a_deadline(web: "Web") -> None:
    answers = datetime(2026, 11, 30, 17, 0, tzinfo=TOKYO)
    web.keep(web.notice(kind=NoticeKind.INFORMATION_REQUEST, deadline=None, response_deadline=answers))
    assert words(only(web.page("/"), "p.deadline")) == (
        "Answers until Mon 30 Nov 2026 17:00 Tokyo time 7 days left 5 working days in Japan"
    )


@pytest.mark.parametrize(
    ("hours", "said"),
    [(-1, "closed"), (3, "closes today"), (24, "1 day left"), (15, "1 day left")],
)
def test_days_left_are_days_on_the_calendar_of_tokyo(web: "Web", hours: int, said: str) -> None:
    web.keep(web.notice(deadline=web.now + timedelta(hours=hours)))
    assert only(web.page("/"), ".left").get_text(strip=True) == said


def test_a_cancelled_tender_is_marked(web: "Web") -> None:
    web.keep(web.notice(kind=NoticeKind.CANCELLATION))
    (row,) = rows(web.page("/"))
    assert words(row).startswith("Deadline cancelled Cancelled ")
    assert "days left" not in words(row)


def test_what_a_source_wrote_is_never_markup(web: "Web") -> None:
    web.keep(web.notice(title="<script>alert(1)</script>", buyer="<b>x</b>"))
    page = web.page("/")
    assert not page.select("script")
    assert titles(page) == ["<script>alert(1)</script>"]


def test_an_empty_record_says_so(web: "Web") -> None:
    page = web.page("/")
    assert "Nothing has been collected yet." in words(only(page, ".nothing"))
    assert only(page, "#results").get_text() == "0 tenders"


# Pages


def test_fifty_tenders_are_a_page_and_links_lead_on_and_back(web: "Web") -> None:
    web.many(120)
    first = web.page("/")
    assert len(rows(first)) == 50
    assert only(first, "#results").get_text() == "120 tenders"
    assert only(first, ".pager .here").get_text() == "Page 1 of 3"
    assert not first.select("a[rel=prev]")
    second = web.page(str(only(first, "a[rel=next]")["href"]))
    assert titles(second)[0] == "調査業務069"
    third = web.page(str(only(second, "a[rel=next]")["href"]))
    assert len(rows(third)) == 20
    assert not third.select("a[rel=next]")
    assert only(second, "a[rel=prev]")["href"] == "/"


def test_links_to_other_pages_keep_the_filters_and_the_language(web: "Web") -> None:
    web.many(60)
    page = web.page("/", q="調査", prefecture="tokyo", kind="tender", lang="ja")
    assert only(page, "a[rel=next]")["href"] == ("/?page=2&q=%E8%AA%BF%E6%9F%BB&prefecture=Tokyo&kind=tender&lang=ja")


def test_a_count_that_would_cost_a_look_at_everything_is_not_made(web: "Web") -> None:
    web.many(60)
    assert only(web.page("/", q="調査"), "#results").get_text() == "More than 50 tenders"
    assert only(web.page("/", q="調査", page=2), "#results").get_text() == "60 tenders"


def test_a_page_behind_the_last_leads_to_the_first(web: "Web") -> None:
    web.many(3)
    page = web.page("/", page=7, kind="tender")
    assert only(page, "main section p a")["href"] == "/?kind=tender"


def test_pages_are_bounded(calm: "Web") -> None:
    assert "page" in words(only(calm.page("/", 422, page=201), "main .lead"))
    calm.page("/", 422, page=0)
    calm.page("/", 422, page="many")


# Filters


def test_filters_work_together(web: "Web") -> None:
    web.keep(
        web.notice(key="1", title="水素ステーション設計", category=Category.SERVICES),
        web.notice(key="2", title="水素ステーション工事"),
        web.notice(key="3", title="水素ステーション設計（大阪）", category=Category.SERVICES, prefecture="大阪府"),
        web.notice(key="4", title="太陽光発電設備設計", category=Category.SERVICES, text=""),
        web.notice(key="5", title="水素の結果", category=Category.SERVICES, kind=NoticeKind.AWARD),
    )
    page = web.page("/", q="水素", area="renewables", prefecture="Tokyo", kind="tender", category="services")
    assert titles(page) == ["水素ステーション設計"]
    chosen = {str(found.parent and found.parent["name"]): found["value"] for found in page.select("option[selected]")}
    assert chosen == {"area": "renewables", "prefecture": "Tokyo", "kind": "tender", "category": "services"}
    assert only(page, "#q")["value"] == "水素"


def test_an_area_has_its_own_heading_count_and_feeds(web: "Web") -> None:
    web.keep(web.notice(key="1"), web.notice(key="2", title="封筒の購入", text=""))
    page = web.page("/", area="renewables")
    assert only(page, "h1").get_text() == "Renewable energy"
    assert only(page, "#results").get_text() == "1 tender"
    assert [link["href"] for link in page.select("link[type='application/atom+xml']")] == [
        "https://monitor.example.org/feeds/renewables.atom",
        "https://monitor.example.org/feeds/all.atom",
    ]


def test_the_list_of_all_announces_the_feeds_of_all(calm: "Web") -> None:
    links = calm.page("/").select("link[rel=alternate][type]")
    assert [(link["type"], link["href"]) for link in links] == [
        ("application/atom+xml", "https://monitor.example.org/feeds/all.atom"),
        ("application/rss+xml", "https://monitor.example.org/feeds/all.rss"),
        ("application/feed+json", "https://monitor.example.org/feeds/all.json"),
    ]


def test_prefectures_are_understood_in_both_spellings(web: "Web") -> None:
    web.keep(web.notice(key="1"), web.notice(key="2", prefecture="大阪府"))
    assert len(rows(web.page("/", prefecture="大阪府"))) == len(rows(web.page("/", prefecture="osaka"))) == 1


@pytest.mark.parametrize("filter", ["area", "prefecture", "kind", "category"])
def test_a_value_that_cannot_be_chosen_is_told_in_plain_words(calm: "Web", filter: str) -> None:
    page = calm.page("/", 422, **{filter: "<nowhere>"})
    assert "“<nowhere>”" in only(page, "main .lead").get_text()


def test_nothing_found_says_what_to_try(web: "Web") -> None:
    web.keep(web.notice())
    assert words(only(web.page("/", q="鉛筆"), ".nothing")).startswith("Nothing fits all of these.")


# Venues


AT_A_CARE_HOME = Reading(
    venues=(AreaScore("aging-society", 0.5, (Evidence("老人ホーム", "care home", Place.TITLE, 0.5),)),)
)


def test_what_takes_place_at_an_area_has_a_quiet_chip(web: "Web") -> None:
    web.keep(web.notice(title="老人ホーム屋根改修工事"), reading=AT_A_CARE_HOME)
    chip = only(web.page("/"), ".chips li")
    assert (words(chip), chip.select("a")) == ("at: Ageing society", [])


def test_works_at_the_places_of_an_area_are_shown_only_to_those_who_ask(web: "Web") -> None:
    web.keep(web.notice(key="1", title="老人ホーム屋根改修工事"), reading=AT_A_CARE_HOME)
    web.keep(web.notice(key="2", title="介護予防事業"), reading=Reading((AreaScore("aging-society", 1.0, ()),)))
    web.keep(web.notice(key="3", title="封筒の購入"), reading=Reading())
    about = web.page("/", area="aging-society")
    assert titles(about) == ["介護予防事業"]
    tick = only(about, "input[name=venue]")
    assert "checked" not in tick.attrs
    assert tick["value"] == "1"
    also = web.page("/", area="aging-society", venue="1")
    assert set(titles(also)) == {"介護予防事業", "老人ホーム屋根改修工事"}
    assert "checked" in only(also, "input[name=venue]").attrs


def test_places_can_be_asked_for_only_with_an_area(web: "Web") -> None:
    web.many(60)
    page = web.page("/", venue="1")
    assert not page.select("input[name=venue]")
    assert only(page, "a[rel=next]")["href"] == "/?page=2"


def test_an_area_at_whose_places_nothing_happens_has_no_such_choice(web: "Web") -> None:
    web.keep(web.notice(key="1", title="老人ホーム屋根改修工事"), reading=AT_A_CARE_HOME)
    assert not web.page("/", area="digital-transformation").select("input[name=venue]")
    assert web.page("/", area="digital-transformation", venue="1").select("input[name=venue][checked]")


def test_the_choice_of_places_stays_in_pages_and_languages(web: "Web") -> None:
    run = [web.notice(key=f"{number}", title=f"老人ホーム改修{number}") for number in range(60)]
    web.keep(*run, reading=AT_A_CARE_HOME)
    page = web.page("/", area="aging-society", venue="1")
    assert "60 tenders" in words(page)
    assert only(page, "a[rel=next]")["href"] == "/?page=2&area=aging-society&venue=1"
    assert only(page, ".languages a[lang=ja]")["href"] == "/?area=aging-society&venue=1&lang=ja"
    assert len(rows(web.page("/", area="aging-society", venue="1", page=2))) == 10


# Searching


def test_english_words_find_japanese_titles_and_what_was_found_is_marked(web: "Web") -> None:
    web.keep(
        web.notice(key="1", title="太陽光発電設備工事", text="", buyer="太陽光町", buyer_en="Solar <Town>"),
        web.notice(key="2", title="封筒の購入", text=""),
    )
    page = web.page("/", q="solar")
    assert titles(page) == ["太陽光発電設備工事"]
    assert [mark.get_text() for mark in page.select("ol.tenders h3 [lang=ja] mark")] == ["太陽光"]
    assert [mark.get_text() for mark in page.select("ol.tenders .buyer mark")] == ["Solar", "太陽光"]
    assert "Solar <Town>" in only(page, "ol.tenders .buyer").get_text()
    assert not web.page("/", q='"solar" 封筒').select("ol.tenders mark")
    assert not web.page("/").select("ol.tenders mark")


def test_the_words_of_a_gist_are_marked_too_and_what_is_japanese_in_it_stays_japanese(web: "Web") -> None:
    web.keep(web.notice(title="鹿角"), reading=Reading(gist="Works: 鹿角 <b> " + "station " * 100))
    shown = only(web.page("/", q="station"), "ol.tenders h3 a > span[lang=en]")
    assert shown.select("mark")
    assert [found.get_text() for found in shown.select("[lang=ja]")] == ["鹿角"]
    assert "<b>" in shown.get_text()
    assert len(shown.get_text()) <= 200


def test_a_piece_of_the_text_is_shown_where_the_title_does_not_say_why(web: "Web") -> None:
    text = "前の文。" * 60 + "<script>ここで蓄電池を使う。"
    web.keep(web.notice(key="1", title="機器の購入", text=text), web.notice(key="2", title="蓄電池の購入", text=text))
    page = web.page("/", q="蓄電池")
    assert titles(page) == ["蓄電池の購入", "機器の購入"]
    said = only(page, "ol.tenders .snippet")
    assert (said["lang"], said.get_text().strip()[0]) == ("ja", "…")
    assert [mark.get_text() for mark in said.select("mark")] == ["蓄電池"]
    assert not page.select("ol.tenders script")
    assert not web.page("/", area="renewables").select(".snippet")


def test_the_best_stand_first_where_there_are_words_and_the_newest_on_request(web: "Web") -> None:
    web.keep(
        web.notice(key="1", title="蓄電池の調達", text="", published=date(2026, 11, 1)),
        web.notice(key="2", title="機器の調達", text="蓄電池", published=date(2026, 11, 20)),
    )
    best = web.page("/", q="蓄電池", lang="en")
    assert titles(best) == ["蓄電池の調達", "機器の調達"]
    link = only(best, ".above a[href*=order]")
    assert words(link) == "Newest first"
    newest = web.page(str(link["href"]))
    assert titles(newest) == ["機器の調達", "蓄電池の調達"]
    assert only(newest, "form input[name=order]")["value"] == "newest"
    back = next(link for link in newest.select(".above a") if words(link) == "Best first")
    assert titles(web.page(str(back["href"]))) == titles(best)
    assert not web.page("/", kind="tender").select(".above .order")


def test_the_order_that_was_chosen_stays_from_page_to_page(web: "Web") -> None:
    web.many(120)
    second = web.page("/", q="調査", order="newest", page=2)
    assert only(second, "a[rel=next]")["href"] == "/?page=3&order=newest&q=%E8%AA%BF%E6%9F%BB"
    assert only(second, "a[rel=prev]")["href"] == "/?order=newest&q=%E8%AA%BF%E6%9F%BB"
    assert words(only(second, "a[rel=next]")) == "Older"
    best = web.page("/", q="調査", page=2)
    assert only(best, "a[rel=next]")["href"] == "/?page=3&q=%E8%AA%BF%E6%9F%BB"
    assert words(only(best, "a[rel=next]")) == "Next"
    seen = [title for page in (1, 2, 3) for title in titles(web.page("/", q="調査", page=page))]
    assert len(seen) == len(set(seen)) == 120


def test_there_is_no_other_order(calm: "Web") -> None:
    assert "“<worst>”" in only(calm.page("/", 422, q="x", order="<worst>"), "main .lead").get_text()


@pytest.mark.parametrize(
    ("q", "advice"),
    [
        ("xyzzy", ["No Japanese term is known here for “xyzzy”"]),
        ('"solar"', ["“solar” is looked for as it stands"]),
        ("宇宙船", ["Try a shorter word"]),
        ("solar", ["Try a shorter word"]),
        ("宇宙 xyzzy", ["No Japanese term is known here for “xyzzy”", "Take a word", "Try a shorter word"]),
        ("kind:award", []),
    ],
)
def test_who_finds_nothing_is_told_what_may_help(calm: "Web", q: str, advice: list[str]) -> None:
    said = [words(found) for found in calm.page("/", q=q).select(".nothing li")]
    assert [found[: len(begun)] for found, begun in zip(said, advice, strict=True)] == advice


def test_days_in_a_search_are_days_in_tokyo(web: "Web") -> None:
    web.keep(web.notice(deadline=datetime(2026, 12, 5, 0, 30, tzinfo=TOKYO)))
    assert len(rows(web.page("/", q="deadline=2026-12-05"))) == 1


def test_a_mistake_in_a_search_is_marked_and_the_rest_of_the_page_works(web: "Web") -> None:
    web.keep(web.notice(key="1"), web.notice(key="2", prefecture="大阪府"))
    page = web.page("/", q="水素 nofield:x 工事", prefecture="Osaka")
    error = only(page, "#q-error")
    assert "there is no field nofield:" in words(error)
    assert only(page, "#q-error code").get_text() == "水素 nofield:x 工事"
    assert only(page, "#q-error mark").get_text() == "nofield:x"
    assert "(at character 4)" in words(error)
    field = only(page, "#q")
    assert field["aria-invalid"] == "true"
    assert "q-error" in str(field["aria-describedby"]).split()
    assert len(rows(page)) == 1


def test_a_search_that_ends_too_early_is_marked_at_its_end(calm: "Web") -> None:
    page = calm.page("/", q="水素 (")
    assert only(page, "#q-error code").get_text() == "水素 (␣"


@pytest.mark.parametrize("hostile", ["(" * 400, "NOT " * 120, "x" * 5000, '"', "\x00", "<mark>(", "%s {q} {0}"])
def test_no_search_breaks_the_page(calm: "Web", hostile: str) -> None:
    page = calm.page("/", q=hostile)
    assert only(page, "h1").get_text() == "Public tenders in Japan"


# Languages


def test_the_browser_decides_the_language_until_the_reader_does(web: "Web") -> None:
    web.keep(web.notice(title_en="Hydrogen station"))
    answer = web.get("/", headers={"accept-language": "de, ja;q=0.8, en;q=0.5"})
    page = BeautifulSoup(answer.text, "lxml")
    assert only(page, "html")["lang"] == answer.headers["content-language"] == "ja"
    assert "Accept-Language" in answer.headers["vary"]
    assert "lang=" not in str(only(page, "ol.tenders h3 a")["href"])
    assert only(web.page("/", lang="en"), "html")["lang"] == "en"


def test_a_chosen_language_stays_in_the_links_and_in_the_form(web: "Web") -> None:
    id = web.keep(web.notice())
    page = web.page("/", lang="ja", area="renewables")
    assert only(page, "ol.tenders h3 a")["href"] == f"/tenders/{id}?lang=ja"
    assert [str(link["href"]) for link in page.select("header nav a")] == [
        "/?lang=ja", "/subscribe?lang=ja", "/feeds?lang=ja", "/statistics?lang=ja", "/partners?lang=ja",
        "/sources?lang=ja",
        "/?area=renewables&lang=en", "/?area=renewables&lang=ja"
    ]  # fmt: skip
    assert only(page, "form input[name=lang]")["value"] == "ja"
    assert str(page.select("link[type='application/atom+xml']")[0]["href"]).endswith("/feeds/renewables.atom?lang=ja")


def test_japanese_readers_see_japanese_names_dates_and_titles_first(web: "Web") -> None:
    web.keep(web.notice(title_en="Hydrogen station", buyer_en="Example Prefecture"))
    page = web.page("/", lang="ja")
    row = words(rows(page)[0])
    assert "2026年12月4日(金)" in row
    assert "東京都" in row
    assert "Tokyo ·" not in row
    assert "再生可能エネルギー" in row
    assert "Example Prefecture" not in row
    assert titles(page)[0].startswith("水素ステーション整備工事")


def test_a_language_that_is_not_shipped_falls_back(calm: "Web") -> None:
    assert only(calm.page("/", lang="fr"), "html")["lang"] == "en"
