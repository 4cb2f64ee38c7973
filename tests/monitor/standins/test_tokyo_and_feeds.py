"""The stand-ins of Tokyo's own pages, of the Digital Agency and of UR, and what their sources make of them over HTTP."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import ScrapedNotice
from monitor.serving import serve
from monitor.standins.demo_data import DEMO, demo_data
from monitor.standins.server import Switchboard, app, portals, span
from scrapers.errors import ScrapeError
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.registry import sources
from scrapers.source import Finding, Window, crawl

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
SLUGS = ("digital_agency", "tokyo_bureaus", "tokyo_kosha", "tokyo_press", "tokyo_tcvb", "ur")
FILES = {"tokyo_bureaus": "pages.jsonl"}
HOME_DAYS = (date(2026, 6, 15), date(2026, 4, 3), date(2026, 5, 8), date(2026, 1, 1))
"""The days around a new fiscal year among them."""
NO_CALLS = 4
"""Of the press releases of the demo so many are no calls."""


@dataclass
class Site:
    base: str
    board: Switchboard
    now: datetime

    def crawl(self, slug: str, since: date) -> list[Finding]:
        source = sources()[slug]
        settings = NetworkSettings("test/1 (+https://example.org/)", stand_in=self.base)
        with HttpFetcher(settings, clock=lambda: self.now, sleep=lambda _: None, rng=random.Random(1)) as fetcher:
            fetch = fetcher.for_source(source.pause_seconds, source.max_bytes)
            return list(crawl(source(), Window(since, None, self.now), fetch))


Serve = Callable[[Path, date], Site]


@pytest.fixture
def over() -> Iterator[Serve]:
    """Serves a folder of records on the morning of a day."""
    with ExitStack() as served:

        def serving(data: Path, day: date) -> Site:
            board = Switchboard()
            now = datetime(day.year, day.month, day.day, 9, tzinfo=TOKYO)
            return Site(served.enter_context(serve(app(data, board))), board, now)

        yield serving


def written(data: Path, slug: str) -> list[dict[str, str]]:
    lines = (data / slug / FILES.get(slug, "notices.jsonl")).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_portal_serves_the_source_of_its_name(slug: str) -> None:
    assert portals()[slug].sources == (slug,)


@pytest.mark.parametrize("day", HOME_DAYS, ids=str)
def test_every_notice_of_the_demo_is_found_and_a_second_round_finds_the_same(
    tmp_path: Path, over: Serve, day: date
) -> None:
    data = demo_data(day, tmp_path)
    whole = span(data)
    assert whole is not None
    site = over(data, day)
    for slug in SLUGS:
        records = written(data, slug)
        first = site.crawl(slug, whole[0])
        assert all(isinstance(found, ScrapedNotice) for found in first), slug
        assert len(first) == len(records) - (NO_CALLS if slug == "tokyo_press" else 0), slug
        assert site.crawl(slug, whole[0]) == first
        kept = [found for found in first if isinstance(found, ScrapedNotice)]
        dated = {found.title: found.published for found in kept if not found.undated}
        expected = {one["title"]: date.fromisoformat(one["published"]) for one in records if "published" in one}
        assert dated.items() <= expected.items(), slug


@pytest.mark.parametrize("slug", ["digital_agency", "tokyo_kosha", "tokyo_tcvb", "tokyo_bureaus"])
def test_a_list_over_several_pages_is_read_whole(tmp_path: Path, over: Serve, slug: str) -> None:
    data = demo_data(HOME_DAYS[0], tmp_path)
    site = over(data, HOME_DAYS[0])
    site.board.turn(cap=3)
    assert len(site.crawl(slug, date(2026, 4, 1))) == len(written(data, slug))


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("switch", [{"maintenance": True}, {"error_body": "混雑しています"}, {"truncate_at": 200}])
def test_a_portal_in_trouble_is_an_error(tmp_path: Path, over: Serve, slug: str, switch: dict[str, Any]) -> None:
    site = over(demo_data(HOME_DAYS[0], tmp_path), HOME_DAYS[0])
    site.board.turn(**switch)
    with pytest.raises(ScrapeError):
        site.crawl(slug, date(2026, 5, 1))


@pytest.mark.parametrize("slug", ["tokyo_press", "ur"])
def test_a_feed_without_entries_is_no_error(tmp_path: Path, over: Serve, slug: str) -> None:
    assert over(tmp_path, HOME_DAYS[0]).crawl(slug, date(2026, 6, 5)) == []


@pytest.mark.parametrize("slug", ["digital_agency", "tokyo_bureaus", "tokyo_kosha", "tokyo_tcvb"])
def test_a_list_that_is_empty_is_an_error_for_its_words_for_that_were_never_seen(
    tmp_path: Path, over: Serve, slug: str
) -> None:
    with pytest.raises(ScrapeError):
        over(tmp_path, HOME_DAYS[0]).crawl(slug, date(2026, 6, 5))


def test_the_texts_of_the_demo_say_that_they_are_none_of_real_notices() -> None:
    for slug in SLUGS:
        for record in written(DEMO, slug):
            assert any(word in f"{record['title']}{record.get('body', '')}" for word in ("見本", "例示")), record[
                "title"
            ]


# The pages


def test_a_text_with_bars_is_a_table_again(tmp_path: Path, over: Serve) -> None:
    body = "見本の募集\n〇更新情報\n| 令和8年6月2日 | 掲載 |\n|---|---|\n(4)今後の予定\n| 質問の受付※1 |\n6月3日から |\n|---|---|\n後"
    record = {
        "url": "https://www.sangyo-rodo.metro.tokyo.lg.jp/energy/topics/mihon/index.html?categoryID=1",
        "title": "見本の募集",
        "body": body,
    }
    (tmp_path / "tokyo_bureaus").mkdir()
    (tmp_path / "tokyo_bureaus" / "pages.jsonl").write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    site = over(tmp_path, HOME_DAYS[0])
    page = httpx.get(f"{site.base}/{record['url'].removeprefix('https://')}", trust_env=False).text
    assert "<h1>見本の募集</h1>\n<p>〇更新情報</p>" in page
    assert "<tr><th>令和8年6月2日</th><td>掲載</td></tr>" in page
    assert "<tr><th>質問の受付※1</th><td>6月3日から</td></tr>" in page
    assert "---" not in page
    assert "<p>後</p>" in page


def test_the_year_of_the_visitors_bureau_is_in_the_address(tmp_path: Path, over: Serve) -> None:
    site = over(demo_data(date(2026, 4, 3), tmp_path), date(2026, 4, 3))
    answers = [
        httpx.get(f"{site.base}/www.tcvb.or.jp/jp/agreement/{year}/", trust_env=False) for year in (2024, 2025, 2026)
    ]
    assert [answer.status_code for answer in answers] == [404, 200, 200]
    assert "2026年04月03日" in answers[2].text
    assert "2026年04月03日" not in answers[1].text


@pytest.mark.parametrize("slug", ["tokyo_kosha", "tokyo_tcvb"])
def test_a_record_of_a_table_may_lack_everything_but_address_and_title(
    tmp_path: Path, over: Serve, slug: str
) -> None:
    address = f"https://{portals()[slug].hosts[0]}/"
    days = {"application_start": "2026-06-10", "application_end": "2026-06-12T14:00"}
    records = [
        {"url": address, "title": "AI service"},
        {"url": address, "title": "Web site", "published": "2026-06-09T10:00", "number": "7", **days},
        {"url": address, "title": "PR", "published": "2026-06-09", "application_end": "未定"},
    ]
    (tmp_path / slug).mkdir()
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    (tmp_path / slug / "notices.jsonl").write_text(lines, "utf-8")
    found = over(tmp_path, HOME_DAYS[0]).crawl(slug, date(2026, 6, 5))
    kept = {one.title: one for one in found if isinstance(one, ScrapedNotice)}
    assert len(found) == len(kept) == 3
    assert kept["AI service"].undated
    assert kept["Web site"].portal_dates == (("希望申出期間", "2026-06-10/2026-06-12T14:00:00+09:00"),)
    assert kept["PR"].portal_dates == (("希望申出期間", "未定"),)


# The samples


@pytest.mark.skipif(not (SAMPLES / "digital_agency").exists(), reason="the samples lie beside the project")
@pytest.mark.parametrize("cap", [None, 50])
@pytest.mark.parametrize(("slug", "count"), [("digital_agency", 411), ("tokyo_bureaus", 9)])
def test_exactly_the_samples_are_found_and_a_second_round_finds_the_same(
    over: Serve, slug: str, count: int, cap: int | None
) -> None:
    site = over(SAMPLES, date(2026, 9, 25))
    site.board.turn(cap=cap if cap is None or count > cap else 2)
    first = site.crawl(slug, date(2019, 1, 1))
    kept = [found for found in first if isinstance(found, ScrapedNotice)]
    assert len(first) == len(kept) == len({found.key for found in kept}) == count
    assert site.crawl(slug, date(2019, 1, 1)) == first
    records = written(SAMPLES, slug)
    assert {(found.title_original or found.title) for found in kept} == {record["title"] for record in records}
    assert {found.url for found in kept} == {record["url"] for record in records}
    assert sum(found.undated for found in kept) == sum("published" not in record for record in records)
    assert not any(found.title.endswith(":") for found in kept)


@pytest.mark.skipif(not (SAMPLES / "tokyo_bureaus").exists(), reason="the samples lie beside the project")
def test_what_the_pages_of_the_samples_state_is_in_its_field(over: Serve) -> None:
    found = over(SAMPLES, date(2026, 9, 25)).crawl("tokyo_bureaus", date(2019, 1, 1))
    kept = [one for one in found if isinstance(one, ScrapedNotice)]
    assert [one.deadline for one in kept if one.deadline] == [datetime(2026, 2, 27, 17, tzinfo=TOKYO)]
    assert not any(one.status for one in kept), "that applications are closed is no status"
    published = {one["title"]: one.get("published") for one in written(SAMPLES, "tokyo_bureaus")}
    assert all(one.undated or one.published.isoformat() == published[one.title] for one in kept)
