"""The page that says how every source is doing."""

from datetime import timedelta
from typing import TYPE_CHECKING

from bs4 import Tag

from db.vocabulary.messages import Saying
from db.vocabulary.run import Coverage, Problem, RunState

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web


def words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def test_a_source_shows_its_state_age_and_figures_and_links_to_its_homepage(web: "Web") -> None:
    web.ran("kkj", RunState.OK, web.now - timedelta(hours=3), found=1234, new=87, changed=5)
    first = web.page("/sources").select(".sources > li")[0]
    assert words(first) == (
        "KKJ portal 官公需情報ポータルサイト ok Last success 3 hours ago · Mon 23 Nov 2026, 06:00 Tokyo time "
        "Next reading Mon 23 Nov 2026, 18:00 Tokyo time Found 1,234 New 87 Changed 5"
    )
    assert first.select("h2 a")[0]["href"] == "https://www.kkj.go.jp/s/"


def test_a_failing_source_says_why_and_since_when(web: "Web") -> None:
    web.ran("kkj", RunState.OK, web.now - timedelta(days=4))
    web.ran("kkj", RunState.FAILED, web.now - timedelta(days=3), error=Saying("kkj: timed out"))
    web.ran("kkj", RunState.FAILED, web.now - timedelta(minutes=5), error=Saying("{host} is <down>", {"host": "kkj"}))
    page = web.page("/sources")
    first = words(page.select(".sources > li")[0])
    assert "failed Last success 4 days ago" in first
    assert "Failing since Fri 20 Nov 2026, 09:00 Tokyo time" in first
    assert "Last error kkj is <down>" in first
    assert words(page.select(".notice")[0]) == "1 source cannot be read at the moment."


def test_a_source_that_was_read_in_part_names_the_parts(web: "Web") -> None:
    problems = tuple(Problem(f"part {n}", Saying("timed out")) for n in range(8))
    web.ran("kkj", RunState.PARTIAL, web.now - timedelta(minutes=10), problems=problems)
    first = words(web.page("/sources").select(".sources > li")[0])
    assert "partly read Last success less than an hour ago" in first
    assert "8 parts could not be read part 0: timed out" in first
    assert first.endswith("and 3 more")


def test_a_source_that_was_never_read_says_so(web: "Web") -> None:
    assert (
        words(web.page("/sources").select(".sources > li")[1])
        == "Procurement Portal 調達ポータル not read yet Last success never robots.txt set aside by permission"
    )


def test_a_source_that_robots_txt_forbids_says_so(web: "Web") -> None:
    web.ran("kkj", RunState.REFUSED, web.now - timedelta(hours=1), error=Saying("kkj: robots.txt forbids /api"))
    first = words(web.page("/sources").select(".sources > li")[0])
    assert "refused" in first
    assert "robots.txt forbids us" in first


def test_a_source_that_found_far_less_than_usual_is_suspicious(web: "Web") -> None:
    for days in (4, 3, 2):
        web.ran("kkj", RunState.OK, web.now - timedelta(days=days), found=400)
    web.ran("kkj", RunState.OK, web.now, found=100)
    first = words(web.page("/sources").select(".sources > li")[0])
    assert "suspicious Last success" in first
    assert "Usually found 400" in first


def test_sources_have_their_own_names_for_japanese_readers(web: "Web") -> None:
    assert words(web.page("/sources", lang="ja").select(".sources h2 a")[0]) == "官公需情報ポータルサイト"


def test_a_search_by_words_is_shown_as_what_it_is(web: "Web") -> None:
    coverage = (Coverage("13", 5, 5, True), Coverage("without prefecture (31 words)", 22, None, False))
    web.ran("kkj", RunState.OK, web.now, found=27, coverage=coverage)
    page = words(web.page("/sources"))
    assert "without prefecture 22 found by searching with words; how many there are is not known" in page
