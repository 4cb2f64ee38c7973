"""The stand-ins of the agencies with list pages, and the sources that read them: every record is found once."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup

from db.vocabulary.notice import ScrapedNotice
from monitor.serving import serve
from monitor.standins import mihon_city
from monitor.standins.demo_data import demo_data
from monitor.standins.server import Switchboard, app
from scrapers.errors import FetchError, ScrapeError, SourceChanged
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.registry import sources
from scrapers.source import Finding, Window, crawl

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
NOW = datetime(2026, 8, 15, 9, tzinfo=timezone(timedelta(hours=9)))
EVER = Window(date(2000, 1, 1), None, NOW)
AGENCIES = ("jst", "nedo", "moe", "meti", "anre", "mic", "amed")
REAL = {"jst": 1, "nedo": 19, "moe": 7, "meti": 1}
"""Records in the samples."""


class Site:
    """The stand-ins over a folder, and the way that a crawl reaches them."""

    def __init__(self, data: Path, base: str, board: Switchboard) -> None:
        self.data, self.base, self.board = data, base, board

    def records(self, slug: str) -> list[dict[str, Any]]:
        lines = (self.data / slug / "notices.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def crawl(self, slug: str, window: Window = EVER) -> list[Finding]:
        with HttpFetcher(
            NetworkSettings("test/1 (+https://example.org/)", stand_in=self.base),
            clock=lambda: NOW,
            sleep=lambda seconds: pytest.fail("a stand-in is asked without pauses"),
            rng=random.Random(1),
        ) as fetcher:
            source = sources()[slug]()
            return list(crawl(source, window, fetcher.for_source(source.pause_seconds, source.max_bytes)))


@contextmanager
def serving(data: Path) -> Iterator[Site]:
    board = Switchboard()
    with serve(app(data, board)) as base:
        yield Site(data, base, board)


@pytest.fixture(scope="module")
def _demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(demo_data(date(2026, 8, 14), tmp_path_factory.mktemp("demo"))) as site:
        yield site


@pytest.fixture
def demo(_demo: Site) -> Site:
    """The stand-ins over the project's own small set."""
    _demo.board.reset()
    return _demo


@pytest.fixture(scope="module")
def _real() -> Iterator[Site]:
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not beside the project")
    with serving(SAMPLES) as site:
        yield site


@pytest.fixture
def real(_real: Site) -> Site:
    """The stand-ins over the samples."""
    _real.board.reset()
    return _real


def notices(findings: list[Finding]) -> list[ScrapedNotice]:
    """The findings, all of which are notices."""
    found = [finding for finding in findings if isinstance(finding, ScrapedNotice)]
    assert found == findings
    return found


def facts(found: list[ScrapedNotice]) -> Counter[tuple[str, str, str | None]]:
    return Counter((one.url, one.title, None if one.undated else one.published.isoformat()) for one in found)


# The samples


@pytest.mark.parametrize("cap", [None, 2])
@pytest.mark.parametrize("slug", REAL)
def test_every_real_record_is_found_once_and_again_the_same(real: Site, slug: str, cap: int | None) -> None:
    real.board.turn(cap=cap)
    wanted = [(one["url"], one["title"], one.get("published")) for one in real.records(slug)]
    found = notices(real.crawl(slug))
    assert facts(found) == Counter(wanted)
    assert len(found) == REAL[slug]
    assert notices(real.crawl(slug)) == found


@pytest.mark.parametrize("slug", ["moe", "meti"])
def test_the_whole_real_text_is_kept(real: Site, slug: str) -> None:
    texts = {one.url: "".join(one.text.split()) for one in notices(real.crawl(slug))}
    for record in real.records(slug):
        assert "".join(record.get("body", "").split()) in texts[record["url"]]


def test_regional_offices_are_the_buyers_of_their_notices(real: Site) -> None:
    buyers = {one.url: one.buyer for slug in ("moe", "meti") for one in notices(real.crawl(slug))}
    assert buyers["https://chushikoku.env.go.jp/procure/procure_00222.html"] == "環境省中国四国地方環境事務所"
    assert buyers["https://www.kansai.meti.go.jp/2-7it/smamobi/koboR5/R5fykobo_FS.html"] == "経済産業省近畿経済産業局"


def test_a_real_deadline_is_kept_but_not_taken_for_that_of_tenders(real: Site) -> None:
    (found,) = notices(real.crawl("jst"))
    assert (found.deadline, found.portal_dates) == (None, (("提出期限", "2026-09-11"),))


@pytest.mark.parametrize("slug", sorted(set(AGENCIES) - set(REAL)))
def test_an_agency_without_records_says_that_it_has_none(real: Site, slug: str) -> None:
    assert real.crawl(slug) == []


# The project's own small set


@pytest.mark.parametrize("cap", [None, 3])
@pytest.mark.parametrize("slug", AGENCIES)
def test_every_record_of_the_small_set_is_found_once_and_again_the_same(
    demo: Site, slug: str, cap: int | None
) -> None:
    demo.board.turn(cap=cap)
    wanted = [
        (one["url"], one["title"], one.get("published"))
        for one in demo.records(slug)
        if "終了" not in one.get("category", "")
    ]
    found = notices(demo.crawl(slug))
    assert facts(found) == Counter(wanted)
    assert notices(demo.crawl(slug)) == found


@pytest.mark.parametrize("slug", AGENCIES)
def test_the_small_set_is_recognisably_invented(demo: Site, slug: str) -> None:
    assert 8 <= len(demo.records(slug)) <= 12
    for record in demo.records(slug):
        assert record["body"].endswith("これは見本データであり、実在の調達ではありません。")
        assert "見本" in json.dumps(record, ensure_ascii=False)
        assert "@" not in json.dumps(record)
        assert "{day" not in json.dumps(record)


def test_the_deadline_of_a_research_call_is_a_moment(demo: Site) -> None:
    found = {one.title: one.deadline for one in notices(demo.crawl("amed"))}
    moment = found["令和８年度 「見本医療データ利活用基盤研究事業」に係る公募について"]
    assert moment == datetime(2026, 9, 18, 12, tzinfo=NOW.tzinfo)
    assert [title for title, deadline in found.items() if deadline is None] == [
        "令和８年度 「見本介護ロボット研究開発事業」に係る公募（予告）について"
    ]


# Any records of the layout

ADDRESSES = {
    "jst": "https://choutatsu.jst.go.jp/46-2026-94",
    "nedo": "https://www.nedo.go.jp/koubo/FF2_100464.html",
    "moe": "https://www.env.go.jp/kanbo/chotatsu/chotatsu_00887.html",
    "meti": "https://www.meti.go.jp/information/publicoffer/kobo/2026/k260601001.html",
    "anre": "https://www.enecho.meti.go.jp/appli/public_offer/2026/0601_01.html",
    "mic": "https://www.soumu.go.jp/main_sosiki/mihon_03000066.html",
    "amed": "https://www.amed.go.jp/koubo/15/01/1501B_00092.html",
}


@pytest.mark.parametrize("title", ["LED lamps & <tubes>", "椅子"])
@pytest.mark.parametrize("slug", AGENCIES)
def test_a_record_of_nothing_but_address_and_title_is_a_notice_of_nothing_else(
    tmp_path: Path, slug: str, title: str
) -> None:
    (tmp_path / slug).mkdir()
    record = {"url": ADDRESSES[slug], "title": title}
    (tmp_path / slug / "notices.jsonl").write_text(json.dumps(record), encoding="utf-8")
    with serving(tmp_path) as site:
        (found,) = notices(site.crawl(slug))
    assert (found.url, found.title, found.undated) == (ADDRESSES[slug], title, True)
    assert (found.deadline, found.portal_dates, found.attachments) == (None, (), ())


@pytest.mark.parametrize(
    ("stated", "written"),
    [("2026-07-01T17:00", "令和8年7月1日 17時00分"), ("2026-07-01", "令和8年7月1日"), ("", ""), (None, "")],
)
def test_a_town_halls_deadline_has_a_time_only_where_its_record_has(stated: str | None, written: str) -> None:
    assert mihon_city.deadline({"deadline": stated}) == written


# The stand-ins' contract


@pytest.mark.parametrize("slug", AGENCIES)
@pytest.mark.parametrize(
    ("switches", "error"),
    [
        ({"maintenance": True}, SourceChanged),
        ({"error_body": "ただいま混み合っております"}, SourceChanged),
        ({"truncate_at": 400}, FetchError),
        ({"truncate_at": 0}, FetchError),
        ({"http_status": 404}, FetchError),
    ],
    ids=str,
)
def test_a_failure_is_an_error_and_no_empty_list(
    demo: Site, slug: str, switches: Mapping[str, Any], error: type[ScrapeError]
) -> None:
    demo.board.turn(**switches)
    with pytest.raises(error):
        demo.crawl(slug)


@pytest.mark.parametrize("slug", AGENCIES)
def test_an_empty_list_is_believed_because_it_says_so(demo: Site, slug: str) -> None:
    demo.board.turn(empty=True)
    assert demo.crawl(slug) == []


@pytest.mark.parametrize("slug", AGENCIES)
def test_a_row_that_comes_twice_is_one_notice(demo: Site, slug: str) -> None:
    once = demo.crawl(slug)
    demo.board.turn(duplicate_rows=True)
    assert demo.crawl(slug) == once


def test_a_links_page_at_jst_forwards_to_the_notice(demo: Site) -> None:
    answer = httpx.get(f"{demo.base}/choutatsu.jst.go.jp/kankouju/90_2026_901.html", trust_env=False)
    assert 'http-equiv="refresh" content="0;URL=/90-2026-901"' in answer.text


def test_the_search_at_nedo_has_ten_rows_a_page(real: Site) -> None:
    address = f"{real.base}/www.nedo.go.jp/form/event.php"
    for number, rows in (("1", 10), ("2", 9), ("3", 0)):
        answer = httpx.get(address, params={"f": "koubo.html", "p": number}, trust_env=False)
        assert len(BeautifulSoup(answer.content, "lxml").select("td a")) == rows


def test_the_ministry_of_internal_affairs_writes_in_shift_jis(demo: Site) -> None:
    answer = httpx.get(f"{demo.base}/www.soumu.go.jp/menu_sinsei/cyoutatsu/koubo.html", trust_env=False)
    assert answer.headers["content-type"] == "text/html; charset=Shift_JIS"
    assert "５Ｇ".encode("cp932") in answer.content
